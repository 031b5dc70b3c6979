"""The parts of the page of results on everything but adaptation, made from results by `readme.py`."""

from __future__ import annotations

import statistics

from readme_tables import interval, lines_of, picture, result


def headroom() -> list[str]:
    """Every task's room for adaptation."""
    games = result("games")
    return [
        "Room for adaptation, as normalised scores (0 random team, 1 best response to each external) over the 64 held-out "
        f"externals of each task, by exact dynamic programming. `{games['command']}`",
        "",
        *lines_of(["task", "states", "the best team found that plays all alike", "best response to a wrong external"], [
            [r["game"], f"{r['states']:,}", f"{r['headroom_average']:.2f}", f"{r['headroom_other']:.2f}"] for r in games["rows"]
        ]),
    ]  # fmt: skip


def learning() -> list[str]:
    """Learning curves in numbers."""
    import learning_table  # which takes seconds

    measured = result("learning")
    if measured["seeds"] < 10:
        return [f"Learning curves: {measured['seeds']} seeds so far, no evidence yet. `{measured['command']}`"]
    lines = [
        f"Learning curves, {measured['seeds']} seeds, all methods the same environment steps: final score against all 64 unseen "
        "externals (after five watched episodes where everyone adapts), environment steps to 90% of the best final score "
        f"(a run that never gets there counts with the full budget), intervals of 95%. `{measured['command']}`",
        "",
        *learning_table.lines(measured["rows"], measured.get("aggregate", [])),
    ]
    for task in dict.fromkeys(r["task"] for r in measured["rows"]):
        lines += ["", picture(f"learning-{task}")]
    return lines


def learning_summary() -> list[str]:
    """The README's share of the learning curves: one task's figure."""
    measured = result("learning")
    if measured["seeds"] < 10:
        return ["Learning curves of MICRA and the baselines are not measured yet."]
    return [f"Learning curves of MICRA and the baselines, {measured['seeds']} seeds:", "", picture("learning-pursuit")]


def tuning() -> list[str]:
    """What each method was given in the learning curves."""
    measured = result("tuning")
    lines = []
    for method, winner in measured["winners"].items():
        tried = [r for r in measured["rows"] if r["method"] == method]
        usual = next(r["score"] for r in tried if not r["changes"])
        changes = ", ".join(f"{name} {value}" for name, value in winner.items())
        lines.append([method, str(len(tried)), f"{usual:.3f}", f"{max(r['score'] for r in tried):.3f}", changes])
    return [
        f"Tuning before the curves, the same for every method: {measured['seeds']} seeds each of the settings as they are and of others "
        f"drawn at random, {measured['steps']:,} steps of pursuit, mean final score against the validation externals, nobody adapting. "
        f"`{measured['command']}`",
        "",
        *lines_of(["method", "settings tried", "score as it is", "best score", "with"], lines),
    ]


def limits() -> list[str]:
    """What limits how fast MICRA learns."""
    from learning_table import FEW  # which takes seconds

    measured = result("limits")
    lines = []
    for task, replaced in dict.fromkeys((r["task"], r["replaced"]) for r in measured["rows"]):
        curve = [r for r in measured["rows"] if (r["task"], r["replaced"]) == (task, replaced)][1:]
        lines.append([task, replaced, *(f"{r['score']:.3f}" for r in curve[:5]), interval(curve[-1])])
    steps = [f"{r['step']:,} steps" for r in curve[:5]]
    return [
        f"What limits how fast MICRA learns where nobody adapts, {measured['seeds']} seeds: its parts replaced by their exact "
        "counterparts, the imitator by the true policies of the training externals, the critic by the exact joint Q of the team as "
        f"it plays beside each of them. Scores against {FEW} unseen externals, interquartile means. `{measured['command']}`",
        "",
        *lines_of(["task", "replaced", *steps, "at the end"], lines),
    ]


