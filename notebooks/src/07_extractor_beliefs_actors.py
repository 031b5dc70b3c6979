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
# How does what imitator and critic know reach the team's moves? An actor has fixed parameters
# when it meets a stranger, but still has to play differently with each one.
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
# **Time**: 24 minutes.

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
# | $K$ | how many externals at once | |
# | $o_i$, $\phi(o_i)$ | what agent $i$ observes; its features | `seen`, `features` |
# | $\delta_k$ | the prediction of external $k$'s moves | `predicted`, (K, 12, 5) |
# | $\theta'_k$ | the imitator's parameters, adapted to external $k$ | |
# | $b_k$ | what critic and actors are given of the belief about $k$ | `belief`, (K, 41) |
# | $\pi_i(a_i \mid o_i, b_k)$ | a target's policy | `actor` |

# %% [markdown]
# ## 1. One extractor for all
#
# The **state feature extractor** turns an observation, a raw list of numbers, into **features**: numbers between −1 and 1 that
# imitator, critic and actors take in instead. It is one layer, $\phi(o) = \tanh(W o + w)$.
#
# Here is an untrained team, on the board of lessons 4 and 6:

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
# Who teaches the 16 features to be useful?
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
# - **Why share?** "What will the prey do?" and "what is it worth?" depend on the same things: who is where. Watched moves
#   teach at every step; rewards are rare. So the critic profits from what the imitator finds out.
# - **Why do the actors not teach it?** They learn from regrets alone, which are wrong at first. The other two have
#   facts to learn from: moves and rewards.

# %% [markdown]
# ## 2. Two prey
#
# Lesson 6 had 2,048 known prey and 64 new ones. A and B are two of these. In one state, hunter upper right, prey
# lower right, they play:

# %% tags=["hide-input"]
table = exact.tabulate(game)
rows = game.encode(cells)  # numbers of our 12 among all 16 states
known_tables = game.tables(family.split("train"))[0]  # (2048, 16, 5)
new_tables = game.tables(family.split("held-out"))[0]  # (64, 16, 5)
known, new = known_tables[:, rows], new_tables[:, rows]  # in our 12: (…, 12, 5)
A, B, HERE = 11, 31, 5  # two prey, and the row of this state in `cells`


def move_values(prey):
    """What each of the hunter's moves is worth, (12, 5), if it goes on as is best.

    prey (16, 5): its policy in all states.
    """
    best = exact.best_response(table, [prey.numpy()]).policies
    q = exact.joint_q(table, [*best, prey.numpy()])  # (16, 5, 5)
    return torch.einsum("she,se->sh", torch.from_numpy(q), prey)[rows]


print(f"{'':7}" + "".join(f"{move:>7}" for move in MOVES))
for name, k in (("prey A", A), ("prey B", B)):
    print(f"{name:7}" + "".join(f"{p:7.2f}" for p in new[k, HERE].tolist()))

# %% [markdown]
# Here their policies agree to within 0.03. The hunter's moves are valued as if it plays its best
# afterwards. So values are above 10, where lesson 4 had about 8.

# %%
worth = {
    name: move_values(new_tables[k])[HERE].tolist() for name, k in (("A", A), ("B", B))
}
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
            draw_policy(axes, game, "prey", prey, new[k, s].numpy())
            axes.set_title(
                f"prey {name}, " + ("this state" if s == HERE else "elsewhere"),
                fontsize=9,
            )
            most = int(new[k, s].argmax())
            at = f"hunter in {place(2, hunter)}, prey {name} in {place(2, prey)}"
            told.append(f"{at}: {list(MOVES)[most]}, {float(new[k, s, most]):.2f}")
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
# The next move is the same; what comes after it is not. In such a state, an actor that is told only the prediction <em>here</em> cannot know what to do. It must be
# told who the prey is.
# </details>

# %% [markdown]
# ## 3. Probes
#
# All that we have of a prey is predictions. So we ask for them at several observations,
# the **probes**, which are always the same. The package takes its probes from
# random play.

# %% tags=["hide-input"]
probes = agent.probe_0  # (8, 17): the probes for external number 0, our prey
where = (probes[:, None] == seen).all(-1).long().argmax(1)  # their rows among the 12


def distance(p, q):
    """Total variation: 0 for the same probabilities, 1 for disjoint ones."""
    return 0.5 * (p - q).abs().sum(-1)


# %% [markdown]
# There are 8. Two prey *look alike* at a probe if the **distance** of their policies there is below 0.1. (It is 0
# for equal ones, 1 if they share no move.)

# %%
known_at_probes = known[:, where]  # (2048, 8, 5): what the known prey do at the probes
new_at_probes = new[:, where]  # (64, 8, 5)

