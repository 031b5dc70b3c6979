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
# Watch a stranger for a few moves, and predict the next ones. Equation 4 of MICRA, with a network, and the limit that nobody can
# beat.
#
# **Afterwards you can**
#
# - write Eq. 4 in loops over externals, and check it against the package;
# - train a meta-imitator on a family of externals, and measure it on new ones;
# - compute the Bayes predictor, and say why no imitator is better on average;
# - say whether a move in one state tells about another, and how many externals are needed.
#
# **You need** the inner and the outer loop (lesson `05_meta_learning`).
#
# **Time**: 30 minutes to read and play; the cells take about half a minute to run.
#
# Where a question has buttons, choose first, then press **Reveal**. Your predictions are summed up at the end.

# %%
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # small sums: one thread is fastest

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
from micra_lite.widgets.imitator_belief import by_bayes, by_imitator, draw_moves, excess, prey_tables

torch.set_default_dtype(torch.float64)

# %% [markdown]
# ## Notation
#
# The same names in formulas, in text and in code.
#
# | symbol | in words | in code |
# |---|---|---|
# | $\pi_{\mathcal E}(a_e \mid o_e)$ | the external's policy | `new[k]`, (S, A) |
# | $\delta(a_e \mid o_e; \theta)$ | the imitator's prediction | `imitator` |
# | $L$ | cross-entropy of watched moves, nats | `imitation_loss` |
# | $\theta'_k$ | parameters after adaptation to external $k$ | `adapt` |
# | $\alpha_{\text{adp}}$, $n_0$ | learned inner step sizes; what $\theta$ itself is worth, in pairs | `log_step_size`, `log_prior_pairs` |
# | $\bar\pi$ | the Bayes predictor | `by_bayes`, `exact.bayes_predictor` |

# %% [markdown]
# ## 1. Externals as tasks
#
# Pursuit with 2 × 2 cells, one hunter, one prey: 12 states. A prey has a home, habits of direction, and flees more or less. Each external
# is one **task**. 2,048 prey are for training, 64 are held out: new ones.
#
# Three new prey in the same state, hunter upper left and prey lower right:

# %%
seen, known, new = prey_tables()  # what a prey observes (12, 17); policies (2048, 12, 5) and (64, 12, 5)
row = STATES.index(3)
print("       " + "".join(f"{m:>8}" for m in MOVES))
for k in range(3):
    print(f"prey {k} " + "".join(f"{x:8.2f}" for x in new[k, row].tolist()))

# %% [markdown]
# The error of a prediction is its expected cross-entropy above the prey's own entropy, in nats: $\mathrm{KL}(\pi_{\mathcal E} \,\|\, \delta)$,
# here averaged over the 12 states. So 0 means: exactly the prey's policy.
#
# Two predictions need no imitator. *Guessing* gives each of the five moves a fifth. The *average prey* is the mean policy of all 2,048, in
# each state.

# %%
simple = {"that of guessing": torch.full((5,), 0.2), "that of the average prey": known.mean(0)}
error_of = {name: float(excess(new, prediction).mean()) for name, prediction in simple.items()}

# %%
error_average = error_of["that of the average prey"]

least = min(error_of, key=error_of.get)
guess_before = widgets.ask("before-watching", least, average=f"{error_average:.2f}")
guess_before

# %%
with guess_before.then():
    for name, error in error_of.items():
        print(f"error, {name}: {error:.3f} nats")

# %% [markdown]
# ## 2. Equation 4 in loops
#
# $$\min_\theta \sum_k L_{\text{query}}\big(\delta(\cdot; \theta'_k)\big), \qquad
# \theta'_k = \theta - \alpha_{\text{adp}} \nabla_\theta L_{\text{support}}\big(\delta(\cdot; \theta)\big) \qquad\text{(Eq. 4)}$$
#
# As in lesson 5, but $\delta$ is a network now and sees $o_e$. A support is a set of pairs $(o_e, a_e)$ of one prey; the query is other pairs
# of the same prey. One prey after another, one pair after another:


# %%
def loss_by_loops(imitator, parameters, observations, actions):
    """L: observations (P, O), actions (P,) → the mean of −log δ, nats."""
    total = 0.0
    for o, a in zip(observations, actions, strict=True):
        total = total - functional_call(imitator, parameters, (o,))[a] / len(actions)
    return total


