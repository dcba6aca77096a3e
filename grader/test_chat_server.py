"""Checks of `run_server` of the chat server, in the order in which to solve them: one client first, then many.

Each fact is looked at in one check: the others take answers with or without a line end, and any greeting or none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from grader.course import Exercise
from grader.harness.deadlines import DEADLINES
from grader.harness.provocations import jolt
from grader.harness.received import Answer, Received

if TYPE_CHECKING:
    from grader.harness.server import Server
    from grader.harness.stage import Stage
    from grader.harness.wire import Connection

EXERCISE = Exercise(title="Chat server", order=100, functions=("run_server",))

GREETING = b"Welcome to the chat server! Type 'quit' to exit.\n"
ANSWER = b"Server received: "
# A last line, whose answer shows that nothing else was answered before, and that the server still listens.
STILL_THERE = b"still there?"
DEEPEST = 1000  # calls that Python lets a function make inside each other (sys.getrecursionlimit)
MANY = 3 * DEEPEST  # lines: also in a first piece of 4096 bytes there are too many for a function that calls itself


def test_greets_each_client_at_once(stage: Stage) -> None:
    """A client is greeted as soon as it has connected, before it has said anything, with one line.

    Look at what your program does first with a new client: does it wait for something that the client need not do?

    More: Send `GREETING` and one newline before the first `recv`, and nothing else. A client that waits for the
    greeting says nothing until then.

    Lesson: The idea
    """
    client = stage.serve("run_server").connect()
    assert client.receive_line() == GREETING
    client.send(stage.word().encode() + b"\n")
    assert _before_an_answer(client) == b""


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
    """Two lines that arrive in one piece, or three thousand, are as many lines, and each gets its answer.

    Look at what you do with what `recv` returned: what if there is more in it than one line?

    More: Cut it at every newline, answer each part but the last, and keep the last one, which has no newline yet. Do so
    in a loop: a function that calls itself for the next line is too deep after a thousand.

    Lesson: Lines in a stream
    """
    one, two = stage.word().encode(), stage.word().encode()
    server = stage.serve("run_server")
    client = server.connect()
    assert _talk(client, one + b"\n" + two + b"\n") == _answers(one, two)
    client.receive_line()  # the end of the last answer
    letter = stage.word(1).encode()
    client.send((letter + b"\n") * MANY)
    _await_more_answers_than_calls(server, client)
    if client.has_ended:
        answers = (ANSWER + letter + b"\n") * MANY
        assert client.receive(len(answers)) == answers


@pytest.mark.rests_on("pieces")
@pytest.mark.points(2)
def test_answers_a_line_that_arrives_in_pieces_once(stage: Stage) -> None:
    """A line that arrives in pieces, also behind another line, is answered once, as one line, when its end has come.

    Look at what you do with the part of a piece that has no newline: is a line over when a piece is over?

    More: Add each piece to a buffer. As long as there is no newline in it, there is nothing to answer. What is left in
    it behind the last newline is the beginning of the next line.

    Lesson: Lines in a stream
    """
    word = stage.word().encode()
    client = stage.serve("run_server").connect()
    assert _talk(client, b"hel", b"lo " + word[:4], word[4:] + b"\n") == _answers(b"hello " + word)
    assert _talk(client, word + b"\nhel", b"lo\n") == _answers(word, b"hello")


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
    """Spaces and tabs before and after a line, or alone in it, are part of it and come back in the answer.

    Look at what you cut off before you answer: is it the end of the line and nothing else?

    More: `strip` is right for finding out whether a line is `quit`. For the answer, remove the newline, and a carriage
    return before it, with `removesuffix`.

    Lesson: Your task
    """
    lines = b"  " + stage.word().encode() + b" \t", b"  "
    client = stage.serve("run_server").connect()
    assert _talk(client, *(line + b"\n" for line in lines)) == _answers(*lines)


def test_ends_lines_at_newlines_and_nowhere_else(stage: Stage) -> None:
    """Only a newline ends a line; a form feed, a lone carriage return, U+0085 and U+2028 are part of it.

    Look at what cuts the text into lines, and off them what ends them: which characters does its documentation name?

    More: `str.splitlines` knows ten line ends, and `makefile("r")` takes a lone carriage return for one unless you give
    it `newline="\\n"`. Use `split(b"\\n")`, or a binary file. `rstrip` removes all carriage returns at the end,
    `removesuffix` one.

    Lesson: Lines in a stream
    """
    line = "one\ftwo\rthree\x85four\u2028five".encode()
    client = stage.serve("run_server").connect()
    assert _talk(client, line + b"\n") == _answers(line)
    word = stage.word().encode()
    client.send(word + b"\r\r\n")
    assert _hear(client, word + b"\r") == ANSWER + word + b"\r"


def test_answers_bytes_that_are_not_text(stage: Stage) -> None:
    """Bytes that are not UTF-8 come back as replacement characters, those that are as they came, also a U+FEFF.

    Look at the call that decodes a line: what does it do with a byte that is not UTF-8, and with the first ones?

    More: `decode(errors="replace")` puts U+FFFD in the place of such a byte. Without it `decode` raises
    `UnicodeDecodeError`. The encoding is UTF-8: `utf-8-sig` drops a U+FEFF at the start of each line.

    Lesson: Your task
    """
    word = stage.word().encode()
    client = stage.serve("run_server").connect()
    assert _talk(client, word + b"\xff" + word + b"\n") == _answers(word + "\N{REPLACEMENT CHARACTER}".encode() + word)
    marked = "\N{ZERO WIDTH NO-BREAK SPACE}".encode() + word
    assert _talk(client, marked + b"\n") == _answers(marked)


def test_answers_a_last_line_without_an_end(stage: Stage) -> None:
    """What a client has sent when it stops sending is its last line, with or without a newline, and is answered once.

    Look at what is in your buffer when `recv` returns `b""`: who answers it, and what if there is nothing in it?

    More: A client may stop sending and go on reading. After the loop, answer what is left in the buffer, if there is
    anything, before you close. After a newline there is nothing left.

    Lesson: Your task
    """
    word = stage.word().encode()
    client = stage.serve("run_server").connect()
    client.send(word)
    client.half_close()
    assert _hear(client, word) == ANSWER + word
    client = _another(stage).connect()
    client.send(word + b"\n")
    client.half_close()
    _hear(client, word)  # that a line with its newline is answered is another check's business
    assert _said(_rest(client)) == b""


@pytest.mark.points(2)
def test_closes_the_connection_after_quit_without_an_answer(stage: Stage) -> None:
    """After `quit`, with or without a newline, the program says nothing more, closes, and serves the next client.

    Look at what happens between reading `quit` and the end of that client's thread: what is sent, what is closed?

    More: Compare before you answer, leave the loop, and close the client's socket. The listening socket stays open.
    What is left when a client stops sending may be `quit`, too.

    Lesson: Quit
    """
    server = stage.serve("run_server")
    client = _join(server)
    client.send(b"quit\n")
    assert _rest(client) == b""
    client = _join(server)
    client.send(b"quit")
    client.half_close()
    assert _said(_rest(client)) == b""
    _join(server)


def test_takes_quit_in_any_case_with_spaces_around_it(stage: Stage) -> None:
    """`QuIt` with spaces, tabs, a carriage return or any other white space around it is `quit`.

    Look at what you compare with `"quit"`: what was done to the line before?

    More: `line.strip().lower() == "quit"`; `strip()` without an argument removes all white space from a text, and from
    bytes that of ASCII alone.

    Lesson: Your task
    """
    assert _closes(stage.serve("run_server").connect(), b" \tQuIt \t\r\n") == b""
    assert _closes(_another(stage).connect(), "\N{NO-BREAK SPACE}quit\N{IDEOGRAPHIC SPACE}\n".encode()) == b""


@pytest.mark.rests_on("pieces")
def test_takes_a_quit_that_arrives_in_pieces(stage: Stage) -> None:
    """`quit` is a line like any other: it may arrive as `qu` and `it`.

    Look at where you look for `quit`: in what `recv` returned, or in a line?

    More: Cut what arrives into lines first, and compare each line with `quit`.

    Lesson: Lines in a stream
    """
    assert _closes(stage.serve("run_server").connect(), b"qu", b"it\n") == b""


def test_takes_a_quit_that_follows_a_line_in_the_same_piece(stage: Stage) -> None:
    """When `hello` and `quit` arrive in one piece, the first is answered, the second closes, and no third is answered.

    Look at what happens to the second line of a piece: is it treated as the first one was?

    More: Go through all the lines of a piece, one after another, and compare each with `quit` before you answer it. At
    `quit` leave that loop, too.

    Lesson: Lines in a stream
    """
    word = stage.word().encode()
    client = stage.serve("run_server").connect()
    client.send(word + b"\nquit\n")
    assert _hear(client, word) == ANSWER + word
    assert _closes(client) == b""
    client = _join(_another(stage))
    client.send(b"quit\n" + word + b"\n")
    assert _answer_to(client, word) == b""


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
    """However slowly a client reads, and if it has stopped sending, it gets every answer whole: six of 100,000 bytes.

    Look at the call that sends an answer: does it promise to take all of it, whenever the client reads?

    More: `send` returns how many bytes it took, which may be fewer than you gave it. `sendall` goes on until all are
    taken, or until a time-out of the socket is over; a non-blocking socket needs a buffer for the rest, which is sent
    before the connection is closed.

    Lesson: Your task
    """
    server = stage.serve("run_server")
    lines = [stage.data(50_000).hex().encode() for _ in range(6)]
    client = _join(server, receive_buffer=4096, segment=1460)
    client.fill(b"\n".join(lines[:2]) + b"\n")
    client.half_close()
    for line in lines[:2]:
        assert _hear(client, line) == ANSWER + line
    client.receive_line()  # the end of the last answer
    client.close()
    client = _join(server, receive_buffer=4096, segment=1460)
    client.fill(b"\n".join(lines) + b"\n")
    stage.let_pass(DEADLINES.unread)
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
    with server.program.stopped():
        server.connect().reset()  # gone before the program can look at it
    _join(server)


@pytest.mark.rests_on("processor_time")
def test_rests_while_no_client_says_anything(stage: Stage) -> None:
    """While one client is silent and one has left, the program uses no processor time, and later it serves as before.

    Look at each loop: what does it wait in when there is nothing to do, and what does that call return or raise?

    More: At the end of the stream `recv` returns `b""` at once, again and again: leave the loop. A loop around
    non-blocking calls needs something to wait in, such as `select`, without a time-out. With `settimeout`, `accept` and
    `recv` raise `TimeoutError` when nobody says anything.

    Lesson: When a client leaves
    """
    server = stage.serve("run_server")
    client = _join(server)
    client.half_close()
    client.wait_taken()
    silent = _join(server)
    assert server.busy_share() <= 0.5
    stage.let_pass(DEADLINES.quiet)
    _ask(silent)
    silent.half_close()
    _rest(silent)
    _join(server)


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


def test_listens_only_where_it_was_told(stage: Stage) -> None:
    """The program listens on the host it was given, and on no other address; port 0 is any free port.

    Look at the address you bind: is it made of `host` and `port`, as they were given?

    More: `bind((host, port))` does it. `""` and `"0.0.0.0"` mean every address of the machine, which opens the server
    to the whole network; `port or 5555` takes 0 for no port at all.

    Lesson: Your task
    """
    host = stage.own_host()
    for _ in range(2):  # at once, so that a second one finds another port
        assert stage.serve("run_server", host).hosts() == {host}


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
    """Ctrl-C ends the program within two seconds, with exit status 0, also while clients are connected and silent.

    Look at what still runs after Ctrl-C: who ends the threads or processes that wait for a client?

    More: Make threads daemons, or wake them with `shutdown` on their clients' sockets; `close` wakes nobody. Joining
    each with a time-out takes that long for each. A bare `except`, and `continue` or `return` in `finally`, swallow
    `KeyboardInterrupt`. With asyncio, close the clients' writers yourself: since Python 3.12 a server that ends waits
    for them.

    Lesson: Starting and stopping
    """
    server = stage.serve("run_server")
    _join(server)
    for _ in range(2):
        server.connect()
        stage.settle()  # accepted now, unless only one is served at a time, which is another check's business
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
    other = server.connect()
    other.send(b"hello\n")
    assert _hear(other, b"hello") == ANSWER + b"hello"
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
    """A client that has connected, has sent a line and has had an answer."""
    client = server.connect(**options)
    _ask(client, line)
    return client


def _await_more_answers_than_calls(server: Server, client: Connection) -> None:
    """Wait for more answers than Python lets a function make calls, or the end of the connection.

    One that takes its time for each answer is right, too: it is left alone when no more come, and after a while.
    """
    since = last = server.program.own_time()
    answered = 0
    while answered <= DEEPEST and not client.has_ended:
        before, answered = answered, client.peek(0.02).count(ANSWER)
        if answered > before:
            last = server.program.own_time()
        if last.is_over(DEADLINES.quiet) or since.is_over(DEADLINES.idle):
            return


def _another(stage: Stage) -> Server:
    """A second server, on another address: one that takes port 0 for its default port is told so in one check."""
    return stage.serve("run_server", stage.own_host())


def _ask(client: Connection, line: bytes = b"hello") -> None:
    """Send a line and wait for its answer. What that says is another check's business."""
    client.send(line + b"\n")
    heard = _hear(client, line)
    answer = Answer(data=heard.data, ending=heard.ending, stop=heard.stop)
    assert answer == ANSWER + line  # nobody misses this: what follows would fail too, and say less
    if heard.data != ANSWER + line:
        client.receive_line()  # the rest of it


