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
# # Exercises: games, and what it is worth to know the other
#
# **Afterwards you can** find your way from payoffs, policies and transitions to what a team is worth, and say what knowing the
# other adds.
#
# **You need** lesson `01_games`. Each exercise can be done without those before it.
#
# **Time**: about 58 minutes in all. Each exercise says how hard and how important it is, from 1 to 5, and how long it takes.
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
# ## 1. Where you are indifferent
#
# *Difficulty 1/5, importance 4/5, about 5 minutes. Pencil and paper.*
#
# You are row. In each cell: what row is paid, then what column is paid.
#
# | | left (p) | right (1 − p) |
# |---|---|---|
# | **up** | 7, 1 | 0, 5 |
# | **down** | 1, 3 | 4, 0 |
#
# Column goes left with probability p. For which p are *up* and *down* worth the same to you?

# %%
# solution, stub: turning_point = ...
better_left = 7 - 1  # what up gains against left
better_right = 4 - 0  # what down gains against right
turning_point = better_right / (better_left + better_right)  # 6 p = 4 (1 − p)
# end

# %%
check.turning_point(turning_point)

# %% [markdown] tags=["solution"]
# At p = 0.4 both are worth 2.8. If column goes left more often, *up* is better. What column is paid does not matter here: its
# policy is given.

# %% [markdown]
# ## 2. What it is worth to know the other
#
# *Difficulty 2/5, importance 5/5, about 10 minutes.*
#
# You meet one of K externals, each equally often. If you know which, you give the best answer to it. If not, you choose one
# action for them all. How much is knowing worth?
#
# $$\frac 1 K \sum_k \max_a v_k(a) - \max_a \frac 1 K \sum_k v_k(a), \qquad v_k(a) = \sum_c \pi_k(c)\, Q(a, c)$$
#
# By hand, for your payoffs and two externals:
#
# | | left | middle | right |
# |---|---|---|---|
# | **up** | 4 | 0 | 1 |
# | **down** | 1 | 3 | 2 |
# | external A | 0.5 | 0.25 | 0.25 |
# | external B | 0 | 0.5 | 0.5 |
#
# Against A, *up* is worth 2.25 and *down* 1.75; against B, 0.5 and 2.5. Who knows gets (2.25 + 2.5) / 2 = 2.375. The best
# single action is *down*, with (1.75 + 2.5) / 2 = 2.125. Knowing is worth 0.25.


# %%
def worth_of_knowing(q, externals):
    """q (A_1, A_2), your payoffs; externals (K, A_2), one policy a row.

    Returns one number.
    """
    # solution, stub: return ...
    values = externals @ q.T  # (K, A_1): each own action against each external
    knowing = values.max(1).values.mean()  # choose for each external, then average
    alike = values.mean(0).max()  # average, then choose once
    return knowing - alike
    # end


# %%
check.worth_of_knowing(worth_of_knowing)

# %% [markdown] tags=["solution"]
# The two differ only in the order of mean and maximum. The lesson's *headroom* is the same question, with a best response in
# place of the best action.

# %% [markdown]
# ## 3. The average other does not exist
#
# *Difficulty 3/5, importance 4/5, about 8 minutes. Open: there are many answers.*
#
# Find payoffs of row (3 × 2) and two policies of column, so that row's best action is
#
# - the **first** against external A,
# - the **second** against external B,
# - the **third** against the average of both.
#
# The best is better than both others: a tie does not count. Both externals mix, each between both its moves. Enter
# `(q, other_a, other_b)`.

# %%
# solution, stub: average_misleads = ...  # (q, other_a, other_b)
average_misleads = (
    torch.tensor([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]]),  # two bets, and a safe action
    torch.tensor([0.9, 0.1]),
    torch.tensor([0.1, 0.9]),
)
# end

# %%
check.average_misleads(average_misleads)

# %% [markdown] tags=["solution"]
# The best answer to the average is the best answer to nobody. It hedges. Who knows the other need not.

# %% [markdown]
# ## 4. An income that may end
#
# *Difficulty 2/5, importance 5/5, about 6 minutes. Pencil and paper.*
#
# One state, one action. Each move pays 1. Its row of $T$ sums to 0.75: with 0.75 one is in the same state again. γ is 0.8. We
# watch 3 moves, then the episode is cut (truncated).
#
# What is the state worth?

