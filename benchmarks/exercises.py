"""Quality of the exercises' checks: wrong answers whose mistake is named, right ones accepted, mutants rejected, seconds.

python benchmarks/exercises.py [--strangers]

The answers, written by hand, are those of tests/exercises/check_answers; mutants are changed reference solutions, without
those that give the same results. `seconds` is the median time of a check over all these answers, `seconds_max` the longest. Open
exercises have many solutions and no reference to mutate.

strangers.json counts the answers of people who had only the sheets (tests/exercises/strangers), by group: the checks were mended
with those of the first three, and not with those of the fourth. How well a message fits was told by reading it (labels.csv);
so was `wrong_rejected`, what was rejected when it was read first: `wrong_rejected_now` is measured.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests" / "exercises")]

import torch

import common
import strangers
from check_answers import tables
from check_answers.mutants import survivors
from micra_exercises import check

MENDERS, FRESH = ("1", "2", "3"), ("4",)
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


def of_strangers(writers: tuple[str, ...], sheet: str) -> dict:
    """The row of these writers' answers to one sheet."""
    exercises, labels = {one.name: one for one in check.exercises()}, strangers.labels()
    answers = [a for a in strangers.all_answers() if a.writer in writers and a.sheet == sheet]
    passed = {a.key: exercises[a.exercise].judge(a.answer).passed for a in answers}
    right, wrong = [a for a in answers if not a.mistakes], [a for a in answers if a.mistakes]
    told = [labels[a.key]["label"] for a in wrong if a.mistakes == 1]
    return {
        "writers": len(writers), "mended_with": writers != FRESH, "sheet": sheet,
        "right_accepted": sum(passed[a.key] for a in right), "right_tried": len(right),
        "wrong_rejected": sum(labels[a.key]["label"] != "accepted" for a in wrong),
        "wrong_rejected_now": sum(not passed[a.key] for a in wrong), "wrong_tried": len(wrong),
        "single_named": told.count("named"), "single_misdiagnosed": told.count("misdiagnosed"), "single_tried": len(told),
    }  # fmt: skip


def shown(rows: Iterable[dict]) -> Iterator[dict]:
    """The rows, each printed as soon as it is measured."""
    for row in rows:
        print(*row.values(), sep="  ", flush=True)
        yield row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strangers", action="store_true", help="only their answers: about 8 minutes, not 40")
    options = parser.parse_args()
    sheets = sorted({one.sheet for one in strangers.all_answers()})
    groups = [(writers, sheet) for writers in (MENDERS, FRESH) for sheet in sheets]
    common.write("strangers", 1, list(shown(of_strangers(*group) for group in groups)))
    if options.strangers:
        return
    rows = list(shown(measured(*row) for row in tables()))
    path = common.write("exercises", 1, rows)
    totals = {key: sum(row[key] for row in rows) for key in rows[0] if key.endswith(("ed", "tried"))}
    print(totals, "→", path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    main()
