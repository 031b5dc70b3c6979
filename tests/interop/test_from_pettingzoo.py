"""PettingZoo's environments as games, against environments stepped by hand and a scripted one that follows a timetable."""

import gc
from functools import partial

import numpy as np
import pytest
import torch
from gymnasium import spaces
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pettingzoo import AECEnv, ParallelEnv

from helpers.played import cells_of, check_transitions, generator, surprise
from micra_lite.exact import tabulate
from micra_lite.game import Game
from micra_lite.interop import from_pettingzoo
from micra_lite.interop.simple_tag import simple_tag
from micra_lite.interop.to_pettingzoo import to_parallel_env
from micra_lite.plotting.games import picture
from micra_lite.registry import make

# Whatever a trial at the start shows.
from_parallel_env = partial(from_pettingzoo.from_parallel_env, masks=True)


class Timetable(ParallelEnv):
    """Agent j leaves after step `plan[j][0]`: "terminated", "truncated", "both", or "removed" without a flag.

    It observes [step, j + 1, a number drawn at reset] and is paid 100 (j + 1) + 10 step + its action.
    """

    metadata = {"name": "timetable"}  # noqa: RUF012

    def __init__(self, plan, start=0):
        self.plan, self.opened, self.resets, self.max_cycles = plan, True, 0, 25
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


@pytest.mark.filterwarnings("ignore:.*cut short")
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
    assert game.observation_sizes == tuple(3 + 2 + j for j in range(n))
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
        assert (step.gone is None) == (shared or len(targets) == 1)
        if step.gone is not None:  # told at the end: of all but those who are cut short there
            gone = [over and plan[j] != (end, "truncated") for j in targets]
            assert step.gone.tolist() == [gone] * 2
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
            assert torch.equal(seen[:, :3], expected)
            assert (seen[:, 3] == 1).all()  # its first action is always there, the others while it takes part
            assert (seen[:, 4:] == here).all()
            assert (state[:, sum(game.observation_sizes) + j] == here).all()


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
                    {"observation": np.array([[1, 2], [3, 4]]), "extra": 1}, [0, 1, 1, 2, 3, 4]),
    }  # fmt: skip
    make_env = altered(
        observation_space=lambda self, a: kinds[a][0],
        _look=lambda self, agents: {a: kinds[a][1] for a in agents},
    )
    game = from_parallel_env(make_env, ["agent_0"], masks=False)
    assert game.observation_sizes == (4, 6)
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
        ({"step": with_(0, np.zeros(5))}, r"'agent_1' sees has 5 numbers in the shape \(5,\), not \(3, 1\)"),
        ({"observation_space": lambda s, a: {}[a]}, "spaces of 'agent_0'"),
        ({"observation_space": lambda s, a: spaces.Sequence(spaces.Discrete(2))}, "'agent_0' observes Seq"),
        ({"action_space": lambda s, a: spaces.MultiDiscrete([2, 2])}, "action space MultiDiscrete"),
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


@pytest.mark.filterwarnings("ignore:.*cut short")
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
    assert game.observe(state)[0].tolist() == [[0, 0, 0, 1, 0]]  # the terminated one


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
        taking_part.append(bool(state[0, 12]))  # behind 3 + 2 and 3 + 3 numbers and another flag
    assert taking_part == [False, True, True, True]
    assert answer.truncated.item()
