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
# A trained team meets a stranger. It watches, adapts, and plays. What changes, and is that enough?
#
# **Afterwards you can**
#
# - write the online phase by hand, and say which numbers it changes and which it leaves alone;
# - name three ways in which a team can use an adapted imitator, and what each of them costs;
# - say when a frozen critic is exact;
# - use a control, and check that execution is decentralised.
#
# **You need** Eq. 2 (lesson `02_regret`), the critic (`04_critic`), the meta-imitator (`06_meta_imitator`) and the belief
# (`07_extractor_beliefs_actors`).
#
# **Time**: 24 minutes.

# %% tags=["hide-input"]
import os

# small sums: one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import json
from dataclasses import replace

import torch
from matplotlib.figure import Figure
from torch.func import functional_call

import micra_lite
from micra_lite import exact, widgets
from micra_lite.agent import prior_belief
from micra_lite.cli.list_games import headrooms
from micra_lite.plotting import results, style
from micra_lite.plotting.rows import (
    adaptation_panels,
    adaptation_rows,
    interval_panels,
    score_rows,
)

widgets.course_map("online adaptation", "execution")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $\delta(a_e \mid o_e; \theta')$ | what the adapted imitator expects of the external | `log_delta` |
# | $\theta$, $\theta'$ | the imitator's parameters before and after watching | `imitator`, `theta` |
# | $n$, $n_0$ | watched pairs; how many pairs $\theta$ itself is worth | `n`, `n_0` |
# | $\alpha_{\text{adp}}$ | inner step sizes, one for each parameter | `alpha` |
# | $\pi_i(a_i \mid o_i)$ | a target's policy | `policy` |

# %% [markdown]
# ## 1. Three phases, three lines
#
# 1. **Offline training**: the team meets many externals; all networks learn (lesson `08_offline_training`).
# 2. **Online adaptation**: it watches one newcomer for a few episodes, and the imitator adapts. No reward is used.
# 3. **Execution**: it plays with the newcomer. Nothing is learned.
#
# Phase one first, in short: two hunters, one prey, 3 × 3 cells, about ten seconds.

# %%
game = micra_lite.make("pursuit")
family = micra_lite.external_family("pursuit")  # its prey, each with habits of its own
settings = micra_lite.Settings(
    updates=150, hidden=128, actor_hidden=64, imitator_hidden=48, rounds_kept=20,
    states_per_external=32, target_rate=0.02, adaptation_updates=100,
)  # fmt: skip
team = micra_lite.last(micra_lite.offline_training(game, family, settings)).state
newcomers = family.split("held-out")[:4]  # prey that nobody has trained with

# %% [markdown]
# **Watch.** The team plays five episodes against the first newcomer. It keeps pairs: what the prey saw, and what the prey
# did.

# %%
newcomer = newcomers[0]
watched = micra_lite.watch(team, newcomer, episodes=5)
seen = torch.cat([episode.observations["prey"] for episode in watched])  # (n, O)
moves = torch.cat([episode.actions["prey"] for episode in watched])  # (n,)
print(len(watched), "episodes,", len(moves), "pairs")

# %% [markdown]
# **Adapt.** Next the inner steps of Eq. 4 lead from $\theta$ to $\theta'$. No network changes, but the belief does (lesson
# `07_extractor_beliefs_actors`). How far do the policies move? One question before you see:

# %%
records = list(micra_lite.online_adaptation(team, watched))  # a record for each step
adapted = records[-1].state
losses = [record.losses["imitation_loss"] for record in records]
policies = [exact.team_tables(t) for t in (team, adapted)]  # per hunter (1, S, 5)
best = [torch.stack([*hunters]).argmax(-1) for hunters in policies]  # (2, 1, S) each
share = float((best[0] != best[1]).double().mean())  # another most likely move
names = ("in none", "in fewer than a third", "in about half", "in nearly all")
reached = sum(share >= limit for limit in (0.01, 0.33, 0.75))

guess_moves = widgets.ask("other-moves", names[reached])
guess_moves

# %% [markdown]
# ## 2. Adapt by hand
#
# $$\theta' \leftarrow \theta' - \frac{n}{n + n_0}\,\alpha_{\text{adp}}\, \nabla L(\theta')$$
#
# $L$ is the mean surprise, $-\log \delta$, at the watched moves. The factor says: few pairs, small steps. $\alpha_{\text{adp}}$ and $n_0$ were learned
# in phase one (lesson `05_meta_learning`).

# %%
imitator = team.agent.imitators[0]
with torch.no_grad():
    phi = team.agent.features([seen] * 3)[0]  # (n, F): here all three see the same
n, n_0 = len(moves), imitator.log_prior_pairs.exp().detach()
layers = dict(imitator.layers.named_parameters(prefix="layers"))  # θ
# A copy.
theta = {name: p.detach().clone().requires_grad_() for name, p in layers.items()}
for _ in range(settings.inner_steps):
    log_delta = functional_call(imitator, theta, (phi,))  # (n, 5)
    loss = -log_delta[range(n), moves].mean()
    slopes = torch.autograd.grad(loss, list(theta.values()))
    for (name, p), slope in zip(theta.items(), slopes, strict=True):
        # "layers.0.weight" has the step sizes "0_weight".
        size = name.removeprefix("layers.").replace(".", "_")
        alpha = imitator.log_step_size[size].exp().detach()
        theta[name] = (p - n / (n + n_0) * alpha * slope).detach().requires_grad_()

# %% [markdown]
# That is the whole phase. On the left, $L$ after each step. On the right, how far predictions and policies moved: the KL
# divergence (lesson `02_regret`), a mean over states.


# %% tags=["hide-input"]
def kl(p, q):
    """KL(p ‖ q) in nats, the mean over rows (…, A)."""
    return float((torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1).mean())


expected = [exact.predicted_tables(t)[0].double() for t in (team, adapted)]  # (1, S, 5)
moved = {
    "prediction": kl(expected[1], expected[0]),
    "policy of hunter 1": kl(policies[1][0].double(), policies[0][0].double()),
    "policy of hunter 2": kl(policies[1][1].double(), policies[0][1].double()),
}
figure = Figure(figsize=(8.0, 2.6), layout="constrained")
left, right = figure.subplots(1, 2, width_ratios=(1, 1.3))
left.plot(range(len(losses)), losses, "o-", color=style.BLUE)
left.set(
    xlabel="inner steps",
    ylabel="L, nats",
    title="the imitator learns",
    ylim=(0, 1.1 * losses[0]),
)
bars = right.barh(list(moved), list(moved.values()), color=style.SKY)
right.bar_label(bars, fmt="%.2f", padding=3)
right.set(xlabel="KL(after ‖ before), nats", title="what has moved")
right.margins(x=0.15)
right.invert_yaxis()
told = ", ".join(f"{name} {value:.2f}" for name, value in moved.items())
words = (
    f"L, nats: {losses[0]:.2f}, then {losses[-1]:.2f}. Moved, KL in nats: {told}. The "
    f"most likely move is another one in {100 * share:.0f} % of states and hunters."
)
with guess_moves.then():
    widgets.show(figure, words, trained=True)

# %% [markdown]
# <details><summary>After your prediction: what is new</summary>
# No parameter of the networks is new. What is new is the <em>belief</em>: θ′, and its predictions at a fixed set of
# observations (the probes). Actors and critic take these predictions as inputs. So the same actors play differently.
# </details>

# %% [markdown]
# ## 3. Three answers
#
# How does an adapted imitator change what the team *does*? MICRA's paper, a two-page poster, does not say. The
# package has three answers. In all three, actors and critic take the belief as an input: they are told what is predicted.
#
# | answer | `after_imitation=` | what still learns, once $\delta$ has adapted |
# |---|---|---|
# | **conditioned**, the default | `"nothing"` | nothing: only the input changes |
# | **+ frozen critic** | `"actors"` | the actors: some steps along Eq. 3, with $\delta$ in Eq. 2; the critic's parameters stay |
# | **+ re-imagined** | `"actors and critic"` | both: the critic takes steps, too, on old transitions |
#
# Read **literally**, the poster has a frozen critic, and no such input: neither actors nor critic are told anything. That
# is another team. Section 4 trains it, too.
#
# No answer needs new rewards: old transitions will do (lesson `04_critic`).

# %% [markdown]
# ### When is a frozen critic exact?
#
# $Q(s, a)$ is the reward now, plus the value of what comes *after*. In a one-shot game nothing comes after: $Q$ is the
# payoff, whoever plays. Here is one, with three columns to meet. Only the prediction in the first sum of Eq. 2 changes.

# %%
# What row gets, for up and down.
payoff = torch.tensor([[3.0, 0.0, 1.0], [0.0, 2.0, 2.0]])
for column in ([0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]):
    logits = torch.zeros(2)
    for _ in range(500):
        pi = logits.softmax(0)
        value = payoff @ torch.tensor(column)  # (2,): the first sum of Eq. 2
        logits += pi * (value - pi @ value)  # a step along Eq. 3: π times the regret
    answers = ("up", "down")
    print(f"found: {answers[logits.argmax()]:5} best: {answers[value.argmax()]}")

# %% [markdown]
# **Question.** In pursuit much comes after a move. Is a frozen critic exact there, too?
#
# <details><summary>Answer</summary>
# No. If it is told nothing, it values what comes after as if the prey of its training went on playing
# (<code>10_adaptation_and_execution_deeper</code> computes the error). If it is told the belief, it gives a different Q for a
# different prey, though not an exact one. Both are measured below.
# </details>

# %% [markdown]
# ## 4. All answers, measured
#
# The three start from the same conditioned team. The literal one needs a team of its own, trained as long. All watch
# the same four newcomers. Scores are exact.

# %%
table = exact.tabulate(game)  # the game, listed state by state
# What scores 0 and 1 beside each prey.
scale = exact.yardstick_for(table, newcomers, game)
learns = {
    "conditioned": "nothing",
    "+ frozen critic": "actors",
    "+ re-imagined": "actors and critic",
}
met = {}
for answer, networks in learns.items():
    chosen = replace(settings, after_imitation=networks)
    met[answer] = exact.adaptation_scores(team, table, newcomers, 5, chosen)

untold = replace(settings, conditioned=False, informed=False, after_imitation="actors")
other_team = micra_lite.last(micra_lite.offline_training(game, family, untold)).state
literal = exact.adaptation_scores(other_team, table, newcomers, 5)

# %%
values = {"before watching": met["conditioned"].before}
values |= {answer: scores.after for answer, scores in met.items()}
score = {name: float(scale.normalised_score(value)) for name, value in values.items()}
before = score["before watching"]
at_once = (score["conditioned"] - before) / (max(score.values()) - before)
part = (
    "next to nothing"
    if at_once < 0.2
    else "about half"
    if at_once < 0.65
    else "most of it"
)

guess_answers = widgets.ask("answers-share", part)
guess_answers

# %% tags=["hide-input"]
values |= {
    "literal: before watching": literal.before,
    "literal: told nothing, frozen critic": literal.after,
}
score = {name: float(scale.normalised_score(value)) for name, value in values.items()}
each = {name: scale.each(value) for name, value in values.items()}
figure, words = score_rows(
    each, score, "one prey", "Before, and after five watched episodes"
)
took = ", ".join(
    f"{answer} {scores.seconds.mean():.2f}"
    for answer, scores in (met | {"literal": literal}).items()
)
with guess_answers.then():
    widgets.show(figure, f"{words} Seconds for one newcomer: {took}.", trained=True)

# %% [markdown]
# One seed and four prey prove little. The benchmark trains longer, on four games, with ten seeds and twelve newcomers.
# On pursuit they are our four and eight others, so *before watching* need not be as above. The literal reading is not
# among them. Bars are 95 % intervals (lesson `11_statistics`).

# %% tags=["hide-input"]
measured = adaptation_rows()
three = {
    "before watching": ("conditioned", 0),
    "conditioned": ("conditioned", 5),
    "+ frozen critic": ("conditioned, frozen", 5),
    "+ re-imagined": ("conditioned, re-imagined", 5),
}
panels = adaptation_panels(three)
took = [
    f"{task} "
    + ", ".join(f"{n} {measured[task, *three[n]]['seconds']:.2f}" for n in there)
    for task, there in panels.items()
]
figure, words = interval_panels(
    panels,
    "normalised score",
    "The benchmark: conditioned teams, five watched episodes",
    at=1.0,
)
with guess_answers.then():
    widgets.show(figure, f"{words} Seconds for one newcomer: {'; '.join(took)}.")

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# The literal team gains clearly, too: δ in Eq. 2 tells its actors which moves are better now. Here it ends about level
# with the conditioned one, but it must take many steps for each newcomer.
#
# Conditioned networks are not always best: the other two often score a little more. But in training the actors have met many prey, each with
# a belief, and learned what to do with it. So most of the gain is there at once. In the benchmark further steps add less than
# 0.02, and take more than a hundred times as long (seconds: below the figure).
#
# On all four games the team that has watched nobody scores less than the best single team of lesson <code>01_games</code>, on
# crossing much less (beside all 64 newcomers). A search found that one; gradient steps did not.
# </details>

# %% [markdown]
# ## 5. Somebody else on the board
#
# In *bystander* two friends must meet, and a third agent walks about. A team is trained (the code is folded),
# and watches four new ones of these. Does that help the friends?

# %% tags=["hide-input"]
square, walkers = micra_lite.make("bystander"), micra_lite.external_family("bystander")
short = replace(settings, updates=60)
friends = micra_lite.last(micra_lite.offline_training(square, walkers, short)).state
plan, strangers = exact.tabulate(square), walkers.split("held-out")[:4]
ruler = exact.yardstick_for(plan, strangers, square)
ignorant = exact.adaptation_scores(friends, plan, strangers, 0)
watching = exact.adaptation_scores(friends, plan, strangers, 5)
gain = float(
    ruler.normalised_score(watching.after) - ruler.normalised_score(watching.before)
)
# (S, 5) each
met_as = [moves.double().numpy() for moves in square.tables(strangers)[0]]
wrong = [  # the best response to another bystander
    exact.team_value(plan, ruler.responses[k - 1].policies, [met_as[k]])
    for k in range(4)
]

# %%
result = (
    "stays about the same" if abs(gain) < 0.05 else "rises" if gain > 0 else "falls"
)
guess_bystander = widgets.ask("bystander", result)
guess_bystander

# %% tags=["hide-input"]
each = {
    "before watching": ruler.each(watching.before),
    "after": ruler.each(watching.after),
}
together = {"before watching": float(ruler.normalised_score(watching.before))}
together["after"] = float(ruler.normalised_score(watching.after))
figure, words = score_rows(
    each, together, "one bystander", "Friends beside a bystander"
)
error = [float(scores.excess_nats.mean()) for scores in (ignorant, watching)]
words += (
    f" The imitator's error: {error[0]:.2f} nats before watching, {error[1]:.2f} after."
)
with guess_bystander.then():
    widgets.show(figure, words, trained=True)
    print(
        "The best response to another bystander scores",
        f"{ruler.normalised_score(wrong):.2f}.",
    )

# %% [markdown]
# <details><summary>After your prediction: what it is good for</summary>
# The imitator has learned, and the score has not moved. That is as it should be: a bystander pays nothing and is in nobody's
# way, so nothing follows from who it is.
# An experiment that must show nothing is called a <em>control</em>: it would show if the truth leaked into the team.
# </details>

# %% [markdown]
# ## 6. Execution, each alone
#
# In phase three each actor computes $\delta$ from its *own* observation. Lesson 07 moved the prey out of sight; a stricter
# test replaces *all* that the others see by noise. (This team is untrained: wiring does not depend on training.)

# %%
near = micra_lite.make("pursuit", view=1)  # everybody sees one cell far
near_family = micra_lite.external_family("pursuit", near)
hunters = micra_lite.TrainingState.initial(near, settings)
first = next(
    iter(micra_lite.execution(hunters, near, near_family.split("held-out")[0]))
)


def policy(i, observations):
    """What hunter i plays, (5,), from the observations of both hunters and the prey."""
    agent, belief = hunters.agent, prior_belief(hunters.agent, 1)
    features = agent.features([o[None, None] for o in observations])
    return (
        agent.act(belief, features, agent.predict(belief, features))[i].exp().detach()
    )


noise = torch.Generator().manual_seed(0)
saw = first.observations  # of hunter 1, hunter 2 and the prey
# Only hunter 1's is left.
own = [saw[0]] + [torch.rand(o.shape, generator=noise) for o in saw[1:]]
for i in range(2):
    same = torch.equal(policy(i, saw), policy(i, own))
    print(f"hunter {i + 1} plays", "the same" if same else "something else")

# %% [markdown]
# **Question.** Why may the critic see everything, when actors may not?
#
# <details><summary>Answer</summary>
# The critic is needed only in training. In phase three the actors play alone: with conditioned networks the critic is not
# even asked.
# </details>

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_moves, guess_answers, guess_bystander]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - Watching needs no reward. The inner loop of Eq. 4 gives $\theta'$, from $\theta$ and a few pairs.
# - *Conditioned* networks take the belief as an input. *+ frozen critic* adds steps of the actors, *+ re-imagined* steps of the critic too.
# - A frozen critic is exact in one-shot games. Elsewhere, if told nothing, it values the future with the externals of its training.
# - A control must show no gain.
# - Execution is decentralised: each actor acts on its own observation.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Writing $\theta'$ over $\theta$.* Adapting to the next newcomer then starts from this one's habits.
# - *Comparing with another team, or with other newcomers.* Same team, same prey, before and after.
# - *Learning while scoring.*
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | watch, adapt, play | `micra_lite.watch`, `micra_lite.online_adaptation`, `micra_lite.execution` |
# | the inner loop | `micra_lite.imitation.adapt` |
# | before and after, exactly | `micra_lite.exact.adaptation_scores` |
# | steps of actors and critic | `micra_lite.updates.update` |
# | a control | `micra_lite.games.bystander.Bystander` |
#
# **Now you.** Exercises: `exercises/08_adaptation_and_execution.ipynb`. (For the last two of them: section 4 of
# `10_adaptation_and_execution_deeper`.)
#
# Next: `11_statistics`. How to read such figures, and when to believe them.

