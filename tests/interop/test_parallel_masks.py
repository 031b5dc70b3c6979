"""Which actions there are: masks wherever they are given, turns, and agents that leave, join and come back."""

from functools import partial

import numpy as np
import pytest
import torch
from gymnasium import spaces
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils.conversions import turn_based_aec_to_parallel

from helpers.played import generator
from micra_lite.interop import from_pettingzoo
from micra_lite.interop.masks import own_info, read_mask

AGENTS = ["ann", "bob"]
ACTIONS = {"ann": 3, "bob": 2}

# Whatever a trial at the start shows.
from_parallel_env = partial(from_pettingzoo.from_parallel_env, masks=True)


class Scripted(ParallelEnv):
    """At step t the agents `cast[t]` take part and `masks[t]` are theirs, given by the way `how`. It records what is played.

    An agent sees [t + 1], and is paid 1 a step. `flags[t]`, where there are any, are terminated agents that stay listed.
    """

    metadata = {"name": "scripted"}  # noqa: RUF012
    possible_agents = AGENTS

    def __init__(self, masks, how="info action_mask", cast=None, flags=(), start=0):
        self.masks, self.cast, self.flags = masks, cast or [AGENTS] * len(masks), dict(flags)
        self.where, self.name = how.split()
        self.start, self.max_cycles, self.played = start, len(masks) - 1, []
        if self.where == "method":
            setattr(self, self.name, lambda agent: self.masks[self.t].get(agent))
        if self.where == "all":
            setattr(self, self.name, lambda: self.masks[self.t])

    def observation_space(self, agent):
        seen = spaces.Box(0.0, 99.0, (1,))
        if self.where != "space":
            return seen
        return spaces.Dict({"observation": seen, self.name: spaces.MultiBinary(ACTIONS[agent])})

    def action_space(self, agent):
        return spaces.Discrete(ACTIONS[agent], start=self.start)

    def reset(self, seed=None, options=None):
        self.t, self.agents = 0, list(self.cast[0])
        return self.look(), self.infos()

    def look(self):
        given = self.masks[self.t]
        seen = {a: np.array([self.t + 1], np.float32) for a in AGENTS}
        if self.where in ("space", "entry"):
            return {a: {"observation": seen[a], self.name: given[a]} for a in AGENTS if a in given}
        return seen

    def infos(self):
        given = self.masks[self.t] if self.where == "info" else {}
        return {a: {self.name: given[a]} if a in given else {} for a in AGENTS}

    def step(self, actions):
        self.played.append(dict(actions))
        before, self.t = self.agents, self.t + 1
        over = self.t == self.max_cycles
        self.agents = [] if over else list(self.cast[self.t])
        ended = {a: a in self.flags.get(self.t, ()) for a in AGENTS}
        cut = {a: over and a in before for a in AGENTS}
        return self.look(), dict.fromkeys(AGENTS, 1.0), ended, cut, self.infos()


MASKS = [{"ann": [1, 0, 1], "bob": [0, 1]}, {"ann": [0, 1, 1], "bob": [0, 0]}, {"ann": [1, 1, 1], "bob": [1, 1]}]


def columns(game, state):
    """The masks of row 0: each agent's last numbers."""
    return [seen[0, -n:].tolist() for seen, n in zip(game.observe(state), game.n_actions, strict=True)]


@pytest.mark.parametrize("start", [0, 5])
@pytest.mark.parametrize("how", [
    "space action_mask", "space avail_actions", "entry action_mask", "info action_mask", "info action_masks",
    "info available_actions", "info avail_actions", "info legal_moves", "method action_mask", "method get_avail_actions",
    "all action_masks",
])  # fmt: skip
def test_masks_are_found_wherever_they_are(how, start):
    masks = MASKS
    if how.endswith("legal_moves"):
        masks = [{a: {k + start for k, there in enumerate(m) if there} for a, m in step.items()} for step in MASKS]
    if how in ("info available_actions", "info avail_actions"):  # which might be lists, were they integers
        masks = [{a: np.array(m, float) for a, m in step.items()} for step in MASKS]
    game = from_parallel_env(lambda: Scripted(masks, how, start=start), ["ann"])
    assert (game.masked, game.observation_sizes, game.horizon) == (True, (4, 3), 2)
    state = game.reset(2, generator())
    assert columns(game, state) == [[1, 0, 1], [0, 1]]
    assert [seen[:, 0].tolist() for seen in game.observe(state)] == [[1, 1], [1, 1]]
    state = game.step(state, torch.tensor([[2, 1], [0, 1]]), generator()).state
    assert columns(game, state) == [[0, 1, 1], [1, 0]]  # bob has none: it is not his turn, and he has his first
    step = game.step(state, torch.tensor([[1, 0], [2, 0]]), generator())
    assert step.truncated.all()
    assert columns(game, step.state) == [[1, 1, 1], [1, 1]]
    assert game._envs[0].played == [{"ann": 2 + start, "bob": 1 + start}, {"ann": 1 + start, "bob": start}]


