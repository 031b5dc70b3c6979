"""The advantages that CRA is compared with, from the same joint Q. Pure functions.

1. `coma_advantage` keeps the others at the actions they took; its mean over those actions is the CRA.
2. `joint_advantage` has no counterfactual baseline either: Q of the joint action, minus v(s).
3. `sampled_regret_advantage` estimates Eq. 2 from drawn actions of the others.
4. `at_sampled_action` turns any of them into one that learns from the own action that was taken alone.

Shapes and units are those of `micra_lite.regret`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from ..checks import check_inputs
from ..regret import centred, counterfactual_values, regret


def coma_advantage(q: Tensor, policies: Sequence[Tensor], target_axes: Iterable[int], actions: Tensor) -> list[Tensor]:
    """COMA's advantage (Foerster et al., 2018): as Eq. 2, but the others stay at the actions they took.

    Args: q, policies and target_axes as in Eq. 2; actions (B, n), the joint action taken. Returns one (B, A_i) per
    target: the entry at the action that i took is the published advantage, the others are what i would have got instead.
    """
    policies, axes = check_inputs(q, policies, target_axes)
    if actions.shape != (q.shape[0], q.dim() - 1):
        raise ValueError(
            f"actions have shape {tuple(actions.shape)}; expected (batch, agents) = {(q.shape[0], q.dim() - 1)}"
        )
    return [regret(values_beside(centred(q), actions, i), policies[i]) for i in axes]


def values_beside(q: Tensor, actions: Tensor, i: int) -> Tensor:
    """Q(s, [·, a_-i]): the value of each action of i beside the others' actions (B, n); (B, A_i), return."""
    others = [actions[:, j] for j in range(q.dim() - 1) if j != i]
    return q.movedim(i + 1, -1)[(torch.arange(len(q)), *others)]


def joint_advantage(q: Tensor, policies: Sequence[Tensor], target_axes: Iterable[int], actions: Tensor) -> list[Tensor]:
    """The joint action's advantage Q(s, a) − v(s) as every target's own ("central-QV" of Foerster et al., 2018).

    Each is credited with what the others' actions happened to bring. Args and result as in `coma_advantage`. Summed
    over own actions exactly it would be COMA's, because there every baseline cancels: it is for sampled own actions.
    """
    policies, axes = check_inputs(q, policies, target_axes)
    q = centred(q)
    value = (policies[0] * counterfactual_values(q, policies, 0)).sum(-1, keepdim=True)  # (B, 1), v(s)
    return [values_beside(q, actions, i) - value for i in axes]


def sampled_regret_advantage(
    q: Tensor, policies: Sequence[Tensor], target_axes: Iterable[int], samples: int, generator: torch.Generator
) -> list[Tensor]:
    """An unbiased estimate of Eq. 2: the mean of COMA's advantage over `samples` joint actions drawn from `policies`.

    Args: as above; samples ≥ 1. Its variance falls as 1/samples; the exact CRA is its limit.
    """
    policies, axes = check_inputs(q, policies, target_axes)
    if samples < 1:
        raise ValueError(f"samples must be at least 1; got {samples}")
    draws = [torch.multinomial(p, samples, replacement=True, generator=generator) for p in policies]  # n × (B, samples)
    total = [torch.zeros_like(policies[i]) for i in axes]
    for k in range(samples):
        actions = torch.stack([d[:, k] for d in draws], -1)  # (B, n)
        for sum_i, advantage in zip(total, coma_advantage(q, policies, axes, actions), strict=True):
            sum_i += advantage
    return [sum_i / samples for sum_i in total]


def at_sampled_action(advantage: Tensor, policy: Tensor, action: Tensor) -> Tensor:
    """Â(a) = 1[a = a_i] A(a)/π(a): Eq. 3's exact sum over it is the sampled gradient ∇ log π(a_i) A(a_i).

    Args: advantage and policy (…, A_i); action (…), the own action drawn from the policy. Returns (…, A_i), return.
    """
    taken = action[..., None]
    return torch.zeros_like(advantage).scatter(-1, taken, advantage.gather(-1, taken) / policy.gather(-1, taken))
