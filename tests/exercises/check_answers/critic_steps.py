"""Answers to the exercises of sheet 04 about one step, and about a joint action never taken."""

import numpy as np
import torch

# --- td_step ---


def step_by_loops(q, slow, transition, policy, gamma, rate):
    s, joint, reward, after = transition
    y = reward
    for a in range(q.shape[1]):
        y += gamma * float(policy[after, a]) * float(slow[after, a])
    moved = q.tolist()
    moved[s][joint] = (1 - rate) * moved[s][joint] + rate * y
    return moved


def step_by_numpy(q, slow, transition, policy, gamma, rate):
    s, joint, reward, after = transition
    q, slow, policy = (np.asarray(x).astype(np.float32) for x in (q, slow, policy))
    q[s, joint] += rate * (reward + gamma * np.dot(policy[after], slow[after]) - q[s, joint])
    return q


def step_by_mask(q, slow, transition, policy, gamma, rate):
    s, joint, reward, after = transition
    y = reward + gamma * torch.einsum("sa,sa->s", policy, slow)[after]
    here = torch.outer(torch.arange(len(q)) == s, torch.arange(q.shape[1]) == joint)
    return torch.where(here, torch.lerp(q, y.expand_as(q), rate), q)


def moved_to(q, entry, y, rate):
    found = np.asarray(q).copy()
    found[entry] = found[entry] * (1 - rate) + rate * y
    return found


def y_of(slow, transition, policy, gamma):
    after = transition[3]
    return transition[2] + gamma * float(np.dot(policy[after].numpy(), slow[after].numpy()))


def learned(q, slow, transition, policy, gamma, rate):
    return moved_to(q, tuple(transition[:2]), y_of(slow, transition, policy, gamma), rate)


def put(q, transition, future, gamma, rate):
    return moved_to(q, tuple(transition[:2]), transition[2] + gamma * float(future), rate)


def parts(
    rest=lambda q, slow: q, new=None, y=None, fraction=lambda rate, w: rate, at=lambda s, a, t, J: (s, a), read=tuple
):
    """An answer in NumPy in which one part is another one. `new(q, slow, s, a, t, step(x))`; `y(r, g, w, x)` of one row."""

    def answer(q, slow, transition, policy, gamma, rate):
        q, slow, policy = (np.array(x) for x in (q, slow, policy))
        s, a, r, t = read(transition)
        target = (y or (lambda r, g, w, x: r + g * sum(w * x)))(r, gamma, policy[t], slow[t])
        f = fraction(rate, policy[s, a])
        table = rest(q, slow).copy()
        where = at(s, a, t, q.shape[1])
        table[where] = new(q, slow, s, a, t, target, f) if new else q[where] + f * (target - q[where])
        return table

    return answer


def valued(q, policy, s):
    return sum(policy[s, j] * q[s, j] for j in range(q.shape[1]))


TABLE = np.array([[2.0, 2.0, 8.0], [1.0, 1.0, 7.0]])
ROW, COLUMN = [0.5, 0.5], [0.4, 0.4, 0.2]
TAKEN = np.array([[1, 1, 0], [1, 1, 1]])

RIGHT = {
    "td_step": [step_by_loops, step_by_numpy, step_by_mask],
    "never_taken": [
        (TABLE, ROW, COLUMN, TAKEN),
        (
            torch.tensor([[0.0, 3.0, 1.0], [-9.0, 3.0, 2.0]]),
            torch.tensor([0.9, 0.1]),
            torch.tensor([0.25, 0.25, 0.5]),
            torch.tensor([[1, 1, 1], [0, 1, 1]]),
        ),
        (
            [[5, 40, 5], [4, 40, 4]],
            [0.3, 0.7],
            np.array([0.45, 0.1, 0.45], dtype=np.float32),
            [[1.0, 0.0, 1.0], [1.0, 1.0, 1.0]],
        ),
    ],
}

