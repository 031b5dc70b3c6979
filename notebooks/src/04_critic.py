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
# # The critic
#
# Regrets need to know what every joint action is worth. Nobody tells us. How does one learn it from games that were played, and
# how far can it be trusted?
#
# **Afterwards you can**
#
# - write down the target of a temporal difference with its expectation taken, and say when it must not bootstrap;
# - fill a table of joint actions in, sweep by sweep, and compare it with the exact one;
# - say what a critic knows of joint actions that were never taken, and what that does to regrets;
# - say how much the expectation saves, and what the slow copy is;
# - value old data against an external who never played, and say what it takes.
#
# **You need** regrets (lesson `02_regret`), and to have met Q-learning once.
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

import micra_lite
from micra_lite import exact, widgets
from micra_lite.agent import prior_belief
from micra_lite.plotting import games
from micra_lite.plotting.games import picture
from micra_lite.regret import counterfactual_regret_advantage
from micra_lite.replay import Transitions
from micra_lite.settings import Settings
from micra_lite.training_state import TrainingState
from micra_lite.updates import critic_loss, temporal_difference_target
from micra_lite.widgets.critic_table import MOVES, STATES, collect, filling, played, setting, sweep, targets

# %% [markdown]
# ## Notation
#
# The same names in formulas, in text and in code.
#
# | symbol | in words | in code |
# |---|---|---|
# | $Q(s, a)$ | what the joint action $a$ is worth, the policies ever after | `q`, here (S, A_1·A_2) |
# | $\bar Q$ | its slow copy, from which targets are made | `slow`, `target_critic` |
# | $\pi_{\mathcal T}$, $\pi_{\mathcal E}$ | the team's policy; the external's | `team`, `prey_a` |
# | $\delta_k$ | the imitator's prediction of external $k$, in place of $\pi_{\mathcal E}$ | `predictions` |
# | $D$ | data: transitions $(s, a, r, s')$ | `data` |
# | $y$ | the target of one transition | `targets` |
# | $\varepsilon$ | how often the team acts at random while it collects $D$ | `exploration` |
# | $\gamma$ | discount | `game.gamma` |

# %% [markdown]
# ## 1. A table of joint actions
#
# Pursuit with 2 × 2 cells, one hunter (ours) and one prey (not ours). Both move at once. A catch pays 1, and the prey starts
# again elsewhere. That makes 12 states: the two never begin a move on the same cell.

# %%
pursuit = micra_lite.make("pursuit", size=2, hunters=1)
widgets.show(picture(pursuit, pursuit.states()[3]), games.words(pursuit, pursuit.states()[3]))

# %% [markdown]
# The team answers the *average* prey best. Prey A and prey B are two newcomers. So small a game can be solved exactly: this is
# $Q(s, \cdot)$ in the state above, with the team's policy and prey A ever after.

# %%
game, team, (prey_a, prey_b), others = setting()  # arrays, float64
policies = [*team, prey_a]  # (S, 5) each
truth = exact.joint_q(game, policies)  # (S, 5, 5)

print("hunter \\ prey " + "".join(f"{m:>7}" for m in MOVES))
for a, name in enumerate(MOVES):
    print(f"{name:13} " + "".join(f"{x:7.2f}" for x in truth[3, a]))

# %% [markdown]
# Two entries catch the prey at once: south with west, and east with north. They are about 1 higher than their neighbours in the row. The
# rest of each number, 7 or more, is the future: the same team and prey go on for ever. After some moves it is brighter, as in the column
# *west*.
#
# A usual Q-function is asked for the own action only. Ours is **joint**: it has the external's move in it. The external is *not* part of
# its environment. That will be worth much in section 7.

# %% [markdown]
# ## 2. The target
#
# $Q$ is not known, but it must agree with itself. After a transition $(s, a, r, s')$ it should say
#
# $$y = r + \gamma \sum_{a'} \pi_{\mathcal T}(a'_{\mathcal T} \mid s')\, \pi_{\mathcal E}(a'_{\mathcal E} \mid s')\,
# \bar Q(s', a')$$
#
# The difference $y - Q(s, a)$ is the **temporal difference**. Where the episode has *terminated* there is no future, and $y = r$.
# In plain loops:


# %%
def target_by_loops(reward, next_state, terminated, slow, policies):
    """y of one transition: slow (S, A_1, …, A_n); policies, one (S, A_j) for each agent."""
    if terminated:
        return reward
    future = 0.0
    for joint in product(*map(range, slow.shape[1:])):
        p = 1.0
        for policy, a in zip(policies, joint, strict=True):
            p *= policy[next_state, a]
        future += p * slow[next_state][joint]
    return reward + game.gamma * future


# %% [markdown]
# Put the exact $Q$ in as $\bar Q$, and average $y$ over where $s'$ may be. Then $y$ must be $Q(s, a)$ itself:

# %%
T = game.T.toarray().reshape(game.S, 5, 5, game.S)  # T[s, a_1, a_2, s']
R = exact.team_reward(game).reshape(game.S, 5, 5)
from_loops = np.zeros_like(truth)
futures = np.array([target_by_loops(0.0, s, False, truth, policies) for s in range(game.S)])
for s, a, b in product(range(game.S), range(5), range(5)):
    from_loops[s, a, b] = R[s, a, b] + T[s, a, b] @ futures
print("exact Q agrees with itself within 1e-9:", np.abs(from_loops - truth).max() < 1e-9)

# %% [markdown]
# ### Over, or only cut?
#
# Our episodes are *cut* after 25 steps, to see many starts. The game itself would go on. So a **truncated** transition is not an end: $s'$
# has a future like any other, and $y$ bootstraps. What if one forgets that?

# %%
steps = 25  # in an episode

# %%
as_if = (1 - game.gamma) / (1 - game.gamma * (steps - 1) / steps)  # of a steady income

guess_cut = widgets.ask("cut", as_if)
guess_cut

# %% [markdown]
# ## 3. Sweep by sweep
#
# Now the data. The team plays 384 episodes beside prey A; with $\varepsilon = 0.2$ the hunter acts at random once in five times. `data` holds
# the transitions, the joint action as one number from 0 to 24.

# %%
exploring = [0.8 * p + 0.2 / p.shape[1] for p in team]
data = collect(game, [*exploring, prey_a], 384, steps, np.random.default_rng(0))
counts = data.counts((game.S, 25))
print(f"{len(data.state):,} transitions")
print(f"{np.count_nonzero(counts)} of {25 * len(STATES)} joint actions were taken")

# %% [markdown]
# One **sweep** makes the targets of all transitions, and moves each entry halfway to the mean of its own. $\bar Q$ is the table before the
# sweep. First by loops, then with arrays, as the widget below does it:


# %%
def sweep_by_loops(q, data, policies, rate):
    """q (S, A_1, A_2) → the same after one sweep."""
    wanted = {}
    for s, joint, r, after in zip(data.state, data.joint, data.reward, data.next_state, strict=True):
        y = target_by_loops(r, after, False, q, policies)  # nothing ends in pursuit
        wanted.setdefault((s, *divmod(int(joint), 5)), []).append(y)
    moved = q.copy()
    for entry, ys in wanted.items():
        moved[entry] += rate * (sum(ys) / len(ys) - q[entry])
    return moved


joint_policy = exact.joint_policy(policies)  # (S, 25)
some = type(data)(*(column[:400] for column in vars(data).values()))
by_loops, by_arrays = np.zeros_like(truth), np.zeros((game.S, 25))
for _ in range(3):
    by_loops = sweep_by_loops(by_loops, some, policies, 0.5)
    by_arrays = sweep(by_arrays, some, targets(game, some, by_arrays, joint_policy), 0.5)
apart_sweep = np.abs(by_loops.reshape(by_arrays.shape) - by_arrays).max()
print("three sweeps by loops and by arrays agree within 1e-12:", apart_sweep < 1e-12)

# %% [markdown]
# How fast? Watch the mean error of the entries that have data.


