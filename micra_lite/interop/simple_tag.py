"""Runners for `simple_tag`, the particle world of mpe2: three chasers (the targets) hunt one faster runner.

The runner is the external: unknown to the chasers, and different from one member of its family to the next.
All move by pushes (none, left, right, down, up) on a plane. Each touch pays every chaser 10 and costs the
runner 10; beyond 0.9 from the middle the runner also pays for being outside. mpe2 is needed to play only.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from ..externals import ExternalFamily
from ..game import Game
from .from_pettingzoo import ParallelGame, from_parallel_env

PUSHES = ("none", "left", "right", "down", "up")
_DIRECTION = ((0.0, 0.0), (-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0))  # (x, y) of each push
# What works in 50,000 environment steps.
SETTINGS: dict[str, Any] = {
    "updates": 1000, "updates_per_round": 64, "episodes_per_external": 16, "externals_per_round": 8,
    "support_episodes": (1, 2, 5), "unwatched_externals": 2, "query_episodes": 4, "hidden": 64, "critic_rate": 1e-3,
    "actor_rate": 5e-4, "target_rate": 0.02, "entropy_coefficient": 0.1, "inner_steps": 2, "meta_every": 5, "value_steps": 4,
    "externals_per_update": 8, "states_per_external": 64, "features": 64,
}  # fmt: skip
_EDGE = 0.9  # beyond it the runner is fined


def simple_tag(gamma: float = 0.95, horizon: int | None = None, **options: Any) -> ParallelGame:
    """mpe2's simple_tag_v3, chasers against one runner, as a batched game; it takes the `options`."""
    try:
        from mpe2 import simple_tag_v3
    except ImportError as error:
        raise ImportError("simple_tag is played in mpe2, which is not installed: pip install mpe2") from error
    chasers = [f"adversary_{c}" for c in range(options.get("num_adversaries", 3))]
    game = from_parallel_env(
        lambda: simple_tag_v3.parallel_env(**{"continuous_actions": False, **options}),
        targets=chasers, gamma=gamma, horizon=horizon, name="simple_tag", masks=False,
    )  # fmt: skip
    game.options = {"gamma": gamma, "horizon": horizon, **options}
    game.action_names = (PUSHES,) * len(game.agents)
    return game


class RunnerFamily(ExternalFamily):
    """Runners of simple_tag: each flees, has a home and a drift, and has habits of direction.

    π(a | o) ∝ exp(flee · d(a) − homing · h(a) + drift · u_a − shy · w(a) + habit_a). A push a, in direction
    u_a, is judged by the point `reach` ahead of where the runner glides: d(a) is how far that point is from
    the nearest chaser, h(a) how far from home, w(a) how far outside; all in units of `reach`.
    """

    name = "simple_tag"
    parameter_names = (
        "flee", "homing", "home x", "home y", "drift x", "drift y", "shy", *[f"habit {p}" for p in PUSHES],
    )  # fmt: skip
    ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "flee": (-0.5, 2.5), "homing": (0.0, 2.5), "drift": (0.0, 2.0), "shy": (1.0, 4.0),
    }  # fmt: skip
    habit: ClassVar[float] = 1.0
    reach: ClassVar[float] = 0.3
    glide: ClassVar[float] = 0.3  # seconds at the present speed that are foreseen; drag allows 0.4 in all

    def __init__(self, chasers: int = 3, obstacles: int = 2) -> None:
        self.chasers, self.obstacles = chasers, obstacles

    @classmethod
    def of_game(cls, game: Game) -> RunnerFamily:
        return cls(len(game.targets), game.options.get("num_obstacles", 2))

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        flee, homing, drift, shy = (rng.uniform(*self.ranges[p]) for p in ("flee", "homing", "drift", "shy"))
        home = rng.uniform(-0.8, 0.8, 2)
        angle = rng.uniform(0.0, 2 * np.pi)
        drifts = [drift * np.cos(angle), drift * np.sin(angle)]
        return np.concatenate([[flee, homing], home, drifts, [shy], self.habit * rng.standard_normal(5)])

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        seen = observations[0]
        # It sees its velocity and position, then obstacles and chasers relative to it: x and y of each.
        velocity, position, _, chasers = seen.to(parameters.dtype).split(
            [2, 2, 2 * self.obstacles, 2 * self.chasers], dim=-1
        )
        chasers = chasers.unflatten(-1, (self.chasers, 2))  # (…, C, 2)
        flee, homing, home, drift, shy, habit = parameters.split([1, 1, 2, 2, 1, 5], dim=-1)
        push = torch.tensor(_DIRECTION, dtype=parameters.dtype)  # (5, 2)
        moved = self.glide * velocity[..., None, :] + self.reach * push  # (…, 5, 2)
        nearest = (moved[..., None, :] - chasers[..., None, :, :]).norm(dim=-1).amin(-1)  # (…, 5, C) → (…, 5)
        point = position[..., None, :] + moved  # (…, 5, 2)
        from_home = (point - home[..., None, :]).norm(dim=-1)
        outside = (point.abs() - _EDGE).clamp(min=0.0).sum(-1)
        logits = (flee * nearest - homing * from_home - shy * outside) / self.reach + drift @ push.T + habit
        return [logits.softmax(-1)]
