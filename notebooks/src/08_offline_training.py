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
# # Offline training
#
# Extractor, imitator, critic and actors have each had their lesson. Now they learn together. What happens in one update of MICRA's first phase, and in which
# order? Here it is written out by hand, and it does the same as the package.
#
# **Afterwards you can**
#
# - write a whole update of MICRA from its pieces;
# - say what is drawn from the data in each step, and for which externals;
# - say what the critic is told in training that the actors are not, and why;
# - test whether a saved training is complete.
#
# **You need** regrets (lesson `02_regret`), the critic (`04_critic`) and beliefs (`07_extractor_beliefs_actors`).
#
# **Time**: 27 minutes.

# %% tags=["hide-input"]
import os

# one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import math
import tempfile
from pathlib import Path

import torch

import micra_lite
from micra_lite import widgets
from micra_lite.agent import Belief, make_belief
from micra_lite.imitation import adapt, meta_loss
from micra_lite.rollouts import collect
from micra_lite.updates import gradient_step


def apart(one, other):
    """The largest difference of any parameter of two teams, slow copies included."""
    left, right = one.agent.state_dict(), other.agent.state_dict()
    return max(float((left[name] - right[name]).abs().max()) for name in left)


widgets.course_map("offline training")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $D$ | the data: all that was played | `state.replay` |
# | $k$; $K$, $N$ | an external; externals of one update, and states for each | |
# | $\delta_k$ | the imitator's prediction, adapted to $k$ | `delta`, (K, N, 5) |
# | $\pi_i$ | hunter $i$'s policy | `pi[i]`, (K, N, 5) |
# | $Q$, $\bar Q$ | the critic, its slow copy | `q.table`, (K, N, 5, 5, 5) |
# | $y$ | what $Q(s, a)$ should be | `y`, (K, N) |
# | $A_i(s, a_i)$ | regret advantage (Eq. 2) | `regret` |
# | $\tau$ | how fast $\bar Q$ follows | `state.target_rate` |

# %% [markdown]
# ## 1. Five steps, again and again
#
# 1. **Collect**: meet a few training externals, play, put the episodes into $D$. (Only in every few updates.)
# 2. **Imitate**: draw $K$ externals from $D$, adapt to each, and learn from other episodes of the same ones (Eq. 4).
# 3. **Critic**: draw transitions from $D$; one step down the squared temporal difference, with $\delta_k$ in the expectation.
# 4. **Regrets**: put $Q$, $\delta_k$ and the policies into Eq. 2.
# 5. **Actors**: one step along Eq. 3.
#
# Here is a very small team: pursuit on 2 × 2 cells, two hunters, one prey. We let the package train it for four updates, and
# save it. Everything that changes is in `state`, and so in the file.

# %%
game = micra_lite.make("pursuit", size=2)
family = micra_lite.external_family("pursuit", game)
externals, HUNTERS, PREY = family.split("train"), [0, 1], 2  # places of the agents
settings = micra_lite.Settings(
    dtype="float64", updates=8, updates_per_round=2,
    externals_per_round=6, episodes_per_external=6, rounds_kept=4,
    externals_per_update=3, unwatched_externals=1,
    support_episodes=(1, 2), query_episodes=2, inner_steps=2,
    value_steps=2, states=8, states_per_external=8,
    features=8, hidden=16, actor_hidden=8, imitator_hidden=8, rank=4,
)  # fmt: skip
records = micra_lite.offline_training(game, family, settings)
state = next(r for r in records if r.step == 4).state
folder = tempfile.TemporaryDirectory()
file = Path(folder.name) / "team.pt"
micra_lite.save(file, state)
ours = micra_lite.load(file)  # a copy to work on
print(f"after {ours.updates} updates: {ours.replay.size} groups of episodes in D")

# %% [markdown]
# ## 2. Collect
#
# The package's `collect` draws a few externals and plays with each: half of the episodes with a team that has watched nothing, half after it has watched
# some of those. A share of the hunters' moves is random, so that $D$ has joint actions that the team would not choose.
#
# $D$ keeps a **group** of episodes for each external met. Step 2 needs groups: it adapts to, and learns from, one external's moves. Step 3 draws
# *transitions* ($s$, $a$, $r$, $s'$) from anywhere in $D$. Each is valued against every watched external $k$ of the update.

