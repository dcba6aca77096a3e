"""What each protection is for: an attack that it stops works when it is left out."""

from __future__ import annotations

import pytest

from fixtures.hostile.build import Attack, attacks
from tests.hostile.conftest import SECONDS, Cell

WORKING = [attack for attack in attacks().values() if attack.works_without]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * SECONDS)]


@pytest.mark.parametrize("attack", WORKING, ids=[attack.name for attack in WORKING])
def test_the_attack_works_without_it(cell: Cell, attack: Attack) -> None:
    if attack.only_root and cell.user != "root":
        pytest.skip("the system itself keeps other users from it")
    outcome = cell.grade(attack, without=attack.works_without)
    assert outcome.score > 0, outcome.shown[-3000:]
    assert not set(attack.works_without) & set(outcome.result["protections"])
    assert outcome.left == []
