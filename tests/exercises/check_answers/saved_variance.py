"""Answers to the exercises of sheet 03 about the variance that averaging over the others saves."""

import numpy as np
import torch


def saved_by_loops(q, row, column):
    q, row, column = (np.asarray(x, dtype=float) for x in (q, row, column))
    total = 0.0
    for a in range(len(row)):
        scores = [(b == a) - row[b] for b in range(len(row))]
        advantages = [q[a, c] - row @ q[:, c] for c in range(len(column))]
        mean = sum(p * x for p, x in zip(column, advantages, strict=True))
        variance = sum(p * (x - mean) ** 2 for p, x in zip(column, advantages, strict=True))
        total += row[a] * sum(x * x for x in scores) * variance
    return total


def saved_by_estimates(q, row, column):
    """The two estimators' variances themselves, from all joint actions."""
    joint = row[:, None] * column
    scores = torch.eye(len(row)).to(q.dtype) - row
    coma = q - row @ q
    cra = (coma @ column)[:, None].expand_as(q)
    squares = [(joint * scores.square().sum(1)[:, None] * w**2).sum() for w in (coma, cra)]
    return squares[0] - squares[1]


def saved_by_einsum(q, row, column):
    coma = q - torch.einsum("a,ac->c", row, q)[None]
    variance = torch.einsum("ac,c->a", coma**2, column) - torch.einsum("ac,c->a", coma, column) ** 2
    length = 1 - 2 * row + (row**2).sum()
    return float(torch.einsum("a,a,a->", row, length, variance))


def saved_by_pairs(q, row, column):
    """The variance as half the mean squared difference of two independent moves."""
    total = 0.0
    for a, p in enumerate(row):
        coma = q[a] - row @ q
        variance = (column[:, None] * column * (coma[:, None] - coma) ** 2).sum() / 2
        total += p * ((torch.arange(len(row)) == a).to(row.dtype) - row).norm() ** 2 * variance
    return total


def length(row):
    return np.array([sum(((b == a) - float(p)) ** 2 for b, p in enumerate(row)) for a in range(len(row))])


def spread(q, row, column):
    coma, column = np.asarray(q) - np.asarray(row) @ np.asarray(q), np.asarray(column)
    return np.array([np.average((x - np.average(x, weights=column)) ** 2, weights=column) for x in coma])


def scored(change):
    """Σ π(a) change(π, a) Var(a): another number in place of the squared score."""

    def found(q, row, column):
        p = row.numpy()
        return sum(p[a] * change(p, a) * x for a, x in enumerate(spread(q, row, column)))

    return found


def varied(change):
    """Σ π(a) |score|² change(x, c): another number in place of the variance of COMA's advantages x under c."""

    def found(q, row, column):
        coma = (q - row @ q).numpy()
        return sum(float(p) * s * change(x, column.numpy()) for p, s, x in zip(row, length(row), coma, strict=True))

    return found


def based(baseline):
    """baseline(q, π), (A_2,) or a table, in place of COMA's."""

    def found(q, row, column):
        q, p, c = q.numpy(), row.numpy(), column.numpy()
        left = q - baseline(q, p)
        variance = [np.average((x - np.average(x, weights=c)) ** 2, weights=c) for x in left]
        return (p * length(row) * variance).sum()

    return found


def own(weights):
    return lambda q, row, column: np.sum(weights(row.numpy()) * length(row) * spread(q, row, column))


def terms(change):
    return lambda q, row, column: change(row.numpy() * length(row) * spread(q, row, column))


def eye(p, a):
    return np.eye(len(p))[a]


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


OWN, OTHER = np.array([0.0, 1.0, -1.0]), np.array([2.0, 3.0, -5.0])
ADDED = OWN[:, None] + OTHER[None]

RIGHT = {
    "saved_variance": [saved_by_loops, saved_by_estimates, saved_by_einsum, saved_by_pairs],
    "no_gain": [
        ADDED,
        torch.tensor([[0.0, 1.0, 2.0], [-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0]], dtype=torch.float32),
        [[6, 0, -3], [7, 1, -2], [2, -4, -7]],
        1e-5 * ADDED,
        OWN[:, None] * 0.01 + OTHER * 1000,
        [[-0.667, 0.333, 1.333], [-0.333, 0.667, 1.667], [-2, -1, 0]],
    ],
}

