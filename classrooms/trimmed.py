"""The noxfile and the project file of a copy, made from the project's own: no second ones have to keep in step."""

from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Iterable, Iterator

SESSION = "grade"


def trimmed_noxfile(source: str, session: str = SESSION) -> str:
    """The noxfile with one session and what it needs: nodes are kept as they are written, comments above included."""
    body = ast.parse(source).body
    wanted = _needed(body, session)
    lines = source.splitlines()
    pieces = [_piece(lines, node) for node in body if _stays(node, session, wanted)]
    return "\n".join(pieces).strip("\n") + "\n"


def trimmed_project(source: str) -> str:
    """What grading needs of `pyproject.toml`: the Python version and the dependencies."""
    project = tomllib.loads(source)["project"]
    lines = [f"{key} = {json.dumps(project[key])}" for key in ("name", "version", "description", "requires-python")]
    wanted = "".join(f"    {json.dumps(one)},\n" for one in project["dependencies"])
    return "\n".join(["[project]", *lines, f"dependencies = [\n{wanted}]", "", "[tool.uv]", "package = false", ""])


def dependencies(source: str) -> list[str]:
    """The requirements of `pyproject.toml` that grading needs installed."""
    return [str(one) for one in tomllib.loads(source)["project"]["dependencies"]]


def _needed(body: Iterable[ast.stmt], session: str) -> set[str]:
    """The names that the session uses, and those that what they name uses."""
    nodes = list(body)
    names = {session}
    while True:
        more = {name for node in nodes if _stays(node, session, names) for name in _used(node)} | names
        if more == names:
            return names
        names = more


def _stays(node: ast.stmt, session: str, wanted: set[str]) -> bool:
    if isinstance(node, ast.FunctionDef):
        return node.name in wanted and (node.name == session or not _is_session(node))
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return True
    defined = set(_defined(node))
    return not defined or bool(defined & wanted)


def _is_session(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(one).startswith("nox.session") for one in node.decorator_list)


def _defined(node: ast.stmt) -> Iterator[str]:
    """The names that a statement other than a function makes; a setting such as `nox.options.x = …` makes none."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (name.asname or name.name.partition(".")[0] for name in node.names)
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def _used(node: ast.stmt) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _piece(lines: list[str], node: ast.stmt) -> str:
    """The node's lines with its decorators, the comment above it and the empty lines above that."""
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))]) - 1
    while first and lines[first - 1].startswith("#"):
        first -= 1
    while first and not lines[first - 1].strip():
        first -= 1
    return "\n".join(lines[first : node.end_lineno])
