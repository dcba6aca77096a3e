"""System calls that no exercise needs, closed by a filter in the kernel (seccomp(2)).

The filter is a small program of the classic BPF machine, run before each call. It sees the call's number and its
arguments as numbers; it cannot follow pointers. What is handled here is what Landlock leaves open: other kinds of
sockets, other processes, other ways to take memory, and everything that belongs to an administrator.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from .libc import prctl
from .syscalls import NUMBERS

Instruction = tuple[int, int, int, int]

# linux/bpf_common.h: load a word, jump if equal, if greater or equal, if any bit is set; and, return.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
# struct seccomp_data: number, architecture, instruction pointer, six arguments.
_NUMBER, _ARCHITECTURE = 0, 4
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
# x86-64 has a second set of numbers from here on (the x32 ABI); they would slip past every rule.
_X32 = 0x40000000

_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_STREAM, _DGRAM, _SEQPACKET = 1, 2, 5
_TYPE_BITS = 0xF  # above them are SOCK_NONBLOCK and SOCK_CLOEXEC
_TCP, _UDP = 6, 17
# A send that connects; Landlock is not asked then (landlock-lsm/linux issue 41).
_MSG_FASTOPEN = 0x20000000
_NAMESPACES = 0x7E020000  # CLONE_NEW… as flags of clone
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # type into a terminal

# Refused: what no program of this course needs, and what Landlock does not look at.
_REFUSED = """
    ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp perf_event_open
    io_uring_setup io_uring_enter io_uring_register bpf userfaultfd
    add_key request_key keyctl
    mount umount2 pivot_root chroot open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick mount_setattr
    unshare setns name_to_handle_at open_by_handle_at fanotify_init inotify_add_watch quotactl quotactl_fd
    memfd_create memfd_secret shmget semget msgget mq_open
    kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff acct syslog vhangup
    sethostname setdomainname settimeofday clock_settime adjtimex clock_adjtime
    iopl ioperm modify_ldt personality migrate_pages move_pages lookup_dcookie
"""
# Answered with success and not done: Landlock would let a program change the mode of any file of the same user, and
# `shutil.copy` must not fail for it.
_FEIGNED = """
    chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat file_setattr
    setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat
"""
# Their first argument is a process; only 0, the caller, is left.
_ON_ITSELF = "prlimit64 sched_setaffinity sched_setscheduler sched_setparam sched_setattr"


def program() -> bytes | None:
    """The filter for this machine, as the kernel takes it; None for a machine whose numbers are not known here."""
    machine = os.uname().machine
    if machine not in _MACHINES or struct.calcsize("P") != 8:
        return None
    column, architecture = _MACHINES[machine]
    number = {name: numbers[column] for name, numbers in NUMBERS.items()}
    code = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), _refuse(errno.ENOSYS), (_LOAD, 0, 0, _NUMBER)]
    code += [(_AT_LEAST, 0, 1, _X32), _refuse(errno.ENOSYS)] if column == 0 else []
    for name, body in _rules().items():
        if (known := number[name]) is not None:
            code += [(_EQUAL, 0, len(body), known), *body]
    code.append(_return(_ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _rules() -> dict[str, list[Instruction]]:
    """What to do with a call of each name; every rule ends by returning. Those that are made often come first."""
    rules = {
        "sendto": _without_bits(3, _MSG_FASTOPEN, errno.EOPNOTSUPP),
        "sendmsg": _without_bits(2, _MSG_FASTOPEN, errno.EOPNOTSUPP),
        "sendmmsg": _without_bits(3, _MSG_FASTOPEN, errno.EOPNOTSUPP),
        "ioctl": [*_never(1, [_TIOCSTI, _TIOCLINUX]), _return(_ALLOW)],
        "socket": [
            *_only(0, [_AF_INET, _AF_INET6], errno.EACCES),
            *_only(1, [_STREAM, _DGRAM], bits=_TYPE_BITS),
            # Multipath TCP and SCTP are streams that Landlock's TCP rules do not see.
            *_only(2, [0, _TCP, _UDP], errno.EPROTONOSUPPORT),
            _return(_ALLOW),
        ],
        # asyncio and multiprocessing need pairs. Only a pair of datagram sockets can be turned to another address.
        "socketpair": [*_only(0, [_AF_UNIX]), *_only(1, [_STREAM, _SEQPACKET], bits=_TYPE_BITS), _return(_ALLOW)],
        "clone": _without_bits(0, _NAMESPACES, errno.EPERM),
        # Its flags are behind a pointer; the C library falls back to `clone`.
        "clone3": [_refuse(errno.ENOSYS)],
        "setpriority": [*_only(0, [0]), *_only(1, [0]), _return(_ALLOW)],
        "ioprio_set": [*_only(0, [1]), *_only(1, [0]), _return(_ALLOW)],
    }
    rules |= {name: [*_only(0, [0]), _return(_ALLOW)] for name in _ON_ITSELF.split()}
    rules |= {name: [_refuse(0)] for name in _FEIGNED.split()}
    return rules | {name: [_refuse(errno.EPERM)] for name in _REFUSED.split()}


def _only(argument: int, values: list[int], error: int = errno.EPERM, *, bits: int = 0) -> list[Instruction]:
    """Go on if the argument (of its bits, those in `bits`) is one of the values, else refuse.

    These arguments are 32 bits wide in the kernel, which ignores what a caller puts above them; so does this.
    """
    code = [_load(argument)] + ([(_AND, 0, 0, bits)] if bits else [])
    code += [(_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [*code, _refuse(error)]


def _never(argument: int, values: list[int]) -> list[Instruction]:
    code = [_load(argument)]
    for value in values:
        code += [(_EQUAL, 0, 1, value), _refuse(errno.EPERM)]
    return code


def _without_bits(argument: int, bits: int, error: int) -> list[Instruction]:
    return [_load(argument), (_ANY_BIT, 0, 1, bits), _refuse(error), _return(_ALLOW)]


def _load(argument: int) -> Instruction:
    return (_LOAD, 0, 0, 16 + 8 * argument)


def _refuse(error: int) -> Instruction:
    return _return(_ERROR | error)


def _return(value: int) -> Instruction:
    return (_RETURN, 0, 0, value)


def enforce(code: bytes) -> None:
    """Put the filter over this thread and all that comes from it, for good (after PR_SET_NO_NEW_PRIVS)."""
    instructions = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(code) // 8, ctypes.addressof(instructions))
    described = ctypes.create_string_buffer(header, len(header))
    prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(described))
