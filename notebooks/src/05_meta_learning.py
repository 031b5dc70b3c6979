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
# # Meta-learning
#
# How does one learn to learn quickly? Equation 1 of MICRA, and MAML: a starting point that is made for being left.
#
# **Afterwards you can**
#
# - say what a task is, and what is minimised over tasks (Eq. 1);
# - do an inner step and a meta-gradient by hand, and check both;
# - tell a good starting point from an average one;
# - say what first order leaves out, and when that matters;
# - explain why support and query are split, and why it matters how much was watched.
#
# **You need** derivatives and the chain rule, and cross-entropy (the mean of −log of what was predicted for what came).
#
# **Time**: 40 minutes to read and play; the cells take about fifteen seconds to run.
#
# Where a question has a slider or buttons, choose first, then press **Reveal**. Your predictions are summed up at the end.

# %%
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # small sums: one thread is fastest

from math import comb

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.optimize import minimize
from torch import nn

import micra_lite
from micra_lite import exact, widgets
from micra_lite.imitation import adapt, imitation_loss, meta_loss
from micra_lite.networks import MetaImitator
from micra_lite.plotting import style
from micra_lite.replay import Episode
from micra_lite.widgets.inner_loop import InnerLoop

torch.set_default_dtype(torch.float64)  # everything here is exact

# %% [markdown]
# ## Notation
#
# The same names in formulas, in text and in code.
#
# | symbol | in words | in code |
# |---|---|---|
# | $\mathcal T_k \sim p(\mathcal T)$ | a task: one external, and its policy | `p`, its probability of heads |
# | $\theta$ | parameters before adaptation: the **starting point** | `theta` |
# | $\delta(a \mid o; \theta)$ | the imitator's prediction | `imitator` |
# | $L$ | cross-entropy, nats | `imitation_loss` |
# | $\alpha_{\text{adp}}$ | inner step size, written $\alpha$ here | `step_size` |
# | $\theta'_k$ | parameters after adaptation to external $k$ | `adapt` |
# | $n$, $h$ | number of watched moves, heads among them | `n`, `h` |
# | $n_0$ | how many watched pairs $\theta$ itself is worth | `log_prior_pairs` |
# | $\bar\pi$ | the Bayes predictor | `exact.bayes_predictor` |

# %% [markdown]
# ## 1. A task is one external
#
# Matching pennies against an unknown column. Each column plays heads with a fixed probability $p$. There are three columns:

# %%
columns = torch.tensor([0.95, 0.90, 0.20])
print("probability of heads:", columns.tolist(), "  average:", round(float(columns.mean()), 3))

# %% [markdown]
# We meet one of them, watch a few moves, and must predict the next ones. Then we meet another one. A **meta-learner** is
# judged by what it does *after* watching, on average over whom it may meet:
#
# $$\min_\theta\; \mathbb E_{\mathcal T_k \sim p(\mathcal T)} \Big[\textstyle\sum_t \mathcal L_k(x^t, a^t)\Big]
# \qquad\text{(Eq. 1)}$$
#
# Here $x^t$ is what is observed, $a^t$ what is predicted from all that was seen so far, and $\mathcal L_k$ what a wrong prediction costs beside external $k$.
#
# The smallest imitator there is has one parameter, the log-odds of heads:
# $\delta(\text{heads}) = \sigma(\theta) = 1/(1 + e^{-\theta})$. In a matrix game there is nothing to observe, so it ignores $o$.


# %%
class OneParameter(nn.Module):
    """δ(heads) = σ(θ), δ(tails) = σ(−θ), whatever is observed: (P, 1) → log-probabilities (P, 2)."""

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(float(theta)))

    def forward(self, observations):
        logits = torch.stack([self.theta, torch.zeros(())])
        return logits.log_softmax(-1).expand(*observations.shape[:-1], 2)


def sigma(x):
    return 1 / (1 + np.exp(-x))


# %% [markdown]
# ## 2. The inner step
#
# Adaptation is one step of gradient descent on what was watched, the **support**:
#
# $$\theta'_k = \theta - \alpha\, \nabla_\theta L_{\text{support}}(\theta), \qquad
# L_{\text{support}}(\theta) = -\tfrac hn \log \sigma(\theta) - \tfrac{n-h}{n} \log \sigma(-\theta)$$
#
# Do the derivative yourself. It is short: $\nabla_\theta L_{\text{support}} = \sigma(\theta) - h/n$, prediction minus frequency.

# %%
alpha, theta = 2.0, 0.0
h, n = 4, 5  # H H H H T
stepped = theta - alpha * (sigma(theta) - h / n)

# %%
guess_step = widgets.ask("inner-step", float(sigma(stepped)))
guess_step

# %% [markdown]
# The packaged inner loop is `imitation.adapt`. It takes observations and actions, and any imitator. Actions are numbers:
# heads 0, tails 1.

# %%
watched = torch.tensor([0, 0, 0, 0, 1])
seen = torch.ones(5, 1)  # nothing to observe
packaged = adapt(OneParameter(theta), seen, watched, steps=1, step_size=alpha)
with guess_step.then():
    print(f"by hand: θ' = {stepped:.4f}; packaged: θ' = {float(packaged['theta'].detach()):.4f}")

# %% [markdown]
# ## 3. The meta-gradient
#
# How good was $\theta$ as a start? Ask for *new* moves of the same column, the **query**. We know $p$, so we can take its
# expectation: $L_{\text{query}}(\theta') = -p \log \sigma(\theta') - (1-p) \log \sigma(-\theta')$.
#
# Now the heart of MAML (Finn et al., 2017): improve $\theta$ by the gradient of the loss *after* the step. Since $\theta'$
# depends on $\theta$, this is the chain rule:
#
# $$\frac{d L_{\text{query}}(\theta')}{d\theta} = \underbrace{(\sigma(\theta') - p)}_{\text{slope at } \theta'} \cdot
# \underbrace{\big(1 - \alpha\, \sigma(\theta)(1 - \sigma(\theta))\big)}_{d\theta' / d\theta}$$
#
# The second factor says how much of a change of the start survives the step.

# %%
p = 0.95
by_hand = (sigma(stepped) - p) * (1 - alpha * sigma(theta) * (1 - sigma(theta)))


def query_after_one_step(theta):
    moved = theta - alpha * (sigma(theta) - h / n)
    return -p * np.log(sigma(moved)) - (1 - p) * np.log(sigma(-moved))


by_differences = (query_after_one_step(theta + 1e-5) - query_after_one_step(theta - 1e-5)) / 2e-5

# The packaged outer loss. A weight for each query move makes its expectation out of two moves.
imitator = OneParameter(theta)
query = (torch.ones(1, 2, 1), torch.tensor([[0, 1]]), torch.tensor([[p, 1 - p]]))
outer, _ = meta_loss(imitator, (seen[None], watched[None], None), query, steps=1, step_size=alpha)
(by_package,) = torch.autograd.grad(outer, imitator.theta)
print(f"by hand:            {by_hand:+.6f}")
print(f"finite differences: {by_differences:+.6f}")
print(f"packaged:           {float(by_package):+.6f}")

# %% [markdown]
# **Question.** For which $\alpha$ and $\theta$ is the second factor zero, and what does that mean?
#
# <details><summary>Answer</summary>
# At θ = 0 with α = 4, for instance: σ(1 − σ) = 1/4. Then the start does not matter, to first approximation: wherever one comes
# from, one step leads to the same place. Good adaptation makes the start less important.
# </details>

# %% [markdown]
# ## 4. A good starting point
#
# All three columns, three inner steps. First assume that so much was watched that the frequency *is* $p$. (Old
# and new moves are then alike, so that `support` may serve as query, too. Section 7 says when it may not.)
#
# Without adaptation the best prediction for all is their average, 0.68. That is what plain training on everybody's moves finds.

# %%
K = len(columns)
support = (torch.ones(K, 2, 1), torch.tensor([[0, 1]] * K), torch.stack([columns, 1 - columns], 1))


def descend(steps, second_order=True, updates=400, rate=4.0):
    """Gradient descent on the packaged outer loss of all three columns, from δ = 0.5; returns θ."""
    imitator = OneParameter(0.0)
    for _ in range(updates):
        outer, _ = meta_loss(imitator, support, support, steps, alpha, second_order)
        (g,) = torch.autograd.grad(outer, imitator.theta)
        with torch.no_grad():
            imitator.theta -= rate * g
    return float(imitator.theta.detach())


average = sigma(descend(steps=0))
best = sigma(descend(steps=3))

# %%
guess_start = widgets.ask("best-start", float(best), steps="three")
guess_start


# %%
def losses_after(start, steps):
    """Each column's loss after adaptation from δ = start, nats, (K,)."""
    imitator = OneParameter(np.log(start / (1 - start)))
    moved = adapt(imitator, *support[:2], steps, alpha, support[2])
    return imitation_loss(imitator, moved, *support).detach()


with guess_start.then():
    print("start            mean loss before   after three steps")
    for name, start in (("average", average), ("MAML's", best)):
        before, after = (float(losses_after(start, steps).mean()) for steps in (0, 3))
        print(f"{name:9} {start:.3f} {before:18.3f} {after:19.4f}")

# %% [markdown]
# <details><summary>After your prediction: what a start is</summary>
# MAML's start is the <em>worse</em> prediction before anything is watched, and the better one afterwards. So a start
# need not be a good guess: it is a place from which all tasks are near. (Where some of the tasks are not watched at all, as in
# lesson 7, it has to be a good guess as well.)
# </details>

# %% [markdown]
# ## 5. Move the start
#
# Above: each column, where its imitator starts, and where it may end. Below: the mean loss for *every* start, before and after
# adaptation. Nothing is sampled: the expectation over what may be watched is a finite sum.
#
# 1. Set the steps to 0, then to 1, 2, 3. What becomes of the valley's walls?
# 2. Set the watched moves to 1. Which column is worse off than without adaptation, and why?
# 3. Still one move: find the step size that is best from this start. Then for 20 moves.
# 4. Choose *all alike*, and start at 0.75. For how many moves does adaptation help? Then raise $n_0$.

# %%
point = widgets.StartingPoint()
guess_start.covered(point)

# %% [markdown]
# <details><summary>Answers</summary>
# 1. They come down: after adaptation it matters less where one started. 2. The one with 0.20: once in five times its single move is
# heads, and that carries δ far off. 3. 1.25 and 4: the less was watched, the smaller the steps should be. 4. Only for ∞, and then by
# little: what the three have in common is in the start already, and few moves add noise. A large n₀ keeps the noise small.
# </details>

# %% [markdown]
# ## 6. First order
#
# The second factor needs second derivatives of $L$. For networks they cost time and memory. **First-order MAML** leaves the
# factor out, as if it were 1: the slope at $\theta'$ is applied to $\theta$.
#
# Will it find another starting point? First with *one* inner step.

# %%
ends = {(steps, so): sigma(descend(steps, so)) for steps in (1, 3) for so in (True, False)}

# %%
apart = abs(ends[1, True] - ends[1, False])

guess_order = widgets.ask("first-order", "at the same start" if apart < 1e-6 else "at another start")
guess_order

# %%
with guess_order.then():
    for steps in (1, 3):
        second, first = ends[steps, True], ends[steps, False]
        print(f"{steps} step(s): second order {second:.3f}, first order {first:.3f}")

# %% [markdown]
# <details><summary>After your prediction: three steps</summary>
# With three steps, first order ends elsewhere. (In a network the factors differ between tasks from the first step on.)
# </details>
#
# What does first order cost? Compare the losses after *three* steps:

# %%
costs = {so: float(losses_after(ends[3, so], 3).mean()) for so in (True, False)}
with guess_order.then():
    print(f"second order     {costs[True]:.4f}")
    print(f"first order      {costs[False]:.4f}")
    print(f"average as start {float(losses_after(average, 3).mean()):.4f}")

# %% [markdown]
# ### Several parameters
#
# The factor becomes a matrix, the Jacobian $d\theta'/d\theta = I - \alpha H$ with $H$ the Hessian of $L_{\text{support}}$. For a
# softmax over three logits, $H = \mathrm{diag}(\delta) - \delta\delta^\top$. Rock, paper, scissors, and two columns:


# %%
class Logits(nn.Module):
    """A softmax over one logit per action, whatever is observed."""

    def __init__(self, logits):
        super().__init__()
        self.logits = nn.Parameter(logits.clone())

    def forward(self, observations):
        return self.logits.log_softmax(-1).expand(*observations.shape[:-1], len(self.logits))


players = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
start = torch.tensor([0.2, -0.1, 0.4])
delta = start.softmax(-1)
jacobian = torch.eye(3) - alpha * (torch.diag(delta) - torch.outer(delta, delta))
chain_rule = torch.zeros(3)
for player in players:
    moved = start - alpha * (delta - player)  # the inner step: prediction minus frequency, again
    chain_rule += jacobian @ (moved.softmax(-1) - player) / len(players)

imitator = Logits(start)
pairs = (torch.ones(2, 3, 1), torch.arange(3).expand(2, 3), players)
outer, _ = meta_loss(imitator, pairs, pairs, steps=1, step_size=alpha)
(packaged_jacobian,) = torch.autograd.grad(outer, imitator.logits)
print("chain rule:", [f"{x:+.5f}" for x in chain_rule.tolist()])
print("packaged:  ", [f"{x:+.5f}" for x in packaged_jacobian.tolist()])

# %% [markdown]
# ## 7. Support and query
#
# Could the outer loss not use the moves that were watched? They are at hand. Say that one move was watched, and that we look for
# the best $\alpha$, with one step from the average start.


# %%
def after_watching(step_size, n, steps=1, start=average):
    """Expected loss on the watched moves and on new ones, after adaptation; mean over columns, nats."""
    same = new = 0.0
    for p in columns.tolist():
        for h in range(n + 1):
            weight = comb(n, h) * p**h * (1 - p) ** (n - h) / K
            theta = np.log(start / (1 - start))
            for _ in range(steps):
                theta -= step_size * (sigma(theta) - h / n)
            heads, tails = np.logaddexp(0, -theta), np.logaddexp(0, theta)  # −log δ, nats
            same += weight * (h / n * heads + (1 - h / n) * tails)
            new += weight * (p * heads + (1 - p) * tails)
    return same, new


sizes = np.linspace(0, 10, 101)
curves = np.array([after_watching(a, n=1) for a in sizes])  # (101, 2)

# %%
falling = bool((np.diff(curves[:, 0]) < 0).all())
outcome = "the larger the better" if falling else "about 2"

guess_same = widgets.ask("same-moves", outcome)
guess_same

# %%
at_best = sizes[curves[:, 1].argmin()]
figure = Figure(figsize=(6.4, 3.0), layout="constrained")
axes = figure.subplots()
axes.plot(sizes, curves[:, 0], "--", color=style.VERMILLION, label="the watched move itself")
axes.plot(sizes, curves[:, 1], color=style.BLUE, label="new moves (query)")
axes.plot(at_best, curves[:, 1].min(), "*", color=style.GREEN, markersize=12, label="best step size")
axes.set(xlabel="inner step size α", ylabel="expected loss, nats", ylim=(0, None))
axes.set_title("One watched move, one inner step")
axes.legend(frameon=False)
with guess_same.then():
    widgets.show(
        figure,
        f"Loss on the watched move is {curves[0, 0]:.2f} at α = 0 and {curves[-1, 0]:.2f} at α = 10. "
        f"Loss on new moves is least, {curves[:, 1].min():.2f}, at α = {at_best:.1f}, "
        f"and {curves[-1, 1]:.2f} at the end.",
    )

# %% [markdown]
# <details><summary>After your prediction: what to ask for instead</summary>
# On the same moves, whoever overfits most wins. Only new moves measure what was <em>learned</em>. So every update draws both:
# pairs to adapt to, and other pairs of the same external to be judged by. MICRA's paper, a poster of two pages, does not say so; we do.
# </details>

# %% [markdown]
# ## 8. How much was watched
#
# One column is watched for 3 moves, another one for 30. Each time, a third are heads. One step of Eq. 4 from $\theta = 0$:

# %%
one_third = torch.tensor([0, 1, 1])
thetas = {}
for repeats in (1, 10):
    moves = one_third.repeat(repeats)
    moved = adapt(OneParameter(0.0), torch.ones(len(moves), 1), moves, steps=1, step_size=alpha)
    thetas[len(moves)] = float(moved["theta"].detach())

# %%
alike = abs(thetas[3] - thetas[30]) < 1e-12

guess_much = widgets.ask("how-much", "both alike" if alike else "that of 30 moves")
guess_much

# %% [markdown]
# What is the best prediction? Say $p$ itself is drawn from a distribution that we know. The family of matching pennies' columns is
# Beta(½, ½), the Dirichlet distribution of two actions. After $h$ heads in $n$ moves the best prediction is the posterior mean:
#
# $$\bar\pi(\text{heads}) = \frac{h + \frac12}{n + 1} = \frac{n}{n + n_0} \cdot \frac hn + \frac{n_0}{n + n_0} \cdot \frac12
# \qquad\text{with } n_0 = 1$$
#
# So the weight of what was watched is $n/(n + n_0)$: it grows with $n$. The prior is worth $n_0$ moves.

# %%
game, family = micra_lite.make("matching_pennies"), micra_lite.external_family("matching_pennies")
with guess_much.then():
    print("moves   frequency   posterior mean   Eq. 4, one step")
    for repeats in (1, 10):
        moves = one_third.repeat(repeats)
        episode = Episode({"column": torch.ones(len(moves), 1)}, {"column": moves})
        mean = float(exact.bayes_predictor(game, family, [episode]).policies[0][0, 0])
        formula = (repeats + 0.5) / (3 * repeats + 1)
        assert abs(mean - formula) < 1e-12
        print(f"{len(moves):5} {1 / 3:11.3f} {mean:16.3f} {sigma(thetas[len(moves)]):17.3f}")

# %% [markdown]
# The package multiplies the step size by this very weight: $\alpha \cdot n/(n + n_0)$, with $n_0$ learned like $\alpha$ (where
# a step size is *given*, as above, it is Eq. 4 to the letter). Does it help? We learn $\alpha$ (and $n_0$) for the whole family
# and for 1 to 50 moves alike, with five inner steps from $\theta = 0$.
#
# The mean over Beta(½, ½) is exact here, too. For given $h$ heads the expected loss is a polynomial in $p$ of degree $n + 1$, and
# 64 nodes of the right Gauss quadrature (squared cosines, equal weights) are exact up to degree 127. A column's entropy is
# $2 \log 2 - 1$ nats on average.

# %%
nodes = 64
ps = np.cos((2 * np.arange(nodes) + 1) / (4 * nodes) * np.pi) ** 2  # (64,)
entropy = 2 * np.log(2) - 1  # mean over Beta(½, ½), nats
counts = (1, 2, 3, 5, 10, 20, 50)
heads = {n: np.arange(n + 1) for n in counts}
ways = {n: np.array([comb(n, h) for h in heads[n]]) for n in counts}
chances = {n: ways[n] * ps[:, None] ** heads[n] * (1 - ps[:, None]) ** (n - heads[n]) for n in counts}


def excess(theta, n):
    """Expected nats above the column's entropy if h heads in n moves lead to log-odds theta (n+1,)."""
    loss = ps[:, None] * np.logaddexp(0, -theta) + (1 - ps[:, None]) * np.logaddexp(0, theta)
    return float((chances[n] * loss).sum(1).mean()) - entropy


def inner_loop(n, step_size, prior_pairs, steps=5):
    """θ′ for each possible number of heads, (n+1,)."""
    theta = np.zeros(n + 1)
    for _ in range(steps):
        theta = theta - step_size * n / (n + prior_pairs) * (sigma(theta) - heads[n] / n)
    return theta


def mean_excess(logs):
    """logs: (log α,) or (log α, log n_0)."""
    prior_pairs = np.exp(logs[1]) if len(logs) > 1 else 0.0
    return np.mean([excess(inner_loop(n, np.exp(logs[0]), prior_pairs), n) for n in counts])


tight = {"xatol": 1e-7, "fatol": 1e-12}
plain = np.exp(minimize(mean_excess, [0.0], method="Nelder-Mead", options=tight).x)
weighted = np.exp(minimize(mean_excess, [0.0, 0.0], method="Nelder-Mead", options=tight).x)
print(f"Eq. 4 to the letter: α = {plain[0]:.2f}")
print(f"with n/(n + n_0):    α = {weighted[0]:.0f}, n_0 = {weighted[1]:.0f}")

# %%
final = {
    "Eq. 4, one α for all n": lambda n: inner_loop(n, plain[0], 0.0),
    "α · n/(n + n₀)": lambda n: inner_loop(n, *weighted),
    "Bayes predictor": lambda n: np.log((heads[n] + 0.5) / (n - heads[n] + 0.5)),
}
curve_of = {name: np.array([excess(theta(n), n) for n in counts]) for name, theta in final.items()}
figure = Figure(figsize=(6.4, 3.2), layout="constrained")
axes = figure.subplots()
looks = ((style.VERMILLION, "s--"), (style.BLUE, "o-"), ("black", "x:"))
for (name, curve), (colour, line) in zip(curve_of.items(), looks, strict=True):
    axes.loglog(counts, curve, line, color=colour, label=name, markerfacecolor="none")
axes.set(xlabel="watched moves", ylabel="nats above entropy", title="What adaptation leaves to be desired")
axes.set_xticks(counts, [str(n) for n in counts])
axes.minorticks_off()
axes.legend(frameon=False)
told = [f"{name}: {c[0]:.3f} after 1 move, {c[-1]:.3f} after 50" for name, c in curve_of.items()]
with guess_much.then():
    widgets.show(figure, f"Expected loss above entropy, nats. {'; '.join(told)}.")

# %% [markdown]
# <details><summary>After your prediction: does it help?</summary>
# One $\alpha$ for all must be a compromise: too bold after one move, too timid after fifty. With $n_0$ the inner loop comes close
# to the Bayes predictor, which nothing can beat on average. (The learned $n_0$ is not 1: it is about steps in log-odds, not
# about probabilities.)
# </details>

# %% [markdown]
# ## 9. The real imitator
#
# `networks.MetaImitator` is a small network with two more kinds of learned numbers: `log_step_size`, one $\alpha$ for every
# parameter, and `log_prior_pairs`. `adapt` without a `step_size` uses them. One step by hand:

# %%
torch.manual_seed(0)
network = MetaImitator(features=1, hidden=3, actions=2, step_size=0.3).double()
loss = -network(seen).gather(-1, watched[:, None]).mean()
slopes = torch.autograd.grad(loss, list(network.layers.parameters()))
trust = 5 / (5 + network.log_prior_pairs.exp())
moved = adapt(network, seen, watched, steps=1)
largest = 0.0
for (name, parameter), slope in zip(network.layers.named_parameters(), slopes, strict=True):
    rate = network.log_step_size[name.replace(".", "_")].exp()
    hand = parameter - trust * rate * slope
    largest = max(largest, float((hand - moved[f"layers.{name}"]).detach().abs().max()))
