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
# # The policy gradient
#
# How does a regret become a change of the policy? Equation 3 of MICRA: from one state to a whole game. And what does it cost
# to leave the others at what they happened to do?
#
# **Afterwards you can**
#
# - derive a policy gradient from the log-derivative trick, and check it in three ways;
# - say why the advantage may replace the value, and why states must be weighted as they are visited;
# - put REINFORCE, COMA and CRA side by side, and compare their means and their variances;
# - say when averaging over the others helps (Rao–Blackwell), when it does not, and what it costs.
#
# **You need** regrets (lesson `02_regret`), derivatives, and what mean and variance are.
#
# **Time**: 40 minutes to read and play; the cells take about ten seconds to run.
#
# Where a question has a slider or buttons, choose first, then press **Reveal**. Your predictions are summed up at the end.

# %%
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # small sums: one thread is fastest

from itertools import product

import numpy as np
import torch
from matplotlib.figure import Figure

import micra_lite
from micra_lite import exact, widgets
from micra_lite.baselines.advantages import coma_advantage, sampled_regret_advantage
from micra_lite.plotting import games, style
from micra_lite.plotting.games import picture
from micra_lite.regret import counterfactual_regret_advantage, policy_gradient_objective
from micra_lite.widgets.gradient_cloud import clouds

torch.set_default_dtype(torch.float64)  # everything here is exact

# %% [markdown]
# ## Notation
#
# The same names in formulas, in text and in code.
#
# | symbol | in words | in code |
# |---|---|---|
# | $\pi_i(a_i \mid o_i; \theta_i)$ | a target's policy; here $\theta_i$ are its logits | `logits`, `policies[i]` |
# | $\nabla \log \pi_i(a_i \mid o_i)$ | the **score** of the action $a_i$ | `score` |
# | $Q(s, a)$ | what the joint action $a$ is worth | `q` |
# | $v(s \mid i \text{ plays } a_i)$, $v(s)$ | the others averaged out; all averaged out | `v_given`, `v` |
# | $A_i(s, a_i)$ | counterfactual regret advantage (CRA), Eq. 2 | `regret` |
# | $d(s)$ | how often $s$ is visited, discounted: $\sum_t \gamma^t \Pr(s_t = s)$ | `d` |
# | $g_i$ | gradient of the team's value in $\theta_i$ | `g` |
# | $\hat g$ | an estimate of it from one decision | `estimates` |

# %% [markdown]
# ## 1. One state
#
# The table of lesson 2. Row wants to climb: to change its logits so that its value rises.

# %%
game = micra_lite.make("rectangular")
widgets.show(picture(game, game.states()[0]), games.words(game, game.states()[0]))

# %%
q = game.payoffs[..., 0].double()  # (2, 3): row's payoffs
column = torch.tensor([0.5, 0.25, 0.25])  # left, middle, right
logits = torch.tensor([0.3, 0.7]).log()  # row plays up with 0.3
row = logits.softmax(0)
v_given = q @ column  # v(s | row plays a)
v = row @ v_given
print(f"v(up) = {v_given[0]:.2f}, v(down) = {v_given[1]:.2f}, v = {v:.3f}")

# %% [markdown]
# The value is $v = \sum_a \pi(a)\, v(a)$. Its gradient is $\sum_a \nabla\pi(a)\, v(a)$. But that is no mean: $\nabla\pi(a)$ are
# no probabilities, so it cannot be estimated by playing. The **log-derivative trick** makes it one, for
# $\nabla \pi = \pi\, \nabla \log \pi$:
#
# $$\nabla v = \sum_a \pi(a)\, \nabla \log \pi(a)\, v(a) = \mathbb E_{a \sim \pi}\big[\nabla \log \pi(a)\, v(a)\big]$$
#
# The new factor is the **score**: in which direction the action becomes more probable. For a softmax it is easy:
#
# $$\frac{\partial \log \pi(a)}{\partial\, \text{logit}_b} = \mathbf 1[a = b] - \pi(b)$$


# %%
def score(policy, a):
    """∇ log π(a) in the logits of a softmax: policy (A,) → (A,)."""
    return torch.eye(len(policy))[a] - policy


for a, name in enumerate(game.action_names[0]):
    print(f"score of {name:5}", [f"{x:+.1f}" for x in score(row, a).tolist()])

# %% [markdown]
# One of the two scores points up, the other down. Now average them.

# %%
mean_score = sum(row[a] * score(row, a) for a in range(2))
is_zero = bool(mean_score.abs().max() < 1e-12)

guess_score = widgets.ask("score", "zero" if is_zero else "it points to the rarest action")
guess_score

