"""Write the README's table of results from benchmarks/results, so that nobody copies a number by hand.

python benchmarks/readme.py           write it
python benchmarks/readme.py --check   change nothing; fail where README and results differ
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BEGIN, END = "<!-- results: made by benchmarks/readme.py -->", "<!-- end of results -->"


def result(name: str) -> dict[str, Any]:
    """One committed result."""
    return json.loads((HERE / "results" / f"{name}.json").read_text(encoding="utf-8"))


def table() -> str:
    """The whole section, as markdown."""
    games, adaptation, speed = result("games"), result("adaptation"), result("throughput")
    room = games["rows"][0]
    lines = [
        "Room for adaptation, as normalised scores over the 64 held-out externals of each task, by exact dynamic "
        f"programming. `{games['command']}`",
        "",
        "| task | states | the best team found that plays all alike | best response to a wrong external |",
        "|---|---|---|---|",
        *(
            f"| {r['game']} | {r['states']:,} | {r['headroom_average']:.2f} | {r['headroom_other']:.2f} |"
            for r in games["rows"]
        ),
        "",
        f"Pursuit 3×3, held-out prey, {adaptation['seeds']} seeds: normalised score (0 random team, 1 best response to that "
        "prey), interquartile mean over seeds with its 95% bootstrap interval. The best team found that plays all prey "
        f"alike scores {room['headroom_average']:.2f}, the best response to a wrong prey {room['headroom_other']:.2f}. "
        f"`{adaptation['command']}`",
        "",
        "| team | watched episodes | prey | score | imitation error, nats | adaptation, s |",
        "|---|---|---|---|---|---|",
    ]
    for r in adaptation["rows"]:
        lines.append(
            f"| {r['method']} | {r['episodes']} | {r['externals']} | {r['score']:.3f} [{r['low']:.3f}, {r['high']:.3f}] "
            f"| {r['excess_nats']:.2f} | {r['seconds']:.2f} |"
        )
    lines += [
        "",
        f"Speed on one core, `{speed['command']}`:",
        "",
        "| measure | ours | peer | ratio |",
        "|---|---|---|---|",
    ]
    for r in speed["rows"]:
        lines.append(
            f"| {r['measure']}, {r['unit']} | {r['ours']:,.4g} | {r['peer']:,.4g} ({r['peer_name']}) | {r['ratio']:,.3g} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Write or check the section between the two marks."""
    text = README.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    wanted = f"{head}{BEGIN}\n{table()}\n{END}{tail}"
    if "--check" in sys.argv:
        sys.exit(0 if wanted == text else "README.md differs from benchmarks/results: run python benchmarks/readme.py")
    README.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
