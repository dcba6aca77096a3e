"""Results made by hand: one check for every kind of failure, as the harness would report it."""

from __future__ import annotations

import random
from collections.abc import Sequence

from grader.report import wording
from grader.report.result import (
    CheckResult,
    CheckStatus,
    Event,
    EventKind,
    Evidence,
    ExerciseResult,
    ExerciseStatus,
    Finding,
    Party,
    Place,
    Result,
    Stand,
)

RECV = Place(file="echo_server.py", line=14, code="data = client.recv(1024)", function="run_echo_server")
SEND = Place(file="echo_server.py", line=21, code="client.send(data)", function="run_echo_server")
BLOB = random.Random(1).randbytes(1 << 16)


def event(
    ms: float, source: Party, kind: EventKind, data: bytes = b"", *, note: str = "", on: int = 1, size: int = 0
) -> Event:
    """An event with times in milliseconds."""
    return Event(at=ms / 1000, source=source, kind=kind, connection=on, data=data, size=size or len(data), note=note)


def check(
    name: str,
    finding: Finding | str | None,
    *,
    status: CheckStatus = "failed",
    points: int = 1,
    claim: str = "",
    hint: str = "Look at the call that receives: when does it return?",
    where: Place | None = None,
    conversation: Sequence[Event] = (),
    stands: tuple[Stand, ...] = (),
    exception: str = "",
    frames: tuple[Place, ...] = (),
    notes: tuple[str, ...] = (),
    stderr_tail: str = "",
    stdout_tail: str = "",
    left_out: int = 0,
) -> CheckResult:
    """A check as the harness makes it from a finding."""
    if isinstance(finding, str):
        finding = Finding(sentence=finding)
    return CheckResult(
        name=name,
        claim=claim or f"The program {name.replace('_', ' ')}.",
        status=status,
        score=points if status == "passed" else 0,
        max_score=points,
        seconds=0.004,
        finding=finding.sentence if finding else None,
        expected=finding.expected if finding else None,
        arrived=finding.arrived if finding else None,
        hint=None if status == "passed" else hint,
        where=where,
        conversation=tuple(conversation),
        evidence=Evidence(
            caret=finding.caret if finding else None,
            difference=finding.difference if finding else "",
            more_hint="recv returns what has come so far; a loop gets the rest.",
            lesson_section="One recv is not one message",
            stands=stands,
            exception=exception,
            frames=frames,
            notes=notes,
            stdout_tail=stdout_tail,
            stderr_tail=stderr_tail,
            events_left_out=left_out,
        ),
    )


def exercise(
    name: str,
    checks: Sequence[CheckResult],
    *,
    status: ExerciseStatus = "failed",
    order: int = 40,
    notes: tuple[str, ...] = (),
) -> ExerciseResult:
    """An exercise whose title is its name."""
    title = name.replace("_", " ").capitalize()
    return ExerciseResult(name=name, title=title, order=order, status=status, checks=tuple(checks), notes=notes)


def result(*exercises: ExerciseResult, complete: bool = True) -> Result:
    """A graded submission."""
    return Result(
        submission="exercises",
        seconds=1.234,
        seed=20260828,
        exercises=exercises,
        protections={"files": "landlock", "network": "namespace"},
        complete=complete,
    )


def passed(name: str, points: int = 1, notes: tuple[str, ...] = ()) -> CheckResult:
    """A check that passed."""
    return check(name, None, status="passed", points=points, notes=notes)


def server_start(port: int = 43211) -> list[Event]:
    """The program listens and the first client connects."""
    return [
        event(0.2, "program", "listening", note=f"127.0.0.1:{port}", on=0),
        event(0.4, "peer", "connect"),
    ]


def missing_tail() -> CheckResult:
    """A server that sends with `send` to a client that reads slowly."""
    return check(
        "echoes_a_large_amount_to_a_client_that_reads_slowly",
        wording.difference(BLOB * 128, (BLOB * 128)[:3284992], "end"),
        claim="Every byte comes back, however slowly the client reads.",
        points=2,
        hint="Look at the call that sends the bytes back: does it promise to take all of them?",
        where=SEND,
        conversation=[
            *server_start(),
            event(0.4, "peer", "data", BLOB[:2048], size=8 << 20, note="reads nothing yet"),
            event(0.5, "peer", "stalled"),
            event(310.2, "program", "data", BLOB[:1024] + BLOB[-1024:], size=3284992),
            event(311.0, "program", "end"),
        ],
    )


