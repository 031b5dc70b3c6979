"""The map of MICRA in the head of every lesson: three phases, four networks, and who teaches whom; the lesson's part is lit.

Words are explained in the strip below the map, where the pointer rests or the focus stands (Tab); no kernel is needed.
"""

from __future__ import annotations

import re

from ..plotting import style
from .drawing import svg
from .drawing.base import Explorer, Picture

NAMES = {  # what can be lit and explained → how it is shown, and its explanation in at most two lines
    "externals": ("externals", "Agents that nobody of ours controls: partners, opponents, strangers.",
                  "Each follows a fixed policy that it does not tell. We see its moves, and nothing else."),
    "extractor": ("extractor", "The state feature extractor turns an observation into features, a short list of numbers.",
                  "Imitator, critic and actors all look at these, so what one of them needs helps the others."),
    "imitator": ("meta-imitator", "Predicts the externals' next moves. It starts from parameters θ that are made for adapting:",
                 "a few steps on a few watched moves, and the copy θ′ predicts this very external."),
    "critic": ("critic", "Learns Q(s, a): what the joint action a of all agents, externals included, is worth in state s.",
               "It learns from rewards by temporal differences. Only the team's trainers have it."),
    "regret": ("regrets", "How much better one action of a target is than what its policy does on average,",
               "with everybody else averaged out: the counterfactual regret advantage (CRA)."),
    "actors": ("actors", "The targets' policies, one for each. They play more of what they regret not having played.",
               "An actor sees its own observation, and is told what is predicted of the externals."),
    "offline training": ("1 offline training", "Phase one. The team plays with many training externals, and everything learns,",
                         "all targets together."),
    "online adaptation": ("2 online adaptation", "Phase two. A newcomer is watched for a few episodes, without any reward. A copy θ′ of the",
                          "imitator's parameters adapts to it. By default no network changes: what θ′ predicts is told to critic and actors."),
    "execution": ("3 execution", "Phase three. The team plays with the newcomer. Nothing learns any more,",
                  "and each actor decides by itself."),
}  # fmt: skip
ROWS = {  # who teaches it, and what it does in each phase
    "externals": ("(not ours)", "many to train with", "a newcomer", "the newcomer"),
    "extractor": ("imitator, critic", "learns", "stays as it is", "makes features"),
    "imitator": ("watched moves", "learns to adapt", "a copy θ′ adapts", "predicts"),
    "critic": ("rewards, imitator", "learns Q", "stays as it is", "not needed"),
    "regret": ("critic, imitator", "computed", "not needed", "not needed"),
    "actors": ("regrets", "learn to act", "told the prediction", "act, each alone"),
}
HINT = "Arrows: who teaches whom. Rest the pointer on a word, or reach it with Tab, to have it explained."
VERBS = {"externals": "not ours", "regret": "computed from {}"}  # all others learn
PHASES = ("offline training", "online adaptation", "execution")
LEFT, NAME, TAUGHT, PHASE, ROW, TOP = 34.0, 104.0, 125.0, 139.0, 31.0, 32.0
BOTTOM = TOP + ROW * len(ROWS)
# Shown only while the pointer or the focus is on a word; a drawing that is an image has neither, and shows none.
LOOK = (
    "<style>.micra-term .micra-tip{visibility:hidden}.micra-term:hover .micra-tip,.micra-term:focus .micra-tip"
    "{visibility:visible}.micra-term{cursor:help}.micra-term:focus{outline:none}.micra-term:focus .micra-box{stroke:"
    f"{style.INK};stroke-width:3}}</style>"
)


def term(name: str, x: float, y: float, width: float, lit: bool) -> str:
    """A box with a word, lit or not, that explains itself in the strip below the map."""
    shown, *lines = NAMES[name]
    fill, stroke, thick = (style.BLUE, style.BLUE, 2) if lit else (style.PAPER, style.GREY, 1)
    box = (
        f'<rect class="micra-box" x="{x:g}" y="{y:g}" width="{width:g}" height="{ROW - 8:g}" rx="5" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="{thick}"/>'
    )
    words = svg.text(
        x + width / 2, y + 16, shown, 12 if len(shown) < 18 else 11, "middle", lit, style.PAPER if lit else style.INK
    )
    strip = svg.rect(4, BOTTOM + 6, svg.WIDTH - 8, 44, style.PAPER, style.GREY)
    told = "".join(
        svg.text(12, BOTTOM + 24 + 18 * k, line, svg.fitting(line, svg.WIDTH - 24, 13)) for k, line in enumerate(lines)
    )
    label = f"{shown}: {' '.join(lines)}"
    return f'<g class="micra-term" tabindex="0" role="note" aria-label="{label}">{box}{words}<g class="micra-tip">{strip}{told}</g></g>'


