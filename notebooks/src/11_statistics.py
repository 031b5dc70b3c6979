# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Statistics
#
# A figure says that one method beats another. When may you believe it?
#
# **Afterwards you can**
#
# - say what a learning curve leaves out: computing time, knowledge, tuning;
# - compute an interquartile mean and its bootstrap interval;
# - compute an interval for a difference, over seeds and externals, and claim nothing where it contains 0;
# - say what must be fixed before you look.
#
# **You need** the critic (lesson `04_critic`), one update (`08_offline_training`) and normalised scores (`10_adaptation_and_execution`).
#
# **Time**: 20 minutes.

# %% tags=["hide-input"]
import os

# small sums: one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import csv
import gzip
import json
from itertools import combinations

import numpy as np
from matplotlib.figure import Figure

from micra_lite import widgets
from micra_lite.plotting.results import label_ends, measured
from micra_lite.plotting.rows import interval_panels, score_rows, signed
from micra_lite.widgets.learning_curves import LOOKS, curves_of, reached, read_runs

METHODS = list(LOOKS)
# Every run's score at ten or eleven budgets, and beside every external.
rows = read_runs(measured("learning-runs.csv"))
with gzip.open(measured("learning-externals.csv.gz"), "rt") as file:
    beside = [
        r
        for r in csv.DictReader(file)
        if r["panel"] == "everyone adapts" and r["watched"] == "5"
    ]


def final_scores(task, method):
    """Where everyone adapts: scores after the last step, (10 seeds, 64 externals)."""
    here = [r for r in beside if (r["task"], r["method"]) == (task, method)]
    last = max(int(r["step"]) for r in here)
    found = np.full((10, 64), np.nan)
    for r in here:
        if int(r["step"]) == last:
            found[int(r["seed"]), int(r["external"])] = float(r["score"])
    return found


widgets.course_map()

# %% [markdown]
# ## Notation
#
# | word or symbol | meaning |
# |---|---|
# | seed | the number that determines everything random in a run |
# | run | one training, with one seed |
# | environment step | one joint action that is played |
# | budget | after how many steps, or seconds, methods are compared |
# | score | 0: a random team, 1: the best response to each external |
# | $V$, $Q$ | values of states, and of joint actions |

# %% [markdown]
# ## 1. Five methods
#
# MICRA and four well-known methods, in our code. We read a file with their runs: ten seeds, four games (made, in hours, by
# `python benchmarks/learning.py`). These runs are short, about 100,000 environment steps, and tuned for that.
# The benchmark of lesson 10 had 2.4 million steps, so its scores differ.
#
# | method | its critic | what actors climb | learns from |
# |---|---|---|---|
# | independent actor-critic | $V(o_i)$, for each target alone | return minus $V$ | the last round |
# | central-V actor-critic | $V(s)$, one for the team | return minus $V$ | the last round |
# | COMA | $Q(s, a)$, all joint actions | $Q$ of the move made, minus the mean over one's own moves | the last round |
# | MADDPG | $Q(s, a)$, moves as inputs | the slope of $Q$ in the numbers that stand for one's own move | all data |
# | MICRA | $Q(s, a)$, all joint actions; told about the external | regrets (Eq. 2) | all data |
#
# An *actor-critic* has a policy that acts, and a critic that judges it. MADDPG's *slope*: write a move as numbers, and
# ask in which direction they must change for $Q$ to grow.
#
# *The last round*: what was played serves one update only. *All data*: it is kept and used again.

# %% [markdown]
# ## 2. Steps or seconds?
#
# The curves on *gates*. Nobody adapts: no actor is told about the externals.


# %% tags=["hide-input"]
def runs_of(task, method):
    """Where nobody adapts: for each seed its points (steps, seconds, score)."""
    found = {}
    for r in rows:
        if (r["task"], r["panel"], r["method"], r["externals"]) == (
            task,
            "nobody adapts",
            method,
            12,
        ):
            seconds = float(r["training_cpu_seconds"])
            found.setdefault(r["seed"], []).append((r["step"], seconds, r["score"]))
    return [sorted(points) for points in found.values()]


MARKS = dict(zip(METHODS, ("o-", "s--", "^-.", "D:", "v--"), strict=True))


