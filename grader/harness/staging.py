"""Copy what a submission hands in into a fresh folder: regular Python files only, within limits.

Nothing else of the folder can then reach the grader: no links, devices, `conftest.py` tricks, `.pyc` files or trees
without end. What is refused is said in one sentence per exercise.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.report import wording

MAX_FILE = 1024 * 1024  # bytes; a hundred times the longest solution
MAX_FILES = 200
MAX_TOTAL = 8 * 1024 * 1024
MAX_DEPTH = 4
MAX_ENTRIES = 5000  # names looked at, so that a folder with a million files costs no minute


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A staged submission: where it lies, and for exercises that cannot be graded why.

    `missing` and `refused` are by exercise name, each with the sentence for the learner.
    """

    folder: Path
    missing: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def stage(submission: Path, folder: Path, names: Sequence[str]) -> Staged:
    """Copy the Python files of `submission` into the new `folder`; `names` are the exercises that will be graded.

    Raises `OSError` only where `submission` itself cannot be read.
    """
    folder.mkdir(parents=True)
    missing: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name in names:
        if problem := _problem(submission / f"{name}.py"):
            kept = missing if not os.path.lexists(submission / f"{name}.py") else refused
            kept[name] = problem
        else:
            _copy(submission / f"{name}.py", folder / f"{name}.py")
    _copy_helpers(submission, folder)
    return Staged(folder=folder, missing=missing, refused=refused)


def _problem(path: Path) -> str | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return wording.missing_file(path.name)
    if stat.S_ISDIR(status.st_mode):
        return wording.is_a_folder(path.name)
    if not stat.S_ISREG(status.st_mode):
        return wording.not_a_regular_file(path.name)
    if status.st_size > MAX_FILE:
        return wording.too_large(path.name, status.st_size, MAX_FILE)
    return None


def _copy_helpers(submission: Path, folder: Path) -> None:
    total = 0
    for count, (path, relative) in enumerate(_python_files(submission)):
        target = folder / relative
        if count >= MAX_FILES or target.exists() or _problem(path):
            continue
        total += path.lstat().st_size
        if total > MAX_TOTAL:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(path, target)


def _python_files(top: Path) -> Iterator[tuple[Path, Path]]:
    """Python files below `top`, nearest first, without following a link; at most `MAX_ENTRIES` names are looked at."""
    folders = [(top, 0)]
    looked = 0
    for folder, depth in folders:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                looked += 1
                if looked > MAX_ENTRIES:
                    return
                path = Path(entry.path)
                if entry.is_dir(follow_symlinks=False) and depth < MAX_DEPTH and not entry.name.startswith((".", "__")):
                    folders.append((path, depth + 1))
                elif entry.is_file(follow_symlinks=False) and entry.name.endswith(".py"):
                    yield path, path.relative_to(top)


def _copy(source: Path, target: Path) -> None:
    """Copy one file, reading at most `MAX_FILE` bytes; a name that changed into a link or pipe meanwhile is refused."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(source, flags)
    except OSError:
        return
    with open(descriptor, "rb") as file:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            target.write_bytes(file.read(MAX_FILE))
            target.chmod(0o444)
