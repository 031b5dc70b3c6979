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
# # The meta-imitator
#
# Watch a stranger for a few moves, and predict the next ones. How well can that be done? MICRA's regrets need such predictions, since
# what your own action is worth depends on what the external does.
#
# **Afterwards you can**
#
# - write Eq. 4 in loops over externals;
# - train a meta-imitator on a family of externals, and measure it on new ones;
# - compute the Bayes predictor, and say why nothing beats it on average;
# - say whether a move in one state tells you about another state, and how many externals are needed.
#
# **You need** the inner and the outer loop (lesson `05_meta_learning`).
#
# **Time**: 21 minutes; the cells take about half a minute to run.

# %% tags=["hide-input"]
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # one thread

import numpy as np
import torch
from matplotlib.figure import Figure
from torch.func import functional_call

import micra_lite
from micra_lite import exact, widgets
from micra_lite.imitation import adapt, imitation_loss, meta_loss
from micra_lite.networks import MetaImitator
from micra_lite.plotting import style
from micra_lite.replay import Episode
from micra_lite.widgets.critic_table import MOVES, STATES
from micra_lite.widgets.imitator_belief import (
    by_bayes,
    by_imitator,
    draw_moves,
    excess,
    prey_tables,
)

torch.set_default_dtype(torch.float64)
widgets.course_map("imitator")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $\pi_k(a \mid o)$ | policy of external $k$ | `known[k]`, `new[k]`, (S, A) |
# | $\delta(a \mid o; \theta)$ | the imitator's prediction | `imitator` |
# | $L$ | cross-entropy of watched moves, nats | `loss` |
# | $\theta'_k$ | parameters after adaptation to external $k$ | `theta` inside the loop |
# | $\alpha_{\text{adp}}$ | inner step size | `step_size` |
# | $\bar\pi$ | the Bayes predictor | `posterior_mean` |

# %% [markdown]
# ## 1. Externals as tasks
#
# One hunter and one prey on 2 × 2 cells: 12 states, five moves. Each prey has a home and habits of direction, and some flee
# more than others. Each is one **task**: 2,048 are for training, and 64 are held out as new ones.

# %%
# What a prey observes in each state (12, 17); policies (2048, 12, 5) and (64, 12, 5).
seen, known, new = prey_tables()


def error(truth, predicted):
    """Cross-entropy above the prey's entropy, nats: (…, S, A) → (…, S)."""
    return (truth * (truth / predicted).log()).sum(-1)


# %% [markdown]
# As in lesson 5, the **error** is the cross-entropy of a prediction, minus the prey's own entropy. It is 0 if the prediction
# is exactly the prey's policy. We average it over the 12 states.
#
# Three new prey in the same state, hunter upper left and prey lower right:

# %% tags=["hide-input"]
row = STATES.index(3)
print("       " + "".join(f"{m:>8}" for m in MOVES))
for k in range(3):
    print(f"prey {k} " + "".join(f"{x:8.2f}" for x in new[k, row].tolist()))

# %% [markdown]
# Two predictions need no imitator. *Guessing* gives each of the five moves probability one fifth. The *average prey* is the
# mean policy of all 2,048, in each state.

# %%
guessing, average = torch.full((5,), 0.2), known.mean(0)

# %%
error_of = {
    "that of guessing": float(error(new, guessing).mean()),
    "that of the average prey": float(error(new, average).mean()),
}
error_average = error_of["that of the average prey"]
least = min(error_of, key=error_of.get)
guess_before = widgets.ask("before-watching", least, average=f"{error_average:.2f}")
guess_before

# %% tags=["hide-input"]
with guess_before.then():
    for name, found in error_of.items():
        print(f"error, {name}: {found:.3f} nats")

