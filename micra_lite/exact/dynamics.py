"""Two players of a matrix game who follow their regrets: pure functions, float64.

1. `both_regrets`: Eq. 2 for both players, each with its own payoffs as Q.
2. `replicator_path`: dπ_i(a)/dt = π_i(a) A_i(a), each action grows at the rate of its regret (the replicator dynamics).
3. `regret_matching`: policies in proportion to the positive parts of summed regrets (Hart and Mas-Colell, 2000).

Shapes: payoffs (A_1, A_2, 2) as in `MatrixGame`; policies, one (A_1,) and one (A_2,), or (B, A_i) for many at once.
Everything here is a torch tensor, as in `micra_lite.regret`.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.integrate import solve_ivp
from scipy.special import softmax
from torch import Tensor

from ..regret import counterfactual_regret_advantage
from .values import Array

Pair = tuple[Tensor, Tensor]


def both_regrets(payoffs: Tensor, policies: Pair) -> Pair:
    """A_1 (B, A_1) and A_2 (B, A_2) for policies (B, A_1) and (B, A_2), in units of payoff."""
    found = []
    for i in (0, 1):
        q = payoffs[None, :, :, i].double().expand(len(policies[0]), -1, -1)
        found += counterfactual_regret_advantage(q, policies, [i])
    return found[0], found[1]


def drift(payoffs: Tensor, policies: Pair) -> Pair:
    """dπ_i/dt = π_i A_i for both, (B, A_i) each; every row sums to zero, so policies stay policies."""
    regrets = both_regrets(payoffs, policies)
    return policies[0] * regrets[0], policies[1] * regrets[1]


def time_unit(payoffs: Tensor) -> float:
    """One over the largest span of a player's payoffs: in this time an action grows by a factor of e at most."""
    span = float((payoffs.amax((0, 1)) - payoffs.amin((0, 1))).max())
    return 1 / span if span > 0 else 1.0


def replicator_path(payoffs: Tensor, start: Pair, steps: int, rate: float = 0.2) -> Pair:
    """The path of the replicator dynamics from `start`, (steps+1, A_i) each, `rate` time units apart.

    d log π_i(a)/dt = A_i(a), and v_i(a) serves as well as A_i(a), since they differ by the same number for every action.
    So π_i(t) ∝ π_i(0) exp z_i(t) with dz_i/dt = v_i: no probability leaves [0, 1], and an action that is never played
    stays so.
    """
    row, column = (payoffs[..., i].double().numpy() for i in (0, 1))
    first, second = (p.double().numpy() for p in start)
    A = len(first)

    def policies(z: Array) -> tuple[Array, Array]:
        """(A_1, …) and (A_2, …) from z (A_1 + A_2, …)."""
        grown = [p * softmax(part, axis=0).T for p, part in ((first, z[:A]), (second, z[A:]))]
        return tuple((w / w.sum(-1, keepdims=True)).T for w in grown)

    def speed(t: float, z: Array) -> Array:
        x, y = policies(z)
        return np.concatenate([row @ y, x @ column])

    times = rate * time_unit(payoffs) * np.arange(max(steps, 1) + 1)  # the solver needs some time to pass
    solved = solve_ivp(
        speed, (0, times[-1]), np.zeros(A + len(second)), "DOP853", times[: steps + 1], rtol=1e-8, atol=1e-8
    )
    x, y = policies(solved.y)
    return torch.from_numpy(x.T.copy()), torch.from_numpy(y.T.copy())


def regret_matching(payoffs: Tensor, start: Pair, rounds: int) -> tuple[Pair, Pair]:
    """Both players match their regrets: the policies of each round, and their averages so far, (rounds+1, A_i) each.

    Round 0 plays `start`. After each round R_i ← R_i + A_i, and π_i ∝ max(R_i, 0), uniform where none is positive.
    """
    tables = [payoffs[..., i].double().numpy() for i in (0, 1)]
    now = [p.double().numpy() for p in start]
    total, history = [np.zeros(len(p)) for p in now], [[p] for p in now]
    for _ in range(rounds):
        values = (tables[0] @ now[1], now[0] @ tables[1])  # v(i plays a_i)
        for i in (0, 1):
            total[i] = total[i] + values[i] - now[i] @ values[i]
        now = [_matched(r) for r in total]
        for kept, p in zip(history, now, strict=True):
            kept.append(p)
    played = [np.stack(r) for r in history]
    averages = [p.cumsum(0) / np.arange(1, len(p) + 1)[:, None] for p in played]
    return _tensors(played), _tensors(averages)


def _matched(regrets: Array) -> Array:
    positive = regrets.clip(0)
    return positive / positive.sum() if positive.any() else np.full(len(regrets), 1 / len(regrets))


def _tensors(pair: list[Array]) -> Pair:
    return torch.from_numpy(pair[0]), torch.from_numpy(pair[1])
