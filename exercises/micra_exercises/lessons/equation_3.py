"""Exercises of sheet 03: the gradient of Eq. 3, all sums taken."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .policy_gradient import LESSON, alone
from .random_cases import policy


def all_sums(
    d, policy, values, *, visits="own", front="own", baseline="own", own="policy", score="right", sign=1, left="all"
):
    """The gradient of Eq. 3, (S, A), or what a slip makes of it."""
    S, A = policy.shape
    p, n = (policy if own == "policy" else torch.full_like(policy, 1 / A)), d[:, None]
    v = (p * values).sum(1, keepdim=True)
    weight = {
        "own": lambda: n, "none": lambda: 1, "normalised": lambda: n / n.sum(), "first": lambda: n[0], "last": lambda: n[-1],
        "mean": lambda: n.mean(), "sum": lambda: n.sum(), "twice": lambda: n**2, "along actions": lambda: d,
        "by the largest": lambda: n / n.max(), "baseline": lambda: 1, "values": lambda: 1, "divided": lambda: 1 / n,
        "added up": lambda: n.cumsum(0),
    }[visits]()  # fmt: skip
    front = {
        "own": lambda: p, "none": lambda: 1, "twice": lambda: p**2, "uniform": lambda: 1 / A, "rest": lambda: 1 - p,
        "divided": lambda: 1 / p, "logarithm": lambda: p.log(),
    }[front]()  # fmt: skip
    less = {
        "own": lambda: v, "none": lambda: 0, "mean": lambda: values.mean(1, keepdim=True), "one for all": lambda: v.mean(),
        "all added": lambda: v.sum(), "visited": lambda: (n * v).sum() / n.sum(), "all visited": lambda: (n * v).sum(),
        "first state": lambda: v[0], "added up": lambda: v.cumsum(0), "over states": lambda: (p * values).sum(0),
        "mean over states": lambda: values.mean(0), "best": lambda: values.max(1, keepdim=True).values,
        "worst": lambda: values.min(1, keepdim=True).values, "likeliest": lambda: values.gather(1, p.argmax(1, keepdim=True)),
        "added": lambda: -v, "sum": lambda: values.sum(1, keepdim=True), "divided": lambda: v / A,
        "not summed": lambda: p * values, "of all": lambda: values.mean(), "median": lambda: values.quantile(0.5, 1, keepdim=True),
    }[baseline]()  # fmt: skip
    values, less = values * (n if visits == "values" else 1), less * (n if visits == "baseline" else 1)
    found = sign * weight * {
        "right": lambda: front * (values - less),
        "unweighted": lambda: values - p * values.sum(1, keepdim=True),
        "of the action summed over": lambda: p * values - (p**2 * values).sum(1, keepdim=True),
        "others": lambda: p * (p * values - v), "none": lambda: p * v,
    }[score]()  # fmt: skip
    return {
        "all": lambda: found, "summed": lambda: found.sum(0), "averaged": lambda: found / S, "mean": lambda: found.mean(0),
        "by actions": lambda: found / A, "first": lambda: found[0], "last": lambda: found[-1],
        "last state at zero": lambda: torch.cat([found[:-1], 0 * found[-1:]]), "number": lambda: found.sum(),
        "first state at zero": lambda: torch.cat([0 * found[:1], found[1:]]),
        "last action at zero": lambda: torch.cat([found[:, :-1], 0 * found[:, -1:]], 1),
        "last action missing": lambda: found + weight * front * p[:, -1:] * values[:, -1:],
        "over actions": lambda: found.sum(1), "clamped": lambda: found.clamp(min=0), "value": lambda: (n * v).sum(),
        "values of states": lambda: v[:, 0], "weighted values": lambda: (n * v)[:, 0],
    }[left]()  # fmt: skip


def visits_and_values(generator, S, A):
    """d (S,), whose sum is far more than 1; policy and values (S, A)."""
    return (
        0.5 + 5 * torch.rand(S, generator=generator),
        policy(generator, S, A),
        3 * torch.randn(S, A, generator=generator),
    )


STATES, CHOICES = (2, 3, 4, 3), (3, 4, 2, 3)  # in the random cases

BASELINE = "In the sheet's example both states are worth 3. What do you subtract in each?"
OF_A_STATE = "Which shape has your baseline? How many numbers should there be, and one for each what?"
FRONT = "In the sheet's example, g(0, 0) is 2 · 0.5 · 1. Which three factors has yours?"
EACH_STATE = "Which shape is to be returned, and which is yours?"


@exercise(
    lesson=LESSON, title="Equation 3, all sums taken", difficulty=2, importance=5, minutes=12,
    example=(torch.tensor([2.0, 1.0]), torch.tensor([[0.5, 0.5], [0.25, 0.75]]), torch.tensor([[4.0, 2.0], [0.0, 4.0]])),
    expected=[[1.0, -1.0], [-0.75, 0.75]],
    draw=lambda generator, k: visits_and_values(generator, STATES[k % 4], CHOICES[k % 4]),
    edges={
        "there are as many states as actions": lambda generator: visits_and_values(generator, 3, 3),
        "there is only one state": lambda generator: visits_and_values(generator, 1, 3),
        "there is only one action": lambda generator: visits_and_values(generator, 3, 1),
        "one of the states is never visited": lambda generator: (
            torch.tensor([1.5, 0.0, 4.0]), *visits_and_values(generator, 3, 2)[1:]),
        "the visits sum to 1": lambda generator: (torch.tensor([0.25, 0.75]), *visits_and_values(generator, 2, 4)[1:]),
        "the policy is uniform": lambda generator: (
            *visits_and_values(generator, 3, 4)[:1], torch.full((3, 4), 0.25), 3 * torch.randn(3, 4, generator=generator)),
        "all actions are worth the same": lambda generator: (
            *visits_and_values(generator, 2, 3)[:2], torch.tensor([[3.0, 3.0, 3.0], [-1.0, -1.0, -1.0]])),
        "all values are negative": lambda generator: (
            *visits_and_values(generator, 3, 2)[:2], torch.tensor([[-4.0, -1.0], [-2.0, -3.0], [-1.0, -5.0]])),
    },
    hints=(
        "Treat each state as in the gradient by hand. How much does each state count?",
        r"$g(s, b) = d(s)\, \pi(b \mid s)\, \big(v(s, b) - \sum_a \pi(a \mid s)\, v(s, a)\big)$.",
        "def exact_gradient(d, policy, values):\n    baseline = ...  # (S, 1)\n    return d[:, None] * ... * (values - baseline)",
    ),
    slipping=all_sums,
    mistakes=[
        ("wrong_sign", {"sign": -1},
         "Everything has the wrong sign. Logits of actions that are better than the policy should rise.",
         "In the sheet's example, the first action of the first state is the better one. Which sign has its entry?"),
        ("visits_left_out", {"visits": "none"},
         "You weighted all states equally. A state counts as much as it is visited.", FRONT),
        ("visits_normalised", {"visits": "normalised"},
         "You divided `d` by its sum. The gradient of the value uses the visits themselves, however many they are.", FRONT),
        ("visits_divided_by_the_largest", alone(all_sums, visits="by the largest"),
         "You divided `d` by its largest entry. The gradient uses the visits themselves.", FRONT),
        ("visits_of_the_first_state", {"visits": "first"},
         "You used the visits of the first state for all. Each state has its own.",
         "Which factor belongs to the second state in the sheet's example?"),
        ("visits_of_the_last_state", alone(all_sums, visits="last"),
         "You used the visits of the last state for all. Each state has its own.",
         "Which factor belongs to the first state in the sheet's example?"),
        ("visits_averaged", alone(all_sums, visits="mean"),
         "You used the mean of `d` for all states. Each state has its own visits.", FRONT),
        ("visits_summed", alone(all_sums, visits="sum"),
         "You used the sum of `d` for all states. Each state has its own visits.", FRONT),
        ("visits_added_up", alone(all_sums, visits="added up"),
         "You used running sums of `d`. Each state has its own visits.", FRONT),
        ("visits_twice", {"visits": "twice"},
         "You multiplied by `d` twice. Do it once.", FRONT),
        ("divided_by_visits", alone(all_sums, visits="divided"),
         "You divided by `d`. What is visited often counts more, not less.", FRONT),
        ("visits_along_actions", {"visits": "along actions"},
         "You laid `d` along the actions: that goes wrong, or fails with an error. Its entries belong to states.",
         "Write the shapes of `d` and `policy` below each other, from the right. Which axes meet?"),
        ("only_the_baseline_visited", alone(all_sums, visits="baseline"),
         "You weighted only the baseline by `d`. What is in the bracket is weighted as a whole.", FRONT),
        ("only_the_values_visited", alone(all_sums, visits="values"),
         "You weighted the values by `d`, but not the baseline. What is in the bracket is weighted as a whole.", FRONT),
        ("gradient_in_probabilities", {"front": "none", "baseline": "none"},
         "Yours is d times the values: the gradient in the *probabilities*. The exercise asks for that in the logits.",
         "If one logit rises, do the other probabilities stay as they are?"),
        ("probability_forgotten", {"front": "none"},
         "The action's own probability is missing: a logit moves little if its action is rare.", FRONT),
        ("probability_twice", {"front": "twice"},
         "The probability appears twice. Use it once.", FRONT),
        ("uniform_in_front", alone(all_sums, front="uniform"),
         "You weighted all actions equally. In front stands the action's own probability.", FRONT),
        ("complement_in_front", alone(all_sums, front="rest"),
         "You multiplied by 1 − π. In front stands the probability itself.", FRONT),
        ("divided_by_probability", alone(all_sums, front="divided"),
         "You divided by the probability. A logit moves little if its action is rare.", FRONT),
        ("logarithm_in_front", alone(all_sums, front="logarithm"),
         "You multiplied by log π. The formula has π, and the *derivative* of log π.", FRONT),
        ("baseline_forgotten", {"baseline": "none"},
         "You used the values themselves. If you take the sum over actions, each score brings something to subtract.", BASELINE),
        ("own_policy_missing_from_baseline", {"baseline": "mean"},
         "Your baseline is the plain mean of the values. The policy does not play all actions equally often.", BASELINE),
        ("one_baseline_for_all_states", {"baseline": "one for all"},
         "Your baseline is averaged over states, too. Each state has its own.", OF_A_STATE),
        ("baselines_added", {"baseline": "all added"},
         "Your baseline is summed over states, too. Each state has its own: sum over actions only.", OF_A_STATE),
        ("baselines_averaged_by_visits", alone(all_sums, baseline="visited"),
         "Your baseline is averaged over states by their visits. Each state has its own.", OF_A_STATE),
        ("baselines_added_by_visits", alone(all_sums, baseline="all visited"),
         "Your baseline is summed over states, weighted by their visits. Each state has its own.", OF_A_STATE),
        ("first_baseline_for_all", alone(all_sums, baseline="first state"),
         "You subtract the first state's baseline everywhere. Each state has its own.", OF_A_STATE),
        ("running_baseline", {"baseline": "added up"},
         "Your baseline still contains those of the states before. Begin each state's sum anew.",
         "Where is the sum set to zero: before the loop over states, or in it?"),
        ("baseline_over_states", {"baseline": "over states"},
         "Your baseline is summed over states instead of actions.",
         "Which axis of `policy` is that of the actions? Which shape has your baseline?"),
        ("mean_over_states_taken_off", {"baseline": "mean over states"},
         "From each value you subtract its mean over states. What is to be compared within one state?",
         "Which axis of `values` is that of the actions? Which shape has your baseline?"),
        ("mean_of_all_values_taken_off", alone(all_sums, baseline="of all"),
         "Your baseline is the plain mean of all values. Each state has its own, and the policy weights it.", OF_A_STATE),
        ("best_taken_off", {"baseline": "best"},
         "You subtract the best value. Subtract what the policy is worth.", BASELINE),
        ("worst_taken_off", alone(all_sums, baseline="worst"),
         "You subtract the worst value. Subtract what the policy is worth.", BASELINE),
        ("median_taken_off", alone(all_sums, baseline="median"),
         "You subtract the median of the values. Subtract what the policy is worth.", BASELINE),
        ("likeliest_action_taken_off", alone(all_sums, baseline="likeliest"),
         "You subtract the value of the likeliest action. The policy plays others, too.", BASELINE),
        ("baseline_added", {"baseline": "added"},
         "You add the baseline. What counts is to be *better* than the policy.", BASELINE),
        ("baseline_without_weights", {"baseline": "sum"},
         "You subtract the sum of all values. Weight them by the policy.", BASELINE),
        ("baseline_divided", alone(all_sums, baseline="divided"),
         "You divide your baseline by the number of actions. With probabilities as weights, the sum is already the mean.",
         BASELINE),
        ("own_logit_only", {"baseline": "not summed"},
         "Yours has π (1 − π) v, the terms with a = b alone. All other actions' scores have an entry at b, too.",
         "Write the sum over a for two actions. How many terms has g(s, 0)?"),
        ("other_logits_only", {"score": "others"},
         "Yours has only the terms with a ≠ b. The action's own score has an entry there, too.",
         "Write the sum over a for two actions. How many terms has g(s, 0)?"),
        ("sum_without_probabilities", {"score": "unweighted"},
         "In your sum over a, every action counts alike. Each is weighted by how likely it is.",
         "Which factors does the formula have before the derivative?"),
        ("score_with_the_wrong_action", {"score": "of the action summed over"},
         "Your score subtracts π(a), the probability of the action that you sum over. Whose belongs to logit b?",
         "Write the derivative of log π(a) in logit b for a ≠ b. Which of the two actions is left in it?"),
        ("score_left_out", alone(all_sums, score="none"),
         "Yours has no score: only d, π and what the policy is worth. Where does it count which action is better?", FRONT),
        ("uniform_policy", alone(all_sums, own="uniform"),
         "You let the policy play all actions equally often. Where in your answer is `policy` used?", FRONT),
        ("states_summed", {"left": "summed"},
         "You summed over states. The policy is a table here: each state has its own logits.", EACH_STATE),
        ("mean_over_states", {"left": "mean"},
         "You took the mean over states. The policy is a table here: each state has its own logits.", EACH_STATE),
        ("states_averaged", {"left": "averaged"},
         "You divided by the number of states. They already have a weight, `d`.", FRONT),
        ("wrong_sign", {"sign": -1, "left": "averaged"},
         "There is more than one mistake. The sign is wrong, and you divided by the number of states.", FRONT),
        ("wrong_sign", {"sign": -1, "visits": "normalised"},
         "There is more than one mistake. The sign is wrong, and you divided `d` by its sum.", FRONT),
        ("actions_averaged", alone(all_sums, left="by actions"),
         "You divided by the number of actions. They already have a weight, `policy`.", FRONT),
        ("actions_summed", alone(all_sums, left="over actions"),
         "You summed over actions, which gives 0 in every state. Each action has its own logit.", EACH_STATE),
        ("all_summed", alone(all_sums, left="number"),
         "You summed over everything, which always gives 0. Return one number for each state and action.", EACH_STATE),
        ("first_state_only", alone(all_sums, left="first"),
         "You return the gradient in the first state only. There is one row for each state.", EACH_STATE),
        ("last_state_only", alone(all_sums, left="last"),
         "You return the gradient in the last state only. There is one row for each state.",
         "What happens to the row of the first state in your loop?"),
        ("first_state_at_zero", alone(all_sums, left="first state at zero"),
         "The first row is zero. Does your loop begin with the second state?",
         "How many states are there, and which is the first index?"),
        ("last_state_at_zero", alone(all_sums, left="last state at zero"),
         "The last row is zero. Does your loop end before the last state?",
         "How many states are there, and which is the last index?"),
        ("last_action_at_zero", alone(all_sums, left="last action at zero"),
         "The last column is zero. Does your loop end before the last action?",
         "How many actions are there, and which is the last index?"),
        ("last_action_missing_from_baseline", alone(all_sums, left="last action missing"),
         "The last action is missing from your baseline.",
         "How many actions are there, and which is the last index?"),
        ("clamped", alone(all_sums, left="clamped"),
         "Yours has 0 in place of negative numbers. Some logits must fall.",
         "In each state, what should the gradient sum to?"),
        ("value_returned", alone(all_sums, left="value"),
         "This is what the policy is worth, one number. The exercise asks for how it changes with each logit.", EACH_STATE),
        ("values_of_states", alone(all_sums, left="values of states"),
         "These are the values of the states. The exercise asks for how they change with each logit.", EACH_STATE),
        ("values_of_visited_states", alone(all_sums, left="weighted values"),
         "These are the values of the states, weighted by `d`. The exercise asks for how they change with each logit.",
         EACH_STATE),
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
