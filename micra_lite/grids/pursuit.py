"""Pursuit: hunters who must foresee where a prey will land.

Rules. A `size` × `size` board, `hunters` hunters (the targets), one prey (the external). All move at the same time:
stay, north, south, west or east; a move into the wall stays. The prey is caught when a hunter lands on the cell on
which the prey lands *in the same move* (chasing the cell where it was does not help, nor does swapping places). Each
catch pays every hunter 1 and costs the prey 1; the prey then starts again on a random cell without a hunter. The game
goes on (discount 0.95; episodes are cut after 25 steps).

What it teaches. A hunter that knows where the prey flees to is there first; one that does not can only guess. The
prey flees, has a home, and has habits of direction (`micra_lite.externals`), so to know the prey is to catch it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..games import Outcomes, TabularGame
from .board import MOVES, landing_table


class Pursuit(TabularGame):
    """`hunters` targets and one prey on a `size` × `size` board; the state is one cell per agent, prey last."""

    def __init__(self, size: int = 3, hunters: int = 2) -> None:
        if size < 2:
            raise ValueError(f"pursuit needs a board of at least 2 × 2 cells; got size={size}")
        if hunters < 1:
            raise ValueError(f"pursuit needs at least one hunter; got hunters={hunters}")
        if hunters >= size * size:
            raise ValueError(f"{hunters} hunters can fill all {size * size} cells, leaving none for the prey")
        self.name, self.options = "pursuit", {"size": size, "hunters": hunters}
        self.size, self.cells, self.hunters = size, size * size, hunters
        self.agents = (*[f"hunter_{h + 1}" for h in range(hunters)], "prey")
        n = hunters + 1
        self.radix = (self.cells,) * n
        self.n_actions = (len(MOVES),) * n
        self.action_names = (MOVES,) * n
        self.observation_sizes = (n * self.cells,) * n
        self.landing = landing_table(size)  # (cells, 5)
        self.split_agents(self.agents[:-1], self.agents[-1:])

    def _free(self, hunters: Tensor) -> Tensor:
        """Where a prey can start: (B, cells), uniform over the cells without a hunter."""
        free = torch.ones(len(hunters), self.cells, dtype=torch.float64, device=hunters.device)
        free.scatter_(1, hunters, 0.0)
        return free / free.sum(1, keepdim=True)

    def starts(self) -> tuple[Tensor, Tensor]:
        state = self.states()
        uniform = self._free(state[:, :-1]) / self.cells**self.hunters  # (S, cells)
        return state, uniform.gather(1, state[:, -1:])[:, 0]

    def reset(self, batch: int, generator: torch.Generator) -> Tensor:
        """As `starts` has it, drawn without listing all states: any board size will do."""
        hunters = torch.randint(
            self.cells, (batch, self.hunters), generator=generator, device=generator.device
        )  # (B, hunters)
        return torch.cat([hunters, torch.multinomial(self._free(hunters), 1, generator=generator)], dim=1)  # (B, n)

    def outcomes(self, state: Tensor, actions: Tensor) -> Outcomes:
        landed = self.landing.to(state.device)[state, actions]  # (B, n)
        hunters, prey = landed[:, :-1], landed[:, -1:]
        caught = (hunters == prey).any(1, keepdim=True)  # (B, 1)
        cell = torch.arange(self.cells, device=state.device)
        probability = torch.where(caught, self._free(hunters), (cell == prey).double())  # (B, K = cells)
        next_state = torch.cat(
            [hunters[:, None].expand(-1, self.cells, -1), cell[:, None].expand(len(state), -1, 1)], dim=2
        )  # (B, K, n)
        pays = caught.float()
        rewards = torch.cat([pays.expand(-1, self.hunters), -pays], dim=1)  # (B, n)
        return Outcomes(next_state, probability, rewards, torch.zeros_like(probability, dtype=torch.bool))

    def observe(self, state: Tensor) -> list[Tensor]:
        """Everyone sees the whole board: one indicator per agent and cell, (B, n·cells)."""
        seen = torch.nn.functional.one_hot(state, self.cells).flatten(1).float()
        return [seen] * len(self.agents)
