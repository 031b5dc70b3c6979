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
# # Games, and what it is worth to know the other
#
# What is being played, and with whom? How good can a team be? Adapting helps only where knowing the other is worth
# something.
#
# **Afterwards you can**
#
# - name the seven parts of a stochastic game;
# - tell a *target* from an *external*, and say why an external is a policy;
# - compute what a team is worth, and the best response to a known external;
# - measure what is lost by not knowing the other.
#
# **You need** lesson 00, and a little NumPy.
#
# **Time**: 21 minutes.

# %% tags=["hide-input"]
import os

# one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
import torch

import micra_lite
from micra_lite import exact, widgets
from micra_lite.cli.list_games import headrooms
from micra_lite.exact.encounter import encounter
from micra_lite.plotting import episodes, externals, games, results
from micra_lite.plotting.games import picture
from micra_lite.widgets.grid_player import play_again

widgets.course_map("externals")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $S$, $s$ | states, one of them | `table.S`, `state` |
# | $N$ | agents | `table.N`, `game.agents` |
# | $\mathcal A_i$, $a$ | agent $i$'s actions; a *joint* action: one for each agent | `table.A`, `actions` |
# | $T(s' \mid s, a)$ | how probable the next state $s'$ is | `table.T` |
# | $R_i(s, a)$ | what agent $i$ is paid | `table.R` |
# | $O$, $\Omega$ | observations, and who gets which | `table.O`, `table.Omega` |
# | $\gamma$ | discount, see section 6 | `table.gamma` |
# | $\mathcal T$, $\mathcal E$ | targets (ours), externals (nobody's) | `game.targets`, `game.externals` |
# | $\pi(a \mid s)$ | policy: how probable each action is | `policies` |
# | $V(s)$ | value of $s$ | `V_random`, `V_best` |

# %% [markdown]
# ## 1. One payoff table
#
# *Chicken*: two drivers race towards each other. Whoever swerves loses a little. If nobody swerves, both lose a lot. Both
# choose at the same time, once.

# %% tags=["hide-input"]
chicken = micra_lite.make("chicken")
only_state = chicken.states()[0]
widgets.show(picture(chicken, only_state), games.words(chicken, only_state))

# %% [markdown]
# You are *row*. Your best move depends on *column*, whom you do not control. Suppose column drives straight with probability
# $p$.

# %% tags=["hide-input"]
gain = chicken.payoffs[1, :, 0] - chicken.payoffs[0, :, 0]  # of straight over swerve
turning_point = float(gain[0] / (gain[0] - gain[1]))

guess_p = widgets.ask("chicken", turning_point)
guess_p

# %% [markdown]
# This average over what the other might do returns in every lesson:

# %%
mine = chicken.payoffs[..., 0]  # (2, 2): my action down, column's action across
with guess_p.then():
    for p in (0.02, 0.05, 0.1, 0.2, 0.5):
        swerve, straight = (mine @ torch.tensor([1 - p, p])).tolist()
        print(f"p = {p:.2f}: swerve {swerve:+.2f}, straight {straight:+.2f}")

# %% [markdown]
# ## 2. The seven parts
#
# A **stochastic game** is $\langle S, N, A, T, R, O, \Omega\rangle$. *Stochastic*: chance has a say in what comes next.
# `exact.tabulate` writes a small game out as arrays with these names.

# %%
table = exact.tabulate(chicken)
print(table.S, "state; agents", *table.N, "; actions of each", *table.A)
# Joint actions in order: two swerve, only column goes straight, only row, both (3).
print("R for (straight, straight):", table.R[0, 3].tolist())  # in state 0
T = table.T.toarray()  # a row for each state and joint action, a column for each s'
print("shape of T:", T.shape, "; its rows sum to", T.sum(1).tolist())

# %% [markdown]
# **Question.** A row of $T$ holds the probabilities of all next states. Why does it sum to 0, not 1?
#
# <details><summary>Answer</summary>
# After one move the game is over: there is no next state.
# </details>

