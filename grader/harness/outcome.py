"""What came of calling the learner's function, and what a check may compare it with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from grader.harness.findings import Stop
from grader.harness.inside.plain import Other
from grader.report import wording
from grader.report.result import Finding, Place


@dataclass(frozen=True)
class Raises:
    """What a check expects of a call that must fail: an exception of this class or a subclass."""

    kind: type[BaseException]


@dataclass(frozen=True)
class Returns:
    """What a check expects of a call that must return, whatever its value."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What came of one call. Compare it with the expected value, or with `Raises(ConnectionError)`.

    `how` is "returned", "raised", "ended" (the process ended without an answer) or "unfinished" (it hangs).
    `classes` are the exception's classes by full name (`builtins.OSError`), most special first.
    """

    how: Literal["returned", "raised", "ended", "unfinished"]
    value: Any = None
    classes: tuple[str, ...] = ()
    message: str = ""
    where: Place | None = None
    status: int | None = None
    stop: Stop | None = None
    misfit: str = ""
    call: str = ""
    signature: str = ""
    was_asked_for: bool = field(default=False, init=False)  # a check has compared it with `Raises`, and it was equal

    @property
    def exception(self) -> str:
        """The exception's class as learners write it: `ConnectionRefusedError`, `json.JSONDecodeError`."""
        return self.classes[0].removeprefix("builtins.") if self.classes else ""

    @property
    def is_a_stub(self) -> bool:
        """Whether it raised what a function raises that is not written yet."""
        return f"builtins.{NotImplementedError.__name__}" in self.classes

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Raises):
            fits = self.how == "raised" and f"builtins.{other.kind.__name__}" in self.classes and not self.misfit
            object.__setattr__(self, "was_asked_for", fits)
            return fits
        if isinstance(other, Returns):
            return self.how == "returned"
        return self.how == "returned" and type(self.value) is type(other) and bool(self.value == other)

    __hash__ = None  # type: ignore[assignment]  # compared, never put in a set

    def finding(self, expected: object) -> Finding:
        """Put in words how this outcome differs from the expected one."""
        if self.misfit:
            return wording.cannot_call(self.signature or self.misfit, self.call)
        if self.how == "ended":
            status = self.status or 0
            if status < 0:
                return wording.killed_by_signal(-status)
            return wording.ended_inside(status) if isinstance(expected, Returns) else wording.ended_early(status)
        if self.how == "raised":
            if isinstance(expected, Raises):
                return wording.wrong_exception(expected.kind.__name__, self.exception, self.message)
            if isinstance(expected, Returns):
                return wording.crashed(self.exception, self.message, self.where)
            return wording.raised_instead(expected, self.exception, self.message)
        if isinstance(expected, Raises):
            return wording.returned_instead(expected.kind.__name__, _shown(self.value))
        return wording.value_difference(expected, _shown(self.value))


def _shown(value: Any) -> object:
    return f"<{value.type}: {value.text}>" if isinstance(value, Other) else value
