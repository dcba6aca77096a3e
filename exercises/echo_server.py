"""Echo server: whatever a client sends comes back, byte for byte.

Read exercises/echo_server.md first. To see how far you are: nox -s grade -- echo_server
"""


def run_echo_server(host: str = "localhost", port: int = 9999) -> None:
    """Send every byte back, unchanged and as it arrives, until the client stops sending; then finish and close.

    Listens on `host` and `port` (0 means any free port) and serves one client after another; a client that leaves,
    or resets its connection, costs only its own conversation. Runs until Ctrl-C, then closes everything and returns.
    """
    # TODO: listen, accept a client, echo what it sends, close, and wait for the next one.
    raise NotImplementedError


if __name__ == "__main__":
    run_echo_server()
