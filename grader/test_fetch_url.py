"""Checks of `fetch_url`, in the order in which to solve them.

Each fact is checked in one place. Everywhere else the peer takes a request as it comes, ends the stream, asked or not,
and takes the body for the page where the header is not returned. Where we may listen at port 80 the URLs name
no port, so that a program which ignores the port fails the checks of the port and no other; one that cannot do without
a port is then given one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time

import h11
import pytest

from fixtures.peers.http_server import answer, build_response, is_complete, parse_request, parse_request_line, tidied
from grader.course import Exercise
from grader.harness.call import Call
from grader.harness.findings import CheckFailed, NotChecked
from grader.harness.listener import Listener, own_loopback
from grader.harness.outcome import Outcome, Raises, Returns
from grader.harness.received import Received
from grader.harness.stage import Stage
from grader.harness.wire import Connection
from grader.report import wording

EXERCISE = Exercise(title="Fetch a URL", order=70, functions=("fetch_url",))

PAGE = build_response(b"a page")
HALF = PAGE[:-3]
TIMEOUT = 0.3  # seconds, given to programs that wait for nothing; on a busy machine it only runs out earlier or later
SILENCE = 0.5  # the same where the program may not give up before most of it is over


@dataclasses.dataclass(frozen=True, kw_only=True)
class Visit:
    """A call under way, and the connection on which it has sent something to a peer."""

    call: Call
    listener: Listener
    conn: Connection


def url(listener: Listener, rest: str = "/tea", scheme: str = "http") -> str:
    """The address of a peer, with the port unless it is 80; `rest` is what follows."""
    host, port = listener.address
    return f"{scheme}://{host}{'' if port == 80 else f':{port}'}{rest}"


def visit(
    stage: Stage, rest: str = "/tea", scheme: str = "http", *, host: str = "127.0.0.1", last: bool = False
) -> Visit:
    """A program comes to a peer at port 80, or to one at `host` where the system does not let us have that port.

    One that does not come to port 80 is given a URL with a port: a missing port is another check's business.
    """
    listener = stage.listen_at(80) or stage.listen(host=host)
    try:
        return visit_at(listener, stage, url(listener, rest, scheme), last=last)
    except CheckFailed as failed:
        if failed.stop or listener.accepted or listener.port != 80:
            raise
    listener = stage.listen(host=host)
    return visit_at(listener, stage, url(listener, rest, scheme), last=last)


def visit_at(listener: Listener, stage: Stage, address: str, *, last: bool = False) -> Visit:
    """A program comes to this peer. With `last` it ends after the call."""
    call = stage.program().call("fetch_url", address, last=last)
    return Visit(call=call, listener=listener, conn=listener.accept_speaking())


def visit_again(earlier: Visit) -> Visit:
    """The same program comes once more."""
    call = earlier.call.program.call("fetch_url", url(earlier.listener))
    return Visit(call=call, listener=earlier.listener, conn=earlier.listener.accept_speaking())


def target(visit: Visit) -> Received:
    """What a request asks for, whatever it does with its answer."""
    line = visit.conn.receive_line()
    visit.conn.send(PAGE)
    visit.conn.half_close()
    return dataclasses.replace(line, data=parse_request_line(line.data).target.encode("latin-1"))


def whole_request(visit: Visit) -> Received:
    """All that the program sends until it has its answer and has ended."""
    visit.conn.send(PAGE)
    visit.conn.half_close()  # not close(): what is still coming would make that a reset
    return visit.conn.receive_to_end()


def answered(visit: Visit, *pieces: bytes) -> Outcome:
    """What comes of a call that is answered with these pieces, each arriving alone, and the end of the stream."""
    visit.conn.send_pieces(*pieces)
    visit.conn.half_close()
    return visit.call.outcome()


def expected(outcome: Outcome, page: bytes) -> str:
    """The text of a page, in the form in which this program returns pages: one check asks for header and line ends."""
    got = outcome.value if isinstance(outcome.value, str) else ""
    text, line_end = page.decode("utf-8", errors="replace"), "\r\n"
    if "\n" in got and line_end not in got:
        text, line_end = text.replace(line_end, "\n"), "\n"
    header, _, body = text.partition(line_end * 2)
    lines = [*header.split(line_end), "", body]
    forms = [line_end.join(lines[left_out:]) for left_out in range(len(lines))]
    return got if got in forms else text if "HTTP/" in got else body


def expected_with_its_header(outcome: Outcome, page: bytes) -> str:
    """The same, whatever stands in the header that this program returns."""
    got = outcome.value if isinstance(outcome.value, str) else ""
    header, empty_line, _ = got.partition("\r\n\r\n")
    return header + empty_line + page.decode().partition("\r\n\r\n")[2] if empty_line else expected(outcome, page)


def host_lines(request: bytes) -> Received:
    """The Host lines of a request, as a strict server reads it. Raises `CheckFailed` where it would not.

    A version that is missing is added: another check asks for it.
    """
    first_line, line_end, headers = tidied(request).partition(b"\r\n")
    if not parse_request_line(first_line).version:
        first_line += b" HTTP/1.1"
    try:
        parsed = parse_request(first_line + line_end + headers)
    except h11.RemoteProtocolError as error:
        raise CheckFailed(wording.request_refused(str(error))) from None
    hosts = parsed.header("host") if parsed else []
    if not hosts:
        raise CheckFailed(wording.no_host())
    return Received(data="\r\n".join(f"Host: {host.lower()}" for host in hosts).encode("latin-1"), ending="complete")


def receive_request(stage: Stage, conn: Connection) -> bytes:
    """Wait for the empty line of a request, or until the program waits for an answer without having sent it."""
    stage.patience.until(lambda seconds: is_complete(conn.peek(seconds)) or conn.has_ended)
    return conn.buffered()


def stays_open(stage: Stage, conn: Connection) -> bool:
    """Whether the server would keep the connection open after its response to this request."""
    _answer, stays = answer(tidied(receive_request(stage, conn)))
    return stays


def connected(stage: Stage, listener: Listener, call: Call) -> list[Connection]:
    """The connection that the program makes, or none if its call is over without one."""
    before = len(listener.accepted)
    stage.patience.until(lambda seconds: call.is_done() or listener.poll(seconds) is not None)
    return listener.accepted[before:]


def comes(listener: Listener) -> list[Connection]:
    """The connection on which something is sent, or none if the call is over before: a short time-out may run out."""
    with contextlib.suppress(CheckFailed):
        return [listener.accept_speaking()]
    return []


def has_returned(call: Call) -> bool:
    """Whether a call has returned already: with half a response, which is the business of the check of pieces."""
    return call.is_done() and call.outcome() == Returns()


def half_answered_and_reset(visit: Visit) -> Outcome | None:
    """What comes of a call whose connection is reset in the middle of the response; None if it has returned before."""
    visit.conn.send(HALF)
    visit.conn.wait_taken()  # a program that is still sending may get another error than this one
    returned = has_returned(visit.call)
    visit.conn.reset()
    outcome = visit.call.outcome()
    return None if returned else outcome


def lose_patience(earlier: Visit) -> None:
    """The same program comes again and gets no answer. If its time-out does not end the call, the stream's end does."""
    program, listener = earlier.call.program, earlier.listener
    call = program.call("fetch_url", url(listener), TIMEOUT)
    conns, since = comes(listener), program.own_time()
    program.wait_until(lambda: call.is_done() or since.is_over(2 * TIMEOUT))
    for conn in conns:
        conn.half_close()
    call.outcome()


