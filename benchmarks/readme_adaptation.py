"""The parts of the page of results on adaptation: tables with a line for each task, made from the results by `readme.py`."""

from __future__ import annotations

import statistics
from typing import Any

from readme_tables import interval, lines_of, picture, result
from runs import file_name, kind_of

WATCHED = (1, 2, 5, 10, 20)
OTHERS = ("second order", "first order", "joint behaviour cloning", "from scratch")  # imitators
MAIN = 5  # watched episodes, after which everything is compared
MOVES = 20  # watched in a matrix game, one per episode


class Measured:
    """Rows of adaptation.json by task, method, watched episodes and set of externals: all of them, or the few."""

    def __init__(self) -> None:
        self.result = result("adaptation")
        self.rows = {(r["task"], r["method"], r["episodes"], r["externals"]): r for r in self.result["rows"]}
        every = list(dict.fromkeys(task for task, *_ in self.rows))
        self.counts = {t: sorted({key[3] for key in self.rows if key[0] == t}) for t in every}
        self.tasks = [t for t in every if kind_of(t) != "matrix games"]
        self.matrix_games = [t for t in every if kind_of(t) == "matrix games"]

    def all(self, task: str, method: str, episodes: int) -> dict[str, Any] | None:
        return self.rows.get((task, method, episodes, self.counts[task][-1]))

    def few(self, task: str, method: str, episodes: int) -> dict[str, Any] | None:
        return self.rows.get((task, method, episodes, self.counts[task][0]))


def beside(ours: dict[str, Any], best: dict[str, Any]) -> str:
    """A score, the Bayes-greedy team's on the same watched episodes, and the one as a share of the other.

    >>> beside({"score": 0.9}, {"score": 1.0})
    '0.900 / 1.000 (0.900)'
    """
    return f"{ours['score']:.3f} / {best['score']:.3f} ({ours['score'] / best['score']:.3f})"


def fixed_teams() -> dict[str, float]:
    """The scores of the best fixed teams found, which play the same against all externals."""
    games = result("games")
    return {r["game"]: r["headroom_average"] for r in [*games["rows"], *games["matrix_games"]]}


def summary() -> list[str]:
    """The README's part: the grid tasks in one table, everything in one picture."""
    kept, fixed = Measured(), fixed_teams()
    tasks = [task for task in kept.tasks if kind_of(task) == "grid tasks"]
    lines, means, lacks, gains = [], [], [], []
    for task in tasks:
        before, after, told = (kept.all(task, *key) for key in (
            ("conditioned", 0), ("conditioned", MAIN), ("conditioned, true external policy", 0)))  # fmt: skip
        lines.append(
            [task, f"{fixed[task]:.2f}", *(interval(r, 2) for r in (before, after, told)), f"{after['seconds']:.2f} s"]
        )
        means += [abs(r["score"] - statistics.mean(r["seed_scores"])) for r in (before, after)]
        lacks.append(fixed[task] - before["score"])
        gains.append(told["score"] - after["score"])
    few = kept.counts[tasks[0]][0]
    shares = [
        kept.few(t, "conditioned", MAIN)["score"] / kept.few(t, "Bayes-greedy team", MAIN)["score"] for t in tasks
    ]
    return [
        f"A team is trained for {after['environment_steps'] / 1e6:.1f} million environment steps and then meets {after['externals']} "
        "externals that it has never seen. Scores are normalised: 0 is a random team, 1 the best response to each external. Each is an "
        f"interquartile mean over {kept.result['seeds']} training seeds with its 95% interval (plain means differ by at most {max(means):.2f}).",
        "",
        *lines_of(["task", "best fixed team found", "nothing watched", f"after {MAIN} watched episodes", "told the true policy",
                   "time to adapt, one core"], lines),
        "",
        "- The *best fixed team found* plays the same against every external; it comes from exact planning with the true policies of the "
        f"training externals. A trained team that has watched nothing scores {min(lacks):.2f} to {max(lacks):.2f} less.",
        f"- Being *told the true policy* of the external adds at most {max(gains):.2f} to what five watched episodes give.",
        f"- The *Bayes-greedy team* plans exactly with all that five episodes tell. It was computed for the first {few} of these externals; "
        f"against them the adapted team reaches {min(shares):.0%} to {max(shares):.0%} of its score.",
        "",
        picture("adaptation"),
    ]  # fmt: skip


def scores() -> list[str]:
    """Scores before and after watching, beside imitators trained in other ways."""
    kept, fixed = Measured(), fixed_teams()
    columns = {"before": ("conditioned", 0), "after 5": ("conditioned", MAIN)}
    columns |= {f"after 5, {name}": (f"conditioned, {name}", MAIN) for name in OTHERS}
    columns["true policy"] = ("conditioned, true external policy", 0)
    lines = [
        [task, str(kept.counts[task][-1]), f"{fixed[task]:.2f}" if task in fixed else ""]
        + [interval(kept.all(task, *key)) for key in columns.values()]
        for task in kept.tasks
    ]
    return [
        f"Normalised scores against all held-out externals, {kept.result['seeds']} seeds: interquartile means with 95% bootstrap "
        "intervals. The columns: before anything was watched; after five watched episodes, with the team's own imitator and with others "
        "that were trained anew on the same data for 300 updates (where no step sizes are learned, they are tuned); with the true policy "
        "in the imitator's place. The best fixed team found plays the same against all externals. With `view=1` each agent sees the "
        f"others up to one row and one column away. `{kept.result['command']}` {kept.result.get('note', '')}".rstrip(),
        "",
        *lines_of(["task", "externals", "best fixed team", *columns], lines),
        "",
        picture("adaptation"),
    ]


