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
# # Your own game
#
# So far you have played our games. How do you bring in a game of your own, so that MICRA can train on it? And does adapting
# to a newcomer help there, too?
#
# **Afterwards you can**
#
# - turn a PettingZoo environment into a game;
# - write a family of externals for it;
# - train a team, let it watch newcomers, and measure what that is worth;
# - read the prediction, the policy and the regrets of one state of a trained team.
#
# **You need** the three phases (lesson `00_tour`), regrets (`02_regret`) and the critic's target (`04_critic`).
#
# **Time**: 24 minutes.

# %% tags=["hide-input"]
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from matplotlib.figure import Figure
from pettingzoo import ParallelEnv
from pettingzoo.test import parallel_api_test

import micra_lite
from micra_lite import widgets
from micra_lite.exact import mean_return
from micra_lite.interop import raccoon
from micra_lite.plotting import episodes, style

widgets.course_map()

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $\mathcal T$, $\mathcal E$ | targets (ours), externals (not ours) | `targets`, `externals` |
# | $\pi_i(a_i \mid o_i)$ | the policy of target $i$ | `record.policies` |
# | $\delta(a_e \mid o_e; \theta'_k)$ | the imitator's prediction of external $k$ | `record.predictions` |
# | $A_i(s, a_i)$ | the regret advantage of Eq. 2 | `record.regrets` |

# %% [markdown]
# ## 1. A raccoon
#
# Each night a raccoon comes to one of four bins. Ann can guard bin 0 or 1. Bob can guard bin 1, 2 or 3. All three choose at once.
# If somebody is at its bin, the raccoon is frightened. If nobody is, it has a meal. After four meals it is full and moves away.
# After twelve nights the summer is over.
#
# Each morning everybody sees three things: where the raccoon was, whether it was frightened, and how full it is.
#
# PettingZoo is the usual interface for environments with several agents. It asks for a class that says who takes part, what
# each agent can see and do, how an episode starts (`reset`) and what happens in one step (`step`).


# %%
class Raccoon(ParallelEnv):
    def __init__(self):
        self.metadata = {"name": "raccoon"}
        self.possible_agents = ["ann", "bob", "raccoon"]
        self.bins = {"ann": (0, 1), "bob": (1, 2, 3), "raccoon": (0, 1, 2, 3)}
        self.moves = {agent: Discrete(len(bins)) for agent, bins in self.bins.items()}
        self.views = {agent: Box(0.0, 1.0, (6,), np.float32) for agent in self.bins}
        self.max_cycles = 12  # nights in a summer; the package looks for this name

    def observation_space(self, agent):
        return self.views[agent]

    def action_space(self, agent):
        return self.moves[agent]  # action 0 of Bob is bin 1

    def reset(self, seed=None, options=None):
        self.agents = list(self.possible_agents)
        self.night = self.meals = 0
        self.seen = np.zeros(6, np.float32)  # on the first evening: nothing
        return {a: self.seen.copy() for a in self.agents}, {a: {} for a in self.agents}

    def step(self, actions):
        at = {a: self.bins[a][actions[a]] for a in self.agents}
        there = [a for a in ("ann", "bob") if at[a] == at["raccoon"]]
        self.night += 1
        self.meals += not there
        self.seen = np.zeros(6, np.float32)
        self.seen[at["raccoon"]] = 1.0  # numbers 0 to 3: its bin
        self.seen[4], self.seen[5] = bool(there), self.meals / 4
        rewards = {a: 2 / len(there) if a in there else 0.0 for a in ("ann", "bob")}
        rewards["raccoon"] = float(not there)
        full, late = self.meals == 4, self.night == 12
        played = self.agents
        if full or late:
            self.agents = []
        seen = {a: self.seen.copy() for a in played}
        terminated = dict.fromkeys(played, full)  # nothing follows
        truncated = dict.fromkeys(played, late and not full)  # we only stop looking
        return seen, rewards, terminated, truncated, {a: {} for a in played}


# %% [markdown]
# PettingZoo has a test that checks its rules. Run it whenever you change something.

# %%
parallel_api_test(Raccoon(), num_cycles=200)

