"""Eq. 2, the counterfactual regret advantage (CRA), and Eq. 3, its policy gradient. Pure functions.

MICRA (meta imitation counterfactual regret advantage; Zhang et al., AAMAS 2021) trains *targets* 𝒯, the agents that are
ours, beside *externals* ℰ, whose policies nobody controls and an imitator predicts (δ). For target i with action a_i,

    v(s | i plays a_i) = Σ_{a_-i} ∏_{j≠i} π_j(a_j|s) Q(s, [a_i, a_-i])         the others' actions averaged out
    v(s)               = Σ_{a_i} π_i(a_i|s) v(s | i plays a_i)                  the own action averaged out as well
    A_i(s, a_i)        = v(s | i plays a_i) − v(s)                              (Eq. 2)
    g_i                = E_s [Σ_{a_i} ∇π_i(a_i|o_i) A_i(s, a_i)]                (Eq. 3)

`counterfactual_regret_advantage` checks its input and computes both sums from a table of Q. Training does the same from
the factors of a critic, `FactoredQ.counterfactual` and `regret`. Eq. 3 is the gradient of `policy_gradient_objective`.

Shapes: q (B, A_1, …, A_n), return; policies, n × (B, A_j), probabilities; `target_axes`, the positions of the targets.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .checks import check_inputs

LARGEST_TABLE = 100_000  # entries that are still shown


def counterfactual_values(q: Tensor, policies: Sequence[Tensor], i: int) -> Tensor:
    """v(s | i plays a_i): average q over everybody's actions but i's.

    Args: q (B, A_1, …, A_n), return; policies, n × (B, A_j); i, the axis that stays. Returns (B, A_i), return.
    """
    for j in reversed(range(len(policies))):  # from the last axis on, so that the axes still to come keep their place
        if j != i:
            q = torch.einsum("b...a,ba->b...", q.movedim(j + 1, -1), policies[j])  # axis j is gone
    return q


def centred(q: Tensor) -> Tensor:
    """Subtract each state's mean: regrets stay the same, and a large offset costs them no precision in float32."""
    return q - q.flatten(1).mean(1).view(-1, *[1] * (q.dim() - 1))


def regret(values: Tensor, policy: Tensor) -> Tensor:
    """A_i = v(s | i plays a_i) − v(s), (B, A_i), from i's values (plus any constant of the state) and i's policy."""
    return values - (policy * values).sum(-1, keepdim=True)


def counterfactual_regret_advantage(q: Tensor, policies: Sequence[Tensor], target_axes: Iterable[int]) -> list[Tensor]:
    """Eq. 2, exactly: how much better than its policy each own action is, the others averaged out.

    Args: q (B, A_1, …, A_n), return; policies, n × (B, A_j), probabilities, the externals' as predicted; target_axes.
    Returns one (B, A_i) per target, return; Σ_a π_i(a) A_i(a) = 0. Raises ValueError on input that does not fit.
    Its error (float32, float64) is below 1e-6 of q's span; digits that q lost when it was stored cannot come back.

    >>> q = torch.tensor([[[4.0, 0.0], [3.0, 2.0]]])  # the stag hunt, seen by the row player
    >>> policies = [torch.tensor([[0.5, 0.5]]), torch.tensor([[0.75, 0.25]])]
    >>> counterfactual_regret_advantage(q, policies, [0])
    [tensor([[ 0.1250, -0.1250]])]
    """
    policies, axes = check_inputs(q, policies, target_axes)
    return [regret(counterfactual_values(centred(q), policies, i), policies[i]) for i in axes]


class FactoredQ(NamedTuple):
    """A critic's answer for N states beside K externals: Q(s, a) = level_k + Σ_r scale_kr ∏_j u_jr(s, a_j).

    A sum over joint actions is a product of sums over each agent's own: Eq. 2 costs O(n A R) instead of O(Aⁿ).
    If each of m targets has a Q of its own, `scale` and `level` have a leading axis m, and so have all answers.
    """

    factors: list[Tensor]  # u, n × (1 or K, N, A_j, R); 1 where all externals share the states
    scale: Tensor  # (K, R), or (m, K, R)
    level: Tensor  # (K, 1), or (m, K, 1), return

    def head(self, m: int) -> FactoredQ:
        """Q for target number m: its own, or the team's."""
        return self if self.scale.dim() == 2 else FactoredQ(self.factors, self.scale[m], self.level[m])

    def taken(self, actions: Tensor) -> Tensor:
        """Q(s, a) of the joint actions (1 or K, N, n) that were taken, (K, N)."""
        chosen = zip(self.factors, actions.unbind(-1), strict=True)
        parts = [u.take_along_dim(a[..., None, None], 2)[:, :, 0] for u, a in chosen]  # (1 or K, N, R) each
        return self.level + torch.einsum("knr,...kr->...kn", math.prod(parts), self.scale)

    def counterfactual(self, policies: Sequence[Tensor], i: int) -> Tensor:
        """v(s | i plays a_i) without the level, (K, N, A_i), for policies n × (K, N, A_j)."""
        each = enumerate(zip(policies, self.factors, strict=True))
        others = [torch.einsum("kna,knar->knr", p, u) for j, (p, u) in each if j != i]
        return torch.einsum("...knr,knar->...kna", math.prod(others, start=self.scale[..., None, :]), self.factors[i])

    def expected(self, policies: Sequence[Tensor]) -> Tensor:
        """v(s) = Σ_a ∏_j π_j(a_j) Q(s, a), (K, N)."""
        return self.level + (policies[0] * self.counterfactual(policies, 0)).sum(-1)

    @property
    def table(self) -> Tensor:
        """Q(s, ·) of all joint actions, (K, N, A_1, …, A_n)."""
        product = self.factors[0]
        for u in self.factors[1:]:
            product = (product[..., None, :] * u[:, :, None]).flatten(2, 3)  # (1 or K, N, A_1 ⋯ A_j, R)
        q = self.level[..., None] + torch.einsum("knar,...kr->...kna", product, self.scale)
        return q.unflatten(-1, [u.shape[2] for u in self.factors])

    def shown(self) -> Tensor | None:
        """The table of the first state, external and head, (A_1, …, A_n); None where it would be too large."""
        if math.prod(u.shape[2] for u in self.factors) > LARGEST_TABLE:
            return None
        q = self.head(0)
        return FactoredQ([u[:1, :1] for u in q.factors], q.scale[:1], q.level[:1]).table[0, 0].detach()


def policy_gradient_objective(log_policy: Tensor, advantage: Tensor, actions: Tensor | None = None) -> Tensor:
    """Eq. 3 as an objective to maximise: its gradient is the CRA policy gradient.

    Args: log_policy (B, A_i), nats; advantage (B, A_i), return, through which no gradient flows; actions (B,), the own
    actions drawn from π_i, for log π_i(a) A_i(a); None for the exact sum, Σ_a π_i(a) A_i(a). Returns a mean, return.
    """
    advantage = advantage.detach()
    if actions is None:
        return (log_policy.exp() * advantage).sum(-1).mean()
    return (log_policy * advantage).gather(-1, actions[:, None]).mean()
