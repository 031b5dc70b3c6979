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
# How much do I regret not having played that? Equation 2 of MICRA: by hand, by loops, and in one line.
#
# **Afterwards you can**
#
# - compute a counterfactual regret advantage (CRA) with pencil and paper;
# - write it for any number of players, by loops and by one contraction;
# - say what adding a constant does to it, and how it is related to COMA's advantage;
# - tell where regrets lead when both learn, and when only one does;
# - say what regret matching and CFR add, and what MICRA leaves out.
#
# **You need** Python with a little PyTorch, payoff tables and best responses (lesson `01_games`, sections 1, 3 and 8).
#
# **Time**: 40 minutes to read and play; the cells take a few seconds to run.
#
# Where a question has a slider or buttons, choose first, then press **Reveal**. Your predictions are summed up at the end.

# %%
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # small sums: one thread is fastest

from itertools import product

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.optimize import linprog

import micra_lite
from micra_lite import exact, widgets
from micra_lite.baselines.advantages import coma_advantage
from micra_lite.exact import dynamics
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.plotting import games, style
from micra_lite.plotting.games import picture
from micra_lite.regret import counterfactual_regret_advantage, counterfactual_values

torch.set_default_dtype(torch.float64)  # everything here is exact

# %% [markdown]
# ## Notation
#
# The same names in formulas, in text and in code.
#
# | symbol | in words | in code |
# |---|---|---|
# | $s$ | state; a matrix game has but one | |
# | $a_i$, $a_{-i}$ | own action, the actions of all others | `i` is the axis of the one in question |
# | $\pi_j(a_j \mid s)$ | policy of agent $j$ | `policies[j]` |
# | $\delta$ | the imitator's prediction of an external's policy | takes the external's place in `policies` |
# | $Q(s, a)$ | what the joint action $a$ is worth | `q` |
# | $v(s \mid i \text{ plays } a_i)$ | worth of $a_i$, the others averaged out | `counterfactual_values` |
# | $v(s)$ | worth of the policies, all averaged out | |
# | $A_i(s, a_i)$ | counterfactual regret advantage | `counterfactual_regret_advantage` |

# %% [markdown]
# ## 1. One payoff table
#
# Row has two actions, column three. The first number of a cell is row's.

# %%
game = micra_lite.make("rectangular")
widgets.show(picture(game, game.states()[0]), games.words(game, game.states()[0]))

# %% [markdown]
# In a game of one move, the joint value $Q$ *is* the payoff. Say that both play like this:

# %%
q = game.payoffs[..., 0].double()  # (2, 3): row's payoffs
row = torch.tensor([0.5, 0.5])  # up, down
column = torch.tensor([0.5, 0.25, 0.25])  # left, middle, right

# %% [markdown]
# The game is over, and you are row. You played by your policy. Should you have played *up*?
#
# You do not know what column did. You know how it plays. So average it out, for your action and for your policy:
#
# $$\underbrace{A_i(s, a_i)}_{\text{regret}} = \underbrace{v(s \mid i \text{ plays } a_i)}_{\text{others averaged out}} -
# \underbrace{v(s)}_{\text{all averaged out}} \qquad\text{(Eq. 2)}$$

# %%
regret_of_up = float(counterfactual_regret_advantage(q[None], [row[None], column[None]], [0])[0][0, 0])

guess_up = widgets.ask("regret-of-up", regret_of_up)
guess_up

# %% [markdown]
# ## 2. By hand
#
# The sums with all their numbers. Take a pencil and do the second line yourself before you run the cell.

# %%
v_up = 0.50 * 3 + 0.25 * 0 + 0.25 * 1
v_down = 0.50 * 0 + 0.25 * 2 + 0.25 * 2
v = 0.5 * v_up + 0.5 * v_down
by_hand = [v_up - v, v_down - v]
with guess_up.then():
    print(f"v(s | row plays up) = {v_up}, v(s | row plays down) = {v_down}, v(s) = {v}")
    print("regrets of up and down:", by_hand)

# %% [markdown]
# **Question.** Row now plays *up* with 0.9. Does column have to change for the regret of *up* to shrink?
#
# <details><summary>Answer</summary>
# No. v(s) comes nearer to the value of up, so the regret of up shrinks. What you do already, you do not regret to have
# left out. When up is always played, its regret is 0, and that of down is negative.
# </details>

