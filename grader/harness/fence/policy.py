"""What a learner's program may do, as plain data: it travels to the launcher in the request that starts the program."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Policy:
    """All that is allowed; what is not named is closed where the system can close it.

    Paths are absolute. What Python itself and name resolution read is allowed without being named.
    """

    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    # Ports on which the grader's own peer waits. TCP to any other port is closed, the learner's own ones included.
    tcp_connect_ports: tuple[int, ...] = ()
    # A server binds any port. A client binds port 0 at most, so that it cannot take a peer's place.
    tcp_bind: bool = False
    # Locks and queues of `multiprocessing` live in /dev/shm, the whole machine's unless a namespace has its own.
    shared_memory: bool = True
    # Bytes of private memory in one process. Too small: a server with a thread (8 MiB of stack) for each of 100 clients
    # fails. Too large: a submission that grows without end takes that much of the machine before it is stopped.
    memory: int = 2048 * MIB
    # Processes and threads, `already` being those that count against the same limit and are not the program's. Too
    # small: a server with two threads for each of 100 clients fails. Too large: a fork bomb gets that far.
    processes: int = 400
    already: int = 0
    # Too small: 100 clients with a few files each. Too large: closing them all, which subprocess does, takes long.
    open_files: int = 1024
    # Bytes in one file: twice the largest that an exercise moves.
    file_size: int = 128 * MIB
    # A last resort behind the deadlines, which are far shorter.
    cpu_seconds: int = 120
    # For the project's own tests: protections that are left out, by name.
    without: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain data for `json.dumps`."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Policy:
        """What `as_json` gave, after a journey through JSON."""
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**given)

    def has(self, protection: str) -> bool:
        """Whether this protection is wanted; all are, unless a test leaves one out."""
        return protection not in self.without
