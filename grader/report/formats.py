"""Every file a result can be written to, by the name given to `--format NAME=FILE`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.report import actions, classroom, classroom50, gradescope, json_file, junit, summary
from grader.report.result import Result


@dataclass(frozen=True, kw_only=True)
class Format:
    """How to write one kind of file. One that is not `live` is written once, at the end."""

    help: str
    write: Callable[[Result, Path, Path], None]
    live: bool = True


def _plain(write: Callable[[Result, Path], None]) -> Callable[[Result, Path, Path], None]:
    return lambda result, path, _: write(result, path)


def _html(result: Result, path: Path, submission: Path) -> None:
    from grader.report import html  # the template engine is slow to import, and only this needs it

    files = [submission / f"{exercise.name}.py" for exercise in result.exercises]
    sources = {
        file.name: file.read_text(encoding="utf-8", errors="replace")
        for file in files
        if file.is_file() and not file.is_symlink()
    }
    html.write(result, path, sources=sources, lessons=Path("exercises"))


FORMATS: Mapping[str, Format] = {
    "json": Format(help="the result as JSON", write=_plain(json_file.write)),
    "html": Format(help="the report as one HTML page", write=_html, live=False),
    "junit": Format(help="the result as JUnit XML", write=_plain(junit.write)),
    "summary": Format(help="a summary in Markdown, as for $GITHUB_STEP_SUMMARY", write=_plain(summary.write)),
    "actions": Format(help="annotations for GitHub Actions, to be printed there", write=_plain(actions.write)),
    "classroom": Format(help="lines for $GITHUB_ENV that Classroom's reporter reads", write=_plain(classroom.write)),
    "classroom50": Format(  # its runner looks at nothing before grading has ended
        help="result.json of Classroom 50, release-body.md beside it", write=classroom50.write, live=False
    ),
    "gradescope": Format(help="results.json of Gradescope", write=_plain(gradescope.write)),
}
