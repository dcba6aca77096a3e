"""Expected and arrived: what differs, in numbers and in words a learner would otherwise overlook."""

from __future__ import annotations

from grader.report.compare import REPLACEMENT, Difference, Kind, compare
from grader.report.literals import bytes_literal, bytes_pair, count, safe, text_pair
from grader.report.result import Finding
from grader.report.wording.voice import BYTES, TEXT, Voice

# How the receiving stopped, as it continues a sentence on what arrived.
ENDINGS = {
    "complete": "",
    "end": ", then the end of the stream",
    "reset": ", then a reset of the connection",
    "stuck": ", then nothing more: the program waits",
    "spinning": ", then nothing more: the program spins",
    "slow": ", and no more in the time there was",
    "exit": ", then the program ended",
}


def difference(expected: bytes, arrived: bytes, ending: str) -> Finding:
    """What a peer received against what it should have; `ending` says how the receiving stopped (see `ENDINGS`)."""
    return told_bytes_difference(expected, arrived, ENDINGS[ending], BYTES)


def text_difference(expected: str, arrived: str) -> Finding:
    """Two texts, for example a line on the screen."""
    return told_text_difference(expected, arrived, TEXT)


def unexpected_bytes(arrived: bytes, ending: str = "complete") -> Finding:
    """Something came where nothing should."""
    return Finding(
        sentence=f"{BYTES.literal(arrived.decode('latin-1'))} arrived where nothing should arrive{ENDINGS[ending]}.",
        expected="nothing",
        arrived=f"{bytes_literal(arrived)} ({count(len(arrived), 'byte')}){ENDINGS[ending]}",
    )


def told_bytes_difference(expected: bytes, arrived: bytes, ending: str, voice: Voice) -> Finding:
    """`difference` in another voice; `ending` is the phrase itself."""
    wanted, came = expected.decode("latin-1"), arrived.decode("latin-1")
    found = compare(wanted, came, of_bytes=True)
    pair = bytes_pair(wanted, came, found.right)
    return Finding(
        sentence=_sentence(found, wanted, came, voice, ending),
        expected=f"{pair.expected} ({count(len(expected), 'byte')})",
        arrived=f"{pair.arrived} ({count(len(arrived), 'byte')}){ending}" if arrived or not ending else nothing(ending),
        caret=None if found.kind in ("same", "nothing") else pair.caret,
        difference=_in_words(found, wanted, came, voice),
    )


def nothing(ending: str) -> str:
    """What to say of the arrived when there is nothing of it: `nothing: the program waits`."""
    return "nothing" + ending.replace(", then nothing more", "").replace(", and no more", "")


def told_text_difference(expected: str, arrived: str, voice: Voice) -> Finding:
    """`text_difference` in another voice."""
    found = compare(expected, arrived, of_bytes=False)
    pair = text_pair(expected, arrived, found.right)
    return Finding(
        sentence=_sentence(found, expected, arrived, voice, ""),
        expected=f"{pair.expected} ({count(len(expected), 'character')})",
        arrived=f"{pair.arrived} ({count(len(arrived), 'character')})",
        caret=None if found.kind in ("same", "nothing") else pair.caret,
        difference=_in_words(found, expected, arrived, voice),
    )


_SENTENCES: dict[Kind, str] = {
    "same": "All of it {came_here}{ending}.",
    "nothing": "{came}{ending}.",
    "tail": "{came}{ending}.",
    "gap": "{came}{ending}.",
    "end_of_line": "Only the line end is missing: {came}{ending}.",
    "doubled": "Everything came {times}: {instead}.",
    "more": "{too_many} too many: {instead}.",
    "inserted": "{too_many} too many: {instead}.",
    "skipped": "{missing} {is_are} left out after the first {right}.",
    "slipped_in": "{extra} {does_do} not belong there after the first {right}.",
    "encoding": "{what} is the right text {in_utf8}.",
    "replaced": "{what} has lost the characters outside ASCII.",
    "literal": "{what} is Python's notation b'…' for the bytes, not the bytes themselves.",
    "order": "{what} has the right lines in another order.",
    "repeated_lines": "{what} has a line more than once.",
    "line_ends": "{what} differs from what was expected only in the line ends.",
    "spaces": "{what} differs from what was expected only in white space.",
    "case": "{what} differs from what was expected only in capital and small letters.",
    "other": "{here} {came_here} where {there} was expected{after}.",
}


