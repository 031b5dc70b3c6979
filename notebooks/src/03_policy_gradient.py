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
# How does a regret change a policy (Equation 3)? And why average over what the others *might* do, if we can see what they
# *did*?
#
# **Afterwards you can**
#
# - turn the gradient of a value into an average over play;
# - say why the regret may replace the value, and how states are weighted;
# - say why CRA has less variance than COMA, when it does not, and what it costs.
#
# **You need** regrets and COMA's advantage (lesson `02_regret`), derivatives, mean and variance.
#
# **Time**: 26 minutes.

# %% tags=["hide-input"]
import os

# Small sums: one thread is fastest.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import torch

import micra_lite
from micra_lite import exact, widgets
from micra_lite.plotting import games
from micra_lite.regret import counterfactual_regret_advantage, policy_gradient_objective

torch.set_default_dtype(torch.float64)  # everything here is exact
widgets.course_map("actors")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $\pi_i(a_i \mid o_i)$ | a target's policy; $o_i$ is what it sees of $s$ | `row`, `policies[i]` |
# | $\nabla \log \pi_i(a_i \mid o_i)$ | the **score** of $a_i$ | `score` |
# | $v(s \mid i \text{ plays } a_i)$, $v(s)$ | $Q$ with the others averaged out; with everybody | `v_given`, `v` |
# | $A_i(s, a_i)$ | their difference, the regret (CRA) | `regret` |
# | $d(s)$ | discounted visits to $s$ | `d` |
# | $g_i$, $\hat g$ | gradient; an estimate | `g`, `estimate` |

# %% [markdown]
# ## 1. Logits
#
# Probabilities must stay positive and add up to 1. So networks output **logits**, one number of any size for each action.
# The **softmax** turns them into probabilities:
#
# $$\pi(a) = e^{\text{logit}_a} \Big/ \textstyle\sum_b e^{\text{logit}_b}$$
#
# In the table of lesson 2, row changes its logits to raise its value.

# %% tags=["hide-input"]
game = micra_lite.make("rectangular")
state = game.states()[0]
widgets.show(games.picture(game, state), games.words(game, state))

# %%
q = torch.tensor([[3.0, 0.0, 1.0], [0.0, 2.0, 2.0]])  # (2, 3): row's payoffs
column = torch.tensor([0.5, 0.25, 0.25])  # left, middle, right
logits = torch.tensor([0.3, 0.7]).log()  # row plays up with 0.3
row = logits.softmax(0)
v_given = q @ column  # (2,): what up and down are worth, column averaged out
v = row @ v_given
print(f"v(up) = {v_given[0]:.2f}, v(down) = {v_given[1]:.2f}, v = {v:.3f}")

# %% [markdown]
# ## 2. The score
#
# Row's value is $v = \sum_a \pi(a)\, v(a)$. Its gradient in the logits is $\sum_a \nabla\pi(a)\, v(a)$. Whoever learns by
# playing gets averages in which action $a$ counts $\pi(a)$ times. But here it counts $\nabla\pi(a)$ times, which may be
# negative. The **log-derivative trick** brings $\pi(a)$ back. Since $\nabla \log \pi = \nabla\pi / \pi$,
#
# $$\nabla v = \sum_a \pi(a)\, \nabla \log \pi(a)\, v(a) = \mathbb E_{a \sim \pi}\big[\nabla \log \pi(a)\, v(a)\big]$$
#
# The new factor is the **score** (not lesson 1's score from 0 to 1): which way to move
# the logits so that $a$ becomes more probable. For a softmax, where $\mathbf 1[a = b]$ is 1 if $a$ is $b$, else 0, it is
#
# $$\frac{\partial \log \pi(a)}{\partial\, \text{logit}_b} = \mathbf 1[a = b] - \pi(b)$$


# %%
def score(policy, a):
    """∇ log π(a) in the logits of a softmax: policy (A,) → (A,)."""
    return torch.eye(len(policy))[a] - policy


for a, name in enumerate(("up", "down")):
    print(f"score of {name:5}", [f"{x:+.1f}" for x in score(row, a).tolist()])

# %% [markdown]
# Now average them.

# %%
mean_score = sum(row[a] * score(row, a) for a in range(2))
is_zero = bool(mean_score.abs().max() < 1e-12)

guess_score = widgets.ask(
    "score", "zero" if is_zero else "it points to the rarest action"
)
guess_score

# %% [markdown]
# ## 3. Regrets instead of values
#
# Subtract a number $b$ from every action's value. The gradient changes by $b$ times the average that you predicted. With
# $b = v(s)$, values become regrets.

