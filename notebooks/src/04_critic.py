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
# # The critic
#
# Regrets need the worth of every joint action, which nobody tells us. How do we learn it from played games, and how far can
# we trust it?
#
# **Afterwards you can**
#
# - write down the target of a temporal difference, and say when it has no future;
# - fill in a table of joint actions, sweep by sweep;
# - say how joint actions that nobody took affect regrets;
# - say why old data serve for a new external, and when.
#
# **You need** lessons `01_games` and `02_regret`.
#
# **Time**: 21 minutes.

# %% tags=["hide-input"]
import os

# small sums: one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

from itertools import product

import numpy as np
import torch

import micra_lite
from micra_lite import exact, widgets
from micra_lite.plotting import games
from micra_lite.plotting.games import picture
from micra_lite.regret import counterfactual_regret_advantage
from micra_lite.widgets import critic_table
from micra_lite.widgets.chain import hunt
from micra_lite.widgets.critic_table import (
    MOVES,
    STATES,
    collect_transitions,
    expected_targets,
    hunter_and_prey,
    learned_table,
    transitions_beside,
)

widgets.course_map("critic")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $s, a, r, s'$ | a transition: state, joint action, reward, next state | `data` |
# | $Q(s, a)$ | what $a$ is worth in $s$, if all play by their policies afterwards | `q`, (S, 5, 5) |
# | $\bar Q$ | an older copy of $Q$ | `slow` |
# | $\pi_{\mathcal T}, \pi_{\mathcal E}$ | policies of the team and the external | `policies` |
# | $y$ | target: what one transition says that $Q(s, a)$ should be | `target(…)` |
# | $\gamma$ | discount, 0.95 | `game.gamma` |
# | $\varepsilon$ | how often the team acts at random in the data | |

# %% [markdown]
# ## 1. A table of joint actions
#
# Pursuit with 2 × 2 cells, one hunter (ours) and one prey (an external). Both move at once. A catch pays 1, and the prey
# starts again elsewhere. Of 16 pairs of cells, numbered from 0, the 12 with two different cells are states. This is state 6:

# %% tags=["hide-input"]
pursuit = micra_lite.make("pursuit", size=2, hunters=1)
widgets.show(
    picture(pursuit, pursuit.states()[6]), games.words(pursuit, pursuit.states()[6])
)

# %% [markdown]
# The hunter's policy is given: it is best against the *average* prey. Prey A and prey B are newcomers. The exact $Q$ with
# prey A:

# %%
# The game as arrays, and policies: team is a list of one, others are 32 more prey.
game, team, (prey_a, prey_b), others = hunter_and_prey()  # each policy (S, 5)
truth = exact.joint_q(game, [*team, prey_a])  # (S, 5, 5): by hunter's and prey's move

# %% tags=["hide-input"]
print("state 6\nhunter ↓ prey →" + "".join(f"{m:>7}" for m in MOVES))
for a, name in enumerate(MOVES):
    print(f"{name:15}" + "".join(f"{x:7.2f}" for x in truth[6, a]))

# %% [markdown]
# Two entries are catches, and contain a 1: *south* with *east*, and *west* with *north*. The rest of each entry, 7 or more,
# is the future.
#
# An ordinary Q-function contains only your own action. Ours is **joint**: it contains the external's move, too. A regret
# averages over this move (Eq. 2).

# %% [markdown]
# ## 2. The target
#
# A joint action is worth its reward, plus $\gamma$ times what $s'$ is worth: the mean of $Q(s', a')$ over everybody's
# next actions:
#
# $$y = r + \gamma \sum_{a'} \pi_{\mathcal T}(a'_{\mathcal T} \mid s')\, \pi_{\mathcal E}(a'_{\mathcal E} \mid s')\,
# \bar Q(s', a')$$
#
# $y - Q(s, a)$ is the **temporal difference**.


# %%
def worth(slow, policies):
    """Each state's worth (S,): slow (S, 5, 5), averaged over both moves."""
    hunter, prey = policies
    value = np.zeros(len(slow))
    for a, b in product(range(5), range(5)):
        value += hunter[:, a] * prey[:, b] * slow[:, a, b]
    return value


