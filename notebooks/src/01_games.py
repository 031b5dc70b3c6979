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
# Before anything is learned: what is being played, with whom, and how good one can be.
#
# **Afterwards you can**
#
# - name the seven parts of a stochastic game, and find each in the code;
# - tell a *target* from an *external*, and say why an external is a policy;
# - compute the value of a team by hand, by loops and by one call;
# - measure what knowing an external is worth: best response, cross-play, headroom;
# - play a game yourself, and take any game to PettingZoo and back.
#
# **You need** Python with a little NumPy, and to know what a probability and an expected value are. Having met Q-learning
# once helps.
#
# **Time**: 35 minutes to read and play; the cells take about half a minute to run.
#
# Questions come before their answers. Where a question has a slider or buttons, choose first, then press **Reveal**: your
# prediction is kept. Results that would give the answer away wait until then (`with guess.then():`). At the end you see all
# your predictions.

# %%
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # small sums: one thread is fastest

import numpy as np
import torch
from scipy.sparse import csr_matrix

import micra_lite
from micra_lite import exact, widgets
from micra_lite.cli.list_games import headrooms
from micra_lite.plotting import episodes, externals, games, results
from micra_lite.plotting.games import picture

# %% [markdown]
# ## Notation
#
# The same names in formulas, in text and in code.
#
# | symbol | in words | in code |
# |---|---|---|
# | $S$, $s$ | states | `table.S`, `state` |
# | $N$ | agents | `table.N`, `game.agents` |
# | $\mathcal T$, $\mathcal E$ | targets (ours), externals (nobody's) | `game.targets`, `game.externals` |
# | $A$, $a$ | joint actions: one action for each agent | `table.A`, `actions` |
# | $T(s' \mid s, a)$ | how probable the next state $s'$ is | `table.T` |
# | $R_i(s, a)$ | what agent $i$ is paid | `table.R`, `rewards` |
# | $O$, $\Omega$ | observations, and which of them each agent gets in a state | `table.O`, `table.Omega` |
# | $\gamma$ | discount: what a reward is worth one step later | `table.gamma` |
# | $\pi_i(a_i \mid o_i)$ | policy of agent $i$ | `policies[i]` |
# | $V(s)$ | discounted return to be expected from $s$ | `V` |

# %% [markdown]
# ## 1. One payoff table
#
# Two drivers race towards each other. Who swerves loses a little. If nobody swerves, both lose a lot.
#
# This is *chicken*. Both choose at the same time, once. In each cell: what *row* gets, then what *column* gets.

# %%
chicken = micra_lite.make("chicken")
only_state = chicken.states()[0]
widgets.show(picture(chicken, only_state), games.words(chicken, only_state))

# %% [markdown]
# You are *row*. What is your better move? That depends on *column*, whom you cannot command.
#
# Say that column drives straight with probability $p$.

# %%
mine = chicken.payoffs[..., 0]  # (2, 2): row's payoffs, row's action down, column's action across

# %%
better = (mine[1] - mine[0]).tolist()  # straight instead of swerve, by column's action
turning_point = better[0] / (better[0] - better[1])  # where (1 − p) better[0] + p better[1] = 0

guess_p = widgets.ask("chicken", turning_point)
guess_p

# %% [markdown]
# Here are both values on either side of that point. An average over what the other might do: this sum comes back in every
# lesson.

# %%
with guess_p.then():
    for p in (turning_point - 0.05, turning_point, turning_point + 0.05):
        values = mine @ torch.tensor([1 - p, p])
        print(f"p = {p:.2f}: swerve {values[0] + 0.0:+.2f}, straight {values[1] + 0.0:+.2f}")

# %% [markdown]
# ## 2. The seven parts
#
# A **stochastic game** is $\langle S, N, A, T, R, O, \Omega\rangle$. Every small game here can be written out as arrays:
# `exact.tabulate(game)`. They have the same seven names.

