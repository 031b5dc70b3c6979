"""What is inside a wrapped environment: all environments behind the wrappers, whose turn it is, and the episode's length."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from pettingzoo.utils import BaseParallelWrapper, BaseWrapper
from pettingzoo.utils.conversions import (
    aec_to_parallel_wrapper,
    parallel_to_aec_wrapper,
    turn_based_aec_to_parallel_wrapper,
)

from ..game import Game

CONVERSIONS = aec_to_parallel_wrapper | parallel_to_aec_wrapper | turn_based_aec_to_parallel_wrapper
_INNER = (
    "env",
    "aec_env",
    "par_env",
    "unwrapped",
    "_env",
    "venv",
    "envs",
)  # where attributes are no secret of a `vars`
_RECORDS = (
    "spec",
    "metadata",
    "config",
    "_config",
    "cfg",
    "params",
    "args",
    "kwargs",
    "_kwargs",
    "settings",
    "options",
)
# Attributes that limit an episode's steps, in any of these spellings and with an underscore before it …
LIMITS = (
    "max_cycles", "max_steps", "max_episode_steps", "max_episode_length", "max_episode_len", "episode_limit",
    "episode_horizon", "max_num_steps", "max_timesteps", "max_time_steps", "max_timestep", "max_env_steps", "max_step",
    "max_moves", "max_turns", "max_rounds", "max_iter", "max_iters", "max_iterations", "max_frames", "max_ticks",
    "max_ep_len", "max_ep_length", "max_game_length", "max_trajectory_length", "max_cycle", "step_limit", "steps_limit",
    "max_n_steps", "horizon", "steps_per_episode",
)  # fmt: skip
# … and those that may mean something else: believed where there is none of the above.
HINTS = (
    "num_steps", "n_steps", "num_cycles", "n_cycles", "num_rounds", "n_rounds", "num_iters", "num_turns", "time_limit",
    "max_time", "time_horizon", "episode_length", "episode_len", "ep_length", "ep_len", "episode_steps", "max_length",
    "max_len", "game_length", "timeout", "total_steps", "rounds",
)  # fmt: skip
ENDLESS = 1_000_000  # so many steps, or more, stand for "no limit"


def attribute(holder: object, name: str) -> Any:
    """An attribute, None where there is none or where asking for it fails (some wrappers forbid it by other errors)."""
    try:
        return getattr(holder, name, None)
    except Exception:
        return None


def _is_environment(thing: object) -> bool:
    plain = isinstance(thing, type | np.ndarray | str | bytes | int | float | dict | Game)  # our games hold no state
    return not plain and callable(attribute(thing, "step")) and callable(attribute(thing, "reset"))


def _within(thing: Any) -> list[Any]:
    """A thing itself, what a list or dict holds, or whose bound method it is."""
    if isinstance(thing, list | tuple):
        return [*thing]
    if isinstance(thing, Mapping):
        return [*thing.values()]
    return [getattr(thing, "__self__", thing)]


def layers(env: object) -> list[Any]:
    """The environment and all that it wraps, in any nesting and under any name, outermost first, each once."""
    found, waiting = list[Any](), [env]
    while waiting:
        layer = waiting.pop(0)
        if any(layer is other for other in found):
            continue
        found.append(layer)
        held = [*getattr(layer, "__dict__", {}).values(), *[attribute(layer, name) for name in _INNER]]
        for thing in held:
            waiting += [t for t in _within(thing) if _is_environment(t)]
    return found


def turn_keeper(env: object) -> Any:
    """The AEC environment whose `agent_selection` is the one who moves; None where all move at once.

    Wrappers of PettingZoo's kind pass each step on. So it is a game of turns if one of them converts turns, and not if an
    environment merely has one inside, of which it may play many moves in a step.
    """
    while isinstance(env, BaseParallelWrapper | BaseWrapper | CONVERSIONS):
        if isinstance(env, turn_based_aec_to_parallel_wrapper):
            return env.aec_env
        held = vars(env)
        env = next((held[name] for name in ("env", "aec_env", "par_env") if name in held), None)
    return None


def whole_number(value: object) -> int | None:
    """A positive whole number of any type (NumPy's, an array without axes, 100.0), as an int; None for anything else."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    return int(value) if math.isfinite(value) and value == int(value) and value > 0 else None


def _told(found: list[Any], names: tuple[str, ...]) -> Iterator[int]:
    for layer in found:
        for record in (layer, *[attribute(layer, name) for name in _RECORDS]):
            for name in names:
                for spelling in (name, f"_{name}"):
                    given = record.get(spelling) if isinstance(record, Mapping) else attribute(record, spelling)
                    if (length := whole_number(given)) and length < ENDLESS:
                        yield length


def episode_length(found: list[Any]) -> int | None:
    """The number of steps after which the environment truncates, None where none of its `layers` tells one.

    All limits hold at once, so the shortest counts; of mere `HINTS`, the outermost.
    """
    return min(_told(found, LIMITS), default=None) or next(_told(found, HINTS), None)
