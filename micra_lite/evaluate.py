"""Scores: how good a team is, exactly where the game is tabular, else by episodes. Nothing is updated while scoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from .beliefs import prior_belief
from .externals import Externals
from .games import Tabulated, TabularGame
from .networks import Belief
from .playing import play
from .training_state import TrainingState, observations_of

if TYPE_CHECKING:
    from .exact import Array


@torch.no_grad()
def team_tables(state: TrainingState, belief: Belief | None = None) -> list[Tensor]:
    """What the team does in every state, against each believed external: per target (K, S, A_i), probabilities."""
    assert isinstance(state.game, TabularGame)
    belief = belief or state.belief or prior_belief(state.agent, 1)
    K = len(belief.probes)
    seen = observations_of(state.game, state.game.states(), state.settings)
    features = state.agent.features([o.expand(K, *o.shape) for o in seen])
    return [p.exp() for p in state.agent.act(belief, features, state.agent.predict(belief, features))]


def exact_values(
    state: TrainingState, table: Tabulated, externals: Externals, belief: Belief | None = None
) -> Array:
    """The team's discounted value against each of K externals, (K,), by exact policy evaluation.

    `belief` is about the same K externals, or about one (or nothing), then used for all.
    """
    from .exact import team_value

    team = [t.double().cpu().numpy() for t in team_tables(state, belief)]
    moves = [t.numpy() for t in externals.tables(state.game)]
    same = len(team[0]) == 1
    return np.array(
        [team_value(table, [t[0 if same else k] for t in team], [m[k] for m in moves]) for k in range(len(externals))]
    )


def mean_return(
    state: TrainingState, externals: Externals, episodes: int = 320, belief: Belief | None = None, seed: int = 0
) -> Tensor:
    """The team's mean undiscounted return per episode against each of K externals, (K,), from `episodes` played."""
    belief = belief or state.belief or prior_belief(state.agent, len(externals))
    if len(belief.probes) == 1:
        belief = Belief([{n: p.expand(len(externals), *p.shape[1:]) for n, p in v.items()} for v in belief.parameters],
                        belief.probes.expand(len(externals), -1))  # fmt: skip
    generator = torch.Generator(device=state.settings.device).manual_seed(seed)
    played = play(state, externals, belief, episodes, 0.0, generator)
    return played.returns[..., list(state.agent.targets)].mean(-1).mean(-1)
