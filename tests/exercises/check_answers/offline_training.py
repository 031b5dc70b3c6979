"""Answers to the exercises of sheet 07 about one update and its data."""

from fractions import Fraction

import numpy as np
import torch

# --- slow_copy ---


def copy_by_numpy(slow, fast, rate):
    found = np.asarray(slow).astype(np.float32)
    for t in range(len(fast)):
        found = (1 - rate) * found + rate * np.asarray(fast[t], dtype=np.float32)
    return found


def copy_by_weights(slow, fast, rate):
    """What each update still counts in the end."""
    T = len(fast)
    counts = rate * (1 - rate) ** torch.arange(T - 1, -1, -1)
    return (1 - rate) ** T * slow + counts.to(fast.dtype) @ fast


def copy_by_lerp(slow, fast, rate):
    found = slow.clone()
    for new in fast:
        found.lerp_(new, rate)
    return found


def copy_by_recursion(slow, fast, rate):
    if not len(fast):
        return slow
    before = copy_by_recursion(slow, fast[:-1], rate)
    return [float(b + rate * (f - b)) for b, f in zip(before, fast[-1], strict=True)]


# --- support_and_query ---


def sets_by_loops(moves, alive, groups, order, n, m, n_moves):
    result = np.zeros((len(groups), 2, n_moves))
    for k, g in enumerate(groups.tolist()):
        for place, e in enumerate(order.tolist()):
            which = 0 if place < n else 1 if place < n + m else None
            if which is None:
                continue
            for t in range(moves.shape[2]):
                if alive[g, e, t]:
                    result[k, which, moves[g, e, t]] += 1
    return result


def sets_by_one_hot(moves, alive, groups, order, n, m, n_moves):
    played = torch.nn.functional.one_hot(moves, n_moves) * alive[..., None]  # (G, E, T, A)
    counts = played.sum(2)[groups][:, order]  # (K, E, A)
    return torch.stack([counts[:, :n].sum(1), counts[:, n : n + m].sum(1)], 1)


def sets_by_comparing(moves, alive, groups, order, n, m, n_moves):
    parts = [order[:n], order[n : n + m]]
    return [
        [[int(((moves[g][p] == a) & alive[g][p]).sum()) for a in range(n_moves)] for p in parts]
        for g in groups.tolist()
    ]


def chosen(moves, alive, groups, n_moves, support, query):
    """With these episodes as support and query."""
    both = torch.cat([torch.as_tensor(support), torch.as_tensor(query)]).long()
    return sets_by_loops(moves, alive, groups, both, len(support), len(query), n_moves)


def drop_one(moves, alive, groups, order, n, m, n_moves):
    return chosen(moves, alive, groups, n_moves, order[:n], order[n + 1 : n + m])


def next_groups_query(moves, alive, groups, order, n, m, n_moves):
    own = sets_by_loops(moves, alive, groups, order, n, m, n_moves)
    other = sets_by_loops(moves, alive, torch.cat([groups[1:], groups[:1]]), order, n, m, n_moves)
    return np.stack([own[:, 0], other[:, 1]], axis=1)


def shares(moves, alive, groups, order, n, m, n_moves):
    counts = sets_by_loops(moves, alive, groups, order, n, m, n_moves)
    return counts / np.maximum(counts.sum(axis=2, keepdims=True), 1)


def by_ranks(moves, alive, groups, order, n, m, n_moves):
    masks = [order < n, (order >= n) & (order < n + m)]
    counts = [[torch.bincount(moves[g][p][alive[g][p]], minlength=n_moves).tolist() for p in masks] for g in groups]
    return np.array(counts)


def heap(moves, alive, groups, order, n, m, n_moves):
    counts = sets_by_loops(moves, alive, groups, order, n, m, n_moves)
    return np.stack([counts.sum(axis=0)] * len(groups))


RIGHT = {
    "update_by_hand": [
        [3.0, 5.25, 1.875],
        (3, Fraction(21, 4), Fraction(15, 8)),
        np.array([3, 5.25, 1.875], dtype=np.float16),
        torch.tensor([3.0, 5.25, 1.875]),
    ],
    "slow_copy": [copy_by_numpy, copy_by_weights, copy_by_lerp, copy_by_recursion],
    "support_and_query": [sets_by_loops, sets_by_one_hot, sets_by_comparing],
}

