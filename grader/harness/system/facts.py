"""Facts about a running program, the same on every platform."""

from __future__ import annotations

from dataclasses import dataclass

Address = tuple[str, int]
"""Host as numbers (`127.0.0.1`, `::1`) and port."""


def unmapped(host: str) -> str:
    """An IPv4 address that an IPv6 socket has (`::ffff:127.0.0.1`, RFC 4291 section 2.5.5.2) as what it is."""
    return host.removeprefix("::ffff:") if "." in host else host


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thread of one process.

    `ran` and `waited` are nanoseconds on a processor and in the queue for one. `turns` counts how often it ran: where
    that stands still, the thread has slept all the time. `sleeping` is True while it waits for something, and
    `by_choice` when that something includes a time-out of the program's own (or cannot be told). `stopped`: by SIGSTOP.
    """

    pid: int
    tid: int
    ran: int
    waited: int
    turns: int
    sleeping: bool
    by_choice: bool
    stopped: bool
