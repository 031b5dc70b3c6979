"""Answers to the exercises of sheet 07 about one update and its data."""

from fractions import Fraction

import numpy as np
import torch

# --- update_by_hand ---


def by_hand(target=5.0, new=None, slow=None, regret=2.625):
    """Target, new Q, slow copy and regret as they follow from each other, where they are not given."""
    new = 10 + (target - 10) / 2 if new is None else new
    return [new, 3 + (new - 3) / 4 if slow is None else slow, regret]


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


def on_the_way(slow, fast, rate):
    """All places of the slow copy, from the first."""
    places = [slow.tolist()]
    for new in fast.tolist():
        places.append([b + rate * (f - b) for b, f in zip(places[-1], new, strict=True)])
    return places


def in_whole_numbers(slow, fast, rate):
    for new in fast:
        slow = (slow + rate * (new - slow)).to(torch.int64)
    return slow


def slower_and_slower(slow, fast, rate):
    for t, new in enumerate(fast, start=1):
        slow = torch.lerp(slow, new, rate / t)
    return slow


def from_the_start(slow, fast, rate):
    return slow + sum(rate * (f - slow) for f in fast)


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


def sets_of_steps(moves, alive, groups, order, n, m, n_moves, flat):
    """Steps instead of episodes are shared out: those of all episodes in a row, or those of each."""
    result = np.zeros((len(groups), 2, n_moves))
    for k, g in enumerate(groups.tolist()):
        for place, e in enumerate(order.tolist()):
            for t in range(moves.shape[2]):
                at = place * moves.shape[2] + t if flat else t
                if alive[g, e, t] and at < n + m:
                    result[k, int(at >= n), moves[g, e, t]] += 1
    return result


def each_once(moves, alive, groups, order, n, m, n_moves):
    """A move counts once in each episode."""
    result = np.zeros((len(groups), 2, n_moves))
    for k, g in enumerate(groups.tolist()):
        for which, part in enumerate((order[:n], order[n : n + m])):
            for e in part.tolist():
                for a in set(moves[g, e][alive[g, e]].tolist()):
                    result[k, which, a] += 1
    return result


def with_alive(change):
    """The right sets with another `alive`."""
    return lambda moves, alive, *rest: sets_by_loops(moves, change(alive), *rest)


def with_groups(change):
    """The right sets of other groups."""
    return lambda moves, alive, groups, *rest: sets_by_comparing(moves, alive, change(groups), *rest)


def changed(change):
    """The right sets, then changed."""
    return lambda *case: change(np.asarray(sets_by_loops(*case)))


def only_whole(alive):
    return torch.where(alive.all(-1, keepdim=True), alive, False)


def without_last(alive):
    """Each episode but for the last step that was played."""
    shorter = alive.clone()
    for g, e in np.ndindex(*alive.shape[:2]):
        shorter[g, e, int(alive[g, e].sum()) - 1] = False
    return shorter


def first_only(alive):
    shorter = torch.zeros_like(alive)
    shorter[..., 0] = alive[..., 0]
    return shorter


def last_slot_out(alive):
    shorter = alive.clone()
    shorter[..., -1] = False
    return shorter


def sets_of_ordered_groups(moves, alive, groups, order, n, m, n_moves):
    shuffled = torch.stack([groups[int(k) % len(groups)] for k in order[: len(groups)]])
    return sets_by_loops(moves, alive, shuffled, torch.arange(len(order)), n, m, n_moves)


def heap(moves, alive, groups, order, n, m, n_moves):
    counts = sets_by_loops(moves, alive, groups, order, n, m, n_moves)
    return np.stack([counts.sum(axis=0)] * len(groups))


RIGHT = {
    "update_by_hand": [
        [7.5, 4.125, 2.625],
        (Fraction(15, 2), Fraction(33, 8), Fraction(21, 8)),
        np.array([7.5, 4.125, 2.625], dtype=np.float16),
        torch.tensor([7.5, 4.125, 2.625]),
        [7.5, 4.13, 2.63],
    ],
    "slow_copy": [copy_by_numpy, copy_by_weights, copy_by_lerp, copy_by_recursion],
    "support_and_query": [sets_by_loops, sets_by_one_hot, sets_by_comparing],
}

