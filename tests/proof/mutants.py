"""Graders with one assert too few: the assert's expression is still evaluated, its verdict dropped."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Set
    from pathlib import Path


ARGUED = "# nobody misses this:"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A grader's text without one assert, and with one check only: the one that the assert may matter to.

    `reason` is what a comment `# nobody misses this: WHY` on the assert's last line says.
    """

    exercise: str
    line: int
    dropped: str
    check: str
    text: str
    reason: str


def mutants(grader: Path) -> Iterator[Mutant]:
    """All mutants of a grader: for each assert one for each check that comes by it."""
    source = grader.read_text(encoding="utf-8")
    lines = source.splitlines()
    tree = ast.parse(source, filename=str(grader))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    for place, node in sorted(enumerate(asserts), key=lambda one: one[1].lineno):
        for check in functions:
            if check.startswith("test_") and any(node in ast.walk(function) for function in _used(check, functions)):
                yield Mutant(
                    exercise=grader.stem.removeprefix("test_"),
                    line=node.lineno,
                    dropped=ast.unparse(node),
                    check=check.removeprefix("test_"),
                    text=_text(tree, check, place),
                    reason=lines[(node.end_lineno or node.lineno) - 1].partition(ARGUED)[2].strip(),
                )


def checks_without_assert(grader: Path) -> list[str]:
    """Checks whose verdict rests on no assert at all, their helpers' included."""
    tree = ast.parse(grader.read_text(encoding="utf-8"), filename=str(grader))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return [
        check.removeprefix("test_")
        for check in functions
        if check.startswith("test_")
        and not any(isinstance(node, ast.Assert) for one in _used(check, functions) for node in ast.walk(one))
    ]


def _used(name: str, functions: dict[str, ast.FunctionDef]) -> list[ast.FunctionDef]:
    """The function and those of this file that it calls, directly or not."""
    found: list[str] = []
    waiting = [name]
    while waiting:
        name = waiting.pop()
        found.append(name)
        names = {node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)}
        waiting += [other for other in names if other in functions and other not in (*found, *waiting)]
    return [functions[name] for name in found]


def _text(tree: ast.Module, check: str, place: int) -> str:
    """The grader with that check only, without the assert at that place."""
    tree = copy.deepcopy(tree)
    target = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)][place]
    return with_checks(_Without(target).visit(tree), {check.removeprefix("test_")})


def with_checks(tree: ast.Module, checks: Set[str]) -> str:
    """The text of a grader with these checks and no other."""
    body = [
        node
        for node in tree.body
        if not isinstance(node, ast.FunctionDef)
        or not node.name.startswith("test_")
        or node.name.removeprefix("test_") in checks
    ]
    return ast.unparse(ast.fix_missing_locations(ast.Module(body=body, type_ignores=[])))


class _Without(ast.NodeTransformer):
    def __init__(self, target: ast.Assert) -> None:
        self._target = target

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        return ast.Expr(node.test) if node is self._target else node
