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
# # Meta-learning, deeper
#
# What does one lose with first-order MAML, which is cheaper? How do many parameters adapt? And can the inner loop learn how much to
# trust a few moves? This notebook is optional; no lesson needs it.
#
# **Afterwards you can**
#
# - say what first order leaves out, and when that matters;
# - write the meta-gradient for several parameters, with its Jacobian;
# - learn $\alpha$ and $n_0$, and compare with the best possible;
# - do one step of MICRA's imitator by hand.
#
# **You need** lesson `05_meta_learning`.
#
# **Time**: 20 minutes.

# %% tags=["hide-input"]
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # one thread

from math import comb

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.optimize import minimize
from torch import nn

from micra_lite import widgets
from micra_lite.imitation import adapt, meta_loss
from micra_lite.networks import MetaImitator
from micra_lite.plotting import style

torch.set_default_dtype(torch.float64)  # everything here is exact
widgets.course_map("imitator")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $\theta$, $\theta'_k$ | parameters before watching, and after steps towards task $k$ | `theta`, `moved` |
# | $\delta$ | the imitator's prediction | `delta` |
# | $L$ | cross-entropy, nats | `loss` |
# | $\alpha$ | inner step size | `alpha`, `step_size` |
# | $J$ | Jacobian $d\theta'/d\theta$ | `jacobian` |
# | $n$ | number of watched moves, some of them heads | `n`, `heads` |
# | $n_0$ | how many moves the start is worth | `prior_moves` |

# %% [markdown]
# ## 1. First order
#
# The meta-gradient is the slope of the query loss at $\theta'$, times $d\theta'/d\theta$. The second factor needs second derivatives of
# $L$; in networks they cost time and memory. **First-order MAML** leaves this factor out, as if it were 1. So it applies the
# slope at $\theta'$ to $\theta$ itself.
#
# Here are the three columns of lesson 05 again. They play heads with 0.98, 0.96 and 0.30; $\alpha$ is 4.


# %%
columns, alpha = np.array([0.98, 0.96, 0.30]), 4.0


def sigma(x):
    return 1 / (1 + np.exp(-x))


def inner_loop(theta, steps):
    """θ′ for each column, and dθ′/dθ, (3,) each."""
    moved, survives = np.full(3, theta), np.ones(3)
    for _ in range(steps):
        survives = survives * (1 - alpha * sigma(moved) * (1 - sigma(moved)))
        moved = moved - alpha * (sigma(moved) - columns)
    return moved, survives


def train(steps, second_order, updates=1000, rate=5.0):
    average = columns.mean()
    theta = np.log(average / (1 - average))
    for _ in range(updates):
        moved, survives = inner_loop(theta, steps)
        factor = survives if second_order else 1.0
        theta = theta - rate * np.mean((sigma(moved) - columns) * factor)
    return theta


# %% [markdown]
# **Question.** `train` begins at the average. Why not at $\theta = 0$, which predicts one half?
#
# <details><summary>Answer</summary>
# There $\sigma(1 - \sigma)$ is ¼, and with $\alpha = 4$ the factor is zero. To a first approximation, one step leads to the
# same place from any start nearby. So the meta-gradient is zero as well, although the start is a poor one.
# </details>
#
# Does first order find another start? First with *one* inner step.

# %%
ends = {
    (steps, second): float(train(steps, second))
    for steps in (1, 2)
    for second in (True, False)
}
apart = abs(ends[1, True] - ends[1, False])
guess_order = widgets.ask(
    "first-order", "at the same start" if apart < 1e-6 else "at another start"
)
guess_order


# %% tags=["hide-input"]
def error_after(theta, steps):
    """Mean error after inner steps from theta, nats above the columns' entropy."""
    delta = sigma(inner_loop(theta, steps)[0])
    heads = columns * np.log(columns / delta)
    tails = (1 - columns) * np.log((1 - columns) / (1 - delta))
    return float((heads + tails).mean())


average = columns.mean()
with guess_order.then():
    print("start found   second order   first order")
    for steps in (1, 2):
        second, first = sigma(ends[steps, True]), sigma(ends[steps, False])
        print(f"{steps} step(s) {second:17.3f} {first:13.3f}")
    costs = {second: error_after(ends[2, second], 2) for second in (True, False)}
    plain_start = error_after(np.log(average / (1 - average)), 2)
    print("\nmean error after two steps, nats")
    print(f"second order          {costs[True]:.5f}")
    print(f"first order           {costs[False]:.5f}")
    print(f"from the average      {plain_start:.5f}")

# %% [markdown]
# <details><summary>After your prediction: what first order costs</summary>
# With two steps, first order ends elsewhere. Its start is a third worse than MAML's, but still fifteen times as good as the
# average. In a network the factors differ between tasks from the first step on.
# </details>

# %% [markdown]
# ## 2. Several parameters
#
# With several parameters the factor becomes a matrix, the Jacobian. For one inner step it is
#
# $$J = \frac{d\theta'}{d\theta} = I - \alpha\, \nabla^2 L_{\text{support}}(\theta)$$
#
# For a softmax over three logits, the second derivatives of the cross-entropy are
# $\nabla^2 L = \mathrm{diag}(\delta) - \delta\delta^\top$. The first derivative is prediction minus frequency, as before. Rock, paper,
# scissors, against two players:

# %%
players = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
logits, step_size = np.array([0.2, -0.1, 0.4]), 2.0


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


delta = softmax(logits)
jacobian = np.eye(3) - step_size * (np.diag(delta) - np.outer(delta, delta))
meta_gradient, first_order = np.zeros(3), np.zeros(3)
for player in players:
    moved = logits - step_size * (delta - player)
    slope = softmax(moved) - player  # of the query loss, at θ′
    meta_gradient += jacobian @ slope / 2
    first_order += slope / 2
print("meta-gradient:", [f"{x:+.4f}" for x in meta_gradient])
print("first order:  ", [f"{x:+.4f}" for x in first_order])

# %% [markdown]
# **Question.** Both vectors sum to zero. Why?
#
# <details><summary>Answer</summary>
# Adding one number to all logits changes no prediction. So no loss has a slope in that direction.
# </details>

# %% [markdown]
# ## 3. Learning α and n₀
#
# In lesson 05 the frequency counted as much after 3 moves as after 30. With the weight $n/(n + n_0)$ on the step size, few
# moves count less. Does that help? We learn $\alpha$ alone, and then $\alpha$ and $n_0$, for several numbers of moves from 1
# to 50 together, with five inner steps from $\theta = 0$. A column's $p$ is drawn from Beta(½, ½).
#
# The mean over $p$ can be computed exactly. For given counts of heads the expected loss is a polynomial in $p$. Gauss
# quadrature replaces its integral by the mean over 64 well-chosen points. For Beta(½, ½) they are squared cosines with equal
# weights, and the result is exact up to degree 127. The columns' entropy is $2 \log 2 - 1$ nats on average.

# %%
points = (2 * np.arange(64) + 1) / (4 * 64) * np.pi
ps = np.cos(points) ** 2  # (64,)
entropy = 2 * np.log(2) - 1  # mean over Beta(½, ½), nats
counts = (1, 2, 3, 5, 10, 20, 50)


def error(theta, n):
    """Expected error if each number of heads leads to log-odds theta (n+1,)."""
    heads, p = np.arange(n + 1), ps[:, None]
    ways = np.array([comb(n, k) for k in heads])
    chances = ways * p**heads * (1 - p) ** (n - heads)  # (64, n+1)
    loss = p * np.logaddexp(0, -theta) + (1 - p) * np.logaddexp(0, theta)
    return float((chances * loss).sum(1).mean()) - entropy


def inner_steps(n, step_size, prior_moves, steps=5):
    """θ′ for each possible number of heads, (n+1,)."""
    theta, frequency = np.zeros(n + 1), np.arange(n + 1) / n
    for _ in range(steps):
        weight = n / (n + prior_moves)
        theta = theta - step_size * weight * (sigma(theta) - frequency)
    return theta


def mean_error(logs):
    """logs: (log α,) or (log α, log n_0)."""
    prior_moves = np.exp(logs[1]) if len(logs) > 1 else 0.0
    thetas = [inner_steps(n, np.exp(logs[0]), prior_moves) for n in counts]
    return np.mean([error(theta, n) for theta, n in zip(thetas, counts, strict=True)])


tight = {"method": "Nelder-Mead", "options": {"xatol": 1e-7, "fatol": 1e-12}}
plain = np.exp(minimize(mean_error, [0.0], **tight).x)
weighted = np.exp(minimize(mean_error, [0.0, 0.0], **tight).x)

# %% [markdown]
# **Question.** The same $\alpha$ must serve after 1 move and after 50. Is it too large or too small after 1? And after 50?

# %% tags=["hide-input"]
print(f"α alone:   α = {plain[0]:.2f}")
print(f"α and n_0: α = {weighted[0]:.0f}, n_0 = {weighted[1]:.0f}")
final = {
    "one α for all n": lambda n: inner_steps(n, plain[0], 0.0),
    "α · n/(n + n₀)": lambda n: inner_steps(n, *weighted),
    "posterior mean": lambda n: np.log(
        (np.arange(n + 1) + 0.5) / (n - np.arange(n + 1) + 0.5)
    ),
}
curve_of = {
    name: np.array([error(theta(n), n) for n in counts])
    for name, theta in final.items()
}
figure = Figure(figsize=(8, 3.4), layout="constrained")
axes = figure.subplots()
looks = ((style.VERMILLION, "s--"), (style.BLUE, "o-"), ("black", "x:"))
for (name, curve), (colour, line) in zip(curve_of.items(), looks, strict=True):
    axes.loglog(counts, curve, line, color=colour, label=name, markerfacecolor="none")
axes.set(xlabel="watched moves", ylabel="expected error, nats")
axes.set_title("Error after adaptation; both axes logarithmic")
axes.set_xticks(counts, [str(n) for n in counts])
axes.minorticks_off()
axes.legend(frameon=False)
told = [
    f"{name}: {c[0]:.3f} after 1 move, {c[-1]:.4f} after 50"
    for name, c in curve_of.items()
]
widgets.show(figure, f"Expected error, nats. {'; '.join(told)}.")

