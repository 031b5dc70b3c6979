"""Exercises of sheet 02: regret matching, the error from a wrong prediction, and the error from a single sample."""

from __future__ import annotations

import math

import torch

from ..exercise import exercise
from .random_cases import policy, table
from .regret import LESSON, PAYOFFS


def sums_of_regrets(generator, k):
    """Sums (A,) of both signs; in every third case none is positive."""
    drawn = 4 * torch.randn(2 + k % 4, generator=generator)
    drawn[0], drawn[1] = drawn[0].abs() + 0.3, -drawn[1].abs() - 0.5
    return (-drawn.abs() - 0.1,) if k % 3 == 2 else (drawn,)


@exercise(
    lesson=LESSON, title="Regret matching", difficulty=2, importance=3, minutes=8,
    example=(torch.tensor([3.0, -2.0, 1.0]),), expected=[0.75, 0.0, 0.25], draw=sums_of_regrets,
    hints=(
        "Which actions do you regret not having played? What if there are none?",
        r"$\pi(a) = \max(S_a, 0) / \sum_b \max(S_b, 0)$; uniform where that sum is zero. $S_a$: the sum of all regrets of $a$.",
        """\
        def match_regrets(total):
            positive = ...
            if ...:
                return ...  # uniform
            return positive / ...""",
    ),
    mistakes=[
        ("zero_divided_by_zero", lambda total: total.clamp(min=0) / total.clamp(min=0).sum(),
         "If no sum is positive, you divide zero by zero. The policy is then uniform."),
        ("nothing_played", lambda total: total.clamp(min=0) / total.clamp(min=0).sum().clamp(min=1e-9),
         "If no sum is positive, you play nothing at all. The policy is then uniform."),
        ("not_normalised", lambda total: total.clamp(min=0) if total.max() > 0 else torch.ones_like(total) / len(total),
         "These do not sum to 1. Divide by their sum."),
        ("absolute_values", lambda total: total.abs() / total.abs().sum(),
         "You took absolute values: *bad* actions are played as often as good ones. Clamp at zero instead."),
        ("negatives_kept", lambda total: total / total.sum(),
         "You divided by the plain sum, and negative regrets become negative probabilities. Clamp at zero first."),
        ("cut_after_dividing", lambda total: (total / total.sum()).clamp(min=0),
         "You divided by the sum of *all* regrets and clamped afterwards. Clamp first: only positive ones count in the sum."),
        ("softmax", lambda total: total.softmax(0),
         "This is a softmax. Regret matching plays in proportion to the positive sums, and never plays bad actions."),
        ("only_the_best", lambda total: torch.eye(len(total))[int(total.argmax())],
         "You play only the action with the largest sum. Play all actions with a positive sum, in proportion."),
        ("shifted_to_zero", lambda total: (total - total.min()) / (total - total.min()).sum(),
         "You shifted all sums so that the smallest is zero. But zero means no regret: clamp, do not shift."),
    ],
    properties=[
        ("is_a_policy", lambda result, total: (result >= 0).all() and abs(result.sum() - 1) < 1e-3,
         "the entries of a policy are not negative and sum to 1. Yours are not."),
    ],
)  # fmt: skip
def match_regrets(total):
    """The policy (A,) of regret matching: in proportion to the positive sums of regrets `total` (A,)."""
    positive = total.clamp(min=0)
    if positive.sum() == 0:
        return torch.full_like(total, 1 / len(total))
    return positive / positive.sum()


def bound(q, kl, factor=2.0):
    """The bound for a given KL."""
    return factor * (q.max() - q.min()) * (kl / 2) ** 0.5