# %% [markdown]
# ## 3. Targets and externals
#
# - **Targets** are ours. We choose their policies. What they earn is the team's.
# - **Externals** are not ours. We see what they do, and nothing else.
#
# Four tasks on a grid; everybody moves at the same time:
#
# - **pursuit**: two hunters catch a prey by landing on the same cell. Each catch pays both 1.
# - **rendezvous**: the partner and a carrier lift a load by landing on its site in the same move. That pays everyone 1.
# - **gates**: a raider runs for one of four gates. Both defenders are paid 1 if one of them lands on its gate with it, and
#   lose 1 if it gets through.
# - **crossing**: a stranger comes towards two drivers. Left or right? Both are paid 1 for each that arrives, and lose 1
#   for each crash.

# %% tags=["hide-input"]
tasks = {n: micra_lite.make(n) for n in ("pursuit", "rendezvous", "gates", "crossing")}
for name, game in tasks.items():
    print(f"{name}: targets {', '.join(game.targets)}; external {game.externals[0]}")
    state = game.reset(1, torch.Generator().manual_seed(1))[0]
    widgets.show(picture(game, state), games.words(game, state))

# %% [markdown]
# ## 4. Pursuit
#
# 3 × 3 cells, two hunters, one prey. A state says where everybody is. Cells can be shared.

# %%
game = tasks["pursuit"]
table = exact.tabulate(game)
print("how many numbers each agent observes:", *table.O)

# %% [markdown]
# `table.Omega` says which numbers each agent observes in each state. Here all see the whole board: 102 zeros and
# ones say on which cell each agent is, and how every two lie to each other.

# %% tags=["hide-input"]
guess_states = widgets.ask("states", str(table.S))
guess_states

# %% [markdown]
# $T$ has a row for each state and joint action. We read one. Cells are numbered row by row from 0. Hunter 1 is on the left
# (cell 3), hunter 2 in the corner (cell 8), the prey in the middle (cell 4).

# %% tags=["hide-input"]


def what_follows(state, names):
    """Print what each agent is paid, and all next states with their probabilities."""
    actions = [game.action_names[j].index(name) for j, name in enumerate(names)]
    a = np.ravel_multi_index(actions, table.A)  # the number of the joint action
    s = int(game.encode(torch.tensor(state)))
    row = table.T[s * int(np.prod(table.A)) + a].toarray()[0]
    pay = (table.R[s, a] + 0.0).tolist()
    print("paid:", ", ".join(f"{n} {x:+g}" for n, x in zip(table.N, pay, strict=True)))
    for s_next in row.nonzero()[0]:
        print(f"  {row[s_next]:.3f}  →", game.states()[s_next].tolist())


# %%
what_follows([3, 8, 4], ["east", "stay", "stay"])  # hunter 1, hunter 2, prey

# %% [markdown]
# Caught: the prey starts again on one of the seven cells without a hunter.

# %% tags=["hide-input"]
where, moves = torch.tensor([[3, 8, 4]]), torch.tensor([[4, 0, 3]])  # east, stay, west
swap = game.step(where, moves, torch.Generator())

guess_swap = widgets.ask(
    "swap", "caught" if float(swap.rewards[0, 0]) else "not caught"
)
guess_swap

# %%
with guess_swap.then():
    what_follows([3, 8, 4], ["east", "stay", "west"])

# %% [markdown]
# ## 5. An external is a policy
#
# The table does not say how the prey *chooses*. That is its policy: in each state, a probability for each move. It is
# **stationary**, the same in every step: what the prey does depends on what it observes alone.
#
# A **family** holds many prey, each with a number. The *held-out* ones are never used in training.

# %%
family = micra_lite.external_family("pursuit")
held_out = family.split("held-out")
for split in ("train", "validation", "held-out"):
    print(f"{split}: {len(family.split(split))} prey")

# %% [markdown]
# **Question.** Six prey, with hunter 1 waiting top left and hunter 2 bottom right. Which of them would you hunt in the same
# way?