def test_asks_for_the_path_in_the_url(stage: Stage) -> None:
    """The request goes to the URL's host and port, and its first line asks with GET for its path, letter by letter.

    Look at how you take the URL apart: which part says where to connect, and which part do you ask for?

    More: Between `://` and the next `/` stand host and port. All that follows, as it is written, is the second word
    of the request's first line; `GET` and the version of HTTP are the others.

    Lesson: From the URL to the request
    """
    path = f"/Tea:2/{stage.word().upper()}/Green%20leaves/"
    line = visit(stage, path, host=own_loopback()).conn.receive_line()
    request = parse_request_line(line.data)
    asked = dataclasses.replace(line, data=f"{request.method} {request.target}".encode("latin-1"))
    assert asked == f"GET {path}".encode()
    if not request.version:
        raise CheckFailed(wording.no_version(line.data))


@pytest.mark.points(2)
def test_ends_each_line_and_the_request_as_http_wants(stage: Stage) -> None:
    r"""Each line of the request ends with `\r\n`, an empty line ends the request, and nothing comes after it.

    Look at the bytes you send, one by one: what stands at the end of each line, and how does a server know that no
    more headers follow?

    More: Print the request with `repr()` before you send it. Every line ends with the same two characters, and the
    last four are `\r\n\r\n`.

    Lesson: The bytes of a request
    """
    request = whole_request(visit(stage, last=True))
    assert request == tidied(request.data)


