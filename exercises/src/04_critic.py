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
# # Exercises: the critic
#
# **Afterwards you can** write a critic's target, loss and step, value old data against a new external, and say what a critic
# does not know.
#
# **You need** lesson `04_critic`. Each exercise can be done without those before it.
#
# **Time**: about 64 minutes in all. Each exercise says how hard and how important it is, from 1 to 5, and how long it takes.
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
# ## The table of this sheet
#
# A hunter (ours) has two actions, a prey (the external) has three. What the slow copy says of them in the state $s'$,
# $\bar Q(s', \cdot)$, and how both play there:
#
# | | left (0.5) | middle (0.25) | right (0.25) |
# |---|---|---|---|
# | **go** (0.2) | 6 | 2 | 0 |
# | **stay** (0.8) | 1 | 3 | 5 |

# %% [markdown]
# ## 1. Two targets by hand
#
# *Difficulty 1/5, importance 5/5, about 6 minutes. Pencil and paper.*
#
# Two transitions lead to $s'$. γ is 0.5.
#
# - The first paid 1. Then the episode was **truncated**: cut after its 25 steps.
# - The second paid 2. Then the episode **terminated**: the game was over.
#
# What are their targets? Enter two numbers.

# %%
# solution, stub: targets = [..., ...]  # truncated, terminated
go = 0.50 * 6 + 0.25 * 2 + 0.25 * 0  # 3.5
stay = 0.50 * 1 + 0.25 * 3 + 0.25 * 5  # 2.5
future = 0.2 * go + 0.8 * stay  # 2.7
targets = [1 + 0.5 * future, 2]
# end

# %%
check.targets_by_hand(targets)

# %% [markdown] tags=["solution"]
# The cut is ours, not the game's: $s'$ has a future like any other state.

# %% [markdown]
# ## 2. A batch of targets
#
# *Difficulty 3/5, importance 5/5, about 14 minutes.*
#
# B transitions at once, and any number of players. Each has its own $s'$, with policies of its own.
#
# $$y = r + \gamma \sum_{a'} \prod_j \pi_j(a'_j \mid s')\, \bar Q(s', a'), \qquad y = r \text{ where the episode has terminated}$$
#
# By hand, three transitions and γ = 0.5. The first pays 1, is cut, and leads to the table above, where *go* is worth 3.5 and
# *stay* 2.5: 1 + 0.5 · (0.2 · 3.5 + 0.8 · 2.5) = 2.35. The second pays 2 and ends the game: 2. The third pays 0; at its $s'$
# all entries are those of the table times −1, and the hunter plays both actions alike: 0 + 0.5 · (−3) = −1.5.


# %%
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    """reward (B,); terminated, truncated (B,), True or False; next_q (B, A_1, …, A_n).

    policies, n × (B, A_j). Returns (B,).
    """
    # solution, stub: return ...
    n = len(policies)
    letters = "acdefg"[:n]  # one for each agent's axis; b is the transition
    terms = ",".join([f"b{letters}", *[f"b{x}" for x in letters]])
    future = torch.einsum(f"{terms}->b", next_q, *policies)
    return reward + gamma * ~terminated * future  # a cut is no end
    # end


# %%
check.expected_target(expected_target)

# %% [markdown] tags=["solution"]
# `truncated` is not needed. `~` turns True into False: `1 - terminated` does not work with tensors of True and False.

# %% [markdown]
# ## 3. Old data, new external
#
# *Difficulty 3/5, importance 5/5, about 12 minutes.*
#
# The data were played beside an *old* external. Now a *new* one is to be valued. Write the targets for the new one, from the
# old data. Nothing ends. You are given more than you need.
#
# By hand, two transitions, γ = 0.5, and a hunter who always plays 0.2, 0.8:
#
# - the first pays 1 and leads to state 0, where $\bar Q$ is the table above. There the new prey plays 0.25, 0.25, 0.5: *go* is
#   worth 2, *stay* 3.5. So y = 1 + 0.5 · (0.2 · 2 + 0.8 · 3.5) = 2.6.
# - the second pays 0 and leads to state 1, where both rows of $\bar Q$ are 4, 0, 2. There the new prey plays 0.5, 0.25, 0.25:
#   y = 0.5 · 2.5 = 1.25.


# %%
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    """Targets (B,), valued against the new external.

    reward, next_state (B,); next_actions (B, 2), what both did at s' in the data;
    slow (S, A_1, A_2); team (S, A_1);
    old and new (S, A_2), the externals' policies.
    """
    # solution, stub: return ...
    value = torch.einsum("sac,sa,sc->s", slow, team, new)  # (S,)
    return reward + gamma * value[next_state]
    # end


# %%
check.relabelled_target(relabelled_target)

# %% [markdown] tags=["solution"]
# The old external chose its move in the transition, but the reward and $s'$ follow from that move, whoever made it. So neither
# its policy nor its next move is needed.

# %% [markdown]
# ## 4. The loss of a critic
#
# *Difficulty 3/5, importance 5/5, about 12 minutes.*
#
# Write the mean squared temporal difference, of the joint actions *taken*. The targets depend on q as well (say, there is no
# slow copy), but no gradient may flow through them.
#
# The check looks at the gradient in q, not at the number itself. By hand, for two transitions: if q of the actions taken is 2 and 9, and the targets are
# 4 and 3, it is 2 (2 − 4) / 2 = −2 at the first of these entries, 2 (9 − 3) / 2 = 6 at the second, and 0 at all others.


# %%
def td_loss(q, actions, target):
    """q (B, A_1, A_2); actions (B, 2), the joint actions taken; target (B,).

    Returns one number, to be minimised.
    """
    # solution, stub: return ...
    b = torch.arange(len(q))
    taken = q[b, actions[:, 0], actions[:, 1]]  # (B,)
    return (taken - target.detach()).square().mean()
    # end


# %%
check.td_loss(td_loss)

# %% [markdown] tags=["solution"]
# With a gradient through the target, the critic could lower its loss by moving the future to its prediction, instead of
# learning from it.

# %% [markdown]
# ## 5. One step, and the slow copy
#
# *Difficulty 2/5, importance 4/5, about 10 minutes.*
#
# Now a table. Joint actions are numbered. After one transition (s, a, r, s'), the entry of (s, a) moves by `rate` of the way to
# the target, which is made from the slow copy. Return the new table; leave q as it was.
#
# By hand, two states, three joint actions, γ and rate 0.5:
#
# | | q | slow copy | policy |
# |---|---|---|---|
# | state 0 | 1, 2, 3 | 0, 4, 2 | 0.25, 0.5, 0.25 |
# | state 1 | 4, 0, 2 | 6, 0, 2 | 0.5, 0.25, 0.25 |
#
# In state 0, joint action 1 pays 1 and leads to state 1. So y = 1 + 0.5 · 3.5 = 2.75, and the entry moves from 2 to 2.375.


# %%
def td_step(q, slow, transition, policy, gamma, rate):
    """q, slow and policy (S, J), J joint actions; transition, (s, a, r, s').

    Returns the new q (S, J).
    """
    # solution, stub: return ...
    s, a, r, after = transition
    y = r + gamma * policy[after] @ slow[after]
    moved = q.clone()
    moved[s, a] += rate * (y - q[s, a])
    return moved
    # end


# %%
check.td_step(td_step)

# %% [markdown] tags=["solution"]
# One transition, one entry. All other joint actions of the state stay what they were: right, wrong, or unknown.

# %% [markdown]
# ## 6. One joint action never taken
#
# *Difficulty 3/5, importance 4/5, about 10 minutes. Open: there are many answers.*
#
# A critic began with zeros, and learned all entries that were taken. One was not. Find payoffs (2 × 3), policies of row and
# column, and which joint actions were `taken` (2 × 3: 1 for yes, 0 for no), so that
#
# - exactly **one** joint action was not taken, and column plays its part of it with at most 0.25;
# - with the true q, row's **first** action has a positive regret;
# - with 0 in place of the missing entry, its regret is negative.
#
# Both players mix: no probability is 0. Enter `(q, row, column, taken)`.

# %%
# solution, stub: never_taken = ...  # (q, row, column, taken)
never_taken = (
    # the first action pays 1 more, whatever column does
    torch.tensor([[2.0, 2.0, 8.0], [1.0, 1.0, 7.0]]),
    torch.tensor([0.5, 0.5]),
    torch.tensor([0.4, 0.4, 0.2]),
    torch.tensor([[1, 1, 0], [1, 1, 1]]),  # the entry with 8 is unknown: it says 0
)
# end

# %%
check.never_taken(never_taken)

# %% [markdown] tags=["solution"]
# One unknown entry, met once in five times, and the better action looks like the worse one. Regret asks about joint actions
# that nobody took. So the team explores while it collects data.

# %% [markdown]
# ## How far are you?

# %%
check.progress("04_critic")
