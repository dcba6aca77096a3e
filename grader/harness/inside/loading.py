"""Load the learner's module, and say precisely what is wrong when that does not work.

Statements at the top of the file that run the exercise (a bare `run_echo_server()` below the function) are left out:
a server would never come back from its import. Everything else runs as Python runs it.
"""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Sequence
from typing import Any

Problem = dict[str, Any]
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


class Broken(Exception):
    """The module cannot be used: `problem` says why, as plain data for the grader's wording."""

    def __init__(self, **problem: Any) -> None:
        super().__init__(problem["kind"])
        self.problem: Problem = problem


def parse(path: str) -> ast.Module:
    """Read and parse the file. Raises `Broken` for what is not UTF-8 or not Python."""
    with open(path, "rb") as file:
        source = file.read()
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise Broken(kind="not_utf8", line=line, position=error.start, byte=source[error.start]) from None
    try:
        return ast.parse(text.removeprefix("\ufeff"), filename=path)
    except SyntaxError as error:
        raise Broken(kind="syntax_error", line=error.lineno or 1, message=error.msg or "invalid syntax") from None
    except (ValueError, RecursionError, MemoryError) as error:  # a NUL byte; brackets nested thousands deep
        raise Broken(kind="syntax_error", line=1, message=str(error) or type(error).__name__) from None


def load(path: str, name: str, functions: Sequence[str]) -> tuple[types.ModuleType, list[int]]:
    """Import the file as module `name`; return it and the lines of the statements left out.

    Raises `Broken` when the file does not parse or lacks one of `functions`, and whatever the module itself raises.
    """
    tree = parse(path)
    if not tree.body:
        raise Broken(kind="empty_file")
    left_out = leave_out_calls(tree, functions)
    module = types.ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module  # multiprocessing and dataclasses look modules up by name
    exec(compile(tree, path, "exec", dont_inherit=True), module.__dict__)
    for function in functions:
        if not callable(getattr(module, function, None)):
            near = [key for key, value in vars(module).items() if isinstance(value, types.FunctionType)]
            raise Broken(kind="lacks_function", function=function, functions=near)
    return module, left_out


def leave_out_calls(tree: ast.Module, functions: Sequence[str]) -> list[int]:
    """Remove from `tree` the top-level statements that call `functions`, also through helpers; return their lines.

    Later statements that read a name only a removed statement would have set (`print(html)`) go with it.
    """
    if not any(_runs(statement) and _has_call(statement) for statement in tree.body):
        return []
    runners = _callers(tree, set(functions))
    missing: set[str] = set()
    kept: list[ast.stmt] = []
    lines: list[int] = []
    for statement in tree.body:
        if _runs(statement) and (_calls(statement, runners) or _reads(statement, missing)):
            lines.append(statement.lineno)
            missing |= _names(statement, ast.Store)
        else:
            kept.append(statement)
            missing -= _names(statement, ast.Store)
    tree.body[:] = kept
    return lines


def _callers(tree: ast.Module, runners: set[str]) -> set[str]:
    bodies = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    while True:
        more = {node.name for node in bodies if node.name not in runners and _calls(node, runners)}
        if not more:
            return runners
        runners = runners | more


def _calls(node: ast.AST, names: set[str]) -> bool:
    """Whether a call in `node` has one of `names` as its function or as an argument (`Thread(target=serve)`)."""
    return any(_reads(call, names) for call in ast.walk(node) if isinstance(call, ast.Call))


def _reads(node: ast.AST, names: set[str]) -> bool:
    return bool(names) and not names.isdisjoint(_names(node, ast.Load))


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, context)}


def _has_call(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


def _runs(statement: ast.stmt) -> bool:
    """Whether a top-level statement does something when the module is imported, and not only defines."""
    return not isinstance(statement, _DEFINITIONS) and not _is_main_guard(statement)


def _is_main_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in _names(statement.test, ast.Load)
