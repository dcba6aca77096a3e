"""GitHub Actions reads what is meant: annotations as a runner parses them, a summary as GitHub renders it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from grader.report import actions, summary
from grader.report.result import Result
from tests.classrooms import results

COMMAND = re.compile(r"::(\w+) ([^:]*)::(.*)")
# What the summary itself is made of.
OWN_TAGS = {"p", "strong", "h3", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre"}


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command: its name, its properties and its text, unescaped as the runner does it."""
    found = COMMAND.fullmatch(line)
    assert found, line
    properties = dict(one.split("=", 1) for one in found[2].split(","))
    return found[1], {key: unescaped(value) for key, value in properties.items()}, unescaped(found[3])


def unescaped(text: str) -> str:
    for escape, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(escape, character)
    return text


@pytest.mark.parametrize("result", results.ALL.values(), ids=results.ALL)
def test_annotations_are_errors_on_the_learners_lines_and_one_notice(result: Result, tmp_path: Path) -> None:
    actions.write(result, tmp_path / "annotations.txt")
    lines = (tmp_path / "annotations.txt").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    *errors, (last, _, points) = [parsed(line) for line in lines]
    assert (last, points) == ("notice", f"{result.score} of {result.max_score} points")
    assert len(errors) <= actions.MAX_ANNOTATIONS
    for name, properties, text in errors:
        assert name == "error"
        assert set(properties) == {"file", "line", "title"}
        assert properties["file"].startswith("exercises/")
        assert properties["line"].isdigit()
        assert text.isprintable()


def test_every_exercise_gets_an_annotation_before_one_gets_two() -> None:
    files = [parsed(line)[1]["file"] for line in actions.commands(results.ALL["everything"])[:4]]
    assert len(set(files)) > 1


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.loose = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "pre" not in self.open:
            self.loose += data


@pytest.mark.parametrize("result", results.ALL.values(), ids=results.ALL)
def test_a_summary_has_no_markup_but_its_own(result: Result, tmp_path: Path) -> None:
    summary.write(result, tmp_path / "summary.md")
    written = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert len(written) < 1024 * 1024
    tags = Tags()
    tags.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(written))
    assert tags.found <= OWN_TAGS
    assert tags.attributes <= {"style"}  # the table's columns
    assert tags.open == []
    assert "@everyone" not in tags.loose, "GitHub would notify them"
    assert written.replace("\n", "").isprintable()


def test_a_summary_shows_the_text_as_it_is() -> None:
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(summary.markdown(results.hostile()))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in rendered
    assert "**" not in rendered
