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
# # Exercises: adaptation and execution
#
# **Afterwards you can** adapt to newcomers in code, say what each of three answers is worth, score a team, and notice that somebody
# else has come.
#
# **You need** lesson `10_adaptation_and_execution`; for the last two
# `10_adaptation_and_execution_deeper`. Each exercise can be done without those before it.
#
# **Time**: about 75 minutes in all. Each exercise says how hard and how important it is, from 1 to 5, and how long it takes.
#
# Replace the dots `...` by your answer, and run the cell below it: it says whether you are right, and if not, what kind of
# wrong it is. `check.NAME.hint()` in a cell of your own gives a hint; call it again for a larger one. The fourth is the
# solution.

# %%
import os

# small sums: one thread is fastest
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import math

import torch
from matplotlib.figure import Figure

from micra_exercises import check
from micra_lite import widgets
from micra_lite.plotting import style

torch.set_default_dtype(torch.float64)

# %% [markdown]
# ## 1. Each newcomer from the prior
#
# *Difficulty 2/5, importance 5/5, about 12 minutes.*
#
# An imitator with one logit for each move; it predicts $\mathrm{softmax}(\theta)$. K newcomers come, one after the other, and each has been
# watched for some moves, or for none. Adapt to each of them:
#
# $$\theta' \leftarrow \theta' - \frac{n}{n + n_0}\, \alpha_{\text{adp}} \cdot \nabla L(\theta'), \qquad
# \nabla L(\theta') = \mathrm{softmax}(\theta') - f$$
#
# $f$ are the frequencies of the $n$ watched moves; $\alpha_{\text{adp}}$ has an entry for each parameter. If nothing was watched, θ′ = θ.
#
# By hand, for θ = (0, 0), one step, α = (2, 2) and n₀ = 4:
#
# | newcomer | watched | n / (n + n₀) | f | θ′ | prediction |
# |---|---|---|---|---|---|
# | 0 | 0, 1, 0, 0 | 0.5 | 0.75, 0.25 | 0.25, −0.25 | 0.6225, 0.3775 |
# | 1 | nothing | 0 | – | 0, 0 | 0.5, 0.5 |
# | 2 | move 1, twelve times | 0.75 | 0, 1 | −0.75, 0.75 | 0.1824, 0.8176 |


# %%
def newcomers(theta, watched, steps, step_sizes, n_0):
    """theta and step_sizes (A,); watched, K tensors of moves; n_0 > 0 pairs.

    steps may be 0 or more. Returns predictions (K, A).
    """
    # solution, stub: return ...
    found = []
    for moves in watched:
        adapted, n = theta, len(moves)  # from θ, every time
        for _ in range(steps if n else 0):
            frequency = torch.bincount(moves, minlength=len(theta)) / n
            adapted = adapted - n / (n + n_0) * step_sizes * (
                adapted.softmax(0) - frequency
            )
        found.append(adapted.softmax(0))
    return torch.stack(found)
    # end


# %%
check.newcomers(newcomers)

# %% [markdown] tags=["solution"]
# The mean loss does not know how much was watched: twelve moves and one move that are all alike have the same $f$. So the factor is needed.

# %% [markdown]
# ## 2. What an actor is told
#
# *Difficulty 2/5, importance 4/5, about 10 minutes.*
#
# A *conditioned* actor gets three things: its own observation, the prediction there, and the predictions at the C probes, one probe after
# the other. Here $\delta(\cdot \mid o; \theta) = \mathrm{softmax}(o\,\theta)$, with θ a matrix. Write the inputs of all n targets,
# after adaptation. Each target has its own observation, and nobody hears of another's. You are given more than you need.
#
# By hand, for two targets that see (1, 0) and (0, 1), one probe (1, 1), and the adapted matrix with the rows (log 3, 0) and (0, 0): the
# first predicts (0.75, 0.25), the second (0.5, 0.5); at the probe it is (0.75, 0.25). So the inputs are (1, 0, 0.75, 0.25, 0.75, 0.25) and
# (0, 1, 0.5, 0.5, 0.75, 0.25).


# %%
def actor_inputs(observations, theta, adapted, probes):
    """observations (n, O); theta (O, A) before watching, adapted (O, A) after.

    probes (C, O). Returns (n, O + A + C·A).
    """
    # solution, stub: return ...
    here = (observations @ adapted).softmax(1)  # (n, A)
    # (C · A,): computed once, and handed to every target
    fixed = (probes @ adapted).softmax(1).flatten()
    return torch.cat([observations, here, fixed.expand(len(observations), -1)], 1)
    # end


# %%
check.actor_inputs(actor_inputs)

# %% [markdown] tags=["solution"]
# `theta` is not needed: after watching, all predictions are new. And no parameter of the actor has changed, only what it is told.

