"""The whole report: one table, then each failing check, then one closing line."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from grader.report.grouping import Group, failing, groups, not_run
from grader.report.literals import safe
from grader.report.result import CheckResult, ExerciseResult, Result
from grader.report.suggestions import WRONG, suggestions
from grader.report.terminal.failure import Manner, heading, print_place
from grader.report.terminal.failures import cut, tell
from grader.report.terminal.pen import Pen
from grader.report.wording import frame

BAR = 20
_STATE_STYLE = {"passed": "green", "not_started": "dim", "broken": "red"}


def print_report(
    result: Result,
    console: Console,
    *,
    verbose: bool = False,
    hints: int = 1,
    lessons: Path | None = None,
    wrong: Path = WRONG,
) -> None:
    """Show `result` on `console`.

    `verbose` shows passed checks and whole conversations. `hints` is 0 for none, 1 for the question, 2 for the second
    hint and known mistakes too. `lessons` is the folder of the lessons as the learner would type it, `wrong` the one
    of known mistakes.
    """
    pen = Pen(console)
    _print_table(pen, result)
    exercises = [exercise for exercise in result.exercises if _worth_telling(exercise, verbose)]
    before = [_before(pen.apart(), exercise, verbose) for exercise in exercises]
    after = [_after(pen.apart(), exercise, verbose, hints, wrong) for exercise in exercises]
    used = sum(len(one.lines) for one in (pen, *before, *after))
    manners = [Manner(verbose=verbose, hints=hints, lesson=_lesson_path(one, lessons)) for one in exercises]
    told = tell(pen, list(zip(map(_groups, exercises), manners, strict=True)), used)
    for start, failures, end in zip(before, told, after, strict=True):
        for lines in (start.lines, *(failure.lines for failure in failures), end.lines):
            pen.take(lines)
        pen.blank()
    _print_closing(pen, result, verbose=verbose, cut=cut(told), more_hints=hints == 1 and any(told))
    pen.flush()


def _lesson_path(exercise: ExerciseResult, lessons: Path | None) -> str:
    return safe(str((lessons or Path("exercises")) / f"{exercise.name}.md"))


def _groups(exercise: ExerciseResult) -> tuple[Group, ...]:
    return () if exercise.status == "broken" else groups(failing(exercise))


def _worth_telling(exercise: ExerciseResult, verbose: bool) -> bool:
    """Whether there is more to say than the table does. Not started is said there."""
    if exercise.status == "not_started":
        return False
    more = failing(exercise) or not_run(exercise) or exercise.notes or _unchecked(exercise)
    return verbose or exercise.status == "broken" or bool(more)


def _unchecked(exercise: ExerciseResult) -> list[CheckResult]:
    """Checks that count as passed because this system has no way to try them."""
    return [check for check in exercise.checks if check.status == "passed" and check.finding]


def _print_table(pen: Pen, result: Result) -> None:
    """Exercise, points, bar and a word."""
    width = max([len(exercise.name) for exercise in result.exercises], default=0) + 2
    for exercise in result.exercises:
        points = frame.points(exercise.score, exercise.max_score).rjust(9)
        filled = BAR * exercise.score // exercise.max_score if exercise.max_score else 0
        style = _STATE_STYLE.get(exercise.status, "yellow")
        bar = ("█" * filled, style), ("░" * (BAR - filled), "dim")
        pen.line(exercise.name.ljust(width), points, "  ", *bar, "  ", (_state(exercise), style))
    if len(result.exercises) > 1:
        pen.line(("total".ljust(width) + frame.points(result.score, result.max_score).rjust(9), "bold"))
    pen.blank()


def _state(exercise: ExerciseResult) -> str:
    passed = sum(check.status == "passed" for check in exercise.checks)
    return frame.state(exercise.status, len(exercise.checks) - passed, len(exercise.checks))


def _before(pen: Pen, exercise: ExerciseResult, verbose: bool) -> Pen:
    """What stands before an exercise's failing checks."""
    line = f"── {exercise.name} "
    pen.line((line + "─" * (pen.width - len(line)), "bold"))
    pen.blank()
    for note in exercise.notes:
        pen.paragraph(safe(note), indent=0)
    pen.blank()
    if exercise.status == "broken":
        _print_broken(pen, exercise)
    elif verbose:
        _print_passed(pen, exercise)
    return pen


def _print_broken(pen: Pen, exercise: ExerciseResult) -> None:
    """Why it cannot be run, once: every check has the same finding."""
    check = next((check for check in exercise.checks if check.finding), None)
    if check is None or check.finding is None:
        return
    pen.paragraph(safe(check.finding), indent=0, style="bold red")
    places = check.evidence.frames[::-1] or ((check.where,) if check.where else ())
    for one in places:
        print_place(pen, one)
    for note in check.evidence.notes:
        pen.paragraph(safe(note))


def _print_passed(pen: Pen, exercise: ExerciseResult) -> None:
    for check in exercise.checks:
        if check.status == "passed":
            heading(pen, check)
            for note in check.evidence.notes:
                pen.paragraph(safe(note))
    pen.blank()


def _after(pen: Pen, exercise: ExerciseResult, verbose: bool, hints: int, wrong: Path) -> Pen:
    """What stands after an exercise's failing checks."""
    for check in _unchecked(exercise):
        pen.paragraph(f"{frame.title(check.name)}: {safe(check.finding or '')}", indent=0, hanging=2)
    left_out = not_run(exercise)
    if left_out and exercise.status != "broken":
        why = next((check.finding for check in left_out if check.finding), frame.NOT_RUN)
        names = [check.name for check in left_out]
        pen.paragraph(frame.not_run(names, safe(why), all_of_them=verbose), indent=0, hanging=2)
    known = suggestions(exercise, wrong) if hints >= 2 else ()
    if known:
        pen.paragraph(f"{frame.OFTEN}:", indent=0)
    for mistake in known:
        pen.paragraph(safe(mistake), hanging=2, first="·")
    return pen


def _print_closing(pen: Pen, result: Result, *, verbose: bool, cut: bool, more_hints: bool) -> None:
    if result.grader_errors:
        pen.paragraph(frame.ungraded(len(result.grader_errors)), indent=0, style="bold magenta")
    if not result.complete:
        pen.paragraph(frame.NOT_COMPLETE, indent=0, style="bold")
    if cut or more_hints:
        pen.paragraph(frame.options(cut=cut, more_hints=more_hints), indent=0, style="dim")
    style = "bold green" if result.perfect else "bold"
    protections = [safe(text) for text in frame.protected(result.protections, all_of_them=verbose)]
    closing = frame.closing(result.score, result.max_score, result.seconds, result.seed, protections)
    pen.paragraph(closing, indent=0, style=style)
