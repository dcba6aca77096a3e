"""Calling the learner's function: values go in and out as plain data, exceptions as their classes."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.harness.findings import NotStarted
from grader.harness.inside import plain
from grader.harness.outcome import Raises
from tests.harness.conftest import Start

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**200), 2**200) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(values)
def test_plain_data_comes_back_as_it_was(value: object) -> None:
    (message,) = plain.Unpacker().feed(plain.pack({"value": plain.encode(value)}))
    assert plain.decode(message["value"]) == value


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_bytes_that_are_no_messages_are_malformed_and_nothing_else(pieces: list[bytes]) -> None:
    unpacker = plain.Unpacker()
    with contextlib.suppress(plain.Malformed):
        for piece in pieces:
            list(unpacker.feed(piece))


def test_what_came_before_nonsense_is_heard() -> None:
    messages = plain.Unpacker().feed(plain.pack({"told": "loaded"}) + b"x" * 100)
    assert next(messages) == {"told": "loaded"}
    with pytest.raises(plain.Malformed):
        next(messages)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda i: st.lists(i) | st.dictionaries(st.text(), i)))
def test_json_that_is_no_value_is_malformed_and_nothing_else(value: Any) -> None:
    with contextlib.suppress(plain.Malformed):
        plain.decode(value)


def test_a_value_that_does_not_travel_is_named(start: Start) -> None:
    outcome = start("def run(): return object").call("run").outcome()
    assert outcome.value == plain.Other("type", "<class 'object'>")


def test_a_result_nested_a_thousand_deep_is_only_named(start: Start) -> None:
    outcome = start("def run():\n    x = []\n    for _ in range(1000): x = [x]\n    return x").call("run").outcome()
    assert outcome.how == "returned"
    assert outcome != []


def test_a_number_with_a_million_digits_is_only_named(start: Start) -> None:
    outcome = start("def run(): return 10 ** 1_000_000").call("run").outcome()
    assert isinstance(outcome.value, plain.Other)


def test_an_exception_is_known_by_its_classes(start: Start, way: str) -> None:
    stage = start("class Mine(ConnectionResetError): pass\ndef run(): raise Mine('gone')", fork=way == "fork")
    outcome = stage.call("run").outcome()
    assert outcome == Raises(ConnectionError)
    assert outcome != Raises(TimeoutError)
    assert outcome.where is not None
    assert outcome.where.line == 2
    assert outcome.exception == "learner.Mine"


@pytest.mark.parametrize("exit", ["os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_a_process_that_ends_has_no_outcome(start: Start, exit: str) -> None:  # noqa: A002 - reads best
    outcome = start(f"import os\ndef run():\n    {exit}").call("run").outcome()
    assert outcome.how == "ended"
    assert outcome != None  # noqa: E711 - compared, not asked for its truth


def test_what_is_written_to_the_control_channel_by_hand_is_no_outcome(start: Start) -> None:
    stage = start("import os\ndef run():\n    for fd in range(200, 300):\n        try: os.write(fd, b'x' * 100)\n"
                  "        except OSError: pass\n    return 1")  # fmt: skip
    assert stage.call("run").outcome() != 1


def test_a_result_that_nobody_asked_for_is_not_taken(start: Start) -> None:
    program = start("def run(): return 1").program()
    first = program.call("run").outcome()
    program._note_result(first)
    assert program.call("run").outcome() == 1
    assert program.result(2) is None


def test_not_started_is_told_from_wrong(start: Start) -> None:
    with pytest.raises(NotStarted) as told:
        start("def run():\n    # to do\n    raise NotImplementedError").call("run").outcome()
    assert told.value.where is not None
    assert told.value.where.line == 3


def test_not_implemented_is_an_exception_like_any_other_once_the_function_has_done_something(start: Start) -> None:
    program = start("def run(it):\n    if it: raise NotImplementedError\n    return 'here'").program()
    assert program.call("run", "").outcome() == "here"
    assert program.call("run", "https").outcome() == Raises(NotImplementedError)


def test_another_function_may_still_be_not_started(start: Start) -> None:
    stage = start("def run(): return 1\ndef walk(): raise NotImplementedError", "run", "walk")
    assert stage.call("run").outcome() == 1
    with pytest.raises(NotStarted):
        stage.call("walk").outcome()


def test_a_call_that_does_not_fit_names_the_signature(start: Start) -> None:
    outcome = start("def run(url): return url").call("run", "http://x", 0.5).outcome()
    assert outcome != Raises(TypeError)
    finding = outcome.finding(None)
    assert "run('http://x', 0.5)" in finding.sentence
    assert "run(url)" in finding.sentence


def test_a_generator_arrives_as_one(start: Start) -> None:
    stage = start("def run(items): return [type(items).__name__, *items]")
    assert stage.call("run", plain.Generator(("a", "b"))).outcome() == ["generator", "a", "b"]


def test_output_is_drained_without_a_flush_and_kept_to_a_limit(start: Start) -> None:
    stage = start(
        "import sys\ndef run():\n    sys.stdout.write('x' * 10_000_000)\n    print('end', end='')", shows=1000
    )
    call = stage.call("run")
    assert call.outcome() == None  # noqa: E711
    call.program.kill()
    call.program.catch_up()
    assert call.program.stdout.size == 10_000_003
    assert call.program.stdout.text() == "x" * 1000


def test_typed_text_reaches_the_program(start: Start) -> None:
    program = start("def run():\n    a = input('? ')\n    try: input()\n    except EOFError: return a").program(
        types=True
    )
    call = program.call("run")
    assert program.keyboard
    program.keyboard.type("héllo\n")
    program.keyboard.end()
    assert call.outcome() == "héllo"
    program.catch_up()
    assert program.stdout.text() == "? "


def test_standard_input_is_closed_unless_the_exercise_types(start: Start) -> None:
    assert start("def run():\n    return input()").call("run").outcome() == Raises(EOFError)
