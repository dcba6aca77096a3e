"""Checks of `send_messages`, in the order in which to solve them. Each fact is checked in one place.

So the receiver answers, except where that is the point: a program that waits for answers then fails there alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from grader.course import Exercise
from grader.harness.datagrams import DatagramPeer
from grader.harness.inside.plain import Generator
from grader.harness.outcome import Raises, Returns
from grader.harness.stage import Stage

EXERCISE = Exercise(title="UDP sender", order=130, functions=("send_messages",))


def polite_receiver(stage: Stage, host: str = "127.0.0.1") -> DatagramPeer:
    """A receiver that answers each datagram."""
    return stage.datagrams(host, answer=b"got it")


def encoded(messages: Sequence[str]) -> list[bytes]:
    """What must arrive."""
    return [message.encode() for message in messages]


@pytest.mark.points(2)
def test_sends_one_datagram_per_message_in_order(stage: Stage) -> None:
    """Each message arrives as one datagram, nothing added or left out, in the order of the messages.

    Look at the call that sends: how often does it run for three messages, and with what each time?

    More: UDP keeps messages apart by itself. What you hand to one `sendto()` is one datagram, to the last byte: no
    line ends, no joining, no tidying.

    Lesson: One message, one datagram
    """
    receiver = polite_receiver(stage)
    odd = ["twice", "twice", "  with spaces ", "  ", "two\nlines", "two\r\nmore", "a\0nul"]
    messages = [stage.word(), *odd, *(stage.word() for _ in range(40))]
    call = stage.call("send_messages", *receiver.address, messages)
    assert receiver.all_from(call, len(messages)) == encoded(messages)


def test_sends_the_text_encoded_as_utf_8(stage: Stage) -> None:
    """The text arrives in UTF-8, in whatever script it is written.

    Look at the place where text becomes bytes: which encoding does it name, and has that one a byte for every letter?

    More: `str.encode()` without an argument is UTF-8. Other encodings have other bytes for "é", and none for "東".

    Lesson: One message, one datagram
    """
    program = stage.program()
    # What no older encoding has, what one of them has, and a letter that is put together from two.
    for text in (f"{stage.word()} 東京 🙂", f"{stage.word()} café", "cafe\N{COMBINING ACUTE ACCENT}"):
        receiver = polite_receiver(stage)
        call = program.call("send_messages", *receiver.address, [text])
        assert receiver.receive(1, done=call).stripped() == encoded([text])


def test_sends_an_empty_message_as_an_empty_datagram(stage: Stage) -> None:
    """An empty message between two others arrives as a datagram of 0 bytes.

    Look at what your code does with a message that has no text: does it reach the call that sends?

    More: In TCP, b"" means the end. In UDP it is a message like any other, and `if message:` is False for it.

    Lesson: One message, one datagram
    """
    receiver = polite_receiver(stage)
    messages = [stage.word(), "", stage.word()]
    call = stage.call("send_messages", *receiver.address, messages)
    assert receiver.all_from(call, 3).stripped().among(encoded(messages)) == encoded(messages)


def test_returns_how_many_messages_it_sent(stage: Stage) -> None:
    """The result is the number of messages sent, and 0 if there was none.

    Look at the number you return: what does it count, where does it start, and what is it when there is no message?

    More: `sendto()` returns bytes, `enumerate()` starts at 0, and the variable of a `for` loop that never ran does
    not exist.

    Lesson: Your task
    """
    receiver, program = polite_receiver(stage), stage.program()
    call = program.call("send_messages", *receiver.address, ["one", "", "three"])
    sent = receiver.all_from(call, 3)
    assert sent.count() >= 1
    outcome = call.outcome()
    # One that leaves out the empty message fails another check for that, and may count that message or not.
    left_out = b"" not in sent.data and outcome.value != 3
    assert outcome == (len(sent.data) if left_out else 3)
    assert program.call("send_messages", *receiver.address, []).outcome() == 0


def test_sends_to_the_host_it_was_given(stage: Stage) -> None:
    """The datagrams go to the host it is given, be that a name or an address.

    Look at the address you send to: is each part of it what your function was given, and may it be a name?

    More: `localhost` is a name and has to be looked up, and 127.0.0.2 is not 127.0.0.1. `socket.getaddrinfo()` takes
    names and addresses, and says which family of socket goes with the result.

    Lesson: Your task
    """
    for host in filter(stage.has_address, ("localhost", "127.0.0.2")):
        receiver = polite_receiver(stage, host)
        call = stage.call("send_messages", *receiver.address, [stage.word()])
        assert receiver.receive(1, done=call).count() >= 1


def test_sends_all_messages_from_one_port(stage: Stage) -> None:
    """All messages of one call, short and long, come from one port, so that the receiver sees one sender.

    Look at the line that makes the socket: how often does it run, and is there another such line?

    More: A socket gets a port when it first sends, and keeps it. Many sockets look like many senders.

    Lesson: One socket, one sender
    """
    receiver = polite_receiver(stage)
    messages = [stage.word(), "", stage.word(1400), *(stage.word() for _ in range(200))]
    call = stage.call("send_messages", *receiver.address, messages)
    assert receiver.all_from(call, len(messages)).ports() == 1


def test_takes_a_thousand_messages_from_a_generator(stage: Stage) -> None:
    """A thousand messages from a generator arrive like those of a list.

    Look at every place that uses `messages`: what of it works with a list only?

    More: A generator has no `len()` and no index, and after one `for` loop it is used up.

    Lesson: Your task
    """
    receiver = polite_receiver(stage)
    messages = tuple(f"{stage.word()} {number}" for number in range(1000))
    call = stage.call("send_messages", *receiver.address, Generator(messages))
    assert receiver.all_from(call, 1000).stripped().among(encoded(messages)) == encoded(messages)


def test_has_sent_all_messages_when_it_returns(stage: Stage) -> None:
    """When the function returns, all messages have left: the program may end there and then.

    Look at who sends: is it your function itself, or something that it starts and does not wait for?

    More: A thread or a task that is only started has done little or nothing yet, and a daemon thread ends where the
    program ends. Wait for it: `join()` or `await`.

    Lesson: Your task
    """
    receiver = polite_receiver(stage)
    messages = [stage.word() for _ in range(1000)]
    call = stage.program().call("send_messages", *receiver.address, messages, killed=True)
    assert receiver.all_from(call, 1000).stripped().among(encoded(messages)) == encoded(messages)


def test_sends_65507_bytes_in_one_datagram(stage: Stage) -> None:
    """A message of 65,507 bytes, the longest there is, arrives in one datagram.

    Look at the place where you look at the length: what does it do with a message that fits to the byte?

    More: 65,507 bytes are allowed and 65,508 are not. Nobody asks you to cut a message up.

    Lesson: How long a datagram can be
    """
    receiver = polite_receiver(stage)
    receiver.require_room_for(65_507)
    message = stage.word(65_507)
    call = stage.call("send_messages", *receiver.address, [message])
    assert receiver.receive(1, done=call) == encoded([message])


@pytest.mark.points(2)
def test_refuses_a_message_of_65508_bytes(stage: Stage) -> None:
    """A message of 65,508 bytes raises ValueError, no message after it is sent, and no socket stays open.

    Look at the place where you look at the length: what do you measure, when, and what happens next?

    More: A datagram holds 65,507 bytes, and "€" is one character and three bytes: measure what you send. Raise at once,
    before this message or another is sent. A `with` statement closes the socket on this way out, too.

    Lesson: How long a datagram can be
    """
    receiver, program = polite_receiver(stage), stage.program()
    short = program.call("send_messages", *receiver.address, ["short"])
    assert receiver.all_from(short, 1).count() >= 1
    before = program.holdings()
    call = program.call("send_messages", *receiver.address, ["€" * 21_836, "after"])
    assert call.outcome() == Raises(ValueError)
    assert receiver.rest() == []
    if not before.sockets:  # one that leaves a socket open in any case fails another check for that
        for _ in range(10):  # one after another: so much does not fit into the way to a program that waits
            receiver.all_from(program.call("send_messages", *receiver.address, ["fits", "€" * 21_836]), 1)
        assert program.holdings(before) <= before


@pytest.mark.rests_on("open_files")
def test_leaves_no_socket_open_after_50_calls(stage: Stage) -> None:
    """After 50 calls no socket is open.

    Look at the end of your function, and at every way out of it: who closes the socket?

    More: A `with` statement closes the socket whichever way the function ends. `detach()` does not close it, and a list
    or a thread that holds it keeps it open.

    Lesson: One socket, one sender
    """
    receiver, program = polite_receiver(stage), stage.program()
    # The first call may set up what the others share.
    receiver.all_from(program.call("send_messages", *receiver.address, ["first"]), 1)
    before = program.holdings()
    calls = [program.call("send_messages", *receiver.address, ["again"]) for _ in range(50)]
    assert receiver.all_from(calls[-1], 50).count() >= 50
    assert program.holdings(before) <= before


def test_returns_although_nobody_answers(stage: Stage) -> None:
    """A hundred messages to a receiver that never answers are sent without a wait.

    Look at what your code does right after it has sent a message: what does it wait for?

    More: UDP has no answer of its own, and this receiver sends none. A time-out only makes the wait shorter.

    Lesson: When nobody answers
    """
    receiver = stage.datagrams()
    call = stage.call("send_messages", *receiver.address, [stage.word() for _ in range(100)])
    assert call.outcome() == Returns()
    assert receiver.receive(1, done=call).count() >= 1


@pytest.mark.points(2)
def test_returns_although_nobody_listens(stage: Stage) -> None:
    """Ten messages to a port nobody listens on are sent, and the function returns 10 as always.

    Look at the call that sends, on your socket: can it raise an error, and which of your messages is that error about?

    More: On a connected socket, the next `send()` raises ConnectionRefusedError for a datagram sent before. Whether
    somebody listens is not your function's concern.

    Lesson: When nobody answers
    """
    receiver, program, messages = stage.datagrams(refuses=True), stage.program(), [stage.word() for _ in range(10)]
    # One that counts wrongly whoever listens fails another check for that.
    usual = program.call("send_messages", *polite_receiver(stage).address, messages).outcome()
    call = program.call("send_messages", *receiver.address, messages)
    assert call.outcome() == (10 if usual == 10 else Returns())
    receiver.open()
    again = program.call("send_messages", *receiver.address, ["now"])
    assert receiver.all_from(again, 1).count() >= 1


def test_loses_no_message_after_one_was_refused(stage: Stage) -> None:
    """When nobody listens to the first message but somebody does from then on, all the others arrive.

    Look at what your code does when a send raises ConnectionRefusedError: where is the message at hand now?

    More: The error is about a datagram sent before. The system reports it instead of sending, so the message at hand
    has not left yet.

    Lesson: When nobody answers
    """
    receiver = stage.datagrams(refuses=True)
    messages = tuple(stage.word() for _ in range(10))
    call = stage.call("send_messages", *receiver.address, Generator(messages, pauses_before=1))
    arrived = receiver.all_from(call, 9, at_pause=receiver.open)
    # A program that takes all messages before it sends any is refused none: all ten arrive.
    assert arrived.stripped().among(encoded(messages[1:])) == encoded(messages[1:])
