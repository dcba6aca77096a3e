"""Does a trick bite on this system? Tried once per run on a program known to be wrong.

Some checks rest on what the kernel does: a stopped `send` that returns a short count, pieces that arrive alone, meters
of processor time and open files. Where a known mistake goes unnoticed, such a check has shown nothing, and says
"not checked" instead of "passed".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from grader.harness import known_bad
from grader.harness.provocations import jolt
from grader.harness.source import Source
from grader.harness.stage import Stage
from grader.harness.workshop import Workshop

Trick = Literal["short_sends", "pieces", "processor_time", "open_files"]

BULK = 8 * 1024 * 1024  # more than the kernel takes in for a peer that does not read (3.3 MB on Linux loopback)
TRIES = 3


def bites(trick: Trick, workshop: Workshop) -> bool:
    """Whether the trick exposes the known mistake; a busy machine gets a few tries."""
    return any(_try(TRICKS[trick], workshop) for _ in range(TRIES))


def _try(trick: Callable[[Stage], bool], workshop: Workshop) -> bool:
    path = Path(known_bad.__file__)
    wrong = replace(
        workshop,
        folder=path.parent,
        name=path.stem,
        functions=("send_once", "receive_twice", "spin", "keep"),
        source=Source(path=path),
    )
    with Stage(wrong, "calibration") as stage:
        return trick(stage)


def _short_sends(stage: Stage) -> bool:
    listener = stage.listen(receive_buffer=4096)
    call = stage.call("send_once", *listener.address, BULK)
    peer = listener.accept()
    call.program.settle()
    jolt(call.program)
    peer.receive(BULK)
    return call.outcome() != BULK


def _pieces(stage: Stage) -> bool:
    listener = stage.listen()
    call = stage.call("receive_twice", *listener.address)
    listener.accept().send_pieces(b"one", b"two")
    return call.outcome() == [b"one", b"two"]


def _processor_time(stage: Stage) -> bool:
    listener = stage.listen()
    call = stage.call("spin", *listener.address)
    listener.accept()
    return call.program.busy_share() > 0.5


def _open_files(stage: Stage) -> bool:
    program = stage.program()
    before = program.call("keep", 0).outcome() == 0 and program.holdings()
    return program.call("keep", 50).outcome() == 50 and not (before and program.holdings() <= before)


TRICKS: dict[Trick, Callable[[Stage], bool]] = {
    "short_sends": _short_sends,
    "pieces": _pieces,
    "processor_time": _processor_time,
    "open_files": _open_files,
}

WHY_NOT: dict[Trick, str] = {
    "short_sends": "a stopped send does not return a short count here",
    "pieces": "pieces cannot be kept apart here",
    "processor_time": "processor time cannot be measured finely enough here",
    "open_files": "open files cannot be counted here",
}
