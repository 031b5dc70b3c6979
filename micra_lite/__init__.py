"""micra_lite: learn and use multi-agent learning with unknown partners and opponents.

In reading order: `game`, `externals`, `regret` (Eqs. 2 and 3), `imitation` (Eqs. 1 and 4), `networks`, `agent`,
`settings`, `replay`, `rollouts`, `training_state`, `updates`, `phases`; then `registry`, and folders.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .externals import ExternalFamily, Externals
from .game import Game
from .phases import MICRA, Variant, execution, offline_training, online_adaptation
from .registry import external_family, make, names, settings_for
from .replay import Episode
from .rollouts import play, watch
from .settings import QUICK, Settings
from .training_state import Record, TrainingState, last

if TYPE_CHECKING:
    from . import baselines, exact, extensions, games, interop, plotting, widgets
    from .extensions.change_detection import vigilant_execution
    from .extensions.checkpoint import load, save
    from .extensions.given_policies import from_policies
    from .games.matrix import MatrixGame
    from .games.tabular import TabularGame
    from .interop.from_gymnasium import from_gymnasium_env
    from .interop.from_pettingzoo import from_parallel_env
    from .interop.to_pettingzoo import to_parallel_env

__version__ = "0.1.0"

# What lies in folders is imported when it is first used: name → module.
_ON_DEMAND = {
    "from_policies": ".extensions.given_policies", "load": ".extensions.checkpoint", "save": ".extensions.checkpoint",
    "MatrixGame": ".games.matrix", "TabularGame": ".games.tabular", "to_parallel_env": ".interop.to_pettingzoo",
    "from_gymnasium_env": ".interop.from_gymnasium", "from_parallel_env": ".interop.from_pettingzoo",
    "vigilant_execution": ".extensions.change_detection",
}  # fmt: skip
_FOLDERS = ("games", "exact", "baselines", "extensions", "plotting", "interop", "widgets")

__all__ = [
    "MICRA", "QUICK", "Episode", "ExternalFamily", "Externals", "Game", "MatrixGame", "Record", "Settings",
    "TabularGame", "TrainingState", "Variant", "baselines", "exact", "execution", "extensions", "external_family",
    "from_gymnasium_env", "from_parallel_env", "from_policies", "games", "interop", "last", "load", "make", "names",
    "offline_training", "online_adaptation", "play", "plotting", "save", "settings_for", "to_parallel_env",
    "vigilant_execution", "watch", "widgets",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _ON_DEMAND:
        return getattr(importlib.import_module(_ON_DEMAND[name], __name__), name)
    if name in _FOLDERS:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'micra_lite' has no attribute {name!r}")
