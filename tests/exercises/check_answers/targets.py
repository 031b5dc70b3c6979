"""Answers to the exercises of sheet 04 about targets."""

from fractions import Fraction
from itertools import product

import numpy as np
import torch

# --- expected_target ---


def futures(next_q, policies):
    """The expectation of each table (B,)."""
    found = []
    for b, q in enumerate(next_q):
        v = 0.0
        for joint in product(*map(range, q.shape)):
            v += float(q[joint]) * float(np.prod([float(p[b, a]) for p, a in zip(policies, joint, strict=True)]))
        found.append(v)
    return np.array(found)


def target_by_loops(reward, terminated, truncated, next_q, policies, gamma):
    v = futures(next_q, policies)
    return [float(r) if over else float(r) + gamma * x for r, over, x in zip(reward, terminated, v, strict=True)]


def target_by_torch(reward, terminated, truncated, next_q, policies, gamma):
    v = next_q.float()
    for p in policies:
        v = (v * p.float().view(len(p), -1, *[1] * (v.dim() - 2))).sum(1)  # the first axis left
    return reward.float() + gamma * (~terminated) * v


def target_by_weights(reward, terminated, truncated, next_q, policies, gamma):
    joint = np.ones((len(next_q), 1))
    for p in policies:
        joint = np.einsum("bx,ba->bxa", joint, np.asarray(p)).reshape(len(next_q), -1)
    v = (joint * np.asarray(next_q).reshape(len(next_q), -1)).sum(axis=1)
    return np.asarray(reward) + gamma * (1.0 - np.asarray(terminated)) * v


def even(policy):
    return torch.ones_like(policy) / policy.shape[1]


def best(next_q, policies):
    """The team's best, the external averaged out."""
    return np.array([float((q * p).sum(-1).flatten().max()) for q, p in zip(next_q, policies[-1], strict=True)])


def at_the_likeliest(next_q, policies):
    return np.array([float(q[tuple(int(p[b].argmax()) for p in policies)]) for b, q in enumerate(next_q)])


def built(keep=lambda o, c: not o, of=None, weights=lambda p: p, first=lambda g, o: 1, later=lambda g, n: g):
    """An answer by loops in which one part is another one."""

    def answer(reward, terminated, truncated, next_q, policies, gamma):
        found = []
        for b, q in enumerate(np.asarray(next_q)):
            rows = [weights([np.asarray(x) for x in p])[b] for p in policies]
            if of:
                v = of(q, rows)
            else:
                v = sum(
                    q[joint] * np.prod([x[a] for x, a in zip(rows, joint, strict=True)])
                    for joint in np.ndindex(*q.shape)
                )
            o, c = bool(terminated[b]), bool(truncated[b])
            found.append(first(gamma, o) * float(reward[b]) + later(gamma, len(policies)) * keep(o, c) * v)
        return found

    return answer


def together(join):
    """An answer whose futures are joined first."""

    def answer(reward, terminated, truncated, next_q, policies, gamma):
        v = np.asarray(join(futures(next_q, policies), ~terminated.numpy()))
        return reward.numpy() + gamma * ~terminated.numpy() * v

    return answer


def some(change, which):
    """An answer in which the policy of one agent is another one."""

    def answer(r, over, cut, q, p, gamma):
        p = list(p)
        p[which] = change(p[which])
        return target_by_loops(r, over, cut, q, p, gamma)

    return answer


def but_one(best, which):
    """An expectation but over one agent, whose action is the best one, or the worst."""

    def of(q, rows):
        for j in reversed(range(len(rows))):
            if j != which % len(rows):
                q = np.tensordot(q, rows[j], (j, 0))
        return best(q)

    return built(of=of)


def until_the_end(r, over, cut, q, p, gamma):
    y, v = r.tolist(), futures(q, p)
    for b in range(len(y)):
        if over[b]:
            break
        y[b] += gamma * v[b]
    return y


def last_chosen(best):
    """The last agent does what is best, or worst, before all others are averaged out."""

    def of(q, rows):
        q = best(q, -1)
        for x in reversed(rows[:-1]):
            q = q @ x
        return q

    return built(of=of)


def soft(x):
    return x.exp() / x.exp().sum(1, keepdim=True)


def with_future(v, reward, terminated, gamma):
    return np.where(np.asarray(terminated), np.asarray(reward), np.asarray(reward) + gamma * np.asarray(v))


RIGHT = {
    "targets_by_hand": [
        [2.35, 2.0],
        (Fraction(47, 20), 2),
        np.array([2.35, 2.0], dtype=np.float16),
        torch.tensor([2.35, 2.0]),
    ],
    "expected_target": [target_by_loops, target_by_torch, target_by_weights],
}

