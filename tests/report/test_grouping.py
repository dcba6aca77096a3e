"""Which checks fail for one reason, and which known mistakes fail like this."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.report import wording
from grader.report.grouping import groups
from grader.report.result import CheckResult, CheckStatus, ExerciseResult
from grader.report.suggestions import suggestions
from tests.report import examples


def names(*checks: CheckResult) -> list[list[str]]:
    return [[group.first.name, *(other.name for other in group.others)] for group in groups(checks)]


def crash(name: str, message: str = "boom", line: bool = True) -> CheckResult:
    where = examples.RECV if line else None
    finding = wording.crashed("ValueError", message, where)
    return examples.check(name, finding, status="crashed", where=where, exception=f"ValueError: {message}")


def test_one_crash_is_told_once() -> None:
    assert names(crash("a"), examples.stuck(), crash("b")) == [["a", "b"], [examples.stuck().name]]


def test_other_crashes_are_told_apart() -> None:
    assert names(crash("a"), crash("b", "other"), crash("c", line=False)) == [["a"], ["b"], ["c"]]


def test_wrong_answers_are_one_only_if_they_are_alike() -> None:
    one = examples.check("a", wording.difference(b"x", b"y", "end"))
    same = examples.check("b", wording.difference(b"x", b"y", "end"))
    other = examples.check("c", wording.difference(b"x", b"z", "end"))
    assert names(one, same, other) == [["a", "b"], ["c"]]


def test_checks_without_a_finding_stand_alone() -> None:
    assert names(examples.check("a", None), examples.check("b", None)) == [["a"], ["b"]]


def test_one_place_to_hang_is_told_once() -> None:
    stuck = wording.stuck(None)
    assert names(*(examples.check(name, stuck, status="hung") for name in "ab")) == [["a", "b"]]


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    folder = tmp_path / "echo_server"
    folder.mkdir()
    texts = {
        "one": '"""Forgets to close.\n\nMore."""\nimport socket\nFAILS = {"a", "b"}\n',
        "two": '"""Never closes."""\nFAILS = {"b", "a"}\n',
        "less": '"""Only a."""\nFAILS = {"a"}\n',
        "computed": '"""Computed."""\nFAILS = set(["a", "b"])\n',
        "nameless": 'FAILS = {"a", "b"}\n',
        "broken": "def\n",
    }
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "bytes.py").write_bytes(b"\xff\xfe")
    return tmp_path


def failed(*fails: str, last: CheckStatus = "passed") -> ExerciseResult:
    checks = [examples.check(name, wording.too_slow(1)) for name in fails]
    return examples.exercise("echo_server", [*checks, examples.check("z", None, status=last)])


def test_mistakes_that_fail_exactly_these_checks(wrong: Path) -> None:
    assert suggestions(failed("a", "b"), wrong) == ("Forgets to close.", "Never closes.")
    assert suggestions(failed("a"), wrong) == ("Only a.",)
    assert suggestions(failed("b"), wrong) == ()
    assert suggestions(failed(), wrong) == ()


def test_nothing_is_suggested_when_not_all_checks_ran(wrong: Path) -> None:
    assert suggestions(failed("a", "b", last="not_run"), wrong) == ()


def test_too_many_mistakes_are_none(wrong: Path) -> None:
    for n in range(3):
        (wrong / "echo_server" / f"more{n}.py").write_text(f'"""Mistake {n}."""\nFAILS = {{"a", "b"}}\n')
    assert suggestions(failed("a", "b"), wrong) == ()


def test_a_handout_has_no_wrong_submissions(tmp_path: Path) -> None:
    assert suggestions(failed("a"), tmp_path / "nowhere") == ()
