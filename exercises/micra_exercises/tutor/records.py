"""The records that a submission has written, read strictly: nothing that it writes is trusted.

Records are numbers, not verdicts: the results of its answers on random cases that it cannot know in advance. They are
judged outside the sandbox, so a verdict that a submission prints, patches or forges is never read.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..limits import Trouble
from ..run_answer import Result, Run
from .recorder import HINTS, LONGEST, NUMBERS

MOST, LINE = 500, 2**22  # records of a submission, characters of one


def records(text: str, exercises: set[str]) -> list[dict[str, Any]]:
    """Those of the first MOST lines that are records of these exercises; anything else is skipped."""
    found = []
    for line in text.lstrip("\n").split("\n", MOST)[:MOST]:
        try:
            found += [record(json.loads(line), exercises)] if len(line) <= LINE else []
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            continue
    return found


def record(read: dict[str, Any], exercises: set[str]) -> dict[str, Any]:
    """{"exercise", "dtype", "run"}, {"exercise", "hint"} or {"cell", "error"}.

    Raises ValueError, TypeError or KeyError otherwise.
    """
    if "cell" in read:
        _need(type(read["cell"]) is int and 0 < read["cell"] < 10**5 and isinstance(read["error"], str))
        return {"cell": read["cell"], "error": read["error"][:LONGEST]}
    name = read["exercise"]
    _need(name in exercises)
    if "hint" in read:
        _need(read["hint"] in range(1, HINTS + 1))
        return {"exercise": name, "hint": int(read["hint"])}
    run, dtype = read["run"], read["dtype"]
    _need(dtype in ("torch.float32", "torch.float64"))
    names = tuple(map(identifier, run["names"]))
    return {"exercise": name, "dtype": dtype, "run": Run([result(one) for one in run["results"]], names)}


def result(read: dict[str, Any]) -> Result:
    """Numbers with their shape, or a short trouble."""
    if "mistake" in read:
        _need(isinstance(read["message"], str))
        return Result(Trouble(identifier(read["mistake"]), read["message"][:400]))
    shape, flat = read["shape"], read["numbers"]
    _need(len(flat) <= NUMBERS and all(type(x) in (int, float) for x in flat))
    _need(all(type(n) is int and n >= 0 for n in shape))
    return Result(np.array(flat, dtype=float).reshape(shape), read["half"] is True)


def identifier(text: str) -> str:
    """A name of at most 40 characters."""
    _need(isinstance(text, str) and text.isidentifier() and len(text) <= 40)
    return text


def _need(holds: bool) -> None:
    if not holds:
        raise ValueError("this is not a record")
