"""What is said of a new game at once: masks that are not read, numbers that networks cannot see, and what cannot be meant."""

import math
import warnings

import numpy as np
import pytest
import torch
from gymnasium import Env, spaces
from pettingzoo import ParallelEnv
from pettingzoo.utils import BaseParallelWrapper

from micra_lite import Settings, execution, last, offline_training
from micra_lite.extensions.checkpoint import load, save
from micra_lite.extensions.given_policies import from_policies
from micra_lite.interop.from_gymnasium import from_gymnasium_env
from micra_lite.interop.from_pettingzoo import from_parallel_env

TINY = Settings(
    updates=1, updates_per_round=1, externals_per_round=2, episodes_per_external=4, support_episodes=(1,), query_episodes=1,
    features=8, hidden=8, actor_hidden=8, rank=2, imitator_hidden=4, probes=2, externals_per_update=2, unwatched_externals=1,
    states=4, states_per_external=4, rounds_kept=2,
)  # fmt: skip


FLOATS = np.finfo(np.float32).min, np.finfo(np.float32).max


class Plain(ParallelEnv):
    """Ann and Bob see one number that goes up and down between 0 and 1; five steps, 1 paid for each."""

    metadata = {"name": "plain"}  # noqa: RUF012
    possible_agents = ["ann", "bob"]  # noqa: RUF012
    max_cycles = 5
    space = spaces.Box(0, 1, (1,))
    scale = 1.0

    def observation_space(self, agent):
        return self.space

    def action_space(self, agent):
        return spaces.Discrete(2)

    def look(self):
        return {a: np.full(1, self.scale * (self.steps % 2)) for a in self.possible_agents}

    def reset(self, seed=None, options=None):
        self.agents, self.steps = [*self.possible_agents], 0
        return self.look(), {a: {} for a in self.agents}

    def step(self, actions):
        played, self.steps = self.agents, self.steps + 1
        over = self.steps == self.max_cycles
        self.agents = [] if over else played
        no, end, paid = [dict.fromkeys(played, value) for value in (False, over, 1.0)]
        return self.look(), paid, no, end, {a: {} for a in played}


def changed(**attributes):
    return type("Changed", (Plain,), attributes)


class Mortal(Plain):
    """Who is in `dies` is terminated after that step."""

    dies = {}  # noqa: RUF012

    def step(self, actions):
        seen, paid, dead, end, infos = super().step(actions)
        for agent, step in self.dies.items():
            if agent in dead and self.steps == step:
                dead[agent], end[agent] = True, False
        self.agents = [a for a in self.agents if not dead[a]]
        return seen, paid, dead, end, infos


def mortal(dies, **attributes):
    return type("Mortal", (Mortal,), {"dies": dies, **attributes})


def make(env=Plain, targets=("ann",), **options):
    return from_parallel_env(env, [*targets], **options)


def free(game):
    """How many actions each agent has at the start."""
    return [int(f.sum()) for f in game.available(game.observe(game.reset(1, torch.Generator().manual_seed(0))))]


# --- Whose turn it is ------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*goes on after")  # so does black death, for ever
@pytest.mark.parametrize(("name", "numbers"), [
    (None, []), ("frame_stack_v1", [2]), ("black_death_v3", []), ("sticky_actions_v0", [0.1]), ("delay_observations_v0", [1]),
])  # fmt: skip
def test_a_wrapped_game_of_moves_at_once_is_no_game_of_turns(name, numbers):
    """mpe2's environments have AEC ones inside."""
    import supersuit
    from mpe2 import simple_spread_v3

    wrap = getattr(supersuit, name) if name else BaseParallelWrapper
    assert free(from_parallel_env(lambda: wrap(simple_spread_v3.parallel_env(), *numbers), ["agent_0"])) == [5, 5, 5]


