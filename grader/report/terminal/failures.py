"""All failing checks, each as fully as there is room for: who has many mistakes wants to see the first ones first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.text import Text

from grader.report.grouping import Group
from grader.report.terminal.failure import Detail, Manner, print_failure
from grader.report.terminal.pen import Pen

# About four screens with the lines around them. Nobody reads more than this at once.
ROOM = 132
# Of each exercise at least so many are told with what was found; more than that are only named when there is no room.
TOLD = 4


@dataclass
class Told:
    """One failing check in the length that was chosen for it. `rank` counts the checks of its exercise from 0."""

    rank: int
    tell: Callable[[Detail], list[Text]]
    detail: Detail = Detail.FULL
    _told: dict[Detail, list[Text]] = field(default_factory=dict)

    @property
    def lines(self) -> list[Text]:
        """The lines in the chosen length."""
        if self.detail not in self._told:
            self._told[self.detail] = self.tell(self.detail)
        return self._told[self.detail]


def tell(pen: Pen, exercises: Sequence[tuple[Sequence[Group], Manner]], used: int) -> list[list[Told]]:
    """For each exercise its failing checks, cut until all fit into `ROOM` lines with the `used` ones.

    The first check of an exercise is cut last: the later ones often fail for its sake.
    """
    told = [[_told(pen, rank, group, manner) for rank, group in enumerate(groups)] for groups, manner in exercises]
    if any(manner.verbose for _, manner in exercises):
        return told
    everything = sorted((one for exercise in told for one in exercise), key=lambda one: one.rank)
    for detail, from_rank in ((Detail.SHORT, 1), (Detail.BRIEF, 1), (Detail.SHORT, 0), (Detail.BRIEF, 0)):
        _cut(everything, ROOM - used, detail, from_rank)
    _cut(everything, ROOM - used, Detail.NAMED, TOLD)
    _fill(everything, ROOM - used)
    return told


def cut(told: Sequence[Sequence[Told]]) -> bool:
    """Whether something was left out."""
    return any(one.detail < Detail.FULL for exercise in told for one in exercise)


def _told(pen: Pen, rank: int, group: Group, manner: Manner) -> Told:
    def tell_in(detail: Detail) -> list[Text]:
        apart = pen.apart()
        print_failure(apart, group, detail, manner)
        return apart.lines

    return Told(rank, tell_in)


def _size(told: Sequence[Told]) -> int:
    return sum(len(one.lines) for one in told)


def _cut(told: Sequence[Told], room: int, detail: Detail, from_rank: int) -> None:
    """Cut to `detail`, from the highest rank down, until all fits."""
    for one in reversed(told):
        if one.rank < from_rank or _size(told) <= room:
            return
        one.detail = min(one.detail, detail)


def _fill(told: Sequence[Told], room: int) -> None:
    """Give the room that is left to the first ones, as far as it goes."""
    for one in told:
        for detail in (Detail.FULL, Detail.SHORT, Detail.BRIEF):
            before, one.detail = one.detail, max(one.detail, detail)
            if _size(told) <= room:
                break
            one.detail = before