def test_an_unavailable_action_is_refused_before_anything_is_played():
    game = from_parallel_env(lambda: Scripted(MASKS), ["ann"])
    state = game.reset(2, generator())
    with pytest.raises(ValueError, match=r"action 1 of 'ann' is not available; these are: \[0, 2\]"):
        game.step(state, torch.tensor([[0, 1], [1, 1]]), generator())
    assert not any(env.played for env in game._envs)


@pytest.mark.parametrize(("given", "message"), [
    ([1, 0], "2 entries, and there are 3 actions"), ([1, 0, 2], "zeros and ones"), ([[1, 0, 1]], "must be 3 zeros and ones"),
    ([0.5, 1, 1], "zeros and ones"), ("101", "zeros and ones"), ([1, float("nan"), 1], "zeros and ones"),
])  # fmt: skip
def test_a_wrong_mask_is_named(given, message):
    with pytest.raises(ValueError, match=f"scripted: 'ann': action_mask .*{message}"):
        from_parallel_env(lambda: Scripted([{"ann": given}] * 2), ["ann"])


@pytest.mark.parametrize(("name", "given", "n", "first", "mask"), [
    ("legal_moves", [7, 5], 3, 5, [1, 0, 1]), ("legal_moves", {5}, 3, 5, [1, 0, 0]), ("legal_actions", [], 3, 0, [0, 0, 0]),
    ("legal_moves", (0, 1, 2), 3, 0, [1, 1, 1]), ("avail_actions", [0, 1, 2], 3, 0, [1, 1, 1]),
    ("avail_actions", [2, 0], 3, 0, [1, 0, 1]), ("avail_actions", [1, 1, 0], 3, 0, [1, 1, 0]), ("avail_actions", [], 2, 0, [0, 0]),
    ("legal_actions", np.array([False, True]), 2, 0, [0, 1]), ("legal_actions", np.array([0.0, 1.0]), 2, 0, [0, 1]),
    ("available_actions", [True, False], 2, 0, [1, 0]), ("available_actions", {0, 1}, 2, 0, [1, 1]),
    ("available_actions", [0, 1], 2, 5, [0, 1]), ("available_actions", [5, 6], 2, 5, [1, 1]), ("legal_moves", [1], 2, 0, [0, 1]),
    ("legal_moves", {0: "up", 2: "down"}, 3, 0, [1, 0, 1]), ("legal_moves", {0: True, 2: False}, 3, 0, [1, 0, 0]),
    ("action_mask", [0, 1], 2, 0, [0, 1]), ("get_avail_actions()", [0, 1], 2, 0, [0, 1]), ("avail_actions", [0], 1, 0, [1]),
])  # fmt: skip
def test_a_name_means_the_same_whatever_its_values(name, given, n, first, mask):
    assert read_mask(name, given, n, first).tolist() == [bool(there) for there in mask]


@pytest.mark.parametrize(("name", "given", "n", "message"), [
    ("legal_moves", [3], 3, r"lists \[3\], and there are 3 actions, from 0 on"),
    ("legal_moves", [1, 1, 0], 3, "legal_moves lists an action twice"),
    ("action_mask", {0, 1}, 2, "action_mask must be 2 zeros and ones"),
    *[(name, given, 2, rf"{name}.* a list \(actions {listed}\) or zeros and ones \(actions {kept}\)\. Give .*action_mask")
      for name in ("available_actions", "avail_actions", "legal_actions", r"legal_actions\(\)")
      for given, listed, kept in (([0, 1], r"\[0, 1\]", r"\[1\]"), (np.array([1, 0]), r"\[0, 1\]", r"\[0\]"))],
])  # fmt: skip
def test_what_could_be_read_in_two_ways_is_refused(name, given, n, message):
    with pytest.raises(ValueError, match=message):
        read_mask(name.replace("\\", ""), given, n, 0)


