"""Notes which lines follow which in a learner's process, for `nox -s coverage`. Runs inside the launcher.

Servers are often ended by a signal that leaves no time to write anything. So each pair of lines is written the moment
it is first seen. What is written, coverage.py then reads: pairs as its own tracer notes them, with the negative first
line of a function for entering and leaving it.
"""

from __future__ import annotations

import dis
import fcntl
import os
import runpy
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

RESUME = dis.opmap["RESUME"]
# The launcher closes what is below 250 in each program, and the program's own descriptors should be numbered as ever.
HIGH = 300

Trace = Callable[[FrameType, str, Any], Any]


class Tracer:
    """Writes lines `FILE<tab>FROM<tab>TO` to the descriptor, each once, for files in the folders."""

    def __init__(self, descriptor: int, folders: list[str]) -> None:
        self._descriptor = descriptor
        self._folders = tuple(folders)
        self._seen: set[tuple[str, int, int]] = set()

    def start(self, *folders: str) -> None:
        """Trace this thread's further calls, and all threads to come; in these folders too."""
        self._folders += folders
        threading.settrace(self.enter)
        sys.settrace(self.enter)

    def enter(self, frame: FrameType, _event: str, _arg: object) -> Trace | None:
        """Trace a call if its file is wanted. Also called when a generator goes on."""
        code = frame.f_code
        if not code.co_filename.startswith(self._folders):
            return None
        goes_on = code.co_code[frame.f_lasti + 1] != 0
        return self._trace(code.co_filename, frame.f_lineno if goes_on else -code.co_firstlineno)

    def _trace(self, file: str, last: int) -> Trace:
        def trace(frame: FrameType, event: str, _arg: object) -> Trace:
            nonlocal last
            if event == "line":
                self._note(file, last, frame.f_lineno)
                last = frame.f_lineno
            elif event == "return" and not _yields(frame):
                self._note(file, last, -frame.f_code.co_firstlineno)
            return trace

        return trace

    def _note(self, *pair: Any) -> None:
        if pair not in self._seen:
            self._seen.add(pair)
            os.write(self._descriptor, "{}\t{}\t{}\n".format(*pair).encode())


def _yields(frame: FrameType) -> bool:
    """Whether this "return" is a generator's or coroutine's pause."""
    code, after = frame.f_code.co_code, frame.f_lasti + 2
    return after < len(code) and code[after] == RESUME


def run_launcher(launcher: str, root: str, notes: str, folders: list[str]) -> None:
    """Be the launcher, tracing its own calls and each program that it becomes.

    Each launcher has a file of its own in the folder `notes`: within a fence no file may grow beyond a limit, which
    what all launchers write together would reach.
    """
    own = f"{notes}/{os.urandom(8).hex()}"  # process ids are not enough: each worker counts its own
    descriptor = os.open(own, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
    tracer = Tracer(fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, HIGH), folders)
    os.close(descriptor)
    tracer.start()
    sys.path.insert(0, root)
    from grader.harness.inside import child

    sys.path.pop(0)
    become = child.run

    def run(control: Any, stand: int, request: dict[str, Any]) -> int:
        tracer.start(request["folder"])
        return become(control, stand, request)

    child.run = run
    sys.argv[0] = launcher
    runpy.run_path(launcher, run_name="__main__")
