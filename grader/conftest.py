"""What a check is given and how its outcome becomes a result: see `grader.harness.grading`.

The worker passes that plugin to pytest with the submission it grades; running pytest on this folder by hand lacks it.
"""

from __future__ import annotations

import pytest

from grader.harness.grading import Grading


def pytest_configure(config: pytest.Config) -> None:
    """Say what to run instead when the grading plugin is missing."""
    if not any(isinstance(plugin, Grading) for plugin in config.pluginmanager.get_plugins()):
        raise pytest.UsageError("The graders run through `nox -s grade` or `python -m grader`.")
