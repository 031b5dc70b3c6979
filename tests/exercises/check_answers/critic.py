"""Answers to the exercises of sheet 04 about learning."""

import numpy as np
import torch

from micra_lite.exact import JointTable
from micra_lite.updates import critic_loss

# --- td_loss ---


def picked(q, actions):
    """Q of the joint actions taken, one by one (B,)."""
    return torch.stack([table[a, c] for table, (a, c) in zip(q, actions.tolist(), strict=True)])


def loss_by_loops(q, actions, target):
    total = 0.0
    for b in range(len(q)):
        a, c = actions[b]
        total = total + (q[b, a, c] - target[b].detach()) ** 2
    return total / len(q)


def loss_by_gather(q, actions, target):
    joint = actions[:, 0] * q.shape[2] + actions[:, 1]
    taken = q.flatten(1).gather(1, joint[:, None])[:, 0]
    return torch.nn.functional.mse_loss(taken.float(), target.detach().float())


def loss_by_mask(q, actions, target):
    mask = torch.zeros_like(q)
    for b, (a, c) in enumerate(actions.tolist()):
        mask[b, a, c] = 1
    with torch.no_grad():
        y = target[:, None, None] * mask
    return torch.einsum("bac,bac->", q * mask - y, q * mask - y) / q.shape[0]


def loss_packaged(q, actions, target):
    return critic_loss(JointTable(q), actions, target.detach())


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


TABLE = np.array([[2.0, 2.0, 8.0], [1.0, 1.0, 7.0]])
ROW, COLUMN = [0.5, 0.5], [0.4, 0.4, 0.2]
TAKEN = np.array([[1, 1, 0], [1, 1, 1]])

RIGHT = {
    "td_loss": [loss_by_loops, loss_by_gather, loss_by_mask, loss_packaged],
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
    "td_loss": [
        ("gradient_not_stopped", lambda q, actions, target: torch.nn.functional.mse_loss(picked(q, actions), target)),
        ("stopped_at_the_critic", lambda q, actions, target: loss_by_gather(q.detach(), actions, target.detach()) + torch.mean((picked(q, actions).detach() - target) ** 2)),
        ("batch_summed", lambda q, actions, target: len(q) * loss_by_loops(q, actions, target)),
        ("averaged_over_joint_actions", lambda q, actions, target: loss_by_loops(q, actions, target) / q[0].numel()),
        ("all_joint_actions", lambda q, actions, target: sum(((table - y.detach()) ** 2).mean() for table, y in zip(q, target, strict=True)) / len(q)),
        ("every_table_with_every_action", lambda q, actions, target: sum(loss_by_loops(q, actions.roll(k, 0), target.roll(k, 0)) for k in range(len(q))) / len(q)),
        ("only_what_was_taken", lambda q, actions, target: loss_by_loops(q, actions, target) + q.square().mean()),
        ("mean_of_the_table", lambda q, actions, target: torch.nn.functional.mse_loss(q.mean((1, 2)), target.detach())),
        ("externals_move_averaged_out", lambda q, actions, target: ((q.mean(2).gather(1, actions[:, :1])[:, 0] - target.detach()) ** 2).mean()),
        ("joint_action_order", lambda q, actions, target: loss_by_loops(q, actions[:, [1, 0]], target)),
        ("largest_entry", lambda q, actions, target: ((torch.amax(q, (1, 2)) - target.detach()) ** 2).mean()),
        ("absolute_difference", lambda q, actions, target: torch.nn.functional.l1_loss(picked(q, actions), target.detach())),
        ("not_squared", lambda q, actions, target: picked(q, actions).mean() - target.detach().mean()),
        ("wrong_sign", lambda q, actions, target: -loss_by_gather(q, actions, target)),
        ("wrong_factor", lambda q, actions, target: loss_by_mask(q, actions, target) / 2),
        ("gradient_lost", lambda q, actions, target: loss_by_loops(q.detach(), actions, target)),
        ("no_tensor", lambda q, actions, target: float(loss_by_loops(q, actions, target).detach())),
        ("no_single_number", lambda q, actions, target: (picked(q, actions) - target.detach()) ** 2),
        ("another_result", lambda q, actions, target: loss_by_loops(q, actions, target + 1)),
        ("error", lambda q, actions, target: (q[actions] - target.detach()).square().mean()),
    ],
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
        ("another_result", lambda q, slow, t, policy, gamma, rate: learned(q, slow, t, policy, gamma, rate / 2)),
        ("one_number", lambda q, slow, t, policy, gamma, rate: learned(q, slow, t, policy, gamma, rate)[t[0], t[1]]),
        ("error", lambda q, slow, t, policy, gamma, rate: q[t] + rate),
        ("no_return", lambda q, slow, t, policy, gamma, rate: None),
    ],
    "never_taken": [
        ("shapes", TABLE),
        ("shapes", (TABLE, COLUMN, ROW, TAKEN)),
        ("are_policies", (TABLE, ROW, [0.4, 0.4, 0.4], TAKEN)),
        ("are_policies", (TABLE, [1.5, -0.5], COLUMN, TAKEN)),
        ("both_mix", (TABLE, [1.0, 0.0], COLUMN, TAKEN)),
        ("both_mix", (TABLE, ROW, [0.5, 0.5, 0.0], TAKEN)),
        ("zeros_and_ones", (TABLE, ROW, COLUMN, TAKEN * 2)),
        ("one_is_missing", (TABLE, ROW, COLUMN, np.ones((2, 3)))),
        ("one_is_missing", (TABLE, ROW, COLUMN, TAKEN * np.array([1, 0, 1]))),
        ("the_missing_one_is_rare", (TABLE, ROW, [0.3, 0.3, 0.4], TAKEN)),
        ("first_is_better", (TABLE[::-1], ROW, COLUMN, TAKEN)),
        ("first_seems_worse", (TABLE, ROW, COLUMN, TAKEN[::-1])),
        ("no_numbers", ("q", "row", "column", "taken")),
        ("no_value", lambda: (TABLE, ROW, COLUMN, TAKEN)),
    ],
}  # fmt: skip
