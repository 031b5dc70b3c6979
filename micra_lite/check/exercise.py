"""One exercise: its reference solution, cases, named mistakes, hints; and how an answer is judged.

1. The answer is called on the case of the text and on drawn ones, each time with fresh arguments: `record`, the only part
   in which the student's code runs. What comes out is plain data, so it may come from another process.
2. If every result is the reference's, it is right.
3. If the results are, everywhere, those of a named mistake, the message is that mistake's.
4. Else the message says what can be seen: an error, the shape, a sign, a factor, a property that does not hold.
"""

from __future__ import annotations

import copy
import inspect
import textwrap
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch

from .record import keep
from .running import Trouble, call
from .values import as_default, close, described, is_stub, numbers, same, written
from .variants import current
from .verdict import NOT_ATTEMPTED, NOT_YET, RIGHT, Hint, Verdict

SECONDS = 2.0  # for all calls of one check together
DRAWN = 8  # cases beside that of the text
Words = str | Callable[..., str]  # what is said; a function of the case's arguments where it has their numbers in it
Named = tuple[str, Callable[..., Any], Words]  # a name, a function, and what to tell the student
RUNGS = ("think", "formula", "skeleton", "solution")
OTHER_NUMBERS = "Right for the numbers of another variant. Your sheet has numbers of its own: take those."
NUMBERS = "numbers, an array, a tensor or a list"
AT_ONCE = (
    "no_value",
    "no_function",
    "arguments",
    "changes_arguments",
    "too_slow",
    "too_much_memory",
)  # whatever else is wrong


