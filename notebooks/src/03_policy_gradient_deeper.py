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
# # The policy gradient, deeper
#
# Is Equation 3 really the gradient of the team's value? And how much does averaging the others out gain, in different games?
# Here the claims of lesson `03_policy_gradient` are checked and measured.
#
# **Afterwards you can**
#
# - check a gradient in ways that are independent of each other;
# - say what happens to Eq. 3 when its states come from data;
# - list all estimates of one decision in a game of any size, and place draws of the others between COMA and CRA;
# - say how large CRA's gain is in small and large games, and when a wrong prediction makes it worthless.
#
# **You need** lesson `03_policy_gradient`, and a little linear algebra.
#
# **Time**: 32 minutes.

# %% tags=["hide-input"]
import os

# Small sums: one thread is fastest.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import math
from itertools import product

import numpy as np
import torch
from matplotlib.figure import Figure

import micra_lite
from micra_lite import exact, widgets
from micra_lite.plotting import style
from micra_lite.regret import counterfactual_regret_advantage, policy_gradient_objective

torch.set_default_dtype(torch.float64)  # everything here is exact


def signed(numbers):
    """Numbers with their signs, four digits each."""
    return "  ".join(f"{x:+.4f}" for x in numbers)


widgets.course_map("actors")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $\nabla \log \pi_i(a_i \mid o_i)$ | the score of an action | `score` |
# | $v$, $V$ | value of one state; of every state | `v`, `V` |
# | $d(s)$ | discounted visits | `d` |
# | $g_i$, $\hat g$ | the gradient; an estimate from one decision | `g`, `estimates` |
# | $w$ | what an estimate multiplies the score by | `weights` |
# | $N$ | how many decisions are averaged | `N` |
# | $\delta$ | prediction of an external | `delta` |

# %% [markdown]
# ## 1. One state, in three ways
#
# We take the table of lesson 3, and compute the gradient of row's value in its two logits:
#
# 1. by scores and regrets, as in Eq. 3;
# 2. by **autograd**: PyTorch applies the chain rule to each step of the computation;
# 3. by **finite differences**: move one logit a little up and a little down, and divide.
#
# The second knows nothing of scores. The third knows nothing of derivatives.


# %%
def score(policy, a):
    """∇ log π(a) in the logits of a softmax: policy (A,) → (A,)."""
    return torch.eye(len(policy))[a] - policy


q = torch.tensor([[3.0, 0.0, 1.0], [0.0, 2.0, 2.0]])  # (2, 3): row's payoffs
column = torch.tensor([0.5, 0.25, 0.25])
logits = torch.tensor([0.3, 0.7]).log()
row = logits.softmax(0)


def value(logits):
    return logits.softmax(0) @ q @ column


regret = q @ column - value(logits)
by_scores = sum(row[a] * score(row, a) * regret[a] for a in range(2))

leaf = logits.clone().requires_grad_()
(by_autograd,) = torch.autograd.grad(value(leaf), leaf)

tiny = 1e-5
steps = tiny * torch.eye(2)
differences = [(value(logits + e) - value(logits - e)) / (2 * tiny) for e in steps]
by_differences = torch.stack(differences)

print("scores and regrets: ", signed(by_scores))
print("autograd:           ", signed(by_autograd))
print("finite differences: ", signed(by_differences))

# %% [markdown]
# ## 2. A whole game
#
# Pursuit with 2 × 2 cells, as in the lesson: 64 states, two hunters whose logits were drawn at random, one prey. That makes
# 640 logits. First Eq. 3: the sum over a hunter's own actions leaves $\pi(a)\, A(a)$ for each logit.

# %% tags=["hide-input"]
pursuit = micra_lite.make("pursuit", size=2)
table = exact.tabulate(pursuit)  # the rules as arrays
newcomer = micra_lite.external_family("pursuit").split("held-out")[:1]
prey = pursuit.tables(newcomer)[0][0]  # (S, 5): its policy in every state
generator = torch.Generator().manual_seed(3)
team_logits = [torch.randn(table.S, 5, generator=generator) for _ in range(2)]

