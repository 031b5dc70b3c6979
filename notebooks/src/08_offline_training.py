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
# Extractor, imitator, critic and actors have each had their lesson. Now they learn together. What happens in one update of
# MICRA's first phase, and in which order? Here the update is written out by hand. It does the same as the package's.
#
# **Afterwards you can**
#
# - write a whole update of MICRA from its pieces;
# - say what is drawn from the data in each step, and for which externals;
# - say which numbers are from before a step, and which from after it;
# - test whether a saved training is complete.
#
# **You need** regrets (lesson `02_regret`), the critic (`04_critic`) and beliefs (`07_extractor_beliefs_actors`).
#
# **Time**: 24 minutes.

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
from micra_lite.agent import make_belief
from micra_lite.imitation import meta_loss
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
# | $K$, $N$ | how many externals an update has; how many transitions a batch has | |
# | $\delta_k$ | the prediction, adapted to external $k$ | `delta`, (K, N, 5) |
# | $\pi_1$, $\pi_2$ | the hunters' policies | `pi_1`, `pi_2`, (K, N, 5) |
# | $Q$, $\bar Q$ | the critic, its slow copy | `q`, `slow` |
# | $y$ | what $Q(s, a)$ should be | `y`, (K, N) |
# | $A_i(s, a_i)$ | regret advantage (Eq. 2) | `regret` |
# | $\tau$ | how fast $\bar Q$ follows | `state.target_rate` |

# %% [markdown]
# ## 1. Five steps, again and again
#
# 1. **Collect**: meet a few training externals, play, put the episodes into $D$. (Only once every few updates.)
# 2. **Imitate**: draw $K$ externals from $D$, adapt to each, and learn from other episodes with the same externals (Eq. 4).
# 3. **Critic**: draw $N$ transitions from $D$; take one step down the squared temporal difference, with $\delta_k$ in the
#    expectation.
# 4. **Regrets**: put $Q$, $\delta_k$ and the policies into Eq. 2.
# 5. **Actors**: take one step along Eq. 3.
#
# Steps 3 to 5 are done several times in an update, each time with a new batch of transitions.
#
# Here is a very small team: pursuit on 2 × 2 cells, two hunters, one prey. These settings are smaller than the default, so
# that everything is quick. All others (sizes of networks, learning rates) are left as they are.
#
# | setting | here | what it says |
# |---|---|---|
# | `updates` | 8 | updates in the whole training |
# | `updates_per_round` | 2 | updates from one round of collecting to the next |
# | `externals_per_round` | 6 | externals met in a round |
# | `episodes_per_external` | 8 | episodes played with each of them |
# | `externals_per_update` | 3 | $K$ |
# | `support_episodes` | (1, 2) | watched before adapting: 1 or 2 episodes |
# | `query_episodes` | 2 | for the loss after adapting (Eq. 4) |
# | `inner_steps` | 2 | steps of adaptation |
# | `value_steps` | 2 | batches in an update |
# | `states` | 8 | $N$ |
# | `unwatched_externals` | 0 | all $K$ are watched; `08_offline_training_deeper` is about the others |

# %%
game = micra_lite.make("pursuit", size=2)
family = micra_lite.external_family("pursuit", game)
externals, HUNTERS, PREY = family.split("train"), [0, 1], 2  # places of the agents
settings = micra_lite.Settings(
    dtype="float64", updates=8, updates_per_round=2,
    externals_per_round=6, episodes_per_external=8, externals_per_update=3,
    support_episodes=(1, 2), query_episodes=2, inner_steps=2,
    value_steps=2, states=8, unwatched_externals=0,
)  # fmt: skip

# %% [markdown]
# We let the package train this team for four updates, and save it. Everything that changes in training is in `state`.

# %%
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
# The package's `collect` draws a few externals and plays with each: half of the episodes with a team that has watched
# nothing, half after it has watched some of the first half. A share of the hunters' moves is random, so that $D$ has joint
# actions that the team would not choose.
#
# $D$ keeps a **group** of episodes for each external met. Step 2 draws groups: it adapts to, and learns from, one external's moves. Step 3 draws
# single *transitions* ($s$, $a$, $r$, $s'$), whichever group they are in. Each is valued against each of the $K$ externals of the update.

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
# <details><summary>After your prediction: what it means</summary>
# Because of what lesson 4 found: r and s′ follow from the joint action, whoever chose it. Only the expectation at s′ asks who the external is. So old data
# stay right (if many externals have played, so that every move of k occurs), and every episode teaches something about every external. (The oldest groups are dropped only when memory is full.)
# </details>

