"""How long an episode is: read from wherever environments say it, demanded where they do not, reported where it is wrong."""

import warnings
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from gymnasium import spaces
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils import BaseParallelWrapper, aec_to_parallel, parallel_to_aec

from helpers.played import generator
from micra_lite.interop import from_pettingzoo

# Whatever a trial at the start shows.
from_parallel_env = partial(from_pettingzoo.from_parallel_env, masks=True)


class Counter(ParallelEnv):
    """Two agents count steps; truncated after `ends` of them, if given. Further attributes say what one likes."""

    metadata = {"name": "counter", "is_parallelizable": True}  # noqa: RUF012
    render_mode = None

    def __init__(self, ends=None, **said):
        self.possible_agents, self.ends = ["ann", "bob"], ends
        self._view = spaces.Box(0.0, np.inf, (1,))
        vars(self).update(said)

    def observation_space(self, agent):
        return self._view

    def action_space(self, agent):
        return spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.agents, self.t = self.possible_agents[:], 0
        return self.look(), {a: {} for a in self.agents}

    def look(self):
        return {a: np.array([self.t], np.float32) for a in self.possible_agents}

    def step(self, actions):
        self.t += 1
        over, agents = self.t == self.ends, self.agents
        self.agents = [] if over else agents
        return self.look(), *[dict.fromkeys(agents, x) for x in (1.0, False, over)], {a: {} for a in agents}


class Within(ParallelEnv):
    """A wrapper that is no subclass of PettingZoo's, and keeps what it wraps under any name."""

    def __init__(self, env, under, **said):
        vars(self).update({under: env}, **said)
        for name in ("observation_space", "action_space", "reset", "step", "possible_agents", "metadata"):
            setattr(self, name, getattr(env, name))
        self._wrapped = env

    agents = property(lambda self: self._wrapped.agents)


def horizon(make_env, **options):
    return from_parallel_env(make_env, ["ann"], **options).horizon


@pytest.mark.parametrize(
    "value", [7, 7.0, np.int64(7), np.uint8(7), np.float32(7), np.array(7), np.array(7.0), torch.tensor(7)], ids=repr
)
def test_any_whole_number_is_read(value):
    assert horizon(lambda: Counter(max_cycles=value)) == 7


@pytest.mark.parametrize("value", [0, -3, True, np.True_, 7.5, np.inf, np.nan, "7", None, np.array([7]), 10**9])
def test_whatever_is_no_length_is_not_believed(value):
    with pytest.raises(ValueError, match=r"counter does not tell how long .* horizon="):
        horizon(lambda: Counter(max_cycles=value))
    assert horizon(lambda: Counter(max_cycles=value), horizon=np.int32(9)) == 9


@pytest.mark.parametrize("name", [
    "max_cycles", "max_steps", "max_episode_steps", "_max_episode_steps", "horizon", "episode_limit", "max_iter",
    "max_frames", "num_steps", "steps_per_episode", "time_limit", "max_moves", "_max_turns", "max_timesteps",
])  # fmt: skip
def test_the_usual_names_are_known(name):
    assert horizon(lambda: Counter(**{name: 11})) == 11


def test_it_is_found_inside():
    assert horizon(lambda: BaseParallelWrapper(Counter(max_cycles=8))) == 8
    assert horizon(lambda: BaseParallelWrapper(Counter(_max_steps=8))) == 8
    assert horizon(lambda: aec_to_parallel(parallel_to_aec(BaseParallelWrapper(Counter(max_cycles=8))))) == 8
    for under in ("env", "par_env", "core", "_base"):
        assert horizon(lambda under=under: Within(Within(Counter(max_moves=8), under), under)) == 8
    assert horizon(lambda: Counter(spec=SimpleNamespace(max_episode_steps=8))) == 8
    assert horizon(lambda: Counter(config={"episode_limit": 8})) == 8
    copies = SimpleNamespace(envs=[Counter(max_cycles=8)], step=print, reset=print)  # a vector of environments
    assert horizon(lambda: Counter(batch=copies)) == 8


def test_of_two_limits_the_shorter_counts():
    assert horizon(lambda: Within(Counter(max_cycles=20), "env", max_steps=5)) == 5
    assert horizon(lambda: Within(Counter(max_cycles=5), "env", max_steps=20)) == 5
    assert horizon(lambda: Counter(num_steps=3, max_cycles=20)) == 20  # num_steps may mean anything


@pytest.mark.parametrize("bad", [0, -1, 2.0, True, "5", float("nan")])
def test_an_impossible_horizon_is_refused(bad):
    with pytest.raises(ValueError, match="horizon must be a whole number"):
        horizon(lambda: Counter(max_cycles=5), horizon=bad)


