"""The environments behind a `ParallelGame`: what is asked of them before they are played, and making them."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from pettingzoo import AECEnv, ParallelEnv

from ..game import Game
from .inner import attribute, layers, turn_keeper, whole_number
from .masks import NAMES, Asked, given_in, overlooked
from .spaces import View, view_of

_COMMON = ("builtins", "numpy", "torch", "gymnasium", "random", "logging", "pygame")  # whose objects may be shared
LARGEST_STATE = 4096  # numbers of `env.state()` that a critic is given to look at


class Row(NamedTuple):
    """The environment of one row of the batch, and what is inside it."""

    env: ParallelEnv
    layers: list[Any]  # it and all that it wraps
    turns: Any  # the AEC environment whose `agent_selection` moves; None where all move at once
    mask: Asked  # its method that tells masks, false where it has none


def close_all(rows: list[Row]) -> None:
    """Close the environments of all rows, and forget them."""
    while rows:
        rows.pop().env.close()


def demand(condition: object, breach: str) -> None:
    """The ParallelEnv contract, clause by clause: whoever breaks it is told which."""
    if not condition:
        raise ValueError(breach)


def new_row(make_env: Callable[[], ParallelEnv], others: Sequence[Row]) -> Row:
    """Another environment. Raises TypeError if it is no ParallelEnv, ValueError if one of the `others` is inside it."""
    env = make_env()
    if isinstance(env, AECEnv):
        raise TypeError(
            f"make_env returns an AECEnv ({env}), whose agents move one after the other; convert it first, with "
            "pettingzoo.utils.conversions: aec_to_parallel(env) where all choose before anything happens (or use "
            "the module's parallel_env), turn_based_aec_to_parallel(env) for a game of turns"
        )
    if not isinstance(env, ParallelEnv):
        raise TypeError(f"make_env must return a pettingzoo.ParallelEnv; got {type(env).__name__}")
    found = layers(env)
    known = {id(layer) for other in others for layer in other.layers}
    demand(
        not any(id(layer) in known for layer in found),
        "make_env returned the same environment twice, or new wrappers around the same one; each call must make a "
        "new environment, inside as well",
    )
    _warn_of_shared_parts(env, found, others)
    agents = tuple(getattr(env, "possible_agents", ()))
    return Row(env, found, turn_keeper(env), Asked(found, agents, getattr(type(env), "numbered", False)))


def _warn_of_shared_parts(env: ParallelEnv, found: list[Any], others: Sequence[Row]) -> None:
    """Warn if an object of the environment's own kind, such as a simulator, is another one's too and changes at a reset."""
    known = {id(held) for other in others for layer in other.layers for held in getattr(layer, "__dict__", {}).values()}
    parts = {
        name: held for layer in found for name, held in getattr(layer, "__dict__", {}).items()
        if id(held) in known and hasattr(held, "__dict__") and not callable(held)
        and type(held).__module__.split(".")[0] not in _COMMON
    }  # fmt: skip
    if not parts:
        return
    before = {name: repr(vars(held)) for name, held in parts.items()}
    env.reset(seed=0)
    if changed := [name for name, held in parts.items() if repr(vars(held)) != before[name]]:
        warnings.warn(
            f"the environments that make_env returns share {changed}, which a reset changes: if they are more than "
            "bookkeeping, episodes mix; each call must make a new environment, inside as well",
            stacklevel=2,
        )


def spaces_of(env: ParallelEnv, agents: Sequence, name: str) -> list[tuple[spaces.Space, spaces.Discrete]]:
    """Each agent's observation space and action space. Raises TypeError for actions that are not Discrete."""
    found = []
    for agent in agents:
        try:
            space, action = env.observation_space(agent), env.action_space(agent)
        except (AttributeError, KeyError, NotImplementedError) as error:
            raise ValueError(f"{name} does not tell the spaces of {agent!r} ({error!r})") from error
        if not isinstance(action, spaces.Discrete):
            raise TypeError(
                f"{agent!r} has the action space {action}; only Discrete actions will do. Many "
                "environments have an option for them (such as continuous_actions=False); else wrap it, "
                "so that each of a few numbers stands for one such action."
            )
        found.append((space, action))
    return found


def same_as_ever(env: ParallelEnv, game: Game, known: Sequence[tuple[Any, Any]], observations: bool = True) -> None:
    """Raise ValueError if an environment has other agents, or actions, or observations, than the first one had."""
    agents = tuple(env.possible_agents)
    were = f"{game.name}: possible_agents were {list(game.agents)}, and are {list(agents)} now"
    demand(agents == game.agents, were)
    for agent, (seen, action) in zip(agents, known, strict=True):
        pairs = [("action", action, env.action_space(agent))]
        if observations:
            pairs.append(("observation", seen, env.observation_space(agent)))
        for what, old, new in pairs:
            if new is not old and new != old:
                raise ValueError(
                    f"{game.name}: the {what} space of {agent!r} was {old}, and is {new} in another episode; it must be "
                    "the same in all episodes and environments"
                )


