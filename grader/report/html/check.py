"""One check as the template needs it: texts made safe and cut, the ladder's rows with their bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from grader.report.html.code import Excerpt, excerpts
from grader.report.ladder import connections, label, rows
from grader.report.literals import bytes_literal, safe, shortened
from grader.report.result import CheckResult
from grader.report.rung import Row
from grader.report.wording import frame

# All rows up to here, folded and cut above: a page must open at once.
ROWS = 40
LABEL = 70
LITERAL = 400
# Bytes drawn as a table of hexadecimal numbers, from each end.
HEX_BYTES = 128
_ESCAPE = re.compile(r"\\x..|\\u....|\\U.{8}|\\.|.")
LONGEST_LINE = 300
OUTPUT_LINES = 12


@dataclass(frozen=True, kw_only=True)
class RowView:
    """One row of the ladder: its drawing is made from `row`; `literal` and `hexadecimal` are its bytes."""

    row: Row
    time: str
    label: str
    literal: str
    hexadecimal: str


@dataclass(frozen=True, kw_only=True)
class CheckView:
    """What the template shows of one check."""

    check: CheckResult
    title: str
    claim: str
    expected: tuple[str, str, str] | None
    arrived: tuple[str, str, str] | None
    rows: tuple[RowView, ...]
    excerpts: list[Excerpt]
    exception: str
    notes: list[str]
    outputs: tuple[tuple[str, list[str]], ...]


def check_view(check: CheckResult, sources: Mapping[str, str]) -> CheckView:
    """Everything there is to say about one check."""
    evidence = check.evidence
    told = frame.tells(check.finding or "", evidence.exception)
    return CheckView(
        check=check,
        title=frame.title(check.name),
        claim="" if frame.says_the_same(check.claim, check.name) else safe(check.claim),
        expected=_parted(check.expected, evidence.caret),
        arrived=_parted(check.arrived, evidence.caret),
        rows=_rows(check),
        excerpts=excerpts(check, sources),
        exception="" if told else shortened(evidence.exception, LONGEST_LINE),
        notes=[shortened(line, LONGEST_LINE) for note in evidence.notes for line in note.rstrip().split("\n")],
        outputs=_outputs(check),
    )


def _parted(text: str | None, caret: int | None) -> tuple[str, str, str] | None:
    """The text before the place at which expected and arrived part, the character or escape there, and the rest."""
    if text is None:
        return None
    shown = shortened(text, LONGEST_LINE)
    here = _ESCAPE.match(shown, caret) if caret is not None else None
    return (shown[:caret], here[0], shown[here.end() :]) if here else (shown, "", "")


def _rows(check: CheckResult) -> tuple[RowView, ...]:
    drawn = rows(check.conversation, limit=ROWS, left_out=check.evidence.events_left_out, all_with_v=False)
    numbered = connections(drawn) > 1
    return tuple(_row(row, numbered=numbered) for row in drawn)


def _row(row: Row, *, numbered: bool) -> RowView:
    number = f"#{row.connection} " if numbered and row.connection else ""
    return RowView(
        row=row,
        time="" if row.at is None else f"{row.at * 1000:.1f} ms",
        label=number + label(row, LABEL),
        literal=bytes_literal(row.data, LITERAL) if row.data else "",
        hexadecimal=_hexadecimal(row),
    )


def _hexadecimal(row: Row) -> str:
    """Sixteen bytes a line, each with its offset and its characters."""
    width = len(f"{row.size:,}")
    if len(row.data) <= 2 * HEX_BYTES and len(row.data) == row.size:
        return _hex_lines(row.data, 0, width)
    start = _hex_lines(row.data[:HEX_BYTES], 0, width)
    if row.pieces > 1:  # joined pieces keep their first bytes; where the last ones belong is not known
        return f"{start}\n…"
    return f"{start}\n…\n{_hex_lines(row.data[-HEX_BYTES:], row.size - HEX_BYTES, width)}"


def _hex_lines(data: bytes, offset: int, width: int) -> str:
    return "\n".join(_hex_line(data[at : at + 16], f"{offset + at:>{width},}") for at in range(0, len(data), 16))


def _hex_line(data: bytes, offset: str) -> str:
    characters = "".join(chr(number) if 32 <= number < 127 else "·" for number in data)
    return f"{offset}  {data.hex(' '):<47}  {characters}"


def _outputs(check: CheckResult) -> tuple[tuple[str, list[str]], ...]:
    tails = ((frame.PRINTED, check.evidence.stdout_tail), (frame.ERROR_OUTPUT, check.evidence.stderr_tail))
    return tuple((name, _last_lines(text)) for name, text in tails if text.strip())


def _last_lines(text: str) -> list[str]:
    return [shortened(line, LONGEST_LINE) for line in text.rstrip().split("\n")[-OUTPUT_LINES:]] or [safe(text)]
