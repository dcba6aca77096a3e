"""For all tests: submissions are graded side by side in the background, in the order of the tests that ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from tests.proof.grading import Verdict, job, many_graders
from tests.proof.submissions import Submission
from tests.proof.tracing import trace_launchers_if_asked

# `nox -s coverage` also wants to know what runs in the processes that this one's launchers become.
trace_launchers_if_asked()


@pytest.fixture(scope="session")
def verdicts(request: pytest.FixtureRequest) -> Iterator[dict[Submission, Future[Verdict]]]:
    """The verdicts to come of all submissions that the chosen tests ask for, in the order of the tests."""
    tests = [item for item in request.session.items if isinstance(item, pytest.Function)]
    parameters = (item.callspec.params["submission"] for item in tests if item.originalname in _PROVEN)
    asked_for = dict.fromkeys(one for one in parameters if isinstance(one, Submission))
    if not asked_for:
        yield {}
        return
    with many_graders() as graders:
        yield {submission: graders.grade(job(submission)) for submission in asked_for}


_PROVEN = ("test_a_submission_gets_the_verdict_it_should", "test_the_report_of_a_wrong_submission_shows_the_mistake")
