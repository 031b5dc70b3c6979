"""Judge the results of an answer. Nothing of the student's is executed here.

1. If every result is the reference's, the answer is right.
2. If all results are those of a known mistake, the message is that mistake's.
3. Otherwise the message describes the results: an error, a shape, a sign, a factor, a property that does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .definition import Definition
from .limits import Trouble
from .run_answer import NUMBERS, Result, is_decisive
from .values import as_default, close, described
from .variants import current
from .verdict import NOT_ATTEMPTED, NOT_YET, RIGHT, Verdict

OTHER_VARIANT = "Right for the numbers of another variant. Your sheet has its own numbers: use those."


def judge(exercise: Definition, results: Sequence[Result], seed: int = 0) -> Verdict:
    """The verdict on what `run_answer` returned for the same seed."""
    if not results:
        return Verdict(exercise.name, NOT_ATTEMPTED, "")
    for result in results:
        if isinstance(result.value, Trouble) and is_decisive(result):
            return _not_yet(exercise, result.value.mistake, result.value.message)
    if exercise.kind == "function":
        return _judge_function(exercise, results, seed)
    return _judge_open(exercise, results) if exercise.kind == "open" else _judge_number(exercise, results)


def _not_yet(exercise: Definition, mistake: str, message: str, yours: Any = None, target: Any = None) -> Verdict:
    """The verdict on a wrong answer; `yours` and `target` are tables for a picture."""
    return Verdict(exercise.name, NOT_YET, message, mistake, yours, target)


def _judge_number(exercise: Definition, results: Sequence[Result]) -> Verdict:
    got = results[0].value
    if isinstance(got, Trouble):
        return _not_yet(exercise, got.mistake, got.message)
    target = exercise.result(exercise.reference, exercise.example)
    assert target is not None
    if close(got, target, exercise.tolerance):
        return Verdict(exercise.name, RIGHT, "")
    printed = as_default(exercise.printed_example)
    if current() and close(got, exercise.result(exercise.reference, printed), exercise.tolerance):
        return _not_yet(exercise, "numbers_of_another_variant", OTHER_VARIANT)
    known = _known_mistake(exercise, [got], [exercise.example], [exercise.tolerance])
    return known or _described(exercise, [got], [target], [exercise.example], exercise.tolerance)


def _judge_open(exercise: Definition, results: Sequence[Result]) -> Verdict:
    parts = [result.value for result in results]
    if any(isinstance(part, Trouble) for part in parts):
        return _not_yet(exercise, "no_numbers", f"This asks for {NUMBERS}; a part of yours is something else.")
    for name, holds, message in exercise.properties:
        try:
            found = bool(holds(*parts))
        except (ValueError, IndexError, TypeError):
            found = False
        if not found:
            return _not_yet(exercise, name, exercise.say(message))
    return Verdict(exercise.name, RIGHT, "Every property holds.")


def _judge_function(exercise: Definition, results: Sequence[Result], seed: int) -> Verdict:
    cases = exercise.cases(seed)
    if len(results) != len(cases):
        return _not_yet(exercise, "results_missing", f"There are {len(results)} results for {len(cases)} cases.")
    got = [result.value for result in results]
    tolerances = [max(exercise.tolerance, 1e-2) if result.half else exercise.tolerance for result in results]
    targets = [exercise.result(exercise.reference, case) for case in cases]
    if all(map(close, got, targets, tolerances)):
        return Verdict(exercise.name, RIGHT, f"In the sheet's example and in {len(cases) - 1} random cases.")
    known = _known_mistake(exercise, got, cases, tolerances)
    return known or _described(exercise, got, targets, cases, max(tolerances))


def _known_mistake(exercise: Definition, got: list[Any], cases: list[Any], tolerances: list[float]) -> Verdict | None:
    """The verdict of the first known mistake whose results are the answer's in every case."""
    for name, function, words in exercise.mistakes:
        wrong = [exercise.result(function, case) for case in cases]
        if any(w is not None for w in wrong) and all(map(close, got, wrong, tolerances)):
            return _not_yet(exercise, name, exercise.say(words), *_side_by_side(exercise, got[0], cases[0]))
    return None


def _side_by_side(exercise: Definition, yours: Any, case: Any) -> tuple[Any, Any]:
    """Yours and the target, for the picture; none where a number is asked for, since it would show the answer."""
    target = exercise.result(exercise.reference, case)
    if exercise.kind != "function" or not isinstance(yours, np.ndarray) or target is None or not target.ndim:
        return None, None
    return (yours, target) if yours.shape == target.shape else (None, None)