def advantages() -> list[str]:
    """What regret itself contributes, inside the same loop."""
    measured = result("advantages")
    lines = []
    for r in measured["rows"]:
        scores = [interval(r, name=name) for name in ("during", "final")]
        better = interval(r, 2, "improvement") if "improvement" in r else ""
        lines.append([r["task"], str(r["agents"]), str(r["batch"]), r["advantage"], *scores, better])
    return [
        f"What regret itself contributes, {measured['seeds']} seeds: MICRA's own loop with another advantage in the place of Eq. 2's. "
        "Batch: the transitions of each external in an update. Normalised scores (of three hunters: return per episode above a "
        f"random team's) over the training and at its end, of teams that do not adapt. `{measured['command']}`",
        "",
        *lines_of(["task", "agents", "batch", "advantage", "score during training", "at its end", "CRA is better during it, probability"], lines),
    ]  # fmt: skip


def number(x: float) -> str:
    """1,234,567 or 0.123: whole above a thousand, else three significant figures."""
    return f"{x:,.0f}" if x >= 1000 else f"{x:.3g}"


def speed() -> list[str]:
    """Ratios to peers."""
    measured = result("throughput")
    return [
        f"Speed on one core, `{measured['command']}`:",
        "",
        *lines_of(["measure", "ours", "beside", "ratio"], [
            [f"{r['measure']}, {r['unit']}", number(r["ours"]), f"{number(r['peer'])} ({r['peer_name']})", number(r["ratio"])]
            for r in measured["rows"]
        ]),
    ]  # fmt: skip


def speed_summary() -> list[str]:
    """The README's share: what was timed in turn with a peer, however it went, and where the rest is."""
    rows = [r for r in result("throughput")["rows"] if r["measure"].startswith(("stepping", "offline training", "meta-update"))
            and "another machine" not in r["peer_name"]]  # fmt: skip
    return [
        "On one core, each timed in turn with the other in one run:",
        "",
        *(
            f"- {r['measure']}: {number(r['ours'])} {r['unit']}, {number(r['ratio'])} times {r['peer_name']}"
            for r in rows
        ),
        "",
        "[All results](docs/results.md): every task, method and baseline, what limits them, and the commands that measure them.",
    ]


def peers() -> list[str]:
    """Public peers on our task."""
    measured = result("peers")
    fixed = next(r["headroom_average"] for r in result("games")["rows"] if r["game"] == "pursuit")
    names = {method: f"BenchMARL {method}" for method in ("MAPPO", "MADDPG", "MASAC")}
    lines = []
    for r in measured["summary"]:
        several = [n for n in ("score_64", "score_12", "greedy_64") if n in r]
        scores = [interval(r, name=n) if r["seeds"] > 1 else f"{r[n]:.3f}" for n in several] + [""] * (3 - len(several))
        seconds = r["cpu_seconds_to"]
        reached = [f"{n} ({seconds[x]:,.0f} s)" if n else "0" for x, n in r["reached"].items()]
        lines.append([names.get(r["method"], r["method"]), str(r["seeds"]), f"{r['steps']:,.0f}", f"{r['gradient_steps']:,.0f}",
                      *scores, f"{r['cpu_seconds']:,.0f}", f"{r['peak_memory_gb']:.2f}", *reached])  # fmt: skip
    return [
        "Public peers hunting in pursuit 3×3 with BenchMARL's own settings, and MICRA with ours, untuned; no hunter is told anything "
        f"about the prey (MICRA's critic is, in training), and the best team found that plays all alike has {fixed:.2f}. MICRA, adapting: "
        "its actors are told what the imitator expects, after five watched episodes of each prey. Normalised scores of the stochastic "
        "policies against 12 and all 64 held-out prey, and of their likeliest moves, by which BenchMARL evaluates: interquartile means "
        f"over {measured['seeds']} seeds with their 95% intervals. Gradient steps are those of actor and critic. How many runs reached a "
        "score against all 64, and after how many CPU-seconds of training on one thread. "
        f"`{measured['command']}`",
        "",
        *lines_of(["team", "seeds", "environment steps", "gradient steps", "score, 64", "score, 12", "likeliest moves, 64", "CPU-s",
                   "peak memory, GB", *(f"runs that reached {x}" for x in measured["summary"][0]["reached"])], lines),
    ]  # fmt: skip


