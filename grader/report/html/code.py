"""The learner's lines around a place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grader.report.literals import safe, shortened
from grader.report.peer import stand_in_words
from grader.report.result import CheckResult, Place
from grader.report.wording import place
from grader.report.wording.standing import subject

AROUND = 3
LONGEST = 160


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of code with its number; `here` is the one that matters."""

    number: int
    text: str
    here: bool


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """Lines of a file around a place, with a sentence on what happens there."""

    title: str
    words: str
    lines: tuple[Line, ...]


def excerpts(check: CheckResult, sources: Mapping[str, str]) -> list[Excerpt]:
    """Each place that matters: the frames of a traceback, where threads stand, or where the finding points."""
    evidence = check.evidence
    found = [_excerpt(one, "", sources) for one in reversed(evidence.frames)]
    for stand in evidence.stands:
        told = f" at {place(stand)}" in (check.finding or "")
        words = "" if told else f"{subject(stand)} {stand_in_words(stand, check)}."
        found.append(_excerpt(stand.place, words, sources))
    if not found and check.where:
        found.append(_excerpt(check.where, "", sources))
    return found


def _excerpt(where: Place, words: str, sources: Mapping[str, str]) -> Excerpt:
    inside = f" in {shortened(where.function, 60)}" if where.function else ""
    return Excerpt(title=f"{place(where)}{inside}", words=words, lines=_lines(where, sources.get(where.file)))


def _lines(where: Place, text: str | None) -> tuple[Line, ...]:
    """The lines around the place; its own line alone if the file is not there or has changed."""
    alone = (Line(number=where.line, text=shortened(where.code, LONGEST), here=True),)
    if text is None:
        return alone
    lines = text.split("\n")  # not splitlines: Python's tokenizer knows no other line ends than \n, \r\n and \r
    if not 1 <= where.line <= len(lines) or where.code.strip() not in lines[where.line - 1]:
        return alone
    first = max(1, where.line - AROUND)
    last = min(len(lines), where.line + AROUND)
    return tuple(
        Line(number=number, text=_shown(lines[number - 1]), here=number == where.line)
        for number in range(first, last + 1)
    )


def _shown(line: str) -> str:
    return shortened(line.rstrip("\r").expandtabs(4), LONGEST) if line.strip() else safe("")