WRONG = {
    "update_by_hand": [
        ("regret_after_the_step", by_hand(regret=8.625 - 0.25 * 8.625 - 0.75 * 7)),
        ("regret_from_the_slow_copy", by_hand(regret=5 - 0.25 * 5 - 0.75 * 1)),
        ("regret_from_the_new_slow_copy", by_hand(regret=0.75 * (0.75 * 4.125 + 0.25 * 11 - 1))),
        ("target_network_not_used", by_hand(4 + 0.5 * 7.875)),
        ("prey_moves_the_same_again", by_hand(4 + 0.5 * 0.25 * 3)),
        ("next_pairs_equally_likely", by_hand(4 + 0.5 * 18 / 4)),
        ("next_action_is_the_best", by_hand(4 + 0.5 * 5)),
        ("future_left_out", by_hand(4)),
        ("reward_left_out", by_hand(0.5 * 2)),
        ("discount_forgotten", by_hand(4 + 2)),
        ("reward_discounted", by_hand(0.5 * (4 + 2))),
        ("rate_forgotten", by_hand(new=5.0)),
        ("critic_moves_away", by_hand(new=12.5)),
        ("slow_copy_follows_the_old", by_hand(slow=3 + 0.25 * 7)),
        ("slow_copy_follows_the_target", by_hand(slow=3 + 0.25 * 2)),
        ("slow_copy_stays", by_hand(slow=3.0)),
        ("slow_copy_jumps", by_hand(slow=7.5)),
        ("tau_and_rest_exchanged", by_hand(slow=0.25 * 3 + 0.75 * 7.5)),
        ("critics_rate_for_tau", by_hand(slow=5.25)),
        ("slow_copy_grows", by_hand(slow=3 + 0.25 * 7.5)),
        ("slow_copy_moves_away", by_hand(slow=3 - 0.25 * 4.5)),
        ("baseline_forgotten", by_hand(regret=10.5)),
        ("own_policy_missing_from_baseline", by_hand(regret=10.5 - (10.5 + 7) / 2)),
        ("compared_with_stay", by_hand(regret=10.5 - 7)),
        ("regret_of_stay", by_hand(regret=7 - 7.875)),
        ("target_in_the_regret", by_hand(regret=5 - 7.875)),
        ("move_known_in_the_first_term", by_hand(regret=10 - 7.875)),
        ("move_known_in_the_regret", by_hand(regret=10 - 0.25 * 10 - 0.75 * 9)),
        ("externals_policy_left_out", by_hand(regret=0.75 * (11 - 5))),
        ("best_move_in_the_regret", by_hand(regret=0.75 * (12 - 9))),
        ("hunters_probabilities_exchanged", by_hand(4 + 0.5 * (0.75 * 5 + 0.25 * 1), regret=0.25 * 3.5)),
        ("preys_probabilities_exchanged", by_hand(4 + 0.5 * (0.25 * 9 + 0.75 * 3), regret=0.75 * (11.5 - 3))),
        ("wrong_sign", [-7.5, -4.125, -2.625]),
        ("wrong_sign", by_hand(regret=-2.625)),
        ("discount_forgotten", by_hand(6.0, regret=10.5)),
        ("rate_forgotten", by_hand(new=5.0, regret=10.5)),
        ("another_number", [7.5, 4.125, 2.2]),
        ("shape", [7.5, 4.125]),
        ("no_numbers", "seven and a half, four, three"),
    ],
    "slow_copy": [
        ("copied", lambda slow, fast, rate: fast[len(fast) - 1].tolist()),
        ("never_moved", lambda slow, fast, rate: slow.clone()),
        ("last_update_only", lambda slow, fast, rate: torch.lerp(slow, fast[-1], rate)),
        ("first_update_skipped", lambda slow, fast, rate: copy_by_numpy(slow, fast[1:], rate)),
        ("last_update_skipped", lambda slow, fast, rate: on_the_way(slow, fast, rate)[-2]),
        ("last_each_time", lambda slow, fast, rate: copy_by_lerp(slow, [fast[-1]] * len(fast), rate)),
        ("began_at_zero", lambda slow, fast, rate: copy_by_lerp(torch.zeros_like(slow), fast, rate)),
        ("steps_grow_smaller", slower_and_slower),
        ("returned_all", lambda slow, fast, rate: on_the_way(slow, fast, rate)[1:]),
        ("mean_of_the_way", lambda slow, fast, rate: np.mean(on_the_way(slow, fast, rate)[1:], axis=0)),
        ("cut_to_whole_numbers", in_whole_numbers),
        ("bias_corrected", lambda slow, fast, rate: copy_by_lerp(slow, fast, rate) / (1 - (1 - rate) ** len(fast))),
        ("first_update_skipped", lambda slow, fast, rate: copy_by_recursion(slow, fast[1:], 1 - rate)),
        ("first_update_only", lambda slow, fast, rate: copy_by_numpy(slow, fast[:1], rate)),
        ("rate_and_rest_exchanged", lambda slow, fast, rate: copy_by_recursion(slow, fast, 1 - rate)),
        ("backwards", lambda slow, fast, rate: copy_by_lerp(slow, reversed(list(fast)), rate)),
        ("always_from_the_start", from_the_start),
        ("towards_the_mean", lambda slow, fast, rate: torch.lerp(slow, sum(fast) / len(fast), rate)),
        ("mean_of_all", lambda slow, fast, rate: np.mean(fast.numpy(), axis=0)),
        ("moved_away", lambda slow, fast, rate: copy_by_weights(slow, fast, -rate)),
        ("added_up", lambda slow, fast, rate: slow + sum(rate * f for f in fast)),
        ("began_at_the_first_update", lambda slow, fast, rate: copy_by_lerp(fast[0], fast[1:], rate)),
        ("wrong_sign", lambda slow, fast, rate: -copy_by_weights(slow, fast, rate)),
        ("shape", lambda slow, fast, rate: torch.lerp(slow.expand_as(fast), fast, rate)),
        ("changes_arguments", lambda slow, fast, rate: slow.lerp_(fast[0], rate)),
        ("half_the_way", lambda slow, fast, rate: copy_by_lerp(slow, fast, rate / 2)),
        ("another_result", lambda slow, fast, rate: copy_by_lerp(slow, fast, rate / 3)),
    ],
    "support_and_query": [
        ("query_contains_support", lambda moves, alive, groups, order, n, m, A: chosen(moves, alive, groups, A, order[:n], order[: n + m])),
        ("query_from_the_start", lambda moves, alive, groups, order, n, m, A: chosen(moves, alive, groups, A, order[:n], order[:m])),
        ("all_the_rest", lambda moves, alive, groups, order, n, m, A: sets_by_loops(moves, alive, groups, order, n, 99, A)),
        ("query_ends_at_m", lambda moves, alive, groups, order, n, m, A: chosen(moves, alive, groups, A, order[:n], order[n:m])),
        ("query_is_the_last", lambda moves, alive, groups, order, n, m, A: chosen(moves, alive, groups, A, order[:n], order[len(order) - m :])),
        ("query_starts_late", lambda moves, alive, groups, order, n, m, A: chosen(moves, alive, groups, A, order[:n], order[n + 1 : n + 1 + m])),
        ("query_one_too_long", lambda moves, alive, groups, order, n, m, A: sets_by_one_hot(moves, alive, groups, order, n, m + 1, A)),
        ("support_one_too_long", lambda moves, alive, groups, order, n, m, A: chosen(moves, alive, groups, A, order[: n + 1], order[n : n + m])),
        ("counted_from_one", lambda moves, alive, groups, order, n, m, A: sets_by_one_hot(moves, alive, groups, order[1:], n, m, A)),
        ("support_is_everything", lambda moves, alive, groups, order, n, m, A: chosen(moves, alive, groups, A, order, order[n : n + m])),
        ("order_backwards", lambda moves, alive, groups, order, n, m, A: sets_by_comparing(moves, alive, groups, order.flip(0), n, m, A)),
        ("groups_sorted", with_groups(lambda groups: torch.tensor(sorted(set(groups.tolist()))))),
        ("groups_in_another_order", with_groups(lambda groups: torch.tensor(sorted(groups.tolist())))),
        ("one_group_for_all", with_groups(lambda groups: torch.full_like(groups, int(groups[0])))),
        ("order_applied_to_the_groups", sets_of_ordered_groups),
        ("externals_mixed_in_one_table", changed(lambda found: found.sum(axis=0))),
        ("counters_run_on", changed(lambda found: np.add.accumulate(found, axis=0))),
        ("only_padding_counted", with_alive(torch.logical_not)),
        ("short_episodes_left_out", with_alive(only_whole)),
        ("first_steps_only", with_alive(first_only)),
        ("last_steps_left_out", with_alive(without_last)),
        ("last_column_left_out", with_alive(last_slot_out)),
        ("steps_shared_out", lambda *case: sets_of_steps(*case, flat=True)),
        ("steps_of_each_episode_shared_out", lambda *case: sets_of_steps(*case, flat=False)),
        ("episodes_counted", each_once),
        ("both_together", changed(lambda found: found[:, 0] + found[:, 1])),
        ("all_moves_together", changed(lambda found: found.sum(axis=-1))),
        ("moves_before_sets", changed(lambda found: np.moveaxis(found, 1, 2))),
        ("sets_before_groups", changed(lambda found: np.moveaxis(found, 1, 0))),
        ("order_ignored", lambda moves, alive, groups, order, n, m, A: sets_by_one_hot(moves, alive | True, groups, order.sort().values, n, m, A)),
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
        ("shape", changed(lambda found: found[..., None] * np.ones(2))),
        ("error", lambda moves, alive, groups, order, n, m, A: sets_by_loops(moves, alive, order, groups, n, m, A)[99]),
        ("shifted", lambda moves, alive, groups, order, n, m, A: sets_by_loops(moves, alive, groups, order.roll(1), n, m, A)),
        ("another_result", lambda moves, alive, groups, order, n, m, A: sets_by_loops(moves, alive, groups, order.roll(2), n, m, A)),
    ],
}  # fmt: skip
