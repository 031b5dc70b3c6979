"""Answers to the exercise of sheet 03 about averaging over the others by draws."""

from collections import Counter

import numpy as np
import torch


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


def draws_by_counting(q, row, drawn):
    """Each move once, times how often it was drawn; a list."""
    found = [0.0] * len(row)
    for c, count in Counter(drawn.tolist()).items():
        for a in range(len(row)):
            found[a] += count / len(drawn) * float(q[a, c] - row @ q[:, c])
    return found


def over(size):
    """The sum over the draws divided by size(q, drawn)."""
    return lambda q, row, drawn: (
        np.array(draws_by_loops(q, row, drawn)) * len(drawn) / size(np.asarray(q), drawn.tolist())
    )


def less(baseline):
    """From each drawn column x, baseline(x, π) is subtracted: arrays."""
    return lambda q, row, drawn: np.mean(
        [q[:, c].numpy() - baseline(q[:, c].numpy(), row.numpy()) for c in drawn], axis=0
    )


def table(q, row, drawn):
    """The advantages (A_1, m)."""
    return np.stack([draws_by_loops(q, row, [c]) for c in drawn], axis=1)


def of_table(change):
    return lambda q, row, drawn: change(table(q, row, drawn), row.numpy())


RIGHT = {"regret_from_draws": [draws_by_numpy, draws_by_loops, draws_by_einsum, draws_by_counting]}

