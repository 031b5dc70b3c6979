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
# # Exercises: the policy gradient
#
# **Afterwards you can** take the gradient of Eq. 3 by hand, by sums and by autograd, and say what averaging over the others is
# worth.
#
# **You need** lesson `03_policy_gradient`; for the fifth `03_policy_gradient_deeper`. Each exercise can be done without those before it.
#
# **Time**: about 65 minutes in all. Each exercise says how hard and how important it is, from 1 to 5, and how long it takes.
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
# ## 1. A gradient by hand
#
# *Difficulty 1/5, importance 4/5, about 5 minutes. Pencil and paper.*
#
# One state, one agent, three actions. The policy is a softmax; it plays them with 0.5, 0.25 and 0.25. They are worth 4, 0 and 2.
#
# What is the gradient of the policy's value in the three logits? Enter three numbers.

# %%
# solution, stub: gradient = [..., ..., ...]
v = 0.5 * 4 + 0.25 * 0 + 0.25 * 2  # 2.5
gradient = [0.5 * (4 - v), 0.25 * (0 - v), 0.25 * (2 - v)]  # π(b) A(b)
# end

# %%
check.gradient_by_hand(gradient)

# %% [markdown] tags=["solution"]
# The three numbers add up to zero: to raise all logits alike changes nothing. The third action is worth 2, and yet its logit
# falls: what counts is to be better than usual.

# %% [markdown]
# ## 2. The score of a softmax
#
# *Difficulty 2/5, importance 4/5, about 8 minutes.*
#
# How does $\log \pi(a)$ change with each logit? The answer is a vector, as long as the policy.
#
# By hand, for the policy 0.5, 0.25, 0.25 and the second action (a = 1): −0.5, 0.75, −0.25.


# %%
def score(row, a):
    """row (A,), probabilities of a softmax; a, an action.

    Returns ∇ log π(a) in the logits, (A,).
    """
    # solution, stub: return ...
    return torch.eye(len(row))[a] - row
    # end


# %%
check.score(score)

# %% [markdown]
# ## 3. Equation 3, all sums taken
#
# *Difficulty 2/5, importance 5/5, about 12 minutes.*
#
# Many states, one agent with a table of logits. `d` says how often each state is visited; `values` are those of each own
# action, the others averaged out, $v(s \mid i \text{ plays } a_i)$. Write the gradient of Eq. 3, both sums taken exactly:
#
# $$g(s, b) = d(s) \sum_a \pi(a \mid s)\, \frac{\partial \log \pi(a \mid s)}{\partial\, \text{logit}(s, b)}\, v(s \mid a)$$
#
# By hand, for d = 2, 1; policies (0.5, 0.5) and (0.25, 0.75); values (4, 2) and (0, 4): both states are worth 3. So
# g = 2 · (0.5 · 1, 0.5 · (−1)) = (1, −1) and 1 · (0.25 · (−3), 0.75 · 1) = (−0.75, 0.75).


# %%
def exact_gradient(d, policy, values):
    """d (S,); policy and values (S, A). Returns (S, A)."""
    # solution, stub: return ...
    regret = values - (policy * values).sum(1, keepdim=True)
    return d[:, None] * policy * regret
    # end


# %%
check.exact_gradient(exact_gradient)

# %% [markdown] tags=["solution"]
# The sum over a contracts to π(b) (v(b) − v): no score is left. It is the same as in the gradient by hand, once for each state.

# %% [markdown]
# ## 4. Equation 3 as an objective
#
# *Difficulty 3/5, importance 5/5, about 12 minutes.*
#
# Networks need a number that autograd can differentiate. Write the objective to be *maximised*: its gradient is that of Eq. 3,
# the own action summed over, averaged over a batch of B states. The advantage comes from the same policy, but no gradient may
# flow through it. The check looks at the gradient, not at the number itself.
#
# By hand, for the two states of exercise 3 (both count alike): the gradient in the logits is (0.25, −0.25) and (−0.375, 0.375).