doubles = []  # at the first 1, 2, … 8 probes: known prey that look like a new one
look_alike = distance(new_at_probes[:, None], known_at_probes) < 0.1  # (64, 2048, 8)
for count in range(1, 9):
    at_all = look_alike[:, :, :count].all(-1)  # (64, 2048)
    doubles.append(float(at_all.sum(1).double().mean()))
print(f"At the first probe a new prey looks like {doubles[0]:.0f} of 2,048 known ones.")

# %%
few = {True: "fewer than 5", False: "about 30"}[doubles[2] < 5]
guess_alike = widgets.ask("probes", few, mean=f"{doubles[2]:.1f}")
guess_alike

# %% [markdown]
# The right panel below uses the predictions of lesson 6's Bayes predictor after 50 watched moves. A prey is *recognised* if, of all 64, its true policy is nearest to the prediction at the probes.

# %%
watched, moves = draw_moves(new, 50, torch.Generator().manual_seed(7))
predicted = by_bayes(known, watched, moves)  # (64, 12, 5): δ of each new prey
predicted_at_probes = predicted[:, where]  # (64, 8, 5)

recognised = []  # with 1, 2, … 8 probes: share of new prey that are recognised
gaps = distance(predicted_at_probes[:, None], new_at_probes)  # (64, 64, 8)
for count in range(1, 9):
    nearest = gaps[:, :, :count].sum(-1).argmin(1)  # (64,)
    recognised.append(float((nearest == torch.arange(64)).double().mean()))

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
# ## 4. The belief
#
# The **belief** about external $k$ is what the team thinks of it. It has three parts:
#
# 1. the adapted parameters $\theta'_k$, from which the imitator predicts the next move in any state (for adapting, the package
#    keeps each move together with what the external itself observed);
# 2. the predictions at all probes;
# 3. a flag that is 1 until something is watched. It tells "I know that it is average" from "I know nothing": the prediction is
#    the average prey's both times.
#
# Critic and actors are given 2 and 3, as a list $b_k$ of 41 numbers, computed once, when watching is over. ($\theta'_k$ itself
# is much longer, and quite different parameters can predict the same.)


# %%
def belief_of(predicted, unwatched):
    """Predictions (K, 12, 5) → the belief as network input, (K, 8 · 5 + 1)."""
    at_probes = predicted[:, where].flatten(1)  # (K, 40)
    flag = torch.full((len(at_probes), 1), float(unwatched))
    return torch.cat([(at_probes - 1 / 5) / 2, flag], 1)  # centred, and made smaller


average = known.mean(0, keepdim=True)  # (1, 12, 5): what is predicted of a stranger
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
# An actor takes in features, the prediction in this very state, and the belief. Its parameters are the same for every
# external. To see what each input is worth, we train three hunters against 1,024 known prey, a quarter of them unwatched. An
# input that a hunter is not to have always shows the average prey.


# %%
def inputs(prey, now, probed, unwatched=0):
    """δ and belief about prey (K, 12, 5); the last ones may be unwatched."""
    stranger = average.expand(len(prey), -1, -1)
    watched = len(prey) - unwatched
    delta, believed = stranger.clone(), stranger.clone()
    if now:
        delta[:watched] = prey[:watched]
    if probed:
        believed[:watched] = prey[:watched]
    belief = belief_of(believed, False)  # (K, 41)
    belief[watched:, -1] = 1  # the flag
    return delta, belief


# %% [markdown]
# Each climbs its regrets (Eqs. 2 and 3), with an **entropy bonus**: a small extra reward for staying undecided, so that no
# move dies out. (Lesson 9 takes it out.) No critic is trained: `values` are exact, for a
# hunter that goes on with its best response. (MICRA's critic values the present policy.) Instead of features the hunters see
# the 17 observed numbers.

# %% tags=["hide-input"]
values = torch.stack([move_values(prey) for prey in known_tables[:1024]])


def new_actor():
    """An untrained actor, which adds up 32 products of what is seen and believed."""
    torch.manual_seed(0)
    return Actor(
        features=17, belief=41, hidden=64, rank=32, actions=5, external_actions=[5]
    )


# %%
def train(now, probed, updates=1000):
    """A hunter that is told the prediction now, the probes, both, or neither."""
    actor, luck = new_actor(), torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(actor.parameters(), 5e-3)
    for _ in range(updates):
        k = torch.randint(1024, (64,), generator=luck)
        delta, belief = inputs(known[k], now, probed, unwatched=16)
        log_pi = actor(seen[None], belief, [delta])  # (64, 12, 5)
        pi, v = log_pi.exp(), values[k]
        regret = v - (pi.detach() * v).sum(-1, keepdim=True)  # Eq. 2
        entropy = -(pi * log_pi).sum(-1).mean()
        loss = -(pi * regret).sum(-1).mean() - 0.05 * entropy  # minus Eq. 3
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return actor


told_nothing = train(now=False, probed=False)
told_now = train(now=True, probed=False)
told_all = train(now=True, probed=True)

