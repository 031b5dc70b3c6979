"""One exercise: its reference solution, cases, variants, named mistakes, hints. `given` and `judging` say how it is checked."""

from __future__ import annotations

import copy
import inspect
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import torch

from .judge import judged
from .progress import keep
from .run_answer import Given, one_answer, record
from .values import as_default, close, numbers, written
from .variants import current
from .verdict import NOT_ATTEMPTED, NOT_YET, Hint, Verdict

DRAWN = 8  # cases beside that of the text
Words = str | Callable[..., str]  # what is said; a function of the case's arguments where it has their numbers in it
Named = tuple[str, Callable[..., Any], Words]  # a name, a function, and what to tell the student
RUNGS = ("think", "formula", "skeleton", "solution")


class Exercise:
    """Made by `@exercise(...)` over the reference solution; see the package's docstring. Call it to check an answer.

    kind: "function", the answer is one like the reference; "number", it is the reference's value at `shown`; "open", it
    is anything with all properties. shown: the arguments of the case in the text; worth: its result, by hand. draw:
    (generator, k) → arguments of drawn case k. look: (function, *arguments) → what to compare, where that is not simply
    function(*arguments). mistakes: what one gets with each; properties: (result, *arguments) → whether it holds.
    vary: generator → other arguments for the case of the text, where the exercise has variants (`check.variant`). Hints and
    messages with numbers in them are then functions of these arguments; worded: (a phrase of the sheet, the same with them).
    advice: how a student can test a number that is wrong in no way with a name.
    """

    def __init__(
        self, reference: Callable[..., Any], kind: Literal["function", "number", "open"], lesson: str, title: str,
        difficulty: int, importance: int, minutes: int, hints: Sequence[Words], shown: Sequence[Any] = (),
        worth: Any = None, draw: Callable[..., Sequence[Any]] | None = None, look: Callable[..., Any] | None = None,
        tolerance: float | None = None, mistakes: Sequence[Named] = (), properties: Sequence[Named] = (),
        vary: Callable[[torch.Generator], Sequence[Any]] | None = None, worded: Sequence[tuple[str, Callable[..., str]]] = (),
        advice: str = "Write down each sum with all its numbers.",
    ) -> None:  # fmt: skip
        self.reference, self.kind, self.lesson, self.title = reference, kind, lesson, title
        self.name = reference.__name__
        self.difficulty, self.importance, self.minutes = difficulty, importance, minutes
        self.printed, self.worth, self.draw, self.vary = tuple(shown), worth, draw, vary
        self.advice = advice
        self.worded, self._drawn = tuple(worded), dict[tuple[int, torch.dtype], tuple[Any, ...]]()
        self.look = look or (lambda function, *arguments: function(*arguments))
        self.names = list(inspect.signature(reference).parameters)
        self.given = list(inspect.signature(look).parameters)[1:] if look else self.names
        self.tolerance = tolerance if tolerance is not None else (5e-3 if kind == "number" else 1e-4)
        self.ladder, self.rung = (*hints, self._solved if kind == "number" else solution(reference)), 0
        self.told, self.properties = tuple(mistakes), tuple(properties)

    def __repr__(self) -> str:
        return f"{self.title} (difficulty {self.difficulty}/5, importance {self.importance}/5, about {self.minutes} minutes)"

    @property
    def shown(self) -> tuple[Any, ...]:
        """The arguments of the case in the text, in the variant that is set: drawn until every mistake gives something else.

        So does the result of the printed text, which last year's students have.
        """
        number = current()
        if not number or self.vary is None:
            return self.printed
        kept = number, torch.get_default_dtype()
        if kept not in self._drawn:
            self._drawn[kept] = self._varied(number, self.vary)
        return self._drawn[kept]

    def _varied(self, number: int, vary: Callable[[torch.Generator], Sequence[Any]]) -> tuple[Any, ...]:
        """The first drawn arguments for which no two results are alike."""
        generator = torch.Generator().manual_seed(number)
        for _ in range(1000):
            drawn = as_default(tuple(vary(generator)))  # or single and double precision would meet
            results = [self.result(self.reference, as_default(self.printed))]
            for function in (self.reference, *(f for _, f, _ in self.told)):
                found = self.result(function, drawn)
                if (
                    found is None
                    or not np.isfinite(found).all()
                    or any(close(found, r, 4 * self.tolerance) for r in results)
                ):
                    break
                results.append(found)
            else:
                return drawn
        raise ValueError(f"{self.name}: variant {number} has no numbers for which all mistakes differ; take another")

    def say(self, words: Words) -> str:
        """Words with the numbers of the variant that is set."""
        return textwrap.dedent(words if isinstance(words, str) else words(*self.shown))

    @property
    def hints(self) -> tuple[str, ...]:
        """The rungs of the ladder; the last one is the solution."""
        return tuple(map(self.say, self.ladder))

    @property
    def mistakes(self) -> tuple[tuple[str, Callable[..., Any], str], ...]:
        """Name, function and message of each."""
        return tuple((name, function, self.say(words)) for name, function, words in self.told)

    def _solved(self, *case: Any) -> str:
        """The solution where a number is asked for: how, from what, and what comes out."""
        rows = [f"# {name} = {written(x)}" for name, x in zip(self.names, case, strict=True)]
        found = written(self.result(self.reference, case), ".4g")
        return "\n".join([solution(self.reference), "", *rows, f"# {self.name}: {found}"])

    def cases(self, seed: int = 0, drawn: int = DRAWN) -> list[tuple[Any, ...]]:
        """The arguments of the case in the text, then of drawn ones."""
        if self.draw is None:
            return [self.shown]
        generator = torch.Generator().manual_seed(seed)
        drawn_ones = (tuple(self.draw(generator, k)) for k in range(drawn))
        return [as_default(case) for case in (self.shown, *drawn_ones)]

    def result(self, function: Callable[..., Any], case: Sequence[Any]) -> np.ndarray | None:
        """What the reference, or a mistake, gives in one case; None where it fails, as on the wrong shape."""
        with np.errstate(all="ignore"):
            try:
                return numbers(self.look(function, *copy.deepcopy(case)))
            except (ValueError, IndexError, RuntimeError, TypeError):
                return None

    def hint(self) -> Hint:
        """The next rung of the ladder; the last one is the solution. Its numbers are those of the variant that is set."""
        self.rung = min(self.rung + 1, len(self.ladder))
        keep(self.name, hints=self.rung)
        return Hint(self.name, self.rung, len(RUNGS), RUNGS[self.rung - 1], self.hints[self.rung - 1].strip())

    def __call__(self, *answer: Any) -> Verdict:
        """Judge an answer, and keep that it was tried. Several numbers or tables may come one by one, without brackets."""
        verdict = self.judge(one_answer(answer))
        if verdict.state != NOT_ATTEMPTED:
            keep(self.name, verdict.passed)
        return verdict

    def judge(self, answer: Any, seed: int = 0) -> Verdict:
        """As a call, but without a trace in the student's progress; `seed` is that of the drawn cases."""
        return self.judged(self.record(answer, seed), seed)

    def not_yet(self, mistake: str, message: str, yours: Any = None, target: Any = None) -> Verdict:
        """The verdict on a wrong answer: the mistake's name, what to tell the student, and tables for a picture."""
        return Verdict(self.name, NOT_YET, message, mistake, yours, target)

    def record(self, answer: Any, seed: int = 0) -> list[Given]:
        """What the answer gives, case by case; see `given.record`."""
        return record(self, answer, seed)

    def judged(self, got: Sequence[Given], seed: int = 0) -> Verdict:
        """The verdict on what `record` found; see `judging.judged`."""
        return judged(self, got, seed)


def solution(function: Callable[..., Any]) -> str:
    """The source of a reference solution, from its `def` on."""
    source = textwrap.dedent(inspect.getsource(function))
    return source[source.rindex(f"def {function.__name__}(") :].strip()


def exercise(kind: Literal["function", "number", "open"] = "function", **options: Any) -> Callable[..., Exercise]:
    """Decorator over a reference solution: an `Exercise` of that name."""
    return lambda reference: Exercise(reference, kind, **options)
