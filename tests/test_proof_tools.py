"""The tools that prove the graders right see what they should see."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from grader.report.result import CheckResult, CheckStatus, ExerciseResult, Result
from tests.proof import grading, mutate, stress
from tests.proof.fewest import fewest
from tests.proof.grading import Graders, Job, Verdict, disagreement, grade, job
from tests.proof.load import busy_loops
from tests.proof.mutants import checks_without_assert, mutants
from tests.proof.submissions import Kind, Submission, constants, enough
from tests.proof.tally import Tally
from tests.proof.tracer import Tracer

GRADER = '''
"""Checks."""

EXERCISE = 1


def _hears(stage, word):
    assert stage.receive() == word


def test_greets(stage):
    """Claim."""
    assert stage.ready  # nobody misses this: it is for show
    _hears(stage, "hello")


def test_waits(stage):
    """Claim."""
    stage.wait()
'''


def submission(kind: Kind, *fails: str) -> Submission:
    return Submission(kind=kind, exercise="echo_server", path=Path("one.py"), fails=frozenset(fails))


def verdict(submission: Submission, **statuses: CheckStatus) -> Verdict:
    checks = tuple(
        CheckResult(name=name, claim="", status=status, score=0, max_score=1, seconds=0.5, finding="Something is off.")
        for name, status in statuses.items()
    )
    exercise = ExerciseResult(name="echo_server", title="", order=1, status="failed", checks=checks)
    result = Result(submission="", seconds=1, seed=1, exercises=(exercise,))
    return Verdict(job=job(submission), result=result, seconds=1)


def test_agreement_with_right_and_wrong_submissions() -> None:
    assert disagreement(verdict(submission("right"), greets="passed")) == ""
    assert disagreement(verdict(submission("wrong", "greets"), greets="hung", waits="passed")) == ""
    assert "greets failed: Something is off" in disagreement(verdict(submission("solution"), greets="failed"))
    assert "greets passed" in disagreement(verdict(submission("wrong", "greets"), greets="passed"))


def test_our_own_fault_is_never_agreement() -> None:
    ours = verdict(submission("wrong", "greets"), greets="grader_error")
    assert "grader_error" in disagreement(ours)


def test_a_stub_is_not_started() -> None:
    started = verdict(submission("stub"), greets="failed")
    assert "a stub is failed" in disagreement(started)


def test_a_tally_tells_what_varied_and_what_was_unexpected() -> None:
    tally = Tally()
    for status in ("passed", "failed", "passed"):
        tally.add(verdict(submission("right"), greets=status, waits="passed"))
    [odd] = tally.odd()
    assert (odd.check, odd.passed, odd.runs, odd.varied) == ("greets", 2, 3, True)
    assert "Something is off" in odd.odd
    one = tally.checks()["echo_server/greets"]
    assert (one.passed, one.failed, one.varied, one.longest) == (2, 1, 1, 0.5)


def test_a_tally_accepts_different_ways_to_fail() -> None:
    tally = Tally()
    for status in ("hung", "failed"):
        tally.add(verdict(submission("wrong", "greets"), greets=status))
    assert not tally.odd()


def test_each_assert_is_dropped_for_each_check_that_comes_by_it(tmp_path: Path) -> None:
    grader = tmp_path / "test_echo_server.py"
    grader.write_text(GRADER)
    found = list(mutants(grader))
    assert [(mutant.check, mutant.dropped) for mutant in found] == [
        ("greets", "assert stage.receive() == word"),
        ("greets", "assert stage.ready"),
    ]
    assert "    stage.ready\n    _hears(stage, 'hello')" in found[1].text
    assert "assert stage.receive() == word" in found[1].text
    assert not any("test_waits" in mutant.text for mutant in found)
    assert [mutant.reason for mutant in found] == ["", "it is for show"]
    assert checks_without_assert(grader) == ["waits"]


def test_the_fewest_submissions_have_all_facts_and_none_too_many() -> None:
    facts = {"a": {"1"}, "b": {"1", "2"}, "c": {"3"}, "d": {"2", "3"}}
    assert fewest(facts) == {"b", "c"}
    assert fewest(facts, {"a", "c", "d"}) == {"a", "d"}
    assert fewest(facts, {"a"}) == {"a", "d"}


def test_a_grader_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        mutate.main(["echo_sever"])
    assert ended.value.code == 2
    assert "There is no exercise named echo_sever. Did you mean echo_server?" in capsys.readouterr().err


def test_what_a_submission_says_of_itself_is_read_without_running_it(tmp_path: Path) -> None:
    path = tmp_path / "mistake.py"
    path.write_text('raise SystemExit\nFAILS = {"a", "b"}\nSHOWS = "5 of 18 bytes"\n')
    assert constants(path) == {"FAILS": {"a", "b"}, "SHOWS": "5 of 18 bytes"}


def test_enough_submissions_fail_each_check() -> None:
    both, first, again = submission("wrong", "a", "b"), submission("wrong", "a"), submission("wrong", "b", "a")
    slow = replace(submission("wrong", "c"), slow=True)
    solution, kind, alike = submission("solution"), replace(submission("right"), needed=True), submission("right")
    others = [solution, kind, alike]
    assert enough([again, both, slow, first, *others]) == {first, again, slow, solution, kind}
    needed = replace(again, needed=True)
    assert enough([needed, both, slow, first, *others]) == {needed, slow, solution, kind}


def test_busy_loops_are_there_for_the_block_and_then_gone() -> None:
    me = psutil.Process()
    before = set(me.children())
    with busy_loops(2) as load:
        assert len(set(me.children()) - before) == 2
    assert set(me.children()) == before
    assert 0 < load.share <= 1


def test_a_tracer_notes_lines_branches_and_pauses(tmp_path: Path) -> None:
    path = tmp_path / "traced.py"
    source = """
        def numbers():
            for number in range(2):
                yield number

        def run():
            return sum(numbers())
    """
    path.write_text(textwrap.dedent(source).lstrip())
    reading, writing = os.pipe()
    space: dict[str, object] = {}
    exec(compile(path.read_text(), str(path), "exec"), space)
    run = space["run"]
    before = sys.gettrace()
    try:
        sys.settrace(Tracer(writing, [str(tmp_path)]).enter)
        run()  # type: ignore[operator]
    finally:
        sys.settrace(before)
    os.close(writing)
    with os.fdopen(reading) as notes:
        pairs = {(int(last), int(here)) for _, last, here in (line.split("\t") for line in notes)}
    assert pairs == {(-5, 6), (6, -5), (-1, 2), (2, 3), (3, 2), (2, -1)}


def test_grading_a_submission_for_the_proof_leaves_out_no_check(tmp_path: Path) -> None:
    path = tmp_path / "silent.py"
    path.write_text("import time\n\ndef run_echo_server(host, port):\n    raise OSError('no')\n")
    graded = grade(job(replace(submission("wrong"), path=path)))
    assert {check.status for check in graded.exercise.checks} == {"crashed"}


def test_stress_names_a_verdict_that_is_not_as_expected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "silent.py"
    path.write_text("def run_echo_server(host, port):\n    raise OSError('no')\n")
    known = replace(submission("right"), path=path)
    monkeypatch.setattr(stress, "find_submissions", lambda: (known,))
    figures = tmp_path / "figures.json"
    monkeypatch.setattr(sys, "argv", ["stress", "--repeat", "2", "--jobs", "2", "--json", str(figures)])
    assert stress.main() == 1
    shown = capsys.readouterr().out
    assert "WRONG right/echo_server/silent" in shown
    assert "1 submissions, 2 times each" in shown
    assert '"gradings": 2' in figures.read_text()


@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stress_shows_what_it_knows_when_it_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    class Interrupted(Graders):
        def grade_all(self, jobs: Iterable[Job]) -> Iterator[Verdict]:
            yield next(super().grade_all(jobs))
            signal.raise_signal(number)

    monkeypatch.setattr(grading, "Graders", Interrupted)
    command = ["stress", "udp_sender", "--only", "solution", "--repeat", "5", "--jobs", "1"]
    monkeypatch.setattr(sys, "argv", command)
    assert stress.main() == 130
    shown = capsys.readouterr().out
    assert "1 gradings in" in shown
    assert "4 gradings are missing" in shown


def test_stress_says_when_nothing_is_chosen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["stress", "no_such_exercise"])
    assert stress.main() == 2
    assert "no submission" in capsys.readouterr().err
