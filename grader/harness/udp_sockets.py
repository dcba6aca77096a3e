"""UDP sockets for a peer: at one port in both families, with room for a burst, refusing and reopened."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys

BUFFER = 64 * 1024 * 1024  # bytes asked for; the system may grant less (net.core.rmem_max), so a peer also drains
_FORCE = 33  # SO_RCVBUFFORCE (socket(7)): beyond rmem_max, for root only
_MEMINFO = 55  # SO_MEMINFO (Linux): nine counters of the socket, the last is how many datagrams it had no room for
_SHARE = socket.SO_REUSEADDR if sys.platform == "linux" else getattr(socket, "SO_REUSEPORT", socket.SO_REUSEADDR)


def reopened(refusing: socket.socket) -> socket.socket:
    """A socket at the same address that is not connected; the port is never free in between."""
    refusing.setsockopt(socket.SOL_SOCKET, _SHARE, 1)
    with refusing:
        sock = bind(refusing.family, *refusing.getsockname()[:2], share=True)
    sock.setsockopt(socket.SOL_SOCKET, _SHARE, 0)
    return sock


def bind(family: int, host: str, port: int, *, share: bool = False) -> socket.socket:
    """A socket at `host` and `port`, which others may share with `share`. Raises OSError."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, _SHARE, share)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _FORCE, BUFFER)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def dropped(sock: socket.socket) -> int:
    """How many datagrams the system had no room for at this socket, where it tells."""
    if sys.platform != "linux":
        return 0
    with contextlib.suppress(OSError, struct.error):
        return int(struct.unpack("9I", sock.getsockopt(socket.SOL_SOCKET, _MEMINFO, 36))[-1])
    return 0