# %% [markdown]
# ## 3. Imitate
#
# The loss of lesson 6, for all $K$ externals at once. Support and query are different episodes from the same group.


# %%
def prey_moves(state, groups, episodes):
    """The prey's features and moves in these episodes; weight 0 where none was made."""
    pairs = state.replay.pairs(groups, episodes)
    features = state.agent.features(pairs.observations)[PREY]  # (K, P, F)
    return features, pairs.actions[..., PREY], pairs.weights  # (K, P) each


def imitate(state, groups):
    """Eq. 4's loss, and the adapted parameters θ′ of each of the K externals."""
    s, luck = state.settings, state.generator
    drawn = torch.randint(len(s.support_episodes), (1,), generator=luck)
    n = s.support_episodes[drawn]  # so many episodes are watched
    order = torch.randperm(s.episodes_per_external, generator=luck)
    support = prey_moves(state, groups, order[:n])
    query = prey_moves(state, groups, order[n : n + s.query_episodes])
    return meta_loss(state.agent.imitators[0], support, query, s.inner_steps)


# %% [markdown]
# ## 4. Critic
#
# $$y = r + \gamma \sum_{a'} \pi_1(a'_1 \mid s')\, \pi_2(a'_2 \mid s')\, \delta_k(a'_e \mid s')\, \bar Q(s', a'), \qquad
# \text{loss} = \big(Q(s, a) - y\big)^2$$
#
# Each sum over actions is an `einsum`. Its letters: `k` external, `n` transition, `a` and `b` the hunters' moves, `e` the
# prey's. For example, `knabe,knb->knae` averages over the second hunter's move. `q.table` is $Q$ for all joint actions,
# (K, N, 5, 5, 5). (In large games the package takes the same means without a table: lesson 13.)


# %%
def temporal_difference_loss(state, belief, batch, q):
    """The mean squared temporal difference, of the joint actions taken."""
    agent, seen = state.agent, batch.next_observations
    with torch.no_grad():
        features = agent.features(seen)
        delta = agent.predict(belief, features)  # a list: one for each external agent
        pi_1, pi_2 = [p.exp() for p in agent.act(belief, features, delta)]
        slow = agent.value(belief, agent.features(seen, target=True), target=True)
        future = torch.einsum("knabe,kna,knb,kne->kn", slow.table, pi_1, pi_2, delta[0])
        reward = batch.rewards[..., HUNTERS].double().mean(-1)  # (1, N): the team's
        y = reward + state.game.gamma * future * ~batch.terminated  # (K, N)
    return (q.taken(batch.actions) - y).square().mean()


# %% [markdown]
# ## 5. Regrets and actors
#
# Eq. 2 for both hunters, then Eq. 3 with the exact sum over a hunter's own moves, and the entropy bonus of lesson 7: a small extra
# reward for staying undecided. $Q$ and the policies inside the regrets are detached.


# %%
def regret_loss(state, log_pi, delta, q):
    """Minus Eq. 3 and the entropy bonus, summed over both hunters."""
    table = q.table.detach()
    pi_1, pi_2 = [p.detach().exp() for p in log_pi]
    # What each move is worth: the team mate and the prey are averaged out.
    value_1 = torch.einsum("knabe,knb,kne->kna", table, pi_2, delta)
    value_2 = torch.einsum("knabe,kna,kne->knb", table, pi_1, delta)
    regret_1 = value_1 - (pi_1 * value_1).sum(-1, keepdim=True)  # Eq. 2
    regret_2 = value_2 - (pi_2 * value_2).sum(-1, keepdim=True)
    loss = 0.0
    for log_p, regret in zip(log_pi, (regret_1, regret_2), strict=True):
        gain = (log_p.exp() * regret).sum(-1).mean()  # Eq. 3
        entropy = -(log_p.exp() * log_p).sum(-1).mean()
        loss = loss - gain - state.entropy_coefficient * entropy
    return loss


