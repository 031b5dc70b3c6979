"""Action masks: which actions an agent has, found wherever environments tell it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ..game import Game
from .inner import attribute

# Entries of observations and infos, and methods of environments. Those of the second kind list actions by number.
MASKS = (
    "action_mask",
    "action_masks",
    "available_actions",
    "avail_actions",
    "valid_actions_mask",
    "legal_actions_mask",
)
LISTS = ("legal_moves", "legal_actions", "valid_actions", "valid_moves", "available_moves")
NAMES = (*MASKS, *LISTS)
METHODS = (
    "action_mask",
    "action_masks",
    "get_action_mask",
    "get_avail_actions",
    "get_avail_agent_actions",
    "legal_actions",
)


def given_in(entries: object) -> str | None:
    """The name of the mask among the entries of an observation or an info, None where there is none."""
    if not entries or not isinstance(entries, Mapping):
        return None
    return next((name for name in NAMES if entries.get(name) is not None), None)


def read_mask(name: str, given: Any, n_actions: int, first: int) -> np.ndarray:
    """A mask (n_actions,) of bools from what is given by that name: zeros and ones, or a list of actions by number.

    Args: first, the number of the first action. Raises ValueError saying what is wrong.
    """
    if isinstance(given, set | frozenset | Mapping | range):  # sets of legal actions, or dicts with them as keys
        given = sorted(given)
    found = np.asarray(given)
    if not found.size and name in LISTS:
        return np.zeros(n_actions, bool)
    if found.ndim != 1 or found.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be {n_actions} zeros and ones; it is {given!r}")
    if _lists(name, found, n_actions):
        numbers = found.astype(np.int64) - first
        if (numbers != found - first).any() or (numbers < 0).any() or (numbers >= n_actions).any():
            raise ValueError(f"{name} lists {found.tolist()}, and there are {n_actions} actions, from {first} on")
        mask = np.zeros(n_actions, bool)
        mask[numbers] = True
        return mask
    if len(found) != n_actions:
        raise ValueError(f"{name} has {len(found)} entries, and there are {n_actions} actions")
    if found.dtype.kind != "b" and not ((found == 0) | (found == 1)).all():
        raise ValueError(f"{name} must be zeros and ones; it is {found.tolist()}")
    return found.astype(bool)


def _lists(name: str, found: np.ndarray, n_actions: int) -> bool:
    """Whether these are numbers of actions, not zeros and ones."""
    if found.dtype.kind == "b" or name.startswith("action_mask") or name.endswith("_mask"):
        return False
    distinct = len(set(found.tolist())) == len(found)
    return distinct and (name in LISTS or len(found) != n_actions)


def mask_method(found: Sequence[Any], agents: Sequence[Hashable]) -> tuple[str, Callable[[Hashable], Any]] | None:
    """A method of one of the layers `found` that tells an agent's mask, with its name; None where there is none."""
    for layer in found:
        if not (attribute(layer, "possible_agents") or attribute(layer, "agents")):
            continue  # a simulator inside, whose methods may mean anything
        for name in METHODS:
            method = attribute(layer, name)
            needed = _arguments(method) if callable(method) else None
            if needed == 1:
                return name, method
            if needed == 0:
                return name, lambda agent, method=method: _of_agent(method(), agent, agents)
    return None


def _arguments(method: Callable) -> int | None:
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return None
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _of_agent(answer: Any, agent: Hashable, agents: Sequence[Hashable]) -> Any:
    if isinstance(answer, Mapping):
        return answer.get(agent)
    if len(answer) != len(agents):
        raise ValueError(f"masks for {len(answer)} agents, and there are {len(agents)}")
    return answer[list(agents).index(agent)]


def something_is_missing(game: Game, steps: int = 100) -> bool:
    """Whether, in so many steps of random play, an agent is away while others play, or has not all of its actions."""
    generator = torch.Generator().manual_seed(0)
    state = game.reset(1, generator)
    for _ in range(steps):
        free = game.available(game.observe(state))
        if not all(actions.all() for actions in free):
            return True
        chosen = torch.cat([torch.multinomial(actions, 1, generator=generator) for actions in free], 1)
        step = game.step(state, chosen, generator)
        state = game.reset(1, generator) if step.terminated | step.truncated else step.state
    return False
