"""Run the notebooks of a class in the sandbox, and judge the numbers that come out.

The checks judge on random cases that no student has seen: the first grading draws a seed and stores it. The verdicts
on a notebook are stored at once, so that grading again runs only notebooks that are new or have changed. Points,
corrections and notes are worked out anew from what is stored, see `grades`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import torch
from tqdm import tqdm

from .. import check
from ..judge import judge
from ..variants import chosen
from ..verdict import NOT_YET, Verdict
from .plan import Outcome, Plan
from .sandbox import Sandbox
from .tables import plain

DTYPES = {"torch.float32": torch.float32, "torch.float64": torch.float64}


def run(plan: Plan, sandbox: Sandbox, jobs: int = 1) -> None:
    """Run and judge what is to be run, `jobs` notebooks at a time, and store the verdicts on each at once."""
    todo = plan.todo()
    with (plan.out / "verdicts.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps({'seed': plan.seed})}\n")
        pool = ThreadPoolExecutor(jobs)
        try:
            started = {
                pool.submit(sandbox.run, list(one.cells), plan.seed, plan.number(one)): (key, one)
                for key, one in todo.items()
            }
            for done in tqdm(as_completed(started), "grading", len(todo), unit="notebook", disable=None):
                key, notebook = started[done]
                found, ended = done.result()
                outcome = Outcome(ended, verdicts(found, plan.seed, plan.number(notebook)), hints(found), errors(found))
                plan.kept[key] = outcome
                file.write(f"{json.dumps({'key': key, **as_json(outcome)})}\n")
                file.flush()
        except BaseException:  # such as Ctrl-C
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()


def as_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as `plan` reads it again."""
    rows = [[v.exercise, v.state, v.message, v.mistake, v.parts] for v in outcome.verdicts]
    return {**outcome._asdict(), "verdicts": rows}


def verdicts(found: Sequence[dict[str, Any]], seed: int, variant: int) -> list[Verdict]:
    """The verdicts on a notebook's records, in order."""
    exercises = {one.name: one for one in check.exercises()}
    judged = []
    with chosen(variant):  # other threads wait: the number type is everybody's, too
        before = torch.get_default_dtype()
        for record in (r for r in found if "run" in r):
            one = exercises[record["exercise"]]
            try:
                torch.set_default_dtype(DTYPES[record["dtype"]])  # the student's, for the same random cases
                judged.append(judge(one, record["run"], seed))
            except Exception as error:  # a submission may have forged its record
                message = f"These are not the results of an answer ({type(error).__name__})."
                judged.append(Verdict(one.name, NOT_YET, message, "forged"))
            finally:
                torch.set_default_dtype(before)
    return judged


def hints(found: Sequence[dict[str, Any]]) -> dict[str, int]:
    """exercise → the number of the largest hint that a notebook asks for."""
    largest: dict[str, int] = {}
    for record in (r for r in found if "hint" in r):
        largest[record["exercise"]] = max(record["hint"], largest.get(record["exercise"], 0))
    return largest


def errors(found: Sequence[dict[str, Any]]) -> list[str]:
    """The errors that cells of a notebook ended with, in words."""
    return [f"code cell {record['cell']}: {plain(record['error'])}" for record in found if "cell" in record]