# %% [markdown]
# ## 3. By loops
#
# For any number of players: go through *all* joint actions. Each adds its $Q$, weighted by how probable the *others'*
# part of it is.
#
# $$v(s \mid i \text{ plays } a_i) = \sum_{a_{-i}} \prod_{j \ne i} \pi_j(a_j \mid s)\; Q(s, [a_i, a_{-i}])$$


# %%
def regret_by_loops(q, policies, i):
    """Eq. 2 for the player on axis i: q (A_1, …, A_n), policies n × (A_j,)."""
    v_given = [0.0] * q.shape[i]
    for joint in product(*[range(size) for size in q.shape]):
        weight = 1.0
        for j, policy in enumerate(policies):
            if j != i:
                weight *= float(policy[joint[j]])
        v_given[joint[i]] += weight * float(q[joint])
    v = sum(float(p) * x for p, x in zip(policies[i], v_given, strict=True))
    return torch.tensor([x - v for x in v_given])


with guess_up.then():
    print("by loops:", regret_by_loops(q, [row, column], 0).tolist())

# %% [markdown]
# ## 4. By one contraction
#
# The loops do one thing: multiply, and sum over the others' axes. `einsum` says just that. Each letter is an axis; a letter
# that is missing on the right of the arrow is summed over.

# %%
v_given = torch.einsum("rc,c->r", q, column)  # c is gone: column is averaged out
v = torch.einsum("r,r->", row, v_given)  # r is gone as well
with guess_up.then():
    print("in two lines:", (v_given - v).tolist())


# %%
def regret_by_einsum(q, policies, i):
    """The same for any number of players."""
    letters = "abcdefgh"[: q.dim()]
    others = [j for j in range(q.dim()) if j != i]
    terms = ",".join([letters, *[letters[j] for j in others]])  # for i = 0 of three players: "abc,b,c"
    v_given = torch.einsum(f"{terms}->{letters[i]}", q, *[policies[j] for j in others])
    return v_given - policies[i] @ v_given


with guess_up.then():
    print("by einsum:", regret_by_einsum(q, [row, column], 0).tolist())

# %% [markdown]
# The packaged function does this for a whole batch of states, and for all targets. Does everything agree? We try every
# matrix game there is, every player, and 20 drawn sets of policies. Some of these games have three players.

# %%
generator = torch.Generator().manual_seed(0)
largest, tried = 0.0, 0
for name in MATRIX_GAMES:
    other = micra_lite.make(name)
    for i in range(len(other.agents)):
        payoffs = other.payoffs[..., i].double()
        for _ in range(20):
            drawn = [torch.rand(size, generator=generator) for size in other.n_actions]
            policies = [p / p.sum() for p in drawn]
            batch = [p[None] for p in policies]
            packaged = counterfactual_regret_advantage(payoffs[None], batch, [i])[0][0]
            for own in (regret_by_loops(payoffs, policies, i), regret_by_einsum(payoffs, policies, i)):
                largest, tried = max(largest, float((own - packaged).abs().max())), tried + 1
print(f"{tried} comparisons in {len(MATRIX_GAMES)} games; all within 1e-12:", largest < 1e-12)

# %% [markdown]
# ## 5. Move the policies
#
# In each row: an action of yours, its payoffs, its value, its regret. The weights above the columns are what the others do.
#
# 1. Move *column*'s policy. When do the bars of *row* change sides?
# 2. Move *row*'s own policy. The bars change their length. Why can they not change sides?
# 3. Choose `odd_one_out`: three players. How many columns are there, and what are their weights?
# 4. Choose `penalty`, and look for policies of both with which no action of row has a positive regret.

# %%
explorer = widgets.RegretExplorer("rectangular")
guess_up.covered(explorer)

# %% [markdown]
# <details><summary>Answers</summary>
# 1. Where both actions are worth the same. 2. The own policy changes v(s), which is taken off all values alike: their order
# stays. 3. Six: 3 × 2 joint actions of the others, each weighted with a product of two probabilities. 4. Let row always play
# the best action: its regret is 0, and all others are negative.
# </details>

# %% [markdown]
# ## 6. Four facts
#
# ### Weighted with the own policy, regrets cancel
#
# $\sum_{a_i} \pi_i(a_i)\, A_i(s, a_i) = 0$. So regrets always have both signs, or are all zero where the policy plays.

