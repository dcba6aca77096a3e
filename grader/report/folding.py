"""Making a long conversation short: runs of pieces joined, what repeats itself told once, the middle left out."""

from __future__ import annotations

from dataclasses import replace

from grader.report.rung import Direction, Row
from grader.report.wording import conversation as words

# With a shorter run every piece may be the point of the check: `qu`, then `it`.
PIECES_FROM = 4
# The longest block that is looked for again and again: connect, data, answer, end, end and one more.
LONGEST_BLOCK = 6
REPEATS_FROM = 4
HALF_KEPT = 1024


def fold(note: str) -> Row:
    """A row that stands for others."""
    return Row(at=None, shape="fold", direction="to_peer", kind="note", note=note)


def pieces_joined(drawn: list[Row]) -> list[Row]:
    """Long runs of data in one direction become one row with the first and the last bytes."""
    joined: list[Row] = []
    start = 0
    while start < len(drawn):
        end = start + 1
        while end < len(drawn) and _same_stream(drawn[start], drawn[end]):
            end += 1
        run = drawn[start:end]
        joined += [_one(run)] if len(run) >= PIECES_FROM else run
        start = end
    return joined


def _same_stream(one: Row, other: Row) -> bool:
    same = (one.kind, one.direction, one.connection) == (other.kind, other.direction, other.connection)
    return same and one.kind in ("data", "shown", "typed") and not other.note


def _one(run: list[Row]) -> Row:
    size = sum(row.size for row in run)
    data = b"".join(row.data for row in run)
    if len(data) != size or len(data) > 2 * HALF_KEPT:
        data = run[0].data[:HALF_KEPT] + run[-1].data[-HALF_KEPT:]
    return replace(run[0], data=data, size=size, pieces=sum(row.pieces for row in run))


def blocks_folded(drawn: list[Row]) -> list[Row]:
    """`connect, data, data, end` for the fiftieth time: the first block is kept, then a row that counts."""
    folded: list[Row] = []
    at = 0
    while at < len(drawn):
        length, times = _block(drawn, at)
        folded += drawn[at : at + length]
        if times > 1:
            folded.append(fold(words.repeated(length, times - 1)))
        at += length * times
    return folded


def _block(drawn: list[Row], at: int) -> tuple[int, int]:
    """The length of the block that starts here and how many times it stands here in a row."""
    for length in range(1, LONGEST_BLOCK + 1):
        first = [_alike(row) for row in drawn[at : at + length]]
        times = 1
        while [_alike(row) for row in drawn[at + times * length : at + (times + 1) * length]] == first:
            times += 1
        if times >= REPEATS_FROM:
            return length, times
    return 1, 1


def _alike(row: Row) -> tuple[str, Direction, bool]:
    """Rows are alike whatever the bytes and whichever connection: fifty clients say fifty things."""
    return row.kind, row.direction, row.size > 0


def cut(drawn: list[Row], limit: int, all_with_v: bool) -> list[Row]:
    """The beginning, and more of the end: there is where it went wrong."""
    head = limit // 4
    tail = limit - head - 1
    middle = fold(words.left_out(len(drawn) - head - tail, all_with_v=all_with_v))
    return [*drawn[:head], middle, *drawn[-tail:]]
