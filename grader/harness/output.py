"""What a program writes on standard output and error: always drained, kept up to a limit, counted beyond it.

A program whose pipe nobody reads would block in `print`, and look stuck for a reason of the grader's making.
"""

from __future__ import annotations

import os
import selectors
import threading
from collections.abc import Callable

KEPT = 64 * 1024


class Output:
    """The bytes one stream of the program has brought so far. Safe to read while they arrive."""

    def __init__(self, kept: int = KEPT, seen: Callable[[bytes], None] | None = None) -> None:
        self._kept = kept
        self._seen = seen
        self._data = bytearray()
        self.size = 0
        self.ended = False
        self._lock = threading.Lock()

    def add(self, data: bytes) -> None:
        """Take what was read from the pipe; empty means its end."""
        if data and self._seen:
            self._seen(data)
        with self._lock:
            self._data += data[: max(0, self._kept - len(self._data))]
            self.size += len(data)
            self.ended = self.ended or not data

    def bytes(self) -> bytes:
        """What was kept: the first `kept` bytes."""
        with self._lock:
            return bytes(self._data)

    def text(self) -> str:
        """What was kept, as text; bytes that do not decode are replaced."""
        return self.bytes().decode("utf-8", "replace")


class Drain:
    """One thread that reads all pipes of all programs of a worker."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = os.pipe()
        self._selector.register(self._wake, selectors.EVENT_READ, None)
        self._lock = threading.Lock()
        self._new: list[tuple[int, Output]] = []
        self._caught_up: list[threading.Event] = []
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)
        self._thread.start()

    def add(self, descriptor: int, output: Output) -> None:
        """Read `descriptor` into `output` from now on, and close it at its end."""
        with self._lock:
            self._new.append((descriptor, output))
        os.write(self._waker, b"x")

    def catch_up(self, seconds: float) -> bool:
        """Wait until everything that is in the pipes now has been read, at most `seconds`; True when it has."""
        caught_up = threading.Event()
        with self._lock:
            self._caught_up.append(caught_up)
        os.write(self._waker, b"x")
        return caught_up.wait(seconds)

    def close(self) -> None:
        """Stop reading and close every pipe."""
        self._closing = True
        os.write(self._waker, b"x")
        self._thread.join()
        os.close(self._waker)

    def _run(self) -> None:
        while not self._closing:
            self._read_ready(None)
            with self._lock:
                caught_up, self._caught_up = self._caught_up, []
            if caught_up:
                self._read_ready(0)  # one read takes as much as a pipe holds
                for event in caught_up:
                    event.set()
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        self._selector.close()

    def _read_ready(self, seconds: float | None) -> None:
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                os.read(self._wake, 4096)
                self._take_new()
            else:
                self._read(key.fd, key.data)

    def _take_new(self) -> None:
        with self._lock:
            new, self._new = self._new, []
        for descriptor, output in new:
            self._selector.register(descriptor, selectors.EVENT_READ, output)

    def _read(self, descriptor: int, output: Output) -> None:
        try:
            data = os.read(descriptor, 65536)
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(descriptor)
            os.close(descriptor)
        output.add(data)
