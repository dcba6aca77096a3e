"""From a result to the page: the templates get plain views, made here, and escape every text in them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from grader.report.atomic import write_text
from grader.report.grouping import failing, not_run
from grader.report.html.check import check_view
from grader.report.html.code import Excerpt, excerpts
from grader.report.html.drawing import drawing
from grader.report.literals import safe
from grader.report.result import ExerciseResult, Result
from grader.report.suggestions import WRONG, suggestions
from grader.report.wording import frame, page

TEMPLATES = Path(__file__).resolve().parent / "templates"


def write(
    result: Result, path: Path, *, sources: Mapping[str, str], lessons: Path | None = None, wrong: Path = WRONG
) -> None:
    """Write the page to `path`, in one step.

    `sources` holds the text of the learner's files by name, for the lines around a place; `lessons` is the folder of
    the lessons, linked where they exist; `wrong` the one of known mistakes.
    """
    write_text(path, render(result, sources=sources, lessons=lessons, beside=path.parent, wrong=wrong))


def render(
    result: Result,
    *,
    sources: Mapping[str, str],
    lessons: Path | None = None,
    beside: Path | None = None,
    wrong: Path = WRONG,
) -> str:
    """The page as text. `beside` is the folder that links to lessons start from."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["safe_text"] = safe
    environment.globals["draw"] = drawing
    return environment.get_template("report.html").render(
        result=result,
        exercises=[_exercise(exercise, sources, lessons, beside, wrong) for exercise in result.exercises],
        frame=frame,
        words=page,
    )


def _exercise(
    exercise: ExerciseResult, sources: Mapping[str, str], lessons: Path | None, beside: Path | None, wrong: Path
) -> dict[str, object]:
    failed = failing(exercise)
    return {
        "result": exercise,
        "state": frame.state(exercise.status, _not_passed(exercise), len(exercise.checks)),
        "percent": 100 * exercise.score // exercise.max_score if exercise.max_score else 0,
        "broken": _broken(exercise, sources),
        "failed": [check_view(check, sources) for check in failed] if exercise.status not in _TOLD_ONCE else [],
        "passed": [check_view(check, sources) for check in exercise.checks if check.status == "passed"],
        "not_run": not_run(exercise) if exercise.status not in _TOLD_ONCE else [],
        "known": suggestions(exercise, wrong),
        "lesson": f"exercises/{exercise.name}.md" if lessons is None else str(lessons / f"{exercise.name}.md"),
        "lesson_link": _link(exercise, lessons, beside),
    }


# One reason for all checks: it is told for the exercise.
_TOLD_ONCE = ("broken", "not_started")


def _not_passed(exercise: ExerciseResult) -> int:
    return sum(check.status != "passed" for check in exercise.checks)


def _broken(exercise: ExerciseResult, sources: Mapping[str, str]) -> tuple[str, list[Excerpt]] | None:
    """The sentence and the place, from the first check: all have the same."""
    check = next((check for check in exercise.checks if check.finding), None)
    if exercise.status not in _TOLD_ONCE or check is None or check.finding is None:
        return None
    return safe(check.finding), excerpts(check, sources)


def _link(exercise: ExerciseResult, lessons: Path | None, beside: Path | None) -> str:
    """A relative link to the lesson, or nothing if there is none to find."""
    if lessons is None or beside is None or not (lessons / f"{exercise.name}.md").is_file():
        return ""
    return quote(Path(os.path.relpath(lessons / f"{exercise.name}.md", beside)).as_posix())
