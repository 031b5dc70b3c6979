"""Exercises of sheet 03: the variance that averaging over the others saves, and when it saves none."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from ..exercise import exercise
from .policy_gradient import COLUMN, LESSON, PAYOFFS, ROW, alone
from .random_cases import policy


def spread(x, c, how):
    """The variance over column's moves of each row of x, (A_1,), or what a slip makes of it: c are column's weights."""
    C = x.shape[1]
    mean = x @ c
    away = x - mean[:, None]
    return {
        "variance": lambda: away**2 @ c, "not centred": lambda: x**2 @ c, "mean not squared": lambda: x**2 @ c - mean,
        "deviation": lambda: (away**2 @ c).clamp(min=0).sqrt(), "absolute": lambda: away.abs() @ c, "mean": lambda: mean,
        "squared mean": lambda: mean**2, "absolute mean": lambda: mean.abs(), "plain mean taken off": lambda: (x - x.mean(1, keepdim=True)) ** 2 @ c,
        "plain mean of squares": lambda: (away**2).mean(1), "sum of squares": lambda: (away**2).sum(1),
        "unbiased": lambda: away**2 @ c * C / max(C - 1, 1), "plain unbiased": lambda: ((x - x.mean(1, keepdim=True)) ** 2).sum(1) / (C - 1), "weights squared": lambda: away**2 @ c**2,
        "divided": lambda: away**2 @ c / C, "range": lambda: x.max(1).values - x.min(1).values, "added": lambda: x**2 @ c + mean**2,
        "of the weighted": lambda: (x * c).var(1, unbiased=False), "weighted deviations squared": lambda: ((away * c) ** 2).sum(1),
        "one mean for all": lambda: (x - mean.mean()) ** 2 @ c, "not squared": lambda: away @ c, "fourth": lambda: away**4 @ c,
        "over own": lambda: (x - x.mean(0)) ** 2 @ c, "none": lambda: 1 + 0 * mean,
    }[how]()  # fmt: skip


def saved(
    q, row, column, *, own="policy", score="squared", how="variance", others="policy", baseline="coma", agent="row",
    left="sum", sign=1,
):  # fmt: skip
    """What averaging over column saves, or what a slip makes of it."""
    if agent == "column":
        q, row, column = q.T, column, row
    A = len(row)
    base = {
        "coma": lambda: row @ q, "none": lambda: 0, "mean": lambda: q.mean(0), "best": lambda: q.max(0).values,
        "likeliest": lambda: q[row.argmax()], "added": lambda: -(row @ q), "sum": lambda: q.sum(0), "divided": lambda: row @ q / A,
        "not summed": lambda: row[:, None] * q, "only": lambda: q - row @ q,
    }[baseline]()  # fmt: skip
    advantages = row @ q if baseline == "only" else q - base
    advantages = advantages.expand_as(q)
    c = {
        "policy": column, "uniform": torch.full_like(column, 1 / len(column)), "one": torch.ones_like(column),
        "likeliest": torch.eye(len(column))[column.argmax()], "softmax": column.softmax(0),
    }[others]  # fmt: skip
    variance = spread(advantages, c, how)
    scores = torch.eye(A) - row
    length = {
        "squared": lambda: (scores**2).sum(1), "none": lambda: 1 + 0 * row, "root": lambda: (scores**2).sum(1).sqrt(),
        "own": lambda: (1 - row) ** 2, "own, not squared": lambda: 1 - row, "policy": lambda: (row**2).sum().expand(A),
        "summed first": lambda: scores.sum(1) ** 2, "absolute": lambda: scores.abs().sum(1),
        "others": lambda: (row**2).sum() - row**2, "added": lambda: ((torch.eye(A) + row) ** 2).sum(1), "twice": lambda: (scores**2).sum(1) ** 2,
        "cross term": lambda: 1 + (row**2).sum().expand(A), "everywhere": lambda: ((1 - row) ** 2).sum().expand(A),
        "softmax": lambda: ((torch.eye(A) - row.softmax(0)) ** 2).sum(1), "probability": lambda: row**2, "uniform": lambda: ((torch.eye(A) - 1 / A) ** 2).sum(1),
        "of the other": lambda: (scores**2).sum(0), "own twice": lambda: 2 * (1 - row) ** 2, "logarithm": lambda: row.log() ** 2, "of probability": lambda: row**2 * (scores**2).sum(1),
        "in probabilities": lambda: 1 / row**2, "one for all": lambda: (row @ (scores**2).sum(1)).expand(A),
    }[score]()  # fmt: skip
    weight = {"policy": row, "one": 1 + 0 * row, "uniform": 0 * row + 1 / A, "divided": row / A, "twice": row**2,
              "rest": 1 - row, "softmax": row.softmax(0)}[own]  # fmt: skip
    terms = sign * weight * length * variance
    return {
        "sum": lambda: terms.sum(), "terms": lambda: terms, "root": lambda: terms.sum().sqrt(), "largest": lambda: terms.max(),
        "last": lambda: terms[-1], "first": lambda: terms[0], "not the last": lambda: terms[:-1].sum(), "not the first": lambda: terms[1:].sum(),
        "variances": lambda: variance,
    }[left]()  # fmt: skip


def two_players(generator, rows, columns):
    """q (A_1, A_2) and both policies."""
    return 3 * torch.randn(rows, columns, generator=generator), policy(generator, rows), policy(generator, columns)


SIZES = (3, 2), (2, 4), (4, 3), (3, 3), (3, 5), (2, 3), (4, 2), (3, 4)  # of the random cases

SUMMANDS = "In the sheet's example, the summand of *up* is 0.2 · 1.28 · 1.08. Which three factors has yours?"
LENGTHS = "In the sheet's example, the squared score of *up* is 1.28. What is it in yours?"
VARIANCES = "In the sheet's example, the variance of *up* is 1.08. What is it in yours?"
ADVANTAGES = "In exercise 5, COMA's advantages of *up* are 0.8, −1.6 and 0.8. What are they in yours?"


@exercise(
    lesson=LESSON, title="What Rao and Blackwell save", difficulty=4, importance=3, minutes=12,
    example=(PAYOFFS, ROW, COLUMN), expected=0.2 * 1.28 * 1.08 + 0.8 * 0.08 * 0.0675,
    draw=lambda generator, k: two_players(generator, *SIZES[k % 8]),
    edges={
        "both have equally many actions": lambda generator: two_players(generator, 3, 3),
        "there is only one own action": lambda generator: two_players(generator, 1, 3),
        "column has only one action": lambda generator: two_players(generator, 3, 1),
        "column does not mix": lambda generator: (*two_players(generator, 3, 2)[:2], torch.tensor([0.0, 1.0])),
        "column plays all actions equally often": lambda generator: (*two_players(generator, 3, 4)[:2], torch.full((4,), 0.25)),
        "row plays all actions equally often": lambda generator: (
            two_players(generator, 4, 3)[0], torch.full((4,), 0.25), policy(generator, 3)),
        "the agents do not interact": lambda generator: (
            torch.tensor([[3.0, 1.0, 0.0], [5.0, 3.0, 2.0]]), *two_players(generator, 2, 3)[1:]),
    },
    hints=(
        "Fix your own action. How much does COMA's advantage vary if only the other's move changes?",
        r"$\sum_a \pi(a)\, |\nabla \log \pi(a)|^2\, \mathrm{Var}_c\big(A^{\text{COMA}}(a, c)\big)$, "
        r"and $|\nabla \log \pi(a)|^2 = (1 - \pi(a))^2 + \sum_{b \ne a} \pi(b)^2$.",
        "def saved_variance(q, row, column):\n    advantages = ...  # (A_1, A_2)\n    variance = ...  # (A_1,)\n    length = ...  # (A_1,)\n    return ...",
    ),
    slipping=saved,
    mistakes=[
        ("wrong_sign", {"sign": -1},
         "It has the wrong sign. A variance is never negative.", VARIANCES),
        ("own_policy_left_out", {"own": "one"},
         "The sum over your own actions has no weights. Weight it by your own policy.", SUMMANDS),
        ("plain_mean_over_own_actions", {"own": "uniform"},
         "You took the plain mean over your own actions. They are weighted by your own policy.", SUMMANDS),
        ("averaged_where_a_sum_is_due", {"own": "divided"},
         "You divided by the number of your own actions. Is there a mean, over them or over the score's entries, where a sum "
         "is due?", SUMMANDS),
        ("own_policy_twice", {"own": "twice"},
         "You weighted by your own policy twice. Do it once.", SUMMANDS),
        ("complement_of_own_policy", alone(saved, own="rest"),
         "You weighted by 1 − π. The weights are the probabilities themselves.", SUMMANDS),
        ("score_left_out", {"score": "none"},
         "The squared length of the score is missing, or always 1.", SUMMANDS),
        ("score_not_squared", {"score": "root"},
         "You used the length of the score. The formula has its square.", LENGTHS),
        ("score_to_the_fourth", alone(saved, score="twice"),
         "You squared the squared length of the score once more.", LENGTHS),
        ("only_own_entry_of_the_score", {"score": "own"},
         "Your squared score is (1 − π(a))², the square of the action's own entry. There is an entry for each logit.", LENGTHS),
        ("own_entry_not_squared", alone(saved, score="own, not squared"),
         "You used 1 − π(a) for the squared score. It is the sum of the squares of all entries.", LENGTHS),
        ("own_entry_doubled", alone(saved, score="own twice"),
         "Your squared score is 2 (1 − π(a))². That is right for two actions only.",
         "How many entries has the score of an action if there are three?"),
        ("only_the_others_entries", {"score": "others"},
         "You squared only the others' entries of the score. The action's own is missing.", LENGTHS),
        ("policy_for_score", {"score": "policy"},
         "Your score is the policy alone. At the action itself something else stands.", LENGTHS),
        ("probability_for_score", alone(saved, score="probability"),
         "In place of the squared score you have π(a)².", LENGTHS),
        ("policy_added_in_score", alone(saved, score="added"),
         "In your score, the policy is added to the 1. It is subtracted.", LENGTHS),
        ("cross_term_forgotten", alone(saved, score="cross term"),
         "Your squared score is 1 + Σ π². If you square 1 − π(a), there is a mixed term, too.", LENGTHS),
        ("ones_everywhere", alone(saved, score="everywhere"),
         "Every entry of your score is 1 − π(b). Only that of the action itself has the 1.", LENGTHS),
        ("uniform_in_score", alone(saved, score="uniform"),
         "In your score you subtract 1 / A, as if your policy were uniform.", LENGTHS),
        ("softmax_in_score", alone(saved, score="softmax"),
         "In your score you take a softmax of probabilities. They are one already.", LENGTHS),
        ("absolute_entries", alone(saved, score="absolute"),
         "You summed the absolute values of the score's entries. Sum their squares.", LENGTHS),
        ("squares_over_the_wrong_axis", alone(saved, score="of the other"),
         "You summed the squared scores over the actions played instead of over the logits.",
         "In a table of scores with a row for each action, over which axis is one score's length?"),
        ("gradient_of_the_probability", alone(saved, score="of probability"),
         "You used the gradient of π(a). The score is that of its logarithm.", LENGTHS),
        ("score_in_probabilities", alone(saved, score="in probabilities"),
         "You used 1 / π(a)², from the derivative in the probabilities. The score is that in the logits.", LENGTHS),
        ("log_probability_for_score", alone(saved, score="logarithm"),
         "You squared log π(a) itself. The score is its gradient.", LENGTHS),
        ("mean_score_for_all", alone(saved, score="one for all"),
         "You multiplied the mean squared score by the mean variance. Each action has its own: multiply before you sum.", SUMMANDS),
        ("always_zero", {"score": "summed first"},
         "Yours is always zero. A score's entries sum to zero, and so do deviations from a mean: what is squared first?",
         "What is summed before it is squared in your answer?"),
        ("mean_not_taken_off", {"how": "not centred"},
         "You took the mean square of the advantage. A variance is about the distance from the mean.", VARIANCES),
        ("mean_not_squared", {"how": "mean not squared"},
         "From the mean square of the advantage you subtract its mean. Is something not squared?", VARIANCES),
        ("squared_mean_added", alone(saved, how="added"),
         "You added the squared mean of the advantage. It is subtracted.", VARIANCES),
        ("squared_mean", alone(saved, how="squared mean"),
         "You took the square of the mean advantage: the regret's. How far do the advantages lie from it?", VARIANCES),
        ("mean_for_variance", alone(saved, how="mean"),
         "You took the mean of the advantage in place of its variance.", VARIANCES),
        ("variance_left_out", alone(saved, how="none"),
         "The variance of COMA's advantage is missing.", SUMMANDS),
        ("deviation_instead_of_variance", {"how": "deviation"},
         "You used standard deviations. The exercise asks for the variance.", VARIANCES),
        ("absolute_deviations", alone(saved, how="absolute"),
         "You took absolute deviations from the mean. A variance squares them.", VARIANCES),
        ("to_the_fourth", alone(saved, how="fourth"),
         "You took the fourth power of the deviations. A variance squares them.", VARIANCES),
        ("range_for_variance", alone(saved, how="range"),
         "You took the largest advantage minus the smallest, in place of the variance.", VARIANCES),
        ("plain_mean_taken_off", alone(saved, how="plain mean taken off"),
         "In your variance, the mean that you subtract does not have column's weights.", VARIANCES),
        ("plain_mean_of_squares", alone(saved, how="plain mean of squares"),
         "The mean in your variance has column's weights, but the squares are averaged as if all moves were equally likely.",
         VARIANCES),
        ("sum_of_squares", alone(saved, how="sum of squares"),
         "You summed the squared deviations without column's weights.", VARIANCES),
        ("one_mean_for_all", alone(saved, how="one mean for all"),
         "The mean in your variance is averaged over your own actions, too. Each has its own.", VARIANCES),
        ("unbiased", {"how": "unbiased"},
         "You multiplied the variance by n / (n − 1), as for a sample. Column's policy is known exactly.", VARIANCES),
        ("others_uniform_and_unbiased", {"how": "plain unbiased"},
         "Your variance takes column's moves for a sample, all alike and with n − 1. Their probabilities are known.", VARIANCES),
        ("variance_divided", alone(saved, how="divided"),
         "You divided the variance by the number of column's actions. With probabilities as weights, the sum is already the "
         "mean.", VARIANCES),
        ("variance_of_weighted_advantages", alone(saved, how="of the weighted"),
         "You took the plain variance of the advantages *times* column's probabilities. These are the weights of the mean.",
         VARIANCES),
        ("weights_squared", alone(saved, how="weighted deviations squared"),
         "You squared column's probabilities along with the deviations. They are the weights of the squares.", VARIANCES),
        ("others_uniform", {"others": "uniform"},
         "You averaged over column's moves as if all were equally likely. Weight them by column's policy.",
         "Where in your answer is column's policy used?"),
        ("summed_without_weights", {"others": "one"},
         "Your sums over column's moves have no weights, in the mean and in the variance.",
         "Where in your answer is column's policy used?"),
        ("softmax_of_column", alone(saved, others="softmax"),
         "You took a softmax of column's policy. Its entries are probabilities already.",
         "What do column's probabilities sum to before you change them?"),
        ("variance_of_payoffs", {"baseline": "none"},
         "This is the variance of the payoffs. COMA's baseline, which differs from move to move, is not taken off.", ADVANTAGES),
        ("own_policy_missing_from_baseline", {"baseline": "mean"},
         "COMA's baseline is the plain mean over your own actions in yours. You do not play all of them equally often.", ADVANTAGES),
        ("best_taken_off", {"baseline": "best"},
         "You subtracted the best own action. COMA's baseline is the mean under your own policy.", ADVANTAGES),
        ("likeliest_action_taken_off", alone(saved, baseline="likeliest"),
         "You subtracted the payoff of your likeliest action. COMA's baseline is the mean under your own policy.", ADVANTAGES),
        ("baseline_added", alone(saved, baseline="added"),
         "You added COMA's baseline. It is subtracted.", ADVANTAGES),
        ("baseline_without_weights", alone(saved, baseline="sum"),
         "COMA's baseline is the plain sum over your own actions in yours. Weight it by your own policy.", ADVANTAGES),
        ("baseline_divided", alone(saved, baseline="divided"),
         "You divide COMA's baseline by the number of actions. With probabilities as weights, the sum is already the mean.",
         ADVANTAGES),
        ("baseline_not_summed", alone(saved, baseline="not summed"),
         "From each payoff you subtract only its own part of the baseline. Sum over your actions first.", ADVANTAGES),
        ("variance_of_the_baseline", alone(saved, baseline="only"),
         "You took the variance of COMA's baseline. The advantage is the payoff minus the baseline.", ADVANTAGES),
        ("players_exchanged", {"agent": "column"},
         "This is what *column* would save, if the payoffs were column's. Row's action is fixed, and column's varies.",
         "Which of the two policies belongs to the score, and which to the variance?"),
        ("terms_not_summed", {"left": "terms"},
         "You return the summands, one for each of your own actions. The exercise asks for their sum.",
         "Which sum stands first in the formula?"),
        ("variances_alone", alone(saved, left="variances"),
         "These are the variances, one for each of your own actions. What is each of them multiplied by?", SUMMANDS),
        ("root_taken", alone(saved, left="root"),
         "Yours is the root of what is saved. The exercise asks for the variance.", VARIANCES),
        ("first_action_only", alone(saved, left="first"),
         "Yours has only the first own action. Sum over all of them.", "Where in your loop does `return` stand?"),
        ("last_action_only", alone(saved, left="last"),
         "Yours has only the last own action. Sum over all of them.", "Does each round of your loop forget the one before?"),
        ("last_action_left_out", {"left": "not the last"},
         "The last own action is missing from your sum.", "How many own actions are there, and which is the last index?"),
        ("first_action_left_out", alone(saved, left="not the first"),
         "The first own action is missing from your sum.", "How many own actions are there, and which is the first index?"),
        ("largest_action_only", alone(saved, left="largest"),
         "You take only the largest summand. Sum over all your own actions.", "Which sum stands first in the formula?"),
    ],
)  # fmt: skip
def saved_variance(q, row, column):
    """The variance of the gradient estimate that averaging over column saves, return²: q (A_1, A_2), row, column."""
    advantages = q - row @ q
    mean = advantages @ column
    variance = advantages**2 @ column - mean**2
    length = (1 - row) ** 2 + (row**2).sum() - row**2
    return (row * length * variance).sum()


PAIRS = (0, 1), (0, 2), (1, 2)


def interaction(q):
    """What is left of payoffs (3, 3) without a term of row and one of column."""
    return q - q.mean(1, keepdims=True) - q.mean(0) + q.mean()


def separate(q):
    """Whether the payoffs are a term of row plus a term of column, to a thousandth of how much row's terms differ."""
    return abs(interaction(q)).max() < 1e-3 * np.ptp(q.mean(1)) + 1e-6 * abs(q).max()


