"""The chain: every link against an independent computation, and what a reader is to see."""

import numpy as np
import pytest
import torch

from micra_lite import exact
from micra_lite.widgets import Chain
from micra_lite.widgets.chain import WATCHED, hunt


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_q_and_regrets_are_those_of_eq_2_beside_the_predicted_prey(share):
    """Q by the Bellman equation from a separate evaluation; regrets by loops over all joint actions."""
    home, moves = hunt(), 10
    links, table = home.links(share, moves), home.table
    predicted = home.watch(torch.lerp(*home.prey, share), moves)
    value = exact.evaluate(table, [p.numpy() for p in (*home.team, predicted)])
    rows = slice(home.state * 125, (home.state + 1) * 125)
    q = (exact.team_reward(table).reshape(table.S, 125)[home.state] + table.gamma * table.T[rows] @ value).reshape(
        5, 5, 5
    )
    first, second, prey = (p[home.state].numpy() for p in (*home.team, predicted))
    slice_by_loops = [[sum(second[b] * q[a, b, e] for b in range(5)) for e in range(5)] for a in range(5)]
    assert np.allclose(links.q, slice_by_loops, atol=1e-9)
    for i, own in enumerate((first, second)):
        v = np.zeros(5)
        for a, b, e in np.ndindex(5, 5, 5):
            v[(a, b)[i]] += (second[b], first[a])[i] * prey[e] * q[a, b, e]
        assert np.allclose(links.regrets[i], v - own @ v, atol=1e-9)


def test_the_prediction_begins_at_the_average_prey_and_comes_near_the_one_that_plays():
    home = hunt()
    for prey in home.prey:
        assert torch.allclose(home.watch(prey, 0), home.known.mean(0))
        gaps = []
        for moves in WATCHED:
            predicted = home.watch(prey, moves)
            assert torch.allclose(predicted.sum(1), torch.ones(len(prey), dtype=prey.dtype))
            gaps.append(float((torch.xlogy(prey, prey) - torch.xlogy(prey, predicted)).sum(1).mean()))
        assert max(gaps[-3:]) < gaps[0] / 2


def test_the_arrows_turn_from_prey_a_to_prey_b():
    moves, home = hunt().game.action_names[0], hunt()
    first, last = home.links(0.0, 20), home.links(1.0, 20)
    for links, went, answer in ((first, "north", "east"), (last, "west", "south")):
        assert moves[int(links.played.argmax())] == moves[int(links.predicted.argmax())] == went
        assert moves[int(links.regrets[0].argmax())] == moves[int(links.after[0].argmax())] == answer
        for before, after, regret in zip(links.before, links.after, links.regrets, strict=True):
            assert abs(float(before @ regret)) < 1e-9
            assert after @ regret > before @ regret


def test_a_lesson_frames_its_own_link():
    whole, own = Chain(), Chain("critic")
    assert "this lesson" not in whole.view.value
    assert own.view.value.count("this lesson") == 1
    assert own.alt == f"{whole.alt} The framed link: The critic: Q(s, a)."
    with pytest.raises(ValueError, match="no link 'eyes'; it has"):
        Chain("eyes")


def test_each_slider_changes_the_picture_and_its_words():
    chain = Chain()
    before = chain.alt
    assert before.startswith(
        "The chain: prey 0 percent B, the rest A; 20 moves watched. The prey's likeliest move: north (0.85)"
    )
    chain.prey.value = 1.0
    assert chain.alt.startswith(
        "The chain: prey 100 percent B, the rest A; 20 moves watched. The prey's likeliest move: west (0.73)"
    )
    chain.watched.value = 0
    assert "0 moves watched" in chain.alt
    assert "west 0.17" in chain.alt.split("Predicted: ")[1]
    chain.prey.value, chain.watched.value = 0.0, 20
    assert chain.alt == before
