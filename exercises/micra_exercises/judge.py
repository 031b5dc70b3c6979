"""Judge the results of an answer. Nothing of the student's is executed here.

1. If every result is the reference's, the answer is right.
2. If the results are those of a known mistake, or of one that any answer can have, the message is that mistake's.
3. If they are those of two such mistakes at once, the message says so and names one.
4. Otherwise the message describes the results: an error, a shape, a factor, a property that does not hold.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .by_hand import ByHand
from .definition import Definition
from .in_code import InCode
from .limits import Trouble
from .run_answer import NUMBERS, Result, Run, is_decisive
from .verdict import NOT_ATTEMPTED, NOT_YET, RIGHT, Verdict


def judge(exercise: Definition, run: Run, seed: int = 0) -> Verdict:
    """The verdict on what `run_answer` returned for the cases of this seed."""
    if not run.results:
        return Verdict(exercise.name, NOT_ATTEMPTED, "")
    with warnings.catch_warnings(), np.errstate(all="ignore"):  # wrong results may be anything
        warnings.simplefilter("ignore")
        return _judged(exercise, run, seed)


def _judged(exercise: Definition, run: Run, seed: int) -> Verdict:
    for result in run.results:
        if isinstance(result.value, Trouble) and is_decisive(result):
            return Verdict(exercise.name, NOT_YET, result.value.message, result.value.mistake)
    if exercise.kind == "open":
        return _judge_open(exercise, run.results)
    if exercise.kind == "number":
        return ByHand(exercise, run).verdict()
    cases = exercise.cases(seed)
    if len(run.results) != len(cases):
        words = f"There are {len(run.results)} results for {len(cases)} cases."
        return Verdict(exercise.name, NOT_YET, words, "results_missing")
    return InCode(exercise, run, cases).verdict()


def _judge_open(exercise: Definition, results: Sequence[Result]) -> Verdict:
    parts: list[Any] = [result.value for result in results]
    for part in parts:
        if isinstance(part, Trouble):
            words = f"This asks for {NUMBERS}; a part of yours is something else. {part.message}"
            return Verdict(exercise.name, NOT_YET, words, "no_numbers")
    one = exercise.reference()
    parts = _as_asked(parts, len(one) if isinstance(one, tuple) else 1)
    if not all(np.isfinite(part).all() for part in parts):
        words = "There is a NaN or an infinity in yours."
        return Verdict(exercise.name, NOT_YET, words, "not_finite")
    found = [(name, message, _holds(holds, parts)) for name, holds, message in exercise.properties]
    held = sum(kept is True for *_, kept in found), len(found)
    if held[0] == held[1]:
        return Verdict(exercise.name, RIGHT, "Every property holds.", parts=held)
    name, message, _ = next(one for one in found if one[2] is not True)
    several = "More than one condition is violated. One of them: " if sum(k is False for *_, k in found) > 1 else ""
    return Verdict(exercise.name, NOT_YET, several + exercise.say(message), name, parts=held)


def _as_asked(parts: list[Any], count: int) -> list[Any]:
    """The parts of an answer, whether they came in brackets of any kind or as the rows of one table."""
    if len(parts) == 1 < count and len(np.atleast_1d(parts[0])) == count:
        return list(np.atleast_1d(parts[0]))
    if len(parts) > count == 1 and len({part.shape for part in parts}) == 1:
        return [np.stack(parts)]
    return parts


def _holds(holds: Callable[..., Any], parts: Sequence[Any]) -> bool | None:
    """Whether a property holds; None if that makes no sense, for example because a shape is another."""
    try:
        return bool(holds(*parts))
    except (ValueError, IndexError, TypeError):
        return None
