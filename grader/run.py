"""Grade one submission: stage it, run one worker per exercise, several at once, and keep one result up to date."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grader import worker
from grader.course import ROOT, ExerciseInfo
from grader.harness import clearing
from grader.harness.deadlines import HUNG_LIMIT
from grader.harness.fence import isolation
from grader.harness.grading import Assignment
from grader.harness.judge import not_run
from grader.harness.staging import Staged, stage
from grader.report import wording
from grader.report.result import CheckResult, ExerciseResult, ExerciseStatus, Result
from grader.report.wire_format import decode

# Workers mostly wait (for deadlines, meters, slow readers), so more of them than processors finish sooner.
JOBS = max(5, (os.cpu_count() or 1) + 2)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to grade. `fork` False starts everything in fresh interpreters, as on systems without fork.

    Programs are fenced in as well as the system can. Where a protection in `require` is not seen to work, nothing is
    graded. `without` leaves protections out, for tests; without `calibrate` the tricks of checks are taken to work.
    """

    seed: int
    jobs: int = JOBS
    hung_limit: int = HUNG_LIMIT
    calibrate: bool = True
    fork: bool = hasattr(os, "fork") and sys.platform != "darwin"  # forking a process with frameworks loaded is unsafe
    request: dict[str, Any] = field(default_factory=dict)
    fenced: bool = True
    require: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class NotProtected(Exception):
    """Protections that were required are not seen to work; nothing was graded."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"required and not seen to work here: {', '.join(missing)}")
        self.missing = tuple(missing)


@dataclass
class _Running:
    info: ExerciseInfo
    process: _Process
    log: Path
    buffer: bytes = b""
    checks: dict[str, CheckResult] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    status: ExerciseStatus | None = None
    finished: bool = False


@dataclass(frozen=True)
class _Process:
    pid: int
    descriptor: int
    popen: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def wait(self) -> int:
        if self.popen:
            return self.popen.wait()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Run:
    """One grading of one submission. `result()` is valid at any time, also after an interruption."""

    def __init__(self, submission: Path, course: Sequence[ExerciseInfo], options: Options) -> None:
        self._name = str(submission)
        self._submission = submission
        self._course = course
        self._options = options
        self._began = time.monotonic()
        self._results: dict[str, ExerciseResult] = {info.name: waiting(info) for info in course}
        self._complete = False
        self._protections: dict[str, str] | None = None if options.fenced else {"none": "started with --unfenced"}
        self._isolated = options.fenced and "network" not in options.without and isolation.can_isolate()
        strict = "files" in options.require
        policy = isolation.ordinary_policy(isolated=self._isolated, strict=strict, without=options.without)
        self._policy = policy.as_json()

    def result(self) -> Result:
        """What is known so far."""
        return Result(
            submission=self._name,
            seconds=round(time.monotonic() - self._began, 3),
            seed=self._options.seed,
            exercises=tuple(self._results[info.name] for info in self._course),
            protections=self._protections or {},
            complete=self._complete,
        )

    def grade(self, check_done: Callable[[ExerciseInfo, CheckResult], None]) -> Result:
        """Grade everything; `check_done` is called after each check. Leaves no process behind, however it ends.

        Raises `NotProtected`.
        """
        folder = Path(tempfile.mkdtemp(prefix="socket-exercises-run-"))
        try:
            staged = stage(self._submission, folder / "submission", [info.name for info in self._course])
            waiting_for = [info for info in self._course if not self._note_unusable(info, staged)]
            self._run_workers(waiting_for, staged, folder, check_done)
            self._complete = True
        finally:
            clearing.remove(folder)
        return self.result()

    def _note_unusable(self, info: ExerciseInfo, staged: Staged) -> bool:
        missing, refused = staged.missing.get(info.name), staged.refused.get(info.name)
        sentence = missing or refused
        if sentence:
            self._results[info.name] = unusable(info, sentence, "not_started" if missing else "broken")
        return bool(sentence)

    def _run_workers(
        self, infos: Sequence[ExerciseInfo], staged: Staged, folder: Path,
        check_done: Callable[[ExerciseInfo, CheckResult], None],
    ) -> None:  # fmt: skip
        queue = list(infos)
        running: list[_Running] = []
        selector = selectors.DefaultSelector()
        try:
            while queue or running:
                while queue and len(running) < self._options.jobs:
                    started = self._start(queue.pop(0), staged, folder, [one.process for one in running])
                    running.append(started)
                    selector.register(started.process.descriptor, selectors.EVENT_READ, started)
                for key, _ in selector.select():
                    self._read(key.data, check_done)
                    if key.data.finished:
                        selector.unregister(key.fd)
                        running.remove(key.data)
        finally:
            selector.close()
            for left in running:
                left.process.stop()
            for left in running:
                left.process.wait()
                os.close(left.process.descriptor)

    def _start(self, info: ExerciseInfo, staged: Staged, folder: Path, others: Sequence[_Process]) -> _Running:
        scratch = folder / f"scratch-{info.name}"
        scratch.mkdir()
        assignment = Assignment(
            info=info,
            folder=staged.folder,
            scratch=scratch,
            seed=self._options.seed,
            hung_limit=self._options.hung_limit,
            calibrate=self._options.calibrate,
            fork=(hasattr(os, "fork") and self._options.fork) or sys.platform == "darwin",
            request=self._options.request,
            policy=self._policy if self._options.fenced else None,
            isolated=self._isolated,
            require=self._options.require,
        )
        log = folder / f"{info.name}.log"
        process = _fork(assignment, log, others) if self._options.fork else _spawn(assignment, log)
        return _Running(info=info, process=process, log=log)

    def _read(self, running: _Running, check_done: Callable[[ExerciseInfo, CheckResult], None]) -> None:
        data = os.read(running.process.descriptor, 1 << 20)
        running.buffer += data
        *lines, running.buffer = running.buffer.split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "check" in message:
                check = decode(CheckResult, message["check"])
                running.checks[check.name] = check
                self._update(running)
                check_done(running.info, check)
            elif "protections" in message:
                self._note_protections(message["protections"])
            elif "note" in message:
                running.notes.append(message["note"])
            else:
                running.status = message["done"]
        if not data:
            self._finish(running)

    def _note_protections(self, seen: dict[str, str]) -> None:
        """Each worker tries for itself; what the result names, all of them have seen."""
        if not self._options.fenced:
            return
        if missing := [name for name in self._options.require if name not in seen]:
            raise NotProtected(missing)
        known = self._protections if self._protections is not None else seen
        self._protections = {name: by for name, by in known.items() if name in seen}

    def _finish(self, running: _Running) -> None:
        """The worker has ended: note what it could not tell as our own fault."""
        status = running.process.wait()
        os.close(running.process.descriptor)
        missing = [check for check in running.info.checks if check.name not in running.checks]
        if missing:
            tail = running.log.read_text(errors="replace")[-2000:] if running.log.exists() else ""
            finding = wording.grader_error(f"its worker ended with status {status}: {tail or 'no message'}").sentence
            for info in missing:
                running.checks[info.name] = replace(not_run(info, finding), status="grader_error")
        running.finished = True
        self._update(running)

    def _update(self, running: _Running) -> None:
        self._results[running.info.name] = summarize(running.info, running.checks, running.status, tuple(running.notes))


def waiting(info: ExerciseInfo) -> ExerciseResult:
    """An exercise of which nothing is known yet: all its checks not run, no reason given."""
    return summarize(info, {}, None, ())


def unusable(info: ExerciseInfo, sentence: str, status: ExerciseStatus) -> ExerciseResult:
    """An exercise that cannot be graded, with the reason in each of its checks."""
    checks = {check.name: not_run(check, sentence) for check in info.checks}
    return summarize(info, checks, status, ())


def summarize(
    info: ExerciseInfo, checks: dict[str, CheckResult], status: ExerciseStatus | None, notes: tuple[str, ...]
) -> ExerciseResult:
    """The exercise's result from its checks; those without a result are not run."""
    results = tuple(checks.get(check.name) or not_run(check, "") for check in info.checks)
    passed = all(check.status == "passed" for check in results)
    some = any(check.status != "not_run" for check in results)
    if status == "not_started" and some:  # one of several functions is started
        status = None
    return ExerciseResult(
        name=info.name,
        title=info.title,
        order=info.order,
        status=status or ("passed" if passed else "failed"),
        checks=results,
        notes=notes,
    )


def _fork(assignment: Assignment, log: Path, others: Sequence[_Process]) -> _Process:
    reading, writing = os.pipe()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        for other in others:
            os.close(other.descriptor)
        worker.run_in_fork(assignment, writing, descriptor)
    os.close(writing)
    os.close(descriptor)
    return _Process(pid, reading)


def _spawn(assignment: Assignment, log: Path) -> _Process:
    reading, writing = os.pipe()
    with log.open("ab") as output:
        popen = subprocess.Popen(
            [sys.executable, "-m", "grader.worker", str(writing)],
            stdin=subprocess.PIPE, stdout=output, stderr=output, pass_fds=[writing],
            cwd=ROOT, env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        )  # fmt: skip
    os.close(writing)
    assert popen.stdin
    popen.stdin.write(worker.to_json(assignment).encode())
    popen.stdin.close()
    return _Process(popen.pid, reading, popen)
