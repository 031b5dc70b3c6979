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
# # Adaptation and execution, deeper
#
# Optional. What does a frozen critic get wrong? Which part of a team limits it? And what if the stranger turns into another one?
#
# **Afterwards you can**
#
# - write the steps of the frozen critic by hand, and say what its error is;
# - find out what limits a team, by replacing learned parts with exact ones;
# - detect that an external has changed, and choose a threshold knowing its price.
#
# **You need** lesson `10_adaptation_and_execution`.
#
# **Time**: 26 minutes.

# %% tags=["hide-input"]
import os

# small sums: one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import copy
import math
from dataclasses import replace

import numpy as np
import torch
from matplotlib.figure import Figure

import micra_lite
from micra_lite import exact, widgets
from micra_lite.extensions.change_detection import Succession, vigilant_execution
from micra_lite.plotting import style
from micra_lite.plotting.rows import adaptation_panels, interval_panels, score_rows
from micra_lite.widgets import change_watch

widgets.course_map("critic", "actors", "online adaptation", "execution")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $\pi_{\mathcal E}$, $\delta$ | the external's policy; the adapted imitator's prediction | `true`, `delta` |
# | $\theta$, $\theta'$ | the imitator's parameters before and after watching | |
# | $A_i(s, a_i)$ | regret advantage of Eq. 2 | `regret` |
# | $\bar\pi$ | the Bayes predictor: all that can be known from the watched moves | `exact.bayes_predictor` |
# | $z_t$, $S_t$, $b$ | evidence of a change, its cumulative sum, the threshold; nats | `z`, `suspicion`, `threshold` |
#
# The team of lesson 10, trained again (the code is folded), has watched five episodes of newcomer 0 and adapted.

# %% tags=["hide-input"]
game, family = micra_lite.make("pursuit"), micra_lite.external_family("pursuit")
settings = micra_lite.Settings(
    updates=150, hidden=128, actor_hidden=64, imitator_hidden=48, rounds_kept=20,
    states_per_external=32, target_rate=0.02, adaptation_updates=100,
)  # fmt: skip
team = micra_lite.last(micra_lite.offline_training(game, family, settings)).state
table, newcomers = exact.tabulate(game), family.split("held-out")[:4]
scale = exact.yardstick_for(table, newcomers, game)
# π_ℰ, (S, 5) for each prey.
true = [moves.double().numpy() for moves in game.tables(newcomers)[0]]
watched = micra_lite.watch(team, newcomers[0], episodes=5)
adapted = micra_lite.last(micra_lite.online_adaptation(team, watched)).state

# %% [markdown]
# ## 1. The frozen critic by hand
#
# Draw states from the data $D$. In each, put $\delta$ into the sums of Eq. 2, and let the actors take a step along Eq. 3.
# The critic's parameters stay; as in lesson 10, it is told the belief. For hunter 1 (axis `a`), with hunter 2 (`b`) and the prey (`e`) averaged out:
#
# $$v(s \mid a) = \sum_b \sum_e \pi_2(b)\, \delta(e)\, Q(s, a, b, e), \qquad A_1(s, a) = v(s \mid a) - \sum_a \pi_1(a)\, v(s \mid a)$$
#
# A small entropy bonus keeps the policies from becoming certain, as in training.

