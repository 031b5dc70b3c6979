"""Wrong input, named before anything is done with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor


def check_inputs(q: Tensor, policies: Sequence[Tensor], target_axes: Iterable[int]) -> tuple[list[Tensor], list[int]]:
    """The policies in q's number type, and the axes. ValueError, naming what is wrong, unless all fit together."""
    if len(policies) != (n := q.dim() - 1):
        raise ValueError(f"q has {n} action axes but {len(policies)} policies were given; give one policy per agent")
    if not q.is_floating_point() or not torch.isfinite(q).all():
        raise ValueError("q contains NaN or infinity (or whole numbers); look at the critic's loss and at the rewards")
    return check_policies(q, q.shape[1:], policies, target_axes)


def check_policies(
    q: Tensor, n_actions: Sequence[int], policies: Sequence[Tensor], target_axes: Iterable[int]
) -> tuple[list[Tensor], list[int]]:
    """The part of `check_inputs` that needs no table: of q, only the batch and the number type count."""
    for j, policy in enumerate(policies):
        if policy.shape != (expected := (len(q), n_actions[j])):
            raise ValueError(f"policy {j} has shape {tuple(policy.shape)}; q asks for {expected} (batch, actions)")
        if (policy < 0).any():
            raise ValueError(f"policy {j} is not a probability distribution: it has negative entries")
        off = (policy.sum(-1) - 1).abs()
        if not (off < 1e-4).all():  # NaN fails the comparison too
            sums = f"its sums differ from 1 by up to {off.max():.2g}"
            raise ValueError(f"policy {j} is not a probability distribution: {sums}")
    axes = list(target_axes)
    if outside := [i for i in axes if not 0 <= i < len(n_actions)]:
        raise ValueError(f"target axes {outside} are not among the agents' axes 0 … {len(n_actions) - 1}")
    return [(p / p.sum(-1, keepdim=True)).to(q.dtype) for p in policies], axes
