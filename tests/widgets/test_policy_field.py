"""The field of regrets without a browser: its numbers against plain loops, its paths against what is known, its words."""

import itertools
import math
import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.widgets import controls, drawings, part, stays_on_its_sheet
from micra_lite.exact import dynamics, nash_equilibria
from micra_lite.registry import make
from micra_lite.widgets import PolicyField
from micra_lite.widgets.drawing.field import PATHS, Trajectory
from micra_lite.widgets.policy_field import FIELD_GAMES


def plain_regrets(game, i, policies):
    """Eq. 2 in a two-player game, in plain loops."""
    given = [0.0] * game.n_actions[i]
    for joint in itertools.product(*map(range, game.n_actions)):
        given[joint[i]] += float(policies[1 - i][joint[1 - i]]) * float(game.payoffs[joint][i])
    v = sum(float(p) * x for p, x in zip(policies[i], given, strict=True))
    return [x - v for x in given]


def shown(field):
    """What the picture is made of, from the controls."""
    start = [torch.tensor(p, dtype=torch.float64) for p in policies_of(field)]
    return Trajectory.of(field.game, (start[0], start[1]), field.way_menu.value, field.steps.value)


def policies_of(field):
    policies = [[s.value for s in own] for own in field.sliders]
    return [[p[0], 1 - p[0]] if len(p) == 1 else [x / sum(p) if sum(p) else 1 / len(p) for x in p] for p in policies]


def check_field(field):
    """Regrets at both ends against the loops; what is drawn stays on its sheet."""
    found, game = shown(field), field.game
    for i, own in enumerate(found.regrets):
        assert own == pytest.approx(plain_regrets(game, i, policies_of(field)), abs=1e-9)
    end = [p[-1].tolist() for p in found.path]
    assert len(found.path[0]) == field.steps.value + 1
    assert [sum(p) for p in end] == pytest.approx([1, 1])
    assert found.left == pytest.approx(max(plain_regrets(game, 0, end) + plain_regrets(game, 1, end)), abs=1e-9)
    for sheet in drawings(field.view.value):
        stays_on_its_sheet(sheet)


@pytest.mark.parametrize("way", PATHS)
@pytest.mark.parametrize("name", FIELD_GAMES)
def test_the_words_say_what_is_drawn(name, way):
    field = PolicyField(name)
    field.way_menu.value = way
    found, alt = shown(field), field.alt
    assert part(alt, "Policies:", "Regret advantages") == pytest.approx(
        [*itertools.chain(*policies_of(field))], abs=0.0051
    )
    assert part(alt, "Regret advantages:", ": row is") == pytest.approx([*itertools.chain(*found.regrets)], abs=0.0051)
    for agent, names, own in zip(field.game.agents, field.game.action_names, found.regrets, strict=True):
        best = names[own.index(max(own))]
        assert f"{agent} is {f'pushed towards {best}' if max(own) > 0.005 else 'not pushed'}" in alt
    begin = "the average is" if way == PATHS[1] else "the policies are"
    end = [x for p in found.path for x in p[-1].tolist()]
    assert part(alt, begin, ", and the largest regret left is") == pytest.approx(end, abs=0.0051)
    left = part(alt, "the largest regret left is", " Equilibria")
    assert left == pytest.approx([max(0.0, found.left)], abs=0.0051)


FEW_CONTROLS = [n if n not in ("penalty", "climbing") else pytest.param(n, marks=pytest.mark.long) for n in FIELD_GAMES]


@pytest.mark.parametrize("name", FEW_CONTROLS)
def test_the_field_over_all_its_controls(name):
    field = PolicyField("chicken")
    field.game_menu.value = name
    check_field(field)
    for way in PATHS:
        field.way_menu.value = way
        for steps in (0, 10, 200, 400):
            field.steps.value = steps
            check_field(field)
        for one in itertools.chain(*field.sliders):
            start = one.value
            for k in range(0, round((one.max - one.min) / one.step) + 1, 5):
                one.value = one.min + k * one.step
                check_field(field)
            one.value = start


@pytest.mark.parametrize("name", FIELD_GAMES)
def test_equilibria_are_those_of_an_independent_solver(name):
    nashpy = pytest.importorskip("nashpy")
    payoffs = make(name).payoffs.double().numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # climbing and penalty have ties, which it points out
        theirs = list(nashpy.Game(payoffs[..., 0], payoffs[..., 1]).support_enumeration())
    ours = nash_equilibria(make(name).payoffs)
    for pair in theirs:
        assert any(np.allclose(np.concatenate(pair), np.concatenate(own), atol=1e-9) for own in ours)
    for k, own in enumerate(ours):  # it misses one of climbing and one of penalty: so these by their definition, too
        assert max(max(plain_regrets(make(name), i, own)) for i in (0, 1)) == pytest.approx(0, abs=1e-9)
        assert not any(np.allclose(np.concatenate(own), np.concatenate(other)) for other in ours[:k])


def pair(x, y):
    return torch.tensor([x, 1 - x], dtype=torch.float64), torch.tensor([y, 1 - y], dtype=torch.float64)


