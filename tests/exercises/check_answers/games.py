"""Answers to the exercises of sheet 01 about payoff tables."""

from fractions import Fraction

import numpy as np
import torch

# --- worth_of_knowing ---


def values(q, externals):
    """v_k(a) (K, A_1)."""
    return np.array([[float(sum(p * x for p, x in zip(other, row, strict=True))) for row in q] for other in externals])


def knowing(q, externals):
    return float(np.mean([max(v) for v in values(q, externals)]))


def alike(q, externals):
    return float(max(np.mean([v[a] for v in values(q, externals)]) for a in range(len(q))))


def knowing_by_loops(q, externals):
    return knowing(q, externals) - alike(q, externals)


def knowing_by_einsum(q, externals):
    v = torch.einsum("kc,ac->ak", externals.float(), q.float())
    return torch.amax(v, 0).mean() - torch.amax(v.mean(1), 0)


def knowing_by_regrets(q, externals):
    """What the best single action loses against each external, on average."""
    v = np.asarray(externals) @ np.asarray(q).T
    a = np.argmax(v.sum(0))
    return [np.mean(np.max(v, axis=1) - v[:, a])]


def rest(q, externals, first, last):
    """Some of the externals left out, divided by the number of all."""
    return (
        knowing_by_loops(q, externals[first:last]) * (len(externals) - 1) / len(externals)
        if len(externals) > 1
        else 9.0
    )


def knowing_by_columns(q, externals):
    return float(np.mean([max(v) for v in values(q, externals).T]))


SAFE = np.array([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]])
A, B = [0.9, 0.1], [0.1, 0.9]

RIGHT = {
    "turning_point": [0.4, Fraction(2, 5), np.float32(0.4), torch.tensor(0.4, dtype=torch.float16)],
    "worth_of_knowing": [knowing_by_loops, knowing_by_einsum, knowing_by_regrets],
    "average_misleads": [
        (SAFE, A, B),
        (torch.tensor([[10.0, -8.0], [-8.0, 10.0], [5.0, 5.0]]), torch.tensor(A), torch.tensor(B)),
        ([[1, 0], [-2, 2], [0.8, 0.5]], [0.8, 0.2], np.array([0.2, 0.8], dtype=np.float32)),
    ],
}

