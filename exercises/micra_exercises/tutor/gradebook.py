"""Grades into the files that Moodle and Canvas export, and students out of the names that they give to downloads.

Moodle: an assignment's *grading worksheet* (feedback type "Offline grading worksheet"), with the columns Identifier
("Participant 4711"), Grade, Maximum Grade, perhaps the state of a marking workflow, and "Grade can be changed", in this order
in every language. Canvas: the gradebook's export, with the columns ID and one for each assignment, "Sheet 2 (90210)", and a
row of Points Possible; EX is in the field of an excused student, N/A in that of one who has not got the assignment. Grades
are scaled to the maximum found there. Only the fields of grades change; every other byte, whether a mark of order, a
quotation mark or an end of line, stays.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from . import TutorError
from .tables import plain

MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(file|onlinetext)(_.*)?", re.DOTALL)
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)", re.DOTALL)
NUMBER = re.compile(r"[+-]?\d+([.,]\d*)?")
NO = {  # in the languages that Moodle is used in most
    "no", "nein", "non", "não", "nee", "nej", "nei", "ei", "nie", "ne", "nem", "nu", "nē", "hayır", "ez", "tidak", "không",
    "нет", "ні", "не", "όχι", "لا", "خیر", "לא", "いいえ", "否", "아니오", "아니요", "ไม่",
}  # fmt: skip
PEOPLE = {  # columns that say who a student is: Canvas's, and Moodle's in English; in other languages `_refuse` sees it
    "student", "lastname", "firstname", "id", "sis user id", "sis login id", "integration id", "root account", "section",
    "identifier", "full name", "first name", "last name", "username", "id number", "email address", "status",
}  # fmt: skip
CALCULATED = re.compile(r"(Current|Final|Override) (Score|Points|Grade|Status)")  # Canvas takes no grades from these
KEPT = {
    "EX": "excused in Canvas (EX), left as it is",
    "N/A": "has not got this assignment, or it is anonymous (N/A in Canvas), left as it is",
}
NAMED = 5  # students whom a remark names


def student_of(name: str) -> tuple[str, str, bool] | None:
    """The student's name and number in the name of a folder or file as Moodle and Canvas download them; None otherwise.

    The third is whether Canvas calls the file late.

    >>> student_of("Ann Lee_4711_assignsubmission_file_"), student_of("leeann_LATE_4711_990_02_regret.ipynb")
    (('Ann Lee', '4711', False), ('leeann', '4711', True))
    """
    if found := MOODLE.fullmatch(name):
        return found["name"], found["id"], False
    found = CANVAS.fullmatch(name)
    return (found["name"], found["id"], found["late"] is not None) if found else None


class Field(NamedTuple):
    """A field of a CSV file: its text, and where its bytes begin and end."""

    text: str
    begin: int
    end: int


@dataclass(frozen=True)
class Filled:
    """The new content of an exported file, how many grades were entered, and remarks on what the tutor should know."""

    content: bytes
    count: int
    remarks: list[str]


class Place(NamedTuple):
    """Where a student's grade goes: who it is, the field, its maximum, and why it must stay as it is, if it must."""

    who: str
    number: str
    field: Field
    maximum: str
    kept: str = ""


def rows(content: bytes, delimiter: bytes) -> list[list[Field]]:
    """The rows of a CSV file; quoted fields may hold delimiters and ends of lines."""
    start = 3 if content.startswith(b"\xef\xbb\xbf") else 0
    one = re.compile(rb'("(?:[^"]|"")*"|[^%b\r\n"]*)(%b|\r\n|\n|\r|\Z)' % (re.escape(delimiter), re.escape(delimiter)))
    found: list[list[Field]] = [[]]
    while start < len(content):
        field = one.match(content, start)
        if field is None:
            raise TutorError(f"this is no CSV file: a stray quotation mark near byte {start}")
        text = field[1].decode("utf-8")
        text = text[1:-1].replace('""', '"') if text[:1] == '"' else text
        found[-1].append(Field(text, field.start(1), field.end(1)))
        start = field.end()
        if field[2] != delimiter:
            found.append([])
    return [row for row in found if len(row) > 1]