def target(reward, next_state, terminated, slow, policies):
    """y of one transition, or of many at once."""
    future = worth(slow, policies)[next_state]
    return reward + game.gamma * (1 - terminated) * future


# %% [markdown]
# For a catch (*south*, *east*):

# %%
T = game.T.toarray().reshape(game.S, 5, 5, game.S)  # probability of s' after s, a, b
south, east = MOVES.index("south"), MOVES.index("east")
mean_target = 0.0
for after in np.flatnonzero(T[6, south, east]):
    y = target(1.0, after, False, truth, [*team, prey_a])
    mean_target += T[6, south, east, after] * y
    print(f"s' = {after:2}, probability {T[6, south, east, after]:.2f}: y = {y:.2f}")
print(f"mean of the targets: {mean_target:.2f}")

# %% [markdown]
# The mean is the entry of section 1: $Q$ agrees with itself.
#
# ### Over, or only cut?
#
# While we learn, $\bar Q$ is an estimate. Making estimates from estimates is called **bootstrapping**. (In lesson 11
# the word means resampling.)
#
# If the game ends, the episode has **terminated**: no future, $y = r$. Our pursuit never ends; we stop watching after 25
# steps. Such an episode is **truncated**: its last $s'$ has a future. What if a critic takes the cut for an end?

# %%
as_if = (1 - game.gamma) / (1 - game.gamma * 24 / 25)  # of a steady income

guess_cut = widgets.ask("cut", as_if)
guess_cut

# %% [markdown]
# ## 3. Learning from data
#
# The team plays 384 episodes against prey A. With $\varepsilon = 0.2$ the hunter moves at random one time in five: it
# **explores**. In the data a joint action is one number, 5 · hunter's move + prey's move.

# %%
exploring = [0.8 * p + 0.2 / 5 for p in team]
rng = np.random.default_rng(0)
data = collect_transitions(game, [*exploring, prey_a], episodes=384, length=25, rng=rng)

a, b = divmod(data.joint[0], 5)
print(f"{len(data.state):,} transitions. The first one:")
print(f"s = {data.state[0]}, hunter {MOVES[a]}, prey {MOVES[b]}, ", end="")
print(f"r = {data.reward[0]:.0f}, s' = {data.next_state[0]}")

# %% [markdown]
# From such data a table is to learn $Q$. At the start it is zero everywhere. First imagine a team that never explores.

# %%
never = learned_table(0.0, "prey A alone", "prey A")
said = never.learned[-1][never.counts == 0]

outcome = "about the right value" if said.any() else "0, as at the start"
guess_never = widgets.ask("never-taken", outcome)
guess_never

# %% [markdown]
# One **sweep** computes the targets of all transitions, with the present table as $\bar Q$. Then each
# entry moves halfway to the mean of its targets.


# %%
def sweep(q, data, policies, rate=0.5):
    """The table q (S, 5, 5) after one sweep over the data."""
    y = target(data.reward, data.next_state, 0, q, policies)  # (N,); nothing ends here
    moved = q.copy()
    for s, joint in set(zip(data.state, data.joint, strict=True)):
        here = (data.state == s) & (data.joint == joint)
        entry = (s, *divmod(joint, 5))
        moved[entry] += rate * (y[here].mean() - q[entry])
    return moved


def learn(data, policies, sweeps=200):
    q = np.zeros(truth.shape)
    for _ in range(sweeps):
        q = sweep(q, data, policies)
    return q


taken = data.counts((game.S, 25)).reshape(truth.shape) > 0
for sweeps in (0, 1, 10, 50, 200):
    q = learn(data, [*team, prey_a], sweeps)
    error = np.abs(q - truth)[taken].mean()
    print(f"after {sweeps:3} sweeps: mean error {error:.2f} in the entries with data")

# %% [markdown]
# A sweep looks one step ahead, so the far future is learned late. Now with cuts taken for ends:

# %% tags=["hide-input"]
cut = np.arange(len(data.state)) >= 24 * 384  # the last transition of each episode
mistaken = np.zeros((game.S, 25))
for _ in range(200):
    y = expected_targets(game, data, mistaken, exact.joint_policy([*team, prey_a]))
    mistaken = critic_table.sweep(mistaken, data, np.where(cut, data.reward, y), 0.5)
cut_share = float(mistaken.reshape(q.shape)[taken].mean() / q[taken].mean())
with guess_cut.then():
    print(f"cuts taken for ends: {cut_share:.2f} of the right values")
    print(f"for a steady income it would be {as_if:.2f}")

# %% [markdown]
# Watch a table fill in. Hatched entries have no data. Which entries become right first? Which rows have data with ε = 0?

# %% tags=["hide-input"]
table = widgets.CriticTable(choose_prey=False)
table.state.value = 6
guess_never.covered(table)

# %% [markdown]
# <details><summary>After your prediction: answers</summary>
# All with data, nearly together: most of each number is the future. With ε = 0, only the row of the team's move.
# </details>

# %% [markdown]
# ## 4. Regret asks about what nobody did
#
# Eq. 2 needs a whole row for each of the hunter's moves, taken or not:


# %%
def hunter_regrets(q):
    """Eq. 2 for the hunter, beside prey A: q (S, 5, 5) → (S, 5)."""
    v = np.einsum("sab,sb->sa", q, prey_a)  # the prey's move is averaged out
    return v - (team[0] * v).sum(1, keepdims=True)


# %%
def seems_better(q):
    """In how many states has some action a regret above 0.1?"""
    return int((hunter_regrets(q)[list(STATES)].max(1) > 0.1).sum())


def print_regrets(critics):
    """Regrets in state 6, and in how many states something seems better."""
    print("hunter's regrets in state 6" + "".join(f"{m:>8}" for m in MOVES))
    for name, table in critics.items():
        regrets = hunter_regrets(table)[6].round(9) + 0.0
        print(f"{name:27}" + "".join(f"{x:8.2f}" for x in regrets), end="")
        print(f"   better in {seems_better(table)} states")


blind = never.learned[-1].reshape(truth.shape)
outcome = "in none" if seems_better(blind) == 0 else "in more"
guess_blind = widgets.ask("blind-regret", outcome, true=str(seems_better(truth)))
guess_blind

# %% tags=["hide-input"]
with guess_blind.then():
    print_regrets(
        {"exact": truth, "learned with ε = 0": blind, "learned with ε = 0.2": q}
    )

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# In state 6 the team goes south; west would be better. Without exploring, no data show it. Even with ε = 0.2 entries
# are missing. One, <em>west</em> while the prey <em>stays</em>, is enough to make west look bad.
# So the team explores while data are collected.
# </details>

# %% [markdown]
# ## 5. Old data, new external
#
# Prey B comes, but all data are from prey A. Must everything be played again?
#
# **Question.** Given $s$, which of $a$, $r$, $s'$ depend on who plays? And given $s$ and $a$?
#
# <details><summary>Answer</summary>
# All three. Given s and a, neither r nor s′: they follow by the rules of the game, whoever chose a. (If a
# were the team's action alone, they would depend on the external.)
# </details>
#
# **This is why old data stay valid for a new external.** $r$ and $s'$ are facts. The *values* in the table are not: they are
# those against prey A. But the same transitions can be valued against prey B. The external's policy enters $y$ in
# one place, the expectation over $a'$. There we put prey B's: we **relabel** the data.

# %%
relabelled = learn(data, [*team, prey_b])  # played by prey A, valued against prey B

# %% [markdown]
# The external must be **stationary**: what it does depends on the state alone. If it remembers something, its
# memory must be part of $s$. Is that enough?

# %%
truth_b = exact.joint_q(game, [*team, prey_b])
error_b = float(np.abs(relabelled - truth_b)[taken].mean())

guess_relabel = widgets.ask("relabel", "above 5" if error_b > 5 else "below 0.2")
guess_relabel

# %% tags=["hide-input"]
errors = {}
for who in critic_table.PLAYED:
    for prey in critic_table.PREY:
        errors[who, prey] = learned_table(0.2, who, prey).error(-1, taken=True)
parts = [
    collect_transitions(game, [*exploring, p], 120, 25, np.random.default_rng(k))
    for k, p in enumerate(others)
]
columns = zip(*(vars(part).values() for part in parts), strict=True)
more = type(data)(*map(np.concatenate, columns))
company = np.zeros((game.S, 25))
for _ in range(200):
    y = expected_targets(game, more, company, exact.joint_policy([*team, prey_a]))
    company = critic_table.sweep(company, more, y, 0.5)
company = company.reshape(truth.shape)
with guess_relabel.then():
    print("mean error of entries with data, after 200 sweeps")
    print("played by         valued against A   valued against B")
    for who in critic_table.PLAYED:
        print(f"{who:18}{errors[who, 'prey A']:16.2f}{errors[who, 'prey B']:19.2f}")
    print("\nsection 4 again, against prey A")
    print_regrets(
        {"exact": truth, "learned beside prey A": q, "learned beside 32 prey": company}
    )

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# At B's moves the table says 0, and these zeros spread from target to target. In the second line 32 prey,
# neither A nor B, played 12 episodes each. Together they made all the moves that matter. If each of the 32 plays 120 episodes, section 4's regrets come out right, too.
# </details>
#
# Played beside *prey A alone*, valued against *prey B*: do more sweeps help?

# %% tags=["hide-input"]
relabelling = widgets.CriticTable()
relabelling.against.value = "prey B"
relabelling.state.value = 6
guess_relabel.covered(relabelling)

# %% [markdown]
# <details><summary>After your prediction: answer</summary>
# Hardly. The error stays above 6: no sweep adds data.
# </details>

# %% [markdown]
# ## 6. One table for all externals?
#
# One critic can serve many externals if it is **told the prediction**: what
# the imitator expects of this one. And if it is told nothing?

# %%
q_a, q_b = (x.reshape(game.S, 25) for x in (truth, truth_b))
either = (prey_a + prey_b) / 2  # in each state, A's way or B's
q_either = exact.joint_q(game, [*team, either]).reshape(game.S, 25)
both = [exact.joint_policy([*team, prey]) for prey in (prey_a, prey_b)]
old = transitions_beside(0.2, "32 other prey")
one = np.zeros((game.S, 25))
for _ in range(1000):
    y = np.mean([expected_targets(game, old, one, policy) for policy in both], 0)
    one = critic_table.sweep(one, old, y, 0.5)
seen = old.counts(one.shape) > 0
apart = {
    "the mean of A's table and B's": float(np.abs(one - (q_a + q_b) / 2)[seen].mean()),
    "the table of a prey that does not exist": float(
        np.abs(one - q_either)[seen].mean()
    ),
    "the table of the easier prey": float(np.abs(one - q_a)[seen].mean()),
}
guess_mixture = widgets.ask("mixture", min(apart, key=apart.get))
guess_mixture

# %% tags=["hide-input"]
with guess_mixture.then():
    for name, distance in apart.items():
        print(f"mean distance from {name}: {distance:.2f}")

# %% [markdown]
# ## 7. From the table to MICRA
#
# MICRA's critic is a network that is told the prediction, and learns for many externals at once. So its $Q$ changes with the
# prediction, and need not be learned again. (A frozen critic that is told nothing does not stay right: lesson 10.) Three more
# things change.
#
# - For joint actions never taken it guesses, unchecked, from what looks alike.
# - Gradient steps lower the mean of $(y - Q(s, a))^2$. No gradient flows through $y$.
# - A step changes *all* entries, including those that targets are made of. So $\bar Q$ is a **slow copy** (*target
#   network*), which lags behind $Q$.
#
# The critic's place in the chain: move the prey from A to B. In $Q$ the pattern stays: the two catches remain the largest. But *all* values fall, because what comes after this step is valued against another prey.

# %% tags=["hide-input"]
chain = widgets.Chain("critic")
chain

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_cut, guess_never, guess_blind, guess_relabel, guess_mixture]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - The target is the reward plus $\gamma$ times the expected $\bar Q$ at $s'$; after an end, the reward alone.
# - A transition teaches one joint action. Regret asks about all, so the team explores.
# - $r$ and $s'$ follow from the joint action, whoever chose it: for a new external only the expectation changes. But its
#   moves must be in the data.
# - A critic that is told nothing values a mixture of externals.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Not bootstrapping at a cut.* All values come out too small.
# - *Taking the next action from the data.* It is the old external's.
# - *Trusting low values.* They may mean: not tried.
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | exact $Q$ | `micra_lite.exact.joint_q` |
# | the target | `micra_lite.updates.temporal_difference_target` |
# | the loss | `micra_lite.updates.critic_loss` |
# | the network | `micra_lite.networks.Critic` |
#
# **Now you.** Exercises: `exercises/04_critic.ipynb`. Optional: `04_critic_deeper`.
#
# Next: `05_meta_learning`. The expectation needs a prediction of the external, after few observed moves.

# %% tags=["hide-input"]
assert abs(mean_target - truth[6, south, east]) < 1e-9
R = exact.team_reward(game).reshape(game.S, 5, 5)
assert R[6, south, east] == R[6, MOVES.index("west"), MOVES.index("north")] == 1
assert R[6].sum() == 2
assert (truth - R)[6].min() > 7
assert len(STATES) == 12
assert game.S == 16
assert np.abs(R + game.gamma * T @ worth(truth, [*team, prey_a]) - truth).max() < 1e-9
joint_policy = exact.joint_policy([*team, prey_a])
by_package = expected_targets(game, data, q.reshape(game.S, 25), joint_policy)
by_hand = target(data.reward, data.next_state, 0, q, [*team, prey_a])
assert np.abs(by_hand - by_package).max() < 1e-12
swept = critic_table.sweep(q.reshape(game.S, 25), data, by_package, 0.5)
assert (
    np.abs(sweep(q, data, [*team, prey_a]).reshape(swept.shape) - swept).max() < 1e-12
)
assert target(2.0, 3, True, truth, [*team, prey_a]) == 2.0
assert abs(cut_share - as_if) < 0.05
assert not said.any()
rows = [torch.from_numpy(p) for p in (*team, prey_a)]
regrets = counterfactual_regret_advantage(torch.from_numpy(truth), rows, [0])[0].numpy()
assert np.abs(hunter_regrets(truth) - regrets).max() < 1e-12
assert (
    seems_better(blind)
    == 0
    < seems_better(q)
    < seems_better(truth)
    == seems_better(company)
)
west, stay = MOVES.index("west"), MOVES.index("stay")
assert hunter_regrets(truth)[6, west] > 0.3 > 0 > hunter_regrets(q)[6, west]
assert team[0][6, south] == 1
missing = ~taken[6, west] & (prey_a[6] > 0.01)  # of the moves that prey A makes
assert np.flatnonzero(missing).tolist() == [stay, MOVES.index("north")]
filled = q.copy()
filled[6, west, stay] = truth[6, west, stay]
assert hunter_regrets(filled)[6, west] > 0.1
assert np.abs(hunter_regrets(company) - hunter_regrets(truth))[list(STATES)].max() < 0.1
assert min(errors["prey A alone", "prey B"], error_b) > 5
assert max(errors["32 other prey", prey] for prey in critic_table.PREY) < 0.2
stuck = learned_table(0.2, "prey A alone", "prey B")
assert min(stuck.error(k, taken=True) for k in range(len(stuck.learned))) > 6
# Of the two targets.
futures = np.mean([(policy * q_either).sum(1) for policy in both], 0)
of_mixture = (exact.joint_policy([*team, either]) * q_either).sum(1)
assert np.abs(futures - of_mixture).max() < 1e-12
assert apart["the table of a prey that does not exist"] < 0.1
# What the text says of the chain.
shown = [hunt().links(share, 20).q.numpy() for share in (0.0, 1.0)]  # (5, 5) each
assert (shown[1] < shown[0]).all()
catches = [(MOVES.index("east"), MOVES.index("north")), (south, west)]
for seen_q in shown:
    largest = [divmod(int(k), 5) for k in np.argsort(seen_q, axis=None)[-2:]]
    assert set(largest) == set(catches)
print("all checks passed")