@pytest.mark.filterwarnings("ignore:The old environment")
@pytest.mark.parametrize("rewards", [False, True])
def test_a_wrapped_game_of_turns_is_one(rewards):
    import supersuit
    from pettingzoo.classic import tictactoe_v3
    from pettingzoo.utils.conversions import turn_based_aec_to_parallel

    wrap = (lambda env: supersuit.reward_lambda_v0(env, lambda r: 2 * r)) if rewards else BaseParallelWrapper
    make_env = lambda: wrap(turn_based_aec_to_parallel(tictactoe_v3.env()))  # noqa: E731
    assert free(from_parallel_env(make_env, ["player_1"], horizon=9)) == [9, 1]


@pytest.mark.filterwarnings("ignore:The old environment")
def test_an_environment_may_have_one_of_turns_inside_and_play_it_as_it_likes():
    from pettingzoo.classic import tictactoe_v3

    assert free(make(lambda: type("Holder", (Plain,), {"aec_env": tictactoe_v3.env()})())) == [2, 2]


# --- Numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("attributes", "words"), [
    ({"space": spaces.Box(-9999, 9999, (1,))}, r"moved by 1 in a trial, and may lie in \[-9999, 9999\]"),
    ({"space": spaces.Box(-1e5, 1e5, (1,))}, "declare bounds that fit"),
    ({"space": spaces.Box(0, 2e6, (1,)), "scale": 1e5}, "networks learn nothing from numbers so large"),
    ({"space": spaces.Box(-3e38, 3e38, (1,)), "scale": 1e5}, "networks learn nothing from numbers so large"),
    ({"space": spaces.Box(0, np.inf, (1,)), "scale": -5.0}, r"outside the bounds \[0, inf\]"),
    ({"space": spaces.Box(-np.inf, 100, (1,)), "scale": 150.0}, r"outside the bounds \[-inf, 100\]"),
    ({"state_space": spaces.Box(0, 1, (1,)), "state": lambda self: np.full(1, 50.0 * self.steps)}, r"its state\(\) has 50"),
    ({"state_space": spaces.Box(0, 1, (3,)), "state": lambda self: np.zeros(3)}, r"its state\(\) was the same throughout"),
])  # fmt: skip
def test_numbers_that_networks_cannot_see_are_reported(attributes, words):
    with pytest.warns(UserWarning, match=words):
        make(changed(**attributes))


@pytest.mark.parametrize("space", [
    spaces.Box(-1e9, 1e9, (1,)), spaces.Box(-np.inf, np.inf, (1,)), spaces.Box(-50, 50, (1,)), spaces.Box(0, 1e40, (1,), np.float64),
])  # fmt: skip
def test_moderate_numbers_are_not(space):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(changed(space=space))


def test_a_tiny_span_is_stretched():
    game = make(changed(space=spaces.Box(0, 1e-5, (1,)), scale=1e-5))
    low, high = game.sights[0].low, game.sights[0].high
    assert low == pytest.approx((0.0,))
    assert high == pytest.approx((1e-5,))


def test_a_critic_is_not_given_a_state_that_never_changes():
    with pytest.warns(UserWarning, match="throughout"):
        game = make(changed(state_space=spaces.Box(0, 1, (3,)), state=lambda self: np.zeros(3)))
    assert game.state_observation_size is None
    assert not game.critic_sees_state
    assert [o.shape for o in game.observe(game.reset(2, torch.Generator()))] == [(2, 1), (2, 1)]


def test_a_state_that_fails_is_named_at_once():
    with pytest.raises(ValueError, match=r"its state\(\) fails: ZeroDivisionError"):
        make(changed(state_space=spaces.Box(0, 1, (1,)), state=lambda self: 1 / 0))


@pytest.mark.parametrize("space", [spaces.Box(*FLOATS, (1,)), spaces.Box(-1e40, 1e40, (1,), np.float64)])
def test_infinity_is_an_error_whatever_the_bounds(space):
    with pytest.raises(ValueError, match="contains NaN or infinity"):
        make(changed(space=space, look=lambda self: dict.fromkeys(self.possible_agents, np.full(1, math.inf))))


