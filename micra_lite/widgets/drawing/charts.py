"""Bar charts and tables as SVG strings, made of the parts in `svg`.

Colour is never the only sign: negative bars are hatched as well, and every bar has its value beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...plotting.style import BLUE, GREY, INK, ORANGE, PAPER, SKY
from .svg import fitting, hatch, line, number, rect, text

BAR = 16  # a bar's thickness


@dataclass(frozen=True)
class Axis:
    """A horizontal axis of values from `low` to `high` over the pixels from `left` to `right`."""

    left: float
    right: float
    low: float
    high: float

    def __call__(self, value: float) -> float:
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)


def bar(axis: Axis, y: float, value: float, colour: str = BLUE, outline: bool = False, digits: int = 2) -> str:
    """One horizontal bar from zero, with its value beside it; negative bars are orange and hatched, outlined ones hollow."""
    start, end = sorted((axis(0), axis(value)))
    parts = []
    if outline:
        parts.append(rect(start, y, end - start, BAR, PAPER, colour))
    else:
        parts.append(rect(start, y, end - start, BAR, colour if value >= 0 else ORANGE, INK if value < 0 else "none"))
        if value < 0:
            parts.append(hatch(start, y, end - start, BAR))
    beside = (end + 4, "start") if value >= 0 else (start - 4, "end")
    parts.append(text(beside[0], y + 13, number(value, digits), 12, beside[1]))
    return "".join(parts)


def value_axis(axis: Axis, top: float, bottom: float, unit: str) -> str:
    """The zero line, the numbers at both ends, and the unit, below the bars."""
    ticks = [(v, f"{v:g}".replace("-", "−")) for v in sorted({axis.low, 0.0, axis.high}) if axis.low <= v <= axis.high]
    return "".join(
        [line(axis(0), top, axis(0), bottom, INK), line(axis.left, bottom, axis.right, bottom)]
        + [text(axis(v), bottom + 14, words, 11, "middle", fill=GREY) for v, words in ticks]
        + [text((axis.left + axis.right) / 2, bottom + 29, unit, 12, "middle")]
    )


def bar_panel(
    x: float, y: float, width: float, title: str, labels: Sequence[str], values: Sequence[float],
    low: float, high: float, unit: str, before: Sequence[float] | None = None, digits: int = 2,
) -> tuple[str, float]:  # fmt: skip
    """A titled bar chart, one row per label; `before` adds a hollow bar above each. Returns it and the y where it ends."""
    room = 56  # for a value beside the longest bar, on either side
    names = min(0.3 * width, max(8 * len(label) for label in labels))
    axis = Axis(x + names + (room if low < 0 else 8), x + width - room, low, high)
    parts, row = [text(x, y + 14, title, 13, bold=True)], y + 26.0
    height = (BAR + 10) if before is None else (2 * BAR + 12)
    for k, (label, value) in enumerate(zip(labels, values, strict=True)):
        parts.append(text(x + names, row + height / 2, label, fitting(label, names, 13), "end"))
        if before is not None:
            parts.append(bar(axis, row, before[k], GREY, outline=True, digits=digits))
        parts.append(bar(axis, row + (0 if before is None else BAR + 2), value, digits=digits))
        row += height
    return "".join(parts) + value_axis(axis, y + 22, row, unit), row + 36


def cell(x: float, y: float, width: float, height: float, words: str, shade: float = 0.0, bold: bool = False) -> str:
    """One cell of a table; `shade` from 0 to 1 makes it bluer."""
    middle = text(x + width / 2, y + height / 2 + 5, words, fitting(words, width - 6), "middle", bold)
    return rect(x, y, width, height, SKY, GREY, 0.75 * shade) + middle


def table(
    x: float, y: float, columns: Sequence[str], rows: Sequence[str], entries: Sequence[Sequence[float]],
    shades: Sequence[Sequence[float]], width: float = 64, height: float = 30, mark: tuple[int, int] | None = None,
) -> tuple[str, float]:  # fmt: skip
    """Numbers in rows and columns, with labels 90 wide on the left; `mark` frames one. Returns it and the y where it ends."""
    parts = [
        text(x + 90 + (c + 0.5) * width, y + 14, label, fitting(label, width), "middle")
        for c, label in enumerate(columns)
    ]
    top = y + 20
    for r, label in enumerate(rows):
        parts.append(text(x + 84, top + r * height + height / 2 + 5, label, fitting(label, 84), "end"))
        for c, entry in enumerate(entries[r]):
            framed = (r, c) == mark
            parts.append(cell(x + 90 + c * width, top + r * height, width, height, number(entry), shades[r][c], framed))
    if mark is not None:
        r, c = mark
        parts.append(
            f'<rect x="{x + 90 + c * width:g}" y="{top + r * height:g}" width="{width:g}" height="{height:g}" fill="none" '
            f'stroke="{INK}" stroke-width="3"/>'
        )
    return "".join(parts), top + len(rows) * height
