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
        native = thread.native_id if thread else None
        stack = {
            "thread": "" if is_main else (thread.name if thread else "a thread"),
            "native": native,
            "frames": _frames(top, folder),
        }
        loop = _running_loop(top)
        tasks = _tasks(loop, folder, native) if loop else []
        # Tasks say where a loop's thread stands better than the loop's own frames, unless one of them runs just now.
        found += [stack, *tasks] if not tasks or _frames(top, folder, loop) else tasks
    return [stack for stack in found if stack["frames"]][:MAX_STACKS]


def _frames(frame: FrameType | None, folder: str, end: FrameType | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while frame is not end and frame is not None and len(found) < MAX_FRAMES:
        if frame.f_code.co_filename.startswith(folder):
            found.append(_place(frame))
        frame = frame.f_back
    return found


def _place(frame: FrameType) -> dict[str, Any]:
    code = frame.f_code
    return {"file": os.path.basename(code.co_filename), "line": frame.f_lineno, "function": code.co_name}


def _running_loop(frame: FrameType | None) -> FrameType | None:
    """The frame that runs an event loop in this thread, if there is one."""
    while frame is not None and frame.f_code.co_name != "run_forever":
        frame = frame.f_back
    return frame


def _tasks(frame: FrameType, folder: str, native: int | None) -> list[dict[str, Any]]:
    """The tasks of the event loop that this frame runs, those first that wait for nothing: they have their turn next.

    Those that wait for another task come last, since that one says more.
    """
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return []
    with contextlib.suppress(Exception):  # a loop that is no asyncio loop
        tasks = sorted(asyncio.all_tasks(frame.f_locals["self"]), key=_waits)
        shown = [_task(task, folder, native) for task in tasks[:MAX_STACKS]]
        return [task for task in shown if task["frames"]]
    return []


def _waits(task: Any) -> int:
    waiter = getattr(task, "_fut_waiter", None)
    return 0 if waiter is None else 2 if _is_joined(waiter) else 1


def _is_joined(waiter: Any) -> bool:
    """Whether this is what a task awaits that awaits others: the task itself, or gather()'s future."""
    asyncio = sys.modules["asyncio"]
    return isinstance(waiter, asyncio.Task) or type(waiter).__name__ == "_GatheringFuture"


def _task(task: Any, folder: str, native: int | None) -> dict[str, Any]:
    frames: list[dict[str, Any]] = []
    awaited = task.get_coro()
    while awaited is not None and len(frames) < MAX_FRAMES:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None and frame.f_code.co_filename.startswith(folder):
            frames.insert(0, _place(frame))
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return {"thread": f"task {task.get_name()}", "native": native, "frames": frames, "joins": _waits(task) == 2}