# %% [markdown]
# ## 2. By hand, by autograd, by finite differences
#
# The gradient of row's value in three ways that know nothing of each other.

# %%
by_trick = sum(row[a] * score(row, a) * v_given[a] for a in range(2))

leaf = logits.clone().requires_grad_()
(by_autograd,) = torch.autograd.grad(leaf.softmax(0) @ v_given, leaf)

h = 1e-5
steps = [h * torch.eye(2)[b] for b in range(2)]
by_differences = torch.stack(
    [((logits + e).softmax(0) @ v_given - (logits - e).softmax(0) @ v_given) / (2 * h) for e in steps]
)
print("log-derivative trick:", [f"{x:+.4f}" for x in by_trick.tolist()])
print("autograd:            ", [f"{x:+.4f}" for x in by_autograd.tolist()])
print("finite differences:  ", [f"{x:+.4f}" for x in by_differences.tolist()])

# %% [markdown]
# ### Why the regret may stand for the value
#
# What does a number $b$ add that is the same for every own action? $\mathbb E[\nabla \log \pi(a)\, b]$, which is $b$ times the
# average that you predicted in section 1. Take $b = v(s)$ off, and the value $v(a)$ becomes the regret $A(a)$. So what is
#
# $$\mathbb E_{a \sim \pi}\big[\nabla \log \pi(a)\, A(a)\big]\;?$$
#
# <details><summary>After your prediction: what it is</summary>
# The scores average to zero, so b adds nothing, whatever it is. What comes out is the gradient, as before:
# $\nabla v = \mathbb E_{a \sim \pi}\big[\nabla \log \pi(a)\, A(a)\big]$. The regret may stand for the value.
# </details>

# %%
regret = counterfactual_regret_advantage(q[None], [row[None], column[None]], [0])[0][0]
by_regrets = sum(row[a] * score(row, a) * regret[a] for a in range(2))
with guess_score.then():
    print("with regrets:        ", [f"{x:+.4f}" for x in by_regrets.tolist()])
    print("π(a)·A(a):           ", [f"{x:+.4f}" for x in (row * regret).tolist()])

# %% [markdown]
# **Question.** The last line has no score in it, and is right. Why?
#
# <details><summary>Answer</summary>
# The gradient of logit b is Σ π(a) (1[a = b] − π(b)) A(a) = π(b) A(b) − π(b) Σ π(a) A(a). The last sum is zero, because
# regrets cancel under the own policy. So each logit grows by π(b)·A(b): the speed of the replicator dynamics in lesson 2.
# </details>

# %% [markdown]
# ## 3. Many states
#
# In a game that goes on, an action changes which states come next. Must the gradient not look into that as well? No. The
# **policy gradient theorem** says: take $Q$ of the present policies, weigh each state with how often it is visited, and do
# the same in each state as above.
#
# $$g_i = \mathbb E_\pi \Big[\textstyle\sum_t \gamma^t\, \nabla \log \pi_i(a_i^t \mid o_i^t)\, A_i(s^t, a_i^t)\Big]
# = \sum_s d(s)\, \mathbb E_{a_i \sim \pi_i} \Big[\nabla \log \pi_i(a_i \mid o_i)\, A_i(s, a_i)\Big] \qquad\text{(Eq. 3)}$$
#
# On the left, time runs through an episode. On the right it is gone: $d(s) = \sum_t \gamma^t P(s^t = s)$ adds up the discounted
# visits of all times. So $d$ sums to $1/(1-\gamma)$, not to 1.
#
# We test it on pursuit with 2 × 2 cells: 64 states, two hunters, a prey. Hunters have a table of logits, drawn at random.

# %%
pursuit = micra_lite.make("pursuit", size=2)
table = exact.tabulate(pursuit)
prey = pursuit.tables(micra_lite.external_family("pursuit").split("held-out")[:1])[0][0]  # (S, 5)
generator = torch.Generator().manual_seed(3)
team_logits = [torch.randn(table.S, 5, generator=generator) for _ in range(2)]
policies = [*(t.softmax(-1) for t in team_logits), prey]
as_arrays = [p.numpy() for p in policies]

Q = torch.from_numpy(exact.joint_q(table, as_arrays))  # (S, 5, 5, 5)
d = torch.from_numpy(exact.occupancy(table, as_arrays))  # (S,)
regrets = counterfactual_regret_advantage(Q, policies, [0, 1])  # 2 × (S, 5)
print(f"Q has {Q.numel()} entries; Σ d(s) = {float(d.sum()):.1f} = 1/(1 − γ)")

# %% [markdown]
# Eq. 3 in plain loops. The sums over $s$ and $a_i$ are its expectation.