def play(game, steps):
    state = game.reset(2, generator())
    for _ in range(steps):
        state = game.step(state, torch.zeros(2, 2, dtype=torch.long), generator()).state


def test_an_episode_longer_than_was_read_is_reported_once():
    game = from_parallel_env(lambda: Counter(ends=9, max_cycles=4), ["ann"])
    play(game, 3)
    with pytest.warns(UserWarning, match=r"counter goes on after 4 steps.*horizon=") as caught:
        play(game, 6)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        play(game, 6)
        play(from_parallel_env(lambda: Counter(ends=4, max_cycles=4), ["ann"]), 6)
        play(from_parallel_env(lambda: Counter(ends=9, max_cycles=9), ["ann"], horizon=4), 6)  # as one wished


@pytest.mark.parametrize(("module", "steps"), [
    ("mpe2.simple_spread_v3", 25), ("pettingzoo.classic.rps_v2", 15),
    ("pettingzoo.sisl.pursuit_v5", 500), ("pettingzoo.butterfly.knights_archers_zombies_v11", 900),
])  # fmt: skip
def test_real_environments(module, steps, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    found = pytest.importorskip(module, exc_type=ImportError)
    agent = found.parallel_env().possible_agents[0]
    game = from_parallel_env(found.parallel_env, [agent])
    assert game.horizon == steps
    game.close()


def test_one_environment_in_several_wrappers_is_refused():
    one = Counter(max_cycles=5)
    for wrap in (
        BaseParallelWrapper,
        lambda env: Within(env, "core"),
        lambda env: aec_to_parallel(parallel_to_aec(env)),
    ):
        game = from_parallel_env(lambda wrap=wrap: Within(wrap(one), "inside"), ["ann"])
        with pytest.raises(ValueError, match="new wrappers around the same one"):
            game.reset(2, generator())


def test_what_cannot_be_a_game_is_named_at_construction():
    def make_env():
        return Counter(max_cycles=5)

    cases = [
        ({"targets": "ann"}, TypeError, r"targets must be a list of agents' names, such as \['ann'\]"),
        ({"targets": ["ann"], "externals": "bob"}, TypeError, "externals must be a list"),
        ({"targets": ["ann", "ann"]}, ValueError, "targets name an agent twice"),
        ({"targets": ["eve"]}, ValueError, "unknown agent 'eve'"),
        ({"targets": []}, ValueError, "at least one target"),
        ({"targets": ["ann"], "gamma": 0.0}, ValueError, "gamma must be"),
        ({"targets": ["ann"], "gamma": 1.01}, ValueError, "gamma must be"),
        ({"targets": ["ann"], "gamma": "0.9"}, ValueError, "gamma must be"),
    ]
    for options, error, message in cases:
        with pytest.raises(error, match=message):
            from_parallel_env(make_env, **options)
    with pytest.raises(TypeError, match="make_env must be a function that makes a new environment"):
        from_parallel_env(make_env(), ["ann"])
    with pytest.raises(TypeError, match=r"without arguments \(missing a required argument: 'size'\)"):
        from_parallel_env(lambda size: make_env(), ["ann"])

    class Turns(AECEnv):
        metadata = {"name": "turns"}  # noqa: RUF012

    with pytest.raises(TypeError, match=r"aec_to_parallel.*turn_based_aec_to_parallel"):
        from_parallel_env(Turns, ["ann"])
    game = from_parallel_env(make_env, ["ann", "bob"])  # nobody has to be an external
    assert game.externals == ()
    play(game, 3)


def test_agents_and_spaces_stay_as_they_are():
    class Growing(Counter):
        made = 0

        def __init__(self):
            super().__init__(max_cycles=5)
            Growing.made += 1
            self.number, self.episodes = Growing.made, 0

        def reset(self, seed=None, options=None):
            self.episodes += 1
            return super().reset(seed)

    def changed(**methods):
        game = from_parallel_env(type("Changed", (Growing,), methods), ["ann"])
        game.reset(1, generator())
        game.reset(2, generator())

    with pytest.raises(ValueError, match=r"the action space of 'ann' was Discrete\(2\), and is Discrete\(3\)"):
        changed(action_space=lambda s, a: spaces.Discrete(2 + (s.episodes > 2)))
    Growing.made = 0
    with pytest.raises(ValueError, match="the observation space of 'ann' was"):
        changed(observation_space=lambda s, a: spaces.Box(0, s.number, (1,)))
    Growing.made = 0
    with pytest.raises(ValueError, match="possible_agents were"):
        changed(possible_agents=property(lambda s: ["ann", "bob", "eve"][: 2 + (s.number > 1)], lambda s, x: None))
    with pytest.raises(ValueError, match="'eve' takes part, and is not one of possible_agents"):
        changed(reset=lambda s, seed=None, options=None: (Counter.reset(s), s.agents.append("eve"))[0])