# %%
table = exact.tabulate(chicken)
print("S     states:", table.S)
print("N     agents:", table.N)
print("A     actions of each:", table.A, "→", int(np.prod(table.A)), "joint actions")
print("T     transitions:", table.T.shape, "sum of each row:", table.T.sum(1).ravel().tolist()[0])
print("R     rewards:", table.R.shape, "for (straight, straight):", table.R[0, 3].tolist())
print("O     size of each observation:", table.O)
print("Omega what each agent sees in each state:", [tuple(seen.shape) for seen in table.Omega])

# %% [markdown]
# **Question.** The rows of $T$ sum to 0, not to 1. Why?
#
# <details><summary>Answer</summary>
# After one move the game is over. What ends has no next state; that probability is missing from the row.
# </details>
#
# A matrix game is the smallest stochastic game: one state, one move.

# %% [markdown]
# ## 3. Targets and externals
#
# The agents $N$ are of two kinds.
#
# - **Targets** $\mathcal T$ are ours. We choose their policies. They share what they earn.
# - **Externals** $\mathcal E$ are not ours. We see what they do, and nothing else.
#
# An external need not be an enemy. It may be a partner, a stranger, or the weather.

# %%
for name in ("chicken", "meeting", "pursuit", "rendezvous", "gates", "crossing"):
    game = micra_lite.make(name)
    print(f"{name:11} targets: {', '.join(game.targets):26} externals: {', '.join(game.externals)}")

# %% [markdown]
# ## 4. Four tasks on a grid
#
# Now with many states and many moves. In all four tasks everybody moves at the same time.
#
# - **pursuit**: two hunters must land where the prey lands, in the same move.
# - **rendezvous**: a load needs the partner and a carrier at the same site. The partner will not wait.
# - **gates**: a raider runs for one of four gates. Two defenders cannot cover four.
# - **crossing**: somebody comes towards you. Left or right?

# %%
tasks = {name: micra_lite.make(name) for name in ("pursuit", "rendezvous", "gates", "crossing")}
for game in tasks.values():
    state = game.reset(1, torch.Generator().manual_seed(1))[0]
    widgets.show(picture(game, state), games.words(game, state))

# %% [markdown]
# The full rules are in the docstrings, for example `help(micra_lite.games.pursuit)`.
#
# Take pursuit: a board of 3 × 3 cells, two hunters, one prey. A state says where everybody is. Cells can be shared.

# %%
game = tasks["pursuit"]
table = exact.tabulate(game)

# %%
guess_states = widgets.ask("states", str(table.S))
guess_states

# %% [markdown]
# ### What can happen next
#
# $T$ has a row for each state and joint action. Let us read one.
#
# Cells are numbered row by row from 0. Hunter 1 is at the left (cell 3), hunter 2 in the corner (cell 8), the prey in the
# middle (cell 4). Hunter 1 goes east, hunter 2 and the prey stay.


# %%
def read(table, game, state, names):
    """Print what can follow: the rewards, and each next state with its probability."""
    actions = [game.action_names[j].index(name) for j, name in enumerate(names)]
    a = np.ravel_multi_index(actions, table.A)  # the number of the joint action
    s = int(game.encode(torch.tensor(state)))
    row = table.T[s * int(np.prod(table.A)) + a].toarray()[0]
    print("paid:", dict(zip(table.N, (table.R[s, a] + 0.0).tolist(), strict=True)))
    for s_next in row.nonzero()[0]:
        print(f"  {row[s_next]:.3f}  →", game.states()[s_next].tolist())


read(table, game, [3, 8, 4], ["east", "stay", "stay"])

# %% [markdown]
# Caught: the hunters are paid 1 each, and the prey starts again on one of the seven cells without a hunter.
#
# Now the prey sees hunter 1 coming and goes *west*, to the cell that hunter 1 leaves.

# %%
where, moves = torch.tensor([[3, 8, 4]]), torch.tensor([[4, 0, 3]])  # east, stay, west
swap = game.step(where, moves, torch.Generator())