def state_view(row: Row, observed: int) -> View | None:
    """How `env.state()` becomes numbers, if a critic has something to see in it; else None.

    It must be implemented, of a known, moderate size, and more than all that is `observed`, so many numbers, with the
    wrappers or without them: the observations side by side, as in mpe2, bring nothing.
    """
    env = row.env
    space = attribute(env, "state_space")
    size = int(np.prod(space.shape)) if isinstance(space, spaces.Box) else 0
    if not 0 < size <= LARGEST_STATE or size in (observed, *map(_observed, row.layers)):
        return None
    try:
        env.state()
    except (NotImplementedError, AttributeError):
        return None
    except Exception as error:  # whatever an environment raises
        raise ValueError(f"{type(env.unwrapped).__name__}: its state() fails: {error!r}") from error
    return view_of(spaces.Box(space.low.ravel(), space.high.ravel(), dtype=space.dtype.type), 0)


def _observed(layer: Any) -> int:
    """How many numbers all agents of one of the layers see, 0 where that is not known."""
    try:
        seen = [layer.observation_space(agent) for agent in layer.possible_agents]
        return sum(int(np.prod(space.shape)) for space in seen)
    except Exception:
        return 0


def find_mask(agent: Hashable, view: View, method: Asked | None, seen: object, info: object) -> tuple[str, Any]:
    """An agent's mask as it is given, and under which name: in what it sees, in its info or by a method; or None.

    An entry that the agent's space tells of is a mask whatever its name: it comes as floats.
    """
    if type(seen) is not np.ndarray:  # this is quicker
        if view.mask is not None:
            given = _at(seen, view.mask_at)
            if given is not None:
                return view.mask, _floats(given)
        elif isinstance(seen, Mapping) and (name := given_in(_untold(seen, view))):
            return name, seen[name]
    if info and (name := given_in(info)):
        return name, info[name]  # type: ignore[index]
    name, given = ("", None) if method is None else method(agent)
    if given is None and info and (key := overlooked(info, view.n_actions)) and key not in view.warned:
        view.warned.add(key)
        warnings.warn(
            f"an info has {key!r}, which is not read as a mask: give it one of the names {', '.join(NAMES)}",
            stacklevel=2,
        )
    return name, given


def _at(seen: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        try:
            seen = seen[key]
        except (KeyError, IndexError, TypeError):
            return None
    return seen


def _floats(given: Any) -> Any:
    try:
        return np.asarray(given, float)
    except (TypeError, ValueError):
        return given


def _untold(seen: Mapping, view: View) -> Mapping:
    """What an observation has besides the entries that its space tells of."""
    told = {path[0] for path, *_ in view.parts if path}
    return {key: value for key, value in seen.items() if key not in told} if view.nested else seen


def check_no_arguments(make_env: Any) -> None:
    """Raise TypeError if this function cannot be called without arguments."""
    try:
        signature = inspect.signature(make_env)
    except (TypeError, ValueError):  # of some built-in ones nothing is known
        return
    try:
        signature.bind()
    except TypeError as error:
        raise TypeError(f"make_env is called without arguments ({error}): wrap it, lambda: make_env(…)") from error


def check_arguments(
    make_env: object, targets: Sequence, externals: Sequence | None, gamma: float, horizon: int | None, **flags: object
) -> None:
    """Raise for what can be told wrong without an environment. Flags are True or False, `masks` also None."""
    if not callable(make_env) or isinstance(make_env, ParallelEnv | AECEnv):
        raise TypeError(
            f"make_env must be a function that makes a new environment, such as lambda: parallel_env(); got {make_env!r}"
        )
    check_no_arguments(make_env)
    for what, flag in flags.items():
        if not isinstance(flag, bool | np.bool_) and not (what == "masks" and flag is None):
            raise TypeError(f"{what} must be True or False; got {flag!r}")
    for what, names in (("targets", targets), ("externals", externals or ())):
        if isinstance(names, str) or not isinstance(names, Sequence | set | frozenset | np.ndarray):
            raise TypeError(f"{what} must be a list of agents' names, such as [{names!r}]; got {names!r}")
        if not all(isinstance(agent, Hashable) for agent in names):
            raise TypeError(f"{what} must be a list of agents' names; got {list(names)}")
        demand(len(set(names)) == len(names), f"{what} name an agent twice: {list(names)}")
    number = isinstance(gamma, int | float | np.floating) and not isinstance(gamma, bool)
    demand(number and 0 < gamma <= 1, f"gamma must be a number above 0 and at most 1; got {gamma!r}")
    whole = horizon is None or (not isinstance(horizon, float | np.floating) and whole_number(horizon))
    demand(whole, f"horizon must be a whole number of steps, 1 or more; got {horizon!r}")


def one_number(paid: Any, game: str, agent: Hashable) -> float:
    """A reward as a number. Raises ValueError if it is none, several, or not finite."""
    try:
        number = float(paid.item() if isinstance(paid, np.ndarray) else paid)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{game}: the reward of {agent!r} must be one number; got {paid!r}") from error
    if not math.isfinite(number):
        raise ValueError(f"{game}: the reward of {agent!r} is {number}, not finite")
    return number
