"""Write a learner's repository: `nox -s handout -- DIR`. Run on an existing one, it brings that up to date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from classrooms import origin
from classrooms.archive import write_zip
from classrooms.bundle import Files, grading_files, reading_files, stub_files, template
from classrooms.folder import MANIFEST, Changes, NoHandout, manifest, read_manifest, update
from classrooms.options import Options, chosen, options
from classrooms.origin import Origin
from classrooms.trimmed import trimmed_noxfile
from classrooms.workflow import PATH as WORKFLOW
from classrooms.workflow import workflow
from grader.course import ROOT, ExerciseInfo

SHOWN = 6  # names in a row; of more, the number says enough


def parser() -> Options:
    """All options."""
    cli = options(
        "handout",
        "DIR [options]",
        "Write a learner's repository into DIR: stubs, lessons, the grader, a workflow for GitHub. No solutions. "
        "Where DIR is a handout already, update everything but what the learner writes.",
    )
    cli.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="a new or empty folder, or a handout")
    cli.add_argument("--zip", type=Path, metavar="FILE", help="write a zip too, or instead of DIR")
    cli.add_argument("--course", type=origin.repository, metavar="OWNER/NAME",
                     help="the course on GitHub, for the workflow (default: git's remote origin)")  # fmt: skip
    cli.add_argument("--commit", type=origin.commit, metavar="SHA",
                     help="the commit of it that the workflow grades with (default: the one checked out)")  # fmt: skip
    cli.add_argument("--no-workflow", action="store_true", help="leave the workflow for GitHub out")
    return cli


def handout_files(course: Sequence[ExerciseInfo], names: Sequence[str], where: Origin | None) -> Files:
    """All files of a handout but the manifest. `names` are the exercises if only some were chosen."""
    files = grading_files(course) | reading_files(course) | stub_files(course)
    readme = template("handout/README.md").decode().replace("@FIRST@", course[0].name)
    files["README.md"] = readme.encode()
    files["noxfile.py"] = trimmed_noxfile((ROOT / "noxfile.py").read_text(encoding="utf-8")).encode()
    files[".gitignore"] = template("handout/gitignore")
    files[".devcontainer/devcontainer.json"] = template("handout/devcontainer.json")
    if where:
        files[WORKFLOW] = workflow(where, names)
    return files


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    cli = parser()
    given = cli.parse_args(arguments)
    if not given.folder and not given.zip:
        cli.error("name the folder to write to: nox -s handout -- ../handout")
    try:
        before = read_manifest(given.folder) if given.folder else None
        names = given.exercises or (before or {}).get("exercises", ())
        course = chosen(cli, names)
        files = handout_files(course, [info.name for info in course] if names else [], _origin(cli, given))
        learners = set(stub_files(course))
        files[MANIFEST] = manifest(files, names)
        if given.folder:
            print(
                "\n".join(_told(given.folder, update(given.folder, files, learners, (before or {}).get("files", {}))))
            )
        if given.zip:
            write_zip(files, given.zip)
            print(f"{given.zip}: {len(files)} files")
    except (NoHandout, OSError) as error:
        cli.error(str(error))
    return 0


def _origin(cli: Options, given: argparse.Namespace) -> Origin | None:
    if given.no_workflow:
        return None
    course = given.course or origin.course_on_github()
    commit = given.commit or origin.head()
    if not course or not commit:
        cli.error(
            "the workflow needs the course's repository on GitHub, and git does not name one here. Give "
            "--course OWNER/NAME and --commit SHA, or --no-workflow."
        )
    if not given.commit:
        for doubt in origin.doubts(commit):
            print(f"Note: {doubt}", file=sys.stderr)
    return Origin(course=course, commit=commit)


def _told(folder: Path, changes: Changes) -> Iterator[str]:
    yield f"{folder}:"
    for what, names in vars(changes).items():
        if names:
            why = ", changed by the learner" if what == "kept" else ""
            listed = f" ({', '.join(names)})" if what == "kept" or len(names) <= SHOWN else ""
            yield f"  {what} {len(names)}{why}{listed}"
    if not any(vars(changes).values()):
        yield "  up to date"


if __name__ == "__main__":
    sys.exit(main())
