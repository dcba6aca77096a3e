"""A fenced process for a test: call a function behind the fence, in a fork, and see what came of it."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.harness.fence import Fence, Policy

Behind = Callable[..., object]

if sys.platform != "linux":
    collect_ignore_glob = ["test_*"]


@pytest.fixture(scope="session")
def fence() -> Fence:
    return Fence()


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """The one folder that a fenced process may write into."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def behind(fence: Fence, scratch: Path) -> Behind:
    """`behind(function, **policy)`: what the function returns behind the fence, as plain data; an error's name."""

    def call(function: Callable[[], object], **allowed: object) -> object:
        policy = Policy(**{"writable": (str(scratch),), **allowed})  # type: ignore[arg-type]
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setsid()
                os.chdir(scratch)
                fence.enter(policy)
                told: object = function()
            except BaseException as error:
                told = f"{type(error).__name__}: {error}"
            os.write(writing, json.dumps(told).encode())
            os._exit(0)
        os.close(writing)
        with open(reading, "rb") as answer:
            told = json.loads(answer.read() or '"died"')
        os.waitpid(child, 0)
        return told

    return call


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A TCP socket that listens on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock
