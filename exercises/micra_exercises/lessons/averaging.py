"""Exercises of sheet 03: the variance that averaging over the others saves, and when it saves none."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .policy_gradient import COLUMN, LESSON, PAYOFFS, ROW
from .random_cases import policy, table, uniform


def draws_of_column(generator, k):
    """q (A_1, A_2), the own policy (A_1,), and some moves of the other, at least one of them drawn twice."""
    q = table(generator, k)
    drawn = torch.randint(q.shape[1], (3 + k % 3,), generator=generator)
    return q, policy(generator, len(q)), torch.cat([drawn, drawn[:1]])


@exercise(
    lesson=LESSON, title="The others by draws", difficulty=2, importance=3, minutes=8,
    example=(PAYOFFS, ROW, torch.tensor([1, 0, 1, 2])), expected=[-0.4, 0.1], draw=draws_of_column,
    hints=(
        "Each draw gives one advantage of COMA. A move that is drawn twice counts twice.",
        r"$\hat A(a) = \frac 1 m \sum_{k=1}^m \Big( Q(a, c_k) - \sum_{a'} \pi(a')\, Q(a', c_k) \Big)$.",
        "def regret_from_draws(q, row, drawn):\n    worth = ...  # (A_1, m)\n    advantages = worth - ...\n    return advantages...",
    ),
    mistakes=[
        ("summed_over_draws", lambda q, row, drawn: (q - row @ q)[:, drawn].sum(1),
         "You summed over the draws. Take their mean."),
        ("baseline_forgotten", lambda q, row, drawn: q[:, drawn].mean(1),
         "These are mean values. Subtract what your own policy would have got against the same moves."),
        ("own_policy_missing_from_baseline", lambda q, row, drawn: (q - q.mean(0))[:, drawn].mean(1),
         "Your baseline is the plain mean over your own actions. Weight it by your own policy."),
        ("first_draw_only", lambda q, row, drawn: (q - row @ q)[:, drawn[0]],
         "You used only the first draw. Use all of them."),
        ("each_move_once", lambda q, row, drawn: (q - row @ q)[:, drawn.unique()].mean(1),
         "A move that is drawn twice counts only once in yours. Count it each time: that is how likely moves get their weight."),
        ("others_uniform", lambda q, row, drawn: (q - row @ q).mean(1),
         "You averaged over all moves as if all were equally likely. Average over the moves that were drawn."),
        ("baseline_without_draws", lambda q, row, drawn: q[:, drawn].mean(1) - row @ q.mean(1),
         "In your baseline you weight all moves equally. There, too, use only those that were drawn."),
        ("weighted_with_own_policy", lambda q, row, drawn: row * (q - row @ q)[:, drawn].mean(1),
         "You multiplied by your own policy. The advantage of an action does not depend on how rare it is."),
        ("best_taken_off", lambda q, row, drawn: (q - q.max(0).values)[:, drawn].mean(1),
         "You subtracted the best own action. Subtract the mean under your own policy."),
    ],
    properties=[
        ("advantages_cancel", lambda result, q, row, drawn: abs(row.double().numpy() @ result) < 1e-3,
         "weighted by your own policy, the advantages sum to zero. Yours do not."),
    ],
)  # fmt: skip
def regret_from_draws(q, row, drawn):
    """The regret advantage from drawn moves of the other, (A_1,): q (A_1, A_2), row (A_1,), drawn (n,)."""
    worth = q[:, drawn]
    advantages = worth - row @ worth
    return advantages.mean(1)


def variances(q, row, column):
    """The variance of COMA's advantage over column's moves, for each own action (A_1,)."""
    advantages = q - row @ q
    return (advantages - (advantages @ column)[:, None]) ** 2 @ column


def lengths(row):
    """The squared length of each own action's score (A_1,)."""
    return ((torch.eye(len(row), dtype=row.dtype) - row) ** 2).sum(1)


