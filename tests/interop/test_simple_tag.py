"""An environment from elsewhere, all three phases: mpe2's simple_tag, chasers ours, runners from a family."""

from dataclasses import replace

import pytest
import torch

import micra_lite
from micra_lite.agent import adapted_belief, prior_belief
from micra_lite.exact.scores import mean_return
from micra_lite.interop.simple_tag import RunnerFamily, simple_tag
from micra_lite.phases import execution, offline_training, online_adaptation
from micra_lite.rollouts import play, watch
from micra_lite.training_state import TrainingState, last

SETTINGS = micra_lite.settings_for("simple_tag", adaptation_updates=5)


def test_all_three_phases_run_beside_a_runner():
    """Small and quick: every phase, every answer; the actors use imitators of their own observations."""
    settings = replace(
        SETTINGS,
        updates=3,
        externals_per_round=2,
        episodes_per_external=10,
        externals_per_update=2,
        unwatched_externals=1,
    )
    state = TrainingState.initial(simple_tag(), settings)
    state = last(offline_training(state.game, RunnerFamily(), settings, state)).state
    assert len(state.agent.imitators) == 1 + len(state.agent.target_axes)
    runner = RunnerFamily().split("held-out")[0]
    watched = watch(state, runner, 2)
    for after in ("nothing", "actors", "actors and critic"):
        adapted = last(online_adaptation(state, watched, replace(settings, after_imitation=after))).state
        records = list(execution(adapted, simple_tag(), runner))
        assert len(records) == 25
        assert all(torch.isfinite(r.rewards).all() for r in records)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_the_trained_team_earns_one_and_a_half_times_what_a_random_one_does(seed):
    """50 k environment steps, then held-out runners, before and after 5 watched episodes; every seed by itself."""
    held_out = RunnerFamily().split("held-out")[:8]
    settings = replace(SETTINGS, seed=seed)
    state = TrainingState.initial(simple_tag(), settings)
    state = last(offline_training(state.game, RunnerFamily(), settings, state)).state
    assert state.environment_steps == 51_200
    prior = prior_belief(state.agent, len(held_out))
    watched = play(state, held_out, prior, 5, 0.1, torch.Generator().manual_seed(seed))
    belief = adapted_belief(state.agent, watched.pairs(slice(5), state.observe), settings.inner_steps)
    random, before, after = [
        float(mean_return(state, held_out, 64, belief, exploration=exploration).mean())
        for belief, exploration in ((prior, 1.0), (prior, 0.0), (belief, 0.0))
    ]
    print(f"seed {seed}: random {random:.2f}, before {before:.2f}, after {after:.2f}")
    assert before >= 1.5 * random
    assert after >= 1.5 * random
