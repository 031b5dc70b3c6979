"""Values of given policies, and the team's best response to given externals.

1. `evaluate`: V = r_π + γ P_π V, the value of given policies; `occupancy` and `joint_q` go with it.
2. `best_response`: the team's optimal joint policy against given externals, by policy iteration.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, identity
from scipy.sparse.linalg import spsolve

from ..regret import centred, counterfactual_values
from .tabulate import Tabulated

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


def solve(P: csr_matrix, r: Array, gamma: float) -> Array:
    """Solve V = r + γ P V: densely for few states, else by iteration until the proven error is below 1e-11."""
    S = len(r)
    if S <= 1500:
        system = np.eye(S) - gamma * P.toarray()
        return torch.linalg.solve(torch.from_numpy(system), torch.from_numpy(r)).numpy()
    if gamma == 1:
        return spsolve(identity(S, format="csc") - P.tocsc(), r)
    # ‖new − V*‖ ≤ γ/(1 − γ) ‖new − V‖ in the norm in which P contracts: the largest entry for values; the sum for
    # occupancies, where P is transposed. (In the sum over many states, rounding alone would keep values from converging.)
    size = np.max if P.sum(1).max() <= 1 + 1e-9 else np.sum
    V = r / (1 - gamma)
    while True:
        new = r + gamma * (P @ V)
        if size(np.abs(new - V)) * gamma / (1 - gamma) < 1e-11 * max(1.0, size(np.abs(new))):
            return new
        V = new


def team_reward(game: Tabulated) -> Array:
    """The targets' mean reward, (S, |A|), which the team maximises."""
    return game.R[:, :, list(game.target_axes)].mean(-1)


def evaluate(
    game: Tabulated, policies: Sequence[Array], reward: Array | None = None, horizon: int | None = None
) -> Array:
    """V(s), the discounted return of `policies` played for ever, or for `horizon` steps, (S,).

    Args: policies, one (S, A_j) per agent; reward (S, |A|), by default the team's mean reward.
    """
    weights = joint_policy(policies)
    reward = team_reward(game) if reward is None else reward
    P, r = _weighted(game.T, weights), (weights * reward).sum(1)
    if horizon is None:
        return solve(P, r, game.gamma)
    V = np.zeros(game.S)
    for _ in range(horizon):
        V = r + game.gamma * (P @ V)
    return V


def occupancy(game: Tabulated, policies: Sequence[Array]) -> Array:
    """d(s) = Σ_t γ^t Pr(s_t = s) from the start distribution, (S,); sums to 1/(1−γ) where no episode ends."""
    P = _weighted(game.T, joint_policy(policies))
    return solve(P.T.tocsr(), game.start, game.gamma)


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
class InducedMDP:
    """The decision process that fixed external policies leave to the team, over its joint actions."""

    T: csr_matrix  # (S·|A_𝒯|, S)
    R: Array  # (S, |A_𝒯|)


def induced_mdp(game: Tabulated, externals: Sequence[Array]) -> InducedMDP:
    """Average the externals, with policies (S, A_e) in their order, out of the game."""
    n_team = math.prod(game.A[i] for i in game.target_axes)
    theirs = joint_policy(externals) if externals else np.ones((game.S, 1))  # (S, |A_ℰ|)
    # Row g holds the joint actions in which the team plays its joint action g.
    numbers = np.arange(math.prod(game.A)).reshape(game.A)
    numbers = numbers.transpose(*game.target_axes, *game.external_axes).reshape(n_team, -1)  # (|A_𝒯|, |A_ℰ|)
    columns = np.arange(game.S)[:, None, None] * numbers.size + numbers  # (S, |A_𝒯|, |A_ℰ|)
    weights = np.broadcast_to(theirs[:, None], columns.shape)
    indptr = np.arange(0, columns.size + 1, numbers.shape[1])
    average = csr_matrix((weights.ravel(), columns.ravel(), indptr), shape=(game.S * n_team, game.T.shape[0]))
    T = average @ game.T
    T.eliminate_zeros()
    return InducedMDP(T, np.einsum("se,sge->sg", theirs, team_reward(game)[:, numbers]))


