"""The report in the terminal, and the line that shows progress."""

from __future__ import annotations

from grader.report.terminal.progress import Progress
from grader.report.terminal.report import print_report

__all__ = ["Progress", "print_report"]