# %%
def gradient_by_loops(d, policy, regret):
    """Eq. 3 for one target with a table of logits: d (S,), policy and regret (S, A) → (S, A)."""
    g = torch.zeros_like(policy)
    for s in range(len(d)):
        for a in range(policy.shape[1]):
            g[s] += d[s] * policy[s, a] * score(policy[s], a) * regret[s, a]
    return g


by_loops = [gradient_by_loops(d, policies[i], regrets[i]) for i in range(2)]

# %% [markdown]
# The packaged function is an *objective*: a number whose gradient is Eq. 3. No gradient flows through the regrets. It is a
# mean over a batch of states, so weights $d(s)$ go in with the regrets.

# %%
leaves = [t.clone().requires_grad_() for t in team_logits]
objective = sum(
    policy_gradient_objective(leaf.log_softmax(-1), regret * (d * table.S)[:, None])
    for leaf, regret in zip(leaves, regrets, strict=True)
)
packaged = torch.autograd.grad(objective, leaves)
apart = max(float((a - b).abs().max()) for a, b in zip(by_loops, packaged, strict=True))
print("loops and packaged function agree within 1e-12:", apart < 1e-12)

# %% [markdown]
# But is it the gradient of the *value*? The value is the solution of a linear system, $V = r_\pi + \gamma P_\pi V$. Autograd
# can go through the solver. It knows nothing of scores, regrets or $Q$.

# %%
T = torch.from_numpy(table.T.toarray()).view(table.S, -1, table.S)  # (S, 125, S)
reward = torch.from_numpy(exact.team_reward(table))  # (S, 125)


def team_value(team_logits):
    """The team's exact value from the start distribution, as a function of its logits."""
    first, second = (t.softmax(-1) for t in team_logits)
    joint = torch.einsum("sa,sb,sc->sabc", first, second, prey).flatten(1)  # (S, 125)
    P, r = torch.einsum("sj,sjt->st", joint, T), (joint * reward).sum(1)
    V = torch.linalg.solve(torch.eye(table.S) - table.gamma * P, r)
    return torch.from_numpy(table.start) @ V


leaves = [t.clone().requires_grad_() for t in team_logits]
through_solver = torch.autograd.grad(team_value(leaves), leaves)
apart_solver = max(float((a - b).abs().max()) for a, b in zip(by_loops, through_solver, strict=True))
print("Eq. 3 and autograd of the value agree within 1e-10:", apart_solver < 1e-10)

# %% [markdown]
# And finite differences of the package's own exact value, along directions drawn at random in all 640 logits at once:

# %%
errors = []
for _ in range(6):
    way = [torch.randn(t.shape, generator=generator) for t in team_logits]
    ends = []
    for sign in (1e-5, -1e-5):
        moved = [(t + sign * w).softmax(-1).numpy() for t, w in zip(team_logits, way, strict=True)]
        ends.append(exact.team_value(table, moved, [prey.numpy()]))
    slope = (ends[0] - ends[1]) / 2e-5
    errors.append(abs(slope - sum(float((g * w).sum()) for g, w in zip(by_loops, way, strict=True))))
print("six slopes, all within 1e-6:", max(errors) < 1e-6)

# %% [markdown]
# ### States from data
#
# MICRA takes states from its data $D$: games that were played long ago, by other policies. Then the weights are not $d(s)$.
# Here is Eq. 3 with all states weighted alike. The cosine says how well two directions agree (1: the same).

# %%
alike = torch.full_like(d, float(d.mean()))
replayed = [gradient_by_loops(alike, policies[i], regrets[i]) for i in range(2)]
flat = [torch.cat([g.flatten() for g in both]) for both in (by_loops, replayed)]
cosine = float(flat[0] @ flat[1] / flat[0].norm() / flat[1].norm())
ascent = float(flat[0] @ flat[1])
print(f"cosine {cosine:.2f}; the value rises along it: {ascent > 0}")

# %% [markdown]
# It is another direction, but still uphill. In each state by itself, the direction is exactly the same; only the weights
# between states differ. For a table of logits it must be uphill. For networks, which share parameters, nothing is promised.

# %% [markdown]
# ## 4. Four estimates from one decision
#
# Until now we summed over everything. Someone who can only *play* has one decision at a time: a joint action $a$. An estimate
# is then $\hat g = \nabla \log \pi_i(a_i)\, w$. What should the weight $w$ be?
#
# | name | $w$ | what it asks for |
# |---|---|---|
# | REINFORCE | $Q(s, a)$ | what was paid |
# | baseline | $Q(s, a) - v(s)$ | better than usual? |
# | COMA | $Q(s, a) - \sum_{a'_i} \pi_i(a'_i)\, Q(s, [a'_i, a_{-i}])$ | better than my other actions, the others as they were? |
# | CRA | $A_i(s, a_i)$ | better than my other actions, the others averaged out? |
#
# Back to one table. There are six joint actions, so every estimate that can come up can be listed.