# --- Masks that are not read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["mask", "actions_mask", "legal_mask", "avail", "valid_action_mask"])
def test_an_entry_that_sounds_like_a_mask_is_reported(key):
    space = spaces.Dict({"view": spaces.Box(0, 1, (1,)), key: spaces.MultiBinary(2)})
    look = lambda self: {a: {"view": np.zeros(1), key: np.array([1, 0], np.int8)} for a in self.possible_agents}  # noqa: E731
    with pytest.warns(UserWarning, match=f"entry '{key}', which is not read as a mask"):
        make(changed(space=space, look=look))


def test_a_mask_of_another_length_is_reported_and_anothers_mask_is_not_ones_own():
    wrong = spaces.Dict({"view": spaces.Box(0, 1, (1,)), "avail_actions": spaces.MultiBinary(3)})
    look = lambda self: {a: {"view": np.zeros(1), "avail_actions": np.ones(3, np.int8)} for a in self.possible_agents}  # noqa: E731
    with pytest.warns(UserWarning, match="entry 'avail_actions', which is not read"):
        make(changed(space=wrong, look=look))
    theirs = spaces.Dict({"view": spaces.Box(0, 1, (1,)), "other": spaces.Dict({"action_mask": spaces.MultiBinary(2)})})
    answer = {"view": np.zeros(1), "other": {"action_mask": np.array([0, 1], np.int8)}}
    look = lambda self: dict.fromkeys(self.possible_agents, answer)  # noqa: E731
    assert free(make(changed(space=theirs, look=look))) == [2, 2]


@pytest.mark.parametrize(("name", "method"), [
    ("get_valid_actions", lambda self, agent: [0]), ("valid_action_mask", lambda self: [1, 0]),
    ("get_legal_actions", lambda self, agent: [0]),
])  # fmt: skip
def test_a_method_that_sounds_like_masks_is_reported(name, method):
    with pytest.warns(UserWarning, match=rf"plain has {name}\(\), which is not read as masks"):
        make(changed(**{name: method}))


