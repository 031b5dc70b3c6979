"""Pursuit: hunters that must foresee where a prey will land.

Rules. A `size` × `size` board, `hunters` hunters (the targets), one prey (the external). All move at the same time:
stay, north, south, west or east; a move into the wall stays. The prey is caught when a hunter lands on the cell on
which the prey lands *in the same move*; moving to the cell where it was, or swapping places with it, catches nothing.
Each catch pays every hunter 1 and costs the prey 1; the prey then starts again on a random cell without a hunter. The
game goes on (discount 0.95; episodes are cut after 25 steps).

What it teaches. A hunter that knows where the prey flees can be there first; one that does not can only guess. A prey
flees, has a home, and has habits of direction (`PreyFamily`), so hunters that know it catch it more often. They must
also coordinate: two that block the same way out leave another one open.

Options. `size` of the board; number of `hunters`; `view`, the number of rows and columns within which everyone sees the
others (None: everywhere). A prey flees only from hunters that it sees. Under partial views the critic still sees the
whole board.

Headroom. Over the held-out prey the best team found that plays alike against all scores 0.69, the best response to a wrong prey
0.33 (0: random team, 1: best response to each; `python benchmarks/games.py`).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution, Normal, Uniform

from ..externals import ExternalFamily
from .board import BoardGame, bump_table, cells_seen, distance_table, landing_table, square
from .tabular import Outcomes


class Pursuit(BoardGame):
    """`hunters` targets and one prey on a `size` × `size` board."""

    def __init__(self, size: int = 3, hunters: int = 2, view: int | None = None) -> None:
        if hunters < 1:
            raise ValueError(f"pursuit needs at least one hunter; got hunters={hunters}")
        if hunters >= max(size, 2) ** 2:
            raise ValueError(f"{hunters} hunters can fill all {size * size} cells, leaving none for the prey")
        names = tuple(f"hunter_{h + 1}" for h in range(hunters))
        super().__init__("pursuit", square("pursuit", size), names, "prey", view=view, size=size, hunters=hunters)
        self.hunters = hunters
        self.landing = landing_table(size)  # (cells, 5)

    def _free(self, hunters: Tensor) -> Tensor:
        """The probabilities of a prey's first cell, (B, cells): uniform over the cells without a hunter."""
        free = torch.ones(len(hunters), self.cells, dtype=torch.float64)
        free.scatter_(1, hunters, 0.0)
        return free / free.sum(1, keepdim=True)

    def starts(self) -> tuple[Tensor, Tensor]:
        state = self.states()
        uniform = self._free(state[:, :-1]) / self.cells**self.hunters  # (S, cells)
        return state, uniform.gather(1, state[:, -1:])[:, 0]

    def reset(self, batch: int, generator: torch.Generator) -> Tensor:
        """Draw from the distribution of `starts` without listing all states, so that any board size will do."""
        hunters = torch.randint(self.cells, (batch, self.hunters), generator=generator)  # (B, hunters)
        return torch.cat([hunters, torch.multinomial(self._free(hunters), 1, generator=generator)], dim=1)  # (B, n)

    def outcomes(self, state: Tensor, actions: Tensor) -> Outcomes:
        landed = self.landing[state, actions]  # (B, n)
        caught = (landed[:, :-1] == landed[:, -1:]).any(1, keepdim=True)  # (B, 1)
        pays = caught.float()
        rewards = torch.cat([pays.expand(-1, self.hunters), -pays], dim=1)  # (B, n)
        return self.restart(landed, caught, self._free(landed[:, :-1]), rewards)


class PreyFamily(ExternalFamily):
    """Prey of pursuit: each flees, is drawn to a home cell, and has habits of direction.

    π(a | o) ∝ exp(flee · d(a) − homing · h(a) − shy · w(a) + habit_a), where d(a) is the distance of the landing cell
    from the nearest hunter, h(a) its distance from home, and w(a) is 1 for a move into the wall, else 0.
    """

    name = "pursuit"
    parameter_names = ("flee", "homing", "home row", "home column", "shy", *[f"habit {m}" for m in "0NSWE"])
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"flee": (-0.5, 2.5), "homing": (0.0, 2.5), "shy": (0.0, 2.0)}
    habit: ClassVar[float] = 2.0

    def __init__(self, size: int = 3, hunters: int = 2) -> None:
        self.size, self.hunters = size, hunters
        self.landing, self.distance, self.bump = landing_table(size), distance_table(size), bump_table(size)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        flee, homing, shy = (rng.uniform(*self.ranges[p]) for p in ("flee", "homing", "shy"))
        home = rng.uniform(
            0.0, 1.0, 2
        )  # a fraction of the board, so that a seed means the same prey on every board size
        return np.concatenate([[flee, homing, *home, shy], self.habit * rng.standard_normal(5)])

    def prior(self) -> list[Distribution]:
        flee, homing, shy = (Uniform(*self.ranges[p], validate_args=False) for p in ("flee", "homing", "shy"))
        home = Uniform(0.0, 1.0, validate_args=False)
        return [flee, homing, home, home, shy, *[Normal(0.0, self.habit)] * 5]

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        seen = observations[0]
        cells, in_view = cells_seen(seen, self.hunters + 1, self.size**2)  # (…, n)
        hunters, prey = cells[..., :-1], cells[..., -1]
        flee, homing, home_at, shy, habit = parameters.split([1, 1, 2, 1, 5], dim=-1)
        home = (home_at * self.size).long().clamp(max=self.size - 1)
        home = home[..., 0] * self.size + home[..., 1]  # (…)
        landing = self.landing[prey]  # (…, 5)
        distance = self.distance.to(parameters.dtype)
        away = distance[landing[..., None, :], hunters[..., None]]  # (…, hunters, 5)
        nearest = away.masked_fill(~in_view[..., :-1, None], 2.0 * self.size).amin(
            -2
        )  # a hunter out of view counts as far away
        wall = self.bump[prey].to(parameters.dtype)
        logits = flee * nearest - homing * distance[landing, home[..., None]] - shy * wall + habit
        return [logits.softmax(-1)]
