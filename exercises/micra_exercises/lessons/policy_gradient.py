"""Exercises of sheet 03: the gradient in the logits by hand, and the score of a softmax."""

from __future__ import annotations

from functools import partial

import torch

from ..exercise import exercise
from .random_cases import policy

LESSON = "03_policy_gradient"
PAYOFFS = torch.tensor([[4.0, 0.0, 1.0], [3.0, 2.0, 0.0]])  # row's, in the text
ROW, COLUMN = torch.tensor([0.2, 0.8]), torch.tensor([0.5, 0.25, 0.25])


alone = partial  # slips that are so rare that they are not tried in pairs, which would take too long


def one_hot(row, a):
    """The action as an indicator, (A,)."""
    return torch.eye(len(row), dtype=row.dtype)[a]


def worked(
    row, values, *, front="own", baseline="own", own="policy", left="all", sign=1, order=(0, 1, 2), negative="kept"
):
    """The gradient in the logits, (3,), or what a slip makes of it."""
    p = {"policy": row, "softmax": row.softmax(0), "uniform": row * 0 + 1 / 3}[own]
    v = p @ values
    front = {
        "own": lambda: p, "none": lambda: 1, "twice": lambda: p**2, "divided": lambda: 1 / p, "uniform": lambda: 1 / 3,
        "rest": lambda: 1 - p,
    }[front]()  # fmt: skip
    less = {
        "own": lambda: v, "none": lambda: 0, "mean": lambda: values.mean(), "best": lambda: values.max(), "added": lambda: -v,
        "sum": lambda: values.sum(), "divided": lambda: v / 3, "not summed": lambda: p * values,
    }[baseline]()  # fmt: skip
    found = {
        "all": lambda: front * (values - less), "others": lambda: front * (p * values - less), "value": lambda: v.expand(3),
        "value in parts": lambda: p * v, "of the logarithm": lambda: front * (values - less) / v,
        "first": lambda: (one_hot(row, 0) - p) * values[0], "last": lambda: (one_hot(row, 2) - p) * values[2],
        "score": lambda: one_hot(row, 0) - p, "own derivative": lambda: p * (1 - p),
    }[left]()  # fmt: skip
    found = sign * found if order == (0, 1, 2) else (sign * found)[list(order)]
    return {"kept": found, "zero": found.clamp(min=0), "positive": found.abs()}[negative]


