"""The judge of numbers found with pencil and paper."""

from __future__ import annotations

import numpy as np
import torch

from .comparison import MORE, Comparison, Table
from .definition import Definition, Mistake
from .limits import Trouble
from .run_answer import Run
from .values import size
from .variants import current
from .verdict import RIGHT, Verdict

OTHER_VARIANT = "Right for the numbers of another variant. Your sheet has its own numbers: use those."


class ByHand(Comparison):
    """One case: the sheet's example in the current variant."""

    def __init__(self, exercise: Definition, run: Run) -> None:
        super().__init__(exercise, run, [exercise.example])

    def near(self, k: int, wanted: Table | None) -> bool:
        return isinstance(self.got[k], np.ndarray) and wanted is not None and bool(np.all(self.entries(wanted)))

    def entries(self, wanted: Table) -> Table:
        """Which entries agree: to three digits, to a fraction of the largest entry, or as written with two decimals."""
        a = self.got[0]
        if a.shape != wanted.shape and not (wanted.shape == () and a.size == 1):
            return np.zeros(wanted.shape, bool)
        off = np.abs(a.reshape(wanted.shape) - wanted)
        reach = self.exercise.tolerance * (np.abs(wanted) + 0.1 * (size(wanted) or 1.0))
        two_decimals = np.abs(a.reshape(wanted.shape) - wanted.round(2)) < 1e-6
        return (off <= reach) | (two_decimals & (off < 0.05 * np.abs(wanted)))

    def parts(self) -> tuple[int, int]:
        target = self.targets[0]
        right = self.entries(target) if isinstance(self.got[0], np.ndarray) else np.zeros(target.shape)
        return int(right.sum()), target.size

    def verdict(self) -> Verdict:
        exercise, a, b = self.exercise, self.got[0], self.targets[0]
        if isinstance(a, Trouble):
            return self.not_yet(a.mistake, a.message)
        if self.right[0]:
            return Verdict(exercise.name, RIGHT, "", parts=self.parts())
        if current() and self.near(0, exercise.result(exercise.reference, exercise.printed_example)):
            return self.not_yet("numbers_of_another_variant", OTHER_VARIANT)
        if mistake := self.known(exercise.mistakes, [0]):
            return self.not_yet(mistake.name, exercise.say(mistake.words))
        if a.size != b.size:
            wanted = f"{b.size} numbers are" if b.size > 1 else "One number is"
            return self.not_yet("shape", f"{wanted} expected; you entered {a.size}.")
        if a.shape != b.shape and b.shape:
            return self.not_yet("shape", f"The numbers are expected in the shape {b.shape}; yours has {a.shape}.")
        if not np.isfinite(a).all():
            return self.not_yet("not_finite", "There is a NaN or an infinity among your numbers.")
        if slip := self.slipped(lambda k: b, [0]):
            return self.not_yet(*slip)
        if np.all(self.entries(b) | _rounded(a.reshape(b.shape), b)):
            return self.not_yet("rounded_too_far", "Right as far as it goes, but rounded too far: give three digits.")
        entries = self.entry_by_entry()
        if entries and not entries.message.startswith(MORE):
            return entries
        if pair := self.known(self.pairs(exercise.mistakes), [0]):
            return self.not_yet(pair.name, MORE + exercise.say(pair.words))
        if entries:
            return entries
        hits = self.parts()[0]
        count = f" {hits} of your {b.size} numbers {'is' if hits == 1 else 'are'} right." if hits else ""
        return self.not_yet("another_number", f"Not yet.{count} {exercise.advice}")

    def slips(self) -> list[Mistake]:
        """What can happen to a single number."""
        target = torch.as_tensor(self.targets[0])
        point = "The decimal point has slipped."
        return [
            Mistake("wrong_sign", lambda *_: -target, "It has the wrong sign. What is subtracted from what?"),
            Mistake("decimal_point", lambda *_: 10 * target, point),
            Mistake("decimal_point", lambda *_: target / 10, point),
        ]

    def entry_by_entry(self) -> Verdict | None:
        """The verdict if every wrong number is the one of a known mistake in its place."""
        target = self.targets[0]
        right = self.entries(target)
        if target.size < 2:
            return None
        left, found = ~right, list[tuple[Mistake, Table]]()
        for mistake in (*self.exercise.mistakes, *self.slips()):
            wrong = self.exercise.result(mistake.function, self.cases[0])
            if wrong is not None and wrong.shape == target.shape and (hit := left & self.entries(wrong)).any():
                found.append((mistake, hit))
                left = left & ~hit
        if left.any() or not found:
            return None
        places = ", ".join(str(k + 1) for k in np.flatnonzero(found[0][1]))
        words = f"In number {places}: {self.exercise.say(found[0][0].words)}"
        return self.not_yet(found[0][0].name, (MORE if len(found) > 1 else "") + words)


def _rounded(a: Table, b: Table) -> Table:
    """Which entries of a are those of b, rounded to the decimals that a has: at least one. Halves are rounded up."""
    decimals = np.vectorize(lambda x: len(f"{x:.6f}".rstrip("0").partition(".")[2]))(a)
    larger = (np.abs(a) - np.abs(b)) * 10.0**decimals
    return (decimals >= 1) & (larger > -0.4999) & (larger < 0.5001) & (np.abs(a - b) < 0.2 * np.abs(b))
