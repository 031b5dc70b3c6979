"""The networks: what each output may depend on."""

from dataclasses import replace

import pytest
import torch

from micra_lite.agent import Agent, prior_belief
from micra_lite.extensions.pairwise_critic import PairwiseAgent
from micra_lite.interop.from_pettingzoo import from_parallel_env
from micra_lite.interop.to_pettingzoo import to_parallel_env
from micra_lite.networks import Critic
from micra_lite.registry import make
from micra_lite.settings import Settings
from micra_lite.training_state import TrainingState


def test_a_table_too_large_is_refused_with_its_size():
    with pytest.raises(ValueError, match=r"1,000,000 entries .*too large to enumerate"):
        Critic(1, 0, 0, 1, [10] * 6, 1.0)


def game_of(view):
    if view == "full":
        return make("pursuit")
    return from_parallel_env(lambda: to_parallel_env(make("pursuit")), targets=["hunter_1", "hunter_2"])


@pytest.mark.parametrize("view", ["full", "partial"])
@pytest.mark.parametrize("agent_class", [Agent, PairwiseAgent])
@pytest.mark.parametrize("conditioned", [True, False])
def test_what_outputs_depend_on(conditioned, agent_class, view):
    """Predictions at the probes reach the critic, and the actors exactly when conditioned; these see their own view alone.

    So does the word that the team has not watched. Without an imitator nobody is told anything.
    """
    game = game_of(view)
    state = TrainingState.initial(game, Settings(conditioned=conditioned, probes=4), agent_class)
    agent, belief = state.agent, prior_belief(state.agent, 1)
    seen = state.observe(game.reset(6, state.generator)[None])

    def outputs(seen, belief):
        features = agent.features(seen)
        predictions = agent.predict(belief, features)
        q = agent.value(belief, features, predictions)
        return agent.act(belief, features, predictions), torch.stack([q.row(b) for b in range(6)])

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
    assert (partial.agent_types, partial.extractor_of, len(partial.extractors)) == ([0, 0, 1], [0, 0, 1], 2)
    full = TrainingState.initial(make("pursuit"), Settings(probes=2)).agent
    assert (full.agent_types, full.extractor_of, len(full.extractors)) == ([0, 0, 1], [0, 0, 0], 1)
