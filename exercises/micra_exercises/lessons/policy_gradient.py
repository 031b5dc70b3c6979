"""Exercises of sheet 03: scores, and the gradient of Eq. 3 by sums and as an objective. The rest is in `averaging.py`."""

from __future__ import annotations

import torch

from ..exercise import exercise
from ..values import gradient
from .random_cases import policy

LESSON = "03_policy_gradient"
PAYOFFS = torch.tensor([[4.0, 0.0, 1.0], [3.0, 2.0, 0.0]])  # row's, in the text
ROW, COLUMN = torch.tensor([0.2, 0.8]), torch.tensor([0.5, 0.25, 0.25])


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
    mistakes=[
        ("probability_forgotten", lambda row, values: values - row @ values,
         "These are the regrets. The gradient in a logit also has the action's own probability as a factor."),
        ("baseline_forgotten", lambda row, values: row * values,
         "You multiplied π by the values. Multiply it by the regrets: subtract the value of the policy."),
        ("own_policy_missing_from_baseline", lambda row, values: row * (values - values.mean()),
         "The value that you subtract is the plain mean of the three. Weight it by the policy."),
        ("best_taken_off", lambda row, values: row * (values - values.max()),
         "You subtracted the best value. Subtract the value of the policy."),
        ("probability_twice", lambda row, values: row**2 * (values - row @ values),
         "You multiplied by the probability twice. Do it once."),
        ("only_the_first_action", lambda row, values: (one_hot(row, 0) - row) * values[0],
         "This is the score of the first action times its value: the estimate from one sample. Take the mean over all actions."),
        ("values_alone", lambda row, values: values,
         "These are the values. How much does the value of the policy rise if one logit rises?"),
        ("divided_by_probability", lambda row, values: (values - row @ values) / row,
         "You divided by the probabilities. A rare action's logit moves the policy less, not more: multiply."),
    ],
)  # fmt: skip
def gradient_by_hand(row, values):
    """The gradient of the value in the logits, (A,): row (A,) the policy, values (A,) of its actions."""
    v = (row * values).sum()
    return row * (values - v)


def one_hot(row, a):
    """The action as an indicator, (A,)."""
    return torch.eye(len(row), dtype=row.dtype)[a]


