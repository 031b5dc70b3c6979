"""The negative controls: their rules in plain Python, and that nothing can be gained by knowing the external."""

from collections import defaultdict
from itertools import combinations, product

import numpy as np
import pytest
import torch

from micra_lite import exact
from micra_lite.baselines.advantages import coma_advantage
from micra_lite.exact.scores import adaptation_scores, yardstick_for
from micra_lite.phases import offline_training
from micra_lite.plotting.externals import family_figure
from micra_lite.plotting.games import picture, words
from micra_lite.registry import external_family, make
from micra_lite.regret import counterfactual_regret_advantage
from micra_lite.settings import Settings
from micra_lite.training_state import last

MOVES = {0: (0, 0), 1: (-1, 0), 2: (1, 0), 3: (0, -1), 4: (0, 1)}  # stay, north, south, west, east
TASKS = [("bystander", {}), ("bystander", {"size": 2, "friends": 3}), ("weather", {}), ("weather", {"kinds": 4, "walkers": 3})]  # fmt: skip


def bystander_by_rules(size, cells, moves):
    landed = []
    for cell, move in zip(cells, moves, strict=True):
        row, column = cell // size + MOVES[move][0], cell % size + MOVES[move][1]
        landed.append(row * size + column if 0 <= row < size and 0 <= column < size else cell)
    met = len(set(landed[:-1])) == 1
    rewards = [float(met)] * (len(cells) - 1) + [0.0]
    firsts = range(size * size) if met else [landed[0]]
    return {(first, *landed[1:]): 1 / len(firsts) for first in firsts}, rewards


def weather_by_rules(kinds, n_actions, weather, dress):
    earned = sum(1 - abs(weather / (kinds - 1) - d / (size - 1)) for d, size in zip(dress, n_actions, strict=True))
    return {(w,): 0.6 * (w == weather) + 0.4 / kinds for w in range(kinds)}, [earned] * len(dress)


@pytest.mark.parametrize(("name", "options"), TASKS)
def test_outcomes_are_the_rules(name, options):
    game = make(name, **options)
    g = torch.Generator().manual_seed(0)
    state = torch.stack([torch.randint(r, (800,), generator=g) for r in game.radix], -1)
    moves = torch.stack([torch.randint(a, (800,), generator=g) for a in game.n_actions], -1)
    o = game.outcomes(state, moves)
    assert not o.terminated.any()
    for b in range(800):
        if name == "bystander":
            expected, rewards = bystander_by_rules(game.rows, state[b].tolist(), moves[b].tolist())
        else:
            expected, rewards = weather_by_rules(game.radix[0], game.n_actions, int(state[b]), moves[b].tolist())
        found = defaultdict(float)
        for to, p in zip(o.state[b].tolist(), o.probability[b].tolist(), strict=True):
            if p > 0:
                found[tuple(to)] += p
        assert found == pytest.approx(expected, abs=1e-6)
        assert o.rewards[b].tolist() == pytest.approx(rewards, abs=1e-6)
    states, probability = game.starts()
    assert len(states) == game.n_states
    assert probability.tolist() == pytest.approx([1 / game.n_states] * game.n_states)
    drawn = game.encode(game.reset(20_000, g))
    share = torch.bincount(drawn, minlength=game.n_states).double() / 20_000
    assert ((share - 1 / game.n_states).abs() < 5 * (1 / game.n_states / 20_000) ** 0.5).all()


@pytest.mark.parametrize(("name", "options"), TASKS)
def test_knowing_the_external_is_worth_nothing(name, options):
    """The best response to anyone is as good against everyone, though externals do differ."""
    game = make(name, **options)
    tables = game.tables(external_family(name, game).split("held-out")[:5])
    externals = [[t[k].numpy() for t in tables] for k in range(5)]
    assert min(np.abs(x[0] - y[0]).max() for x, y in combinations(externals, 2)) > 0.05
    table = exact.tabulate(game)
    found = exact.headroom(table, externals[:3], externals, fixed_on=0)
    assert found.average_response == pytest.approx(1, abs=1e-6)
    assert found.other == pytest.approx(1, abs=1e-6)
    scale = exact.yardstick(table, externals)
    assert (scale.best > scale.random + 0.5).all()  # the team has something to learn all the same


