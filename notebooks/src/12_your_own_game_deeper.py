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
# # Your own game, deeper
#
# Lesson `12_your_own_game` brought the raccoon into the package. How do you draw such a game? How good can a team be in it?
# Can you use an environment that somebody else wrote? And what can go wrong?
#
# **Afterwards you can**
#
# - have the package draw your game and its externals;
# - compute the best team that knows its external, by dynamic programming;
# - use an environment from another package;
# - tell mistakes that the package notices from one that it cannot notice.
#
# **You need** lesson `12_your_own_game`. No later lesson needs this one.
#
# **Time**: 18 minutes.

# %% tags=["hide-input"]
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

from functools import cache
from itertools import product

import numpy as np
import torch
from gymnasium.spaces import Box
from matplotlib.figure import Figure

import micra_lite
from micra_lite import widgets
from micra_lite.exact import mean_return
from micra_lite.games.scene import Board
from micra_lite.interop import raccoon
from micra_lite.interop.raccoon import Raccoon, Raccoons
from micra_lite.plotting import games, style
from micra_lite.plotting.externals import family_figure

generator = torch.Generator().manual_seed(0)
widgets.course_map("externals", "execution")

# %% [markdown]
# ## 1. A picture of it
#
# Say what is where, and the package draws it and describes it in words. The state of such a game holds what each agent
# observes, side by side. So its first six numbers are what Ann sees: the raccoon's last bin (four numbers), whether it was
# frightened, and how full it is.


# %%
def morning(state):
    """The four bins and the raccoon, in one state."""
    last, frightened, full = state[:4], state[4], state[5]
    where = {"raccoon": int(last.argmax())} if last.any() else {}
    title = f"Meals so far: {4 * float(full):.0f}"
    if frightened:
        title += "; it was frightened"
    return Board(1, 4, where, {f"bin {k}": k for k in range(4)}, title)


game = micra_lite.from_parallel_env(Raccoon, targets=["ann", "bob"])
game.scene = morning
game.action_names = (
    ("bin 0", "bin 1"),
    ("bin 1", "bin 2", "bin 3"),
    ("bin 0", "bin 1", "bin 2", "bin 3"),
)
at_bin_0 = torch.tensor([[0, 2, 0]])  # Ann and the raccoon; Bob is at bin 3
step = game.step(game.reset(1, generator), at_bin_0, generator)
widgets.show(games.picture(game, step.state[0]), games.words(game, step.state[0]))

# %% [markdown]
# The same scene serves for pictures of the family. Three newcomers in the morning after this fright:

# %%
newcomers = Raccoons().split("held-out")[:16]
widgets.show(*family_figure(game, newcomers[:3], step.state[0]))

# %% [markdown]
# ## 2. How good can a team be?
#
# You know the rules, so you can compute this. The best team knows the raccoon. We go through the nights from the last to the
# first, and pick the two bins that are best for tonight *and* for what follows. This is dynamic programming.


# %%
def catches(k, choose):
    """Expected catches in a summer beside newcomer k, if the team chooses bins so."""

    @cache
    def probabilities(last, frightened):
        seen = raccoon.view(last, frightened)
        return newcomers.policies(torch.tensor([k]), [seen[None]])[0][0].tolist()

    @cache
    def value(night, last, frightened, meals):
        if night == 12 or meals == 4:
            return 0.0
        p = probabilities(last, frightened)
        caught = [1 + value(night + 1, b, True, meals) for b in range(4)]
        missed = [value(night + 1, b, False, meals + 1) for b in range(4)]

        def tonight(bins):
            return sum(p[b] for b in set(bins))

        def all_nights(bins):
            return sum(p[b] * (caught[b] if b in bins else missed[b]) for b in range(4))

        options = product((0, 1), (1, 2, 3))  # the bins of Ann and Bob
        wish = {"for tonight": tonight, "for all nights": all_nights}[choose]
        return all_nights(max(options, key=wish))

    return value(0, None, False, 0)


