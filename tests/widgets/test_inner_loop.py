"""The starting point widget without a browser: its losses against plain loops, its inner loop against the packaged one."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import HTML
from scipy.optimize import minimize_scalar
from torch import nn

from helpers.widgets import controls, drawings, numbers, part, stays_on_its_sheet
from micra_lite.imitation import adapt, meta_loss
from micra_lite.widgets import StartingPoint
from micra_lite.widgets.drawing.base import STATIC
from micra_lite.widgets.inner_loop import POPULATIONS, WATCHED, InnerLoop, Landscape, adapted


class OneLogit(nn.Module):
    """δ(heads) = σ(θ), whatever is observed."""

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(float(theta), dtype=torch.float64))

    def forward(self, observations):
        logits = torch.stack([self.theta, torch.zeros_like(self.theta)])
        return logits.log_softmax(-1).expand(*observations.shape[:-1], 2)


def entropy(p):
    return -p * math.log(p) - (1 - p) * math.log(1 - p)


def by_loops(start, p, step_size, steps, n, prior_pairs):
    """The expected loss above entropy after adaptation, in Python floats, over the number of heads."""
    total = -entropy(p)
    for heads in [None] if n is None else range(n + 1):
        frequency = p if n is None else (heads / n if n else 0.0)
        weight = 1.0 if n is None else math.comb(n, heads) * p**heads * (1 - p) ** (n - heads)
        theta = math.log(start / (1 - start))
        size = step_size * (1.0 if n is None or n == 0 else n / (n + prior_pairs))
        for _ in range(steps if n != 0 else 0):
            theta -= size * (1 / (1 + math.exp(-theta)) - frequency)
        total += weight * (p * math.log1p(math.exp(-theta)) + (1 - p) * math.log1p(math.exp(theta)))
    return total


def shown(point):
    """What the picture is made of, from the controls."""
    loop = (point.step_size.value, point.steps.value, WATCHED[point.watched.value], point.prior_pairs.value)
    return Landscape.of(POPULATIONS[point.columns.value], point.start.value, InnerLoop(*loop)), loop


def check(point):
    """Errors at the start, and from the best start, against the loops; what is drawn stays on its sheet."""
    found, loop = shown(point)
    assert found.before == pytest.approx([by_loops(found.start, p, 0.0, 0, 0, 0) for p in found.columns], abs=1e-12)
    assert found.after == pytest.approx([by_loops(found.start, p, *loop) for p in found.columns], abs=1e-12)
    assert found.best(0) == pytest.approx(np.mean(found.columns), abs=0.003)  # of a fixed prediction: the mean of p
    least = found.curves[1].min()
    assert least == pytest.approx(np.mean([by_loops(found.best(1), p, *loop) for p in found.columns]), abs=1e-12)
    assert least <= np.mean(found.after) + 0.003
    (drawing,) = drawings(point.view.value)
    stays_on_its_sheet(drawing)


@pytest.mark.parametrize("watched", WATCHED)
@pytest.mark.parametrize("columns", POPULATIONS)
def test_the_words_say_what_is_drawn(columns, watched):
    point = StartingPoint(columns)
    point.watched.value = watched
    found, (step_size, steps, n, prior_pairs) = shown(point)
    alt = point.alt
    told = [*found.columns, found.start, step_size, steps, *([] if n is None else [n]), prior_pairs]
    assert numbers(alt[: alt.index(" Column ")]) == pytest.approx(told, abs=0.0051)
    for p, before, after in zip(found.columns, found.before, found.after, strict=True):
        own = alt[alt.index(f"Column {p:.2f}:") :]
        assert part(own, ": error", " after") == pytest.approx([before, after], abs=0.000051)
    means = [np.mean(found.before), np.mean(found.after)]
    assert part(alt, "Mean error", " The best") == pytest.approx(means, abs=0.000051)
    best = [found.best(0), found.best(1)]
    assert part(alt, "The best start is", " where the mean") == pytest.approx(best, abs=0.00051)
    assert numbers(alt)[-1] == pytest.approx(found.curves[1].min(), abs=0.000051)


@pytest.mark.parametrize("columns", POPULATIONS)
def test_every_control_over_its_range(columns):
    point = StartingPoint()
    point.columns.value = columns
    for one in (point.start, point.step_size, point.steps, point.prior_pairs):
        before = one.value
        for k in range(round((one.max - one.min) / one.step) + 1):
            one.value = one.min + k * one.step
            check(point)
        one.value = before
    for many in WATCHED:
        point.watched.value = many
        check(point)


@given(st.floats(-3, 3), st.floats(0, 3), st.integers(0, 4), st.lists(st.booleans(), min_size=1, max_size=6))
@settings(deadline=None, max_examples=30)
def test_its_inner_loop_is_the_packaged_one(theta, step_size, steps, tails):
    watched = torch.tensor(tails).long()
    theirs = adapt(OneLogit(theta), torch.ones(len(tails), 1, dtype=torch.float64), watched, steps, step_size)["theta"]
    ours = adapted(np.array([theta]), np.array([1 - float(watched.double().mean())]), step_size, steps)
    assert ours == pytest.approx([float(theirs.detach())], abs=1e-9)


def test_its_query_loss_is_the_packaged_one_over_all_sequences():
    """Three watched moves: eight sequences, each with its probability; the query is every move with its own."""
    p, theta, loop = 0.8, 0.4, InnerLoop(1.5, 2, 3)
    ones = torch.ones(1, 3, 1, dtype=torch.float64)
    query = (ones[:, :2], torch.tensor([[0, 1]]), torch.tensor([[p, 1 - p]], dtype=torch.float64))
    total = 0.0
    for sequence in product((0, 1), repeat=3):
        found, _ = meta_loss(OneLogit(theta), (ones, torch.tensor([sequence]), None), query, 2, 1.5)
        total += math.prod(p if a == 0 else 1 - p for a in sequence) * float(found.detach())
    assert loop.query_loss(np.array([theta]), p) == pytest.approx([total], abs=1e-12)


def test_the_best_start_is_that_of_an_optimiser():
    point = StartingPoint()
    columns = POPULATIONS[point.columns.value]

    def mean(start):
        return np.mean([by_loops(start, p, 4.0, 2, None, 0) for p in columns])

    found = minimize_scalar(mean, bounds=(0.5, 0.99), method="bounded")
    assert shown(point)[0].best(1) == pytest.approx(found.x, abs=0.006)


def test_it_has_words_and_a_static_copy():
    point = StartingPoint()
    assert all(c.description.strip() and not c.disabled for c in controls(point) if not isinstance(c, HTML))
    assert point.twin() == StartingPoint().twin()
    assert " id=" not in point.twin()
    assert STATIC in point.twin()
    with pytest.raises(ValueError, match="'nobody' is no population"):
        StartingPoint("nobody")
