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
# # Adaptation and execution
#
# A trained team meets a stranger. It watches, it adapts, it plays. Phases two and three of MICRA, and what to do when the stranger
# turns into another one.
#
# **Afterwards you can**
#
# - write the online phase by hand, and say which numbers it changes and which it leaves alone;
# - name three ways in which a team can use an adapted imitator, and what each is worth and costs;
# - find out what limits a team, by putting exact parts in the place of learned ones;
# - detect that an external has changed, and choose a threshold with open eyes.
#
# **You need** Eq. 2 (lesson `02_regret`), the critic (`04_critic`) and the meta-imitator (`06_meta_imitator`).
#
# **Time**: 40 minutes to read and play; the cells take less than a minute to run.
#
# Where a question has a slider or buttons, choose first, then press **Reveal**. Your predictions are summed up at the end.

# %%
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # small sums: one thread is fastest

import copy
import json
import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch.func import functional_call

import micra_lite
from micra_lite import exact, widgets
from micra_lite.agent import prior_belief
from micra_lite.extensions.change_detection import Succession, vigilant_execution
from micra_lite.plotting import style
from micra_lite.widgets import change_watch

# %% [markdown]
# ## Notation
#
# The same names in formulas, in text and in code.
#
# | symbol | in words | in code |
# |---|---|---|
# | $\pi_{\mathcal E}$, $\delta(a_e \mid o_e; \theta')$ | the external's policy; the adapted imitator's prediction | `true`, `delta` |
# | $\theta$, $\theta'$ | the imitator's parameters before and after watching | `agent.imitators`, `theta` |
# | $\alpha_{\text{adp}}$, $n_0$ | inner step sizes; how many pairs $\theta$ itself is worth | `log_step_size`, `log_prior_pairs` |
# | $\pi_i(a_i \mid o_i)$ | a target's policy | `agent.act` |
# | $A_i(s, a_i)$ | regret advantage of Eq. 2 | `regret` |
# | $\bar\pi$ | the Bayes predictor | `exact.bayes_predictor` |
# | $z_t$, $S_t$, $h$ | evidence of a change, its cumulative sum, the threshold; nats | `suspicion`, `threshold` |

# %% [markdown]
# ## 1. A team, and a newcomer
#
# Two hunters, one prey, 3 × 3 cells. We train a small team, for a short time. (`micra-lite train pursuit` trains longer, and gets further.)

# %%
game = micra_lite.make("pursuit")
family = micra_lite.external_family("pursuit")
settings = micra_lite.Settings(
    updates=150, hidden=128, actor_hidden=64, imitator_hidden=48, states_per_external=32,
    rounds_kept=20, target_rate=0.02, adaptation_updates=100,
)  # fmt: skip
team = micra_lite.last(micra_lite.offline_training(game, family, settings)).state
print(team.updates, "updates done")

# %% [markdown]
# Four prey that nobody has trained with. We know their policies; the team does not. So we can compute exact scores: 0 is a random team,
# 1 the best response to that very prey.

# %%
table, newcomers = exact.tabulate(game), family.split("held-out")[:4]
scale = exact.yardstick_for(table, newcomers, game)
true = [moves.double().numpy() for moves in game.tables(newcomers)[0]]  # π_ℰ, (S, 5) for each prey
before = exact.exact_values(team, table, newcomers)
print("better than a random team before watching:", scale.normalised_score(before) > 0.2)

# %% [markdown]
# **Watch**: the team plays five episodes beside the first of them. What it keeps are pairs of observation and move. No reward.

# %%
newcomer = newcomers[0]
watched = micra_lite.watch(team, newcomer, episodes=5)
seen = torch.cat([episode.observations["prey"] for episode in watched])  # (n, O)
moves = torch.cat([episode.actions["prey"] for episode in watched])  # (n,)
print(len(watched), "episodes,", len(moves), "pairs")

# %% [markdown]
# **Adapt**: each step of the phase is a record.

# %%
records = list(micra_lite.online_adaptation(team, watched))
adapted = records[-1].state
losses = [record.losses["imitation_loss"] for record in records]
print(len(records) - 1, "inner steps; they lower the loss:", losses[-1] < losses[0])

# %%
old, new = team.agent.state_dict(), adapted.agent.state_dict()
changed = [name for name in old if not torch.equal(old[name], new[name])]

guess_changed = widgets.ask("what-changes", "none of them" if not changed else "all of them")
guess_changed

# %% [markdown]
# ## 2. What changes, in nats
#
# What a team knows of a prey is its *belief*: above all, predictions at a fixed set of **probes**. A probe is an observation of the prey. One
# prediction at one state does not tell who the prey is; predictions at many do. How far have they moved, and how far have the hunters' policies?


