"""Linux: threads from procfs (proc(5)), sockets from the kernel over netlink (sock_diag(7)).

Netlink answers in 0.03 ms what takes 2 ms to read from `/proc/net/tcp`, where the kernel walks its whole hash table.
"""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import struct
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from grader.harness.system.facts import Address, Task, unmapped

# The system calls that can sleep with a time-out of the caller's, by architecture: number -> which argument holds it,
# and whether it is a pointer (null: no time-out), a signed number of milliseconds (negative: none), or always one.
_POINTER, _MILLISECONDS, _ALWAYS = "pointer", "milliseconds", "always"
_TIMED = {
    "x86_64": {
        7: (2, _MILLISECONDS),  # poll
        271: (2, _POINTER),  # ppoll
        23: (4, _POINTER),  # select
        270: (4, _POINTER),  # pselect6
        232: (3, _MILLISECONDS),  # epoll_wait
        281: (3, _MILLISECONDS),  # epoll_pwait
        441: (3, _POINTER),  # epoll_pwait2
        35: (0, _ALWAYS),  # nanosleep
        230: (0, _ALWAYS),  # clock_nanosleep
        202: (3, _POINTER),  # futex
        128: (2, _POINTER),  # rt_sigtimedwait
    },
    "aarch64": {
        73: (2, _POINTER),  # ppoll
        72: (4, _POINTER),  # pselect6
        22: (3, _MILLISECONDS),  # epoll_pwait
        441: (3, _POINTER),  # epoll_pwait2
        101: (0, _ALWAYS),  # nanosleep
        115: (0, _ALWAYS),  # clock_nanosleep
        98: (3, _POINTER),  # futex
        137: (2, _POINTER),  # rt_sigtimedwait
    },
}.get(platform.machine())

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST, _NLM_F_DUMP = 1, 0x300
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_TCP_LISTEN = 10
_ANY_COOKIE = b"\xff" * 8


def tree(pid: int, adopter: int | None = None, programs: Collection[int] = ()) -> list[int]:
    """`pid`, its descendants, and the orphans that came home to `adopter` (the launcher, whose own are `programs`)."""
    found = [pid]
    if adopter is not None:
        found += [child for child in _children(adopter) if child != pid and child not in programs]
    for process in found:
        found += [child for child in _children(process) if child not in found]
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for tid in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                found += map(int, _read(f"/proc/{pid}/task/{tid}/children").split())
    return found


def tasks(pids: Iterable[int]) -> tuple[Task, ...]:
    """All threads of these processes; those that end while being looked at are left out."""
    return tuple(task for pid in pids for task in _tasks_of(pid))


def _tasks_of(pid: int) -> Iterator[Task]:
    try:
        names = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    for tid in names:
        with contextlib.suppress(OSError, ValueError, IndexError):
            yield _task(pid, int(tid))


def _task(pid: int, tid: int) -> Task:
    folder = f"/proc/{pid}/task/{tid}"
    state = _stat(folder)[0]
    if state in b"ZX":
        raise ValueError("ended")
    call = _call(folder)
    # Not D: who waits for a disk or the kernel goes on by itself. And it may have been woken since its state was read.
    sleeping = state in b"STtI" and call[:1] != [b"running"]
    # Read last: if it has run since it was seen to sleep, it has had more turns than at any look before this one.
    ran, waited, turns = (int(field) for field in _read(f"{folder}/schedstat").split())
    return Task(
        pid=pid,
        tid=tid,
        ran=ran,
        waited=waited,
        turns=turns,
        sleeping=sleeping,
        by_choice=sleeping and _sleeps_by_choice(call),
        stopped=state in b"Tt",
    )


def _stat(folder: str) -> list[bytes]:
    """The fields of `stat` after the name, which may itself hold spaces and parentheses: state, ppid, pgrp, session."""
    return _read(f"{folder}/stat").rpartition(b")")[2].split()


def _call(folder: str) -> list[bytes]:
    """The number of the system call that it is in, and its arguments; `running`, `-1`, or nothing if that is secret."""
    try:
        return _read(f"{folder}/syscall").split()
    except OSError:
        return []


def _sleeps_by_choice(call: list[bytes]) -> bool:
    if _TIMED is None or not call:  # then it cannot be told
        return True
    if call[0] in (b"running", b"-1"):  # stopped, or between two calls
        return False
    timed = _TIMED.get(int(call[0]))
    if timed is None:
        return False
    position, kind = timed
    value = int(call[1 + position], 16)
    if kind == _MILLISECONDS:
        return value & 0xFFFFFFFF < 0x80000000
    return kind == _ALWAYS or value != 0


