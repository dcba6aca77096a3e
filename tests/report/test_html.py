"""The page: what stands in it, read as text and in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from grader.report import wording
from grader.report.html import render, write
from grader.report.result import Place, Result
from grader.report.wording import frame
from tests.report import examples

# Playwright is there only where the browser tests are run: its types are not looked at.
Page = Any
BrowserContext = Any
SOURCE = (
    "\n".join(f"line_{n} = {n}" for n in range(1, 14)) + "\n    data = client.recv(1024)\n" + "after = 15\r\n\tx = 1\n"
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NO_MISTAKES = Path("no/such/folder")


def page_of(result: Result, **more: Any) -> str:
    return render(result, sources={"echo_server.py": SOURCE}, wrong=NO_MISTAKES, **more)


def one(check: Any) -> Result:
    return examples.result(examples.exercise("echo_server", [check]))


@dataclass
class Tags(HTMLParser):
    """The tags of a page, and whether each is closed in its place."""

    open: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(text: str) -> Tags:
    found = Tags()
    found.feed(text)
    assert found.open == []
    return found


def test_the_page_is_whole_and_alone() -> None:
    found = tags(page_of(examples.everything()))
    assert not {"script", "img", "iframe", "object", "form"} & set(found.seen)
    assert all(address.startswith(("#", "data:")) for address in found.addresses)


def test_every_check_and_every_exercise_is_there() -> None:
    text = page_of(examples.everything())
    for exercise in examples.everything().exercises:
        assert f'id="{exercise.name}"' in text
    for check in examples.everything().exercises[1].checks:
        assert frame.title(check.name) in text


def test_a_broken_exercise_is_told_once() -> None:
    broken = examples.broken(finding=wording.import_asks_for_input(), where=Place(file="a.py", line=3, code="input()"))
    text = page_of(examples.result(broken))
    assert text.count("asks for input") == 1
    assert "a.py:3" in text


def test_a_broken_exercise_without_a_finding() -> None:
    broken = examples.exercise("fetch_url", [examples.check("asks", None, status="not_run")], status="broken")
    assert "cannot be run" in page_of(examples.result(broken))


def test_an_exercise_without_points() -> None:
    assert "0 of 0" in page_of(examples.result(examples.exercise("fetch_url", [], status="passed")))


def test_the_place_at_which_texts_part_is_marked() -> None:
    text = page_of(one(examples.check("echoes", wording.difference(b"abc\xc3\xa9d", b"abc\xe9d", "end"))))
    assert text.count("<mark>\\xc3</mark>") == 1
    assert text.count("<mark>\\xe9</mark>") == 1


def test_the_lines_around_a_place() -> None:
    text = page_of(one(examples.stuck()))
    assert [number for number in range(1, 20) if f'lineno">{number}<' in text] == [11, 12, 13, 14, 15, 16, 17]
    assert re.search(r'class="line here".*>14</span><bdi>    data = client.recv', text)
    assert "<bdi>    x = 1</bdi>" in text


@pytest.mark.parametrize("source", ["", "x = 1\n" * 20])
def test_a_line_that_is_not_there_any_more_stands_alone(source: str) -> None:
    text = render(one(examples.stuck()), sources={"echo_server.py": source}, wrong=NO_MISTAKES)
    assert text.count('class="lineno"') == 1


def test_lessons_are_linked_where_they_are(tmp_path: Path) -> None:
    lessons = tmp_path / "my exercises"
    lessons.mkdir()
    (lessons / "echo_server.md").touch()
    path = tmp_path / "out" / "report.html"
    path.parent.mkdir()
    write(one(examples.stuck()), path, sources={}, lessons=lessons)
    assert 'href="../my%20exercises/echo_server.md"' in path.read_text(encoding="utf-8")
    assert "href" not in page_of(one(examples.stuck()), lessons=tmp_path, beside=tmp_path).partition("<section")[2]


def test_passed_checks_may_have_notes_and_a_conversation() -> None:
    check = examples.check("echoes", wording.not_checked("no trick works"), status="passed", notes=("A note.",))
    text = page_of(one(check))
    assert "Not checked on this system: no trick works." in text
    assert "A note." in text
    shown = examples.check("echoes", None, status="passed", conversation=examples.server_start())
    assert "The conversation" in page_of(one(shown))


def test_outputs_are_folded_and_cut() -> None:
    check = examples.check("echoes", wording.too_slow(1), stdout_tail="one\n" * 50, stderr_tail="boom")
    text = page_of(one(check))
    assert text.count("one\n") == 12
    assert "boom" in text


def test_known_mistakes_are_folded_in(tmp_path: Path) -> None:
    (tmp_path / "echo_server").mkdir()
    (tmp_path / "echo_server" / "a.py").write_text('"""Takes <b>."""\nFAILS = {"echoes"}\n')
    text = render(one(examples.check("echoes", wording.too_slow(1))), sources={}, wrong=tmp_path)
    assert "Takes &lt;b&gt;." in text


def test_an_interrupted_run_says_so() -> None:
    assert "interrupted" in page_of(examples.result(complete=False))


def test_long_conversations_and_joined_pieces() -> None:
    events = examples.server_start() + [
        examples.event(n, "program", "data", b"%04d" % n) for n in range(500)
    ]  # fmt: skip
    text = page_of(one(examples.check("echoes", wording.too_slow(1), conversation=events)))
    assert "in 500 pieces" in text
    assert "0  30 30 30 30" in text


def test_hostile_text_is_escaped_and_cut() -> None:
    text = page_of(one(examples.hostile()))
    tags(text)
    assert "<script" not in text
    assert all(char == "\n" or char.isprintable() for char in text)
    assert len(text) < 60_000


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    playwright = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as started:
        context = started.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=path,
            args=FLAGS,
            viewport={"width": 1000, "height": 800},
        )
        yield context
        context.close()


@pytest.fixture
def opened(browser: BrowserContext, tmp_path: Path) -> Iterator[Page]:
    """A page with everything and hostile text; what it asks for and what it says is written down."""
    everything = examples.everything()
    hostile = examples.exercise("hostile", [examples.hostile()])
    path = tmp_path / "report.html"
    result = examples.result(*everything.exercises, hostile)
    write(result, path, sources={"echo_server.py": SOURCE}, lessons=tmp_path, wrong=NO_MISTAKES)
    page = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(path.as_uri())
    yield page
    page.wait_for_load_state("networkidle")
    page.close()
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert said == []


@pytest.mark.browser
def test_failed_checks_are_open_and_passed_ones_folded(opened: Page) -> None:
    assert opened.locator("details.check:not([open])").count() == 0
    assert opened.locator("details.passed[open]").count() == 0
    assert opened.get_by_text("Look at the call that sends the bytes back").is_visible()
    assert not opened.get_by_text("recv returns what has come so far").first.is_visible()


@pytest.mark.browser
def test_everything_folds_by_keyboard(opened: Page) -> None:
    check = opened.locator("details.check").first
    check.locator("> summary").focus()
    opened.keyboard.press("Enter")
    assert check.get_attribute("open") is None
    opened.keyboard.press("Space")
    assert check.get_attribute("open") is not None
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    assert check.locator("details.bytes pre").first.is_visible()
    hint = check.locator("details.more")
    hint.locator("summary").focus()
    opened.keyboard.press("Enter")
    assert hint.locator("p").is_visible()


@pytest.mark.browser
def test_a_screen_reader_is_told_who_does_what(opened: Page) -> None:
    ladder = opened.locator("details.check ol").first
    assert ladder.get_by_role("listitem").count() == 6
    assert "your program: listens at" in (ladder.get_by_role("listitem").first.text_content() or "")
    assert "the peer: connects" in (ladder.get_by_role("listitem").nth(1).text_content() or "")
    names = [heading.text_content() for heading in opened.get_by_role("heading", level=2).all()]
    assert len(names) == 7
    assert opened.get_by_role("rowheader").count() == 7


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390, 1000])
def test_nothing_sticks_out(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 800})
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(opened: Page, scheme: Any) -> None:
    """Every colour of text against its ground: at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    opened.emulate_media(color_scheme=scheme)
    contrasts = opened.evaluate(CONTRASTS)
    assert min(contrasts.values()) >= 4.5, contrasts


CONTRASTS = """() => {
  const light = text => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map(c => c / 255)
      .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = {};
  for (const node of document.querySelectorAll('body *:not(svg *)')) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
    if (!own || !node.checkVisibility()) continue;
    const [one, other] = [light(getComputedStyle(node).color), light(ground(node))].sort((a, b) => b - a);
    const name = node.tagName + '.' + node.className;
    found[name] = Math.min(found[name] ?? 99, (one + 0.05) / (other + 0.05));
  }
  return found;
}"""


@pytest.mark.browser
def test_it_prints(opened: Page) -> None:
    pdf = opened.pdf()
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page/") <= 20
