"""Measure, and print a table: `nox -s bench`. Medians, since one busy moment should not count."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import measure

# What the project promises on two cores, in seconds.
TRIVIAL_CHECK, WHOLE_GRADING = 0.008, 5.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement in seconds. `allowed` is what was promised, if anything was."""

    what: str
    median: float
    fastest: float
    slowest: float
    times: int
    allowed: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the promise is kept."""
        return self.allowed is None or self.median <= self.allowed


def row(what: str, seconds: list[float], allowed: float | None = None) -> Row:
    """Sum up one measurement."""
    return Row(
        what=what,
        median=statistics.median(seconds),
        fastest=min(seconds),
        slowest=max(seconds),
        times=len(seconds),
        allowed=allowed,
    )


def rows(options: argparse.Namespace) -> list[Row]:
    """Measure everything. What pytest prints meanwhile goes to standard error."""
    with contextlib.redirect_stdout(sys.stderr):
        ours = row("a trivial echo check", measure.trivial_check(options.checks), TRIVIAL_CHECK)
        plain = row("the same in plain pytest and subprocess", measure.plain_check(max(2, options.checks // 4)))
        whole = row("grading all solutions", measure.whole_grading(options.gradings), WHOLE_GRADING)
        fence = row("entering the fence", measure.entering_the_fence(options.checks))
    return [ours, plain, whole, fence]


def print_table(measured: list[Row]) -> None:
    """The table, with each time also as a multiple of the first."""
    print(f"{'':42}{'median':>10}{'fastest':>10}{'slowest':>10}{'times':>7}{'ratio':>8}   promised")
    for one in measured:
        promised = "" if one.allowed is None else f"{_time(one.allowed)}{'' if one.kept else '  NOT KEPT'}"
        times = "".join(f"{_time(seconds):>10}" for seconds in (one.median, one.fastest, one.slowest))
        print(f"{one.what:42}{times}{one.times:7}{one.median / measured[0].median:8.1f}   {promised}")


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def main() -> int:
    """Run; the exit status is 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description="What grading costs.")
    parser.add_argument("--checks", type=int, default=200, metavar="N", help="repeat the trivial check N times (200)")
    parser.add_argument("--gradings", type=int, default=5, metavar="N", help="repeat the whole grading N times (5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    measured = rows(options)
    print(f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} processors")
    print_table(measured)
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in measured], indent=1), encoding="utf-8")
    return 0 if all(one.kept for one in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