def stuck() -> CheckResult:
    """A server that waits for more while the peer waits for the answer."""
    stand = Stand(kind="waiting", place=RECV, call="recv")
    return check(
        "echoes_at_once_without_waiting_for_the_end",
        wording.stuck(stand, wording.PEER_WAITS),
        status="hung",
        where=RECV,
        stands=(stand,),
        conversation=[
            *server_start(),
            event(0.6, "peer", "data", b"hello\n"),
            event(1012.0, "program", "waiting", note="1.0 s for bytes"),
        ],
    )


def stuck_threads() -> CheckResult:
    """Two threads that matter."""
    main = Stand(kind="waiting", place=Place(file="chat_client.py", line=30, code="receiver.join()"), call="join")
    other = Stand(
        kind="waiting",
        place=Place(file="chat_client.py", line=12, code="data = sock.recv(4096)", function="receive"),
        call="recv",
        thread="Thread-1 (receive)",
    )
    return check(
        "ends_by_itself_when_the_server_closes",
        wording.stuck(main),
        status="hung",
        where=main.place,
        stands=(main, other),
        conversation=[
            event(0.3, "program", "connect"),
            event(0.5, "peer", "data", "Welcome, café\n".encode()),
            event(0.6, "program", "shown", "Welcome, café\n".encode(), on=0),
            event(0.7, "peer", "typed", b"hello\n", on=0),
            event(0.9, "program", "data", b"hello\n"),
            event(1.0, "peer", "input_end", on=0),
            event(1.2, "peer", "end"),
            event(2001.2, "program", "waiting", note="2.0 s"),
        ],
    )


def crashed() -> CheckResult:
    """A reset ends the server."""
    return check(
        "goes_on_after_a_client_resets",
        wording.crashed("ConnectionResetError", "[Errno 104] Connection reset by peer", RECV),
        status="crashed",
        where=RECV,
        exception="ConnectionResetError: [Errno 104] Connection reset by peer",
        frames=(Place(file="echo_server.py", line=30, code="run_echo_server(host, port)", function="main"), RECV),
        conversation=[
            *server_start(),
            event(0.6, "peer", "data", b"hel"),
            event(0.7, "peer", "reset"),
            event(2.1, "program", "exit", note="exit status 1", on=0),
            event(2.3, "peer", "refused", on=2),
        ],
    )


def spinning() -> CheckResult:
    """A server that reads an empty end again and again."""
    stand = Stand(kind="spinning", place=RECV, call="recv")
    return check(
        "rests_after_a_client_has_left",
        wording.spinning(0.98, stand),
        where=RECV,
        stands=(stand,),
        conversation=[
            *server_start(),
            event(0.8, "peer", "end"),
            event(352.0, "peer", "note", note="0.35 s pass", on=0),
        ],
    )


def leaking() -> CheckResult:
    """Fifty clients, and their sockets stay open."""
    events = server_start()
    for number in range(1, 51):
        ms = number * 1.5
        said = f"client {number}\n".encode()
        events += [
            event(ms, "peer", "connect", on=number + 1),
            event(ms + 0.1, "peer", "data", said, on=number + 1),
            event(ms + 0.3, "program", "data", said, on=number + 1),
            event(ms + 0.5, "peer", "end", on=number + 1),
        ]
    return check("leaves_nothing_behind_after_fifty_clients", wording.leak(4, 54, "open files"), conversation=events)


def datagrams() -> CheckResult:
    """A datagram lost, one twice, two out of order, and one message split in two."""
    return check(
        "sends_one_datagram_for_each_message",
        wording.datagrams_difference([b"one", b"two", b"three"], [b"onetwo", b"three"]),
        conversation=[
            event(0.0, "peer", "call", note="send_messages('127.0.0.1', 40001, ['one', 'two', 'three'])", on=0),
            event(0.4, "program", "datagram", b"onetwo"),
            event(0.5, "program", "lost", b"two"),
            event(0.6, "program", "doubled", b"three"),
            event(0.7, "program", "swapped", b"four"),
            event(0.8, "program", "datagram", b""),
            event(0.9, "program", "returned", note="3", on=0),
        ],
    )


