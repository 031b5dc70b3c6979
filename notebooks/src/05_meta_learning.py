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
# How can one learn to learn quickly? We look for a starting point from which a few steps lead to a good prediction, whoever
# comes. MICRA needs this: it has only a few moves to find out whom it plays with.
#
# **Afterwards you can**
#
# - say what a task is, and what is minimised over tasks (Eq. 1);
# - do an inner step and a meta-gradient by hand;
# - tell a good start from a good guess, and say when they are the same;
# - explain why support and query are split, and why it matters how much was watched.
#
# **You need** derivatives and the chain rule.
#
# **Time**: 19 minutes.

# %% tags=["hide-input"]
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # one thread

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

import micra_lite
from micra_lite import exact, widgets
from micra_lite.imitation import adapt, meta_loss
from micra_lite.plotting import style
from micra_lite.replay import Episode
from micra_lite.widgets.inner_loop import InnerLoop

torch.set_default_dtype(torch.float64)  # everything here is exact
widgets.course_map("imitator")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $k$, $p_k$ | a task: one column player; its probability of heads | `columns` |
# | $\theta$ | the imitator's parameter before watching: the **start** | `theta` |
# | $\delta$ | the imitator's prediction | `sigma(theta)` |
# | $L$ | cross-entropy | `loss` |
# | $\alpha$ | inner step size ($\alpha_{\text{adp}}$ in MICRA's paper) | `alpha` |
# | $\theta'_k$ | the parameter after steps towards column $k$ | `moved` |
# | $n$, $f$ | number of watched moves; share of heads in them | `n`, `frequency` |
# | $n_0$ | how many moves the start is worth | |

# %% [markdown]
# ## 1. A task is one external
#
# We play matching pennies against an unknown column. Each column plays heads with a fixed probability. There are three:

# %%
columns = np.array([0.98, 0.96, 0.30])  # probability of heads
average = columns.mean()  # about 0.75

# %% [markdown]
# We meet one, watch some moves, and must predict the next ones. A **meta-learner** is judged by what it does *after*
# watching, on average over the columns it may meet:
#
# $$\min_\theta\; \mathbb E_{k} \Big[\textstyle\sum_t \mathcal L_k(x^t, a^t)\Big] \qquad\text{(Eq. 1)}$$
#
# Here $x^t$ is observed, and $a^t$ is predicted. $\mathcal L_k$ is what a wrong prediction costs with
# external $k$. (Lesson 00 wrote $L_k(\theta)$ for the sum.)

# %% [markdown]
# The smallest imitator has one parameter $\theta$, the **log-odds** of heads: the logarithm of the ratio of heads'
# probability to tails'. So $\theta = 0$ means 0.5. The prediction is
# $\delta(\text{heads}) = \sigma(\theta) = 1/(1 + e^{-\theta})$.
#
# A prediction costs $-\log$ of the probability that it gave to what happened. The mean of this cost is the
# **cross-entropy**; with the natural logarithm its unit is the **nat**. It is least for whoever predicts the column's true
# $p$, and is then the column's entropy. The excess over it is the **error**.


# %%
def sigma(x):
    return 1 / (1 + np.exp(-x))


def log_odds(p):
    return np.log(p / (1 - p))


def loss(theta, p):
    """Cross-entropy for a column that plays heads with probability p, nats."""
    return -p * np.log(sigma(theta)) - (1 - p) * np.log(sigma(-theta))


def error(theta, p):
    return loss(theta, p) - loss(log_odds(p), p)


# %% [markdown]
# ## 2. The inner step
#
# To adapt is to take one step of gradient descent on the watched moves, the **support**:
#
# $$\theta'_k = \theta - \alpha\, \nabla_\theta L_{\text{support}}(\theta), \qquad
# L_{\text{support}}(\theta) = -f \log \sigma(\theta) - (1 - f) \log \sigma(-\theta)$$
#
# Take the derivative yourself: $\nabla_\theta L_{\text{support}} = \sigma(\theta) - f$, prediction minus frequency.

# %%
theta, step_size = 0.0, 2.0
frequency = 4 / 5  # H H H H T
stepped = theta - step_size * (sigma(theta) - frequency)

# %%
guess_step = widgets.ask("inner-step", float(sigma(stepped)))
guess_step

# %% [markdown]
# ## 3. The meta-gradient
#
# To judge $\theta$ as a start, ask for *new* moves of the same column, the **query**. Suppose we know $p$; then the
# expected cost of a new move is $L_{\text{query}}(\theta') = -p \log \sigma(\theta') - (1-p) \log \sigma(-\theta')$.
#
# Now the heart of MAML (model-agnostic meta-learning; Finn et al., 2017). Improve $\theta$ by the gradient of the loss
# *after* the step. Since $\theta'$ depends on $\theta$, this takes the chain rule:
#
# $$\frac{d L_{\text{query}}(\theta')}{d\theta} = \underbrace{(\sigma(\theta') - p)}_{\text{slope at } \theta'} \cdot
# \underbrace{\big(1 - \alpha\, \sigma(\theta)(1 - \sigma(\theta))\big)}_{d\theta' / d\theta}$$
#
# The second factor says how much of a small change of the start survives the step. We check the formula by moving $\theta$ a little:

