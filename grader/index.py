"""Writes exercises/README.md, the list of exercises, from the graders: `nox -s index`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grader.course import read_course

if TYPE_CHECKING:
    from grader.course import ExerciseInfo

ROOT = Path(__file__).parent.parent
INDEX = ROOT / "exercises" / "README.md"

MARK = "<!-- Written by `nox -s index` from the graders. -->\n\n"
HEAD = """\
# The exercises

In the order in which they build on each other. For each: read the lesson, write your code in the file beside it, then
run `nox -s grade -- NAME`.

| exercise | lesson | your file | checks | points |
|---|---|---|---:|---:|
"""


def index_text(exercises: tuple[ExerciseInfo, ...]) -> str:
    """The list of exercises as Markdown."""
    rows = [_row(exercise) for exercise in exercises]
    checks = sum(len(exercise.checks) for exercise in exercises)
    return MARK + HEAD + "".join(rows) + f"| all | | | {checks} | {_points(*exercises)} |\n"


def _row(exercise: ExerciseInfo) -> str:
    lesson, file = f"{exercise.name}.md", f"{exercise.name}.py"
    return (
        f"| {exercise.title} | [{lesson}]({lesson}) | [{file}]({file}) "
        f"| {len(exercise.checks)} | {_points(exercise)} |\n"
    )


def _points(*exercises: ExerciseInfo) -> int:
    return sum(check.points for exercise in exercises for check in exercise.checks)


if __name__ == "__main__":
    INDEX.write_text(index_text(read_course(ROOT / "grader")), encoding="utf-8")
    print(f"wrote {INDEX.relative_to(ROOT)}")
