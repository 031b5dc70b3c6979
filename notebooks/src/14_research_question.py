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
# # A research question
#
# You may watch a stranger for twelve nights in all. Is it better to see one night of each of twelve summers, or four nights
# of each of three? No lesson answers this. How would you find out in a way that convinces others?
#
# **Afterwards you can**
#
# - write down a hypothesis that can turn out wrong;
# - say what counts as an answer before you look;
# - tell a pilot from a result;
# - report an experiment honestly.
#
# **You need** the raccoon of lesson `12_your_own_game`, and intervals over seeds (lesson `11_statistics`).
#
# **Time**: 20 minutes.

# %% tags=["hide-input"]
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy import stats

import micra_lite
from micra_lite import widgets
from micra_lite.agent import prior_belief
from micra_lite.interop import raccoon
from micra_lite.plotting import style

widgets.course_map("imitator", "online adaptation")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $\pi_{\mathcal E}$ | what the raccoon really does | `true` |
# | $\delta$ | what the adapted imitator predicts | `predicted` |
# | $\mathrm{KL}(\pi_{\mathcal E} \Vert \delta)$ | how far $\delta$ is from $\pi_{\mathcal E}$, in nats (logarithms to base e); 0 if equal | `error_after` |
#
# ## 1. The question
#
# A *design* says how to spend the twelve nights. `cut` keeps the first nights of a summer. Change the designs if your
# question is a different one.

# %%
designs = {"12 × 1": 1, "6 × 2": 2, "4 × 3": 3, "3 × 4": 4}  # summers × nights → nights


def cut(episode, nights):
    """The first nights of a watched summer."""
    seen = {agent: o[:nights] for agent, o in episode.observations.items()}
    played = {agent: a[:nights] for agent, a in episode.actions.items()}
    return micra_lite.Episode(seen, played)


# %% [markdown]
# Think about the data before you run anything. What does the team *see* of the raccoon's habits in twelve first nights?

# %% tags=["hide-input"]
game, family = raccoon.raccoon_game(), raccoon.Raccoons()


def train(seed):
    """A team that has met raccoons of the training split; about ten seconds."""
    settings = micra_lite.Settings(seed=seed, **raccoon.SETTINGS)
    return micra_lite.last(micra_lite.offline_training(game, family, settings)).state