best = np.array([catches(k, "for all nights") for k in range(16)])
print(f"catches of the best team: {best.min():.2f} to {best.max():.2f}")

# %% [markdown]
# Another team knows the raccoon, too, but thinks only of tonight. What share of the best team's catches does it get?

# %%
greedy = np.array([catches(k, "for tonight") for k in range(16)])
guess_greedy = widgets.ask("tonight-only", round(float(greedy.sum() / best.sum()), 2))
guess_greedy

# %% tags=["hide-input"]
with guess_greedy.then():
    print("newcomer  best team  tonight only")
    for k in range(16):
        print(f"{k:8}{best[k]:11.2f}{greedy[k]:14.2f}")

# %% [markdown]
# <details><summary>After your prediction: what this says about the task</summary>
# Here nearly everything depends on knowing the raccoon, and hardly anything on planning ahead. So a team that falls short in
# this game mostly lacks a good prediction. Compute such a bound for your own game before you train: it tells you what there
# is to gain, and where.
# </details>
#
# ## 3. Somebody else's environment
#
# Nothing depends on who wrote the environment. The package `mpe2` has *simple tag*: three chasers (ours) and a faster runner
# on a plane. Actions do not move them directly, but push them. `micra_lite.make` knows it by name, and there is a family of
# runners for it.

# %%
try:
    tag = micra_lite.make("simple_tag")
    runners = micra_lite.external_family("simple_tag").split("held-out")[:3]
except ImportError as missing:  # mpe2 is optional
    tag = None
    print(missing)
else:
    print("targets:", *tag.targets, " externals:", *tag.externals)

# %% [markdown]
# Chasers that move at random meet three runners. Does it matter who runs? Compare the runner that is touched most with the one
# that is touched least.

# %% tags=["hide-input"]
touches = [0.0, 0.0, 0.0]
if tag is not None:
    chasers = micra_lite.TrainingState.initial(
        tag, micra_lite.settings_for("simple_tag")
    )
    for k in range(3):  # each touch pays 10
        touches[k] = (
            float(mean_return(chasers, runners[k], 64, seed=k, exploration=1.0)) / 10
        )
ratio = max(touches) / max(min(touches), 1e-9) if tag is not None else 3.0

# %%
options = "about equally often", "up to twice as often", "more than twice as often"
outcome = options[0] if ratio < 1.2 else options[1] if ratio < 2 else options[2]
guess_tag = widgets.ask("three-runners", outcome)
guess_tag

# %% tags=["hide-input"]
figure = Figure(figsize=(8, 3.4), layout="constrained")
told = []
for k, axes in enumerate(figure.subplots(1, 3, sharex=True, sharey=True)):
    if tag is None:
        continue
    records = list(micra_lite.execution(chasers, tag, runners[k], seed=k))
    for j in range(4):  # every agent sees its own place as numbers 2 and 3
        x, y = np.array([record.observations[j][2:4].tolist() for record in records]).T
        colour, line = (style.VERMILLION, "-") if j == 3 else (style.BLUE, "--")
        label = {0: "chaser", 3: "runner"}.get(j)
        axes.plot(x, y, ls=line, color=colour, lw=2 if j == 3 else 1, label=label)
        axes.plot(x[0], y[0], "o", mfc="white", color=colour)
    axes.set(aspect="equal", xlabel="x", ylabel="y" if k == 0 else "")
    axes.set_title(f"runner {k}: {touches[k]:.1f} touches an episode", fontsize=10)
    told.append(f"runner {k} {touches[k]:.1f}")
if told:
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc="outside upper center",
        ncol=2,
        frameon=False,
    )
words = (
    "Simple tag, the paths of one episode beside each of three runners (circles: where "
    "they start). Touches an episode, means of 64: "
    f"{', '.join(told) or 'mpe2 is not installed'}."
)
with guess_tag.then():
    widgets.show(figure, words, trained=True)

