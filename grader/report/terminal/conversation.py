"""The conversation as a ladder of text: the program's column at the left, the peer's at the right."""

from __future__ import annotations

from grader.report.ladder import LIMIT, connections, label, rows
from grader.report.result import CheckResult
from grader.report.rung import Row
from grader.report.terminal.pen import Pen
from grader.report.wording import conversation as words

# Between the two columns; with a time of 10 columns in front, labels keep 48 of 80 columns.
SPAN = 13
_TIME = 10
_LEFT = _TIME + 2
LABEL_AT = _LEFT + SPAN + 5


def draw(pen: Pen, check: CheckResult, *, verbose: bool) -> None:
    """The check's conversation, if anything happened in it."""
    drawn = rows(check.conversation, limit=None if verbose else LIMIT, left_out=check.evidence.events_left_out)
    if not drawn:
        return
    pen.line((_headings(), "dim"))
    numbered = connections(drawn) > 1
    for row in drawn:
        _row(pen, row, numbered=numbered)
    pen.blank()


def _headings() -> str:
    left = _LEFT - len(words.YOUR_PROGRAM) // 2
    right = _LEFT + SPAN + 1 - len(words.THE_PEER) // 2
    return (" " * left + words.YOUR_PROGRAM).ljust(right) + words.THE_PEER


def _row(pen: Pen, row: Row, *, numbered: bool) -> None:
    number = f"#{row.connection} " if numbered and row.connection else ""
    text = label(row, pen.width - LABEL_AT - len(number))
    time = f"{row.at * 1000:{_TIME - 3}.1f} ms" if row.at is not None else ""
    style = {"cut": "red", "broken": "red", "fold": "dim"}.get(row.shape, "")
    margin = [(time.rjust(_TIME), "dim"), (f"{_between(row)}  ", style)]
    lines = pen.wrapped(number + text, pen.width - LABEL_AT)
    for words_of_line in lines:
        pen.line(*margin, (words_of_line, style))
        margin = [(" " * _TIME + "  │" + " " * SPAN + "│  ", "")]


def _between(row: Row) -> str:
    """From one column left of the program's line to the peer's line: `  │◂────────────│`."""
    to_peer = row.direction == "to_peer"
    match row.shape:
        case "edge_in":
            return f" ▸│{' ' * SPAN}│"
        case "edge_out":
            return f" ◂│{' ' * SPAN}│"
        case "dot":
            return f"  ●{' ' * SPAN}│" if to_peer else f"  │{' ' * SPAN}●"
        case "dots":
            return f"  ⋮{' ' * SPAN}│" if to_peer else f"  │{' ' * SPAN}⋮"
        case "fold" | "none":
            return f"  │{'⋮'.center(SPAN) if row.shape == 'fold' else ' ' * SPAN}│"
        case _:
            return f"  │{_arrow(row, to_peer=to_peer)}│"


def _arrow(row: Row, *, to_peer: bool) -> str:
    line = {
        "arrow": "─" * (SPAN - 1) + "▸",
        "double": "═" * (SPAN - 1) + "▸",
        "crossed": "─" * (SPAN // 2) + "╳" + "─" * (SPAN - SPAN // 2 - 2) + "▸",
        "broken": "─" * (SPAN - 4) + "✕   ",
        "cut": "─" * (SPAN - 2) + "✕▸",
    }[row.shape]
    return line if to_peer else line[::-1].replace("▸", "◂")
