"""Environments with other faces than PettingZoo's parallel one: games in turns, and Gymnasium's tuples of agents."""

import warnings
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from pettingzoo.utils.conversions import turn_based_aec_to_parallel

import micra_lite
from helpers.played import generator
from micra_lite.interop.from_gymnasium import TupleEnv, from_gymnasium_env
from micra_lite.interop.from_pettingzoo import from_parallel_env
from micra_lite.phases import execution, offline_training, online_adaptation
from micra_lite.rollouts import watch
from micra_lite.settings import Settings
from micra_lite.training_state import last

TINY = Settings(
    updates=3, updates_per_round=2, externals_per_round=2, episodes_per_external=6, support_episodes=(1, 2),
    query_episodes=2, rounds_kept=2, unwatched_externals=1, externals_per_update=3, states=16, states_per_external=8,
    features=16, hidden=16, actor_hidden=16, rank=8, imitator_hidden=8, probes=4, inner_steps=2, adaptation_updates=2,
    adaptation_states=8,
)  # fmt: skip


def strangers(game):
    """Externals with a bias for low or for high actions, whatever they see: two to train with, one to meet."""

    def biased(sign):
        def policy(seen):
            seen = seen if isinstance(seen, list) else [seen]
            counts = [game.n_actions[e] for e in game.external_axes]
            found = [
                (sign * torch.arange(a) / a).softmax(0).expand(len(s), a) for s, a in zip(seen, counts, strict=True)
            ]
            return found if len(found) > 1 else found[0]

        return policy

    return micra_lite.from_policies(game, train=[biased(-1.0), biased(1.0)], held_out=[biased(3.0)])


def all_three_phases(game, settings=TINY):
    """Train, watch, adapt in each of the ways, execute: the records of two episodes of execution."""
    family = strangers(game)
    state = last(offline_training(game, family, settings)).state
    stranger = family.split("held-out")[0]
    watched = watch(state, stranger, 2)
    for after in ("nothing", "actors", "actors and critic"):
        adapted = last(online_adaptation(state, watched, replace(settings, after_imitation=after))).state
    records = list(execution(adapted, game, stranger, episodes=2))
    assert all(torch.isfinite(r.rewards).all() for r in records)
    return records


# --- In turns --------------------------------------------------------------------------------------------------------

TURNS = {"tictactoe_v3": 9, "leduc_holdem_v4": 8}  # the longest episode


def in_turns(name):
    pytest.importorskip("rlcard" if "holdem" in name else "pygame")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of PettingZoo: there is a registry now
        module = pytest.importorskip(f"pettingzoo.classic.{name}")
    return lambda: turn_based_aec_to_parallel(module.env())


@pytest.mark.parametrize("name", TURNS)
@pytest.mark.parametrize("target", [0, 1])
def test_all_three_phases_run_in_turns(name, target):
    """Whoever is the target; the one who does not move has one action and takes it, the mover takes what it may."""
    make_env = in_turns(name)
    game = from_parallel_env(make_env, targets=[make_env().possible_agents[target]], horizon=TURNS[name])
    records = all_three_phases(game)
    assert sum(r.over for r in records) == 2
    movers = []
    for r in records:
        free = [o[-n:] for o, n in zip(r.observations, game.n_actions, strict=True)]
        assert all(mask[action] == 1 for mask, action in zip(free, r.actions, strict=True))
        waiting = [j for j, mask in enumerate(free) if mask.tolist() == [1.0] + [0.0] * (len(mask) - 1)]
        movers += [j for j in range(2) if j not in waiting]
        assert waiting  # never two at once
        assert all(r.actions[j] == 0 for j in waiting)
        policy = r.policies[0]
        assert not policy[free[target] == 0].any()
        assert not r.regrets[0][free[target] == 0].any()
    assert set(movers) == {0, 1}


@pytest.mark.parametrize("name", TURNS)
def test_no_episode_in_turns_is_longer_than_its_horizon_and_what_one_wins_the_other_loses(name):
    make_env = in_turns(name)
    game = from_parallel_env(make_env, targets=make_env().possible_agents, horizon=30, shared_reward=False)
    g, B = generator(), 64
    state, paid, length = game.reset(B, g), torch.zeros(B, 2), torch.zeros(B)
    over = torch.zeros(B, dtype=torch.bool)
    while not over.all():
        free = game.available(game.observe(state))
        step = game.step(state, torch.cat([torch.multinomial(f, 1, generator=g) for f in free], 1), g)
        state, paid, length = step.state, paid + step.rewards, length + ~over
        over = step.terminated
        assert not step.truncated.any()
    assert length.max() <= TURNS[name]
    assert not paid.sum(1).any()
    assert paid.any()