# %% [markdown]
# ## 2. Equation 4 in loops
#
# $$\min_\theta \sum_k L_{\text{query}}\big(\delta(\cdot; \theta'_k)\big), \qquad
# \theta'_k = \theta - \alpha_{\text{adp}} \nabla_\theta L_{\text{support}}\big(\delta(\cdot; \theta)\big) \qquad\text{(Eq. 4)}$$
#
# This is lesson 5 with a network that sees $o$. A support is a set of pairs $(o, a)$ from one prey, and the query is other
# pairs from the same prey. (Lesson 00 wrote $L_k$ for both losses.) One prey after another, one pair after another:


# %%
def loss(imitator, theta, observations, actions):
    """L with parameters theta: observations (P, O), actions (P,) → nats."""
    total = 0.0
    for o, a in zip(observations, actions, strict=True):
        # What the network gives at o if its weights are theta, not its own: (A,)
        log_policy = functional_call(imitator, theta, (o,))
        total = total - log_policy[a] / len(actions)
    return total


def meta_loss_by_loops(imitator, support, query, steps, step_size):
    """Eq. 4: support and query are (observations (K, P, O), actions (K, P))."""
    # θ: each weight matrix and bias, by the name that it has inside the imitator.
    start = {"layers." + name: p for name, p in imitator.layers.named_parameters()}
    total = 0.0
    for k in range(len(support[1])):
        theta = start
        for _ in range(steps):
            watched = loss(imitator, theta, support[0][k], support[1][k])
            slopes = torch.autograd.grad(
                watched, list(theta.values()), create_graph=True
            )
            moved = zip(theta.items(), slopes, strict=True)
            theta = {name: p - step_size * slope for (name, p), slope in moved}
        total = total + loss(imitator, theta, query[0][k], query[1][k])
    return total / len(support[1])


# %% [markdown]
# `create_graph=True` keeps the path back to $\theta$ through the inner step. Autograd then multiplies by $d\theta'/d\theta$,
# the second factor of lesson 5. The package's `imitation.meta_loss` does the same for all prey at once.
#
# ## 3. Training
#
# Each update draws 32 prey, and for each the number of moves that are watched: from none to 50. Where none is watched, the start
# itself is the prediction. So here $\theta$ must be a good guess *and* a good start. In lesson 5 a single number was both: the guess
# fixed the start. Here there are 741 weights. Many choices of weights give the same guess, and from some of them a few steps lead further.
# Besides, the package learns a step size for each weight, where Eq. 4 has one $\alpha_{\text{adp}}$ for all.


# %%
def pairs(tables, count, generator):
    """Watched observations (K, P, O) and moves (K, P), in random states."""
    states, moves = draw_moves(tables, count, generator)
    return seen[states], moves


def train(tables, updates=500):
    """A meta-imitator trained on these prey (K, S, A)."""
    torch.manual_seed(0)
    imitator = MetaImitator(features=17, hidden=32, actions=5, step_size=0.5)
    optimiser = torch.optim.Adam(imitator.parameters(), 5e-3)
    generator = torch.Generator().manual_seed(0)
    counts = torch.tensor([0, 1, 2, 5, 10, 20, 50])
    for _ in range(updates):
        prey = tables[torch.randint(len(tables), (32,), generator=generator)]
        n = counts[torch.randint(len(counts), (32, 1), generator=generator)]
        weights = (torch.arange(50) < n).double()  # 0 beyond the number watched
        support = (*pairs(prey, 50, generator), weights)
        query = (*pairs(prey, 30, generator), None)
        outer, _ = meta_loss(imitator, support, query, steps=5)
        optimiser.zero_grad()
        outer.backward()
        optimiser.step()
    return imitator


imitator = train(known)

# %% [markdown]
# ## 4. The limit
#
# How good can an imitator be? Suppose that a prey is one of the 2,048 known ones, each as likely as any other (the
# **prior**). After watching, Bayes' rule weighs prey $k$ by the probability that it makes these moves. These weights are the
# **posterior**. The **Bayes predictor** is the mean policy under them:
#
# $$p(k \mid \text{pairs}) \propto \prod_t \pi_k(a_t \mid o_t), \qquad
# \bar\pi(a \mid o) = \sum_k p(k \mid \text{pairs})\, \pi_k(a \mid o)$$
#
# In loops, after 10 moves of the first new prey:

