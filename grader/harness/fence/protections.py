"""Which protections work here, now: asked of a probe that runs where a learner's program would.

The grader's side of `probe`. What was merely asked for is never named.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from .policy import Policy
from .probe import Bait

# For each protection the attempts that must all be stopped, and the word for what stops them.
_LINUX = {
    "files": (("files", "writing"), "landlock"),
    "ports": (("ports", "binding"), "landlock"),
    "signals": (("signals",), "landlock"),
    "unix_sockets": (("unix_sockets",), "seccomp"),
    "network": (("network",), "network namespace"),
    "calls": (("calls",), "seccomp"),
    "inspection": (("inspection",), "landlock"),
    "privileges": (("privileges",), "no new privileges"),
    "memory": (("memory", "limits"), "limit"),
    "processes": (("processes", "limits"), "limit"),
    "open_files": (("open_files", "limits"), "limit"),
    "file_size": (("file_size", "limits"), "limit"),
}
_WORDS = {"darwin": {"landlock": "sandbox profile", "seccomp": "sandbox profile"}}
NAMES = (*_LINUX, "tree")

_SECONDS = 20.0  # for a probe of a few milliseconds, on a very busy machine
# In bytes: with "/socket" the path has at most 103, the least that unix(7) and its like elsewhere take.
_LONGEST_FOLDER = 96


class Starts(Protocol):
    """As much of a launcher as is needed here."""

    def start(self, request: dict[str, Any], descriptors: dict[str, int]) -> int:
        """Start a process with these descriptors, by role."""

    def ended(self, pid: int, wait: float = 0.0) -> int | None:
        """Its exit status, or None."""


def see(launcher: Starts, policy: Policy, scratch: str, *, isolated: bool) -> dict[str, str]:
    """The protections that were seen to work, each with what does it. `isolated`: a network namespace was entered."""
    with _laid_out() as bait:
        request = {"probe": bait.as_json(), "fence": policy.as_json(), "scratch": scratch}
        found = _run(launcher, request)
    stopped = {name for name, stopped in found.items() if stopped is True}
    words = _WORDS.get(sys.platform, {})
    seen = {
        name: words.get(word, word)
        for name, (attempts, word) in _LINUX.items()
        if stopped.issuperset(attempts) and (name != "network" or isolated)
    }
    if _is_gone(found.get("daemon")):
        seen["tree"] = "subreaper"
    return seen


@contextlib.contextmanager
def _laid_out() -> Iterator[Bait]:
    """A secret file, a listening port and a listening unix socket, where no program may find them."""
    with (
        tempfile.TemporaryDirectory(prefix="socket-exercises-bait-") as folder,
        socket.create_server(("127.0.0.1", 0)) as tcp,
        contextlib.ExitStack() as more,
    ):
        secret = Path(folder, "secret")
        secret.write_bytes(os.urandom(16))
        path = more.enter_context(_listening_unix_socket(folder)) if hasattr(socket, "AF_UNIX") else ""
        yield Bait(secret=str(secret), port=tcp.getsockname()[1], unix_socket=path, grader=os.getpid())


@contextlib.contextmanager
def _listening_unix_socket(folder: str) -> Iterator[str]:
    """The path of a unix socket in this folder; elsewhere where that would be too long, empty where that cannot be."""
    with contextlib.ExitStack() as more:
        if len(os.fsencode(folder)) > _LONGEST_FOLDER:
            try:
                folder = more.enter_context(tempfile.TemporaryDirectory(prefix="socket-exercises-bait-", dir="/tmp"))
            except OSError:
                yield ""
                return
        path = str(Path(folder, "socket"))
        unix = more.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(path)
        unix.listen()
        yield path


def _run(launcher: Starts, request: dict[str, Any]) -> dict[str, Any]:
    """Start the probe and take in what it tells; a probe that dies half-way has seen nothing."""
    ours, control = socket.socketpair()
    with ours, control, open(os.devnull, "r+b") as null:
        given = {"control": control.fileno(), "stand": null.fileno(), "stdout": null.fileno(), "stderr": null.fileno()}
        pid = launcher.start(request, given)
        control.close()
        told = b""
        while select.select([ours], [], [], _SECONDS)[0] and (data := ours.recv(65536)):
            told += data
    launcher.ended(pid, _SECONDS)
    with contextlib.suppress(ValueError):
        found: dict[str, Any] = json.loads(told)
        return found
    return {}


def _is_gone(daemon: int | None) -> bool:
    """Whether the daemon that the probe left behind was ended with it; one that was not is ended here."""
    if daemon is None:
        return False
    for _ in range(20):
        try:
            os.kill(daemon, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        time.sleep(0.005)  # the launcher ends orphans when it hears of the end, which takes it a moment
    with contextlib.suppress(OSError):
        os.kill(daemon, signal.SIGKILL)
    return False
