"""Classroom 50 takes the result: its schema as it is documented, and the rules that no schema can tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from grader.report import classroom50
from grader.report.result import Result
from tests.classrooms import results
from tests.classrooms.conftest import git

TIME = r"^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$"
WORD = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 0}
TEST = {
    "type": "object",
    "required": ["test-name", "passed", "score", "max-score"],
    "properties": {"test-name": WORD, "passed": {"type": "boolean"}, "score": COUNT, "max-score": COUNT},
}
REQUIRED = {
    "schema": {"const": "classroom50/result/v1"},
    "classroom": WORD,
    "assignment": WORD,
    "assignment_type": {"enum": ["individual", "group"]},
    "owner": WORD,
    "submission": {"type": "string", "pattern": "^submit/"},
    "commit": WORD,
    "release": WORD,
    "review": WORD,
    "datetime": {"type": "string", "pattern": TIME},
    "score": COUNT,
    "max-score": COUNT,
    "tests": {"type": "array", "items": TEST},
}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": list(REQUIRED),
    "properties": REQUIRED | {"graded_at": {"type": "string", "pattern": TIME}},
}
ENVIRONMENT = {
    "CLASSROOM": "networks",
    "ASSIGNMENT": "sockets",
    "ASSIGNMENT_TYPE": "individual",
    "USERNAME": "ada",
    "SUBMISSION_TAG": "submit/2026-09-01T10-00-00Z-a1b2c3d",
    "COMMIT_URL": "https://github.example/c",
    "RELEASE_URL": "https://github.example/r",
    "REVIEW_URL": "https://github.example/v",
}


def assert_valid(written: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(written)
    assert written["score"] == sum(test["score"] for test in written["tests"]) <= written["max-score"]
    assert written["max-score"] == sum(test["max-score"] for test in written["tests"])
    assert all(test["score"] <= test["max-score"] for test in written["tests"])
    # The schema takes 1.0 and true for integers; its readers do not.
    assert all(type(one["score"]) is type(one["max-score"]) is int for one in (written, *written["tests"]))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A commit of 1 September 2026, 10:00 in a zone two hours east of Greenwich."""
    folder = tmp_path / "checkout"
    (folder / "exercises").mkdir(parents=True)
    git(folder, "init", "-q")
    when = {"GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-09-01T10:00:00+0200"}
    git(folder, "commit", "-q", "--allow-empty", "-m", "Hand in", **when)
    return folder


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize("result", results.ALL.values(), ids=results.ALL)
@pytest.mark.usefixtures("environment")
def test_what_is_written_keeps_to_the_schema(result: Result, checkout: Path) -> None:
    path = checkout / "result.json"
    classroom50.write(result, path, checkout / "exercises")
    written = json.loads(path.read_text(encoding="utf-8"))
    assert_valid(written)
    assert (written["score"], written["max-score"]) == (result.score, result.max_score)
    assert (written["classroom"], written["owner"]) == ("networks", "ada")
    assert all(test["message"].isprintable() for test in written["tests"])
    assert f"{result.score} of {result.max_score} points" in (checkout / "release-body.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("environment")
def test_the_time_is_that_of_the_commit_however_often_it_is_graded(checkout: Path) -> None:
    classroom50.write(results.ALL["perfect"], checkout / "result.json", checkout / "exercises")
    assert json.loads((checkout / "result.json").read_text())["datetime"] == "2026-09-01T08:00:00Z"


def test_where_nothing_is_to_be_compared_the_review_is_the_commit() -> None:
    without = {name: value for name, value in ENVIRONMENT.items() if name != "REVIEW_URL"}
    assert not classroom50.missing(without)
    written = classroom50.to_json(results.ALL["perfect"], without, "2026-09-01T08:00:00Z")
    assert written["review"] == written["commit"]


def test_outside_of_git_the_time_is_now(tmp_path: Path) -> None:
    assert classroom50.submitted_at(tmp_path).startswith("20")


def test_what_the_runner_did_not_set_is_named() -> None:
    assert classroom50.missing({"CLASSROOM": "x", "USERNAME": ""})[:2] == ["ASSIGNMENT", "ASSIGNMENT_TYPE"]
