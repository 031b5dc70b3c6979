"""Exercises of lesson 02: regrets by hand and by sums, COMA's advantage, regret matching, the error of a prediction."""

from __future__ import annotations

import math
from itertools import product

import torch

from .drawn import averaged, averaged_in_states, game, ones, policy, regrets_in_states, table, uniform
from .exercise import exercise

LESSON = "02_regret"
PAYOFFS = torch.tensor([[4.0, 0.0, 1.0], [3.0, 2.0, 0.0]])  # row's, in the text
ROW, COLUMN = torch.tensor([0.2, 0.8]), torch.tensor([0.5, 0.25, 0.25])


def by_hand(generator):
    """Other numbers that are easy on paper: whole payoffs, probabilities in twentieths and quarters."""
    up = torch.randint(2, 9, (1,), generator=generator) / 20
    shares = torch.tensor([0.5, 0.25, 0.25])[torch.randperm(3, generator=generator)]
    return torch.randint(0, 7, (2, 3), generator=generator).float(), torch.cat([up, 1 - up]), shares


@exercise(
    "number", lesson=LESSON, title="Two regrets by hand", difficulty=1, importance=5, minutes=6,
    shown=(PAYOFFS, ROW, COLUMN), worth=[0.2, -0.05], vary=by_hand,
    hints=(
        "You do not know column's action, but you know its policy. What is *up* worth on average? And your own policy?",
        r"$v(\text{up}) = \sum_c \pi_2(c)\, Q(\text{up}, c)$, likewise *down*; $v = \sum_a \pi_1(a)\, v(a)$; $A(a) = v(a) - v$.",
        "v_up = 0.50 * 4 + 0.25 * ... + 0.25 * ...\nv_down = ...\nv = 0.2 * v_up + 0.8 * v_down\nregrets = [v_up - v, ...]",
    ),
    mistakes=[
        ("baseline_forgotten", lambda q, row, column: q @ column,
         "These are the values of up and down. From each, take off the value of your policy."),
        ("others_uniform", lambda q, row, column: q.mean(1) - row @ q.mean(1),
         "You averaged over column's actions as if all were equally likely. Column has a policy: weigh with it."),
        ("own_policy_missing_from_baseline", lambda q, row, column: q @ column - (q @ column).mean(),
         "The value that you take off is that of playing up and down equally often. Weigh them with your own policy."),
        ("best_taken_off", lambda q, row, column: q @ column - (q @ column).max(),
         "You took off the value of the better action. Take off that of your policy."),
        ("weighted_with_own_policy", lambda q, row, column: row * (q @ column - row @ q @ column),
         "You multiplied with the probability of your own action. A regret asks: what if I *had* played it?"),
        ("own_probabilities_swapped", lambda q, row, column: q @ column - row.flip(0) @ q @ column,
         "In the value of your policy you took the probabilities of up and down the other way round."),
        ("order_swapped", lambda q, row, column: (q @ column - row @ q @ column).flip(0),
         "These are the right numbers in the wrong order: up comes first."),
        ("baseline_without_weights", lambda q, row, column: q @ column - (q @ column).sum(),
         "You took off the sum of both values. Weigh them with your policy first."),
    ],
)  # fmt: skip
def regrets_by_hand(q, row, column):
    v_given = (q * column).sum(1)
    v = (row * v_given).sum()
    return v_given - v


