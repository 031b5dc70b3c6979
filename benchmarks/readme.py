"""Write docs/results.md, the README's summary of it, and docs/environments.md from benchmarks/results, so that no number is copied by hand.

python benchmarks/readme.py           write them
python benchmarks/readme.py --check   change nothing; fail where they differ from the results
"""

from __future__ import annotations

import sys
from pathlib import Path

import readme_adaptation as adaptation
import readme_environments as environments
import readme_learning as learning
import readme_parts as parts

HERE = Path(__file__).parent
README, PAGE = HERE.parent / "README.md", HERE.parent / "docs" / "results.md"
ENVIRONMENTS = HERE.parent / "docs" / "environments.md"
BEGIN, END = "<!-- results: made by benchmarks/readme.py -->", "<!-- end of results -->"
# The parts of the page, each with the result that it is made from; without the result it is left out.
PARTS = {
    "Room for adaptation": [(parts.headroom, "games")],
    "Adaptation": [(adaptation.scores, "adaptation"), (adaptation.curves, "adaptation"), (adaptation.matrix_games, "adaptation"),
                   (adaptation.answers, "adaptation")],
    "Before anybody was watched": [(adaptation.unadapted, "unadapted")],
    "Externals that change": [(adaptation.switching, "switching")],
    "Learning curves": [(learning.learning, "comparison"), (learning.tuning, "tuning"), (learning.limits, "limits"),
                        (learning.advantages, "advantages")],
    "Public peers": [(learning.peers, "peers")],
    "Variance of the gradient": [(parts.variance, "variance")],
    "Speed and memory": [(parts.speed, "throughput"), (parts.growth, "growth"), (parts.delays, "widgets")],
    "Exercises and grading": [(parts.checks, "exercises"), (parts.strangers, "strangers"), (parts.grading, "grading")],
}  # fmt: skip
# The parts that the README shows.
SUMMARY = (
    (adaptation.summary, "adaptation"),
    (learning.learning_summary, "comparison"),
    (parts.speed_summary, "throughput"),
)


def made(chosen: list) -> list[str]:
    """The parts whose results exist."""
    return ["\n".join(part()) for part, name in chosen if (HERE / "results" / f"{name}.json").exists()]


def table() -> str:
    """All results, as markdown; pictures are in docs/."""
    found = {title: made(chosen) for title, chosen in PARTS.items()}
    return "\n\n".join(f"## {title}\n\n" + "\n\n".join(each) for title, each in found.items() if each)


def pages() -> dict[Path, str]:
    """The files as they should be."""
    head, rest = README.read_text(encoding="utf-8").split(BEGIN)
    _, tail = rest.split(END)
    page = table().replace("](docs/", "](")
    return {
        README: "\n".join([head + BEGIN, "\n\n".join(made(list(SUMMARY))), END + tail]),
        PAGE: f"# What it measures\n\nMade by `python benchmarks/readme.py`.\n\n{page}\n",
        ENVIRONMENTS: environments.filled(ENVIRONMENTS.read_text(encoding="utf-8")),
    }


def main() -> None:
    """Write or check all."""
    for path, wanted in pages().items():
        if "--check" not in sys.argv:
            path.write_text(wanted, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != wanted:
            sys.exit(f"{path.name} differs from benchmarks/results: run python benchmarks/readme.py")


if __name__ == "__main__":
    main()