class Given(NamedTuple):
    """What an answer gave in one case: numbers, or the trouble that there was instead; whether in half precision."""

    value: np.ndarray | Trouble
    half: bool = False


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

    def record(self, answer: Any, seed: int = 0) -> list[Given]:
        """What the answer gives, case by case; a single one where it is no answer to call. Empty: not attempted yet."""
        if is_stub(answer):
            return []
        if self.kind != "function":
            if callable(answer):
                return [_trouble("no_value", "This asks for a value, not for a function. Call your function first.")]
            parts = answer if self.kind == "open" and isinstance(answer, tuple) else (answer,)
            return [_given(part, returned=False) for part in parts]
        if not callable(answer):
            return [_trouble("no_function", f"Hand over the function itself, without brackets: check.{self.name}(f).")]
        try:
            inspect.signature(answer).bind(*self.names)
        except TypeError:
            words = f"Your function is called with {len(self.names)} arguments: {', '.join(self.names)}."
            return [_trouble("arguments", words)]
        except ValueError:  # a built-in function without a signature
            pass
        _load_optimizers(answer)
        end, got = time.monotonic() + SECONDS, []
        for case in self.cases(seed):
            given = copy.deepcopy(case)
            value = call(self.look, (answer, *given), end - time.monotonic(), answer)
            if is_stub(value):
                return []
            got.append(Given(value) if isinstance(value, Trouble) else _given(value))
            if not all(same(x, y) for x, y in zip(given, case, strict=True)):
                changed = next(n for n, x, y in zip(self.given, given, case, strict=True) if not same(x, y))
                words = f"Your function changes its argument `{changed}` in place, and whoever calls it still needs that. Make a copy first."
                got[-1] = _trouble(
                    "changes_arguments",
                    f"{words} (`x = {changed}` is none; `x += …` changes in place, `x = x + …` doesn't.)",
                )
            if _at_once(got[-1]):
                break
        return got

    def judged(self, got: Sequence[Given], seed: int = 0) -> Verdict:
        """The verdict on what `record` found. Runs nothing of the student's."""
        if not got:
            return Verdict(self.name, NOT_ATTEMPTED, "")
        for one in got:
            if _at_once(one):
                assert isinstance(one.value, Trouble)
                return self._not_yet(one.value.mistake, one.value.message)
        if self.kind == "function":
            return self._judge_function(got, seed)
        return self._judge_open(got) if self.kind == "open" else self._judge_number(got)

    def _not_yet(self, mistake: str, message: str, yours: Any = None, target: Any = None) -> Verdict:
        return Verdict(self.name, NOT_YET, message, mistake, yours, target)

    def _judge_number(self, given: Sequence[Given]) -> Verdict:
        got = given[0].value
        if isinstance(got, Trouble):
            return self._not_yet(got.mistake, got.message)
        target = self.result(self.reference, self.shown)
        assert target is not None
        if close(got, target, self.tolerance):
            return Verdict(self.name, RIGHT, "")
        if current() and close(got, self.result(self.reference, as_default(self.printed)), self.tolerance):
            return self._not_yet("numbers_of_another_variant", OTHER_NUMBERS)
        named = self._named([got], [self.shown], [self.tolerance])
        return named or self._seen([got], [target], [self.shown], self.tolerance)

    def _judge_open(self, given: Sequence[Given]) -> Verdict:
        parts = [one.value for one in given]
        if any(isinstance(p, Trouble) for p in parts):
            return self._not_yet("no_numbers", f"This asks for {NUMBERS}; one of yours is something else.")
        for name, holds, message in self.properties:
            try:
                found = bool(holds(*parts))
            except (ValueError, IndexError, TypeError):
                found = False
            if not found:
                return self._not_yet(name, self.say(message))
        return Verdict(self.name, RIGHT, "Every property holds.")

    def _judge_function(self, given: Sequence[Given], seed: int) -> Verdict:
        cases = self.cases(seed)
        if len(given) != len(cases):
            return self._not_yet("results_missing", f"There are {len(given)} results for {len(cases)} cases.")
        got = [one.value for one in given]
        tolerances = [max(self.tolerance, 1e-2) if one.half else self.tolerance for one in given]
        targets = [self.result(self.reference, case) for case in cases]
        fits = [close(a, b, t) for a, b, t in zip(got, targets, tolerances, strict=True)]
        if all(fits):
            return Verdict(self.name, RIGHT, f"In the case of the text, and in {len(cases) - 1} drawn ones.")
        return self._named(got, cases, tolerances) or self._seen(got, targets, cases, max(tolerances))

    def _named(self, got: list[Any], cases: list[Any], tolerances: list[float]) -> Verdict | None:
        """The verdict of the first named mistake that gives the same as the answer in every case."""
        for name, function, words in self.told:
            wrong = [self.result(function, case) for case in cases]
            if any(w is not None for w in wrong) and all(map(close, got, wrong, tolerances)):
                return self._not_yet(name, self.say(words), *self._pair(got[0], cases[0]))
        return None

    def _pair(self, yours: Any, case: Any) -> tuple[Any, Any]:
        """Yours and the target, for the picture. Where a number is asked for there is none: it would be the answer."""
        target = self.result(self.reference, case)
        if self.kind != "function" or not isinstance(yours, np.ndarray) or target is None or not target.ndim:
            return None, None
        return (yours, target) if yours.shape == target.shape else (None, None)

    def _seen(self, got: list[Any], targets: list[Any], cases: list[Any], tolerance: float) -> Verdict:
        """Where no named mistake fits: what can be seen of the results, the plainest first."""
        wrong = [k for k, (a, b) in enumerate(zip(got, targets, strict=True)) if not close(a, b, tolerance)]
        misfits = [k for k in wrong if not isinstance(got[k], np.ndarray) or got[k].shape != targets[k].shape]
        k = (misfits or wrong)[0]
        a, b, case = got[k], targets[k], cases[k]
        where = f"In {'a drawn case' if k else 'the case of the text'} ({described(self.given, case)})"
        if wrong[0]:
            where = f"The case of the text is right. {where}"
        if wrong[0] and (words := _other_lengths(self.given, cases, wrong)):
            also = f" There it says: {a.message}" if isinstance(a, Trouble) else ""
            return self._not_yet("counts_on_as_many", f"{words}{also}")
        if isinstance(a, Trouble):
            told = a.mistake in ("no_return", "no_numbers")  # the same in every case
            return self._not_yet(a.mistake, a.message if told else f"{a.message} {where}.")
        if a.shape != b.shape and self.kind == "number":
            expected = f"{b.size} numbers are" if b.size > 1 else "One number is"
            return self._not_yet("shape", f"{expected} expected; you entered {a.size}.")
        if a.shape != b.shape and not (b.shape == () and a.size == 1):
            return self._not_yet(
                "shape", f"{where}: your result has the shape {a.shape}; {b.shape or 'one number'} is expected."
            )
        if not np.isfinite(a).all():
            return self._not_yet("not_finite", f"{where}: there is a NaN or an infinity. Is something divided by zero?")
        pair = self._pair(a, case)
        arrays = [isinstance(x, np.ndarray) and x.shape == y.shape for x, y in zip(got, targets, strict=True)]
        if all(arrays):
            mine, right = (np.concatenate([x.ravel() for x in group]) for group in (got, targets))
            factor = float(mine @ right) / max(float(right @ right), 1e-12)
            if abs(factor) > 1e-6 and close(mine, factor * right, tolerance):
                if abs(factor + 1) < 1e-3:
                    return self._not_yet(
                        "wrong_sign", "Everything has the wrong sign. What is taken off, or divided by, what?", *pair
                    )
                if self.kind == "function":
                    return self._not_yet("wrong_factor", f"Everything is {factor:.3g} times what it should be.", *pair)
            if self.kind == "function" and (multiples := _factors(got, targets, tolerance)):
                words = f"It is {multiples[0]:.3g} times in the case of the text, and in drawn ones {', '.join(f'{x:.3g}' for x in multiples[1:4])}."
                return self._not_yet("wrong_factors", "Your results are multiples of what they should be, each case another one. "
                                     f"{words} Do you divide by the right length?", *pair)  # fmt: skip
        for name, holds, message in self.properties:
            if not holds(a, *case):
                return self._not_yet(name, f"{where}: {message}", *pair)
        if self.kind == "number":
            hits = int((abs(a - b) <= tolerance * max(1.0, abs(b).max())).sum())
            found = f" {hits} of your {b.size} numbers {'is' if hits == 1 else 'are'} right." if hits else ""
            return self._not_yet("another_number", f"Not that.{found} {self.advice}")
        if b.size == 1:
            return self._not_yet("another_result", f"{where}: yours is {a.item():.5g}, and {b.item():.5g} is expected.")
        at = np.unravel_index(int(np.argmax(abs(a - b))), b.shape)
        index = ", ".join(map(str, at))
        words = f"the entry [{index}] of yours is {a[at]:.5g}, and {b[at]:.5g} is expected"
        return self._not_yet("another_result", f"{where}: {words}; {_how_many(a, b, tolerance)}.", *pair)