# %% [markdown]
# ## 3. Three answers in two steps
#
# *Difficulty 3/5, importance 5/5, about 15 minutes.*
#
# First the team chooses one of D doors; door d pays `now[d]`. Behind it, the team chooses one of A actions, and an external makes one of C
# moves, by its policy. `behind[d]` (A, C) says what that pays, and γ discounts it. Then the game is over.
#
# The critic is exact for the *average* external, with the best play. Now a newcomer is there, and the imitator predicts it perfectly. What
# does the team get beside the newcomer, if it
#
# 1. does not adapt: doors and actions are best against the average external;
# 2. has a **frozen** critic: what the critic says of doors stays, δ is put into the sum behind the door;
# 3. **re-imagines**: the critic, too, learns the future beside the newcomer?
#
# By hand, γ = 0.5 and two doors that pay 1 and 0. Average external 0.75, 0.25; newcomer 0.25, 0.75:
#
# | | behind door 0 | against average | newcomer | behind door 1 | against average | newcomer |
# |---|---|---|---|---|---|---|
# | **action 0** | 4, 0 | 3 | 1 | 0, 8 | 2 | 6 |
# | **action 1** | 0, 4 | 1 | 3 | 4, 0 | 3 | 1 |
#
# Against the average, door 0 is worth 1 + 0.5 · 3 = 2.5, door 1 only 1.5. Not adapting: door 0, action 0, and so 1 + 0.5 · 1 = 1.5. Frozen: door
# 0, action 1, 1 + 0.5 · 3 = 2.5. Re-imagined: door 1 is worth 0.5 · 6 = 3, which is more than 2.5.


# %%
def three_answers(now, behind, average, newcomer, gamma):
    """now (D,); behind (D, A, C); average and newcomer (C,).

    Returns what the team gets beside the newcomer, (3,).
    """
    # solution, stub: return ...
    found = []
    for at_the_door, behind_it in (
        (average, average),
        (average, newcomer),
        (newcomer, newcomer),
    ):
        future = (behind @ at_the_door).max(1).values  # (D,): as the critic believes
        door = (now + gamma * future).argmax()
        action = (behind[door] @ behind_it).argmax()
        found.append(now[door] + gamma * behind[door, action] @ newcomer)  # as it is
    return torch.stack(found)
    # end


# %%
check.three_answers(three_answers)

# %% [markdown] tags=["solution"]
# Behind the door nothing comes after: there a frozen critic is exact, as in all one-shot games. At the door everything comes after.

# %% [markdown]
# ## 4. Where a frozen critic gains nothing
#
# *Difficulty 3/5, importance 4/5, about 12 minutes. Open: there are many answers.*
#
# The same game with two doors, two actions and two moves. Doors pay nothing at once, and γ = 1. Find payoffs `behind` (2, 2, 2), all between 0
# and 10, and the policies of an average external and of a newcomer, so that
#
# - against the average external, one door is better than the other, and where two actions behind it are equally good, they
#   stay so beside the newcomer;
# - frozen gains *nothing* over not adapting;
# - re-imagined gains at least 1 over not adapting.
#
# Both externals mix: none of their probabilities is 0. Enter `(behind, average, newcomer)`.

# %%
# solution, stub: no_gain_frozen = ...  # (behind, average, newcomer)
no_gain_frozen = (
    torch.tensor([
        [[5.0, 5.0], [1.0, 1.0]],  # safe: always 5
        [[8.0, 0.0], [0.0, 8.0]],  # all hangs on the external
    ]),
    torch.tensor([0.5, 0.5]),  # 4 behind the second door
    torch.tensor([0.1, 0.9]),  # 7.2 behind the second door
)  # fmt: skip
# end

# %%
check.no_gain_frozen(no_gain_frozen)

# %% [markdown] tags=["solution"]
# A team that cannot predict prefers what is safe. When it can predict, it needs a critic that knows what predictions are worth later.

# %% [markdown]
# ## 5. The normalised score
#
# *Difficulty 1/5, importance 5/5, about 6 minutes.*
#
# A return alone says little: some externals leave more to be had than others. Write the score of each seed, over K externals together. Returns
# are measured, so a score may fall below 0 or rise above 1:
#
# $$\frac{\sum_k (V_k - V_k^{\text{random}})}{\sum_k (V_k^{\text{best}} - V_k^{\text{random}})}$$
#
# By hand, for two externals, of which a random team gets 0 and 3, best responses 4 and 5: there are 4 + 2 = 6 to be had. The first seed got 2
# and 5: (2 + 2) / 6 = 0.667. The second got 3 and 3: (3 + 0) / 6 = 0.5.


# %%
def normalised_score(values, random, best):
    """values (S, K), of each seed beside each external; random and best (K,).

    Returns (S,).
    """
    # solution, stub: return ...
    return (values - random).sum(1) / (best - random).sum()
    # end


# %%
check.normalised_score(normalised_score)

# %% [markdown] tags=["solution"]
# A mean of ratios would let the externals count most beside whom least is to be had: there a small difference is a large ratio.

# %% [markdown]
# ## 6. Suspicion by hand
#
# *Difficulty 1/5, importance 5/5, about 8 minutes. Pencil and paper (and a logarithm).*
#
# A column plays heads and tails. What the imitator predicts that has adapted to it, and the one that has watched nobody:
#
# | | heads | tails |
# |---|---|---|
# | **adapted, θ′** | 0.8 | 0.2 |
# | **not adapted, θ** | 0.5 | 0.5 |
#
# Now it plays H T T H T. With $z_t = \log \delta(a_t; \theta) - \log \delta(a_t; \theta')$ and $S_t = \max(0, S_{t-1} + z_t)$, starting from $S_0 = 0$:
# what is the suspicion after each move? Enter five numbers, in nats.

# %%
# solution, stub: suspicions = [..., ..., ..., ..., ...]
heads = math.log(0.5) - math.log(0.8)  # -0.47
tails = math.log(0.5) - math.log(0.2)  # 0.92
suspicions, S = [], 0.0
for z in (heads, tails, tails, heads, tails):
    S = max(0.0, S + z)
    suspicions.append(S)
# end

# %%
check.suspicion_by_hand(suspicions)

# %% [markdown] tags=["solution"]
# With a threshold of 2 there is an alarm after the fifth move. The change is dated to when S was last 0: after the first.

# %% [markdown]
# ## 7. Alarm, and on
#
# *Difficulty 2/5, importance 5/5, about 12 minutes.*
#
# Now for T moves, one or more. You get $\log \delta(a_t; \theta')$ in `known` and $\log \delta(a_t; \theta)$ in `unknown`. When $S_t$ exceeds the
# threshold (0 or more), that is an alarm, and the team adapts anew: so after it, the sum starts from 0 again. Return S after each move, that of
# the alarm as it was.
#
# By hand, for the threshold 2.5:
#
# | move | 1 | 2 | 3 | 4 | 5 |
# |---|---|---|---|---|---|
# | **known** | −0.2 | −3 | −2 | −0.5 | −2 |
# | **unknown** | −1 | −1 | −1 | −1 | −1.5 |
# | **z** | −0.8 | 2 | 1 | −0.5 | 0.5 |
# | **S** | 0 | 2 | 3, alarm | 0 | 0.5 |


# %%
def suspicion(known, unknown, threshold):
    """known and unknown (T,), log-likelihoods of the moves. Returns (T,)."""
    # solution, stub: return ...
    total, found = 0.0, []
    for k, u in zip(known.tolist(), unknown.tolist(), strict=True):
        total = max(0.0, total + u - k)
        found.append(total)
        if total > threshold:
            total = 0.0
    return found
    # end


# %% [markdown]
# Your function on 80 moves. The column likes heads (0.8), and after 40 moves another comes, who likes tails. The team does not adapt
# here, so there are alarms again and again.

# %%
generator = torch.Generator().manual_seed(1)
tails = torch.rand(80, generator=generator) > torch.tensor([0.8] * 40 + [0.2] * 40)
known = torch.where(tails, 0.2, 0.8).log()
sums = suspicion(known, torch.full((80,), 0.5).log(), 4.0)
if sums is not ... and len(sums) == 80:  # not before you have written it
    sums = torch.as_tensor(sums)
    alarms = [t + 1 for t in range(80) if sums[t] > 4]
    figure = Figure(figsize=(7, 2.4), layout="constrained")
    axes = figure.subplots()
    axes.plot(range(1, 81), sums, color=style.BLUE, label="suspicion S")
    axes.plot(
        alarms, sums[sums > 4], "D", color=style.ORANGE, mec="black", label="alarm"
    )
    axes.axhline(4, color=style.VERMILLION, linestyle="--", label="threshold h")
    axes.axvline(40, color="black", linestyle=":", label="another comes")
    axes.set(xlabel="moves", ylabel="nats")
    axes.legend(frameon=False, loc="upper left")
    words = (
        "Suspicion over 80 moves, threshold 4 nats, another comes after move 40. "
        f"Alarms after moves {alarms}."
    )
    widgets.show(figure, words)

# %%
check.suspicion(suspicion)

# %% [markdown] tags=["solution"]
# `micra_lite.extensions.change_detection.vigilant_execution` does this, move by move, while the team plays.

# %% [markdown]
# ## How far are you?

# %%
check.progress("08_adaptation_and_execution")