# %%
def weights(q, policies, i, joint):
    """The four w for target i and one joint action, by loops: q (A_1, …, A_n), policies n × (A_j,)."""

    def average(q, but=None):
        """Average q over everybody's actions, but agent `but` stays at what it did in `joint`."""
        total = 0.0
        for other in product(*map(range, q.shape)):
            if but is None or other[but] == joint[but]:
                p = [float(policies[j][a]) for j, a in enumerate(other) if j != but]
                total += float(np.prod(p)) * float(q[other])
        return total

    own = range(q.shape[i])
    instead = sum(float(policies[i][a]) * float(q[(*joint[:i], a, *joint[i + 1 :])]) for a in own)
    paid, v = float(q[joint]), average(q)
    return {"REINFORCE": paid, "baseline": paid - v, "COMA": paid - instead, "CRA": average(q, but=i) - v}


def estimates(q, policies, i):
    """name → list of (estimate (A_i,), probability), one for each joint action."""
    found = {}
    for joint in product(*map(range, q.shape)):
        p = float(np.prod([float(policies[j][a]) for j, a in enumerate(joint)]))
        for name, w in weights(q, policies, i, joint).items():
            found.setdefault(name, []).append((w * score(policies[i], joint[i]), p))
    return found


listed = estimates(q, [row, column], 0)
print("joint action      probability   " + "   ".join(f"{name:>9}" for name in listed))
for k, joint in enumerate(product(range(2), range(3))):
    names = ", ".join(game.action_names[j][a] for j, a in enumerate(joint))
    cells = "   ".join(f"{float(pairs[k][0][0]) + 0.0:+9.4f}" for pairs in listed.values())
    print(f"{names:16} {listed['COMA'][k][1]:12.3f}   {cells}")

# %% [markdown]
# Each number is an estimate of one gradient, that of the logit of *up*. They look very different.


# %%
def mean_of(pairs):
    return sum(p * g for g, p in pairs)


def variance_of(pairs):
    """The mean squared distance from the mean, summed over logits."""
    mean = mean_of(pairs)
    return float(sum(p * (g - mean).square().sum() for g, p in pairs))


means = {name: mean_of(pairs) for name, pairs in listed.items()}

# %%
right = [name for name, mean in means.items() if (mean - by_trick).abs().max() < 1e-12]

guess_mean = widgets.ask("same-mean", "all four" if len(right) == 4 else "only REINFORCE")
guess_mean

# %% [markdown]
# And how far do they scatter? The sum is finite, so the variance is exact: nothing is sampled.

# %%
spread = {name: variance_of(pairs) for name, pairs in listed.items()}

# %%
share = spread["CRA"] / spread["COMA"]

guess_share = widgets.ask("share", share, decisions=f"{1 / share:.0f}")
guess_share

# %%
with guess_share.then():
    for name in listed:
        print(f"{name:10} mean {float(means[name][0]):+.4f}   variance {spread[name]:.3f}")

# %% [markdown]
# Does COMA scatter less than a plain baseline? Not here. It compares with what the own actions would have got against *this*
# move of column. That can differ more from move to move than the payoff itself does.

# %% [markdown]
# ## 5. Why: Rao–Blackwell
#
# Hold the own action, and average COMA's advantage over what the others might have done. What comes out is the CRA:
# $\mathbb E[A^{\text{COMA}} \mid s, a_i] = A_i(s, a_i)$. Whenever a noisy number is replaced by its mean given something, the
# mean stays and the variance cannot rise (the **Rao–Blackwell theorem**). How much goes is known as well:
#
# $$\mathrm{Var}(\hat g^{\text{COMA}}) = \mathrm{Var}(\hat g^{\text{CRA}}) +
# \mathbb E\big[\,|\nabla \log \pi_i(a_i)|^2\; \mathrm{Var}(A^{\text{COMA}} \mid a_i)\,\big]$$
#
# The same holds for the plain baseline: the mean of $Q - v(s)$ given $a_i$ is the CRA, too.

# %%
gap, lines = 0.0, []
for a in range(2):
    of_a = [float(weights(q, [row, column], 0, (a, c))["COMA"]) for c in range(3)]
    mean = float(column @ torch.tensor(of_a))
    variance = float(column @ (torch.tensor(of_a) - mean).square())
    gap += float(row[a] * score(row, a).square().sum()) * variance
    shown = ", ".join(f"{x:+.1f}" for x in of_a)
    lines.append(f"{game.action_names[0][a]:5} COMA {shown}: mean {mean:+.3f}; CRA {float(regret[a]):+.3f}")

