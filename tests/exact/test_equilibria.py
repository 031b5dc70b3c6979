"""Cross-play and NashConv, against loops over pure policies and a linear program."""

import dataclasses
import warnings
from itertools import product

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its own imports
    import nashpy

from micra_lite import exact
from micra_lite.games.matrix import MATRIX_GAMES, MatrixGame
from micra_lite.registry import external_family, make


def zero_sum(payoff, targets=("row",), externals=("column",)):
    """A one-shot game in which the row team is paid `payoff` and the other team minus it."""
    n = payoff.ndim
    pays = np.stack([payoff if j < len(targets) else -payoff for j in range(n)], -1)
    return exact.tabulate(MatrixGame("zero-sum", torch.tensor(pays), targets, externals))


def minimax(payoff):
    """An optimal mixed strategy of the row player, by linear programming: max v with x·payoff ≥ v in every column."""
    rows, columns = payoff.shape
    solved = linprog(
        [*np.zeros(rows), -1.0], A_ub=np.c_[-payoff.T, np.ones(columns)], b_ub=np.zeros(columns),
        A_eq=[[*np.ones(rows), 0.0]], b_eq=[1.0], bounds=[(0, None)] * rows + [(None, None)],
    )  # fmt: skip
    return solved.x[:rows]


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (2, 4), (5, 3)])
def test_nash_conv_is_zero_at_an_independent_solvers_equilibrium(shape):
    rng = np.random.default_rng(0)
    for _ in range(5):
        payoff = rng.normal(size=shape)
        x, y = minimax(payoff), minimax(-payoff.T)
        table = zero_sum(payoff)
        assert exact.nash_conv(table, [x[None], y[None]]) == pytest.approx(0, abs=1e-8)
        other = np.eye(shape[0])[[payoff.mean(1).argmin()]]
        expected = payoff @ y  # and elsewhere it is what each side could gain, by hand
        gain = max(payoff @ y) - other[0] @ payoff @ y + other[0] @ payoff @ y - min(other[0] @ payoff)
        assert exact.nash_conv(table, [other, y[None]]) == pytest.approx(gain, abs=1e-9)
        assert max(expected) == pytest.approx(min(x @ payoff), abs=1e-8)


TWO_PLAYERS = [name for name in MATRIX_GAMES if len(make(name).agents) == 2]


@pytest.mark.parametrize("name", TWO_PLAYERS)
def test_equilibria_of_an_independent_solver_leave_nobody_anything_to_gain(name):
    """nashpy's support enumeration on the matrix games: no best response, of either side, beats its equilibrium."""
    game = make(name)
    table = exact.tabulate(game)
    other_side = dataclasses.replace(table, target_axes=table.external_axes, external_axes=table.target_axes)
    payoffs = game.payoffs.double().numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says so when a game is degenerate
        equilibria = list(nashpy.Game(payoffs[..., 0], payoffs[..., 1]).support_enumeration())
    assert equilibria
    for x, y in equilibria:
        x, y = x[None], y[None]
        value = exact.evaluate(table, [x, y])[0], exact.evaluate(other_side, [x, y])[0]
        assert exact.best_response(table, [y]).value == pytest.approx(value[0], abs=1e-9)
        assert exact.best_response(other_side, [x]).value == pytest.approx(value[1], abs=1e-9)
        if (payoffs.sum(-1) == 0).all():
            assert exact.nash_conv(table, [x, y]) == pytest.approx(0, abs=1e-9)
    for mixed in np.random.default_rng(0).dirichlet(np.ones(payoffs.shape[1]), 5):  # and elsewhere there is
        answer = exact.best_response(table, [mixed[None]])
        assert answer.value == pytest.approx((payoffs[..., 0] @ mixed).max())


def test_a_team_that_cannot_correlate_may_keep_a_gap():
    """Two targets are paid 1 if they match and the external guesses otherwise: alone they secure less than together."""
    payoff = np.zeros((2, 2, 2))
    payoff[0, 0, 1] = payoff[1, 1, 0] = 1.0  # correlated, the team secures 1/2; independent, 1/4
    table = zero_sum(payoff, ("row", "column"), ("third",))
    grid = np.linspace(0, 1, 11)
    least = min(exact.nash_conv(table, [np.array([[p, 1 - p]]) for p in point]) for point in product(grid, repeat=3))
    assert least == pytest.approx(0.25, abs=1e-9)  # at 1/2 each: the team could gain 1/4 by a joint answer


def test_nash_conv_of_pursuit_by_its_definition():
    """Random policies of a stochastic game: both gains by `best_response`'s own value iteration, and never negative."""
    game = make("pursuit", size=2)
    table, rng = exact.tabulate(game), np.random.default_rng(0)
    policies = [rng.dirichlet(np.ones(5), size=table.S) for _ in range(3)]
    ours = exact.best_response(table, [policies[2]]).policies
    gain = exact.team_value(table, ours, [policies[2]]) - exact.team_value(table, policies[:2], [policies[2]])
    found = exact.nash_conv(table, policies)
    assert found > gain > 0
    # The prey's best answer, by value iteration in plain numpy.
    joint = (policies[0][:, :, None] * policies[1][:, None, :]).reshape(table.S, 25)
    reward = -np.einsum("sj,sjp->sp", joint, table.R[:, :, 0].reshape(table.S, 25, 5))
    moves = np.einsum("sj,sjpt->spt", joint, table.T.toarray().reshape(table.S, 25, 5, table.S))
    V = np.zeros(table.S)
    for _ in range(600):
        V = (reward + table.gamma * moves @ V).max(1)
    theirs = table.start @ V + exact.team_value(table, policies[:2], [policies[2]])
    assert found == pytest.approx(gain + theirs, abs=1e-8)


def test_games_that_are_not_zero_sum_are_refused():
    table = exact.tabulate(make("stag_hunt"))
    with pytest.raises(ValueError, match=r"zero-sum games: .* add up to as much as 8"):
        exact.nash_conv(table, [np.array([[0.5, 0.5]])] * 2)


@pytest.mark.parametrize(("name", "options"), [("pursuit", {"size": 2}), ("crossing", {}), ("three_sites", {})])
def test_cross_play(name, options):
    """Nobody answers an external better than its own best response; entries by `team_value`."""
    game = make(name, **options)
    tables = game.tables(external_family(name, game).sample(0, 4))
    externals = [[t[k].numpy() for t in tables] for k in range(4)]
    table = exact.tabulate(game)
    matrix = exact.cross_play(table, externals)
    assert (matrix <= np.diag(matrix) + 1e-9).all()
    assert (matrix < np.diag(matrix) - 1e-3).any()
    best = [exact.best_response(table, x) for x in externals]
    np.testing.assert_allclose(np.diag(matrix), [b.value for b in best], atol=1e-8)
    assert matrix[1, 2] == pytest.approx(exact.team_value(table, best[1].policies, externals[2]))
