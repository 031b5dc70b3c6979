"""What there is to play, by name: games, their families of externals, and settings that work for them."""

from __future__ import annotations

import inspect
from typing import Any

from .externals import ExternalFamily
from .game import Game
from .games.matrix import MATRIX_GAMES, MatrixGame, MixedStrategies, matrix_games
from .settings import Settings

GRID_TASKS = ("pursuit", "rendezvous", "gates", "crossing")
CONTROLS = ("bystander", "weather")  # nothing to gain by adapting
ELSEWHERE = ("simple_tag",)  # PettingZoo environments
# Settings for one decision in one state: small networks do.
ONE_DECISION: dict[str, Any] = {
    "features": 16, "hidden": 64, "actor_hidden": 64, "states_per_external": 16, "externals_per_update": 32,
}  # fmt: skip


def names() -> list[str]:
    """The names that `make` knows."""
    return [*MATRIX_GAMES, *GRID_TASKS, *CONTROLS, *ELSEWHERE]


def task(name: str) -> tuple[type[Game], type[ExternalFamily]]:
    """The classes of a grid task or a control: the game, and the family of its external."""
    from .games import bystander, crossing, gates, pursuit, rendezvous, weather

    tasks: dict[str, tuple[type[Game], type[ExternalFamily]]] = {
        "pursuit": (pursuit.Pursuit, pursuit.PreyFamily),
        "rendezvous": (rendezvous.Rendezvous, rendezvous.PartnerFamily),
        "gates": (gates.Gates, gates.RaiderFamily),
        "crossing": (crossing.Crossing, crossing.StrangerFamily),
        "bystander": (bystander.Bystander, bystander.BystanderFamily),
        "weather": (weather.Weather, weather.StrangerFamily),
    }
    return tasks[name]


def make(name: str, **options: Any) -> Game:
    """Make a game by name; grid tasks and controls take options such as `size`.

    >>> make("pursuit", size=3).n_states
    729

    Raises ValueError for an unknown name (listing the known ones) or an unknown option, and ImportError where the
    environment's package is not installed.
    """
    if name in MATRIX_GAMES:
        if options:
            raise ValueError(f"{name} takes no options; got {sorted(options)}")
        return MatrixGame(name, *matrix_games()[name])
    if name in (*GRID_TASKS, *CONTROLS):
        rules = task(name)[0]
        known = list(inspect.signature(rules).parameters)
        if unknown := sorted(set(options) - set(known)):
            raise ValueError(f"{name} has no option {unknown}; it has {known}")
        return rules(**options)
    if name == "simple_tag":
        from .interop.simple_tag import simple_tag

        return simple_tag(**options)
    raise ValueError(f"unknown game {name!r}; the known games are {names()}")


def external_family(name: str, game: Game | None = None) -> ExternalFamily:
    """The family of external policies that belongs to a game; `game` gives a non-default one its options.

    >>> family = external_family("pursuit")
    >>> len(family.split("held-out"))
    64
    """
    game = game or make(name)
    if game.name != name:
        raise ValueError(f"the family {name!r} does not belong to the game {game.name!r}")
    if name in MATRIX_GAMES:
        return MixedStrategies(game)
    if name in (*GRID_TASKS, *CONTROLS):
        family = task(name)[1]
        return family(**{option: game.options[option] for option in inspect.signature(family).parameters})
    if name == "simple_tag":
        from .interop.simple_tag import RunnerFamily

        return RunnerFamily(len(game.targets), game.options.get("num_obstacles", 2))
    raise ValueError(
        f"no family of externals is known for {name!r}; give one of your own (a subclass of ExternalFamily)"
    )


def settings_for(name: str, **changes: Any) -> Settings:
    """Settings that work for a game, with `changes`; the defaults where nothing else was needed.

    >>> settings_for("simple_tag", seed=3).critic
    'pairwise'
    """
    if name == "simple_tag":
        from .interop.simple_tag import SETTINGS

        changes = {**SETTINGS, **changes}
    elif name in MATRIX_GAMES:
        # Payoffs differ in size from game to game, and so does the entropy bonus; it begins large, or actors agree on one
        # action before the imitator can tell externals apart.
        payoffs = matrix_games()[name][0]
        bonus = {"entropy": 0.025 * float(payoffs.max() - payoffs.min()), "entropy_start": 40.0}
        changes = {**ONE_DECISION, "updates": 800, **bonus, **changes}
    elif name == "weather":
        changes = {"updates": 300, **changes}
    return Settings(**changes)