def meta_loss_by_loops(imitator, support, query, steps, step_size):
    """The outer loss of Eq. 4: support and query are (observations (K, P, O), actions (K, P))."""
    total = 0.0
    for k in range(len(support[1])):
        theta = {n: p for n, p in imitator.named_parameters() if n.startswith("layers")}
        for _ in range(steps):
            loss = loss_by_loops(imitator, theta, support[0][k], support[1][k])
            slopes = torch.autograd.grad(loss, list(theta.values()), create_graph=True)
            theta = {n: p - step_size * g for (n, p), g in zip(theta.items(), slopes, strict=True)}
        total = total + loss_by_loops(imitator, theta, query[0][k], query[1][k])
    return total / len(support[1])


# %% [markdown]
# The package does all externals at once. Do both agree, in the loss and in its gradient? Three prey, 4 pairs each as support, 5 as query:


# %%
def pairs(tables, count, generator):
    """Observations (K, P, O) and moves (K, P) of each prey, in states drawn at random."""
    states, moves = draw_moves(tables, count, generator)
    return seen[states], moves


torch.manual_seed(0)
small = MetaImitator(features=17, hidden=4, actions=5, step_size=0.5)
generator = torch.Generator().manual_seed(1)
support, query = pairs(known[:3], 4, generator), pairs(known[:3], 5, generator)
by_loops = meta_loss_by_loops(small, support, query, steps=2, step_size=0.3)
packaged, _ = meta_loss(small, (*support, None), (*query, None), steps=2, step_size=0.3)
weights = list(small.layers.parameters())
slopes = [torch.autograd.grad(loss, weights) for loss in (by_loops, packaged)]
apart_loss = abs(float((by_loops - packaged).detach()))
apart_slopes = max(float((a - b).abs().max()) for a, b in zip(*slopes, strict=True))
print("losses agree within 1e-12:", apart_loss < 1e-12)
print("gradients through the inner loop agree within 1e-12:", apart_slopes < 1e-12)

# %% [markdown]
# ## 3. Training
#
# Each update draws 32 prey, and for each how many moves are watched, from none to 50. Zero is among them: that trains $\theta$ itself as a
# prediction. All get 50 moves; those beyond the number drawn have weight 0.


# %%
def train(tables, updates=500):
    """A meta-imitator trained on these prey (K, S, A)."""
    torch.manual_seed(0)
    imitator = MetaImitator(features=17, hidden=32, actions=5, step_size=0.5)
    optimiser = torch.optim.Adam(imitator.parameters(), 5e-3)
    generator, counts = torch.Generator().manual_seed(0), torch.tensor([0, 1, 2, 5, 10, 20, 50])
    for _ in range(updates):
        task = tables[torch.randint(len(tables), (32,), generator=generator)]
        n = counts[torch.randint(len(counts), (32, 1), generator=generator)]
        support = (*pairs(task, 50, generator), (torch.arange(50) < n).double())
        loss, _ = meta_loss(imitator, support, (*pairs(task, 30, generator), None), steps=5)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return imitator


untrained, imitator = train(known, updates=0), train(known)

# %% [markdown]
# Now the 64 new prey. Each is watched for 0 to 50 moves:

# %%
counts = (0, 1, 2, 5, 10, 20, 50)
watched_states, watched_moves = draw_moves(new, 50, torch.Generator().manual_seed(7))


def errors(predict):
    """Mean error on new prey for each of counts; predict(states, moves): (64, n) each → (64, S, A)."""
    found = [predict(watched_states[:, :n], watched_moves[:, :n]) for n in counts]
    return np.array([float(excess(new, p).mean()) for p in found])


curves = {
    "untrained imitator": errors(lambda s, m: by_imitator(untrained, s, m)),
    "meta-imitator": errors(lambda s, m: by_imitator(imitator, s, m)),
    "Bayes predictor": errors(lambda s, m: by_bayes(known, s, m)),
}
meta = curves["meta-imitator"]
print("training helps at every number of moves:", (meta < curves["untrained imitator"]).all())
with guess_before.then():
    print("nothing watched: about the average prey's error:", abs(meta[0] - error_average) < 0.1)

# %% [markdown]
# ## 4. The limit
#
# How good can one be? Say that a prey is one of the 2,048 known, each as likely as any other. After watching, Bayes' rule weighs prey $k$ with
# the probability that it makes these moves, and the best prediction is the mean under these weights:
#
# $$p(k \mid \text{pairs}) \propto \prod_t \pi_k(a_t \mid o_t), \qquad
# \bar\pi(a \mid o) = \sum_k p(k \mid \text{pairs})\, \pi_k(a \mid o)$$
#
# No imitator has a lower expected loss, on average over this prior. (A new prey is none of the 2,048, but like them.)
#
# **Question.** Why can nothing beat it?
#
# <details><summary>Answer</summary>
# After these moves, π̄ is the probability of the next move: nothing else is known. And cross-entropy is least for whoever predicts the true
# probabilities.
# </details>
#
# In loops, after 10 moves of the first new prey:

# %%
weights = []
for k in range(len(known)):
    likelihood = 1.0
    for s, a in zip(watched_states[0, :10].tolist(), watched_moves[0, :10].tolist(), strict=True):
        likelihood *= float(known[k, s, a])
    weights.append(likelihood)
weights = torch.tensor(weights) / sum(weights)
posterior_mean = sum(w * policy for w, policy in zip(weights, known, strict=True))
by_arrays = by_bayes(known, watched_states[:1, :10], watched_moves[:1, :10])[0]
apart_bayes = float((posterior_mean - by_arrays).abs().max())
print("loops and arrays agree within 1e-12:", apart_bayes < 1e-12)
print(f"the most probable of 2,048 has weight {float(weights.max()):.2f}")

# %% [markdown]
# `exact.bayes_predictor` does the same with the whole family instead of 2,048 draws. It samples the posterior, so the two agree only nearly:

# %%
game = micra_lite.make("pursuit", size=2, hunters=1)
family = micra_lite.external_family("pursuit", game)
episode = Episode({"prey": seen[watched_states[0, :10]]}, {"prey": watched_moves[0, :10]})
whole = torch.from_numpy(exact.bayes_predictor(game, family, [episode]).policies[0])[list(STATES)]
apart_family = float((whole - posterior_mean).abs().mean())
print("mean difference below 0.05:", apart_family < 0.05)

# %% [markdown]
# Now all three over the number of watched moves.
#
# **Question.** The *untrained* imitator has random weights. Does watching help it, too?

# %%
figure = Figure(figsize=(6.4, 3.2), layout="constrained")
axes = figure.subplots()
looks = ((style.GREY, "s:"), (style.BLUE, "o-"), (style.ORANGE, "D--"))
for (name, curve), (colour, line) in zip(curves.items(), looks, strict=True):
    axes.plot(range(len(counts)), curve, line, color=colour, label=name)
axes.set_xticks(range(len(counts)), [str(n) for n in counts])
axes.set(xlabel="watched moves", ylabel="error, nats", ylim=(0, None), title="64 new prey")
axes.legend(frameon=False)
told = [f"{name}: {c[0]:.2f} before, {c[-1]:.2f} after 50 moves" for name, c in curves.items()]
with guess_before.then():
    widgets.show(figure, f"Error over the number of watched moves, nats. {'; '.join(told)}.", trained=True)

# %% [markdown]
# <details><summary>Answer</summary>
# Yes: an inner step is learning, whatever it starts from. Training has found out where to start, and how far to step.
# </details>
#
# <details><summary>After your prediction: where the curves start, and how they fall</summary>
# Before any move, the meta-imitator and the Bayes predictor both say what the average prey does. Then both fall together. The small gap
# between them is what the imitator has yet to learn.
# </details>

# %% [markdown]
# ## 5. Watch it believe
#
# Four new prey. Move **Watched moves** and **State** with the arrow keys. Hollow bars, *played*: the prey's true policy. Below, the error over
# all states.

# %%
belief = widgets.ImitatorBelief(imitator)
belief

# %% [markdown]
# Try:
#
# 1. Nothing watched: do the four prey differ in what is predicted?
# 2. Add moves one by one. Does the prediction change in a state in which nothing was watched?
# 3. Does each further move make the error smaller?
#
# <details><summary>Answers</summary>
# 1. No: nobody has seen anything of them. 2. Section 6 measures it. 3. Not always: a rare move misleads for a while, Bayes as well. It is only on average that
# more is better.
# </details>

# %% [markdown]
# ## 6. Does one state speak for another?
#
# Let the prey be watched only while the *hunter* is in the upper row: 6 of the 12 states.

