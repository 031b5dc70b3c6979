"""Small drawings as SVG strings. Pure functions; lengths in pixels of a sheet 680 pixels wide.

Nothing has an id, so that drawings on one page cannot disturb each other and are the same in every run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from html import escape

from ...plotting.style import GREY, INK, PAPER

WIDTH = 680
SHOWN = 860  # how wide a page shows a sheet at most, in pixels


def number(value: float, digits: int = 2) -> str:
    """A number with a true minus sign, never −0.00, and halves rounded away from zero, as by hand.

    What floating point adds or loses beyond nine decimals does not count.

    >>> number(-0.128), number(-0.001), number(0.075)
    ('−0.13', '0.00', '0.08')
    """
    shown = f"{value:.{digits}f}"
    if math.isfinite(value):
        exact = Decimal(repr(round(float(value), 9)))
        shown = f"{exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}"
    return shown.replace("-", "" if float(shown) == 0 else "−")


def digits_for(reach: float) -> int:
    """The number of decimals that shows two digits of `reach`, at least two and at most six.

    >>> digits_for(30.0), digits_for(0.004)
    (2, 4)
    """
    return max(2, min(6, 1 - math.floor(math.log10(reach)))) if reach > 0 else 2


def round_up(reach: float) -> float:
    """The next of …, 0.1, 0.2, 0.5, 1, 2, 5, …, where an axis may end; 1 for zero.

    >>> round_up(0.13), round_up(3.0), round_up(0.0)
    (0.2, 5.0, 1.0)
    """
    if reach <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(reach))
    return next(float(f"{step * power:.1g}") for step in (1, 2, 5, 10) if step * power >= reach * (1 - 1e-12))


def short(value: float) -> str:
    """A number in as few digits as it needs, at most three decimals.

    >>> short(0.25), short(-30.0), short(1 / 3)
    ('0.25', '−30', '0.333')
    """
    return number(value, 3).rstrip("0").rstrip(".")


def text(
    x: float, y: float, words: str, size: float = 13, anchor: str = "start", bold: bool = False, fill: str = INK
) -> str:
    """Words whose baseline starts, ends or is centred (`anchor`: "start", "end", "middle") at (x, y)."""
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{px(x, 6)}" y="{px(y, 6)}" font-size="{px(size, 6)}" text-anchor="{anchor}" fill="{fill}"{weight}>{escape(words)}</text>'


def px(value: float, digits: int = 4) -> str:
    """A length in pixels, or another part of a drawing, in a few digits; what lies beyond nine decimals is floating point's.

    >>> px(200 / 3), px(0.1 + 0.2), px(441.25)
    ('66.67', '0.3', '441.2')
    """
    return f"{round(float(value), 9):.{digits}g}"


def fitting(words: str, width: float, size: float = 13) -> float:
    """The font size, at most `size`, at which `words` fit into `width` (a letter is about 0.6 of its size wide)."""
    return min(size, width / (0.6 * max(1, len(words))))


def rect(x: float, y: float, width: float, height: float, fill: str, stroke: str = "none", opacity: float = 1.0) -> str:
    """A rectangle from its upper left corner."""
    faint = f' fill-opacity="{px(opacity, 3)}"' if opacity < 1 else ""
    return f'<rect x="{px(x)}" y="{px(y)}" width="{px(width)}" height="{px(height)}" fill="{fill}" stroke="{stroke}"{faint}/>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str = GREY, dashed: bool = False) -> str:
    """A straight line."""
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<line x1="{px(x1)}" y1="{px(y1)}" x2="{px(x2)}" y2="{px(y2)}" stroke="{colour}"{dash}/>'


def circle(x: float, y: float, radius: float, stroke: str = INK, fill: str = PAPER) -> str:
    """A circle, hollow unless it is given a `fill`."""
    return f'<circle cx="{px(x)}" cy="{px(y)}" r="{radius:g}" fill="{fill}" stroke="{stroke}" stroke-width="2.5"/>'


def diamond(x: float, y: float, reach: float, fill: str) -> str:
    """A filled square on its corner."""
    corners = f"{px(x)},{px(y - reach)} {px(x + reach)},{px(y)} {px(x)},{px(y + reach)} {px(x - reach)},{px(y)}"
    return f'<polygon points="{corners}" fill="{fill}" stroke="{INK}"/>'


def star(x: float, y: float, reach: float, fill: str) -> str:
    """A filled star with five points."""
    corners = []
    for k in range(10):
        r, angle = (reach if k % 2 == 0 else 0.42 * reach), math.pi * (k / 5 - 0.5)
        corners.append(f"{px(x + r * math.cos(angle))},{px(y + r * math.sin(angle))}")
    return f'<polygon points="{" ".join(corners)}" fill="{fill}" stroke="{INK}"/>'


def polyline(points: Sequence[tuple[float, float]], colour: str, width: float = 2, dashed: bool = False) -> str:
    """A line through many points."""
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    path = " ".join(f"{px(x)},{px(y)}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dash}/>'


def arrow(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1.5, dashed: bool = False) -> str:
    """An arrow from (x1, y1) to (x2, y2) with a head in proportion; nothing where it would have no length."""
    length = math.hypot(x2 - x1, y2 - y1)
    if length < 1:
        return ""
    u, v = (x2 - x1) / length, (y2 - y1) / length
    h = min(4 + 2 * width, 0.6 * length)  # the head's length; it is as wide as long
    x, y = x2 - h * u, y2 - h * v
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    head = f"{px(x2)},{px(y2)} {px(x - h * v / 2)},{px(y + h * u / 2)} {px(x + h * v / 2)},{px(y - h * u / 2)}"
    shaft = f'<line x1="{px(x1)}" y1="{px(y1)}" x2="{px(x)}" y2="{px(y)}" stroke="{colour}" stroke-width="{width:g}"{dash}/>'
    return f'{shaft}<polygon points="{head}" fill="{colour}"/>'


def hatch(x: float, y: float, width: float, height: float, colour: str = INK, gap: float = 6) -> str:
    """Slanted lines over a rectangle: beside colour, the second sign of negative values."""
    strokes = []
    reach = gap
    while reach < width + height:  # the line from (x, y + reach) up to (x + reach, y), cut to the rectangle
        x1, x2 = x + max(0.0, reach - height), x + min(width, reach)
        strokes.append(f"M{px(x1)} {px(y + reach - (x1 - x))}L{px(x2)} {px(y + reach - (x2 - x))}")
        reach += gap
    return f'<path d="{"".join(strokes)}" stroke="{colour}" stroke-width="1" fill="none"/>'


def document(height: float, parts: Sequence[str], alt: str, role: str = "img") -> str:
    """The whole drawing, as wide as the page allows; screen readers read `alt`, and a "group" has parts to go to."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="{role}" aria-label="{escape(alt)}" '
        f'style="width: 100%; max-width: {SHOWN}px; height: auto; display: block" font-family="sans-serif">'
        + rect(0, 0, WIDTH, height, PAPER)
        + "".join(parts)
        + "</svg>"
    )
