"""For GitHub Classroom's reporter (`autograding-grading-reporter@v1`) and tools that read what it reads.

The file holds lines for `$GITHUB_ENV`: for each check `ID_RESULTS=` and base64 of a JSON object, and `RUNNERS=` with
all ids for the reporter's input of that name. One id per check: the reporter's table counts a runner's passed tests,
its notice adds up scores, and only so do the two agree.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.report.atomic import write_text
from grader.report.literals import safe
from grader.report.plain_text import told
from grader.report.result import CheckResult, ExerciseResult, Result
from grader.report.wording import frame

MAX_ID = 17  # characters; the reporter's table cuts longer ones
MAX_MESSAGE = 1000  # characters; all messages together become one process's environment, which has an end
_STATUS = {"passed": "pass", "grader_error": "error"}


def write(result: Result, path: Path) -> None:
    """Write the lines for `$GITHUB_ENV` to `path`, in one step."""
    found = list(runners(result))
    lines = [f"{runner.upper()}_RESULTS={_encoded(results)}" for runner, results in found]
    write_text(path, "\n".join([*lines, f"RUNNERS={','.join(runner for runner, _ in found)}", ""]))


def runners(result: Result) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each check's id and the object the reporter reads for it."""
    for exercise in result.exercises:
        for number, check in enumerate(exercise.checks, 1):
            yield runner_id(exercise.name, number), _results(exercise, check)


def runner_id(exercise: str, number: int) -> str:
    """Letters and digits only, at most `MAX_ID`: `echoserver07`."""
    return f"{exercise.replace('_', '')[: MAX_ID - 2]}{number:02d}"


def _results(exercise: ExerciseResult, check: CheckResult) -> dict[str, Any]:
    status = _STATUS.get(check.status, "fail")
    test = {
        "name": f"{exercise.name}: {frame.title(check.name)}",
        "status": status,
        "score": check.score,
        "message": "\n".join(told(check))[:MAX_MESSAGE] if status != "pass" else "",
        "test_code": "",
        "filename": safe(check.where.file) if check.where else "",
        "line_no": check.where.line if check.where else 0,
        "duration": round(check.seconds * 1000),
    }
    return {"version": 1, "status": status, "max_score": check.max_score, "tests": [test]}


def _encoded(results: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(results).encode("ascii")).decode("ascii")
