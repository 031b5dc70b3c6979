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
# # MICRA in ten minutes
#
# From the game to a team that adapts to a newcomer.
#
# **Afterwards you can**
#
# - say what a *target*, an *external* and a *task* are;
# - compute a counterfactual regret advantage by hand (Eq. 2);
# - name the seven stages of one update, and the function behind each;
# - train a small team, let it watch a newcomer, and measure what the watching was worth.
#
# **You need** Python, and to know what a probability and an expected value are. No reinforcement learning is assumed.
#
# **Time**: ten minutes to read, about one to run. Questions come before their answers: guess first, then open the answer.

# %%
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # everything here is small: one thread is fastest

import torch

import micra_lite
from micra_lite import exact, widgets
from micra_lite.plotting import results
from micra_lite.plotting.games import picture

# %% [markdown]
# ## Notation
#
# The same names in formulas, in text and in code.
#
# | symbol | in words | in code |
# |---|---|---|
# | $s$ | state of the game | `state` |
# | $o_i = \Omega(s)_i$ | what agent $i$ observes | `observations[i]` |
# | $a_i$, $a$ | an action of agent $i$, the joint action of all | `actions` |
# | $\mathcal T$, $\mathcal E$ | targets (ours), externals (not ours) | `game.targets`, `game.externals` |
# | $\pi_i(a_i \mid o_i)$ | policy of target $i$ | `policies` |
# | $\pi_{\mathcal E}$, $\delta$ | policy of the externals, and the imitator's prediction of it | `predictions` |
# | $\theta$, $\theta'$ | the imitator's parameters, before and after adapting | `belief.parameters` |
# | $\alpha$ | how far one step of adapting goes (later $\alpha_{\text{adp}}$) | `step_size` |
# | $Q(s, a)$ | what the joint action $a$ is worth | `q` |
# | $v(s)$ | the average of $Q$ over everybody's actions | |
# | $A_i(s, a_i)$ | counterfactual regret advantage of $a_i$ | `regrets` |

# %% [markdown]
# ## The game
#
# Two hunters and a prey move at the same time. A hunter catches the prey by landing where the prey lands.
#
# **Question.** A prey stands next to you. Is stepping onto its cell a good move?
#
# <details><summary>Answer</summary>
# Only if the prey stays. All move at once, so you must go where it <em>will be</em>. To catch it, know it.
# </details>

# %%
game = micra_lite.make("pursuit", size=3)
print("targets:", *game.targets)
print("externals:", *game.externals)
print("actions:", *game.action_names[0])

# %%
state = torch.tensor([0, 8, 4])  # cells are numbered row by row, the prey comes last
widgets.show(picture(game, state), "A 3 by 3 board: hunter 1 top left, hunter 2 bottom right, the prey in the middle.")

# %% [markdown]
# ## Externals: who is the prey?
#
# Prey differ: each flees more or less, has a home, and has habits of direction. The targets see none of this. They see
# moves.
#
# `external_family` draws prey by number. Some are for training. The *held-out* ones are kept for the end.

# %%
family = micra_lite.external_family("pursuit")
train, held_out = family.split("train"), family.split("held-out")
print(len(train), "prey to train with,", len(held_out), "never seen in training")

# %% [markdown]
# **Question.** Here are three prey, all in the state drawn above. Would you hunt them alike?

# %%
seen = game.observe(state[None])
for k in range(3):
    moves = held_out.policies(torch.tensor([k]), [seen[2]])[0][0]
    print(f"prey {k}:", ", ".join(f"{name} {p:.2f}" for name, p in zip(game.action_names[2], moves, strict=True)))

# %% [markdown]
# ## Headroom: is knowing the prey worth anything?
#
# This game is small: 729 states. So exact answers are cheap. `exact.best_response` finds the best team against a prey
# that is known.
#
# We score every team on one scale: **0** is a random team, **1** is the best response to the actual prey.
#
# **Question.** A team plays the best response, but to *another* prey. Its score?

# %%
table = exact.tabulate(game)  # the rules as arrays
newcomers = held_out[:8]
scale = exact.yardstick_for(table, newcomers, game)

prey = [[moves.numpy()] for moves in game.tables(newcomers)[0]]  # π_ℰ in every state, for each newcomer
wrong = [exact.team_value(table, scale.responses[k - 1].policies, prey[k]) for k in range(8)]
print(f"best response to the right prey: {scale.normalised_score(scale.best):.2f}")
print(f"best response to a wrong prey:   {scale.normalised_score(wrong):.2f}")

# %% [markdown]
# That gap is the *headroom*. A task without headroom cannot show that adaptation helps.

