"""The table of grades, from which the CSV, the report and exports are made: a row a student, a mark an exercise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .. import check
from ..definition import Definition
from ..verdict import NOT_ATTEMPTED, RIGHT, Verdict
from .copies import same_as_each_other, same_as_solution
from .corrections import Correction
from .plan import Outcome, Plan
from .scheme import lessons, of_lessons
from .submissions import Notebook, Submission
from .tables import plain

NOT_REACHED = "The check did not run: its cell ended with an error, or the notebook was ended before it. See the notes."
ERRORS = 3  # noted of each notebook


@dataclass(frozen=True)
class Mark:
    """What one student got for one exercise: `points` of `of`, and the number of the largest hint asked for.

    `verdict` is on the last call of the check, `states` those of all calls, `correction` the tutor's, or None.
    """

    exercise: Definition
    verdict: Verdict
    states: tuple[str, ...]
    points: float
    of: float
    hints: int = 0
    correction: Correction | None = None

    @property
    def was_right(self) -> bool:
        """Whether an earlier call was right, and the last is not."""
        return RIGHT in self.states and self.verdict.state != RIGHT


@dataclass(frozen=True)
class Grade:
    """One student's row of the table; `name` is from the roster, `notes` are for the tutor.

    `is_open` says that the points are not known yet: a notebook has not been run, or could not be read.
    """

    student: str
    name: str
    marks: tuple[Mark, ...]
    notes: tuple[str, ...]
    is_open: bool = False

    @property
    def points(self) -> float | None:
        """The sum of the points; None if it is not known yet."""
        return None if self.is_open else sum(mark.points for mark in self.marks)

    @property
    def of(self) -> float:
        return sum(mark.of for mark in self.marks)


@dataclass(frozen=True)
class Table:
    """All grades, the exercises that they are for, the files that were no submissions, and how it was done, in words."""

    grades: tuple[Grade, ...]
    exercises: tuple[Definition, ...]
    stray: tuple[str, ...] = ()
    how: tuple[str, ...] = ()


def table(plan: Plan) -> Table:
    """The table of grades, from the verdicts that are stored."""
    ran = {one.student: list(_outcomes(plan, one)) for one in plan.submissions}
    pairs = [(student, *pair) for student, found in ran.items() for pair in found]
    sheets, words = _sheets(plan, ran)
    asked = [one for one in of_lessons(sheets) if plan.scheme.points(one)]
    alike = same_as_each_other((student, one.cells) for student, one, found in pairs if _has_answers_in_code(found))
    everybody = sorted(plan.submissions, key=lambda one: ((one.name or one.student).casefold(), one.student))
    grades = [_grade(plan, one, ran[one.student], asked, alike.get(one.student)) for one in everybody]
    how = [*words, f"Options: {plan.options.words()}", f"Seed of the random cases: {plan.seed}"]
    return Table(tuple(grades), tuple(asked), tuple(plan.stray), tuple(how))


def statistics(table: Table) -> list[tuple[Definition, Counter[str], float, Counter[str]]]:
    """Of each exercise: how many students in each state, the mean of their points, and how many made each mistake."""
    found = []
    for k, exercise in enumerate(table.exercises):
        marks = [grade.marks[k] for grade in table.grades]
        mistakes = Counter(mark.verdict.mistake for mark in marks if mark.verdict.mistake)
        mean = sum(mark.points for mark in marks) / max(1, len(marks))
        found.append((exercise, Counter(mark.verdict.state for mark in marks), mean, mistakes))
    return found


def _sheets(plan: Plan, ran: Mapping[str, list[tuple[Notebook, Outcome]]]) -> tuple[list[str], list[str]]:
    """The sheets that count, and words on them: those that were asked for, or that half of the students have worked on.

    A sheet that only a few have opened, perhaps by mistake, would halve everybody's grade.
    """
    sheet = {one.name: one.lesson for one in check.exercises()}
    worked = [
        {sheet[one.exercise] for _, found in each for one in found.verdicts if one.state != NOT_ATTEMPTED}
        for each in ran.values()
    ]
    count, of = Counter(one for each in worked for one in each), sum(map(bool, worked))
    corrected = {sheet[name] for _, name in plan.corrections}
    called = {sheet[name] for each in ran.values() for pair in each for name in _checks(*pair)}
    usual = [one for one in lessons() if one in corrected or (2 * count[one] >= of if of else one in called)]
    sheets = list(plan.sheets) or usual
    few = [f"{one} ({count[one]} of {of})" for one in sorted(count) if one not in sheets]
    words = [f"Sheets that count: {', '.join(f'{one} ({count[one]} of {of} students)' for one in sheets) or 'none'}"]
    if few:
        words.append(f"Not counted: {', '.join(few)}; to count more, name all of them with --sheets")
    return sheets, words


def _outcomes(plan: Plan, submission: Submission) -> Iterator[tuple[Notebook, Outcome]]:
    """The notebooks that count and have been run, the oldest first."""
    for notebook in submission.that_count():
        if found := plan.kept.get(plan.key(notebook)):
            yield notebook, found


def _checks(notebook: Notebook, found: Outcome) -> set[str]:
    """The exercises that a notebook calls the checks of, by its text or when it ran."""
    return notebook.calls | {one.exercise for one in found.verdicts}


def _has_answers_in_code(found: Outcome) -> bool:
    kinds = {one.name: one.kind for one in check.exercises()}
    return any(kinds[one.exercise] == "function" and one.state != NOT_ATTEMPTED for one in found.verdicts)


def _grade(
    plan: Plan, submission: Submission, ran: list[tuple[Notebook, Outcome]], asked: list[Definition], alike: str | None
) -> Grade:
    calls: dict[str, list[Verdict]] = {}
    hints: Counter[str] = Counter()
    for notebook, found in ran:  # a newer one replaces the exercises that it has
        calls |= {name: [one for one in found.verdicts if one.exercise == name] for name in _checks(notebook, found)}
        hints |= Counter(found.hints)  # the larger number of each
    marks = [
        _mark(plan, one, calls.get(one.name), hints[one.name], plan.corrections.get((submission.student, one.name)))
        for one in asked
    ]
    notes = [*submission.notes, *_notes(plan, submission)]
    notes += [
        f"{m.exercise.name}: right in an earlier call, {m.verdict.state} in the last" for m in marks if m.was_right
    ]
    missing = {one.lesson for one in asked} - {one.lesson for one in asked if one.name in calls}
    if ran and missing:
        notes.append(f"nothing for {', '.join(sorted(missing))}")
    is_open = submission.unread or len(ran) < len(submission.that_count())
    return Grade(submission.student, submission.name, tuple(marks), (*notes, *([alike] if alike else [])), is_open)


def _mark(
    plan: Plan, exercise: Definition, calls: list[Verdict] | None, hints: int, correction: Correction | None
) -> Mark:
    """The mark for the verdicts on all calls of a check; None if no notebook has it, empty if it was not reached."""
    if calls:
        last = calls[-1]
    elif calls is None:
        last = Verdict(exercise.name, NOT_ATTEMPTED, "")
    else:
        last = Verdict(exercise.name, NOT_ATTEMPTED, NOT_REACHED, "not_reached")
    points = plan.scheme.reached(exercise, last) if correction is None else correction.points
    states = tuple(one.state for one in calls or ())
    return Mark(exercise, last, states, points, plan.scheme.points(exercise), hints, correction)


def _notes(plan: Plan, submission: Submission) -> Iterator[str]:
    """What the tutor should know about each notebook that counts."""
    for notebook in submission.that_count():
        number = plan.number(notebook)
        if notebook.variant is None:
            yield f"{notebook.place}: does not say its variant; graded as variant {number}"
        elif notebook.variant != number:
            yield f"{notebook.place}: made for variant {notebook.variant}, graded as variant {number}"
        elif number != (most := plan.usual_variant()) and most is not None:
            yield f"{notebook.place}: made for variant {number}; most are for variant {most}"
        found = plan.kept.get(plan.key(notebook))
        if found is None:
            yield f"{notebook.place}: not run yet; grade without --student"
            continue
        if found.ended != "finished":
            yield f"{notebook.place}: {plain(found.ended)}"
        yield from (f"{notebook.place}, {error}" for error in found.errors[:ERRORS])
        if len(found.errors) > ERRORS:
            yield f"{notebook.place}: {len(found.errors) - ERRORS} more cells with errors"
        yield from same_as_solution(notebook.cells)
