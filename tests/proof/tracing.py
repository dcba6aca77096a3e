"""Makes launchers trace the programs that they become, and reads what they noted; see `tracer`."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from grader.harness import launcher
from tests.proof import tracer
from tests.proof.submissions import ROOT

# Where a process and all that it starts shall note what their launchers' programs run.
VARIABLE = "SOCKET_EXERCISES_TRACES"
NOTES = "traces"
SCRIPT = """\
import sys
sys.path.insert(0, {proof!r})
import tracer
sys.path.pop(0)
tracer.run_launcher({launcher!r}, {root!r}, {notes!r}, {folders!r})
"""

Pairs = dict[str, set[tuple[int, int]]]


def trace_launchers_if_asked() -> None:
    """Have this process's launchers trace, if the environment names a folder for that."""
    folder = os.environ.get(VARIABLE)
    if folder:
        launcher.SCRIPT = Path(folder) / "launcher.py"


def prepare(folder: Path, *traced: Path) -> dict[str, str]:
    """Write the launcher that traces; returns the environment that makes it used.

    It notes what programs run of the submission, and what runs of the folders `traced`.
    """
    script = SCRIPT.format(
        proof=str(Path(tracer.__file__).parent),
        launcher=str(launcher.INSIDE / "launcher.py"),
        root=str(ROOT),
        notes=str(folder / NOTES),
        folders=[str(path) for path in traced],
    )
    (folder / NOTES).mkdir()
    (folder / "launcher.py").write_text(script, encoding="utf-8")
    return {VARIABLE: str(folder)}


def read(folder: Path) -> Pairs:
    """The pairs of lines that ran one after the other, by file."""
    pairs: Pairs = defaultdict(set)
    for notes in (folder / NOTES).iterdir():
        for line in notes.read_text(encoding="utf-8").splitlines():
            file, last, here = line.split("\t")
            pairs[file].add((int(last), int(here)))
    return pairs
