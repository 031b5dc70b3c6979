"""micra_lite: learn and use multi-agent learning with unknown partners and opponents.

The algorithm in reading order: `games`, `externals`, `networks`, `agent`, `regret` (Eq. 2), `imitation` (Eqs. 1 and 4),
`beliefs`, `learning` (Eq. 3), `playing`, `phases`. Names are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "catalogue": ("make", "names", "external_family", "settings_for"),
    "games": ("Game", "TabularGame"),
    "matrix_games": ("MatrixGame",),
    "externals": ("ExternalFamily", "Externals"),
    "replay": ("Episode",),
    "training_state": ("Settings", "TrainingState", "Record"),
    "phases": ("offline_training", "online_adaptation", "execution", "last"),
    "playing": ("watch", "play"),
    "change": ("vigilant_execution",),
    "checkpoint": ("save", "load"),
    "parallel_env": ("to_parallel_env",),
    "parallel_game": ("from_parallel_env", "ParallelGame"),
}
_MODULES = (
    *_HOME,
    "networks",
    "agent",
    "regret",
    "imitation",
    "beliefs",
    "learning",
    "baselines",
    "exact",
    "evaluate",
    "draw",
    "figures",
    "families",
    "motion",
    "runners",
    "widgets",
    "grids",
    "controls",
    "check",
)
_WHERE = {name: module for module, group in _HOME.items() for name in group}

__all__ = [*_WHERE, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f".{_WHERE[name]}", __name__), name)
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'micra_lite' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
