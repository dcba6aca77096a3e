"""The launcher: a warm, single-threaded interpreter that forks one process per learner's program.

Run as a script (`python -I -S -B launcher.py DESCRIPTOR MODULE...`) with one end of a Unix socket pair, and the modules
that the submission seems to import. Each request is a line of JSON with four descriptors (control, stand, standard
input, output and error follow as named in `descriptors`); the answer is a line `{"pid": …}`, and a line
`{"ended": pid, "status": …}` when that process has ended. The answer to `{"ping": true}` is `{"pong": true}`. When the
grader goes away, so does everything the launcher started.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

if __name__ == "__main__":  # run as a script under -I: nothing but the standard library is on the path yet
    sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3)))

from grader.harness.fence import Fence, Policy, probe
from grader.harness.inside import child, outside_world, plain

if __name__ == "__main__":
    sys.path.pop(0)

# What learners import. Those that a submission names are imported once here instead of in every fork: `asyncio` alone
# takes 18 ms. What none of its files names is left out, since a program tears down at its end whatever is there.
WARM = (
    "argparse asyncio base64 codecs collections concurrent.futures contextlib dataclasses enum errno functools hashlib "
    "inspect io itertools logging multiprocessing pathlib queue random re selectors shutil socketserver string struct "
    "subprocess tempfile threading time traceback typing urllib.parse"
)


def warm_up(names: Iterable[str] = ()) -> None:
    """Import those of `names` that are in `WARM`, and give `exit` and `quit` to programs as the `site` module does."""
    wanted = set(names)
    for name in WARM.split():
        if name.partition(".")[0] in wanted:
            __import__(name)
    __import__("encodings.idna")  # the first host given as text imports it
    with contextlib.suppress(OSError):  # reads /etc/hosts and nsswitch once, loads what resolving needs
        socket.getaddrinfo("localhost", 1, type=socket.SOCK_STREAM)
    if sys.version_info >= (3, 14):  # there its default is a server behind a unix socket, which a fence closes
        import multiprocessing.context

        multiprocessing.context._default_context._default_context = multiprocessing.get_context("fork")
    import _sitebuiltins
    import builtins
    import gc

    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    gc.collect()
    gc.freeze()  # a collection in a fork would touch, and so copy, every page of these


class Launcher:
    """Forks programs on request and tells when they have ended."""

    def __init__(self, grader: socket.socket) -> None:
        self._grader = grader
        self._buffer = b""
        self._descriptors: list[int] = []
        self._programs: set[int] = set()
        self._fence = Fence()
        self._wake, wake_end = socket.socketpair()
        for end in (self._wake, wake_end):
            end.setblocking(False)
        self._wake_end = wake_end
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_end.fileno(), warn_on_full_buffer=False)

    def run(self) -> int | None:
        """Serve requests. Returns None in the launcher at the end, and an exit status in each fork."""
        while True:
            ready, _, _ = select.select([self._grader, self._wake], [], [])
            if self._wake in ready:
                with contextlib.suppress(BlockingIOError):
                    self._wake.recv(4096)
                self._reap()
            if self._grader in ready:
                request = self._next_request()
                if request is None:
                    self._end_everything()
                    return None
                if request and "ping" in request:
                    self._tell(pong=True)
                elif request:
                    status = self._fork(request)
                    if status is not None:
                        return status

    def _next_request(self) -> dict[str, Any] | None:
        data, descriptors, _, _ = socket.recv_fds(self._grader, 65536, 8)
        self._descriptors += descriptors
        if not data:
            return None
        self._buffer += data
        line, end, rest = self._buffer.partition(b"\n")
        if not end:
            return {}
        self._buffer = rest
        request: dict[str, Any] = json.loads(line)
        return request

    def _fork(self, request: dict[str, Any]) -> int | None:
        descriptors = dict(zip(request["descriptors"], self._descriptors, strict=True))
        self._descriptors = []
        pid = os.fork()
        if pid == 0:
            return self._become_program(request, descriptors)
        for descriptor in descriptors.values():
            os.close(descriptor)
        self._programs.add(pid)
        self._tell(pid=pid)
        return None

    def _become_program(self, request: dict[str, Any], descriptors: dict[str, int]) -> int:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in (self._grader, self._wake, self._wake_end):
            end.close()
        return become_program(request, descriptors, self._fence)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._programs:
                self._programs.discard(pid)
                if not self._programs:
                    outside_world.end_orphans()
                self._tell(ended=pid, status=os.waitstatus_to_exitcode(status))

    def _tell(self, **message: Any) -> None:
        with contextlib.suppress(OSError):
            self._grader.sendall(json.dumps(message).encode("ascii") + b"\n")

    def _end_everything(self) -> None:
        for pid in self._programs:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        outside_world.end_orphans()


def become_program(request: dict[str, Any], descriptors: dict[str, int], fence: Fence) -> int:
    """Turn this fresh process into the learner's program and run it; returns its exit status."""
    with contextlib.suppress(PermissionError):  # already a session leader
        os.setsid()
    control = socket.socket(fileno=os.dup(descriptors["control"]))
    stand = os.dup(descriptors["stand"])
    _replace_stdio(descriptors)
    # The program starts with 0, 1 and 2 and these two high up, so that its own descriptors are numbered as ever.
    control, stand = _move_up(control, stand)
    os.chdir(request["scratch"])
    outside_world.restrict(fenced=request.get("fence") is not None)
    if "probe" in request:
        return probe.report(control, request, lambda: _enter_fence(fence, request, control))
    _enter_fence(fence, request, control)
    os.closerange(3, 250)
    forget_grader()
    return child.run(control, stand, request)


def _enter_fence(fence: Fence, request: dict[str, Any], control: socket.socket) -> None:
    """Close what the request's policy does not open. A program whose fence does not stand must not run."""
    if request.get("fence") is None:
        return
    try:
        fence.enter(Policy.from_json(request["fence"]))
    except OSError as error:
        control.sendall(plain.pack({"told": "fault", "why": f"the fence cannot be entered: {error}"}))
        os._exit(70)


def forget_grader() -> None:
    """Take the grader's modules from the table of modules: the program finds nothing of ours to import."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
        del sys.modules[name]


def _replace_stdio(descriptors: dict[str, int]) -> None:
    stdin = descriptors.get("stdin")
    if stdin is None:
        stdin = os.open(os.devnull, os.O_RDONLY)
    os.dup2(stdin, 0)
    os.dup2(descriptors["stdout"], 1)
    os.dup2(descriptors["stderr"], 2)


def _move_up(control: socket.socket, stand: int) -> tuple[socket.socket, int]:
    import fcntl

    high_control = fcntl.fcntl(control.fileno(), fcntl.F_DUPFD_CLOEXEC, 250)
    high_stand = fcntl.fcntl(stand, fcntl.F_DUPFD_CLOEXEC, 250)
    control.close()
    return socket.socket(fileno=high_control), high_stand


def main() -> NoReturn:
    """Serve the grader as the command line says; a fork returns here too and ends as a script."""
    outside_world.adopt_orphans()
    grader = socket.socket(fileno=int(sys.argv[1]))
    grader.set_inheritable(False)
    warm_up(sys.argv[2:])
    grader.sendall(b'{"ready": true}\n')
    status = Launcher(grader).run()
    if status is None:
        os._exit(0)
    sys.exit(status)


if __name__ == "__main__":
    main()
