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
# # Counterfactual regret, deeper
#
# Optional. What do regrets look like with many players? How far can a wrong prediction lead them astray? And how does CFR
# work, the algorithm that they are named after?
#
# **Afterwards you can**
#
# - write Equation 2 for any number of players;
# - prove the bound on the error of a regret;
# - find an equilibrium by a linear programme, and by regret matching;
# - write counterfactual regret minimisation (CFR) for a small poker, and point to what MICRA leaves out.
#
# **You need** lesson `02_regret`.
#
# **Time**: 28 minutes.

# %% tags=["hide-input"]
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

from itertools import permutations, product

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.optimize import linprog

import micra_lite
from micra_lite import exact, widgets
from micra_lite.exact import dynamics
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.plotting import games, style
from micra_lite.regret import counterfactual_regret_advantage

torch.set_default_dtype(torch.float64)  # everything here is exact

widgets.course_map("regret")

# %% [markdown]
# ## 1. Any number of players
#
# With $n$ players, $Q$ has $n$ axes. Each joint action adds its $Q$, weighted by how likely the *others'* part of it is:
#
# $$v(s \mid i \text{ plays } a_i) = \sum_{a_{-i}} \prod_{j \ne i} \pi_j(a_j \mid s)\; Q(s, [a_i, a_{-i}])$$


# %%
def regrets_by_loops(q, policies, i):
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


# %% [markdown]
# In `einsum`, each player's axis gets a letter, and all letters but one are summed over.


# %%
def regrets(q, policies, i):
    """The same by one contraction."""
    letters = "abcdefgh"[: q.dim()]
    others = [j for j in range(q.dim()) if j != i]
    # For i = 0 of three players: "abc,b,c->a".
    terms = ",".join([letters, *[letters[j] for j in others]])
    v_given = torch.einsum(f"{terms}->{letters[i]}", q, *[policies[j] for j in others])
    return v_given - policies[i] @ v_given


# %% [markdown]
# The last cell of this notebook tries both on every matrix game in the package, for every player.
#
# **Question.** In `odd_one_out` there are three players. How many columns does row's table have, and what are their weights?
# In `penalty`: find policies for both players with which no action of row has a positive regret.

# %%
explorer = widgets.RegretExplorer(
    "odd_one_out", games=["odd_one_out", "penalty", "quiet_site"]
)
explorer

# %% [markdown]
# <details><summary>Answer</summary>
# Six columns: 3 × 2 joint actions of the others, each weighted by a product of two probabilities. In penalty, let column play
# anything, and let row always play the best action against it. The regret of that action is 0, and no other is positive.
# </details>

# %% [markdown]
# ## 2. How wrong can a regret be?
#
# The prediction $\delta$ takes the place of the true policy $\pi$. Lesson 02 said that a regret is then wrong by at most
# $2\, \mathrm{span}(Q) \sqrt{\mathrm{KL}(\pi \| \delta) / 2}$. The proof has three steps.
#
# 1. **One value.** $v$ is wrong by $\sum_c (\pi(c) - \delta(c))\, Q(a, c)$. The differences add up to 0, so we may first
#    subtract the middle of $Q$'s range from $Q$. What remains is at most half the span. So the error is at most
#    $\mathrm{span}(Q) \cdot \frac12 \sum_c |\pi(c) - \delta(c)|$. This half sum is the *total variation*.
# 2. **From total variation to KL.** Pinsker's inequality says that total variation is at most $\sqrt{\mathrm{KL} / 2}$.
# 3. **Two values.** A regret is the difference between $v(s \mid i \text{ plays } a_i)$ and $v(s)$. Each has at most this
#    error.

# %%
game = micra_lite.make("rectangular")
q = game.payoffs[..., 0].double()  # (2, 3): row's payoffs
row, column = torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.25, 0.25])
span = float(q.max() - q.min())
true = regrets(q, [row, column], 0)


def error_and_bound(delta):
    """The largest error of row's regrets with prediction delta, KL, and the bound."""
    error = (regrets(q, [row, delta], 0) - true).abs().max()
    kl = (column * (column / delta).log()).sum()
    return float(error), float(kl), 2 * span * float(kl / 2) ** 0.5


# %% tags=["hide-input"]
predictions = (
    (0.5, 0.25, 0.25),
    (0.4, 0.3, 0.3),
    (0.2, 0.4, 0.4),
    (0.54, 0.41, 0.05),
    (0.05, 0.05, 0.9),
)
table = {d: error_and_bound(torch.tensor(d)) for d in predictions}
print("prediction of column    KL, nats   error of a regret   bound")
for delta, (error, kl, bound) in table.items():
    print(f"{delta!s:22} {abs(kl):9.3f} {error:19.3f} {bound:7.3f}")