# %%
groups = ours.replay.size
draws = torch.Generator().manual_seed(0)
played_by = torch.randint(groups, (100_000,), generator=draws)  # of a transition
valued_against = torch.randint(groups, (100_000,), generator=draws)
own = float((played_by == valued_against).double().mean())

guess_own = widgets.ask(
    "own-transitions", "about 1 in 12" if abs(own - 1 / 12) < 0.01 else "about half"
)
guess_own

# %% [markdown]
# <details><summary>After your prediction: why that is allowed</summary>
# Because of what lesson 4 found: r and s′ follow from the joint action, whoever chose it. Only the expectation at s′ asks who the external is. So data
# never get old, and every episode teaches something about every external.
# </details>

# %% [markdown]
# ## 3. Imitate
#
# The loss of lesson 6, for all $K$ drawn externals at once. The last ones are left **unwatched**: their support counts for nothing, so $\theta' = \theta$ for
# them. They teach $\theta$ to be a good guess about a stranger.


# %%
def imitate(state, groups):
    """Eq. 4's loss, θ′ of each drawn external, and the order of episodes."""
    s, agent, luck = state.settings, state.agent, state.generator
    n = s.support_episodes[torch.randint(len(s.support_episodes), (1,), generator=luck)]
    order = torch.randperm(s.episodes_per_external, generator=luck)
    support = state.replay.pairs(groups, order[:n])
    query = state.replay.pairs(groups, order[n : n + s.query_episodes])
    support.weights[-s.unwatched_externals :] = 0.0  # n episodes are watched, or none
    sets = [
        (agent.features(p.observations)[PREY], p.actions[..., PREY], p.weights)
        for p in (support, query)
    ]
    loss, theta = meta_loss(agent.imitators[0], *sets, s.inner_steps)
    return loss, theta, order


# %% [markdown]
# ## 4. Beliefs before watching
#
# A team must play well before it has watched, too. Whom should its critic believe in then? The average external? Think of a friend who always goes left, or
# always goes right. A coin decides, once, which friend you meet.

# %%
steps = 10
earned = 0.5 * 1 + (steps - 1) * 1.0  # the first step is a guess

guess_friend = widgets.ask("coin-friend", earned)
guess_friend

# %% [markdown]
# In training we can do better than believe in the average: **the critic may know more than the actors.** It is needed in training only, and $D$ shows what an "unwatched"
# external did. So the critic is told the prediction after many watched episodes, and values the real one. The actors are told $\theta$'s prediction and the flag "nothing
# watched". They cannot tell externals apart, so they learn what is best on average over them.


# %%
def beliefs(state, groups, theta, order):
    """What the critic is told of each external, and what the team believes."""
    s, agent = state.settings, state.agent
    known = len(groups) - s.unwatched_externals
    team = make_belief(agent, [theta])
    team.unwatched[known:] = 1.0
    p = state.replay.pairs(groups[known:], order[: max(s.support_episodes)])
    phi, moves = agent.features(p.observations)[PREY].detach(), p.actions[..., PREY]
    more = adapt(agent.imitators[0], phi, moves, s.inner_steps, weights=p.weights)
    told = make_belief(agent, [more])
    told.unwatched[:] = 1.0  # the critic knows them; the team that it values does not
    return Belief.concatenate(team[:known], told), team


# %% [markdown]
# ## 5. Critic
#
# $$y = r + \gamma \sum_{a'} \pi_1(a'_1 \mid s')\, \pi_2(a'_2 \mid s')\, \delta_k(a'_e \mid o'_e)\, \bar Q(s', a'), \qquad
# \text{loss} = \big(Q(s, a) - y\big)^2$$
#
# In the sum, `a` and `b` are the hunters' actions, `e` is the prey's, `k` the external, `n` the state.


