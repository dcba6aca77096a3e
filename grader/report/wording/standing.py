"""Where the learner's program stands: stuck, asleep, spinning or only slow."""

from __future__ import annotations

from grader.report.literals import safe
from grader.report.result import Finding, Place, Stand

# What a blocking call waits for. Each phrase continues "waits in recv at echo_server.py:14 ".
_BYTES = "for bytes that will not come"
_EVENT = "for something that does not happen"
_ROOM = "for room to send more"
_WAITS_FOR = {
    "recv": _BYTES,
    "recv_into": _BYTES,
    "recvfrom": "for a datagram that will not come",
    "recvmsg": _BYTES,
    "read": _BYTES,
    "readline": "for a line end that will not come",
    "readuntil": "for an end that will not come",
    "readexactly": _BYTES,
    "sock_recv": _BYTES,
    "accept": "for a client that will not come",
    "connect": "for an answer to its connecting",
    "create_connection": "for an answer to its connecting",
    "send": _ROOM,
    "sendall": _ROOM,
    "sendto": _ROOM,
    "sendfile": _ROOM,
    "write": _ROOM,
    "drain": _ROOM,
    "input": "for a line that nobody types",
    "join": "for a thread that does not end",
    "acquire": "for a lock that nobody releases",
    "select": _EVENT,
    "poll": _EVENT,
    "wait": _EVENT,
    "get": "for an entry that nobody puts in",
}

PEER_WAITS = "the peer has sent all and waits for your answer"
PEER_HAS_LEFT = "the peer has left"
PEER_READS_NOTHING = "the peer does not read at the moment"
PEER_HAS_FINISHED = "the peer has finished sending and waits for your answer"
PEER_HAS_CONNECTED = "the peer has connected and waits for your program to send"


def receives(call: str) -> bool:
    """Whether this call waits for what a peer sends."""
    return _WAITS_FOR.get(call, "").endswith("will not come") and call != "accept"


def sends(call: str) -> bool:
    """Whether this call waits until a peer reads."""
    return _WAITS_FOR.get(call) == _ROOM


def place(where: Place | Stand) -> str:
    """`echo_server.py:14`."""
    where = where.place if isinstance(where, Stand) else where
    return f"{safe(where.file)}:{where.line}"


def descriptor(stand: Stand, why: str = "") -> str:
    """`waits in recv at echo_server.py:14 for bytes that will not come: the peer has sent all and …`.

    `why` is one of the `PEER_…` phrases or another half sentence.
    """
    call = safe(stand.call)
    reason = f": {why}" if why else ""
    match stand.kind:
        case "waiting":
            inside = f"waits in {call} at" if call else "waits at"
            return f"{inside} {place(stand)} {_WAITS_FOR.get(stand.call, _EVENT)}{reason}"
        case "sleeping":
            return f"sleeps at {place(stand)}{reason}"
        case "spinning":
            return f"runs round and round at {place(stand)}{reason}"
        case "crashed":
            return f"stopped at {place(stand)}{reason}"


def stuck(stand: Stand | None, why: str = "") -> Finding:
    """Every thread sleeps in a call that nothing will wake."""
    what = descriptor(stand, why) if stand else "waits for something that will not happen" + (f": {why}" if why else "")
    return Finding(sentence=f"{subject(stand)} {what}.")


def spinning(cpu_share: float, stand: Stand | None = None) -> Finding:
    """CPU time is used although nothing can happen. `cpu_share` is a share of one processor, 0 to 1."""
    where = f" at {place(stand)}" if stand else ""
    return Finding(
        sentence=f"The program runs round and round{where}: {cpu_share:.0%} of a processor with nothing to do.",
        expected="hardly any processor time",
        arrived=f"{cpu_share:.0%} of a processor",
    )


def sleeping(stand: Stand | None = None, seconds: float = 0) -> Finding:
    """It sleeps by its own choice for longer than there is time."""
    what = descriptor(stand) if stand else "sleeps"
    limit = f" ({seconds_text(seconds).strip()})" if seconds else ""
    return Finding(sentence=f"{subject(stand)} {what}, and the time for this check{limit} ran out.")


def too_slow(seconds: float) -> Finding:
    """It still works, but the deadline is over."""
    return Finding(
        sentence=f"The program was still at work after {seconds_text(seconds).strip()}, when the time was over."
    )


def subject(stand: Stand | None) -> str:
    """`The program`, or which of its threads."""
    name = safe(stand.thread) if stand else ""
    if not name:
        return "The program"
    return name if name.startswith(("Thread", "Task")) else f"Thread {name}"


def seconds_text(seconds: float) -> str:
    """`2 s `, or nothing if it is not known."""
    return f"{seconds:g} s " if seconds else ""
