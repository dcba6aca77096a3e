"""Tricks that bring out a mistake which would otherwise show once in a thousand runs."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from grader.harness import system
from grader.harness.program import Program

CAN_STOP = hasattr(signal, "SIGSTOP")


def jolt(program: Program, times: int = 2) -> None:
    """Stop and continue a program that is blocked in `send`: the kernel then returns a short count (Linux).

    A right program sends the rest; one that ignores what `send` returned loses it. The count is short only if part of
    the bytes had been taken, and stopping once more changes nothing about that: rather let the peer read in between,
    and stop it twice each time, the second time surely while it is blocked.
    """
    for _ in range(times if CAN_STOP else 0):
        with program.stopped():
            _wait(lambda: _all_stopped(program))
        program.settle()


def _all_stopped(program: Program) -> bool:
    return all(task.stopped for task in system.tasks(program.pids()))


def _wait(ready: Callable[[], bool]) -> None:
    """Poll until `ready()`, half a second at most: a stop that comes late only makes the trick weaker."""
    end = time.monotonic() + 0.5
    while not ready() and time.monotonic() < end:
        time.sleep(0.0005)
