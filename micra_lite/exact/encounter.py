"""A team beside one held-out external of a grid task, with everything that follows from their policies, exactly."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from ..externals import Externals
from ..games.board import BoardGame
from ..registry import GRID_TASKS, external_family, make
from ..regret import counterfactual_regret_advantage
from .tabulate import Tabulated, tabulate
from .values import Array, best_response, evaluate, joint_q, random_team

SHOWN = 6  # held-out externals to choose from
TEAMS = ("knows this external", "knows another external", "moves at random")


@dataclass(frozen=True, eq=False)
class Encounter:
    """A team and an external of a game, with their exact policies and values."""

    game: BoardGame
    external: int  # its number among the held-out ones
    team: str  # one of TEAMS
    policies: list[Array]  # n × (S, A_j)
    q: Array  # (S, A_1, …, A_n) of these policies, in units of discounted return
    random: Array  # (S,) undiscounted reward per target that a random team expects within the horizon
    best: Array  # (S,) the same of the best response to this external

    def number(self, state: Tensor) -> int:
        """The number of a state (n,)."""
        return int(self.game.encode(state))

    def policy(self, state: Tensor, agent: str) -> Array:
        """An agent's policy in a state (n,): (A_j,)."""
        return self.policies[self.game.agents.index(agent)][self.number(state)]

    def regrets(self, state: Tensor) -> list[list[float]]:
        """Eq. 2 in a state (n,), with the true policy of the external: one (A_i,) per target, discounted return."""
        s = self.number(state)
        q = torch.from_numpy(self.q[s])[None]  # (1, A_1, …, A_n)
        policies = [torch.from_numpy(p[s])[None] for p in self.policies]
        return [a[0].tolist() for a in counterfactual_regret_advantage(q, policies, self.game.target_axes)]


@lru_cache(maxsize=len(GRID_TASKS))
def _task(name: str) -> tuple[BoardGame, Tabulated, Externals]:
    if name not in GRID_TASKS:
        raise ValueError(f"{name!r} is not a grid task; the grid tasks are {list(GRID_TASKS)}")
    game = make(name)
    assert isinstance(game, BoardGame)
    return game, tabulate(game), external_family(name).split("held-out")[:SHOWN]


@lru_cache(maxsize=64)
def encounter(name: str, external: int, team: str) -> Encounter:
    """The encounter of held-out external number `external` (below SHOWN) of task `name` with a team, one of TEAMS.

    Raises ValueError for a name that is no grid task.
    """
    game, table, externals = _task(name)
    tables = [t.numpy() for t in game.tables(externals)]
    theirs = [t[external] for t in tables]
    best, random = best_response(table, theirs).policies, random_team(table)
    other = (external + 1) % SHOWN
    ours = {
        TEAMS[0]: best,
        TEAMS[1]: best_response(table, [t[other] for t in tables]).policies,
        TEAMS[2]: random,
    }[team]
    joint = [*ours, *theirs]  # on these boards the externals come last
    undiscounted = dataclasses.replace(table, gamma=1.0)
    expected = [evaluate(undiscounted, [*p, *theirs], horizon=game.horizon) for p in (random, best)]
    return Encounter(game, external, team, joint, joint_q(table, joint), *expected)
