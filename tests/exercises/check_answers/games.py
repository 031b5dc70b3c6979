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
        ("value_at_that_point", 1.6),
        ("own_probability", 3 / 7),
        ("payoff_transposed", 0.2),
        ("a_cell_left_out", 1 / 3),
        ("sign_lost", -2),
        ("in_percent", 40),
        ("wrong_sign", -0.4),
        ("another_number", 0.5),
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
        ("response_to_the_first", lambda q, externals: knowing(q, externals) - np.mean(values(q, externals)[:, np.argmax(values(q, externals)[0])])),
        ("average_external_uniform", lambda q, externals: knowing(q, externals) - max(float(row.mean()) for row in q)),
        ("ratio", lambda q, externals: knowing(q, externals) / alike(q, externals)),
        ("payoff_transposed", lambda q, externals: knowing_by_loops(q.T, externals)),
        ("wrong_sign", lambda q, externals: alike(q, externals) - knowing(q, externals)),
        ("wrong_factor", lambda q, externals: knowing_by_loops(q, externals) / 2),
        ("never_negative", lambda q, externals: alike(q, externals) - knowing(q, externals) - 0.1),
        ("another_result", lambda q, externals: 0.25),
        ("shape", lambda q, externals: values(q, externals).max(1)),
        ("error", lambda q, externals: (externals @ q.T).max(1).mean()),
    ],
    "average_misleads": [
        ("three_by_two", SAFE),
        ("three_by_two", (SAFE.T, A, B)),
        ("are_policies", (SAFE, [0.9, 0.2], B)),
        ("are_policies", (SAFE, A, [-0.1, 1.1])),
        ("externals_mix", (SAFE, [1.0, 0.0], B)),
        ("externals_differ", (SAFE, A, A)),
        ("first_is_best_against_a", (SAFE, B, A)),
        ("first_is_best_against_a", (SAFE[[2, 1, 0]], A, B)),
        ("second_is_best_against_b", (SAFE, A, [0.3, 0.7])),
        ("third_is_best_on_average", (SAFE - [[0.0], [0.0], [2.0]], A, B)),
        ("no_numbers", ("q", "a", "b")),
        ("no_value", lambda: (SAFE, A, B)),
    ],
}  # fmt: skip
