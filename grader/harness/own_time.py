"""Time as it passes for a program on a busy machine: what others took of the processors is not its own."""

from __future__ import annotations

import time
from collections.abc import Callable

# So many times what a program is allowed is added for others at most. What it is allowed is itself many times what
# right programs need, so that this is enough also where a program gets a twelfth of a processor.
MOST = 10


def lacked(elapsed: float, ran: float, waited: float) -> float:
    """Of `elapsed` seconds those in which others had the processors that a program was ready for.

    Its threads together have run for `ran` seconds and waited for `waited`. While one of them runs, a program has what
    it needs, however many others of its own wait for their turn.
    """
    return min(waited, max(0.0, elapsed - ran))


class OwnTime:
    """Counts from its making. `spent()` tells how long a program's threads have run and have waited for a processor."""

    def __init__(self, spent: Callable[[], tuple[float, float]]) -> None:
        self._spent = spent
        self._began, self._before = time.monotonic(), spent()

    def ran(self) -> float:
        """Seconds of processor time since then; what threads had used that have ended meanwhile is not known."""
        return max(0.0, self._spent()[0] - self._before[0])

    def is_over(self, limit: float) -> bool:
        """Whether `limit` seconds of its own have passed."""
        elapsed = time.monotonic() - self._began
        if not limit < elapsed <= (1 + MOST) * limit:  # it costs something to ask
            return elapsed > limit
        ran, waited = (max(0.0, now - then) for now, then in zip(self._spent(), self._before, strict=True))
        return elapsed - lacked(elapsed, ran, waited) > limit
