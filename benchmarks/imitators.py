"""Imitators that meta-imitation is compared with, trained in other ways on the same data D as a team's own.

    second order               MAML, as the team's own, trained again: shows how much is chance
    first order                MAML whose gradient stops at θ′
    joint behaviour cloning    one policy for all training externals, no inner loop in training
    from scratch               nothing trained at all

The last two have no learned step sizes: their inner loop's step size and number of steps are the best of `GRID` on the
validation externals, watched as long as the newcomers will be.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

import micra_lite
from micra_lite import exact
from micra_lite.agent import adapted_belief
from micra_lite.phases import imitate
from micra_lite.replay import Episode
from micra_lite.rollouts import watched_pairs

IMITATORS: dict[str, dict[str, Any]] = {
    "second order": {},
    "first order": {"second_order": False},
    "joint behaviour cloning": {"support_episodes": (0,)},
    "from scratch": {},
}
UNTUNED = ("joint behaviour cloning", "from scratch")  # no step sizes were learned
TUNED_ON = 16  # validation externals
GRID = tuple(itertools.product((5, 50), (0.03, 0.1, 0.3, 1.0, 3.0)))  # (inner steps, step size)


def trained_imitator(team: micra_lite.TrainingState, name: str, updates: int) -> micra_lite.TrainingState:
    """An imitator from new weights, trained on the team's data D by `updates` meta-updates of Eq. 4, or of its variant."""
    settings = replace(team.settings, seed=team.settings.seed + 1, updates=updates, **IMITATORS[name])
    state = micra_lite.TrainingState.initial(team.game, settings)
    for j in range(len(team.agent.external_axes)):  # the actors expect predictions at the team's own probes
        setattr(state.agent, f"probe_{j}", getattr(team.agent, f"probe_{j}"))
    state.replay = team.replay
    externals = micra_lite.external_family(team.game.name, team.game).split("train")
    for state.updates in range(updates if name != "from scratch" else 0):
        state.set_rates()
        imitate(state, externals, state.replay.groups(settings.externals_per_update, state.generator))
    return state


def predictions(
    state: micra_lite.TrainingState, watched: Sequence[list[Episode]], steps: int | None = None,
    step_size: float | None = None,
) -> list[torch.Tensor]:  # fmt: skip
    """Predictions in every state after watching each of K externals: per external agent (K, S, A_e)."""
    if step_size is not None:
        for imitator in state.agent.imitators:
            for size in imitator.log_step_size.values():  # type: ignore[operator, union-attr]
                torch.nn.init.constant_(size, math.log(step_size))
            torch.nn.init.constant_(imitator.log_prior_pairs, -20.0)  # Eq. 4 to the letter: n/(n + n_0) = 1
    tables = []
    for episodes in watched:
        pairs = watched_pairs(state, episodes)
        belief = adapted_belief(state.agent, pairs, steps or state.settings.inner_steps)
        tables.append(exact.predicted_tables(state, belief))
    return [torch.cat(each) for each in zip(*tables, strict=True)]


def mean_excess(true: Sequence[torch.Tensor], guess: Sequence[torch.Tensor], visits: np.ndarray) -> np.ndarray:
    """KL(π_ℰ ‖ δ) for each external, averaged over the states that the team visits, (K,), nats."""
    return np.array([
        visits[k] @ exact.excess_nats([t[k].numpy() for t in true], [g[k].double().numpy() for g in guess])
        for k in range(len(visits))
    ])  # fmt: skip


def compare(
    team: micra_lite.TrainingState, table: Any, found: exact.AdaptationScores, episodes: int, updates: int, add: Any
) -> None:
    """Put each imitator in the place of the team's own, after the same watched episodes of the held-out externals.

    Args: found, the team's own encounter with them; updates of the trained imitators; add, which takes a row.
    """
    family = micra_lite.external_family(team.game.name)
    tuning = family.split("validation")[:TUNED_ON]
    known = exact.adaptation_scores(team, table, tuning, episodes, seed=1)
    externals = family.split("held-out")[: len(found.watched)]
    for name in IMITATORS:
        state = trained_imitator(team, name, updates)
        chosen: tuple[int | None, float | None] = (None, None)  # what was learned
        if name in UNTUNED:
            errors = {
                pair: mean_excess(
                    team.game.tables(tuning), predictions(state, known.watched, *pair), known.visits
                ).mean()
                for pair in GRID
            }
            chosen = min(errors, key=lambda pair: errors[pair])
        start = time.perf_counter()
        guess = predictions(state, found.watched, *chosen)
        seconds = (time.perf_counter() - start) / len(found.watched)
        nats = mean_excess(team.game.tables(externals), guess, found.visits)
        values = exact.exact_values(team, table, externals, predictions=guess)
        add(f"conditioned, {name}", episodes, values, nats, seconds, float(found.pairs.mean()), inner_loop=chosen)
