"""Programs that get stuck, crash or spin at a line that is known, for each exercise in three styles.

In each text `FAULT` stands for the statement that does it.
"""

from __future__ import annotations

PLAIN, THREADS, ASYNCIO = "plain", "threads", "asyncio"
STYLES = (PLAIN, THREADS, ASYNCIO)

# What the fault does, and the statement in its place, in a function and in a coroutine.
FAULTS = {
    "stuck": ("(pair := socket.socketpair())[0].recv(1)", "await asyncio.Event().wait()"),
    "crashed": ("raise LookupError('lost')", "raise LookupError('lost')"),
    "spinning": ("while True: nothing = 0", "while True: nothing = 0"),
    "polling": ("while True: select.select([], [], [], 0)", "while True: await asyncio.sleep(0)"),
}
# One check of each exercise, at which such a program must fail.
CHECKS = {
    "echo_server": "sends_a_message_back_unchanged",
    "chat_server": "answers_each_line_a_client_sends",
    "chat_client": "sends_a_typed_line_with_its_end",
    "fetch_url": "returns_status_line_headers_and_body",
    "udp_sender": "sends_one_datagram_per_message_in_order",
}

SERVER = {
    PLAIN: """
import select
import socket

def NAME(host="localhost", port=0):
    with socket.create_server((host, port)) as server:
        while True:
            sock, _ = server.accept()
            serve(sock)

def serve(sock):
    GREET
    sock.recv(1024)
    FAULT
""",
    THREADS: """
import select
import socket
import threading

def NAME(host="localhost", port=0):
    with socket.create_server((host, port)) as server:
        while True:
            sock, _ = server.accept()
            threading.Thread(target=serve, args=(sock,), daemon=True).start()

def serve(sock):
    GREET
    sock.recv(1024)
    FAULT
""",
    ASYNCIO: """
import asyncio

def NAME(host="localhost", port=0):
    asyncio.run(main(host, port))

async def main(host, port):
    server = await asyncio.start_server(serve, host, port)
    await server.serve_forever()

async def serve(reader, writer):
    GREET
    await reader.read(1024)
    FAULT
""",
}
CLIENT = {
    PLAIN: """
import select
import socket

def NAME(host="localhost", port=5555):
    with socket.create_connection((host, port)) as sock:
        input()
        talk(sock)

def talk(sock):
    FAULT
""",
    THREADS: """
import select
import socket
import threading

def NAME(host="localhost", port=5555):
    with socket.create_connection((host, port)) as sock:
        thread = threading.Thread(target=talk, args=(sock,))
        thread.start()
        thread.join()

def talk(sock):
    input()
    FAULT
""",
    ASYNCIO: """
import asyncio

def NAME(host="localhost", port=5555):
    asyncio.run(main(host, port))

async def main(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    await asyncio.to_thread(input)
    await asyncio.create_task(talk(reader))

async def talk(reader):
    FAULT
""",
}
FETCH = {
    PLAIN: """
import select
import socket
from urllib.parse import urlsplit

def fetch_url(url, timeout=10.0):
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port or 80)) as sock:
        return answer(sock)

def answer(sock):
    FAULT
""",
    THREADS: """
import select
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

def fetch_url(url, timeout=10.0):
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port or 80)) as sock, ThreadPoolExecutor(1) as pool:
        return pool.submit(answer, sock).result()

def answer(sock):
    FAULT
""",
    ASYNCIO: """
import asyncio
from urllib.parse import urlsplit

def fetch_url(url, timeout=10.0):
    return asyncio.run(main(urlsplit(url)))

async def main(parts):
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    return await asyncio.create_task(answer(reader))

async def answer(reader):
    FAULT
""",
}
UDP = {
    PLAIN: """
import select
import socket

def send_messages(host, port, messages):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for message in messages:
            send(sock, message, (host, port))

def send(sock, message, address):
    FAULT
""",
    THREADS: """
import select
import socket
import threading

def send_messages(host, port, messages):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for message in messages:
            thread = threading.Thread(target=send, args=(sock, message, (host, port)))
            thread.start()
            thread.join()

def send(sock, message, address):
    FAULT
""",
    ASYNCIO: """
import asyncio
import socket

def send_messages(host, port, messages):
    asyncio.run(main((host, port), messages))

async def main(address, messages):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        for message in messages:
            await asyncio.create_task(send(sock, message, address))

async def send(sock, message, address):
    FAULT
""",
}
TEXTS = {"echo_server": SERVER, "chat_server": SERVER, "chat_client": CLIENT, "fetch_url": FETCH, "udp_sender": UDP}
NAMES = {"echo_server": "run_echo_server", "chat_server": "run_server", "chat_client": "run_client"}
GREETING = ("sock.sendall(b'Welcome\\n')", "writer.write(b'Welcome\\n')")


def program(exercise: str, style: str, fault: str) -> tuple[str, int]:
    """The program's text, and the number of the line at which it gets stuck, crashes or spins."""
    statement = FAULTS[fault][style == ASYNCIO]
    greeting = GREETING[style == ASYNCIO] if exercise == "chat_server" else "pass"
    text = TEXTS[exercise][style].replace("NAME", NAMES.get(exercise, "")).replace("GREET", greeting)
    line = text[: text.index("FAULT")].count("\n") + 1
    return text.replace("FAULT", statement), line
