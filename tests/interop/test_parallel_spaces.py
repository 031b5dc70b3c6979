"""What agents see: observations of every kind and outside their spaces, images, the environment's state and its pictures."""

import warnings
from functools import partial

import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.spaces.utils import flatten
from pettingzoo import ParallelEnv
from pettingzoo.utils import BaseParallelWrapper

from helpers.played import generator
from micra_lite.interop import from_pettingzoo
from micra_lite.interop.spaces import view_of
from micra_lite.interop.to_pettingzoo import to_parallel_env
from micra_lite.plotting.games import picture
from micra_lite.registry import make

# Whatever a trial at the start shows.
from_parallel_env = partial(from_pettingzoo.from_parallel_env, masks=True)


class Showing(ParallelEnv):
    """One agent, ann, sees `seen[t]` of a given space; `states[t]` is the state, if there are any."""

    metadata = {"name": "showing"}  # noqa: RUF012
    possible_agents = ["ann"]  # noqa: RUF012
    max_cycles = 5

    def __init__(self, space, *seen, states=None, state_space=None, render_mode=None):
        self.space, self.seen, self.states, self.render_mode = space, seen, states, render_mode
        if state_space is not None:
            self.state_space = state_space

    def observation_space(self, agent):
        return self.space

    def action_space(self, agent):
        return spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.agents, self.t = ["ann"], 0
        return {"ann": self.seen[0]}, {"ann": {}}

    def step(self, actions):
        self.t += 1
        seen = self.seen[min(self.t, len(self.seen) - 1)]
        return {"ann": seen}, {"ann": 0.0}, {"ann": False}, {"ann": False}, {"ann": {}}

    def state(self):
        if self.states is None:
            raise NotImplementedError
        return self.states[self.t]

    def render(self):
        return None if self.render_mode is None else np.full((4, 6, 3), self.t, np.uint8)


def showing(space, *seen, **options):
    return from_parallel_env(lambda: Showing(space, *seen, **options), ["ann"], masks=False)


def first(game):
    return game.observe(game.reset(1, generator()))[0][0]


NESTED = spaces.Dict({
    "z": spaces.Tuple([spaces.Discrete(3, start=-1), spaces.MultiBinary((2, 2))]), "a": spaces.Box(-1, 1, (2, 1)),
    "m": spaces.MultiDiscrete([2, 3], start=[0, 1]), "d": spaces.Dict({"x": spaces.Box(0, 1, (), np.float64)}),
})  # fmt: skip
KINDS = [
    spaces.Discrete(4), spaces.Discrete(3, start=-2), spaces.MultiDiscrete([2, 3, 4]), spaces.MultiDiscrete([[2, 3], [4, 2]]),
    spaces.MultiBinary(3), spaces.MultiBinary((2, 3)), spaces.Box(0, 5, (2, 2), np.int64), spaces.Box(-np.inf, np.inf, (3,)),
    spaces.Tuple([spaces.Discrete(2), spaces.Box(-1, 1, (2,))]), NESTED, spaces.Text(4),
]  # fmt: skip


@pytest.mark.parametrize("space", KINDS, ids=str)
def test_observations_are_flattened_as_gymnasium_does(space):
    space.seed(0)
    for _ in range(5):
        seen = space.sample()
        expected = flatten(space, seen)
        assert first(showing(space, seen)).tolist() == pytest.approx(expected.tolist())


BOX = spaces.Box(-1.0, 1.0, (2,))


@pytest.mark.parametrize(("space", "seen", "message"), [
    (spaces.Discrete(3), -1, r"is -1, which is not in Discrete\(3\)"), (spaces.Discrete(3), 3, "is 3, which is not in"),
    (spaces.Discrete(3), 1.0, "no whole number"), (spaces.Discrete(3), np.array([1]), "no whole number"),
    (spaces.Discrete(3, start=2), 1, "is 1, which is not in"), (spaces.MultiDiscrete([2, 2]), [0, 2], "not in MultiDis"),
    (spaces.MultiDiscrete([2, 2]), [-1, 0], "not in MultiDis"), (spaces.MultiDiscrete([2, 2]), [0], "has 1 numbers"),
    (spaces.MultiDiscrete([2, 2]), [0.0, 1.0], "type float64"), (spaces.MultiBinary(2), [0, 2], "not in MultiBinary"),
    (BOX, [0.0], "has 1 numbers in the shape"), (BOX, [[0.0, 0.0]], "has 2 numbers in the shape"), (BOX, None, "is None"),
    (BOX, ["a", "b"], "type <U1"), (BOX, [0j, 0j], "type complex"), (BOX, [np.nan, 0.0], "NaN or infinity"),
    (spaces.Box(-np.inf, np.inf, (2,)), [np.inf, 0.0], "NaN or infinity"),
    (spaces.Box(0, 9, (2,), np.int64), [0.5, 1.0], "has fractions"),
    (spaces.Dict(a=BOX, b=BOX), {"a": [0.0, 0.0]}, "lacks the entry 'b'"), (spaces.Dict(a=BOX, b=BOX), [0.0], "lacks the"),
    (BOX, {"observation": [0.0, 0.0], "extra": 1}, r"has the entries \['extra'\], of which its space does not tell"),
    (BOX, {"picture": [0.0, 0.0]}, "without 'observation'"),
], ids=str)  # fmt: skip
def test_what_is_not_in_its_space_is_an_error(space, seen, message):
    with pytest.raises(ValueError, match=f"showing: .*'ann'.*{message}"):
        showing(space, seen)