# %%
upper = torch.tensor([s // 4 < 2 for s in STATES])
half_states, half_moves = draw_moves(new[:, upper], 50, torch.Generator().manual_seed(8))
half_states = upper.nonzero()[:, 0][half_states]  # back to the numbers of all 12
before = excess(new, by_imitator(imitator, half_states[:, :0], half_moves[:, :0]))[:, ~upper].mean()
after = excess(new, by_imitator(imitator, half_states, half_moves))[:, ~upper].mean()

# %%
outcome = "yes" if after < before - 0.05 else "it rises" if after > before + 0.05 else "no"
guess_elsewhere = widgets.ask("elsewhere", outcome)
guess_elsewhere

# %%
with guess_elsewhere.then():
    print("error in the states never watched, halved at least:", bool(after < before / 2))

# %% [markdown]
# ## 7. How many externals?
#
# The same training, on the first 4 prey only.

# %%
narrow = train(known[:4])
on_new = errors(lambda s, m: by_imitator(narrow, s, m))

# %%
ratio = on_new[-1] / meta[-1]  # after 50 moves

guess_few = widgets.ask("few-tasks", "larger" if ratio > 1.2 else "about the same")
guess_few

# %%
own_states, own_moves = draw_moves(known[:4], 50, torch.Generator().manual_seed(9))
on_own = float(excess(known[:4], by_imitator(narrow, own_states, own_moves)).mean())
with guess_few.then():
    print("after 50 moves, trained on 4 prey:")
    print("  on these 4 better than on new ones:", on_own < on_new[-1])
    print("  on new ones worse than after training on 2,048:", ratio > 1.2)

# %%
figure = Figure(figsize=(6.4, 3.0), layout="constrained")
axes = figure.subplots()
axes.plot(range(len(counts)), on_new, "s--", color=style.VERMILLION, label="trained on 4 prey")
axes.plot(range(len(counts)), meta, "o-", color=style.BLUE, label="trained on 2,048 prey")
axes.axhline(error_average, color="black", linestyle=":", label="the average prey")
axes.set_xticks(range(len(counts)), [str(n) for n in counts])
axes.set(xlabel="watched moves", ylabel="error, nats", ylim=(0, None), title="64 new prey")
axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
few, many = (f"{c[0]:.2f} before, {c[-1]:.2f} after 50 moves" for c in (on_new, meta))
words = f"Error on new prey, nats. Trained on 4: {few}; on 2,048: {many}."
with guess_few.then():
    widgets.show(figure, f"{words} The average prey: {error_average:.2f}.", trained=True)

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# This is overfitting, one floor higher: not to moves, but to externals. It shows on new externals only. So the held-out ones are never
# trained on.
# </details>

# %% [markdown]
# ## Your predictions

# %%
guesses = [guess_before, guess_elsewhere, guess_few]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# - A task is one external. Support and query are pairs of observation and move.
# - Before any move, the average policy is the best prediction; after many, the external's own.
# - In between, the Bayes predictor is the limit. The meta-imitator learns to come near it, without being told the family.
# - The network carries what is seen in one state to others.
# - Many externals are needed in training.

# %% [markdown]
# ## Common mistakes
#
# - *Measuring the raw cross-entropy.* A prey that plays at random has much of it; subtract its entropy.
# - *Testing on training externals.* They may be remembered.
# - *Never training with nothing watched.* Then $\theta$ itself is no prediction.
# - *Expecting every move to help.* Only the mean falls.
# - *Calling the Bayes predictor a method.* It needs the family, which nobody knows in earnest.

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | the loss | `micra_lite.imitation.imitation_loss` |
# | inner loop, outer loss | `micra_lite.imitation.adapt`, `micra_lite.imitation.meta_loss` |
# | the network with its step sizes | `micra_lite.networks.MetaImitator` |
# | the limit | `micra_lite.exact.bayes_predictor`, `micra_lite.exact.posterior` |
# | to play with | `micra_lite.widgets.ImitatorBelief` |
#
# **Now you.** The exercises on this lesson: `exercises/06_meta_imitator.ipynb`.

# %% [markdown]
# Last, the notebook checks itself.

# %%
assert apart_loss < 1e-12
assert apart_slopes < 1e-12
adapted = adapt(imitator, seen[watched_states[:, :10]], watched_moves[:, :10], steps=5)
fitted = imitation_loss(imitator, adapted, seen[watched_states[:, :10]], watched_moves[:, :10])
start = {n: p.expand(64, *p.shape) for n, p in imitator.named_parameters() if n in adapted}
unfitted = imitation_loss(imitator, start, seen[watched_states[:, :10]], watched_moves[:, :10])
assert float(fitted.detach().mean()) < float(unfitted.detach().mean())
assert (curves["meta-imitator"] < curves["untrained imitator"]).all()
assert abs(curves["meta-imitator"][0] - error_average) < 0.1
assert (curves["Bayes predictor"] < curves["meta-imitator"]).all()
assert curves["meta-imitator"][-1] < error_average / 3
assert apart_bayes < 1e-12
assert apart_family < 0.05
assert after < before / 2
assert ratio > 1.2
assert on_own < on_new[-1]
print("all checks passed")
