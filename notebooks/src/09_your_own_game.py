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
# Everything so far was played in our games. Now write one yourself. Then see what regret costs with many agents. Last, take a
# question home.
#
# **Afterwards you can**
#
# - turn any PettingZoo environment into a game, and say what must hold for that;
# - give it a family of externals, train a team, and measure what adapting to newcomers is worth;
# - compute regrets of a hundred agents, and say which Q allows that;
# - say when a critic made of small parts misleads regret, and when it cannot;
# - report a small experiment honestly.
#
# **You need** the three phases (lesson `00_tour` will do) and Eq. 2 (lesson `02_regret`).
#
# **Time**: 45 minutes to read and play; the cells take about half a minute to run.
#
# Where a question has a slider or buttons, choose first, then press **Reveal**. Your predictions are summed up at the end.

# %%
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # small sums: one thread is fastest

import time
from functools import cache
from itertools import combinations, product

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from matplotlib.figure import Figure
from pettingzoo import ParallelEnv
from pettingzoo.test import parallel_api_test
from scipy.stats import trim_mean

import micra_lite
from micra_lite import widgets
from micra_lite.agent import prior_belief
from micra_lite.exact import mean_return
from micra_lite.extensions.factored_regret import cp_regret_advantage, pairwise_regret_advantage
from micra_lite.games.scene import Board
from micra_lite.plotting import episodes, games, style
from micra_lite.plotting.externals import family_figure
from micra_lite.regret import FactoredQ
from micra_lite.regret import counterfactual_regret_advantage as regret_advantage
from micra_lite.widgets.switches import JOINT, fit, payoffs, regret_of_on

# %% [markdown]
# ## Notation
#
# The same names in formulas, in text and in code.
#
# | symbol | in words | in code |
# |---|---|---|
# | $\mathcal T$, $\mathcal E$ | targets (ours), externals (not ours) | `targets`, `externals` |
# | $\delta(a_e \mid o_e; \theta'_k)$ | the imitator's prediction of external $k$ | `team.agent.predict` |
# | $n$, $A_j$ | number of agents; number of agent $j$'s actions (a size, and no regret) | `n_actions` |
# | $A_i(s, a_i)$ | regret advantage of Eq. 2 | `regrets` |
# | $u_j(a_j)$, $w_{jl}(a_j, a_l)$ | the parts of a pairwise Q | `singles`, `pairs` |
# | $F_j(r, a_j)$, $R$ | factors of a Q that is a sum of $R$ products | `factors` |
# | $D$ | data: what was played before | `weights` |

# %% [markdown]
# ## 1. A raccoon
#
# At night a raccoon comes to one of four bins. Ann can guard bin 0 or 1. Bob can guard bin 1, 2 or 3. All three choose at once. If
# somebody is at the raccoon's bin, it is frightened, and gets nothing; else it has a meal. After four meals it is full and moves away.
# After 12 nights the summer is over.
#
# Each morning everybody sees where it was, whether it was frightened, and how full it is.
#
# PettingZoo wants this as a class: who takes part, what each can see and do, `reset`, and `step`.


# %%
class Raccoon(ParallelEnv):
    def __init__(self):
        self.metadata = {"name": "raccoon"}
        self.possible_agents = ["ann", "bob", "raccoon"]
        self.bins = {"ann": (0, 1), "bob": (1, 2, 3), "raccoon": (0, 1, 2, 3)}  # action 0 of Bob is bin 1
        self.moves = {agent: Discrete(len(bins)) for agent, bins in self.bins.items()}
        self.views = {agent: Box(0.0, 1.0, (6,), np.float32) for agent in self.bins}
        self.max_cycles, self.enough = 12, 4  # nights (the package looks for this name); meals

    def observation_space(self, agent):
        return self.views[agent]

    def action_space(self, agent):
        return self.moves[agent]

    def reset(self, seed=None, options=None):
        self.agents, self.night, self.meals = self.possible_agents[:], 0, 0
        self.seen = np.zeros(6, np.float32)  # its last bin (4 numbers), was it frightened, how full is it
        return {a: self.seen.copy() for a in self.agents}, {a: {} for a in self.agents}

    def step(self, actions):
        at = {a: self.bins[a][actions[a]] for a in self.agents}
        there = [a for a in ("ann", "bob") if at[a] == at["raccoon"]]
        self.night, self.meals = self.night + 1, self.meals + (not there)
        self.seen[:] = 0.0
        self.seen[at["raccoon"]], self.seen[4], self.seen[5] = 1.0, bool(there), self.meals / self.enough
        rewards = {a: 2 / len(there) if a in there else 0.0 for a in ("ann", "bob")}
        rewards["raccoon"] = float(not there)
        full, late = self.meals == self.enough, self.night == self.max_cycles
        played, self.agents = self.agents, [] if full or late else self.agents
        seen = {a: self.seen.copy() for a in played}
        ends = [dict.fromkeys(played, full), dict.fromkeys(played, late and not full)]
        return seen, rewards, *ends, {a: {} for a in played}


# %% [markdown]
# Does it keep to PettingZoo's contract? It has a test for that. Run it whenever you change something.

# %%
parallel_api_test(Raccoon(), num_cycles=200)

# %% [markdown]
# ## 2. From environment to game
#
# Say who is ours. All others are externals.

# %%
game = micra_lite.from_parallel_env(Raccoon, targets=["ann", "bob"])
print("targets:", game.targets, " externals:", game.externals)
print("actions:", dict(zip(game.agents, game.n_actions, strict=True)), " horizon:", game.horizon)