# %%
policies = [*(one.softmax(-1) for one in team_logits), prey]
arrays = [p.numpy() for p in policies]
Q = torch.from_numpy(exact.joint_q(table, arrays))  # (S, 5, 5, 5)
d = torch.from_numpy(exact.occupancy(table, arrays))  # (S,)
regrets = counterfactual_regret_advantage(Q, policies, [0, 1])  # 2 × (S, 5)
by_equation = [d[:, None] * policies[i] * regrets[i] for i in range(2)]

# %% [markdown]
# ### Autograd through the solver
#
# The value of all states solves a linear system: $V = r_\pi + \gamma P_\pi V$. Autograd can go through the solver. This way
# knows nothing of regrets, visits or $Q$.

# %%
T = torch.from_numpy(table.T.toarray()).view(table.S, -1, table.S)  # (S, 125, S)
reward = torch.from_numpy(exact.team_reward(table))  # (S, 125)


def team_value(team_logits):
    """The team's exact value from the start, as a function of its logits."""
    first, second = (one.softmax(-1) for one in team_logits)
    joint = torch.einsum("sa,sb,sc->sabc", first, second, prey).flatten(1)  # (S, 125)
    P, r = torch.einsum("sj,sjt->st", joint, T), (joint * reward).sum(1)
    V = torch.linalg.solve(torch.eye(table.S) - table.gamma * P, r)
    return torch.from_numpy(table.start) @ V


leaves = [one.clone().requires_grad_() for one in team_logits]
through_solver = torch.autograd.grad(team_value(leaves), leaves)
largest = by_equation[0].abs().sum(1).argmax()  # the state where most is to be learned
print("hunter 1 where most is to be learned, its five logits:")
print("Eq. 3:             ", signed(by_equation[0][largest]))
print("autograd of value: ", signed(through_solver[0][largest]))

# %% [markdown]
# ### Finite differences of the package's own value
#
# `exact.team_value` is separate code. We move all 640 logits at once, in directions drawn at random.

# %%
tiny, slopes = 1e-5, []
for _ in range(4):
    way = [torch.randn(one.shape, generator=generator) for one in team_logits]
    ends = []
    for sign in (tiny, -tiny):
        moved = [(team_logits[i] + sign * way[i]).softmax(-1).numpy() for i in range(2)]
        ends.append(exact.team_value(table, moved, [arrays[2]]))
    foretold = sum(float((by_equation[i] * way[i]).sum()) for i in range(2))
    slopes.append((foretold, (ends[0] - ends[1]) / (2 * tiny)))
print("slope by Eq. 3:           ", signed(one for one, _ in slopes))
print("slope of the exact value: ", signed(one for _, one in slopes))

# %% [markdown]
# ### As an objective
#
# The packaged objective is a mean over a batch of states. States that were met in play come up as often as they should. Here
# each state comes up once, so we multiply the regret by the weight $d(s)$.

# %%
leaves = [one.clone().requires_grad_() for one in team_logits]
objective = sum(
    policy_gradient_objective(
        leaves[i].log_softmax(-1), regrets[i] * (table.S * d)[:, None]
    )
    for i in range(2)
)
packaged = torch.autograd.grad(objective, leaves)

# %% [markdown]
# ## 3. States from data
#
# MICRA takes its states from data: games that were played long ago, by other policies. Then the weights are not $d(s)$. As
# an extreme case, weight all states alike.

# %%
alike = [d.mean() * policies[i] * regrets[i] for i in range(2)]
right, other = (
    torch.cat([one.flatten() for one in both]) for both in (by_equation, alike)
)
ascent = float(right @ other)  # the slope of the value along the other direction
cosine = ascent / float(right.norm() * other.norm())

# %%
rises = "it rises" if ascent > 0 else "it falls"

guess_states = widgets.ask("replayed-states", rises)
guess_states

