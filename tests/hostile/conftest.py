"""Grading in a cell, as root and as somebody without any rights, whichever this machine lets us be."""

from __future__ import annotations

import compileall
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fixtures.hostile.build import Attack, attacks, build
from grader.harness import clearing

ROOT = Path(__file__).resolve().parent.parent.parent
STRANGER = 54321  # a user that no system gives to anybody
PORT = 7777
TOKEN = "token-of-the-one-who-grades"
SECONDS = 200
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
USERS = ["root", pytest.param("stranger", marks=pytest.mark.slow)] if IS_ROOT else ["myself"]

TARGET = """
import os

ROOT = {root!r}
SOLUTION = {root!r} + "/solutions/echo_server.py"
RESULT = {result!r}
HOME = {home!r}
PACKAGES = [{packages!r}]
CI_FILES = {ci!r}
UNIX_SOCKET = {unix!r}
TOKEN = {token!r}
OUTSIDE = "192.0.2.1"
PORT = {port}


def ancestors():
    # In the cell, process ids are given from 2 on: those below are the launcher, its worker, the main process.
    return list(range(os.getppid(), 1, -1))
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a grading in the cell ended, and what it left."""

    status: int | str
    seconds: float
    result: dict[str, Any]
    shown: str
    left: list[str]
    files: list[str]
    typed: str
    changed: list[str]

    @property
    def score(self) -> int:
        """Points reached."""
        return int(self.result["score"])

    @property
    def full(self) -> bool:
        """Whether that is all there were."""
        return self.score == int(self.result["max_score"])

    def statuses(self) -> set[str]:
        """How the checks ended."""
        return {check["status"] for exercise in self.result["exercises"] for check in exercise["checks"]}


class Cell:
    """A place to grade in, with a copy of this course and a home full of secrets, all of them the user's own."""

    def __init__(self, user: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="socket-exercises-cell-", dir="/var/tmp"))
        self._folder.chmod(0o755)
        self.user = user
        self._protections: dict[str, str] | None = None
        for name in ("grader", "solutions", "exercises", "fixtures/peers"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, self._folder / "course" / name, ignore=ignored)
        shutil.copy(ROOT / "fixtures/__init__.py", self._folder / "course/fixtures")
        # Nothing may be written there later, and each grading would compile all of it anew.
        compileall.compile_dir(self._folder / "course", quiet=1)
        for name in ("home/.ssh", "out", "ci", "submissions"):
            (self._folder / name).mkdir(parents=True)
        for name in (".gitconfig", ".ssh/id_ed25519", ".netrc"):
            (self._folder / "home" / name).write_text("secret")
        self._ci = [str(self._folder / "ci" / name) for name in ("env", "path", "output", "summary")]
        for name in self._ci:
            Path(name).touch()
        self._own(self._folder)
        self._before = self._fingerprint()

    def protections(self) -> dict[str, str]:
        """The protections that a result names here."""
        if self._protections is None:
            self._protections = self.grade(attacks()["exits_at_import_hard"]).result["protections"]
        return self._protections

    def close(self) -> None:
        """Remove it."""
        clearing.remove(self._folder)

    def grade(self, attack: Attack, *arguments: str, without: tuple[str, ...] = ()) -> Outcome:
        """Grade the attack as any submission is graded."""
        submission = self._folder / "submissions" / attack.name
        clearing.remove(submission)
        build(attack, submission, self._target())
        self._own(submission)
        result = self._folder / "out" / "result.json"
        result.unlink(missing_ok=True)
        options = [attack.exercise, "--submission", str(submission), "--json", str(result), "--seed", "1"]
        told = self._run([*options, *arguments], without, terminal=attack.terminal)
        shown = (self._folder / "out" / "shown").read_text(encoding="utf-8", errors="surrogateescape")
        assert result.exists(), shown[-3000:]
        return Outcome(
            status=told["status"],
            seconds=told["seconds"],
            result=json.loads(result.read_text()),
            shown=shown,
            left=told["left"],
            files=[path for path in told["files"] if not path.startswith("/tmp/pymp")],
            typed=told["typed"],
            changed=self._changes(),
        )

    def _run(self, arguments: list[str], without: tuple[str, ...], *, terminal: bool) -> dict[str, Any]:
        folder = self._folder
        python = folder / "python" / Path(os.path.realpath(sys.executable)).relative_to(sys.base_prefix)
        main = f"import sys; from grader.cli import main; sys.exit(main(without={without!r}, calibrate=False))"
        ci = dict(zip(("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"), self._ci, strict=True))
        order = {
            "command": [str(python), "-B", "-c", main, *arguments],
            "environment": {"PATH": os.environ["PATH"], "HOME": str(folder / "home"), "GRADER_TOKEN": TOKEN,
                            "PYTHONPATH": f"{folder}/course:{folder}/packages", "COLUMNS": "80", **ci},
            "binds": [[sys.base_prefix, f"{folder}/python"], [sysconfig.get_path("purelib"), f"{folder}/packages"]],
            "cwd": str(folder / "course"), "output": str(folder / "out" / "shown"),
            "unix_socket": str(folder / "out" / "socket"), "port": PORT,
            "user": STRANGER if self.user == "stranger" else None, "terminal": terminal, "seconds": SECONDS,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "tests.hostile.cell"],
            input=json.dumps(order), capture_output=True, text=True, cwd=ROOT, timeout=SECONDS + 60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        assert "broken" not in told, done.stderr
        return told

    def _target(self) -> str:
        folder = str(self._folder)
        return TARGET.format(
            root=f"{folder}/course", result=f"{folder}/out/result.json", home=f"{folder}/home",
            packages=f"{folder}/packages", ci=self._ci, unix=f"{folder}/out/socket", token=TOKEN, port=PORT,
        )  # fmt: skip

    def _own(self, folder: Path) -> None:
        """What lies here belongs to who grades, so that only the fence can keep a program off it."""
        if self.user == "stranger":
            subprocess.run(["chown", "-RhP", f"{STRANGER}:{STRANGER}", str(folder)], check=True)

    def _changes(self) -> list[str]:
        now = self._fingerprint()
        return sorted(name for name in self._before.keys() | now.keys() if self._before.get(name) != now.get(name))

    def _fingerprint(self) -> dict[str, str]:
        """A digest and the mode of every file that no submission may touch."""
        folders = ("course", "home", "ci")
        paths = [path for name in folders for path in (self._folder / name).rglob("*") if path.is_file()]
        return {str(path): f"{path.stat().st_mode} {hashlib.sha1(path.read_bytes()).hexdigest()}" for path in paths}


@pytest.fixture(scope="session", params=USERS)
def cell(request: pytest.FixtureRequest) -> Iterator[Cell]:
    """A cell for each user that this machine lets us be."""
    if problem := _why_no_cell():
        pytest.skip(f"NO HOSTILE PROGRAM IS RUN HERE: {problem}")
    made = Cell(request.param)
    yield made
    made.close()


def _why_no_cell() -> str:
    if sys.platform != "linux":
        return "only Linux can keep them in a cell"
    if os.geteuid() and subprocess.run(["unshare", "-Urnpf", "true"], check=False, capture_output=True).returncode:
        return "this system lets nobody but root make namespaces"
    return ""