def test_an_entry_of_an_observation_is_a_mask_by_its_space():
    game = from_parallel_env(lambda: Scripted(MASKS, "space legal_actions"), ["ann"])
    assert columns(game, game.reset(1, generator())) == [[1, 0, 1], [0, 1]]


DEEPER = {
    "dict": (lambda seen, m: spaces.Dict(a=spaces.Dict(x=seen, action_mask=m)), lambda x, m: {"a": {"x": x, "action_mask": m}}),
    "tuple": (lambda seen, m: spaces.Tuple([spaces.Dict(action_mask=m), seen]), lambda x, m: ({"action_mask": m}, x)),
    "untold": (lambda seen, _: spaces.Dict(x=seen), lambda x, m: {"x": x, "action_mask": m}),
}  # fmt: skip


@pytest.mark.parametrize("kind", DEEPER)
def test_a_mask_may_be_deeper_in_an_observation_or_its_space_may_not_tell_of_it(kind):
    space, seen = DEEPER[kind]

    class Deeper(Scripted):
        def observation_space(self, agent):
            return space(spaces.Box(0.0, 99.0, (1,)), spaces.MultiBinary(ACTIONS[agent]))

        def look(self):
            return {a: seen(np.array([self.t + 1.0]), given) for a, given in self.masks[self.t].items()}

    game = from_pettingzoo.from_parallel_env(lambda: Deeper(MASKS, "else none"), ["ann"])
    state = game.reset(1, generator())
    assert columns(game, state) == [[1, 0, 1], [0, 1]]
    assert [o[0, 0].item() for o in game.observe(state)] == [1, 1]
    assert game.observation_sizes == (4, 3)


def test_a_mask_in_an_info_of_all_agents_is_each_ones():
    infos = {"action_mask": {"ann": [1, 0]}, "ann": {"else": 3}, "bob": {"action_mask": [0, 1]}}
    assert own_info(infos, "ann") == {"action_mask": [1, 0], "else": 3}
    assert own_info(infos, "bob") == {"action_mask": [0, 1]}
    assert own_info({}, "bob") is None


def test_what_looks_like_a_mask_by_another_name_is_told_once():
    def play():
        game = from_parallel_env(lambda: Scripted([{"ann": [1, 0, 1]}] * 3, "info move_mask"), ["ann"])
        game.step(game.reset(2, generator()), torch.zeros(2, 2, dtype=torch.long), generator())

    with pytest.warns(UserWarning, match=r"an info has 'move_mask', which is not read .* action_mask, .*") as caught:
        play()
    assert len(caught) == 1


def test_nobody_has_an_action():
    nothing = {"ann": [0, 0, 0], "bob": [0, 0]}
    with pytest.raises(ValueError, match="no agent has any action"):
        from_parallel_env(lambda: Scripted([nothing] * 3), ["ann"])
    game = from_parallel_env(lambda: Scripted([MASKS[0], nothing]), ["ann"])  # after the last step nothing is played
    step = game.step(game.reset(1, generator()), torch.tensor([[0, 1]]), generator())
    assert step.truncated.item()
    assert columns(game, step.state) == [[1, 0, 0], [1, 0]]


def test_a_mask_that_comes_and_goes_is_reported():
    game = from_parallel_env(lambda: Scripted([MASKS[0], {"ann": [1, 1, 0]}, MASKS[2]]), ["ann"])
    with pytest.warns(UserWarning, match="'bob' is given a mask at some steps and none at others"):
        state = game.step(game.reset(1, generator()), torch.tensor([[0, 1]]), generator()).state
    assert columns(game, state) == [[1, 1, 0], [1, 1]]


@pytest.mark.parametrize("how", ["space action_mask", "entry action_mask", "info legal_moves", "method action_mask"])
def test_without_masks_they_are_refused(how):
    with pytest.raises(TypeError, match="masks=True"):
        from_parallel_env(lambda: Scripted(MASKS, how), ["ann"], masks=False)


