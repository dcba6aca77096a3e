"""Only regular Python files within limits reach the staged folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.harness import staging
from grader.harness.staging import stage


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    folder = tmp_path / "submission"
    folder.mkdir()
    (folder / "echo_server.py").write_text("x = 1\n")
    return folder


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_python_files_are_copied_helpers_and_packages_too(submission: Path, tmp_path: Path) -> None:
    (submission / "helper.py").write_text("")
    (submission / "package" / "deep").mkdir(parents=True)
    (submission / "package" / "deep" / "x.py").write_text("")
    (submission / "notes.txt").write_text("")
    (submission / "old.pyc").write_text("")
    staged = stage(submission, tmp_path / "staged", ["echo_server", "fetch_url"])
    assert names(staged.folder) == {"echo_server.py", "helper.py", "package/deep/x.py"}
    assert set(staged.missing) == {"fetch_url"}
    assert staged.refused == {}


def test_what_is_no_regular_file_is_refused_by_name(submission: Path, tmp_path: Path) -> None:
    (submission / "folder.py").mkdir()
    os.mkfifo(submission / "pipe.py")
    (submission / "link.py").symlink_to("/etc/passwd")
    (submission / "large.py").write_bytes(b"#" * (staging.MAX_FILE + 1))
    staged = stage(submission, tmp_path / "staged", ["folder", "pipe", "link", "large"])
    assert set(staged.refused) == {"folder", "pipe", "link", "large"}
    assert "folder.py is a folder" in staged.refused["folder"]
    assert names(staged.folder) == {"echo_server.py"}


def test_links_and_deep_trees_are_not_followed(submission: Path, tmp_path: Path) -> None:
    (submission / "self").symlink_to(submission)
    deep = submission
    for _ in range(staging.MAX_DEPTH + 3):
        deep /= "d"
        deep.mkdir()
        (deep / "m.py").write_text("")
    staged = stage(submission, tmp_path / "staged", ["echo_server"])
    assert len(names(staged.folder)) == 1 + staging.MAX_DEPTH


def test_many_and_large_helpers_are_bounded(submission: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MAX_FILES", 20)
    for number in range(50):
        (submission / f"m{number}.py").write_text("")
    assert len(names(stage(submission, tmp_path / "few", ["echo_server"]).folder)) <= 21
    monkeypatch.setattr(staging, "MAX_TOTAL", 100)
    for number in range(50):
        (submission / f"m{number}.py").write_text("#" * 30)
    assert len(names(stage(submission, tmp_path / "small", ["echo_server"]).folder)) <= 5
    monkeypatch.setattr(staging, "MAX_ENTRIES", 3)
    assert len(names(stage(submission, tmp_path / "short", ["echo_server"]).folder)) <= 5


def test_staged_files_cannot_be_written(submission: Path, tmp_path: Path) -> None:
    staged = stage(submission, tmp_path / "staged", ["echo_server"])
    assert (staged.folder / "echo_server.py").stat().st_mode & 0o222 == 0