WRONG = {
    "targets_by_hand": [
        ("truncation_taken_for_an_end", [1, 2]),
        ("truncation_taken_for_an_end", [1 + 0.5**25 * 2.7, 2]),
        ("bootstrap_after_the_end", [2.35, 3.35]),
        ("end_and_cut_exchanged", [1.0, 3.35]),
        ("max_instead_of_expectation", [4, 2]),
        ("team_maximises", [2.75, 2]),
        ("hunters_likeliest_action", [1 + 0.5 * 2.5, 2]),
        ("own_policy_left_out", [2.5, 2]),
        ("own_probabilities_swapped", [1 + 0.5 * (0.8 * 3.5 + 0.2 * 2.5), 2]),
        ("externals_policy_left_out", [1 + 0.5 * 44 / 15, 2]),
        ("prey_added_up", [1 + 0.5 * (0.2 * 8 + 0.8 * 9), 2]),
        ("preys_likeliest_move", [1 + 0.5 * (0.2 * 6 + 0.8 * 1), 2]),
        ("prey_against_the_hunter", [1 + 0.5 * (0.2 * 0 + 0.8 * 1), 2]),
        ("all_uniform", [1 + 0.5 * 17 / 6, 2]),
        ("all_added_up", [1 + 0.5 * 17, 2]),
        ("discount_forgotten", [3.7, 2]),
        ("reward_discounted", [1.85, 1]),
        ("likeliest_action", [1.5, 2]),
        ("reward_missing", [1.35, 0]),
        ("first_reward_missing", [1.35, 2]),
        ("reward_missing_after_the_end", [2.35, 0]),
        ("value_alone", [2.7, 2]),
        ("only_the_reward_discounted", [0.5 + 2.7, 1]),
        ("discounted_twice", [1 + 0.25 * 2.7, 2]),
        ("averaged_where_a_sum_is_due", [1 + 0.5 * 0.9, 2]),
        ("future_subtracted", [1 - 1.35, 2]),
        ("bootstrap_after_the_end", [3.7, 4.7]),  # and no γ: two mistakes
        ("bootstrap_after_the_end", [2.75, 3.75]),  # and the hunter's best action: two mistakes
        ("reversed_order", [2, 2.35]),
        ("wrong_sign", [-2.35, -2]),
        ("another_number", [2.3, 2]),
        ("shape", 2.35),
        ("no_numbers", "both are 2"),
    ],
    "expected_target": [
        ("truncation_taken_for_an_end", lambda r, over, cut, q, p, gamma: with_future(futures(q, p), r, over | cut, gamma)),
        ("bootstrap_after_the_end", lambda r, over, cut, q, p, gamma: r + gamma * torch.from_numpy(futures(q, p))),
        ("no_future", lambda r, over, cut, q, p, gamma: r),
        ("batch_averaged", lambda r, over, cut, q, p, gamma: np.mean(target_by_loops(r, over, cut, q, p, gamma))),
        ("drawn_instead_of_expected", lambda r, over, cut, q, p, gamma: with_future([x.flatten()[-1] for x in q], r, over, gamma)),
        ("end_and_cut_exchanged", lambda r, over, cut, q, p, gamma: target_by_loops(r, cut, over, q, p, gamma)),
        ("only_after_the_end", lambda r, over, cut, q, p, gamma: target_by_loops(r, ~over, cut, q, p, gamma)),
        ("reward_missing_after_the_end", lambda r, over, cut, q, p, gamma: [0.0 if end else y for y, end in zip(target_by_loops(r, over, cut, q, p, gamma), over, strict=True)]),
        ("discount_forgotten", lambda r, over, cut, q, p, gamma: target_by_weights(r, over, cut, q, p, 1)),
        ("reward_discounted", lambda r, over, cut, q, p, gamma: gamma * target_by_weights(r, over, cut, q, p, 1)),
        ("max_instead_of_expectation", lambda r, over, cut, q, p, gamma: with_future([x.max() for x in q], r, over, gamma)),
        ("team_maximises", lambda r, over, cut, q, p, gamma: with_future(best(q, p), r, over, gamma)),
        ("externals_policy_left_out", lambda r, over, cut, q, p, gamma: target_by_torch(r, over, cut, q, [*p[:-1], even(p[-1])], gamma)),
        ("all_uniform", lambda r, over, cut, q, p, gamma: with_future([x.mean() for x in q], r, over, gamma)),
        ("likeliest_action", lambda r, over, cut, q, p, gamma: with_future(at_the_likeliest(q, p), r, over, gamma)),
        ("one_policy_for_all_states", lambda r, over, cut, q, p, gamma: target_by_loops(r, over, cut, q, [x[[0] * len(x)] for x in p], gamma)),
        ("reward_alone_after_the_end", lambda r, over, cut, q, p, gamma: r + gamma * q.flatten(1).std(1)),
        ("bootstrap_after_the_end", lambda r, over, cut, q, p, gamma: r + gamma * torch.from_numpy(best(q, p))),  # two mistakes
        ("truncation_taken_for_an_end", built(keep=lambda o, c: not (o or c), later=lambda g, n: 1)),  # two mistakes
        ("truncation_outweighs_the_end", built(keep=lambda o, c: c or not o)),
        ("end_only_if_truncated_too", built(keep=lambda o, c: not (o and c))),
        ("only_after_a_truncation", built(keep=lambda o, c: c)),
        ("nothing_after_the_first_end", until_the_end),
        ("nothing_for_the_last", lambda r, over, cut, q, p, gamma: [*target_by_loops(r, over, cut, q, p, gamma)[:-1], float(r[-1])]),
        ("nothing_for_the_first", lambda r, over, cut, q, p, gamma: [float(r[0]), *target_by_loops(r, over, cut, q, p, gamma)[1:]]),
        ("one_end_for_all", lambda r, over, cut, q, p, gamma: r if over.any() else target_by_loops(r, over, cut, q, p, gamma)),
        ("whole_numbers_inverted", built(keep=lambda o, c: ~int(o))),
        ("future_subtracted", built(later=lambda g, n: -g)),
        ("reward_discounted_if_it_goes_on", built(first=lambda g, o: 1 if o else g)),
        ("only_the_reward_discounted", built(first=lambda g, o: g, later=lambda g, n: 1)),
        ("discounted_for_each_player", built(later=lambda g, n: g**n)),
        ("reward_missing", built(first=lambda g, o: 0)),
        ("reward_only_after_the_end", built(first=lambda g, o: o)),
        ("min_instead_of_expectation", built(of=lambda q, rows: q.min())),
        ("first_player_maximises", but_one(np.max, 0)),
        ("last_player_maximises", last_chosen(np.max)),
        ("last_player_minimises", last_chosen(np.min)),
        ("summed_without_weights", built(of=lambda q, rows: q.sum())),
        ("averaged_where_a_sum_is_due", built(weights=lambda p: [x / len(x) for x in p])),
        ("last_policy_missing", some(torch.ones_like, -1)),
        ("own_policy_left_out", some(even, 0)),
        ("first_policy_missing", some(torch.ones_like, 0)),
        ("softmax_of_probabilities", lambda r, over, cut, q, p, gamma: target_by_weights(r, over, cut, q, [*map(soft, p)], gamma)),
        ("last_policy_for_all_states", built(weights=lambda p: [p[-1]] * len(p))),
        ("policies_averaged_over_states", built(weights=lambda p: [sum(p) / len(p)] * len(p))),
        ("future_averaged", together(lambda v, on: v.mean())),
        ("future_added_up", together(lambda v, on: sum(v))),
        ("first_future_for_all", together(lambda v, on: v[0])),
        ("futures_pile_up", together(lambda v, on: [sum(v[: b + 1] * on[: b + 1]) for b in range(len(v))])),
        ("clamped", together(lambda v, on: np.maximum(v, 0))),
        ("first_entry_only", built(of=lambda q, rows: q.ravel()[0])),
        ("batch_added_up", lambda r, over, cut, q, p, gamma: sum(target_by_loops(r, over, cut, q, p, gamma))),
        ("first_transition_only", lambda r, over, cut, q, p, gamma: target_by_loops(r, over, cut, q, p, gamma)[:1]),
        ("changes_arguments", lambda r, over, cut, q, p, gamma: r.add_(gamma * ~over * torch.from_numpy(futures(q, p)))),
        ("wrong_sign", lambda r, over, cut, q, p, gamma: -target_by_torch(r, over, cut, q, p, gamma)),
        ("wrong_power", lambda r, over, cut, q, p, gamma: target_by_weights(r, over, cut, q, p, gamma**2)),
        ("error", lambda r, over, cut, q, p, gamma: r + gamma * (1 - over) * q.mean()),
        ("shape", lambda r, over, cut, q, p, gamma: r + gamma * q.flatten(1)[:, :1]),
    ],
}  # fmt: skip
