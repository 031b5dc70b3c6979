"""Exercises inside the sandbox, in the place of `exercise.py`: they record what answers give, and judge nothing.

A record is one line of JSON: {"exercise", "dtype", "run"}, or {"exercise", "hint"} with the number of a hint asked for. The
server adds {"cell", "error"} for a cell that ended with an error.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, ClassVar

import torch

from ..definition import Definition
from ..limits import Trouble
from ..run_answer import Result, one_answer, run_answer
from ..verdict import NOT_ATTEMPTED, Hint, Verdict

NUMBERS = 2**13  # in one result
HINTS = 4
LONGEST = 200  # characters of an error


class Exercise(Definition):
    """Records the results of an answer in `given`, the cases of each exercise, in the file descriptor `out`."""

    given: ClassVar[dict[str, list[tuple[Any, ...]]]] = {}
    out: ClassVar[int] = 1
    hints_given = 0

    def __call__(self, *answer: Any) -> Verdict:
        """Record the results of an answer."""
        run = run_answer(self, one_answer(answer), self.given[self.name])
        told = {"results": list(map(as_json, run.results)), "names": run.names}
        self._record({"dtype": str(torch.get_default_dtype()), "run": told})
        return Verdict(self.name, NOT_ATTEMPTED, "Recorded.")

    def judge(self, answer: Any, seed: int | None = None) -> Verdict:
        """Nothing: a test that does not count."""
        return Verdict(self.name, NOT_ATTEMPTED, "Not recorded.")

    def hint(self) -> Hint:
        """Record that a hint was asked for."""
        self.hints_given = min(self.hints_given + 1, HINTS)
        self._record({"hint": self.hints_given})
        return Hint(self.name, self.hints_given, HINTS, "recorded", "Recorded.")

    def _record(self, entry: dict[str, Any]) -> None:
        write(self.out, {"exercise": self.name, **entry})


def exercise(kind: str, **options: Any) -> Callable[..., Exercise]:
    """Decorate a function with the name and the arguments of an exercise."""
    return lambda reference: Exercise(reference, kind, **options)  # type: ignore[arg-type]


def write(out: int, entry: dict[str, Any]) -> None:
    """Write a record at once: a later crash does not lose it."""
    left = f"{json.dumps(entry)}\n".encode()
    while left:
        left = left[os.write(out, left) :]


def as_json(result: Result) -> dict[str, Any]:
    """One result in the form that `records.result` reads."""
    value = result.value
    if isinstance(value, Trouble):
        return {"mistake": value.mistake, "message": value.message}
    if value.size > NUMBERS:
        return {"mistake": "shape", "message": f"Your result has the shape {value.shape}: these are too many numbers."}
    return {"shape": value.shape, "numbers": value.ravel().tolist(), "half": result.half}