# %%
A = regret_by_einsum(q, [row, column], 0)
print("Σ π·A =", float(row @ A))

# %% [markdown]
# ### All payoffs rise

# %%
raised = regret_by_einsum(q + 100, [row, column], 0)

# %%
outcomes = {0.0: "it stays as it is", 50.0: "it rises by 50", 100.0: "it rises by 100"}

guess_constant = widgets.ask("constant", outcomes[float(raised[0] - A[0])])
guess_constant

# %% [markdown]
# ### COMA's question
#
# COMA (counterfactual multi-agent policy gradients, Foerster et al., 2018) asks a similar question. It keeps the others at
# the action that they *took*:
#
# $$A^{\text{COMA}}_i(s, a) = Q(s, a) - \sum_{a'_i} \pi_i(a'_i \mid s)\, Q(s, [a'_i, a_{-i}])$$
#
# So it depends on luck: on what column happened to do.

# %%
coma_of_up = []
for c, name in enumerate(game.action_names[1]):
    taken = torch.tensor([[0, c]])  # row played up, column played c
    advantage = coma_advantage(q[None], [row[None], column[None]], [0], taken)[0][0, 0]
    coma_of_up.append(float(advantage))
    print(f"column played {name:7} (probability {column[c]:.2f}): advantage of up {advantage:+.2f}")
mean = float(column @ torch.tensor(coma_of_up))  # each weighed by how often column does it

# %%
exactly = abs(mean - regret_of_up) < 1e-12

guess_coma = widgets.ask("coma", "the regret of up, exactly" if exactly else "near the regret of up")
guess_coma

# %% [markdown]
# <details><summary>After your prediction: what luck costs</summary>
# Its mean is the regret. But a single one scatters around it. That scatter is noise in the gradient. Lesson 3 measures what
# it costs, and what CRA costs instead: CRA needs $Q$ of joint actions that nobody took.
# </details>

# %%
scatter = float(column @ (torch.tensor(coma_of_up) - mean) ** 2) ** 0.5
with guess_coma.then():
    spread = f"mean {mean:+.3f}, standard deviation {scatter:.3f}"
    print(f"COMA's advantage: {spread}; regret {regret_of_up:+.3f}")

# %% [markdown]
# ### A wrong idea of the other costs a bounded error
#
# In MICRA nobody tells us $\pi_{\mathcal E}$. The imitator's prediction $\delta$ takes its place in the sums. How wrong can
# the regret become? At most
#
# $$|\Delta A_i| \le 2 \cdot \mathrm{span}(Q)\, \sqrt{\mathrm{KL}(\pi_{\mathcal E} \,\|\, \delta) / 2}$$
#
# where span is the largest minus the smallest entry, and KL is in nats.

# %%
print("prediction of column         KL, nats   error of a regret   bound")
for delta in ([0.5, 0.25, 0.25], [0.4, 0.3, 0.3], [0.2, 0.4, 0.4], [0.05, 0.05, 0.9]):
    delta = torch.tensor(delta)
    error = float((regret_by_einsum(q, [row, delta], 0) - A).abs().max())
    kl = float((column * (column / delta).log()).sum())
    bound = 2 * float(q.max() - q.min()) * (kl / 2) ** 0.5
    print(f"{[round(x, 2) for x in delta.tolist()]!s:28} {kl:8.3f}   {error:17.3f}   {bound:5.3f}")
    assert error <= bound + 1e-12

# %% [markdown]
# A good imitator is enough for good regrets. The bound is a promise for the worst game; here the error is much smaller.

# %% [markdown]
# ## 7. Regrets move policies
#
# What is a regret good for? Play more of what you regret not playing. The simplest rule: each probability grows at the rate
# of its regret,
#
# $$\frac{d}{dt}\, \pi_i(a_i) = \pi_i(a_i)\, A_i(a_i)$$
#
# These are the **replicator dynamics**. Because $\sum \pi A = 0$, the probabilities go on adding up to 1. (Lesson 3 makes a
# gradient of it, for policies that are networks: Eq. 3.)
#
# Now let *both* players do so, in matching pennies. Row wins if the pennies match, column if they do not. In equilibrium both
# play half and half.

