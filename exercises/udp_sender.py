"""UDP sender: one datagram for each message, and no looking back.

Read exercises/udp_sender.md first. To see how far you are: nox -s grade -- udp_sender
"""

from collections.abc import Iterable


def send_messages(host: str, port: int, messages: Iterable[str]) -> int:
    """Send each message as one UTF-8 datagram, in order, and return how many were sent.

    Never waits for an answer and does not mind that nobody listens. An empty message is an empty datagram.
    Raises ValueError at a message of more than 65,507 bytes, and sends neither it nor any message after it.
    """
    # TODO: make one UDP socket, send each message to `host` and `port` with it, count, and close it.
    raise NotImplementedError


if __name__ == "__main__":
    count = send_messages("localhost", 9999, ["one", "two", "", "café"])
    print(f"{count} messages sent")
