"""The gradient cloud without a browser: its estimators against plain loops and what is known of them, and its words."""

import itertools
import math
from html import unescape

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import HTML

from helpers.widgets import controls, drawings, numbers, part, stays_on_its_sheet
from micra_lite.widgets import GradientCloud
from micra_lite.widgets.drawing.base import STATIC
from micra_lite.widgets.gradient_cloud import CLOUD_GAMES, clouds

NAMES = ["REINFORCE", "baseline v(s)", "COMA", "CRA"]


def moments(pairs):
    """Number of different estimates, smallest, largest, mean and variance of (estimate, probability) pairs."""
    pairs = [(x, p) for x, p in pairs if p > 0]
    mean = sum(x * p for x, p in pairs)
    different = {round(x, 7) + 0.0 for x, _ in pairs}
    return len(different), min(different), max(different), mean, sum((x - mean) ** 2 * p for x, p in pairs)


def by_loops(q, policies, i, logit):
    """name → (estimate, probability) pairs, in Python floats; q a dict from joint actions."""
    policies = [[float(x) for x in p] for p in policies]

    def swapped(joint, a):
        return q[(*joint[:i], a, *joint[i + 1 :])]

    def likely(joint, but=None):
        return math.prod(policies[j][a] for j, a in enumerate(joint) if j != but)

    own = range(len(policies[i]))
    v = sum(likely(joint) * q[joint] for joint in q)
    given_own = [sum(likely(joint, but=i) * q[joint] for joint in q if joint[i] == a) for a in own]
    found = {name: [] for name in NAMES}
    for joint in q:
        score = (joint[i] == logit) - policies[i][logit]
        counterfactual = sum(policies[i][a] * swapped(joint, a) for a in own)
        weights = [q[joint], q[joint] - v, q[joint] - counterfactual, given_own[joint[i]] - v]
        for name, weight in zip(NAMES, weights, strict=True):
            found[name].append((score * weight, likely(joint)))
    return found


def table(game, i):
    return {joint: float(game.payoffs[joint][i]) for joint in itertools.product(*map(range, game.n_actions))}


def shown(cloud):
    """The target's axis, the logit's number and what the picture is made of, from the controls."""
    i = cloud.game.agents.index(cloud.target_menu.value)
    logit = cloud.game.action_names[i].index(cloud.logit_menu.value)
    draws = cloud.draws.value if cloud.draws else None
    return i, logit, clouds(cloud.game.payoffs[..., i], cloud.policies(), i, logit, draws)


def check(cloud):
    """The estimators against the loops; what is drawn stays on its sheet."""
    i, logit, found = shown(cloud)
    policies = []
    for own in cloud.sliders:
        values = [s.value for s in own]
        weights = [values[0], 1 - values[0]] if len(values) == 1 else values
        policies.append([w / sum(weights) if sum(weights) else 1 / len(weights) for w in weights])
    for ours, theirs in zip(policies, cloud.policies(), strict=True):
        assert theirs.tolist() == pytest.approx(ours)
    expected = {name: moments(pairs) for name, pairs in by_loops(table(cloud.game, i), policies, i, logit).items()}
    sampled = found.pop(3) if cloud.draws else None
    for one, (name, wanted) in zip(found, expected.items(), strict=True):
        assert one.name == name
        stems = (len(one.points), one.points[0][0], one.points[-1][0], one.mean, one.variance)
        assert stems == pytest.approx(wanted, abs=1e-6)
        assert one.mean == pytest.approx(expected["CRA"][3], abs=1e-9)
    coma, regret = expected["COMA"][4], expected["CRA"][4]
    if sampled:
        draws = cloud.draws.value
        assert sampled.name == f"CRA, {draws} draw{'s' if draws > 1 else ''}"
        assert sampled.variance == pytest.approx(regret + (coma - regret) / draws, abs=1e-6)
    (drawing,) = drawings(cloud.view.value)
    stays_on_its_sheet(drawing)


@pytest.mark.parametrize("draws", [None, 2])
@pytest.mark.parametrize("name", CLOUD_GAMES)
def test_the_words_say_what_is_drawn(name, draws):
    cloud = GradientCloud(name, draws)
    i, _, found = shown(cloud)
    alt = cloud.alt
    assert alt.startswith(f"Game {cloud.game.name}, target {cloud.game.agents[i]}, logit of {cloud.logit_menu.value}. ")
    told = part(alt, "Policies:", "Exact gradient")
    assert told == pytest.approx([p for policy in cloud.policies() for p in policy.tolist()], abs=0.0051)
    assert part(alt, "Exact gradient:", " Estimates") == pytest.approx([found[-1].mean], abs=0.00051)
    for one in found:
        count, low, high, variance = numbers(alt.split(f" {one.name}:")[1])[:4]
        assert count == len(one.points)
        assert (low, high) == pytest.approx((one.points[0][0], one.points[-1][0]), abs=0.0051)
        assert variance == pytest.approx(one.variance, abs=0.00051)
    if found[2].variance > 1e-8:
        ratio = found[-1].variance / found[2].variance
        assert part(alt, " CRA has", "of COMA's variance.") == pytest.approx([ratio], abs=0.0051)
    assert f">{alt.split('. ')[-1]}<" in unescape(cloud.view.value)  # the verdict is drawn, too


