"""Where does the program stand? Asked by a signal, answered by the learner's process in one line of JSON.

The answer names, for each thread and each asyncio task, the frames that belong to the learner's files, innermost
first. A Python-level handler can look at tasks and thread names; it runs as soon as the main thread comes back to the
interpreter, which a signal makes every blocking call of the standard library do (PEP 475). Where the main thread is
in C code that never returns, `faulthandler` answers a second signal instead.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

MAX_STACKS = 24
MAX_FRAMES = 40

# The signals are the grader's; a learner's program of this course has no use for them.
ASK = getattr(signal, "SIGUSR2", None)
ASK_HARDER = getattr(signal, "SIGUSR1", None)


def install(descriptor: int, folder: str) -> None:
    """Answer `ASK` (and `ASK_HARDER`) on `descriptor`, naming frames of files below `folder`."""
    if ASK is None or ASK_HARDER is None:
        return

    def answer(signum: int, frame: FrameType | None) -> None:
        report = {"pid": os.getpid(), "stacks": stacks(frame, folder)}
        with contextlib.suppress(OSError):  # nobody reads any more, or the pipe is full: never the learner's concern
            os.write(descriptor, json.dumps(report).encode("ascii") + b"\n")

    os.set_blocking(descriptor, False)
    signal.signal(ASK, answer)
    faulthandler.register(ASK_HARDER, file=descriptor, all_threads=True, chain=False)


def stacks(main: FrameType | None, folder: str) -> list[dict[str, Any]]:
    """All threads, then all asyncio tasks, with the learner's frames; those without any are left out."""
    names = {thread.ident: thread for thread in threading.enumerate()}
    found: list[dict[str, Any]] = []
    for ident, frame in list(sys._current_frames().items()):
        thread = names.get(ident)
        is_main = ident == threading.main_thread().ident
        top = main if is_main and main is not None else frame
        if tasks := _tasks(top, folder):  # they say where the loop's thread stands better than the loop's own frames
            found += tasks
            continue
        found.append(
            {
                "thread": "" if is_main else (thread.name if thread else "a thread"),
                "native": thread.native_id if thread else None,
                "frames": _frames(top, folder),
                "inner": top.f_code.co_name,
            }
        )
    return [stack for stack in found if stack["frames"]][:MAX_STACKS]


def _frames(frame: FrameType | None, folder: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while frame is not None and len(found) < MAX_FRAMES:
        if frame.f_code.co_filename.startswith(folder):
            found.append(_place(frame))
        frame = frame.f_back
    return found


def _place(frame: FrameType) -> dict[str, Any]:
    code = frame.f_code
    return {"file": os.path.basename(code.co_filename), "line": frame.f_lineno, "function": code.co_name}


def _tasks(frame: FrameType | None, folder: str) -> list[dict[str, Any]]:
    """The tasks of the event loop that runs in this thread, found through the frame that runs it."""
    asyncio = sys.modules.get("asyncio")
    while frame is not None and asyncio is not None:
        if frame.f_code.co_name == "run_forever":
            with contextlib.suppress(Exception):  # a loop that is no asyncio loop
                tasks = asyncio.all_tasks(frame.f_locals["self"])
                shown = [_task(task, folder) for task in list(tasks)[:MAX_STACKS]]
                return [task for task in shown if task["frames"]]
        frame = frame.f_back
    return []


def _task(task: Any, folder: str) -> dict[str, Any]:
    frames: list[dict[str, Any]] = []
    awaited = task.get_coro()
    while awaited is not None and len(frames) < MAX_FRAMES:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None and frame.f_code.co_filename.startswith(folder):
            frames.insert(0, _place(frame))
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return {"thread": f"task {task.get_name()}", "native": None, "frames": frames, "inner": "await"}
