"""The field of regrets: a path of both players' policies from any start."""

from __future__ import annotations

import ipywidgets
import torch

from ..games.matrix import MatrixGame
from ..registry import make
from .drawing.base import Explorer, Picture, choice, groups, policy_sliders, read_policy, slider
from .drawing.field import PATHS, Trajectory, draw

FIELD_GAMES = (
    "matching_pennies", "rock_paper_scissors", "stag_hunt", "chicken", "prisoners_dilemma", "climbing", "penalty",
)  # fmt: skip


class PolicyField(Explorer):
    """Both players of a matrix game follow their regrets. Sliders set where they start, and how far they go.

    >>> field = PolicyField("stag_hunt")
    >>> field.sliders[0][0].value = field.sliders[1][0].value = 0.5  # less than the 2/3 that a stag needs
    >>> "row is pushed towards hare" in field.alt
    True
    """

    def __init__(self, game: str = "matching_pennies", way: str = PATHS[0], steps: int = 100) -> None:
        if game not in FIELD_GAMES:
            raise ValueError(f"{game!r} has no field; the widget knows {list(FIELD_GAMES)}")
        super().__init__()
        self.game_menu, self.way_menu = (
            choice("Game", list(FIELD_GAMES), value=game),
            choice("Path", list(PATHS), value=way),
        )
        self.steps = slider(ipywidgets.IntSlider, "Steps", value=steps, min=0, max=400, step=10)
        self.game_menu.observe(self._deal, "value")
        for control in (self.way_menu, self.steps):
            control.observe(self.redraw, "value")
        self._deal()

    def _deal(self, change: object = None) -> None:
        """Show another game, with new sliders for its two players."""
        made = make(self.game_menu.value)
        assert isinstance(made, MatrixGame)
        self.game = made
        self.sliders = [
            policy_sliders(agent, names, first, weights)
            for agent, names, first, weights in zip(
                made.agents, made.action_names, (0.7, 0.4), ((5, 3, 2), (2, 5, 3)), strict=True
            )
        ]
        for one in (*self.sliders[0], *self.sliders[1]):
            one.observe(self.redraw, "value")
        self.show([self.game_menu, self.way_menu, groups(self.sliders), self.steps])

    def picture(self) -> Picture:
        start = [torch.tensor(read_policy(own), dtype=torch.float64) for own in self.sliders]
        return draw(Trajectory.of(self.game, (start[0], start[1]), self.way_menu.value, self.steps.value))
