"""Put back whatever an answer has changed outside itself: settings of torch and NumPy, random states, patched functions.

Names added by an import stay, since the import happens only once in a process.
"""

from __future__ import annotations

import builtins
import gc
import math
import os
import random
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import torch

from .definition import Definition

OURS = ("micra_exercises", "micra_lite")
OTHERS = (
    builtins, math, random, np, np.linalg, np.random, torch, torch.autograd, torch.distributions, torch.linalg, torch.nn,
    torch.nn.functional, torch.optim, torch.special, torch.Tensor,
)  # fmt: skip
Undo = Callable[[], object]


@contextmanager
def unchanged(patches_undone: Undo) -> Iterator[None]:
    """Everything that can be set from within the body is as before after it; gradients can be computed in it.

    `patches_undone` is what `patches` returned, which takes longer than most answers and is the same for many calls.
    """
    undo = [*_settings(), patches_undone]
    try:
        with torch.enable_grad(), warnings.catch_warnings(), np.errstate():
            warnings.simplefilter("ignore")  # where they count as errors, a right answer would be refused
            yield
    finally:
        for step in undo:
            with suppress(Exception):
                step()


def _settings() -> list[Undo]:
    """What puts back number types, random states, environment and folder."""
    dtype, torch_state, numpy_state, state = (
        torch.get_default_dtype(), torch.get_rng_state(), np.random.get_state(), random.getstate(),  # noqa: NPY002
    )  # fmt: skip
    deterministic, device = torch.are_deterministic_algorithms_enabled(), torch.get_default_device()
    anomaly, depth, shown = torch.is_anomaly_enabled(), sys.getrecursionlimit(), np.get_printoptions()
    environment, folder, streams = dict(os.environ), os.getcwd(), (sys.stdout, sys.stderr)

    def put_device_back() -> None:
        if torch.get_default_device() != device:  # a device that was set makes every call slower, even if it is the CPU
            torch.set_default_device(None if device.type == "cpu" else device)

    def put_environment_back() -> None:
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)

    def put_streams_back() -> None:
        sys.stdout, sys.stderr = streams

    return [
        lambda: torch.set_default_dtype(dtype),
        put_device_back,
        lambda: torch.set_rng_state(torch_state),
        lambda: np.random.set_state(numpy_state),  # noqa: NPY002
        lambda: random.setstate(state),
        lambda: torch.use_deterministic_algorithms(deterministic),
        lambda: torch.autograd.set_detect_anomaly(anomaly),
        lambda: sys.setrecursionlimit(depth),
        lambda: np.set_printoptions(**shown),
        lambda: os.chdir(folder),
        put_environment_back,
        put_streams_back,
        gc.enable,
    ]


def patches() -> Undo:
    """What puts back the names in modules and classes, the code of our functions, and the parts of exercises."""
    modules = [m for name, m in list(sys.modules.items()) if m and name.partition(".")[0] in OURS]
    own = [x for m in modules for x in vars(m).values() if getattr(x, "__module__", "").partition(".")[0] in OURS]
    classes = {x for x in own if isinstance(x, type)}
    functions = {x for x in own if isinstance(x, types.FunctionType)}
    functions |= {x for c in classes for x in vars(c).values() if isinstance(x, types.FunctionType)}
    exercises = {id(x): x for x in own if isinstance(x, Definition)}.values()
    undo = [_names_of(place) for place in (*OTHERS, *modules, *classes, *exercises)]
    code = [(function, function.__code__, function.__defaults__) for function in functions]

    def put_back() -> None:
        for step in undo:
            step()
        for function, body, defaults in code:
            if function.__code__ is not body or function.__defaults__ is not defaults:
                function.__code__, function.__defaults__ = body, defaults

    return put_back


def _names_of(place: Any) -> Undo:
    """What puts the attributes of a module, a class or an exercise back."""
    before = dict(vars(place))
    identities = list(map(id, before.values()))
    ours = not isinstance(place, types.ModuleType) or place.__name__.partition(".")[0] in OURS

    def put_back() -> None:
        if list(map(id, vars(place).values())) == identities:
            return
        for name, value in before.items():
            if vars(place).get(name, before) is not value and (ours or not name.startswith("_")):
                setattr(place, name, value)
        for name, value in list(vars(place).items()):
            if name not in before and not name.startswith("_") and not isinstance(value, types.ModuleType):
                delattr(place, name)

    return put_back
