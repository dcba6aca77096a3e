"""Checks of `run_echo_server`, in the order in which to solve them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.course import Exercise
from grader.harness.provocations import jolt

if TYPE_CHECKING:
    from grader.harness.received import Answer
    from grader.harness.server import Server
    from grader.harness.stage import Stage

EXERCISE = Exercise(title="Echo server", order=40, functions=("run_echo_server",))

MIB = 1024 * 1024


def test_sends_a_message_back_unchanged(stage: Stage) -> None:
    """A message comes back as it was sent, spaces and line ends included.

    Look at what you hand to the call that sends: is it what `recv` returned, all of it and nothing else?

    More: An echo server adds nothing and removes nothing. Send the bytes that arrived, with `conn.sendall(data)` on the
    socket that `accept` returned.

    Lesson: The idea
    """
    message = f" \t{stage.word()} \r\n".encode()
    client = stage.serve("run_echo_server").connect()
    client.send(message)
    client.wait_taken()
    client.half_close()
    assert client.receive_settled(len(message)) == message


@pytest.mark.points(2)
def test_answers_at_once_and_goes_on_answering(stage: Stage) -> None:
    """Each message comes back at once, while the client keeps the connection open and sends the next one.

    Look at what your program waits for between receiving and sending: is it something the client has promised?

    More: The client sends a few bytes and waits for them; no line end, full buffer or end of the stream will come
    before. Send each piece back, then call `recv` again.

    Lesson: A stream has no messages
    """
    client = stage.serve("run_echo_server").connect()
    for _ in range(2):
        message = stage.word().encode()
        client.send(message)
        assert client.receive(len(message)) == message


def test_returns_bytes_that_are_not_text(stage: Stage) -> None:
    """Bytes come back whatever they mean: half a character, its other half, bytes that are no text at all.

    Look at each place that treats what arrived as text: what does it do with one half of an "é"?

    More: `decode` fails on, or changes, what is not UTF-8. Echo the bytes themselves, and print `repr(data)`.

    Lesson: A stream has no messages
    """
    client = stage.serve("run_echo_server").connect()
    pieces = b"caf\xc3", b"\xa9", b"\xff\xfe\x00" + stage.data(16) + b"\x80"
    client.send_pieces(*pieces)
    client.wait_taken()
    client.half_close()
    message = b"".join(pieces)
    assert client.receive_settled(len(message)) == message


def test_returns_messages_exactly_as_long_as_a_buffer(stage: Stage) -> None:
    """Messages of 1,024, 4,096 and 65,536 bytes come back while the connection stays open.

    Look at what your program concludes from the length of what `recv` returned: what if a message fits exactly?

    More: A full buffer does not mean that more will come, and a short piece does not mean that none will. Only an empty
    one, `b""`, means something.

    Lesson: A stream has no messages
    """
    client = stage.serve("run_echo_server").connect()
    for size in (1024, 4096, 65536):
        message = _text(stage, size)
        client.send(message)
        assert client.receive(size) == message


@pytest.mark.rests_on("short_sends")
@pytest.mark.points(2)
def test_returns_8_mib_to_a_client_that_reads_slowly(stage: Stage) -> None:
    """Every byte of 8 MiB comes back, in order, however slowly the client reads.

    Look at the call that sends the bytes back: does it promise to take all of them?

    More: `send` returns how many bytes it took, which may be fewer than you gave it. `sendall` goes on until all are
    taken; a non-blocking socket needs a buffer for the rest.

    Lesson: When the other side is slow
    """
    server = stage.serve("run_echo_server")
    client = server.connect(receive_buffer=4096)
    message = _text(stage, 8 * MIB)
    client.fill(message)
    for start in range(0, 8 * MIB, MIB):
        jolt(server.program)
        assert client.receive(MIB) == message[start : start + MIB]


@pytest.mark.points(2)
def test_sends_everything_and_then_the_end_of_the_stream(stage: Stage) -> None:
    """A client that has stopped sending still gets all its bytes back, and then the end of the stream.

    Look at what happens when `recv` returns `b""`: is everything sent by then, and does the client learn of the end?

    More: `b""` ends what the client sends, not what you still owe it. Send the rest first, then close its socket; a
    socket that is never closed leaves the client waiting.

    Lesson: How a client leaves
    """
    client = stage.serve("run_echo_server").connect(receive_buffer=4096)
    # More than the kernel takes for a client that does not read (3.3 MB on Linux), less than it takes both ways.
    message = _text(stage, 4 * MIB)
    client.fill(message)
    client.half_close()
    stage.settle()
    assert client.receive(len(message)) == message
    assert client.receive_to_end() == b""


def test_serves_the_next_client_after_one_left(stage: Stage) -> None:
    """When a client has left, the next one is served.

    Look at where `accept` stands: how often does your program get there?

    More: One loop is for the clients, with `accept` in it; another, inside, is for the pieces of one client. The end
    of a client leaves the inner loop only.

    Lesson: How a client leaves
    """
    server = stage.serve("run_echo_server")
    _visit(server, stage.word().encode())
    message = stage.word().encode()
    assert _visit(server, message) == message


def test_goes_on_after_a_client_that_says_nothing(stage: Stage) -> None:
    """A client that connects and leaves without a word disturbs nobody.

    Look at the first thing you do with a client's bytes: does it work when there are none?

    More: The very first `recv` can return `b""`; indexing it, or waiting until there is something, is wrong then.

    Lesson: How a client leaves
    """
    server = stage.serve("run_echo_server")
    server.connect().close()
    message = stage.word().encode()
    assert _visit(server, message) == message


@pytest.mark.points(2)
def test_goes_on_after_a_client_resets_its_connection(stage: Stage) -> None:
    """A client that resets its connection, between messages, in the middle of one or after the last, disturbs nobody.

    Look at each call that uses a client's socket: who catches the error it raises when the connection is gone?

    More: `recv`, `sendall` and `shutdown` can all raise `OSError`: `ConnectionResetError`, `BrokenPipeError`. Catch it
    around one client's conversation, inside the loop that accepts clients.

    Lesson: How a client leaves
    """
    server = stage.serve("run_echo_server")
    client = server.connect()
    client.send(stage.word().encode())
    client.wait_taken()
    client.reset()
    client = server.connect(receive_buffer=4096)
    client.fill(_text(stage, 8 * MIB))
    client.reset()
    client = server.connect(receive_buffer=4096, segment=1460)
    # More than the kernel takes back for it (74 KB), so little that the end of the stream arrives.
    client.fill(_text(stage, 110_000))
    client.half_close()
    stage.settle()
    client.reset()  # after the end of the stream this is a broken pipe to whoever sends (tcp_reset in Linux)
    message = stage.word().encode()
    assert _visit(server, message) == message


@pytest.mark.rests_on("processor_time")
def test_rests_after_a_client_has_left(stage: Stage) -> None:
    """While nobody sends anything, the program uses no processor time.

    Look at the loop that reads from a client: what does `recv` return, again and again, once the client has left?

    More: At the end of the stream `recv` no longer waits, it returns `b""` at once: leave the loop. A loop around
    non-blocking calls needs something to wait in, such as `select`.

    Lesson: How a client leaves
    """
    server = stage.serve("run_echo_server")
    _visit(server, stage.word().encode())
    assert server.busy_share() <= 0.5


@pytest.mark.rests_on("open_files")
@pytest.mark.points(2)
def test_leaves_nothing_open_after_50_clients(stage: Stage) -> None:
    """When 50 clients have come and gone, the program has as many open files and threads as before.

    Look at what you create for each client: what closes or ends it, on every way out of the conversation?

    More: Close each client's socket (`with conn:` does), remove it from lists and dictionaries, and let its threads
    return.

    Lesson: How a client leaves
    """
    server = stage.serve("run_echo_server")
    _visit(server, stage.word().encode())
    before = server.holdings()
    for _ in range(50):
        client, message = server.connect(), stage.word().encode()
        client.send(message)
        client.half_close()
        assert client.receive_answer(len(message)) == message
        client.close()
    assert server.holdings(before) <= before


def test_starts_again_on_the_same_port_at_once(stage: Stage) -> None:
    """After it was killed in the middle of a conversation, the program can listen on the same port again.

    Look at what you tell the listening socket before you bind it: may it use a port that old connections still hold?

    More: Set `SO_REUSEADDR` on the listening socket, and do so before `bind`, which is the call that looks at it.

    Lesson: Starting and stopping
    """
    host = stage.own_host()
    server = stage.serve("run_echo_server", host)
    client = server.connect()
    client.send(stage.word().encode())
    client.wait_taken()
    server.kill()
    stage.serve("run_echo_server", host, server.port)
    assert stage.attempt(server.address) == "accepted"


def test_stops_at_ctrl_c_while_it_waits_for_clients(stage: Stage) -> None:
    """Ctrl-C ends the server within two seconds, and the function returns as if all was done.

    Look at where `KeyboardInterrupt` goes when it is raised in the call that waits for a client: who catches it?

    More: Put `try` and `except KeyboardInterrupt` around the loop that accepts clients, and return after it.

    Lesson: Starting and stopping
    """
    assert stage.serve("run_echo_server").interrupt() == 0


def test_stops_at_ctrl_c_while_a_client_is_connected(stage: Stage) -> None:
    """Ctrl-C ends the server within two seconds also while a client is connected and silent.

    Look at what is still running, or still caught, after Ctrl-C: can a client, or a bare `except`, keep the program?

    More: A bare `except`, `except BaseException` and `return` in `finally` swallow `KeyboardInterrupt`. Threads that
    are not daemons keep the process until their clients leave; so does asyncio's `serve_forever` from Python 3.12 on.

    Lesson: Starting and stopping
    """
    server = stage.serve("run_echo_server")
    client = server.connect()
    client.send(stage.word().encode())
    client.wait_taken()
    assert server.interrupt() == 0


def test_listens_only_where_it_was_told(stage: Stage) -> None:
    """The program listens on the host it was given, and on no other address.

    Look at the address you bind: is it made of `host` and `port`, as they were given?

    More: `bind((host, port))` does it. `""` and `"0.0.0.0"` mean every address of the machine, which opens the server
    to the whole network.

    Lesson: Your task
    """
    host = stage.own_host()
    assert stage.serve("run_echo_server", host).hosts() == {host}


def _visit(server: Server, message: bytes) -> Answer:
    """One client's whole visit: send, stop sending, take what comes back, leave.

    It half-closes so that a program which wrongly waits for that fails only the checks which are about waiting.
    """
    client = server.connect()
    client.send(message)
    client.wait_taken()
    client.half_close()
    answer = client.receive_answer(len(message))
    client.close()
    return answer


def _text(stage: Stage, size: int) -> bytes:
    """Random ASCII text: bytes that are not text are another check's business."""
    return stage.data(size // 2).hex().encode()