with guess_share.then():
    print(*lines, sep="\n")
    print(f"{spread['CRA']:.3f} + {gap:.3f} = {spread['CRA'] + gap:.3f}, and COMA has {spread['COMA']:.3f}")

# %% [markdown]
# ### Between the two
#
# Where there are too many joint actions for the whole sum, one can draw some for the others and average COMA over the draws.
# Start with a single draw, made afresh from the others' policies.


# %%
def with_draws(q, policies, i, draws):
    """CRA from `draws` fresh draws of the other player of a two-player game: all that can come up."""
    found = []
    for a in range(q.shape[i]):
        single = [weights(q, policies, i, (a, c))["COMA"] for c in range(q.shape[1 - i])]
        for drawn in product(range(len(single)), repeat=draws):
            p = float(policies[i][a]) * float(np.prod([float(policies[1 - i][c]) for c in drawn]))
            found.append((score(policies[i], a) * float(np.mean([single[c] for c in drawn])), p))
    return found


sampled = {m: variance_of(with_draws(q, [row, column], 0, m)) for m in (1, 2, 4)}

# %%
difference = sampled[1] - spread["COMA"]
outcome = "the same" if abs(difference) < 1e-9 else ("smaller" if difference < 0 else "larger")
formulas = {m: f"CRA's and 1/{m} of the gap: {spread['CRA'] + gap / m:.3f}" for m in sampled}

guess_draw = widgets.ask("one-draw", outcome)
guess_draw

# %%
with guess_draw.then():
    for m, found in sampled.items():
        print(f"{m} draw(s): variance {found:.3f}; {formulas[m]}")

# %% [markdown]
# ### The own action, too
#
# What is left in CRA's variance comes from the own action: it was drawn. But its policy is our own, and all its regrets are
# known. So we can sum over it instead, and in a given state *nothing* scatters. That is what MICRA does:
# `policy_gradient_objective` without `actions` is the exact sum; with `actions` it is the estimate from one of them.


# %%
def packaged_gradient(actions=None):
    """The gradient of the packaged objective in row's logits, (2,)."""
    leaf = logits.clone().requires_grad_()
    objective = policy_gradient_objective(leaf.log_softmax(-1)[None], regret[None], actions)
    return torch.autograd.grad(objective, leaf)[0]


whole = packaged_gradient()
singles = [packaged_gradient(torch.tensor([a])) for a in range(2)]
print("exact sum over the own action:", [f"{x:+.4f}" for x in whole.tolist()])
for a in range(2):
    name = game.action_names[0][a]
    print(f"row happened to play {name:9}", [f"{x:+.4f}" for x in singles[a].tolist()])
with guess_mean.then():
    print("their mean:                   ", [f"{x:+.4f}" for x in (row @ torch.stack(singles)).tolist()])

# %% [markdown]
# ## 6. Look at the clouds
#
# Each row: all estimates that one estimator can give, for one logit. The dashed line is the exact gradient.
#
# 1. Move *row*'s policy to 0.5. CRA's two stems become one. Why?
# 2. Let column always play *left* (weights of *middle* and *right* 0). What have COMA and CRA in common now?
# 3. Stay there, and let row play *up* with 0.7. Who scatters least?
# 4. Set the draws to 1, then to 6. Between which two rows does *CRA, draws* move?
# 5. Choose `matching_pennies`. Is COMA's baseline a help there?

# %%
cloud = widgets.GradientCloud("rectangular")
guess_share.covered(cloud)

# %% [markdown]
# <details><summary>Answers</summary>
# 1. With two actions played alike, both say the same: + times + is − times −. 2. Everything: there is nothing to average out.
# 3. REINFORCE! No theorem orders REINFORCE and CRA; taking v(s) off is mostly, not always, a good idea. CRA never scatters more
# than COMA, and never more than the baseline v(s). 4. Between COMA and CRA. 5. No, COMA scatters most of all: what
# the other own action would have got is always the opposite, so to take it off makes the difference larger.
# </details>

# %% [markdown]
# ## 7. How much is it worth?
#
# Now by tables instead of loops, for many states at once. As the score does not depend on the others,
# $\mathbb E|\hat g|^2 = \sum_a \pi(a)\, |\nabla \log \pi_i(a_i)|^2\, w(a)^2$.


