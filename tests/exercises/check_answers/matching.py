"""Answers to the exercises of sheet 02 about COMA's advantage, regret matching and the error of a prediction."""

import numpy as np
import torch

from micra_lite.baselines.advantages import coma_advantage

# --- coma, match_regrets, error_bound ---


def matched_or(total, otherwise):
    """Right, if a sum is positive."""
    return matched_by_loops(total) if max(total) > 0 else otherwise


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


def matched_by_torch(total):
    p = torch.where(total > 0, total, 0)
    return torch.where(p.sum() > 0, p / p.sum(), 1 / len(p))


def matched_in_half(total):
    p = torch.nn.functional.relu(total) if (total > 0).any() else torch.ones_like(total)
    return torch.nn.functional.normalize(p, p=1, dim=0).half()


def bound_by_loops(q, true, predicted):
    kl = sum(float(t) * float(np.log(float(t) / float(p))) for t, p in zip(true, predicted, strict=True) if t > 0)
    entries = [float(x) for line in q for x in line]
    return (max(entries) - min(entries)) * (2 * kl) ** 0.5


def bound_by_torch(q, true, predicted):
    kl = torch.nn.functional.kl_div(predicted.log(), true, reduction="sum")
    return 2 * (q.flatten().sort().values[-1] - q.min()) * torch.sqrt(kl / 2)


def bound_by_numpy(q, true, predicted):
    q, true, predicted = (np.asarray(x) for x in (q, true, predicted))
    kept = true > 0
    kl = np.einsum("a,a->", true[kept], np.log(true[kept] / predicted[kept]))
    return np.float32(2 * np.ptp(q) * np.sqrt(0.5 * max(kl, 0)))


def kl(p, r):
    return (p * (p.log() - r.log())).sum()


def scaled(q, true, predicted, span):
    """The bound with another span."""
    return span * (2 * torch.xlogy(true, true / predicted).sum().numpy()) ** 0.5


HALF, LIKELY = torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.3, 0.2])
RARE = torch.tensor([[0.0, 0.0, 9.0], [1.0, 1.0, 0.0]])

