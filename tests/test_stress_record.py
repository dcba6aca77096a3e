"""`nox -s stress -- --record FILE` goes on where earlier runs stopped, and never mixes figures of different graders."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader.report.result import CheckResult, CheckStatus, ExerciseResult, Result
from tests.proof import record, stress
from tests.proof.grading import Verdict, job
from tests.proof.submissions import ROOT, find_submissions
from tests.proof.tally import Tally

SOLUTION = next(one for one in find_submissions() if str(one) == "solution/udp_sender")


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["stress", "udp_sender", "--only", "solution", "--jobs", "2", *words])
    return stress.main()


def test_a_second_run_grades_only_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    monkeypatch.setattr(stress, "SAVED_EVERY", 0.0)  # what is kept meanwhile is not counted twice at the end
    assert run(monkeypatch, "--repeat", "1", "--record", str(file)) == 0
    assert run(monkeypatch, "--repeat", "3", "--record", str(file)) == 0
    shown = capsys.readouterr().out
    assert "1 submissions, 3 times each: 2 gradings in" in shown
    assert "In all 2 runs by graders" in shown
    assert "3 gradings; 1 solution 3 times or more" in shown
    said = json.loads(file.read_text())
    entry = {"digest": record._digest(SOLUTION), "gradings": 3, "odd": {}}
    assert said["submissions"] == {"solution/udp_sender": entry}
    assert [one["gradings"] for one in said["runs"]] == [1, 2]
    assert f'\n  "solution/udp_sender": {json.dumps(entry)}\n' in file.read_text()  # a line each


def test_figures_of_other_graders_are_refused_and_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    text = json.dumps({"state": "other", "runs": [], "submissions": {}})
    file.write_text(text)
    assert run(monkeypatch, "--record", str(file)) == 2
    assert f"{file} has figures of other graders (other, and these are {record.state()})" in capsys.readouterr().err
    assert file.read_text() == text


def test_a_place_where_no_file_can_be_is_named_before_anything_is_graded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "--record", str(tmp_path)) == 2
    assert f"{tmp_path} is a folder" in capsys.readouterr().err
    assert run(monkeypatch, "--record", str(tmp_path / "new" / "figures.json")) == 2
    assert "figures.json is in a folder that is not there" in capsys.readouterr().err


def test_an_odd_verdict_of_an_earlier_run_is_not_forgotten(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    entry = {"digest": record._digest(SOLUTION), "gradings": 7, "odd": {"sends": "seed 1: failed: No."}}
    submissions = {"solution/udp_sender": entry}
    file.write_text(json.dumps({"state": record.state(), "runs": [{}], "submissions": submissions}))
    assert run(monkeypatch, "--repeat", "7", "--record", str(file)) == 1
    shown = capsys.readouterr().out
    assert "0 gradings in" in shown
    assert (
        "1 verdicts of them varied or were not as expected\nsolution/udp_sender sends: seed 1: failed: No.\n" in shown
    )


NO_ENTRY = {"state": "STATE", "runs": [], "submissions": {"solution/udp_sender": {"gradings": 1}}}


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", json.dumps(NO_ENTRY)])
def test_a_file_of_another_kind_is_refused_and_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    file, text = tmp_path / "notes.txt", text.replace("STATE", record.state())
    file.write_text(text)
    assert run(monkeypatch, "--record", str(file)) == 2
    assert "is not a record of this command: name another file" in capsys.readouterr().err
    assert file.read_text() == text


def test_a_changed_submission_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "udp_sender.py"
    path.write_text("first = 1\n")
    submission, file = replace(SOLUTION, path=path), tmp_path / "figures.json"
    entry = {"digest": record._digest(submission), "gradings": 7, "odd": {}}
    said = {"state": record.state(), "runs": [], "submissions": {"solution/udp_sender": entry}}
    file.write_text(json.dumps(said))
    assert record.Record(file, [submission]).gradings(submission) == 7
    write(path, "# NEEDED, and why\nNEEDED = True\nfirst = 1\n")
    assert record.Record(file, [submission]).gradings(submission) == 7
    write(path, "second = 1\n")
    assert record.Record(file, [submission]).gradings(submission) == 0


def test_a_submission_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    entry = {"digest": record._digest(SOLUTION), "gradings": 7, "odd": {}}
    said = {"state": record.state(), "runs": [], "submissions": {"solution/udp_sender": entry, "wrong/x/y": entry}}
    file.write_text(json.dumps(said))
    assert record.Record(file, [SOLUTION]).save(Tally(), {})["submissions"] == {"solution/udp_sender": entry}


def test_a_submission_begins_anew_when_its_grader_has_changed_and_no_other_does(tmp_path: Path) -> None:
    other = replace(SOLUTION, exercise="echo_server")
    write(tmp_path / "grader/test_echo_server.py", "")
    write(tmp_path / "grader/test_udp_sender.py", "")
    before = [record._digest(one, tmp_path) for one in (SOLUTION, other)]
    write(tmp_path / "grader/test_udp_sender.py", "other = 1")
    after = [record._digest(one, tmp_path) for one in (SOLUTION, other)]
    assert [now == then for now, then in zip(after, before, strict=True)] == [False, True]


def test_the_state_is_that_of_what_decides_all_verdicts(tmp_path: Path) -> None:
    decides = ("grader/harness/judge.py", "fixtures/peers/http_server.py")
    does_not = ("grader/report/html.py", "grader/cli.py", "grader/test_udp_sender.py", "fixtures/right/style.py")
    for name in decides + does_not:
        write(tmp_path / name, "")
    before = record.state(tmp_path)
    for name in does_not:
        write(tmp_path / name, "other = 1")
    for name in decides:
        write(tmp_path / name, '"""It decides."""\n# Not yet.\n')
    assert record.state(tmp_path) == before
    for name in decides:
        write(tmp_path / name, "other = 1")
        assert record.state(tmp_path) != before
        write(tmp_path / name, "")
    assert record.state(tmp_path) == before
    assert record.state(ROOT) != before


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_verdict_that_was_not_as_expected_is_kept_once_and_told(tmp_path: Path) -> None:
    def verdict(seed: int, status: CheckStatus) -> Verdict:
        check = CheckResult(name="sends", claim="Sends.", status=status, score=0, max_score=1, finding="No.")
        exercise = ExerciseResult(name="udp_sender", title="", order=5, status="passed", checks=(check,))
        result = Result(submission="", seconds=0.1, seed=seed, exercises=(exercise,))
        return Verdict(job=job(SOLUTION, seed), result=result, seconds=0.1)

    file, tally = tmp_path / "figures.json", Tally()
    statuses: list[CheckStatus] = ["passed", "failed", "passed", "hung"]
    for seed, status in enumerate(statuses):
        tally.add(verdict(seed, status))
    said = record.Record(file, [SOLUTION]).save(tally, {})
    assert record.summary(said).splitlines() == [
        f"In all 1 runs by graders {record.state()}: 4 gradings; 1 solution 4 times or more",
        "1 verdicts of them varied or were not as expected",
        "solution/udp_sender sends: seed 1: failed: No.",
    ]
    assert json.loads(file.read_text()) == said


def test_rounds_are_balanced_and_in_an_order_of_their_own() -> None:
    submissions = [one for one in find_submissions() if one.kind == "solution"]
    jobs = stress.in_rounds(submissions, 3, 1, None)
    rounds = [[str(one.submission) for one in jobs[start : start + 5]] for start in (0, 5, 10)]
    assert all(sorted(one) == sorted(map(str, submissions)) for one in rounds)
    assert len({tuple(one) for one in rounds}) > 1
    assert len({one.seed for one in jobs}) == 15
    assert jobs == stress.in_rounds(submissions, 3, 1, None)