# %% tags=["hide-input"]
with guess_states.then():
    print(f"slope along it {ascent:+.3f}; cosine with Eq. 3 {cosine:.2f} (1: same way)")

# %% [markdown]
# ## 4. All estimates of one decision, for any number of players
#
# The lesson used arrays, for two players. Here are plain loops that do the same for any number of players. They are slow,
# but easy to check against the table of weights: REINFORCE $Q$, baseline $Q - v$, COMA, CRA.


# %%
def average(q, policies, fixed):
    """Mean of q over all joint actions in which agents in `fixed` do as they did."""
    total = 0.0
    for joint in product(*map(range, q.shape)):
        if all(joint[j] == a for j, a in fixed.items()):
            free = [j for j in range(q.dim()) if j not in fixed]
            total += math.prod(float(policies[j][joint[j]]) for j in free) * float(
                q[joint]
            )
    return total


def weights(q, policies, i, joint):
    """name → weight w of target i's score, for one joint action."""
    did = dict(enumerate(joint))
    others = {j: a for j, a in did.items() if j != i}
    paid, v = average(q, policies, did), average(q, policies, {})
    return {
        "REINFORCE": paid,
        "baseline": paid - v,
        "COMA": paid - average(q, policies, others),
        "CRA": average(q, policies, {i: joint[i]}) - v,
    }


def estimates(q, policies, i):
    """name → list of (estimate (A_i,), probability), one for each joint action."""
    found = {}
    for joint in product(*map(range, q.shape)):
        p = math.prod(float(policies[j][a]) for j, a in enumerate(joint))
        for name, w in weights(q, policies, i, joint).items():
            found.setdefault(name, []).append((w * score(policies[i], joint[i]), p))
    return found


def mean_and_variance(pairs):
    """Mean (A_i,), and mean squared distance from it, summed over the logits."""
    mean = sum(p * g for g, p in pairs)
    return mean, float(sum(p * (g - mean).square().sum() for g, p in pairs))


# %% [markdown]
# On the table of lesson 3, and on `odd_one_out` with three players (whoever differs from the other two wins):

# %% tags=["hide-input"]
three = widgets.GradientCloud("odd_one_out")  # only for its game, and for its policies
problems = {
    "rectangular": (q, [row, column]),
    "odd_one_out": (three.game.payoffs[..., 0].double(), three.policies()),
}
listed = {
    name: {kind: mean_and_variance(pairs) for kind, pairs in estimates(*of, 0).items()}
    for name, of in problems.items()
}
for name, kinds in listed.items():
    for kind, (mean, variance) in kinds.items():
        print(f"{name:12} {kind:10} mean {signed(mean)}   variance {variance:.3f}")

# %% [markdown]
# ## 5. Between COMA and CRA: some draws
#
# Where there are too many joint actions for CRA's sum, one can draw some for the others and average COMA's advantage over
# the draws. Your own action stays fixed. Start with a single fresh draw from the others' policies.


# %%
def with_draws(q, policies, draws):
    """Row's CRA from fresh draws of column: all (estimate, probability) there are."""
    found = []
    for a in range(q.shape[0]):
        coma = [weights(q, policies, 0, (a, c))["COMA"] for c in range(q.shape[1])]
        for drawn in product(range(q.shape[1]), repeat=draws):
            p = math.prod(
                [float(policies[0][a]), *(float(policies[1][c]) for c in drawn)]
            )
            mean = sum(coma[c] for c in drawn) / draws
            found.append((score(policies[0], a) * mean, p))
    return found


sampled = {m: mean_and_variance(with_draws(q, [row, column], m))[1] for m in (1, 2, 4)}
of_coma, of_cra = (listed["rectangular"][kind][1] for kind in ("COMA", "CRA"))

# %%
difference = sampled[1] - of_coma
outcome = (
    "the same"
    if abs(difference) < 1e-9
    else ("smaller" if difference < 0 else "larger")
)

guess_draw = widgets.ask("one-draw", outcome)
guess_draw