# %%
regret = v_given - v
with_values = sum(row[a] * score(row, a) * v_given[a] for a in range(2))
with_regrets = sum(row[a] * score(row, a) * regret[a] for a in range(2))

# %% tags=["hide-input"]
with guess_score.then():
    print("with values: ", [f"{x:+.4f}" for x in with_values.tolist()])
    print("with regrets:", [f"{x:+.4f}" for x in with_regrets.tolist()])
    print("π(a) · A(a): ", [f"{x:+.4f}" for x in (row * regret).tolist()])

# %% [markdown]
# <details><summary>After your prediction: what the three lines say</summary>
# Scores average to zero, so b changes nothing: the regret may replace the value. As regrets cancel, too (Σ π·A = 0), only
# π(a)·A(a) is left for each logit. A logit rises where its regret is positive.
# </details>
#
# Small steps along $\pi(a)\, A(a)$ climb:

# %%
climbing = logits.clone()
for step in range(61):
    policy = climbing.softmax(0)
    if step % 20 == 0:
        print(f"step {step:2}: P(up) = {policy[0]:.2f}, value {policy @ v_given:.3f}")
    climbing += 0.3 * policy * (v_given - policy @ v_given)

# %% [markdown]
# ## 4. Many states
#
# In a long game an action also changes which states come next. Still, says the **policy gradient theorem**, it is enough to
# do the same in each state, and to weight states by how often they are visited.
#
# Why? A small change of the policy changes two things in a state: (1) how often each action is chosen there, where $Q$
# already counts the states that the action leads to; (2) what these next states are worth, because the policy has changed
# there, too. But (2) is effect (1) again, seen from the next states. They are in the sum themselves, weighted by how often
# they are visited. Nothing is left over.
#
# $$g_i = \sum_s d(s) \sum_{a_i} \pi_i(a_i \mid o_i)\, \nabla \log \pi_i(a_i \mid o_i)\, A_i(s, a_i)
# = \mathbb E_\pi \Big[\textstyle\sum_t \gamma^t\, \nabla \log \pi_i(a_i^t \mid o_i^t)\, A_i(s^t, a_i^t)\Big]
# \qquad\text{(Eq. 3)}$$
#
# - $d(s) = \sum_t \gamma^t \Pr(s^t = s)$ counts visits at all times.
# - On the right the game is *played*: a state comes up as often as it is visited.
#
# We try the left side on pursuit with 2 × 2 cells: 64 states, two hunters with random logits, one prey.

# %%
pursuit = micra_lite.make("pursuit", size=2)
table = exact.tabulate(pursuit)  # the rules as arrays: rewards, and what follows what
newcomer = micra_lite.external_family("pursuit").split("held-out")[:1]
prey = pursuit.tables(newcomer)[0][0]  # (64, 5): its policy in every state
generator = torch.Generator().manual_seed(3)
hunters = [torch.randn(64, 5, generator=generator).softmax(-1) for _ in range(2)]
policies = [*hunters, prey]
arrays = [p.numpy() for p in policies]

Q = torch.from_numpy(exact.joint_q(table, arrays))  # (64, 5, 5, 5)
d = torch.from_numpy(exact.occupancy(table, arrays))  # (64,): the d(s) above
regrets = counterfactual_regret_advantage(Q, policies, [0, 1])  # 2 × (64, 5)


# %%
def gradient(d, policy, regret):
    """Eq. 3 for one target's table of logits: d (S,), policy and regret (S, A)."""
    g = torch.zeros_like(policy)
    for s in range(len(d)):
        for a in range(policy.shape[1]):
            g[s] += d[s] * policy[s, a] * score(policy[s], a) * regret[s, a]
    return g


g = [gradient(d, policies[i], regrets[i]) for i in range(2)]

# %% [markdown]
# After a small step along $g$, the value should rise by the step size times $|g|^2$.

# %%
size = 0.001
moved = [(hunters[i].log() + size * g[i]).softmax(-1).numpy() for i in range(2)]
before = exact.team_value(table, arrays[:2], [arrays[2]])
rise = exact.team_value(table, moved, [arrays[2]]) - before
expected = size * sum(float(one.square().sum()) for one in g)
print(f"1,000 × rise: Eq. 3 {1000 * expected:.3f}, exact {1000 * rise:.3f}")

# %% [markdown]
# For networks, PyTorch takes the derivative of an *objective*, a number whose gradient is Eq. 3. No gradient flows through the
# regret: it is only a weight.

