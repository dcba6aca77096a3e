"""The user's end of an interactive program: what is typed reaches it, what it shows is found."""

from __future__ import annotations

import pytest

from grader.harness.outcome import Returns
from grader.harness.terminal import Terminal
from tests.harness.conftest import Start

ECHO = """
    import sys
    def run():
        for line in sys.stdin:
            print("> " + line, end="")
"""


def terminal(start: Start, source: str) -> Terminal:
    program = start(source).program(types=True)
    program.call("run", last=True)
    return Terminal(program)


def test_lines_are_seen_below_each_other(start: Start) -> None:
    user = terminal(start, ECHO)
    user.type("one\ntwo\n")
    assert user.sees("one", "two") == ["one", "two"]
    user.end_input()


def test_lines_in_one_row_are_not_below_each_other(start: Start) -> None:
    user = terminal(start, "def run(): print('one two')")
    shown = user.sees("one", "two")
    assert shown != ["one", "two"]
    assert shown.finding(["one", "two"]).arrived == "'one two' (7 characters)"


def test_a_line_further_down_counts_although_it_is_in_the_same_row_as_well(start: Start) -> None:
    assert terminal(start, "def run(): print('one two\\ntwo')").sees("one", "two") == ["one", "two"]


def test_colours_and_prompts_do_not_matter(start: Start) -> None:
    user = terminal(start, r"def run(): print('\r\x1b[K\x1b[36mone\x1b[0m\r\nYou: \r\x1b[Ktwo')")
    assert user.sees("one", "two") == ["one", "two"]


def test_a_line_that_is_like_the_missing_one_is_named(start: Start) -> None:
    shown = terminal(start, "def run(): print('first\\ncaf')").sees("café")
    assert shown.finding(["café"]).arrived == "'caf' (3 characters)"


def test_a_line_of_which_nothing_is_shown_is_named(start: Start) -> None:
    shown = terminal(start, "def run(): pass").sees("café")
    assert shown.finding(["café"]).arrived == "nothing like it"


def test_a_text_is_seen_each_time_it_is_shown(start: Start) -> None:
    user = terminal(start, "def run(): print('one\\none\\nend')")
    assert user.sees("end") == ["end"]
    again = user.has_seen("one")
    assert again == ["one", "one"]
    assert again.finding(["one"]).arrived == "shown 2 times"


@pytest.mark.parametrize(
    ("printed", "times"),
    [
        ("half line", 1),
        ("half\nhalf line", 2),
        ("> half\n> half line", 2),
        ("halfhalf line", 2),
        ("half line\nhalf line", 2),
        ("\x1b[1mhalf\x1b[0m\nhalf line", 2),
        ("got b'half'\n> half line", 1),
        ("got half line\n> half line", 1),
        ("\x1b[2J\x1b[Hhalf line\n\x1b[2J\x1b[Hhalf line\nmore", 1),
        ("\x1b[2J\x1b[Hhalf\nhalf line\n\x1b[2J\x1b[H", 2),
        ("half", 0),
    ],
)
def test_a_beginning_counts_where_it_is_shown_as_the_line_is(start: Start, printed: str, times: int) -> None:
    user = terminal(start, f"def run(): print({printed!r}); print('end')")
    assert user.sees("end") == ["end"]
    assert user.has_seen("half", "half line") == ["half"] * times


def test_a_program_that_shows_nothing_more_is_given_up(start: Start) -> None:
    shown = terminal(start, ECHO).sees("nothing of the kind")
    assert shown.stop is not None
    assert shown.stop.kind == "stuck"


def test_a_line_typed_alone_is_read_alone(start: Start) -> None:
    user = terminal(start, "import os\ndef run():\n    while piece := os.read(0, 99): print(piece)")
    for line in ("one", "two"):
        user.type_line(line)
    user.end_input()
    assert user.sees(r"b'one\n'", r"b'two\n'") == [r"b'one\n'", r"b'two\n'"]


def test_a_program_rests_when_it_leaves_unread_what_was_typed(start: Start) -> None:
    user = terminal(start, "import threading\ndef run(): threading.Event().wait()")
    user.type("x" * 1_000_000)
    user.wait_at_rest()
    user.type_line("never read either")


def test_a_program_rests_when_it_has_ended(start: Start) -> None:
    user = terminal(start, "def run(): pass")
    user.type("x" * 1_000_000)
    user.wait_at_rest()
    assert user.sees() == []


def test_a_time_out_of_its_own_runs_out_before_it_rests(start: Start) -> None:
    program = start("import time\ndef run():\n    time.sleep(0.3)\n    print('awake')").program(types=True)
    program.call("run", last=True)
    user = Terminal(program)
    user.wait_at_rest(and_awake=True)
    assert user.has_seen("awake") == ["awake"]


def test_a_client_that_ends_in_time_is_done(start: Start) -> None:
    assert start("import time\ndef run(): time.sleep(0.1)").call("run").outcome_in_time() == Returns()


def test_a_client_that_stays_too_long_is_late(start: Start) -> None:
    outcome = start("import time\ndef run(): time.sleep(4)").call("run").outcome_in_time()
    assert outcome.how == "unfinished"
    assert outcome.stop is not None
    assert outcome.stop.kind == "sleeping"


def test_a_terminal_needs_a_keyboard(start: Start) -> None:
    with pytest.raises(TypeError, match="types=True"):
        Terminal(start("def run(): pass").program())
