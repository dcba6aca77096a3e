"""Files, TCP ports and signals through Landlock (landlock(7)): a process locks itself in, and its children with it.

Three system calls and three small structures, spoken to directly: a package would have to be found by a launcher that
starts without site-packages, and installed by every learner, and this is all of Landlock that is needed here.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

from .libc import call

# The same numbers on every architecture: asm-generic/unistd.h.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH, _NET_PORT = 1, 2

# linux/landlock.h: LANDLOCK_ACCESS_FS_…
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG, _MAKE_SYM = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 12
_REFER, _TRUNCATE = 1 << 13, 1 << 14
READ = READ_FILE | READ_DIR
# No devices, sockets or FIFOs: the grader looks into this folder, and a FIFO would keep it waiting.
WRITE = READ | WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_SYM | _REFER | _TRUNCATE
# What a rule may name on something that is not a folder.
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE

BIND_TCP, CONNECT_TCP = 1 << 0, 1 << 1
_SCOPES = 1 << 0 | 1 << 1  # abstract unix sockets, signals

# How many kinds of access to files each version of the interface knows.
_KINDS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_TCP_SINCE, _SCOPES_SINCE = 4, 6


def version() -> int:
    """The version of the interface that this kernel speaks; 0 if it has none, or was started without it."""
    try:
        return call("syscall", _CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError:
        return 0


class Rules:
    """A set of rules under way. What is handled is closed, except for what is then allowed.

    `speaks` is the kernel's version, `tcp` the kinds of access to TCP ports to handle. What the kernel does not know
    stays open; whether a protection works is for the probe to say.
    """

    def __init__(self, speaks: int, *, files: bool, tcp: int, signals: bool) -> None:
        self._files = (1 << _KINDS[min(speaks, max(_KINDS))]) - 1 if files and speaks else 0
        self._tcp = tcp if speaks >= _TCP_SINCE else 0
        scopes = _SCOPES if signals and speaks >= _SCOPES_SINCE else 0
        # The kernel refuses a set that handles nothing.
        self._descriptor = -1
        if self._files or self._tcp or scopes:
            handled = struct.pack("=QQQ", self._files, self._tcp, scopes)
            self._descriptor = call("syscall", _CREATE_RULESET, handled, len(handled), 0)

    def allow_beneath(self, parents: Iterable[tuple[int, bool]], access: int) -> None:
        """Allow the access on each parent and below it: a descriptor, and whether it is a folder."""
        for parent, is_folder in parents if self._files else ():
            allowed = access & self._files & (-1 if is_folder else _OF_FILES)
            self._add(_PATH_BENEATH, struct.pack("=Qi", allowed, parent))

    def allow_ports(self, ports: Iterable[int], access: int) -> None:
        """Allow the access on these TCP ports; binding port 0 stands for any port that the system chooses."""
        allowed = access & self._tcp
        for port in ports if allowed else ():
            self._add(_NET_PORT, struct.pack("=QQ", allowed, port))

    def _add(self, kind: int, rule: bytes) -> None:
        call("syscall", _ADD_RULE, self._descriptor, kind, rule, 0)

    def enforce(self) -> None:
        """Lock this thread in for good. It must have given up gaining privileges (PR_SET_NO_NEW_PRIVS)."""
        if self._descriptor >= 0:
            call("syscall", _RESTRICT_SELF, self._descriptor, 0)
            os.close(self._descriptor)
