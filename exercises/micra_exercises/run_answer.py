"""What an answer gives, case by case: the only part of a check in which the student's code runs.

The answer is called on the case of the text and on drawn ones, each time with fresh arguments. What comes out is plain data,
so it may come from another process.
"""

from __future__ import annotations

import copy
import inspect
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from .limits import Trouble, call
from .values import is_stub, numbers, same

if TYPE_CHECKING:
    from .exercise import Exercise

SECONDS = 2.0  # for all calls of one check together
NUMBERS = "numbers, an array, a tensor or a list"
# What is wrong whatever else is wrong.
AT_ONCE = ("no_value", "no_function", "arguments", "changes_arguments", "too_slow", "too_much_memory")


class Given(NamedTuple):
    """What an answer gave in one case: numbers, or the trouble that there was instead; whether in half precision."""

    value: np.ndarray | Trouble
    half: bool = False


def record(exercise: Exercise, answer: Any, seed: int = 0) -> list[Given]:
    """What the answer gives, case by case; a single one where it is no answer to call. Empty: not attempted yet."""
    if is_stub(answer):
        return []
    if exercise.kind != "function":
        if callable(answer):
            return [_trouble("no_value", "This asks for a value, not for a function. Call your function first.")]
        parts = answer if exercise.kind == "open" and isinstance(answer, tuple) else (answer,)
        return [_given(part, returned=False) for part in parts]
    if not callable(answer):
        return [_trouble("no_function", f"Hand over the function itself, without brackets: check.{exercise.name}(f).")]
    try:
        inspect.signature(answer).bind(*exercise.names)
    except TypeError:
        words = f"Your function is called with {len(exercise.names)} arguments: {', '.join(exercise.names)}."
        return [_trouble("arguments", words)]
    except ValueError:  # a built-in function without a signature
        pass
    _load_optimizers(answer)
    end, got = time.monotonic() + SECONDS, []
    for case in exercise.cases(seed):
        given = copy.deepcopy(case)
        value = call(exercise.look, (answer, *given), end - time.monotonic(), answer)
        if is_stub(value):
            return []
        got.append(Given(value) if isinstance(value, Trouble) else _given(value))
        if not all(same(x, y) for x, y in zip(given, case, strict=True)):
            changed = next(n for n, x, y in zip(exercise.given, given, case, strict=True) if not same(x, y))
            words = f"Your function changes its argument `{changed}` in place, and whoever calls it still needs that. Make a copy first."
            got[-1] = _trouble(
                "changes_arguments",
                f"{words} (`x = {changed}` is none; `x += …` changes in place, `x = x + …` doesn't.)",
            )
        if at_once(got[-1]):
            break
    return got


def one_answer(handed: tuple[Any, ...]) -> Any:
    """What a check was called with, as one answer."""
    return handed[0] if len(handed) == 1 else handed


def at_once(given: Given) -> bool:
    """Whether this decides alone, without a look at the other cases."""
    return isinstance(given.value, Trouble) and given.value.mistake in AT_ONCE


def _load_optimizers(answer: Callable[..., Any]) -> None:
    """Where an answer uses torch.optim: the first optimizer of a process loads for seconds, which are not the answer's."""
    names = getattr(getattr(answer, "__code__", None), "co_names", ())
    known = getattr(answer, "__globals__", {})
    classes = [x for x in map(known.get, names) if isinstance(x, type) and issubclass(x, torch.optim.Optimizer)]
    if "optim" in names or classes:
        torch.optim.SGD([torch.zeros(1)], lr=1.0)


def _trouble(mistake: str, message: str) -> Given:
    return Given(Trouble(mistake, message))


def _given(value: Any, returned: bool = True) -> Given:
    """One result as plain data."""
    found = numbers(value)
    if found is not None:
        return Given(found, "16" in str(getattr(value, "dtype", "")))  # half precision: about three digits
    if value is None and returned:
        return _trouble("no_return", "Your function returns nothing. Is a `return` missing?")
    if isinstance(value, str):
        return _trouble(
            "no_numbers", "This asks for numbers; yours is a text, of type str. Leave out the quotation marks."
        )
    return _trouble("no_numbers", f"This asks for {NUMBERS}; yours is of type {type(value).__name__}.")
