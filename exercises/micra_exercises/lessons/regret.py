"""Exercises of sheet 02: regrets by hand and by sums, and COMA's advantage. The rest is in `matching.py`."""

from __future__ import annotations

from itertools import product

import torch

from ..exercise import exercise
from .random_cases import (
    averaged,
    averaged_in_states,
    game,
    in_a_table,
    on_paper,
    ones,
    policy,
    regrets_in_states,
    table,
    uniform,
)

LESSON = "02_regret"
PAYOFFS = torch.tensor([[4.0, 0.0, 1.0], [3.0, 2.0, 0.0]])  # row's, in the text
ROW, COLUMN = torch.tensor([0.2, 0.8]), torch.tensor([0.5, 0.25, 0.25])


@exercise(
    "number", lesson=LESSON, title="Two regrets by hand", difficulty=1, importance=5, minutes=6,
    example=(PAYOFFS, ROW, COLUMN), expected=[0.2, -0.05], vary=on_paper,
    advice="Test them: weighted by row's own policy, the two regrets must sum to zero.",
    rewordings=[
        ("What are row's regrets", lambda q, row, column: "For this exercise alone, row's payoffs and both policies are these:\n\n"
         f"{in_a_table(q, row, column, ('up', 'down'))}\n\nWhat are row's regrets"),
    ],
    hints=(
        "You do not know column's action, but you know its policy. What is *up* worth on average? And your own policy?",
        r"$v(\text{up}) = \sum_c \pi_2(c)\, Q(\text{up}, c)$, likewise *down*; $v = \sum_a \pi_1(a)\, v(a)$; $A(a) = v(a) - v$.",
        lambda q, row, column: f"v_up = {column[0]:g} * {q[0, 0]:g} + {column[1]:g} * ... + {column[2]:g} * ...\nv_down = ...\n"
        f"v = {row[0]:g} * v_up + {row[1]:g} * v_down\nregrets = [v_up - v, ...]",
    ),
    mistakes=[
        ("baseline_forgotten", lambda q, row, column: q @ column,
         "These are the values of up and down. From each, subtract the value of your policy."),
        ("others_uniform", lambda q, row, column: q.mean(1) - row @ q.mean(1),
         "You averaged over column's actions as if all were equally likely. Weight them by column's policy."),
        ("own_policy_missing_from_baseline", lambda q, row, column: q @ column - (q @ column).mean(),
         "The value that you subtract is that of playing up and down equally often. Weight them by your own policy."),
        ("best_taken_off", lambda q, row, column: q @ column - (q @ column).max(),
         "You subtracted the value of the better action. Subtract that of your policy."),
        ("weighted_with_own_policy", lambda q, row, column: row * (q @ column - row @ q @ column),
         "You multiplied by the probability of your own action. A regret asks: what if I *had* played it?"),
        ("own_probabilities_swapped", lambda q, row, column: q @ column - row.flip(0) @ q @ column,
         "In the value of your policy, you exchanged the probabilities of up and down."),
        ("order_swapped", lambda q, row, column: (q @ column - row @ q @ column).flip(0),
         "These are the right numbers in the wrong order: up comes first."),
        ("baseline_without_weights", lambda q, row, column: q @ column - (q @ column).sum(),
         "You subtracted the sum of both values. Weight them by your policy first."),
    ],
)  # fmt: skip
def regrets_by_hand(q, row, column):
    """Both regrets of row, (2,): q (2, 3) its payoffs, row (2,) and column (3,) the policies."""
    v_given = (q * column).sum(1)
    v = (row * v_given).sum()
    return v_given - v


