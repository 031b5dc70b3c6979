"""Record a widget for a page without a kernel: its picture for every setting of its controls that the page offers.

A widget's picture is a function of its controls, so it can be played back.

1. Choices (buttons) are all offered. For each combination of them the sliders make a *block* of settings.
2. A block is the whole grid of the sliders' positions if that is at most as large as the widget's share of PICTURES
   (sliders skip positions for that, but keep at least COARSE); else one slider moves at a time, the others stay where
   the widget opens, and the page says so.
3. Pictures share most of their parts, so each is a list of numbers of parts, and all of it is compressed.

`scripts/recording.js` plays what `packed` returns.
"""

from __future__ import annotations

import base64
import json
import math
import re
import zlib
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import ipywidgets

import micra_lite
from micra_lite.widgets import OpeningGame
from micra_lite.widgets.drawing.base import Explorer, Picture

SCRIPTS = Path(__file__).parent / "scripts"
PICTURES = 400  # of one widget, at most
COARSE = 5  # positions that a slider keeps at least in a whole grid


NOTHING = Picture("", "")


def parts(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    """Everything inside a widget, from top to bottom."""
    for child in getattr(widget, "children", ()):
        yield child
        yield from parts(child)


def values(control: Any) -> list[Any]:
    """All values that a control can have, in order."""
    if hasattr(control, "options"):
        return [value for _, value in control._options_full]
    count = round((control.max - control.min) / control.step)
    return [type(control.value)(round(control.min + k * control.step, 9)) for k in range(count + 1)]


def said(control: Any, value: Any) -> str:
    """A value as the control shows it."""
    if hasattr(control, "options"):
        return next(label for label, one in control._options_full if one == value)
    return format(value, control.readout_format.replace("d", ""))


def place(offer: Sequence[Any], value: Any) -> int:
    """Where a value, or the number nearest to it, stands among those on offer."""
    if value in offer:
        return offer.index(value)
    return min(range(len(offer)), key=lambda k: abs(offer[k] - value))


def thinned(every: Sequence[Any], opening: Any, most: int) -> list[Any]:
    """At most `most` of the values, evenly spread, with both ends and the opening one.

    >>> thinned(range(11), 4, 5)
    [0, 2, 4, 8, 10]
    """
    last = len(every) - 1
    if last < most:
        return list(every)
    kept = [round(k * last / (most - 1)) for k in range(most)]
    at = place(every, opening)
    if 0 < at < last:  # in the place of its nearest
        kept[1 + place(kept[1:-1], at)] = at
    return [every[k] for k in kept]


def put_back(moving: Sequence[Any], opening: Sequence[Any]) -> None:
    """Set sliders to where they opened; more than once, because some move each other."""
    for _ in range(9):
        for control, value in zip(moving, opening, strict=True):
            control.value = value
        if [c.value for c in moving] == list(opening):
            return
    raise RuntimeError(f"sliders do not go back to {list(opening)}; they are at {[c.value for c in moving]}")


class Recorder:
    """One widget, and its pictures so far: each once, as numbers of parts, and each part once."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.only = explorer.recorded()
        self.tokens: dict[str, int] = {}
        self.pictures: dict[tuple[int, ...], int] = {}

    def controls(self, kind: Any) -> list[Any]:
        """The controls of a kind that are shown at present and can be moved."""
        shown = (w for w in parts(self.explorer) if isinstance(w, kind) and not w.disabled)
        return [w for w in shown if self.only is None or w in self.only]

    def choices(self) -> list[Any]:
        return self.controls(ipywidgets.ToggleButtons)

    def sliders(self) -> list[Any]:
        return self.controls(ipywidgets.FloatSlider | ipywidgets.IntSlider | ipywidgets.SelectionSlider)

    def notes(self) -> list[str]:
        """The words between the controls, HTML; those of controls that the recording lacks are left out."""
        if self.only is not None:
            return [f"<p>{self.explorer.recording}</p>"]
        shown = parts(self.explorer)
        return [w.value for w in shown if isinstance(w, ipywidgets.HTML) and w is not self.explorer.view]

    def draw(self) -> int:
        """Draw the present picture; returns its number."""
        drawn = type(self.explorer).picture(self.explorer).html()
        pieces = [self.tokens.setdefault(piece, len(self.tokens)) for piece in re.split(r"(?<=>)", drawn)]
        return self.pictures.setdefault(tuple(pieces), len(self.pictures))

    def combinations(self, k: int = 0) -> Iterator[list[Any]]:
        """Make every combination of choices, the opening one first; what there is to choose may depend on earlier choices."""
        offered = self.choices()
        if k == len(offered):
            yield [c.value for c in offered]
            return
        opening = offered[k].value
        for value in sorted(values(offered[k]), key=lambda v: v != opening):
            self.choices()[k].value = value
            yield from self.combinations(k + 1)

    def choose(self, wanted: Sequence[Any]) -> None:
        """Make the choices `wanted`, from first to last."""
        for k, value in enumerate(wanted):
            self.choices()[k].value = value

    def block(self, budget: int) -> dict[str, Any]:
        """The pictures for the sliders' positions, with the present choices: all combinations, or one slider at a time."""
        moving = self.sliders()
        opening, every = [c.value for c in moving], [values(c) for c in moving]

        def offers(most: int) -> list[list[Any]]:
            return [thinned(v, o, most) for v, o in zip(every, opening, strict=True)]

        fitting = [
            m
            for m in range(max(map(len, every), default=COARSE), COARSE - 1, -1)
            if math.prod(map(len, offers(m))) <= budget
        ]
        offer = offers(fitting[0]) if fitting else []
        found = self.grid(moving, offer) if fitting else None
        if found is None:  # too many, or sliders that move each other
            most = max(map(len, every))
            while most > 3 and sum(map(len, offers(most))) > budget:
                most -= 1
            offer = offers(most)
            found = self.one_at_a_time(moving, offer, opening)
        put_back(moving, opening)
        shown = [
            [c.description, [said(c, v) for v in has], place(has, o)]
            for c, has, o in zip(moving, offer, opening, strict=True)
        ]
        menus = [[c.description, [label for label, _ in c._options_full], c.index] for c in self.choices()]
        return {"choices": menus, "sliders": shown, "notes": self.notes(), **found}

    def grid(self, moving: Sequence[Any], offers: list[list[Any]]) -> dict[str, Any] | None:
        """All combinations of the sliders' positions, the last slider fastest; None if a slider moves another."""
        drawn = []
        for wanted in product(*offers):
            for control, value in zip(moving, wanted, strict=True):
                control.value = value
            if any(c.value != v for c, v in zip(moving, wanted, strict=True)):
                return None
            drawn.append(self.draw())
        return {"pictures": drawn}

    def one_at_a_time(self, moving: Sequence[Any], offers: list[list[Any]], opening: list[Any]) -> dict[str, Any]:
        """Each slider over its positions from where the widget opens; `told` is what all sliders then say."""
        drawn, told = [], []
        for control, offer in zip(moving, offers, strict=True):
            for value in offer:
                put_back(moving, opening)
                control.value = value
                drawn.append(self.draw())
                told.append([said(c, c.value) for c in moving])
        return {"pictures": drawn, "told": told}


def record(explorer: Explorer) -> dict[str, Any]:
    """Everything that a page needs to play a widget back; `scripts/recording.js` says how it is read."""
    recorder = Recorder(explorer)
    explorer.picture = lambda: NOTHING  # type: ignore[method-assign]  # while its controls move, nothing is drawn
    wanted = list(recorder.combinations())
    recorder.choose(wanted[0])
    blocks = []
    for combination in wanted:
        recorder.choose(combination)
        blocks.append(recorder.block(PICTURES // len(wanted)))
    return {"blocks": blocks, "pictures": list(recorder.pictures), "tokens": list(recorder.tokens)}


def page(twin: str, widget: Explorer | OpeningGame | None) -> str:
    """A widget's static copy, HTML, with what makes it move on a page; `widget` is None if the copy says all that is needed."""
    marks, recording = re.match(r"<div([^>]*)>", twin), ""
    if widget is not None:
        data = widget.data if isinstance(widget, OpeningGame) else record(widget)
        recording = f'<script type="text/plain" class="recording">{packed(data)}</script>'
    return f'<div class="live"{marks[1]}><div class="still"><div>{twin[marks.end() :]}</div>{recording}</div>'


def packed(data: Any) -> str:
    """Data as JSON, compressed, in letters that may stand in a page."""
    return base64.b64encode(zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 9)).decode()


def script(game: bool) -> str:
    """The script of a page with widgets, as text that may stand in the page; `game`: with the opening game."""
    files = [SCRIPTS / f"{name}.js" for name in ("svg", "controls", "question", "recording", "regrets", "page")]
    texts = [path.read_text(encoding="utf-8") for path in files]
    if game:
        module = Path(micra_lite.__file__).parent / "widgets" / "opening_game.js"
        texts.insert(0, module.read_text(encoding="utf-8").replace("export default", "const openingGame ="))
    return f"(() => {{\n{''.join(texts)}}})();"