WRONG = {
    "saved_variance": [
        ("own_policy_left_out", lambda q, row, column: length(row) @ spread(q, row, column)),
        ("averaged_where_a_sum_is_due", lambda q, row, column: saved_by_loops(q, row, column) / len(row)),
        ("score_left_out", lambda q, row, column: np.asarray(row) @ spread(q, row, column)),
        ("score_not_squared", lambda q, row, column: np.asarray(row) * length(row) ** 0.5 @ spread(q, row, column)),
        ("only_own_entry_of_the_score", lambda q, row, column: np.sum(np.asarray(row) * np.square(1 - np.asarray(row)) * spread(q, row, column))),
        ("mean_not_taken_off", lambda q, row, column: np.sum(np.asarray(row * column[:, None] * ((q - row @ q) ** 2).T) * length(row))),
        ("deviation_instead_of_variance", lambda q, row, column: np.asarray(row) * length(row) @ np.sqrt(spread(q, row, column))),
        ("others_uniform", lambda q, row, column: saved_by_loops(q, row, torch.ones_like(column) / len(column))),
        ("variance_of_payoffs", lambda q, row, column: np.asarray(row) * length(row) @ spread(q, 0 * row, column)),
        ("wrong_sign", lambda q, row, column: -saved_by_estimates(q, row, column)),
        ("wrong_factor", lambda q, row, column: saved_by_estimates(q, row, column) / 2),
        ("arguments_exchanged", lambda q, row, column: saved_by_loops(q, column, row)),
        ("error", lambda q, row, column: q[:, 99] @ row),
        ("terms_not_summed", lambda q, row, column: np.asarray(row) * length(row) * spread(q, row, column)),
        ("own_policy_left_out", lambda q, row, column: spread(q, row, column).sum()),
        ("shape", lambda q, row, column: (q - row @ q) ** 2),
        ("another_result", lambda q, row, column: (row @ q @ column).sin()),
        ("plain_mean_over_own_actions", lambda q, row, column: np.mean(length(row) * spread(q, row, column))),
        ("own_policy_twice", own(np.square)),
        ("complement_of_own_policy", own(lambda p: 1 - p)),
        ("score_to_the_fourth", scored(lambda p, a: np.sum((eye(p, a) - p) ** 2) ** 2)),
        ("own_entry_not_squared", scored(lambda p, a: 1 - p[a])),
        ("own_entry_doubled", scored(lambda p, a: (1 - p[a]) ** 2 + (1 - p[a]) ** 2)),
        ("only_the_others_entries", scored(lambda p, a: sum(x * x for b, x in enumerate(p) if b != a))),
        ("only_own_entry_of_the_score", scored(lambda p, a: max((eye(p, a) - p) ** 2))),
        ("policy_for_score", scored(lambda p, a: p @ p)),
        ("probability_for_score", scored(lambda p, a: p[a] ** 2)),
        ("policy_added_in_score", scored(lambda p, a: np.sum((eye(p, a) + p) ** 2))),
        ("cross_term_forgotten", scored(lambda p, a: 1 + p @ p)),
        ("ones_everywhere", scored(lambda p, a: np.sum((1 - p) ** 2))),
        ("uniform_in_score", scored(lambda p, a: np.sum((eye(p, a) - 1 / len(p)) ** 2))),
        ("softmax_in_score", scored(lambda p, a: np.sum((eye(p, a) - softmax(p)) ** 2))),
        ("absolute_entries", scored(lambda p, a: np.abs(eye(p, a) - p).sum())),
        ("averaged_where_a_sum_is_due", scored(lambda p, a: np.mean((eye(p, a) - p) ** 2))),
        ("squares_over_the_wrong_axis", scored(lambda p, a: np.sum((np.eye(len(p)) - p)[:, a] ** 2))),
        ("gradient_of_the_probability", scored(lambda p, a: np.sum((p[a] * (eye(p, a) - p)) ** 2))),
        ("score_in_probabilities", scored(lambda p, a: p[a] ** -2.0)),
        ("log_probability_for_score", scored(lambda p, a: np.log(p[a]) ** 2)),
        ("mean_score_for_all", lambda q, row, column: np.average(length(row), weights=row) * (row.numpy() @ spread(q, row, column))),
        ("always_zero", scored(lambda p, a: np.sum(eye(p, a) - p) ** 2)),
        ("always_zero", lambda q, row, column: (row @ (q - row @ q)).square().sum()),
        ("mean_not_squared", varied(lambda x, c: c @ x**2 - c @ x)),
        ("squared_mean_added", varied(lambda x, c: c @ x**2 + (c @ x) ** 2)),
        ("squared_mean", varied(lambda x, c: (c @ x) ** 2)),
        ("mean_for_variance", varied(lambda x, c: c @ x)),
        ("variance_left_out", varied(lambda x, c: 1.0)),
        ("absolute_deviations", varied(lambda x, c: c @ np.abs(x - c @ x))),
        ("to_the_fourth", varied(lambda x, c: c @ (x - c @ x) ** 4)),
        ("range_for_variance", varied(lambda x, c: np.ptp(x))),
        ("plain_mean_taken_off", varied(lambda x, c: c @ (x - np.mean(x)) ** 2)),
        ("plain_mean_of_squares", varied(lambda x, c: np.mean((x - c @ x) ** 2))),
        ("sum_of_squares", varied(lambda x, c: np.sum((x - c @ x) ** 2))),
        ("one_mean_for_all", lambda q, row, column: row.numpy() * length(row) @ ((x := (q - row @ q).numpy()) - np.mean(x @ column.numpy())) ** 2 @ column.numpy()),
        ("unbiased", varied(lambda x, c: c @ (x - c @ x) ** 2 * len(c) / (len(c) - 1))),
        ("others_uniform_and_unbiased", lambda q, row, column: (row * (q - row @ q).var(1) * torch.tensor(length(row))).sum()),
        ("variance_divided", varied(lambda x, c: np.mean(c * (x - c @ x) ** 2))),
        ("variance_of_weighted_advantages", varied(lambda x, c: np.var(c * x))),
        ("weights_squared", varied(lambda x, c: np.sum(c**2 * (x - c @ x) ** 2))),
        ("summed_without_weights", varied(lambda x, c: np.sum((x - np.sum(x)) ** 2))),
        ("softmax_of_column", varied(lambda x, c: (p := softmax(c)) @ (x - p @ x) ** 2)),
        ("own_policy_missing_from_baseline", based(lambda q, p: np.mean(q, axis=0))),
        ("best_taken_off", based(lambda q, p: np.max(q, axis=0))),
        ("likeliest_action_taken_off", based(lambda q, p: q[np.argmax(p)])),
        ("baseline_added", based(lambda q, p: -np.average(q, axis=0, weights=p))),
        ("baseline_without_weights", based(lambda q, p: np.sum(q, axis=0))),
        ("baseline_divided", based(lambda q, p: np.mean(p[:, None] * q, axis=0))),
        ("baseline_not_summed", based(lambda q, p: p[:, None] * q)),
        ("variance_of_the_baseline", lambda q, row, column: sum(row.numpy() * length(row)) * spread(torch.stack([row @ q, 0 * column]), torch.zeros(2), column)[0]),
        ("variance_of_payoffs", based(lambda q, p: np.mean(q))),
        ("players_exchanged", lambda q, row, column: saved_by_loops(q.T, column, row)),
        ("variances_alone", spread),
        ("root_taken", terms(lambda x: np.sqrt(np.sum(x)))),
        ("first_action_only", terms(lambda x: x[0])),
        ("last_action_only", terms(lambda x: x[len(x) - 1])),
        ("last_action_left_out", terms(lambda x: np.sum(x[:-1]))),
        ("first_action_left_out", terms(lambda x: np.sum(x[1:]))),
        ("largest_action_only", terms(np.max)),
        ("mean_score_for_all", lambda q, row, column: (row.numpy() @ length(row)) * (row.numpy() @ spread(q, row, column))),
        ("own_policy_left_out", lambda q, row, column: length(row) @ spread(q, 0 * row, column)),
        ("only_own_entry_of_the_score", lambda q, row, column: float((row * (1 - row) ** 2) @ (q - row @ q).var(1, correction=0))),
    ],
    "no_gain": [
        ("three_by_three", ADDED[:2]),
        ("three_by_three", 0.0),
        ("own_actions_differ", np.zeros((3, 3))),
        ("own_actions_differ", OTHER[None].repeat(3, 0)),
        ("columns_differ", OWN[:, None].repeat(3, 1)),
        ("payoffs_average_to_zero", ADDED + 1),
        ("product", OWN[:, None] * OTHER),
        ("product", np.outer([1, 2, 3], [1, 2, 4]) - 14 / 3),
        ("one_payoff_off", ADDED + np.diag([0, 3, 0]) - 1 / 3),
        ("two_payoffs_off", ADDED + np.array([[2, 0, 0], [0, 0, 0], [0, -2, 0]])),
        ("no_interaction", [[-3, -1, 1], [-1, 0, 1], [-2, 1, 4]]),
        ("no_interaction", 3 * np.eye(3) - 1),
        ("no_interaction", 1e-4 * (3 * np.eye(3) - 1)),
        ("finite", 1e7 * ADDED),
        ("not_finite", ADDED * np.inf),
        ("no_numbers", "none"),
        ("no_value", lambda: ADDED),
    ],
}  # fmt: skip
