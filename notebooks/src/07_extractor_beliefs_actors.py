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
# # Extractor, beliefs, actors
#
# Imitator and critic have had their lessons. How does what they know get into a team's moves? An actor has fixed parameters when it meets a
# stranger, and still has to play differently beside each.
#
# **Afterwards you can**
#
# - say what the extractor is, who teaches it, and why it is shared;
# - say what a belief consists of, and compute one;
# - write down what an actor takes in, and measure what each part is worth;
# - say what an actor must see in play, and check it.
#
# **You need** the critic (lesson `04_critic`) and the meta-imitator (`06_meta_imitator`).
#
# **Time**: 26 minutes.

# %% tags=["hide-input"]
import os

# one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
import torch
from matplotlib.figure import Figure

import micra_lite
from micra_lite import exact, widgets
from micra_lite.agent import make_belief, prior_belief
from micra_lite.games.board import MOVES
from micra_lite.imitation import adapt, predict
from micra_lite.networks import Actor
from micra_lite.plotting import style
from micra_lite.plotting.externals import draw_policy
from micra_lite.plotting.games import empty_board, legend, place, token
from micra_lite.widgets.imitator_belief import by_bayes, draw_moves

torch.set_default_dtype(torch.float64)
widgets.course_map("extractor", "actors")

# %% [markdown]
# ## Notation
#
# | symbol | in words | in code |
# |---|---|---|
# | $o_i$, $\phi(o_i)$ | what agent $i$ observes; its features | `seen`, `features` |
# | $\delta_k$ | the prediction of external $k$'s moves | `predicted`, (K, 12, 5) |
# | $b_k$ | the belief about external $k$ | `belief`, (K, 41) |
# | $\pi_i(a_i \mid o_i, b_k)$ | a target's policy | `actor` |

# %% [markdown]
# ## 1. One extractor for all
#
# An observation is a raw list of numbers. The **state feature extractor** turns it into **features**: a list of numbers between −1 and 1 that imitator,
# critic and actors take in instead. It is one layer, $\phi(o) = \tanh(W o + w)$.
#
# Here is a team with untrained networks, on the board of lessons 4 and 6: 2 × 2 cells, a hunter and a prey.

# %%
game = micra_lite.make("pursuit", size=2, hunters=1)
family = micra_lite.external_family("pursuit", game)
settings = micra_lite.Settings(dtype="float64", features=16)
start = micra_lite.TrainingState.initial(game, settings)
agent = start.agent  # its networks

cells = game.states()
cells = cells[cells[:, 0] != cells[:, 1]]  # (12, 2): where hunter and prey are
seen = start.observe(cells)[0]  # (12, 17)
features = agent.extractors[0](seen)  # (12, 16)
print("one observation:", seen[5].int().tolist())
print("its features:  ", *(f"{x:.1f}" for x in features[5, :8].tolist()), "…")

# %% [markdown]
# The first eight numbers say who is in which cell, the others how far apart the two are. Who teaches the 16 features to be useful?
#
# | network | takes in | learns from |
# |---|---|---|
# | extractor $\phi$ | an observation | the imitator's loss *and* the critic's |
# | imitator $\delta$ | features | moves of externals (Eq. 4) |
# | critic $Q$ | features, belief | rewards, by temporal differences |
# | actor $\pi_i$ | features (detached), belief, prediction | regrets (Eqs. 2 and 3) |
#
# *Detached* means: the numbers go in, but no gradient comes back.
#
# - **Why share?** "What will the prey do?" and "what is it worth?" depend on the same things: who is where. A watched move teaches at every
#   step; rewards are rare. What the imitator finds out early, the critic need not find out again.
# - **Why are the actors no teachers?** They learn from the critic's regrets, which are wrong at first. The other two learn from facts: moves
#   and rewards.

# %% [markdown]
# ## 2. Two prey
#
# Two held-out prey, A and B, in one state: hunter upper right, prey lower right.

# %%
table = exact.tabulate(game)
known = game.tables(family.split("train"))[0]  # (2048, 16, 5) policies
new = game.tables(family.split("held-out"))[0]  # (64, 16, 5)
A, B, HERE = 11, 31, 5  # two prey, and the row of this state in `cells`
rows = game.encode(cells)  # numbers of our 12 among all 16 states