def fill(content: bytes, marks: Mapping[str, tuple[float | None, float]], column: str | None = None) -> Filled:
    """Enter grades into an exported file.

    Args: content, the file's bytes; marks, the student's number → (points, of how many), None for no grade yet; column, the
    column of the grades (needed for Canvas, "Sheet 2 (90210)" or just "Sheet 2", and for a Moodle that does not speak
    English). Raises TutorError if the file is of another kind, if the column is missing, ambiguous or not one of grades,
    or if no student is in the file.
    """
    try:
        header = content.decode("utf-8").partition("\n")[0]
    except UnicodeDecodeError:
        raise TutorError("this file is not in UTF-8: export it again, and do not save it with a spreadsheet") from None
    delimiter = max(b",;\t", key=lambda one: header.count(chr(one)))
    table = rows(content, bytes([delimiter]))
    names = [field.text.strip() for field in table[0]] if table else []
    if "ID" in names and ("SIS Login ID" in names or "Student" in names):
        return _entered(content, _canvas(table, names, column), marks)
    if any(re.search(r"\D(\d+)$", row[0].text) for row in table[1:]):
        return _entered(content, _moodle(table, names, column or "Grade"), marks)
    raise TutorError("this is neither Moodle's grading worksheet nor Canvas's gradebook: their columns are not there")


def enter(export: Path, grades: Path, column: str | None = None) -> tuple[Filled, Path]:
    """Write a copy of the exported file, with the grades of the folder `grades` entered, beside it; returns its path, too.

    Raises TutorError if a file cannot be read, or if the copy exists.
    """
    target = export.with_name(f"{export.stem}-filled{export.suffix}")
    try:
        filled = fill(export.read_bytes(), read_marks(grades / "grades.csv"), column)
        with target.open("xb") as file:
            file.write(filled.content)
    except FileExistsError:
        raise TutorError(f"{target} is there already: remove or rename it") from None
    except OSError as reason:
        raise TutorError(f"{reason.filename}: {reason.strerror}") from reason
    return filled, target


def read_marks(path: Path) -> dict[str, tuple[float | None, float]]:
    """The student's number → (points, of how many) of a table of grades; None for a student without a grade yet."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = {row["student"]: (row["points"].strip(), float(row["of"])) for row in csv.DictReader(file)}
        return {student: (float(points) if points else None, of) for student, (points, of) in found.items()}
    except (csv.Error, KeyError, ValueError, TypeError, AttributeError) as reason:  # the last two: a row is too short
        raise TutorError(f"{path} is not as `micra-course grade` writes it ({reason}): grade again") from reason


def _moodle(table: list[list[Field]], names: list[str], column: str) -> list[Place]:
    at = _position(names, column)
    most = at + 1  # the next column in every language
    locks = [k for k, name in enumerate(names) if name == "Grade can be changed"] or [most + 1, most + 2]
    people = [(found[1], row) for row in table[1:] if (found := re.search(r"(\d+)$", row[0].text))]
    _refuse(names[at], at == 0, (_text(row, at) for _, row in people))
    return [
        Place(row[0].text, number, _field(row, at), _text(row, most),
              "Moodle does not let this grade be changed" if any(_text(row, k).casefold() in NO for k in locks) else "")
        for number, row in people
    ]  # fmt: skip


def _canvas(table: list[list[Field]], names: list[str], column: str | None) -> list[Place]:
    if column is None:
        raise TutorError("name the assignment's column, such as --column 'Sheet 2'")
    at, number = _position(names, column), names.index("ID")
    possible = next((_text(row, at) for row in table[1:] if row[0].text.strip() == "Points Possible"), "")
    people = [row for row in table[1:] if _text(row, number)]  # the others are Points Possible and Manual Posting
    if CALCULATED.search(names[at]) or "read only" in possible:
        raise TutorError(f"Canvas takes no grades from the column {names[at]!r}: name an assignment's with --column")
    _refuse(names[at], at == number, (text for row in people if (text := _text(row, at)).upper() not in KEPT))
    if not re.search(r" \(\d+\)$", names[at]) and any(_text(row, at) for row in people):
        raise TutorError(f"the column {names[at]!r} has no number of Canvas's as assignments have, but is not empty")
    return [
        Place(f"{row[0].text} ({_text(row, number)})", _text(row, number), _field(row, at), possible,
              KEPT.get(_text(row, at).upper(), ""))
        for row in people
    ]  # fmt: skip


def _position(names: list[str], column: str) -> int:
    """The place of a column: by its whole name, or by its name without Canvas's number."""
    fits = [k for k, name in enumerate(names) if name == column]
    fits = fits or [k for k, name in enumerate(names) if re.sub(r" \(\d+\)$", "", name) == column]
    if not fits:
        raise TutorError(
            f"no column is called {column!r}; name it with --column: the file has {', '.join(map(plain, names))}"
        )
    if len(fits) > 1:
        whole = ", ".join(names[k] for k in fits)
        raise TutorError(f"{len(fits)} columns are called {column!r}: say which one with its number ({whole})")
    return fits[0]


