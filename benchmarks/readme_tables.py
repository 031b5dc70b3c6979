"""Helpers for the parts of the page of results: reading results, markdown tables, intervals, pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def result(name: str) -> dict[str, Any]:
    """One committed result."""
    return json.loads((HERE / "results" / f"{name}.json").read_text(encoding="utf-8"))


def interval(r: dict[str, Any] | None, digits: int = 3, name: str = "score") -> str:
    """A score with its interval, or nothing where there is none.

    >>> interval({"score": 0.5, "low": 0.25, "high": 0.75}, 2)
    '0.50 [0.25, 0.75]'
    """
    if r is None:
        return ""
    low, high = (r.get(f"{name}_{end}", r.get(end)) for end in ("low", "high"))
    return f"{r[name]:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def standing(r: dict[str, Any]) -> str:
    """The standing that follows from the interval of a difference: level wherever it contains 0.

    >>> standing({"low": 0.1, "high": 0.2}), standing({"low": -0.1, "high": 0.2}), standing({"low": -0.2, "high": -0.1})
    ('ahead of', 'level with', 'behind')
    """
    return "ahead of" if r["low"] > 0 else "behind" if r["high"] < 0 else "level with"


def harmless(words: str) -> str:
    """Words in which no name is taken for HTML.

    >>> harmless("<img src=x> 3 < 4")
    '&lt;img src=x> 3 < 4'
    """
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", words)


def lines_of(headers: list[str], lines: list[list[str]]) -> list[str]:
    """A markdown table.

    >>> lines_of(["task", "score"], [["pursuit", "0.9"]])
    ['| task | score |', '|---|---|', '| pursuit | 0.9 |']
    """
    lines = [[harmless(cell).replace("|", "\\|") for cell in line] for line in lines]
    return [f"| {' | '.join(line)} |" if line else "|---" * len(headers) + "|" for line in (headers, [], *lines)]


def picture(name: str) -> str:
    """A figure of docs/, with its alt text."""
    words = (HERE.parent / "docs" / f"{name}.txt").read_text(encoding="utf-8").strip()
    return f"![{harmless(words)}](docs/{name}.png)"
