"""Exercises of sheet 02: the error from a wrong prediction, and the error from a single sample."""

from __future__ import annotations

import math

import torch

from ..exercise import exercise
from .random_cases import policy, table
from .regret import LESSON, PAYOFFS

TRUE, PREDICTED = torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.25, 0.5, 0.25])  # in the text


def two_policies(generator, A):
    """The true policy and a prediction that is clearly wrong, (A,) each."""
    while True:
        true, predicted = policy(generator, A), policy(generator, A)
        if (true - predicted).abs().max() > 0.2:
            return true, predicted


def bounded(
    q, true, predicted, *, kl="right", log="natural", span="span", front=2.0, under=2.0, root=True, outside=1.0
):
    """The bound, or what a slip makes of it."""
    t, p = true, predicted
    kl = {
        "right": lambda: (torch.xlogy(t, t) - torch.xlogy(t, p)).sum(),
        "reversed": lambda: (torch.xlogy(p, p) - torch.xlogy(p, t)).sum(),
        "other weights": lambda: (torch.xlogy(p, t) - torch.xlogy(p, p)).sum(),
        "both": lambda: ((t - p) * (t.log() - p.log())).sum(),
        "mean": lambda: (torch.xlogy(t, t) - torch.xlogy(t, p)).mean(),
        "cross-entropy": lambda: -torch.xlogy(t, p).sum(),
        "entropy": lambda: -torch.xlogy(t, t).sum(),
        "no weights": lambda: (t / p).log().sum(),
        "no weights, absolute": lambda: (t / p).log().sum().abs(),
        "absolute terms": lambda: (torch.xlogy(t, t) - torch.xlogy(t, p)).abs().sum(),
        "no second logarithm": lambda: (torch.xlogy(t, t) - t * p).sum().abs(),
        "0 log 0": lambda: (t * (t / p).log()).sum(),
        "no logarithm": lambda: (t * t / p).sum(),
        "variation": lambda: (t - p).abs().sum() ** 2 / 2,  # its root of a half is that of the variation
        "distances": lambda: 2 * (t - p).abs().sum() ** 2,
        "squares": lambda: ((t - p) ** 2).sum(),
    }[kl]() / {"natural": 1, "two": math.log(2), "ten": math.log(10)}[log]
    span = {
        "span": lambda: q.max() - q.min(), "largest": lambda: q.max(),
            "from zero": lambda: q.max().clamp(min=0) - q.min().clamp(max=0), "absolute": lambda: q.abs().max(),
        "sum": lambda: q.max() + q.min(), "deviation": lambda: q.std(),
            "each row": lambda: q.max(1).values - q.min(1).values,
        "each column": lambda: q.max(0).values - q.min(0).values,
            "of a row": lambda: (q.max(1).values - q.min(1).values).max(),
        "of a column": lambda: (q.max(0).values - q.min(0).values).max(), "mean": lambda: q.mean(),
            "none": lambda: q.new_ones(()),
    }[span]()  # fmt: skip
    return front * span * (kl / under) ** (0.5 if root else 1) / outside


