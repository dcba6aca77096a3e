"""On a busy machine a program's own time passes slower than the clock's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from grader.harness.own_time import OwnTime, lacked


@pytest.mark.parametrize(
    ("ran", "waited", "left_out"),
    [
        (0.0, 0.0, 0.0),  # it slept
        (1.0, 9.0, 9.0),  # others had the processors
        (0.1, 2.0, 2.0),  # partly so
        (10.0, 0.0, 0.0),  # it had one to itself
        (20.0, 60.0, 0.0),  # its own eight processes had both
        (9.0, 60.0, 1.0),  # they had one of them
    ],
)
def test_what_a_program_lacked_is_what_others_had(ran: float, waited: float, left_out: float) -> None:
    assert lacked(10.0, ran, waited) == left_out


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.ran = self.waited = 0.0
        self.asked = 0
        monkeypatch.setattr("grader.harness.own_time.time", SimpleNamespace(monotonic=lambda: self.now))

    def spent(self) -> tuple[float, float]:
        self.asked += 1
        return self.ran, self.waited


def test_time_that_others_had_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    since = OwnTime(clock.spent)
    clock.now, clock.ran, clock.waited = 5.0, 0.5, 4.0
    assert since.ran() == 0.5
    assert not since.is_over(2.0)
    clock.now = 6.5
    assert since.is_over(2.0)


def test_no_program_is_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    since = OwnTime(clock.spent)
    clock.now = clock.waited = 21.9
    assert not since.is_over(2.0)
    clock.now = clock.waited = 22.1
    assert since.is_over(2.0)


def test_threads_that_have_ended_take_nothing_away(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    clock.ran, clock.waited = 3.0, 3.0
    since = OwnTime(clock.spent)
    clock.now, clock.ran, clock.waited = 2.1, 0.0, 0.0
    assert since.ran() == 0.0
    assert since.is_over(2.0)


def test_the_system_is_not_asked_before_the_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    since = OwnTime(clock.spent)
    clock.now = 1.9
    assert not since.is_over(2.0)
    assert clock.asked == 1