def curves_figure(column, label, budget=None):
    """Mean scores over column 0 (steps) or 1 (seconds), and those at the budget."""
    figure = Figure(figsize=(8.0, 3.4), layout="constrained")
    axes, at = figure.subplots(), {}
    for method in METHODS:
        runs = runs_of("gates", method)
        end = np.mean([points[-1][column] for points in runs])
        x = np.linspace(0, end, 11)
        each = [
            np.interp(x, [p[column] for p in points], [p[2] for p in points])
            for points in runs
        ]
        colour = LOOKS[method][0]
        axes.plot(
            x, np.mean(each, 0), MARKS[method], color=colour, label=method, markersize=4
        )
        at[method] = float(np.interp(budget or end, x, np.mean(each, 0)))
    if budget:
        axes.axvline(budget, color="black", linestyle=":")
    axes.set(
        xlabel=label,
        ylabel="normalised score",
        title="gates, nobody adapts: means of ten seeds",
    )
    axes.set_xlim(0)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    if budget:  # these lines end at different places
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    else:
        label_ends(axes, apart=0.08)
    told = ", ".join(f"{m} {signed(at[m])}" for m in sorted(at, key=at.get)[::-1])
    where = f"after {budget:g} {label}" if budget else "at the end"
    return figure, f"Scores over {label}; {where}: {told}.", at


figure, words, by_steps = curves_figure(0, "environment steps")
widgets.show(figure, words)

# %%
figure, words, by_seconds = curves_figure(1, "processor seconds", budget=7.0)
played = {
    m: np.mean(
        [
            np.interp(7.0, [p[1] for p in points], [p[0] for p in points])
            for points in runs_of("gates", m)
        ]
    )
    for m in METHODS
}
first = max(by_seconds, key=by_seconds.get)
guess_seconds = widgets.ask(
    "steps-or-seconds",
    first,
    ours=f"{played['MICRA']:,.0f}",
    theirs=f"{played[first]:,.0f}",
)
guess_seconds

# %% tags=["hide-input"]
with guess_seconds.then():
    widgets.show(figure, words)

# %% [markdown]
# <details><summary>After your prediction: what a fair comparison says</summary>
# Both. Where a step is slow or dangerous (a robot), steps count. Where playing is cheap, seconds do.
# </details>
#
# Two more things that no curve shows:
#
# - *Who knew more?* In training MICRA's critic is told what the imitator expects, even here. The other critics are not. (Where *everyone
#   adapts*, every method has an imitator.)
# - *Who was tuned?* Here all had the same tuning budget, but on *pursuit* only. On other games the order may change with the settings.

# %% [markdown]
# ## 3. Seeds
#
# Train twice, with different seeds. The two teams differ in first weights, in whom they met, in chance.

# %%
# (10 seeds,) each
crossing = {method: final_scores("crossing", method).mean(1) for method in METHODS}
ten = crossing["MICRA"]

guess_apart = widgets.ask("seeds-apart", float(np.ptp(ten)))
guess_apart

# %% tags=["hide-input"]
plain = {method: float(scores.mean()) for method, scores in crossing.items()}
with guess_apart.then():
    widgets.show(
        *score_rows(
            crossing,
            plain,
            "one seed",
            "crossing, everyone adapts, ten seeds; plain means",
        )
    )
    print("MICRA's ten scores:", ", ".join(f"{x:.3f}" for x in sorted(ten)))
    print(f"their plain mean: {ten.mean():.2f}")

# %% [markdown]
# A few seeds are a random draw. Choose how many **seeds** you can afford, and draw **another** set of them. Is the same
# method still ahead? Move the **budget**: hollow marks are single seeds. The last
# line tries *all* choices of as many seeds.

# %%
curves = widgets.LearningCurves(rows)
guess_apart.covered(curves)

# %% [markdown]
# Try:
#
# 1. One seed, a small budget. Draw again and again. Does the order change?
# 2. Read the last line with one seed, then with five. When would you believe which method is first?
#
# <details><summary>Answers</summary>
# 1. Yes: early on luck decides. 2. When nearly every choice of seeds names the same method; and even then only for this game, these settings and
# this budget.
# </details>

# %% [markdown]
# ## 4. One number for ten runs
#
# In a plain mean a failed run weighs a lot. The **interquartile mean** leaves out the lowest and the highest quarter, and takes the mean of the
# middle half.


# %%
def interquartile_mean(scores):
    """The mean of the middle half of (n,) scores."""
    cut = len(scores) // 4
    return np.sort(scores)[cut : len(scores) - cut].mean()


# %%
middle = float(interquartile_mean(ten))
guess_middle = widgets.ask("interquartile", middle)
guess_middle

# %% [markdown]
# ### How sure is it?
#
# Would ten other seeds give the same? We have no others. So we draw from our ten: ten seeds, *with replacement*, so that
# some come twice and some not at all. Take the interquartile mean, and draw again, two thousand times. The range of the
# middle 95 % is the **bootstrap interval**.
#
# (The word has a second meaning. In temporal differences, to bootstrap is to use one's own estimate of the next state, lesson
# `04_critic`.)


