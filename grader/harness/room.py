"""Little room on the way from a program to its peer, so that it soon meets what it cannot send."""

from __future__ import annotations

import contextlib
import socket


def narrow(sock: socket.socket, receive_buffer: int | None, segment: int | None) -> None:
    """Bound what a peer's socket takes from a program unread, before it connects or listens; None leaves it as it is.

    The window is told in the SYN, and so is the segment, by which the kernel measures the program's own send buffer
    (SO_RCVBUF, socket(7), and TCP_MAXSEG, tcp(7); both in bytes). What a listener accepts inherits both.
    """
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if segment:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment)
