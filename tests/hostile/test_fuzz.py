"""Whatever a learner's process says is data: nothing that reads it may raise what is not meant for it, or hang."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader.harness.call import shorten
from grader.harness.conversation import Conversation
from grader.harness.findings import Broken, HarnessFault, NotStarted
from grader.harness.inside import plain
from grader.harness.outcome import Outcome, Raises, Returns
from grader.harness.output import Output
from grader.harness.program import Program
from grader.harness.source import Source
from grader.harness.standing import _fault_stands, _read, blocking_call
from grader.report import wording

FOLDER = Path(__file__).parent
SOURCE = Source(path=FOLDER / "test_fuzz.py")
FUZZ = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["$", "bytes", "tuple"])
anything = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner), max_leaves=20
)
marks = st.sampled_from(["bytes", "tuple", "dict", "generator", "other", "no such mark"])
marked = st.fixed_dictionaries(
    {"$": marks | anything}, optional={"items": anything, "base64": anything, "type": anything}
)
values = st.recursive(anything | marked, lambda inner: st.lists(inner, max_size=3), max_leaves=5)

FIELDS = ("value", "classes", "message", "frames", "left_out", "kind", "line", "position", "function", "why", "misfit")
kinds = st.sampled_from(["not_utf8", "syntax_error", "empty_file", "lacks_function", "import_raised"])
frames = st.lists(st.fixed_dictionaries({"file": st.text() | anything, "line": anything, "function": anything}))
names = st.lists(
    st.sampled_from(["builtins.EOFError", "builtins.SystemExit", "builtins.NotImplementedError"]) | st.text()
)
messages = st.fixed_dictionaries(
    {"told": st.sampled_from(["loaded", "broken", "called", "returned", "raised", "fault"]) | anything},
    optional=dict.fromkeys(FIELDS, values) | {"kind": kinds, "frames": frames, "classes": names},
)


@contextmanager
def listening(calls: int = 2) -> Iterator[Program]:
    """A program as the grader knows it, without a process: it was asked for some results."""
    program = object.__new__(Program)
    program._control, far_end = socket.socketpair()
    program._unpacker = plain.Unpacker()
    program._results, program._calls, program._functions = [], ["call"] * calls, ["run"] * calls
    program._closed = program.loaded = False
    program._fault = ""
    program._status, program._heard = 0, 0
    program._broken = None
    program._conversation = Conversation()
    program._workshop = type("Workshop", (), {"source": SOURCE, "started": set()})()
    program._control.setblocking(False)
    with program._control, far_end:
        yield program


def ask_everything(program: Program) -> None:
    """All that a check asks a program which has told something."""
    for ask in (program.require_usable, program.has_result, program.crash):
        with contextlib.suppress(Broken, NotStarted, HarnessFault):
            ask()
    for index in range(2):
        outcome = program.result(index)
        if outcome is not None:
            look_at(outcome)


def look_at(outcome: Outcome) -> None:
    for expected in (Raises(ValueError), Returns(), "text", b"bytes", 7, None):
        outcome == expected  # noqa: B015 - whether it can be asked at all
        outcome.finding(expected)
    assert len(shorten(outcome.value)) <= 61


@FUZZ
@given(st.lists(st.binary(max_size=50), max_size=8))
@example([b"\xff\xff\xff\xff"])
@example([b"\x00\x00\x00\x02[]"])
@example([b"\x00\x00\x00\x02\xff\xff"])
def test_bytes_on_the_control_channel(pieces: list[bytes]) -> None:
    with listening() as program:
        for piece in pieces:
            program._take(piece)
        ask_everything(program)


@FUZZ
@given(st.lists(messages | anything, max_size=4))
def test_messages_on_the_control_channel(told: list[Any]) -> None:
    with listening() as program:
        for message in told:
            body = json.dumps(message).encode()
            program._take(len(body).to_bytes(4, "big") + body)
        ask_everything(program)


@FUZZ
@given(values)
def test_values(value: Any) -> None:
    try:
        decoded = plain.decode(json.loads(json.dumps(value)))
    except plain.Malformed:
        return
    look_at(Outcome(how="returned", value=decoded))


def test_values_of_monstrous_size() -> None:
    deep = b'{"told": "returned", "value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    long = b'{"told": "returned", "value": ' + b"9" * 1_000_000 + b"}"
    for body in (deep, long):
        with listening() as program:
            program._take(len(body).to_bytes(4, "big") + body)
            assert program._closed
            ask_everything(program)


def test_more_results_than_calls_are_not_kept() -> None:
    body = b'{"told": "returned", "value": 1}'
    with listening(calls=1) as program:
        for _ in range(1000):
            program._take(len(body).to_bytes(4, "big") + body)
        assert len(program._results) == 1


@FUZZ
@given(st.recursive(st.none() | st.text() | st.binary(), lambda inner: st.lists(inner) | st.tuples(inner, inner)))
def test_what_is_encoded_is_decoded(value: object) -> None:
    assert plain.decode(json.loads(json.dumps(plain.encode(value)))) == value


frame_lines = st.builds(
    '  File "{}", line {}, in {}\n'.format,
    st.sampled_from([str(FOLDER / "x.py"), str(FOLDER / "\0.py"), "/etc/passwd"]) | st.text(),
    st.integers() | st.just("9" * 5000),
    st.text(),
)
error_texts = st.lists(st.just("Traceback (most recent call last):\n") | frame_lines | st.text(), max_size=12).map(
    "".join
)


@FUZZ
@given(error_texts)
def test_tracebacks(text: str) -> None:
    found = SOURCE.traceback(text)
    assert found is None or found[2]


@FUZZ
@given(st.binary(max_size=300) | st.lists(messages | anything).map(lambda told: json.dumps(told).encode()))
@example(b'{"stacks": [{"frames": [{"file": "x", "line": 1, "function": "f"}]}]}')
@example(b'{"stacks": [{"native": Infinity, "joins": 1, "thread": 2, "frames": [{"file": "x", "line": 1}]}]}')
@example(b'{"stacks": 1}\n{"stacks": [[]]}\n[]')
def test_answers_to_where_it_stands(answer: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, answer + b"\n")
    os.close(writing)
    stands = list(_read(reading, 3, SOURCE, "waiting"))
    os.close(reading)
    assert all(found.stand.place for found in stands)
    list(_fault_stands(answer, SOURCE, "waiting"))


@FUZZ
@given(st.text())
def test_lines_of_code(code: str) -> None:
    blocking_call(code)
    assert isinstance(wording.import_raised(code, code), str)


@FUZZ
@given(st.lists(st.binary(max_size=100)))
def test_output(pieces: list[bytes]) -> None:
    output = Output(64)
    for piece in pieces:
        output.add(piece)
    assert output.size == sum(map(len, pieces))
    assert len(output.bytes()) <= 64
    assert isinstance(output.text(), str)