@given(x=st.floats(0.05, 0.95), y=st.floats(0.05, 0.95))
@settings(max_examples=25)
def test_in_a_zero_sum_game_regrets_go_round_for_ever(x, y):
    """The replicator dynamics of matching pennies keep Σ_i KL(π*_i ‖ π_i): they never come nearer."""
    path = dynamics.replicator_path(make("matching_pennies").payoffs, pair(x, y), 200)
    distance = sum(-0.5 * p.log().sum(1) for p in path)
    assert distance.tolist() == pytest.approx([float(distance[0])] * 201, rel=1e-5)


@pytest.mark.parametrize("name", FIELD_GAMES)
def test_the_path_follows_the_field(name):
    payoffs, n = make(name).payoffs, len(make(name).action_names[0])
    start = torch.arange(1, n + 1, dtype=torch.float64) / sum(range(1, n + 1))
    rate = 1e-3
    path = dynamics.replicator_path(payoffs, (start, start.flip(0)), 2, rate)
    moved = dynamics.drift(payoffs, (path[0][1:2], path[1][1:2]))
    for p, d in zip(path, moved, strict=True):
        slope = (p[2] - p[0]) / (2 * rate * dynamics.time_unit(payoffs))
        assert slope.tolist() == pytest.approx(d[0].tolist(), abs=1e-4 / dynamics.time_unit(payoffs))
        assert float(d.sum()) == pytest.approx(0, abs=1e-9)


def test_an_action_that_is_never_played_stays_so():
    path = dynamics.replicator_path(make("stag_hunt").payoffs, pair(0.0, 0.9), 50)
    assert path[0][:, 0].tolist() == [0.0] * 51


@pytest.mark.parametrize("name", ["matching_pennies", "rock_paper_scissors", "stag_hunt"])
def test_regret_matching_is_its_definition(name):
    game = make(name)
    n = game.n_actions[0]
    start = [
        torch.arange(1, n + 1).double() / sum(range(1, n + 1)),
        torch.arange(n, 0, -1).double() / sum(range(1, n + 1)),
    ]
    rounds, averages = dynamics.regret_matching(game.payoffs, (start[0], start[1]), 40)
    now, total = [p.tolist() for p in start], [[0.0] * n, [0.0] * n]
    history = [[now[0]], [now[1]]]
    for _ in range(40):
        for i in (0, 1):
            total[i] = [t + r for t, r in zip(total[i], plain_regrets(game, i, now), strict=True)]
        positive = [[max(x, 0.0) for x in own] for own in total]
        now = [[x / sum(own) for x in own] if sum(own) else [1 / n] * n for own in positive]
        for i in (0, 1):
            history[i].append(now[i])
    for i in (0, 1):
        assert np.allclose(rounds[i].numpy(), history[i], atol=1e-9)
        assert averages[i][-1].tolist() == pytest.approx(np.mean(history[i], 0).tolist())


def test_its_average_converges_in_a_zero_sum_game():
    game = make("rock_paper_scissors")
    start = torch.tensor([0.8, 0.1, 0.1], dtype=torch.float64)
    _, averages = dynamics.regret_matching(game.payoffs, (start, start.flip(0)), 4000)
    for average in averages:  # regret matching: at most span·√(A / T) each
        assert average[-1].tolist() == pytest.approx([1 / 3] * 3, abs=0.05)


def test_games_without_a_field_are_refused():
    with pytest.raises(ValueError, match="'rectangular' has no field"):
        PolicyField("rectangular")
    with pytest.raises(ValueError, match="'rectangular' has no field"):
        PolicyField("stag_hunt", games=["rectangular"])


def test_what_is_offered_and_what_is_remembered():
    field = PolicyField("stag_hunt", games=["stag_hunt"], ways=PATHS[:1])
    assert {c.description for c in controls(field)}.isdisjoint({"Game", "Path"})
    field = PolicyField("stag_hunt", games=["stag_hunt", "rock_paper_scissors"])
    field.sliders[1][0].value = 0.9
    left = field.alt
    field.game_menu.value = "rock_paper_scissors"
    field.sliders[0][0].value = 0.8
    assert policies_of(field)[0] == pytest.approx([0.8, 0.12, 0.08])
    field.game_menu.value = "stag_hunt"
    assert field.alt == left
    field.game_menu.value = "rock_paper_scissors"
    assert policies_of(field)[0] == pytest.approx([0.8, 0.12, 0.08])


@pytest.mark.parametrize("name", ["stag_hunt", "rock_paper_scissors"])
def test_the_field_fills_its_sheet_and_its_arrowheads_can_be_seen(name):
    """From edge to edge, and each arrowhead is 10 pixels long, however slow the arrow."""
    root = ET.fromstring(drawings(PolicyField(name).view.value)[0])
    heads = [
        [tuple(map(float, xy.split(","))) for xy in node.attrib["points"].split()]
        for node in root.iter()
        if node.tag.endswith("polygon") and len(node.attrib["points"].split()) == 3
    ]
    assert len(heads) >= 56  # 28 in each triangle, 81 in a square
    for tip, left, right in heads:
        assert math.dist(tip, [(a + b) / 2 for a, b in zip(left, right, strict=True)]) == pytest.approx(10, abs=0.2)
    outlines = [p for node in root.iter() if node.tag.endswith("polyline") for p in node.attrib["points"].split()]
    reach = max(float(p.split(",")[0]) for p in outlines)
    assert reach > (650 if name == "rock_paper_scissors" else 380)
