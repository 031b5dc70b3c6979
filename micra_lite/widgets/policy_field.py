"""The field of regrets: a path of both players' policies from any start."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets
import torch

from ..games.matrix import MatrixGame
from ..registry import make
from .drawing.base import Explorer, Picture, choice, groups, slider
from .drawing.field import PATHS, Trajectory, draw
from .drawing.policies import TOGETHER, menu_of, probabilities, probability_sliders

FIELD_GAMES = (
    "matching_pennies", "rock_paper_scissors", "stag_hunt", "chicken", "prisoners_dilemma", "climbing", "penalty",
)  # fmt: skip


START = {2: ((0.7, 0.3), (0.4, 0.6)), 3: ((0.5, 0.3, 0.2), (0.2, 0.5, 0.3))}  # by the number of actions


class PolicyField(Explorer):
    """Both players of a matrix game follow their regrets. Sliders set where they start, and how far they go.

    A game that one comes back to starts where it was left.

    Args: game, which is shown first; way, how the policies move, one of `ways`; steps, how far; games and ways, which are
    offered (all, unless given; with one there are no buttons for it).

    >>> field = PolicyField("stag_hunt")
    >>> field.sliders[0][0].value = field.sliders[1][0].value = 0.5  # less than the 2/3 that a stag needs
    >>> "row is pushed towards hare" in field.alt
    True
    """

    def __init__(
        self, game: str = "matching_pennies", way: str = PATHS[0], steps: int = 100,
        games: Sequence[str] | None = None, ways: Sequence[str] = PATHS,
    ) -> None:  # fmt: skip
        offered = menu_of(game, games, FIELD_GAMES, "has no field; the widget knows")
        super().__init__()
        self.game_menu = choice("Game", offered, value=game)
        self.way_menu = choice("Path", list(ways), value=way)
        self.steps = slider(ipywidgets.IntSlider, "Steps", value=steps, min=0, max=400, step=10)
        self.dealt: dict[str, tuple[MatrixGame, list[list]]] = {}  # the games shown so far, with their sliders
        self.game_menu.observe(self._deal, "value")
        for control in (self.way_menu, self.steps):
            control.observe(self.redraw, "value")
        self._deal()

    def _deal(self, change: object = None) -> None:
        """Show another game: with its own sliders if it was here before, with new ones if not."""
        name = self.game_menu.value
        if name not in self.dealt:
            made = make(name)
            assert isinstance(made, MatrixGame)
            self.dealt[name] = (
                made,
                [
                    probability_sliders(agent, names, start, self.redraw)
                    for agent, names, start in zip(
                        made.agents, made.action_names, START[made.n_actions[0]], strict=True
                    )
                ],
            )
        self.game, self.sliders = self.dealt[name]
        menus = [m for m in (self.game_menu, self.way_menu) if len(m.options) > 1]
        note = [ipywidgets.HTML(TOGETHER)] if max(self.game.n_actions) > 2 else []
        self.show([*menus, groups(self.sliders), *note, self.steps])

    def picture(self) -> Picture:
        start = [torch.tensor(probabilities(own), dtype=torch.float64) for own in self.sliders]
        return draw(Trajectory.of(self.game, (start[0], start[1]), self.way_menu.value, self.steps.value))