# %%
p = 0.98
survives = 1 - step_size * sigma(theta) * (1 - sigma(theta))
by_hand = (sigma(stepped) - p) * survives


def query_after_one_step(theta):
    return loss(theta - step_size * (sigma(theta) - frequency), p)


further, nearer = query_after_one_step(theta + 1e-5), query_after_one_step(theta - 1e-5)
by_differences = (further - nearer) / 2e-5
with guess_step.then():
    print(f"meta-gradient by hand {by_hand:+.6f}, by differences {by_differences:+.6f}")
    print(f"of a change of the start, {survives:.2f} survives")

# %% [markdown]
# ## 4. A good start
#
# Now all three columns, and two inner steps with $\alpha = 4$. Assume that we watched so much that the frequency *is* $p$.
# For $d\theta'/d\theta$ there is one factor for each step. `train` follows the meta-gradient, starting from the average.

# %%
alpha = 4.0


def inner_loop(theta, steps):
    """θ′ for each column, and dθ′/dθ, (3,) each."""
    moved, survives = np.full(3, theta), np.ones(3)
    for _ in range(steps):
        survives = survives * (1 - alpha * sigma(moved) * (1 - sigma(moved)))
        moved = moved - alpha * (sigma(moved) - columns)
    return moved, survives


def train(steps, updates=1000, rate=5.0):
    theta = log_odds(average)
    for _ in range(updates):
        moved, survives = inner_loop(theta, steps)
        theta = theta - rate * np.mean((sigma(moved) - columns) * survives)
    return theta


best = sigma(train(steps=2))  # as δ(heads)

# %%
guess_start = widgets.ask("best-start", float(best))
guess_start


# %% tags=["hide-input"]
def error_after(start, steps):
    """Mean error after inner steps from δ = start, nats."""
    return float(error(inner_loop(log_odds(start), steps)[0], columns).mean())


enough = next(k for k in range(100) if error_after(average, k) <= error_after(best, 2))
tried = np.linspace(0.5, 0.99, 491)
half = [(error_after(x, 0) + error_after(x, 2)) / 2 for x in tried]
half_watched = float(tried[int(np.argmin(half))])
with guess_start.then():
    print("                   mean error, nats")
    print("start              before     after two steps")
    for name, start in (("the average", average), ("MAML's", best)):
        before, after = error_after(start, 0), error_after(start, 2)
        print(f"{name:11} {start:.3f} {before:8.4f} {after:11.4f}")
    print(f"\nFrom the average it takes {enough} steps to come as near.")

# %% [markdown]
# <details><summary>After your prediction: a good start, and a good guess</summary>
# As a guess, MAML's start is more than twice as bad as the average. As a start it is almost twenty times as good.<br>
# Every column was watched here before anything had to be predicted. So the start itself was never used as a prediction.
# </details>
#
# What if half of the columns must be predicted *without* watching? For these, the start itself is the prediction.

# %% tags=["hide-input"]
with guess_start.then():
    print(f"best start if half of them are not watched: {half_watched:.2f}")

# %% [markdown]
# <details><summary>After your prediction: when a start must be a guess</summary>
# It is nearly the average again: a start that is also used as a prediction must be a good guess. In lesson 6 some externals
# are not watched, so it must be both.
# </details>

# %% [markdown]
# ## 5. Move the start
#
# Above: where each column's imitator starts, and may end. Below: the mean error of *every* start, before and after.
# The scale is logarithmic: each line is a tenth of the one above. Ignore $n_0$ until section 7.
#
# 1. Move the start to the lower star. Who gains, and who loses?
# 2. Set the steps to 0, 1, 2, 3. Where does the best start go?
# 3. Back to 0.75 (the average is 0.747) and two steps. Set the watched moves to 1. Which column is now worse off than without any step, and why?
# 4. Still one move: which step size is best? And for 20 moves?

# %%
point = widgets.StartingPoint()
guess_start.covered(point)

# %% [markdown]
# <details><summary>Answers</summary>
# 1. The first two columns gain much; the last one loses a little. 2. From the average upwards, to 0.97. 3. The one with 0.30:
# three times in ten its single move is heads, and carries δ far off. 4. 1.5, and then 5: few moves ask for small steps.
# </details>

# %% [markdown]
# ## 6. Support and query
#
# Could the outer loss ask for the watched moves again? Suppose one move is watched. We look for the best step size, with one
# step from the average. The expectation over the watched move has two terms:

# %%
sizes = np.linspace(0, 10, 101)
start = log_odds(average)
same = new = 0.0
for p in columns:
    for watched, chance in ((1, p), (0, 1 - p)):  # heads, tails
        moved = start - sizes * (sigma(start) - watched)
        same = same + chance * loss(moved, watched) / 3  # (101,): that very move
        new = new + chance * loss(moved, p) / 3  # (101,): another move

# %%
falling = bool((np.diff(same) < 0).all())
guess_same = widgets.ask(
    "same-moves", "the larger the better" if falling else "about 2"
)
guess_same

# %% tags=["hide-input"]
at_best = float(sizes[new.argmin()])
figure = Figure(figsize=(8, 3.2), layout="constrained")
axes = figure.subplots()
axes.plot(sizes, same, "--", color=style.VERMILLION, label="the watched move again")
axes.plot(sizes, new, color=style.BLUE, label="new moves (query)")
axes.plot(at_best, new.min(), "*", color=style.GREEN, markersize=12, label="least")
axes.set(xlabel="inner step size α", ylabel="expected loss, nats", ylim=(0, None))
axes.set_title("One watched move, one inner step")
axes.legend(frameon=False)
words = (
    f"The loss on the watched move falls from {same[0]:.2f} at α = 0 to {same[-1]:.2f} "
    f"at α = 10. On new moves it is least, {new.min():.2f}, at α = {at_best:.1f}, "
    f"and is {new[-1]:.2f} at α = 10."
)
with guess_same.then():
    widgets.show(figure, words)

# %% [markdown]
# <details><summary>After your prediction: what to ask for instead</summary>
# On the same moves, whoever overfits most wins. Only new moves measure what was <em>learned</em>. So every update draws pairs
# to adapt to, and other pairs of the same external to be judged by.<br>
# Section 5 took two steps, and here it is one. So the best step sizes differ.
# </details>

# %% [markdown]
# ## 7. How much was watched
#
# One column is watched for 3 moves, another one for 30. Each time, a third are heads. We take one inner step from
# $\theta = 0$, with $\alpha = 2$:

# %%
one_third = np.array([1, 0, 0])  # heads, tails, tails
thetas = {}
for repeats in (1, 10):
    moves = np.tile(one_third, repeats)
    thetas[len(moves)] = 0.0 - 2.0 * (sigma(0.0) - moves.mean())

# %%
alike = abs(thetas[3] - thetas[30]) < 1e-12
guess_much = widgets.ask("how-much", "both alike" if alike else "that of 30 moves")
guess_much

# %% [markdown]
# What would be best? Instead of our three columns, suppose that any $p$ between 0 and 1 may come, with a density proportional
# to $p^{-1/2} (1 - p)^{-1/2}$. This is called Beta(½, ½); the package draws its columns from it. By Bayes' rule, $nf$ heads and
# $n(1 - f)$ tails multiply the density by $p^{nf} (1 - p)^{n(1 - f)}$. The best prediction is the mean of $p$ under this new
# density, the **posterior mean**. For a density proportional to $p^{u-1} (1 - p)^{v-1}$ the mean is $u/(u + v)$. Here
# $u = nf + \frac12$ and $v = n(1 - f) + \frac12$, as if half a head and half a tail came first:
#
# $$\bar\pi(\text{heads}) = \frac{n f + \frac12}{n + 1} = \frac{n}{n + n_0} \cdot f + \frac{n_0}{n + n_0} \cdot \frac12
# \qquad\text{with } n_0 = 1$$
#
# So what was watched has the weight $n/(n + n_0)$.

# %% tags=["hide-input"]
with guess_much.then():
    print("moves   frequency   posterior mean   one inner step")
    for n, theta in thetas.items():
        mean = (n / 3 + 1 / 2) / (n + 1)
        print(f"{n:5} {1 / 3:11.3f} {mean:16.3f} {sigma(theta):16.3f}")

# %% [markdown]
# The package multiplies the step size by this weight. It learns $n_0$ as well as $\alpha$.
# Try $n_0$ in section 5, with one watched move.

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_step, guess_start, guess_same, guess_much]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - A task is one external. What counts is the loss *after* adaptation, on average over tasks (Eq. 1).
# - MAML improves the start by the gradient through the inner steps: slope at $\theta'$ times $d\theta'/d\theta$.
# - From a good start, few steps lead near every task. A start must be a good guess only where it is used without a step.
# - The query must be new moves, or the largest step wins.
# - The inner loss is a mean and does not know $n$. The factor $n/(n + n_0)$ tells it.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Judging by the support loss.* It rewards overfitting.
# - *Calling the average a meta-learned start.* It is best before adaptation.
# - *Mixing externals within a support.* Then there is nobody to adapt to.
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | the inner loop | `micra_lite.imitation.adapt` |
# | the outer loss, and its gradient | `micra_lite.imitation.meta_loss` |
# | posterior mean | `micra_lite.exact.bayes_predictor` |
#
# **Now you.** Exercises: `exercises/05_meta_learning.ipynb`.
#
# Next: `06_meta_imitator`, the same with a network and observations. Optional: `05_meta_learning_deeper`.