def variance() -> list[str]:
    """How much averaging over the others takes off the variance of a gradient estimate."""
    measured = result("variance")
    explorations, externals = (0.1, 0.5, 1.0), ("held-out", "average")
    kept = {(r["task"], r["external"], r["exploration"]): r["ratio_to_coma"] for r in measured["rows"]
            if r["method"] == "CRA, sampled" and r["agents"] == 3}  # fmt: skip
    lines = [
        [task, *(f"{kept[task, x, e]:.2f}" for x in externals for e in explorations)]
        for task in dict.fromkeys(task for task, _, _ in kept)
    ]
    return [
        "Variance of one decision's gradient estimate by CRA as a share of COMA's, own action sampled, the exact Q of the "
        "policies that act, three agents: the team's best response, at random with probability ε, beside a held-out external "
        f"and beside the average one. (The exact sum over the own action has none at all.) `{measured['command']}`",
        "",
        *lines_of(["task", *(f"{x}, ε {e}" for x in externals for e in explorations)], lines),
        "",
        picture("variance"),
    ]


def growth() -> list[str]:
    """Speed and memory against batch, hunters and board."""
    measured = result("growth")
    lines = []
    for r in measured["rows"]:
        batch = f"{r['batch']:,}" if "batch" in r else ""
        board = f"{r['size']}×{r['size']}" if "size" in r else ""
        value = f"{number(r['value'])} {r['unit']}"
        lines.append([r["measure"], batch, str(r.get("hunters", "")), board, value, f"{r['peak_memory_mb']:,.0f}"])
    return [
        "How it grows, each line a process of its own (peak memory includes the imports, which are the first line): pursuit, "
        f"`{measured['command']}`",
        "",
        *lines_of(["measure", "batch", "hunters", "board", "", "peak memory, MB"], lines),
    ]


def delays() -> list[str]:
    """How quickly the widgets answer."""
    measured = result("widgets")
    return [
        "Widgets, from a key to the changed picture, in JupyterLab in Chromium: median, which is "
        f"to be within 100 ms. `{measured['command']}`",
        "",
        *lines_of(["widget", "lesson", "ms"], [
            [r["widget"], r["notebook"], f"{r['delay_ms_median']:.0f}"] for r in measured["rows"]
        ]),
    ]  # fmt: skip


def checks() -> list[str]:
    """How often the checks of the exercises are right."""
    measured = result("exercises")
    counted = (("wrong_named", "wrong_tried"), ("right_accepted", "right_tried"), ("mutants_rejected", "mutants_tried"))
    sheets, lines = dict.fromkeys(r["lesson"] for r in measured["rows"]), []
    for sheet in [*sheets, *(["all"] if len(sheets) > 1 else [])]:
        rows = [r for r in measured["rows"] if sheet in (r["lesson"], "all")]
        told = [f"{sum(r[good] for r in rows):,} of {sum(r[of] for r in rows):,}" for good, of in counted]
        spent = f"{statistics.median(r['seconds'] for r in rows):.3f}, {max(r['seconds_max'] for r in rows):.2f}"
        lines.append([sheet, str(len(rows)), *told, spent])
    return [
        "The checks of the exercises: wrong and right answers, written by hand by those who wrote the checks (what students do "
        "may differ), and mutants of the reference solutions, one thing changed at a time. Wrong answers count where the mistake "
        f"is told by its name. `{measured['command']}`",
        "",
        *lines_of(["sheet", "exercises", "wrong, told by name", "right, accepted", "mutants, rejected",
                   "a check, s: median, longest"], lines),
    ]  # fmt: skip


def grading() -> list[str]:
    """Whether grading is right, and holds."""
    measured = result("grading")
    names = {"bubblewrap": "bubblewrap", "user": "another user (root, no bubblewrap)"}
    lines = [
        [names[r["sandbox"]], f"{r['of_these_graded_right']} of {r['honest_or_broken']}",
         f"{r['hostile'] - r['hostile_with_points']} of {r['hostile']}", "yes" if r["canary_changed"] else "no", f"{r['seconds']:.0f}"]
        for r in sorted(measured["rows"], key=lambda r: r["sandbox"])
    ]  # fmt: skip
    return [
        "Grading a class, in each kind of sandbox: submissions right, wrong and broken, whose marks are known, and hostile ones (all "
        f"that we have thought of; another attack may do better). One sheet, {measured['rows'][0]['seconds_allowed_each']:.0f} s "
        f"allowed to each. `{measured['command']}`",
        "",
        *lines_of(
            ["sandbox", "known marks, graded right", "hostile, without a point", "anything changed outside", "s"], lines
        ),
    ]
