"""The submissions in this repository, and what each says of itself. They are read, never imported."""

from __future__ import annotations

import ast
import functools
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.harness.fence import isolation
from grader.harness.listener import own_loopback

Kind = Literal["stub", "solution", "right", "wrong"]
KINDS: tuple[Kind, ...] = ("stub", "solution", "right", "wrong")
NAMES = ("FAILS", "FAILS_WITHOUT_PORT_80", "SHOWS", "SLOW", "NEEDED")
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One file that could be a learner's.

    `fails` are the checks that a wrong one says it fails, `shows` the phrase that its report must show. `slow` ones use
    many times as much processor as others. A wrong one is `needed` if no other misses some assert of a grader, a right
    one if it stands for a kind of program.
    """

    kind: Kind
    exercise: str
    path: Path
    fails: frozenset[str] = frozenset()
    shows: str = ""
    slow: bool = False
    needed: bool = False

    def __str__(self) -> str:
        """Where it is, in short: `wrong/echo_server/strips_the_white_space`."""
        own = f"/{self.path.stem}" if self.kind in ("right", "wrong") else ""
        return f"{self.kind}/{self.exercise}{own}"


@functools.cache
def find_submissions(root: Path = ROOT) -> tuple[Submission, ...]:
    """All submissions, by kind, then by path."""
    stubs = [("stub", path) for path in sorted((root / "exercises").glob("*.py"))]
    solutions = [("solution", path) for path in sorted((root / "solutions").glob("*.py"))]
    right = [("right", path) for path in sorted((root / "fixtures/right").glob("*/*.py"))]
    wrong = [("wrong", path) for path in sorted((root / "fixtures/wrong").glob("*/*.py"))]
    return tuple(_read(kind, path) for kind, path in stubs + solutions + right + wrong)  # type: ignore[arg-type]


def enough(submissions: Iterable[Submission]) -> frozenset[Submission]:
    """All stubs and solutions, what is needed, and as many wrong ones as it takes that each check is failed by one.

    Of the wrong ones that are not needed those that fail fewest checks come first, since they say most about a check.
    """
    chosen: set[Submission] = set()
    failed: set[tuple[str, str]] = set()
    for one in sorted(submissions, key=lambda one: (not one.needed, one.slow, len(one.fails), str(one))):
        fails = {(one.exercise, check) for check in one.fails}
        if one.needed or one.kind in ("stub", "solution") or not fails <= failed:
            chosen.add(one)
            failed |= fails
    return frozenset(chosen)


def _read(kind: Kind, path: Path) -> Submission:
    if kind in ("stub", "solution"):
        return Submission(kind=kind, exercise=path.stem, path=path)
    said = constants(path)
    return Submission(
        kind=kind,
        exercise=path.parent.name,
        path=path,
        fails=frozenset(said.get(_fails_name(said), ())),  # type: ignore[call-overload]
        shows=str(said.get("SHOWS", "")),
        slow=bool(said.get("SLOW")),
        needed=bool(said.get("NEEDED")),
    )


def _fails_name(said: Mapping[str, object]) -> str:
    """Where the grader cannot listen at port 80 its URLs name a port, and a mistake with the port fails more checks."""
    return "FAILS" if "FAILS_WITHOUT_PORT_80" not in said or has_port_80() else "FAILS_WITHOUT_PORT_80"


@functools.cache
def has_port_80() -> bool:
    """Whether a grader can listen at port 80: in a network of its own, or because this user may."""
    if isolation.can_isolate():
        return True
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        try:
            sock.bind((own_loopback(), 80))
        except OSError:
            return False
    return True


def constants(path: Path) -> dict[str, object]:
    """FAILS, SHOWS and the like, where the file has them. Raises `ValueError` if they are not literals."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return {
        name: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and (name := ast.unparse(node.targets[0])) in NAMES
    }
