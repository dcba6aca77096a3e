"""What of an exercise is told, and how often: each reason once, however many checks fail for it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from grader.report.result import CheckResult, ExerciseResult

FAILING = frozenset({"failed", "crashed", "hung", "grader_error"})


@dataclass(frozen=True, kw_only=True)
class Group:
    """A failing check, and those that fail for the same reason."""

    first: CheckResult
    others: tuple[CheckResult, ...]


def failing(exercise: ExerciseResult) -> tuple[CheckResult, ...]:
    """The checks with something to tell."""
    return tuple(check for check in exercise.checks if check.status in FAILING)


def not_run(exercise: ExerciseResult) -> tuple[CheckResult, ...]:
    """The checks that were left out."""
    return tuple(check for check in exercise.checks if check.status == "not_run")


def groups(checks: Sequence[CheckResult]) -> tuple[Group, ...]:
    """Failing checks by reason, in the order of the first of each."""
    found: dict[Hashable, list[CheckResult]] = {}
    for check in checks:
        found.setdefault(_reason(check), []).append(check)
    return tuple(Group(first=first, others=tuple(others)) for first, *others in found.values())


def _reason(check: CheckResult) -> Hashable:
    """Two crashes or hangs at one line are one mistake; two wrong answers only if they are wrong alike.

    The port is another one in each check and says nothing.
    """
    if check.status == "crashed" and check.where:
        return check.status, check.evidence.exception, check.where
    if check.status in ("crashed", "hung"):
        return check.status, _without_port(check.finding), check.where
    if check.finding is None:
        return check.name
    told = (_without_port(text) for text in (check.finding, check.expected, check.arrived))
    return check.status, *told, check.where


def _without_port(text: str | None) -> str:
    return re.sub(r":\d+\b", ":", text or "")