# %% tags=["hide-input"]
figure, words = externals.family_figure(game, held_out[:6], torch.tensor([0, 8, 4]))
widgets.show(figure, words)

# %% [markdown]
# <details><summary>Answer</summary>
# Hardly any two. Some run for a corner, others keep going one way.
# </details>
#
# Each external is one **task**: the rules stay, the external changes. It is the chain's first link. Turn prey A into prey B,
# and see what that does to the other links.

# %%
chain = widgets.Chain("externals")
chain

# %% [markdown]
# ## 6. What a team is worth
#
# The **return** is the sum of all rewards to come. A reward $t$ steps later counts $\gamma^t$ times as much, here with
# $\gamma = 0.95$. The **value** $V(s)$ is the mean return from state $s$ on, if everybody keeps to a policy:
#
# $$V(s) = \sum_a \pi(a \mid s) \Big[ R(s, a) + \gamma \sum_{s'} T(s' \mid s, a)\, V(s') \Big]$$
#
# $V$ is on both sides. So start from $V = 0$ and apply the right-hand side again and again: each time it looks one step
# further ahead.
#
# If the prey's policy is known, average it out. That leaves a value for each joint move of the team. A random team takes their
# **mean**. The **best response**, the team that does best against this very prey, takes the **largest**.

# %%
# (64, S, 5): the policy of each held-out prey. [0]: of the only external
prey = game.tables(held_out)[0].numpy()


def look_ahead(V, policy):
    """What each of the team's 25 joint moves is worth in each state, (S, 25)."""
    later = table.T @ V  # V of the next state, on average, for each row of T
    # Rows go state by state; the last agent's action, the prey's, changes fastest.
    later = later.reshape(table.S, 25, 5)
    worth = table.R[:, :, 0].reshape(later.shape) + table.gamma * later
    return (worth * policy[:, None]).sum(2)  # the prey's moves are averaged out


V_random, V_best = np.zeros(table.S), np.zeros(table.S)
for _ in range(500):
    V_random = look_ahead(V_random, prey[0]).mean(1)
    V_best = look_ahead(V_best, prey[0]).max(1)
print(f"random team {table.start @ V_random:.2f}, best {table.start @ V_best:.2f}")

# %% [markdown]
# (`table.start`: how probable each state is at the start.) One **episode** (a game, cut after 25 steps) of these best
# hunters follows. Its rewards are simply added up, without a discount.

# %% tags=["hide-input"]
who = encounter("pursuit", 0, "knows this external")
played = play_again(who, "hunter_1", 3, "t" * game.horizon)
episode = (torch.stack(x) for x in (played.states, played.actions, played.rewards))
widgets.animate(*episodes.animation(game, *episode))

# %% [markdown]
# ## 7. What it is worth to know the prey
#
# Some prey are easy. So each prey has a scale of its own: **0** is the random team, **1** the best response to this very
# prey. A **score** is the mean over the first eight held-out prey.

# %%
scale = exact.yardstick_for(table, held_out[:8], game)  # both ends, for each prey
for k in range(4):
    print(f"prey {k}: random team {scale.random[k]:5.2f}, best {scale.best[k]:5.2f}")

# %% [markdown]
# Now the team plays the best response to one prey, but meets another.

# %% tags=["hide-input"]
values = exact.cross_play(table, [[prey[k]] for k in range(8)])  # (8, 8)
scores = scale.each(values)
wrong_score = float(scores[~np.eye(8, dtype=bool)].mean())

guess_wrong = widgets.ask("wrong-prey", wrong_score)
guess_wrong

# %% tags=["hide-input"]
figure, words = results.cross_play_figure("pursuit", scores)
measured = headrooms()
wrong_in_crossing = measured["crossing"]["headroom_other"]
with guess_wrong.then():
    widgets.show(figure, words)
    print(f"crossing, best response to a wrong external: {wrong_in_crossing:.2f}")
    print("(mean over 64 externals)")

# %% [markdown]
# **Question.** Each column is one prey. Why is no number in it larger than the one on the diagonal?
#
# <details><summary>Answer</summary>
# The diagonal holds the best response to this prey: nothing is better, by definition.
# </details>