# %% [markdown]
# ## 2. From environment to game
#
# Say which agents are ours. All others are externals.

# %%
game = micra_lite.from_parallel_env(Raccoon, targets=["ann", "bob"])
print("targets:", game.targets, " externals:", game.externals)
print("actions:", dict(zip(game.agents, game.n_actions, strict=True)))

# %% [markdown]
# On the first night Ann and the raccoon are at bin 0, and Bob is at bin 3. Those at the raccoon's bin share 2. So the
# *environment* pays Ann 2 and Bob nothing. What does the *game* pay?

# %%
generator = torch.Generator().manual_seed(0)
state = game.reset(1, generator)
step = game.step(state, torch.tensor([[0, 2, 0]]), generator)  # actions of all three

# %%
guess_shared = widgets.ask("shared-pay", f"{float(step.rewards[0, 1]):g}")
guess_shared

# %% tags=["hide-input"]
game.scene = raccoon.scene  # what is where, so that the package can draw it
nights = torch.tensor([[0, 0, 3], [0, 2, 3], [1, 1, 0], [0, 1, 0]])
states, paid = [game.reset(1, generator)], []
for joint in nights:
    night = game.step(states[-1], joint[None], generator)
    states.append(night.state)
    paid.append(night.rewards)
gif, alt = episodes.animation(game, torch.cat(states), nights, torch.cat(paid))
words = "A made-up excerpt of four nights, not a whole summer. " + alt.replace(
    "An episode of raccoon, 4 steps", "Raccoon, 4 nights"
)
with guess_shared.then():
    widgets.animate(gif, words)

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# The targets are one team. By default each is paid the mean of what the environment pays them, and one Q serves all. With
# <code>shared_reward=False</code> the game pays each its own reward. Then MICRA's critic has one Q for each target, and each
# target's regrets come from its own: so targets may compete with each other.
# </details>
#
# ### Two ways to end
#
# Suppose the raccoon comes to bin 3 every night, and Ann stays at bin 0. In one summer Bob is always at bin 1, in the other
# always at bin 3.
#
# Remember the critic's target (lesson `04_critic`). It *bootstraps*: it adds to the reward what the critic itself says about the
# next state. In which summer must it still do so on the last night?


# %% tags=["hide-input"]
def play_out(ann, bob, visitor):
    """Always the same actions: how many nights, and how the episode ends."""
    state, nights = game.reset(1, generator), 0
    while True:
        step = game.step(state, torch.tensor([[ann, bob, visitor]]), generator)
        state, nights = step.state, nights + 1
        if step.terminated or step.truncated:
            return nights, "terminated" if step.terminated else "truncated"


missed, guarded = play_out(0, 0, 3), play_out(0, 2, 3)

# %%
cut_short = [bob for bob, (_, end) in ((1, missed), (3, guarded)) if end == "truncated"]
outcome = {(1,): "Bob at bin 1", (3,): "Bob at bin 3", (1, 3): "in both"}[(*cut_short,)]
guess_ends = widgets.ask("two-ends", outcome)
guess_ends

# %% tags=["hide-input"]
with guess_ends.then():
    print("Bob at bin 1: {} nights, then {}".format(*missed))
    print("Bob at bin 3: {} nights, then {}".format(*guarded))

# %% [markdown]
# ## 3. A family of raccoons
#
# An external is a policy. A *family* draws many of them, by number. Our raccoons have three parameters:
#
# - `favourite`: the bin it likes best;
# - `loyal`: how strongly it returns to where it ate (below zero: it avoids that bin);
# - `shy`: how strongly it prefers the *next* bin after a fright (below zero: it avoids the next bin).
#
# A *logit* is a number of any size for an action; `softmax` turns logits into probabilities. Everything that the raccoon
# uses is in what it observes. That must be so: a memory that its observation does not hold would break the method.


