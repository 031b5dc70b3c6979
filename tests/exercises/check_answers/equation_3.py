"""Answers to the exercise of sheet 03 about the gradient of Eq. 3, all sums taken."""

import numpy as np
import torch


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


def gradient_by_rows(d, policy, values):
    return torch.stack([n * (torch.diag(p) - torch.outer(p, p)) @ v for n, p, v in zip(d, policy, values, strict=True)])


def regret(policy, values):
    policy, values = np.asarray(policy), np.asarray(values)
    return values - np.sum(policy * values, axis=1)[:, None]


def col(d):
    return np.asarray(d)[:, None]


def less(baseline):
    """d π (v − baseline(d, π, v)), everything as arrays."""

    def found(d, policy, values):
        d, p, v = np.asarray(d)[:, None], np.asarray(policy), np.asarray(values)
        return d * p * (v - baseline(d, p, v))

    return found


def times(factor):
    """factor(d, π) (v − v(s)), everything as arrays."""
    return lambda d, policy, values: factor(col(d), np.asarray(policy)) * regret(policy, values)


def worth(p, v):
    return np.einsum("sa,sa->s", p, v)[:, None]


def after(change):
    return lambda d, policy, values: change(gradient_by_loops(d, policy, values))


def zeroed(index):
    def change(g):
        g[index] = 0
        return g

    return after(change)


def with_scores(score, weight=lambda p: p):
    """The sum over a as the sheet has it, with another score(a == b, π(a), π(b)) or weight."""

    def found(d, policy, values):
        S, A = policy.shape
        g = np.zeros((S, A))
        for s in range(S):
            for a in range(A):
                for b in range(A):
                    pa, pb = float(policy[s, a]), float(policy[s, b])
                    g[s, b] += float(d[s]) * weight(pa) * score(a == b, pa, pb) * float(values[s, a])
        return g

    return found


def running(d, policy, values):
    total, found = 0.0, []
    for n, p, v in zip(d, policy, values, strict=True):
        total = total + p @ v
        found.append(n * p * (v - total))
    return torch.stack(found)


RIGHT = {"exact_gradient": [gradient_by_loops, gradient_by_autograd, gradient_by_einsum, gradient_by_rows]}

