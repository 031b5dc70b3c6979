"""The verdict on what an answer gave; runs nothing of the student's.

1. If every result is the reference's, it is right.
2. If the results are, everywhere, those of a named mistake, the message is that mistake's.
3. Else the message says what can be seen: an error, the shape, a sign, a factor, a property that does not hold (`visible`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .limits import Trouble
from .run_answer import NUMBERS, Given, at_once
from .values import as_default, close
from .variants import current
from .verdict import NOT_ATTEMPTED, RIGHT, Verdict
from .visible import seen, side_by_side

if TYPE_CHECKING:
    from .exercise import Exercise

OTHER_NUMBERS = "Right for the numbers of another variant. Your sheet has numbers of its own: take those."


def judged(exercise: Exercise, got: Sequence[Given], seed: int = 0) -> Verdict:
    """The verdict on what `record` found. Runs nothing of the student's."""
    if not got:
        return Verdict(exercise.name, NOT_ATTEMPTED, "")
    for one in got:
        if at_once(one):
            assert isinstance(one.value, Trouble)
            return exercise.not_yet(one.value.mistake, one.value.message)
    if exercise.kind == "function":
        return _judge_function(exercise, got, seed)
    return _judge_open(exercise, got) if exercise.kind == "open" else _judge_number(exercise, got)


def _judge_number(exercise: Exercise, given: Sequence[Given]) -> Verdict:
    got = given[0].value
    if isinstance(got, Trouble):
        return exercise.not_yet(got.mistake, got.message)
    target = exercise.result(exercise.reference, exercise.shown)
    assert target is not None
    if close(got, target, exercise.tolerance):
        return Verdict(exercise.name, RIGHT, "")
    if current() and close(got, exercise.result(exercise.reference, as_default(exercise.printed)), exercise.tolerance):
        return exercise.not_yet("numbers_of_another_variant", OTHER_NUMBERS)
    named = _named(exercise, [got], [exercise.shown], [exercise.tolerance])
    return named or seen(exercise, [got], [target], [exercise.shown], exercise.tolerance)


def _judge_open(exercise: Exercise, given: Sequence[Given]) -> Verdict:
    parts = [one.value for one in given]
    if any(isinstance(p, Trouble) for p in parts):
        return exercise.not_yet("no_numbers", f"This asks for {NUMBERS}; one of yours is something else.")
    for name, holds, message in exercise.properties:
        try:
            found = bool(holds(*parts))
        except (ValueError, IndexError, TypeError):
            found = False
        if not found:
            return exercise.not_yet(name, exercise.say(message))
    return Verdict(exercise.name, RIGHT, "Every property holds.")


def _judge_function(exercise: Exercise, given: Sequence[Given], seed: int) -> Verdict:
    cases = exercise.cases(seed)
    if len(given) != len(cases):
        return exercise.not_yet("results_missing", f"There are {len(given)} results for {len(cases)} cases.")
    got = [one.value for one in given]
    tolerances = [max(exercise.tolerance, 1e-2) if one.half else exercise.tolerance for one in given]
    targets = [exercise.result(exercise.reference, case) for case in cases]
    fits = [close(a, b, t) for a, b, t in zip(got, targets, tolerances, strict=True)]
    if all(fits):
        return Verdict(exercise.name, RIGHT, f"In the case of the text, and in {len(cases) - 1} drawn ones.")
    return _named(exercise, got, cases, tolerances) or seen(exercise, got, targets, cases, max(tolerances))


def _named(exercise: Exercise, got: list[Any], cases: list[Any], tolerances: list[float]) -> Verdict | None:
    """The verdict of the first named mistake that gives the same as the answer in every case."""
    for name, function, words in exercise.told:
        wrong = [exercise.result(function, case) for case in cases]
        if any(w is not None for w in wrong) and all(map(close, got, wrong, tolerances)):
            return exercise.not_yet(name, exercise.say(words), *side_by_side(exercise, got[0], cases[0]))
    return None
