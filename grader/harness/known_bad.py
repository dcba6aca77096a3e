"""Programs with known mistakes, started as a learner's would be: a trick that does not catch them catches nobody."""

from __future__ import annotations

import socket


def send_once(host: str, port: int, size: int) -> int:
    """Trust `send` to take everything; returns how much it took."""
    with socket.create_connection((host, port)) as sock:
        return sock.send(bytes(size))


def receive_twice(host: str, port: int) -> list[bytes]:
    """Take each `recv` for one message; returns the two."""
    with socket.create_connection((host, port)) as sock:
        return [sock.recv(1024), sock.recv(1024)]


def spin(host: str, port: int) -> None:
    """Ask again and again without waiting."""
    with socket.create_connection((host, port)) as sock:
        sock.setblocking(False)
        while True:
            try:
                if sock.recv(1):
                    return
            except BlockingIOError:
                continue


def keep(count: int) -> int:
    """Open sockets and never close them."""
    _kept.extend(socket.socket() for _ in range(count))
    return len(_kept)


_kept: list[socket.socket] = []
