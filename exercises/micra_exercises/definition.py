"""The definition of one exercise: reference solution, cases, known mistakes, hints. `exercise.py` adds how to check an answer."""

from __future__ import annotations

import copy
import functools
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch

from .values import as_written, close, in_double, numbers, written
from .variants import current

RANDOM_CASES = 8  # besides the sheet's example
Words = str | Callable[..., str]  # a text, or a function of the example's arguments if the text mentions their numbers
Named = tuple[str, Callable[..., Any], Words]  # a name, a function, and what to tell the student
Edge = Sequence[Any] | Callable[[torch.Generator], Sequence[Any]]  # arguments, or how to draw them


class Mistake(NamedTuple):
    """A mistake: what an answer with it returns; what to tell the student, and what to think about if that does not help.

    `slips` are the keywords of the exercise's `slipping` solution that make it; empty if it has a function of its own.
    """

    name: str
    function: Callable[..., Any]
    words: Words
    hint: Words | None = None
    slips: frozenset[tuple[str, Any]] = frozenset()


class Definition:
    """Everything that is known about an exercise; see the docstring of `check` for how to write one.

    Args:

        reference: the reference solution; the exercise has its name.
        kind: "function", the answer is a function like the reference; "number", the reference's value for `example`;
            "open", anything that has all `properties`.
        example: the arguments of the sheet's example; expected: its result, worked out by hand.
        edges: special cases by their names, such as "all sums are zero": arguments, or generator → arguments.
        draw: (generator, k) → the arguments of random case k.
        measure: (function, *arguments) → what is compared, if that is not simply function(*arguments).
        slipping: (*arguments, **slips) → the reference's result if no slip is given. Mistakes that are slips are
            recognised in pairs, too.
        mistakes: (name, what an answer with it returns: a function or a dict of slips, message[, hint]).
        properties: (name, (result, *arguments) → whether it holds, message).
        vary: generator → other arguments for the example, if the exercise has variants. Hints and messages that mention
            numbers are then functions of these arguments. rewordings: (a phrase of the sheet, arguments → new phrase).
        advice: a way to test a number that matches no known mistake.
    """

    def __init__(
        self, reference: Callable[..., Any], kind: Literal["function", "number", "open"], lesson: str, title: str,
        difficulty: int, importance: int, minutes: int, hints: Sequence[Words], example: Sequence[Any] = (),
        expected: Any = None, draw: Callable[..., Sequence[Any]] | None = None, edges: Mapping[str, Edge] | None = None,
        measure: Callable[..., Any] | None = None, tolerance: float | None = None, slipping: Callable[..., Any] | None = None,
        mistakes: Sequence[tuple[Any, ...]] = (), properties: Sequence[Named] = (),
        vary: Callable[[torch.Generator], Sequence[Any]] | None = None,
        rewordings: Sequence[tuple[str, Callable[..., str]]] = (), advice: str = "Write down each sum with all its numbers.",
    ) -> None:  # fmt: skip
        self.reference, self.kind, self.lesson, self.title = reference, kind, lesson, title
        self.name = reference.__name__
        self.difficulty, self.importance, self.minutes = difficulty, importance, minutes
        self.printed_example, self.expected, self.draw, self.vary = as_written(tuple(example)), expected, draw, vary
        self.edges = dict(edges or {})
        self.advice, self.rewordings = advice, tuple(rewordings)
        self.measure = measure or (lambda function, *arguments: function(*arguments))
        self.parameters = list(inspect.signature(reference).parameters)
        self.case_names = list(inspect.signature(measure).parameters)[1:] if measure else self.parameters
        self.tolerance = tolerance if tolerance is not None else (5e-3 if kind == "number" else 1e-4)
        self.hint_texts: tuple[Words, ...] = (
            *hints,
            self._worked_solution if kind == "number" else solution(reference),
        )
        self.mistakes = tuple(_mistake(slipping, *one) for one in mistakes)
        self.properties = tuple(properties)
        self._variants = dict[int, tuple[Any, ...]]()

    def __repr__(self) -> str:
        return f"{self.title} (difficulty {self.difficulty}/5, importance {self.importance}/5, about {self.minutes} minutes)"

    @property
    def example(self) -> tuple[Any, ...]:
        """The arguments of the sheet's example in the current variant."""
        number = current()
        if not number or self.vary is None:
            return self.printed_example
        if number not in self._variants:
            self._variants[number] = self._redrawn(number, self.vary)
        return self._variants[number]

    def _redrawn(self, number: int, vary: Callable[[torch.Generator], Sequence[Any]]) -> tuple[Any, ...]:
        """Arguments redrawn until no two mistakes give the same result, nor that of the printed example."""
        generator = torch.Generator().manual_seed(number)
        known = self.result(self.reference, self.printed_example)  # known from last year's students
        for _ in range(1000):
            with in_double():
                drawn = as_written(tuple(vary(generator)))
            results = [known]
            for function in (self.reference, *(one.function for one in self.mistakes)):
                found = self.result(function, drawn)
                if found is None or not np.isfinite(found).all():
                    break
                if any(close(found, r, 4 * self.tolerance) for r in results):
                    break
                results.append(found)
            else:
                return drawn
        raise ValueError(
            f"{self.name}: variant {number} has no numbers that tell all mistakes apart; choose another variant"
        )

    def say(self, words: Words) -> str:
        """The text with the numbers of the current variant."""
        return textwrap.dedent(words if isinstance(words, str) else words(*self.example))

    @property
    def hints(self) -> tuple[str, ...]:
        """All hints, from the smallest to the last one, which is the solution."""
        return tuple(map(self.say, self.hint_texts))

    def _worked_solution(self, *case: Any) -> str:
        """The solution of an exercise that asks for a number: the code, the numbers that go in, the one that comes out."""
        rows = [f"# {name} = {written(x)}" for name, x in zip(self.parameters, case, strict=True)]
        found = written(self.result(self.reference, case), ".4g")
        return "\n".join([solution(self.reference), "", *rows, f"# {self.name}: {found}"])

    def cases(self, seed: int = 0, drawn: int = RANDOM_CASES) -> list[tuple[Any, ...]]:
        """The arguments of the sheet's example, of the edges, and of random cases, in double precision."""
        if self.draw is None:
            return [self.example]
        generator = torch.Generator().manual_seed(seed)
        with in_double():
            edges = [tuple(edge(generator) if callable(edge) else edge) for edge in self.edges.values()]
            random_cases = [tuple(self.draw(generator, k)) for k in range(drawn)]
        return [self.example, *map(as_written, edges), *random_cases]

    def result(self, function: Callable[..., Any], case: Sequence[Any]) -> np.ndarray | None:
        """The result of the reference, or of a mistake, in one case; None if it fails, for example on a wrong shape."""
        with np.errstate(all="ignore"), torch.enable_grad(), in_double():
            try:
                return numbers(self.measure(function, *copy.deepcopy(case)))
            except (ValueError, IndexError, RuntimeError, TypeError, ArithmeticError, KeyError, AttributeError):
                return None


def _mistake(
    slipping: Callable[..., Any] | None, name: str, what: Any, words: Words, hint: Words | None = None
) -> Mistake:
    """A mistake as it is written in an exercise."""
    if not isinstance(what, dict):
        return Mistake(name, what, words, hint)
    if slipping is None:
        raise TypeError(f"the mistake {name!r} consists of slips: give the exercise its `slipping` solution")
    return Mistake(name, functools.partial(slipping, **what), words, hint, frozenset(what.items()))


def solution(function: Callable[..., Any]) -> str:
    """The source of a reference solution, from its `def` on."""
    source = textwrap.dedent(inspect.getsource(function))
    return source[source.rindex(f"def {function.__name__}(") :].strip()