# --- Gymnasium's tuples of agents --------------------------------------------------------------------------------------


class Scripted(gymnasium.Env):
    """Three agents of 2, 3 and 4 actions; agent j observes [j, step] and is paid 100 (j + 1) + 10 step + its action."""

    max_steps = 5

    def __init__(self, leaving=None, paid=list, **others):
        """`leaving`: agent j's own flag is set after step leaving[j]; others override what is returned."""
        self.leaving, self.paid, self.others, self.seeds, self.open = leaving, paid, others, [], True
        self.observation_space = spaces.Tuple([spaces.Box(0.0, 9.0, (2,))] * 3)
        self.action_space = spaces.Tuple([spaces.Discrete(2 + j) for j in range(3)])

    def look(self):
        return tuple(np.array([j, self.t], np.float32) for j in range(3))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t, self.seeds = 0, [*self.seeds, seed]
        return self.others.get("reset", (self.look(), self.others.get("info", {})))

    def step(self, actions):
        assert self.action_space.contains(tuple(actions))
        self.t += 1
        rewards = self.paid([100.0 * (j + 1) + 10.0 * self.t + a for j, a in enumerate(actions)])
        over = [t <= self.t for t in self.leaving] if self.leaving else False
        return self.look(), rewards, over, self.t == 5, self.others.get("info", {})

    def close(self):
        self.open = False


@pytest.mark.parametrize("paid", [list, tuple, np.array, min])
def test_tuples_become_agents_with_their_spaces_rewards_and_ends(paid):
    """Against the script; the reward may be a list, a tuple, an array, or one number that all are paid."""
    game = from_gymnasium_env(lambda: Scripted(paid=paid), ["agent_2", "agent_0"], shared_reward=False, masks=False)
    assert (game.agents, game.externals) == (("agent_0", "agent_1", "agent_2"), ("agent_1",))
    assert (game.n_actions, game.observation_sizes, game.horizon) == ((2, 3, 4), (2, 2, 2), 5)
    assert game.name == "Scripted"
    g = generator()
    state = game.reset(2, g)
    for t in range(1, 6):
        assert [o.tolist() for o in game.observe(state)] == [[[j, t - 1]] * 2 for j in range(3)]
        actions = torch.tensor([[1, 2, 3], [0, 1, 2]])
        step = game.step(state, actions, g)
        own = torch.tensor([100.0, 200.0, 300.0]) + 10 * t + actions
        torch.testing.assert_close(step.rewards, own.amin(1, keepdim=True).expand(2, 3) if paid is min else own)
        assert step.truncated.tolist() == [t == 5] * 2
        assert not step.terminated.any()
        state = step.state


@pytest.mark.filterwarnings("ignore:.*did not take part")  # it is paid all the same
def test_flags_of_its_own_make_an_agent_leave():
    """It is given its first action then, and is paid nothing; the episode is over when no target is left."""
    game = from_gymnasium_env(lambda: Scripted(leaving=[2, 3, 1]), ["agent_0", "agent_1"], shared_reward=False)
    g = generator()
    state = game.reset(1, g)
    for t in range(1, 4):
        there = [t <= leaves for leaves in (2, 3, 1)]
        free = [f[0].tolist() for f in game.available(game.observe(state))]
        assert free == [
            [1.0] * a if here else [1.0] + [0.0] * (a - 1) for a, here in zip((2, 3, 4), there, strict=True)
        ]
        step = game.step(state, torch.tensor([[int(here) for here in there]]), g)
        wanted = [100.0 * (j + 1) + 10 * t + 1 if here else 0.0 for j, here in enumerate(there)]
        assert step.rewards[0].tolist() == wanted
        assert step.terminated.tolist() == [t == 3]
        state = step.state


@pytest.mark.parametrize("info", [
    {"action_mask": ([1, 0], [0, 1, 1], [0, 0, 0, 1])},
    {"avail_actions": np.array([[1.0, 0], [0, 1, 1], [0, 0, 0, 1]], dtype=object), "else": 3},
    [{"action_mask": [1, 0]}, {"legal_moves": [1, 2]}, {"action_mask": np.array([0, 0, 0, 1])}],
    {"agent_0": {"action_mask": [1, 0]}, "agent_1": {"legal_moves": [1, 2]}, "agent_2": {"action_mask": [0, 0, 0, 1]}},
    {0: {"action_mask": [1, 0]}, 1: {"legal_moves": [1, 2]}, 2: {"action_mask": [0, 0, 0, 1]}, "episode": 3},
    {"action_mask": {"agent_0": [1, 0], "agent_1": [0, 1, 1], "agent_2": [0, 0, 0, 1]}},
])  # fmt: skip
def test_masks_are_found_in_info(info):
    game = from_gymnasium_env(lambda: Scripted(info=info), ["agent_0"])
    state = game.reset(1, generator())
    assert [f[0].tolist() for f in game.available(game.observe(state))] == [[1, 0], [0, 1, 1], [0, 0, 0, 1]]


