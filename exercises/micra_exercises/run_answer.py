"""Run an answer, case by case: the only part of a check that executes the student's code.

The answer is called with the sheet's example, with special and with random cases, each time with fresh arguments, and once
more with the example, to see whether it keeps something from call to call. The results are plain data, so they may come from
another process.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .definition import Definition
from .isolation import Undo, patches, unchanged
from .limits import Trouble, call
from .values import as_default, close, in_double, is_complex, is_half, is_stub, numbers, same

FIRST, LATER = 10.0, 5.0  # seconds of computing for the first call, and for each later one
NUMBERS = "numbers, an array, a tensor or a list"
# These decide the verdict alone: they do not depend on the case.
DECISIVE = (
    "no_value", "no_function", "arguments", "changes_arguments", "keeps_state", "too_slow", "too_much_memory", "first_cell",
)  # fmt: skip


class Result(NamedTuple):
    """The result of one case: numbers, or the trouble that there was instead; and whether they are in half precision."""

    value: np.ndarray | Trouble
    half: bool = False


class Run(NamedTuple):
    """The results of all cases, a single one if the answer is no function, none if there was no attempt yet.

    `names` are the student's own names of the arguments; empty if there are none.
    """

    results: list[Result]
    names: tuple[str, ...] = ()


def run_answer(exercise: Definition, answer: Any, cases: Sequence[tuple[Any, ...]]) -> Run:
    """The results of an answer in these cases, which are those of `exercise.cases(seed)`."""
    if is_stub(answer):
        return Run([])
    if exercise.kind != "function":
        return Run(_value(exercise, answer))
    if not callable(answer):
        return Run(
            [_trouble("no_function", f"Pass the function itself, without calling it: check.{exercise.name}(f).")]
        )
    try:
        names = _names(exercise, answer)
    except TypeError:
        count = len(exercise.parameters)
        words = f"Your function must take {count} argument{'s' * (count > 1)}: {', '.join(exercise.parameters)}."
        return Run([_trouble("arguments", words)])
    results: list[Result] = []
    undo = patches()
    for case in cases:
        result = _one(exercise, answer, case, LATER if results else FIRST, names, undo)
        if result is None:
            return Run([], names)
        results.append(result)
        if is_decisive(result):
            return Run(results, names)
    again = _one(exercise, answer, cases[0], LATER, names, undo)
    if again is None or not _alike(results[0], again):
        results[0] = _trouble(
            "keeps_state",
            "Called twice with the same arguments, your function gives two different results. Does it keep something from "
            "call to call? Make everything that it changes anew in each call.",
        )
    return Run(results, names)


def own_names(words: str, exercise: Definition, names: Sequence[str]) -> str:
    """A message with the student's own names of the arguments, wherever these stand between `…`."""
    own = dict(zip(exercise.parameters, names, strict=False))
    return re.sub(r"`[^`]+`", lambda code: re.sub(r"[^\W\d]\w*", lambda n: own.get(n[0], n[0]), code[0]), words)


def one_answer(passed: tuple[Any, ...]) -> Any:
    """The arguments that a check was called with, as one answer."""
    return passed[0] if len(passed) == 1 else passed


def is_decisive(result: Result) -> bool:
    """Whether this result decides the verdict alone, whatever the other cases give."""
    return isinstance(result.value, Trouble) and result.value.mistake in DECISIVE


def _names(exercise: Definition, answer: Callable[..., Any]) -> tuple[str, ...]:
    """The student's names of the arguments. Raises TypeError if there are too few or too many."""
    try:
        signature = inspect.signature(answer)
    except ValueError:  # a built-in function without a signature
        return ()
    signature.bind(*exercise.parameters)
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = tuple(name for name, one in signature.parameters.items() if one.kind in kinds)
    return found[: len(exercise.parameters)]


def _value(exercise: Definition, answer: Any) -> list[Result]:
    """The results of an exercise that asks for a value."""
    if callable(answer):
        return [_trouble("no_value", "This asks for a value, not for a function. Call your function first.")]
    parts = answer if exercise.kind == "open" and isinstance(answer, (list, tuple)) else (answer,)
    with unchanged(patches()):
        read = [call(_plain, (part, False), FIRST) for part in parts]
    return [Result(one) if isinstance(one, Trouble) else one for one in read]


def _one(
    exercise: Definition,
    answer: Callable[..., Any],
    case: Sequence[Any],
    seconds: float,
    names: Sequence[str],
    undo: Undo,
) -> Result | None:
    """The result of one case; None if this is no attempt yet."""
    arguments, before = as_default(copy.deepcopy(case)), as_default(case)

    def result() -> Any:
        value = exercise.measure(answer, *arguments)
        return value if is_stub(value) or isinstance(value, Trouble) else _plain(value)

    with unchanged(undo):
        found = call(result, (), seconds, answer)
    if is_stub(found):
        return None
    changed = [n for n, x, y in zip(exercise.case_names, arguments, before, strict=True) if not same(x, y)]
    if changed and not (isinstance(found, Trouble) and is_decisive(Result(found))):
        return _changed_in_place(own_names(f"`{changed[0]}`", exercise, names))
    return Result(found) if isinstance(found, Trouble) else found


def _alike(first: Result, again: Result) -> bool:
    """Whether two results are the same, but for rounding."""
    if isinstance(first.value, Trouble) or isinstance(again.value, Trouble):
        return isinstance(first.value, Trouble) and isinstance(again.value, Trouble)
    return close(first.value, again.value, 1e-5)


def _trouble(mistake: str, message: str) -> Result:
    return Result(Trouble(mistake, message))


def _changed_in_place(name: str) -> Result:
    plain = name.strip("`")
    return _trouble(
        "changes_arguments",
        f"Your function changes its argument {name} in place, but the caller still needs it. Work on a copy. "
        f"(`x = {plain}` makes no copy; `x += …` changes `x` in place, `x = x + …` does not.)",
    )


def _plain(value: Any, returned: bool = True) -> Result:
    """One result as plain data."""
    with in_double():
        try:
            found = numbers(value)
        except Exception as error:
            words = f"Your result, of type {type(value).__name__}, cannot be read as numbers ({type(error).__name__})."
            return _trouble("no_numbers", words)
    if found is not None:
        return Result(found, is_half(value))
    if value is None and returned:
        return _trouble("no_return", "Your function returns nothing. Is a `return` missing?")
    if isinstance(value, str):
        return _trouble("no_numbers", "This asks for numbers, and yours is a text (str). Remove the quotation marks.")
    if is_complex(value):
        return _trouble("complex_numbers", "Your result has imaginary parts. Take the real part before you go on.")
    if inspect.isgenerator(value):
        return _trouble("no_numbers", "Your function yields one number after the other. Collect them in a list.")
    return _trouble("no_numbers", f"This asks for {NUMBERS}; yours is of type {type(value).__name__}.")