# %%
def interval(scores, generator, draws=2000):
    """The 95 % bootstrap interval of the interquartile mean of (n,) scores."""
    found = []
    for _ in range(draws):
        again = generator.choice(scores, len(scores))  # with replacement
        found.append(interquartile_mean(again))
    return np.percentile(found, [2.5, 97.5])


low, high = interval(ten, np.random.default_rng(0))
with guess_middle.then():
    print(f"interquartile mean {middle:.2f}, interval {low:.2f} to {high:.2f}")
    print(f"plain mean {ten.mean():.2f}, worst run {ten.min():.2f}")

# %% [markdown]
# <details><summary>After your prediction: what to report</summary>
# All four numbers. The interquartile mean says how a typical run ends. It hides that some runs fail, and whoever has to use
# the method wants to know that. It can even change the order: on crossing MICRA is fourth by plain means, and first by interquartile
# means. (Section 6 shows that the five are level there.)
# </details>

# %% [markdown]
# ## 5. Seeds and externals
#
# The 64 externals are a draw, too. So draw seeds *and* externals anew, the same ones for both methods.


# %%
def intervals(ours, theirs, generator, draws=2000):
    """Intervals (3, 2) of ours, theirs, the difference; scores (seeds, externals)."""
    found = []
    for _ in range(draws):
        seeds = generator.integers(len(ours), size=len(ours))
        met = generator.integers(ours.shape[1], size=ours.shape[1])  # externals
        a, b = (interquartile_mean(x[seeds][:, met].mean(1)) for x in (ours, theirs))
        found.append((a, b, a - b))
    return np.percentile(found, [2.5, 97.5], axis=0).T


# (10, 64) each
ours, theirs = (
    final_scores("pursuit", "MICRA"),
    final_scores("pursuit", "MADDPG"),
)
of_ours, of_theirs, of_difference = intervals(ours, theirs, np.random.default_rng(0))
print(f"pursuit, everyone adapts: MICRA  {of_ours[0]:.3f} to {of_ours[1]:.3f}")
print(f"                          MADDPG {of_theirs[0]:.3f} to {of_theirs[1]:.3f}")

# %%
inside = (
    "yes, though it need not" if of_difference[0] <= 0 <= of_difference[1] else "no"
)
guess_overlap = widgets.ask("overlap", inside)
guess_overlap

# %% tags=["hide-input"]
with guess_overlap.then():
    print(f"MICRA minus MADDPG: {of_difference[0]:.3f} to {of_difference[1]:.3f}")

# %% [markdown]
# <details><summary>After your prediction: the rule</summary>
# To compare two methods, look at the interval of their <em>difference</em>, not at two intervals. And: <strong>no claim where the interval of the
# difference contains 0.</strong> Then the runs do not tell the methods apart, and the word for that is <em>level</em>.
# </details>

# %% [markdown]
# ## 6. All comparisons at once
#
# MICRA's final score minus that of each other method, with such intervals. Right of the line MICRA is ahead. A mark is hollow where the interval
# contains 0.

# %% tags=["hide-input"]
leads = json.loads(measured("comparison.json").read_text())["rows"]
panels = {}
for r in leads:
    panels.setdefault(f"{r['task']},\n{r['panel']}", {})[r["method"]] = (
        r["lead"],
        r["low"],
        r["high"],
    )
figure, words = interval_panels(
    panels, "MICRA's score minus the other's", "Leads, ten seeds, 64 externals", at=0.0
)
ahead = sum(r["low"] > 0 for r in leads)
behind = sum(r["high"] < 0 for r in leads)
level = len(leads) - ahead - behind
told = f"Ahead in {ahead} of {len(leads)}, behind in {behind}, level in {level}."
for r in leads:
    if abs(r["low"]) < 0.005:  # shown as 0.00
        told += (
            f" {r['task']}, {r['panel']}, {r['method']}: the interval begins at "
            f"{signed(r['low'], 3)}: {'ahead' if r['low'] > 0 else 'level'}."
        )
with guess_overlap.then():
    widgets.show(figure, f"{words} {told}".replace("\n", " "))

# %% [markdown]
# **Question.** Suppose all five methods were equally good. How many of the 32 intervals would still miss 0?
#
# <details><summary>Answer</summary>
# A 95 % interval misses in 5 % of the cases: one or two of 32. So a single filled mark among many hollow ones would say little.
# </details>

