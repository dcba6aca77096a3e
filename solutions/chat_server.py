"""Chat server: every client is greeted, every line is answered, and nobody waits for anybody else."""

import contextlib
import socket
import threading
from collections.abc import Iterator

GREETING = "Welcome to the chat server! Type 'quit' to exit."
ANSWER = "Server received: "


def run_server(host: str = "localhost", port: int = 5555) -> None:
    """Greet each client at once, answer each line it sends, and serve all clients at the same time.

    The answer to a line is `ANSWER` and the line; a line that is `quit`, in any case and with any white space around
    it, closes that client's connection instead. Listens on `host` and `port` (0 means any free port). Runs until
    Ctrl-C, then closes everything and returns.
    """
    clients: set[socket.socket] = set()
    with socket.socket() as listener:
        # Connections of the last run still hold the port for a while; bind() looks at this option, so it comes first.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
        print(f"Chat server listening on {listener.getsockname()}")
        try:
            while True:
                _start_conversation(listener, clients)
        except KeyboardInterrupt:
            print("Chat server stopped")
    for conn in clients.copy():
        # Wakes the thread that waits in recv() or sendall(); close() would leave it waiting, and the program with it.
        with contextlib.suppress(OSError):
            conn.shutdown(socket.SHUT_RDWR)


def _start_conversation(listener: socket.socket, clients: set[socket.socket]) -> None:
    """Wait for the next client, and talk with it in a thread of its own."""
    # Some systems report a client that left before accept() took it; that is no reason to stop serving.
    with contextlib.suppress(ConnectionAbortedError):
        conn, _ = listener.accept()
        clients.add(conn)
        threading.Thread(target=_talk, args=(conn, clients)).start()


def _talk(conn: socket.socket, clients: set[socket.socket]) -> None:
    """Greet one client and answer its lines until it says quit or leaves."""
    # A client that breaks its connection ends this conversation and nothing else.
    with conn, contextlib.suppress(OSError):
        _send_line(conn, GREETING)
        for line in _lines(conn):
            if line.strip().lower() == "quit":
                break
            _send_line(conn, ANSWER + line)
    clients.discard(conn)


def _send_line(conn: socket.socket, text: str) -> None:
    conn.sendall(f"{text}\n".encode())


def _lines(conn: socket.socket) -> Iterator[str]:
    """Yield each line without its end; what is left when the client stops sending is the last one."""
    pending = b""
    while data := conn.recv(4096):
        # One recv() may bring half a line, or three lines and a half: the half waits here for its newline.
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            # Decoded as a whole and not piece by piece, since pieces may part inside a character.
            yield line.removesuffix(b"\r").decode(errors="replace")
    if pending:
        yield pending.decode(errors="replace")


if __name__ == "__main__":
    run_server()
