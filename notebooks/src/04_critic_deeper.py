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
# # The critic, deeper
#
# Lesson 4 made some choices: targets with an expectation, a slow copy, a team that explores. What does each of them save or
# cost? And how is MICRA's critic built, so that it can be asked about all joint actions at once? This notebook is optional.
#
# **Afterwards you can**
#
# - compute exactly how much noise the expectation takes out of a target;
# - say what the slow copy costs, and when more exploration does harm;
# - prove what a critic learns if it is told nothing about the external;
# - write the packaged critic, its target and its loss with loops.
#
# **You need** lesson `04_critic`. For section 5, a little PyTorch.
#
# **Time**: 28 minutes.

# %% tags=["hide-input"]
import os

# small sums: one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

from itertools import product

import numpy as np
import torch

import micra_lite
from micra_lite import exact, widgets
from micra_lite.agent import prior_belief as nothing_watched
from micra_lite.replay import Transitions
from micra_lite.settings import Settings
from micra_lite.training_state import TrainingState
from micra_lite.updates import critic_loss, temporal_difference_target
from micra_lite.widgets.critic_table import (
    STATES,
    collect_transitions,
    expected_targets,
    hunter_and_prey,
    sweep,
    transitions_beside,
)

widgets.course_map("critic")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $Q(s, a)$, $\bar Q$ | what a joint action is worth; its slow copy | `q`, `slow` |
# | $y$ | the target of one transition $(s, a, r, s')$ | `y` |
# | $\varepsilon$ | how often the team acts at random in the data | `exploration` |
# | $\tau$ | how far $\bar Q$ follows $Q$ in one step, from 0 to 1 | `tau` |
# | $k$ | an external | `k` |
# | $R$ | number of products in the packaged critic | `settings.rank` |
# | $u_{jr}, c_r, \text{level}_k$ | its factors, weights and level; $r$ counts products (section 5) | `u`, `c`, `level` |

# %% [markdown]
# ## 1. What the expectation saves
#
# One could also draw one next joint action $a'$, and use $r + \gamma \bar Q(s', a')$ as the target. Its mean is the same,
# but it scatters more. By the law of total variance,
#
# $$\mathrm{Var}[y_{\text{drawn}}] = \underbrace{\mathrm{Var}_{s'}[y]}_{\text{expected target}}
# + \gamma^2\, \mathbb E_{s'} \mathrm{Var}_{a'}\big[\bar Q(s', a')\big]$$
#
# Both parts can be summed exactly. We take the game of lesson 4, prey A, a hunter that explores with $\varepsilon = 0.2$,
# and the exact $Q$ as $\bar Q$. Joint actions are numbered from 0 to 24.

# %%
# The game as arrays; policies (S, 5): team is a list of one, others are 32 more prey.
game, team, (prey_a, prey_b), others = hunter_and_prey()
exploring = [0.8 * p + 0.2 / 5 for p in team]
pi = exact.joint_policy([*exploring, prey_a])  # (S, 25)
q_pi = exact.joint_q(game, [*exploring, prey_a]).reshape(game.S, 25)
T = game.T.toarray().reshape(game.S, 25, game.S)  # probability of s' after s, a

V = (pi * q_pi).sum(1)  # (S,)
inner = (pi * (q_pi - V[:, None]) ** 2).sum(1)  # variance over a', in each s'
from_next = game.gamma**2 * (T @ V**2 - (T @ V) ** 2)  # (S, 25): because s' varies
from_action = game.gamma**2 * (T @ inner)  # (S, 25): what drawing a' adds

# %% [markdown]
# Average both over the joint actions that come up while the team plays, each weighted by how often it comes up.

# %%
weight = exact.occupancy(game, [*exploring, prey_a])[:, None] * pi  # visits of (s, a)
weight = weight / weight.sum()

# %%
share = float((weight * from_next).sum() / (weight * (from_next + from_action)).sum())