# %%
leaf = logits.clone().requires_grad_()
log_policy = leaf.log_softmax(-1)[None]  # (1, 2): a batch of one state
objective = policy_gradient_objective(log_policy, regret[None])
(by_torch,) = torch.autograd.grad(objective, leaf)
with guess_score.then():
    print("by PyTorch:", [f"{x:+.4f}" for x in by_torch.tolist()])

# %% [markdown]
# ## 5. Four estimates from one decision
#
# Now we only *play*: everybody draws an action, and the joint action $a$ gives an
# estimate $\hat g = \nabla \log \pi_i(a_i)\, w$. What should the weight $w$ be?
#
# | name | $w$ | what it asks |
# |---|---|---|
# | REINFORCE | $Q(s, a)$ | what was it worth? |
# | baseline | $Q(s, a) - v(s)$ | was it better than usual? |
# | COMA (Foerster et al., 2018) | $Q(s, a) - \sum_b \pi_i(b)\, Q(s, [b, a_{-i}])$ | better than my other actions, the others *as they were*? |
# | CRA | $A_i(s, a_i)$ | the same, the others *averaged out*? |
#
# Our table has six joint actions, so we can list all estimates of the gradient in *up*'s logit.


# %%
def four_weights(q, row, column):
    """The weight w of each joint action, (2, 3), in the four estimates."""
    v_given = q @ column
    v = row @ v_given
    return {
        "REINFORCE": q,
        "baseline": q - v,
        "COMA": q - row @ q,  # less the average over row's actions, (3,)
        "CRA": (v_given - v)[:, None].expand(2, 3),  # the same for all moves of column
    }


def compare(q, row, column):
    """name → exact mean and variance of its estimate of the gradient in up's logit."""
    likely = row[:, None] * column  # (2, 3): how probable each joint action is
    score_of_up = torch.stack([1 - row[0], -row[0]])[:, None]  # (2, 1)
    found = {}
    for name, w in four_weights(q, row, column).items():
        estimate = score_of_up * w  # (2, 3)
        mean = (likely * estimate).sum()
        found[name] = float(mean), float((likely * (estimate - mean) ** 2).sum())
    return found


found = compare(q, row, column)

# %% tags=["hide-input"]
print("joint action   probability   " + "   ".join(f"{name:>9}" for name in found))
for a, mine in enumerate(game.action_names[0]):
    for c, theirs in enumerate(game.action_names[1]):
        w = [x[a, c] for x in four_weights(q, row, column).values()]
        cells = "   ".join(f"{float(score(row, a)[0] * x) + 0.0:+9.3f}" for x in w)
        print(f"{mine + ', ' + theirs:14} {float(row[a] * column[c]):11.3f}   {cells}")

# %% [markdown]
# Average each column by probability.

# %%
right = [
    x for x, (mean, _) in found.items() if abs(mean - float(with_values[0])) < 1e-12
]

guess_mean = widgets.ask(
    "same-mean", "all four" if len(right) == 4 else "only REINFORCE"
)
guess_mean

# %% tags=["hide-input"]
with guess_mean.then():
    for name, (mean, _) in found.items():
        print(f"{name:10} mean {mean:+.4f}")

# %% [markdown]
# How far do they scatter (their variance)?

# %%
share = found["CRA"][1] / found["COMA"][1]

guess_share = widgets.ask("share", share, decisions=f"{1 / share:.0f}")
guess_share

# %% [markdown]
# Each row shows all estimates of one kind. Choose `matching_pennies`: does COMA's baseline help there?

# %% tags=["hide-input"]
cloud = widgets.GradientCloud("rectangular")
guess_mean.covered(guess_share.covered(cloud))

# %% [markdown]
# <details><summary>Answer</summary>
# No. Row plays heads with 0.3 and column with 0.7, and COMA scatters most: your other action would have earned the
# opposite.
# </details>

# %% [markdown]
# ## 6. Why
#
# Hold row's action fixed. COMA's advantage still jumps with column's move. Its average over these moves is the CRA:

# %%
coma = q - row @ q  # (2, 3)
with guess_share.then():
    for a, name in enumerate(("up", "down")):
        jumps = ", ".join(f"{x:+.1f}" for x in coma[a].tolist())
        mean = coma[a] @ column
        print(f"{name:5} COMA {jumps}; mean {mean:+.3f}; CRA {regret[a]:+.3f}")

