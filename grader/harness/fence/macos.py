"""The fence on macOS: limits, and a sandbox profile as `sandbox-exec` takes it. Written unseen and untested.

`sandbox-exec` itself would start a new program; the function behind it (`sandbox_init` in libSystem, declared
deprecated and in use everywhere) puts the sandbox over this process, which is what a fork needs. macOS has no child
subreaper, so a double-forked daemon can outlive its program here.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Iterable

from . import limits
from .policy import Policy

_SYSTEM = ("/usr/lib", "/System", "/Library/Apple", "/private/etc", "/private/var/db/timezone", "/usr/share")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


class Fence:
    """See `linux.Fence`."""

    def enter(self, policy: Policy) -> None:
        """Fence this process in. Raises `OSError` when the sandbox refuses the profile."""
        limits.enforce(policy)
        library = ctypes.CDLL(None, use_errno=True)
        message = ctypes.c_char_p()
        if library.sandbox_init(profile(policy).encode(), ctypes.c_uint64(0), ctypes.byref(message)) != 0:
            raise OSError(f"sandbox_init: {(message.value or b'no reason given').decode(errors='replace')}")


def profile(policy: Policy) -> str:
    """The sandbox profile (a Scheme dialect) for this policy: everything is closed, and then some of it opened."""
    prefixes = {os.path.realpath(prefix) for prefix in (sys.base_prefix, sys.base_exec_prefix)}
    rules = [
        "(version 1)",
        "(deny default)",
        "(allow process-fork)",
        "(allow sysctl-read)",
        "(allow file-read-metadata)",
    ]
    rules.append("(allow signal (target same-sandbox))" if policy.has("signals") else "(allow signal)")
    if policy.has("files"):
        rules.append(_files("file-read*", "subpath", [*_SYSTEM, *sorted(prefixes), *policy.readable, *policy.writable]))
        rules.append(_files("file-read*", "literal", ["/", *_DEVICES]))
        rules.append(_files("file-write*", "subpath", policy.writable))
        rules.append(_files("file-write*", "literal", ["/dev/null"]))
    else:
        rules.append("(allow file*)")
    rules.append("(allow ipc-posix-sem)")
    rules.append(_files("process-exec", "literal", [os.path.realpath(sys.executable)]))
    rules += _network(policy)
    return "\n".join(rules)


def _network(policy: Policy) -> list[str]:
    if not policy.has("ports"):
        return ["(allow network*)"]
    rules = ['(allow network-outbound (remote udp "localhost:*"))', '(allow network-bind (local udp "localhost:*"))']
    rules += [f'(allow network-outbound (remote tcp "localhost:{port}"))' for port in policy.tcp_connect_ports]
    if policy.tcp_bind:
        rules += ['(allow network-bind (local tcp "*:*"))', '(allow network-inbound (local tcp "*:*"))']
    return rules


def _files(action: str, match: str, paths: Iterable[str]) -> str:
    filters = " ".join(f"({match} {json.dumps(os.path.realpath(path))})" for path in paths)
    return f"(allow {action} {filters})" if filters else ""
