"""Grade a folder of submissions: a CSV for the computer, a page for people.

1. Each entry of the folder is a student: a notebook, or a sub-folder with notebooks.
2. Each notebook's code cells run in the sandbox, which gives numbers; the checks judge them here, on drawn cases that no
   student has seen (the seed is drawn for each grading, and kept with it). The last call of a check counts.
3. Every notebook's verdicts are kept at once in `verdicts.jsonl`: graded again into the same folder, only what is new or
   has changed is run.
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
from ..variants import choose
from ..verdict import LOOKS, NOT_ATTEMPTED, NOT_YET, RIGHT, Verdict
from .sandbox import Sandbox
from .scheme import of_lessons, points

LARGEST = 2**25  # bytes of a notebook
DTYPES = {"torch.float32": torch.float32, "torch.float64": torch.float64}
STYLE = "body{font-family:sans-serif;max-width:60em;margin:auto;padding:1em}td,th{padding:2px 10px;text-align:left}"


def notebooks(folder: Path) -> dict[str, list[Path]]:
    """student → notebooks. Links are not followed. Raises FileNotFoundError, ValueError where there is nothing to grade."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder: it should hold a notebook or a sub-folder for each student")
    found: dict[str, list[Path]] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        inside = sorted(entry.rglob("*.ipynb")) if entry.is_dir() else [entry]
        own = [p for p in inside if not p.is_symlink() and ".ipynb_checkpoints" not in p.parts]
        found.setdefault(entry.stem if entry.is_file() else entry.name, []).extend(own)
    if not found:
        raise ValueError(f"{folder} is empty: it should hold a notebook or a sub-folder for each student")
    return found


def opened(path: Path) -> tuple[list[str], int | None]:
    """The code cells of a notebook, and the variant it was made for. Raises ValueError for what is none."""
    if not path.is_file() or path.stat().st_size > LARGEST:
        raise ValueError("no file, or larger than 32 MiB")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        cells = ["".join(c["source"]) for c in content["cells"] if c["cell_type"] == "code"]
        number = content.get("metadata", {}).get("micra_lite", {}).get("variant")
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        raise ValueError(f"no notebook ({type(error).__name__})") from None
    return cells, number if isinstance(number, int) and not isinstance(number, bool) else None


def verdicts(found: Sequence[dict[str, Any]], seed: int, variant: int) -> dict[str, Verdict]:
    """What the checks say of a notebook's records, by exercise."""
    exercises = {one.name: one for one in check.exercises()}
    before = torch.get_default_dtype()
    choose(variant)
    try:
        said = {}
        for record in (r for r in found if r["exercise"] in exercises):
            torch.set_default_dtype(DTYPES[record["dtype"]])  # cases are drawn in the student's
            one = exercises[record["exercise"]]
            try:
                said[one.name] = one.judged(record["given"], seed)
            except Exception as error:
                said[one.name] = Verdict(one.name, NOT_YET, f"no results that fit ({type(error).__name__})", "forged")
        return said
    finally:
        choose(0)
        torch.set_default_dtype(before)


def _kept(path: Path) -> tuple[int, dict[str, Any]]:
    """The seed and the verdicts of a grading before; a line that was cut off in the middle is left out."""
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
    """Grade all submissions in `folder` into `out`/grades.csv and the page that is returned.

    Args: sheets, which count (those in which anybody has called a check); variant, of everybody's numbers (as the
    notebook says). Raises FileNotFoundError, ValueError, before anything is run.
    """
    of_lessons(sheets)
    students = notebooks(folder)
    if out.resolve() == folder.resolve() or folder.resolve() in out.resolve().parents:
        raise ValueError(f"{out} lies within the submissions: choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    kept_in = out / "verdicts.jsonl"
    seed, kept = _kept(kept_in)
    graded: dict[str, tuple[dict[str, Verdict], list[str]]] = {}
    with kept_in.open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps({'seed': seed})}\n")
        for student, paths in tqdm(students.items(), desc="grading", unit="student", disable=None):
            said: dict[str, Verdict] = {}
            notes = [] if paths else ["no notebook"]
            for path in paths:
                try:
                    cells, own = opened(path)
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
                said |= {row[0]: Verdict(*row) for row in kept[key]["verdicts"]}
            graded[student] = said, notes
    called = {name for said, _ in graded.values() for name in said}
    wanted = sheets or sorted({one.lesson for one in check.exercises() if one.name in called})
    return report(out, graded, of_lessons(wanted), f"{sandbox.kind}, seed {seed}")


def safe(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def report(out: Path, graded: dict[str, tuple[dict[str, Verdict], list[str]]], asked: list[Any], how: str) -> Path:
    """Write grades.csv and report.html; returns the latter."""
    total = sum(map(points, asked))
    table, parts = [], []
    for student, (said, notes) in graded.items():
        states = {one.name: said.get(one.name, Verdict(one.name, NOT_ATTEMPTED, "")) for one in asked}
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
        told = "".join(f"<p><b>{escape(note)}</b></p>" for note in notes)
        parts.append(f"<h2>{escape(student)}: {reached} of {total} points</h2>{told}<table><tr><th>state</th><th>exercise</th>"
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
