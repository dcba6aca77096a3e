"""The given part: what a stub hands to the learner, and what every copy of it must have unchanged."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


def given_part(stub: Path, copy: Path) -> dict[str, str]:
    """What of the stub's given part `copy` has, by name: `def NAME`, `NAME =`, `if __name__ …`.

    Functions count with names, parameters, annotations and defaults; without their docstrings and bodies.
    """
    wanted = _parts(_parse(stub))
    return {name: text for name, text in _parts(_parse(copy)).items() if name in wanted}


def docstrings(path: Path) -> dict[str, str | None]:
    """The docstring of each public function."""
    return {node.name: ast.get_docstring(node) for node in _public_functions(_parse(path))}


def stub_faults(stub: Path) -> list[str]:
    """What is wrong with a stub's functions: each has a docstring, a TODO and `raise NotImplementedError`."""
    lines = stub.read_text(encoding="utf-8").splitlines()
    faults = []
    for node in _public_functions(_parse(stub)):
        body = [ast.unparse(statement) for statement in node.body[1:]]
        if ast.get_docstring(node) is None or body != ["raise NotImplementedError"]:
            faults.append(f"{node.name}: the body is a docstring, a comment and `raise NotImplementedError`")
        if not any(line.strip().startswith("# TODO: ") for line in lines[node.lineno - 1 : node.end_lineno]):
            faults.append(f"{node.name}: a comment `# TODO: …` says what to write")
    return faults


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _public_functions(tree: ast.Module) -> list[AnyFunction]:
    return [node for node in tree.body if isinstance(node, AnyFunction) and not node.name.startswith("_")]


def _parts(tree: ast.Module) -> dict[str, str]:
    parts = {f"def {node.name}": f"({ast.unparse(node.args)}) -> {_returns(node)}" for node in _public_functions(tree)}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
            if target.isupper() and not target.startswith("_"):
                parts[f"{target} ="] = ast.unparse(node)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            parts["if __name__ …"] = ast.unparse(node)
    return parts


def _returns(node: AnyFunction) -> str:
    return "" if node.returns is None else ast.unparse(node.returns)
