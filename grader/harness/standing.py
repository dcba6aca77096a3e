"""Ask a program where it stands, and read the answer (see `inside.standing` for the other end)."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import select
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from grader.harness import system
from grader.harness.deadlines import DEADLINES
from grader.harness.inside.standing import ASK, ASK_HARDER
from grader.harness.source import Source
from grader.report.result import Stand, StandKind

_SAMPLES = 5
_FAULT_FRAME = re.compile(r'^  File "(?P<path>[^"]+)", line (?P<line>\d{1,9}) in (?P<function>.+)$')
_SLEEPS = {"sleep"}
# Where a program may well rest, and where it waits for another of its threads or tasks or for the next client: the
# place of another thread says more, and in the second case surely.
_RESTS = {"run", "select", "start", "sleep", "wait", "shutdown"}
_LEAVES_TO_OTHERS = {"accept", "gather", "join", "result", "run_forever", "serve_forever", "wait_for"}


class _Found(NamedTuple):
    stand: Stand
    native: int = 0
    joins: bool = False


def ask(pids: Sequence[int], answers: int, source: Source, *, spinning: bool = False) -> tuple[Stand, ...]:
    """Where each thread and task of these processes stands in the learner's files, those that say most first.

    `answers` is the reading end of the program's answers. With `spinning` several samples are taken, and the place
    at which the program was most often found comes first.
    """
    if ASK is None:
        return ()
    kind: StandKind = "spinning" if spinning else "waiting"
    if not spinning:
        return _ranked(_sample(pids, answers, source, kind))
    samples = [_busiest(pids, _sample(pids, answers, source, kind)) for _ in range(_SAMPLES)]
    places = Counter(stand for stand in samples if stand)
    return tuple(stand for stand, _ in places.most_common(1))


def _sample(pids: Sequence[int], answers: int, source: Source, kind: StandKind) -> list[_Found]:
    _drain(answers)
    reachable = [pid for pid in pids if system.catches(pid, ASK)] if ASK else []
    for pid in reachable or pids[:1]:
        with contextlib.suppress(OSError):
            os.kill(pid, ASK or signal.SIGCONT)
    found = list(_read(answers, len(reachable) or 1, source, kind))
    if not found and reachable and ASK_HARDER and system.catches(reachable[0], ASK_HARDER):
        os.kill(reachable[0], ASK_HARDER)
        time.sleep(0.05)  # faulthandler writes without an end mark
        found = list(_fault_stands(_drain(answers), source, kind))
    return found


def _drain(answers: int) -> bytes:
    data = b""
    with contextlib.suppress(OSError):
        while len(data) < 1 << 20 and (part := os.read(answers, 65536)):
            data += part
    return data


def _read(answers: int, count: int, source: Source, kind: StandKind) -> Iterator[_Found]:
    """Read `count` lines of JSON; what is no such line is left out (only the learner's process can have written it)."""
    end = time.monotonic() + DEADLINES.standing
    data = b""
    while data.count(b"\n") < count and len(data) < 1 << 20:
        if not select.select([answers], [], [], max(0.0, end - time.monotonic()))[0]:
            break
        part = os.read(answers, 65536)
        if not part:
            break
        data += part
    for line in data.split(b"\n"):
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
            for stack in json.loads(line)["stacks"]:
                native = stack.get("native")
                stand = _stand(stack, source, kind)
                yield _Found(stand, native if isinstance(native, int) else 0, stack.get("joins") is True)


def _stand(stack: dict[str, Any], source: Source, kind: StandKind) -> Stand:
    places = source.places(stack["frames"][:1])
    call = blocking_call(places[0].code)
    waits: StandKind = "sleeping" if kind == "waiting" and call in _SLEEPS else kind
    return Stand(kind=waits, place=places[0], call=call, thread=str(stack["thread"])[:40])


def _fault_stands(text: bytes, source: Source, kind: StandKind) -> Iterator[_Found]:
    for thread in text.decode("utf-8", "replace").split("\n\n"):
        for line in thread.split("\n"):
            match = _FAULT_FRAME.match(line)
            if match and match["path"].startswith(str(source.path.parent)):
                file = os.path.basename(match["path"])
                place = source.place(file, int(match["line"]), match["function"])
                yield _Found(Stand(kind=kind, place=place, call=blocking_call(place.code)))
                break


def blocking_call(code: str) -> str:
    """The call in this line that most likely blocks, as a word: `recv` for `data = client.recv(1024)`."""
    line = code.strip()
    for prefix in ("while ", "if ", "elif ", "with ", "for ", "async with ", "async for "):
        if line.startswith(prefix):
            line = f"{prefix.removeprefix('async ').replace('elif', 'if')}{line.removeprefix(prefix).rstrip(':')}: pass"
            break
    with contextlib.suppress(SyntaxError, ValueError):
        names = [
            _name(node.func) for node in ast.walk(ast.parse(line.removeprefix("await "))) if isinstance(node, ast.Call)
        ]
        known = [name for name in names if name in BLOCKING]
        return known[0] if known else ""
    found = [name for name in re.findall(r"(\w+)\(", code) if name in BLOCKING]
    return found[0] if found else ""


_CALLS = """
    recv recv_into recvfrom recvmsg read readline readlines read1 readinto readuntil readexactly accept
    connect create_connection open_connection send sendall sendto sendmsg sendfile write drain flush
    input join acquire select poll wait wait_for gather get put sleep run serve_forever run_forever
    run_until_complete start_server sock_recv sock_sendall sock_accept sock_connect sock_recvfrom
    getaddrinfo readable result shutdown
"""
BLOCKING = frozenset(_CALLS.split())


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _ranked(found: Sequence[_Found]) -> tuple[Stand, ...]:
    """Those that say most come first; the same place is named once."""
    return tuple(dict.fromkeys(one.stand for one in sorted(found, key=_says_little)))


def _says_little(one: _Found) -> int:
    return 2 if one.joins or one.stand.call in _LEAVES_TO_OTHERS else int(one.stand.call in _RESTS)


def _busiest(pids: Sequence[int], found: Sequence[_Found]) -> Stand | None:
    """The stand of the thread that used most processor time so far: a spinning one has used nearly all of it."""
    used = {task.tid: task.ran for task in system.tasks(pids)}
    ranked = sorted(found, key=lambda one: -used.get(one.native, 0))
    return ranked[0].stand if ranked else None
