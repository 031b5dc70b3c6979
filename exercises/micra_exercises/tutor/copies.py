"""What looks copied: from a solution, or from another student. It is flagged for the tutor, and costs no points."""

from __future__ import annotations

import functools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from .. import check
from ..definition import solution
from .build import INSTALLED, ROOT
from .forms import Function, functions, in_notebook

# Sizes in nodes of a syntax tree, see `forms`. Of 700 answers with SHORT nodes or more, by four people who did not know
# each other, three pairs are alike but for names; of shorter ones, many are. LITTLE is about three lines.
SHORT, LITTLE = 50, 30
CALL = re.compile(r"\bcheck\.(\w+)\(\s*(\w+)")
NAMED, LONGEST_NAME = 3, 40  # students in one note, characters of a function's name


def same_as_solution(cells: Sequence[str]) -> list[str]:
    """Notes on the functions that are one of the two solutions, that of the last hint or of the solved sheet.

    Names, comments, docstrings and layout do not matter.
    """
    own = {one.form for cell in cells for one in functions(cell)}
    same = {one.name: one.size < SHORT for one in _solutions() if one.form in own}
    said = {False: "the same code as the solution", True: "the same code as the solution, but short: perhaps by chance"}
    together = {short: [name for name, is_short in same.items() if is_short == short] for short in said}
    return [f"{', '.join(names)}: {said[short]}" for short, names in together.items() if names]


def same_as_each_other(sheets: Iterable[tuple[str, Sequence[str]]]) -> dict[str, str]:
    """student → a note on whose code is the same; `sheets` has students with the cells of a notebook.

    All code of a notebook, to the byte; or single functions that are not short, but for names, comments and layout.
    """
    whole, single = defaultdict[object, set[str]](set), defaultdict[str, dict[str, str]](dict)
    known = {one.form for one in _solutions()}
    for student, cells in sheets:
        found = _own(cells)
        if sum(one.size for one in found) >= LITTLE:
            whole[tuple(cells)].add(student)
        exercises = {function: exercise for cell in cells for exercise, function in CALL.findall(cell)}
        for one in found:
            if one.size >= SHORT and one.form not in known:
                single[one.form][student] = exercises.get(one.name, one.name[:LONGEST_NAME])
    notes = defaultdict[str, list[str]](list)
    alike = _others(whole.values())
    for student, others in alike.items():
        notes[student].append(f"all code the same as that of {_list(others)}")
    for student, shared in _shared(single.values(), alike).items():
        for others, names in shared.items():
            notes[student].append(
                f"{', '.join(names)}: the same code as that of {_list(others)}, perhaps with other names or comments"
            )
    return {student: "; ".join(found) for student, found in notes.items()}


def _own(cells: Sequence[str]) -> list[Function]:
    """The functions of a notebook without those that were handed out."""
    return [one for cell in cells for one in functions(cell) if one.form not in _handed_out()]


def _others(groups: Iterable[set[str]]) -> dict[str, frozenset[str]]:
    """student → those who are in any group with them; only students who are not alone."""
    found = defaultdict[str, set[str]](set)
    for group in groups:
        for student in group if len(group) > 1 else ():
            found[student] |= group - {student}
    return {student: frozenset(others) for student, others in found.items()}


def _shared(
    forms: Iterable[Mapping[str, str]], but: Mapping[str, frozenset[str]]
) -> dict[str, dict[frozenset[str], list[str]]]:
    """student → others → what they share, from student → exercise of each form; without pairs in `but`."""
    found = defaultdict[str, dict[frozenset[str], list[str]]](dict)
    for form in forms:
        for student, exercise in form.items() if len(form) > 1 else ():
            others = frozenset(form) - {student} - but.get(student, frozenset())
            if others and exercise not in (names := found[student].setdefault(others, [])):
                names.append(exercise)
    return found


def _list(students: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    names = sorted(students)
    more = len(names) - NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:NAMED])} and {more} other{'s' if more > 1 else ''}"


@functools.cache
def _handed_out() -> frozenset[str]:
    """The forms of the functions in the sheets, where the answers are still missing."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "exercises").glob("*.ipynb"))
    return frozenset(one.form for text in texts for one in in_notebook(text))


@functools.cache
def _solutions() -> tuple[Function, ...]:
    """The solutions of each exercise in code, by its name: that of the last hint, and that of the solved sheet.

    The wheel has the solved sheets only as forms, which nobody can read: students install it, too.
    """
    asked = [one for one in check.exercises() if one.kind == "function"]
    if ROOT == INSTALLED:
        solved = [Function(*row) for row in json.loads((INSTALLED / "solutions.json").read_text(encoding="utf-8"))]
    else:
        paths = sorted((ROOT / "exercises" / "solutions").glob("*.ipynb"))
        solved = [one for path in paths for one in in_notebook(path.read_text(encoding="utf-8"))]
    whole = {one.name: one for one in sorted(solved, key=lambda one: one.size)}  # without those inside others
    found = [functions(solution(one.reference))[0] for one in asked] + [whole[o.name] for o in asked if o.name in whole]
    return tuple(found)
