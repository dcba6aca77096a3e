"""The learner's workflow, filled in: `python -m classrooms.workflow FILE` writes an example, for `nox -s lint`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from classrooms.bundle import template
from classrooms.origin import Origin

PATH = ".github/workflows/classroom.yml"
EXAMPLE = Origin(course="octocat/socket-exercises", commit="0123456789" * 4)


def workflow(origin: Origin, exercises: Sequence[str]) -> bytes:
    """The text of `classroom.yml`. Naming no exercise stands for all that the course has at that commit."""
    text = template("handout/classroom.yml").decode()
    for mark, value in (("@COURSE@", origin.course), ("@COMMIT@", origin.commit), ("@EXERCISES@", " ".join(exercises))):
        text = text.replace(mark, value)
    return text.encode()


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(workflow(EXAMPLE, ["echo_server", "fetch_url"]))
