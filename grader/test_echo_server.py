"""Checks of `run_echo_server`, in the order in which to solve them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.course import Exercise
from grader.harness.deadlines import DEADLINES
from grader.harness.provocations import jolt

if TYPE_CHECKING:
    from grader.harness.received import Answer
    from grader.harness.server import Server
    from grader.harness.stage import Stage
    from grader.harness.wire import Connection

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
    """Bytes come back whatever they mean: half a character, a blank line, `quit`, bytes that are no text at all.

    Look at each place where what arrived means something to your program: what does it do with one half of an "é", or
    with a lone space?

    More: `decode` fails on, changes or holds back what is not UTF-8, and `strip` removes bytes. No bytes end the
    conversation. Echo the bytes themselves, and print `repr(data)`.

    Lesson: A stream has no messages
    """
    client = stage.serve("run_echo_server").connect()
    blanks, data = b"\0 \r\n", stage.data(16)
    pieces = (b"caf\xc3", b"\xa9", b"\xff\xfe\x00" + data + b"\x80", b"quit", b"\r\n", b" ", b"\0", b"\x04",
              blanks + data + blanks[::-1], b"caf\xc3")  # fmt: skip
    message = b"".join(pieces)
    client.send(pieces[0])
    client.wait_taken()
    answers_at_once = bool(client.buffered() or client.hears(0.1))
    client.send_pieces(*pieces[1:])
    client.wait_taken()
    if not answers_at_once:  # another check's business
        client.half_close()
    assert client.receive_settled(len(message)) == message


def test_returns_messages_exactly_as_long_as_a_buffer(stage: Stage) -> None:
    """Messages of 1,000, 1,024, 4,096, 10,000 and 65,536 bytes come back while the connection stays open.

    Look at what your program concludes from the length of what `recv` returned: what if a message fits exactly?

    More: A full buffer does not mean that more will come, and a short piece does not mean that none will. Only an empty
    one, `b""`, means something.

    Lesson: A stream has no messages
    """
    client = stage.serve("run_echo_server").connect()
    for size in (1000, 1024, 4096, 10_000, 65536):
        message = _text(stage, size)
        client.send(message)
        assert client.receive(size) == message


@pytest.mark.rests_on("short_sends")
@pytest.mark.points(2)
def test_returns_8_mib_to_a_client_that_reads_slowly(stage: Stage) -> None:
    """Every byte of 8 MiB comes back, in order, however slowly the client reads, and however late it begins.

    Look at the call that sends the bytes back: does it promise to take all of them, however long that takes?

    More: `send` returns how many bytes it took, which may be fewer than you gave it. `sendall` goes on until all are
    taken, but a time-out of its socket ends it in the middle; a non-blocking socket needs a buffer for the rest.

    Lesson: When the other side is slow
    """
    message = _text(stage, 8 * MIB)  # before a client comes, which would be silent meanwhile
    server = stage.serve("run_echo_server")
    client = server.connect(receive_buffer=4096)
    client.fill(message)
    stage.let_pass(DEADLINES.unread)
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
    """When a client has left, the next one is served, and 23 more after it.

    Look at where `accept` stands: how often does your program get there?

    More: One loop is for the clients, with `accept` in it; another, inside, is for the pieces of one client. The end
    of a client leaves the inner loop only.

    Lesson: How a client leaves
    """
    server = stage.serve("run_echo_server")
    _visit(server, stage.word().encode())
    for _ in range(24):
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
    around one client's conversation, inside the loop that accepts clients, and close the socket of that client only.

    Lesson: How a client leaves
    """
    large = _text(stage, 8 * MIB)
    server = stage.serve("run_echo_server")
    client, other = _two_clients(stage, server, stage.word().encode())
    client.reset()
    stage.settle()
    message = stage.word().encode()
    assert _converse(other, message) == message
    client = server.connect(receive_buffer=4096)
    client.fill(large)
    client.reset()
    client = server.connect(receive_buffer=4096, segment=1460)
    # More than the kernel takes back for it (74 KB), so little that the end of the stream arrives.
    client.fill(large[:110_000])
    client.half_close()
    stage.settle()
    client.reset()  # after the end of the stream this is a broken pipe to whoever sends (tcp_reset in Linux)
    message = stage.word().encode()
    assert _visit(server, message) == message


def test_goes_on_after_a_silence(stage: Stage) -> None:
    """When no client comes for a while, or one says nothing for a while, the program goes on and serves the next one.

    Look at each time-out in your program: what happens when it is over and nothing has come?

    More: With a time-out, `accept`, `recv` and `sendall` raise `TimeoutError`, which is no `ConnectionError`. Catch it
    and go on, or set no time-out: a server may wait for ever.

    Lesson: Starting and stopping
    """
    alone, visited = stage.serve("run_echo_server"), stage.serve("run_echo_server", stage.own_host())
    client = visited.connect()
    client.send(stage.word().encode())
    client.wait_taken()
    stage.let_pass(DEADLINES.quiet)
    client.half_close()
    client.receive_answer(8)  # none is right, too: who says nothing may be shown the door
    client.close()
    message = stage.word().encode()
    assert _visit(visited, message) == message  # first: nobody comes to it while the other is waited for
    assert _visit(alone, message) == message


