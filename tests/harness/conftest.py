"""A stage for a learner's program whose source stands in the test."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.course import Exercise, ExerciseInfo
from grader.harness.deadlines import DEADLINES
from grader.harness.grading import Assignment, Grading
from grader.harness.stage import Stage

Start = Callable[..., Stage]


@pytest.fixture(params=["fork", "spawn"])
def way(request: pytest.FixtureRequest) -> str:
    """Both ways of starting a program, for tests in which that could matter."""
    return str(request.param)


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> float:
    """How long a program may sleep by its own choice: less than usual, so that the test is not as long."""
    deadlines = dataclasses.replace(DEADLINES, idle=3.0)
    monkeypatch.setattr("grader.harness.patience.DEADLINES", deadlines)
    return deadlines.idle


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(source, *functions)` gives a stage whose programs load `source` as the exercise `learner`."""
    opened: list[Grading] = []

    def begin(source: str, *functions: str, fork: bool = True, shows: int = 65536) -> Stage:
        (tmp_path / "learner.py").write_text(textwrap.dedent(source))
        exercise = Exercise(title="Learner", order=1, functions=functions or ("run",), shows=shows)
        info = ExerciseInfo(name="learner", path=tmp_path / "test_learner.py", exercise=exercise, checks=())
        grading = Grading(
            Assignment(info=info, folder=tmp_path, seed=1, fork=fork), lambda check: None, lambda note: None
        )
        opened.append(grading)
        stage = Stage(grading._workshop, "test")
        stages.append(stage)
        return stage

    stages: list[Stage] = []
    yield begin
    for stage in stages:
        stage.close()
    for grading in opened:
        grading.close()
