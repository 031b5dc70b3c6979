"""The submissions: who handed in which notebooks, and when.

Each entry of the folder is a student: a notebook, a zip archive, or a sub-folder with notebooks and archives. Archives
are read within limits and never unpacked, and none within another. Links and files of other kinds are listed, not graded.
"""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections import defaultdict
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
READ = (".ipynb", ".zip")
ARCHIVES = (".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz", ".zip")  # what may hold notebooks
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
    missed: bool = False  # something that may be a notebook, or hold one, could not be read

    @property
    def unread(self) -> bool:
        """Whether there is nothing to grade although a notebook may have been handed in: the tutor must look."""
        return self.missed and not self.notebooks

    def miss(self, note: str) -> None:
        """Note something that may be a notebook, or hold one, and could not be read."""
        self.notes.append(note)
        self.missed = True

    def that_count(self) -> list[Notebook]:
        """The notebooks without those that newer ones replace altogether."""
        found, newer = list[Notebook](), set[str]()
        for one in reversed(self.notebooks):
            if not one.calls or one.calls - newer:
                found.insert(0, one)
            newer |= one.calls
        return found


def whose(entry: Path) -> tuple[str, str, bool]:
    """The student whom an entry of the folder belongs to, a name, and whether it is late.

    Moodle and Canvas put the student's number into the names that they give to downloads.
    """
    name = entry.name if entry.is_dir() else entry.stem
    found = student_of(name)
    return (found[1], plain(found[0]), found[2]) if found else (plain(name), "", False)


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
    said: defaultdict[str, list[str]] = defaultdict(list)  # by Canvas, in the names of files
    for entry in sorted(folder.iterdir()):
        if _is_hidden((entry.name,)):
            continue
        if entry.is_symlink() or not (entry.is_dir() or entry.suffix.lower() in READ or student_of(entry.stem)):
            stray.append(_listed(entry, folder))
            continue
        student, name, late = whose(entry)
        one = found.setdefault(student, Submission(student, names.get(student, name)))
        if late:
            said[student].append(f"{plain(entry.name)}: late, says Canvas")
        for path in sorted(entry.rglob("*")) if entry.is_dir() else [entry]:
            if not _is_hidden(path.relative_to(folder).parts) and (path.is_symlink() or not path.is_dir()):
                _collect(path, _listed(path, folder), one, stray)
    if not found:
        has = "holds only files of other kinds" if stray else "is empty"
        raise TutorError(f"{folder} {has}: it should hold a notebook or a sub-folder for each student")
    for one in found.values():
        _tidy(one)
        one.notes += said[one.student]
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
    if not raw.strip():
        raise ValueError("not a notebook: the file is empty")
    try:
        content = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("not a notebook: it is not JSON, so it is broken or something else") from None
    if isinstance(content, dict) and ("worksheets" in content or content.get("nbformat") in (1, 2, 3)):
        raise ValueError("not a notebook of today's format but an old one: open and save it in Jupyter")
    try:
        cells = tuple("".join(c["source"]) for c in content["cells"] if c["cell_type"] == "code")
        variant: Any = content.get("metadata", {}).get("micra_exercises", {}).get("variant")
    except (KeyError, TypeError, AttributeError):
        raise ValueError("not a notebook: it has no cells as a notebook has them") from None
    return cells, variant if is_variant(variant) else None


def _tidy(one: Submission) -> None:
    """Put a student's notebooks in order, and note what is odd about them."""
    one.notebooks.sort(key=_age)
    if len(one.notebooks) > MOST:
        one.notes.append(f"{len(one.notebooks)} notebooks: only the newest {MOST} are graded")
        del one.notebooks[:-MOST]
    one.notes += _replaced(one.notebooks)
    if not one.notebooks and not one.notes:
        one.notes.append("no notebook")


def _age(notebook: Notebook) -> tuple[int, str]:
    """The newest has the largest: by time, to the second, then by name, where numbers count as numbers.

    Of such names, "a (1)" and "a-1" come after "a", and Canvas's larger numbers after the smaller ones.
    """
    name = notebook.place.rpartition(".")[0]
    return int(notebook.time), re.sub(r"\d+", lambda number: number[0].zfill(20), name)


def _listed(path: Path, folder: Path) -> str:
    """The place of a file among the submissions, as notes and lists say it."""
    return plain(path.relative_to(folder).as_posix()) + (" (a link)" if path.is_symlink() else "")


def _is_hidden(parts: tuple[str, ...]) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _collect(path: Path, place: str, into: Submission, stray: list[str]) -> None:
    """Add what one file holds: a notebook, the notebooks of an archive, or something else."""
    kind = path.suffix.lower()
    if kind not in READ or path.is_symlink():
        stray.append(place)
        into.missed |= kind in READ
        if kind in ARCHIVES and not path.is_symlink():
            into.miss(f"{place}: of archives, only those in zip are read")
        return
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            raise ValueError(f"not a file, or larger than {LARGEST // 2**20} MiB")
        held, within = (
            _in_archive(path, place)
            if kind == ".zip"
            else ([(place, path.stat().st_mtime, path.read_bytes())], list[str]())
        )
    except (ValueError, OSError) as reason:
        into.miss(f"{place}: {reason.strerror if isinstance(reason, OSError) else reason}")
        return
    if not held and not within:
        into.notes.append(f"{place}: no notebook in it")
    for name, when, raw in held:
        try:
            into.notebooks.append(Notebook(name, when, *parse(raw)))
        except ValueError as reason:
            into.miss(f"{name}: {reason}")
    for name in within:
        into.miss(f"{name}: an archive within an archive is not read")


def _in_archive(path: Path, place: str) -> tuple[list[tuple[str, float, bytes]], list[str]]:
    """The place, time and content of each notebook in a zip archive, and the places of the archives in it.

    Raises ValueError if it is broken or too large.
    """
    found, within, left = [], list[str](), UNPACKED
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > ENTRIES:
                raise ValueError(f"more than {ENTRIES} files in it")
            for entry in archive.infolist():
                parts = tuple(entry.filename.split("/"))
                if _is_hidden(tuple(p for p in parts if p != "..")):
                    continue
                if entry.filename.lower().endswith(ARCHIVES):
                    within.append(f"{place}: {plain(entry.filename)}")
                if not entry.filename.lower().endswith(".ipynb"):
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
    return found, within


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
                sheets = ", ".join(sorted({lessons[name] for name in both}))
                yield f"{sheets}: {_which(newer, one)}"


def _which(newer: Notebook, older: Notebook) -> str:
    """Words on which of two notebooks counts, and why."""
    if int(newer.time) == int(older.time):
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(newer.time))
        why = f"they are equally old ({when}), and then the last in the order of names counts"
        return f"{newer.place} counts, not {older.place}: {why}"
    seconds = ":%S" if newer.time // 60 == older.time // 60 else ""
    new, old = (time.strftime(f"%Y-%m-%d %H:%M{seconds}", time.localtime(one.time)) for one in (newer, older))
    return f"{newer.place} of {new} counts, not {older.place} of {old}"
