"""Limits on what one process may use: setrlimit(2). The same on Linux and macOS, as far as the system keeps to them."""

from __future__ import annotations

import contextlib
import os
import resource

from .policy import Policy

# Processes that the user may start meanwhile (a browser's) where they count against the program's limit.
_SPARE = 200


def enforce(policy: Policy) -> None:
    """Set the limits, soft and hard: without privileges there is no way back up."""
    for name, value in _wanted(policy).items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is None:
            continue
        soft, hard = resource.getrlimit(kind)
        lowest = min([value] + [known for known in (soft, hard) if known != resource.RLIM_INFINITY])
        # macOS refuses some of them.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (lowest, lowest))


def _wanted(policy: Policy) -> dict[str, int]:
    wanted = {"CORE": 0}
    if policy.has("memory"):
        # DATA counts what is really private; AS also what is only reserved, and shared memory that DATA leaves out.
        wanted |= {"DATA": policy.memory, "AS": 2 * policy.memory}
    if policy.has("processes"):
        wanted["NPROC"] = policy.processes + policy.already
    if policy.has("open_files"):
        wanted["NOFILE"] = policy.open_files
    if policy.has("file_size"):
        wanted["FSIZE"] = policy.file_size
    if policy.has("cpu"):
        wanted["CPU"] = policy.cpu_seconds
    return wanted


def already_running() -> int:
    """Processes and threads of this user, and room for some more: for `Policy.already`, asked once by the grader.

    0 for root, whose programs each get a user of their own.
    """
    if os.geteuid() == 0 or not os.path.isdir("/proc/self/task"):
        return 0
    count = _SPARE
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == os.geteuid():
                    count += len(os.listdir(f"/proc/{name}/task"))
    return count
