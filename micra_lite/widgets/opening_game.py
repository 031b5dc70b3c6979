"""The opening game: hunt three prey, then see how a team that watched them did it.

Nothing to read before, no code, no symbol. All that happens is computed in `opening_story`; the page, in `opening_game.js`, only
looks it up. It needs no kernel, so the web site shows the same file with the same data.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..games.scene import Board
from .chain import hunt
from .drawing import boards, svg
from .drawing.base import STATIC, Picture
from .opening_story import GOAL, STEPS, game_data, story


class OpeningGame(anywidget.AnyWidget):
    """A game of two minutes: catch three prey beside a mate, then watch the team that watched them.

    `result["catches"]` has the player's catches of each prey so far (None where there was no round yet), `result["team"]` the
    team's.

    >>> OpeningGame().result
    {'catches': [None, None, None], 'team': [6, 6, 6]}
    """

    _esm = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    data = traitlets.Dict().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)

    def __init__(self) -> None:
        data = game_data()
        team = [sum(step["caught"] for step in prey["team"]) for prey in data["prey"]]
        super().__init__(data=data, result={"catches": [None] * len(team), "team": team})

    def picture(self) -> Picture:
        """The first board, for the static copy."""
        game = hunt().game
        parts, height, words = boards.board(game, Board(3, 3, dict(zip(game.agents, story()[0].start, strict=True))))
        alt = f"The opening game, prey 1. {words} Catch it {GOAL} times in {STEPS} moves; you are hunter 1."
        return Picture(svg.document(height, parts, alt), alt)

    def twin(self) -> str:
        """The static copy as HTML; it says what it is a copy of, so that the web site can put the game in its place."""
        name = escape(json.dumps(type(self).__name__))
        return f'<div data-widget="{name}">{self.picture().html(still=True)}<p><em>{escape(STATIC)}</em></p></div>'

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | None:
        found = super()._repr_mimebundle_(**kwargs)
        if found is None:
            return None
        bundle, about = found
        return {**bundle, "text/plain": "OpeningGame", "text/html": self.twin()}, about
