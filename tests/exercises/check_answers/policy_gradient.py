"""Answers to the exercises of sheet 03."""

from fractions import Fraction

import numpy as np
import torch

from micra_lite.regret import policy_gradient_objective

# --- score ---


def score_by_loops(row, a):
    return [(1.0 if b == a else 0.0) - float(row[b]) for b in range(len(row))]


def score_by_autograd(row, a):
    logits = row.log().requires_grad_()
    return torch.autograd.grad(logits.log_softmax(0)[a], logits)[0]


def score_by_numpy(row, a):
    return (np.arange(len(row)) == a).astype(np.float32) - np.asarray(row, dtype=np.float32)


# --- exact_gradient ---


def gradient_by_loops(d, policy, values):
    S, A = policy.shape
    g = np.zeros((S, A))
    for s in range(S):
        for a in range(A):
            for b in range(A):
                g[s, b] += float(d[s] * policy[s, a] * (float(a == b) - policy[s, b]) * values[s, a])
    return g


def gradient_by_autograd(d, policy, values):
    logits = policy.log().requires_grad_()
    return torch.autograd.grad((d[:, None] * logits.softmax(1) * values).sum(), logits)[0].float()


def gradient_by_einsum(d, policy, values):
    d, policy, values = (np.asarray(x) for x in (d, policy, values))
    return np.einsum("s,sb,sa,sab->sb", d, policy, policy, values[:, None, :] - values[:, :, None])


def regret(policy, values):
    policy, values = np.asarray(policy), np.asarray(values)
    return values - np.sum(policy * values, axis=1)[:, None]


def col(d):
    return np.asarray(d)[:, None]


# --- objective ---


def objective_by_einsum(log_policy, advantage):
    return torch.einsum("ba,ba->", log_policy.exp(), advantage.detach()) / len(advantage)


def objective_by_logs(log_policy, advantage):
    """The score-function form: weights that carry no gradient times log probabilities."""
    return ((log_policy.exp() * advantage).detach() * log_policy).sum() / log_policy.shape[0]


def objective_by_loops(log_policy, advantage):
    with torch.no_grad():
        weight = advantage.clone()
    return sum(p @ w for p, w in zip(log_policy.exp(), weight, strict=True)) / len(weight)


def objective_from_logits(log_policy, advantage):
    return (torch.softmax(log_policy.float(), 1) * advantage.detach().float()).sum(-1).mean()


# --- regret_from_draws, saved_variance ---


def draws_by_numpy(q, row, drawn):
    q, row = np.asarray(q, dtype=np.float32), np.asarray(row, dtype=np.float32)
    often = np.bincount(np.asarray(drawn), minlength=q.shape[1]) / len(drawn)
    return q @ often - row @ q @ often


def draws_by_loops(q, row, drawn):
    found = []
    for a in range(len(row)):
        terms = [float(q[a, c]) - sum(float(p) * float(x) for p, x in zip(row, q[:, c], strict=True)) for c in drawn]
        found.append(sum(terms) / len(terms))
    return found


def draws_by_einsum(q, row, drawn):
    often = torch.nn.functional.one_hot(drawn, q.shape[1]).to(q.dtype).mean(0)
    return torch.einsum("ac,c->a", q, often) - torch.einsum("a,ac,c->", row, q, often)


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


def length(row):
    return np.array([sum(((b == a) - float(p)) ** 2 for b, p in enumerate(row)) for a in range(len(row))])


def spread(q, row, column):
    coma, column = np.asarray(q) - np.asarray(row) @ np.asarray(q), np.asarray(column)
    return np.array([np.average((x - np.average(x, weights=column)) ** 2, weights=column) for x in coma])


OWN, OTHER = np.array([0.0, 1.0, -1.0]), np.array([2.0, 3.0, -5.0])
ADDED = OWN[:, None] + OTHER[None]

RIGHT = {
    "gradient_by_hand": [
        [0.75, -0.625, -0.125],
        (Fraction(3, 4), Fraction(-5, 8), Fraction(-1, 8)),
        np.array([0.75, -0.625, -0.125], dtype=np.float16),
        torch.tensor([0.75, -0.625, -0.125]),
    ],
    "score": [score_by_loops, score_by_autograd, score_by_numpy],
    "exact_gradient": [gradient_by_loops, gradient_by_autograd, gradient_by_einsum],
    "objective": [
        objective_by_einsum,
        objective_by_logs,
        objective_by_loops,
        objective_from_logits,
        policy_gradient_objective,
    ],
    "regret_from_draws": [draws_by_numpy, draws_by_loops, draws_by_einsum],
    "saved_variance": [saved_by_loops, saved_by_estimates, saved_by_einsum],
    "no_gain": [
        ADDED,
        torch.tensor([[0.0, 1.0, 2.0], [-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0]], dtype=torch.float32),
        [[6, 0, -3], [7, 1, -2], [2, -4, -7]],
    ],
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
        ("shape", [0.75, -0.75]),
        ("another_number", [0.5, -0.25, -0.25]),
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
        ("adds_up_to_zero", lambda row, a: torch.eye(len(row))[a].to(row.dtype) - 2 * row),
        ("changes_arguments", lambda row, a: row.neg_()),
        ("shape", lambda row, a: 1 - row[a]),
        ("error", lambda row, a: torch.eye(row)[a]),
    ],
    "exact_gradient": [
        ("visits_left_out", lambda d, policy, values: gradient_by_loops(d / d, policy, values)),
        ("visits_normalised", lambda d, policy, values: gradient_by_loops(d / d.sum(), policy, values)),
        ("probability_forgotten", lambda d, policy, values: col(d) * regret(policy, values)),
        ("probability_twice", lambda d, policy, values: np.asarray(policy) * gradient_by_loops(d, policy, values)),
        ("baseline_forgotten", lambda d, policy, values: torch.einsum("s,sa,sa->sa", d, policy, values)),
        ("own_policy_missing_from_baseline", lambda d, policy, values: col(d) * np.asarray(policy) * regret(torch.ones_like(policy) / policy.shape[1], values)),
        ("one_baseline_for_all_states", lambda d, policy, values: d[:, None] * policy * (values - sum(p @ v for p, v in zip(policy, values, strict=True)) / len(d))),
        ("states_summed", lambda d, policy, values: sum(gradient_by_loops(d, policy, values))),
        ("states_averaged", lambda d, policy, values: gradient_by_loops(d, policy, values) / len(d)),
        ("wrong_sign", lambda d, policy, values: gradient_by_loops(-d, policy, values)),
        ("wrong_factor", lambda d, policy, values: 3 * gradient_by_einsum(d, policy, values)),
        ("adds_up_to_zero", lambda d, policy, values: d[:, None] * policy * (values - values.max(1, keepdim=True).values)),
        ("error", lambda d, policy, values: d * policy * values),
        ("shape", lambda d, policy, values: gradient_by_loops(d, policy, values).T),
    ],
    "objective": [
        ("gradient_not_stopped", lambda log_policy, advantage: torch.einsum("ba,ba->", log_policy.exp(), advantage) / len(advantage)),
        ("wrong_way_round", lambda log_policy, advantage: -objective_by_logs(log_policy, advantage)),
        ("wrong_way_round", lambda log_policy, advantage: torch.einsum("ba,ba->", log_policy.exp().detach(), advantage) / len(advantage)),
        ("log_instead_of_probability", lambda log_policy, advantage: torch.einsum("ba,ba->", log_policy, advantage.detach()) / len(advantage)),
        ("log_too", lambda log_policy, advantage: torch.einsum("ba,ba,ba->", log_policy.exp(), log_policy, advantage.detach()) / len(advantage)),
        ("states_summed", lambda log_policy, advantage: objective_by_logs(log_policy, advantage) * len(advantage)),
        ("averaged_where_a_sum_is_due", lambda log_policy, advantage: objective_by_logs(log_policy, advantage) / advantage.shape[1]),
        ("only_the_likeliest", lambda log_policy, advantage: sum(p[p.argmax()].exp() * w[p.argmax()] for p, w in zip(log_policy, advantage.detach(), strict=True)) / len(advantage)),
        ("probability_twice", lambda log_policy, advantage: (log_policy.exp().square() * advantage.detach()).sum() / 2 / len(advantage)),
        ("wrong_factor", lambda log_policy, advantage: 2 * objective_by_logs(log_policy, advantage)),
        ("gradient_lost", lambda log_policy, advantage: (log_policy.exp() * advantage).sum(1).mean().detach()),
        ("no_single_number", lambda log_policy, advantage: (log_policy.exp() * advantage.detach()).sum(1)),
        ("no_tensor", lambda log_policy, advantage: (log_policy.exp() * advantage).sum(1).mean().item()),
        ("error", lambda log_policy, advantage: log_policy.exp() * advantage[:, :, 0]),
        ("another_result", lambda log_policy, advantage: (log_policy.exp() * advantage.detach().relu()).sum(1).mean()),
    ],
    "regret_from_draws": [
        ("summed_over_draws", lambda q, row, drawn: len(drawn) * draws_by_numpy(q, row, drawn)),
        ("baseline_forgotten", lambda q, row, drawn: sum(q[:, c] for c in drawn) / len(drawn)),
        ("own_policy_missing_from_baseline", lambda q, row, drawn: draws_by_loops(q, torch.ones_like(row) / len(row), drawn)),
        ("first_draw_only", lambda q, row, drawn: draws_by_loops(q, row, drawn[:1])),
        ("each_move_once", lambda q, row, drawn: draws_by_loops(q, row, sorted(set(drawn.tolist())))),
        ("others_uniform", lambda q, row, drawn: draws_by_loops(q, row, range(q.shape[1]))),
        ("baseline_without_draws", lambda q, row, drawn: q[:, drawn].mean(1) - float((row[:, None] * q).sum()) / q.shape[1]),
        ("weighted_with_own_policy", lambda q, row, drawn: row.numpy() * draws_by_numpy(q, row, drawn)),
        ("best_taken_off", lambda q, row, drawn: torch.stack([q[:, c] - q[:, c].max() for c in drawn]).mean(0)),
        ("wrong_sign", lambda q, row, drawn: -draws_by_einsum(q, row, drawn)),
        ("advantages_cancel", lambda q, row, drawn: q[:, drawn].mean(1) + 1),
        ("shape", lambda q, row, drawn: q[:, drawn] - row @ q[:, drawn]),
        ("error", lambda q, row, drawn: q[drawn] - row @ q[:, drawn]),
    ],
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
        ("error", lambda q, row, column: saved_by_loops(q, column, row)),
        ("shape", lambda q, row, column: np.asarray(row) * length(row) * spread(q, row, column)),
        ("another_result", lambda q, row, column: spread(q, row, column).sum()),
    ],
    "no_gain": [
        ("three_by_three", ADDED[:2]),
        ("three_by_three", 0.0),
        ("own_actions_differ", np.zeros((3, 3))),
        ("own_actions_differ", OTHER[None].repeat(3, 0)),
        ("columns_differ", OWN[:, None].repeat(3, 1)),
        ("payoffs_average_to_zero", ADDED + 1),
        ("no_interaction", OWN[:, None] * OTHER),
        ("no_interaction", np.diag([3.0, 0.0, -3.0])),
        ("finite", ADDED * np.inf),
        ("no_numbers", "none"),
        ("no_value", lambda: ADDED),
    ],
}  # fmt: skip
