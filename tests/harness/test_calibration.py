"""A trick that does not bite on a system makes its checks say "not checked", and costs nobody a point."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.course import CheckInfo, read_exercise
from grader.harness import grading, known_bad
from grader.harness.calibration import TRICKS, Trick, bites
from grader.harness.findings import CheckFailed
from grader.harness.grading import Assignment, Grading
from grader.report.result import CheckResult, Finding
from tests.harness.conftest import Start

GRADER = '''
import pytest

from grader.course import Exercise

EXERCISE = Exercise(title="Learner", order=1, functions=("run",))


@pytest.mark.rests_on("pieces")
def test_says_hello(stage):
    """It says hello.

    Look at what it says.

    More: Hello.

    Lesson: None
    """
    assert stage.call("run").outcome() == "hello"
'''


@pytest.mark.parametrize("trick", TRICKS)
def test_every_trick_bites_here(start: Start, trick: Trick) -> None:
    stage = start("def run(): pass")
    assert bites(trick, stage._workshop)


@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_bites_a_program_without_the_mistake(
    start: Start, trick: Trick, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    right = tmp_path / "known_right.py"
    right.write_text(
        "import socket\n"
        "def send_once(host, port, size):\n    with socket.create_connection((host, port)) as sock:\n"
        "        sock.sendall(bytes(size))\n        return size\n"
        "def receive_twice(host, port):\n    with socket.create_connection((host, port)) as sock:\n"
        "        return [b''.join(iter(lambda: sock.recv(99), b''))]\n"
        "def spin(host, port):\n    with socket.create_connection((host, port)) as sock:\n        sock.recv(1)\n"
        "def keep(count):\n    for _ in range(count): socket.socket().close()\n    return count\n"
    )
    monkeypatch.setattr(known_bad, "__file__", str(right))
    assert not bites(trick, start("def run(): pass")._workshop)


class Item:
    """As much of a pytest item as the plugin asks for its markers."""

    name = "test_says_hello"

    def iter_markers(self, name: str) -> list[SimpleNamespace]:
        assert name == "rests_on"
        return [SimpleNamespace(args=("pieces",))]


@pytest.mark.parametrize(
    ("bite", "error", "status", "told"),
    [
        (True, None, "passed", False),
        (False, None, "passed", True),
        (True, AssertionError(), "grader_error", False),
        (False, CheckFailed(Finding(sentence="It says bye.")), "failed", False),
    ],
)
def test_what_has_not_been_checked_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bite: bool, error: BaseException | None, status: str, told: bool
) -> None:
    asked: list[str] = []

    def tried(trick: str, _: object) -> bool:
        asked.append(trick)
        return bite

    monkeypatch.setattr(grading, "bites", tried)
    results: list[CheckResult] = []
    (tmp_path / "test_learner.py").write_text(GRADER)
    info = read_exercise(tmp_path / "test_learner.py")
    plugin = Grading(Assignment(info=info, folder=tmp_path, seed=1), results.append, lambda note: None)
    for _ in range(2):  # tried once per run, however many checks rest on it
        plugin._judge(Item(), error, 0.0)  # type: ignore[arg-type]
    plugin.close()
    assert asked == (["pieces"] if error is None else [])
    for result in results:
        assert result.status == status
        assert result.score == (status == "passed")
        assert ("Not checked" in (result.finding or "")) is told


def test_a_check_is_described_by_its_docstring(tmp_path: Path) -> None:
    (tmp_path / "test_learner.py").write_text(GRADER)
    (check,) = read_exercise(tmp_path / "test_learner.py").checks
    assert check == replace(
        CheckInfo(name="says_hello", claim="It says hello.", hint="Look at what it says.", more_hint="Hello.",
                  lesson_section="None", points=1, line=check.line)
    )  # fmt: skip
