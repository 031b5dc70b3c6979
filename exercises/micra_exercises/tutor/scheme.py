"""Points and common errors, both taken from the exercises: nothing here is written twice.

An exercise is worth its difficulty plus its importance, from 2 to 10 points: right gives all, anything else none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import check


def points(one: Any) -> int:
    """What an exercise is worth."""
    return one.difficulty + one.importance


def lessons() -> list[str]:
    """The names of all sheets, in the order of the course."""
    return list(dict.fromkeys(one.lesson for one in check.exercises()))


def of_lessons(wanted: Sequence[str]) -> list[Any]:
    """The exercises of some sheets. Raises ValueError for a name that is none."""
    unknown = sorted(set(wanted) - set(lessons()))
    if unknown:
        raise ValueError(f"no exercises for {unknown}; there are sheets for {lessons()}")
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
    """The mistakes that the checks know by name, and what a student is told of each, as markdown."""
    lines: list[str] = []
    for name in lessons():
        lines += [f"### {name}", ""]
        for one in check.exercises(name):
            lines += [f"**{one.title}** (`{one.name}`)", ""]
            named = [(mistake, words) for mistake, _, words in (*one.mistakes, *one.properties)]
            lines += [*(f"- *{mistake.replace('_', ' ')}*: {words}" for mistake, words in named), ""]
    return "\n".join(lines)
