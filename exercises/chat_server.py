"""Chat server: every client is greeted, every line is answered, and nobody waits for anybody else.

Read exercises/chat_server.md first. To see how far you are: nox -s grade -- chat_server
"""

GREETING = "Welcome to the chat server! Type 'quit' to exit."
ANSWER = "Server received: "


def run_server(host: str = "localhost", port: int = 5555) -> None:
    """Greet each client at once, answer each line it sends, and serve all clients at the same time.

    The answer to a line is `ANSWER` and the line; a line that is `quit`, in any case and with any white space around
    it, closes that client's connection instead. Listens on `host` and `port` (0 means any free port). Runs until
    Ctrl-C, then closes everything and returns.
    """
    # TODO: listen, and hold each client's conversation beside all the others: greet, collect lines, answer them.
    raise NotImplementedError


if __name__ == "__main__":
    run_server()
