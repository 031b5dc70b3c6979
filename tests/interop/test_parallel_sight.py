"""What networks see of others' environments: images through convolutions, bounded numbers scaled; and the trial for masks."""

import numpy as np
import pytest
import torch
from gymnasium import spaces
from pettingzoo import ParallelEnv

from micra_lite import Settings, execution, offline_training
from micra_lite.agent import Agent
from micra_lite.interop.from_pettingzoo import from_parallel_env
from micra_lite.interop.memory import demand_memory
from micra_lite.interop.sight import Convolutions, Sight
from micra_lite.networks import Extractor
from micra_lite.training_state import last

FEW = Settings(
    updates=60, updates_per_round=10, externals_per_round=4, episodes_per_external=4, support_episodes=(1,), query_episodes=1,
    features=16, hidden=32, actor_hidden=32, rank=8, imitator_hidden=8, probes=2, states=64, states_per_external=16,
    rounds_kept=10, critic_rate=5e-3, target_rate=0.1, actor_rate=1e-2,
)  # fmt: skip


class Lamp(ParallelEnv):
    """One step: an image of noise, with a bright bar on the left or on the right; the two agents are paid where it is."""

    metadata = {"name": "lamp"}  # noqa: RUF012
    possible_agents = ["ann", "bob"]  # noqa: RUF012
    max_cycles = 1
    leaves = None  # who leaves at once, where the other goes on to a second step

    def observation_space(self, agent):
        return spaces.Box(0, 255, (12, 16, 1), np.uint8)

    def action_space(self, agent):
        return spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.rng, self.agents, self.steps = np.random.default_rng(seed), self.possible_agents[:], 0
        return self.seen(), {a: {} for a in self.agents}

    def seen(self):
        self.side = int(self.rng.integers(2))
        image = self.rng.integers(0, 60, (12, 16, 1)).astype(np.uint8)
        image[:, 8 * self.side + int(self.rng.integers(6)) :][:, :2] = 255
        return dict.fromkeys(self.possible_agents, image)

    def step(self, actions):
        paid = {a: float(action == self.side) for a, action in actions.items()}
        self.steps, played = self.steps + 1, self.agents
        over = {a: self.steps == 2 or a == self.leaves or not self.leaves for a in played}
        self.agents = [a for a in played if not over[a]]
        return self.seen(), paid, over, dict.fromkeys(played, False), {a: {} for a in played}


def test_a_team_learns_from_images():
    game = from_parallel_env(Lamp, ["ann", "bob"], gamma=0.9)
    assert game.sights[0].image == (1, 12, 16)
    state = last(offline_training(game, None, FEW)).state
    paid = torch.stack([record.rewards for record in execution(state, game, None, 100, seed=1)])
    assert paid.mean() > 0.8  # by chance 0.5


def test_raw_pixels_and_scaled_ones_are_the_same_to_the_extractor():
    torch.manual_seed(0)
    raw = Extractor(12, 5, 0, Sight((0.0,) * 12, (255.0,) * 12, (3, 2, 2)))
    scaled = Extractor(12, 5, 0, Sight((), (), (3, 2, 2)))
    scaled.layers.load_state_dict(
        {f"{int(n[0]) - 1}{n[1:]}": p for n, p in raw.layers.state_dict().items() if n[0] != "0"}
    )
    pixels = torch.randint(256, (4, 7, 12)).float()
    assert torch.allclose(raw(pixels), scaled(pixels / 127.5 - 1), atol=1e-5)
    assert raw(pixels).shape == (4, 7, 5)


@pytest.mark.parametrize("image", [(3, 84, 84), (1, 7, 7), (4, 3, 20), (2, 1, 1), (3, 96, 96)])
def test_convolutions_leave_few_numbers(image):
    layers = Convolutions(image)
    assert layers(torch.zeros(2, 5, image[0] * image[1] * image[2])).shape == (2, 5, layers.size)
    assert layers.size <= 16 * 36


def test_masks_pass_through_the_extractor():
    extractor = Extractor(4, 3, 2)
    seen = torch.tensor([[0.1, 0.2, 0.3, 0.4, 1.0, 0.0]])
    assert extractor(seen).shape == (1, 5)
    assert extractor(seen)[0, 3:].tolist() == [1.0, 0.0]


def test_agents_that_look_alike_share_an_extractor_and_others_do_not():
    game = from_parallel_env(Lamp, ["ann", "bob"])
    assert Agent(game, [], FEW).extractor_of == [0, 0]
    game.sights = (game.sights[0], None)
    assert Agent(game, [], FEW).extractor_of == [0, 1]