# %%
pennies = micra_lite.make("matching_pennies")
start = (torch.tensor([0.7, 0.3]), torch.tensor([0.4, 0.6]))
path = dynamics.replicator_path(pennies.payoffs, start, steps=400)  # 2 × (401, 2)

# %%
distance = sum(-(0.5 * p.log()).sum(1) for p in path) + 2 * np.log(0.5)  # Σ KL(equilibrium ‖ policy), nats
change = float(distance[-1] / distance[0]) - 1
if abs(change) < 0.01:
    where = "round it for ever"
else:
    where = "into a corner" if change > 0 else "to the equilibrium in the middle"

guess_pennies = widgets.ask("pennies", where)
guess_pennies

# %% [markdown]
# Every point of the square is a pair of policies. The arrows say where the regrets push from there. The circle is where you
# start, the diamond where you are after some steps.
#
# 1. Move the sliders of *row* and *column*. Is there a start from which the path closes in on the star?
# 2. Choose `stag_hunt`: three stars. Which of them do the arrows run into?
# 3. Choose `prisoners_dilemma`. Can regrets be trusted to lead to what is good for both?
# 4. Choose `rock_paper_scissors`: two triangles. Each one's arrows are for the other's policy at the circle.

# %%
field = widgets.PolicyField("matching_pennies")
guess_pennies.covered(field)

# %% [markdown]
# <details><summary>Answers</summary>
# 1. Only from the star itself. 2. Into the two in the corners; the one in between is left from both sides. 3. No: both are
# pushed to defect. Each regret is right for its owner, and the outcome is bad for both.
# </details>

# %% [markdown]
# ## 8. When only one learns
#
# In MICRA an external does not learn: its policy is fixed. Let column play heads with 0.6, for ever.

# %%
fixed = torch.tensor([0.6, 0.4])
policy, values = torch.tensor([0.3, 0.7]), []
for _ in range(400):
    A_row = regret_by_einsum(pennies.payoffs[..., 0].double(), [policy, fixed], 0)
    values.append(float(policy @ pennies.payoffs[..., 0].double() @ fixed))
    policy = policy * (0.1 * A_row).exp()  # a small step along π·A that cannot leave the simplex
    policy = policy / policy.sum()

# %%
if float(policy[0]) > 0.99:
    where = "to heads, always"
else:
    where = "to the equilibrium, half and half" if abs(float(policy[0]) - 0.5) < 0.1 else "round and round"
guess_one = widgets.ask("one-learns", where)
guess_one

# %%
best = exact.best_response(exact.tabulate(pennies), [fixed.numpy()[None]]).value
figure = Figure(figsize=(6.4, 2.8), layout="constrained")
axes = figure.subplots()
axes.plot(values, color=style.BLUE, label="value of row's policy")
axes.axhline(best, color="black", linestyle=":", label="best response to column (exact)")
axes.set(xlabel="step", ylabel="value", title="Row follows its regrets; column is fixed")
axes.legend(loc="lower right", frameon=False)
with guess_one.then():
    widgets.show(
        figure,
        f"The value of row's policy rises from {values[0]:.2f} to {values[-1]:.2f}; ".replace("-", "−")
        + f"the best response is worth {best:.2f}.",
    )

# %% [markdown]
# <details><summary>After your prediction: why MICRA needs no equilibrium</summary>
# It wants the best response to <em>this</em> external, and regrets lead there. With several targets that all learn, this is
# true of each of them alone: while the others change, so does its aim.
# </details>

# %% [markdown]
# ## 9. Regret matching, for contrast
#
# CRA is named after counterfactual regret minimisation (CFR), with which a kind of poker was solved. The heart of CFR is **regret
# matching** (Hart and Mas-Colell, 2000):
#
# 1. add up the regrets of all rounds so far;
# 2. play each action in proportion to its sum, if it is positive;
# 3. what counts in the end is the *average* of all policies played.
#
# We try it on rock, paper, scissors with a heavy rock: rock that breaks scissors pays 2.

# %%
pay = torch.tensor([[0.0, -1.0, 2.0], [1.0, 0.0, -1.0], [-2.0, 1.0, 0.0]])
names = ("rock", "paper", "scissors")
heavy = micra_lite.MatrixGame("heavy_rock", torch.stack([pay, -pay], -1), action_names=(names, names))
widgets.show(picture(heavy, heavy.states()[0]), games.words(heavy, heavy.states()[0]))

