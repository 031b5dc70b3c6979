"""An exercise as students and tutors use it: check an answer, ask for a hint."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Literal

from .common_mistakes import HINTS
from .definition import Definition
from .judge import judge
from .progress import keep
from .run_answer import one_answer, run_answer
from .verdict import NOT_ATTEMPTED, Hint, Verdict

HINT_NAMES = ("think", "formula", "skeleton", "solution")


class Exercise(Definition):
    """Made by `@exercise(...)` from the reference solution. Call it with an answer to check it."""

    hints_given = 0
    last: Verdict | None = None  # on the student's last answer, until a hint was given about it

    def __call__(self, *answer: Any) -> Verdict:
        """Judge an answer and record the attempt. Several numbers or tables may be passed one by one, without brackets."""
        verdict = self.judge(one_answer(answer))
        if verdict.state != NOT_ATTEMPTED:
            keep(self.name, verdict.passed)
            self.last = verdict
        return verdict

    def judge(self, answer: Any, seed: int | None = None) -> Verdict:
        """Judge an answer without recording the attempt; `seed` is that of the random cases, by default new each time."""
        seed = secrets.randbelow(2**31) if seed is None else seed
        return judge(self, run_answer(self, answer, self.cases(seed)), seed)

    def hint(self) -> Hint:
        """The next hint; the last one is the solution. Its numbers are those of the current variant.

        After a mistake that has a hint of its own, that comes first.
        """
        if own := self._hint_about_the_last_answer():
            return own
        self.hints_given = min(self.hints_given + 1, len(self.hint_texts))
        keep(self.name, hints=self.hints_given)
        text = self.say(self.hint_texts[self.hints_given - 1]).strip()
        return Hint(self.name, self.hints_given, len(HINT_NAMES), HINT_NAMES[self.hints_given - 1], text)

    def _hint_about_the_last_answer(self) -> Hint | None:
        last, self.last = self.last, None
        if last is None or last.mistake is None:
            return None
        own = {one.name: self.say(one.hint) for one in self.mistakes if one.hint}
        words = own.get(last.mistake) or HINTS.get(last.mistake)
        return Hint(self.name, 0, len(HINT_NAMES), last.mistake.replace("_", " "), words.strip()) if words else None


def exercise(kind: Literal["function", "number", "open"] = "function", **options: Any) -> Callable[..., Exercise]:
    """Decorate a reference solution: the result is an `Exercise` of its name."""
    return lambda reference: Exercise(reference, kind, **options)