guess_share = widgets.ask("expectation", share)
guess_share

# %% tags=["hide-input"]
with guess_share.then():
    drawn = from_next + from_action
    print(f"mean variance of y, expected: {(weight * from_next).sum():.3f}")
    print(f"mean variance of y, a' drawn: {(weight * drawn).sum():.3f}")

# %% [markdown]
# To check the law, enumerate all outcomes of one joint action. It is a catch, so there are several $s'$:

# %%
pays = exact.team_reward(game)  # (S, 25)
s, joint = next((s, j) for s in STATES for j in range(25) if (T[s, j] > 0).sum() > 1)
outcomes = [
    (T[s, joint, after] * pi[after, b], pays[s, joint] + game.gamma * q_pi[after, b])
    for after, b in product(range(game.S), range(25))
]
mean = sum(p * y for p, y in outcomes)
listed = sum(p * (y - mean) ** 2 for p, y in outcomes)
with guess_share.then():
    print(f"variance by enumeration: {listed:.6f}")
    print(f"variance by the law:     {from_next[s, joint] + from_action[s, joint]:.6f}")

# %% [markdown]
# ## 2. What the slow copy costs
#
# After each step the slow copy follows a little: $\bar Q \leftarrow \bar Q + \tau (Q - \bar Q)$. A network changes all its
# entries in each step, including those that its targets are made of. So it chases its own tail. With the copy, targets hold
# still for about $1/\tau$ steps.
#
# A table does not need the copy: each entry moves alone. So a table shows what the copy costs, and nothing else.


# %%
data = transitions_beside(0.2, "prey A alone")  # 9,600 transitions
policy_a = exact.joint_policy([*team, prey_a])  # (S, 25)
truth = exact.joint_q(game, [*team, prey_a]).reshape(game.S, 25)
taken = data.counts((game.S, 25)) > 0


def sweeps_needed(tau):
    """How many sweeps until the mean error of the entries with data is below 1."""
    q, slow = np.zeros((game.S, 25)), np.zeros((game.S, 25))
    for k in range(1, 2000):
        y = expected_targets(game, data, slow, policy_a)
        q = sweep(q, data, y, 0.5)  # each entry halfway to the mean of its targets
        slow = slow + tau * (q - slow)
        if np.abs(q - truth)[taken].mean() < 1:
            return k
    raise RuntimeError("not within 2,000 sweeps")


# %%
needed = {tau: sweeps_needed(tau) for tau in (1.0, 0.3, 0.1, 0.03)}

guess_slow = widgets.ask("slow-copy", needed[0.1])
guess_slow

# %% tags=["hide-input"]
with guess_slow.then():
    for tau, k in needed.items():
        print(f"τ = {tau:4}: mean error below 1 after {k:5,} sweeps")

# %% [markdown]
# ## 3. How much to explore
#
# Exploring fills in entries that regrets ask for. Below, a hunter explores with different ε against prey A, for 384 episodes
# each. A table then learns in 200 sweeps.

# %%
coverage, error = {}, {}
for exploration in (0.0, 0.05, 0.1, 0.2, 0.5, 1.0):
    playing = [(1 - exploration) * p + exploration / 5 for p in team]
    rng = np.random.default_rng(0)
    found = collect_transitions(
        game, [*playing, prey_a], episodes=384, length=25, rng=rng
    )
    q = np.zeros((game.S, 25))
    for _ in range(200):
        q = sweep(q, found, expected_targets(game, found, q, policy_a), 0.5)
    seen = found.counts(q.shape) > 0
    coverage[exploration] = int(seen.sum())
    error[exploration] = float(np.abs(q - truth)[seen].mean())

# %%
guess_coverage = widgets.ask("explore-all", coverage[1.0])
guess_coverage

