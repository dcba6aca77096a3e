"""When waiting is given up: fast for what is stuck, late for what works or sleeps by choice."""

from __future__ import annotations

import time

import pytest

from grader.harness.deadlines import DEADLINES, NET
from tests.harness.conftest import Start

HEAD = "import socket, threading, time\n\ndef run(host, port):\n    s = socket.create_server((host, port))\n"
ACCEPT = "    c, _ = s.accept()\n"


def seconds_until(start: Start, body: str) -> tuple[float, str]:
    stage = start(HEAD + body)
    client = stage.serve("run").connect()
    client.send(b"hello")
    began = time.monotonic()
    received = client.receive(5)
    return time.monotonic() - began, received.ending


def test_a_stuck_program_is_told_after_a_second(start: Start) -> None:
    seconds, ending = seconds_until(start, "    c, _ = s.accept()\n    while c.recv(10): pass")
    assert ending == "stuck"
    assert seconds >= DEADLINES.stuck


def test_a_program_that_sleeps_before_it_answers_is_given_time(start: Start) -> None:
    seconds, ending = seconds_until(start, "    c, _ = s.accept()\n    time.sleep(1.5)\n    c.sendall(c.recv(10))")
    assert ending == "complete"
    assert seconds >= 1.4 > DEADLINES.stuck


def test_a_program_with_a_time_out_of_its_own_is_given_time(start: Start) -> None:
    body = ACCEPT + "    s.settimeout(1.5)\n    try: s.accept()\n    except TimeoutError: c.sendall(c.recv(10))"
    assert seconds_until(start, body)[1] == "complete"


def test_a_program_that_computes_before_it_answers_is_given_time(start: Start) -> None:
    body = ACCEPT + (
        "    end = time.thread_time() + 1\n    while time.thread_time() < end: pass\n    c.sendall(c.recv(10))"
    )
    assert seconds_until(start, body)[1] == "complete"


def test_a_program_that_moves_a_byte_now_and_then_is_given_time(start: Start, idle: float) -> None:
    body = "    c, _ = s.accept()\n    for byte in b'hello':\n        time.sleep(0.8)\n        c.sendall(bytes([byte]))"
    seconds, ending = seconds_until(start, body)
    assert ending == "complete"
    assert seconds > idle


def test_a_program_that_reads_slowly_makes_progress(start: Start, idle: float) -> None:
    body = ACCEPT + "    for _ in range(5):\n        time.sleep(0.8)\n        c.recv(1)\n    c.sendall(b'hello')"
    assert seconds_until(start, body)[1] == "complete"


def test_a_program_that_drips_for_ever_is_cut_off(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    stage = start(HEAD + "    c, _ = s.accept()\n    while True:\n        c.sendall(b'x')\n        time.sleep(0.05)")
    client = stage.serve("run").connect()
    leave_a_second(monkeypatch, began)
    received = client.receive_line()
    assert received.ending == "slow"


def leave_a_second(monkeypatch: pytest.MonkeyPatch, began: float) -> None:
    """End the check that has begun then in a second. To start the program may take longer than that."""
    deadlines = type(DEADLINES)(check=time.monotonic() - began + 1.0, slow_bytes=1000)
    monkeypatch.setattr("grader.harness.patience.DEADLINES", deadlines)


def test_a_program_that_drips_and_takes_the_processor_from_itself_is_cut_off(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    stage = start(
        HEAD + "    c, _ = s.accept()\n    import os\n"
        "    for _ in range(8):\n        if os.fork() == 0:\n            while True: pass\n"
        "    while True:\n        c.sendall(b'x')\n        time.sleep(0.05)"
    )
    client = stage.serve("run").connect()
    leave_a_second(monkeypatch, began)
    assert client.receive_line().ending == "slow"


def test_spinning_without_a_byte_is_cut_off(start: Start) -> None:
    seconds, ending = seconds_until(start, "    c, _ = s.accept()\n    while True: pass")
    assert ending == "spinning"
    assert seconds >= DEADLINES.computing


def test_sleeping_for_ever_is_cut_off(start: Start, idle: float) -> None:
    seconds, ending = seconds_until(start, "    time.sleep(1000)")
    assert ending == "sleeping"
    assert seconds >= idle


def test_a_stopped_program_is_stuck(start: Start) -> None:
    assert seconds_until(start, "    import os, signal\n    os.kill(os.getpid(), signal.SIGSTOP)")[1] == "stuck"


def test_patience_ends_before_the_net_that_makes_it_a_fault_of_the_grader() -> None:
    most_moved = 2 * 8 * 1024 * 1024  # the largest amount of any check, to the program and back
    assert DEADLINES.check + DEADLINES.others + most_moved / DEADLINES.slow_bytes < NET
