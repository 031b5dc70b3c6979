"""Exercises of sheet 07, one update: the order of its steps, and the slow copies."""

from __future__ import annotations

import torch

from ..exercise import exercise

LESSON = "07_offline_training"


def expected(q, hunter, prey):
    """The mean of a table under both policies."""
    return (hunter @ q * prey).sum()


def regret_of_go(q, hunter, prey):
    """The first action's regret."""
    return (q @ prey)[0] - expected(q, hunter, prey)


def an_update(q, slow, hunter, prey, reward, rates, target=None, judged=None, follows=None):
    """The results of an update, optionally with another target, regret, or value for the slow copy to follow."""
    gamma, rate, tau = rates
    target = reward + gamma * expected(slow, hunter, prey) if target is None else target
    new = q[0, 0] + rate * (target - q[0, 0])
    follows = new if follows is None else follows
    judged = regret_of_go(q, hunter, prey) if judged is None else judged
    return torch.stack([new, slow[0, 0] + tau * (follows - slow[0, 0]), judged])


def replaced(q, new):
    """A copy of the table with another first entry."""
    changed = q.clone()
    changed[0, 0] = new
    return changed


def small_tables(generator):
    """Other numbers that are easy on paper: whole values, probabilities in quarters, the same three rates."""
    go, left = (torch.randint(1, 4, (2,), generator=generator) / 4).tolist()
    tables = torch.randint(0, 9, (2, 2, 2), generator=generator).float()
    reward = torch.randint(1, 5, (), generator=generator).float()
    policies = torch.tensor([go, 1 - go]), torch.tensor([left, 1 - left])
    return *tables, *policies, reward, torch.tensor([0.5, 0.5, 0.25])


