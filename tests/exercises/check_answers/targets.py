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


def with_future(v, reward, terminated, gamma):
    return np.where(np.asarray(terminated), np.asarray(reward), np.asarray(reward) + gamma * np.asarray(v))


# --- relabelled_target ---


def relabelled_by_loops(reward, next_state, next_actions, slow, team, old, new, gamma):
    found = []
    for r, s in zip(reward.tolist(), next_state.tolist(), strict=True):
        for a in range(slow.shape[1]):
            for c in range(slow.shape[2]):
                r += gamma * float(team[s, a] * new[s, c] * slow[s, a, c])
        found.append(r)
    return found


def relabelled_by_matrices(reward, next_state, next_actions, slow, team, old, new, gamma):
    v = team[:, None, :].float() @ slow.float() @ new[:, :, None].float()  # (S, 1, 1)
    return reward.float() + gamma * v[next_state, 0, 0]


def relabelled_by_numpy(reward, next_state, next_actions, slow, team, old, new, gamma):
    slow, team, new = (np.asarray(x)[np.asarray(next_state)] for x in (slow, team, new))
    joint = team[:, :, None] * new[:, None, :]
    return np.asarray(reward) + gamma * np.sum(joint * slow, axis=(1, 2))


def drawn(slow, next_state, next_actions):
    return np.array([float(slow[s, a, c]) for s, (a, c) in zip(next_state, next_actions, strict=True)])


def weights(new, old, next_state, next_actions):
    return np.array([float(new[s, c] / old[s, c]) for s, c in zip(next_state, next_actions[:, 1], strict=True)])


Q = np.array([[6.0, 2.0, 0.0], [1.0, 3.0, 5.0]])

RIGHT = {
    "targets_by_hand": [
        [2.35, 2.0],
        (Fraction(47, 20), 2),
        np.array([2.35, 2.0], dtype=np.float16),
        torch.tensor([2.35, 2.0]),
    ],
    "expected_target": [target_by_loops, target_by_torch, target_by_weights],
    "relabelled_target": [relabelled_by_loops, relabelled_by_matrices, relabelled_by_numpy],
}

WRONG = {
    "targets_by_hand": [
        ("truncation_taken_for_an_end", [1, 2]),
        ("bootstrap_after_the_end", [2.35, 3.35]),
        ("end_and_cut_exchanged", [1.0, 3.35]),
        ("max_instead_of_expectation", [4, 2]),
        ("team_maximises", [2.75, 2]),
        ("externals_policy_left_out", [1 + 0.5 * 44 / 15, 2]),
        ("all_uniform", [1 + 0.5 * 17 / 6, 2]),
        ("discount_forgotten", [3.7, 2]),
        ("reward_discounted", [1.85, 1]),
        ("likeliest_action", [1.5, 2]),
        ("reward_missing", [1.35, 0]),
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
        ("reward_alone_after_the_end", lambda r, over, cut, q, p, gamma: r + gamma * torch.from_numpy(best(q, p))),
        ("wrong_sign", lambda r, over, cut, q, p, gamma: -target_by_torch(r, over, cut, q, p, gamma)),
        ("wrong_power", lambda r, over, cut, q, p, gamma: target_by_weights(r, over, cut, q, p, gamma**2)),
        ("error", lambda r, over, cut, q, p, gamma: r + gamma * (1 - over) * q.mean()),
        ("shape", lambda r, over, cut, q, p, gamma: r + gamma * q.flatten(1)[:, :1]),
    ],
    "relabelled_target": [
        ("old_external_kept", lambda r, s, a, slow, team, old, new, gamma: relabelled_by_loops(r, s, a, slow, team, new, old, gamma)),
        ("both_externals", lambda r, s, a, slow, team, old, new, gamma: relabelled_by_numpy(r, s, a, slow, team, old, 0.5 * old + 0.5 * new, gamma)),
        ("next_action_from_the_data", lambda r, s, a, slow, team, old, new, gamma: r.numpy() + gamma * drawn(slow, s, a)),
        ("externals_move_from_the_data", lambda r, s, a, slow, team, old, new, gamma: [float(x + gamma * team[t] @ slow[t, :, c]) for x, t, c in zip(r, s, a[:, 1], strict=True)]),
        ("own_move_from_the_data", lambda r, s, a, slow, team, old, new, gamma: [float(x + gamma * slow[t, c] @ new[t]) for x, t, c in zip(r, s, a[:, 0], strict=True)]),
        ("importance_weighted", lambda r, s, a, slow, team, old, new, gamma: r.numpy() + gamma * weights(new, old, s, a) * drawn(slow, s, a)),
        ("externals_policy_left_out", lambda r, s, a, slow, team, old, new, gamma: relabelled_by_matrices(r, s, a, slow, team, old, even(new), gamma)),
        ("max_instead_of_expectation", lambda r, s, a, slow, team, old, new, gamma: [float(x + gamma * slow[t].max()) for x, t in zip(r, s, strict=True)]),
        ("team_maximises", lambda r, s, a, slow, team, old, new, gamma: [float(x + gamma * max(slow[t] @ new[t])) for x, t in zip(r, s, strict=True)]),
        ("discount_forgotten", lambda r, s, a, slow, team, old, new, gamma: relabelled_by_loops(r, s, a, slow, team, old, new, 1)),
        ("wrong_factor", lambda r, s, a, slow, team, old, new, gamma: 2 * relabelled_by_numpy(r, s, a, slow, team, old, new, gamma)),
        ("error", lambda r, s, a, slow, team, old, new, gamma: r + gamma * team @ slow @ new),
        ("shape", lambda r, s, a, slow, team, old, new, gamma: r + gamma * (team[:, None] @ slow @ new[:, :, None])[s, 0]),
        ("another_result", lambda r, s, a, slow, team, old, new, gamma: r + gamma * torch.einsum("ac,ba,bc->b", slow[0], team[s], new[s])),
        ("changes_arguments", lambda r, s, a, slow, team, old, new, gamma: r.add_(1)),
    ],
}  # fmt: skip
