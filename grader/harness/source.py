"""The learner's source as handed in: its lines, its tracebacks, and what is wrong with it when it cannot be used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.report import wording
from grader.report.result import Place

_FRAME = re.compile(r'^ *\|? *File "(?P<path>[^"]+)", line (?P<line>\d{1,9})(?:, in (?P<function>.+))?$')
_EXCEPTION = re.compile(r"^ *\|? *(?P<name>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$")
MAX_LINE = 200


@dataclass(frozen=True, kw_only=True)
class Source:
    """The staged files of a submission; `path` is the exercise's own."""

    path: Path

    def line(self, file: str, number: int) -> str:
        """The line of code without its indentation; empty when there is none."""
        try:
            text = (self.path.parent / file).read_bytes().decode("utf-8", "replace")
        except (OSError, ValueError):  # no such file; no such name
            return ""
        lines = text.split("\n")
        return lines[number - 1].strip()[:MAX_LINE] if 0 < number <= len(lines) else ""

    def place(self, file: str, number: int, function: str = "") -> Place:
        """A place in the learner's code with the code itself."""
        return Place(file=file, line=number, code=self.line(file, number), function=function)

    def places(self, frames: Iterable[Mapping[str, Any]]) -> tuple[Place, ...]:
        """Places from frames as the learner's process tells them (`file`, `line`, `function`)."""
        return tuple(
            self.place(Path(str(frame["file"])).name, int(frame["line"]), str(frame["function"])) for frame in frames
        )

    def traceback(self, text: str) -> tuple[str, str, tuple[Place, ...]] | None:
        """The last traceback in `text` that has a line of this submission: exception, message, places."""
        for part in reversed(text.split("Traceback (most recent call last):")[1:]):
            if found := self._read(part):
                return found
        return None

    def _read(self, part: str) -> tuple[str, str, tuple[Place, ...]] | None:
        places: list[Place] = []
        for line in part.splitlines()[:200]:
            if frame := _FRAME.match(line):
                if Path(frame["path"]).parent == self.path.parent:
                    places.append(self.place(Path(frame["path"]).name, int(frame["line"]), frame["function"] or ""))
            elif places and not line.startswith(" ") and (error := _EXCEPTION.match(line)):
                return error["name"], error["message"] or "", tuple(places)
        return None


def broken_sentence(problem: Mapping[str, Any], source: Source) -> tuple[str, Place | None]:
    """Why the learner's file cannot be used, and where, from what its process told (`kind` and more)."""
    file = source.path.name
    frames = source.places(problem.get("frames", ()))
    where = frames[-1] if frames else None
    line = int(problem.get("line", 0))
    match problem["kind"]:
        case "not_utf8":
            return wording.not_utf8(int(problem["position"]), line), source.place(file, line)
        case "syntax_error":
            return wording.syntax_error(str(problem["message"]), file, line), source.place(file, line)
        case "empty_file":
            return wording.empty_file(file), None
        case "lacks_function":
            return wording.lacks_function(str(problem["function"]), file), None
    classes = [str(name) for name in problem.get("classes", ())] or ["Exception"]
    if "builtins.EOFError" in classes and where and "input" in where.code:
        return wording.import_asks_for_input(), where
    if "builtins.SystemExit" in classes:
        status = str(problem["message"])
        return wording.import_exits(int(status) if status.isdigit() else None), where
    return wording.import_raised(classes[0].removeprefix("builtins."), str(problem.get("message", ""))), where