WRONG = {
    "exact_gradient": [
        ("visits_left_out", lambda d, policy, values: gradient_by_loops(d / d, policy, values) if d.all() else gradient_by_loops(torch.ones_like(d), policy, values)),
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
        ("best_taken_off", lambda d, policy, values: d[:, None] * policy * (values - values.max(1, keepdim=True).values)),
        ("error", lambda d, policy, values: d[:, None] @ policy * values),
        ("transposed", lambda d, policy, values: gradient_by_loops(d, policy, values).T),
        ("shape", lambda d, policy, values: gradient_by_loops(d, policy, values)[:, :, None] + np.zeros(2)),
        ("adds_up_to_zero", lambda d, policy, values: d[:, None] * policy * values.sin()),
        ("visits_divided_by_the_largest", lambda d, policy, values: gradient_by_loops(d / d.max(), policy, values)),
        ("visits_of_the_first_state", lambda d, policy, values: gradient_by_loops([d[0]] * len(d), policy, values)),
        ("visits_of_the_last_state", lambda d, policy, values: gradient_by_loops([d[-1]] * len(d), policy, values)),
        ("visits_averaged", lambda d, policy, values: gradient_by_loops([sum(d) / len(d)] * len(d), policy, values)),
        ("visits_summed", lambda d, policy, values: gradient_by_loops([sum(d)] * len(d), policy, values)),
        ("visits_added_up", lambda d, policy, values: gradient_by_loops(np.cumsum(np.asarray(d)), policy, values)),
        ("visits_twice", times(lambda d, p: d * d * p)),
        ("divided_by_visits", lambda d, policy, values: torch.as_tensor(times(lambda d, p: p)(d, policy, values)) / d[:, None]),
        ("visits_along_actions", lambda d, policy, values: d * policy * (values - (policy * values).sum(1, keepdim=True))),
        ("visits_along_actions", lambda d, policy, values: gradient_by_loops(torch.ones_like(d), policy, values) * np.asarray(d)),
        ("only_the_baseline_visited", lambda d, policy, values: policy * values - policy * d[:, None] * torch.as_tensor(worth(policy.numpy(), values.numpy()))),
        ("only_the_values_visited", lambda d, policy, values: np.asarray(policy) * (col(d) * np.asarray(values) - worth(np.asarray(policy), np.asarray(values)))),
        ("gradient_in_probabilities", lambda d, policy, values: [[float(n * x) for x in v] for n, v in zip(d, values, strict=True)]),
        ("uniform_in_front", times(lambda d, p: d / p.shape[1])),
        ("complement_in_front", times(lambda d, p: d - d * p)),
        ("divided_by_probability", times(lambda d, p: d / p)),
        ("logarithm_in_front", times(lambda d, p: d * np.log(p))),
        ("baselines_added", less(lambda d, p, v: np.sum(p * v))),
        ("baselines_averaged_by_visits", less(lambda d, p, v: np.average(worth(p, v), weights=d))),
        ("baselines_added_by_visits", less(lambda d, p, v: (d * p * v).sum())),
        ("first_baseline_for_all", less(lambda d, p, v: p[0] @ v[0])),
        ("running_baseline", running),
        ("baseline_over_states", less(lambda d, p, v: np.einsum("sa,sa->a", p, v))),
        ("mean_over_states_taken_off", less(lambda d, p, v: np.mean(v, axis=0))),
        ("mean_of_all_values_taken_off", less(lambda d, p, v: np.mean(v))),
        ("worst_taken_off", less(lambda d, p, v: np.min(v, axis=1)[:, None])),
        ("median_taken_off", less(lambda d, p, v: np.median(v, axis=1)[:, None])),
        ("likeliest_action_taken_off", less(lambda d, p, v: np.array([[x[q.argmax()]] for q, x in zip(p, v, strict=True)]))),
        ("baseline_added", less(lambda d, p, v: -worth(p, v))),
        ("baseline_without_weights", less(lambda d, p, v: np.sum(v, axis=1)[:, None])),
        ("baseline_divided", less(lambda d, p, v: np.mean(p * v, axis=1)[:, None])),
        ("own_logit_only", with_scores(lambda same, pa, pb: same * (1 - pb))),
        ("other_logits_only", with_scores(lambda same, pa, pb: -pb * (not same))),
        ("sum_without_probabilities", with_scores(lambda same, pa, pb: same - pb, lambda p: 1.0)),
        ("score_with_the_wrong_action", with_scores(lambda same, pa, pb: same - pa)),
        ("score_left_out", lambda d, policy, values: (d * (policy * values).sum(1))[:, None] * policy),
        ("uniform_policy", lambda d, policy, values: gradient_by_loops(d, torch.ones_like(policy) / policy.shape[1], values)),
        ("mean_over_states", after(lambda g: np.mean(g, axis=0))),
        ("actions_averaged", after(lambda g: g / g.shape[1])),
        ("actions_summed", after(lambda g: np.sum(g, axis=1))),
        ("all_summed", after(np.sum)),
        ("first_state_only", after(lambda g: g[0])),
        ("last_state_only", after(lambda g: g[len(g) - 1])),
        ("first_state_at_zero", zeroed(0)),
        ("last_state_at_zero", zeroed(-1)),
        ("last_action_at_zero", zeroed((slice(None), -1))),
        ("last_action_missing_from_baseline", less(lambda d, p, v: worth(p[:, :-1], v[:, :-1]))),
        ("clamped", after(lambda g: np.maximum(g, 0))),
        ("value_returned", lambda d, policy, values: sum(n * (p @ v) for n, p, v in zip(d, policy, values, strict=True))),
        ("values_of_states", lambda d, policy, values: [p @ v for p, v in zip(policy, values, strict=True)]),
        ("values_of_visited_states", lambda d, policy, values: [n * (p @ v) for n, p, v in zip(d, policy, values, strict=True)]),
        ("wrong_sign", after(lambda g: -g / len(g))),
        ("wrong_sign", lambda d, policy, values: gradient_by_loops(-d / d.sum(), policy, values)),
        ("visits_left_out", lambda d, policy, values: np.asarray(policy) * (np.asarray(values) - np.asarray(values).mean(1)[:, None])),
    ],
}  # fmt: skip
