"""The peers that a learner runs by hand talk rightly with the solutions, and say what they see."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.proof.submissions import ROOT

HOST = "127.0.0.1"

Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def run() -> Iterator[Run]:
    """`run("-m", "module", ...)` starts Python; what is still there at the end of the test is ended."""
    processes: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command = [sys.executable, "-u", *arguments]
        processes.append(subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, encoding="utf-8"))
        return processes[-1]

    yield begin
    for process in processes:
        process.terminate()
        process.communicate()


def peer(run: Run, name: str, *arguments: str, port: int = 0) -> subprocess.Popen[str]:
    """Start a peer as its docstring says."""
    return run("-m", f"fixtures.peers.{name}", "--host", HOST, "--port", str(port), *arguments)


def solution(run: Run, name: str, call: str) -> subprocess.Popen[str]:
    """Start a solution with a call of its functions."""
    return run("-c", f"from solutions.{name} import *; {call}")


def port_of(server: subprocess.Popen[str]) -> int:
    """The port that a server says it listens at."""
    found = re.search(r"port (\d+)|, (\d+)\)", line_of(server))
    assert found
    return int(found[1] or found[2])


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that it shows."""
    assert process.stdout
    return process.stdout.readline()


def say(process: subprocess.Popen[str], line: str) -> None:
    """Type a line for it."""
    assert process.stdin
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


@pytest.mark.parametrize(
    ("arguments", "typed", "messages"), [(["hel", "lo"], "", 2), (["--bytes", "3000000"], "", 1), ([], "a\nb\nc\n", 3)]
)
def test_echo_client_compares_what_comes_back(run: Run, arguments: list[str], typed: str, messages: int) -> None:
    port = port_of(solution(run, "echo_server", f"run_echo_server({HOST!r}, 0)"))
    client = peer(run, "echo_client", *arguments, port=port)
    shown, _ = client.communicate(typed)
    assert client.returncode == 0
    assert shown.count(", the same\n") == messages
    assert shown.endswith("stopped sending\nthe server has ended the connection\n")


def test_echo_client_tells_a_wrong_echo_from_a_right_one(run: Run) -> None:
    def answer(listener: socket.socket) -> None:
        conn, _ = listener.accept()
        with conn:
            conn.recv(100)
            conn.sendall(b"HEL")
            conn.shutdown(socket.SHUT_WR)
            conn.recv(100)

    with socket.create_server((HOST, 0)) as listener:
        server = threading.Thread(target=answer, args=(listener,))
        server.start()
        client = peer(run, "echo_client", "hello", port=listener.getsockname()[1])
        shown, _ = client.communicate()
        server.join()
    assert client.returncode == 1
    assert "came b'HEL', NOT the same" in shown


@pytest.mark.parametrize("arguments", [["héllo", "", "quit"], ["--pieces", "3", "héllo", "", "quit"]])
def test_chat_client_shows_where_lines_end(run: Run, arguments: list[str]) -> None:
    port = port_of(solution(run, "chat_server", f"run_server({HOST!r}, 0)"))
    shown, _ = peer(run, "chat_client", *arguments, port=port).communicate()
    greeting, *answers, last = shown.splitlines()
    assert greeting == repr(b"Welcome to the chat server! Type 'quit' to exit.\n")
    assert answers == [repr("Server received: héllo\n".encode()), repr(b"Server received: \n")]
    assert last == "the server has closed the connection"


def test_chat_client_sends_typed_lines_and_any_byte(run: Run) -> None:
    port = port_of(solution(run, "chat_server", f"run_server({HOST!r}, 0)"))
    shown, _ = peer(run, "chat_client", port=port).communicate("one\n\\xff\\x0d\nquit")
    assert shown.splitlines()[1:3] == [repr(b"Server received: one\n"), repr("Server received: \ufffd\n".encode())]


def test_chat_client_tells_a_reset_and_a_line_without_end(run: Run) -> None:
    with socket.create_server((HOST, 0)) as listener:
        client = peer(run, "chat_client", "hello", port=listener.getsockname()[1])
        conn, _ = listener.accept()
        # All has been sent then: else sending may meet the reset, and reading just the end of the stream.
        assert conn.makefile("rb").read() == b"hello\n"
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        conn.close()
        assert client.communicate()[0] == "the server has reset the connection\n"
        client = peer(run, "chat_client", "hello", port=listener.getsockname()[1])
        conn, _ = listener.accept()
        with conn:
            conn.sendall(b"no end")
            conn.shutdown(socket.SHUT_WR)
            assert line_of(client) == "b'no end' and no end of the line\n"


