"""What a fenced process must still be able to do: all that a right program of this course might."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fence.conftest import Behind


def imports_the_library() -> list[str]:
    import warnings

    warnings.simplefilter("ignore")  # some modules are on their way out
    failed = []
    for name in sorted(sys.stdlib_module_names):
        # These open a window, a browser or a database of the system's, or belong to other systems.
        if name.startswith("_") or name in (
            "antigravity",
            "this",
            "idlelib",
            "turtledemo",
            "turtle",
            "tkinter",
            "test",
        ):
            continue
        try:
            __import__(name)
        except ModuleNotFoundError:
            continue
        except BaseException as error:
            failed.append(f"{name}: {error}")
    return failed


def resolves_names() -> list[str]:
    found = {str(info[4][0]) for info in socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)}
    return [*sorted(found & {"127.0.0.1"}), socket.getservbyname("http").__str__(), socket.gethostbyname("127.0.0.1")]


def runs_threads_and_processes() -> list[object]:
    import concurrent.futures
    import multiprocessing
    import threading

    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=queue.put, args=("queue",))
    process.start()
    seen: list[object] = [queue.get(timeout=10)]
    process.join()
    with context.Pool(2) as pool:
        seen += pool.map(abs, [-1, -2])
    value = context.Value("i", 7)
    thread = threading.Thread(target=seen.append, args=(value.value,))
    thread.start()
    thread.join()
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        seen += threads.map(abs, [-3])
    return seen


def spawns_a_fresh_interpreter() -> str:
    import subprocess

    command = [sys.executable, "-I", "-S", "-c", "import socket; print(socket.AF_INET)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def runs_asyncio() -> str:
    import asyncio

    async def talk() -> str:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(answer, "localhost", 0)
        async with server:
            await asyncio.to_thread(time.sleep, 0)
            return "served"

    return asyncio.run(talk())


def runs_socketserver() -> str:
    import socketserver

    with socketserver.ForkingTCPServer(("localhost", 0), socketserver.StreamRequestHandler) as server:
        server.timeout = 0
        server.handle_request()
        return "served"


def uses_both_families() -> list[str]:
    seen = []
    for host, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
        if family == socket.AF_INET6 and not _has_ipv6():
            continue
        with socket.create_server((host, 0), family=family) as server:
            seen.append(server.getsockname()[0])
    return seen


def sends_datagrams() -> str:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        one.bind(("127.0.0.1", 0))
        two.connect(one.getsockname())
        two.send(b"hello")
        return one.recv(10).decode()


def works_with_files() -> list[str]:
    import shutil
    import tempfile

    tempfile.tempdir = os.getcwd()
    with tempfile.NamedTemporaryFile("w", dir=".", delete=False) as file:
        file.write("content")
    os.replace(file.name, "final")
    shutil.copy2("final", "copy")
    shutil.move("copy", "moved")
    os.makedirs("one/two")
    os.rename("moved", "one/two/moved")
    Path("one/two/moved").chmod(0o600)
    content = Path("one/two/moved").read_text()
    shutil.rmtree("one")
    return [content, *sorted(os.listdir())]


def knows_who_and_when() -> list[bool]:
    import getpass
    import uuid

    os.environ.setdefault("USER", "learner")
    return [bool(time.localtime()), bool(getpass.getuser()), bool(uuid.uuid4()), len(os.urandom(8)) == 8,
            bool(os.cpu_count()), bool(socket.gethostname())]  # fmt: skip


def makes_a_pair() -> str:
    one, two = socket.socketpair()
    with one, two:
        one.sendall(b"pair")
        return two.recv(10).decode()


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


CASES: list[tuple[Callable[[], object], object]] = [
    (imports_the_library, []),
    (resolves_names, ["127.0.0.1", "80", "127.0.0.1"]),
    (runs_threads_and_processes, ["queue", 1, 2, 7, 3]),
    (spawns_a_fresh_interpreter, "2\n"),
    (runs_asyncio, "served"),
    (runs_socketserver, "served"),
    (uses_both_families, ["127.0.0.1", "::1"] if _has_ipv6() else ["127.0.0.1"]),
    (sends_datagrams, "hello"),
    (works_with_files, ["content", "final"]),
    (knows_who_and_when, [True] * 6),
    (makes_a_pair, "pair"),
]


@pytest.mark.parametrize(("works", "answer"), CASES, ids=[works.__name__ for works, _ in CASES])
def test_a_program_still(behind: Behind, works: Callable[[], object], answer: object) -> None:
    assert behind(works, tcp_bind=True) == answer
