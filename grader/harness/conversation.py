"""The conversation of one check: everything that happened on the wire and at the program's edge, with its time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from grader.report.result import Event, EventKind, Party

KEPT = 1024  # bytes kept of each end of long data
MAX_EVENTS = 4000  # a flood is counted, not kept


@dataclass
class _Entry:
    at: float
    source: Party
    kind: EventKind
    connection: int
    note: str
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    size: int = 0

    def add(self, data: bytes) -> None:
        room = 2 * KEPT - len(self.head)
        self.head += data[: max(0, room)]
        self.tail = (self.tail + data[-KEPT:])[-KEPT:]
        self.size += len(data)

    def event(self) -> Event:
        data = bytes(self.head) if self.size <= 2 * KEPT else bytes(self.head[:KEPT] + self.tail)
        return Event(
            at=self.at,
            source=self.source,
            kind=self.kind,
            connection=self.connection,
            data=data,
            size=self.size,
            note=self.note,
        )


class Conversation:
    """Records events in order. Bytes that follow each other on a stream in one direction become one event."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._entries: list[_Entry] = []
        self._lock = threading.Lock()
        self._connections = 0
        self.left_out = 0

    def next_number(self) -> int:
        """The number for a new connection or datagram socket, counted from 1."""
        self._connections += 1
        return self._connections

    def record(self, source: Party, kind: EventKind, *, connection: int = 0, data: bytes = b"", note: str = "") -> None:
        """Add one event, now."""
        with self._lock:
            last = self._entries[-1] if self._entries else None
            merges = kind in ("data", "shown") and last is not None
            if merges and last and (last.source, last.kind, last.connection) == (source, kind, connection):
                last.add(data)
            elif len(self._entries) >= MAX_EVENTS:
                self.left_out += 1
            else:
                entry = _Entry(time.monotonic() - self._began, source, kind, connection, note)
                entry.add(data)
                self._entries.append(entry)

    def events(self) -> tuple[Event, ...]:
        """All events so far, oldest first."""
        with self._lock:
            return tuple(entry.event() for entry in self._entries)
