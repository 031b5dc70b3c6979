"""Eq. 2 for a Q that is given in small parts: the same sums, exactly, without the table of ∏ A_j entries.

1. `pairwise_regret_advantage`: Q is a sum of terms of one and two agents (what `pairwise_critic` learns).
2. `cp_regret_advantage`: Q is a sum of products, one factor for each agent (a tensor of CP rank R).

Shapes and units are those of `micra_lite.regret`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from ..checks import check_policies
from ..regret import regret


def pairwise_values(
    singles: Sequence[Tensor], pairs: Mapping[tuple[int, int], Tensor], policies: Sequence[Tensor], i: int
) -> Tensor:
    """v(s | i plays a_i), (B, A_i), up to a constant of the state: terms without agent i are the same for all its actions."""
    values = singles[i]
    for (j, l), w in pairs.items():
        if i == j:
            values = values + torch.einsum("bjl,bl->bj", w, policies[l])
        elif i == l:
            values = values + torch.einsum("bjl,bj->bl", w, policies[j])
    return values


def pairwise_regret_advantage(
    singles: Sequence[Tensor], pairs: Mapping[tuple[int, int], Tensor], policies: Sequence[Tensor], target_axes: Iterable[int]
) -> list[Tensor]:  # fmt: skip
    """Eq. 2, exactly, for Q(s, a) = Σ_j f_j(a_j) + Σ_{(j,l)} w_jl(a_j, a_l), in O(n|A| + |E||A|²).

    Args: singles, the f_j, n × (B, A_j); pairs, (j, l) → w_jl (B, A_j, A_l), for those pairs that interact; policies and
    target_axes as in Eq. 2. Returns one (B, A_i) per target, return. Raises ValueError on input that does not fit.
    """
    policies, axes = _check_parts("singles", singles, policies, target_axes)
    for (j, l), w in pairs.items():
        if j == l or not {j, l} <= set(range(len(singles))):
            raise ValueError(f"({j}, {l}) is no pair of two of the {len(singles)} agents")
        if w.shape != (*singles[j].shape, singles[l].shape[-1]):
            raise ValueError(f"the pair ({j}, {l}) has shape {tuple(w.shape)}; expected (batch, actions, actions)")
    return [regret(pairwise_values(singles, pairs, policies, i), policies[i]) for i in axes]


def cp_regret_advantage(
    factors: Sequence[Tensor], policies: Sequence[Tensor], target_axes: Iterable[int]
) -> list[Tensor]:
    """Eq. 2, exactly, for Q(s, a) = Σ_r ∏_j u_jr(a_j), a sum of R products (CP rank R), in O(nR|A|).

    Each factor is averaged by itself; what remains of the others is the product of those before i and of those after.

    Args: factors, n × (B, R, A_j); policies and target_axes as in Eq. 2. Returns one (B, A_i) per target, return.
    """
    policies, axes = _check_parts("factors", factors, policies, target_axes)
    means = torch.stack([torch.einsum("bra,ba->br", f, p) for f, p in zip(factors, policies, strict=True)])  # (n, B, R)
    one = torch.ones_like(means[:1])
    before = torch.cat([one, means[:-1].cumprod(0)])  # (n, B, R): the product over j < i
    after = torch.cat([means[1:].flip(0).cumprod(0).flip(0), one])  # … and over j > i
    others = before * after
    return [regret(torch.einsum("bra,br->ba", factors[i], others[i]), policies[i]) for i in axes]


def _check_parts(
    what: str, parts: Sequence[Tensor], policies: Sequence[Tensor], target_axes: Iterable[int]
) -> tuple[list[Tensor], list[int]]:
    """The policies in the parts' number type, and the axes; ValueError where they do not fit together."""
    if len(parts) != len(policies):
        raise ValueError(f"there are {len(parts)} {what} but {len(policies)} policies; give one of each per agent")
    if any(part.shape[:-1] != parts[0].shape[:-1] for part in parts):
        raise ValueError(f"the {what} have shapes {[tuple(p.shape) for p in parts]}; only the last axis may differ")
    return check_policies(parts[0], [part.shape[-1] for part in parts], policies, target_axes)
