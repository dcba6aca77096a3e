"""What a launcher imports beforehand is what the submission names; a program finds all else as well."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.harness.inside.launcher import WARM
from grader.harness.launcher import _named, open_launcher
from tests.harness.conftest import Start

# Neither name stands in this text as a word.
TELLS = """
import sys, importlib
names = ["asyn" + "cio", "socket" + "server"]
before = [name in sys.modules for name in names]

def run():
    for name in names:
        importlib.import_module(name)
    return str([*before, *(name in sys.modules for name in names)])
{}
"""


def test_names_of_modules_are_found_in_all_files_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("import asyncio, mailbox\n# queues are no queue\nimport urllib.parse as p\n")
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers/two.py").write_bytes(b"from concurrent.futures import *\n\xff\xfe random_\n")
    (tmp_path / "notes.txt").write_text("import logging\n")
    assert _named(tmp_path) == ["asyncio", "concurrent", "queue", "urllib"]


@pytest.mark.parametrize("name", sorted({name.partition(".")[0] for name in WARM.split()}))
def test_each_module_that_can_be_warm_is_there(name: str) -> None:
    assert name in sys.stdlib_module_names


@pytest.mark.parametrize(
    ("more", "seen"),
    [("", [False, False, True, True]), ("import asyncio, socketserver", [True, True, True, True])],
)
def test_a_program_has_what_it_names_and_can_import_the_rest(start: Start, more: str, seen: list[bool]) -> None:
    assert start(TELLS.format(more)).call("run").outcome() == str(seen)


def test_a_launcher_without_a_folder_starts_programs_all_the_same(tmp_path: Path) -> None:
    launcher = open_launcher(str(tmp_path))
    try:
        assert launcher.running() == set()
        assert launcher.adopter() is not None
    finally:
        launcher.close()