# %%
def variances(q, policies, i):
    """name → (S,): each estimator's variance in each state; q (S, A_1, …, A_n), policies n × (S, A_j)."""
    n = q.dim() - 1

    def along(x, j):  # (S, A_j) as a table that can be multiplied with q
        return x.view(len(x), *[x.shape[1] if k == j else 1 for k in range(n)])

    likely = torch.ones_like(q)
    for j, policy in enumerate(policies):
        likely = likely * along(policy, j)
    own = policies[i]
    regret = counterfactual_regret_advantage(q, policies, [i])[0]
    g = (own * regret).square().sum(1)  # |exact gradient|²
    length = along(1 - 2 * own + own.square().sum(1, keepdim=True), i)  # |score|² of each own action
    v = (likely * q).flatten(1).sum(1).view(-1, *[1] * n)
    kinds = {
        "REINFORCE": q,
        "baseline": q - v,
        "COMA": q - (q * along(own, i)).sum(i + 1, keepdim=True),
        "CRA": along(regret, i).expand_as(q),
    }
    found = {name: (likely * length * w.square()).flatten(1).sum(1) - g for name, w in kinds.items()}
    for m in (1, 4, 16):
        found[f"CRA, {m} draws"] = found["CRA"] + (found["COMA"] - found["CRA"]) / m
    return found


by_table = {name: float(x[0]) for name, x in variances(q[None], [row[None], column[None]], 0).items()}
print("as by loops:", all(abs(by_table[name] - x) < 1e-12 for name, x in spread.items()))

# %% [markdown]
# Where do we look?
#
# - *Random games* of 2, 3 and 4 players with three actions each: payoffs from a normal distribution, policies at random.
#   100 of each; their variances are averaged.
# - *Pursuit* with 2 × 2 and 3 × 3 cells beside a prey, with the exact $Q$ of two teams: the *uniform* one, and a *half best* one,
#   which plays a best response half of the time and anything else otherwise. Each state counts as often as it is visited.
# - *Weather* from the negative controls: everybody dresses for the weather, and what all earn is added up.


# %%
def random_games(players, games=100):
    """Mean variances of player 0 over random games with three actions each."""
    generator = torch.Generator().manual_seed(players)
    q = torch.randn(games, *[3] * players, generator=generator)
    drawn = [torch.rand(games, 3, generator=generator) for _ in range(players)]
    policies = [p / p.sum(1, keepdim=True) for p in drawn]
    return {k: float(x.mean()) for k, x in variances(q, policies, 0).items()}


def of_team(name, best_share, **options):
    """Variances of the first target in a game beside a held-out external; states as they are visited."""
    game = micra_lite.make(name, **options)
    table = exact.tabulate(game)
    external = game.tables(micra_lite.external_family(name).split("held-out")[:1])[0][0].numpy()
    pairs = zip(exact.random_team(table), exact.best_response(table, [external]).policies, strict=True)
    policies = [*((1 - best_share) * anything + best_share * best for anything, best in pairs), external]
    q = torch.from_numpy(exact.joint_q(table, policies))
    d = torch.from_numpy(exact.occupancy(table, policies))
    found = variances(q, [torch.from_numpy(p) for p in policies], 0)
    return {k: float(d @ x / d.sum()) for k, x in found.items()}


settings = {f"random games, {n} players": random_games(n) for n in (2, 3, 4)}
for size in (2, 3):
    for team, best_share in (("uniform", 0.0), ("half best", 0.5)):
        settings[f"pursuit {size}×{size}, {team}"] = of_team("pursuit", best_share, size=size)
settings["weather, half best"] = of_team("weather", 0.5)
ratios = {label: {k: x / found["COMA"] for k, x in found.items()} for label, found in settings.items()}
weather_share = round(ratios["weather, half best"]["CRA"], 9)

# %% [markdown]
# Before the figure, a question about the last of them.

# %%
guess_additive = widgets.ask("additive", weather_share)
guess_additive

# %%
figure = Figure(figsize=(7.4, 4.4), layout="constrained")
axes = figure.subplots()
looks = {
    "baseline": (style.VERMILLION, "s", "none"),
    "COMA": (style.ORANGE, "o", style.ORANGE),
    "CRA, 4 draws": (style.GREEN, "^", "none"),
    "CRA, 16 draws": (style.GREEN, "v", "none"),
    "CRA": (style.BLUE, "D", style.BLUE),
}
for y, found in enumerate(ratios.values()):
    axes.plot([found["CRA"], found["baseline"]], [y, y], color="0.8", zorder=0)
    for name, (colour, marker, fill) in looks.items():
        size = 9 if name == "COMA" else 6
        axes.plot(
            found[name],
            y,
            marker,
            color=colour,
            markerfacecolor=fill,
            markersize=size,
            linestyle="none",
            label=name if y == 0 else None,
        )
    times = f"{found['REINFORCE']:.1f}" if found["REINFORCE"] < 10 else f"{found['REINFORCE']:,.0f}"
    axes.text(1.02, y, times, transform=axes.get_yaxis_transform(), va="center")
