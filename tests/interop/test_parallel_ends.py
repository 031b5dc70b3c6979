"""Each target's own end: one may be terminated where another is cut short, and their values are theirs."""

import warnings

import numpy as np
import pytest
import torch
from gymnasium import spaces
from pettingzoo import ParallelEnv

from micra_lite import Settings, last, offline_training
from micra_lite.agent import prior_belief
from micra_lite.interop.from_pettingzoo import from_parallel_env
from micra_lite.phases import execution

FEW = Settings(
    updates=200, critic_rate=1e-2, target_rate=0.1, externals_per_round=4, episodes_per_external=8, features=16, hidden=32,
    actor_hidden=32, rank=8, externals_per_update=4, states=32, states_per_external=16, value_steps=4, updates_per_round=25,
    support_episodes=(1, 2), query_episodes=2, unwatched_externals=1,
)  # fmt: skip


class Mortals(ParallelEnv):
    """Each is paid 1 a step, and sees 1. Ann dies after a step with probability `risk`; all others are cut short at the end."""

    metadata = {"name": "mortals"}  # noqa: RUF012
    possible_agents = ["ann", "bob"]  # noqa: RUF012

    def __init__(self, risk, max_cycles):
        self.risk, self.max_cycles = risk, max_cycles

    def observation_space(self, agent):
        return spaces.Box(0, 1, (1,))

    def action_space(self, agent):
        return spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.agents, self.steps, self.rng = self.possible_agents[:], 0, np.random.default_rng(seed)
        return self.seen(), {a: {} for a in self.agents}

    def seen(self):
        return {a: np.ones(1, np.float32) for a in self.agents}

    def step(self, actions):
        played, self.steps = self.agents, self.steps + 1
        dies, end = self.rng.random() < self.risk, self.steps == self.max_cycles
        dead, cut = {a: a == "ann" and dies for a in played}, dict.fromkeys(played, end)
        seen = self.seen()
        self.agents = [a for a in played if not (dead[a] or cut[a])]
        return seen, dict.fromkeys(played, 1.0), dead, cut, {a: {} for a in played}


def own(risk, max_cycles, shared=False):
    return from_parallel_env(lambda: Mortals(risk, max_cycles), ["ann", "bob"], masks=True, shared_reward=shared)


def heads_at_the_start(game, **changes):
    """Both heads' Q of all joint actions where both are there."""
    state = last(offline_training(game, None, Settings(**vars(FEW) | changes))).state
    agent, belief = state.agent, prior_belief(state.agent, 1)
    seen = state.observe(game.reset(1, torch.Generator().manual_seed(0)))
    with torch.no_grad():
        q = agent.value(belief, agent.features([o[None] for o in seen]))
    return q.head(0).table, q.head(1).table


def test_who_dies_where_the_others_are_cut_short_has_no_future():
    """One step, after which ann has died and bob was cut short: ann's is worth 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ann, _ = heads_at_the_start(own(1.0, 1))
    assert (ann - 1).abs().max() < 0.05


def test_values_of_a_mortal_and_of_one_who_lives_for_ever():
    """Of two steps: ann's life is worth 1 / (1 − γ / 2), whenever she dies; bob's 20, beside her or alone."""
    ann, bob = heads_at_the_start(own(0.5, 2), updates=400)
    assert (ann - 1 / (1 - 0.95 / 2)).abs().max() < 0.15
    assert (bob - 20).abs().max() < 0.5


@pytest.mark.parametrize("shared", [True, False])
def test_the_end_is_told_of_each_target(shared):
    game = own(1.0, 3, shared)
    state = game.reset(2, torch.Generator().manual_seed(0))
    told = []
    for _ in range(3):
        step = game.step(state, torch.zeros(2, 2, dtype=torch.long), torch.Generator())
        state = step.state
        told.append((step.terminated[0].item(), step.truncated[0].item(), shared or step.gone[0].tolist()))
    assert told == [(False, t == 2, shared or [t == 2, False]) for t in range(3)]


def test_a_shared_value_goes_on_with_a_warning():
    game = own(1.0, 1, shared=True)
    state = game.reset(1, torch.Generator().manual_seed(0))
    with pytest.warns(UserWarning, match="some targets are terminated and others cut short"):
        game.step(state, torch.zeros(1, 2, dtype=torch.long), torch.Generator())


def test_all_phases_play_on_until_all_are_gone():
    game = own(1.0, 3)
    state = last(offline_training(game, None, Settings(**vars(FEW) | {"updates": 2, "updates_per_round": 1}))).state
    assert [record.over for record in execution(state, game, None, 2)] == [False, False, True] * 2