def test_without_masks_all_stay():
    game = from_parallel_env(lambda: Scripted([{}] * 3), ["ann"], masks=False)
    assert (game.masked, game.observation_sizes) == (False, (1, 1))
    step = game.step(game.reset(1, generator()), torch.tensor([[0, 1]]), generator())
    assert [o.tolist() for o in game.observe(step.state)] == [[[2.0]], [[2.0]]]
    with pytest.raises(ValueError, match=r"leaves or joins .* masks=True"):
        from_parallel_env(lambda: Scripted([{}] * 3, cast=[["ann"], AGENTS, AGENTS]), ["ann"], masks=False)
    game = from_parallel_env(lambda: Scripted([{}] * 3, cast=[AGENTS, ["ann"], AGENTS]), ["ann"], masks=False)
    with pytest.raises(ValueError, match=r"leaves or joins .* masks=True"):
        game.step(game.reset(1, generator()), torch.tensor([[0, 1]]), generator())


def run(game, steps):
    """Who is there, what each sees and is paid, (whether it is over), at each step."""
    state, lines = game.reset(1, generator()), []
    for _ in range(steps):
        step = game.step(state, torch.zeros(1, 2, dtype=torch.long), generator())
        state = step.state
        seen = [o[0, 0].item() for o in game.observe(state)]
        lines.append((seen, step.rewards[0].tolist(), bool(step.terminated | step.truncated)))
    return lines


@pytest.mark.filterwarnings("ignore:.*did not take part")  # it is paid all the same
def test_who_comes_back_takes_part_again():
    cast = [AGENTS, ["ann"], ["ann"], AGENTS, AGENTS, AGENTS]
    game = from_parallel_env(lambda: Scripted([{}] * 6, cast=cast, flags={1: ["bob"]}), ["ann"])
    lines = run(game, 5)
    assert [seen for seen, *_ in lines] == [[2, 0], [3, 0], [4, 4], [5, 5], [6, 6]]
    assert [paid for _, paid, _ in lines] == [[1, 1], [1, 0], [1, 0], [1, 1], [1, 1]]
    assert [over for *_, over in lines] == [False] * 4 + [True]


@pytest.mark.filterwarnings("ignore:.*did not take part")  # it is paid all the same
def test_a_flag_that_stays_keeps_an_agent_away_though_it_is_listed():
    game = from_parallel_env(lambda: Scripted([{}] * 6, flags={1: ["bob"], 2: ["bob"]}), ["ann"])
    assert [seen for seen, *_ in run(game, 4)] == [[2, 0], [3, 0], [4, 4], [5, 5]]


@pytest.mark.filterwarnings("ignore:.*did not take part")  # it is paid all the same
def test_targets_come_back_if_one_says_so():
    cast = [AGENTS, ["bob"], ["bob"], AGENTS, AGENTS, AGENTS]

    def make_env():
        return Scripted([{}] * 6, cast=cast)

    lines = run(from_parallel_env(make_env, ["ann"]), 5)
    assert [over for *_, over in lines] == [True] * 5  # as if ann would not return
    assert sum(paid[0] for _, paid, _ in lines) == 1
    lines = run(from_parallel_env(make_env, ["ann"], returning=True), 5)
    assert [over for *_, over in lines] == [False] * 4 + [True]
    assert [seen[0] for seen, *_ in lines] == [0, 0, 4, 5, 6]
    assert [paid[0] for _, paid, _ in lines] == [1, 0, 0, 1, 1]


@pytest.mark.parametrize(("shared", "paid"), [(True, [[2.0, 2.0]]), (False, [[1.0, 3.0]])])
def test_whose_reward_a_target_is_paid(shared, paid):
    class Unequal(Scripted):
        def step(self, actions):
            seen, _, *rest = super().step(actions)
            return seen, {"ann": 1.0, "bob": 3.0}, *rest

    game = from_parallel_env(lambda: Unequal([{}] * 3), AGENTS, shared_reward=shared)
    assert game.shared_reward is shared
    assert (
        game.step(game.reset(1, generator()), torch.zeros(1, 2, dtype=torch.long), generator()).rewards.tolist() == paid
    )


