"""The report as one page of HTML: no script, no network, everything folded that is not needed at once."""

from __future__ import annotations

from grader.report.html.page import render, write

__all__ = ["render", "write"]
