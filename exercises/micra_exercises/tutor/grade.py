"""Grade a folder of submissions: a CSV for the computer, a page for people.

1. Each entry of the folder is a student: a notebook, or a sub-folder with notebooks.
2. The code cells of each notebook run in the sandbox, which returns numbers; the checks judge them here, on random cases
   that no student has seen (each grading draws a seed and stores it). The last call of a check counts.
3. The verdicts on a notebook are stored in `verdicts.jsonl` at once: grading into the same folder again runs only
   notebooks that are new or have changed.
"""

from __future__ import annotations

import csv
import hashlib
import json
import secrets
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from .. import check
from ..definition import Definition
from ..judge import judge
from ..variants import choose, is_variant
from ..verdict import LOOKS, NOT_ATTEMPTED, NOT_YET, RIGHT, Verdict
from . import TutorError
from .sandbox import Sandbox
from .scheme import of_lessons, points

LARGEST = 2**25  # bytes of a notebook
DTYPES = {"torch.float32": torch.float32, "torch.float64": torch.float64}
STYLE = "body{font-family:sans-serif;max-width:60em;margin:auto;padding:1em}td,th{padding:2px 10px;text-align:left}"


def notebooks(folder: Path) -> dict[str, list[Path]]:
    """student → notebooks. Links are not followed. Raises TutorError if there is nothing to grade."""
    if not folder.is_dir():
        raise TutorError(f"{folder} is not a folder: it should hold a notebook or a sub-folder for each student")
    found: dict[str, list[Path]] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        inside = sorted(entry.rglob("*.ipynb")) if entry.is_dir() else [entry]
        own = [p for p in inside if not p.is_symlink() and ".ipynb_checkpoints" not in p.parts]
        found.setdefault(entry.stem if entry.is_file() else entry.name, []).extend(own)
    if not found:
        raise TutorError(f"{folder} is empty: it should hold a notebook or a sub-folder for each student")
    return found


def read_notebook(path: Path) -> tuple[list[str], int | None]:
    """The code cells of a notebook, and the variant it was made for. Raises ValueError if it is not a notebook."""
    if not path.is_file() or path.stat().st_size > LARGEST:
        raise ValueError("not a file, or larger than 32 MiB")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        cells = ["".join(c["source"]) for c in content["cells"] if c["cell_type"] == "code"]
        variant = content.get("metadata", {}).get("micra_exercises", {}).get("variant")
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        raise ValueError(f"not a notebook ({type(error).__name__})") from None
    return cells, variant if is_variant(variant) else None


def verdicts(found: Sequence[dict[str, Any]], seed: int, variant: int) -> dict[str, Verdict]:
    """The verdicts on a notebook's records, by exercise."""
    exercises = {one.name: one for one in check.exercises()}
    before = torch.get_default_dtype()
    choose(variant)
    try:
        judged = {}
        for record in (r for r in found if r["exercise"] in exercises):
            torch.set_default_dtype(DTYPES[record["dtype"]])  # the student's, for the same random cases
            one = exercises[record["exercise"]]
            try:
                judged[one.name] = judge(one, record["results"], seed)
            except Exception as error:  # a submission may have forged its record
                message = f"These are not the results of an answer ({type(error).__name__})."
                judged[one.name] = Verdict(one.name, NOT_YET, message, "forged")
        return judged
    finally:
        choose(0)
        torch.set_default_dtype(before)


