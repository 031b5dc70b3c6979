"""Games against their rules written out in plain Python, and what `TabularGame` makes of any rules."""

from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from micra_lite.exact import tabulate
from micra_lite.game import Game
from micra_lite.games.matrix import MATRIX_GAMES, MatrixGame
from micra_lite.games.tabular import TabularGame
from micra_lite.registry import make

MOVES = {0: (0, 0), 1: (-1, 0), 2: (1, 0), 3: (0, -1), 4: (0, 1)}  # stay, north, south, west, east


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# --- Matrix games --------------------------------------------------------------------------------------

PURE_EQUILIBRIA = {
    "prisoners_dilemma": {(1, 1)}, "stag_hunt": {(0, 0), (1, 1)}, "chicken": {(0, 1), (1, 0)},
    "matching_pennies": set(), "rock_paper_scissors": set(), "climbing": {(0, 0), (1, 1)},
    "penalty": {(0, 0), (1, 1), (2, 2)}, "rectangular": {(1, 2)}, "meeting": {(0, 0, 0), (1, 1, 1)},
    "three_sites": {(0, 0, 0), (1, 1, 1)}, "odd_one_out": {(0, 2, 1), (1, 2, 0), (1, 0, 1), (0, 1, 0)},
    "quiet_site": set(permutations(range(3))),
}  # fmt: skip


def payoffs(name):
    """Joint action → list of payoffs, through `step`."""
    game = make(name)
    joints = list(product(*map(range, game.n_actions)))
    step = game.step(game.reset(len(joints), generator()), torch.tensor(joints), generator())
    assert step.terminated.all()
    assert not step.truncated.any()
    assert step.rewards.is_floating_point()  # they are averaged over the team
    return dict(zip(joints, step.rewards.tolist(), strict=True))


@pytest.mark.parametrize("name", MATRIX_GAMES)
def test_pure_equilibria_of_matrix_games(name):
    """Joint actions from which nobody gains by changing alone, by trying every change."""
    pays, sizes = payoffs(name), make(name).n_actions
    found = {
        joint
        for joint in pays
        if all(
            pays[(*joint[:j], a, *joint[j + 1 :])][j] <= pays[joint][j]
            for j, size in enumerate(sizes)
            for a in range(size)
        )
    }
    assert found == PURE_EQUILIBRIA[name]


def test_what_the_classics_are_known_for():
    """Dominance, zero sums, risks and prizes as the textbooks have them."""
    pd = payoffs("prisoners_dilemma")
    assert all(pd[1, b][0] > pd[0, b][0] for b in (0, 1))  # to defect is dominant …
    assert all(pd[0, 0][j] > pd[1, 1][j] for j in (0, 1))  # … and bad for both
    stag = payoffs("stag_hunt")
    assert stag[0, 0][0] > stag[1, 1][0]
    assert sum(stag[0, b][0] for b in (0, 1)) < sum(stag[1, b][0] for b in (0, 1))  # the hare is safer
    for zero_sum in ("matching_pennies", "rock_paper_scissors"):
        assert all(row + column == 0 for row, column in payoffs(zero_sum).values())
    rps = payoffs("rock_paper_scissors")
    assert [rps[a, b][0] for a, b in ((1, 0), (2, 1), (0, 2))] == [1, 1, 1]  # paper, scissors, rock win
    assert min(payoffs("chicken"), key=lambda joint: payoffs("chicken")[joint][0]) == (1, 1)  # the crash
    climbing, penalty = payoffs("climbing"), payoffs("penalty")
    assert [climbing[j][0] for j in ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 1))] == [11, -30, 7, 6, 5, 0]
    assert [penalty[j][1] for j in ((0, 0), (0, 2), (1, 1), (2, 0), (2, 2), (1, 0))] == [10, -100, 2, -100, 10, 0]
    for joint, pays in payoffs("three_sites").items():
        a, b, c = joint
        assert pays == [(a == b) + 2 * (a == b == c)] * 3


# --- Pursuit -------------------------------------------------------------------------------------------


def pursuit_by_rules(size, state, moves):
    """{next state: probability} and whether somebody was caught."""
    landed = []
    for cell, move in zip(state, moves, strict=True):
        row, column = cell // size + MOVES[move][0], cell % size + MOVES[move][1]
        landed.append(row * size + column if 0 <= row < size and 0 <= column < size else cell)
    *hunters, prey = landed
    if prey not in hunters:
        return {tuple(landed): 1.0}, False
    free = [cell for cell in range(size * size) if cell not in hunters]
    return {(*hunters, cell): 1 / len(free) for cell in free}, True


