"""One learner's program: set up a process, load the module, call its function, tell what came of it.

Runs in a fork of the launcher, or in a fresh interpreter where the system cannot fork. Talks to the grader over one
stream socket (see `plain`): `load`, `call`, `resume` and `exit` come in; `loaded`, `broken`, `called`, `paused`,
`returned` and `raised` go out. When the messages end, the process ends the way a script does, threads, exit handlers
and all.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import signal
import socket
import sys
import traceback
import types
from collections.abc import Iterator
from typing import Any

from grader.harness.inside import loading, plain, standing

MAX_TEXT = 500


class Guest:
    """The learner's module in this process, driven by messages on `control`."""

    def __init__(self, control: socket.socket, folder: str) -> None:
        self._control = control
        self._folder = folder
        self._module = types.ModuleType("nothing_loaded")
        self._inbox = self._messages()

    def serve(self) -> int:
        """Carry out messages until `exit` or the end of the stream; return the exit status of the last call."""
        status = 0
        for message in self._inbox:
            if message["do"] == "load":
                status = self._load(message["path"], message["name"], message["functions"])
            elif message["do"] == "call":
                args = [self._argument(arg) for arg in plain.decode(message["args"])]
                status = self._call(message["function"], args, killed=message["killed"])
            else:
                return status
            if message.get("last") or (status and message["do"] == "load"):
                return status
        return status

    def tell(self, **message: Any) -> None:
        """Send one message to the grader; if it has gone away, there is nobody to tell."""
        with contextlib.suppress(OSError):
            self._control.sendall(plain.pack(message))

    def _messages(self) -> Iterator[dict[str, Any]]:
        unpacker = plain.Unpacker()
        while data := self._control.recv(65536):
            yield from unpacker.feed(data)

    def _argument(self, value: Any) -> Any:
        return self._hand_out(value) if isinstance(value, plain.Generator) else value

    def _hand_out(self, generator: plain.Generator) -> Iterator[Any]:
        """The items, with a pause before one of them in which the grader has its turn."""
        for index, item in enumerate(generator.items):
            if index == generator.pauses_before:
                self.tell(told="paused")
                next(self._inbox, None)  # nothing but "resume" comes while a call is under way
            yield item

    def _load(self, path: str, name: str, functions: list[str]) -> int:
        sys.argv[:] = [path]
        try:
            self._module, left_out = loading.load(path, name, functions)
        except loading.Broken as broken:
            self.tell(told="broken", **broken.problem)
            return 1
        except BaseException as error:
            self.tell(told="broken", kind="import_raised", **self._describe(error))
            return self._as_script(error)
        self.tell(told="loaded", left_out=left_out)
        return 0

    def _call(self, name: str, args: list[Any], *, killed: bool) -> int:
        function = getattr(self._module, name)
        if problem := _misfit(function, args):
            signature = f"{name}{inspect.signature(function)}"[:MAX_TEXT]
            self.tell(
                told="raised", misfit=problem, signature=signature, **self._describe(TypeError(problem), function)
            )
            return 1
        self.tell(told="called")
        try:
            value = function(*args)
        except BaseException as error:
            self.tell(told="raised", **self._describe(error))
            return self._as_script(error)
        self.tell(told="returned", value=plain.encode(value))
        if killed:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def _describe(self, error: BaseException, function: Any = None) -> dict[str, Any]:
        """The exception as plain data: its classes by full name, its text, the learner's frames, innermost last."""
        frames = [
            {"file": os.path.basename(frame.filename), "line": frame.lineno or 0, "function": frame.name}
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename.startswith(self._folder)
        ]
        if isinstance(error, SyntaxError) and str(error.filename).startswith(self._folder):  # in a helper module
            frames.append({"file": os.path.basename(str(error.filename)), "line": error.lineno or 1, "function": ""})
        if function is not None and isinstance(function, types.FunctionType):
            code = function.__code__
            frames = [
                {"file": os.path.basename(code.co_filename), "line": code.co_firstlineno, "function": code.co_name}
            ]
        classes = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
        return {"classes": classes, "message": _text(error), "frames": frames}

    def _as_script(self, error: BaseException) -> int:
        """What a script does with an exception nobody caught: a traceback, and an exit status."""
        if isinstance(error, SystemExit):
            return error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        with contextlib.suppress(BaseException):
            error.__traceback__ = _from(error.__traceback__, self._folder)
            traceback.print_exception(error)
        return 130 if isinstance(error, KeyboardInterrupt) else 1


def _text(error: BaseException) -> str:
    try:
        return str(error)[:MAX_TEXT]
    except BaseException as failed:  # a learner's __str__ may do anything
        return f"<str failed: {type(failed).__name__}>"


def _from(trace: types.TracebackType | None, folder: str) -> types.TracebackType | None:
    """The traceback from the learner's first frame on; the grader's own frames above it would only puzzle."""
    start = trace
    while start is not None and not start.tb_frame.f_code.co_filename.startswith(folder):
        start = start.tb_next
    return start or trace


def _misfit(function: Any, args: list[Any]) -> str | None:
    """Why `function` cannot be called with that many arguments, or None."""
    try:
        inspect.signature(function).bind(*args)
    except TypeError as error:
        return str(error)
    except ValueError:  # no signature to be had: the call itself will tell
        return None
    return None


def replace_standard_streams() -> None:
    """Give the program text streams on descriptors 0, 1 and 2 that never hold back output.

    A learner may forget `flush`; on a pipe Python would keep the text in a buffer, so output goes straight through.
    """
    sys.stdin = io.TextIOWrapper(
        io.BufferedReader(io.FileIO(0, "r", closefd=False)), encoding="utf-8", errors="replace"
    )
    sys.stdout = io.TextIOWrapper(_Raw(1, "w", closefd=False), encoding="utf-8", errors="replace", write_through=True)
    sys.stderr = io.TextIOWrapper(
        _Raw(2, "w", closefd=False), encoding="utf-8", errors="backslashreplace", write_through=True
    )
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, f"__{name}__", getattr(sys, name))


class _Raw(io.FileIO):
    """A raw file whose `write` takes all it is given: `print` never looks at how much a raw write took."""

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        done = 0
        while done < len(view):
            done += super().write(view[done:]) or 0
        return done


def run(control: socket.socket, stand: int, request: dict[str, Any]) -> int:
    """Be the learner's program from here on; the return value is the process's exit status."""
    sys.path.append(request["folder"])
    sys.dont_write_bytecode = True
    main = types.ModuleType("__main__")  # nothing of the launcher shows, and multiprocessing finds nothing to re-run
    main.__dict__["__builtins__"] = sys.modules["builtins"]
    sys.modules["__main__"] = main
    replace_standard_streams()
    # A shell without job control starts background processes with SIGINT ignored, and this process inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    standing.install(stand, request["folder"])
    if seconds := request.get("default_timeout"):
        socket.setdefaulttimeout(seconds)
    return Guest(control, request["folder"]).serve()
