"""What learners see: each kind of failure as a golden file, and what must hold on every terminal."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from grader.report import wording
from grader.report.result import CheckResult, Finding, Place, Result, Stand
from grader.report.terminal import Progress, print_report
from grader.report.terminal.pen import Pen
from tests.report import examples
from tests.report.golden import assert_golden

NO_MISTAKES = Path("no/such/folder")


def shown(
    result: Result,
    *,
    width: int = 80,
    encoding: str = "utf-8",
    verbose: bool = False,
    hints: int = 1,
    lessons: Path | None = None,
    wrong: Path = NO_MISTAKES,
) -> str:
    """The report as it comes out of a pipe."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    console = Console(file=stream, width=width, color_system=None)
    print_report(result, console, verbose=verbose, hints=hints, lessons=lessons, wrong=wrong)
    stream.flush()
    return raw.getvalue().decode(encoding)


KINDS: dict[str, Callable[[], CheckResult]] = {
    "missing-tail": examples.missing_tail,
    "stuck": examples.stuck,
    "stuck-threads": examples.stuck_threads,
    "crashed": examples.crashed,
    "spinning": examples.spinning,
    "leaking": examples.leaking,
    "datagrams": examples.datagrams,
    "many-pieces": examples.many_pieces,
    "raised": examples.raised,
    "our-fault": examples.our_fault,
    "hostile": examples.hostile,
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_failure(kind: str) -> None:
    result = examples.result(examples.exercise("echo_server", [KINDS[kind]()]))
    assert_golden(f"terminal-{kind}.txt", shown(result))


def test_a_result_with_everything_in_it() -> None:
    assert_golden("terminal-everything.txt", shown(examples.everything()))


def test_verbose_shows_all_and_a_second_hint_is_there_to_be_asked_for() -> None:
    assert_golden("terminal-verbose.txt", shown(examples.everything(), verbose=True, hints=2, lessons=Path("lessons")))


def test_ascii_where_the_output_knows_nothing_else() -> None:
    text = shown(examples.everything(), encoding="ascii")
    assert_golden("terminal-ascii.txt", text)


def test_a_dumb_terminal_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = io.StringIO()
    print_report(examples.everything(), Console(file=stream, force_terminal=True, width=80), wrong=NO_MISTAKES)
    assert stream.getvalue().isascii()


@pytest.mark.parametrize("width", [40, 60, 80, 132])
def test_no_line_is_wider_than_the_window(width: int) -> None:
    text = shown(examples.everything(), width=width, verbose=True, hints=2)
    assert max(map(len, text.splitlines())) <= min(width, 100)


def test_a_caret_stands_under_the_first_difference() -> None:
    check = examples.check("returns_the_text", wording.text_difference("abcdef", "abcxef"))
    lines = shown(examples.result(examples.exercise("fetch_url", [check]))).splitlines()
    arrived = next(n for n, line in enumerate(lines) if line.startswith("    arrived"))
    column = lines[arrived + 1].index("^")
    assert (lines[arrived][column], lines[arrived - 1][column]) == ("x", "d")


def test_no_caret_where_a_literal_may_wrap() -> None:
    check = examples.check("returns_the_text", wording.text_difference("abcdef", "abcxef"))
    assert "^" not in shown(examples.result(examples.exercise("fetch_url", [check])), width=40)


def test_hostile_text_is_harmless() -> None:
    text = shown(examples.result(examples.exercise("x", [examples.hostile()])), verbose=True)
    assert all(char == "\n" or char.isprintable() for char in text)
    assert "[bold red]markup[/]" in text
    assert len(text) < 10_000


def test_nothing_but_the_table_when_all_passes() -> None:
    result = examples.result(examples.exercise("echo_server", [examples.passed("echoes")], status="passed"))
    assert shown(result).count("\n") == 3
    assert "✓ echoes" in shown(result, verbose=True)


def test_notes_of_passed_checks_are_shown_with_v() -> None:
    passed = examples.passed("sends_all", notes=(wording.not_checked("macOS gives no short sends"),))
    result = examples.result(examples.exercise("echo_server", [passed], status="passed"))
    assert "Not checked on this system: macOS gives no short sends." in shown(result, verbose=True)


def test_not_started_is_one_word_in_the_table() -> None:
    text = shown(examples.result(examples.not_started()))
    assert text.count("not started") == 1
    assert "NotImplementedError" not in text


def test_a_broken_exercise_is_told_once_with_its_place() -> None:
    where = Place(file="fetch_url.py", line=3, code="input()")
    broken = examples.broken(finding=wording.import_asks_for_input(), where=where, notes=("A note.",))
    text = shown(examples.result(broken))
    assert text.count("asks for input") == 1
    assert "fetch_url.py:3   input()" in text
    assert "A note." in text


def test_a_broken_exercise_without_a_finding_is_in_the_table() -> None:
    broken = examples.exercise("fetch_url", [examples.check("asks", None, status="not_run")], status="broken")
    assert "cannot be run" in shown(examples.result(broken))


def test_not_run_without_a_reason() -> None:
    checks = [examples.check("asks", None, status="not_run")]
    assert "Not run: asks." in shown(examples.result(examples.exercise("fetch_url", checks)))


def test_what_cannot_be_checked_here_is_said() -> None:
    check = examples.check("sends_all", wording.not_checked("no short sends here"), status="passed")
    text = shown(examples.result(examples.exercise("echo_server", [check], status="passed")))
    assert "sends all: Not checked on this system: no short sends here." in text


def test_an_interrupted_run_says_so() -> None:
    text = shown(examples.result(examples.exercise("x", [examples.passed("echoes")]), complete=False))
    assert "interrupted" in text


def test_many_failures_are_cut_to_about_four_screens() -> None:
    checks = [
        examples.check(
            f"does_thing_number_{n}", wording.difference(b"abc\n", b"ab%d\n" % n, "end"), where=examples.RECV
        )
        for n in range(10)
    ]
    exercises = [examples.exercise(name, checks) for name in ("echo_server", "chat_server", "fetch_url")]
    text = shown(examples.result(*exercises))
    assert text.count("\n") < 160
    assert all(f"does thing number {n}" in text for n in range(10))
    assert "-v shows all" in text


def test_a_stand_that_the_finding_does_not_name_is_put_in_words() -> None:
    stand = Stand(kind="sleeping", place=examples.RECV, call="sleep", thread="worker")
    check = examples.check("answers", wording.too_slow(10), stands=(stand,))
    text = shown(examples.result(examples.exercise("x", [check])))
    assert "Thread worker sleeps at echo_server.py:14." in text


def test_error_output_is_shown_when_no_exception_is_known() -> None:
    check = examples.check("answers", wording.never_connected(), stderr_tail="one\ntwo\nboom\n", stdout_tail="hello\n")
    result = examples.result(examples.exercise("x", [check]))
    assert "boom" in shown(result)
    assert "hello" not in shown(result)
    assert "hello" in shown(result, verbose=True)


def test_an_exception_that_the_finding_does_not_tell_is_shown() -> None:
    check = examples.check("answers", wording.ended_early(1), status="crashed", exception="ValueError: no port")
    assert "  ValueError: no port\n" in shown(examples.result(examples.exercise("x", [check])))


def test_a_finding_with_nothing_to_compare_may_have_words_of_difference() -> None:
    check = examples.check("answers", Finding(sentence="Something is wrong.", difference="by three"))
    assert "by three" in shown(examples.result(examples.exercise("x", [check])))


def test_known_mistakes_are_told_with_two_hints(tmp_path: Path) -> None:
    folder = tmp_path / "echo_server"
    folder.mkdir()
    mistake = '"""Uses `send`, which may take less."""\nFAILS = {"echoes_a_large_amount"}\n'
    (folder / "sends.py").write_text(mistake, encoding="utf-8")
    check = examples.check("echoes_a_large_amount", wording.too_slow(5))
    result = examples.result(examples.exercise("echo_server", [check]))
    assert "Uses `send`, which may take less." in shown(result, hints=2, wrong=tmp_path)
    assert "Uses `send`" not in shown(result, hints=1, wrong=tmp_path)


def progress_shown(console: Console) -> None:
    with Progress(console) as progress:
        progress.check_done("echo_server", examples.passed("before_the_start"))
        progress.start(2)
        progress.check_done("echo_server", examples.passed("[bold]first"))
        progress.check_done("echo_server", examples.passed("last"))


def test_a_check_without_a_finding_or_a_hint() -> None:
    check = examples.check("answers", None, hint="")
    assert "✗ answers" in shown(examples.result(examples.exercise("x", [check])))


def test_an_empty_result_has_a_last_line() -> None:
    assert shown(examples.result()).startswith("0 of 0 points")


def test_progress_is_silent_in_a_pipe() -> None:
    stream = io.StringIO()
    progress_shown(Console(file=stream))
    assert stream.getvalue() == ""


def test_progress_is_one_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    progress_shown(Console(file=stream, force_terminal=True, width=80, color_system=None))
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert "1 of 2  echo_server: [bold]first" in plain
    assert "2 of 2  echo_server: last" in plain
    assert stream.getvalue().count("\x1b[?25h") == 1  # the cursor is shown again


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ("::error::all is lost", "\\::error::all is lost"),
        ("   ::set-output name=x::1", "   \\::set-output name=x::1"),
        ("so ##[error]all ##[group] is lost", "so ##\\[error]all ##\\[group] is lost"),
        ("a::b", "a::b"),
        ("# [x] ##", "# [x] ##"),
    ],
)
def test_no_line_is_a_command_to_a_ci_system(words: str, printed: str) -> None:
    text = io.StringIO()
    pen = Pen(Console(file=text, width=80, color_system=None))
    pen.line(words)
    pen.flush()
    assert text.getvalue() == f"{printed}\n"
    pen.flush()
    assert text.getvalue() == f"{printed}\n"
