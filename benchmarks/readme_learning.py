"""The parts of the page of results on learning curves, and what stands beside them, made from results by `readme.py`."""

from __future__ import annotations

from typing import Any

from readme_tables import interval, lines_of, picture, result


def knowing(measured: dict[str, Any]) -> str:
    """What the methods of the learning curves are told beside each other."""
    meta = ", ".join(f"{method} {count}" for method, count in measured["meta_updates"].items())
    return (
        "Where nobody adapts no actor is told anything about the externals; but in training MICRA's critic is told what the "
        "imitator expects of each, and its features learn from the imitator's loss, too, while the other methods have no imitator "
        "there. Where everyone adapts each method has an imitator of the same kind, which learns beside it, by so many "
        f"meta-updates: {meta}. In the figures, dotted lines are the best response to each external, the best team found that "
        "plays all alike, and the Bayes-greedy team after as many episodes."
    )


def learning() -> list[str]:
    """Learning curves in numbers."""
    import learning_table  # which takes seconds
    from learning_table import FEW

    measured = result("learning")
    if measured["seeds"] < 10:
        return [f"Learning curves: {measured['seeds']} seeds so far, no evidence yet. `{measured['command']}`"]
    lines = [
        f"Learning curves, {measured['seeds']} seeds, all methods the same environment steps and the settings found on pursuit (below): "
        "final score against all 64 unseen externals (after five watched episodes where everyone adapts); environment steps to 90% "
        f"of the best final score of these methods, both against the {FEW} externals that are met at every point (a run that never gets there counts "
        "with the full budget; interquartile means over runs); intervals of 95%. "
        + knowing(measured)
        + f" `{measured['command']}`",
        "",
        *learning_table.lines(measured["rows"], measured.get("aggregate", [])),
    ]
    for task in dict.fromkeys(r["task"] for r in measured["rows"]):
        lines += ["", picture(f"learning-{task}")]
    return lines


def learning_summary() -> list[str]:
    """The README's share of the learning curves: one task's figure, and how the published methods compare over all."""
    measured = result("learning")
    if measured["seeds"] < 10:
        return ["Learning curves of MICRA and the baselines are not measured yet."]
    overall = {(r["panel"], r["method"]): r for r in measured["aggregate"]}
    alone, adapting = dict.fromkeys(panel for panel, _ in overall)
    lines = []
    for method in [m for panel, m in overall if panel == adapting and m != "MICRA"]:
        r = overall[alone, method]
        better = [interval(overall[panel, method], 2, "improvement") for panel in (alone, adapting)]
        lines.append([method, interval(r, 2, "steps_ratio"), f"{r['steps_ratio_of_means']:.2f}", *better])
    tasks, found = (
        overall[adapting, "MICRA"]["tasks"],
        {(r["task"], r["panel"], r["method"]): r for r in measured["rows"]},
    )
    ours, without = (found["pursuit", alone, m]["final"] for m in ("MICRA", "MICRA, no imitator"))
    first = {}
    for panel in (alone, adapting):
        ahead = [max((m for p, m in overall if p == panel), key=lambda m: found[t, panel, m]["final"]) for t in tasks]
        first[panel] = "; ".join(
            f"{m} on {', '.join(t for t, a in zip(tasks, ahead, strict=True) if a == m)}" for m in dict.fromkeys(ahead)
        )
    return [
        f"Learning curves of MICRA and four baselines: {measured['seeds']} seeds, {measured['steps']:,} environment steps. Settings were "
        "chosen on pursuit by the final score where nobody adapts, with the same budget for each method, and serve all tasks.",
        "",
        picture("learning-pursuit"),
        "",
        f"- *{alone}*: no actor is told anything about the externals. In training MICRA has an imitator, whose predictions its critic "
        f"sees; without one it ends at {without:.3f} on pursuit, with it at {ours:.3f}. First at the end: {first[alone]}.",
        f"- *{adapting}*: every method has an imitator of its own, and has watched five episodes of each newcomer. First at the end: "
        f"{first[adapting]}.",
        "",
        f"Over all of them ({', '.join(tasks)}): how many environment steps another method takes to 90% of the best final score where "
        "nobody adapts, as a multiple of MICRA's, by interquartile means and by means over runs (a run that never gets there counts "
        "with the full budget); and the probability that a run of MICRA ends above one of its (0.5: no difference). Intervals of 95%.",
        "",
        *lines_of(["method", "steps, ratio", "of means", f"MICRA ends above, {alone}", f"MICRA ends above, {adapting}"], lines),
        "",
        "What regret itself contributes, in MICRA's own loop with another advantage in its place, as the mean score over the training, "
        "seed by seed (batch: the transitions of each external in an update):",
        "",
        *(f"- {sentence}" for sentence in leads()),
    ]  # fmt: skip


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
        "it plays beside each of them; and, as to a learned critic, with more gradient steps on the same data. Scores against "
        f"{FEW} unseen externals, interquartile means. `{measured['command']}`",
        "",
        *lines_of(["task", "replaced", *steps, "at the end"], lines),
    ]