def _hear(client: Connection, line: bytes) -> Received:
    """The next answer, as far as it should be the one to `line`; a greeting and line ends before it are left out."""
    start = client.receive_until(ANSWER)
    if start.ending != "complete":
        return replace(start, data=_without_greeting(start.data))
    text = client.receive(len(line))
    return replace(text, data=ANSWER + text.data)


def _talk(client: Connection, *pieces: bytes) -> Received:
    """All answers to these pieces and to one more line, each ended by one newline whether it was or not."""
    client.send_pieces(*pieces, STILL_THERE + b"\n")
    heard = client.receive_until(ANSWER + STILL_THERE)
    before, *answers = heard.data.replace(b"\r\n", b"\n").split(ANSWER)
    if not answers:
        return replace(heard, data=_without_greeting(before))
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


def _before_an_answer(client: Connection) -> Received:
    """What comes before the next answer; that none comes is another check's business."""
    heard = client.receive_until(ANSWER)
    data = heard.data.removesuffix(ANSWER) if heard.ending == "complete" else b""
    return Received(data=data, ending="complete")


def _answer_to(client: Connection, line: bytes) -> Received:
    """The answer to `line` if the program gives one, and nothing if not."""
    heard = client.receive_until(ANSWER + line)
    return Received(data=ANSWER + line if heard.ending == "complete" else b"", ending="complete")


def _rest(client: Connection) -> Received:
    """What comes until the end of the stream, without the line end of an answer before it."""
    rest = client.receive_to_end()
    return replace(rest, data=rest.data.lstrip(b"\r\n"))


def _said(rest: Received) -> Received:
    """The same for a check to which it does not matter whether the end came."""
    return Received(data=rest.data, ending="complete")


def _without_greeting(data: bytes) -> bytes:
    """What is left when a greeting, and line ends before it, are left out."""
    return data.replace(b"\r\n", b"\n").lstrip(b"\n").removeprefix(GREETING)
