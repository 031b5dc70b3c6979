"""Run an answer, case by case: the only part of a check that executes the student's code.

The answer is called with the sheet's example and with random cases, each time with fresh arguments. The results are plain
data, so they may come from another process.
"""

from __future__ import annotations

import copy
import inspect
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from .definition import Definition
from .limits import Trouble, call
from .values import is_stub, numbers, same

SECONDS = 2.0  # for all calls of one check together
NUMBERS = "numbers, an array, a tensor or a list"
# These decide the verdict alone: they do not depend on the case.
DECISIVE = ("no_value", "no_function", "arguments", "changes_arguments", "too_slow", "too_much_memory")


class Result(NamedTuple):
    """The result of one case: numbers, or the trouble that there was instead; and whether they are in half precision."""

    value: np.ndarray | Trouble
    half: bool = False


def run_answer(exercise: Definition, answer: Any, seed: int = 0) -> list[Result]:
    """The results of all cases; a single one if the answer cannot be called. Empty if there was no attempt yet."""
    if is_stub(answer):
        return []
    if exercise.kind != "function":
        if callable(answer):
            return [_trouble("no_value", "This asks for a value, not for a function. Call your function first.")]
        parts = answer if exercise.kind == "open" and isinstance(answer, tuple) else (answer,)
        return [_plain(part, returned=False) for part in parts]
    if not callable(answer):
        return [_trouble("no_function", f"Pass the function itself, without calling it: check.{exercise.name}(f).")]
    try:
        inspect.signature(answer).bind(*exercise.parameters)
    except TypeError:
        count = len(exercise.parameters)
        words = f"Your function must take {count} argument{'s' * (count > 1)}: {', '.join(exercise.parameters)}."
        return [_trouble("arguments", words)]
    except ValueError:  # a built-in function without a signature
        pass
    _load_optimizers(answer)
    end, results = time.monotonic() + SECONDS, list[Result]()
    for case in exercise.cases(seed):
        arguments = copy.deepcopy(case)
        value = call(exercise.measure, (answer, *arguments), end - time.monotonic(), answer)
        if is_stub(value):
            return []
        results.append(Result(value) if isinstance(value, Trouble) else _plain(value))
        changed = [n for n, x, y in zip(exercise.case_names, arguments, case, strict=True) if not same(x, y)]
        if changed:
            results[-1] = _changed_in_place(changed[0])
        if is_decisive(results[-1]):
            break
    return results


def one_answer(passed: tuple[Any, ...]) -> Any:
    """The arguments that a check was called with, as one answer."""
    return passed[0] if len(passed) == 1 else passed


def is_decisive(result: Result) -> bool:
    """Whether this result decides the verdict alone, whatever the other cases give."""
    return isinstance(result.value, Trouble) and result.value.mistake in DECISIVE


def _load_optimizers(answer: Callable[..., Any]) -> None:
    """Load torch.optim if the answer uses it: its first use in a process takes seconds that are not the answer's."""
    names = getattr(getattr(answer, "__code__", None), "co_names", ())
    known = getattr(answer, "__globals__", {})
    classes = [x for x in map(known.get, names) if isinstance(x, type) and issubclass(x, torch.optim.Optimizer)]
    if "optim" in names or classes:
        torch.optim.SGD([torch.zeros(1)], lr=1.0)


def _trouble(mistake: str, message: str) -> Result:
    return Result(Trouble(mistake, message))


def _changed_in_place(name: str) -> Result:
    return _trouble(
        "changes_arguments",
        f"Your function changes its argument `{name}` in place, but the caller still needs it. Work on a copy. "
        f"(`x = {name}` makes no copy; `x += …` changes `x` in place, `x = x + …` does not.)",
    )


def _plain(value: Any, returned: bool = True) -> Result:
    """One result as plain data."""
    found = numbers(value)
    if found is not None:
        return Result(found, "16" in str(getattr(value, "dtype", "")))  # half precision has about three digits
    if value is None and returned:
        return _trouble("no_return", "Your function returns nothing. Is a `return` missing?")
    if isinstance(value, str):
        return _trouble("no_numbers", "This asks for numbers, and yours is a text (str). Remove the quotation marks.")
    return _trouble("no_numbers", f"This asks for {NUMBERS}; yours is of type {type(value).__name__}.")
