"""The course, read from the graders themselves: `grader/test_NAME.py` is the exercise NAME.

The files are parsed, never imported, so that lists, totals and indexes cost nothing and need no pytest. A check is a
top-level function `test_…`; its docstring holds, as paragraphs, the claim, the hint ("Look at …"), a second hint
("More: …") and the lesson's section ("Lesson: …"); `@pytest.mark.points(n)` gives its points, 1 where it is missing.
"""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GRADERS = ROOT / "grader"


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """What a grader file says of its exercise: `EXERCISE = Exercise(...)` near its top.

    `order` places it in the course; `functions` are the public functions a submission must have; `shows` is how many
    bytes of the program's standard output are kept, for exercises in which that is looked at.
    """

    title: str
    order: int
    functions: tuple[str, ...]
    shows: int = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class CheckInfo:
    """One check as its grader file describes it. `name` is without `test_`, `line` is its first line in the file."""

    name: str
    claim: str
    hint: str
    more_hint: str
    lesson_section: str
    points: int
    line: int


@dataclass(frozen=True, kw_only=True)
class ExerciseInfo:
    """One exercise: its name (the file's), what its grader says of it, and its checks in order."""

    name: str
    path: Path
    exercise: Exercise
    checks: tuple[CheckInfo, ...]

    @property
    def title(self) -> str:
        """The title learners read."""
        return self.exercise.title

    @property
    def order(self) -> int:
        """The place in the course."""
        return self.exercise.order

    @property
    def functions(self) -> tuple[str, ...]:
        """The public functions a submission must have."""
        return self.exercise.functions

    @property
    def max_score(self) -> int:
        """Points that can be reached."""
        return sum(check.points for check in self.checks)

    @cached_property
    def by_name(self) -> dict[str, CheckInfo]:
        """The checks by name."""
        return {check.name: check for check in self.checks}


class UnknownExercise(ValueError):
    """A name that no exercise has; the message suggests the nearest."""


def read_course(graders: Path = GRADERS) -> tuple[ExerciseInfo, ...]:
    """All exercises in course order. Raises `ValueError` naming file and line for a grader that breaks the rules."""
    found = (read_exercise(path) for path in graders.glob("test_*.py"))
    return tuple(sorted(found, key=lambda info: (info.order, info.name)))


def choose(course: Sequence[ExerciseInfo], names: Iterable[str]) -> tuple[ExerciseInfo, ...]:
    """The exercises named, in course order; all when none is named. Raises `UnknownExercise`."""
    wanted = set(names)
    known = [info.name for info in course]
    for name in sorted(wanted - set(known)):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        guess = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
        raise UnknownExercise(f"There is no exercise named {name}. {guess}")
    return tuple(info for info in course if not wanted or info.name in wanted)


def read_exercise(path: Path) -> ExerciseInfo:
    """Read one grader file. Raises `ValueError` naming file and line where it breaks the rules."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    exercise = None
    checks = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXERCISE":
            exercise = _exercise(node.value, path)
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            checks.append(_check(node, path))
    if exercise is None:
        raise ValueError(f"{path.name} has no line EXERCISE = Exercise(title=…, order=…, functions=…)")
    return ExerciseInfo(name=path.stem.removeprefix("test_"), path=path, exercise=exercise, checks=tuple(checks))


def _exercise(value: ast.expr, path: Path) -> Exercise:
    if not isinstance(value, ast.Call):
        raise ValueError(f"{path.name}:{value.lineno}: EXERCISE must be Exercise(…) with literal arguments")
    return Exercise(**{str(word.arg): ast.literal_eval(word.value) for word in value.keywords})


def _check(node: ast.FunctionDef, path: Path) -> CheckInfo:
    place = f"{path.name}:{node.lineno}: {node.name}"
    paragraphs = [" ".join(part.split()) for part in inspect.cleandoc(ast.get_docstring(node) or "").split("\n\n")]
    if len(paragraphs) != 4:
        raise ValueError(f"{place} needs a docstring of four paragraphs: claim, Look at …, More: …, Lesson: …")
    claim, hint, more, lesson = paragraphs
    for paragraph, start in ((hint, "Look at "), (more, "More: "), (lesson, "Lesson: ")):
        if not paragraph.startswith(start):
            raise ValueError(f"{place}: the paragraph {paragraph[:30]!r} should begin with {start!r}")
    return CheckInfo(
        name=node.name.removeprefix("test_"),
        claim=claim,
        hint=hint,
        more_hint=more.removeprefix("More: "),
        lesson_section=lesson.removeprefix("Lesson: "),
        points=_points(node),
        line=node.lineno,
    )


def _points(node: ast.FunctionDef) -> int:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.points":
            return int(ast.literal_eval(decorator.args[0]))
    return 1
