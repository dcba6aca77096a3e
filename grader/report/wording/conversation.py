"""The words beside the arrows of a conversation."""

from __future__ import annotations

from grader.report.literals import count
from grader.report.result import EventKind

YOUR_PROGRAM = "your program"
THE_PEER = "the peer"

# What the source of an event does, or what happens to it; the note or the bytes follow.
_ACTIONS: dict[EventKind, str] = {
    "connect": "connects",
    "refused": "is refused",
    "data": "",
    "end": "finishes sending",
    "reset": "resets the connection",
    "datagram": "",
    "lost": "lost",
    "doubled": "delivered twice",
    "swapped": "delivered out of order",
    "waiting": "waits",
    "typed": "typed",
    "input_end": "end of input",
    "shown": "shows",
    "listening": "listens at",
    "call": "call",
    "returned": "returns",
    "raised": "raises",
    "exit": "ends",
    "signal": "gets",
    "stalled": "stops reading",
    "note": "",
}
# These name a thing and need no colon before it.
_NO_COLON = frozenset({"listening", "returned", "raised", "signal", "connect", "end", "reset", "waiting", "stalled"})


def action(kind: EventKind) -> str:
    """`connects`; empty for what speaks for itself."""
    return _ACTIONS[kind]


def joined(kind: EventKind, rest: str) -> str:
    """An action and what it is about: `listens at 127.0.0.1:4321`, `lost: b'hello'`."""
    words = _ACTIONS[kind]
    if not words or not rest:
        return words or rest
    return f"{words} {rest}" if kind in _NO_COLON else f"{words}: {rest}"


def empty(kind: EventKind) -> str:
    """Data of no length."""
    return "an empty datagram" if kind in ("datagram", "lost", "doubled", "swapped") else "nothing"


def pieces(number: int) -> str:
    """Several pieces drawn as one."""
    return f"in {count(number, 'piece')}"


def repeated(rows: int, times: int) -> str:
    """A block of the conversation that comes again and again."""
    what = "this" if rows == 1 else f"these {rows} lines"
    return f"{what} {times:,} times more"


def left_out(number: int, *, all_with_v: bool) -> str:
    """Lines between the beginning and the end."""
    return f"{count(number, 'line')} left out" + (", all with -v" if all_with_v else "")


def not_kept(number: int) -> str:
    """Events that were not even recorded."""
    return f"{count(number, 'event')} not kept"
