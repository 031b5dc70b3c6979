"""Both directions of the PettingZoo adapter, the runners of simple_tag, and the pictures.

The oracles are independent of the adapter: the games' own `outcomes`, environments stepped by hand, and a
scripted environment whose every number follows from its timetable.
"""

import gc
import warnings

import numpy as np
import pytest
import torch
from gymnasium import spaces
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pettingzoo import AECEnv, ParallelEnv

from micra_lite.exact import tabulate
from micra_lite.game import Game
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.interop.from_pettingzoo import from_parallel_env
from micra_lite.interop.simple_tag import RunnerFamily, simple_tag
from micra_lite.interop.to_pettingzoo import to_parallel_env
from micra_lite.plotting.games import picture
from micra_lite.registry import external_family, make

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # PettingZoo's tests import its old way of making Connect Four
    from pettingzoo.test import parallel_api_test, parallel_seed_test


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# --- Our games as ParallelEnv --------------------------------------------------------------------------

GAMES = [
    ("pursuit", {}), ("pursuit", {"size": 4, "hunters": 3}), ("rendezvous", {}), ("gates", {}), ("crossing", {}),
    ("rectangular", {}), ("odd_one_out", {}), ("three_sites", {}), ("climbing", {}),
    ("bystander", {}), ("weather", {}), ("pursuit", {"view": 1}), ("rendezvous", {"view": 1}), ("gates", {"view": 1}),
    ("crossing", {"view": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), GAMES)
@pytest.mark.parametrize("scripted", [False, True])
def test_passes_pettingzoos_own_tests(name, options, scripted, capsys):
    game = make(name, **options)
    externals = external_family(name, game).sample(0, 3) if scripted else None
    parallel_api_test(to_parallel_env(game, externals=externals), num_cycles=60)
    assert "Passed Parallel API test" in capsys.readouterr().out
    parallel_seed_test(lambda: to_parallel_env(game, externals=externals), num_cycles=60)


def random_play(env, steps, seed):
    """Play random actions; yields (observations before, actions, what step returned)."""
    rng = np.random.default_rng(seed)
    seen, _ = env.reset(seed=seed)
    for _ in range(steps):
        actions = {a: int(rng.integers(env.action_space(a).n)) for a in env.agents}
        after = env.step(actions)
        yield seen, actions, after
        seen = after[0] if env.agents else env.reset()[0]


def surprise(p, happened):
    """z-score of what happened, given the probabilities p (N, K) and the outcomes taken (N,)."""
    p, hit = np.asarray(p), np.eye(np.shape(p)[1])[happened]
    variance = (p * (1 - p)).sum(0)
    return ((hit - p).sum(0) / np.sqrt(variance.clip(1e-12)))[variance > 1]


def check_transitions(game, states, actions, next_states, rewards):
    """Every transition is one of the game's outcomes, at its reward; frequencies fit the probabilities."""
    o = game.outcomes(states, actions)
    assert torch.equal(o.rewards, rewards)
    same = (o.state == next_states[:, None]).all(-1)  # (N, K)
    assert ((same * o.probability).sum(1) > 0).all()
    first = (o.state[:, None] == o.state[:, :, None]).all(-1).int().argmax(-1)  # (N, K): where the same state is listed
    p = torch.zeros_like(o.probability, dtype=torch.float64).scatter_add_(1, first, o.probability.double())
    z = surprise(p, same.int().argmax(1))
    assert len(z)
    assert np.abs(z).max() < 4.5


def cells_of(observation, cells=9):
    """Where three agents are: the first indicators of what a board game shows."""
    return observation[..., : 3 * cells].reshape(*observation.shape[:-1], 3, cells).argmax(-1)


@pytest.mark.parametrize("name", ["pursuit", "rendezvous", "gates", "crossing", "bystander"])
def test_the_face_agrees_with_outcomes(name):
    game = make(name)
    rows = []
    for seen, actions, (after, paid, terminated, _, _) in random_play(to_parallel_env(game), 1500, 3):
        assert not any(terminated.values())
        before = [cells_of(seen[a], game.cells) for a in game.agents]
        assert all((b == before[0]).all() for b in before)
        after_cells = cells_of(after[game.agents[-1]], game.cells)
        rows.append((before[0], [actions[a] for a in game.agents], after_cells, list(paid.values())))
    states, actions, next_states, rewards = (torch.tensor(np.array(column)) for column in zip(*rows, strict=True))
    check_transitions(game, states, actions, next_states, rewards.float())


@pytest.mark.parametrize("name", MATRIX_GAMES)
def test_matrix_games_pay_their_table_and_end(name):
    game = make(name)
    env = to_parallel_env(game)
    for _, actions, (seen, paid, terminated, truncated, _) in random_play(env, 20, 1):
        assert list(paid.values()) == game.payoffs[tuple(actions[a] for a in game.agents)].tolist()
        assert all(terminated.values())
        assert not any(truncated.values())
        assert set(seen) == set(game.agents)
    assert [env.action_space(a).n for a in game.agents] == list(game.n_actions)


def test_truncated_at_the_horizon_and_not_before():
    env = to_parallel_env(make("pursuit"))
    env.reset(seed=0)
    for t in range(1, 26):
        assert env.agents == env.possible_agents
        _, _, terminated, truncated, _ = env.step(dict.fromkeys(env.agents, 0))
        assert not any(terminated.values())
        assert all(truncated.values()) == any(truncated.values()) == (t == 25)
    assert env.agents == []
    with pytest.raises(RuntimeError, match="reset"):
        env.step({})


def test_seeds_spaces_and_state():
    env, twin = to_parallel_env(make("pursuit")), to_parallel_env(make("pursuit"))
    starts = [tuple(env.reset(seed=s)[0]["prey"]) for s in range(20)]
    assert starts == [tuple(twin.reset(seed=s)[0]["prey"]) for s in range(20)]
    assert len(set(starts)) > 10
    free = [tuple(e.reset()[0]["prey"]) for e in (to_parallel_env(make("pursuit", size=6)) for _ in range(5))]
    assert len(set(free)) > 1  # without a seed, episodes of fresh environments differ
    seen, _ = env.reset(seed=0)
    assert all(env.observation_space(a).contains(seen[a]) for a in env.agents)
    assert np.array_equal(env.state(), np.concatenate(list(seen.values())))
    assert env.state_space.contains(env.state())
    seen["prey"][:] = 7.0
    assert env.state().max() == 1.0  # what is handed out is a copy


def test_scripted_externals_play_their_policies():
    game = make("pursuit")
    externals = external_family("pursuit").sample(5, 2)
    env = to_parallel_env(game, externals=externals)
    assert env.possible_agents == list(game.targets)
    landed, predicted = [], []
    for k in (0, 1):
        for seed in range(300):
            seen, _ = env.reset(seed=seed, options={"external": k})
            o = torch.tensor(seen["hunter_1"])[None]
            policy = externals.policies(torch.tensor([k]), [o])[0][0]  # (5,)
            cells = cells_of(seen["hunter_1"])
            after, paid, *_ = env.step(dict.fromkeys(env.agents, 0))
            if paid["hunter_1"] == 0:  # else the prey is somewhere new
                free = [0.0 if game.landing[cells[2], a] in cells[:2] else float(policy[a]) for a in range(5)]
                p = np.zeros(9)
                np.add.at(p, game.landing[cells[2]].numpy(), np.array(free) / sum(free))
                predicted.append(p)
                landed.append(cells_of(after["hunter_1"])[2])
    z = surprise(predicted, landed)
    assert len(z) >= 5
    assert np.abs(z).max() < 4.5
    assert env.state().shape == env.state_space.shape == (3 * (27 + 75),)  # the scripted prey's view too


def test_every_scripted_external_gets_its_turn():
    externals = external_family("matching_pennies").sample(0, 4)
    env = to_parallel_env(make("matching_pennies"), externals=externals)
    drawn = []
    for seed in range(200):
        env.reset(seed=seed)
        drawn.append(int(env._k))
    assert np.bincount(drawn, minlength=4).min() > 25


def test_wrong_use_of_our_env_is_named():
    game = make("rectangular")
    with pytest.raises(TypeError, match=r"micra_lite\.make"):
        to_parallel_env("rectangular")
    with pytest.raises(ValueError, match="'human'"):
        to_parallel_env(game, render_mode="human")
    with pytest.raises(ValueError, match="none"):
        to_parallel_env(game, externals=external_family("rectangular").sample(0, 1)[:0])
    env = to_parallel_env(game)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="'column'"):
        env.step({"row": 0})
    with pytest.raises(ValueError, match="2 is no action of 'row'"):
        env.step({"row": 2, "column": 0})
    with pytest.raises(ValueError, match="rgb_array"):
        env.render()