def alike(q):
    """Whether two rows are the same."""
    return any(abs(q[a] - q[b]).max() <= 1e-6 * abs(q).max() for a, b in PAIRS)


def is_product(q):
    """Whether the payoffs are a number of row times a number of column, plus a constant."""
    for (a, b), (c, d) in itertools.product(PAIRS, PAIRS):
        mixed = q[a, c] + q[b, d] - q[a, d] - q[b, c]
        if abs(mixed) > 1e-6 * abs(q).max():
            rest = q - (q[a, c] * q[b, d] - q[a, d] * q[b, c]) / mixed
            return bool(np.linalg.svd(rest, compute_uv=False)[1] < 1e-6 * abs(q).max())
    return False


def off(q, count):
    """Whether all but so many payoffs are a term of row plus a term of column."""
    entries = [interaction(np.eye(9)[k].reshape(3, 3)).ravel() for k in range(9)]
    left, size = interaction(q).ravel(), abs(q).max()
    for chosen in itertools.combinations(entries, count):
        ways = np.transpose(chosen)
        if abs(left - ways @ np.linalg.lstsq(ways, left, rcond=None)[0]).max() < 1e-6 * size:
            return True
    return False


def kind_of_interaction(q):
    """The first of these words that fits the payoffs."""
    if q.shape != (3, 3) or not abs(q).max() < 1e6 or separate(q):
        return "none"
    return "one" if off(q, 1) else "product" if is_product(q) else "two" if off(q, 2) else "more"