# %% [markdown]
# The bound holds for the worst table and the worst policies. Here the errors are much smaller.
#
# **Question.** The fourth prediction has a larger KL than the third, and yet no error at all. How can that be?
#
# <details><summary>Answer</summary>
# KL looks at the policies only. Up is worth 3, −2 or −1 more than down, for left, middle and right. The regret depends
# only on the average of these three, and here the mistakes cancel in it.
# </details>

# %% [markdown]
# ## 3. Regret matching
#
# In lesson 02, two players who followed their regrets went round for ever. **Regret matching** (Hart and Mas-Colell, 2000)
# has a memory:
#
# 1. add up the regrets of all rounds so far;
# 2. play each action in proportion to its sum, if the sum is positive.
#
# We try it on rock, paper, scissors with a heavy rock: rock that breaks scissors pays 2.

# %%
pay = torch.tensor([[0.0, -1.0, 2.0], [1.0, 0.0, -1.0], [-2.0, 1.0, 0.0]])
names = ("rock", "paper", "scissors")

# %% tags=["hide-input"]
both = torch.stack([pay, -pay], -1)  # column is paid the opposite
heavy = micra_lite.MatrixGame("heavy_rock", both, action_names=(names, names))
state = heavy.states()[0]
widgets.show(games.picture(heavy, state), games.words(heavy, state))

# %% [markdown]
# Payoffs are opposite (a *zero-sum* game), so there is an exact solution to compare with. In equilibrium, row's mixture $x$
# is the one that guarantees the most, whatever column does: $\max_x \min_c (x^\top P)_c$. This is a linear programme.

# %%
# Four unknowns: x_1, x_2, x_3 and the guaranteed value, at most (xᵀP)_c for each c.
limits = np.hstack([-pay.T.numpy(), np.ones((3, 1))])
ranges = [(0, 1)] * 3 + [(None, None)]
solved = linprog([0, 0, 0, -1], limits, np.zeros(3), [[1, 1, 1, 0]], [1], ranges)
equilibrium = solved.x[:3]

# %%
guess_rock = widgets.ask("heavy-rock", names[int(equilibrium.argmax())])
guess_rock

# %% [markdown]
# Now regret matching, in a few lines. `total` is the memory that CRA does not have.


# %%
def matched(total):
    """In proportion to the positive sums; uniform where there are none."""
    positive = total.clamp(min=0)
    if not positive.any():
        return torch.full_like(total, 1 / len(total))
    return positive / positive.sum()


rounds = 3000
begin = [torch.tensor([0.8, 0.1, 0.1]), torch.tensor([0.1, 0.1, 0.8])]
now, total = list(begin), [torch.zeros(3), torch.zeros(3)]
played = [[p] for p in now]  # the policies of all rounds
for _ in range(rounds):
    for i, q_i in enumerate((pay, -pay)):
        total[i] = total[i] + regrets(q_i, now, i)
    now = [matched(t) for t in total]
    for kept, p in zip(played, now, strict=True):
        kept.append(p)
played = [torch.stack(p) for p in played]  # 2 × (rounds + 1, 3)
averages = [p.cumsum(0) / torch.arange(1, rounds + 2)[:, None] for p in played]

# %% [markdown]
# How far are two policies from an equilibrium? **NashConv** is what both could gain together by switching to their best responses.
# It is 0 at an equilibrium.


# %%
def nash_conv(p, q):
    """For policies of many rounds (T, A): max_a (P q)_a − min_b (pᵀ P)_b."""
    return (q @ pay.T).max(1).values - (p @ pay).min(1).values


# %%
near = [float(nash_conv(*pair)[-1]) < 0.1 for pair in (played, averages)]
answers = {
    (True, True): "both",
    (True, False): "the policies of the last round",
    (False, True): "the averages of all rounds",
    (False, False): "neither",
}
guess_last = widgets.ask("last-round", answers[tuple(near)])
guess_last

# %% tags=["hide-input"]
followed = dynamics.replicator_path(heavy.payoffs, tuple(begin), steps=rounds)
curves = {
    "regret matching, average": nash_conv(*averages),
    "regret matching, each round": nash_conv(*played),
    "following the regrets, no memory": nash_conv(*followed),
}
looks = ((style.BLUE, "-", 2.5), (style.SKY, "-", 0.8), (style.VERMILLION, "--", 1.5))
figure = Figure(figsize=(8, 3.8), layout="constrained")
axes = figure.subplots()
for (name, curve), (colour, line, width) in zip(curves.items(), looks, strict=True):
    look = {"color": colour, "linestyle": line, "linewidth": width}
    axes.loglog(range(1, rounds + 2), curve, label=name, **look)