class Telling(Scripted):
    """As in SMAC: by a method inside a wrapper, which takes a number or gives all."""

    def __init__(self, **methods):
        super().__init__()
        for name, method in methods.items():
            setattr(self, name, method)


OWN = [[1, 0], [0, 1, 1], [0, 0, 0, 1]]


@pytest.mark.parametrize("methods", [
    {"action_masks": lambda: OWN}, {"get_avail_actions": lambda: OWN}, {"get_avail_agent_actions": lambda agent_id: OWN[agent_id]},
    {"action_masks": OWN},
], ids=["all at once", "available", "one by one", "attribute"])  # fmt: skip
def test_masks_are_told_by_methods(methods):
    game = from_gymnasium_env(lambda: gymnasium.Wrapper(Telling(**methods)), ["agent_0"])
    assert [f[0].tolist() for f in game.available(game.observe(game.reset(1, generator())))] == OWN


def test_a_mask_by_another_name_is_told():
    with pytest.warns(UserWarning, match="an info has 'move_mask', which is not read as a mask"):
        from_gymnasium_env(lambda: Scripted(info={"move_mask": OWN}), ["agent_0"])


def test_whether_there_are_masks_is_decided_by_what_is_given():
    assert not from_gymnasium_env(Scripted, ["agent_0"]).masked
    assert from_gymnasium_env(Scripted, ["agent_0"], masks=True).masked
    assert from_gymnasium_env(lambda: Scripted(info={"action_mask": OWN}), ["agent_0"]).masked


class Resting(Scripted):
    """Agent 0's own flag is set after steps 1 and 2 only; the reward is one for all."""

    def step(self, actions):
        seen, _, _, cut, info = super().step(actions)
        return seen, 1.0, [self.t in (1, 2), False, False], cut, info


@pytest.mark.parametrize("returning", [False, True])
def test_a_flagged_agent_comes_back_if_one_says_so(returning):
    target = "agent_0" if returning else "agent_1"
    game = from_gymnasium_env(Resting, [target], returning=returning)
    g, there = generator(), []
    state = game.reset(1, g)
    for _ in range(4):
        step = game.step(state, torch.zeros(1, 3, dtype=torch.long), g)
        state = step.state
        there.append(bool(game.available(game.observe(state))[0].all()))
        assert not (step.terminated | step.truncated).any()
    assert there == [False, False, returning, returning]


def test_rewards_may_be_a_dict_and_must_be_numbers():
    def play(paid):
        game = from_gymnasium_env(lambda: Scripted(paid=paid), ["agent_0"], shared_reward=False)
        return game.step(game.reset(1, generator()), torch.zeros(1, 3, dtype=torch.long), generator()).rewards.tolist()

    assert play(lambda paid: {f"agent_{j}": own for j, own in enumerate(paid)}) == [[110, 210, 310]]
    assert play(lambda paid: dict(enumerate(paid))) == [[110, 210, 310]]
    assert play(lambda paid: np.array(paid)[:, None]) == [[110, 210, 310]]
    with pytest.raises(ValueError, match=r"rewards is a dict without \['agent_1', 'agent_2'\]; it has \['agent_0'\]"):
        play(lambda paid: {"agent_0": 1.0})
    for wrong in (1j, None, [[1.0, 2.0]] * 3):
        with pytest.raises(ValueError, match="Scripted: the reward of 'agent_0' must be a number; it is"):
            play(lambda paid, wrong=wrong: wrong)


def test_every_row_has_its_own_environment_seeded_by_the_generator():
    made = []

    def make_env():
        made.append(Scripted())
        return made[-1]

    game = from_gymnasium_env(make_env, ["agent_0"])
    game.reset(2, generator(3))
    game.reset(2, generator(3))
    assert len(made) == 2
    assert [env.seeds[-1] for env in made] == [env.seeds[-2] for env in made]
    assert made[0].seeds[-1] != made[1].seeds[-1]
    game.close()
    assert not any(env.open for env in made)


