"""The peer's end of a TCP connection: sends exactly what it is told, keeps all that arrives, records everything.

    client = server.connect()
    client.send(b"hello\\n")
    assert client.receive(6) == b"hello\\n"

No method here raises for what the program did to the connection: what arrived, and how the receiving ended, is in the
`Received` that a check compares. Waiting is `Patience.until`, which gives up on a program that is stuck.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Literal

from grader.harness import system
from grader.harness.conversation import Conversation
from grader.harness.findings import CheckFailed, Stop
from grader.harness.patience import Patience
from grader.harness.received import Answer, Received
from grader.report import wording

PIECE = 1 << 18
# Times that a program is waited for in vain to come to rest: it may be computing what it sends next, and one that
# spins shall not cost more than three ever shorter waits (`Program.settle`).
WITHOUT_REST = 3
MAX_KEPT = 24 * 1024 * 1024  # a program that floods its peer is cut off here; three times what any check asks for


class Connection:
    """One TCP connection to the program, seen from the peer."""

    def __init__(
        self,
        sock: socket.socket,
        conversation: Conversation,
        patience: Patience,
        settle: Callable[[], bool],
    ) -> None:
        sock.setblocking(False)
        with contextlib.suppress(OSError):  # pieces leave when they are sent, not when the kernel finds it convenient
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._conversation = conversation
        self._patience = patience
        self._settle = settle
        self._buffer = bytearray()
        self._outgoing = bytearray()
        self._ending: Literal["end", "reset"] | None = None
        self._sent_end = False
        self.number = conversation.next_number()
        self.local: system.Address = sock.getsockname()[:2]
        self.remote: system.Address = ("", 0)
        with contextlib.suppress(OSError):  # it may have been reset already
            self.remote = sock.getpeername()[:2]
        patience.watch_queue(self.unread)

    # Sending

    def send(self, data: bytes) -> None:
        """Send all of it, reading meanwhile, so that a program which answers as it reads never blocks us.

        Raises `CheckFailed` when the program stops reading before all was sent.
        """
        self._queue(data)
        stop = self._patience.until(lambda seconds: self._pump(seconds, until_sent=True) or not self._outgoing)
        if stop:
            taken = len(data) - len(self._outgoing)
            raise CheckFailed(wording.difference(data, data[:taken], _word(stop)), stop=stop)

    def send_pieces(self, *pieces: bytes) -> None:
        """Send pieces so that each arrives alone: the next leaves when the program has taken the last and sleeps."""
        for number, piece in enumerate(pieces):
            if number:
                self.wait_taken()
            self.send(piece)

    def wait_taken(self) -> None:
        """Wait until the program has read all that was sent and sleeps again; gives up after a while.

        Giving up only lets pieces be glued together: it can hide a mistake, never make one.
        """
        self._patience_free_until(lambda: not self.unread())
        self._settle()
        self._pump(0)  # so that the conversation shows an answer to this before what is sent next

    def fill(self, data: bytes) -> None:
        """Send without reading anything until no more goes and the program has come to rest; keep the rest for later.

        `receive` sends what is left as it reads. A program that never rests is left alone after a while, which can hide
        a mistake and never make one.
        """
        self._conversation.record("peer", "stalled", connection=self.number)
        self._queue(data)
        without_rest = 0

        def step(seconds: float) -> bool:
            nonlocal without_rest
            if self._outgoing and self._write(seconds):
                without_rest = 0
                return False
            # Before it is seen to sleep: it may sleep only until they come, which on a busy machine takes a while.
            self._patience.settle_until(lambda: not self._sends_to_a_reader(), time.sleep)
            rests = self._settle()
            without_rest += not rests
            return (rests and not self._write(0)) or without_rest >= WITHOUT_REST

        self._patience.until(step)

    def _sends_to_a_reader(self) -> bool:
        """Whether bytes are on their way to a program that has read all before them."""
        return self.unread() == 0 and bool(self._under_way(self.local, self.remote))

    def half_close(self) -> None:
        """Finish sending (shutdown(2) with SHUT_WR); receiving goes on."""
        if self._outgoing:
            self.send(b"")
        self._sent_end = True
        self._conversation.record("peer", "end", connection=self.number)
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the connection; with unread bytes the kernel makes that a reset (RFC 1122, 4.2.2.13)."""
        if self._sock.fileno() >= 0 and not self._sent_end:
            self._conversation.record("peer", "end", connection=self.number)
        self._sock.close()

    def reset(self) -> None:
        """Abort the connection: the program gets `ConnectionResetError`."""
        self._conversation.record("peer", "reset", connection=self.number)
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sent_end = True
        self._sock.close()

    # Receiving

    def receive(self, count: int) -> Received:
        """Wait for `count` bytes; fewer come back when the stream ends or the program hangs. More stay unread."""
        return self._receive(lambda: count if len(self._buffer) >= count else None)

    def receive_settled(self, count: int) -> Received:
        """Wait for `count` bytes and then until the program sleeps; what has come beyond them is shown as well."""
        received = self.receive(count)
        if received.ending != "complete":
            return received
        self._settle()
        return Received(data=received.data + self._take(len(self.buffered())), ending="complete")

    def receive_answer(self, count: int) -> Answer:
        """Wait for `count` bytes, whatever they are."""
        received = self.receive(count)
        return Answer(data=received.data, ending=received.ending, stop=received.stop)

    def receive_line(self) -> Received:
        """Wait for a line, up to and with its end; `\\r\\n` is given as `\\n`, which is as good."""
        searched = 0

        def whole() -> int | None:
            nonlocal searched
            end = self._buffer.find(b"\n", searched)
            searched = len(self._buffer)
            return None if end < 0 else end + 1

        line = self._receive(whole)
        if line.data.endswith(b"\r\n"):
            return Received(data=line.data[:-2] + b"\n", ending=line.ending, stop=line.stop)
        return line

    def receive_until(self, mark: bytes) -> Received:
        """Wait for everything up to and with `mark`."""

        def whole() -> int | None:
            end = self._buffer.find(mark)
            return None if end < 0 else end + len(mark)

        return self._receive(whole)

    def receive_to_end(self) -> Received:
        """Wait for the end of the stream. A reset after the last byte is as good as an end, unless a check asks."""
        stop = self._patience.until(lambda seconds: self._ending is not None or self._pump(seconds))
        data = self._take(len(self._buffer))
        if stop:
            return Received(data=data, ending=stop.kind, stop=stop)
        return Received(data=data, ending="complete")

    @property
    def was_reset(self) -> bool:
        """Whether the program reset the connection."""
        return self._ending == "reset"

    @property
    def has_ended(self) -> bool:
        """Whether the end of the stream, or a reset, has been read."""
        return self._ending is not None

    def buffered(self) -> bytes:
        """What has arrived and was not asked for yet."""
        self._pump(0)
        return bytes(self._buffer)

    def hears(self, seconds: float) -> bool:
        """Wait up to `seconds` for bytes; whether any have arrived that were not asked for yet."""
        self._pump(seconds)
        return bool(self._buffer)

    def peek(self, seconds: float) -> bytes:
        """Wait up to `seconds` for bytes and return what has arrived, without taking it."""
        self._pump(seconds)
        return bytes(self._buffer)

    def unread(self) -> int | None:
        """Bytes that the program has not read yet, as its own kernel counts them; None where that cannot be told."""
        if self._sock.fileno() < 0 or not self.remote[0]:
            return None
        with contextlib.suppress(OSError):
            return system.queued(self.remote, self.local)
        return None

    def _under_way(self, sender: system.Address, receiver: system.Address) -> int | None:
        """Bytes that one side has sent and the kernel has not brought to the other; None where that cannot be told."""
        if not self.remote[0]:
            return None
        with contextlib.suppress(OSError):
            return system.undelivered(sender, receiver)
        return None

    def _receive(self, whole: Callable[[], int | None]) -> Received:
        size = whole()

        def step(seconds: float) -> bool:
            nonlocal size
            self._pump(seconds)
            size = whole()
            return size is not None or self._ending is not None

        stop = None if size is not None else self._patience.until(step)
        if size is not None:
            return Received(data=self._take(size), ending="complete")
        data = self._take(len(self._buffer))
        if stop:
            self._conversation.record("program", "waiting", connection=self.number)
            return Received(data=data, ending=stop.kind, stop=stop)
        return Received(data=data, ending=self._ending or "end")

    def _take(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _queue(self, data: bytes) -> None:
        if data and self._ending != "reset":
            self._outgoing += data

    def _pump(self, seconds: float, *, until_sent: bool = False) -> bool:
        """Move bytes both ways, blocking at most `seconds`; True when the stream has ended and nothing can be sent."""
        if self._sock.fileno() < 0:
            return True
        wants_read = self._ending is None
        events = (select.POLLIN if wants_read else 0) | (select.POLLOUT if self._outgoing else 0)
        if not events:
            return True
        poll = select.poll()
        poll.register(self._sock, events)
        ready = dict(poll.poll(seconds * 1000)).get(self._sock.fileno(), 0)
        if seconds and not ready and wants_read and self._under_way(self.remote, self.local):
            self._patience.moved(0)  # the kernel's timers are at work, not the program
        if ready & (select.POLLOUT | select.POLLERR | select.POLLHUP) and self._outgoing:
            self._write(0)
        if ready & (select.POLLIN | select.POLLHUP | select.POLLERR) and wants_read:
            self._read()
        return self._ending == "reset" or (self._ending == "end" and not self._outgoing and not until_sent)

    def _read(self) -> None:
        try:
            data = self._sock.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            self._end_with("reset")
            return
        if data:
            self._buffer += data
            self._patience.moved(len(data))
            self._conversation.record("program", "data", connection=self.number, data=data)
            if len(self._buffer) > MAX_KEPT:
                self.reset()
                self._end_with("reset")
        else:
            self._end_with("end")

    def _end_with(self, ending: Literal["end", "reset"]) -> None:
        if self._ending is None:
            self._conversation.record("program", ending, connection=self.number)
        self._ending = ending
        self._patience.moved(0)
        if ending == "reset":
            self._outgoing.clear()

    def _write(self, seconds: float) -> int:
        """Send some of what is queued; returns how many bytes went."""
        if seconds and not select.select([], [self._sock], [], seconds)[1]:
            return 0
        try:
            sent = self._sock.send(memoryview(self._outgoing)[:PIECE])
        except BlockingIOError:
            return 0
        except OSError:  # the program has closed or reset its end: what it sent before can still be read
            self._outgoing.clear()
            with contextlib.suppress(OSError):
                self._read()
            return 0
        self._conversation.record("peer", "data", connection=self.number, data=bytes(self._outgoing[:sent]))
        del self._outgoing[:sent]
        self._patience.moved(sent)
        return sent

    def _patience_free_until(self, ready: Callable[[], bool]) -> None:
        """Pump until `ready()`, without judging the program meanwhile."""
        self._patience.settle_until(ready, self._pump)


def _word(stop: Stop) -> str:
    return "slow" if stop.kind == "sleeping" else stop.kind
