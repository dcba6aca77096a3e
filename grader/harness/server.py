"""A learner's server, running and listening."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.harness import system
from grader.harness.findings import fail
from grader.harness.meters import Attempt, Exit, Holdings, Hosts, Share
from grader.harness.outcome import Returns
from grader.harness.program import Program
from grader.harness.wire import Connection
from grader.report import wording

if TYPE_CHECKING:
    from grader.harness.stage import Stage


class Server:
    """One run of a learner's server. `address` is where it listens; `program` is the process itself."""

    def __init__(self, program: Program, stage: Stage) -> None:
        self.program = program
        self._stage = stage
        self.addresses: list[system.Address] = []

    @property
    def address(self) -> system.Address:
        """The first address at which it listens."""
        return self.addresses[0]

    @property
    def port(self) -> int:
        """The port alone."""
        return self.address[1]

    def wait_listening(self) -> None:
        """Wait until it listens. Raises `CheckFailed` when it ends or hangs before that."""
        program = self.program

        def listens_or_ended() -> bool:
            self.addresses = system.listening(program.pids())
            return bool(self.addresses) or program.result(0) is not None

        stop = program.wait_until(listens_or_ended)
        if not self.addresses:
            stop = program.explain(stop) if stop else None
            outcome = program.result(0)
            finding = outcome.finding(Returns()) if outcome and outcome.how != "returned" else wording.not_listening()
            raise fail(finding, stop)
        shown = ", ".join(f"{host}:{port}" for host, port in self.addresses)
        self._stage.conversation.record("program", "listening", note=shown)

    def connect(self, *, receive_buffer: int | None = None, segment: int | None = None) -> Connection:
        """Connect a client. `receive_buffer` bytes make the client's window small (SO_RCVBUF, socket(7)).

        With 4,096 of them the kernel takes 3 MB from a server whose client does not read, and with a `segment` of 1,460
        bytes besides (TCP_MAXSEG, tcp(7)) 74 KB, as from a server far away (Linux).
        """
        return self._stage.connect(self.address, receive_buffer=receive_buffer, segment=segment)

    def accepts_at(self, host: str) -> Attempt:
        """Connect to the server's port at another address of this machine; the answer is "accepted" or "refused"."""
        return self._stage.attempt((host, self.port))

    def hosts(self) -> Hosts:
        """The hosts of all addresses at which it listens, as the kernel knows them; compare with a set of texts.

        Connecting there would not do: another program may listen at the same port of another address.
        """
        self.program.settle()
        return Hosts(frozenset(host for host, _ in system.listening(self.program.pids())))

    def places(self) -> Hosts:
        """The same with the ports: compare with a set of texts such as `"127.0.0.1:9999"`."""
        self.program.settle()
        return Hosts(frozenset(f"{host}:{port}" for host, port in system.listening(self.program.pids())))

    def interrupt(self) -> Exit:
        """Press Ctrl-C and wait for the end; compare with the exit status 0."""
        return self.program.interrupt()

    def busy_share(self) -> Share:
        """The share of a processor it uses now, while there should be nothing to do."""
        return self.program.busy_share()

    def holdings(self, before: Holdings | None = None) -> Holdings:
        """Its open files and threads; see `Program.holdings`: `assert server.holdings(before) <= before`."""
        return self.program.holdings(before)

    def kill(self) -> None:
        """End it at once, as a power cut would (SIGKILL)."""
        self._stage.conversation.record("peer", "signal", note="SIGKILL")
        self.program.kill()
