"""What a function returned or raised, how many there were, and lists of datagrams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.report.literals import bytes_literal, count, safe, shortened, text_literal
from grader.report.result import Finding
from grader.report.wording.differences import ENDINGS, nothing, told_bytes_difference, told_text_difference
from grader.report.wording.voice import BYTES, RETURNED_BYTES, RETURNED_TEXT, SHOWN_TEXT

_LONGEST = 60


def value_literal(value: object) -> str:
    """A value as a learner would write it, cut to fit; a huge number or a deep nest is only named."""
    if isinstance(value, bytes):
        return bytes_literal(value) + (f" ({count(len(value), 'byte')})" if len(value) > _LONGEST else "")
    if isinstance(value, str):
        return text_literal(value) + (f" ({count(len(value), 'character')})" if len(value) > _LONGEST else "")
    try:
        return shortened(repr(value), _LONGEST)
    except (ValueError, RecursionError):  # Python refuses to write out over 4,300 digits
        return f"a very large {type(value).__name__}"


def value_difference(expected: object, arrived: object) -> Finding:
    """What a function returned against what it should have."""
    match expected, arrived:
        case str(), str():
            return told_text_difference(expected, arrived, RETURNED_TEXT)
        case bytes(), bytes():
            return told_bytes_difference(expected, arrived, "", RETURNED_BYTES)
        case ((list() | tuple()), (list() | tuple())) if type(expected) is type(arrived):
            return _sequence_difference(expected, arrived)
        case dict(), dict():
            return _mapping_difference(expected, arrived)
    return Finding(
        sentence=f"{value_literal(arrived)} was returned, {value_literal(expected)} was expected.",
        expected=value_literal(expected),
        arrived=value_literal(arrived),
        difference=_kinds(expected, arrived),
    )


def _kinds(expected: object, arrived: object) -> str:
    if arrived is None:
        return "a function that ends without `return` returns None"
    if type(expected) is not type(arrived) and expected is not None:
        return f"the type is {type(arrived).__name__}, not {type(expected).__name__}"
    if isinstance(expected, int) and isinstance(arrived, int) and not isinstance(expected, bool):
        return _more_or_less(expected, arrived)
    return ""


def _more_or_less(expected: int, arrived: int) -> str:
    off = abs(expected - arrived)
    number = f"{off:,}" if off < 10**12 else "far"
    return f"{number} too {'few' if arrived < expected else 'many'}"


def _sequence_difference(expected: Sequence[object], arrived: Sequence[object]) -> Finding:
    at = next((n for n, pair in enumerate(zip(expected, arrived, strict=False)) if pair[0] != pair[1]), None)
    kind = type(expected).__name__
    return Finding(
        sentence=f"The {kind} that was returned is not the expected one: {_items(expected, arrived, at)}.",
        expected=f"{value_literal(expected)} ({count(len(expected), 'entry')})",
        arrived=f"{value_literal(arrived)} ({count(len(arrived), 'entry')})",
    )


def _items(expected: Sequence[object], arrived: Sequence[object], at: int | None) -> str:
    """In words where two lists part."""
    wanted, came = len(expected), len(arrived)
    if wanted == came and sorted(map(repr, expected)) == sorted(map(repr, arrived)):
        return "the same entries in another order"
    if at is None:
        return f"{_are(wanted - came)} missing at the end" if came < wanted else f"{_are(came - wanted)} too many"
    return f"entry {at + 1} is {value_literal(arrived[at])} instead of {value_literal(expected[at])}"


def _are(number: int) -> str:
    return f"{count(number, 'entry')} {'is' if number == 1 else 'are'}"


def _mapping_difference(expected: Mapping[object, object], arrived: Mapping[object, object]) -> Finding:
    first, *others = _keys(expected, arrived)
    return Finding(
        sentence=f"The dict that was returned is not the expected one: {first}.",
        expected=value_literal(expected),
        arrived=value_literal(arrived),
        difference="; ".join(others),
    )


def _keys(expected: Mapping[object, object], arrived: Mapping[object, object]) -> list[str]:
    lacking = [f"{value_literal(key)} is missing" for key in expected if key not in arrived]
    further = [f"{value_literal(key)} is not expected" for key in arrived if key not in expected]
    differing = [
        f"{value_literal(key)} is {value_literal(arrived[key])} instead of {value_literal(value)}"
        for key, value in expected.items()
        if key in arrived and arrived[key] != value
    ]
    return (differing + lacking + further)[:3]


def datagrams_difference(expected: Sequence[bytes], arrived: Sequence[bytes], ending: str = "complete") -> Finding:
    """Datagrams in the order they came. One that differs is compared byte by byte."""
    at = next((n for n, pair in enumerate(zip(expected, arrived, strict=False)) if pair[0] != pair[1]), None)
    if at is not None and len(expected) == len(arrived) and sorted(expected) != sorted(arrived):
        one = told_bytes_difference(expected[at], arrived[at], "", BYTES)
        where = f"Datagram {at + 1} of {len(expected)} differs: "
        return Finding(
            sentence=where + one.sentence[0].lower() + one.sentence[1:],
            expected=one.expected,
            arrived=one.arrived,
            caret=one.caret,
            difference=one.difference,
        )
    return Finding(
        sentence=_number_of_datagrams(len(expected), len(arrived), ENDINGS[ending]),
        expected=_datagrams(expected),
        arrived=_datagrams(arrived) + ENDINGS[ending] if arrived else nothing(ENDINGS[ending]),
        difference=_parted(expected, arrived),
    )


def _number_of_datagrams(wanted: int, came: int, ending: str) -> str:
    if came == wanted:
        return "The datagrams arrived in another order."
    if came > wanted:
        return f"{count(came, 'datagram')} arrived instead of {wanted:,}{ending}."
    return f"{came:,} of {count(wanted, 'datagram')} arrived{ending}."


def _parted(expected: Sequence[bytes], arrived: Sequence[bytes]) -> str:
    if b"".join(expected) in b"".join(arrived) and len(expected) > len(arrived):
        return "the same bytes, but not one datagram for each message"
    at = next((n for n, pair in enumerate(zip(expected, arrived, strict=False)) if pair[0] != pair[1]), None)
    return _items(expected, arrived, at).replace("entries", "datagrams").replace("entry", "datagram")


def _datagrams(datagrams: Sequence[bytes]) -> str:
    shown = ", ".join(bytes_literal(data, 12) for data in datagrams[:3])
    more = ", …" if len(datagrams) > 3 else ""
    return f"{shown}{more} ({count(len(datagrams), 'datagram')})"


def count_difference(expected: int, arrived: int, what: str) -> Finding:
    """A number of things, for example requests: `what` is the noun for one."""
    return Finding(
        sentence=f"{count(arrived, what)} came, {expected:,} expected.",
        expected=count(expected, what),
        arrived=count(arrived, what),
        difference=_more_or_less(expected, arrived),
    )


def wrong_exception(expected: str, arrived: str, message: str) -> Finding:
    """Another exception than the exercise asks for."""
    return Finding(
        sentence=f"{safe(arrived)} was raised, {expected} was expected.",
        expected=expected,
        arrived=_exception(arrived, message),
    )


def returned_instead(expected_exception: str, value: object) -> Finding:
    """A value came back where an exception is asked for."""
    return Finding(
        sentence=f"{value_literal(value)} was returned, {expected_exception} should have been raised.",
        expected=f"raises {expected_exception}",
        arrived=f"returns {value_literal(value)}",
    )


def raised_instead(expected_value: object, exception_type: str, message: str) -> Finding:
    """An exception escaped where a value is asked for."""
    return Finding(
        sentence=f"{safe(exception_type)} was raised, {value_literal(expected_value)} should have been returned.",
        expected=f"returns {value_literal(expected_value)}",
        arrived=f"raises {_exception(exception_type, message)}",
    )


def _exception(name: str, message: str) -> str:
    return safe(name) + (f": {shortened(message, 80)}" if message else "")


def not_shown(line: str, nearest: str = "") -> Finding:
    """A line that never came up on the screen; `nearest` is the row there that is most like it."""
    if nearest:
        return told_text_difference(line, nearest, SHOWN_TEXT)
    shown = text_literal(line)
    return Finding(sentence=f"The line {shown} was never shown.", expected=shown, arrived="nothing like it")


def shown_again(text: str, times: int) -> Finding:
    """A text that came up more than once."""
    return Finding(
        sentence=f"{text_literal(text)} was shown {times:,} times.",
        expected="shown once",
        arrived=f"shown {times:,} times",
    )