# %% [markdown]
# Whoever is at the bin shares 2. Ann catches the raccoon alone, so the environment pays her 2, and Bob nothing. What does the *game* pay?

# %%
generator = torch.Generator().manual_seed(0)
at_bin_0 = torch.tensor([[0, 2, 0]])  # Ann and the raccoon; Bob is at bin 3
step = game.step(game.reset(1, generator), at_bin_0, generator)

# %%
guess_shared = widgets.ask("shared-pay", f"{float(step.rewards[0, 1]):g}")
guess_shared

# %% [markdown]
# ### A picture of it
#
# Say what is where, and the package draws it, and says it in words. A state holds what each agent observes, side by side; so its first six
# numbers are Ann's. The raccoon stands at the bin where it was last night.


# %%
def morning(state):
    """The four bins and the raccoon, in one state."""
    last, frightened, full = state[:4], state[4], state[5]
    where = {"raccoon": int(last.argmax())} if last.any() else {}
    title = f"Meals so far: {4 * float(full):.0f}" + ("; it was frightened" if frightened else "")
    return Board(1, 4, where, {f"bin {k}": k for k in range(4)}, title)


game.scene = morning
widgets.show(games.picture(game, step.state[0]), games.words(game, step.state[0]))

# %%
nights = torch.tensor([[0, 0, 3], [0, 2, 3], [1, 1, 0], [0, 1, 0]])  # actions of Ann, Bob, the raccoon
states, paid = [game.reset(1, generator)], []
for joint in nights:
    night = game.step(states[-1], joint[None], generator)
    states.append(night.state)
    paid.append(night.rewards)
with guess_shared.then():
    widgets.animate(*episodes.animation(game, torch.cat(states), nights, torch.cat(paid)))

# %% [markdown]
# ### Two ways to end
#
# Let the raccoon come to bin 3 every night, once with Bob at bin 1, once with Bob at bin 3.


# %%
def play_out(ann, bob, raccoon):
    """Always the same actions: how many nights, and how the episode ends."""
    state, nights = game.reset(1, generator), 0
    while True:
        step = game.step(state, torch.tensor([[ann, bob, raccoon]]), generator)
        state, nights = step.state, nights + 1
        if step.terminated or step.truncated:
            return nights, "terminated" if step.terminated else "truncated"


missed, guarded = play_out(0, 0, 3), play_out(0, 2, 3)
print("Bob at bin 1:", *missed)
print("Bob at bin 3:", *guarded)

# %% [markdown]
# **Question.** After which of the two must the critic's target not bootstrap ($y = r$, lesson 4)?
#
# <details><summary>Answer</summary>
# After the first. The raccoon is gone: nothing follows. In the second the raccoon would come again tomorrow, only we stop looking. An
# environment that calls both the same teaches a wrong value.
# </details>

# %% [markdown]
# ### What can go wrong
#
# | what | why it matters | what the package does |
# |---|---|---|
# | the external *remembers* something that it does not observe | then it is no stationary policy of its observation; old data mislead | cannot know it: put the memory into the observation, as `seen` here |
# | an agent *leaves* early (it is taken off `agents`) | its later actions mean nothing | its view becomes zeros, a flag tells; the episode goes on while a target is left |
# | *truncated* and *terminated* mixed up | the future of a game that is over is counted, or that of a cut one is not | takes the environment's word |
# | continuous actions, action masks | Eq. 2 sums over a list of actions | refuses, and says what to do |
#
# <details><summary>After your prediction: when rewards of targets differ</summary>
# With rewards of their own, each would play for itself. So the package shares their mean; <code>shared_reward=False</code> keeps them apart.
# </details>
#
# A breach of the contract is named at once, before any training. A beginner's mistake:


# %%
class Forgetful(Raccoon):
    def reset(self, seed=None, options=None):
        return super().reset(seed, options)[0]  # the observations, and no infos


try:
    micra_lite.from_parallel_env(Forgetful, targets=["ann", "bob"])
except ValueError as error:
    complaint = str(error)
    print(complaint)

# %% [markdown]
# ## 3. A family of raccoons
#
# An external is a policy. A family draws many of them, by number. Three parameters will do, all with a meaning:
#
# - `favourite`: a bin it likes best;
# - `loyal`: how much it comes back to where it ate (below zero: it avoids that bin);
# - `shy`: after a fright, how much it prefers the next bin (below zero: it avoids the next bin).


# %%
class Raccoons(micra_lite.ExternalFamily):
    name = "raccoon"
    parameter_names = ("favourite", "loyal", "shy")

    def draw(self, rng):
        return np.array([rng.integers(4), rng.uniform(-4, 4), rng.uniform(-4, 4)])

    def probabilities(self, parameters, observations):
        seen = observations[0].to(parameters.dtype)
        favourite, loyal, shy = parameters.split(1, dim=-1)
        last, frightened = seen[..., :4], seen[..., 4:5]
        following = last.roll(1, -1)  # after bin 3 comes bin 0
        logits = 2.0 * (torch.arange(4) == favourite)
        logits = logits + loyal * last * (1 - frightened) + shy * following * frightened
        return [logits.softmax(-1)]


family = Raccoons()
newcomers = family.split("held-out")[:16]

# %% [markdown]
# Three of them. **Question.** In which of these mornings would you tell raccoon 1 from raccoon 2?


# %%
def view(last=None, frightened=False, meals=0):
    """What is seen in the morning."""
    seen = torch.zeros(6)
    if last is not None:
        seen[last], seen[4], seen[5] = 1.0, float(frightened), meals / 4
    return seen


