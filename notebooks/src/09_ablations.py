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
# # Ablations
#
# What is a part of an algorithm worth? Take it out, leave all else as it is, and train again: the field calls that an **ablation**. Whoever has broken a thing
# on purpose knows what holds it together.
#
# **Afterwards you can**
#
# - find out from gradients which loss teaches which network;
# - find out how far a forgotten part of a saved training reaches;
# - watch a training for signs that it goes well, or not;
# - take a part out, and say what the result does and does not show.
#
# **You need** offline training (lesson `08_offline_training`).
#
# **Time**: 27 minutes. The cells run for a minute or two.

# %% tags=["hide-input"]
import os

# one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import tempfile
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

import micra_lite
from micra_lite import exact, updates, widgets
from micra_lite.agent import prior_belief
from micra_lite.phases import meta_update_loss
from micra_lite.plotting import style
from micra_lite.regret import counterfactual_regret_advantage
from micra_lite.replay import Replay


def apart(one, other):
    """The largest difference of any parameter of two teams, slow copies included."""
    left, right = one.agent.state_dict(), other.agent.state_dict()
    return max(float((left[name] - right[name]).abs().max()) for name in left)


widgets.course_map("extractor", "imitator", "critic", "actors", "offline training")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $\pi_1$, $\pi_2$, $\delta$ | the hunters' policies; the prediction of the prey | `pi`, `delta` |
# | $Q$, $\bar Q$ | the critic, its slow copy | `q` |
# | $A_i(s, a_i)$ | regret advantage | `regrets` |
# | $\tau$ | how fast $\bar Q$ follows $Q$ | `target_rate` |
# | $\varepsilon$ | share of random moves while collecting | `exploration` |

# %% [markdown]
# ## 1. Which loss teaches whom
#
# The tiny team of lesson 8 once more, after four updates. (The folded cell trains it; the settings are those of lesson 8.)

# %% tags=["hide-input"]
game = micra_lite.make("pursuit", size=2)
family = micra_lite.external_family("pursuit", game)
HUNTERS = list(game.target_axes)  # [0, 1]; the prey is agent 2
tiny = micra_lite.Settings(
    dtype="float64", updates=8, updates_per_round=2,
    externals_per_round=6, episodes_per_external=8, externals_per_update=3,
    support_episodes=(1, 2), query_episodes=2, inner_steps=2,
    value_steps=2, states=8, unwatched_externals=0,
)  # fmt: skip
records = micra_lite.offline_training(game, family, tiny)
state = next(r for r in records if r.step == 4).state
folder = tempfile.TemporaryDirectory()
file = Path(folder.name) / "team.pt"
micra_lite.save(file, state)

# %% [markdown]
# We make its three losses. Lesson 8 wrote them out by hand; here we take the package's functions from `updates` and `phases`.

# %%
agent, data = state.agent, state.replay
batch = data.transitions(8, torch.Generator().manual_seed(1))
belief = prior_belief(agent, 3)  # what is believed of K = 3 externals
phi = agent.features(batch.observations)
with torch.no_grad():
    delta = agent.predict(belief, phi)
q = agent.value(belief, phi)
# 3 externals × 8 transitions in a row: 24 states
log_pi = [p.flatten(0, 1) for p in agent.act(belief, phi, delta)]  # (24, 5) each
pi = [p.detach().exp() for p in log_pi]
q_table, prey_pi = q.table.flatten(0, 1), delta[0].flatten(0, 1)
regrets = counterfactual_regret_advantage(q_table, [*pi, prey_pi], HUNTERS)  # Eq. 2

three = torch.arange(3)  # groups of D
support = data.pairs(three, torch.tensor([0, 1]))  # episodes 0 and 1 of each
query = data.pairs(three, torch.tensor([2, 3]))
# What the critic is told, and what the hunters are: here both are told the same.
y = updates.temporal_difference_target(state, belief, belief, batch)
detached = [a.detach() for a in regrets]
losses = {
    "imitation": meta_update_loss(state, support, query)[0],
    "temporal difference": updates.critic_loss(q, batch.actions, y),
    "actors": updates.actor_loss(log_pi, detached, state.entropy_coefficient),
}