@pytest.mark.parametrize(("name", "options"), GAMES)
def test_pictures(name, options):
    game = make(name, **options)
    env = to_parallel_env(game, render_mode="rgb_array")
    env.reset(seed=0)
    picture = env.render()
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 10
    assert np.array_equal(picture, env.render())
    if name == "pursuit":
        env.reset(seed=1)
        assert not np.array_equal(picture, env.render())


# --- Any ParallelEnv as a game -------------------------------------------------------------------------


class Timetable(ParallelEnv):
    """Agent j leaves after step `plan[j][0]`: "terminated", "truncated", "both", or "removed" without a flag.

    It observes [step, j + 1, a number drawn at reset] and is paid 100 (j + 1) + 10 step + its action.
    """

    metadata = {"name": "timetable"}  # noqa: RUF012

    def __init__(self, plan, start=0):
        self.plan, self.opened, self.resets = plan, True, 0
        self.possible_agents = [f"agent_{j}" for j in range(len(plan))]
        self._actions = {a: spaces.Discrete(2 + j, start=start) for j, a in enumerate(self.possible_agents)}
        self._seen = {a: spaces.Box(-1e6, 1e6, (3, 1)) for a in self.possible_agents}

    def observation_space(self, agent):
        return self._seen[agent]

    def action_space(self, agent):
        return self._actions[agent]

    def reset(self, seed=None, options=None):
        self.agents, self.t, self.resets = self.possible_agents[:], 0, self.resets + 1
        self.luck = np.random.default_rng(seed).integers(1000)
        return self._look(self.agents), {a: {} for a in self.agents}

    def _look(self, agents):
        return {a: np.array([[self.t], [self._j(a) + 1], [self.luck]], np.float32) for a in agents}

    def _j(self, agent):
        return self.possible_agents.index(agent)

    def step(self, actions):
        assert set(actions) == set(self.agents)
        assert all(self._actions[a].contains(actions[a]) for a in actions)
        self.t += 1
        played = self.agents
        leaving = {a: self.plan[self._j(a)][1] for a in played if self.plan[self._j(a)][0] == self.t}
        self.agents = [a for a in played if a not in leaving]
        rewards = {a: 100.0 * (self._j(a) + 1) + 10.0 * self.t + actions[a] for a in played}
        terminated = {a: leaving.get(a) in ("terminated", "both") for a in played}
        truncated = {a: leaving.get(a) in ("truncated", "both") for a in played}
        return self._look(played), rewards, terminated, truncated, {a: {} for a in played}

    def close(self):
        self.opened = False