# %%
def look(state, told, team, seen, slow=False):
    """At N observations: δ, log π of each hunter, and Q (or its slow copy)."""
    agent, phi = state.agent, state.agent.features(seen)
    with torch.no_grad():
        delta, expected = agent.predict(told, phi), agent.predict(team, phi)
    log_pi = agent.act(team, phi, expected)  # the team believes `team`
    q = agent.value(told, agent.features(seen, slow), slow)  # the critic is `told`
    return delta[0], log_pi, q


def critic_loss(state, told, team, batch, q):
    """The mean squared temporal difference, of the joint actions taken."""
    with torch.no_grad():
        delta, log_pi, slow = look(state, told, team, batch.next_observations, True)
        pi = [p.exp() for p in log_pi]
        v = torch.einsum("knabe,kna,knb,kne->kn", slow.table, *pi, delta)
        y = batch.rewards[..., HUNTERS].double().mean(-1)  # (1 or K, N)
        y = y + state.game.gamma * v * ~batch.terminated  # (K, N)
    return (q.taken(batch.actions) - y).square().mean()


# %% [markdown]
# ## 6. Regrets and actors
#
# Eq. 2 for both hunters, then Eq. 3 with the exact sum over a hunter's own actions. The **entropy bonus** rewards a policy for being undecided (entropy measures how
# undecided, in nats). Detached, as in lesson 7: $Q$, and the policies inside the regrets.


# %%
def actor_loss(state, log_pi, delta, q):
    """Minus Eq. 3 and the entropy bonus, summed over both hunters."""
    table, pi, loss = q.table.detach(), [p.detach().exp() for p in log_pi], 0.0
    # The team mate and the prey are averaged out: (K, N, 5) each.
    values = [
        torch.einsum("knabe,knb,kne->kna", table, pi[1], delta),
        torch.einsum("knabe,kna,kne->knb", table, pi[0], delta),
    ]
    for i in range(2):
        regret = values[i] - (pi[i] * values[i]).sum(-1, keepdim=True)  # Eq. 2
        gain = (log_pi[i].exp() * regret).sum(-1).mean()  # Eq. 3
        entropy = -(log_pi[i].exp() * log_pi[i]).sum(-1).mean()
        loss = loss - gain - state.entropy_coefficient * entropy
    return loss


# %% [markdown]
# ## 7. Steps, and slow copies
#
# Each loss has an optimiser of its own: `imitator` and `critic` also move the extractor, `actor` does not. The package's
# `gradient_step` sets old gradients to zero, calls `loss.backward()`, limits the gradient's length, and lets the optimiser step. After a critic's step the
# slow copies follow: each number goes the share $\tau$ of the way to its fast twin. At the end of a default training, $\tau$ is 0.005.

# %%
half = math.ceil(math.log(0.5) / math.log(1 - 0.005))
guess_half = widgets.ask("slow-half", half)
guess_half


# %%
def follow(slow_network, network, tau):
    for slow, fast in zip(slow_network.parameters(), network.parameters(), strict=True):
        slow.data += tau * (fast.data - slow.data)


# %% [markdown]
# ## 8. The whole update
#
# Two details are easy to get wrong. The actors are judged by $Q$ as it was *before* the critic's step. And unwatched externals get transitions that were played
# beside *them*, before watching: such a team can only guess from the state who is there, so who is met where must be as in play.


# %%
def batches(state, groups):
    """Transitions, and for which of the K externals they are."""
    s, luck = state.settings, state.generator
    known = len(groups) - s.unwatched_externals
    for _ in range(s.value_steps):
        yield slice(known), state.replay.transitions(s.states, luck)
    first, N = s.episodes_per_external // 2, s.states_per_external  # before watching
    own = state.replay.own_transitions(groups[known:], first, N, luck)
    yield slice(known, None), own


