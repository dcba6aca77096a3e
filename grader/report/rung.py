"""One row of a conversation's ladder, and the shape that each kind of event is drawn in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from grader.report.result import EventKind

Direction = Literal["to_peer", "to_program"]
Shape = Literal[
    "arrow",  # from one column to the other
    "broken",  # does not get there
    "double",  # gets there twice
    "crossed",  # overtaken on the way
    "cut",  # a reset
    "edge_in",  # from outside into the program: typed, called, a signal
    "edge_out",  # from the program to the outside: shown, returned
    "dot",  # something at the source's own column
    "dots",  # time passes
    "fold",  # rows left out
    "none",
]
SHAPES: dict[EventKind, Shape] = {
    "connect": "arrow",
    "refused": "broken",
    "data": "arrow",
    "end": "arrow",
    "reset": "cut",
    "datagram": "arrow",
    "lost": "broken",
    "doubled": "double",
    "swapped": "crossed",
    "waiting": "dots",
    "typed": "edge_in",
    "input_end": "edge_in",
    "shown": "edge_out",
    "listening": "dot",
    "call": "edge_in",
    "returned": "edge_out",
    "raised": "edge_out",
    "exit": "dot",
    "signal": "edge_in",
    "stalled": "dot",
    "note": "none",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the ladder. `at` is in seconds; None for rows that stand for others."""

    at: float | None
    shape: Shape
    direction: Direction
    kind: EventKind
    connection: int = 0
    data: bytes = b""
    size: int = 0
    note: str = ""
    pieces: int = 1