@exercise(
    lesson=LESSON, title="The score of a softmax", difficulty=2, importance=4, minutes=8,
    example=(torch.tensor([0.5, 0.25, 0.25]), 1), expected=[-0.5, 0.75, -0.25],
    draw=lambda generator, k: (policy(generator, 2 + k % 4), k % 2),
    hints=(
        "If one logit rises, one action becomes more probable and all others less. By how much each?",
        r"$\partial \log \pi(a) / \partial\, \text{logit}_b = \mathbf 1[a = b] - \pi(b)$.",
        "def score(row, a):\n    result = ...  # minus the policy\n    result[a] += ...\n    return result",
    ),
    mistakes=[
        ("policy_not_taken_off", one_hot,
         "All other entries of yours are zero. But probabilities sum to 1: each entry also loses its own π."),
        ("divided_by_probability", lambda row, a: one_hot(row, a) / row,
         "This is the derivative of log π(a) in the *probabilities*. The exercise asks for that in the logits."),
        ("gradient_of_the_probability", lambda row, a: row[a] * (one_hot(row, a) - row),
         "This is the gradient of π(a). The gradient of log π(a) is this divided by π(a)."),
        ("log_probabilities", lambda row, a: row.log(),
         "These are log probabilities. The exercise asks for how log π(a) changes with each logit."),
        ("uniform_taken_off", lambda row, a: one_hot(row, a) - 1 / len(row),
         "You subtracted 1/A everywhere, as if the policy were uniform. Subtract its own probabilities."),
        ("others_left_out", lambda row, a: one_hot(row, a) * (1 - row),
         "The entry of the action itself is right. But log π(a) depends on the other logits, too."),
        ("all_actions_at_once", lambda row, a: 1 - row,
         "All your entries are 1 − π. Only the entry of action `a` has the 1."),
        ("only_the_probability_of_a", lambda row, a: one_hot(row, a) - row[a],
         "You subtracted π(a) everywhere. Each logit b has its own π(b)."),
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


def regrets(row, values):
    """Values (S, A) minus their mean under the policy (S, A)."""
    return values - (row * values).sum(1, keepdim=True)


def visits_and_values(generator, k):
    """d (S,), whose sum is far more than 1; policy and values (S, A)."""
    S, A = 2 + k % 3, 2 + (k + 1) % 3
    return (
        0.5 + 5 * torch.rand(S, generator=generator),
        policy(generator, S, A),
        3 * torch.randn(S, A, generator=generator),
    )


@exercise(
    lesson=LESSON, title="Equation 3, all sums taken", difficulty=2, importance=5, minutes=12,
    example=(torch.tensor([2.0, 1.0]), torch.tensor([[0.5, 0.5], [0.25, 0.75]]), torch.tensor([[4.0, 2.0], [0.0, 4.0]])),
    expected=[[1.0, -1.0], [-0.75, 0.75]], draw=visits_and_values,
    hints=(
        "Treat each state as in the gradient by hand. How much does each state count?",
        r"$g(s, b) = d(s)\, \pi(b \mid s)\, \big(v(s, b) - \sum_a \pi(a \mid s)\, v(s, a)\big)$.",
        "def exact_gradient(d, policy, values):\n    baseline = ...  # (S, 1)\n    return d[:, None] * ... * (values - baseline)",
    ),
    mistakes=[
        ("visits_left_out", lambda d, policy, values: policy * regrets(policy, values),
         "You weighted all states equally. Weight each by how often it is visited, d(s)."),
        ("visits_normalised", lambda d, policy, values: (d / d.sum())[:, None] * policy * regrets(policy, values),
         "You divided d by its sum. The gradient of the value uses the visits themselves, whose sum is 1/(1 − γ)."),
        ("probability_forgotten", lambda d, policy, values: d[:, None] * regrets(policy, values),
         "The action's own probability is missing: the sum over actions is a mean under π."),
        ("probability_twice", lambda d, policy, values: d[:, None] * policy**2 * regrets(policy, values),
         "The probability appears twice. Use it once."),
        ("baseline_forgotten", lambda d, policy, values: d[:, None] * policy * values,
         "You used values. In the exact sum, the scores turn them into regrets: subtract v(s)."),
        ("own_policy_missing_from_baseline",
         lambda d, policy, values: d[:, None] * policy * (values - values.mean(1, keepdim=True)),
         "Your baseline is the plain mean of the values. Weight it by the policy."),
        ("one_baseline_for_all_states",
         lambda d, policy, values: d[:, None] * policy * (values - (policy * values).sum(1).mean()),
         "Your baseline is averaged over states. Each state has its own v(s)."),
        ("states_summed", lambda d, policy, values: (d[:, None] * policy * regrets(policy, values)).sum(0),
         "You summed over states. The policy is a table here: each state has its own logits."),
        ("states_averaged", lambda d, policy, values: d[:, None] * policy * regrets(policy, values) / len(d),
         "You took the mean over states. They already have the weight d(s): do not average."),
    ],
    properties=[
        ("adds_up_to_zero", lambda result, d, policy, values: abs(result.sum(1)).max() < 1e-3,
         "in each state, the gradient sums to zero over actions. Yours does not."),
    ],
)  # fmt: skip
def exact_gradient(d, policy, values):
    """The gradient of the value in the logits, all sums taken, (S, A): d (S,) visits, policy and values (S, A)."""
    v = (policy * values).sum(1, keepdim=True)
    return d[:, None] * policy * (values - v)


def gradient_in_logits(objective, logits, values):
    """The gradient of objective(log π, A) in the logits. A depends on π as well, which reveals a missing detach."""
    leaf = logits.detach().clone().requires_grad_()
    log_policy = leaf.log_softmax(1)
    found = objective(log_policy, values - (log_policy.exp() * values).sum(1, keepdim=True))
    return gradient(found, leaf, "An objective", "No gradient reaches the policy. Stop it only at the advantage.")


@exercise(
    lesson=LESSON, title="Equation 3 as an objective", difficulty=3, importance=5, minutes=12,
    example=(torch.tensor([[0.5, 0.5], [0.25, 0.75]]).log(), torch.tensor([[4.0, 2.0], [0.0, 4.0]])),
    expected=[[0.25, -0.25], [-0.375, 0.375]], measure=gradient_in_logits,
    draw=lambda generator, k: [3 * torch.randn(2 + k % 3, 2 + (k + 1) % 3, generator=generator) / s for s in (3, 1)],
    hints=(
        "Autograd differentiates everything it can. What should it differentiate, and what should it treat as a constant?",
        r"$\frac 1 B \sum_s \sum_a \pi(a \mid s)\, \bar A(s, a)$, where no gradient flows through $\bar A$.",
        "def objective(log_policy, advantage):\n    weight = advantage...  # no gradient\n    return (... * weight).sum(1)...",
    ),
    mistakes=[
        ("gradient_not_stopped", lambda log_policy, advantage: (log_policy.exp() * advantage).sum(1).mean(),
         "The gradient flows through the advantage. Σ π·A is always zero, so no gradient is left. Stop it: detach()."),
        ("wrong_way_round", lambda log_policy, advantage: -(log_policy.exp() * advantage.detach()).sum(1).mean(),
         "The sign is wrong. Is yours a loss, to be minimised? Or did you stop the gradient at the policy?"),
        ("probability_twice", lambda log_policy, advantage: (log_policy.exp().detach() * log_policy.exp() * advantage.detach()).sum(1).mean(),
         "The probability appears twice: the sum over actions already has it once."),
        ("log_instead_of_probability", lambda log_policy, advantage: (log_policy * advantage.detach()).sum(1).mean(),
         "You summed log π·A over all actions. That is for *sampled* actions; the exact sum has the weight π."),
        ("log_too", lambda log_policy, advantage: (log_policy.exp() * log_policy * advantage.detach()).sum(1).mean(),
         "Yours is π · log π · A, and its gradient flows through π as well. Use π·A, or stop the gradient of the weight π."),
        ("states_summed", lambda log_policy, advantage: (log_policy.exp() * advantage.detach()).sum(),
         "You summed over the states of the batch. Take the mean, or a larger batch means larger steps."),
        ("averaged_where_a_sum_is_due", lambda log_policy, advantage: (log_policy.exp() * advantage.detach()).mean(),
         "You took the mean over actions, too. π already weights them: sum over actions, and average over states."),
        ("only_the_likeliest", lambda log_policy, advantage: (
             log_policy.exp() * advantage.detach()).gather(1, log_policy.argmax(1, keepdim=True)).mean(),
         "Yours contains only the likeliest action. Sum over all actions."),
    ],
)  # fmt: skip
def objective(log_policy, advantage):
    """The mean over states of Σ_a π(a) A(a), to be maximised: log_policy and advantage (B, A). The advantage is a weight."""
    weight = advantage.detach()
    return (log_policy.exp() * weight).sum(1).mean()
