"""The tutor's corrections: points that replace those of the checks, at every grading."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from . import TutorError
from .scheme import Scheme, exercise_named
from .tables import plain, read


class Correction(NamedTuple):
    points: float
    reason: str


def read_corrections(path: Path, students: Collection[str], scheme: Scheme) -> dict[tuple[str, str], Correction]:
    """(student, exercise) → correction, from a CSV file with the columns student, exercise, points, reason.

    Raises TutorError for unknown students and exercises, impossible points, and a second correction of the same mark.
    """
    found: dict[tuple[str, str], Correction] = {}
    for place, row in read(path, ["student", "exercise", "points", "reason"]):
        student, exercise = plain(row["student"]), exercise_named(row["exercise"], place)
        if student not in students:
            raise TutorError(f"{place}: nobody is called {student!r}")
        if (student, exercise.name) in found:
            raise TutorError(f"{place}: a second correction of {exercise.name} for {student}")
        if not row["reason"]:
            raise TutorError(f"{place}: there is no reason")
        most = scheme.points(exercise)
        try:
            points = float(row["points"].replace(",", "."))
        except ValueError:
            points = -1.0
        if not 0 <= points <= most:
            raise TutorError(
                f"{place}: the points for {exercise.name} are a number from 0 to {most:g}, not {row['points']!r}"
            )
        found[student, exercise.name] = Correction(points, row["reason"])
    return found
