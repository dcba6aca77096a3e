"""Keeps the machine's cores busy, so that a verdict that depends on the clock shows itself."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 64
# Each loop ends when this process closes its standard input, be it by dying: nothing is ever left running.
BUSY = """
import select, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
while not select.select([sys.stdin], [], [], 0)[0]:
    sum(range(100_000))
"""


@contextlib.contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Run `count` processes (at most 64) that do nothing but compute, until the block is left."""
    loops = [
        subprocess.Popen([sys.executable, "-I", "-S", "-c", BUSY], stdin=subprocess.PIPE)
        for _ in range(min(count, MOST))
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.communicate()
