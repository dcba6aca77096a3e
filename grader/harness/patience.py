"""Patient with the slow, quick with the stuck: when to give up waiting for a program.

Every wait of a check goes through `Patience.until`. It gives time to a program that moves bytes or computes, and ends
the wait with a `Stop` when the program is stuck (each of its threads sleeps in a call that only the wire could end, and
none has run for a second), sleeps by its own choice for too long, or spins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from grader.harness import system
from grader.harness.deadlines import DEADLINES
from grader.harness.findings import Stop
from grader.harness.own_time import lacked

LOOK = 0.05  # seconds between two looks at the threads: a look costs 0.1 ms and more with many threads
FIRST_TICK, LAST_TICK = 0.002, 0.05  # how long one step may block; short at first, since most answers come at once


class Watched(Protocol):
    """A program as far as patience is concerned."""

    def pids(self) -> list[int]:
        """All its processes."""

    def has_ended(self) -> bool:
        """Whether it has ended."""

    def unread(self) -> int:
        """Bytes that wait for it on its standard input; going down is progress."""


class Patience:
    """Watches the programs of one check while the check waits."""

    def __init__(self, programs: Sequence[Watched]) -> None:
        self._programs = programs
        self._began = time.monotonic()
        self._moved = 0
        self._lacked_earlier = self._watched = self._ran = self._waited = 0.0
        self._queues: list[Callable[[], int | None]] = []
        self._reset(time.monotonic())

    def moved(self, count: int) -> None:
        """Note that `count` bytes moved on the wire, or that something else happened there: the clock starts anew."""
        self._moved += count
        # A program that has handed everything to the kernel may sleep while its bytes are still on their way.
        self._progress = self._still_since = time.monotonic()
        self._used = 0

    def watch_queue(self, unread: Callable[[], int | None]) -> None:
        """Count as progress when the bytes that wait for the program at a socket become fewer."""
        self._queues.append(unread)

    def until(self, step: Callable[[float], bool]) -> Stop | None:
        """Call `step(seconds)`, which may block that long, until it returns True; or return why that was given up."""
        self._reset(time.monotonic())
        tick = FIRST_TICK
        while not step(tick):
            tick = min(tick * 1.5, LAST_TICK)
            if time.monotonic() - self._looked >= LOOK and (stop := self._look()):
                # On a busy machine the grader itself may have slept for long: what came meanwhile counts.
                return None if step(0) else stop
        return None

    def settle_until(self, ready: Callable[[], bool], step: Callable[[float], object]) -> None:
        """Call `step(seconds)` until `ready()`, for `DEADLINES.settle` seconds at most while nothing moves."""
        tick = 0.0002
        end = time.monotonic() + DEADLINES.settle
        while not ready() and time.monotonic() < end:
            step(tick)
            tick = min(tick * 1.5, 0.01)

    def _reset(self, now: float) -> None:
        self._started = self._progress = self._looked = self._still_since = now
        self._seen: dict[int, tuple[int, int]] = {}
        self._turns: dict[int, int] = {}
        self._backlog: int | None = None  # asked at the first look: it costs a call for each connection
        self._used = 0
        self._lacked_earlier += self._lacked()
        self._watched = self._ran = self._waited = 0.0

    def _unread(self) -> int:
        queues = sum(unread() or 0 for unread in self._queues)
        return queues + sum(program.unread() for program in self._programs if not program.has_ended())

    def _look(self) -> Stop | None:
        now = time.monotonic()
        if self._seen:
            self._watched += now - self._looked
        self._looked = now
        running = [program for program in self._programs if not program.has_ended()]
        tasks = system.tasks([pid for program in running for pid in program.pids()])
        if running and not tasks:  # ended, and on a busy machine its end is not told yet
            self.moved(0)
        self._account(tasks, now)
        waited = now - self._started
        if self._is_stuck(tasks, now):
            return Stop(kind="stuck", seconds=waited)
        share = min(1.0, self._used / 1e9 / max(0.01, now - self._progress))
        if self._used > DEADLINES.computing * 1e9:
            return Stop(kind="spinning", share=share, seconds=waited)
        if now - self._progress > DEADLINES.idle + self._lacked():
            return Stop(kind="sleeping", share=share, seconds=waited)
        others = min(self._lacked_earlier + self._lacked(), DEADLINES.others)
        if now - self._began > DEADLINES.check + others + self._moved / DEADLINES.slow_bytes:
            return Stop(kind="slow", share=share, seconds=now - self._began)
        return None

    def _account(self, tasks: Sequence[system.Task], now: float) -> None:
        """Note what each thread used since the last look, and since when none of them has run."""
        before, self._seen = self._seen, {task.tid: (task.ran, task.waited) for task in tasks}
        turns = {task.tid: task.turns for task in tasks}
        if turns != self._turns or not all(task.sleeping for task in tasks):
            self._turns, self._still_since = turns, now
        for task in tasks:
            ran, waited = before.get(task.tid, (task.ran, task.waited))
            self._used += task.ran - ran
            self._ran += (task.ran - ran) / 1e9
            self._waited += (task.waited - waited) / 1e9
        backlog = self._unread()
        if self._backlog is not None and backlog < self._backlog:
            self.moved(0)
        self._backlog = backlog

    def _lacked(self) -> float:
        """Seconds of this wait in which others had the processors that the programs were ready for."""
        return lacked(self._watched, self._ran, self._waited)

    def _is_stuck(self, tasks: Sequence[system.Task], now: float) -> bool:
        return now - self._still_since >= DEADLINES.stuck and not any(task.by_choice for task in tasks)
