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
# # A tour of MICRA
#
# Your team meets a stranger. It watches a few games, then plays better. How? This tour shows the whole method once;
# later lessons take it apart.
#
# **Afterwards you can**
#
# - say what a *target*, an *external* and a *task* are;
# - follow the chain from an external's moves to your team's moves;
# - say what learns in each of the three phases, and what does not;
# - train a small team, let it watch a newcomer, and measure how much the watching helped.
#
# **You need** Python, and to know what a probability and an average are. No reinforcement learning.
#
# **Time**: 16 minutes, plus about one for the cells to run.

# %% [markdown]
# ## First, play
#
# In Jupyter, run the cell below (Shift + Enter). You are hunter 1. Hunt three prey; it takes two minutes. Then see how a team
# that had watched them did it.

# %% tags=["hide-input"]
import os

# one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import torch
from matplotlib.figure import Figure

import micra_lite
from micra_lite import exact, widgets
from micra_lite.plotting import results, style
from micra_lite.plotting.games import picture

game_first = widgets.OpeningGame()
game_first

# %% [markdown]
# ## How questions work
#
# Every lesson asks before it answers. Choose an answer, or move the slider, and press **Reveal**. Results that would give
# the answer away wait for your guess. (That is all `with guess.then():` does in the code.) A wrong guess costs only points
# that nobody else sees. Where there is no button, think first, then open *Answer*.
#
# Cells that only set up or draw are folded away; run them too.

# %% tags=["hide-input"]
widgets.course_map()

# %% [markdown]
# This map comes back in every lesson, with that lesson's part highlighted.
#
# ## The game
#
# This game is called *pursuit*. All three move *at the same time*, and each catch pays both hunters 1.

# %%
game = micra_lite.make("pursuit")
print("targets, the team that we train:", *game.targets)
print("externals, whom nobody controls:", *game.externals)

# %% tags=["hide-input"]
state = torch.tensor([0, 8, 4])  # the cell of each, numbered row by row
widgets.show(
    picture(game, state),
    "Hunter 1 top left, hunter 2 bottom right, the prey in the middle.",
)

# %% [markdown]
# ## Who is the prey?
#
# Prey differ. Some flee more; each has a home and habits of its own. A prey's **policy** says how likely each of
# its moves is. The hunters only see moves.
#
# Each prey is a **task** of its own. Some are for training; eight *newcomers* are kept for the end.

# %%
family = micra_lite.external_family("pursuit")
newcomers = family.split("held-out")[:8]
print("prey to train with:", len(family.split("train")))

# %% [markdown]
# Three newcomers in the state above. Would you hunt all three the same way?

# %% tags=["hide-input"]
seen = game.observe(state[None])
print("       ", "".join(f"{name:>7}" for name in game.action_names[2]))
for k in range(3):
    moves = newcomers.policies(torch.tensor([k]), [seen[2]])[0][0]
    print(f"prey {k}:", "".join(f"{p:7.2f}" for p in moves))

# %% [markdown]
# ## The chain
#
# 1. **Externals.** The prey moves by a hidden policy.
# 2. **Imitator.** It watches moves and predicts the prey's policy.
# 3. **Critic.** It learns Q(s, a): what the moves a of all three agents are worth in state s. Worth, or *value*, means all
#    rewards to come; later ones count less.
# 4. **Regret.** How much better is one move than what the hunter does on average? The prediction says how much each column
#    of Q counts.
# 5. **Actors.** They are the hunters' policies. They shift towards moves with positive regret.
#
# Two more prey, A and B, meet the hunters in the state above.

# %% tags=["hide-input"]
EAST, SOUTH, NORTH, WEST = (
    game.action_names[0].index(n) for n in ("east", "south", "north", "west")
)
links = {}
for prey, share in (("A", 0.0), ("B", 1.0)):
    one = widgets.Chain()
    one.prey.value = share
    links[prey] = one.links
best_move = game.action_names[0][int(links["B"].regrets[0].argmax())]

guess_other = widgets.ask("other-prey", best_move)
guess_other

# %% [markdown]
# Here are all five links, computed exactly; nothing is trained. The table of Q has hunter 1's moves and the prey's;
# hunter 2's move is averaged out. The new policy is reached after 30 small steps.

# %%
chain = widgets.Chain()
guess_other.covered(chain)

# %% [markdown]
# **Question.** Move the first slider from prey A to prey B. What reverses? What stays the same in Q? Then set the watched
# moves to 0: what does the team know now?
#
# <details><summary>Answer</summary>
# The prey's bars change, so the prediction changes, and with it the <em>weights</em> above the columns of Q. Then the
# regrets reverse: east was hunter 1's best move and is now its worst, and its policy follows. In Q the pattern stays: if the
# prey goes north, east is best for hunter 1; if it goes west, south is. With nothing watched the prediction is an average
# over all known prey, whoever is there.
# </details>

