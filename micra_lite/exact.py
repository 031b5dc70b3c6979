"""Exact instruments on tabulated games: what the best is, so that a learner's figure means something.

All arrays are numpy, float64. A *policy* is (S, A_j) for one agent; `policies` is a list of n of them in the agents'
order. Joint tables run over the agents' axes in row-major order.

1. `evaluate`: V = r_π + γ P_π V, the value of given policies.
2. `best_response`: the team's optimal joint policy against given externals, by policy iteration.
3. `normalised_score`: 0 for the uniformly random team, 1 for the best response.
4. `headroom`: how much knowing the external is worth; a task needs room for adaptation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, identity
from scipy.sparse.linalg import spsolve

from .games import Tabulated

Array = NDArray[np.float64]


def joint_policy(policies: Sequence[Array]) -> Array:
    """Product policies as one joint table: a list of (S, A_j) → (S, ∏A_j)."""
    joint = np.ones((len(policies[0]), 1))
    for policy in policies:
        joint = (joint[:, :, None] * policy[:, None, :]).reshape(len(joint), -1)  # (S, …·A_j)
    return joint


def _weighted(T: csr_matrix, weights: Array) -> csr_matrix:
    """Average the rows of T (S·|A|, S) with weights (S, G, |A|) or (S, |A|): → (S·G, S)."""
    S, n_joint = weights.shape[0], weights.shape[-1]
    rows = weights.reshape(-1, n_joint)  # (S·G, |A|)
    groups = len(rows) // S
    columns = (np.arange(S)[:, None, None] * n_joint + np.arange(n_joint)).repeat(groups, 1)  # (S, G, |A|)
    indptr = np.arange(0, rows.size + 1, n_joint)
    return csr_matrix((rows.ravel(), columns.ravel(), indptr), shape=(len(rows), T.shape[0])) @ T


def _solve(P: csr_matrix, r: Array, gamma: float) -> Array:
    """V = r + γ P V: densely when that is quick, else by iteration until the proven error is below 1e-11."""
    S = len(r)
    if S <= 1500:
        system = np.eye(S) - gamma * P.toarray()
        return torch.linalg.solve(torch.from_numpy(system), torch.from_numpy(r)).numpy()
    if gamma == 1:
        return spsolve(identity(S, format="csc") - P.tocsc(), r)
    V = r / (1 - gamma)
    while True:
        new = r + gamma * (P @ V)
        # ‖new − V*‖∞ is at most the left side; occupancies (P transposed) contract in the 1-norm, which bounds it too
        if np.abs(new - V).sum() * gamma / (1 - gamma) < 1e-11 * max(1.0, np.abs(new).max()):
            return new
        V = new


def team_reward(game: Tabulated) -> Array:
    """The targets' mean reward, (S, |A|): what the team is out for."""
    return game.R[:, :, list(game.targets)].mean(-1)


def evaluate(game: Tabulated, policies: Sequence[Array], reward: Array | None = None) -> Array:
    """V(s), the discounted return of playing `policies` for ever, (S,).

    Args: policies, one (S, A_j) per agent; reward (S, |A|), the team's mean reward unless given.
    """
    weights = joint_policy(policies)
    reward = team_reward(game) if reward is None else reward
    return _solve(_weighted(game.T, weights), (weights * reward).sum(1), game.gamma)


def occupancy(game: Tabulated, policies: Sequence[Array]) -> Array:
    """d(s) = Σ_t γ^t Pr(s_t = s) from the start distribution, (S,); sums to 1/(1−γ) where no episode ends."""
    P = _weighted(game.T, joint_policy(policies))
    return _solve(P.T.tocsr(), game.start, game.gamma)


def joint_q(game: Tabulated, policies: Sequence[Array], reward: Array | None = None) -> Array:
    """Q(s, a) of playing joint action a once and `policies` ever after, (S, A_1, …, A_n)."""
    reward = team_reward(game) if reward is None else reward
    V = evaluate(game, policies, reward)
    return (reward + game.gamma * (game.T @ V).reshape(reward.shape)).reshape(game.S, *game.A)


@dataclass(frozen=True)
class Response:
    """A team's joint response: one deterministic policy (S, A_i) per target, in the targets' order, and its value."""

    policies: list[Array]
    V: Array  # (S,)
    value: float  # from the start distribution


@dataclass(frozen=True)
class TeamView:
    """The game as the team sees it when the externals' policies are fixed: an MDP over the team's joint actions."""

    T: csr_matrix  # (S·|A_𝒯|, S)
    R: Array  # (S, |A_𝒯|)


def team_view(game: Tabulated, externals: Sequence[Array]) -> TeamView:
    """Average the externals, with policies (S, A_e) in their order, out of the game."""
    n_team = int(np.prod([game.A[i] for i in game.targets]))
    weights = np.ones((game.S, n_team, *game.A))
    for e, policy in zip(game.externals, externals, strict=True):
        shape = [game.S, 1, *[1] * len(game.A)]
        shape[2 + e] = game.A[e]
        weights *= policy.reshape(shape)
    team = np.indices([game.A[i] for i in game.targets]).reshape(len(game.targets), -1)  # (m, |A_𝒯|)
    for i, own in zip(game.targets, team, strict=True):
        shape = [1, n_team, *[1] * len(game.A)]
        shape[2 + i] = game.A[i]
        weights *= np.eye(game.A[i])[own].reshape(shape)
    weights = weights.reshape(game.S, n_team, -1)
    T = _weighted(game.T, weights)
    T.eliminate_zeros()
    return TeamView(T, np.einsum("sga,sa->sg", weights, team_reward(game)))


