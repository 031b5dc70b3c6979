"""Action masks: which actions an agent has, found wherever environments tell it."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from gymnasium import spaces

from .inner import attribute

# Entries of observations and infos: zeros and ones; either of the two; actions by number.
MASKS = ("action_mask", "action_masks", "valid_actions_mask", "legal_actions_mask")
EITHER = ("available_actions", "avail_actions")
LISTS = ("legal_moves", "legal_actions", "valid_actions", "valid_moves", "available_moves")
NAMES = (*MASKS[:2], *EITHER, *MASKS[2:], *LISTS)
_ALL_NAMES = frozenset(NAMES)
# Methods, and attributes, of environments. All give masks, but for the last one.
METHODS = (
    "action_mask",
    "action_masks",
    "get_action_mask",
    "get_avail_actions",
    "get_avail_agent_actions",
    "legal_actions",
)
ATTRIBUTES = ("action_mask", "action_masks")
# Words of names that sound like masks: those are told, not read.
_MASK, _FREE = {"mask", "masks"}, {"legal", "valid", "available", "avail", "action", "actions", "move", "moves"}
_NO_MASKS = {"is", "has", "check", "validate", "set", "n", "num", "count", "allow", "terminate", "reward", "penalty"}
_AGENT = re.compile(
    r".*(agent|player).*|i|j|k|n|a|p|id|idx|ind|index|name|who|.*_?id|unit|drone|robot"
)  # what a method calls an agent
_NUMBER = re.compile(r".*(idx|index|num).*|i|j|k|n|ind")  # … and calls it if it wants a number


def given_in(entries: object) -> str | None:
    """The name of the mask among the entries of an observation or an info, None where there is none."""
    if not entries or not isinstance(entries, Mapping):
        return None
    return next((name for name in NAMES if entries.get(name) is not None), None)


def own_info(infos: Mapping, agent: Hashable) -> Any:
    """An agent's info; where that has no mask, with its masks of an info of all agents: {"action_mask": {agent: …}}."""
    own = infos.get(agent)
    if _ALL_NAMES.isdisjoint(infos):  # this is quicker
        return own
    shared = {name: infos[name] for name in NAMES if isinstance(infos.get(name), Mapping)}
    common = {name: masks[agent] for name, masks in shared.items() if agent in masks}
    return {**common, **(own or {})} if common else own


def sounds_like_masks(name: str, strictly: bool = True) -> bool:
    """Whether a name sounds like masks of actions, such as valid_actions; if not `strictly`, of whatever."""
    words = {*name.lower().split("_")}
    if words & _NO_MASKS or name.startswith("_"):
        return False
    return (
        name in ("legal", "avail") or len(words & _FREE) > 1 or bool(words & _MASK and (words & _FREE or not strictly))
    )


def overlooked(info: object, n_actions: int) -> str | None:
    """The key of what looks like a mask, in an info, and has none of the `NAMES`."""
    if not isinstance(info, Mapping):
        return None
    for key, value in info.items():
        if not isinstance(key, str) or not sounds_like_masks(key, False) or key in NAMES:
            continue
        row = isinstance(value, list | tuple | np.ndarray) and len(value) == n_actions
        if row and all(np.ndim(v) == 0 and v in (0, 1) for v in value):
            return key
    return None