WRONG = {
    "td_step": [
        ("target_network_not_used", lambda q, slow, t, policy, gamma, rate: learned(q, q, t, policy, gamma, rate)),
        ("slow_copy_moved", lambda q, slow, t, policy, gamma, rate: learned(slow, slow, t, policy, gamma, rate)),
        ("no_bootstrap", lambda q, slow, t, policy, gamma, rate: put(q, t, 0, gamma, rate)),
        ("policy_of_this_state", lambda q, slow, t, policy, gamma, rate: put(q, t, policy[t[0]] @ slow[t[3]], gamma, rate)),
        ("bootstrap_at_this_state", lambda q, slow, t, policy, gamma, rate: put(q, t, policy[t[0]] @ slow[t[0]], gamma, rate)),
        ("max_instead_of_expectation", lambda q, slow, t, policy, gamma, rate: put(q, t, max(slow[t[3]]), gamma, rate)),
        ("same_action_again", lambda q, slow, t, policy, gamma, rate: put(q, t, slow[t[3], t[1]], gamma, rate)),
        ("all_uniform", lambda q, slow, t, policy, gamma, rate: put(q, t, sum(slow[t[3]]) / q.shape[1], gamma, rate)),
        ("discount_forgotten", lambda q, slow, t, policy, gamma, rate: step_by_loops(q, slow, t, policy, 1, rate)),
        ("rate_forgotten", lambda q, slow, t, policy, gamma, rate: step_by_loops(q, slow, t, policy, gamma, 1)),
        ("moved_away", lambda q, slow, t, policy, gamma, rate: 2 * q.numpy() - learned(q, slow, t, policy, gamma, rate)),
        ("whole_row_moved", lambda q, slow, t, policy, gamma, rate: moved_to(q, t[0], y_of(slow, t, policy, gamma), rate)),
        ("entry_of_the_next_state", lambda q, slow, t, policy, gamma, rate: moved_to(q, (t[3], t[1]), y_of(slow, t, policy, gamma), rate)),
        ("changes_arguments", lambda q, slow, t, policy, gamma, rate: q[t[0], t[1]].mul_(rate)),
        ("another_result", lambda q, slow, t, policy, gamma, rate: learned(q, slow, t, policy, gamma, rate**0.5)),
        ("rate_halved", lambda q, slow, t, policy, gamma, rate: learned(q, slow, t, policy, gamma, rate / 2)),
        ("max_instead_of_expectation", lambda q, slow, t, policy, gamma, rate: put(q, t, max(slow[t[3]]), gamma, 1)),  # two mistakes
        ("arguments_exchanged", lambda q, slow, t, policy, gamma, rate: step_by_loops(q, slow, t, policy, rate, gamma)),
        ("whole_numbers", lambda q, slow, t, policy, gamma, rate: np.array(step_by_loops(q, slow, t, policy, gamma, rate)).astype(int)),
        ("changes_arguments", lambda q, slow, t, policy, gamma, rate: slow.copy_(torch.tensor(step_by_loops(q, slow, t, policy, gamma, rate)))),
        ("rest_from_the_slow_copy", parts(rest=lambda q, slow: slow)),
        ("slow_entry_subtracted", parts(new=lambda q, slow, s, a, t, y, f: q[s, a] + f * (y - slow[s, a]))),
        ("slow_entry_moved", parts(new=lambda q, slow, s, a, t, y, f: (1 - f) * slow[s, a] + f * y)),
        ("slow_entry_as_the_start", parts(new=lambda q, slow, s, a, t, y, f: slow[s, a] + f * (y - q[s, a]))),
        ("old_entry_not_subtracted", parts(new=lambda q, slow, s, a, t, y, f: q[s, a] + f * y)),
        ("next_entry_subtracted", parts(new=lambda q, slow, s, a, t, y, f: q[s, a] + f * (y - q[t, a]))),
        ("value_subtracted", lambda q, slow, t, policy, gamma, rate: parts(new=lambda q, slow, s, a, after, y, f: q[s, a] + f * (y - valued(q, policy.numpy(), s)))(q, slow, t, policy, gamma, rate)),
        ("step_alone", parts(new=lambda q, slow, s, a, t, y, f: f * (y - q[s, a]))),
        ("old_entry_lost", parts(new=lambda q, slow, s, a, t, y, f: f * y)),
        ("other_entries_lost", parts(rest=lambda q, slow: 0 * q)),
        ("reward_missing", parts(y=lambda r, g, w, x: g * sum(w * x))),
        ("future_subtracted", parts(y=lambda r, g, w, x: r - g * sum(w * x))),
        ("reward_discounted", parts(y=lambda r, g, w, x: g * (r + sum(w * x)))),
        ("only_the_reward_discounted", parts(y=lambda r, g, w, x: g * r + sum(w * x))),
        ("averaged_with_the_reward", parts(y=lambda r, g, w, x: (1 - g) * r + g * sum(w * x))),
        ("table_of_this_state", lambda q, slow, t, policy, gamma, rate: put(q, t, policy[t[3]] @ slow[t[0]], gamma, rate)),
        ("first_state_for_all", lambda q, slow, t, policy, gamma, rate: put(q, t, policy[0] @ slow[0], gamma, rate)),
        ("best_of_q", lambda q, slow, t, policy, gamma, rate: put(q, t, slow[t[3], int(q[t[3]].argmax())], gamma, rate)),
        ("nothing_moved", lambda q, slow, t, policy, gamma, rate: q * 1),
        ("min_instead_of_expectation", parts(y=lambda r, g, w, x: r + g * min(x))),
        ("likeliest_action", parts(y=lambda r, g, w, x: r + g * x[list(w).index(max(w))])),
        ("same_action_weighted", lambda q, slow, t, policy, gamma, rate: put(q, t, policy[t[3], t[1]] * slow[t[3], t[1]], gamma, rate)),
        ("first_action_only", parts(y=lambda r, g, w, x: r + g * x[0])),
        ("summed_without_weights", parts(y=lambda r, g, w, x: r + g * sum(x))),
        ("averaged_where_a_sum_is_due", parts(y=lambda r, g, w, x: r + g * np.mean(w * x))),
        ("rate_the_wrong_way_round", parts(new=lambda q, slow, s, a, t, y, f: f * q[s, a] + (1 - f) * y)),
        ("rate_weighted", parts(fraction=lambda rate, w: rate * w)),
        ("rate_squared", parts(fraction=lambda rate, w: rate * rate)),
        ("rate_doubled", parts(fraction=lambda rate, w: rate + rate)),
        ("rate_discounted", lambda q, slow, t, policy, gamma, rate: moved_to(q, t[:2], y_of(slow, t, policy, gamma), rate * gamma)),
        ("whole_column_moved", parts(at=lambda s, a, t, J: (slice(None), a))),
        ("everything_moved", parts(at=lambda s, a, t, J: (slice(None), slice(None)))),
        ("entry_before", parts(at=lambda s, a, t, J: (s, a - 1))),
        ("entry_behind", parts(at=lambda s, a, t, J: (s, (a + 1) % J))),
        ("state_before", parts(at=lambda s, a, t, J: (s - 1, a))),
        ("states_exchanged", parts(read=lambda t: (t[3], t[1], t[2], t[0]))),
        ("reward_unpacked_last", parts(read=lambda t: (t[0], t[1], t[3], int(t[2])))),
        ("action_unpacked_first", parts(read=lambda t: (t[1], t[0], t[2], t[3]))),
        ("row_alone", lambda q, slow, t, policy, gamma, rate: learned(q, slow, t, policy, gamma, rate)[t[0]]),
        ("target_alone", lambda q, slow, t, policy, gamma, rate: y_of(slow, t, policy, gamma)),
        ("change_alone", lambda q, slow, t, policy, gamma, rate: rate * (y_of(slow, t, policy, gamma) - float(q[t[0], t[1]]))),
        ("one_number", lambda q, slow, t, policy, gamma, rate: float(q.mean())),
        ("entry_alone", lambda q, slow, t, policy, gamma, rate: learned(q, slow, t, policy, gamma, rate)[t[0], t[1]]),
        ("error", lambda q, slow, t, policy, gamma, rate: q[t] + rate),
        ("no_return", lambda q, slow, t, policy, gamma, rate: None),
    ],
    "never_taken": [
        ("shapes", TABLE),
        ("shapes", (TABLE, ROW, COLUMN, TAKEN[:, :2])),
        ("transposed", (TABLE.T, ROW, COLUMN, TAKEN.T)),
        ("transposed", (TABLE.T, ROW, COLUMN, TAKEN)),
        ("policies_exchanged", (TABLE, COLUMN, ROW, TAKEN)),
        ("are_policies", (TABLE, ROW, [0.4, 0.4, 0.4], TAKEN)),
        ("are_policies", (TABLE, [1.5, -0.5], COLUMN, TAKEN)),
        ("both_mix", (TABLE, [1.0, 0.0], COLUMN, TAKEN)),
        ("both_mix", (TABLE, ROW, [0.5, 0.5, 0.0], TAKEN)),
        ("both_mix", (TABLE, [0.0, 1.0], COLUMN, [[1, 0, 0], [1, 1, 1]])),  # two mistakes
        ("zeros_and_ones", (TABLE, ROW, COLUMN, TAKEN * 2)),
        ("taken_inverted", (TABLE, ROW, COLUMN, 1 - TAKEN)),
        ("none_is_missing", (TABLE, ROW, COLUMN, np.ones((2, 3)))),
        ("one_is_missing", (TABLE, ROW, COLUMN, TAKEN * np.array([1, 0, 1]))),
        ("one_is_missing", (TABLE, ROW, COLUMN, np.zeros((2, 3)))),
        ("the_missing_one_is_rare", (TABLE, ROW, [0.3, 0.3, 0.4], TAKEN)),
        ("zero_already", (TABLE * TAKEN, ROW, COLUMN, TAKEN)),
        ("other_way_round", (TABLE[::-1], ROW, COLUMN, TAKEN[::-1])),
        ("other_way_round", ([[3, 3, -30], [2, 2, 2]], ROW, COLUMN, TAKEN)),
        ("zero_regret", ([[2, 2, 4], [2, 2, 4]], ROW, COLUMN, TAKEN)),
        ("zero_regret", ([[1, 1, 6], [2, 2, 2]], ROW, COLUMN, TAKEN)),
        ("first_is_better", (TABLE[::-1], ROW, COLUMN, TAKEN)),
        ("first_is_better", ([[1, 1, 3], [2, 2, 2]], ROW, COLUMN, TAKEN)),
        ("zero_with_zero", ([[2.5, 2.5, 9], [2, 2, 2]], ROW, COLUMN, TAKEN)),
        ("another_is_missing", (TABLE, ROW, COLUMN, TAKEN[::-1])),
        ("first_seems_worse", ([[4, 4, 9], [2, 2, 2]], ROW, COLUMN, TAKEN)),
        ("no_numbers", ("q", "row", "column", "taken")),
        ("no_value", lambda: (TABLE, ROW, COLUMN, TAKEN)),
    ],
}  # fmt: skip