@exercise(
    lesson=LESSON, title="The value of each action", difficulty=2, importance=5, minutes=12,
    example=(PAYOFFS, [ROW, COLUMN], 0), expected=[2.25, 2.0], draw=game,
    hints=(
        "Fix one action of your own. Which joint actions contain it, and how likely is the others' part of each?",
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
         "You weighted by your own policy, too. Your action is given here: average only over the others'."),
        ("own_action_averaged_out", lambda q, policies, i: policies[i] @ averaged(q, policies, i),
         "You averaged over your own action as well, so one number is left. Keep one value for each of your actions."),
        ("baseline_taken_off", lambda q, policies, i: averaged(q, policies, i) - policies[i] @ averaged(q, policies, i),
         "These are the regrets. The exercise asks only for their first part: v(s | i plays a_i)."),
        ("others_uniform", lambda q, policies, i: averaged(q, uniform(policies), i),
         "You averaged over the others' actions as if all were equally likely. Weight each by its policy."),
        ("summed_without_weights", lambda q, policies, i: averaged(q, ones(policies), i),
         "You summed Q without weights. Each joint action counts as often as the others play it."),
        ("averaged_where_a_sum_is_due", lambda q, policies, i: averaged(q, [p / len(p) for p in policies], i),
         "You took a mean after weighting. With probabilities as weights, the sum is already the mean."),
        ("last_policy_left_out", lambda q, policies, i: averaged(q, [*policies[:-1], *ones(policies[-1:])], i),
         "The last agent's policy is missing. That agent is often an external, and is averaged over like all others."),
        ("always_the_first_axis", lambda q, policies, i: averaged(q, policies, 0),
         "Your answer is always that of the agent on axis 0. The agent in question is `i`."),
        ("best_of_the_others", lambda q, policies, i: q.movedim(i, 0).flatten(1).max(1).values,
         "You took the others' best actions for you. They do not act in your favour: average over their policies."),
    ],
)  # fmt: skip
def values_of_actions(q, policies, i):
    """v(s | i plays a_i), (A_i,): q (A_1, …, A_n), policies n × (A_j,), i the agent's axis."""
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
    example=(torch.stack([PAYOFFS, -PAYOFFS]), [torch.stack([ROW, torch.tensor([0.5, 0.5])]), torch.stack([COLUMN, COLUMN])], 0),
    expected=[[0.2, -0.05], [-0.125, 0.125]], draw=lambda generator, k: game(generator, k, k % 3 + 2),
    hints=(
        "Start with one state. Which axis must not be summed over? Which policy belongs to which state?",
        r"$A_i(s, a_i) = v(s \mid a_i) - \sum_{a} \pi_i(a \mid s)\, v(s \mid a)$, one row for each state $s$.",
        """\
        def regret_advantage(q, policies, i):
            for j in reversed(range(len(policies))):
                if j != i:
                    q = ...  # average over axis j + 1, each state with its own policy
            baseline = ...  # (B, 1)
            return q - baseline""",
    ),
    mistakes=[
        ("baseline_forgotten", lambda q, policies, i: averaged_in_states(q, policies, i),
         "These are values, not regrets. Subtract v(s): what your own policy is worth in that state."),
        ("own_policy_missing_from_baseline", lambda q, policies, i: (v := averaged_in_states(q, policies, i)) - v.mean(1)[:, None],
         "Your baseline is the plain mean of the values. Weight it by your own policy."),
        ("best_taken_off", lambda q, policies, i: less(v := averaged_in_states(q, policies, i), v.max(1).values),
         "You subtract the best value, so no regret is ever positive. Subtract the value of your own policy."),
        ("baseline_added", lambda q, policies, i: less(v := averaged_in_states(q, policies, i), -(policies[i] * v).sum(1)),
         "You add the baseline. An advantage is a difference: subtract v(s)."),
        ("one_baseline_for_all_states",
         lambda q, policies, i: (v := averaged_in_states(q, policies, i)) - (policies[i] * v).sum(1).mean(),
         "Your baseline is averaged over states, too. Each state has its own v(s): sum over actions only, axis 1."),
        ("one_policy_for_all_states", lambda q, policies, i: regrets_in_states(q, [p[:1].expand_as(p) for p in policies], i),
         "You use the policies of the first state in all states. Each state has its own row."),
        ("states_averaged", lambda q, policies, i: regrets_in_states(q, policies, i).mean(0),
         "You averaged over the states. Keep axis 0: one row of regrets for each state."),
        ("others_uniform", lambda q, policies, i: regrets_in_states(q, uniform(policies, but=i), i),
         "You averaged over the others' actions as if all were equally likely. Weight them by the others' policies."),
        ("weighted_with_own_policy", lambda q, policies, i: policies[i] * regrets_in_states(q, policies, i),
         "You multiplied by your own policy. A regret does not depend on how rare the action is."),
        ("always_the_first_axis", lambda q, policies, i: regrets_in_states(q, policies, 0),
         "Your answer is always that of the first agent. The agent in question is `i`, on axis i + 1."),
    ],
    properties=[
        ("regrets_cancel", lambda result, q, policies, i: abs((policies[i].double().numpy() * result).sum(1)).max() < 1e-3,
         "weighted by your own policy, regrets sum to zero in every state. Yours do not."),
    ],
)  # fmt: skip
def regret_advantage(q, policies, i):
    """Counterfactual regret advantages A_i(s, ·) in a batch of states, (B, A_i): q (B, A_1, …, A_n), policies n × (B, A_j)."""
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.einsum("b...a,ba->b...", q.movedim(j + 1, -1), policies[j])
    baseline = (policies[i] * q).sum(1, keepdim=True)
    return q - baseline


