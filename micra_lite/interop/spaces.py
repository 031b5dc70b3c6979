"""Observation spaces read once, so that observations are checked and flattened fast: see `View`.

Discrete, MultiDiscrete and MultiBinary entries become indicators, a Box its numbers; of a Dict or a Tuple all entries stand
side by side. What is not in its space is an error, but for numbers outside a Box's bounds: see `View.low`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from gymnasium.spaces.utils import flatdim, flatten
from torch import Tensor

from .masks import NAMES, sounds_like_masks

LARGEST_IMAGE = 96  # pixels a side
SHORTEST, SLIMMEST = 3, 16  # pixels of an image's shorter side; its longer side, in shorter ones
UNUSUAL = 1e3  # a number of this size, where no bounds are known, is reported
UNBOUNDED = 1e6  # bounds of this size, or beyond it, say nothing
SMALL, TINY = 2.0, 0.1  # numbers up to this size, in a span of this size, need no scaling, unless the span is tiny
_OTHERS = re.compile(
    r"(^|_)(other|oppon|enem|rival|partner|team|mate|neighbo)", re.IGNORECASE
)  # whose masks are not the agent's own
Put = Callable[[Any, np.ndarray], None]  # checks a value and writes it over zeros; raises ValueError saying what it is


@dataclass(frozen=True)
class View:
    """How an agent's observations become `size` numbers."""

    size: int
    parts: tuple[tuple[tuple[Any, ...], int, int, Put], ...]  # where in the observation, which columns, how
    low: np.ndarray  # (size,) declared lowest values, −inf where there are none
    high: np.ndarray  # (size,)
    bounds: (
        tuple[Tensor, Tensor] | None
    )  # low and high that numbers should be scaled by, (size,) each; None: leave them
    image: tuple[int, int, int] | None  # (C, H, W) where all of it is one image, flattened channels first
    mask: str | None  # the entry of the observation that is the action mask
    nested: bool  # whether observations are meant to be dicts
    mask_at: tuple[Any, ...] = ()  # where in the observation that entry is
    n_actions: int = 0
    warned: set[str] = field(default_factory=set)  # keys of infos, of which a warning was given

    def write(self, seen: Any, out: np.ndarray) -> None:
        """Put an observation into `out` (size,), which is all zeros. Raises ValueError saying what is wrong with it."""
        if not self.nested and type(seen) is not np.ndarray and isinstance(seen, Mapping):  # the first is quicker
            seen = bare(seen)
        for path, a, b, put in self.parts:
            value = seen
            for key in path:
                try:
                    value = value[key]
                except (KeyError, IndexError, TypeError):
                    raise ValueError(f"lacks the entry {key!r}") from None
            put(value, out[a:b])


def bare(seen: Mapping) -> Any:
    """The observation in a dict that also has the mask, though its space tells of no dict."""
    if "observation" not in seen or (rest := [key for key in seen if key != "observation" and key not in NAMES]):
        what = f"has the entries {rest}" if "observation" in seen else "is a dict without 'observation'"
        raise ValueError(f"{what}, of which its space does not tell; declare a Dict space with all that is to be seen")
    return seen["observation"]


def view_of(space: spaces.Space, n_actions: int) -> View:
    """Read a space.

    Raises TypeError for one without a fixed size or without anything to see, ValueError for too large an image or for
    two masks.
    """
    mask_at = _mask_at(space, n_actions)
    leaves = [leaf for leaf in _leaves(space, ()) if not mask_at or leaf[0][: len(mask_at)] != mask_at]
    if not sum(size for _, _, size, _ in leaves):
        raise TypeError(f"observes nothing: {space} has nothing to see{' but a mask' if mask_at else ''}")
    for _, leaf, _, _ in leaves:
        _refuse_large(image_shape(leaf))
    cuts = np.cumsum([0, *[size for _, _, size, _ in leaves]]).tolist()
    parts = tuple((p, a, b, put) for (p, _, _, put), a, b in zip(leaves, cuts, cuts[1:], strict=False))
    limits = [_limits(leaf, size) for _, leaf, size, _ in leaves]
    low, high, scaled = [np.concatenate(column) for column in zip(*limits, strict=True)]
    ends = [torch.as_tensor(np.where(scaled, end, plain), dtype=torch.float32) for end, plain in ((low, -1), (high, 1))]
    bounds = (ends[0], ends[1]) if scaled.any() else None
    image = image_shape(leaves[0][1]) if len(leaves) == 1 else None
    mask, nested = mask_at[-1] if mask_at else None, isinstance(space, spaces.Dict)
    return View(cuts[-1], parts, low, high, bounds, image, mask, nested, mask_at, n_actions)