class Single(Scripted):
    def __init__(self):
        super().__init__()
        self.action_space = spaces.Discrete(2)


class OneView(Scripted):
    def __init__(self):
        super().__init__()
        self.observation_space = spaces.Box(0.0, 1.0, (3, 2))


class TwoViews(Scripted):
    def __init__(self):
        super().__init__()
        self.observation_space = spaces.Tuple([spaces.Box(0.0, 1.0, (2,))] * 2)


@pytest.mark.parametrize(("make_env", "error", "words"), [
    (Single, TypeError, "one agent's"),
    (OneView, TypeError, "must be a Tuple too"),
    (TwoViews, ValueError, "2 observation spaces and 3 action spaces"),
    (Scripted(), TypeError, "must be a function"),
    (lambda: gymnasium.make_vec("CartPole-v1", 2), TypeError, "many environments at once"),
    (lambda: gymnasium.make("CartPole-v1"), TypeError, "one agent's"),
    (lambda: micra_lite.to_parallel_env(micra_lite.make("pursuit")), TypeError, "use micra_lite.from_parallel_env"),
    (lambda: 3, TypeError, "must return a gymnasium.Env"),
    (lambda: Scripted(paid=lambda r: r[:2]), ValueError, "rewards must be 3, one for each agent; got 2"),
    (lambda: Scripted(leaving=[1, 2]), ValueError, "terminated must be 3"),
    (lambda: Scripted(info={"action_mask": [1, 0]}), ValueError, "action_mask must be 3"),
    (lambda: Scripted(info=None), ValueError, "info must be a dict"),
    (lambda: Scripted(reset=[np.zeros(2)] * 3), ValueError, "reset must return observations, info; got list"),
    (lambda: Scripted(reset=((np.zeros(2),), {})), ValueError, "observations must be 3"),
])  # fmt: skip
def test_what_is_no_environment_of_several_agents_is_refused(make_env, error, words):
    def one_step():
        game = from_gymnasium_env(make_env, ["agent_0"])
        game.step(game.reset(1, generator()), torch.zeros(1, 3, dtype=torch.long), generator())

    with pytest.raises(error, match=words):
        one_step()


@pytest.mark.parametrize(("package", "name", "actions", "length"), [
    ("lbforaging", "lbforaging:Foraging-5x5-2p-1f-coop-v3", 6, 50), ("rware", "rware:rware-tiny-2ag-v2", 5, 500),
])  # fmt: skip
def test_all_three_phases_run_in_others_environments(package, name, actions, length):
    """Their own length is read, and cut here, to be quick. Nothing warns."""
    pytest.importorskip(package)

    def make_env():
        return gymnasium.make(name, disable_env_checker=True)

    game = from_gymnasium_env(make_env, ["agent_0"])
    assert (game.horizon, game.n_actions) == (length, (actions, actions))
    assert len(all_three_phases(from_gymnasium_env(make_env, ["agent_0"], horizon=10))) == 20


@pytest.mark.parametrize(("package", "name"), [
    ("lbforaging", "lbforaging:Foraging-5x5-2p-1f-coop-v3"), ("rware", "rware:rware-tiny-2ag-v2"),
])  # fmt: skip
def test_a_game_plays_as_the_environment_by_itself(package, name):
    """The same seeds and actions: the same observations and rewards, step by step."""
    pytest.importorskip(package)
    bare = gymnasium.make(name, disable_env_checker=True)
    game = from_gymnasium_env(
        lambda: gymnasium.make(name, disable_env_checker=True), ["agent_0"], shared_reward=False, masks=False
    )
    g, actions_g = generator(5), generator(6)
    seed = int(torch.randint(2**31 - 1, (1,), generator=generator(5)))
    state, (seen, _) = game.reset(1, g), bare.reset(seed=seed)
    for _ in range(40):
        for own, theirs in zip(game.observe(state), seen, strict=True):
            np.testing.assert_array_equal(own[0].numpy(), theirs)
        actions = torch.randint(5, (1, 2), generator=actions_g)
        step, (seen, paid, over, cut, _) = game.step(state, actions, g), bare.step(actions[0].tolist())
        assert step.rewards[0].tolist() == pytest.approx(paid)
        assert bool(step.terminated) == over
        assert bool(step.truncated) == cut
        state = step.state


def test_tuple_env_passes_pettingzoos_own_test():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pettingzoo.test import parallel_api_test

        parallel_api_test(TupleEnv(Scripted()), num_cycles=50)