WRONG = {
    "update_by_hand": [
        ("regret_after_the_step", [3, 5.25, 4.75 - 0.25 * 4.75 - 0.75 * 1.5]),
        ("regret_from_the_slow_copy", [3, 5.25, 5 - 2]),
        ("target_network_not_used", [3.03125, 6 - 0.25 * 2.96875, 1.875]),
        ("slow_copy_follows_the_old", [3, 5, 1.875]),
        ("slow_copy_follows_the_target", [3, 5.5, 1.875]),
        ("slow_copy_stays", [3, 6, 1.875]),
        ("slow_copy_jumps", [3, 3, 1.875]),
        ("tau_and_rest_exchanged", [3, 3.75, 1.875]),
        ("rate_forgotten", [4, 5.5, 1.875]),
        ("discount_forgotten", [3.5, 5.375, 1.875]),
        ("baseline_forgotten", [3, 5.25, 4]),
        ("regret_of_stay", [3, 5.25, 1.5 - 2.125]),
        ("externals_policy_left_out", [3, 5.25, 6 - 0.25 * 6 - 0.75]),
        ("own_policy_missing_from_baseline", [3, 5.25, 4 - 2.75]),
        ("wrong_sign", [-3, -5.25, -1.875]),
        ("another_number", [3, 5.25, 2]),
        ("shape", [3, 5.25]),
        ("no_numbers", "three, five and a quarter, two"),
    ],
    "slow_copy": [
        ("copied", lambda slow, fast, rate: fast[len(fast) - 1].tolist()),
        ("never_moved", lambda slow, fast, rate: slow.clone()),
        ("last_update_only", lambda slow, fast, rate: torch.lerp(slow, fast[-1], rate)),
        ("first_update_only", lambda slow, fast, rate: copy_by_numpy(slow, fast[:1], rate)),
        ("rate_and_rest_exchanged", lambda slow, fast, rate: copy_by_recursion(slow, fast, 1 - rate)),
        ("backwards", lambda slow, fast, rate: copy_by_lerp(slow, reversed(list(fast)), rate)),
        ("always_from_the_start", lambda slow, fast, rate: slow + sum(rate * (f - slow) for f in fast)),
        ("towards_the_mean", lambda slow, fast, rate: torch.lerp(slow, sum(fast) / len(fast), rate)),
        ("mean_of_all", lambda slow, fast, rate: np.mean(fast.numpy(), axis=0)),
        ("moved_away", lambda slow, fast, rate: copy_by_weights(slow, fast, -rate)),
        ("added_up", lambda slow, fast, rate: slow + sum(rate * f for f in fast)),
        ("began_at_the_first_update", lambda slow, fast, rate: copy_by_lerp(fast[0], fast[1:], rate)),
        ("wrong_sign", lambda slow, fast, rate: -copy_by_weights(slow, fast, rate)),
        ("shape", lambda slow, fast, rate: torch.lerp(slow.expand_as(fast), fast, rate)),
        ("changes_arguments", lambda slow, fast, rate: slow.lerp_(fast[0], rate)),
        ("another_result", lambda slow, fast, rate: copy_by_lerp(slow, fast, rate / 2)),
    ],
    "support_and_query": [
        ("query_contains_support", lambda moves, alive, groups, order, n, m, A: chosen(moves, alive, groups, A, order[:n], order[: n + m])),
        ("query_from_the_start", lambda moves, alive, groups, order, n, m, A: chosen(moves, alive, groups, A, order[:n], order[:m])),
        ("all_the_rest", lambda moves, alive, groups, order, n, m, A: sets_by_loops(moves, alive, groups, order, n, 99, A)),
        ("query_ends_at_m", lambda moves, alive, groups, order, n, m, A: chosen(moves, alive, groups, A, order[:n], order[n:m])),
        ("order_taken_for_ranks", by_ranks),
        ("order_ignored", lambda moves, alive, groups, order, n, m, A: sets_by_comparing(moves, alive, groups, order.sort().values, n, m, A)),
        ("exchanged", lambda moves, alive, groups, order, n, m, A: sets_by_loops(moves, alive, groups, order, n, m, A)[:, ::-1]),
        ("an_episode_lost", drop_one),
        ("groups_ignored", lambda moves, alive, groups, order, n, m, A: sets_by_one_hot(moves, alive, torch.arange(len(groups)), order, n, m, A)),
        ("externals_mixed", heap),
        ("query_of_another", next_groups_query),
        ("padding_counted", lambda moves, alive, groups, order, n, m, A: sets_by_one_hot(moves, alive | True, groups, order, n, m, A)),
        ("padding_taken_for_move_0", lambda moves, alive, groups, order, n, m, A: sets_by_one_hot(torch.where(alive, moves, 0), alive | True, groups, order, n, m, A)),
        ("frequencies", shares),
        ("shape", lambda moves, alive, groups, order, n, m, A: sets_by_loops(moves, alive, groups, order, n, m, A).sum(1)),
        ("error", lambda moves, alive, groups, order, n, m, A: sets_by_loops(moves, alive, order, groups, n, m, A)[99]),
        ("another_result", lambda moves, alive, groups, order, n, m, A: sets_by_loops(moves, alive, groups, order.roll(1), n, m, A)),
    ],
}  # fmt: skip