def curves() -> list[str]:
    """Scores and imitation errors against watched episodes, beside the Bayes limit."""
    kept = Measured()
    shares, nats = [], []
    for task in kept.tasks:
        parts, errors = [], []
        for n in WATCHED:
            ours, bayes = kept.few(task, "conditioned", n), kept.few(task, "Bayes-greedy team", n)
            if ours is None or bayes is None:
                continue
            parts.append(beside(ours, bayes))
            errors.append(f"{ours['excess_nats']:.3f} / {bayes['excess_nats']:.3f}")
        before = kept.few(task, "conditioned", 0)
        assert before is not None
        shares.append([task, f"{before['score']:.3f}", *parts])
        others = [kept.few(task, f"conditioned, {name}", MAIN) for name in OTHERS]
        errors += [f"{r['excess_nats']:.3f}" if r else "" for r in others]
        nats.append([task, f"{before['excess_nats']:.3f}", *errors])
    headers = ["task", "0", *map(str, WATCHED)]
    few = kept.counts[kept.tasks[0]][0]
    lines = [
        f"The worth of watching, against the first {few} held-out externals (the scores above are against all): the team's score after "
        "so many watched episodes / that of the Bayes-greedy team on the same episodes (and the one as a share of the other). The "
        "Bayes-greedy team plays the best response to the posterior mean of the externals' policies; it is the practical ceiling. It and "
        "the Bayes predictor see everything, with `view=1` too.",
        "",
        *lines_of(headers, shares),
        "",
        f"Imitation error in nats, the imitator's / the Bayes predictor's; after five episodes also that of imitators trained in other ways (the same {few} externals):",
        "",
        *lines_of([*headers, *(f"{MAIN}, {name}" for name in OTHERS)], nats),
    ]
    return [*lines, *(line for task in kept.tasks for line in ("", picture(f"adaptation-{file_name(task)}")))]


def matrix_games() -> list[str]:
    """Matrix games after so many moves, and the mean over them."""
    kept = Measured()
    lines, mean = [], []
    for game in kept.matrix_games:
        found = [kept.few(game, "conditioned", 0), kept.few(game, "conditioned", MOVES), kept.few(game, "Bayes-greedy team", MOVES),
                 kept.few(game, "conditioned, Bayes predictor", MOVES), kept.few(game, "conditioned, true external policy", 0)]  # fmt: skip
        before, after, best, bayes, true = (r or {} for r in found)
        nats = f"{after['excess_nats']:.3f} / {best['excess_nats']:.3f}"
        mean.append([r["score"] for r in (before, after, best, bayes, true)])
        lines.append([game, interval(before), interval(after),
                      *(f"{r['score']:.3f}" for r in (best, bayes, true)), nats])  # fmt: skip
    if not lines:
        return []
    lines.append(["mean", *(f"{sum(column) / len(column):.3f}" for column in zip(*mean, strict=True)), ""])
    return [
        f"Matrix games, {MOVES} watched episodes of one move each, the first {kept.counts[kept.matrix_games[0]][0]} held-out externals:",
        "",
        *lines_of(["game", "before", f"after {MOVES}", "Bayes-greedy team", "Bayes predictor in the imitator's place",
                   "true policy in its place", "nats, imitator / Bayes"], lines),
    ]  # fmt: skip


def answers() -> list[str]:
    """The three ways to adapt, and their limits."""
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
        "Three ways to adapt after five watched episodes: the imitator alone (conditioned), then the actors as well (frozen critic), or "
        f"actors and critic (re-imagined). Scores against the first {kept.counts[kept.tasks[0]][0]} held-out externals, and the seconds of "
        "one core that adapting takes:",
        "",
        *lines_of(["task", *names.values()], lines),
    ]


def unadapted() -> list[str]:
    """Limits of a team that has watched nobody."""
    measured = result("unadapted")
    return [
        "Limits of a team that has watched nobody: its parts are replaced by exact ones, one at a time "
        f"(all held-out externals; {measured['seeds']} seeds where something is trained). `{measured['command']}`",
        "",
        *lines_of(["task", "team", "score"], [
            [r["task"], r["method"], interval(r) if len(r["seed_scores"]) > 1 else f"{r['score']:.3f}"] for r in measured["rows"]
        ]),
    ]  # fmt: skip


def switching() -> list[str]:
    """Results with externals that change."""
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
        f"Externals that change in the middle of an encounter, {measured['seeds']} seeds: how soon a team notices if it watches the "
        "likelihood of their moves, and the reward per step, beside a team that is told of the change and one that never asks. "
        f"`{measured['command']}`",
        "",
        *lines_of(["task", "team", "threshold, nats", "noticed", "delay, steps", "false alarms per 1,000 steps",
                   "reward before", "in the 50 steps after", "later"], lines),
    ]  # fmt: skip