def test_gives_each_client_only_its_own_bytes(stage: Stage) -> None:
    """While two clients are connected, each gets back its own bytes and no others, the second one perhaps later.

    Look at each name that holds a client's socket or its bytes: whose are they once a second client has come?

    More: A global `conn` means the client that came last. A list of all clients, or one buffer for all, mixes their
    bytes. Keep them in local variables of one conversation. A server for one client at a time lets the second one wait.

    Lesson: Your task
    """
    server = stage.serve("run_echo_server")
    words = [stage.word().encode() for _ in range(4)]
    first, second = _two_clients(stage, server, words[0])
    second.send(words[1])
    stage.settle()
    first.send(words[2])
    first.wait_taken()
    first.half_close()
    assert first.receive_settled(16) == words[0] + words[2]
    first.close()
    second.wait_taken()
    second.half_close()
    assert second.receive_settled(8) == words[1]  # nobody misses this: what follows would fail too, with more to read
    second.close()
    # One that reads nothing: what is kept for it (see the resets above) must not go to the other.
    first = server.connect(receive_buffer=4096, segment=1460)
    first.fill(_text(stage, 110_000))
    second = server.connect()
    second.send(words[3])
    stage.settle()
    first.half_close()
    first.receive_answer(110_000)
    first.close()
    second.wait_taken()
    second.half_close()
    assert second.receive_settled(8) == words[3]


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
    """When 50 clients have come and left, with or without a word or by a reset, as many files and threads are open.

    Look at what you create for each client: what closes or ends it, on every way out of the conversation?

    More: Close each client's socket (`with conn:` does), remove it from lists and dictionaries, and let its threads
    return.

    Lesson: How a client leaves
    """
    server = stage.serve("run_echo_server")
    _visit(server, stage.word().encode())
    before = server.holdings()
    for number in range(50):
        client, message = server.connect(), stage.word().encode()
        if number % 3 == 0:
            assert _converse(client, message) == message  # nothing is shown by clients that are not served
        if number % 3 == 1:
            client.send(message)
            client.wait_taken()
            client.reset()
        client.close()
        stage.settle()  # a pool of threads that none has come back to starts another one, and may
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
    """Ctrl-C ends the server within two seconds also while two clients are connected and silent.

    Look at what is still running, or still caught, after Ctrl-C: can a client, or a bare `except`, keep the program?

    More: A bare `except`, `except BaseException` and `return` in `finally` swallow `KeyboardInterrupt`. Threads that
    are not daemons keep the process until their clients leave; so does asyncio's `serve_forever` from Python 3.12 on.

    Lesson: Starting and stopping
    """
    server = stage.serve("run_echo_server")
    _two_clients(stage, server, stage.word().encode())
    assert server.interrupt() == 0


def test_listens_only_where_it_was_told(stage: Stage) -> None:
    """The program listens on the host and port it was given, and nowhere else; port 0 means any free port.

    Look at the address you bind: is it made of `host` and `port`, as they were given?

    More: `bind((host, port))` does it. `""` and `"0.0.0.0"` mean every address of the machine, which opens the server
    to the whole network. With port 0 the system chooses a free one, so two servers can run on one host.

    Lesson: Your task
    """
    host = stage.own_host()
    port = stage.free_port(host)
    assert stage.serve("run_echo_server", host, port).places() == {f"{host}:{port}"}
    for _ in range(2):
        assert stage.serve("run_echo_server", host).hosts() == {host}


def _visit(server: Server, message: bytes) -> Answer:
    """One client's whole visit: send, stop sending, take what comes back, leave.

    It half-closes so that a program which wrongly waits for that fails only the checks which are about waiting.
    """
    return _converse(server.connect(), message)


def _converse(client: Connection, message: bytes) -> Answer:
    client.send(message)
    client.wait_taken()
    client.half_close()
    answer = client.receive_answer(len(message))
    client.close()
    return answer


def _two_clients(stage: Stage, server: Server, word: bytes) -> tuple[Connection, Connection]:
    """One client that has said a word, so that it is surely accepted, and one that has not, and may have to wait."""
    first = server.connect()
    first.send(word)
    first.wait_taken()
    second = server.connect()
    stage.settle()
    return first, second


def _text(stage: Stage, size: int) -> bytes:
    """Random ASCII text: bytes that are not text are another check's business."""
    return stage.data(size // 2).hex().encode()