def split_team(game: Tabulated, joint: NDArray[np.int64]) -> list[Array]:
    """Joint team actions (S,) to one deterministic policy (S, A_i) per target."""
    sizes = [game.A[i] for i in game.targets]
    return [np.eye(size)[own] for size, own in zip(sizes, np.unravel_index(joint, sizes), strict=True)]


def best_response(game: Tabulated, externals: Sequence[Array]) -> Response:
    """The team's best joint response to the externals' policies (S, A_e), by policy iteration.

    A team that shares its reward and sees the state loses nothing by acting deterministically and independently.
    Ties go to the lowest joint action, so the answer is always the same.
    """
    view = team_view(game, externals)
    S, n_team = view.R.shape
    choice = view.R.argmax(1)
    while True:
        rows = np.arange(S) * n_team + choice
        V = _solve(view.T[rows], view.R[np.arange(S), choice], game.gamma)
        Q = view.R + game.gamma * (view.T @ V).reshape(S, n_team)
        best = Q.max(1, keepdims=True)
        greedy = (best - 1e-9 * (1 + np.abs(best)) <= Q).argmax(1)  # the first of the tied ones
        better = Q.max(1) > Q[np.arange(S), choice] + 1e-9 * (1 + np.abs(best[:, 0]))
        if not better.any():
            return Response(split_team(game, greedy), V, float(game.start @ V))
        choice = np.where(better, greedy, choice)


def team_value(game: Tabulated, team: Sequence[Array], externals: Sequence[Array]) -> float:
    """The team's value from the start distribution; policies in the targets' and the externals' order."""
    policies: list[Array] = [np.empty(0)] * len(game.A)
    for axis, policy in zip((*game.targets, *game.externals), (*team, *externals), strict=True):
        policies[axis] = np.asarray(policy, dtype=np.float64)
    return float(game.start @ evaluate(game, policies))


def random_team(game: Tabulated) -> list[Array]:
    """The uniformly random team, whose score is zero by definition."""
    return [np.full((game.S, game.A[i]), 1 / game.A[i]) for i in game.targets]


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
    """How much knowing the external is worth on a task (normalised scores over its held-out externals)."""

    average_response: float  # best response to the average training external
    best_fixed: float  # best fixed team found
    other: float  # best response to a random wrong external

    @property
    def average(self) -> float:
        """headroom_average: the score of the best team found that plays everyone alike."""
        return max(self.average_response, self.best_fixed)


def best_fixed_team(
    game: Tabulated, externals: Sequence[Sequence[Array]], start: Sequence[Array], sweeps: int = 30
) -> list[Array]:
    """Raise the mean value over externals of one team that cannot tell them apart, from the team `start`.

    Each sweep takes, in each state, the joint action of largest Σ_k d_k(s) Q_k(s, a), where d_k is the discounted
    occupancy against external k: coordinate ascent for a decision process with several models (Su and Petrik,
    "Solving multi-model MDPs by coordinate ascent and dynamic programming", UAI 2023). States change in ever smaller
    random parts while a sweep does not help; a local optimum is what it promises.
    """
    views = [team_view(game, x) for x in externals]
    S, n_team = views[0].R.shape
    sizes = [game.A[i] for i in game.targets]
    choice = np.ravel_multi_index([p.argmax(1) for p in start], sizes)
    rng = np.random.default_rng(0)

    def sweep(choice: NDArray[np.int64]) -> tuple[float, Array]:
        total, gain = 0.0, np.zeros((S, n_team))
        for view in views:
            rows = np.arange(S) * n_team + choice
            P = view.T[rows]
            V = _solve(P, view.R[np.arange(S), choice], game.gamma)
            d = _solve(P.T.tocsr(), game.start, game.gamma)
            Q = view.R + game.gamma * (view.T @ V).reshape(S, n_team)
            total += float(game.start @ V)
            gain += d[:, None] * (Q - V[:, None])
        return total / len(views), gain / len(views)

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
    """Measure a task's headroom: `train` makes the average external and the best fixed team, `held_out` judges them.

    The best fixed team is optimised on the first `fixed_on` training externals (0: leave it out).
    """
    scale = scale or yardstick(game, held_out)

    def score(team: Sequence[Array]) -> float:
        return scale.normalised_score(np.array([team_value(game, team, x) for x in held_out]))

    mean = [np.mean([x[e] for x in train], axis=0) for e in range(len(game.externals))]
    to_average = best_response(game, mean).policies
    fixed = best_fixed_team(game, train[:fixed_on], to_average) if fixed_on else to_average
    others = np.roll(np.arange(len(held_out)), 1)  # everybody meets the response to its neighbour: a wrong one
    wrong = [team_value(game, scale.responses[o].policies, x) for o, x in zip(others, held_out, strict=True)]
    return Headroom(score(to_average), score(fixed), scale.normalised_score(np.array(wrong)))
