"""What looks copied: from the solution, or from another student. It is flagged for the tutor, and costs no points."""

from __future__ import annotations

import ast
import copy
import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence

from .. import check
from ..definition import solution

LONGEST = 100_000  # characters of a cell that is read as code here
SHORT = 45  # nodes of a syntax tree; about two short lines


def same_as_solution(cells: Sequence[str]) -> list[str]:
    """Notes on the functions that are the reference solution, but for names, comments and docstrings."""
    own = {form for cell in cells for form in _forms(cell)}
    return [
        f"{name}: the same code as the solution{' (it is short: perhaps by chance)' if short else ''}"
        for name, form, short in _references()
        if form in own
    ]


def same_as_each_other(sheets: Iterable[tuple[str, Sequence[str]]]) -> dict[str, str]:
    """student → a note on all whose code cells are the same to the byte; `sheets` has students with their cells."""
    together = defaultdict[tuple[str, ...], set[str]](set)
    for student, cells in sheets:
        together[tuple(cells)].add(student)
    notes = defaultdict[str, set[str]](set)
    for students in together.values():
        for one in students:
            notes[one] |= students - {one}
    return {one: f"all code the same as that of {', '.join(sorted(others))}" for one, others in notes.items() if others}


def _forms(source: str) -> list[str]:
    """The normal form of each function in a cell; none if it is not plain Python."""
    if "def " not in source or len(source) > LONGEST:
        return []
    try:
        tree = ast.parse(source)
        return [_form(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _form(function: ast.FunctionDef) -> str:
    """A function as text, with its own names numbered in the order in which they appear."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    inside = [node for statement in body for node in ast.walk(statement)]
    arguments = [node for node in ast.walk(function.args) if isinstance(node, ast.arg)]
    names = [a.arg for a in arguments]
    names += [n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    names += [n.arg for n in inside if isinstance(n, ast.arg)]
    names += [n.name for n in inside if isinstance(n, ast.FunctionDef)]
    number = {name: f"name {k}" for k, name in enumerate(dict.fromkeys(names))}
    renamed = _Renamed(number)
    return "\n".join(ast.dump(renamed.visit(copy.deepcopy(node))) for node in (*arguments, *body))


class _Renamed(ast.NodeTransformer):
    def __init__(self, number: dict[str, str]) -> None:
        self.number = number

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.number.get(node.id, node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self.number.get(node.arg, node.arg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns = self.number.get(node.name, node.name), None
        return self.generic_visit(node)


@functools.cache
def _references() -> list[tuple[str, str, bool]]:
    """Of each exercise in code: its name, the form of its solution, and whether that is short."""
    found = []
    for one in check.exercises():
        if one.kind == "function":
            tree = ast.parse(solution(one.reference))
            found.append((one.name, _forms(solution(one.reference))[0], len(list(ast.walk(tree))) < SHORT))
    return found
