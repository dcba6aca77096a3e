"""Every attack of fixtures/hostile: nothing gained, nothing hung, nothing left, the next one graded as always."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fixtures.hostile.build import Attack, attacks
from tests.hostile.conftest import SECONDS, Cell, Outcome

ATTACKS = attacks()
STATUSES = {"passed", "failed", "crashed", "hung", "not_run"}
ROUNDS = (1, 2)
# Seconds for one attack: most of them end in two, and a busy machine may take twenty times that.
pytestmark = pytest.mark.timeout(SECONDS + 100)

# The root of a cell, and all that may stand on a terminal beside text.
ALLOWED_CONTROLS = {"\n", "\t"}


def test_every_attack_of_the_list_is_tried() -> None:
    assert {number for attack in ATTACKS.values() for number in attack.number} == set(range(1, 74))


def marked(attack: Attack) -> object:
    return pytest.param(attack, marks=[pytest.mark.slow] if attack.slow else [], id=attack.name)


@pytest.mark.parametrize("attack", [marked(attack) for attack in ATTACKS.values()])
def test_gains_nothing_and_leaves_nothing(cell: Cell, attack: Attack) -> None:
    if attack.needs and attack.needs not in protections(cell):
        pytest.skip(f"NOT TRIED AS {cell.user.upper()}: nothing bounds {attack.needs} here")
    outcome = cell.grade(attack)
    assert_harmless(outcome)
    if attack.expect == "full":
        assert outcome.full, outcome.shown[-3000:]
    elif attack.expect == "some":
        assert not outcome.full
    else:
        assert outcome.score == 0, outcome.shown[-3000:]


def protections(cell: Cell) -> dict[str, str]:
    found: dict[str, str] = cell.grade(ATTACKS["exits_at_import_hard"]).result["protections"]
    return found


def assert_harmless(outcome: Outcome) -> None:
    assert outcome.left == [], "processes"
    assert outcome.files == [], "files"
    assert outcome.changed == [], "changes to what is not the program's"
    assert outcome.typed == ""
    assert outcome.status in (0, 1), outcome.shown[-3000:]
    assert outcome.statuses() <= STATUSES
    assert outcome.seconds < SECONDS / 2
    assert_shown_harmlessly(outcome.shown)


def assert_shown_harmlessly(shown: str) -> None:
    """Nothing that a program said reaches the terminal as a command to it, or a CI system as a command to that."""
    without_colour = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    controls = {letter for letter in without_colour if ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0}
    assert controls <= {"\n", "\t", "\r"}, controls
    assert not set("\u202e\u202d\u2066\u2067") & set(shown)
    assert not [line for line in shown.splitlines() if line.lstrip().startswith(("::", "##["))]


@pytest.mark.slow
def test_the_next_submission_is_graded_as_always(cell: Cell, tmp_path: Path) -> None:
    right = ATTACKS["has_names_equal_but_for_case"]
    for _ in ROUNDS:
        for attack in ATTACKS.values():
            if not attack.needs or attack.needs in protections(cell):
                assert_harmless(cell.grade(attack))
        assert cell.grade(right).full
