"""A recorded conversation as the rows of a ladder: what to draw, folded and cut, for terminal and page alike.

Rows hold safe text only. How a row looks is the writers' business: `shape` says what to draw between the two
columns, `direction` which way.
"""

from __future__ import annotations

from collections.abc import Sequence

from grader.report.folding import HALF_KEPT, blocks_folded, cut, fold, pieces_joined
from grader.report.literals import bytes_literal, count, ends_literal, safe, shortened
from grader.report.result import Event
from grader.report.rung import SHAPES, Row
from grader.report.wording import conversation as words

LIMIT = 15


def rows(
    events: Sequence[Event], *, limit: int | None = LIMIT, left_out: int = 0, all_with_v: bool = True
) -> tuple[Row, ...]:
    """The rows to draw: all of them without a `limit`, else folded and cut until they are about that many.

    `left_out` events were never recorded. `all_with_v` says so where something is cut: in the terminal, not on a page.
    """
    # What a server prints is its log, and no part of the conversation.
    serves = limit is not None and any(event.kind == "listening" for event in events)
    drawn = [_row(event) for event in events if not (serves and event.kind == "shown")]
    if left_out:
        drawn.insert(len(drawn) // 2, fold(words.not_kept(left_out)))
    if limit is None or len(drawn) <= limit:
        return tuple(drawn)
    drawn = pieces_joined(drawn)
    if len(drawn) > limit:
        drawn = blocks_folded(drawn)
    return tuple(drawn if len(drawn) <= limit else cut(drawn, limit, all_with_v))


def connections(drawn: Sequence[Row]) -> int:
    """How many connections are seen: with one, its number is not worth showing."""
    return len({row.connection for row in drawn if row.connection})


def label(row: Row, width: int) -> str:
    """The words beside the row, in about `width` columns."""
    if row.shape == "fold":
        return row.note
    note = shortened(row.note, 2 * width - 10)  # a call with its arguments deserves two lines
    if row.kind in ("data", "datagram", "lost", "doubled", "swapped", "typed", "shown"):
        return words.joined(
            row.kind, _what(row, width - len(words.action(row.kind)) - 2) + (f", {note}" if note else "")
        )
    return words.joined(row.kind, note)


def _what(row: Row, width: int) -> str:
    """The bytes: whole if they fit, else cut, with their number."""
    if not row.size:
        return words.empty(row.kind)
    size = f" ({count(row.size, 'byte')}{', ' + words.pieces(row.pieces) if row.pieces > 1 else ''})"
    whole = bytes_literal(row.data, len(row.data) * 4)
    if len(row.data) == row.size and row.pieces == 1 and len(whole) <= width:
        return whole
    room = max(16, width - len(size))
    if len(row.data) == row.size and len(whole) <= room:
        return whole + size
    return ends_literal(row.data[:HALF_KEPT], row.data[-HALF_KEPT:], room) + size


def _row(event: Event) -> Row:
    return Row(
        at=event.at,
        shape=SHAPES[event.kind],
        direction="to_peer" if event.source == "program" else "to_program",
        kind=event.kind,
        connection=event.connection,
        data=event.data,
        size=max(event.size, len(event.data)),
        note=safe(event.note),
    )