# %%
# solution, stub: income = ...
income = 1 / (1 - 0.8 * 0.75)  # V = 1 + 0.8 · 0.75 · V
# end

# %%
check.ending_income(income)

# %% [markdown] tags=["solution"]
# The discount and the end do the same: each move, 0.8 · 0.75 = 0.6 is left. That we stop watching after 3 moves changes
# nothing: the game goes on.

# %% [markdown]
# ## 5. From T to a chain of states
#
# *Difficulty 3/5, importance 4/5, about 14 minutes.*
#
# When all policies are fixed, what is left is a chain: from each state to the next, with some probability. There may be two
# agents or more.
#
# $$P(s' \mid s) = \sum_a \prod_j \pi_j(a_j \mid s)\; T(s' \mid s, a)$$
#
# `T` has one axis for the joint actions, in the order of lesson 1: the **last** agent's action changes fastest.
#
# By hand, two players with two actions. In state 0, the joint actions (0, 0) and (1, 0) stay there, (0, 1) leads to state 1,
# and (1, 1) ends the game. In state 1, everything leads to state 0. In state 0 the first plays 0.25, 0.75, the second 0.2, 0.8:
#
# | joint action | (0, 0) | (0, 1) | (1, 0) | (1, 1) |
# |---|---|---|---|---|
# | probability | 0.05 | 0.2 | 0.15 | 0.6 |
# | leads to | 0 | 1 | 0 | the end |
#
# So the first row of P is 0.05 + 0.15 = 0.2 and 0.2. The second is 1 and 0.


# %%
def state_chain(T, policies):
    """T (S, A_1 · … · A_n, S); policies, n × (S, A_j), the external's last.

    Returns P (S, S).
    """
    # solution, stub: return ...
    joint = policies[0]  # (S, A_1)
    for p in policies[1:]:
        # one agent more; its action changes fastest
        joint = (joint[:, :, None] * p[:, None, :]).flatten(1)
    return torch.einsum("sa,sat->st", joint, T)
    # end


# %%
check.state_chain(state_chain)

# %% [markdown] tags=["solution"]
# The first row sums to 0.4. With 0.6 the game ends, and what ends has no next state.

# %% [markdown]
# ## 6. What a team is worth
#
# *Difficulty 3/5, importance 5/5, about 15 minutes.*
#
# Several targets and one external, who is the last agent. The team is paid the **mean** of what its targets are paid.
#
# $$V(s) = \sum_a \pi(a \mid s) \Big[ R(s, a) + \gamma \sum_{s'} T(s' \mid s, a)\, V(s') \Big]$$
#
# Write the team's value: V, weighted with how often the game starts in each state. It is not cut: sum for ever, or until V no
# longer changes in its eighth decimal. γ is at least 0 and at most 0.95; there may be one target only.
#
# By hand, for two states, three joint actions and γ = 0.5:
#
# | in state 0 | first | second | third |
# |---|---|---|---|
# | probability | 0.4 | 0.4 | 0.2 |
# | paid to target 1, target 2, external | 2, 0, −1 | 4, 2, −6 | 4, 2, −6 |
# | leads to | 0 | the end | the end |
#
# In state 1 nobody is paid, and all leads to state 0. So V(0) = 0.4 · 1 + 0.6 · 3 + 0.5 · 0.4 · V(0), which is 2.2 / 0.8 = 2.75.
# V(1) = 0.5 · 2.75 = 1.375. The start is 0.2, 0.8: the team is worth 0.2 · 2.75 + 0.8 · 1.375 = 1.65.


# %%
def team_value(T, R, policy, start, gamma):
    """T (S, J, S); R (S, J, n); policy (S, J), of joint actions; start (S,); gamma.

    Returns one number.
    """
    # solution, stub: return ...
    pay = R[..., :-1].mean(-1)  # (S, J): the external is the last agent
    P = torch.einsum("sj,sjt->st", policy, T)
    r = (policy * pay).sum(1)
    V = torch.linalg.solve(torch.eye(len(T)) - gamma * P, r)  # V = r + γ P V
    return start @ V
    # end


# %%
check.team_value(team_value)

# %% [markdown] tags=["solution"]
# Sweeps from V = 0 give the same, if there are enough of them: after k sweeps, the rest is at most γ to the power k of what V
# can be.

# %% [markdown]
# ## How far are you?

# %%
check.progress("01_games")