axes.set(xlabel="rounds", ylabel="NashConv, units of payoff")
axes.set_title("Heavy rock: how far from an equilibrium?")
axes.legend(loc="lower left", frameon=False)
ends = ", ".join(f"{n} {float(c[-100:].mean()):.2f}" for n, c in curves.items())
with guess_rock.then():
    print("equilibrium:   ", [f"{x:.3f}" for x in equilibrium])
with guess_last.then():
    print("average of row:", [f"{x:.3f}" for x in averages[0][-1].tolist()])
    widgets.show(figure, f"NashConv, mean over the last hundred rounds: {ends}.")

# %% [markdown]
# Here is the same in a picture, for ordinary rock, paper, scissors. Each player has a triangle of policies. Its arrows hold
# while the other's policy is at the circle. Switch between the two paths.

# %%
field = widgets.PolicyField(
    "rock_paper_scissors", way="regret matching", games=["rock_paper_scissors"]
)
guess_last.covered(field)

# %% [markdown]
# ## 4. CFR: regret matching for games of many moves
#
# **Kuhn poker** has three cards, 1, 2 and 3. Each player puts in one chip and gets one card. The first passes (`p`) or bets
# a chip (`b`). After a bet the other calls (`b`) or folds (`p`). If the first passed, the second may bet, and then the first
# calls or folds. Of those who have not folded, the one with the higher card takes all.


# %%
def chips(history, cards):
    """What the player whose turn it would be has won; None if the game goes on."""
    me = len(history) % 2
    sign = 1 if cards[me] > cards[1 - me] else -1
    if history.endswith("bp"):
        return 1  # the other folded
    return {"pp": sign, "bb": 2 * sign, "pbb": 2 * sign}.get(history)


# %% [markdown]
# A player sees its own card and all moves so far: its `view` (in the field, an *information set*). CFR does regret matching
# for each `view` separately. `walk` goes through everything that can still happen.


# %%
views = [(card, h) for h in ("", "p", "b", "pb") for card in (1, 2, 3)]
total = {view: torch.zeros(2) for view in views}  # sums of regrets of p and b
weights = {view: torch.zeros(2) for view in views}  # sums of policies


def walk(cards, history, reach, policies):
    """What this position is worth to the player whose turn it is.

    reach: how likely each player makes the moves that lead here, 2 numbers.
    """
    won = chips(history, cards)
    if won is not None:
        return won
    me = len(history) % 2
    view = (cards[me], history)
    values = torch.zeros(2)
    for a, move in enumerate("pb"):
        further = list(reach)
        further[me] = reach[me] * float(policies[view][a])
        values[a] = -walk(cards, history + move, further, policies)
    v = float(policies[view] @ values)
    total[view] += reach[1 - me] * (values - v)
    weights[view] += reach[me] * policies[view]
    return v


# %% [markdown]
# `values - v` is Equation 2 once more: what a move is worth, minus what the policy is worth. Here a position includes both
# cards, and `walk` is called for each deal.
#
# **Question.** Which two things in `walk` would disappear if this were CRA?
#
# <details><summary>Answer</summary>
# The sum over rounds (<code>+=</code>), and the weight <code>reach[1 - me]</code>: how likely the other's moves are to
# lead here. CFR leaves your own moves out of this weight, so it also learns about positions that you avoid. MICRA learns
# from positions as often as they come up in play.
# </details>

# %% tags=["hide-input"]
deals = list(permutations((1, 2, 3), 2))


def averaged():
    """The average policies so far."""
    return {
        view: w / w.sum() if w.any() else torch.full((2,), 0.5)
        for view, w in weights.items()
    }


def worth(policies, cards, history=""):
    """What a position is worth to the player whose turn it is."""
    won = chips(history, cards)
    if won is not None:
        return won
    chosen = policies[cards[len(history) % 2], history]
    moves = zip("pb", chosen.tolist(), strict=True)
    return sum(-p * worth(policies, cards, history + m) for m, p in moves if p > 0)


def best_gain(policies, player):
    """The most chips a game that `player` can win against the other's policy."""
    own = [view for view in views if len(view[1]) % 2 == player]
    sign = 1 if player == 0 else -1
    most = -9.0
    for pure in product(torch.eye(2), repeat=len(own)):
        tried = policies | dict(zip(own, pure, strict=True))
        most = max(most, sign * sum(worth(tried, d) for d in deals) / len(deals))
    return most


# %%
measured = {}  # round → NashConv of the average policies
for t in range(1, 1001):
    policies = {view: matched(total[view]) for view in views}
    for cards in deals:  # the six ways to deal two of three cards
        walk(cards, "", [1.0, 1.0], policies)
    if t in (1, 3, 10, 30, 100, 300, 1000):
        measured[t] = best_gain(averaged(), 0) + best_gain(averaged(), 1)

# %% [markdown]
# You are second, and you hold the 1, the lowest card. The first has passed. If you bet and the first calls, you lose two
# chips.

