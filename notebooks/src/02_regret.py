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
# # Counterfactual regret
#
# How much do I regret not having played that? Equation 2 answers with a number, and actors learn from it.
#
# **Afterwards you can**
#
# - compute a counterfactual regret advantage (CRA) by hand, by loops and by one contraction;
# - say what changes a regret, and what does not;
# - tell where regrets lead when both players learn, and when only one does;
# - say what CRA shares with CFR, the older method it is named after.
#
# **You need** Python with a little PyTorch, payoff tables and best responses (lesson `01_games`).
#
# **Time**: 22 minutes.

# %% tags=["hide-input"]
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import torch
from matplotlib.figure import Figure

import micra_lite
from micra_lite import exact, widgets
from micra_lite.baselines.advantages import coma_advantage
from micra_lite.exact import dynamics
from micra_lite.plotting import games, style
from micra_lite.regret import counterfactual_regret_advantage, counterfactual_values

torch.set_default_dtype(torch.float64)  # everything here is exact

widgets.course_map("regret")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $a_i$, $a_{-i}$ | an action of agent $i$, the actions of all others | |
# | $\pi_j(a_j \mid s)$ | policy of agent $j$: how likely $a_j$ is in state $s$ | `row`, `column` |
# | $Q(s, a)$ | what the joint action $a$ (one action for each agent) is worth | `q` |
# | $v(s \mid i \text{ plays } a_i)$ | what $a_i$ is worth, the others averaged out | `v_given` |
# | $v(s)$ | what the policies are worth: everybody averaged out | `v` |
# | $A_i(s, a_i)$ | the regret of $a_i$ | `regrets(…)` |
# | $\delta$ | what the imitator predicts an external's policy to be | |

# %% [markdown]
# ## 1. Should you have played *up*?
#
# Row is our target, column an external. The first number in each cell is paid to row.

# %%
game = micra_lite.make("rectangular")
q = game.payoffs[..., 0].double()  # (2, 3): row's payoffs
row = torch.tensor([0.5, 0.5])  # up, down
column = torch.tensor([0.5, 0.25, 0.25])  # left, middle, right

# %% tags=["hide-input"]
only_state = game.states()[0]
widgets.show(games.picture(game, only_state), games.words(game, only_state))

# %% [markdown]
# A game of one move has one state, and $Q$ is simply the payoff.
#
# You are row, and you played up and down equally often. Should you have played *up*? This question is **counterfactual**:
# it asks what would have happened if you had done something else. You know how column plays. So average column out, once
# for the action *up* and once for your policy:
#
# $$\underbrace{A_i(s, a_i)}_{\text{regret}} = \underbrace{v(s \mid i \text{ plays } a_i)}_{\text{others averaged out}} -
# \underbrace{v(s)}_{\text{all averaged out}} \qquad\text{(Eq. 2)}$$
#
# A positive regret says: I should have played this more often.

# %%
both = [row[None], column[None]]
truth = counterfactual_regret_advantage(q[None], both, [0])[0][0, 0]
guess_up = widgets.ask("regret-of-up", float(truth))
guess_up

# %% [markdown]
# ## 2. By hand
#
# Work out these lines before you run the cell.

# %%
v_up = 0.50 * 3 + 0.25 * 0 + 0.25 * 1
v_down = 0.50 * 0 + 0.25 * 2 + 0.25 * 2
v = 0.5 * v_up + 0.5 * v_down
by_hand = [v_up - v, v_down - v]
with guess_up.then():
    print(f"up is worth {v_up}, down {v_down}, the policy {v}")
    print("regrets of up and down:", by_hand)

# %% [markdown]
# ## 3. By loops
#
# Go through all joint actions. Each adds its $Q$, weighted by how likely column's part of it is.

# %%
v_given = torch.zeros(2)  # one value for each action of row
for a in range(2):
    for c in range(3):
        v_given[a] += column[c] * q[a, c]  # weighted by column's policy only
v = row[0] * v_given[0] + row[1] * v_given[1]
by_loops = [float(v_given[a] - v) for a in range(2)]
with guess_up.then():
    print("by loops:", by_loops)

