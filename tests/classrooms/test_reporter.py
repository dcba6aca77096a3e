"""GitHub Classroom's reporter reads what is meant: one id per check, and table and notice agree."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from grader.course import read_course
from grader.report import classroom
from grader.report.result import Result
from grader.run import waiting
from tests.classrooms import results
from tests.classrooms.reporter import COLUMN, report
from tests.report import examples

ID = re.compile(r"[a-zA-Z0-9]+")
STRING = 128 * 1024  # bytes that Linux takes for one variable
ENVIRONMENT = 1024 * 1024  # half of what it takes for all of them


def written(result: Result, folder: Path) -> str:
    classroom.write(result, folder / "env")
    return (folder / "env").read_text(encoding="ascii")


@pytest.mark.parametrize("result", results.ALL.values(), ids=results.ALL)
def test_table_and_notice_agree_with_the_result(result: Result, tmp_path: Path) -> None:
    told = report(written(result, tmp_path))
    assert (told.points, told.max_points) == (result.score, result.max_score)
    assert sum(points for _, points, _ in told.rows) == told.points
    assert sum(of for _, _, of in told.rows) == told.max_points
    assert (told.failed is None) == all(check.status == "passed" for one in result.exercises for check in one.checks)


@pytest.mark.parametrize("result", results.ALL.values(), ids=results.ALL)
def test_each_check_is_one_test_of_a_runner_of_its_own(result: Result) -> None:
    runners = dict(classroom.runners(result))
    assert len(runners) == sum(len(exercise.checks) for exercise in result.exercises)
    for one in runners.values():
        assert set(one) == {"version", "status", "max_score", "tests"}
        assert one["version"] == 1
        (test,) = one["tests"]
        assert set(test) == {"name", "status", "score", "message", "test_code", "filename", "line_no", "duration"}
        assert test["status"] == one["status"] in ("pass", "fail", "error")
        assert all(type(test[key]) is int for key in ("score", "line_no", "duration"))
        assert type(one["max_score"]) is int
        assert test["score"] == (one["max_score"] if test["status"] == "pass" else 0)


def test_only_the_graders_own_fault_is_an_error(tmp_path: Path) -> None:
    result = examples.result(examples.exercise("x", [examples.our_fault(), examples.passed("y")]))
    statuses = [one["status"] for _, one in classroom.runners(result)]
    assert statuses == ["error", "pass"]
    assert report(written(result, tmp_path)).failed == "errored"


def test_ids_of_the_course_are_short_and_differ_whatever_is_chosen() -> None:
    names = [info.name for info in read_course()]
    ids = [name for name, _ in classroom.runners(examples.result(*map(waiting, read_course())))]
    assert len(set(ids)) == len({name.upper() for name in ids}) == len(ids)
    assert all(ID.fullmatch(name) and len(name) <= COLUMN for name in ids)
    for info in read_course():
        alone = [name for name, _ in classroom.runners(examples.result(waiting(info)))]
        assert set(alone) <= set(ids), f"{info.name} is reported as another, with and without {names}"


def test_no_line_is_more_than_a_variable_and_all_fit_into_an_environment(tmp_path: Path) -> None:
    many = [results.hostile_check() for _ in range(99)]
    exercises = [examples.exercise(f"exercise_{letter}", many) for letter in "abcde"]
    lines = written(examples.result(*exercises), tmp_path).splitlines()
    assert max(map(len, lines)) < STRING
    assert sum(map(len, lines)) < ENVIRONMENT


def test_nothing_a_learner_writes_makes_a_variable(tmp_path: Path) -> None:
    *runners, last = written(results.hostile(), tmp_path).splitlines()
    assert all(re.fullmatch(r"[A-Z0-9]+_RESULTS=[A-Za-z0-9+/]+=*", line) for line in runners)
    assert re.fullmatch(r"RUNNERS=[a-z0-9]+(,[a-z0-9]+)*", last)
    for line in runners:
        (test,) = json.loads(base64.b64decode(line.split("=", 1)[1]))["tests"]
        assert test["message"].replace("\n", "").isprintable()
        assert test["filename"].isprintable()