WRONG = {
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
        ("one_for_each_draw", lambda q, row, drawn: q[:, drawn] - row @ q[:, drawn]),
        ("shape", lambda q, row, drawn: [draws_by_loops(q, row, drawn)] * 2),
        ("error", lambda q, row, drawn: q[[*drawn.tolist(), 99]] - row @ q[:, drawn]),
        ("divided_by_columns", over(lambda q, drawn: q.shape[1])),
        ("divided_by_own_actions", over(lambda q, drawn: len(q))),
        ("divided_by_one_less", over(lambda q, drawn: max(1, len(drawn) - 1))),
        ("divided_by_one_less", lambda q, row, drawn: draws_by_einsum(q, row, drawn) * len(drawn) / torch.tensor(len(drawn) - 1.0)),
        ("divided_by_one_more", over(lambda q, drawn: 1 + len(drawn))),
        ("divided_by_distinct_moves", over(lambda q, drawn: len(set(drawn)))),
        ("divided_twice", over(lambda q, drawn: len(drawn) ** 2)),
        ("divided_by_own_actions_too", over(lambda q, drawn: len(drawn) * len(q))),
        ("divided_by_columns_too", over(lambda q, drawn: len(drawn) * q.shape[1])),
        ("divided_by_the_root", over(lambda q, drawn: np.sqrt(len(drawn)))),
        ("baseline_without_weights", less(lambda x, p: np.sum(x))),
        ("baseline_divided", less(lambda x, p: np.mean(x * p))),
        ("softmax_of_probabilities", less(lambda x, p: np.exp(p) @ x / np.exp(p).sum())),
        ("best_on_average_taken_off", lambda q, row, drawn: (v := q[:, drawn].mean(1)) - max(v)),
        ("worst_taken_off", less(lambda x, p: np.min(x))),
        ("likeliest_action_taken_off", less(lambda x, p: x[np.argmax(p)])),
        ("baseline_added", less(lambda x, p: -np.average(x, weights=p))),
        ("baseline_not_summed", less(lambda x, p: p * x)),
        ("mean_of_the_table", lambda q, row, drawn: q[:, drawn].mean(1) - q.sum() / q.numel()),
        ("baseline_of_the_first_draw", lambda q, row, drawn: q[:, drawn].mean(1) - row @ q[:, drawn[0]]),
        ("baseline_of_the_last_draw", lambda q, row, drawn: q[:, drawn].mean(1) - row @ q[:, drawn[-1]]),
        ("baseline_summed_over_draws", lambda q, row, drawn: q[:, drawn].mean(1) - sum(row @ q[:, c] for c in drawn)),
        ("baseline_averaged_twice", lambda q, row, drawn: (v := q[:, drawn].mean(1)) - (row @ v) / len(drawn)),
        ("last_draw_only", lambda q, row, drawn: draws_by_loops(q, row, [drawn[len(drawn) - 1]])),
        ("last_draw_divided", lambda q, row, drawn: table(q, row, drawn)[:, -1] / len(drawn)),
        ("first_draw_divided", lambda q, row, drawn: table(q, row, drawn)[:, 0] / len(drawn)),
        ("commonest_move_only", lambda q, row, drawn: draws_by_loops(q, row, [np.bincount(drawn.numpy()).argmax()])),
        ("repeated_moves_only", lambda q, row, drawn: draws_by_loops(q, row, [c for c, k in Counter(drawn.tolist()).items() if k > 1])),
        ("each_move_once_divided_by_all", lambda q, row, drawn: table(q, row, sorted(set(drawn.tolist()))).sum(1) / len(drawn)),
        ("first_draw_left_out", lambda q, row, drawn: draws_by_loops(q, row, drawn.tolist()[1:])),
        ("last_draw_left_out", lambda q, row, drawn: draws_by_loops(q, row, drawn.tolist()[:-1])),
        ("first_draw_missing_from_the_sum", lambda q, row, drawn: np.sum(table(q, row, drawn)[:, 1:], axis=1) / len(drawn)),
        ("last_draw_missing_from_the_sum", lambda q, row, drawn: np.sum(table(q, row, drawn)[:, :-1], axis=1) / len(drawn)),
        ("number_of_the_draw", lambda q, row, drawn: draws_by_loops(q, row, [k % q.shape[1] for k in range(len(drawn))])),
        ("number_of_the_draw", lambda q, row, drawn: draws_by_loops(q, row, range(len(drawn)))),
        ("counted_from_one", lambda q, row, drawn: draws_by_loops(q, row, drawn - 1)),
        ("one_too_late", lambda q, row, drawn: draws_by_loops(q, row, (drawn + 1) % q.shape[1])),
        ("off_by_one", lambda q, row, drawn: draws_by_loops(q, row, drawn + 1)),
        ("median", of_table(lambda x, p: np.median(x, axis=1))),
        ("lower_median", of_table(lambda x, p: np.sort(x)[:, (x.shape[1] - 1) // 2])),
        ("median_of_payoffs", lambda q, row, drawn: (v := np.median(q[:, drawn].numpy(), axis=1)) - row.numpy() @ v),
        ("lower_median_of_payoffs", lambda q, row, drawn: (v := torch.median(q[:, drawn], 1)[0]) - row.dot(v)),
        ("best_draw", of_table(lambda x, p: np.max(x, axis=1))),
        ("worst_draw", of_table(lambda x, p: np.min(x, axis=1))),
        ("averaged_over_own_actions", of_table(lambda x, p: np.mean(x, axis=0))),
        ("summed_over_own_actions", of_table(lambda x, p: np.sum(x, axis=0))),
        ("averaged_over_everything", of_table(lambda x, p: np.mean(x))),
        ("advantage_averaged", of_table(lambda x, p: np.mean(p @ x))),
        ("likeliest_action_only", of_table(lambda x, p: np.mean(x[np.argmax(p)]))),
        ("clamped", of_table(lambda x, p: np.maximum(np.mean(x, axis=1), 0))),
        ("mean_over_draws_taken_off", lambda q, row, drawn: (q[:, drawn] - q[:, drawn].mean(1)[:, None]).mean(1)),
        ("rows_for_columns", lambda q, row, drawn: sum(q[c] for c in drawn) / len(drawn) - row @ q[:, drawn].mean(1)),
        ("wrong_sign", lambda q, row, drawn: -len(drawn) * draws_by_numpy(q, row, drawn)),
        ("own_policy_missing_from_baseline", lambda q, row, drawn: (x := q[:, drawn.unique()].mean(1)) - x.mean()),
    ],
}  # fmt: skip
