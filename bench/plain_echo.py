"""The trivial echo check as one would write it with pytest and `subprocess` alone: what ours is held against.

It starts a fresh interpreter, finds a free port by giving one back, and learns that the server listens by connecting.
`python -m pytest bench/plain_echo.py`
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SOLUTIONS = Path(__file__).parent.parent / "solutions"
# Ten seconds are plenty for a server that listens within 50 ms.
TRIES, PAUSE = 2000, 0.005


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("localhost", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def connect(port: int) -> socket.socket:
    """Connect as soon as somebody listens."""
    for _ in range(TRIES):
        try:
            return socket.create_connection(("localhost", port), timeout=5)
        except ConnectionRefusedError:
            time.sleep(PAUSE)
    raise TimeoutError(f"nobody listens on port {port}")


@pytest.fixture
def conn() -> Iterator[socket.socket]:
    """A connection to the echo server, which runs as a program of its own."""
    port = free_port()
    call = f"from echo_server import run_echo_server; run_echo_server('localhost', {port})"
    with subprocess.Popen([sys.executable, "-c", call], cwd=SOLUTIONS) as process:
        try:
            with connect(port) as conn:
                yield conn
        finally:
            process.kill()


def test_echoes_a_message(conn: socket.socket) -> None:
    """What is sent comes back."""
    conn.sendall(b"Hello, sockets")
    arrived = b""
    while len(arrived) < 14:
        piece = conn.recv(1024)
        assert piece, arrived
        arrived += piece
    assert arrived == b"Hello, sockets"
