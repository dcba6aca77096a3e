"""A handout has all that a learner needs and no solution, and a second one keeps what the learner wrote."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from classrooms import handout
from classrooms.folder import MANIFEST
from tests.classrooms.conftest import PINNED, ROOT, TWO, hand_out, verdict

LONG = 25  # characters of a line that no two people write alike by chance
LINK = re.compile(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)")


def texts(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Each file's name and its lines that are not empty, without indentation."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            yield path.relative_to(folder).as_posix(), stripped(path)


def stripped(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def solution_only() -> Iterator[list[str]]:
    """Each solution's lines, emptied where they are imports or in its stub."""
    for path in sorted((ROOT / "solutions").glob("*.py")):
        given = set(stripped(ROOT / "exercises" / path.name))
        yield ["" if line in given or line.startswith(("import ", "from ")) else line for line in stripped(path)]


def pairs(lines: list[str]) -> set[tuple[str, str]]:
    return {pair for pair in itertools.pairwise(lines) if all(pair)}


def test_no_two_lines_that_follow_each_other_in_a_solution_are_handed_out(whole: Path) -> None:
    secret = set().union(*map(pairs, solution_only()))
    assert len(secret) > 50
    assert {name: found for name, lines in texts(whole) if (found := pairs(lines) & secret)} == {}


def test_no_long_line_of_a_solution_is_in_the_exercises(whole: Path) -> None:
    secret = {line for lines in solution_only() for line in lines if len(line) >= LONG}
    assert len(secret) > 50
    for name, lines in texts(whole / "exercises"):
        assert not secret & set(lines), name


def test_nothing_for_instructors_is_handed_out(whole: Path) -> None:
    assert {path.name for path in whole.iterdir()} == {
        ".devcontainer", ".github", ".gitignore", MANIFEST, "LICENSE", "README.md",
        "exercises", "fixtures", "grader", "noxfile.py", "pyproject.toml",
    }  # fmt: skip
    assert {path.name for path in (whole / "fixtures").iterdir()} == {"__init__.py", "peers"}
    for name, lines in texts(whole):
        assert not re.search(r"solutions/|nox -s (?!grade\b)", "\n".join(lines)), name


def test_all_that_grading_and_reading_need_is_handed_out(whole: Path) -> None:
    for folder in ("grader", "fixtures/peers", "exercises"):
        here = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
        there = {path.relative_to(whole) for path in (whole / folder).rglob("*")}
        missing = {path.as_posix() for path in here - there if "__pycache__" not in path.parts}
        assert missing <= {"grader/index.py"}


