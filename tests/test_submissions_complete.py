"""Every exercise has all its parts, and what learners are given is the same in every copy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from grader.course import ExerciseInfo, read_course
from tests.proof.given import docstrings, given_part, stub_faults
from tests.proof.submissions import ROOT, Submission, find_submissions

COURSE = read_course(ROOT / "grader")
SUBMISSIONS = find_submissions(ROOT)
WRONG, RIGHT, KINDS = 12, 4, 3  # how many an exercise needs at least; `nox -s tests` grades so many kinds of right ones


def stub_of(exercise: str) -> Path:
    return ROOT / "exercises" / f"{exercise}.py"


def missing_parts(exercise: ExerciseInfo, submissions: tuple[Submission, ...], root: Path = ROOT) -> list[str]:
    """What the exercise lacks, each as a sentence that says what to do."""
    own = [submission for submission in submissions if submission.exercise == exercise.name]
    count = Counter(str(submission.kind) for submission in own)
    failed = {check for submission in own for check in submission.fails}
    files = [f"exercises/{exercise.name}.md", f"exercises/{exercise.name}.py", f"solutions/{exercise.name}.py"]
    missing = [f"{file} is missing" for file in files if not (root / file).is_file()]
    for kind, needed in (("right", RIGHT), ("wrong", WRONG)):
        if count[kind] < needed:
            missing.append(f"fixtures/{kind}/{exercise.name}/ has {count[kind]} of {needed} submissions")
    if sum(one.needed for one in own if one.kind == "right") < KINDS:
        missing.append(f"fixtures/right/{exercise.name}/ has fewer than {KINDS} submissions with NEEDED = True")
    missing += [
        f"no submission in fixtures/wrong/{exercise.name}/ names {check.name} in its FAILS"
        for check in exercise.checks
        if check.name not in failed
    ]
    return missing


@pytest.mark.parametrize("exercise", COURSE, ids=lambda exercise: exercise.name)
def test_an_exercise_has_all_its_parts(exercise: ExerciseInfo) -> None:
    assert not missing_parts(exercise, SUBMISSIONS), "\n".join(["", *missing_parts(exercise, SUBMISSIONS)])


@pytest.mark.parametrize("exercise", COURSE, ids=lambda exercise: exercise.name)
def test_a_peer_of_the_exercise_can_be_run_by_hand(exercise: ExerciseInfo) -> None:
    lesson = (ROOT / "exercises" / f"{exercise.name}.md").read_text(encoding="utf-8")
    peers = {path.stem for path in (ROOT / "fixtures/peers").glob("*.py")}
    assert any(f"python -m fixtures.peers.{peer}" in lesson for peer in peers), "the lesson names no peer to run"


@pytest.mark.parametrize("exercise", COURSE, ids=lambda exercise: exercise.name)
def test_a_stub_says_what_to_write(exercise: ExerciseInfo) -> None:
    assert not stub_faults(stub_of(exercise.name))


@pytest.mark.parametrize("exercise", COURSE, ids=lambda exercise: exercise.name)
def test_stub_and_solution_promise_the_same(exercise: ExerciseInfo) -> None:
    solution = ROOT / "solutions" / f"{exercise.name}.py"
    assert docstrings(solution) == docstrings(stub_of(exercise.name))


@pytest.mark.parametrize("submission", SUBMISSIONS, ids=str)
def test_the_given_part_is_the_same_everywhere(submission: Submission) -> None:
    stub = stub_of(submission.exercise)
    assert given_part(stub, submission.path) == given_part(stub, stub)


@pytest.mark.parametrize("submission", SUBMISSIONS, ids=str)
def test_a_submission_says_what_it_fails(submission: Submission) -> None:
    exercise = next((exercise for exercise in COURSE if exercise.name == submission.exercise), None)
    assert exercise is not None, f"there is no grader/test_{submission.exercise}.py"
    assert submission.fails <= {check.name for check in exercise.checks}, "FAILS names checks that do not exist"
    assert bool(submission.fails) == (submission.kind == "wrong"), "FAILS is for wrong submissions, and for all of them"
    assert bool(submission.shows) == (submission.kind == "wrong"), "SHOWS is for wrong submissions, and for all of them"


def test_what_an_exercise_lacks_is_named(tmp_path: Path) -> None:
    exercise = COURSE[0]
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / f"{exercise.name}.md").touch()
    missing = missing_parts(exercise, (), tmp_path)
    assert f"exercises/{exercise.name}.py is missing" in missing
    assert f"exercises/{exercise.name}.md is missing" not in missing
    assert f"fixtures/wrong/{exercise.name}/ has 0 of {WRONG} submissions" in missing
    assert f"fixtures/right/{exercise.name}/ has fewer than {KINDS} submissions with NEEDED = True" in missing
    assert f"no submission in fixtures/wrong/{exercise.name}/ names {exercise.checks[0].name} in its FAILS" in missing
