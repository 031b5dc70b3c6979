"""Tables in files: CSV from tutors, read strictly, and CSV for tutors, which no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import TutorError

FORMULA = tuple("=+-@\t\r")


def safe(text: str) -> str:
    """Text that a spreadsheet does not read as a formula; `read` takes the apostrophe off again."""
    return f"'{text}" if text[:1] in (*FORMULA, "'") else text


def plain(name: str) -> str:
    """A name of a file or a student in one printable line; different names stay different."""
    composed = unicodedata.normalize("NFC", name)  # macOS writes é as two characters
    return "".join(c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode() for c in composed)


def read(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> list[tuple[str, dict[str, str]]]:
    """The rows of a CSV file, each with its place for error messages; commas or semicolons separate the columns.

    Args: columns, those that it must have; optional, those that it may have. Raises TutorError if the file cannot be
    read or has other columns, or if a row is longer or shorter than the head.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as reason:
        words = reason.strerror if isinstance(reason, OSError) else "it is not UTF-8 text: save it as CSV UTF-8"
        raise TutorError(f"cannot read {path}: {words}") from reason
    head = text.partition("\n")[0]
    rows = list(csv.reader(text.splitlines(), delimiter=";" if ";" in head else ","))
    names = [name.strip() for name in rows[0]] if rows else []
    if not set(columns) <= set(names) <= {*columns, *optional} or len(set(names)) < len(names):
        more = f" and may have {', '.join(optional)}" if optional else ""
        raise TutorError(f"{path} must have the columns {', '.join(columns)}{more}; its first line is {plain(head)!r}")
    found = []
    for number, row in enumerate(rows[1:], 2):
        if not any(row):
            continue
        if len(row) != len(names):
            raise TutorError(
                f'{path}, line {number}: {len(row)} columns instead of {len(names)}; put "…" around a comma'
            )
        found.append((f"{path}, line {number}", dict(zip(names, map(_without_apostrophe, row), strict=True))))
    return found


def write(path: Path, rows: Iterable[Sequence[str | float]]) -> None:
    """Write a CSV file, with the mark by which Excel knows UTF-8; whole numbers have no point."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([safe(x) if isinstance(x, str) else f"{x:g}" for x in row] for row in rows)


def _without_apostrophe(text: str) -> str:
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in (*FORMULA, "'") else text
