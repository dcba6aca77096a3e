"""For GitHub Actions: annotations on the learner's lines, as workflow commands.

The file is to be printed once no learner's text is printed any more: between `::stop-commands::TOKEN` and `::TOKEN::`
the runner ignores commands, so that a program cannot give any.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader.report.atomic import write_text
from grader.report.literals import safe
from grader.report.plain_text import headline
from grader.report.result import CheckResult, ExerciseResult, Result
from grader.report.wording import frame

MAX_ANNOTATIONS = 10  # Actions shows no more errors of one step


def write(result: Result, path: Path) -> None:
    """Write the commands to `path`, one a line, in one step."""
    write_text(path, "".join(f"{line}\n" for line in commands(result)))


def commands(result: Result) -> list[str]:
    """The annotations: of each exercise the first failing check, then the second, as many as are shown."""
    rows = [list(_annotations(exercise)) for exercise in result.exercises]
    depth = max((len(row) for row in rows), default=0)
    mixed = [row[at] for at in range(depth) for row in rows if at < len(row)]
    total = f"{frame.points(result.score, result.max_score)} points"
    return [*mixed[:MAX_ANNOTATIONS], f"::notice title=Socket exercises::{data(total)}"]


def _annotations(exercise: ExerciseResult) -> Iterator[str]:
    if exercise.status == "not_started":
        return
    for check in exercise.checks[:1] if exercise.status == "broken" else exercise.checks:
        if exercise.status == "broken" or check.status not in ("passed", "not_run"):
            yield _command(exercise, check)


def _command(exercise: ExerciseResult, check: CheckResult) -> str:
    file = safe(check.where.file) if check.where else f"{exercise.name}.py"
    line = check.where.line if check.where else 1
    title = f"{exercise.name}: {frame.title(check.name)}"
    place = f"file={value(f'exercises/{file}')},line={line},title={value(title)}"
    return f"::error {place}::{data(headline(check))}"


def data(text: str) -> str:
    """Text after the second `::`, with what would end it escaped."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def value(text: str) -> str:
    """Text of a property, with what would end it escaped."""
    return data(text).replace(":", "%3A").replace(",", "%2C")