# %% [markdown]
# Each meets the 64 new prey, with exact predictions. The *score* is 0 for a random hunter, and 1 for the best response to each prey.

# %% tags=["hide-input"]
scale = exact.yardstick_for(table, family.split("held-out"), game)


def score(actor, now, probed):
    """The normalised score beside the 64 new prey."""
    delta, belief = inputs(new, now, probed)
    with torch.no_grad():
        pi = actor(seen[None], belief, [delta]).exp()
    returns = []
    for policy, prey in zip(pi, new_tables, strict=True):
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
with guess_next.then(guess_same):
    widgets.show(figure, words, trained=True)

# %% [markdown]
# <details><summary>After your prediction: what to see</summary>
# Left panel: the probes add little here. States like that of section 2 are rare: in fewer than 2 of 100 do two new prey move alike and ask for
# different moves. So what are probes for? The critic must know the prey's later moves, too, and the probes are all that
# it is told. Actors get them as well, for states like that one.
# </details>
#
# <details><summary>After your prediction: one actor, three beliefs</summary>
# Right panel: the actor that is told all, in the state in which A and B move alike.
# One input has changed, the belief, and with it the policy: at once, without a gradient step.
# </details>

# %% [markdown]
# ## 6. What an actor sees
#
# Two hunters on 3 × 3 cells see no further than one cell, in all eight directions (`view=1`). Hunter 1 is upper left, hunter 2 lower right. The prey is
# either one cell above hunter 2, or one cell to its left: two boards, one external. The networks are untrained.

# %%
small_view = micra_lite.make("pursuit", size=3, hunters=2, view=1)
team = micra_lite.TrainingState.initial(small_view, settings)
two = torch.tensor([[0, 8, 5], [0, 8, 7]])  # cells of hunter 1, hunter 2 and the prey
phi = team.agent.features(team.observe(two[None]))  # each: externals, boards, features
belief = prior_belief(team.agent, 1)
with torch.no_grad():
    delta = team.agent.predict(belief, phi)
    log_pi = team.agent.act(belief, phi, delta)  # each: externals, boards, moves
changes = [float((p[0, 0] - p[0, 1]).abs().max()) > 1e-9 for p in log_pi]

# %%
both = {(False, False): "nobody's", (False, True): "hunter 2's", (True, True): "both"}
guess_view = widgets.ask("own-view", both[tuple(changes)])
guess_view

# %% [markdown]
# <details><summary>After your prediction: each on its own</summary>
# In play each actor decides by itself (<strong>decentralised execution</strong>), from its own observation and the
# belief. The prediction that it is given is made from its own observation,
# too: under partial observability each target has an imitator of its own, which learns from what this target observed.
# The critic sees everything, but it is needed only
# in training.
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
# <details><summary>Open</summary>
#
# - One extractor makes the features of imitator, critic and actors. Imitator and critic teach it; actors only use it.
# - A prediction in one state says what comes next. Predictions at a few probes say who it is.
# - Belief: $\theta'_k$, the predictions at the probes, and a flag for "nothing watched". The last two are $b_k$, computed once.
# - An actor's parameters are the same for all externals. The belief is an input, so behaviour changes at once.
# - Each actor needs its own observation and the belief.
#
# </details>

# %% [markdown]
# ## Common mistakes
#
# <details><summary>Open</summary>
#
# - *Telling actors only the next move.* That leaves open what comes after.
# - *Leaving out the flag.* Then not knowing looks like knowing an average prey.
# - *Letting an actor see what the critic sees.* In play, the actor will not see it.
#
# </details>

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
assert float(distance(new[A, HERE], new[B, HERE])) < 0.03
assert float((new[A, HERE] - new[B, HERE]).abs().max()) < 0.03
assert float(distance(new[A], new[B]).mean()) > 0.5
assert best["A"] != best["B"]
assert min(min(v) for v in worth.values()) > 10
assert 90 < doubles[0] < 110
assert doubles[2] < 5
assert recognised[0] < 0.5 < 0.8 < recognised[-1]
assert len(where) == 8
assert first > 2 * second > 0.02
assert [int(p.argmax()) for p in policies.values()][1:] == list(best.values())
assert changes == [False, True]
gains = torch.stack([move_values(prey) for prey in new_tables])  # (64, 12, 5)
moved = gains.argmax(-1)[None, ..., None].expand(64, -1, -1, -1)  # for another prey
lost = (
    gains.max(-1).values[:, None]
    - gains[:, None].expand(-1, 64, -1, -1).gather(-1, moved)[..., 0]
)
mixed_up = (distance(new[:, None], new) < 0.1) & (lost > 0.05)  # (64, 64, 12)
assert 0 < float(mixed_up.sum()) / (64 * 63 * 12) < 0.02
print("all checks passed")
