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
# # Exercises: offline training
#
# **Afterwards you can** put the parts of an update in order, stop gradients where they must be stopped, and compare methods
# over seeds.
#
# **You need** lesson `08_offline_training`; for the last three `11_statistics`. Each exercise can be done without those before it.
#
# **Time**: about 72 minutes in all. Each exercise says how hard and how important it is, from 1 to 5, and how long it takes.
#
# Replace the dots `...` by your answer, and run the cell below it: it says whether you are right, and if not, what kind of
# wrong it is. `check.NAME.hint()` in a cell of your own gives a hint; call it again for a larger one. The fourth is the
# solution.

# %%
import os

# small sums: one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import torch

from micra_exercises import check

torch.set_default_dtype(torch.float64)

# %% [markdown]
# ## 1. One update by hand
#
# *Difficulty 2/5, importance 5/5, about 10 minutes. Pencil and paper.*
#
# A game with one state, which is its own next state. A hunter (ours) goes or stays, a prey (the external) moves left or right.
# What the critic and its slow copy say:
#
# | | $Q$: left | $Q$: right | $\bar Q$: left | $\bar Q$: right |
# |---|---|---|---|---|
# | **go** | 10 | 12 | 3 | 11 |
# | **stay** | 9 | 1 | 0 | 4 |
#
# The hunter plays *go* with 0.25, else *stay*; δ says *left* with 0.75, else *right*. One transition: the hunter went, the prey
# moved left, that paid 4, and the game goes on. γ is 0.5. The target is the expected one. The critic is a table: its
# entry moves 0.5 of the way to the target.
# τ is 0.25.
#
# Do one update as the lesson does: the critic's step comes first, but the hunter's step still takes its regrets from $Q$ as it
# was *before* the critic's step. Enter three numbers: $Q(\text{go}, \text{left})$ and $\bar Q(\text{go}, \text{left})$ after the update, and the
# regret of *go* that the hunter's step uses.

# %%
# solution, stub: updated = [..., ..., ...]  # Q, its slow copy, the regret of go
# 2, from the slow copy
future = 0.25 * (0.75 * 3 + 0.25 * 11) + 0.75 * (0.75 * 0 + 0.25 * 4)
y = 4 + 0.5 * future  # 5
new = 10 + 0.5 * (y - 10)  # 7.5
follows = 3 + 0.25 * (new - 3)  # 4.125
# 10.5 and 7, from Q before its step
go, stay = 0.75 * 10 + 0.25 * 12, 0.75 * 9 + 0.25 * 1
regret = go - (0.25 * go + 0.75 * stay)  # 2.625
updated = [new, follows, regret]
# end

# %%
check.update_by_hand(updated)

# %% [markdown] tags=["solution"]
# Three tables of numbers, three uses: the slow copy makes the target, the old Q judges the hunter, the new Q is what the slow copy
# follows. Judging by the new Q would be no sin; but the old one was computed already.

# %% [markdown]
# ## 2. The slow copy
#
# *Difficulty 1/5, importance 4/5, about 6 minutes.*
#
# After each of T updates the critic has new parameters, and its slow copy goes a part of the way to them:
# $\bar\theta \leftarrow \bar\theta + \tau\,(\theta_t - \bar\theta)$. Where is it in the end?
#
# By hand, for two parameters, a slow copy at (0, 4), the new parameters (8, 0), then (4, 8), and τ = 0.25: after the first update it
# is at (2, 3), after the second at (2 + 0.25 · 2, 3 + 0.25 · 5) = (2.5, 4.25).


# %%
def slow_copy(slow, fast, rate):
    """slow (P,), where the copy is; fast (T, P), the parameters after each update.

    rate, τ. Returns (P,).
    """
    # solution, stub: return ...
    for new in fast:
        slow = slow + rate * (new - slow)
    return slow
    # end


# %%
check.slow_copy(slow_copy)

# %% [markdown] tags=["solution"]
# What it was at first counts $(1 - \tau)^T$ in the end: with τ = 0.05, half of it is forgotten after 14 updates.

# %% [markdown]
# ## 3. Support and query
#
# *Difficulty 2/5, importance 5/5, about 12 minutes.*
#
# D keeps episodes in groups: each is of *one* external, E episodes of T steps at most. K groups are drawn (a group may be drawn
# twice), and an order of the episodes, the same for all groups: which episode comes first, second and so on. The first n episodes
# *in that order* are support, the next m are query. The rest is not used. n may be 0: then nothing was watched.
#
# Count how often the external made each of its moves, in the support and in the query of each drawn group. Episodes that end
# early are padded with any moves: only steps that are `alive` were played.
#
# By hand, for one drawn group, number 1, with four episodes of two moves: (0, 1), (1, 1), (2, 1) and (2, –), where the last one ended
# early. The order is 2, 0, 3, 1; n = 1 and m = 2. The support is episode 2: moves 1 and 2 once each. The query is episodes 0 and
# 3: moves 0, 1 and 2 once each. So the result is [[[0, 1, 1], [1, 1, 1]]].


# %%
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    """moves and alive (G, E, T), alive is True or False; groups (K,), order (E,).

    Returns numbers (K, 2, n_moves).
    """
    # solution, stub: return ...
    result = torch.zeros(len(groups), 2, n_moves)
    for k, group in enumerate(groups):
        for which, episodes in enumerate((order[:n], order[n : n + m])):
            played = moves[group, episodes][alive[group, episodes]]
            result[k, which] = torch.bincount(played, minlength=n_moves)
    return result
    # end


# %%
check.support_and_query(support_and_query)

# %% [markdown] tags=["solution"]
# Why a random order? The first half of each group was played before the team had watched, the second half after. In their order, all
# support would be of the first kind.

# %% [markdown]
# ## 4. Who learns from whom
#
# *Difficulty 4/5, importance 5/5, about 18 minutes.*
#
# Four small networks, each just a matrix of weights. B transitions with observations x (B, D):
#
# | | gives | from |
# |---|---|---|
# | extractor (D, F) | features φ = x · extractor | observations |
# | imitator (F, E) | log δ = log softmax(φ · imitator) | features |
# | critic (F + E, A) | Q = [φ, δ] · critic, of each own action | features, and then δ, side by side |
# | actor (F, A) | log π = log softmax(φ · actor) | features |
#
# Write *one* number to be minimised, the sum of three, each a mean over the batch:
#
# - imitation: −log δ of the prey's `moves`;
# - critic: (Q of the action `taken` − `target`)²;
# - actor: −Σ π(a) A(a), with the regret A(a) = Q(a) − Σ π(a′) Q(a′).
#
# The check looks at the gradients in all four, not at the number itself. Each network must learn from its teachers alone: the imitator from imitation, the
# critic from the critic's loss, the actor from its own, the extractor from imitation and critic.
#
# By hand, one transition, x = 1 and extractor 1, so φ = 1. Imitator (log 3, 0): δ = (0.75, 0.25), the prey moved 0. Critic with the rows
# (1, 0), (0, 4), (4, 0): Q = (2, 3); action 0 was taken, its target is 3. Actor (log 3, 0): π = (0.75, 0.25), regrets (−0.25, 0.75).
#
# | | gradient |
# |---|---|
# | imitator | δ − (1, 0) = (−0.25, 0.25) |
# | critic | 2 (2 − 3) = −2 times its inputs 1, 0.75, 0.25, in the column of action 0 |
# | actor | −π(a) A(a) = (0.1875, −0.1875) |
# | extractor | of imitation −0.25 log 3 = −0.2747, of the critic −2 · 1 = −2: together −2.2747 |


# %%
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    """x (B, D); moves, taken and target (B,). Returns one number."""
    # solution, stub: return ...
    rows, phi = torch.arange(len(x)), x @ extractor
    log_delta = (phi @ imitator).log_softmax(1)
    # the critic does not teach the imitator
    q = torch.cat([phi, log_delta.exp().detach()], 1) @ critic
    log_pi = (phi.detach() @ actor).log_softmax(1)  # nor the actor the extractor
    with torch.no_grad():  # nor the actor the critic
        regret = q - (log_pi.exp() * q).sum(1, keepdim=True)
    imitation = -log_delta[rows, moves].mean()
    temporal_difference = (q[rows, taken] - target).square().mean()
    gain = (log_pi.exp() * regret).sum(1).mean()
    return imitation + temporal_difference - gain
    # end


# %%
check.total_loss(total_loss)

# %% [markdown] tags=["solution"]
# Three places, three kinds of harm. An actor that reached the critic would raise every Q instead of playing better. A critic
# that reached the imitator would bend predictions until values are easy to fit. And a policy that is not stopped *inside* the regret
# does something odd: Σ π A is 0 for every π, so the actor stands still, and no error is seen.

# %% [markdown]
# ## 5. The interquartile mean
#
# *Difficulty 1/5, importance 4/5, about 8 minutes.*
#
# How good is a method, over all its runs? One broken run moves a mean far; a median looks at one run only. Between them is the mean of
# the middle half: put the scores of all tasks and seeds into one heap, sort it, drop a quarter at each end (n / 4, rounded down), take
# the mean of the rest.
#
# By hand, for two tasks and four seeds, (0.1, 0.7, 0.8, 0.2) and (0.9, 0.4, −0.4, 0.3): sorted they are −0.4, 0.1, 0.2, 0.3, 0.4, 0.7, 0.8,
# 0.9. Two go at each end. The mean of 0.2, 0.3, 0.4 and 0.7 is 0.4.


# %%
def interquartile_mean(scores):
    """scores (tasks, seeds). Returns one number."""
    # solution, stub: return ...
    values = scores.flatten().sort().values
    cut = len(values) // 4
    return values[cut : len(values) - cut].mean()
    # end


# %%
check.interquartile_mean(interquartile_mean)

# %% [markdown] tags=["solution"]
# `values[cut:-cut]` would be empty for three scores: `-0` is 0.

# %% [markdown]
# ## 6. The probability of improvement
#
# *Difficulty 2/5, importance 4/5, about 10 minutes.*
#
# Draw one run of ours and one of theirs, on the same task. How often is ours the better one? Compare every pair; a tie counts one half.
# Then take the mean over tasks. The two methods may have different numbers of seeds.
#
# By hand, for two tasks. On the first, ours are 0.5 and 0.7, theirs 0.5, 0.2 and 0.6: six pairs, of which ours wins 1 + 3, and ties one.
# That is 4.5 / 6 = 0.75. On the second, ours are 0.4 and 0.4, theirs 0.4, 0.6 and 0.1: 3 / 6 = 0.5. The mean is 0.625.


# %%
def probability_of_improvement(ours, theirs):
    """ours (tasks, S) and theirs (tasks, S'), scores. Returns one number."""
    # solution, stub: return ...
    apart = ours[:, :, None] - theirs[:, None, :]  # (tasks, S, S'), every pair
    return ((apart > 0).double() + 0.5 * (apart == 0)).mean()
    # end


# %%
check.probability_of_improvement(probability_of_improvement)

# %% [markdown] tags=["solution"]
# One mean over everything will do, for all tasks have as many pairs. 0.5 says that nobody is ahead. Beware: 0.9 does not say *how far*.

# %% [markdown]
# ## 7. A mean that is luck
#
# *Difficulty 2/5, importance 4/5, about 8 minutes. Open: there are many answers.*
#
# Find eight scores of our method and eight of another, on one task, all between 0 and 1, so that
#
# - our *mean* is larger, by 0.05 at least;
# - our *interquartile mean* is smaller, by 0.05 at least;
# - a run of ours is ahead of one of theirs in at most 0.3 of all pairs, a tie counting one half;
# - theirs are not all alike: 0.1 between the largest and the smallest at least.
#
# Enter `(ours, theirs)`.

# %%
# solution, stub: lucky = ...  # (ours, theirs)
lucky = (
    [0.40, 0.41, 0.42, 0.43, 0.44, 0.45, 1.00, 1.00],  # two runs of luck
    [0.46, 0.48, 0.49, 0.50, 0.50, 0.51, 0.52, 0.56],
)
# end

# %%
check.lucky(lucky)

# %% [markdown] tags=["solution"]
# Whose method is better? That depends on what you want. If you may train eight teams and keep the best, it is ours. If you train one, it
# is theirs, three times out of four. So say before which of the numbers counts.

# %% [markdown]
# ## How far are you?

# %%
check.progress("07_offline_training")
