"""What exercises draw their cases from, and what their mistakes are computed with. Rectangular games are always among them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

SIZES = ((2, 3), (4, 2), (3, 3), (2, 4, 3), (3, 2, 2))  # numbers of actions; the rectangular ones find mixed-up axes


def policy(generator: Generator, *shape: int) -> Tensor:
    """Probabilities (…, A), far from uniform and from zero."""
    drawn = 0.1 + torch.rand(shape, generator=generator) ** 2
    return drawn / drawn.sum(-1, keepdim=True)


def table(generator: Generator, k: int) -> Tensor:
    """Payoffs (A_1, A_2) of case k for one of two players."""
    return 3 * torch.randn(SIZES[k % 3], generator=generator)


def game(generator: Generator, k: int, *batch: int) -> tuple[Tensor, list[Tensor], int]:
    """q (*batch, A_1, …, A_n), policies n × (*batch, A_j), and the axis of the agent in question."""
    sizes = SIZES[k % len(SIZES)]
    q = 3 * torch.randn(*batch, *sizes, generator=generator)
    return q, [policy(generator, *batch, size) for size in sizes], k % len(sizes)


def averaged(q: Tensor, policies: Sequence[Tensor], i: int) -> Tensor:
    """v(a_i): q (A_1, …, A_n), everybody's actions but i's averaged out. Returns (A_i,)."""
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.tensordot(q, policies[j], ([j], [0]))
    return q


def averaged_in_states(q: Tensor, policies: Sequence[Tensor], i: int) -> Tensor:
    """The same state by state: q (B, A_1, …, A_n), policies n × (B, A_j). Returns (B, A_i)."""
    return torch.stack([averaged(q[s], [p[s] for p in policies], i) for s in range(len(q))])


def regrets_in_states(q: Tensor, policies: Sequence[Tensor], i: int) -> Tensor:
    """Eq. 2 state by state. Returns (B, A_i)."""
    values = averaged_in_states(q, policies, i)
    return values - torch.stack([policies[i][s] @ values[s] for s in range(len(q))])[:, None]


def uniform(policies: Sequence[Tensor], but: int | None = None) -> list[Tensor]:
    """Everything equally likely in place of each policy, except that of agent `but`."""
    return [p if j == but else torch.full_like(p, 1 / p.shape[-1]) for j, p in enumerate(policies)]


def ones(policies: Sequence[Tensor]) -> list[Tensor]:
    """Weight one for each action: sums instead of averages."""
    return [torch.ones_like(p) for p in policies]