# %% [markdown]
# The score does not depend on column's move. So the jumps are pure noise, and CRA leaves them out. **Averaging out what you need
# not draw never adds scatter.** This is the **Rao–Blackwell** theorem; it holds for each decision:
#
# $$\mathrm{Var}(\hat g^{\text{COMA}}) = \mathrm{Var}(\hat g^{\text{CRA}}) +
# \mathbb E\big[\,|\nabla \log \pi_i(a_i)|^2\; \mathrm{Var}(A^{\text{COMA}} \mid a_i)\,\big]$$
#
# What scatter is left comes from drawing row's own action. MICRA sums over row's actions instead, as in section 3. COMA
# could, too. But what it cannot average out are the *others'* moves:
#
# $$\sum_{a_i} \nabla \pi_i(a_i)\, A^{\text{COMA}}_i(s, [a_i, a_{-i}]) \quad\text{still scatters with } a_{-i}$$
#
# $$\sum_{a_i} \nabla \pi_i(a_i)\, A_i(s, a_i) \quad\text{does not scatter at all}$$
#
# In a given state, MICRA's own update is exact, if $Q$ and the others' policies are.

# %% [markdown]
# ## 7. Does it always help?
#
# First, an *additive* payoff: a part for each player.

# %%
row_part, column_part = torch.tensor([2.0, 1.0]), torch.tensor([3.0, 0.0, 1.0])
added_up = row_part[:, None] + column_part  # (2, 3)

# %%
additive = compare(added_up, row, column)
additive_share = round(additive["CRA"][1] / additive["COMA"][1], 9)

guess_additive = widgets.ask("additive", additive_share)
guess_additive

# %% [markdown]
# Second, our table again, but column always plays *left*.

# %%
always_left = compare(q, torch.tensor([0.7, 0.3]), torch.tensor([1.0, 0.0, 0.0]))
least = min(always_left, key=lambda name: always_left[name][1])

guess_order = widgets.ask("no-order", least)
guess_order

# %% tags=["hide-input"]
with guess_additive.then():
    print(
        "additive:   ", ", ".join(f"{x} {var:.3f}" for x, (_, var) in additive.items())
    )
with guess_order.then():
    print(
        "always left:",
        ", ".join(f"{x} {var:.3f}" for x, (_, var) in always_left.items()),
    )

# %% [markdown]
# <details><summary>After your predictions: what is promised, and what is not</summary>
# COMA and CRA are equal where the others' moves do not change your regrets, or where the others have no
# choice. No theorem orders REINFORCE and CRA: subtracting v(s) mostly helps, not always.
# </details>
#
# Third, all this is about *one decision*. An episode adds up many that depend on each other. Its variance may go either way.

# %% [markdown]
# ## 8. The price
#
# **Joint actions nobody took.** Four agents have five actions each. For one decision REINFORCE needs one value of $Q$,
# COMA 5, CRA all $5^4 = 625$ in a table. (Lesson `13_many_agents` has a cheaper form.) Most were never tried: the critic
# must guess (lesson `04_critic`).
#
# **A model of the others.** CRA averages over how the others play. For an external, that is the imitator's prediction
# $\delta$. Say it is 0.3, 0.4, 0.3, but column plays 0.5, 0.25, 0.25.

# %%
delta = torch.tensor([0.3, 0.4, 0.3])
believed = q @ delta - row @ q @ delta  # (2,): regrets against the predicted column

# %%
arrives = {
    "CRA": bool((row * (believed - regret)).abs().max() < 1e-12),
    "COMA": abs(found["COMA"][0] - float(with_values[0])) < 1e-12,
}
both = [name for name, arrived in arrives.items() if arrived]
outcome = "both" if len(both) == 2 else "".join(both) or "neither"

guess_model = widgets.ask("wrong-model", outcome)
guess_model

# %% tags=["hide-input"]
with guess_model.then():
    print("exact gradient:", [f"{x:+.4f}" for x in with_values.tolist()])
    print("mean of CRA:   ", [f"{x:+.4f}" for x in (row * believed).tolist()])
    print("mean of COMA:  ", [f"{s * found['COMA'][0]:+.4f}" for s in (1, -1)])

# %% [markdown]
# <details><summary>After your prediction: what it means for MICRA</summary>
# Here even the sign is wrong: a good imitator matters. Why not COMA, then? It needs moves drawn from the policy of
# <em>this</em> external. MICRA learns from games recorded with many externals (lessons 4 and 8). With another's moves, COMA
# is wrong on average, too.
# </details>
#
# Turn prey A into prey B, and follow the policies' arrows.

