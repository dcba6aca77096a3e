"""The fence on Windows: a job object that bounds memory and processes, and ends them. Written unseen and untested.

A job object knows nothing of files or of the network: those stay open here, and the probe says so.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any

from .policy import Policy

_EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation
_ACTIVE_PROCESSES, _PROCESS_MEMORY, _KILL_ON_CLOSE, _NO_DIALOGUE = 0x8, 0x100, 0x2000, 0x400


class Fence:
    """See `linux.Fence`."""

    def enter(self, policy: Policy) -> None:
        """Put this process into a job of its own; all it starts is in it too, and ends when this process does."""
        kernel: Any = getattr(ctypes, "WinDLL")("kernel32", use_last_error=True)  # noqa: B009 - not there elsewhere
        kernel.CreateJobObjectW.restype = ctypes.c_void_p
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
        described = limits(policy)
        if not (
            job.value
            and kernel.SetInformationJobObject(job, _EXTENDED_LIMITS, described, len(described))
            and kernel.AssignProcessToJobObject(job, ctypes.c_void_p(kernel.GetCurrentProcess()))
        ):
            raise OSError(getattr(ctypes, "get_last_error")(), "the job object was refused")  # noqa: B009


def limits(policy: Policy) -> bytes:
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION of 64-bit Windows for this policy."""
    flags = _KILL_ON_CLOSE | _NO_DIALOGUE
    flags |= _ACTIVE_PROCESSES if policy.has("processes") else 0
    flags |= _PROCESS_MEMORY if policy.has("memory") else 0
    # Two times, the flags, two working set sizes, the number of processes, affinity, priority and scheduling class.
    basic = struct.pack("<qqIxxxxQQIxxxxQII", 0, 0, flags, 0, 0, policy.processes, 0, 0, 0)
    # Six counters of input and output, memory for a process and for all, and two peaks.
    return basic + struct.pack("<6Q4Q", *[0] * 6, policy.memory, 0, 0, 0)
