"""Everything here is run by nox. Words after `--` go to the command that a session runs.

nox -s grade -- --help      what grading can do
"""

from __future__ import annotations

import hashlib
import logging
import platform
import sys
from pathlib import Path

import nox

if sys.version_info < (3, 11):  # noqa: UP036 - the reader may well have an older one
    raise SystemExit(f"Python 3.11 or newer is needed, and this is {platform.python_version()}.")

nox.needs_version = ">=2026.4.10"
nox.options.sessions = ["grade"]
nox.options.reuse_venv = "yes"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = True

PROJECT = nox.project.load_toml("pyproject.toml")
LEARNER: list[str] = PROJECT["project"]["dependencies"]

# How long a program may take to tidy up after Ctrl-C; nox's own 0.3 s would kill the grader before its report.
AFTER_CTRL_C = 15.0

# Tests mostly wait: one process for the verdicts on all submissions, two for the files of all other tests.
TESTS_AT_ONCE = "3"

# Compiling a grader anew each time it runs would take a tenth of the time that a grading takes.
KEEP_BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}


@nox.session
def grade(session: nox.Session) -> None:
    """Grade your programs, all or some: nox -s grade -- echo_server fetch_url"""
    _install(session, LEARNER)
    _hand_over(session, "python", "-m", "grader", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Test this project itself: graders, harness, reports, commands; .ci/run, `stress` and `hostile` try more."""
    _install(session, LEARNER + _group("tests"))
    # From here on nox speaks up only for a failure, so that pytest's closing line is the last one.
    _quieten_nox(logging.WARNING)
    side_by_side = [] if session.posargs else ["-n", TESTS_AT_ONCE, "--dist", "loadfile"]
    _run(session, "pytest", "-m", "not slow and not thorough", *side_by_side, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and workflows: ruff, mypy, check-jsonschema."""
    _install(session, LEARNER + _group("lint"))
    _run(session, "ruff", "check")
    _run(session, "ruff", "format", "--check")
    _run(session, "mypy")
    handed_out = str(Path(session.create_tmp()) / "classroom.yml")
    _run(session, "python", "-m", "classrooms.workflow", handed_out)
    workflows = [handed_out, *map(str, Path(".github/workflows").glob("*.yml"))]
    _run(session, "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)


@nox.session
def coverage(session: nox.Session) -> None:
    """Measure what the graders make the solutions run, and what the tests make the harness run."""
    _install(session, LEARNER + _group("coverage"))
    _run(session, "python", "-m", "tests.proof.coverage", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Time a trivial check here and in plain pytest, and the grading of all solutions."""
    _install(session, LEARNER)
    _run(session, "python", "-m", "bench", *session.posargs)


@nox.session
def stress(session: nox.Session) -> None:
    """Repeat submissions under load and show each verdict that varies: nox -s stress -- --help"""
    _install(session, LEARNER)
    _run(session, "python", "-m", "tests.proof.stress", *session.posargs)


@nox.session
def mutate(session: nox.Session) -> None:
    """Drop each assert of each grader in turn, and show those that nobody misses."""
    _install(session, LEARNER)
    _run(session, "python", "-m", "tests.proof.mutate", *session.posargs)


@nox.session
def hostile(session: nox.Session) -> None:
    """Try every attack in fixtures/hostile, the slow ones too."""
    _install(session, LEARNER + _group("tests"))
    _run(session, "pytest", "tests/hostile", *session.posargs)


@nox.session
def index(session: nox.Session) -> None:
    """Write exercises/README.md anew from the graders."""
    _install(session, LEARNER)
    _run(session, "python", "-m", "grader.index")


@nox.session
def handout(session: nox.Session) -> None:
    """Write a learner's repository, or bring one up to date: nox -s handout -- ../handout"""
    _hand_over(session, "python", "-m", "classrooms.handout", *session.posargs)


@nox.session
def gradescope(session: nox.Session) -> None:
    """Make the autograder's zip for Gradescope: nox -s gradescope -- autograder.zip"""
    _hand_over(session, "python", "-m", "classrooms.gradescope", *session.posargs)


@nox.session
def classroom50(session: nox.Session) -> None:
    """Write an assignment's autograder for Classroom 50: nox -s classroom50 -- DIR"""
    _hand_over(session, "python", "-m", "classrooms.classroom50", *session.posargs)


def _group(name: str) -> list[str]:
    return list(nox.project.dependency_groups(PROJECT, name))


def _install(session: nox.Session, requirements: list[str]) -> None:
    """Install the requirements, unless this environment was last given the very same ones.

    Asking the installer would take longer than the grading of an exercise.
    """
    wanted = "\n".join([platform.python_version(), *sorted(requirements)])
    fingerprint = hashlib.sha256(wanted.encode()).hexdigest()
    stamp = Path(session.virtualenv.location) / "installed.sha256"
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return
    session.log("Installing what this needs; the next time it is there.")
    session.install(*requirements, log=False)
    stamp.write_text(fingerprint)


def _run(session: nox.Session, *command: str) -> None:
    session.run(*command, external=False, stderr=None, interrupt_timeout=AFTER_CTRL_C, env=KEEP_BYTECODE)


def _hand_over(session: nox.Session, *command: str) -> None:
    """Let the command have the last word, and end nox with the command's own exit status if it is not 0.

    nox knows but one status for a session that failed, 1; a wrong option has to be 2. nox catches `Exception` around a
    session, and `SystemExit` is none.
    """
    _quieten_nox(logging.CRITICAL)
    try:
        session.run(*command, log=False, stderr=None, interrupt_timeout=AFTER_CTRL_C)
    except nox.command.CommandFailed as failed:
        raise SystemExit(failed.return_code) from None


def _quieten_nox(level: int) -> None:
    logging.getLogger("nox").setLevel(level)
