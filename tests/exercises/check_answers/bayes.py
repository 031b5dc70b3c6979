"""Answers to the exercises of sheet 06: Bayes' rule."""

from fractions import Fraction

import numpy as np
import torch
from scipy.special import log_softmax, logsumexp


def softmax(x):
    x = np.exp(np.asarray(x) - np.max(np.asarray(x), -1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


# --- bayes_predictor ---


def bayes_by_numpy(prior, policies, states, moves):
    prior, policies = np.asarray(prior, dtype=float), np.asarray(policies, dtype=float)
    logs = np.log(prior) + np.log(policies[:, np.asarray(states, dtype=int), np.asarray(moves, dtype=int)]).sum(1)
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


def bayes_by_logs(logs, policies, states, moves):
    """From the logarithms of a prior."""
    for s, a in zip(states, moves, strict=True):
        logs = logs + policies[:, s, a].log()
    return mix(softmax(logs), policies)


def posterior(prior, policies, states, moves):
    """The posterior (K,), to many digits."""
    logs = [
        x + sum(p[s, a].log().item() for s, a in zip(states, moves, strict=True))
        for x, p in zip(prior.log(), policies, strict=True)
    ]
    return np.exp(log_softmax(np.array(logs, dtype=float)))


def mix(weights, policies):
    return np.einsum("k,ksa->sa", np.asarray(weights), np.asarray(policies))


def bayes_by_sets(prior, policies, states, moves):
    pairs = sorted(set(zip(states.tolist(), moves.tolist(), strict=True)))
    return bayes_by_numpy(prior, policies, [s for s, _ in pairs], [a for _, a in pairs])


RIGHT = {
    "posterior_by_hand": [
        [0.6098, 0.3122, 0.078],
        (Fraction(25, 41), Fraction(64, 205), Fraction(16, 205)),
        np.array([0.61, 0.312, 0.078], dtype=np.float16),
        torch.tensor([0.0625, 0.032, 0.008]) / 0.1025,
    ],
    "bayes_predictor": [bayes_by_numpy, bayes_move_by_move, bayes_by_counts],
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
        ("prior_at_every_move", np.array([125.0, 16.0, 4.0]) / 145),
        ("softmax_of_weights", softmax([0.0625, 0.032, 0.008])),
        ("heads_for_tails", np.array([0.5, 1.024, 0.016]) / 1.54),
        ("first_move_only", [0.5, 0.4, 0.1]),
        ("last_move_only", (Fraction(1, 2), Fraction(1, 10), Fraction(2, 5))),
        ("one_of_each", np.array([0.125, 0.04, 0.04]) / 0.205),
        ("times_heads", [0.3049, 0.2498, 0.0156]),
        ("next_move", 0.5702),
        ("in_percent", [60.98, 31.22, 7.8]),
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
        ("not_normalised", bayes_not_normalised),
        ("transposed", lambda prior, policies, states, moves: bayes_by_numpy(prior, policies, states, moves).T),
        ("states_and_moves_exchanged", lambda prior, policies, states, moves: bayes_by_numpy(prior, policies, moves, states)),
        ("last_pair_left_out", lambda prior, policies, states, moves: bayes_by_numpy(prior, policies, states[:-1], moves[:-1])),
        ("is_a_policy", lambda prior, policies, states, moves: bayes_by_numpy(prior, policies, states, moves) ** 1.5),
        ("all_alike_if_nothing_was_watched", lambda prior, policies, states, moves: bayes_by_numpy(prior, policies, states, moves) if len(moves) else np.ones(policies.shape[1:]) / policies.shape[2]),
        ("no_prior_if_nothing_was_watched", lambda prior, policies, states, moves: bayes_by_numpy(prior, policies, states, moves) if len(moves) else np.average(policies, axis=0)),
        ("all_externals_alike", lambda prior, policies, states, moves: sum(policies) / len(prior)),
        ("prior_at_every_move_too", lambda prior, policies, states, moves: bayes_by_logs(prior.log() * (1 + len(moves)), policies, states, moves)),
        ("softmax_twice", lambda *given: mix(softmax(posterior(*given)), given[1])),
        ("divided_by_the_largest", lambda *given: mix(posterior(*given) / posterior(*given).max(), given[1])),
        ("geometric_mean", lambda *given: softmax(mix(posterior(*given), given[1].log()))),
        ("first_move_only", lambda prior, policies, states, moves: bayes_move_by_move(prior, policies, states[:1], moves[:1])),
        ("first_pair_left_out", lambda prior, policies, states, moves: bayes_by_numpy(prior, policies, states[1:], moves[1:])),
        ("last_pair_left_out", lambda prior, policies, states, moves: bayes_by_counts(prior, policies, states[:-1], moves[:-1])),
        ("repetitions_left_out", bayes_by_sets),
        ("watched_states_only", lambda prior, policies, states, moves: [bayes_by_numpy(prior, policies, states, moves)[s] for s in states.tolist()] or np.zeros((0, policies.shape[2]))),
        ("special_case", lambda prior, policies, states, moves: bayes_by_numpy(prior, policies, states, moves) if len(moves) < 500 else bayes_move_by_move(prior, policies, [], moves[:0])),
        ("special_case", lambda prior, policies, states, moves: bayes_by_logs(prior.log(), policies, *zip(*zip(states, moves, strict=True), strict=True))),
    ],
}  # fmt: skip
