"""The peer's end of UDP: receives every datagram with its source, and answers from the address it likes."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grader.harness import localhost
from grader.harness.conversation import Conversation
from grader.harness.deadlines import DEADLINES
from grader.harness.findings import NotChecked, Stop
from grader.harness.outcome import Outcome, Returns
from grader.harness.patience import Patience
from grader.harness.received import Ending
from grader.harness.system import Address
from grader.harness.udp_sockets import bind, dropped, reopened
from grader.report import wording
from grader.report.result import Finding

if TYPE_CHECKING:
    from grader.harness.call import Call

MAX_KEPT = 20_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Datagrams:
    """Datagrams in the order they came, and how the receiving ended. Compare with a list of bytes.

    `dropped` is how many the system had no room for, which is nobody's mistake: so many may be missing. `outcome` is
    what came of the call that sent them, where it was waited for; they are equal to nothing unless it returned.
    """

    data: tuple[bytes, ...]
    sources: tuple[Address, ...]
    ending: Ending
    stop: Stop | None = None
    dropped: int = 0
    outcome: Outcome | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the receiving came to its end, and the call to its own."""
        return self.ending == "complete" and (self.outcome is None or self.outcome.how == "returned")

    def __eq__(self, other: object) -> bool:
        if not self.is_whole or not isinstance(other, list):
            return False
        return list(self.data) == other or (0 < len(other) - len(self.data) <= self.dropped and self._is_part_of(other))

    __hash__ = None  # type: ignore[assignment]  # compared, never put in a set

    def _is_part_of(self, whole: Sequence[bytes]) -> bool:
        rest = iter(whole)
        return all(data in rest for data in self.data)

    def among(self, expected: Sequence[bytes]) -> Datagrams:
        """Those that are expected, if all are there, for checks that are about neither order nor too many."""
        missing = Counter(expected) - Counter(self.data)
        return self if missing else replace(self, data=tuple(expected))

    def stripped(self) -> Datagrams:
        """The same without white space around each, for checks that are about something else."""
        return replace(self, data=tuple(data.strip() for data in self.data))

    def count(self) -> Count:
        """How many there are."""
        return Count(len(self.data), "datagram", self)

    def ports(self) -> Count:
        """How many ports they came from."""
        return Count(len(set(self.sources)), "source port", self)

    def finding(self, expected: object) -> Finding:
        """Put the difference in words."""
        assert isinstance(expected, list)
        if not expected and self.data:
            return wording.unexpected_bytes(b"".join(self.data))
        if self.outcome and self.outcome.how != "returned" and list(self.data) == expected:
            return self.outcome.finding(Returns())
        ending = "slow" if self.ending == "sleeping" else self.ending
        return wording.datagrams_difference(expected, self.data, ending)


class Count(int):
    """How many of something came. It is never enough, nor equal to anything, when the program hangs or fails."""

    what: str
    counted: Datagrams

    def __new__(cls, number: int, what: str, counted: Datagrams) -> Count:
        """A number of `what`, a noun for one, counted in these datagrams."""
        count = super().__new__(cls, number)
        count.what, count.counted = what, counted
        return count

    @property
    def stop(self) -> Stop | None:
        """Why waiting for the program was given up, if it was."""
        return self.counted.stop

    def __ge__(self, least: int) -> bool:
        return self.counted.is_whole and int(self) >= least

    def __eq__(self, other: object) -> bool:
        return self.counted.is_whole and int(self) == other

    __hash__ = None  # type: ignore[assignment]  # compared, never put in a set

    def finding(self, expected: object) -> Finding:
        """Put too few or too many in words."""
        assert isinstance(expected, int)
        outcome = self.counted.outcome
        if outcome and outcome.how != "returned" and int(self) >= expected:
            return outcome.finding(Returns())
        return wording.count_difference(expected, int(self), self.what)