guess_swap = widgets.ask("swap", "caught" if float(swap.rewards[0, 0]) else "not caught")
guess_swap

# %%
with guess_swap.then():
    read(table, game, [3, 8, 4], ["east", "stay", "west"])

# %% [markdown]
# ### The rules, by loops
#
# Is this table really the rules? We write them once more, as plainly as possible, and compare every entry.

# %%
MOVE = {"stay": (0, 0), "north": (-1, 0), "south": (1, 0), "west": (0, -1), "east": (0, 1)}


def land(cell, name, size=3):
    """Where a move leads; a wall stops it."""
    row, column = cell // size + MOVE[name][0], cell % size + MOVE[name][1]
    return size * min(max(row, 0), size - 1) + min(max(column, 0), size - 1)


rows, columns, probabilities, pays = [], [], [], []
names = list(MOVE)
line = 0
for h1 in range(9):
    for h2 in range(9):
        for prey in range(9):
            for m1 in names:
                for m2 in names:
                    for m3 in names:
                        to1, to2, to3 = land(h1, m1), land(h2, m2), land(prey, m3)
                        caught = to3 in (to1, to2)
                        free = [c for c in range(9) if c not in (to1, to2)] if caught else [to3]
                        for cell in free:
                            rows.append(line)
                            columns.append(81 * to1 + 9 * to2 + cell)  # the number of the next state
                            probabilities.append(1 / len(free))
                        pays.append([1, 1, -1] if caught else [0, 0, 0])
                        line += 1

T_by_loops = csr_matrix((probabilities, (rows, columns)), shape=table.T.shape)
R_by_loops = np.array(pays, dtype=float).reshape(table.R.shape)
with guess_states.then():
    print(f"{line:,} rows")
print("largest difference in T:", abs(T_by_loops - table.T).max())
print("largest difference in R:", abs(R_by_loops - table.R).max())

# %% [markdown]
# ## 5. An external is a policy
#
# What is not in the table: how the prey *chooses*. That is its policy $\pi_{\mathcal E}(a \mid o)$: in each observation, a
# probability for each move. It is **stationary**: the same in the same observation, for ever.
#
# Prey differ. Each flees more or less, has a home, and has habits of direction. A **family** draws them by number, so
# number 7 is the same prey on every machine.

# %%
family = micra_lite.external_family("pursuit")
held_out = family.split("held-out")
for split in ("train", "validation", "held-out"):
    print(f"{split}: {len(family.split(split))} prey")

# %% [markdown]
# Six prey, while hunter 1 waits top left and hunter 2 bottom right. **Question.** Which of them would you hunt in the same
# way?

# %%
state = torch.tensor([0, 8, 4])
figure, words = externals.family_figure(game, held_out[:6], state)
widgets.show(figure, words)

# %% [markdown]
# <details><summary>Answer</summary>
# Hardly any two. Some run for a corner, some keep one direction whatever you do. A team that treats them alike must get
# most of them wrong.
# </details>
#
# One external is one **task** in the sense of meta-learning. Lessons 5 and 6 build on that.

# %% [markdown]
# ## 6. An episode
#
# To play means: observe, choose, step, again and again. That is all there is to it.

# %%
prey = [policy.numpy() for policy in game.tables(held_out)[0]]  # π_ℰ of each held-out prey, (S, 5)


def episode(policies, seed):
    """One episode of `game`: states (T+1, n), actions (T, n), rewards (T, n)."""
    generator = torch.Generator().manual_seed(seed)
    states, actions, rewards = [game.reset(1, generator)], [], []
    for _ in range(game.horizon):
        s = int(game.encode(states[-1][0]))
        chosen = [torch.multinomial(torch.from_numpy(p[s]), 1, generator=generator) for p in policies]
        actions.append(torch.cat(chosen)[None])
        step = game.step(states[-1], actions[-1], generator)
        states.append(step.state)
        rewards.append(step.rewards)
    return torch.cat(states), torch.cat(actions), torch.cat(rewards)


