"""The stage of one check: where it gets programs and peers from, and what is cleared away when it ends.

def test_echoes_a_message(stage: Stage) -> None:
    server = stage.serve("run_echo_server")
    client = server.connect()
    client.send(b"hello")
    assert client.receive(5) == b"hello"
"""

from __future__ import annotations

import contextlib
import errno
import random
import select
import socket
import time
from typing import Any, Self

from grader.harness.call import Call
from grader.harness.conversation import Conversation
from grader.harness.datagrams import DatagramPeer
from grader.harness.findings import CheckFailed, NotChecked, Stop
from grader.harness.listener import Listener, own_loopback
from grader.harness.meters import Attempt
from grader.harness.patience import Patience
from grader.harness.program import Program
from grader.harness.room import narrow
from grader.harness.server import Server
from grader.harness.wire import Connection
from grader.harness.workshop import Door, Workshop
from grader.report import wording

MAX_QUEUED = 4  # connections that a listener with a backlog of 0 may take: Linux takes 1


class Stage:
    """Programs, peers and the conversation of one check. `random` is seeded per run and check."""

    def __init__(self, workshop: Workshop, seed: str) -> None:
        self._workshop = workshop
        self.random = random.Random(seed)
        self.conversation = Conversation()
        self.programs: list[Program] = []
        self.patience = Patience(self.programs)
        self.notes: list[str] = []
        self._open = contextlib.ExitStack()
        self._ports: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every program, then close every socket of the check."""
        for program in self.programs:
            program.close()
        self._open.close()

    # Programs

    def program(self, *, types: bool = False, listens: bool = False, **options: Any) -> Program:
        """Start a process with the learner's module loaded and nothing called. With `types` it has a keyboard.

        It may connect to the ports this check has made so far, and to no others: the fence closes when it starts.
        """
        door = Door(listens=listens, connects_to=() if listens else tuple(sorted(self._ports)))
        program = Program(self._workshop, self.conversation, self.patience, types=types, door=door, options=options)
        self.programs.append(program)
        return program

    def call(self, function: str, *args: object, **options: Any) -> Call:
        """Start a program that calls `function` once; ask the `Call` for its `outcome()`."""
        return self.program(**options).call(function, *args)

    def serve(self, function: str, host: str = "localhost", port: int = 0, **options: Any) -> Server:
        """Start a learner's server and wait until it listens. Raises `CheckFailed` when it never does."""
        program = self.program(listens=True, **options)
        program.call(function, host, port, last=True)
        program.serves = function
        server = Server(program, self)
        server.wait_listening()
        return server

    # Peers

    def listen(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        receive_buffer: int | None = None,
        segment: int | None = None,
    ) -> Listener:
        """A listening peer, on an ephemeral port; `receive_buffer` and `segment` are as for `Server.connect`."""
        listener = Listener(
            self.conversation,
            self.patience,
            self.settle,
            host=host,
            port=port,
            receive_buffer=receive_buffer,
            segment=segment,
        )
        listener.program_ended = self._nobody_left
        self.opens(listener.port)
        self._open.callback(listener.close)
        return listener

    def listen_at(self, port: int) -> Listener | None:
        """A listening peer at `own_loopback()` and a well-known port; None where the system does not let us."""
        self.opens(port)
        try:
            return self.listen(host=own_loopback(), port=port)
        except OSError:
            return None

    def opens(self, port: int) -> None:
        """Let programs that start from here on connect to this TCP port, whoever listens there, if anybody does."""
        self._ports.add(port)

    def datagrams(self, host: str = "127.0.0.1", *, answer: bytes = b"", refuses: bool = False) -> DatagramPeer:
        """A UDP peer on an ephemeral port; see `DatagramPeer`."""
        peer = DatagramPeer(self.conversation, self.patience, host=host, answer=answer, refuses=refuses)
        self.opens(peer.port)  # who takes TCP for UDP finds that nobody listens, as everywhere else
        self._open.callback(peer.close)
        return peer

    def has_address(self, host: str) -> bool:
        """Whether this machine has that address: all have 127.0.0.1, Linux has the rest of 127.0.0.0/8, too."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.bind((host, 0))
            except OSError:
                return False
        return True

    def refusing_port(self) -> int:
        """A TCP port at which connections are refused: bound, so that nobody else gets it, and not listening."""
        return self._bound()

    def unanswering_port(self) -> int:
        """A TCP port at which connecting takes for ever: its queue is full, and nobody accepts (listen(2)).

        Raises `NotChecked` where the system takes connections beyond its queue, or refuses them.
        """
        port = self._bound(backlog=0)
        for _ in range(MAX_QUEUED):
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._open.callback(sock.close)
            sock.setblocking(False)
            if sock.connect_ex(("127.0.0.1", port)) == errno.EINPROGRESS and not select.select([], [sock], [], 0.02)[1]:
                return port
        raise NotChecked("connections are made, or refused, although nobody accepts them")

    def own_host(self) -> str:
        """An address of loopback that no other check uses, so that a port given up there stays free for a restart.

        Elsewhere than on Linux loopback has but one address.
        """
        host = f"127.{self.random.randrange(1, 255)}.{self.random.randrange(256)}.{self.random.randrange(1, 255)}"
        return host if self.has_address(host) else "127.0.0.1"

    def free_port(self, host: str) -> int:
        """A TCP port of `host` that nobody uses now, for a server that is given it. Good with an `own_host`."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.bind((host, 0))
            return int(sock.getsockname()[1])

    def _bound(self, backlog: int | None = None) -> int:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._open.callback(sock.close)
        sock.bind(("127.0.0.1", 0))
        if backlog is not None:
            sock.listen(backlog)
        port = int(sock.getsockname()[1])
        self.opens(port)
        return port

    def connect(
        self, address: tuple[str, int], *, receive_buffer: int | None = None, segment: int | None = None
    ) -> Connection:
        """Connect to a learner's server at `address`. Raises `CheckFailed` when it refuses or never answers."""
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        self._open.callback(sock.close)
        narrow(sock, receive_buffer, segment)
        problem, stop = self._finish_connecting(sock, address)
        if problem:
            self.conversation.record("peer", "refused", note=f"{address[0]}:{address[1]}")
            raise CheckFailed(wording.refused(f"{address[0]}:{address[1]}"), stop=stop)
        connection = Connection(sock, self.conversation, self.patience, self.settle)
        self.conversation.record("peer", "connect", connection=connection.number)
        return connection

    def _finish_connecting(self, sock: socket.socket, address: tuple[str, int]) -> tuple[int, Stop | None]:
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            sock.connect(address)
        stop = self.patience.until(lambda seconds: bool(select.select([], [sock], [], seconds)[1]))
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return (error or (-1 if stop else 0)), stop

    def attempt(self, address: tuple[str, int]) -> Attempt:
        """Try to connect to `address`: "accepted" (and closed at once) or "refused"."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.settimeout(2)  # loopback answers or refuses at once; this bounds a full backlog
            try:
                sock.connect(address)
            except OSError:
                self.conversation.record("peer", "refused", note=f"{address[0]}:{address[1]}")
                return Attempt("refused", address)
        self.conversation.record("peer", "connect", note=f"{address[0]}:{address[1]}")
        return Attempt("accepted", address)

    # Both

    def settle(self) -> bool:
        """Wait until every program sleeps; see `Program.settle`."""
        asleep = [program.settle() for program in self.programs if not program.has_ended()]
        return all(asleep)

    def let_pass(self, seconds: float) -> None:
        """Do nothing until `seconds` have passed for each program that runs: its time-outs may end meanwhile."""
        passing = [program.own_time() for program in self.programs if not program.has_ended()]
        while not all(since.is_over(seconds) for since in passing):
            time.sleep(0.02)  # each look costs, and more time than `seconds` does no harm

    def _nobody_left(self) -> bool:
        for program in self.programs:
            program.refresh()
            program.require_usable()
        return all(program.has_ended() or program.has_result() for program in self.programs)

    def data(self, size: int) -> bytes:
        """`size` random bytes, different in each run and the same for the same seed."""
        return self.random.randbytes(size)

    def word(self, length: int = 8) -> str:
        """A random word of lower-case letters, so that an answer cannot be canned."""
        return "".join(self.random.choices("abcdefghijklmnopqrstuvwxyz", k=length))
