"""Two players of a matrix game who follow their regrets: pure functions, float64.

1. `both_regrets`: Eq. 2 for both players, each with its own payoffs as Q.
2. `follow`: dπ_i(a)/dt = π_i(a) A_i(a), each action grows at the rate of its regret (the replicator dynamics).
3. `regret_matching`: Σ of past regrets, positive parts normalised (Hart and Mas-Colell, 2000), and the average of all.
4. `equilibria`: where nobody has a positive regret, by support enumeration.

Shapes: payoffs (A_1, A_2, 2) as in `MatrixGame`; policies, one (A_1,) and one (A_2,), or (B, A_i) for many at once.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import torch
from torch import Tensor

from ..exact import Array
from ..regret import counterfactual_regret_advantage

Pair = tuple[Tensor, Tensor]


def both_regrets(payoffs: Tensor, policies: Pair) -> Pair:
    """A_1 (B, A_1) and A_2 (B, A_2) for policies (B, A_1) and (B, A_2), in units of payoff."""
    found = []
    for i in (0, 1):
        q = payoffs[None, :, :, i].double().expand(len(policies[0]), -1, -1)
        found += counterfactual_regret_advantage(q, policies, [i])
    return found[0], found[1]


def drift(payoffs: Tensor, policies: Pair) -> Pair:
    """dπ_i/dt = π_i A_i for both, (B, A_i) each; every row sums to zero, so that policies stay policies."""
    regrets = both_regrets(payoffs, policies)
    return policies[0] * regrets[0], policies[1] * regrets[1]


def time_unit(payoffs: Tensor) -> float:
    """One over the largest span of a player's payoffs: in this time an action grows by a factor of e at most."""
    span = float((payoffs.amax((0, 1)) - payoffs.amin((0, 1))).max())
    return 1 / span if span > 0 else 1.0


def follow(payoffs: Tensor, start: Pair, steps: int, rate: float = 0.2) -> Pair:
    """The path of the replicator dynamics, (steps+1, A_i) each, `rate` time units a step (fourth-order Runge–Kutta).

    It moves logarithms: d log π_i(a)/dt = A_i(a), so no probability leaves (0, 1), and an action that is never played
    stays so. v_i(a) serves as well as A_i(a), for they differ by the same number for every action.
    """
    dt = rate * time_unit(payoffs)
    row, column = (payoffs[..., i].double().numpy() for i in (0, 1))
    with np.errstate(divide="ignore"):  # the logarithm of an action that is never played
        x, y = (np.log(p.double().numpy()) for p in start)
    path = [(_softmax(x), _softmax(y))]

    def speed(x: Array, y: Array) -> tuple[Array, Array]:
        return row @ _softmax(y), _softmax(x) @ column

    for _ in range(steps):
        a, b = speed(x, y)
        c, d = speed(x + dt / 2 * a, y + dt / 2 * b)
        e, f = speed(x + dt / 2 * c, y + dt / 2 * d)
        g, h = speed(x + dt * e, y + dt * f)
        x, y = x + dt / 6 * (a + 2 * c + 2 * e + g), y + dt / 6 * (b + 2 * d + 2 * f + h)
        x, y = x - x.max(), y - y.max()
        path.append((_softmax(x), _softmax(y)))
    return _tensors([np.stack([p for p, _ in path]), np.stack([q for _, q in path])])


def _softmax(logits: Array) -> Array:
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


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


def equilibria(payoffs: Tensor) -> list[tuple[Array, Array]]:
    """All Nash equilibria with supports of equal size: in a game without ties, all there are.

    For each pair of supports: make the other indifferent over its support, and keep what nobody has reason to leave.
    """
    row, column = (payoffs[..., i].double().numpy() for i in (0, 1))
    found: list[tuple[Array, Array]] = []
    for size in range(1, min(row.shape) + 1):
        supports = product(combinations(range(row.shape[0]), size), combinations(range(row.shape[1]), size))
        for rows, columns in supports:
            y = _indifferent(row[np.ix_(rows, columns)])  # the column player's mixture
            x = _indifferent(column[np.ix_(rows, columns)].T)
            if x is None or y is None:
                continue
            p, q = np.zeros(row.shape[0]), np.zeros(row.shape[1])
            p[list(rows)], q[list(columns)] = x, y
            values = (row @ q, p @ column)
            stay = all(v.max() <= v @ own + 1e-9 for v, own in zip(values, (p, q), strict=True))
            known = any(np.abs(p - a).max() + np.abs(q - b).max() < 1e-9 for a, b in found)
            if stay and not known:
                found.append((p, q))
    return found


def _indifferent(table: Array) -> Array | None:
    """The mixture of columns under which all rows of a square table are worth the same; None where there is none."""
    k = len(table)
    system = np.block([[table, -np.ones((k, 1))], [np.ones((1, k)), np.zeros((1, 1))]])
    if abs(np.linalg.det(system)) < 1e-9:
        return None
    mixture = np.linalg.solve(system, np.append(np.zeros(k), 1.0))[:k]
    return mixture if mixture.min() > -1e-9 else None