examples = {"first night": view(), "ate at 0": view(0, meals=1), "fright at 0": view(0, True)}
print("raccoon    at bin    0    1    2    3")
for k in range(3):
    for words, seen in examples.items():
        row = newcomers.policies(torch.tensor([k]), [seen[None]])[0][0]
        print(f"{k}   {words:12}  " + "".join(f"{p:5.2f}" for p in row.tolist()))

# %% [markdown]
# <details><summary>Answer</summary>
# After it ate at bin 0: raccoon 1 all but surely comes back, raccoon 2 not quite. On the first night they are alike: the same favourite.
# </details>
#
# Look at what is *not* there: nothing that the raccoon uses is hidden from its observation.
#
# The same three side by side, in the morning of the picture above:

# %%
widgets.show(*family_figure(game, newcomers[:3], step.state[0]))

# %% [markdown]
# ### How good can a team be?
#
# You know the rules, so you can compute it. The best team knows the raccoon and looks ahead, from the last night to the first:


# %%
def best_catches(k):
    """Expected catches of the best team beside newcomer k."""

    @cache
    def policy(last, frightened):
        return newcomers.policies(torch.tensor([k]), [view(last, frightened)[None]])[0][0].tolist()

    @cache
    def value(night, last, frightened, meals):
        if night == 12 or meals == 4:
            return 0.0
        caught = [1 + value(night + 1, b, True, meals) for b in range(4)]
        missed = [value(night + 1, b, False, meals + 1) for b in range(4)]
        p = policy(last, frightened)
        return max(
            sum(p[b] * (caught[b] if b in guarded else missed[b]) for b in range(4))
            for guarded in product((0, 1), (1, 2, 3))
        )

    return value(0, None, False, 0)


best = np.array([best_catches(k) for k in range(len(newcomers))])
print(f"catches of the best team: {best.min():.2f} to {best.max():.2f}, mean {best.mean():.2f}")

# %% [markdown]
# ## 4. Train, meet, adapt
#
# The three phases, as in the tour. This is all that there is to change for another game.


# %%
def train(seed=0, updates=80):
    """A team that has met raccoons of the training split; about ten seconds."""
    settings = micra_lite.Settings(
        seed=seed, updates=updates, value_steps=2, externals_per_round=24, episodes_per_external=16,
        support_episodes=(1, 2, 5), unwatched_externals=2, features=32, hidden=64,
        actor_hidden=32, imitator_hidden=32,
    )  # fmt: skip
    return micra_lite.last(micra_lite.offline_training(game, family, settings)).state


state = train()

# %% [markdown]
# Each of the 16 newcomers is watched for five summers. Then the team plays 40 summers beside it, unadapted and adapted. Scores are
# catches a summer.


# %%
def adapted(state, watched):
    return micra_lite.last(micra_lite.online_adaptation(state, watched)).state


before, after, chance = [], [], []
for k in range(len(newcomers)):
    newcomer = newcomers[k]
    team = adapted(state, micra_lite.watch(state, newcomer, episodes=5, seed=k))
    before.append(float(mean_return(state, newcomer, 40, seed=k)))
    after.append(float(mean_return(team, newcomer, 40, seed=k)))
    chance.append(float(mean_return(state, newcomer, 40, seed=k, exploration=1.0)))
before, after, chance = np.array(before), np.array(after), np.array(chance)

growth = after.mean() / before.mean()

# %%
outcome = "they rise by a tenth or more" if growth > 1.1 else "about the same"
guess_newcomer = widgets.ask("newcomer-raccoon", outcome)
guess_newcomer

# %%
figure = Figure(figsize=(6.4, 3.4), layout="constrained")
axes = figure.subplots()
order, x = np.argsort(before), np.arange(len(newcomers))
for k, row in zip(x, order, strict=True):
    axes.plot([k, k], [before[row], after[row]], color=style.GREY, lw=1)
axes.plot(x, best[order], "_", color=style.INK, ms=12, label="best team that knows it")
axes.plot(x, after[order], "D", color=style.BLUE, label="after watching 5 summers")
axes.plot(x, before[order], "o", mec=style.VERMILLION, mfc="white", mew=1.8, label="before")
axes.plot(x, chance[order], "x", color=style.GREY, label="random team")
axes.set(xlabel="newcomers, in order of the score before", ylabel="catches a summer", ylim=(0, 12.5))
axes.set_xticks([])
figure.legend(loc="outside upper center", ncol=2, frameon=False)
better = int((after > before).sum())
words = (
    f"Catches a summer, mean over {len(before)} newcomers: random team {chance.mean():.1f}, "
    f"before watching {before.mean():.1f}, after {after.mean():.1f}, "
    f"best team that knows the raccoon {best.mean():.1f}. After is higher than before for {better} of them."
)
with guess_newcomer.then():
    widgets.show(figure, words, trained=True)

# %%
normalised = [(x.sum() - chance.sum()) / (best.sum() - chance.sum()) for x in (before, after)]
gained = (after - before).sum() / (best - before).sum()
with guess_newcomer.then():
    print("adapted is better on the whole:", growth > 1.1)
    print("at least a fifth of what was missing is gained:", gained > 1 / 5)

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# Before watching, the team does better than chance, and cannot know more. What happened last night is in the view, but which bin is the
# favourite, and how loyal or shy this raccoon is, is not. That is what a few watched summers tell.
# </details>
#
# ### Somebody else's environment
#
# Nothing above depends on who wrote the environment. The package `mpe2` has *simple tag*: three chasers (ours) and a faster runner on a
# plane. `micra_lite.make` knows it by name, and there is a family of runners for it.
#
# **Question.** Chasers that move at random meet three runners. Do they touch all three equally often?

