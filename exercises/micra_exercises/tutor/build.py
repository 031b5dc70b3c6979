"""Make the student's folder: lessons, exercise sheets in one variant of the numbers, a start page, requirements; no solutions."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from micra_lite import __version__

from .. import check
from ..values import written
from ..variants import choose
from .scheme import points

ROOT = Path(__file__).parents[2]
INSTALL = """```sh
python -m venv .venv
.venv/bin/pip install -r requirements.txt     # Windows: .venv\\Scripts\\pip
.venv/bin/jupyter lab START.md
```"""


def own_numbers(one: Any, variant: int) -> str:
    """What a sheet says of an exercise's numbers in a variant, where its text cannot be put into other words."""
    rows = "\n".join(f"    {name} = {written(x)}" for name, x in zip(one.names, one.shown, strict=True))
    return (f"**Your numbers** (variant {variant}), in place of those in the text, in the same order:\n\n{rows}\n\n"
            "The question is the same.")  # fmt: skip


def reworded(one: Any, text: str) -> str:
    """The text of an exercise with the numbers of the variant that is set. Raises ValueError where a phrase is missing."""
    for phrase, words in one.worded:
        if text.count(phrase) != 1:
            raise ValueError(f"{one.name}: the sheet has {phrase!r} {text.count(phrase)} times, not once")
        text = text.replace(phrase, one.say(words))
    return text


def sheet(content: dict[str, Any], variant: int) -> dict[str, Any]:
    """An exercise sheet in a variant: its numbers in the text, and its number in the first code cell."""
    cells: list[dict[str, Any]] = []
    varied = {one.name: one for one in check.exercises() if one.vary is not None}
    first = True
    for cell in content["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell = {**cell, "outputs": [], "execution_count": None}
            if first and variant:
                cell["source"] = f"{source}\ncheck.variant({variant})  # whose numbers these are; please leave it"
            first = False
            one = next((varied[n] for n in varied if f"check.{n}(" in source), None)
            if one and variant:  # the text stands before the cell with the answer, which is before that with the check
                if one.worded:
                    cells[-2] = {**cells[-2], "source": reworded(one, "".join(cells[-2]["source"]))}
                else:
                    words = {"cell_type": "markdown", "metadata": {}, "source": own_numbers(one, variant)}
                    cells.insert(len(cells) - 1, words | {"id": f"variant-{one.name.replace('_', '-')}"[:64]})
        cells.append(cell)
    return {**content, "cells": cells, "metadata": {**content["metadata"], "micra_lite": {"variant": variant}}}


def start(lessons: list[Path], sheets: list[Path], variant: int) -> str:
    """The page to begin with."""
    lines = [
        "# Start here",
        "",
        "Once:",
        "",
        INSTALL,
        "",
        "Then read a lesson, and do its sheet. Hand in your sheets.",
        "",
    ]
    lines += ["| lesson | sheet | minutes | points |", "|---|---|---|---|"]
    there = {path.stem for path in sheets}
    for path in lessons:
        group = check.exercises(path.stem)
        own = f"[exercises](exercises/{path.name})" if path.stem in there else ""
        minutes, most = (sum(o.minutes for o in group), sum(map(points, group))) if own else ("", "")
        lines.append(f"| [{path.stem}](lessons/{path.name}) | {own} | {minutes} | {most} |")
    return "\n".join([*lines, "", f"Variant {variant} of the numbers." if variant else "", ""])


def build(folder: Path, variant: int = 0) -> list[Path]:
    """Write the student's folder; returns its files. It appears whole, or not at all.

    Raises ValueError where the folder exists or the variant is none; FileNotFoundError outside a checkout of the project.
    """
    if folder.exists():
        raise ValueError(f"{folder} exists: choose another folder; nothing was overwritten")
    lessons, sheets = (sorted((ROOT / name).glob("*.ipynb")) for name in ("notebooks", "exercises"))
    if not lessons or not sheets:
        raise FileNotFoundError(f"there are no notebooks in {ROOT}: they belong to a checkout of the project")
    choose(variant)
    try:
        with tempfile.TemporaryDirectory() as place:
            made = Path(place) / "course"
            for name, paths in (("lessons", lessons), ("exercises", sheets)):
                (made / name).mkdir(parents=True)
                for path in paths:
                    shutil.copy(path, made / name)
            for path in (made / "exercises").glob("*.ipynb"):
                content = sheet(json.loads(path.read_text(encoding="utf-8")), variant)
                path.write_text(f"{json.dumps(content, indent=1, ensure_ascii=False)}\n", encoding="utf-8")
            (made / "START.md").write_text(start(lessons, sheets, variant), encoding="utf-8")
            (made / "requirements.txt").write_text(f"micra_lite[notebooks]=={__version__}\n", encoding="utf-8")
            folder.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(made, folder)
    finally:
        choose(0)
    return sorted(p for p in folder.rglob("*") if p.is_file())