# %%
def objective(log_policy, advantage):
    """log_policy and advantage (B, A). Returns one number, to be maximised."""
    # solution, stub: return ...
    weight = advantage.detach()  # a number, not a function of the policy
    return (log_policy.exp() * weight).sum(1).mean()
    # end


# %%
check.objective(objective)

# %% [markdown] tags=["solution"]
# Without `detach` nothing at all would be learned: Σ π·A is zero for every policy, so its gradient is zero, too.

# %% [markdown]
# ## 5. The others by draws
#
# *Difficulty 2/5, importance 3/5, about 8 minutes.*
#
# Too many joint actions to sum over? Draw some moves of the other, and average COMA's advantage over the draws.
#
# The table, with row's payoffs and both policies:
#
# | | left (0.5) | middle (0.25) | right (0.25) |
# |---|---|---|---|
# | **up** (0.2) | 4 | 0 | 1 |
# | **down** (0.8) | 3 | 2 | 0 |
#
# By hand: COMA's advantages of *up* against left, middle and right are 0.8, −1.6 and 0.8; those of *down* −0.2, 0.4 and −0.2.
# The draws middle, left, middle, right (1, 0, 1, 2) give −0.4 for *up* and 0.1 for *down*.


# %%
def regret_from_draws(q, row, drawn):
    """q (A_1, A_2); row (A_1,), your policy; drawn (m,), moves of the other.

    Returns (A_1,).
    """
    # solution, stub: return ...
    total = torch.zeros(len(row))
    for c in drawn:
        total += q[:, c] - row @ q[:, c]
    return total / len(drawn)
    # end


# %%
check.regret_from_draws(regret_from_draws)

# %% [markdown]
# ## 6. What Rao and Blackwell save
#
# *Difficulty 4/5, importance 3/5, about 12 minutes.*
#
# COMA's estimate scatters more than CRA's, by
#
# $$\sum_a \pi(a)\, |\nabla \log \pi(a)|^2\; \mathrm{Var}_{c}\big(A^{\text{COMA}}(a, c)\big)$$
#
# Write it for two players. The variance is over column's move $c$, drawn by column's policy.
#
# By hand, for the table of exercise 5: the variances are 1.08 for *up* and 0.0675 for *down*; the squared scores
# 0.8² + 0.8² = 1.28 and 0.2² + 0.2² = 0.08. The sum is 0.2 · 1.28 · 1.08 + 0.8 · 0.08 · 0.0675 = 0.2808.


# %%
def saved_variance(q, row, column):
    """q (A_1, A_2); row (A_1,); column (A_2,). Returns one number."""
    # solution, stub: return ...
    advantages = q - row @ q  # (A_1, A_2): COMA's, for each move of column
    regret = advantages @ column  # their mean
    variance = (advantages - regret[:, None]) ** 2 @ column
    scores = torch.eye(len(row)) - row  # one row for each own action
    return (row * scores.square().sum(1) * variance).sum()
    # end


# %%
check.saved_variance(saved_variance)

# %% [markdown] tags=["solution"]
# Nearly all of it comes from *up*. It is rare, so its score is long, and against *middle* its advantage jumps.

# %% [markdown]
# ## 7. Where averaging saves nothing
#
# *Difficulty 3/5, importance 4/5, about 8 minutes. Open: there are many answers.*
#
# Find payoffs of row, 3 × 3, for which COMA and CRA scatter alike, whatever the policies are. But let it be a real game:
#
# - no two of row's actions pay the same, and no two of column's moves do;
# - the nine payoffs average to zero.

# %%
# solution, stub: no_gain = ...  # (3, 3)
own, other = torch.tensor([-1.0, 0.0, 1.0]), torch.tensor([-5.0, 2.0, 3.0])
no_gain = own[:, None] + other
# end

# %%
check.no_gain(no_gain)

# %% [markdown] tags=["solution"]
# Column decides about much more money than row. But it adds the same to all of row's actions, and COMA's baseline takes it off.
# Averaging helps only where agents *interact*.

# %% [markdown]
# ## How far are you?

# %%
check.progress("03_policy_gradient")