# %% [markdown]
# ## Eq. 1: many tasks
#
# One prey is one **task**. Meta-learning looks for parameters that do well over a whole family of tasks:
#
# $$\min_\theta\; \mathbb E_{\mathcal T_k \sim p(\mathcal T)} \Big[\textstyle\sum_t \mathcal L_k(x^t, a^t)\Big]
# \qquad\text{(Eq. 1)}$$
#
# ($\mathcal T_k$ is a task here; $\mathcal T$ alone, as above, are the targets.) In code: `offline_training` draws several
# training prey for every update.

# %% [markdown]
# ## Eq. 2: the counterfactual regret advantage
#
# How much better is an action than what the policy does on average? Average the others out, then subtract:
#
# $$A_i(s, a_i) = v(s \mid i \text{ plays } a_i) - v(s) \qquad\text{(Eq. 2)}$$
#
# The function is `micra_lite.regret.counterfactual_regret_advantage`.
#
# Two people hunt. A stag (4) takes both of them; alone at the stag you get 0. A hare is 3 alone, and 2 when both go for it.
#
# **Question.** How sure of the other's *stag* must you be, before *stag* is better for you? Move the slider
# `column: P(stag)` until the bars change sides.

# %%
explorer = widgets.RegretExplorer("stag_hunt")
explorer

# %% [markdown]
# <details><summary>Answer</summary>
# With p = P(stag): v(stag) = 4p, and v(hare) = 3p + 2(1 − p) = 2 + p. They meet at p = 2/3. Your own policy does not
# matter for where they meet; it matters for how long the bars are.
# </details>
#
# The menu has other games; in some of them there are three players. Whatever you set, Σ π·A = 0.

# %% [markdown]
# The same in six lines, so that nothing is hidden:

# %%
q = torch.tensor([[4.0, 0.0], [3.0, 2.0]])  # the row player's payoffs
mine, theirs = torch.tensor([0.5, 0.5]), torch.tensor([2 / 3, 1 / 3])
v_given = q @ theirs  # v(s | i plays a_i): the other's action averaged out
v = mine @ v_given  # v(s): the own action as well
by_hand = v_given - v
packaged = micra_lite.regret.counterfactual_regret_advantage(q[None], [mine[None], theirs[None]], [0])[0][0]
print("by hand: ", [round(float(a), 3) + 0.0 for a in by_hand])
print("packaged:", [round(float(a), 3) + 0.0 for a in packaged])

# %% [markdown]
# ## Eq. 3: regrets move the policy
#
# $$g_i = \mathbb E\Big[\textstyle\sum_t \nabla \log \pi_i(a_i \mid o_i)\, A_i(s, a_i)\Big] \qquad\text{(Eq. 3)}$$
#
# Play more of what you regret not playing. The function is `regret.policy_gradient_objective`: its gradient is Eq. 3.
#
# **Question.** An action has the largest regret of all, but the policy hardly ever plays it. Does it grow fast?

# %%
policy = torch.tensor([0.01, 0.50, 0.49])
regret = torch.tensor([2.00, 0.50, 0.00])
regret = regret - policy @ regret  # so that Σ π·A = 0
logits = policy.log().requires_grad_()
objective = micra_lite.regret.policy_gradient_objective(logits.log_softmax(-1)[None], regret[None])
(g,) = torch.autograd.grad(objective, logits)
print("gradient of each logit:", [f"{x:+.3f}" for x in g.tolist()])

# %% [markdown]
# <details><summary>Answer</summary>
# No: a logit's gradient is π(a)·A(a). The rare action with the large regret is pushed less than the common one with a
# small regret. This is why the team keeps exploring while it trains.
# </details>

# %% [markdown]
# ## Eq. 4: learn to imitate from few moves
#
# Eq. 2 needs the externals' policy. Nobody tells us. So an **imitator** δ predicts it, and it starts from parameters θ
# that are made for being adapted:
#
# $$\min_\theta \textstyle\sum_k L(\delta(\cdot;\theta'_k)), \qquad
# \theta'_k = \theta - \alpha\, \nabla_\theta L(\delta(\cdot;\theta)) \qquad\text{(Eq. 4)}$$
#
# The right-hand side is `imitation.adapt`, the left-hand side `imitation.meta_loss`. $L$ is the cross-entropy of watched
# moves, in nats.
#
# **Question.** Why is θ′ scored on *other* moves than those it was adapted to?
#
# <details><summary>Answer</summary>
# Otherwise learning by heart would score best. The moves it adapts to are called <em>support</em>, the others
# <em>query</em>.
# </details>

