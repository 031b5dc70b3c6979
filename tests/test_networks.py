"""The networks: what each output may depend on, and the pairwise critic's terms."""

from dataclasses import replace
from itertools import combinations, product

import pytest
import torch

from micra_lite.agent import prior_belief
from micra_lite.extensions.pairwise_critic import PairwiseCritic
from micra_lite.interop.from_pettingzoo import from_parallel_env
from micra_lite.interop.to_pettingzoo import to_parallel_env
from micra_lite.networks import joint_size
from micra_lite.registry import make
from micra_lite.settings import Settings
from micra_lite.training_state import TrainingState, observations_of


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
    with pytest.raises(ValueError, match=r"1,000,000 entries .*too large to enumerate"):
        joint_size([10] * 6)
    with pytest.raises(ValueError, match="too large to enumerate"):
        pairwise([10] * 6, [0] * 6, 1)


def game_of(view):
    if view == "full":
        return make("pursuit")
    return from_parallel_env(lambda: to_parallel_env(make("pursuit")), targets=["hunter_1", "hunter_2"])


@pytest.mark.parametrize("view", ["full", "partial"])
@pytest.mark.parametrize("critic", ["joint", "pairwise"])
@pytest.mark.parametrize("conditioned", [True, False])
def test_what_outputs_depend_on(conditioned, critic, view):
    """Predictions at the probes reach the critic, and the actors exactly when conditioned; these see their own view alone.

    So does the word that the team has not watched. Without an imitator nobody is told anything.
    """
    game = game_of(view)
    state = TrainingState.initial(game, Settings(conditioned=conditioned, critic=critic, probes=4))
    agent, belief = state.agent, prior_belief(state.agent, 1)
    seen = observations_of(game, game.reset(6, state.generator)[None], state.settings)

    def outputs(seen, belief):
        features = agent.features(seen)
        predictions = agent.predict(belief, features)
        return agent.act(belief, features, predictions), agent.value(belief, features, predictions)

    with torch.no_grad():
        policies, q = outputs(seen, belief)
        others = (replace(belief, probes=belief.probes.flip(-1) ** 2), replace(belief, unwatched=1 - belief.unwatched))
        for other in others:
            changed, changed_q = outputs(seen, other)
            assert not torch.equal(q, changed_q)
            for before, after in zip(policies, changed, strict=True):
                assert torch.equal(before, after) != conditioned
        if view == "partial":
            blind = [seen[0], *[torch.zeros_like(o) for o in seen[1:]]]
            changed, changed_q = outputs(blind, belief)
            assert torch.equal(policies[0], changed[0])
            assert not torch.equal(policies[1], changed[1])
            assert not torch.equal(q, changed_q)


def test_agents_of_one_kind_share_an_extractor():
    """Two hunters look through one extractor, the prey through its own; under full views there is one for all."""
    partial = TrainingState.initial(game_of("partial"), Settings(probes=2)).agent
    assert (partial.kinds, partial.eyes, len(partial.extractors)) == ([0, 0, 1], [0, 0, 1], 2)
    full = TrainingState.initial(make("pursuit"), Settings(probes=2)).agent
    assert (full.kinds, full.eyes, len(full.extractors)) == ([0, 0, 1], [0, 0, 0], 1)
