"""How a check's outcome in pytest becomes a `CheckResult`: finding, place, evidence, points."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

from grader.course import CheckInfo
from grader.harness.findings import Broken, CheckFailed, NotChecked, NotStarted, Stop
from grader.harness.outcome import Outcome, Raises
from grader.harness.program import Program
from grader.harness.stage import Stage
from grader.report import wording
from grader.report.result import CheckResult, CheckStatus, Evidence, Finding, Place, Stand

TAIL = 2000  # characters of the program's output shown


@runtime_checkable
class Explains(Protocol):
    """A value that a check compares and that can put a failed comparison in words."""

    def finding(self, expected: object) -> Finding:
        """What is wrong, given what the check expected."""


@dataclass(frozen=True)
class Comparison:
    """The comparison that made an assert fail."""

    op: str
    left: object
    right: object


@dataclass(kw_only=True)
class Judged:
    """What is known of a failing check so far."""

    status: CheckStatus
    finding: Finding
    stop: Stop | None = None
    where: Place | None = None
    stands: tuple[Stand, ...] = ()
    exception: str = ""
    frames: tuple[Place, ...] = ()
    notes: list[str] = field(default_factory=list)


def judge(info: CheckInfo, error: BaseException | None, comparison: Comparison | None, stage: Stage | None,
          seconds: float) -> CheckResult:  # fmt: skip
    """Turn the end of a check into its result. `error` is what ended it, None when it passed."""
    passed = CheckResult(
        name=info.name,
        claim=info.claim,
        status="passed",
        score=info.points,
        max_score=info.points,
        seconds=round(seconds, 4),
        evidence=Evidence(notes=tuple(stage.notes) if stage else ()),
    )
    if error is None:
        return passed
    if isinstance(error, NotChecked):
        return replace(passed, finding=wording.not_checked(str(error)))
    judged = _judge_error(error, comparison)
    if stage is not None and judged.status in ("failed", "hung", "crashed"):
        _look_at_programs(judged, stage, comparison)
    return _result(passed, info, judged, stage)


def not_run(info: CheckInfo, sentence: str, where: Place | None = None) -> CheckResult:
    """The result of a check that was not run, with the reason."""
    return CheckResult(
        name=info.name,
        claim=info.claim,
        status="not_run",
        score=0,
        max_score=info.points,
        finding=sentence,
        hint=None,
        where=where,
    )


def _judge_error(error: BaseException, comparison: Comparison | None) -> Judged:
    if isinstance(error, NotStarted | Broken):
        return Judged(status="not_run", finding=Finding(sentence=error.sentence), where=error.where)
    if isinstance(error, CheckFailed):
        status: CheckStatus = "hung" if error.stop else "failed"
        return Judged(status=status, finding=error.finding, stop=error.stop, where=error.where)
    if isinstance(error, AssertionError) and comparison is not None:
        return _judge_comparison(comparison)
    trace = "".join(traceback.format_exception(error, limit=-6))
    finding = wording.grader_error(f"{type(error).__name__}: {error}")
    return Judged(status="grader_error", finding=finding, notes=[trace[-TAIL:]])


def _judge_comparison(comparison: Comparison) -> Judged:
    left, right = comparison.left, comparison.right
    finding = left.finding(right) if isinstance(left, Explains) else wording.value_difference(right, left)
    stop: Stop | None = getattr(left, "stop", None)
    judged = Judged(status="hung" if stop and not _answered(left, stop) else "failed", finding=finding, stop=stop)
    judged.stands = tuple(getattr(left, "stands", ()))
    if isinstance(left, Outcome):
        judged.where = left.where
        if left.how == "unfinished" and stop:
            judged.finding = wording_of(stop)
        if left.how in ("raised", "ended") and not isinstance(right, Raises) and not left.misfit:
            judged.status = "crashed"
    return judged


def _answered(left: object, stop: Stop) -> bool:
    """Whether a program that now waits has done something: then it is wrong, and waits for what comes next."""
    return stop.kind == "stuck" and bool(getattr(left, "answered", False))


def wording_of(stop: Stop) -> Finding:
    """Why waiting for the program was given up, in words."""
    stand = stop.stands[0] if stop.stands else None
    match stop.kind:
        case "stuck":
            return wording.stuck(stand)
        case "sleeping":
            return wording.sleeping(stand, round(stop.seconds))
        case "spinning":
            return wording.spinning(stop.share, stand)
        case "slow":
            return wording.too_slow(round(stop.seconds))


def _look_at_programs(judged: Judged, stage: Stage, comparison: Comparison | None) -> None:
    """Ask each program of the check where it stands, or how it crashed."""
    asked_for_exception = comparison is not None and isinstance(comparison.right, Raises)
    for program in stage.programs:
        if judged.stop is None:
            program.settle()  # one that has closed its socket may still be on its way out with an exception
        program.catch_up()
        if judged.stop and not judged.stands:
            judged.stop = program.explain(judged.stop)
            judged.stands = judged.stop.stands
        if not judged.exception and not asked_for_exception and not program.raised_as_asked():
            _look_for_crash(judged, program)
        if not judged.exception and program.returned_by_itself():
            judged.finding = wording.returned_by_itself(program.serves, judged.finding)
    if judged.exception.startswith("PermissionError") or "PermissionError" in (judged.finding.arrived or ""):
        judged.notes.append(wording.fenced_in())
    if judged.where is None:
        if judged.frames:
            judged.where = judged.frames[-1]
        elif judged.stands:
            judged.where = judged.stands[0].place


def _look_for_crash(judged: Judged, program: Program) -> None:
    found = program.traceback()
    crash = program.crash()
    if crash and crash.how == "raised" and not crash.misfit:
        judged.status = "crashed"
        judged.exception = f"{crash.exception}: {crash.message}".removesuffix(": ")
        judged.frames = found[2] if found else (crash.where,) if crash.where else ()
        judged.where = crash.where or judged.where
    elif found:
        name, message, judged.frames = found
        judged.exception = f"{name}: {message}".removesuffix(": ")
        judged.status = "crashed"
        judged.where = judged.frames[-1]
    elif crash and crash.how == "ended":
        judged.status = "crashed"
        judged.finding = crash.finding(None)


def _result(passed: CheckResult, info: CheckInfo, judged: Judged, stage: Stage | None) -> CheckResult:
    finding = judged.finding
    return replace(
        passed,
        status=judged.status,
        score=0,
        finding=finding.sentence,
        expected=finding.expected,
        arrived=finding.arrived,
        hint=info.hint if judged.status not in ("not_run", "grader_error") else None,
        where=judged.where,
        conversation=stage.conversation.events() if stage and judged.status != "not_run" else (),
        evidence=_evidence(info, judged, stage),
    )


def _evidence(info: CheckInfo, judged: Judged, stage: Stage | None) -> Evidence:
    programs: Sequence[Program] = stage.programs if stage else ()
    notes: list[Any] = [*judged.notes, *(stage.notes if stage else [])]
    return Evidence(
        caret=judged.finding.caret,
        difference=judged.finding.difference,
        more_hint=info.more_hint,
        lesson_section=info.lesson_section,
        stands=judged.stands,
        exception=judged.exception,
        frames=judged.frames,
        stdout_tail="".join(program.stdout.text() for program in programs)[-TAIL:],
        stderr_tail="".join(program.error_text() for program in programs)[-TAIL:],
        notes=tuple(notes),
        events_left_out=stage.conversation.left_out if stage else 0,
    )