# %%
watched_states, watched_moves = draw_moves(new, 50, torch.Generator().manual_seed(7))
posterior = torch.ones(len(known))
for k in range(len(known)):
    for s, a in zip(watched_states[0, :10], watched_moves[0, :10], strict=True):
        posterior[k] *= known[k, s, a]
posterior = posterior / posterior.sum()
posterior_mean = torch.einsum("k,ksa->sa", posterior, known)
print(f"the most probable of 2,048 has weight {float(posterior.max()):.2f}")

# %% [markdown]
# **Question.** Draw prey from the 2,048, and moves from these prey. On average, nothing has a smaller error. Why?
#
# <details><summary>Answer</summary>
# After these moves, π̄ <em>is</em> the probability of the next move; nothing else is known. And cross-entropy is least for whoever predicts
# the true probabilities.
# </details>
#
# Our 64 new prey come from the same family, but are not among the 2,048. For them this predictor is only nearly the best: the
# 2,048 stand for all prey that the family could draw.
#
# Now the 64 new prey, each watched for 0 to 50 moves. For comparison there is an imitator that was never trained: its weights are random,
# but it takes inner steps, too.

# %% tags=["hide-input"]
counts = (0, 1, 2, 5, 10, 20, 50)
untrained = train(known, updates=0)


def errors(predict):
    """Mean error for each of counts; predict(states, moves) → (64, S, A)."""
    found = [predict(watched_states[:, :n], watched_moves[:, :n]) for n in counts]
    return np.array([float(error(new, p).mean()) for p in found])


curves = {
    "untrained imitator": errors(lambda s, m: by_imitator(untrained, s, m)),
    "meta-imitator": errors(lambda s, m: by_imitator(imitator, s, m)),
    "Bayes predictor": errors(lambda s, m: by_bayes(known, s, m)),
}
meta = curves["meta-imitator"]
figure = Figure(figsize=(8, 3.4), layout="constrained")
axes = figure.subplots()
looks = ((style.GREY, "s:"), (style.BLUE, "o-"), (style.ORANGE, "D--"))
for (name, curve), (colour, line) in zip(curves.items(), looks, strict=True):
    axes.plot(range(len(counts)), curve, line, color=colour, label=name)
axes.set_xticks(range(len(counts)), [str(n) for n in counts])
axes.set(xlabel="watched moves", ylabel="mean error, nats", ylim=(0, None))
axes.set_title("64 new prey")
axes.legend(frameon=False)
told = [
    f"{name}: {c[0]:.2f} before, {c[-1]:.2f} after 50 moves"
    for name, c in curves.items()
]
with guess_before.then():
    words = f"Mean error over the number of watched moves, nats. {'; '.join(told)}."
    widgets.show(figure, words, trained=True)

# %% [markdown]
# <details><summary>What the figure shows</summary>
# Before any move, the meta-imitator and the Bayes predictor both predict roughly what the average prey does. Then both
# errors fall. The gap between them is what the imitator has yet to learn. Watching helps even the untrained one: an inner
# step is learning, whatever it starts from. Training has found out where to start, and how far to step.
# </details>

# %% [markdown]
# ## 5. Does one state speak for another?
#
# Let the prey be watched only while the *hunter* is in the upper row: 6 of the 12 states. We ask for the error in the other 6.

