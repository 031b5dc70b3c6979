"""Random cases for the exercises, some of them always rectangular, and the sums that mistakes are computed with."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

SIZES = ((2, 3), (4, 2), (3, 3), (2, 4, 3), (3, 2, 2))  # numbers of actions; the rectangular ones reveal exchanged axes


def policy(generator: Generator, *shape: int) -> Tensor:
    """Probabilities (…, A), far from uniform and from zero."""
    drawn = 0.1 + torch.rand(shape, generator=generator) ** 2
    return drawn / drawn.sum(-1, keepdim=True)


def table(generator: Generator, k: int) -> Tensor:
    """Payoffs (A_1, A_2) of case k for one of two players."""
    return 3 * torch.randn(SIZES[k % 3], generator=generator)


def one_of(generator: Generator, *options: float) -> float:
    """One of these numbers, which are easy on paper."""
    return options[int(torch.randint(len(options), (), generator=generator))]


def on_paper(generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """A table (2, 3) and both policies, easy on paper: whole payoffs, probabilities in twentieths and quarters."""
    up = torch.randint(2, 9, (1,), generator=generator) / 20
    shares = torch.tensor([0.5, 0.25, 0.25])[torch.randperm(3, generator=generator)]
    return torch.randint(0, 7, (2, 3), generator=generator).float(), torch.cat([up, 1 - up]), shares


def in_letters(heads: int, tails: int) -> str:
    """Watched moves as the sheets show them: H T T T."""
    return " ".join("H" * heads + "T" * tails)


def in_a_table(q: Tensor, row: Tensor, column: Tensor, rows: tuple[str, str]) -> str:
    """Payoffs and both policies as a markdown table, as the sheets show them."""
    heads = [f"{name} ({p:g})" for name, p in zip(("left", "middle", "right"), column, strict=True)]
    lines = [f"| | {' | '.join(heads)} |", "|---|---|---|---|"]
    for name, p, line in zip(rows, row, q, strict=True):
        lines.append(f"| **{name}** ({p:g}) | {' | '.join(f'{x:g}' for x in line)} |")
    return "\n".join(lines)


def averaged(q: Tensor, policies: Sequence[Tensor], i: int) -> Tensor:
    """v(a_i), (A_i,): q (A_1, …, A_n) averaged over all actions but those of agent i."""
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.tensordot(q, policies[j], ([j], [0]))
    return q


def uniform(policies: Sequence[Tensor], but: int | None = None) -> list[Tensor]:
    """Uniform policies in place of these, except that of agent `but`."""
    return [p if j == but else torch.full_like(p, 1 / p.shape[-1]) for j, p in enumerate(policies)]


def ones(policies: Sequence[Tensor]) -> list[Tensor]:
    """The weight 1 for each action: sums instead of averages."""
    return [torch.ones_like(p) for p in policies]