@exercise(
    lesson=LESSON, title="The error of a prediction", difficulty=3, importance=3, minutes=10,
    example=(PAYOFFS, TRUE, PREDICTED),
    expected=8 * math.sqrt(0.25 * math.log(2) / 2),  # the span is 4; KL = ½ log 2 − ¼ log 2
    draw=lambda generator, k: ((q := 1 + table(generator, k)), *two_policies(generator, q.shape[1])),
    edges={
        "an action has the true probability 0": (
            torch.tensor([[4.0, -1.0, 1.0], [3.0, 2.0, 0.0]]), torch.tensor([0.75, 0.0, 0.25]), PREDICTED),
        "the other does not mix": (
            torch.tensor([[4.0, -1.0], [3.0, 2.0], [1.0, 0.0]]), torch.tensor([0.0, 1.0]), torch.tensor([0.25, 0.75])),
        "the prediction is exact": (
            torch.tensor([[4.0, 0.0, 1.0], [3.0, 2.0, 1.0]]), TRUE, TRUE),
        "all payoffs are alike": (torch.full((2, 3), 3.0), TRUE, PREDICTED),
        "all payoffs are negative": (
            torch.tensor([[-4.0, -1.0], [-3.0, -2.5]]), torch.tensor([0.75, 0.25]), torch.tensor([0.25, 0.75])),
        "all payoffs are positive": (
            torch.tensor([[4.0, 1.0], [3.0, 2.5], [6.0, 2.0]]), torch.tensor([0.125, 0.875]), torch.tensor([0.5, 0.5])),
        "the other has only one action": (torch.tensor([[4.0], [1.0]]), torch.ones(1), torch.ones(1)),
        "a true probability is small": (
            torch.tensor([[4.0, 1.0], [3.0, -2.5], [6.0, 2.0]]), torch.tensor([0.03125, 0.96875]),
            torch.tensor([0.5, 0.5])),
        "there are as many actions on both sides": lambda generator: (
            3 * torch.randn(4, 4, generator=generator), *two_policies(generator, 4)),
    },
    hints=(
        "Two things matter: the span of the payoffs, and the distance of the prediction from the truth. Which policy "
        "is the weight in KL?",
        r"$2\,(\max Q - \min Q)\,\sqrt{\mathrm{KL}/2}$ with $\mathrm{KL} = \sum_a \pi(a) "
        r"\log\frac{\pi(a)}{\delta(a)}$, in nats.",
        """\
        def error_bound(q, true, predicted):
            kl = (... - torch.xlogy(true, predicted)).sum()  # xlogy(x, y): x log y, and 0 where x is 0
            span = ...
            return 2 * span * ...""",
    ),
    slipping=bounded,
    mistakes=[
        ("kl_reversed", {"kl": "reversed"},
         "This is KL(δ ‖ π). The weights and the numerator are those of the true policy.",
         "Which of the two policies stands twice in the formula of KL?"),
        ("weights_of_the_prediction", {"kl": "other weights"},
         "In your KL the weights are those of the prediction. They are those of the true policy.",
         "Which of the two policies stands twice in the formula of KL?"),
        ("kl_in_both_directions", {"kl": "both"},
         "You added KL in both directions. Only KL(π ‖ δ) is asked for.",
         "Which of the two policies stands twice in the formula of KL?"),
        ("in_bits", {"log": "two"},
         "Your KL is in bits. The bound is in nats: use the natural logarithm.",
         "Which logarithm did you take?"),
        ("decimal_logarithm", {"log": "ten"},
         "Your logarithm is the decimal one. The bound is in nats: use the natural logarithm.",
         "Which logarithm did you take?"),
        ("largest_instead_of_span", {"span": "absolute"},
         "You used the largest entry of Q. Adding a constant changes no regret: use the span, max − min.",
         "What does your bound do if 100 is added to all payoffs? What should it do?"),
        ("minimum_forgotten", {"span": "largest"},
         "The minimum of Q is missing. Adding a constant changes no regret: use the span, max − min.",
         "What does your bound do if 100 is added to all payoffs? What should it do?"),
        ("minimum_added", {"span": "sum"},
         "You added the minimum of Q. The span is max − min.",
         "What does your bound do if 100 is added to all payoffs? What should it do?"),
        ("standard_deviation", {"span": "deviation"},
         "You used the standard deviation of Q. The span is max − min.",
         "In the sheet's example the span is 4. What is yours?"),
        ("one_for_each_row", {"span": "each row"},
         "You took the span of each row, so there is a bound for each own action. Take the span of the whole table.",
         "In the sheet's example the span is 4: between which two entries?"),
        ("one_for_each_column", {"span": "each column"},
         "You took the span of each column, so there is a bound for each of the other's actions. Take that of the "
         "whole table.",
         "In the sheet's example the span is 4: between which two entries?"),
        ("span_of_a_row", {"span": "of a row"},
         "You took the largest span of a row. Take the span of the whole table.",
         "Must the largest and the smallest payoff be in the same row?"),
        ("span_of_a_column", {"span": "of a column"},
         "You took the largest span of a column. Take the span of the whole table.",
         "Must the largest and the smallest payoff be in the same column?"),
        ("mean_instead_of_span", {"span": "mean"},
         "You used the mean of Q. The span is max − min.",
         "In the sheet's example the span is 4. What is yours?"),
        ("span_missing", {"span": "none"},
         "The span of Q is missing.",
         "What does your bound do if all payoffs are doubled? What should it do?"),
        ("factor_two_missing", {"front": 1.0},
         "The factor 2 in front is missing.",
         "The formula has three factors. How many has yours?"),
        ("half_missing", {"under": 1.0},
         "KL is not halved under the square root.",
         "In the sheet's example there is 0.0866 under the root. What is it in yours?"),
        ("doubled_under_the_root", {"under": 0.5},
         "You doubled KL under the square root. It is halved there.",
         "In the sheet's example there is 0.0866 under the root. What is it in yours?"),
        ("no_square_root", {"root": False},
         "The square root of KL/2 is missing.",
         "In the sheet's example, 8 is multiplied by √0.0866. And in yours?"),
        ("half_outside_the_root", {"under": 1.0, "outside": 2.0},
         "The half belongs under the square root.",
         "In the sheet's example there is 0.0866 under the root. What is it in yours?"),
        ("averaged_where_a_sum_is_due", {"kl": "mean"},
         "You averaged over actions in KL. The true policy already weights them: take the sum.",
         "By what do you divide, and what is there to divide for?"),
        ("cross_entropy", {"kl": "cross-entropy"},
         "You used the cross-entropy. KL subtracts the entropy of the true policy: a perfect prediction has KL 0.",
         "What is the bound if the prediction is exact? What should it be?"),
        ("entropy", {"kl": "entropy"},
         "You used the entropy of the true policy. KL compares it with the prediction.",
         "Where in your answer is the prediction used?"),
        ("weights_left_out", {"kl": "no weights"},
         "Your KL has no weights before the logarithm. Weight each action by the true policy.",
         "Which of the two policies stands twice in the formula of KL?"),
        ("absolute_terms", {"kl": "absolute terms"},
         "You summed the absolute values of KL's terms. Some are negative: leave them so.",
         "In the sheet's example KL is 0.5 log 2 − 0.25 log 2. What is it in yours?"),
        ("absolute_and_without_weights", {"kl": "no weights, absolute"},
         "Your KL has no weights before the logarithm, and you take its absolute value. Weight each action by the "
         "true policy.",
         "Which of the two policies stands twice in the formula of KL?"),
        ("logarithm_of_the_prediction_missing", {"kl": "no second logarithm"},
         "You subtract the prediction itself in KL. Subtract its logarithm.",
         "What does the function that you use expect: probabilities, or their logarithms?"),
        ("zero_times_infinity", {"kl": "0 log 0"},
         "Where the true probability is 0, your KL is not a number. There 0 · log 0 counts as 0.",
         "What does your answer do with a true policy of 0 and 1?"),
        ("zero_is_a_payoff", {"span": "from zero"},
         "Your span always reaches to 0, even if all payoffs are positive, or all negative.",
         "With which number do your searches for the largest and the smallest start?"),
        ("logarithm_left_out", {"kl": "no logarithm"},
         "Your KL has no logarithm.",
         "What is the bound if the prediction is exact? What should it be?"),
        ("total_variation", {"kl": "variation"},
         "You used the total variation in place of the root. The bound is made with KL.",
         "Where in your answer is a logarithm?"),
        ("absolute_differences", {"kl": "distances"},
         "You used the sum of absolute differences in place of the root. The bound is made with KL.",
         "Where in your answer is a logarithm?"),
        ("squared_differences", {"kl": "squares"},
         "You used squared differences in place of KL.",
         "Where in your answer is a logarithm?"),
        ("true_policy_clamped",
         lambda q, true, predicted: bounded_by(q, (true * (true.clamp(min=0.1) / predicted).log()).sum()),
         "You keep the true policy away from 0 under the logarithm, by 0.1. That changes KL.",
         "What does x · log x do for small x? Is there anything to guard against?"),
    ],
)  # fmt: skip
def error_bound(q, true, predicted):
    """The bound on a regret's error, 2 · span(Q) · √(KL(true ‖ predicted)/2): q (A_1, A_2), policies (A_2,)."""
    kl = (torch.xlogy(true, true) - torch.xlogy(true, predicted)).sum()
    span = q.max() - q.min()
    return 2 * span * (kl / 2) ** 0.5


