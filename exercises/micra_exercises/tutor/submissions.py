"""The submissions: who handed in which notebooks, and when.

Each entry of the folder is a student: a notebook, a zip archive, or a sub-folder with notebooks and archives. Archives
are read within limits and never unpacked. Links are not followed. Files of other kinds are listed, not graded.
"""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import check
from ..variants import is_variant
from . import TutorError
from .gradebook import student_of
from .tables import plain, read

LARGEST = 2**25  # bytes of a notebook or an archive
UNPACKED, ENTRIES = 2**26, 1000  # bytes and files of one archive
MOST = 50  # notebooks of one student
CALL = re.compile(r"\bcheck\.(\w+)\(")


@dataclass(frozen=True)
class Notebook:
    """A notebook's code cells, and the variant it says it was made for; `place` is its path among the submissions."""

    place: str
    time: float
    cells: tuple[str, ...]
    variant: int | None

    @cached_property
    def calls(self) -> set[str]:
        """The exercises whose checks it calls: these tell which sheet it is, whatever its name."""
        known = {one.name for one in check.exercises()}
        code = (line.partition("#")[0] for cell in self.cells for line in cell.splitlines())
        return {name for line in code for name in CALL.findall(line)} & known


@dataclass
class Submission:
    """What one student handed in: notebooks, the oldest first, and notes for the tutor; `name` is from the roster."""

    student: str
    name: str = ""
    notebooks: list[Notebook] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def that_count(self) -> list[Notebook]:
        """The notebooks without those that newer ones replace altogether."""
        found, newer = list[Notebook](), set[str]()
        for one in reversed(self.notebooks):
            if not one.calls or one.calls - newer:
                found.insert(0, one)
            newer |= one.calls
        return found


def whose(entry: Path) -> tuple[str, str]:
    """The student whom an entry of the folder belongs to, and a name; Moodle and Canvas put the student's number in it."""
    name = entry.name if entry.is_dir() else entry.stem
    found = student_of(name)
    return (found[1], plain(found[0])) if found else (plain(name), "")


def find(folder: Path, roster: Path | None = None) -> tuple[list[Submission], list[str]]:
    """All submissions, by student, and the files that are none.

    With a roster (a CSV file with the column `student`, and perhaps `name`), each student in it has a submission.
    Raises TutorError if there is nothing to grade, or if the roster cannot be read.
    """
    if not folder.is_dir():
        raise TutorError(f"{folder} is not a folder: it should hold a notebook or a sub-folder for each student")
    names = read_roster(roster) if roster else {}
    found: dict[str, Submission] = {}
    stray: list[str] = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if not entry.is_dir() and entry.suffix.lower() not in (".ipynb", ".zip"):
            stray.append(plain(entry.name))
            continue
        student, name = whose(entry)
        one = found.setdefault(student, Submission(student, names.get(student, name)))
        for path in sorted(entry.rglob("*")) if entry.is_dir() else [entry]:
            if not path.is_symlink() and not path.is_dir() and not _is_hidden(path.relative_to(folder).parts):
                _collect(path, plain(path.relative_to(folder).as_posix()), one, stray)
    if not found:
        has = "holds only files of other kinds" if stray else "is empty"
        raise TutorError(f"{folder} {has}: it should hold a notebook or a sub-folder for each student")
    for one in found.values():
        _tidy(one)
        if roster and one.student not in names:
            one.notes.append("not in the roster")
    absent = [Submission(s, name, notes=["handed in nothing"]) for s, name in names.items() if s not in found]
    return sorted([*found.values(), *absent], key=lambda one: one.student), stray


def read_roster(path: Path) -> dict[str, str]:
    """student → name. Raises TutorError if it cannot be read, or names nobody or somebody twice."""
    found: dict[str, str] = {}
    for place, row in read(path, ["student"], ["name"]):
        student = plain(row["student"])
        if not student or student in found:
            raise TutorError(f"{place}: {'there is no student' if not student else f'{student} is there twice'}")
        found[student] = row.get("name", "")
    if not found:
        raise TutorError(f"{path} has no students")
    return found


