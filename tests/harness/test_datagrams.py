"""UDP peers on systems that have less than this one, and what is compared when datagrams were lost."""

from __future__ import annotations

import errno
import socket
import sys
from typing import Any, Literal, NoReturn

import pytest

from grader.harness import datagrams
from grader.harness.datagrams import Datagrams
from grader.harness.findings import NotChecked, Stop
from grader.harness.outcome import Outcome
from grader.harness.udp_sockets import bind, dropped
from tests.harness.conftest import Start

SENDS_MUCH = """
    import socket
    def run(host, port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for number in range(300):
                sock.sendto(b"%d" % number, (host, port))
"""
ANSWERED = """
    import socket
    def run(host, port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"hello", (host, port))
            return sock.recvfrom(100)[0].decode()
"""


def test_a_host_that_this_machine_is_not_leaves_no_socket_open() -> None:
    with pytest.raises(OSError, match="assign requested address"):
        bind(socket.AF_INET, "192.0.2.1", 0)


def test_lost_datagrams_are_counted_only_where_the_system_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    assert dropped(sock) == 0
    sock.close()
    assert dropped(sock) == 0
    monkeypatch.setattr(sys, "platform", "darwin")
    assert dropped(sock) == 0


def came(*data: bytes, dropped: int = 0, how: Literal["returned", "raised"] = "returned", **more: Any) -> Datagrams:
    outcome = Outcome(how=how, classes=("builtins.OSError",), message="no")
    sources = (("127.0.0.1", 1),) * len(data)
    return Datagrams(data=data, sources=sources, ending="complete", dropped=dropped, outcome=outcome, **more)


def test_what_the_system_had_no_room_for_is_not_missed() -> None:
    whole = [b"1", b"2", b"3", b"4"]
    assert came(b"1", b"3", b"4", dropped=1) == whole
    assert came(b"1", b"3", dropped=1) != whole
    assert came(b"3", b"1", dropped=2) != whole
    assert came(b"1", b"3", b"4") != whole
    assert came(*whole, b"5", dropped=1) != whole
    assert came(*whole, how="raised") != whole


def test_all_came_and_then_the_program_failed_which_is_what_is_told() -> None:
    assert "OSError ended the program: no." in came(b"1", how="raised").finding([b"1"]).sentence
    assert "OSError ended the program: no." in came(b"1", how="raised").count().finding(1).sentence
    assert "OSError" not in came(b"1", how="raised").count().finding(2).sentence


def test_a_stop_is_told_as_what_it_is() -> None:
    stopped = came(b"1", stop=Stop(kind="sleeping", seconds=1.0))
    assert stopped.count().stop == Stop(kind="sleeping", seconds=1.0)


def test_a_system_without_room_for_long_datagrams_is_no_fault_of_the_program(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = start(SENDS_MUCH).datagrams()
    with pytest.raises(NotChecked, match="does not send datagrams of 70,000 bytes"):
        peer.require_room_for(70_000)

    class Deaf:
        @staticmethod
        def select(*_: object) -> tuple[list[object], list[object], list[object]]:
            return [], [], []

    monkeypatch.setattr(datagrams, "select", Deaf)
    with pytest.raises(NotChecked, match="does not deliver datagrams of 1,000 bytes"):
        peer.require_room_for(1_000)


def test_a_flood_of_datagrams_is_kept_up_to_a_limit(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "MAX_KEPT", 100)
    stage = start(SENDS_MUCH)
    peer = stage.datagrams()
    call = stage.call("run", *peer.address)
    arrived = peer.all_from(call, 300)
    assert len(arrived.data) == 100
    assert arrived.data[0] == b"0"


def test_a_peer_can_answer_by_hand(start: Start) -> None:
    stage = start(ANSWERED)
    peer = stage.datagrams()
    call = stage.call("run", *peer.address)
    asked = peer.receive(1)
    peer.send(b"and hello", to=asked.sources[0])
    assert call.outcome() == "and hello"


def test_a_refusal_that_comes_back_is_not_the_peers_concern(start: Start) -> None:
    class Refused:
        @staticmethod
        def sendto(*_: object) -> NoReturn:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")

    stage = start(ANSWERED)
    peer = stage.datagrams()
    peer._send(Refused(), b"nobody there", ("127.0.0.1", 1))  # type: ignore[arg-type]
    assert [event.data for event in stage.conversation.events()][-1] == b"nobody there"


def test_more_than_is_expected_in_any_order_is_among_it() -> None:
    came = Datagrams(data=(b"two", b"more", b"one"), sources=(), ending="complete")
    assert came.among([b"one", b"two"]) == [b"one", b"two"]
    assert came.among([b"one", b"one"]) != [b"one", b"one"]
    assert came.among([b"one", b"none"]).finding([b"one", b"none"]).sentence == "3 datagrams arrived instead of 2."


def test_what_a_function_leaves_to_a_thread_is_not_sent_when_it_has_returned(start: Start) -> None:
    stage = start(
        """
        import socket, threading, time
        def run(host, port):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.sendto(b"at once", (host, port))
            threading.Thread(target=later, args=(host, port)).start()
        def later(host, port):
            time.sleep(0.05)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.sendto(b"later", (host, port))
        """
    )
    peer = stage.datagrams()
    assert peer.all_from(stage.program().call("run", *peer.address, killed=True), 2) == [b"at once"]