@pytest.mark.parametrize(("size", "hunters"), [(2, 2), (3, 2), (4, 3), (3, 1), (2, 3), (5, 4)])
def test_pursuit_by_its_rules(size, hunters):
    """1,500 random states and joint actions: next states, probabilities and rewards."""
    game = make("pursuit", size=size, hunters=hunters)
    state = torch.randint(size * size, (1500, hunters + 1), generator=generator(1))
    moves = torch.randint(5, (1500, hunters + 1), generator=generator(2))
    o = game.outcomes(state, moves)
    assert not o.terminated.any()
    catches = 0
    for b, (cells, chosen) in enumerate(zip(state.tolist(), moves.tolist(), strict=True)):
        expected, caught = pursuit_by_rules(size, cells, chosen)
        listed = zip(o.state[b].tolist(), o.probability[b].tolist(), strict=True)
        assert {tuple(s): p for s, p in listed if p > 0} == pytest.approx(expected, abs=1e-12)
        assert o.rewards[b].tolist() == [float(caught)] * hunters + [-float(caught)]
        catches += caught
    assert catches > 10


@pytest.mark.parametrize(
    ("what", "state", "moves", "caught"),
    [
        ("prey stays, hunter comes", (0, 8, 1), (4, 0, 0), True),
        ("both land on the cell between them", (0, 8, 2), (4, 0, 3), True),
        ("the second hunter lands there", (8, 0, 2), (0, 4, 3), True),
        ("both hunters land there", (0, 4, 2), (4, 1, 3), True),
        ("the hunter goes where the prey was", (0, 8, 1), (4, 0, 4), False),
        ("they swap places", (0, 8, 1), (4, 0, 3), False),
        ("the prey runs into the wall and the hunter comes", (1, 8, 2), (4, 0, 1), True),
        ("the hunter waits where the prey lands", (1, 8, 2), (0, 0, 3), True),
    ],
)
def test_what_is_a_catch(what, state, moves, caught):
    """On the 3×3 board; the other hunter is far away, in a corner."""
    step = make("pursuit").step(torch.tensor([state]), torch.tensor([moves]), generator())
    assert step.rewards.tolist() == [[float(caught), float(caught), -float(caught)]], what


def test_step_draws_what_outcomes_list():
    """The prey caught, 20,000 times over: it starts again uniformly on the cells without a hunter."""
    game, steps = make("pursuit"), 20_000
    step = game.step(
        torch.tensor([[0, 8, 1]]).expand(steps, -1), torch.tensor([[4, 0, 0]]).expand(steps, -1), generator()
    )
    count = Counter(tuple(s) for s in step.state.tolist())
    assert set(count) == {(1, 8, cell) for cell in (0, 2, 3, 4, 5, 6, 7)}
    assert chisquare(list(count.values())).pvalue > 1e-3


@pytest.mark.parametrize(("size", "hunters"), [(2, 1), (2, 2)])
def test_reset_draws_what_starts_list(size, hunters):
    """Hunters anywhere, the prey on a cell without one: by hand, as listed, and as drawn."""
    game, draws = make("pursuit", size=size, hunters=hunters), 30_000
    cells = size * size
    expected = {}
    for place in product(range(cells), repeat=hunters):
        for prey in set(range(cells)) - set(place):
            expected[(*place, prey)] = cells**-hunters / (cells - len(set(place)))
    listed = zip(*[x.tolist() for x in game.starts()], strict=True)
    assert {tuple(s): p for s, p in listed if p > 0} == pytest.approx(expected, abs=1e-12)
    for reset in (game.reset, lambda *a: TabularGame.reset(game, *a)):  # its own, and the one that reads the list
        count = Counter(tuple(s) for s in reset(draws, generator()).tolist())
        assert set(count) <= set(expected)
        assert chisquare([count[s] for s in expected], [draws * p for p in expected.values()]).pvalue > 1e-3


# --- Any tabular game ----------------------------------------------------------------------------------

