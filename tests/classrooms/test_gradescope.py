"""Gradescope takes the results: the keys that its specification documents, and no others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from grader.report import gradescope
from grader.report.result import Result
from tests.classrooms import results

VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
NUMBER = {"type": "number", "minimum": 0}
TEST = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "score", "max_score", "status"],
    "properties": {
        "score": NUMBER,
        "max_score": NUMBER,
        "status": {"enum": ["passed", "failed"]},
        "name": {"type": "string", "minLength": 1},
        "name_format": FORMAT,
        "number": {"type": "string"},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "tags": {"type": "array", "items": {"type": "string"}},
        "visibility": VISIBILITY,
        "extra_data": {"type": "object"},
    },
}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["score", "tests"],
    "properties": {
        "score": NUMBER,
        "execution_time": {"type": "integer", "minimum": 0},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {"type": "array", "items": TEST},
        "leaderboard": {"type": "array"},
    },
}


def assert_valid(written: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(written)
    assert all(test["score"] <= test["max_score"] for test in written["tests"])
    if written["tests"]:
        assert written["score"] == sum(test["score"] for test in written["tests"])


@pytest.mark.parametrize("result", results.ALL.values(), ids=results.ALL)
def test_only_documented_keys_are_written(result: Result, tmp_path: Path) -> None:
    gradescope.write(result, tmp_path / "results.json")
    written = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert_valid(written)
    assert written["score"] == result.score
    assert sum(test["max_score"] for test in written["tests"]) == result.max_score


def test_hostile_text_is_shown_as_plain_text() -> None:
    written = gradescope.to_json(results.hostile())
    assert {written["output_format"], *(test["output_format"] for test in written["tests"])} == {"text"}
    for text in [written["output"], *(test["output"] for test in written["tests"])]:
        assert text.replace("\n", "").isprintable()
    assert max(len(test["output"]) for test in written["tests"]) < 10_000


def test_what_grading_prints_stays_with_the_instructor() -> None:
    assert gradescope.to_json(results.hostile())["stdout_visibility"] == "hidden"


def test_an_interrupted_run_says_so() -> None:
    assert "interrupted" in gradescope.to_json(results.ALL["interrupted"])["output"]
