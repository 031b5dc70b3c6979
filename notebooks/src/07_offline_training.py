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
# Extractor, imitator, critic and actors have each had their lesson. Now they learn together: phase one of MICRA, written out by hand, and then
# watched, damaged on purpose, and compared.
#
# **Afterwards you can**
#
# - write a whole update of MICRA from its pieces, and check it parameter by parameter;
# - say which network learns from which loss, and why;
# - say what has to be saved so that a stopped training goes on as if nothing had happened;
# - find out what a part is worth, by taking it out;
# - read learning curves, and say when they prove something.
#
# **You need** regrets (lesson `02_regret`), the critic (`04_critic`) and the meta-imitator (`06_meta_imitator`).
#
# **Time**: 45 minutes to read and play; the cells take less than a minute to run.
#
# Where a question has a slider or buttons, choose first, then press **Reveal**. Your predictions are summed up at the end.

# %%
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # small sums: one thread is fastest

import json
import math
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

import micra_lite
from micra_lite import exact, widgets
from micra_lite.agent import Belief, make_belief, prior_belief
from micra_lite.baselines import methods
from micra_lite.imitation import adapt, meta_loss
from micra_lite.plotting import style
from micra_lite.regret import counterfactual_regret_advantage
from micra_lite.replay import Replay
from micra_lite.rollouts import play
from micra_lite.widgets.learning_curves import read_runs

# %% [markdown]
# ## Notation
#
# The same names in formulas, in text and in code.
#
# | symbol | in words | in code |
# |---|---|---|
# | $\phi(o)$ | features, made by the extractor | `phi` |
# | $\delta_k(a_e \mid o_e)$ | the imitator's prediction, adapted to external $k$ | `delta`, (K, N, A) |
# | $\pi_i(a_i \mid o_i)$ | a target's policy | `pi[i]`, (K, N, A) |
# | $Q$, $\bar Q$ | joint Q-function, its slow copy | `q`, `slow`, (K, N, A, A, A) |
# | $A_i(s, a_i)$ | regret advantage of Eq. 2 | `regret` |
# | $D$ | the data: all that was played | `state.replay` |
# | $\varepsilon$, $\tau$ | exploration while collecting; how fast $\bar Q$ follows | `exploration`, `target_rate` |
# | $K$, $N$ | externals of one update, and states in which each of them is met | |

# %% [markdown]
# ## 1. Five things, again and again
#
# 1. **Collect**: meet a few training externals, play, put the episodes into $D$. (Not in every update.)
# 2. **Imitate**: draw $K$ externals from $D$. Adapt $\delta_k$ to each; learn from other episodes of the same (Eq. 4).
#    A few of them are left unwatched: section 3 says why.
# 3. **Critic**: draw transitions from $D$. One step down the temporal difference, with $\delta_k$ in the expectation.
# 4. **Regrets**: put $\delta_k$ and the actors' policies into Eq. 2.
# 5. **Actors**: one step along Eq. 3.
#
# Here is a very small team: pursuit on 2 × 2 cells, two hunters, one prey, 64 states. We train it for four updates and stop.

# %%
game = micra_lite.make("pursuit", size=2)
family = micra_lite.external_family("pursuit", game)
tiny = micra_lite.Settings(
    dtype="float64", updates=8, updates_per_round=2, externals_per_round=6, episodes_per_external=6,
    rounds_kept=4, support_episodes=(1, 2), unwatched_externals=1, query_episodes=2,
    externals_per_update=3, states=8, states_per_external=8, value_steps=2, inner_steps=2, features=8,
    hidden=16, actor_hidden=8, imitator_hidden=8, rank=4,
)  # fmt: skip
HUNTERS, PREY = game.target_axes, game.external_axes[0]

records = micra_lite.offline_training(game, family, tiny)
state = next(r for r in records if r.step == 4).state
folder = tempfile.TemporaryDirectory()
file = Path(folder.name) / "team.pt"
micra_lite.save(file, state)
print(f"{state.updates} updates; {state.replay.size} groups of episodes in D")
print(state.environment_steps, "steps played")

# %% [markdown]
# Everything that changes is in `state`: networks, optimisers, $D$, the random generator, counters. So a copy of it is easy: load the file
# twice. One copy is for the package, one for us.

# %%
theirs, ours = micra_lite.load(file), micra_lite.load(file)
externals = family.split("train")
print("parameters of the team:", sum(p.numel() for p in ours.agent.parameters()))

# %% [markdown]
# ## 2. Collect
#
# Draw externals. Play half of the episodes with a team that knows nothing of them. Let it watch some of these, and adapt. Play the other half.
# So actors meet both situations: before watching, and after. In both, a share $\varepsilon$ of the hunters' moves is random: the critic must see joint
# actions that the team would not choose.


# %%
def belief_after(state, pairs):
    """The belief about each external, after adapting to its watched pairs."""
    with torch.no_grad():
        phi = state.agent.features(pairs.observations)[PREY]
    moves, steps = pairs.actions[..., PREY], state.settings.inner_steps
    theta = adapt(state.agent.imitators[0], phi, moves, steps, weights=pairs.weights)
    return make_belief(state.agent, [theta])