# %% [markdown]
# ## 7. Choosing after looking
#
# An experiment with *nothing* to find: a method against itself. Take the ten runs of the independent actor-critic on
# pursuit. Call five of them ours, five theirs; there are 252 ways to do so. Compare their means at ten budgets, from 10 % to
# 100 % of the steps.

# %%
# Seed → (steps, score).
runs = curves_of(rows, "pursuit", "nobody adapts")["independent actor-critic"]
budgets = np.linspace(0.1, 1.0, 10) * max(points[-1][0] for points in runs.values())
# (10, 10)
table = np.array(
    [[reached(runs[seed], budget) for budget in budgets] for seed in range(10)]
)
somewhere, fixed = [], []
for five in combinations(range(10), 5):
    others = [seed for seed in range(10) if seed not in five]
    # At each of the ten budgets.
    lead = table[list(five)].mean(0) - table[others].mean(0)
    somewhere.append((lead > 0).any())
    fixed.append(lead[-1] > 0)

# %%
guess_chosen = widgets.ask("chosen-budget", float(np.mean(somewhere)))
guess_chosen

# %% tags=["hide-input"]
with guess_chosen.then():
    print(f"ahead at the last budget: in {np.mean(fixed):.2f} of the cases")
    print(f"ahead at some budget:     in {np.mean(somewhere):.2f} of the cases")

# %% [markdown]
# <details><summary>After your prediction: it is not only budgets</summary>
# The same happens if one chooses the game that is shown, the settings, the number of seeds, or the best point of a curve
# instead of the last. The remedy: fix them in advance, or choose on some seeds and externals and report on others.
# </details>

# %% [markdown]
# ## 8. A report
#
# Write down *before* you look: what you expect (your **hypothesis**), the budget, the games, the number of seeds (ten at least). Then report
#
# - for each comparison the *difference*, its interquartile mean and interval, over seeds and externals;
# - beside it the plain mean and the worst run;
# - scores against externals that were not used while you tried things out;
# - steps and seconds; who was tuned, on what, and for how long; who knew more;
# - what did not work, too.

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_seconds, guess_apart, guess_middle, guess_overlap, guess_chosen]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - A learning curve is a claim about a game, a budget, a tuning and a number of seeds.
# - The interquartile mean is the mean of the middle half; report the worst run beside it.
# - A bootstrap interval draws seeds, and externals, anew from those at hand.
# - No claim where the interval of the difference contains 0.
# - Fix in advance whatever could be chosen after looking.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Stopping at the best point of a curve.* Partly luck.
# - *Comparing a tuned method with untuned ones.*
# - *Calling methods equal because they are level.* Perhaps there were too few runs.
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | the five methods | `micra_lite.baselines.methods.train`, `micra_lite.baselines.methods.METHODS` |
# | normalised scores | `micra_lite.exact.yardstick_for`, `micra_lite.exact.exact_values` |
# | curves to play with | `micra_lite.widgets.LearningCurves` |
#
# Next: `12_your_own_game`. All this, in a game that you write yourself.

# %% tags=["hide-input"]
from scipy.stats import trim_mean

assert set(METHODS) == {r["method"] for r in leads} | {"MICRA"}
assert max(by_steps, key=by_steps.get) == "MICRA" != first
assert not np.isnan(ours).any()
assert abs(middle - trim_mean(ten, 0.25)) < 1e-12
assert low < ten.mean() < middle <= high
assert sorted(plain, key=plain.get)[::-1].index("MICRA") == 3
assert max(interquartile_mean(scores) for scores in crossing.values()) == middle
for r in leads:
    if (r["task"], r["panel"]) == ("crossing", "everyone adapts"):
        assert r["low"] < 0 < r["high"]
long = json.loads(measured("adaptation.json").read_text())["rows"]
grid = {r["task"] for r in leads}
assert {r["environment_steps"] for r in long if r["task"] in grid} == {2_406_400}
assert {max(r["step"] for r in rows if r["task"] == t) for t in grid} == {102_400}
assert of_ours[0] < of_theirs[1]  # the two intervals meet
assert of_difference[0] > 0
over_seeds = [interval(x.mean(1), np.random.default_rng(0)) for x in (ours, theirs)]
assert over_seeds[0][0] > over_seeds[1][1]
official = next(
    r
    for r in leads
    if (r["task"], r["panel"], r["method"]) == ("pursuit", "everyone adapts", "MADDPG")
)
# It weighs externals.
assert abs(of_difference - [official["low"], official["high"]]).max() < 0.01
assert len(leads) == 32
assert len(somewhere) == 252
assert np.mean(fixed) == 0.5 < np.mean(somewhere)
print("all checks passed")