def _refuse(name: str, is_key: bool, fields: Iterable[str]) -> None:
    """Raise TutorError if a column is not one of grades: if it identifies people, or holds anything but numbers."""
    if is_key or name.casefold() in PEOPLE:
        raise TutorError(f"the column {name!r} says who the students are: name that of their grades with --column")
    for text in fields:
        if text and not NUMBER.fullmatch(text):
            raise TutorError(
                f"the column {name!r} holds {plain(text)!r}, which is no points: name that of the grades with --column"
            )


def _text(row: Sequence[Field], at: int) -> str:
    """What a field holds; nothing if the row is too short for it."""
    return row[at].text.strip() if at < len(row) else ""


def _field(row: Sequence[Field], at: int) -> Field:
    if at >= len(row):
        raise TutorError(f"the row of {row[0].text} is too short: export the file again")
    return row[at]


def _entered(content: bytes, places: Sequence[Place], marks: Mapping[str, tuple[float | None, float]]) -> Filled:
    """The file with the grades in their places, and remarks."""
    there = {place.number for place in places}
    if not there & marks.keys():
        raise TutorError(
            f"no student of this file has a grade: it has {_some([place.number for place in places]) or 'nobody'}, and "
            f"graded were {_some(marks) or 'none'}. Grade the submissions as downloaded, with the numbers in their names, "
            "and export the same assignment or course"
        )
    new, remarks, raw, replaced, left = dict[Field, str](), list[str](), set[str](), list[str](), list[str]()
    for place in places:
        points, of = marks.get(place.number, (None, 0.0))
        if place.number not in marks:
            left.append(place.who)
        elif points is None:
            remarks.append(f"{place.number}: no grade yet, see the report")
        elif place.kept:
            remarks.append(f"{place.who}: {place.kept}")
        else:
            new[place.field] = grade = _scaled(points, of, place.maximum)
            old = place.field.text.strip()
            if not place.maximum:
                raw.add(f"{of:g}")
            if old and float(old.replace(",", ".")) != float(grade.replace(",", ".")):
                replaced.append(f"{place.who}: {old}, now {grade}")
    if raw:
        remarks.append(f"the file has no maximum: points were entered as they are, of {', '.join(sorted(raw))}")
    if replaced:
        remarks.append(f"{_count(replaced, 'grade')} from before replaced ({_some(replaced, '; ')})")
    if left:
        remarks.append(f"{_count(left, 'student')} without a grade here, left as they were: {_some(left, '; ')}")
    for number, (points, _) in marks.items():
        if number not in there:
            remarks.append(f"{number}: {'no grade yet, and' if points is None else 'graded, but'} not in this file")
    return Filled(_written(content, new), len(new), remarks)


def _written(content: bytes, new: Mapping[Field, str]) -> bytes:
    """The file with other texts in some fields."""
    for field, grade in sorted(new.items(), key=lambda item: -item[0].begin):  # from the end, so that places stay
        quoted = f'"{grade}"' if content[field.begin : field.begin + 1] == b'"' or "," in grade else grade
        content = content[: field.begin] + quoted.encode() + content[field.end :]
    return content


def _scaled(points: float, of: float, maximum: str) -> str:
    """Points on the scale of the file, with its decimal sign."""
    if maximum and not NUMBER.fullmatch(maximum):
        raise TutorError(f"the maximum of the grade is {plain(maximum)!r}, which is no number: is it the right column?")
    most = float(maximum.replace(",", ".")) if maximum else of
    if most <= 0 < of:
        raise TutorError(
            "the maximum of the grade in this file is 0, and so would be all grades: set it, and export again"
        )
    if of <= 0:
        raise TutorError("there is nothing to enter: the table of grades is of 0 points")
    text = f"{points / of * most:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if "," in maximum else text


def _count(many: Collection[str], noun: str) -> str:
    return f"{len(many)} {noun}{'' if len(many) == 1 else 's'}"


def _some(many: Collection[str], between: str = ", ") -> str:
    """The first few, and how many more there are."""
    more = [f"and {len(many) - NAMED} more"] if len(many) > NAMED else []
    return between.join([plain(one) for one in list(many)[:NAMED]] + more)