@exercise(
    lesson=LESSON, title="The error of a prediction", difficulty=3, importance=3, minutes=10,
    example=(PAYOFFS, torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.25, 0.5, 0.25])),
    expected=8 * math.sqrt(0.25 * math.log(2) / 2),  # the span is 4; KL = ½ log 2 − ¼ log 2
    draw=lambda generator, k: ((q := k + table(generator, k)), *(policy(generator, q.shape[1]) for _ in range(2))),
    hints=(
        "Two things matter: the span of the payoffs, and the distance of the prediction from the truth. Which policy is the weight in KL?",
        r"$2\,(\max Q - \min Q)\,\sqrt{\mathrm{KL}/2}$ with $\mathrm{KL} = \sum_a \pi(a) \log\frac{\pi(a)}{\delta(a)}$, in nats.",
        """\
        def error_bound(q, true, predicted):
            kl = (true * ...).sum()
            span = ...
            return 2 * span * ...""",
    ),
    mistakes=[
        ("kl_reversed", lambda q, true, predicted: bound(q, (predicted * (predicted / true).log()).sum()),
         "This is KL(δ ‖ π). The weights and the numerator are those of the true policy."),
        ("in_bits", lambda q, true, predicted: bound(q, (true * (true / predicted).log2()).sum()),
         "Your KL is in bits. The bound is in nats: use the natural logarithm."),
        ("largest_instead_of_span",
         lambda q, true, predicted: 2 * q.abs().max() * ((true * (true / predicted).log()).sum() / 2) ** 0.5,
         "You used the largest entry of Q. Adding a constant changes no regret: use the span, max − min."),
        ("no_square_root", lambda q, true, predicted: (q.max() - q.min()) * (true * (true / predicted).log()).sum(),
         "The square root of KL/2 is missing."),
        ("half_outside_the_root", lambda q, true, predicted: bound(q, 2 * (true * (true / predicted).log()).sum(), 1),
         "The half belongs under the square root."),
        ("averaged_where_a_sum_is_due", lambda q, true, predicted: bound(q, (true * (true / predicted).log()).mean()),
         "You averaged over actions in KL. The true policy already weights them: take the sum."),
        ("cross_entropy", lambda q, true, predicted: bound(q, -(true * predicted.log()).sum()),
         "You used the cross-entropy. KL subtracts the entropy of the true policy: a perfect prediction has KL 0."),
        ("weights_left_out", lambda q, true, predicted: bound(q, (true / predicted).log().sum()),
         "Your KL has no weights before the logarithm. Weight each action by the true policy."),
    ],
)  # fmt: skip
def error_bound(q, true, predicted):
    """The bound on the error of a regret, 2 · span(Q) · √(KL(true ‖ predicted)/2), return: q (A_1, A_2), policies (A_2,)."""
    kl = (true * (true / predicted).log()).sum()
    span = q.max() - q.min()
    return 2 * span * (kl / 2) ** 0.5


@exercise(
    "open", lesson=LESSON, title="When COMA misleads", difficulty=3, importance=4, minutes=12,
    hints=(
        "COMA looks at column's actual move. Which move is the likeliest, and which one decides the mean?",
        r"Wanted: $A(\text{first}) > 0$, but $Q(\text{first}, c) < \sum_a \pi(a)\, Q(a, c)$ for column's likeliest action $c$.",
        "q = torch.tensor([[..., ..., 9.0], [..., ..., 0.0]])  # the last column is rare, but decides the mean\nrow = ...\ncolumn = ...",
    ),
    properties=[
        ("two_by_three", lambda q, row, column: (q.shape, row.shape, column.shape) == ((2, 3), (2,), (3,)),
         "Pass three things, (q, row, column), of the shapes (2, 3), (2,) and (3,)."),
        ("are_policies", lambda q, row, column: all((p >= 0).all() and abs(p.sum() - 1) < 1e-3 for p in (row, column)),
         "The entries of a policy are not negative and sum to 1. One of your policies violates this."),
        ("both_are_played", lambda q, row, column: row.min() > 1e-6,
         "Row never plays one of its actions. Then one advantage is zero whatever the payoffs are: let row mix."),
        ("likeliest_is_one", lambda q, row, column: sorted(column)[-1] > sorted(column)[-2] + 1e-6,
         "Two actions of column are equally likely. Make one of them the likeliest."),
        ("payoffs_differ", lambda q, row, column: abs(q[0] - q[1]).max() > 1e-6,
         "Both rows pay the same. Then there is nothing to regret."),
        ("regret_is_positive", lambda q, row, column: (q[0] - q[1]) @ column > 1e-6,
         "The regret of the first action is not positive. Averaged over column's policy, it must be the better one."),
        ("coma_is_negative", lambda q, row, column: (q[0] - q[1])[int(column.argmax())] < -1e-6,
         "When column plays its likeliest action, COMA's advantage of the first action is not negative. Pay less there."),
    ],
)  # fmt: skip
def misleading():
    """A game q (A_1, A_2), row and column in which COMA's advantage and the regret of an action differ in sign."""
    q = torch.tensor([[0.0, 0.0, 9.0], [1.0, 1.0, 0.0]])
    return q, torch.tensor([0.5, 0.5]), torch.tensor([0.6, 0.2, 0.2])
