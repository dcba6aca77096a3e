"""One port in both families: what is done where a family is missing, or the port is taken in one."""

from __future__ import annotations

import errno
import socket

import pytest

from grader.harness.localhost import TRIES, bound


class Binder:
    """Binds sockets and remembers them; the first `times` in IPv6 fail with `error`."""

    def __init__(self, error: int = 0, times: int = 0) -> None:
        self.socks: list[socket.socket] = []
        self._errors = [error] * times

    def __call__(self, family: int, host: str, port: int) -> socket.socket:
        if family == socket.AF_INET6 and self._errors:
            raise OSError(self._errors.pop(), "made to fail")
        self.socks.append(socket.create_server((host, port), family=family))
        return self.socks[-1]

    def close(self) -> None:
        for sock in self.socks:
            sock.close()


def test_an_address_has_one_socket() -> None:
    bind = Binder()
    assert [sock.getsockname()[0] for sock in bound("127.0.0.1", 0, bind)] == ["127.0.0.1"]
    bind.close()


def test_a_machine_without_ipv6_has_one_socket() -> None:
    bind = Binder(errno.EADDRNOTAVAIL, TRIES)
    assert [sock.family for sock in bound("localhost", 0, bind)] == [socket.AF_INET]
    bind.close()


def test_a_port_that_is_taken_in_one_family_is_given_back() -> None:
    bind = Binder(errno.EADDRINUSE, 3)
    socks = bound("localhost", 0, bind)
    assert len({sock.getsockname()[1] for sock in socks}) == 1
    assert [sock.fileno() < 0 for sock in bind.socks] == [True] * 3 + [False] * len(socks)
    bind.close()


def test_when_every_port_is_taken_that_is_said() -> None:
    bind = Binder(errno.EADDRINUSE, TRIES)
    with pytest.raises(OSError, match="no port is free in both families") as error:
        bound("localhost", 0, bind)
    assert error.value.errno == errno.EADDRINUSE
    assert [sock.fileno() for sock in bind.socks] == [-1] * TRIES
