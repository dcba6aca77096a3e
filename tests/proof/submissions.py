"""The submissions in this repository, and what each says of itself. They are read, never imported."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["stub", "solution", "right", "wrong"]
KINDS: tuple[Kind, ...] = ("stub", "solution", "right", "wrong")
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One file that could be a learner's.

    `fails` are the checks that a wrong one says it fails, `shows` the phrase that its report must show.
    """

    kind: Kind
    exercise: str
    path: Path
    fails: frozenset[str] = frozenset()
    shows: str = ""

    def __str__(self) -> str:
        """Where it is, in short: `wrong/echo_server/strips_the_white_space`."""
        own = f"/{self.path.stem}" if self.kind in ("right", "wrong") else ""
        return f"{self.kind}/{self.exercise}{own}"


def find_submissions(root: Path = ROOT) -> tuple[Submission, ...]:
    """All submissions, by kind, then by path."""
    stubs = [("stub", path) for path in sorted((root / "exercises").glob("*.py"))]
    solutions = [("solution", path) for path in sorted((root / "solutions").glob("*.py"))]
    right = [("right", path) for path in sorted((root / "fixtures/right").glob("*/*.py"))]
    wrong = [("wrong", path) for path in sorted((root / "fixtures/wrong").glob("*/*.py"))]
    return tuple(_read(kind, path) for kind, path in stubs + solutions + right + wrong)  # type: ignore[arg-type]


def _read(kind: Kind, path: Path) -> Submission:
    if kind in ("stub", "solution"):
        return Submission(kind=kind, exercise=path.stem, path=path)
    said = constants(path)
    return Submission(
        kind=kind,
        exercise=path.parent.name,
        path=path,
        fails=frozenset(said.get("FAILS", ())),  # type: ignore[call-overload]
        shows=str(said.get("SHOWS", "")),
    )


def constants(path: Path) -> dict[str, object]:
    """FAILS and SHOWS, where the file has them. Raises `ValueError` if they are not literals."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return {
        name: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and (name := ast.unparse(node.targets[0])) in ("FAILS", "SHOWS")
    }
