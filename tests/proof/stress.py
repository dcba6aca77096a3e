"""Repeats gradings under load, in random order, and shows every verdict that varies: `nox -s stress`.

Each repetition has random content of its own. The exit status is 1 when a verdict varied or was not what the
submission says it should be. Ctrl-C shows what is known by then; with `--record` the next run goes on from there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track

from grader.cli import INTERRUPTED
from tests.proof.grading import AT_ONCE, Job, Verdict, job, many_graders
from tests.proof.load import MOST, Load, busy_loops
from tests.proof.record import NoRecord, Record, odd, summary
from tests.proof.submissions import KINDS, Submission, find_submissions
from tests.proof.tally import Line, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SLOWEST = 10
SAVED_EVERY = 30.0  # seconds: so much is lost at most when the machine goes down


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
    text = "grade each N times with what FILE says of earlier runs counted, and keep the figures of all of them there"
    add("--record", type=Path, metavar="FILE", help=text)
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


def in_rounds(submissions: Sequence[Submission], repeat: int, seed: int, record: Record | None) -> list[Job]:
    """The gradings that are missing, in rounds of random order: whenever it ends, all were graded equally often."""
    chance = random.Random(seed)
    jobs = []
    for number in range(repeat):
        one_round = [one for one in submissions if record is None or record.gradings(one) <= number]
        jobs += [job(one, chance.randrange(2**32)) for one in chance.sample(one_round, len(one_round))]
    return jobs


def grade_all(
    jobs: Sequence[Job], options: argparse.Namespace, console: Console, counted: Callable[[Verdict], None]
) -> tuple[bool, Load]:
    """Grade all beside the load; `counted` has each verdict as it comes. False if it was interrupted."""
    finished, load = False, Load()
    with contextlib.suppress(KeyboardInterrupt), _terminated_like_ctrl_c():
        with busy_loops(options.load) as load, many_graders(options.jobs) as graders:
            verdicts = graders.grade_all(jobs)
            for verdict in track(verdicts, "grading", len(jobs), console=console, disable=not console.is_terminal):
                counted(verdict)
        finished = True
    return finished, load


@contextlib.contextmanager
def _terminated_like_ctrl_c() -> Iterator[None]:
    """A time-out of CI then ends a run as Ctrl-C does: with what is known."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


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


def as_run(tally: Tally, options: argparse.Namespace, load: Load | None, seconds: float) -> dict[str, object]:
    """What was asked and what it took, as data. The share of the load is known only when it has ended."""
    asked = {"seed": options.seed, "repeat": options.repeat, "load": options.load, "jobs": options.jobs}
    share = None if load is None else round(load.share, 3)
    return {**asked, "share": share, "gradings": tally.gradings, "seconds": round(seconds, 1)}


def as_json(tally: Tally, options: argparse.Namespace, load: Load, seconds: float) -> dict[str, object]:
    """The same with the figures of each check of each submission."""
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
    return {**as_run(tally, options, load, seconds), "lines": lines}


class Counting:
    """Counts verdicts, and keeps the record's file near what is known."""

    def __init__(self, options: argparse.Namespace, record: Record | None) -> None:
        self.tally = Tally()
        self._options, self._record = options, record
        self._began = self._saved = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return time.monotonic() - self._began

    def add(self, verdict: Verdict) -> None:
        """Count one, and save if that is due."""
        self.tally.add(verdict)
        if self._record and time.monotonic() - self._saved > SAVED_EVERY:
            self._record.save(self.tally, as_run(self.tally, self._options, None, self.seconds))
            self._saved = time.monotonic()


def main() -> int:
    """Run; the result is the exit status."""
    options = parser().parse_args()
    submissions = chosen(options)
    if not submissions:
        return _refuse("no submission is like that")
    try:
        record = Record(options.record, find_submissions()) if options.record else None
    except NoRecord as error:
        return _refuse(str(error))
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(2**32)
    console = Console(highlight=False, soft_wrap=True)
    jobs = in_rounds(submissions, options.repeat, options.seed, record)
    counting = Counting(options, record)
    finished, load = grade_all(jobs, options, console, counting.add)
    seconds, tally = counting.seconds, counting.tally
    show(tally, console)
    if options.json:
        options.json.write_text(json.dumps(as_json(tally, options, load, seconds), indent=1), encoding="utf-8")
    strange = len(tally.odd())
    console.print(
        f"\n{len(submissions)} submissions, {options.repeat} times each: {tally.gradings} gradings in {seconds:.0f} s, "
        f"seed {options.seed}\n"
        f"{options.load} busy processes beside them took {load.share:.0%} of the processors\n"
        f"{strange} verdicts varied or were not as expected",
    )
    if record:
        said = record.save(tally, as_run(tally, options, load, seconds))
        console.print(summary(said))
        strange += len(odd(said))
    if not finished:
        console.print(f"Interrupted: {len(jobs) - tally.gradings} gradings are missing.")
        return INTERRUPTED
    return 1 if strange else 0


def _refuse(why: str) -> int:
    print(f"stress: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
