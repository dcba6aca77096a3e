"""The commands: what `nox --list` says of them, and the exit status that grading ends with."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import nox
import nox.command
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def noxfile() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("noxfile_under_test", ROOT / "noxfile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with contextlib.chdir(ROOT):
        spec.loader.exec_module(module)
    level = logging.getLogger("nox").level
    yield module
    logging.getLogger("nox").setLevel(level)


def sessions(noxfile: ModuleType) -> dict[str, Any]:
    return {name: one for name, one in vars(noxfile).items() if type(one).__name__ == "Func"}


def test_each_session_says_in_one_line_what_it_does(noxfile: ModuleType) -> None:
    for name, session in sessions(noxfile).items():
        assert session.__doc__, name
        assert "\n" not in session.__doc__.strip(), name
    assert {
        "grade",
        "tests",
        "lint",
        "coverage",
        "bench",
        "stress",
        "hostile",
        "index",
        "handout",
        "gradescope",
        "classroom50",
    } <= sessions(noxfile).keys()


def test_grade_is_what_runs_when_nothing_is_named(noxfile: ModuleType) -> None:
    assert nox.options.sessions == ["grade"]


@pytest.mark.parametrize("status", [1, 2, 3, 130])
def test_nox_ends_with_the_exit_status_of_grading(noxfile: ModuleType, status: int) -> None:
    def run(*command: str, **_: object) -> None:
        raise nox.command.CommandFailed("it failed", return_code=status)

    with pytest.raises(SystemExit) as ended:
        noxfile._hand_over(SimpleNamespace(run=run), "python", "-m", "grader")
    assert ended.value.code == status


def test_only_what_changed_is_installed_again(noxfile: ModuleType, tmp_path: Path) -> None:
    installed: list[str] = []
    session = SimpleNamespace(
        virtualenv=SimpleNamespace(location=str(tmp_path)),
        log=lambda text: None,
        install=lambda *requirements, log: installed.extend(requirements),
    )
    noxfile._install(session, ["one", "two"])
    noxfile._install(session, ["two", "one"])
    assert installed == ["one", "two"]
    noxfile._install(session, ["two", "three"])
    assert installed == ["one", "two", "two", "three"]
