"""Measure how long a lesson takes, from its source: what a student reads, runs and answers.

minutes = words / 200 + 10 s for each line of code that is shown + 1 for each question

Cells with the tag `hide-input` are folded away, and those that ask are too: their lines do not count. A formula counts as
one word, a table's bars and rules as none.

python notebooks/measure.py         a table of all lessons, beside the minutes that their headers promise
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import jupytext
from build import hidden, sources

WORDS, LINES, MINUTES = 1200, 110, 30  # at most, in a lesson of the core path


@dataclass(frozen=True)
class Measure:
    """What one lesson asks of a student; `promised` is the number of minutes in its header."""

    words: int
    lines: int
    questions: int
    promised: int

    @property
    def minutes(self) -> float:
        return self.words / 200 + self.lines / 6 + self.questions


def plain(markdown: str) -> str:
    """Prose without formulas (a word each), HTML tags, and the bars and rules of tables."""
    prose = re.sub(r"\$\$.+?\$\$|\$.+?\$", " formula ", markdown, flags=re.DOTALL)
    prose = re.sub(r"<[^>]+>|^\|[-|: ]+\|$", " ", prose, flags=re.MULTILINE)
    return prose.replace("|", " ")


def words(markdown: str) -> int:
    """How many words are to be read: whatever has a letter or a digit in it."""
    return sum(any(c.isalnum() for c in word) for word in plain(markdown).split())


def measure(source: Path) -> Measure:
    """Measure one lesson. Raises ValueError if its first cell does not say **Time**: N minutes."""
    cells = jupytext.read(source).cells
    prose = [c.source for c in cells if c.cell_type == "markdown"]
    code = [c for c in cells if c.cell_type == "code"]
    promised = re.search(r"\*\*Time\*\*: (\d+) minutes", prose[0])
    if not promised:
        raise ValueError(f"{source.name}: the first cell must say **Time**: N minutes")
    shown = [line for c in code if not hidden(c) for line in c.source.splitlines() if line.strip()]
    asked = sum(c.source.count("widgets.ask(") for c in code) + sum(p.count("**Question.**") for p in prose)
    return Measure(sum(map(words, prose)), len(shown), asked, int(promised[1]))


def core(name: str) -> bool:
    """Whether a lesson is of the core path; what goes deeper is optional."""
    return not name.endswith("_deeper")


def main() -> int:
    print(f"{'lesson':34} {'words':>6} {'lines':>6} {'questions':>10} {'minutes':>8} {'header':>7}")
    total = dict.fromkeys((True, False), 0.0)
    for name, source in sources().items():
        if "/" in name:
            continue
        m = measure(source)
        total[core(name)] += m.minutes
        print(f"{name:34} {m.words:6} {m.lines:6} {m.questions:10} {m.minutes:8.1f} {m.promised:7}")
    print(f"core path: {total[True] / 60:.1f} hours; deeper: {total[False] / 60:.1f} hours")
    return 0


if __name__ == "__main__":
    sys.exit(main())
