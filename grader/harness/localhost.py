"""A peer at "localhost": the name may mean either family, and a client looks at one port in both."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

TRIES = 20  # for a port that is free in both families


def bound(host: str, port: int, bind: Callable[[int, str, int], socket.socket]) -> list[socket.socket]:
    """What `bind` makes of family, host and port, for each address that "localhost" may be, or for the one given.

    Port 0 is one that is free in all of them. Raises OSError where there is none, or as `bind` does.
    """
    if host != "localhost":
        return [bind(socket.AF_INET, host, port)]
    for _ in range(TRIES):
        socks = [bind(socket.AF_INET, "127.0.0.1", port)]
        try:
            return [*socks, bind(socket.AF_INET6, "::1", socks[0].getsockname()[1])]
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return socks  # a machine without IPv6: nobody will look there
        socks[0].close()
    raise OSError(errno.EADDRINUSE, f"no port is free in both families, tried {TRIES} times")