def parse(raw: bytes) -> tuple[tuple[str, ...], int | None]:
    """The code cells of a notebook, and its variant, None if it says none. Raises ValueError if it is no notebook."""
    if len(raw) > LARGEST:
        raise ValueError(f"larger than {LARGEST // 2**20} MiB")
    try:
        content = json.loads(raw.decode("utf-8"))
        cells = tuple("".join(c["source"]) for c in content["cells"] if c["cell_type"] == "code")
        variant: Any = content.get("metadata", {}).get("micra_exercises", {}).get("variant")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a notebook ({type(error).__name__})") from None
    return cells, variant if is_variant(variant) else None


def _tidy(one: Submission) -> None:
    """Put a student's notebooks in order, and note what is odd about them."""
    one.notebooks.sort(key=lambda notebook: (notebook.time, notebook.place))
    if len(one.notebooks) > MOST:
        one.notes.append(f"{len(one.notebooks)} notebooks: only the newest {MOST} are graded")
        del one.notebooks[:-MOST]
    one.notes += _replaced(one.notebooks)
    if not one.notebooks and not one.notes:
        one.notes.append("no notebook")


def _is_hidden(parts: tuple[str, ...]) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _collect(path: Path, place: str, into: Submission, stray: list[str]) -> None:
    """Add what one file holds: a notebook, the notebooks of an archive, or something else."""
    kind = path.suffix.lower()
    if kind not in (".ipynb", ".zip"):
        stray.append(place)
        return
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            raise ValueError(f"not a file, or larger than {LARGEST // 2**20} MiB")
        held = _in_archive(path, place) if kind == ".zip" else [(place, path.stat().st_mtime, path.read_bytes())]
    except (ValueError, OSError) as reason:
        into.notes.append(f"{place}: {reason.strerror if isinstance(reason, OSError) else reason}")
        return
    for name, when, raw in held:
        try:
            into.notebooks.append(Notebook(name, when, *parse(raw)))
        except ValueError as reason:
            into.notes.append(f"{name}: {reason}")


def _in_archive(path: Path, place: str) -> list[tuple[str, float, bytes]]:
    """The place, time and content of each notebook in a zip archive. Raises ValueError if it is broken or too large."""
    found, left = [], UNPACKED
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > ENTRIES:
                raise ValueError(f"more than {ENTRIES} files in it")
            for entry in archive.infolist():
                parts = tuple(entry.filename.split("/"))
                if not entry.filename.lower().endswith(".ipynb") or _is_hidden(tuple(p for p in parts if p != "..")):
                    continue
                with archive.open(entry) as file:
                    raw = file.read(left + 1)  # what the archive says about its sizes may be false
                left -= len(raw)
                if left < 0:
                    raise ValueError(f"unpacks to more than {UNPACKED // 2**20} MiB")
                found.append((f"{place}: {plain(entry.filename)}", _seconds(entry.date_time), raw))
    except ValueError:
        raise
    except Exception as error:  # zipfile, zlib, bz2 and lzma raise many kinds
        raise ValueError(f"not an archive that can be read ({type(error).__name__})") from None
    if not found:
        raise ValueError("no notebook in it")
    return found


def _seconds(date: tuple[int, ...]) -> float:
    """An archive's local time in seconds since 1970; 0 if it is no time."""
    try:
        return time.mktime((*date, 0, 0, -1))  # type: ignore[arg-type]
    except (OverflowError, ValueError):
        return 0.0


def _replaced(notebooks: list[Notebook]) -> Iterator[str]:
    """Notes on the sheets that were handed in twice."""
    lessons = {one.name: one.lesson for one in check.exercises()}
    last = {name: one for one in notebooks for name in one.calls}
    for one in notebooks:
        for newer in notebooks:
            both = {name for name in one.calls if last[name] is newer}
            if newer is not one and both:
                when = [time.strftime("%Y-%m-%d %H:%M", time.localtime(n.time)) for n in (newer, one)]
                sheets = ", ".join(sorted({lessons[name] for name in both}))
                yield f"{sheets}: {newer.place} of {when[0]} counts, not {one.place} of {when[1]}"
