"""What the operating system can tell about a running program: its processes, threads, sockets and open files.

One module per platform behind the same functions; `linux` reads procfs and asks the kernel over netlink, `portable`
makes do with psutil. Checks never import these: they ask `Program`.
"""

from __future__ import annotations

import sys

from grader.harness.system.facts import Address, Task

if sys.platform == "linux":
    from grader.harness.system import linux as platform
else:
    from grader.harness.system import portable as platform

catches = platform.catches
internet_sockets = platform.internet_sockets
listening = platform.listening
open_files = platform.open_files
queued = platform.queued
tasks = platform.tasks
tree = platform.tree
undelivered = platform.undelivered

__all__ = [
    "Address",
    "Task",
    "catches",
    "internet_sockets",
    "listening",
    "open_files",
    "queued",
    "tasks",
    "tree",
    "undelivered",
]