def one_answer(handed: tuple[Any, ...]) -> Any:
    """What a check was called with, as one answer."""
    return handed[0] if len(handed) == 1 else handed


def _load_optimizers(answer: Callable[..., Any]) -> None:
    """Where an answer uses torch.optim: the first optimizer of a process loads for seconds, which are not the answer's."""
    names = getattr(getattr(answer, "__code__", None), "co_names", ())
    known = getattr(answer, "__globals__", {})
    classes = [x for x in map(known.get, names) if isinstance(x, type) and issubclass(x, torch.optim.Optimizer)]
    if "optim" in names or classes:
        torch.optim.SGD([torch.zeros(1)], lr=1.0)


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


def _trouble(mistake: str, message: str) -> Given:
    return Given(Trouble(mistake, message))


def _at_once(given: Given) -> bool:
    """Whether this decides alone, without a look at the other cases."""
    return isinstance(given.value, Trouble) and given.value.mistake in AT_ONCE


def _given(value: Any, returned: bool = True) -> Given:
    """One result as plain data."""
    found = numbers(value)
    if found is not None:
        return Given(found, "16" in str(getattr(value, "dtype", "")))  # half precision: about three digits
    if value is None and returned:
        return _trouble("no_return", "Your function returns nothing. Is a `return` missing?")
    if isinstance(value, str):
        return _trouble(
            "no_numbers", "This asks for numbers; yours is a text, of type str. Leave out the quotation marks."
        )
    return _trouble("no_numbers", f"This asks for {NUMBERS}; yours is of type {type(value).__name__}.")


def solution(function: Callable[..., Any]) -> str:
    """The source of a reference solution, from its `def` on."""
    source = textwrap.dedent(inspect.getsource(function))
    return source[source.rindex(f"def {function.__name__}(") :].strip()


def exercise(kind: Literal["function", "number", "open"] = "function", **options: Any) -> Callable[..., Exercise]:
    """Decorator over a reference solution: an `Exercise` of that name."""
    return lambda reference: Exercise(reference, kind, **options)
