"""Has single submissions graded, many at a time, and says whether each got the verdict it should.

Grading forks, and a process with threads had better not; so it happens in a pool of processes without any. They mostly
wait, so there are more of them than processors.
"""

from __future__ import annotations

import ast
import contextlib
import io
import multiprocessing
import multiprocessing.context
import os
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from grader.course import read_exercise
from grader.report.result import CheckResult, ExerciseResult, Result
from grader.report.terminal import print_report
from grader.run import Options, Run
from tests.proof import tracing
from tests.proof.mutants import with_checks
from tests.proof.submissions import ROOT, Submission

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SEED = 20_000
AT_ONCE = 4 * (os.cpu_count() or 1)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One submission to grade. `grader` is the file with its checks; `seed` makes the random content.

    Where there are `checks`, they are all that is tried.
    """

    submission: Submission
    grader: Path
    seed: int = SEED
    checks: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What grading said of one submission. `seconds` is how long it took in all."""

    job: Job
    result: Result
    seconds: float

    @property
    def exercise(self) -> ExerciseResult:
        """The one exercise that was graded."""
        return self.result.exercises[0]

    @property
    def report(self) -> str:
        """What the learner reads in a terminal 100 columns wide."""
        text = io.StringIO()
        print_report(self.result, Console(file=text, width=100, highlight=False))
        return text.getvalue()

    @property
    def failed(self) -> frozenset[str]:
        """The checks that did not pass."""
        return frozenset(check.name for check in self.exercise.checks if check.status != "passed")


def job(submission: Submission, seed: int = SEED) -> Job:
    """The job of grading a submission with the checks of its exercise."""
    return Job(submission=submission, grader=ROOT / "grader" / f"test_{submission.exercise}.py", seed=seed)


def job_in_short(submission: Submission) -> Job:
    """The job of trying whether a wrong submission fails what it says it fails."""
    return replace(job(submission), checks=submission.fails)


def grade(job: Job) -> Verdict:
    """Grade one submission with all the checks of the job, however many hang."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="socket-exercises-proof-"))
    try:
        shutil.copyfile(job.submission.path, folder / f"{job.submission.exercise}.py")
        # tests/harness/test_calibration.py tries the tricks; three hundred times would cost a minute of processor.
        options = Options(seed=job.seed, jobs=1, hung_limit=0, calibrate=False)
        with _with_its_checks(job) as grader:
            result = Run(folder, [read_exercise(grader)], options).grade(_nobody_watches)
    finally:
        shutil.rmtree(folder)
    return Verdict(job=job, result=result, seconds=time.monotonic() - began)


@contextlib.contextmanager
def _with_its_checks(job: Job) -> Iterator[Path]:
    """The grader's file, or one with the chosen checks alone."""
    if job.checks is None:
        yield job.grader
        return
    with tempfile.TemporaryDirectory(prefix="socket-exercises-grader-") as folder:
        grader = Path(folder) / job.grader.name
        tree = ast.parse(job.grader.read_text(encoding="utf-8"))
        grader.write_text(with_checks(tree, job.checks), encoding="utf-8")
        yield grader


def _nobody_watches(*_: object) -> None:
    pass


@contextlib.contextmanager
def many_graders(at_once: int = AT_ONCE) -> Iterator[Graders]:
    """A pool that grades `at_once` submissions at a time; what is not begun when the block is left is dropped."""
    pool = ProcessPoolExecutor(at_once, mp_context=_fresh_processes(), initializer=_begin)
    try:
        yield Graders(pool, at_once)
    finally:
        pool.shutdown(cancel_futures=True)


def _fresh_processes() -> multiprocessing.context.BaseContext:
    """Processes without any threads. On Linux they are forks of one that has loaded all that grading needs.

    Elsewhere to fork may be unsafe, as for `Options.fork`.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tracing.trace_launchers_if_asked()


def _grade_unless_interrupted(job: Job) -> Verdict:
    """Ctrl-C goes to all processes at once: it ends a grading, and nothing in a process that has nothing to do."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return grade(job)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@dataclass(frozen=True)
class Graders:
    """See `many_graders`."""

    pool: ProcessPoolExecutor
    at_once: int

    def grade(self, job: Job) -> Future[Verdict]:
        """Have it graded when its turn comes."""
        return self.pool.submit(_grade_unless_interrupted, job)

    def grade_all(self, jobs: Iterable[Job]) -> Iterator[Verdict]:
        """Have all graded; they come as they are done. Never more are kept than are worked on."""
        going: set[Future[Verdict]] = set()
        for job in jobs:
            going.add(self.grade(job))
            if len(going) > self.at_once:
                done, going = wait(going, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        yield from (future.result() for future in as_completed(going))


def disagreement(verdict: Verdict) -> str:
    """In what a verdict is not what it should be, a line for each check; empty if it is."""
    submission, lines = verdict.job.submission, []
    if submission.kind == "stub" and verdict.exercise.status != "not_started":
        lines.append(f"a stub is {verdict.exercise.status}, not not_started")
    for check in verdict.exercise.checks:
        passes = submission.kind in ("solution", "right") or (
            submission.kind == "wrong" and check.name not in submission.fails
        )
        if check.status == "grader_error" or passes != (check.status == "passed"):
            lines.append(f"{check.name} {_tell(check)}, and should {'pass' if passes else 'fail'}")
    return "\n".join(f"{submission}: {line}" for line in lines)


def _tell(check: CheckResult) -> str:
    found = "" if check.finding is None else f": {check.finding}"
    facts = "".join(f" [{word}]" for word in (check.expected, check.arrived) if word)
    return f"{check.status}{found}{facts}"
