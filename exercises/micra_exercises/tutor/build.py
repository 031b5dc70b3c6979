"""Build the student's folder: lessons, sheets in one variant, a start page, requirements, a wheel; no solutions."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from micra_lite import __version__

from .. import check
from ..definition import Definition
from ..values import written
from ..variants import choose
from . import TutorError
from .scheme import points
from .wheel import check_wheel

INSTALLED = Path(__file__).parents[1] / "course"  # where the wheel has the notebooks
ROOT = INSTALLED if INSTALLED.is_dir() else Path(__file__).parents[3]  # or else a checkout
DEEPER = "_deeper"  # what a lesson's optional continuation adds to its name
COMMANDS = """```sh
python -m venv .venv
.venv/bin/pip install -r requirements.txt     # Windows: .venv\\Scripts\\pip
.venv/bin/jupyter lab START.md
```"""


def own_numbers(exercise: Definition, variant: int) -> str:
    """A paragraph with an exercise's numbers in a variant, for a sheet whose text cannot be reworded."""
    rows = [f"    {name} = {written(x)}" for name, x in zip(exercise.parameters, exercise.example, strict=True)]
    intro = f"**Your numbers** (variant {variant}) replace those in the text, in the same order:"
    return "\n\n".join([intro, "\n".join(rows), "The question is the same."])


def reworded(exercise: Definition, text: str) -> str:
    """The text of an exercise with the numbers of the current variant. Raises ValueError if a phrase is missing."""
    for phrase, words in exercise.rewordings:
        if text.count(phrase) != 1:
            raise ValueError(f"{exercise.name}: the sheet has {phrase!r} {text.count(phrase)} times, not once")
        text = text.replace(phrase, exercise.say(words))
    return text


def sheet(content: dict[str, Any], variant: int) -> dict[str, Any]:
    """An exercise sheet in a variant: with its numbers in the text, and `check.variant(…)` in the first code cell."""
    cells: list[dict[str, Any]] = []
    varied = {one.name: one for one in check.exercises() if one.vary is not None}
    first = True
    for cell in content["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell = {**cell, "outputs": [], "execution_count": None}
            if first and variant:
                cell["source"] = (
                    f"{source}\ncheck.variant({variant})  # the variant of your numbers: please keep this line"
                )
            first = False
            one = next((varied[n] for n in varied if f"check.{n}(" in source), None)
            if one and variant:  # the text, the answer and the check are three cells
                if one.rewordings:
                    cells[-2] = {**cells[-2], "source": reworded(one, "".join(cells[-2]["source"]))}
                else:
                    words = {"cell_type": "markdown", "metadata": {}, "source": own_numbers(one, variant)}
                    cells.insert(len(cells) - 1, words | {"id": f"variant-{one.name.replace('_', '-')}"[:64]})
        cells.append(cell)
    return {**content, "cells": cells, "metadata": {**content["metadata"], "micra_exercises": {"variant": variant}}}


def topic(path: Path) -> str:
    """A notebook's name without its number."""
    return path.stem.partition("_")[2]


def start(lessons: list[Path], sheets: list[Path], variant: int, wheel: Path | None = None) -> str:
    """The start page: how to install, and a table of the lessons and their sheets."""
    where = (
        f"The course itself is the file `{wheel.name}`: leave it in this folder."
        if wheel
        else f"If pip finds no `micra_lite=={__version__}`, ask whoever gave you this folder."
    )
    lines = [
        "# Start here",
        "",
        "Once, in this folder:",
        "",
        COMMANDS,
        "",
        where,
        "",
        "Then read a lesson and do its sheet. Hand in your sheets. What goes *deeper* is optional.",
        "",
    ]
    lines += ["| lesson | deeper | sheet | minutes | points |", "|---|---|---|---|---|"]
    of_topic = {topic(path): path for path in sheets}  # a sheet keeps its number where a lesson has got another one
    deeper = {path.stem: f"[deeper](lessons/{path.name})" for path in lessons}
    for path in lessons:
        if path.stem.endswith(DEEPER):
            continue
        link, minutes, most = "", "", ""
        if sheet := of_topic.get(topic(path)):
            exercises = check.exercises(sheet.stem)
            link = f"[exercises](exercises/{sheet.name})"
            minutes, most = str(sum(one.minutes for one in exercises)), str(sum(map(points, exercises)))
        more = deeper.get(path.stem + DEEPER, "")
        lines.append(f"| [{path.stem}](lessons/{path.name}) | {more} | {link} | {minutes} | {most} |")
    return "\n".join([*lines, "", f"Variant {variant} of the numbers." if variant else "", ""])


def requirements(wheel: Path | None = None) -> str:
    """What pip is to install: the wheel beside this file, or else this version from an index."""
    return f"./{wheel.name}[notebooks]\n" if wheel else f"micra_lite[notebooks]=={__version__}\n"


def remark(files: list[Path]) -> str:
    """What the tutor must know about a folder with these files; "" if there is nothing."""
    if any(path.suffix == ".whl" for path in files):
        return ""
    return (
        f"your students' pip must find micra_lite {__version__} on an index; if it is on none, build the folder again "
        "with --wheel FILE, which you get by: pip wheel --no-deps CHECKOUT"
    )


def build(folder: Path, variant: int = 0, wheel: Path | None = None) -> list[Path]:
    """Write the student's folder, completely or not at all; returns its files.

    With a `wheel` of this package in it, students need no index for the package itself, only for what it needs.

    Raises ValueError for an invalid variant; TutorError if the folder exists, cannot be written, or outside a checkout,
    or if the wheel is not one of this course.
    """
    if folder.exists():
        raise TutorError(f"{folder} exists: choose another folder; nothing was overwritten")
    lessons, sheets = (sorted((ROOT / name).glob("*.ipynb")) for name in ("notebooks", "exercises"))
    if not lessons or not sheets:
        raise TutorError(f"there are no notebooks in {ROOT}: install the package again")
    if wheel:
        check_wheel(wheel, sheets)
    choose(variant)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as beside:
            made = Path(beside) / "course"
            for name, paths in (("lessons", lessons), ("exercises", sheets)):
                (made / name).mkdir(parents=True)
                for path in paths:
                    shutil.copy(path, made / name)
            for path in (made / "exercises").glob("*.ipynb"):
                content = sheet(json.loads(path.read_text(encoding="utf-8")), variant)
                path.write_text(f"{json.dumps(content, indent=1, ensure_ascii=False)}\n", encoding="utf-8")
            (made / "START.md").write_text(start(lessons, sheets, variant, wheel), encoding="utf-8")
            (made / "requirements.txt").write_text(requirements(wheel), encoding="utf-8")
            if wheel:
                shutil.copy(wheel, made)
            made.rename(folder)
    except OSError as reason:
        raise TutorError(f"cannot write {folder}: {reason.strerror}") from reason
    finally:
        choose(0)
    return sorted(p for p in folder.rglob("*") if p.is_file())
