"""What a short trial tells of a new game: it breaks no rule in random play, and nothing seems to be overlooked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..game import Game
from .inner import attribute
from .masks import asks_for_agent, required, sounds_like_masks
from .spaces import View

STEPS, LONGEST = 100, 300  # of a trial: one episode, within these limits
HARDLY = 1 / 200  # of declared bounds: less than that is too little to be told apart


def trial(game: Game) -> tuple[bool, Tensor]:
    """Steps of random play: whether an agent is away while others play, or has not all of its actions; the states (T, d)."""
    generator, steps = torch.Generator().manual_seed(0), max(STEPS, min(game.horizon, LONGEST))
    state, missing = game.reset(1, generator), False
    states = [state]
    for _ in range(steps):
        free = game.available(game.observe(state))
        missing |= not all(actions.all() for actions in free)
        chosen = torch.cat([torch.multinomial(actions, 1, generator=generator) for actions in free], 1)
        step = game.step(state, chosen, generator)
        state = game.reset(1, generator) if step.terminated | step.truncated else step.state
        states.append(state)
    return missing, torch.cat(states)


def first_look(
    agents: Sequence, views: Sequence[View], seen: Sequence[Tensor], told: Tensor, layers: Sequence[Any] | None
) -> Iterator[tuple[str, str]]:
    """Warnings, each with a key: of what a trial showed, and of masks that are not read.

    Args: seen, n × (T, O_j), what the agents saw; told, (T, S), the environment's state(), S = 0 without one; layers, an
    environment and all that it wraps, None where masks were found.
    """
    for j, words in squashed(views, seen):
        yield f"squashed {j}", f": {agents[j]!r} {words}"
    if told.shape[1] and (told == told[:1]).all() and any((rows != rows[:1]).any() for rows in seen):
        words = "its state() was the same throughout a trial, so the critic is not given it, but the observations"
        yield "constant", f": {words}"
    if layers is not None and (method := unread_masks(layers)):
        where = "an entry of observations or infos, or from a method that takes an agent"
        words = f"all actions count as available. They are read from {where}; micra_lite.interop.masks has their names"
        yield "unread", f" has {method}, which is not read as masks: {words}"


def unread_masks(found: Sequence[Any]) -> str | None:
    """A method, or an attribute, that sounds like masks; None if there is none.

    Args: found, an environment and all that it wraps.
    """
    for layer in found:
        names = {*getattr(layer, "__dict__", {}), *dir(type(layer))}
        for name in sorted(name for name in names if sounds_like_masks(name)):
            held = attribute(layer, name)
            needs = required(held) if callable(held) else None
            if needs is not None and (asks_for_agent(needs) if needs else "mask" in name):
                return f"{name}()"
            if isinstance(held, Mapping | list | tuple | np.ndarray):
                return name
    return None


def squashed(views: Sequence[View], seen: Sequence[Tensor]) -> Iterator[tuple[int, str]]:
    """For each agent that sees some number move little within wide bounds: which agent, and a sentence on it.

    Args: seen, n × (T, O_j), what was seen while it took part, masks left aside.
    """
    for j, (view, rows) in enumerate(zip(views, seen, strict=True)):
        if view.bounds is None or view.image or not len(rows):
            continue
        span = (rows.amax(0) - rows.amin(0)).double()
        declared = (view.bounds[1] - view.bounds[0]).double()
        share = torch.where(span > 0, span / declared, torch.inf)
        k = int(share.argmin())
        if share[k] < HARDLY:
            low, high = [float(end[k]) for end in view.bounds]
            move = f"sees a number that moved by {float(span[k]):g} in a trial, and may lie in [{low:g}, {high:g}] by its space"
            yield (
                j,
                f"{move}. Networks see it scaled by these bounds and can hardly tell it apart: declare bounds that fit",
            )
