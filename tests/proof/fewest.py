"""The fewest wrong submissions that will do for the tests: together they fail every check and miss every assert."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set

T = TypeVar("T")


def fewest(facts: Mapping[T, Set[str]], begin_with: Iterable[T] = ()) -> set[T]:
    """Some keys of `facts` whose facts are all there are, and of which none could be left out.

    What `begin_with` names stays as far as it can, so that a good choice is not made anew each time.
    """
    chosen = set(begin_with)
    lacking = set().union(*facts.values()) - _of(facts, chosen)
    while lacking:
        best = max(facts, key=lambda one: len(facts[one] & lacking))
        chosen.add(best)
        lacking -= facts[best]
    for one in sorted((one for one in facts if one in chosen), key=lambda one: len(facts[one])):
        if facts[one] <= _of(facts, chosen - {one}):
            chosen.remove(one)
    return chosen


def _of(facts: Mapping[T, Set[str]], some: Iterable[T]) -> set[str]:
    return set().union(*(facts[one] for one in some))
