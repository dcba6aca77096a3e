"""Each protection that a result names is seen by a probe, and is not when it is turned off."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.harness.fence import isolation, protections
from grader.harness.launcher import Launcher, open_launcher

See = Callable[..., dict[str, str]]

# What has to be left out before a probe gets through: where two protections overlap, both.
TURNED_OFF = {
    "files": ("files",),
    "ports": ("ports",),
    "signals": ("signals", "user"),  # root's programs have a user of their own, who may signal nobody
    "unix_sockets": ("calls",),
    "calls": ("calls",),
    "inspection": ("files", "ports", "signals", "user"),  # any of Landlock's rules keeps a program from looking
    "privileges": ("privileges", "files", "ports", "signals", "calls"),  # these need it
    "memory": ("memory",),
    "processes": ("processes",),
    "open_files": ("open_files",),
    "file_size": ("file_size",),
}


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with tempfile.TemporaryDirectory() as folder:
        opened = open_launcher(folder)
        yield opened
        opened.close()


@pytest.fixture
def see(launcher: Launcher, tmp_path: Path) -> See:
    def ask(*without: str, isolated: bool = False) -> dict[str, str]:
        policy = isolation.ordinary_policy(isolated=isolated, strict=False, without=without)
        policy = replace(policy, writable=(str(tmp_path),))
        return protections.see(launcher, policy, str(tmp_path), isolated=isolated)

    return ask


def test_all_are_seen_but_the_network_which_is_the_workers(see: See) -> None:
    assert set(see()) == set(protections.NAMES) - {"network"}


@pytest.mark.parametrize("name", sorted(TURNED_OFF))
def test_is_not_seen_when_it_is_turned_off(see: See, name: str) -> None:
    if name == "inspection" and os.geteuid():
        pytest.skip("another user's memory is closed to this one anyhow")
    assert name not in see(*TURNED_OFF[name])


def test_others_are_still_seen(see: See) -> None:
    assert set(protections.NAMES) - set(see("files", "memory")) == {"files", "memory", "network"}


def test_limits_of_root_hold_only_for_a_user_of_its_own(see: See) -> None:
    if os.geteuid():
        pytest.skip("this is not root")
    assert "processes" not in see("user")


def test_a_daemon_survives_a_launcher_that_adopts_nobody(tmp_path: Path) -> None:
    spawning = open_launcher(str(tmp_path), fork=False)
    policy = isolation.ordinary_policy(isolated=False, strict=False)
    seen = protections.see(spawning, policy, str(tmp_path), isolated=False)
    spawning.close()
    assert "tree" not in seen
    assert "files" in seen


def test_a_network_is_only_named_by_who_entered_it(tmp_path: Path) -> None:
    """In a fork, which can move away from the network without taking the other tests with it."""
    if not isolation.can_isolate():
        pytest.skip("THE NETWORK STAYS OPEN HERE: this system lets nobody have a network namespace")

    def isolated() -> dict[str, str]:
        isolation.protect_worker(isolated=True, scratch=str(tmp_path))
        opened = open_launcher(str(tmp_path))
        policy = isolation.ordinary_policy(isolated=True, strict=True)
        seen = protections.see(opened, policy, str(tmp_path), isolated=True)
        opened.close()
        return seen

    assert set(_in_fork(isolated)) == set(protections.NAMES)


def test_a_probe_that_says_nothing_has_seen_nothing(monkeypatch: pytest.MonkeyPatch, see: See) -> None:
    monkeypatch.setattr(protections, "_run", lambda launcher, request: {})
    assert see() == {}


def _in_fork(function: Callable[[], Any]) -> Any:
    import json

    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        told: object = None
        try:
            told = function()
        except BaseException as error:
            told = repr(error)
        os.write(writing, json.dumps(told).encode())
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answer:
        data = answer.read()
    os.waitpid(child, 0)
    return json.loads(data)


assert sys.platform == "linux"
