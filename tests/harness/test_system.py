"""What is asked of the system, where it does not answer, or answers what this machine never does."""

from __future__ import annotations

import errno
import os
import socket
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from grader.harness import clearing, conversation, meters, standing, system
from grader.harness.conversation import Conversation
from grader.harness.deadlines import Deadlines
from grader.harness.fence import isolation, limits, namespace, protections
from grader.harness.findings import HarnessFault, NotChecked
from grader.harness.meters import Holdings, Hosts, measure_share
from grader.harness.source import Source
from grader.harness.system import linux
from grader.harness.system.facts import Task
from tests.harness.conftest import Start

WAITS = """
    import threading
    def run(host, port):
        threading.Event().wait()
"""


def refuse(*_: object, **__: object) -> NoReturn:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_without_a_table_of_calls_every_sleep_may_be_by_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "_TIMED", None)
    assert linux._sleeps_by_choice([b"0", b"0x3"])


def test_where_calls_cannot_be_looked_at_every_sleep_may_be_by_choice(tmp_path: Path) -> None:
    assert linux._sleeps_by_choice(linux._call(str(tmp_path / "nobody")))


@pytest.mark.parametrize(
    ("call", "by_choice"),
    [
        (b"running", False),
        (b"-1 0x7ffd 0x7f3a", False),
        (b"0 0x3 0x7f3a 0x400 0x0 0x0 0x0 0x7ffd 0x7f3a", False),  # read
        (b"7 0x7ffd 0x1 0xffffffff 0x0 0x0 0x0 0x7ffd 0x7f3a", False),  # poll without a time-out
        (b"7 0x7ffd 0x1 0x3e8 0x0 0x0 0x0 0x7ffd 0x7f3a", True),  # poll for a second
        (b"35 0x7ffd 0x0 0x0 0x0 0x0 0x0 0x7ffd 0x7f3a", True),  # nanosleep
        (b"202 0x7ffd 0x189 0x0 0x0 0x0 0xffffffff 0x7ffd 0x7f3a", False),  # futex without a time-out
        (b"202 0x7ffd 0x189 0x0 0x7ffc 0x0 0xffffffff 0x7ffd 0x7f3a", True),  # futex with one
    ],
)
def test_a_sleep_is_by_choice_if_it_has_a_time_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: bytes, by_choice: bool
) -> None:
    numbers = {7: (2, linux._MILLISECONDS), 35: (0, linux._ALWAYS), 202: (3, linux._POINTER)}
    monkeypatch.setattr(linux, "_TIMED", numbers)
    (tmp_path / "syscall").write_bytes(call + b"\n")
    assert linux._sleeps_by_choice(linux._call(str(tmp_path))) is by_choice


@pytest.mark.parametrize(
    ("state", "call", "sleeps"),
    [
        (b"S", b"0 0x3 0x7f3a 0x400", True),
        (b"T", b"-1 0x7ffd 0x7f3a", True),
        (b"R", b"running", False),
        (b"D", b"0 0x3 0x7f3a 0x400", False),
        (b"S", b"running", False),  # it was woken between the two looks
    ],
)
def test_a_thread_sleeps_if_it_still_does_when_its_call_is_read(
    monkeypatch: pytest.MonkeyPatch, state: bytes, call: bytes, sleeps: bool
) -> None:
    read: list[str] = []

    def answer(path: str) -> bytes:
        read.append(path.rpartition("/")[2])
        return {"stat": b"1 (a) " + state + b" 0", "syscall": call, "schedstat": b"7 8 9\n"}[read[-1]]

    monkeypatch.setattr(linux, "_read", answer)
    found = linux._task(1, 1)
    assert (found.sleeping, found.turns) == (sleeps, 9)
    assert read[-1] == "schedstat", "a run after that would go unnoticed"


def test_a_process_that_is_gone_catches_no_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not linux.catches(2**22 + 1, 10)
    monkeypatch.setattr(linux, "_read", lambda path: b"Name:\tpython\n")
    assert not linux.catches(os.getpid(), 10)