@exercise(
    lesson=LESSON, title="The value of each action", difficulty=2, importance=5, minutes=12,
    shown=(PAYOFFS, [ROW, COLUMN], 0), worth=[2.25, 2.0], draw=game,
    hints=(
        "Hold one action of your own. Which joint actions contain it, and how likely is the others' part of each?",
        r"$v(a_i) = \sum_{a_{-i}} \prod_{j \ne i} \pi_j(a_j)\; Q([a_i, a_{-i}])$",
        """\
        def values_of_actions(q, policies, i):
            values = torch.zeros(q.shape[i])
            for joint in product(*map(range, q.shape)):
                weight = ...  # a product over the others
                values[joint[i]] += ...
            return values""",
    ),
    mistakes=[
        ("own_policy_too", lambda q, policies, i: policies[i] * averaged(q, policies, i),
         "You weigh with your own policy, too. Your action is given here: only the others' are averaged out."),
        ("own_action_averaged_out", lambda q, policies, i: policies[i] @ averaged(q, policies, i),
         "One number: you averaged over your own action as well. Keep one value for each of your actions."),
        ("baseline_taken_off", lambda q, policies, i: averaged(q, policies, i) - policies[i] @ averaged(q, policies, i),
         "These are the regrets already. Here only their first part is asked for: v(s | i plays a_i)."),
        ("others_uniform", lambda q, policies, i: averaged(q, uniform(policies), i),
         "You averaged over the others' actions as if all were equally likely. Weigh each with its policy."),
        ("summed_without_weights", lambda q, policies, i: averaged(q, ones(policies), i),
         "You added up Q without weights. Each joint action counts as often as the others play it."),
        ("averaged_where_a_sum_is_due", lambda q, policies, i: averaged(q, [p / len(p) for p in policies], i),
         "You took a mean after weighting. With probabilities as weights, the sum is the mean already."),
        ("last_policy_left_out", lambda q, policies, i: averaged(q, [*policies[:-1], *ones(policies[-1:])], i),
         "The last agent's policy is missing: often the external's. Externals are averaged out like all others."),
        ("always_the_first_axis", lambda q, policies, i: averaged(q, policies, 0),
         "You always answer for the agent on axis 0. The agent in question is `i`."),
        ("best_of_the_others", lambda q, policies, i: q.movedim(i, 0).flatten(1).max(1).values,
         "You took the best that the others may do. They do not choose for you: average with their policies."),
    ],
)  # fmt: skip
def values_of_actions(q, policies, i):
    values = torch.zeros(q.shape[i])
    for joint in product(*map(range, q.shape)):
        weight = 1.0
        for j, p in enumerate(policies):
            if j != i:
                weight = weight * p[joint[j]]
        values[joint[i]] += weight * q[joint]
    return values


def less(values, baseline):
    """Values (B, A) less a baseline (B,)."""
    return values - baseline[:, None]


@exercise(
    lesson=LESSON, title="Equation 2 for many states", difficulty=3, importance=5, minutes=12,
    shown=(torch.stack([PAYOFFS, -PAYOFFS]), [torch.stack([ROW, torch.tensor([0.5, 0.5])]), torch.stack([COLUMN, COLUMN])], 0),
    worth=[[0.2, -0.05], [-0.125, 0.125]], draw=lambda generator, k: game(generator, k, k % 3 + 2),
    hints=(
        "Do one state first. Which axis must never be summed over? Which policy belongs to which state?",
        r"$A_i(s, a_i) = v(s \mid a_i) - \sum_{a} \pi_i(a \mid s)\, v(s \mid a)$, one row for each state $s$.",
        """\
        def regret_advantage(q, policies, i):
            for j in reversed(range(len(policies))):
                if j != i:
                    q = ...  # average axis j + 1 out, each state by its own policy
            baseline = ...  # (B, 1)
            return q - baseline""",
    ),
    mistakes=[
        ("baseline_forgotten", lambda q, policies, i: averaged_in_states(q, policies, i),
         "These are values, not regrets. Take off v(s): what your own policy is worth in that state."),
        ("own_policy_missing_from_baseline", lambda q, policies, i: (v := averaged_in_states(q, policies, i)) - v.mean(1)[:, None],
         "Your baseline is the plain mean of the values. Weigh it with your own policy."),
        ("best_taken_off", lambda q, policies, i: less(v := averaged_in_states(q, policies, i), v.max(1).values),
         "You take off the best value, so no regret is ever positive. Take off the value of your own policy."),
        ("baseline_added", lambda q, policies, i: less(v := averaged_in_states(q, policies, i), -(policies[i] * v).sum(1)),
         "You add the baseline. An advantage is a difference: take v(s) off."),
        ("one_baseline_for_all_states",
         lambda q, policies, i: (v := averaged_in_states(q, policies, i)) - (policies[i] * v).sum(1).mean(),
         "Your baseline is averaged over states, too. Each state has its own v(s): sum over actions, axis 1."),
        ("one_policy_for_all_states", lambda q, policies, i: regrets_in_states(q, [p[:1].expand_as(p) for p in policies], i),
         "You use the policies of the first state in all states. Each state has its own row."),
        ("states_averaged", lambda q, policies, i: regrets_in_states(q, policies, i).mean(0),
         "You averaged over the states. Axis 0 stays: one row of regrets for each state."),
        ("others_uniform", lambda q, policies, i: regrets_in_states(q, uniform(policies, but=i), i),
         "The others' actions are averaged as if all were equally likely. Weigh them with the others' policies."),
        ("weighted_with_own_policy", lambda q, policies, i: policies[i] * regrets_in_states(q, policies, i),
         "You multiplied with your own policy. A regret asks what the action is worth, however rare it is."),
        ("always_the_first_axis", lambda q, policies, i: regrets_in_states(q, policies, 0),
         "You always answer for the first agent. The agent in question is `i`, on axis i + 1."),
    ],
    properties=[
        ("regrets_cancel", lambda result, q, policies, i: abs((policies[i].double().numpy() * result).sum(1)).max() < 1e-3,
         "weighted with your own policy, regrets add up to zero in every state. Yours do not."),
    ],
)  # fmt: skip
def regret_advantage(q, policies, i):
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.einsum("b...a,ba->b...", q.movedim(j + 1, -1), policies[j])
    baseline = (policies[i] * q).sum(1, keepdim=True)
    return q - baseline


