"""Launchers: what they import beforehand, how programs end with them, and what is said of one that is gone."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from grader.harness.deadlines import DEADLINES
from grader.harness.inside.launcher import WARM
from grader.harness.launcher import ForkLauncher, Launcher, LauncherGone, _named, open_launcher
from tests.harness.conftest import Start

# Neither name stands in this text as a word.
TELLS = """
import sys, importlib
names = ["asyn" + "cio", "socket" + "server"]
before = [name in sys.modules for name in names]

def run():
    for name in names:
        importlib.import_module(name)
    return str([*before, *(name in sys.modules for name in names)])
{}
"""


def test_names_of_modules_are_found_in_all_files_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("import asyncio, mailbox\n# queues are no queue\nimport urllib.parse as p\n")
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers/two.py").write_bytes(b"from concurrent.futures import *\n\xff\xfe random_\n")
    (tmp_path / "notes.txt").write_text("import logging\n")
    assert _named(tmp_path) == ["asyncio", "concurrent", "queue", "urllib"]


@pytest.mark.parametrize("name", sorted({name.partition(".")[0] for name in WARM.split()}))
def test_each_module_that_can_be_warm_is_there(name: str) -> None:
    assert name in sys.stdlib_module_names


@pytest.mark.parametrize(
    ("more", "seen"),
    [("", [False, False, True, True]), ("import asyncio, socketserver", [True, True, True, True])],
)
def test_a_program_has_what_it_names_and_can_import_the_rest(start: Start, more: str, seen: list[bool]) -> None:
    assert start(TELLS.format(more)).call("run").outcome() == str(seen)


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[ForkLauncher]:
    opened = open_launcher(str(tmp_path))
    assert isinstance(opened, ForkLauncher)
    yield opened
    opened.close()


def start_program(launcher: Launcher, folder: Path) -> tuple[int, socket.socket]:
    """Start one that is never told what to do; it ends when the socket that is returned is closed."""
    ours, control = socket.socketpair()
    with contextlib.ExitStack() as when_it_fails:
        when_it_fails.enter_context(ours)
        with control, Path(os.devnull).open("r+b") as null:
            given = dict.fromkeys(("stand", "stdout", "stderr"), null.fileno()) | {"control": control.fileno()}
            pid = launcher.start({"folder": str(folder), "scratch": str(folder)}, given)
        when_it_fails.pop_all()
    return pid, ours


@pytest.mark.parametrize("fork", [True, False])
def test_a_program_runs_until_it_has_nothing_more_to_do(tmp_path: Path, fork: bool) -> None:
    launcher = open_launcher(str(tmp_path), fork=fork)
    try:
        assert launcher.running() == set()
        pid, control = start_program(launcher, tmp_path)
        assert launcher.ended(pid) is None
        assert launcher.running() == {pid}
        control.close()
        assert launcher.ended(pid, 30.0) == 0
        assert launcher.running() == set()
        assert (launcher.adopter() is not None) is fork
    finally:
        launcher.close()


@pytest.mark.parametrize("fork", [True, False])
def test_closing_ends_what_runs(tmp_path: Path, fork: bool) -> None:
    launcher = open_launcher(str(tmp_path), fork=fork)
    pid, control = start_program(launcher, tmp_path)
    launcher.close()
    with control:
        assert control.recv(1) == b""
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_launcher_that_was_killed_is_gone_and_so_are_its_programs(launcher: ForkLauncher, tmp_path: Path) -> None:
    pid, control = start_program(launcher, tmp_path)
    adopter = launcher.adopter()
    assert adopter is not None
    os.kill(adopter, signal.SIGKILL)
    assert launcher.ended(pid, 30.0) == -9
    control.close()
    with pytest.raises(LauncherGone, match="the launcher has ended"):
        start_program(launcher, tmp_path)


def test_a_launcher_answers_beside_its_programs_until_it_is_killed(launcher: ForkLauncher, tmp_path: Path) -> None:
    _, control = start_program(launcher, tmp_path)
    assert launcher.answers()
    adopter = launcher.adopter()
    assert adopter is not None
    os.kill(adopter, signal.SIGKILL)
    assert not launcher.answers()
    assert not launcher.answers()
    control.close()


def test_a_launcher_that_does_not_answer_is_given_up_and_ended(
    launcher: ForkLauncher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_program(launcher, tmp_path)[1].close()
    adopter = launcher.adopter()
    assert adopter is not None
    os.kill(adopter, signal.SIGSTOP)
    monkeypatch.setattr("grader.harness.launcher.DEADLINES", dataclasses.replace(DEADLINES, launcher=0.2))
    with pytest.raises(LauncherGone, match="did not answer for 0"):
        start_program(launcher, tmp_path)
    assert not launcher.answers()
    launcher.close()
    assert not psutil.pid_exists(adopter)


def test_the_last_words_of_a_launcher_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "launcher.py"
    script.write_text("raise SystemExit('no room')\n")
    monkeypatch.setattr("grader.harness.launcher.SCRIPT", script)
    launcher = ForkLauncher(str(tmp_path), [])
    launcher._process.wait(30)
    with pytest.raises(LauncherGone, match="no room"):
        launcher._next(30)
    launcher.close()