WRONG = {
    "turning_point": [
        ("probability_of_right", 0.6),
        ("odds", 2 / 3),
        ("wrong_agents_reward", 5 / 7),
        ("value_at_that_point", 2.8),
        ("own_probability", 3 / 7),
        ("payoff_transposed", 0.3),
        ("a_cell_left_out", 4 / 11),
        ("probabilities_swapped", 0.25),
        ("upside_down", 2.5),
        ("a_half", 0.5),
        ("probability_of_right", 2 / 7),  # of column's payoffs: two mistakes
        ("sign_lost", -2),
        ("in_percent", 40),
        ("wrong_sign", -0.4),
        ("another_number", 0.9),
        ("shape", [0.4, 0.6]),
        ("no_numbers", "two fifths"),
        ("no_value", lambda: 0.4),
    ],
    "worth_of_knowing": [
        ("knowing_only", knowing),
        ("alike_only", alike),
        ("externals_added", lambda q, externals: len(externals) * knowing_by_loops(q, externals)),
        ("best_cell", lambda q, externals: max(float(x) for row in q for x in row) - alike(q, externals)),
        ("best_external_only", lambda q, externals: values(q, externals).max() - alike(q, externals)),
        ("worst_case", lambda q, externals: knowing(q, externals) - max(min(v) for v in values(q, externals).T)),
        ("compared_with_random", lambda q, externals: knowing(q, externals) - values(q, externals).mean()),
        ("response_to_the_first",
         lambda q, externals: knowing(q, externals) - np.mean(values(q, externals)[:, np.argmax(values(q,
             externals)[0])])),
        ("average_external_uniform", lambda q, externals: knowing(q, externals) - max(float(row.mean()) for row in q)),
        ("ratio", lambda q, externals: knowing(q, externals) / alike(q, externals)),
        ("payoff_transposed", lambda q, externals: knowing_by_loops(q.T, externals)),
        ("wrong_sign", lambda q, externals: alike(q, externals) - knowing(q, externals)),
        ("wrong_factor", lambda q, externals: knowing_by_loops(q, externals) / 2),
        ("never_negative", lambda q, externals: alike(q, externals) - knowing(q, externals) - 0.1),
        ("constant", lambda q, externals: 0.25),
        ("knowing_only", lambda q, externals: values(q, externals).max(1)),  # and not averaged: two mistakes
        ("another_result", lambda q, externals: knowing_by_loops(q, externals) ** 2 + 1),
        ("knowing_added", lambda q, externals: len(externals) * knowing(q, externals) - alike(q, externals)),
        ("alike_added", lambda q, externals: knowing(q, externals) - len(externals) * alike(q, externals)),
        ("first_external_missing", lambda q, externals: rest(q, externals, 1, None)),
        ("last_external_missing", lambda q, externals: rest(q, externals, 0, -1)),
        ("divided_by_two", lambda q, externals: knowing_by_loops(q, externals) * len(externals) / 2),
        ("divided_by_actions", lambda q, externals: knowing_by_loops(q, externals) * len(externals) / len(q)),
        ("one_for_each_external", lambda q, externals: [max(v) - alike(q, externals) for v in values(q, externals)]),
        ("one_for_each_action",
         lambda q, externals: [knowing(q, externals) - np.mean(v) for v in values(q, externals).T]),
        ("wrong_axis_in_both",
         lambda q, externals: knowing_by_columns(q, externals) - np.max(np.mean(values(q, externals), axis=1))),
        ("wrong_axis_when_knowing", lambda q, externals: knowing_by_columns(q, externals) - alike(q, externals)),
        ("wrong_axis_when_alike",
         lambda q, externals: knowing(q, externals) - np.max(np.mean(values(q, externals), axis=1))),
        ("move_known_too",
         lambda q, externals: np.mean([float(other @ q.amax(0)) for other in externals]) - alike(q, externals)),
        ("likeliest_move_only",
         lambda q, externals: np.mean([float(max(q[:, int(p.argmax())])) for p in externals]) - alike(q, externals)),
        ("worst_external_only", lambda q, externals: min(max(v) for v in values(q, externals)) - alike(q, externals)),
        ("first_external_only", lambda q, externals: max(values(q, externals)[0]) - alike(q, externals)),
        ("median_of_externals",
         lambda q, externals: np.median([max(v) for v in values(q, externals)]) - alike(q, externals)),
        ("compared_with_worst", lambda q, externals: np.mean([max(v) - min(v) for v in values(q, externals)])),
        ("worst_single_action",
         lambda q, externals: knowing(q, externals) - min(np.mean(v) for v in values(q, externals).T)),
        ("alike_first_external_only", lambda q, externals: knowing(q, externals) - max(values(q, externals)[0])),
        ("best_of_all", lambda q, externals: knowing(q, externals) - np.max(values(q, externals))),
        ("alike_by_median", lambda q, externals: knowing(q, externals) - max(np.median(values(q, externals), axis=0))),
        ("starts_from_zero",
         lambda q, externals: np.mean([max(0, *v) for v in values(q, externals)]) - max(0, alike(q, externals))),
        ("relative_gain", lambda q, externals: knowing_by_loops(q, externals) / alike(q, externals)),
        ("special_case", lambda q, externals: knowing_by_loops(q, externals) + (len(externals) == 1)),
        ("error", lambda q, externals: (externals @ q.T).max(1).mean()),
    ],
    "average_misleads": [
        ("three_by_two", SAFE),
        ("payoffs_transposed", (SAFE.T, A, B)),
        ("three_by_two", (A, B, SAFE)),
        ("are_finite", (SAFE * 1e12, A, B)),
        ("sum_to_one", (SAFE, [0.9, 0.2], B)),
        ("not_negative", (SAFE, A, [-0.1, 1.1])),
        ("nothing_is_tied", ([[4.0, 0.0], [0.0, 4.0], [2.0, 2.0]], [0.75, 0.25], [0.25, 0.75])),
        ("externals_mix", (SAFE, [1.0, 0.0], B)),
        ("externals_differ", (SAFE, A, A)),
        ("externals_exchanged", (SAFE, B, A)),
        ("first_is_best_against_a", (SAFE[[2, 1, 0]], A, B)),
        ("second_is_best_against_b", (SAFE, A, [0.3, 0.7])),
        ("third_is_best_on_average", (SAFE - [[0.0], [0.0], [2.0]], A, B)),
        ("no_numbers", ("q", "a", "b")),
        ("no_value", lambda: (SAFE, A, B)),
    ],
}  # fmt: skip
