"""Bring a handout's folder up to date, and leave alone what its learner wrote.

The folder's manifest, `.handout.json`, holds the hash of each file that was handed out. A stub that still has its hash
is not begun and may be replaced. The folder may come from a learner's repository, so its manifest is not believed
beyond that: nothing outside the folder is read, written or removed, and no link is followed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from classrooms.archive import mode
from classrooms.bundle import Files
from grader.report.atomic import write_bytes

MANIFEST = ".handout.json"
SCHEMA = "socket-exercises/handout/v1"


class NoHandout(Exception):
    """The folder cannot be written to as a handout; the message says why."""


@dataclass(kw_only=True)
class Changes:
    """What an update did, by path."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def manifest(files: Files, exercises: Collection[str]) -> bytes:
    """The manifest of a handout. `exercises` are those that were chosen, none for the whole course."""
    hashes = {name: _hash(files[name]) for name in sorted(files)}
    return (json.dumps({"schema": SCHEMA, "exercises": list(exercises), "files": hashes}, indent=1) + "\n").encode()


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest in `folder`, None if that is empty or not there yet. Raises `NoHandout` for any other folder."""
    if folder.is_file():
        raise NoHandout(f"{folder} is a file; give a folder")
    if not folder.exists() or all(path.name == ".git" for path in folder.iterdir()):
        return None
    path = folder / MANIFEST
    with contextlib.suppress(OSError, ValueError, AttributeError, TypeError):
        read = json.loads(path.read_bytes()) if not path.is_symlink() else {}
        if read.get("schema") == SCHEMA:
            texts = {str(name): str(digest) for name, digest in dict(read["files"]).items()}
            return {"exercises": [str(name) for name in read["exercises"]], "files": texts}
    raise NoHandout(f"{folder} is not empty and is no handout ({MANIFEST} is not there); nothing was changed")


def update(folder: Path, files: Files, learners: Collection[str], before: Mapping[str, str]) -> Changes:
    """Write `files` to `folder` and remove what only `before`, its last manifest's hashes, has.

    `learners` are the files that learners write in. Raises `NoHandout` before anything is changed, or `OSError`.
    """
    gone = [name for name in before if name not in files and name != MANIFEST and _is_plain(name)]
    for name in (*files, *gone):
        _refuse_links(folder, name)
    changes = Changes()
    for name, data in files.items():
        _write(folder / name, name, data, changes, theirs=name in learners and _is_theirs(folder / name, name, before))
    for name in gone:
        _remove(folder, name, before, changes)
    return changes


def _write(path: Path, name: str, data: bytes, changes: Changes, *, theirs: bool) -> None:
    old = path.read_bytes() if path.is_file() else None
    if old == data:
        return
    if theirs:
        changes.kept.append(name)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, data)
    path.chmod(mode(name))
    if name != MANIFEST:
        (changes.created if old is None else changes.updated).append(name)


def _remove(folder: Path, name: str, before: Mapping[str, str], changes: Changes) -> None:
    path = folder / name
    if not path.is_file():
        return
    if name.startswith("exercises/") and _is_theirs(path, name, before):
        changes.kept.append(name)
        return
    path.unlink()
    changes.removed.append(name)
    for parent in [one for one in path.parents if folder in one.parents]:
        with contextlib.suppress(OSError):  # not empty
            parent.rmdir()


def _is_theirs(path: Path, name: str, before: Mapping[str, str]) -> bool:
    """Whether the file differs from what was handed out under that name."""
    return path.is_file() and _hash(path.read_bytes()) != before.get(name)


def _is_plain(name: str) -> bool:
    """Whether the name leads to a place in the folder, and not into its git directory."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and path.parts[0] != ".git"


def _refuse_links(folder: Path, name: str) -> None:
    for path in (folder / name, *(folder / name).parents):
        if path == folder:
            return
        if path.is_symlink():
            raise NoHandout(f"{path} is a link, and a handout has none; remove it and run this again")
        if path.is_dir() and path == folder / name:
            raise NoHandout(f"{path} is a folder where the handout has a file; remove it and run this again")
        if path.is_file() and path != folder / name:
            raise NoHandout(f"{path} is a file where the handout has a folder; remove it and run this again")


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
