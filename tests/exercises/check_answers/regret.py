"""Answers to the exercises of sheet 02 about regrets. The rest is in `matching.py`."""

from fractions import Fraction
from itertools import product

import numpy as np
import torch

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


def values_of_sums(q, policies, i):
    """The others' probabilities added."""
    found = np.zeros(q.shape[i])
    for joint in product(*map(range, q.shape)):
        found[joint[i]] += sum(float(policies[j][a]) for j, a in enumerate(joint) if j != i) * float(q[joint])
    return found


def values_from_the_front(q, policies, i):
    """Axes averaged out from the first on; axes that have gone are looked for at the end."""
    q = q.numpy()
    for j in range(len(policies)):
        if j != i:
            q = np.tensordot(q, policies[j].numpy(), axes=([min(j, q.ndim - 1)], [0]))
    return q


def hard(policies):
    """Each plays its likeliest action."""
    return [torch.eye(len(p), dtype=p.dtype)[int(p.argmax())] for p in policies]


def plain(p):
    return torch.ones_like(p) / len(p)


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


def less(q, policies, i, baseline):
    """Values less what is made of the weighted values."""
    v = states_values(q, policies, i)
    return v - baseline(own(policies, i) * v)


def unweighted(q, policies, i, weights, only_last=False):
    """Regrets with other weights of the others."""
    last = len(policies) - 1
    others = [weights(p) if j == last or not only_last else p for j, p in enumerate(policies)]
    v = states_values(q, others, i)
    if only_last and i == last:
        v = states_values(q, policies, i)
    return v - (own(policies, i) * v).sum(1, keepdims=True)


RIGHT = {
    "regrets_by_hand": [
        [0.2, -0.05],
        (Fraction(1, 5), Fraction(-1, 20)),
        np.array([0.2, -0.05], dtype=np.float32),
        torch.tensor([0.2, -0.05], dtype=torch.float16),
    ],
    "values_of_actions": [values_by_loops, values_by_einsum, values_by_weights, values_packaged],
    "regret_advantage": [regret_by_states, regret_by_numpy, regret_by_differences, regret_packaged],
}

