"""Answers to the exercises of sheet 02."""

from fractions import Fraction
from itertools import product

import numpy as np
import torch

from micra_lite.baselines.advantages import coma_advantage
from micra_lite.regret import counterfactual_regret_advantage, counterfactual_values

LETTERS = "abcdefgh"


# --- values_of_actions: right ones ---


def values_by_loops(q, policies, i):
    found = [0.0] * q.shape[i]
    for joint in product(*map(range, q.shape)):
        p = 1.0
        for j, a in enumerate(joint):
            if j != i:
                p *= float(policies[j][a])
        found[joint[i]] += p * float(q[joint])
    return found


def values_by_einsum(q, policies, i):
    n = q.ndim
    others = [j for j in range(n) if j != i]
    spec = ",".join([LETTERS[:n]] + [LETTERS[j] for j in others]) + "->" + LETTERS[i]
    return np.einsum(spec, np.asarray(q), *[np.asarray(policies[j]) for j in others])


def values_by_weights(q, policies, i):
    """All joint weights as one table; the own axis has weight one."""
    weight = torch.ones((), dtype=q.dtype)
    for j, p in enumerate(policies):
        weight = weight[..., None] * (torch.ones_like(p) if j == i else p)
    axes = [j for j in range(q.dim()) if j != i]
    return (weight * q).sum(axes).to(torch.float32)


def values_packaged(q, policies, i):
    return counterfactual_values(q[None], [p[None] for p in policies], i)[0]


# --- values_of_actions: wrong ones ---


def values_with_own(q, policies, i):
    found = np.zeros(q.shape[i])
    for joint in product(*map(range, q.shape)):
        found[joint[i]] += np.prod([float(policies[j][a]) for j, a in enumerate(joint)]) * float(q[joint])
    return found


def values_unweighted(q, policies, i):
    found = np.zeros(q.shape[i])
    for joint in product(*map(range, q.shape)):
        found[joint[i]] += float(q[joint])
    return found


def values_mean(q, policies, i):
    q = np.asarray(q)
    return q.mean(axis=tuple(j for j in range(q.ndim) if j != i))


def values_without_last(q, policies, i):
    found = np.zeros(q.shape[i])
    for joint in product(*map(range, q.shape)):
        p = np.prod([float(policies[j][a]) for j, a in enumerate(joint[:-1]) if j != i])
        found[joint[i]] += p * float(q[joint])
    return found


def values_error(q, policies, i):
    table = {}
    for joint in product(*map(range, q.shape)):
        table[joint[i]] += q[joint]
    return table


def values_two_players(q, policies, i):
    """Right for two players; the third is forgotten."""
    return q @ policies[1] if i == 0 else policies[0] @ q if q.dim() == 2 else q.sum((0, 1))


# --- regret_advantage ---


def regret_by_states(q, policies, i):
    rows = []
    for s in range(len(q)):
        v = np.array(values_by_loops(q[s], [p[s] for p in policies], i))
        rows.append((v - float(np.dot(policies[i][s].numpy(), v))).tolist())
    return rows


def regret_by_numpy(q, policies, i):
    q, policies = np.asarray(q, dtype=np.float32), [np.asarray(p, dtype=np.float32) for p in policies]
    for j in range(len(policies) - 1, -1, -1):
        if j != i:
            shape = [len(q)] + [1] * (q.ndim - 1)
            shape[j + 1] = -1
            q = (q * policies[j].reshape(shape)).sum(j + 1)
    return q - np.einsum("ba,ba->b", policies[i], q)[:, None]


def regret_by_differences(q, policies, i):
    """Each regret as its mean difference to all own actions."""
    v = torch.stack([torch.as_tensor(values_by_loops(q[s], [p[s] for p in policies], i)) for s in range(len(q))])
    return torch.einsum("sb,sab->sa", policies[i].to(v.dtype), v[:, :, None] - v[:, None, :])


def regret_packaged(q, policies, i):
    return counterfactual_regret_advantage(q, policies, [i])[0]


def states_values(q, policies, i):
    return np.array([values_by_loops(q[s], [p[s] for p in policies], i) for s in range(len(q))])


def own(policies, i):
    return policies[i].numpy()


# --- coma, match_regrets, error_bound ---


