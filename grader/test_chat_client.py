"""Checks of `run_client`, in the order in which to solve them. Each fact is checked in one place.

Everywhere else the peer is lenient: it takes lines that end with `\\r\\n`, or not at all, and hangs up when the client
has left or said `quit`. It always greets, since a client may wait for that before it sends.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable

import pytest

from grader.course import Exercise
from grader.harness.outcome import Returns
from grader.harness.provocations import jolt
from grader.harness.received import Received
from grader.harness.stage import Stage
from grader.harness.terminal import Terminal
from grader.harness.wire import Connection

EXERCISE = Exercise(title="Chat client", order=110, functions=("run_client",), shows=1_000_000)

GREETING = b"Welcome to the chat server! Type 'quit' to exit.\n"
FAREWELL = "Disconnected from server"
NOBODY = "Could not connect to server. Is it running?"
# In all more than the kernel takes from a client whose server has little room and reads nothing: 75 KB on Linux, and
# megabytes where the size of a segment cannot be chosen.
MANY, LONG = 100 if sys.platform == "linux" else 800, 10_000
PART = MANY * LONG // 8


class Chat:
    """A conversation: the client has connected and been greeted. `user` and `server` are its two ends."""

    def __init__(self, stage: Stage, *, host: str = "127.0.0.1", narrow: bool = False) -> None:
        room = {"receive_buffer": 4096, "segment": 1460} if narrow else {}
        listener = stage.listen(host=host, **room)
        self._stage = stage
        self.program = stage.program(types=True)
        self.user = Terminal(self.program)
        self.call = self.program.call("run_client", *listener.address, last=True)
        self.server = self._greet(listener.accept())
        if self.server.has_ended:  # it may only have looked whether somebody listens
            stage.patience.until(lambda seconds: self.call.is_done() or listener.poll(seconds) is not None)
            self.server = self._greet(listener.accepted[-1])
        stage.settle()  # what happens next finds all its threads where they wait, as it mostly does

    def say_goodbye(self) -> None:
        """Send a last line, which must be shown although the client waits for the keyboard."""
        self.server.send(b"The server closes now.\n")
        self.server.wait_taken()

    def _greet(self, conn: Connection) -> Connection:
        if not conn.has_ended:
            conn.send(GREETING)
            conn.wait_taken()
        return conn

    def type_much(self) -> bytes:
        """Type many long lines; returns their text without the line ends."""
        body = self._stage.data(LONG // 2).hex()[5:]  # no word is in it by chance, least of all `quit`
        lines = [f"{number:04} {body}" for number in range(MANY)]
        self.user.type("\n".join([*lines, ""]))
        return "".join(lines).encode()

    def hang_up(self) -> None:
        """Close the connection when the client has left or said `quit`, as a server does."""
        conn = self.server
        if not self._stage.patience.until(lambda seconds: b"quit" in conn.peek(seconds) or conn.has_ended):
            conn.close()


def text(received: Received) -> Received:
    """The same without line ends, which are checked where that is the point."""
    return dataclasses.replace(received, data=received.data.replace(b"\r", b"").replace(b"\n", b""))


def receive_lines(conn: Connection, count: int) -> Received:
    """Wait for so many lines, with their ends."""
    data = b""
    for _ in range(count):
        line = conn.receive_line()
        data += line.data
        if line.ending != "complete":
            return dataclasses.replace(line, data=data)
    return Received(data=data, ending="complete")


def receive_text(conn: Connection, size: int, before: Callable[[], None] = lambda: None) -> Received:
    """Wait for `size` bytes that are no line ends, a part at a time, with something done `before` each time."""
    data = b""
    while len(data) < size:
        before()
        part = text(conn.receive(min(size - len(data), PART)))
        data += part.data
        if part.ending != "complete":
            return dataclasses.replace(part, data=data)
    return Received(data=data, ending="complete")


def test_sends_a_typed_line_with_its_end(stage: Stage) -> None:
    r"""A typed line arrives at the server at once, whole and as it was typed, with a newline at its end.

    Look at what you hand to the call that sends: how does the server learn where your line ends?

    More: `input()` gives you the line without its newline. A stream has no messages of its own, so what ends a line has
    to be sent as well: `(line + "\n").encode()`.

    Lesson: Lines in a stream
    """
    chat, line = Chat(stage), stage.word().capitalize()
    chat.user.type(f"{line}\n")
    assert chat.server.receive_line() == f"{line}\n".encode()


def test_sends_two_lines_typed_at_once_as_two(stage: Stage) -> None:
    """Two lines that are typed at once, or pasted, arrive as two lines, both at once.

    Look at what your program takes from standard input in one go: is it one line, and can another stay behind?

    More: One read may bring two lines. Keep what is left of it and look there first: `select` sees what waits in the
    pipe, not what `sys.stdin` has read already and keeps in its buffer.

    Lesson: Lines in a stream
    """
    chat, lines = Chat(stage), [stage.word(), stage.word()]
    chat.user.type("{}\n{}\n".format(*lines))
    assert receive_lines(chat.server, 2) == "{}\n{}\n".format(*lines).encode()


def test_sends_typed_text_as_utf_8(stage: Stage) -> None:
    """What is typed arrives in UTF-8, in whatever script it is written, and only a newline ends a line of it.

    Look at the places where bytes become text and text bytes: has the encoding bytes for every letter, and what cuts
    the text into lines?

    More: `str.encode()` without an argument is UTF-8, which has bytes for every character; ASCII and Latin-1 do not.
    `str.splitlines()` cuts at ten characters besides the newline.

    Lesson: Lines in a stream
    """
    chat, line = Chat(stage), f"café\f東京\u2028🙂 {stage.word()}"
    chat.user.type(f"{line}\n")
    assert chat.server.receive_until(line[-8:].encode()) == line.encode()


@pytest.mark.points(2)
def test_shows_lines_that_nobody_asked_for(stage: Stage) -> None:
    """Each line of the server is shown as soon as it comes, although nobody types anything.

    Look at what your program waits in: while it waits for the keyboard, who listens to the server?

    More: One thread cannot wait in `input()` and in `recv()`. Use a second thread for one of them (`start()`, not
    `run()`), or wait for both with `selectors`, and hold no lock while you wait.

    Lesson: Two who may speak at any time
    """
    chat = Chat(stage)
    for line in (stage.word(), stage.word()):
        chat.server.send(f"{line}\n".encode())
        assert chat.user.sees(line) == [line]


def test_shows_every_line_whatever_it_says(stage: Stage) -> None:
    """Every line of the server is shown, from the greeting on: an empty line, or the word `quit`, ends nothing.

    Look at what your program does with a line of the server before it shows it: which does it drop or take for an end?

    More: The server has left when `recv` returns `b""`. An empty line is a newline alone, `quit` is for what is typed,
    and the first line is a line like any other.

    Lesson: Two who may speak at any time
    """
    chat, first, last = Chat(stage), stage.word(), stage.word()
    greeting = GREETING.decode().strip()
    assert chat.user.sees(greeting) == [greeting]
    chat.server.send_pieces(b"\n", f"{first}\n".encode(), b"quit\n", f"{last}\n".encode())
    assert chat.user.sees(first, "quit", last) == [first, "quit", last]


def test_shows_both_lines_that_come_in_one_piece(stage: Stage) -> None:
    """Two lines of the server that arrive in one piece are both shown at once, one below the other.

    Look at what you do with what `recv` returned: how many lines does it hold, and what becomes of each?

    More: Cut at every newline there is, not at the first alone; show each line, and keep only what follows the last.

    Lesson: Lines in a stream
    """
    chat, first, second = Chat(stage), stage.word(), stage.word()
    chat.server.send(f"{first}\n{second}\n".encode())
    assert chat.user.sees(first, second) == [first, second]


@pytest.mark.points(2)
@pytest.mark.rests_on("pieces")
def test_shows_a_line_that_comes_in_pieces_once_and_whole(stage: Stage) -> None:
    """A line that comes in pieces, cut even inside a character, is shown once and whole, and so is the next one.

    Look at what you do with a piece that has no newline in it: can you print it, or even decode it, already?

    More: Collect bytes until there is a newline, keep what follows it, and decode whole lines only. A bare `except`
    hides the UnicodeDecodeError that half a character raises.

    Lesson: Lines in a stream
    """
    chat, start, rest, last = Chat(stage), stage.word(), stage.word(), stage.word()
    line = f"{start} caf\N{LATIN SMALL LETTER E WITH ACUTE} {rest}"
    # The next line begins where this one ends, in one piece that has but one newline.
    glued, end = f"{rest}\n{last[:3]}".encode(), f"{last[3:]}\n".encode()
    chat.server.send_pieces(f"{start} caf\xc3".encode("latin-1"), b"\xa9 ", glued, end)
    assert chat.user.sees(line, last) == [line, last]
    assert chat.user.has_seen(start, line) == [start]


def test_shows_a_line_of_100000_bytes_whole(stage: Stage) -> None:
    """A line of 100,000 bytes is shown as one line.

    Look at each number in your code that limits how much is read: what becomes of a line that is longer?

    More: A limit belongs to a read, not to a line: `readline(1024)` and `recv(1024)` return a part of a longer one.
    Collect parts until the newline has come. asyncio's streams take no longer line than their `limit`.

    Lesson: Lines in a stream
    """
    chat, line = Chat(stage), stage.data(50_000).hex()
    chat.server.send(f"{line}\n".encode())
    assert chat.user.sees(line) == [line]


def test_shows_a_last_line_that_has_no_end(stage: Stage) -> None:
    """What the server says last is shown even if it closes the connection without ending the line.

    Look at what is left over when the server has closed: who shows it?

    More: When `recv` returns `b""`, there may still be something in your buffer: the last line.

    Lesson: When the server leaves
    """
    chat, line = Chat(stage), stage.word()
    chat.server.send(line.encode())
    chat.server.half_close()
    assert chat.user.sees(line) == [line]


def test_goes_on_after_bytes_that_are_not_text(stage: Stage) -> None:
    """Bytes that are not UTF-8 are shown as U+FFFD and do not end the conversation: the next line is shown.

    Look at the place where bytes become text: what does it do with bytes that are none?

    More: `decode(errors="replace")` puts a replacement character in place of each bad byte; `errors="ignore"` drops
    them, and without either, `decode` raises UnicodeDecodeError.

    Lesson: Lines in a stream
    """
    chat, before, after, line = Chat(stage), f"{stage.word()}\ufffd", f"\ufffd{stage.word()}", stage.word()
    bad = f"{before}{after}".encode().replace("\ufffd".encode(), b"\xff")
    chat.server.send_pieces(bad + b"\n", f"{line}\n".encode())
    assert chat.user.sees(line) == [line]
    for part in (before, after):  # whatever the number of such characters between them
        assert chat.user.sees(part) == [part]


def test_ends_a_shown_line_at_the_newline_only(stage: Stage) -> None:
    """A line separator (U+2028) within a line is shown as part of it, like any other character.

    Look at the call that cuts the text into lines: which characters does it cut at?

    More: `str.splitlines()` cuts at ten characters besides the newline. `split("\\n")` cuts at the newline alone.

    Lesson: Lines in a stream
    """
    chat, line = Chat(stage), f"{stage.word()}\u2028{stage.word()}"
    chat.server.send(f"{line}\n".encode())
    assert chat.user.sees(line) == [line]


def test_does_not_send_lines_of_white_space(stage: Stage) -> None:
    """Empty lines, and lines of spaces and tabs, are not sent: the next line with text is what arrives.

    Look at what your program does when Enter alone is pressed, or a space and Enter: what goes out?

    More: `if line:` is true for a line of spaces, and for one that still has its newline. Ask whether something is left
    after `line.strip()`.

    Lesson: Your task
    """
    chat, line = Chat(stage), stage.word()
    for typed in ("", "   ", "\t", line):
        chat.user.type_line(typed)
    assert chat.server.receive(len(line)) == line.encode()


@pytest.mark.points(2)
def test_leaves_by_itself_when_quit_is_typed(stage: Stage) -> None:
    """A typed `quit` is sent, then the client closes and ends, although the server keeps the connection open.

    Look at what happens after `quit` was sent: what ends the part of your program that waits for the server?

    More: While a thread waits in `recv()`, `close()` neither wakes it nor tells the server; `shutdown()` does both. The
    server need not close first. A program ends when each thread has ended that is no daemon.

    Lesson: How to leave
    """
    chat = Chat(stage)
    chat.user.type("quit\n")
    assert chat.call.outcome_and_end() == Returns()
    assert text(chat.server.receive_to_end()) == b"quit"


def test_sends_quit_in_any_case_and_spaces_as_quit(stage: Stage) -> None:
    """`quit` in any case and with any spaces around it is understood, and sent to the server as `quit`.

    Look at the line you compare with `quit`, and at the bytes you send then: what is around the word in each?

    More: Compare `line.strip().lower()`, and send `quit` and a newline, not the line as it was typed.

    Lesson: How to leave
    """
    chat = Chat(stage)
    chat.user.type("  QuIt \n")
    assert text(chat.server.receive_settled(4)) == b"quit"


def test_stays_when_a_line_only_mentions_quit(stage: Stage) -> None:
    """A line in which `quit` is one word among others is a message like any other, and the client stays.

    Look at the comparison with `quit`: is it the whole line that you compare?

    More: `"quit" in line`, `line.startswith("quit")` and `endswith` are true for harmless lines. Compare with `==`.

    Lesson: How to leave
    """
    chat, word = Chat(stage), stage.word()
    lines = [f"quitting? they won't quit yet, {word}", f"{word}, never quit", stage.word()]
    for line in lines:
        chat.user.type_line(line)
    assert receive_text(chat.server, sum(map(len, lines))) == "".join(lines).encode()


@pytest.mark.points(2)
def test_leaves_at_the_end_of_the_input(stage: Stage) -> None:
    """At the end of the input (Ctrl-D, or the end of a file) the client leaves, and the function returns normally.

    Look at what your reading call does at the end of the input: does it raise, or return something empty for ever?

    More: `input()` raises EOFError, `readline()` and `os.read()` return something empty, and a `for` loop over
    `sys.stdin` ends. Take each for a wish to leave.

    Lesson: How to leave
    """
    chat = Chat(stage)
    chat.user.end_input()
    chat.hang_up()
    assert chat.call.outcome() == Returns()


def test_says_that_it_has_disconnected(stage: Stage) -> None:
    """On leaving, the client prints `Disconnected from server`, whoever has left first, and in whatever way.

    Look at each way out of your function: which of them come past the line that prints this?

    More: Print it in one place that every way out comes past, after the conversation.

    Lesson: How to leave
    """
    for leaves in ("quit", "end of input", "server"):
        chat = Chat(stage)
        if leaves == "quit":
            chat.user.type("quit\n")
            chat.hang_up()
        elif leaves == "end of input":
            chat.user.end_input()
            chat.hang_up()
        chat.server.half_close()
        if leaves != "end of input":  # a client that waits for the keyboard goes on; that it need not is another check
            chat.user.end_input()
        assert chat.user.sees(FAREWELL) == [FAREWELL]
    chat = Chat(stage)
    chat.server.reset()
    chat.user.end_input()
    if chat.call.outcome() == Returns():  # that no exception escapes is another check
        assert chat.user.sees(FAREWELL) == [FAREWELL]


@pytest.mark.points(2)
def test_ends_by_itself_when_the_server_closes(stage: Stage) -> None:
    """When the server closes the connection, the client ends within two seconds, although nobody types.

    Look at the part of your program that waits for the keyboard: how does it learn that the server has left?

    More: Nothing can wake `input()`. Let the main thread receive and return at the end of the stream, while a daemon
    thread waits for the keyboard; or wait for both with `selectors`. A thread that is no daemon keeps a program alive.

    Lesson: When the server leaves
    """
    chat = Chat(stage)
    chat.say_goodbye()
    chat.server.half_close()
    assert chat.call.outcome_in_time_and_end() == Returns()


def test_ends_by_itself_when_the_server_resets(stage: Stage) -> None:
    """When the server resets the connection, the client ends as if it had been closed: no exception escapes.

    Look at each call that uses the socket, `shutdown` too: what does it raise when the connection is gone?

    More: `recv` raises ConnectionResetError, and `shutdown` OSError. Catch them, and leave as you do at the end of the
    stream.

    Lesson: When the server leaves
    """
    chat = Chat(stage)
    chat.say_goodbye()
    chat.server.reset()
    assert chat.call.outcome_in_time() == Returns()


def test_ends_when_the_server_resets_while_it_sends(stage: Stage) -> None:
    """When the server resets the connection while a line is being sent, the client ends, and no exception escapes.

    Look at the call that sends: what does it raise when the server is gone, and who catches that?

    More: `sendall` raises BrokenPipeError or ConnectionResetError, both of them ConnectionError. Catch it and leave.

    Lesson: When the server leaves
    """
    chat = Chat(stage, narrow=True)
    chat.type_much()
    chat.user.wait_at_rest()
    chat.server.reset()
    assert chat.call.outcome_in_time() == Returns()


def test_says_that_nobody_is_listening(stage: Stage) -> None:
    """When nobody listens, the client prints `Could not connect to server. Is it running?` and returns.

    Look at everything that runs after a failed `connect`: which names exist then, and which exception is it?

    More: `connect` raises ConnectionRefusedError, an OSError: the more special `except` has to come first. What
    `finally` uses must exist, and `connect_ex` raises nothing at all.

    Lesson: When the server leaves
    """
    port = stage.refusing_port()
    program = stage.program(types=True)
    call = program.call("run_client", "127.0.0.1", port, last=True)
    assert Terminal(program).sees(NOBODY) == [NOBODY]
    assert call.outcome() == Returns()


def test_connects_to_the_host_it_was_given(stage: Stage) -> None:
    """The client connects to the host that it was given, whether by address or by name.

    Look at the address you connect to: is it made of `host` and `port`, as they were given?

    More: `host` is `localhost` only if nothing else is given. Use the parameters, not their default values. `connect`
    and `create_connection` take names as well as addresses; `inet_aton` does not.

    Lesson: Your task
    """
    for host in (stage.own_host(), "localhost"):
        Chat(stage, host=host)  # waits until the client connects there


def test_sends_a_line_of_100000_characters_whole(stage: Stage) -> None:
    """A typed line of 100,000 characters arrives as one line.

    Look at how much your program reads from standard input at a time: does it take each part for a line, or for text?

    More: A read with a limit returns a part of a long line, which may end inside a character. Collect bytes until the
    newline has come, or let `sys.stdin` do so.

    Lesson: Lines in a stream
    """
    body = stage.data(43_000).hex()
    # Each "é" begins at an odd place, so that every read of a round number of bytes that ends there cuts it in two.
    chat, line = Chat(stage), "é".join([body[:7], *(body[at : at + 6] for at in range(7, len(body), 6))])[:100_000]
    chat.user.type(f"{line}\n")
    assert chat.server.receive(len(line.encode())) == line.encode()


@pytest.mark.points(2)
@pytest.mark.rests_on("short_sends")
def test_sends_everything_to_a_server_that_reads_slowly(stage: Stage) -> None:
    """Every byte of many long lines arrives, in order, however slowly the server reads.

    Look at the call that sends: does it promise to take all of a line?

    More: `send` returns how many bytes it took, which may be fewer than you gave it. `sendall` goes on until all are
    taken.

    Lesson: When the server is slow
    """
    chat = Chat(stage, narrow=True)
    expected = chat.type_much()
    chat.user.wait_at_rest()
    assert receive_text(chat.server, len(expected), lambda: jolt(chat.program)) == expected


def test_has_sent_everything_typed_before_quit(stage: Stage) -> None:
    """All lines that were typed before `quit` arrive, although the server reads them late.

    Look at what may still wait to be sent when `quit` is read: who sees to it before the client leaves?

    More: What waits in a queue, in a thread or in asyncio's writer is lost when the function returns. Wait for it:
    `join()` the thread or the queue, `await writer.drain()` and `wait_closed()`.

    Lesson: When the server is slow
    """
    chat = Chat(stage, narrow=True)
    expected = chat.type_much()
    chat.user.type("quit\n")
    chat.user.wait_at_rest(and_awake=True)
    assert receive_text(chat.server, len(expected)) == expected


def test_has_sent_everything_when_the_input_ends(stage: Stage) -> None:
    """All lines that were typed before the end of the input arrive, although the server reads them late.

    Look at what may still wait to be sent when the input ends: who sees to it before the client leaves?

    More: What waits in a queue, in a thread or in asyncio's writer is lost when the function returns. Wait for it:
    `join()` the thread or the queue, `await writer.drain()` and `wait_closed()`.

    Lesson: When the server is slow
    """
    chat = Chat(stage, narrow=True)
    expected = chat.type_much()
    chat.user.end_input()
    chat.user.wait_at_rest(and_awake=True)
    assert receive_text(chat.server, len(expected)) == expected


@pytest.mark.rests_on("processor_time")
def test_sleeps_while_nothing_happens(stage: Stage) -> None:
    """While nobody types and the server says nothing, the program uses no processor time.

    Look at the loop that waits: does something in it wait, or does it ask again and again?

    More: A loop around non-blocking calls needs something to wait in, such as `select`; or let `recv` block in a thread
    of its own.

    Lesson: Two who may speak at any time
    """
    assert Chat(stage).program.busy_share() <= 0.5
