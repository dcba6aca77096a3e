"""The public result file: what `--json` writes, and what others build on. Its keys and their order are a promise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grader.report.atomic import write_text
from grader.report.literals import bytes_literal, ends_literal, safe
from grader.report.result import SCHEMA, CheckResult, Event, ExerciseResult, Place, Result

# Columns of a literal in the file; `size` tells how long the data were.
LITERAL = 200


def to_public(result: Result) -> dict[str, Any]:
    """The result in the public schema: plain dicts, every text printable."""
    return {
        "schema": SCHEMA,
        "submission": safe(result.submission),
        "score": result.score,
        "max_score": result.max_score,
        "seconds": round(result.seconds, 3),
        "protections": {safe(name): safe(by) for name, by in result.protections.items()},
        "exercises": [_exercise(exercise) for exercise in result.exercises],
    }


def write(result: Result, path: Path) -> None:
    """Write the public result to `path`, in one step."""
    write_text(path, json.dumps(to_public(result), ensure_ascii=False, indent=1) + "\n")


def load(path: Path) -> dict[str, Any]:
    """Read a public result. Raises `ValueError` if the file holds something else."""
    public = json.loads(path.read_text(encoding="utf-8"))
    schema = public.get("schema") if isinstance(public, dict) else None
    if schema != SCHEMA:
        raise ValueError(f"{path} is no result of the schema {SCHEMA}")
    return dict(public)


def _exercise(exercise: ExerciseResult) -> dict[str, Any]:
    return {
        "name": exercise.name,
        "title": exercise.title,
        "order": exercise.order,
        "status": exercise.status,
        "score": exercise.score,
        "max_score": exercise.max_score,
        "checks": [_check(check) for check in exercise.checks],
    }


def _check(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.name,
        "claim": safe(check.claim),
        "status": check.status,
        "score": check.score,
        "max_score": check.max_score,
        "seconds": round(check.seconds, 4),
        "finding": _text(check.finding),
        "expected": _text(check.expected),
        "arrived": _text(check.arrived),
        "hint": _text(check.hint),
        "where": _where(check.where),
        "conversation": [_event(event) for event in check.conversation],
    }


def _text(text: str | None) -> str | None:
    return None if text is None else safe(text)


def _where(place: Place | None) -> dict[str, Any] | None:
    return {"file": safe(place.file), "line": place.line, "code": safe(place.code)} if place else None


def _event(event: Event) -> dict[str, Any]:
    """One event; `from` is `program` or `peer`, `data` a Python literal, cut in its middle when long."""
    return {
        "at_ms": round(event.at * 1000, 2),
        "from": event.source,
        "kind": event.kind,
        "connection": event.connection,
        "size": max(event.size, len(event.data)),
        "data": _data(event),
        "note": safe(event.note),
    }


def _data(event: Event) -> str:
    if event.size > len(event.data) or len(event.data) > LITERAL:
        half = len(event.data) // 2
        return ends_literal(event.data[:half], event.data[half:], LITERAL)
    return bytes_literal(event.data, 4 * LITERAL)
