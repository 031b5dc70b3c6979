"""Answers to the exercises of sheet 01 about games with many states."""

from fractions import Fraction
from itertools import product

import numpy as np
import torch

# --- state_chain ---


def joint_by_loops(policies):
    """(S, |A|), the last agent's action fastest."""
    S = len(policies[0])
    every = list(product(*(range(p.shape[1]) for p in policies)))
    return np.array(
        [[np.prod([float(p[s, a]) for p, a in zip(policies, one, strict=True)]) for one in every] for s in range(S)]
    )


def chain_by_loops(T, policies):
    joint = joint_by_loops(policies)
    return [
        [sum(float(joint[s, j] * T[s, j, t]) for j in range(T.shape[1])) for t in range(len(T))] for s in range(len(T))
    ]


def chain_by_axes(T, policies):
    """T with an axis for each agent, contracted one by one from the last."""
    P = T.reshape(len(T), *(p.shape[1] for p in policies), len(T)).float()
    for p in reversed(policies):
        P = torch.einsum("s...at,sa->s...t", P, p.float())
    return P


def chain_by_kron(T, policies):
    rows = []
    for s in range(len(T)):
        weights = np.ones(1)
        for p in policies:
            weights = np.kron(weights, np.asarray(p[s]))
        rows.append(weights @ np.asarray(T[s]))
    return np.stack(rows)


def chain_of_sums(T, policies):
    P = np.zeros((len(T), len(T)))
    for s in range(len(T)):
        for j, joint in enumerate(product(*(range(p.shape[1]) for p in policies))):
            P[s] += sum(float(p[s, a]) for p, a in zip(policies, joint, strict=True)) * T[s, j].numpy()
    return P


def arrays(T, policies):
    return np.asarray(T), joint_by_loops(policies)


def even(policy):
    return torch.ones_like(policy) / policy.shape[1]


def ended(T, policies, leads):
    """P with the rest of each row led to where these rows say."""
    P = chain_by_kron(T, policies)
    return P + (1 - P.sum(1, keepdims=True)) * leads


def normalised(T, policies):
    P = chain_by_kron(T, policies)
    return P / P.sum(1, keepdims=True)


# --- team_value ---


def value_by_solving(T, R, policy, start, gamma):
    T, R, policy, start = (np.asarray(x, dtype=float) for x in (T, R, policy, start))
    P, r = np.einsum("sj,sjt->st", policy, T), np.einsum("sj,sj->s", policy, R[:, :, :-1].mean(2))
    return start @ np.linalg.solve(np.eye(len(T)) - gamma * P, r)


def value_by_sweeps(T, R, policy, start, gamma, sweeps=300):
    S, J, n = R.shape
    T, R, policy = T.tolist(), R.tolist(), policy.tolist()
    V = [0.0] * S
    for _ in range(sweeps):
        V = [
            sum(
                policy[s][j] * (sum(R[s][j][:-1]) / (n - 1) + gamma * sum(T[s][j][t] * V[t] for t in range(S)))
                for j in range(J)
            )
            for s in range(S)
        ]
    return sum(float(p) * v for p, v in zip(start, V, strict=True))


def value_by_visits(T, R, policy, start, gamma):
    """From how often each state is visited, discounted."""
    P = torch.bmm(policy[:, None, :], T)[:, 0]
    visits = torch.zeros_like(start)
    now = start
    for _ in range(300):
        visits = visits + now
        now = gamma * (now @ P)
    return torch.einsum("s,sj,sji->i", visits, policy, R)[:-1].mean().to(torch.float32)


def only(R, *agents):
    """Rewards as if the first agents had been those named: the team's reward is theirs."""
    return torch.cat([R[..., list(agents)], R[..., -1:]], -1)


def optimal(T, R, policy, start, gamma):
    V, T, pay = np.zeros(len(T)), T.numpy(), R[..., :-1].mean(-1).numpy()
    for _ in range(70):
        V = np.max(pay + gamma * T @ V, axis=1)
    return float(start.numpy() @ V)