def collect(state):
    """One round of data."""
    s, generator = state.settings, state.generator
    k = torch.randint(len(externals), (s.externals_per_round,), generator=generator)
    met, half = externals[k.tolist()], s.episodes_per_external // 2
    before = play(state, met, prior_belief(state.agent, len(met)), half, s.exploration, generator)
    count = int(torch.randint(1, half + 1, (1,), generator=generator))  # episodes watched
    belief = belief_after(state, before.pairs(slice(count), state.observe))
    after = play(state, met, belief, half, s.exploration, generator)
    state.replay.add(k, before, after)
    state.environment_steps += int(before.alive.sum() + after.alive.sum())


# %% [markdown]
# $D$ keeps the episodes in groups: one group for each external met, with its number $k$. Step 2 needs that: support and query must be of the same
# external. Step 3 does not. It draws transitions from $D$ and values them against $k$:

# %%
groups = ours.replay.size
draws = torch.Generator().manual_seed(0)
played_by = torch.randint(groups, (100_000,), generator=draws)  # the group that a transition comes from
valued_against = torch.randint(groups, (100_000,), generator=draws)
own = float((played_by == valued_against).double().mean())

guess_own = widgets.ask("own-transitions", "about 1 in 12" if abs(own - 1 / 12) < 0.01 else "about half")
guess_own

# %% [markdown]
# <details><summary>After your prediction: why that is allowed</summary>
# Because of what lesson 4 found: $r$ and $s'$ follow from the joint action, whoever chose it. Only the expectation at $s'$ asks who the external is.
# So data never gets old, and every episode teaches something about every external. (One exception comes in section 3: externals of whom nothing was
# watched.)
# </details>

# %% [markdown]
# ## 3. Imitate
#
# The loss of lesson 6, for all $K$ externals at once. New here: the imitator does not see $o_e$ itself, but features $\phi(o_e)$.


# %%
def imitation(state, groups):
    """Eq. 4's loss for the drawn groups (K,), the adapted θ′ of each, and the order of their episodes."""
    s, agent, generator = state.settings, state.agent, state.generator
    n = s.support_episodes[int(torch.randint(len(s.support_episodes), (1,), generator=generator))]
    order = torch.randperm(s.episodes_per_external, generator=generator)
    support = state.replay.pairs(groups, order[:n])
    query = state.replay.pairs(groups, order[n : n + s.query_episodes])  # no episode in both
    support.weights[-s.unwatched_externals :] = 0.0  # of the last externals nothing was watched
    sets = []
    for p in (support, query):
        sets.append((agent.features(p.observations)[PREY], p.actions[..., PREY], p.weights))
    return *meta_loss(agent.imitators[0], *sets, s.inner_steps), order


# %% [markdown]
# ### Before anything is watched
#
# The last externals of the batch are **unwatched**: their support weighs nothing, so $\theta' = \theta$. They teach $\theta$ to be a good guess about
# somebody of whom nothing is known.
#
# The team, too, must play well before it has watched.
#
# **Question.** Whom should its critic believe in then? The average external?
#
# <details><summary>Answer</summary>
# Better not: nobody is average. Say, a friend always goes left, or always right, and a coin decides which friend you meet. Against the average you
# plan as if the coin were tossed again at every step. Yet whoever went left will go left again.
# </details>
#
# In training we can do better: **the critic may know more than the actors.** For unwatched externals it is told the prediction after many watched
# episodes (here 2), the actors are told $\theta$'s. So they learn what is best on average over externals, not against an average one.


# %%
def beliefs(state, groups, theta, order):
    """What the critic is told of each external, and what the team believes."""
    s, known = state.settings, len(groups) - state.settings.unwatched_externals
    team = make_belief(state.agent, [theta])
    team.unwatched[known:] = 1.0  # an input of the critic: this team plays without having watched
    most = state.replay.pairs(groups[known:], order[: max(s.support_episodes)])
    told = belief_after(state, most)
    told.unwatched[:] = 1.0
    return Belief.concatenate(team[:known], told), team


# %% [markdown]
# ## 4. Critic
#
# $$y = r + \gamma \sum_{a'} \pi_1(a'_1 \mid s')\, \pi_2(a'_2 \mid s')\, \delta_k(a'_e \mid o'_e)\, \bar Q(s', a'), \qquad
# \text{loss} = \big(Q(s, a) - y\big)^2$$
#
# With axes `a` and `b` for the hunters, `e` for the prey, `k` for externals and `n` for states, the sum is one line.


# %%
def look(state, belief, team, seen, slow=False):
    """At observations n × (1 or K, N, O): δ, log π as the team believes, and Q (or its slow copy)."""
    agent = state.agent
    features = agent.features(seen)
    with torch.no_grad():
        delta, expected = agent.predict(belief, features), agent.predict(team, features)
    log_pi = agent.act(team, features, expected)
    told = agent.features(seen, target=True) if slow else features  # the slow critic has slow features
    return delta[0], log_pi, agent.value(belief, told, target=slow)  # q.table: (K, N, A, A, A)