GAMES = [
    ("pursuit", {}),
    ("pursuit", {"size": 2, "hunters": 3}),
    ("rendezvous", {}),
    ("gates", {}),
    ("crossing", {}),
    *[(name, {}) for name in MATRIX_GAMES],
]


@pytest.mark.parametrize(("name", "options"), GAMES)
def test_tabulate_lists_the_same_rules(name, options):
    """States are numbered row by row; T, R, Ω and the start distribution agree with the game's own methods."""
    game = make(name, **options)
    table, states = tabulate(game), game.states()
    assert game.encode(states).tolist() == list(range(table.S))
    numbers = np.random.default_rng(0).integers(table.S, size=40)
    for s in numbers:
        assert np.ravel_multi_index(states[s].tolist(), game.radix) == s
    joints = list(product(*map(range, game.n_actions)))
    assert game.joint_actions().tolist() == [list(j) for j in joints]
    for s, j in zip(numbers, np.random.default_rng(1).integers(len(joints), size=40), strict=True):
        o = game.outcomes(states[s : s + 1], torch.tensor([joints[j]]))
        assert float(o.probability.sum()) == pytest.approx(1, abs=1e-12)
        row = np.zeros(table.S)
        for to, p, over in zip(o.state[0], o.probability[0], o.terminated[0], strict=True):
            row[game.encode(to)] += float(p) * (not over)
        np.testing.assert_allclose(table.T[s * len(joints) + j].toarray()[0], row, atol=1e-15)
        assert table.R[s, j].tolist() == o.rewards[0].tolist()
    for seen, listed, size in zip(game.observe(states), table.Omega, game.observation_sizes, strict=True):
        assert torch.equal(seen, listed)
        assert seen.shape == (table.S, size)
        assert len(torch.unique(seen, dim=0)) == table.S  # full views tell all states apart
    assert table.start.sum() == pytest.approx(1)
    start_states, probability = game.starts()
    for s, p in zip(start_states, probability, strict=True):
        assert table.start[game.encode(s)] == pytest.approx(float(p))
    assert (table.N, table.A, table.gamma) == (game.agents, game.n_actions, game.gamma)
    assert [table.N[i] for i in (*table.target_axes, *table.external_axes)] == [*game.targets, *game.externals]


def test_states_of_unequal_components_are_numbered_row_by_row():
    """Components with 2, 3 and 4 values: the last one counts fastest."""
    game = TabularGame()
    game.radix = (2, 3, 4)
    assert game.states().tolist() == [list(s) for s in product(range(2), range(3), range(4))]
    assert game.encode(game.states()).tolist() == list(range(24))


@pytest.mark.parametrize("size", [9, 27])
def test_too_large_to_tabulate_is_said_at_once(size, monkeypatch):
    """The message names the sizes; it comes before any list of states is made."""
    game = make("pursuit", size=size)
    monkeypatch.setattr(TabularGame, "states", lambda self: pytest.fail("listed all states first"))
    with pytest.raises(ValueError, match=f"pursuit is too large to tabulate: {size**6:,} states × 125 joint actions"):
        tabulate(game)


def test_a_game_without_rules_cannot_be_tabulated():
    class Opaque(Game):
        name = "opaque"

    with pytest.raises(TypeError, match="opaque cannot be tabulated"):
        tabulate(Opaque())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make("pursuit", size=1), "at least 2 × 2 cells; got size=1"),
        (lambda: make("pursuit", hunters=0), "at least one hunter; got hunters=0"),
        (lambda: make("pursuit", size=2, hunters=4), "leaving none for the prey"),
        (lambda: MatrixGame("m", torch.zeros(2, 2, 2), ("row",), ("colum",)), "unknown agent 'colum'; .*'column'"),
        (lambda: MatrixGame("m", torch.zeros(2, 2, 2), ("row", "column"), ("row",)), r"\['row'\] are both"),
        (lambda: MatrixGame("m", torch.zeros(2, 3, 2, 3)), r"\['third'\] are neither target nor external"),
        (lambda: MatrixGame("m", torch.zeros(2, 2, 2), (), ("row", "column")), "at least one target"),
        (lambda: MatrixGame("m", torch.full((2, 2, 2), float("nan"))), "payoffs of 'm' contain NaN"),
        (lambda: MatrixGame("m", torch.zeros(2, 3, 3)), r"one payoff per agent; got \(2, 3, 3\)"),
    ],
)  # fmt: skip
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
