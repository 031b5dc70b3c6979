"""The marking scheme and the common errors, both derived from the exercises.

An exercise is worth its difficulty plus its importance, 2 to 10 points: all of them for a right answer, else none.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import check
from ..definition import Definition
from . import TutorError


def points(exercise: Definition) -> int:
    """The points for a right answer."""
    return exercise.difficulty + exercise.importance


def lessons() -> list[str]:
    """The names of all sheets, in the order of the course."""
    return list(dict.fromkeys(one.lesson for one in check.exercises()))


def of_lessons(wanted: Sequence[str]) -> list[Definition]:
    """The exercises of some sheets. Raises TutorError for an unknown name."""
    unknown = sorted(set(wanted) - set(lessons()))
    if unknown:
        raise TutorError(f"no exercises for {unknown}; there are sheets for {lessons()}")
    return [one for name in lessons() if name in wanted for one in check.exercises(name)]


def marking() -> str:
    """The marking scheme as a markdown table."""
    rows = ["| sheet | exercise | minutes | difficulty | importance | points |", "|---|---|---|---|---|---|"]
    for one in check.exercises():
        rows.append(f"| {one.lesson} | {one.title} (`{one.name}`) | {one.minutes} | {one.difficulty} | {one.importance} "
                    f"| {points(one)} |")  # fmt: skip
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
            known = [(mistake, one.say(words)) for mistake, _, words in (*one.mistakes, *one.properties)]
            lines += [*(f"- *{mistake.replace('_', ' ')}*: {words}" for mistake, words in known), ""]
    return "\n".join(lines)