# %%
def kl(p, q):
    """KL(p ‖ q) in nats, the mean over rows (…, A)."""
    return float((torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1).mean())


nothing, belief = prior_belief(team.agent, 1), adapted.belief
probes = [b.probes.view(-1, 5).double() for b in (nothing, belief)]
tables = [exact.team_tables(t) for t in (team, adapted)]  # per hunter (1, S, 5)
moved = {
    "prediction at the probes": kl(probes[1], probes[0]),
    "policy of hunter 1": kl(tables[1][0].double(), tables[0][0].double()),
    "policy of hunter 2": kl(tables[1][1].double(), tables[0][1].double()),
}
figure = Figure(figsize=(8.6, 2.7), layout="constrained")
left, right = figure.subplots(1, 2, width_ratios=(1, 1.3))
left.plot(range(len(losses)), losses, "o-", color=style.BLUE)
left.set(xlabel="inner steps", ylabel="loss on watched moves, nats", title="the imitator learns")
left.set_ylim(0, 1.1 * losses[0])
right.bar_label(right.barh(list(moved), list(moved.values()), color=style.SKY), fmt="%.2f", padding=3)
right.set(xlabel="KL(after ‖ before), nats", title="what has moved")
right.margins(x=0.15)
right.invert_yaxis()
told = ", ".join(f"{name} {value:.2f}" for name, value in moved.items())
words = f"Loss on watched moves, nats: {losses[0]:.2f}, then {losses[-1]:.2f}. Moved, KL in nats: {told}."
widgets.show(figure, words, trained=True)
print("the prediction and both policies have moved:", min(moved.values()) > 0.01)

# %% [markdown]
# <details><summary>After your prediction: what is new</summary>
# The belief is new: $\theta'$, and its predictions at the probes. Actors and critic take these as an input. So not one parameter of the actors
# has changed, and still they play otherwise.
# </details>

# %% [markdown]
# ## 3. The online phase by hand
#
# First the inner loop of Eq. 4, on the watched pairs:
#
# $$\theta' \leftarrow \theta' - \frac{n}{n + n_0}\,\alpha_{\text{adp}}\, \nabla L(\delta(\cdot; \theta'))$$
#
# $n$ is the number of watched pairs. $\alpha_{\text{adp}}$ is learned for each parameter, and so is $n_0$ (lesson 5). The factor says: few pairs, small
# steps.

# %%
imitator, agent = team.agent.imitators[0], team.agent
with torch.no_grad():
    phi = agent.features([seen] * 3)[0]  # (n, F): under full views all agents see the same
start = {name: p for name, p in imitator.named_parameters() if "layers" in name}
theta = {name: p.detach().clone().requires_grad_() for name, p in start.items()}
trust = len(moves) / (len(moves) + imitator.log_prior_pairs.exp().detach())
by_hand = []
for _ in range(settings.inner_steps):
    loss = 0.0
    for log_delta, move in zip(functional_call(imitator, theta, (phi,)), moves, strict=True):
        loss = loss - log_delta[move] / len(moves)
    by_hand.append(float(loss.detach()))
    slopes = torch.autograd.grad(loss, list(theta.values()))
    for (name, p), slope in zip(theta.items(), slopes, strict=True):
        size = imitator.log_step_size[name.removeprefix("layers.").replace(".", "_")].exp().detach()
        theta[name] = (p - trust * size * slope).detach().requires_grad_()

apart_losses = max(abs(a - b) for a, b in zip(by_hand, losses, strict=False))
apart_theta = max(float((theta[n].detach() - belief.parameters[0][n][0]).abs().max()) for n in theta)
print("losses agree within 1e-4:", apart_losses < 1e-4, " θ′ agrees within 1e-3:", apart_theta < 1e-3)

# %% [markdown]
# That is all that the answer *conditioned* does (`after_imitation="nothing"`). Two other answers go on from here.
#
# **Frozen critic** (`after_imitation="actors"`). Draw states from the data D. In each, put $\delta$ into the sums of Eq. 2, and let the actors take a step along Eq. 3. The
# critic stays. For hunter 1 (axis `a`), with hunter 2 (`b`) and the prey (`e`) averaged out:
#
# $$v(s \mid a) = \sum_b \sum_e \pi_2(b)\, \delta(e)\, Q(s, a, b, e), \qquad A_1(s, a) = v(s \mid a) - \sum_a \pi_1(a)\, v(s \mid a)$$
#
# The step has a small entropy bonus, as in training.

# %%
frozen = replace(settings, after_imitation="actors", adaptation_updates=10)
packaged = micra_lite.last(micra_lite.online_adaptation(team, watched, frozen)).state

