"""Make an assignment's autograder for Classroom 50: `nox -s classroom50 -- DIR`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from classrooms.bundle import Files, autograder_files, template
from classrooms.folder import MANIFEST, NoHandout, manifest, read_manifest, update
from classrooms.options import chosen, options
from grader.course import ExerciseInfo


def classroom50_files(course: Sequence[ExerciseInfo]) -> Files:
    """All files of the assignment's folder but the manifest."""
    return autograder_files(course) | {"autograder.py": template("classroom50/autograder.py")}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    cli = options("classroom50", "DIR [--exercises A,B]", "Write an assignment's autograder for Classroom 50 into DIR.")
    cli.add_argument("folder", type=Path, metavar="DIR", help="CLASSROOM/autograders/ASSIGNMENT of your classroom50")
    given = cli.parse_args(arguments)
    try:
        before = read_manifest(given.folder) or {}
        names = given.exercises or before.get("exercises", ())
        course = chosen(cli, names)
        files = classroom50_files(course)
        files[MANIFEST] = manifest(files, names)
        update(given.folder, files, (), before.get("files", {}))
    except (NoHandout, OSError) as error:
        cli.error(str(error))
    points = sum(info.max_score for info in course)
    print(f"{given.folder}: grades {', '.join(info.name for info in course)}; {points} points")
    return 0


if __name__ == "__main__":
    sys.exit(main())