# %% [markdown]
# A step down a loss changes those parameters for which its gradient is not 0.


# %%
def teaches(loss):
    """The networks that a step down this loss changes."""
    reached = []
    for name in ("extractors", "imitators", "critic", "actors"):
        weights = list(getattr(agent, name).parameters())
        slopes = torch.autograd.grad(
            loss, weights, retain_graph=True, allow_unused=True
        )
        if any(g is not None and float(g.abs().max()) > 1e-12 for g in slopes):
            reached.append(name)
    return reached


taught = {name: teaches(loss) for name, loss in losses.items()}
for name, networks in taught.items():
    print(f"{name + ':':21}", ", ".join(networks))

# %% [markdown]
# The critic is told $\delta$, but its loss does not reach the imitator: $\delta$ is detached. Otherwise $\delta$ would come
# to say what makes values easy to fit, and no longer what the prey does.
#
# Regrets are made of two things, $Q$ and the policies: $A_i(s, a) = v(a) - \sum_{a'} \pi_i(a')\, v(a')$, and $v$ is a mean of
# $Q$. In the actors' loss both are detached. What if only the policies were, and $Q$ were not? The loss is minus
# $\sum_a \pi_i(a)\, A_i(s, a)$, as before.

# %%
open_loss = 0.0
for log_p, regret in zip(log_pi, regrets, strict=True):  # not detached from Q
    open_loss = open_loss - (log_p.exp() * regret).sum(-1).mean()
changed = [name for name in teaches(open_loss) if name != "actors"]

# %% tags=["hide-input"]
# As if one move were drawn.
by_sample = teaches(-(log_pi[0] * regrets[0])[:, 0].mean())
# Nothing detached, not even the policies inside the regrets.
all_open = counterfactual_regret_advantage(
    q_table, [*(p.exp() for p in log_pi), prey_pi], HUNTERS
)
constant = teaches((log_pi[0].exp() * all_open[0]).sum(-1).mean())

# %%
words = {0: "none of them", 1: "the critic", 2: "critic and extractor"}
guess_open = widgets.ask("undetached", words[len(changed)])
guess_open

# %% [markdown]
# <details><summary>After your prediction: what detaching is for</summary>
# Detaching Q is a precaution: with a sampled action, or another advantage, a gradient would flow, and a critic should judge actors,
# not please them. Detaching the policies inside the regrets is necessary. Otherwise Σ π A is 0 whatever the policies are, and
# the loss teaches nobody.
# </details>

# %% [markdown]
# ## 2. Forget a part
#
# The file holds the training after four updates. Go on to the eighth, but first forget one part of the state. How far does
# each network end from where it ends in the training that was never stopped?


# %%
def forget(part):
    """The loaded state without one of its parts."""
    state = micra_lite.load(file)
    if part == "random generator":
        state.generator.manual_seed(123)
    elif part == "optimisers' memory":
        state.optimisers = state.new_optimisers()
    elif part == "slow copies":
        agent = state.agent
        agent.target_critic.load_state_dict(agent.critic.state_dict())
        agent.target_extractors.load_state_dict(agent.extractors.state_dict())
    elif part == "data D":
        state.replay = Replay(state.replay.capacity, state.observe)
    return state


def finish(part):
    """The training after the last update, if this part was forgotten."""
    training = micra_lite.offline_training(game, family, tiny, forget(part))
    return micra_lite.last(training).state


def distance(one, other, network):
    """The largest difference of any parameter of this network."""
    pair = [getattr(state.agent, network).parameters() for state in (one, other)]
    return max(float((a - b).detach().abs().max()) for a, b in zip(*pair, strict=True))


whole = micra_lite.last(records).state  # the training that was never stopped
parts = ("random generator", "optimisers' memory", "slow copies", "data D")
networks = ("imitators", "critic", "actors")
far = {}
for part in parts:
    finished = finish(part)
    far[part] = {name: distance(whole, finished, name) for name in networks}

