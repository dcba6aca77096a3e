"""A learner's server: listening, clients, meters, Ctrl-C, and what becomes of everything it started."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace

import pytest

from grader.harness import system
from grader.harness.findings import CheckFailed
from grader.harness.provocations import jolt
from tests.harness.conftest import Start

HEAD = "import os, signal, socket, subprocess, sys, threading, time\n\ndef run(host, port):\n"
ECHO = (
    HEAD
    + "    with socket.create_server((host, port)) as server:\n        try:\n            while True:\n"
    + (
        "                conn, _ = server.accept()\n                with conn:\n"
        "                    while data := conn.recv(4096):\n                        conn.sendall(data)\n"
        "        except KeyboardInterrupt:\n            pass\n"
    )
)


def test_a_server_started_either_way_is_found_and_stopped(start: Start, way: str) -> None:
    server = start(ECHO, fork=way == "fork").serve("run")
    client = server.connect()
    client.send(b"hello")
    assert client.receive(5) == b"hello"
    client.half_close()
    assert client.receive_to_end() == b""
    assert server.interrupt() == 0


def test_pieces_arrive_alone(start: Start) -> None:
    stage = start(HEAD + "    s = socket.create_server((host, port))\n    c, _ = s.accept()\n"
                  "    for _ in range(5): c.sendall(b'<%s>' % c.recv(100))\n    c.close()")  # fmt: skip
    client = stage.serve("run").connect()
    client.send_pieces(b"a", b"bc", b"d", b"e", b"fgh")
    assert client.receive_to_end() == b"<a><bc><d><e><fgh>"


def test_what_arrived_before_a_reset_is_kept(start: Start) -> None:
    stage = start(HEAD + "    s = socket.create_server((host, port))\n    c, _ = s.accept()\n    c.sendall(b'part')\n"
                  "    c.recv(1)\n    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\\1\\0\\0\\0\\0\\0\\0\\0')\n"
                  "    c.close()")  # fmt: skip
    client = stage.serve("run").connect()
    assert client.receive(4) == b"part"
    client.send(b"x")
    received = client.receive(4)
    assert (received.data, received.ending) == (b"", "reset")
    assert client.was_reset


def test_a_short_send_loses_the_tail_when_jolted(start: Start) -> None:
    size = 8 * 1024 * 1024
    stage = start(HEAD + f"    s = socket.create_server((host, port))\n    c, _ = s.accept()\n    c.recv(1)\n"
                  f"    c.send(bytes({size}))\n    c.close()")  # fmt: skip
    server = stage.serve("run")
    client = server.connect(receive_buffer=4096)
    client.send(b"x")
    server.program.settle()
    jolt(server.program)
    received = client.receive(size)
    assert received != bytes(size)
    assert 0 < len(received.data) < size


def test_filling_stops_when_the_program_takes_no_more(start: Start) -> None:
    size = 16 * 1024 * 1024
    server = start(ECHO).serve("run")
    client = server.connect(receive_buffer=4096)
    data = os.urandom(1024) * (size // 1024)
    client.fill(data)
    assert client.receive(size) == data


# Turns and whether it sleeps, of the main thread and of the one that it starts, at each of three looks.
SLEEPS = [(4, True), (2, True)]
AWAKE = {
    "waits for a processor": [SLEEPS, [(4, False), (2, True)], SLEEPS],
    "has run in between": [SLEEPS, [(5, True), (2, True)], SLEEPS],
    "ran between two facts of the second look": [SLEEPS, SLEEPS, [(5, True), (2, True)]],
    "has started another": [SLEEPS, [*SLEEPS, (1, True)], SLEEPS],
}


@pytest.mark.parametrize("looks", AWAKE.values(), ids=AWAKE)
def test_a_program_is_not_asleep_while_one_of_its_threads(
    start: Start, monkeypatch: pytest.MonkeyPatch, looks: list[list[tuple[int, bool]]]
) -> None:
    program = start(ECHO).serve("run").program
    program.settle()
    (task, *_) = system.tasks(program.pids())

    def look_at(threads: list[tuple[int, bool]]) -> tuple[system.Task, ...]:
        return tuple(
            replace(task, tid=number, turns=turns, sleeping=sleeps) for number, (turns, sleeps) in enumerate(threads)
        )

    coming = iter(looks)
    with monkeypatch.context() as patch:
        patch.setattr(system, "tasks", lambda _: look_at(next(coming)))
        assert not program.is_asleep()
        patch.setattr(system, "tasks", lambda _: look_at(SLEEPS))
        assert program.is_asleep()


def test_ctrl_c_waits_until_a_server_has_begun_to_wait(start: Start) -> None:
    stage = start(HEAD + "    s = socket.create_server((host, port))\n    until = time.monotonic() + 0.3\n"
                  "    while time.monotonic() < until: pass\n    try:\n        s.accept()\n"
                  "    except KeyboardInterrupt:\n        pass")  # fmt: skip
    assert stage.serve("run").interrupt() == 0


def test_a_server_that_never_listens(start: Start) -> None:
    with pytest.raises(CheckFailed) as failed:
        start(HEAD + "    s = socket.socket()\n    s.bind((host, port))\n    threading.Event().wait()").serve("run")
    assert "not listen" in failed.value.finding.sentence
    assert failed.value.where is not None
    assert failed.value.where.line == 6


def test_a_server_that_ends_before_listening(start: Start) -> None:
    with pytest.raises(CheckFailed) as failed:
        start(HEAD + "    raise OSError('no')").serve("run")
    assert "OSError" in failed.value.finding.sentence


def test_a_server_may_listen_in_a_child_process_or_an_orphan(start: Start) -> None:
    source = HEAD + (
        "    if os.fork() == 0:\n        if os.fork() == 0:\n            os.setsid()\n"
        "            s = socket.create_server((host, port))\n            c, _ = s.accept()\n"
        "            c.sendall(b'%d' % os.getpid())\n            time.sleep(1000)\n"
        "        os._exit(0)\n    time.sleep(1000)"
    )
    stage = start(source)
    client = stage.serve("run").connect()
    stage.settle()
    pid = int(client.buffered())
    assert pid in stage.programs[0].pids()
    stage.close()
    assert_gone(pid)


def assert_gone(pid: int) -> None:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} is left")


def test_everything_a_program_started_ends_with_it(start: Start) -> None:
    stage = start("import subprocess, os\ndef run():\n    p = subprocess.Popen(['sleep', '99'], start_new_session=True)"
                  "\n    return [p.pid, os.getpid()]")  # fmt: skip
    pids = stage.call("run").outcome().value
    stage.close()
    for pid in pids:
        assert_gone(pid)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("    signal.pause()", 130),
        ("    try: signal.pause()\n    except KeyboardInterrupt: sys.exit(3)", 3),
        ("    try: signal.pause()\n    except KeyboardInterrupt: return", 0),
        ("    try: signal.pause()\n    except KeyboardInterrupt: os.kill(os.getpid(), 15)", -15),
        ("    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    threading.Event().wait()", None),
        ("    threading.Thread(target=threading.Event().wait).start()\n    try: signal.pause()\n"
         "    except KeyboardInterrupt: return", None),
        ("    try: signal.pause()\n    except KeyboardInterrupt: time.sleep(60)", None),
    ],
)  # fmt: skip
def test_the_end_after_ctrl_c(start: Start, body: str, status: int | None) -> None:
    server = start(HEAD + f"    s = socket.create_server((host, port))\n{body}").serve("run")
    ended = server.interrupt()
    assert ended.status == status
    assert (ended == 0) is (status == 0)


def test_ctrl_c_works_although_the_grader_ignores_it(start: Start) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert start(ECHO).serve("run").interrupt() == 0
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("body", "busy"),
    [
        ("    while True: pass", True),
        ("    while True: time.sleep(0.01)", False),
        ("    signal.pause()", False),
        ("    threading.Thread(target=signal.pause)\n    c, _ = s.accept()\n    while True:\n        c.recv(1)", True),
    ],
)
def test_the_meter_of_processor_time(start: Start, body: str, busy: bool) -> None:
    server = start(HEAD + f"    s = socket.create_server((host, port))\n{body}").serve("run")
    server.connect().close()
    share = server.busy_share()
    assert (share > 0.5) is busy
    assert bool(share.stands) is busy


def test_the_meter_of_open_files_and_threads(start: Start) -> None:
    keep = ECHO.replace("with conn:", "kept.append(conn)\n                if True:")
    server = start("kept = []\n" + keep).serve("run")
    before = server.holdings()
    for _ in range(20):
        client = server.connect()
        client.close()
    assert not server.holdings(before) <= before
    assert "open files" in server.holdings().finding(before).sentence


def test_a_port_on_an_address_of_its_own_can_be_had_again(start: Start) -> None:
    stage = start(ECHO)
    host = stage.own_host()
    server = stage.serve("run", host)
    assert server.accepts_at(host) == "accepted"
    server.kill()
    assert server.accepts_at(host) == "refused"
    again = stage.serve("run", host, server.port)
    assert again.address == server.address


def test_the_kernel_tells_what_a_program_has_not_read(start: Start) -> None:
    stage = start(HEAD + "    s = socket.create_server((host, port))\n    c, _ = s.accept()\n    time.sleep(1000)")
    client = stage.serve("run").connect()
    client.send(b"x" * 100)
    stage.settle()
    assert client.unread() == 100
    assert system.queued(("127.0.0.1", 1), ("127.0.0.1", 2)) is None
