"""The learner's program, running: what a check can ask of it, and ask about it.

One `Program` is one process (and what it starts). It loads the learner's module, calls the functions it is told to,
and answers with plain data. Everything a check may look at is here: results, standard output, what it types, how it
ended, processor time, open files, where it stands.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from grader.harness import system
from grader.harness.call import Call, shorten
from grader.harness.conversation import Conversation
from grader.harness.deadlines import DEADLINES
from grader.harness.findings import Broken, HarnessFault, NotStarted, Stop
from grader.harness.inside import plain
from grader.harness.keyboard import Keyboard
from grader.harness.meters import Exit, Holdings, Share, measure_share
from grader.harness.outcome import Outcome
from grader.harness.output import Output
from grader.harness.own_time import OwnTime
from grader.harness.patience import Patience
from grader.harness.source import broken_sentence
from grader.harness.standing import ask
from grader.harness.workshop import Door, Workshop
from grader.report import wording
from grader.report.result import Place, Stand

AT_ONCE = 16  # reads of what a program tells, before it is looked at again; each brings 200 KB at most on Linux
MAX_HEARD = 1 << 30  # bytes in all; 50 results of the largest kind an exercise has are a third of it


class Program:
    """One process of the learner's code. Made by `Stage`; see there for how a check starts one."""

    def __init__(
        self,
        workshop: Workshop,
        conversation: Conversation,
        patience: Patience,
        *,
        types: bool,
        door: Door,
        options: dict[str, Any],
    ) -> None:
        self._workshop = workshop
        self.door = door
        self._conversation = conversation
        self._unpacker = plain.Unpacker()
        self._results: list[Outcome] = []
        self._calls: list[str] = []
        self._functions: list[str] = []  # those called, in the same order
        self._closed = False
        self._fault = ""
        self.serves = ""  # the name of the function, when it is a server, which returns at Ctrl-C only
        self._was_interrupted = False
        self._status: int | None = None
        self.loaded = False
        self._left_out: tuple[int, ...] = ()
        self._broken: tuple[str, Place | None] | None = None
        self._heard = 0
        self._is_paused = False
        self._restless = DEADLINES.restless
        self.stdout = Output(workshop.shows, lambda data: conversation.record("program", "shown", data=data))
        self.stderr = Output()
        self.keyboard: Keyboard | None = None
        self._begin(types, options)
        self._patience = patience  # the check's: what a program reads from its peers is progress here too

    # Starting and calling

    def _begin(self, types: bool, options: dict[str, Any]) -> None:
        self._control, control = socket.socketpair()
        self._stand, stand = os.pipe()
        out, stdout = os.pipe()
        err, stderr = os.pipe()
        given = {"control": control.fileno(), "stand": stand, "stdout": stdout, "stderr": stderr}
        if types:
            given["stdin"], typing = os.pipe()
            self.keyboard = Keyboard(typing, self._conversation)
        self._say(do="load", path=str(self._workshop.source.path), name=self._workshop.name,
                  functions=list(self._workshop.functions))  # fmt: skip
        request = self._workshop.request | options
        request |= {"folder": str(self._workshop.folder), "scratch": str(self._workshop.scratch)}
        request["fence"] = self._workshop.fence(self.door)
        try:
            self.pid = self._workshop.launcher.start(request, given)
        except BaseException:
            self._let_go(self._stand, out, err)
            raise
        finally:
            control.close()
            for name, descriptor in given.items():
                if name != "control":
                    os.close(descriptor)
        os.set_blocking(self._stand, False)
        self._control.setblocking(False)
        self._workshop.drain.add(out, self.stdout)
        self._workshop.drain.add(err, self.stderr)

    def call(self, function: str, *args: object, last: bool = False, killed: bool = False) -> Call:
        """Call the learner's `function` with plain-data arguments; with `last` the process ends after it returns.

        With `killed` it is killed the moment the function has returned, before a thread of its own can do much more.
        """
        shown = f"{function}({', '.join(shorten(arg) for arg in args)})"
        self._conversation.record("peer", "call", note=shown)
        self._calls.append(shown)
        self._functions.append(function)
        self._say(do="call", function=function, args=[plain.encode(arg) for arg in args], last=last, killed=killed)
        return Call(self, len(self._calls) - 1)

    def _say(self, **message: Any) -> None:
        data = memoryview(plain.pack(message))
        self._control.settimeout(DEADLINES.launcher)
        with contextlib.suppress(OSError):  # a program that has ended, or does not listen, hears nothing
            self._control.sendall(data)
        self._control.setblocking(False)

    # What it told

    def refresh(self, wait: float = 0.0) -> None:
        """Take in what the program has told meanwhile; block at most `wait` seconds for it to tell something."""
        if self._closed:
            return
        if wait and not select.select([self._control], [], [], wait)[0]:
            return
        with contextlib.suppress(BlockingIOError):
            for _ in range(AT_ONCE):  # a program that tells without end must not keep us from looking at it
                if not self._closed:
                    self._take(self._receive())

    @property
    def left_out(self) -> tuple[int, ...]:
        """The lines of calls at the top of the file that were not run, as far as it has told."""
        self.refresh()
        return self._left_out

    def _receive(self) -> bytes:
        try:
            return self._control.recv(1 << 20)
        except ConnectionError:
            return b""

    def _take(self, data: bytes) -> None:
        self._heard += len(data)
        if not data or self._heard > MAX_HEARD:
            self._closed = True
            return
        try:
            for message in self._unpacker.feed(data):
                self._hear(message)
        except (plain.Malformed, KeyError, TypeError, ValueError, AttributeError):
            self._closed = True  # only the learner's code can have written that; what comes after it means nothing

    def _hear(self, message: dict[str, Any]) -> None:
        match message["told"]:
            case "loaded":
                self.loaded = True
                self._left_out = tuple(int(line) for line in message["left_out"])
            case "broken":
                self._broken = broken_sentence(message, self._workshop.source)
            case "fault" if not self.loaded:
                self._fault = str(message["why"])
            case "paused":
                self._is_paused = True
                self._conversation.record("program", "note", note="asks for the next item")
            case "returned":
                self._note_result(Outcome(how="returned", value=plain.decode(message["value"])))
            case "raised":
                self._note_result(self._raised(message))

    def _raised(self, message: dict[str, Any]) -> Outcome:
        frames = self._workshop.source.places(message["frames"])
        return Outcome(
            how="raised",
            classes=tuple(str(name) for name in message["classes"]),
            message=str(message["message"]),
            where=frames[-1] if frames else None,
            misfit=str(message.get("misfit") or ""),
            signature=str(message.get("signature") or ""),
            call=self._calls[len(self._results)] if len(self._results) < len(self._calls) else "",
        )

    def _note_result(self, outcome: Outcome) -> None:
        if self.has_result():  # nobody asked
            return
        if outcome.how == "returned":
            self._conversation.record("program", "returned", note=shorten(outcome.value))
        else:
            self._conversation.record("program", "raised", note=f"{outcome.exception}: {outcome.message}"[:200])
        if not outcome.is_a_stub and not outcome.misfit:
            self._workshop.started.add(self._functions[len(self._results)])
        self._results.append(outcome)

    def at_work(self) -> set[str]:
        """The functions called that have not said that they are stubs."""
        stubs = (name for name, outcome in zip(self._functions, self._results, strict=False) if outcome.is_a_stub)
        return set(self._functions).difference(stubs)

    def is_paused(self) -> bool:
        """Whether a generator it was given waits before an item (see `plain.Generator`)."""
        self.refresh()
        return self._is_paused

    def resume(self) -> None:
        """Let that generator go on."""
        self._is_paused = False
        self._say(do="resume")

    def raised_as_asked(self) -> bool:
        """Whether a check has asked for an exception and got it: then that is no crash."""
        return any(outcome.was_asked_for for outcome in self._results)

    def result(self, index: int) -> Outcome | None:
        """The outcome of call number `index`, if it is known."""
        if index < len(self._results):
            return self._results[index]
        if self.has_ended() and self._closed:
            return Outcome(how="ended", status=self._status)
        return None

    def has_result(self) -> bool:
        """Whether every call has come to an outcome."""
        return len(self._results) == len(self._calls)

    def require_usable(self) -> None:
        """Raise `Broken` or `NotStarted` when that is what the program has told, or how it ended before loading."""
        if self._fault:
            raise HarnessFault(self._fault)
        if self._broken is not None:
            raise Broken(*self._broken)
        if not self.loaded and self._closed and self.has_ended():
            status = self._status or 0
            raise Broken(wording.import_exits(status) if status >= 0 else wording.killed_by_signal(-status).sentence)
        for function, outcome in zip(self._functions, self._results, strict=False):
            if outcome.is_a_stub and function not in self._workshop.started:
                raise NotStarted(wording.not_started(), outcome.where)

    def wait_until(self, ready: Callable[[], bool], poll: float = 0.0005) -> Stop | None:
        """Wait until `ready()`, asking every `poll` seconds at first; the program's own messages are taken in."""
        pause = poll

        def step(seconds: float) -> bool:
            nonlocal pause
            if not self.loaded:  # it will say so, and to wait costs less than to ask
                self.refresh(seconds)
            else:
                self.refresh(min(seconds, pause))
                pause = min(pause * 1.2, 0.01)
            self.require_usable()
            return ready()

        stop = self._patience.until(step)
        if stop and not self.loaded:
            stands = self.explain(stop).stands
            spins = stop.kind in ("spinning", "slow")
            raise Broken(
                wording.import_spins() if spins else wording.import_hung(), stands[0].place if stands else None
            )
        return stop

    def wait_loaded(self) -> None:
        """Wait until the module is imported. Raises `Broken` when that never happens."""
        self.wait_until(lambda: self.loaded)

    # How it ended

    def has_ended(self, wait: float = 0.0) -> bool:
        """Whether the process has ended, or does so within `wait` seconds."""
        if self._status is None:
            self._status = self._workshop.launcher.ended(self.pid, wait)
            if self._status is not None:
                self._record_end(self._status)
        return self._status is not None

    def _record_end(self, status: int) -> None:
        if self._killed:
            return
        how = f"ended by signal {-status}" if status < 0 else f"exit status {status}"
        self._conversation.record("program", "exit", note=how)

    _killed = False

    def kill(self) -> None:
        """End the whole tree, at once and for good, and forget it."""
        self._killed = True
        if self._status is None:
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            for pid in self.pids():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            self._status = self._workshop.launcher.ended(self.pid, DEADLINES.launcher)

    def close(self) -> None:
        """Kill the program and let go of everything held for it."""
        self.kill()
        self._let_go(self._stand)

    def _let_go(self, *descriptors: int) -> None:
        if self.keyboard:
            self.keyboard.close()
        self._control.close()
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def interrupt(self) -> Exit:
        """Press Ctrl-C (SIGINT to the process group) and wait for the end; compare it with the exit status 0."""
        self.come_to_rest()
        self._press()
        since = self.own_time()
        again = False
        stop = None
        while not self.has_ended() and stop is None:
            self.refresh(0.005)
            # A signal that lands between Python's last look at signals and the system call waits for the next one.
            lost = not again and not self._results and since.is_over(DEADLINES.lost_interrupt)
            if lost and self.is_asleep():
                again = True
                self.stands()  # any signal makes it look; a second Ctrl-C would end a program that swallows the first
            if since.is_over(DEADLINES.interrupt) and not self.has_ended():
                stop = self.explain(Stop(kind="stuck", seconds=DEADLINES.interrupt))
        self.refresh()
        outcome = self._results[-1] if self._results else None
        return Exit(status=self._status, outcome=outcome, stop=stop)

    def _press(self) -> None:
        self._conversation.record("peer", "signal", note="Ctrl-C")
        self._was_interrupted = True
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGINT)

    def own_time(self) -> OwnTime:
        """The time that passes for it from now on."""
        return OwnTime(self._spent)

    # Meters

    def pids(self) -> list[int]:
        """Its process, its descendants, and orphans of them."""
        launcher = self._workshop.launcher
        others = launcher.running() - {self.pid}
        return system.tree(self.pid, launcher.adopter() if not others else None, others | {self.pid})

    def unread(self) -> int:
        """Bytes typed that the program has not read yet."""
        return self.keyboard.unread() if self.keyboard else 0

    def settle(self, limit: float = DEADLINES.settle, computing: float | None = None) -> bool:
        """Wait until all its threads sleep; True when they do.

        False when they still run after `limit` seconds, those left out in which they got no processor, or have computed
        for `computing` seconds without a rest. The latter is `DEADLINES.restless` if not given; each time that they do
        so the next wait is half as long, until they rest.
        """
        since: OwnTime | None = None
        allowed = self._restless if computing is None else computing
        pause = 0.0002
        while not self.is_asleep():
            since = since or self.own_time()  # which costs, and mostly it sleeps already
            if since.ran() > allowed:
                self._restless /= 2
                return False
            if self.has_ended() or since.is_over(limit):
                return False
            time.sleep(pause)  # polling the kernel: nothing announces that a thread has gone to sleep
            pause = min(pause * 1.5, 0.005)
        self._restless = DEADLINES.restless
        return True

    def come_to_rest(self) -> bool:
        """The same for a program that may still be busy with its beginning, such as starting a pool of threads."""
        return self.settle(computing=DEADLINES.beginning)

    def _spent(self) -> tuple[float, float]:
        """Seconds that its threads have run, and have waited for a processor, so far."""
        tasks = system.tasks(self.pids())
        return sum(task.ran for task in tasks) / 1e9, sum(task.waited for task in tasks) / 1e9

    def used(self) -> float:
        """Seconds of processor time that its threads have used so far."""
        return self._spent()[0]

    def is_asleep(self) -> bool:
        """Whether all threads sleep, at one and the same moment.

        They can only be looked at one after the other, and one may wake another meanwhile. A look tells first whether a
        thread sleeps, then how often it has run. Who has not run from the end of the first look to that of the third,
        and sleeps at the second and the third, has slept from the one to the other. One that was woken and waits for a
        processor has not run either, but is not seen to sleep.
        """
        first = self._turns_asleep()
        return first is not None and first == self._turns_asleep() and first == self._turns_asleep()

    def _turns_asleep(self) -> list[tuple[int, int]] | None:
        """The turns of all its threads if each of them sleeps when it is looked at, and there are any."""
        tasks = system.tasks(self.pids())
        return [(task.tid, task.turns) for task in tasks] if tasks and all(task.sleeping for task in tasks) else None

    def turns(self) -> list[tuple[int, int]]:
        """How often each of its threads has run so far; the same twice means that none has in between."""
        return [(task.tid, task.turns) for task in system.tasks(self.pids())]

    def sleeps_by_choice(self) -> bool:
        """Whether one of its threads sleeps in a call with a time-out."""
        return any(task.by_choice for task in system.tasks(self.pids()))

    def busy_share(self) -> Share:
        """The share of the time it could run that it did run, over a window in which there is nothing to do."""
        self.settle()
        return measure_share(self.pids, self._standing_while_busy)

    def holdings(self, before: Holdings | None = None) -> Holdings:
        """Open files and threads of the whole program, once it has come to rest.

        With `before` they are looked at again until they are no more than that, or `DEADLINES.returning` is over: on a
        busy machine it takes a while until fifty threads have noticed that their clients have left.
        """
        self.come_to_rest()
        since = self.own_time()
        while True:
            pids = self.pids()
            files, threads = system.open_files(pids), len(system.tasks(pids))
            sockets, of_calls = system.internet_sockets(pids), len(self._calls) > 1
            now = Holdings(files=files, threads=threads, sockets=sockets, of_calls=of_calls)
            if before is None or now <= before or since.is_over(DEADLINES.returning):
                return now
            time.sleep(0.02)  # polling the kernel: nothing announces that a file was closed
            self.come_to_rest()

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop every process of the program (SIGSTOP) until the block is left, however that happens (SIGCONT)."""
        self._signal_all(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal_all(signal.SIGCONT)

    def _signal_all(self, signum: int) -> None:
        for pid in self.pids():
            with contextlib.suppress(OSError):
                os.kill(pid, signum)

    # Where it stands

    def stands(self) -> tuple[Stand, ...]:
        """Where its threads and tasks stand in the learner's own code, those that matter first."""
        return ask(self.pids(), self._stand, self._workshop.source)

    def explain(self, stop: Stop) -> Stop:
        """The same stop with the program's stands, asked now."""
        if stop.stands or self.has_ended():
            return stop
        stands = self._standing_while_busy() if stop.kind == "spinning" else self.stands()
        return Stop(kind=stop.kind, share=stop.share, seconds=stop.seconds, stands=stands)

    def _standing_while_busy(self) -> tuple[Stand, ...]:
        return ask(self.pids(), self._stand, self._workshop.source, spinning=True)

    def traceback(self) -> tuple[str, str, tuple[Place, ...]] | None:
        """The last traceback on standard error with a line of the learner's: exception, message, places."""
        self.catch_up()
        return self._workshop.source.traceback(self.stderr.text())

    def catch_up(self) -> None:
        """Have read all that it has written so far on standard output and error."""
        self._workshop.drain.catch_up(DEADLINES.settle)

    def error_text(self) -> str:
        """What it wrote on standard error, with the learner's files named as the learner knows them."""
        return self.stderr.text().replace(f"{self._workshop.folder}{os.sep}", "")

    def returned_by_itself(self) -> bool:
        """Whether it is a server whose function has returned although nobody pressed Ctrl-C."""
        self.refresh()
        returned = any(outcome.how == "returned" for outcome in self._results)
        return bool(self.serves) and returned and not self._was_interrupted

    def crash(self) -> Outcome | None:
        """The exception that escaped from the learner's function, or the end of the process that nobody asked for."""
        self.refresh()
        if self._killed and not self._results:
            return None
        for outcome in self._results:
            if outcome.how == "raised":
                return outcome
        if not self._killed and self._status not in (None, 0) and not self._results:
            return Outcome(how="ended", status=self._status)
        return None