# %% [markdown]
# A zero-sum game has an exact solution by linear programming: the mixture $x$ that guarantees the most, $\max_x \min_c
# (x^\top P)_c$.

# %%
# Variables: x_1, x_2, x_3 and the guaranteed value. Minimise −value; value ≤ (xᵀP)_c for each column c.
limits = np.hstack([-pay.T.numpy(), np.ones((3, 1))])
solved = linprog([0, 0, 0, -1], limits, np.zeros(3), [[1, 1, 1, 0]], [1], [(0, 1)] * 3 + [(None, None)])
equilibrium = solved.x[:3]

# %%
guess_rock = widgets.ask("heavy-rock", names[int(equilibrium.argmax())])
guess_rock

# %% [markdown]
# Now regret matching. Two players, a few lines. `total` is the memory that CRA does not have.


# %%
def matched(total):
    """Play in proportion to the positive sums of regrets; uniformly where there are none."""
    positive = total.clamp(min=0)
    return positive / positive.sum() if positive.any() else torch.full_like(total, 1 / len(total))


def regret_matching(pay, start, rounds):
    """Both players of a zero-sum game: policies of every round, 2 × (rounds+1, A)."""
    now, total = list(start), [torch.zeros(len(p)) for p in start]
    played = [[p] for p in now]
    for _ in range(rounds):
        regrets = [regret_by_einsum(pay, now, 0), regret_by_einsum(-pay, now, 1)]
        total = [t + r for t, r in zip(total, regrets, strict=True)]
        now = [matched(t) for t in total]
        for kept, p in zip(played, now, strict=True):
            kept.append(p)
    return [torch.stack(p) for p in played]


rounds = 3000
begin = (torch.tensor([0.8, 0.1, 0.1]), torch.tensor([0.1, 0.1, 0.8]))
played = regret_matching(pay, begin, rounds)
averages = [p.cumsum(0) / torch.arange(1, rounds + 2)[:, None] for p in played]
near = float((played[0][-1] - torch.from_numpy(equilibrium)).abs().max()) < 0.05
with guess_rock.then():
    print("equilibrium:          ", [f"{x:.3f}" for x in equilibrium])
    print("average policy of row:", [f"{x:.2f}" for x in averages[0][-1].tolist()])
    print("last policy of row within 0.05 of the equilibrium:", near)

# %% [markdown]
# How far from an equilibrium? **NashConv** is what both could gain by answering each other as well as possible. It is 0 at an
# equilibrium. We compare three: regret matching's average, its single rounds, and policies that follow their regrets as in
# section 7, with no memory.


# %%
def nash_conv(p, q):
    """For policies of many rounds (T, A): max_a (P q)_a − min_b (pᵀ P)_b, as the game is zero-sum."""
    return (q @ pay.T).max(1).values - (p @ pay).min(1).values


followed = dynamics.replicator_path(heavy.payoffs, begin, steps=rounds)
curves = {
    "regret matching, average": nash_conv(*averages),
    "regret matching, each round": nash_conv(*played),
    "following the regrets": nash_conv(*followed),
}
figure = Figure(figsize=(6.8, 3.6), layout="constrained")
axes = figure.subplots()
looks = ((style.BLUE, "-", 2.5), (style.SKY, "-", 0.8), (style.VERMILLION, "--", 1.5))
for (name, curve), (colour, line, width) in zip(curves.items(), looks, strict=True):
    axes.loglog(range(1, rounds + 2), curve, color=colour, linestyle=line, linewidth=width, label=name)
axes.set(xlabel="rounds", ylabel="NashConv, units of payoff", title="Heavy rock: near an equilibrium?")
axes.legend(loc="lower left", frameon=False)
ends = ", ".join(f"{name} {float(curve[-100:].mean()):.2f}" for name, curve in curves.items())
widgets.show(figure, f"NashConv over {rounds} rounds; its mean over the last hundred: {ends}.")

# %% [markdown]
# Only the *average* converges. In the `PolicyField` above, choose the path *regret matching* and see it happen.
#
# ### What CRA shares with CFR, and what it leaves out
#
# | | CRA (Eq. 2) | regret matching | CFR |
# |---|---|---|---|
# | a regret is | how much better than my policy, the others averaged out | the same | the same |
# | weighted with | nothing | nothing | how probably the others let the game come here |
# | summed over rounds | no | yes | yes |
# | the answer is | the last policy | the average policy | the average policy |
# | promised | no equilibrium; against fixed others it leads to a best response | an equilibrium (two players, zero-sum) | the same, in games of many moves |
#
# So CRA is *inspired* by CFR: it is the **immediate** regret. In the first round the two are the same number:

