"""The judge of a function: its results in the sheet's example, in special cases and in random ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from . import common_mistakes
from .comparison import MORE, Before, Comparison, Table
from .definition import Definition, Mistake
from .limits import Trouble
from .run_answer import Run, own_names
from .values import as_default, close, described, in_double, size
from .verdict import RIGHT, Verdict

# Common slips that can be told from another mistake. (A mere factor may belong to one mistake that nobody has thought of.)
SECOND = (
    "wrong_sign",
    "in_percent",
    "transposed",
    "absolute_values",
    "clamped",
    "shifted",
    "sum_for_mean",
    "mean_for_sum",
)
ROUNDING = 2e-6  # of the largest number that goes in: what single precision loses


class InCode(Comparison):
    """Many cases; `ordinary` are all but the special ones."""

    def __init__(self, exercise: Definition, run: Run, cases: Sequence[tuple[Any, ...]]) -> None:
        rounded = as_default(cases)  # as the student's function got them
        with in_double():
            cases = as_default(rounded)
        self.floors = [ROUNDING * _reach(case) for case in cases]
        super().__init__(exercise, run, cases)
        edges = range(1, 1 + len(exercise.edges))
        self.everywhere, self.ordinary = range(len(cases)), [k for k in range(len(cases)) if k not in edges]
        self.only_special = all(self.right[k] for k in self.ordinary)

    def near(self, k: int, wanted: Table | None) -> bool:
        return close(self.got[k], wanted, self.exercise.tolerance, self.floors[k])

    def nearly(self, k: int) -> bool:
        """Whether the result of case k is right to two or three digits."""
        return close(self.got[k], self.targets[k], 1e-2, 1e3 * self.floors[k])

    def verdict(self) -> Verdict:
        exercise = self.exercise
        if all(self.right):
            special = f", in {len(exercise.edges)} special cases" if exercise.edges else ""
            words = f"In the sheet's example{special} and in {len(self.ordinary) - 1} random cases."
            return Verdict(exercise.name, RIGHT, words, parts=self.parts())
        if self.half and all(map(self.nearly, self.everywhere)):
            return self.not_yet("half_precision", "Right, but for its precision: half precision has three digits only.")
        return self.known_verdict() or self.described()

    def known_verdict(self) -> Verdict | None:
        """What is known by name: in all cases, or else in all but the special ones."""
        if self.only_special:
            return self.one_mistake(self.everywhere) or self.special_case()
        if found := self.one_mistake(self.everywhere):
            is_vague = found.mistake == "wrong_factors"  # which two mistakes together may explain
            return (is_vague and self.two_mistakes(self.everywhere)) or found
        if all(map(self.nearly, self.everywhere)):
            words = "Right, but to two or three digits only. Is there half precision in it, or a rounding?"
            return self.not_yet("half_precision", words)
        return self.two_mistakes(self.everywhere) or self.one_mistake(self.ordinary) or self.two_mistakes(self.ordinary)

    def one_mistake(self, cases: Sequence[int]) -> Verdict | None:
        """A mistake of the exercise, or a common one."""
        exercise, right = self.exercise, self.targets.__getitem__
        if mistake := self.known(exercise.mistakes, cases):
            return self.not_yet(mistake.name, exercise.say(mistake.words), picture=True)
        if self.constant():
            return self.not_yet("constant", "You return the same numbers whatever the arguments are.")
        if found := self.slipped(right, cases) or self.multiple(right, cases):
            return self.not_yet(*found, picture=True)
        if mistake := self.known(common_mistakes.of_arguments(exercise), cases):
            return self.not_yet(mistake.name, exercise.say(mistake.words), picture=True)
        return None

    def special_case(self) -> Verdict:
        """What is wrong in special cases only."""
        wrong = [k for k, right in enumerate(self.right) if not right]
        names = list(self.exercise.edges)
        cases = " and where ".join(names[k - 1] for k in wrong)
        return self.not_yet("special_case", f"Right in general, but not where {cases}: {self.instead(wrong[0])}")

    def two_mistakes(self, cases: Sequence[int]) -> Verdict | None:
        """Two slips at once, or a mistake and what happened to its result."""
        exercise = self.exercise
        twice = (mistake for mistake in exercise.mistakes if self.fits_twice(mistake, cases))
        mistake = self.known(self.pairs(exercise.mistakes), cases) or next(twice, None)
        return mistake and self.not_yet(mistake.name, MORE + exercise.say(mistake.words), picture=True)

    def fits_twice(self, mistake: Mistake, cases: Sequence[int]) -> bool:
        """Whether the results are those of this mistake, after a second one that is easily told from it."""
        made = self.with_mistake(mistake)
        first = made(cases[0])
        if first is None or not (
            self.slipped({cases[0]: first}.get, cases[:1]) or _factor(self.got[cases[0]], first, 1e-3)
        ):
            return False
        slip = self.slipped(made, cases) or self.multiple(made, cases)
        return slip is not None and slip[0] in SECOND

    def multiple(self, before: Before, cases: Sequence[int]) -> tuple[str, str] | None:
        """Name and message if every result is a multiple of what it was `before`: by k, by a length, by another k each."""
        pairs: list[tuple[int, Any, Any]] = [(k, self.got[k], before(k)) for k in cases]
        if not all(isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.shape == b.shape for _, a, b in pairs):
            return None
        if self.only_special:
            return None
        told = [(k, a, b) for k, a, b in pairs if size(b) > self.floors[k]]
        if len(told) < 3 or any(size(a) > 1e3 * self.floors[k] for k, a, b in pairs if size(b) <= self.floors[k]):
            return None
        factors = [_factor(a, b, self.exercise.tolerance) for _, a, b in told]
        if any(factor is None for factor in factors):
            return None
        found = np.array(factors, dtype=float)
        if np.ptp(found) < 1e-3 * abs(found[0]):
            if abs(found[0] - 1) < 1e-3:
                return None
            return "wrong_factor", f"Everything is {found[0]:.3g} times what it should be."
        lengths = {
            name: np.array(one) for name, one in _lengths(self.exercise.parameters, [self.cases[k] for k, *_ in told])
        }
        for words, all_of in lengths.items():
            if len(set(all_of)) > 1 and np.allclose(found, all_of, rtol=1e-3):
                return (
                    "sum_for_mean",
                    f"Yours is the right result times {words}, in every case. A sum where a mean is due?",
                )
            if len(set(all_of)) > 1 and np.allclose(found * all_of, 1, rtol=1e-3):
                return (
                    "mean_for_sum",
                    f"Yours is the right result divided by {words}, in every case. A mean where a sum is due?",
                )
        if min(b.size for _, _, b in told) < 2 or max(b.size for _, _, b in told) < 3:
            return None  # one or two entries may be multiples by chance
        first, *rest = (f"{x:.3g}" for x in found[:4])
        return "wrong_factors", (
            "Your results are multiples of the right ones, but with another factor in each case: "
            f"{first} in the sheet's example, {', '.join(rest)} in other cases. Do you divide by the right length?"
        )

    def described(self) -> Verdict:
        """The verdict on results that match no known mistake: a description of them, the plainest one that fits."""
        wrong = [k for k, right in enumerate(self.right) if not right]
        misfits = [
            k for k in wrong if not isinstance(self.got[k], np.ndarray) or self.got[k].shape != self.targets[k].shape
        ]
        k = (misfits or wrong)[0]
        a, b, case = self.got[k], self.targets[k], self.cases[k]
        where = self.where(k)
        if wrong[0]:
            where = f"The sheet's example is right. {where}"
            if words := self.fixed_length(wrong):
                also = f" There it says: {a.message}" if isinstance(a, Trouble) else ""
                return self.not_yet("fixed_length", f"{words}{also}")
        if isinstance(a, Trouble):
            everywhere = a.mistake != "error" and all(isinstance(one, Trouble) and one == a for one in self.got)
            return self.not_yet(a.mistake, a.message if everywhere else f"{a.message} {where}.")
        if a.shape != b.shape and not (b.shape == () and a.size == 1):
            if a.size == 1:
                return self.not_yet("one_number", f"{where}: you return one number; the shape {b.shape} is expected.")
            words = f"your result has the shape {a.shape}; {b.shape or 'one number'} is expected"
            return self.not_yet("shape", f"{where}: {words}.")
        if not np.isfinite(a).all():
            return self.not_yet("not_finite", f"{where}: there is a NaN or an infinity. Do you divide by zero?")
        for name, holds, message in self.exercise.properties:
            if not holds(a, *case):
                return self.not_yet(name, f"{where}: {self.exercise.say(message)}", picture=True)
        return self.not_yet("another_result", f"{where}: {self.instead(k)}", picture=True)

    def where(self, k: int) -> str:
        """Case k in words."""
        kind = "the example" if not k else "a random case" if k in self.ordinary else "a special case"
        own = [own_names(f"`{n}`", self.exercise, self.names).strip("`") for n in self.exercise.case_names]
        return f"In {kind} ({described(own, self.cases[k])})"

    def instead(self, k: int) -> str:
        """What came out of case k, and what is expected."""
        a, b = self.got[k], self.targets[k]
        if isinstance(a, Trouble):
            return f"There it says: {a.message}"
        if a.shape != b.shape and not (b.shape == () and a.size == 1):
            return f"your result has the shape {a.shape}; {b.shape or 'one number'} is expected."
        if b.size == 1:
            return f"yours is {a.item():.5g}; {b.item():.5g} is expected."
        at = np.unravel_index(int(np.argmax(np.where(np.isfinite(a), abs(a - b), np.inf))), b.shape)
        hits = int((abs(a - b) <= self.exercise.tolerance * size(b) + self.floors[k]).sum())
        count = f"{hits} of {b.size} entries {'is' if hits == 1 else 'are'} right" if hits else "No entry is right"
        return f"your entry [{', '.join(map(str, at))}] is {a[at]:.5g}; {b[at]:.5g} is expected. {count}."

    def fixed_length(self, wrong: Sequence[int]) -> str:
        """Words for an answer that is right only if a list, such as `policies`, is as long as in the sheet's example."""
        for position, name in enumerate(self.exercise.case_names):
            if isinstance(self.cases[0][position], (list, tuple)):
                usual = len(self.cases[0][position])
                others = [k for k, case in enumerate(self.cases) if len(case[position]) != usual]
                if others and others == list(wrong):
                    return (
                        f"Right with {usual} `{name}`, wrong with more or fewer: make it work for any number of them."
                    )
        return ""

    def constant(self) -> bool:
        """Whether all results are the same numbers, though the right ones are not."""
        first = self.got[0]
        return all(isinstance(a, np.ndarray) and a.size and np.allclose(a, first.flat[0], 1e-9, 0) for a in self.got)