# %% tags=["hide-input"]
belief = adapted.belief.parameters[0]
old, new = team.agent.state_dict(), adapted.agent.state_dict()
assert all(torch.equal(old[name], new[name]) for name in old)
assert 0.02 < share < 0.3
assert losses[-1] < losses[0]
# The last step by hand begins where the package's does.
assert abs(float(loss.detach()) - losses[-2]) < 1e-4
assert (
    max(float((theta[name].detach() - belief[name][0]).abs().max()) for name in theta)
    < 1e-3
)
assert min(moved.values()) > 0.01
rectangular = exact.tabulate(micra_lite.make("rectangular")).R[0, :, 0]
assert torch.equal(payoff.double().flatten(), torch.tensor(rectangular))
assert before > 0.2
assert min(score[answer] for answer in learns) > before
told_nothing = score["literal: told nothing, frozen critic"]
assert told_nothing > score["literal: before watching"] + 0.05
assert abs(told_nothing - score["conditioned"]) < 0.05
# Steps of the actors for one newcomer: conditioned networks take none.
assert not any("actor_loss" in record.losses for record in records)
steps = micra_lite.online_adaptation(other_team, watched)
assert sum("actor_loss" in step.losses for step in steps) >= 100
for task in panels:
    quick, slow = (
        measured[task, *three[name]]["seconds"]
        for name in ("conditioned", "+ frozen critic")
    )
    assert slow > 100 * quick
    for name in ("+ frozen critic", "+ re-imagined"):
        assert panels[task][name][0] - panels[task]["conditioned"][0] < 0.02
rows = json.loads(results.measured("adaptation.json").read_text())["rows"]
assert not any("unconditioned" in r["method"] for r in rows)
assert team.settings.conditioned
assert team.settings.informed
for r in rows:  # beside all 64 newcomers, as in lesson 01
    key, task = (r["method"], r["episodes"], r["externals"]), r["task"]
    if key == ("conditioned", 0, 64) and task in panels:
        less = 0.1 if task == "crossing" else 0.02
        assert r["score"] < headrooms()[task]["headroom_average"] - less
assert abs(ruler.normalised_score(wrong) - 1) < 1e-9
assert abs(gain) < 0.05
assert error[1] < error[0] / 2
assert torch.equal(policy(0, saw), policy(0, own))
assert not torch.equal(policy(1, saw), policy(1, own))
print("all checks passed")