def _described(exercise: Definition, got: list[Any], targets: list[Any], cases: list[Any], tolerance: float) -> Verdict:
    """The verdict on results that match no known mistake: a description of them, the plainest one that fits."""
    wrong = [k for k, (a, b) in enumerate(zip(got, targets, strict=True)) if not close(a, b, tolerance)]
    misfits = [k for k in wrong if not isinstance(got[k], np.ndarray) or got[k].shape != targets[k].shape]
    k = (misfits or wrong)[0]
    a, b, case = got[k], targets[k], cases[k]
    where = f"In {'a random case' if k else 'the example'} ({described(exercise.case_names, case)})"
    if wrong[0]:
        where = f"The sheet's example is right. {where}"
        if words := _fixed_length(exercise.case_names, cases, wrong):
            also = f" There it says: {a.message}" if isinstance(a, Trouble) else ""
            return _not_yet(exercise, "fixed_length", f"{words}{also}")
    if isinstance(a, Trouble):
        everywhere = a.mistake in ("no_return", "no_numbers")  # the same in every case
        return _not_yet(exercise, a.mistake, a.message if everywhere else f"{a.message} {where}.")
    if a.shape != b.shape and exercise.kind == "number":
        wanted = f"{b.size} numbers are" if b.size > 1 else "One number is"
        return _not_yet(exercise, "shape", f"{wanted} expected; you entered {a.size}.")
    if a.shape != b.shape and not (b.shape == () and a.size == 1):
        words = f"your result has the shape {a.shape}; {b.shape or 'one number'} is expected"
        return _not_yet(exercise, "shape", f"{where}: {words}.")
    if not np.isfinite(a).all():
        return _not_yet(exercise, "not_finite", f"{where}: there is a NaN or an infinity. Do you divide by zero?")
    pair = _side_by_side(exercise, a, case)
    if multiple := _multiple(exercise.kind, got, targets, tolerance):
        return _not_yet(exercise, *multiple, *pair)
    for name, holds, message in exercise.properties:
        if not holds(a, *case):
            return _not_yet(exercise, name, f"{where}: {message}", *pair)
    hits = int((abs(a - b) <= tolerance * max(1.0, abs(b).max())).sum())
    if exercise.kind == "number":
        count = f" {hits} of your {b.size} numbers {'is' if hits == 1 else 'are'} right." if hits else ""
        return _not_yet(exercise, "another_number", f"Not yet.{count} {exercise.advice}")
    if b.size == 1:
        return _not_yet(exercise, "another_result", f"{where}: yours is {a.item():.5g}; {b.item():.5g} is expected.")
    at = np.unravel_index(int(np.argmax(abs(a - b))), b.shape)
    entry = f"your entry [{', '.join(map(str, at))}] is {a[at]:.5g}; {b[at]:.5g} is expected"
    count = f"{hits} of {b.size} entries {'is' if hits == 1 else 'are'} right" if hits else "No entry is right"
    return _not_yet(exercise, "another_result", f"{where}: {entry}. {count}.", *pair)


def _fixed_length(names: Sequence[str], cases: Sequence[Any], wrong: Sequence[int]) -> str:
    """Words for an answer that is right only if a list, such as `policies`, is as long as in the sheet's example."""
    for position, name in enumerate(names):
        if isinstance(cases[0][position], (list, tuple)):
            usual = len(cases[0][position])
            others = [k for k, case in enumerate(cases) if len(case[position]) != usual]
            if others and others == list(wrong):
                return f"Right with {usual} `{name}`, wrong with more or fewer: make it work for any number of them."
    return ""


def _multiple(kind: str, got: Sequence[Any], targets: Sequence[Any], tolerance: float) -> tuple[str, str] | None:
    """Name and message if every result is a multiple of the right one: by −1, by k, or by another k in each case."""
    if not all(isinstance(a, np.ndarray) and a.shape == b.shape for a, b in zip(got, targets, strict=True)):
        return None
    mine, right = np.concatenate([a.ravel() for a in got]), np.concatenate([b.ravel() for b in targets])
    factor = _factor(mine, right, tolerance)
    if factor is not None and abs(factor + 1) < 1e-3:
        return "wrong_sign", "Everything has the wrong sign. Which term is subtracted from which?"
    if kind != "function":
        return None
    if factor is not None:
        return "wrong_factor", f"Everything is {factor:.3g} times what it should be."
    factors = [k for a, b in zip(got, targets, strict=True) if (k := _factor(a, b, tolerance)) is not None]
    sizes = [b.size for b in targets]
    if len(factors) < len(got) or min(sizes) < 2 or max(sizes) < 3:  # one or two entries may be multiples by chance
        return None
    first, *rest = (f"{x:.3g}" for x in factors[:4])
    return "wrong_factors", (
        "Your results are multiples of the right ones, but with another factor in each case: "
        f"{first} in the sheet's example, {', '.join(rest)} in random cases. Do you divide by the right length?"
    )


def _factor(a: np.ndarray, b: np.ndarray, tolerance: float) -> float | None:
    """The k for which a = k · b; None if there is none."""
    factor = float(a.ravel() @ b.ravel()) / max(float(b.ravel() @ b.ravel()), 1e-12)
    return factor if abs(factor) > 1e-6 and close(a, factor * b, tolerance) else None
