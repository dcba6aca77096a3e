"""What is wrong with a file that cannot be used is named for what it is, at the learner's line."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.harness.findings import Broken
from grader.harness.inside.loading import leave_out_calls
from tests.harness.conftest import Start

BROKEN = {
    "def run(:\n    pass\n": ("Python cannot read learner.py, line 1", 1),
    "import nowhere_to_be_found\n": ("ModuleNotFoundError", 1),
    "x = 1\n\nx = input('name? ')\n": ("asks for input", 3),
    "import sys\nsys.exit(3)\n": ("exit status 3", 2),
    "import os\nos._exit(0)\n": ("exit status 0", None),
    "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n": ("signal 9", None),
    "def walk():\n    pass\n": ("no function run", None),
    "run = 5\n": ("no function run", None),
    "": ("empty", None),
    "# nothing yet\n": ("empty", None),
    "raise ValueError('no')\n": ("ValueError: no", 1),
    "1/0\n": ("ZeroDivisionError", 1),
    "x = 1\nwhile True: x += 1\n": ("runs on and on", 2),
    "import threading\nthreading.Lock().acquire()\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n": (
        "waits",
        5,
    ),
    "x = '\0'\n": ("Python cannot read", 1),
    "x = " + "(" * 5000 + ")" * 5000 + "\n": ("Python cannot read", 1),
}


@pytest.mark.parametrize("source", BROKEN)
def test_a_broken_file_is_named_for_what_it_is(start: Start, source: str) -> None:
    sentence, line = BROKEN[source]
    program = start(source).program()
    with pytest.raises(Broken) as broken:
        program.wait_loaded()
    assert sentence in broken.value.sentence
    if line:
        assert broken.value.where is not None
        assert (broken.value.where.file, broken.value.where.line) == ("learner.py", line)


def test_a_file_that_is_not_utf_8(start: Start, tmp_path: Path) -> None:
    stage = start("")
    (tmp_path / "learner.py").write_bytes(b"x = 1\n# caf\xe9\n")
    with pytest.raises(Broken) as broken:
        stage.program().wait_loaded()
    assert "Line 2" in broken.value.sentence
    assert "UTF-8" in broken.value.sentence


def test_an_error_in_a_helper_module_is_shown_there(start: Start, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def broken(:\n")
    with pytest.raises(Broken) as broken:
        start("import helper\n").program().wait_loaded()
    assert broken.value.where is not None
    assert broken.value.where.file == "helper.py"


def test_a_module_that_shadows_the_library_does_not(start: Start, tmp_path: Path) -> None:
    for name in ("socket", "random", "json", "encodings"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('shadowed')\n")
    stage = start("import socket, random, json\ndef run():\n    return socket.AF_INET == 2 and random.random() < 1\n")
    assert stage.call("run").outcome() == True  # noqa: E712 - the outcome is compared, not asked for its truth


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("def run(): pass\nrun()\n", [2]),
        ("def run(): pass\nhtml = run()\nprint(html)\n", [2, 3]),
        ("def run(): pass\nif __name__ == '__main__':\n    run()\n", []),
        ("def run(): pass\ndef main(): run()\nmain()\n", [3]),
        ("import threading\ndef run(): pass\nthreading.Thread(target=run).start()\n", [3]),
        ("def run(): pass\ntry:\n    run()\nexcept KeyboardInterrupt:\n    pass\n", [2]),
        ("import logging\nlogging.basicConfig()\nSIZE = max(1, 2)\ndef run(): pass\n", []),
        ("def run(): pass\nalias = run\n", []),
        ("def run(): pass\nx = run()\nx = 5\nprint(x)\n", [2]),
    ],
)
def test_calls_at_the_top_are_left_out(source: str, lines: list[int]) -> None:
    tree = ast.parse(source)
    assert leave_out_calls(tree, ["run"]) == lines


def test_a_server_called_at_the_top_can_be_graded(start: Start) -> None:
    stage = start(
        """
        import socket
        def run(host="localhost", port=9999):
            server = socket.create_server((host, port))
            conn, _ = server.accept()
            conn.sendall(b"hello")
            conn.close()
        run()
        """
    )
    server = stage.serve("run")
    assert server.connect().receive_to_end() == b"hello"
    assert server.program.left_out == (8,)


@given(st.text(max_size=300))
def test_leaving_out_never_fails_on_a_tree_that_parses(source: str) -> None:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    before = len(tree.body)
    assert len(tree.body) + len(leave_out_calls(tree, ["run"])) <= before * 2