def advantages() -> list[str]:
    """What regret itself contributes, inside the same loop."""
    measured = result("advantages")
    lines = []
    for r in measured["rows"]:
        scores = [interval(r, name=name) for name in ("during", "final")]
        better = [interval(r, name="lead"), f"{r['wins']} of {measured['seeds']}"] if "wins" in r else ["", ""]
        better.append(interval(r, name="sampled_lead") if "sampled_lead" in r else "")
        lines.append([r["task"], str(r["agents"]), str(r["batch"]), r["advantage"], *scores, *better])
    return [
        f"What regret itself contributes, {measured['seeds']} seeds: MICRA's own loop with another advantage in the place of Eq. 2's. "
        "Batch: the transitions of each external in an update. Normalised scores (of three hunters: return per episode above a "
        "random team's) over the training and at its end, of teams that do not adapt. CRA's lead over the training is taken seed by "
        f"seed (random payoffs are another game for each): interquartile mean with its 95% interval. {' '.join(leads())} `{measured['command']}`",
        "",
        *lines_of(["task", "agents", "batch", "advantage", "score during training", "at its end", "CRA's lead during it", "seeds in which it leads", "sampled CRA's lead"], lines),
    ]  # fmt: skip


def leads() -> list[str]:
    """How often an interval of CRA's lead is above 0, where, and by how much: as MICRA has it, and with own actions sampled."""
    said = []
    for name, words in (
        ("lead", "CRA as it is in MICRA, with the exact sum over own actions, is ahead"),
        ("sampled_lead", "Regret alone, with own actions sampled as the others must, is ahead of them"),
    ):
        rows = [r for r in result("advantages")["rows"] if name in r]
        ahead, behind = [r for r in rows if r[f"{name}_low"] > 0], [r for r in rows if r[f"{name}_high"] < 0]
        where = "; ".join(
            f"{r['advantage']}, by {r[name]:.3f} ({r['task']}, {r['agents']} agents, batch {r['batch']})" for r in ahead
        )
        said += [
            f"{words} in {len(ahead)} of {len(rows)} comparisons, behind in {len(behind)}"
            + (f": {where}." if where else ".")
        ]
    return [*said, "In the others the 95% interval of the difference has 0 in it."]


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
        memory = "" if r["method"].endswith("as many steps") else f"{r['peak_memory_gb']:.2f}"  # known of whole runs
        lines.append([names.get(r["method"], r["method"]), str(r["seeds"]), f"{r['steps']:,.0f}", f"{r['gradient_steps']:,.0f}",
                      *scores, f"{r['cpu_seconds']:,.0f}", memory, *reached])  # fmt: skip
    return [
        "Public peers hunting in pursuit 3×3, each with its own package's settings, which are for other games and more steps, and MICRA with "
        "its usual ones, which were found on this game's validation prey; no hunter is told anything "
        f"about the prey (MICRA's critic is, in training), and the best team found that plays all alike has {fixed:.2f}. MICRA, adapting: "
        "its actors are told what the imitator expects, after five watched episodes of each prey. Normalised scores of the stochastic "
        "policies against 12 and all 64 held-out prey, and of their likeliest moves, by which BenchMARL evaluates (EPyMARL's, whose actors "
        "are recurrent, as played; all others exact): interquartile means "
        f"over {measured['seeds']} seeds with their 95% intervals; so few seeds are no evidence yet. Gradient steps are those of actor and critic. How many runs reached a "
        "score against all 64, and after how many CPU-seconds of training on one thread. "
        f"`{measured['command']}`",
        "",
        *lines_of(["team", "seeds", "environment steps", "gradient steps", "score, 64", "score, 12", "likeliest moves, 64", "CPU-s",
                   "peak memory, GB", *(f"runs that reached {x}" for x in measured["summary"][0]["reached"])], lines),
        "",
        picture("peers"),
    ]  # fmt: skip


def peers_summary() -> list[str]:
    """The README's share of the public peers."""
    measured = result("peers")
    return [
        f"Beside public packages on pursuit, {measured['seeds']} seeds, too few to be evidence: peers have {measured['steps']:,} environment "
        "steps and their own settings, which are for other games and more steps; MICRA has a larger budget of cheaper steps and its "
        "usual settings, which were found on this game.",
        "",
        picture("peers"),
    ]
