"""The one result model: what grading found, as plain frozen data.

Everything that shows or stores a result (terminal, JSON, HTML, JUnit, classroom formats) reads these classes and
nothing else. Nothing here knows how grading works, how many submissions there are or where they ran.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

SCHEMA = "socket-exercises/result/v1"

CheckStatus = Literal["passed", "failed", "crashed", "hung", "not_run", "grader_error"]
ExerciseStatus = Literal["passed", "failed", "not_started", "broken"]
Party = Literal["program", "peer"]
EventKind = Literal[
    "connect",  # source opened a TCP connection
    "refused",  # source tried to connect and was refused
    "data",  # source sent bytes on a stream
    "end",  # source finished sending: half-close or close, the reader sees the end of the stream
    "reset",  # source reset the connection
    "datagram",  # source sent one datagram
    "lost",  # the peer lost this datagram on purpose
    "doubled",  # the peer delivered this datagram twice on purpose
    "swapped",  # the peer changed the order on purpose
    "waiting",  # the grader waited for source, which did nothing
    "typed",  # the grader typed this on the program's standard input
    "input_end",  # the grader closed the program's standard input
    "shown",  # the program wrote this on its standard output
    "listening",  # the program listens; note holds the address
    "call",  # the grader called the learner's function; note holds the call
    "returned",  # the function returned; note holds the value
    "raised",  # the function raised; note holds the exception
    "exit",  # the program ended; note says how
    "signal",  # the grader sent a signal; note names it
    "stalled",  # source stops reading on purpose
    "note",  # anything else worth a line
]
StandKind = Literal["waiting", "sleeping", "spinning", "crashed"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A line of the learner's code: file name, line number from 1, the line itself without indentation."""

    file: str
    line: int
    code: str
    function: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened on the wire, or at the program's edge, during a check.

    `at` is seconds since the check began. `connection` counts connections (or datagram sockets) from 1 in order of
    appearance; 0 means none. `data` holds at most 2 KiB (the first and last KiB of longer data); `size` is the full
    length in bytes.
    """

    at: float
    source: Party
    kind: EventKind
    connection: int = 0
    data: bytes = b""
    size: int = 0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Stand:
    """Where one thread or task of the program stood when it was asked.

    `call` is the blocking call in the learner's line as a word (`recv`, `accept`, `input`, `sleep`, …) or "".
    `thread` is empty for the main thread.
    """

    kind: StandKind
    place: Place
    call: str = ""
    thread: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a failing check found. `expected` and `arrived` are printable one-line texts (literals with lengths).

    When both show bytes cut around the first difference, `caret` is the column (from 0) in both texts at which they
    part. `difference` puts in words what a learner might overlook: "they differ only in the line ends", "the last
    5,103,616 bytes are missing".
    """

    sentence: str
    expected: str | None = None
    arrived: str | None = None
    caret: int | None = None
    difference: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that explains a failing check beyond the public result: for the terminal and HTML reports."""

    caret: int | None = None
    difference: str = ""
    more_hint: str = ""
    lesson_section: str = ""
    stands: tuple[Stand, ...] = ()
    exception: str = ""
    frames: tuple[Place, ...] = ()
    stdout_tail: str = ""
    stderr_tail: str = ""
    notes: tuple[str, ...] = ()
    events_left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """One check: `name` without `test_`, `claim` in prose, points, and when it did not pass, why."""

    name: str
    claim: str
    status: CheckStatus
    score: int
    max_score: int
    seconds: float = 0.0
    finding: str | None = None
    expected: str | None = None
    arrived: str | None = None
    hint: str | None = None
    where: Place | None = None
    conversation: tuple[Event, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, kw_only=True)
class ExerciseResult:
    """One exercise and its checks, in the order of the grader file. Scores are derived."""

    name: str
    title: str
    order: int
    status: ExerciseStatus
    checks: tuple[CheckResult, ...]
    notes: tuple[str, ...] = ()

    @property
    def score(self) -> int:
        """Points reached."""
        return sum(check.score for check in self.checks)

    @property
    def max_score(self) -> int:
        """Points that can be reached."""
        return sum(check.max_score for check in self.checks)


@dataclass(frozen=True, kw_only=True)
class Result:
    """One graded submission. `complete` is False while grading goes on or when it was interrupted."""

    submission: str
    seconds: float
    seed: int
    exercises: tuple[ExerciseResult, ...]
    protections: dict[str, str] = field(default_factory=dict)
    complete: bool = True

    @property
    def score(self) -> int:
        """Points reached."""
        return sum(exercise.score for exercise in self.exercises)

    @property
    def max_score(self) -> int:
        """Points that can be reached."""
        return sum(exercise.max_score for exercise in self.exercises)

    @property
    def grader_errors(self) -> tuple[str, ...]:
        """`exercise/check` of each check that failed through the grader's own fault."""
        return tuple(
            f"{exercise.name}/{check.name}"
            for exercise in self.exercises
            for check in exercise.checks
            if check.status == "grader_error"
        )

    @property
    def perfect(self) -> bool:
        """Whether every point was reached and the run was complete."""
        return self.complete and self.score == self.max_score and not self.grader_errors
