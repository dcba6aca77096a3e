"""Exercise `chat_client`: talk to a chat server while it may talk to you at any time.

The lesson beside this file, chat_client.md, explains the task and how to try your program by hand.
"""


def run_client(host: str = "localhost", port: int = 5555) -> None:
    """Chat with the server at host and port, until you leave or the server does.

    Each line of standard input is sent, ended by a newline; each line of the server is shown as soon as it is whole.
    A line `quit` (in any case, with any spaces around it) or the end of the input leaves, after everything typed
    before has been sent. The function returns in every case; it lets no exception out.
    """
    # TODO: connect, then send what is typed and show what arrives, both at the same time.
    raise NotImplementedError


if __name__ == "__main__":
    run_client()