@exercise(
    "number", lesson=LESSON, title="One update by hand", difficulty=2, importance=5, minutes=10,
    example=(torch.tensor([[2.0, 10.0], [2.0, 0.0]]), torch.tensor([[6.0, 2.0], [0.0, 4.0]]), torch.tensor([0.25, 0.75]),
           torch.tensor([0.75, 0.25]), torch.tensor(3.0), torch.tensor([0.5, 0.5, 0.25])),
    expected=[3.0, 5.25, 1.875], vary=small_tables,
    rewordings=[
        ("| **go** | 2 | 10 | 6 | 2 |", lambda q, slow, *_: f"| **go** | {q[0, 0]:g} | {q[0, 1]:g} | {slow[0, 0]:g} | {slow[0, 1]:g} |"),
        ("| **stay** | 2 | 0 | 0 | 4 |", lambda q, slow, *_: f"| **stay** | {q[1, 0]:g} | {q[1, 1]:g} | {slow[1, 0]:g} | {slow[1, 1]:g} |"),
        ("plays *go* with 0.25", lambda q, slow, hunter, *_: f"plays *go* with {hunter[0]:g}"),
        ("δ says *left* with 0.75", lambda q, slow, hunter, prey, *_: f"δ says *left* with {prey[0]:g}"),
        ("paid 3", lambda q, slow, hunter, prey, reward, rates: f"paid {reward:g}"),
    ],
    hints=(
        "Which table gives the target, which one moves first, and which one gives the regret?",
        r"$y = r + \gamma \sum_{a, c} \pi(a)\, \delta(c)\, \bar Q(a, c)$; then $Q \leftarrow Q + \text{rate}\,(y - Q)$; then "
        r"$\bar Q \leftarrow \bar Q + \tau\,(Q - \bar Q)$ with the new $Q$. The regret is that of the old $Q$.",
        lambda q, slow, hunter, prey, r, rates: (
            f"future = {hunter[0]:g} * ({prey[0]:g} * {slow[0, 0]:g} + {prey[1]:g} * {slow[0, 1]:g}) + {hunter[1]:g} * (...)\n"
            f"y = {r:g} + {rates[0]:g} * future\nnew = {q[0, 0]:g} + {rates[1]:g} * (y - ...)\n"
            f"follows = {slow[0, 0]:g} + {rates[2]:g} * (... - {slow[0, 0]:g})\n"
            f"regret = ({prey[0]:g} * {q[0, 0]:g} + {prey[1]:g} * {q[0, 1]:g}) - ...\nupdated = [new, follows, regret]"
        ),
    ),
    mistakes=[
        ("regret_after_the_step", lambda q, slow, hunter, prey, r, rates: (x := an_update(q, slow, hunter, prey, r, rates), an_update(
            q, slow, hunter, prey, r, rates, judged=regret_of_go(replaced(q, x[0]), hunter, prey)))[1],
         "Your regret uses the Q after the critic's step. The actors use the Q from *before* it."),
        ("regret_from_the_slow_copy", lambda q, slow, hunter, prey, r, rates: an_update(
            q, slow, hunter, prey, r, rates, judged=regret_of_go(slow, hunter, prey)),
         "Your regret comes from the slow copy. That one is for targets; the actors use Q itself."),
        ("target_network_not_used", lambda q, slow, hunter, prey, r, rates: an_update(
            q, slow, hunter, prey, r, rates, r + rates[0] * expected(q, hunter, prey)),
         "Your target comes from Q itself. Use the slow copy, which changes slowly."),
        ("slow_copy_follows_the_old", lambda q, slow, hunter, prey, r, rates: an_update(q, slow, hunter, prey, r, rates, follows=q[0, 0]),
         "Your slow copy moved towards the old Q. It moves *after* the critic's step: towards the new Q."),
        ("slow_copy_follows_the_target", lambda q, slow, hunter, prey, r, rates: an_update(
            q, slow, hunter, prey, r, rates, follows=r + rates[0] * expected(slow, hunter, prey)),
         "Your slow copy moved towards the target y. It only follows Q."),
        ("slow_copy_stays", lambda q, slow, hunter, prey, r, rates: an_update(q, slow, hunter, prey, r, rates, follows=slow[0, 0]),
         "Your slow copy did not move. It goes the fraction τ of the way to Q."),
        ("slow_copy_jumps", lambda q, slow, hunter, prey, r, rates: an_update(q, slow, hunter, prey, r, rates)[[0, 0, 2]],
         "Your slow copy jumped to Q. It goes only the fraction τ of the way."),
        ("tau_and_rest_exchanged", lambda q, slow, hunter, prey, r, rates: an_update(
            q, slow, hunter, prey, r, torch.stack([rates[0], rates[1], 1 - rates[2]])),
         "You exchanged τ and 1 − τ. The slow copy keeps 1 − τ of itself, and takes τ from Q."),
        ("rate_forgotten", lambda q, slow, hunter, prey, r, rates: an_update(q, slow, hunter, prey, r, torch.stack([rates[0], rates[1] ** 0, rates[2]])),
         "Your Q jumped to the target. It goes only a fraction of the way: the critic's rate."),
        ("discount_forgotten", lambda q, slow, hunter, prey, r, rates: an_update(q, slow, hunter, prey, r, torch.stack([rates[0] ** 0, rates[1], rates[2]])),
         "The discount is missing in your target: the future counts only γ times as much."),
        ("baseline_forgotten", lambda q, slow, hunter, prey, r, rates: an_update(q, slow, hunter, prey, r, rates, judged=(q @ prey)[0]),
         "Your third number is the value of *go*. For the regret, subtract the value of the hunter's policy."),
        ("regret_of_stay", lambda q, slow, hunter, prey, r, rates: an_update(
            q, slow, hunter, prey, r, rates, judged=(q @ prey)[1] - expected(q, hunter, prey)),
         "Your third number is the regret of *stay*. The exercise asks for that of *go*."),
        ("externals_policy_left_out", lambda q, slow, hunter, prey, r, rates: an_update(
            q, slow, hunter, prey, r, rates, judged=regret_of_go(q, hunter, torch.full_like(prey, 0.5))),
         "In your regret, the prey makes both moves equally often. Weight them by δ."),
        ("own_policy_missing_from_baseline", lambda q, slow, hunter, prey, r, rates: an_update(
            q, slow, hunter, prey, r, rates, judged=regret_of_go(q, torch.full_like(hunter, 0.5), prey)),
         "In your regret, the hunter's two actions are weighted equally. Weight them by its policy."),
    ],
)  # fmt: skip
def update_by_hand(q, slow, hunter, prey, reward, rates):
    """Q(go, left), its slow copy and the regret of go, (3,): q, slow (2, 2), policies (2,), rates γ, of the critic, τ."""
    gamma, rate, tau = rates
    regret = (q @ prey)[0] - hunter @ q @ prey
    target = reward + gamma * (hunter @ slow @ prey)
    new = q[0, 0] + rate * (target - q[0, 0])
    follows = slow[0, 0] + tau * (new - slow[0, 0])
    return torch.stack([new, follows, regret])


