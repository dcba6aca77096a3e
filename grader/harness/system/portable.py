"""Other systems, through psutil: coarser, but the same questions."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator

import psutil

from grader.harness.system.facts import Address, Task, unmapped

_COUNTER = "num_fds" if os.name == "posix" else "num_handles"


def tree(pid: int, adopter: int | None = None, programs: Collection[int] = ()) -> list[int]:
    """`pid` and its descendants. Nobody adopts orphans here, so `adopter` has none."""
    with contextlib.suppress(psutil.Error):
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return [pid]


def tasks(pids: Iterable[int]) -> tuple[Task, ...]:
    """One `Task` per process: threads cannot be told apart, and why one sleeps cannot be told at all."""
    return tuple(task for pid in pids for task in _task(pid))


def _task(pid: int) -> Iterator[Task]:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        times = process.cpu_times()
        ran = int((times.user + times.system) * 1e9)
        status = process.status()
        if status == psutil.STATUS_ZOMBIE:
            return
        sleeping = status in (psutil.STATUS_SLEEPING, psutil.STATUS_STOPPED, psutil.STATUS_IDLE)
        stopped = status == psutil.STATUS_STOPPED
        yield Task(
            pid=pid, tid=pid, ran=ran, waited=0, turns=ran, sleeping=sleeping, by_choice=sleeping, stopped=stopped
        )
        for thread in process.threads()[1:]:
            yield Task(pid=pid, tid=thread.id, ran=0, waited=0, turns=0, sleeping=True, by_choice=True, stopped=stopped)


def open_files(pids: Iterable[int]) -> int:
    """How many descriptors (Windows: handles) these processes hold in all."""
    count = 0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            counter: Callable[[], int] = getattr(psutil.Process(pid), _COUNTER)
            count += counter()
    return count


def catches(pid: int, signum: int) -> bool:
    """Not to be told here; only the program's first process is known to have the grader's handler."""
    return False


def listening(pids: Iterable[int]) -> list[Address]:
    """The addresses at which these processes accept TCP connections."""
    found: list[Address] = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            connections = psutil.Process(pid).net_connections(kind="tcp")
            listening = [one.laddr for one in connections if one.status == psutil.CONN_LISTEN]
            found += [(unmapped(address.ip), address.port) for address in listening]
    return found


def internet_sockets(pids: Iterable[int]) -> int:
    """How many TCP and UDP sockets with a port these processes have open."""
    found = 0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            found += sum(bool(one.laddr) for one in psutil.Process(pid).net_connections(kind="inet"))
    return found


def queued(owner: Address, remote: Address) -> int | None:
    """Not to be told here."""
    return None


def undelivered(owner: Address, remote: Address) -> int | None:
    """Not to be told here."""
    return None
