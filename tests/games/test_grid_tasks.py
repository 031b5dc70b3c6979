"""Rendezvous, gates and crossing against their rules written out in plain Python, and their externals by formula."""

import math
from collections import defaultdict
from itertools import product

import pytest
import torch

from micra_lite.registry import external_family, make

MOVES = {0: (0, 0), 1: (-1, 0), 2: (1, 0), 3: (0, -1), 4: (0, 1)}  # stay, north, south, west, east


def sites_of(name, size):
    if name == "rendezvous":
        return [(0, 0), (0, size - 1), (size - 1, 0), (size - 1, size - 1)]
    half = size // 2
    return [(0, half), (half, 0), (half, size - 1), (size - 1, half)]


def walk(cell, move, size):
    row, column = cell[0] + MOVES[move][0], cell[1] + MOVES[move][1]
    return (row, column) if 0 <= row < size and 0 <= column < size else cell


def site_game_by_rules(name, size, cells, moves):
    """{next cells: probability} and the rewards, from cells as (row, column)."""
    landed = [walk(divmod(c, size), m, size) for c, m in zip(cells, moves, strict=True)]
    *team, external = landed
    n = len(team)
    if external not in sites_of(name, size):
        return {tuple(r * size + c for r, c in landed): 1.0}, [0.0] * (n + 1)
    met = external in team
    lost = 0.0 if name == "rendezvous" else -1.0
    own = 1.0 if name == "rendezvous" else -1.0
    rewards = [1.0] * n + [own] if met else [lost] * n + [-lost]
    free = [x for x in product(range(size), repeat=2) if x not in sites_of(name, size)]
    numbers = tuple(r * size + c for r, c in team)
    return {(*numbers, r * size + c): 1 / len(free) for r, c in free}, rewards


def crossing_by_rules(lanes, length, crash, cells, choices):
    """The same for crossing, driver by driver."""
    n = len(cells)
    before = [divmod(c, length) for c in cells]
    after = []
    for j, ((lane, column), choice) in enumerate(zip(before, choices, strict=True)):
        east = 1 if j < n - 1 else -1
        turn = {0: 0, 1: -east, 2: east, 3: 0}[choice]  # the left of who drives east is north, of who drives west south
        after.append((min(max(lane + turn, 0), lanes - 1), column + (0 if choice == 3 else east)))
    off = [not 0 <= column < length for _, column in after]
    crashed = [False] * n
    for i in range(n - 1):
        if off[i] or off[-1]:
            continue
        (_, at_i), (_, at_s) = before[i], before[-1]
        (to_i, now_i), (to_s, now_s) = after[i], after[-1]
        if at_i <= at_s and now_i >= now_s:  # they were facing each other, and no longer are
            crashed[i] = to_i == to_s
    crashed[-1] = any(crashed[:-1])
    crashes = sum(crashed[:-1])
    arrived = [o and not c for o, c in zip(off, crashed, strict=True)]
    team = sum(arrived[:-1]) - crash * crashes
    rewards = [float(team)] * (n - 1) + [float(arrived[-1]) - crash * crashed[-1]]
    back = [a or c for a, c in zip(arrived, crashed, strict=True)]
    options = []
    for j in range(n):
        near = 0 if j < n - 1 else length - 1
        options.append(
            [lane * length + near for lane in range(lanes)] if back[j] else [after[j][0] * length + after[j][1]]
        )
    total = math.prod(len(o) for o in options)
    return dict.fromkeys(product(*options), 1 / total), rewards