def bounded_by(q, kl):
    """The bound for a KL."""
    return 2 * (q.max() - q.min()) * (kl / 2) ** 0.5


def leads(q, column):
    """How much better row's first action is than its second, against a policy of column or against one action."""
    return (q[0] - q[1]) @ column if getattr(column, "ndim", 0) else (q[0] - q[1])[column]


def exchanged(q, column):
    """Whether what is asked for row's first action is so for its second."""
    return leads(q, column) < -1e-6 and leads(q, column.argmax()) > 1e-6


@exercise(
    "open", lesson=LESSON, title="When COMA misleads", difficulty=3, importance=4, minutes=12,
    hints=(
        "COMA looks at column's actual move. Which move is the likeliest, and which one decides the mean?",
        r"Wanted: $A(\text{first}) > 0$, but $Q(\text{first}, c) < \sum_a \pi(a)\, Q(a, c)$ for column's "
        r"likeliest action $c$.",
        "q = torch.tensor([[..., ..., 9.0], [..., ..., 0.0]])  # the last column is rare, but decides the mean\nrow "
        "= ...\ncolumn = ...",
    ),
    properties=[
        ("two_by_three",
         lambda q, row, column: q.shape in ((2, 3), (3, 2)) and {row.shape, column.shape} == {(2,), (3,)},
         "Pass three things, (q, row, column), of the shapes (2, 3), (2,) and (3,)."),
        ("policies_exchanged", lambda q, row, column: (row.shape, column.shape) != ((3,), (2,)),
         "The policies are exchanged: row's has two entries and comes first, column's has three."),
        ("payoffs_transposed", lambda q, row, column: (q.shape, row.shape, column.shape) != ((3, 2), (2,), (3,)),
         "Your payoffs are 3 × 2. Row has two actions and column three: one row of the table for each of row's "
         "actions."),
        ("are_finite", lambda q, row, column: all(abs(x).max() < 1e9 for x in (q, row, column)),
         "There is a NaN, an infinity or a huge number in it. Use ordinary numbers."),
        ("not_negative", lambda q, row, column: min(row.min(), column.min()) >= 0,
         "A probability is never negative. One of yours is."),
        ("sum_to_one", lambda q, row, column: all(abs(p.sum() - 1) < 1e-3 for p in (row, column)),
         "The entries of a policy sum to 1. Those of one of your policies do not."),
        ("both_are_played", lambda q, row, column: abs(row).min() > 1e-6,
         "Row never plays one of its actions. Then one advantage is zero whatever the payoffs are: let row mix."),
        ("all_three_are_played", lambda q, row, column: abs(column).min() > 1e-6,
         "Column never plays one of its actions. Give each of the three a positive probability."),
        ("likeliest_is_one", lambda q, row, column: len(column) < 3 or sorted(column)[-1] > sorted(column)[-2] + 1e-6,
         "Two actions of column are equally likely. Make one of them the likeliest."),
        ("payoffs_differ", lambda q, row, column: abs(q[0] - q[1]).max() > 1e-6,
         "Both rows pay the same. Then there is nothing to regret."),
        ("actions_exchanged", lambda q, row, column: not exchanged(q, column),
         "This is so for row's *second* action: its regret is positive and its advantage negative. Find it for the "
         "first one."),
        ("regret_is_not_zero", lambda q, row, column: abs(leads(q, column)) > 1e-6,
         "Both actions are worth the same, so that their regrets are zero. That of the first action must be positive."),
        ("regret_is_positive", lambda q, row, column: leads(q, column) > -1e-6 or exchanged(q, column),
         "The regret of the first action is not positive. Averaged over column's policy, it must be the better one."),
        ("coma_is_negative",
         lambda q, row, column: len(column) < 3 or leads(q, column.argmax()) < -1e-6 or exchanged(q, column),
         "When column plays its likeliest action, COMA's advantage of the first action is not negative. Pay less "
         "there."),
    ],
)  # fmt: skip
def misleading():
    """A game q (A_1, A_2), row and column in which COMA's advantage and the regret of an action differ in sign."""
    q = torch.tensor([[0.0, 0.0, 9.0], [1.0, 1.0, 0.0]])
    return q, torch.tensor([0.5, 0.5]), torch.tensor([0.6, 0.2, 0.2])
