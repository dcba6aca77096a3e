"""Where the course lives is what git says, and what may go wrong with that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from classrooms import handout, origin
from tests.classrooms.conftest import git


@pytest.fixture
def course(tmp_path: Path) -> Path:
    folder = tmp_path / "course"
    (folder / "grader").mkdir(parents=True)
    (folder / "grader/cli.py").touch()
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "Begin")
    return folder


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/octocat/sockets.git", "octocat/sockets"),
        ("https://github.com/octocat/sockets", "octocat/sockets"),
        ("git@github.com:octocat/my.sockets.git", "octocat/my.sockets"),
        ("ssh://git@github.com/octocat/sockets.git", "octocat/sockets"),
        ("https://gitlab.example/octocat/sockets.git", None),
        ("/home/octocat/sockets", None),
    ],
)
def test_the_remote_tells_the_name(course: Path, url: str, name: str | None) -> None:
    git(course, "remote", "add", "origin", url)
    assert origin.course_on_github(course) == name


def test_without_git_nothing_is_known(tmp_path: Path) -> None:
    assert origin.course_on_github(tmp_path) is None
    assert origin.head(tmp_path) is None


def test_what_was_not_committed_or_not_pushed_is_said(course: Path) -> None:
    commit = origin.head(course)
    assert commit is not None
    assert [doubt.split()[0] for doubt in origin.doubts(commit, course)] == ["No"]
    (course / "grader/cli.py").write_text("changed\n")
    assert len(origin.doubts(commit, course)) == 2
    git(course, "checkout", "-q", "grader/cli.py")
    git(course, "update-ref", "refs/remotes/origin/main", commit)
    assert origin.doubts(commit, course) == []


def test_where_git_does_not_know_the_option_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(origin, "course_on_github", lambda: None)
    with pytest.raises(SystemExit) as ended:
        handout.main([str(tmp_path / "handout")])
    assert ended.value.code == 2
    assert "--course OWNER/NAME" in capsys.readouterr().err
