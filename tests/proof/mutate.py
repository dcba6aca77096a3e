"""Drops each assert of each grader in turn, and shows those that nobody misses: `nox -s mutate`.

An assert is missed when a wrong submission, which should fail its check, passes without it. Only those count that
`nox -s tests` grades, so that it fails then, too. One that nobody misses checks nothing that another does not, or lacks
a submission in fixtures/wrong, or there is one that the tests leave out.
The exit status is 1 when there is one, unless a comment `# nobody misses this: WHY` behind it argues the case.

With `--fewest` it shows which `NEEDED = True` are missing and which superfluous, so that the tests grade few of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import track

from grader.course import UnknownExercise, choose, read_course
from tests.proof.fewest import fewest
from tests.proof.grading import AT_ONCE, Graders, Job, many_graders
from tests.proof.mutants import Mutant, checks_without_assert, mutants
from tests.proof.submissions import ROOT, Submission, enough, find_submissions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grader.course import ExerciseInfo

T = TypeVar("T")

# So many mutants at a time, each tried on so many submissions at a time: most are missed by the first few of these.
MUTANTS, HANDFUL = AT_ONCE // 2, 2


@dataclass(frozen=True, kw_only=True)
class Survivor:
    """An assert that no submission misses of those that `nox -s tests` grades, and another that does, if there is."""

    mutant: Mutant
    other: Submission | None


def survivors(exercise: ExerciseInfo, graders: Graders, console: Console) -> list[Survivor]:
    """The mutants that nobody misses. An assert that several checks come by is missed if it is in one of them."""
    every = list(mutants(exercise.path))
    wrong = _wrong(exercise)
    tested = enough(find_submissions())
    with ThreadPoolExecutor(MUTANTS) as drivers:
        found = drivers.map(lambda mutant: who_misses(mutant, wrong, tested, graders), every)
        outcomes = list(_tracked(zip(every, found, strict=True), exercise, len(every), console))
    missed = {mutant.line for mutant, one in outcomes if one in tested}
    return [Survivor(mutant=mutant, other=one) for mutant, one in outcomes if mutant.line not in missed]


def facts(exercise: ExerciseInfo, graders: Graders, console: Console) -> dict[Submission, set[str]]:
    """Of each wrong submission which checks it fails and which asserts it misses."""
    found = {one: set(one.fails) for one in _wrong(exercise)}
    with tempfile.TemporaryDirectory(prefix="socket-exercises-mutant-") as folder:
        going = {
            graders.grade(Job(submission=one, grader=grader)): (one, f"line {mutant.line}")
            for number, mutant in enumerate(mutants(exercise.path))
            for grader in [_written(mutant, Path(folder) / str(number))]
            for one in found
            if mutant.check in one.fails
        }
        for future in _tracked(as_completed(going), exercise, len(going), console):
            if not future.result().failed:
                one, assertion = going[future]
                found[one].add(assertion)
    return found


def _wrong(exercise: ExerciseInfo) -> list[Submission]:
    return [one for one in find_submissions() if one.kind == "wrong" and one.exercise == exercise.name]


def _written(mutant: Mutant, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    grader = folder / f"test_{mutant.exercise}.py"
    grader.write_text(mutant.text, encoding="utf-8")
    return grader


def _tracked(some: Iterable[T], exercise: ExerciseInfo, total: int, console: Console) -> Iterable[T]:
    return track(some, exercise.name, total, console=console, disable=not console.is_terminal)


def who_misses(
    mutant: Mutant, wrong: Sequence[Submission], tested: frozenset[Submission], graders: Graders
) -> Submission | None:
    """A wrong submission that passes the mutant's check, which it should fail.

    Those that are `tested` are tried first, and of these those that fail little else, being the most particular.
    """
    candidates = sorted((one for one in wrong if mutant.check in one.fails), key=lambda one: len(one.fails))
    handfuls = [
        some[start : start + HANDFUL]
        for some in ([one for one in candidates if one in tested], [one for one in candidates if one not in tested])
        for start in range(0, len(some), HANDFUL)
    ]
    with tempfile.TemporaryDirectory(prefix="socket-exercises-mutant-") as folder:
        grader = _written(mutant, Path(folder))
        for handful in handfuls:
            going = [graders.grade(Job(submission=one, grader=grader)) for one in handful]
            # What is still going when one has passed hangs, most likely, and tells nothing new.
            for future in as_completed(going):
                if not future.result().failed:
                    return future.result().job.submission
    return None


def show_fewest(exercise: ExerciseInfo, graders: Graders, console: Console) -> None:
    """Print how many wrong submissions would do, and what to change so that it is those."""
    found = facts(exercise, graders, console)
    before = {one for one in found if one.needed}
    now = fewest(found, before)
    console.print(f"{exercise.name}: {len(now)} of {len(found)} wrong submissions will do")
    for change, some in (("is missing in", now - before), ("is superfluous in", before - now)):
        for one in sorted(map(str, some)):
            console.print(f"  NEEDED = True {change} {one}")


def show_survivors(exercise: ExerciseInfo, graders: Graders, console: Console) -> tuple[int, int]:
    """Print the asserts that nobody misses; returns how many there are in all, and of these without an argument."""
    nobody_misses = survivors(exercise, graders, console)
    asserts = {mutant.line for mutant in mutants(exercise.path)}
    unargued = {one.mutant.line for one in nobody_misses if not one.mutant.reason}
    console.print(f"{exercise.name}: {len(asserts)} asserts dropped, {len(unargued)} missed by nobody")
    for one in nobody_misses:
        mutant = one.mutant
        why = f", because {mutant.reason}" if mutant.reason else ""
        console.print(f"  line {mutant.line}: nobody misses `{mutant.dropped}` in {mutant.check}{why}")
        if one.other:
            console.print(f"    but {one.other}, which the tests leave out; NEEDED = True has it graded")
    for check in checks_without_assert(exercise.path):
        console.print(f"  {check} has no assert: what it waits for is its verdict")
    return len(asserts), len(unargued)


def main(words: Sequence[str] | None = None) -> int:
    """Run; the result is the exit status."""
    parser = argparse.ArgumentParser(prog="nox -s mutate --", description="Show asserts of graders that nobody misses.")
    parser.add_argument("exercises", nargs="*", metavar="EXERCISE", help="only these graders")
    text = "show instead which wrong submissions the tests need to grade, and which they need not"
    parser.add_argument("--fewest", action="store_true", help=text)
    options = parser.parse_args(words)
    console = Console(highlight=False, soft_wrap=True, markup=False)
    try:
        exercises = choose(read_course(ROOT / "grader"), options.exercises)
    except UnknownExercise as error:
        parser.error(str(error))
    with many_graders() as graders:
        if options.fewest:
            for exercise in exercises:
                show_fewest(exercise, graders, console)
            return 0
        counts = [show_survivors(exercise, graders, console) for exercise in exercises]
    every, left = (sum(column) for column in zip(*counts, strict=True))
    console.print(f"{every} asserts dropped, {left} missed by nobody")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