@exercise(
    lesson=LESSON, title="COMA's advantage", difficulty=2, importance=4, minutes=8,
    shown=(PAYOFFS, ROW, 1), worth=[-1.6, 0.4],
    draw=lambda generator, k: ((q := table(generator, k)), policy(generator, len(q)), k % 2),
    hints=(
        "The other player is no longer averaged out: it stays at what it did. Which part of the table is left?",
        r"$A^{\text{COMA}}(a) = Q(a, c) - \sum_{a'} \pi(a')\, Q(a', c)$, where $c$ was played.",
        """\
        def coma(q, row, c):
            worth = ...  # what each own action would have got
            return worth - ...""",
    ),
    mistakes=[
        ("baseline_forgotten", lambda q, row, c: q[:, c],
         "This is what each own action would have got. Take off what your policy would have got against the same move."),
        ("own_policy_missing_from_baseline", lambda q, row, c: q[:, c] - q[:, c].mean(),
         "Your baseline is the plain mean over your own actions. Weigh it with your own policy."),
        ("best_taken_off", lambda q, row, c: q[:, c] - q[:, c].max(),
         "You take off the best own action. Take off your policy's mean."),
        ("other_averaged_in_baseline", lambda q, row, c: q[:, c] - row @ q.mean(1),
         "In your baseline the other player is averaged over. There, too, it stays at what it did."),
        ("other_averaged_out", lambda q, row, c: q.mean(1) - row @ q.mean(1),
         "You average over the other player's actions. COMA keeps the one that was played."),
        ("payoff_transposed", lambda q, row, c: q[c] - row @ q[c],
         "You read a row of the table where a column is due. In a rectangular game that does not even fit."),
        ("weighted_with_own_policy", lambda q, row, c: row * (q[:, c] - row @ q[:, c]),
         "You multiplied with your own policy. The advantage of an action does not depend on how rare it is."),
        ("own_action_averaged_out", lambda q, row, c: row @ q[:, c],
         "One number. Keep one advantage for each of your own actions."),
    ],
    properties=[
        ("advantages_cancel", lambda result, q, row, c: abs(row.double().numpy() @ result) < 1e-3,
         "weighted with your own policy, COMA's advantages add up to zero. Yours do not."),
    ],
)  # fmt: skip
def coma(q, row, c):
    worth = q[:, c]
    return worth - (row * worth).sum()


