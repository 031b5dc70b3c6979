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
# # Many agents
#
# Eq. 2 averages over everything that the others might do. With many agents that is a very long sum. When can a short sum
# give the same numbers, and when does a critic made of small parts mislead?
#
# **Afterwards you can**
#
# - say what Eq. 2 costs when every joint action is listed;
# - compute the same regrets from pairs, and from sums of products, even for a hundred agents;
# - say when a critic made of small parts gives misleading regrets;
# - say why MICRA's own critic is not limited to pairs.
#
# **You need** regrets (lesson `02_regret`) and the critic (lesson `04_critic`).
#
# **Time**: 23 minutes.

# %% tags=["hide-input"]
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import time
from itertools import combinations, product

import numpy as np
import torch
from matplotlib.figure import Figure

from micra_lite import widgets
from micra_lite.extensions.factored_regret import (
    cp_regret_advantage,
    pairwise_regret_advantage,
)
from micra_lite.plotting import style
from micra_lite.regret import FactoredQ, counterfactual_regret_advantage
from micra_lite.widgets import switches as package

widgets.course_map("critic", "regret")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $n$; $\lvert\mathcal A_j\rvert$ | number of agents (in other lessons, of watched moves); number of agent $j$'s actions | `n_actions` |
# | $Q(s, a)$ | what the joint action $a$ is worth | `q` |
# | $v(s \mid i \text{ plays } a_i)$ | what $s$ is worth if $i$ plays $a_i$ and all others follow their policies | `values` |
# | $A_i(s, a_i)$ | regret advantage of Eq. 2 | `regrets` |
# | $f_j(a_j)$, $w_{jl}(a_j, a_l)$ | parts of one agent, and of two | `singles`, `pairs` |
# | $u_{jr}(s, a_j)$, $c_r$; $R$ | factor of agent $j$ in product $r$, that product's weight; number of products | `factors`, `weights` |
# | $D$ | the data that a critic was fitted to | `data` |
#
# $v(s \mid i \text{ plays } a_i)$ is *counterfactual*: it says what would happen if $i$ played $a_i$, whatever it really did, with all
# else as it is.

# %% [markdown]
# ## 1. What Eq. 2 costs
#
# Here are $n$ radio stations. All pick a channel at once. Station $j$ likes some channels more: $f_j(a_j)$. Two stations
# disturb each other, fully on the same channel and half on neighbouring ones: $w_{jl}(a_j, a_l)$. The worth of a joint
# action is the sum:
#
# $$Q(s, a) = \sum_j f_j(a_j) + \sum_{j<l} w_{jl}(a_j, a_l)$$


# %%
def stations(n_actions, seed=0):
    """One evening: f, w and policies, for stations with so many channels each."""
    rng = np.random.default_rng(seed)
    singles = [rng.standard_normal(size) for size in n_actions]
    pairs = {}
    for j, l in combinations(range(len(n_actions)), 2):
        apart = np.abs(np.arange(n_actions[j])[:, None] - np.arange(n_actions[l]))
        pairs[j, l] = -rng.random() * ((apart == 0) + 0.5 * (apart == 1))
    policies = [np.exp(f) / np.exp(f).sum() for f in singles]
    return singles, pairs, policies


# %% [markdown]
# We could write $Q$ down as a table with an entry for each joint action: $\prod_j |\mathcal A_j|$ numbers. Or we keep the
# parts: $\sum_j |\mathcal A_j| + \sum_{j<l} |\mathcal A_j||\mathcal A_l|$ numbers.

