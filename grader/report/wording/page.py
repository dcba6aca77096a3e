"""Words that only the HTML page has."""

from __future__ import annotations

from grader.report.literals import count
from grader.report.wording import frame

MORE_HINT = "A second, more direct hint"
CODE = "Where the program stands"
CONVERSATION = "The conversation"
NOT_RUN = "Not run"
EXERCISE = "Exercise"
POINTS = "Points"
SHARE = "Share"
STATE = "State"
BYTES = "bytes"


def heading(submission: str) -> str:
    """The page's title."""
    return f"Results of {submission}"


def passed(number: int) -> str:
    """Over the folded checks that passed."""
    return f"{count(number, 'check')} passed"


def summary(score: int, max_score: int) -> str:
    """Under the title."""
    return f"{score} of {max_score} points"


def run(seconds: float, seed: int, protections: dict[str, str]) -> str:
    """About the run itself, at the page's end."""
    fences = frame.protected(protections, all_of_them=True)
    return " · ".join([f"{seconds:.1f} s", f"seed {seed}, for --seed", *fences])


def who(direction: str) -> str:
    """Who does what a row tells, for those who do not see the drawing."""
    return "your program: " if direction == "to_peer" else "the peer: "