def task(tid: int, *, ran: int = 0, waited: int = 0, turns: int = 0, sleeping: bool = False) -> Task:
    stopped = by_choice = False
    return Task(
        pid=1, tid=tid, ran=ran, waited=waited, turns=turns, sleeping=sleeping, by_choice=by_choice, stopped=stopped
    )


def test_a_thread_that_gets_no_turn_is_looked_at_again_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter(range(1_000_000))
    monkeypatch.setattr(system, "tasks", lambda pids: (task(1, waited=next(looks) * 10**12),))
    monkeypatch.setattr(meters, "DEADLINES", Deadlines(turn=1.0))
    assert measure_share(lambda: [1], tuple) == 0.0
    assert 3 <= next(looks) <= 100


def test_a_thread_that_spins_in_turns_that_are_told_late_is_seen_to_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Linux: it has a turn of 20 ms every 200 ms, and its time in the queue is counted when it has the next."""
    began = time.monotonic()

    def tasks(pids: list[int]) -> tuple[Task, ...]:
        turns, since = divmod(time.monotonic() - began, 0.2)
        ran = int((turns * 0.02 + min(since, 0.02)) * 1e9)
        return (task(1, ran=ran, waited=int(turns * 0.18 * 1e9), turns=int(turns)),)

    monkeypatch.setattr(system, "tasks", tasks)
    assert measure_share(lambda: [1], tuple) > 0.5


def test_a_thread_that_sleeps_between_turns_on_a_busy_machine_is_not_taken_to_spin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It wakes every 200 ms, waits 100 ms for its turn, runs for 1 ms and sleeps again."""
    began = time.monotonic()

    def tasks(pids: list[int]) -> tuple[Task, ...]:
        turns, since = divmod(time.monotonic() - began, 0.2)
        had_its_turn = turns + (since >= 0.101)
        ran, waited = int(had_its_turn * 0.001 * 1e9), int(had_its_turn * 0.1 * 1e9)
        return (task(1, ran=ran, waited=waited, turns=int(had_its_turn), sleeping=since >= 0.101),)

    monkeypatch.setattr(system, "tasks", tasks)
    assert measure_share(lambda: [1], tuple) < 0.1


def test_a_leak_of_threads_is_told_as_threads() -> None:
    few, many = Holdings(files=5, threads=1), Holdings(files=5, threads=60)
    assert not many <= few
    assert "threads" in many.finding(few).sentence
    assert "open files" in Holdings(files=60, threads=1).finding(few).sentence


def test_a_server_that_listens_nowhere_is_told_so() -> None:
    finding = Hosts(frozenset()).finding({"127.0.0.1"})
    assert (finding.expected, finding.arrived) == ("127.0.0.1", "nothing")


def test_an_address_that_this_machine_lacks(start: Start) -> None:
    opened = start(WAITS)
    assert opened.has_address("127.0.0.1")
    assert not opened.has_address("192.0.2.1")