@pytest.mark.parametrize("name", [
    "is_valid_action", "surround_mask", "validate_actions", "_legal_moves", "n_actions", "invalid_moves", "removed_mask",
    "count_illegal_actions", "visibility_mask",
])  # fmt: skip
def test_other_methods_and_attributes_are_not(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(changed(**{name: lambda self, agent: [0]}))
        make(changed(**{name: [0]}))
        make(changed(valid_actions=True, penalty_valid_move=-1.0))


def test_an_entry_of_another_length_may_be_called_a_mask():
    space = spaces.Dict({"view": spaces.Box(0, 1, (1,)), "entity_mask": spaces.MultiBinary(7)})
    look = lambda self: {a: {"view": np.zeros(1), "entity_mask": np.ones(7, np.int8)} for a in self.possible_agents}  # noqa: E731
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(changed(space=space, look=look))


@pytest.mark.parametrize("fails", [True, False])
def test_at_the_end_no_mask_is_needed(fails):
    """It is known only of those who play on."""
    of_those = lambda self, agent: {a: [1, 0] for a in self.agents}[agent]  # noqa: E731
    if not fails:
        of_those = lambda self, agent: [1, 0] if agent in self.agents else None  # noqa: E731
    game = make(changed(action_mask=of_those))
    state = game.reset(1, torch.Generator())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(5):
            step = game.step(state, torch.zeros(1, 2, dtype=torch.long), torch.Generator())
            state = step.state
    assert bool(step.truncated)


def test_who_leaves_late_is_seen_in_a_trial_of_a_whole_episode():
    assert make(mortal({"bob": 130}, max_cycles=200)).masked


# --- Gymnasium -------------------------------------------------------------------------------------------------------


class Tuples(Env):
    """Two agents, five steps; agent 1 alone has a choice."""

    observation_space = spaces.Tuple([spaces.Box(0, 1, (1,))] * 2)
    action_space = spaces.Tuple([spaces.Discrete(3)] * 2)
    max_steps, over_at = 5, None
    turn = 1

    def reset(self, seed=None, options=None):
        self.steps = 0
        return (np.zeros(1), np.zeros(1)), {}

    def step(self, actions):
        self.steps += 1
        flags = {"agent_0": False, "agent_1": False, "__all__": self.over_at is not None and self.steps >= self.over_at}
        return (np.zeros(1), np.zeros(1)), (1.0, 1.0), flags, self.steps == self.max_steps, {}


def test_methods_are_asked_by_number():
    by_number = lambda self, agent_id: [1, 1, 1] if agent_id == self.turn else [1, 0, 0]  # noqa: E731
    assert free(from_gymnasium_env(type("T", (Tuples,), {"get_avail_agent_actions": by_number}), ["agent_0"])) == [1, 3]
    of_all = lambda self: {0: [1, 0, 0], 1: [1, 1, 1]}  # noqa: E731
    assert free(from_gymnasium_env(type("T", (Tuples,), {"action_masks": of_all}), ["agent_0"])) == [1, 3]
    of_others = lambda self: {"x": [1, 0, 0], "y": [1, 1, 1]}  # noqa: E731
    with pytest.raises(ValueError, match=r"gives a dict of \['x', 'y'\], and the agents are"):
        from_gymnasium_env(type("T", (Tuples,), {"action_masks": of_others}), ["agent_0"])


def test_a_flag_of_all_ends_an_episode_for_all():
    game = from_gymnasium_env(type("T", (Tuples,), {"over_at": 3}), ["agent_0"])
    state, told = game.reset(1, torch.Generator()), []
    for _ in range(3):
        step = game.step(state, torch.zeros(1, 2, dtype=torch.long), torch.Generator())
        state = step.state
        told.append((bool(step.terminated), bool(step.truncated)))
    assert told == [(False, False), (False, False), (True, False)]


def test_a_function_with_arguments_is_explained_here_too():
    with pytest.raises(TypeError, match="called without arguments"):
        from_gymnasium_env(lambda size: Tuples(), ["agent_0"])


# --- Ends of those who may return ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dies_at", "cut"), [(3, False), (2, True)])
def test_who_is_terminated_at_the_end_has_no_future_and_who_was_away_might_have_returned(dies_at, cut):
    """Ann is terminated, Bob is cut short at step 3."""
    game = make(mortal({"ann": dies_at}, max_cycles=3), returning=True)
    state = game.reset(1, torch.Generator())
    for _ in range(3):
        step = game.step(state, torch.zeros(1, 2, dtype=torch.long), torch.Generator())
        state = step.state
    assert (bool(step.terminated), bool(step.truncated)) == (not cut, cut)


@pytest.mark.parametrize("returning", [True, False])
def test_own_ends_of_those_who_may_return(returning):
    """Ann is terminated and Bob cut short at the last step: nothing follows for her, and nothing is to be said."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        game = make(mortal({"ann": 1}, max_cycles=1), ["ann", "bob"], shared_reward=False, returning=returning)
        step = game.step(game.reset(1, torch.Generator()), torch.zeros(1, 2, dtype=torch.long), torch.Generator())
    assert (step.gone.tolist(), bool(step.terminated), bool(step.truncated)) == ([[True, False]], False, True)


def test_who_was_terminated_has_no_future_where_the_horizon_cuts():
    game = make(mortal({"ann": 1}), ["ann", "bob"], shared_reward=False, horizon=2)
    state = game.reset(1, torch.Generator())
    for _ in range(2):
        step = game.step(state, torch.zeros(1, 2, dtype=torch.long), torch.Generator())
        state = step.state
    assert step.gone.tolist() == [[True, False]]


# --- Arguments, and other games --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("options", "error", "words"), [
    ({"shared_reward": "False"}, TypeError, "shared_reward must be True or False; got 'False'"),
    ({"returning": "no"}, TypeError, "returning must be True or False"), ({"masks": "no"}, TypeError, "masks must be"),
    ({"targets": [["ann"]]}, TypeError, "targets must be a list of agents' names"),
    ({"targets": [0, "ann"], "externals": [0, "ann", "bob"]}, ValueError, "unknown agent 0"),
    ({"targets": ["ann"], "externals": ["ann", "bob"]}, ValueError, "both target and external"),
    ({"env": changed(possible_agents=["ann", "ann", "bob"])}, ValueError, "lists an agent twice"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(options, error, words):
    with pytest.raises(error, match=words):
        make(**options)


def test_an_undiscounted_endless_game_is_reported():
    with pytest.warns(UserWarning, match="with gamma 1"):
        make(gamma=1.0)


SHARED = {"inner": Plain(), "list": [Plain()], "method": Plain().step}


@pytest.mark.parametrize(
    "held", [{"parts": {"main": SHARED["inner"]}}, {"parts": SHARED["list"]}, {"play": SHARED["method"]}]
)
def test_shared_environments_are_found_in_dicts_lists_and_methods(held):
    def make_env():
        env = Plain()
        vars(env).update(held)
        return env

    game = make(make_env)
    with pytest.raises(ValueError, match="the same environment twice"):
        game.reset(2, torch.Generator())


class World:
    """A simulator that is no environment: it has neither `step` nor `reset`."""

    def __init__(self):
        self.time = 0


@pytest.mark.parametrize("shared", [True, False])
def test_a_shared_simulator_is_reported(shared):
    world = World()

    class Simulated(Plain):
        def __init__(self):
            self.world = world if shared else World()
            self.rules = RULES  # the same for all, and never changed

        def reset(self, seed=None, options=None):
            self.world.time += 1
            return super().reset(seed, options)

    game = make(Simulated)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        game.reset(2, torch.Generator())
    assert [str(w.message).split(", which")[0] for w in told] == (
        ["the environments that make_env returns share ['world']"] if shared else []
    )


RULES = World()


@pytest.fixture(scope="module")
def trained():
    game = make(Plain, ["ann", "bob"])
    return last(offline_training(game, None, TINY)).state


@pytest.mark.parametrize("other", [
    {"targets": ["ann"]}, {"targets": ["bob", "ann"]}, {"env": changed(possible_agents=["x", "y"]), "targets": ["x", "y"]},
    {"env": changed(space=spaces.Box(0, 9, (1,)), scale=9.0), "targets": ["ann", "bob"]},
    {"env": changed(space=spaces.Box(0, 1, (2,)), look=lambda self: dict.fromkeys(self.possible_agents, np.zeros(2))),
     "targets": ["ann", "bob"]},
])  # fmt: skip
def test_a_team_plays_in_games_like_its_own_only(trained, other, tmp_path):
    game = make(**other)
    with pytest.raises(ValueError, match="the team was trained in another 'plain'"):
        next(execution(trained, game, None))
    save(tmp_path / "team.pt", trained)
    with pytest.raises(ValueError, match="was trained on another 'plain'"):
        load(tmp_path / "team.pt", game)


@pytest.mark.parametrize("episodes", [0, -1])
def test_no_episodes_are_refused(trained, episodes):
    with pytest.raises(ValueError, match="episodes must be a whole number, at least 1"):
        next(execution(trained, trained.game, None, episodes))


@pytest.mark.parametrize("options", [
    {"targets": np.array(["ann", "bob"])}, {"env": changed(possible_agents=np.array(["ann", "bob"]))},
    {"name": np.str_("plain")}, {"shared_reward": np.bool_(False)}, {"masks": np.bool_(True)}, {"gamma": np.float32(0.9)},
])  # fmt: skip
def test_what_was_saved_can_be_read(options, tmp_path):
    options = {"targets": ["ann", "bob"]} | options
    game = make(**options)
    save(tmp_path / "team.pt", last(offline_training(game, None, TINY)).state)
    assert load(tmp_path / "team.pt", game).updates == 1


def test_policies_need_not_answer_where_nobody_is():
    """Bob leaves after two steps; his policy divides by what he sees."""
    look = lambda self: {a: np.full(1, 0.5) for a in self.possible_agents}  # noqa: E731
    policy = lambda seen: torch.cat([0.5 * seen[:, :1], 0.5 * seen[:, :1]], 1) / seen[:, :1].square() / 2  # noqa: E731
    game = make(mortal({"bob": 2}, look=look))
    state = last(offline_training(game, from_policies(game, train=[policy]), TINY)).state
    assert state.updates == 1