best = exact.best_response(table, [prey[0]])
played = episode([*best.policies, prey[0]], seed=3)
widgets.animate(*episodes.animation(game, *played))

# %% [markdown]
# These two hunters know this prey, and play the best there is against it. Section 8 shows how that is
# found.
#
# (To stop and step back, use the player in section 9.)

# %% [markdown]
# ## 7. What a team is worth
#
# The **value** $V(s)$ of policies is the discounted return to be expected from $s$:
#
# $$V(s) = \sum_a \pi(a \mid s) \Big[ R(s, a) + \gamma \sum_{s'} T(s' \mid s, a)\, V(s') \Big]$$
#
# We start from $V = 0$ and apply the right-hand side again and again. After $k$ rounds, $V$ is the value of $k$ steps.

# %%
team = exact.random_team(table)  # both hunters choose all moves equally often
policies = [*team, prey[0]]
n_joint = int(np.prod(table.A))

P, r = np.zeros((table.S, table.S)), np.zeros(table.S)
for s in range(table.S):
    together = np.einsum("a,b,c->abc", *[p[s] for p in policies]).ravel()  # (|A|,) joint actions
    P[s] = together @ table.T[s * n_joint : (s + 1) * n_joint].toarray()
    r[s] = together @ table.R[s, :, 0]  # what hunter 1 is paid; hunter 2 is paid the same

V = np.zeros(table.S)
for k in range(1, 1001):
    V = r + table.gamma * P @ V
    if k == game.horizon:
        V_episode = V.copy()

packaged = [exact.evaluate(table, policies, horizon=horizon) for horizon in (game.horizon, None)]
for words, own, other in zip(("25 steps", "for ever"), (V_episode, V), packaged, strict=True):
    print(f"{words:8}: by sweeps {table.start @ own:.3f}, `exact.evaluate` {table.start @ other:.3f}")

# %% [markdown]
# The same by playing: 200 episodes, and the mean of what they earned. Close, and never quite the same.

# %%
discount = table.gamma ** torch.arange(game.horizon)
returns = torch.stack([discount @ episode(policies, seed)[2][:, 0] for seed in range(200)])
error = float(returns.std()) / len(returns) ** 0.5
off = abs(float(returns.mean()) - table.start @ V_episode)
print(f"mean of {len(returns)} episodes: {returns.mean():.2f}, standard error {error:.2f}")
print("within three standard errors of the exact value:", off < 3 * error)

# %% [markdown]
# The exact value took one sweep after another over all states, and no luck. Where a game is small enough, we always use it:
# a difference between two teams is then a difference, and not noise.

# %% [markdown]
# ## 8. The best response, and headroom
#
# Once the prey's policy is known, it is a part of the surroundings. What is left is an ordinary decision problem for the
# team, and dynamic programming solves it: `exact.best_response`.
#
# We put every team on one scale: **0** is the random team, **1** the best response to this very prey.

# %%
scale = exact.yardstick_for(table, held_out[:8], game)
for k in range(4):
    print(f"prey {k}: random team {scale.random[k]:5.2f}, best response {scale.best[k]:5.2f}")

# %% [markdown]
# **Question.** The team plays the best response to *another* prey: it is sure, and wrong. What does it score?

# %%
wrong = [exact.team_value(table, scale.responses[k - 1].policies, [prey[k]]) for k in range(8)]
wrong_score = scale.normalised_score(wrong)

guess_wrong = widgets.ask("wrong-prey", wrong_score)
guess_wrong

# %% [markdown]
# ### Cross-play
#
# Everybody's best response against everybody. On the diagonal each meets the prey it was made for.

# %%
values = exact.cross_play(table, [[prey[k]] for k in range(8)])  # (8, 8)
scores = (values - scale.random) / (scale.best - scale.random)
figure, words = results.cross_play_figure("pursuit", scores)
with guess_wrong.then():
    widgets.show(figure, words)