# %% [markdown]
# ### One team for all
#
# What if one team must play the same way against all prey? `best_fixed_team` changes moves in many states at once, and keeps
# what is better on average over 32 training prey.

# %%
# 128 prey give a good average; the search takes only 32 of them, to save time.
training = game.tables(family.split("train")[:128])[0].numpy()  # (128, S, 5)
start = exact.best_response(table, [training.mean(0)]).policies
known = [[policy] for policy in training[:32]]
alike = exact.best_fixed_team(table, known, start, sweeps=20)
alike_values = [exact.team_value(table, alike, [prey[k]]) for k in range(8)]

# %% tags=["hide-input"]
alike_score = float(scale.each(alike_values).mean())

guess_alike = widgets.ask("alike", alike_score)
guess_alike

# %% [markdown]
# The gap to 1 is the **headroom**: what knowing the other can gain. (Measured with more prey than
# above, so pursuit's score differs a little.)

# %% tags=["hide-input"]
with guess_alike.then():
    print(f"{'task':11} {'one team for all':>17} {'headroom':>9}")
    for name in tasks:
        found = measured[name]["headroom_average"]
        print(f"{name:11} {found:17.2f} {1 - found:9.2f}")

# %% [markdown]
# ## 8. Play it yourself
#
# You are hunter 1. Click the dashed field and use the arrow keys, press a button, or type letters into **Moves so far**.
#
# 1. Play an episode against *prey 0*, with a teammate who knows it. How much can you earn?
# 2. Set **Show** to the external's next move. Does it help?
# 3. Press **play to the end**, then use **Step shown**.

# %%
player = widgets.GridPlayer("pursuit")
player

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_p, guess_states, guess_swap, guess_wrong, guess_alike]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - A **stochastic game** has seven parts.
# - **Targets** are ours. An **external** is a stationary policy that we are not told.
# - The **best response** takes the largest value over the team's moves.
# - **Headroom** is what is lost by playing the same way against all externals. Without it, adapting gains nothing.
#
# </details>
#
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Going where the prey is.* All move at once: go where it will be.
# - *Forgetting who is who.* A state says where *each* agent is: hunters cannot be swapped.
# - *Comparing raw values across externals.* Some prey are easy: use the scale.
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | games by name; their externals | `micra_lite.make`, `micra_lite.external_family` |
# | the seven parts as arrays | `micra_lite.exact.tabulate` |
# | value, best response | `micra_lite.exact.evaluate`, `micra_lite.exact.best_response` |
# | one team for all, headroom | `micra_lite.exact.best_fixed_team`, `micra_lite.exact.headroom` |
# | the scale from 0 to 1 | `micra_lite.exact.yardstick_for`, `micra_lite.exact.cross_play` |
#
# **Now you.** Exercises: `exercises/01_games.ipynb`. Optional: `01_games_deeper`.
#
# Next: `02_regret`, how much better one move is than your policy's average.

# %% tags=["hide-input"]
assert abs(turning_point - 0.1) < 1e-6
best = exact.best_response(table, [prey[0]])
together = [*exact.random_team(table), prey[0]]
assert np.allclose(V_random, exact.evaluate(table, together), atol=1e-9)
assert np.allclose(V_best, exact.evaluate(table, [*best.policies, prey[0]]), atol=1e-8)
assert abs(table.start @ V_best - scale.best[0]) < 1e-8
assert np.array_equal(table.R[:, :, 0], table.R[:, :, 1])  # the hunters are paid alike
assert (values <= scale.best + 1e-9).all()
assert np.allclose(values.diagonal(), scale.best)
assert wrong_score < alike_score < 0.9
# What the answer to "wrong-prey" says.
assert measured["crossing"]["headroom_other"] < 0
# What is said of the observations: everybody sees the same, the whole board.
assert all(torch.equal(seen, table.Omega[0]) for seen in table.Omega)
assert len(table.Omega[0].unique(dim=0)) == table.S
print("all checks passed")