# %%
try:
    tag, runners = micra_lite.make("simple_tag"), micra_lite.external_family("simple_tag").split("held-out")
except ImportError as missing:  # it comes with `make`, or from the package index
    tag = None
    print(missing)
else:
    print("targets:", *tag.targets, " externals:", *tag.externals, " horizon:", tag.horizon)
    print("what each sees, in numbers:", [len(o[0]) for o in tag.observe(tag.reset(1, generator))])

# %%
if tag is not None:
    chasers = micra_lite.TrainingState.initial(tag, micra_lite.settings_for("simple_tag"))
    figure = Figure(figsize=(7.6, 3.2), layout="constrained")
    told = []
    for k, axes in enumerate(figure.subplots(1, 3, sharex=True, sharey=True)):
        touches = float(mean_return(chasers, runners[k], 16, seed=k, exploration=1.0)) / 10  # each pays 10
        records = list(micra_lite.execution(chasers, tag, runners[k], seed=k))
        for j in range(4):  # every agent sees its own place as numbers 2 and 3
            x, y = np.array([record.observations[j][2:4].tolist() for record in records]).T
            colour, line = (style.VERMILLION, "-") if j == 3 else (style.BLUE, "--")
            looks = {"color": colour, "ls": line, "lw": 2 if j == 3 else 1}
            axes.plot(x, y, **looks, label=("runner" if j == 3 else "chaser") if j in (0, 3) else None)
            axes.plot(x[0], y[0], "o", mfc="white", color=looks["color"])
        axes.set(title=f"runner {k}\n{touches:.1f} touches an episode", aspect="equal")
        told.append(f"runner {k} touched {touches:.1f} times an episode")
    figure.supxlabel("one episode each; circles: where they start", fontsize=10)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncol=2, frameon=False)
    words = f"Simple tag, one episode beside each of three runners; means of 16: {', '.join(told)}."
    widgets.show(figure, words, trained=True)

# %% [markdown]
# Runners differ, as raccoons do: so there is something to adapt to. Training takes a few minutes. On the command line:
#
# ```
# micra-lite train simple_tag
# ```

# %% [markdown]
# ## 5. Many agents
#
# Three chasers and a runner with five actions each have $5^4 = 625$ joint actions. What about eight agents?
#
# Here are $n$ radio stations. Each picks one of a few channels, all at once. Station $j$ likes some channels more: $u_j(a_j)$. Two stations
# disturb each other, more or less: fully on the same channel, half on neighbouring ones: $w_{jl}(a_j, a_l)$. Stations 0 and 1 are ours.
# The sum is what a joint action is worth:
#
# $$Q(s, a) = \sum_j u_j(a_j) + \sum_{j<l} w_{jl}(a_j, a_l)$$


# %%
def stations(n_actions, batch=8, seed=0):
    """u, n × (B, A_j); w, (j, l) → (B, A_j, A_l); policies, n × (B, A_j); on B evenings."""
    generator = torch.Generator().manual_seed(seed)
    liking = [torch.randn(batch, a, generator=generator, dtype=torch.float64) for a in n_actions]
    pairs = {}
    for j, l in combinations(range(len(n_actions)), 2):
        apart = (torch.arange(n_actions[j])[:, None] - torch.arange(n_actions[l])).abs()
        loud = torch.rand(batch, 1, 1, generator=generator, dtype=torch.float64)
        pairs[j, l] = -loud * ((apart == 0) + 0.5 * (apart == 1))
    return liking, pairs, [u.softmax(-1) for u in liking]


def laid_out(singles, pairs):
    """The joint table (B, A_1, …, A_n) of all these parts."""
    n, q = len(singles), 0.0
    for j, u in enumerate(singles):
        q = q + u.reshape([len(u)] + [u.shape[1] if axis == j else 1 for axis in range(n)])
    for (j, l), w in pairs.items():
        size = {j: w.shape[1], l: w.shape[2]}
        q = q + w.reshape([len(w)] + [size.get(axis, 1) for axis in range(n)])
    return q


# %% [markdown]
# How many numbers is that? The table has $\prod_j A_j$. The parts have $\sum_j A_j + \sum_{j<l} A_j A_l$.