def test_chat_client_says_when_it_can_send_no_more(run: Run) -> None:
    with socket.create_server((HOST, 0)) as listener:
        client = peer(run, "chat_client", port=listener.getsockname()[1])
        conn, _ = listener.accept()
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        conn.close()
        assert line_of(client) == "the server has reset the connection\n"
        shown, _ = client.communicate("hello\n")
    assert shown == "could not send that: Broken pipe\n"
    assert client.returncode == 0


@pytest.mark.parametrize("farewell", ["/close", "/reset"])
def test_chat_server_speaks_with_your_voice(run: Run, farewell: str) -> None:
    server = peer(run, "chat_server")
    client = solution(run, "chat_client", f"run_client({HOST!r}, {port_of(server)})")
    assert "Welcome to the chat server!" in line_of(client)
    assert line_of(server).endswith(" connects\n")
    say(client, "hello")
    assert line_of(server).endswith(" says 'hello'\n")
    assert line_of(client).endswith("Server received: hello\n")
    say(server, "Anybody there?")
    assert line_of(client).endswith("Anybody there?\n")
    say(server, farewell)
    assert line_of(client).endswith("Disconnected from server\n")
    assert line_of(server).endswith(" is gone\n")


def test_chat_server_hangs_up_at_quit(run: Run) -> None:
    server = peer(run, "chat_server")
    with socket.create_connection((HOST, port_of(server))) as sock, sock.makefile("rb") as answers:
        sock.sendall(b"\xff\r\n Quit \n")
        assert answers.readlines()[1:] == ["Server received: \ufffd\n".encode()]


def test_http_server_answers_a_request(run: Run) -> None:
    server = peer(run, "http_server")
    url = f"http://{HOST}:{port_of(server)}/tea?size=2"
    shown, _ = solution(run, "fetch_url", f"print(fetch_url({url!r}))").communicate()
    assert shown.startswith("HTTP/1.1 200 OK")
    assert shown.rstrip().endswith("You asked for /tea?size=2")
    assert line_of(server) == "client 1 has connected\n"
    assert line_of(server).startswith("client 1 sent b'GET /tea?size=2 HTTP/1.1")


def test_http_server_keeps_silent_if_it_shall(run: Run) -> None:
    server = peer(run, "http_server", "--silent")
    address = HOST, port_of(server)
    with socket.create_connection(address) as sock:
        assert line_of(server) == "client 1 has connected\n"
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        assert "sent" in line_of(server)
        assert line_of(server) == "client 1 has to send more, or the empty line\n"
        sock.sendall(b"\r\n")
        assert "sent" in line_of(server)
        assert line_of(server) == "client 1 gets no answer\n"
        sock.shutdown(socket.SHUT_WR)
        assert line_of(server) == "client 1 has finished sending\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 405 "),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 400 "),
        (b"GET / HTTP/1.1\nHost: a\n\n", b"HTTP/1.1 400 "),
    ],
)
def test_http_server_refuses_what_is_no_request(run: Run, request_: bytes, status: bytes) -> None:
    with socket.create_connection((HOST, port_of(peer(run, "http_server")))) as sock:
        sock.sendall(request_)
        assert sock.makefile("rb").read().startswith(status)


def test_http_server_keeps_a_connection_open_for_the_next_request(run: Run) -> None:
    with socket.create_connection((HOST, port_of(peer(run, "http_server")))) as sock:
        for path in b"/one", b"/two":
            sock.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
            received = b""
            while not received.endswith(b"\n") or path not in received:
                received += sock.recv(4096)
            assert received.startswith(b"HTTP/1.1 200 ")


def test_udp_receiver_shows_and_answers_datagrams(run: Run) -> None:
    receiver = peer(run, "udp_receiver", "--answer")
    port = port_of(receiver)
    assert solution(run, "udp_sender", f"send_messages({HOST!r}, {port}, ['hé', ''])").wait() == 0
    first, second = line_of(receiver), line_of(receiver)
    assert first.endswith("     3 bytes  b'h\\xc3\\xa9'\n")
    assert second.endswith("     0 bytes  b''\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(bytes(50), (HOST, port))
        assert sock.recv(100) == b"got 3"
    assert line_of(receiver).endswith("…\n")


def test_udp_receiver_says_where_it_cannot_wait(run: Run) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        receiver = peer(run, "udp_receiver", port=sock.getsockname()[1])
        assert line_of(receiver).startswith("cannot wait on ")
        assert receiver.wait() == 1
