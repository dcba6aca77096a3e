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

from tests.proof.grading import Job, Verdict, many_graders
from tests.proof.submissions import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

NICENESS = 10
# Fewer than gradings at other times, as the tests beside them mostly keep the processors busy. With twice as many at a
# time all took a fifth more of the processors.
AT_ONCE = 2 * (os.cpu_count() or 1)
LOOK = 0.02  # seconds between two looks for a verdict that is not there yet
ASKED_FOR = "asked-for"


class Background:
    """The verdicts to come of these jobs, which are done in this order."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = list(jobs)
        self._folder = Path(tempfile.mkdtemp(prefix="socket-exercises-verdicts-"))
        (self._folder / ASKED_FOR).write_bytes(pickle.dumps(self._jobs))
        command = [sys.executable, "-m", "tests.proof.background", str(self._folder)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)

    def verdict(self, job: Job) -> Verdict:
        """The verdict of this job, as soon as there is one. Raises what grading raised."""
        path = self._folder / str(self._jobs.index(job))
        while not path.exists():
            if self._process.poll() is not None and not path.exists():
                raise RuntimeError(f"the background ended with status {self._process.returncode}: no {job.submission}")
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
    jobs: list[Job] = pickle.loads((folder / ASKED_FOR).read_bytes())
    with many_graders(AT_ONCE) as graders:
        coming = [graders.grade(job) for job in jobs]
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
