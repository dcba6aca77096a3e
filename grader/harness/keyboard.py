"""The program's standard input: what the grader types, and its end."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import queue
import termios
import threading

from grader.harness.conversation import Conversation


class Keyboard:
    """Types into the program's standard input from a thread, since a pipe blocks when the program does not read."""

    def __init__(self, descriptor: int, conversation: Conversation) -> None:
        self._descriptor = descriptor
        self._conversation = conversation
        self._jobs: queue.Queue[bytes | None] = queue.Queue()
        self._pending = 0
        self._lock = threading.Lock()
        self._broken = False
        self._is_ending = False  # the end was asked for, and has not come yet
        os.set_blocking(descriptor, True)
        self._thread = threading.Thread(target=self._run, name="keyboard", daemon=True)
        self._thread.start()

    def type(self, text: str | bytes) -> None:
        """Type this, with whatever line ends it holds."""
        data = text.encode("utf-8") if isinstance(text, str) else text
        self._conversation.record("peer", "typed", data=data)
        self._count(len(data))
        self._jobs.put(data)

    def end(self) -> None:
        """Close standard input once all is typed (Ctrl-D)."""
        self._conversation.record("peer", "input_end")
        self._is_ending = True
        self._jobs.put(None)

    def unread(self) -> int:
        """Bytes typed that the program has not read."""
        return self._pending + self._waiting()

    def is_idle(self) -> bool:
        """Whether nothing is on its way into the pipe: all has been typed, or the program leaves some of it there."""
        return self._broken or self._waiting() > 0 or not (self._pending or self._is_ending)

    def _count(self, size: int) -> None:
        with self._lock:  # two threads count
            self._pending += size

    def _waiting(self) -> int:
        waiting = array.array("i", [0])
        with contextlib.suppress(OSError, ValueError):  # it may be closed already
            fcntl.ioctl(self._descriptor, termios.FIONREAD, waiting)
        return waiting[0]

    def close(self) -> None:
        """Stop typing; the program must have ended, so that nothing blocks."""
        self._broken = True
        self._jobs.put(None)
        self._thread.join(5)  # a process that escaped may hold the other end; the thread is a daemon

    def _run(self) -> None:
        while (data := self._jobs.get()) is not None:
            self._write(data)
        descriptor, self._descriptor = self._descriptor, -1  # the number may soon be another file's
        os.close(descriptor)
        self._is_ending = False

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view and not self._broken:
            try:
                written = os.write(self._descriptor, view[:65536])
            except OSError:  # the program has closed its input or ended
                self._broken = True
                return
            self._count(-written)
            view = view[written:]
