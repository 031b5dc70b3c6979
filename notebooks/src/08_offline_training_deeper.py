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
# # Offline training, deeper: nobody was watched yet
#
# A team must also play well before it has watched anybody. How is that trained? Part of the externals of each update are
# left *unwatched*, and for them the critic is told more than the actors. This notebook is optional.
#
# **Afterwards you can**
#
# - say which external a team should assume before it has watched one;
# - say what the critic is told in training that the actors are not, and why;
# - add unwatched externals to the update of lesson 8.
#
# **You need** lesson `08_offline_training`.
#
# **Time**: 15 minutes.

# %% tags=["hide-input"]
import os

# one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import torch

import micra_lite
from micra_lite import updates, widgets
from micra_lite.agent import Belief, make_belief
from micra_lite.imitation import adapt, meta_loss
from micra_lite.rollouts import collect

widgets.course_map("imitator", "critic", "actors", "offline training")

# %% [markdown]
# ## 1. A friend and a coin
#
# Which external should a team assume before it has watched one? The average one? Think of a
# friend who always goes left, or always goes right. A coin decides, once, which friend you meet.

# %%
steps = 10
earned = 0.5 * 1 + (steps - 1) * 1.0  # the first step is a guess

guess_friend = widgets.ask("coin-friend", earned)
guess_friend

# %% [markdown]
# <details><summary>After your prediction: the reason</summary>
# Nobody ever meets the average friend. Each friend that one can meet is a definite one, and what happens in the first step already tells
# which. A value must be computed for each definite friend; the mean comes last.
# </details>

# %% [markdown]
# ## 2. Two beliefs
#
# In training that can be done: **the critic may know more than the actors.** It is needed only in training, and $D$ shows
# what every external did, "unwatched" or not. So an update has two beliefs about its $K$ externals:
#
# | | watched externals | unwatched externals |
# |---|---|---|
# | `team_belief`, for the actors | adapted to 1 or 2 episodes | the start $\theta$, and the flag "nothing watched" |
# | `critic_belief`, for the critic | the same | adapted to as many episodes as are ever watched, and the flag |
#
# The actors cannot tell unwatched externals apart, so they learn what is best on average over them. The critic values each
# definite one, and the team that plays without knowing it: that is why it is told the flag, too.
#
# Here are the settings of lesson 8 again, but with $K = 4$ externals, of which the last two are unwatched.

# %%
game = micra_lite.make("pursuit", size=2)
family = micra_lite.external_family("pursuit", game)
externals, PREY = family.split("train"), 2  # the prey is the third agent
settings = micra_lite.Settings(
    dtype="float64", updates=8, updates_per_round=2,
    externals_per_round=6, episodes_per_external=8, externals_per_update=4,
    support_episodes=(1, 2), query_episodes=2, inner_steps=2,
    value_steps=2, states=8, unwatched_externals=2, states_per_external=8,
)  # fmt: skip
WATCHED = settings.externals_per_update - settings.unwatched_externals  # 2

# %% [markdown]
# ## 3. Imitate
#
# As in lesson 8, but the support of the unwatched externals counts for nothing (weight 0). So $\theta' = \theta$ for them,
# and the query teaches $\theta$ to be a good guess about a stranger.


# %%
def prey_moves(state, groups, episodes):
    """The prey's features and moves in these episodes; weight 0 where none was made."""
    pairs = state.replay.pairs(groups, episodes)
    features = state.agent.features(pairs.observations)[PREY]  # (K, P, F)
    return features, pairs.actions[..., PREY], pairs.weights  # (K, P) each