# %% [markdown]
# ## The chain in four lines
#
# MICRA's paper has four equations. You need not follow them yet; each has a lesson.
#
# Be good at many tasks $k$: choose parameters $\theta$ that make their losses $L_k$ small on average (lesson 05).
#
# $$\min_\theta\; \mathbb E_k\big[L_k(\theta)\big] \qquad\text{(Eq. 1)}$$
#
# Regret: the value $v$ of state $s$ if target $i$ plays $a_i$, minus its value as things are (lesson 02).
#
# $$A_i(s, a_i) = v(s \mid i \text{ plays } a_i) - v(s) \qquad\text{(Eq. 2)}$$
#
# Shift target $i$'s policy $\pi_i$, which acts on its observation $o_i$, in direction $g_i$: towards moves with positive
# regret (lesson 03).
#
# $$g_i = \mathbb E\big[\nabla \log \pi_i(a_i \mid o_i)\, A_i(s, a_i)\big] \qquad\text{(Eq. 3)}$$
#
# Find imitator parameters $\theta$ from which steps of size $\alpha$ on a few watched moves lead to good predictions (lesson 06).
#
# $$\min_\theta \textstyle\sum_k L_k(\theta'_k), \qquad \theta'_k = \theta - \alpha\, \nabla L_k(\theta) \qquad\text{(Eq. 4)}$$

# %% [markdown]
# ## The three phases
#
# There are four kinds of networks. The *extractor* turns what an agent sees into features, the numbers that the other
# networks read. The *meta-imitator* predicts the externals' moves; *meta* means that it is trained to be adapted. The
# *critic* gives Q. The *actors* choose the moves.
#
# | phase | what learns | from what |
# |---|---|---|
# | 1. **offline training** | all four: extractor, meta-imitator, critic, actors | many games with training prey: moves and rewards |
# | 2. **online adaptation** | only θ′, a copy of the imitator's parameters, made for one newcomer | its watched moves; no reward |
# | 3. **execution** | nothing; each actor acts on its own observation | – |
#
# Links 4 and 5 of the chain are what happens in *training*. With a newcomer, no regrets are computed by default: the actors
# have learned to answer a prediction.

# %% [markdown]
# ### After the copy has adapted
#
# Only θ′ has adapted. Why should the hunters then move differently? MICRA's paper, a two-page poster, does not say. So
# `Settings(after_imitation=…)` offers three answers:
#
# - `"nothing"`: **our default.** No network changes. What θ′ predicts, the team's *belief*, is an input of actors and critic,
#   so the team acts differently at once.
# - `"actors"`: the critic is frozen. The actors take a few more steps of Eq. 3, with the new predictions in Eq. 2. With
#   networks that are told nothing, this is **the paper, read literally**.
# - `"actors and critic"`: both go on training.
#
# Lesson 10 compares them.

# %% [markdown]
# ## Phase 1: train
#
# This training is short: a full one makes 1,500 updates. `offline_training` yields a record
# after each update, and `last` waits for the last one.

# %%
settings = micra_lite.Settings(
    updates=150,  # in each, all four networks learn a little
    hidden=128,  # the width of the critic
    target_rate=0.05,  # how fast a slow copy of the critic follows it (lesson 04)
)
training = micra_lite.offline_training(game, family, settings)
team = micra_lite.last(training).state

# %% [markdown]
# ## Phase 2: watch a newcomer, adapt
#
# The team plays ten games (*episodes*) against a prey that it has never met, and watches.

# %%
newcomer = newcomers[0]
watched = micra_lite.watch(team, newcomer, episodes=10)
print(len(watched), "games,", sum(len(e.actions["prey"]) for e in watched), "moves")
adapted = micra_lite.last(micra_lite.online_adaptation(team, watched)).state

# %% [markdown]
# What does the imitator predict for the state drawn above? Seldom the exact policy: this very state was hardly ever watched.

# %% tags=["hide-input"]
s = int(game.encode(state))
bars = {
    "predicted before": exact.predicted_tables(team)[0][0, s],
    "predicted after": exact.predicted_tables(adapted)[0][0, s],
    "the prey's policy": game.tables(newcomer)[0][0, s],
}
figure = Figure(figsize=(7.6, 2.8), layout="constrained")
axes = figure.subplots()
looks = ((style.GREY, "//"), (style.BLUE, ""), (style.VERMILLION, ".."))
for j, ((label, values), (colour, hatch)) in enumerate(
    zip(bars.items(), looks, strict=True)
):
    x = [a + 0.27 * (j - 1) for a in range(len(values))]
    axes.bar(x, values, 0.25, color=colour, hatch=hatch, edgecolor="white", label=label)
