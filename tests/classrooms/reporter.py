"""A model of GitHub Classroom's reporter, `autograding-grading-reporter@v1`: what it reads, computes and shows."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

COLUMN = 17  # characters of an id that its table shows


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the reporter tells: the table's rows (id shown, points, of), the notice's points, and the job's end."""

    rows: list[tuple[str, float, float]]
    points: float
    max_points: float
    failed: str | None


def report(lines: str) -> Report:
    """Set the environment from lines for `$GITHUB_ENV`, as the runner does, then report."""
    environment = dict(line.split("=", 1) for line in lines.splitlines())
    runners = [one for one in re.split(r"[\s,]", environment["RUNNERS"]) if one]
    results = {one: _results(environment[f"{one.upper()}_RESULTS"]) for one in runners}
    statuses = [one["status"] for one in results.values()]
    failed = "failed" if "fail" in statuses else "errored" if "error" in statuses else None
    return Report(
        rows=[(name[:COLUMN], _points(one), one["max_score"]) for name, one in results.items()],
        points=sum(test["score"] for one in results.values() if one["max_score"] for test in one["tests"]),
        max_points=sum(one["max_score"] for one in results.values() if one["max_score"]),
        failed=failed,
    )


def _results(encoded: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(base64.b64decode(encoded, validate=True).decode("utf-8"))
    return read


def _points(results: dict[str, Any]) -> float:
    """The table's points: passed tests times what the runner is worth, whatever their scores say."""
    passed = sum(test["status"] == "pass" for test in results["tests"])
    return float(passed / len(results["tests"]) * results["max_score"])