def imitate(state, groups):
    """One step of the imitator; the critic's belief and the team's."""
    s, agent, luck = state.settings, state.agent, state.generator
    drawn = torch.randint(len(s.support_episodes), (1,), generator=luck)
    n = s.support_episodes[drawn]
    order = torch.randperm(s.episodes_per_external, generator=luck)
    support = prey_moves(state, groups, order[:n])
    query = prey_moves(state, groups, order[n : n + s.query_episodes])
    weights = support[2]
    weights[WATCHED:] = 0.0
    loss, theta = meta_loss(agent.imitators[0], support, query, s.inner_steps)
    updates.gradient_step(state.optimisers["imitator"], loss)

    team_belief = make_belief(agent, [theta])
    team_belief.unwatched[WATCHED:] = 1.0  # the flag

    most = order[: max(s.support_episodes)]
    features, moves, weights = prey_moves(state, groups[WATCHED:], most)
    better = adapt(
        agent.imitators[0], features.detach(), moves, s.inner_steps, weights=weights
    )
    known_to_critic = make_belief(agent, [better])
    known_to_critic.unwatched[:] = 1.0  # the team has watched nothing
    critic_belief = Belief.concatenate(team_belief[:WATCHED], known_to_critic)
    return critic_belief, team_belief


# %% [markdown]
# ## 4. Transitions of their own
#
# Watched externals share transitions from anywhere in $D$, as in lesson 8. Unwatched ones do not.
#
# **Question.** A team has watched nothing. What, in play, can still tell it something about who is there?
#
# <details><summary>Answer</summary>
# The state. A prey that likes the upper row is seen in the upper row more often. So states and externals must go together as they do in play.
# </details>
#
# So an unwatched external gets transitions that were played *with it*, before the team had watched it.


# %%
def batches(state, groups):
    """Transitions, and for which of the K externals they are."""
    s, luck = state.settings, state.generator
    for _ in range(s.value_steps):
        yield slice(0, WATCHED), state.replay.transitions(s.states, luck)
    before = s.episodes_per_external // 2  # the first half was played before watching
    own = state.replay.own_transitions(
        groups[WATCHED:], before, s.states_per_external, luck
    )
    yield slice(WATCHED, None), own


# %% [markdown]
# ## 5. The update
#
# Steps 3 to 5 are the package's `updates.update`: what lesson 8 wrote out, with two beliefs. $Q$, $\bar Q$ and $\delta$ in
# targets and regrets take the critic's belief, and the actors take the team's.


# %%
def update(state):
    s = state.settings
    if state.updates % s.updates_per_round == 0:
        collect(state, externals)
    state.set_rates()
    groups = state.replay.groups(s.externals_per_update, state.generator)
    critic_belief, team_belief = imitate(state, groups)
    for which, batch in batches(state, groups):
        updates.update(state, critic_belief[which], team_belief[which], batch)
    state.updates += 1


ours = micra_lite.TrainingState.initial(game, settings)
for _ in range(4):
    update(ours)
print(f"{ours.updates} updates, {ours.replay.size} groups in D")

# %% [markdown]
# The last cell compares this team with one that the package has trained for four updates.

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_friend]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - Before watching, a team faces one definite external that it does not know, and not the average one.
# - The critic is told who it is; the actors are told that nothing was watched. So the actors learn what is best on average.
# - Unwatched externals get transitions of their own, because states tell something about who is there.
#
# </details>
#
# Back to the core path: `09_ablations`.


# %% tags=["hide-input"]
def apart(one, other):
    """The largest difference of any parameter of two teams, slow copies included."""
    left, right = one.agent.state_dict(), other.agent.state_dict()
    return max(float((left[name] - right[name]).abs().max()) for name in left)


theirs = micra_lite.TrainingState.initial(game, settings)
packaged = micra_lite.offline_training(game, family, settings, theirs)
for _ in range(4):
    next(packaged)  # one update of the package
assert apart(ours, theirs) < 1e-9
assert apart(ours, micra_lite.TrainingState.initial(game, settings)) > 1e-3
assert torch.equal(ours.generator.get_state(), theirs.generator.get_state())
for name, column in ours.replay.store.items():
    assert torch.equal(column, theirs.replay.store[name]), name
assert earned == 9.5
print("all checks passed")