ours = copy.deepcopy(agent)
optimiser = torch.optim.Adam(ours.actors.parameters(), frozen.adaptation_rate)
generator = torch.Generator().manual_seed(frozen.seed)
for _ in range(frozen.adaptation_updates):
    batch = team.replay.transitions(frozen.adaptation_states, generator)  # from anywhere in D
    features = [f.detach() for f in ours.features(batch.observations)]  # 3 × (1, N, F)
    with torch.no_grad():
        delta = functional_call(imitator, theta, (features[2],)).exp()  # (1, N, 5)
        q = ours.value(belief, features).table[0]  # (N, 5, 5, 5)
    log_pi = [p[0] for p in ours.act(belief, features, [delta])]  # 2 × (N, 5)
    pi = [p.exp().detach() for p in log_pi]
    values = [
        torch.einsum("sabe,sb,se->sa", q, pi[1], delta[0]),
        torch.einsum("sabe,sa,se->sb", q, pi[0], delta[0]),
    ]
    loss = 0.0
    for log_policy, policy, value in zip(log_pi, pi, values, strict=True):
        regret = value - (policy * value).sum(-1, keepdim=True)  # Eq. 2
        gain = (log_policy.exp() * regret).sum(-1).mean()  # Eq. 3
        entropy = -(log_policy.exp() * log_policy).sum(-1).mean()
        loss = loss - gain - frozen.entropy_coefficient * team.decay * entropy
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(ours.actors.parameters(), 10.0)
    optimiser.step()

mine = team.fork(frozen)
mine.agent, mine.belief = ours, belief
both = [exact.team_tables(t) for t in (mine, packaged)]
apart_frozen = max(float((x - y).abs().max()) for x, y in zip(*both, strict=True))
moved_frozen = max(float((x - y).abs().max()) for x, y in zip(tables[1], both[1], strict=True))
print("policies in all states agree within 1e-3:", apart_frozen < 1e-3)
print("and have moved:", moved_frozen > 0.01)

# %% [markdown]
# **Re-imagined** (`after_imitation="actors and critic"`). As before, but the critic goes on learning too. It takes old transitions from D, and puts $\delta$ into the expectation at
# $s'$ (lesson 4: a transition does not depend on who chose the actions). No new reward is needed.

# %% [markdown]
# ## 4. When is a frozen critic right?
#
# $Q(s, a)$ is the reward now, and what comes *after*. In a one-shot game nothing comes after: $Q$ is the payoff, whoever plays. Then a frozen
# critic is exact. In loops, on a game of 2 × 3: the policy that follows its regrets finds the best answer to each of three columns.

# %%
payoff = torch.tensor(exact.tabulate(micra_lite.make("rectangular")).R[0, :, 0]).view(2, 3)  # row's
found, best = [], []
for column in ([0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]):
    logits = torch.zeros(2, dtype=torch.float64)
    for _ in range(500):
        pi = logits.softmax(-1)
        value = [sum(column[e] * float(payoff[a, e]) for e in range(3)) for a in range(2)]
        average = sum(float(pi[a]) * value[a] for a in range(2))
        for a in range(2):
            logits[a] += float(pi[a]) * (value[a] - average)  # the gradient of Eq. 3, as in lesson 3
    found.append(int(logits.argmax()))
    best.append(max(range(2), key=value.__getitem__))
print("found by regrets:", found, " best:", best)

# %% [markdown]
# In pursuit much comes after, and *who* the prey is decides what. Take the exact $Q$ against the average prey. Freeze it. Put the true policy of
# each newcomer into the sum, and play the best joint action in each state. (For comparison: what the best team against the average prey scores,
# if it does not even do that.)

# %%
average = game.tables(family.split("train")[:256])[0].double().mean(0).numpy()  # (S, 5)
to_average = exact.best_response(table, [average]).policies
q_average = exact.joint_q(table, [*to_average, average])  # (S, 5, 5, 5)
stays, goes = [], []
for policy in true:
    value = np.einsum("sabe,se->sab", q_average, policy).reshape(game.n_states, -1)
    stays.append(exact.team_value(table, to_average, [policy]))
    goes.append(exact.team_value(table, exact.split_team(table, value.argmax(1)), [policy]))
score_average, score_frozen = scale.normalised_score(stays), scale.normalised_score(goes)
print(f"the best team against the average prey scores {score_average:.2f} beside these four")

# %%
guess_frozen = widgets.ask("frozen-pursuit", score_frozen)
guess_frozen

# %% [markdown]
# A *conditioned* critic is better off: it takes the belief as an input. So even frozen it gives another $Q$ for another prey.

# %% [markdown]
# ## 5. The three answers, measured
#
# Each of the four newcomers is watched for five episodes, and each answer starts from the same team. Values are exact. The clock counts
# processor seconds for one newcomer.


