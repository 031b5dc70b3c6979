"""The normal form of a function: the same whatever its names, comments and layout. It needs nothing but Python."""

from __future__ import annotations

import ast
import builtins
import functools
import hashlib
import json
import warnings
from typing import NamedTuple

LONGEST = 100_000  # characters of a cell that is read as code here
BUILT_IN = frozenset(name for name in dir(builtins) if name[0] != "_")
NAMES = {"id", "arg", "name", "asname", "names"}  # the fields of a syntax tree that hold names
UNSEEN = {"ctx", "kind", "returns", "annotation", "type_comment", "type_params"}  # not in all Pythons, or of no effect


class Function(NamedTuple):
    """A function of a cell: its name, a digest of its normal form, and how many nodes this has.

    One inside another has the name of the other; a lambda that of what it is assigned to, or else "lambda".
    """

    name: str
    form: str
    size: int


@functools.lru_cache(2**12)
def functions(source: str) -> tuple[Function, ...]:
    """The functions and lambdas in a cell; none if it is not Python, but for the commands of a notebook."""
    if not ("def " in source or "lambda" in source) or len(source) > LONGEST:
        return ()
    try:
        return tuple(
            _function(node, _name(statement) or _name(node) or "lambda")
            for statement in _tree(source).body
            for node in ast.walk(statement)
            if isinstance(node, (ast.FunctionDef, ast.Lambda))
        )
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def in_notebook(text: str) -> list[Function]:
    """The functions in the code cells of a notebook, given as its text."""
    cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return [one for cell in cells for one in functions(cell)]


def _tree(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are for whoever wrote it
        try:
            return ast.parse(source)
        except SyntaxError:
            return ast.parse("\n".join("" if row.startswith(("%", "!")) else row for row in source.splitlines()))


def _name(node: ast.AST) -> str | None:
    """What a statement defines."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return node.name if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else None


def _function(node: ast.FunctionDef | ast.Lambda, name: str) -> Function:
    body = [ast.Return(node.body)] if isinstance(node, ast.Lambda) else node.body
    rows = list[str]()
    _write(ast.Module([node.args, *body], []), {}, rows)  # type: ignore[list-item]
    return Function(name, hashlib.sha256("\n".join(rows).encode()).hexdigest(), len(rows))


def _write(node: ast.AST, number: dict[str, int], rows: list[str], depth: int = 0, field: str = "") -> None:
    """Add a row for each node of a syntax tree. Names are numbered as they appear, but for built-in ones."""
    if isinstance(node, ast.AnnAssign) and node.value:
        node = ast.Assign([node.target], node.value)
    words, below = [f"{depth} {field} {type(node).__name__}"], list[tuple[str, ast.AST]]()
    for name in node._fields:
        value = getattr(node, name, None)
        for one in value if isinstance(value, list) else [value]:
            if name in UNSEEN or one is None or _is_remark(one):
                continue
            if isinstance(one, ast.AST):
                below.append((name, one))
            elif name in NAMES and one not in BUILT_IN and not isinstance(node, ast.keyword):
                words.append(f"{name} {number.setdefault(one, len(number))}")
            else:
                words.append(f"{name} {one!r}")
    rows.append(" ".join(words))
    for name, one in below:
        _write(one, number, rows, depth + 1, name)


def _is_remark(node: object) -> bool:
    """Whether it does nothing: a docstring, or another text or type that stands alone."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return isinstance(node, ast.AnnAssign) and node.value is None