def test_a_trial_shows_whether_somebody_leaves():
    class Leaving(Lamp):
        max_cycles, leaves = 2, "bob"

    assert not from_parallel_env(Lamp, ["ann"]).masked
    assert from_parallel_env(Leaving, ["ann"]).masked
    game = from_parallel_env(Leaving, ["ann"], masks=False)
    with pytest.raises(ValueError, match="masks=True"):
        game.step(game.reset(1, torch.Generator()), torch.zeros(1, 2, dtype=torch.long), torch.Generator())


@pytest.mark.parametrize(("changed", "words"), [
    ({"rounds_kept": 10**9}, r"the data D would take about [\d,.]+ GB.*lower rounds_kept or episodes_per_external"),
    ({"hidden": 10**9}, r"the networks would take about [\d,.]+ GB.*lower features, hidden or rank.*\[192, 192\]"),
])  # fmt: skip
def test_what_does_not_fit_into_memory_is_refused_before_anything_is_played(changed, words):
    game, played = from_parallel_env(Lamp, ["ann", "bob"]), []
    demand_memory(game, FEW)
    game.reset = lambda *_: played.append(1)
    with pytest.raises(ValueError, match=words):
        next(offline_training(game, None, Settings(**vars(FEW) | changed)))
    assert not played


class Clock(ParallelEnv):
    """Two agents that see the time; each is paid 1 a step, and ends as and when `ends` says: agent → (step, flag)."""

    metadata = {"name": "clock"}  # noqa: RUF012
    possible_agents = ["ann", "bob"]  # noqa: RUF012
    max_cycles, size, late = 9, 1.0, False
    ends = {"ann": (2, "terminated"), "bob": (2, "truncated")}  # noqa: RUF012

    def observation_space(self, agent):
        return spaces.Box(-np.inf, np.inf, (1,))

    def action_space(self, agent):
        return spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.agents, self.steps = self.possible_agents[:], 0
        return self.seen(), {a: {} for a in self.agents}

    def seen(self):
        return dict.fromkeys(self.possible_agents, np.array([self.size], np.float32))

    def step(self, actions):
        played, self.steps = self.agents, self.steps + 1
        flags = [{a: self.ends[a] == (self.steps, how) for a in played} for how in ("terminated", "truncated")]
        self.agents = [a for a in played if not (flags[0][a] or flags[1][a])]
        paid = dict.fromkeys(self.possible_agents if self.late else played, 1.0)
        return self.seen(), paid, *flags, {a: {} for a in played}


def played(game, steps=3):
    generator = torch.Generator().manual_seed(0)
    state = game.reset(1, generator)
    for _ in range(steps):
        step = game.step(state, torch.zeros(1, 2, dtype=torch.long), generator)
        state = step.state
    return step


@pytest.mark.parametrize(("changed", "words"), [
    ({}, "some targets are terminated and others cut short"),
    ({"ends": {"ann": (1, "truncated"), "bob": (3, "truncated")}}, "is cut short while others play on"),
    ({"ends": {"ann": (1, "terminated"), "bob": (3, "terminated")}, "late": True}, "pays 'ann' when it did not take part"),
    ({"size": 1e5, "ends": {"ann": (9, "truncated"), "bob": (9, "truncated")}}, "networks learn nothing from numbers so large"),
])  # fmt: skip
def test_what_one_game_cannot_say_is_reported(changed, words):
    with pytest.warns(UserWarning, match=words):
        played(from_parallel_env(type("Changed", (Clock,), changed), ["ann", "bob"], masks=True))


def test_ends_that_are_alike_are_not_reported():
    alike = type("Alike", (Clock,), {"ends": {"ann": (2, "truncated"), "bob": (2, "truncated")}})
    step = played(from_parallel_env(alike, ["ann", "bob"], masks=True))
    assert (bool(step.truncated), bool(step.terminated)) == (True, False)


def test_targets_given_as_a_set_are_in_the_agents_order():
    assert from_parallel_env(Lamp, {"bob", "ann"}).targets == ("ann", "bob")


def test_a_state_goes_on_in_a_game_like_its_own_only():
    game = from_parallel_env(Lamp, ["ann", "bob"])
    state = last(offline_training(game, None, Settings(**vars(FEW) | {"updates": 1})))
    other = from_parallel_env(Lamp, ["bob", "ann"], gamma=0.9)
    with pytest.raises(ValueError, match=r"trained on another 'lamp': targets was .* gamma was 0\.95 and is 0\.9"):
        next(offline_training(other, None, FEW, state.state))
    again = from_parallel_env(Lamp, ["ann", "bob"])
    assert last(offline_training(again, None, Settings(**vars(FEW) | {"updates": 2}), state.state)).state.game is again
