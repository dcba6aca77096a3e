"""Start learner's programs: by fork from a warm launcher where the system can, else in a fresh interpreter.

Both ways have one interface, `start(request, descriptors) -> pid` and `ended(pid) -> status | None`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from grader.harness.deadlines import DEADLINES
from grader.harness.inside.launcher import WARM

INSIDE = Path(__file__).with_name("inside")
SCRIPT = INSIDE / "launcher.py"
ONCE = INSIDE / "once.py"
INTERPRETER = (sys.executable, "-I", "-S", "-B", "-X", "utf8")


class LauncherGone(RuntimeError):
    """The launcher ended or does not answer; a learner's program may have killed it."""


class Launcher(Protocol):
    """Starts processes that become learner's programs, and knows when they have ended."""

    def start(self, request: dict[str, Any], descriptors: dict[str, int]) -> int:
        """Start a process with these descriptors (by role); returns its process id. Raises `LauncherGone`."""

    def ended(self, pid: int, wait: float = 0.0) -> int | None:
        """The exit status of `pid` (negative: killed by that signal), or None while it runs; waits `wait` seconds."""

    def adopter(self) -> int | None:
        """The process to which orphans of the programs come home, if there is one."""

    def running(self) -> set[int]:
        """The programs that have not ended."""

    def answers(self) -> bool:
        """Whether it can start programs; one that has just been killed says nothing. Answers that are late are none."""

    def close(self) -> None:
        """End everything that was started."""


def environment(scratch: str) -> dict[str, str]:
    """The environment of a learner's program: nothing of the user's own but where programs are found."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TZ") if name in os.environ}
    return kept | {"HOME": scratch, "TMPDIR": scratch, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


class ForkLauncher:
    """The warm launcher of `inside.launcher`, in a process of its own."""

    def __init__(self, scratch: str, modules: Iterable[str]) -> None:
        self._socket, far_end = socket.socketpair()
        with far_end:
            self._process = subprocess.Popen(
                [*INTERPRETER, str(SCRIPT), str(far_end.fileno()), *modules],
                pass_fds=[far_end.fileno()],
                env=environment(scratch),
                cwd=scratch,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        self._buffer = b""
        self._statuses: dict[int, int] = {}
        self._running: set[int] = set()

    def start(self, request: dict[str, Any], descriptors: dict[str, int]) -> int:
        """See `Launcher.start`."""
        line = json.dumps(request | {"descriptors": list(descriptors)}).encode("ascii") + b"\n"
        try:
            socket.send_fds(self._socket, [line], list(descriptors.values()))
        except OSError as error:
            raise LauncherGone(f"the launcher has ended: {error}") from error
        while True:
            message = self._next(DEADLINES.launcher)
            if message is None:
                raise LauncherGone(f"the launcher did not answer for {DEADLINES.launcher} seconds")
            if "pid" in message:
                self._running.add(message["pid"])
                return int(message["pid"])

    def ended(self, pid: int, wait: float = 0.0) -> int | None:
        """See `Launcher.ended`."""
        while pid not in self._statuses:
            try:
                if self._next(wait) is None:
                    return None
            except LauncherGone:
                return self._statuses.setdefault(pid, -9)
        return self._statuses[pid]

    def adopter(self) -> int | None:
        """See `Launcher.adopter`."""
        return self._process.pid

    def running(self) -> set[int]:
        """See `Launcher.running`."""
        return self._running

    def answers(self) -> bool:
        """See `Launcher.answers`."""
        try:
            self._socket.sendall(b'{"ping": true}\n')
            while message := self._next(DEADLINES.launcher):
                if "pong" in message:
                    return True
        except (OSError, LauncherGone):
            pass
        return False

    def close(self) -> None:
        """See `Launcher.close`. The launcher ends everything when its socket does."""
        self._socket.close()
        try:
            self._process.wait(DEADLINES.launcher)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def _next(self, wait: float) -> dict[str, Any] | None:
        """The next message, or None when none comes in time; notes what it says of programs that have ended."""
        while b"\n" not in self._buffer:
            try:
                if not select.select([self._socket], [], [], wait)[0]:
                    return None
                data = self._socket.recv(65536)
            except OSError:
                data = b""
            if not data:
                raise LauncherGone(f"the launcher has ended. {self._last_words()}")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        if "ended" in message:
            self._statuses[message["ended"]] = message["status"]
            self._running.discard(message["ended"])
        return message

    def _last_words(self) -> str:
        if self._process.poll() is None or self._process.stderr is None:
            return ""
        return self._process.stderr.read().decode("utf-8", "replace")[-2000:]


class SpawnLauncher:
    """A fresh interpreter for each program, for systems that cannot fork (Windows: by design, untested)."""

    def __init__(self, scratch: str) -> None:
        self._environment = environment(scratch)
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, request: dict[str, Any], descriptors: dict[str, int]) -> int:
        """See `Launcher.start`."""
        process = subprocess.Popen(
            [*INTERPRETER, str(ONCE), json.dumps(request), json.dumps(descriptors)],
            pass_fds=list(descriptors.values()),
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._processes[process.pid] = process
        return process.pid

    def ended(self, pid: int, wait: float = 0.0) -> int | None:
        """See `Launcher.ended`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._processes[pid].wait(wait)
        return None

    def adopter(self) -> int | None:
        """See `Launcher.adopter`: nobody adopts here."""
        return None

    def running(self) -> set[int]:
        """See `Launcher.running`."""
        return {pid for pid, process in self._processes.items() if process.poll() is None}

    def answers(self) -> bool:
        """See `Launcher.answers`: there is nobody who could be gone."""
        return True

    def close(self) -> None:
        """See `Launcher.close`."""
        for process in self._processes.values():
            process.kill()
            process.wait()


def open_launcher(scratch: str, folder: Path | None = None, *, fork: bool = hasattr(os, "fork")) -> Launcher:
    """The fastest launcher this system has; what the Python files in `folder` import may be imported beforehand."""
    return ForkLauncher(scratch, _named(folder) if folder else []) if fork else SpawnLauncher(scratch)


def _named(folder: Path) -> list[str]:
    """Those of the modules that a launcher can keep warm whose names are words in a file; one too many does no harm."""
    words: set[bytes] = set()
    for path in folder.rglob("*.py"):
        words.update(re.findall(rb"\w+", path.read_bytes()))
    names = {name.partition(".")[0] for name in WARM.split()}
    return sorted(name for name in names if name.encode() in words)