def _kept(path: Path) -> tuple[int, dict[str, Any]]:
    """The seed and the verdicts of an earlier grading; an incomplete line is skipped."""
    seed, kept = secrets.randbelow(2**31 - 1) + 1, {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            seed = entry.get("seed", seed)
            kept[entry.get("key", "")] = entry
    return seed, kept


def grade(folder: Path, out: Path, sandbox: Sandbox, sheets: Sequence[str] = (), variant: int | None = None) -> Path:
    """Grade all submissions in `folder`: writes `out`/grades.csv and the report, and returns the report's path.

    Args: sheets, the ones that count (by default those with any check called); variant, the variant of all notebooks (by
    default each notebook says its own). Raises TutorError before anything is run.
    """
    of_lessons(sheets)
    students = notebooks(folder)
    if out.resolve() == folder.resolve() or folder.resolve() in out.resolve().parents:
        raise TutorError(f"{out} lies within the submissions: choose another folder for the grades")
    kept_in = out / "verdicts.jsonl"
    try:
        out.mkdir(parents=True, exist_ok=True)
        kept_in.touch()
    except OSError as reason:
        raise TutorError(f"cannot write into {out}: {reason.strerror}") from reason
    seed, kept = _kept(kept_in)
    graded: dict[str, tuple[dict[str, Verdict], list[str]]] = {}
    with kept_in.open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps({'seed': seed})}\n")
        for student, paths in tqdm(students.items(), desc="grading", unit="student", disable=None):
            judged: dict[str, Verdict] = {}
            notes = [] if paths else ["no notebook"]
            for path in paths:
                try:
                    cells, own = read_notebook(path)
                except ValueError as reason:
                    notes.append(f"{path.name}: {reason}")
                    continue
                number = (own or 0) if variant is None else variant
                if variant is not None and own not in (None, variant):
                    notes.append(f"{path.name}: made for variant {own}, graded as variant {variant}")
                key = hashlib.sha256(json.dumps([cells, number]).encode()).hexdigest()
                if key not in kept:
                    found, ended = sandbox.run(cells, seed, number)
                    rows = [[v.exercise, v.state, v.message, v.mistake] for v in verdicts(found, seed, number).values()]
                    kept[key] = {"key": key, "ended": ended, "verdicts": rows}
                    file.write(f"{json.dumps(kept[key])}\n")
                    file.flush()
                if kept[key]["ended"] != "finished":
                    notes.append(f"{path.name}: {kept[key]['ended']}")
                judged |= {row[0]: Verdict(*row) for row in kept[key]["verdicts"]}
            graded[student] = judged, notes
    called = {name for judged, _ in graded.values() for name in judged}
    wanted = sheets or sorted({one.lesson for one in check.exercises() if one.name in called})
    return report(out, graded, of_lessons(wanted), f"{sandbox.kind}, seed {seed}")


def safe(text: str) -> str:
    """Text that a spreadsheet does not read as a formula."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def report(
    out: Path, graded: dict[str, tuple[dict[str, Verdict], list[str]]], asked: list[Definition], how: str
) -> Path:
    """Write grades.csv and report.html; returns the latter."""
    total = sum(map(points, asked))
    table, parts = [], []
    for student, (judged, notes) in graded.items():
        states = {one.name: judged.get(one.name, Verdict(one.name, NOT_ATTEMPTED, "")) for one in asked}
        reached = sum(points(one) for one in asked if states[one.name].state == RIGHT)
        row = [safe(student), reached, total]
        body = ""
        for one in asked:
            verdict = states[one.name]
            got = points(one) if verdict.state == RIGHT else 0
            row += [verdict.state, verdict.mistake or "", got]
            body += (f"<tr><td>{LOOKS[verdict.state][0]} {verdict.state}</td><td>{escape(one.title)}</td><td>{got} of {points(one)}</td>"
                     f"<td>{escape((verdict.mistake or '').replace('_', ' '))}</td><td>{escape(verdict.message)}</td></tr>")  # fmt: skip
        table.append([*(safe(x) if isinstance(x, str) else x for x in row), safe("; ".join(notes))])
        noted = "".join(f"<p><b>{escape(note)}</b></p>" for note in notes)
        parts.append(f"<h2>{escape(student)}: {reached} of {total} points</h2>{noted}<table><tr><th>state</th><th>exercise</th>"
                     f"<th>points</th><th>mistake</th><th>what the check says</th></tr>{body}</table>")  # fmt: skip
    head = [
        "student",
        "points",
        "of",
        *(f"{one.name}{end}" for one in asked for end in ("", " mistake", " points")),
        "notes",
    ]
    with (out / "grades.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *table])
    page = out / "report.html"
    page.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Grades</title><style>{STYLE}</style><h1>Grades</h1>'
                    f"<p>{len(graded)} submissions. {escape(how)}.</p>{''.join(parts)}</html>", encoding="utf-8")  # fmt: skip
    return page
