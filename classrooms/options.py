"""What the commands of this package have in common on their command lines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from grader.course import ExerciseInfo, UnknownExercise, choose, read_course

USAGE = 2


class Options(argparse.ArgumentParser):
    """Ends with one clear line and status 2 for a command that makes no sense."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end."""
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(USAGE)


def options(name: str, arguments: str, description: str) -> Options:
    """A command line with `--exercises`."""
    cli = Options(
        prog=name, usage=f"nox -s {name} -- {arguments}", description=description, allow_abbrev=False
    )  # fmt: skip
    cli.add_argument("--exercises", type=_names, default=(), metavar="A,B", help="only these (default: all)")
    return cli


def chosen(cli: Options, names: Sequence[str]) -> tuple[ExerciseInfo, ...]:
    """The exercises named, in course order; all if none is."""
    try:
        return choose(read_course(), names)
    except UnknownExercise as error:
        cli.error(str(error))


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError("name at least one")
    return names
