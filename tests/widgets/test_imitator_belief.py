"""The imitator's belief without a browser: its words against the predictions, and both predictors against plain loops."""

import numpy as np
import pytest
import torch
from ipywidgets import HTML

from helpers.widgets import controls, drawings, numbers, part, stays_on_its_sheet
from micra_lite import exact
from micra_lite.networks import MetaImitator
from micra_lite.registry import external_family, make
from micra_lite.replay import Episode
from micra_lite.widgets import ImitatorBelief
from micra_lite.widgets.critic_table import MOVES, STATES
from micra_lite.widgets.drawing.base import STATIC
from micra_lite.widgets.imitator_belief import WATCHED, by_bayes, by_imitator, draw_moves, excess, prey_tables


@pytest.fixture(scope="module")
def belief():
    torch.manual_seed(0)
    return ImitatorBelief(MetaImitator(17, 6, 5, 0.5).double())


def watched(prey, count, seed=3):
    new = prey_tables()[2]
    return draw_moves(new[prey : prey + 1], count, torch.Generator().manual_seed(seed))


def test_bayes_is_the_posterior_mean_by_loops_and_by_the_packaged_posterior():
    seen, known, _ = prey_tables()
    states, moves = watched(2, 6)
    weights = []
    for prey in known:
        likelihood = 1.0
        for s, a in zip(states[0], moves[0], strict=True):
            likelihood *= float(prey[s, a])
        weights.append(likelihood)
    expected = np.einsum("m,msa->sa", np.array(weights) / sum(weights), known.numpy())
    assert np.abs(by_bayes(known, states, moves)[0].numpy() - expected).max() < 1e-12
    game = make("pursuit", size=2, hunters=1)
    pairs = exact.Watched.of(game, [Episode({"prey": seen[states[0]].float()}, {"prey": moves[0]})])
    packaged = exact.posterior(external_family("pursuit", game).split("train"), pairs)
    assert np.abs(packaged - np.array(weights) / sum(weights)).max() < 1e-9


def test_nothing_watched_leaves_the_average_and_theta():
    seen, known, _ = prey_tables()
    states, moves = watched(0, 0)
    assert torch.allclose(by_bayes(known, states, moves)[0], known.mean(0))
    imitator = MetaImitator(17, 6, 5, 0.5).double()
    assert torch.allclose(by_imitator(imitator, states, moves)[0], imitator(seen).exp())


def test_bayes_is_the_best_on_average_over_its_own_prior():
    """Drawn from the known prey, watched for 5 moves: neither the average nor an imitator does better."""
    _, known, _ = prey_tables()
    rows = torch.randint(len(known), (400,), generator=torch.Generator().manual_seed(1))
    states, moves = draw_moves(known[rows], 5, torch.Generator().manual_seed(2))
    torch.manual_seed(0)
    rivals = [known.mean(0), by_imitator(MetaImitator(17, 6, 5, 0.5).double(), states, moves)]
    ideal = float(excess(known[rows], by_bayes(known, states, moves)).mean())
    assert all(float(excess(known[rows], rival).mean()) > ideal + 0.1 for rival in rivals)


def test_excess_is_zero_for_the_truth_and_positive_else():
    _, known, new = prey_tables()
    assert excess(new, new).abs().max() < 1e-12
    assert (excess(new, known[:64]) >= -1e-12).all()
    p, q = new[0, 0].tolist(), known[0, 0].tolist()
    by_hand = sum(x * (np.log(x) - np.log(y)) for x, y in zip(p, q, strict=True) if x > 0)
    assert float(excess(new[0, 0], known[0, 0])) == pytest.approx(by_hand, abs=1e-12)


def test_moves_come_as_often_as_they_should():
    new = prey_tables()[2]
    states, moves = draw_moves(new[:1], 60_000, torch.Generator().manual_seed(0))
    for s in range(len(STATES)):
        found = torch.bincount(moves[0][states[0] == s], minlength=5).double()
        assert (found / found.sum() - new[0, s]).abs().max() < 5 * 0.5 / found.sum().sqrt()


def check(belief):
    """The words of the present picture, parsed back, against what was predicted and played."""
    alt, prey, k, row = belief.alt, belief.prey.value, belief.watched.value, belief.state.value
    watched, n = belief.watched_prey[prey], WATCHED[k]
    hunter, own = (f"row {c // 2 + 1} column {c % 2 + 1}" for c in divmod(STATES[row], 4))
    assert alt.startswith(f"Prey {prey}, {n} moves watched. State {STATES[row]}: hunter in {hunter}, prey in {own}.")
    counts = [0] * 5
    for s, a in zip(watched.states[:n].tolist(), watched.moves[:n].tolist(), strict=True):
        counts[a] += s == row
    assert part(alt, "Watched in this state", " stay: played") == counts
    for a, move in enumerate(MOVES):
        told = numbers(alt.split(f" {move}: played")[1].split(". ")[0])
        wanted = [prey_tables()[2][prey, row, a], *(p[k, row, a] for p in watched.predicted)]
        assert told == pytest.approx([float(x) for x in wanted], abs=0.0051)
    errors = [float(excess(prey_tables()[2][prey], p[k]).mean()) for p in watched.predicted]
    assert numbers(alt[alt.index("Mean error") :]) == pytest.approx(errors, abs=0.00051)
    (drawing,) = drawings(belief.view.value)
    stays_on_its_sheet(drawing)


def test_every_control_over_its_range(belief):
    for prey in range(4):
        belief.prey.value = prey
        for k in range(len(WATCHED)):
            belief.watched.value = k
            check(belief)
    for row in range(len(STATES)):
        belief.state.value = row
        check(belief)


def test_it_has_words_and_a_static_copy(belief):
    assert all(c.description.strip() and not c.disabled for c in controls(belief) if not isinstance(c, HTML))
    assert " id=" not in belief.twin()
    assert STATIC in belief.twin()
    assert 'class="trained"' in belief.twin()
