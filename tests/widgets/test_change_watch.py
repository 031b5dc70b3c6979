"""The watch for a change without a browser: its words against the sum done again by loops, and what theory says of it."""

import math

import numpy as np
import pytest
from ipywidgets import HTML

from helpers.widgets import controls, drawings, numbers, part, stays_on_its_sheet
from micra_lite import exact
from micra_lite.registry import external_family, make
from micra_lite.widgets import ChangeWatch
from micra_lite.widgets.change_watch import (
    EVIDENCE,
    KNOWN,
    PAYOFF,
    THRESHOLDS,
    WHO,
    T,
    alarm_times,
    draw_moves,
    trade_off,
    watch_out,
)
from micra_lite.widgets.drawing.base import STATIC


@pytest.fixture(scope="module")
def watch():
    return ChangeWatch()


def by_loops(threshold, change, who):
    """The same run in plain floats: (suspicion, alarms, rewards), from the moves that were drawn."""
    uniform = np.random.default_rng(3).random(T)
    moves = []
    for t, u in enumerate(uniform):
        policy = KNOWN if t < change else WHO[who]
        moves.append(0 if u < policy[0] else 1 if u < policy[0] + policy[1] else 2)
    belief, kept, doubted, total = list(KNOWN), [], [], 0.0
    suspicion, alarms, rewards, forgotten = [], [], [], False
    for t, move in enumerate(moves):
        worth = [round(sum(PAYOFF[a][e] * belief[e] for e in range(3)), 9) for a in range(3)]
        answer, policy = worth.index(max(worth)), KNOWN if t < change else WHO[who]
        rewards.append(sum(PAYOFF[answer][e] * policy[e] for e in range(3)))
        total = max(0.0, total + math.log(1 / 3) - math.log(belief[move]))
        doubted.append(move)
        suspicion.append(total)
        if total > threshold:
            alarms.append(t + 1)
            kept, doubted, total, forgotten = doubted, [], 0.0, True
        elif total == 0:
            kept, doubted = kept + doubted, []
        if forgotten:
            belief = [(kept.count(a) + 1) / (len(kept) + 3) for a in range(3)]
    return suspicion, alarms, rewards


def check(watch):
    """The words of the present picture, parsed back, against the loops."""
    h, change, who, alt = watch.threshold.value, watch.change.value, watch.who.value, watch.alt
    suspicion, alarms, rewards = by_loops(h, change, who)
    run = watch_out(h, change, who)
    assert run.suspicion == pytest.approx(suspicion, abs=1e-9)
    assert run.alarms == alarms
    assert run.rewards == pytest.approx(rewards, abs=1e-9)
    assert alt.startswith(f"Threshold {h:.1f} nats, {T} moves.")
    assert (f"After move {change} comes {who}." in alt) == (who != "nobody")
    told = alt.split("Alarms after move: ")[1].split(". ")[0]
    assert [int(a) for a in told.split(", ") if a != "none"] == alarms
    late = [a for a in alarms if a > change and who != "nobody"]
    assert f"False alarms: {len(alarms) - len(late)}" in alt
    assert ("Not noticed." in alt) == (who != "nobody" and not late)
    if late:
        assert f"Delay: {late[0] - change} moves" in alt
        assert f"further alarms: {len(late) - 1}." in alt
    seen = late[0] if late else T
    spans = [(0, T)] if who == "nobody" else [(0, change), (change, seen), (seen, T)]
    means = [float(np.mean(rewards[a:b])) for a, b in spans if b > a]
    assert part(alt, "Mean reward per move:", "Over many") == pytest.approx(means, abs=0.0051)
    shown = [float(pair.split(": ")[1].rstrip(".")) for pair in alt.split("after move ")[-1].split("; ")]
    assert shown == pytest.approx(suspicion[19::20], abs=0.051)
    k, many = THRESHOLDS.index(h), trade_off()
    assert f"every {many['nobody'][k]:,.0f} moves (Lorden: at least {math.exp(h):,.1f})" in alt
    if "mean delay" in alt:
        assert numbers(alt.split("mean delay")[1])[0] == pytest.approx(many[who][k], abs=0.051)
    (drawing,) = drawings(watch.view.value)
    stays_on_its_sheet(drawing)


@pytest.mark.parametrize("who", WHO)
def test_every_control_over_its_range(watch, who):
    watch.who.value = who
    for h in THRESHOLDS:
        watch.threshold.value = h
        check(watch)
    watch.threshold.value = 2.0
    for change in range(watch.change.min, watch.change.max + 1, watch.change.step):
        watch.change.value = change
        check(watch)


def test_payoffs_are_those_of_the_game_and_beliefs_those_of_the_bayes_predictor():
    game = make("rock_paper_scissors")
    assert np.array_equal(exact.tabulate(game).R[0, :, 0].reshape(3, 3), PAYOFF)
    nothing = exact.bayes_predictor(game, external_family("rock_paper_scissors"), []).policies[0][0]
    assert nothing == pytest.approx([1 / 3] * 3)  # θ, before anything was watched


def test_moves_come_as_often_as_they_should():
    uniform = (np.arange(3000) + 0.5) / 3000
    for policy in WHO.values():
        assert np.bincount(draw_moves(policy, uniform), minlength=3) / 3000 == pytest.approx(policy, abs=1e-3)


def test_alarm_times_by_loops():
    evidence = np.random.default_rng(1).normal(0.1, 1.0, (5, 60))
    first, count = alarm_times(evidence, (1.0, 3.0))
    for j, h in enumerate((1.0, 3.0)):
        for r, run in enumerate(evidence):
            total, alarms = 0.0, []
            for t, z in enumerate(run, 1):
                total = max(0.0, total + z)
                if total > h:
                    alarms.append(t)
                    total = 0.0
            assert count[j, r] == len(alarms)
            assert first[j, r] == (alarms[0] if alarms else np.inf)


def test_false_alarms_keep_to_lordens_bound_and_delays_grow_with_the_threshold():
    many = trade_off()
    assert (many["nobody"] >= np.exp(THRESHOLDS)).all()
    for who in ("one who likes scissors", "one who plays all alike"):
        drift = float(np.dot(WHO[who], EVIDENCE))  # nats a move, KL(new ‖ θ′) − KL(new ‖ θ)
        slope = np.polyfit(THRESHOLDS[4:], many[who][4:], 1)[0]
        assert slope == pytest.approx(1 / drift, rel=0.1)
    assert np.dot(KNOWN, EVIDENCE) < np.dot(WHO["one who likes rock a little less"], EVIDENCE) < 0  # never on purpose


def test_it_has_words_and_a_static_copy(watch):
    assert all(c.description.strip() and not c.disabled for c in controls(watch) if not isinstance(c, HTML))
    assert ChangeWatch().twin() == ChangeWatch().twin()
    assert " id=" not in watch.twin()
    assert STATIC in watch.twin()
    assert "trained" not in watch.twin()


def test_a_threshold_that_a_browser_has_added_up():
    watch = ChangeWatch()
    watch.threshold.value = 3.0000000000000004
    assert watch.alt.startswith("Threshold 3.0 nats")
