"""What the grader's own processes do for their protection: hide, adopt orphans, move away from the network."""

from __future__ import annotations

import sys

from .policy import Policy

if sys.platform == "linux":
    from . import credentials, limits, namespace

# A worker, its launcher and their threads, which count against a program's processes in a namespace of their own.
_OWN = 16


def can_isolate() -> bool:
    """Whether workers can have a network of their own here."""
    return sys.platform == "linux" and namespace.is_available()


def ordinary_policy(*, isolated: bool, strict: bool, without: tuple[str, ...] = ()) -> Policy:
    """The policy for learner's programs; each worker adds its folders. Ask once per run: it looks at all processes.

    A `strict` one closes the machine's shared memory to them, and with it the locks of `multiprocessing`.
    """
    already = 0
    if sys.platform == "linux":
        already = _OWN if isolated else limits.already_running()
    return Policy(already=already, shared_memory=isolated or not strict, without=without)


def protect_worker(*, isolated: bool, scratch: str) -> None:
    """Make this process hard to look into, the home of orphans, and, if `isolated`, alone on its network.

    Then `scratch` is in memory, and is gone with this process.
    """
    if sys.platform == "linux":
        if isolated:
            namespace.enter(scratch)
        credentials.adopt_orphans()
        credentials.hide_memory()