def read_mask(name: str, given: Any, n_actions: int, first: int) -> np.ndarray:
    """A mask (n_actions,) of bools from what is given by that name: zeros and ones, or a list of actions by number.

    Bools and floats are a mask, sets and ranges a list. Of integers the name decides; under one of `EITHER`, a list is
    what cannot be a mask. Two integers, 0 or 1, for two actions could be both: an error, unless the name is a mask's.

    Args: first, the number of the first action. Raises ValueError saying what is wrong.
    """
    plain, count = name.removesuffix("()"), f"{n_actions} zeros and ones"
    listed = isinstance(
        given, set | frozenset | range | Mapping
    )  # dicts: actions are the keys, but for those with False
    if listed:
        if plain not in LISTS + EITHER:
            raise ValueError(f"{name} must be {count}; it is {given!r}")
        absent = [k for k, v in given.items() if v is False or v is np.False_] if isinstance(given, Mapping) else ()
        given = sorted(set(given) - set(absent))
    found = np.asarray(given)
    if not found.size and plain in LISTS + EITHER:
        return np.zeros(n_actions, bool)
    if found.ndim != 1 or found.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be {count}; it is {given!r}")
    if listed or (found.dtype.kind in "iu" and _lists(name, found, n_actions, first)):
        return _from_list(name, found, n_actions, first)
    if len(found) != n_actions:
        raise ValueError(f"{name} has {len(found)} entries, and there are {n_actions} actions")
    if found.dtype.kind != "b" and not ((found == 0) | (found == 1)).all():
        raise ValueError(f"{name} must be zeros and ones; it is {found.tolist()}")
    return found.astype(bool)


def _lists(name: str, found: np.ndarray, n_actions: int, first: int) -> bool:
    """Whether these integers are numbers of actions, not zeros and ones."""
    plain = name.removesuffix("()")
    if plain not in LISTS + EITHER:
        return False
    like_mask = len(found) == n_actions and bool(((found == 0) | (found == 1)).all())
    if like_mask and n_actions == 2 and first == 0:
        listed, kept = sorted(set(found.tolist())), np.flatnonzero(found).tolist()
        raise ValueError(
            f"{name} is {found.tolist()}: of two actions, this may be a list (actions {listed}) or zeros and ones "
            f"(actions {kept}). Give zeros and ones as action_mask, a list as a set"
        )
    return plain in LISTS or not like_mask or (n_actions == 1 and found[0] == first)


def _from_list(name: str, found: np.ndarray, n_actions: int, first: int) -> np.ndarray:
    numbers = found.astype(np.int64) - first
    if (numbers != found - first).any() or (numbers < 0).any() or (numbers >= n_actions).any():
        raise ValueError(f"{name} lists {found.tolist()}, and there are {n_actions} actions, from {first} on")
    if len(set(numbers.tolist())) != len(numbers):
        raise ValueError(
            f"{name} lists an action twice: {found.tolist()}. It is read as actions by number; give zeros and ones as "
            "action_mask"
        )
    mask = np.zeros(n_actions, bool)
    mask[numbers] = True
    return mask


class _Way(NamedTuple):
    """One way to ask an environment: what it is called, how to call it (the first that works), whether it must be masks."""

    name: str
    asks: list[Callable[[Hashable], Any]]
    each: bool  # whether the answer is of all agents
    sure: bool