axes.set_xticks(range(5), game.action_names[2])
axes.set(ylabel="probability", ylim=(0, 1), xlabel="move of the prey")
axes.legend(frameon=False, fontsize=9)
words = "The prey's next move. " + "; ".join(
    f"{label}: "
    + ", ".join(
        f"{n} {p:.2f}" for n, p in zip(game.action_names[2], values, strict=True)
    )
    for label, values in bars.items()
)
widgets.show(figure, words + ".", trained=True)

# %% [markdown]
# ## Phase 3: execute
#
# Now the adapted team plays four games.

# %%
played = list(micra_lite.execution(adapted, game, newcomer, episodes=4))
print(len(played), "steps")

# %% [markdown]
# ## Was it worth it?
#
# In a few games luck decides too much. So we compute exactly what a team can expect, for eight newcomers, before
# and after ten watched games. On the scale, **0** is a team that moves at random, **1** the best possible against this very
# prey.

# %%
table = exact.tabulate(game)  # the rules as arrays
scale = exact.yardstick_for(table, newcomers, game)
scores = exact.adaptation_scores(team, table, newcomers, episodes=10)
before, after = scale.each(scores.before), scale.each(scores.after)  # (8,) each

# %% tags=["hide-input"]
gained = int((after > before).sum())
how_many = ("two or fewer", "three to five", "six or more")[min(2, gained // 3)]

guess_gain = widgets.ask("who-gains", how_many)
guess_gain

# %% tags=["hide-input"]
reached = (
    "below 0.4" if after.mean() < 0.4 else
    "from 0.4 to 0.9" if after.mean() < 0.9 else
    "above 0.9"
)  # fmt: skip

guess_reached = widgets.ask("how-far", reached)
guess_reached

# %% tags=["hide-input"]
labels = [f"prey {k}" for k in range(8)]
figure, words = results.adaptation_figure("pursuit", labels, before, after, episodes=10)
with guess_reached.then(guess_gain):
    widgets.show(figure, words, trained=True)

# %% [markdown]
# <details><summary>After your predictions: against whom does it gain most?</summary>
# As a rule, the team gains most against prey that gave it trouble before: prey unlike the average one.
# </details>
#
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_other, guess_gain, guess_reached]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# - **Targets** are ours, **externals** are not. Each external is a task.
# - The chain: the external's moves, the imitator's prediction, the critic's Q, regrets, the actors' policies.
# - Offline, all networks learn. Online, only θ′ adapts, from moves alone. In execution nothing learns.
# - Here the actors take what θ′ predicts as an input.
#
# ## Common mistakes
#
# - *Reading a regret as a value.* A regret compares a move with what the policy does on average.
# - *Looking for rewards in phase 2.* Imitating needs only moves.
# - *Calling a team adapted because it scores well.* Compare it with itself before it watched, against the same newcomers.
#
# ## What was used
#
# | idea | where |
# |---|---|
# | game, family of externals | `micra_lite.make`, `micra_lite.external_family` |
# | the chain in one state | `micra_lite.widgets.Chain` |
# | the three phases | `micra_lite.offline_training`, `micra_lite.online_adaptation`, `micra_lite.execution` |
# | exact scores | `micra_lite.exact.yardstick_for`, `micra_lite.exact.adaptation_scores` |
#
# Next: `01_games`, what is being played, and what knowing the other is worth.

# %% tags=["hide-input"]
for prey, first, last in (("A", EAST, SOUTH), ("B", SOUTH, EAST)):
    assert int(links[prey].regrets[0].argmax()) == first
    assert int(links[prey].regrets[0].argmin()) == last
    assert int(links[prey].after[0].argmax()) == first
    assert int(links[prey].q[:, NORTH].argmax()) == EAST
    assert int(links[prey].q[:, WEST].argmax()) == SOUTH
assert int(links["A"].played.argmax()) == NORTH
assert int(links["B"].played.argmax()) == WEST
unwatched = widgets.Chain()
unwatched.watched.value = 0
prior = unwatched.links.predicted
unwatched.prey.value = 1.0
assert torch.equal(prior, unwatched.links.predicted)
assert settings.after_imitation == "nothing"
assert abs(scale.normalised_score(scale.best) - 1) < 1e-9
assert scale.normalised_score(scores.before) > 0.2
assert after.mean() > before.mean()
print("all checks passed")