# %%
def meet(settings):
    """Values after adapting, (4,), what was watched, and processor seconds for one newcomer."""
    start = time.process_time()
    scores = exact.adaptation_scores(team, table, newcomers, 5, settings)
    return scores, (time.process_time() - start) / len(newcomers)


answers = {"conditioned": "nothing", "frozen critic": "actors", "re-imagined": "actors and critic"}
met = {name: meet(replace(settings, after_imitation=learns)) for name, learns in answers.items()}
score = {name: scale.normalised_score(scores.after) for name, (scores, _) in met.items()}
score["before"] = scale.normalised_score(before)

# %%
at_once = (score["conditioned"] - score["before"]) / (max(score.values()) - score["before"])
part = "next to nothing" if at_once < 0.2 else "about half" if at_once < 0.65 else "most of it"

guess_answers = widgets.ask("answers-share", part)
guess_answers


# %%
def dots(values, title):
    """A row for each name: every prey (hollow), all together (filled); the figure and its words."""
    figure = Figure(figsize=(7.6, 0.9 + 0.42 * len(values)), layout="constrained")
    axes = figure.subplots()
    for row, one in enumerate(values.values()):
        axes.plot(scale.each(one), [row - 0.15] * len(one), "o", mfc="none", color=style.BLUE)
        axes.plot(scale.normalised_score(one), row + 0.15, "D", color=style.VERMILLION, markersize=8)
    axes.plot([], [], "o", mfc="none", color=style.BLUE, label="one prey")
    axes.plot([], [], "D", color=style.VERMILLION, label="all four")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(values)), list(values))
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.set(xlabel="normalised score (0: random team, 1: best response)", title=title)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.grid(axis="x", color="0.9")
    told = "; ".join(f"{name}: {scale.normalised_score(one):.2f}" for name, one in values.items())
    return figure, f"{title}, normalised scores over four prey: {told}."


rows = {"before watching": before}
rows |= {f"{name}, {seconds:.2f} s": scores.after for name, (scores, seconds) in met.items()}
with guess_answers.then():
    widgets.show(*dots(rows, "Before, and after five watched episodes"), trained=True)
    print("all three are better than before:", min(score[n] for n in answers) > score["before"])
seconds = {name: spent for name, (_, spent) in met.items()}
print("the imitator alone is the cheapest:", min(seconds, key=seconds.get) == "conditioned")

# %% [markdown]
# One seed and four prey prove little. The benchmark trains longer, meets more newcomers, and repeats all with other seeds. It takes hours, so here
# its file is read. Bars: 95 % bootstrap intervals of the interquartile mean (the mean of the middle half) over seeds. The words below the figure
# tell how many seeds and newcomers there are, and by which command the file is made.
#
# **Question.** Do the extra steps of *frozen* and *re-imagined* pay, once a team is trained longer?

# %%
file = Path(micra_lite.__file__).parents[1] / "benchmarks" / "results" / "adaptation.json"
results = {"rows": [], "seeds": 0, "command": "python benchmarks/adaptation.py"}
if file.exists():
    results = json.loads(file.read_text())
# Every method beside the same newcomers: of several sets, the smallest (it comes last, and stays).
listed = sorted(results["rows"], key=lambda r: -r["externals"])
measured = {(r["task"], r["method"], r["episodes"]): r for r in listed}
grids = micra_lite.registry.GRID_TASKS  # there may be rows of other games too
tasks = [task for task in grids if (task, "conditioned", 5) in measured]
seeds = results["seeds"]


def benchmark(methods, title, base):
    """Scores of {label: (method, episodes)}, a panel for each measured task; the figure and its words.

    The words say how far each is from the one labelled `base`.
    """
    figure = Figure(figsize=(2.3 + 2.1 * len(tasks), 0.9 + 0.42 * len(methods)), layout="constrained")
    told = []
    panels = np.atleast_1d(figure.subplots(1, max(1, len(tasks)), sharey=True))
    for axes, task in zip(panels, tasks, strict=False):
        there = {name: measured[task, *key] for name, key in methods.items() if (task, *key) in measured}
        for name, r in there.items():
            y = list(methods).index(name)
            axes.errorbar(r["score"], y, xerr=[[r["score"] - r["low"]], [r["high"] - r["score"]]], fmt="D",
                          color=style.VERMILLION, capsize=4)  # fmt: skip
        axes.axvline(1, color="black", linewidth=0.8)
        axes.grid(axis="x", color="0.9")
        axes.set(xlabel="normalised score", title=task)
        each = []
        for name, r in there.items():
            each.append(f"{name} {r['score']:.3f}")
            if base in there and name != base:
                each[-1] += f" ({r['score'] - there[base]['score']:+.3f})".replace("-", "−")
            if r["seconds"] >= 0.005:
                each[-1] += f" in {r['seconds']:.2f} s"
        met_there = max((r["externals"] for r in there.values()), default=0)
        told.append(f"{task}, {met_there} newcomers: {', '.join(each)}")
    if tasks:
        axes.set_yticks(range(len(methods)), list(methods))
        axes.set_ylim(len(methods) - 0.5, -0.5)
    figure.suptitle(f"{title}, {seeds} seeds", fontsize=11)
    few = "" if seeds >= 10 else " Too few to be evidence."
    words = f"{title}, {seeds} seeds.{few} Normalised scores (distance from {base}), seconds of adaptation"
    made = f"Made by: {results['command']}. {results.get('note', '')}".strip()
    return figure, f"{words}. {'; '.join(told)}. {made}"


