"""Exercises of sheet 04, learning: the loss of a critic, one of its steps, and joint actions that were never taken."""

from __future__ import annotations

import numpy as np
import torch

from ..exercise import exercise
from ..values import gradient
from .random_cases import SIZES, policy

LESSON = "04_critic"


def gradient_in_q(td_loss, q, actions, reward):
    """The gradient of td_loss(q, actions, y) in q. y depends on q as well, which reveals a missing detach."""
    leaf = q.detach().clone().requires_grad_()
    found = td_loss(leaf, actions, reward + 0.5 * leaf.flatten(1).mean(1).roll(1))
    return gradient(found, leaf, "A loss", "No gradient reaches q. Stop it only at the target.")


def taken(q, actions):
    """Q of the joint actions that were taken (B,)."""
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]]


def batch_of_actions(generator, k):
    """q (B, A_1, A_2), the actions that were taken (B, 2), targets (B,)."""
    B, sizes = 3 + k % 3, SIZES[k % 3]
    actions = torch.stack([torch.randint(size, (B,), generator=generator) for size in sizes], 1)
    return 3 * torch.randn(B, *sizes, generator=generator), actions, 2 * torch.randn(B, generator=generator)


@exercise(
    lesson=LESSON, title="The loss of a critic", difficulty=3, importance=5, minutes=12,
    example=(
        torch.tensor([[[6.0, 2.0, 0.0], [1.0, 4.0, 5.0]], [[0.0, 0.0, 0.0], [3.0, 0.0, 9.0]]]),
        torch.tensor([[0, 1], [1, 2]]), torch.tensor([3.0, 1.5]),
    ),
    expected=[[[0.0, -2.0, 0.0], [0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0], [0.0, 0.0, 6.0]]],
    measure=gradient_in_q, draw=batch_of_actions,
    hints=(
        "Which entry of each table was taken? And which should move, q or the target?",
        r"$\frac 1 B \sum_b \big(Q(s_b, a_b) - y_b\big)^2$, where no gradient flows through $y$.",
        "def td_loss(q, actions, target):\n    taken = q[torch.arange(len(q)), ..., ...]  # (B,)\n    return (taken - target...).square()...",
    ),
    mistakes=[
        ("gradient_not_stopped", lambda q, actions, target: (taken(q, actions) - target).square().mean(),
         "The gradient flows through the target, too, so the target moves towards the prediction. Stop it: detach()."),
        ("stopped_at_the_critic", lambda q, actions, target: (taken(q, actions).detach() - target).square().mean(),
         "You stopped the gradient at q and let it flow through the target. But q must move."),
        ("batch_summed", lambda q, actions, target: (taken(q, actions) - target.detach()).square().sum(),
         "You summed over the batch. Take the mean, or a larger batch means larger steps."),
        ("averaged_over_joint_actions", lambda q, actions, target: (taken(q, actions) - target.detach()).square().sum() / q.numel(),
         "You divided by the number of all entries. Only one entry of each table counts: divide by B."),
        ("all_joint_actions", lambda q, actions, target: (q - target.detach()[:, None, None]).square().mean(),
         "You compare every joint action with the target. A transition tells only about the one that was taken."),
        ("every_table_with_every_action",
         lambda q, actions, target: (q[:, actions[:, 0], actions[:, 1]] - target.detach()).square().mean(),
         "You take every transition's action from every table. Index the batch as well: table b with action b."),
        ("mean_of_the_table", lambda q, actions, target: (q.flatten(1).mean(1) - target.detach()).square().mean(),
         "You averaged Q over joint actions before comparing. Take the one that was played."),
        ("externals_move_averaged_out",
         lambda q, actions, target: (q[torch.arange(len(q)), actions[:, 0]].mean(1) - target.detach()).square().mean(),
         "You used only row's action and averaged over column's. Column's move is known, too: it is in `actions`."),
        ("joint_action_order", lambda q, actions, target: (taken(q, actions.flip(1)) - target.detach()).square().mean(),
         "You exchanged the agents: the first action belongs to axis 1 of q, the second to axis 2."),
        ("largest_entry", lambda q, actions, target: (q.flatten(1).max(1).values - target.detach()).square().mean(),
         "You compare the largest entry with the target. Take the joint action that was played."),
        ("absolute_difference", lambda q, actions, target: (taken(q, actions) - target.detach()).abs().mean(),
         "You took absolute differences. The exercise asks for the mean *squared* temporal difference."),
        ("not_squared", lambda q, actions, target: (taken(q, actions) - target.detach()).mean(),
         "The square is missing. Without it, the lower q is, the lower the loss."),
    ],
    properties=[
        ("only_what_was_taken", lambda result, q, actions, reward: abs(result).sum() - abs(taken(result, actions)).sum() < 1e-6,
         "joint actions that were not played get a gradient. Take the one that was, table by table."),
    ],
)  # fmt: skip
def td_loss(q, actions, target):
    """Mean squared temporal difference of the joint actions taken: q (B, A_1, A_2), actions (B, 2), target (B,)."""
    b = torch.arange(len(q))
    taken = q[b, actions[:, 0], actions[:, 1]]
    return ((taken - target.detach()) ** 2).mean()


def stepped(q, entry, target, rate):
    """A copy of q with one entry moved towards the target."""
    moved = q.clone()
    moved[entry] += rate * (target - moved[entry])
    return moved


def two_tables(generator, k):
    """q and its slow copy (S, J), a transition (s, joint, reward, s′), a joint policy (S, J), γ, a rate."""
    S, J = 3 + k % 2, (6, 8, 9)[k % 3]
    q, slow = 3 * torch.randn(2, S, J, generator=generator)
    s, joint = (int(torch.randint(size, (), generator=generator)) for size in (S, J))
    transition = (s, joint, float(torch.randn((), generator=generator)), (s + 1 + k % 2) % S)
    return q, slow, transition, policy(generator, S, J), 0.5 + 0.1 * (k % 5), (0.5, 0.1, 0.3)[k % 3]


@exercise(
    lesson=LESSON, title="One step, and the slow copy", difficulty=2, importance=4, minutes=10,
    example=(
        torch.tensor([[1.0, 2.0, 3.0], [4.0, 0.0, 2.0]]), torch.tensor([[0.0, 4.0, 2.0], [6.0, 0.0, 2.0]]), (0, 1, 1.0, 1),
        torch.tensor([[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]]), 0.5, 0.5,
    ),
    expected=[[1.0, 2.375, 3.0], [4.0, 0.0, 2.0]], draw=two_tables,
    hints=(
        "Which table does the target come from, and which one moves? How many entries of it?",
        r"$y = r + \gamma \sum_{a'} \pi(a' \mid s')\, \bar Q(s', a')$, then $Q(s, a) \leftarrow Q(s, a) + \text{rate}\,(y - Q(s, a))$.",
        """\
        def td_step(q, slow, transition, policy, gamma, rate):
            s, joint, reward, after = transition
            target = reward + gamma * ...
            moved = q.clone()
            moved[s, joint] += ...
            return moved""",
    ),
    mistakes=[
        ("target_network_not_used", lambda q, slow, t, policy, gamma, rate: stepped(q, t[:2], t[2] + gamma * policy[t[3]] @ q[t[3]], rate),
         "Your target comes from q itself. Use the slow copy, which changes slowly."),
        ("slow_copy_moved", lambda q, slow, t, policy, gamma, rate: stepped(slow, t[:2], t[2] + gamma * policy[t[3]] @ slow[t[3]], rate),
         "You moved the slow copy. The target comes from it, but q is what learns."),
        ("no_bootstrap", lambda q, slow, t, policy, gamma, rate: stepped(q, t[:2], t[2], rate),
         "Your target is only the reward. The game goes on at s': add its discounted value."),
        ("policy_of_this_state", lambda q, slow, t, policy, gamma, rate: stepped(q, t[:2], t[2] + gamma * policy[t[0]] @ slow[t[3]], rate),
         "You weighted by the policy at s. The next action is chosen at s'."),
        ("bootstrap_at_this_state", lambda q, slow, t, policy, gamma, rate: stepped(q, t[:2], t[2] + gamma * policy[t[0]] @ slow[t[0]], rate),
         "You bootstrap at s. After the transition, the state is s'."),
        ("max_instead_of_expectation", lambda q, slow, t, policy, gamma, rate: stepped(q, t[:2], t[2] + gamma * slow[t[3]].max(), rate),
         "You took the largest entry at s'. The external does not act in the team's favour: take the expectation over `policy`."),
        ("same_action_again", lambda q, slow, t, policy, gamma, rate: stepped(q, t[:2], t[2] + gamma * slow[t[3], t[1]], rate),
         "At s' you used the joint action of this transition again. The next one is drawn from `policy`: take the expectation."),
        ("all_uniform", lambda q, slow, t, policy, gamma, rate: stepped(q, t[:2], t[2] + gamma * slow[t[3]].mean(), rate),
         "At s' you weighted all joint actions equally. Weight them by `policy`."),
        ("discount_forgotten", lambda q, slow, t, policy, gamma, rate: stepped(q, t[:2], t[2] + policy[t[3]] @ slow[t[3]], rate),
         "The discount is missing: the future counts only γ times as much."),
        ("rate_forgotten", lambda q, slow, t, policy, gamma, rate: stepped(q, t[:2], t[2] + gamma * policy[t[3]] @ slow[t[3]], 1),
         "Your entry jumps to the target. It moves only the fraction `rate` of the way."),
        ("moved_away", lambda q, slow, t, policy, gamma, rate: stepped(q, t[:2], t[2] + gamma * policy[t[3]] @ slow[t[3]], -rate),
         "Your entry moves away from the target. The temporal difference is y − Q, not Q − y."),
        ("whole_row_moved", lambda q, slow, t, policy, gamma, rate: stepped(q, t[0], t[2] + gamma * policy[t[3]] @ slow[t[3]], rate),
         "You moved all joint actions of the state. The transition tells only about the one that was taken."),
        ("entry_of_the_next_state", lambda q, slow, t, policy, gamma, rate: stepped(q, (t[3], t[1]), t[2] + gamma * policy[t[3]] @ slow[t[3]], rate),
         "You moved an entry of s'. The transition started at s: that entry learns."),
    ],
)  # fmt: skip
def td_step(q, slow, transition, policy, gamma, rate):
    """q (S, J) after one temporal-difference step on a transition; the next value comes from the slow copy."""
    s, joint, reward, after = transition
    target = reward + gamma * (policy[after] * slow[after]).sum()
    moved = q.clone()
    moved[s, joint] += rate * (target - q[s, joint])
    return moved


