"""For all tests: submissions are graded in the background from the start, in the order in which tests ask for them."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.proof.background import Background
from tests.proof.grading import job, job_in_short
from tests.proof.submissions import Submission
from tests.proof.tracing import trace_launchers_if_asked

# `nox -s coverage` also wants to know what runs in the processes that this one's launchers become.
trace_launchers_if_asked()

# The tests of graders, and the job of which each needs the verdict.
_PROVEN = {
    "test_a_submission_gets_the_verdict_it_should": job,
    "test_the_report_of_a_wrong_submission_shows_the_mistake": job,
    "test_a_wrong_submission_fails_what_it_names": job_in_short,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the verdicts asked for first when tests run side by side: they take longest, and mostly that is waiting."""
    items.sort(key=lambda item: getattr(item, "originalname", "") not in _PROVEN)


@pytest.fixture(scope="session")
def verdicts(request: pytest.FixtureRequest) -> Iterator[Background]:
    """The verdicts to come for which the chosen tests ask, in the order of the tests."""
    tests = [item for item in request.session.items if isinstance(item, pytest.Function)]
    needed = ((_PROVEN.get(item.originalname), item) for item in tests)
    background = Background(dict.fromkeys(make(submission_of(item)) for make, item in needed if make))
    yield background
    background.close()


def submission_of(test: pytest.Function) -> Submission:
    """The submission that a test is about."""
    submission = test.callspec.params["submission"]
    assert isinstance(submission, Submission)
    return submission


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """A shell starts what runs in the background with SIGINT ignored, and all that it starts inherits that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