# %% [markdown]
# ## 4. By one contraction
#
# `einsum` does the same: each letter is an axis, and a letter that is
# missing right of the arrow is summed over.


# %%
def regrets(q, own, other):
    """Eq. 2 for the player whose actions are the rows of q."""
    v_given = torch.einsum("ac,c->a", q, other)  # c is gone: the other is averaged out
    v = torch.einsum("a,a->", own, v_given)  # a is gone as well
    return v_given - v  # (A,)


with guess_up.then():
    print("by einsum:", regrets(q, row, column).tolist())

# %% [markdown]
# With three players it is `"abc,b,c->a"`. In general each joint action is weighted by the product of the others'
# probabilities:
#
# $$v(s \mid i \text{ plays } a_i) = \sum_{a_{-i}} \prod_{j \ne i} \pi_j(a_j \mid s)\; Q(s, [a_i, a_{-i}])$$

# %% [markdown]
# ## 5. Move the policies
#
# Each line is one of row's actions.
#
# **Question.** When do the bars change sides: when you move column's policy, or when you move row's own?

# %%
explorer = widgets.RegretExplorer(
    "rectangular", games=["rectangular"], policies=[row.tolist(), column.tolist()]
)
guess_up.covered(explorer)

# %% [markdown]
# <details><summary>Answer</summary>
# When you move column's. Row's own policy only changes v(s), which is subtracted from both values alike. And you cannot
# regret leaving out what you already do: if row always plays up, the regret of up is 0.
# </details>

# %% [markdown]
# ## 6. What changes a regret, and what does not
#
# **Weighted with your own policy, regrets cancel**: $\sum_{a_i} \pi_i(a_i)\, A_i(s, a_i) = 0$. Each value is compared with
# their average.

# %%
A = regrets(q, row, column)
print("Σ π·A =", float(row @ A))

# %% [markdown]
# **Add 100** to all of row's payoffs.

# %%
raised = regrets(q + 100, row, column)
outcomes = {0: "it stays as it is", 50: "it rises by 50", 100: "it rises by 100"}
guess_constant = widgets.ask("constant", outcomes[round(float(raised[0] - A[0]))])
guess_constant

# %% [markdown]
# **COMA** (counterfactual multi-agent policy gradients, 2018) asks nearly the same question. But it keeps the others at the
# actions that they *took*:
#
# $$A^{\text{COMA}}_i(s, a) = Q(s, a) - \sum_{a'_i} \pi_i(a'_i \mid s)\, Q(s, [a'_i, a_{-i}])$$

# %%
coma_of_up = q[0] - row @ q  # (3,): one number for each action of column
for name, p, advantage in zip(game.action_names[1], column, coma_of_up, strict=True):
    print(f"column played {name:6} ({p:.2f} of the time): COMA's {advantage:+.2f}")

# %%
mean = float(column @ coma_of_up)
scatter = float(column @ (coma_of_up - mean) ** 2) ** 0.5
exactly = abs(mean - float(A[0])) < 1e-12
guess_coma = widgets.ask(
    "coma", "the regret of up, exactly" if exactly else "near the regret of up"
)
guess_coma

# %%
with guess_coma.then():
    print(f"COMA of up: mean {mean:+.3f}, standard deviation {scatter:.3f}")
    print(f"CRA of up:  always {float(A[0]):+.3f}")

# %% [markdown]
# <details><summary>After your prediction: what luck costs</summary>
# The mean is right, but the single numbers scatter around it: noise for the learner. CRA is free of it, but needs Q
# of joint actions that nobody took.
# </details>

# %% [markdown]
# **A wrong prediction.** An external does not reveal its policy $\pi_{\mathcal E}$. In the sums, the imitator's prediction
# $\delta$ takes its place. How wrong can a regret become? Training makes one measure of an imitator's error small, the
# Kullback-Leibler divergence (KL):
#
# $$\mathrm{KL}(\pi_{\mathcal E} \,\|\, \delta) = \sum_c \pi_{\mathcal E}(c) \log \frac{\pi_{\mathcal E}(c)}{\delta(c)}$$
#
# KL is 0 for a perfect prediction, else positive. With natural logarithms its unit is the *nat*. It bounds the error:
#
# $$|\Delta A_i| \le 2 \cdot \mathrm{span}(Q)\, \sqrt{\mathrm{KL}(\pi_{\mathcal E} \,\|\, \delta) / 2}$$
#
# The span is the largest entry of $Q$ minus the smallest: the most that moves can matter. So a good imitator is enough for
# good regrets.
#
# In the chain, turn prey A into prey B: the hunters' regrets follow the prediction.

# %%
chain = widgets.Chain("regret")
chain

# %% [markdown]
# ## 7. When both learn
#
# Play more of what you regret not playing. The simplest such rule is **replicator dynamics**:
#
# $$\frac{d}{dt}\, \pi_i(a_i) = \pi_i(a_i)\, A_i(s, a_i)$$
#
# Because $\sum \pi A = 0$, the probabilities still add up to 1.
#
# Now *both* follow this rule in matching pennies. Row wins if the two coins match, column if they differ. There is
# one **equilibrium**, a pair of policies that neither player can improve on alone: both play heads half of the time. Row
# starts with heads at 0.7, column at 0.4.

# %%
pennies = micra_lite.make("matching_pennies")
start = (torch.tensor([0.7, 0.3]), torch.tensor([0.4, 0.6]))
path = dynamics.replicator_path(pennies.payoffs, start, steps=400)  # 2 × (401, 2)
# Σ KL(equilibrium ‖ policy): how far the two are from the equilibrium at each step.
distance = sum(-(0.5 * (2 * p).log()).sum(1) for p in path)
change = float(distance[-1] / distance[0]) - 1
if abs(change) < 0.01:
    where = "round it for ever"
else:
    where = "into a corner" if change > 0 else "to the equilibrium in the middle"
guess_pennies = widgets.ask("pennies", where)
guess_pennies

# %% [markdown]
# Every point of the square is a pair of policies. Arrows show where the regrets push from there; longer means faster.
#
# In `stag_hunt`, the stag pays each 4, if both hunt it; whoever hunts it alone gets 0. A hare pays 2, or 3 if the other hunts
# the stag. In `prisoners_dilemma`, to *defect* is to let the other down: two who cooperate get 3 each, two who defect 1; whoever
# defects alone gets 5, the other 0.
#
# **Question.** Choose `stag_hunt`, which has three equilibria. Into which of them do the arrows run? And in
# `prisoners_dilemma`: do regrets lead to what is best for both?

# %%
field = widgets.PolicyField(
    "matching_pennies",
    games=["matching_pennies", "stag_hunt", "prisoners_dilemma"],
    ways=["follow the regrets"],
)
guess_pennies.covered(field)

# %% [markdown]
# <details><summary>Answer</summary>
# Into the two in the corners; the start decides which. In the dilemma both are pushed to defect. Each regret is right for its
# owner, and yet the outcome is bad for both.
# </details>

# %% [markdown]
# ## 8. When only one learns
#
# MICRA's externals do not learn. So let column play heads with probability 0.6, for ever. Row
# follows its regrets, in small steps. Each multiplies $\pi$ by $e^{0.1 A}$. That is about $\pi + 0.1\, \pi A$ (as
# $e^x \approx 1 + x$), but never negative.

# %%
pay = pennies.payoffs[..., 0].double()  # (2, 2): row's payoffs
fixed = torch.tensor([0.6, 0.4])
policy, values = torch.tensor([0.3, 0.7]), []
for _ in range(400):
    values.append(float(policy @ pay @ fixed))
    policy = policy * (0.1 * regrets(pay, policy, fixed)).exp()  # about π + 0.1 π·A
    policy = policy / policy.sum()  # adds up to 1 again

# %%
if float(policy[0]) > 0.99:
    end = "to heads, always"
else:
    middle = abs(float(policy[0]) - 0.5) < 0.1
    end = "to the equilibrium, half and half" if middle else "round and round"
guess_one = widgets.ask("one-learns", end)
guess_one