# %% tags=["hide-input"]
with guess_coverage.then():
    print("   ε    joint actions taken   mean error of these")
    for exploration, number in coverage.items():
        print(f"{exploration:4.2f} {number:15} of 300 {error[exploration]:20.2f}")

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# With ε = 1 the entries <em>with</em> data are worse than with ε = 0.2. Their targets ask for the team's own actions at s′. The random
# hunter plays each of these one time in five, so against rare moves of the prey some now have no data. One unknown entry
# spoils those that lead to it.
# </details>

# %% [markdown]
# ## 4. A critic that is told nothing
#
# Lesson 4 asked what one table becomes if half of its targets are made with prey A, half with prey B. Here is the reason for
# the answer. With the same $\bar Q$, the target is linear in the external's policy:
#
# $$\tfrac12 y_A + \tfrac12 y_B = r + \gamma \sum_{a'} \pi_{\mathcal T}(a'_{\mathcal T} \mid s')\,
# \tfrac12 \big(\pi_A + \pi_B\big)(a'_{\mathcal E} \mid s')\, \bar Q(s', a')$$
#
# The right side is the target for one external: the mean policy. So the table becomes the $Q$ of that mixture. It is *not*
# the mean of $Q_A$ and $Q_B$: for that, each half would have to use a $\bar Q$ of its own.

# %%
old = transitions_beside(0.2, "32 other prey")
policy_b = exact.joint_policy([*team, prey_b])
one = np.zeros((game.S, 25))
for _ in range(1000):
    y_a = expected_targets(game, old, one, policy_a)
    y_b = expected_targets(game, old, one, policy_b)
    one = sweep(one, old, (y_a + y_b) / 2, 0.5)

either = (prey_a + prey_b) / 2
exact_q = [exact.joint_q(game, [*team, p]) for p in (prey_a, prey_b, either)]
q_a, q_b, q_either = (table.reshape(game.S, 25) for table in exact_q)
seen = old.counts(one.shape) > 0
compared = {
    "Q of the mixture": q_either,
    "the mean of Q_A and Q_B": (q_a + q_b) / 2,
    "Q_A": q_a,
    "Q_B": q_b,
}
for name, table in compared.items():
    print(f"mean distance from {name:23}: {np.abs(one - table)[seen].mean():.2f}")

# %% [markdown]
# ## 5. The packaged critic
#
# `networks.Critic` puts a network in the table's place. Two hunters and a prey have 125 joint actions in each state. The network
# does not list 125 values. It writes them as a sum of products (in mathematics: a CP decomposition):
#
# $$Q_k(s, a) = \text{level}_k + \sum_{r=1}^R c_r(k) \prod_j u_{jr}(s, a_j)$$
#
# - $u_{jr}(s, a_j)$: a factor for each action of each agent. It depends on the state.
# - $c_r(k)$: the weight of product $r$ with external $k$. It depends on what the imitator predicts of $k$ at a few fixed
#   observations, so it is the same in all states.
# - $\text{level}_k$: one number for each external.
#
# Why products? What is good for one hunter depends on the other hunter and on the external. A sum of one number for each
# agent cannot express that. Sums of products can express anything, if $R$ is large enough.
#
# Why is the level separate? If $\bar Q$ lags, a level inside it rises by only about one reward in each round. So $\bar Q$
# shares the level with $Q$, and only the rest of it lags.


# %%
def entry(level, c, u, joint):
    """Q of one joint action: c (R,); u, one (A_j, R) for each agent."""
    total = float(level)
    for r in range(len(c)):
        term = float(c[r])
        for j, a in enumerate(joint):
            term *= float(u[j][a, r])
        total += term
    return total


# %% [markdown]
# The folded cell makes untrained networks and 6 made-up transitions with each of 2 externals. Some are terminated, as if the
# hunt could end. `told` is what the networks are told about the two externals; `batch` holds the transitions.

