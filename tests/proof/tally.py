"""Counts the verdicts of many gradings: how often each check passed, for which submissions it varied, what was slow."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.report.result import CheckResult
    from tests.proof.grading import Verdict
    from tests.proof.submissions import Submission


@dataclass(kw_only=True)
class Line:
    """One check of one submission, over all its gradings. `odd` tells of the first grading that was not as expected."""

    submission: Submission
    check: str
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    odd: str = ""

    def add(self, check: CheckResult, seed: int) -> None:
        """Count one grading."""
        self.statuses[check.status] += 1
        self.seconds.append(check.seconds)
        if not self.odd and (check.status == "grader_error" or (check.status == "passed") != self.should_pass):
            arrived = f" [{check.expected}] [{check.arrived}]" if check.arrived else ""
            self.odd = f"seed {seed}: {check.status}: {check.finding}{arrived}"

    @property
    def should_pass(self) -> bool:
        """Whether this submission is right in this respect."""
        return self.submission.kind != "stub" and self.check not in self.submission.fails

    @property
    def runs(self) -> int:
        """How often it was graded."""
        return sum(self.statuses.values())

    @property
    def passed(self) -> int:
        """How often it passed."""
        return self.statuses["passed"]

    @property
    def varied(self) -> bool:
        """Whether it sometimes passed and sometimes did not."""
        return 0 < self.passed < self.runs


class Tally:
    """All lines, as gradings are added."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], Line] = {}
        self.gradings = 0

    def add(self, verdict: Verdict) -> None:
        """Count one grading of one submission."""
        self.gradings += 1
        submission = verdict.job.submission
        for check in verdict.exercise.checks:
            new = Line(submission=submission, check=check.name)
            self._lines.setdefault((str(submission), check.name), new).add(check, verdict.job.seed)

    def lines(self) -> list[Line]:
        """All lines, by submission and check."""
        return list(self._lines.values())

    def odd(self) -> list[Line]:
        """The lines with a verdict that varied or was not as expected."""
        return [line for line in self._lines.values() if line.varied or line.odd]

    def slowest(self, count: int) -> list[Line]:
        """The lines with the longest single times."""
        return sorted(self._lines.values(), key=lambda line: -max(line.seconds))[:count]

    def checks(self) -> dict[str, Sum]:
        """The lines of each check added up, by `exercise/check`."""
        sums: dict[str, Sum] = {}
        for line in self._lines.values():
            sums.setdefault(f"{line.submission.exercise}/{line.check}", Sum()).lines.append(line)
        return sums


@dataclass(kw_only=True)
class Sum:
    """One check over all submissions."""

    lines: list[Line] = field(default_factory=list)

    @property
    def passed(self) -> int:
        """How often it passed."""
        return sum(line.passed for line in self.lines)

    @property
    def failed(self) -> int:
        """How often it did not."""
        return sum(line.runs for line in self.lines) - self.passed

    @property
    def varied(self) -> int:
        """For how many submissions the verdict varied."""
        return sum(line.varied for line in self.lines)

    @property
    def median(self) -> float:
        """The median time in seconds."""
        return statistics.median(second for line in self.lines for second in line.seconds)

    @property
    def longest(self) -> float:
        """The longest time in seconds."""
        return max(max(line.seconds) for line in self.lines)
