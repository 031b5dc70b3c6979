"""The three switches without a browser: every control over its range, against loops and normal equations."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import HTML

from helpers.widgets import controls, drawings, numbers, part, stays_on_its_sheet
from micra_lite.widgets import ThreeSwitches
from micra_lite.widgets.drawing.base import STATIC
from micra_lite.widgets.switches import JOINT, features, fit, how_often, payoffs, regret_of_on, verdict


def worth(share, a):
    return share * (sum(a) % 2) + (1 - share) * (a[0] == a[2])


def regret_by_loops(q, on):
    """Half of what on is better than off, the others averaged out, Python floats only."""
    total = 0.0
    for mate, stranger in product((0, 1), repeat=2):
        weight = (on if mate else 1 - on) * (on if stranger else 1 - on)
        total += weight * (q[1, mate, stranger] - q[0, mate, stranger]) / 2
    return total


def nearest(q, weights, groups):
    """Least squares by its normal equations, with indicators of `groups` of agents all on as the only terms."""
    x = np.array([[float(all(a[j] for j in group)) for group in groups] for a in JOINT])
    w = np.diag(weights)
    return (x @ np.linalg.solve(x.T @ w @ x, x.T @ w @ q.reshape(-1))).reshape(2, 2, 2)


def shown(switches):
    """Frequencies in D, the three tables and their regrets, from the controls."""
    q, data = payoffs(switches.share.value), switches.data.value
    weights = how_often([np.array([1 - p, p]) for p in (0.5, data, data)])
    tables = [q, fit(q, weights, 2), fit(q, weights, 1)]
    return weights, tables, [regret_of_on(table, switches.now.value) for table in tables]


def check(switches):
    """Frequencies, tables and regrets against loops and normal equations; what is drawn stays on its sheet."""
    share, data, now = switches.share.value, switches.data.value, switches.now.value
    weights, tables, regrets = shown(switches)
    q = np.array([worth(share, a) for a in JOINT]).reshape(2, 2, 2)
    expected = np.array([0.5 * np.prod([data if x else 1 - data for x in a[1:]]) for a in JOINT])
    single = ((), (0,), (1,), (2,))
    fitted = [q, nearest(q, expected, (*single, (0, 1), (0, 2), (1, 2))), nearest(q, expected, single)]
    assert weights.reshape(-1) == pytest.approx(expected)
    for found, wanted in zip(tables, fitted, strict=True):
        assert found == pytest.approx(wanted, abs=1e-9)
    assert regrets == pytest.approx([regret_by_loops(table, now) for table in fitted], abs=1e-9)
    (drawing,) = drawings(switches.view.value)
    stays_on_its_sheet(drawing)


@pytest.mark.parametrize(("share", "now"), [(1.0, 0.8), (0.3, 0.2), (0.0, 0.5)])
def test_the_words_say_what_is_drawn(share, now):
    switches = ThreeSwitches()
    switches.share.value, switches.now.value = share, now
    weights, tables, regrets = shown(switches)
    alt = switches.alt
    assert part(alt, "Three-way", " now. ") == pytest.approx([share, switches.data.value, now], abs=1e-9)
    for a in JOINT:
        told = numbers(alt.split(" ".join("on" if x else "off" for x in a) + ":")[1])[:4]
        assert told[0] == pytest.approx(100 * weights[a], abs=0.051)
        assert told[1:] == pytest.approx([table[a] for table in tables], abs=0.0051)
    assert part(alt, "Regret of on:", "So:") == pytest.approx(regrets, abs=0.0051)
    said = [verdict(regret, regrets[0]) for regret in regrets[1:]]
    assert alt.endswith(f"So: pairwise {said[0]}, single {said[1]}.")


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("data", [0.1, 0.5, 0.8])
def test_every_control_over_its_range(share, data):
    switches = ThreeSwitches()
    switches.share.value, switches.data.value = share, data
    for k in range(11):
        switches.now.value = 0.1 * k
        check(switches)
    for one, count in ((switches.share, 10), (switches.data, 8)):
        before = one.value
        for k in range(count + 1):
            one.value = one.min + k * 0.1
            check(switches)
        one.value = before


@pytest.mark.parametrize("order", [1, 2])
@given(st.floats(0, 1), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
@settings(deadline=None, max_examples=30)
def test_beside_the_others_of_the_data_every_critic_regrets_rightly(order, share, mine, others):
    """What the best fit leaves averages to zero for each own action, so the others may be averaged over either."""
    q = payoffs(share)
    fitted = fit(q, how_often([np.array([1 - p, p]) for p in (mine, others, others)]), order)
    assert regret_by_loops(fitted, others) == pytest.approx(regret_by_loops(q, others), abs=1e-9)


def test_a_pairwise_payoff_is_fitted_exactly_and_parity_not_at_all():
    weights = how_often([np.array([0.5, 0.5])] * 3)
    assert fit(payoffs(0.0), weights, 2) == pytest.approx(payoffs(0.0), abs=1e-12)
    assert fit(payoffs(1.0), weights, 2) == pytest.approx(np.full((2, 2, 2), 0.5), abs=1e-12)


def test_features_of_a_rectangular_game():
    assert features((2, 3), 1).shape == (6, 1 + 5)
    assert features((2, 3, 4), 2).shape == (24, 1 + 9 + 6 + 8 + 12)
    assert features((2, 3), 2)[:, 6:].sum(0).tolist() == [1.0] * 6


def test_verdicts():
    assert verdict(0.2, 0.2) == "right"
    assert verdict(-0.2, 0.1) == "points the wrong way"
    assert verdict(0.3, 0.1) == "off by 0.20"
    assert verdict(0.0, 0.1) == "off by 0.10"


def test_it_has_words_and_a_static_copy():
    switches = ThreeSwitches()
    assert all(c.description.strip() and not c.disabled for c in controls(switches) if not isinstance(c, HTML))
    assert switches.twin() == ThreeSwitches().twin()
    assert " id=" not in switches.twin()
    assert STATIC in switches.twin()


def test_what_it_shows_at_first_answers_no_question_of_the_lesson():
    """The lesson asks what pairs say of the lamp alone, and when their regrets are right: neither is the first picture."""
    switches = ThreeSwitches()
    assert 0 < switches.share.value < 1
    assert switches.data.value != switches.now.value
    _, tables, regrets = shown(switches)
    assert np.ptp(tables[1]) > 0.1
    assert verdict(regrets[1], regrets[0]) != "right"
    assert not switches.alt.startswith("Three-way share 1.0")