# %% tags=["hide-input"]
with guess_draw.then():
    print(f"COMA {of_coma:.3f}, CRA {of_cra:.3f}")
    for m, variance in sampled.items():
        part = of_cra + (of_coma - of_cra) / m
        print(f"{m} draw(s): {variance:.3f}; CRA's and 1/{m} of the gap: {part:.3f}")

# %% [markdown]
# Set the draws to 1, then to 6. Between which two rows does the row *CRA, draws* move?

# %% tags=["hide-input"]
cloud = widgets.GradientCloud("rectangular", draws=2)
guess_draw.covered(cloud)

# %% [markdown]
# ## 6. How much, in which game?
#
# `exact.gradient_variances` does the same with tables, for many states at once. As the score does not depend on the others,
# $\mathbb E|\hat g|^2 = \sum_a \pi(a)\, |\nabla \log \pi_i(a_i)|^2\, w(a)^2$, and the variance is this minus $|g|^2$. Where
# do we look?
#
# - *Random games* of 2, 3 and 4 players with three actions each: payoffs from a normal distribution, policies at random. The
#   variances of 100 games are averaged.
# - *Pursuit* with 2 × 2 and 3 × 3 cells against one prey, with the exact $Q$ of two teams. *Uniform* moves at random; *half
#   best* plays a best response half of the time. States count as often as they are visited.
# - *Weather*: everybody dresses for the weather, and what all earn is added up. So $Q$ is additive.

# %%
KINDS = {"REINFORCE": "REINFORCE, exact Q", "baseline": "baseline v(s)"}
KINDS |= {"COMA": "COMA", "CRA": "CRA, sampled"}  # here → in the package


def shares(q, policies, visits):
    """name → variance as a multiple of COMA's; q (S, A_1, …), policies n × (S, A_j)."""
    found = exact.gradient_variances(q, policies, 0)
    mean = {name: float(visits @ found[key]) for name, key in KINDS.items()}
    for m in (4, 16):
        mean[f"CRA, {m} draws"] = mean["CRA"] + (mean["COMA"] - mean["CRA"]) / m
    return {name: x / mean["COMA"] for name, x in mean.items()}


def random_games(players, games=100):
    """Player 0's shares over random games with three actions each."""
    numbers = np.random.default_rng(players)
    q = numbers.standard_normal((games, *[3] * players))
    drawn = [numbers.random((games, 3)) for _ in range(players)]
    return shares(
        q, [p / p.sum(1, keepdims=True) for p in drawn], np.ones(games) / games
    )


# %%
ratios = {f"random games, {n} players": random_games(n) for n in (2, 3, 4)}
first, _, last = (found["CRA"] for found in ratios.values())
trend = "it falls" if last < 0.9 * first else "it stays about the same"

guess_more = widgets.ask("more-others", trend if last < 1.1 * first else "it rises")
guess_more


# %% tags=["hide-input"]
def of_team(name, best_share, **options):
    """Shares of the first target in a game beside a held-out external."""
    game = micra_lite.make(name, **options)
    table = exact.tabulate(game)
    held_out = micra_lite.external_family(name).split("held-out")[:1]
    external = game.tables(held_out)[0][0].numpy()
    best = exact.best_response(table, [external]).policies
    pairs = zip(exact.random_team(table), best, strict=True)
    policies = [
        (1 - best_share) * anything + best_share * good for anything, good in pairs
    ]
    policies.append(external)
    return shares(
        exact.joint_q(table, policies), policies, exact.occupancy(table, policies)
    )


for size in (2, 3):
    for team, best_share in (("uniform", 0.0), ("half best", 0.5)):
        label = f"pursuit {size}×{size}, {team}"
        ratios[label] = of_team("pursuit", best_share, size=size)
ratios["weather, half best"] = of_team("weather", 0.5)