# %%
def learn(data, joint_policy, sweeps=200, cuts_end=False):
    """The table after so many sweeps, (S, 25); `cuts_end` makes the mistake of section 2."""
    q, over = np.zeros((game.S, 25)), np.zeros(len(data.state), bool)
    if cuts_end:
        over[-len(data.state) // steps :] = True  # listed step by step: these come last
    for _ in range(sweeps):
        y = targets(game, data, q, joint_policy)
        q = sweep(q, data, np.where(over, data.reward, y), 0.5)
    return q


def error(q, truth, which):
    return float(np.abs(q - truth.reshape(q.shape))[which].mean())


taken = counts > 0
for sweeps in (0, 1, 10, 50, 100, 200):
    print(f"{sweeps:4} sweeps: mean error {error(learn(data, joint_policy, sweeps), truth, taken):.2f}")

# %% [markdown]
# Each sweep looks one step ahead, so news of a far future comes slowly. Half of an entry's own error stays. The other half is replaced
# by $\gamma$ times the errors at $s'$. So errors shrink by the factor $\tfrac12 + \tfrac12\gamma = 0.975$ a sweep.
#
# And the mistake of section 2, made on these data? The share of the right values, over the entries with data:

# %%
mistaken, right = learn(data, joint_policy, cuts_end=True), learn(data, joint_policy)
cut_share = float(mistaken[taken].mean() / right[taken].mean())
with guess_cut.then():
    print(f"cuts taken for ends: {cut_share:.2f} of the right values (a steady income: {as_if:.2f})")

# %% [markdown]
# ## 4. Watch it fill in
#
# The same table for you to play with. Hatched entries have no data. Move **Sweeps** and **State** with the arrow keys.
#
# First a question about the exploration that you can choose there.

# %%
never = filling(0.0, 0, 0)  # ε = 0, played beside A, valued against A

# %%
said = never.learned[-1][never.counts == 0]

outcome = "about the right value" if said.any() else "0, as at the start"
guess_never = widgets.ask("never-taken", outcome)
guess_never

# %%
table = widgets.CriticTable()
guess_never.covered(table)

# %% [markdown]
# Try:
#
# 1. From 0 to 200 sweeps: which entries become right first, and which never?
# 2. ε = 0: which rows are left? Why are some columns missing as well?
#
# The other two choices come in section 7.

# %% [markdown]
# <details><summary>Answers</summary>
# 1. Nearly together, for most of each number is the future. Without data: never. 2. One row, that of the team's action (in states that are
# reached). Columns are missing where the prey never moved that way.
# </details>

# %% [markdown]
# ## 5. What regret makes of it
#
# In the state of section 1, with ε = 0, the hunter's other actions were never taken. Regret asks about exactly these.


# %%
def hunter_regret(q):
    """Eq. 2 for the hunter: (S, 25) → (S, 5)."""
    rows = [torch.from_numpy(p) for p in policies]
    return counterfactual_regret_advantage(torch.from_numpy(q.reshape(truth.shape)), rows, [0])[0].numpy()


def seems_better(q):
    """In how many states has some action a regret above 0.1?"""
    return int((hunter_regret(q)[list(STATES)].max(1) > 0.1).sum())


critics = {"exact": truth, "ε = 0": never.learned[-1], "ε = 0.2": right}
better = {name: seems_better(q) for name, q in critics.items()}

# %%
outcome = "in none" if better["ε = 0"] == 0 else "in more"
guess_blind = widgets.ask("blind-regret", outcome, true=str(better["exact"]))
guess_blind


# %%
def print_regrets(names):
    """The hunter's regrets in the state of section 1, and in how many states something seems better."""
    print("hunter's regrets in state 3, against prey A")
    print(" " * 17 + "".join(f"{m:>8}" for m in MOVES))
    for name in names:
        regrets = hunter_regret(critics[name])[3].round(9)
        print(f"{name:16} " + "".join(f"{x + 0.0:8.2f}" for x in regrets), end="")
        print(f"   better in {better[name]} states")


with guess_blind.then():
    print_regrets(critics)

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# A critic without exploration says: everything else is terrible. It is not wrong about what it knows. It was never shown. The last line is
# better, but still too harsh: a rare move of the hunter never met a rare move of prey A.
# </details>
#
# CRA has a price: it asks about joint actions that nobody took. So the team explores while it collects.
#
# How much exploration? Here is what different ε leave unknown, of all 300 entries, and how wrong the rest is after 200 sweeps:

# %%
print("   ε    taken   error of these")
coverage = {}
for exploration in (0.0, 0.05, 0.1, 0.2, 0.5, 1.0):
    playing = [(1 - exploration) * p + exploration / p.shape[1] for p in team]
    found = collect(game, [*playing, prey_a], 384, steps, np.random.default_rng(0))
    seen = found.counts((game.S, 25)) > 0
    coverage[exploration] = int(seen.sum())
    print(f"{exploration:4.2f} {seen.sum():8} {error(learn(found, joint_policy), truth, seen):12.2f}")

# %% [markdown]
# Even ε = 1 does not show everything. The hunter explores; the *prey* does not. Only other prey can show other moves.
#
# And more is not always better: with ε = 1 the entries *with* data are worse. Their targets ask for the team's own actions at $s'$, and
# some of these, against rare moves, now have no data. One unknown entry spoils those before it.

# %% [markdown]
# ## 6. Why the expectation is taken
#
# One could also draw one $a'$ and use $r + \gamma \bar Q(s', a')$. Its mean is the same. But it scatters more, by the law of total
# variance:
#
# $$\mathrm{Var}[y_{\text{drawn}}] = \underbrace{\mathrm{Var}_{s'}[y]}_{\text{expected target}}
# + \gamma^2\, \mathbb E_{s'} \mathrm{Var}_{a'}\big[\bar Q(s', a')\big]$$
#
# All of it can be summed exactly. A team in the middle of learning is stochastic; let it be the exploring one. $\bar Q$ is exact.

# %%
stochastic = [*exploring, prey_a]
pi = exact.joint_policy(stochastic)  # (S, 25)
q_pi = exact.joint_q(game, stochastic).reshape(game.S, 25)
V = (pi * q_pi).sum(1)  # (S,)
inner = (pi * (q_pi - V[:, None]) ** 2).sum(1)  # Var over a', in each state s'
to = T.reshape(game.S, 25, game.S)
from_next = game.gamma**2 * (to @ V**2 - (to @ V) ** 2)  # (S, 25): what s' contributes
from_action = game.gamma**2 * (to @ inner)  # (S, 25): what drawing a' adds

weight = exact.occupancy(game, stochastic)[:, None] * pi  # how often (s, a) comes up
weight = weight / weight.sum()

# %%
share = float((weight * from_next).sum() / (weight * (from_next + from_action)).sum())

guess_share = widgets.ask("expectation", share)
guess_share

# %%
with guess_share.then():
    print(f"variance of y, expected: {(weight * from_next).sum():.3f}")
    print(f"variance of y, a′ drawn: {(weight * (from_next + from_action)).sum():.3f}")

# %% [markdown]
# One joint action by enumeration, to check the law. It catches the prey, so there are several $s'$:

# %%
catches = [(s, j) for s in STATES for j in range(25) if (to[s, j] > 0).sum() > 1]
s, joint = catches[0]
outcomes = [
    (to[s, joint, after] * pi[after, b], R.reshape(game.S, 25)[s, joint] + game.gamma * q_pi[after, b])
    for after, b in product(range(game.S), range(25))
]
mean = sum(p * y for p, y in outcomes)
listed = sum(p * (y - mean) ** 2 for p, y in outcomes)
print("the law holds within 1e-9:", abs(listed - from_next[s, joint] - from_action[s, joint]) < 1e-9)

# %% [markdown]
# ### The slow copy
#
# $y$ is made from $\bar Q$, not from $Q$. After each step $\bar Q$ follows a little: $\bar Q \leftarrow \bar Q + \tau (Q - \bar Q)$. A network
# changes *all* its entries in each step, so also those that its targets are made of: it would run after its own tail. The copy makes targets
# that hold still for about $1/\tau$ steps.
#
# It is not free. In a table, where an entry moves alone, one sees the cost by itself:


# %%
def sweeps_needed(tau, goal=1.0):
    """How many sweeps until the mean error of entries with data is below the goal."""
    q, slow = np.zeros((game.S, 25)), np.zeros((game.S, 25))
    for k in range(1, 2000):
        q = sweep(q, data, targets(game, data, slow, joint_policy), 0.5)
        slow = slow + tau * (q - slow)
        if error(q, truth, taken) < goal:
            return k
    raise RuntimeError("not within 2,000 sweeps")


needed = {tau: sweeps_needed(tau) for tau in (1.0, 0.3, 0.1, 0.03)}
for tau, k in needed.items():
    print(f"τ = {tau:4}: mean error below 1 after {k} sweeps")

# %% [markdown]
# ## 7. Old data, new external
#
# Prey B comes. All data are of other prey. Are they lost?
#
# $r$ and $s'$ follow from the joint action $a$, *whoever chose it*. The external enters $y$ in one place only: in the expectation
# over $a'$. So one can take the old transitions and **relabel** them: put another $\pi_{\mathcal E}$ (in MICRA: another $\delta_k$) into that sum.
#
# This needs every external to be a stationary policy of what it observes. What it remembers must be part of $s$. But is it enough?

# %%
relabelled = {}
for who, many in (("prey A alone", 0), ("32 other prey", 32)):
    for name, k in (("A", 0), ("B", 1)):
        x = filling(0.2, many, k)
        relabelled[who, name] = x.error(-1, taken=True)
against_b = relabelled["32 other prey", "B"]

# %%
guess_relabel = widgets.ask("relabel", "below 0.2" if against_b < 0.2 else "about 2")
guess_relabel

# %%
with guess_relabel.then():
    print("mean error of entries with data, after 200 sweeps")
    print("played by         valued against A   valued against B")
    for who in ("prey A alone", "32 other prey"):
        print(f"{who:18} {relabelled[who, 'A']:15.2f} {relabelled[who, 'B']:18.2f}")

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# The one bad number: A's data, valued against B. Relabelling is right there, too, but the future against B is made of B's moves, and A
# never made some of them. It is section 5 again, on the other side of the table. The cure is that <em>many</em> externals play, as in MICRA.
# </details>
#
# And the regrets of section 5? In the last line below, the 32 other prey have played, ten times as many episodes. They are valued against A.

# %%
generators = [np.random.default_rng(k) for k in range(32)]
parts = [collect(game, [*exploring, p], 120, steps, g) for p, g in zip(others, generators, strict=True)]
company = type(data)(*map(np.concatenate, zip(*(vars(part).values() for part in parts), strict=True)))
critics["… more company"] = learn(company, joint_policy)
better["… more company"] = seems_better(critics["… more company"])

with guess_relabel.then():
    print_regrets(["exact", "ε = 0.2", "… more company"])

# %% [markdown]
# After your prediction, go back to the table in section 4 and try:
#
# 1. Played beside *prey A alone*, valued against *prey B*. Do more sweeps help?
# 2. Now let *32 other prey* have played. Neither A nor B was among them.
#
# <details><summary>Answers</summary>
# 1. No. The future against B is made of B's moves, and many of those were never seen: their entries say 0. 2. Both come out right, for
# between them the 32 made all the moves that A and B make.
# </details>

# %% [markdown]
# **Question.** A critic without the external's move in it, $Q(s, a_{\mathcal T})$: could its data be relabelled?
#
# <details><summary>Answer</summary>
# No. Its r and s′ depend on what the external of that day did. Against another external the same own action has other consequences, and
# nothing in the data says which. That is what the joint Q-function is for.
# </details>

# %% [markdown]
# ## 8. One table for all externals?
#
# A critic that is told $\delta_k$ as an input can be a different table for each external: it is **conditioned**. One that is not told must
# serve all with one table. Let half of all targets be made with prey A, half with prey B.

# %%
both = (prey_a + prey_b) / 2  # in each state, a coin toss
q_a, q_b, q_mix = (exact.joint_q(game, [*team, p]).reshape(game.S, 25) for p in (prey_a, prey_b, both))
two = [exact.joint_policy([*team, p]) for p in (prey_a, prey_b)]

q_one = np.zeros((game.S, 25))
mean_data = played(0.2, 32)
for _ in range(1000):
    y = np.mean([targets(game, mean_data, q_one, p) for p in two], 0)  # half of each
    q_one = sweep(q_one, mean_data, y, 0.5)
seen = mean_data.counts(q_one.shape) > 0
to_mixture, to_mean = error(q_one, q_mix, seen), error(q_one, (q_a + q_b) / 2, seen)

# %%
outcome = "Q against a mixture of both" if to_mixture < to_mean else "the mean of both Qs"
guess_mixture = widgets.ask("mixture", outcome)
guess_mixture

# %%
with guess_mixture.then():
    print(f"mean distance from Q against the mixture: {to_mixture:.2f}")
    print(f"mean distance from the mean of both Qs:   {to_mean:.2f}")
    print(f"mean distance from Q_A: {error(q_one, q_a, seen):.2f}, from Q_B: {error(q_one, q_b, seen):.2f}")
    print(f"two tables, one for each: {relabelled['32 other prey', 'A']:.2f} and {against_b:.2f}")

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# (Tables for A and B hold what section 7 learned.) So a critic that is told nothing is a good critic of somebody who does not exist. Its regrets lead
# to a team that would be good against the average of all externals. But nobody is average.
# </details>
#
# MICRA's critic is always told whom it values. Its actors need not be: lesson 7.

# %% [markdown]
# ## 9. The packaged critic
#
# `networks.Critic` puts a network in the table's place. There are two hunters now, so each state has 125 joint actions. The network does not list
# 125 values. It writes them as a sum of $R$ products:
#
# $$Q_k(s, a) = \text{level}_k + \sum_{m=1}^R c_m(k) \prod_j u_{jm}(s, a_j)$$
#
# - $u_{jm}(s, a_j)$: for each agent, a number for each of its actions. It depends on the state.
# - $c_m(k)$: how much product $m$ counts beside external $k$. It depends on the **belief** about $k$: what the imitator predicts in a few fixed
#   observations, the *probes*. So it is the same in all states.
# - $\text{level}_k$: one number for each external, also from the belief.
#
# Why products? What is a good move for one hunter depends on the other's, and on the external. A sum of one number for each agent could not say so;
# sums of products can say anything, if $R$ is large enough. Why is the level apart? A target is one reward plus $\gamma\bar Q$. If $\bar Q$ is
# late, a level inside it rises by about one reward with each round. So $\bar Q$ shares the level, and only the rest of it is late.
#
# Here are 2 externals and 6 made-up transitions with each, some terminated (as if the hunt could end):

# %%
hunt = micra_lite.make("pursuit", size=2)
small = {"features": 8, "hidden": 16, "actor_hidden": 8, "imitator_hidden": 8, "rank": 4, "probes": 8}
settings = Settings(dtype="float64", **small)
state = TrainingState.initial(hunt, settings)
agent, belief = state.agent, prior_belief(state.agent, 2)
differently = {n: torch.stack([p[0], -3 * p[1]]) for n, p in belief.parameters[0].items()}
belief.parameters = [differently]  # the second imitator predicts otherwise
generator = torch.Generator().manual_seed(4)
for parameter in agent.target_critic.parameters():  # a slow copy that lags behind
    parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
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

# %% [markdown]
# The team's reward is the mean of the hunters'. `target_by_loops` from section 2 is asked for one transition after another, with what the
# networks say at its $s'$:

# %%
with torch.no_grad():
    features = agent.features(batch.next_observations)
    predictions = agent.predict(belief, features)  # δ: one external, (2, 6, 5)
    actors = [p.exp() for p in agent.act(belief, features, predictions)]  # 2 × (2, 6, 5)
    slow_features = agent.features(batch.next_observations, target=True)
    slow = agent.value(belief, slow_features, target=True).table.flatten(0, 1)  # Q̄: (12, 5, 5, 5)
rows = [p.flatten(0, 1).numpy() for p in (*actors, *predictions)]
rewards, over = batch.rewards[..., :2].mean(-1).flatten().tolist(), batch.terminated.flatten().tolist()
by_hand = [target_by_loops(rewards[n], n, over[n], slow.numpy(), rows) for n in range(12)]

packaged = temporal_difference_target(state, belief, belief, batch)  # (2, 6)
apart_target = float((packaged.flatten() - torch.tensor(by_hand, dtype=torch.float64)).abs().max())
print("targets by loops and packaged agree within 1e-12:", apart_target < 1e-12)

# %% [markdown]
# The loss is the mean squared temporal difference, of the joint actions *taken*. No gradient flows through $y$.

# %%
q = agent.value(belief, agent.features(batch.observations))
q_table = q.table.detach().requires_grad_()  # (2, 6, 5, 5, 5)
loss_by_loops = 0.0
for k in range(2):
    for n in range(6):
        taken = float(q_table[(k, n, *batch.actions[k, n].tolist())].detach())
        loss_by_loops += (taken - by_hand[6 * k + n]) ** 2 / 12
loss = critic_loss(q, batch.actions, packaged)
(slopes,) = torch.autograd.grad(critic_loss(exact.JointTable(q_table), batch.actions, packaged), q_table)
apart_loss = abs(float(loss.detach()) - loss_by_loops)
print("losses agree within 1e-12:", apart_loss < 1e-12)
print("entries that get a gradient:", int((slopes != 0).sum()), "of", slopes.numel())

# %% [markdown]
# 12 of 1,500: the critic is taught about what was done. It infers the rest. Products help: $u_{jm}(s, a_j)$ has a part in all joint actions in which
# $j$ plays $a_j$, so each transition says something about many of them.
#
# And sums are cheap. Agents choose independently, so the expectation of a product is the product of the expectations:
#
# $$\sum_a \Big[\prod_j \pi_j(a_j)\Big]\, Q_k(s, a) = \text{level}_k + \sum_{m=1}^R c_m(k) \prod_j \sum_{a_j} \pi_j(a_j)\, u_{jm}(s, a_j)$$
#
# Here $R = 4$: four products of three sums over 5 actions, 60 terms instead of 125. With eight agents it is 160 instead of 390,625.

# %%
chances = agent.joint(actors, predictions)  # 3 × (2, 6, 5), in the agents' order
u, c = [f.detach() for f in q.factors], q.scale.detach()
apart_products = 0.0
for k, n in product(range(2), range(6)):
    one_by_one = sum(
        float(q_table[(k, n, *a)].detach()) * np.prod([float(chances[j][k, n, a[j]]) for j in range(3)])
        for a in product(range(5), repeat=3)
    )
    by_products = float(q.level[k, 0].detach())
    for r in range(settings.rank):
        means = [float((chances[j][k, n] * u[j][k, n, :, r]).sum()) for j in range(3)]
        by_products += float(c[k, r]) * np.prod(means)
    apart_products = max(apart_products, abs(one_by_one - by_products))
print("sums over joint actions and products of sums agree within 1e-12:", apart_products < 1e-12)

# %% [markdown]
# ## Your predictions

# %%
guesses = [guess_cut, guess_never, guess_blind, guess_share, guess_relabel, guess_mixture]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# - The target is the reward plus $\gamma$ times the expected $\bar Q$ at $s'$. After an end it is the reward alone; a cut is no end.
# - A transition teaches one joint action. Those never taken are unknown, and regret asks for them: so the team explores.
# - The expectation costs a sum and takes away what drawing $a'$ would scatter.
# - $\bar Q$ follows slowly, so that targets hold still. That costs time.
# - The joint $Q$ keeps old data valid for a new external: only the expectation changes. Its moves must have been made by somebody.
# - A critic that is not told whom it values, values a mixture.

# %% [markdown]
# ## Common mistakes
#
# - *Not bootstrapping at a cut.* All values come out too small.
# - *Bootstrapping after an end.* The future of a game that is over is counted.
# - *Taking the next action from the data.* It is that of the old external and the old team.
# - *Trusting entries never taken.* A low value may only mean: not tried.
# - *Letting a gradient flow through $y$.* Then the target moves to the prediction.
# - *Leaving the external's move out of $Q$*, and relabelling all the same.

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | exact $Q$ of given policies | `micra_lite.exact.joint_q` |
# | the target with its expectation | `micra_lite.updates.temporal_difference_target` |
# | mean squared temporal difference | `micra_lite.updates.critic_loss` |
# | the critic as a network | `micra_lite.networks.Critic` |
# | what stands in for the external | `micra_lite.agent.Belief.predict` |
# | how often a state is visited | `micra_lite.exact.occupancy` |
# | to play with | `micra_lite.widgets.CriticTable` |
#
# **Now you.** The exercises on this lesson: `exercises/04_critic.ipynb`.

# %% [markdown]
# Next: `05_meta_learning`. The expectation needs a prediction of the external, after few observed moves.
#
# Last, the notebook checks itself.

# %%
assert np.abs(from_loops - truth).max() < 1e-9
assert apart_sweep < 1e-12
assert abs(cut_share - as_if) < 0.05
assert not said.any()
assert better["ε = 0"] == 0 < better["exact"]
assert better["… more company"] == better["exact"]
assert np.abs(hunter_regret(critics["… more company"]) - hunter_regret(truth))[list(STATES)].max() < 0.1
assert list(coverage.values()) == sorted(coverage.values())
assert coverage[1.0] < 300
assert 0 < share < 1
assert abs(listed - from_next[s, joint] - from_action[s, joint]) < 1e-9
assert list(needed.values()) == sorted(needed.values())
assert max(relabelled["32 other prey", k] for k in "AB") < 0.2 < 2 < relabelled["prey A alone", "B"]
mean_target = np.mean([(p * q_mix).sum(1) for p in two], 0)  # the mean of the targets' futures …
of_mixture = (exact.joint_policy([*team, both]) * q_mix).sum(1)
assert np.abs(mean_target - of_mixture).max() < 1e-12  # … is the mixture's
assert to_mixture < to_mean
assert apart_target < 1e-12
assert apart_loss < 1e-12
assert apart_products < 1e-12
assert int((slopes != 0).sum()) == 12
print("all checks passed")