# %%
final = averaged()
bluff = float(final[1, "p"][1])
guess_bluff = widgets.ask(
    "bluff",
    "never" if bluff < 0.1 else "about one time in three" if bluff < 0.5 else "always",
)
guess_bluff

# %% tags=["hide-input"]
value = sum(worth(final, cards) for cards in deals) / len(deals)
figure = Figure(figsize=(8, 3.2), layout="constrained")
axes = figure.subplots()
axes.loglog(*zip(*measured.items(), strict=True), color=style.BLUE, marker="o")
axes.set(xlabel="rounds", ylabel="NashConv, chips a game")
axes.set_title("Kuhn poker: the average policies of CFR")
points = "; ".join(f"{t}: {x:.3f}" for t, x in measured.items())
with guess_bluff.then():
    print(f"second, with card 1, after a pass: bets {bluff:.2f}")
    print(f"a game is worth {value:+.3f} chips to the first player")
    widgets.show(figure, f"NashConv after so many rounds: {points}.")

# %% [markdown]
# In equilibrium the first player loses one chip in 18 games on average: moving first gives away information.
#
# ### CRA, regret matching and CFR
#
# | | CRA | regret matching | CFR |
# |---|---|---|---|
# | a regret is | a value minus the policy's value | the same | the same |
# | weighted by | nothing | nothing | how likely the others' moves are to lead here |
# | added up over rounds | no | yes | yes |
# | the answer | the last policy | the average policy | the average policy |
# | leads to | a best response to fixed others | an equilibrium (two players, zero-sum) | the same, in games of many moves |

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_rock, guess_last, guess_bluff]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - With $n$ players, the others' joint actions are weighted by products of probabilities; `einsum` does this in one line.
# - A value is wrong by at most span times total variation, a regret by at most twice that.
# - Regret matching adds regrets up. In a zero-sum game of two, its *average* policies lead to an equilibrium.
# - CFR does this at every view of a game, weighted by how likely the others' moves are to lead there.
# - A CRA is the regret of one moment: no memory, no average, no such weight.
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | Eq. 2 | `micra_lite.regret.counterfactual_regret_advantage` |
# | matrix games of your own | `micra_lite.MatrixGame` |
# | regret matching, replicator dynamics | `micra_lite.exact.dynamics.regret_matching`, `micra_lite.exact.dynamics.replicator_path` |
# | equilibria of small games, NashConv | `micra_lite.exact.nash_equilibria`, `micra_lite.exact.nash_conv` |
#
# Back to the core path: `03_policy_gradient`.
#
# Last, the notebook checks itself.

# %% tags=["hide-input"]
generator = torch.Generator().manual_seed(0)
for name in MATRIX_GAMES:  # every player, and 20 drawn sets of policies
    other = micra_lite.make(name)
    for i, _ in product(range(len(other.agents)), range(20)):
        payoffs = other.payoffs[..., i].double()
        drawn = [torch.rand(size, generator=generator) for size in other.n_actions]
        drawn = [p / p.sum() for p in drawn]
        batch = [p[None] for p in drawn]
        packaged = counterfactual_regret_advantage(payoffs[None], batch, [i])[0][0]
        for own in (regrets_by_loops(payoffs, drawn, i), regrets(payoffs, drawn, i)):
            assert float((own - packaged).abs().max()) < 1e-12
assert all(error <= bound + 1e-12 for error, _, bound in table.values())
third, fourth = list(table.values())[2:4]
assert fourth[1] > third[1]
assert fourth[0] < 1e-12 < 0.5 < third[0]
assert (q[0] - q[1]).tolist() == [3, -2, -1]

assert np.allclose(equilibrium, [0.25, 0.5, 0.25])
assert any(np.allclose(p, equilibrium) for p, _ in exact.nash_equilibria(heavy.payoffs))
first = counterfactual_regret_advantage(pay[None], [p[None] for p in begin], [0])[0][0]
assert torch.allclose(regrets(pay, begin, 0), first)  # round 1 adds just the CRA
theirs, means = dynamics.regret_matching(heavy.payoffs, tuple(begin), rounds=200)
assert torch.allclose(theirs[0], played[0][:201])
assert torch.allclose(means[1], averages[1][:201])
pair = [averages[i][-1].numpy()[None] for i in (0, 1)]
reached = float(curves["regret matching, average"][-1])
assert abs(exact.nash_conv(exact.tabulate(heavy), pair) - reached) < 1e-9
assert reached < 0.05 < curves["following the regrets, no memory"][-100:].mean()

assert abs(value + 1 / 18) < 0.002  # known since Kuhn (1950)
assert abs(bluff - 1 / 3) < 0.03
assert measured[1000] < 0.02 < measured[10]
print("all checks passed")
