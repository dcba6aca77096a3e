"""What a grading makes of programs that end, are denied something, or take the harness down with them."""

from __future__ import annotations

import dataclasses
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.course import read_exercise
from grader.harness import deadlines, grading
from grader.harness.findings import Stop, fail
from grader.harness.judge import wording_of
from grader.harness.meters import Exit, Share
from grader.report import wording
from grader.report.result import CheckResult, ExerciseResult, Finding, Place, Stand
from grader.run import Options, Run, summarize
from tests.proof.submissions import ROOT

Grade = Callable[..., ExerciseResult]


@pytest.fixture
def grade(tmp_path: Path) -> Grade:
    """`grade(exercise, source)`: what the grader says of a submission that has this text."""

    def run(exercise: str, source: str, **options: Any) -> ExerciseResult:
        (tmp_path / f"{exercise}.py").write_text(textwrap.dedent(source))
        course = [read_exercise(ROOT / "grader" / f"test_{exercise}.py")]
        asked = Options(**({"seed": 1, "jobs": 1, "calibrate": False} | options))
        return Run(tmp_path, course, asked).grade(lambda *_: None).exercises[0]

    return run


def test_a_program_that_ends_itself_has_crashed_with_that_status(grade: Grade) -> None:
    graded = grade(
        "echo_server",
        """
        import os, socket
        def run_echo_server(host, port):
            with socket.create_server((host, port)) as server:
                conn, _ = server.accept()
                conn.recv(1)
                os._exit(7)
        """,
        hung_limit=0,
    )
    ended = [check for check in graded.checks if "status 7" in (check.finding or "")]
    assert ended
    assert {check.status for check in ended} == {"crashed"}


def test_who_has_passed_a_check_has_started(grade: Grade) -> None:
    graded = grade(
        "echo_server",
        """
        import socket
        def run_echo_server(host, port):
            with socket.create_server((host, port)) as server:
                conn, _ = server.accept()
                with conn:
                    while data := conn.recv(65536):
                        conn.sendall(data)
            raise NotImplementedError("the next client")
        """,
        hung_limit=0,
    )
    assert graded.status == "failed"
    assert {check.status for check in graded.checks} >= {"passed", "crashed"}
    assert "not_run" not in {check.status for check in graded.checks}


def test_who_is_denied_something_is_told_of_the_fence(grade: Grade) -> None:
    graded = grade(
        "udp_sender",
        """
        def send_messages(host, port, messages):
            raise PermissionError(13, "Permission denied")
        """,
    )
    assert {check.status for check in graded.checks} == {"crashed"}
    assert all(wording.fenced_in() in check.evidence.notes for check in graded.checks)


def test_a_program_that_kills_the_launcher_fails_and_the_next_check_has_a_new_one(grade: Grade) -> None:
    graded = grade(
        "udp_sender",
        """
        import os, signal, socket
        def send_messages(host, port, messages):
            count = 0
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                for message in messages:
                    if len(message) > 60_000:
                        os.kill(os.getppid(), signal.SIGKILL)
                    sock.sendto(message.encode(), (host, port))
                    count += 1
            return count
        """,
        fenced=False,
    )
    statuses = {check.name: check.status for check in graded.checks}
    # Whether the check that did it passes is a matter of luck; the next one has a new launcher.
    assert statuses.pop("sends_65507_bytes_in_one_datagram") in ("passed", "crashed")
    assert statuses.pop("refuses_a_message_of_65508_bytes") == "failed"  # OSError, not ValueError
    assert set(statuses.values()) == {"passed"}


def test_an_exercise_that_takes_too_long_in_vain_is_left(grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "DEADLINES", dataclasses.replace(deadlines.DEADLINES, failing=0.0))
    graded = grade("udp_sender", "def send_messages(host, port, messages):\n    raise ValueError\n")
    assert [check.status for check in graded.checks] == ["crashed"] + ["not_run"] * (len(graded.checks) - 1)
    assert "took" in (graded.checks[1].finding or "")


def test_a_call_at_the_top_of_the_file_is_told_once(grade: Grade) -> None:
    graded = grade(
        "udp_sender",
        """
        def send_messages(host, port, messages):
            return 0

        send_messages("localhost", 9999, ["hello"])
        """,
    )
    assert len(graded.notes) == 1
    assert "line 5" in graded.notes[0]
    assert 'send_messages("localhost", 9999, ["hello"])' in graded.notes[0]


@pytest.mark.thorough
def test_a_worker_in_a_fresh_interpreter_says_the_same(grade: Grade) -> None:
    solution = (ROOT / "solutions" / "udp_sender.py").read_text()
    graded = grade("udp_sender", solution, fork=False)
    assert graded.status == "passed"
    assert graded.score == graded.max_score


def test_a_worker_that_fails_is_the_graders_fault_and_its_words_are_kept(
    grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.worker.grade", lambda *_: sys.exit("no more of this"))
    graded = grade("udp_sender", "def send_messages(host, port, messages): pass\n")
    assert {check.status for check in graded.checks} == {"grader_error"}
    assert "no more of this" in (graded.checks[0].finding or "")


PLACE = Place(file="chat_client.py", line=3, code="recv()", function="run")


def test_a_program_that_is_too_slow_is_told_for_how_long() -> None:
    assert wording_of(Stop(kind="slow", seconds=61.2)) == wording.too_slow(61)


def test_a_check_that_fails_with_stands_shows_the_first_place() -> None:
    stand = Stand(kind="waiting", place=PLACE, thread="", call="")
    finding = Finding(sentence="It waits.")
    assert fail(finding, stands=[stand]).where == PLACE
    assert fail(finding, Stop(kind="stuck", stands=(stand,))).where == PLACE
    assert fail(finding).where is None


def test_a_server_that_ends_badly_is_told_how() -> None:
    assert Exit(status=-9, outcome=None, stop=None).finding(0) == wording.killed_by_signal(9)
    assert Exit(status=3, outcome=None, stop=None).finding(0) == wording.exit_status(3)
    stop = Stop(kind="stuck")
    assert Exit(status=None, outcome=None, stop=stop).finding(0) == wording.still_running_after_interrupt(2)


def test_an_exercise_of_which_one_function_is_written_has_begun() -> None:
    info = read_exercise(ROOT / "grader" / "test_udp_sender.py")
    first = info.checks[0]
    passed = CheckResult(name=first.name, claim="", status="passed", score=1, max_score=1)
    assert summarize(info, {first.name: passed}, "not_started", ()).status == "failed"
    assert summarize(info, {}, "not_started", ()).status == "not_started"


def test_a_share_without_a_place_is_told_too() -> None:
    assert Share(0.97).finding(0.5) == wording.spinning(0.97, None)