WRONG = {
    "regrets_by_hand": [
        ("baseline_forgotten", [2.25, 2.0]),
        ("others_uniform", [2 - 34 / 15, 7 / 3 - 34 / 15]),
        ("likeliest_move_only", [1.6, -0.4]),
        ("summed_without_weights", [-0.8, 0.2]),
        ("averaged_where_a_sum_is_due", [0.2 / 3, -0.05 / 3]),
        ("other_action_taken_off", [0.25, -0.25]),
        ("down_taken_off", [0.25, 0.0]),
        ("baseline_added", [4.3, 4.05]),
        ("baseline_without_column", [2.25 - 34 / 15, 2 - 34 / 15]),
        ("mean_of_the_table", [2.25 - 13 / 6, 2 - 13 / 6]),
        ("clamped", [0.2, 0.0]),
        ("decimal_point", [0.2, -0.5]),
        ("own_policy_missing_from_baseline", [-0.125, 0.125]),  # and the sign: two mistakes
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
        ("averaged_where_a_sum_is_due",
         lambda q, policies, i: values_by_einsum(q, policies, i) * q.shape[i] / q.numel()),
        ("last_policy_left_out", values_without_last),
        ("always_the_first_axis", lambda q, policies, i: values_by_loops(q, policies, 0)),
        ("best_of_the_others", lambda q, policies, i: [float(q.select(i, a).max()) for a in range(q.shape[i])]),
        ("wrong_sign", lambda q, policies, i: -values_by_weights(q, policies, i)),
        ("wrong_factor", lambda q, policies, i: 2 * values_by_weights(q, policies, i)),
        ("error", values_error),
        ("axis_too_many", lambda q, policies, i: values_by_weights(q, policies, i)[:, None]),
        ("fixed_length", lambda q, policies, i: q @ policies[1] if i == 0 else policies[0] @ q),
        ("own_action_averaged_everywhere", lambda q, policies, i: [values_with_own(q, policies, i).sum()] * q.shape[i]),
        ("mean_over_own_actions", lambda q, policies, i: np.mean(values_by_loops(q, policies, i))),
        ("mean_taken_off",
         lambda q, policies, i: np.array(values_by_loops(q, policies, i)) - np.mean(values_by_loops(q, policies, i))),
        ("likeliest_action", lambda q, policies, i: values_by_loops(q, hard(policies), i)),
        ("last_policy_uniform", lambda q, policies, i: values_by_loops(q, [*policies[:-1], plain(policies[-1])], i)),
        ("always_the_last_axis", lambda q, policies, i: values_by_loops(q, policies, q.dim() - 1)),
        ("counted_from_one", lambda q, policies, i: values_by_loops(q, policies, (i or q.dim()) - 1)),
        ("the_next_agent", lambda q, policies, i: values_by_loops(q, policies, (i + 1) % q.dim())),
        ("counted_from_the_end", lambda q, policies, i: values_by_loops(q, policies, q.dim() - 1 - i)),
        ("worst_of_the_others", lambda q, policies, i: [float(q.select(i, a).min()) for a in range(q.shape[i])]),
        ("probabilities_added", values_of_sums),
        ("axes_that_move_up", values_from_the_front),
        ("own_policy_too",
         lambda q, policies, i: values_with_own(q, policies, i) - values_with_own(q, policies, i).sum()),  # two
        ("no_return", lambda q, policies, i: print(end="")),
        ("no_function", [2.25, 2.0]),
        ("arguments", lambda q, policies: q @ policies[1]),
    ],
    "regret_advantage": [
        ("baseline_forgotten", states_values),
        ("own_policy_missing_from_baseline",
         lambda q, p, i: states_values(q, p, i) - states_values(q, p, i).mean(1, keepdims=True)),
        ("best_taken_off", lambda q, p, i: states_values(q, p, i) - states_values(q, p, i).max(1, keepdims=True)),
        ("baseline_added", lambda q, p, i: 2 * states_values(q, p, i) - np.array(regret_by_states(q, p, i))),
        ("one_baseline_for_all_states",
         lambda q, p, i: states_values(q, p, i) - (own(p, i) * states_values(q, p, i)).sum(1).mean()),
        ("one_policy_for_all_states", lambda q, p, i: regret_by_states(q, [x[[0] * len(x)] for x in p], i)),
        ("states_averaged", lambda q, p, i: regret_by_numpy(q, p, i).sum(0) / len(q)),
        ("others_uniform",
         lambda q, p, i: regret_by_states(q, [x if j == i else torch.ones_like(x) / x.shape[1] for j,
             x in enumerate(p)], i)),
        ("weighted_with_own_policy", lambda q, p, i: own(p, i) * regret_by_numpy(q, p, i)),
        ("always_the_first_axis", lambda q, p, i: regret_by_states(q, p, 0)),
        ("wrong_sign", lambda q, p, i: -regret_by_numpy(q, p, i)),
        ("wrong_factor", lambda q, p, i: regret_by_numpy(q, p, i) / 2),
        ("regrets_cancel", lambda q, p, i: regret_by_numpy(q, p, i) + 1),
        ("transposed", lambda q, p, i: regret_by_numpy(q, p, i).T),
        ("worst_taken_off", lambda q, p, i: states_values(q, p, i) - states_values(q, p, i).min(1, keepdims=True)),
        ("likeliest_action_taken_off",
         lambda q, p, i: [v - v[int(x.argmax())] for v, x in zip(states_values(q, p, i), p[i], strict=True)]),
        ("baseline_without_weights",
         lambda q, p, i: states_values(q, p, i) - states_values(q, p, i).sum(1, keepdims=True)),
        ("baseline_divided", lambda q, p, i: less(q, p, i, lambda v: v.mean(1, keepdims=True))),
        ("baseline_not_summed", lambda q, p, i: less(q, p, i, lambda v: v)),
        ("baselines_added", lambda q, p, i: less(q, p, i, lambda v: v.sum())),
        ("first_baseline_for_all", lambda q, p, i: less(q, p, i, lambda v: v[0].sum())),
        ("baseline_over_states", lambda q, p, i: less(q, p, i, lambda v: v.sum(0))),
        ("mean_over_states_taken_off", lambda q, p, i: states_values(q, p, i) - states_values(q, p, i).mean(0)),
        ("policies_averaged_over_states",
         lambda q, p, i: regret_by_states(q, [torch.stack([sum(x) / len(x)] * len(x)) for x in p], i)),
        ("states_added", lambda q, p, i: regret_by_numpy(q, p, i).sum(0)),
        ("first_state_only", lambda q, p, i: regret_by_states(q, p, i)[0]),
        ("first_state_at_zero",
         lambda q, p, i: [[0.0] * len(r) if k == 0 else r for k, r in enumerate(regret_by_states(q, p, i))]),
        ("last_state_at_zero",
         lambda q, p, i: [[0.0] * len(r) if k == len(q) - 1 else r for k, r in enumerate(regret_by_states(q, p, i))]),
        ("standardised", lambda q, p, i: (a := regret_by_numpy(q, p, i)) * 0 + (a - a.mean()) / a.std(ddof=1)),
        ("softmax_of_probabilities",
         lambda q, p, i: regret_by_states(q, [x.exp() / x.exp().sum(1, keepdim=True) for x in p], i)),
        ("likeliest_action",
         lambda q, p, i: regret_by_states(q, [x if j == i else torch.stack(hard(x)) for j, x in enumerate(p)], i)),
        ("summed_without_weights", lambda q, p, i: unweighted(q, p, i, lambda x: x**0)),
        ("averaged_where_a_sum_is_due", lambda q, p, i: unweighted(q, p, i, lambda x: x / x.shape[1])),
        ("last_policy_left_out", lambda q, p, i: unweighted(q, p, i, lambda x: x**0, only_last=True)),
        ("last_policy_uniform", lambda q, p, i: unweighted(q, p, i, lambda x: x**0 / x.shape[1], only_last=True)),
        ("clamped", lambda q, p, i: np.maximum(regret_by_numpy(q, p, i), 0)),
        ("always_the_last_axis", lambda q, p, i: regret_by_states(q, p, len(p) - 1)),
        ("the_agent_before", lambda q, p, i: regret_by_states(q, p, (i or len(p)) - 1)),
        ("the_next_agent", lambda q, p, i: regret_by_states(q, p, (i + 1) % len(p))),
        ("shape", lambda q, p, i: regret_by_numpy(q, p, i)[:, :1, None]),
        ("one_baseline_for_all_states",
         lambda q, p, i: -less(q, p, i, lambda v: v.sum(1).mean())),  # and the sign: two mistakes
        ("error", lambda q, p, i: q - (p[i] * q).sum(1)),
        ("no_numbers", lambda q, p, i: "0.2"),
    ],
}  # fmt: skip