def many_pieces() -> CheckResult:
    """More traffic than is shown: answers in two thousand pieces and many short lines."""
    events = server_start()
    events += [event(1 + n / 100, "program", "data", BLOB[n * 4 : n * 4 + 4]) for n in range(2000)]
    for n in range(12):
        events += [event(30 + n, "peer", "data", b"x" * n), event(30.5 + n, "program", "data" if n % 3 else "end")]
    return check(
        "answers_a_long_line_as_one_line",
        wording.difference(
            b"Server received: " + b"x" * 3000 + b"\n", b"Server received: " + b"x" * 1024 + b"\n", "complete"
        ),
        conversation=events,
        left_out=7,
    )


def raised() -> CheckResult:
    """The wrong exception comes out of a function."""
    return check(
        "raises_timeout_error_when_nothing_comes",
        wording.wrong_exception("TimeoutError", "OSError", "timed out"),
        conversation=[
            event(0.0, "peer", "call", note="fetch_url('http://127.0.0.1:40001/', timeout=0.5)", on=0),
            event(0.4, "program", "connect"),
            event(0.5, "program", "data", b"GET / HTTP/1.1\r\nHost: 127.0.0.1:40001\r\nConnection: close\r\n\r\n"),
            event(501.2, "program", "raised", note="OSError: timed out", on=0),
            event(501.3, "program", "end"),
        ],
    )


def our_fault() -> CheckResult:
    """The grader's own error."""
    return check(
        "listens_where_it_was_told",
        wording.grader_error("AttributeError in grader/harness/meters.py"),
        status="grader_error",
    )


def hostile() -> CheckResult:
    """Text that would do harm if it came through as it is."""
    evil = "\x1b[2J\x1b]0;owned\x07 [bold red]markup[/] <script>alert(1)</script> \u202egnp.exe ::error::x\n\r\x00\x9b"
    return check(
        "shows_hostile_text_harmlessly",
        wording.text_difference("hello", evil),
        status="crashed",
        exception=f"ValueError: {evil}",
        where=Place(file="\u202eevil.py", line=1, code=evil),
        frames=(Place(file="evil.py", line=1, code=evil + "x" * 1_000_000, function=evil),),
        stdout_tail=evil,
        stderr_tail=evil + "\n" + "y" * 100_000,
        notes=(evil,),
        conversation=[
            event(0.1, "peer", "call", note=evil, on=0),
            event(0.2, "program", "data", evil.encode()),
            event(0.3, "program", "data", b"\xff" * 2048, size=1_000_000),
        ],
    )


def broken(*, finding: str, where: Place | None = None, notes: tuple[str, ...] = ()) -> ExerciseResult:
    """An exercise that cannot be run: every check has the same finding."""
    names = ("returns_the_whole_answer", "asks_for_the_path")
    checks = [check(name, finding, status="not_run", where=where, points=2) for name in names]
    return exercise("fetch_url", checks, status="broken", order=70, notes=notes)


def not_started() -> ExerciseResult:
    """An untouched stub."""
    checks = [check(name, wording.not_started()) for name in ("sends_a_typed_line_whole", "ends_with_its_input")]
    return exercise("chat_client", checks, status="not_started", order=110)


def everything() -> Result:
    """One result with every kind of failure."""
    failures = [missing_tail(), stuck(), crashed(), spinning(), leaking(), our_fault()]
    twin = check("goes_on_after_a_client_leaves_without_a_word", "", status="crashed", where=RECV)
    twin = check(
        "goes_on_after_bytes_that_are_not_text",
        wording.crashed("ConnectionResetError", "[Errno 104] Connection reset by peer", RECV),
        status="crashed",
        where=RECV,
        exception="ConnectionResetError: [Errno 104] Connection reset by peer",
    )
    left_out = [
        check(name, wording.not_run(), status="not_run")
        for name in ("stops_at_ctrl_c", "starts_again_on_the_same_port")
    ]
    return result(
        exercise("hello_client", [passed("sends_one_line_whole", 2)], status="passed", order=10),
        exercise("echo_server", [passed("echoes_a_message"), *failures, twin, *left_out]),
        broken(
            finding=wording.syntax_error("'(' was never closed", "fetch_url.py", 12),
            where=Place(file="fetch_url.py", line=12, code="sock.sendall(request.encode()"),
        ),
        exercise("chat_server", [many_pieces(), raised()], order=100),
        not_started(),
        exercise(
            "udp_sender",
            [datagrams(), stuck_threads()],
            order=130,
            notes=(wording.top_level_call_left_out(23, "send_messages('localhost', 9999, ['hi'])"),),
        ),
    )
