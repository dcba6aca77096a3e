"""The peer's end of a connection, where the program or the system does what no solution does."""

from __future__ import annotations

import select
from typing import NoReturn

import pytest

from grader.harness import system, wire
from grader.harness.findings import CheckFailed
from tests.harness.conftest import Start

NEVER_READS = """
    import socket, threading
    def run(host, port):
        with socket.create_server((host, port)) as server:
            conn, _ = server.accept()
            threading.Event().wait()
"""
READS_ONE_AFTER_ANOTHER = """
    import socket
    def run(host, port):
        with socket.create_server((host, port)) as server:
            first, _ = server.accept()
            second, _ = server.accept()
            size = 0
            while data := first.recv(65536):
                size += len(data)
            first.sendall(str(size).encode())
            first.close()
            second.close()
"""
SENDS = """
    import socket, struct
    def run(host, port):
        with socket.create_server((host, port)) as server:
            conn, _ = server.accept()
            conn.recv(1)
            conn.sendall(bytes(SIZE))
            conn.close()
"""
RESETS = """
    import socket, struct
    def run(host, port):
        with socket.create_server((host, port)) as server:
            conn, _ = server.accept()
            conn.recv(1)
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            conn.close()
            server.accept()
"""


def sends(size: int) -> str:
    return SENDS.replace("SIZE", str(size))


def test_what_a_program_did_not_take_is_named_with_where_it_waits(start: Start) -> None:
    conn = start(NEVER_READS).serve("run").connect()
    with pytest.raises(CheckFailed) as failed:
        conn.send(bytes(16 * 1024 * 1024))
    assert failed.value.stop is not None
    assert failed.value.stop.kind == "stuck"
    assert "16,777,216 bytes" in (failed.value.finding.expected or "")


def test_a_program_that_sleeps_instead_of_reading_is_too_slow(start: Start, idle: float) -> None:
    source = NEVER_READS.replace("threading.Event().wait()", f"__import__('time').sleep({20 * idle})")
    conn = start(source).serve("run").connect()
    with pytest.raises(CheckFailed) as failed:
        conn.send(bytes(16 * 1024 * 1024))
    assert failed.value.stop is not None
    assert failed.value.stop.kind == "sleeping"


def test_half_closing_sends_what_is_left_first(start: Start) -> None:
    server = start(READS_ONE_AFTER_ANOTHER).serve("run")
    first = server.connect()
    first.fill(bytes(20_000_000))
    server.connect()
    first.half_close()
    assert first.receive_to_end() == b"20000000"


def test_a_connection_that_was_closed_has_nothing_more(start: Start) -> None:
    conn = start(sends(10)).serve("run").connect()
    conn.close()
    assert conn.unread() is None
    assert not conn.hears(0.0)


def test_a_flood_is_cut_off(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_KEPT", 100_000)
    conn = start(sends(5_000_000)).serve("run").connect()
    conn.send(b"x")
    received = conn.receive(5_000_000)
    assert conn.was_reset
    assert 100_000 < len(received.data) < 5_000_000


def test_sending_after_a_reset_is_not_kept_for_later(start: Start) -> None:
    conn = start(RESETS).serve("run").connect()
    conn.send(b"x")  # a reset that is there before connecting is over would be a refusal
    conn.receive_to_end()
    assert conn.was_reset
    conn.send(b"too late")
    assert not conn._outgoing


def test_where_the_kernel_does_not_tell_of_its_queues_bytes_arrive_all_the_same(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> NoReturn:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(system, "queued", fails)
    monkeypatch.setattr(system, "undelivered", fails)
    conn = start(sends(100_000)).serve("run").connect()
    conn.send_pieces(b"x")
    assert conn.unread() is None
    assert conn._under_way(conn.local, conn.remote) is None
    assert len(conn.receive(100_000).data) == 100_000


def test_a_socket_that_is_said_to_be_readable_and_is_not_is_no_end(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """poll(2) says so now and then: what it saw is gone when it is read."""
    conn = start(sends(3)).serve("run").connect()
    monkeypatch.setattr(select, "poll", Readable)
    assert not conn.hears(0.0)
    assert not conn.has_ended
    monkeypatch.undo()
    conn.send(b"x")
    assert conn.receive_to_end() == bytes(3)


class Readable:
    """A poll object that finds everything readable."""

    def register(self, sock: object, events: int) -> None:
        """Remember the descriptor."""
        self._descriptor: int = sock.fileno()  # type: ignore[attr-defined]

    def poll(self, _: float) -> list[tuple[int, int]]:
        """Say that there is something to read."""
        return [(self._descriptor, select.POLLIN)]


def test_about_a_connection_without_a_far_end_nothing_can_be_asked(start: Start) -> None:
    """That is one which was reset before it was taken."""
    conn = start(sends(3)).serve("run").connect()
    conn.remote = ("", 0)
    assert conn.unread() is None
    assert conn._under_way(conn.local, conn.remote) is None
