"""Every attack in fixtures/hostile: nothing gained, hung or left, and the next one graded as always. Twice over."""

from __future__ import annotations

import re

import pytest

from fixtures.hostile.build import Attack, attacks
from grader.harness.deadlines import DEADLINES
from tests.hostile.conftest import SECONDS, Cell, Outcome

ATTACKS = attacks()
# A right program, in company that does no harm.
AS_ALWAYS = ATTACKS["has_names_equal_but_for_case"]
STATUSES = {"passed", "failed", "crashed", "hung", "not_run"}
# Most attacks end in two seconds, and a busy machine may take twenty times that.
pytestmark = pytest.mark.timeout(SECONDS + 100)


def test_every_attack_of_the_list_is_tried() -> None:
    assert {number for attack in ATTACKS.values() for number in attack.number} == set(range(1, 74))


def marks(attack: Attack, again: str) -> list[pytest.MarkDecorator]:
    if attack.slow or again:
        return [pytest.mark.slow]
    return [pytest.mark.thorough] if attack.alike else []


def rounds() -> list[object]:
    """All attacks and then a right program, and all that again: what the first round leaves, the second would meet."""
    return [
        pytest.param(attack, marks=marks(attack, again), id=f"{attack.name}{again}")
        for again in ("", "-again")
        for attack in [*(attack for attack in ATTACKS.values() if attack is not AS_ALWAYS), AS_ALWAYS]
    ]


@pytest.mark.parametrize("attack", rounds())
def test_gains_nothing_and_leaves_nothing(cell: Cell, attack: Attack) -> None:
    if attack.needs and attack.needs not in cell.protections():
        pytest.skip(f"NOT TRIED AS {cell.user.upper()}: nothing here bounds {attack.needs}")
    outcome = cell.grade(attack)
    assert_harmless(outcome)
    if attack.expect == "full":
        assert outcome.full, outcome.shown[-3000:]
    elif attack.expect == "some":
        assert not outcome.full
    else:
        assert outcome.score == 0, outcome.shown[-3000:]


def assert_harmless(outcome: Outcome) -> None:
    assert outcome.left == [], "processes"
    assert outcome.files == [], "files"
    assert outcome.changed == [], "changes to what is not the program's"
    assert outcome.typed == ""
    assert outcome.status in (0, 1), outcome.shown[-3000:]
    assert outcome.statuses() <= STATUSES
    assert outcome.seconds < DEADLINES.failing + DEADLINES.check  # as much as the harness allows
    assert_shown_harmlessly(outcome.shown)


def assert_shown_harmlessly(shown: str) -> None:
    """Nothing that a program said reaches the terminal as a command to it, or a CI system as a command to that."""
    without_colour = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert {letter for letter in without_colour if ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0} <= set("\n\t\r")
    assert not set("\u202e\u202d\u2066\u2067") & set(shown)
    assert not [line for line in shown.splitlines() if line.lstrip().startswith("::") or "##[" in line]
