"""A program that is stuck, sleeps or spins is shown at the learner's own line, threads and tasks included."""

from __future__ import annotations

import pytest

from grader.harness.received import Received
from grader.harness.standing import blocking_call
from tests.harness.conftest import Start

SERVER = """
import asyncio, os, socket, threading, time, selectors, multiprocessing

def run(host="localhost", port=0):
{body}
"""


def stop_of(start: Start, body: str) -> Received:
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    stage = start(SERVER.format(body=lines))
    client = stage.serve("run").connect()
    client.send(b"hello")
    received = client.receive(5)
    assert received != b"hello"
    assert received.stop is not None
    stop = stage.programs[0].explain(received.stop)
    return Received(data=received.data, ending=received.ending, stop=stop)


PLAIN = "server = socket.create_server((host, port)); conn, _ = server.accept()\n"
STANDS = {
    "reads to the end": (PLAIN + "while conn.recv(100):\n    pass", "stuck", 6, "recv"),
    "accepts again": (PLAIN + "server.accept()", "stuck", 6, "accept"),
    "takes a lock twice": (PLAIN + "lock = threading.Lock()\nlock.acquire()\nlock.acquire()", "stuck", 8, "acquire"),
    "sleeps": (PLAIN + "time.sleep(1000)", "sleeping", 6, "sleep"),
    "spins": (PLAIN + "while True:\n    x = 1", "spinning", None, ""),
    "spins on a closed lock": (PLAIN + "conn.setblocking(False)\nwhile True:\n    try:\n        conn.recv(0)\n"
                               "    except BlockingIOError:\n        pass", "spinning", None, ""),
    "a thread waits": (PLAIN + "t = threading.Thread(target=lambda: [conn.recv(9) for _ in (1, 2)])\n"
                       "t.start()\nt.join()", "stuck", 6, "recv"),
    "selects": (PLAIN + "s = selectors.DefaultSelector()\ns.register(server, 1)\ns.select()", "stuck", 8, "select"),
    "a child process waits": (PLAIN + "if os.fork() == 0:\n    while conn.recv(9): pass\nserver.accept()",
                              "stuck", 7, "recv"),
    "asyncio": ("async def handle(reader, writer):\n    await reader.readline()\n"
                "async def main():\n    server = await asyncio.start_server(handle, host, port)\n"
                "    await server.serve_forever()\nasyncio.run(main())", "stuck", 6, "readline"),
}  # fmt: skip


@pytest.mark.parametrize("name", STANDS)
def test_where_a_program_stands(start: Start, name: str, idle: float) -> None:
    body, kind, line, call = STANDS[name]
    received = stop_of(start, body)
    assert received.stop is not None
    assert received.stop.kind == kind
    stand = received.stop.stands[0]
    assert stand.place.file == "learner.py"
    if line:
        assert (stand.place.line, stand.call) == (line, call)
    else:
        assert 5 <= stand.place.line <= 11
        assert stand.kind == "spinning"


def test_a_program_that_answers_signals_no_more_is_still_asked(start: Start) -> None:
    body = PLAIN + "import signal\nsignal.signal(signal.SIGUSR2, lambda *_: None)\nwhile conn.recv(100):\n    pass"
    received = stop_of(start, body)
    assert received.stop is not None
    assert received.stop.stands[0].place.line == 8


def test_a_program_that_tells_nonsense_about_itself_is_shown_nowhere(start: Start) -> None:
    body = PLAIN + (
        "import signal\ndef lie(*_):\n    for fd in range(240, 300):\n        try: os.write(fd, b'[1, {}]\\n')\n"
        "        except OSError: pass\n"
        "signal.signal(signal.SIGUSR2, lie)\nsignal.signal(signal.SIGUSR1, lie)\nwhile conn.recv(9):\n    pass"
    )
    received = stop_of(start, body)
    assert received.stop is not None
    assert received.stop.stands == ()


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("data = conn.recv(1024)", "recv"),
        ("while piece := c.recv(1024):", "recv"),
        ("if not sock.recv(1): break", "recv"),
        ("async with server:", ""),
        ("await reader.readexactly(4)", "readexactly"),
        ("for line in sys.stdin:", ""),
        ("with socket.create_connection(address) as sock:", "create_connection"),
        ("elif input().strip() == 'quit':", "input"),
        ("total += len(", ""),
        ("", ""),
    ],
)
def test_the_call_that_blocks_is_named(code: str, call: str) -> None:
    assert blocking_call(code) == call


def test_the_last_traceback_with_a_line_of_the_learner_counts(start: Start) -> None:
    stage = start(
        """
        import threading
        def broken(): return 1 / 0
        def run():
            thread = threading.Thread(target=broken)
            thread.start()
            thread.join()
        """
    )
    call = stage.call("run")
    assert call.outcome() == None  # noqa: E711 - compared, not asked for its truth
    program = call.program
    program.kill()
    found = program.traceback()
    assert found is not None
    assert found[:2] == ("ZeroDivisionError", "division by zero")
    assert [place.line for place in found[2]] == [3]