RIGHT = {
    "coma": [coma_by_loops, coma_by_numpy, coma_by_torch, coma_packaged],
    "match_regrets": [matched_by_loops, matched_by_numpy, matched_by_torch],
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
        ("worst_taken_off", lambda q, row, c: (q - q.min(0).values)[:, c]),
        ("likeliest_action_taken_off", lambda q, row, c: [float(x[c] - q[int(row.argmax())][c]) for x in q]),
        ("baseline_added", lambda q, row, c: [float(x[c] + row @ q[:, c]) for x in q]),
        ("baseline_without_weights", lambda q, row, c: [float(x[c]) - sum(float(y[c]) for y in q) for x in q]),
        ("baseline_divided", lambda q, row, c: q[:, c] - (row * q[:, c]).mean()),
        ("baseline_not_summed", lambda q, row, c: q[:, c] - row * q[:, c]),
        ("mean_of_the_table", lambda q, row, c: q[:, c] - q.sum() / q.numel()),
        ("mean_of_the_row", lambda q, row, c: [float(x[c]) - np.mean(x.tolist()) for x in q]),
        ("best_of_the_table", lambda q, row, c: q[:, c] - max(q.flatten())),
        ("other_added_up", lambda q, row, c: (q - row @ q).sum(1)),
        ("best_of_the_other", lambda q, row, c: coma_by_torch(q.max(1, keepdim=True).values, row, 0)),
        ("always_the_first_column", lambda q, row, c: coma_by_loops(q, row, 0)),
        ("always_the_last_column", lambda q, row, c: coma_by_loops(q, row, q.shape[1] - 1)),
        ("counted_from_one", lambda q, row, c: coma_by_loops(q, row, c - 1)),
        ("row_and_column", lambda q, row, c: q[c % len(q)] - (row @ q)[c]),
        ("clamped", lambda q, row, c: np.maximum(coma_by_numpy(q, row, c), 0)),
        ("likeliest_action_only", lambda q, row, c: coma_by_loops(q, row, c)[int(row.argmax())]),
        ("last_action_missing_from_baseline",
         lambda q, row, c: q[:, c] - sum(row[k] * q[k, c] for k in range(len(q) - 1))),
        ("baseline_of_two_actions",
         lambda q, row, c: [float(x[c] - row[0] * q[0, c] - (1 - row[0]) * q[1, c]) for x in q]),
        ("advantage_averaged", lambda q, row, c: float(row @ coma_by_torch(q, row, c))),
        ("own_policy_missing_from_baseline", lambda q, row, c: q[:, c - 1] - q[:, c - 1].mean()),  # and c: two mistakes
        ("error", lambda q, row, c: q[c, :] - q @ row),
        ("changes_arguments", lambda q, row, c: q[:, c].sub_(row @ q[:, c])),
        ("not_finite", lambda q, row, c: q[:, c] / 0),
    ],
    "match_regrets": [
        ("zero_divided_by_zero", lambda total: torch.relu(total) / torch.relu(total).sum()),
        ("nothing_played", lambda total: torch.relu(total) / (torch.relu(total).sum() + 1e-8)),
        ("not_normalised",
         lambda total: torch.relu(total) if (total > 0).any() else torch.full_like(total, 1 / len(total))),
        ("absolute_values", lambda total: [abs(float(x)) / float(total.abs().sum()) for x in total]),
        ("negatives_kept", lambda total: [float(x / sum(total)) for x in total]),
        ("cut_after_dividing", lambda total: torch.relu(total / sum(total))),
        ("softmax", lambda total: torch.exp(total) / torch.exp(total).sum()),
        ("only_the_best", lambda total: [float(x == total.max()) for x in total]),
        ("shifted_to_zero", lambda total: np.asarray(total - min(total)) / float((total - min(total)).sum())),
        ("half_precision", matched_in_half),
        ("ones_played", lambda total: matched_or(total, np.ones(len(total)))),
        ("always_a_third", lambda total: matched_or(total, np.full(len(total), 1 / 3))),
        ("always_a_half", lambda total: matched_or(total, np.full(len(total), 0.5))),
        ("least_bad_action", lambda total: matched_or(total, np.eye(len(total))[int(np.argmax(total.tolist()))])),
        ("first_action", lambda total: matched_or(total, np.eye(len(total))[0])),
        ("negatives_in_proportion", lambda total: matched_or(total, (total / total.sum()).numpy())),
        ("softmax_of_negatives", lambda total: matched_or(total, (total.exp() / total.exp().sum()).numpy())),
        ("sums_returned", lambda total: matched_or(total, total.numpy())),
        ("uniform_unless_all_positive",
         lambda total: matched_by_loops(total if all(x > 0 for x in total) else 0 * total)),
        ("uniform_unless_none_negative",
         lambda total: matched_by_loops(total if all(x >= 0 for x in total) else 0 * total)),
        ("uniform_if_all_add_up_to_less", lambda total: matched_by_loops(total if sum(total) > 0 else 0 * total)),
        ("uniform_only_if_negative",
         lambda total: torch.relu(total) / torch.relu(total).sum()
             if max(total) >= 0 else torch.ones_like(total) / len(total)),
        ("divided_by_the_largest",
         lambda total: torch.relu(total) / max(total) if max(total) > 0 else torch.ones_like(total) / len(total)),
        ("divided_by_the_number",
         lambda total: torch.relu(total) / len(total) if max(total) > 0 else torch.ones_like(total) / len(total)),
        ("divided_by_the_number_of_positive",
         lambda total: torch.relu(total) / sum(total > 0) if max(total) > 0 else torch.ones_like(total) / len(total)),
        ("divided_by_the_norm",
         lambda total: torch.relu(total) / (torch.relu(total) ** 2).sum() ** 0.5
             if max(total) > 0 else torch.ones_like(total) / len(total)),
        ("divided_by_all",
         lambda total: torch.relu(total) / sum(total) if max(total) > 0 else torch.ones_like(total) / len(total)),
        ("divided_by_absolute_sum",
         lambda total: torch.relu(total) / sum(abs(total)) if max(total) > 0 else torch.ones_like(total) / len(total)),
        ("positive_alike", lambda total: matched_by_loops(np.sign(total.tolist()))),
        ("squared", lambda total: matched_by_loops(total * abs(total))),
        ("softmax_of_positive",
         lambda total: [float(x.exp() / total[total > 0].exp().sum()) if x > 0 else 0.0 for x in total]
             if max(total) > 0 else [1 / len(total)] * len(total)),
        ("wrong_sign", lambda total: matched_by_loops(-total)),
        ("softmax_of_clamped",
         lambda total: np.exp(np.maximum(total.tolist(), 0)) / np.exp(np.maximum(total.tolist(), 0)).sum()),
        ("only_from_one_on", lambda total: matched_by_loops([x if x >= 1 else 0 for x in total])),
        ("positive_only", lambda total: [p for p in matched_by_loops(total) if p > 0]),
        ("clamped_at_one", lambda total: np.maximum(total.tolist(), 1) / np.maximum(total.tolist(), 1).sum()),
        ("is_a_policy", lambda total: np.asarray(total) ** 3 / 9),
        ("no_numbers", lambda total: {"policy": total}),
        ("shape", lambda total: torch.relu(total)[:, None, None, None]),
        ("argument_ignored", lambda total: torch.full_like(total, 1 / len(total))),
    ],
    "error_bound": [
        ("kl_reversed", lambda q, true, predicted: bound_by_loops(q, predicted, true)),
        ("in_bits", lambda q, true, predicted: bound_by_loops(q, true, predicted) / np.log(2) ** 0.5),
        ("largest_instead_of_span",
         lambda q, true, predicted: 2 * max(abs(x) for x in q.flatten()) * (kl(true, predicted) / 2) ** 0.5),
        ("no_square_root", lambda q, true, predicted: 2 * np.ptp(q.numpy()) * kl(true, predicted) / 2),
        ("half_outside_the_root", lambda q, true, predicted: np.ptp(q.numpy()) * kl(true, predicted) ** 0.5),
        ("averaged_where_a_sum_is_due",
         lambda q, true, predicted: bound_by_torch(q, true, predicted) / len(true) ** 0.5),
        ("cross_entropy",
         lambda q, true, predicted: 2 * np.ptp(q.numpy()) * (-(true * predicted.log()).sum() / 2) ** 0.5),
        ("weights_left_out",
         lambda q, true, predicted: 2 * np.ptp(q.numpy()) * ((true / predicted).log().sum() / 2) ** 0.5),
        ("weights_of_the_prediction",
         lambda q, true, predicted: 2 * np.ptp(q.numpy()) * (-kl(predicted, true) / 2) ** 0.5),
        ("kl_in_both_directions",
         lambda q, true, predicted: 2 * np.ptp(q.numpy()) * ((kl(true, predicted) + kl(predicted, true)) / 2) ** 0.5),
        ("decimal_logarithm", lambda q, true, predicted: bound_by_loops(q, true, predicted) / np.log(10) ** 0.5),
        ("minimum_forgotten", lambda q, true, predicted: scaled(q, true, predicted, max(q.flatten()))),
        ("minimum_added", lambda q, true, predicted: scaled(q, true, predicted, q.max() + q.min())),
        ("standard_deviation", lambda q, true, predicted: scaled(q, true, predicted, np.std(q.numpy(), ddof=1))),
        ("one_for_each_row", lambda q, true, predicted: scaled(q, true, predicted, np.ptp(q.numpy(), axis=1))),
        ("one_for_each_column", lambda q, true, predicted: scaled(q, true, predicted, np.ptp(q.numpy(), axis=0))),
        ("span_of_a_row", lambda q, true, predicted: scaled(q, true, predicted, max(np.ptp(q.numpy(), axis=1)))),
        ("span_of_a_column", lambda q, true, predicted: scaled(q, true, predicted, max(np.ptp(q.numpy(), axis=0)))),
        ("mean_instead_of_span", lambda q, true, predicted: scaled(q, true, predicted, np.mean(q.tolist()))),
        ("span_missing", lambda q, true, predicted: scaled(q, true, predicted, 1.0)),
        ("zero_is_a_payoff",
         lambda q, true, predicted: scaled(q, true, predicted, max(0.0, float(q.max())) - min(0.0, float(q.min())))),
        ("half_missing", lambda q, true, predicted: bound_by_loops(q, true, predicted) * 2**0.5),
        ("doubled_under_the_root", lambda q, true, predicted: bound_by_loops(q, true, predicted) * 2),
        ("entropy", lambda q, true, predicted: 2 * np.ptp(q.numpy()) * (-torch.xlogy(true, true).sum() / 2) ** 0.5),
        ("absolute_terms",
         lambda q, true, predicted: 2 * np.ptp(q.numpy()) * (abs(torch.xlogy(true,
             true / predicted)).sum() / 2) ** 0.5),
        ("absolute_and_without_weights",
         lambda q, true, predicted: 2 * np.ptp(q.numpy()) * (abs(sum((true / predicted).log())) / 2) ** 0.5),
        ("logarithm_of_the_prediction_missing",
         lambda q, true, predicted: 2 * np.ptp(q.numpy()) * abs(torch.nn.functional.kl_div(predicted, true,
             reduction="sum") / 2) ** 0.5),
        ("zero_times_infinity", lambda q, true, predicted: 2 * np.ptp(q.numpy()) * (kl(true, predicted) / 2) ** 0.5),
        ("logarithm_left_out",
         lambda q, true, predicted: 2 * np.ptp(q.numpy()) * ((true**2 / predicted).sum() / 2) ** 0.5),
        ("total_variation", lambda q, true, predicted: np.ptp(q.numpy()) * abs(true - predicted).sum()),
        ("absolute_differences", lambda q, true, predicted: 2 * np.ptp(q.numpy()) * abs(true - predicted).sum()),
        ("squared_differences",
         lambda q, true, predicted: 2 * np.ptp(q.numpy()) * (((true - predicted) ** 2).sum() / 2) ** 0.5),
        ("true_policy_clamped",
         lambda q, true, predicted: 2 * np.ptp(q.numpy()) * ((true * (true.clip(0.1) / predicted).log()).sum() / 2) ** 0.5),
        ("factor_two_missing", lambda q, true, predicted: bound_by_loops(q, true, predicted) / 2),
        ("wrong_factor", lambda q, true, predicted: bound_by_loops(q, true, predicted) * 3),
        ("kl_reversed",
         lambda q, true, predicted: bound_by_loops(q, predicted, true) / 2 if min(true) > 0 else float("inf")),  # two
        ("error", lambda q, true, predicted: q.max - q.min),
        ("shape", lambda q, true, predicted: 2 * (q.max(0).values - q.min()) * kl(true, predicted)),
        ("another_result", lambda q, true, predicted: 2 * q.max() ** 2 * kl(true, predicted) ** 0.5),
    ],
    "misleading": [
        ("two_by_three", RARE),
        ("policies_exchanged", (RARE.T, LIKELY, HALF)),
        ("payoffs_transposed", (RARE.T, HALF, LIKELY)),
        ("are_finite", (RARE * 1e12, HALF, LIKELY)),
        ("sum_to_one", (RARE, torch.tensor([0.5, 0.6]), LIKELY)),
        ("not_negative", (RARE, HALF, torch.tensor([1.2, -0.1, -0.1]))),
        ("all_three_are_played", ([[0.0, 9.0, 0.0], [1.0, 0.0, 1.0]], HALF, [0.6, 0.4, 0.0])),
        ("actions_exchanged", (RARE[[1, 0]], HALF, LIKELY)),
        ("regret_is_not_zero", ([[0.0, 3.0, 0.0], [1.0, 0.0, 1.0]], HALF, [0.5, 0.25, 0.25])),
        ("both_are_played", (RARE, torch.tensor([1.0, 0.0]), LIKELY)),
        ("likeliest_is_one", (RARE, HALF, torch.tensor([0.4, 0.4, 0.2]))),
        ("payoffs_differ", (torch.ones(2, 3), HALF, LIKELY)),
        ("actions_exchanged", (-RARE, HALF, LIKELY)),
        ("regret_is_positive", (RARE, HALF, torch.tensor([0.9, 0.05, 0.05]))),
        ("coma_is_negative", (RARE, HALF, torch.tensor([0.2, 0.2, 0.6]))),
        ("no_numbers", ("q", "row", "column")),
        ("no_value", lambda: (RARE, HALF, LIKELY)),
    ],
}  # fmt: skip