# %%
entries = {n: (5**n, 5 * n + 25 * n * (n - 1) // 2) for n in range(2, 9)}

# %%
times_more = entries[8][0] / entries[8][1]

outcome = "about 500" if 400 < times_more < 600 else "another number"
guess_entries = widgets.ask("entries", outcome)
guess_entries

# %%
with guess_entries.then():
    print("agents   table entries   as pairs   table, 8-byte numbers")
    for n, (table, parts) in entries.items():
        print(f"{n:6} {table:15,} {parts:10,} {8 * table / 1000:15,.1f} kB")

# %% [markdown]
# <details><summary>After your prediction: and many states?</summary>
# That is for one state. A batch of 1,000 states of eight agents takes 3 GB.
# </details>

# %% [markdown]
# ### By loops
#
# First Eq. 2 as it stands, $A_i(a_i) = v(s \mid i \text{ plays } a_i) - v(s)$: the others' actions averaged out, minus all averaged out. Each
# joint action comes up once:


# %%
def regrets_by_enumeration(singles, pairs, policies, i):
    """A_i (A_i,), in one state, and how many terms were summed."""
    values, terms = [0.0] * len(policies[i]), 0
    for joint in product(*(range(len(p)) for p in policies)):
        weight = 1.0
        for j, a in enumerate(joint):
            weight *= policies[j][a] if j != i else 1.0
        q = sum(singles[j][a] for j, a in enumerate(joint))
        q += sum(w[joint[j]][joint[l]] for (j, l), w in pairs.items())
        values[joint[i]] += weight * q
        terms += 1
    mean = sum(p * v for p, v in zip(policies[i], values, strict=True))
    return [v - mean for v in values], terms


# %% [markdown]
# Now look at the sum. The expectation of a sum is the sum of the expectations. In $w_{jl}$ only $a_j$ and $a_l$ matter, so all other agents
# average out to a factor of one. And a part without agent $i$ is the same for all its actions: it cancels in the difference. What is left:
#
# $$v(s \mid i \text{ plays } a_i) = u_i(a_i) + \sum_{l \ne i} \sum_{a_l} \pi_l(a_l)\, w_{il}(a_i, a_l) + \text{const}$$
#
# Each number of $w$ is used once for each of its two agents. So the work grows with the number of parts, and no longer with $|A|^n$.


# %%
def regrets_by_pairs(singles, pairs, policies, i):
    """The same A_i from the parts alone."""
    values, terms = list(singles[i]), len(singles[i])
    for (j, l), w in pairs.items():
        if i not in (j, l):
            continue  # cancels
        other = l if i == j else j
        for a in range(len(values)):
            for b, p in enumerate(policies[other]):
                values[a] += p * (w[a][b] if i == j else w[b][a])
                terms += 1
    mean = sum(p * v for p, v in zip(policies[i], values, strict=True))
    return [v - mean for v in values], terms


print("actions        terms for station 1: enumerated   by pairs")
apart_pairs = 0.0
for n_actions in ((5, 4), (5, 4, 3), (5, 4, 3, 2), (5, 4, 3, 2, 3), (5, 4, 3, 2, 3, 4)):
    singles, pairs, policies = stations(n_actions)
    packaged = pairwise_regret_advantage(singles, pairs, policies, [0, 1])
    enumerated = regret_advantage(laid_out(singles, pairs), policies, [0, 1])
    for i in (0, 1):
        own = [u[0].tolist() for u in singles], {jl: w[0].tolist() for jl, w in pairs.items()}
        own = (*own, [p[0].tolist() for p in policies], i)
        (slow, many), (fast, few) = regrets_by_enumeration(*own), regrets_by_pairs(*own)
        for other in (fast, packaged[i][0].tolist(), enumerated[i][0].tolist()):
            apart_pairs = max(apart_pairs, *(abs(x - y) for x, y in zip(slow, other, strict=True)))
    print(f"{' × '.join(map(str, n_actions)):20} {many:25} {few:10}")
print("all four agree within 1e-12:", apart_pairs < 1e-12)

# %% [markdown]
# The same numbers: this is no approximation. Let both run, with eight states at once and regrets of both targets. (The table is laid out
# before the clock starts.)


# %%
def seconds(function, *arguments, repeats=3):
    """The quickest of a few runs."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        function(*arguments)
        taken.append(time.perf_counter() - start)
    return min(taken)


clock = {"enumerated": [], "by pairs": []}
for n in entries:
    singles, pairs, policies = stations((5,) * n)
    table = laid_out(singles, pairs)
    clock["enumerated"].append(1000 * seconds(regret_advantage, table, policies, [0, 1]))
    clock["by pairs"].append(1000 * seconds(pairwise_regret_advantage, singles, pairs, policies, [0, 1]))
del table

# %%
figure = Figure(figsize=(7.6, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
looks = ("enumerated", style.VERMILLION, "o-"), ("by pairs", style.BLUE, "D--")
for k, (name, colour, line) in enumerate(looks):
    left.plot(list(entries), [e[k] for e in entries.values()], line, color=colour, label=name)
    right.plot(list(entries), clock[name], line, color=colour, label=name)
left.set(yscale="log", xlabel="agents, 5 actions each", ylabel="numbers that make up Q")
right.set(yscale="log", xlabel="agents, 5 actions each", ylabel="ms for the regrets, 8 states")
figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncol=3, frameon=False)
words = (
    f"Left: the table grows from {entries[2][0]:,} to {entries[8][0]:,} numbers; the parts from "
    f"{entries[2][1]} to {entries[8][1]}. "
    f"Right: with 8 agents regrets take {clock['enumerated'][-1]:.0f} ms enumerated, "
    f"{clock['by pairs'][-1]:.1f} ms by pairs; "
    f"with 2 agents {clock['enumerated'][0]:.1f} and {clock['by pairs'][0]:.1f} ms."
)
with guess_entries.then():
    widgets.show(figure, words, trained=True)

# %% [markdown]
# For few agents the table is as quick, and it can hold *any* Q.
#
# ### Sums of products
#
# Pairs are not the only small form. Another is a sum of $R$ products (CP rank $R$):
#
# $$Q(s, a) = \sum_{r=1}^R \prod_j F_j(r, a_j)$$
#
# The policies are independent, so the expectation of a product is the product of the expectations. For agent $i$ one needs the product
# of all *others'* means. The loop below multiplies them afresh for each $i$. The package finds them for all $i$ at once: the product of the
# means before $i$, times the product of the means after $i$. (To divide the product of all by $i$'s own mean would fail where that is zero.)


# %%
def regrets_by_products(factors, policies, i):
    """A_i in one state: factors n × (R, A_j)."""
    values = [0.0] * len(policies[i])
    for r in range(len(factors[0])):
        others = 1.0
        for j, (f, p) in enumerate(zip(factors, policies, strict=True)):
            if j != i:
                others *= sum(x * y for x, y in zip(f[r], p, strict=True))
        for a in range(len(values)):
            values[a] += factors[i][r][a] * others
    mean = sum(p * v for p, v in zip(policies[i], values, strict=True))
    return [v - mean for v in values]


generator = torch.Generator().manual_seed(3)
sizes, letters = (2, 5, 3, 4), "xyzw"
_, _, policies = stations(sizes)
factors = [torch.randn(8, 3, a, generator=generator, dtype=torch.float64) for a in sizes]
table = torch.einsum(",".join(f"br{c}" for c in letters) + f"->b{letters}", *factors)
packaged = cp_regret_advantage(factors, policies, range(4))
enumerated = regret_advantage(table, policies, range(4))
apart_products = 0.0
for i in range(4):
    loops = regrets_by_products([f[0].tolist() for f in factors], [p[0].tolist() for p in policies], i)
    for other in (packaged[i][0], enumerated[i][0]):
        apart_products = max(apart_products, float(np.abs(loops - other.numpy()).max()))
print("loops, packaged and enumerated agree within 1e-12:", apart_products < 1e-12)

# %% [markdown]
# Now a hundred agents. A table would have $5^{100}$ entries: a number of 70 digits.

# %%
singles, pairs, policies = stations((5,) * 100)
hundred = pairwise_regret_advantage(singles, pairs, policies, range(100))
sums = [float((p * a).sum(-1).abs().max()) for p, a in zip(policies, hundred, strict=True)]
print(f"entries of the table: 5¹⁰⁰ = {5**100:.1e}; numbers in the parts: {100 * 5 + 4950 * 25:,}")
print("every agent's regrets average to zero within 1e-12:", max(sums) < 1e-12)

# %% [markdown]
# The critic that MICRA learns is a sum of products too (lesson 4, section 9). It returns a `FactoredQ`, not a table, so the number of agents is not
# limited by a table's size. Two things differ from the formula above: each product has a weight $c$, which may be put into one of its factors, and
# there is a level, which cancels in regrets. Eight agents with five actions each; `shown` would give the table, and gives None as it is too large:

# %%
g = torch.Generator().manual_seed(4)
u = [torch.randn(1, 8, 5, 64, generator=g, dtype=torch.float64) / 4 for _ in range(8)]  # K, N, A_j, R
c = torch.randn(1, 64, generator=g, dtype=torch.float64)
answer = FactoredQ(u, c, torch.zeros(1, 1, dtype=torch.float64))
_, _, policies = stations((5,) * 8)
same = cp_regret_advantage([x[0].mT for x in [answer.scale[0] * u[0], *u[1:]]], policies, [0])[0]
value = answer.counterfactual([p[None] for p in policies], 0)[0]
learned_form = value - (policies[0] * value).sum(-1, keepdim=True)
apart_learned = float((learned_form - same).abs().max())
print("the table would be shown if it were smaller:", answer.shown())
print("a critic's answer and regrets from products agree within 1e-12:", apart_learned < 1e-12)

# %% [markdown]
# ## 6. When small parts mislead
#
# Three switches, one lamp. It is lit if an **odd** number of switches is on. You flip one, your mate another, a stranger the third.
# To be lit pays 1. All joint actions were tried equally often. What does the best pairwise critic say?
#
# "Best" means: least squares. In loops over groups of at most two agents:

# %%
lamp = payoffs(share=1.0)  # (2, 2, 2)
columns = []
for group in ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2)):
    for setting in product((0, 1), repeat=len(group)):
        columns.append([all(a[j] == x for j, x in zip(group, setting, strict=True)) for a in JOINT])
terms = np.array(columns, float).T  # (8 joint actions, 19 numbers to choose)
chosen = np.linalg.lstsq(terms, lamp.reshape(-1), rcond=None)[0]
pairwise = (terms @ chosen).reshape(2, 2, 2)
apart_fit = float(np.abs(pairwise - fit(lamp, np.full((2, 2, 2), 1 / 8), order=2)).max())

# %%
values = sorted(set(pairwise.round(6).reshape(-1).tolist()))
outcome = "0.5 of every joint action" if values == [0.5] else "the truth in most cases"
guess_parity = widgets.ask("parity-fit", outcome)
guess_parity

# %%
with guess_parity.then():
    print("you mate stranger   truth   pairwise")
    for a in JOINT:
        print("".join(f"{'on' if x else 'off':>5}" for x in a) + f"{lamp[a]:12.0f}{pairwise[a]:11.2f}")

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# Nothing was learned. While the others toss coins, the critic's regret of on is 0 all the same, and that is right.
# </details>
#
# And the critic's regrets? Say that you flip your switch on half of the time. If the others toss coins as well, your switch does not matter:
# the exact regret of *on* is 0. But let the others be on with probability 0.8:

# %%
true_regret, told_regret = regret_of_on(lamp, 0.8), regret_of_on(pairwise, 0.8)
with guess_parity.then():
    print(f"exact regret of on: {true_regret:.2f}, from the pairwise critic: {abs(told_regret):.2f}")

# %% [markdown]
# This critic was fitted to data in which the others tossed coins. Now fit it again, to data in which the others are on with probability
# 0.8, as they are now. It still consists of pairs. How wrong are its regrets?

# %%
often = np.einsum("a,b,c->abc", [0.5, 0.5], [0.2, 0.8], [0.2, 0.8])
refitted = fit(lamp, often, order=2)
error_q = float(np.abs(refitted - lamp).max())
wrong_entries = int((np.abs(refitted - lamp) > 0.05).sum())
error_regret = abs(regret_of_on(lamp, 0.8) - regret_of_on(refitted, 0.8))

# %%
guess_same = widgets.ask("same-others", "not at all" if error_regret < 1e-9 else "as wrong as Q")
guess_same

# %%
with guess_same.then():
    print(f"largest error of Q: {error_q:.2f}; ", end="")
    print(f"joint actions with an error above 0.05: {wrong_entries} of 8")
    print("error of the regret below 1e-9:", error_regret < 1e-9)

# %% [markdown]
# <details><summary>After your prediction: why?</summary>
# A least-squares fit leaves an error that is orthogonal to every term it has. One term is "you are on". So, weighted as in the data,
# the errors at "you are on" average to zero. Regret averages over the others as well. If they play as in the data, it is the same average.
# If the stranger changes, the average is another one, and the errors show.
# </details>
#
# Now the *stranger changes*. **That is MICRA's case**: old data, a new external. Try it:

# %%
switches = widgets.ThreeSwitches()
switches

# %% [markdown]
# **Three-way share** mixes the lamp with a payoff for doing as the stranger does, which pairs can represent. Try:
#
# 1. Move only **now**. When are both critics right?
# 2. Three-way share 0: which critic is right wherever the others go?
# 3. Find a setting in which the pairwise critic points the wrong way.
#
# <details><summary>Answers</summary>
# 1. Where both are equal, whatever the share. (At 0.5 in D, with 0.5 now.) 2. The pairwise one. The single one is right only where both are equal. 3.
# Share 0.3, in D 0.1, now 0.7, for example: it advises to stay off, and on is better.
# </details>
#
# <details><summary>After your prediction: when small parts are safe</summary>
# A critic of small parts is safe where three-way interaction is small, or where the data were made beside the very externals that are valued.
# </details>
#
# If unsure whether a critic of small parts is safe, compare its regrets with a joint critic's on a small version of the game.

# %% [markdown]
# ## 7. A question to take home
#
# You may watch a stranger for twelve nights in all. **One short look at each of many summers, or a long look at few?** Twelve first
# nights, or six times two, four times three, three times four nights?
#
# No lesson answers it. Here is a start that runs. It measures the imitation error: nats above the raccoon's own entropy, the mean over
# all 29 views that there can be in a morning.

# %%
mornings = [view()]
mornings += [view(b, True, m) for b, m in product(range(4), range(4))]
mornings += [view(b, False, m) for b, m in product(range(4), range(1, 4))]
mornings = torch.stack(mornings)  # (29, 6)
designs = {"12 × 1": 1, "6 × 2": 2, "4 × 3": 3, "3 × 4": 4}  # summers × nights → nights


def cut(episode, nights):
    """The first nights of a watched summer."""
    seen = {agent: o[:nights] for agent, o in episode.observations.items()}
    return micra_lite.Episode(seen, {agent: a[:nights] for agent, a in episode.actions.items()})


def error_after(state, watched, newcomer):
    """KL(π ‖ δ) in nats, the mean over all mornings, after adaptation to what was watched."""
    team = adapted(state, watched) if watched else state
    belief = team.belief or prior_belief(team.agent, 1)
    features = team.agent.features([mornings[None]] * 3)  # all three see the same
    predicted = team.agent.predict(belief, features)[0][0].detach().double()  # (29, 4)
    true = newcomer.policies(torch.zeros(29, dtype=torch.long), [mornings])[0]
    return float((true * (true.log() - predicted.log())).sum(-1).mean())


def experiment(state, strangers, seed):
    """For each design, the mean error over these strangers."""
    found = dict.fromkeys(designs, 0.0)
    for k in range(len(strangers)):
        watched = micra_lite.watch(state, strangers[k], episodes=12, seed=1000 * seed + k)
        for name, nights in designs.items():
            part = [cut(episode, nights) for episode in watched[: 12 // nights]]
            found[name] += error_after(state, part, strangers[k]) / len(strangers)
    return found


runs = [experiment(state, newcomers[:8], seed) for seed in range(4)]
errors = {name: np.array([run[name] for run in runs]) for name in designs}
nothing = float(np.mean([error_after(state, [], newcomers[k]) for k in range(8)]))
better_than_nothing = all(found.mean() < nothing for found in errors.values())
print("every design is better than to watch nothing:", better_than_nothing)

# %% [markdown]
# Before you look at the figure, write down which design you expect to be best, and why. This time there is no **Reveal**: it is yours to find out.
# A guess that was written down before is called a **hypothesis**; one that is made up afterwards is a story.

# %%
figure = Figure(figsize=(6.4, 2.8), layout="constrained")
axes = figure.subplots()
dots, means = {"mec": style.BLUE, "mfc": "white", "mew": 1.5}, [found.mean() for found in errors.values()]
for k, found in enumerate(errors.values()):
    axes.plot([k] * len(found), found, "o", **dots, label="one draw of watching" if k == 0 else None)
axes.plot(range(len(means)), means, "_", color=style.VERMILLION, ms=24, mew=2.5, label="their mean")
axes.set_xticks(range(len(designs)), list(designs))
axes.set(xlabel="summers × nights of each that are watched", ylabel="imitation error, nats")
axes.set(ylim=(0, 1.2 * nothing), xlim=(-0.5, 3.5))
axes.axhline(nothing, color=style.INK, ls=":", label="nothing watched")
figure.legend(loc="outside upper center", ncol=3, frameon=False)
told = ", ".join(f"{name}: {found.mean():.2f}" for name, found in errors.items())
words = (
    f"Imitation error after twelve watched nights, nats, one trained team, {len(runs)} draws of watching, "
    f"means: {told}; nothing watched {nothing:.2f}."
)
widgets.show(figure, words, trained=True)

# %% [markdown]
# ### Is that an answer?
#
# Not yet. All dots come from **one** trained team. Another seed of training is another imitator, and may have other strengths. So:
#
# - repeat the *training*, with 10 seeds, and fix that number before you look;
# - draw newcomers that were not used while you tried things out;
# - for each seed one number: the *difference* of two designs beside the same newcomers;
# - report the interquartile mean (IQM: the mean of the middle half) over seeds, with a 95 % bootstrap interval;
# - say what did not work, too.


# %%
def report(scores, generator, draws=5000):
    """The interquartile mean over seeds and its 95 % bootstrap interval."""
    scores = np.asarray(scores, float)
    again = generator.choice(scores, (draws, len(scores)))  # seeds drawn anew, with repetition
    low, high = np.percentile(trim_mean(again, 0.25, axis=1), [2.5, 97.5])
    return trim_mean(scores, 0.25), low, high


made_up = [0.31, 0.28, 0.35, 0.30, 0.02, 0.33, 0.29, 0.31, 0.34, 0.30]  # one seed went wrong
middle, low, high = report(made_up, np.random.default_rng(0))
print(f"ten made-up seeds: IQM {middle:.3f} [{low:.3f}, {high:.3f}], plain mean {np.mean(made_up):.3f}")

# %% [markdown]
# The seed that went wrong moves the IQM little. It must still be told: give the worst seed beside it.
#
# Yours to run (about three minutes):
#
# ```python
# fresh, gains = family.split("held-out")[16:32], []
# for seed in range(10):
#     found = experiment(train(seed), fresh, seed)
#     gains.append(found["12 × 1"] - found["3 × 4"])
# print(report(gains, np.random.default_rng(0)), min(gains))
# ```
#
# Then go on: is a whole summer (`watched[:1]`) better than twelve nights of several? Does it depend on how shy the raccoon is? Does the error that
# falls also mean more catches? And what if the raccoon *notices* that it is watched?

# %% [markdown]
# ## Your predictions

# %%
guesses = [guess_shared, guess_newcomer, guess_entries, guess_parity, guess_same]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# - A `ParallelEnv`, a list of targets, and a family of externals: that is all a game of your own needs.
# - What the external remembers must be in what it observes.
# - Eq. 2 enumerated has $|A|^n$ terms. From pairs, or from a sum of products, the same numbers come in a few operations.
# - A critic of small parts gives exact regrets while the others play as in the data, and misleads when they change and three agents interact.
# - One trained team is one seed. Ten, an IQM and an interval are a report.

# %% [markdown]
# ## Common mistakes
#
# - *Hiding the external's memory.* Then it is no policy of its observation.
# - *Calling an end a cut*, or a cut an end.
# - *Returning the same array each step.* Later changes then change the past: return copies.
# - *Dividing the product of all by the own factor.* It may be zero.
# - *Judging a critic by its error in Q.* Regret cares for averages over the others only.
# - *Trusting a pairwise critic because it fits the data.* The newcomer plays otherwise.
# - *Many episodes of one seed* sold as many seeds.

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | any PettingZoo environment as a game | `micra_lite.from_parallel_env` |
# | what is where, and its picture | `micra_lite.games.scene`, `micra_lite.plotting.games.picture` |
# | a family of externals | `micra_lite.externals.ExternalFamily` |
# | the phases | `micra_lite.offline_training`, `micra_lite.watch`, `micra_lite.online_adaptation` |
# | scoring by episodes | `micra_lite.exact.mean_return` |
# | Eq. 2, enumerated | `micra_lite.regret.counterfactual_regret_advantage` |
# | Eq. 2 from pairs, from products | `micra_lite.extensions.factored_regret.pairwise_regret_advantage`, `micra_lite.extensions.factored_regret.cp_regret_advantage` |
# | a critic of products, learned | `micra_lite.networks.Critic`, `micra_lite.regret.FactoredQ` |
# | runners of simple tag | `micra_lite.interop.simple_tag.RunnerFamily` |
# | to play with | `micra_lite.widgets.ThreeSwitches` |

# %% [markdown]
# This was the last lesson. What you write now is yours.
#
# Last, the notebook checks itself.

# %%
assert step.rewards[0, :2].tolist() == [1.0, 1.0]
assert missed == (4, "terminated")
assert guarded == (12, "truncated")
assert "reset must return" in complaint
assert (best > chance).all()
assert chance.mean() < before.mean() < after.mean() < best.mean() + 0.5
assert growth > 1.1
assert 0 < normalised[0] < normalised[1]
assert apart_pairs < 1e-12
assert apart_products < 1e-12
assert apart_learned < 1e-12
assert clock["enumerated"][-1] > 5 * clock["by pairs"][-1]
assert max(sums) < 1e-12
assert apart_fit < 1e-12
assert values == [0.5]
assert abs(true_regret - 0.18) < 1e-9
assert abs(told_regret) < 1e-9
assert error_q > 0.2
assert wrong_entries > 4
assert error_regret < 1e-9
assert better_than_nothing
assert 0.29 < middle < 0.32
assert low < middle < high
print("all checks passed")