def temporal_difference(state, belief, team, batch, q):
    """The critic's loss on transitions (1 or K, N, …), of the joint actions that were taken."""
    with torch.no_grad():
        delta, log_pi, slow = look(state, belief, team, batch.next_observations, slow=True)
        v = torch.einsum("knabe,kna,knb,kne->kn", slow.table, *[p.exp() for p in log_pi], delta)
        reward = batch.rewards[..., HUNTERS].to(v.dtype).mean(-1)
        y = reward + game.gamma * v * ~batch.terminated
    return (q.taken(batch.actions) - y).square().mean()


# %% [markdown]
# ## 5. Regrets, and actors
#
# Eq. 2 for both hunters, then Eq. 3 with the sum over own actions taken exactly. `q` is detached: a critic is to judge actors, not to please them. The
# entropy bonus keeps policies from freezing before the critic knows anything.


# %%
def actors(state, log_pi, delta, q):
    """Minus the objective of Eq. 3 and the entropy bonus, summed over hunters."""
    table, pi, loss = q.table.detach(), [p.detach().exp() for p in log_pi], 0.0
    values = [
        torch.einsum("knabe,knb,kne->kna", table, pi[1], delta),
        torch.einsum("knabe,kna,kne->knb", table, pi[0], delta),
    ]
    for log_policy, policy, value in zip(log_pi, pi, values, strict=True):
        regret = value - (policy * value).sum(-1, keepdim=True)  # Eq. 2
        gain = (log_policy.exp() * regret).sum(-1).mean()  # Eq. 3
        entropy = -(log_policy.exp() * log_policy).sum(-1).mean()
        loss = loss - gain - state.entropy_coefficient * entropy
    return loss


# %% [markdown]
# ## 6. The whole update
#
# Each role has an optimiser of its own. Two small things are easy to get wrong:
#
# - The actors are judged by the $Q$ from *before* the critic's step, which was computed anyway.
# - Unwatched externals get transitions that were played beside *them*, before they were watched. A team that has watched nobody can only guess from the
#   state who is there. So who is met where must be as in play. (A team that knew would stand elsewhere, and give the newcomer away.)


# %%
def step(state, role, loss):
    optimiser = state.optimisers[role]
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for g in optimiser.param_groups for p in g["params"]], 10.0)
    optimiser.step()


def slow_copies_follow(state):
    agent, tau = state.agent, state.target_rate
    for slow, fast in ((agent.target_critic, agent.critic), (agent.target_extractors, agent.extractors)):
        for p, new in zip(slow.parameters(), fast.parameters(), strict=True):
            p.data += tau * (new.data - p.data)


def draw(state, groups):
    """Which externals, and transitions for them: the watched share batches."""
    s, generator = state.settings, state.generator
    known = len(groups) - s.unwatched_externals
    for _ in range(s.value_steps):
        yield slice(0, known), state.replay.transitions(s.states, generator)
    before, N = s.episodes_per_external // 2, s.states_per_external  # episodes before anybody was watched
    yield slice(known, None), state.replay.own_transitions(groups[known:], before, N, generator)


def update(state):
    s, generator = state.settings, state.generator
    if state.updates % s.updates_per_round == 0:
        collect(state)  # 1
    state.set_rates()  # learning rates fall in the last third
    groups = state.replay.groups(s.externals_per_update, generator)
    loss, theta, order = imitation(state, groups)  # 2
    step(state, "imitator", loss)
    belief, team = beliefs(state, groups, theta, order)
    for which, batch in draw(state, groups):
        told, believed = belief[which], team[which]
        delta, log_pi, q = look(state, told, believed, batch.observations)
        step(state, "critic", temporal_difference(state, told, believed, batch, q))  # 3
        slow_copies_follow(state)
        step(state, "actor", actors(state, log_pi, delta, q))  # 4, 5
    state.updates += 1


# %% [markdown]
# The package's update is one `next`. Two updates each, so that what one leaves behind is used by the next. Then every parameter is compared.

# %%
packaged = micra_lite.offline_training(game, family, tiny, theirs)
for _ in range(2):
    update(ours)
    next(packaged)


def apart(one, other):
    """The largest difference of any parameter, slow copies included."""
    left, right = one.agent.state_dict(), other.agent.state_dict()
    return max(float((left[name] - right[name]).abs().max()) for name in left)


apart_update, moved = apart(ours, theirs), apart(ours, micra_lite.load(file))
for name, network in ours.agent.named_children():
    mine, packed = network.state_dict(), getattr(theirs.agent, name).state_dict()
    worst = max(float((mine[n] - packed[n]).abs().max()) for n in mine)
    count = sum(p.numel() for p in network.parameters())
    print(f"{name:17} {count:5} parameters agree within 1e-9:", worst < 1e-9)
same_luck = torch.equal(ours.generator.get_state(), theirs.generator.get_state())
same_data = all(torch.equal(column, theirs.replay.store[n]) for n, column in ours.replay.store.items())
print("and they have moved:", moved > 1e-3)
print("the same random numbers:", same_luck, " the same D:", same_data)

# %% [markdown]
# ## 7. Who learns from whose loss?
#
# Three losses, four kinds of network. All look through one extractor.

