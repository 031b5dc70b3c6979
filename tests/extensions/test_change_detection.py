"""Surprise and change: the sum by hand, an external that switches, and one that does not."""

import math
from dataclasses import replace

import pytest
import torch

import micra_lite
from micra_lite.agent import prior_belief
from micra_lite.extensions.change_detection import Succession, log_probability_of_move, vigilant_execution
from micra_lite.externals import Externals
from micra_lite.phases import offline_training, online_adaptation
from micra_lite.rollouts import watch
from micra_lite.settings import Settings
from micra_lite.training_state import last

SMALL = Settings(
    updates=60, updates_per_round=10, externals_per_round=16, episodes_per_external=32, externals_per_update=16,
    states_per_external=8, hidden=32, actor_hidden=32, features=8, imitator_hidden=16, probes=4, value_steps=1, meta_every=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def trained():
    """A team in the rectangular game (one move an episode), with an imitator that has learned to learn."""
    game, family = micra_lite.make("rectangular"), micra_lite.external_family("rectangular")
    return last(offline_training(game, family, replace(SMALL, updates=300))).state


def strategist(*probabilities):
    family = micra_lite.external_family("rectangular")
    return Externals(family, torch.tensor([probabilities], dtype=torch.float64), (0,))


LEFT, RIGHT = strategist(0.9, 0.05, 0.05), strategist(0.05, 0.05, 0.9)


def play(state, external, episodes, **options):
    return list(vigilant_execution(state, state.game, external, episodes, **options))


def test_the_cumulative_sum_by_hand(trained):
    """Log-likelihoods from the imitators' predictions, added up record by record; alarms start the sum anew."""
    records = play(trained, Succession.of(lambda t: LEFT if t < 40 else RIGHT), 80, seed=3)
    total, prior = 0.0, prior_belief(trained.agent, 1)
    with torch.no_grad():
        ones = trained.agent.features([o[None, None] for o in records[0].observations])
        average = trained.agent.predict(prior, ones)[0][0, 0]
    for record in records:
        move = int(record.actions[1])
        predicted = record.predictions[0]  # what the team believed when it moved
        assert record.surprise == pytest.approx(-math.log(predicted[move]), abs=1e-5)
        total = max(0.0, total + math.log(average[move]) - math.log(predicted[move]))
        assert record.suspicion == pytest.approx(total, abs=1e-4)
        assert record.changed == (total > 7)
        total = 0.0 if record.changed else total


def test_a_switch_is_noticed_and_answered(trained):
    """One who played left 60 times plays right: an alarm soon after, none before, and the answer changes with it."""
    delays = []
    for seed in range(6):
        records = play(trained, Succession.of(lambda t: LEFT if t < 60 else RIGHT), 120, seed=seed)
        alarms = [k for k, r in enumerate(records) if r.changed]
        assert all(k >= 60 for k in alarms)
        delays.append(alarms[0] - 59)
        early, late = records[50], records[-1]
        assert early.predictions[0].argmax() == 0
        assert late.predictions[0].argmax() == 2
        assert early.policies[0].argmax() == 0  # up pays 3 against left
        assert late.policies[0].argmax() == 1  # down pays 2 against right
    assert max(delays) < 30


def test_without_a_switch_alarms_are_rare(trained):
    alarms = sum(r.changed for seed in range(4) for r in play(trained, LEFT, 150, seed=seed))
    assert alarms <= 1


def test_no_alarm_without_a_threshold_and_many_with_a_low_one(trained):
    def count(h):
        records = play(trained, Succession.of(lambda t: LEFT if t < 30 else RIGHT), 60, threshold=h)
        return sum(r.changed for r in records)

    assert count(math.inf) == 0
    assert count(0.0) > 3


def test_the_given_team_stays_as_it_was(trained):
    before = {n: p.clone() for n, p in trained.agent.state_dict().items()}
    play(trained, LEFT, 12)
    assert trained.belief is None
    assert all(torch.equal(before[n], p) for n, p in trained.agent.state_dict().items())
    adapted = last(online_adaptation(trained, watch(trained, RIGHT, 20))).state
    first = play(adapted, RIGHT, 1)[0]  # it starts with what it knows
    assert first.predictions[0].argmax() == 2


def test_what_was_watched_before_counts_until_an_alarm(trained):
    """With twenty watched moves the first move played changes little; after a switch they are forgotten."""
    watched = watch(trained, RIGHT, 20)
    adapted = last(online_adaptation(trained, watched)).state
    known, forgotten = (play(adapted, RIGHT, 2, watched=w)[1].predictions[0] for w in (watched, ()))
    start = play(adapted, RIGHT, 1)[0].predictions[0]
    assert (known - start).abs().max() < (forgotten - start).abs().max() / 2
    switched = play(adapted, LEFT, 60, watched=watched)
    assert any(r.changed for r in switched)
    assert switched[-1].predictions[0].argmax() == 0


def test_only_the_latest_moves_are_kept(trained):
    """Two moves kept say less than twenty: the prediction stays nearer to the average."""
    few, many = (play(trained, LEFT, 40, kept=kept)[-1].predictions[0] for kept in (2, 20))
    assert 0.4 < few[0] < many[0] - 0.05


@pytest.mark.parametrize("view", [None, 1])
def test_likelihoods_use_what_the_team_can_see(view):
    """Under partial views by the targets' own imitators, averaged; under full views by the external's."""
    game = micra_lite.make("pursuit", view=view)
    state = last(offline_training(game, micra_lite.external_family("pursuit", game), replace(SMALL, updates=10))).state
    belief = prior_belief(state.agent, 1)
    seen = state.observe(torch.tensor([[0, 4, 5]]))
    with torch.no_grad():
        predictions = state.agent.predict(belief, state.agent.features([o[None] for o in seen]))
    own = predictions[:1] if view is None else predictions[1:]
    assert len(own) == (1 if view is None else 2)
    expected = sum(math.log(p[0, 0, 3]) for p in own) / len(own)
    found = log_probability_of_move(state, belief, [o[0] for o in seen[:3]], torch.tensor([0, 0, 3]))
    assert found == pytest.approx(expected, rel=1e-5)
    external = micra_lite.external_family("pursuit", game).split("held-out")[0]
    records = list(vigilant_execution(state, game, external, 2))
    assert [r.over for r in records] == [*[False] * 24, True] * 2