def _mask_at(space: spaces.Space, n_actions: int) -> tuple[Any, ...]:
    """Where in a nested space the mask is, () if nowhere: the outermost one. Raises ValueError for two, equally deep."""
    level: list[tuple[tuple[Any, ...], spaces.Space]] = [((), space)]
    while level:
        level = [((*path, key), entry) for path, holder in level for key, entry in _entries(holder)]
        own = [(path, entry) for path, entry in level if not any(_OTHERS.search(str(key)) for key in path[:-1])]
        found = [path for path, entry in own if path[-1] in NAMES and _masks(path[-1], entry, n_actions)]
        by_name = sorted(found, key=lambda path: NAMES.index(path[-1]))
        if len({path[:-1] for path in found}) > 1:
            raise ValueError(f"sees several masks: {found}; only one can be the agent's own, give it as 'action_mask'")
        if by_name:
            return by_name[0]
    return ()


def unread_entries(space: spaces.Space, view: View) -> list[str]:
    """Entries of an agent's observation that sound like masks, and are not the one that is read."""
    found, level = list[str](), list[tuple[tuple[Any, ...], spaces.Space]]()
    level.append(((), space))
    while level:
        level = [((*path, key), entry) for path, holder in level for key, entry in _entries(holder)]
        alike = [path for path, entry in level
                 if isinstance(path[-1], str) and sounds_like_masks(path[-1], entry.shape != (view.n_actions,))]  # fmt: skip
        found += [path[-1] for path in alike if path != view.mask_at and not any(_OTHERS.search(str(k)) for k in path)]
    return found


def _entries(space: spaces.Space) -> Iterable[tuple[Any, spaces.Space]]:
    if isinstance(space, spaces.Dict):
        return space.spaces.items()
    return enumerate(space.spaces) if isinstance(space, spaces.Tuple) else ()


def _refuse_large(image: tuple[int, int, int] | None) -> None:
    if image and max(image[1:]) > LARGEST_IMAGE:
        raise ValueError(
            f"observes an image of {image[1]} × {image[2]} pixels, more than {LARGEST_IMAGE} a side: too large to keep many "
            "of. Shrink it: supersuit.resize_v1(supersuit.color_reduction_v0(env, mode='full'), 84, 84)"
        )


def _masks(key: str, space: spaces.Space, n_actions: int) -> bool:
    """Whether this entry of an observation is the mask: by its name, or by its name and its shape."""
    return key == "action_mask" or space.shape == (n_actions,)


def image_shape(space: spaces.Space) -> tuple[int, int, int] | None:
    """(channels, height, width) of a Box that is an image: one with three axes, or two of bytes (grey).

    What is less than 3 pixels wide or high, or more than 16 times as long as wide, is no picture (but a lidar's rays).
    The last axis is the channels' if it has up to 4, as in PettingZoo; else the one that differs from two alike; else
    the shorter one of the first and the last.
    """
    if not isinstance(space, spaces.Box):
        return None
    if len(space.shape) == 2 and space.dtype == np.uint8:
        shape = (1, *space.shape)
    elif len(space.shape) == 3:
        shape = _channels_first(space.shape) if _channels_last(space.shape) else space.shape
    else:
        return None
    short, long = sorted(shape[1:])
    return tuple(shape) if short >= SHORTEST and long <= SLIMMEST * short else None  # type: ignore[return-value]


def _channels_last(shape: tuple[int, ...]) -> bool:
    a, b, c = shape
    if c <= 4 or a == b or b == c:
        return c <= 4 or a == b
    return c <= a


def _channels_first(shape: tuple[int, ...]) -> tuple[int, int, int]:
    return shape[2], shape[0], shape[1]


def _leaves(space: spaces.Space, path: tuple) -> Any:
    """The entries of a nested space: where they are, their spaces, their sizes and their writers."""
    if isinstance(space, spaces.Dict | spaces.Tuple):
        for key, entry in _entries(space):
            yield from _leaves(entry, (*path, key))
    elif isinstance(space, spaces.Box):
        yield path, space, int(np.prod(space.shape)), _box(space)
    elif isinstance(space, spaces.Discrete):
        yield path, space, int(space.n), _discrete(space)
    elif isinstance(space, spaces.MultiDiscrete):
        yield path, space, int(space.nvec.sum()), _multi_discrete(space)
    elif isinstance(space, spaces.MultiBinary):
        yield path, space, int(np.prod(space.shape)), _multi_binary(space)
    else:
        try:
            size = int(flatdim(space))
        except (NotImplementedError, ValueError) as error:
            raise TypeError(f"observes {space}, which has no fixed size; wrap it") from error
        yield path, space, size, _any_other(space, size)


