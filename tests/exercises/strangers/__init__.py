"""Answers by people who had only the sheets, and what became of them.

Each file `writer_N/sheet_NN.py` calls `right` and `wrong`, with an answer or as a decorator: the exercise, then in words how it
was written, or what the mistake is. None of these people has seen a check. The checks were mended with the answers of the first
three writers, and not with those of the fourth. `labels.csv` says of each wrong answer which `mistake` the check finds, and
how well its message fitted the words: `named`, `generic` (true, but not named), `misdiagnosed`, or `accepted` if there was none.
The labels were given by reading the messages; those of the fourth writer by readers who had no part in them, and they stay as
they were, though some messages are better by now.
"""

import csv
import importlib.util
from pathlib import Path
from typing import Any, NamedTuple

import torch

HERE = Path(__file__).parent


class Answer(NamedTuple):
    """One answer; `mistakes` says how many it has: 0 if it is right. `index` counts the answers of its file."""

    writer: str
    sheet: str
    index: int
    exercise: str
    words: str
    mistakes: int
    answer: Any

    @property
    def key(self) -> tuple[str, str, int]:
        """Its key in `labels`."""
        return self.writer, self.sheet, self.index


_found: list[tuple[str, str, int, Any]] = []


def right(exercise, words, *answer):
    """A right answer; without the answer itself, a decorator."""
    return _add(exercise, words, 0, *answer)


def wrong(exercise, words, *answer, mistakes=1):
    """A wrong answer; without the answer itself, a decorator."""
    return _add(exercise, words, mistakes, *answer)


def _add(exercise, words, mistakes, *answer):
    def keep(one):
        _found.append((exercise, words, mistakes, one))
        return one

    return keep(*answer) if answer else keep


def answers(path):
    """The answers of one file."""
    _found.clear()
    before = torch.get_default_dtype()
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    finally:
        torch.set_default_dtype(before)
    writer = path.parent.name.removeprefix("writer_")
    return [Answer(writer, path.stem, k, *one) for k, one in enumerate(_found)]


def files():
    """All files, in order."""
    return sorted(HERE.glob("writer_*/sheet_*.py"))


def all_answers():
    """The answers of all files."""
    return [answer for path in files() for answer in answers(path)]


def labels():
    """(writer, sheet, index) → the row of `labels.csv`."""
    with (HERE / "labels.csv").open(encoding="utf-8", newline="") as file:
        return {(row["writer"], row["sheet"], int(row["index"])): row for row in csv.DictReader(file)}
