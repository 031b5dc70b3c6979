"""The 7-tuple of a small game as arrays, from which everything exact is computed.

`tabulate(game)` lists a `TabularGame`'s outcomes, the same ones that its `step` samples from, so the two cannot disagree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_matrix, vstack
from torch import Tensor

from ..game import Game
from ..games.tabular import TabularGame

# Larger tables need several GB and minutes; the error says what to do instead.
LARGEST_TABLE = 400_000_000


@dataclass(frozen=True, eq=False)
class Tabulated:
    """The 7-tuple as arrays; |A| = ∏ A_j joint actions in row-major order of the agents' axes.

    A row of T sums to one minus the probability that the episode ends there.
    """

    S: int  # number of states
    N: tuple[str, ...]  # agents
    A: tuple[int, ...]  # number of actions of each agent
    T: csr_matrix  # (S·|A|, S)
    R: np.ndarray  # (S, |A|, n)
    O: tuple[int, ...]  # size of each agent's observation
    Omega: list[Tensor]  # for each agent (S, O_j): Ω, its observation of each state
    start: np.ndarray  # (S,) the start distribution
    gamma: float
    target_axes: tuple[int, ...]  # the target agents' positions among the agents
    external_axes: tuple[int, ...]


def table_entries(game: TabularGame) -> int:
    """The number of entries that `tabulate` goes through: states × joint actions × outcomes."""
    first_state = torch.zeros(1, len(game.radix), dtype=torch.long)
    first_action = torch.zeros(1, len(game.agents), dtype=torch.long)
    K = game.outcomes(first_state, first_action).probability.shape[1]
    return game.n_states * math.prod(game.n_actions) * K


def tabulate(game: Game) -> Tabulated:
    """The 7-tuple of `game` as arrays, for exact computation.

    Raises TypeError for a game whose rules are not listed as outcomes, and ValueError, before any work, for a table that
    would be too large.

    >>> from micra_lite.registry import make
    >>> tabulate(make("pursuit")).A
    (5, 5, 5)
    """
    if not isinstance(game, TabularGame):
        raise TypeError(
            f"{game.name} cannot be tabulated: its rules are not listed as outcomes. "
            "Score it by episodes instead: micra_lite.exact.mean_return"
        )
    n_joint, S, entries = math.prod(game.n_actions), game.n_states, table_entries(game)
    K = entries // (S * n_joint)
    if entries > LARGEST_TABLE:
        raise ValueError(
            f"{game.name} is too large to tabulate: {S:,} states × {n_joint:,} joint actions × {K} outcomes "
            f"(the limit is {LARGEST_TABLE:,} entries). Make it smaller, or score by episodes "
            "(micra_lite.exact.mean_return), which needs no table."
        )
    actions, states = game.joint_actions(), game.states()
    chunk = max(1, 2_000_000 // (n_joint * K))
    rows, rewards = [], []
    for part in states.split(chunk):
        o = game.outcomes(part.repeat_interleave(n_joint, 0), actions.repeat(len(part), 1))
        probability = torch.where(o.terminated, 0.0, o.probability.double())  # (chunk·|A|, K)
        row, k = probability.nonzero(as_tuple=True)
        value, column = probability[row, k], game.encode(o.state[row, k])
        shape = (len(part) * n_joint, S)
        rows.append(csr_matrix((value.numpy(), (row.numpy(), column.numpy())), shape=shape))
        rewards.append(o.rewards.double().reshape(len(part), n_joint, -1).numpy())
    start_states, start_probability = game.starts()
    start = np.bincount(game.encode(start_states).numpy(), start_probability.double().numpy(), minlength=S)
    return Tabulated(
        S, game.agents, game.n_actions, vstack(rows, format="csr"), np.concatenate(rewards),
        game.observation_sizes, game.observe(states), start, game.gamma, game.target_axes, game.external_axes,
    )  # fmt: skip