three = {
    "before watching": ("conditioned", 0),
    "conditioned": ("conditioned", 5),
    "frozen critic": ("conditioned, frozen", 5),
    "re-imagined": ("conditioned, re-imagined", 5),
}
with guess_answers.then():
    widgets.show(*benchmark(three, "Five watched episodes", "conditioned"), trained=True)

# %% [markdown]
# Read the brackets: that is what the steps of the other two answers add to *conditioned*. Then read the seconds: that is what they cost.
#
# <details><summary>After your prediction: which one is the default</summary>
# Conditioning. It needs no gradient step of actors or critic.
# </details>

# %% [markdown]
# ## 6. What limits the team?
#
# It has watched, and is not perfect. Which part should be improved? A method that always works where exact counterparts are at hand:
#
# **Put the exact part in the place of one learned part, leave all else, and score again.**
#
# There are two parts to exchange:
#
# - the *prediction*: the imitator's $\delta$; the Bayes predictor $\bar\pi$ (all that can be known from these moves); the truth $\pi_{\mathcal E}$;
# - the *play*: the trained actors; the exact best response to that prediction.
#
# Best responses to $\bar\pi$ are the *Bayes-greedy team*.

# %%
scores = met["conditioned"][0]
by_imitator, by_bayes = [], []
for k, episodes in enumerate(scores.watched):
    one = micra_lite.last(micra_lite.online_adaptation(team, episodes)).state
    by_imitator.append(exact.predicted_tables(one)[0][0].double().numpy())
    by_bayes.append(exact.bayes_predictor(game, family, episodes, particles=256, seed=k).policies[0])
predictions = {"imitator": by_imitator, "Bayes": by_bayes, "truth": true}
errors = {
    name: float(np.mean([scores.visits[k] @ exact.excess_nats([true[k]], [p[k]]) for k in range(4)]))
    for name, p in predictions.items()
}
swapped = {}
for name, p in predictions.items():
    given = [torch.from_numpy(np.stack(p))]
    swapped[f"{name}, trained actors"] = exact.exact_values(team, table, newcomers, predictions=given)
for name, p in predictions.items():
    teams = [exact.best_response(table, [p[k]]).policies for k in range(4)]
    swapped[f"{name}, exact play"] = [exact.team_value(table, teams[k], [true[k]]) for k in range(4)]
score |= {name: scale.normalised_score(values) for name, values in swapped.items()}

base = score["imitator, trained actors"]
lacks = {
    "too little was watched": score["truth, trained actors"] - score["Bayes, trained actors"],
    "the imitator": score["Bayes, trained actors"] - base,
    "actors and critic": score["imitator, exact play"] - base,
}

# %%
guess_limit = widgets.ask("limit", max(lacks, key=lacks.get))
guess_limit

# %%
exactly, foreseen = lacks["actors and critic"], score["truth, trained actors"] - base
with guess_limit.then():
    widgets.show(*dots(swapped, "Exact parts in the place of learned ones"), trained=True)
    print("imitator in its own place changes nothing:", abs(base - score["conditioned"]) < 1e-3)
    print("Bayes predicts better than the imitator:", errors["Bayes"] < errors["imitator"])
    print("perfect answers to the imitator's predictions gain 0.05 or more:", exactly > 0.05)
    print("that is more than twice what perfect predictions gain:", exactly > 2 * foreseen)
    print(f"truth and exact play: {score['truth, exact play']:.2f}")

# %% [markdown]
# Each row names the prediction, then the play.
#
# <details><summary>After your prediction: what it means</summary>
# From imitator to truth the prediction gets better: the trained actors gain little. From trained actors to exact play the gain is large. So here
# one should train actors and critic longer, not the imitator.
# </details>
#
# **Question.** What limits a team that is trained for hours? The benchmark has asked:

# %%
parts = {
    "imitator": ("conditioned", 5),
    "Bayes": ("conditioned, Bayes predictor", 5),
    "truth": ("conditioned, true external policy", 0),  # needs no watching
    "Bayes-greedy team": ("Bayes-greedy team", 5),
}
with guess_limit.then():
    widgets.show(*benchmark(parts, "What limits, after five watched episodes", "imitator"), trained=True)

