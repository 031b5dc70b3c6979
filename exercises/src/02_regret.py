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
# # Exercises: counterfactual regret
#
# **Afterwards you can** compute regrets by hand and in code, and tell them from what only looks like them.
#
# **You need** lesson `02_regret`; for the fifth `02_regret_deeper`. Each exercise can be done without those before it.
#
# **Time**: about 68 minutes in all. Each exercise says how hard and how important it is, from 1 to 5, and how long it takes.
#
# Replace the dots `...` by your answer, and run the cell below it: it says whether you are right, and if not, what kind of
# wrong it is. `check.NAME.hint()` in a cell of your own gives a hint; call it again for a larger one. The fourth is the
# solution.

# %%
import os

# small sums: one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

from itertools import product

import torch

from micra_exercises import check

torch.set_default_dtype(torch.float64)

# %% [markdown]
# ## The table of this sheet
#
# Row has two actions, column has three. Row's payoffs, and how both play:
#
# | | left (0.5) | middle (0.25) | right (0.25) |
# |---|---|---|---|
# | **up** (0.2) | 3 | 0 | 3 |
# | **down** (0.8) | 1 | 2 | 4 |

# %%
q = torch.tensor([[3.0, 0.0, 3.0], [1.0, 2.0, 4.0]])  # (2, 3): row's payoffs
row = torch.tensor([0.2, 0.8])  # up, down
column = torch.tensor([0.5, 0.25, 0.25])  # left, middle, right

# %% [markdown]
# ## 1. Two regrets by hand
#
# *Difficulty 1/5, importance 5/5, about 6 minutes. Pencil and paper.*
#
# What are row's regrets of *up* and of *down*? Enter two numbers, that of *up* first.

# %%
# solution, stub: regrets = [..., ...]  # up, down
v_up = 0.50 * 3 + 0.25 * 0 + 0.25 * 3  # 2.25
v_down = 0.50 * 1 + 0.25 * 2 + 0.25 * 4  # 2.00
v = 0.2 * v_up + 0.8 * v_down  # 2.05
regrets = [v_up - v, v_down - v]
# end

# %%
check.regrets_by_hand(regrets)

# %% [markdown] tags=["solution"]
# The regret of *up* is positive: it is worth more than what row does. The regret of *down* is small, because row plays *down*
# nearly always. Weighted with row's policy they cancel: 0.2 · 0.2 − 0.8 · 0.05 = 0.

# %% [markdown]
# ## 2. The value of each action
#
# *Difficulty 2/5, importance 5/5, about 12 minutes.*
#
# Now for any number of players, two or more. Write the first sum of Eq. 2: the agent on axis `i` holds an action, all others are
# averaged out.
#
# $$v(a_i) = \sum_{a_{-i}} \prod_{j \ne i} \pi_j(a_j)\; Q([a_i, a_{-i}])$$
#
# By hand, for row in the table above: *up* is worth 0.5 · 3 + 0.25 · 0 + 0.25 · 3 = 2.25, *down* 2.


# %%
def values_of_actions(q, policies, i):
    """q (A_1, …, A_n); policies, n × (A_j,); i, the axis of the agent in question.

    Returns (A_i,).
    """
    # solution, stub: return ...
    # from the last axis on, so that the axes still to come keep their place
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.tensordot(q, policies[j], ([j], [0]))
    return q
    # end


# %%
check.values_of_actions(values_of_actions)

# %% [markdown] tags=["solution"]
# Loops over `product(*map(range, q.shape))` do the same, and are as good an answer. The contraction takes out one axis at a
# time, so it never holds the products of all policies.

# %% [markdown]
# ## 3. Equation 2 for many states
#
# *Difficulty 3/5, importance 5/5, about 12 minutes.*
#
# A critic answers for a batch of B states at once, and in each state everybody has another policy. Write the whole of Eq. 2.
#
# $$A_i(s, a_i) = v(s \mid i \text{ plays } a_i) - v(s)$$
#
# The case by hand has two states. The first is the table above. In the second all payoffs are those of the table times −1, column
# plays as above, and row plays both actions alike. There v(s) = −2.125, and the regrets are −2.25 + 2.125 = −0.125 and
# −2 + 2.125 = 0.125.


# %%
def regret_advantage(q, policies, i):
    """q (B, A_1, …, A_n); policies, n × (B, A_j); i, which agent. Returns (B, A_i)."""
    # solution, stub: return ...
    n = len(policies)
    letters = "abcdefgh"[:n]  # one for each agent's axis; s is the state
    others = [j for j in range(n) if j != i]
    terms = ",".join([f"s{letters}", *[f"s{letters[j]}" for j in others]])
    # (B, A_i)
    values = torch.einsum(f"{terms}->s{letters[i]}", q, *[policies[j] for j in others])
    return values - (policies[i] * values).sum(1, keepdim=True)
    # end


