"""The pairwise critic: its terms, added up entry by entry, and what such a sum can say."""

from itertools import combinations, product

import pytest
import torch

from micra_lite.extensions.pairwise_critic import PairwiseCritic


def pairwise(n_actions, kinds, views):
    torch.manual_seed(0)
    return PairwiseCritic(4, 3, 2, 8, n_actions, kinds, views).double()


@pytest.mark.parametrize("views", [1, 4])
def test_pairwise_critic_is_a_sum_of_terms_of_one_and_two_agents(views):
    """Every mixed difference over three agents is zero; over two it is not: rectangular, four agents, two kinds."""
    n_actions = (2, 3, 2, 4)
    critic = pairwise(n_actions, [0, 1, 0, 2], views)
    features = [torch.randn(2, 5, 4, dtype=torch.float64) for _ in range(views)]
    q = critic(features, torch.randn(2, 5, 3, dtype=torch.float64), torch.randn(2, 2, dtype=torch.float64))
    assert q.shape == (2, 5, *n_actions)
    q = q.flatten(0, 1)
    for several, vanishes in ((3, True), (2, False)):
        for group in combinations(range(4), several):
            difference = q
            for axis in group:
                difference = difference.diff(dim=axis + 1)
            assert bool(difference.abs().max() < 1e-12) == vanishes


def test_pairwise_critic_by_loops():
    """Entry by entry, v + Σ u_j[a_j] + Σ w_jl[a_j, a_l] with each term from its own forward pass."""
    n_actions, kinds = (2, 3, 2), [0, 1, 0]
    critic = pairwise(n_actions, kinds, 3)
    features = [torch.randn(4, dtype=torch.float64) for _ in n_actions]
    belief, probes = torch.randn(3, dtype=torch.float64), torch.randn(2, dtype=torch.float64)
    q = critic([f[None, None] for f in features], belief[None, None], probes[None])[0, 0]

    def by_hand(network, *inputs):
        """All inputs side by side through one first layer, then the others."""
        weight = torch.cat([network.first.weight, network.context.weight], 1)
        return network.rest(weight @ torch.cat([*inputs, belief, probes]) + network.first.bias)

    networks = dict(zip(critic.terms, critic.layers, strict=True))
    assert set(networks) == {(0,), (1,), (0, 1), (0, 0), (1, 0)}  # agents 0 and 2 share theirs
    own = [torch.cat([f, torch.eye(3)[j]]) for j, f in enumerate(features)]
    for a in product(*map(range, n_actions)):
        expected = by_hand(critic.value, *features)[0]
        for j in range(3):
            expected = expected + by_hand(networks[(kinds[j],)], own[j])[a[j]]
        for j, l in combinations(range(3), 2):
            table = by_hand(networks[kinds[j], kinds[l]], own[j], own[l])
            expected = expected + table.view(n_actions[j], n_actions[l])[a[j], a[l]]
        assert float((q[a] - expected).detach()) == pytest.approx(0, abs=1e-12)


def test_pairwise_critic_is_exact_for_two_agents():
    """With two agents nothing is lost: it fits any 2×3 table."""
    critic = pairwise((2, 3), [0, 1], 1)
    wanted = torch.tensor([[3.0, -1.0, 0.5], [0.0, 2.0, -4.0]], dtype=torch.float64)
    given = [[torch.ones(1, 1, 4, dtype=torch.float64)], torch.ones(1, 1, 3).double(), torch.ones(1, 2).double()]
    optimiser = torch.optim.Adam(critic.parameters(), 0.01)
    for _ in range(300):
        optimiser.zero_grad()
        (critic(*given) - wanted).square().sum().backward()
        optimiser.step()
    assert float((critic(*given) - wanted).detach().abs().max()) < 1e-3


def test_a_table_too_large_is_refused_with_its_size():
    with pytest.raises(ValueError, match="too large to enumerate"):
        pairwise([10] * 6, [0] * 6, 1)
