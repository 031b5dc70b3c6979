"""The raccoon of lesson 12: a small PettingZoo environment, and a family of externals for it.

Each night a raccoon comes to one of four bins. Ann guards bin 0 or 1, Bob bin 1, 2 or 3; all three choose at once. A
raccoon that meets somebody is frightened; otherwise it has a meal. After four meals it moves away, after twelve nights
the summer is over. The lesson writes all this anew, outside the package; here it is for those notebooks that go on.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from pettingzoo import ParallelEnv
from torch import Tensor

from ..externals import ExternalFamily, Externals
from ..game import Game
from ..games.scene import Board
from .from_pettingzoo import from_parallel_env

NIGHTS, ENOUGH = 12, 4  # in a summer; meals until it is full
GUARDS = tuple(product((0, 1), (1, 2, 3)))  # the bins of Ann and Bob
# What works in about ten seconds.
SETTINGS: dict[str, Any] = {
    "updates": 80, "value_steps": 2, "externals_per_round": 24, "episodes_per_external": 16, "support_episodes": (1, 2, 5),
    "unwatched_externals": 2, "features": 32, "hidden": 64, "actor_hidden": 32, "imitator_hidden": 32,
}  # fmt: skip


class Raccoon(ParallelEnv):
    """The environment. Everybody sees the raccoon's last bin (4 numbers), whether it was frightened, how full it is."""

    def __init__(self) -> None:
        self.metadata = {"name": "raccoon"}
        self.possible_agents = ["ann", "bob", "raccoon"]
        self.bins = {"ann": (0, 1), "bob": (1, 2, 3), "raccoon": (0, 1, 2, 3)}
        self.moves = {agent: Discrete(len(bins)) for agent, bins in self.bins.items()}
        self.views = {agent: Box(0.0, 1.0, (6,), np.float32) for agent in self.bins}
        self.max_cycles = NIGHTS

    def observation_space(self, agent: str) -> Box:
        return self.views[agent]

    def action_space(self, agent: str) -> Discrete:
        return self.moves[agent]

    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        self.agents, self.night, self.meals = list(self.possible_agents), 0, 0
        self.seen = np.zeros(6, np.float32)
        return {a: self.seen.copy() for a in self.agents}, {a: {} for a in self.agents}

    def step(self, actions: dict) -> tuple[dict, dict, dict, dict, dict]:
        at = {a: self.bins[a][actions[a]] for a in self.agents}
        there = [a for a in ("ann", "bob") if at[a] == at["raccoon"]]
        self.night, self.meals = self.night + 1, self.meals + (not there)
        self.seen = np.zeros(6, np.float32)
        self.seen[at["raccoon"]], self.seen[4], self.seen[5] = 1.0, bool(there), self.meals / ENOUGH
        rewards = {a: 2 / len(there) if a in there else 0.0 for a in ("ann", "bob")}
        rewards["raccoon"] = float(not there)
        full, late = self.meals == ENOUGH, self.night == NIGHTS
        played, self.agents = self.agents, [] if full or late else self.agents
        seen = {a: self.seen.copy() for a in played}
        ends = [dict.fromkeys(played, full), dict.fromkeys(played, late and not full)]
        return seen, rewards, ends[0], ends[1], {a: {} for a in played}


class Raccoons(ExternalFamily):
    """Raccoons with a favourite bin, loyal to where they ate (below 0: the contrary), shy after a fright (likewise).

    π(b | o) ∝ exp(2 · [b is the favourite] + loyal · [it ate at b last night] + shy · [b follows where it had a fright]).
    """

    name = "raccoon"
    parameter_names = ("favourite", "loyal", "shy")

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return np.array([rng.integers(4), rng.uniform(-4, 4), rng.uniform(-4, 4)])

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        seen = observations[0].to(parameters.dtype)
        favourite, loyal, shy = parameters.split(1, dim=-1)
        last, frightened = seen[..., :4], seen[..., 4:5]
        following = last.roll(1, -1)  # after bin 3 comes bin 0
        logits = 2.0 * (torch.arange(4) == favourite)
        logits = logits + loyal * last * (1 - frightened) + shy * following * frightened
        return [logits.softmax(-1)]


def view(last: int | None = None, frightened: bool = False, meals: int = 0) -> Tensor:
    """What everybody sees in a morning, (6,); without `last`, on the first evening."""
    seen = torch.zeros(6)
    if last is not None:
        seen[last], seen[4], seen[5] = 1.0, float(frightened), meals / ENOUGH
    return seen


def mornings() -> Tensor:
    """All views that there can be, (29, 6): the first evening, a fright, a meal that was not the last."""
    frights = [view(b, True, m) for b, m in product(range(4), range(ENOUGH))]
    meals = [view(b, False, m) for b, m in product(range(4), range(1, ENOUGH))]
    return torch.stack([view(), *frights, *meals])


def scene(state: Tensor) -> Board:
    """The four bins, and the raccoon where it was last night. A state begins with what Ann sees."""
    last, frightened, full = state[:4], bool(state[4]), float(state[5])
    where = {"raccoon": int(last.argmax())} if last.any() else {}
    title = f"Meals so far: {ENOUGH * full:.0f}" + ("; it was frightened" if frightened else "")
    return Board(1, 4, where, {f"bin {k}": k for k in range(4)}, title)


def raccoon_game() -> Game:
    """Ann and Bob against the raccoon, as a batched game with a picture."""
    game: Any = from_parallel_env(Raccoon, targets=["ann", "bob"])
    game.scene = scene
    game.action_names = tuple(tuple(f"bin {b}" for b in bins) for bins in ((0, 1), (1, 2, 3), range(4)))
    return game


def best_catches(raccoon: Externals) -> float:
    """Expected catches in a summer of the best team that knows this one raccoon, by dynamic programming."""

    @cache
    def policy(last: int | None, frightened: bool) -> list[float]:
        return raccoon.policies(torch.tensor([0]), [view(last, frightened)[None]])[0][0].tolist()

    @cache
    def value(night: int, last: int | None, frightened: bool, meals: int) -> float:
        if night == NIGHTS or meals == ENOUGH:
            return 0.0
        caught = [1 + value(night + 1, b, True, meals) for b in range(4)]
        missed = [value(night + 1, b, False, meals + 1) for b in range(4)]
        chances = policy(last, frightened)
        return max(sum(p * (caught if b in at else missed)[b] for b, p in enumerate(chances)) for at in GUARDS)

    return value(0, None, False, 0)
