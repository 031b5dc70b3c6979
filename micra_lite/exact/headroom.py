"""Scores between a random team and the best response, and the headroom of a task.

1. `yardstick` and `normalised_score`: 0 for the uniformly random team, 1 for the best response.
2. `headroom`: the value of knowing the external. A task without headroom leaves nothing to gain by adapting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .tabulate import Tabulated
from .values import Array, Response, best_response, induced_mdp, random_team, solve, split_team, team_value


@dataclass(frozen=True)
class Yardstick:
    """The two ends of the scale for K externals: values of the random team and of the best response, (K,) each."""

    random: Array
    best: Array
    responses: list[Response]

    def normalised_score(self, values: Array) -> float:
        """Σ_k (V_k − V_k^random) / Σ_k (V_k^best − V_k^random): 0 for a random team, 1 for the best response."""
        return float((np.asarray(values) - self.random).sum() / (self.best - self.random).sum())

    def each(self, values: Array) -> Array:
        """The same for each external by itself, (K,)."""
        return (np.asarray(values) - self.random) / (self.best - self.random)


def yardstick(game: Tabulated, externals: Sequence[Sequence[Array]]) -> Yardstick:
    """Solve the game against each of K externals; `externals[k]` is its list of policies (S, A_e)."""
    responses = [best_response(game, x) for x in externals]
    random = np.array([team_value(game, random_team(game), x) for x in externals])
    return Yardstick(random, np.array([r.value for r in responses]), responses)


@dataclass(frozen=True)
class Headroom:
    """The value of knowing the external on a task, as normalised scores over its held-out externals."""

    average_response: float  # best response to the average training external
    best_fixed: float  # best fixed team found
    other: float  # best response to a random wrong external

    @property
    def average(self) -> float:
        """headroom_average: the score of the best team found that plays alike beside all externals."""
        return max(self.average_response, self.best_fixed)


def best_fixed_team(
    game: Tabulated, externals: Sequence[Sequence[Array]], start: Sequence[Array], sweeps: int = 30
) -> list[Array]:
    """Improve the team `start`, which plays alike beside all externals, in its mean value over them.

    Each sweep takes, in each state, the joint action of largest Σ_k d_k(s) Q_k(s, a), where d_k is the discounted
    occupancy against external k: coordinate ascent for a decision process with several models (Su and Petrik,
    "Solving multi-model MDPs by coordinate ascent and dynamic programming", UAI 2023). While a sweep
    does not help, ever smaller random parts of the states change. The result is a local optimum.
    """
    mdps = [induced_mdp(game, x) for x in externals]
    S, n_team = mdps[0].R.shape
    sizes = [game.A[i] for i in game.target_axes]
    choice = np.ravel_multi_index([p.argmax(1) for p in start], sizes)
    rng = np.random.default_rng(0)

    def sweep(choice: NDArray[np.int64]) -> tuple[float, Array]:
        total, gain = 0.0, np.zeros((S, n_team))
        for mdp in mdps:
            rows = np.arange(S) * n_team + choice
            P = mdp.T[rows]
            V = solve(P, mdp.R[np.arange(S), choice], game.gamma)
            d = solve(P.T.tocsr(), game.start, game.gamma)
            Q = mdp.R + game.gamma * (mdp.T @ V).reshape(S, n_team)
            total += float(game.start @ V)
            gain += d[:, None] * (Q - V[:, None])
        return total / len(mdps), gain / len(mdps)

    value, gain = sweep(choice)
    part = 1.0
    for _ in range(sweeps):
        greedy = np.where(gain.max(1) > 1e-12, gain.argmax(1), choice)
        trial = np.where(rng.random(S) < part, greedy, choice)
        trial_value, trial_gain = sweep(trial)
        if trial_value > value:
            choice, value, gain = trial, trial_value, trial_gain
            part = min(1.0, 1.5 * part)
        else:
            part /= 2
    return split_team(game, choice)


def headroom(
    game: Tabulated,
    train: Sequence[Sequence[Array]],
    held_out: Sequence[Sequence[Array]],
    fixed_on: int = 128,
    scale: Yardstick | None = None,
) -> Headroom:
    """Measure a task's headroom over the externals `held_out`; the teams that play alike come from those of `train`.

    Args: train and held_out, each external's list of policies (S, A_e); fixed_on, the number of training externals for
    which the best fixed team is optimised (0: leave it out); scale, the yardstick of `held_out` if it is known.
    """
    scale = scale or yardstick(game, held_out)

    def score(team: Sequence[Array]) -> float:
        return scale.normalised_score(np.array([team_value(game, team, x) for x in held_out]))

    mean = [np.mean([x[e] for x in train], axis=0) for e in range(len(game.external_axes))]
    to_average = best_response(game, mean).policies
    fixed = best_fixed_team(game, train[:fixed_on], to_average) if fixed_on else to_average
    others = np.roll(np.arange(len(held_out)), 1)  # each external meets the response to its neighbour
    wrong = [team_value(game, scale.responses[o].policies, x) for o, x in zip(others, held_out, strict=True)]
    return Headroom(score(to_average), score(fixed), scale.normalised_score(np.array(wrong)))
