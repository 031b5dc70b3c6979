"""Quality of the exercises' checks: wrong answers whose mistake is named, right ones accepted, mutants rejected, seconds.

python benchmarks/exercises.py

The answers, written by hand, are those of tests/exercises/check_answers; mutants are changed reference solutions, without
those that give the same results. `seconds` is the median time of a check over all these answers, `seconds_max` the longest. Open
exercises have many solutions and no reference to mutate.
"""

import statistics
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests" / "exercises")]

import torch

import common
from check_answers import tables
from check_answers.mutants import survivors

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def measured(one, wrong, right) -> dict:
    """One exercise's row."""
    spent = []

    def judge(answer):
        start = time.perf_counter()
        verdict = one.judge(answer)
        spent.append(time.perf_counter() - start)
        return verdict

    named = sum(judge(answer).mistake == name for name, answer in wrong)
    accepted = sum(judge(answer).passed for answer in right)
    tried, alive = survivors(one) if one.kind != "open" else (0, [])
    return {
        "exercise": one.name, "lesson": one.lesson, "wrong_named": named, "wrong_tried": len(wrong),
        "right_accepted": accepted, "right_tried": len(right), "mutants_rejected": tried - len(alive), "mutants_tried": tried,
        "seconds": round(statistics.median(spent), 4), "seconds_max": round(max(spent), 4),
    }  # fmt: skip


def main() -> None:
    rows = [measured(*row) for row in tables()]
    path = common.write("exercises", 1, rows)
    for row in rows:
        print(*row.values(), sep="  ")
    totals = {key: sum(row[key] for row in rows) for key in rows[0] if key.endswith(("ed", "tried"))}
    print(totals, "→", path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    main()