def coma_by_loops(q, row, c):
    found = []
    for a in range(len(row)):
        found.append(sum(float(row[b]) * (float(q[a][c]) - float(q[b][c])) for b in range(len(row))))
    return found


def coma_by_numpy(q, row, c):
    q, row = np.asarray(q), np.asarray(row)
    everything = q - np.einsum("a,ac->c", row, q)
    return everything[:, c].astype(np.float32)


def coma_by_torch(q, row, c):
    return (torch.eye(len(row)) - row.expand(len(row), -1)).to(q.dtype) @ q.select(1, c)


def coma_packaged(q, row, c):
    anything = torch.full((1, q.shape[1]), 1 / q.shape[1], dtype=q.dtype)
    return coma_advantage(q[None], [row[None], anything], [0], torch.tensor([[0, c]]))[0][0]


def matched_by_loops(total):
    good = [max(float(x), 0.0) for x in total]
    return [g / sum(good) for g in good] if sum(good) > 0 else [1 / len(good)] * len(good)


def matched_by_numpy(total):
    good = np.where(np.asarray(total) > 0, np.asarray(total), 0)
    return good / good.sum() if good.any() else np.full(len(good), 1 / len(good), dtype=np.float32)


def matched_in_half(total):
    p = torch.nn.functional.relu(total) if (total > 0).any() else torch.ones_like(total)
    return torch.nn.functional.normalize(p, p=1, dim=0).half()


def bound_by_loops(q, true, predicted):
    kl = sum(float(t) * float(np.log(float(t) / float(p))) for t, p in zip(true, predicted, strict=True))
    entries = [float(x) for line in q for x in line]
    return (max(entries) - min(entries)) * (2 * kl) ** 0.5


def bound_by_torch(q, true, predicted):
    kl = torch.nn.functional.kl_div(predicted.log(), true, reduction="sum")
    return 2 * (q.flatten().sort().values[-1] - q.min()) * torch.sqrt(kl / 2)


def bound_by_numpy(q, true, predicted):
    q, true, predicted = (np.asarray(x) for x in (q, true, predicted))
    return np.float32(2 * np.ptp(q) * np.sqrt(0.5 * np.einsum("a,a->", true, np.log(true) - np.log(predicted))))


def kl(p, r):
    return (p * (p.log() - r.log())).sum()


HALF, LIKELY = torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.3, 0.2])
RARE = torch.tensor([[0.0, 0.0, 9.0], [1.0, 1.0, 0.0]])

RIGHT = {
    "regrets_by_hand": [
        [0.2, -0.05],
        (Fraction(1, 5), Fraction(-1, 20)),
        np.array([0.2, -0.05], dtype=np.float32),
        torch.tensor([0.2, -0.05], dtype=torch.float16),
    ],
    "values_of_actions": [values_by_loops, values_by_einsum, values_by_weights, values_packaged],
    "regret_advantage": [regret_by_states, regret_by_numpy, regret_by_differences, regret_packaged],
    "coma": [coma_by_loops, coma_by_numpy, coma_by_torch, coma_packaged],
    "match_regrets": [matched_by_loops, matched_by_numpy, matched_in_half],
    "error_bound": [bound_by_loops, bound_by_torch, bound_by_numpy],
    "misleading": [
        (RARE, HALF, LIKELY),
        ([[1.0, 0.0, 5.0], [2.0, 0.0, 1.0]], [0.9, 0.1], [0.4, 0.25, 0.35]),
        (
            np.array([[0.0, 8.0, 8.0], [3.0, 0.0, 0.0]], dtype=np.float32),
            np.array([0.2, 0.8]),
            np.array([0.4, 0.3, 0.3]),
        ),
    ],
}