@pytest.mark.parametrize("name", CLOUD_GAMES)
def test_every_control_over_its_range(name):
    cloud = GradientCloud("stag_hunt", draws=2)
    cloud.game_menu.value = name
    for target in cloud.game.targets:
        cloud.target_menu.value = target
        for logit in cloud.logit_menu.options:
            cloud.logit_menu.value = logit
            check(cloud)
        for one in [*itertools.chain(*cloud.sliders), cloud.draws]:
            start = one.value
            for k in range(0, round((one.max - one.min) / one.step) + 1, 5):
                one.value = one.min + k * one.step
                check(cloud)
            one.value = start


probabilities = st.lists(st.floats(0.01, 1), min_size=2, max_size=3)


@given(st.lists(probabilities, min_size=1, max_size=3), st.data())
@settings(deadline=None, max_examples=40)
def test_estimators_of_any_game(weights, data):
    """The same mean; CRA never scatters more than COMA, or than Q − v(s); draws remove their share, and may be left out."""
    policies = [torch.tensor(w, dtype=torch.float64) / sum(w) for w in weights]
    size = math.prod(len(p) for p in policies)
    entries = data.draw(st.lists(st.floats(-10, 10), min_size=size, max_size=size))
    q = torch.tensor(entries, dtype=torch.float64).view([len(p) for p in policies])
    i, draws = data.draw(st.integers(0, len(policies) - 1)), data.draw(st.integers(1, 3))
    logits = policies[i].log().requires_grad_()
    value = q
    for j in reversed(range(len(policies))):
        value = value.movedim(j, -1) @ (logits.softmax(0) if j == i else policies[j])
    (exact,) = torch.autograd.grad(value, logits)
    found = clouds(q, policies, i, 0, draws)
    for cloud in found:
        assert sum(p for _, p in cloud.points) == pytest.approx(1)
        assert cloud.mean == pytest.approx(float(exact[0]), abs=1e-6)
    assert clouds(q, policies, i, 0) == [cloud for cloud in found if "draw" not in cloud.name]
    _, baseline, coma, sampled, regret = [cloud.variance for cloud in found]
    assert regret <= min(coma, baseline) + 1e-6
    assert sampled == pytest.approx(regret + (coma - regret) / draws, abs=1e-5)


def test_two_fresh_draws_by_brute_force():
    """Every own action with every pair of joint actions of the others."""
    cloud = GradientCloud("odd_one_out", draws=2)
    q, policies = table(cloud.game, 0), cloud.policies()
    single = by_loops(q, policies, 0, 0)["COMA"]
    joints = list(q)
    pairs = []
    for a, p in enumerate(policies[0].tolist()):
        those = [(x, w / p) for (x, w), joint in zip(single, joints, strict=True) if joint[0] == a]
        pairs += [((x + y) / 2, p * v * w) for (x, v), (y, w) in itertools.product(those, repeat=2)]
    found = clouds(cloud.game.payoffs[..., 0], policies, 0, 0, 2)[3]
    assert (len(found.points), found.points[0][0], found.points[-1][0], found.mean, found.variance) == pytest.approx(
        moments(pairs), abs=1e-7
    )


def test_it_does_not_help_where_earnings_add_up():
    assert GradientCloud("warm_weather").alt.endswith("CRA has 1.00 of COMA's variance.")


def test_it_has_words_and_a_static_copy():
    cloud = GradientCloud()
    assert all(c.description.strip() and not c.disabled for c in controls(cloud) if not isinstance(c, HTML))
    described = [c.description for c in controls(cloud)]
    assert "Draws of the others" not in described
    assert "draw" not in cloud.alt
    assert [c.description for c in controls(GradientCloud(draws=1))] == [*described[:-1], "Draws of the others", ""]
    assert cloud.twin() == GradientCloud().twin()
    assert " id=" not in cloud.twin()
    assert STATIC in cloud.twin()
    with pytest.raises(ValueError, match="'pursuit' has no cloud"):
        GradientCloud("pursuit")
