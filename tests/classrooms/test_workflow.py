"""The learner's workflow, step by step: whatever the learner changed, the verdict is the course's own."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.classrooms.conftest import PINNED, POINTS, TWO, git, hand_out, statuses
from tests.classrooms.reporter import report
from tests.classrooms.runner import Job

WORKFLOW = ".github/workflows/classroom.yml"
FULL_MARKS = f"print('{POINTS} of {POINTS} points')\nimport os\nos._exit(0)\n"
TAMPERED = {
    "grader/__main__.py": FULL_MARKS,
    "grader/cli.py": FULL_MARKS,
    "grader/run.py": FULL_MARKS,
    "grader/conftest.py": FULL_MARKS,
    "grader/test_echo_server.py": "def test_sends_a_message_back_unchanged(): pass\n",
    "fixtures/peers/http_server.py": FULL_MARKS,
    "noxfile.py": FULL_MARKS,
    "pyproject.toml": "[project]\ndependencies = []\n[tool.pytest.ini_options]\naddopts = '--collect-only'\n",
    "conftest.py": FULL_MARKS,
    "sitecustomize.py": FULL_MARKS,
    "pytest.ini": "[pytest]\naddopts = --collect-only\n",
    "exercises/conftest.py": FULL_MARKS,
    "exercises/sitecustomize.py": FULL_MARKS,
    "exercises/grader.py": FULL_MARKS,
    "exercises/pytest.py": FULL_MARKS,
    "venv/bin/python": "#!/bin/sh\nexit 0\n",
    "timeout": "#!/bin/sh\nexit 0\n",
    "course/grader/__main__.py": FULL_MARKS,
    "temp/results/classroom.env": "RUNNERS=stolen\n",
    "results/classroom.env": "RUNNERS=stolen\n",
}


@pytest.fixture
def learner(ubuntu: None, two: Path, submission: Path, tmp_path: Path) -> Path:
    """The repository of a learner who has handed in work, and nothing else."""
    folder = tmp_path / "learner"
    shutil.copytree(two, folder, ignore=shutil.ignore_patterns("__pycache__", ".nox"))
    for path in submission.glob("*.py"):
        shutil.copy(path, folder / "exercises")
    return folder


def job(learner: Path, folder: Path) -> Job:
    """The workflow, run on what the learner has pushed."""
    git(learner, "init", "-q")
    git(learner, "add", "--force", ".")
    git(learner, "commit", "-q", "-m", "Hand in")
    found = Job(folder=folder, learner=learner)
    found.run()
    return found


def test_a_learner_who_tampered_with_everything_gets_the_untampered_verdict(
    learner: Path, expected: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    for name, text in TAMPERED.items():
        path = learner / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    done = job(learner, tmp_path / "runner")
    result = json.loads((done.results / "result.json").read_text())
    assert statuses(result) == expected
    assert done.failed is None
    told = report(done.new_environment)
    assert told.points == result["score"] < told.max_points == result["max_score"]
    assert f"{told.points} of {told.max_points} points" in done.summary
    assert "::error file=exercises/echo_server.py,line=" in done.printed["Hand over the results"]
    assert (done.results / "report.html").is_file()


def test_what_a_program_prints_comes_between_two_tokens(learner: Path, tmp_path: Path) -> None:
    for name in ("echo_server", "udp_sender"):
        path = learner / f"exercises/{name}.py"
        path.write_text(
            "print('::set-output name=points::99')\nraise ValueError('::error::owned')\n" + path.read_text()
        )
    printed = job(learner, tmp_path / "runner").printed
    first, *inside, last = printed["Grade"].splitlines()
    token = first.removeprefix("::stop-commands::")
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    assert last == f"::{token}::"
    assert token not in "".join(inside)
    commands = [line for line in printed["Hand over the results"].splitlines() if not line.startswith("::error file=")]
    assert commands == [f"::notice title=Socket exercises::0 of {POINTS} points"]


def test_a_link_to_the_course_is_no_work(learner: Path, tmp_path: Path) -> None:
    shutil.rmtree(learner / "exercises")
    (learner / "exercises").symlink_to("../course/exercises")
    done = job(learner, tmp_path / "runner")
    assert "::error::There is no folder exercises/" in done.printed["Grade"]
    assert json.loads((done.results / "result.json").read_text())["score"] == 0


def test_no_solution_is_on_the_machine(learner: Path, tmp_path: Path) -> None:
    shutil.rmtree(learner / "exercises")  # so that there is little to grade
    job(learner, tmp_path / "runner")
    assert {path.name for path in (tmp_path / "runner/course").iterdir() if path.is_dir()} == {
        "grader", "fixtures", "exercises"
    }  # fmt: skip
    assert {path.name for path in (tmp_path / "runner/course/fixtures").iterdir() if path.is_dir()} == {"peers"}


def test_where_nothing_could_be_graded_the_job_fails_and_says_so(learner: Path, tmp_path: Path) -> None:
    workflow = learner / WORKFLOW
    workflow.write_text(workflow.read_text().replace('"echo_server udp_sender"', '"no_such_exercise"'))
    done = job(learner, tmp_path / "runner")
    assert done.failed == "Grade"
    assert "Nothing was graded" in done.printed["Hand over the results"]
    assert "classroom-resources/autograding-grading-reporter" not in done.used


def test_the_classic_names_are_kept_and_the_permissions_are_few(two: Path) -> None:
    read = yaml.safe_load((two / WORKFLOW).read_text())
    assert read["name"] == "Autograding Tests"
    assert set(read[True]) == {"push", "repository_dispatch", "workflow_dispatch"}  # YAML reads `on` as true
    assert read["permissions"] == {"contents": "read"}
    assert list(read["jobs"]) == ["run-autograding-tests"]
    assert read["jobs"]["run-autograding-tests"]["if"] == "github.actor != 'github-classroom[bot]'"


def test_the_course_is_checked_out_at_the_pinned_commit(two: Path) -> None:
    steps = yaml.safe_load((two / WORKFLOW).read_text())["jobs"]["run-autograding-tests"]["steps"]
    work, course = (step["with"] for step in steps if step.get("uses", "").startswith("actions/checkout@"))
    assert (course["repository"], course["ref"]) == (PINNED[1], PINNED[3])
    assert not work["persist-credentials"]
    assert not course["persist-credentials"]
    (cached,) = (step["with"] for step in steps if step.get("uses", "").startswith("actions/cache@"))
    assert PINNED[3] in cached["key"]


def test_nothing_of_the_learners_is_put_into_a_script(two: Path) -> None:
    steps = yaml.safe_load((two / WORKFLOW).read_text())["jobs"]["run-autograding-tests"]["steps"]
    assert not [step["run"] for step in steps if "${{" in step.get("run", "")]


def test_the_whole_course_names_no_exercise(tmp_path: Path) -> None:
    folder = hand_out(tmp_path / "handout")
    assert yaml.safe_load((folder / WORKFLOW).read_text())["jobs"]["run-autograding-tests"]["env"] == {"EXERCISES": ""}
    hand_out(folder, *TWO)
    assert "echo_server udp_sender" in (folder / WORKFLOW).read_text()
