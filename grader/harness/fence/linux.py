"""The fence on Linux: another user where the grader is root, limits, Landlock, and a filter for system calls.

`Fence()` is made once in the launcher and does what takes long; `enter` runs in each fork, once, and cannot be undone.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterable

from . import credentials, landlock, limits, seccomp
from .policy import Policy

Place = tuple[int, bool]

# What Python, its extension modules and the C library read while a program runs. A name that does not exist is skipped.
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/usr/share/zoneinfo")
_READ = """
    /etc/hosts /etc/host.conf /etc/resolv.conf /etc/nsswitch.conf /etc/gai.conf /etc/services /etc/protocols
    /etc/passwd /etc/group /etc/ld.so.cache /etc/localtime /etc/mime.types /etc/ssl/openssl.cnf /etc/ssl/certs
    /usr/share/ca-certificates /usr/share/locale /sys/devices/system/cpu
    /dev/zero /dev/random /dev/urandom
"""
# `multiprocessing` may start Python anew, and the kernel then opens the loader.
_LOADERS = "/lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1 /lib/ld-musl-x86_64.so.1 /lib/ld-musl-aarch64.so.1"
_SHARED_MEMORY = "/dev/shm"


class Fence:
    """What a program may do is given to `enter`; what the system can do is found out here."""

    def __init__(self) -> None:
        self._landlock = landlock.version()
        self._filter = seccomp.program()
        interpreter = os.path.realpath(sys.executable)
        configuration = os.path.join(os.path.dirname(os.path.dirname(sys.executable)), "pyvenv.cfg")
        library = [
            os.path.dirname(os.__file__),
            *(f"{prefix}/lib" for prefix in (sys.base_prefix, sys.base_exec_prefix)),
        ]
        self._read = _open(_existing([*_LIBRARIES, *_READ.split(), *library, interpreter, configuration]))
        self._execute = _open(_existing([interpreter, *_LOADERS.split()]))
        self._null = _open([os.devnull])
        self._shared_memory = _open(_existing([_SHARED_MEMORY]))
        # A user per launcher: the programs of one exercise follow each other in one folder. Process ids would do to
        # tell them apart, if there were not other machines (containers) on this one that count from 1, too.
        self._key = int.from_bytes(os.urandom(3), "big")

    def enter(self, policy: Policy) -> None:
        """Fence this process in. Raises `OSError` where something that the system offers does not work.

        Call it with one thread, when the process has what it needs from outside, and before the learner's code.
        """
        _end_first_of_all()
        limits.enforce(policy)
        if policy.has("user"):
            credentials.become_nobody(self._key)
        if policy.has("privileges"):
            credentials.gain_nothing()
        self._lock_in(policy)
        self._close()
        if self._filter is not None and policy.has("calls"):
            seccomp.enforce(self._filter)
        # Changing the user closes /proc/PID to the grader and forgets the wish to die with the launcher.
        credentials.show_memory()
        credentials.die_with_parent()

    def _lock_in(self, policy: Policy) -> None:
        tcp = (landlock.CONNECT_TCP | (0 if policy.tcp_bind else landlock.BIND_TCP)) if policy.has("ports") else 0
        rules = landlock.Rules(self._landlock, files=policy.has("files"), tcp=tcp, signals=policy.has("signals"))
        rules.allow_beneath(self._read, landlock.READ)
        rules.allow_beneath(self._execute, landlock.EXECUTE)
        rules.allow_beneath(self._null, landlock.READ | landlock.WRITE)
        if policy.shared_memory:
            rules.allow_beneath(self._shared_memory, landlock.WRITE)
        for paths, access in ((policy.readable, landlock.READ), (policy.writable, landlock.WRITE)):
            places = _open(paths)
            rules.allow_beneath(places, access)
            _close(places)
        rules.allow_ports(policy.tcp_connect_ports, landlock.CONNECT_TCP)
        rules.allow_ports([0], landlock.BIND_TCP)
        rules.enforce()

    def _close(self) -> None:
        for places in (self._read, self._execute, self._null, self._shared_memory):
            _close(places)


def _existing(paths: Iterable[str]) -> list[str]:
    """Those of the paths that are there, each place once."""
    places = {}
    for path in paths:
        with contextlib.suppress(OSError):
            status = os.stat(path)
            places[status.st_dev, status.st_ino] = path
    return list(places.values())


def _open(paths: Iterable[str]) -> list[Place]:
    """Descriptors that stand for these places, and with which nothing can be read."""
    descriptors = [os.open(path, os.O_PATH | os.O_CLOEXEC) for path in paths]
    return [(descriptor, stat.S_ISDIR(os.fstat(descriptor).st_mode)) for descriptor in descriptors]


def _close(places: Iterable[Place]) -> None:
    for descriptor, _ in places:
        os.close(descriptor)


def _end_first_of_all() -> None:
    """When memory runs out, let the kernel end this program rather than anything else of the user's."""
    with contextlib.suppress(OSError):
        descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        os.write(descriptor, b"1000")
        os.close(descriptor)