def sums_of_regrets(generator, k):
    """Sums (A,) with both signs among them; in every third case none is positive."""
    drawn = 4 * torch.randn(2 + k % 4, generator=generator)
    drawn[0], drawn[1] = drawn[0].abs() + 0.3, -drawn[1].abs() - 0.5
    return (-drawn.abs() - 0.1,) if k % 3 == 2 else (drawn,)


@exercise(
    lesson=LESSON, title="Regret matching", difficulty=2, importance=3, minutes=8,
    shown=(torch.tensor([3.0, -2.0, 1.0]),), worth=[0.75, 0.0, 0.25], draw=sums_of_regrets,
    hints=(
        "Which actions would you rather have played? What if there are none?",
        r"$\pi(a) = \max(S_a, 0) / \sum_b \max(S_b, 0)$; uniform where that sum is zero. $S_a$: the sum of all regrets of $a$.",
        """\
        def match_regrets(total):
            positive = ...
            if ...:
                return ...  # uniform
            return positive / ...""",
    ),
    mistakes=[
        ("zero_divided_by_zero", lambda total: total.clamp(min=0) / total.clamp(min=0).sum(),
         "Where no sum is positive you divide zero by zero. There the policy is uniform."),
        ("nothing_played", lambda total: total.clamp(min=0) / total.clamp(min=0).sum().clamp(min=1e-9),
         "Where no sum is positive you play nothing at all. There the policy is uniform."),
        ("not_normalised", lambda total: total.clamp(min=0) if total.max() > 0 else torch.ones_like(total) / len(total),
         "These do not add up to 1. Divide by their sum."),
        ("absolute_values", lambda total: total.abs() / total.abs().sum(),
         "You took absolute values: what was *bad* is played as often as what was good. Cut at zero instead."),
        ("negatives_kept", lambda total: total / total.sum(),
         "You divide by the plain sum, and negative regrets become negative probabilities. Cut at zero first."),
        ("cut_after_dividing", lambda total: (total / total.sum()).clamp(min=0),
         "You divide by the sum of *all* regrets and cut then. Cut first: only positive ones count in the sum."),
        ("softmax", lambda total: total.softmax(0),
         "This is a softmax. Regret matching plays in proportion to the positive sums, and bad actions never."),
        ("only_the_best", lambda total: torch.eye(len(total))[int(total.argmax())],
         "You play only the action with the largest sum. In proportion means that others are played, too."),
        ("shifted_to_zero", lambda total: (total - total.min()) / (total - total.min()).sum(),
         "You shifted all sums until the smallest is zero. Zero has a meaning here: no regret. Cut, do not shift."),
    ],
    properties=[
        ("is_a_policy", lambda result, total: (result >= 0).all() and abs(result.sum() - 1) < 1e-3,
         "a policy has no negative entry and adds up to 1. Yours does not."),
    ],
)  # fmt: skip
def match_regrets(total):
    positive = total.clamp(min=0)
    if positive.sum() == 0:
        return torch.full_like(total, 1 / len(total))
    return positive / positive.sum()


def bound(q, kl, factor=2.0):
    """The formula for a given KL."""
    return factor * (q.max() - q.min()) * (kl / 2) ** 0.5


