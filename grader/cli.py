"""The command line of grading: options, their errors, the report, the exit status.

Exit status 0 only with full marks, 1 with less, 2 for a command that makes no sense, 3 when the grader itself went
wrong, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from grader.course import ExerciseInfo, UnknownExercise, choose, read_course
from grader.harness.deadlines import HUNG_LIMIT
from grader.harness.fence.protections import NAMES as PROTECTIONS
from grader.report import classroom50
from grader.report.formats import FORMATS
from grader.report.result import CheckResult, Result
from grader.report.terminal import Progress, print_report
from grader.run import NotProtected, Options, Run

LESS_THAN_FULL, USAGE, OUR_FAULT, INTERRUPTED = 1, 2, 3, 130
MAX_SEED = 2**32


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One clear line, then the way out."""
        print(f"grade: {message}", file=sys.stderr)
        print("grade: `nox -s grade -- --help` lists what there is.", file=sys.stderr)
        raise SystemExit(USAGE)


def parser() -> argparse.ArgumentParser:
    """All options, with the help that learners and instructors read."""
    usage = "nox -s grade -- [EXERCISE ...] [options]"
    cli = _Parser(prog="grade", usage=usage, description="Grade your programs, from the other end of the socket.",
                  allow_abbrev=False)  # fmt: skip
    cli.add_argument(
        "exercises", nargs="*", metavar="EXERCISE", help="grade only these, in course order (default: all)"
    )
    cli.add_argument("--submission", metavar="DIR", default="exercises", type=Path,
                     help="the folder with the programs (default: exercises)")  # fmt: skip
    files = cli.add_argument_group("files to write, kept up to date while grading")
    files.add_argument("--json", metavar="FILE", type=Path, help="the result as JSON")
    files.add_argument("--html", metavar="FILE", type=Path, help="the report as one HTML page")
    files.add_argument("--junit", metavar="FILE", type=Path, help="the result as JUnit XML")
    files.add_argument("--format", action="append", default=[], type=_format, metavar="NAME=FILE", dest="formats",
                       help="; ".join(f"{name}: {kind.help}" for name, kind in FORMATS.items()))  # fmt: skip
    show = cli.add_argument_group("what is shown")
    show.add_argument("-v", "--verbose", action="store_true", help="all checks, and conversations uncut")
    show.add_argument("--hints", type=int, choices=(0, 1, 2), default=1, metavar="N",
                      help="0: no hints, 1: a question (default), 2: a more direct one too")  # fmt: skip
    show.add_argument("--list", action="store_true", help="list the exercises and their checks, grade nothing")
    how = cli.add_argument_group("how it is graded")
    how.add_argument("--seed", type=_number(0, MAX_SEED - 1), metavar="N",
                     help="repeat a run: same random content (default: a new one)")  # fmt: skip
    how.add_argument("--jobs", type=_number(1), metavar="N", help="exercises graded at the same time")
    how.add_argument("--hung-limit", type=_number(0), default=HUNG_LIMIT, metavar="N",
                     help="leave an exercise's rest out after N hung checks, 0 for never "
                     f"(default: {HUNG_LIMIT})")  # fmt: skip
    how.add_argument("--start", choices=("fork", "spawn"), default=None,
                     help="how programs are started (default: fork where the system can)")  # fmt: skip
    trust = cli.add_argument_group("programs of people you do not know")
    trust.add_argument("--require", type=_protections, default=(), metavar="LIST",
                       help="grade only where these are seen to work, such as files,network,signals,tree")  # fmt: skip
    trust.add_argument("--unfenced", action="store_true", help="let programs do whatever you may do yourself")
    return cli


