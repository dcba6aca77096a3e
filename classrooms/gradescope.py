"""Make the zip that Gradescope's "Configure Autograder" takes: `nox -s gradescope -- FILE.zip`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from classrooms.archive import write_zip
from classrooms.bundle import Files, autograder_files, template
from classrooms.options import chosen, options
from grader.course import ExerciseInfo

SCRIPTS = ("setup.sh", "run_autograder")


def gradescope_files(course: Sequence[ExerciseInfo]) -> Files:
    """All files of the zip."""
    return autograder_files(course) | {name: template(f"gradescope/{name}") for name in SCRIPTS}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    cli = options("gradescope", "FILE.zip [--exercises A,B]", "Make the autograder's zip for Gradescope.")
    cli.add_argument("file", type=Path, metavar="FILE.zip", help="the file to write")
    given = cli.parse_args(arguments)
    course = chosen(cli, given.exercises)
    try:
        write_zip(gradescope_files(course), given.file)
    except OSError as error:
        cli.error(str(error))
    print(f"{given.file}: grades {', '.join(info.name for info in course)}; {sum(i.max_score for i in course)} points")
    return 0


if __name__ == "__main__":
    sys.exit(main())