# %% tags=["hide-input"]
best = float((pay @ fixed).max())
figure = Figure(figsize=(8, 3), layout="constrained")
axes = figure.subplots()
axes.plot(values, color=style.BLUE, label="row's policy")
axes.axhline(best, color="black", linestyle=":", label="best response to column")
axes.set(xlabel="steps", ylabel="value, units of payoff", ylim=(-0.12, 0.24))
axes.set_title("Row follows its regrets; column is fixed")
axes.legend(loc="lower right", frameon=False)
rise = f"from {values[0]:.2f} to {values[-1]:.2f}".replace("-", "−")
words = (
    f"The value of row's policy rises {rise}; the best response is worth {best:.2f}."
)
with guess_one.then():
    widgets.show(figure, words)

# %% [markdown]
# <details><summary>After your prediction: what it means for MICRA</summary>
# It wants the best response to <em>this</em> external, and regrets lead there. With several targets that all learn, each
# aims at a best response that moves as the others learn.
# </details>

# %% [markdown]
# ## 9. The name
#
# CRA is named after **counterfactual regret minimisation** (CFR), with which a kind of poker was solved. In each of many
# rounds, both players add up their regrets, and play in proportion to the positive sums. In poker they do so at every
# position; a regret counts less at positions that the others' moves seldom reach.
#
# | | CRA | CFR |
# |---|---|---|
# | a regret is | the value of an action, minus the policy's | the same |
# | weighted by | nothing | how likely the others' moves are to lead here |
# | added up over rounds | no | yes |
# | the answer is | the last policy | the average of all policies |
# | exact regrets lead to | a best response to fixed others | an equilibrium, if two players' payoffs are opposite |

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_up, guess_constant, guess_coma, guess_pennies, guess_one]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - The **regret** of an action is its value with the others averaged out, minus the policy's value (Eq. 2).
# - It needs $Q$ of all joint actions and everybody's policy; for externals, a good prediction.
# - A constant changes nothing. COMA's advantage is the regret plus noise.
# - Regrets lead to the best response against a fixed external. Among learners, policies may circle for ever.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Averaging over your own action in the first sum.* Then all regrets are zero.
# - *Subtracting the best value instead of the policy's.* Then no regret is ever positive.
# - *Mixing up the axes.* A square table hides this. Always try a 2 × 3 one.
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | first sum of Eq. 2 | `micra_lite.regret.counterfactual_values` |
# | Eq. 2, for many states and any number of players | `micra_lite.regret.counterfactual_regret_advantage` |
# | COMA's advantage | `micra_lite.baselines.advantages.coma_advantage` |
# | replicator dynamics | `micra_lite.exact.dynamics.replicator_path` |
#
# **Now you.** Exercises: `exercises/02_regret.ipynb`.
#
# Next: `03_policy_gradient`, how a regret becomes a gradient. Optional: `02_regret_deeper`, with three players, the proof of the
# bound, and CFR.

# %% tags=["hide-input"]
packaged = counterfactual_regret_advantage(q[None], both, [0])[0][0]
assert by_hand == [0.375, -0.375] == by_loops == packaged.tolist() == A.tolist()
assert counterfactual_values(q[None], both, 0)[0].tolist() == [v_up, v_down]
assert abs(float(row @ A)) < 1e-12
assert torch.allclose(raised, A)
for c in range(3):
    taken = torch.tensor([[0, c]])  # row played up, column played c
    one = coma_advantage(q[None], both, [0], taken)[0][0, 0]
    assert torch.allclose(one, coma_of_up[c])
assert exactly
assert scatter > 1
for delta in ([0.5, 0.25, 0.25], [0.4, 0.3, 0.3], [0.2, 0.4, 0.4], [0.05, 0.05, 0.9]):
    delta = torch.tensor(delta)
    error = float((regrets(q, row, delta) - A).abs().max())
    kl = float((column * (column / delta).log()).sum())
    assert error <= 2 * float(q.max() - q.min()) * (kl / 2) ** 0.5 + 1e-12
middle = any(
    all((p == 0.5).all() for p in e) for e in exact.nash_equilibria(pennies.payoffs)
)
assert middle
assert len(exact.nash_equilibria(micra_lite.make("stag_hunt").payoffs)) == 3
assert abs(change) < 1e-3
against = [fixed.numpy()[None]]
assert abs(exact.best_response(exact.tabulate(pennies), against).value - best) < 1e-12
assert abs(values[-1] - best) < 0.01
print("all checks passed")