# %% [markdown]
# *Bayes* and *truth* are given to the trained actors. The last row exchanges the play as well. Where its distance from *imitator* is the
# largest, it is actors and critic that limit the team.

# %% [markdown]
# ## 7. A control
#
# *Bystander*: two friends must meet. A third walks about, pays nothing, and is in nobody's way.

# %%
square, walkers = micra_lite.make("bystander"), micra_lite.external_family("bystander")
short = replace(settings, updates=60)
friends = micra_lite.last(micra_lite.offline_training(square, walkers, short)).state
plan, strangers = exact.tabulate(square), walkers.split("held-out")[:4]
ruler = exact.yardstick_for(plan, strangers, square)
ignorant = exact.adaptation_scores(friends, plan, strangers, 0)
watching = exact.adaptation_scores(friends, plan, strangers, 5)
gain = ruler.normalised_score(watching.after) - ruler.normalised_score(watching.before)
wrong = [exact.team_value(plan, ruler.responses[k - 1].policies,
                          [square.tables(strangers)[0][k].double().numpy()]) for k in range(4)]  # fmt: skip

# %%
guess_bystander = widgets.ask(
    "bystander", "stays about the same" if abs(gain) < 0.05 else "rises" if gain > 0 else "falls"
)
guess_bystander

# %%
error = [each.excess_nats.mean() for each in (ignorant, watching)]
with guess_bystander.then():
    print(f"best response to another bystander: {ruler.normalised_score(wrong):.2f}")
    print("the imitator's error falls to less than half:", error[1] < error[0] / 2)
    print("the score changes by less than 0.05:", abs(gain) < 0.05)

# %% [markdown]
# <details><summary>After your prediction: what it is good for</summary>
# This is a control that must show nothing. Always keep one. It costs little, and it would have shown a leak of the truth into the team.
# </details>

# %% [markdown]
# ## 8. Execution, each by itself
#
# In phase three nothing is learned. And nobody hears anything from the others: each actor computes $\delta$ from its *own* observation. Under full
# views one does not see that. So let everybody see one cell far. (The team is untrained: wiring does not need training.)

# %%
near = micra_lite.make("pursuit", view=1)
near_family = micra_lite.external_family("pursuit", near)
hunters = micra_lite.TrainingState.initial(near, settings)
record = next(iter(micra_lite.execution(hunters, near, near_family.split("held-out")[0])))


def plays(team, i, observations):
    """π of target number i, from everybody's observations."""
    features = team.agent.features([o[None, None] for o in observations])
    belief = prior_belief(team.agent, 1)
    return team.agent.act(belief, features, team.agent.predict(belief, features))[i][0, 0].exp().detach()


noise = torch.Generator().manual_seed(0)
seen = record.observations
only_own = [o if j == 0 else torch.rand(o.shape, generator=noise) for j, o in enumerate(seen)]
same = torch.equal(plays(hunters, 0, seen), plays(hunters, 0, only_own))
other = torch.equal(plays(hunters, 1, seen), plays(hunters, 1, only_own))
print("everybody else's observations replaced by noise")
print("  hunter 1 plays the same:", same)
print("  hunter 2, who lost its own, plays the same:", other)

# %% [markdown]
# ## 9. An external that changes
#
# Back to our hunters. They know prey A by now. After four episodes prey B takes its place, and nobody says so. How could they notice?
#
# By surprise. A move is scored by the adapted imitator ($\theta'$) and by the one that has watched nobody ($\theta$):
#
# $$z_t = \log \delta(a_e \mid o_e; \theta) - \log \delta(a_e \mid o_e; \theta'), \qquad S_t = \max(0,\; S_{t-1} + z_t)$$
#
# As long as $\theta'$ fits better, $z_t$ is negative on average, and $S_t$ stays near 0. If it no longer fits, $S_t$ climbs (Page, 1954). Above the
# threshold $h$: **alarm**. Then the team adapts anew from $\theta$, with the moves since $S$ was last 0.
#
# **Question.** Why compare with $\theta$? Why not just count unlikely moves?
#
# <details><summary>Answer</summary>
# A prey that plays at random makes unlikely moves all the time, and is still the same prey. What counts is whether knowing it still helps to predict
# it.
# </details>

# %%
A, B, threshold, n = newcomers[0], newcomers[2], 6.0, 4 * game.horizon
story, steps, knows = [], [], None
A_then_B = Succession.of(lambda step: A if step < n else B)
for record in vigilant_execution(adapted, game, A_then_B, 8, threshold, seed=1, watched=watched):
    steps.append(record)
    if record.state.belief is not knows:  # adapted again
        knows = record.state.belief
        values = [float(exact.exact_values(record.state, table, p)[0]) for p in (A, B)]
        story.append((record.step - 1, values))
