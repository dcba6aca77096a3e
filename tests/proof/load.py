"""Keeps the machine's cores busy, so that a verdict that depends on the clock shows itself."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 64
# Each loop ends when this process closes its standard input, be it by dying: nothing is ever left running.
BUSY = """
import select, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
while not select.select([sys.stdin], [], [], 0)[0]:
    sum(range(100_000))
print(time.process_time())
"""


@dataclass
class Load:
    """What the loops took: `share` of the time of all processors, 0.0 to 1.0, known once they have ended."""

    share: float = 0.0


@contextlib.contextmanager
def busy_loops(count: int) -> Iterator[Load]:
    """Run `count` processes (at most 64) that do nothing but compute, until the block is left.

    Each is a session of its own: Linux shares out processors by session first (sched(7), autogroup), and would else
    give all of them together no more than one of the programs that are graded.
    """
    began, load = time.monotonic(), Load()
    loops = [
        subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", BUSY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        for _ in range(min(count, MOST))
    ]
    try:
        yield load
    finally:
        used = sum(float(loop.communicate()[0] or 0) for loop in loops)
        load.share = used / (os.cpu_count() or 1) / (time.monotonic() - began)