def split_team(game: Tabulated, joint: NDArray[np.int64]) -> list[Array]:
    """Turn joint team actions (S,) into one deterministic policy (S, A_i) per target."""
    sizes = [game.A[i] for i in game.target_axes]
    return [np.eye(size)[own] for size, own in zip(sizes, np.unravel_index(joint, sizes), strict=True)]


def best_response(game: Tabulated, externals: Sequence[Array]) -> Response:
    """The team's best joint response to the externals' policies (S, A_e), by policy iteration.

    A team that shares its reward and sees the state loses nothing by acting deterministically and independently.
    Ties go to the lowest joint action, so that the result is always the same.
    """
    mdp = induced_mdp(game, externals)
    S, n_team = mdp.R.shape
    choice = mdp.R.argmax(1)
    while True:
        rows = np.arange(S) * n_team + choice
        V = solve(mdp.T[rows], mdp.R[np.arange(S), choice], game.gamma)
        Q = mdp.R + game.gamma * (mdp.T @ V).reshape(S, n_team)
        best = Q.max(1, keepdims=True)
        greedy = (best - 1e-9 * (1 + np.abs(best)) <= Q).argmax(1)  # the first of the tied ones
        better = Q.max(1) > Q[np.arange(S), choice] + 1e-9 * (1 + np.abs(best[:, 0]))
        if not better.any():
            return Response(split_team(game, greedy), V, float(game.start @ V))
        choice = np.where(better, greedy, choice)


def team_value(game: Tabulated, team: Sequence[Array], externals: Sequence[Array]) -> float:
    """The team's value from the start distribution; policies in the targets' and the externals' order."""
    policies: list[Array] = [np.empty(0)] * len(game.A)
    for axis, policy in zip((*game.target_axes, *game.external_axes), (*team, *externals), strict=True):
        policies[axis] = np.asarray(policy, dtype=np.float64)
    return float(game.start @ evaluate(game, policies))


def random_team(game: Tabulated) -> list[Array]:
    """The uniformly random team, whose score is zero by definition."""
    return [np.full((game.S, game.A[i]), 1 / game.A[i]) for i in game.target_axes]


class JointTable(NamedTuple):
    """A Q that is known for all joint actions, where an update asks a critic (see `micra_lite.regret.FactoredQ`)."""

    table: torch.Tensor  # (…, A_1, …, A_n), return; … may be states (B,), or (K, N)

    def head(self, m: int) -> JointTable:
        """Q for target number m: the team's."""
        return self

    def rows(self, policies: Sequence[torch.Tensor]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The table and the policies (…, A_j) with the states in one axis."""
        return self.table.flatten(0, -len(policies) - 1), [p.flatten(0, -2) for p in policies]

    def taken(self, actions: torch.Tensor) -> torch.Tensor:
        """Q(s, a) of the joint actions (…, n) that were taken, (…)."""
        flat = self.table.flatten(0, -actions.shape[-1] - 1)
        return flat[(torch.arange(len(flat)), *actions.flatten(0, -2).unbind(-1))].view(actions.shape[:-1])

    def expected(self, policies: Sequence[torch.Tensor]) -> torch.Tensor:
        """Σ_a ∏_j π_j(a_j) Q(s, a), (…), for policies n × (…, A_j)."""
        q = self.table
        for policy in reversed(policies):
            q = (q * policy.view(*policy.shape[:-1], *[1] * (q.dim() - policy.dim()), -1)).sum(-1)
        return q

    def counterfactual(self, policies: Sequence[torch.Tensor], i: int) -> torch.Tensor:
        """v(s | i plays a_i), (…, A_i), up to a constant of the state."""
        q, flat = self.rows(policies)
        return counterfactual_values(centred(q), flat, i).view(policies[i].shape)