# %% [markdown]
# <details><summary>Answer</summary>
# Too large after one move, too small after fifty: a compromise. With n₀ the inner loop comes close to the posterior mean, which nothing
# beats on average. The learned n₀ is far from 1, because it weighs steps in log-odds and not probabilities.
# </details>

# %% [markdown]
# ## 4. One step of the real imitator
#
# `networks.MetaImitator` is a small network with two more kinds of learned numbers. `log_step_size` has one $\log \alpha$ for every
# parameter. `log_prior_pairs` is $\log n_0$, counted in watched pairs of an observation and a move. Logarithms keep both
# positive. `imitation.adapt` uses them if no step size is given. Here are five pairs, and one step by hand:

# %%
torch.manual_seed(0)
network = MetaImitator(features=1, hidden=3, actions=2, step_size=0.3).double()
seen = torch.ones(5, 1)  # observations (P, features)
watched = torch.tensor([0, 0, 0, 0, 1])  # moves (P,)

loss = -network(seen).gather(-1, watched[:, None]).mean()  # cross-entropy
slopes = torch.autograd.grad(loss, list(network.layers.parameters()))
n_0 = network.log_prior_pairs.exp().item()
weight = 5 / (5 + n_0)
stepped = {}
for (name, parameter), slope in zip(
    network.layers.named_parameters(), slopes, strict=True
):
    rates = network.log_step_size[name.replace(".", "_")].exp()
    stepped[name] = parameter - weight * rates * slope
    print(f"{name}: {tuple(parameter.shape)}, as many step sizes")
print(f"n_0 = {n_0:.0f}, weight of five pairs: {weight:.2f}")

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_order]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - First order leaves $d\theta'/d\theta$ out. It finds a different start as soon as this factor differs between tasks.
# - With several parameters the factor is the Jacobian $I - \alpha \nabla^2 L$.
# - One step size for all numbers of moves is a compromise. With a learned $n_0$ the inner loop comes close to the posterior mean.
# - MICRA's imitator learns a step size for each parameter, and one $n_0$.
#
# </details>
#
# Next: `06_meta_imitator`.
#
# Last, the notebook checks itself, also against the package.


# %% tags=["hide-input"]
class Logits(nn.Module):
    """A softmax over one logit per action, whatever is observed."""

    def __init__(self, logits):
        super().__init__()
        self.logits = nn.Parameter(torch.as_tensor(logits))

    def forward(self, observations):
        log_policy = self.logits.log_softmax(-1)
        return log_policy.expand(*observations.shape[:-1], len(self.logits))


def by_package(logits, policies, steps, step_size, second_order):
    """The packaged meta-gradient; each policy is watched and asked for exactly."""
    imitator = Logits(logits)
    K, A = policies.shape
    moves = torch.arange(A).expand(K, A)
    pairs = (torch.ones(K, A, 1), moves, torch.from_numpy(policies))
    outer, _ = meta_loss(imitator, pairs, pairs, steps, step_size, second_order)
    return torch.autograd.grad(outer, imitator.logits)[0].numpy()


# First order: against the package, which has two logits where we have one parameter.
shares = np.stack([columns, 1 - columns], 1)
for second in (True, False):
    moved, survives = inner_loop(1.0, 2)
    ours = np.mean((sigma(moved) - columns) * (survives if second else 1.0))
    # A step of two logits moves their difference twice as far.
    theirs = by_package(np.array([0.5, -0.5]), shares, 2, alpha / 2, second)
    assert np.allclose(theirs, [ours, -ours], atol=1e-12)
assert abs(inner_loop(0.0, 2)[1]).max() < 1e-12
assert apart < 1e-6 < abs(ends[2, True] - ends[2, False])
assert 1.3 < costs[False] / costs[True] < 1.4
assert 14 < plain_start / costs[False] < 15.5

# Several parameters.
assert np.allclose(by_package(logits, players, 1, 2.0, True), meta_gradient, atol=1e-12)
assert np.allclose(by_package(logits, players, 1, 2.0, False), first_order, atol=1e-12)
assert abs(meta_gradient.sum()) < 1e-12
assert abs(first_order.sum()) < 1e-12

# α and n_0.
without, with_n, bayes = curve_of.values()
assert (bayes < with_n).all()
assert (bayes < without).all()
assert with_n.mean() < without.mean()
assert weighted[1] > 5
for n, factor in ((1, 0.8), (50, 1.2)):  # too large after 1 move, too small after 50
    better = error(inner_steps(n, factor * plain[0], 0.0), n)
    assert better < error(inner_steps(n, plain[0], 0.0), n)
each = -ps * np.log(ps) - (1 - ps) * np.log(1 - ps)
assert abs(each.mean() - entropy) < 1e-3

# The real imitator.
packaged = adapt(network, seen, watched, steps=1)
for name, parameter in stepped.items():
    assert float((parameter - packaged[f"layers.{name}"]).detach().abs().max()) < 1e-12
print("all checks passed")