# %% [markdown]
# Remember from section 1 who learns from which loss. Take the slow copies: they are reset to the networks as they are now.

# %%
of_slow = far["slow copies"]
nearest = min(of_slow, key=of_slow.get).removesuffix("s")  # "imitator", say
guess_forget = widgets.ask("forget-slow", nearest)
guess_forget

# %% tags=["hide-input"]
with guess_forget.then():
    print(f"{'forgotten':21}" + "".join(f"{name:17}" for name in networks))
    for part, of in far.items():
        words = (
            "nearly the same" if of[name] < 0.004 else "another" for name in networks
        )
        print(f"{part:21}" + "".join(f"{word:17}" for word in words).rstrip())

# %% [markdown]
# ## 3. Watch it learn
#
# A somewhat larger team, on the same 2 × 2 board, 64 updates. Before the first and after every fourth we look at it from outside:
#
# - the **score** against 8 new prey, before watching them: 0 is a random team, 1 the best response to each;
# - the **regret left**, $\max_a A_i(s, a)$, averaged over states and hunters: once as the critic believes, once exactly
#   (against the first four of these prey);
# - the **entropy** of the hunters' policies: how undecided they are. It is 1.61 nats for five equally likely moves, 0 for
#   one certain move.
#
# `examine` computes these (its code is folded away, and so are the sizes). Three settings matter below:
#
# | setting | here | what it says |
# |---|---|---|
# | `target_rate` | 0.05 | $\tau$ in the end; ten times the default, because the training is short |
# | `exploration` | 0.2 | $\varepsilon$, as by default |
# | `entropy_coefficient` | 0.03 | weight of the entropy bonus in the end, as by default |

# %% tags=["hide-input"]
small = {
    "updates": 64, "features": 32, "hidden": 64, "actor_hidden": 32, "rounds_kept": 20,
    "imitator_hidden": 16, "externals_per_round": 8, "episodes_per_external": 16,
    "externals_per_update": 8, "unwatched_externals": 2, "support_episodes": (1, 2, 5),
    "query_episodes": 4, "states_per_external": 16, "target_rate": 0.05,
}  # fmt: skip

table, newcomers = exact.tabulate(game), family.split("held-out")[:8]
scale = exact.yardstick_for(table, newcomers, game)
true = [moves.double() for moves in game.tables(newcomers)[0]]  # (64, 5) each


def regret_left(q, policies):
    """Mean over states and hunters of max_a A_i: q (S, 5, 5, 5), 3 × (S, 5)."""
    found = counterfactual_regret_advantage(q, policies, HUNTERS)
    return float(torch.stack([a.max(-1).values.mean() for a in found]).mean())


def examine(state):
    """Score, regret left as the critic believes and exactly, and entropy, nats."""
    agent, belief = state.agent, prior_belief(state.agent, 1)
    score = scale.normalised_score(exact.exact_values(state, table, newcomers))
    with torch.no_grad():
        phi = agent.features(state.observe(game.states()[None]))
        delta = agent.predict(belief, phi)
        team = [p[0].exp().double() for p in agent.act(belief, phi, delta)]
        believed = agent.value(belief, phi).table[0].double()
    team = [p / p.sum(-1, keepdim=True) for p in team]
    exactly = []
    for prey in true[:4]:
        q = exact.joint_q(table, [*(p.numpy() for p in team), prey.numpy()])
        exactly.append(regret_left(torch.from_numpy(q), [*team, prey]))
    entropy = float(
        torch.stack([torch.special.entr(p).sum(-1).mean() for p in team]).mean()
    )
    left = regret_left(believed, [*team, delta[0][0].double()])
    return float(score), left, float(np.mean(exactly)), entropy


# %%
def train(seed, **changes):
    """What `examine` finds before and in a training: an array (17, 4)."""
    settings = micra_lite.Settings(**{**small, "seed": seed, **changes})
    state = micra_lite.TrainingState.initial(game, settings)
    found = [examine(state)]
    for record in micra_lite.offline_training(game, family, settings, state):
        if record.step % 4 == 0:
            found.append(examine(state))
    return np.array(found)