# %% [markdown]
# ## Train
#
# All four equations together, small enough for this notebook. Every number that can be chosen is in `Settings`.

# %%
settings = micra_lite.Settings(updates=150, hidden=128, target_rate=0.05)

# %% [markdown]
# A phase is a generator: each update yields a `Record` of what it did. We keep a few of them for later.
#
# **Question.** After this, will the team be as good as the best response?

# %%
kept, meta_losses = [], []
for record in micra_lite.offline_training(game, family, settings):
    if record.step in (1, 20, settings.updates):
        kept.append(record)
    if "meta_loss" in record.losses:
        meta_losses.append(record.losses["meta_loss"])
team = record.state

tenth = len(meta_losses) // 10
print(record.step, "updates done")
print("predicts other moves better than at first:", sum(meta_losses[-tenth:]) < sum(meta_losses[:tenth]))

# %% [markdown]
# ## One update, stage by stage
#
# Press **Next**. Observation, features, prediction, joint Q, regrets, gradient, changed policy: this is the algorithm.
# The slider `Update` compares the first update with later ones.
#
# **Question.** In which of the seven stages would you notice that the prey is another one?

# %%
stepper = widgets.Stepper(kept)
stepper

# %% [markdown]
# <details><summary>Answer</summary>
# From the third on. Observation and features know the board alone. The prediction knows the prey, and everything after
# it rests on the prediction.
# </details>

# %% [markdown]
# ## Watch a newcomer, adapt
#
# Now prey that nobody has trained with. The team plays ten episodes beside the first of them and watches. Then the
# imitator adapts to these moves: Eq. 4's inner loop, and no reward.

# %%
newcomer = newcomers[0]
watched = micra_lite.watch(team, newcomer, episodes=10)
print(len(watched), "episodes,", sum(len(e.actions["prey"]) for e in watched), "moves of the prey")

# %%
steps = list(micra_lite.online_adaptation(team, watched))
adapted = steps[-1].state
losses = [r.losses["imitation_loss"] for r in steps]
print("the imitator explains the watched moves better after adapting:", losses[-1] < losses[0])

# %% [markdown]
# ## Execute
#
# Now the adapted team plays. Nothing is learned any more; each target looks at its observation and acts.

# %%
played = list(micra_lite.execution(adapted, game, newcomer, episodes=4))
catches = sum(float(r.rewards[0]) for r in played)
print(len(played), "steps played; the prey was caught at least once:", catches > 0)

# %% [markdown]
# ## Was it worth it?
#
# Episodes are noisy, so we compute the values exactly, for eight newcomers, on the scale from 0 (random team) to 1 (best
# response).
#
# **Question.** Which newcomers gain most? Guess before you look.

# %%
scores = exact.adaptation_scores(team, table, newcomers, episodes=10)
before, after = scale.each(scores.before), scale.each(scores.after)
figure, words = results.adaptation_figure("pursuit", [f"prey {k}" for k in range(8)], before, after, episodes=10)
widgets.show(figure, words, trained=True)

# %%
gain = scale.normalised_score(scores.after) - scale.normalised_score(scores.before)
print("better than a random team before adapting:", scale.normalised_score(scores.before) > 0.2)
print("better after watching ten episodes than before:", gain > 0)
print("as good as the best response:", scale.normalised_score(scores.after) > 0.99)

# %% [markdown]
# The gain is largest, as a rule, where the team did badly before: where the prey is unlike the average one.
#
# ## Summary
#
# - **Targets** are ours, **externals** are not. One external is one task (Eq. 1).
# - The **imitator** predicts an external after a few watched moves (Eq. 4).
# - With that prediction the joint Q becomes **regrets** (Eq. 2), and regrets move the policies (Eq. 3).
# - A newcomer costs a few watched episodes, and no reward.
#
# ## Common mistakes
#
# - *Taking Q(s, a) of the action that the others took.* That is COMA's advantage. Eq. 2 averages over what they might do.
# - *Reading a regret as a value.* It is relative to the policy: all regrets of a perfect policy are zero or negative.
# - *Feeding the imitator from its query moves.* The loss looks wonderful, and newcomers are predicted badly.
# - *Calling a team adapted because it scores well.* Compare with the same team before it watched, on the same newcomers.
#
# Last, the notebook checks itself.

# %%
assert torch.allclose(by_hand, packaged, atol=1e-6)
assert abs(float(policy @ regret)) < 1e-6
assert torch.allclose(g, policy * regret, atol=1e-6)
assert abs(scale.normalised_score(scale.best) - 1) < 1e-9
assert scale.normalised_score(wrong) < 0.6
assert gain > 0
print("all checks passed")
