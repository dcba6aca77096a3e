"""Meters: processor time in a quiet moment, open files and threads, the end after Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from grader.harness import system
from grader.harness.deadlines import DEADLINES
from grader.harness.findings import Stop
from grader.harness.outcome import Outcome
from grader.report import wording
from grader.report.result import Finding, Stand

ALLOWANCE = 5  # files or threads that may remain: caches, a pool's idle workers; fifty leaks are ten times that


class Share(float):
    """A share of one processor, 0 to 1, with where the program stood meanwhile if that was much."""

    stands: tuple[Stand, ...] = ()

    def finding(self, expected: object) -> Finding:
        """Put too large a share in words."""
        return wording.spinning(float(self), self.stands[0] if self.stands else None)


def measure_share(pids: Callable[[], list[int]], standing: Callable[[], tuple[Stand, ...]]) -> Share:
    """The share of its time a program spends computing, over `DEADLINES.meter` seconds in which it could run.

    Time spent in the queue for a processor does not count, so that the share is the same on a busy machine: a thread
    that spins is never asleep, one that waits always is. The busiest thread counts.

    The kernel counts a time in the queue when it is over. So a thread is judged only when it sleeps, or has run so
    recently that the queue it may be in again does not matter; on a busy machine that takes more looks.
    """
    began = looked = time.monotonic()
    first = last = {task.tid: task for task in system.tasks(pids())}
    worst, known, pause = 0.0, False, DEADLINES.meter
    while not known and worst <= 0.5 and looked - began < DEADLINES.turn:
        time.sleep(pause)  # the quiet moment itself, then moments short beside what a thread is judged by
        earlier, looked, before = looked, time.monotonic(), last
        last, known, pause = {task.tid: task for task in system.tasks(pids())}, True, DEADLINES.meter / 15
        for tid, task in last.items():
            start, previous = first.get(tid, task), before.get(tid, task)
            could = looked - began - (task.waited - start.waited) / 1e9
            # What it may have waited since that look is a quarter at most: one that spins still shows three quarters.
            has_run = (task.ran, task.turns) != (previous.ran, previous.turns) and (looked - earlier) * 4 <= could
            if could >= DEADLINES.meter / 3 and (task.sleeping or has_run):
                worst = max(worst, (task.ran - start.ran) / 1e9 / could)
            else:  # it has hardly had its turn: what it would do with one is not known yet
                known = False
    share = Share(min(1.0, worst))
    if share > 0.5:
        share.stands = standing()
    return share


class Attempt(str):
    """What came of trying to connect: "accepted" or "refused"."""

    address: system.Address

    def __new__(cls, text: str, address: system.Address) -> Attempt:
        """A text that knows the address tried."""
        attempt = super().__new__(cls, text)
        attempt.address = address
        return attempt

    def finding(self, expected: object) -> Finding:
        """Put the wrong answer in words."""
        host, port = self.address
        if self == "accepted":
            return wording.still_accepting_elsewhere(f"{host}:{port}")
        return wording.refused(f"{host}:{port}")


@dataclass(frozen=True, eq=False)
class Hosts:
    """The hosts at which a server listens. Compare with a set of texts."""

    names: frozenset[str]

    def __eq__(self, other: object) -> bool:
        return self.names == other

    __hash__ = None  # type: ignore[assignment]  # compared, never put in a set

    def finding(self, expected: object) -> Finding:
        """Put an address too many, or the lack of the one that was given, in words."""
        assert isinstance(expected, set)
        elsewhere = sorted(self.names - expected)
        found = wording.still_accepting_elsewhere(elsewhere[0]) if elsewhere else wording.not_listening()
        return replace(found, expected=", ".join(sorted(expected)), arrived=", ".join(sorted(self.names)) or "nothing")


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """Open files, threads and internet sockets of a program. `after <= before` allows for `ALLOWANCE` more of each.

    `of_calls` tells a function that was called again and again from a server. It must close its socket, even one that
    all calls share. Its threads do not count: a watchman that finds the socket closed later on holds nothing.
    """

    files: int
    threads: int
    sockets: int = 0
    of_calls: bool = False

    def __le__(self, before: Holdings) -> bool:
        others = self.sockets == 0 if self.of_calls else self.threads <= before.threads + ALLOWANCE
        return others and self.files <= before.files + ALLOWANCE

    def finding(self, before: object) -> Finding:
        """Put what was not given back in words."""
        assert isinstance(before, Holdings)
        if self.files > before.files + ALLOWANCE:
            return wording.leak(before.files, self.files, "open files", of_calls=self.of_calls)
        if self.of_calls:
            return wording.sockets_left(self.sockets)
        return wording.leak(before.threads, self.threads, "threads")


@dataclass(frozen=True, kw_only=True, eq=False)
class Exit:
    """How a server ended after Ctrl-C. Compare it with the exit status it should have: 0.

    `status` is the process's exit status (negative: the signal that killed it), None if it still runs.
    """

    status: int | None
    outcome: Outcome | None
    stop: Stop | None

    def __eq__(self, other: object) -> bool:
        return self.status == other

    __hash__ = None  # type: ignore[assignment]  # compared, never put in a set

    def finding(self, expected: object) -> Finding:
        """Put the wrong end in words."""
        if self.stop:
            return wording.still_running_after_interrupt(2)
        if self.outcome and self.outcome.how == "raised":
            return wording.crashed(self.outcome.exception, self.outcome.message, self.outcome.where)
        status = self.status or 0
        return wording.killed_by_signal(-status) if status < 0 else wording.exit_status(status)