def move_values(prey):
    """What each of the hunter's moves is worth beside this prey, if it plays well."""
    best = exact.best_response(table, [prey.numpy()]).policies
    q = exact.joint_q(table, [*best, prey.numpy()])  # (16, 5, 5)
    return torch.einsum("she,se->sh", torch.from_numpy(q), prey)[rows]  # (12, 5)


print(f"{'':7}" + "".join(f"{move:>7}" for move in MOVES))
for name, k in (("prey A", A), ("prey B", B)):
    print(f"{name:7}" + "".join(f"{p:7.2f}" for p in new[k, rows[HERE]].tolist()))

# %% [markdown]
# Within 0.03 they do the same here.

# %%
worth = {name: move_values(new[k])[HERE].tolist() for name, k in (("A", A), ("B", B))}
best = {name: int(np.argmax(v)) for name, v in worth.items()}

guess_same = widgets.ask("same-now", "yes" if best["A"] == best["B"] else "no")
guess_same

# %% tags=["hide-input"]
LETTERS = {"A": A, "B": B}
SHOWN = (HERE, 1, 6, 8)  # this state, and three others


def boards():
    """Prey A (above) and B (below) in four states: arrows are the prey's moves."""
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    told = []
    for row, (name, k) in zip(figure.subplots(2, 4), LETTERS.items(), strict=True):
        for axes, s in zip(row, SHOWN, strict=True):
            hunter, prey = cells[s].tolist()
            empty_board(axes, game.scene(cells[s]), 7)
            token(axes, game, "hunter_1", hunter % 2, hunter // 2, 20)
            draw_policy(axes, game, "prey", prey, new[k, rows[s]].numpy())
            axes.set_title(
                f"prey {name}, " + ("this state" if s == HERE else "elsewhere"),
                fontsize=9,
            )
            most = int(new[k, rows[s]].argmax())
            at = f"hunter in {place(2, hunter)}, prey {name} in {place(2, prey)}"
            told.append(
                f"{at}: {list(MOVES)[most]}, {float(new[k, rows[s], most]):.2f}"
            )
    key = "arrows: the prey's moves from its cell; ring: staying"
    hunter = legend(game, ["hunter_1"])
    figure.legend(handles=hunter, title=key, loc="outside lower center", frameon=False)
    return figure, f"The likeliest move and its probability. {'; '.join(told)}."


with guess_same.then():
    print(f"{'the hunter:':14}" + "".join(f"{move:>7}" for move in MOVES))
    for name, v in worth.items():
        print(
            f"beside prey {name:2}" + "".join(f"{x:7.2f}" for x in v),
            f"  best: {list(MOVES)[best[name]]}",
        )
    widgets.show(*boards())

# %% [markdown]
# <details><summary>After your prediction: what follows</summary>
# The next move is the same; what comes after it is not. So an actor that is told only the prediction <em>here</em> cannot know what to do here. It must be told who
# the prey is.
# </details>

# %% [markdown]
# ## 3. Probes
#
# Nobody knows a prey's name or its parameters. All that we have are predictions. So we ask for them at several fixed observations, the **probes**, always the same:
# what would it do here, and here, and here? The package takes its probes from random play.

# %%
probes = agent.probe_0  # (8, 17) observations
where = (probes[:, None] == seen).all(-1).long().argmax(1)  # their rows among the 12


def distance(p, q):
    """Total variation: 0 for the same probabilities, 1 for disjoint ones."""
    return 0.5 * (p - q).abs().sum(-1)


at_probes = new[:, None, rows[where]], known[None][:, :, rows[where]]
alike = distance(*at_probes) < 0.1  # (64, 2048, 8): at this probe they look alike
doubles = [float(alike[..., :p].all(-1).sum(1).double().mean()) for p in range(1, 9)]
print(f"At the first probe a new prey looks like {doubles[0]:.0f} of 2,048 known ones.")

# %%
few = {True: "fewer than 5", False: "about 30"}[doubles[2] < 5]
guess_alike = widgets.ask("probes", few, mean=f"{doubles[2]:.1f}")
guess_alike

# %% [markdown]
# Predictions come from watching, and are never exact. The right panel below shows the same with predictions after 50 watched moves. Who predicts is the Bayes predictor of
# lesson 6, the best possible imitator, so nothing has to be trained.

# %%
watched, moves = draw_moves(new[:, rows], 50, torch.Generator().manual_seed(7))
known_rows = known[:, rows]  # (2048, 12, 5)
predicted = by_bayes(known_rows, watched, moves)  # (64, 12, 5) δ of each new prey

gaps = distance(predicted[:, None, where], new[None][:, :, rows[where]])  # (64, 64, 8)
nearest = [gaps[..., :p].sum(-1).argmin(1) for p in range(1, 9)]
recognised = [float((n == torch.arange(64)).double().mean()) for n in nearest]

# %% tags=["hide-input"]
figure = Figure(figsize=(8, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
left.semilogy(range(1, 9), doubles, "o-", color=style.BLUE)
left.set(ylabel="known prey (of 2,048)", title="look like a new prey at all probes")
right.plot(range(1, 9), recognised, "D-", color=style.VERMILLION)
right.set(
    ylabel="share of 64 new prey",
    ylim=(0, 1),
    title="recognised after 50 watched moves",
)
for axes in (left, right):
    axes.set(xlabel="number of probes", xticks=range(1, 9))
    axes.grid(axis="y", color="0.9")
told = [
    f"{p}: {d:.1f} and {r:.2f}"
    for p, d, r in zip(range(1, 9), doubles, recognised, strict=True)
]
words = (
    "By number of probes: known prey that look alike, share of new prey recognised. "
)
with guess_alike.then():
    widgets.show(figure, words + "; ".join(told) + ".")

# %% [markdown]
# *Recognised* means: of all 64 prey, it is the one whose true policy is nearest to the prediction at the probes.

# %% [markdown]
# ## 4. The belief
#
# The **belief** about external $k$ is what the team thinks of it. Three things:
#
# 1. the adapted parameters $\theta'_k$, from which the imitator predicts the next move in any state;
# 2. the predictions at all probes;
# 3. a flag that is 1 while nothing was watched. Before watching, the prediction is that of the average prey. A real prey may be average too; the flag tells
#    "I know that it is average" from "I know nothing".
#
# Critic and actors are given 2 and 3, as a list of 41 numbers. It is computed once, when watching is over, and is the same in every state. ($\theta'_k$ itself would be
# thousands of numbers, and quite different ones can predict the same.)


# %%
def belief_of(predicted, unwatched):
    """Predictions (K, 12, 5) → the belief as network input, (K, 8 · 5 + 1)."""
    told = (predicted[:, where] - 1 / 5).flatten(1) / 2  # centred, and made smaller
    return torch.cat([told, torch.full((len(told), 1), float(unwatched))], 1)


# (1, 12, 5): what is predicted of a stranger
average = known_rows.mean(0, keepdim=True)
beliefs = {
    "nothing": (belief_of(average, True), average),
    "prey A": (belief_of(predicted[[A]], False), predicted[[A]]),
    "prey B": (belief_of(predicted[[B]], False), predicted[[B]]),
}
weights = agent.imitators[0].layers.parameters()
print("numbers in θ′:", sum(p.numel() for p in weights))
print("numbers in a belief:", beliefs["prey A"][0].shape[1])

# %% [markdown]
# ## 5. Actors
#
# An actor takes in features, the prediction in this very state, and the belief. Its parameters are the same for every external. To see what each input is worth, we train three
# hunters here. All climb exact regrets (Eq. 3) beside 1,024 training prey, a quarter of which they have not watched. In place of features they see the
# 17 observed numbers.

# %%
values = torch.stack([move_values(prey) for prey in known[:1024]])  # (1024, 12, 5)
# A constant of the state may be added.
regret = values - values.max(-1, keepdim=True).values


def train(now, probed, updates=1000):
    """An actor; where it is not told a prediction, it gets the average prey's."""
    torch.manual_seed(0)
    actor = Actor(
        features=17, belief=41, hidden=64, rank=32, actions=5, external_actions=[5]
    )
    optimiser, generator = (
        torch.optim.Adam(actor.parameters(), 5e-3),
        torch.Generator().manual_seed(0),
    )
    nobody = average.expand(16, -1, -1)
    for _ in range(updates):
        k = torch.randint(1024, (64,), generator=generator)
        watched = known_rows[k[:48]]  # of the other 16 nothing was watched
        delta = torch.cat([watched if now else average.expand(48, -1, -1), nobody])
        told = watched if probed else average.expand(48, -1, -1)
        # (64, 41)
        belief = torch.cat([belief_of(told, False), belief_of(nobody, True)])
        log_pi = actor(seen[None], belief, [delta])  # (64, 12, 5)
        loss = -(log_pi.exp() * regret[k]).sum(-1).mean()  # minus Eq. 3
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return actor


told_nothing, told_now, told_all = (
    train(False, False),
    train(True, False),
    train(True, True),
)

# %% [markdown]
# Each meets the 64 new prey, with exact predictions. The *score* is 0 for a random hunter, and 1 for the best response to each prey.

# %% tags=["hide-input"]
scale = exact.yardstick_for(table, family.split("held-out"), game)


def score(actor, now, probed):
    """The normalised score beside the 64 new prey."""
    real, nobody = new[:, rows], average.expand(64, -1, -1)
    belief = belief_of(real if probed else nobody, False)
    with torch.no_grad():
        pi = actor(seen[None], belief, [real if now else nobody]).exp()
    returns = []
    for policy, prey in zip(pi, new, strict=True):
        everywhere = torch.full((16, 5), 0.2)
        everywhere[rows] = policy / policy.sum(-1, keepdim=True)
        returns.append(exact.team_value(table, [everywhere.numpy()], [prey.numpy()]))
    return float(scale.normalised_score(np.array(returns)))


scores = {
    "features alone": score(told_nothing, False, False),
    "and the prediction now": score(told_now, True, False),
    "and the probes": score(told_all, True, True),
}

# %%
first, second = np.diff(list(scores.values()))
guess_next = widgets.ask(
    "next-move", "the prediction now" if first > 2 * second else "about the same"
)
guess_next

# %% tags=["hide-input"]
with torch.no_grad():
    policies = {
        name: told_all(seen[None], b, [d])[0, HERE].exp()
        for name, (b, d) in beliefs.items()
    }
figure = Figure(figsize=(8, 3.0), layout="constrained")
left, right = figure.subplots(1, 2, width_ratios=(1, 1.2))
colours = (style.GREY, style.BLUE, style.VERMILLION)
for row, (s, colour) in enumerate(zip(scores.values(), colours, strict=True)):
    left.barh(row, s, color=colour, height=0.6)
    left.text(s - 0.02, row, f"{s:.2f}", color="white", ha="right", va="center")
left.set_yticks(range(3), list(scores))
left.set(xlabel="normalised score", title="three actors, 64 new prey", xlim=(0, 1))
left.invert_yaxis()
for k, ((name, p), colour, hatch) in enumerate(
    zip(policies.items(), colours, ("", "//", ".."), strict=True)
):
    label = "watched " + name
    right.bar(
        np.arange(5) + 0.27 * (k - 1),
        p,
        0.25,
        color=colour,
        hatch=hatch,
        edgecolor="white",
        label=label,
    )
right.set_xticks(range(5), list(MOVES))
right.set(
    ylabel="probability", title="one actor in the state of section 2", ylim=(0, 1.6)
)
right.set_yticks(np.linspace(0, 1, 5))
right.legend(frameon=False, fontsize=8, loc="upper left")
played = [
    f"{name}: {list(MOVES)[int(p.argmax())]} with {float(p.max()):.2f}"
    for name, p in policies.items()
]
scored = ", ".join(f"{name} {s:.2f}" for name, s in scores.items())
words = f"Scores: {scored}. After watching {'; '.join(played)}."
with guess_next.then():
    widgets.show(figure, words, trained=True)

# %% [markdown]
# <details><summary>After your prediction: what to see</summary>
# Right: the actor that is told all, in the state in which A and B move alike. Its parameters are the same in all three cases. One input has changed, the
# belief, and with it the policy: at once, without a gradient step. In training it met many prey together with the beliefs about them, and learned what to do with a
# belief.
# </details>

# %% [markdown]
# ## 6. What an actor sees
#
# Two hunters on 3 × 3 cells see no further than one cell (`view=1`). Hunter 1 is upper left, hunter 2 lower right. The prey is either one cell above hunter 2, or one cell to its left: out of
# hunter 1's view both times. The networks are untrained.

# %%
small_view = micra_lite.make("pursuit", size=3, hunters=2, view=1)
team = micra_lite.TrainingState.initial(small_view, settings)
two = torch.tensor([[0, 8, 5], [0, 8, 7]])  # cells of hunter 1, hunter 2 and the prey
phi = team.agent.features(team.observe(two[None]))  # each (1, 2, 16): K = 1, N = 2
belief = prior_belief(team.agent, 1)
with torch.no_grad():
    delta = team.agent.predict(belief, phi)
    log_pi = team.agent.act(belief, phi, delta)  # each (1, 2, 5)
changes = [float((p[0, 0] - p[0, 1]).abs().max()) > 1e-9 for p in log_pi]

# %%
both = {(False, False): "nobody's", (False, True): "hunter 2's", (True, True): "both"}
guess_view = widgets.ask("own-view", both[tuple(changes)])
guess_view

# %% [markdown]
# <details><summary>After your prediction: each on its own</summary>
# In play each actor decides by itself (<strong>decentralised execution</strong>). It takes in its own observation and the belief, and is not told what its team mates see or choose. The
# prediction that it is given is made from its own observation, too: under partial views each target has an imitator of its own. The critic sees everything; but it is needed in training
# only.
# </details>

# %% [markdown]
# ## Your predictions

# %% tags=["hide-input"]
guesses = [guess_same, guess_alike, guess_next, guess_view]
summary = widgets.Predictions(guesses)
summary

# %% [markdown]
# ## Summary
#
# - One extractor makes the features of imitator, critic and actors. Imitator and critic teach it; actors only use it.
# - A prediction in one state says what comes next, not who it is. Predictions at a few probes do.
# - Belief: $\theta'_k$, the predictions at the probes, and a flag for "nothing watched". It is computed once.
# - An actor's parameters are the same for all externals. The belief is an input, so behaviour changes at once.
# - Each actor needs its own observation and the belief, nothing else.

# %% [markdown]
# ## Common mistakes
#
# - *Telling actors only the next move.* It leaves open what comes after.
# - *Computing probes in every step.* They do not depend on the state.
# - *Leaving out the flag.* Then not knowing looks like knowing an average prey.
# - *Letting an actor see the critic's view.* It will not have it in play.

# %% [markdown]
# ## What was used
#
# | idea | where |
# |---|---|
# | extractor, actor | `micra_lite.networks.Extractor`, `micra_lite.networks.Actor` |
# | belief, before and after watching | `micra_lite.agent.Belief`, `micra_lite.agent.prior_belief`, `micra_lite.agent.make_belief` |
# | who takes in what | `micra_lite.agent.Agent` |
#
# Next: `08_offline_training`. All networks learn together.

# %% tags=["hide-input"]
with torch.no_grad():
    phi = agent.features(start.observe(cells[None]))  # each (1, 12, 16)
    theta = adapt(
        agent.imitators[0], features[watched[:3]].detach(), moves[:3], steps=5
    )
    by_network = predict(agent.imitators[0], theta, features[None]).exp()  # (3, 12, 5)
    packaged = make_belief(agent, [theta])
assert torch.allclose(features, phi[0][0])
assert torch.allclose(packaged.probes, by_network[:, where].flatten(1), atol=1e-12)
assert torch.allclose(
    agent.belief_inputs(packaged, True), belief_of(by_network, False), atol=1e-12
)
assert float(prior_belief(agent, 1).unwatched) == 1
assert float(distance(new[A, rows[HERE]], new[B, rows[HERE]])) < 0.03
assert float((new[A, rows[HERE]] - new[B, rows[HERE]]).abs().max()) < 0.03
assert float(distance(new[A, rows], new[B, rows]).mean()) > 0.5
assert best["A"] != best["B"]
assert 90 < doubles[0] < 110
assert doubles[2] < 5
assert recognised[0] < 0.5 < 0.8 < recognised[-1]
assert len(where) == 8
assert first > 2 * second > 0.02
assert [int(p.argmax()) for p in policies.values()][1:] == list(best.values())
assert changes == [False, True]
print("all checks passed")
