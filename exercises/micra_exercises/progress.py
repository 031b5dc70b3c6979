"""A student's progress, kept in one local file.

The environment variable MICRA_LITE_PROGRESS names the file; by default it is ~/.micra_lite/progress.json. If the variable
is empty, progress is kept in memory only. The file is written under another name and then renamed, so that a crash while
writing leaves the old file intact.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from .definition import Definition

_memory: dict[str, dict[str, Any]] = {}


def progress_file() -> Path | None:
    """The file that progress is kept in; None: in memory only."""
    named = os.environ.get("MICRA_LITE_PROGRESS")
    if named == "":
        return None
    return Path(named) if named else Path.home() / ".micra_lite" / "progress.json"


def read() -> dict[str, dict[str, Any]]:
    """name → {"done": bool, "tries": int, "hints": int, "last": bool}: ever right, and right at last.

    A broken file is renamed, not overwritten.
    """
    path = progress_file()
    if path is None:
        return _memory
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(name): {
                "done": bool(e["done"]), "tries": int(e["tries"]), "hints": int(e["hints"]), "last": bool(e.get("last", e["done"])),
            }
            for name, e in kept.items()
        }  # fmt: skip
    except OSError:
        return dict(_memory)
    except (ValueError, TypeError, KeyError, AttributeError):
        with suppress(OSError):
            path.replace(path.with_suffix(".broken"))
        return dict(_memory)


def keep(name: str, passed: bool | None = None, hints: int = 0) -> None:
    """Record an attempt (`passed`; None if there was none), or the number of hints seen so far."""
    kept = read()
    entry = dict(kept.get(name, {"done": False, "tries": 0, "hints": 0, "last": False}))
    if passed is not None:
        entry["tries"] += not entry["done"]
        entry["done"] = entry["done"] or passed
        entry["last"] = passed
    entry["hints"] = max(entry["hints"], hints)
    kept[name] = entry
    _memory[name] = entry
    with suppress(OSError):  # if nothing can be written there, memory still has it
        _write(kept)


def _write(kept: dict[str, dict[str, Any]]) -> None:
    path = progress_file()
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


@dataclass(frozen=True)
class Progress:
    """A student's progress: `rows` of (lesson, exercise, minutes, state), and their totals."""

    rows: tuple[tuple[str, str, int, str], ...]

    @classmethod
    def of(cls, exercises: Iterable[Definition]) -> Progress:
        kept = read()
        rows = []
        for one in exercises:
            entry = kept.get(one.name)
            if entry is None or not entry["tries"]:
                state = "left"
            elif entry["done"]:
                state = "done" if entry["last"] else "done, but your last answer is wrong"
            else:
                state = f"tried {entry['tries']} time{'s' * (entry['tries'] > 1)}"
            rows.append((one.lesson, one.name, one.minutes, state))
        return cls(tuple(rows))

    @property
    def done(self) -> int:
        return sum(state.startswith("done") for *_, state in self.rows)

    @property
    def tried(self) -> int:
        """The number of exercises tried but not done."""
        return sum(state.startswith("tried") for *_, state in self.rows)

    @property
    def left(self) -> int:
        return sum(state == "left" for *_, state in self.rows)

    @property
    def minutes(self) -> int:
        """The minutes that the remaining exercises take, roughly."""
        return sum(minutes for _, _, minutes, state in self.rows if not state.startswith("done"))

    def __str__(self) -> str:
        return f"{self.done} done, {self.tried} tried, {self.left} left; about {self.minutes} minutes to go"

    def __repr__(self) -> str:
        wide = max((len(name) for _, name, *_ in self.rows), default=0)
        lines = [f"{lesson}  {name:{wide}}  {minutes:3} min  {state}" for lesson, name, minutes, state in self.rows]
        return "\n".join([*lines, str(self)])

    def _repr_html_(self) -> str:
        marks = {"done": "✓", "left": "○", "done, but your last answer is wrong": "✗"}
        body = "".join(
            f"<tr><td>{escape(lesson)}</td><td><code>{escape(name)}</code></td><td>{minutes} min</td>"
            f"<td>{marks.get(state, '…')} {escape(state)}</td></tr>"
            for lesson, name, minutes, state in self.rows
        )
        return f"<table><tr><th>lesson</th><th>exercise</th><th>time</th><th>state</th></tr>{body}</table><p><b>{self}</b></p>"
