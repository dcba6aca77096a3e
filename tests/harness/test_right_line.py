"""In all five exercises the report points at the very line where a program is stuck, crashed or spins."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.proof import grading
from tests.proof.grading import Job, Verdict, many_graders
from tests.proof.stops import ASYNCIO, CHECKS, FAULTS, PLAIN, STYLES, THREADS, program
from tests.proof.submissions import Submission

Case = tuple[str, str, str]

# A program that has answered before it gets stuck has failed: it may well wait for what comes next.
STATUSES = {"stuck": {"hung", "failed"}, "crashed": {"crashed"}, "spinning": {"hung"}, "polling": {"hung"}}

# What spins uses two seconds of processor before it is said to, and a traceback names the line by itself: of these all
# but a sample are slow.
SAMPLES = {
    *((exercise, STYLES[number % len(STYLES)], "crashed") for number, exercise in enumerate(CHECKS)),
    ("echo_server", PLAIN, "spinning"),
    ("fetch_url", ASYNCIO, "polling"),
    ("chat_client", THREADS, "spinning"),
}


def cases() -> Iterator[tuple[Case, bool]]:
    """All cases, and whether each is slow."""
    for exercise, style, fault in product(CHECKS, STYLES, FAULTS):
        case = (exercise, style, fault)
        yield case, fault != "stuck" and case not in SAMPLES


def job(case: Case, folder: Path) -> Job:
    """The program in a file of its own, and the check for it."""
    exercise, style, fault = case
    path = folder / f"{exercise}_{style}_{fault}.py"
    path.write_text(program(exercise, style, fault)[0], encoding="utf-8")
    submission = Submission(kind="wrong", exercise=exercise, path=path)
    return replace(grading.job(submission), checks=frozenset({CHECKS[exercise]}))


@pytest.fixture(scope="module")
def stopped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Case, Verdict]]:
    folder = tmp_path_factory.mktemp("stops")
    tests = [item for item in request.session.items if isinstance(item, pytest.Function)]
    asked_for: list[Any] = [test.callspec.params["case"] for test in tests if test.module is request.module]
    with many_graders() as graders:
        coming: dict[Case, Future[Verdict]] = {case: graders.grade(job(case, folder)) for case in asked_for}
        yield {case: future.result() for case, future in coming.items()}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id="-".join(case), marks=[pytest.mark.slow] if is_slow else []) for case, is_slow in cases()],
)
def test_the_line_of_a_program_that_goes_no_further(case: Case, stopped: dict[Case, Verdict]) -> None:
    exercise, _, fault = case
    _, line = program(*case)
    (check,) = stopped[case].exercise.checks
    assert check.where is not None
    assert (check.where.file, check.where.line) == (f"{exercise}.py", line)
    assert check.status in STATUSES[fault]
    assert f"{exercise}.py:{line}" in stopped[case].report