# %% tags=["hide-input"]
hunt = micra_lite.make("pursuit", size=2)
small = {
    "features": 8,
    "hidden": 16,
    "actor_hidden": 8,
    "imitator_hidden": 8,
    "rank": 4,
    "probes": 8,
}
settings = Settings(dtype="float64", **small)
state = TrainingState.initial(hunt, settings)
agent, told = state.agent, nothing_watched(state.agent, 2)
differently = {n: torch.stack([p[0], -3 * p[1]]) for n, p in told.parameters[0].items()}
told.parameters = [differently]  # of the second external something else is predicted
generator = torch.Generator().manual_seed(4)
for parameter in agent.target_critic.parameters():  # a slow copy that lags behind
    parameter.data += 0.1 * torch.randn(
        parameter.shape, generator=generator, dtype=torch.float64
    )
states = hunt.reset(12, generator).view(2, 6, -1)
batch = Transitions(
    states=states,
    observations=state.observe(states),
    actions=torch.randint(5, (2, 6, 3), generator=generator),
    rewards=torch.rand(2, 6, 3, generator=generator, dtype=torch.float64),
    next_observations=state.observe(hunt.reset(12, generator).view(2, 6, -1)),
    terminated=torch.tensor([[False, True, False, False, True, False]] * 2),
    next_actions=None,
)
q = agent.value(told, agent.features(batch.observations))
u, c = [f.detach() for f in q.factors], q.scale.detach()  # 3 × (2, 6, 5, R), (2, R)
q_table = q.table.detach().requires_grad_()  # (2, 6, 5, 5, 5)
print("joint actions in a state:", 5**3)
print(
    "numbers that the network gives for a state:",
    sum(f.shape[2] * f.shape[3] for f in u),
)
print("… and for an external:", c.shape[1] + 1)

# %% [markdown]
# ### Its target
#
# The loops of lesson 4, for any number of agents. The team's reward is the mean of the hunters' rewards.


# %%
def target_by_loops(reward, terminated, slow, policies):
    """y of one transition: slow (A_1, …, A_n) and policies n × (A_j,), both at s'."""
    if terminated:
        return reward
    future = 0.0
    for joint in product(*map(range, slow.shape)):
        p = 1.0
        for policy, a in zip(policies, joint, strict=True):
            p *= float(policy[a])
        future += p * float(slow[joint])
    return reward + hunt.gamma * future


with torch.no_grad():
    features = agent.features(batch.next_observations)
    predictions = agent.predict(told, features)  # δ, in place of the prey's policy
    actors = [p.exp() for p in agent.act(told, features, predictions)]
    slow_features = agent.features(batch.next_observations, target=True)
    slow = agent.value(told, slow_features, target=True).table  # (2, 6, 5, 5, 5)
rewards = batch.rewards[..., :2].mean(-1)  # (2, 6)
y = torch.zeros(2, 6, dtype=torch.float64)
for k, n in product(range(2), range(6)):
    rows = [p[k, n] for p in (*actors, *predictions)]
    over = bool(batch.terminated[k, n])
    y[k, n] = target_by_loops(float(rewards[k, n]), over, slow[k, n], rows)

# %% [markdown]
# ### Its loss
#
# The mean squared temporal difference of the joint actions *taken*. No gradient flows through $y$: otherwise the critic
# could lower the loss by moving the target towards its own output.

# %%
loss = 0.0
for k, n in product(range(2), range(6)):
    loss = loss + (q_table[(k, n, *batch.actions[k, n].tolist())] - y[k, n]) ** 2 / 12
(slopes,) = torch.autograd.grad(loss, q_table)
print("entries that get a gradient:", int((slopes != 0).sum()), "of", slopes.numel())

# %% [markdown]
# The critic is taught what was done, and infers the rest. Products help: $u_{jr}(s, a_j)$ is part of all joint actions in
# which $j$ plays $a_j$, so each transition says something about many of them.
#
# ### Cheap sums
#
# Agents choose independently, so the expectation of a product is the product of the expectations:
#
# $$\sum_a \Big[\prod_j \pi_j(a_j)\Big]\, Q_k(s, a) = \text{level}_k + \sum_{r=1}^R c_r(k) \prod_j \sum_{a_j} \pi_j(a_j)\, u_{jr}(s, a_j)$$


