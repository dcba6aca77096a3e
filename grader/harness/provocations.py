"""Tricks that bring out a mistake which would otherwise show once in a thousand runs."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from grader.harness import system
from grader.harness.program import Program

JOLTS = 4  # stop-continue pairs in one go; with four while blocked and four while the peer reads, 8 of 8 were caught

CAN_STOP = hasattr(signal, "SIGSTOP")


def jolt(program: Program, times: int = JOLTS) -> None:
    """Stop and continue a program that is blocked in `send`: the kernel then returns a short count (Linux).

    A right program sends the rest; one that ignores what `send` returned loses it.
    """
    for _ in range(times if CAN_STOP else 0):
        program.pause()
        _wait(lambda: _all_stopped(program))
        program.go_on()
        program.settle(0.05)


def _all_stopped(program: Program) -> bool:
    return all(task.stopped for task in system.tasks(program.pids()))


def _wait(ready: Callable[[], bool]) -> None:
    """Poll until `ready()`, half a second at most: a stop that comes late only makes the trick weaker."""
    end = time.monotonic() + 0.5
    while not ready() and time.monotonic() < end:
        time.sleep(0.0005)