def test_also_later_than_at_the_start():
    game = showing(spaces.Discrete(3), 0, -1)
    with pytest.raises(ValueError, match="is -1, which is not in"):
        game.step(game.reset(1, generator()), torch.zeros(1, 1, dtype=torch.long), generator())


def test_numbers_outside_their_bounds_are_reported_once():
    with pytest.warns(UserWarning, match=r"'ann' sees 1\.5, outside the bounds \[-1, 1\] of its space") as caught:
        game = showing(BOX, np.array([0.0, 1.5]))
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert first(game).tolist() == [0.0, 1.5]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        showing(BOX, np.array([0.0, 1.0001]))  # rounding
        showing(spaces.Box(-np.inf, 3, (2,)), np.array([-500.0, 3.0]))
    with pytest.warns(UserWarning, match="outside"):
        showing(spaces.Box(5.0, 6.0, (2,)), np.zeros(2))


@pytest.mark.parametrize(("space", "bounds"), [
    (spaces.Box(-1.0, 1.0, (2,)), None), (spaces.Box(0.0, 1.0, (2,)), None), (spaces.Box(-np.inf, np.inf, (2,)), None),
    (spaces.Box(-1e6, 1e6, (2,)), None), (spaces.Box(0.0, np.inf, (2,)), None), (spaces.Discrete(2), None),
    (spaces.Box(0.0, 30.0, (2,)), ([0, 0], [30, 30])), (spaces.Box(0, 255, (2,), np.uint8), ([0, 0], [255, 255])),
    (spaces.Box(0, 1, (2,), np.int8), ([0, 0], [1, 1])), (spaces.Box(100.0, 101.0, (2,)), ([100, 100], [101, 101])),
    (spaces.Box(np.finfo(np.float32).min, np.finfo(np.float32).max, (2,)), None),
    (spaces.Box(np.array([-4.8, -np.inf], np.float32), np.array([4.8, np.inf], np.float32)), ([-4.8, -1], [4.8, 1])),
    (spaces.Dict(a=spaces.Discrete(2), b=spaces.Box(0, 9, (1,))), ([-1, -1, 0], [1, 1, 9])),
], ids=str)  # fmt: skip
def test_bounds_of_large_numbers(space, bounds):
    """What is left as it is between others that are scaled has bounds −1 and 1."""
    found = view_of(space, 2).bounds
    if bounds is None:
        assert found is None
    else:
        assert [end.tolist() for end in found] == [pytest.approx(end) for end in bounds]


@pytest.mark.parametrize(("shape", "dtype", "image"), [
    ((8, 9, 3), np.uint8, (3, 8, 9)), ((3, 8, 9), np.uint8, (3, 8, 9)), ((7, 7, 3), np.float32, (3, 7, 7)),
    ((8, 8, 20), np.float32, (20, 8, 8)), ((12, 84, 84), np.uint8, (12, 84, 84)), ((6, 7, 2), np.int8, (2, 6, 7)),
    ((3, 3, 2), np.int8, (2, 3, 3)), ((8, 9), np.uint8, (1, 8, 9)), ((8, 9), np.float32, None), ((8,), np.uint8, None),
    ((360, 1, 2), np.float32, None), ((2, 1, 360), np.float32, None), ((200, 3, 1), np.float32, None), ((1, 9), np.uint8, None),
])  # fmt: skip
def test_images_have_channels_first(shape, dtype, image):
    space = spaces.Box(0, 100, shape, dtype)
    seen = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    game = showing(space, seen)
    assert (game.sights[0] and game.sights[0].image) == image
    got = first(game).numpy()
    if image is None or image[0] == 1 or shape == image:
        assert np.array_equal(got, seen.ravel())
    else:
        got = got.reshape(image)
        for channel in range(image[0]):
            assert np.array_equal(got[channel], seen[:, :, channel])


@pytest.mark.parametrize("space", [
    spaces.Box(0, 1, (0,)), spaces.Dict(), spaces.Tuple([]), spaces.Dict(a=spaces.Box(0, 1, (2, 0))),
    spaces.Dict(action_mask=spaces.MultiBinary(2)),
], ids=str)  # fmt: skip
def test_who_observes_nothing_is_refused(space):
    with pytest.raises(TypeError, match="showing: 'ann' observes nothing"):
        from_parallel_env(lambda: Showing(space, space.sample()), ["ann"])


