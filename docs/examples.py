"""The examples of docs/examples.md, for names whose docstring has none: {dotted name: (words, lines)}."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

PAGE = Path(__file__).parent / "examples.md"


def blocks(text: str) -> list[tuple[str, list[str]]]:
    """The words, and the lines of code, of each block in a part of the page."""
    return [
        (words.strip(), code.splitlines()) for words, code in re.findall(r"(.*?)```pycon\n(.*?)```", text, re.DOTALL)
    ]


HEAD, *PARTS = PAGE.read_text(encoding="utf-8").split("\n## ")
OPENING = blocks(HEAD)[0][1]
OWN = {name: blocks(text)[0] for name, text in (part.split("\n", 1) for part in PARTS)}


def words_in(line: str) -> set[str]:
    return set(re.findall(r"(?<![.\w])[a-z_]\w*", line.partition("#")[0]))


def opening(lines: list[str]) -> list[str]:
    """Those of the opening lines that an example needs: what makes the names that it uses, and the names these use."""
    needed, wanted = [], set().union(*map(words_in, lines))
    for line in reversed(OPENING):
        made = set(re.findall(r"\w+", line.split("=")[0].removeprefix(">>> import")))
        if made & wanted:
            needed.insert(0, line)
            wanted |= words_in(line)
    return needed


def whole(name: str) -> list[str]:
    """An example with the lines that it needs before it."""
    return [*opening(OWN[name][1]), *OWN[name][1]]


def values(module: str) -> list[str]:
    """A module's values, which have no docstrings, in reStructuredText: each with its words and its example."""
    found = []
    for name in (n for n in OWN if n.rpartition(".")[0] == module):
        if not hasattr(getattr(import_module(module), name.rpartition(".")[2]), "__qualname__"):
            lines = [OWN[name][0], "", *whole(name)]
            found += [
                f".. py:data:: {name.rpartition('.')[2]}",
                f"   :module: {module}",
                "",
                *(f"   {line}".rstrip() for line in lines),
                "",
            ]
    return found


def added(name: str, lines: list[str]) -> list[str]:
    """What a docstring without an example gets at its end: nothing where it has one, or where there is none."""
    if name not in OWN or any(line.lstrip().startswith(">>>") for line in lines):
        return []
    words = OWN[name][0]
    return ["", *([words, ""] if words else []), *whole(name), ""]