def _reach(case: Any) -> float:
    """The largest number that goes in."""
    if isinstance(case, (list, tuple)):
        return max(map(_reach, case), default=0.0)
    if isinstance(case, torch.Tensor):
        return size(case.double().numpy())
    return abs(float(case)) if isinstance(case, (int, float)) else 0.0


def _lengths(names: Sequence[str], cases: Sequence[Sequence[Any]]) -> Iterator[tuple[str, list[int]]]:
    """(words, length in each case) of all arguments and their axes."""
    for position, name in enumerate(names[: len(cases[0])]):
        found = [case[position] for case in cases]
        if all(isinstance(one, (list, tuple)) for one in found):
            yield f"the number of `{name}`", [len(one) for one in found]
        elif all(isinstance(one, torch.Tensor) and one.dim() == found[0].dim() for one in found):
            for axis in range(found[0].dim()):
                of = f"`{name}`" if found[0].dim() == 1 else f"axis {axis} of `{name}`"
                yield f"the length of {of}", [one.shape[axis] for one in found]


def _factor(a: Any, b: Table, tolerance: float) -> float | None:
    """The k for which a = k · b; None if there is none."""
    if not isinstance(a, np.ndarray) or a.shape != b.shape:
        return None
    factor = float(a.ravel() @ b.ravel()) / max(float(b.ravel() @ b.ravel()), 1e-300)
    return factor if 1e-6 < abs(factor) < 1e6 and close(a, np.asarray(factor * b), tolerance) else None