# %% [markdown]
# So there is something to adapt to. Training takes a few minutes, on the command line:
#
# ```
# micra-lite train simple_tag
# ```
#
# ## 4. What can go wrong
#
# Here are four mistakes. Which of them does the package *not* notice?


# %%
class Forgetful(Raccoon):
    def reset(self, seed=None, options=None):
        return super().reset(seed, options)[0]  # the observations, and no infos


class Dialled(Raccoon):
    def action_space(self, agent):
        return Box(0.0, 1.0, (1,), np.float32)  # a dial instead of a list


class Divided(Raccoon):
    def reset(self, seed=None, options=None):
        seen, infos = super().reset(seed, options)
        return {a: o / np.float32(0) for a, o in seen.items()}, infos


class Grudging(Raccoon):
    grudge = False

    def step(self, actions):
        if self.night and self.grudge:  # it goes one bin further than it chose
            actions = {**actions, "raccoon": (actions["raccoon"] + 1) % 4}
        answer = super().step(actions)
        self.grudge = bool(self.seen[4]) or (self.night > 1 and self.grudge)
        return answer


# %% tags=["hide-input"]
complaints = {}
with np.errstate(all="ignore"):
    for mistaken in (Forgetful, Dialled, Divided, Grudging):
        try:
            tried = micra_lite.from_parallel_env(mistaken, targets=["ann", "bob"])
            begun = tried.reset(1, generator)
            for _ in range(3):
                begun = tried.step(begun, torch.tensor([[0, 0, 0]]), generator).state
            complaints[mistaken.__name__] = "no complaint"
        except (ValueError, TypeError) as error:
            complaints[mistaken.__name__] = str(error)

# %%
(unnoticed,) = [name for name, words in complaints.items() if words == "no complaint"]
guess_mistake = widgets.ask("unnoticed", unnoticed)
guess_mistake

# %% tags=["hide-input"]
with guess_mistake.then():
    for name, words in complaints.items():
        print(f"{name}: {words}\n")

# %% [markdown]
# In full:
#
# | what | why it matters | what the package does |
# |---|---|---|
# | the external *remembers* something that it does not observe | it is not a fixed policy of its observation; old data mislead | cannot know it: put the memory into the observation |
# | an agent *leaves* early | its later actions mean nothing | it keeps a single action, sees zeros, and is not imitated |
# | *truncated* and *terminated* mixed up | a future that is not there is counted, or one that is there is left out | takes the environment's word |
# | targets with rewards of their own | one Q cannot say what each of them wants | shares the mean; with `shared_reward=False`, one Q for each target |
# | continuous actions | Eq. 2 sums over a list of actions | refuses, and says what to do |
# | action masks (some actions are forbidden) | what is never possible must not count in any sum | counts available actions only: in policies, regrets, imitation and targets |
#
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_greedy, guess_tag, guess_mistake]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - A method `scene` that says what is where gives pictures, words, animations and figures of families.
# - An exact bound tells you what there is to gain, and whether by knowing or by planning.
# - Any `ParallelEnv` with discrete actions will do, whoever wrote it.
# - The package reports broken rules. A hidden memory breaks none.
#
# </details>

# %% tags=["hide-input"]
packaged = np.array([raccoon.best_catches(newcomers[k]) for k in range(16)])
assert np.abs(best - packaged).max() < 1e-12
assert (greedy <= best + 1e-12).all()
assert 0.98 < greedy.sum() / best.sum() < 1
assert games.words(game, step.state[0]) == games.words(
    raccoon.raccoon_game(), step.state[0]
)
assert ratio > 2
assert "reset must return" in complaints["Forgetful"]
assert "only Discrete actions will do" in complaints["Dialled"]
assert "NaN or infinity" in complaints["Divided"]
assert unnoticed == "Grudging"
print("all checks passed")