# %%
class Raccoons(micra_lite.ExternalFamily):
    name = "raccoon"
    parameter_names = ("favourite", "loyal", "shy")

    def draw(self, rng):
        return np.array([rng.integers(4), rng.uniform(-4, 4), rng.uniform(-4, 4)])

    def probabilities(self, parameters, observations):
        seen = observations[0].to(parameters.dtype)  # (…, 6)
        favourite, loyal, shy = parameters.split(1, dim=-1)  # (…, 1) each
        last, frightened = seen[..., :4], seen[..., 4:5]
        following = last.roll(1, -1)  # after bin 3 comes bin 0
        logits = 2.0 * (torch.arange(4) == favourite)
        logits = logits + loyal * last * (1 - frightened)
        logits = logits + shy * following * frightened
        return [logits.softmax(-1)]  # (…, 4), one for each external agent


family = Raccoons()
newcomers = family.split("held-out")[:16]  # never met in training
for k in (1, 3):
    favourite, loyal, shy = newcomers.parameters[k].tolist()
    print(f"raccoon {k}: favourite {favourite:.0f}, loyal {loyal:.1f}, shy {shy:.1f}")

# %% tags=["hide-input"]
views = {
    "first evening": raccoon.view(),
    "after a meal at bin 0": raccoon.view(0, meals=1),
    "after a fright at bin 0": raccoon.view(0, True),
}
rows = {}
for name, seen in views.items():
    chosen = newcomers.policies(torch.tensor([1, 3]), [seen.expand(2, 6)])[0]
    rows[name] = chosen.numpy()  # (2, 4)
distance = {name: float(np.abs(p - q).sum() / 2) for name, (p, q) in rows.items()}

# %%
guess_morning = widgets.ask("which-morning", max(distance, key=distance.get))
guess_morning

# %% tags=["hide-input"]
with guess_morning.then():
    print(f"{'probability of bin':34}    0    1    2    3")
    for name, pair in rows.items():
        for k, row in zip((1, 3), pair, strict=True):
            numbers = "".join(f"{p:5.2f}" for p in row)
            print(f"{name:24}raccoon {k} {numbers}")

# %% [markdown]
# ## 4. Train, meet, adapt
#
# The three phases are those of the tour. The settings keep the training short: it takes about ten seconds.

# %%
settings = micra_lite.Settings(
    updates=80, value_steps=2, features=32, hidden=64, actor_hidden=32,
    imitator_hidden=32, externals_per_round=24, episodes_per_external=16,
    support_episodes=(1, 2, 5), unwatched_externals=2,
)  # fmt: skip
team = micra_lite.last(micra_lite.offline_training(game, family, settings)).state

# %% [markdown]
# Now 16 newcomers. The team watches each of them for five summers and adapts. We count catches in 40 summers, before and after.


# %%
def adapt(team, newcomer, seed):
    """A copy of the team that has watched the newcomer for five summers."""
    watched = micra_lite.watch(team, newcomer, episodes=5, seed=seed)
    return micra_lite.last(micra_lite.online_adaptation(team, watched)).state


adapted = [adapt(team, newcomers[k], seed=k) for k in range(16)]
before, after, random_team = [], [], []
for k in range(16):
    before.append(float(mean_return(team, newcomers[k], 40, seed=k)))
    after.append(float(mean_return(adapted[k], newcomers[k], 40, seed=k)))
    played = mean_return(team, newcomers[k], 40, seed=k, exploration=1.0)
    random_team.append(float(played))

# %%
growth = sum(after) / sum(before)
outcome = "they rise by a tenth or more" if growth > 1.1 else "about the same"
guess_newcomer = widgets.ask("newcomer-raccoon", outcome)
guess_newcomer

# %% tags=["hide-input"]
before, after, random_team = map(np.array, (before, after, random_team))
best = np.array([raccoon.best_catches(newcomers[k]) for k in range(16)])
figure = Figure(figsize=(8, 3.6), layout="constrained")
axes = figure.subplots()
order, x = np.argsort(before), np.arange(16)
for k, row in zip(x, order, strict=True):
    axes.plot([k, k], [before[row], after[row]], color=style.GREY, lw=1)
