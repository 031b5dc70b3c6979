"""The parts of the page of results on learning curves and comparisons, made from the results by `readme.py`."""

from __future__ import annotations

import statistics
from typing import Any

from readme_tables import interval, lines_of, picture, result, standing

MET = 64  # held-out externals of a task


def kept(name: str, *keys: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """The rows of one result, indexed by some of their columns."""
    return {tuple(r[key] for key in keys): r for r in result(name)["rows"]}


def learning() -> list[str]:
    """Learning curves in numbers."""
    measured, leads = result("learning"), kept("comparison", "task", "panel", "method")
    lines, overall = [], []
    for r in measured["rows"]:
        line = [r["task"], r["panel"], r["method"], interval(r, name="final")]
        line += [f"{statistics.mean(r['seed_finals']):.3f}", f"{min(r['seed_finals']):.3f}"]
        c = leads.get((r["task"], r["panel"], r["method"]))
        line += [standing(c).split()[0], interval(c, name="lead"), f"{c['mean_lead']:.3f}"] if c else [""] * 3
        met = r["steps_to_90"] is not None
        line += [f"{r['steps_to_90']:,.0f}", f"{r['got_there']} of {r['seeds']}"] if met else [""] * 2
        lines.append([*line, f"{r['cpu_seconds_per_100k_steps']:.1f}"])
    for r in measured["aggregate"]:
        line = [r["panel"], r["method"], interval(r, 2, "steps_ratio") if "steps_ratio" in r else ""]
        line.append(f"{r['steps_ratio_of_means']:.2f}" if "steps_ratio" in r else "")
        line.append(interval(r, 2, "improvement") if "improvement" in r else "")
        overall.append([*line, *(f"{r['profile'][measured['profile_at'].index(at)]:.2f}" for at in (0.5, 0.7, 0.9))])
    meta = ", ".join(f"{method} {count}" for method, count in measured["meta_updates"].items())
    tasks = dict.fromkeys(r["task"] for r in measured["rows"])
    return [
        f"Learning curves, {measured['seeds']} seeds. All methods have the same environment steps, and the settings found for them on "
        f"pursuit (below). Final scores are against all {MET} unseen externals, after five watched episodes where everyone adapts; "
        "beside their interquartile mean stand the plain mean and the worst run. MICRA's lead is its final score minus the other's, with "
        "a bootstrap interval over seeds and externals; where that contains 0 the methods are called level, because the data does not "
        f"tell them apart. `{measured['command']}; {result('comparison')['command']}`",
        "",
        "Steps to 90% are the environment steps until a run, before watching, has 90% of the best final score of these methods where "
        "nobody adapts. They and the figures are against the first 12 externals, the only ones met at every point of a curve. A run that "
        "never gets there counts with all its steps.",
        "",
        "Where nobody adapts no actor is told anything about the externals. In training MICRA's critic is told what the imitator expects "
        "of each, and its features learn from the imitator's loss, too; the other methods have no imitator there. Where everyone adapts "
        f"each method has an imitator of the same kind, which learns beside it; the numbers of meta-updates are: {meta}. Dotted lines in the "
        "figures: the best response to each external, the best fixed team found, and the Bayes-greedy team after as many episodes.",
        "",
        *lines_of(["task", "panel", "method", f"final score, {MET} externals", "plain mean", "worst run", "MICRA is", "MICRA's lead",
                   "lead of plain means", "steps to 90%, 12 externals", "runs that got there", "CPU-s per 100k steps"], lines),
        "",
        "Over all tasks: steps to 90% as a multiple of MICRA's (geometric mean over tasks, of interquartile means and of plain means; where "
        "few runs get there the ratio is only a lower bound), the probability that a run of MICRA ends above one of the other method "
        "(0.5: no difference), and the share of runs that end above a score. Intervals are of 95%, over seeds; one of no width says that "
        "ten runs had no exception, not that there cannot be one.",
        "",
        *lines_of(["panel", "method", "steps to 90%, ratio, 12 externals", "of plain means", f"a run of MICRA ends above, {MET} externals",
                   "above 0.5", "above 0.7", "above 0.9"], overall),
        *(line for task in tasks for line in ("", picture(f"learning-{task}"))),
        "",
        picture("comparison"),
    ]  # fmt: skip


def learning_summary() -> list[str]:
    """The README's part on learning curves: which methods end ahead, in a figure and in words."""
    measured, compared = result("learning"), result("comparison")["rows"]
    told = []
    for panel in dict.fromkeys(r["panel"] for r in compared):
        here = [r for r in compared if r["panel"] == panel]
        count = {word: [r for r in here if standing(r).startswith(word)] for word in ("ahead", "level", "behind")}
        level = []
        for task in dict.fromkeys(r["task"] for r in count["level"]):
            methods = [r["method"] for r in count["level"] if r["task"] == task]
            every = len(methods) == sum(r["task"] == task for r in here)
            level.append(f"with {'all of them' if every else ', '.join(methods)} on {task}")
        told.append(f"- *{panel.capitalize()}*: MICRA is ahead in {len(count['ahead'])} of {len(here)} comparisons, behind in "
                    f"{len(count['behind'])}, level in {len(count['level'])} ({'; '.join(level)}).")  # fmt: skip
    ahead, behind, of = decided("sampled_lead")
    found, (alone, adapting) = kept("learning", "task", "panel", "method"), dict.fromkeys(r["panel"] for r in compared)
    crossing, other = (found["crossing", adapting, method] for method in ("MICRA", "MADDPG"))
    worst = " and ".join(f"{score:.2f}" for score in sorted(crossing["seed_finals"])[:2])
    means = [statistics.mean(r["seed_finals"]) for r in (crossing, other)]
    cost = [found["pursuit", alone, m]["cpu_seconds_per_100k_steps"] for m in ("MICRA", "MADDPG", "COMA")]
    return [
        "Four other methods, in our own code (an independent and a central-V actor-critic, COMA, MADDPG), had the same "
        f"{measured['steps']:,} environment steps and the same tuning budget. *Nobody adapts*: no actor is told anything about the "
        "externals, but in training MICRA's critic sees what its imitator expects; the others have no imitator there. *Everyone "
        "adapts*: every method has an imitator of its own and has watched five episodes.",
        "",
        picture("comparison"),
        "",
        *told,
        "- *Level* means that the 95% interval of the difference has 0 in it: these runs do not tell the methods apart.",
        "- An interquartile mean leaves out the best and the worst quarter of the runs. On crossing, where everyone adapts, MICRA's two "
        f"worst of {crossing['seeds']} runs ended at {worst}: its interquartile mean is {crossing['final']:.2f}, its plain mean "
        f"{means[0]:.2f}; MADDPG's are {other['final']:.2f} and {means[1]:.2f}.",
        f"- Steps are not time: 100,000 steps of pursuit, where nobody adapts, take {cost[0]:.0f} CPU-seconds with MICRA, {cost[1]:.0f} "
        f"with MADDPG and {cost[2]:.0f} with COMA.",
        "- What regret itself adds: in MICRA's own training loop, with COMA's advantage or Q(s, a) − v(s) in its place, and own actions "
        f"sampled in all, regret is ahead in {len(ahead)} of {of} comparisons, behind in {behind}, level in the others.",
        "- Settings were tuned on pursuit only, where nobody adapts. On other tasks the order may change with the settings.",
    ]


def tuning() -> list[str]:
    """The settings of each method in the learning curves."""
    measured = result("tuning")
    lines = []
    for method, winner in measured["winners"].items():
        tried = [r for r in measured["rows"] if r["method"] == method]
        usual = next(r["score"] for r in tried if not r["changes"])
        changes = ", ".join(f"{name} {value}" for name, value in winner.items())
        lines.append([method, str(len(tried)), f"{usual:.3f}", f"{max(r['score'] for r in tried):.3f}", changes])
    return [
        f"Tuning before the curves, the same for every method: the usual settings and others drawn at random, {measured['seeds']} seeds "
        f"each, {measured['steps']:,} steps of pursuit where nobody adapts; scores are mean final scores against the validation externals. "
        f"`{measured['command']}`",
        "",
        *lines_of(["method", "settings tried", "score of the usual settings", "best score", "with"], lines),
    ]


def limits() -> list[str]:
    """Limits to how fast MICRA learns."""
    measured = result("limits")
    lines = []
    for task, replaced in dict.fromkeys((r["task"], r["replaced"]) for r in measured["rows"]):
        curve = [r for r in measured["rows"] if (r["task"], r["replaced"]) == (task, replaced)][1:]
        lines.append([task, replaced, *(f"{r['score']:.3f}" for r in curve[:5]), interval(curve[-1])])
    steps = [f"{r['step']:,} steps" for r in curve[:5]]
    return [
        f"Limits to how fast MICRA learns where nobody adapts, {measured['seeds']} seeds. Its parts are replaced: the imitator by the true "
        "policies of the training externals, the critic by the exact joint Q of the team as it plays beside each of them. With a learned "
        "critic, four times the gradient steps on the same data are tried, too. Scores are interquartile means against the first 12 unseen "
        f"externals (those above are against all {MET}). `{measured['command']}`",
        "",
        *lines_of(["task", "replaced", *steps, "at the end"], lines),
    ]


def advantages() -> list[str]:
    """The contribution of regret itself, inside the same loop."""
    measured = result("advantages")
    lines = []
    for r in measured["rows"]:
        scores = [interval(r, name=name) for name in ("during", "final")]
        better = [interval(r, name="lead"), f"{r['wins']} of {measured['seeds']}"] if "wins" in r else ["", ""]
        better.append(interval(r, name="sampled_lead") if "sampled_lead" in r else "")
        lines.append([r["task"], str(r["agents"]), str(r["batch"]), r["advantage"], *scores, *better])
    return [
        f"The contribution of regret itself, {measured['seeds']} seeds: MICRA's own loop with another advantage in place of Eq. 2's, for "
        "teams that do not adapt. Batch is the number of transitions of each external in an update. Scores, during the training and at "
        "its end, are normalised (for three hunters: returns per episode above a random team's). CRA's lead during the training is taken "
        f"seed by seed (with random payoffs each seed is another game): interquartile mean with its 95% interval. {leads()} `{measured['command']}`",
        "",
        *lines_of(["task", "agents", "batch", "advantage", "score during training", "at its end", "CRA's lead during it", "seeds in which it leads", "sampled CRA's lead"], lines),
    ]  # fmt: skip


def decided(name: str) -> tuple[list[dict[str, Any]], int, int]:
    """Comparisons of advantages whose interval of CRA's lead is above 0; the number of those below, and of all."""
    rows = [r for r in result("advantages")["rows"] if name in r]
    return [r for r in rows if r[f"{name}_low"] > 0], sum(r[f"{name}_high"] < 0 for r in rows), len(rows)


def leads() -> str:
    """Comparisons in which CRA is ahead, and by how much: as MICRA has it, and with own actions sampled."""
    said = []
    for name, words in (
        ("lead", "CRA as it is in MICRA, with the exact sum over own actions, is ahead"),
        ("sampled_lead", "Regret alone, with own actions sampled as the others must, is ahead of them"),
    ):
        ahead, behind, of = decided(name)
        where = (
            f"{r['advantage']}, by {r[name]:.3f} ({r['task']}, {r['agents']} agents, batch {r['batch']})" for r in ahead
        )
        said.append(f"{words} in {len(ahead)} of {of} comparisons, behind in {behind}: {'; '.join(where)}.")
    return " ".join(
        [
            *said,
            "Elsewhere the 95% interval of the difference contains 0. Of so many intervals one or two may miss 0 by chance.",
        ]
    )


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
        memory = (
            "" if r["method"].endswith("as many steps") else f"{r['peak_memory_gb']:.2f}"
        )  # known for whole runs only
        lines.append([names.get(r["method"], r["method"]), str(r["seeds"]), f"{r['steps']:,.0f}", f"{r['gradient_steps']:,.0f}",
                      *scores, f"{r['cpu_seconds']:,.0f}", memory, *reached])  # fmt: skip
    return [
        "Public peers hunt in pursuit 3×3, each with the settings of its own package, which are for other games and more steps; MICRA has "
        "its usual settings, which were found on this game's validation prey. No hunter is told anything about the prey (MICRA's critic "
        f"is, in training); the best fixed team found scores {fixed:.2f}. In \"MICRA, adapting\" actors are told what the imitator expects "
        "after five watched episodes of each prey. Normalised scores are of the stochastic policies, against 12 and all 64 held-out prey, "
        "and of their likeliest moves, by which BenchMARL evaluates. They are exact, except for EPyMARL's, whose actors are recurrent and "
        f"are scored by playing. Interquartile means over {measured['seeds']} seeds with 95% intervals; so few seeds are no evidence yet. "
        "Gradient steps are those of actor and critic. The last columns have the number of runs that reached a score against all 64 prey, "
        "and the mean CPU-seconds of training on one thread that they took. "
        f"`{measured['command']}`",
        "",
        *lines_of(["team", "seeds", "environment steps", "gradient steps", "score, 64", "score, 12", "likeliest moves, 64", "CPU-s",
                   "peak memory, GB", *(f"runs that reached {x}" for x in measured["summary"][0]["reached"])], lines),
        "",
        picture("peers"),
    ]  # fmt: skip
