"""Bystander, a negative control: nothing is gained by adapting to an external that does not matter.

Rules. A `size` × `size` board, `friends` friends (the targets) and one bystander (the external). All move at the same
time: stay, north, south, west or east; a move into the wall stays. When all friends land on the same cell, each is paid
1, and the first of them starts again on a random cell. The bystander walks about, pays nothing and is in nobody's way.

What it teaches. An external whose moves can be learned perfectly may still not matter: the score stays the same.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution, Normal

from ..externals import ExternalFamily
from .board import MOVES, BoardGame, landing_table, square
from .tabular import Outcomes


class Bystander(BoardGame):
    """`friends` targets that must meet on a `size` × `size` board, and a bystander that does not matter."""

    def __init__(self, size: int = 3, friends: int = 2, view: int | None = None) -> None:
        if friends < 2:
            raise ValueError(f"bystander needs at least two friends that can meet; got friends={friends}")
        names = tuple(f"friend_{f + 1}" for f in range(friends))
        super().__init__(
            "bystander", square("bystander", size), names, "bystander", view=view, size=size, friends=friends
        )
        self.landing = landing_table(size)  # (cells, 5)

    def starts(self) -> tuple[Tensor, Tensor]:
        return self.states(), torch.full((self.n_states,), 1 / self.n_states, dtype=torch.float64)

    def reset(self, batch: int, generator: torch.Generator) -> Tensor:
        """Draw from the distribution of `starts` without listing all states."""
        return torch.randint(self.cells, (batch, len(self.agents)), generator=generator)

    def outcomes(self, state: Tensor, actions: Tensor) -> Outcomes:
        landed = self.landing[state, actions]  # (B, n)
        met = (landed[:, :-1] == landed[:, :1]).all(1, keepdim=True)  # (B, 1)
        cell = torch.arange(self.cells)
        probability = torch.where(met, 1 / self.cells, (cell == landed[:, :1]).double())  # (B, K = cells)
        others = landed[:, None, 1:].expand(-1, self.cells, -1)
        next_state = torch.cat([cell[:, None].expand(len(landed), -1, 1), others], dim=2)  # (B, K, n)
        rewards = torch.cat(
            [met.float().expand(-1, len(self.targets)), torch.zeros_like(met, dtype=torch.float)], dim=1
        )
        return Outcomes(next_state, probability, rewards, torch.zeros_like(probability, dtype=torch.bool))


class BystanderFamily(ExternalFamily):
    """Bystanders: each has habits of direction, π(a | o) ∝ exp(habit_a), wherever anybody is."""

    name = "bystander"
    parameter_names = tuple(f"habit {m}" for m in MOVES)
    habit: ClassVar[float] = 2.0

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return self.habit * rng.standard_normal(len(MOVES))

    def prior(self) -> list[Distribution]:
        return [Normal(0.0, self.habit)] * len(MOVES)

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        return [parameters.softmax(-1)]
