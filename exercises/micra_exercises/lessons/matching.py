"""Exercise of sheet 02: regret matching."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .regret import LESSON


def sums_of_regrets(generator, k):
    """Sums (A,), one at least positive; in every fourth case all are, in the others one at least is negative."""
    drawn = 4 * torch.randn((2, 3, 4, 5)[(k + k // 4) % 4], generator=generator)
    drawn[0], drawn[1] = drawn[0].abs() + 0.3, -drawn[1].abs() - 0.5
    return (drawn.abs() + 0.1,) if k % 4 == 3 else (drawn,)


def matched(total, *, positive="clamped", by="sum", empty="uniform", power=1, below=0.0):
    """The policy (A,) of regret matching, or what a slip makes of it."""
    if total.max() <= 0 and empty != "as always":
        n = len(total)
        return {
            "uniform": lambda: torch.full_like(total, 1 / n),
            "zeros": lambda: torch.zeros_like(total),
            "ones": lambda: torch.ones_like(total),
            "third": lambda: torch.full_like(total, 1 / 3),
            "half": lambda: torch.full_like(total, 1 / 2),
            "first": lambda: torch.eye(n)[0],
            "least bad": lambda: torch.eye(n)[int(total.argmax())],
            "in proportion": lambda: total / total.sum(),
            "sums": lambda: total,
            "softmax": lambda: total.softmax(0),
        }[empty]()
    kept = {
        "clamped": lambda: total.clamp(min=below),
        "all": lambda: total,
        "absolute": lambda: total.abs(),
        "shifted": lambda: total - total.min(),
        "alike": lambda: (total > 0).to(total),
        "exponential": lambda: total.exp() * (total > 0),
        "largest": lambda: torch.eye(len(total))[int(total.argmax())],
    }[positive]() ** power
    return (
        kept
        / {
            "sum": lambda: kept.sum(),
            "all": lambda: total.sum(),
            "absolute": lambda: total.abs().sum(),
            "largest": lambda: kept.max(),
            "number": lambda: len(total),
            "number of positive": lambda: (total > 0).sum(),
            "nothing": lambda: 1.0,
            "norm": lambda: kept.norm(),
        }[by]()
    )


@exercise(
    lesson=LESSON, title="Regret matching", difficulty=2, importance=3, minutes=8,
    example=(torch.tensor([3.0, -2.0, 1.0]),), expected=[0.75, 0.0, 0.25], draw=sums_of_regrets,
    edges={
        "all sums are negative": lambda generator: (-torch.rand(5, generator=generator) - 0.25,),
        "all sums are zero": (torch.zeros(4),),
        "no sum is positive, but some are zero": (torch.tensor([-1.0, 0.0, -3.0, 0.0, -0.5]),),
        "one sum is zero and another positive": (torch.tensor([0.0, 2.0, 6.0]),),
        "only one sum is positive": (torch.tensor([-1.0, -4.0, 0.5, -2.0]),),
        "the sums cancel": (torch.tensor([3.0, -4.0, 1.0]),),
        "two sums are the largest": (torch.tensor([2.0, -1.0, 2.0]),),
        "all sums are tiny": (torch.tensor([0.0005, -0.5, 0.0015]),),
        "all sums are smaller than 1": (torch.tensor([0.0625, -0.5, 0.1875]),),
        "all sums are large": (torch.tensor([48.0, -32.0, 16.0]),),
        "there is one action, and its sum is negative": (torch.tensor([-2.0]),),
    },
    hints=(
        "Which actions do you regret not having played? What if there are none?",
        r"$\pi(a) = \max(S_a, 0) / \sum_b \max(S_b, 0)$; uniform where that sum is zero. $S_a$: the sum of all "
        r"regrets of $a$.",
        """\
        def match_regrets(total):
            positive = ...
            if ...:
                return ...  # uniform
            return positive / ...""",
    ),
    slipping=matched,
    mistakes=[
        ("zero_divided_by_zero", {"empty": "as always"},
         "If no sum is positive, there is nothing to divide by. The policy is then uniform.",
         "What does your answer do with sums of −1 and −2?"),
        ("nothing_played", {"empty": "zeros"},
         "If no sum is positive, you play nothing at all. The policy is then uniform.",
         "What does your answer do with sums of −1 and −2?"),
        ("ones_played", {"empty": "ones"},
         "If no sum is positive, you return ones, which are no probabilities. The policy is then uniform.",
         "How probable is each of A actions if all are played equally often?"),
        ("always_a_third", {"empty": "third"},
         "If no sum is positive, you play each action with 1/3, however many there are. The policy is then uniform.",
         "How probable is each of A actions if all are played equally often?"),
        ("always_a_half", {"empty": "half"},
         "If no sum is positive, you play each action with 1/2, however many there are. The policy is then uniform.",
         "How probable is each of A actions if all are played equally often?"),
        ("least_bad_action", {"empty": "least bad"},
         "If no sum is positive, you play the action with the largest sum. The policy is then uniform.",
         "Read the text's second sentence again."),
        ("first_action", {"empty": "first"},
         "If no sum is positive, you play the first action. The policy is then uniform.",
         "Read the text's second sentence again."),
        ("negatives_in_proportion", {"empty": "in proportion"},
         "If no sum is positive, you play in proportion to the negative ones: the worst most of all. The policy is "
         "then uniform.",
         "What does your answer do with sums of −1 and −2?"),
        ("softmax_of_negatives", {"empty": "softmax"},
         "If no sum is positive, you take a softmax. The policy is then uniform.",
         "Read the text's second sentence again."),
        ("sums_returned", {"empty": "sums"},
         "If no sum is positive, you return the sums themselves. The policy is then uniform.",
         "What does your answer do with sums of −1 and −2?"),
        ("uniform_unless_all_positive", lambda total: matched(total if total.min() > 0 else total * 0),
         "You play uniformly as soon as one sum is not positive. Do so only if none is positive.",
         "In the sheet's example one sum is negative. What should be played?"),
        ("uniform_unless_none_negative", lambda total: matched(total if total.min() >= 0 else total * 0),
         "You play uniformly as soon as one sum is negative. Do so only if none is positive.",
         "In the sheet's example one sum is negative. What should be played?"),
        ("uniform_if_all_add_up_to_less", lambda total: matched(total if total.sum() > 0 else total * 0),
         "You play uniformly if all sums together are not positive. Do so only if none is positive.",
         "What is to be played for sums of 1 and −2?"),
        ("uniform_only_if_negative", lambda total: matched(total, empty="uniform" if total.max() < 0 else "as always"),
         "You play uniformly only if all sums are negative. If the largest is 0, none is positive either.",
         "What does your answer do with sums of 0 and −2?"),
        ("not_normalised", {"by": "nothing"},
         "These do not sum to 1. Divide by their sum.",
         "What are the entries of a policy to sum to?"),
        ("divided_by_the_largest", {"by": "largest"},
         "You divided by the largest sum. Divide by the sum of the positive ones, so that the policy sums to 1.",
         "What are the entries of a policy to sum to?"),
        ("divided_by_the_number", {"by": "number"},
         "You divided by the number of actions. Divide by the sum of the positive sums.",
         "What are the entries of a policy to sum to?"),
        ("divided_by_the_number_of_positive", {"by": "number of positive"},
         "You divided by the number of positive sums. Divide by what they add up to.",
         "What are the entries of a policy to sum to?"),
        ("divided_by_the_norm", {"by": "norm"},
         "You divided by the Euclidean length. Divide by the sum.",
         "What are the entries of a policy to sum to?"),
        ("cut_after_dividing", lambda total: (total / total.sum()).clamp(min=0),
         "You divided by the sum of *all* regrets and clamped afterwards. Clamp first: only positive ones count in "
         "the sum.",
         "In the sheet's example, by which number do you divide?"),
        ("divided_by_all", {"by": "all"},
         "You divided the positive sums by the sum of *all* sums. Only positive ones count in the sum.",
         "In the sheet's example, by which number do you divide?"),
        ("divided_by_absolute_sum", {"by": "absolute"},
         "You divided by the sum of the absolute values. Only positive sums count.",
         "In the sheet's example, by which number do you divide?"),
        ("negatives_kept", {"positive": "all", "empty": "as always"},
         "You divided by the plain sum, and negative regrets become negative probabilities. Clamp at zero first.",
         "In the sheet's example, how often do you play the second action?"),
        ("absolute_values", {"positive": "absolute"},
         "You took absolute values: *bad* actions are played as often as good ones. Clamp at zero instead.",
         "In the sheet's example, how often do you play the second action?"),
        ("shifted_to_zero", {"positive": "shifted", "empty": "as always"},
         "You shifted all sums so that the smallest is zero. But zero means no regret: clamp, do not shift.",
         "In the sheet's example, 3 and 1 are played 3 to 1. Is that so in yours?"),
        ("positive_alike", {"positive": "alike"},
         "You play all actions with a positive sum equally often. Play them in proportion to their sums.",
         "In the sheet's example, 3 and 1 are played 3 to 1. Is that so in yours?"),
        ("squared", {"power": 2},
         "You play in proportion to the squares of the positive sums. Play in proportion to the sums.",
         "In the sheet's example, 3 and 1 are played 3 to 1. Is that so in yours?"),
        ("softmax_of_positive", {"positive": "exponential"},
         "You take a softmax of the positive sums. Play in proportion to the sums themselves.",
         "In the sheet's example, 3 and 1 are played 3 to 1. Is that so in yours?"),
        ("softmax", lambda total: total.softmax(0),
         "This is a softmax. Regret matching plays in proportion to the positive sums, and never plays bad actions.",
         "In the sheet's example, how often do you play the second action?"),
        ("softmax_of_clamped", lambda total: total.clamp(min=0).softmax(0),
         "This is a softmax of the clamped sums, so bad actions are played, too. Play in proportion to the positive "
         "sums.",
         "In the sheet's example, how often do you play the second action?"),
        ("only_the_best", {"positive": "largest", "empty": "as always"},
         "You play only the action with the largest sum. Play all actions with a positive sum, in proportion.",
         "In the sheet's example, how often do you play the third action?"),
        ("only_from_one_on", lambda total: matched(total * ((total < 0) | (total >= 1))),
         "You leave out sums below 1, though they are positive. Play all actions with a positive sum.",
         "Which number separates what you regret from what you do not?"),
        ("positive_only", lambda total: matched(total)[total > 0] if total.max() > 0 else matched(total),
         "You leave out the actions that are not played. Give each its place, with the probability 0.",
         "How many entries has the sheet's result?"),
        ("clamped_at_one", {"below": 1.0},
         "You clamp at 1: smaller sums count as 1, so that bad actions are played. Clamp at 0.",
         "Which number separates what you regret from what you do not?"),
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
