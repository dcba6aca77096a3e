"""The report's own words: headings, labels and the closing line."""

from __future__ import annotations

import re

from grader.report.literals import count

EXPECTED = "expected"
ARRIVED = "arrived"
NOT_RUN = "Not run"
PRINTED = "It printed"
ERROR_OUTPUT = "Its error output"
NOT_COMPLETE = "The run was interrupted: what is not listed was not graded."
OFTEN = "Programs that fail like this often have this mistake"


_NAMED = 3
# Words of check names that are written otherwise in prose.
_SPELT = {
    "ctrl c": "Ctrl-C",
    "utf 8": "UTF-8",
    "latin 1": "Latin-1",
    "mib": "MiB",
    "kib": "KiB",
    "http": "HTTP",
    "https": "HTTPS",
    "url": "URL",
    "udp": "UDP",
    "tcp": "TCP",
    "dns": "DNS",
    "cpu": "CPU",
    "crlf": "CRLF",
    "ok": "OK",
    "timeout error": "TimeoutError",
    "value error": "ValueError",
    "lookup error": "LookupError",
    "connection error": "ConnectionError",
    "file not found error": "FileNotFoundError",
    "connection refused error": "ConnectionRefusedError",
}
_SPELT_WORD = re.compile(rf"\b({'|'.join(_SPELT)})\b")


def title(name: str) -> str:
    """A check's name as words: a claim after "the program"."""
    return _SPELT_WORD.sub(lambda found: _SPELT[found[0]], name.replace("_", " "))


def points(score: int, max_score: int) -> str:
    """`17 of 20`."""
    return f"{score} of {max_score}"


def state(status: str, failed: int, of: int) -> str:
    """An exercise in the table, in a word or two."""
    words = {"passed": "", "not_started": "not started", "broken": "cannot be run"}
    return words.get(status, f"{failed} of {count(of, 'check')} {'does' if failed == 1 else 'do'} not pass")


def lesson(path: str, section: str) -> str:
    """Where to read on."""
    return f'Lesson: {path}, "{section}"' if section else f"Lesson: {path}"


def more_hint(text: str) -> str:
    """The second hint."""
    return f"More: {text}"


def ungraded(number: int) -> str:
    """Some checks could not be graded through the grader's fault."""
    return (
        f"{count(number, 'check')} could not be graded, through the grader's own fault. "
        "This result is not final: please report it."
    )


def options(*, cut: bool, more_hints: bool) -> str:
    """What to type to see more."""
    more = ["Shortened: naming one exercise shows more of it, -v shows all."] if cut else []
    more += ["--hints 2 shows a second hint."] if more_hints else []
    return " ".join(more)


# Of many protections these are named; they are what an instructor asks for.
_MAIN_PROTECTIONS = ("files", "network", "signals", "tree")


def protected(protections: dict[str, str], *, all_of_them: bool) -> list[str]:
    """The protections that were seen working: all with how, or the main ones by name and the number of the others."""
    if all_of_them:
        return [f"{name.replace('_', ' ')}: {by}" for name, by in protections.items()]
    main = [name for name in _MAIN_PROTECTIONS if name in protections]
    named = main or list(protections)[:3]
    others = len(protections) - len(named)
    return [f"fenced: {', '.join(named)}" + (f" and {others} more" if others else "")] if protections else []


def closing(score: int, max_score: int, seconds: float, seed: int, protections: list[str]) -> str:
    """The last line: total, time, what repeats the random content, and the protections that were seen working."""
    return " · ".join(
        [f"{score} of {max_score} points", f"{seconds:.1f} s", f"seed {seed}", ", ".join(protections)]
    ).rstrip(" ·")


def progress(done: int, total: int, exercise: str, check: str) -> str:
    """The line that shows while checks run."""
    return f"{done} of {total}  {exercise}: {title(check)}"


def not_run(names: list[str], why: str, *, all_of_them: bool) -> str:
    """Checks that were left out."""
    return f"{why.rstrip('.')}: {titles(names, all_of_them=all_of_them)}."


def same_reason(names: list[str], *, all_of_them: bool) -> str:
    """Checks that fail like the one before."""
    return f"Not passed for the same reason: {titles(names, all_of_them=all_of_them)}."


def titles(names: list[str], *, all_of_them: bool) -> str:
    """Names of checks in a row; of many only the first and the number of the others."""
    if all_of_them or len(names) <= _NAMED + 1:
        return "; ".join(map(title, names))
    return f"{'; '.join(map(title, names[:_NAMED]))}; and {len(names) - _NAMED} more"


def says_the_same(claim: str, name: str) -> bool:
    """Whether the claim in prose is only the check's name again."""
    return claim.rstrip(".").casefold() in (f"the program {title(name)}".casefold(), title(name).casefold(), "")


def tells(finding: str, exception: str) -> bool:
    """Whether the finding has said already what the exception says."""
    kind, _, message = exception.partition(":")
    return kind in finding and message.strip() in finding
