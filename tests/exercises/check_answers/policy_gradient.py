"""Answers to the exercises of sheet 03 about the gradient by hand and the score of a softmax."""

from fractions import Fraction

import numpy as np
import torch

# --- score ---


def score_by_loops(row, a):
    return [(1.0 if b == a else 0.0) - float(row[b]) for b in range(len(row))]


def score_by_autograd(row, a):
    logits = row.log().requires_grad_()
    return torch.autograd.grad(logits.log_softmax(0)[a], logits)[0]


def score_by_numpy(row, a):
    return (np.arange(len(row)) == a).astype(np.float32) - np.asarray(row, dtype=np.float32)


def hot(row, a):
    return (np.arange(len(row)) == a).astype(float)


def only(row, a, others, own):
    """Entry by entry: a function of the probability for the others, and one for the action itself."""
    return [own(float(p)) if b == a else others(float(p)) for b, p in enumerate(row)]


def softmax(x):
    found = np.exp(np.asarray(x))
    return found / found.sum()


RIGHT = {
    "gradient_by_hand": [
        [0.75, -0.625, -0.125],
        (Fraction(3, 4), Fraction(-5, 8), Fraction(-1, 8)),
        np.array([0.75, -0.625, -0.125], dtype=np.float16),
        torch.tensor([0.75, -0.625, -0.125]),
    ],
    "score": [score_by_loops, score_by_autograd, score_by_numpy],
}

