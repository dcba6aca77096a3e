"""Bytes and text as printable one-line literals, cut to fit, and foreign text made harmless.

Whatever a learner's program sent, printed or is named goes through `safe` or one of the literals before it reaches a
terminal, a file or a page: no control character, escape sequence or invisible direction mark survives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

ELLIPSIS = "…"
# 40 columns of literal leave room for a label and a length of seven digits on one line of 80 columns.
WIDTH = 40
# How much of what is right is shown before the first difference: all if it is this short, else a word or two.
ALL_BEFORE = 26
BEFORE = 16

_BYTE = [repr(bytes([number]))[2:-1] for number in range(256)]
_BYTE[ord("'")] = "\\'"  # repr would change the quotes around it, and columns would shift


def safe(text: str) -> str:
    r"""`text` on one line with everything invisible escaped.

    >>> safe("a\x1b[31mb\u202e\n")
    'a\\x1b[31mb\\u202e\\n'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return repr(char)[1:-1]


def shortened(text: str, width: int) -> str:
    """`text` made safe and cut at its end to `width` characters. Megabytes are not escaped in vain."""
    shown = safe(text[: width + 1])
    return shown if len(shown) <= width else shown[: width - 1] + ELLIPSIS


def _char(char: str) -> str:
    return "\\'" if char == "'" else repr(char)[1:-1]


def _byte(char: str) -> str:
    return _BYTE[ord(char)]


def count(number: int, noun: str) -> str:
    """`1 byte`, `8,388,608 bytes`, `2 entries`."""
    if number == 1:
        return f"1 {noun}"
    plural = noun[:-1] + "ies" if noun.endswith("ry") else noun + "s"
    return f"{number:,} {plural}"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two literals that start alike, and the column in both at which they part."""

    expected: str
    arrived: str
    caret: int


def bytes_literal(data: bytes, width: int = WIDTH) -> str:
    """`b'hello'`, or its first `width` columns and an ellipsis."""
    return _literal(data[: width + 1].decode("latin-1"), len(data), "b", _byte, width)


def text_literal(text: str, width: int = WIDTH) -> str:
    """`'hello'`, or its first `width` columns and an ellipsis."""
    return _literal(text[: width + 1], len(text), "", _char, width)


def ends_literal(head: bytes, tail: bytes, width: int = WIDTH) -> str:
    """The beginning and the end of long data: `b'GET / HT … close'`."""
    half = max(8, (width - 6) // 2)
    first = _fill(head.decode("latin-1"), _byte, half)[0]
    return f"b'{first} {ELLIPSIS} {_last(tail.decode('latin-1'), _byte, half)[0]}'"


def bytes_pair(expected: str, arrived: str, at: int) -> Pair:
    """Literals of two byte strings (decoded as Latin-1, one character a byte), cut around position `at`."""
    return _pair(expected, arrived, at, "b", _byte)


def text_pair(expected: str, arrived: str, at: int) -> Pair:
    """Literals of two texts, cut around position `at`."""
    return _pair(expected, arrived, at, "", _char)


def _pair(expected: str, arrived: str, at: int, prefix: str, show: Callable[[str], str]) -> Pair:
    right, taken = _fill(expected[: min(at, ALL_BEFORE)], show, ALL_BEFORE)
    if taken < at:
        right, taken = _last(expected[max(0, at - BEFORE) : at], show, BEFORE)
    lead = f"{ELLIPSIS} {prefix}'" if taken < at else f"{prefix}'"
    texts = [lead + right + _rest(text, at, show, WIDTH - len(right)) for text in (expected, arrived)]
    return Pair(expected=texts[0], arrived=texts[1], caret=len(lead) + len(right))


def _rest(text: str, at: int, show: Callable[[str], str], width: int) -> str:
    shown, taken = _fill(text[at : at + width], show, width)
    return shown + "'" if at + taken >= len(text) else f"{shown}' {ELLIPSIS}"


def _literal(head: str, size: int, prefix: str, show: Callable[[str], str], width: int) -> str:
    shown, taken = _fill(head, show, width)
    return f"{prefix}'{shown}'" if taken == size else f"{prefix}'{shown}' {ELLIPSIS}"


def _fill(text: str, show: Callable[[str], str], width: int) -> tuple[str, int]:
    """As many whole escapes of `text` as fit into `width`, and how many characters these were."""
    shown = ""
    for taken, char in enumerate(text):
        piece = show(char)
        if len(shown) + len(piece) > width:
            return shown, taken
        shown += piece
    return shown, len(text)


def _last(text: str, show: Callable[[str], str], width: int) -> tuple[str, int]:
    """The same from the end of `text`."""
    taken = _fill(text[::-1], show, width)[1]
    return "".join(show(char) for char in text[len(text) - taken :]), taken