@exercise(
    "open", lesson=LESSON, title="One joint action never taken", difficulty=3, importance=4, minutes=10,
    hints=(
        "The entry of a joint action that was never taken stays 0. Which missing entry makes the better action look bad?",
        r"Wanted: $\sum_c \pi(c)\,[Q(0, c) - Q(1, c)] > 0$, but below 0 when one entry of $Q$ is replaced by 0.",
        "q = torch.tensor([[..., ..., 8.0], [..., ..., 7.0]])\nrow = ...\ncolumn = ...  # the last move is rare\n"
        "taken = torch.tensor([[1, 1, 0], [1, 1, 1]])",
    ),
    properties=[
        ("shapes", lambda q, row, column, taken: [x.shape for x in (q, row, column, taken)] == [(2, 3), (2,), (3,), (2, 3)],
         "Pass four things, (q, row, column, taken), of the shapes (2, 3), (2,), (3,) and (2, 3)."),
        ("are_policies", lambda q, row, column, taken: all((p >= 0).all() and abs(p.sum() - 1) < 1e-3 for p in (row, column)),
         "The entries of a policy are not negative and sum to 1. One of your policies violates this."),
        ("both_mix", lambda q, row, column, taken: min(row.min(), column.min()) > 1e-6,
         "One action is never played. Then it would not be missed: let both players mix."),
        ("zeros_and_ones", lambda q, row, column, taken: set(np.unique(taken)) <= {0.0, 1.0},
         "`taken` must be 1 for a joint action that was taken, and 0 for one that was not."),
        ("one_is_missing", lambda q, row, column, taken: taken.sum() == 5,
         "Exactly one of the six joint actions must be missing from the data."),
        ("the_missing_one_is_rare", lambda q, row, column, taken: column[int(taken.min(0).argmin())] <= 0.25,
         "Column plays the missing move too often. With a probability of at most 0.25, it may well be missing."),
        ("first_is_better", lambda q, row, column, taken: (q[0] - q[1]) @ column > 1e-6,
         "With the true q, the regret of the first action is not positive. It must be the better one."),
        ("first_seems_worse", lambda q, row, column, taken: ((q * taken)[0] - (q * taken)[1]) @ column < -1e-6,
         "With 0 in place of the missing entry, the regret of the first action is not negative. Which entry should be missing?"),
    ],
)  # fmt: skip
def never_taken():
    """q (A_1, A_2), both policies, and the joint actions in the data: the regrets depend on one that is missing."""
    q = torch.tensor([[2.0, 2.0, 8.0], [1.0, 1.0, 7.0]])
    return q, torch.tensor([0.5, 0.5]), torch.tensor([0.4, 0.4, 0.2]), torch.tensor([[1, 1, 0], [1, 1, 1]])
