"""The methods that MICRA is compared with, as published, each a small difference from the same training loop.

1. `train` plays rounds of episodes with training externals (`rollouts.collect`) and lets the method learn from them.
2. On-policy actor-critics learn once from each round and then need the next (`on_policy`): **independent** (each target a
   critic of its own observation), **central-V** (one V(s)), and **COMA** (Foerster et al., 2018: the joint Q, its
   counterfactual baseline). They explore by their own policies only: ε = 0.
3. **MADDPG** learns from the data D, as MICRA does (`maddpg`).
4. MICRA's ablations swap one of its parts (`ablations`).

Each sees what MICRA's targets see; `networks` says what each critic sees. With `conditioned=True` all are told the adapted
imitator's predictions, and the imitator learns beside them by Eq. 4, as in MICRA. The baselines learn from the mean of the
targets' rewards, even in a game with `shared_reward=False`, in which MICRA and its ablations have a head for each target.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..agent import Agent
from ..externals import ExternalFamily, Externals
from ..game import Game
from ..phases import MICRA, Variant, offline_training
from ..registry import find
from ..settings import Settings
from ..training_state import Record, TrainingState
from . import ablations
from .maddpg import maddpg
from .networks import CentralValueAgent, IndependentAgent, MaddpgAgent
from .on_policy import Judge, OnPolicySettings, judge_by_action, judge_by_value, on_policy


@dataclass(frozen=True)
class Method:
    """A method, as the difference of its training from MICRA's."""

    settings: dict[str, Any] = field(default_factory=dict)  # other than the task's
    agent_class: type[Agent] = Agent
    learn: Callable[[TrainingState, Externals], dict[str, float]] | None = None  # one update; None: MICRA's own
    variant: Variant = MICRA
    settings_class: type[Settings] = Settings


_ROUNDS = {
    "updates_per_round": 1, "exploration": 0.0, "externals_per_round": 4, "episodes_per_external": 8,
    "support_episodes": (1, 2, 4), "query_episodes": 4,
}  # fmt: skip


def _on_policy(agent_class: type[Agent], judge: Judge) -> Method:
    return Method(_ROUNDS, agent_class, partial(on_policy, judge=judge), settings_class=OnPolicySettings)


# Name, as tables and figures have it → the method. The published ones come first.
METHODS: dict[str, Method] = {
    "MICRA": Method(),
    "independent actor-critic": _on_policy(IndependentAgent, judge_by_value),
    "central-V actor-critic": _on_policy(CentralValueAgent, judge_by_value),
    "COMA": _on_policy(Agent, judge_by_action),
    "MADDPG": Method({}, MaddpgAgent, maddpg),
    "MICRA, sampled regret": Method(variant=ablations.SAMPLED_REGRET),
    "MICRA, COMA advantage": Method(variant=ablations.COMA_ADVANTAGE),
    "MICRA, independent advantage": Method(variant=ablations.JOINT_ADVANTAGE),
    "MICRA, no imitator": Method({"conditioned": False, "informed": False}, variant=ablations.NO_IMITATOR),
    "MICRA, true external": Method({"unwatched_externals": 0}, variant=ablations.TRUE_EXTERNALS),
}
PUBLISHED = ("MICRA", "independent actor-critic", "central-V actor-critic", "COMA", "MADDPG")


def settings_of(method: str, base: Settings, **changes: Any) -> Settings:
    """The settings with which a method trains: `base`, then what the method asks for, then `changes`.

    A baseline's critic knows no more than its actors: it is informed if they are conditioned.
    """
    chosen = METHODS[method]
    given = {f.name: getattr(base, f.name) for f in dataclasses.fields(base)} | chosen.settings | changes
    if chosen.learn is not None:
        given["informed"] = given["conditioned"]
    return chosen.settings_class(**given)


def initial_state(method: str, game: Game, settings: Settings) -> TrainingState:
    """Untrained networks of the kind that a method has, and no data."""
    return TrainingState.initial(game, settings, METHODS[method].agent_class)


def train(
    method: str,
    game: Game,
    family: ExternalFamily | Externals | None,
    settings: Settings,
    state: TrainingState | None = None,
) -> Iterator[Record]:
    """Offline training by one of `METHODS`, with `settings_of` it; records and resuming as in `offline_training`.

    An update of an on-policy method plays and learns from a round of its own; MADDPG's are counted as MICRA's.
    Raises ValueError for settings that are not the method's.
    """
    chosen = METHODS[method]
    if not isinstance(settings, chosen.settings_class) or (chosen.learn and settings.informed != settings.conditioned):
        raise ValueError(f"these are not settings for {method}: make them with settings_of({method!r}, settings)")
    if state is None:
        state = initial_state(method, game, settings)
    if chosen.learn is None:
        yield from offline_training(game, family, settings, state, chosen.variant)
        return
    state.change_settings(settings)
    externals = find("extensions.input_checks:training_externals")(game, family)
    while state.updates < settings.updates:
        state.set_rates()
        losses = chosen.learn(state, externals)
        state.updates += 1
        yield Record("offline training", state.updates, state, losses)
