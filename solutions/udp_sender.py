"""UDP sender: one datagram for each message, and no looking back."""

import socket
from collections.abc import Iterable

# An IPv4 packet has at most 65,535 bytes: 20 are its header, 8 are UDP's.
_MAX_BYTES = 65_507


def send_messages(host: str, port: int, messages: Iterable[str]) -> int:
    """Send each message as one UTF-8 datagram, in order, and return how many were sent.

    Never waits for an answer and does not mind that nobody listens. An empty message is an empty datagram.
    Raises ValueError at a message of more than 65,507 bytes, and sends neither it nor any message after it.
    """
    # Given a name, sendto() would look it up again for every message.
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    sent = 0
    # One socket for all messages: its port is how the receiver knows that they have one sender.
    with socket.socket(family, kind) as sock:
        for message in messages:
            payload = message.encode()
            # The limit is in bytes, and "é" has two.
            if len(payload) > _MAX_BYTES:
                raise ValueError(f"a datagram holds {_MAX_BYTES} bytes, and this message has {len(payload)}")
            # After connect(), a send may report that an EARLIER datagram was refused, and then sends nothing itself.
            sock.sendto(payload, address)
            sent += 1
    return sent


if __name__ == "__main__":
    count = send_messages("localhost", 9999, ["one", "two", "", "café"])
    print(f"{count} messages sent")
