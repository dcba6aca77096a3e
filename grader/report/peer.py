"""What the peer was doing while a program waited: the half sentence that explains why its wait is in vain."""

from __future__ import annotations

from collections.abc import Sequence

from grader.report.result import CheckResult, Event, EventKind, Stand
from grader.report.wording import descriptor
from grader.report.wording.standing import (
    PEER_HAS_CONNECTED,
    PEER_HAS_FINISHED,
    PEER_HAS_LEFT,
    PEER_READS_NOTHING,
    PEER_WAITS,
    receives,
    sends,
)

_AFTER: dict[EventKind, str] = {
    "connect": PEER_HAS_CONNECTED,
    "data": PEER_WAITS,
    "datagram": PEER_WAITS,
    "end": PEER_HAS_FINISHED,
    "reset": PEER_HAS_LEFT,
}


def peer_state(stand: Stand, events: Sequence[Event]) -> str:
    """What the peer did last, if that explains this wait; empty if several connections leave it open which is meant."""
    if stand.kind != "waiting" or any(event.kind == "signal" for event in events):
        return ""
    if len({event.connection for event in events if event.connection}) != 1:
        return ""
    if sends(stand.call):
        return PEER_READS_NOTHING if any(event.kind == "stalled" for event in events) else ""
    if not receives(stand.call):
        return ""
    last = [event.kind for event in events if event.source == "peer" and event.kind in _AFTER]
    return _AFTER[last[-1]] if last else ""


def stand_in_words(stand: Stand, check: CheckResult) -> str:
    """Where a thread stands, with what the peer did if the check's conversation tells."""
    return descriptor(stand, peer_state(stand, check.conversation))
