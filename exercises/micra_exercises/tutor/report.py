"""Write the table of grades: a CSV for the computer, a page for people."""

from __future__ import annotations

import re
import statistics as statistics_of
import time
from html import escape
from pathlib import Path

from ..verdict import LOOKS, NOT_ATTEMPTED, NOT_YET, RIGHT
from .grades import Grade, Mark, Table, statistics
from .tables import plain, write

STYLE = """
body { font-family: sans-serif; line-height: 1.4; max-width: 70em; margin: auto; padding: 1em; color: #111 }
table { border-collapse: collapse; margin: 1em 0; width: 100% }
section table { min-width: 58em; table-layout: fixed }
section th { width: 10em }
section th:nth-child(3), section th:nth-child(4) { width: 4em }
section th:last-child { width: auto }
td, th { padding: 4px 10px; text-align: left; vertical-align: top; border-bottom: 1px solid #ccc }
li, h3, .words { overflow-wrap: anywhere }
th.words { min-width: 12em }
.number { text-align: right }
td.number, .state { white-space: nowrap }
thead th { background: #eee }
.scroll { overflow-x: auto }
.bar { display: inline-block; height: 0.8em; background: #4477aa; vertical-align: middle }
section { border-top: 2px solid #666; margin-top: 2em }
ul { margin: 0; padding-left: 1.2em }
"""
COMMONEST = 3  # mistakes listed for each exercise


def save(out: Path, table: Table) -> Path:
    """Write `out`/grades.csv and `out`/report.html; returns the latter's path."""
    write(out / "grades.csv", rows(table))
    page = out / "report.html"
    page.write_text(html(table), encoding="utf-8")
    return page


def rows(table: Table) -> list[list[str | float]]:
    """The table as a CSV file has it: a head, then a row for each student."""
    ends = ("", " mistake", " points", " hints")
    head = ["student", "name", "points", "of", *(f"{one.name}{end}" for one in table.exercises for end in ends)]
    lines: list[list[str | float]] = [[*head, "corrections", "notes"]]
    for grade in table.grades:
        row: list[str | float] = [grade.student, grade.name, "" if grade.points is None else grade.points, grade.of]
        for mark in grade.marks:
            row += [mark.verdict.state, mark.verdict.mistake or "", mark.points, mark.hints]
        lines.append([*row, "; ".join(_corrections(grade)), "; ".join(grade.notes)])
    return lines


def html(table: Table) -> str:
    """The report: a summary, statistics, and a section for each student."""
    title = f"Grades, {', '.join(dict.fromkeys(one.lesson for one in table.exercises)) or 'no sheet'}"
    known = sorted(grade.points for grade in table.grades if grade.points is not None)
    spread = f", points from {known[0]:g} to {known[-1]:g}, median {statistics_of.median(known):g}" if known else ""
    parts = [
        f"<h1>{escape(title)}</h1>", f"<p>{len(table.grades)} students{spread}. {time.strftime('%Y-%m-%d %H:%M')}.</p>",
        _list(table.how),
        '<p><a href="#summary">Summary</a> · <a href="#exercises">Exercises and mistakes</a> · '
        '<a href="#students">Students</a></p>',
        _summary(table), _stray(table), _statistics(table), '<h2 id="students">Students</h2>',
        *(_section(number, grade) for number, grade in enumerate(table.grades)),
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _summary(table: Table) -> str:
    lines = [
        f'<tr><th scope="row" class="words"><a href="#student-{number}">{_who(grade)}</a></th>'
        f'<td class="number">{_points(grade)}</td><td class="words">{_list((*_corrections(grade), *grade.notes))}</td></tr>'
        for number, grade in enumerate(table.grades)
    ]
    head = '<th scope="col">student</th><th scope="col" class="number">points</th><th scope="col" class="words">to look at</th>'
    return f'<h2 id="summary">Summary</h2>{_table(head, lines)}'


def _stray(table: Table) -> str:
    if not table.stray:
        return ""
    return f"<h2>Files that were not graded</h2><p>Links, and files that are neither notebooks nor zip archives.</p>{_list(table.stray)}"


def _statistics(table: Table) -> str:
    lines = []
    for one, states, mean, mistakes in statistics(table):
        most = max((mark.of for grade in table.grades for mark in grade.marks if mark.exercise is one), default=0)
        common = [f"{name.replace('_', ' ')} ({count})" for name, count in mistakes.most_common(COMMONEST)]
        bar = f'<span class="bar" style="width: {5 * states[RIGHT] / max(1, len(table.grades)):.2f}em"></span>'
        counts = "".join(f'<td class="number">{states[state]}</td>' for state in (NOT_YET, NOT_ATTEMPTED))
        lines.append(
            f'<tr><th scope="row">{escape(one.title)}<br><small>{one.lesson}, <code>{one.name}</code></small></th>'
            f'<td class="state">{bar} {states[RIGHT]}</td>{counts}'
            f'<td class="number">{mean:.1f} of {most:g}</td><td>{_list(common)}</td></tr>'
        )
    names = (RIGHT, NOT_YET, "not attempted", "mean points")
    head = "".join(f'<th scope="col">{name}</th>' for name in ("exercise", *names, "commonest mistakes (students)"))
    return f'<h2 id="exercises">Exercises and mistakes</h2>{_table(head, lines)}'


def _section(number: int, grade: Grade) -> str:
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("state", "exercise", "points", "hints", "mistake", "the check says")
    )
    title = f'<h3 id="student-{number}">{_who(grade)}: {_points(grade)} points</h3>'
    table = _table(head, [_line(mark) for mark in grade.marks]) if grade.marks else ""
    return f'<section>{title}{_list(grade.notes)}{table}<p><a href="#summary">Back to the summary</a></p></section>'


def _line(mark: Mark) -> str:
    verdict = mark.verdict
    words = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(verdict.message))
    if verdict.parts and verdict.state == NOT_YET:
        words = f"{words} ({verdict.parts[0]} of {verdict.parts[1]} parts are right.)"
    if mark.was_right:
        words = f"<b>Right in an earlier call.</b> {words}"
    if mark.correction:
        words = f"<b>Corrected: {escape(mark.correction.reason)}.</b> {words}"
    return (
        f'<tr><td class="state">{LOOKS[verdict.state][0]} {verdict.state}</td><td>{escape(mark.exercise.title)}</td>'
        f'<td class="number">{mark.points:g} of {mark.of:g}</td><td class="number">{mark.hints or ""}</td>'
        f"<td>{escape((verdict.mistake or '').replace('_', ' '))}</td>"
        f'<td class="words">{words}</td></tr>'
    )


def _points(grade: Grade) -> str:
    return f"{'–' if grade.points is None else f'{grade.points:g}'} of {grade.of:g}"


def _corrections(grade: Grade) -> list[str]:
    return [
        f"{mark.exercise.name}: corrected to {mark.points:g} of {mark.of:g} points ({plain(mark.correction.reason)})"
        for mark in grade.marks
        if mark.correction
    ]


def _who(grade: Grade) -> str:
    return escape(f"{grade.name} ({grade.student})" if grade.name else grade.student)


def _list(words: tuple[str, ...] | list[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in words)}</ul>" if words else ""


def _table(head: str, lines: list[str]) -> str:
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    return f'<div class="scroll" tabindex="0" role="group" aria-label="Table">{table}</div>'