# %% tags=["hide-input"]
figure = Figure(figsize=(8, 4.4), layout="constrained")
axes = figure.subplots()
looks = {
    "baseline": (style.VERMILLION, "s", "none"),
    "COMA": (style.ORANGE, "o", style.ORANGE),
    "CRA, 4 draws": (style.GREEN, "^", "none"),
    "CRA, 16 draws": (style.GREEN, "v", "none"),
    "CRA": (style.BLUE, "D", style.BLUE),
}
rows, at_right = range(len(ratios)), axes.get_yaxis_transform()
for name, (colour, marker, fill) in looks.items():
    values = [found[name] for found in ratios.values()]
    look = {"markerfacecolor": fill, "markersize": 9 if name == "COMA" else 6}
    axes.plot(values, rows, marker, color=colour, linestyle="none", label=name, **look)
for y, found in enumerate(ratios.values()):
    axes.plot([found["CRA"], found["baseline"]], [y, y], color="0.8", zorder=0)
    times = f"{found['REINFORCE']:,.{1 if found['REINFORCE'] < 10 else 0}f}"
    axes.text(1.02, y, times, transform=at_right, va="center")
axes.text(1.02, -0.85, "REINFORCE", transform=at_right)
axes.set_yticks(rows, list(ratios))
axes.invert_yaxis()
axes.set(
    xlim=(0, None),
    xlabel="variance of one decision's estimate, as a multiple of COMA's",
)
axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.14), ncols=5, frameon=False)
words = "; ".join(
    f"{label}: REINFORCE {r['REINFORCE']:,.1f}, "
    f"baseline {r['baseline']:.2f}, CRA {r['CRA']:.2f}"
    for label, r in ratios.items()
)
with guess_more.then():
    widgets.show(
        figure,
        f"Multiples of COMA's variance. {words}. Draws lie between COMA and CRA.",
    )

# %% [markdown]
# <details><summary>After your prediction: what to see</summary>
#
# - <em>Pursuit.</em> CRA helps, but much less: most of the noise comes from the hunter's own action. (The exact sum over it
#   removes that, too.) Four draws bring most of what CRA gains.
# - <em>REINFORCE</em> (the numbers on the right) suffers from the part of Q that is the same for all actions. A baseline
#   cures that.
# - <em>Weather.</em> COMA and CRA are the same.
# - <em>Who is the external?</em> This prey has habits, so its moves are no great surprise and add little noise. A prey about
#   which nothing is known is noisier, and CRA gains more. <code>micra-lite bench variance</code> compares both on every
#   task.
# </details>

# %% [markdown]
# ## 7. The price
#
# How many values of $Q$ does one decision of one target need, with five actions each?

# %% tags=["hide-input"]
print("agents   REINFORCE      COMA   CRA, 4 draws         CRA")
for n in (2, 3, 4, 6, 8):
    print(f"{n:6} {1:11} {5:9} {4 * 5:14} {5**n:11,}")

# %% [markdown]
# (A critic that is made of small parts need not be asked so often: lesson `04_critic_deeper`. But what it says of joint
# actions nobody took is still a guess.)
#
# ### A wrong prediction, and how many decisions
#
# COMA is right on average, but scatters. CRA with a wrong $\delta$ scatters little, but is wrong on average: it is
# **biased**. Both together make the **mean squared error** of an average over $N$ decisions: squared bias, plus
# variance$/N$.

# %%
delta = torch.tensor([0.3, 0.4, 0.3])  # column really plays 0.5, 0.25, 0.25
believed = (q - row @ q) @ delta  # (2,)
bias = float((row * believed - by_scores).square().sum())  # squared
_, scatter = mean_and_variance(
    [(score(row, a) * believed[a], row[a]) for a in range(2)]
)
errors = {N: (of_coma / N, bias + scatter / N) for N in (1, 3, 10, 30, 100, 1000)}

print("decisions    COMA    CRA with δ")
for N, (coma, cra) in errors.items():
    print(f"{N:9} {coma:7.4f} {cra:13.4f}")

