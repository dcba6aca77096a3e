"""The result as Markdown: a job summary in GitHub Actions, the text of a release."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.report.atomic import write_text
from grader.report.literals import safe
from grader.report.plain_text import headline, told
from grader.report.result import ExerciseResult, Result
from grader.report.wording import frame

# What Markdown would read as its own; a backslash before it makes it a character like any other.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>@:])")
MAX_FAILURES = 20  # per exercise; Actions cuts a summary at 1 MiB, and nobody reads that far
WIDTH = 100  # what lies in <pre> is not wrapped for us


def write(result: Result, path: Path) -> None:
    """Write the summary to `path`, in one step."""
    write_text(path, markdown(result))


def markdown(result: Result) -> str:
    """A table of the exercises, then each failing check folded."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    yield f"**{frame.points(result.score, result.max_score)} points**"
    if not result.complete:
        yield f"\n{frame.NOT_COMPLETE}"
    if result.grader_errors:
        yield f"\n{frame.ungraded(len(result.grader_errors))}"
    yield "\n| exercise | points | checks passed |\n|---|---:|---:|"
    for exercise in result.exercises:
        yield f"| {text(exercise.title)} | {frame.points(exercise.score, exercise.max_score)} | {_state(exercise)} |"
    for exercise in result.exercises:
        yield from _failures(exercise)


def _state(exercise: ExerciseResult) -> str:
    passed = sum(check.status == "passed" for check in exercise.checks)
    if exercise.status == "not_started":
        return "not started"
    return f"{passed} of {len(exercise.checks)}"


def _failures(exercise: ExerciseResult) -> Iterator[str]:
    failing = [check for check in exercise.checks if check.status not in ("passed", "not_run")]
    if exercise.status == "broken":
        yield f"\n### {text(exercise.title)}\n\n{_verbatim([headline(exercise.checks[0])])}"
    elif failing and exercise.status != "not_started":
        yield f"\n### {text(exercise.title)}\n"
        for check in failing[:MAX_FAILURES]:
            title = html.escape(frame.title(check.name))
            yield f"<details><summary>{title}</summary>\n\n{_verbatim(told(check))}\n\n</details>\n"


def _verbatim(lines: Iterable[str]) -> str:
    """Foreign text: inside `<pre>` there is neither markup nor a link, nor is anybody mentioned."""
    wrapped = (part for line in lines for part in textwrap.wrap(line, WIDTH, subsequent_indent="  "))
    return "<pre>" + "\n".join(html.escape(part, quote=False) for part in wrapped) + "</pre>"


def text(words: str) -> str:
    """Words as plain characters in Markdown."""
    return _SPECIAL.sub(r"\\\1", html.escape(safe(words), quote=False))
