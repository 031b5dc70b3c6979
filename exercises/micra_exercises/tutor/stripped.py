"""The package as submissions see it: its exercises take answers, but nothing in it tells what is right.

A lesson keeps of each exercise the name, the arguments, the labels, and its measure. Reference solutions, cases,
mistakes, properties and hints stay outside.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from .. import check
from ..definition import Definition
from ..exercise import Exercise

PACKAGE = Path(__file__).parents[1]
COPIED = (
    "__init__", "check", "definition", "isolation", "limits", "progress", "run_answer", "values", "variants", "verdict",
    "lessons/__init__", "tutor/__init__", "tutor/recorder", "tutor/server",
)  # fmt: skip
LABELS = ("lesson", "title", "difficulty", "importance", "minutes")


def write(package: Path) -> None:
    """Write the stripped package into the new folder `package`, readable for all users."""
    texts = {name: (PACKAGE / f"{name}.py").read_text(encoding="utf-8") for name in COPIED}
    texts["exercise"] = "from .tutor.recorder import Exercise, exercise"
    for name in check.LESSONS:
        texts[f"lessons/{name}"] = lesson(import_module(f"{check.__package__}.lessons.{name}"))
    for name, text in texts.items():
        path = package / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
    for folder in (package, package / "lessons", package / "tutor"):
        folder.chmod(0o755)


def lesson(module: ModuleType) -> str:
    """The source of a lesson without its answers."""
    parts = ["from __future__ import annotations", "from ..exercise import exercise"]
    for one in vars(module).values():
        if isinstance(one, Exercise):
            options = [f"{label}={getattr(one, label)!r}" for label in LABELS]
            if one.measure.__module__ != Definition.__module__:
                parts.append(measured(one.measure))
                options.append(f"measure={one.measure.__name__}")
            parts.append(f"@exercise({one.kind!r}, {', '.join(options)}, hints=())")
            parts.append(f"def {one.name}{inspect.signature(one.reference)}: ...")
    return "\n".join(parts)


def measured(function: Callable[..., Any]) -> str:
    """The source of a measure with the imports that it uses. It may use nothing else of its file, which has answers."""
    source = inspect.getsource(function)
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    module = ast.parse(inspect.getsource(sys.modules[function.__module__]))
    imports = [one for one in module.body if isinstance(one, (ast.Import, ast.ImportFrom))]
    return "\n".join([ast.unparse(one) for one in imports if used & {a.asname or a.name for a in one.names}] + [source])