LEAVING = st.tuples(st.integers(1, 5), st.sampled_from(["terminated", "truncated", "both", "removed"]))


@st.composite
def plans(draw):
    """A timetable and the positions of the targets in it."""
    plan = draw(st.lists(LEAVING, min_size=2, max_size=4))
    return plan, sorted(draw(st.sets(st.integers(0, len(plan) - 1), min_size=1)))


@settings(max_examples=60, deadline=None)
@given(plans(), st.integers(0, 2), st.booleans())
@example(([(2, "terminated"), (2, "truncated")], [0]), 0, True)  # only the external was cut short
@example(([(1, "terminated"), (3, "both"), (3, "truncated")], [0, 1]), 0, True)
@example(([(1, "truncated"), (3, "truncated"), (5, "terminated")], [0, 1]), 1, False)
def test_early_leavers_follow_the_timetable(timetable, start, shared):
    """Who leaves, how, and when the episode is over; where both flags are set, the termination counts."""
    plan, targets = timetable
    n = len(plan)
    names = [f"agent_{j}" for j in range(n)]
    game = from_parallel_env(lambda: Timetable(plan, start), [names[j] for j in targets], shared_reward=shared)
    assert game.n_actions == tuple(2 + j for j in range(n))
    assert game.observation_sizes == (3,) * n
    g, actions_g = generator(1), generator(2)
    state = game.reset(2, g)
    luck = game.observe(state)[0][:, 2]
    end = min(max(plan[j][0] for j in targets), max(t for t, _ in plan))  # after which no target is left
    last = [how for j in targets for t, how in [plan[j]] if t == end]
    for t in range(1, end + 3):
        actions = torch.stack([torch.randint(2 + j, (2,), generator=actions_g) for j in range(n)], 1)
        before = state
        step = game.step(state, actions, g)
        state = step.state
        over = t >= end
        cut = over and "truncated" in last
        assert step.truncated.tolist() == [cut] * 2
        assert step.terminated.tolist() == [over and not cut] * 2
        if t > end:
            assert torch.equal(state, before)
            assert not step.rewards.any()
            continue
        own = torch.zeros(2, n)
        for j in range(n):
            if t <= plan[j][0]:
                own[:, j] = 100.0 * (j + 1) + 10.0 * t + start + actions[:, j]
        if shared:
            own[:, targets] = own[:, targets].mean(1, keepdim=True)
        torch.testing.assert_close(step.rewards, own)
        for j, seen in enumerate(game.observe(state)):
            here = t < plan[j][0] or (cut and t == plan[j][0] and plan[j][1] == "truncated")
            expected = torch.stack([torch.full((2,), float(t)), torch.full((2,), j + 1.0), luck], 1) * here
            assert torch.equal(seen, expected)
            assert (state[:, 3 * n + j] == here).all()