def _sentence(found: Difference, expected: str, arrived: str, voice: Voice, ending: str) -> str:
    wanted, came = len(expected), len(arrived)
    times = came // wanted if wanted else 0
    return _SENTENCES[found.kind].format(
        came=voice.came(came, wanted),
        instead=voice.instead(came, wanted),
        too_many=count(came - wanted, voice.noun),
        times="twice" if times == 2 else f"{times:,} times",
        what=voice.what,
        ending=ending,
        here=voice.literal(arrived[found.right :]),
        there=voice.literal(expected[found.right :]),
        came_here=voice.one,
        right=f"{found.right:,}",
        missing=count(found.missing, voice.noun),
        is_are="is" if found.missing == 1 else "are",
        extra=count(found.extra, voice.noun),
        does_do="does" if found.extra == 1 else "do",
        in_utf8="in another encoding than UTF-8" if voice.of_bytes else "decoded with another encoding than UTF-8",
        after=f", after {count(found.right, voice.noun)} that {'is' if found.right == 1 else 'are'} right"
        if found.right
        else "",
    )


_IN_WORDS: dict[Kind, str] = {
    "same": "",
    "nothing": "",
    "end_of_line": "what came is right, only {line_end} at the end is missing",
    "tail": "what came is right; the last {missing_are} missing",
    "doubled": "{start}, and then the same comes again",
    "more": "{start}; then {more}",
    "gap": "{start}, then {missing} {is_are} missing; the rest is right",
    "inserted": "{start}, then {extra} {does_do} not belong there; the rest is right",
    "skipped": "{start}; then it goes on with what belongs {missing} later",
    "slipped_in": "{start}; then come {extra} too many",
    "line_ends": "the line ends differ: {end_expected} expected, {end_arrived} arrived",
    "encoding": "{encoding}",
    "replaced": "{replaced}",
    "literal": "str() of bytes makes this notation; .decode() makes text, and bytes can be sent as they are",
    "order": "line {line} is the first that differs",
    "repeated_lines": "line {line} is the first that differs",
    "spaces": "{start}",
    "case": "{start}",
    "other": "{start}",
}
_IN_WORDS_AT_START: dict[Kind, str] = {
    "gap": "the first {missing_are} missing; the rest is right",
    "inserted": "{extra} in front {does_do} not belong there; the rest is right",
}


def _in_words(found: Difference, wanted: str, came: str, voice: Voice) -> str:
    template = _IN_WORDS_AT_START.get(found.kind) if found.right == 0 else None
    return (template or _IN_WORDS[found.kind]).format(
        start=_right(found.right, voice.noun),
        missing=count(found.missing, voice.noun),
        missing_are=f"{voice.noun} is" if found.missing == 1 else f"{count(found.missing, voice.noun)} are",
        is_are="is" if found.missing == 1 else "are",
        extra=count(found.extra, voice.noun),
        does_do="does" if found.extra == 1 else "do",
        more=_more(came[found.right : found.right + 3]),
        line=wanted.count("\n", 0, found.right) + 1,
        line_end=safe(wanted[found.right :][:2]),
        end_expected=_end(wanted),
        end_arrived=_end(came),
        encoding=_encoding(wanted, came, of_bytes=voice.of_bytes) if found.kind == "encoding" else "",
        replaced=_replaced(came, of_bytes=voice.of_bytes) if found.kind == "replaced" else "",
    )


def _right(right: int, noun: str) -> str:
    if right == 0:
        return f"they differ from the first {noun} on"
    return f"the first {noun} is right" if right == 1 else f"the first {right:,} {noun}s are right"


def _more(rest: str) -> str:
    return {"\n": "one more line end", "\r\n": "one more line end", " ": "one more space"}.get(rest, "more follows")


def _end(text: str) -> str:
    if "\n" in text:
        crlf = text.count("\r\n")
        return "\\r\\n" if crlf == text.count("\n") else "\\r\\n and \\n" if crlf else "\\n"
    return "\\r" if "\r" in text else "none"


def _encoding(wanted: str, came: str, *, of_bytes: bool) -> str:
    if not of_bytes:
        return "the bytes of one character became several characters"
    try:
        twice = came.encode("latin-1").decode() != wanted.encode("latin-1").decode() and "\0" not in came
    except UnicodeDecodeError:
        twice = False
    if twice:
        return "the bytes of the text were taken for characters and encoded once more"
    return "in UTF-8 a character outside ASCII has two to four bytes"


def _replaced(came: str, *, of_bytes: bool) -> str:
    text = came.encode("latin-1").decode() if of_bytes else came
    if REPLACEMENT in text:
        return "U+FFFD stands where a character was: its bytes were decoded apart from each other"
    return "? stands where a character was" if "?" in text else "characters outside ASCII were left out"
