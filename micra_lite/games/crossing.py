"""Crossing: drivers that meet head-on, and a convention that must be guessed.

Rules. A road of `lanes` lanes (rows) and `length` cells. `drivers` drivers (the targets) drive east, one stranger (the
external) drives west. All choose at the same time: straight on, onward and one lane to the left, or onward and one
lane to the right; the stranger alone can also brake (stay). An agent in the outermost lane stays in it instead of leaving
the road. A driver and the stranger that meet (land in the same column) or pass each other *crash* if they end in the same
lane. An agent that drives off the far end has arrived. Each driver's arrival pays every driver 1, each crash costs every
driver `crash`; the stranger is paid 1 for its own arrival and pays `crash` if it crashes. An agent that arrived or crashed
enters again at its near end, in a random lane. Drivers do not hinder each other. The game goes on (discount 0.95; episodes are cut after 25
steps).

What it teaches. Keep left or keep right, push or yield: each convention is good when all follow it. The stranger has
its own (`StrangerFamily`), and does not wait to see what the drivers do; drivers that know it can pass.

Options. `lanes` and `length` of the road; number of `drivers`; the cost of a `crash`; `view`, the number of rows and
columns within which everyone sees the others (None: everywhere). The stranger neither dodges nor yields to drivers that
it does not see. Under partial views the critic still sees the whole road.

Headroom. Over the held-out strangers the best team found that plays alike beside all scores 0.65, the best response to a wrong
stranger -0.13 (0: random team, 1: best response to each; `python benchmarks/games.py`): being sure of the wrong
convention is worse than driving at random.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution, Normal, Uniform

from ..externals import ExternalFamily
from .board import BoardGame, Moves, cells_seen
from .tabular import Outcomes

EAST: Moves = {"straight": (0, 1), "left": (-1, 1), "right": (1, 1)}
WEST: Moves = {"straight": (0, -1), "left": (1, -1), "right": (-1, -1), "brake": (0, 0)}  # westbound, left is south


class Crossing(BoardGame):
    """`drivers` targets drive east and one stranger drives west on `lanes` lanes of `length` cells."""

    def __init__(
        self, lanes: int = 2, length: int = 3, drivers: int = 2, crash: float = 1.0, view: int | None = None
    ) -> None:
        if lanes < 2 or length < 2:
            raise ValueError(f"crossing needs at least 2 lanes of 2 cells; got lanes={lanes}, length={length}")
        names = tuple(f"driver_{d + 1}" for d in range(drivers))
        super().__init__("crossing", (lanes, length), names, "stranger", (EAST,) * drivers + (WEST,),
                         view=view, lanes=lanes, length=length, drivers=drivers, crash=crash)  # fmt: skip
        self.crash = crash
        n = drivers + 1
        self.directions = torch.zeros(n, len(WEST), 2, dtype=torch.long)  # of each agent's moves, in (lanes, cells)
        for j, moves in enumerate(self.moves):
            self.directions[j, : len(moves)] = torch.tensor(list(moves.values()))
        self.near = torch.tensor([0] * drivers + [length - 1])  # (n,) the column in which each enters
        self.entries = torch.cartesian_prod(*[torch.arange(lanes)] * n)  # (K, n) lanes to enter in

    def landing_place(self, agent: str, cell: int, action: int) -> tuple[int, int]:
        """As in every board game, but whoever drives off the road is one column beyond it."""
        row, _ = super().landing_place(agent, cell, action)
        return row, cell % self.columns + self.direction(agent, action)[1]

    def starts(self) -> tuple[Tensor, Tensor]:
        """Everyone at the near end, in any lane."""
        K = len(self.entries)
        return self.entries * self.columns + self.near, torch.full((K,), 1 / K, dtype=torch.float64)

    def outcomes(self, state: Tensor, actions: Tensor) -> Outcomes:
        near, entries = self.near, self.entries
        lane, column = state // self.columns, state % self.columns  # (B, n)
        aside, onward = self.directions[torch.arange(len(self.agents)), actions].unbind(-1)
        to_lane, to_column = (lane + aside).clamp(0, self.rows - 1), column + onward
        arrived = (to_column < 0) | (to_column >= self.columns)
        # Each driver against the stranger, (B, drivers).
        on_road = ~arrived[:, :-1] & ~arrived[:, -1:]
        met = (column[:, :-1] <= column[:, -1:]) & (to_column[:, :-1] >= to_column[:, -1:])
        crash = on_road & met & (to_lane[:, :-1] == to_lane[:, -1:])
        crashed = torch.cat([crash, crash.any(1, keepdim=True)], dim=1)  # (B, n)
        arrived = arrived & ~crashed
        team = arrived[:, :-1].float().sum(1, keepdim=True) - self.crash * crash.float().sum(1, keepdim=True)
        own = arrived[:, -1:].float() - self.crash * crashed[:, -1:].float()
        rewards = torch.cat([team.expand(-1, len(self.targets)), own], dim=1)  # (B, n)
        landed = torch.where(arrived | crashed, 0, to_lane * self.columns + to_column)
        enter = entries * self.columns + near  # (K, n)
        next_state = torch.where((arrived | crashed)[:, None], enter, landed[:, None])  # (B, K, n)
        # Lanes are drawn for everyone, and used only for those that enter again.
        probability = torch.full(next_state.shape[:2], 1 / len(enter), dtype=torch.float64)
        return Outcomes(next_state, probability, rewards, torch.zeros_like(probability, dtype=torch.bool))


class StrangerFamily(ExternalFamily):
    """Strangers of crossing: each swerves more or less, to the left or the right, and differently if a driver is ahead.

    π(a | o) ∝ exp(u_a) with u = 0 for straight, swerve + m · dodge + keep for left, swerve + m · dodge − keep for right,
    brake + m · yield for brake, where m is 1 if a driver is ahead of it (in any lane), else 0. Nobody swerves out of the
    outermost lane.
    """

    name = "crossing"
    parameter_names = ("swerve", "dodge", "keep left", "brake", "yield")
    habit: ClassVar[float] = 4.0
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"brake": (-5.0, -2.0), "yield": (-1.0, 3.0)}

    def __init__(self, lanes: int = 2, length: int = 3, drivers: int = 2) -> None:
        self.lanes, self.length, self.drivers = lanes, length, drivers

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return np.concatenate([
            self.habit * rng.standard_normal(3), [rng.uniform(*self.ranges[p]) for p in ("brake", "yield")],
        ])  # fmt: skip

    def prior(self) -> list[Distribution]:
        ranges = [Uniform(*self.ranges[p], validate_args=False) for p in ("brake", "yield")]
        return [*[Normal(0.0, self.habit)] * 3, *ranges]

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        seen = observations[0]
        cells, in_view = cells_seen(seen, self.drivers + 1, self.lanes * self.length)  # (…, n)
        lane, column = cells // self.length, cells % self.length
        swerve, dodge, keep, brake, give = parameters.unbind(-1)  # (…) each
        meets = ((column[..., :-1] <= column[..., -1:]) & in_view[..., :-1]).any(-1)
        aside = swerve + meets * dodge
        left = (aside + keep).masked_fill(lane[..., -1] == self.lanes - 1, -torch.inf)  # westbound, left is south
        right = (aside - keep).masked_fill(lane[..., -1] == 0, -torch.inf)
        return [torch.stack([torch.zeros_like(aside), left, right, brake + meets * give], dim=-1).softmax(-1)]
