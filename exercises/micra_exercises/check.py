'''Checks that explain mistakes: `check.<exercise>(answer)` returns a `Verdict`: right, not yet, or not attempted yet.

For students
------------
`check.coma(coma)` judges your function; `check.coma.hint()` gives the next hint (after a mistake, one about that mistake;
then think, formula, skeleton, solution); `check.progress()` shows your progress, which is kept in one local file (see
`progress.py`). An error is shown with your line; an endless loop or a huge allocation ends with a message (for what Windows
lacks, see `limits.py`). Whatever your function sets or patches is put back after its call.

For programs
------------
A verdict has `.passed`, `.mistake` (a name, or None) and `.message`; `check.coma.judge(answer)` records no attempt;
`check.exercises("02_regret")` lists a sheet's exercises; each has `.title`, `.difficulty`, `.importance`, `.minutes`. Each
check draws new random cases; `judge(answer, seed)` draws those of a seed.

How an answer is judged
-----------------------
`run_answer.py` calls it (within `limits.py`, undone by `isolation.py`) and returns numbers. `judge.py` compares these with the
reference's and with those of mistakes: `by_hand.py` numbers, `in_code.py` functions, `comparison.py` what both share.
`common_mistakes.py` has the mistakes that any answer can have.

Adding an exercise
------------------
1. **The exercise** goes into a file of `lessons/` (`regret.py` for 02; add the name of a new file to `LESSONS` below). It
   is a reference solution under `@exercise(...)`, and the exercise takes its name:

       @exercise(
           lesson="02_regret", title="Half of it", difficulty=1, importance=2, minutes=3,
           example=(torch.tensor([2.0, 4.0]),), expected=[1.0, 2.0],      # the sheet's example, and its result by hand
           draw=lambda generator, k: (torch.randn(2 + k, generator=generator),),      # the arguments of random case k
           edges={"all of it is zero": (torch.zeros(3),)},      # special cases
           hints=("Twice what gives x?", r"$x / 2$", "def half(x):\\n    return x / ..."),
           slipping=lambda x, power=1, by=2: x**power / by,      # the solution, with slips
           mistakes=[("squared", {"power": 2}, "You halved x².", "Which power does the formula have?"),
                     ("rest", lambda x: x - 2, "You took 2 away. Divide by 2.", "What is half of 10?")],
       )
       def half(x):
           """Half of x."""
           return x / 2

   - The kind "function" (the default) asks for a function like the reference; "number" asks for the reference's value
     for `example` (pencil and paper); "open" asks for anything that has all `properties`: the reference is one solution.
   - A **mistake** is (name, what makes it, message, hint). What makes it is a function, or the keywords of `slipping`; those
     are recognised in pairs, too. An answer has a mistake if its results are those of the function in all cases, or in all
     but the edges. Put special mistakes before general ones. Signs, factors, exchanged arguments, shifts, transposed
     tables, limits and the other `common_mistakes.py` are recognised without being listed.
   - An **edge** completes the sentence "Right in general, but not where …". Have one at each boundary of the arguments:
     zeros, ties, equal sizes, one, empty, below and above a range, exactly at a threshold.
   - A **property** is (name, (result, *arguments) → bool, message); its message is used if no known mistake fits.
   - `vary=generator → arguments` draws other numbers for `example`, so that an exercise by hand has variants
     (`check.variant(7)`). `rewordings=[(a phrase of the sheet, arguments → the phrase with their numbers)]` changes its
     text. A hint or a message that mentions numbers of the example is a function of the arguments, too.
   - `measure=(function, *arguments) → numbers` is for exercises that compare, for example, the gradient of a result. It runs
     where submissions run, without this file: of its names it may use only those that are imported.
   - Draw rectangular games and square ones (`lessons/random_cases.py`), and numbers for which no mistake is right by chance.
   - A message says what the answer does and what to do instead, in one or two short sentences; a hint says where to look.
     Neither contains the answer. An argument's name between backticks is shown as the student has named it.
2. **The sheet** `exercises/src/LESSON.py` has for each exercise a text with its labels and the example by hand, a cell with
   the solution between `# solution, stub: CODE` and `# end`, and a cell with the check. `make notebooks` replaces the
   solution by CODE for students. Each exercise must work without those before it.
3. **Wrong and right answers** go into `tests/exercises/check_answers/`: at least eight wrong ones with the name of their
   mistake, and three right ones written differently. The tests, the mutants and `benchmarks/exercises.py` use them.
'''

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

# The files of `lessons/`, in the order of the course.
LESSONS = (
    "games", "chains", "team", "regret", "advantages", "matching", "bounds", "policy_gradient", "equation_3",
    "objectives", "averaging", "saved_variance", "targets", "target_batches", "relabelling", "critic",
    "critic_steps", "meta_learning", "outer_loss", "second_order", "bayes", "meta_imitator", "prediction_errors",
    "offline_training", "episodes", "gradient_flow", "comparison", "improvement", "luck", "adaptation",
    "conditioned_actors", "adaptation_steps", "frozen_critic", "scores", "change_detection", "alarms",
)  # fmt: skip


def exercises(lesson: str | None = None) -> list[Any]:
    """All exercises in the order of the course, or those of one lesson, such as "02_regret"."""
    return [one for one in _all() if lesson in (None, one.lesson)]


def progress(lesson: str | None = None) -> Any:
    """The exercises done, tried and left, and the minutes that remain, for one lesson or for all."""
    from .progress import Progress

    return Progress.of(exercises(lesson))


def variant(number: int) -> None:
    """Set the variant of the numbers, for all exercises that have variants; 0 has the numbers of the printed sheets."""
    from .variants import choose

    choose(number)


def _all() -> Iterator[Any]:
    from .exercise import Exercise  # not at the top: it imports torch, which takes seconds

    for name in LESSONS:
        for found in vars(importlib.import_module(f".lessons.{name}", __package__)).values():
            if isinstance(found, Exercise):
                yield found


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        for one in _all():
            if one.name == name:
                return one
    raise AttributeError(f"there is no exercise {name!r}; `check.exercises()` lists them")


def __dir__() -> list[str]:
    return ["exercises", "progress", "variant", *(one.name for one in _all())]