def _protections(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in PROTECTIONS:
            raise argparse.ArgumentTypeError(f"there is no protection {name}; there are {', '.join(PROTECTIONS)}")
    return names


def _format(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not equals or not file:
        raise argparse.ArgumentTypeError(f"give a format and a file, such as junit=result.xml, and not {text}")
    if name not in FORMATS:
        raise argparse.ArgumentTypeError(f"there is no format {name}; there are {', '.join(FORMATS)}")
    return name, Path(file)


def _number(least: int, most: int | None = None) -> Callable[[str], int]:
    """What reads a whole number of at least `least` and at most `most`, and says what is wrong with any other text."""
    wanted = f"a whole number of {least:,} or more" if most is None else f"a whole number from {least:,} to {most:,}"

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"give {wanted}, and not {text}")
        return value

    return read


def main(arguments: Sequence[str] | None = None, *, without: tuple[str, ...] = (), calibrate: bool = True) -> int:
    """Grade as the command line says; returns the exit status.

    `without` leaves protections out, so that tests can see what each is for, and without `calibrate` they take less
    time; no option does either.
    """
    cli = parser()
    given = cli.parse_args(arguments)
    given.without, given.calibrate = without, calibrate
    try:
        course = choose(read_course(), given.exercises)
    except UnknownExercise as error:
        cli.error(str(error))
    if given.list:
        return list_course(course)
    if given.unfenced and given.require:
        cli.error("--unfenced leaves out every protection, and --require asks for some")
    problem = _problem(given)
    if problem:
        cli.error(problem)
    try:
        return grade(course, given)
    except NotProtected as error:
        print(f"grade: {error}. Nothing was graded.", file=sys.stderr)
        return USAGE


def _problem(given: argparse.Namespace) -> str | None:
    """What is wrong with the files named, said before anything is graded."""
    submission: Path = given.submission
    if not submission.exists():
        return f"there is no folder {submission}; --submission names the folder with the programs"
    if not submission.is_dir():
        return f"{submission} is not a folder; --submission names the folder with the programs"
    if not os.access(submission, os.R_OK | os.X_OK):
        return f"the folder {submission} cannot be read"
    for name, path in _files(given):
        if path.is_dir() or not path.parent.is_dir():
            return f"{name} {path}: {'that is a folder' if path.is_dir() else f'there is no folder {path.parent}'}"
        if name == "classroom50" and (missing := classroom50.missing()):
            return f"classroom50 needs what Classroom 50 sets in the environment: {', '.join(missing)}"
    return None


def _files(given: argparse.Namespace) -> list[tuple[str, Path]]:
    """The files to write, each with its format; `--json FILE` is short for `--format json=FILE`."""
    short: list[tuple[str, Path | None]] = [(name, getattr(given, name)) for name in ("json", "html", "junit")]
    return [*((name, path) for name, path in short if path is not None), *given.formats]


def list_course(course: Sequence[ExerciseInfo]) -> int:
    """Print the exercises with their checks and points."""
    for info in course:
        print(f"{info.name}  {info.title}, {info.max_score} points")
        for check in info.checks:
            print(f"  {check.points}  {check.claim}")
    return 0


def grade(course: Sequence[ExerciseInfo], given: argparse.Namespace) -> int:
    """Grade, write the files asked for, print the report."""
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(MAX_SEED)
    options = Options(seed=seed, hung_limit=given.hung_limit)
    options = _with_choices(options, given)
    console = Console(highlight=False)
    run = Run(given.submission, course, options)
    write = _writers(given)
    interrupted = False
    with Progress(console) as progress:
        progress.start(sum(len(info.checks) for info in course))

        def check_done(info: ExerciseInfo, check: CheckResult) -> None:
            progress.check_done(info.name, check)
            write(run.result())

        # A time-out of CI ends like Ctrl-C: with what is known.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            write(run.result())
            run.grade(check_done)
        except KeyboardInterrupt:
            interrupted = True
    result = run.result()
    write(result)
    _write_at_the_end(result, given)
    print_report(result, console, verbose=given.verbose, hints=given.hints, lessons=Path("exercises"))
    return _status(result, interrupted=interrupted)


def _with_choices(options: Options, given: argparse.Namespace) -> Options:
    return Options(
        seed=options.seed,
        hung_limit=options.hung_limit,
        jobs=given.jobs or options.jobs,
        fork=options.fork if given.start is None else given.start == "fork",
        request=options.request,
        fenced=not given.unfenced,
        require=given.require,
        without=given.without,
        calibrate=given.calibrate,
    )


def _writers(given: argparse.Namespace) -> Callable[[Result], None]:
    """What writes every file that is kept up to date."""
    live = [(FORMATS[name].write, path) for name, path in _files(given) if FORMATS[name].live]

    def write(result: Result) -> None:
        for write_one, path in live:
            write_one(result, path, given.submission)

    return write


def _write_at_the_end(result: Result, given: argparse.Namespace) -> None:
    for name, path in _files(given):
        if not FORMATS[name].live:
            FORMATS[name].write(result, path, given.submission)
            print(f"Report: {path.resolve().as_uri()}")


def _status(result: Result, *, interrupted: bool) -> int:
    if interrupted:
        return INTERRUPTED
    if result.grader_errors:
        return OUR_FAULT
    return 0 if result.perfect else LESS_THAN_FULL