axes.text(1.02, -0.85, "REINFORCE", transform=axes.get_yaxis_transform())
axes.set_yticks(range(len(ratios)), list(ratios))
axes.invert_yaxis()
axes.set(xlim=(0, None), xlabel="variance of one decision's gradient estimate, COMA = 1")
axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.14), ncols=5, frameon=False, columnspacing=1)
words = "; ".join(
    f"{label}: REINFORCE {r['REINFORCE']:.1f}, baseline {r['baseline']:.2f}, CRA {r['CRA']:.2f}"
    for label, r in ratios.items()
)
with guess_additive.then():
    widgets.show(figure, f"Variance as a multiple of COMA's. {words}. Draws lie between COMA and CRA.")

# %% [markdown]
# What to see:
#
# - *More players, more noise by others.* CRA's share falls from game to game.
# - *Pursuit.* CRA helps, but much less: most of the noise is of the hunter's own action. (The exact sum over it takes that
#   away, too.) Four draws of the others get most of what CRA gains.
# - *REINFORCE* (numbers at the right) suffers from what is the same for all actions. A baseline cures that.
# - *Who is the external?* One prey has habits: its moves are no great surprise, and add little noise. A prey of which nothing is
#   known is noisier, and CRA gains more. `micra-lite bench variance` compares both, on every task and for more agents.
#
# All this is said of *one decision in a given state*. Sums over a whole episode have covariances between steps, and may go
# either way.

# %% [markdown]
# ## 8. The price
#
# ### More questions to the critic
#
# How many entries of $Q$ does one decision of one target need? With five actions each:

# %%
print("agents   REINFORCE      COMA   CRA, 4 draws         CRA")
for n in (2, 3, 4, 6, 8):
    print(f"{n:6} {1:11} {5:9} {4 * 5:14} {5**n:11,}")

# %% [markdown]
# Most of them are joint actions that nobody took. What the critic says of them must have been learned from other decisions:
# lesson 4 is about that. (COMA asks for fewer, but for such ones as well. Only REINFORCE needs no critic at all.)
#
# ### A model of the others
#
# COMA looks at what the others *did*. CRA must know how they *play*. For an external, that is the prediction $\delta$. Say that
# the imitator believes 0.3, 0.4, 0.3 instead of column's 0.5, 0.25, 0.25.

# %%
delta = torch.tensor([0.3, 0.4, 0.3])
believed = counterfactual_regret_advantage(q[None], [row[None], delta[None]], [0])[0][0]

# %%
bias = (row * believed - by_trick).square().sum()  # of the mean estimate, squared
cra_variance = variance_of([(score(row, a) * believed[a], row[a]) for a in range(2)])
in_the_end = {"CRA": float(bias) < 1e-12, "COMA": bool((means["COMA"] - by_trick).abs().max() < 1e-12)}
arrives = [name for name, arrived in in_the_end.items() if arrived]
outcome = "both" if len(arrives) == 2 else "".join(arrives) or "neither"
off = {N: (spread["COMA"] / N, float(bias) + cra_variance / N) for N in (1, 10, 100, 1000)}

guess_model = widgets.ask("wrong-model", outcome)
guess_model

# %% [markdown]
# The mean squared error of an average over $N$ decisions is the squared bias plus the variance over $N$:

# %%
with guess_model.then():
    print("decisions    COMA    CRA with δ")
    for N, (of_coma, of_cra) in off.items():
        print(f"{N:9} {of_coma:7.4f} {of_cra:13.4f}")

# %% [markdown]
# With few decisions, low variance wins. With many, being right on average wins.
#
# <details><summary>After your prediction: why MICRA predicts all the same</summary>
# There is a second reason for δ: the data were played beside <em>other</em> externals. What those did is no draw from
# <em>this</em> external's policy, and COMA would be biased as well. CRA takes the newcomer's δ and needs no new play.
# </details>

# %% [markdown]
# ## Your predictions

# %%
guesses = [guess_score, guess_mean, guess_share, guess_draw, guess_additive, guess_model]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# - The log-derivative trick turns a gradient into a mean: value times **score**. Scores average to zero, so regrets may stand
#   for values.
# - Over many states: exact with discounted visits $d(s)$ and $Q$ of the present policies (Eq. 3). With states from data it is
#   another direction.
# - REINFORCE, baseline, COMA and CRA have the same mean. CRA is COMA averaged over the others, so it never scatters more.
# - It gains most with many others and strong interaction, and nothing where $Q$ adds up over agents.
# - Its price: $Q$ of all joint actions, and a model of the others.