@pytest.mark.points(2)
def test_names_host_and_port_in_one_host_header(stage: Stage) -> None:
    """The request has one `Host` header, with host and port as in the URL, and a strict server can read it.

    Look at the header that tells a server which site you mean: is it there, once, and would it be another site at
    another port?

    More: At any port but 80 the port belongs to the name: `Host: localhost:8000`. HTTP/1.1 refuses a request without
    `Host`, one with two, and a header line that begins with a space.

    Lesson: The bytes of a request
    """
    listener = stage.listen()
    request = whole_request(visit_at(listener, stage, f"http://localhost:{listener.port}/tea", last=True))
    assert host_lines(request.data) == f"Host: localhost:{listener.port}".encode()


def test_returns_status_line_headers_and_body(stage: Stage) -> None:
    """The text returned is all that the server sent, from the status line to the last letter of the body.

    Look at what happens to the bytes between `recv()` and `return`: is anything cut off, split, translated or added?

    More: Nothing has to be taken apart. Join the bytes, decode them, return the text; the line ends stay as they are.

    Lesson: Where a response ends
    """
    page = build_response(f"one\r\n\r\n{stage.word()}\n\nthree\r\n".encode(), "404 Not Found", "X-Tea:  green ")
    assert answered(visit(stage), page) == page.decode()


def test_asks_for_a_slash_when_there_is_no_path(stage: Stage) -> None:
    """A URL without a path asks for `/`.

    Look at the first line of your request when the URL ends after the port: what stands between GET and HTTP?

    More: An empty path is written `/` in a request. Print the first line for `http://localhost:8000`.

    Lesson: From the URL to the request
    """
    assert target(visit(stage, "")) == b"/"


def test_asks_with_the_query_but_without_the_fragment(stage: Stage) -> None:
    """The query is part of what is asked for, as it is written; the fragment is not sent.

    Look at the parts that may follow a path: which character begins each, and which of them is the server's business?

    More: What follows `?` goes into the request unchanged, with its `%20`. What follows `#` stays at home.

    Lesson: From the URL to the request
    """
    query = f"{stage.word()}=1&size=%20small?"
    first = visit(stage, f"/tea?{query}#offers")
    assert target(first) == f"/tea?{query}".encode()
    assert target(visit_at(first.listener, stage, url(first.listener, "/tea#offers"))) == b"/tea"


def test_puts_a_slash_before_a_query_without_a_path(stage: Stage) -> None:
    """`http://host:port?x=1` asks for `/?x=1`: host and port end where a slash, a query or a fragment begins.

    Look at where you think host and port end: which characters may come next, besides a slash?

    More: A URL may have a query and no path. The request still begins with a slash, and the query follows it.

    Lesson: From the URL to the request
    """
    query, listener = f"{stage.word()}=/1", stage.listen()
    assert target(visit_at(listener, stage, url(listener, f"?{query}"))) == f"/?{query}".encode()
    visit_at(listener, stage, url(listener, "#offers"))  # what it asks for is the business of two other checks


def test_understands_a_scheme_in_capital_letters(stage: Stage) -> None:
    """`HTTP://` means the same as `http://`.

    Look at the line that recognises the scheme: does it compare letters or meanings?

    More: Only the scheme and the host may be written in any case. `urlsplit()` gives the scheme in small letters.

    Lesson: From the URL to the request
    """
    assert target(visit(stage, scheme="HTTP")) == b"/tea"


def test_goes_to_port_80_when_the_url_names_none(stage: Stage) -> None:
    """A URL without a port means port 80.

    Look at the port you connect to: where does it come from when the URL does not say?

    More: A missing port is neither an error nor an empty number. HTTP has a port for this case.

    Lesson: From the URL to the request
    """
    listener = stage.listen_at(80)
    call = stage.call("fetch_url", f"http://{own_loopback()}/tea")
    if listener:
        listener.accept()
    elif stage.attempt((own_loopback(), 80)) == "refused":  # the system reserves the port, and nobody has it
        assert call.outcome() == Raises(ConnectionRefusedError)  # nobody misses this: where it runs is a rare system
    else:
        raise NotChecked("the grader may not listen at port 80, and somebody else does")


