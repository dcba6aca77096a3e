from grader.course import read_course
from grader.index import INDEX, ROOT, index_text


def test_the_list_of_exercises_is_what_the_graders_say() -> None:
    expected = index_text(read_course(ROOT / "grader"))
    assert INDEX.read_text(encoding="utf-8") == expected, "exercises/README.md is out of date: run `nox -s index`"
