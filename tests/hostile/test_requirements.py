"""What a user may require of the fence, and what happens where it cannot be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.harness.fence import isolation
from grader.harness.fence.protections import NAMES

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a fence that was ever tried")


def grade(tmp_path: Path, *arguments: str) -> tuple[int, str, dict[str, object]]:
    path = tmp_path / "result.json"
    command = [sys.executable, "-m", "grader", "udp_sender", "--submission", "solutions", "--json", str(path)]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr, json.loads(path.read_text()) if path.exists() else {}


def test_all_can_be_required_where_all_work(tmp_path: Path) -> None:
    if not isolation.can_isolate():
        pytest.skip("THE NETWORK STAYS OPEN HERE: this system lets nobody have a network namespace")
    status, told, result = grade(tmp_path, "--require", ",".join(NAMES))
    assert (status, told) == (0, "")
    assert set(result["protections"]) == set(NAMES)  # type: ignore[call-overload]


def test_nothing_is_graded_without_what_is_required(tmp_path: Path) -> None:
    # A program in a fresh interpreter has no launcher that would adopt its daemons.
    status, told, result = grade(tmp_path, "--require", "files,tree", "--start", "spawn")
    assert status == 2
    assert told == "grade: required and not seen to work here: tree. Nothing was graded.\n"
    checks = result["exercises"][0]["checks"]  # type: ignore[index]
    assert {check["status"] for check in checks} == {"not_run"}


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["--require", "moat"], "there is no protection moat"), (["--unfenced", "--require", "files"], "--unfenced")],
)
def test_what_makes_no_sense_is_one_line_and_2(tmp_path: Path, arguments: list[str], word: str) -> None:
    status, told, result = grade(tmp_path, *arguments)
    assert status == 2
    assert word in told.splitlines()[0]
    assert result == {}


def test_a_result_says_that_there_was_no_fence(tmp_path: Path) -> None:
    status, _, result = grade(tmp_path, "--unfenced")
    assert status == 0
    assert result["protections"] == {"none": "started with --unfenced"}


def test_hidden_memory_is_closed_to_the_same_user() -> None:
    if os.geteuid():
        pytest.skip("needs root, to be a user that nobody else is")
    from grader.harness.fence import credentials

    def opens(hidden: bool) -> bool:
        """Whether a process can open its parent's memory, both belonging to the same user."""
        middle = os.fork()
        if middle == 0:
            credentials.become_nobody(os.getpid())
            credentials.keep_capabilities(0)
            (credentials.hide_memory if hidden else credentials.show_memory)()
            child = os.fork()
            if child == 0:
                credentials.show_memory()
                try:
                    os.open(f"/proc/{os.getppid()}/mem", os.O_RDONLY)
                except OSError:
                    os._exit(1)
                os._exit(0)
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        return os.waitpid(middle, 0)[1] == 0

    assert opens(hidden=False)
    assert not opens(hidden=True)
