"""For Gradescope: `results.json` as its autograder specification describes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grader.report.atomic import write_text
from grader.report.literals import safe
from grader.report.plain_text import told
from grader.report.result import CheckResult, ExerciseResult, Result
from grader.report.wording import frame


def write(result: Result, path: Path) -> None:
    """Write the results to `path`, in one step."""
    write_text(path, json.dumps(to_json(result), indent=1) + "\n")


def to_json(result: Result) -> dict[str, Any]:
    """The object that is written. Learners see everything but what the grading printed."""
    return {
        "score": result.score,
        "execution_time": round(result.seconds),
        "output": _output(result),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(exercise, check) for exercise in result.exercises for check in exercise.checks],
        "extra_data": {"seed": result.seed, "complete": result.complete, "protections": result.protections},
    }


def _output(result: Result) -> str:
    lines = [f"{frame.points(result.score, result.max_score)} points"]
    lines += [frame.NOT_COMPLETE] if not result.complete else []
    lines += [frame.ungraded(len(result.grader_errors))] if result.grader_errors else []
    lines += [safe(note) for exercise in result.exercises for note in exercise.notes]
    return "\n".join(lines)


def _test(exercise: ExerciseResult, check: CheckResult) -> dict[str, Any]:
    passed = check.status == "passed"
    return {
        "name": f"{exercise.title}: {frame.title(check.name)}",
        "score": check.score,
        "max_score": check.max_score,
        "status": "passed" if passed else "failed",
        "output": safe(check.claim) if passed else "\n".join(told(check)),
        "output_format": "text",
        "tags": [exercise.name],
        "visibility": "visible",
        "extra_data": {"status": check.status},
    }
