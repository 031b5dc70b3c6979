"""What can be seen of results that are wrong in no way with a name: the plainest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .limits import Trouble
from .values import close, described
from .verdict import Verdict

if TYPE_CHECKING:
    from .exercise import Exercise


def side_by_side(exercise: Exercise, yours: Any, case: Any) -> tuple[Any, Any]:
    """Yours and the target, for the picture. Where a number is asked for there is none: it would be the answer."""
    target = exercise.result(exercise.reference, case)
    if exercise.kind != "function" or not isinstance(yours, np.ndarray) or target is None or not target.ndim:
        return None, None
    return (yours, target) if yours.shape == target.shape else (None, None)


def seen(exercise: Exercise, got: list[Any], targets: list[Any], cases: list[Any], tolerance: float) -> Verdict:
    """Where no named mistake fits: what can be seen of the results, the plainest first."""
    wrong = [k for k, (a, b) in enumerate(zip(got, targets, strict=True)) if not close(a, b, tolerance)]
    misfits = [k for k in wrong if not isinstance(got[k], np.ndarray) or got[k].shape != targets[k].shape]
    k = (misfits or wrong)[0]
    a, b, case = got[k], targets[k], cases[k]
    where = f"In {'a drawn case' if k else 'the case of the text'} ({described(exercise.given, case)})"
    if wrong[0]:
        where = f"The case of the text is right. {where}"
    if wrong[0] and (words := _other_lengths(exercise.given, cases, wrong)):
        also = f" There it says: {a.message}" if isinstance(a, Trouble) else ""
        return exercise.not_yet("counts_on_as_many", f"{words}{also}")
    if isinstance(a, Trouble):
        told = a.mistake in ("no_return", "no_numbers")  # the same in every case
        return exercise.not_yet(a.mistake, a.message if told else f"{a.message} {where}.")
    if a.shape != b.shape and exercise.kind == "number":
        expected = f"{b.size} numbers are" if b.size > 1 else "One number is"
        return exercise.not_yet("shape", f"{expected} expected; you entered {a.size}.")
    if a.shape != b.shape and not (b.shape == () and a.size == 1):
        return exercise.not_yet(
            "shape", f"{where}: your result has the shape {a.shape}; {b.shape or 'one number'} is expected."
        )
    if not np.isfinite(a).all():
        return exercise.not_yet("not_finite", f"{where}: there is a NaN or an infinity. Is something divided by zero?")
    pair = side_by_side(exercise, a, case)
    arrays = [isinstance(x, np.ndarray) and x.shape == y.shape for x, y in zip(got, targets, strict=True)]
    if all(arrays):
        mine, right = (np.concatenate([x.ravel() for x in group]) for group in (got, targets))
        factor = float(mine @ right) / max(float(right @ right), 1e-12)
        if abs(factor) > 1e-6 and close(mine, factor * right, tolerance):
            if abs(factor + 1) < 1e-3:
                return exercise.not_yet(
                    "wrong_sign",
                    "Everything has the wrong sign. What is taken off, or divided by, what?",
                    *pair,
                )
            if exercise.kind == "function":
                return exercise.not_yet("wrong_factor", f"Everything is {factor:.3g} times what it should be.", *pair)
        if exercise.kind == "function" and (multiples := _factors(got, targets, tolerance)):
            words = f"It is {multiples[0]:.3g} times in the case of the text, and in drawn ones {', '.join(f'{x:.3g}' for x in multiples[1:4])}."
            return exercise.not_yet("wrong_factors", "Your results are multiples of what they should be, each case another one. "
                                 f"{words} Do you divide by the right length?", *pair)  # fmt: skip
    for name, holds, message in exercise.properties:
        if not holds(a, *case):
            return exercise.not_yet(name, f"{where}: {message}", *pair)
    if exercise.kind == "number":
        hits = int((abs(a - b) <= tolerance * max(1.0, abs(b).max())).sum())
        found = f" {hits} of your {b.size} numbers {'is' if hits == 1 else 'are'} right." if hits else ""
        return exercise.not_yet("another_number", f"Not that.{found} {exercise.advice}")
    if b.size == 1:
        return exercise.not_yet("another_result", f"{where}: yours is {a.item():.5g}, and {b.item():.5g} is expected.")
    at = np.unravel_index(int(np.argmax(abs(a - b))), b.shape)
    index = ", ".join(map(str, at))
    words = f"the entry [{index}] of yours is {a[at]:.5g}, and {b[at]:.5g} is expected"
    return exercise.not_yet("another_result", f"{where}: {words}; {_how_many(a, b, tolerance)}.", *pair)


def _how_many(a: np.ndarray, b: np.ndarray, tolerance: float) -> str:
    """How many entries are right, in words."""
    hits = int((abs(a - b) <= tolerance * max(1.0, abs(b).max())).sum())
    return f"{hits} of {b.size} entries {'is' if hits == 1 else 'are'} right" if hits else "no entry is right"


def _other_lengths(names: Sequence[str], cases: Sequence[Any], wrong: Sequence[int]) -> str:
    """Words for an answer that is right wherever a list, such as that of the policies, is as long as in the text, and nowhere else."""
    for position, name in enumerate(names):
        if isinstance(cases[0][position], (list, tuple)):
            usual = len(cases[0][position])
            others = [k for k, case in enumerate(cases) if len(case[position]) != usual]
            if others and others == list(wrong):
                return f"Right with {usual} `{name}`, and wrong wherever there are more or fewer: let it work for any number of them."
    return ""


def _factors(got: Sequence[Any], targets: Sequence[Any], tolerance: float) -> list[float]:
    """What each result is a multiple by, where all are and some have three entries or more; else nothing."""
    found = []
    for a, b in zip(got, targets, strict=True):
        factor = float(a.ravel() @ b.ravel()) / max(float(b.ravel() @ b.ravel()), 1e-12)
        if b.size < 2 or abs(factor) < 1e-6 or not close(a, factor * b, tolerance):
            return []
        found.append(factor)
    return found if any(b.size > 2 for b in targets) else []
