"""Lines for a console: wrapped, indented, never read as markup, in ASCII where the output knows nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

# Lines of prose longer than this are hard to read, however wide the window is.
WIDEST = 100
_ASCII = str.maketrans(
    {
        "│": "|",
        "─": "-",
        "═": "=",
        "▸": ">",
        "◂": "<",
        "✕": "x",
        "╳": "x",
        "●": "o",
        "⋮": ":",
        "█": "#",
        "░": ".",
        "✓": "+",
        "✗": "x",
        "·": "-",
        "…": "...",
    }
)


@dataclass
class Pen:
    """Collects lines for `console`; `flush` prints them."""

    console: Console
    lines: list[Text] = field(default_factory=list)

    @cached_property
    def width(self) -> int:
        """Columns to use."""
        return min(self.console.width, WIDEST)

    @cached_property
    def ascii(self) -> bool:
        """Whether the output can show nothing but ASCII."""
        return self.console.is_dumb_terminal or not self.console.encoding.lower().startswith("utf")

    def apart(self) -> Self:
        """A pen for the same console that collects lines of its own."""
        return type(self)(self.console)

    def plain(self, text: str) -> str:
        """`text` as this output can show it."""
        return text.translate(_ASCII).encode("ascii", "backslashreplace").decode() if self.ascii else text

    def line(self, *parts: str | tuple[str, str]) -> None:
        """One line of texts or (text, style) pairs, cut at the right edge."""
        styled = ((part, "") if isinstance(part, str) else part for part in parts)
        text = Text.assemble(*((self.plain(words), style) for words, style in styled))
        text.truncate(self.width, overflow="crop" if self.ascii else "ellipsis")
        self._add(text)

    def blank(self) -> None:
        """An empty line, unless there is one already."""
        if self.lines and self.lines[-1].plain:
            self._add(Text())

    def paragraph(self, words: str, *, indent: int = 2, hanging: int = 0, style: str = "", first: str = "") -> None:
        """Wrapped prose. `first` stands in the margin of its first line, `hanging` indents the others further."""
        margin = " " * (indent + hanging)
        left = (" " * indent + first).ljust(len(margin)) if first else " " * indent
        for line in self.wrapped(words, self.width - len(margin)):
            self._add(Text.assemble(left, (line, style)))
            left = margin

    def wrapped(self, words: str, width: int) -> list[str]:
        """`words` as this output can show them, in lines of at most `width` columns."""
        lines = Text(self.plain(words)).wrap(self.console, width, overflow="fold")
        return [line.plain.rstrip() for line in lines]

    def spread(self, left: str, right: str, style: str) -> None:
        """`left` at the left edge and `right` at the right one."""
        left, right = self.plain(left), self.plain(right)
        gap = self.width - cell_len(left) - cell_len(right)
        if gap < 2:
            self.paragraph(f"{left} ({right})", indent=0, hanging=2, style=style)
        else:
            self._add(Text.assemble((left, style), " " * gap, right))

    def take(self, lines: list[Text]) -> None:
        """Add what another pen has collected."""
        self.lines.extend(lines)

    def flush(self) -> None:
        """Print all lines."""
        if self.lines:
            whole = Text("\n").join(self.lines)
            self.console.print(whole, markup=False, highlight=False, emoji=False, soft_wrap=True)
        self.lines.clear()

    def _add(self, text: Text) -> None:
        text.rstrip()
        self.lines.append(_no_command(text))


def _no_command(text: Text) -> Text:
    """The line with a backslash in what a CI system would obey, wherever a program's words have put it.

    GitHub's runner takes `::error::` for a command where it begins a line, after spaces too, and `##[` anywhere.
    """
    spaces = len(text.plain) - len(text.plain.lstrip())
    if text.plain.startswith("::", spaces):
        text = Text.assemble(text[:spaces], "\\", text[spaces:])
    while (place := text.plain.find("##[")) >= 0:
        text = Text.assemble(text[: place + 2], "\\", text[place + 2 :])
    return text
