"""Every sentence in one golden file, to be read at once; and what must hold for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.report import wording
from grader.report.peer import peer_state
from grader.report.result import Event, EventKind, Finding, Party, Place, Stand
from grader.report.wording import conversation, frame, page
from grader.report.wording.differences import ENDINGS
from tests.report.golden import assert_golden

HELLO = b"Hello from server!\n"
CAFE = "café ok\n"
BLOB = b"".join(b"%05d " % number for number in range(2000))
PLACE = Place(file="echo_server.py", line=14, code="data = client.recv(1024)")


def stand(kind: str = "waiting", call: str = "recv", thread: str = "") -> Stand:
    return Stand(kind=kind, place=PLACE, call=call, thread=thread)  # type: ignore[arg-type]


DIFFERENCES: dict[str, tuple[bytes, bytes, str]] = {
    "same": (HELLO, HELLO, "reset"),
    "missing tail": (HELLO, HELLO[:5], "end"),
    "one byte missing": (HELLO, HELLO[:-2], "end"),
    "no line end": (HELLO, HELLO[:-1], "stuck"),
    "no CRLF": (b"GET /\r\n", b"GET /", "stuck"),
    "nothing, stuck": (HELLO, b"", "stuck"),
    "nothing, spinning": (HELLO, b"", "spinning"),
    "nothing, slow": (HELLO, b"", "slow"),
    "nothing, reset": (HELLO, b"", "reset"),
    "nothing, exit": (HELLO, b"", "exit"),
    "twice": (HELLO, HELLO * 2, "complete"),
    "three times": (HELLO, HELLO * 3, "complete"),
    "one line end more": (HELLO, HELLO + b"\n", "complete"),
    "more": (HELLO, HELLO + b"xyz", "end"),
    "CRLF": (HELLO, HELLO[:-1] + b"\r\n", "complete"),
    "LF": (b"a\r\nb\r\n", b"a\nb\n", "complete"),
    "mixed line ends": (b"a\r\nb\r\n", b"a\r\nb\n", "complete"),
    "no line ends": (b"a\rb", b"a\nb", "complete"),
    "a space": (HELLO, b"Hello  from server!\n", "complete"),
    "stripped": (b"  hello \n", b"hello", "complete"),
    "capitals": (HELLO, HELLO.upper(), "complete"),
    "a prefix": (HELLO, b"Echo: " + HELLO, "complete"),
    "one byte inside": (HELLO, b"Hello, from server!\n", "complete"),
    "a gap": (HELLO, b"Hello server!\n", "end"),
    "a gap in front": (HELLO, b"from server!\n", "end"),
    "one byte in front missing": (HELLO, HELLO[1:], "end"),
    "repr": (HELLO, str(HELLO).encode(), "complete"),
    "repr and a line end": (b"hi\n", b"b'hi'\n", "complete"),
    "Latin-1": (CAFE.encode(), CAFE.encode("latin-1"), "complete"),
    "UTF-16": (CAFE.encode(), CAFE.encode("utf-16-le"), "complete"),
    "encoded twice": (CAFE.encode(), CAFE.encode().decode("latin-1").encode(), "complete"),
    "decoded in pieces": (CAFE.encode(), "caf\ufffd\ufffd ok\n".encode(), "complete"),
    "one of several decoded in pieces": ("é ☕ é\n".encode(), "é \ufffd\ufffd é\n".encode(), "complete"),
    "question marks": (CAFE.encode(), b"caf? ok\n", "complete"),
    "left out": (CAFE.encode(), b"caf ok\n", "complete"),
    "other order": (b"a\nb\nc\n", b"a\nc\nb\n", "complete"),
    "a line twice": (b"a\nb\n", b"a\na\nb\n", "complete"),
    "something else": (HELLO, b"foo", "reset"),
    "from the middle on": (HELLO, b"Hello world\n", "end"),
    "one right": (HELLO, b"Hey", "end"),
    "a piece left out": (BLOB, BLOB[:5000] + BLOB[6000:] + b"more", "end"),
    "a piece too many": (BLOB, BLOB[:5000] + b"more" + BLOB[5000:] + b"more", "end"),
    "quotes": (b"it's\n", b'it"s\n', "complete"),
}
VALUES: dict[str, tuple[object, object]] = {
    "a number": (5, 4),
    "a larger number": (3, 5),
    "a truth": (True, False),
    "None for text": ("abc", None),
    "text for None": (None, "abc"),
    "bytes for text": ("abc", b"abc"),
    "text": ("GET / HTTP/1.1\r\n", "GET / HTTP/1.1\n"),
    "a character": ("a", "ab"),
    "decoded as Latin-1": ("café", "cafÃ©"),
    "bytes": (b"abc", b"abd"),
    "a list, short": (["a", "b"], ["a"]),
    "a list, long": (["a"], ["a", "b", "c"]),
    "a list, other": (["a", "b"], ["a", "c"]),
    "a list, order": (["a", "b"], ["b", "a"]),
    "a tuple for a list": (["a"], ("a",)),
    "a dict": ({"a": 1, "b": 2}, {"a": 3, "c": 2}),
    "long text for None": (None, "x" * 100),
    "long bytes for None": (None, b"x" * 100),
    "a huge number": (1, 10**5000),
    "a huge difference": (1, 10**20),
}
OTHERS: dict[str, Finding | str] = {
    "text": wording.text_difference("hello\n", "helo\n"),
    "unexpected": wording.unexpected_bytes(b"hello\n"),
    "unexpected byte": wording.unexpected_bytes(b"!", "end"),
    "datagrams joined": wording.datagrams_difference([b"one", b"two"], [b"onetwo"], "stuck"),
    "datagrams cut up": wording.datagrams_difference([b"onetwo"], [b"one", b"two"]),
    "datagrams missing": wording.datagrams_difference([b"1", b"2", b"3", b"4"], [b"1", b"2"]),
    "datagrams too many": wording.datagrams_difference([b"1"], [b"1", b"1"]),
    "datagrams swapped": wording.datagrams_difference([b"1", b"2"], [b"2", b"1"]),
    "a datagram differs": wording.datagrams_difference([b"one", b"two"], [b"one", b"too"]),
    "no datagrams": wording.datagrams_difference([b"one"], [], "stuck"),
    "count": wording.count_difference(1, 3, "request"),
    "wrong exception": wording.wrong_exception("TimeoutError", "OSError", "timed out"),
    "no message": wording.wrong_exception("TimeoutError", "OSError", ""),
    "returned": wording.returned_instead("ValueError", "HTTP/1.1 200 OK"),
    "raised": wording.raised_instead(3, "TypeError", "a bytes-like object is required, not 'str'"),
    "not shown": wording.not_shown("Server received: hello"),
    "not shown, nearly": wording.not_shown("Server received: hello", "Server received: hell"),
    "shown again": wording.shown_again("Disconnected from server", 2),
    "stuck": wording.stuck(stand(), wording.PEER_WAITS),
    "stuck, gone": wording.stuck(stand(call="readline"), wording.PEER_HAS_LEFT),
    "stuck, sends": wording.stuck(stand(call="sendall"), wording.PEER_READS_NOTHING),
    "stuck, no call": wording.stuck(stand(call="")),
    "stuck, thread": wording.stuck(stand(thread="Thread-1 (serve)")),
    "stuck, named thread": wording.stuck(stand(thread="receiver")),
    "stuck somewhere": wording.stuck(None, wording.PEER_HAS_FINISHED),
    "stuck, spoke first": wording.stuck(stand(), wording.PEER_HAS_CONNECTED),
    "spinning": wording.spinning(0.987, stand("spinning")),
    "spinning somewhere": wording.spinning(0.6),
    "sleeping": wording.sleeping(stand("sleeping", "sleep"), 5),
    "sleeping somewhere": wording.sleeping(),
    "slow": wording.too_slow(10.0),
    "crashed thread": wording.descriptor(stand("crashed", ""), "an exception ended it"),
    "spins": wording.descriptor(stand("spinning", "")),
    "sleeps": wording.descriptor(stand("sleeping", "")),
    "not listening": wording.not_listening("127.0.0.1:43211", 2),
    "not listening anywhere": wording.not_listening(),
    "never connected": wording.never_connected("127.0.0.1:43211"),
    "connected in silence": wording.connected_in_silence("127.0.0.1:43211"),
    "never connected anywhere": wording.never_connected(),
    "refused": wording.refused("127.0.0.1:43211"),
    "request refused": wording.request_refused("illegal header line"),
    "no version": wording.no_version(b"GET /tea\r\n"),
    "no host": wording.no_host(),
    "gave up early": wording.gave_up_early(0.0123, 0.5),
    "too many connections": wording.too_many_connections(2),
    "returned early": wording.ended_early(),
    "ended early": wording.ended_early(0),
    "a server returned": wording.returned_by_itself("run_server", wording.refused("127.0.0.1:43211")),
    "ended inside": wording.ended_inside(0),
    "signal": wording.killed_by_signal(11),
    "unknown signal": wording.killed_by_signal(99),
    "crashed": wording.crashed("ConnectionResetError", "[Errno 104] Connection reset by peer", PLACE),
    "crashed somewhere": wording.crashed("KeyError", ""),
    "exit status": wording.exit_status(3),
    "leak": wording.leak(4, 54, "open files"),
    "sockets left": wording.sockets_left(3),
    "a socket left": wording.sockets_left(1),
    "Ctrl-C": wording.still_running_after_interrupt(2),
    "elsewhere": wording.still_accepting_elsewhere("0.0.0.0:43211"),
    "no end": wording.no_end_of_stream(1),
    "closed early": wording.closed_early("the answer was complete"),
    "closed too early": wording.closed_early(),
    "reset": wording.reset_instead_of_end(),
    "cannot call": wording.cannot_call("fetch_url(url)", "fetch_url('http://127.0.0.1/', timeout=0.5)"),
    "not run": wording.not_run(2),
    "not run for time": wording.not_run_for_time(120),
    "fenced in": wording.fenced_in(),
    "not checked": wording.not_checked("datagrams of 65,507 bytes are not allowed"),
    "grader error": wording.grader_error("KeyError in grader/harness/wire.py"),
    "grader error with a traceback": wording.grader_error(
        "its worker ended with status 1: Traceback (most recent call last):\n  File ...\nKeyError: 'pid'\n"
    ),
    "output cut": wording.output_cut(1_000_000, 65536),
    "not started": wording.not_started(),
    "missing": wording.missing_file("echo_server.py"),
    "empty": wording.empty_file("echo_server.py"),
    "folder": wording.is_a_folder("echo_server.py"),
    "link": wording.not_a_regular_file("echo_server.py"),
    "large": wording.too_large("echo_server.py", 5_000_000, 1_000_000),
    "not UTF-8": wording.not_utf8(1234, 56),
    "syntax": wording.syntax_error("'(' was never closed", "echo_server.py", 12),
    "import raised": wording.import_raised("ModuleNotFoundError", "No module named 'scapy'"),
    "import raised bare": wording.import_raised("KeyError", ""),
    "import hung": wording.import_hung(5),
    "import hung, no time": wording.import_hung(),
    "import spins": wording.import_spins(5),
    "import spins, no time": wording.import_spins(),
    "import exits": wording.import_exits(3),
    "import exits, no status": wording.import_exits(None),
    "import asks": wording.import_asks_for_input(),
    "lacks": wording.lacks_function("run_echo_server", "echo_server.py"),
    "lacks, no file": wording.lacks_function("run_echo_server"),
    "left out": wording.top_level_call_left_out(23, "run_echo_server()"),
}


def told(name: str, found: Finding | str) -> str:
    """A finding as plain lines, with the caret."""
    if isinstance(found, str):
        return f"[{name}]\n{found}\n"
    lines = [f"[{name}]", found.sentence]
    if found.arrived is not None:
        lines += [f"  expected  {found.expected}", f"  arrived   {found.arrived}"]
    if found.caret is not None:
        lines.append(" " * (12 + found.caret) + "^")
    return "\n".join([*lines, *([f"  {found.difference}"] if found.difference else [])]) + "\n"


def all_findings() -> dict[str, Finding | str]:
    found: dict[str, Finding | str] = {}
    found |= {f"arrived: {name}": wording.difference(*case) for name, case in DIFFERENCES.items()}
    found |= {f"returned: {name}": wording.value_difference(*case) for name, case in VALUES.items()}
    return found | OTHERS


def test_all_sentences_read_well() -> None:
    assert_golden("wording.txt", "\n".join(told(name, found) for name, found in all_findings().items()))


def test_every_function_of_the_package_is_in_the_golden_file() -> None:
    tried = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in wording.__all__ if f"wording.{name}" not in tried and name != "place"] == []


@pytest.mark.parametrize("name", all_findings())
def test_sentences_do_not_shout_blame_or_joke(name: str) -> None:
    found = all_findings()[name]
    sentence = found if isinstance(found, str) else found.sentence
    # What stands in quotation marks or backquotes is the learner's own.
    assert "!" not in sentence or "'" in sentence
    lowered = sentence.lower()
    assert not any(word in lowered.split() for word in ("you failed", "failed", "simply", "just", "obviously", "oops"))


@pytest.mark.parametrize("name", DIFFERENCES)
def test_both_literals_are_the_same_up_to_the_caret(name: str) -> None:
    found = wording.difference(*DIFFERENCES[name])
    if found.caret is not None and found.expected and found.arrived:
        assert found.expected[: found.caret] == found.arrived[: found.caret]
        # An escape counts as one: a caret under its backslash.
        assert found.expected[found.caret :][:4] != found.arrived[found.caret :][:4]


@pytest.mark.parametrize("ending", ENDINGS)
def test_how_it_ended_stands_behind_what_arrived(ending: str) -> None:
    arrived = wording.difference(HELLO, HELLO[:5], ending).arrived
    assert arrived is not None
    assert arrived.endswith(ENDINGS[ending])


def test_what_waits_for_what_is_said_for_each_blocking_call() -> None:
    assert "for a client that will not come" in wording.descriptor(stand(call="accept"))
    assert "for a line that nobody types" in wording.descriptor(stand(call="input"))
    assert "for something that does not happen" in wording.descriptor(stand(call="frobnicate"))


def happened(*kinds: tuple[Party, EventKind], connection: int = 1) -> list[Event]:
    return [Event(at=0, source=source, kind=kind, connection=connection) for source, kind in kinds]


def test_why_a_wait_is_in_vain() -> None:
    sent = happened(("peer", "connect"), ("peer", "data"), ("program", "waiting"))
    assert peer_state(stand(), sent) == wording.PEER_WAITS
    assert peer_state(stand(), sent[:1]) == wording.PEER_HAS_CONNECTED
    assert peer_state(stand(), [*sent, *happened(("peer", "end"))]) == wording.PEER_HAS_FINISHED
    assert peer_state(stand(), [*sent, *happened(("peer", "reset"))]) == wording.PEER_HAS_LEFT
    assert peer_state(stand(call="sendall"), [*sent, *happened(("peer", "stalled"))]) == wording.PEER_READS_NOTHING


def test_why_is_not_said_where_it_is_not_known() -> None:
    sent = happened(("peer", "connect"), ("peer", "data"))
    assert peer_state(stand(), [*sent, *happened(("peer", "connect"), connection=2)]) == ""
    assert peer_state(stand("spinning"), sent) == ""
    assert peer_state(stand(call="accept"), sent) == ""
    assert peer_state(stand(call="sendall"), sent) == ""
    assert peer_state(stand(), happened(("program", "connect"))) == ""


def test_hostile_names_are_escaped() -> None:
    place = Place(file="\x1b[31m.py", line=1, code="")
    hostile = Stand(kind="waiting", place=place, call="re\ncv", thread="\u202ename")
    assert wording.stuck(hostile).sentence.isprintable()
    assert wording.crashed("\x07Error", "a\nb", place).sentence.isprintable()
    assert wording.raised_instead(1, "\x07Error", "a\nb").sentence.isprintable()


def test_a_claim_that_only_repeats_the_name_is_known() -> None:
    assert frame.says_the_same("The program echoes a message.", "echoes_a_message")
    assert not frame.says_the_same("Every byte comes back.", "echoes_a_message")


def test_words_of_the_page() -> None:
    assert page.run(1.25, 7, {"files": "landlock"}) == "1.2 s · seed 7, for --seed · files: landlock"
    assert page.who("to_program") == "the peer: "


def test_names_are_spelt_as_in_prose() -> None:
    assert frame.title("stops_at_ctrl_c_after_8_mib") == "stops at Ctrl-C after 8 MiB"
    assert frame.title("raises_value_error_for_https_urls") == "raises ValueError for HTTPS urls"


def test_of_many_protections_the_main_ones_are_named() -> None:
    many = {"ports": "landlock", "files": "landlock", "tree": "subreaper", "open_files": "limit"}
    assert frame.protected(many, all_of_them=False) == ["fenced: files, tree and 2 more"]
    assert frame.protected(many, all_of_them=True)[-1] == "open files: limit"
    assert frame.protected({"memory": "limit"}, all_of_them=False) == ["fenced: memory"]
    assert frame.protected({}, all_of_them=False) == []


def test_the_last_line_has_no_loose_ends() -> None:
    assert frame.closing(1, 2, 0.5, 7, []) == "1 of 2 points · 0.5 s · seed 7"


def test_rows_in_words() -> None:
    assert conversation.repeated(1, 3) == "this 3 times more"
    assert conversation.left_out(1, all_with_v=False) == "1 line left out"
