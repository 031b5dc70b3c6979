"""Figures of adaptation: scores of one task against watched episodes and seconds; scores of all tasks before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from micra_lite.plotting.style import BLUE, GREEN, GREY, ORANGE, VERMILLION

Rows = Sequence[Mapping[str, Any]]


def adaptation_curves(task: str, rows: Rows) -> tuple[Figure, str]:
    """Score and imitation error against watched episodes, and score against seconds, from rows of `adaptation.json`.

    Rows of one task and one set of externals. The team that adapts is the red line; beside it the same team with the
    Bayes predictor or the true policy in the imitator's place, the Bayes-greedy team, and teams that took gradient steps.
    """
    by = {(r["method"], r["episodes"]): r for r in rows}
    ours = [r for r in rows if r["method"] == "conditioned"]
    figure = Figure(figsize=(10.5, 3.7), layout="constrained")
    scores, nats, seconds = figure.subplots(1, 3)
    watched = [r["episodes"] for r in ours]
    scores.fill_between(
        watched, [r["low"] for r in ours], [r["high"] for r in ours], color=VERMILLION, alpha=0.2, linewidth=0
    )
    lines = [("conditioned", "adapts (ours)", VERMILLION, "o-"), ("conditioned, Bayes predictor", "with the Bayes predictor", BLUE, "s--"),
             ("Bayes-greedy team", "Bayes-greedy team", "black", "^:")]  # fmt: skip
    for method, label, colour, style in lines:
        if found := [r for r in rows if r["method"] == method]:
            at, values = zip(*[(r["episodes"], r["score"]) for r in found], strict=True)
            scores.plot(at, values, style, color=colour, label=label, markersize=5)
    if (true := by.get(("conditioned, true external policy", 0))) is not None:
        scores.axhline(true["score"], color=GREEN, linestyle="-.", linewidth=1.2, label="with the true policy")
    known = [r for r in ours if r["bayes_nats"] is not None]
    nats.plot(watched, [r["excess_nats"] for r in ours], "o-", color=VERMILLION, label="imitator (ours)", markersize=5)
    nats.plot([r["episodes"] for r in known], [r["bayes_nats"] for r in known], "^:", color="black", label="Bayes predictor",
              markersize=5)  # fmt: skip
    main = 5
    points = [("conditioned", "adapts (ours)", VERMILLION, "o"), ("conditioned, frozen", "+ frozen critic", BLUE, "s"),
              ("conditioned, re-imagined", "+ re-imagined", ORANGE, "D"), ("unconditioned, frozen", "unconditioned, frozen", GREEN, "^"),
              ("unconditioned, re-imagined", "unconditioned, re-imagined", GREY, "v")]  # fmt: skip
    timed = []
    for method, label, colour, marker in points:
        if (r := by.get((method, main))) is not None:
            error = [[r["score"] - r["low"]], [r["high"] - r["score"]]]
            seconds.errorbar(r["seconds"], r["score"], error, fmt=marker, color=colour, label=label, capsize=3)
            timed.append(f"{label} {r['score']:.2f} in {r['seconds']:.2f} s")
    # At least half the scale, so that small differences look small.
    scores.set_ylim(min(0.5, *(r["low"] for r in ours)) - 0.03, 1.03)
    ticks = sorted({0, *watched})
    for axes, title in ((scores, "score"), (nats, "imitation error, nats")):
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xticks(ticks, [str(t) for t in ticks])
        axes.set_xlim(-0.2, 1.15 * max(ticks))
        axes.set(xlabel="watched episodes", title=title)
    nats.set_ylim(0)
    seconds.set(xlabel="seconds of adaptation", title=f"score after {main} episodes", ylim=scores.get_ylim())
    scores.set_ylabel("normalised score (1: best response)")
    for axes in (scores, nats, seconds):
        axes.legend(frameon=False, fontsize=8, loc="upper right" if axes is nats else "lower right")
        axes.grid(color="0.9", linewidth=0.8)
    figure.suptitle(f"{task}: the first {ours[0]['externals']} unseen externals", fontsize=11)
    first, last = ours[0], ours[-1]
    alt = (
        f"Adaptation in {task} to the first {first['externals']} unseen externals. Score {first['score']:.2f} with nothing watched, "
        f"{last['score']:.2f} after {last['episodes']} episodes; imitation error {first['excess_nats']:.2f} nats, then "
        f"{last['excess_nats']:.2f}. After {main} episodes: {'; '.join(timed)}."
    )
    return figure, alt


def before_and_after(groups: Mapping[str, Rows], fixed: Mapping[str, float]) -> tuple[Figure, str]:
    """Every task's score with nothing watched and after watching, beside the best fixed team's where that is known.

    Args: groups, title → rows of `adaptation.json`, of one set of externals and one number of watched episodes; fixed, the
    score of each task's best team found that plays the same against all of these externals.
    """
    tasks = {title: list(dict.fromkeys(r["task"] for r in rows)) for title, rows in groups.items()}
    heights = [len(names) + 1.2 for names in tasks.values()]
    figure = Figure(figsize=(7.6, 1.1 + 0.25 * sum(heights)), layout="constrained")
    some = next(iter(groups.values()))
    watched = max(r["episodes"] for r in some)
    words = []
    panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (title, rows) in zip(panels, groups.items(), strict=True):
        by = {(r["task"], r["episodes"]): r["score"] for r in rows}
        before, after = ([by[task, episodes] for task in tasks[title]] for episodes in (0, watched))
        y = np.arange(len(before))
        axes.hlines(y, before, after, color=GREY, linewidth=1.5, zorder=1)
        axes.scatter([fixed.get(task, np.nan) for task in tasks[title]], y, marker="|", s=150, color="black", zorder=4,
                     label="best fixed team found")  # fmt: skip
        axes.scatter(before, y, marker="o", s=45, facecolor="white", edgecolor=BLUE, linewidth=1.8,
                     label="nothing watched")  # fmt: skip
        axes.scatter(after, y, marker="D", s=36, color=VERMILLION, zorder=3, label=f"after {watched} watched episodes")
        axes.axvline(0, color="black", linestyle=":", linewidth=1)
        axes.axvline(1, color="black", linestyle=":", linewidth=1)
        axes.set(yticks=y, yticklabels=tasks[title], ylim=(len(y) - 0.4, -0.6))
        axes.set_title(title, fontsize=10, loc="left")
        axes.grid(axis="x", color="0.9", linewidth=0.8)
        axes.set_axisbelow(True)
        each = zip(tasks[title], before, after, strict=True)
        words.append(f"{title}: " + ", ".join(f"{task} {low:.2f} to {high:.2f}" for task, low, high in each))
    panels[-1].set_xlabel("normalised score (0: random team, 1: best response to each external)")
    handles = panels[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    met = f"{some[0]['externals']} unseen externals of each task"
    figure.suptitle(f"{met}, interquartile means over {len(some[0]['seed_scores'])} seeds", fontsize=11)
    alt = f"Scores against {met}, with nothing watched and after {watched} watched episodes. {'. '.join(words)}."
    return figure, alt
