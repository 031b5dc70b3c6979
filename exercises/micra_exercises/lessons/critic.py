"""Sheet 04: the loss of a critic. One of its steps, and a joint action never taken, are in `critic_steps.py`."""

from __future__ import annotations

import torch

from ..exercise import exercise
from ..values import gradient

LESSON = "04_critic"
SIZES = ((2, 3), (4, 2), (3, 3), (2, 4), (4, 3))  # numbers of actions


def gradient_in_q(td_loss, q, actions, target):
    """The gradient of td_loss(q, actions, y) in q. y depends on q as well, which reveals a missing detach."""
    leaf = q.detach().clone().requires_grad_()
    found = td_loss(leaf, actions, target + 0.5 * leaf.flatten(1).mean(1).roll(1))
    return gradient(found, leaf, "A loss", "No gradient reaches q. Stop it only at the target.")


def taken(q, actions):
    """Q of the joint actions that were taken (B,)."""
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]]


def numbered(q, actions, width):
    """Q of the joint action with the number a · width + c (B,)."""
    return q.flatten(1).gather(1, (actions[:, :1] * width + actions[:, 1:]) % q[0].numel())[:, 0]


def joint(generator, sizes, actions):
    """q (B, A_1, A_2) with large and small differences, the actions that were taken (B, 2), targets (B,)."""
    B = len(actions)
    return (
        3 * torch.randn(B, *sizes, generator=generator),
        torch.tensor(actions),
        2 * torch.randn(B, generator=generator),
    )


def batch_of_actions(generator, k):
    """A batch whose actions are also those of a table with exchanged axes; B is not the number of actions."""
    A, C = SIZES[k % len(SIZES)]
    actions = torch.randint(min(A, C), (5 + k % 3, 2), generator=generator)
    actions[:2] = torch.tensor([[0, 1], [1, 0]])
    return joint(generator, (A, C), actions.tolist())


def loss(q, actions, target, *, stop="target", entry="taken", over="batch", of="square", against="its own", times=1):
    """The loss, or what a slip makes of it."""
    if stop in ("target", "both"):
        target = target.detach()
    b, a, c = torch.arange(len(q)), actions[:, 0], actions[:, 1]
    A, C = q.shape[1:]
    clamped = torch.stack([c.clamp(max=A - 1), a.clamp(max=C - 1)], 1)
    zeros = torch.zeros_like(q).index_put((b, a, c), target)
    found = {
        "taken": lambda: taken(q, actions), "exchanged": lambda: taken(q, actions.flip(1)),
        "exchanged, clamped": lambda: taken(q, clamped),
        "exchanged, around": lambda: taken(q.transpose(1, 2), torch.stack([a % C, c % A], 1)),
        "other width": lambda: numbered(q, actions, A),
        "all": lambda: q, "others zero": lambda: q - zeros, "mean": lambda: q.flatten(1).mean(1),
        "sum": lambda: q.flatten(1).sum(1), "largest": lambda: q.flatten(1).max(1).values,
        "smallest": lambda: q.flatten(1).min(1).values,
        "row's mean": lambda: q[b, a].mean(1), "column's mean": lambda: q[b, :, c].mean(1),
        "row's best": lambda: q[b, a].max(1).values,
        "row": lambda: q[b, a], "column": lambda: q[b, :, c], "every table": lambda: q[:, a, c],
        "first table": lambda: q[0, a, c], "first actions": lambda: q[:, a[0], c[0]],
        "before": lambda: taken(q, actions - 1), "first entry": lambda: q[:, 0, 0],
    }[entry]()  # fmt: skip
    found = found.detach() if stop in ("q", "both") else found
    if entry == "others zero":
        y = torch.zeros(())
    elif entry == "every table":
        y = target
    else:
        y = target.reshape(-1, *[1] * (found.dim() - 1))
    if against != "its own":
        y = {"all": target.mean(), "sum": target.sum(), "next": target.roll(-1), "first": target[0]}[against]
    d = found - y
    each = {
        "square": lambda: d * (found - y.detach()) if stop == "one factor" else d.square(), "absolute": lambda: d.abs(), "difference": lambda: d,
        "clamped": lambda: d.clamp(-1, 1).square(), "not above": lambda: d.clamp(min=0).square(),
        "huber": lambda: torch.nn.functional.huber_loss(d, d * 0, reduction="none"), "cube": lambda: d.abs() ** 3,
        "fourth": lambda: d**4, "squares apart": lambda: found.square() - y.square(), "product": lambda: found * y,
        "weighted": lambda: d.square().detach() * found, "relative": lambda: (d / found.detach()).square(),
    }[of]()  # fmt: skip
    return times * {
        "batch": lambda: each.mean(), "sum": lambda: each.sum(), "all entries": lambda: each.sum() / q.numel(),
        "batch only": lambda: each.sum() / len(q), "one less": lambda: each.sum() / max(1, len(q) - 1),
        "root": lambda: each.mean().sqrt(), "mean first": lambda: d.mean().square(), "sum first": lambda: d.sum().square(),
        "largest": lambda: each.max(), "first": lambda: each.flatten()[0], "last": lambda: each.flatten()[-1],
        "but last": lambda: each[:-1].sum() / len(q), "but first": lambda: each[1:].sum() / len(q),
        "norm": lambda: each.sum().sqrt(),
        "median": lambda: each.median(), "variance": lambda: d.var(unbiased=False), "twice": lambda: each.mean() / len(q),
    }[over]()  # fmt: skip