def update(state):
    s, agent, by = state.settings, state.agent, state.optimisers
    if state.updates % s.updates_per_round == 0:
        collect(state, externals)  # 1
    state.set_rates()  # learning rates fall in the last third of the training
    groups = state.replay.groups(s.externals_per_update, state.generator)  # (K,)
    loss, theta, order = imitate(state, groups)
    gradient_step(by["imitator"], loss)  # 2
    told, team = beliefs(state, groups, theta, order)
    for which, batch in batches(state, groups):
        here = told[which], team[which]
        delta, log_pi, q = look(state, *here, batch.observations)
        gradient_step(by["critic"], critic_loss(state, *here, batch, q))  # 3
        follow(agent.target_critic, agent.critic, state.target_rate)
        follow(agent.target_extractors, agent.extractors, state.target_rate)
        gradient_step(by["actor"], actor_loss(state, log_pi, delta, q))  # 4 and 5
    state.updates += 1


for _ in range(2):
    update(ours)
print(f"{ours.updates} updates, {ours.replay.size} groups in D")

# %% [markdown]
# In its last cell this notebook lets the package do two updates on another copy, and compares both teams, parameter by parameter. Two
# updates, because what the first leaves behind is used by the second.

# %% [markdown]
# ## 9. Stop, and go on
#
# A training is complete in its file if going on from it gives the same numbers as never having stopped. MICRA's `state` holds the networks and their slow copies, the
# optimisers' memory (Adam keeps running means of gradients), $D$, the random generator, and two counters. The test: go on to the eighth update, once in memory, once from
# the file.


# %%
whole = micra_lite.last(records).state  # the generator of section 1 goes on
resumed = micra_lite.offline_training(game, family, settings, micra_lite.load(file))
finished = micra_lite.last(resumed).state
print("largest difference of any parameter:", apart(whole, finished))

# %% [markdown]
# Zero, to the last bit. Which of these things could one do without? Lesson 9 forgets them one at a time.

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_own, guess_friend, guess_half]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# - Collect, imitate, critic, regrets, actors: one update, and each part is from a lesson before.
# - Transitions are valued against any watched external. So $D$ never gets old.
# - Of unwatched externals the critic is told more than the actors: it values the real one, they act without knowing it.
# - Slow copies hold the targets still.
# - A saved training is complete if going on from it gives the same numbers.

# %% [markdown]
# ## Common mistakes
#
# - *Making the target with the fast critic.* Each step then shifts what the next one aims at.
# - *Support and query from the same episodes.* Then the imitator learns to remember.
# - *Telling the actors what only the critic may know.* In play they will not have it.
# - *Saving the networks only.* It gives *a* training, not *this* one, and nobody can check it any more.

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | phase one | `micra_lite.offline_training`, `micra_lite.rollouts.collect`, `micra_lite.phases.imitate` |
# | one step of critic and actors | `micra_lite.updates.update`, `micra_lite.updates.critic_loss`, `micra_lite.updates.actor_loss` |
# | slow copies | `micra_lite.updates.update_targets` |
# | the data | `micra_lite.replay.Replay`, `micra_lite.replay.Transitions` |
# | save, load | `micra_lite.save`, `micra_lite.load` |
#
# **Now you.** The exercises on this lesson: `exercises/07_offline_training.ipynb`.
#
# Next: `09_ablations`. What is each part worth?

# %% tags=["hide-input"]
theirs = micra_lite.load(file)
packaged = micra_lite.offline_training(game, family, settings, theirs)
for _ in range(2):
    next(packaged)  # one update of the package
for name, network in ours.agent.named_children():
    mine, packed = network.state_dict(), getattr(theirs.agent, name).state_dict()
    assert all(float((mine[n] - packed[n]).abs().max()) < 1e-9 for n in mine), name
assert apart(ours, theirs) < 1e-9
assert apart(ours, micra_lite.load(file)) > 1e-3  # both have moved
assert torch.equal(ours.generator.get_state(), theirs.generator.get_state())
for name, column in ours.replay.store.items():
    assert torch.equal(column, theirs.replay.store[name]), name
assert ours.environment_steps == theirs.environment_steps
assert apart(whole, finished) == 0
assert (1 - 0.005) ** half <= 0.5 < (1 - 0.005) ** (half - 1)
assert micra_lite.Settings().target_rate == 0.005
assert groups == 12
folder.cleanup()
print("all checks passed")
