"""An environment from elsewhere, all three phases: mpe2's simple_tag, chasers ours, runners from a family."""

from dataclasses import replace

import pytest
import torch

import micra_lite
from micra_lite.beliefs import adapted_belief, prior_belief
from micra_lite.phases import execution, last, offline_training, online_adaptation
from micra_lite.playing import play, watch
from micra_lite.runners import RunnerFamily, simple_tag
from micra_lite.training_state import pairs

# Three chasers and a runner have 625 joint actions: a pairwise critic learns them from 50 k steps, one joint table does not.
SETTINGS = micra_lite.Settings(
    updates=1000, updates_per_round=64, episodes_per_external=16, support_episodes=(0, 1, 2, 5), query_episodes=4,
    critic="pairwise", hidden=64, critic_rate=1e-3, actor_rate=5e-4, target_rate=0.02, entropy=0.1, inner_steps=2,
    meta_every=5, value_steps=4, externals_per_update=8, states_per_external=64, adaptation_updates=5,
)  # fmt: skip


def returns(state, externals, belief, exploration=0.0, episodes=16):
    generator = torch.Generator().manual_seed(7)
    played = play(state, externals, belief, episodes, exploration, generator)
    return float(played.returns[..., list(state.agent.targets)].mean())


def test_all_three_phases_run_beside_a_runner():
    """Small and quick: every phase, every answer; the actors use imitators of their own observations."""
    settings = replace(SETTINGS, updates=3, externals_per_round=2, episodes_per_external=10, externals_per_update=2)
    state = last(offline_training(simple_tag(), RunnerFamily(), settings)).state
    assert len(state.agent.imitators) == 1 + len(state.agent.targets)
    runner = RunnerFamily().split("held-out")[0]
    watched = watch(state, runner, 2)
    for answer in ("none", "frozen", "re-imagined"):
        adapted = last(online_adaptation(state, watched, replace(settings, answer=answer))).state
        records = list(execution(adapted, simple_tag(), runner))
        assert len(records) == 25
        assert all(torch.isfinite(r.rewards).all() for r in records)


@pytest.mark.long
def test_the_trained_team_earns_one_and_a_half_times_what_a_random_one_does():
    """5 seeds, 51,200 environment steps each, held-out runners, before and after 5 watched episodes."""
    held_out = RunnerFamily().split("held-out")[:8]
    random, before, after = [], [], []
    for seed in range(5):
        state = last(offline_training(simple_tag(), RunnerFamily(), replace(SETTINGS, seed=seed))).state
        assert state.environment_steps == 51_200
        prior = prior_belief(state.agent, len(held_out))
        watched = play(state, held_out, prior, 5, 0.1, torch.Generator().manual_seed(seed))
        belief = adapted_belief(state.agent, pairs(state, *watched.steps(5)), state.settings)
        random.append(returns(state, held_out, prior, exploration=1.0))
        before.append(returns(state, held_out, prior))
        after.append(returns(state, held_out, belief))
        print(f"seed {seed}: random {random[-1]:.2f}, before {before[-1]:.2f}, after {after[-1]:.2f}")
    assert sum(after) >= 1.5 * sum(random)
    assert sum(before) >= 1.5 * sum(random)