def by_hand(make_env, seeds, plays):
    """Play every row's environment without the adapter: observations and rewards, [row][step][agent]."""
    looks, pays = [], []
    for row, seed in enumerate(seeds):
        env = make_env()
        seen, _ = env.reset(seed=int(seed))
        look, pay = [seen], []
        for actions in plays[:, row]:
            seen, paid, *_ = env.step({a: int(actions[j]) for j, a in enumerate(env.possible_agents)})
            look.append(dict(seen))
            pay.append(dict(paid))
        env.close()
        looks.append(look)
        pays.append(pay)
    return looks, pays


@pytest.mark.parametrize("batch", [1, 4])
def test_simple_tag_is_mpe2_played_by_hand(batch):
    from mpe2 import simple_tag_v3

    game = simple_tag(max_cycles=6)
    assert game.name == "simple_tag"
    assert game.agents == ("adversary_0", "adversary_1", "adversary_2", "agent_0")
    assert (game.targets, game.externals) == (game.agents[:3], ("agent_0",))
    assert game.observation_sizes == (16, 16, 16, 14)
    assert game.n_actions == (5, 5, 5, 5)
    assert (game.horizon, game.full_view, game.shared_reward) == (6, False, True)
    seeds = torch.randint(2**31 - 1, (batch,), generator=generator(7))
    plays = torch.randint(5, (6, batch, 4), generator=generator(8))
    looks, pays = by_hand(simple_tag_v3.parallel_env, seeds, plays)
    g = generator(7)
    state = game.reset(batch, g)
    for t in range(7):
        for j, seen in enumerate(game.observe(state)):
            assert torch.equal(seen, torch.tensor(np.stack([looks[b][t][game.agents[j]] for b in range(batch)])))
        if t < 6:
            step = game.step(state, plays[t], g)
            state = step.state
            expected = torch.tensor([[pays[b][t][a] for a in game.agents] for b in range(batch)]).float()
            torch.testing.assert_close(step.rewards, expected)
            assert step.truncated.tolist() == [t == 5] * batch
            assert not step.terminated.any()
    game.close()


def test_round_trip_of_pursuit():
    original = make("pursuit")
    game = from_parallel_env(lambda: to_parallel_env(make("pursuit")), targets=original.targets)
    assert isinstance(game, Game)
    assert (game.agents, game.targets, game.externals) == (
        original.agents,
        original.targets,
        original.externals,
    )
    assert (game.n_actions, game.horizon) == (original.n_actions, original.horizon)
    g, columns = generator(4), []
    for _ in range(3):
        state = game.reset(32, g)
        for t in range(25):
            actions = torch.randint(5, (32, 3), generator=g)
            step = game.step(state, actions, g)
            before, after = (cells_of(game.observe(s)[2]) for s in (state, step.state))
            columns.append((before, actions, after, step.rewards))
            assert step.truncated.all() == step.truncated.any() == (t == 24)
            state = step.state
    check_transitions(original, *(torch.cat(c) for c in zip(*columns, strict=True)))


