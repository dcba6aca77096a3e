"""Figures that grow from run to run: how often each submission was graded by one and the same graders.

A hundred gradings of everything take hours. A record lets them be made in pieces, and it belongs to one state of what
decides a verdict: figures of graders that are no more say nothing. A submission that was changed begins anew.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.proof.submissions import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.proof.submissions import Submission
    from tests.proof.tally import Tally

# What only shows verdicts may change without the verdicts being others.
ONLY_SHOWS = ("grader/report/", "grader/cli.py", "grader/index.py")


class NoRecord(Exception):
    """The file is a record of other graders, or none, or cannot be one; the text says which and what to do."""


def state(root: Path = ROOT) -> str:
    """A name for what decides verdicts: the code of the graders and the harness, and the version of Python."""
    named = {path.relative_to(root).as_posix(): path for path in sorted((root / "grader").rglob("*.py"))}
    code = [f"{name} {_code(path)}" for name, path in named.items() if not name.startswith(ONLY_SHOWS)]
    version = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"
    return hashlib.sha256("\n".join([version, *code]).encode()).hexdigest()[:16]


def _code(path: Path) -> str:
    """A file as it is run: without comments, documentation and the way it is laid out."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    return ast.dump(tree)


class Record:
    """The figures of a file. What was graded before this run is fixed; `save` adds what this run knows by then."""

    def __init__(self, path: Path, submissions: Iterable[Submission]) -> None:
        """Raises `NoRecord`."""
        self._path = path
        self._state = state()
        said: dict[str, Any] = {"state": self._state, "runs": [], "submissions": {}}
        if path.is_dir() or not path.parent.is_dir():
            raise NoRecord(f"{path} {'is a folder' if path.is_dir() else 'is in a folder that is not there'}")
        if path.exists():
            try:
                said = json.loads(path.read_text(encoding="utf-8"))
                found = said["state"]
            except (ValueError, KeyError, TypeError) as error:
                raise NoRecord(f"{path} is not a record of this command: name another file") from error
            if found != self._state:
                raise NoRecord(
                    f"{path} has figures of other graders ({found}, and these are {self._state}): "
                    "name another file, or remove it to begin anew"
                )
        self._runs: list[dict[str, Any]] = said["runs"]
        self._known: dict[str, Any] = said["submissions"]
        for submission in submissions:
            if self._entry(submission)["digest"] != _digest(submission.path):
                self._known[str(submission)] = self._new(submission)

    def gradings(self, submission: Submission) -> int:
        """How often it was graded before this run."""
        return int(self._entry(submission)["gradings"])

    def save(self, tally: Tally, run: dict[str, Any]) -> dict[str, Any]:
        """Write the file with this run's figures in it, and return what it says. It is replaced as a whole or not."""
        known = json.loads(json.dumps(self._known))
        for line in tally.lines():
            entry = known.setdefault(str(line.submission), self._new(line.submission))
            entry["gradings"] = self.gradings(line.submission) + line.runs
            check = entry["checks"].setdefault(line.check, {"statuses": {}, "longest": 0.0, "odd": ""})
            check["statuses"] = dict(Counter(check["statuses"]) + line.statuses)
            check["longest"] = max(check["longest"], *line.seconds)
            check["odd"] = check["odd"] or line.odd
        said = {"state": self._state, "runs": [*self._runs, run], "submissions": known}
        part = self._path.with_name(self._path.name + ".part")
        part.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
        part.replace(self._path)
        return said

    def _entry(self, submission: Submission) -> dict[str, Any]:
        entry: dict[str, Any] = self._known.setdefault(str(submission), self._new(submission))
        return entry

    @staticmethod
    def _new(submission: Submission) -> dict[str, Any]:
        return {"digest": _digest(submission.path), "gradings": 0, "checks": {}}


def odd(said: dict[str, Any]) -> list[str]:
    """Each check of a submission whose verdict was not what it should be, or not always the same."""
    checks = ((name, check, one) for name, entry in _graded(said) for check, one in entry["checks"].items())
    return [f"{name} {check}" for name, check, one in checks if _is_odd(one)]


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


def _is_odd(check: dict[str, Any]) -> bool:
    statuses = check["statuses"]
    return bool(check["odd"]) or 0 < statuses.get("passed", 0) < sum(statuses.values())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