@exercise(
    lesson=LESSON, title="The error of a prediction", difficulty=3, importance=3, minutes=10,
    shown=(PAYOFFS, torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.25, 0.5, 0.25])),
    worth=8 * math.sqrt(0.25 * math.log(2) / 2),  # the span is 4; KL = ½ log 2 − ¼ log 2
    draw=lambda generator, k: ((q := k + table(generator, k)), *(policy(generator, q.shape[1]) for _ in range(2))),
    hints=(
        "Two things count: how far payoffs are apart, and how far the prediction is from the truth. Which is the weight in KL?",
        r"$2\,(\max Q - \min Q)\,\sqrt{\mathrm{KL}/2}$ with $\mathrm{KL} = \sum_a \pi(a) \log\frac{\pi(a)}{\delta(a)}$, in nats.",
        """\
        def error_bound(q, true, predicted):
            kl = (true * ...).sum()
            span = ...
            return 2 * span * ...""",
    ),
    mistakes=[
        ("kl_reversed", lambda q, true, predicted: bound(q, (predicted * (predicted / true).log()).sum()),
         "You have KL(δ ‖ π). The weights, and what stands above the line, are those of the true policy."),
        ("in_bits", lambda q, true, predicted: bound(q, (true * (true / predicted).log2()).sum()),
         "Your KL is in bits. The bound wants nats: the natural logarithm."),
        ("largest_instead_of_span",
         lambda q, true, predicted: 2 * q.abs().max() * ((true * (true / predicted).log()).sum() / 2) ** 0.5,
         "You used the largest entry of Q. A constant changes no regret: what counts is the span, max − min."),
        ("no_square_root", lambda q, true, predicted: (q.max() - q.min()) * (true * (true / predicted).log()).sum(),
         "There is a square root over KL/2."),
        ("half_outside_the_root", lambda q, true, predicted: bound(q, 2 * (true * (true / predicted).log()).sum(), 1),
         "The half belongs under the square root."),
        ("averaged_where_a_sum_is_due", lambda q, true, predicted: bound(q, (true * (true / predicted).log()).mean()),
         "You averaged over actions in KL. The true policy weighs them already: add up."),
        ("cross_entropy", lambda q, true, predicted: bound(q, -(true * predicted.log()).sum()),
         "You used the cross-entropy. KL takes the true policy's own entropy off: a perfect prediction has KL 0."),
        ("weights_left_out", lambda q, true, predicted: bound(q, (true / predicted).log().sum()),
         "Your KL has no weights before the logarithm. Weigh each action with the true policy."),
    ],
)  # fmt: skip
def error_bound(q, true, predicted):
    kl = (true * (true / predicted).log()).sum()
    span = q.max() - q.min()
    return 2 * span * (kl / 2) ** 0.5


@exercise(
    "open", lesson=LESSON, title="When COMA misleads", difficulty=3, importance=4, minutes=12,
    hints=(
        "COMA looks at what column did. Which move of column is the likeliest, and which is the one that decides?",
        r"Wanted: $A(\text{first}) > 0$, but $Q(\text{first}, c) < \sum_a \pi(a)\, Q(a, c)$ for column's likeliest action $c$.",
        "q = torch.tensor([[..., ..., 9.0], [..., ..., 0.0]])  # the last column is rare, but decides\nrow = ...\ncolumn = ...",
    ),
    properties=[
        ("two_by_three", lambda q, row, column: (q.shape, row.shape, column.shape) == ((2, 3), (2,), (3,)),
         "Hand over three things, (q, row, column), of the shapes (2, 3), (2,) and (3,)."),
        ("are_policies", lambda q, row, column: all((p >= 0).all() and abs(p.sum() - 1) < 1e-3 for p in (row, column)),
         "Policies have no negative entry and add up to 1. One of yours does not."),
        ("both_are_played", lambda q, row, column: row.min() > 1e-6,
         "Row never plays one of its actions. Then one advantage is zero, whatever the payoffs are. Mix."),
        ("likeliest_is_one", lambda q, row, column: sorted(column)[-1] > sorted(column)[-2] + 1e-6,
         "Two actions of column tie for the likeliest. Make it one."),
        ("payoffs_differ", lambda q, row, column: abs(q[0] - q[1]).max() > 1e-6,
         "Both rows pay the same. Then there is nothing to regret."),
        ("regret_is_positive", lambda q, row, column: (q[0] - q[1]) @ column > 1e-6,
         "The first action has no positive regret. Averaged over column's policy, it must be the better one."),
        ("coma_is_negative", lambda q, row, column: (q[0] - q[1])[int(column.argmax())] < -1e-6,
         "When column plays its likeliest action, COMA's advantage of the first action is not negative. Pay less there."),
    ],
)  # fmt: skip
def misleading():
    q = torch.tensor([[0.0, 0.0, 9.0], [1.0, 1.0, 0.0]])
    return q, torch.tensor([0.5, 0.5]), torch.tensor([0.6, 0.2, 0.2])