# %% [markdown]
# **Question.** Why can no number in a column be larger than the one on the diagonal?
#
# <details><summary>Answer</summary>
# A column is one prey. On the diagonal stands the best response to it: nothing is better, by definition.
# </details>

# %% [markdown]
# ### The best team that plays all alike
#
# What if one team must play all prey alike, and is made to do well on average? This is the best one can do without ever
# looking at who it is.

# %%
training = game.tables(family.split("train")[:128])[0].numpy()  # (128, S, 5)
average_prey = training.mean(0)
alike = exact.best_response(table, [average_prey]).policies  # a first attempt; then improved:
alike = exact.best_fixed_team(table, [[moves] for moves in training[:32]], alike, sweeps=20)

# %%
alike_score = scale.normalised_score([exact.team_value(table, alike, [prey[k]]) for k in range(8)])

guess_alike = widgets.ask("alike", alike_score)
guess_alike

# %% [markdown]
# The same was measured for all four tasks, on all 64 held-out externals, with more training externals
# (`python benchmarks/games.py`; it takes some minutes).

# %%
measured = headrooms()
with guess_alike.then():
    print(f"{'task':11} {'one team for all':>17} {'the wrong one':>14}")
    for name in tasks:
        found = measured[name]
        print(f"{name:11} {found['headroom_average']:17.2f} {found['headroom_other']:14.2f}")

# %% [markdown]
# <details><summary>After your prediction: why the tasks are like this</summary>
# A task in which both numbers were near 1 could not show that adapting helps. Such a task would be useless here.
# </details>

# %% [markdown]
# ## 9. Play against an external yourself
#
# You are hunter 1. A move is a button, or a letter typed into **Moves**: `n`, `s`, `w`, `e`, and `.` to stay. Delete letters
# to take moves back.
#
# 1. Play an episode beside *prey 0*, with a team mate who knows it. How much can you earn in 25 steps?
# 2. Now *Show* the external's next move. Does it help?
# 3. Keep your moves, and change **Beside** to another prey. Chance stays as it was: only the prey differs.
# 4. Press **play on**: the team plays to the end. Move the slider *Step* to see how.
# 5. *Show* each target's regrets, and let the team be the one that moves at random. A positive bar is a move that the team
#    should play more often. What the bars are is the subject of the next lesson.

# %%
player = widgets.GridPlayer("pursuit")
player

# %% [markdown]
# Try `crossing` as well (choose it at **Game**): first decide what the stranger's convention is.
#
# **Question.** Which did you need more: quick thinking, or knowing the other?

# %% [markdown]
# ## 10. PettingZoo, both ways
#
# [PettingZoo](https://pettingzoo.farama.org) is the usual interface for games with many agents. Each of our games is a
# PettingZoo environment. With `externals`, the external's moves are made for you, and only the targets are left.

# %%
env = micra_lite.to_parallel_env(game, externals=held_out)
observations, _ = env.reset(seed=0, options={"external": 0})  # beside prey 0
total = 0.0
while env.agents:
    h1, h2, p = observations["hunter_1"][:27].reshape(3, 9).argmax(1)  # where everybody is
    s = 81 * h1 + 9 * h2 + p
    actions = {agent: best.policies[i][s].argmax() for i, agent in enumerate(env.agents)}
    observations, rewards, terminated, truncated, _ = env.step(actions)
    total += rewards["hunter_1"]
print("agents that you command:", env.possible_agents)
print("paid to hunter 1, who plays the best response:", total)

# %% [markdown]
# And any PettingZoo environment with discrete actions is a game of ours: give a function that makes it, and say who is a
# target. Here we turn the tables. The prey is ours, and the hunters are external.


# %%
def make_env():
    return micra_lite.to_parallel_env(micra_lite.make("pursuit"))


