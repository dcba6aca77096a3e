"""How a check ends when it does not pass, as exceptions that carry what the report will say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from grader.report.result import Finding, Place, Stand

StopKind = Literal["stuck", "sleeping", "spinning", "slow"]


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Why waiting for the program was given up: it is stuck, sleeps by choice, spins, or is too slow.

    `share` is the share of one processor it used meanwhile; `seconds` how long it was waited for.
    """

    kind: StopKind
    share: float = 0.0
    seconds: float = 0.0
    stands: tuple[Stand, ...] = ()


class CheckFailed(AssertionError):
    """The program did not do what the check claims. `stop` is set when that is because it hangs."""

    def __init__(self, finding: Finding, *, stop: Stop | None = None, where: Place | None = None) -> None:
        super().__init__(finding.sentence)
        self.finding = finding
        self.stop = stop
        self.where = where


class NotStarted(Exception):
    """The learner's function still raises NotImplementedError, or the file is missing."""

    def __init__(self, sentence: str, where: Place | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.where = where


class Broken(Exception):
    """The learner's file cannot be used at all: it does not import, or lacks the function."""

    def __init__(self, sentence: str, where: Place | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.where = where


class HarnessFault(RuntimeError):
    """The program could not be started as it should be, through no fault of the learner's: a `grader_error`."""


class NotChecked(Exception):
    """The check rests on a trick that does not work on this system; it counts as passed, with a note saying so."""


def fail(finding: Finding, stop: Stop | None = None, stands: Sequence[Stand] = ()) -> CheckFailed:
    """A `CheckFailed` that shows the first of `stands` (or of the stop's own) as its place."""
    stands = stands or (stop.stands if stop else ())
    return CheckFailed(finding, stop=stop, where=stands[0].place if stands else None)
