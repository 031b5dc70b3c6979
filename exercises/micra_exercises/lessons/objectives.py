"""Exercises of sheet 03: Eq. 3 as an objective for autograd."""

from __future__ import annotations

import torch

from ..exercise import exercise
from ..limits import Trouble
from ..values import gradient
from .equation_3 import CHOICES, STATES
from .policy_gradient import LESSON, alone


def gradient_in_logits(objective, logits, values):
    """The gradient of objective(log π, A) in the logits, where A depends on π; a Trouble if it flows through A."""
    lost = (
        "No gradient reaches the policy: it is stopped on the way, by `detach`, `no_grad`, `item`, `float` or numpy. "
        "Stop it only at the advantage."
    )
    leaf = logits.detach().clone().requires_grad_()

    def log_policy_and_advantage():
        log_policy = leaf.log_softmax(1)
        return log_policy, values - (log_policy.exp() * values).sum(1, keepdim=True)

    found = objective(*log_policy_and_advantage())
    if isinstance(found, torch.Tensor) and found.requires_grad and found.dim() and found.numel() > 1:
        rows = torch.autograd.grad(found[-1].sum(), leaf, retain_graph=True)[0].abs().sum(1)
        if len(found) == len(logits) and not rows[:-1].any():
            each = "state" if found.dim() == 1 else "state and action"
            return Trouble("no_single_number", f"Yours has a number for each {each}: an objective is a single one.")
    slope = gradient(found, leaf, "An objective", lost)
    if isinstance(slope, torch.Tensor):
        log_policy, advantage = log_policy_and_advantage()
        apart = advantage.detach().clone().requires_grad_()  # the advantage as something of its own
        again = objective(log_policy, 1 * apart)
        reached = (
            torch.autograd.grad(again.sum(), (leaf, apart), allow_unused=True) if again.requires_grad else (0, None)
        )
        if reached[1] is not None:
            words = "The gradient flows through the advantage, too. There it should be treated as a number."
            if slope.abs().max() <= 1e-6:
                words += " In yours the two cancel: Σ π·A is zero whatever the policy is, so no gradient is left."
            if reached[0] is None:
                words = "You stopped the gradient at the policy, and it flows through the advantage. It should be the other way round."
            return Trouble("gradient_not_stopped", words)
    return slope