# %%
upper = torch.tensor([s // 4 < 2 for s in STATES])  # (12,)
states, moves = draw_moves(new[:, upper], 50, torch.Generator().manual_seed(8))
states = upper.nonzero()[:, 0][states]  # back to the numbers of all 12
elsewhere = {}
for n in (0, 50):
    predicted = by_imitator(imitator, states[:, :n], moves[:, :n])  # (64, 12, 5)
    elsewhere[n] = error(new, predicted)[:, ~upper].mean()

# %%
change = elsewhere[50] - elsewhere[0]
outcome = "yes" if change < -0.05 else "it rises" if change > 0.05 else "no"
guess_elsewhere = widgets.ask("elsewhere", outcome)
guess_elsewhere

# %% tags=["hide-input"]
with guess_elsewhere.then():
    verdict = {"yes": "fallen", "no": "hardly changed", "it rises": "risen"}[outcome]
    if 2 * elsewhere[50] < elsewhere[0]:
        verdict = "fallen by more than half"
    print(f"After 50 moves, the error in the states never watched has {verdict}.")

# %% [markdown]
# Watch it happen, with four new prey. Hollow bars, *played*, are the prey's true policy. Below is the error over all states.
#
# 1. Add moves one by one. Does the prediction change in a state in which nothing was watched?
# 2. Does each further move make the error smaller?
# 3. Find another prey for which the imitator's error is below that of the Bayes predictor after one move or more. Should that
#    be possible?

# %%
explorer = widgets.ImitatorBelief(imitator)
guess_before.covered(guess_elsewhere.covered(explorer))

# %% [markdown]
# <details><summary>Answers</summary>
# 1. Yes. 2. Not always: a rare move misleads for a while, and misleads Bayes as
#    well. 3. Yes; prey 2 is one. The Bayes predictor is best on <em>average</em> over all prey. Another
#    prediction can be better for some prey, but it pays for that with others.
# </details>

# %% [markdown]
# In the chain from the prey to the hunters' policies, prediction is the second link. Move from prey A to prey B, and change how many
# moves are watched: whatever the prediction gets wrong, the regrets below get wrong as well.

# %% tags=["hide-input"]
chain = widgets.Chain("imitator")
chain

# %% [markdown]
# ## 6. How many externals?
#
# The same training once more, but on the first 4 prey only.

# %%
narrow = train(known[:4])

# %%
on_new = errors(lambda s, m: by_imitator(narrow, s, m))
ratio = on_new[-1] / meta[-1]  # after 50 moves
guess_few = widgets.ask("few-tasks", "larger" if ratio > 1.2 else "about the same")
guess_few

# %% tags=["hide-input"]
figure = Figure(figsize=(8, 3.4), layout="constrained")
axes = figure.subplots()
few_look, many_look = {"color": style.VERMILLION}, {"color": style.BLUE}
axes.plot(range(len(counts)), on_new, "s--", label="trained on 4 prey", **few_look)
axes.plot(range(len(counts)), meta, "o-", label="trained on 2,048 prey", **many_look)
axes.axhline(error_average, color="black", linestyle=":", label="the average prey")
axes.set_xticks(range(len(counts)), [str(n) for n in counts])
axes.set(xlabel="watched moves", ylabel="mean error, nats", ylim=(0, None))
axes.set_title("64 new prey")
axes.legend(frameon=False)
few, many = (f"{c[0]:.2f} before, {c[-1]:.2f} after 50 moves" for c in (on_new, meta))
own_states, own_moves = draw_moves(known[:4], 50, torch.Generator().manual_seed(9))
on_own = error(known[:4], by_imitator(narrow, own_states, own_moves)).mean()
with guess_few.then():
    words = f"Mean error on new prey, nats. Trained on 4: {few}; on 2,048: {many}."
    words += f" The average prey: {error_average:.2f}."
    widgets.show(figure, words, trained=True)
    place = "smaller" if on_own < on_new[-1] else "not smaller"
    print("trained on 4 prey, the error on these 4 is", place, "than on new ones")

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# This is overfitting, but to externals and not to moves. It shows only on new externals. So the held-out ones are never trained on.
# </details>

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_before, guess_elsewhere, guess_few]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - Support and query are pairs of observation and move, from one external.
# - Before any move, the average policy is the best prediction; after many, the external's own.
# - On average over its prior nothing beats the Bayes predictor. The meta-imitator has met
#   the same 2,048 prey, but is told neither their parameters nor Bayes' rule. It comes near all the same.
# - The network carries what it saw in one state over to others.
# - Training needs many externals.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Measuring the raw cross-entropy.* For a prey that moves at random it is high; subtract the prey's entropy.
# - *Testing on training externals.* They may be remembered.
# - *Never training with nothing watched.* Then $\theta$ itself is no prediction.
# - *Expecting every move to help, with every prey.* Only the mean falls.
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | the loss | `micra_lite.imitation.imitation_loss` |
# | inner loop, outer loss | `micra_lite.imitation.adapt`, `micra_lite.imitation.meta_loss` |
# | the network with its step sizes | `micra_lite.networks.MetaImitator` |
# | the limit | `micra_lite.exact.bayes_predictor` |
# | to play with | `micra_lite.widgets.ImitatorBelief`, `micra_lite.widgets.Chain` |
#
# **Now you.** Exercises: `exercises/06_meta_imitator.ipynb`.
#
# Next: `07_extractor_beliefs_actors`, on what stands between the observation and the policy.

# %% tags=["hide-input"]
# Eq. 4: loops against the package, the loss and its gradient through the inner loop.
torch.manual_seed(0)
small = MetaImitator(features=17, hidden=4, actions=5, step_size=0.5)
generator = torch.Generator().manual_seed(1)
support, query = pairs(known[:3], 4, generator), pairs(known[:3], 5, generator)
by_loops = meta_loss_by_loops(small, support, query, steps=2, step_size=0.3)
packaged, _ = meta_loss(small, (*support, None), (*query, None), 2, step_size=0.3)
weights = list(small.layers.parameters())
slopes = [torch.autograd.grad(found, weights) for found in (by_loops, packaged)]
assert abs(float((by_loops - packaged).detach())) < 1e-12
assert max(float((a - b).abs().max()) for a, b in zip(*slopes, strict=True)) < 1e-12
assert torch.allclose(error(new, average), excess(new, average), atol=1e-12)
assert sum(p.numel() for p in imitator.layers.parameters()) == 741

# Adaptation helps; what the figures' texts say.
ten = seen[watched_states[:, :10]], watched_moves[:, :10]
adapted = adapt(imitator, *ten, steps=5)
fitted = imitation_loss(imitator, adapted, *ten)
start = {
    n: p.expand(64, *p.shape) for n, p in imitator.named_parameters() if n in adapted
}
unfitted = imitation_loss(imitator, start, *ten)
assert float(fitted.detach().mean()) < float(unfitted.detach().mean())
assert (meta < curves["untrained imitator"]).all()
assert curves["untrained imitator"][-1] < curves["untrained imitator"][0]
assert abs(meta[0] - error_average) < 0.1
assert (curves["Bayes predictor"] < meta).all()
assert meta[-1] < error_average / 3

# The limit: loops against arrays, and against the whole family, which is sampled.
by_arrays = by_bayes(known, watched_states[:1, :10], watched_moves[:1, :10])[0]
assert float((posterior_mean - by_arrays).abs().max()) < 1e-12
game = micra_lite.make("pursuit", size=2, hunters=1)
family = micra_lite.external_family("pursuit", game)
first = {"prey": seen[watched_states[0, :10]]}, {"prey": watched_moves[0, :10]}
whole = exact.bayes_predictor(game, family, [Episode(*first)]).policies[0]
whole = torch.from_numpy(whole)[list(STATES)]
assert float((whole - posterior_mean).abs().mean()) < 0.05

# Best on average over its own prior, but not for every prey.
drawn_states, drawn_moves = draw_moves(known, 1, torch.Generator().manual_seed(3))
for n in (0, 1):
    one = drawn_states[:, :n], drawn_moves[:, :n]
    theirs = error(known, by_imitator(imitator, *one)).mean(-1)  # (2048,)
    ideal = error(known, by_bayes(known, *one)).mean(-1)
    assert float(ideal.mean()) < float(theirs.mean())
    assert (theirs < ideal).any()
third = explorer.watched_prey[2]
assert np.any(np.array(third.errors(0)[1:]) < third.errors(1)[1:])

assert elsewhere[50] < elsewhere[0] / 2
assert ratio > 1.2
assert on_own < on_new[-1]
print("all checks passed")
