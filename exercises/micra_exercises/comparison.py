"""The comparison of an answer's results with those of the reference and of mistakes: what both kinds of judges share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from . import common_mistakes
from .definition import Definition, Mistake
from .run_answer import Run, own_names
from .verdict import NOT_YET, Verdict

MORE = "Your results are those of more than one mistake at once. One of them: "
Table = np.ndarray
Before = Callable[[int], Table | None]  # the right result, or a mistake's, in case k


class Comparison:
    """The comparison of an answer's results with the reference's and with those of mistakes, in the same cases."""

    def __init__(self, exercise: Definition, run: Run, cases: Sequence[tuple[Any, ...]]) -> None:
        self.exercise, self.names, self.cases = exercise, run.names, cases
        self.got: list[Any] = [result.value for result in run.results]
        self._made = dict[tuple[Callable[..., Any], int], Table | None]()
        self.half = any(result.half for result in run.results)
        self.targets: list[Any] = [self.exercise.result(self.exercise.reference, case) for case in cases]
        self.right = [self.near(k, self.targets[k]) for k in range(len(cases))]

    def near(self, k: int, wanted: Table | None) -> bool:
        """Whether the result of case k is this one."""
        raise NotImplementedError

    def not_yet(self, name: str, words: str, picture: bool = False) -> Verdict:
        words = own_names(words, self.exercise, self.names)
        yours, target = _side_by_side(self.got, self.targets) if picture else (None, None)
        return Verdict(self.exercise.name, NOT_YET, words, name, yours, target, parts=self.parts())

    def parts(self) -> tuple[int, int]:
        """How many of how many parts are right: cases here."""
        return sum(self.right), len(self.right)

    def fits(self, function: Before, cases: Sequence[int]) -> bool:
        """Whether the results in these cases are those of a mistake, function(k).

        Where both fail, they agree; then the mistake must have other numbers than zeros in some case.
        """
        failed = telling = False
        for k in cases:
            wrong = function(k)
            if not self.near(k, wrong):
                return False
            failed = failed or wrong is None
            telling = telling or (wrong is not None and bool(wrong.any()))
        return telling or not failed

    def known(self, mistakes: Iterable[Mistake], cases: Sequence[int]) -> Mistake | None:
        """The first of the mistakes that fits in these cases."""
        return next((m for m in mistakes if self.fits(self.with_mistake(m), cases)), None)

    def with_mistake(self, mistake: Mistake) -> Before:
        """What this mistake returns in case k, computed once."""
        return lambda k: self._with_mistake(mistake.function, k)

    def _with_mistake(self, function: Callable[..., Any], k: int) -> Table | None:
        if (function, k) not in self._made:
            self._made[function, k] = self.exercise.result(function, self.cases[k])
        return self._made[function, k]

    def slipped(self, before: Before, cases: Sequence[int]) -> tuple[str, str] | None:
        """Name and message of what happened to the results `before`, if one of the common slips has."""
        kept = {k: before(k) for k in cases}
        if all(found is None for found in kept.values()):
            return None
        for name, words, change in common_mistakes.of_results(len(self.cases) > 1):
            if self.fits(lambda k, change=change: _tried(change, kept[k]), cases):  # type: ignore[misc]
                return name, words
        return None

    def pairs(self, mistakes: Sequence[Mistake]) -> Iterator[Mistake]:
        """Two slips at once, for all slips that do not exclude each other; named after the first."""
        for a, b in combinations([m for m in mistakes if m.slips], 2):
            if not {name for name, _ in a.slips} & {name for name, _ in b.slips}:
                both = {**dict(a.slips), **dict(b.slips)}
                slipping = a.function.func  # type: ignore[attr-defined]
                yield a._replace(function=lambda *x, f=slipping, both=both: f(*x, **both))


def _tried(change: Callable[[Table], Table], table: Table | None) -> Table | None:
    """A changed table; None where there is nothing to change, or where it cannot be."""
    if table is None:
        return None
    with np.errstate(all="ignore"):
        try:
            return np.asarray(change(table), dtype=float)
        except (ValueError, IndexError, TypeError):
            return None


def _side_by_side(got: Sequence[Any], targets: Sequence[Any]) -> tuple[Any, Any]:
    """Yours and the target in the example, for the picture."""
    yours, target = got[0], targets[0]
    fits = isinstance(yours, np.ndarray) and target is not None and target.ndim and yours.shape == target.shape
    return (yours, target) if fits else (None, None)