def q_of_random_team(name, options, seed):
    """A random team, which does not look at the external's cell (the last component of a state), and its exact Q."""
    game = make(name, **options)
    table, rng = exact.tabulate(game), np.random.default_rng(seed)
    blind = game.cells if name == "bystander" else 1
    team = [rng.dirichlet(np.ones(table.A[i]), size=table.S // blind).repeat(blind, 0) for i in table.target_axes]
    external = game.tables(external_family(name, game).sample(seed))[0][0].numpy()
    policies = [*team, external]  # in both games the external is the last agent
    return policies, exact.joint_q(table, policies)


@pytest.mark.parametrize("options", [{}, {"kinds": 4, "walkers": 3}])
def test_weather_is_additive(options):
    """No two agents' actions interact in Q: every mixed difference is zero, and CRA is COMA's advantage whatever is played."""
    policies, q = q_of_random_team("weather", options, 1)
    for first, second in combinations(range(1, q.ndim), 2):
        assert np.abs(np.diff(np.diff(q, axis=first), axis=second)).max() < 1e-9
    given = [torch.tensor(p) for p in policies]
    targets = range(len(policies) - 1)
    regrets = counterfactual_regret_advantage(torch.tensor(q), given, targets)
    assert min(float(r.abs().max()) for r in regrets) > 0.1
    for actions in product(*[range(a) for a in q.shape[1:]]):
        joint = torch.tensor([actions]).expand(len(q), -1)
        for mine, coma in zip(regrets, coma_advantage(torch.tensor(q), given, targets, joint), strict=True):
            torch.testing.assert_close(mine, coma, atol=1e-9, rtol=0)


def test_the_bystander_is_in_nobodys_way():
    """Neither its action nor its policy changes anything in the Q-values of friends who do not look at it."""
    policies, q = q_of_random_team("bystander", {}, 2)
    assert np.abs(np.diff(q, axis=-1)).max() < 1e-9
    table = exact.tabulate(make("bystander"))
    other = make("bystander").tables(external_family("bystander").sample(77))[0][0].numpy()
    np.testing.assert_allclose(exact.joint_q(table, [*policies[:-1], other]), q, atol=1e-9)


@pytest.mark.parametrize("name", ["bystander", "weather"])
def test_a_team_gains_nothing_by_adapting(name):
    """A short training: the imitator learns who the newcomers are, the team's exact score stays where it was."""
    settings = Settings(updates=80, hidden=32, actor_hidden=32, states_per_external=32, value_steps=2, target_rate=0.05,
                        externals_per_round=8, rounds_kept=10)  # fmt: skip
    game, family = make(name), external_family(name)
    state = last(offline_training(game, family, settings)).state
    table, newcomers = exact.tabulate(game), family.split("held-out")[:6]
    scale = yardstick_for(table, newcomers, game)
    nothing, five = (adaptation_scores(state, table, newcomers, episodes) for episodes in (0, 5))
    before, after = (scale.normalised_score(s.after) for s in (nothing, five))
    assert before > 0.3
    assert five.excess_nats.mean() < 0.5 * nothing.excess_nats.mean()
    assert after == pytest.approx(before, abs=0.01)


@pytest.mark.parametrize(("name", "who"), [("bystander", "bystander"), ("weather", "stranger")])
def test_families_by_their_formula(name, who):
    game, family = make(name), external_family(name)
    some = family.sample(3, 4)
    states = game.states()[::5]
    for k in range(4):
        found = some[k].policies(
            torch.zeros(len(states), dtype=torch.long), [game.observe(states)[game.agents.index(who)]]
        )[0]
        for row, state in zip(found.expand(len(states), -1), states.tolist(), strict=True):
            habits = some.parameters[k].tolist()
            habits = habits if name == "bystander" else habits[4 * state[0] : 4 * state[0] + 4]
            weights = np.exp(habits)
            np.testing.assert_allclose(row, weights / weights.sum(), rtol=1e-9)
    assert len(family.parameter_names) == some.parameters.shape[1]


@pytest.mark.parametrize("kinds", [2, 3])
def test_the_weather_in_words_and_pictures(kinds):
    """What each choice earns adds up to the reward; the picture differs with the weather; words say both."""
    game = make("weather", kinds=kinds)
    pictures = []
    for state in game.states():
        earned, joints = game.earnings(state), game.joint_actions()
        rewards = game.outcomes(state.expand(len(joints), -1), joints).rewards[:, 0]
        sums = [sum(e[a] for e, a in zip(earned, joint, strict=True)) for joint in joints.tolist()]
        assert rewards.tolist() == pytest.approx(sums)
        text = words(game, state)
        assert game.kind(state) in text
        for coats, value in enumerate(earned[1]):
            star = " ★" if value == max(earned[1]) else ""
            assert f"walker_2 (target), {coats}: {value:.2f}{star};" in text
        pictures.append(picture(game, state))
    assert (pictures[0] != pictures[-1]).any()
    externals = external_family("weather", game).split("held-out")[:3]
    figure, alt = family_figure(game, externals, game.states()[0])
    assert "The weather is warm" in alt
    assert len([a for a in figure.axes if a.get_visible()]) == 3


@pytest.mark.parametrize(("call", "message"), [
    (lambda: make("bystander", friends=1), "at least two friends"),
    (lambda: make("bystander", size=1), "at least 2 × 2 cells"),
    (lambda: make("weather", kinds=1), "at least two kinds"),
    (lambda: make("weather", size=3), r"weather has no option \['size'\]; it has \['kinds', 'walkers'\]"),
])  # fmt: skip
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
