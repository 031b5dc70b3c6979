"""An exercise as students and tutors use it: check an answer, ask for a hint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from .definition import Definition
from .judge import judge
from .progress import keep
from .run_answer import one_answer, run_answer
from .verdict import NOT_ATTEMPTED, Hint, Verdict

HINT_NAMES = ("think", "formula", "skeleton", "solution")


class Exercise(Definition):
    """Made by `@exercise(...)` from the reference solution. Call it with an answer to check it."""

    hints_given = 0

    def __call__(self, *answer: Any) -> Verdict:
        """Judge an answer and record the attempt. Several numbers or tables may be passed one by one, without brackets."""
        verdict = self.judge(one_answer(answer))
        if verdict.state != NOT_ATTEMPTED:
            keep(self.name, verdict.passed)
        return verdict

    def judge(self, answer: Any, seed: int = 0) -> Verdict:
        """Judge an answer without recording the attempt; `seed` is that of the random cases."""
        return judge(self, run_answer(self, answer, seed), seed)

    def hint(self) -> Hint:
        """The next hint; the last one is the solution. Its numbers are those of the current variant."""
        self.hints_given = min(self.hints_given + 1, len(self.hint_texts))
        keep(self.name, hints=self.hints_given)
        text = self.say(self.hint_texts[self.hints_given - 1]).strip()
        return Hint(self.name, self.hints_given, len(HINT_NAMES), HINT_NAMES[self.hints_given - 1], text)


def exercise(kind: Literal["function", "number", "open"] = "function", **options: Any) -> Callable[..., Exercise]:
    """Decorate a reference solution: the result is an `Exercise` of its name."""
    return lambda reference: Exercise(reference, kind, **options)
