"""The graders are right: each submission that is known to be right or wrong gets just the verdict it should.

All are graded side by side in the background while other tests run, so that a test mostly finds its verdict there.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet

from tests.proof.background import Background
from tests.proof.grading import disagreement, job, many_graders
from tests.proof.load import busy_loops
from tests.proof.submissions import Submission, enough, find_submissions
from tests.proof.tally import Tally

SUBMISSIONS = find_submissions()
ENOUGH = enough(SUBMISSIONS)
WRONG = [submission for submission in SUBMISSIONS if submission.kind == "wrong"]


def parameters(submissions: Iterable[Submission]) -> list[ParameterSet]:
    """All submissions; those that are `slow` are graded by `nox -s stress`, and by `nox -s tests -- -m ""`."""
    return [pytest.param(one, id=str(one), marks=[] if one in ENOUGH else [pytest.mark.slow]) for one in submissions]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("submission", parameters(SUBMISSIONS))
def test_a_submission_gets_the_verdict_it_should(submission: Submission, verdicts: Background) -> None:
    wrong = disagreement(verdicts.verdict(submission))
    assert not wrong, f"\n{wrong}"


@pytest.mark.parametrize("submission", parameters(WRONG))
def test_the_report_of_a_wrong_submission_shows_the_mistake(submission: Submission, verdicts: Background) -> None:
    report = verdicts.verdict(submission).report
    assert submission.shows in " ".join(report.split()), f"{submission.shows!r} is not in\n{report}"


@pytest.mark.timeout(300)
def test_solutions_pass_under_load_whatever_the_random_content() -> None:
    chance = random.SystemRandom()
    jobs = [job(one, chance.randrange(2**32)) for one in SUBMISSIONS if one.kind == "solution"]
    tally = Tally()
    with busy_loops(2), many_graders() as graders:
        for verdict in graders.grade_all(jobs):
            tally.add(verdict)
    assert tally.gradings == len(jobs)
    odd = "\n".join(f"{line.submission} {line.check}: {line.odd}" for line in tally.odd())
    assert not odd, f"\n{odd}"
