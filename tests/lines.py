"""How much there is to read: prints the reading list's lines, docstrings included, and fails where a limit is passed.

What does not fit goes to `micra_lite/extensions/`; longer lines are no way out, so there is a limit on these too.
"""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIST = ("regret", "imitation", "networks", "agent", "updates", "phases")
WIDTH = 120


def main() -> int:
    files = [p for folder in ("micra_lite", "exercises/micra_exercises") for p in (ROOT / folder).rglob("*.py")]
    texts = {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8").splitlines() for p in files}
    lines = {name: len(text) for name, text in texts.items()}
    top = {name: n for name, n in lines.items() if name.count("/") == 1}
    reading = [top[f"micra_lite/{name}.py"] for name in LIST]
    longest, largest = max(top, key=lambda name: top[name]), max(lines, key=lambda name: lines[name])
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]
    figures = [
        (sum(reading), 900, "reading list: " + ", ".join(f"{name} {n}" for name, n in zip(LIST, reading, strict=True))),
        (sum(top.values()), 1800, "everything at the top of micra_lite/"),
        (top[longest], 220, f"the longest file there, {longest}"),
        (top["micra_lite/updates.py"], 130, "micra_lite/updates.py"),
        (lines[largest], 400, f"the longest file anywhere, {largest}"),
        (max(len(line) for name in top for line in texts[name]), WIDTH, "characters in the widest line at the top"),
        (ruff["line-length"], WIDTH, "characters in a line, as ruff has it"),
    ]
    for found, limit, words in figures:
        print(f"{found:5,} of at most {limit:5,}  {words}{'  ← TOO MUCH' if found > limit else ''}")
    return int(any(found > limit for found, limit, _ in figures))


if __name__ == "__main__":
    sys.exit(main())
