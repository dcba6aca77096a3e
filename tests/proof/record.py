"""Figures that grow from run to run: how often each submission was graded by one and the same graders.

A hundred gradings of everything take hours. A record lets them be made in pieces, and it belongs to one state of the
harness: figures of one that is no more say nothing. A submission that was changed, or whose grader was, begins
anew, and one that is gone is forgotten.

The file has a line for each run and each submission, so that it can be kept with the code and its changes can be read.
"""

from __future__ import annotations

import ast
import copy
import functools
import hashlib
import json
import sys
from typing import TYPE_CHECKING, Any

from tests.proof.submissions import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.proof.submissions import Submission
    from tests.proof.tally import Tally

# What only shows verdicts may change without the verdicts being others.
ONLY_SHOWS = ("grader/report/", "grader/cli.py", "grader/index.py")
# Of what a submission says of itself, what changes nothing about its verdict.
FOR_THE_TESTS = ("NEEDED", "SLOW", "SHOWS")


class NoRecord(Exception):
    """The file is a record of other graders, or none, or cannot be one; the text says which and what to do."""


def state(root: Path = ROOT) -> str:
    """A name for what decides all verdicts: the code of the harness and the peers, and the version of Python."""
    paths = sorted([*(root / "grader").rglob("*.py"), *(root / "fixtures/peers").rglob("*.py")])
    named = {path.relative_to(root).as_posix(): path for path in paths}
    code = [
        f"{name} {_code(path)}"
        for name, path in named.items()
        if not name.startswith(ONLY_SHOWS) and not path.match("grader/test_*.py")
    ]
    version = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"
    return hashlib.sha256("\n".join([version, *code]).encode()).hexdigest()[:16]


def _digest(submission: Submission, root: Path = ROOT) -> str:
    """A name for what else decides the verdict on a submission: its code, and that of its exercise's grader."""
    grader = _code(root / "grader" / f"test_{submission.exercise}.py")
    return hashlib.sha256((_code(submission.path) + grader).encode()).hexdigest()[:16]


def _code(path: Path) -> str:
    """A file as it is run: without comments, documentation, its layout, and what only says when it is graded."""
    return _code_of(path.read_bytes())


@functools.cache
def _code_of(source: bytes) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in FOR_THE_TESTS)
    ]
    return ast.dump(tree)


class Record:
    """The figures of a file. What was graded before this run is fixed; `save` adds what this run knows by then."""

    def __init__(self, path: Path, submissions: Iterable[Submission]) -> None:
        """`submissions` are all there are. Raises `NoRecord`."""
        self._path = path
        self._state = state()
        said: dict[str, Any] = {"state": self._state, "runs": [], "submissions": {}}
        if path.is_dir() or not path.parent.is_dir():
            raise NoRecord(f"{path} {'is a folder' if path.is_dir() else 'is in a folder that is not there'}")
        if path.exists():
            try:
                said = json.loads(path.read_text(encoding="utf-8"))
                found, _ = said["state"], summary(said)  # which reads all that a record has
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                raise NoRecord(f"{path} is not a record of this command: name another file") from error
            if found != self._state:
                raise NoRecord(
                    f"{path} has figures of other graders ({found}, and these are {self._state}): "
                    "name another file, or remove it to begin anew"
                )
        self._runs: list[dict[str, Any]] = said["runs"]
        entries: dict[str, Any] = said["submissions"]
        current = {str(one): _digest(one) for one in submissions if str(one) in entries}
        self._known = {name: entry for name, entry in entries.items() if entry.get("digest") == current.get(name, "")}

    def gradings(self, submission: Submission) -> int:
        """How often it was graded before this run."""
        return int(self._entry(submission)["gradings"])

    def save(self, tally: Tally, run: dict[str, Any]) -> dict[str, Any]:
        """Write the file with this run's figures in it, and return what it says. It is replaced as a whole or not."""
        known = copy.deepcopy(self._known)
        for line in tally.lines():
            entry = known.setdefault(str(line.submission), self._new(line.submission))
            entry["gradings"] = self.gradings(line.submission) + line.runs
            if line.odd:
                entry["odd"].setdefault(line.check, line.odd)
        said = {"state": self._state, "runs": [*self._runs, run], "submissions": dict(sorted(known.items()))}
        part = self._path.with_name(self._path.name + ".part")
        part.write_text(as_text(said), encoding="utf-8")
        part.replace(self._path)
        return said

    def _entry(self, submission: Submission) -> dict[str, Any]:
        entry: dict[str, Any] = self._known.setdefault(str(submission), self._new(submission))
        return entry

    @staticmethod
    def _new(submission: Submission) -> dict[str, Any]:
        return {"digest": _digest(submission), "gradings": 0, "odd": {}}


def as_text(said: dict[str, Any]) -> str:
    """A record as its file has it."""
    runs = ",\n  ".join(map(json.dumps, said["runs"]))
    entries = ",\n  ".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in said["submissions"].items())
    return (
        f'{{\n "state": {json.dumps(said["state"])},\n "runs": [\n  {runs}\n ],\n'
        f' "submissions": {{\n  {entries}\n }}\n}}\n'
    )


def odd(said: dict[str, Any]) -> list[str]:
    """Each check of a submission that once had another verdict than it should; one that varied is among them."""
    return [f"{name} {check}: {what}" for name, entry in _graded(said) for check, what in entry["odd"].items()]


def summary(said: dict[str, Any]) -> str:
    """A record in two lines: how much and how often at least; then each verdict that varied or was odd."""
    counts: dict[str, list[int]] = {}
    for name, entry in _graded(said):
        counts.setdefault(name.partition("/")[0], []).append(entry["gradings"])
    parts = [f"{len(each)} {kind} {min(each)} times or more" for kind, each in sorted(counts.items())]
    gradings, strange = sum(map(sum, counts.values())), odd(said)
    return "\n".join(
        [
            f"In all {len(said['runs'])} runs by graders {said['state']}: {gradings} gradings; {', '.join(parts)}",
            f"{len(strange)} verdicts of them varied or were not as expected",
            *strange,
        ]
    )


def _graded(said: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, entry) for name, entry in said["submissions"].items() if entry["gradings"]]