TASKS = [
    ("rendezvous", {}), ("rendezvous", {"size": 4, "carriers": 3}), ("gates", {}), ("gates", {"size": 5, "defenders": 1}),
    ("crossing", {}), ("crossing", {"lanes": 3, "length": 4, "crash": 2.5}), ("crossing", {"drivers": 1, "length": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), TASKS)
def test_outcomes_are_the_rules(name, options):
    """1,500 random states and joint actions; every next state with its probability, every reward."""
    game = make(name, **options)
    g = torch.Generator().manual_seed(0)
    state = torch.stack([torch.randint(r, (1500,), generator=g) for r in game.radix], -1)
    moves = torch.stack([torch.randint(a, (1500,), generator=g) for a in game.n_actions], -1)
    o = game.outcomes(state, moves)
    assert not o.terminated.any()
    seen = set()
    for b, (cells, chosen) in enumerate(zip(state.tolist(), moves.tolist(), strict=True)):
        if name == "crossing":
            expected, rewards = crossing_by_rules(game.rows, game.columns, game.crash, cells, chosen)
        else:
            expected, rewards = site_game_by_rules(name, game.rows, cells, chosen)
        found = defaultdict(float)
        for to, p in zip(o.state[b].tolist(), o.probability[b].tolist(), strict=True):
            if p > 0:
                found[tuple(to)] += p
        assert found == pytest.approx(expected, abs=1e-12)
        assert o.rewards[b].tolist() == pytest.approx(rewards)
        seen.add(rewards[0])
    assert len(seen) >= (2 if name == "rendezvous" else 3)  # nothing, and what else can be earned, all came up


@pytest.mark.parametrize(("name", "options"), TASKS)
def test_where_episodes_start(name, options):
    """Targets anywhere and the external on no site; in crossing everybody at the near end. Drawn as listed."""
    game = make(name, **options)
    states, probability = game.starts()
    assert float(probability.sum()) == pytest.approx(1)
    listed = {tuple(s) for s, p in zip(states.tolist(), probability.tolist(), strict=True) if p > 0}
    if name == "crossing":
        rows, columns = range(game.rows), game.columns
        ends = [[r * columns for r in rows]] * len(game.targets) + [[r * columns + columns - 1 for r in rows]]
    else:
        sites = [r * game.columns + c for r, c in sites_of(name, game.rows)]
        cells = range(game.cells)
        ends = [list(cells)] * len(game.targets) + [[c for c in cells if c not in sites]]
    assert listed == set(product(*ends))
    drawn = game.reset(4000, torch.Generator().manual_seed(0))
    assert {tuple(s) for s in drawn.tolist()} <= listed
    for j, end in enumerate(ends):  # each agent uniformly: 5 standard errors
        share = torch.bincount(drawn[:, j], minlength=game.cells)[end].double() / 4000
        assert ((share - 1 / len(end)).abs() < 5 * math.sqrt(1 / len(end) / 4000)).all()


@pytest.mark.parametrize(("name", "options"), [t for t in TASKS if t[0] != "crossing"])
def test_partners_and_raiders_by_their_formula(name, options):
    game = make(name, **options)
    size, sites = game.rows, sites_of(name, game.rows)
    some = external_family(name, game).sample(40, 30)
    g = torch.Generator().manual_seed(1)
    states = torch.stack([torch.randint(r, (30,), generator=g) for r in game.radix], -1)
    found = some.policies(torch.arange(30), [game.observe(states)[-1]])[0]

    def steps(x, y):
        return abs(x[0] - y[0]) + abs(x[1] - y[1])

    for parameters, state, policy in zip(some.parameters.tolist(), states.tolist(), found.tolist(), strict=True):
        *team, own = [divmod(c, size) for c in state]
        favours, (haste, second, third) = parameters[:4], parameters[4:]
        weights = []
        for a in range(5):
            to, pull = walk(own, a, size), 0.0
            for favour, site in zip(favours, sites, strict=True):
                if name == "gates":
                    favour -= second * any(steps(site, d) <= 1 for d in team)
                pull += math.exp(favour - haste * steps(to, site))
            if name == "rendezvous":
                pull *= math.exp(third * any(steps(to, c) <= 1 for c in team) + second * (a == 0))
            else:
                pull *= math.exp(third * (a == 0))
            weights.append(pull)
        assert policy == pytest.approx([w / sum(weights) for w in weights], rel=1e-9, abs=1e-12)


def test_strangers_by_their_formula():
    game = make("crossing", lanes=3, length=4)
    some = external_family("crossing", game).sample(7, 60)
    g = torch.Generator().manual_seed(1)
    states = torch.randint(12, (60, 3), generator=g)
    found = some.policies(torch.arange(60), [game.observe(states)[-1]])[0]
    met = 0
    for parameters, state, policy in zip(some.parameters.tolist(), states.tolist(), found.tolist(), strict=True):
        lane, column = divmod(state[-1], 4)
        meeting = any(c % 4 <= column for c in state[:-1])
        met += meeting
        swerve, dodge, keep, brake, give = parameters
        if meeting:
            swerve, brake = swerve + dodge, brake + give
        weights = [1.0, math.exp(swerve + keep) * (lane < 2), math.exp(swerve - keep) * (lane > 0), math.exp(brake)]
        assert policy == pytest.approx([w / sum(weights) for w in weights], rel=1e-9, abs=1e-12)
    assert 5 < met < 55


@pytest.mark.parametrize(("call", "message"), [
    (lambda: make("rendezvous", size=2), "at least 3 × 3 cells"),
    (lambda: make("gates", size=4), "odd board size .*got size=4"),
    (lambda: make("crossing", lanes=1), "at least 2 lanes"),
    (lambda: make("gates", defenders=0), "at least one target"),
])  # fmt: skip
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
