"""Echo server: whatever a client sends comes back, byte for byte."""

import socket


def run_echo_server(host: str = "localhost", port: int = 9999) -> None:
    """Send every byte back, unchanged and as it arrives, until the client stops sending; then finish and close.

    Listens on `host` and `port` (0 means any free port) and serves one client after another; a client that leaves,
    or resets its connection, costs only its own conversation. Runs until Ctrl-C, then closes everything and returns.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
            # Old connections hold the port for a minute after a restart; bind() looks at this, so it comes first.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen()
            print(f"Echo server listening on {listener.getsockname()}")
            while True:
                _serve_next_client(listener)
    except KeyboardInterrupt:
        print("Echo server stopped")


def _serve_next_client(listener: socket.socket) -> None:
    """Wait for a client and echo until it stops sending."""
    try:
        conn, _ = listener.accept()
        with conn:
            # Only b"" is the end: a short piece says nothing, since a stream has no messages.
            while data := conn.recv(4096):
                # send() may take a part of the data and leave the rest to us; sendall() goes on until all is taken.
                conn.sendall(data)
    except (ConnectionError, TimeoutError):
        # A client that resets or vanishes ends its own conversation; some systems report it from accept().
        pass


if __name__ == "__main__":
    run_echo_server()