def deviation(a, axis=(0, 1), less=1):
    """The standard deviation over these axes, which are kept; `less` is taken off from the number of entries."""
    squares = (a - a.mean(axis, keepdim=True)) ** 2
    return (squares.sum(axis, keepdim=True) / (squares.numel() // squares.sum(axis).numel() - less)).sqrt()


def to_maximise(
    log_policy,
    advantage,
    *,
    weight="policy",
    stop="advantage",
    of="given",
    actions="all",
    over="states",
    sign=1,
    bonus=0.0,
):
    """The objective, or what a slip makes of it."""
    p, a = log_policy.exp(), advantage.detach() if stop == "advantage" else advantage
    a = {
        "given": lambda: a, "clamped": lambda: a.clamp(min=0), "negative": lambda: a.clamp(max=0), "absolute": lambda: a.abs(),
        "sign": lambda: a.sign(), "squared": lambda: a**2, "softmax": lambda: a.softmax(1), "exponential": lambda: a.exp(),
        "within 1": lambda: a.clamp(-1, 1), "by the largest": lambda: a / a.abs().max().clamp(min=1e-8),
        "standardised": lambda: a / (deviation(a) + 1e-8), "by all": lambda: a / (deviation(a, less=0) + 1e-8),
        "in each state": lambda: a / (deviation(a, 1) + 1e-8), "over states": lambda: (a - a.mean(0)) / (deviation(a, 0) + 1e-8),
        "in each state, by all": lambda: a / (deviation(a, 1, less=0) + 1e-8), "less the states' mean": lambda: a - a.mean(0),
    }[of]()  # fmt: skip
    terms = a * {
        "policy": lambda: p, "log": lambda: log_policy, "log too": lambda: p * log_policy, "twice": lambda: p.detach() * p,
        "squared": lambda: p**2, "sigmoid": lambda: log_policy.sigmoid(), "over states": lambda: log_policy.softmax(0),
        "again": lambda: p.softmax(1), "divided": lambda: 1 / p, "exp twice": lambda: p.exp(), "root": lambda: p.sqrt(),
        "score": lambda: p.detach() * log_policy,
    }[weight]()  # fmt: skip
    terms = {
        "all": lambda: terms, "likeliest": lambda: terms.gather(1, p.argmax(1, keepdim=True)),
        "best": lambda: terms.gather(1, a.argmax(1, keepdim=True)), "first": lambda: terms[:, :1], "last": lambda: terms[:, -1:],
        "not the last": lambda: terms[:, :-1], "not the first": lambda: terms[:, 1:],
    }[actions]()  # fmt: skip
    B, A = log_policy.shape
    found = terms.sum() / {"states": B, "no": 1, "both": B * A, "actions": A, "two": 2, "less": B - 1}.get(over, B)
    if over in ("first", "last", "first divided"):
        found = terms[-1 if over == "last" else 0].sum() / (B if over == "first divided" else 1)
    if over in ("not the first", "not the last"):
        found = (terms[1:] if over == "not the first" else terms[:-1]).sum() / B
    return sign * found - bonus * (p * log_policy).sum(1).mean()


DETACH = "Which of the two should autograd differentiate, and which should it treat as a number?"
NUMBERS_OF_IT = "In the sheet's example, four numbers are given. Which factors turn them into yours?"


@exercise(
    lesson=LESSON, title="Equation 3 as an objective", difficulty=3, importance=5, minutes=12,
    example=(torch.tensor([[0.5, 0.5], [0.25, 0.75]]).log(), torch.tensor([[4.0, 2.0], [0.0, 4.0]])),
    expected=[[0.25, -0.25], [-0.375, 0.375]], measure=gradient_in_logits,
    draw=lambda generator, k: [
        scale * torch.randn(STATES[k % 4], CHOICES[k % 4], generator=generator) for scale in (1, 3)],
    edges={
        "there are as many states as actions": lambda generator: torch.randn(2, 3, 3, generator=generator).unbind(),
        "there is only one state": lambda generator: torch.randn(2, 1, 3, generator=generator).unbind(),
        "there is only one action": lambda generator: torch.randn(2, 3, 1, generator=generator).unbind(),
        "the policy hardly mixes": (
            torch.tensor([[5.0, -1.0, 0.0], [0.0, 4.0, -2.0]]), torch.tensor([[1.0, 3.0, -2.0], [2.0, 2.5, 4.0]])),
        "the policy is uniform": (torch.zeros(2, 4), torch.tensor([[1.0, 3.0, -2.0, 0.0], [2.0, 2.5, 4.0, 1.0]])),
        "all actions are worth the same": (torch.tensor([[0.5, -0.5]]), torch.tensor([[0.25, 0.25]])),
    },
    hints=(
        "Autograd differentiates everything it can. What should it differentiate, and what should it treat as a constant?",
        r"$\frac 1 B \sum_s \sum_a \pi(a \mid s)\, \bar A(s, a)$, where no gradient flows through $\bar A$.",
        "def objective(log_policy, advantage):\n    weight = advantage...  # no gradient\n    return (... * weight).sum(1)...",
    ),
    slipping=to_maximise,
    mistakes=[
        ("gradient_not_stopped", alone(to_maximise, stop="nowhere"),
         "You let the gradient flow through the advantage. Stop it there.", DETACH),
        ("wrong_way_round", {"sign": -1},
         "The sign is wrong: following your gradient, the policy gets worse. Is yours a loss, to be minimised?",
         "In the sheet's example, should the first logit of the first state rise or fall?"),
        ("probability_twice", {"weight": "twice"},
         "The probability appears twice: the sum over actions already has it once.", NUMBERS_OF_IT),
        ("probability_squared", alone(to_maximise, weight="squared"),
         "You squared the probability. The sum over actions has it once.", NUMBERS_OF_IT),
        ("log_instead_of_probability", {"weight": "log"},
         "In the gradient of yours, every action counts alike, as log π·A does for *sampled* actions. In the sum over all "
         "actions, likely ones count more.",
         "If actions are drawn, likely ones come more often. What does that in a sum over all of them?"),
        ("log_too", {"weight": "log too"},
         "Yours is π · log π · A, and its gradient flows through π as well. One of the two should carry the gradient.",
         "What is the derivative of π log π? Is it what Eq. 3 has?"),
        ("sigmoid_taken", alone(to_maximise, weight="sigmoid"),
         "You took a sigmoid of `log_policy`. What turns a logarithm back into a probability?",
         "Do the numbers that you weight with sum to 1 in each state?"),
        ("softmax_over_states", {"weight": "over states"},
         "You took a softmax over the states, axis 0. A policy sums to 1 over actions.",
         "Which axis of `log_policy` is that of the actions?"),
        ("softmax_of_probabilities", alone(to_maximise, weight="again"),
         "You took a softmax of probabilities. They are one already.",
         "What do the numbers sum to before you change them?"),
        ("divided_by_probability", alone(to_maximise, weight="divided"),
         "You divided the advantages by the probabilities. Likely actions count more, not less.", NUMBERS_OF_IT),
        ("exponential_twice", alone(to_maximise, weight="exp twice"),
         "You took the exponential twice. Once turns logarithms into probabilities.",
         "Do the numbers that you weight with sum to 1 in each state?"),
        ("root_of_probability", alone(to_maximise, weight="root"),
         "You took the root of the probability.", NUMBERS_OF_IT),
        ("states_summed", {"over": "no"},
         "You summed over the states of the batch. If you do, a larger batch means larger steps.",
         "By what does the sheet's text divide?"),
        ("averaged_where_a_sum_is_due", {"over": "both"},
         "You took the mean over actions, too. π already weights them: there the sum is the mean.",
         "By what does the sheet's text divide, and by what do you?"),
        ("wrong_way_round", {"sign": -1, "over": "no"},
         "There is more than one mistake. The sign is wrong, and you summed over the states of the batch.", NUMBERS_OF_IT),
        ("wrong_way_round", {"sign": -1, "over": "both"},
         "There is more than one mistake. The sign is wrong, and you took the mean over actions, too.", NUMBERS_OF_IT),
        ("divided_by_actions", {"over": "actions"},
         "Yours is the sum over states and actions, divided by the number of *actions*. Over which axis is the mean asked for?",
         "Which axis is that of the states? What is summed over, and what averaged?"),
        ("divided_by_two", alone(to_maximise, over="two"),
         "You always divide by 2. The batch may be larger or smaller than in the sheet's example.",
         "Where does the number of states come from in your answer?"),
        ("divided_by_one_less", alone(to_maximise, over="less"),
         "You divide by B − 1. A mean divides by B.",
         "How many states does the batch have?"),
        ("first_state_only", alone(to_maximise, over="first"),
         "Only the first state of the batch has a gradient in yours, as if it were alone. Take the mean over all.",
         "Does your loop end after its first round?"),
        ("first_state_divided", alone(to_maximise, over="first divided"),
         "Only the first state of the batch is in your sum. Add up all of them before you divide.",
         "Does your loop end after its first round?"),
        ("last_state_only", alone(to_maximise, over="last"),
         "Only the last state of the batch has a gradient in yours, as if it were alone. Take the mean over all.",
         "Does each round of your loop forget the one before?"),
        ("first_state_left_out", alone(to_maximise, over="not the first"),
         "The first state of the batch is missing.", "How many states are there, and which is the first index?"),
        ("last_state_left_out", alone(to_maximise, over="not the last"),
         "The last state of the batch is missing.", "How many states are there, and which is the last index?"),
        ("only_the_likeliest", {"actions": "likeliest"},
         "Yours contains only the likeliest action. Sum over all actions.",
         "Which actions does a policy that mixes play?"),
        ("likeliest_as_if_drawn", {"actions": "likeliest", "weight": "log"},
         "Yours is log π · A of the likeliest action alone, as if it had been drawn. All actions count here.",
         "Over which actions does the sheet's text sum?"),
        ("only_the_best", alone(to_maximise, actions="best"),
         "Yours contains only the action with the largest advantage. Sum over all actions.",
         "Which actions does a policy that mixes play?"),
        ("best_as_if_drawn", {"actions": "best", "weight": "log"},
         "Yours is log π · A of the action with the largest advantage alone. All actions count here.",
         "Over which actions does the sheet's text sum?"),
        ("only_the_first_action", alone(to_maximise, actions="first"),
         "Yours contains only the first action. Sum over all actions.", "Over which actions does the sheet's text sum?"),
        ("only_the_last_action", alone(to_maximise, actions="last"),
         "Yours contains only the last action. Sum over all actions.", "Over which actions does the sheet's text sum?"),
        ("last_action_left_out", {"actions": "not the last"},
         "The last action is missing.", "How many actions are there, and which is the last index?"),
        ("first_action_left_out", alone(to_maximise, actions="not the first"),
         "The first action is missing.", "How many actions are there, and which is the first index?"),
        ("clamped", {"of": "clamped"},
         "You put 0 in place of negative advantages. Actions that are worse than the policy should become rarer.",
         "What does your objective learn from an action that is worse than the policy?"),
        ("positive_ones_at_zero", alone(to_maximise, of="negative"),
         "You put 0 in place of positive advantages. Actions that are better than the policy should become likelier.",
         "What does your objective learn from an action that is better than the policy?"),
        ("absolute_values", alone(to_maximise, of="absolute"),
         "You took the absolute values of the advantages. Their sign says in which direction to go.",
         "What does your objective learn from an action that is worse than the policy?"),
        ("signs_alone", alone(to_maximise, of="sign"),
         "You took only the signs of the advantages. Their size counts, too.", NUMBERS_OF_IT),
        ("advantages_squared", alone(to_maximise, of="squared"),
         "You squared the advantages. Their sign says in which direction to go.",
         "What does your objective learn from an action that is worse than the policy?"),
        ("softmax_of_advantages", alone(to_maximise, of="softmax"),
         "You took a softmax of the advantages. They count as they are.", NUMBERS_OF_IT),
        ("exponential_of_advantages", alone(to_maximise, of="exponential"),
         "You took the exponentials of the advantages. They count as they are.", NUMBERS_OF_IT),
        ("advantages_limited", alone(to_maximise, of="within 1"),
         "You limited the advantages to −1 … 1. They count as they are.", NUMBERS_OF_IT),
        ("divided_by_the_largest", alone(to_maximise, of="by the largest"),
         "You divided the advantages by the largest of them. They count as they are.", NUMBERS_OF_IT),
        ("standardised", {"of": "standardised"},
         "You divided the advantages by their standard deviation. They count as they are.", NUMBERS_OF_IT),
        ("divided_by_deviation", alone(to_maximise, of="by all"),
         "You divided the advantages by their standard deviation (with all of them in its denominator). They count as they are.",
         NUMBERS_OF_IT),
        ("standardised_in_each_state", alone(to_maximise, of="in each state"),
         "You divided the advantages by their standard deviation in each state. They count as they are.", NUMBERS_OF_IT),
        ("divided_by_deviation_in_each_state", alone(to_maximise, of="in each state, by all"),
         "In each state you divided the advantages by their standard deviation (with all in its denominator). They count as "
         "they are.", NUMBERS_OF_IT),
        ("standardised_over_states", alone(to_maximise, of="over states"),
         "You standardised the advantages of each action over the states. They count as they are.", NUMBERS_OF_IT),
        ("mean_over_states_taken_off", alone(to_maximise, of="less the states' mean"),
         "From each advantage you subtracted its mean over the states. They count as they are.", NUMBERS_OF_IT),
        *((f"entropy_{'added' if bonus > 0 else 'subtracted'}", alone(to_maximise, bonus=bonus),
           f"You {'added' if bonus > 0 else 'subtracted'} {abs(bonus):g} times the entropy. The objective has no bonus: only Eq. 3.",
           "What is the gradient if all actions are worth the same? What should it be?")
          for bonus in (0.01, 0.1, 0.001, 0.05, 0.02, 0.005, 1.0, -0.01, -0.1)),
    ],
)  # fmt: skip
def objective(log_policy, advantage):
    """The mean over states of Σ_a π(a) A(a), to be maximised: log_policy and advantage (B, A). The advantage is a weight."""
    weight = advantage.detach()
    return (log_policy.exp() * weight).sum(1).mean()
