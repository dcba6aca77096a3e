"""A worker: grades one exercise with pytest and streams the results to the main process.

Each line it writes is one JSON message: `{"protections": …}` first, `{"check": …}` when a check has ended,
`{"note": …}` for the exercise, `{"done": status}` at the end. It runs in a fork of the main process, or as
`python -m grader.worker` where the system cannot fork, with the assignment as JSON on its standard input.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NoReturn

import pytest
import pytest_timeout  # type: ignore[import-untyped]

from grader.course import read_exercise
from grader.harness.deadlines import NET
from grader.harness.fence import isolation
from grader.harness.grading import Assignment, Grading
from grader.harness.inside import outside_world
from grader.report.result import CheckResult
from grader.report.wire_format import encode

CONFIG = Path(__file__).with_name("pytest.ini")

# Parts of pytest that no grader needs; each costs time at every start. Output of a check goes to the worker's log.
LEFT_OUT = (
    "capture debugging doctest faulthandler junitxml legacypath logging monkeypatch pastebin recwarn setuponly "
    "setupplan stepwise subtests tmpdir unittest"
)


def grade(assignment: Assignment, channel: IO[str]) -> None:
    """Grade one exercise; write messages to `channel`. Without the protections required, no program is started."""

    def tell(**message: Any) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    def report(check: CheckResult) -> None:
        tell(check=encode(check))

    grading = Grading(assignment, report, lambda note: tell(note=note))
    try:
        seen = grading.protections()
        tell(protections=seen)
        if not seen.keys() >= set(assignment.require):
            return
        code = pytest.main(arguments(assignment.info.path), plugins=[grading, pytest_timeout])
        tell(done=grading.status, code=int(code))
    finally:
        grading.close()
        outside_world.end_orphans()


def arguments(path: Path) -> list[str]:
    """pytest's command line: explicit everywhere, so that no configuration of a learner's counts."""
    graders = path.parent
    net = [f"--timeout={NET}", "--timeout-method=signal"]
    quiet = ["-q", "--tb=native", "--no-header", *(word for name in LEFT_OUT.split() for word in ("-p", f"no:{name}"))]
    where = ["-c", str(CONFIG), "--rootdir", str(graders), "--confcutdir", str(graders)]
    return [*where, *net, *quiet, str(path)]


def clean_environment() -> None:
    """Remove what pytest would take from the environment, and load no plugin that is not named."""
    for name in [name for name in os.environ if name.startswith(("PYTEST_", "_PYTEST"))]:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"


def run_in_fork(assignment: Assignment, descriptor: int, log: int) -> NoReturn:
    """Be a worker in a fork of the main process: messages go to `descriptor`, what pytest prints to `log`."""
    code = 1
    gc.freeze()  # a collection would touch, and so copy, all that the main process has loaded
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        _run(assignment, descriptor)
        code = 0
    except BaseException:  # the fork must not run on into the main process's code
        import traceback

        traceback.print_exc(file=sys.__stderr__)
    finally:
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


def _run(assignment: Assignment, descriptor: int) -> None:
    isolation.protect_worker(isolated=assignment.isolated, scratch=str(assignment.scratch))
    with _stoppable(), open(descriptor, "w", encoding="ascii") as channel, _own_folder():
        sys.stdout = sys.stderr = io.TextIOWrapper(
            io.FileIO(1, "w", closefd=False), "utf-8", "replace", write_through=True
        )
        grade(assignment, channel)
        sys.stdout.flush()


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C is the main process's to handle; it ends its workers with SIGTERM, which unwinds everything here."""

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt  # pytest takes any other exception for the end of one check, and goes on with the next

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop)
    yield


@contextlib.contextmanager
def _own_folder() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="socket-exercises-worker-") as folder:
        os.chdir(folder)
        clean_environment()
        try:
            yield
        finally:
            os.chdir("/")


def to_json(assignment: Assignment) -> str:
    """An assignment for a worker in a fresh interpreter."""
    return json.dumps(
        {
            "grader": str(assignment.info.path),
            "folder": str(assignment.folder),
            "scratch": str(assignment.scratch),
            "seed": assignment.seed,
            "hung_limit": assignment.hung_limit,
            "calibrate": assignment.calibrate,
            "fork": assignment.fork,
            "request": assignment.request,
            "policy": assignment.policy,
            "isolated": assignment.isolated,
            "require": assignment.require,
        }
    )


def from_json(text: str) -> Assignment:
    """The other way round."""
    given = json.loads(text)
    info = read_exercise(Path(given.pop("grader")))
    given["require"] = tuple(given["require"])
    folder, scratch = Path(given.pop("folder")), Path(given.pop("scratch"))
    return Assignment(info=info, folder=folder, scratch=scratch, **given)


if __name__ == "__main__":
    _run(from_json(sys.stdin.read()), int(sys.argv[1]))