axes.plot(
    x, best[order], "_", color=style.INK, ms=14, mew=2, label="best team that knows it"
)
axes.plot(x, after[order], "D", color=style.BLUE, label="after watching 5 summers")
axes.plot(
    x, before[order], "o", mec=style.VERMILLION, mfc="white", mew=1.8, label="before"
)
axes.plot(x, random_team[order], "x", color=style.GREY, label="random team")
axes.set(
    xlabel="newcomer's number (sorted by the score before)", ylabel="catches a summer"
)
axes.set(ylim=(0, 12.5), xticks=x, xticklabels=order)
figure.legend(loc="outside upper center", ncol=4, frameon=False)
words = (
    f"Catches a summer, mean over 16 newcomers: random team {random_team.mean():.1f}, "
    f"before watching {before.mean():.1f}, after {after.mean():.1f}, best team that "
    f"knows the raccoon {best.mean():.1f}. "
    f"After is higher than before for {int((after > before).sum())} of them."
)
with guess_newcomer.then():
    widgets.show(figure, words, trained=True)

# %% [markdown]
# The black bars are exact: the best team knows the raccoon and plans ahead. (`12_your_own_game_deeper` computes this.)
#
# <details><summary>After your prediction: what it means</summary>
# What happened last night is in the observation. Which bin is the favourite, and how loyal or shy this raccoon is, is not:
# only watching tells. The score with one raccoon may still fall: 40 summers are a noisy measurement, and five watched
# summers can mislead. And all this is one trained team. Lesson <code>14_research_question</code> says what a report needs.
# </details>
#
# ## 5. Look inside
#
# A score is a single number. What is behind it? Take one state: the first evening with newcomer 0, whose favourite is bin 2.
# A record of the execution holds the predictions and the policies, which the team needs to play. It also holds the regrets.
# Nobody needs them to play: the package computes them for you to look at.

# %%
records = {}
for when, some_team in (("before", team), ("after", adapted[0])):
    records[when] = next(micra_lite.execution(some_team, game, newcomers[0]))

after_watching = records["after"]
prediction = after_watching.predictions[0]  # (4,): δ, where the raccoon will be
bobs_policy = after_watching.policies[1]  # (3,): π of Bob, over bins 1 to 3
bobs_regrets = after_watching.regrets[1]  # (3,): A of Bob, from Eq. 2

# %% [markdown]
# After watching, the team expects the raccoon at bin 2, and Bob guards bin 2 nearly always. What is his regret of bin 2?

# %%
outcome = "near 0" if abs(float(bobs_regrets[1])) < 0.1 else "clearly above 0"
guess_regret = widgets.ask("bobs-regret", outcome)
guess_regret

# %% tags=["hide-input"]
figure = Figure(figsize=(8, 3.0), layout="constrained")
panels = figure.subplots(1, 3, width_ratios=(4, 3, 3))
looks = {
    "before": ("o", style.VERMILLION, "white"),
    "after": ("D", style.BLUE, style.BLUE),
}
told = []
for when, record in records.items():
    marker, colour, fill = looks[when]
    shown = record.predictions[0], record.policies[1], record.regrets[1]
    for axes, values, bins in zip(
        panels, shown, ((0, 1, 2, 3), (1, 2, 3), (1, 2, 3)), strict=True
    ):
        shift = 0.08 if when == "after" else -0.08
        axes.plot(
            np.array(bins) + shift,
            values,
            marker,
            color=colour,
            mfc=fill,
            ms=8,
            label=when,
        )
        axes.set(xticks=bins, xlim=(bins[0] - 0.5, bins[-1] + 0.5), xlabel="bin")
        axes.axhline(0, color=style.GREY, lw=0.8)
    numbers = [" ".join(f"{float(v):.2f}" for v in values) for values in shown]
    told.append(
        f"{when} watching: raccoon predicted at bins 0 to 3 {numbers[0]}; "
        f"Ann guards bin 1 with probability {float(record.policies[0][1]):.2f}; "
        f"Bob's policy over bins 1 to 3 {numbers[1]}; his regrets {numbers[2]}"
    )
titles = "prediction of the raccoon", "Bob's policy", "Bob's regrets"
units = "probability", "probability", "return"
for axes, title, unit in zip(panels, titles, units, strict=True):
    axes.set_title(title, fontsize=10)
    axes.set_ylabel(unit)
