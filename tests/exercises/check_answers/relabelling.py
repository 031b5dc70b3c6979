"""Answers to the exercise of sheet 04 about old data and a new external."""

import numpy as np
import torch


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


def even(policy):
    return torch.ones_like(policy) / policy.shape[1]


def hard(p):
    return np.eye(p.shape[-1])[np.asarray(p).argmax(-1)]


def built(external=lambda old, new: new, own=lambda team: team, of=None, state=lambda b, s, a: (s, s, s), first=lambda g: 1,
          later=lambda g: g, weight=lambda ratio: (1, 1)):  # fmt: skip
    """An answer by loops in which one part is another one."""

    def answer(reward, next_state, next_actions, slow, team, old, new, gamma):
        slow, team, old, new = map(np.asarray, (slow, team, old, new))
        c, p, found = np.asarray(external(old, new)), np.asarray(own(team)), []
        for b, s in enumerate(next_state.tolist()):
            i, j, k = (x % len(slow) for x in state(b, s, next_actions[b]))
            v = (
                of(slow[k], p[i], c[j])
                if of
                else sum(p[i, x] * c[j, y] * slow[k, x, y] for x, y in np.ndindex(slow[k].shape))
            )
            m = int(next_actions[b, 1])
            paid, ahead = weight(new[s, m] / old[s, m])
            found.append(paid * first(gamma) * float(reward[b]) + ahead * later(gamma) * v)
        return found

    return answer


def joined(join):
    """An answer whose futures are joined first."""

    def answer(r, s, a, slow, team, old, new, gamma):
        ahead = np.array(relabelled_by_loops(r, s, a, slow, team, old, new, 1)) - r.numpy()
        return r.numpy() + gamma * np.full(len(ahead), join(ahead))

    return answer


def first_tables_kept(kept):
    """An answer that keeps the values of its first call."""

    def answer(r, s, a, slow, team, old, new, gamma):
        if not kept:
            kept.extend(float(p @ q @ c) for p, q, c in zip(team, slow, new, strict=True))
        return [float(x) + gamma * kept[int(t) % len(kept)] for x, t in zip(r, s, strict=True)]

    return answer


RIGHT = {"relabelled_target": [relabelled_by_loops, relabelled_by_matrices, relabelled_by_numpy]}

WRONG = {
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
        ("table_of_the_first_state", lambda r, s, a, slow, team, old, new, gamma: r + gamma * torch.einsum("ac,ba,bc->b", slow[0], team[s], new[s])),
        ("another_result", lambda r, s, a, slow, team, old, new, gamma: r + gamma * slow[s].flatten(1).std(1, correction=0)),
        ("old_external_kept", built(external=lambda old, new: old, later=lambda g: 1)),  # two mistakes
        ("old_external_kept", built(external=lambda old, new: old, of=lambda q, p, c: max(q @ c))),  # two mistakes
        ("externals_added", built(external=lambda old, new: old + new)),
        ("only_the_difference", built(external=lambda old, new: new - old)),
        ("externals_multiplied", built(external=lambda old, new: new * old)),
        ("ratio_for_a_policy", built(external=lambda old, new: new / old)),
        ("expectation_weighted", built(weight=lambda ratio: (1, ratio))),
        ("ratio_upside_down", built(weight=lambda ratio: (1, 1 / ratio))),
        ("everything_weighted", built(weight=lambda ratio: (ratio, ratio))),
        ("reward_weighted", built(weight=lambda ratio: (ratio, 1))),
        ("externals_moves_added_up", built(external=lambda old, new: new**0)),
        ("externals_likeliest_move", built(external=lambda old, new: hard(new))),
        ("averaged_where_a_sum_is_due", built(of=lambda q, p, c: p @ (q * c).mean(1))),
        ("own_policy_left_out", built(of=lambda q, p, c: (q @ c).mean())),
        ("own_actions_added_up", built(of=lambda q, p, c: (q @ c).sum())),
        ("own_likeliest_action", built(own=hard)),
        ("divided_by_own_actions", built(of=lambda q, p, c: (p[:, None] * q).mean(0) @ c)),
        ("all_uniform", built(of=lambda q, p, c: q.mean())),
        ("external_maximises", built(of=lambda q, p, c: p @ q.max(1))),
        ("external_minimises", built(of=lambda q, p, c: p @ q.min(1))),
        ("number_of_the_transition", built(state=lambda b, s, a: (b, b, b))),
        ("states_counted_from_one", built(state=lambda b, s, a: (s - 1, s - 1, s - 1))),
        ("state_behind", built(state=lambda b, s, a: (s + 1, s + 1, s + 1))),
        ("first_state_for_all", built(state=lambda b, s, a: (0, 0, 0))),
        ("policies_of_the_first_state", built(state=lambda b, s, a: (0, 0, s))),
        ("team_of_the_first_state", built(state=lambda b, s, a: (0, s, s))),
        ("external_of_the_first_state", built(state=lambda b, s, a: (s, 0, s))),
        ("future_averaged", joined(np.mean)),
        ("future_added_up", joined(np.sum)),
        ("reward_discounted", built(first=lambda g: g)),
        ("only_the_reward_discounted", built(first=lambda g: g, later=lambda g: 1)),
        ("future_subtracted", built(later=lambda g: -g)),
        ("reward_missing", built(first=lambda g: 0)),
        ("batch_averaged", lambda *case: np.mean(relabelled_by_loops(*case))),
        ("batch_added_up", lambda *case: sum(relabelled_by_loops(*case))),
        ("first_transition_only", lambda *case: relabelled_by_loops(*case)[:1]),
        ("values_of_the_example", first_tables_kept([])),
        ("changes_arguments", lambda r, s, a, slow, team, old, new, gamma: r.add_(1)),
    ],
}  # fmt: skip