@exercise(
    lesson=LESSON, title="COMA's advantage", difficulty=2, importance=4, minutes=8,
    example=(PAYOFFS, ROW, 1), expected=[-1.6, 0.4],
    draw=lambda generator, k: ((q := table(generator, k)), policy(generator, len(q)), k % 2),
    hints=(
        "You no longer average over the other player: its action is fixed. Which part of the table is left?",
        r"$A^{\text{COMA}}(a) = Q(a, c) - \sum_{a'} \pi(a')\, Q(a', c)$, where $c$ was played.",
        """\
        def coma(q, row, c):
            worth = ...  # the return of each own action
            return worth - ...""",
    ),
    mistakes=[
        ("baseline_forgotten", lambda q, row, c: q[:, c],
         "These are the returns of your actions. Subtract what your policy would have got against the same move."),
        ("own_policy_missing_from_baseline", lambda q, row, c: q[:, c] - q[:, c].mean(),
         "Your baseline is the plain mean over your own actions. Weight it by your own policy."),
        ("best_taken_off", lambda q, row, c: q[:, c] - q[:, c].max(),
         "You subtract the best own action. Subtract your policy's mean."),
        ("other_averaged_in_baseline", lambda q, row, c: q[:, c] - row @ q.mean(1),
         "In your baseline you average over the other player. There, too, its action is fixed."),
        ("other_averaged_out", lambda q, row, c: q.mean(1) - row @ q.mean(1),
         "You averaged over the other player's actions. COMA keeps the one that was played."),
        ("payoff_transposed", lambda q, row, c: q[c] - row @ q[c],
         "You took a row of the table instead of a column. In a rectangular game it does not even have the right length."),
        ("weighted_with_own_policy", lambda q, row, c: row * (q[:, c] - row @ q[:, c]),
         "You multiplied by your own policy. The advantage of an action does not depend on how rare it is."),
        ("own_action_averaged_out", lambda q, row, c: row @ q[:, c],
         "This is a single number. Keep one advantage for each of your own actions."),
    ],
    properties=[
        ("advantages_cancel", lambda result, q, row, c: abs(row.double().numpy() @ result) < 1e-3,
         "weighted by your own policy, COMA's advantages sum to zero. Yours do not."),
    ],
)  # fmt: skip
def coma(q, row, c):
    """COMA's advantage of each own action, (A_1,), beside the other's action c: q (A_1, A_2), row (A_1,) the own policy."""
    worth = q[:, c]
    return worth - (row * worth).sum()