# %%
first = regret_by_einsum(pay, list(begin), 0)
packaged = counterfactual_regret_advantage(pay[None], [p[None] for p in begin], [0])[0][0]
print("regrets that regret matching adds in round 1:", [round(x, 3) + 0.0 for x in first.tolist()])
print("counterfactual regret advantage:             ", [round(x, 3) + 0.0 for x in packaged.tolist()])

# %% [markdown]
# ## Your predictions

# %%
guesses = [guess_up, guess_constant, guess_coma, guess_pennies, guess_one, guess_rock]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# - The **regret** of an action: its value with the others averaged out, less the value of the policy (Eq. 2).
# - It needs $Q$ of all joint actions, and everybody's policy. For externals, the imitator's prediction will do.
# - Regrets cancel under the own policy, and ignore constants.
# - COMA's advantage is a noisy version of it, right on average.
# - Against a fixed external, following regrets leads to the best response. Among learners it may go round for ever.
# - CFR sums and averages, and reaches equilibria. MICRA does neither, and does not need to.

# %% [markdown]
# ## Common mistakes
#
# - *Averaging over the own action in the first sum.* Then all regrets are zero.
# - *Leaving the others at what they did.* That is COMA's advantage.
# - *Taking off the best value instead of the policy's.* Then no regret is ever positive, and they no longer cancel.
# - *Weighting the first sum with the own probability too.* A rare action would look bad only because it is rare.
# - *Mixing up the axes in a rectangular game.* A square table hides it. Always try a 2 × 3 one.
# - *Reading the last policy of regret matching.* The average is the answer.

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | Eq. 2, first sum | `micra_lite.regret.counterfactual_values` |
# | Eq. 2 | `micra_lite.regret.counterfactual_regret_advantage` |
# | COMA's advantage | `micra_lite.baselines.advantages.coma_advantage` |
# | between the two: some samples | `micra_lite.baselines.advantages.sampled_regret_advantage` |
# | matrix games of your own | `micra_lite.MatrixGame` |
# | replicator dynamics, regret matching | `micra_lite.exact.dynamics.replicator_path`, `micra_lite.exact.dynamics.regret_matching` |
# | equilibria of small games | `micra_lite.exact.nash_equilibria` |
# | best response, NashConv | `micra_lite.exact.best_response`, `micra_lite.exact.nash_conv` |
# | to play with | `micra_lite.widgets.RegretExplorer`, `micra_lite.widgets.PolicyField` |
#
# **Now you.** The exercises on this lesson: `exercises/02_regret.ipynb`.

# %% [markdown]
# Next: `03_policy_gradient`, how a regret becomes a gradient, and what COMA's noise costs.
#
# Last, the notebook checks itself.

# %%
assert by_hand == [0.375, -0.375] == regret_by_loops(q, [row, column], 0).tolist()
first_sum = counterfactual_values(q[None], [row[None], column[None]], 0)[0]
assert first_sum.tolist() == [v_up, v_down]
assert largest < 1e-12
assert abs(float(row @ A)) < 1e-12
assert torch.allclose(raised, A)
assert exactly
assert abs(change) < 1e-3
assert abs(values[-1] - best) < 0.01
assert np.allclose(equilibrium, [0.25, 0.5, 0.25])
assert any(np.allclose(p, equilibrium) for p, _ in exact.nash_equilibria(heavy.payoffs))
packaged_rounds, packaged_averages = dynamics.regret_matching(heavy.payoffs, begin, rounds=200)
assert torch.allclose(packaged_rounds[0], played[0][:201])
assert torch.allclose(packaged_averages[1], averages[1][:201])
both = [averages[0][-1].numpy()[None], averages[1][-1].numpy()[None]]
average_end = float(curves["regret matching, average"][-1])
assert abs(exact.nash_conv(exact.tabulate(heavy), both) - average_end) < 1e-9
assert curves["regret matching, average"][-1] < 0.05 < curves["following the regrets"][-100:].mean()
assert torch.allclose(first, packaged)
print("all checks passed")
