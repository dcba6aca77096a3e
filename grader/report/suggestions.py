"""Known mistakes that fail exactly the checks that failed here: what programs like this often do.

The wrong submissions in `fixtures/wrong` say what they fail (`FAILS = {…}`) and what their mistake is (the first line
of the docstring). They are read with ast, never run. A handout has none of them: then nothing is suggested.
"""

from __future__ import annotations

import ast
from pathlib import Path

from grader.report.grouping import FAILING
from grader.report.result import ExerciseResult

WRONG = Path(__file__).resolve().parents[2] / "fixtures" / "wrong"
# More than this is no hint any longer: the pattern fits too much.
AT_MOST = 3


def suggestions(exercise: ExerciseResult, wrong: Path = WRONG) -> tuple[str, ...]:
    """The mistakes, in words, whose wrong submissions fail exactly the checks that failed in `exercise`."""
    failing = {check.name for check in exercise.checks if check.status in FAILING}
    unknown = any(check.status in ("not_run", "grader_error") for check in exercise.checks)
    if not failing or unknown or exercise.status != "failed":
        return ()
    files = sorted((wrong / exercise.name).glob("*.py"))
    mistakes = [mistake for file in files for fails, mistake in [_read(file)] if fails == failing and mistake]
    return tuple(mistakes) if len(mistakes) <= AT_MOST else ()


def _read(file: Path) -> tuple[set[str], str]:
    """What a wrong submission fails, and its mistake in one line."""
    try:
        module = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return set(), ""
    return _fails(module), (ast.get_docstring(module) or "").partition("\n")[0]


def _fails(module: ast.Module) -> set[str]:
    for node in module.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="FAILS")], value=ast.Set(elts=elements)):
                return {one.value for one in elements if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return set()