@exercise(
    "number", lesson=LESSON, title="A gradient by hand", difficulty=1, importance=4, minutes=5,
    example=(torch.tensor([0.5, 0.25, 0.25]), torch.tensor([4.0, 0.0, 2.0])), expected=[0.75, -0.625, -0.125],
    advice="Test them: the three must sum to zero, and an entry is positive exactly if the action is better than the policy.",
    vary=lambda generator: (
        torch.tensor([0.5, 0.25, 0.25])[torch.randperm(3, generator=generator)],
        torch.randint(0, 9, (3,), generator=generator).float(),
    ),
    rewordings=[
        ("0.5, 0.25 and 0.25", lambda row, values: f"{row[0]:g}, {row[1]:g} and {row[2]:g}"),
        ("4, 0 and 2", lambda row, values: f"{values[0]:g}, {values[1]:g} and {values[2]:g}"),
    ],
    hints=(
        "The gradient in a logit is small if the action is rare, and negative if the action is worse than the policy.",
        r"$\partial v / \partial\, \text{logit}_b = \pi(b)\,\big(v(b) - v\big)$ with $v = \sum_a \pi(a)\, v(a)$.",
        lambda row, values: f"v = {row[0]:g} * {values[0]:g} + {row[1]:g} * ... + {row[2]:g} * ...\n"
        f"gradient = [{row[0]:g} * ({values[0]:g} - v), ..., ...]",
    ),
    slipping=worked,
    mistakes=[
        ("wrong_sign", {"sign": -1},
         "The sign is wrong. The gradient is positive where raising the logit raises the policy's value.",
         "The first action is compared with the policy: which is worth more? So should its logit rise or fall?"),
        ("probability_forgotten", {"front": "none"},
         "These are the regrets. The gradient in a logit also has the action's own probability as a factor.",
         "If an action is hardly ever played, how much can its logit change the policy's value?"),
        ("baseline_forgotten", {"baseline": "none"},
         "You multiplied π by the values themselves. What counts is how much better than the policy an action is.",
         "If all three logits rise alike, what happens to the policy? What should your three numbers then sum to?"),
        ("own_policy_missing_from_baseline", {"baseline": "mean"},
         lambda row, values: f"You subtracted {values.mean():.3g}, the plain mean of the three values. "
         "The policy does not play all three equally often.",
         "What does the policy get on average, if it plays each action as often as the sheet says?"),
        ("best_taken_off", {"baseline": "best"},
         lambda row, values: f"You subtracted {values.max():g}, the best action's value. Subtract what the policy is worth.",
         "Can an entry of yours ever be positive?"),
        ("baseline_added", {"baseline": "added"},
         "You added the value of the policy. Subtract it: what counts is to be *better* than the policy.",
         "What should your three numbers sum to?"),
        ("baseline_without_weights", {"baseline": "sum"},
         "You subtracted the sum of the three values. Weight them by the policy first.",
         "Can what the policy is worth be more than what its best action is worth?"),
        ("baseline_divided", alone(worked, baseline="divided"),
         "You divided the value of the policy by three. With probabilities as weights, the sum is already the mean.",
         "What do the three probabilities sum to?"),
        ("own_logit_only", {"baseline": "not summed"},
         "Yours is π (1 − π) times each value: only how an action's *own* probability changes. If one logit rises, the "
         "other probabilities fall.",
         "Which three probabilities change if one logit rises, and what is each of them worth?"),
        ("other_logits_only", {"left": "others"},
         "Yours has only how the *other* probabilities change. If a logit rises, its own action is played more often.",
         "Which three probabilities change if one logit rises, and what is each of them worth?"),
        ("values_left_out", alone(worked, left="own derivative"),
         "Yours is π (1 − π), without the values. How does the *value* of the policy change?",
         "Where in your answer does it count what an action is worth?"),
        ("probability_twice", {"front": "twice"},
         "You multiplied by the probability twice. Do it once.",
         "Write the formula as a sum over actions. How often does π(b) stand before the difference?"),
        ("all_weighted_alike", alone(worked, front="uniform"),
         "You multiplied each regret by 1/3. Each logit has its own action's probability there.",
         "Which action is the rarest, and how much can its logit change?"),
        ("complement_in_front", alone(worked, front="rest"),
         "You multiplied each regret by 1 − π. A rare action's logit moves the policy less, not more.",
         "If an action is hardly ever played, how much can its logit change the policy's value?"),
        ("divided_by_probability", {"front": "divided"},
         "You divided by the probabilities. A rare action's logit moves the policy less, not more: multiply.",
         "If an action is hardly ever played, how much can its logit change the policy's value?"),
        ("only_the_first_action", {"left": "first"},
         "This is the score of the first action times its value: the estimate from one sample. Take the mean over all actions.",
         "Which of the three values did you use, and which not?"),
        ("only_the_last_action", alone(worked, left="last"),
         "This is the score of the last action times its value: the estimate from one sample. Take the mean over all "
         "actions.",
         "Which of the three values did you use, and which not?"),
        ("score_of_the_first_action", alone(worked, left="score"),
         "This is the score of the first action. The values are not used.",
         "Where in your answer does it count what an action is worth?"),
        ("values_alone", {"front": "none", "baseline": "none"},
         "These are the values. How much does the value of the policy rise if one logit rises?",
         "Did you take the derivative in the probabilities? How do all three change if one logit rises?"),
        ("value_of_the_policy", alone(worked, left="value"),
         "This is the value of the policy. The exercise asks how it changes with each of the three logits.",
         "What is a gradient: a value, or how a value changes?"),
        ("value_of_the_policy_in_parts", alone(worked, left="value in parts"),
         "You multiplied each probability by the value of the policy. Where does it count which action is better?",
         "In which of your numbers does each action's own value stand?"),
        ("gradient_of_the_logarithm", {"left": "of the logarithm"},
         "You divided by the value of the policy: that is the gradient of its logarithm.",
         "Of what is the gradient asked for? Where does a division come from?"),
        ("softmax_of_probabilities", alone(worked, own="softmax"),
         "You took a softmax of the probabilities. They are the softmax already.",
         "What do the three probabilities sum to before you change them?"),
        ("uniform_policy", alone(worked, own="uniform"),
         "You let the policy play all three actions equally often, in front and in the baseline.",
         "How often is each action played, according to the sheet?"),
        ("negative_ones_at_zero", alone(worked, negative="zero"),
         "You put 0 in place of negative numbers. A logit may also have to fall.",
         "What should your three numbers sum to?"),
        ("absolute_values", alone(worked, negative="positive"),
         "You left out the minus signs. A logit whose action is worse than the policy has to fall.",
         "What should your three numbers sum to?"),
        ("last_two_exchanged", alone(worked, order=(0, 2, 1)),
         "The last two numbers are exchanged.",
         "Write the action's name beside each number."),
        ("first_two_exchanged", alone(worked, order=(1, 0, 2)),
         "The first two numbers are exchanged.",
         "Write the action's name beside each number."),
    ],
)  # fmt: skip
def gradient_by_hand(row, values):
    """The gradient of the value in the logits, (A,): row (A,) the policy, values (A,) of its actions."""
    v = (row * values).sum()
    return row * (values - v)