@pytest.mark.points(2)
def test_returns_a_response_that_comes_in_pieces(stage: Stage) -> None:
    """A response that comes in pieces, cut in its empty line and in its last character, is returned whole.

    Look at what you do with each piece: is it enough to be understood by itself, and how do you know that another
    one follows?

    More: `recv()` returns what has arrived, and only `b""` says that it was all. Half of `é` can be decoded when the
    other half is there.

    Lesson: Where a response ends
    """
    page = build_response(f"☕ {stage.word()} café".encode())
    in_empty_line, in_character = page.index(b"\n\r\n") + 2, page.index(b"\xa9")
    pieces = page[:9], page[9:in_empty_line], page[in_empty_line:in_character], page[in_character:]
    outcome = answered(visit(stage), *pieces)
    assert outcome == expected(outcome, page)


def test_returns_a_response_of_five_million_bytes(stage: Stage) -> None:
    """A response of five million bytes is returned whole, also one that does not announce its length.

    Look at the loop that reads: what ends it, and does each byte that `recv()` returns find its place?

    More: No buffer is as long as a response may be. Read until the end of the stream, and keep all of each piece. To a
    program that asks it to close, a server need not tell the length.

    Lesson: Where a response ends
    """
    body, visited = stage.data(2_500_000).hex().encode(), visit(stage)
    announced = stays_open(stage, visited.conn)
    page = build_response(body) if announced else b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body
    outcome = answered(visited, page[:9], page[9:])
    assert outcome == expected(outcome, page)


def test_replaces_bytes_that_are_not_utf_8(stage: Stage) -> None:
    """Bytes that are not UTF-8 become U+FFFD, the replacement character; all else is returned, a byte order mark too.

    Look at how you turn bytes into text: what does it do with a byte that is no character, and at the very end with
    half of one?

    More: `bytes.decode()` takes a second argument that says what to do with bytes it cannot decode.

    Lesson: Where a response ends
    """
    page = build_response(b"\xef\xbb\xbf\xff caf\xe9, " + stage.word().encode() + b", and at the end half an \xc3")
    outcome = answered(visit(stage), page)
    assert outcome == expected(outcome, page)


@pytest.mark.points(2)
def test_returns_as_soon_as_the_response_is_complete(stage: Stage) -> None:
    """The call returns when the response is complete, also with a server that would keep the connection open.

    Look at how your program learns that the response is complete: has it asked the server to close, or does it count
    what the server announced?

    More: Reading to the end of the stream works when the request says `Connection: close`. If you count: the header
    may be spelled `content-length:5`, it counts bytes after the empty line, and a piece may end anywhere.

    Lesson: Where a response ends
    """
    text = f"{stage.word()} café".encode()
    headers = b"X-Uncompressed-Content-Length: 1\r\ncontent-length:%d" % len(text)
    page = b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n\r\n" + text
    visited = visit(stage)
    if stays_open(stage, visited.conn):
        in_empty_line = page.index(b"\n\r\n") + 2
        visited.conn.send_pieces(page[:in_empty_line], page[in_empty_line:-1], page[-1:])
        outcome = visited.call.outcome()
    else:
        outcome = answered(visited, page)
    assert outcome == expected_with_its_header(outcome, page)


def test_returns_a_body_shorter_than_announced(stage: Stage) -> None:
    """When the server ends the stream before the announced length, the call returns what came.

    Look at what your program does at the end of the stream: does it insist on a length?

    More: The announced length may tell you that you have everything. At the end of the stream, return what there is.

    Lesson: Where a response ends
    """
    page = build_response(stage.word().encode() + bytes(491))[:-491]
    outcome = answered(visit(stage), page)
    assert outcome == expected(outcome, page)


def test_refuses_any_scheme_but_http(stage: Stage) -> None:
    """`https://` and every other scheme is a ValueError, before a byte is sent, and also when nobody listens.

    Look at what your program does before it connects: does it know which scheme the URL has?

    More: Compare the scheme with the only one you can speak, first of all, and raise ValueError for the rest.

    Lesson: When it goes wrong
    """
    listener, nobody = stage.listen(), stage.refusing_port()
    for scheme, port in ("https", listener.port), ("ftp", listener.port), ("https", nobody):
        call = stage.call("fetch_url", f"{scheme}://127.0.0.1:{port}/tea")
        for conn in connected(stage, listener, call):
            conn.send(PAGE)
            conn.half_close()
            assert conn.receive_to_end() == b""
        assert call.outcome() == Raises(ValueError)


