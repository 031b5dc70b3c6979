"""The networks: what each output may depend on."""

import math
from dataclasses import replace
from itertools import product

import pytest
import torch

from micra_lite.agent import prior_belief
from micra_lite.interop.from_pettingzoo import from_parallel_env
from micra_lite.interop.to_pettingzoo import to_parallel_env
from micra_lite.networks import TwoStreams
from micra_lite.registry import make
from micra_lite.regret import FactoredQ
from micra_lite.settings import Settings
from micra_lite.training_state import TrainingState


@pytest.mark.parametrize("sizes", [(2, 3), (3, 3, 3), (4,)])
def test_two_streams_meet_in_a_sum_of_products(sizes):
    """By loops: Σ_r c_r ∏_j u_jr. Each stream sees its own input alone; K externals at N shared states are K·N pairs."""
    torch.manual_seed(0)
    layers = TwoStreams(5, 4, 8, 6, sizes).double()
    inputs, belief = torch.randn(1, 7, 5).double(), torch.randn(3, 4).double()
    with torch.no_grad():
        factors, weights = layers(inputs, belief)
    assert [tuple(u.shape) for u in factors] == [(1, 7, a, 6) for a in sizes]
    q = FactoredQ(factors, weights, torch.zeros(3, 1).double()).table
    assert q.shape == (3, 7, *sizes)
    for k, n, a in product(range(3), range(7), product(*map(range, sizes))):
        terms = [
            float(weights[k, r]) * math.prod(float(u[0, n, x, r]) for u, x in zip(factors, a, strict=True))
            for r in range(6)
        ]
        assert float(q[(k, n, *a)].detach()) == pytest.approx(sum(terms))
        one = FactoredQ(*layers(inputs[:, n : n + 1], belief[k : k + 1]), torch.zeros(1, 1).double()).table
        assert float(q[(k, n, *a)].detach()) == pytest.approx(float(one[(0, 0, *a)].detach()))
    own = FactoredQ(*layers(inputs.expand(3, 7, 5), belief), torch.zeros(3, 1).double()).table
    torch.testing.assert_close(own, q)


def game_of(view):
    if view == "full":
        return make("pursuit")
    return from_parallel_env(lambda: to_parallel_env(make("pursuit")), targets=["hunter_1", "hunter_2"])


@pytest.mark.parametrize("view", ["full", "partial"])
@pytest.mark.parametrize("conditioned", [True, False])
def test_what_outputs_depend_on(conditioned, view):
    """Predictions at the probes reach the critic, and the actors exactly when conditioned; these see their own view alone.

    So does the word that the team has not watched. Without an imitator nobody is told anything.
    """
    game = game_of(view)
    state = TrainingState.initial(game, Settings(conditioned=conditioned, probes=4))
    agent, belief = state.agent, prior_belief(state.agent, 1)
    seen = state.observe(game.reset(6, state.generator)[None])

    def outputs(seen, belief):
        features = agent.features(seen)
        return agent.act(belief, features, agent.predict(belief, features)), agent.value(belief, features).table

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
    assert (partial.extractor_of, len(partial.extractors)) == ([0, 0, 1], 2)
    full = TrainingState.initial(make("pursuit"), Settings(probes=2)).agent
    assert (full.extractor_of, len(full.extractors)) == ([0, 0, 0], 1)
