"""What MICRA is compared with, as published: each method is a small difference from the same training loop.

1. `train` plays rounds of episodes with training externals (`phases.collect`) and lets the method learn from them.
2. On-policy actor-critics learn once from each round and then need the next: **independent** (each target a critic of
   its own observation), **central-V** (one V(s)), and **COMA** (Foerster et al., 2018: the joint Q, its counterfactual
   baseline). All use TD(λ) targets (`lambda_returns`) from slow copies of the critic, and the actions that were taken.
   They explore by their own policies only: `METHODS` sets ε = 0.
3. **MADDPG** learns from the data D, as MICRA does: see `maddpg`.

Each sees what MICRA's targets see; `baseline_agent` says what each critic sees. With `conditioned=True` all are told
the adapted imitator's predictions, and the imitator learns beside them by Eq. 4, as in MICRA. Where targets are paid
unequally, all methods learn from the mean of their rewards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..externals import ExternalFamily
from ..game import Game
from ..phases import offline_training
from ..settings import Settings
from ..training_state import Record, TrainingState
from .maddpg import maddpg
from .on_policy import on_policy

_SAMPLED = {"own_actions": "sampled"}
_ROUNDS = {
    "updates_per_round": 1, "exploration": 0.0, "externals_per_round": 4, "episodes_per_external": 8,
    "support_episodes": (1, 2, 4), "query_episodes": 4,
}  # fmt: skip
# Name, as tables and figures have it → how its settings differ from the task's.
METHODS: dict[str, dict[str, Any]] = {
    "MICRA": {},
    "independent actor-critic": {"method": "independent actor-critic", **_ROUNDS},
    "central-V actor-critic": {"method": "central-V actor-critic", **_ROUNDS},
    "COMA": {"method": "COMA", **_ROUNDS},
    "MADDPG": {"method": "MADDPG"},
    "MICRA, sampled regret": _SAMPLED,
    "MICRA, COMA advantage": {**_SAMPLED, "advantage": "coma"},
    "MICRA, independent advantage": {**_SAMPLED, "advantage": "independent"},
    "MICRA, no imitator": {"external_model": "sampled", "conditioned": False},
    "MICRA, true external": {"external_model": "true"},
}


def train(
    game: Game, family: ExternalFamily, settings: Settings, state: TrainingState | None = None
) -> Iterator[Record]:
    """Offline training by `settings.method`; arguments, records and resuming as in `phases.offline_training`.

    An update of an on-policy method plays and learns from a round of its own; MADDPG's are counted as MICRA's.
    """
    if settings.method == "MICRA":
        yield from offline_training(game, family, settings, state)
        return
    if state is None:
        state = TrainingState.initial(game, settings)
    else:
        state.change_settings(settings)
    externals = family.split("train")
    learn = maddpg if settings.method == "MADDPG" else on_policy
    while state.updates < settings.updates:
        state.set_rates()
        losses = learn(state, externals)
        state.updates += 1
        yield Record("offline training", state.updates, state, losses)
