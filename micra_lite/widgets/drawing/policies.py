"""Sliders for mixed policies, probabilities throughout, and a menu of games that remembers them.

1. `probability_sliders`: one agent's policy. Two actions share one slider; more have one each, and move together so that
   they always add up to 1.
2. `probabilities`: reads them.
3. `menu_of`: which games a widget offers, checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from typing import Any

import ipywidgets

from .base import slider

TOGETHER = (
    '<p style="font-size: smaller; margin: 0 0 0 10px">Move one probability, and the others make room in proportion: '
    "they add up to 1.</p>"
)


def probability_sliders(agent: str, names: Sequence[str], start: Sequence[float], changed: Callable) -> list[Any]:
    """Sliders for one agent's mixed policy over the actions `names`, opening at `start` (A,); `probabilities` reads them.

    For two actions there is one slider, the probability of the first. For more there is one for each action; when one is
    moved, the others share what is left in the proportions they had. `changed` is called once after each move.
    """
    step = 0.05 if len(names) == 2 else 0.01
    shown = names if len(names) > 2 else names[:1]
    sliders = [
        slider(ipywidgets.FloatSlider, f"{agent}: P({name})", value=p, min=0.0, max=1.0, step=step)
        for name, p in zip(shown, start if len(names) == 2 else hundredths(start), strict=False)
    ]
    if len(names) == 2:
        sliders[0].observe(changed, "value")
        return sliders
    shares = list(start)  # exact, and the proportions to come back to when one action had taken everything
    busy = False  # while the others are moved, they must not answer

    def moved(k: int, change: Any) -> None:
        nonlocal busy
        if busy or abs(change["new"] - change["old"]) < step / 2:  # a browser repeats what it was told, to the last bit
            return
        busy = True
        left, others = 1 - change["new"], [j for j in range(len(sliders)) if j != k]
        whole = sum(shares[j] for j in others)
        exact = [left * (shares[j] / whole if whole > 0 else 1 / len(others)) for j in others]
        for j, value in zip(others, hundredths(exact), strict=True):
            sliders[j].value = value
        if left > 0:
            shares[k] = change["new"]
            for j, value in zip(others, exact, strict=True):
                shares[j] = value
        if [one.value for one in sliders] == hundredths(start):  # back where they opened, and exactly so
            shares[:] = start
        busy = False
        changed(change)

    for k, one in enumerate(sliders):
        one.observe(lambda change, k=k: moved(k, change), "value")
    return sliders


def hundredths(values: Sequence[float]) -> list[float]:
    """Round to hundredths, and keep the sum: a slider shows no more, and a browser would send it back rounded.

    >>> hundredths([1 / 3, 1 / 3, 1 / 3])
    [0.34, 0.33, 0.33]
    """
    down = [math.floor(100 * v + 1e-9) for v in values]
    missing = round(100 * sum(values)) - sum(down)
    nearest = sorted(range(len(down)), key=lambda j: down[j] - 100 * values[j])  # those that lost most come first
    return [(n + (j in nearest[:missing])) / 100 for j, n in enumerate(down)]


def probabilities(sliders: Sequence[Any]) -> list[float]:
    """The policy (A,) that `probability_sliders` show."""
    values = [float(one.value) for one in sliders]
    if len(values) == 1:
        return [values[0], 1 - values[0]]
    return [v / sum(values) for v in values]


def menu_of(game: str, games: Sequence[str] | None, known: Collection[str], refusal: str) -> list[str]:
    """The games to offer: `games`, or all that are known, with `game` among them.

    Raises ValueError, with the words of `refusal`, for one that is not known.
    """
    offered = list(known) if games is None else list(games)
    for name in (game, *offered):
        if name not in known:
            raise ValueError(f"{name!r} {refusal} {list(known)}")
    return offered if game in offered else [game, *offered]