@exercise(
    "open", lesson=LESSON, title="Where averaging saves nothing", difficulty=3, importance=4, minutes=8,
    hints=(
        "COMA's advantage must not depend on column's move. What may column's move change, and what not?",
        r"$Q(a, c) = f(a) + g(c)$: then $A^{\text{COMA}}(a, c) = f(a) - \sum_{a'} \pi(a') f(a')$, without $c$.",
        "own = torch.tensor([..., ..., ...])\nother = torch.tensor([..., ..., ...])\nno_gain = own[:, None] + ...",
    ),
    properties=[
        ("three_by_three", lambda q: q.shape == (3, 3), "Pass one table of the shape (3, 3): three actions of row, three of column."),
        ("finite", lambda q: abs(q).max() < 1e6, "Keep payoffs finite and below a million."),
        ("own_actions_differ", lambda q: not alike(q),
         "Two of row's actions pay the same. Then there is nothing to learn: make all three different."),
        ("columns_differ", lambda q: not alike(q.T),
         "Two of column's moves pay row the same. Let column matter: make all three different."),
        ("payoffs_average_to_zero", lambda q: abs(q.mean()) < 1e-3 * max(1e-3, abs(q).max()),
         "The mean of the nine payoffs is not zero. Subtract a constant: it changes no advantage."),
        ("product", lambda q: kind_of_interaction(q) != "product",
         "Your payoffs are a number of row *times* a number of column. So the difference between two rows depends on the "
         "column, and COMA's advantage varies."),
        ("one_payoff_off", lambda q: kind_of_interaction(q) != "one",
         "One of the nine payoffs does not fit the others: without it, the difference between two rows would be the same in "
         "every column."),
        ("two_payoffs_off", lambda q: kind_of_interaction(q) != "two",
         "Two of the nine payoffs do not fit the others: the difference between two rows is not the same in every column, so "
         "COMA's advantage varies."),
        ("no_interaction", lambda q: kind_of_interaction(q) != "more",
         "There is interaction: the difference between two rows depends on the column, so COMA's advantage varies."),
    ],
)  # fmt: skip
def no_gain():
    """A payoff table (3, 3) for which averaging over the other saves nothing: a term of row plus a term of column."""
    own, other = torch.tensor([-1.0, 0.0, 1.0]), torch.tensor([-5.0, 2.0, 3.0])
    return own[:, None] + other