@exercise(
    lesson=LESSON, title="What Rao and Blackwell save", difficulty=4, importance=3, minutes=12,
    example=(PAYOFFS, ROW, COLUMN), expected=0.2 * 1.28 * 1.08 + 0.8 * 0.08 * 0.0675,
    draw=lambda generator, k: ((q := table(generator, k)), *(policy(generator, size) for size in q.shape)),
    hints=(
        "Fix your own action. How much does COMA's advantage vary if only the other's move changes?",
        r"$\sum_a \pi(a)\, |\nabla \log \pi(a)|^2\, \mathrm{Var}_c\big(A^{\text{COMA}}(a, c)\big)$, "
        r"and $|\nabla \log \pi(a)|^2 = (1 - \pi(a))^2 + \sum_{b \ne a} \pi(b)^2$.",
        "def saved_variance(q, row, column):\n    advantages = ...  # (A_1, A_2)\n    variance = ...  # (A_1,)\n    length = ...  # (A_1,)\n    return ...",
    ),
    mistakes=[
        ("own_policy_left_out", lambda q, row, column: lengths(row) @ variances(q, row, column),
         "The sum over your own actions has no weights. Weight it by your own policy."),
        ("averaged_where_a_sum_is_due", lambda q, row, column: (row * lengths(row) * variances(q, row, column)).mean(),
         "You took a mean over your own actions after weighting. With probabilities as weights, the sum is already the mean."),
        ("score_left_out", lambda q, row, column: row @ variances(q, row, column),
         "The squared length of the score is missing."),
        ("score_not_squared", lambda q, row, column: row * lengths(row).sqrt() @ variances(q, row, column),
         "You used the length of the score. A variance contains its square."),
        ("only_own_entry_of_the_score", lambda q, row, column: row * (1 - row) ** 2 @ variances(q, row, column),
         "The score has an entry for each logit. Square all of them and sum, not only that of the action itself."),
        ("mean_not_taken_off", lambda q, row, column: row * lengths(row) @ (q - row @ q) ** 2 @ column,
         "You took the mean square of the advantage. For the variance, subtract the square of its mean, the regret."),
        ("deviation_instead_of_variance", lambda q, row, column: row * lengths(row) @ variances(q, row, column).sqrt(),
         "You used standard deviations. The exercise asks for the variance: no square root."),
        ("others_uniform", lambda q, row, column: row * lengths(row) @ variances(q, row, *uniform([column])),
         "You averaged over column's moves as if all were equally likely. Weight them by column's policy."),
        ("variance_of_payoffs", lambda q, row, column: row * lengths(row) @ (q - (q @ column)[:, None]) ** 2 @ column,
         "This is the variance of the payoffs. First subtract COMA's baseline, which differs from move to move."),
    ],
)  # fmt: skip
def saved_variance(q, row, column):
    """The variance of the gradient estimate that averaging over column saves, return²: q (A_1, A_2), row, column."""
    advantages = q - row @ q
    mean = advantages @ column
    variance = advantages**2 @ column - mean**2
    length = (1 - row) ** 2 + (row**2).sum() - row**2
    return (row * length * variance).sum()


@exercise(
    "open", lesson=LESSON, title="Where averaging saves nothing", difficulty=3, importance=4, minutes=8,
    hints=(
        "COMA's advantage must not depend on column's move. What may column's move change, and what not?",
        r"$Q(a, c) = f(a) + g(c)$: then $A^{\text{COMA}}(a, c) = f(a) - \sum_{a'} \pi(a') f(a')$, without $c$.",
        "own = torch.tensor([..., ..., ...])\nother = torch.tensor([..., ..., ...])\nno_gain = own[:, None] + ...",
    ),
    properties=[
        ("three_by_three", lambda q: q.shape == (3, 3), "Pass one table of the shape (3, 3)."),
        ("finite", lambda q: abs(q).max() < 1e6, "Keep payoffs finite and below a million."),
        ("own_actions_differ", lambda q: all(abs(q[a] - q[b]).max() > 1e-3 for a, b in ((0, 1), (0, 2), (1, 2))),
         "Two of row's actions pay the same. Then there is nothing to learn: make all three different."),
        ("columns_differ", lambda q: all(abs(q[:, a] - q[:, b]).max() > 1e-3 for a, b in ((0, 1), (0, 2), (1, 2))),
         "Two of column's moves pay row the same. Let column matter: make all three different."),
        ("payoffs_average_to_zero", lambda q: abs(q.mean()) < 1e-3,
         "The mean of the nine payoffs is not zero. Subtract a constant: it changes no advantage."),
        ("no_interaction", lambda q: abs(q - q.mean(1, keepdims=True) - q.mean(0) + q.mean()).max() < 1e-3,
         "There is interaction: the difference between two rows depends on the column, so COMA's advantage varies."),
    ],
)  # fmt: skip
def no_gain():
    """A payoff table (3, 3) for which averaging over the other saves nothing: a term of row plus a term of column."""
    own, other = torch.tensor([-1.0, 0.0, 1.0]), torch.tensor([-5.0, 2.0, 3.0])
    return own[:, None] + other
