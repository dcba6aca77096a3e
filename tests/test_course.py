"""A grader that breaks the rules for graders is named with its line, before anything is graded."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course import UnknownExercise, choose, read_course, read_exercise

GOOD = '''
EXERCISE = Exercise(title="Ping", order=5, functions=("ping",))

SIZE = 3

def helper(): pass

@pytest.mark.slow
@pytest.mark.points(3)
def test_answers(stage):
    """The program answers.

    Look at the answer: is there one?

    More: Send one.

    Lesson: Answers
    """

def test_ends(stage):
    """The program ends.

    Look at the end.

    More: End.

    Lesson: Ends
    """
'''
WRONG = {
    "no exercise": (GOOD.replace("EXERCISE", "OTHER"), "test_ping.py has no line EXERCISE"),
    "not a call": (GOOD.replace("EXERCISE = Exercise", "EXERCISE = 5 #"), "test_ping.py:2: EXERCISE must be Exercise"),
    "a paragraph too few": (GOOD.replace("    Lesson: Ends\n", ""), "test_ping.py:20: test_ends needs a docstring of"),
    "no docstring": (GOOD + "def test_more(stage): pass\n", "test_ping.py:29: test_more needs a docstring of four"),
    "no question": (GOOD.replace("Look at the end", "See the end"), "'See the end.' should begin with 'Look at '"),
    "no lesson": (GOOD.replace("Lesson: Ends", "Ends"), "'Ends' should begin with 'Lesson: '"),
}


def test_a_grader_is_read_without_being_run(tmp_path: Path) -> None:
    path = tmp_path / "test_ping.py"
    path.write_text(GOOD)
    (info,) = read_course(tmp_path)
    assert (info.name, info.title, info.order, info.functions) == ("ping", "Ping", 5, ("ping",))
    assert [(check.name, check.points) for check in info.checks] == [("answers", 3), ("ends", 1)]
    assert info.max_score == 4
    assert info.by_name["ends"].hint == "Look at the end."
    assert info.by_name["ends"].more_hint == "End."
    assert info.by_name["answers"].lesson_section == "Answers"


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_grader_is_named(name: str, tmp_path: Path) -> None:
    text, told = WRONG[name]
    path = tmp_path / "test_ping.py"
    path.write_text(text)
    with pytest.raises(ValueError) as error:  # noqa: PT011 - its text is what this is about
        read_exercise(path)
    assert told in str(error.value)


def test_a_name_like_none_is_answered_with_all_there_are() -> None:
    course = read_course()
    with pytest.raises(UnknownExercise, match="There are: "):
        choose(course, ["zzzz"])
    assert choose(course, []) == course
