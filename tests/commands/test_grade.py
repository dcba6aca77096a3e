"""`python -m grader` as learners, instructors and CI use it: exit status, files, errors, interruption."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from grader import cli

ROOT = Path(__file__).parent.parent.parent
SOLUTIONS = ROOT / "solutions"


def grade(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "grader", *arguments],
        cwd=cwd, env=os.environ | environment, capture_output=True, text=True, timeout=110, stdin=subprocess.DEVNULL,
        check=False,
    )  # fmt: skip


def test_full_marks_end_with_0(tmp_path: Path) -> None:
    done = grade("udp_sender", "--submission", "solutions", "--json", str(tmp_path / "r.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["schema"] == "socket-exercises/result/v1"
    assert result["submission"] == "solutions"
    assert result["score"] == result["max_score"] > 0
    assert [exercise["status"] for exercise in result["exercises"]] == ["passed"]


def test_the_html_report_is_written_at_the_end_and_named(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    done = grade("udp_sender", "--submission", "solutions", "--html", str(report))
    assert f"Report: {report.as_uri()}" in done.stdout
    text = report.read_text(encoding="utf-8")
    assert text.lower().startswith("<!doctype html>")
    assert "UDP sender" in text


def test_a_folder_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read all folders
    with pytest.raises(SystemExit) as ended:
        cli.main(["--submission", str(tmp_path)])
    assert ended.value.code == cli.USAGE
    assert f"the folder {tmp_path} cannot be read" in capsys.readouterr().err


def test_untouched_stubs_are_not_started_and_end_with_1(tmp_path: Path) -> None:
    done = grade("--json", str(tmp_path / "r.json"))
    assert done.returncode == 1
    result = json.loads((tmp_path / "r.json").read_text())
    assert {exercise["status"] for exercise in result["exercises"]} == {"not_started"}
    assert result["score"] == 0
    assert done.stdout.lower().count("not started") == len(result["exercises"]) >= 5


def test_what_is_not_handed_in_is_not_started(tmp_path: Path) -> None:
    done = grade("--submission", str(tmp_path), "--json", str(tmp_path / "r.json"))
    assert done.returncode == 1
    result = json.loads((tmp_path / "r.json").read_text())
    assert {exercise["status"] for exercise in result["exercises"]} == {"not_started"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--bogus"], "--bogus"),
        (["ecko_server"], "Did you mean echo_server?"),
        (["--submission", "nowhere"], "no folder nowhere"),
        (["--submission", "README.md"], "README.md is not a folder"),
        (["--json", "nowhere/r.json"], "no folder nowhere"),
        (["--html", "tests"], "that is a folder"),
        (["--seed", "x"], "--seed: give a whole number from 0 to 4,294,967,295, and not x"),
        (["--seed", "-1"], "--seed: give a whole number from 0 to"),
        (["--jobs", "0"], "--jobs: give a whole number of 1 or more, and not 0"),
        (["--jobs", "two"], "--jobs: give a whole number of 1 or more, and not two"),
        (["--hung-limit", "-1"], "--hung-limit: give a whole number of 0 or more, and not -1"),
        (["--hints", "7"], "--hints"),
    ],
)
def test_a_command_that_makes_no_sense_is_one_clear_line_and_2(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    shown = capsys.readouterr()
    assert told in shown.err.splitlines()[0]
    assert len(shown.err.splitlines()) <= 2
    assert shown.out == ""


def test_help_and_list_tell_what_there_is() -> None:
    assert "--submission" in grade("--help").stdout
    listed = grade("--list", "echo_server")
    assert listed.returncode == 0
    assert "Echo server" in listed.stdout
    assert "fetch_url" not in listed.stdout


def test_the_same_seed_gives_the_same_verdict_check_by_check(tmp_path: Path) -> None:
    shutil.copy(next((ROOT / "fixtures/wrong/udp_sender").glob("*.py")), tmp_path / "udp_sender.py")
    verdicts = []
    for name in ("a.json", "b.json"):
        grade("udp_sender", "--submission", str(tmp_path), "--seed", "7", "--json", str(tmp_path / name))
        result = json.loads((tmp_path / name).read_text())
        verdicts.append([(c["name"], c["status"], c["expected"]) for c in result["exercises"][0]["checks"]])
    assert verdicts[0] == verdicts[1]


def test_a_learners_configuration_of_pytest_counts_for_nothing(tmp_path: Path) -> None:
    shutil.copy(SOLUTIONS / "udp_sender.py", tmp_path)
    for name in ("conftest.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit(7)\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
    done = grade(
        "udp_sender", "--submission", str(tmp_path),
        PYTEST_ADDOPTS="--collect-only", PYTEST_PLUGINS="nowhere", PYTHONUNBUFFERED="1",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.thorough
def test_a_long_path_to_temporary_files_changes_nothing(tmp_path: Path) -> None:
    temporary = tmp_path / ("t" * 150)  # longer than the path of a unix socket may be (unix(7))
    temporary.mkdir()
    for name, folder in ("a.json", tmp_path), ("b.json", temporary):
        done = grade("udp_sender", "--submission", "solutions", "--json", str(tmp_path / name), TMPDIR=str(folder))
        assert done.returncode == 0, done.stdout + done.stderr
    results = [json.loads((tmp_path / name).read_text()) for name in ("a.json", "b.json")]
    assert results[0]["protections"] == results[1]["protections"]


def test_one_broken_file_costs_its_own_exercise_only(tmp_path: Path) -> None:
    shutil.copy(SOLUTIONS / "udp_sender.py", tmp_path)
    (tmp_path / "fetch_url.py").write_text("def fetch_url(:\n")
    done = grade("udp_sender", "fetch_url", "--submission", str(tmp_path), "--json", str(tmp_path / "r.json"))
    assert done.returncode == 1
    exercises = json.loads((tmp_path / "r.json").read_text())["exercises"]
    assert {e["name"]: e["status"] for e in exercises} == {"udp_sender": "passed", "fetch_url": "broken"}
    assert exercises[0]["checks"][0]["where"]["line"] == 1


HANGS = {
    "echo_server": "import time\ndef run_echo_server(host='localhost', port=9999):\n    time.sleep(9999)\n",
    "fetch_url": "def fetch_url(url, timeout=10.0):\n    while True: pass\n",
    "chat_server": "import threading\ndef run_server(host='localhost', port=5555):\n    threading.Event().wait()\n",
    "chat_client": "import sys\ndef run_client(host='localhost', port=5555):\n    sys.stdin.read()\n",
    "udp_sender": "import threading\ndef send_messages(host, port, messages):\n    threading.Event().wait(9999)\n",
}


def left_behind(temporary: Path) -> list[str]:
    """Processes that run in folders which a grading made below `temporary`."""
    return [
        " ".join(process.info["cmdline"] or [])
        for process in psutil.process_iter(["cmdline", "cwd"])
        if str(temporary) in f"{process.info['cwd']} {process.info['cmdline']}"
    ]


def test_a_submission_in_which_everything_hangs_ends_soon_and_leaves_nothing(tmp_path: Path) -> None:
    for name, source in HANGS.items():
        (tmp_path / f"{name}.py").write_text(source)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    done = grade("--submission", str(tmp_path), "--json", str(tmp_path / "r.json"), TMPDIR=str(temporary))
    assert done.returncode == 1
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["score"] == 0
    for exercise in result["exercises"]:
        statuses = [check["status"] for check in exercise["checks"]]
        assert statuses[2:] == ["not_run"] * (len(statuses) - 2)
        assert set(statuses[:2]) == {"hung"}
        assert exercise["checks"][0]["where"]["file"] == f"{exercise['name']}.py"
    assert left_behind(temporary) == []
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_prints_what_is_known_and_leaves_nothing(tmp_path: Path, signum: int) -> None:
    (tmp_path / "echo_server.py").write_text(HANGS["echo_server"])
    shutil.copy(SOLUTIONS / "udp_sender.py", tmp_path)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "echo_server", "udp_sender", "--submission", str(tmp_path),
         "--json", str(tmp_path / "r.json")],
        cwd=ROOT, env=os.environ | {"TMPDIR": str(temporary)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(lambda: (tmp_path / "r.json").exists() and passed(tmp_path / "r.json"))
    process.send_signal(signum)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in printed
    assert passed(tmp_path / "r.json")
    assert statuses(tmp_path / "r.json").count("hung") <= 1, "it went on for a while"
    assert left_behind(temporary) == []
    assert list(temporary.iterdir()) == []


def passed(path: Path) -> bool:
    return "passed" in statuses(path)


def statuses(path: Path) -> list[str]:
    result = json.loads(path.read_text())
    return [check["status"] for exercise in result["exercises"] for check in exercise["checks"]]


def wait_until(ready: object) -> None:
    assert callable(ready)
    end = time.monotonic() + 30
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.thorough
def test_programs_can_be_started_in_fresh_interpreters() -> None:
    done = grade("udp_sender", "--submission", "solutions", "--start", "spawn")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_worker_that_is_killed_is_the_graders_fault(tmp_path: Path) -> None:
    (tmp_path / "udp_sender.py").write_text(
        "import os, signal\ndef send_messages(host, port, messages):\n"
        "    parent = int(open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[1])\n"
        "    os.kill(parent, signal.SIGKILL)\n    return 0\n"
    )
    done = grade("udp_sender", "--submission", str(tmp_path), "--json", str(tmp_path / "r.json"), "--unfenced")
    result = json.loads((tmp_path / "r.json").read_text())
    statuses = {check["status"] for check in result["exercises"][0]["checks"]}
    assert statuses == {"grader_error"}
    assert done.returncode == 3
