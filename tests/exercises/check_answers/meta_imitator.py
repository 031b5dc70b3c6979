"""Answers to the exercises of sheet 06."""

from fractions import Fraction

import numpy as np
import torch
from scipy.special import log_softmax, logsumexp, rel_entr

# --- bayes_predictor ---


def bayes_by_numpy(prior, policies, states, moves):
    prior, policies = np.asarray(prior, dtype=float), np.asarray(policies, dtype=float)
    logs = np.log(prior) + np.log(policies[:, np.asarray(states), np.asarray(moves)]).sum(1)
    return np.einsum("k,ksa->sa", np.exp(logs - logsumexp(logs)), policies).astype(np.float32)


def bayes_move_by_move(prior, policies, states, moves):
    """Yesterday's posterior is today's prior."""
    weights = prior.clone()
    for s, a in zip(states.tolist(), moves.tolist(), strict=True):
        weights = weights * policies[:, s, a]
        weights = weights / weights.sum()
    return (weights[:, None, None] * policies).sum(0)


def bayes_by_counts(prior, policies, states, moves):
    K, S, A = policies.shape
    counts = torch.bincount(states * A + moves, minlength=S * A).to(policies.dtype)
    weights = torch.softmax(prior.log() + policies.log().reshape(K, -1) @ counts, 0)
    return torch.tensordot(weights, policies, ([0], [0]))


def bayes_by_products(prior, policies, states, moves, norm=True):
    """As in the lesson, in loops."""
    weights = []
    for k in range(len(prior)):
        likelihood = float(prior[k])
        for s, a in zip(states.tolist(), moves.tolist(), strict=True):
            likelihood *= float(policies[k, s, a])
        weights.append(likelihood)
    weights = np.array(weights)
    with np.errstate(invalid="ignore"):
        return np.tensordot(weights / weights.sum() if norm else weights, np.asarray(policies), 1)


def bayes_not_normalised(prior, policies, states, moves):
    return bayes_by_products(prior, policies, states, moves, norm=False)


def bayes_by_a_wrong_softmax(prior, policies, states, moves):
    w = prior
    for s, a in zip(states, moves, strict=True):
        w = w * policies[:, s, a]
    return np.einsum("k,ksa->sa", w.softmax(0).numpy(), policies.numpy())


def bayes_added(prior, policies, states, moves):
    total = sum((policies[:, s, a] for s, a in zip(states, moves, strict=True)), torch.zeros_like(prior))
    return torch.einsum("k,ksa->sa", prior * total / (prior @ total), policies)


def bayes_by_logarithms(prior, policies, states, moves):
    logs = prior.log() + policies[:, states, moves].log().sum(1)
    return torch.einsum("k,ksa->sa", logs / logs.sum(), policies)


def bayes_most_likely(prior, policies, states, moves):
    logs = np.log(prior.numpy())
    for s, a in zip(states.tolist(), moves.tolist(), strict=True):
        logs = logs + np.log(policies[:, s, a].numpy())
    return policies[logs.argmax()]


def bayes_in_each_state(prior, policies, states, moves):
    found = [
        bayes_by_numpy(prior, policies, states[states == s], moves[states == s])[s] for s in range(policies.shape[1])
    ]
    return np.array(found)


def bayes_without_states(prior, policies, states, moves):
    mean = policies.mean(1, keepdim=True).expand_as(policies)
    logs = np.log(prior.numpy()) + np.log(mean[:, states, moves].numpy()).sum(1)
    return np.tensordot(np.exp(log_softmax(logs)), policies.numpy(), 1)


def bayes_of_means(prior, policies, states, moves):
    likelihoods = policies.movedim(0, 2)[states, moves]  # (n, K)
    return torch.einsum("k,ksa->sa", (prior.log() + likelihoods.log().mean(0)).softmax(0), policies)


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


THIRDS = [Fraction(1, 3)] * 3
LIKE_BUT_MORE = [[0.6, 0.4], [0.9, 0.1], [0.1, 0.9]]

RIGHT = {
    "posterior_by_hand": [
        [0.6098, 0.3122, 0.078],
        (Fraction(25, 41), Fraction(64, 205), Fraction(16, 205)),
        np.array([0.61, 0.312, 0.078], dtype=np.float16),
        torch.tensor([0.0625, 0.032, 0.008]) / 0.1025,
    ],
    "bayes_predictor": [bayes_by_numpy, bayes_move_by_move, bayes_by_counts],
    "watched_loss": [loss_by_loops, loss_by_numpy, loss_by_one_hot, loss_of_those_watched],
    "excess_nats": [excess_by_loops, excess_by_scipy, excess_by_torch, excess_by_difference],
    "misleading_move": [
        (THIRDS, LIKE_BUT_MORE),
        (torch.tensor([0.34, 0.33, 0.33]), torch.tensor([[0.4, 0.6], [0.01, 0.99], [0.9, 0.1]])),
        (np.array([0.2, 0.4, 0.4], dtype=np.float32), np.array([[0.55, 0.45], [0.99, 0.01], [0.2, 0.8]])),
    ],
}

