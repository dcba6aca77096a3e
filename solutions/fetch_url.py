"""Fetch URL: ask a web server for a page over a plain socket, and return all it answers.

Read exercises/fetch_url.md first. To see how far you are: nox -s grade -- fetch_url
"""

import socket
import sys
from urllib.parse import urlsplit


def fetch_url(url: str, timeout: float = 10.0) -> str:
    """Ask the server in `url` for the page and return all it sends: status line, headers and body, as text.

    `url` looks like `http://host[:port][/path][?query][#fragment]`; no port means 80, no path means `/`.
    Bytes that are not UTF-8 are replaced. `timeout` is in seconds.

    Raises `ValueError` for any scheme but http, `ConnectionRefusedError` when nobody listens, `ConnectionError` when
    the connection breaks and `TimeoutError` when nothing arrives for `timeout` seconds.
    """
    parts = urlsplit(url)  # gives the scheme in small letters, however it was written
    if parts.scheme != "http" or parts.hostname is None:
        raise ValueError(f"not an http:// URL: {url}")
    target = parts.path or "/"
    if parts.query:
        target += "?" + parts.query
    # Without "Connection: close" an HTTP/1.1 server may leave the connection open, and the loop below would wait on.
    request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    response = bytearray()
    # The time-out is set before connecting, so that it holds for connecting too.
    with socket.create_connection((parts.hostname, parts.port or 80), timeout) as sock:
        sock.sendall(request.encode())
        # recv() gives what has arrived so far; only b"" is the end.
        while chunk := sock.recv(65_536):
            response += chunk
    # Decoded once, at the end: a character may be split between two pieces.
    return response.decode("utf-8", errors="replace")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(fetch_url(argument))
