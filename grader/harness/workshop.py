"""What a worker has for starting programs, and what one of them may do on the network."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grader.harness.fence import Policy
from grader.harness.launcher import Launcher
from grader.harness.output import Drain
from grader.harness.source import Source


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What a worker has for starting programs: one exercise of one submission.

    `folder` holds the staged files, `scratch` is where programs may write; without a `policy` there is no fence.
    `started` are the functions of which something else is known than that they raise NotImplementedError.
    """

    launcher: Launcher
    drain: Drain
    folder: Path
    scratch: Path
    name: str
    functions: tuple[str, ...]
    shows: int
    source: Source
    request: dict[str, Any]
    policy: Policy | None = None
    started: set[str] = field(default_factory=set)

    def fence(self, door: Door) -> dict[str, Any] | None:
        """What a program of this workshop may do, as its launcher takes it."""
        if self.policy is None:
            return None
        readable, ports = (str(self.folder),), door.connects_to
        return replace(self.policy, readable=readable, tcp_connect_ports=ports, tcp_bind=door.listens).as_json()


@dataclass(frozen=True, kw_only=True)
class Door:
    """What a program may do on the network: be a server, or connect to these ports of the check's own."""

    listens: bool = False
    connects_to: tuple[int, ...] = ()