print("by hand and packaged agree within 1e-12:", largest < 1e-12)

# %% [markdown]
# ## Your predictions

# %%
guesses = [guess_step, guess_start, guess_order, guess_same, guess_much]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# - A task is one external. What counts is the loss *after* adaptation, on average over tasks (Eq. 1).
# - MAML adapts by gradient steps and improves the start by the gradient through them: slope at $\theta'$ times $d\theta'/d\theta$.
# - A good start is near all tasks *in steps*. It need not be a good prediction.
# - First order leaves $d\theta'/d\theta$ out. Often that is good enough; it is another optimum.
# - The query must be new moves, or the largest step wins.
# - The inner loss is a mean and does not know $n$. The factor $n/(n + n_0)$ tells it.

# %% [markdown]
# ## Common mistakes
#
# - *Judging by the support loss.* It rewards overfitting.
# - *Calling the average predictor a meta-learned start.* It is trained for the loss before adaptation.
# - *Detaching $\theta'$ from $\theta$* without noticing. That is first order at best; detached wholly, nothing is learned.
# - *Mixing externals within a support.* Then there is nothing to adapt to.
# - *Testing adaptation on training externals.* Whoever remembers them needs no adaptation.
# - *More inner steps with few moves.* They chase the noise of what was watched.

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | the inner loop | `micra_lite.imitation.adapt` |
# | the outer loss, first or second order | `micra_lite.imitation.meta_loss` |
# | cross-entropy of adapted imitators | `micra_lite.imitation.imitation_loss` |
# | learned step sizes and $n_0$ | `micra_lite.networks.MetaImitator` |
# | posterior mean | `micra_lite.exact.bayes_predictor` |
# | mixed strategies as a family of externals | `micra_lite.games.matrix.MixedStrategies` |
# | to play with | `micra_lite.widgets.StartingPoint` |
#
# **Now you.** The exercises on this lesson: `exercises/05_meta_learning.ipynb`.

# %% [markdown]
# Next: `06_meta_imitator`, the same with networks, observations and whole games (Eq. 4).
#
# Last, the notebook checks itself.

# %%
assert abs(stepped - float(packaged["theta"].detach())) < 1e-12
assert abs(by_hand - by_differences) < 1e-8
assert abs(by_hand - float(by_package)) < 1e-12
assert abs(average - float(columns.mean())) < 1e-6
assert losses_after(best, 0).mean() > losses_after(average, 0).mean()
assert losses_after(best, 3).mean() < losses_after(average, 3).mean()
assert apart < 1e-6 < abs(ends[3, True] - ends[3, False])
assert costs[True] < costs[False]
assert torch.allclose(chain_rule, packaged_jacobian, atol=1e-12)
assert falling
assert 0 < at_best < 5
in_widget = InnerLoop(2.0, 1, 1)
theta_average = np.log([average / (1 - average)])
from_widget = np.mean([in_widget.query_loss(theta_average, p)[0] for p in columns.tolist()])
assert abs(after_watching(2.0, 1)[1] - from_widget) < 1e-9
assert alike
without_n, with_n, bayes = curve_of.values()
assert (bayes < with_n).all()
assert (bayes < without_n).all()
assert with_n.mean() < without_n.mean()
for n, factor in ((1, 0.8), (50, 1.2)):  # too bold after one move, too timid after fifty
    assert excess(inner_loop(n, factor * plain[0], 0.0), n) < excess(inner_loop(n, plain[0], 0.0), n)
one_move = InnerLoop(2.0, 3, 1)  # the answers of section 5
assert one_move.query_loss(np.zeros(1), 0.2) > np.log(2) > one_move.query_loss(np.zeros(1), 0.9)
assert abs(np.mean(-ps * np.log(ps) - (1 - ps) * np.log(1 - ps)) - entropy) < 1e-3
assert largest < 1e-12
print("all checks passed")