# %% tags=["hide-input"]
chain = widgets.Chain("actors")
chain

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [
    guess_score,
    guess_mean,
    guess_share,
    guess_additive,
    guess_order,
    guess_model,
]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - A gradient is an average of value times **score**. Scores average to zero, so regrets may replace values.
# - Eq. 3 does so in every state, weighted by discounted visits.
# - All four means are equal. In each decision CRA scatters no more than COMA.
# - CRA gains nothing where $Q$ is additive or the others have no choice. Against REINFORCE, or over an episode, nothing is
#   promised.
# - The price: $Q$ of joint actions nobody took, and a model of the others.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Letting the gradient flow through the regret.* Then it is another objective.
# - *A baseline that depends on your own action.* It does not cancel.
# - *Drawing your action and multiplying by π(a) as well.* Then the probability counts twice.
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | Eq. 2 | `micra_lite.regret.counterfactual_regret_advantage` |
# | Eq. 3 as an objective | `micra_lite.regret.policy_gradient_objective` |
# | exact $Q$, visits | `micra_lite.exact.joint_q`, `micra_lite.exact.occupancy` |
#
# **Now you.** Exercises: `exercises/03_policy_gradient.ipynb`.
#
# Next: `04_critic`, where $Q$ comes from. Optional: `03_policy_gradient_deeper`.

# %% tags=["hide-input"]
from micra_lite.baselines.advantages import coma_advantage
from micra_lite.widgets.gradient_cloud import clouds

assert torch.equal(q, game.payoffs[..., 0].double())
assert is_zero
for other in (with_regrets, row * regret, by_torch):
    assert torch.allclose(with_values, other, atol=1e-12)
from_package = counterfactual_regret_advantage(q[None], [row[None], column[None]], [0])[
    0
][0]
assert torch.allclose(regret, from_package, atol=1e-12)
assert abs(float(d.sum()) - 1 / (1 - table.gamma)) < 1e-9
assert table.S == 64
assert abs(rise / expected - 1) < 0.01
assert climbing.softmax(0)[0] > 0.9
assert len(right) == 4
shown_by_widget = clouds(q, [row, column], 0, 0)
for one, (name, (mean, variance)) in zip(shown_by_widget, found.items(), strict=True):
    assert one.name.startswith(name)
    assert abs(one.mean - mean) < 1e-8
    assert abs(one.variance - variance) < 1e-8
policies_of_table = [row[None].numpy(), column[None].numpy()]
packaged_spread = exact.gradient_variances(q[None].numpy(), policies_of_table, 0)
# Over both logits, whose gradients are opposite.
for mine, theirs in (
    ("REINFORCE", "REINFORCE, exact Q"),
    ("baseline", "baseline v(s)"),
    ("COMA", "COMA"),
    ("CRA", "CRA, sampled"),
):
    assert abs(packaged_spread[theirs][0] - 2 * found[mine][1]) < 1e-12
for c in range(3):
    taken = torch.tensor([[0, c]])
    packaged_coma = coma_advantage(q[None], [row[None], column[None]], [0], taken)[0][0]
    assert torch.allclose(packaged_coma, coma[:, c])
assert torch.allclose(coma @ column, regret)
gap = sum(
    row[a] * score(row, a)[0] ** 2 * (column @ (coma[a] - regret[a]) ** 2)
    for a in range(2)
)
assert abs(found["CRA"][1] + float(gap) - found["COMA"][1]) < 1e-12
# Summed over row's own actions, COMA still scatters with column's moves; CRA does not.
slopes = torch.stack([row[a] * score(row, a) for a in range(2)])  # ∇π(a), (2, 2)
summed_coma = slopes.T @ coma  # (2, 3): both logits, column's moves
summed_mean = summed_coma @ column
assert torch.allclose(summed_mean, slopes.T @ regret)
summed_variance = (summed_coma - summed_mean[:, None]).square() @ column
assert (summed_variance > 0.1).all()
summed_cra = slopes.T @ regret[:, None].expand(2, 3)
assert (summed_cra - with_regrets[:, None]).abs().max() < 1e-12
assert found["CRA"][1] < found["baseline"][1] < found["COMA"][1]
assert additive_share == 1
assert least == "REINFORCE"  # no theorem forbids it
assert abs(always_left["COMA"][1] - always_left["CRA"][1]) < 1e-12
pennies = widgets.GradientCloud("matching_pennies")
paid, baseline, of_coma, _ = clouds(
    pennies.game.payoffs[..., 0], pennies.policies(), 0, 0
)
assert of_coma.variance > max(paid.variance, baseline.variance)  # the answer above
assert both == ["COMA"]
print("all checks passed")
