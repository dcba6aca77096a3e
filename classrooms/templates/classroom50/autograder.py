"""Grades a checkout for Classroom 50 and leaves result.json and release-body.md in it.

Its runner starts this in the learner's checkout. The grader lies beside this file, in course/; what it needs is
installed into venv/ there, once. Exit status 0 if grading ran, whatever the marks.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BUNDLE = Path(os.environ.get("CLASSROOM50_BUNDLE_DIR") or Path(__file__).parent).resolve()
LIMIT = 12 * 60  # seconds; the runner ends everything after 15 minutes, and then has no result at all
RESULTS = ("result.json", "release-body.md")


def main() -> int:
    """Grade the working directory."""
    checkout = Path.cwd()
    for name in RESULTS:
        _remove(checkout / name)  # what a learner committed is no result
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        graded = _grade(_submission(checkout, Path(folder)), Path(folder) / RESULTS[0])
        found = [name for name in RESULTS if (Path(folder) / name).is_file()]
        for name in found:
            shutil.copyfile(Path(folder) / name, checkout / name)
    return 0 if graded and len(found) == len(RESULTS) else 1


def _grade(submission: Path, result: Path) -> bool:
    """Run the grader, from its own folder: nothing of the learner's is in the way of an import."""
    command = [_python(), "-m", "grader", "--submission", str(submission), "--format", f"classroom50={result}"]
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)  # what a program prints is no command
    grading = subprocess.Popen(command, cwd=BUNDLE / "course")
    try:
        return grading.wait(timeout=LIMIT) in (0, 1)
    except subprocess.TimeoutExpired:
        grading.terminate()  # it tidies up, and what it knows so far is in its files
        grading.wait(timeout=60)
        return True
    finally:
        grading.kill()
        print(f"::{token}::", flush=True)


def _submission(checkout: Path, temporary: Path) -> Path:
    """The folder with the programs; an empty one, where a link could lead anywhere."""
    folder = checkout / "exercises"
    if folder.is_symlink():
        (temporary / "empty").mkdir()
        return temporary / "empty"
    return folder if folder.is_dir() else checkout


def _python() -> str:
    """The interpreter of the bundle's own environment, which is made when it is not there."""
    folder = BUNDLE / "venv"
    python = folder / "bin" / "python"
    if not python.exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            needed = BUNDLE / "requirements.txt"
            subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", needed], check=True)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)  # half an environment would be taken for a whole one
            raise
    return str(python)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