def test_a_system_that_queues_without_end_leaves_a_check_out(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    class Queues(socket.socket):
        def connect_ex(self, address: object) -> int:
            return 0

    opened = start(WAITS)
    monkeypatch.setattr(socket, "socket", Queues)
    with pytest.raises(NotChecked, match="although nobody accepts them"):
        opened.unanswering_port()


def test_a_program_whose_start_went_wrong_is_our_fault(start: Start) -> None:
    program = start(WAITS).program()
    program._hear({"told": "fault", "why": "the fence cannot be entered"})
    with pytest.raises(HarnessFault, match="the fence cannot be entered"):
        program.require_usable()


def test_a_fault_that_is_told_after_loading_is_the_learners_own_doing(start: Start) -> None:
    program = start(WAITS).program()
    program.wait_loaded()
    program._hear({"told": "fault", "why": "pretended"})
    program.require_usable()


def test_a_program_that_was_ended_by_us_has_not_crashed(start: Start) -> None:
    program = start(WAITS).program()
    program.wait_loaded()
    program.kill()
    assert program.crash() is None


def test_a_connection_to_a_program_that_was_cut_is_its_end(start: Start) -> None:
    class Cut:
        @staticmethod
        def recv(size: int) -> NoReturn:
            raise ConnectionResetError(errno.ECONNRESET, "reset")

    program = start(WAITS).program()
    program.wait_loaded()
    control, program._control = program._control, Cut()  # type: ignore[assignment]
    assert program._receive() == b""
    program._control = control


def test_without_signals_nobody_is_asked_where_it_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(standing, "ASK", None)
    assert standing.ask([os.getpid()], 0, Source(path=tmp_path / "learner.py")) == ()


def test_events_beyond_a_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "MAX_EVENTS", 2)
    talk = Conversation()
    for number in range(5):
        talk.record("peer", "data", connection=number, data=b"x")
    assert len(talk.events()) == 2
    assert talk.left_out == 3


def test_a_folder_is_removed_where_descriptors_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearing, "_CAN", False)
    (tmp_path / "folder/inner").mkdir(parents=True)
    clearing.remove(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
    clearing.remove(tmp_path / "folder")


def test_elsewhere_workers_are_not_isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "sunos5")
    assert not isolation.can_isolate()
    assert isolation.ordinary_policy(isolated=False, strict=True).already == 0
    isolation.protect_worker(isolated=False, scratch="")


def test_a_user_without_namespaces_is_not_isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespace, "enter", refuse)
    assert not namespace.is_available()


def test_processes_of_this_user_are_counted_where_they_count_against_a_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a system with three processes, two of them this user's, with one and three threads."""
    owners = {"1": 0, "20": 1000, "21": 1000, "self": 1000, "uptime": 0}
    threads = {"20": ["20"], "21": ["21", "22", "23"]}

    def stat(path: str) -> SimpleNamespace:
        return SimpleNamespace(st_uid=owners[path.split("/")[2]])

    def listdir(path: str) -> list[str]:
        return [*owners] if path == "/proc" else threads[path.split("/")[2]]

    fake = SimpleNamespace(path=os.path, stat=stat, listdir=listdir, geteuid=lambda: 1000)
    monkeypatch.setattr(limits, "os", fake)
    assert limits.already_running() == limits._SPARE + 4
    fake.geteuid = lambda: 0
    assert limits.already_running() == 0


def test_a_bait_is_laid_where_a_path_would_be_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    with protections._listening_unix_socket(str(folder)) as path:
        assert Path(path).is_socket()
        assert not path.startswith(str(folder))
    assert not Path(path).exists()
    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    with protections._listening_unix_socket(str(folder)) as path:
        assert path == ""


@pytest.mark.skipif(sys.platform != "linux", reason="this is how Linux tells it; elsewhere psutil does")
def test_an_ipv4_address_of_an_ipv6_socket_is_what_it_is() -> None:
    with socket.socket(socket.AF_INET6) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(("::ffff:127.0.0.1", 0))
        sock.listen()
        assert ("127.0.0.1", sock.getsockname()[1]) in system.listening([os.getpid()])


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_sockets_with_a_port_are_counted(family: int, host: str, kind: int) -> None:
    before = system.internet_sockets([os.getpid()])
    with socket.socket(family, kind) as sock:
        sock.bind((host, 0))
        if kind == socket.SOCK_STREAM:
            sock.listen()
        assert system.internet_sockets([os.getpid()]) == before + 1
    assert system.internet_sockets([os.getpid()]) == before


def test_a_function_must_close_its_socket_and_may_leave_threads() -> None:
    before = Holdings(files=5, threads=1, of_calls=True)
    assert Holdings(files=5, threads=60, of_calls=True) <= before
    one_left = Holdings(files=6, threads=1, sockets=1, of_calls=True)
    assert not one_left <= before
    assert one_left.finding(before).sentence == "1 socket is still open after the calls."
