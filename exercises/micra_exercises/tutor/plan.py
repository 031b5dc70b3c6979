"""What is to be graded and how, read and checked before anything runs; and what earlier gradings have stored."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..verdict import Verdict
from . import TutorError
from .corrections import Correction, read_corrections
from .options import Options
from .scheme import Scheme, of_lessons, read_scheme
from .submissions import Notebook, Submission, find
from .tables import plain


class Outcome(NamedTuple):
    """How a notebook's run ended, the verdicts on all calls of checks, exercise → largest hint asked for, errors of cells."""

    ended: str
    verdicts: list[Verdict]
    hints: dict[str, int]
    errors: list[str]


@dataclass(frozen=True)
class Plan:
    """What is to be graded, and how. `read` checks all of it before anything runs; `options` say it in words."""

    submissions: list[Submission]
    stray: list[str]
    out: Path
    options: Options
    sheets: tuple[str, ...]
    variant: int | None
    scheme: Scheme
    corrections: dict[tuple[str, str], Correction]
    student: str | None
    seed: int
    kept: dict[str, Outcome]  # by the key of a notebook

    @classmethod
    def read(
        cls, folder: Path, out: Path, sheets: Sequence[str] = (), variant: int | None = None,
        roster: Path | None = None, scheme: str | None = None, corrections: Path | None = None, student: str | None = None,
    ) -> Plan:  # fmt: skip
        """Read everything, and make the folder `out`.

        Args: sheets, the ones that count (by default those that half of the students have worked on); variant, that of all
        notebooks (by default each says its own); roster and corrections, CSV files; scheme, see `read_scheme`; student,
        the only one whose notebooks are run, even if they have not changed. What is not given, but for `student`, is as in
        the last grading into `out`. Raises TutorError.
        """
        if out.resolve() == folder.resolve() or folder.resolve() in out.resolve().parents:
            raise TutorError(f"{out} lies within the submissions: choose another folder for the grades")
        options = Options.given(sheets, variant, roster, scheme, corrections).completed(out)
        of_lessons(options.sheets)
        marking = read_scheme(options.scheme or "all")
        found, stray = find(folder, options.path(options.roster))
        wanted = _one(student, found) if student is not None else None
        listed = options.path(options.corrections)
        corrected = read_corrections(listed, [one.student for one in found], marking) if listed else {}
        try:
            out.mkdir(parents=True, exist_ok=True)
            (out / "verdicts.jsonl").touch()
            seed, kept = _kept(out / "verdicts.jsonl")
            options.save(out)
        except (OSError, UnicodeError) as reason:
            raise TutorError(f"cannot use {out}: {reason}") from reason
        return cls(found, stray, out, options, options.sheets, options.variant, marking, corrected, wanted, seed, kept)

    def number(self, notebook: Notebook) -> int:
        """The variant that a notebook is graded as."""
        return self.variant if self.variant is not None else notebook.variant or 0

    def usual_variant(self) -> int | None:
        """The variant of more than half of the notebooks, if there is one."""
        found = [self.number(notebook) for one in self.submissions for notebook in one.notebooks]
        most, count = max(Counter(found).items(), key=lambda pair: pair[1], default=(None, 0))
        return most if 2 * count > len(found) else None

    def key(self, notebook: Notebook) -> str:
        """The same for notebooks with the same code and variant."""
        return hashlib.sha256(json.dumps([notebook.cells, self.number(notebook)]).encode()).hexdigest()

    def todo(self) -> dict[str, Notebook]:
        """The notebooks to be run, by their keys."""
        wanted = [one for one in self.submissions if self.student in (None, one.student)]
        found = {self.key(notebook): notebook for one in wanted for notebook in one.that_count()}
        return {key: one for key, one in found.items() if self.student is not None or key not in self.kept}


def _one(name: str, found: Sequence[Submission]) -> str:
    """The student of this number or name. Raises TutorError if there is none, or more than one of this name."""
    students = [one.student for one in found]
    fits = [plain(name)] if plain(name) in students else [one.student for one in found if one.name == name]
    if len(fits) != 1:
        who = f"these students are called so: {', '.join(fits)}" if fits else f"the first are {', '.join(students[:3])}"
        raise TutorError(f"{'more than one' if fits else 'nobody'} is called {name!r}; {who}")
    return fits[0]


def _kept(path: Path) -> tuple[int, dict[str, Outcome]]:
    """The seed and the verdicts of an earlier grading; an incomplete line is skipped."""
    seed, kept = secrets.randbelow(2**31 - 1) + 1, {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
            if "seed" in entry:
                seed = int(entry["seed"])
            else:
                rows = [Verdict(*row[:4], parts=row[4] and tuple(row[4])) for row in entry["verdicts"]]  # type: ignore
                kept[entry["key"]] = Outcome(entry["ended"], rows, entry["hints"], entry["errors"])
        except (ValueError, TypeError, KeyError, IndexError):
            continue
    return seed, kept
