"""Games, families of externals, settings and kinds of agent by name. What lies in folders is imported when asked for."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from .agent import Agent
from .externals import ExternalFamily
from .game import Game
from .settings import Settings


class Task(NamedTuple):
    """A game with its externals, by dotted names, and what works for it."""

    game: str  # what makes the game; its parameters are the options of `make`
    family: str  # the class of its externals
    settings: Mapping[str, Any] = MappingProxyType({})  # other than the defaults
    agent: str = "Agent"  # the kind of agent, a key of `CLASSES`


GRID_TASKS = ("pursuit", "rendezvous", "gates", "crossing")
CONTROLS = ("bystander", "weather")  # nothing to gain by adapting
ELSEWHERE = ("simple_tag",)  # PettingZoo environments
# Small networks do for one decision in one state.
ONE_DECISION: dict[str, Any] = {
    "features": 16, "hidden": 64, "actor_hidden": 64, "states_per_external": 16, "externals_per_update": 32,
}  # fmt: skip
# What works in 50,000 environment steps: three chasers and a runner have 625 joint actions, too many for one joint table
# to learn from so little.
_SIMPLE_TAG: dict[str, Any] = {
    "updates": 1000, "updates_per_round": 64, "episodes_per_external": 16, "externals_per_round": 8,
    "support_episodes": (1, 2, 5), "unwatched_externals": 2, "query_episodes": 4, "hidden": 64, "critic_rate": 1e-3,
    "actor_rate": 5e-4, "target_rate": 0.02, "entropy_coefficient": 0.1, "inner_steps": 2, "meta_every": 5, "value_steps": 4,
    "externals_per_update": 8, "states_per_external": 64, "features": 64,
}  # fmt: skip
_TASKS = {
    "pursuit": Task("games.pursuit:Pursuit", "games.pursuit:PreyFamily"),
    "rendezvous": Task("games.rendezvous:Rendezvous", "games.rendezvous:PartnerFamily"),
    "gates": Task("games.gates:Gates", "games.gates:RaiderFamily"),
    "crossing": Task("games.crossing:Crossing", "games.crossing:StrangerFamily"),
    "bystander": Task("games.bystander:Bystander", "games.bystander:BystanderFamily"),
    "weather": Task("games.weather:Weather", "games.weather:StrangerFamily", {"updates": 300}),
    "simple_tag": Task("interop.simple_tag:simple_tag", "interop.simple_tag:RunnerFamily", _SIMPLE_TAG, "PairwiseAgent"),
}  # fmt: skip
# The classes that a checkpoint may name, by their names alone.
CLASSES = {
    "Agent": "agent:Agent",
    "PairwiseAgent": "extensions.pairwise_critic:PairwiseAgent",
    "IndependentAgent": "baselines.networks:IndependentAgent",
    "CentralValueAgent": "baselines.networks:CentralValueAgent",
    "MaddpgAgent": "baselines.networks:MaddpgAgent",
    "Settings": "settings:Settings",
    "OnPolicySettings": "baselines.on_policy:OnPolicySettings",
}


def _find(dotted: str) -> Any:
    """The object of a dotted name such as "games.pursuit:Pursuit"."""
    module, name = dotted.split(":")
    return getattr(importlib.import_module(f".{module}", __package__), name)


def _matrix_games() -> dict[str, Any]:
    return _find("games.matrix:MATRIX_GAMES")


def find_class(name: str) -> Any:
    """A class of `CLASSES`. Raises ValueError for any other name."""
    if name not in CLASSES:
        raise ValueError(f"{name!r} is none of the known classes, {sorted(CLASSES)}")
    return _find(CLASSES[name])


def names() -> list[str]:
    """The names that `make` knows."""
    return [*_matrix_games(), *_TASKS]


def make(name: str, **options: Any) -> Game:
    """Make a game by name; all but matrix games take options such as `size`.

    >>> make("pursuit", size=3).n_states
    729

    Raises ValueError for an unknown name (listing the known ones) or an unknown option, and ImportError where the
    environment's package is not installed.
    """
    if name in _matrix_games():
        if options:
            raise ValueError(f"{name} takes no options; got {sorted(options)}")
        return _find("games.matrix:MatrixGame")(name, *_matrix_games()[name])
    if name not in _TASKS:
        raise ValueError(f"unknown game {name!r}; the known games are {names()}")
    rules = _find(_TASKS[name].game)
    known = inspect.signature(rules).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in known.values())
    if (unknown := sorted(set(options) - set(known))) and not open_ended:
        raise ValueError(f"{name} has no option {unknown}; it has {list(known)}")
    return rules(**options)


def external_family(name: str, game: Game | None = None) -> ExternalFamily:
    """The family of external policies that belongs to a game; `game` gives a non-default one its options.

    >>> family = external_family("pursuit")
    >>> len(family.split("held-out"))
    64
    """
    game = game or make(name)
    if game.name != name:
        raise ValueError(f"the family {name!r} does not belong to the game {game.name!r}")
    if name in _matrix_games():
        return _find("games.matrix:MixedStrategies")(game)
    if name in _TASKS:
        return _find(_TASKS[name].family).of_game(game)
    raise ValueError(
        f"no family of externals is known for {name!r}; give one of your own (a subclass of ExternalFamily)"
    )


def settings_for(name: str, **changes: Any) -> Settings:
    """Settings that work for a game, with `changes`; the defaults where nothing else was needed.

    >>> settings_for("weather", seed=3).updates
    300
    """
    known: dict[str, Any] = dict(_TASKS[name].settings) if name in _TASKS else {}
    if name in _matrix_games():
        # Payoffs differ in size from game to game, and so does the entropy bonus; it begins large, or actors agree on one
        # action before the imitator can tell externals apart.
        payoffs = _matrix_games()[name][0]
        span = float(payoffs.max() - payoffs.min())
        known = {**ONE_DECISION, "updates": 800, "entropy_coefficient": 0.025 * span, "entropy_start": 40.0}
    return Settings(**{**known, **changes})


def agent_class_for(name: str) -> type[Agent]:
    """The kind of agent that works for a game: `Agent`, or one with another critic where joint actions are many.

    >>> agent_class_for("simple_tag").__name__
    'PairwiseAgent'
    """
    return find_class(_TASKS[name].agent if name in _TASKS else "Agent")
