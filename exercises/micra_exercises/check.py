"""Checks that say what went wrong: `check.<exercise>(answer)` returns a `Verdict` - right, not yet, or not attempted yet.

For students
------------
`check.coma(coma)` judges your function, `check.coma.hint()` gives the next hint (think, formula, skeleton, solution),
`check.progress()` is your own page, kept in one local file (see `record.py`). An error is shown at your line; an
endless loop or a huge allocation ends with a message (what Windows lacks: see `running.py`).

For programs
------------
A verdict has `.passed`, `.mistake` (a name, or None) and `.message`; `check.coma.judge(answer)` leaves no trace in the
progress file; `check.exercises("02_regret")` lists a sheet; each has `.title`, `.difficulty`, `.importance`, `.minutes`.

How to write a further exercise
-------------------------------
1. **The exercise** goes into the lesson's file here (`regret.py` for 02; a new file is added to `LESSONS` below). It is a
   reference solution under `@exercise(...)`, whose name is the exercise's:

       @exercise(
           lesson="02_regret", title="Half of it", difficulty=1, importance=2, minutes=3,
           shown=(torch.tensor([2.0, 4.0]),), worth=[1.0, 2.0],          # the case of the text, and its result by hand
           draw=lambda generator, k: (torch.randn(2 + k, generator=generator),),       # arguments of drawn case k
           hints=("What is twice as much?", r"$x / 2$", "def half(x):\\n    return x / ..."),
           mistakes=[("doubled", lambda x: 2 * x, "You doubled. Divide by 2.")],
       )
       def half(x):
           return x / 2

   - kind "function" (the default) takes a function like the reference; kind "number" takes the reference's value at
     `shown` (pencil and paper); kind "open" takes anything with all `properties`, and the reference is an example.
   - A **mistake** is (name, function, message): what one gets with it. The answer has it if all results agree. Order
     them from the particular to the general. A wrong sign, a constant factor, a wrong shape, errors, NaN, nothing
     returned, and right in the text's case only are recognised without being listed.
   - A **property** is (name, (result, *arguments) → bool, message), told where no named mistake fits.
   - `vary=generator → arguments` draws other numbers for `shown`: an exercise by hand then has variants (`variant(7)`).
     `worded=[(a phrase of the sheet, arguments → the same with their numbers)]` puts them into its text. A hint or a
     message that has numbers of the case in it is a function of the arguments, too.
   - `look=(function, *arguments) → numbers` where not the result itself is compared, but its gradient, say.
   - Draw rectangular games (`drawn.py`), and numbers for which no mistake gives the right result by chance.
   - The message tells what was done and what to do instead, in one or two short sentences. It never gives the answer.
2. **The sheet** `exercises/src/LESSON.py` has for each exercise: a text with the labels and the case by hand, a cell
   with the solution between `# solution, stub: CODE` and `# end`, and a cell with the check. `make notebooks` puts
   CODE in its place for students. Each exercise must work without those before it.
3. **Wrong and right answers** go into `tests/exercises/check_answers/FILE.py`: at least eight wrong ones with the mistake's name,
   and three right ones written differently. The tests, the mutants and `benchmarks/exercises.py` find them there.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

# Files of this package, in the order of the course.
LESSONS = (
    "games", "chains", "regret", "matching", "policy_gradient", "averaging", "targets", "critic", "meta_learning",
    "second_order", "meta_imitator", "offline_training", "episodes", "gradient_flow", "comparison",
    "adaptation", "adaptation_steps", "change_detection",
)  # fmt: skip


def exercises(lesson: str | None = None) -> list[Any]:
    """All exercises in the order of the course, or those of one lesson, such as "02_regret"."""
    return [one for _, one in _all() if lesson in (None, one.lesson)]


def progress(lesson: str | None = None) -> Any:
    """What is done, tried and left, and how many minutes that takes; of one lesson, or of all."""
    from .progress import Progress

    return Progress.of(exercises(lesson))


def variant(number: int) -> None:
    """Take the numbers of another variant, in the exercises that have some; 0 has those of the text."""
    from .variants import choose

    choose(number)


def _all() -> Iterator[tuple[str, Any]]:
    from .exercise import Exercise

    for name in LESSONS:
        for found in vars(importlib.import_module(f".lessons.{name}", __package__)).values():
            if isinstance(found, Exercise):
                yield found.name, found


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        for found, one in _all():
            if found == name:
                return one
    raise AttributeError(f"there is no exercise {name!r}; `micra_exercises.check.exercises()` lists them")


def __dir__() -> list[str]:
    return ["exercises", "progress", "variant", *(name for name, _ in _all())]