# %% [markdown]
# ## Common mistakes
#
# - *Letting the gradient flow through the advantage.* Then it is another objective. The packaged function stops it.
# - *A baseline that depends on the own action.* It does not cancel, and the gradient is biased.
# - *Calling COMA biased, or CRA more exact on average.* For the same $Q$ and true policies their means are equal.
# - *Sampling the own action and multiplying with π(a) as well.* The probability is then counted twice.
# - *Comparing variances of sums over episodes* and calling it Rao–Blackwell. It speaks of one decision.
# - *Losing the weights $d(s)$.* A mean over states that were visited has them already; a mean over all states has not.

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | Eq. 3 as an objective, own action summed or sampled | `micra_lite.regret.policy_gradient_objective` |
# | Eq. 2 | `micra_lite.regret.counterfactual_regret_advantage` |
# | COMA's advantage (Foerster et al., 2018) | `micra_lite.baselines.advantages.coma_advantage` |
# | CRA by draws of the others | `micra_lite.baselines.advantages.sampled_regret_advantage` |
# | exact $Q$ of given policies, discounted visits | `micra_lite.exact.joint_q`, `micra_lite.exact.occupancy` |
# | exact value of a team | `micra_lite.exact.team_value` |
# | exact variances of all these estimates, and of a sampled return | `micra_lite.exact.gradient_variances` |
# | the negative control | `micra_lite.games.weather.Weather` |
# | to play with | `micra_lite.widgets.GradientCloud` |
#
# **Now you.** The exercises on this lesson: `exercises/03_policy_gradient.ipynb`.

# %% [markdown]
# Next: `04_critic`, where $Q$ comes from when nobody hands it out.
#
# Last, the notebook checks itself.

# %%
assert is_zero
for other in (by_autograd, by_regrets, row * regret, whole, row @ torch.stack(singles)):
    assert torch.allclose(by_trick, other, atol=1e-12)
assert torch.allclose(by_trick, by_differences, atol=1e-9)
assert apart < 1e-12
assert apart_solver < 1e-10
assert max(errors) < 1e-6
assert 0 < cosine < 1
assert len(right) == 4
assert abs(spread["CRA"] + gap - spread["COMA"]) < 1e-12
for m, found in sampled.items():
    assert abs(found - spread["CRA"] - gap / m) < 1e-12
widget_says = clouds(q, [row, column], 0, 0, 2)  # the logit of up alone: half of the sum over both
for cloud_of, name in zip(widget_says, ("REINFORCE", "baseline", "COMA", None, "CRA"), strict=True):
    assert name is None or abs(2 * cloud_of.variance - spread[name]) < 1e-8
packaged_spread = exact.gradient_variances(q[None].numpy(), [row[None].numpy(), column[None].numpy()], 0)
for mine, theirs in (
    ("REINFORCE", "REINFORCE, exact Q"),
    ("baseline", "baseline v(s)"),
    ("COMA", "COMA"),
    ("CRA", "CRA, sampled"),
):
    assert abs(packaged_spread[theirs][0] - spread[mine]) < 1e-12
for k, joint in enumerate(product(range(2), range(3))):
    taken = torch.tensor([joint])
    w = coma_advantage(q[None], [row[None], column[None]], [0], taken)[0][0, joint[0]]
    assert torch.allclose(score(row, joint[0]) * w, listed["COMA"][k][0])
thousands = [q[None].expand(4000, 2, 3), [row.expand(4000, 2), column.expand(4000, 3)], [0]]
many = sampled_regret_advantage(*thousands, 4, torch.Generator().manual_seed(0))[0]
assert (many.mean(0) - regret).abs().max() < 0.05
always_left = variances(q[None], [torch.tensor([[0.7, 0.3]]), torch.tensor([[1.0, 0.0, 0.0]])], 0)
assert always_left["REINFORCE"] < always_left["CRA"]  # no theorem forbids it
pennies = widgets.GradientCloud("matching_pennies")
paid, _, coma_there, _, _ = clouds(pennies.game.payoffs[..., 0], pennies.policies(), 0, 0, 1)
assert coma_there.variance > paid.variance
for found in ratios.values():
    assert found["CRA"] <= min(1, found["baseline"]) + 1e-12
assert weather_share == 1
shares = [ratios[f"random games, {n} players"]["CRA"] for n in (2, 3, 4)]
assert shares[0] > shares[1] > shares[2]
assert arrives == ["COMA"]
print("all checks passed")
