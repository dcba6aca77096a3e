"""Checks of `run_server` of the chat server, in the order in which to solve them: one client first, then many.

Each fact is looked at in one check: the others take answers with or without a line end, and any greeting or none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from grader.course import Exercise
from grader.harness.provocations import jolt
from grader.harness.received import Received

if TYPE_CHECKING:
    from grader.harness.server import Server
    from grader.harness.stage import Stage
    from grader.harness.wire import Connection

EXERCISE = Exercise(title="Chat server", order=100, functions=("run_server",))

GREETING = b"Welcome to the chat server! Type 'quit' to exit.\n"
ANSWER = b"Server received: "
# A last line, whose answer shows that nothing else was answered before, and that the server still listens.
STILL_THERE = b"still there?"


def test_greets_each_client_at_once(stage: Stage) -> None:
    """A client is greeted as soon as it has connected, before it has said anything.

    Look at what your program does first with a new client: does it wait for something that the client need not do?

    More: Send `GREETING` and a newline before the first `recv`. A client that waits for the greeting says nothing
    until then.

    Lesson: The idea
    """
    client = stage.serve("run_server").connect()
    assert client.receive_line() == GREETING


@pytest.mark.points(2)
def test_answers_each_line_a_client_sends(stage: Stage) -> None:
    """Each line is answered with `Server received: `, the line itself and a newline.

    Look at what you send: is it the line as it came, and what tells the client where your answer ends?

    More: TCP keeps no borders between answers, so each of them needs its own newline, and only one:
    `f"{ANSWER}{line}\\n"`, where `line` has lost its own.

    Lesson: Lines in a stream
    """
    client = _join(stage.serve("run_server"))
    client.receive_line()  # the end of the first answer
    for _ in range(2):
        word = stage.word().title().encode()
        client.send(word + b"\n")
        assert client.receive_line() == ANSWER + word + b"\n"


@pytest.mark.points(2)
def test_gives_two_answers_to_two_lines_in_one_piece(stage: Stage) -> None:
    """Two lines that arrive in one piece are two lines, and each gets its answer.

    Look at what you do with what `recv` returned: what if there is more in it than one line?

    More: Cut it at every newline, answer each part but the last, and keep the last one, which has no newline yet.

    Lesson: Lines in a stream
    """
    one, two = stage.word().encode(), stage.word().encode()
    client = stage.serve("run_server").connect()
    assert _talk(client, one + b"\n" + two + b"\n") == _answers(one, two)


@pytest.mark.rests_on("pieces")
@pytest.mark.points(2)
def test_answers_a_line_that_arrives_in_pieces_once(stage: Stage) -> None:
    """A line that arrives in three pieces is one line, and is answered once, when its end has come.

    Look at what you do when `recv` returns something without a newline: is a line over when a piece is over?

    More: Add each piece to a buffer. As long as there is no newline in it, there is nothing to answer.

    Lesson: Lines in a stream
    """
    word = stage.word().encode()
    client = stage.serve("run_server").connect()
    assert _talk(client, b"hel", b"lo " + word[:4], word[4:] + b"\n") == _answers(b"hello " + word)


@pytest.mark.rests_on("pieces")
def test_keeps_a_character_whole_that_arrives_in_pieces(stage: Stage) -> None:
    """A character that arrives in two pieces, such as the two bytes of an "é", comes back as that character.

    Look at the place where you decode: are all the bytes of a line there at that moment?

    More: Cut the bytes into lines first and decode a whole line at a time. A newline byte is never part of another
    character in UTF-8.

    Lesson: Lines in a stream
    """
    client = stage.serve("run_server").connect()
    assert _talk(client, b"caf\xc3", b"\xa9\n") == _answers("café".encode())


def test_answers_a_line_of_3000_bytes_once(stage: Stage) -> None:
    """A line of 3,000 bytes is one line, whatever the size of your buffer.

    Look at the number you give to `recv` or `readline`: what happens to a line that is longer?

    More: That number bounds one piece, not one line. Collect pieces until there is a newline.

    Lesson: Lines in a stream
    """
    line = stage.data(1500).hex().encode()
    assert _talk(stage.serve("run_server").connect(), line + b"\n") == _answers(line)


def test_answers_a_line_of_100000_bytes_once(stage: Stage) -> None:
    """A line of 100,000 bytes is one line too, and the answer has all of it.

    Look at the limits of what reads lines for you, if you did not write it yourself: what does it do beyond them?

    More: `asyncio.start_server` takes lines of 64 KiB unless you give it another `limit`; a `readline(n)` returns
    what it has after `n` bytes.

    Lesson: Lines in a stream
    """
    line = stage.data(50_000).hex().encode()
    assert _talk(stage.serve("run_server").connect(), line + b"\n") == _answers(line)


def test_answers_an_empty_line_too(stage: Stage) -> None:
    """An empty line is a line: it is answered, and the conversation goes on.

    Look at what you do with a line that has nothing in it: what do you take it for?

    More: Only `b""` from `recv` means that the client has stopped sending. A line without its newline may well be
    empty.

    Lesson: Your task
    """
    assert _talk(stage.serve("run_server").connect(), b"\n") == _answers(b"")


def test_keeps_the_spaces_around_a_line(stage: Stage) -> None:
    """Spaces and tabs before and after a line are part of it and come back in the answer.

    Look at what you cut off before you answer: is it the end of the line and nothing else?

    More: `strip` is right for finding out whether a line is `quit`. For the answer, remove the newline, and a carriage
    return before it, with `removesuffix`.

    Lesson: Your task
    """
    line = b"  " + stage.word().encode() + b" \t"
    assert _talk(stage.serve("run_server").connect(), line + b"\n") == _answers(line)


def test_ends_lines_at_newlines_and_nowhere_else(stage: Stage) -> None:
    """Only a newline ends a line; a form feed, a lone carriage return, U+0085 and U+2028 are part of it.

    Look at what cuts the text into lines: which characters does its documentation call line ends?

    More: `str.splitlines` knows ten of them, and `makefile("r")` takes a lone carriage return for one unless you give
    it `newline="\\n"`. Use `split(b"\\n")`, or a binary file.

    Lesson: Lines in a stream
    """
    line = "one\ftwo\rthree\x85four\u2028five".encode()
    assert _talk(stage.serve("run_server").connect(), line + b"\n") == _answers(line)


def test_answers_bytes_that_are_not_text(stage: Stage) -> None:
    """Bytes that are not UTF-8 come back as replacement characters, and the conversation goes on.

    Look at the call that decodes a line: what does it do with a byte that is not UTF-8?

    More: `decode(errors="replace")` puts U+FFFD in the place of such a byte. Without it `decode` raises
    `UnicodeDecodeError`.

    Lesson: Your task
    """
    word = stage.word().encode()
    client = stage.serve("run_server").connect()
    assert _talk(client, word + b"\xff" + word + b"\n") == _answers(word + "\N{REPLACEMENT CHARACTER}".encode() + word)


def test_answers_a_last_line_without_an_end(stage: Stage) -> None:
    """What a client has sent when it stops sending is its last line, with or without a newline.

    Look at what is in your buffer when `recv` returns `b""`: who answers it?

    More: A client may stop sending and go on reading. After the loop, answer what is left in the buffer, if there is
    anything, before you close.

    Lesson: Your task
    """
    word = stage.word().encode()
    client = stage.serve("run_server").connect()
    client.send(word)
    client.half_close()
    assert _hear(client, word) == ANSWER + word


@pytest.mark.points(2)
def test_closes_the_connection_after_quit_without_an_answer(stage: Stage) -> None:
    """After `quit` the program closes that client's connection, says nothing more, and serves the next client.

    Look at what happens between reading `quit` and the end of that client's thread: what is sent, what is closed?

    More: Compare before you answer, leave the loop, and close the client's socket. The listening socket stays open.

    Lesson: Quit
    """
    server = stage.serve("run_server")
    client = _join(server)
    client.send(b"quit\n")
    rest = client.receive_to_end()
    assert replace(rest, data=rest.data.lstrip(b"\r\n")) == b""
    _join(server)


def test_takes_quit_in_any_case_with_spaces_around_it(stage: Stage) -> None:
    """`QuIt` with spaces, tabs and a carriage return around it is `quit`.

    Look at what you compare with `"quit"`: what was done to the line before?

    More: `line.strip().lower() == "quit"`; `strip()` without an argument removes all white space.

    Lesson: Your task
    """
    assert _closes(stage.serve("run_server").connect(), b" \tQuIt \t\r\n") == b""


@pytest.mark.rests_on("pieces")
def test_takes_a_quit_that_arrives_in_pieces(stage: Stage) -> None:
    """`quit` is a line like any other: it may arrive as `qu` and `it`.

    Look at where you look for `quit`: in what `recv` returned, or in a line?

    More: Cut what arrives into lines first, and compare each line with `quit`.

    Lesson: Lines in a stream
    """
    assert _closes(stage.serve("run_server").connect(), b"qu", b"it\n") == b""


def test_takes_a_quit_that_follows_a_line_in_the_same_piece(stage: Stage) -> None:
    """When `hello` and `quit` arrive in one piece, the first is answered, and the second closes the connection.

    Look at what happens to the second line of a piece: is it treated as the first one was?

    More: Go through all the lines of a piece, one after another, and compare each with `quit` before you answer it.

    Lesson: Lines in a stream
    """
    word = stage.word().encode()
    client = stage.serve("run_server").connect()
    client.send(word + b"\nquit\n")
    assert _hear(client, word) == ANSWER + word
    assert _closes(client) == b""


def test_answers_a_line_that_has_quit_among_other_words(stage: Stage) -> None:
    """A line that only contains `quit`, at its start, in the middle or at its end, is a message.

    Look at how you compare: is the line `quit`, or is `quit` somewhere in the line?

    More: `in`, `startswith` and `endswith` are too generous. Compare the whole stripped line with `==`.

    Lesson: Quit
    """
    lines = b"I won't quit yet", b"quit now", b"never quit"
    client = stage.serve("run_server").connect()
    assert _talk(client, *(line + b"\n" for line in lines)) == _answers(*lines)


@pytest.mark.rests_on("short_sends")
def test_sends_whole_answers_to_a_client_that_reads_slowly(stage: Stage) -> None:
    """However slowly a client reads, it gets every answer whole: six of them, each of 100,000 bytes.

    Look at the call that sends an answer: does it promise to take all of it?

    More: `send` returns how many bytes it took, which may be fewer than you gave it. `sendall` goes on until all are
    taken; a non-blocking socket needs a buffer for the rest.

    Lesson: Your task
    """
    server = stage.serve("run_server")
    client = _join(server, receive_buffer=4096, segment=1460)
    lines = [stage.data(50_000).hex().encode() for _ in range(6)]
    client.fill(b"\n".join(lines) + b"\n")
    for line in lines:
        jolt(server.program, times=1)
        assert _hear(client, line) == ANSWER + line


@pytest.mark.points(2)
def test_goes_on_when_clients_reset_their_connections(stage: Stage) -> None:
    """Clients that reset their connections, in mid-line, before they read their answers or at once, hurt nobody.

    Look at each call that uses a client's socket: who catches the error it raises when the connection is gone?

    More: `recv`, `sendall`, `shutdown` and `getpeername` can all raise `OSError`. Catch it around one client's
    conversation, outside the loop that accepts clients.

    Lesson: When a client leaves
    """
    server = stage.serve("run_server")
    for words in b"hel", b"hello\n" * 1000:
        client = _join(server)
        client.send(words)
        client.wait_taken()
        client.reset()
    client = _join(server, receive_buffer=4096, segment=1460)
    # Their answers are more than the kernel takes (74 KB), the lines so few that the end of the stream arrives.
    client.fill(b"hello\n" * 10_000)
    client.half_close()
    stage.settle()
    client.reset()  # after the end of the stream this is a broken pipe to whoever sends (tcp_reset in Linux)
    server.program.pause()
    server.connect().reset()  # gone before the program can look at it
    server.program.go_on()
    _join(server)


@pytest.mark.rests_on("processor_time")
def test_rests_while_no_client_says_anything(stage: Stage) -> None:
    """While nobody says anything, one client having left and one being silent, the program uses no processor time.

    Look at each loop: what does it wait in when there is nothing to do, and what does `recv` return after the end?

    More: At the end of the stream `recv` returns `b""` at once, again and again: leave the loop. A loop around
    non-blocking calls needs something to wait in, such as `select`, without a time-out.

    Lesson: When a client leaves
    """
    server = stage.serve("run_server")
    client = _join(server)
    client.half_close()
    client.wait_taken()
    _join(server)
    assert server.busy_share() <= 0.5


@pytest.mark.rests_on("open_files")
@pytest.mark.points(2)
def test_keeps_nothing_of_clients_that_have_left(stage: Stage) -> None:
    """When 24 clients have left, by `quit`, by a reset or without a word, their sockets and threads are gone.

    Look at what you create for each client: what closes or ends it, on every way out of the conversation?

    More: Close the socket in `with` or `finally`, take it out of your lists, and see that each thread of a client
    returns.

    Lesson: When a client leaves
    """
    server = stage.serve("run_server")
    _join(server).reset()
    before = server.holdings()
    for number in range(24):
        client = _join(server)
        if number < 8:
            client.send(b"quit\n")
        elif number < 16:
            client.reset()
        client.close()
        stage.settle()
    assert server.holdings(before) <= before


def test_starts_again_on_the_same_port_at_once(stage: Stage) -> None:
    """After it was killed in the middle of a conversation, the program can listen on the same port again.

    Look at what you tell the listening socket before you bind it: may it use a port that old connections still hold?

    More: Set `SO_REUSEADDR` on the listening socket, and do so before `bind`, which is the call that looks at it.

    Lesson: Starting and stopping
    """
    host = stage.own_host()
    server = stage.serve("run_server", host)
    _join(server)
    server.kill()
    stage.serve("run_server", host, server.port)
    assert stage.attempt(server.address) == "accepted"


@pytest.mark.points(2)
def test_ends_at_ctrl_c_with_clients_connected(stage: Stage) -> None:
    """Ctrl-C ends the program within two seconds, with exit status 0, also while a client is connected and silent.

    Look at what still runs after Ctrl-C: who ends the threads or processes that wait for a client?

    More: Make threads daemons, or wake them with `shutdown` on their clients' sockets; `close` wakes nobody. A bare
    `except`, and `continue` or `return` in `finally`, swallow `KeyboardInterrupt`. With asyncio, close the clients'
    writers yourself: since Python 3.12 a server that ends waits for them.

    Lesson: Starting and stopping
    """
    server = stage.serve("run_server")
    _join(server)
    assert server.interrupt() == 0


@pytest.mark.points(3)
def test_serves_several_clients_at_the_same_time(stage: Stage) -> None:
    """Four clients are connected at the same time, and each is answered whenever it says something.

    Look at what your program is waiting in while one client is silent: who accepts and answers the others?

    More: Give each client a thread of its own with `Thread(target=talk, args=(conn,)).start()`: `run()`, `join()` and
    `target=talk(conn)` all wait for it. Or ask a selector which socket has something to read.

    Lesson: Many clients at once
    """
    server = stage.serve("run_server")
    clients = [_join(server, b"client %d" % number) for number in range(1, 5)]
    for client in reversed(clients):
        word = stage.word().encode()
        client.send(word + b"\n")
        assert _hear(client, word) == ANSWER + word


@pytest.mark.points(2)
def test_serves_others_while_a_client_is_silent_in_mid_line(stage: Stage) -> None:
    """Clients that fall silent in the middle of a line, or of a character, disturb nobody and can go on later.

    Look at where half a line waits for its end: does it belong to one client alone, and does nobody wait with it?

    More: Each client needs a buffer (and a decoder, if you use one) of its own. With a selector, go back to it after
    every piece.

    Lesson: Many clients at once
    """
    server = stage.serve("run_server")
    silent, half = _join(server), server.connect()
    for client, piece in (silent, b"hel"), (half, b"caf\xc3"):
        client.send(piece)
        client.wait_taken()
    _join(server)
    silent.send(b"lo\n")
    assert _hear(silent, b"hello") == ANSWER + b"hello"


@pytest.mark.points(2)
def test_serves_a_hundred_clients_at_once(stage: Stage) -> None:
    """A hundred clients are connected at once, and each is served.

    Look at what bounds the number of clients you can serve at the same time: a pool, a list, a number of processes?

    More: A pool of ten workers serves ten clients, and the eleventh waits until one leaves. Make it large enough, or
    start a thread for each client.

    Lesson: Many clients at once
    """
    server = stage.serve("run_server")
    clients = [_join(server, b"client %d" % number) for number in range(1, 101)]
    for client in reversed(clients):
        word = stage.word().encode()
        client.send(word + b"\n")
        assert _hear(client, word) == ANSWER + word


def _join(server: Server, line: bytes = b"hello", **options: int) -> Connection:
    """A client that has connected, has sent a line and has had its answer."""
    client = server.connect(**options)
    client.send(line + b"\n")
    assert _hear(client, line) == ANSWER + line
    return client


def _hear(client: Connection, line: bytes) -> Received:
    """The next answer, as far as it should be the one to `line`; a greeting and line ends before it are left out."""
    start = client.receive_until(ANSWER)
    if start.ending != "complete":
        return replace(start, data=start.data.removeprefix(GREETING))
    text = client.receive(len(line))
    return replace(text, data=ANSWER + text.data)


def _talk(client: Connection, *pieces: bytes) -> Received:
    """All answers to these pieces and to one more line, each ended by one newline whether it was or not."""
    client.send_pieces(*pieces, STILL_THERE + b"\n")
    heard = client.receive_until(ANSWER + STILL_THERE)
    before, *answers = heard.data.replace(b"\r\n", b"\n").split(ANSWER)
    if not answers:
        return replace(heard, data=before.removeprefix(GREETING))
    return replace(heard, data=_answers_as_sent(answers))


def _answers(*lines: bytes) -> bytes:
    """What `_talk` returns when these are the lines the program has seen."""
    return _answers_as_sent([*lines, STILL_THERE])


def _answers_as_sent(lines: list[bytes]) -> bytes:
    return b"".join(ANSWER + line.removesuffix(b"\n") + b"\n" for line in lines)


def _closes(client: Connection, *pieces: bytes) -> Received:
    """Nothing, if these pieces close the connection; otherwise what is answered to them and to one more line."""
    heard = _talk(client, *pieces)
    return replace(heard, data=b"", ending="complete") if heard.ending in ("end", "reset") else heard