def scored(row, a, *, plus="one", minus="policy", factor="none", counted=0, sign=1, left="all"):
    """The score, (A,), or what a slip makes of it."""
    at = (a - counted) % len(row)
    hot = one_hot(row, at)
    one = {
        "one": hot, "none": 0 * row, "everywhere": 1 + 0 * row, "likeliest": one_hot(row, row.argmax()),
        "last": one_hot(row, -1),
    }[plus]  # fmt: skip
    less = {
        "policy": row, "none": 0 * row, "uniform": 0 * row + 1 / len(row), "of a": 0 * row + row[a], "twice": 2 * row,
        "added": -row, "others only": row * (1 - hot), "own only": row * hot, "others added": row * (2 * hot - 1),
        "squared": row**2, "softmax": row.softmax(0), "logarithm": row.log(), "rest": 1 - row,
    }[minus]  # fmt: skip
    factor = {
        "none": 1, "of a": row[a], "own": row, "divided": 1 / row[a], "divided by own": 1 / row, "logarithm": row[a].log(),
    }[factor]  # fmt: skip
    found = sign * factor * (one - less)
    return {
        "all": lambda: found, "matrix": lambda: torch.eye(len(row)) - row, "own": lambda: found[a],
        "logarithms": lambda: row.log(), "logarithm at a": lambda: hot * row.log(), "logarithm": lambda: row[a].log(),
        "policy": lambda: row, "others": lambda: found * (1 - hot), "sum": lambda: found.sum(),
    }[left]()  # fmt: skip


SIZES, ACTIONS = (3, 2, 4, 5), (2, 0, 3, 1, 0, 1, 1, 4)  # of the random cases: each size with several actions

LOOK_AT_THE_EXAMPLE = "In the sheet's example: how much is taken off from 1, and how much from the two zeros?"


