"""Partners for lbforaging's `Foraging-…-coop-v3`: a forager (the target) needs the other one (the external) for every food.

Foods lie on a board, each as heavy as both foragers together: both must stand beside the same food and load at once.
A partner has a taste for where a food lies, and mostly waits until the forager stands beside one that it likes.
lbforaging is needed to play only.
"""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
import torch
from torch import Tensor

from ..externals import ExternalFamily
from .from_gymnasium import from_gymnasium_env
from .from_pettingzoo import ParallelGame

MOVES = ("none", "north", "south", "west", "east", "load")
_STEPS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))  # (down, right) of each action but the last
FAR = 99.0  # steps, for cells that cannot be reached
# What works in 200,000 environment steps.
SETTINGS: dict[str, Any] = {
    "updates": 720, "updates_per_round": 16, "episodes_per_external": 24, "externals_per_round": 16,
    "support_episodes": (1, 2, 5, 10), "unwatched_externals": 2, "query_episodes": 4, "rounds_kept": 60,
    "meta_every": 3, "features": 64, "hidden": 128, "actor_hidden": 128, "rank": 32, "externals_per_update": 8,
    "states": 192, "critic_rate": 1e-3, "actor_rate": 1e-3, "target_rate": 0.02, "entropy_coefficient": 0.002,
}  # fmt: skip


def foraging(size: int = 5, foods: int = 2, gamma: float = 0.95, horizon: int | None = 12) -> ParallelGame:
    """lbforaging's board of `size` × `size` cells with two foragers, "agent_0" ours, and so many `foods`, as a game.

    By default, 12 steps: time for both foods if one goes to the right one first. None: lbforaging's own 50.
    """
    try:
        import lbforaging  # noqa: F401
    except ImportError as error:
        raise ImportError("foraging is played in lbforaging, which is not installed: pip install lbforaging") from error
    board = f"Foraging-{size}x{size}-2p-{foods}f-coop-v3"
    game = from_gymnasium_env(
        lambda: Possible(gymnasium.make(board, disable_env_checker=True)), ["agent_0"],
        gamma=gamma, horizon=horizon, name="foraging", masks=True,
    )  # fmt: skip
    game.options = {"size": size, "foods": foods, "gamma": gamma, "horizon": horizon}
    game.action_names = (MOVES,) * 2
    return game


class Possible(gymnasium.Wrapper):
    """lbforaging with masks: who is beside no food cannot load, nobody can walk off the board or onto a food."""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        seen, info = self.env.reset(seed=seed, options=options)
        return seen, {**info, "action_mask": self._masks()}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        *answer, info = self.env.step(action)
        return *answer, {**info, "action_mask": self._masks()}  # type: ignore[return-value]

    def _masks(self) -> list[np.ndarray]:
        possible = zip(*self.unwrapped.get_valid_actions(), strict=True)  # type: ignore[attr-defined]
        return [np.isin(range(len(MOVES)), [move.value for move in set(own)]) for own in possible]