def pay_and_chain(T, R, policy):
    """r (S,) and P (S, S)."""
    return (policy * (R.sum(2) - R[..., -1])).sum(1) / (R.shape[2] - 1), torch.bmm(policy[:, None, :], T)[:, 0]


def two_moves(T, R, policy, start, gamma):
    r, P = pay_and_chain(T, R, policy)
    return start @ (r + gamma * P @ r)


def turned(T, R, policy, start, gamma):
    r, P = pay_and_chain(T, R, policy)
    return start @ torch.linalg.solve(torch.eye(len(T)).to(P.dtype) - gamma * P.T, r)


def added_up(R, how):
    """Rewards as if each agent were paid how(all rewards)."""
    return np.apply_along_axis(lambda r: how(r) * np.ones_like(r), 2, R.numpy())


def from_chain(T, R, weights, leads, start, gamma, ends=""):
    """The value with one policy for rewards, another for transitions, and another meaning of the end."""
    r, P = pay_and_chain(T, R, weights)[0].numpy(), pay_and_chain(T, R, leads)[1].numpy()
    total = P.sum(1, keepdims=True)
    if ends == "normalised":
        P = np.divide(P, total, out=0 * P, where=total > 0)
    if ends == "stays":
        P = P + np.diag(1 - total[:, 0])
    return float(start.numpy() @ np.linalg.inv(np.eye(len(r)) - gamma * P) @ r)


def each_state(T, R, policy, start, gamma):
    return [value_by_solving(T, R, policy, one, gamma) for one in np.eye(len(T))]


RIGHT = {
    "ending_income": [2.5, Fraction(5, 2), np.float32(2.5), torch.tensor([2.5])],
    "state_chain": [chain_by_loops, chain_by_axes, chain_by_kron],
    "team_value": [value_by_solving, value_by_sweeps, value_by_visits],
}