# %%
def expected_by_products(level, c, u, policies):
    """Q averaged over all joint actions: policies, one (A_j,) for each agent."""
    total = float(level)
    for r in range(len(c)):
        term = float(c[r])
        for u_j, policy in zip(u, policies, strict=True):
            term *= sum(float(policy[a]) * float(u_j[a, r]) for a in range(len(policy)))
        total += term
    return total


for agents in (3, 8):
    terms = settings.rank * agents * 5
    print(f"{agents} agents: {terms:4} terms instead of {5**agents:,}")

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_share, guess_slow, guess_coverage]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - The expectation costs a sum, and removes all noise that drawing $a'$ would add.
# - The slow copy makes targets hold still. It costs time: the smaller $\tau$, the more.
# - Exploring varies only the team's own moves; too much of it leaves gaps where the team really goes.
# - Targets are linear in the external's policy, so a critic that is told nothing values the mixture.
# - The packaged critic is a sum of products: few numbers, cheap sums, one gradient step says something about many joint actions.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Squaring first and averaging afterwards.* The drawn target has the same mean, but a larger expected square.
# - *Copying the level slowly, too.* Then it takes very long to rise.
# - *Adding one number for each agent instead of multiplying.* Then no regret depends on what the others do.
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | how often a state is visited | `micra_lite.exact.occupancy` |
# | the target with its expectation | `micra_lite.updates.temporal_difference_target` |
# | mean squared temporal difference | `micra_lite.updates.critic_loss` |
# | the critic as a network | `micra_lite.networks.Critic` |
#
# Next in the course: `05_meta_learning`.

# %% tags=["hide-input"]
assert 0 < share < 1
law = from_next + from_action
assert abs(listed - law[s, joint]) < 1e-9
assert needed[1.0] == 84  # as the question says
assert list(needed.values()) == sorted(needed.values())
assert list(coverage.values()) == sorted(coverage.values())
assert coverage[1.0] < 300
assert error[1.0] == max(error.values()) > error[0.2]
policy_either = exact.joint_policy([*team, either])
# So targets are the same.
assert np.abs((policy_a + policy_b) / 2 - policy_either).max() < 1e-12
assert (
    np.abs(one - q_either)[seen].mean()
    < 0.1
    < np.abs(one - (q_a + q_b) / 2)[seen].mean()
)

packaged = temporal_difference_target(state, told, told, batch)  # (2, 6)
assert torch.allclose(packaged, y, rtol=0, atol=1e-12)
assert torch.allclose(critic_loss(q, batch.actions, packaged), loss, rtol=0, atol=1e-12)
by_package = critic_loss(exact.JointTable(q_table), batch.actions, packaged)
(its_slopes,) = torch.autograd.grad(by_package, q_table)
assert torch.allclose(its_slopes, slopes, rtol=0, atol=1e-12)
assert int((slopes != 0).sum()) == 12
assert agent.target_critic.level is agent.critic.level
chances = agent.joint(actors, predictions)  # 3 × (2, 6, 5), in the agents' order
for k, n in product(range(2), range(6)):
    parts = q.level[k, 0].detach(), c[k], [f[k, n] for f in u]
    rows = [p[k, n] for p in chances]
    one_by_one = 0.0
    for joint in product(range(5), repeat=3):
        value = entry(*parts, joint)
        assert abs(value - float(q_table[(k, n, *joint)].detach())) < 1e-12
        one_by_one += value * np.prod(
            [float(p[a]) for p, a in zip(rows, joint, strict=True)]
        )
    assert abs(expected_by_products(*parts, rows) - one_by_one) < 1e-12
print("all checks passed")
