"""Literals are literals: Python reads them back, they fit, and nothing invisible is in them."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report.compare import common_prefix, compare
from grader.report.literals import (
    WIDTH,
    bytes_literal,
    bytes_pair,
    count,
    ends_literal,
    safe,
    shortened,
    text_literal,
    text_pair,
)


@given(st.text())
def test_safe_text_is_printable_and_says_what_was_there(text: str) -> None:
    shown = safe(text)
    assert shown.isprintable()
    assert shown == text or any(not char.isprintable() for char in text)


def test_escapes_colours_directions_and_line_ends() -> None:
    assert safe("\x1b[31m\u202e\u2028\x85\ud800\n") == "\\x1b[31m\\u202e\\u2028\\x85\\ud800\\n"


@given(st.text(), st.integers(1, 50))
def test_shortened_text_fits(text: str, width: int) -> None:
    assert len(shortened(text, width)) <= width


def test_short_text_stays_whole() -> None:
    assert shortened("abc", 3) == "abc"
    assert shortened("abcd", 3) == "ab…"


@given(st.binary())
def test_bytes_are_read_back(data: bytes) -> None:
    literal = bytes_literal(data, 4 * len(data))
    assert ast.literal_eval(literal) == data


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_text_is_read_back(text: str) -> None:
    assert ast.literal_eval(text_literal(text, 10 * len(text))) == text


@given(st.binary(min_size=41), st.integers(20, 40))
def test_a_cut_literal_is_the_beginning(data: bytes, width: int) -> None:
    literal = bytes_literal(data, width)
    assert literal.endswith("' …")
    assert data.startswith(ast.literal_eval(literal.removesuffix(" …")))
    assert len(literal) <= width + len("b'' …")


@given(st.binary(min_size=1), st.binary(min_size=1))
def test_both_ends_of_long_data(head: bytes, tail: bytes) -> None:
    literal = ends_literal(head, tail, 40)
    first, _, last = literal.partition(" … ")
    assert literal.isprintable()
    assert head.startswith(ast.literal_eval(first + "'"))
    assert tail.endswith(ast.literal_eval("b'" + last))
    assert len(literal) <= 46


@given(st.binary(), st.binary(min_size=1), st.binary(min_size=1))
def test_a_pair_parts_at_the_caret(same: bytes, one: bytes, other: bytes) -> None:
    expected, arrived = ((same + end).decode("latin-1") for end in (one, other))
    at = common_prefix(expected, arrived)
    pair = bytes_pair(expected, arrived, at)
    assert pair.expected[: pair.caret] == pair.arrived[: pair.caret]
    assert max(len(pair.expected), len(pair.arrived)) <= WIDTH + len("… b'' …")


def test_a_pair_is_cut_around_the_difference() -> None:
    pair = text_pair("a" * 100 + "b" * 100, "a" * 100, 100)
    assert pair.expected == "… 'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbb' …"
    assert pair.arrived == "… 'aaaaaaaaaaaaaaaa'"
    assert pair.caret == 19


def test_numbers_with_their_noun() -> None:
    assert count(1, "byte") == "1 byte"
    assert count(8388608, "byte") == "8,388,608 bytes"
    assert count(2, "entry") == "2 entries"


@given(st.text(max_size=30), st.text(max_size=30))
def test_the_common_prefix_is_as_long_as_can_be(one: str, other: str) -> None:
    size = common_prefix(one, other)
    assert one[:size] == other[:size]
    assert size == min(len(one), len(other)) or one[size] != other[size]


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_every_difference_has_a_kind(expected: bytes, arrived: bytes) -> None:
    found = compare(expected.decode("latin-1"), arrived.decode("latin-1"), of_bytes=True)
    assert (found.kind == "same") == (expected == arrived)
    assert (found.kind == "nothing") == (arrived == b"" != expected)


@pytest.mark.parametrize(
    ("expected", "arrived", "kind"),
    [
        ("é ☕ é", "é \ufffd é", "replaced"),
        ("東京", "\ufffd京", "replaced"),
        ("東京", "東??", "replaced"),
        ("why? é", "why? ?", "replaced"),
        ("é!", "\ufffd?", "other"),
        ("é a", "\ufffd b", "other"),
        ("aé", "b\ufffd", "other"),
        ("é-é", "\ufffd=\ufffd", "other"),
        ("é" * 3000 + "a", "\ufffdé" * 1500 + "b", "other"),
    ],
)
def test_replaced_characters(expected: str, arrived: str, kind: str) -> None:
    assert compare(expected, arrived, of_bytes=False).kind == kind


def test_megabytes_are_compared_by_their_ends_only() -> None:
    data = "abc\n" * (1 << 19)
    assert compare(data, data[:-8].upper(), of_bytes=True).kind == "other"
    assert compare(data + "x", data[:100] + data[108:] + "x", of_bytes=True).kind == "gap"