class DatagramPeer:
    """A UDP socket at a free port of `host`; for "localhost" one in each family, as the program may take either.

    Each datagram gets `answer`, if there is one. A peer that `refuses` holds its port but is nobody's receiver until it
    is opened, so that senders are refused (ICMP port unreachable).
    """

    def __init__(
        self,
        conversation: Conversation,
        patience: Patience,
        *,
        host: str = "127.0.0.1",
        answer: bytes = b"",
        refuses: bool = False,
    ) -> None:
        self._conversation = conversation
        self._patience = patience
        self._answer = answer
        self._socks = localhost.bound(host, 0, bind)
        self.address: Address = (host, self._socks[0].getsockname()[1])
        if refuses:
            self._refuse()
        self._waiting: deque[tuple[bytes, Address]] = deque()
        self.number = conversation.next_number()

    @property
    def port(self) -> int:
        """The port alone."""
        return self.address[1]

    def _refuse(self) -> None:
        self._conversation.record("peer", "note", note=f"nobody listens at {self.address[0]}:{self.port}")
        for sock in self._socks:
            sock.connect(sock.getsockname())  # connected to itself, it takes datagrams from nobody else

    def open(self) -> None:
        """Receive from now on what was refused before."""
        self._conversation.record("peer", "listening", note=f"{self.address[0]}:{self.port}")
        self._socks = [reopened(sock) for sock in self._socks]

    def require_room_for(self, size: int) -> None:
        """Raise `NotChecked` where the system lets no datagram of `size` bytes through (macOS: over 9,216 bytes)."""
        with socket.socket(self._socks[0].family, socket.SOCK_DGRAM) as sock:
            try:
                sock.sendto(bytes(size), self.address)
            except OSError as error:
                raise NotChecked(f"it does not send datagrams of {size:,} bytes") from error
            if not select.select(self._socks, [], [], DEADLINES.under_way)[0]:
                raise NotChecked(f"it does not deliver datagrams of {size:,} bytes")
        self._socks[0].recv(size)

    def receive(self, count: int, *, done: Call | None = None) -> Datagrams:
        """Wait for `count` datagrams; fewer come back when the program ends or hangs before.

        `done` is a `Call`: once it has returned and nothing is under way any more, no further datagram can come.
        """
        over = _Over(done)
        stop = self._patience.until(lambda seconds: self._drain_for(count, seconds, over))
        return self._take(count, stop)

    def all_from(self, call: Call, expected: int, *, at_pause: Callable[[], object] = lambda: None) -> Datagrams:
        """All that has arrived when `call` is done, which takes a moment longer if that is fewer than `expected`.

        When the call's generator pauses (see `plain.Generator`), `at_pause` is called and the generator goes on.
        """
        over = _Over(call)

        def step(seconds: float) -> bool:
            if call.is_paused():
                at_pause()
                call.resume()
            enough = self._drain_for(expected, seconds, over)
            if enough and not call.is_done():
                call.program.refresh(seconds)
            return enough and call.is_done()

        stop = self._patience.until(step)
        self.drain(0)
        outcome = None if stop else call.outcome()
        return replace(self._take(len(self._waiting), stop), outcome=outcome)

    def rest(self) -> Datagrams:
        """All that has arrived and was not taken yet, without waiting."""
        self.drain(0)
        return self._take(len(self._waiting))

    def _drain_for(self, count: int, seconds: float, over: _Over) -> bool:
        """Drain; whether `count` datagrams are there, or no more can come."""
        no_more = over()  # asked before the last look at the socket: what was sent by then is in its queue
        self.drain(0 if no_more or len(self._waiting) >= count else seconds)
        return len(self._waiting) >= count or no_more

    def _take(self, count: int, stop: Stop | None = None) -> Datagrams:
        taken = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
        return Datagrams(
            data=tuple(data for data, _ in taken),
            sources=tuple(source for _, source in taken),
            ending=stop.kind if stop else "complete",
            stop=stop,
            dropped=sum(map(dropped, self._socks)),
        )

    def drain(self, seconds: float) -> None:
        """Take everything that has arrived off the sockets, waiting at most `seconds` for the first."""
        for sock in select.select(self._socks, [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                while len(self._waiting) < MAX_KEPT:
                    self._note(sock, *sock.recvfrom(65536))

    def _note(self, sock: socket.socket, data: bytes, source: Address) -> None:
        self._waiting.append((data, source[:2]))
        self._patience.moved(len(data) or 1)
        self._conversation.record("program", "datagram", connection=self.number, data=data)
        if self._answer:
            self._send(sock, self._answer, source)

    def send(self, data: bytes, to: Address) -> None:
        """Send one datagram."""
        self._send(self._socks[0], data, to)

    def _send(self, sock: socket.socket, data: bytes, to: Address) -> None:
        self._conversation.record("peer", "datagram", connection=self.number, data=data)
        with contextlib.suppress(OSError):  # a refusal of the one before (ICMP) is the program's business, not ours
            sock.sendto(data, to)

    def close(self) -> None:
        """Give the port back."""
        for sock in self._socks:
            sock.close()


class _Over:
    """Asked again and again: can no more come, the call being done and what it sent having had time to arrive?"""

    def __init__(self, call: Call | None) -> None:
        self._call = call
        self._since: float | None = None
        if call:
            call.program.wait_loaded()

    def __call__(self) -> bool:
        if self._call is None or not self._call.is_done():
            return False
        self._call.program.require_usable()
        if self._call.outcome().how != "returned":
            return True  # nobody waits for more of a call that failed
        if self._since is None:
            self._since = time.monotonic()
        return time.monotonic() - self._since >= DEADLINES.under_way