# %%
frozen = replace(settings, after_imitation="actors", adaptation_updates=10)
agent, belief = copy.deepcopy(team.agent), adapted.belief
optimiser = torch.optim.Adam(agent.actors.parameters(), frozen.adaptation_rate)
generator = torch.Generator().manual_seed(frozen.seed)
for _ in range(frozen.adaptation_updates):
    # From anywhere in D.
    batch = team.replay.transitions(frozen.adaptation_states, generator)
    features = [f.detach() for f in agent.features(batch.observations)]  # 3 × (1, N, F)
    with torch.no_grad():
        delta = agent.predict(belief, features)[0][0]  # (N, 5)
        q = agent.value(belief, features).table[0]  # (N, 5, 5, 5)
    log_pi = [p[0] for p in agent.act(belief, features, [delta[None]])]  # 2 × (N, 5)
    pi = [p.exp().detach() for p in log_pi]
    values = [
        torch.einsum("sabe,sb,se->sa", q, pi[1], delta),
        torch.einsum("sabe,sa,se->sb", q, pi[0], delta),
    ]
    loss = 0.0
    for log_policy, policy, value in zip(log_pi, pi, values, strict=True):
        regret = value - (policy * value).sum(-1, keepdim=True)  # Eq. 2
        gain = (log_policy.exp() * regret).sum(-1).mean()  # Eq. 3
        entropy = -(log_policy.exp() * log_policy).sum(-1).mean()
        loss = loss - gain - frozen.entropy_coefficient * team.decay * entropy
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(agent.actors.parameters(), 10.0)
    optimiser.step()

# %% [markdown]
# (The last cell compares the result with `after_imitation="actors"`.) *Re-imagined* adds one line to each round: a step of the critic, with $\delta$ in
# the expectation at the next state.
#
# ## 2. What a frozen critic gets wrong
#
# Now a frozen critic that is told nothing, as in the poster read literally. In pursuit much comes after a move, and *who* the prey is
# decides what. We look at this without networks. Compute the exact $Q$ against the *average* prey, and freeze it. Put the true
# policy of each newcomer into the sum, and play the team's best joint move in each state.

# %%
average = game.tables(family.split("train")[:256])[0].double().mean(0).numpy()  # (S, 5)
to_average = exact.best_response(table, [average]).policies  # the best team against it
q_average = exact.joint_q(table, [*to_average, average])  # (S, 5, 5, 5)
stays, goes = [], []
for policy in true:
    # (S, 25)
    value = np.einsum("sabe,se->sab", q_average, policy).reshape(game.n_states, -1)
    stays.append(exact.team_value(table, to_average, [policy]))  # the old moves
    goes.append(
        exact.team_value(table, exact.split_team(table, value.argmax(1)), [policy])
    )
score_average, score_frozen = (
    scale.normalised_score(stays),
    scale.normalised_score(goes),
)
print(
    f"the best team against the average prey scores {score_average:.2f}",
    "beside these four",
)

# %%
guess_frozen = widgets.ask("frozen-pursuit", score_frozen)
guess_frozen

# %% [markdown]
# ## 3. What limits the team?
#
# The team has watched, and is still not perfect. Which part should be improved? Here is a method that works wherever exact
# counterparts are at hand: **replace one learned part with the exact one, leave all else, and score again.** Two parts can
# be replaced:
#
# - the *prediction*: the imitator's $\delta$; the Bayes predictor $\bar\pi$; the true policy $\pi_{\mathcal E}$;
# - the *play*: the trained actors; the exact best response to that prediction.

# %%
scores = exact.adaptation_scores(team, table, newcomers, 5)
by_imitator, by_bayes = [], []
for k, episodes in enumerate(scores.watched):
    one = micra_lite.last(micra_lite.online_adaptation(team, episodes)).state
    by_imitator.append(exact.predicted_tables(one)[0][0].double().numpy())
    found = exact.bayes_predictor(game, family, episodes, particles=256, seed=k)
    by_bayes.append(found.policies[0])
predictions = {"imitator": by_imitator, "Bayes": by_bayes, "true policy": true}
swapped = {}
for name, p in predictions.items():
    given = [torch.from_numpy(np.stack(p))]
    swapped[f"{name}, trained actors"] = exact.exact_values(
        team, table, newcomers, predictions=given
    )
for name, p in predictions.items():
    teams = [exact.best_response(table, [p[k]]).policies for k in range(4)]
    exactly = [exact.team_value(table, teams[k], [true[k]]) for k in range(4)]
    swapped[f"{name}, exact play"] = np.array(exactly)

# %%
score = {
    name: float(scale.normalised_score(values)) for name, values in swapped.items()
}
base = score["imitator, trained actors"]
lacks = {
    "too little was watched": score["true policy, trained actors"]
    - score["Bayes, trained actors"],
    "the imitator": score["Bayes, trained actors"] - base,
    "actors and critic": score["imitator, exact play"] - base,
}
guess_limit = widgets.ask("limit", max(lacks, key=lacks.get))
guess_limit

# %% tags=["hide-input"]
each = {name: scale.each(values) for name, values in swapped.items()}
with guess_limit.then():
    widgets.show(
        *score_rows(
            each, score, "one prey", "Exact parts in the place of learned ones"
        ),
        trained=True,
    )

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# Each row names the prediction, then the play. From imitator to true policy the prediction gets better: the trained actors
# gain little. From trained actors to exact play the gain is large. So here you should train actors and critic longer, not
# the imitator.
# </details>
#
# **Question.** What limits a team that is trained for hours? The benchmark tells. There, *Bayes* and *true policy* are given
# to the trained actors; the last row replaces the play as well (best responses to $\bar\pi$).

# %% tags=["hide-input"]
parts = {
    "imitator": ("conditioned", 5),
    "Bayes": ("conditioned, Bayes predictor", 5),
    "true policy": ("conditioned, true external policy", 0),  # needs no watching
    "Bayes, exact play": ("Bayes-greedy team", 5),
}
panels = adaptation_panels(parts)
with guess_limit.then():
    widgets.show(
        *interval_panels(
            panels,
            "normalised score",
            "What limits, after five watched episodes",
            at=1.0,
        )
    )

# %% [markdown]
# <details><summary>Answer</summary>
# Compare the last row with the others. Where it lies far to the right of them, actors and critic limit the team. A better
# prediction would hardly help: Bayes and the true policy add next to nothing.
# </details>

# %% [markdown]
# ## 4. An external that changes
#
# Our hunters know prey A by now. After four episodes prey B takes its place, and nobody says so. How could they notice? By surprise. Each move is
# scored by the adapted imitator ($\theta'$) and by the one that has watched nobody ($\theta$):
#
# $$z_t = \log \delta(a_e \mid o_e; \theta) - \log \delta(a_e \mid o_e; \theta'), \qquad S_t = \max(0,\; S_{t-1} + z_t)$$
#
# As long as $\theta'$ fits better, $z_t$ is negative on average, and the suspicion $S_t$ stays near 0. If $\theta'$ no
# longer fits, $S_t$ climbs (Page, 1954). Above the threshold $b$: **alarm**. Then the team adapts anew from $\theta$, with
# the moves since $S$ was last 0.
#
# **Question.** Why compare with $\theta$? Why not just count unlikely moves?
#
# <details><summary>Answer</summary>
# A prey that plays at random makes unlikely moves all the time, and is still the same prey. What counts is whether knowing it still helps to
# predict it.
# </details>

# %%
A, B, threshold, n = newcomers[0], newcomers[2], 6.0, 4 * game.horizon
first_a_then_b = Succession.of(lambda step: A if step < n else B)
steps, beliefs = [], []
for record in vigilant_execution(
    adapted,
    game,
    first_a_then_b,
    episodes=8,
    threshold=threshold,
    seed=1,
    watched=watched,
):
    steps.append(record)
    beliefs.append(record.state.belief)  # the team's, at this step
alarms = [record.step for record in steps if record.changed]

# %% [markdown]
# The same sum by hand. A record holds what $\theta'$ predicted, and the features from which $\theta$ predicts:

# %%
unadapted, suspicion, by_hand = team.agent.imitators[0], 0.0, []
for record in steps:
    move = record.actions[2]  # the prey's
    with torch.no_grad():
        z = float(
            unadapted(record.features[2])[move] - record.predictions[0][move].log()
        )
    suspicion = max(0.0, suspicion + z)
    by_hand.append(suspicion)
    if suspicion > threshold:
        suspicion = 0.0

# %% tags=["hide-input"]
figure = Figure(figsize=(8.2, 4.2), layout="constrained")
above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.3, 1))
above.plot(range(1, len(steps) + 1), by_hand, color=style.BLUE, label="suspicion S")
above.axhline(threshold, color=style.VERMILLION, linestyle="--", label="threshold b")
above.plot(
    alarms,
    [by_hand[a - 1] for a in alarms],
    "D",
    color=style.ORANGE,
    mec="black",
    label="alarm",
)
above.set(
    ylabel="nats", title=f"Prey B comes after step {n}", ylim=(0, 1.15 * max(by_hand))
)
above.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
level, knows = [], None
for record, believed in zip(steps, beliefs, strict=True):
    if believed is not knows:  # adapted again
        knows = believed
        values = [exact.exact_values(team, table, prey, believed)[0] for prey in (A, B)]
    k = int(record.step > n)
    level.append(
        float(
            (values[k] - scale.random[2 * k])
            / (scale.best[2 * k] - scale.random[2 * k])
        )
    )
below.step(range(1, len(steps) + 1), level, where="post", color=style.GREEN)
below.set(
    xlabel="steps played",
    ylabel="normalised score",
    title="The team, beside the prey that is there",
)
for axes in (above, below):
    axes.axvline(n, color="black", linestyle=":")
words = (
    f"Suspicion over {len(steps)} steps; prey B comes after step {n}; threshold "
    f"{threshold:g} nats; alarms after steps: {', '.join(map(str, alarms)) or 'none'}. "
    f"Score beside who is there: {level[n - 1]:.2f} before the change, {level[n]:.2f} "
    f"just after it, {level[-1]:.2f} at the end."
)
widgets.show(figure, words, trained=True)

# %% [markdown]
# ## 5. How high a threshold?
#
# Now a game in which everything is known, and which can be played many times: rock, paper, scissors against a column who
# likes rock. Alarms when nobody has come are *false*; the **delay** is how many moves pass until a newcomer is noticed.

# %%
thresholds, many = np.array(change_watch.THRESHOLDS), change_watch.trade_off()
k3, k6 = (list(thresholds).index(b) for b in (3.0, 6.0))
rarer = many["nobody"][k6] / many["nobody"][k3]
slower = many["one who likes scissors"][k6] / many["one who likes scissors"][k3]
options = ("twice as long, less than a tenth as many", "twice as long, half as many")

guess_threshold = widgets.ask(
    "threshold", options[int(rarer < 10)], rarer=f"{rarer:.0f}"
)
guess_threshold

# %% [markdown]
# Now choose yourself: the threshold, when somebody else comes, and who. Use Tab and the arrow keys.

# %%
watch = widgets.ChangeWatch()
guess_threshold.covered(watch)

# %% [markdown]
# Try:
#
# 1. Lower the threshold to 1. What do alarms cost, when nobody comes?
# 2. One who *plays all alike* comes. Is it noticed as fast as one who likes scissors? Does noticing help?
# 3. One who likes rock *a little less* comes. At 6 nats it is not noticed here. Is that a mistake?
#
# <details><summary>Answers</summary>
# 1. After each alarm the team forgets a habit that it knew, and must answer from a few moves. 2. No, more slowly: its moves
#    contradict the old habit less. And noticing does not help: every answer earns 0. 3. No: the old habit still explains it
#    better than knowing nothing, and paper is still the best answer.
# </details>
#
# Many runs, for thresholds from 0.5 to 8 nats, and a bound by Lorden (1971) on the time between false alarms:

# %% tags=["hide-input"]
figure = Figure(figsize=(8.2, 3.3), layout="constrained")
left, right = figure.subplots(1, 2)
left.semilogy(thresholds, many["nobody"], "o-", color=style.BLUE, label="measured")
left.semilogy(
    thresholds, np.exp(thresholds), "--", color="black", label="Lorden's bound $e^b$"
)
left.set(
    xlabel="threshold b, nats",
    ylabel="moves between false alarms",
    title="Nobody comes",
)
looks = (
    ("likes scissors", style.VERMILLION, "D-"),
    ("plays all alike", style.GREEN, "^--"),
)
for habit, colour, line in looks:
    right.plot(
        thresholds,
        many[f"one who {habit}"],
        line,
        color=colour,
        label=f"one who {habit}",
    )