def followed(slow, path, rate):
    """The slow copy after following a path (T, P)."""
    for fast in path:
        slow = slow + rate * (fast - slow)
    return slow


def a_path(generator, k):
    """slow (P,), fast (T, P) and a rate."""
    T, P = 2 + k % 4, 2 + (k + 1) % 3
    drawn = 3 * torch.randn(T + 1, P, generator=generator)
    return drawn[0], drawn[1:], (0.5, 0.1, 0.3)[k % 3]


@exercise(
    lesson=LESSON, title="The slow copy", difficulty=1, importance=4, minutes=6,
    example=(torch.tensor([0.0, 4.0]), torch.tensor([[8.0, 0.0], [4.0, 8.0]]), 0.25), expected=[2.5, 4.25], draw=a_path,
    hints=(
        "After each update, the slow copy goes a part of the way. Where does its second step start?",
        r"$\bar\theta \leftarrow \bar\theta + \tau\,(\theta_t - \bar\theta)$ for $t = 1, 2, \dots$",
        "def slow_copy(slow, fast, rate):\n    for new in fast:\n        slow = slow + ...\n    return slow",
    ),
    mistakes=[
        ("copied", lambda slow, fast, rate: fast[-1],
         "Yours is a plain copy of the last parameters. After each update, the slow copy goes only the fraction `rate` of the way."),
        ("never_moved", lambda slow, fast, rate: slow,
         "Your slow copy did not move. After each update, it goes the fraction `rate` of the way to the new parameters."),
        ("last_update_only", lambda slow, fast, rate: followed(slow, fast[-1:], rate),
         "You used only the last update. The slow copy moves after each of them."),
        ("first_update_only", lambda slow, fast, rate: followed(slow, fast[:1], rate),
         "You stopped after the first update. Is your `return` inside the loop?"),
        ("rate_and_rest_exchanged", lambda slow, fast, rate: followed(slow, fast, 1 - rate),
         "You keep the fraction `rate` of the slow copy. Keep 1 − rate of it."),
        ("backwards", lambda slow, fast, rate: followed(slow, fast.flip(0), rate),
         "You went through the updates backwards. The first row is the oldest."),
        ("always_from_the_start", lambda slow, fast, rate: slow + rate * (fast - slow).sum(0),
         "Each of your steps starts from the first slow copy. The second starts where the first one ended."),
        ("towards_the_mean", lambda slow, fast, rate: slow + rate * (fast.mean(0) - slow),
         "You took one step, towards the mean of all updates. Take one after each update."),
        ("mean_of_all", lambda slow, fast, rate: fast.mean(0),
         "You took the plain mean of all updates. The slow copy forgets: old ones count less and less."),
        ("moved_away", lambda slow, fast, rate: followed(slow, fast, -rate),
         "Your slow copy moves away from the parameters. Add rate · (new − slow), not rate · (slow − new)."),
        ("added_up", lambda slow, fast, rate: slow + rate * fast.sum(0),
         "You added `rate` times the parameters, so the slow copy grows. Add `rate` times their *difference* from it."),
        ("began_at_the_first_update", lambda slow, fast, rate: followed(fast[0], fast[1:], rate),
         "You started at the first new parameters. Start at the slow copy, `slow`."),
    ],
)  # fmt: skip
def slow_copy(slow, fast, rate):
    """The slow copy (P,) after T updates: slow (P,), the slow copy before; fast (T, P), the parameters after each update."""
    for new in fast:
        slow = (1 - rate) * slow + rate * new
    return slow