runs = {"MICRA": [train(seed) for seed in range(3)]}
score, believed, exactly, _ = runs["MICRA"][0].T

# %%
size = "less than a quarter" if believed[0] < exactly[0] / 4 else "about as large"
guess_silent = widgets.ask("silent-critic", size)
guess_silent

# %% tags=["hide-input"]
when = np.arange(0, 65, 4)  # updates
figure = Figure(figsize=(8, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
left.plot(when, believed, "o--", color=style.BLUE, label="as the critic believes")
left.plot(when, exactly, "s-", color="black", label="exact")
left.set(ylabel="regret left, return", ylim=(0, None))
right.plot(when, score, "D-", color=style.VERMILLION, label="MICRA, seed 0")
right.axhline(1, color="black", linestyle=":", label="best response")
right.set(ylabel="normalised score")
for axes in (left, right):
    axes.set_xlabel("updates")
    axes.legend(frameon=False)
peak = int(np.argmax(exactly))
top = f"{exactly[peak]:.2f} after {when[peak]} updates"
words = (
    f"Regret left: the critic believes {believed[0]:.2f} at first, "
    f"{believed.max():.2f} at most, {believed[-1]:.2f} after 64 updates; "
    f"exactly {exactly[0]:.2f}, {top}, {exactly[-1]:.2f} after 64. "
    f"Score {abs(score[0]):.2f}, then {score[-1]:.2f}."
)
with guess_silent.then():
    widgets.show(figure, words, trained=True)

# %% [markdown]
# <details><summary>After your prediction: what to see</summary>
# A critic that knows nothing says that all moves are equally good. So actors begin slowly: first the critic must learn, then
# they can. The exact regret may <em>rise</em> in between: a team that settles on something bad has more to regret than a
# random one. And the score need not rise steadily: do not stop at just any update.
# </details>

# %% [markdown]
# ## 4. Take a part out
#
# Three ablations, three seeds each:
#
# - *no slow copy*: $\tau = 1$, so $\bar Q$ is $Q$ itself;
# - *no exploration*: $\varepsilon = 0$, so while collecting, hunters play only their own policies;
# - *no entropy bonus*: its coefficient is 0.
#
# What counts as a difference is fixed before we look. A team **learns much less** if its mean score is below half of MICRA's, **learns
# faster** if it is above 1.2 times MICRA's. Anything between is **about the same**: with three seeds we could not tell.

# %%
without = {
    "no slow copy": {"target_rate": 1.0},
    "no exploration": {"exploration": 0.0},
    "no entropy bonus": {"entropy_coefficient": 0.0},
}
for name, changes in without.items():
    runs[name] = [train(seed, **changes) for seed in range(3)]
final = {name: [run[-1, 0] for run in three] for name, three in runs.items()}
mean = {name: float(np.mean(scores)) for name, scores in final.items()}


# %%
def verdict(name):
    """How a team without this part does, by the rule above."""
    share = mean[name] / mean["MICRA"]
    if share < 0.5:
        return "it learns much less"
    return "it learns faster" if share > 1.2 else "about the same"


# %%
guess_slow = widgets.ask("no-slow-copy", verdict("no slow copy"))
guess_slow

# %%
guess_blind = widgets.ask("no-exploration", verdict("no exploration"))
guess_blind

# %%
guess_bonus = widgets.ask("no-bonus", verdict("no entropy bonus"))
guess_bonus

# %% tags=["hide-input"]
LOOKS = {
    "MICRA": (style.VERMILLION, "o", "-"),
    "no slow copy": (style.BLUE, "s", "--"),
    "no exploration": (style.GREEN, "^", "-."),
    "no entropy bonus": ("black", "D", ":"),
}
figure = Figure(figsize=(8, 3.4), layout="constrained")
left, right = figure.subplots(1, 2)
told = []
for row, (name, (colour, marker, line)) in enumerate(LOOKS.items()):
    left.plot(final[name], [row - 0.12] * 3, marker, mfc="none", color=colour)
    left.plot(mean[name], row + 0.12, marker, color=colour, markersize=9)
    entropy = np.mean([run[:, 3] for run in runs[name]], 0)
    right.plot(when, entropy, marker + line, color=colour, label=name, markersize=4)
    seeds = ", ".join(f"{s:.2f}".replace("-", "−") for s in final[name])
    told.append(f"{name} {seeds}, entropy after 16 updates {entropy[4]:.2f}")
left.set_yticks(range(4), list(LOOKS))
left.invert_yaxis()
left.axvline(0, color="0.6", linewidth=0.8)
left.set(xlabel="normalised score", title="after 64 updates (hollow: each seed)")
left.grid(axis="x", color="0.9")
right.set(
    xlabel="updates",
    ylabel="entropy, nats",
    title="policies, mean of seeds",
    ylim=(0, None),
)
right.legend(frameon=False, fontsize=8)
with guess_bonus.then(guess_slow, guess_blind):
    widgets.show(figure, f"Scores of three seeds: {'; '.join(told)}.", trained=True)

# %% [markdown]
# <details><summary>After your predictions: what the experiment shows</summary>
# Without the bonus the hunters are sure of themselves within a few updates, while the critic still knows next to nothing
# (section 3). Whoever is certain hardly learns: an action that is never chosen has no weight in Eq. 3. Random moves while
# collecting help the critic; they do not make the policy less certain.
#
# And what it does not show: that slow copy and exploration are useless. A policy that stays undecided explores by itself, so one part may cover for another. The game is small.
# Three seeds are few: lesson 11 says how many you need.
# </details>
#
# Try it: take two parts out at once, `train(0, exploration=0.0, entropy_coefficient=0.0)`, with several seeds.

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_open, guess_forget, guess_silent, guess_slow, guess_blind, guess_bonus]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - Gradients say who learns from which loss; the extractor has two teachers, all others one.
# - What a forgotten part changes follows from who reads it.
# - At first the critic sees no regret. Until it does, actors have nothing to go by, and should try all moves.
# - The entropy bonus sees to that: it keeps their policies from becoming certain too early.
# - An ablation speaks about one part, one task, one budget, and some seeds.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Taking one part out, and calling it useless.* Another one may cover for it.
# - *Stopping at the best point of a curve.* It was partly luck.
# - *One seed.* The hollow markers show how far apart seeds can be.
# - *Saving the networks only.*
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | the losses | `micra_lite.phases.meta_update_loss`, `micra_lite.updates.critic_loss`, `micra_lite.updates.actor_loss` |
# | phase one | `micra_lite.offline_training`, `micra_lite.TrainingState` |
# | looking from outside | `micra_lite.exact.exact_values`, `micra_lite.exact.joint_q` |
# | ready-made ablations | `micra_lite.baselines.ablations` |
#
# Next: `10_adaptation_and_execution`. The trained team meets a stranger.

# %% tags=["hide-input"]
assert taught["imitation"] == ["extractors", "imitators"]
assert taught["temporal difference"] == ["extractors", "critic"]
assert taught["actors"] == ["actors"]
assert changed == constant == []
assert {"extractors", "critic"} <= set(by_sample)
assert apart(whole, finish("nothing")) == 0
assert 0 < of_slow["imitators"] < min(of_slow["critic"], of_slow["actors"]) / 5
assert (
    min(far[part][name] for part in parts if part != "slow copies" for name in networks)
    > 0.008
)
assert believed[0] < exactly[0] / 4
assert score[-1] > 0.2
assert exactly.max() > exactly[0] > exactly[-1]
half = mean["MICRA"] / 2
assert (
    mean["no entropy bonus"] < half < min(mean["no slow copy"], mean["no exploration"])
)
undecided = {
    name: np.mean([run[2, 3] for run in three]) for name, three in runs.items()
}
assert (
    undecided["no entropy bonus"]
    < 1
    < min(undecided["MICRA"], undecided["no exploration"])
)
folder.cleanup()
print("all checks passed")