class Asked:
    """An environment's method, or attribute, that tells masks. How to ask is settled at the first call, after a reset.

    A method takes an agent, its name or else its number, or gives the masks of all: a dict, or a list of all or of those
    who take part. One that fails at its first call is not used, and a warning says so. True if there seems to be one.
    """

    def __init__(self, found: Sequence[Any], agents: Sequence[Hashable], numbered: bool = False) -> None:
        """Args: found, the environment and all that it wraps; numbered, whether agents' names are but ours."""
        self._layers, self._agents, self._numbered = found, list(agents), numbered
        self._way: _Way | None = None
        self._settled, self._refused = False, set[str]()

    def __bool__(self) -> bool:
        return next(self._ways(), None) is not None

    def __call__(self, agent: Hashable) -> tuple[str, Any]:
        """What it is called and what it tells of an agent, None if nothing. Raises ValueError naming it if it fails."""
        if not self._settled:
            return self._settle(agent)
        if self._way is None:
            return "", None
        try:
            answer = self._way.asks[0](agent)
        except Exception as error:
            raise ValueError(f"{self._way.name} failed for {agent!r}: {error!r}") from error
        return self._way.name, self._own(self._way, answer, agent)

    def _settle(self, agent: Hashable) -> tuple[str, Any]:
        undecided = False
        for way in self._ways():
            if way.name in self._refused:
                continue
            errors = []
            for ask in way.asks:
                try:
                    answer = ask(agent)
                except Exception as error:
                    errors.append(repr(error))
                    continue
                try:
                    own = self._own(way, answer, agent)
                except ValueError as error:
                    if way.sure:
                        raise
                    errors.append(str(error))
                    continue
                if own is not None:
                    self._way, self._settled = way._replace(asks=[ask]), True
                    return way.name, own
            if len(errors) == len(way.asks):
                self._refuse(way, errors[-1])
            else:
                undecided = True
        self._settled = not undecided
        return "", None

    def _refuse(self, way: _Way, error: str) -> None:
        self._refused.add(way.name)
        warnings.warn(f"{way.name} is not used for masks: its first call gave {error}", stacklevel=2)

    def _ways(self) -> Iterator[_Way]:
        for layer in self._layers:
            if not self._plays_all(layer):
                continue  # a simulator inside, whose methods may mean anything
            for name in METHODS:
                held = attribute(layer, name)
                parameters = required(held) if callable(held) else None
                if parameters is None:
                    if name in ATTRIBUTES and isinstance(held, Mapping | list | tuple | np.ndarray | torch.Tensor):
                        yield _Way(name, [lambda _, at=layer, name=name: getattr(at, name)], True, False)  # type: ignore[misc]
                elif not parameters:
                    yield _Way(f"{name}()", [lambda _, held=held: held()], True, name not in LISTS)  # type: ignore[misc]
                elif asks_for_agent(parameters):
                    by_number = lambda agent, held=held: held(self._agents.index(agent))  # noqa: E731
                    number = parameters[0].annotation in (int, "int") or _NUMBER.fullmatch(parameters[0].name)
                    asks = [by_number, held] if self._numbered or number else [held, by_number]
                    yield _Way(f"{name}()", asks, False, True)

    def _plays_all(self, layer: Any) -> bool:
        for name in ("possible_agents", "agents"):
            held = attribute(layer, name)
            if hasattr(held, "__len__") and len(held):
                return True
        moves = attribute(layer, "action_space")
        return isinstance(moves, spaces.Tuple) and len(moves) == len(self._agents)

    def _own(self, way: _Way, answer: Any, agent: Hashable) -> Any:
        """An agent's part of an answer. Raises ValueError if it is not one of all agents, or of those who take part."""
        if answer is None or not way.each:
            return answer
        if isinstance(answer, Mapping):
            keys = (agent, self._agents.index(agent))
            if answer and not any(key in answer for j, a in enumerate(self._agents) for key in (a, j)):
                raise ValueError(f"{way.name} gives a dict of {list(answer)}, and the agents are {self._agents}")
            return next((answer[key] for key in keys if key in answer), None)
        answer = np.asarray(answer) if isinstance(answer, torch.Tensor) else answer
        if not isinstance(answer, list | tuple | np.ndarray) or getattr(answer, "ndim", 1) == 0:
            raise ValueError(f"{way.name} gives {answer!r}, not a mask for each agent")
        if any(isinstance(part, int | float | np.generic) for part in answer):
            if len(self._agents) == 1:
                return answer
            raise ValueError(f"{way.name} gives {answer!r}, one mask, and there are {len(self._agents)} agents")
        here = list(attribute(self._layers[0], "agents") or [])
        for those in (self._agents, here):
            if len(answer) == len(those) and agent in those:
                return answer[those.index(agent)]
        raise ValueError(f"{way.name} gives masks for {len(answer)} agents, and there are {len(self._agents)}")


def required(method: Callable) -> list[inspect.Parameter] | None:
    """The parameters that a method must be given, None where that is not known or they cannot be given by place."""
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return None
    needed = [p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return None if any(p.kind is p.KEYWORD_ONLY for p in needed) else needed


def asks_for_agent(parameters: list[inspect.Parameter]) -> bool:
    """Whether a method that must be given these needs an agent, and nothing else."""
    return len(parameters) == 1 and _AGENT.fullmatch(parameters[0].name) is not None
