"""Scores and headroom: their two ends, a one-shot game by hand, and fixed teams that only improve."""

import importlib

import numpy as np
import pytest

from micra_lite import exact
from micra_lite.cli.list_games import headrooms
from micra_lite.registry import GRID_TASKS, external_family, make


def pursuit_problem(count):
    game = make("pursuit", size=2)
    tables = game.tables(external_family("pursuit", game).sample(0, count))
    return exact.tabulate(game), [[t[k].numpy() for t in tables] for k in range(count)]


def test_normalised_score_has_its_two_ends():
    """0 for the random team, 1 for the best response, linear between; and `each` for one external at a time."""
    table, externals = pursuit_problem(3)
    scale = exact.yardstick(table, externals)
    random = np.array([exact.team_value(table, exact.random_team(table), x) for x in externals])
    best = np.array([exact.team_value(table, r.policies, x) for r, x in zip(scale.responses, externals, strict=True)])
    assert scale.normalised_score(random) == pytest.approx(0, abs=1e-9)
    assert scale.normalised_score(best) == pytest.approx(1, abs=1e-9)
    assert scale.normalised_score(0.75 * best + 0.25 * random) == pytest.approx(0.75, abs=1e-9)
    np.testing.assert_allclose(scale.each(0.75 * best + 0.25 * random), 0.75, atol=1e-9)
    one_good = np.array([best[0], *random[1:]])  # a ratio of sums, not a mean of ratios
    assert scale.normalised_score(one_good) == pytest.approx((best[0] - random[0]) / sum(best - random), abs=1e-9)


def test_headroom_of_a_one_shot_game_by_hand():
    """Rectangular game: expected payoffs, the answer to the mean column player, and to the wrong one, by loops."""
    pays, table = [[3, 0, 1], [0, 2, 2]], exact.tabulate(make("rectangular"))
    train = [[0.2, 0.5, 0.3], [0.9, 0.1, 0.0], [0.1, 0.8, 0.1]]
    held_out = [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.0, 1.0, 0.0]]

    def worth(mix):
        return [sum(p * q for p, q in zip(row, mix, strict=True)) for row in pays]

    def score(answers):
        gained = sum(worth(x)[a] - sum(worth(x)) / 2 for a, x in zip(answers, held_out, strict=True))
        return gained / sum(max(worth(x)) - sum(worth(x)) / 2 for x in held_out)

    own = [max((0, 1), key=lambda a, x=x: worth(x)[a]) for x in held_out]
    mean = worth([sum(column) / 3 for column in zip(*train, strict=True)])
    found = exact.headroom(table, [[np.array([x])] for x in train], [[np.array([x])] for x in held_out])
    assert found.average_response == pytest.approx(score([mean.index(max(mean))] * 3))
    assert found.best_fixed == pytest.approx(found.average_response)  # one shot: nothing beats it in the mean
    assert exact.Headroom(0.5, 0.3, 0.1).average == exact.Headroom(0.3, 0.5, 0.1).average == 0.5
    assert found.other == pytest.approx(score([own[2], own[0], own[1]]))


def test_headroom_is_at_most_one_and_fixed_teams_only_improve():
    """Pursuit: no fixed or wrong team outscores best responses; the search never ends below its start."""
    table, externals = pursuit_problem(8)
    found = exact.headroom(table, externals[:5], externals[5:])
    for value in (found.average_response, found.best_fixed, found.other):
        assert -1 < value < 1

    def mean(team):
        return np.mean([exact.team_value(table, team, x) for x in externals[:5]])

    rng = np.random.default_rng(0)
    limit = np.mean(exact.yardstick(table, externals[:5]).best)
    for start in (
        [np.eye(5)[rng.integers(0, 5, table.S)] for _ in range(2)],
        exact.best_response(table, externals[0]).policies,
    ):
        team = exact.best_fixed_team(table, externals[:5], start)
        assert mean(start) + 0.1 < mean(team) <= limit
        again = exact.best_fixed_team(table, externals[:5], team)
        assert mean(again) >= mean(team) - 1e-12


@pytest.mark.parametrize("name", GRID_TASKS)
def test_knowing_the_external_is_worth_something_on_every_grid_task(name):
    """As the benchmark measured it; and the task's page has these two numbers."""
    measured = headrooms()[name]
    assert measured["headroom_average"] <= 0.75
    assert measured["headroom_other"] <= 0.6
    page = importlib.import_module(f"micra_lite.games.{name}").__doc__
    assert all(f"{x:.2f}" in page for x in measured.values())