WRONG = {
    "posterior_by_hand": [
        ("prior_left_out", [0.4386, 0.4491, 0.1123]),
        ("likelihoods_added", [0.5, 0.3, 0.2]),
        ("not_normalised", [0.0625, 0.032, 0.008]),
        ("likelihoods_alone", [0.125, 0.128, 0.032]),
        ("tails_left_out", [0.4237, 0.5424, 0.0339]),
        ("last_move_only", [0.5, 0.1, 0.4]),
        ("heads_and_tails_swapped", [0.6098, 0.078, 0.3122]),
        ("most_likely_only", [1, 0, 0]),
        ("nothing_watched", [0.5, 0.25, 0.25]),
        ("shape", [0.6098]),
        ("another_number", [0.6098, 0.2, 0.1902]),
        ("no_numbers", {"first": 0.6098}),
    ],
    "bayes_predictor": [
        ("underflow", bayes_by_products),
        ("nothing_watched", lambda prior, policies, states, moves: np.average(policies, axis=0, weights=prior)),
        ("prior_left_out", lambda prior, policies, states, moves: bayes_by_numpy(prior / prior, policies, states, moves)),
        ("prior_at_every_move", lambda prior, policies, states, moves: np.tensordot(np.exp(log_softmax((prior[:, None] * policies[:, states, moves]).log().sum(1).numpy())), policies.numpy(), 1)),
        ("likelihoods_added", bayes_added),
        ("softmax_of_probabilities", bayes_by_a_wrong_softmax),
        ("averaged_where_a_sum_is_due", bayes_of_means),
        ("prior_without_logarithm", lambda prior, policies, states, moves: bayes_by_numpy(prior.exp(), policies, states, moves)),
        ("logarithms_as_weights", bayes_by_logarithms),
        ("most_likely_external", bayes_most_likely),
        ("last_move_only", lambda prior, policies, states, moves: bayes_move_by_move(prior, policies, states[-1:], moves[-1:])),
        ("states_ignored", bayes_without_states),
        ("each_state_for_itself", bayes_in_each_state),
        ("is_a_policy", bayes_not_normalised),
        ("shape", lambda prior, policies, states, moves: bayes_by_numpy(prior, policies, states, moves).T),
        ("error", lambda prior, policies, states, moves: bayes_by_numpy(prior, policies, moves, states)),
        ("another_result", lambda prior, policies, states, moves: bayes_by_numpy(prior, policies, states[:-1], moves[:-1])),
    ],
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
        ("wrong_sign", lambda log_policy, actions, weights: -loss_by_one_hot(log_policy, actions, weights)),
        ("shape", lambda log_policy, actions, weights: every(log_policy, actions)),
        ("error", lambda log_policy, actions, weights: log_policy.gather(2, actions)),
        ("another_result", lambda log_policy, actions, weights: loss_by_loops(log_policy.exp(), actions, weights)),
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
        ("shape", lambda visits, external, predicted: rel_entr(external.numpy(), predicted.numpy()).sum(1)),
        ("error", lambda visits, external, predicted: visits @ external @ predicted),
        ("another_result", lambda visits, external, predicted: np.average((external - predicted).abs().sum(1), weights=visits)),
    ],
    "misleading_move": [
        ("shapes", (THIRDS, LIKE_BUT_MORE[:2])),
        ("shapes", LIKE_BUT_MORE),
        ("are_policies", ([0.5, 0.5, 0.5], LIKE_BUT_MORE)),
        ("are_policies", (THIRDS, [[0.6, 0.6], [0.9, 0.1], [0.1, 0.9]])),
        ("all_possible", (THIRDS, [[0.6, 0.4], [1.0, 0.0], [0.1, 0.9]])),
        ("likeliest_is_one", (THIRDS, [[0.5, 0.5], [0.9, 0.1], [0.1, 0.9]])),
        ("externals_differ", (THIRDS, [[0.6, 0.4]] * 3)),
        ("error_rises", (THIRDS, [[0.9, 0.1], [0.6, 0.4], [0.1, 0.9]])),
        ("error_rises", ([0.98, 0.01, 0.01], LIKE_BUT_MORE)),
        ("no_numbers", "three externals"),
        ("no_value", lambda: (THIRDS, LIKE_BUT_MORE)),
    ],
}  # fmt: skip