def test_starts_of_the_round_trip_are_as_in_the_original():
    game = from_parallel_env(lambda: to_parallel_env(make("pursuit", size=2)), ["hunter_1", "hunter_2"])
    states, p = make("pursuit", size=2).starts()
    seen = cells_of(game.observe(game.reset(400, generator()))[0], 4)
    number = make("pursuit", size=2).encode(seen)
    assert np.abs(surprise(p.double()[None].expand(400, -1), number)).max() < 4.5
    assert torch.equal(states[number], seen)


def episode(game, seed, batch=3, steps=5):
    g = generator(seed)
    state, out = game.reset(batch, g), []
    out.append(state)
    for _ in range(steps):
        actions = torch.stack([torch.randint(k, (batch,), generator=g) for k in game.n_actions], 1)
        step = game.step(state, actions, g)
        state = step.state
        out += [state, step.rewards]
    return out


def test_the_generators_seed_fixes_the_episodes():
    for build in (simple_tag, lambda: from_parallel_env(lambda: to_parallel_env(make("pursuit")), ["prey"])):
        game, twin = build(), build()
        first, other, fresh = episode(game, 1), episode(game, 2), episode(twin, 1)
        again = episode(game, 1)  # by environments that have played before
        assert all(map(torch.equal, first, again))
        assert all(map(torch.equal, first, fresh))
        assert not torch.equal(first[0], other[0])
        game.close()
        twin.close()


def test_observe_is_a_function_of_the_tensor_alone():
    game = from_parallel_env(lambda: Timetable([(3, "truncated")] * 3), ["agent_0"])
    kept = torch.cat([s for s in episode(game, 1, steps=2) if s.shape[1] > 3])  # (9, d) from several steps
    seen = [o.clone() for o in game.observe(kept)]
    game.reset(1, generator(5))
    game.close()
    for o, again in zip(seen, game.observe(kept), strict=True):
        assert torch.equal(o, again)
        assert o.dtype == torch.float32
    for o, row in zip(seen, game.observe(kept.reshape(3, 3, -1)), strict=True):
        assert torch.equal(o.reshape(3, 3, -1), row)
    for o, row in zip(seen, game.observe(kept[4]), strict=True):
        assert torch.equal(o[4], row)


def test_stepping_from_another_state_is_refused():
    game = from_parallel_env(lambda: Timetable([(9, "truncated")] * 2), ["agent_0"])
    g, actions = generator(), torch.zeros(2, 2, dtype=torch.long)
    with pytest.raises(ValueError, match="last"):
        game.step(torch.zeros(2, 9), actions, g)
    state = game.reset(2, g)
    later = game.step(state.clone(), actions, g).state  # a copy is as good
    with pytest.raises(ValueError, match="last"):
        game.step(state, actions, g)
    with pytest.raises(ValueError, match="last"):
        game.step(later[:1], actions[:1], g)
    with pytest.raises(ValueError, match="3 is no action of 'agent_1', who has 3"):
        game.step(later, torch.tensor([[0, 0], [0, 3]]), g)
    with pytest.raises(ValueError, match="-1 is no action of 'agent_0'"):
        game.step(later, torch.tensor([[0, 0], [-1, 0]]), g)
    assert game.step(later, actions, g).state[0, -1] == 2  # refused steps have changed nothing


def test_environments_are_kept_and_closed():
    made = []

    def make_env():
        made.append(Timetable([(2, "truncated")] * 2))
        return made[-1]

    game = from_parallel_env(make_env, ["agent_0"])
    for batch in (3, 2, 3):
        game.reset(batch, generator())
    assert len(made) == 3
    game.close()
    assert not any(env.opened for env in made)
    game.reset(2, generator())
    assert len(made) == 5
    del game
    gc.collect()
    assert not any(env.opened for env in made)  # forgetting the game closes them too
    with pytest.raises(ValueError, match="nobody"):
        from_parallel_env(make_env, targets=["nobody"])
    assert not made[-1].opened