# %%
check.regret_advantage(regret_advantage)

# %% [markdown] tags=["solution"]
# The letter s is on both sides of the arrow: states are never mixed. `keepdim=True` keeps v(s) a column (B, 1), so that each
# state's own number is taken off.

# %% [markdown]
# ## 4. COMA's advantage
#
# *Difficulty 2/5, importance 4/5, about 8 minutes.*
#
# COMA leaves the other player at the action `c` that it played. Two players; you are row.
#
# By hand, if column played *middle* (c = 1): *up* would have got 0, *down* 2, row's policy 0.2 · 0 + 0.8 · 2 = 1.6. So the
# advantages are −1.6 and 0.4.


# %%
def coma(q, row, c):
    """q (A_1, A_2); row (A_1,), your policy; c, what column played. Returns (A_1,)."""
    # solution, stub: return ...
    worth = q[:, c]  # what each of my actions would have got
    return worth - row @ worth
    # end


# %%
check.coma(coma)

# %% [markdown] tags=["solution"]
# *Up* has a positive regret, and yet a negative advantage here: column happened to play a move against which *up* is bad.
# Averaged over column's moves, COMA's advantage is the regret.

# %% [markdown]
# ## 5. Regret matching
#
# *Difficulty 2/5, importance 3/5, about 8 minutes.*
#
# From sums of regrets to a policy: play each action in proportion to its sum, if that is positive. If no sum is positive (all
# are negative or zero), play uniformly.
#
# By hand: sums of 3, −2 and 1 give 3/4, 0 and 1/4.


# %%
def match_regrets(total):
    """total (A,), sums of regrets. Returns a policy (A,)."""
    # solution, stub: return ...
    positive = torch.relu(total)
    if not positive.any():
        return torch.ones_like(total) / len(total)
    return positive / positive.sum()
    # end


# %%
check.match_regrets(match_regrets)

# %% [markdown]
# ## 6. The error of a prediction
#
# *Difficulty 3/5, importance 3/5, about 10 minutes.*
#
# With a prediction $\delta$ in place of the true policy $\pi$ of the other, a regret is wrong by at most
#
# $$2\,(\max Q - \min Q)\, \sqrt{\mathrm{KL}(\pi \,\|\, \delta) / 2}, \qquad
# \mathrm{KL}(\pi \,\|\, \delta) = \sum_a \pi(a) \log \frac{\pi(a)}{\delta(a)} \text{ in nats}$$
#
# An action that is never played, with π(a) = 0, adds nothing: `torch.xlogy` counts 0 · log 0 as 0. The prediction δ is
# nowhere 0.
#
# By hand, for the table above and the prediction 0.25, 0.5, 0.25: the span is 4, KL is 0.5 log 2 − 0.25 log 2 = 0.173, and
# the bound is 8 · √0.0866 = 2.355.


# %%
def error_bound(q, true, predicted):
    """q (A_1, A_2); true and predicted (A_2,), policies. Returns one number."""
    # solution, stub: return ...
    kl = (torch.xlogy(true, true) - torch.xlogy(true, predicted)).sum()
    return 2 * (q.max() - q.min()) * torch.sqrt(kl / 2)
    # end


# %%
check.error_bound(error_bound)

# %% [markdown]
# ## 7. When COMA misleads
#
# *Difficulty 3/5, importance 4/5, about 12 minutes. Open: there are many answers.*
#
# Find payoffs (2 × 3), a policy of row and a policy of column, so that
#
# - row's **first** action has a positive regret, and
# - when column plays its **likeliest** action, COMA's advantage of that first action is negative.
#
# Both play each of their actions with a positive probability, and one action of column is likelier than all its others: a tie
# does not count. Enter `(q, row, column)`.

# %%
# solution, stub: misleading = ...  # (q, row, column)
misleading = (
    torch.tensor([[0.0, 0.0, 9.0], [1.0, 1.0, 0.0]]),  # the last column decides,
    torch.tensor([0.5, 0.5]),
    torch.tensor([0.6, 0.2, 0.2]),  # but the first is the likeliest
)
# end

# %%
check.misleading(misleading)

# %% [markdown] tags=["solution"]
# COMA is right on average, but most of the time it says the opposite here. It needs many decisions until the rare large
# advantage has outweighed the frequent small ones. The regret knows at once.

# %% [markdown]
# ## How far are you?

# %%
check.progress("02_regret")
