"""The peer as a server: a listening socket that waits for the learner's client."""

from __future__ import annotations

import os
import select
import socket
import sys
from collections.abc import Callable
from functools import partial

from grader.harness import localhost
from grader.harness.conversation import Conversation
from grader.harness.findings import CheckFailed
from grader.harness.patience import Patience
from grader.harness.room import narrow
from grader.harness.system import Address
from grader.harness.wire import Connection
from grader.report import wording
from grader.report.result import Finding

BACKLOG = 16
MAX_CONNECTIONS = 200  # a program that connects on and on is told so


def own_loopback() -> str:
    """A loopback address of this process's own, where a well-known port is free though other graders run.

    Linux takes all of 127/8 for loopback, other systems the one address.
    """
    pid = os.getpid()
    return f"127.{64 + (pid >> 16) % 64}.{pid >> 8 & 255}.{pid & 255}" if sys.platform == "linux" else "127.0.0.1"


class Listener:
    """Listens on an ephemeral port of loopback. `host` and `port` are what the learner's client is given.

    For "localhost" it listens at that port in each family, as the client may take either.
    """

    def __init__(
        self,
        conversation: Conversation,
        patience: Patience,
        settle: Callable[[], bool],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        receive_buffer: int | None = None,
        segment: int | None = None,
    ) -> None:
        self._conversation = conversation
        self._patience = patience
        self._settle = settle
        self._host = host
        self._socks = localhost.bound(host, port, partial(_listening, receive_buffer=receive_buffer, segment=segment))
        self.accepted: list[Connection] = []

    @property
    def address(self) -> Address:
        """Host and port."""
        host, port = self._socks[0].getsockname()[:2]
        return "localhost" if self._host == "localhost" else host, port

    @property
    def port(self) -> int:
        """The port alone."""
        return self.address[1]

    def accept(self) -> Connection:
        """Wait for the program to connect. Raises `CheckFailed` when it does not, or ends before."""
        return self._next(wording.never_connected(self._shown))

    @property
    def _shown(self) -> str:
        return f"{self.address[0]}:{self.port}"

    def _next(self, missing: Finding) -> Connection:
        connection: list[Connection] = []

        def step(seconds: float) -> bool:
            if accepted := self.poll(seconds):
                connection.append(accepted)
            return bool(connection) or self.program_ended()

        stop = self._patience.until(step)
        if not connection and not stop and (accepted := self.poll(0)):
            connection.append(accepted)
        if not connection:
            raise CheckFailed(missing, stop=stop)
        return connection[0]

    def accept_speaking(self) -> Connection:
        """Like `accept`, but passes over connections that end without a byte (a probe, a second address tried)."""
        missing = wording.never_connected(self._shown)
        while True:
            connection = self._next(missing)
            self._patience.until(lambda seconds, c=connection: c.hears(seconds) or c.has_ended)  # type: ignore[misc]
            if connection.buffered() or not connection.has_ended:
                return connection
            missing = wording.connected_in_silence(self._shown)

    program_ended: Callable[[], bool] = staticmethod(lambda: False)

    def poll(self, seconds: float = 0.0) -> Connection | None:
        """The next connection if one comes within `seconds`."""
        if len(self.accepted) >= MAX_CONNECTIONS or not (ready := select.select(self._socks, [], [], seconds)[0]):
            return None
        try:
            sock, _ = ready[0].accept()
        except OSError:  # gone again before it was accepted
            return None
        self._patience.moved(0)
        connection = Connection(sock, self._conversation, self._patience, self._settle)
        self._conversation.record("program", "connect", connection=connection.number)
        self.accepted.append(connection)
        return connection

    def close(self) -> None:
        """Stop listening and close every connection."""
        for sock in self._socks:
            sock.close()
        for connection in self.accepted:
            connection.close()


def _listening(family: int, host: str, port: int, *, receive_buffer: int | None, segment: int | None) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    narrow(sock, receive_buffer, segment)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    sock.listen(BACKLOG)
    sock.setblocking(False)
    return sock
