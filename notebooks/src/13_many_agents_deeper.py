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
# # Many agents, deeper
#
# Lesson `13_many_agents` said three things without proof: that a sum of products can represent any table, that you should
# not divide by your own average, and that least squares gives correct regrets while the others play as in the data. Here is
# why.
#
# **Afterwards you can**
#
# - say how many products are enough, and find them for two agents;
# - compute the regrets of all agents at once, without dividing;
# - say which errors of a critic cancel in regrets, and see that they do.
#
# **You need** lesson `13_many_agents`. No later lesson needs this one.
#
# **Time**: 11 minutes.

# %% tags=["hide-input"]
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

from itertools import product

import numpy as np
import torch
from matplotlib.figure import Figure

from micra_lite import widgets
from micra_lite.extensions.factored_regret import cp_regret_advantage
from micra_lite.plotting import style
from micra_lite.widgets.switches import fit, payoffs

widgets.course_map("critic", "regret")

# %% [markdown]
# ## 1. How many products are enough?
#
# Take two agents. $Q$ is a table with a row for each action of the first and a column for each action of the second. A
# product $u_{1r}(a_1)\, u_{2r}(a_2)$ is a table, too: one column times one row. So the question is how many such tables we
# must add up.
#
# The *singular value decomposition* answers it. It writes a table as a sum of products with weights $c_r$, the largest weight
# first.

# %%
rng = np.random.default_rng(0)
q = rng.standard_normal((5, 8))  # 5 and 8 actions; no pattern at all
u_1, c, u_2 = np.linalg.svd(q, full_matrices=False)  # (5, 5), (5,), (5, 8)
left_over = []  # the largest error with R products
for R in range(9):
    approximation = (u_1[:, :R] * c[:R]) @ u_2[:R]  # (5, 8)
    left_over.append(float(np.abs(q - approximation).max()))

# %%
enough = next(R for R in range(9) if left_over[R] < 1e-9)
guess_rank = widgets.ask("two-agents", str(enough))
guess_rank

# %% tags=["hide-input"]
figure = Figure(figsize=(8, 2.8), layout="constrained")
axes = figure.subplots()
axes.plot(
    range(9), left_over, "o-", color=style.BLUE, label="largest error of an entry"
)
axes.set(xlabel="R, number of products", ylabel="error (units of Q)")
axes.legend(frameon=False)
words = "The largest error of a 5 by 8 table made of R products: " + ", ".join(
    f"{R}: {error:.2f}" for R, error in enumerate(left_over)
)
with guess_rank.then():
    widgets.show(figure, words)

# %% [markdown]
# With more agents the same argument gives a bound. Fix the actions of all agents but two. What is left is a table as above.
# Factors that are 1 for the fixed actions and 0 for all others put it in its place. So this many products are enough: the
# number of entries, divided by the number of actions of the agent that has the most. Usually far fewer are needed: a few
# patterns explain most of $Q$.
#
# ## 2. All agents at once
#
# In a sum of products, agent $i$ needs, for each product $r$, the averages of all *others* multiplied together. Write $m_j$
# for agent $j$'s average. It is tempting to compute $\prod_j m_j$ once, and to divide it by $m_i$.

# %%
averages = np.array([0.5, 0.0, 2.0, 3.0])  # m_j of four agents, for one product
with np.errstate(divide="ignore", invalid="ignore"):
    by_dividing = averages.prod() / averages

# %%
guess_zero = widgets.ask(
    "divide-by-zero", "NaN for agent 1" if np.isnan(by_dividing[1]) else "6"
)
guess_zero

# %% [markdown]
# Better: multiply the averages *before* $i$, and those *after* $i$. Each of the two lists takes one sweep, for all agents together.

# %%
before = np.concatenate([[1.0], averages[:-1].cumprod()])  # ∏ over j < i
after = np.concatenate([averages[:0:-1].cumprod()[::-1], [1.0]])  # ∏ over j > i
others = before * after

# %% tags=["hide-input"]
with guess_zero.then():
    print("agent  by dividing  before × after")
    for i in range(4):
        print(f"{i:5}{by_dividing[i]:13.2f}{others[i]:16.2f}")

# %% [markdown]
# For $n$ agents this takes about $3n$ multiplications. One agent at a time would take about $n^2$. Averages near zero are
# common: a critic has factors of both signs.
#
# ## 3. Which errors cancel
#
# Back to the lamp with three switches (you, your mate, a stranger), and to the best pairwise critic. In the data you are on half of the
# time, and the others with probability 0.8. Call the critic's error $e(a) = \hat Q(a) - Q(a)$.
#
# Suppose that the average of $e$ over the data where you are on were positive. Then we could lower the part "you are on" a
# little, and the squared error would fall. But this critic is the best one. So that average is **zero**, and so is the
# average over the data for any fixed actions of at most two agents.