# %%
sizes = {n: (5**n, 5 * n + 25 * n * (n - 1) // 2) for n in range(2, 9)}
times_more = sizes[8][0] / sizes[8][1]
guess_entries = widgets.ask(
    "entries", "about 500" if 400 < times_more < 600 else "about 50"
)
guess_entries

# %% tags=["hide-input"]
with guess_entries.then():
    print("agents   table entries   as parts")
    for n, (table, parts) in sizes.items():
        print(f"{n:6} {table:15,} {parts:10,}")

# %% [markdown]
# Eq. 2 as it stands uses each entry of the table once. It is $A_i(s, a_i) = v(s \mid i \text{ plays } a_i) - v(s)$, where
#
# $$v(s \mid i \text{ plays } a_i) = \sum_{a_{-i}} \prod_{j \ne i} \pi_j(a_j)\; Q(s, a), \qquad
# v(s) = \sum_{a_i} \pi_i(a_i)\, v(s \mid i \text{ plays } a_i)$$


# %%
def by_enumeration(singles, pairs, policies, i):
    """The regrets of agent i, and how many terms were summed."""
    values, terms = np.zeros(len(policies[i])), 0
    for joint in product(*(range(len(p)) for p in policies)):
        weight = 1.0
        for j, a in enumerate(joint):
            if j != i:
                weight *= policies[j][a]
        q = sum(f[a] for f, a in zip(singles, joint, strict=True))
        q += sum(w[joint[j], joint[l]] for (j, l), w in pairs.items())
        values[joint[i]] += weight * q
        terms += 1
    return values - policies[i] @ values, terms


# %% [markdown]
# ## 2. The same from pairs
#
# The expectation of a sum is the sum of the expectations. In $w_{il}$ only $a_i$ and $a_l$ matter, so everybody else averages out.
# And a part *without* agent $i$ is the same for all its actions: it cancels in the difference. What is left:
#
# $$v(s \mid i \text{ plays } a_i) = f_i(a_i) + \sum_{l \ne i} \sum_{a_l} \pi_l(a_l)\, w_{il}(a_i, a_l) + \text{const}$$


# %%
def by_pairs(singles, pairs, policies, i):
    """The same regrets from the parts alone, and how many terms were summed."""
    values, terms = singles[i].copy(), len(singles[i])
    for (j, l), w in pairs.items():
        if i == j:
            values += w @ policies[l]  # (|A_i|, |A_l|) times (|A_l|,)
        elif i == l:
            values += policies[j] @ w
        else:
            continue  # without agent i: it cancels
        terms += w.size
    return values - policies[i] @ values, terms


for n in range(2, 7):
    evening = stations((5,) * n)
    slow, many = by_enumeration(*evening, 0)
    quick, few = by_pairs(*evening, 0)
    print(f"{n} stations: {many:6,} terms or {few:3}; ", end="")
    print("regret of channel 0:", f"{slow[0]:.6f} or {quick[0]:.6f}")

# %% [markdown]
# This is not an approximation. How long does each way take? We time the package's functions, for eight evenings at once:


# %% tags=["hide-input"]
def tensors(singles, pairs, policies, evenings=1):
    """The same evening so many times, as the package takes them."""
    many = [
        torch.as_tensor(x).expand(evenings, *x.shape) for x in (*singles, *policies)
    ]
    w = {jl: torch.as_tensor(x).expand(evenings, *x.shape) for jl, x in pairs.items()}
    return many[: len(singles)], w, many[len(singles) :]


def laid_out(singles, pairs):
    """The joint table (B, A_1, …, A_n) of all these parts."""
    n, q = len(singles), 0.0
    for j, f in enumerate(singles):
        q = q + f.reshape(
            [len(f)] + [f.shape[1] if axis == j else 1 for axis in range(n)]
        )
    for (j, l), w in pairs.items():
        size = {j: w.shape[1], l: w.shape[2]}
        q = q + w.reshape([len(w)] + [size.get(axis, 1) for axis in range(n)])
    return q


def milliseconds(function, *arguments):
    """The quickest of three runs."""
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        function(*arguments)
        taken.append(1000 * (time.perf_counter() - start))
    return min(taken)


clock = {"enumerated": [], "by pairs": []}
for n in sizes:
    f, w, pi = tensors(*stations((5,) * n), evenings=8)
    table = laid_out(f, w)  # before the clock starts
    clock["enumerated"].append(
        milliseconds(counterfactual_regret_advantage, table, pi, [0, 1])
    )
    clock["by pairs"].append(milliseconds(pairwise_regret_advantage, f, w, pi, [0, 1]))
del table

figure = Figure(figsize=(8, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
looks = ("enumerated", style.VERMILLION, "o-"), ("by pairs", style.BLUE, "D--")
for k, (name, colour, line) in enumerate(looks):
    left.plot(
        list(sizes), [e[k] for e in sizes.values()], line, color=colour, label=name
    )
    right.plot(list(sizes), clock[name], line, color=colour, label=name)
left.set(
    yscale="log", xlabel="stations, 5 channels each", ylabel="numbers that make up Q"
)
right.set(
    yscale="log", xlabel="stations, 5 channels each", ylabel="ms for the regrets of two"
)
figure.legend(
    *left.get_legend_handles_labels(), loc="outside upper center", ncol=2, frameon=False
)
words = (
    f"Left: the table grows from {sizes[2][0]:,} to {sizes[8][0]:,} numbers; "
    f"the parts from {sizes[2][1]} to {sizes[8][1]}. "
    "Right: with 8 stations regrets take "
    f"{clock['enumerated'][-1]:.0f} ms enumerated, "
    f"{clock['by pairs'][-1]:.1f} ms by pairs; "
    f"with 2 stations {clock['enumerated'][0]:.1f} and {clock['by pairs'][0]:.1f} ms."
)
with guess_entries.then():
    widgets.show(figure, words, trained=True)

# %% [markdown]
# Now a hundred stations. The table would have $5^{100}$ entries, a number with 70 digits.

# %%
evening = stations((5,) * 100)
regrets, terms = by_pairs(*evening, 0)
print(f"{terms:,} terms for station 0; its largest regret is {regrets.max():.2f}")

# %% [markdown]
# ## 3. The same from products
#
# Pairs are not the only small form. Lesson `04_critic` kept $Q$ in a table. MICRA's network gives a level plus a weighted
# *sum of products* instead. Each product has one factor for each agent:
#
# $$Q(s, a) = \text{level} + \sum_{r=1}^R c_r \prod_j u_{jr}(s, a_j)$$
#
# The belief enters the weights $c_r$ (and the level), the state the factors: see `micra_lite/networks.py`. The level is
# the same for all joint actions, so it cancels in regrets. The agents choose independently, so the expectation of
# a product is the product of the expectations. Each factor is averaged by itself. For agent $i$, multiply the averages of all
# others:


# %%
def by_products(weights, factors, policies, i):
    """The regrets of agent i, for weights (R,) and factors n × (R, |A_j|)."""
    others = weights.copy()  # (R,)
    for j, (u, policy) in enumerate(zip(factors, policies, strict=True)):
        if j != i:
            others *= u @ policy  # the average of agent j's factor, in each product
    values = others @ factors[i]  # (|A_i|,): summed over the R products
    return values - policies[i] @ values


rng = np.random.default_rng(3)
weights = rng.standard_normal(64)  # R = 64
factors = [1 + rng.standard_normal((64, 5)) / 4 for _ in range(8)]  # n = 8
regrets_8 = by_products(weights, factors, stations((5,) * 8)[2], 0)
print("regrets of agent 0:", regrets_8.round(2))

# %% [markdown]
# The work is $n \cdot R \cdot |\mathcal A|$ operations: one more agent adds a little, and multiplies nothing. So MICRA trains
# without a table. (Lesson `08_offline_training` laid one out: there it is small.)
#
# ## 4. Three switches, one lamp
#
# The lamp is lit if an **odd** number of switches is on. You set one, your mate another, a
# stranger the third. A lit lamp pays 1.
#
# A *pairwise critic* adds up parts of at most two agents: one number for all, one for each case of an agent ("you are
# on"), and one for each case of a pair ("you are on and your mate is off"). In the data all eight joint actions are equally
# frequent. We take the best pairwise critic, that is, the one with the smallest squared error, averaged over the data
# (*least squares*).

# %%
JOINT = list(product((0, 1), repeat=3))  # off is 0, on is 1: you, mate, stranger
lamp = np.array([float(sum(a) % 2) for a in JOINT]).reshape(2, 2, 2)

parts = []  # for each part, the joint actions to which its number is added
for group in ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2)):
    for case in product((0, 1), repeat=len(group)):
        parts.append([tuple(a[j] for j in group) == case for a in JOINT])
added = np.array(parts, float).T  # (8 joint actions, 1 + 3 · 2 + 3 · 4 parts), 0 or 1


def best_pairwise(q, data):
    """The pairwise critic nearest to q, both (2, 2, 2); `data`: how often it is met."""
    root = np.sqrt(data).reshape(8)
    numbers = np.linalg.lstsq(root[:, None] * added, root * q.reshape(8), rcond=None)
    return (added @ numbers[0]).reshape(2, 2, 2)


pairwise = best_pairwise(lamp, np.full((2, 2, 2), 1 / 8))

# %%
entries = sorted(set(pairwise.round(6).reshape(-1).tolist()))
outcome = "0.5 of every joint action" if entries == [0.5] else "the truth in most cases"
guess_parity = widgets.ask("parity-fit", outcome)
guess_parity

# %% tags=["hide-input"]
with guess_parity.then():
    print("you mate stranger   truth   pairwise")
    for a in JOINT:
        print(
            "".join(f"{'on' if x else 'off':>5}" for x in a)
            + f"{lamp[a]:12.0f}{pairwise[a]:11.2f}"
        )

# %% [markdown]
# And its regrets? Suppose you are on half of the time, and the others are on with probability `p`.


# %%
def regret_of_on(q, p):
    """Your regret advantage of on."""
    others = np.outer([1 - p, p], [1 - p, p])  # (mate, stranger)
    worth_off, worth_on = (q[0] * others).sum(), (q[1] * others).sum()
    return worth_on - (worth_off + worth_on) / 2


# %% tags=["hide-input"]
with guess_parity.then():
    for p in (0.5, 0.8):
        exact, told = regret_of_on(lamp, p), regret_of_on(pairwise, p)
        print(f"others on with {p}: regret of on {exact:.2f}, ", end="")
        print(f"by the pairwise critic {abs(told):.2f}")

# %% [markdown]
# That critic was fitted while the others tossed coins. Now fit it to data in which they are on with probability 0.8, as they
# still are.

# %%
data = np.einsum("a,b,c->abc", [0.5, 0.5], [0.2, 0.8], [0.2, 0.8])
refitted = best_pairwise(lamp, data)

# %%
error_of_q = np.abs(refitted - lamp)
error_of_regret = abs(regret_of_on(lamp, 0.8) - regret_of_on(refitted, 0.8))
guess_same = widgets.ask(
    "same-others", "not at all" if error_of_regret < 1e-9 else "as wrong as Q"
)
guess_same

# %% tags=["hide-input"]
with guess_same.then():
    print(f"largest error of Q: {error_of_q.max():.2f}; ", end="")
    print(
        f"joint actions with an error above 0.05: {int((error_of_q > 0.05).sum())} of 8"
    )
    print(f"error of the regret: {error_of_regret:.2f}")

# %% [markdown]
# <details><summary>After your prediction: why?</summary>
# One of the critic's parts is "you are on". If its errors there averaged to 0.1 over the data, then lowering this part by 0.1
# would reduce the squared error. But this critic is the best one. So the average is zero, and likewise where you are off.
# Regret averages over the others as well. If they play as in the data, it is the same average.
# </details>
#
# Now the *others change*, both of them, and the data stay old. In MICRA that is the usual case: a newcomer comes, and
# teammates go on learning. The widget compares two critics, both fitted to $D$ by least squares: *pairwise*, as above, and
# *single*, a sum of one number for each agent. **Three-way share** mixes the lamp with a payoff for doing as the stranger does,
# which pairs can represent. Try:
#
# 1. Move only **now**. When are both critics right?
# 2. Three-way share 0: which critic is right however the others change?
# 3. Find a setting in which the pairwise critic points the wrong way.

# %%
switches = widgets.ThreeSwitches()
guess_parity.covered(guess_same.covered(switches))

# %% [markdown]
# <details><summary>Answers</summary>
# 1. Where <em>now</em> is the same as <em>in D</em>, whatever the share. 2. The pairwise one. The single one is right only where both
# are the same. 3. For example share 0.3, in D 0.1, now 0.7: it advises off, but on is better.
# </details>
#
# ## 5. And MICRA's own critic?
#
# Its parts are small, too: a level plus $R$ products (section 3). Can it represent the lamp?

# %%
sign = np.array([1.0, -1.0])  # off, on
as_product = 0.5 - 0.5 * np.einsum("a,b,c->abc", sign, sign, sign)
needed = 1 if np.array_equal(as_product, lamp) else 8
guess_lamp = widgets.ask("lamp-products", str(needed))
guess_lamp

# %% tags=["hide-input"]
with guess_lamp.then():
    print("you mate stranger   truth   0.5 − 0.5 × the product of three signs")
    for a in JOINT:
        print(
            "".join(f"{'on' if x else 'off':>5}" for x in a)
            + f"{lamp[a]:12.0f}{as_product[a]:11.2f}"
        )

# %% [markdown]
# <details><summary>After your prediction: two kinds of small parts</summary>
# A pairwise critic adds up parts of two agents. However many such parts it has, it cannot represent an interaction of three.
# A product has a factor for <em>every</em> agent, so one product can already hold an interaction of all. With $R$ large
# enough, a sum of products represents any table: one product for each entry would always do. So the warning of section 4
# holds for pairs, and for a sum of products only if its $R$ is too small. But any critic knows
# little of joint actions that are rare in the data (lesson <code>04_critic</code>).
# </details>
#
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_entries, guess_parity, guess_same, guess_lamp]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - Eq. 2 over all joint actions has $\prod_j |\mathcal A_j|$ terms.
# - From pairs, or from a sum of products, the same regrets come in a few operations, exactly.
# - A least-squares pairwise critic gives right regrets while the others play as in its data. It can mislead when they change *and* three
#   agents interact.
# - MICRA's critic, a sum of products over all agents, can represent any table if $R$ is large enough.
#
# </details>
#
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Judging a critic by its error in Q.* Regret needs only averages over the others.
# - *Trusting a pairwise critic because its regrets were right in the data.* The others may change.
# - *Dividing the product of all averages by your own.* Your own may be zero. Multiply the others.
#
# </details>
#
# ## What was used
#
# | idea | where |
# |---|---|
# | Eq. 2, enumerated | `micra_lite.regret.counterfactual_regret_advantage` |
# | Eq. 2 from pairs, from products | `micra_lite.extensions.factored_regret` |
# | MICRA's critic and its answer | `micra_lite.networks.Critic`, `micra_lite.regret.FactoredQ` |
# | the lamp to play with | `micra_lite.widgets.ThreeSwitches` |
#
# **Optional:** `13_many_agents_deeper` shows why all this is so.
#
# Next: `14_research_question`. A question that nobody has answered yet, and how to go about it.

# %% tags=["hide-input"]
for n_actions in ((5, 4), (5, 4, 3), (5, 4, 3, 2, 3)):
    evening = stations(n_actions)
    f, w, pi = tensors(*evening)
    packaged = pairwise_regret_advantage(f, w, pi, [0, 1])
    enumerated = counterfactual_regret_advantage(laid_out(f, w), pi, [0, 1])
    for i in (0, 1):
        wanted = by_enumeration(*evening, i)[0]
        for found in (
            by_pairs(*evening, i)[0],
            packaged[i][0].numpy(),
            enumerated[i][0].numpy(),
        ):
            assert np.abs(found - wanted).max() < 1e-12
assert clock["enumerated"][-1] > 5 * clock["by pairs"][-1]

f, w, pi = tensors(*stations((5,) * 100))
hundred = pairwise_regret_advantage(f, w, pi, range(100))
assert np.abs(hundred[0][0].numpy() - regrets).max() < 1e-12
assert (
    max(float((p * a).sum(-1).abs().max()) for p, a in zip(pi, hundred, strict=True))
    < 1e-12
)

rng = np.random.default_rng(3)
n_actions = (2, 5, 3, 4)
policies = stations(n_actions)[2]
factors = [rng.standard_normal((3, size)) for size in n_actions]
weights = rng.standard_normal(3)
table = 0.7 + np.einsum("r,rx,ry,rz,rw->xyzw", weights, *factors)
pi, u = ([torch.as_tensor(x)[None] for x in parts] for parts in (policies, factors))
c = torch.as_tensor(weights)[None]  # (1, R)
# The package's function knows no weights: they go into a factor.
packaged = cp_regret_advantage([c[..., None] * u[0], *u[1:]], pi, range(4))
enumerated = counterfactual_regret_advantage(torch.as_tensor(table)[None], pi, range(4))
critic = FactoredQ([x.mT[None] for x in u], c, torch.full((1, 1), 0.7).double())
for i in range(4):
    wanted = by_products(weights, factors, policies, i)
    learned = critic.counterfactual([p[None] for p in pi], i)[0, 0].numpy()
    learned = learned - policies[i] @ learned
    for found in (packaged[i][0].numpy(), enumerated[i][0].numpy(), learned):
        assert np.abs(found - wanted).max() < 1e-12

assert np.array_equal(lamp, package.payoffs(share=1.0))
for often, fitted in ((np.full((2, 2, 2), 1 / 8), pairwise), (data, refitted)):
    assert np.abs(fitted - package.fit(lamp, often, order=2)).max() < 1e-12
for q in (lamp, pairwise, refitted):
    assert abs(regret_of_on(q, 0.8) - package.regret_of_on(q, 0.8)) < 1e-12
assert entries == [0.5]
assert abs(regret_of_on(lamp, 0.8) - 0.18) < 1e-9
assert abs(regret_of_on(pairwise, 0.8)) < 1e-9
assert error_of_q.max() > 0.2
assert (error_of_q > 0.05).sum() > 4
assert error_of_regret < 1e-9
assert needed == 1
print("all checks passed")