def open_files(pids: Iterable[int]) -> int:
    """How many descriptors these processes hold in all."""
    count = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            count += len(os.listdir(f"/proc/{pid}/fd"))
    return count


def catches(pid: int, signum: int) -> bool:
    """Whether the process has a handler of its own for the signal (one that has none would be killed by it)."""
    with contextlib.suppress(OSError, ValueError):
        for line in _read(f"/proc/{pid}/status").splitlines():
            if line.startswith(b"SigCgt:"):
                return bool(int(line.split()[1], 16) >> (signum - 1) & 1)
    return False


def listening(pids: Iterable[int]) -> list[Address]:
    """The addresses at which these processes accept TCP connections, in the order of their descriptors."""
    owned = [inode for pid in pids for inode in _socket_inodes(pid)]
    if not owned:
        return []
    known = {inode: address for family in (socket.AF_INET, socket.AF_INET6) for inode, address in _listeners(family)}
    return list(dict.fromkeys(known[inode] for inode in owned if inode in known))


def internet_sockets(pids: Iterable[int]) -> int:
    """How many TCP and UDP sockets with a port these processes have open."""
    pids = list(pids)
    owned = {inode for pid in pids for inode in _socket_inodes(pid)}
    found = 0
    for name in ("tcp", "tcp6", "udp", "udp6"):
        with contextlib.suppress(OSError, IndexError):
            rows = Path(f"/proc/{pids[0]}/net/{name}").read_bytes().splitlines()[1:]  # all in one network namespace
            found += sum(int(row.split()[9]) in owned for row in rows)
    return found


def _socket_inodes(pid: int) -> list[int]:
    found = []
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(f"/proc/{pid}/fd"), key=int):
            with contextlib.suppress(OSError):
                target = os.readlink(f"/proc/{pid}/fd/{name}")
                if target.startswith("socket:["):
                    found.append(int(target[8:-1]))
    return found


def _listeners(family: int) -> Iterator[tuple[int, Address]]:
    for message in _ask(family, states=1 << _TCP_LISTEN, flags=_NLM_F_REQUEST | _NLM_F_DUMP):
        port, _, source = struct.unpack_from("!HH16s", message, 4)
        inode = struct.unpack_from("=I", message, 68)[0]
        yield inode, (unmapped(socket.inet_ntop(family, source[: 4 if family == socket.AF_INET else 16])), port)


def queued(owner: Address, remote: Address) -> int | None:
    """Bytes that wait unread at the TCP socket at `owner` that is connected to `remote`; None if it is gone."""
    return next(_queues(owner, remote), (None, None))[0]


def undelivered(owner: Address, remote: Address) -> int | None:
    """Bytes sent at `owner` that have not been acknowledged by `remote` yet; None if the socket is gone."""
    return next(_queues(owner, remote), (None, None))[1]


def _queues(owner: Address, remote: Address) -> Iterator[tuple[int, int]]:
    family = socket.AF_INET6 if ":" in owner[0] else socket.AF_INET
    for message in _ask(family, states=0xFFFFFFFF, flags=_NLM_F_REQUEST, owner=owner, remote=remote):
        yield struct.unpack_from("=II", message, 56)


def _ask(
    family: int, *, states: int, flags: int, owner: Address = ("", 0), remote: Address = ("", 0)
) -> Iterator[bytes]:
    """Ask the kernel for TCP sockets; yields each `inet_diag_msg` (linux/inet_diag.h) of the answer."""
    addresses = [_packed(family, host) for host, _ in (owner, remote)]
    socket_id = struct.pack("!HH16s16s", owner[1], remote[1], *addresses) + bytes(4) + _ANY_COOKIE
    request = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, states) + socket_id
    header = struct.pack("=IHHII", 16 + len(request), _SOCK_DIAG_BY_FAMILY, flags, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(5)  # the kernel answers at once; this only keeps a surprise from hanging the grader
        kernel.send(header + request)
        more = True
        while more:
            more = False
            for kind, body in _messages(kernel.recv(1 << 18)):
                if kind in (_NLMSG_ERROR, _NLMSG_DONE):
                    return
                yield body
                more = flags & _NLM_F_DUMP == _NLM_F_DUMP


def _packed(family: int, host: str) -> bytes:
    return socket.inet_pton(family, host).ljust(16, b"\0") if host else bytes(16)


def _messages(answer: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset < len(answer):
        length, kind = struct.unpack_from("=IH", answer, offset)
        yield kind, answer[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 65536)
    finally:
        os.close(descriptor)
