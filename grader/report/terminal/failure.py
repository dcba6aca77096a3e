"""One failing check: claim, expected, arrived, where they part, the conversation, where the program is, look at …"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from grader.report.grouping import Group
from grader.report.literals import safe, shortened
from grader.report.peer import stand_in_words
from grader.report.result import CheckResult, Place, Stand
from grader.report.terminal.conversation import draw
from grader.report.terminal.pen import Pen
from grader.report.wording import frame, place
from grader.report.wording.standing import subject

MARK = {"passed": "✓", "failed": "✗", "crashed": "✗", "hung": "✗", "not_run": "·", "grader_error": "!"}
STYLE = {"passed": "green", "not_run": "dim", "grader_error": "bold magenta"}
LABEL = 9
# Narrower than this a literal may wrap, and a caret under it would point at nothing.
CARET_FROM = 62
LINES_OF_OUTPUT = 4
LONGEST_LINE = 200


class Detail(IntEnum):
    """How much of a failing check is told, when there are many of them."""

    NAMED = -1  # its name and points, after many that are told
    BRIEF = 0  # what, where, look at
    SHORT = 1  # with expected and arrived
    FULL = 2  # with the conversation


_STANDS = {Detail.NAMED: 0, Detail.BRIEF: 1, Detail.SHORT: 2, Detail.FULL: 10}


@dataclass(frozen=True, kw_only=True)
class Manner:
    """What the reader asked for: `verbose` whole conversations and outputs, `hints` 0, 1 or 2; where the lesson is."""

    verbose: bool
    hints: int
    lesson: str


def heading(pen: Pen, check: CheckResult) -> None:
    """Mark, name and points on one line."""
    style = STYLE.get(check.status, "bold red")
    points = frame.points(check.score, check.max_score)
    pen.spread(f"{MARK[check.status]} {frame.title(check.name)}", points, style)


def print_failure(pen: Pen, group: Group, detail: Detail, manner: Manner) -> None:
    """Everything that explains one failing check, and which others fail for the same reason."""
    check = group.first
    heading(pen, check)
    if detail == Detail.NAMED:
        return
    if detail == Detail.FULL and not frame.says_the_same(check.claim, check.name):
        pen.paragraph(safe(check.claim))
        pen.blank()
    _print_finding(pen, check, detail)
    if detail == Detail.FULL:
        draw(pen, check, verbose=manner.verbose)
    _print_where(pen, check, detail, verbose=manner.verbose)
    if check.status != "grader_error":
        _print_hints(pen, check, manner, detail)
    if group.others:
        names = [other.name for other in group.others]
        pen.paragraph(frame.same_reason(names, all_of_them=manner.verbose), hanging=2)
    if detail > Detail.BRIEF:
        pen.blank()


def _print_finding(pen: Pen, check: CheckResult, detail: Detail) -> None:
    """The sentence, and the two literals with a caret under the place at which they part."""
    if check.finding:
        pen.paragraph(safe(check.finding), style="bold")
    if check.arrived is not None and detail > Detail.BRIEF:
        _print_labelled(pen, frame.EXPECTED, check.expected or "")
        _print_labelled(pen, frame.ARRIVED, check.arrived)
        _print_caret(pen, check)
    elif check.evidence.difference and detail > Detail.BRIEF:
        pen.paragraph(safe(check.evidence.difference), indent=4)
    if detail == Detail.FULL:
        pen.blank()


def _print_labelled(pen: Pen, name: str, text: str) -> None:
    pen.paragraph(safe(text), indent=4, hanging=LABEL, first=name)


def _print_caret(pen: Pen, check: CheckResult) -> None:
    """The caret with the difference in words beside it, or under it if there is no room."""
    words = pen.plain(safe(check.evidence.difference))
    at = 0
    if check.evidence.caret is not None and pen.width >= CARET_FROM:
        at = 4 + LABEL + len(pen.plain(safe(check.arrived or "")[: check.evidence.caret]))
    if at and at + 2 + len(words) <= pen.width:
        pen.line(" " * at, ("^", "bold red"), f" {words}")
        return
    if at:
        pen.line(" " * at, ("^", "bold red"))
    if words:
        pen.paragraph(words, indent=4 + LABEL)


def _print_where(pen: Pen, check: CheckResult, detail: Detail, *, verbose: bool) -> None:
    """Where each thread stands, the learner's own traceback, what the program wrote about it."""
    evidence = check.evidence
    if detail == Detail.BRIEF and check.where and place(check.where) in (check.finding or ""):
        return
    if evidence.exception and not frame.tells(check.finding or "", evidence.exception):
        pen.paragraph(shortened(evidence.exception, LONGEST_LINE), style="red", hanging=2)
    frames = evidence.frames[::-1]  # the line that raised comes first: that is where to look
    for one in frames[: None if detail == Detail.FULL else 1]:
        print_place(pen, one)
    for stand in evidence.stands[: _STANDS[detail]]:
        _print_stand(pen, stand, check, with_code=detail > Detail.BRIEF)
    if check.where and not evidence.frames and not evidence.stands:
        print_place(pen, check.where)
    for line in (line for note in evidence.notes for line in note.rstrip().split("\n")):
        pen.paragraph(shortened(line, LONGEST_LINE), hanging=2)
    if detail == Detail.FULL:
        _print_output(pen, check, verbose=verbose)
        pen.blank()


def print_place(pen: Pen, where: Place) -> None:
    """`echo_server.py:21  client.send(data)`."""
    pen.line(f"    {place(where)}   ", (shortened(where.code, LONGEST_LINE), "cyan"))


def _print_stand(pen: Pen, stand: Stand, check: CheckResult, *, with_code: bool) -> None:
    """The line of code; the words too unless the finding has them already."""
    if f" at {place(stand)}" not in (check.finding or ""):
        pen.paragraph(f"{subject(stand)} {stand_in_words(stand, check)}.", hanging=2)
    if with_code:
        print_place(pen, stand.place)


def _print_output(pen: Pen, check: CheckResult, *, verbose: bool) -> None:
    """The last lines of the error output, unless the exception was told; with -v the output as well."""
    evidence = check.evidence
    tails = [(frame.PRINTED, evidence.stdout_tail if verbose else "")]
    tails.append((frame.ERROR_OUTPUT, evidence.stderr_tail if verbose or not evidence.exception else ""))
    for name, text in tails:
        if text.strip():
            pen.paragraph(f"{name}:")
            for line in text.rstrip().split("\n")[-LINES_OF_OUTPUT:]:
                pen.line(f"    {shortened(line, LONGEST_LINE)}")


def _print_hints(pen: Pen, check: CheckResult, manner: Manner, detail: Detail) -> None:
    if check.hint and manner.hints >= 1:
        pen.paragraph(safe(check.hint), style="bold cyan")
    if manner.hints >= 2 and check.evidence.more_hint:
        pen.paragraph(frame.more_hint(safe(check.evidence.more_hint)))
    if check.evidence.lesson_section and detail > Detail.BRIEF:
        pen.paragraph(frame.lesson(manner.lesson, safe(check.evidence.lesson_section)))
