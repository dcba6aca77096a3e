"""The measurements. Each gives seconds, one number per repetition."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import pytest

from bench import plain_echo
from grader.course import read_exercise
from grader.harness.fence import Fence, Policy
from grader.harness.grading import Assignment, Grading
from grader.harness.stage import Stage

ROOT = Path(__file__).resolve().parent.parent
MESSAGE = b"Hello, sockets"


def trivial_check(times: int) -> list[float]:
    """An echo check through our harness, from asking for the program to its end."""
    info = read_exercise(ROOT / "grader" / "test_echo_server.py")
    grading = Grading(Assignment(info=info, folder=ROOT / "solutions", seed=1), lambda _: None, lambda _: None)
    try:
        # The first one waits for the launcher to start, which all checks of an exercise share.
        return [_one_trivial_check(grading) for _ in range(times + 1)][1:]
    finally:
        grading.close()


def _one_trivial_check(grading: Grading) -> float:
    began = time.perf_counter()
    with Stage(grading._workshop, "bench") as stage:
        client = stage.serve("run_echo_server").connect()
        client.send(MESSAGE)
        assert client.receive(len(MESSAGE)) == MESSAGE
    return time.perf_counter() - began


def entering_the_fence(times: int) -> list[float]:
    """What a learner's program does last before its own code runs, where the system has a fence."""
    with tempfile.TemporaryDirectory() as scratch:
        policy = Policy(writable=(scratch,), tcp_connect_ports=(5555,))
        return [_entering(Fence(), policy) for _ in range(times)]


def _entering(fence: Fence, policy: Policy) -> float:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            began = time.perf_counter()
            fence.enter(policy)
            os.write(writing, str(time.perf_counter() - began).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, encoding="ascii") as told:
        return float(told.read())


def plain_check(times: int) -> list[float]:
    """The same check in plain pytest: set-up, call and tear-down of the test, without what pytest does around them."""
    stopwatch = _Stopwatch(times)
    code = pytest.main(["-q", "-p", "no:cacheprovider", "--no-summary", plain_echo.__file__], plugins=[stopwatch])
    assert code == pytest.ExitCode.OK, code
    return list(stopwatch.seconds.values())


class _Stopwatch:
    """A pytest plugin that repeats each test and adds up what its phases take."""

    def __init__(self, times: int) -> None:
        self._times = times
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        metafunc.fixturenames.append("repetition")
        metafunc.parametrize("repetition", range(self._times))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration


def whole_grading(times: int, submission: str = "solutions") -> list[float]:
    """Grading everything as a learner does, from the command to its end, without nox."""
    return [_one_command(sys.executable, "-m", "grader", "--submission", submission) for _ in range(times)]


def _one_command(*command: str) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(
            f"{done.stdout}\nbench: {' '.join(command)} ended with {done.returncode}, which is no time to take"
        )
    return time.perf_counter() - began
