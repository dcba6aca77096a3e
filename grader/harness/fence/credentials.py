"""Who a process is on Linux, what it may still become, and what becomes of it: prctl(2), capabilities(7)."""

from __future__ import annotations

import contextlib
import os
import signal
import struct

from .libc import call, prctl

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_KEEPCAPS = 1, 4, 8
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 36, 38, 47
_AMBIENT_RAISE = 2
_CAPABILITIES_3 = 0x20080522
_DAC_OVERRIDE = 1

# User ids that nobody has. A container may know 65,536 of them only; systemd keeps these few for what comes and goes.
_FAR_AWAY = 0x60000000
_NEAR, _NEAR_COUNT = 61184, 4336


def adopt_orphans() -> None:
    """Make a double-forked daemon come home to this process instead of init (child subreaper)."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def hide_memory() -> None:
    """Close this process's memory, environment and descriptors to other processes of the same user.

    A fork inherits this; a new program starts without it.
    """
    prctl(_PR_SET_DUMPABLE, 0)


def show_memory() -> None:
    """Let the grader look at this process again (/proc/PID/fd, syscall); others are kept off by other means."""
    prctl(_PR_SET_DUMPABLE, 1)


def die_with_parent() -> None:
    """Be killed when the parent ends; forgotten by the kernel when a process changes its user."""
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def gain_nothing() -> None:
    """No program started from here on gives privileges: no sudo, no set-user-id, no file capabilities."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def become_nobody(key: int) -> bool:
    """Turn root into a user that nobody else is, one for each `key`; False where this process is not root, or cannot.

    Limits on processes hold for it, as they do not for root, and it may signal nobody. It can still open files as root
    can, because Python itself may be installed in root's home; which files are open to it is for Landlock to say.
    """
    if os.geteuid() != 0:
        return False
    for user in (_FAR_AWAY + key, _NEAR + key % _NEAR_COUNT):
        prctl(_PR_SET_KEEPCAPS, 1)
        with contextlib.suppress(OSError):  # a user that this namespace does not know
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            keep_capabilities(1 << _DAC_OVERRIDE)
            prctl(_PR_CAP_AMBIENT, _AMBIENT_RAISE, _DAC_OVERRIDE)
            return True
    return False


def keep_capabilities(mask: int) -> None:
    """Give up all capabilities of this process but those in the mask."""
    data = struct.pack("=6I", mask, mask, mask, 0, 0, 0)
    call("capset", struct.pack("=Ii", _CAPABILITIES_3, 0), data)