# %%
JOINT = list(product((0, 1), repeat=3))  # off is 0, on is 1
lamp = payoffs(share=1.0)  # (2, 2, 2): 1 where an odd number is on
data = np.einsum("a,b,c->abc", [0.5, 0.5], [0.2, 0.8], [0.2, 0.8])
error = fit(lamp, data, order=2) - lamp  # of the least-squares pairwise critic

print(f"mean squared error: {(data * error**2).sum():.3f}")
for you in (0, 1):
    average = (data[you] * error[you]).sum() / data[you].sum()
    print(f"average error where you are {('off', 'on')[you]}: {abs(average):.3f}")

# %% [markdown]
# The regret of an action is its average over the others, minus your own average. If the others play as in the data, both
# averages are right, although $\hat Q$ is wrong nearly everywhere.
#
# Now only *the stranger* changes, from 0.8 to some $p$. Your mate stays at 0.8. For which $p$ is the regret still right?

# %%
chances = np.linspace(0, 1, 11)  # p
wrong = []
for p in chances:
    others_now = np.outer([0.2, 0.8], [1 - p, p])  # (mate, stranger)
    off, on = ((error[you] * others_now).sum() for you in (0, 1))
    wrong.append(float(on - (off + on) / 2))  # the error of the regret of on

# %%
right = [
    round(float(p), 1) for p, w in zip(chances, wrong, strict=True) if abs(w) < 1e-9
]
outcome = "every p" if len(right) == len(chances) else "only p = 0.8"
guess_alone = widgets.ask("stranger-alone", outcome)
guess_alone

# %% tags=["hide-input"]
both = []
for p in chances:
    others_now = np.outer([1 - p, p], [1 - p, p])
    off, on = ((error[you] * others_now).sum() for you in (0, 1))
    both.append(float(on - (off + on) / 2))
figure = Figure(figsize=(8, 3.0), layout="constrained")
axes = figure.subplots()
axes.plot(chances, wrong, "D-", color=style.BLUE, label="only the stranger changes")
axes.plot(
    chances, both, "o--", color=style.VERMILLION, label="mate and stranger change"
)
axes.axhline(0, color=style.GREY, lw=0.8)
axes.axvline(0.8, color=style.INK, ls=":", label="as in the data")
axes.set(xlabel="p, probability of on", ylabel="error of the regret (return)")
figure.legend(loc="outside upper center", ncol=3, frameon=False)
words = (
    "The error of the regret of on, for p from 0 to 1. Only the stranger changes: "
    f"{', '.join(f'{abs(w):.2f}' for w in wrong)}. Mate and stranger change: "
    f"{', '.join(f'{w:.2f}'.replace('-', '−') for w in both)}."
)
with guess_alone.then():
    widgets.show(figure, words, trained=True)

# %% [markdown]
# <details><summary>After your prediction: one newcomer among known ones</summary>
# A pairwise critic has a part for each pair of your action and the stranger's. So the error averages to zero for each of
# your actions together with each of the stranger's, as long as the <em>mate</em> plays as in the data. Whatever the stranger
# does, the average stays zero. But teammates learn, and then they change as well. That is one more reason for a critic with
# a factor for every agent.
# </details>
#
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_rank, guess_zero, guess_alone]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - For two agents, it is enough to have as many products as the smaller number of actions. For more agents there is a bound,
#   too.
# - Products before and after $i$ give all agents' regrets at once, without dividing.
# - A least-squares critic's errors average to zero over each of its parts. Regrets that average in the same way are right.
#
# </details>

# %% tags=["hide-input"]
assert enough == 5
assert np.allclose(others, [0.0, 3.0, 0.0, 0.0])
# (1, R, |A_j|)
factors = [torch.tensor([[[m, m]]], dtype=torch.float64) for m in averages]
factors[1] = torch.tensor([[[1.0, -1.0]]], dtype=torch.float64)
half = [torch.full((1, 2), 0.5, dtype=torch.float64)] * 4
packaged = cp_regret_advantage(factors, half, [1])[0][0]
assert torch.allclose(packaged, torch.tensor([3.0, -3.0], dtype=torch.float64))
for group in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2)):
    axes_left = tuple(j for j in range(3) if j not in group)
    assert np.abs((data * error).sum(axes_left)).max() < 1e-12
assert len(right) == len(chances)
assert max(map(abs, both)) > 0.1
assert abs(both[8]) < 1e-9
print("all checks passed")
