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
# # Exercises: meta-learning
#
# **Afterwards you can** take inner steps by hand and in code, and the gradient through them, first order and second.
#
# **You need** lesson `05_meta_learning`; for the last two `05_meta_learning_deeper`. Each exercise can be done without those before it.
#
# **Time**: about 55 minutes in all. Each exercise says how hard and how important it is, from 1 to 5, and how long it takes.
#
# Replace the dots `...` by your answer, and run the cell below it: it says whether you are right, and if not, what kind of
# wrong it is. `check.NAME.hint()` in a cell of your own gives a hint; call it again for a larger one. The fourth is the
# solution.

# %%
import os

# small sums: one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import math

import torch

from micra_exercises import check

torch.set_default_dtype(torch.float64)

# %% [markdown]
# ## 1. An inner step by hand
#
# *Difficulty 1/5, importance 5/5, about 5 minutes. Pencil and paper.*
#
# An imitator has one parameter, the log-odds of heads: $\delta(\text{heads}) = \sigma(\theta) = 1/(1 + e^{-\theta})$. It starts at
# θ = log 3 = 1.0986, so it predicts heads with 0.75. The inner loss is the mean of −log δ over the watched moves.
#
# Four moves are watched: H T T T. Take one inner step with α = 2. What is θ′?

# %%
# solution, stub: stepped = ...
slope = 0.75 - 1 / 4  # prediction minus frequency
stepped = math.log(3) - 2 * slope
# end

# %%
check.stepped_by_hand(stepped)

# %% [markdown] tags=["solution"]
# θ′ = 0.0986, so heads are now predicted with 0.52. The step goes towards the frequency 0.25, and is far from reaching it.

# %% [markdown]
# ## 2. Several inner steps
#
# *Difficulty 2/5, importance 5/5, about 10 minutes.*
#
# Now an imitator with one logit for each action; it predicts $\mathrm{softmax}(\theta)$. Adapt it to the watched moves, one or
# more, with as many steps as asked for (0 steps leave θ as it is). The inner loss is the mean cross-entropy of the watched moves.
#
# By hand, for θ = (0, 0), the moves 0, 1, 0, 0, two steps and α = 2: the frequencies are 0.75 and 0.25. The first step leads to
# (0.5, −0.5). There 0.7311 and 0.2689 are predicted, and the second step leads to (0.5379, −0.5379).


# %%
def adapted(theta, moves, steps, step_size):
    """theta (A,), logits; moves (n,), the watched actions.

    Returns θ′ (A,) after `steps` steps.
    """
    # solution, stub: return ...
    frequency = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - frequency)
    return theta
    # end


# %%
check.adapted(adapted)

# %% [markdown] tags=["solution"]
# The frequency stays, the prediction changes: so each step is smaller than the one before, unless α is too large. Note
# `theta = theta - …`, not `theta -= …`: the latter would change the start itself.

# %% [markdown]
# ## 3. The outer loss for autograd
#
# *Difficulty 3/5, importance 5/5, about 15 minutes.*
#
# Write the mean loss over K tasks *after* adaptation, so that autograd finds its gradient in $\theta$, through all inner steps.
# A task's support and query are given as frequencies of each action. For both,
#
# $$L(\theta; f) = -\sum_a f(a) \log \mathrm{softmax}(\theta)_a$$
#
# The check looks at the gradient, not at the number itself. By hand, for θ = (0, 0), one step and α = 1:
#
# | task | support | query | δ after the step | slope of the query loss there |
# |---|---|---|---|---|
# | 0 | 1, 0 | 0.5, 0.5 | 0.7311, 0.2689 | 0.2311, −0.2311 |
# | 1 | 0, 1 | 0.25, 0.75 | 0.2689, 0.7311 | 0.0189, −0.0189 |
#
# The slopes' mean is (0.125, −0.125). Half of a change of θ survives the step, so the gradient is (0.0625, −0.0625).


