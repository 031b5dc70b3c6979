"""The pairwise critic: its terms, added up entry by entry, and what such a sum can say."""

from itertools import combinations, product

import pytest
import torch

from micra_lite.extensions.pairwise_critic import PairwiseCritic
from micra_lite.regret import JointTable, regret


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
    q = torch.stack([q.row(b) for b in range(10)])
    assert q.shape == (10, *n_actions)
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
    q = critic([f[None, None] for f in features], belief[None, None], probes[None]).row(0)

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
        q = critic(*given)
        table = q.constant[:, None, None] + q.singles[0][:, :, None] + q.singles[1][:, None] + q.pairs[0, 1]
        (table - wanted).square().sum().backward()
        optimiser.step()
    assert float((critic(*given).row(0) - wanted).detach().abs().max()) < 1e-3


@pytest.mark.parametrize("n_actions", [(2, 3, 4), (3, 3, 3)])
def test_the_parts_answer_as_the_table_does(n_actions):
    """Q of the actions taken, its expectation and v(s | i plays a_i), against a table of all joint actions."""
    critic = pairwise(n_actions, [0, 1, 0] if n_actions[0] == n_actions[2] else [0, 1, 2], 1)
    features = [torch.randn(2, 5, 4, dtype=torch.float64)]
    q = critic(features, torch.randn(2, 5, 3, dtype=torch.float64), torch.randn(2, 2, dtype=torch.float64))
    table = JointTable(torch.stack([q.row(b) for b in range(10)]))
    policies = [torch.rand(10, a, dtype=torch.float64).softmax(-1) for a in n_actions]
    actions = torch.stack([torch.randint(a, (10,)) for a in n_actions], -1)
    torch.testing.assert_close(q.taken(actions), table.taken(actions))
    torch.testing.assert_close(q.expected(policies), table.expected(policies))
    for i, policy in enumerate(policies):
        parts, whole = (regret(answer.counterfactual(policies, i), policy) for answer in (q, table))
        torch.testing.assert_close(parts, whole)


def test_many_agents_need_no_table():
    """Thirty agents with two actions each: a table would have a billion entries."""
    critic = pairwise((2,) * 30, [0] * 30, 1)
    q = critic([torch.randn(1, 1, 4).double()], torch.randn(1, 1, 3).double(), torch.randn(1, 2).double())
    policies = [torch.full((1, 2), 0.5, dtype=torch.float64)] * 30
    assert torch.isfinite(q.expected(policies)).all()
    assert q.row(0) is None