alarms = [record.step for record in steps if record.changed]
print("an alarm after prey B came:", any(step > n for step in alarms))

# %% [markdown]
# The same sum by hand. The record has what $\theta'$ predicted, and the features from which $\theta$ predicts:

# %%
suspicion, by_loop = 0.0, []
for record in steps:
    move = record.actions[2]
    with torch.no_grad():
        z = float(imitator(record.features[2])[move] - record.predictions[0][move].log())
    suspicion = max(0.0, suspicion + z)
    by_loop.append(suspicion)
    if suspicion > threshold:
        suspicion = 0.0
apart_page = max(abs(own - record.suspicion) for own, record in zip(by_loop, steps, strict=True))
print("agrees with vigilant_execution within 1e-3:", apart_page < 1e-3)

# %%
figure = Figure(figsize=(8.2, 4.2), layout="constrained")
above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.3, 1))
above.plot(range(1, len(steps) + 1), by_loop, color=style.BLUE, label="suspicion S")
above.axhline(threshold, color=style.VERMILLION, linestyle="--", label="threshold h")
above.plot(alarms, [by_loop[a - 1] for a in alarms], "D", color=style.ORANGE, mec="black", label="alarm")
above.set(ylabel="nats", title=f"Prey B comes after step {n}")
above.set_ylim(0, 1.15 * max(by_loop))
above.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
part = exact.Yardstick(scale.random[[0, 2]], scale.best[[0, 2]], [])
ends = [*[start for start, _ in story[1:]], len(steps)]
at = np.concatenate([np.arange(start, end) for (start, _), end in zip(story, ends, strict=True)])
level = np.concatenate([[part.each(v)[int(t >= n)] for t in range(start, end)]
                        for (start, v), end in zip(story, ends, strict=True)])  # fmt: skip
below.step(at, level, where="post", color=style.GREEN)
below.set(xlabel="steps played", ylabel="normalised score", title="The team, beside the prey that is there")
for axes in (above, below):
    axes.axvline(n, color="black", linestyle=":")
words = (
    f"Suspicion over {len(steps)} steps; prey B comes after step {n}; threshold {threshold} nats; "
    f"alarms after steps: {', '.join(map(str, alarms)) or 'none'}. Score beside who is there: "
    f"{level[n - 1]:.2f} before the change, {level[n]:.2f} just after it, {level[-1]:.2f} at the end."
)
widgets.show(figure, words, trained=True)

# %% [markdown]
# ## 10. How high a threshold?
#
# Now a game in which everything is known: rock, paper, scissors against a column who likes rock. So it can be played many times. Alarms when nobody
# has come are *false*; the **delay** is how many moves pass until a newcomer is noticed.

# %%
thresholds, many = np.array(change_watch.THRESHOLDS), change_watch.trade_off()
k3, k6 = (list(thresholds).index(h) for h in (3.0, 6.0))

# %%
rarer = many["nobody"][k6] / many["nobody"][k3]
slower = many["one who likes scissors"][k6] / many["one who likes scissors"][k3]
options = ("twice as long, less than a tenth as many", "twice as long, half as many")

guess_threshold = widgets.ask("threshold", options[int(rarer < 10)], rarer=f"{rarer:.0f}")
guess_threshold

# %% [markdown]
# Now choose the threshold, when somebody else comes, and who. Use Tab and the arrow keys.

# %%
watch = widgets.ChangeWatch()
watch

# %% [markdown]
# Try:
#
# 1. Lower the threshold to 1. What do alarms cost, when nobody comes?
# 2. One who *plays all alike* comes. Is it noticed as fast as one who likes scissors? Does noticing help?
# 3. One who likes rock *a little less* comes. At 6 nats it is not noticed here. Is that a mistake?
#
# <details><summary>Answers</summary>
# 1. After each one the team forgets a good habit, and answers with what few moves tell. 2. Slower: its moves contradict the old habit less. Nothing
# helps against it: every answer earns 0. 3. No: the old habit still explains it better than knowing nothing, and paper is still the best answer.
# </details>

# %% [markdown]
# ## 11. The trade-off
#
# Many runs, for thresholds from 0.5 to 8 nats, and a bound by Lorden (1971) on the time between false alarms.

# %%
figure = Figure(figsize=(8.6, 3.3), layout="constrained")
left, right = figure.subplots(1, 2)
left.semilogy(thresholds, many["nobody"], "o-", color=style.BLUE, label="measured")
left.semilogy(thresholds, np.exp(thresholds), "--", color="black", label="Lorden's bound $e^h$")
left.set(xlabel="threshold h, nats", ylabel="moves between false alarms", title="Nobody comes")
looks = ("likes scissors", style.VERMILLION, "D-"), ("plays all alike", style.GREEN, "^--")
for habit, colour, line in looks:
    right.plot(thresholds, many[f"one who {habit}"], line, color=colour, label=f"one who {habit}")