# %%
belief = prior_belief(ours.agent, 3)
batch = ours.replay.transitions(8, torch.Generator().manual_seed(1))
delta, log_pi, q = look(ours, belief, belief, batch.observations)
losses = {
    "imitation": imitation(ours, torch.arange(3))[0],
    "temporal difference": temporal_difference(ours, belief, belief, batch, q),
    "actors": actors(ours, log_pi, delta, q),
}
networks = {n: getattr(ours.agent, n) for n in ("extractors", "imitators", "critic", "actors")}
reaches = {}
for name, loss in losses.items():
    for part, network in networks.items():
        weights = list(network.parameters())
        slopes = torch.autograd.grad(loss, weights, retain_graph=True, allow_unused=True)
        reaches[name, part] = any(g is not None and bool((g != 0).any()) for g in slopes)

# %%
teachers = [name for name in losses if reaches[name, "extractors"]]

answer = "imitation and temporal difference" if teachers == list(losses)[:2] else "all three"
guess_teachers = widgets.ask("teachers", answer)
guess_teachers

# %%
with guess_teachers.then():
    print(f"{'loss':20}" + "".join(f"{part:>12}" for part in networks))
    for name in losses:
        row = ("learns" if reaches[name, part] else "–" for part in networks)
        print(f"{name:20}" + "".join(f"{word:>12}" for word in row))

# %% [markdown]
# <details><summary>After your prediction: how to read it, and another question</summary>
# Read the columns. Imitator, critic and actors have one teacher each; the extractor has two. Who asks "what will the prey do?" and who asks "what is it
# worth?" need to see the same things. The critic's loss does not reach the imitator, though $\delta$ is an input of the critic: it is detached. Else $\delta$
# would say what makes values easy to fit, and no longer what the prey does.
# <br><strong>Question.</strong> Why not let the actors teach the extractor too?
# </details>
#
# <details><summary>Answer to that other question</summary>
# Their gradient comes from the critic's regrets, which are wrong at first. And whatever moves φ moves the critic's and the imitator's inputs under
# their feet. Two teachers that look at facts (moves, rewards) are enough.
# </details>

# %% [markdown]
# ## 8. Stop, and go on
#
# The file holds the training after four updates. Go on to the end, once in memory and once from the file:

# %%
whole = micra_lite.last(records).state  # the generator of section 1 goes on
resumed = micra_lite.last(micra_lite.offline_training(game, family, tiny, micra_lite.load(file))).state
apart_resumed = apart(whole, resumed)
print("after", resumed.updates, "updates, the largest difference of any parameter:", apart_resumed)

# %% [markdown]
# Exactly zero. Now forget one part of the state before going on:


# %%
def forget(part):
    """The loaded state without one of its parts."""
    state = micra_lite.load(file)
    if part == "random generator":
        state.generator.manual_seed(123)
    elif part == "optimisers' memory":
        state.optimisers = state.new_optimisers()
    elif part == "slow copies":
        state.agent.target_critic.load_state_dict(state.agent.critic.state_dict())
        state.agent.target_extractors.load_state_dict(state.agent.extractors.state_dict())
    else:
        state.replay = Replay(state.replay.capacity, state.observe)
    return state


lost = {}
for part in ("random generator", "optimisers' memory", "slow copies", "data D"):
    finished = micra_lite.last(micra_lite.offline_training(game, family, tiny, forget(part))).state
    lost[part] = apart(whole, finished) > 1e-6

# %%
names = {1: "one of them", 2: "two of them", 4: "all four"}
guess_forget = widgets.ask("forget", names[sum(lost.values())])
guess_forget

# %%
with guess_forget.then():
    for part, differs in lost.items():
        print(f"{part:20} forgotten: another team in the end: {differs}")

# %% [markdown]
# <details><summary>After your prediction: the usual mistake</summary>
# Saving the networks alone. It gives <em>a</em> training, not <em>this</em> one, and nobody can check it any more.
# </details>

# %% [markdown]
# ## 9. Watch it learn
#
# A larger team now, 64 updates: a few seconds. The phase is a stream of records. Whoever wants to see something takes it from there; nothing of it is
# inside the algorithm. Every fourth record we compute exactly, beside 8 new prey that are never trained with:
#
# - the *score*: 0 is a random team, 1 the best response to each prey;
# - the *regret* still to be had: $\max_a A_i(s, a)$, the mean over states and hunters, as the critic believes it and as it is.

# %%
small = {
    "updates": 64, "features": 32, "hidden": 64, "actor_hidden": 32, "imitator_hidden": 16,
    "externals_per_round": 8, "episodes_per_external": 16, "support_episodes": (1, 2, 5),
    "unwatched_externals": 2, "query_episodes": 4, "states_per_external": 16, "externals_per_update": 8,
    "rounds_kept": 20, "target_rate": 0.05,
}  # fmt: skip
table, newcomers = exact.tabulate(game), family.split("held-out")[:8]
scale = exact.yardstick_for(table, newcomers, game)
true = [moves.double() for moves in game.tables(newcomers)[0]]  # π_ℰ, (S, 5) for each prey


def score(state):
    return float(scale.normalised_score(exact.exact_values(state, table, newcomers)))