other_way = micra_lite.from_parallel_env(make_env, targets=["prey"])
generator = torch.Generator().manual_seed(0)
start = other_way.reset(4, generator)  # four episodes at once
step = other_way.step(start, torch.zeros(4, 3, dtype=torch.long), generator)
print("targets:", other_way.targets, " externals:", other_way.externals)
print("rewards of a batch of four:", tuple(step.rewards.shape))

# %% [markdown]
# Such a game has no table: its rules are hidden in the environment. It is scored by episodes
# (`micra_lite.exact.mean_return`). In lesson 9 you write an environment yourself, and meet somebody else's: *simple tag*,
# which is also known by name, `make("simple_tag")`.

# %% [markdown]
# ## Your predictions

# %%
guesses = [guess_p, guess_states, guess_swap, guess_wrong, guess_alike]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# - A **stochastic game** has seven parts. `exact.tabulate` writes them out, under their names.
# - **Targets** are ours. An **external** is a stationary policy that nobody controls and nobody tells us.
# - Everybody moves at once. So the question is never where the other *is*, but what it *will do*.
# - The **value** of policies is exact where the game is small.
# - **Headroom** is what is lost by playing all externals alike. Without it there is nothing to adapt for.

# %% [markdown]
# ## Common mistakes
#
# - *Chasing the place where the other is.* All move at once; see "changing places".
# - *Forgetting who is who.* A state says where *each* agent is: hunters cannot be exchanged.
# - *Comparing two teams by a few episodes.* 200 of them left an error that you could see above.
# - *Comparing raw values across externals.* Some prey are easy. Score between the random team and the best response.
# - *Taking the best response to the average for the average of the best responses.* The average prey does not exist.
# - *Letting an external learn.* Then it is no fixed policy, and old data about it is wrong.

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | games by name | `micra_lite.make`, `micra_lite.names` |
# | the 7-tuple ⟨S, N, A, T, R, O, Ω⟩ | `micra_lite.exact.tabulate`, `micra_lite.exact.Tabulated` |
# | rules of a task | `micra_lite.games.pursuit`, `micra_lite.TabularGame.outcomes` |
# | externals | `micra_lite.external_family`, `micra_lite.externals.ExternalFamily`, `micra_lite.plotting.externals.family_figure` |
# | value of given policies | `micra_lite.exact.evaluate`, `micra_lite.exact.team_value` |
# | best response | `micra_lite.exact.best_response` |
# | one team for all | `micra_lite.exact.best_fixed_team`, `micra_lite.exact.headroom` |
# | the scale from 0 to 1 | `micra_lite.exact.Yardstick`, `micra_lite.exact.yardstick_for` |
# | cross-play | `micra_lite.exact.cross_play`, `micra_lite.plotting.results.cross_play_figure` |
# | pictures | `micra_lite.plotting.games.picture`, `micra_lite.plotting.episodes.animation` |
# | PettingZoo | `micra_lite.to_parallel_env`, `micra_lite.from_parallel_env` |
# | playing yourself | `micra_lite.widgets.GridPlayer` |
#
# **Now you.** The exercises on this lesson: `exercises/01_games.ipynb`.

# %% [markdown]
# Next: `02_regret`, what a positive bar means.
#
# Last, the notebook checks itself.

# %%
assert abs(turning_point - 0.1) < 1e-12
assert abs(T_by_loops - table.T).max() < 1e-12
assert np.array_equal(R_by_loops, table.R)
assert np.allclose(V, exact.evaluate(table, policies), atol=1e-9)
assert np.allclose(V_episode, exact.evaluate(table, policies, horizon=25), atol=1e-12)
assert off < 4 * error
assert (values <= scale.best + 1e-9).all()
assert np.allclose(values.diagonal(), scale.best)
assert wrong_score < alike_score < 0.9
assert other_way.targets == ("prey",)
assert step.rewards.shape == (4, 3)
print("all checks passed")