def test_raises_connection_refused_when_nobody_listens(stage: Stage) -> None:
    """The caller gets a ConnectionRefusedError when nobody listens at that port.

    Look at what becomes of an error in connecting: does the caller see it, or something else in its place?

    More: Let the exception through. A `return` in `finally`, an `except` that answers with a text, a `close()` of a
    socket that was never made: each hides it.

    Lesson: When it goes wrong
    """
    stage.opens(80)  # refused there too, not forbidden: a program that ignores the port is another check's business
    call = stage.call("fetch_url", f"http://127.0.0.1:{stage.refusing_port()}/tea")
    assert call.outcome() == Raises(ConnectionRefusedError)


def test_raises_connection_error_when_the_server_resets(stage: Stage) -> None:
    """The caller gets a ConnectionError when the server resets the connection in the middle of its response.

    Look at what your program does when `recv()` raises: could the caller take half a page for a whole one?

    More: A reset is not the end of the stream. `recv()` raises ConnectionResetError; let the caller have it.

    Lesson: When it goes wrong
    """
    outcome = half_answered_and_reset(visit(stage))
    if outcome is not None:
        assert outcome == Raises(ConnectionError)


def test_closes_the_socket_of_each_call(stage: Stage) -> None:
    """Each call closes the socket it has opened, also when it ends with an exception.

    Look at every way out of your function: who closes the socket there, and does anything still hold on to it?

    More: `with` closes a socket on every way out. A list or a dictionary that keeps it keeps it open.

    Lesson: When it goes wrong
    """
    nobody = f"http://127.0.0.1:{stage.refusing_port()}/tea"
    first = visit(stage)
    program = first.call.program
    answered(first, PAGE)
    before = program.holdings()
    for _ in range(7):  # more than may remain, `meters.ALLOWANCE`
        answered(visit_again(first), PAGE)
        program.call("fetch_url", nobody).outcome()
        half_answered_and_reset(visit_again(first))
    lose_patience(first)
    assert program.holdings(before) <= before


@pytest.mark.points(2)
def test_raises_timeout_error_when_the_server_never_answers(stage: Stage) -> None:
    """The caller gets a TimeoutError when nothing arrives for `timeout` seconds, also in the middle of a response.

    Look at the time-out you are given: does it reach the socket before it reads, and what happens when it runs out?

    More: A socket waits for ever unless it has a time-out, in seconds and fractions of them. When that runs out,
    `recv()` raises TimeoutError, which is what the caller should get, whatever came before.

    Lesson: When it goes wrong
    """
    first = visit(stage)
    answered(first, PAGE)  # it is known now where programs come
    half = stage.call("fetch_url", url(first.listener), TIMEOUT)
    for conn in comes(first.listener):
        conn.send(HALF)
        conn.wait_taken()
    is_content = has_returned(half)
    program = stage.program()
    program.wait_loaded()  # so that what is measured is the call alone
    began = time.monotonic()
    silent = program.call("fetch_url", url(first.listener), SILENCE)
    for conn in comes(first.listener):
        receive_request(stage, conn)
    assert silent.outcome() == Raises(TimeoutError)
    seconds = time.monotonic() - began
    if not is_content:
        assert half.outcome() == Raises(TimeoutError)
    if seconds < 0.8 * SILENCE:  # a fifth for what a program rounds; a busy machine only makes it more
        raise CheckFailed(wording.gave_up_early(seconds, SILENCE))


def test_raises_timeout_error_when_connecting_takes_too_long(stage: Stage) -> None:
    """The caller gets a TimeoutError when the connection is not made within `timeout` seconds.

    Look at the order of your calls: is the time-out set when the program connects?

    More: `settimeout()` holds for the calls after it. Set it before `connect()`, or hand it to `create_connection()`.

    Lesson: When it goes wrong
    """
    call = stage.call("fetch_url", f"http://127.0.0.1:{stage.unanswering_port()}/tea", TIMEOUT)
    assert call.outcome() == Raises(TimeoutError)