@exercise(
    lesson=LESSON, title="The score of a softmax", difficulty=2, importance=4, minutes=8,
    example=(torch.tensor([0.5, 0.25, 0.25]), 1), expected=[-0.5, 0.75, -0.25],
    draw=lambda generator, k: (policy(generator, SIZES[k % 4]), ACTIONS[k % 8]),
    edges={
        "the action is the first of three": lambda generator: (policy(generator, 3), 0),
        "the action is the last of two": lambda generator: (policy(generator, 2), 1),
        "there is only one action": (torch.tensor([1.0]), 0),
        "all actions are equally likely": (torch.full((4,), 0.25), 2),
        "the action is nearly sure": (torch.tensor([0.0078125, 0.984375, 0.0078125]), 1),
        "the action is rare": (torch.tensor([0.9921875, 0.0078125]), 1),
    },
    hints=(
        "If one logit rises, one action becomes more probable and all others less. By how much each?",
        r"$\partial \log \pi(a) / \partial\, \text{logit}_b = \mathbf 1[a = b] - \pi(b)$.",
        "def score(row, a):\n    result = ...  # minus the policy\n    result[a] += ...\n    return result",
    ),
    slipping=scored,
    mistakes=[
        ("wrong_sign", {"sign": -1},
         "Everything has the wrong sign. If the action's own logit rises, its log probability rises.",
         "In the sheet's example, which of the three numbers is positive?"),
        ("policy_not_taken_off", {"minus": "none"},
         "All other entries of yours are zero. But probabilities sum to 1: if one rises, the others fall.",
         "In the sheet's example, what happens to log π(1) if the *first* logit rises?"),
        ("one_forgotten", {"plus": "none"},
         "Every entry of yours is −π. The entry of action `a` itself is different: log π(a) rises with its own logit.",
         "In the sheet's example, which of the three numbers is positive?"),
        ("divided_by_probability", {"minus": "none", "factor": "divided"},
         "This is the derivative of log π(a) in the *probabilities*. The exercise asks for that in the logits.",
         "If one logit rises, do the other probabilities stay as they are?"),
        ("gradient_of_the_probability", {"factor": "of a"},
         "This is the gradient of π(a). The exercise asks for that of its logarithm.",
         "What is the derivative of log x, if x depends on something?"),
        ("wrong_sign", {"factor": "of a", "sign": -1},
         "There is more than one mistake. This is the gradient of π(a) in place of its logarithm, with the wrong sign.",
         "If the action's own logit rises, does log π(a) rise or fall?"),
        ("own_probability_in_front", {"factor": "own"},
         "You multiplied each entry by its own π(b). Nothing stands before the difference here.",
         "In the sheet's example, what is 0.75 made of?"),
        ("divided_twice", alone(scored, factor="divided"),
         "You divided the score by π(a). That division is already done: the derivative of log π is that of π over π.",
         "In the sheet's example, what is 0.75 made of?"),
        ("divided_by_own", alone(scored, factor="divided by own"),
         "You divided each entry by its own π(b). Nothing is divided here.",
         "In the sheet's example, what is 0.75 made of?"),
        ("logarithm_in_front", alone(scored, factor="logarithm"),
         "You multiplied by log π(a). The exercise asks how log π(a) *changes*.",
         "In the sheet's example, what is 0.75 made of?"),
        ("log_probabilities", alone(scored, left="logarithms"),
         "These are log probabilities. The exercise asks for how log π(a) changes with each logit.",
         "Is the sheet's example a list of logarithms? Which of its numbers is positive?"),
        ("logarithm_at_the_action", alone(scored, left="logarithm at a"),
         "You put log π(a) itself in its place. The exercise asks for how it changes with each logit.",
         "Is 0.75 in the sheet's example the logarithm of a probability?"),
        ("log_probability", alone(scored, left="logarithm"),
         "This is log π(a), one number. The exercise asks for how it changes with each logit.",
         "How long is the result in the sheet's example?"),
        ("policy_returned", alone(scored, left="policy"),
         "This is the policy itself. Where does `a` count?",
         "In the sheet's example, which of the three numbers is positive?"),
        ("logarithm_taken_off", alone(scored, minus="logarithm"),
         "You subtracted log π(b). Subtract what the sum in the softmax's denominator contributes.",
         LOOK_AT_THE_EXAMPLE),
        ("uniform_taken_off", {"minus": "uniform"},
         "You subtracted 1/A everywhere, as if the policy were uniform. It is not.",
         LOOK_AT_THE_EXAMPLE),
        ("others_left_out", {"minus": "own only"},
         "The entry of the action itself is right, and zero stands at the others. But log π(a) depends on the other logits, too.",
         "In the sheet's example, what happens to log π(1) if the *first* logit rises?"),
        ("nothing_taken_off_at_the_action", {"minus": "others only"},
         "The others' entries are right, but at `a` itself yours has 1. There, too, something is taken off.",
         LOOK_AT_THE_EXAMPLE),
        ("others_added", {"minus": "others added"},
         "The entry of the action itself is right. Those of the others have the wrong sign: they compete with it.",
         "If another action's logit rises, does `a` become more or less probable?"),
        ("own_entry_at_zero", alone(scored, left="others"),
         "The others' entries are right, but that of the action itself is zero.",
         "In the sheet's example, which of the three numbers is positive?"),
        ("all_actions_at_once", {"plus": "everywhere"},
         "All your entries are 1 − π. Only one action was played.",
         "In the sheet's example, how many of the three numbers are positive?"),
        ("only_the_probability_of_a", {"minus": "of a"},
         "You subtracted π(a) everywhere. Whose probability belongs to logit b?",
         "In the sheet's example, why do −0.5 and −0.25 differ?"),
        ("policy_added", {"minus": "added"},
         "You added the policy to the 1 at `a`. The others compete with `a`: that part has the other sign.",
         "What should the entries of a score sum to?"),
        ("policy_twice", {"minus": "twice"},
         "You subtracted the policy twice.",
         "What should the entries of a score sum to?"),
        ("policy_squared", alone(scored, minus="squared"),
         "You subtracted π². The probability counts once.",
         LOOK_AT_THE_EXAMPLE),
        ("complement_taken_off", alone(scored, minus="rest"),
         "You subtracted 1 − π everywhere.",
         LOOK_AT_THE_EXAMPLE),
        ("softmax_of_probabilities", {"minus": "softmax"},
         "You took a softmax of `row`. Its entries are probabilities already.",
         "What do the entries of `row` sum to before you change them?"),
        ("counted_from_one", {"counted": 1},
         "Your 1 is at the action before `a` (before the first comes the last). Actions are counted from 0.",
         "In the sheet's example, a = 1 is the *second* action. Which is it in yours?"),
        ("one_too_late", {"counted": -1},
         "Your 1 is at the action after `a` (after the last comes the first). Actions are counted from 0.",
         "In the sheet's example, a = 1 is the *second* action. Which is it in yours?"),
        ("likeliest_action", {"plus": "likeliest"},
         "Your 1 is always at the likeliest action. The one in question is `a`.",
         "Where in your answer is `a` used?"),
        ("always_the_last_action", alone(scored, plus="last"),
         "Your 1 is always at the last action. The one in question is `a`.",
         "Where in your answer is `a` used?"),
        ("scores_of_all_actions", alone(scored, left="matrix"),
         "This is a table with the scores of all actions. Return that of `a` alone.",
         "Which row of your table belongs to `a`?"),
        ("own_entry_only", alone(scored, left="own"),
         "You return one number, 1 − π(a): how log π(a) changes with its own logit. There is one for each logit.",
         "How long is the result in the sheet's example?"),
        ("summed_over_logits", alone(scored, left="sum"),
         "You summed over the logits, which always gives 0. Return one number for each logit.",
         "How long is the result in the sheet's example?"),
    ],
    properties=[
        ("adds_up_to_zero", lambda result, row, a: abs(result.sum()) < 1e-3,
         "the entries of a score sum to zero, since adding a constant to all logits changes nothing. Yours do not."),
    ],
)  # fmt: skip
def score(row, a):
    """∇ log π(a) in the logits of a softmax, (A,): row (A,) the policy, a the action."""
    result = -row
    result[a] += 1
    return result
