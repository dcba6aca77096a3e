"""Chat client: one thread sends what you type, the main thread shows what the server says."""

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

PARTING_TIME = 0.3  # seconds in which answers that are on their way are still shown after you have left


def run_client(host: str = "localhost", port: int = 5555) -> None:
    """Chat with the server at host and port, until you leave or the server does.

    Each line of standard input is sent, ended by a newline; each line of the server is shown as soon as it is whole.
    A line `quit` (in any case, with any spaces around it) or the end of the input leaves, after everything typed
    before has been sent. The function returns in every case; it lets no exception out.
    """
    try:
        sock = socket.create_connection((host, port))
    except OSError:
        print("Could not connect to server. Is it running?")
        return
    with sock:
        # A daemon, because nothing can wake a thread that waits for the keyboard once the server has left.
        threading.Thread(target=_send_typed_lines, args=(sock,), daemon=True).start()
        _show_lines(sock)
    print("Disconnected from server")


def _send_typed_lines(sock: socket.socket) -> None:
    """Send what is typed until it is `quit` or the input ends, then take leave of the server."""
    # When the server has left, sending fails; the main thread's recv() has seen it too, and ends the program.
    with contextlib.suppress(OSError):
        # Not input(): it holds a lock on sys.stdin while it waits, and Python could not shut down beside it.
        for line in _lines(lambda: os.read(sys.stdin.fileno(), 65536)):
            text = line.decode(errors="replace").strip()
            if text.lower() == "quit":
                sock.sendall(b"quit\n")
                break
            if text:
                sock.sendall(line + b"\n")
        sock.shutdown(socket.SHUT_WR)
        time.sleep(PARTING_TIME)
        # This wakes the other thread in its recv(), which close() would not do.
        sock.shutdown(socket.SHUT_RD)


def _show_lines(sock: socket.socket) -> None:
    """Print each line of the server until it stops sending."""
    for line in _lines(lambda: _receive(sock)):
        print(line.decode(errors="replace"), flush=True)


def _receive(sock: socket.socket) -> bytes:
    """Return the next bytes from the server; a broken connection counts as its end."""
    try:
        return sock.recv(65536)
    except OSError:
        return b""


def _lines(read: Callable[[], bytes]) -> Iterator[bytes]:
    """Cut the bytes that read() returns into lines; b"" ends them, and what is left then is the last line."""
    rest = b""
    while piece := read():
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest


if __name__ == "__main__":
    run_client()
