"""Matrix games: one simultaneous move, then the payoff. In these smallest games everything can be computed exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Dirichlet, Distribution

from ..externals import ExternalFamily
from ..game import Game
from .scene import Table, name_and_role
from .tabular import Outcomes, TabularGame


class MatrixGame(TabularGame):
    """One simultaneous move, then the payoff.

    `payoffs` has shape (A_1, …, A_n, n): the last axis is the agent that is paid. Raises ValueError for another shape, for
    payoffs that are not finite, and for agents that are not exactly one of target and external.

    >>> from micra_lite import make
    >>> game = make("rectangular")
    >>> game.n_actions, game.targets, game.externals
    ((2, 3), ('row',), ('column',))
    """

    radix = (1,)
    horizon = 1

    def __init__(
        self,
        name: str,
        payoffs: Tensor,
        targets: tuple[str, ...] = ("row",),
        externals: tuple[str, ...] = ("column",),
        action_names: tuple[tuple[str, ...], ...] | None = None,
    ) -> None:
        n = payoffs.dim() - 1
        if payoffs.shape[-1] != n:
            raise ValueError(f"payoffs must be (A_1, …, A_n, n) with one payoff per agent; got {tuple(payoffs.shape)}")
        if not torch.isfinite(payoffs).all():
            raise ValueError(f"the payoffs of {name!r} contain NaN or infinity; every payoff must be a finite number")
        self.name, self.options = name, {}
        self.payoffs = payoffs if payoffs.is_floating_point() else payoffs.float()  # rewards are averaged
        self.agents = ("row", "column", "third")[:n] if n <= 3 else tuple(f"player_{j}" for j in range(n))
        self.n_actions = tuple(payoffs.shape[:-1])
        self.observation_sizes = (1,) * n
        self.action_names = action_names or tuple(tuple(f"a{k}" for k in range(a)) for a in self.n_actions)
        self.split_agents(targets, externals)

    def starts(self) -> tuple[Tensor, Tensor]:
        return torch.zeros(1, 1, dtype=torch.long), torch.ones(1)

    def outcomes(self, state: Tensor, actions: Tensor) -> Outcomes:
        batch = len(state)
        rewards = self.payoffs[tuple(actions.unbind(-1))]  # (B, n)
        return Outcomes(state[:, None], torch.ones(batch, 1), rewards, torch.ones(batch, 1, dtype=torch.bool))

    def observe(self, state: Tensor) -> list[Tensor]:
        return [torch.ones(len(state), 1)] * len(self.agents)

    def scene(self, state: Tensor) -> Table:
        """The payoffs of two agents as a table, of three as one table for each action of the third."""
        if len(self.agents) not in (2, 3):
            raise TypeError(f"{self.name} has no picture: a table shows two or three agents, not {len(self.agents)}")
        cells = {
            tuple(joint): ", ".join(f"{pay + 0.0:g}".replace("-", "−") for pay in self.payoffs[tuple(joint)].tolist())
            for joint in self.joint_actions().tolist()
        }
        everyone = ", ".join(name_and_role(self, agent) for agent in self.agents)
        return Table(tuple(zip(self.agents, self.action_names, strict=True)), cells, f"payoffs to {everyone}")


def _two_player(row: list[list[float]], column: list[list[float]]) -> Tensor:
    return torch.stack([torch.tensor(row), torch.tensor(column)], dim=-1)  # (A_1, A_2, 2)


def _common(payoff: Tensor) -> Tensor:
    return payoff[..., None].expand(*payoff.shape, payoff.dim()).clone()  # (A_1, …, A_n, n): all are paid alike


def _meeting(n_third: int, load: float) -> Tensor:
    """Two targets and a third: meeting at one of two sites pays 1, and `load` more if the third is there too."""
    a, b, c = torch.meshgrid(torch.arange(2), torch.arange(2), torch.arange(n_third), indexing="ij")
    return _common((a == b).float() + load * ((a == b) & (b == c)).float())


def _odd_one_out() -> Tensor:
    """A three-player game (2×3×2) with unequal payoffs: being apart from each of the others pays 1."""
    a, b, c = torch.meshgrid(torch.arange(2), torch.arange(3), torch.arange(2), indexing="ij")
    pays = [(a != b).float() + (a != c).float(), (b != a).float() + (b != c).float(), (c != a).float() + 2.0 * (c != b)]
    return torch.stack(pays, dim=-1)


def _quiet_site() -> Tensor:
    """Three agents choose among three sites: being alone there pays 1, and ½ less for each other agent."""
    a, b, c = torch.meshgrid(torch.arange(3), torch.arange(3), torch.arange(3), indexing="ij")
    crowd = [(a == b).float() + (a == c).float(), (b == a).float() + (b == c).float(), (c == a).float() + (c == b)]
    return 1 - torch.stack(crowd, dim=-1) / 2


def _matrix_games() -> dict[str, tuple]:
    """name → (payoffs, targets, externals, action names)."""
    C, D = ("cooperate", "defect"), ("cooperate", "defect")
    rps = [[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]
    climbing = [[11.0, -30.0, 0.0], [-30.0, 7.0, 6.0], [0.0, 0.0, 5.0]]  # Claus & Boutilier (1998)
    penalty = [[10.0, 0.0, -100.0], [0.0, 2.0, 0.0], [-100.0, 0.0, 10.0]]  # the same, k = −100
    abc = tuple("abc")
    third = (("row", "column"), ("third",))
    two = (("row",), ("column",))
    return {
        "prisoners_dilemma": (_two_player([[3, 0], [5, 1]], [[3, 5], [0, 1]]), *two, (C, D)),
        "stag_hunt": (_two_player([[4, 0], [3, 2]], [[4, 3], [0, 2]]), *two, (("stag", "hare"),) * 2),
        "chicken": (_two_player([[0, -1], [1, -10]], [[0, 1], [-1, -10]]), *two, (("swerve", "straight"),) * 2),
        "matching_pennies": (_two_player([[1, -1], [-1, 1]], [[-1, 1], [1, -1]]), *two, (("heads", "tails"),) * 2),
        "rock_paper_scissors": (
            _two_player(rps, (-torch.tensor(rps)).tolist()), *two, (("rock", "paper", "scissors"),) * 2),
        "climbing": (_common(torch.tensor(climbing)), *two, (abc, abc)),
        "penalty": (_common(torch.tensor(penalty)), *two, (abc, abc)),
        "rectangular": (_two_player([[3, 0, 1], [0, 2, 2]], [[1, 2, 0], [0, 1, 3]]), *two, (("up", "down"), ("left", "middle", "right"))),
        "meeting": (_meeting(2, 2.0), *third, (("here", "there"),) * 3),
        "three_sites": (_meeting(3, 2.0), *third, (("here", "there"), ("here", "there"), ("here", "there", "away"))),
        "odd_one_out": (_odd_one_out(), *third, (("left", "right"), ("left", "right", "up"), ("left", "right"))),
        "quiet_site": (_quiet_site(), ("row",), ("column", "third"), (("beach", "park", "library"),) * 3),
    }  # fmt: skip


MATRIX_GAMES = _matrix_games()
# Small networks do for one decision in one state.
ONE_DECISION: dict[str, Any] = {
    "features": 16, "hidden": 64, "actor_hidden": 64, "states_per_external": 16, "externals_per_update": 32,
}  # fmt: skip


def settings(name: str) -> dict[str, Any]:
    """Settings that work for a matrix game, other than the defaults.

    Payoffs differ in size from game to game, and so does the entropy bonus; it begins large, or actors agree on one action
    before the imitator can tell externals apart.
    """
    payoffs = MATRIX_GAMES[name][0]
    span = float(payoffs.max() - payoffs.min())
    return {**ONE_DECISION, "updates": 800, "entropy_coefficient": 0.025 * span, "entropy_start": 40.0}


class MixedStrategies(ExternalFamily):
    """Mixed strategies of a matrix game's externals, from a Dirichlet distribution with all parameters α = `alpha`.

    With α < 1 most of them clearly prefer one action. An external's parameters are its probabilities.
    """

    def __init__(self, game: Game, alpha: float = 0.5) -> None:
        self.name = game.name
        self.alpha = alpha
        self.sizes = [game.n_actions[e] for e in game.external_axes]
        self.parameter_names = tuple(
            f"{agent}: {action}"
            for agent, e in zip(game.externals, game.external_axes, strict=True)
            for action in game.action_names[e]  # type: ignore[attr-defined]
        )

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return np.concatenate([rng.dirichlet([self.alpha] * size) for size in self.sizes])

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        return list(parameters.split(self.sizes, dim=-1))

    def prior(self) -> list[Distribution]:
        return [Dirichlet(torch.full((size,), self.alpha, dtype=torch.float64)) for size in self.sizes]
