"""Games, families of externals, settings and agents by name. What lies in folders is imported when it is asked for."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

from .externals import ExternalFamily
from .game import Game

if TYPE_CHECKING:
    from .settings import Settings

GRID_TASKS = ("pursuit", "rendezvous", "gates", "crossing")
CONTROLS = ("bystander", "weather")  # nothing to gain by adapting
ELSEWHERE = ("simple_tag",)  # PettingZoo environments
# Name → what makes the game, and the class of its externals. Matrix games are listed in `games/matrix.py`. The module
# may have SETTINGS that work for the game, other than the defaults.
_TASKS = {
    "pursuit": ("games.pursuit:Pursuit", "games.pursuit:PreyFamily"),
    "rendezvous": ("games.rendezvous:Rendezvous", "games.rendezvous:PartnerFamily"),
    "gates": ("games.gates:Gates", "games.gates:RaiderFamily"),
    "crossing": ("games.crossing:Crossing", "games.crossing:StrangerFamily"),
    "bystander": ("games.bystander:Bystander", "games.bystander:BystanderFamily"),
    "weather": ("games.weather:Weather", "games.weather:StrangerFamily"),
    "simple_tag": ("interop.simple_tag:simple_tag", "interop.simple_tag:RunnerFamily"),
}


def find(dotted: str, name: str = "", *default: Any) -> Any:
    """What a dotted name such as "games.pursuit:Pursuit" stands for, or another `name` in its module (or a default)."""
    module, own = dotted.split(":")
    return getattr(importlib.import_module(f".{module}", __package__), name or own, *default)


def _matrix_games() -> dict[str, Any]:
    return find("games.matrix:MATRIX_GAMES")


def names() -> list[str]:
    """The names that `make` knows."""
    return [*_matrix_games(), *_TASKS]


def make(name: str, **options: Any) -> Game:
    """Make a game by name; all but matrix games take options such as `size`.

    Raises ValueError for an unknown name or option, and ImportError where the environment's package is not installed.

    >>> make("pursuit", size=3).n_actions
    (5, 5, 5)
    """
    if name in _matrix_games():
        if options:
            raise ValueError(f"{name} takes no options; got {sorted(options)}")
        return find("games.matrix:MatrixGame")(name, *_matrix_games()[name])
    if name not in _TASKS:
        raise ValueError(f"unknown game {name!r}; the known games are {names()}")
    rules = find(_TASKS[name][0])
    known = inspect.signature(rules).parameters
    unknown = sorted(set(options) - set(known))
    if unknown and not any(p.kind is p.VAR_KEYWORD for p in known.values()):
        raise ValueError(f"{name} has no option {unknown}; it has {list(known)}")
    return rules(**options)


def external_family(name: str, game: Game | None = None) -> ExternalFamily:
    """The family of external policies that belongs to a game; `game` gives a non-default one its options."""
    game = game or make(name)
    if game.name != name:
        raise ValueError(f"the family {name!r} does not belong to the game {game.name!r}")
    if name in _matrix_games():
        return find("games.matrix:MixedStrategies")(game)
    if name in _TASKS:
        return find(_TASKS[name][1]).of_game(game)
    raise ValueError(f"no family is known for {name!r}; give one of your own (a subclass of ExternalFamily)")


def settings_for(name: str, **changes: Any) -> Settings:
    """Settings that work for a game, with `changes`; the defaults where nothing else was needed."""
    known = find(_TASKS[name][0], "SETTINGS", {}) if name in _TASKS else {}
    if name in _matrix_games():
        known = find("games.matrix:settings")(name)
    return find("settings:Settings")(**known | changes)
