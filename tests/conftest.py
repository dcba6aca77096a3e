"""For all tests."""

from __future__ import annotations

from tests.proof.tracing import trace_launchers_if_asked

# `nox -s coverage` also wants to know what runs in the processes that this one's launchers become.
trace_launchers_if_asked()
