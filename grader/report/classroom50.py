"""For Classroom 50: `result.json` (schema `classroom50/result/v1`) and, beside it, `release-body.md`.

Who and what was graded comes from the environment that its runner sets: CLASSROOM, ASSIGNMENT, ASSIGNMENT_TYPE,
USERNAME, SUBMISSION_TAG, COMMIT_URL, RELEASE_URL, and REVIEW_URL where there is something to compare.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grader.report import summary
from grader.report.atomic import write_text
from grader.report.plain_text import headline
from grader.report.result import CheckResult, Result
from grader.report.wording import frame

SCHEMA = "classroom50/result/v1"
BODY = "release-body.md"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
# The field of the result, and the variable it comes from.
_FROM_ENVIRONMENT = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "assignment_type": "ASSIGNMENT_TYPE",
    "owner": "USERNAME",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
}


def missing(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The variables that Classroom 50's runner would set and that are not there."""
    return [name for name in _FROM_ENVIRONMENT.values() if not environment.get(name)]


def write(result: Result, path: Path, submission: Path) -> None:
    """Write `result.json` to `path` and the release's text beside it. Raises `KeyError` without the environment.

    `submission` is the graded folder, or one in it, of the learner's checkout.
    """
    write_text(path, json.dumps(to_json(result, os.environ, submitted_at(submission)), indent=2) + "\n")
    write_text(path.with_name(BODY), summary.markdown(result))


def to_json(result: Result, environment: Mapping[str, str], submitted: str) -> dict[str, Any]:
    """The object that is written; integers for all points, no further keys at the top."""
    named = {field: environment[variable] for field, variable in _FROM_ENVIRONMENT.items()}
    return {
        "schema": SCHEMA,
        **named,
        "review": environment.get("REVIEW_URL") or named["commit"],
        "datetime": submitted,
        "graded_at": datetime.now(UTC).strftime(_TIME),
        "score": result.score,
        "max-score": result.max_score,
        "tests": [_test(exercise.name, check) for exercise in result.exercises for check in exercise.checks],
    }


def submitted_at(checkout: Path) -> str:
    """When the graded commit was made (its committer date): the same at each grading of it. Now, outside of git."""
    # A runner's container may work as another user than the one who owns the checkout.
    command = ["git", "-c", "safe.directory=*", "-C", str(checkout), "show", "--no-patch", "--format=%ct", "HEAD"]
    try:
        seconds = int(subprocess.run(command, capture_output=True, check=True, timeout=20).stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return datetime.now(UTC).strftime(_TIME)
    return datetime.fromtimestamp(seconds, UTC).strftime(_TIME)


def _test(exercise: str, check: CheckResult) -> dict[str, Any]:
    return {
        "test-name": f"{exercise}: {frame.title(check.name)}",
        "passed": check.status == "passed",
        "score": check.score,
        "max-score": check.max_score,
        "message": headline(check) if check.status != "passed" else "",
    }