@pytest.mark.parametrize("name", ["whole", "two"])
def test_links_lead_somewhere(name: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(name)
    for document in folder.rglob("*.md"):
        broken = [link for link in LINK.findall(document.read_text()) if not (document.parent / link).exists()]
        assert not broken, document


def test_two_exercises_are_two_everywhere(two: Path) -> None:
    found = {path.stem for path in (two / "exercises").iterdir()} - {"README", "GLOSSARY"}
    assert found == {path.stem.removeprefix("test_") for path in (two / "grader").glob("test_*")}
    assert found == {"echo_server", "udp_sender"}
    assert "fetch_url" not in (two / "exercises/README.md").read_text() + (two / "README.md").read_text()
    assert 'EXERCISES: "echo_server udp_sender"' in (two / ".github/workflows/classroom.yml").read_text()


@pytest.mark.thorough
def test_untouched_stubs_are_graded_as_here(whole: Path, tmp_path: Path) -> None:
    assert verdict(whole, tmp_path / "whole.json") == verdict(ROOT, tmp_path / "here.json")


def test_work_is_graded_as_here(
    two: Path, submission: Path, expected: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    assert verdict(two, tmp_path / "there.json", "--submission", str(submission)) == expected
    assert set(expected["udp_sender"].values()) == {"passed"}
    assert set(expected["echo_server"].values()) == {"passed", "failed"}


def test_nox_there_grades_and_does_nothing_else(whole: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "nox", "--list"], cwd=whole, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert re.findall(r"^[*-] (\w+)", listed.stdout, re.MULTILINE) == ["grade"]


def test_a_second_time_there_is_nothing_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = hand_out(tmp_path / "handout", *TWO)
    capsys.readouterr()
    hand_out(folder)
    assert "up to date" in capsys.readouterr().out


def test_what_the_learner_writes_is_kept_and_all_else_is_brought_up_to_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = hand_out(tmp_path / "handout", *TWO)
    (folder / "exercises/echo_server.py").write_text("mine\n")
    (folder / "exercises/notes.txt").write_text("mine too\n")
    (folder / "grader/cli.py").write_text("broken\n")
    (folder / "README.md").unlink()
    as_handed_out_before(folder, "exercises/udp_sender.py", "an older stub\n")
    as_handed_out_before(folder, "grader/old/gone.py", "of an older grader\n")
    capsys.readouterr()
    hand_out(folder)
    told = capsys.readouterr().out
    assert (folder / "exercises/echo_server.py").read_text() == "mine\n"
    assert (folder / "exercises/notes.txt").read_text() == "mine too\n"
    for name in ("grader/cli.py", "exercises/udp_sender.py"):
        assert (folder / name).read_bytes() == (ROOT / name).read_bytes()
    assert not (folder / "grader/old").exists()
    assert "created 1 (README.md)" in told
    assert "updated 2 (grader/cli.py, exercises/udp_sender.py)" in told
    assert "kept 1, changed by the learner (exercises/echo_server.py)" in told
    assert "removed 1 (grader/old/gone.py)" in told


def as_handed_out_before(folder: Path, name: str, text: str) -> None:
    """Make it so that an earlier handout had this text in this file."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][name] = hashlib.sha256(text.encode()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_other_exercises_may_be_chosen_later(tmp_path: Path) -> None:
    folder = hand_out(tmp_path / "handout", *TWO)
    (folder / "exercises/udp_sender.py").write_text("mine\n")
    hand_out(folder, "--exercises", "fetch_url")
    assert {path.name for path in (folder / "exercises").glob("*.py")} == {"fetch_url.py", "udp_sender.py"}
    hand_out(folder, *TWO)
    assert (folder / "exercises/udp_sender.py").read_text() == "mine\n"


def test_an_empty_clone_may_become_a_handout(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert (hand_out(tmp_path) / "noxfile.py").is_file()


@pytest.mark.parametrize("name", ["../outside.py", "/tmp/outside.py", ".git/config", ""])
def test_a_manifest_cannot_name_what_is_not_the_handouts(name: str, tmp_path: Path) -> None:
    folder = hand_out(tmp_path / "handout", *TWO)
    outside = [tmp_path / "outside.py", folder / ".git/config"]
    (folder / ".git").mkdir()
    for path in outside:
        path.write_text("not ours\n")
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][name] = "0" * 64
    (folder / MANIFEST).write_text(json.dumps(manifest))
    hand_out(folder)
    assert all(path.read_text() == "not ours\n" for path in outside)


@pytest.mark.parametrize("name", ["grader", "exercises/echo_server.py", ".github/workflows"])
def test_no_link_is_followed(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = hand_out(tmp_path / "handout", *TWO)
    moved = tmp_path / "elsewhere"
    (folder / name).rename(moved)
    (folder / name).symlink_to(moved)
    with pytest.raises(SystemExit) as ended:
        handout.main([str(folder), *PINNED])
    assert ended.value.code == 2
    assert f"{name} is a link" in capsys.readouterr().err


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line with which the command ends."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        handout.main(words)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_what_makes_no_sense_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine\n")
    new = str(tmp_path / "new")
    assert "is no handout" in refused(capsys, str(tmp_path), *PINNED)
    assert "is a file" in refused(capsys, str(tmp_path / "file"), *PINNED)
    assert "name the folder" in refused(capsys)
    assert "Did you mean echo_server?" in refused(capsys, new, "--exercises", "ecko_server", *PINNED)
    assert "name at least one" in refused(capsys, new, "--exercises", ",")
    assert "OWNER/NAME" in refused(capsys, new, "--course", 'x"; rm -rf /')
    assert "40 hexadecimal digits" in refused(capsys, new, "--commit", "main")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert not Path(new).exists()


def test_a_folder_where_a_file_belongs_is_left_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = hand_out(tmp_path / "handout", *TWO)
    (folder / "README.md").unlink()
    (folder / "README.md").mkdir()
    (folder / "README.md" / "mine.txt").write_text("mine\n")
    assert "README.md is a folder where the handout has a file" in refused(capsys, str(folder), *PINNED)
    assert (folder / "README.md" / "mine.txt").read_text() == "mine\n"


def test_a_file_where_a_folder_belongs_is_left_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = hand_out(tmp_path / "handout", *TWO)
    (folder / "exercises").rename(tmp_path / "elsewhere")
    (folder / "exercises").write_text("mine\n")
    assert "exercises is a file where the handout has a folder" in refused(capsys, str(folder), *PINNED)
    assert (folder / "exercises").read_text() == "mine\n"


def test_a_manifest_of_another_kind_makes_no_handout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = hand_out(tmp_path / "handout", *TWO)
    (folder / MANIFEST).write_text(json.dumps({"schema": "another/v9", "exercises": [], "files": {}}))
    assert "is no handout" in refused(capsys, str(folder), *PINNED)


def test_a_file_that_the_learner_removed_may_be_given_up_later(tmp_path: Path) -> None:
    folder = hand_out(tmp_path / "handout", *TWO)
    (folder / "exercises/udp_sender.py").unlink()
    hand_out(folder, "--exercises", "echo_server")
    assert not (folder / "exercises/udp_sender.py").exists()
    assert not (folder / "grader/test_udp_sender.py").exists()


def test_where_git_names_no_course_the_workflow_asks_for_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("classrooms.origin.course_on_github", lambda: None)
    assert "--course OWNER/NAME and --commit SHA, or --no-workflow" in refused(capsys, str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_a_commit_that_is_nowhere_else_yet_is_doubted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("classrooms.origin.head", lambda: "0" * 40)
    monkeypatch.setattr("classrooms.origin.doubts", lambda commit: [f"{commit[:7]} is not pushed"])
    assert handout.main([str(tmp_path / "new"), "--course", "owner/name", *TWO]) == 0
    assert "Note: 0000000 is not pushed" in capsys.readouterr().err


def test_a_zip_holds_the_same_and_is_the_same_each_time(tmp_path: Path) -> None:
    folder = hand_out(tmp_path / "handout", *TWO, "--zip", str(tmp_path / "a.zip"))
    assert handout.main(["--zip", str(tmp_path / "b.zip"), *PINNED, *TWO]) == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    there = [path for path in folder.rglob("*") if path.is_file()]
    assert files == {path.relative_to(folder).as_posix(): path.read_bytes() for path in there}


def test_without_a_workflow_git_need_not_know_the_course(tmp_path: Path) -> None:
    assert handout.main([str(tmp_path / "handout"), "--no-workflow"]) == 0
    assert not (tmp_path / "handout/.github").exists()


def test_the_development_container_is_described_in_json(whole: Path) -> None:
    described = json.loads((whole / ".devcontainer/devcontainer.json").read_text())
    assert described["image"].endswith("python:3.13")
