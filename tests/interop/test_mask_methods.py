"""Masks told by an environment's methods and attributes: how they are asked, and which are left alone."""

import warnings
from functools import partial

import numpy as np
import pytest
import torch
from gymnasium import spaces
from pettingzoo import ParallelEnv

from helpers.played import generator
from micra_lite.interop import from_pettingzoo

AGENTS = ["ann", "bob", "cem"]
MASKS = {"ann": [1, 0, 1], "bob": [0, 1, 1], "cem": [1, 1, 0]}
EACH = [MASKS[agent] for agent in AGENTS]

from_parallel_env = partial(from_pettingzoo.from_parallel_env, externals=["bob", "cem"], horizon=4)


class Bare(ParallelEnv):
    """Three agents of three actions; bob leaves after the first step. Subclasses tell their masks."""

    metadata = {"name": "bare"}  # noqa: RUF012
    possible_agents = AGENTS

    def observation_space(self, agent):
        return spaces.Box(0.0, 1.0, (1,))

    def action_space(self, agent):
        return spaces.Discrete(3)

    def reset(self, seed=None, options=None):
        self.agents = AGENTS[:]
        return {a: np.zeros(1) for a in AGENTS}, {a: {} for a in AGENTS}

    def step(self, actions):
        paid = {a: float(a in self.agents) for a in AGENTS}
        ended = {a: a == "bob" for a in AGENTS}
        self.agents = ["ann", "cem"]
        return {a: np.zeros(1) for a in AGENTS}, paid, ended, dict.fromkeys(AGENTS, False), {a: {} for a in AGENTS}


class ByName(Bare):
    def get_avail_agent_actions(self, agent_id):
        return MASKS[agent_id]


class ByNumber(Bare):
    def get_avail_agent_actions(self, agent_id: int):
        return EACH[agent_id]


class ByNumberUntold(Bare):
    def action_mask(self, i):
        return EACH[i]


class Living(Bare):
    def action_masks(self):
        return [MASKS[a] for a in self.agents]


class Property(Bare):
    @property
    def action_mask(self):
        return {a: MASKS[a] for a in self.agents}


class Attribute(Bare):
    """There only after a reset."""

    def reset(self, seed=None, options=None):
        self.action_masks = np.array(EACH)
        return super().reset(seed, options)


class Tensors(Bare):
    def get_avail_actions(self):
        return torch.tensor(EACH)


class Second(Bare):
    """The first method fails, the second one tells."""

    def action_masks(self):
        raise RuntimeError("no picture")

    def get_avail_actions(self):
        return EACH


def free(game, state):
    return [mask[0].tolist() for mask in game.available(game.observe(state))]


@pytest.mark.parametrize("kind", [ByName, ByNumber, ByNumberUntold, Living, Property, Attribute, Tensors])
def test_masks_are_told_by_methods_and_attributes(kind):
    """Also after bob has left: he has his first action, the others their masks."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        game = from_parallel_env(kind, ["ann"])
    state = game.reset(2, generator())
    assert free(game, state) == EACH
    state = game.step(state, torch.tensor([[0, 1, 0]] * 2), generator()).state
    assert free(game, state) == [MASKS["ann"], [1, 0, 0], MASKS["cem"]]


def test_a_method_that_fails_is_left_alone_and_another_asked():
    with pytest.warns(UserWarning, match=r"action_masks\(\) is not used for masks: its first call gave .*no picture"):
        game = from_parallel_env(Second, ["ann"])
    assert free(game, game.reset(1, generator())) == EACH


class Helper(Bare):
    def legal_actions(self, state):
        raise RuntimeError("not for you")

    def action_mask(self, agent, *, board):
        raise RuntimeError("not for you")

    action_masks = True  # an option


def test_helpers_with_other_parameters_are_no_masks():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        game = from_parallel_env(Helper, ["ann"], masks=True)
        assert free(game, game.reset(1, generator())) == [[1, 1, 1]] * 3


class Mover(Bare):
    """As in games of turns: the actions of the one who moves."""

    def legal_actions(self):
        return [0, 2, 1]


def test_legal_actions_of_one_are_not_all_agents():
    with pytest.warns(
        UserWarning, match=r"legal_actions\(\) is not used for masks: .*one mask, and there are 3 agents"
    ):
        game = from_parallel_env(Mover, ["ann"], masks=True)
    assert free(game, game.reset(1, generator())) == [[1, 1, 1]] * 3


class TooMany(Bare):
    def action_masks(self):
        return [[1, 1, 1]] * 4


class TooShort(Bare):
    def get_avail_actions(self):
        return [[1, 1]] * 3


class Later(Bare):
    def action_masks(self):
        return {a: EACH[len(self.agents) - 3 + j] for j, a in enumerate(AGENTS)} if len(self.agents) == 3 else EACH[9]


@pytest.mark.parametrize(("kind", "message"), [
    (TooMany, r"action_masks\(\) gives masks for 4 agents, and there are 3"),
    (TooShort, r"get_avail_actions\(\) has 2 entries, and there are 3 actions"),
    (Later, r"action_masks\(\) failed for 'ann': IndexError"),
])  # fmt: skip
def test_errors_name_the_method(kind, message):
    def play():
        game = from_parallel_env(kind, ["ann"])
        game.step(game.reset(1, generator()), torch.tensor([[0, 1, 0]]), generator())

    with pytest.raises(ValueError, match=message):
        play()


class InOneEntry(Bare):
    def reset(self, seed=None, options=None):
        return super().reset(seed, options)[0], {"action_mask": MASKS}


def test_masks_of_all_agents_in_one_entry_of_the_infos():
    game = from_parallel_env(InOneEntry, ["ann"])
    assert game.masked
    assert free(game, game.reset(1, generator())) == EACH
