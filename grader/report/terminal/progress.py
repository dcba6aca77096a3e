"""One line that shows how far the checks are, where somebody is looking; silence elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.text import Text

from grader.report.result import CheckResult
from grader.report.terminal.pen import Pen
from grader.report.wording import frame

if TYPE_CHECKING:
    from rich.live import Live

# Drawing more often than this costs time and tells nothing.
EVERY_SECONDS = 0.05
BAR = 20


class Progress:
    """Use as a context manager, or call `stop` at the end: the terminal's cursor comes back with it."""

    def __init__(self, console: Console) -> None:
        self._pen = Pen(console)
        self._live: Live | None = None
        self._total = 0
        self._done = 0
        self._drawn = 0.0

    def start(self, total: int) -> None:
        """Begin a run of `total` checks."""
        self._total, self._done, self._drawn = total, 0, 0.0
        console = self._pen.console
        if console.is_terminal and not console.is_dumb_terminal:
            from rich.live import Live  # a pipe does without it

            self._live = Live(
                console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
            )
            self._live.start()

    def check_done(self, exercise: str, check: CheckResult) -> None:
        """One more check has ended."""
        self._done += 1
        now = time.monotonic()
        if self._live and (now - self._drawn >= EVERY_SECONDS or self._done >= self._total):
            self._drawn = now
            self._live.update(self._line(exercise, check.name), refresh=True)

    def stop(self) -> None:
        """Take the line away."""
        if self._live:
            self._live.stop()
            self._live = None

    def _line(self, exercise: str, check: str) -> Text:
        filled = min(BAR, BAR * self._done // max(1, self._total))
        text = frame.progress(self._done, self._total, exercise, check)
        line = self._pen.plain(f"{'█' * filled}{'░' * (BAR - filled)}  {text}")
        return Text(line, no_wrap=True, overflow="ellipsis")  # a plain str would be read as markup

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
