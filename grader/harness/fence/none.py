"""No fence: a system for which nobody has written one. The probe finds everything open, and results say so."""

from __future__ import annotations

from .policy import Policy


class Fence:
    """The interface alone."""

    def enter(self, policy: Policy) -> None:
        """Close nothing."""
