"""Repeats gradings under load, in random order, and shows every verdict that varies: `nox -s stress`.

Each repetition has random content of its own. The exit status is 1 when a verdict varied or was not what the
submission says it should be. Ctrl-C shows what is known by then.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track

from grader.cli import INTERRUPTED
from tests.proof.grading import AT_ONCE, job, many_graders
from tests.proof.load import MOST, Load, busy_loops
from tests.proof.submissions import KINDS, Submission, find_submissions
from tests.proof.tally import Line, Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

SLOWEST = 10


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="nox -s stress --", description="Repeat gradings; show verdicts that vary.")
    add = parser.add_argument
    add("exercises", nargs="*", metavar="EXERCISE", help="only submissions for these")
    add("--only", action="append", choices=KINDS, help="only this kind (may be repeated; all but stubs without it)")
    add("--file", action="append", type=Path, metavar="FILE", help="only this submission (may be repeated)")
    add("--repeat", type=int, default=10, metavar="N", help="grade each N times (10)")
    add("--load", type=int, default=0, metavar="N", help=f"beside N processes that only compute (0, at most {MOST})")
    add("--jobs", type=int, default=AT_ONCE, metavar="N", help=f"grade N at a time ({AT_ONCE})")
    add("--seed", type=int, default=None, metavar="N", help="repeat the order and the random content of an earlier run")
    add("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


def chosen(options: argparse.Namespace) -> list[Submission]:
    """The submissions that the command line asks for."""
    kinds = options.only or ["solution", "right", "wrong"]
    files = {path.resolve() for path in options.file or ()}
    return [
        submission
        for submission in find_submissions()
        if (submission.path in files if files else submission.kind in kinds)
        and (not options.exercises or submission.exercise in options.exercises)
    ]


def repeat(
    submissions: Sequence[Submission], options: argparse.Namespace, tally: Tally, console: Console
) -> tuple[bool, Load]:
    """Grade all as often as asked, in random order, and count. False if Ctrl-C ended that; what is known is counted."""
    chance = random.Random(options.seed)
    jobs = [job(submission, chance.randrange(2**32)) for submission in submissions for _ in range(options.repeat)]
    chance.shuffle(jobs)
    finished, load = False, Load()
    with contextlib.suppress(KeyboardInterrupt):
        with busy_loops(options.load) as load, many_graders(options.jobs) as graders:
            verdicts = graders.grade_all(jobs)
            for verdict in track(verdicts, "grading", len(jobs), console=console, disable=not console.is_terminal):
                tally.add(verdict)
        finished = True
    return finished, load


def show(tally: Tally, console: Console) -> None:
    """Print what was counted."""
    console.print("  passed   failed   varied   median  longest", style="bold")
    for name, one in tally.checks().items():
        counts = f"{one.passed:8,} {one.failed:8,} {one.varied:8,}"
        console.print(f"{counts} {one.median:6.2f} s {one.longest:6.2f} s  {name}")
    console.print(f"\nThe {SLOWEST} longest checks")
    for line in tally.slowest(SLOWEST):
        console.print(f"  {max(line.seconds):6.2f} s  {line.submission} {line.check}")
    for line in tally.odd():
        console.print(f"\n{_title(line)} {line.submission} {line.check}", style="bold")
        console.print(f"  passed {line.passed} of {line.runs}, should {'pass' if line.should_pass else 'fail'}")
        console.print(f"  {line.odd}")


def _title(line: Line) -> str:
    return "VARIES" if line.varied else "WRONG"


def as_json(tally: Tally, options: argparse.Namespace, load: Load, seconds: float) -> dict[str, object]:
    """The same as data."""
    lines = [
        {
            "submission": str(line.submission),
            "check": line.check,
            "should_pass": line.should_pass,
            "statuses": dict(line.statuses),
            "longest": max(line.seconds),
            "odd": line.odd,
        }
        for line in tally.lines()
    ]
    asked = {"seed": options.seed, "repeat": options.repeat, "load": options.load, "jobs": options.jobs}
    return {
        **asked,
        "share": round(load.share, 3),
        "gradings": tally.gradings,
        "seconds": round(seconds, 1),
        "lines": lines,
    }


def main() -> int:
    """Run; the result is the exit status."""
    options = parser().parse_args()
    submissions = chosen(options)
    if not submissions:
        print("stress: no submission is like that", file=sys.stderr)
        return 2
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(2**32)
    console = Console(highlight=False, soft_wrap=True)
    began, tally = time.monotonic(), Tally()
    finished, load = repeat(submissions, options, tally, console)
    seconds = time.monotonic() - began
    show(tally, console)
    if options.json:
        options.json.write_text(json.dumps(as_json(tally, options, load, seconds), indent=1), encoding="utf-8")
    odd = tally.odd()
    console.print(
        f"\n{len(submissions)} submissions, {options.repeat} times each: {tally.gradings} gradings in {seconds:.0f} s, "
        f"seed {options.seed}\n"
        f"{options.load} busy processes beside them took {load.share:.0%} of the processors\n"
        f"{len(odd)} verdicts varied or were not as expected",
    )
    if not finished:
        console.print(f"Stopped by Ctrl-C: {len(submissions) * options.repeat - tally.gradings} gradings are missing.")
        return INTERRUPTED
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
