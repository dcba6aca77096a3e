"""Folding and cutting a conversation, and the words beside its rows."""

from __future__ import annotations

from grader.report.ladder import LIMIT, connections, label, rows
from grader.report.result import Event
from grader.report.rung import SHAPES, Row
from tests.report.examples import BLOB, event, leaking, server_start


def labels(drawn: tuple[Row, ...], width: int = 48) -> list[str]:
    return [label(row, width) for row in drawn]


def data(count: int, *, on: int = 1, size: int = 4) -> list[Event]:
    return [event(n, "program", "data", BLOB[n : n + size], on=on) for n in range(count)]


def test_few_rows_are_left_alone() -> None:
    events = [event(0, "peer", "data", b"qu"), event(1, "peer", "data", b"it\n")]
    assert labels(rows(events)) == ["b'qu'", "b'it\\n'"]


def test_a_servers_log_is_left_out_unless_all_is_asked_for() -> None:
    log = event(1, "program", "shown", b"[NEW CONNECTION]\n", on=0)
    assert [row.kind for row in rows([*server_start(), log])] == ["listening", "connect"]
    assert [row.kind for row in rows([*server_start(), log], limit=None)] == ["listening", "connect", "shown"]
    assert [row.kind for row in rows([log])] == ["shown"]


def test_all_rows_without_a_limit() -> None:
    assert len(rows(data(500), limit=None)) == 500


def test_pieces_in_one_direction_are_joined() -> None:
    drawn = rows([*server_start(), *data(500)])
    assert len(drawn) == 3
    assert (drawn[2].pieces, drawn[2].size) == (500, 2000)
    assert "(2,000 bytes, in 500 pieces)" in label(drawn[2], 48)


def test_long_pieces_keep_their_first_and_last_bytes() -> None:
    joined = rows(data(20, size=2048))[0]
    assert joined.data == BLOB[:1024] + BLOB[19 + 1024 : 19 + 2048]


def test_three_pieces_stay_apart_even_in_a_long_conversation() -> None:
    events = [*data(3), event(5, "peer", "data", b"x"), *data(20)]
    assert [row.pieces for row in rows(events)] == [1, 1, 1, 1, 20]


def test_other_directions_connections_and_notes_are_not_joined() -> None:
    events = [event(n, "program", "data", b"x", on=n % 2, note="") for n in range(30)]
    assert all(row.pieces == 1 for row in rows(events))
    noted = [event(n, "program", "data", b"x", note="waits") for n in range(30)]
    assert all(row.pieces == 1 for row in rows(noted))


def test_what_comes_again_and_again_is_told_once() -> None:
    drawn = rows(leaking().conversation)
    assert len(drawn) == 7
    assert drawn[-1].note == "these 4 lines 49 times more"


def test_one_row_again_and_again() -> None:
    events = [event(n, "peer", "connect", on=n) for n in range(20)]
    assert labels(rows(events)) == ["connects", "this 19 times more"]


def test_what_is_still_too_long_keeps_its_end() -> None:
    events = [event(n, "peer" if n % 3 else "program", "connect" if n % 5 else "end") for n in range(60)]
    drawn = rows(events)
    assert len(drawn) == LIMIT
    assert drawn[3].note == "46 lines left out, all with -v"
    assert drawn[-1].at == 0.059


def test_events_that_were_not_kept_are_counted() -> None:
    assert "9 events not kept" in labels(rows(data(2), left_out=9))


def test_connections_are_counted() -> None:
    assert connections(rows(server_start())) == 1
    assert connections(rows(leaking().conversation, limit=None)) == 51


def test_bytes_are_shown_whole_if_they_fit() -> None:
    row = rows([event(0, "peer", "data", b"GET / HTTP/1.1\r\n\r\n")])[0]
    assert label(row, 40) == "b'GET / HTTP/1.1\\r\\n\\r\\n'"
    assert label(row, 24) == "b'GET / HT … \\r\\n\\r\\n' (18 bytes)"


def test_pieces_that_fit_are_shown_whole_with_their_number() -> None:
    drawn = rows([event(n, "peer", "data", b"a") for n in range(16)])
    assert label(drawn[0], 60) == "b'aaaaaaaaaaaaaaaa' (16 bytes, in 16 pieces)"


def test_nothing_is_said_in_words() -> None:
    assert labels(rows([event(0, "program", "datagram"), event(0, "program", "data")])) == [
        "an empty datagram",
        "nothing",
    ]


def test_every_kind_of_event_has_a_shape_and_words() -> None:
    for kind in SHAPES:
        row = rows([event(0, "program", kind, b"x", note="something")])[0]
        assert label(row, 40)


def test_notes_are_made_safe() -> None:
    assert labels(rows([event(0, "program", "raised", note="\x1b[31m\nError")])) == ["raises \\x1b[31m\\nError"]
