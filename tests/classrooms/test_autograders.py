"""What is made for Gradescope and Classroom 50 grades real work where they would run it."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from classrooms import classroom50, gradescope
from tests.classrooms import test_classroom50, test_gradescope
from tests.classrooms.conftest import CHECKS, POINTS, TWO, git

STUCK = "import threading\ndef run_echo_server(host='localhost', port=9999):\n    threading.Event().wait()\n"


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gradescope's zip unpacked, and compiled once for all gradings."""
    folder = tmp_path_factory.mktemp("gradescope")
    assert gradescope.main([str(folder / "autograder.zip"), *TWO]) == 0
    with zipfile.ZipFile(folder / "autograder.zip") as archive:
        archive.extractall(folder / "source")
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert all(modes[name] == 0o755 for name in gradescope.SCRIPTS)
    compileall.compile_dir(folder / "source/course/grader", quiet=1)
    return folder / "source"


@pytest.fixture
def image(ubuntu: None, source: Path, tmp_path: Path) -> Path:
    """Gradescope's folder as its image has it, the environment linked instead of installed."""
    root = tmp_path / "autograder"
    shutil.copytree(source, root / "source")
    shutil.copy(root / "source/run_autograder", root)
    (root / "venv").symlink_to(sys.prefix)
    (root / "submission").mkdir()
    return root


def graded(image: Path, **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        ["bash", str(image / "run_autograder")], cwd=image, check=False, timeout=110, stdout=subprocess.DEVNULL,
        env=os.environ | {"AUTOGRADER": str(image)} | environment,
    )  # fmt: skip
    assert done.returncode == 0
    written: dict[str, Any] = json.loads((image / "results/results.json").read_text(encoding="utf-8"))
    test_gradescope.assert_valid(written)
    return written


@pytest.mark.parametrize("place", [".", pytest.param("exercises", marks=pytest.mark.thorough)])
def test_gradescope_grades_files_at_the_top_or_in_their_folder(
    place: str, image: Path, submission: Path, expected: dict[str, dict[str, str]]
) -> None:
    shutil.copytree(submission, image / "submission" / place, dirs_exist_ok=True)
    written = graded(image)
    passed = [status == "passed" for checks in expected.values() for status in checks.values()]
    assert [test["status"] == "passed" for test in written["tests"]] == passed
    assert 16 < written["score"] < POINTS


def test_gradescope_is_told_that_the_grader_could_not_start(image: Path) -> None:
    (image / "venv").unlink()
    written = graded(image)
    assert "could not start" in written["output"]
    assert written["score"] == 0


def test_gradescope_gets_what_is_known_when_time_is_up(image: Path, submission: Path) -> None:
    shutil.copy(submission / "udp_sender.py", image / "submission")
    (image / "submission/echo_server.py").write_text(STUCK)
    for seconds in (1.5, 3.0, 6.0, 12.0):  # on a busy machine it takes a while until anything is known
        written = graded(image, GRADING_SECONDS=str(seconds))
        if "could not start" not in written["output"]:
            break
    assert "interrupted" in written["output"]
    assert len(written["tests"]) == len(CHECKS)


def test_gradescopes_set_up_is_sound(image: Path) -> None:
    subprocess.run(["bash", "-n", str(image / "source/setup.sh")], check=True)
    assert (image / "source/requirements.txt").read_text().startswith("h11")


@pytest.fixture(scope="session")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assignment's folder, written twice, and compiled once for all gradings."""
    folder = tmp_path_factory.mktemp("classroom50") / "sockets"
    assert classroom50.main([str(folder), *TWO]) == 0
    assert classroom50.main([str(folder)]) == 0
    compileall.compile_dir(folder / "course/grader", quiet=1)
    return folder


@pytest.fixture
def bundle(assignment: Path, tmp_path: Path) -> Path:
    """The assignment's folder, the environment linked instead of installed."""
    folder = tmp_path / "sockets"
    shutil.copytree(assignment, folder)
    (folder / "venv").symlink_to(sys.prefix)
    return folder


@pytest.fixture
def checkout(tmp_path: Path, submission: Path) -> Path:
    """A learner's checkout, with results that the learner made up."""
    folder = tmp_path / "checkout"
    shutil.copytree(submission, folder / "exercises")
    (folder / "result.json").write_text('{"score": 36}\n')
    (folder / "release-body.md").mkdir()
    (folder / "grader").mkdir()
    (folder / "grader/__main__.py").write_text("raise SystemExit(0)\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "Hand in")
    return folder


def autograde(bundle: Path, checkout: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | test_classroom50.ENVIRONMENT | {"CLASSROOM50_BUNDLE_DIR": str(bundle)}
    return subprocess.run(
        [sys.executable, str(bundle / "autograder.py")], cwd=checkout, env=environment, timeout=110, check=False,
        capture_output=True, text=True,
    )  # fmt: skip


def test_classroom50_grades_a_checkout(bundle: Path, checkout: Path, expected: dict[str, dict[str, str]]) -> None:
    done = autograde(bundle, checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads((checkout / "result.json").read_text(encoding="utf-8"))
    test_classroom50.assert_valid(written)
    passed = [status == "passed" for checks in expected.values() for status in checks.values()]
    assert [test["passed"] for test in written["tests"]] == passed
    assert f"{written['score']} of {POINTS} points" in (checkout / "release-body.md").read_text(encoding="utf-8")
    first, *_, last = done.stdout.splitlines()
    assert last == f"::{first.removeprefix('::stop-commands::')}::"


def test_classroom50_is_told_that_grading_did_not_run(bundle: Path, checkout: Path) -> None:
    (bundle / "course/grader/cli.py").unlink()
    assert autograde(bundle, checkout).returncode == 1
    assert not (checkout / "result.json").exists(), "what the learner made up would be taken for the result"


def test_classroom50_does_not_follow_a_link(bundle: Path, checkout: Path) -> None:
    shutil.rmtree(checkout / "exercises")
    (checkout / "exercises").symlink_to(bundle / "course/exercises")
    assert autograde(bundle, checkout).returncode == 0
    assert json.loads((checkout / "result.json").read_text(encoding="utf-8"))["score"] == 0


def test_nothing_for_instructors_is_in_an_autograder(bundle: Path) -> None:
    found = {path.relative_to(bundle / "course").parts[0] for path in (bundle / "course").rglob("*")}
    assert found == {"LICENSE", "exercises", "fixtures", "grader", "pyproject.toml"}
    assert {path.name for path in (bundle / "course/fixtures").iterdir()} == {"__init__.py", "peers"}


@pytest.mark.parametrize("main", [gradescope.main, classroom50.main], ids=["gradescope", "classroom50"])
def test_a_wrong_name_is_one_clear_line(main: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path / "new"), "--exercises", "ecko_server"])
    assert ended.value.code == 2
    assert "Did you mean echo_server?" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_to_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine\n")
    with pytest.raises(SystemExit) as ended:
        gradescope.main([str(tmp_path / "file" / "autograder.zip")])
    assert ended.value.code == 2
    assert str(tmp_path / "file") in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        classroom50.main([str(tmp_path / "file")])
    assert ended.value.code == 2
    assert "is a file; give a folder" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine\n"