right.set(xlabel="threshold h, nats", ylabel="mean delay, moves", title="Somebody comes", ylim=(0, None))
for axes in (left, right):
    axes.legend(frameon=False)
scissors, alike = many["one who likes scissors"], many["one who plays all alike"]
told = "; ".join(
    f"h = {thresholds[k]:.0f}: {many['nobody'][k]:,.0f} moves between false alarms "
    f"(bound {math.exp(thresholds[k]):,.0f}), delays {scissors[k]:.1f} and {alike[k]:.1f} moves"
    for k in (1, k3, k6, 15)
)
words = f"False alarms, and delays for scissors and for all alike, over the threshold. {told}."
with guess_threshold.then():
    widgets.show(figure, words)

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# Mind the left axis: each label is ten times the one below it. Lorden's bound: if $\theta'$ is exactly right, then on average at least $e^h$
# moves pass between false alarms. So the delay grows like $h$, the time between false alarms like $e^h$, and a threshold may be rather high:
# <code>vigilant_execution</code> takes 7 unless told otherwise. How fast the delay grows depends on the newcomer: on average $z_t$ is then
# $\mathrm{KL}(\text{new} \,\|\, \theta') - \mathrm{KL}(\text{new} \,\|\, \theta)$ nats a move.
# </details>

# %% [markdown]
# ## Your predictions

# %%
guesses = [guess_changed, guess_frozen, guess_answers, guess_limit, guess_bystander, guess_threshold]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# - Watching needs no reward. The inner loop of Eq. 4 gives $\theta'$; nothing else is changed by it.
# - *Conditioned* networks play otherwise at once. *Frozen* adds steps of the actors, *re-imagined* steps of the critic too.
# - A frozen critic is exact in one-shot games. Elsewhere it values the future against whomever it was told of.
# - Exact parts in the place of learned ones show what limits.
# - A control in which nothing can be gained must show no gain.
# - Execution is decentralised: each actor has its own observation.
# - Surprise adds up to suspicion. Delay grows like $h$, time between false alarms like $e^h$.

# %% [markdown]
# ## Common mistakes
#
# - *Writing $\theta'$ over $\theta$.* The next newcomer then starts from this one's habits.
# - *Comparing with another team, or beside other newcomers.* Same team, same prey, before and after.
# - *Blaming the imitator by default.* Exchange it first, and look.
# - *Scoring while learning.* Nothing may be updated while it is scored.
# - *Adapting to moves under suspicion.* They may be somebody else's.
# - *Alarm at the first surprising move.* Everybody surprises now and then; add the evidence up.

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | watch, adapt, play | `micra_lite.watch`, `micra_lite.online_adaptation`, `micra_lite.execution` |
# | before and after, exactly | `micra_lite.exact.adaptation_scores`, `micra_lite.exact.exact_values` |
# | the inner loop | `micra_lite.imitation.adapt` |
# | steps of actors and critic | `micra_lite.updates.update` |
# | the limits | `micra_lite.exact.bayes_predictor`, `micra_lite.exact.bayes_greedy_team`, `micra_lite.exact.best_response` |
# | a control | `micra_lite.games.bystander.Bystander` |
# | noticing a change | `micra_lite.extensions.change_detection.vigilant_execution`, `micra_lite.extensions.change_detection.Succession` |
# | to play with | `micra_lite.widgets.ChangeWatch` |
#
# **Now you.** The exercises on this lesson: `exercises/08_adaptation_and_execution.ipynb`.

# %% [markdown]
# Next: `09_your_own_game`. All this, in a game that you wrote yourself.
#
# Last, the notebook checks itself.

# %%
assert changed == []
assert losses[-1] < losses[0]
assert apart_losses < 1e-4
assert apart_theta < 1e-3
assert apart_frozen < 1e-3 < moved_frozen
assert found == best
assert score["before"] > 0.2
assert min(score[name] for name in answers) > score["before"]
assert score_average < score_frozen < 0.97
assert abs(base - score["conditioned"]) < 1e-3
assert errors["truth"] < errors["Bayes"] < errors["imitator"]
assert abs(score["truth, exact play"] - 1) < 1e-9
assert lacks["actors and critic"] > max(0.05, 2 * (score["truth, trained actors"] - base))
assert abs(ruler.normalised_score(wrong) - 1) < 1e-9
assert abs(gain) < 0.05
assert error[1] < error[0] / 2
assert same
assert not other
assert apart_page < 1e-3
assert (many["nobody"] > np.exp(thresholds)).all()
assert rarer > 10
assert 1.5 < slower < 2.5
print("all checks passed")
