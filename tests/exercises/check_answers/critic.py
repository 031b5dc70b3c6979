"""Answers to the exercises of sheet 04 about learning."""

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


def each(of, y=lambda target, b: target[b], join=lambda parts: sum(parts) / len(parts), stop=torch.detach):
    """A loss by loops: `of` makes it of a difference, or of what was picked, which `y` is then not taken from."""

    def answer(q, actions, target):
        target = stop(target)
        return join([of(q[b, a, c] - y(target, b)) for b, (a, c) in enumerate(actions.tolist())])

    return answer


def picking(pick, join=lambda parts: sum(parts) / len(parts)):
    """A loss by loops whose entries are picked by `pick(q, b, a, c)`, one or more."""

    def answer(q, actions, target):
        y = target.detach()
        parts = [((pick(q, b, a, c) - y[b]) ** 2).mean() for b, (a, c) in enumerate(actions.tolist())]
        return join(parts)

    return answer


def numbered(q, b, a, c):
    flat = q[b].flatten()
    return flat[(a * q.shape[1] + c) % len(flat)]


def others_zero(q, actions, target):
    y = torch.zeros_like(q)
    for b, (a, c) in enumerate(actions.tolist()):
        y[b, a, c] = target[b].detach()
    return (q - y).pow(2)


def half_stopped(q, actions, target):
    d = picked(q, actions) - target
    return (d * (picked(q, actions) - target.detach())).mean()


RIGHT = {
    "td_loss": [loss_by_loops, loss_by_gather, loss_by_mask, loss_packaged],
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
        ("halved", lambda q, actions, target: loss_by_mask(q, actions, target) / 2),
        ("halved", lambda q, actions, target: (picked(q, actions) * (picked(q, actions) - target).detach()).mean()),
        ("stopped_in_one_factor", half_stopped),
        ("gradient_not_stopped", each(torch.square, stop=torch.clone, join=sum)),  # two mistakes
        ("doubled", lambda q, actions, target: 2 * loss_by_mask(q, actions, target)),
        ("wrong_factor", lambda q, actions, target: 3 * loss_by_mask(q, actions, target)),
        ("divided_by_one_less", each(torch.square, join=lambda parts: sum(parts) / max(len(parts) - 1, 1))),
        ("divided_twice", each(torch.square, join=lambda parts: sum(parts) / len(parts) ** 2)),
        ("only_the_first", each(torch.square, join=lambda parts: parts[0])),
        ("only_the_last", each(torch.square, join=lambda parts: parts[-1])),
        ("last_left_out", each(torch.square, join=lambda parts: sum(parts[:-1], 0 * parts[0]) / len(parts))),
        ("first_left_out", each(torch.square, join=lambda parts: sum(parts[1:], 0 * parts[0]) / len(parts))),
        ("norm_taken", lambda q, actions, target: (picked(q, actions) - target.detach()).norm()),
        ("only_the_largest", each(torch.square, join=max)),
        ("median_instead_of_mean", each(torch.square, join=lambda parts: sorted(parts)[(len(parts) - 1) // 2])),
        ("root_taken", each(torch.square, join=lambda parts: (sum(parts) / len(parts)) ** 0.5)),
        ("mean_squared_afterwards", each(lambda d: d, join=lambda parts: (sum(parts) / len(parts)) ** 2)),
        ("sum_squared_afterwards", each(lambda d: d, join=lambda parts: sum(parts) ** 2)),
        ("mean_of_differences_removed", each(lambda d: d, join=lambda parts: sum((x - sum(parts) / len(parts)) ** 2 for x in parts) / len(parts))),
        ("all_joint_actions_of_the_batch", lambda q, actions, target: sum(((table - y.detach()) ** 2).sum() for table, y in zip(q, target, strict=True)) / len(q)),
        ("others_to_zero", lambda q, actions, target: others_zero(q, actions, target).mean()),
        ("others_to_zero_summed", lambda q, actions, target: others_zero(q, actions, target).sum((1, 2)).mean()),
        ("first_table_for_all", picking(lambda q, b, a, c: q[0, a, c])),
        ("first_actions_for_all", lambda q, actions, target: loss_by_loops(q, actions[:1].repeat(len(q), 1), target)),
        ("first_entry_for_all", picking(lambda q, b, a, c: q[b, 0, 0])),
        ("counted_from_one", picking(lambda q, b, a, c: q[b, a - 1, c - 1])),
        ("every_target", lambda q, actions, target: (picked(q, actions).unsqueeze(1) - target.detach().unsqueeze(0)).pow(2).mean()),
        ("every_target", lambda q, actions, target: (picked(q, actions) - target.detach().mean()).pow(2).mean()),
        ("target_of_the_next", each(torch.square, y=lambda target, b: target[(b + 1) % len(target)])),
        ("first_target_for_all", each(torch.square, y=lambda target, b: target[0])),
        ("sum_of_the_table", picking(lambda q, b, a, c: q[b].sum())),
        ("own_move_averaged_out", picking(lambda q, b, a, c: q[b, :, c].mean())),
        ("whole_row", picking(lambda q, b, a, c: q[b, a])),
        ("whole_column", picking(lambda q, b, a, c: q[b, :, c])),
        ("best_of_the_row", picking(lambda q, b, a, c: q[b, a].max())),
        ("joint_action_order_clamped", picking(lambda q, b, a, c: q[b, min(c, q.shape[1] - 1), min(a, q.shape[2] - 1)])),
        ("joint_action_order_around", picking(lambda q, b, a, c: q[b, c % q.shape[1], a % q.shape[2]])),
        ("numbered_by_the_wrong_size", picking(numbered)),
        ("smallest_entry", picking(lambda q, b, a, c: q[b].min())),
        ("huber_loss", lambda q, actions, target: torch.nn.functional.smooth_l1_loss(picked(q, actions), target.detach())),
        ("difference_clamped", each(lambda d: max(min(d, d * 0 + 1), d * 0 - 1) ** 2)),
        ("only_what_is_too_large", each(lambda d: torch.relu(d) ** 2)),
        ("third_power", each(lambda d: abs(d) ** 3)),
        ("fourth_power", each(lambda d: d * d * d * d)),
        ("squares_subtracted", lambda q, actions, target: (picked(q, actions) ** 2 - target.detach() ** 2).mean()),
        ("multiplied", lambda q, actions, target: torch.dot(picked(q, actions), target.detach()) / len(q)),
        ("gradient_lost", lambda q, actions, target: loss_by_loops(q.detach(), actions, target)),
        ("no_tensor", lambda q, actions, target: float(loss_by_loops(q, actions, target).detach())),
        ("no_single_number", lambda q, actions, target: (picked(q, actions) - target.detach()) ** 2),
        ("another_result", lambda q, actions, target: loss_by_loops(q, actions, target + 1)),
        ("error", lambda q, actions, target: (q[actions] - target.detach()).square().mean()),
    ],
}  # fmt: skip