class Turns(AECEnv):
    """Ann and Bob move in turns, six moves; the mover's mask is `masks[move]`, which may be None."""

    metadata = {"name": "turns"}  # noqa: RUF012
    possible_agents, render_mode, max_moves = AGENTS, None, 6

    def __init__(self, masks=None):
        self.masks, self.moves = masks or [None] * 7, []

    def observation_space(self, agent):
        return spaces.Box(0, 9, (1,))

    def action_space(self, agent):
        return spaces.Discrete(ACTIONS[agent])

    def observe(self, agent):
        return np.array([self.t], np.float32)

    def reset(self, seed=None, options=None):
        self.t, self.agents, self.agent_selection = 0, AGENTS[:], "ann"
        self.rewards, self._cumulative_rewards = dict.fromkeys(AGENTS, 0.0), dict.fromkeys(AGENTS, 0.0)
        self.terminations, self.truncations = dict.fromkeys(AGENTS, False), dict.fromkeys(AGENTS, False)
        self.tell()

    def tell(self):
        given = self.masks[self.t]
        self.infos = {a: {} if given is None or a != self.agent_selection else {"action_mask": given} for a in AGENTS}

    def step(self, action):
        if self.terminations[self.agent_selection]:
            return self._was_dead_step(action)
        self.moves.append((self.agent_selection, int(action)))
        self.t += 1
        self.agent_selection = AGENTS[self.t % 2]
        self.terminations = dict.fromkeys(AGENTS, self.t == self.max_moves)
        self.tell()


def test_only_the_mover_has_a_choice():
    masks = [None, [0, 1], [0, 1, 1], None, None, None, None]
    game = from_parallel_env(lambda: turn_based_aec_to_parallel(Turns(masks)), ["ann"])
    assert game.horizon == 6
    state, expected = game.reset(1, generator()), [[[1, 1, 1], [1, 0]], [[1, 0, 0], [0, 1]], [[0, 1, 1], [1, 0]],
                                                   [[1, 0, 0], [1, 1]]]  # fmt: skip
    for there, actions in zip(expected, [[2, 0], [0, 1], [1, 0], [0, 1]], strict=True):
        assert columns(game, state) == there
        state = game.step(state, torch.tensor([actions]), generator()).state
    assert game._envs[0].aec_env.moves == [("ann", 2), ("bob", 1), ("ann", 1), ("bob", 1)]
    with pytest.raises(ValueError, match="action 1 of 'bob' is not available"):
        game.step(state, torch.tensor([[0, 1]]), generator())


def test_a_mover_without_an_action_is_an_error():
    game = from_parallel_env(lambda: turn_based_aec_to_parallel(Turns([None, [0, 0], *[None] * 5])), ["ann"])
    with pytest.raises(ValueError, match="it is the turn of 'bob', and its mask has no action"):
        game.step(game.reset(1, generator()), torch.tensor([[2, 0]]), generator())
    with pytest.raises(TypeError, match="masks=True: its agents take turns"):
        from_parallel_env(lambda: turn_based_aec_to_parallel(Turns()), ["ann"], masks=False)


@pytest.mark.parametrize("module", ["tictactoe_v3", "connect_four_v3", "leduc_holdem_v4"])
def test_classic_games_of_turns(module, monkeypatch):
    """Random available actions: nobody ever makes an illegal move (which would cost it −1 and end the game)."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    found = pytest.importorskip(f"pettingzoo.classic.{module}", exc_type=ImportError)

    def make_env():
        return turn_based_aec_to_parallel(found.env())

    first = make_env().possible_agents[0]
    with pytest.raises(ValueError, match="horizon="):
        from_parallel_env(make_env, [first])
    game, g = from_parallel_env(make_env, [first], horizon=60), generator()
    state, paid, over = game.reset(20, g), torch.zeros(20, 2), torch.zeros(20, dtype=torch.bool)
    while not over.all():
        movers = sum(
            (seen[:, -n:].sum(1) > 1).long() for seen, n in zip(game.observe(state), game.n_actions, strict=True)
        )
        assert (movers[~over] <= 1).all()
        pairs = zip(game.observe(state), game.n_actions, strict=True)
        actions = torch.cat([torch.multinomial(seen[:, -n:], 1, generator=g) for seen, n in pairs], 1)
        step = game.step(state, actions, g)
        state, paid, over = step.state, paid + step.rewards, step.terminated | step.truncated
    assert (paid.sum(1) == 0).all()
    game.close()
