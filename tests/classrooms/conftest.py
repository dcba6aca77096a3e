"""Handouts to work on, and the real grader to compare with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from classrooms import handout
from grader.course import choose, read_course

ROOT = Path(__file__).resolve().parents[2]
PINNED = ("--course", "octocat/sockets", "--commit", "0123456789" * 4)
TWO = ("--exercises", "echo_server,udp_sender")
CHECKS = [check for exercise in choose(read_course(), TWO[1].split(",")) for check in exercise.checks]
POINTS = sum(check.points for check in CHECKS)


def hand_out(folder: Path, *words: str) -> Path:
    """A handout in `folder`."""
    assert handout.main([str(folder), *PINNED, *words]) == 0
    return folder


def verdict(course: Path, result: Path, *words: str) -> dict[str, dict[str, str]]:
    """Grade with the grader in `course`: each check's status, by exercise."""
    command = [sys.executable, "-m", "grader", *words, "--json", str(result), "--seed", "1"]
    subprocess.run(command, cwd=course, check=False, stdout=subprocess.DEVNULL, timeout=110)
    return statuses(json.loads(result.read_text(encoding="utf-8")))


def statuses(result: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Each check's status, by exercise, from a public result."""
    exercises: Sequence[Mapping[str, Any]] = result["exercises"]
    return {one["name"]: {check["name"]: check["status"] for check in one["checks"]} for one in exercises}


def git(folder: Path, *words: str, **settings: str) -> None:
    """Run git as Ada, whatever the settings of the one who runs the tests; `settings` are variables for git."""
    named = ["-c", "user.name=Ada", "-c", "user.email=ada@localhost", "-c", "init.defaultBranch=main"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = inherited | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull} | settings
    subprocess.run(["git", "-C", str(folder), *named, *words], check=True, env=environment, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def ubuntu() -> None:
    """For what runs on machines with Ubuntu only: the tests of it need that system's commands."""
    if not shutil.which("timeout"):
        pytest.skip("needs the command timeout, as the machines have it that this is for")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A handout of the whole course; only to be read."""
    return hand_out(tmp_path_factory.mktemp("whole") / "handout")


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A handout of two exercises; only to be read."""
    return hand_out(tmp_path_factory.mktemp("two") / "handout", *TWO)


@pytest.fixture(scope="session")
def submission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Right work for one exercise, wrong work for another."""
    folder = tmp_path_factory.mktemp("submission")
    (folder / "udp_sender.py").write_bytes((ROOT / "solutions/udp_sender.py").read_bytes())
    wrong = next(iter(sorted((ROOT / "fixtures/wrong/echo_server").glob("strips*.py"))))
    (folder / "echo_server.py").write_bytes(wrong.read_bytes())
    return folder


@pytest.fixture(scope="session")
def expected(submission: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The verdict on that work here, where nobody tampered with anything."""
    words = ("echo_server", "udp_sender", "--submission", str(submission))
    return verdict(ROOT, tmp_path_factory.mktemp("expected") / "result.json", *words)