# %%
def outer_loss(theta, support, query, steps, step_size):
    """theta (A,), logits; support and query (K, A), frequencies.

    Returns one number, to be minimised. There may be 0 steps.
    """
    # solution, stub: return ...
    moved = theta.expand(len(support), -1)  # (K, A): each task has its own from here on
    for _ in range(steps):
        loss = -(support * moved.log_softmax(1)).sum()
        # the slope depends on θ, too
        (slope,) = torch.autograd.grad(loss, moved, create_graph=True)
        moved = moved - step_size * slope
    return -(query * moved.log_softmax(1)).sum(1).mean()
    # end


# %%
check.outer_loss(outer_loss)

# %% [markdown] tags=["solution"]
# The inner loss is *summed* over tasks here, and that is no mistake: no task's loss depends on another's logits, so each gets
# its own slope. Without `create_graph=True` this would be first order.

# %% [markdown]
# ## 4. The gradient through a step
#
# *Difficulty 4/5, importance 5/5, about 15 minutes.*
#
# The same gradient for *one* inner step, without autograd. By the chain rule, each task's slope at $\theta'_k$ goes through the
# Jacobian
#
# $$\frac{d\theta'}{d\theta} = I - \alpha\,\big(\mathrm{diag}(\delta) - \delta\delta^\top\big), \qquad
# \delta = \mathrm{softmax}(\theta)$$
#
# By hand, for θ = (0, 0), α = 1, supports (1, 0) and (0, 1), queries (0.5, 0.5) and (0.25, 0.75): after the step the two tasks
# predict 0.7311 and 0.2689 for action 0. The slopes there are (0.2311, −0.2311) and (0.0189, −0.0189). The Jacobian has 0.75 on
# its diagonal and 0.25 beside it; it halves them. Their mean is (0.0625, −0.0625).


# %%
def meta_gradient(theta, support, query, step_size):
    """theta (A,), logits; support and query (K, A), frequencies. Returns (A,)."""
    # solution, stub: return ...
    delta = theta.softmax(0)
    total = torch.zeros(len(theta))
    for f, q in zip(support, query, strict=True):
        moved = theta - step_size * (delta - f)
        total += moved.softmax(0) - q  # the slope at θ′
    jacobian = torch.eye(len(theta)) - step_size * (
        torch.diag(delta) - torch.outer(delta, delta)
    )
    return jacobian @ total / len(support)
    # end


# %%
check.meta_gradient(meta_gradient)

# %% [markdown] tags=["solution"]
# With one step all tasks share the Jacobian, for all start at θ. So it may come after the sum. With two steps each has its own.

# %% [markdown]
# ## 5. When first order misleads
#
# *Difficulty 3/5, importance 3/5, about 10 minutes. Open: there are many answers.*
#
# An imitator with one parameter again, the log-odds of heads, and one inner step. It starts with the prediction `start`. Watched
# moves are heads with the frequency `watched`, new moves with the probability `new`. First order takes $d\theta'/d\theta$ for 1.
#
# Find a case in which
#
# - first order says that θ should rise, but it should fall, or the other way round, and
# - the inner step helps all the same: the loss on new moves is smaller after it.
#
# Enter `(start, watched, new, step_size)`: three probabilities, of which only `start` must be neither 0 nor 1, and a positive
# number.

# %%
# solution, stub: misled = ...  # (start, watched, new, step_size)
misled = (0.5, 0.9, 0.9, 8.0)
# end

# %%
check.misled(misled)

# %% [markdown] tags=["solution"]
# $d\theta'/d\theta = 1 - 8 \cdot 0.25 = -1$: whoever starts higher ends lower. The step leads from 0.5 to 0.96, beyond 0.9. First
# order says: end lower, so start lower. That ends higher still. Steps in networks are shorter, so this is rare; but it is what
# first order gives up.

# %% [markdown]
# ## How far are you?

# %%
check.progress("05_meta_learning")
