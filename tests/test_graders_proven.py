"""The graders are right: each submission that is known to be right or wrong gets just the verdict it should.

All are graded side by side in the background, in the order of the tests, so that a test mostly finds its verdict there.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterable
from concurrent.futures import Future

import pytest
from _pytest.mark import ParameterSet
from rich.console import Console

from grader.report.terminal import print_report
from tests.proof.grading import Verdict, disagreement, job, many_graders
from tests.proof.load import busy_loops
from tests.proof.submissions import Submission, find_submissions
from tests.proof.tally import Tally

SUBMISSIONS = find_submissions()
WRONG = [submission for submission in SUBMISSIONS if submission.kind == "wrong"]


def without_twins(submissions: Iterable[Submission]) -> list[ParameterSet]:
    """All submissions; of several wrong ones that fail the very same checks, those after the first are `slow`.

    They are graded by `nox -s stress`, and by `nox -s tests -- -m ""`.
    """
    parameters = []
    seen: set[tuple[str, frozenset[str]]] = set()
    for one in submissions:
        is_twin = one.kind == "wrong" and (one.exercise, one.fails) in seen
        seen.add((one.exercise, one.fails))
        parameters.append(pytest.param(one, id=str(one), marks=[pytest.mark.slow] if is_twin else []))
    return parameters


Verdicts = dict[Submission, Future[Verdict]]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("submission", without_twins(SUBMISSIONS))
def test_a_submission_gets_the_verdict_it_should(submission: Submission, verdicts: Verdicts) -> None:
    wrong = disagreement(verdicts[submission].result())
    assert not wrong, f"\n{wrong}"


@pytest.mark.parametrize("submission", without_twins(WRONG))
def test_the_report_of_a_wrong_submission_shows_the_mistake(submission: Submission, verdicts: Verdicts) -> None:
    report = shown(verdicts[submission].result())
    assert submission.shows in " ".join(report.split()), f"{submission.shows!r} is not in\n{report}"


@pytest.mark.timeout(300)
def test_solutions_pass_under_load_whatever_the_random_content() -> None:
    chance = random.SystemRandom()
    jobs = [job(one, chance.randrange(2**32)) for one in SUBMISSIONS if one.kind == "solution" for _ in range(3)]
    tally = Tally()
    with busy_loops(4), many_graders() as graders:
        for verdict in graders.grade_all(jobs):
            tally.add(verdict)
    assert tally.gradings == len(jobs)
    odd = "\n".join(f"{line.submission} {line.check}: {line.odd}" for line in tally.odd())
    assert not odd, f"\n{odd}"


def shown(verdict: Verdict) -> str:
    text = io.StringIO()
    print_report(verdict.result, Console(file=text, width=100, highlight=False))
    return text.getvalue()
