"""Every format is written where it was asked for, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.report.formats import FORMATS
from tests.classrooms import results
from tests.classrooms.conftest import ROOT
from tests.classrooms.test_classroom50 import ENVIRONMENT


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_written_to_its_file_alone(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
    submission = tmp_path / "submission"
    submission.mkdir()
    for exercise in ("echo_server", "chat_client"):
        (submission / f"{exercise}.py").write_text("mine\n")
    target = tmp_path / "written" / "file"
    target.parent.mkdir()
    FORMATS[name].write(results.hostile(), target, submission)
    assert target.is_file()
    assert {path.name for path in target.parent.iterdir()} <= {"file", "release-body.md"}
    assert [path.read_text() for path in submission.iterdir()] == ["mine\n", "mine\n"]


def test_the_help_lists_all_formats() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "grader", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout  # fmt: skip
    assert all(f"{name}:" in told for name in FORMATS)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("junit", "give a format and a file"),
        ("pdf=x", "there is no format pdf; there are json"),
        ("classroom50=result.json", "needs what Classroom 50 sets in the environment: CLASSROOM"),
        ("summary=nowhere/s.md", "there is no folder nowhere"),
    ],
)
def test_a_format_that_cannot_be_written_is_one_clear_line(given: str, told: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "grader", "--submission", str(tmp_path), "--format", given],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert told in done.stderr.splitlines()[0]
