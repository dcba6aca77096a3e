"""The user's end of an interactive program: what is typed, and what is shown.

    user = Terminal(program)
    user.type("hello\\n")
    assert user.sees("first", "second") == ["first", "second"]

Prompts, colours and further words are never wrong: a line is shown when its text is there, whatever stands around it.
"""

from __future__ import annotations

import difflib
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.harness.deadlines import DEADLINES
from grader.harness.findings import Stop
from grader.harness.program import Program
from grader.report import wording
from grader.report.result import Finding

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DRAWN_ANEW = re.compile(r"\x1b\[[0-3]?J|\x1b\[(?:1;1)?H|\x1bc")  # what clears the screen, or begins at its top
_ALIKE = 0.5  # from here on difflib's ratio means that two lines have more in common than chance
_COMPARED = 200  # characters of a line: difflib takes the square of that


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """Which of the lines that were waited for are shown, and all that is. Compare it with a list of lines."""

    lines: tuple[str, ...]
    screen: str
    stop: Stop | None = None
    answered = True  # a client that is connected and shows nothing waits for the next line; it is not stuck

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list) and list(self.lines) == other

    __hash__ = None  # type: ignore[assignment]  # compared, never put in a set

    def finding(self, expected: object) -> Finding:
        """Put in words which line is missing, or is there too often."""
        assert isinstance(expected, list)
        if len(self.lines) > len(expected):
            return wording.shown_again(self.lines[0], len(self.lines))
        missing = expected[len(self.lines)]
        rows = [row for row in re.split(r"[\r\n]+", _COLOURS.sub("", self.screen)) if row.strip()]
        # It may be there, but in one row with the line before it.
        beside = next((row for row in reversed(rows) if missing in row), None)
        if beside is not None:
            return wording.not_shown("\n".join(expected), beside)
        return wording.not_shown(missing, _most_alike(missing, rows))


class Terminal:
    """Keyboard and screen of a program that was started with `types=True`."""

    def __init__(self, program: Program) -> None:
        if program.keyboard is None:
            raise TypeError("the program has no keyboard: start it with types=True")
        self._program = program
        self._keyboard = program.keyboard

    # Keyboard

    def type(self, text: str) -> None:
        """Type this in one go."""
        self._keyboard.type(text)

    def type_line(self, line: str) -> None:
        """Type a line alone: returns when the program has read it and sleeps, or does not read it."""
        self.type(f"{line}\n")
        self._program.wait_until(lambda: not self._keyboard.unread() or self._sleeps())
        self._program.settle()

    def end_input(self) -> None:
        """Close standard input once all is typed, as Ctrl-D does."""
        self._keyboard.end()

    def wait_at_rest(self, *, and_awake: bool = False) -> None:
        """Wait until the program sleeps although there is more to read for it, or has read all, or has ended.

        With `and_awake` a time-out of its own may run out as well, before which it may be waiting for something.
        One that computes for `DEADLINES.restless` meanwhile is not waited for any longer.
        """
        program = self._program
        used = program.used()
        since = 0.0
        turns: list[tuple[int, int]] | None = None

        def is_ready() -> bool:
            nonlocal since, turns
            # Asked first: a time-out that runs out after that shows itself in what is asked now, or the next time.
            by_choice = and_awake and program.sleeps_by_choice()
            sleeps = self._sleeps()
            before, turns = turns, program.turns()
            # None of its threads may run for a while: one that was typed for a moment ago is about to.
            if not sleeps or before != turns:
                since = time.monotonic()
            rested = time.monotonic() - since > (DEADLINES.pause if by_choice else DEADLINES.rest)
            return rested or program.has_ended() or program.used() - used > DEADLINES.restless

        program.wait_until(is_ready)

    def _sleeps(self) -> bool:
        """Whether it sleeps now. Asked twice, lest it waits for what is on its way to it."""
        return self._keyboard.is_idle() and self._program.settle(0.01) and self._keyboard.is_idle()

    # Screen

    def sees(self, *lines: str) -> Shown:
        """Wait until these lines are shown, each below the one before; gives up when the program hangs or ends."""
        stdout = self._program.stdout
        stop = self._program.wait_until(lambda: stdout.ended or self._count(lines) == len(lines))
        if stop:  # on a busy machine the thread that reads the pipe may be late
            self._program.catch_up()
        found = self._count(lines)
        return Shown(lines=lines[:found], screen=stdout.text(), stop=stop if found < len(lines) else None)

    def has_seen(self, beginning: str, line: str = "") -> Shown:
        """The beginning of a line each time that it has been shown by now in the way in which the line is shown.

        That is in rows that begin like those with the line: a print for debugging names its piece in words of its own.
        A program that draws its screen anew shows what it drew last.
        """
        self._program.catch_up()
        screen = self._program.stdout.text()
        times = max(_times_shown(drawn, beginning, line or beginning) for drawn in _DRAWN_ANEW.split(screen))
        return Shown(lines=(beginning,) * times, screen=screen)

    def _count(self, lines: Sequence[str]) -> int:
        """How many of the lines are there, from the first on."""
        screen = self._program.stdout.text()
        found = position = 0
        for line in lines:
            at = screen.find(line, position)
            while found and at >= 0 and not re.search(r"[\r\n]", screen[position:at]):
                at = screen.find(line, at + 1)
            if at < 0:
                break
            found, position = found + 1, at + len(line)
        return found


def _times_shown(screen: str, beginning: str, line: str) -> int:
    """How often `beginning` is there behind the same words as `line`; of several such words, behind the most usual."""
    times: Counter[str] = Counter()
    of_line = set()
    for row in re.split(r"[\r\n]+", _COLOURS.sub("", screen)):
        before, found, _ = row.partition(beginning)
        if found:
            times[before] += row.count(beginning)
        if line in row:
            of_line.add(before)
    return max((times[before] for before in of_line), default=0)


def _most_alike(line: str, rows: Sequence[str]) -> str:
    """The row that is most like `line`; empty if none is."""
    ratios = [difflib.SequenceMatcher(None, line[:_COMPARED], row[:_COMPARED]).ratio() for row in rows]
    best = max(ratios, default=0.0)
    return rows[ratios.index(best)] if best > _ALIKE else ""