def usual(view: View) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest numbers of a view (size,) that pass without a warning: its bounds, if they say anything."""
    ends = []
    for end, sign in ((view.low, -1), (view.high, 1)):
        told = np.abs(end) < UNBOUNDED
        both = (np.abs(view.low) < UNBOUNDED) & (np.abs(view.high) < UNBOUNDED)
        span = np.where(both, view.high, 1.0) - np.where(both, view.low, 0.0)
        limit = np.where(told, sign * end + 1e-3 * np.maximum(1.0, span), np.inf)  # with some slack
        ends.append(sign * np.where(both, limit, np.minimum(limit, UNUSUAL)))
    return ends[0], ends[1]


def _limits(space: spaces.Space, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Declared lowest and highest values of an entry, and which are to be scaled, (size,) each."""
    if not isinstance(space, spaces.Box):
        return np.full(size, -np.inf), np.full(size, np.inf), np.zeros(size, bool)
    low, high = [flat_image(end.astype(np.float64), space) for end in (space.low, space.high)]
    largest = np.maximum(np.abs(low), np.abs(high))
    with np.errstate(over="ignore", invalid="ignore"):
        wide = (largest > SMALL) | (high - low > SMALL) | (high - low < TINY) | (space.dtype.kind in "iu")
    return low, high, wide & (largest < UNBOUNDED) & (high > low)


def flat_image(values: np.ndarray, space: spaces.Box) -> np.ndarray:
    """The values of a Box in one row, channels first where it is an image."""
    return (values.transpose(2, 0, 1) if _turned(space) else values).reshape(-1)


def _turned(space: spaces.Box) -> bool:
    return len(space.shape) == 3 and image_shape(space) is not None and _channels_last(space.shape)


def _array(value: Any, shape: tuple[int, ...], kinds: str) -> np.ndarray:
    if value is None:
        raise ValueError("is None")
    found = np.asarray(value)
    if found.shape != shape:
        raise ValueError(f"has {found.size} numbers in the shape {found.shape}, not {shape} as in its space")
    if found.dtype.kind not in kinds:
        raise ValueError(f"has entries of the type {found.dtype}, unlike its space")
    return found


def _box(space: spaces.Box) -> Put:
    shape, whole = space.shape, space.dtype.kind in "iub"
    turned = _turned(space)

    def put(value: Any, out: np.ndarray) -> None:
        found = _array(value, shape, "fiub")
        if whole and found.dtype.kind == "f" and not (found == np.floor(found)).all():
            raise ValueError(f"has fractions, and its space {space} has none")
        out[:] = (found.transpose(2, 0, 1) if turned else found).reshape(-1)

    return put


def _discrete(space: spaces.Discrete) -> Put:
    n, start = int(space.n), int(space.start)

    def put(value: Any, out: np.ndarray) -> None:
        try:
            k = operator.index(value) - start
        except TypeError:
            raise ValueError(f"is {value!r}, no whole number as in {space}") from None
        if not 0 <= k < n:
            raise ValueError(f"is {value}, which is not in {space}")
        out[k] = 1.0

    return put


def _multi_discrete(space: spaces.MultiDiscrete) -> Put:
    counts, start = space.nvec.reshape(-1), np.asarray(space.start).reshape(-1)
    before = np.cumsum([0, *counts[:-1]])

    def put(value: Any, out: np.ndarray) -> None:
        k = _array(value, space.nvec.shape, "iu").reshape(-1).astype(np.int64) - start
        if ((k < 0) | (k >= counts)).any():
            raise ValueError(f"is {np.asarray(value).tolist()}, which is not in {space}")
        out[before + k] = 1.0

    return put


def _multi_binary(space: spaces.MultiBinary) -> Put:
    def put(value: Any, out: np.ndarray) -> None:
        found = _array(value, space.shape, "biuf").reshape(-1)
        if not ((found == 0) | (found == 1)).all():
            raise ValueError(f"is {np.asarray(value).tolist()}, which is not in {space}")
        out[:] = found

    return put


def _any_other(space: spaces.Space, size: int) -> Put:
    def put(value: Any, out: np.ndarray) -> None:
        try:
            out[:] = flatten(space, value)
        except Exception as error:
            raise ValueError(f"is {value!r}, which does not fit {space} ({error})") from error

    return put
