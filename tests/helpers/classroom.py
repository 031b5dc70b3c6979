"""A class for tests of grading: notebooks handed in at given times, and a fast sandbox that protects from nothing."""

import csv
import json
import os

import torch

from helpers.submissions import notebook
from micra_exercises import check
from micra_exercises.run_answer import one_answer, run_answer
from micra_exercises.tutor.grade import run
from micra_exercises.tutor.grades import table
from micra_exercises.tutor.plan import Plan
from micra_exercises.tutor.report import save
from micra_exercises.variants import chosen

REGRETS = {True: "check.regrets_by_hand([0.2, -0.05])", False: "check.regrets_by_hand([2.25, 2.0])"}
HALF_RIGHT = "check.regrets_by_hand([0.2, 7.0])"
COMA = {
    True: "def coma(q, row, c):\n    return q[:, c] - row @ q[:, c]",
    False: "def coma(q, row, c):\n    return q[:, c] - q[:, c].mean()",
    None: "def coma(q, row, c):\n    return ...",
}


class Sheet:
    """The exercises as a sheet run by `InProcess` sees them: each call of a check becomes a record."""

    def __init__(self, seed):
        self.seed, self.records, self.hints = seed, [], {}

    def __getattr__(self, name):
        sheet, one = self, getattr(check, name)

        class Recorded:
            def __call__(self, *answer):
                found = run_answer(one, one_answer(answer), one.cases(sheet.seed))
                sheet.records.append({"exercise": name, "dtype": str(torch.get_default_dtype()), "run": found})

            def hint(self):
                sheet.hints[name] = sheet.hints.get(name, 0) + 1
                sheet.records.append({"exercise": name, "hint": sheet.hints[name]})

        return Recorded()


class InProcess:
    """In the place of a `Sandbox`, for harmless cells that find `check` and `torch` imported; `ran` are those run."""

    kind = "in process"

    def __init__(self):
        self.ran = []

    def run(self, cells, seed=0, variant=0):
        self.ran.append(cells)
        sheet = Sheet(seed)
        space = {"check": sheet, "torch": torch}
        with chosen(variant):
            for number, cell in enumerate(cells, 1):
                try:
                    exec(cell, space)
                except Exception as error:
                    sheet.records.append({"cell": number, "error": f"{type(error).__name__}: {error}"})
        return sheet.records, "finished"


def hand_in(path, cells, hours=0, variant=0):
    """Write a notebook that was saved this many hours after the first of January 2026."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook(cells, variant))
    os.utime(path, (1767225600 + 3600 * hours,) * 2)


def without_variant(path):
    """Remove what a notebook says about its variant."""
    content = json.loads(path.read_text())
    content["metadata"] = {}
    path.write_text(json.dumps(content))


def graded(folder, sandbox=None, jobs=1, **options):
    """Grade `folder`/handed into `folder`/grades; returns student → grade."""
    plan = Plan.read(folder / "handed", folder / "grades", **options)
    run(plan, sandbox or InProcess(), jobs)
    save(folder / "grades", found := table(plan))
    return {one.student: one for one in found.grades}


def mark(grade, name):
    """A student's mark for one exercise."""
    return next(one for one in grade.marks if one.exercise.name == name)


def lines(out):
    """student → row of grades.csv, as a spreadsheet shows it."""
    text = (out / "grades.csv").read_text(encoding="utf-8-sig").splitlines()
    return {row["student"]: row for row in csv.DictReader(text)}
