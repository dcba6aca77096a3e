"""A failing check in a few plain lines, for targets that show neither colours nor conversations."""

from __future__ import annotations

from grader.report.literals import shortened
from grader.report.peer import stand_in_words
from grader.report.result import CheckResult
from grader.report.wording import frame, place

MAX_LINE = 400  # characters; a program may have written a million in one line


def headline(check: CheckResult) -> str:
    """What went wrong, in one printable line."""
    return shortened(check.finding or check.claim, MAX_LINE)


def told(check: CheckResult) -> list[str]:
    """What the terminal report tells, without the conversation, in printable lines."""
    evidence = check.evidence
    lines = [check.claim, check.finding or ""]
    if check.arrived is not None:
        lines += [f"{frame.EXPECTED}: {check.expected}", f"{frame.ARRIVED}: {check.arrived}"]
    lines += [evidence.difference, evidence.exception]
    lines += [f"{place(one)} {one.code}" for one in evidence.frames[::-1] or ((check.where,) if check.where else ())]
    lines += [stand_in_words(stand, check) for stand in evidence.stands]
    return [shortened(line, MAX_LINE) for line in [*lines, check.hint or ""] if line]
