"""The exact variance of policy-gradient estimates from one decision, by enumeration of all joint actions.

In a state s all agents draw their actions, and target i estimates the gradient of the team's value in the logits of its
softmax policy by ĝ = ∇ log π_i(a_i|s) · w. The estimators differ in the weight w alone:

    REINFORCE            G, the sampled return: the sum of discounted rewards from here on
    REINFORCE, exact Q   Q(s, a)
    baseline v(s)        Q(s, a) − v(s)
    COMA                 Q(s, a) − Σ_{a'_i} π_i(a'_i|s) Q(s, [a'_i, a_-i])       the others' actions are held fixed
    CRA, sampled         A_i(s, a_i) of Eq. 2                                    the others averaged out
    CRA, exact           no action is drawn: Σ_{a_i} π_i(a_i|s) ∇ log π_i(a_i|s) A_i(s, a_i)

1. All have the same mean, g_b = π_i(b|s) A_i(s, b). So tr Cov(ĝ | s) = E[|∇ log π_i(a_i|s)|² w² | s] − |g|².
2. `advantage_variance` averages over any subset of the others: over none in COMA, over all in CRA. Averaging over one
   more can only lower the variance (Rao–Blackwell).
3. `squared_return` is E[G² | s, a], by the Bellman equation of second moments (Sobel, 1982).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .tabulate import Tabulated
from .values import Array, _weighted, evaluate, joint_policy, solve, team_reward


def _mean(table: Array, policies: Sequence[Array], agents: Sequence[int]) -> Array:
    """Average a table (S, A_1, …, A_n) over the actions of `agents`; their axes stay, with length 1."""
    for j in agents:
        table = np.einsum("s...a,sa->s...", np.moveaxis(table, j + 1, -1), policies[j])
        table = np.expand_dims(table, j + 1)
    return table


def _variance(squared_weight: Array, q: Array, policies: Sequence[Array], i: int) -> Array:
    """tr Cov(ĝ | s), (S,), from w² (S, A_1, …, A_n), or its expectation where w is random given s and a."""
    own, others = policies[i], [j for j in range(len(policies)) if j != i]
    given = _mean(squared_weight, policies, others).reshape(own.shape)  # E[w² | s, a_i], (S, A_i)
    value = _mean(q, policies, others).reshape(own.shape)  # v(s | i plays a_i)
    gradient = own * (value - (own * value).sum(1, keepdims=True))  # g, (S, A_i)
    length = 1 - 2 * own + (own**2).sum(1, keepdims=True)  # |∇ log π_i(a_i)|² in the logits of a softmax, (S, A_i)
    return (own * length * given).sum(1) - (gradient**2).sum(1)


def advantage_variance(q: Array, policies: Sequence[Array], i: int, averaged: Sequence[int] = ()) -> Array:
    """tr Cov(ĝ | s) with COMA's advantage of target i, averaged over the actions of the agents `averaged`.

    Args: q (S, A_1, …, A_n), return; policies, n × (S, A_j); i, the target's axis; averaged, axes of others (none:
    COMA; all: CRA with the own action sampled). Returns (S,), return² (logits have no unit).
    """
    if i in averaged:
        raise ValueError(f"agent {i} is the one whose action counts: average over others only; got {list(averaged)}")
    known = _mean(q, policies, averaged)
    weight = known - _mean(known, policies, [i])
    return _variance(np.broadcast_to(weight**2, q.shape), q, policies, i)


def gradient_variances(
    q: Array, policies: Sequence[Array], i: int, squared_return: Array | None = None
) -> dict[str, Array]:
    """tr Cov(ĝ | s) of target i's gradient estimate from one decision, for each estimator: name → (S,), return².

    Args: as above; squared_return, E[G² | s, a] (S, A_1, …, A_n), without which REINFORCE's sampled return is left out.

    >>> q, half = np.array([[[4.0, 0.0], [3.0, 2.0]]]), np.array([[0.5, 0.5]])  # the stag hunt, seen by the row player
    >>> {name: float(v[0]) for name, v in gradient_variances(q, [half, half], 0).items() if "C" in name[:2]}
    {'COMA': 0.28125, 'CRA, sampled': 0.0, 'CRA, exact': 0.0}
    """
    others = [j for j in range(len(policies)) if j != i]
    found = {} if squared_return is None else {"REINFORCE": _variance(squared_return, q, policies, i)}
    v = _mean(q, policies, range(len(policies)))
    return found | {
        "REINFORCE, exact Q": _variance(q**2, q, policies, i),
        "baseline v(s)": _variance((q - v) ** 2, q, policies, i),
        "COMA": advantage_variance(q, policies, i),
        "CRA, sampled": advantage_variance(q, policies, i, others),
        "CRA, exact": np.zeros(len(q)),  # in a given state nothing is random
    }


def squared_return(game: Tabulated, policies: Sequence[Array]) -> Array:
    """E[G² | s, a], (S, A_1, …, A_n): the mean square of the discounted return after joint action a, then `policies`.

    G² = (r + γG')² and G' is drawn after s', so E[G² | s, a] = r² + 2γ r E[V(s')] + γ² E[E[G'² | s']]. Rewards are
    taken as certain given s and a, as they are in all games here; where an episode ends, V and G' are 0.
    """
    reward, gamma = team_reward(game), game.gamma  # (S, |A|)
    V = evaluate(game, policies, reward)
    now = reward**2 + 2 * gamma * reward * (game.T @ V).reshape(reward.shape)  # (S, |A|)
    weights = joint_policy(policies)
    square = solve(_weighted(game.T, weights), (weights * now).sum(1), gamma**2)  # E[G² | s], (S,)
    return (now + gamma**2 * (game.T @ square).reshape(reward.shape)).reshape(game.S, *game.A)