def regret_left(q, policies):
    """Mean over states and hunters of max_a A_i: q (S, 5, 5, 5), policies 3 × (S, 5)."""
    regrets = counterfactual_regret_advantage(q, policies, HUNTERS)
    return float(torch.stack([r.max(-1).values.mean() for r in regrets]).mean())


def regrets_of(state):
    """What is left as the critic believes it, and exactly (beside the first four prey)."""
    belief = prior_belief(state.agent, 1)
    with torch.no_grad():
        delta, log_pi, q = look(state, belief, belief, state.observe(game.states()[None]))
    team = [p[0].exp() for p in log_pi]  # K = 1
    believed = regret_left(q.table[0], [*team, delta[0]])
    team = [(p.double() / p.double().sum(-1, keepdim=True)) for p in team]
    exactly = [exact.joint_q(table, [*(p.numpy() for p in team), prey.numpy()]) for prey in true[:4]]
    left = [regret_left(torch.tensor(q), [*team, prey]) for q, prey in zip(exactly, true, strict=False)]
    return believed, float(np.mean(left))


# %%
start = micra_lite.TrainingState.initial(game, micra_lite.Settings(**small))
seen = {"step": [0], "score": [score(start)], "regret": [regrets_of(start)]}
stream = {"critic_loss": [], "meta_loss": []}
for record in micra_lite.offline_training(game, family, micra_lite.Settings(**small), start):
    for name, values in stream.items():
        values.append(record.losses[name])
    if record.step % 4 == 0:
        seen["step"].append(record.step)
        seen["score"].append(score(record.state))
        seen["regret"].append(regrets_of(record.state))
believed, left = np.transpose(seen["regret"])

# %%
size = "less than a quarter" if believed[0] < left[0] / 4 else "about as large"
guess_silent = widgets.ask("silent-critic", size)
guess_silent


# %%
def mean_of_8(values):
    """Means over updates 1 to 8, 9 to 16, and so on."""
    return np.reshape(values, (-1, 8)).mean(1)


figure = Figure(figsize=(9.4, 3.5), layout="constrained")
figure.get_layout_engine().set(w_pad=0.1)
first, second, third = figure.subplots(1, 3)
critic, imitator = mean_of_8(stream["critic_loss"]), mean_of_8(stream["meta_loss"])
eighths = np.arange(4.5, 64, 8)  # their middles
first.plot(range(1, 65), stream["critic_loss"], color=style.BLUE, alpha=0.3, linewidth=0.8)
first.plot(range(1, 65), stream["meta_loss"], color=style.ORANGE, alpha=0.5, linewidth=0.8)
first.plot(eighths, critic, "o-", color=style.BLUE, label="critic: squared difference")
first.plot(eighths, imitator, "D--", color=style.ORANGE, label="imitator: nats")
first.set(ylabel="loss", title="losses, and means of 8", ylim=(0, None))
second.plot(seen["step"], believed, "o--", color=style.BLUE, label="as the critic believes")
second.plot(seen["step"], left, "s-", color="black", label="exact")
second.set(ylabel="return", title="regret left", ylim=(0, None))
third.plot(seen["step"], seen["score"], "o-", color=style.VERMILLION, label="MICRA")
third.axhline(1, color="black", linestyle=":", label="best response")
third.set(ylabel="normalised score", title="8 new prey")
for axes in (first, second, third):
    axes.set_xlabel("updates")
    axes.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.22))
peak, scores = int(np.argmax(left)), seen["score"]
words = (
    f"Over 64 updates. Loss, means of the first and the last 8 updates: critic {critic[0]:.2f}, then "
    f"{critic[-1]:.2f}; imitator {imitator[0]:.2f}, then {imitator[-1]:.2f} nats. Regret left: the critic "
    f"believes "
    f"{believed[0]:.2f}, {believed.max():.2f} at most, {believed[-1]:.2f} at the end; exactly "
    f"{left[0]:.2f}, {left[peak]:.2f} after {seen['step'][peak]} updates, {left[-1]:.2f} at the end. "
    f"Score {abs(scores[0]):.2f}, then {scores[-1]:.2f}."
)
with guess_silent.then():
    widgets.show(figure, words, trained=True)
    print("the team has learned something:", seen["score"][-1] > 0.2)
    rises = left.max() > left[0] > left[-1]
    print("more regret is left on the way than at first, and less at the end:", rises)

# %% [markdown]
# <details><summary>After your prediction: what to see</summary>
# <ul>
# <li>A critic that knows nothing says that all moves are alike. So actors begin slowly. First it must learn, then they can.</li>
# <li>The imitator's loss jumps: each update draws other externals, and another number of watched episodes. Only the mean over many tells whether it
# learns.</li>
# <li>Regret may <em>rise</em> in between: a team that settles on something bad has more to regret than a random one.</li>
# <li>The score need not rise steadily. A team in training is not a team to stop at just any update.</li>
# </ul>
# </details>

