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
# # Exercises: the meta-imitator
#
# **Afterwards you can** compute what the best prediction is after some watched moves, and measure how far an imitator is from it.
#
# **You need** lesson `06_meta_imitator`. Each exercise can be done without those before it.
#
# **Time**: about 53 minutes in all. Each exercise says how hard and how important it is, from 1 to 5, and how long it takes.
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
# ## 1. A posterior by hand
#
# *Difficulty 1/5, importance 5/5, about 6 minutes. Pencil and paper.*
#
# Matching pennies against one of three columns. How likely it is to meet each, and how likely each plays heads:
#
# | | first | second | third |
# |---|---|---|---|
# | **prior** | 0.5 | 0.25 | 0.25 |
# | **heads** | 0.5 | 0.8 | 0.2 |
#
# Three moves are watched: H H T. How probable is each column now? Enter three numbers.

# %%
# solution, stub: posterior = [..., ..., ...]
# 0.0625, 0.032, 0.008
weights = [0.5 * 0.5 * 0.5 * 0.5, 0.25 * 0.8 * 0.8 * 0.2, 0.25 * 0.2 * 0.2 * 0.8]
posterior = [w / sum(weights) for w in weights]
# end

# %%
check.posterior_by_hand(posterior)

# %% [markdown] tags=["solution"]
# The second column makes such moves as easily as the first: 0.128 against 0.125. What tells them apart is the prior.

# %% [markdown]
# ## 2. The Bayes predictor
#
# *Difficulty 3/5, importance 5/5, about 15 minutes.*
#
# K externals are known, and a prior says how likely each is. One of them was watched. What is the best prediction in *every*
# state?
#
# $$p(k \mid \text{pairs}) \propto p(k) \prod_t \pi_k(a_t \mid s_t), \qquad
# \bar\pi(a \mid s) = \sum_k p(k \mid \text{pairs})\, \pi_k(a \mid s)$$
#
# By hand, for two externals with the prior 0.6 and 0.4:
#
# | | state 0 | state 1 |
# |---|---|---|
# | **external 0** | 0.5, 0.25, 0.25 | 0.2, 0.4, 0.4 |
# | **external 1** | 0.25, 0.5, 0.25 | 0.6, 0.2, 0.2 |
#
# Watched: action 1 in state 0, action 0 in state 1. The weights are 0.6 · 0.25 · 0.2 = 0.03 and 0.4 · 0.5 · 0.6 = 0.12, so the
# posterior is 0.2 and 0.8. The prediction is (0.3, 0.45, 0.25) in state 0 and (0.52, 0.24, 0.24) in state 1.
#
# Among the cases are one in which nothing was watched, and one with 1,000 moves. All probabilities are positive.


# %%
def bayes_predictor(prior, policies, states, moves):
    """prior (K,); policies (K, S, A); states and moves (n,), the watched pairs.

    Returns (S, A).
    """
    # solution, stub: return ...
    logs = prior.log() + policies[:, states, moves].log().sum(1)  # (K,)
    posterior = logs.softmax(0)
    return torch.einsum("k,ksa->sa", posterior, policies)
    # end


# %%
check.bayes_predictor(bayes_predictor)

# %% [markdown] tags=["solution"]
# A softmax of log weights is the weights divided by their sum. It takes the largest off first, so nothing vanishes.

# %% [markdown]
# ## 3. The loss of what was watched
#
# *Difficulty 2/5, importance 5/5, about 10 minutes.*
#
# Some externals were watched longer than others, but an array has as many columns in each row. So short rows are padded, and
# weights say which pairs are real: 1 for a watched one, 0 for padding, which may stand anywhere in a row and holds any
# of the moves. Write each external's
# loss $L_k$: the mean of −log δ over the moves that it made. Each has made one at least, and all δ are positive.
#
# By hand, for two externals and up to three pairs. The first was watched for two moves, and δ gave them 0.5 and 0.25; so
# L = (0.693 + 1.386) / 2 = 1.040. The second made three moves, with 0.75, 0.5 and 0.8: L = (0.288 + 0.693 + 0.223) / 3 = 0.401.


# %%
def watched_loss(log_policy, actions, weights):
    """log_policy (K, P, A), log δ; actions (K, P); weights (K, P), 1 or 0.

    Returns (K,), nats.
    """
    # solution, stub: return ...
    made = log_policy.gather(2, actions[:, :, None])[:, :, 0]  # (K, P)
    return -(weights * made).sum(1) / weights.sum(1)
    # end


# %%
check.watched_loss(watched_loss)

# %% [markdown] tags=["solution"]
# Padded pairs have an action, too (some number must stand there), and δ predicts it as well as any other. Only the weights know
# that it never happened.

# %% [markdown]
# ## 4. The error of an imitator
#
# *Difficulty 2/5, importance 4/5, about 10 minutes.*
#
# How far is a prediction from the best possible? The error is its expected cross-entropy above the external's own entropy, in
# nats, averaged over the states that are *visited*. `visits` says how often each is; some may never be. All probabilities of both
# policies are positive.
#
# $$\sum_s \frac{d(s)}{\sum_{s'} d(s')}\; \mathrm{KL}\big(\pi_{\mathcal E}(\cdot \mid s) \,\|\, \delta(\cdot \mid s)\big)$$
#
# By hand, for three states, visited 2, 1 and 1 times:
#
# | | state 0 | state 1 | state 2 |
# |---|---|---|---|
# | **external** | 0.5, 0.5 | 0.25, 0.75 | 0.25, 0.75 |
# | **predicted** | 0.25, 0.75 | 0.5, 0.5 | 0.25, 0.75 |
# | **KL** | 0.1438 | 0.1308 | 0 |
#
# The error is 0.5 · 0.1438 + 0.25 · 0.1308 = 0.1046.


# %%
def excess_nats(visits, external, predicted):
    """visits (S,), numbers of visits; external and predicted (S, A), policies.

    Returns one number.
    """
    # solution, stub: return ...
    d = visits / visits.sum()
    cross_entropy = -(external * predicted.log()).sum(1)  # (S,)
    entropy = -(external * external.log()).sum(1)
    return d @ (cross_entropy - entropy)
    # end


# %%
check.excess_nats(excess_nats)

# %% [markdown] tags=["solution"]
# In state 2 the prediction is perfect: its cross-entropy is 0.562 nats, and all of it is the external's own.

# %% [markdown]
# ## 5. A move that misleads
#
# *Difficulty 3/5, importance 3/5, about 12 minutes. Open: there are many answers.*
#
# Watching helps on average. Not always: even a move that is *typical* may lead astray.
#
# There are three externals with two moves each, in one state, and a prior. You meet the first external, and it makes the
# likelier of its moves (a tie does not count). Find a prior and policies so that after this move the Bayes predictor's error,
# $\mathrm{KL}(\pi_1 \,\|\, \bar\pi)$, is *larger* than before, by 0.01 nats at least.
#
# No probability is 0, in the prior or in a policy. Enter `(prior, policies)`, of the shapes (3,) and (3, 2).

# %%
# solution, stub: misleading_move = ...  # (prior, policies)
misleading_move = (
    torch.tensor([1 / 3, 1 / 3, 1 / 3]),
    # the second likes the same move, and more
    torch.tensor([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9]]),
)
# end

# %%
check.misleading_move(misleading_move)

# %% [markdown] tags=["solution"]
# Before, the average prediction was 0.53, by chance near 0.6. The move makes the second external more probable than the first, and
# the prediction 0.74. Had we met the second, it would have been a great help: so it is in the mean.

# %% [markdown]
# ## How far are you?

# %%
check.progress("06_meta_imitator")
