"""Eq. 2 for a Q in small parts, against plain loops over all joint actions, rectangular games included."""

from itertools import combinations, product
from math import prod

import pytest
import torch
from hypothesis import given, settings

from helpers.loops import SEEDS, SIZES, random_policies, regrets_by_loops
from micra_lite.extensions.factored_regret import cp_regret_advantage, pairwise_regret_advantage
from micra_lite.regret import counterfactual_regret_advantage


def random_parts(sizes, batch, seed):
    """f_j for all agents, w_jl for about half of the pairs (some given the other way round), and rank-3 factors."""
    g = torch.Generator().manual_seed(seed)

    def random(*shape):
        return 3 * torch.randn(batch, *shape, generator=g, dtype=torch.float64)

    singles = [random(a) for a in sizes]
    pairs = {}
    for j, l in combinations(range(len(sizes)), 2):
        kind = int(torch.randint(4, (1,), generator=g))
        if kind < 2:
            pairs[(j, l) if kind else (l, j)] = random(*((sizes[j], sizes[l]) if kind else (sizes[l], sizes[j])))
    return singles, pairs, [random(3, a) for a in sizes]


def laid_out(sizes, batch, entry):
    """The joint table (batch, A_1, …, A_n) of `entry(b, joint)`."""
    rows = [[float(entry(b, joint)) for joint in product(*map(range, sizes))] for b in range(batch)]
    return torch.tensor(rows, dtype=torch.float64).reshape(batch, *sizes)


@given(SIZES, SEEDS)
@settings(deadline=None, max_examples=60)
def test_pairwise_parts_give_what_enumeration_gives(sizes, seed):
    batch, n = 2, len(sizes)
    (singles, pairs, _), policies = random_parts(sizes, batch, seed), random_policies(sizes, batch, seed)

    def entry(b, joint):
        return sum(singles[j][b, a] for j, a in enumerate(joint)) + sum(
            w[b, joint[j], joint[l]] for (j, l), w in pairs.items()
        )

    q = laid_out(sizes, batch, entry)
    found = pairwise_regret_advantage(singles, pairs, policies, range(n))
    for i, other in enumerate(counterfactual_regret_advantage(q, policies, range(n))):
        loops = [regrets_by_loops(q[b].tolist(), [p[b].tolist() for p in policies], i) for b in range(batch)]
        assert torch.allclose(found[i], torch.tensor(loops, dtype=torch.float64), atol=1e-10)
        assert torch.allclose(found[i], other, atol=1e-10)


@given(SIZES, SEEDS)
@settings(deadline=None, max_examples=60)
def test_products_give_what_enumeration_gives(sizes, seed):
    batch, n = 2, len(sizes)
    (*_, factors), policies = random_parts(sizes, batch, seed), random_policies(sizes, batch, seed)
    q = laid_out(sizes, batch, lambda b, joint: sum(prod(f[b, r, a] for f, a in zip(factors, joint)) for r in range(3)))  # noqa: B905
    found = cp_regret_advantage(factors, policies, range(n))
    for i in range(n):
        loops = [regrets_by_loops(q[b].tolist(), [p[b].tolist() for p in policies], i) for b in range(batch)]
        assert torch.allclose(found[i], torch.tensor(loops, dtype=torch.float64), atol=1e-9)


def test_a_factor_that_averages_to_zero_is_no_division():
    """Prefix and suffix products, not the whole product divided by the own factor."""
    sign = torch.tensor([[[1.0, -1.0]]], dtype=torch.float64)
    fair, sure = torch.tensor([[0.5, 0.5]]).double(), torch.tensor([[1.0, 0.0]]).double()
    found = cp_regret_advantage([sign] * 3, [fair, sure, sure], [0, 1])
    assert found[0].tolist() == [[1.0, -1.0]]
    assert found[1].tolist() == [[0.0, 0.0]]


def test_a_hundred_agents_of_five_actions():
    """Nobody could lay out 5¹⁰⁰ entries. Target 0 meets one other only: a game of two, which can be enumerated."""
    singles, _, _ = random_parts((5,) * 100, 1, 0)
    w = torch.randn(1, 5, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    policies = random_policies((5,) * 100, 1, 0)
    (found,) = pairwise_regret_advantage(singles, {(99, 0): w}, policies, [0])
    two = singles[0][:, :, None] + w.mT
    (wanted,) = counterfactual_regret_advantage(two, [policies[0], policies[99]], [0])
    assert torch.allclose(found, wanted, atol=1e-12)


def test_what_does_not_fit_is_named():
    (singles, _, factors), policies = random_parts((2, 3), 1, 0), random_policies((2, 3), 1, 0)
    pair = torch.zeros(1, 2, 3).double()
    for pairs, message in (
        ({(0, 0): pair}, "no pair of two"), ({(0, 2): pair}, "no pair of two"), ({(1, 0): pair}, "has shape"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            pairwise_regret_advantage(singles, pairs, policies, [0])
    with pytest.raises(ValueError, match="2 singles but 1 policies"):
        pairwise_regret_advantage(singles, {}, policies[:1], [0])
    with pytest.raises(ValueError, match="policy 1 has shape"):
        cp_regret_advantage(factors, [policies[0], policies[0]], [0])
    with pytest.raises(ValueError, match=r"target axes \[2\]"):
        cp_regret_advantage(factors, policies, [2])
    with pytest.raises(ValueError, match="only the last axis may differ"):
        cp_regret_advantage([factors[0], factors[1][:, :2]], policies, [0])
    with pytest.raises(ValueError, match="negative entries"):
        pairwise_regret_advantage(singles, {}, [policies[0], -policies[1]], [0])