def test_who_is_target_and_who_external():
    def make_env():
        return Timetable([(2, "truncated")] * 3)

    game = from_parallel_env(make_env, ["agent_2", "agent_0"])
    assert (game.targets, game.externals) == (("agent_2", "agent_0"), ("agent_1",))
    with pytest.raises(ValueError, match="unknown agent 'agent_7'"):
        from_parallel_env(make_env, ["agent_0", "agent_7"])
    with pytest.raises(ValueError, match="both target and external"):
        from_parallel_env(make_env, ["agent_0"], ["agent_0", "agent_1", "agent_2"])
    with pytest.raises(ValueError, match=r"\['agent_2'\] are neither"):
        from_parallel_env(make_env, ["agent_0"], ["agent_1"])
    with pytest.raises(ValueError, match="at least one target"):
        from_parallel_env(make_env, [])
    assert from_parallel_env(make_env, ["agent_0"]).horizon == 25
    assert from_parallel_env(make_env, ["agent_0"], horizon=4, gamma=0.5, name="x").horizon == 4
    with pytest.raises(TypeError, match="cannot be tabulated"):
        tabulate(game)
    with pytest.raises(TypeError, match="no picture"):
        picture(game, game.reset(1, generator())[0])


def altered(**methods):
    """A `make_env` of a Timetable with some methods or attributes replaced."""
    return lambda: type("Altered", (Timetable,), methods)([(4, "terminated"), (4, "truncated")])


def test_observation_spaces_of_every_kind():
    kinds = {
        "agent_0": (spaces.Discrete(4, start=2), 3, [0, 1, 0, 0]),
        "agent_1": (spaces.Dict({"observation": spaces.Box(0, 9, (2, 2)), "extra": spaces.Discrete(2)}),
                    {"observation": np.array([[1, 2], [3, 4]]), "extra": 0}, [1, 2, 3, 4]),
    }  # fmt: skip
    make_env = altered(
        observation_space=lambda self, a: kinds[a][0],
        _look=lambda self, agents: {a: kinds[a][1] for a in agents},
    )
    game = from_parallel_env(make_env, ["agent_0"])
    assert game.observation_sizes == (4, 4)
    for (_, _, expected), seen in zip(kinds.values(), game.observe(game.reset(2, generator())), strict=True):
        assert seen.tolist() == [expected] * 2


def test_continuous_actions_are_refused_with_advice():
    with pytest.raises(TypeError, match=r"'adversary_0' has the action space Box.*continuous_actions=False"):
        simple_tag(continuous_actions=True)


def drop(part, agent="agent_1"):
    """A step whose `part`-th dict lacks an agent."""

    def step(self, actions):
        answer = Timetable.step(self, actions)
        del answer[part][agent]
        return answer

    return step


def with_(part, value):
    def step(self, actions):
        answer = Timetable.step(self, actions)
        answer[part]["agent_1"] = value
        return answer

    return step


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ({"__init__": lambda s, plan: None}, "no possible_agents"),
        ({"reset": lambda s, seed=None, options=None: {}}, r"reset must return a tuple of 2 dicts.*got dict"),
        ({"reset": lambda s, seed=None, options=None: ({}, {}), "agents": []}, "no agent takes part"),
        ({"reset": lambda s, seed=None, options=None: ([], {})}, r"got \['list', 'dict'\]"),
        ({"step": lambda s, a: ({}, {}, {}, {})}, r"step must return a tuple of 5 dicts"),
        ({"step": lambda s, a: ({}, {}, False, {}, {})}, r"'bool'"),
        ({"step": drop(0)}, "no observation for 'agent_1'"),
        ({"step": drop(1)}, "rewards .* lack 'agent_1'"),
        ({"step": drop(2)}, "terminations .* lack 'agent_1'"),
        ({"step": drop(3)}, "truncations .* lack 'agent_1'"),
        ({"step": with_(1, float("nan"))}, "reward of 'agent_1' is nan"),
        ({"step": with_(1, None)}, "reward of 'agent_1'"),
        ({"step": with_(0, np.full((3, 1), np.nan))}, "observation of 'agent_1' contains NaN"),
        ({"step": with_(0, np.zeros(5))}, "'agent_1' sees 5 numbers, not 3"),
        ({"observation_space": lambda s, a: {}[a]}, "spaces of 'agent_0'"),
        ({"observation_space": lambda s, a: spaces.Sequence(spaces.Discrete(2))}, "'agent_0' observes Seq"),
        ({"action_space": lambda s, a: spaces.MultiDiscrete([2, 2])}, "action space MultiDiscrete"),
        ({"observation_space": lambda s, a: spaces.Dict(
            observation=spaces.Discrete(2), action_mask=spaces.MultiBinary(2))}, "'agent_0' gets an action"),
        ({"reset": lambda s, seed=None, options=None: (
            Timetable.reset(s)[0], {"agent_1": {"action_mask": [1, 0]}})}, "'agent_1' gets an action mask"),
    ],
)  # fmt: skip
def test_a_broken_contract_is_named(methods, message):
    with pytest.raises((ValueError, TypeError), match=message):
        episode(from_parallel_env(altered(**methods), ["agent_0"]), 0)


