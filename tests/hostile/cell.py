"""Run a command where it does no harm and leaves nothing unseen: `python -m tests.hostile.cell < ORDER`, in JSON.

The cell is a set of Linux namespaces: processes, network, mounts. Its first process starts the command, waits for it,
and then looks what is left: in such a cell, every other process and every file in /tmp is. Nothing outside can be
signalled or reached from inside, whatever the fence under test does or fails to do. 192.0.2.1, which stands for the
world outside (RFC 5737), belongs to the cell's own loopback interface.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import signal
import socket
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any

from grader.harness.fence.libc import call
from grader.harness.fence.namespace import _raise_loopback

NEW_MOUNTS, NEW_IPC, NEW_USER, NEW_PROCESSES, NEW_NET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
RECURSIVELY, PRIVATE, BIND = 0x4000, 0x40000, 0x1000
SET_ADDRESS = 0x8916  # SIOCSIFADDR
OUTSIDE = "192.0.2.1"
GRACE = 0.2  # seconds for a process that has been killed to vanish
KEPT = 4_000_000


def main() -> None:
    """Build the cell, run the command, print what happened."""
    order = json.loads(sys.stdin.read())
    reading, writing = os.pipe()
    enter()
    first = os.fork()
    if first == 0:
        code = 1
        with contextlib.suppress(BaseException):
            os.write(writing, json.dumps(be_first_process(order)).encode())
            code = 0
        os._exit(code)
    os.close(writing)
    with open(reading, "rb") as report:
        told = report.read()
    os.waitpid(first, 0)
    print(told.decode() or '{"broken": "the first process of the cell died"}')


def enter() -> None:
    """Move this process's future children into namespaces of their own."""
    user, group = os.getuid(), os.getgid()
    call("unshare", NEW_MOUNTS | NEW_IPC | NEW_PROCESSES | NEW_NET | (0 if user == 0 else NEW_USER))
    if user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path(f"/proc/self/{name}").write_text(text)
    call("mount", None, b"/", None, RECURSIVELY | PRIVATE, None)


def be_first_process(order: dict[str, Any]) -> dict[str, Any]:
    """Furnish the cell, run the command in it, look around."""
    for source, target in order["binds"]:
        Path(target).mkdir(exist_ok=True)
        call("mount", os.fsencode(source), os.fsencode(target), None, BIND | RECURSIVELY, None)
    for folder in ("/tmp", "/dev/shm"):
        call("mount", b"tmpfs", folder.encode(), b"tmpfs", 0, b"size=2g,mode=1777")
    call("mount", b"proc", b"/proc", b"proc", 0, None)
    _raise_loopback()
    own_outside()
    stages = [threading.Thread(target=entertain, args=(sock,), daemon=True) for sock in listeners(order)]
    for stage in stages:
        stage.start()
    began = time.monotonic()
    status, typed = run(order)
    seconds = time.monotonic() - began
    return {
        "status": status,
        "seconds": round(seconds, 2),
        "typed": typed,
        "left": processes_left(),
        "files": sorted(str(path) for folder in ("/tmp", "/dev/shm") for path in Path(folder).rglob("*")),
    }


def own_outside() -> None:
    """Give the address that stands for the outside to this cell's loopback interface."""
    address = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(OUTSIDE))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SET_ADDRESS, struct.pack("16s16s", b"lo:1", address))


def listeners(order: dict[str, Any]) -> list[socket.socket]:
    """Services of the machine that no submission should reach: echo at a TCP port, outside, and at a unix socket."""
    made = [socket.create_server(("127.0.0.1", order["port"])), socket.create_server((OUTSIDE, order["port"]))]
    unix = socket.socket(socket.AF_UNIX)
    Path(order["unix_socket"]).unlink(missing_ok=True)
    unix.bind(order["unix_socket"])
    os.chmod(order["unix_socket"], 0o777)
    unix.listen()
    return [*made, unix]


def entertain(listener: socket.socket) -> None:
    """Echo what comes, one client at a time."""
    while True:
        with contextlib.suppress(OSError):
            conn, _ = listener.accept()
            with conn:
                while data := conn.recv(65536):
                    conn.sendall(data)


def run(order: dict[str, Any]) -> tuple[int | str, str]:
    """Run the command as the user in the order; returns its exit status, and what it typed into its terminal."""
    terminal, inside = pty.openpty() if order["terminal"] else (None, None)
    child = os.fork()
    if child == 0:
        try:
            become_command(order, inside)
        finally:
            os._exit(127)
    timer = threading.Timer(order["seconds"], os.kill, (child, signal.SIGKILL))
    timer.start()
    status: int | str = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    timed_out = not timer.is_alive()
    timer.cancel()
    typed = read_waiting(inside) if inside is not None else ""
    for descriptor in (terminal, inside):
        if descriptor is not None:
            os.close(descriptor)
    return ("timed out" if timed_out else status), typed


def become_command(order: dict[str, Any], inside: int | None) -> None:
    """Take the command's place: streams, terminal, user, program."""
    os.setsid()
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.fchmod(output, 0o666)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY) if inside is None else inside, 0)
    if inside is not None:
        fcntl.ioctl(0, 0x540E, 0)  # TIOCSCTTY
    os.chdir(order["cwd"])
    if order["user"] is not None:
        os.setgroups([])
        os.setresgid(order["user"], order["user"], order["user"])
        os.setresuid(order["user"], order["user"], order["user"])
    os.execve(order["command"][0], order["command"], order["environment"])


def read_waiting(terminal: int) -> str:
    """What waits in the terminal's input, as if somebody had typed it."""
    os.set_blocking(terminal, False)
    with contextlib.suppress(OSError):
        return os.read(terminal, 4096).decode("utf-8", "replace")
    return ""


def processes_left() -> list[str]:
    """The command lines of all processes but this first one, which has adopted what nobody else did."""
    end = time.monotonic() + GRACE
    while True:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        left = [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]
        if not left or time.monotonic() > end:
            return [_describe(pid) for pid in left]
        time.sleep(0.01)


def _describe(pid: int) -> str:
    with contextlib.suppress(OSError):
        return f"{pid}: " + Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return str(pid)


if __name__ == "__main__":
    main()