WRONG = {
    "gradient_by_hand": [
        ("probability_forgotten", [1.5, -2.5, -0.5]),
        ("baseline_forgotten", [2.0, 0.0, 0.5]),
        ("own_policy_missing_from_baseline", [1.0, -0.5, 0.0]),
        ("best_taken_off", [0.0, -1.0, -0.5]),
        ("probability_twice", [0.375, -0.15625, -0.03125]),
        ("only_the_first_action", [2.0, -1.0, -1.0]),
        ("values_alone", [4, 0, 2]),
        ("divided_by_probability", [3.0, -10.0, -2.0]),
        ("wrong_sign", [-0.75, 0.625, 0.125]),
        ("wrong_sign", [0.75, 0.625, -0.125]),
        ("shape", [0.75, -0.75]),
        ("another_number", [0.5, -0.25, -0.3]),
        ("baseline_added", [3.25, 0.625, 1.125]),
        ("baseline_without_weights", [-1, -1.5, -1]),
        ("baseline_divided", [1.583, -0.208, 0.292]),
        ("own_logit_only", [1, 0, 0.375]),
        ("other_logits_only", [-0.25, -0.625, -0.5]),
        ("values_left_out", [0.25, 0.1875, 0.1875]),
        ("all_weighted_alike", [0.5, -0.833, -0.167]),
        ("complement_in_front", [0.75, -1.875, -0.375]),
        ("only_the_last_action", [-1, -0.5, 1.5]),
        ("score_of_the_first_action", [0.5, -0.25, -0.25]),
        ("value_of_the_policy", [2.5, 2.5, 2.5]),
        ("value_of_the_policy_in_parts", [1.25, 0.625, 0.625]),
        ("gradient_of_the_logarithm", [0.3, -0.25, -0.05]),
        ("softmax_of_probabilities", list(softmax([0.5, 0.25, 0.25]) * ([4, 0, 2] - softmax([0.5, 0.25, 0.25]) @ [4, 0, 2]))),
        ("uniform_policy", [0.667, -0.667, 0.0]),
        ("negative_ones_at_zero", [0.75, 0, 0]),
        ("absolute_values", [0.75, 0.625, 0.125]),
        ("last_two_exchanged", [0.75, -0.125, -0.625]),
        ("first_two_exchanged", [-0.625, 0.75, -0.125]),
        ("wrong_sign", [-1.5, 2.5, 0.5]),
        ("probability_forgotten", [2, -2, 0]),
    ],
    "score": [
        ("policy_not_taken_off", lambda row, a: [float(b == a) for b in range(len(row))]),
        ("divided_by_probability", lambda row, a: [float(b == a) / float(p) for b, p in enumerate(row)]),
        ("gradient_of_the_probability", lambda row, a: score_by_numpy(row, a) * float(row[a])),
        ("log_probabilities", lambda row, a: np.log(np.asarray(row))),
        ("uniform_taken_off", lambda row, a: [float(b == a) - 1 / len(row) for b in range(len(row))]),
        ("others_left_out", lambda row, a: [float(1 - p) if b == a else 0.0 for b, p in enumerate(row)]),
        ("all_actions_at_once", lambda row, a: [1 - float(p) for p in row]),
        ("only_the_probability_of_a", lambda row, a: [float(b == a) - float(row[a]) for b in range(len(row))]),
        ("wrong_sign", lambda row, a: row - torch.eye(len(row))[a].to(row.dtype)),
        ("policy_twice", lambda row, a: torch.eye(len(row))[a].to(row.dtype) - 2 * row),
        ("changes_arguments", lambda row, a: row.neg_()),
        ("own_entry_only", lambda row, a: 1 - row[a]),
        ("error", lambda row, a: torch.eye(row)[a]),
        ("adds_up_to_zero", lambda row, a: hot(row, a) - np.asarray(row) ** 3),
        ("shape", lambda row, a: [score_by_loops(row, a)] * 2),
        ("one_forgotten", lambda row, a: [-float(p) for p in row]),
        ("own_probability_in_front", lambda row, a: np.asarray(row) * score_by_loops(row, a)),
        ("divided_twice", lambda row, a: [x / float(row[a]) for x in score_by_loops(row, a)]),
        ("divided_by_own", lambda row, a: np.array(score_by_loops(row, a)) / np.asarray(row)),
        ("logarithm_in_front", lambda row, a: np.log(float(row[a])) * score_by_numpy(row, a)),
        ("logarithm_at_the_action", lambda row, a: only(row, a, lambda p: 0.0, np.log)),
        ("log_probability", lambda row, a: np.log(float(row[a]))),
        ("policy_returned", lambda row, a: [float(p) for p in row]),
        ("logarithm_taken_off", lambda row, a: hot(row, a) - np.log(np.asarray(row))),
        ("nothing_taken_off_at_the_action", lambda row, a: only(row, a, lambda p: -p, lambda p: 1.0)),
        ("others_added", lambda row, a: only(row, a, lambda p: p, lambda p: 1 - p)),
        ("own_entry_at_zero", lambda row, a: only(row, a, lambda p: -p, lambda p: 0.0)),
        ("policy_added", lambda row, a: only(row, a, lambda p: p, lambda p: 1 + p)),
        ("policy_squared", lambda row, a: only(row, a, lambda p: -p * p, lambda p: 1 - p * p)),
        ("complement_taken_off", lambda row, a: only(row, a, lambda p: p - 1, lambda p: p)),
        ("own_entry_at_zero", lambda row, a: only(row, a, lambda p: -p, lambda p: p - p)),
        ("softmax_of_probabilities", lambda row, a: hot(row, a) - softmax(row)),
        ("counted_from_one", lambda row, a: score_by_loops(row, (a or len(row)) - 1)),
        ("one_too_late", lambda row, a: score_by_numpy(row, (a + 1) % len(row))),
        ("likeliest_action", lambda row, a: score_by_loops(row, int(np.argmax(np.asarray(row))))),
        ("always_the_last_action", lambda row, a: score_by_loops(row, len(row) - 1)),
        ("argument_ignored", lambda row, a: score_by_loops(row, 0)),
        ("scores_of_all_actions", lambda row, a: [score_by_loops(row, b) for b in range(len(row))]),
        ("summed_over_logits", lambda row, a: sum(score_by_loops(row, a))),
        ("wrong_sign", lambda row, a: [-float(row[a]) * x for x in score_by_loops(row, a)]),
        ("wrong_sign", lambda row, a: np.asarray(row) - hot(row, (a - 1) % len(row))),
    ],
}  # fmt: skip
