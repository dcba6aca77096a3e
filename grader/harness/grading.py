"""The pytest plugin that grades one exercise: gives each check its stage, and makes results of what pytest reports."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from grader.course import CheckInfo, ExerciseInfo
from grader.harness import clearing
from grader.harness.calibration import WHY_NOT, Trick, bites
from grader.harness.deadlines import DEADLINES, HUNG_LIMIT
from grader.harness.fence import Policy, protections
from grader.harness.findings import Broken, NotChecked, NotStarted
from grader.harness.judge import Comparison, judge, not_run
from grader.harness.launcher import LauncherGone, open_launcher
from grader.harness.output import Drain
from grader.harness.source import Source
from grader.harness.stage import Stage
from grader.harness.workshop import Workshop
from grader.report import wording
from grader.report.result import CheckResult, ExerciseStatus, Place


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What a worker grades: one exercise of one staged submission. `hung_limit` 0 means no limit.

    Programs write into `scratch`, an empty folder that is removed afterwards; without it, one is made.
    `policy` is what programs may do (`Policy.as_json`), None for no fence; the worker is `isolated` when it moves into
    a network namespace first. What is in `require` must be seen to work, or nothing is run.
    """

    info: ExerciseInfo
    folder: Path
    seed: int
    scratch: Path | None = None
    hung_limit: int = HUNG_LIMIT
    calibrate: bool = True
    fork: bool = True
    request: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] | None = None
    isolated: bool = False
    require: tuple[str, ...] = ()


class Grading:
    """A pytest plugin. `report` is called with each check's result, `noted` with notes on the whole exercise."""

    def __init__(
        self,
        assignment: Assignment,
        report: Callable[[CheckResult], None],
        noted: Callable[[str], None],
    ) -> None:
        self._assignment = assignment
        self._report = report
        self._noted = noted
        self._comparison: Comparison | None = None
        self._stage: Stage | None = None
        self._hung = 0
        self._lost = 0.0
        self._unusable: tuple[str, Place | None] | None = None
        self._notes: set[str] = set()
        self._started: set[str] = set()
        self._bites: dict[Trick, bool] = {}
        self.status: ExerciseStatus | None = None
        self._scratch = assignment.scratch or Path(tempfile.mkdtemp(prefix="socket-exercises-"))
        self._drain = Drain()
        self._open_workshop()

    def _open_workshop(self) -> None:
        assignment = self._assignment
        exercise = assignment.info.exercise
        self._launcher = open_launcher(str(self._scratch), assignment.folder, fork=assignment.fork)
        policy = Policy.from_json(assignment.policy) if assignment.policy is not None else None
        self._workshop = Workshop(
            launcher=self._launcher,
            drain=self._drain,
            folder=assignment.folder,
            scratch=self._scratch,
            name=assignment.info.name,
            functions=exercise.functions,
            shows=exercise.shows,
            source=Source(path=assignment.folder / f"{assignment.info.name}.py"),
            request=assignment.request,
            policy=replace(policy, writable=(str(self._scratch),)) if policy else None,
            started=self._started,
        )

    def _reopen_workshop(self) -> None:
        self._launcher.close()
        self._open_workshop()

    def protections(self) -> dict[str, str]:
        """The protections that a probe in the place of a learner's program has seen working, and what each is."""
        policy = self._workshop.policy
        if policy is None:
            return {}
        return protections.see(self._launcher, policy, str(self._scratch), isolated=self._assignment.isolated)

    def close(self) -> None:
        """End the launcher and everything it started; remove what programs wrote."""
        self._launcher.close()
        self._drain.close()
        if not self._assignment.isolated:
            clearing.remove(self._scratch)

    @pytest.fixture
    def stage(self, request: pytest.FixtureRequest) -> Iterator[Stage]:
        """Programs, peers and the conversation of this check."""
        seed = f"{self._assignment.seed}/{self._assignment.info.name}/{request.node.name}"
        with Stage(self._workshop, seed) as self._stage:
            yield self._stage

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Leave a check out when the submission cannot be used, or has hung too often."""
        self._comparison, self._stage = None, None
        if not self._launcher.answers():  # a program has killed it
            self._reopen_workshop()
        reason = self._reason_not_to_run()
        if reason:
            self._report(not_run(self._info(item), *reason))
            pytest.skip(reason[0])

    def _reason_not_to_run(self) -> tuple[str, Place | None] | None:
        if self._unusable:
            return self._unusable
        limit = self._assignment.hung_limit
        if limit and self._hung >= limit:
            return wording.not_run(limit), None
        if limit and self._lost > DEADLINES.failing:
            return wording.not_run_for_time(self._lost), None
        return None

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """Remember what a failing assert compared; the wording is made from the values themselves."""
        self._comparison = Comparison(op, left, right)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, object, object]:
        """Make a result of the check's own phase, and of a set-up or tear-down that went wrong."""
        error = call.excinfo.value if call.excinfo else None
        skipped = isinstance(error, pytest.skip.Exception)
        if not skipped and (call.when == "call" or error is not None):
            self._judge(item, error, call.duration)
        return (yield)

    def _judge(self, item: pytest.Item, error: BaseException | None, seconds: float) -> None:
        self._note_left_out()
        error = error or self._without_bite(item)
        result = judge(self._info(item), error, self._comparison, self._stage, seconds)
        if isinstance(error, NotStarted | Broken):
            self.status = "not_started" if isinstance(error, NotStarted) else "broken"
            if isinstance(error, Broken) or len(self._workshop.functions) == 1:
                self._unusable = (error.sentence, error.where)
        if error is None:
            self._note_started()
        if isinstance(error, LauncherGone):  # one that does not answer may still be there
            self._reopen_workshop()
        self._hung += result.status == "hung"
        self._lost += 0.0 if result.status == "passed" else seconds
        self._report(result)

    def _note_started(self) -> None:
        """A check has passed: from now on NotImplementedError is an exception like any other."""
        functions = self._workshop.functions
        programs = self._stage.programs if self._stage else ()
        self._started.update(functions if len(functions) == 1 else {f for p in programs for f in p.at_work()})

    def _without_bite(self, item: pytest.Item) -> NotChecked | None:
        """Why a check that passed has shown nothing: a trick it rests on does not work on this system."""
        for marker in item.iter_markers("rests_on") if self._assignment.calibrate else ():
            for trick in marker.args:
                if trick not in self._bites:
                    self._bites[trick] = bites(trick, self._workshop)
                if not self._bites[trick]:
                    return NotChecked(WHY_NOT[trick])
        return None

    def _note_left_out(self) -> None:
        source = self._workshop.source
        for program in self._stage.programs if self._stage else ():
            for line in program.left_out:
                note = wording.top_level_call_left_out(line, source.line(source.path.name, line))
                if note not in self._notes:
                    self._notes.add(note)
                    self._noted(note)

    def _info(self, item: pytest.Item) -> CheckInfo:
        return self._assignment.info.by_name[item.name.removeprefix("test_")]
