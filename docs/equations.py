"""Find where each numbered equation is explained, computed and tested: found in the lessons, the docstrings and the tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

import nbformat

ROOT = Path(__file__).parent.parent
NUMBERS = (1, 2, 3, 4)


class Place(NamedTuple):
    """A lesson with the formula as it is written there, or a function or test with its docstring."""

    where: str
    text: str


def numbers(text: str) -> set[int]:
    """The equations that a text names: "Eq. 2" or "Eqs. 1 and 4"."""
    found = re.findall(r"Eqs?\.\s+(\d+)(?:\s+and\s+(\d+))?", text)
    return {int(number) for pair in found for number in pair if number}


def lessons(equation: int) -> list[Place]:
    """The notebooks that write the equation out under its number."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                formulas = [f for f in cell.source.split("$$")[1::2] if f"(Eq. {equation})" in f]
                found += [Place(path.stem, formula.strip()) for formula in formulas]
    return found


def documented(folder: str) -> list[Place]:
    """Every public function or class of a folder's Python files, under its dotted name, with its docstring.

    Files at the top come before those in folders: the algorithm first.
    """
    found = []
    for path in sorted((ROOT / folder).rglob("*.py"), key=lambda p: (len(p.parts), p)):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                found.append(Place(f"{module}.{node.name}", ast.get_docstring(node) or ""))
    return found


def functions(equation: int) -> list[Place]:
    """The package's functions and classes whose docstring names the equation, but for widgets and for MICRA's rivals."""
    found = (p for p in documented("micra_lite") if equation in numbers(p.text))
    return [p for p in found if p.where.split(".")[1] not in ("widgets", "baselines")]


def tests(equation: int) -> list[Place]:
    """The tests whose docstring says that they check the equation."""
    found = (p for p in documented("tests") if equation in numbers(p.text))
    return [p for p in found if p.where.rpartition(".")[2].startswith("test_")]


def page() -> str:
    """The cross-reference as a markdown page."""
    lines = ["# Equations", "", "Where each one is explained, computed and tested."]
    for equation in NUMBERS:
        written = lessons(equation)
        lines += ["", f"## Eq. {equation}", "", f"$${written[-1].text}$$", ""]
        lines += ["Explained in " + ", ".join(f"[](/notebooks/{p.where})" for p in written) + "."]
        lines += ["", "Computed by", ""]
        lines += [f"- {{py:obj}}`{p.where}`: {p.text.splitlines()[0]}" for p in functions(equation)]
        lines += ["", "Tested by", ""]
        for module, _, name, words in ((*p.where.rpartition("."), p.text.splitlines()[0]) for p in tests(equation)):
            lines.append(f"- `{name}` in `{module.replace('.', '/')}.py`: {words}")
    return "\n".join(lines) + "\n"
