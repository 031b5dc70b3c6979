"""The environment of the public peers in `peers`: our game as a PettingZoo environment, with moves by direction on request."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv
from pettingzoo.utils.wrappers import BaseParallelWrapper

import micra_lite
from micra_lite.games.board import MOVES
from runs import game_of

TASK = "pursuit"


class MovesByDirection(BaseParallelWrapper):
    """Moves on a board for learners with continuous actions: a direction (down, right), both numbers in [-1, 1]."""

    def __init__(self, env: ParallelEnv) -> None:
        super().__init__(env)
        self._spaces = {agent: spaces.Box(-1.0, 1.0, (2,), np.float32) for agent in env.possible_agents}

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        if seed is not None or not hasattr(self, "_rng"):
            self._rng = np.random.default_rng(seed)
        return self.env.reset(seed, options)

    def action_space(self, agent: str) -> spaces.Box:
        return self._spaces[agent]

    def step(self, actions: dict[str, np.ndarray]) -> Any:
        moves = {agent: self._rng.choice(len(MOVES), p=pointed(direction)) for agent, direction in actions.items()}
        return self.env.step(moves)


def pointed(direction: Any) -> np.ndarray:
    """Directions (…, 2), down and right, as probabilities of the moves (…, 5).

    A step along an axis has the size of its number as its probability; staying has the rest. Where the two sizes sum to
    more than 1 they are scaled down to 1.

    >>> pointed([-0.5, 0.25]).round(2).tolist()  # stay, north, south, west, east
    [0.25, 0.5, 0.0, 0.0, 0.25]
    """
    down, right = np.moveaxis(np.clip(np.asarray(direction, dtype=np.float64), -1.0, 1.0), -1, 0)
    steps = np.stack([-down, down, -right, right], -1).clip(0.0)
    steps /= np.maximum(1.0, steps.sum(-1, keepdims=True))
    return np.concatenate([(1 - steps.sum(-1, keepdims=True)).clip(0.0), steps], -1)


def hunters_env(continuous: bool = False) -> ParallelEnv:
    """The game as the hunters meet it: every episode has a prey from the training externals."""
    game, family = game_of(TASK)
    env = micra_lite.to_parallel_env(game, externals=family.split("train"))
    return MovesByDirection(env) if continuous else env