# %% [markdown]
# ## 6. Steps, and slow copies
#
# Each loss has an optimiser of its own: `imitator` and `critic` also move the extractor, `actor` does not. The package's
# `gradient_step` sets old gradients to zero, calls `loss.backward()`, limits the gradient's length, and lets the optimiser
# step. After each step of the critic the slow copies follow: each number moves a share $\tau$ of the way to its fast twin.
# At the end of a default training, $\tau$ is 0.005.

# %%
half = math.ceil(math.log(0.5) / math.log(1 - 0.005))
guess_half = widgets.ask("slow-half", half)
guess_half


# %%
def follow(slow_network, network, tau):
    for slow, fast in zip(slow_network.parameters(), network.parameters(), strict=True):
        slow.data += tau * (fast.data - slow.data)


# %% [markdown]
# ## 7. The whole update
#
# One detail is easy to get wrong: what is from before which step. The belief is made *after* the imitator's step. The
# actors are judged by $Q$ as it was *before* the critic's step.


# %%
def update(state):
    s, agent, optimisers = state.settings, state.agent, state.optimisers
    if state.updates % s.updates_per_round == 0:
        collect(state, externals)  # 1
    state.set_rates()  # learning rates fall in the last third of the training
    groups = state.replay.groups(s.externals_per_update, state.generator)  # K of them
    loss, theta = imitate(state, groups)
    gradient_step(optimisers["imitator"], loss)  # 2
    belief = make_belief(agent, [theta])  # about K externals
    for _ in range(s.value_steps):
        batch = state.replay.transitions(s.states, state.generator)  # N of them
        features = agent.features(batch.observations)
        q = agent.value(belief, features)
        with torch.no_grad():
            delta = agent.predict(belief, features)
        log_pi = agent.act(belief, features, delta)
        loss = temporal_difference_loss(state, belief, batch, q)
        gradient_step(optimisers["critic"], loss)  # 3
        follow(agent.target_critic, agent.critic, state.target_rate)
        follow(agent.target_extractors, agent.extractors, state.target_rate)
        loss = regret_loss(state, log_pi, delta[0], q)
        gradient_step(optimisers["actor"], loss)  # 4 and 5
    state.updates += 1


for _ in range(2):
    update(ours)
print(f"{ours.updates} updates, {ours.replay.size} groups in D")

# %% [markdown]
# In its last cell this notebook lets the package do two updates on another copy, and compares both teams, parameter by parameter. Two
# updates, because what the first leaves behind is used by the second.

# %% [markdown]
# ## 8. Stop, and go on
#
# Is the saved file complete? The test: go on to the eighth update twice, once from memory, once from the file. Much in an
# update is drawn at random: externals, episodes, transitions.

# %%
whole = micra_lite.last(records).state  # the training of section 1 goes on
resumed = micra_lite.offline_training(game, family, settings, micra_lite.load(file))
finished = micra_lite.last(resumed).state
difference = apart(whole, finished)  # the largest of any parameter

# %%
guess_resume = widgets.ask(
    "resume", "exactly 0" if difference == 0 else "about as large as with another seed"
)
guess_resume

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# More than networks: also whatever a later update reads. Lesson 9 forgets such things one at a time.
# </details>

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_own, guess_half, guess_resume]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - Collect, imitate, critic, regrets, actors: one update, and each part is from an earlier lesson.
# - Transitions are valued against any external. So old data stay right, as long as its moves occur in them.
# - Slow copies hold the targets still.
# - A saved training is complete if going on from it gives the same numbers.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Making the target with the fast critic.* Each step then shifts what the next one aims at.
# - *Support and query from the same episodes.* Then the imitator learns to remember.
# - *Letting the actors' gradient into the critic.* A critic should judge actors, not please them.
# - *Saving the networks only.* Going on then gives *a* training, not *this* one, and nobody can check it any more.
#
# </details>

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
# **Now you.** Exercises: `exercises/07_offline_training.ipynb` (sheets have numbers of their own).
#
# If you like: `08_offline_training_deeper`, on externals that nobody has watched. Next: `09_ablations`. What is each part
# worth?

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
assert difference == 0
assert (1 - 0.005) ** half <= 0.5 < (1 - 0.005) ** (half - 1)
assert micra_lite.Settings().target_rate == 0.005
assert groups == 12
folder.cleanup()
print("all checks passed")
