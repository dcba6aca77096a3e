"""What a peer received, to be compared with what it should have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from grader.harness.findings import Stop
from grader.report import wording
from grader.report.result import Finding

Ending = Literal["complete", "end", "reset", "stuck", "sleeping", "spinning", "slow"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Received:
    """What arrived, and how the receiving ended: `complete` when what was asked for came.

    It equals bytes only when it is complete: an empty answer of a program that hangs is not an empty answer.
    """

    data: bytes
    ending: Ending
    stop: Stop | None = None

    def __eq__(self, other: object) -> bool:
        return self.ending == "complete" and self.data == other

    __hash__ = None  # type: ignore[assignment]  # compared, never put in a set

    @property
    def answered(self) -> bool:
        """Whether anything arrived at all."""
        return bool(self.data)

    def finding(self, expected: object) -> Finding:
        """Put the difference in words."""
        assert isinstance(expected, bytes)
        if expected == b"" and not self.data:
            return wording.no_end_of_stream(round(self.stop.seconds) if self.stop else 0)
        if expected == b"":
            return wording.unexpected_bytes(self.data, self._how())
        return wording.difference(expected, self.data, self._how())

    def _how(self) -> str:
        return "slow" if self.ending == "sleeping" else self.ending


class Answer(Received):
    """What arrived, for a check that only asks whether it does: bytes as many as expected are as good.

    What they are is another check's business, so that a program which answers wrongly is told so once.
    """

    def __eq__(self, other: object) -> bool:
        return self.ending == "complete" and isinstance(other, bytes) and len(self.data) == len(other)

    __hash__ = None  # compared, never put in a set
