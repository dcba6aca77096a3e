"""Has submissions graded in the background, by a process of its own, while the tests that need no verdict go on.

That process yields to all others (nice(2)), so that the tests beside it are hardly slower.
"""

from __future__ import annotations

import os
import pickle
import select
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.proof.grading import Verdict, job, many_graders
from tests.proof.submissions import ROOT, Submission

if TYPE_CHECKING:
    from collections.abc import Iterable

NICENESS = 10
LOOK = 0.02  # seconds between two looks for a verdict that is not there yet
ASKED_FOR = "asked-for"


class Background:
    """The verdicts to come of these submissions, which are graded in this order."""

    def __init__(self, submissions: Iterable[Submission]) -> None:
        self._submissions = list(submissions)
        self._folder = Path(tempfile.mkdtemp(prefix="socket-exercises-verdicts-"))
        (self._folder / ASKED_FOR).write_bytes(pickle.dumps(self._submissions))
        command = [sys.executable, "-m", "tests.proof.background", str(self._folder)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)

    def verdict(self, submission: Submission) -> Verdict:
        """The verdict on this submission, as soon as there is one. Raises what grading it raised."""
        path = self._folder / str(self._submissions.index(submission))
        while not path.exists():
            if self._process.poll() is not None and not path.exists():
                raise RuntimeError(f"the background ended with status {self._process.returncode}: no {submission}")
            time.sleep(LOOK)
        found = pickle.loads(path.read_bytes())
        if isinstance(found, BaseException):
            raise found
        assert isinstance(found, Verdict)
        return found

    def close(self) -> None:
        """End the gradings; those that are under way are waited for."""
        self._process.communicate()
        shutil.rmtree(self._folder)


def main() -> None:
    """Grade what the folder on the command line asks for, until standard input ends."""
    os.nice(NICENESS)
    folder = Path(sys.argv[1])
    submissions: list[Submission] = pickle.loads((folder / ASKED_FOR).read_bytes())
    with many_graders() as graders:
        coming = [graders.grade(job(submission)) for submission in submissions]
        for number, future in enumerate(coming):
            future.add_done_callback(partial(_note, folder / str(number)))
        while not all(future.done() for future in coming) and not select.select([sys.stdin], [], [], 1)[0]:
            pass


def _note(path: Path, future: Future[Verdict]) -> None:
    if future.cancelled():
        return
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(pickle.dumps(future.exception() or future.result()))
    unfinished.rename(path)


if __name__ == "__main__":
    main()