# %% [markdown]
# With few decisions, low variance wins. With many, being right on average wins. More data do not help CRA while the
# prediction stays wrong. MICRA's answer is an imitator that adapts.

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_states, guess_draw, guess_more]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - Eq. 3 is the gradient of the team's value: scores, autograd through the solver, and finite differences say the same.
# - With states from data, the direction is a different one. For a table of logits it still goes uphill; for networks nothing
#   is promised.
# - The average over $m$ draws of the others has CRA's variance, plus one $m$-th of the gap to COMA's.
# - CRA gains most with many others whose moves matter. In pursuit most noise comes from your own action.
# - A wrong prediction sets a floor to CRA's error that no number of decisions removes.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Losing the weights $d(s)$.* A mean over states that were visited has them already; a mean over all states does not.
# - *Comparing variances of sums over episodes* and calling it Rao–Blackwell. The theorem is about one decision.
# - *Reading a small variance as a small error.* Variance does not show the bias.
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | exact variances of all these estimates, and of a sampled return | `micra_lite.exact.gradient_variances` |
# | any subset of the others averaged out | `micra_lite.exact.advantage_variance` |
# | CRA by draws of the others | `micra_lite.baselines.advantages.sampled_regret_advantage` |
# | exact value of a team | `micra_lite.exact.team_value` |
# | the negative control | `micra_lite.games.weather.Weather` |
# | to play with | `micra_lite.widgets.GradientCloud` |
#
# Next: `04_critic`, where $Q$ comes from.

# %% tags=["hide-input"]
from micra_lite.baselines.advantages import coma_advantage, sampled_regret_advantage
from micra_lite.widgets.gradient_cloud import clouds

assert torch.allclose(by_scores, by_autograd, atol=1e-12)
assert torch.allclose(by_scores, by_differences, atol=1e-9)
for i in range(2):
    assert torch.allclose(by_equation[i], through_solver[i], atol=1e-10)
    assert torch.allclose(by_equation[i], packaged[i], atol=1e-12)
assert max(abs(one - two) for one, two in slopes) < 1e-6
assert ascent > 0
assert 0 < cosine < 1
exact_gradient = {"rectangular": by_scores}
for name, (payoffs, of) in problems.items():
    means = [mean for mean, _ in listed[name].values()]
    for mean in means:
        assert torch.allclose(mean, exact_gradient.get(name, means[0]), atol=1e-12)
    arrays_of = [p[None].numpy() for p in of]
    by_package = exact.gradient_variances(payoffs[None].numpy(), arrays_of, 0)
    for kind, key in KINDS.items():
        assert abs(by_package[key][0] - listed[name][kind][1]) < 1e-9
for m, variance in sampled.items():
    assert abs(variance - of_cra - (of_coma - of_cra) / m) < 1e-12
two_draws = clouds(q, [row, column], 0, 0, 2)[3]
assert abs(2 * two_draws.variance - sampled[2]) < 1e-8
for joint in product(range(2), range(3)):
    taken = torch.tensor([joint])
    w = coma_advantage(q[None], [row[None], column[None]], [0], taken)[0][0, joint[0]]
    assert abs(float(w) - weights(q, [row, column], 0, joint)["COMA"]) < 1e-12
thousands = [
    q[None].expand(4000, 2, 3),
    [row.expand(4000, 2), column.expand(4000, 3)],
    [0],
]
many = sampled_regret_advantage(*thousands, 4, torch.Generator().manual_seed(0))[0]
assert (many.mean(0) - regret).abs().max() < 0.05
for found in ratios.values():
    assert found["CRA"] <= min(1, found["baseline"]) + 1e-12
assert abs(ratios["weather, half best"]["CRA"] - 1) < 1e-9
in_random_games = [ratios[f"random games, {n} players"]["CRA"] for n in (2, 3, 4)]
assert in_random_games == sorted(in_random_games, reverse=True)
in_pursuit = [found["CRA"] for label, found in ratios.items() if "pursuit" in label]
assert min(in_pursuit) > max(in_random_games)  # CRA helps much less there
assert ratios["pursuit 3×3, uniform"]["CRA, 4 draws"] < 1
assert errors[1][1] < errors[1][0]
assert errors[1000][1] > errors[1000][0]
print("all checks passed")