# %% [markdown]
# ## 10. Take a part out
#
# What is a part worth? Take it out, leave all else, train again. (The field calls this an **ablation**.) Two experiments, each with two seeds. To keep
# them short the hunters are told nothing of the external here (`conditioned=False`); MICRA's critic is.
#
# - *no slow copy*: $\tau = 1$, so $\bar Q$ is $Q$ itself. (In lesson 4, a *table* learned fastest that way.)
# - *no exploration*: $\varepsilon = 0$.


# %%
def train(method="MICRA", seed=0, points=8, **changes):
    """Train one team on 25,600 environment steps: (step, score) at some points, and processor seconds."""
    base = micra_lite.Settings(**small, conditioned=False, seed=seed)
    settings = methods.settings_of(method, base, **changes)
    per_round = settings.externals_per_round * settings.episodes_per_external * game.horizon
    updates = 25_600 // per_round * settings.updates_per_round
    settings = replace(settings, updates=updates)
    state = methods.initial_state(method, game, settings)
    found, seconds = [(0, score(state))], -time.process_time()
    for record in methods.train(method, game, family, settings, state):
        if record.step % (updates // points) == 0:
            seconds += time.process_time()
            found.append((state.environment_steps, score(state)))
            seconds -= time.process_time()
    return found, seconds + time.process_time()


without = {
    "no slow copy": {"target_rate": 1.0},
    "no exploration": {"exploration": 0.0},
}
whole_runs = {seed: train(seed=seed) for seed in (0, 1)}
damaged = {name: [train(seed=seed, **c)[0][-1][1] for seed in (0, 1)] for name, c in without.items()}
finals = {"MICRA": [whole_runs[seed][0][-1][1] for seed in (0, 1)], **damaged}
mean = {name: float(np.mean(scores)) for name, scores in finals.items()}


# %%
def verdict(name):
    return "it learns much less" if mean[name] < mean["MICRA"] / 2 else "about the same"


guess_slow = widgets.ask("no-slow-copy", verdict("no slow copy"))
guess_slow

# %%
guess_blind = widgets.ask("no-exploration", verdict("no exploration"))
guess_blind


# %%
def signed(x):
    """Two digits, and a real minus sign."""
    return f"{x:.2f}".replace("-", "−")


def dots(values, title):
    """A row for each name: every seed (hollow), their mean (filled); the figure and its words."""
    figure = Figure(figsize=(7.6, 0.9 + 0.42 * len(values)), layout="constrained")
    axes = figure.subplots()
    for row, (name, scores) in enumerate(values.items()):
        colour = style.VERMILLION if name == "MICRA" else style.BLUE
        axes.plot(scores, [row - 0.15] * len(scores), "o", mfc="none", color=colour)
        axes.plot(np.mean(scores), row + 0.15, "D", color=colour, markersize=8)
    axes.plot([], [], "o", mfc="none", color=style.BLUE, label="one seed")
    axes.plot([], [], "D", color=style.BLUE, label="mean")
    axes.set_yticks(range(len(values)), list(values))
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.axvline(0, color="0.6", linewidth=0.8)
    axes.axvline(1, color="black", linestyle=":")
    axes.set(xlabel="normalised score (0: random team, 1: best response)", title=title)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.grid(axis="x", color="0.9")
    told = "; ".join(f"{n} {' and '.join(signed(x) for x in v)}" for n, v in values.items())
    return figure, f"{title}: {told}."


with guess_blind.then():
    widgets.show(*dots(finals, "Score after 25,600 steps, two seeds each"), trained=True)
    print("half of MICRA's mean score:", signed(mean["MICRA"] / 2))

# %% [markdown]
# <details><summary>After your predictions: did the answers surprise you?</summary>
# $\bar Q$ has the level of $Q$ without delay (lesson 4, section 9): perhaps less is left for a slow copy to steady. Two seeds on so small a game do not
# tell. A stochastic policy explores by itself, and the entropy bonus keeps it stochastic. So where taking a part out changes little, it need not be
# useless: another part may cover for it.
# </details>
#
# Try it: `train(seed=1, exploration=0.0, entropy_coefficient=0.0)`, and several seeds.

# %% [markdown]
# ## 11. The others
#
# Four well-known algorithms, in our code, with the same networks and the same environment steps. What differs is what the critic sees, and what the
# actors make of it:
#
# | method | its critic | what actors climb | learns from |
# |---|---|---|---|
# | independent actor-critic | $V_i(o_i)$ of each target alone | return minus $V_i$ | the last round |
# | central-V actor-critic | $V(s)$, one for the team | return minus $V$ | the last round |
# | COMA | $Q(s, a)$, all joint actions | $Q$ of the action taken minus the mean over own actions | the last round |
# | MADDPG | $Q(s, a)$, actions as inputs | the slope of $Q$ in the own action | $D$; the prey's moves as they were |
# | MICRA | $Q(s, a)$, all joint actions; told of the prey | regrets (Eq. 2), others averaged out | $D$; the prey's moves averaged out |
#
# *The last round*: what was played serves one update, then it is thrown away (the field says *on-policy*). *D*: section 2. As no hunter is told of
# the prey here, MICRA relabels nothing: each step is valued against the prey that it was played with.
#
# All learn for 25,600 steps, with two seeds.

# %%
RIVALS = ("independent actor-critic", "central-V actor-critic", "COMA", "MADDPG")
runs = {"MICRA": whole_runs} | {m: {seed: train(m, seed) for seed in (0, 1)} for m in RIVALS}
here = [
    {"task": "pursuit 2 × 2", "panel": "nobody adapts", "method": m, "seed": seed, "point": p, "step": at,
     "watched": 0, "externals": 8, "score": value}
    for m, seeds in runs.items() for seed, (found, _) in seeds.items()
    for p, (at, value) in enumerate(found)
]  # fmt: skip
ended = {m: [found[-1][1] for found, _ in seeds.values()] for m, seeds in runs.items()}
end = {m: float(np.mean(values)) for m, values in ended.items()}

# %%
spread = max(ended["MADDPG"]) - min(ended["MADDPG"])

far = "less than 0.1" if spread < 0.1 else "0.1 to 0.3" if spread < 0.3 else "more than 0.3"
guess_maddpg = widgets.ask("maddpg", far)
guess_maddpg

# %%
figure = Figure(figsize=(8.2, 3.6), layout="constrained")
axes = figure.subplots()
looks = {
    "MICRA": (style.VERMILLION, "o-"), "independent actor-critic": (style.BLUE, "s--"),
    "central-V actor-critic": (style.SKY, "^-."), "COMA": (style.GREEN, "D:"),
    "MADDPG": (style.ORANGE, "v--"),
}  # fmt: skip
for m, (colour, line) in looks.items():
    steps = np.array([[at for at, _ in found] for found, _ in runs[m].values()])[0]
    values = np.array([[value for _, value in found] for found, _ in runs[m].values()])
    axes.plot(steps, values.mean(0), line, color=colour, label=m, linewidth=2.4 if m == "MICRA" else 1.2)
    axes.fill_between(steps, values.min(0), values.max(0), color=colour, alpha=0.12, linewidth=0)
axes.axhline(1, color="black", linestyle=":")
axes.set(xlabel="environment steps", ylabel="normalised score")
axes.set_title("pursuit 2 × 2: mean and range of two seeds")
axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
spent = {m: np.mean([seconds for _, seconds in seeds.values()]) for m, seeds in runs.items()}
ranked = sorted(end, key=end.get)[::-1]
told = ", ".join(f"{m} {signed(end[m])} in {spent[m]:.1f} processor seconds" for m in ranked)
words = f"Learning curves, scores after 25,600 steps, means of two seeds: {told}."
on_policy = [m for m in looks if m.endswith("actor-critic") or m == "COMA"]
ahead = min(ended["MICRA"]) > max(max(ended[m]) for m in on_policy)
with guess_maddpg.then():
    widgets.show(figure, words, trained=True)
    print("here, each run of MICRA ends above all who learn from the last round only:", ahead)

# %% [markdown]
# Before you believe it, ask:
#
# - *Steps or seconds?* MICRA squeezes more out of each step, and computes more for it (see the words below the figure). Others may catch up with
#   more steps; where steps are cheap, that is fair game.
# - *Who knew more?* In training MICRA's critic is told what the imitator expects of each prey. The other critics are not.
# - *Who was tuned?* Here nobody. A comparison needs the same tuning budget for all.
# - *How many seeds?* Two. That shows what can happen, not what does.
# - *One task?* Another one may turn it round.

# %% [markdown]
# ## 12. Would other seeds say the same?
#
# The benchmark trains longer, on larger tasks. Its file is read here, if it is there.
#
# - *nobody adapts*: all play the newcomers as they are.
# - *everyone adapts*: every method has an imitator, which learned beside it, and has watched five episodes of each newcomer.
#
# Bars: 95 % bootstrap intervals of the interquartile mean (the mean of the middle half) over seeds. **Fewer than ten seeds are no evidence**: the words
# below the figure say how many there are, who is first, and by which command the file is made.
#
# **Question.** Will the order be that of section 11?

# %%
RESULTS = Path(micra_lite.__file__).parents[1] / "benchmarks" / "results"
results = {"rows": [], "seeds": 0, "command": "python benchmarks/learning.py"}
if (RESULTS / "learning.json").exists():
    results = json.loads((RESULTS / "learning.json").read_text())
measured = {(f"{r['task']},\n{r['panel']}", r["method"]): r for r in results["rows"]}
places = list(dict.fromkeys(place for place, _ in measured))
columns = min(4, max(1, len(places)))
deep = max(1, math.ceil(len(places) / columns))
figure = Figure(figsize=(2.6 + 2.1 * columns, 0.8 + 1.9 * deep), layout="constrained")
told = []
panels = list(figure.subplots(deep, columns, sharex=True, sharey=True, squeeze=False).flat)
for axes in panels[len(places) :]:
    axes.remove()
for axes, place in zip(panels, places, strict=False):
    for row, m in enumerate(looks):
        if r := measured.get((place, m)):
            bars = [[r["final"] - r["low"]], [r["high"] - r["final"]]]
            axes.errorbar(r["final"], row, xerr=bars, fmt=looks[m][1][0], color=looks[m][0], capsize=4)
    axes.axvline(1, color="black", linestyle=":")
    axes.set(xlabel="normalised score", title=place)
    axes.tick_params(labelbottom=True)
    axes.set_yticks(range(len(looks)), list(looks))
    axes.set_ylim(len(looks) - 0.5, -0.5)
    there = {m: measured[place, m] for m in looks if (place, m) in measured}
    bounds = {m: f"({signed(r['low'])} to {signed(r['high'])})" for m, r in there.items()}
    each = (f"{m} {signed(r['final'])} {bounds[m]}" for m, r in there.items())
    won, second_best = sorted(there, key=lambda m: -there[m]["final"])[:2]
    clear = there[won]["low"] > there[second_best]["high"]
    meets = f"its interval meets that of {second_best}"
    told.append(f"{place.replace(chr(10), ' ')}: {', '.join(each)}; first is {won}")
    told[-1] += ", with an interval of its own" if clear else f", but {meets}"
few = "" if results["seeds"] >= 10 else " Too few to be evidence."
figure.suptitle(f"Final scores, {results['seeds']} seeds", fontsize=11)
words = f"Final normalised scores, {results['seeds']} seeds.{few} {'. '.join(told)}."
words += f" Made by: {results['command']}"
widgets.show(figure, words, trained=True)

# %% [markdown]
# Where the order is another one than in section 11: that was one small task and two seeds. Where it is the same: is the interval clear of the others?
#
# A few seeds are a draw. The curves of section 11, and those of the benchmark: choose how many **seeds** you can afford, and draw **another** set of
# them. Is the same method ahead? Move the **budget**: the circles are the single seeds there. Use Tab and the arrow keys.

# %%
curves = widgets.LearningCurves([*here, *read_runs(RESULTS / "learning-runs.csv")])
curves

# %% [markdown]
# Try:
#
# 1. One seed, a small budget. Draw again and again. Does the order of the methods change?
# 2. Which budget would you choose to make MICRA look good? Which one to make another method look good?
# 3. Read the last line with one seed, then with more. When would you believe who is first?
#
# <details><summary>Answers</summary>
# 1. At small budgets nearly always: nobody has learned, and luck orders the methods. 2. Such a choice can nearly always be made, *after* looking. So
# choose the budget before. 3. When every choice of seeds names the same method; and even then only for this task, these settings, and this budget.
# </details>

# %% [markdown]
# ## Your predictions

# %%
guesses = [guess_own, guess_teachers, guess_forget, guess_silent, guess_slow, guess_blind, guess_maddpg]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# - Collect, imitate, critic, regrets, actors: one update, and each part is from a lesson before.
# - The extractor learns from imitator and critic. Actors get detached features.
# - Transitions are relabelled: each is valued against any external. So $D$ never gets old.
# - Slow copies hold the targets still. $\varepsilon$ and the entropy bonus keep rare joint actions in $D$.
# - The training state is complete if going on from it gives the same numbers.
# - A learning curve is a claim about a task, a budget, a tuning and a number of seeds.

# %% [markdown]
# ## Common mistakes
#
# - *Letting the actors' gradient into critic or extractor.* Detach $Q$ and $\phi$.
# - *Making the target with the fast critic.* It runs after its own tail.
# - *Support and query of the same episodes.* Then the imitator learns to remember.
# - *Saving the networks only.* Optimisers, $D$, slow copies and generator belong to it.
# - *Taking one part out, and calling it useless.* Another one may cover for it.
# - *Stopping at the best point of a curve.* It was luck, in part.
# - *Comparing a tuned method with untuned ones.*

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | phase one | `micra_lite.offline_training`, `micra_lite.rollouts.collect`, `micra_lite.phases.imitate` |
# | one step of critic and actors | `micra_lite.updates.update` |
# | critic, actors, their losses | `micra_lite.updates.critic_loss`, `micra_lite.updates.actor_loss` |
# | slow copies | `micra_lite.updates.update_targets` |
# | the data, and what is drawn from it | `micra_lite.replay.Replay`, `micra_lite.replay.Transitions` |
# | save, load | `micra_lite.save`, `micra_lite.load` |
# | the others | `micra_lite.baselines.methods.train`, `micra_lite.baselines.methods.METHODS` |
# | to play with | `micra_lite.widgets.LearningCurves` |
#
# **Now you.** The exercises on this lesson: `exercises/07_offline_training.ipynb`.

# %% [markdown]
# Next: `08_adaptation_and_execution`. The trained team meets a stranger.
#
# Last, the notebook checks itself.

# %%
assert apart_update < 1e-9
assert moved > 1e-3
assert same_luck
assert same_data
assert ours.environment_steps == theirs.environment_steps
assert {key for key, learns in reaches.items() if learns} == {
    ("imitation", "extractors"), ("imitation", "imitators"), ("temporal difference", "extractors"),
    ("temporal difference", "critic"), ("actors", "actors"),
}  # fmt: skip
assert apart_resumed == 0
assert all(lost.values())
assert believed[0] < left[0] / 4
assert seen["score"][-1] > 0.2
assert left.max() > left[0] > left[-1]
assert ahead
assert {r["method"] for r in here} == set(looks)
folder.cleanup()
print("all checks passed")