def teaching() -> list[str]:
    """Arrows from each teacher to its pupil, left of the names and between them."""
    row = {name: TOP + ROW * k for k, name in enumerate(ROWS)}
    middle, parts = LEFT + NAME / 2, []
    for teacher, pupil in (
        ("critic", "regret"),
        ("regret", "actors"),
        ("imitator", "critic"),
        ("imitator", "extractor"),
    ):
        down = row[pupil] > row[teacher]
        start, end = (row[teacher] + ROW - 8, row[pupil]) if down else (row[teacher], row[pupil] + ROW - 8)
        parts.append(svg.arrow(middle, start, middle, end, style.INK, 2))
    for teacher, pupil, out in (("externals", "imitator", 14.0), ("critic", "extractor", 24.0)):
        y1, y2, x = row[teacher] + 11.5, row[pupil] + 11.5 + (4 if teacher == "critic" else 0), LEFT - out
        parts.append(svg.polyline([(LEFT, y1), (x, y1), (x, y2), (LEFT - 6, y2)], style.INK, 1.5))
        parts.append(svg.arrow(LEFT - 9, y2, LEFT, y2, style.INK, 2))
    return parts


def draw(lit: tuple[str, ...], hint: str = HINT) -> Picture:
    """The map with these parts lit, all of them where none is named, and a hint in the strip below it."""
    shown = lit or tuple(NAMES)
    columns = [LEFT + NAME + TAUGHT + PHASE * k for k in range(3)]
    parts = [LOOK, svg.text(LEFT + NAME + 8, 18, "learns from", 12, fill=style.GREY)]
    for name, x in zip(PHASES, columns, strict=True):
        if lit and name in lit:
            parts.append(svg.rect(x, 2, PHASE, BOTTOM - 4, style.SKY, opacity=0.35))
    for k, (name, (taught, *does)) in enumerate(ROWS.items()):
        y = TOP + ROW * k
        if lit and name in lit:
            parts.append(svg.rect(LEFT, y - 4, svg.WIDTH - LEFT - 1, ROW, style.SKY, opacity=0.35))
        bold = bool(lit) and name in lit
        parts.append(svg.text(LEFT + NAME + 8, y + 16, taught, svg.fitting(taught, TAUGHT, 12), bold=bold))
        for phase, x, words in zip(PHASES, columns, does, strict=True):
            strong = bold or (bool(lit) and phase in lit)
            parts.append(svg.text(x + PHASE / 2, y + 16, words, svg.fitting(words, PHASE, 12), "middle", strong))
    parts += teaching()
    parts.append(svg.text(12, BOTTOM + 32, hint, 12, fill=style.GREY))
    parts += [term(name, LEFT, TOP + ROW * k, NAME, name in shown) for k, name in enumerate(ROWS)]
    parts += [term(name, x + 4, 2, PHASE - 8, name in shown) for name, x in zip(PHASES, columns, strict=True)]
    return Picture(svg.document(BOTTOM + 56, parts, alt := told(lit), "group"), alt)


def told(lit: tuple[str, ...]) -> str:
    """The map in words."""
    rows = "; ".join(
        f"{NAMES[name][0]}: {VERBS.get(name, 'learns from {}').format(taught)}; offline training: {one}; online adaptation: {two}; execution: {three}"
        for name, (taught, one, two, three) in ROWS.items()
    )
    return f"Map of MICRA, three phases. {rows}. This lesson: {here(lit)}."


def here(lit: tuple[str, ...]) -> str:
    """A lesson's part in words."""
    return ", ".join(NAMES[name][0].lstrip("123 ") for name in lit) or "all of it"


class CourseMap(Explorer):
    """The map as a widget without controls; made by `course_map`."""

    def __init__(self, lit: tuple[str, ...]) -> None:
        super().__init__()
        self.lit = lit
        self.show([])

    def picture(self) -> Picture:
        return draw(self.lit)

    def twin(self) -> str:
        """The static copy: a picture explains no word, and its caption need not repeat the alt text."""
        picture = draw(self.lit, "Arrows: who teaches whom.")
        caption = f"<figcaption><em>The map of MICRA. This lesson: {here(self.lit)}.</em></figcaption>"
        return f"<div>{re.sub('<figcaption.*</figcaption>', caption, picture.html(still=True))}</div>"


def course_map(*lit: str) -> CourseMap:
    """The map of MICRA with a lesson's part lit.

    Args: names of networks, phases or other parts, from NAMES; none for the whole. Raises ValueError for any other name.

    >>> course_map("regret").alt.split(". ")[-1]
    'This lesson: regrets.'
    """
    unknown = [name for name in lit if name not in NAMES]
    if unknown:
        raise ValueError(f"the map has no part {unknown[0]!r}; it has {list(NAMES)}")
    return CourseMap(lit)
