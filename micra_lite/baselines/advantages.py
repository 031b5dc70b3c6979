"""The advantages that CRA is compared with, from the same joint Q: COMA's, the joint action's, a sampled estimate."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..regret import check_inputs, counterfactual_values


def coma_advantage(q: Tensor, policies: Sequence[Tensor], target_axes: Sequence[int], actions: Tensor) -> list[Tensor]:
    """COMA's advantage (Foerster et al., 2018): as Eq. 2, but the others stay at the actions they took.

    Args: as above; actions (B, n), the joint action taken. Returns one (B, A_i) per target: the entry at the action
    that i took is the published advantage, the others are what i would have got instead.
    """
    check_inputs(q, policies, target_axes)
    if actions.shape != (q.shape[0], q.dim() - 1):
        raise ValueError(
            f"actions have shape {tuple(actions.shape)}; expected (batch, agents) = {(q.shape[0], q.dim() - 1)}"
        )
    advantages = []
    for i in target_axes:
        own = values_beside(q, actions, i)
        advantages.append(own - (policies[i] * own).sum(-1, keepdim=True))
    return advantages


def values_beside(q: Tensor, actions: Tensor, i: int) -> Tensor:
    """Q(s, [·, a_-i]): what each action of i is worth beside the others' actions (B, n); (B, A_i), return."""
    others = [actions[:, j] for j in range(q.dim() - 1) if j != i]
    return q.movedim(i + 1, -1)[(torch.arange(len(q), device=q.device), *others)]


def joint_advantage(q: Tensor, policies: Sequence[Tensor], target_axes: Sequence[int], actions: Tensor) -> list[Tensor]:
    """The joint action's advantage Q(s, a) − v(s) as every target's own ("central-QV" of Foerster et al., 2018).

    Each is credited with what the others' actions happened to bring. Args and result as in `coma_advantage`. Summed
    over own actions exactly it would be COMA's, because there every baseline cancels: it is for sampled own actions.
    """
    check_inputs(q, policies, target_axes)
    value = (policies[0] * counterfactual_values(q, policies, 0)).sum(-1, keepdim=True)  # (B, 1), v(s)
    return [values_beside(q, actions, i) - value for i in target_axes]


def sampled_regret_advantage(
    q: Tensor, policies: Sequence[Tensor], target_axes: Sequence[int], samples: int, generator: torch.Generator
) -> list[Tensor]:
    """An unbiased estimate of Eq. 2: the mean of COMA's advantage over `samples` joint actions drawn from `policies`.

    Args: as above; samples ≥ 1. Its variance falls as 1/samples; the exact CRA is its limit.
    """
    check_inputs(q, policies, target_axes)
    if samples < 1:
        raise ValueError(f"samples must be at least 1; got {samples}")
    draws = [torch.multinomial(p, samples, replacement=True, generator=generator) for p in policies]  # n × (B, samples)
    total = [torch.zeros_like(policies[i]) for i in target_axes]
    for k in range(samples):
        for sum_i, advantage in zip(
            total, coma_advantage(q, policies, target_axes, torch.stack([d[:, k] for d in draws], -1)), strict=True
        ):
            sum_i += advantage
    return [sum_i / samples for sum_i in total]
