"""The one palette, the look of each agent and of each task, and `save` for figures.

Colours are those of Okabe and Ito, which colour-blind people can tell apart ("Color universal design", 2008). Colour is
never the only sign: agents differ in shape and letters too, lines in their markers, and every figure has an alt text.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..game import Game

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, BLACK = "#CC79A7", "#56B4E9", "#F0E442", "#000000"
INK, GREY, PAPER = "#1a1a1a", "#6b6b6b", "#ffffff"

# Colour and marker of the first, second, … target or external; targets stand upright, externals on a corner or crossed.
TARGETS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (PURPLE, "p"))
EXTERNALS = ((VERMILLION, "D"), (SKY, "X"), (YELLOW, "*"))
WHITE_LETTERS = (BLUE, VERMILLION)  # on these, black letters would be hard to read

# Colour, marker and line of each task wherever several are in one figure.
TASKS = {
    "pursuit": (VERMILLION, "o", "-"), "rendezvous": (GREEN, "^", "--"), "gates": (BLUE, "s", "-."), "crossing": (ORANGE, "D", "-"),
    "bystander": (GREY, "v", ":"), "weather": (BLACK, "P", ":"), "random payoffs": (PURPLE, "X", "--"),
    "meeting of all": (SKY, "h", "-."),
}  # fmt: skip


def look(game: Game, agent: str) -> tuple[str, str, str]:
    """Colour, marker and letters of an agent: hunter_2 is h2."""
    team, looks = (game.targets, TARGETS) if agent in game.targets else (game.externals, EXTERNALS)
    colour, marker = looks[team.index(agent) % len(looks)]
    return colour, marker, agent[0] + "".join(re.findall(r"\d+", agent))


def pale(colour: str, share: float) -> tuple[float, float, float]:
    """A mixture with white, `share` of it `colour`: opaque, unlike a transparent colour."""
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return 1 - share * (1 - red), 1 - share * (1 - green), 1 - share * (1 - blue)


def save(figure: Figure, path: Path, alt: str) -> None:
    """Write a figure, with its alt text inside it and beside it (same name, `.txt`)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150, metadata={"Description": alt})
    path.with_suffix(".txt").write_text(alt + "\n", encoding="utf-8")
