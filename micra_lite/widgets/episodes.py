"""Episodes of a grid task that can be played again with one move changed: the data behind `GridPlayer`.

1. `company`: a task, one of its held-out externals, and a team; with all that follows from them, exactly.
2. `replay`: the episode in which one target makes given moves. Chance is drawn from the episode's number and the step
   alone, so that two episodes differ only by what was changed in them: other moves, another team, another external.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from .. import exact
from ..exact import Array
from ..exact.tabulate import Tabulated
from ..externals import Externals
from ..games.board import BoardGame
from ..registry import GRID_TASKS, external_family, make
from ..regret import counterfactual_regret_advantage

SHOWN = 6  # held-out externals to choose from
TEAMS = ("knows this external", "knows another external", "moves at random")
TEAM_MOVE = "t"  # the letter of "as my team would"
_LETTERS = {"stay": "."}  # the others go by their first letter


@lru_cache(maxsize=len(GRID_TASKS))
def _task(name: str) -> tuple[BoardGame, Tabulated, Externals]:
    if name not in GRID_TASKS:
        raise ValueError(f"{name!r} is not a grid task; the player knows {list(GRID_TASKS)}")
    game = make(name)
    assert isinstance(game, BoardGame)
    return game, exact.tabulate(game), external_family(name).split("held-out")[:SHOWN]


@dataclass(frozen=True, eq=False)
class Company:
    """Who is on the board, and what comes of it. Policies and values are exact."""

    game: BoardGame
    external: int  # its number among the held-out ones
    team: str  # one of TEAMS
    policies: list[Array]  # n × (S, A_j)
    q: Array  # (S, A_1, …, A_n) of these policies, in units of discounted return
    random: Array  # (S,) the team's undiscounted reward that a random team expects within the horizon
    best: Array  # (S,) the same of the best response to this external

    def letters(self) -> dict[str, int]:
        """The targets' moves, by the letter that stands for each."""
        names = self.game.action_names[self.game.target_axes[0]]
        return {_LETTERS.get(name, name[0]): a for a, name in enumerate(names)}

    def number(self, state: Tensor) -> int:
        """The number of a state (n,)."""
        return int(self.game.encode(state))

    def moves(self, state: Tensor, agent: str) -> list[float]:
        """An agent's policy in a state (n,): (A_j,)."""
        return self.policies[self.game.agents.index(agent)][self.number(state)].tolist()

    def regrets(self, state: Tensor) -> list[list[float]]:
        """Eq. 2 in a state (n,), with the true policy of the external: one (A_i,) per target, discounted return."""
        s = self.number(state)
        q = torch.from_numpy(self.q[s])[None]  # (1, A_1, …, A_n)
        policies = [torch.from_numpy(p[s])[None] for p in self.policies]
        return [a[0].tolist() for a in counterfactual_regret_advantage(q, policies, self.game.target_axes)]


@lru_cache(maxsize=64)
def company(name: str, external: int, team: str) -> Company:
    """Task `name`, its held-out external number `external` (below SHOWN), and a team that plays as TEAMS says."""
    game, table, externals = _task(name)
    tables = [t.numpy() for t in externals.tables(game)]
    theirs = [t[external] for t in tables]
    best, random = exact.best_response(table, theirs).policies, exact.random_team(table)
    other = (external + 1) % SHOWN
    ours = {
        TEAMS[0]: best,
        TEAMS[1]: exact.best_response(table, [t[other] for t in tables]).policies,
        TEAMS[2]: random,
    }[team]
    joint = [*ours, *theirs]  # on these boards the externals come last
    undiscounted = dataclasses.replace(table, gamma=1.0)
    expected = [exact.evaluate(undiscounted, [*p, *theirs], horizon=game.horizon) for p in (random, best)]
    return Company(game, external, team, joint, exact.joint_q(table, joint), *expected)


@dataclass(frozen=True, eq=False)
class Replay:
    """One episode of T steps."""

    states: list[Tensor]  # T+1 × (n,)
    actions: list[list[int]]  # T × (n,)
    rewards: list[Tensor]  # T × (n,)


def replay(who: Company, you: str, episode: int, moves: str) -> Replay:
    """The episode number `episode` in which the target `you` makes `moves`, a letter each; the others follow policies.

    Letters are those of `Company.letters`, and TEAM_MOVE for what the team's policy does. Stops at the game's horizon.
    """
    game, letters = who.game, who.letters()
    axis = game.agents.index(you)
    state = game.reset(1, torch.Generator().manual_seed(episode))
    states, actions, rewards = [state[0]], [], []
    for t, letter in enumerate(moves[: game.horizon]):
        chance = np.random.default_rng([episode, t])
        drawn = chance.random(len(game.agents))
        s = who.number(state[0])
        joint = [_inverse(p[s], u) for p, u in zip(who.policies, drawn, strict=True)]
        if letter != TEAM_MOVE:
            joint[axis] = letters[letter]
        generator = torch.Generator().manual_seed(int(chance.integers(2**31)))
        step = game.step(state, torch.tensor([joint]), generator)
        state = step.state
        states.append(state[0])
        actions.append(joint)
        rewards.append(step.rewards[0])
    return Replay(states, actions, rewards)


def _inverse(policy: Array, u: float) -> int:
    """The action that the uniform number `u` in [0, 1) draws from a policy (A,)."""
    return min(int(np.searchsorted(np.cumsum(policy), u, side="right")), int(np.flatnonzero(policy).max()))
