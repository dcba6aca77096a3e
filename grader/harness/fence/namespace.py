"""A network of its own for a worker and all it starts, on Linux: nothing but an empty loopback interface.

From inside, no address but loopback can be reached, by TCP, UDP or anything else, and loopback leads to nobody but this
worker: not to the machine's own services, and not to the peers of another exercise. Port 80 can be bound. Shared
memory, message queues and the folder that programs write into are its own, too, bounded, and vanish with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct

from .credentials import keep_capabilities
from .libc import call

_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_NET = 0x00020000, 0x08000000, 0x10000000, 0x40000000
_RECURSIVELY, _PRIVATE, _NOSUID_NODEV_NOEXEC = 0x4000, 0x40000, 0x2 | 0x4 | 0x8
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
_SHARED_MEMORY = "/dev/shm"
_SHARED_MEMORY_SIZE = b"size=64m,mode=1777"
# Room for a few of the largest files that an exercise moves. Too large: a program fills the machine's memory.
_SCRATCH_SIZE = b"size=512m,nr_inodes=20000,mode=700"


def is_available() -> bool:
    """Whether `enter` works here, tried in a process that is thrown away: what fails half-way cannot be undone."""
    trial = os.fork()
    if trial == 0:
        status = 1
        with contextlib.suppress(BaseException):
            enter()
            status = 0
        os._exit(status)
    return os.waitpid(trial, 0)[1] == 0


def enter(scratch: str | None = None) -> None:
    """Move this process, and all it starts from here on, into a network of its own.

    The folder `scratch` becomes one in memory. Call it before threads start: a process with several cannot change its
    user namespace. Raises `OSError`.
    """
    user, group = os.geteuid(), os.getegid()
    root = user == 0 and _may_administer()
    call("unshare", _NEW_NET | _NEW_MOUNTS | _NEW_IPC | (0 if root else _NEW_USER))
    if not root:
        # The user stays who it is; the kernel wants the groups given up before it lets a user map its own.
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    _raise_loopback()
    _write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0")
    # Nothing mounted from here on shows outside.
    call("mount", None, b"/", None, _RECURSIVELY | _PRIVATE, None)
    if os.path.isdir(_SHARED_MEMORY):
        _mount_memory(_SHARED_MEMORY, _SHARED_MEMORY_SIZE)
    if scratch is not None:
        _mount_memory(scratch, _SCRATCH_SIZE)
    if not root:
        keep_capabilities(0)


def _may_administer() -> bool:
    with open("/proc/self/status", encoding="ascii") as status:
        effective = next(line for line in status if line.startswith("CapEff:"))
    return bool(int(effective.split()[1], 16) >> 21 & 1)  # CAP_SYS_ADMIN


def _mount_memory(folder: str, size: bytes) -> None:
    call("mount", b"tmpfs", os.fsencode(folder), b"tmpfs", _NOSUID_NODEV_NOEXEC, size)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        answer = fcntl.ioctl(sock, _GET_FLAGS, struct.pack("16sH14x", b"lo", 0))
        flags: int = struct.unpack_from("16xH", answer)[0]
        fcntl.ioctl(sock, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _UP))


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
