"""Answers to the exercises of sheet 06: losses and errors."""

from fractions import Fraction

import numpy as np
import torch
from scipy.special import rel_entr


def softmax(x):
    x = np.exp(np.asarray(x) - np.max(np.asarray(x), -1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


# --- watched_loss ---


def loss_by_loops(log_policy, actions, weights):
    found = []
    for k in range(len(actions)):
        total, count = 0.0, 0.0
        for p, a in enumerate(actions[k].tolist()):
            total -= float(weights[k, p]) * float(log_policy[k, p, a])
            count += float(weights[k, p])
        found.append(total / count)
    return found


def loss_by_numpy(log_policy, actions, weights):
    log_policy, actions = np.asarray(log_policy, dtype=np.float32), np.asarray(actions)
    rows, columns = np.indices(actions.shape)
    return np.array(
        [np.average(-x, weights=w) for x, w in zip(log_policy[rows, columns, actions], weights, strict=True)]
    )


def loss_by_one_hot(log_policy, actions, weights):
    chosen = torch.nn.functional.one_hot(actions, log_policy.shape[2]).to(log_policy.dtype)
    return -torch.einsum("kpa,kpa,kp->k", log_policy, chosen, weights) / weights.sum(1)


def loss_of_those_watched(log_policy, actions, weights):
    """Only where there is no padding."""
    pairs = zip(log_policy, actions, weights > 0, strict=True)
    return torch.stack([torch.nn.functional.nll_loss(x[w], a[w]) for x, a, w in pairs])


def every(log_policy, actions):
    """−log of each move that was made (K, P)."""
    return np.array(
        [[-float(x[a]) for x, a in zip(*row, strict=True)] for row in zip(log_policy, actions, strict=True)]
    )


def watched_pairs(log_policy, actions, weights):
    """−log of the watched moves of each external, in lists."""
    return [
        [x for x, one in zip(row, w, strict=True) if one]
        for row, w in zip(every(log_policy, actions).tolist(), weights, strict=True)
    ]


def loss_running_on(log_policy, actions, weights):
    found, total, count = [], 0.0, 0
    for row in watched_pairs(log_policy, actions, weights):
        total, count = total + sum(row), count + len(row)
        found.append(total / count)
    return found


# --- excess_nats ---


def excess_by_loops(visits, external, predicted):
    total = 0.0
    for s in range(len(visits)):
        for p, q in zip(external[s].tolist(), predicted[s].tolist(), strict=True):
            total += float(visits[s]) * p * (np.log(p) - np.log(q))
    return total / float(sum(visits))


def excess_by_scipy(visits, external, predicted):
    return np.average(rel_entr(np.asarray(external), np.asarray(predicted)).sum(1), weights=np.asarray(visits))


def excess_by_torch(visits, external, predicted):
    apart = torch.nn.functional.kl_div(predicted.log(), external, reduction="none").float()
    return torch.einsum("s,sa->", (visits / visits.sum()).float(), apart)


def excess_by_difference(visits, external, predicted):
    """Cross-entropy less entropy."""
    d = visits / visits.sum()
    return -(d[:, None] * external * predicted.log()).sum() + (d[:, None] * external * external.log()).sum()


def cross(visits, p, q):
    return -np.average((np.asarray(p) * np.log(np.asarray(q))).sum(1), weights=np.asarray(visits))


def average_policy(visits, policy):
    return np.average(np.asarray(policy), axis=0, weights=np.asarray(visits))


def terms(external, predicted):
    """p log(p / q) (S, A)."""
    return rel_entr(np.asarray(external), np.asarray(predicted)) + 0.0


def in_each(external, predicted):
    """KL of each state (S,)."""
    return terms(external, predicted).sum(1)


THIRDS = [Fraction(1, 3)] * 3
LIKE_BUT_MORE = [[0.6, 0.4], [0.9, 0.1], [0.1, 0.9]]

RIGHT = {
    "watched_loss": [loss_by_loops, loss_by_numpy, loss_by_one_hot, loss_of_those_watched],
    "excess_nats": [excess_by_loops, excess_by_scipy, excess_by_torch, excess_by_difference],
    "misleading_move": [
        (THIRDS, LIKE_BUT_MORE),
        (torch.tensor([0.34, 0.33, 0.33]), torch.tensor([[0.4, 0.6], [0.01, 0.99], [0.9, 0.1]])),
        (np.array([0.2, 0.4, 0.4], dtype=np.float32), np.array([[0.55, 0.45], [0.99, 0.01], [0.2, 0.8]])),
        ([0.333, 0.333, 0.333], LIKE_BUT_MORE),
    ],
}

WRONG = {
    "watched_loss": [
        ("weights_ignored", lambda log_policy, actions, weights: every(log_policy, actions).mean(1)),
        ("padding_in_the_denominator", lambda log_policy, actions, weights: (every(log_policy, actions) * weights.numpy()).mean(1)),
        ("padding_in_the_sum", lambda log_policy, actions, weights: every(log_policy, actions).sum(1) / weights.numpy().sum(1)),
        ("summed_over_pairs", lambda log_policy, actions, weights: (every(log_policy, actions) * weights.numpy()).sum(1)),
        ("divided_by_externals", lambda log_policy, actions, weights: (every(log_policy, actions) * weights.numpy()).sum(1) / len(weights)),
        ("externals_averaged", lambda log_policy, actions, weights: sum(loss_by_loops(log_policy, actions, weights)) / len(actions)),
        ("pairs_pooled", lambda log_policy, actions, weights: np.average(every(log_policy, actions), weights=weights)),
        ("likeliest_move", lambda log_policy, actions, weights: loss_by_loops(log_policy, log_policy.argmax(2), weights)),
        ("all_moves", lambda log_policy, actions, weights: np.average(-log_policy.numpy().mean(2), axis=1, weights=weights)),
        ("log_of_the_mean", lambda log_policy, actions, weights: -np.log(np.average(np.exp(-every(log_policy, actions)), axis=1, weights=weights))),
        ("bits", lambda log_policy, actions, weights: np.array(loss_by_loops(log_policy, actions, weights)) / np.log(2)),
        ("minus_forgotten", lambda log_policy, actions, weights: -loss_by_one_hot(log_policy, actions, weights)),
        ("each_pair_and_padding", lambda log_policy, actions, weights: every(log_policy, actions)),
        ("error", lambda log_policy, actions, weights: log_policy.gather(2, actions)),
        ("probabilities", lambda log_policy, actions, weights: loss_by_loops(log_policy.exp(), actions, weights)),
        ("divided_by_all_watched", lambda log_policy, actions, weights: [sum(x) / int(weights.sum()) for x in watched_pairs(log_policy, actions, weights)]),
        ("divided_by_the_mean_number", lambda log_policy, actions, weights: [sum(x) * len(actions) / int(weights.sum()) for x in watched_pairs(log_policy, actions, weights)]),
        ("one_less", lambda log_policy, actions, weights: [torch.tensor(sum(x)) / (len(x) - 1) for x in watched_pairs(log_policy, actions, weights)]),
        ("padding_instead", lambda log_policy, actions, weights: loss_by_one_hot(log_policy, actions, 1 - weights)),
        ("padding_instead_or_nothing", lambda log_policy, actions, weights: [np.mean(x) if x else 0 for x in watched_pairs(log_policy, actions, 1 - weights)]),
        ("padding_at_the_end", lambda log_policy, actions, weights: [np.mean(x[: int(n)]) for x, n in zip(every(log_policy, actions), weights.sum(1), strict=True)]),
        ("action_0_for_padding", lambda log_policy, actions, weights: loss_by_one_hot(log_policy, actions, (actions != 0).to(log_policy.dtype))),
        ("last_column_left_out", lambda log_policy, actions, weights: loss_by_one_hot(log_policy[:, :-1], actions[:, :-1], weights[:, :-1])),
        ("first_column_left_out", lambda log_policy, actions, weights: loss_by_one_hot(log_policy[:, 1:], actions[:, 1:], weights[:, 1:])),
        ("last_column_left_out_of_the_sum", lambda log_policy, actions, weights: (every(log_policy, actions) * weights.numpy())[:, :-1].sum(1) / weights.numpy().sum(1)),
        ("externals_summed", lambda log_policy, actions, weights: sum(loss_by_loops(log_policy, actions, weights))),
        ("externals_run_on", loss_running_on),
        ("axes_exchanged", lambda log_policy, actions, weights: loss_by_one_hot(log_policy.transpose(0, 1), actions.T, weights.T)),
        ("columns_averaged", lambda log_policy, actions, weights: np.mean(every(log_policy, actions), axis=0)),
        ("columns_summed", lambda log_policy, actions, weights: np.sum(every(log_policy, actions) * weights.numpy(), axis=0)),
        ("all_moves_summed", lambda log_policy, actions, weights: np.average(-log_policy.numpy().sum(2), axis=1, weights=weights)),
        ("entropy", lambda log_policy, actions, weights: np.average(-(np.exp(log_policy.numpy()) * log_policy.numpy()).sum(2), axis=1, weights=weights)),
        ("actions_from_one", lambda log_policy, actions, weights: loss_by_loops(log_policy.roll(1, 2), actions, weights)),
        ("first_action", lambda log_policy, actions, weights: loss_by_one_hot(log_policy, 0 * actions, weights)),
        ("softmax_taken_again", lambda log_policy, actions, weights: loss_by_loops(log_policy.exp().log_softmax(2), actions, weights)),
        ("logarithm_taken_again", lambda log_policy, actions, weights: loss_by_numpy((-log_policy).log(), actions, weights)),
        ("median", lambda *given: [np.median(x) for x in watched_pairs(*given)]),
        ("lower_median", lambda *given: [sorted(x)[(len(x) - 1) // 2] for x in watched_pairs(*given)]),
        ("each_pair", lambda log_policy, actions, weights: every(log_policy, actions) * np.asarray(weights)),
        ("another_result", lambda log_policy, actions, weights: loss_by_loops(log_policy * log_policy.cos(), actions, weights)),
    ],
    "excess_nats": [
        ("entropy_not_subtracted", lambda visits, external, predicted: cross(visits, external, predicted)),
        ("wrong_way_round", lambda visits, external, predicted: excess_by_scipy(visits, predicted, external)),
        ("states_summed", lambda visits, external, predicted: (visits * rel_entr(external.numpy(), predicted.numpy()).sum()).sum() / visits.sum()),
        ("states_uniform", lambda visits, external, predicted: excess_by_scipy(visits / visits, external, predicted)),
        ("visits_not_normalised", lambda visits, external, predicted: excess_by_scipy(visits, external, predicted) * visits.sum()),
        ("averaged_where_a_sum_is_due", lambda visits, external, predicted: excess_by_scipy(visits, external, predicted) / predicted.shape[1]),
        ("weights_left_out", lambda visits, external, predicted: cross(visits, torch.ones_like(external), predicted / external)),
        ("states_mixed", lambda visits, external, predicted: rel_entr(average_policy(visits, external), average_policy(visits, predicted)).sum()),
        ("entropy_of_the_prediction", lambda visits, external, predicted: cross(visits, external, predicted) - cross(visits, predicted, predicted)),
        ("bits", lambda visits, external, predicted: excess_by_scipy(visits, external, predicted) / np.log(2)),
        ("wrong_sign", lambda visits, external, predicted: -excess_by_loops(visits, external, predicted)),
        ("each_state", lambda visits, external, predicted: rel_entr(external.numpy(), predicted.numpy()).sum(1)),
        ("error", lambda visits, external, predicted: visits @ external @ predicted),
        ("absolute_differences", lambda visits, external, predicted: np.average((external - predicted).abs().sum(1), weights=visits)),
        ("entropy_added", lambda visits, external, predicted: cross(visits, external, predicted) + cross(visits, external, external)),
        ("cross_entropy_the_wrong_way_round", lambda visits, external, predicted: cross(visits, predicted, external)),
        ("visited_states_alike", lambda visits, external, predicted: excess_by_scipy(visits > 0, external, predicted)),
        ("divided_by_states", lambda visits, external, predicted: (visits.numpy() * in_each(external, predicted)).mean()),
        ("divided_by_the_most_visits", lambda visits, external, predicted: (visits.numpy() * in_each(external, predicted)).sum() / max(visits.tolist())),
        ("softmax_of_visits", lambda visits, external, predicted: softmax(visits) @ in_each(external, predicted)),
        ("visits_squared", lambda visits, external, predicted: excess_by_scipy(visits * visits, external, predicted)),
        ("most_visited_state_only", lambda visits, external, predicted: in_each(external, predicted)[visits.tolist().index(max(visits.tolist()))]),
        ("first_state_only", lambda visits, external, predicted: in_each(external, predicted)[0]),
        ("last_state_only", lambda visits, external, predicted: in_each(external, predicted)[-1]),
        ("weighted_by_the_prediction", lambda visits, external, predicted: -excess_by_scipy(visits, predicted, external)),
        ("absolute_terms", lambda visits, external, predicted: np.average(abs(terms(external, predicted)).sum(1), weights=visits)),
        ("negative_terms_left_out", lambda visits, external, predicted: np.average(np.maximum(terms(external, predicted), 0).sum(1), weights=visits)),
        ("likeliest_move_only", lambda visits, external, predicted: np.average([row[a] for row, a in zip(terms(external, predicted), external.argmax(1), strict=True)], weights=visits)),
        ("likeliest_prediction", lambda visits, external, predicted: np.average([-np.log(max(row)) for row in predicted.tolist()], weights=visits)),
        ("total_variation", lambda visits, external, predicted: np.average((external - predicted).clamp(min=0).sum(1), weights=visits)),
        ("squared_differences", lambda visits, external, predicted: np.average((external - predicted).square().sum(1), weights=visits)),
        ("logarithm_missing", lambda visits, external, predicted: np.average((external**2 / predicted).sum(1), weights=visits)),
        ("symmetric", lambda visits, external, predicted: (excess_by_scipy(visits, external, predicted) + excess_by_scipy(visits, predicted, external)) / 2),
        ("states_kept", lambda visits, external, predicted: visits.numpy() / sum(visits.tolist()) * in_each(external, predicted)),
        ("special_case", lambda visits, external, predicted: excess_by_loops(visits, external, predicted.clamp(min=0.01))),
        ("another_result", lambda visits, external, predicted: excess_by_loops(visits, external, predicted) ** 1.1),
    ],
    "misleading_move": [
        ("shapes", (THIRDS, LIKE_BUT_MORE[:2])),
        ("two_things", [*LIKE_BUT_MORE, [0.5, 0.5]]),
        ("prior_sums_to_one", ([0.5, 0.5, 0.5], LIKE_BUT_MORE)),
        ("policies_sum_to_one", (THIRDS, [[0.6, 0.6], [0.9, 0.1], [0.1, 0.9]])),
        ("every_move_is_possible", (THIRDS, [[0.6, 0.4], [1.0, 0.0], [0.1, 0.9]])),
        ("likeliest_is_one", (THIRDS, [[0.5, 0.5], [0.9, 0.1], [0.1, 0.9]])),
        ("externals_differ", (THIRDS, [[0.6, 0.4]] * 3)),
        ("the_first_is_misled", (THIRDS, [[0.9, 0.1], [0.6, 0.4], [0.1, 0.9]])),
        ("error_rises_enough", ([0.98, 0.01, 0.01], LIKE_BUT_MORE)),
        ("no_numbers", "three externals"),
        ("no_value", lambda: (THIRDS, LIKE_BUT_MORE)),
        ("order", (LIKE_BUT_MORE, THIRDS)),
        ("two_things", LIKE_BUT_MORE),
        ("error_rises", ([0.2, 0.4, 0.4], [[0.3, 0.7], [0.8, 0.2], [0.4, 0.6]])),
        ("rows_are_externals", (THIRDS, np.array(LIKE_BUT_MORE).T)),
        ("shapes", ([0.5, 0.5], LIKE_BUT_MORE[:2])),
        ("none_negative", ([0.7, 0.7, -0.4], LIKE_BUT_MORE)),
        ("everybody_is_possible", ([0.5, 0.0, 0.5], LIKE_BUT_MORE)),
        ("not_finite", ([0.5, float("nan"), 0.5], LIKE_BUT_MORE)),
    ],
}  # fmt: skip