class PartnerFamily(ExternalFamily):
    """Partners of foraging: each has a taste in foods, little initiative of its own, and habits.

    Its favourite among the foods on the board is drawn at every step: ∝ exp(sharp · (right · x + down · y) / size −
    near · distance). Beside its favourite it loads. It goes there, by a shortest way, if the other forager stands
    beside it already (is *asked*), else with probability `initiative`. If only another food is asked for, it helps
    there with probability `help`. At all other steps it stays, or with probability `restless` wanders about.
    """

    name = "foraging"
    parameter_names = ("right", "down", "near", "initiative", "help", "restless")
    sharp: ClassVar[float] = 30.0  # on a board of 5 cells, e⁶ for one cell along the taste
    ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "near": (0.0, 0.5), "initiative": (0.0, 0.05), "help": (0.0, 0.05), "restless": (0.0, 0.4),
    }  # fmt: skip

    def __init__(self, size: int = 5, foods: int = 2) -> None:
        self.size, self.foods = size, foods

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        angle = rng.uniform(0.0, 2 * np.pi)
        return np.array(
            [np.cos(angle), np.sin(angle), *[rng.uniform(*self.ranges[p]) for p in self.parameter_names[2:]]]
        )

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        seen = observations[0][..., : 3 * self.foods + 6].to(parameters.dtype)
        lead = torch.broadcast_shapes(parameters.shape[:-1], seen.shape[:-1])
        seen = seen.expand(*lead, -1).unflatten(-1, (self.foods + 2, 3))  # (…, F+2, 3): row, column, level
        foods, me, other = seen[..., :-2, :], seen[..., -2, :2], seen[..., -1, :2]
        there, cells = foods[..., 2] > 0, foods[..., :2]  # (…, F), (…, F, 2)
        right, down, near, initiative, helps, restless = parameters.expand(*lead, -1)[..., None].unbind(-2)  # (…, 1)

        ways, wander, distance = self.ways(cells, there, me, other)  # (…, F, 6), (…, 6), (…, F)
        taste = self.sharp * (right * cells[..., 1] + down * cells[..., 0]) / self.size - near * distance
        favourite = taste.masked_fill(~there, -1e9).softmax(-1) * there  # all 0 when nothing is left
        asked = there & ((cells - other[..., None, :]).abs().sum(-1) == 1)  # (…, F)
        goes = favourite * torch.where(asked, 1.0, initiative)
        spare = (1 - goes.sum(-1, keepdim=True)).clamp(min=0.0)
        goes = goes + spare * helps * asked / asked.sum(-1, keepdim=True).clamp(min=1)
        spare = (1 - goes.sum(-1, keepdim=True)).clamp(min=0.0)  # (…, 1)
        stay = torch.eye(6, dtype=parameters.dtype)[0]
        return [(goes[..., None] * ways).sum(-2) + spare * (restless * wander + (1 - restless) * stay)]

    def ways(self, cells: Tensor, there: Tensor, me: Tensor, other: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """How to go to each food and load it, (…, F, 6); how to wander, (…, 6); steps to each food, (…, F).

        Args: cells (…, F, 2) of foods, of which some are `there` (…, F); me and other (…, 2), where the foragers are.
        """
        free = self._board(other) * self._board(cells, there).prod(-3)  # (…, S, S) 1 where one can stand
        steps = self._steps_to(cells, there, free)  # (…, F, S, S)
        after = me[..., None, :] + torch.tensor(_STEPS, dtype=me.dtype)  # (…, 5, 2)
        ahead = self._at(steps, after[..., None, :, :].expand(*cells.shape[:-1], 5, 2), FAR)  # (…, F, 5)
        shortest = ahead[..., 1:].amin(-1, keepdim=True)
        best = (ahead == shortest) & (shortest < FAR)  # to stay is best only where there is no way
        best[..., 0] = shortest[..., 0] >= FAR
        walk = best / best.sum(-1, keepdim=True)
        distance = ahead[..., 0]
        ways = torch.cat([walk * (distance > 0)[..., None], (distance == 0).to(walk)[..., None]], -1)
        clear = self._at(free, after, 0.0)  # (…, 5)
        clear[..., 0] = 1e-9  # one who cannot move stays
        return ways, torch.nn.functional.pad(clear / clear.sum(-1, keepdim=True), (0, 1)), distance

    def _board(self, cells: Tensor, there: Tensor | None = None) -> Tensor:
        """A board (…, S, S) for each of cells (…, 2): 0 there, 1 elsewhere; all 1 where it is not `there`."""
        line = torch.arange(self.size, dtype=cells.dtype)
        taken = (cells[..., :1] == line)[..., :, None] & (cells[..., 1:] == line)[..., None, :]
        return 1.0 - (taken if there is None else taken & there[..., None, None]).to(cells.dtype)

    def _steps_to(self, cells: Tensor, there: Tensor, free: Tensor) -> Tensor:
        """The number of steps from every cell to the nearest free cell beside each food, (…, F, S, S); FAR if none."""
        line, reach = torch.arange(self.size, dtype=cells.dtype), (*cells.shape[:-1], self.size, self.size)
        apart = (cells[..., :1] - line).abs()[..., :, None] + (cells[..., 1:] - line).abs()[..., None, :]
        beside = (apart == 1) & there[..., None, None]
        closed = torch.where(free[..., None, :, :] > 0, 0.0, FAR).expand(reach)
        steps = torch.where(beside, closed, FAR)  # float32: whole numbers
        while True:
            edge = torch.nn.functional.pad(steps, (1, 1, 1, 1), value=FAR)
            near = torch.minimum(edge[..., :-2, 1:-1], edge[..., 2:, 1:-1])
            near = torch.minimum(near, torch.minimum(edge[..., 1:-1, :-2], edge[..., 1:-1, 2:]))
            closer = torch.maximum(torch.minimum(steps, near + 1), closed)
            if torch.equal(closer, steps):
                return steps.to(cells.dtype)
            steps = closer

    def _at(self, board: Tensor, cells: Tensor, outside: float) -> Tensor:
        """The entries of boards (…, S, S) at cells (…, N, 2), (…, N); `outside` at cells that are not on the board."""
        inside = ((cells >= 0) & (cells < self.size)).all(-1)
        row, column = cells.clamp(0, self.size - 1).long().unbind(-1)
        found = board.flatten(-2).gather(-1, row * self.size + column)
        return torch.where(inside, found, outside)