right.set(
    xlabel="threshold b, nats",
    ylabel="mean delay, moves",
    title="Somebody comes",
    ylim=(0, None),
)
for axes in (left, right):
    axes.legend(frameon=False)
scissors, alike = many["one who likes scissors"], many["one who plays all alike"]
told = "; ".join(
    f"b = {thresholds[k]:.0f}: {many['nobody'][k]:,.0f} moves between false alarms "
    f"(bound {math.exp(thresholds[k]):,.0f}), delays {scissors[k]:.1f} and "
    f"{alike[k]:.1f} moves"
    for k in (1, k3, k6, 15)
)
words = (
    f"False alarms, and delays for scissors and all alike, over the threshold. {told}."
)
with guess_threshold.then():
    widgets.show(figure, words)

# %% [markdown]
# <details><summary>After your prediction: what it means</summary>
# On the left axis each label is ten times the one below it. Lorden's bound: if θ′ is exactly right, then on average at least
# e<sup>b</sup> moves pass between false alarms. So the delay grows like b, the time between false alarms like e<sup>b</sup>, and a threshold may be rather
# high: <code>vigilant_execution</code> takes 7 unless told otherwise. How fast the delay grows depends on the newcomer: on average z is then
# KL(new ‖ θ′) − KL(new ‖ θ) nats a move.
# </details>

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_frozen, guess_limit, guess_threshold]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# <details><summary>Open</summary>
#
# - A frozen critic that is told nothing weighs the next move correctly, but values what comes after it as if nobody new had come.
# - Replacing learned parts with exact ones shows what limits a team.
# - Surprise adds up to suspicion; above the threshold the team starts anew from $\theta$.
# - The threshold trades delay for false alarms.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Blaming the imitator by default.* Replace it first, and see.
# - *Adapting to moves under suspicion.* They may be somebody else's.
# - *Raising the alarm at the first surprising move.* Everybody surprises now and then; add the evidence up.
#
# </details>

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | steps of actors and critic | `micra_lite.updates.update` |
# | the limits | `micra_lite.exact.bayes_predictor`, `micra_lite.exact.bayes_greedy_team`, `micra_lite.exact.best_response` |
# | noticing a change | `micra_lite.extensions.change_detection.vigilant_execution`, `micra_lite.extensions.change_detection.Succession` |
# | to play with | `micra_lite.widgets.ChangeWatch` |
#
# **Now you.** The exercises on both lessons: `exercises/08_adaptation_and_execution.ipynb`.

# %% tags=["hide-input"]
packaged = micra_lite.last(micra_lite.online_adaptation(team, watched, frozen)).state
mine = team.fork(frozen)
mine.agent, mine.belief = agent, belief
by_both = [exact.team_tables(t) for t in (mine, packaged)]
start = exact.team_tables(adapted)
assert max(float((x - y).abs().max()) for x, y in zip(*by_both, strict=True)) < 1e-3
assert (
    max(float((x - y).abs().max()) for x, y in zip(start, by_both[1], strict=True))
    > 0.01
)
assert score_average < score_frozen < 0.97
assert abs(base - scale.normalised_score(scores.after)) < 1e-3
errors = [
    np.mean([scores.visits[k] @ exact.excess_nats([true[k]], [p[k]]) for k in range(4)])
    for p in predictions.values()
]
assert errors[2] < errors[1] < errors[0]
assert abs(score["true policy, exact play"] - 1) < 1e-9
assert lacks["actors and critic"] > max(
    0.05, 2 * (score["true policy, trained actors"] - base)
)
for task in panels:
    assert panels[task]["true policy"][0] - panels[task]["imitator"][0] < 0.01
assert any(step > n for step in alarms)
assert (
    max(abs(own - record.suspicion) for own, record in zip(by_hand, steps, strict=True))
    < 1e-3
)
assert (many["nobody"] > np.exp(thresholds)).all()
assert rarer > 10
assert 1.5 < slower < 2.5
print("all checks passed")
