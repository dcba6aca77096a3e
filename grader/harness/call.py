"""A call of one of the learner's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.harness.deadlines import DEADLINES
from grader.harness.findings import Stop
from grader.harness.inside import plain
from grader.harness.outcome import Outcome

if TYPE_CHECKING:
    from grader.harness.program import Program


class Call:
    """One call of a learner's function, under way or done."""

    def __init__(self, program: Program, index: int) -> None:
        self.program = program
        self._index = index

    def outcome(self) -> Outcome:
        """Wait for it to return or raise; compare the result with a value or `Raises(...)`."""
        program = self.program
        stop = program.wait_until(lambda: program.result(self._index) is not None, poll=0.01)
        if stop:
            stop = program.explain(stop)
            return Outcome(how="unfinished", stop=stop)
        outcome = program.result(self._index)
        assert outcome is not None
        return outcome

    def outcome_in_time(self) -> Outcome:
        """Like `outcome`, but no longer than a client may stay when its server has left (`DEADLINES.leaving`).

        Time in which the program was ready to run and got no processor does not count.
        """
        program = self.program
        since = program.own_time()

        def is_late() -> bool:
            return since.is_over(DEADLINES.leaving) and program.is_asleep()

        stop = program.wait_until(lambda: program.result(self._index) is not None or is_late(), poll=0.002)
        outcome = program.result(self._index)
        if outcome is not None and not stop:
            return outcome
        stop = stop or Stop(kind="sleeping", seconds=DEADLINES.leaving)
        return Outcome(how="unfinished", stop=program.explain(stop))

    def outcome_and_end(self) -> Outcome:
        """Like `outcome`, for the last call, and "unfinished" as well when the process lives on after its return."""
        return self._with_end(self.outcome())

    def outcome_in_time_and_end(self) -> Outcome:
        """Like `outcome_in_time` and `outcome_and_end` together: the call may take so long, and its end once more."""
        return self._with_end(self.outcome_in_time())

    def _with_end(self, outcome: Outcome) -> Outcome:
        """The same, or "unfinished" when the process lives on.

        How the process ends is of no account: Python waits a second for a daemon thread that reads `sys.stdin`, and
        then aborts. So the process has `DEADLINES.leaving` of its own time.
        """
        program = self.program
        since = program.own_time()
        while outcome.how == "returned" and not program.has_ended(wait=0.05):
            if since.is_over(DEADLINES.leaving) and not program.has_ended():
                stop = Stop(kind="stuck", seconds=DEADLINES.leaving)
                return Outcome(how="unfinished", stop=program.explain(stop))
        return outcome

    def is_done(self) -> bool:
        """Whether it has returned or raised."""
        self.program.refresh()
        return self.program.result(self._index) is not None

    def is_paused(self) -> bool:
        """Whether its generator waits for `resume` (see `plain.Generator`)."""
        return self.program.is_paused()

    def resume(self) -> None:
        """Let its generator give the next item."""
        self.program.resume()


def shorten(value: object, limit: int = 60) -> str:
    """A value as a learner would write it in a call, cut to `limit` characters."""
    if isinstance(value, plain.Generator):
        return f"<generator of {len(value.items)}>"
    text = repr(value[:limit]) if isinstance(value, str | bytes) else repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
