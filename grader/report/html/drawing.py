"""One rung of the ladder as SVG: two lifelines and what goes between them.

Positions along the rung are percentages, so that it fits a phone as well as a wide window; the lifelines are as high
as the row, however many lines its words take.
"""

from __future__ import annotations

from markupsafe import Markup

from grader.report.rung import Row

PROGRAM, PEER, MIDDLE = 16, 92, 54
HALF = 14  # pixels from the top to the arrow


def drawing(row: Row) -> Markup:
    """The SVG of one row. It holds no text: the words stand beside it, for everybody to read."""
    lines = f'<line class="life" x1="{PROGRAM}%" x2="{PROGRAM}%" y1="0" y2="100%"/>'
    lines += f'<line class="life" x1="{PEER}%" x2="{PEER}%" y1="0" y2="100%"/>'
    return Markup(f'<svg class="rung" aria-hidden="true" focusable="false">{lines}{_shape(row)}</svg>')


def _shape(row: Row) -> str:
    to_peer = row.direction == "to_peer"
    start, end = (PROGRAM, PEER) if to_peer else (PEER, PROGRAM)
    match row.shape:
        case "arrow":
            return _line(start, end, row.kind)
        case "double":
            return _line(start, end, row.kind, above=-4) + _line(start, end, row.kind, above=4)
        case "crossed":
            return _line(start, end, row.kind) + _at(MIDDLE, "crossed", "M-7,-8 C-1,-8 1,8 7,8 M-7,8 C-1,8 1,-8 7,-8")
        case "broken":
            stop = MIDDLE + (14 if to_peer else -14)
            return _line(start, stop, row.kind, head="") + _at(stop, "broken", "M-5,-5 L5,5 M-5,5 L5,-5")
        case "cut":
            near = end + (-12 if to_peer else 12)
            return _line(start, end, row.kind) + _at(near, "broken", "M-5,-5 L5,5 M-5,5 L5,-5")
        case "edge_in":
            return _line(2, PROGRAM, row.kind)
        case "edge_out":
            return _line(PROGRAM, 2, row.kind)
        case "dot":
            return f'<circle class="dot" cx="{start}%" cy="{HALF}" r="4.5"/>'
        case "dots":
            return _dots(start)
        case "fold":
            return _dots(MIDDLE)
        case "none":
            return ""


def _line(start: int, end: int, kind: str, *, above: int = 0, head: str = "head") -> str:
    y = HALF + above
    marker = f' marker-end="url(#{head})"' if head else ""
    return f'<line class="{kind}" x1="{start}%" x2="{end}%" y1="{y}" y2="{y}"{marker}/>'


def _at(x: int, name: str, path: str) -> str:
    """A small path around a point: an inner svg, because paths know no percentages."""
    return f'<svg x="{x}%" y="{HALF}" overflow="visible"><path class="{name}" d="{path}"/></svg>'


def _dots(x: int) -> str:
    return "".join(f'<circle class="time" cx="{x}%" cy="{HALF + off}" r="1.8"/>' for off in (-7, 0, 7))
