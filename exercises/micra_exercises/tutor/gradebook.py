"""Grades into the files that Moodle and Canvas export, and students out of the names that they give to downloads.

Moodle: an assignment's *grading worksheet* (feedback type "Offline grading worksheet"), with the columns Identifier
("Participant 4711"), Grade, Maximum Grade, and "Grade can be changed". Canvas: the gradebook's export, with the columns ID
and one for each assignment, "Sheet 2 (90210)", and a row of Points Possible. Grades are scaled to the maximum found there.
Only the fields of grades change; every other byte, whether a mark of order, a quotation mark or an end of line, stays.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from . import TutorError

MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(file|onlinetext)(_.*)?", re.DOTALL)
CANVAS = re.compile(r"(?P<name>[^_]+)_(LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)", re.DOTALL)


def student_of(name: str) -> tuple[str, str] | None:
    """The student's name and number in the name of a folder or file as Moodle and Canvas download them; None otherwise.

    >>> student_of("Ann Lee_4711_assignsubmission_file_"), student_of("leeann_LATE_4711_990_02_regret.ipynb")
    (('Ann Lee', '4711'), ('leeann', '4711'))
    """
    found = MOODLE.fullmatch(name) or CANVAS.fullmatch(name)
    return (found["name"], found["id"]) if found else None


class Field(NamedTuple):
    """A field of a CSV file: its text, and where its bytes begin and end."""

    text: str
    begin: int
    end: int


@dataclass(frozen=True)
class Filled:
    """The new content of an exported file, how many grades were entered, and remarks about students left out."""

    content: bytes
    count: int
    remarks: list[str]


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


def fill(content: bytes, marks: Mapping[str, tuple[float, float]], column: str | None = None) -> Filled:
    """Enter grades into an exported file.

    Args: content, the file's bytes; marks, the student's number → (points, of how many); column, the column of the grades
    (needed for Canvas, "Sheet 2 (90210)" or just "Sheet 2", and for a Moodle that does not speak English).
    Raises TutorError if the file is of another kind, or the column is missing or ambiguous.
    """
    try:
        header = content.decode("utf-8").partition("\n")[0]
    except UnicodeDecodeError:
        raise TutorError("this file is not in UTF-8: export it again, and do not save it with a spreadsheet") from None
    delimiter = max(b",;\t", key=lambda one: header.count(chr(one)))
    table = rows(content, bytes([delimiter]))
    names = [field.text.strip() for field in table[0]] if table else []
    if "SIS Login ID" in names or ("Student" in names and "ID" in names):
        return _canvas(content, table, names, marks, column)
    if any(re.search(r"\D(\d+)$", row[0].text) for row in table[1:]):
        return _moodle(content, table, names, marks, column)
    raise TutorError("this is neither Moodle's grading worksheet nor Canvas's gradebook: their columns are not there")


def enter(export: Path, grades: Path, column: str | None = None) -> tuple[Filled, Path]:
    """Write a copy of the exported file, with the grades of the folder `grades` entered, beside it; returns its path, too.

    Raises TutorError if a file cannot be read, or if the copy exists.
    """
    target = export.with_name(f"{export.stem}-filled{export.suffix}")
    try:
        content = export.read_bytes()
        with (grades / "grades.csv").open(encoding="utf-8", newline="") as file:
            marks = {row["student"]: (float(row["points"]), float(row["of"])) for row in csv.DictReader(file)}
        filled = fill(content, marks, column)
        with target.open("xb") as file:
            file.write(filled.content)
    except OSError as reason:
        raise TutorError(f"{reason.filename}: {reason.strerror}") from reason
    except (KeyError, ValueError) as reason:
        raise TutorError(f"{grades / 'grades.csv'} was not written by `micra-course grade` ({reason})") from reason
    return filled, target


def _position(names: list[str], column: str) -> int:
    """The place of a column: by its whole name, or by its name without Canvas's number."""
    fits = [k for k, name in enumerate(names) if name == column]
    fits = fits or [k for k, name in enumerate(names) if re.sub(r" \(\d+\)$", "", name) == column]
    if len(fits) != 1:
        raise TutorError(f"{len(fits)} columns are called {column!r}; the file has {', '.join(names)}")
    return fits[0]


def _moodle(
    content: bytes,
    table: list[list[Field]],
    names: list[str],
    marks: Mapping[str, tuple[float, float]],
    column: str | None,
) -> Filled:
    at = _position(names, column or "Grade")
    most = at + 1  # the next column in every language
    locked = names.index("Grade can be changed") if "Grade can be changed" in names else None
    new, remarks = dict[Field, str](), list[str]()
    for row in table[1:]:
        number = re.search(r"(\d+)$", row[0].text)
        if number is None or number[1] not in marks:
            continue
        if locked is not None and row[locked].text == "No":
            remarks.append(f"{row[0].text}: Moodle does not let this grade be changed")
            continue
        new[row[at]] = _scaled(marks[number[1]], row[most].text)
    return _entered(content, new, remarks, marks, {re.sub(r".*?(\d+)$", r"\1", row[0].text) for row in table[1:]})


def _canvas(
    content: bytes,
    table: list[list[Field]],
    names: list[str],
    marks: Mapping[str, tuple[float, float]],
    column: str | None,
) -> Filled:
    if column is None:
        raise TutorError("name the assignment's column, such as --column 'Sheet 2'")
    at, number = _position(names, column), names.index("ID")
    possible = next((row[at].text for row in table[1:] if row[0].text.strip() == "Points Possible"), "")
    new = {row[at]: _scaled(marks[row[number].text], possible) for row in table[1:] if row[number].text in marks}
    return _entered(content, new, [], marks, {row[number].text for row in table[1:]})


def _scaled(mark: tuple[float, float], maximum: str) -> str:
    """Points on the scale of the file, with its decimal sign."""
    points, of = mark
    try:
        grade = points / of * float(maximum.replace(",", ".")) if maximum else points
    except ValueError:
        raise TutorError(f"the maximum of the grade is {maximum!r}, which is no number") from None
    text = f"{grade:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if "," in maximum else text


def _entered(
    content: bytes,
    new: Mapping[Field, str],
    remarks: list[str],
    marks: Mapping[str, tuple[float, float]],
    there: set[str],
) -> Filled:
    missing = [f"{number}: graded, but not in this file" for number in marks if number not in there]
    for field, grade in sorted(new.items(), key=lambda item: -item[0].begin):  # from the end, so that places stay
        quoted = f'"{grade}"' if content[field.begin : field.begin + 1] == b'"' or "," in grade else grade
        content = content[: field.begin] + quoted.encode() + content[field.end :]
    return Filled(content, len(new), [*remarks, *missing])
