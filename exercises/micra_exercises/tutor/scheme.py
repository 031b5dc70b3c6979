"""The marking scheme and the common errors, both derived from the exercises.

An exercise is worth its difficulty plus its importance, 2 to 10 points, unless the tutor's scheme says otherwise.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import check
from ..definition import Definition
from ..verdict import RIGHT, Verdict
from . import TutorError

MARKS = ("all", "parts")


@dataclass(frozen=True)
class Scheme:
    """How verdicts become points.

    Args:

        marks: "all", all points for a right answer, else none; "parts", for an answer that is not right, the share of
            its cases (a function) or numbers (by hand) that are, rounded down to half points. A function that is right in
            fewer than half of its cases gets nothing, since some are right by chance; so does an open answer, since most
            of its conditions are about its form.
        own: exercise → its points, where they are not the usual ones.
    """

    marks: str = "all"
    own: Mapping[str, float] = field(default_factory=dict)

    def points(self, exercise: Definition) -> float:
        """The points for a right answer."""
        return self.own.get(exercise.name, points(exercise))

    def reached(self, exercise: Definition, verdict: Verdict) -> float:
        """The points for an answer with this verdict."""
        if verdict.state == RIGHT:
            return self.points(exercise)
        if self.marks == "all" or verdict.parts is None or exercise.kind == "open":
            return 0.0
        right, of = verdict.parts
        if exercise.kind == "function" and 2 * right < of:
            return 0.0
        return math.floor(2 * self.points(exercise) * right / of) / 2


def read_scheme(wanted: str) -> Scheme:
    """The scheme of this name, or that of a TOML file. Raises TutorError if the file is no scheme."""
    if wanted in MARKS:
        return Scheme(wanted)
    try:
        content = tomllib.loads(Path(wanted).read_text(encoding="utf-8"))
    except OSError as reason:
        raise TutorError(f"the scheme {wanted!r} is not 'all', not 'parts', and no file: {reason.strerror}") from reason
    except ValueError as reason:
        raise TutorError(f"{wanted} is not a TOML file: {reason}") from reason
    marks, own = content.pop("marks", "all"), content.pop("points", {})
    if content or marks not in MARKS or not isinstance(own, dict):
        raise TutorError(
            f"{wanted} may have `marks` ({' or '.join(map(repr, MARKS))}) and a table [points], nothing else"
        )
    for name, number in own.items():
        exercise_named(name, wanted)
        if type(number) not in (int, float) or not 0 <= number < math.inf:
            raise TutorError(f"{wanted}: the points for {name} are a number from 0 on, not {number!r}")
    return Scheme(marks, own)


def points(exercise: Definition) -> int:
    """The usual points for a right answer."""
    return exercise.difficulty + exercise.importance


def exercise_named(name: str, place: object) -> Definition:
    """The exercise of this name. Raises TutorError, which mentions the place, if there is none."""
    for one in check.exercises():
        if one.name == name:
            return one
    raise TutorError(f"{place}: there is no exercise {name!r}; the names are those of `check.NAME` in the sheets")


def lessons() -> list[str]:
    """The names of all sheets, in the order of the course."""
    return list(dict.fromkeys(one.lesson for one in check.exercises()))


def of_lessons(wanted: Sequence[str]) -> list[Definition]:
    """The exercises of some sheets. Raises TutorError for an unknown name."""
    unknown = sorted(set(wanted) - set(lessons()))
    if unknown:
        raise TutorError(f"there is no sheet {', '.join(unknown)}; the sheets are {', '.join(lessons())}")
    return [one for name in lessons() if name in wanted for one in check.exercises(name)]


def marking() -> str:
    """The marking scheme as a markdown table."""
    rows = ["| sheet | exercise | minutes | difficulty | importance | points |", "|---|---|---|---|---|---|"]
    for one in check.exercises():
        cells = [one.lesson, f"{one.title} (`{one.name}`)", one.minutes, one.difficulty, one.importance, points(one)]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    for name in lessons():
        group = check.exercises(name)
        rows.append(f"| **{name}** | all | {sum(o.minutes for o in group)} | | | {sum(map(points, group))} |")
    return "\n".join(rows)


def errors() -> str:
    """The mistakes that the checks know, with the message for each, as markdown."""
    lines: list[str] = []
    for name in lessons():
        lines += [f"### {name}", ""]
        for one in check.exercises(name):
            lines += [f"**{one.title}** (`{one.name}`)", ""]
            known = [(m.name, m.words) for m in one.mistakes] + [(p, words) for p, _, words in one.properties]
            lines += [*(f"- *{mistake.replace('_', ' ')}*: {one.say(words)}" for mistake, words in known), ""]
    return "\n".join(lines)
