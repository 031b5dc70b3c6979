"""Make a notebook's widgets again, by running only those of its statements that they need.

A statement is needed if it binds a name that a needed one reads, or changes what such a name stands for: it assigns to a
part of it, or calls a method of it or a function with it and keeps no result.
"""

from __future__ import annotations

import ast
import os
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from micra_lite.widgets.drawing.base import Explorer

ONLY_SHOW = {"print", "display", "show", "animate"}  # functions that change nothing of what they are given


def read(node: ast.AST) -> set[str]:
    """The names that a statement reads, those in the bodies of functions included."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def bound(node: ast.AST) -> set[str]:
    """The names that a statement binds at the top of a notebook."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    imported = (n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom))
    names |= {(alias.asname or alias.name).split(".")[0] for n in imported for alias in n.names}
    return names | {n.name for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.ClassDef)}


def base(node: ast.AST) -> str:
    """The name at the left of `name.part[…].part`; empty if there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def changed(node: ast.stmt) -> set[str]:
    """The names whose objects a statement may change."""
    found = set()
    for n in ast.walk(node):
        if isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store):
            found.add(base(n))
        if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call):
            call = n.value
            name = call.func.attr if isinstance(call.func, ast.Attribute) else base(call.func)
            if name not in ONLY_SHOW:
                found |= {base(call.func)} if isinstance(call.func, ast.Attribute) else set()
                found |= {base(x) for x in [*call.args, *(k.value for k in call.keywords)]}
    return found


def uncovered(value: ast.expr) -> ast.expr:
    """The widget in `guess.covered(widget)`, or what was shown without a cover."""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "covered":
        value = value.args[0]
    return value


def statements(notebook: NotebookNode) -> list[tuple[int, ast.stmt]]:
    """All statements of the notebook, each with its cell's number."""
    code = [(k, cell) for k, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    return [(k, node) for k, cell in code for node in ast.parse(cell.source).body]


def needed(nodes: list[tuple[int, ast.stmt]], shown: dict[int, ast.expr]) -> set[int]:
    """The places in `nodes` of the statements that must run for the expressions in `shown`."""
    late: set[str] = set()  # what needed functions read when they are called, wherever it is bound
    while True:
        wanted, found, inside = set(late), set(), set(late)
        for place in range(len(nodes) - 1, -1, -1):
            node = nodes[place][1]
            if place in shown:
                wanted |= read(shown[place])
            elif wanted & (bound(node) | changed(node)):
                found.add(place)
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    inside |= read(node)
                if isinstance(node, ast.Assign):  # whatever the name stood for before does not matter
                    wanted -= bound(node) - late
                wanted |= read(node)
        if inside == late:
            return found
        late = inside


def widgets(notebook: NotebookNode, folder: Path, cells: list[int]) -> dict[int, Explorer]:
    """Cell → the widget that its last statement shows, for the cells named; made as if run in `folder`."""
    nodes = statements(notebook)
    last = {cell: place for place, (cell, _) in enumerate(nodes)}
    shown = {last[cell]: uncovered(nodes[last[cell]][1].value) for cell in cells}
    run = needed(nodes, shown) | set(shown)
    space: dict[str, Any] = {"__name__": "__main__"}
    made = {}
    os.environ.update(MICRA_LITE_PROGRESS="", MICRA_LITE_UNATTENDED="")
    with chdir(folder), redirect_stdout(StringIO()):
        for place in sorted(run):
            cell, node = nodes[place]
            if place in shown:
                made[cell] = eval(compile(ast.Expression(shown[place]), f"cell {cell}", "eval"), space)
            else:
                exec(compile(ast.Module([node], []), f"cell {cell}", "exec"), space)
    return made