WRONG = {
    "regrets_by_hand": [
        ("baseline_forgotten", [2.25, 2.0]),
        ("others_uniform", [0.0, 0.0]),
        ("own_policy_missing_from_baseline", [0.125, -0.125]),
        ("best_taken_off", [0.0, -0.25]),
        ("weighted_with_own_policy", [0.04, -0.04]),
        ("own_probabilities_swapped", [0.05, -0.2]),
        ("order_swapped", [-0.05, 0.2]),
        ("baseline_without_weights", [-2.0, -2.25]),
        ("wrong_sign", [-0.2, 0.05]),
        ("shape", 0.2),
        ("no_numbers", ["a lot", "nothing"]),
        ("another_number", [0.3, -0.1]),
        ("no_value", lambda: [0.2, -0.05]),
    ],
    "values_of_actions": [
        ("own_policy_too", values_with_own),
        ("own_action_averaged_out", lambda q, policies, i: values_with_own(q, policies, i).sum()),
        ("baseline_taken_off", lambda q, policies, i: regret_by_states(q[None], [p[None] for p in policies], i)[0]),
        ("others_uniform", values_mean),
        ("summed_without_weights", values_unweighted),
        ("averaged_where_a_sum_is_due", lambda q, policies, i: values_by_einsum(q, policies, i) * q.shape[i] / q.numel()),
        ("last_policy_left_out", values_without_last),
        ("always_the_first_axis", lambda q, policies, i: values_by_loops(q, policies, 0)),
        ("best_of_the_others", lambda q, policies, i: [float(q.select(i, a).max()) for a in range(q.shape[i])]),
        ("wrong_sign", lambda q, policies, i: -values_by_weights(q, policies, i)),
        ("wrong_factor", lambda q, policies, i: 2 * values_by_weights(q, policies, i)),
        ("error", values_error),
        ("shape", lambda q, policies, i: values_by_weights(q, policies, i)[:, None]),
        ("shape", lambda q, policies, i: q @ policies[1]),
        ("no_return", lambda q, policies, i: print(end="")),
        ("no_function", [2.25, 2.0]),
        ("arguments", lambda q, policies: q @ policies[1]),
    ],
    "regret_advantage": [
        ("baseline_forgotten", states_values),
        ("own_policy_missing_from_baseline", lambda q, p, i: states_values(q, p, i) - states_values(q, p, i).mean(1, keepdims=True)),
        ("best_taken_off", lambda q, p, i: states_values(q, p, i) - states_values(q, p, i).max(1, keepdims=True)),
        ("baseline_added", lambda q, p, i: 2 * states_values(q, p, i) - np.array(regret_by_states(q, p, i))),
        ("one_baseline_for_all_states", lambda q, p, i: states_values(q, p, i) - (own(p, i) * states_values(q, p, i)).sum(1).mean()),
        ("one_policy_for_all_states", lambda q, p, i: regret_by_states(q, [x[[0] * len(x)] for x in p], i)),
        ("states_averaged", lambda q, p, i: regret_by_numpy(q, p, i).sum(0) / len(q)),
        ("others_uniform", lambda q, p, i: regret_by_states(q, [x if j == i else torch.ones_like(x) / x.shape[1] for j, x in enumerate(p)], i)),
        ("weighted_with_own_policy", lambda q, p, i: own(p, i) * regret_by_numpy(q, p, i)),
        ("always_the_first_axis", lambda q, p, i: regret_by_states(q, p, 0)),
        ("wrong_sign", lambda q, p, i: -regret_by_numpy(q, p, i)),
        ("wrong_factor", lambda q, p, i: regret_by_numpy(q, p, i) / 2),
        ("regrets_cancel", lambda q, p, i: regret_by_numpy(q, p, i) + 1),
        ("shape", lambda q, p, i: regret_by_numpy(q, p, i).T),
        ("error", lambda q, p, i: q - (p[i] * q).sum(1)),
        ("no_numbers", lambda q, p, i: "0.2"),
    ],
    "coma": [
        ("baseline_forgotten", lambda q, row, c: [float(x[c]) for x in q]),
        ("own_policy_missing_from_baseline", lambda q, row, c: [float(x[c] - q[:, c].sum() / len(q)) for x in q]),
        ("best_taken_off", lambda q, row, c: (q - q.max(0).values)[:, c]),
        ("other_averaged_in_baseline", lambda q, row, c: q[:, c] - (row[:, None] * q).sum() / q.shape[1]),
        ("other_averaged_out", lambda q, row, c: (q - row @ q).mean(1)),
        ("payoff_transposed", lambda q, row, c: coma_by_torch(q.T, row, c)),
        ("weighted_with_own_policy", lambda q, row, c: row * torch.tensor(coma_by_loops(q, row, c))),
        ("own_action_averaged_out", lambda q, row, c: (row * q[:, c]).sum()),
        ("wrong_sign", lambda q, row, c: row @ q[:, c] - q[:, c]),
        ("advantages_cancel", lambda q, row, c: q[:, c] - row @ q[:, 0]),
        ("error", lambda q, row, c: q[c, :] - q @ row),
        ("changes_arguments", lambda q, row, c: q[:, c].sub_(row @ q[:, c])),
        ("not_finite", lambda q, row, c: q[:, c] / 0),
    ],
    "match_regrets": [
        ("zero_divided_by_zero", lambda total: torch.relu(total) / torch.relu(total).sum()),
        ("nothing_played", lambda total: torch.relu(total) / (torch.relu(total).sum() + 1e-8)),
        ("not_normalised", lambda total: torch.relu(total) if (total > 0).any() else torch.full_like(total, 1 / len(total))),
        ("absolute_values", lambda total: [abs(float(x)) / float(total.abs().sum()) for x in total]),
        ("negatives_kept", lambda total: [float(x / sum(total)) for x in total]),
        ("cut_after_dividing", lambda total: torch.relu(total / sum(total))),
        ("softmax", lambda total: torch.exp(total) / torch.exp(total).sum()),
        ("only_the_best", lambda total: [float(x == total.max()) for x in total]),
        ("shifted_to_zero", lambda total: np.asarray(total - min(total)) / float((total - min(total)).sum())),
        ("is_a_policy", lambda total: -np.asarray(total) / 9),
        ("no_numbers", lambda total: {"policy": total}),
        ("shape", lambda total: torch.relu(total)[None]),
        ("another_result", lambda total: torch.full_like(total, 1 / len(total))),
    ],
    "error_bound": [
        ("kl_reversed", lambda q, true, predicted: bound_by_loops(q, predicted, true)),
        ("in_bits", lambda q, true, predicted: bound_by_loops(q, true, predicted) / np.log(2) ** 0.5),
        ("largest_instead_of_span", lambda q, true, predicted: 2 * max(abs(x) for x in q.flatten()) * (kl(true, predicted) / 2) ** 0.5),
        ("no_square_root", lambda q, true, predicted: 2 * np.ptp(q.numpy()) * kl(true, predicted) / 2),
        ("half_outside_the_root", lambda q, true, predicted: np.ptp(q.numpy()) * kl(true, predicted) ** 0.5),
        ("averaged_where_a_sum_is_due", lambda q, true, predicted: bound_by_torch(q, true, predicted) / len(true) ** 0.5),
        ("cross_entropy", lambda q, true, predicted: 2 * np.ptp(q.numpy()) * (-(true * predicted.log()).sum() / 2) ** 0.5),
        ("weights_left_out", lambda q, true, predicted: 2 * np.ptp(q.numpy()) * ((true / predicted).log().sum() / 2) ** 0.5),
        ("wrong_factor", lambda q, true, predicted: bound_by_loops(q, true, predicted) / 2),
        ("error", lambda q, true, predicted: q.max - q.min),
        ("shape", lambda q, true, predicted: 2 * (q.max(0).values - q.min()) * kl(true, predicted)),
        ("another_result", lambda q, true, predicted: 2 * q.max() * kl(true, predicted) ** 0.5),
    ],
    "misleading": [
        ("two_by_three", RARE),
        ("two_by_three", (RARE.T, LIKELY, HALF)),
        ("are_policies", (RARE, torch.tensor([0.5, 0.6]), LIKELY)),
        ("are_policies", (RARE, HALF, torch.tensor([1.2, -0.1, -0.1]))),
        ("both_are_played", (RARE, torch.tensor([1.0, 0.0]), LIKELY)),
        ("likeliest_is_one", (RARE, HALF, torch.tensor([0.4, 0.4, 0.2]))),
        ("payoffs_differ", (torch.ones(2, 3), HALF, LIKELY)),
        ("regret_is_positive", (-RARE, HALF, LIKELY)),
        ("regret_is_positive", (RARE, HALF, torch.tensor([0.9, 0.05, 0.05]))),
        ("coma_is_negative", (RARE, HALF, torch.tensor([0.2, 0.2, 0.6]))),
        ("no_numbers", ("q", "row", "column")),
        ("no_value", lambda: (RARE, HALF, LIKELY)),
    ],
}  # fmt: skip