def test_large_images_are_refused_with_the_line_that_shrinks_them():
    large = spaces.Box(0, 255, (120, 97, 3), np.uint8)
    for space in (large, spaces.Dict(observation=large, other=spaces.Discrete(2))):
        with pytest.raises(ValueError, match=r"'ann' observes an image of 120 × 97 pixels.*supersuit\.resize_v1"):
            showing(space, large.sample())
    assert showing(spaces.Box(0, 255, (96, 96, 3), np.uint8), np.zeros((96, 96, 3), np.uint8)).observation_sizes == (
        27648,
    )


def test_that_line_works(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        supersuit = pytest.importorskip("supersuit", exc_type=ImportError)
        pong = pytest.importorskip("pettingzoo.butterfly.cooperative_pong_v6", exc_type=ImportError)
        with pytest.raises(ValueError, match=r"280 × 480 pixels.*resize_v1\(supersuit\.color_reduction_v0") as error:
            from_parallel_env(pong.parallel_env, ["paddle_0"])
        line = str(error.value).split("Shrink it: ")[1]

        def make_env():
            return eval(line, {"supersuit": supersuit, "env": pong.parallel_env()})

        game = from_parallel_env(make_env, ["paddle_0"])
        assert (game.horizon, game.sights[0].image, game.masked) == (900, (1, 84, 84), True)
        seen = game.observe(game.reset(1, generator()))[0]
        assert seen.shape == (1, 84 * 84 + 3)
        assert game.sights[0].high == (255.0,) * (84 * 84)
        game.close()


STATE = spaces.Box(np.array([0, -np.inf, 0], np.float32), np.array([10, np.inf, 1], np.float32))


def test_the_critic_sees_the_state_of_the_environment():
    states = [np.array([0.0, 5.0, 1.0]), np.array([10.0, -7.0, 0.5])]
    game = showing(BOX, np.zeros(2), states=states, state_space=STATE)
    assert game.critic_sees_state
    assert game.state_observation_size == 3
    state = game.reset(2, generator())
    assert game.observe_state(state).tolist() == [[-1.0, 5.0, 1.0]] * 2
    step = game.step(state, torch.zeros(2, 1, dtype=torch.long), generator())
    assert game.observe_state(step.state).tolist() == [[1.0, -7.0, 0.5]] * 2
    assert [o.shape[1] for o in game.observe(state)] == [2]
    with pytest.raises(ValueError, match=r"showing: its state\(\) .*has 2 numbers"):
        showing(BOX, np.zeros(2), states=[np.zeros(2)], state_space=STATE)
    with pytest.raises(ValueError, match=r"showing: its state\(\) contains NaN"):
        showing(BOX, np.zeros(2), states=[np.full(3, np.nan)], state_space=STATE)


@pytest.mark.parametrize("options", [
    {}, {"state_space": STATE}, {"states": [np.zeros(3)]},  # no state, or nobody knows its size
    {"states": [np.zeros(2)], "state_space": BOX},  # as many numbers as all agents see
    {"states": [np.zeros((99, 99))], "state_space": spaces.Box(0, 1, (99, 99))},  # a large image
], ids=str)  # fmt: skip
def test_states_that_bring_nothing_are_left_out(options):
    game = showing(BOX, np.zeros(2), **options)
    assert not game.critic_sees_state
    assert game.reset(1, generator()).shape == (1, 2 + 1 + 1)


def test_the_environments_own_picture():
    game = from_parallel_env(lambda: BaseParallelWrapper(Showing(BOX, np.zeros(2), render_mode="rgb_array")), ["ann"])
    with pytest.raises(IndexError, match="no row 0; 0 are played"):
        game.render()
    state = game.reset(2, generator())
    later = game.step(state, torch.zeros(2, 1, dtype=torch.long), generator()).state
    for shown in (game.render(), game.render(1), picture(game, later[0])):
        assert (shown.shape, shown.dtype, shown.max()) == ((4, 6, 3), np.uint8, 1)
    with pytest.raises(ValueError, match="only be shown as it is now"):
        picture(game, state[0])
    for mode in (None, "human"):
        silent = showing(BOX, np.zeros(2), render_mode=mode)
        state = silent.reset(1, generator())
        with pytest.raises(ValueError, match="render_mode='rgb_array'"):
            silent.render()
        with pytest.raises(TypeError, match="no picture"):
            picture(silent, state[0])
    ours = from_parallel_env(lambda: to_parallel_env(make("pursuit"), render_mode="rgb_array"), ["prey"])
    assert picture(ours, ours.reset(1, generator())[0]).shape[2] == 3
