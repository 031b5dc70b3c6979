"""The README's parts on adaptation: tables with a line for each task, made from results by `readme.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from runs import file_name

HERE = Path(__file__).parent
WATCHED = (1, 2, 5, 10, 20)
OTHERS = ("second order", "first order", "joint behaviour cloning", "from scratch")  # imitators
MAIN = 5  # watched episodes, after which everything is compared


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
    low, high = ("low", "high") if name == "score" else (f"{name}_low", f"{name}_high")
    return f"{r[name]:.{digits}f} [{r[low]:.{digits}f}, {r[high]:.{digits}f}]"


def lines_of(headers: list[str], lines: list[list[str]]) -> list[str]:
    """A markdown table.

    >>> lines_of(["task", "score"], [["pursuit", "0.9"]])
    ['| task | score |', '|---|---|', '| pursuit | 0.9 |']
    """
    return [f"| {' | '.join(line)} |" if line else "|---" * len(headers) + "|" for line in (headers, [], *lines)]


class Measured:
    """Rows of adaptation.json by task, method, watched episodes and set of externals: all of them, or the few."""

    def __init__(self) -> None:
        self.result = result("adaptation")
        self.rows = {(r["task"], r["method"], r["episodes"], r["externals"]): r for r in self.result["rows"]}
        self.tasks = list(dict.fromkeys(task for task, *_ in self.rows))
        self.counts = {t: sorted({key[3] for key in self.rows if key[0] == t}) for t in self.tasks}

    def all(self, task: str, method: str, episodes: int) -> dict[str, Any] | None:
        return self.rows.get((task, method, episodes, self.counts[task][-1]))

    def few(self, task: str, method: str, episodes: int) -> dict[str, Any] | None:
        return self.rows.get((task, method, episodes, self.counts[task][0]))


def scores() -> list[str]:
    """Before and after watching, beside imitators that were trained otherwise."""
    kept = Measured()
    fixed = {r["game"]: r["headroom_average"] for r in [*result("games")["rows"], *result("games")["matrix_games"]]}
    columns = {"before": ("conditioned", 0), "after 5": ("conditioned", MAIN)}
    columns |= {f"after 5, {name}": (f"conditioned, {name}", MAIN) for name in OTHERS}
    columns["true policy"] = ("conditioned, true external policy", 0)
    lines = [
        [task, str(kept.counts[task][-1]), f"{fixed[task]:.2f}" if task in fixed else ""]
        + [interval(kept.all(task, *key)) for key in columns.values()]
        for task in kept.tasks
    ]
    return [
        f"Adaptation, {kept.result['seeds']} seeds: normalised score against all held-out externals, interquartile mean over seeds "
        "with its 95% bootstrap interval; after five watched episodes with the team's own imitator, with others trained anew on the same "
        "data for 300 updates (step sizes of those that learn none are tuned), and with the true policy in the imitator's place. "
        f"`{kept.result['command']}` {kept.result.get('note', '')}".rstrip(),
        "",
        *lines_of(["task", "externals", "best fixed team", *columns], lines),
    ]


def curves() -> list[str]:
    """Scores and imitation errors against watched episodes, beside the Bayes limit."""
    kept = Measured()
    beside, nats = [], []
    for task in kept.tasks:
        parts, errors = [], []
        for n in WATCHED:
            ours, bayes = kept.few(task, "conditioned", n), kept.few(task, "Bayes-greedy team", n)
            if ours is None or bayes is None:
                continue
            parts.append(f"{ours['score']:.3f} / {bayes['score']:.3f} ({ours['score'] / bayes['score']:.3f})")
            errors.append(f"{ours['excess_nats']:.3f} / {bayes['excess_nats']:.3f}")
        before = kept.few(task, "conditioned", 0)
        assert before is not None
        beside.append([task, f"{before['score']:.3f}", *parts])
        others = [kept.few(task, f"conditioned, {name}", MAIN) for name in OTHERS]
        errors += [f"{r['excess_nats']:.3f}" if r else "" for r in others]
        nats.append([task, f"{before['excess_nats']:.3f}", *errors])
    headers = ["task", "0", *map(str, WATCHED)]
    few = kept.counts[kept.tasks[0]][0]
    lines = [
        f"How much watching is worth (the first {few} held-out externals): the team's score after so many watched episodes, the "
        "score of the Bayes-greedy team on the same episodes (the practical ceiling), and the one as a share of the other:",
        "",
        *lines_of(headers, beside),
        "",
        "Imitation error in nats, the imitator's / the Bayes predictor's, and after five episodes that of imitators trained otherwise:",
        "",
        *lines_of([*headers, *(f"{MAIN}, {name}" for name in OTHERS)], nats),
    ]
    for task in kept.tasks:
        words = (HERE.parent / "docs" / f"adaptation-{file_name(task)}.txt").read_text(encoding="utf-8").strip()
        lines += ["", f"![{words}](docs/adaptation-{file_name(task)}.png)"]
    return lines


def answers() -> list[str]:
    """The three answers, and what limits them."""
    kept = Measured()
    names = {
        "conditioned": "conditioned (default)", "conditioned, frozen": "frozen critic", "conditioned, re-imagined": "re-imagined",
        "conditioned, Bayes predictor": "Bayes predictor in the imitator's place", "Bayes-greedy team": "Bayes-greedy team",
    }  # fmt: skip
    lines = []
    for task in kept.tasks:
        found = [kept.few(task, method, MAIN) for method in names]
        lines.append([task, *(f"{interval(r)}, {r['seconds']:.2f} s" if r else "" for r in found)])
    return [
        "The three answers after five watched episodes, on the same externals, and the seconds of one core that adapting takes:",
        "",
        *lines_of(["task", *names.values()], lines),
    ]


def unadapted() -> list[str]:
    """What limits a team that has watched nobody."""
    measured = result("unadapted")
    return [
        "What limits a team that has watched nobody: its parts replaced by exact counterparts, one at a time "
        f"(all held-out externals; {measured['seeds']} seeds where something is trained). `{measured['command']}`",
        "",
        *lines_of(["task", "team", "score"], [
            [r["task"], r["method"], interval(r) if len(r["seed_scores"]) > 1 else f"{r['score']:.3f}"] for r in measured["rows"]
        ]),
    ]  # fmt: skip


def switching() -> list[str]:
    """Externals that change."""
    measured = result("switching")
    lines = []
    for r in measured["rows"]:
        alarms = ["", "", ""]
        if r["method"] == "watches":
            alarms = [f"{r['noticed']:.2f}", f"{r['delay']:.1f}", f"{r['false_alarms']:.2f}"]
        threshold = "" if r["threshold"] is None else f"{r['threshold']:g}"
        reward = [interval(r, name=name) for name in ("before", "at_once", "later")]
        lines.append([r["task"], r["method"], threshold, *alarms, *reward])
    return [
        f"Externals that change in the middle of an encounter, {measured['seeds']} seeds: how soon a team notices that watches the "
        "likelihood of their moves, and the reward per step, beside a team that is told and one that never asks. "
        f"`{measured['command']}`",
        "",
        *lines_of(["task", "team", "threshold, nats", "noticed", "delay, steps", "false alarms per 1,000 steps",
                   "reward before", "in the 50 steps after", "later"], lines),
    ]  # fmt: skip