INDEX = "Which three numbers pick one entry of q (B, A_1, A_2)? Print the shape of what you compare with the target."
ORDER = "Which column of `actions` belongs to axis 1 of `q`, and which to axis 2?"
STOP = "The target depends on q, too. Which of the two should follow the other?"
MEAN = "By what does the loss divide if the batch is twice as large? And in yours?"
SQUARE = "The gradient by hand is 2 (2 − 4) / 2 at the first entry. Which part of it is another one in yours?"
PAIRS = "Print the shape of the difference between q and target. Should it not be (B,)?"


@exercise(
    lesson=LESSON, title="The loss of a critic", difficulty=3, importance=5, minutes=12,
    example=(
        torch.tensor([[[6.0, 2.0, 0.0], [1.0, 4.0, 5.0]], [[-1.0, 1.0, 2.0], [3.0, 9.0, -2.0]]]),
        torch.tensor([[0, 1], [1, 1]]), torch.tensor([3.0, 1.5]),
    ),
    expected=[[[0.0, -2.0, 0.0], [0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0], [0.0, 6.0, 0.0]]],
    measure=gradient_in_q, draw=batch_of_actions,
    edges={
        "the last actions are taken": lambda generator: joint(
            generator, (2, 3), [[1, 2], [0, 2], [1, 1], [0, 0], [1, 2]]),
        "the last actions are taken, and row has more of them": lambda generator: joint(
            generator, (4, 2), [[3, 1], [2, 0], [3, 0], [0, 1], [2, 1]]),
        "all first actions are taken": lambda generator: joint(generator, (2, 3), [[0, 0]] * 4),
        "there are as many transitions as actions of row": lambda generator: joint(generator, (2, 3), [[1, 2], [0, 1]]),
        "there are as many transitions as actions of column": lambda generator: joint(
            generator, (2, 3), [[1, 2], [0, 1], [1, 0]]),
        "there are as many transitions as actions of either": lambda generator: joint(
            generator, (3, 3), [[2, 1], [0, 1], [1, 0]]),
        "there is only one transition": lambda generator: joint(generator, (2, 3), [[1, 2]]),
        "row has only one action": lambda generator: joint(generator, (1, 3), [[0, 2], [0, 1], [0, 0], [0, 1]]),
        "column has only one action": lambda generator: joint(generator, (3, 1), [[2, 0], [1, 0], [0, 0], [1, 0]]),
    },
    hints=(
        "Which entry of each table was taken? And which should move, q or the target?",
        r"$\frac 1 B \sum_b \big(Q(s_b, a_b) - y_b\big)^2$, where no gradient flows through $y$.",
        "def td_loss(q, actions, target):\n    taken = q[torch.arange(len(q)), ..., ...]  # (B,)\n"
        "    return (taken - target...).square()...",
    ),
    slipping=loss,
    mistakes=[
        ("gradient_not_stopped", {"stop": "nothing"},
         "The gradient flows through the target, too, so the target moves towards the prediction. Stop it: detach().",
         STOP),
        ("stopped_at_the_critic", {"stop": "q"},
         "You stopped the gradient at q and let it flow through the target. But q must move.", STOP),
        ("stopped_in_one_factor", {"stop": "one factor"},
         "You stopped the gradient in one of two factors only, so that half of it still flows through the target. Stop it "
         "in both.", STOP),
        ("batch_summed", {"over": "sum"},
         "You summed over the batch. Take the mean, or a larger batch means larger steps.", MEAN),
        ("averaged_over_joint_actions", {"over": "all entries"},
         "You divided by the number of all entries. Only one entry of each table counts: divide by B.", MEAN),
        ("divided_by_one_less", {"over": "one less"},
         "You divided by B − 1. The mean over B transitions divides by B.", MEAN),
        ("divided_twice", {"over": "twice"},
         "You divided by B twice. The mean over B transitions divides by B once.", MEAN),
        ("halved", {"times": 0.5},
         "Your gradient is half of the right one. Look for a factor ½ in front, or for a difference of which one of two "
         "factors is detached.", SQUARE),
        ("doubled", {"times": 2}, "Your gradient is twice the right one. The square brings a factor 2 by itself.",
         SQUARE),
        ("wrong_sign", {"times": -1},
         "Your gradient has the wrong sign: minimising this drives q away from the target.",
         "If q of a joint action is larger than its target, should your loss fall or rise with it?"),
        ("only_the_first", {"over": "first"},
         "Only the first transition counts in yours. Take the mean over all of them.",
         "Where does your loop return? Which transitions have been seen by then?"),
        ("only_the_last", {"over": "last"},
         "Only the last transition counts in yours. Take the mean over all of them.",
         "Does your loop begin its sum anew with every transition?"),
        ("last_left_out", {"over": "but last"},
         "The last transition is missing in yours.", "Which is the last index of your loop?"),
        ("first_left_out", {"over": "but first"},
         "The first transition is missing in yours.", "Which is the first index of your loop?"),
        ("norm_taken", {"over": "norm"},
         "You took the root of the sum, a norm. The exercise asks for the mean squared difference.", SQUARE),
        ("only_the_largest", {"over": "largest"},
         "Only the largest difference counts in yours. Take the mean over all transitions.", MEAN),
        ("median_instead_of_mean", {"over": "median"},
         "Only the transition in the middle counts in yours, the median. Take the mean.", MEAN),
        ("root_taken", {"over": "root"},
         "You took the root of the mean. The exercise asks for the mean squared difference itself.", SQUARE),
        ("mean_squared_afterwards", {"over": "mean first"},
         "You squared the mean of the differences. Square each one first: errors of opposite signs must not cancel.",
         "What is your loss if one prediction is 1 too large, and another one 1 too small?"),
        ("sum_squared_afterwards", {"over": "sum first"},
         "You squared the sum of the differences. Square each one first: errors of opposite signs must not cancel.",
         "What is your loss if one prediction is 1 too large, and another one 1 too small?"),
        ("mean_of_differences_removed", {"over": "variance"},
         "You took the variance of the differences, which does not see an error that all have. Take the mean of their "
         "squares.", "What is your loss if all predictions are 1 too large?"),
        ("all_joint_actions", {"entry": "all"},
         "You compare every joint action with the target. A transition tells only about the one that was taken.", INDEX),
        ("all_joint_actions_of_the_batch", {"entry": "all", "over": "batch only"},
         "You compare every joint action with the target, and sum over them. A transition tells only about the one that "
         "was taken.", INDEX),
        ("others_to_zero", {"entry": "others zero"},
         "You pull the joint actions that were not taken to 0, and average over all entries. A transition says nothing "
         "about them.", "Which target is right for a joint action that was not taken? Is there one?"),
        ("others_to_zero_summed", {"entry": "others zero", "over": "batch only"},
         "You pull the joint actions that were not taken to 0. A transition says nothing about them.",
         "Which target is right for a joint action that was not taken? Is there one?"),
        ("every_table_with_every_action", {"entry": "every table"},
         "You take every transition's action from every table. Index the batch as well: table b with action b.", INDEX),
        ("first_table_for_all", {"entry": "first table"},
         "You take all entries from the first table. Each transition has a table of its own.", INDEX),
        ("first_actions_for_all", {"entry": "first actions"},
         "You take the joint action of the first transition from every table. Each transition has its own.", INDEX),
        ("first_entry_for_all", {"entry": "first entry"},
         "You take the first entry of every table. Take the joint action that was played.", INDEX),
        ("counted_from_one", {"entry": "before"},
         "You take the actions before those that were played: they count from 0.", ORDER),
        ("every_target", {"against": "all"},
         "Each entry is pulled to the mean of all targets, and not to its own. Is your difference a table, B × B?",
         PAIRS),
        ("target_of_the_next", {"against": "next"},
         "You compare each transition with the target of the next one. Each has its own.", PAIRS),
        ("first_target_for_all", {"against": "first"},
         "You compare all transitions with the first target. Each has its own.", PAIRS),
        ("mean_of_the_table", {"entry": "mean"},
         "You averaged Q over joint actions before comparing. Take the one that was played.", INDEX),
        ("sum_of_the_table", {"entry": "sum"},
         "You added up Q over joint actions before comparing. Take the one that was played.", INDEX),
        ("externals_move_averaged_out", {"entry": "row's mean"},
         "You used only row's action and averaged over column's. Column's move is known, too: it is in `actions`.",
         INDEX),
        ("own_move_averaged_out", {"entry": "column's mean"},
         "You used only column's action and averaged over row's. Row's move is known, too: it is in `actions`.", INDEX),
        ("whole_row", {"entry": "row"},
         "You compare all entries of row's action with the target. Column's move is known, too: it is in `actions`.",
         INDEX),
        ("whole_column", {"entry": "column"},
         "You compare all entries of column's action with the target. Row's move is known, too: it is in `actions`.",
         INDEX),
        ("best_of_the_row", {"entry": "row's best"},
         "You used only row's action and the best one of column. Column's move is known: it is in `actions`.", INDEX),
        ("joint_action_order", {"entry": "exchanged"},
         "You exchanged the agents: the first action belongs to axis 1 of `q`, the second to axis 2.", ORDER),
        ("joint_action_order_clamped", {"entry": "exchanged, clamped"},
         "You exchanged the agents, and cut off what is then too large. The first action belongs to axis 1 of `q`, the "
         "second to axis 2.", ORDER),
        ("joint_action_order_around", {"entry": "exchanged, around"},
         "You exchanged the agents, and count around where that is then too large. The first action belongs to axis 1 of "
         "`q`, the second to axis 2.", ORDER),
        ("numbered_by_the_wrong_size", {"entry": "other width"},
         "You number joint actions a · A_1 + c. One row of the table is A_2 entries long.",
         "Where in the flat table does the second row begin?"),
        ("largest_entry", {"entry": "largest"},
         "You compare the largest entry with the target. Take the joint action that was played.", INDEX),
        ("smallest_entry", {"entry": "smallest"},
         "You compare the smallest entry with the target. Take the joint action that was played.", INDEX),
        ("absolute_difference", {"of": "absolute"},
         "You took absolute differences. The exercise asks for the mean *squared* temporal difference.", SQUARE),
        ("not_squared", {"of": "difference"},
         "The square is missing. Without it, the lower q is, the lower the loss.", SQUARE),
        ("huber_loss", {"of": "huber"},
         "Yours is Huber's loss, or smooth L1: half the square, and linear where the difference is large. Take the square "
         "everywhere.", "How large is your gradient at a difference of 6? What does the sheet say?"),
        ("difference_clamped", {"of": "clamped"},
         "You cut the differences off at −1 and 1. Then the entries that are most wrong get no gradient.",
         "How large is your gradient at a difference of 6? What does the sheet say?"),
        ("only_what_is_too_large", {"of": "not above"},
         "Only predictions that are too large count in yours. Those that are too small must move, too.",
         "What is your loss if q is 2, and the target 4?"),
        ("third_power", {"of": "cube"}, "You took the third power of the differences. Take the square.", SQUARE),
        ("fourth_power", {"of": "fourth"}, "You took the fourth power of the differences. Take the square.", SQUARE),
        ("squares_subtracted", {"of": "squares apart"},
         "You subtracted the square of the target from that of q. Subtract first, then square.",
         "For which q is your loss lowest? For which should it be?"),
        ("multiplied", {"of": "product"},
         "You multiplied q and target. A temporal difference is a difference.",
         "For which q is your loss lowest? For which should it be?"),
    ],
    properties=[
        ("only_what_was_taken",
         lambda result, q, actions, target: abs(result).sum() - abs(taken(result, actions)).sum() < 1e-6,
         "joint actions that were not played get a gradient. Take the one that was, table by table."),
    ],
)  # fmt: skip
def td_loss(q, actions, target):
    """Mean squared temporal difference of the joint actions taken: q (B, A_1, A_2), actions (B, 2), target (B,)."""
    b = torch.arange(len(q))
    taken = q[b, actions[:, 0], actions[:, 1]]
    return ((taken - target.detach()) ** 2).mean()