# %% tags=["hide-input"]
class OneParameter(nn.Module):
    """δ(heads) = σ(θ), whatever is observed: (P, 1) → log-probabilities (P, 2)."""

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(float(theta)))

    def forward(self, observations):
        logits = torch.stack([self.theta, torch.zeros(())])
        return logits.log_softmax(-1).expand(*observations.shape[:-1], 2)


# The inner step and the meta-gradient, by the package. Actions: heads 0, tails 1.
watched, seen = torch.tensor([0, 0, 0, 0, 1]), torch.ones(5, 1)
packaged = adapt(OneParameter(0.0), seen, watched, steps=1, step_size=step_size)
assert abs(stepped - float(packaged["theta"].detach())) < 1e-12
assert abs(by_hand - by_differences) < 1e-8
imitator = OneParameter(0.0)
query = (torch.ones(1, 2, 1), torch.tensor([[0, 1]]), torch.tensor([[0.98, 0.02]]))
support = (seen[None], watched[None], None)
outer, _ = meta_loss(imitator, support, query, steps=1, step_size=step_size)
(slope,) = torch.autograd.grad(outer, imitator.theta)
assert abs(by_hand - float(slope)) < 1e-12

# A good start: the meta-gradient over all columns, and what the text says.
shares = torch.from_numpy(np.stack([columns, 1 - columns], 1))
everything = (torch.ones(3, 2, 1), torch.tensor([[0, 1]] * 3), shares)
imitator = OneParameter(log_odds(0.8))
outer, _ = meta_loss(imitator, everything, everything, steps=2, step_size=alpha)
(slope,) = torch.autograd.grad(outer, imitator.theta)
moved, survives = inner_loop(log_odds(0.8), 2)
assert abs(np.mean((sigma(moved) - columns) * survives) - float(slope)) < 1e-12
assert abs(best - 0.97) < 0.005
assert abs(best - tried[np.argmin([error_after(x, 2) for x in tried])]) < 1e-3
assert error_after(best, 0) > 2 * error_after(average, 0)
assert 19 < error_after(average, 2) / error_after(best, 2) < 20
assert enough == 11
assert abs(half_watched - average) < 0.01


def play(watched, steps, step_size, start=0.75):
    """The errors of the three columns in section 5, (3,)."""
    inner = InnerLoop(step_size, steps, watched)
    at = np.array([log_odds(start)])
    return np.array([inner.query_error(at, p)[0] for p in columns])


assert (play(None, 2, 4.0, 0.97)[:2] < play(None, 2, 4.0)[:2] / 5).all()
assert play(None, 2, 4.0)[2] < play(None, 2, 4.0, 0.97)[2] < 0.005
assert average < sigma(train(1)) < best < sigma(train(3)) < 0.975
at_once = error(log_odds(0.75), columns)
assert (play(1, 2, 4.0) > at_once).tolist() == [False, False, True]
trusting = InnerLoop(4.0, 2, 1), InnerLoop(4.0, 2, 1, prior_pairs=2.0)  # less, with n_0
at = np.array([log_odds(0.75)])
plain, weighted = (sum(x.query_error(at, p)[0] for p in columns) for x in trusting)
assert weighted < 0.75 * plain
choices = np.arange(0, 5.01, 0.25)
for n, wanted in ((1, 1.5), (20, 5.0)):
    assert choices[np.argmin([play(n, 2, a).mean() for a in choices])] == wanted

# Support and query; how much was watched.
assert falling
assert 0 < at_best < 5
one_step = InnerLoop(2.0, 1, 1)
by_widget = [one_step.query_loss(np.array([start]), p)[0] for p in columns]
assert abs(new[20] - np.mean(by_widget)) < 1e-9
assert alike
game = micra_lite.make("matching_pennies")
family = micra_lite.external_family("matching_pennies")
for n, theta in thetas.items():
    moves = torch.tensor([0, 1, 1]).repeat(n // 3)
    episode = Episode({"column": torch.ones(n, 1)}, {"column": moves})
    mean = exact.bayes_predictor(game, family, [episode]).policies[0][0, 0]
    assert abs(mean - (n / 3 + 1 / 2) / (n + 1)) < 1e-12
    stepped = adapt(OneParameter(0.0), torch.ones(n, 1), moves, 1, 2.0)
    assert abs(float(stepped["theta"].detach()) - theta) < 1e-12
print("all checks passed")