def test_not_a_parallel_env():
    class Turns(AECEnv):
        metadata = {"name": "turns"}  # noqa: RUF012

    with pytest.raises(TypeError, match="aec_to_parallel"):
        from_parallel_env(Turns, ["a"])
    with pytest.raises(TypeError, match="got dict"):
        from_parallel_env(dict, ["a"])
    one = Timetable([(2, "truncated")])
    with pytest.raises(ValueError, match="same environment twice"):
        from_parallel_env(lambda: one, ["agent_0"]).reset(2, generator())


def test_flags_without_removal_count_too():
    """Some environments flag their agents but never take them off the list: the flag decides."""

    def step(self, actions):
        agents = self.agents
        answer = Timetable.step(self, actions)
        self.agents = agents
        return answer

    game = from_parallel_env(altered(step=step), ["agent_0", "agent_1"])
    state = game.reset(1, generator())
    for t in range(6):
        answer = game.step(state, torch.zeros(1, 2, dtype=torch.long), generator())
        state = answer.state
        assert answer.truncated.item() == (t >= 3)
    assert game.observe(state)[1][0, 0] == 4.0  # what the truncated agent saw last
    assert not game.observe(state)[0].any()  # the terminated one


def test_a_target_may_join_later():
    def reset(self, seed=None, options=None):
        answer = Timetable.reset(self, seed)
        self.agents = ["agent_0"]
        return answer

    def step(self, actions):
        answer = Timetable.step(self, actions)
        if self.t == 2:
            self.agents = self.possible_agents[:]
            answer[0].update(self._look(self.agents))
        return answer

    game = from_parallel_env(altered(reset=reset, step=step), ["agent_1"])
    state, taking_part = game.reset(1, generator()), []
    for _ in range(4):
        answer = game.step(state, torch.zeros(1, 2, dtype=torch.long), generator())
        state = answer.state
        taking_part.append(bool(state[0, 7]))
    assert taking_part == [False, True, True, True]
    assert answer.truncated.item()


# --- Runners -------------------------------------------------------------------------------------------


def runner(**values):
    """Parameters (1, P) of a runner that is indifferent but for `values`."""
    parameters = torch.zeros(1, len(RunnerFamily.parameter_names), dtype=torch.float64)
    for name, value in values.items():
        parameters[0, RunnerFamily.parameter_names.index(name.replace("_", " "))] = value
    return parameters


def view(position=(0.0, 0.0), chasers=((9.0, 9.0),) * 3, velocity=(0.0, 0.0)):
    return torch.tensor([[*velocity, *position, 0.0, 0.0, 0.0, 0.0, *np.ravel(chasers)]], dtype=torch.float32)


