"""Fetch URL: ask a web server for a page over a plain socket, and return all it answers.

Read exercises/fetch_url.md first. To see how far you are: nox -s grade -- fetch_url
"""

import sys


def fetch_url(url: str, timeout: float = 10.0) -> str:
    """Ask the server in `url` for the page and return all it sends: status line, headers and body, as text.

    `url` looks like `http://host[:port][/path][?query][#fragment]`; no port means 80, no path means `/`.
    Bytes that are not UTF-8 are replaced. `timeout` is in seconds.

    Raises `ValueError` for any scheme but http, `ConnectionRefusedError` when nobody listens, `ConnectionError` when
    the connection breaks and `TimeoutError` when nothing arrives for `timeout` seconds.
    """
    # TODO: take the URL apart, connect, send the request, read the whole response.
    raise NotImplementedError


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(fetch_url(argument))