team = train(seed=0)
pilot_raccoons = family.split("validation")[:8]
summers = micra_lite.watch(team, pilot_raccoons[0], episodes=12)
situations = {
    name: len(
        {
            tuple(o.tolist())
            for e in summers[: 12 // m]
            for o in cut(e, m).observations["raccoon"]
        }
    )
    for name, m in designs.items()
}

# %%
guess_nights = widgets.ask("first-nights", str(situations["12 × 1"]))
guess_nights

# %% [markdown]
# <details><summary>After your prediction: what follows for the experiment</summary>
# The raccoon acts on what happened last night. On a first evening nothing has happened. So twelve first nights show the
# favourite bin, twelve times, and nothing of how loyal or shy it is. Longer looks show reactions, but each of them less
# often. It is not clear which of the two matters more: that makes it a question.
# </details>
#
# ## 2. Your hypothesis
#
# A guess that was written down before the experiment is a **hypothesis**. One that is made up afterwards is a story. A good hypothesis
# says why, and what would prove it wrong. Replace the dots now.

# %%
hypothesis = {
    "the best design is": "...",
    "because": "...",
    "I would give it up if": "...",
}

# %% [markdown]
# ## 3. What counts as an answer
#
# Decide this before you look, too:
#
# - **the measure**: the mean of $\mathrm{KL}(\pi_{\mathcal E} \Vert \delta)$ over all 29 possible situations (the first
#   evening; a fright at one of 4 bins after 0 to 3 meals, 16; a meal at one of 4 bins that was the first, second or third, 12);
# - **the comparison**: the error of one design (A) minus that of another (B), with the same raccoons;
# - **how many**: ten trainings, each with its own seed, and 16 raccoons, the same for each seed;
# - **what matters**: a difference below 0.05 nats is too small to care about;
# - **the verdict**: read off the 95 % interval of the difference, as follows. An error is smaller *by an amount that matters*
#   only if the whole interval lies beyond 0.05.


# %%
def verdict(low, high, a="A", b="B", matters=0.05):
    """What the interval of (error of a − error of b) allows one to say."""
    if -matters < low and high < matters:
        return "no difference that matters"
    if low <= 0 <= high:
        return "this experiment cannot tell"
    smaller = f"{a if high < 0 else b} has the smaller error"
    if min(abs(low), abs(high)) < matters:
        smaller += ", perhaps by too little to matter"
    return smaller


# %% [markdown]
# **Try it out.** Say the interval is [−0.02, 0.09] nats.

# %%
guess_verdict = widgets.ask("cannot-tell", verdict(-0.02, 0.09))
guess_verdict

# %% [markdown]
# ## 4. The pilot
#
# A *pilot* is a small run that shows whether the machinery works. It tests no hypothesis. Here: one trained team
# (`team`), and eight raccoons that the real experiment will not use (`pilot_raccoons`).


# %%
mornings = raccoon.mornings()  # (29, 6): all that a raccoon can ever observe


def error_after(team, watched, stranger):
    """KL(π ‖ δ) in nats, the mean over all mornings, after adapting to `watched`."""
    if watched:
        team = micra_lite.last(micra_lite.online_adaptation(team, watched)).state
    belief = team.belief or prior_belief(team.agent, 1)  # nothing watched: the prior
    features = team.agent.features([mornings[None]] * 3)  # all three see the same
    predicted = team.agent.predict(belief, features)[0][0].detach().double()  # (29, 4)
    which = torch.zeros(len(mornings), dtype=torch.long)
    true = stranger.policies(which, [mornings])[0]  # (29, 4)
    return float((true * (true.log() - predicted.log())).sum(-1).mean())


def experiment(team, strangers, seed):
    """For each design, the errors with these strangers."""
    errors = {name: [] for name in designs}
    for k in range(len(strangers)):
        one = strangers[k]
        watched = micra_lite.watch(team, one, episodes=12, seed=1000 * seed + k)
        for name, nights in designs.items():
            part = [cut(episode, nights) for episode in watched[: 12 // nights]]
            errors[name].append(error_after(team, part, one))
    return {name: np.array(found) for name, found in errors.items()}  # (strangers,)


pilot = [experiment(team, pilot_raccoons, seed) for seed in range(4)]

# %% tags=["hide-input"]
errors = {name: np.array([run[name].mean() for run in pilot]) for name in designs}
nothing = float(np.mean([error_after(team, [], pilot_raccoons[k]) for k in range(8)]))
figure = Figure(figsize=(8, 3.0), layout="constrained")
axes = figure.subplots()
for k, found in enumerate(errors.values()):
    label = "one draw of watched summers" if k == 0 else None
    axes.plot(
        [k] * len(found), found, "o", mec=style.BLUE, mfc="white", mew=1.5, label=label
    )
means = [found.mean() for found in errors.values()]
axes.plot(
    range(len(means)),
    means,
    "_",
    color=style.VERMILLION,
    ms=24,
    mew=2.5,
    label="their mean",
)
axes.axhline(nothing, color=style.INK, ls=":", label="nothing watched")
axes.set_xticks(range(len(designs)), list(designs))
axes.set(
    xlabel="summers × nights of each that are watched", ylabel="imitation error, nats"
)
axes.set(ylim=(0, 1.2 * nothing), xlim=(-0.5, len(designs) - 0.5))
figure.legend(loc="outside upper center", ncol=3, frameon=False)
told = ", ".join(f"{name}: {found.mean():.2f}" for name, found in errors.items())
words = (
    "Imitation error after twelve watched nights, nats, one trained team, "
    f"{len(pilot)} draws of watched summers, means: {told}; "
    f"nothing watched {nothing:.2f}."
)
widgets.show(figure, words, trained=True)

# %% [markdown]
# The claim will be about *training with MICRA*. How many independent results for that claim does the figure show?

# %%
teams = [team]  # all dots come from these
guess_team = widgets.ask("one-team", str(len(teams)))
guess_team

# %% [markdown]
# ## 5. Many comparisons
#
# Four designs make six pairs. Suppose that all four are equally good. From ten seeds, each pair gets a 95 %
# bootstrap interval of the interquartile mean (IQM, the mean of the middle half), as in lesson `11_statistics`. Someone reports
# whichever pair "differs". Here are two thousand such experiments:

# %%
rng = np.random.default_rng(0)
alike = rng.standard_normal((2000, 10, 4))  # experiments, seeds, designs
again = rng.integers(10, size=(500, 10))  # 500 times ten seeds, with replacement
leaves_out = []  # for each pair: in which experiments its interval leaves 0 out
for a, b in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]:
    drawn = (alike[:, :, a] - alike[:, :, b])[:, again]  # (2000, 500, 10)
    middles = stats.trim_mean(drawn, 0.25, axis=2)  # (2000, 500)
    low, high = np.percentile(middles, [2.5, 97.5], axis=1)
    leaves_out.append((low > 0) | (high < 0))
one_pair = float(np.mean(leaves_out))
false_alarm = float(np.any(leaves_out, axis=0).mean())

# %%
guess_alarm = widgets.ask("six-pairs", round(false_alarm, 2))
guess_alarm

# %% tags=["hide-input"]
with guess_alarm.then():
    print("Share of the experiments in which an interval leaves 0 out:")
    print(
        f"one given pair: {one_pair:.2f}; at least one of six pairs: {false_alarm:.2f}"
    )

# %% [markdown]
# <details><summary>After your prediction: what to do about it</summary>
# Name <em>one</em> comparison in advance: the pair that your hypothesis is about. Report the others as well, and call them
# what they are: looked at afterwards. And do not trust "95 %" to the last digit: an interval from only ten seeds is
# somewhat too narrow.
# </details>
#
# ## 6. The experiment, and its report
#
# As in lesson `11_statistics`, both the seeds and the raccoons are draws. So the interval draws both anew.


# %%
def report(gains, a, b, rng, draws=5000):
    """Error of a − error of b, (seeds, raccoons): IQM, interval, verdict, all seeds."""
    found = []
    for _ in range(draws):
        seeds, met = (rng.integers(size, size=size) for size in gains.shape)
        found.append(stats.trim_mean(gains[seeds][:, met].mean(1), 0.25))
    low, high = np.percentile(found, [2.5, 97.5])
    each = gains.mean(1)  # one number for each seed
    said = f"{stats.trim_mean(each, 0.25):.2f} [{low:.2f}, {high:.2f}]"
    seeds = ", ".join(f"{gain:.2f}" for gain in sorted(each))
    return f"{a} minus {b}: {said}: {verdict(low, high, a, b)}. Seeds: {seeds}"


made_up = np.array([0.11, 0.08, 0.15, 0.10, -0.22, 0.13, 0.09, 0.11, 0.14, 0.10])
made_up = made_up[:, None] + np.linspace(-0.1, 0.1, 16)  # (10 seeds, 16 raccoons)
print("Made-up numbers:", report(made_up, "12 × 1", "3 × 4", np.random.default_rng(0)))

# %% [markdown]
# One of these seeds went wrong. It hardly moves the IQM. It must still be reported.
#
# This is the whole experiment, for the pair 12 × 1 and 3 × 4. It takes a few minutes. (`train(seed)` gives a team as in lesson
# `12_your_own_game`.) Copy it into a cell, choose *your* pair, and run it once.
#
# ```python
# strangers = family.split("held-out")[16:32]  # not used in any lesson
# gains = []
# for seed in range(10):
#     found = experiment(train(seed), strangers, seed)
#     gains.append(found["12 × 1"] - found["3 × 4"])
# print(report(np.array(gains), "12 × 1", "3 × 4", np.random.default_rng(0)))
# ```

# %% [markdown]
# An honest report has these seven lines. Fill them in:
#
# > **What I asked**, and my hypothesis, written before.
# >
# > **Setting.** Which game, which settings, which externals; how many seeds, and why so many.
# >
# > **Result.** IQM of the difference, its interval, the verdict, the worst seed.
# >
# > **My hypothesis** was right / was wrong / cannot be judged.
# >
# > **Also tried.** Everything else that you looked at, and what you changed on the way.
# >
# > **Does not follow.** Other games, other budgets, other measures.
# >
# > **To run it again.** The command and the version.
#
# More questions of this kind: Is a whole summer better than pieces of many? Does a smaller imitation error also mean more catches? And what
# if the raccoon notices that it is watched?
#
# ## 7. Where you are now
#
# The whole chain once more. Move the slider from one prey to the other, and follow the change from the prey's moves to the policies.

# %% tags=["hide-input"]
chain = widgets.Chain()
chain

# %% [markdown]
# Each link is something that you have computed yourself. You can now
#
# - turn a game with strangers in it into targets, externals and a family of tasks;
# - train an imitator to be adapted, and say what a few watched moves tell you;
# - compute regrets from a critic, and move policies along them;
# - say, with intervals, what each part is worth;
# - read MICRA's code: `regret`, `imitation`, `networks`, `agent`, `updates`, `phases`, in this order.
#
# Where to go on:
#
# - **Do** the exercises that you left out, and the optional notebooks whose names end in `_deeper`.
# - **Build** a game of your own, with a stranger that you find interesting.
# - **Compare** MICRA with other methods on it: `micra-lite --help` lists the commands.
# - **Answer** the question of this lesson. A clear "it makes no difference that matters" is an answer, too.
#
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_nights, guess_verdict, guess_team, guess_alarm]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - Write down the hypothesis, the measure, the number of seeds and the rule for the verdict before you look.
# - A pilot shows that the machinery works. It is no result.
# - One trained team is one result, however often it is measured.
# - Name one comparison in advance. Report all of them.
#
# </details>
#
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Reading "cannot tell" as "no difference".* For the latter the whole interval must lie near 0.
# - *Adding seeds until the interval leaves 0 out.* Fix the number first.
# - *Trying things out on the raccoons of the final experiment.* Keep them apart.
# - *Leaving out the seed that went wrong.*
#
# </details>
#
# ## What was used
#
# | idea | where |
# |---|---|
# | the raccoon, ready made | `micra_lite.interop.raccoon` |
# | watching, adapting | `micra_lite.watch`, `micra_lite.online_adaptation` |
# | a watched episode | `micra_lite.Episode` |
#
# Next: your own question. This was the last lesson. Thank you for coming this far.

# %% tags=["hide-input"]
assert situations["12 × 1"] == 1
assert situations["3 × 4"] > 1
assert len(mornings) == 29
assert all(found.mean() < nothing for found in errors.values())
assert verdict(-0.02, 0.09) == "this experiment cannot tell"
assert verdict(-0.02, 0.03) == "no difference that matters"
assert verdict(0.01, 0.04) == "no difference that matters"
perhaps = ", perhaps by too little to matter"
assert verdict(-0.2, -0.06) == "A has the smaller error"
assert verdict(0.06, 0.2) == "B has the smaller error"
assert verdict(0.04, 0.14) == "B has the smaller error" + perhaps
assert verdict(-0.2, -0.01) == "A has the smaller error" + perhaps
assert 0.05 < one_pair < 0.1
assert 0.25 < false_alarm < 0.35
assert 0.09 < stats.trim_mean(made_up.mean(1), 0.25) < 0.12
print("all checks passed")
