"""What a program inside the fence can still do: tried, before entering and after it, by code in its place.

The grader lays out what may not be reached (a file, a listening port, a unix socket, itself) and describes it in
`Bait`. A protection counts only where the attempt works before the fence and fails behind it; where it has to fail
already (a network entered long before, limits that are only set by the fence) the second attempt alone decides.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from .policy import Policy

if sys.platform != "win32":
    import resource

# TEST-NET-1 (RFC 5737). A UDP socket that is connected sends nothing; the kernel only looks for a way there.
_OUTSIDE = ("192.0.2.1", 9)
_PR_GET_NO_NEW_PRIVS = 39
_QUERY = 0xFFFFFFFF
_NO_RESERVE = 0x4000 if sys.platform == "linux" else 0  # MAP_NORESERVE


@dataclass(frozen=True, kw_only=True)
class Bait:
    """What the grader has laid out: a secret file, a port and a unix socket that it listens on, and its process id."""

    secret: str
    port: int
    unix_socket: str
    grader: int

    def as_json(self) -> dict[str, Any]:
        """Plain data for `json.dumps`."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """Each attempt: returns when it works, raises `OSError` (or `ValueError`, `MemoryError`) when it is stopped."""

    bait: Bait
    policy: Policy
    scratch: str

    def all(self) -> dict[str, Callable[[], object]]:
        """The attempts that a fence should stop, by the name of the protection."""
        attempts: dict[str, Callable[[], object]] = {
            "files": self.read_secret,
            "writing": self.write_beside_secret,
            "ports": self.connect,
            "binding": self.bind,
            "signals": self.signal_grader,
            "unix_sockets": self.connect_unix,
            "network": self.reach_outside,
            "memory": self.take_memory,
            "processes": self.start_one_too_many,
            "open_files": self.open_too_many,
            "file_size": self.write_too_much,
            "limits": self.raise_limit,
            "privileges": self.gain_privileges,
            "calls": self.call_refused,
            "inspection": self.look_into_grader,
        }
        return attempts

    def read_secret(self) -> None:
        """Read a file of the grader's."""
        with open(self.bait.secret, "rb") as file:
            file.read()

    def write_beside_secret(self) -> None:
        """Make a file where programs have no business."""
        path = self.bait.secret + ".probe"
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        os.unlink(path)

    def connect(self) -> None:
        """Connect to a TCP port that is not a peer's."""
        socket.create_connection(("127.0.0.1", self.bait.port), 5).close()

    def bind(self) -> None:
        """Bind the port that the grader listens on, as a program that wants a peer's place would."""
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", self.bait.port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:  # in use: that was the port's owner, not the fence
                    raise

    def signal_grader(self) -> None:
        """Send the grader the signal that only asks whether one could be sent."""
        if sys.platform != "win32":  # there it would be Ctrl-C
            os.kill(self.bait.grader, 0)

    def connect_unix(self) -> None:
        """Connect to a unix socket of the grader's."""
        if not self.bait.unix_socket:
            return  # there is none to try, so nothing was seen
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(5)
            sock.connect(self.bait.unix_socket)

    def reach_outside(self) -> None:
        """Look for a way to an address that is not this machine's."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(_OUTSIDE)

    def take_memory(self) -> None:
        """Reserve more memory than is allowed, without using any of it."""
        mmap.mmap(
            -1, 2 * self.policy.memory + (1 << 30), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NO_RESERVE
        ).close()

    def start_one_too_many(self) -> None:
        """Set the number of processes to none, and start one: does the limit hold for this user at all?"""
        _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
        if not 0 <= hard <= self.policy.processes + self.policy.already:
            return
        _in_fork(_start_with_no_process_left)

    def open_too_many(self) -> None:
        """Open more files than are allowed."""
        opened: list[int] = []
        try:
            while len(opened) <= self.policy.open_files:
                opened.append(os.dup(0))
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def write_too_much(self) -> None:
        """Make a file (a sparse one) that is too large."""
        path = os.path.join(self.scratch, "too_large.probe")
        try:
            with open(path, "wb") as file:
                file.truncate(self.policy.file_size + 1)
        finally:
            os.unlink(path)

    def raise_limit(self) -> None:
        """Raise a limit that was set."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard + 1, hard + 1))

    def gain_privileges(self) -> None:
        """Ask the kernel whether a program of root's (`sudo`) would still run as root."""
        if ctypes.CDLL(None).prctl(_PR_GET_NO_NEW_PRIVS, *[ctypes.c_ulong(0)] * 4) == 1:
            raise OSError(errno.EPERM, "no new privileges")

    def call_refused(self) -> None:
        """Make a system call that is on the list of refused ones, and harmless."""
        library = ctypes.CDLL(None, use_errno=True)
        if library.personality(ctypes.c_ulong(_QUERY)) == -1:
            raise OSError(ctypes.get_errno(), "personality")

    def look_into_grader(self) -> None:
        """Open the grader's memory."""
        os.close(os.open(f"/proc/{self.bait.grader}/mem", os.O_RDONLY))


def _start_with_no_process_left() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, hard))
    _in_fork(lambda: None)


def _in_fork(attempt: Callable[[], object]) -> None:
    """Run the attempt in a fork; raises `OSError` when it failed there, or when there was no fork to be had."""
    child = os.fork()
    if child == 0:
        os._exit(0 if _works(attempt) else 1)
    if os.waitpid(child, 0)[1] != 0:
        raise OSError(errno.EAGAIN, "a process cannot be started")


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, ValueError, MemoryError, AttributeError):  # AttributeError: this system has no such thing
        return False
    return True


# What the fence does not take away but only sets, or what was entered before: these need not work before it.
_DECIDED_BEHIND = frozenset({"network", "processes", "open_files", "privileges", "limits", "inspection"})


def compare(attempts: dict[str, Callable[[], object]], enter: Callable[[], None]) -> dict[str, bool]:
    """Make every attempt before `enter()` and after it; True for each that the fence stops."""
    before = {name: _works(attempt) for name, attempt in attempts.items() if name not in _DECIDED_BEHIND}
    enter()
    after = {name: _works(attempt) for name, attempt in attempts.items()}
    return {name: before.get(name, True) and not after[name] for name in attempts}


def leave_daemon() -> int:
    """Leave a daemon behind, double-forked and in a session of its own; returns its process id.

    It holds on to nothing and ends by itself, should the grader fail to end it.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        daemon = os.fork()
        if daemon == 0:
            os.setsid()
            os.closerange(0, 4096)
            import time

            time.sleep(60)
            os._exit(0)
        os.write(writing, str(daemon).encode())
        os._exit(0)
    os.waitpid(child, 0)
    daemon = int(os.read(reading, 32))
    os.close(reading)
    os.close(writing)
    return daemon


def report(control: socket.socket, request: dict[str, Any], enter: Callable[[], None]) -> int:
    """Be the probe: try everything, tell the grader in one line of JSON, leave a daemon behind and end."""
    policy = Policy.from_json(request["fence"])
    attempts = Attempts(bait=Bait(**request["probe"]), policy=policy, scratch=request["scratch"])
    found: dict[str, object] = {**compare(attempts.all(), enter)}
    if hasattr(os, "fork"):
        found["daemon"] = leave_daemon()
    control.sendall(json.dumps(found).encode("ascii"))
    return 0
