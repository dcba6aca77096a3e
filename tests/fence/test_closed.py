"""What a fenced process cannot do."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.harness.fence import Fence, seccomp, syscalls
from tests.fence.conftest import Behind

DENIED, REFUSED = "PermissionError: [Errno 13]", "PermissionError: [Errno 1]"


def told(answer: object) -> str:
    return str(answer)


class TestFiles:
    def test_reads_nothing_of_the_course(self, behind: Behind) -> None:
        assert told(behind(Path(__file__).read_text)).startswith(DENIED)

    def test_lists_no_folder(self, behind: Behind) -> None:
        assert told(behind(lambda: os.listdir(os.path.dirname(__file__)))).startswith(DENIED)

    @pytest.mark.parametrize("path", ["/proc/self/environ", "/proc/1/cmdline", "/etc/shadow", "/root", "/home"])
    def test_reads_nothing_of_the_system_that_it_does_not_need(self, behind: Behind, path: str) -> None:
        assert told(behind(lambda: os.open(path, os.O_RDONLY))).startswith(DENIED)

    def test_writes_nowhere_but_into_its_folder(self, behind: Behind, tmp_path: Path) -> None:
        def write() -> list[str]:
            worked = []
            for path in (str(tmp_path / "outside"), "/tmp/outside", "/var/tmp/outside", "/dev/outside", "inside"):
                try:
                    open(path, "w").close()
                    worked.append(path)
                except OSError:
                    continue
            return worked

        assert behind(write) == ["inside"]

    def test_changes_no_mode_of_a_file_outside(self, behind: Behind, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.touch(0o644)

        def change() -> str:
            os.chmod(path, 0)
            os.chown(path, 1, 1)
            os.utime(path, (0, 0))
            return "as if"

        assert behind(change) == "as if"
        assert path.stat().st_mode & 0o777 == 0o644
        assert path.stat().st_mtime > 0

    def test_changes_no_attribute_of_a_file_outside(self, behind: Behind, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.touch()
        behind(lambda: os.setxattr(path, "user.mark", b"x"))
        assert os.listxattr(path) == []

    @pytest.mark.parametrize("make", [os.mkfifo, lambda path: os.mknod(path, 0o600 | 0o140000)])
    def test_makes_no_pipe_or_socket_in_its_folder(self, behind: Behind, make: Callable[[str], None]) -> None:
        assert told(behind(lambda: make("odd"))).startswith("PermissionError")

    def test_follows_its_own_link_nowhere(self, behind: Behind) -> None:
        def follow() -> str:
            os.symlink(__file__, "link")
            return Path("link").read_text()

        assert told(behind(follow)).startswith(DENIED)

    def test_takes_no_file_into_its_folder_under_a_second_name(self, behind: Behind, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("secret")
        for take in (os.link, os.rename):
            assert "Errno" in told(behind(lambda take=take: take(tmp_path / "file", "mine")))
        assert (tmp_path / "file").exists()

    @pytest.mark.parametrize("program", ["/bin/sh", "/usr/bin/env"])
    def test_runs_no_other_program(self, behind: Behind, program: str) -> None:
        assert told(behind(lambda: os.execv(program, [program]))).startswith(DENIED)


class TestSockets:
    def test_connects_to_no_port_but_those_it_was_given(self, behind: Behind, listener: socket.socket) -> None:
        address = listener.getsockname()
        connect = lambda: socket.create_connection(address).close()  # noqa: E731
        assert told(behind(connect)).startswith(DENIED)
        assert behind(connect, tcp_connect_ports=(address[1],)) is None

    def test_binds_only_as_a_server(self, behind: Behind) -> None:
        port = _free_port()
        bind = lambda: socket.create_server(("127.0.0.1", port)).close()  # noqa: E731
        assert told(behind(bind)).startswith(DENIED)
        assert behind(bind, tcp_bind=True) is None

    def test_binds_any_free_port_also_as_a_client(self, behind: Behind) -> None:
        assert behind(lambda: socket.create_server(("127.0.0.1", 0)).close()) is None

    def test_does_not_connect_by_sending(self, behind: Behind, listener: socket.socket) -> None:
        def send() -> object:
            return socket.socket().sendto(b"hello", socket.MSG_FASTOPEN, listener.getsockname())

        assert f"[Errno {errno.EOPNOTSUPP}]" in told(behind(send))
        assert behind(send, without=("calls",)) == 5, "the kernel has been mended, and the rule is not needed any more"

    @pytest.mark.parametrize("protocol", [262, 132, 136, 1])  # Multipath TCP, SCTP, UDP-Lite, ICMP
    def test_makes_only_tcp_and_udp(self, behind: Behind, protocol: int) -> None:
        kind = socket.SOCK_STREAM if protocol in (262, 132) else socket.SOCK_DGRAM
        assert f"[Errno {errno.EPROTONOSUPPORT}]" in told(behind(lambda: socket.socket(socket.AF_INET, kind, protocol)))

    @pytest.mark.parametrize(
        "family", [1, 16, 17, 38, 40]
    )  # unix, netlink, packet, kernel cryptography, virtual machines
    def test_makes_sockets_of_no_other_family(self, behind: Behind, family: int) -> None:
        kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET)
        for kind in kinds:
            assert told(behind(lambda kind=kind: socket.socket(family, kind))).startswith(DENIED)

    def test_makes_no_raw_socket(self, behind: Behind) -> None:
        assert told(behind(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 6))).startswith(REFUSED)

    def test_turns_no_pair_to_another_address(self, behind: Behind, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind(str(tmp_path / "socket"))
            unix.listen()

            def turn(kind: int) -> None:
                one, _ = socket.socketpair(socket.AF_UNIX, kind)
                one.connect(str(tmp_path / "socket"))

            assert told(behind(lambda: turn(socket.SOCK_DGRAM))).startswith(REFUSED)
            for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
                assert "Errno" in told(behind(lambda kind=kind: turn(kind)))


class TestProcesses:
    def test_signals_nobody_but_its_own(self, behind: Behind) -> None:
        test = os.getpid()

        def signal_both() -> str:
            child = os.fork()
            if child == 0:
                signal.pause()
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.kill(test, 0)
            return "both"

        assert told(behind(signal_both)).startswith(REFUSED)

    def test_signals_no_group_of_others(self, behind: Behind) -> None:
        group = os.getpgrp()
        assert told(behind(lambda: os.killpg(group, 0))).startswith("PermissionError")

    @pytest.mark.parametrize("name", ["RLIMIT_NOFILE", "RLIMIT_CPU"])
    def test_sets_no_limit_of_another_process(self, behind: Behind, name: str) -> None:
        import resource

        test, kind = os.getpid(), getattr(resource, name)
        before = resource.getrlimit(kind)
        assert told(behind(lambda: resource.prlimit(test, kind, before))).startswith("PermissionError")

    def test_slows_down_nobody(self, behind: Behind) -> None:
        test = os.getpid()
        assert told(behind(lambda: os.setpriority(os.PRIO_PROCESS, test, 19))).startswith("PermissionError")
        assert told(behind(lambda: os.sched_setaffinity(test, {0}))).startswith("PermissionError")

    def test_a_process_of_its_own_may_be_nice(self, behind: Behind) -> None:
        def be_nice() -> bool:
            os.sched_setaffinity(0, os.sched_getaffinity(0))
            return os.nice(1) > 0

        assert behind(be_nice) is True


class TestCalls:
    @pytest.mark.parametrize("name", seccomp._REFUSED.split())
    def test_is_refused(self, behind: Behind, name: str) -> None:
        """With arguments that make no sense, so that a call that gets through does nothing."""
        assert behind(lambda: _errno_of(name)) == errno.EPERM

    @pytest.mark.parametrize("name", seccomp._FEIGNED.split())
    def test_is_answered_and_not_done(self, behind: Behind, name: str) -> None:
        assert behind(lambda: _errno_of(name)) == 0

    def test_makes_no_namespace(self, behind: Behind) -> None:
        assert behind(lambda: _errno_of("clone", 0x10000000 | signal.SIGCHLD)) == errno.EPERM
        assert behind(lambda: _errno_of("clone3")) == errno.ENOSYS

    def test_types_into_no_terminal(self, behind: Behind) -> None:
        assert behind(lambda: _errno_of("ioctl", 0, 0x5412)) == errno.EPERM

    def test_uses_no_number_of_the_x32_set(self, behind: Behind) -> None:
        if os.uname().machine != "x86_64":
            pytest.skip("only x86-64 has a second set of numbers")
        library = ctypes.CDLL(None, use_errno=True)

        def call() -> int:
            library.syscall(ctypes.c_long(0x40000000 + 39))
            return ctypes.get_errno()

        assert behind(call) == errno.ENOSYS

    @pytest.mark.parametrize(
        ("column", "header"),
        [(0, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), (1, "/usr/include/asm-generic/unistd.h")],
    )
    def test_numbers_are_the_kernels(self, column: int, header: str) -> None:
        if not os.path.exists(header):
            pytest.skip(f"{header} is not installed")
        words = [line.split() for line in Path(header).read_text().splitlines() if line.startswith("#define __NR")]
        known = {line[1].removeprefix("__NR_").removeprefix("__NR3264_"): line[2] for line in words if len(line) > 2}
        wrong = {name for name, row in syscalls.NUMBERS.items() if known.get(name, row[column]) not in
                 (row[column], str(row[column]))}  # fmt: skip
        assert not wrong

    def test_a_machine_whose_numbers_are_unknown_has_no_filter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pdp11 = os.uname_result(["Linux", "here", "6.1", "#1", "pdp11"])
        monkeypatch.setattr(os, "uname", lambda: pdp11)
        assert seccomp.program() is None


class TestLimits:
    def test_memory_ends(self, behind: Behind) -> None:
        assert told(behind(lambda: len(bytearray(64 << 20)), memory=32 << 20)).startswith("MemoryError")

    def test_files_stay_small(self, behind: Behind) -> None:
        def write() -> None:
            with open("large", "wb") as file:
                file.write(bytes(200_000))

        assert f"[Errno {errno.EFBIG}]" in told(behind(write, file_size=100_000))

    def test_descriptors_end(self, behind: Behind) -> None:
        answer = told(behind(lambda: [os.dup(0) for _ in range(70)], open_files=64))
        assert f"[Errno {errno.EMFILE}]" in answer

    def test_processes_end(self, behind: Behind) -> None:
        def start() -> int:
            started = []
            try:
                for _ in range(12):
                    started.append(os.fork())
                    if not started[-1]:
                        signal.pause()
            except BlockingIOError:
                return len(started)
            finally:
                for pid in started:
                    os.kill(pid, signal.SIGKILL)
            return len(started)

        from grader.harness.fence import limits

        before = limits.already_running() - (limits._SPARE if os.geteuid() else 0)
        assert behind(start, processes=8, already=before) == 7

    def test_no_limit_goes_up_again(self, behind: Behind) -> None:
        import resource

        raised = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (2000, 2000))  # noqa: E731
        assert told(behind(raised)).startswith("ValueError: not allowed")

    def test_leaves_no_core(self, behind: Behind) -> None:
        import resource

        assert behind(lambda: resource.getrlimit(resource.RLIMIT_CORE)) == [0, 0]

    def test_goes_first_when_memory_runs_out(self, fence: Fence, behind: Behind, scratch: Path) -> None:
        reading, writing = os.pipe()
        waiting, go_on = os.pipe()
        child = os.fork()
        if child == 0:
            from grader.harness.fence import Policy

            fence.enter(Policy(writable=(str(scratch),)))
            os.write(writing, b"x")
            os.read(waiting, 1)
            os._exit(0)
        os.read(reading, 1)
        assert Path(f"/proc/{child}/oom_score_adj").read_text() == "1000\n"
        os.write(go_on, b"x")
        os.waitpid(child, 0)
        for descriptor in (reading, writing, waiting, go_on):
            os.close(descriptor)


def _errno_of(name: str, *arguments: int) -> int:
    """The error of a system call by number; 0 when it succeeded or does not exist on this machine."""
    library = ctypes.CDLL(None, use_errno=True)
    number = syscalls.NUMBERS[name][0 if os.uname().machine == "x86_64" else 1]
    if number is None:
        return errno.EPERM if name in seccomp._REFUSED.split() else 0
    words = [ctypes.c_long(value) for value in (*arguments, *[-1] * (6 - len(arguments)))]
    result = library.syscall(ctypes.c_long(number), *words)
    return ctypes.get_errno() if result == -1 else 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


assert sys.platform == "linux"
