"""What the learner's program did or did not do."""

from __future__ import annotations

import signal
from dataclasses import replace

from grader.report.literals import bytes_literal, count, safe, shortened
from grader.report.result import Finding, Place
from grader.report.wording.standing import place, seconds_text


def not_listening(address: str = "", seconds: float = 0) -> Finding:
    """A server that never came to listen."""
    where = f" at {safe(address)}" if address else ""
    within = f" within {seconds_text(seconds).strip()}" if seconds else ""
    return Finding(sentence=f"The program does not listen{where}{within}: no client can connect.")


def never_connected(address: str = "") -> Finding:
    """A client that never came."""
    return Finding(sentence=f"The program never connected to the peer{f' at {safe(address)}' if address else ''}.")


def connected_in_silence(address: str) -> Finding:
    """A client that connected, sent nothing and left."""
    return Finding(sentence=f"The program connected to the peer at {safe(address)}, and left without sending a byte.")


def refused(address: str = "") -> Finding:
    """A server that listened before no longer does."""
    where = f" at {safe(address)}" if address else ""
    return Finding(sentence=f"The connection was refused: nobody listens{where} any more.")


def request_refused(reason: str) -> Finding:
    """A request that a server which keeps the rules of HTTP does not answer; `reason` is the parser's text."""
    return Finding(sentence=f"A strict server refuses this request: {shortened(reason, 120)}.")


def no_version(first_line: bytes) -> Finding:
    """A request whose first line ends after the target."""
    return Finding(
        sentence="The first line of the request does not say which HTTP it speaks: HTTP/1.1, or HTTP/1.0, is missing.",
        expected=bytes_literal(first_line.rstrip() + b" HTTP/1.1"),
        arrived=bytes_literal(first_line.rstrip()),
    )


def no_host() -> Finding:
    """A request in HTTP/1.0 that does not say which site is meant."""
    return Finding(sentence="The request has no Host header.")


def gave_up_early(seconds: float, timeout: float) -> Finding:
    """A time-out that ran out before its time."""
    return Finding(
        sentence=f"The program raised TimeoutError after {seconds:.2f} s. It was given a time-out of {timeout:g} s.",
        expected=f"TimeoutError after {timeout:g} s",
        arrived=f"TimeoutError after {seconds:.2f} s",
    )


def too_many_connections(number: int) -> Finding:
    """More connections than the exercise needs."""
    return Finding(
        sentence=f"The program made {count(number, 'connection')} where one is enough.",
        expected="1 connection",
        arrived=count(number, "connection"),
    )


def ended_early(status: int | None = None) -> Finding:
    """The function returned (`None`) or the process ended with a status while the peer still needed it."""
    how = "returned" if status is None else f"ended with exit status {status}"
    return Finding(sentence=f"The program {how} before the conversation was over.")


def returned_by_itself(function: str, found: Finding) -> Finding:
    """A server's function returned before Ctrl-C, and that is why the peer found what it did."""
    return replace(found, sentence=f"{safe(function)} returned although nobody pressed Ctrl-C. {found.sentence}")


def ended_inside(status: int) -> Finding:
    """The process ended while the function, which should have returned, was still at work."""
    return Finding(sentence=f"The program ended with exit status {status} before its function had returned.")


def killed_by_signal(number: int) -> Finding:
    """The process was ended by a signal that the grader did not send."""
    return Finding(sentence=f"The program was ended by signal {number} ({_signal_name(number)}).")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def crashed(exception_type: str, message: str, where: Place | None = None) -> Finding:
    """An exception escaped from the learner's function."""
    text = f": {shortened(message, 100)}" if message else ""
    at = f" at {place(where)}" if where else ""
    return Finding(sentence=f"{safe(exception_type)} ended the program{at}{text}.")


def exit_status(status: int) -> Finding:
    """It ended in time, but not normally."""
    return Finding(
        sentence=f"The program ended with exit status {status} instead of 0.",
        expected="exit status 0",
        arrived=f"exit status {status}",
    )


def leak(before: int, after: int, what: str, *, of_calls: bool = False) -> Finding:
    """Something is not given back, by a server or `of_calls`. `what` is a plural: `open files`, `threads`."""
    left, came = ("the calls", "them") if of_calls else ("the clients have left", "they came")
    return Finding(
        sentence=f"{after:,} {what} remain after {left}; there were {before:,} before {came}.",
        expected=f"about {before:,} {what}",
        arrived=f"{after:,} {what}",
        difference=f"{after - before:,} were not given back",
    )


def sockets_left(number: int) -> Finding:
    """All calls have returned, and they should have closed what they opened."""
    return Finding(
        sentence=f"{number:,} socket{'s are' if number > 1 else ' is'} still open after the calls.",
        expected="no open socket",
        arrived=f"{number:,} open",
    )


def still_running_after_interrupt(seconds: float) -> Finding:
    """Ctrl-C does not end it."""
    return Finding(sentence=f"The program still runs {seconds_text(seconds)}after Ctrl-C.")


def still_accepting_elsewhere(address: str) -> Finding:
    """It listens where it was not told to."""
    return Finding(sentence=f"The program also listens at {safe(address)}, which it was not told to.")


def no_end_of_stream(seconds: float = 0) -> Finding:
    """The connection stays open where it should have been closed."""
    within = f" within {seconds_text(seconds).strip()}" if seconds else ""
    return Finding(
        sentence=f"The program did not close the connection{within}.",
        expected="the end of the stream",
        arrived="nothing: the connection is still open",
    )


def closed_early(what: str = "") -> Finding:
    """The end of the stream came before something; `what` continues "before "."""
    return Finding(sentence=f"The program closed the connection before {what or 'the conversation was over'}.")


def reset_instead_of_end() -> Finding:
    """The connection was reset where a clean end was due."""
    return Finding(
        sentence="The connection was reset, not closed: bytes that came before were left unread.",
        expected="the end of the stream",
        arrived="a reset of the connection",
    )


def cannot_call(signature: str, call: str) -> Finding:
    """The function's parameters do not fit the exercise's call."""
    return Finding(
        sentence=f"The function cannot be called as {safe(call)}: its signature is {shortened(signature, 100)}.",
        expected=safe(call),
        arrived=shortened(signature, 100),
    )


def fenced_in() -> str:
    """A PermissionError that comes of the grader's fence."""
    return "While it is graded, a program may connect only to the peer it was given, and write only in its own folder."


def not_run(hung: int = 2) -> str:
    """Why the rest of an exercise was left out."""
    return f"Not run, because {count(hung, 'check')} of this exercise hung before."


def not_run_for_time(seconds: float) -> str:
    """Why the rest of an exercise was left out, when nothing hung for good."""
    return f"Not run, because the checks of this exercise that did not pass took {seconds:.0f} s before."


def not_checked(why: str) -> str:
    """A check that rests on something which this system does not do."""
    return f"Not checked on this system: {why}."


def grader_error(what: str) -> Finding:
    """Our fault. Of a traceback in `what` only the last line is told, which names the error."""
    first, *more = what.strip().splitlines() or [""]
    if more:
        what = f"{first.removesuffix('Traceback (most recent call last):')}{more[-1]}"
    return Finding(sentence=f"The grader itself went wrong here, not your program: {shortened(what, 200)}.")


def output_cut(size: int, kept: int) -> str:
    """The program printed more than is kept."""
    return f"The program printed {count(size, 'byte')}; only {kept:,} of them are kept."