WRONG = {
    "ending_income": [
        ("end_forgotten", 5),
        ("discount_forgotten", 4),
        ("cut_taken_for_an_end", 1.96),
        ("discount_off_by_one", 2.0),
        ("first_pay_missing", 1.5),
        ("may_end_before_the_pay", 1.875),
        ("probability_of_the_end", 1.25),
        ("losses_added", 2.2222),
        ("no_future", 1),
        ("wrong_sign", -2.5),
        ("another_number", 7),
        ("shape", [1, 0.6, 0.36]),
        ("stopped_one_move_later", 1 + 0.6 + 0.36 + 0.216),
        ("two_payments_only", 1.6),
        ("one_minus_gamma", 1 / (1 - 0.2 * 0.75)),
        ("factors_added", 1 / (1 - 1.55)),
        ("discounted_once", 3.4),
        ("not_divided", 0.4),
        ("divided_by_what_is_left", 5 / 3),
        ("only_what_is_left", 0.6),
        ("end_forgotten", 2.44),  # and cut: two mistakes
        ("no_numbers", {"V": 2.5}),
    ],
    "state_chain": [
        ("joint_action_order", lambda T, policies: chain_by_kron(T, list(reversed(policies)))),
        ("last_policy_left_out", lambda T, policies: chain_by_loops(T, [*policies[:-1], even(policies[-1])])),
        ("probabilities_added", chain_of_sums),
        ("all_uniform", lambda T, policies: T.sum(1) / T.shape[1]),
        ("summed_without_weights", lambda T, policies: [sum(rows) for rows in T]),
        ("averaged_where_a_sum_is_due",
         lambda T, policies: (torch.from_numpy(joint_by_loops(policies))[:, :, None] * T).mean(1)),
        ("likeliest_action",
         lambda T, policies: [T[s, int(np.argmax(row))] for s, row in enumerate(joint_by_loops(policies))]),
        ("rows_normalised", normalised),
        ("transposed", lambda T, policies: chain_by_kron(T, policies).T),
        ("one_policy_for_all_states", lambda T, policies: chain_by_loops(T, [p[[0] * len(p)] for p in policies])),
        ("policy_of_the_next_state", lambda T, policies: np.einsum("sjt,tj->st", *arrays(T, policies))),
        ("rows_at_most_one", lambda T, policies: chain_by_kron(T, policies) + 0.5),
        ("wrong_sign", lambda T, policies: -chain_by_kron(T, policies)),
        ("wrong_factor", lambda T, policies: chain_by_axes(T, policies) * 3),
        ("not_summed_over_actions", lambda T, policies: np.einsum("sjt,sj->sjt", *arrays(T, policies))),
        ("shape", lambda T, policies: chain_by_kron(T, policies)[:, :1]),
        ("last_policy_missing", lambda T, policies: chain_by_kron(T, [*policies[:-1], policies[-1] ** 0])),
        ("first_policy_left_out", lambda T, policies: chain_by_loops(T, [even(policies[0]), *policies[1:]])),
        ("last_joint_action_missing",
         lambda T, policies: chain_by_kron(torch.cat([T[:, :-1], 0 * T[:, -1:]], 1), policies)),
        ("first_joint_action_missing",
         lambda T, policies: chain_by_kron(torch.cat([0 * T[:, :1], T[:, 1:]], 1), policies)),
        ("policies_averaged_over_states",
         lambda T, policies: chain_by_loops(T, [torch.stack([sum(p) / len(p)] * len(p)) for p in policies])),
        ("end_taken_for_staying", lambda T, policies: ended(T, policies, np.eye(len(T)))),
        ("end_taken_for_a_restart", lambda T, policies: ended(T, policies, np.eye(len(T))[[0] * len(T)])),
        ("end_taken_for_the_last_state", lambda T, policies: ended(T, policies, np.eye(len(T))[[-1] * len(T)])),
        ("end_spread", lambda T, policies: ended(T, policies, np.ones((len(T), len(T))) / len(T))),
        ("end_as_a_state", lambda T, policies: [[*row, 1 - sum(row)] for row in chain_by_loops(T, policies)]),
        ("end_as_row_and_column",
         lambda T, policies: [*([*row, 1 - sum(row)] for row in chain_by_loops(T, policies)), [0.0] * len(T) + [1.0]]),
        ("summed_over_states", lambda T, policies: np.einsum("sjt,sj->t", *arrays(T, policies))),
        ("averaged_over_states", lambda T, policies: np.einsum("sjt,sj->t", *arrays(T, policies)) / len(T)),
        ("next_state_summed", lambda T, policies: np.einsum("sjt,sj->s", *arrays(T, policies))),
        ("joint_policy_only", lambda T, policies: joint_by_loops(policies)),
        ("joint_action_order", lambda T, policies: normalised(T, policies[::-1])),  # two mistakes
        ("error", lambda T, policies: policies[0] * policies[1] @ T),
        ("no_return", lambda T, policies: None),
    ],
    "team_value": [
        ("external_paid_too",
         lambda T, R, policy, start, gamma: value_by_solving(T, torch.cat([R, R[..., :1]], -1), policy, start, gamma)),
        ("externals_reward", lambda T, R, policy, start, gamma: value_by_solving(T, only(R, -1), policy, start, gamma)),
        ("first_target_only", lambda T, R, policy, start, gamma: value_by_solving(T, only(R, 0), policy, start, gamma)),
        ("first_agent_left_out",
         lambda T, R, policy, start, gamma: value_by_solving(T, torch.roll(R, -1, 2), policy, start, gamma)),
        ("all_added", lambda T, R, policy, start, gamma: value_by_solving(T, added_up(R, sum), policy, start, gamma)),
        ("divided_by_all_agents",
         lambda T, R, policy, start, gamma: value_by_solving(T, R * (R.shape[2] - 1) / R.shape[2], policy, start,
             gamma)),
        ("best_target",
         lambda T, R, policy, start, gamma: value_by_solving(T, added_up(R, lambda r: max(r[:-1])), policy, start,
             gamma)),
        ("worst_target",
         lambda T, R, policy, start, gamma: value_by_solving(T, added_up(R, lambda r: min(r[:-1])), policy, start,
             gamma)),
        ("median_target",
         lambda T, R, policy, start, gamma: value_by_solving(T, added_up(R, lambda r: np.median(r[:-1])), policy,
             start, gamma)),
        ("external_subtracted",
         lambda T, R, policy, start, gamma: value_by_solving(T, R - R[..., -1:], policy, start, gamma)),
        ("mean_per_move",
         lambda T, R, policy, start, gamma: value_by_solving(T, R * (1 - gamma), policy, start, gamma)),
        ("states_added", lambda T, R, policy, start, gamma: value_by_solving(T, R, policy, start**0, gamma)),
        ("likeliest_start_only",
         lambda T, R, policy, start, gamma: each_state(T, R, policy, start, gamma)[int(start.argmax())]),
        ("best_start", lambda T, R, policy, start, gamma: max(each_state(T, R, policy, start, gamma))),
        ("not_summed_over_states",
         lambda T, R, policy, start, gamma: np.array(each_state(T, R, policy, start, gamma)) * start.numpy()),
        ("rows_normalised",
         lambda T, R, policy, start, gamma: from_chain(T, R, policy, policy, start, gamma, "normalised")),
        ("end_taken_for_staying",
         lambda T, R, policy, start, gamma: from_chain(T, R, policy, policy, start, gamma, "stays")),
        ("rewards_uniform", lambda T, R, policy, start, gamma: from_chain(T, R, even(policy), policy, start, gamma)),
        ("transitions_uniform",
         lambda T, R, policy, start, gamma: from_chain(T, R, policy, even(policy), start, gamma)),
        ("likeliest_action",
         lambda T, R, policy, start, gamma: value_by_solving(T, R, np.eye(policy.shape[1])[policy.argmax(1)], start,
             gamma)),
        ("special_case", lambda T, R, policy, start, gamma: value_by_sweeps(T, R, policy, start, gamma, 40)),
        ("first_two_only",
         lambda T, R, policy, start, gamma: value_by_solving(T, R[:, :, [0, 1, -1]], policy, start, gamma)),
        ("one_move_ahead", lambda T, R, policy, start, gamma: two_moves(T, R, policy, start, gamma)),
        ("transposed", turned),
        ("averaged_where_a_sum_is_due",
         lambda T, R, policy, start, gamma: value_by_solving(T, R / R.shape[1], policy, start, gamma)),
        ("summed_to_the_end", lambda T, R, policy, start, gamma: value_by_solving(T, R, policy, start, gamma) + 0.01),
        ("targets_added",
         lambda T, R, policy, start, gamma: value_by_solving(T, (R.shape[2] - 1) * R, policy, start, gamma)),
        ("discount_off_by_one", lambda T, R, policy, start, gamma: value_by_sweeps(T, R * gamma, policy, start, gamma)),
        ("discount_forgotten", lambda T, R, policy, start, gamma: value_by_solving(T, R, policy, start, 1)),
        ("no_future", lambda T, R, policy, start, gamma: value_by_solving(T, R, policy, start, 0)),
        ("start_forgotten", lambda T, R, policy, start, gamma: np.mean(each_state(T, R, policy, start, gamma))),
        ("first_state_only", lambda T, R, policy, start, gamma: each_state(T, R, policy, start, gamma)[0]),
        ("value_of_each_state", each_state),
        ("end_forgotten",
         lambda T, R, policy, start, gamma: value_by_solving(torch.nan_to_num(T / T.sum(2, keepdim=True)), R, policy,
             start, gamma)),
        ("others_uniform", lambda T, R, policy, start, gamma: value_by_solving(T, R, even(policy), start, gamma)),
        ("best_instead_of_expected", optimal),
        ("wrong_sign", lambda T, R, policy, start, gamma: -value_by_visits(T, R, policy, start, gamma)),
        ("wrong_factor", lambda T, R, policy, start, gamma: (1 - 0.5) * value_by_visits(T, R, policy, start, gamma)),
        ("wrong_power", lambda T, R, policy, start, gamma: value_by_visits(T, R, policy, start, gamma**2)),
        ("another_result", lambda T, R, policy, start, gamma: value_by_visits(T, R, policy, start, gamma) ** 2 + 1),
        ("error", lambda T, R, policy, start, gamma: start @ (policy * R)),
        ("too_slow", lambda T, R, policy, start, gamma: [0 for _ in iter(int, 1)]),
    ],
}  # fmt: skip