@pytest.mark.parametrize(
    ("values", "seen", "best"),
    [
        ({"flee": 3.0}, {"chasers": [(0.3, 0.0), (5, 5), (5, 5)]}, "left"),
        ({"flee": 3.0}, {"chasers": [(5, 5), (5, 5), (0.0, -0.3)]}, "up"),
        ({"flee": -3.0}, {"chasers": [(5, 5), (0.0, 0.9), (5, 5)]}, "up"),
        ({"homing": 3.0, "home_x": 0.5}, {"position": (-0.5, 0.0)}, "right"),
        ({"homing": 3.0, "home_y": -0.5}, {}, "down"),
        ({"drift_y": 2.0}, {}, "up"),
        ({"drift_x": -2.0}, {"position": (0.3, 0.3)}, "left"),
        ({"shy": 3.0}, {"position": (1.4, 0.0)}, "left"),
        ({"homing": 3.0, "home_x": 0.1}, {"velocity": (1.0, 0.0)}, "left"),  # or it would glide past
        ({"habit_none": 2.0}, {}, "none"),
        ({"habit_down": 2.0}, {}, "down"),
    ],
)
def test_every_trait_of_a_runner_does_what_it_says(values, seen, best):
    family = RunnerFamily()
    (policy,) = family.probabilities(runner(**values), [view(**seen)])
    assert policy.shape == (1, 5)
    assert ("none", "left", "right", "down", "up")[int(policy.argmax())] == best
    (indifferent,) = family.probabilities(runner(), [view(**seen)])
    torch.testing.assert_close(indifferent, torch.full((1, 5), 0.2, dtype=torch.float64))


def test_runners_are_policies_drawn_by_seed():
    family = RunnerFamily()
    held_out = family.split("held-out")
    assert held_out.parameters.shape == (64, len(family.parameter_names))
    assert torch.equal(held_out.parameters[5:7], family.sample(200_005, 2).parameters)
    assert len(held_out.parameters.unique(dim=0)) == 64
    seen = torch.randn(64, 14, generator=generator())
    k = torch.arange(64)
    (policy,) = held_out.policies(k, [seen])
    torch.testing.assert_close(policy.sum(1), torch.ones(64, dtype=torch.float64))
    assert (policy > 0).all()
    for j in (0, 17, 63):  # rows do not see each other
        torch.testing.assert_close(held_out.policies(k[j : j + 1], [seen[j : j + 1]])[0][0], policy[j])
    turned = torch.cat([seen[:, :8], seen[:, 12:], seen[:, 8:12]], 1)  # which chaser is which does not matter
    torch.testing.assert_close(held_out.policies(k, [turned])[0], policy)
    (dead,) = held_out.policies(k, [torch.zeros(64, 14)])
    assert torch.isfinite(dead).all()


@pytest.mark.parametrize(("chasers", "obstacles"), [(3, 2), (2, 0)])
def test_a_runner_reads_mpe2s_observation(chasers, obstacles):
    """Flight computed from the true positions in the world is what the family makes of the view."""
    game = simple_tag(num_adversaries=chasers, num_obstacles=obstacles)
    family = RunnerFamily(chasers, obstacles)
    state = game.reset(6, generator(3))
    seen = game.observe(state)[-1]
    (policy,) = family.probabilities(runner(flee=3.0, homing=0.0).expand(6, -1), [seen])
    for row in range(6):
        world = game._envs[row].unwrapped.world
        *hunters, prey = [agent.state.p_pos for agent in world.agents]
        pushes = 0.3 * np.array([(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)])
        distance = [min(np.linalg.norm(prey + push - hunter) for hunter in hunters) for push in pushes]
        logits = torch.tensor(distance) * 3.0 / 0.3
        torch.testing.assert_close(policy[row], logits.softmax(-1), atol=1e-5, rtol=1e-5)
    game.close()


def test_runners_differ_enough_to_be_worth_knowing():
    """At states of play the family disagrees with itself: total variation between two runners, on average."""
    game, externals = simple_tag(), RunnerFamily().split("validation")
    g = generator(1)
    state, views = game.reset(4, g), []
    for _ in range(10):
        views.append(game.observe(state)[3])
        state = game.step(state, torch.randint(5, (4, 4), generator=g), g).state
    seen = torch.cat(views)  # (40, 14)
    policies = torch.stack([externals.policies(torch.full((40,), k), [seen])[0] for k in range(32)])  # (32, 40, 5)
    variation = (policies[:16] - policies[16:]).abs().sum(-1).mean() / 2
    assert variation > 0.4
    game.close()
