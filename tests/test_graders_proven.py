"""The graders are right: each submission that is known to be right or wrong gets just the verdict it should.

All are graded side by side in the background while other tests run, so that a test mostly finds its verdict there.
`nox -s tests` tries a part of them, and those that are wrong only with the checks that they should fail. `.ci/run` adds
what is `thorough`: the other right ones, and whether the wrong ones pass all other checks. What is `slow`, the other
wrong ones and a few that use much of the processor, is left to `nox -s stress` and to `nox -s tests -- -m ""`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet

from tests.proof.background import Background
from tests.proof.grading import Verdict, disagreement, job, job_in_short, many_graders
from tests.proof.load import busy_loops
from tests.proof.submissions import Submission, enough, find_submissions
from tests.proof.tally import Tally

SUBMISSIONS = find_submissions()
ENOUGH = enough(SUBMISSIONS)
WRONG = [submission for submission in SUBMISSIONS if submission.kind == "wrong"]


def parameters(submissions: Iterable[Submission]) -> list[ParameterSet]:
    """All submissions, with how much it takes until each is graded."""
    return [pytest.param(one, id=str(one), marks=marks(one)) for one in submissions]


def marks(submission: Submission) -> list[pytest.MarkDecorator]:
    if submission.kind == "wrong":
        return [pytest.mark.thorough if submission in ENOUGH else pytest.mark.slow]
    if submission in ENOUGH:
        return []
    return [pytest.mark.slow if submission.slow else pytest.mark.thorough]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("submission", parameters(SUBMISSIONS))
def test_a_submission_gets_the_verdict_it_should(submission: Submission, verdicts: Background) -> None:
    wrong = disagreement(verdicts.verdict(job(submission)))
    assert not wrong, f"\n{wrong}"


@pytest.mark.parametrize("submission", parameters(WRONG))
def test_the_report_of_a_wrong_submission_shows_the_mistake(submission: Submission, verdicts: Background) -> None:
    assert_shown(submission, verdicts.verdict(job(submission)))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("submission", [one for one in WRONG if one in ENOUGH], ids=str)
def test_a_wrong_submission_fails_what_it_names(submission: Submission, verdicts: Background) -> None:
    verdict = verdicts.verdict(job_in_short(submission))
    assert verdict.failed == submission.fails, f"\n{disagreement(verdict)}"
    assert_shown(submission, verdict)


def assert_shown(submission: Submission, verdict: Verdict) -> None:
    assert submission.shows in " ".join(verdict.report.split()), f"{submission.shows!r} is not in\n{verdict.report}"


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
