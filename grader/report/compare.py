"""In which way two texts differ: the ways a learner overlooks, each with a name and its numbers.

Bytes are compared as Latin-1 text, one character for each byte, so that one set of rules serves both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "same",
    "nothing",  # nothing arrived
    "end_of_line",  # only the line end at the end is missing
    "tail",  # the end is missing
    "doubled",  # everything came twice or more often
    "more",  # further bytes follow
    "line_ends",  # \r\n for \n or the other way round
    "spaces",  # white space only
    "encoding",  # another encoding of the same text
    "replaced",  # U+FFFD instead of the character
    "case",  # letter case only
    "literal",  # str(data) instead of the data
    "order",  # the same lines in another order
    "repeated_lines",  # a line came more than once
    "gap",  # a piece is missing inside
    "inserted",  # further bytes inside or in front
    "skipped",  # it goes on with what belongs later; what follows is not looked at
    "slipped_in",  # it goes on after bytes that do not belong there; what follows is not looked at
    "other",
]
# Above this size the rules that take a text apart cost more time than they tell.
TAKE_APART_UP_TO = 1 << 20
# So many characters in a row are not at another place by chance.
GOES_ON = 16
# In short texts the next line often begins like the one that was expected, and nothing was skipped.
BULK = 64 * 1024
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_WRONG_ENCODINGS = ("latin-1", "cp1252", "utf-16-le", "utf-16", "ascii")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """`right` characters are the same at the start; then `missing` are left out or `extra` put in (as far as known)."""

    kind: Kind
    right: int
    missing: int = 0
    extra: int = 0


def common_prefix(one: str, other: str) -> int:
    """How many characters at the start are the same. Slices are compared in C: megabytes take milliseconds."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def compare(expected: str, arrived: str, *, of_bytes: bool) -> Difference:
    """Name the difference between two texts, or two byte strings decoded as Latin-1."""
    right = common_prefix(expected, arrived)
    missing, extra = len(expected) - right, len(arrived) - right
    kind = _by_length(expected, arrived, right) or _alike(expected, arrived, of_bytes)
    if kind is None:
        return _by_gap(expected, arrived, right)
    return Difference(kind=kind, right=right, missing=missing, extra=extra)


def _by_length(expected: str, arrived: str, right: int) -> Kind | None:
    """One is the beginning of the other."""
    if expected == arrived:
        return "same"
    if not arrived:
        return "nothing"
    if right == len(arrived):
        return "end_of_line" if expected[right:] in ("\n", "\r\n") else "tail"
    if expected and right == len(expected):
        return "doubled" if arrived == expected * (len(arrived) // len(expected)) else "more"
    return None


def _alike(expected: str, arrived: str, of_bytes: bool) -> Kind | None:
    """The same but for what is hard to see."""
    if max(len(expected), len(arrived)) > TAKE_APART_UP_TO:
        return None
    if _line_ends(expected) == _line_ends(arrived):
        return "line_ends"
    if _squeezed(expected) == _squeezed(arrived):
        return "spaces"
    if arrived in _literals(expected):
        return "literal"
    if expected.casefold() == arrived.casefold():
        return "case"
    return _encoding(expected, arrived, of_bytes) or _by_lines(expected, arrived)


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _literals(expected: str) -> set[str]:
    """What `str(data)` makes of bytes, with the line end inside or behind it."""
    shown = {repr(text.encode(errors="replace")) for text in (expected, expected.rstrip("\r\n"))}
    return shown | {text + "\n" for text in shown}


def _encoding(expected: str, arrived: str, of_bytes: bool) -> Kind | None:
    """Whether `arrived` is the same text in another encoding, read in another one, or with replacements."""
    text = _as_text(expected) if of_bytes else expected
    if text is None or text.isascii():
        return None
    came = _as_text(arrived) if of_bytes else arrived
    if came is not None and _with_gaps(text, came):
        return "replaced"
    return "encoding" if arrived in _other_encodings(text, of_bytes) else None


def _as_text(data: str) -> str | None:
    try:
        return data.encode("latin-1").decode()
    except UnicodeDecodeError:
        return None


def _with_gaps(text: str, came: str) -> bool:
    """`came` is `text` with `?` or U+FFFD, one or several, in place of some that is not ASCII, or with it left out."""
    if re.sub(r"[^\x00-\x7f]+", "", text) == came:
        return True
    first, *parts = re.split(rf"[{REPLACEMENT}?]+", came)
    if not parts or not text.startswith(first):
        return False
    at = len(first)
    for part in parts:
        # The next place, one after another: a regular expression might try them all in all ways.
        found = text.find(part, at + 1) if part else len(text)
        if found < 0 or not _replaceable(text[at:found]):
            return False
        at = found + len(part)
    return at == len(text)


def _replaceable(gap: str) -> bool:
    return all(char == "?" or not char.isascii() for char in gap)


def _other_encodings(text: str, of_bytes: bool) -> set[str]:
    """The text as it looks when written (bytes) or read (text) with another encoding than UTF-8."""
    shown = set()
    for name in _WRONG_ENCODINGS:
        try:
            data = text.encode(name) if of_bytes else text.encode()
            shown.add(data.decode("latin-1" if of_bytes else name))
            if of_bytes:  # UTF-8 read as this encoding and written as UTF-8 again
                shown.add(text.encode().decode(name).encode().decode("latin-1"))
        except UnicodeError:
            continue
    return shown


def _by_lines(expected: str, arrived: str) -> Kind | None:
    wanted, came = expected.split("\n"), arrived.split("\n")
    if len(wanted) > 2 and sorted(wanted) == sorted(came):
        return "order"
    return "repeated_lines" if len(came) > len(wanted) and list(dict.fromkeys(came)) == wanted else None


def _by_gap(expected: str, arrived: str, right: int) -> Difference:
    """A piece is missing inside, or has been put in, if the beginning and the end together are all of the other."""
    shorter = min(len(expected), len(arrived))
    same_end = common_prefix(expected[::-1], arrived[::-1])
    missing, extra = len(expected) - shorter, len(arrived) - shorter
    if len(expected) != len(arrived) and right + same_end >= shorter > 0:
        return Difference(kind="gap" if missing else "inserted", right=right, missing=missing, extra=extra)
    return _by_going_on(expected, arrived, right)


def _by_going_on(expected: str, arrived: str, right: int) -> Difference:
    """Whether both go on alike after a piece too many, or (a send that took less than it was given) one left out."""
    later = _only_place(expected[right : right + GOES_ON], arrived, right)
    if later is not None:
        return Difference(kind="slipped_in", right=right, extra=later - right)
    later = _only_place(arrived[right : right + GOES_ON], expected, right) if len(expected) > BULK else None
    if later is not None:
        return Difference(kind="skipped", right=right, missing=later - right)
    return Difference(kind="other", right=right)


def _only_place(piece: str, text: str, start: int) -> int | None:
    """Where `piece` is in `text` from `start` on, if it is there once: content that repeats itself tells nothing."""
    at = text.find(piece, start) if len(piece) == GOES_ON else -1
    return at if at >= 0 and text.find(piece, at + 1) < 0 else None