panels[0].set_ylim(-0.05, 1.05)
panels[1].set_ylim(-0.05, 1.05)
figure.legend(
    *panels[0].get_legend_handles_labels(),
    loc="outside upper center",
    ncol=2,
    frameon=False,
)
with guess_regret.then():
    widgets.show(
        figure, f"The first evening beside newcomer 0, {'. '.join(told)}.", trained=True
    )

# %% [markdown]
# <details><summary>After your prediction: read the figure from left to right</summary>
# Before watching, all bins look nearly alike, so Bob's regrets are small. The lowest is that of bin 1, however likely the
# raccoon is there: this Ann mostly guards bin 1 herself, and a second guard adds nothing. After watching, one bin stands out. Leaving it would cost
# most of a catch, so the regrets of the other bins are far below zero. The regret of bin 2 is measured against Bob's own policy,
# which already plays it. So it cannot be large.
# </details>
#
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_shared, guess_ends, guess_morning, guess_newcomer, guess_regret]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - A `ParallelEnv`, a list of targets and a family of externals: that is all a game of your own needs.
# - MICRA's targets are one team, paid the mean of their rewards, unless you give each its own.
# - *Terminated* means that nothing follows; *truncated* means that we stop looking.
# - Compare a team with itself before it watched, against the same newcomers.
#
# </details>
#
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Hiding the external's memory.* Put everything that it uses into what it observes.
# - *Calling every end "terminated".* Then the critic learns that the last night of a summer has no future.
# - *Returning the same array each step.* Later changes then change the past. Return copies.
# - *Reading a regret near 0 as "this action is poor".* It may be the one that is always played.
#
# </details>
#
# ## What was used
#
# | idea | where |
# |---|---|
# | any PettingZoo environment as a game | `micra_lite.from_parallel_env` |
# | a family of externals | `micra_lite.externals.ExternalFamily` |
# | the phases | `micra_lite.offline_training`, `micra_lite.watch`, `micra_lite.online_adaptation`, `micra_lite.execution` |
# | scoring by episodes | `micra_lite.exact.mean_return` |
# | this raccoon, for other notebooks | `micra_lite.interop.raccoon` |
#
# **Optional:** `12_your_own_game_deeper` draws your game, uses somebody else's, and lists what can go wrong.
#
# Next: `13_many_agents`. What regrets cost when there are a hundred agents.

# %% tags=["hide-input"]
assert step.rewards[0, :2].tolist() == [1.0, 1.0]
assert missed == (4, "terminated")
assert guarded == (12, "truncated")
packaged = raccoon.Raccoons().split("held-out")[:16]
assert torch.equal(packaged.parameters, newcomers.parameters)
mornings = raccoon.mornings()
for k in range(16):
    which = torch.full((len(mornings),), k)
    mine, theirs = (f.policies(which, [mornings])[0] for f in (newcomers, packaged))
    assert torch.equal(mine, theirs)
rng, envs = np.random.default_rng(0), (Raccoon(), raccoon.Raccoon())
for _ in range(20):
    started = [env.reset()[0] for env in envs]
    while envs[0].agents:
        joint = {
            a: int(rng.integers(envs[0].action_space(a).n)) for a in envs[0].agents
        }
        (seen, *mine), (same, *theirs) = (env.step(joint) for env in envs)
        assert mine == theirs
        assert all((seen[a] == same[a]).all() for a in seen)
own = micra_lite.from_parallel_env(Raccoon, targets=["ann", "bob"], shared_reward=False)
alone = own.step(own.reset(1, generator), torch.tensor([[0, 2, 0]]), generator)
assert alone.rewards[0, :2].tolist() == [2.0, 0.0]
assert (best > random_team).all()
assert random_team.mean() < before.mean() < after.mean() < best.mean() + 0.5
assert growth > 1.1
assert (after - before).sum() / (best - before).sum() > 1 / 5
assert int(prediction.argmax()) == 2
assert float(bobs_policy[1]) > 0.9
assert abs(float(bobs_regrets[1])) < 0.1
assert float(bobs_regrets[[0, 2]].max()) < -0.3
assert int(records["before"].regrets[1].argmin()) == 0
assert float(records["before"].policies[0][1]) > 0.5
assert settings == micra_lite.Settings(**raccoon.SETTINGS)
print("all checks passed")
