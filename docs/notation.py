"""The notation as a page of the site: docs/notation.md, with links from names to the API and to the first lesson."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import equations

DOCS = Path(__file__).parent
PACKAGE = DOCS.parent / "micra_lite"


def places() -> dict[str, str]:
    """Where a name without dots leads: modules, then functions and classes; the algorithm's own before the folders'."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py"), key=lambda p: (len(p.parts), p)):
        found.setdefault(path.stem, ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    return {**found, **{p.where.rpartition(".")[2]: p.where for p in reversed(equations.documented("micra_lite"))}}


def place(name: str, known: dict[str, str]) -> str | None:
    """The dotted name of what a code name such as `Agent.value` or `exact.bayes_predictor` stands for, if it is known."""
    owner, _, last = name.rpartition(".")
    if owner in known and owner[0].isupper():
        module, _, kind = known[owner].rpartition(".")
        documented = getattr(getattr(import_module(module), kind), last, None)
        return f"{known[owner]}.{last}" if callable(documented) or isinstance(documented, property) else known[owner]
    return known.get(last)


def codes() -> list[tuple[str, str]]:
    """Each lesson's name and all its code, with what its words set as code, in the order of the course."""
    found = []
    for path in sorted((DOCS.parent / "notebooks").glob("*.ipynb"), key=lambda p: (p.stem.endswith("_deeper"), p)):
        text = ""
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            text += source if cell["cell_type"] == "code" else " ".join(re.findall(r"`[^`]+`", source))
        found.append((path.stem, text))
    return found


def first_lesson(names: list[str], lessons: list[tuple[str, str]]) -> str:
    """A link to the first lesson, after the tour, that uses one of the names."""
    wanted = re.compile("|".join(rf"(?<!\w){name.rpartition('.')[2]}(?!\w)" for name in names) or "(?!)")
    return next((f"[{name[:2]}](/notebooks/{name})" for name, text in lessons[1:] if wanted.search(text)), "")


def page() -> str:
    """The notation, each row with the lesson where it first comes up."""
    known, lessons, lines = places(), codes(), []
    for line in (DOCS / "notation.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| symbol"):
            line += " lesson |"
        elif line.startswith("|---"):
            line += "---|"
        elif line.startswith("|"):
            names = re.findall(r"`([\w.]+)`", line)
            linked = [name for name in names if place(name, known)]
            for name in linked:
                line = line.replace(f"`{name}`", f"{{py:obj}}`{name} <{place(name, known)}>`")
            line += f" {first_lesson(linked or names, lessons)} |"
        lines.append(line)
    return "\n".join(lines) + "\n"
