"""Exercises of sheet 02: the advantages of Eq. 2 in many states, and those of COMA."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .random_cases import policy, table
from .regret import ASKED, COLUMN, LESSON, PAYOFFS, ROW, asked, game, played, valued


def compared(
    q,
    policies,
    i,
    *,
    states="each",
    others="policies",
    agent="i",
    baseline="own",
    sign=1,
    weighted=False,
    clamped=False,
    left="all",
):
    """Eq. 2 in each state, (B, A_i), or what a slip makes of it."""
    if states != "each":
        policies = [(p[:1] if states == "first" else p.mean(0, keepdim=True)).expand_as(p) for p in policies]
    i = asked(policies, i, agent)
    p, v = policies[i], valued(q, played(policies, i, others), i)
    found = (
        v
        - {
            "own": lambda: (p * v).sum(1, keepdim=True),
            "none": lambda: 0,
            "mean": lambda: v.mean(1, keepdim=True),
            "best": lambda: v.max(1, keepdim=True).values,
            "worst": lambda: v.min(1, keepdim=True).values,
            "likeliest": lambda: v.gather(1, p.argmax(1, keepdim=True)),
            "added": lambda: -(p * v).sum(1, keepdim=True),
            "sum": lambda: v.sum(1, keepdim=True),
            "divided": lambda: (p * v).mean(1, keepdim=True),
            "not summed": lambda: p * v,
            "one for all": lambda: (p * v).sum(1).mean(),
            "all added": lambda: (p * v).sum(),
            "first state": lambda: (p * v).sum(1)[0],
            "over states": lambda: (p * v).sum(0, keepdim=True),
            "mean over states": lambda: v.mean(0, keepdim=True),
        }[baseline]()
    )
    found = sign * found * (p if weighted else 1)
    found = found.clamp(min=0) if clamped else found
    return {
        "all": lambda: found, "standardised": lambda: (found - found.mean()) / found.std(),
        "mean of states": lambda: found.mean(0), "sum of states": lambda: found.sum(0),
        "first state": lambda: found[0], "first at zero": lambda: torch.cat([0 * found[:1], found[1:]]),
        "last at zero": lambda: torch.cat([found[:-1], 0 * found[-1:]]),
    }[left]()  # fmt: skip


BATCHES = 2, 3, 4, 2, 3, 5, 2, 3


@exercise(
    lesson=LESSON, title="Equation 2 for many states", difficulty=3, importance=5, minutes=12,
    example=(torch.stack([PAYOFFS, -PAYOFFS]), [torch.stack([ROW, torch.tensor([0.5, 0.5])]), torch.stack([COLUMN,
        COLUMN])], 0),
    expected=[[0.2, -0.05], [-0.125, 0.125]],
    draw=lambda generator, k: game(generator, *ASKED[k % len(ASKED)], BATCHES[k % len(BATCHES)]),
    edges={
        "there are as many states as agents and actions": lambda generator: game(generator, (3, 3, 3), 1, 3),
        "there are as many states as actions of two players": lambda generator: game(generator, (2, 2), 1, 2),
        "there is only one state": lambda generator: game(generator, (2, 3), 1, 1),
        "the agent in question has only one action": lambda generator: game(generator, (3, 1), 1, 2),
        "another agent has only one action": lambda generator: game(generator, (2, 1, 3), 2, 2),
        "nobody mixes": lambda generator: (
            game(generator, (2, 3), 0, 3)[0], [torch.eye(2)[[0, 1, 1]], torch.eye(3)[[2, 0, 1]]], 0),
        "all play uniformly": lambda generator: (
            game(generator, (2, 4), 0, 3)[0], [torch.full((3, 2), 0.5), torch.full((3, 4), 0.25)], 0),
        "all payoffs are alike": lambda generator: (torch.full((2, 2, 3), 2.0), game(generator, (2, 3), 0, 2)[1], 0),
    },
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
    slipping=compared,
    mistakes=[
        ("baseline_forgotten", {"baseline": "none"},
         "These are values, not regrets. Subtract v(s): what your own policy is worth in that state.",
         "Eq. 2 has two terms. What is the second?"),
        ("own_policy_missing_from_baseline", {"baseline": "mean"},
         "Your baseline is the plain mean of the values. Weight it by your own policy.",
         "In the first state of the sheet's example, v(s) is 2.05. What is yours?"),
        ("best_taken_off", {"baseline": "best"},
         "You subtract the best value, so no regret is ever positive. Subtract the value of your own policy.",
         "In the first state of the sheet's example, v(s) is 2.05. What is yours?"),
        ("worst_taken_off", {"baseline": "worst"},
         "You subtract the worst value, so no regret is ever negative. Subtract the value of your own policy.",
         "In the first state of the sheet's example, v(s) is 2.05. What is yours?"),
        ("likeliest_action_taken_off", {"baseline": "likeliest"},
         "You subtract the value of your likeliest action. You play others, too: subtract the value of your policy.",
         "In the first state of the sheet's example, v(s) is 2.05. What is yours?"),
        ("baseline_added", {"baseline": "added"},
         "You add the baseline. An advantage is a difference: subtract v(s).",
         "How much *more* is an action worth than your policy?"),
        ("baseline_without_weights", {"baseline": "sum"},
         "You subtract the sum of all values. Weight them by your own policy.",
         "Where in your baseline is your own policy used?"),
        ("baseline_divided", {"baseline": "divided"},
         "You divide your baseline by the number of actions. With probabilities as weights, the sum is already the "
         "mean.",
         "Is there a mean in your baseline where a sum is due?"),
        ("baseline_not_summed", {"baseline": "not summed"},
         "From each value you subtract only its own part of v(s). Sum over actions first: v(s) is one number for "
         "each state.",
         "Which shape has your baseline? It should be (B, 1)."),
        ("one_baseline_for_all_states", {"baseline": "one for all"},
         "Your baseline is averaged over states, too. Each state has its own v(s): sum over actions only, axis 1.",
         "Which shape has your baseline? It should be (B, 1)."),
        ("baselines_added", {"baseline": "all added"},
         "Your baseline is summed over states, too. Each state has its own v(s): sum over actions only, axis 1.",
         "Which shape has your baseline? It should be (B, 1)."),
        ("first_baseline_for_all", {"baseline": "first state"},
         "You subtract v(s) of the first state everywhere. Each state has its own v(s).",
         "Which shape has your baseline? It should be (B, 1)."),
        ("baseline_over_states", {"baseline": "over states"},
         "Your baseline is summed over states instead of actions. Sum over axis 1.",
         "Which shape has your baseline? It should be (B, 1)."),
        ("mean_over_states_taken_off", {"baseline": "mean over states"},
         "From each value you subtract its mean over states. Subtract what your policy is worth in the same state.",
         "Which shape has your baseline? It should be (B, 1)."),
        ("one_policy_for_all_states", {"states": "first"},
         "You use the policies of the first state in all states. Each state has its own row.",
         "Which axis of a policy is that of the states? Follow it through your answer."),
        ("policies_averaged_over_states", {"states": "mean"},
         "You averaged the policies over states first. Each state has its own row.",
         "Which axis of a policy is that of the states? Follow it through your answer."),
        ("states_averaged", {"left": "mean of states"},
         "You averaged over the states. Keep axis 0: one row of regrets for each state.",
         "Which shape is to be returned, and which is yours?"),
        ("states_added", {"left": "sum of states"},
         "You summed over the states. Keep axis 0: one row of regrets for each state.",
         "Which shape is to be returned, and which is yours?"),
        ("first_state_at_zero", {"left": "first at zero"},
         "The first row is zero: your loop begins with the second state.",
         "How many states are there, and which is the first index?"),
        ("last_state_at_zero", {"left": "last at zero"},
         "The last row is zero: your loop ends before the last state.",
         "How many states are there, and which is the last index?"),
        ("first_state_only", {"left": "first state"},
         "You return the regrets of the first state only: return one row for each state.",
         "Which shape is to be returned, and which is yours?"),
        ("standardised", {"left": "standardised"},
         "You standardised the regrets over the batch. Return them as they are.",
         "In the sheet's example, how large are the regrets?"),
        ("softmax_of_probabilities", lambda q, policies, i: compared(q, [p.softmax(1) for p in policies], i),
         "You took a softmax of the policies. They are probabilities already.",
         "What do the entries of each policy sum to before you change them?"),
        ("others_uniform", {"others": "uniform"},
         "You averaged over the others' actions as if all were equally likely. Weight them by the others' policies.",
         "Where in your answer are the others' policies used?"),
        ("likeliest_action", {"others": "likeliest"},
         "You let each of the others play its likeliest action. They mix: average over all their actions.",
         "In the first state of the sheet's example, *up* is worth 2.25. What is it in yours?"),
        ("summed_without_weights", {"others": "one"},
         "You summed over the others' actions without weights. Weight them by the others' policies.",
         "Where in your answer are the others' policies used?"),
        ("averaged_where_a_sum_is_due", {"others": "mean"},
         "You took a mean after weighting. With probabilities as weights, the sum is already the mean.",
         "By what do you divide, and what is there to divide for?"),
        ("last_policy_left_out", {"others": "last missing"},
         "The last agent's policy is missing. That agent is often an external, and is averaged over like all others.",
         "How many policies are used for three agents?"),
        ("last_policy_uniform", {"others": "last uniform"},
         "In your answer, the last agent plays all actions equally often. It has a policy like all others.",
         "How many policies are used for three agents?"),
        ("weighted_with_own_policy", {"weighted": True},
         "You multiplied by your own policy. A regret does not depend on how rare the action is.",
         "Where does your own policy stand in Eq. 2: before the regret, or only in v(s)?"),
        ("wrong_sign", {"sign": -1},
         "Everything has the wrong sign. Which term is subtracted from which?",
         "An action that is worth more than your policy has a positive regret."),
        ("clamped", {"clamped": True},
         "Yours has 0 in place of negative regrets. Here regrets keep their sign.",
         "Weighted by your own policy, regrets sum to zero. Do yours?"),
        ("always_the_first_axis", {"agent": "first"},
         "Your answer is always that of the first agent. The agent in question is `i`, on axis i + 1.",
         "Where in your answer is `i` used? Axis 0 of q is that of the states."),
        ("always_the_last_axis", {"agent": "last"},
         "Your answer is always that of the last agent. The agent in question is `i`, on axis i + 1.",
         "Where in your answer is `i` used? Axis 0 of q is that of the states."),
        ("the_agent_before", {"agent": "before"},
         "Your answer is that of the agent before `i` (before the first comes the last). Axis 0 of q is that of the "
         "states.",
         "On which axis of q is agent `i`? On which is it in your answer?"),
        ("the_next_agent", {"agent": "after"},
         "Your answer is that of the agent after `i` (after the last comes the first). Agent `i` is on axis i + 1.",
         "On which axis of q is agent `i`? On which is it in your answer?"),
    ],
    properties=[
        ("regrets_cancel",
         lambda result, q, policies, i: abs((policies[i].double().numpy() * result).sum(1)).max() < 1e-3,
         "weighted by your own policy, regrets sum to zero in every state. Yours do not."),
    ],
)  # fmt: skip
def regret_advantage(q, policies, i):
    """Regret advantages A_i(s, ·) in a batch of states, (B, A_i): q (B, A_1, …, A_n), policies n × (B, A_j)."""
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.einsum("b...a,ba->b...", q.movedim(j + 1, -1), policies[j])
    baseline = (policies[i] * q).sum(1, keepdim=True)
    return q - baseline


def beside(
    q, row, c, *, of="column", baseline="own", own="row", weighted=False, sign=1, clamped=False, counted=0, left="all"
):
    """COMA's advantage of each own action, (A_1,), or what a slip makes of it."""
    c = c - counted
    worth = {
        "column": lambda: q[:, c], "row": lambda: q[c], "mean": lambda: q.mean(1), "best": lambda: q.max(1).values,
        "sum": lambda: q.sum(1), "first": lambda: q[:, 0], "last": lambda: q[:, -1],
    }[of]()  # fmt: skip
    p = {
        "row": row,
        "uniform": torch.full_like(row, 1 / len(row)),
        "one": torch.ones_like(row),
        "divided": row / len(row),
    }[own]
    found = worth - {
        "own": lambda: p @ worth, "none": lambda: 0, "best": lambda: worth.max(), "worst": lambda: worth.min(),
        "likeliest": lambda: worth[row.argmax()], "added": lambda: -(p @ worth), "not summed": lambda: p * worth,
        "other averaged": lambda: p @ q.mean(1), "all": lambda: q.mean(), "mean of the row": lambda: q.mean(1),
        "best of all": lambda: q.max(),
    }[baseline]()  # fmt: skip
    found = sign * found * (row if weighted else 1)
    found = found.clamp(min=0) if clamped else found
    return {"all": found, "mean": row @ found, "baseline": p @ worth, "likeliest": found[row.argmax()]}[left]


def beside_a_move(generator, k):
    """q (A_1, A_2), the own policy (A_1,), the other's move c: each of them in turn."""
    q = table(generator, k)
    return q, policy(generator, len(q)), (k + k // 3) % q.shape[1]


@exercise(
    lesson=LESSON, title="COMA's advantage", difficulty=2, importance=4, minutes=8,
    example=(PAYOFFS, ROW, 1), expected=[-1.6, 0.4], draw=beside_a_move,
    edges={
        "column played its first action": lambda generator: (*beside_a_move(generator, 3)[:2], 0),
        "column played its last action": lambda generator: (*beside_a_move(generator, 3)[:2], 2),
        "both have equally many actions": lambda generator: (*beside_a_move(generator, 2)[:2], 2),
        "you have only one action": (torch.tensor([[1.0, -2.0, 4.0]]), torch.tensor([1.0]), 1),
        "column has only one action": (torch.tensor([[1.0], [-2.0], [3.0]]), torch.tensor([0.25, 0.5, 0.25]), 0),
        "you do not mix": (torch.tensor([[1.0, -2.0, 4.0], [3.0, 1.0, 0.0]]), torch.tensor([0.0, 1.0]), 1),
        "you play all actions equally often": (torch.tensor([[1.0, -2.0], [3.0, 1.0], [4.0, 0.0], [0.0, 3.0]]),
            torch.full((4,), 0.25), 1),
        "all payoffs are negative": (torch.tensor([[-4.0, -2.0], [-1.0, -3.0], [-2.0, -1.0]]), torch.tensor([0.25,
            0.25, 0.5]), 0),
        "all your actions are worth the same": (torch.tensor([[4.0, 2.0], [1.0, 2.0], [3.0, 2.0]]),
            torch.tensor([0.25, 0.25, 0.5]), 1),
    },
    hints=(
        "You no longer average over the other player: its action is fixed. Which part of the table is left?",
        r"$A^{\text{COMA}}(a) = Q(a, c) - \sum_{a'} \pi(a')\, Q(a', c)$, where $c$ was played.",
        """\
        def coma(q, row, c):
            worth = ...  # the return of each own action
            return worth - ...""",
    ),
    slipping=beside,
    mistakes=[
        ("baseline_forgotten", {"baseline": "none"},
         "These are the returns of your actions. Subtract what your policy would have got against the same move.",
         "In the sheet's example, what is subtracted from 0 and from 2?"),
        ("own_policy_missing_from_baseline", {"own": "uniform"},
         "Your baseline is the plain mean over your own actions. Weight it by your own policy.",
         "Where in your answer is your policy used?"),
        ("best_taken_off", {"baseline": "best"},
         "You subtract the best own action. Subtract your policy's mean.",
         "In the sheet's example, what is subtracted from 0 and from 2?"),
        ("worst_taken_off", {"baseline": "worst"},
         "You subtract the worst own action. Subtract your policy's mean.",
         "In the sheet's example, what is subtracted from 0 and from 2?"),
        ("likeliest_action_taken_off", {"baseline": "likeliest"},
         "You subtract the payoff of your likeliest action. You play others, too: subtract your policy's mean.",
         "In the sheet's example, what is subtracted from 0 and from 2?"),
        ("baseline_added", {"baseline": "added"},
         "You add the baseline. An advantage is a difference: subtract it.",
         "How much *more* would an action have got than your policy?"),
        ("baseline_without_weights", {"own": "one"},
         "You subtract the sum over your own actions. Weight it by your own policy.",
         "Where in your answer is your policy used?"),
        ("baseline_divided", {"own": "divided"},
         "You divide your baseline by the number of actions. With probabilities as weights, the sum is already the "
         "mean.",
         "In the sheet's example, what is subtracted from 0 and from 2?"),
        ("baseline_not_summed", {"baseline": "not summed"},
         "From each action you subtract only its own part of the baseline. Sum first: the baseline is one number.",
         "In the sheet's example, what is subtracted from 0 and from 2?"),
        ("other_averaged_in_baseline", {"baseline": "other averaged"},
         "In your baseline you average over the other player. There, too, its action is fixed.",
         "Which column of the table does your baseline use? Only that one?"),
        ("mean_of_the_table", {"baseline": "all"},
         "Your baseline is the mean of the whole table. Use only the column that was played, and your own policy.",
         "In the sheet's example, what is subtracted from 0 and from 2?"),
        ("mean_of_the_row", {"baseline": "mean of the row"},
         "From each action you subtract its mean over the other player's moves. Subtract your policy's mean within "
         "the column.",
         "Which number varies in COMA's baseline: your own action, or the other's?"),
        ("best_of_the_table", {"baseline": "best of all"},
         "You subtract the largest payoff of the table. Subtract your policy's mean within the column.",
         "In the sheet's example, what is subtracted from 0 and from 2?"),
        ("other_averaged_out", {"of": "mean"},
         "You averaged over the other player's actions. COMA keeps the one that was played.",
         "Where in your answer is `c` used?"),
        ("other_added_up", {"of": "sum"},
         "You summed over the other player's actions. COMA keeps the one that was played.",
         "Where in your answer is `c` used?"),
        ("best_of_the_other", {"of": "best"},
         "You took the other player's best action for you. COMA takes the one that was played.",
         "Where in your answer is `c` used?"),
        ("always_the_first_column", {"of": "first"},
         "You always take the first column. Take the one that was played, `c`.",
         "Where in your answer is `c` used?"),
        ("always_the_last_column", {"of": "last"},
         "You always take the last column. Take the one that was played, `c`.",
         "Where in your answer is `c` used?"),
        ("counted_from_one", {"counted": 1},
         "You take the column before the one that was played: `c` counts from 0.",
         "In the sheet's example `c` is 1, and column played *middle*. Which column is yours?"),
        ("payoff_transposed", {"of": "row"},
         "You took a row of the table instead of a column. In a rectangular game it does not even have the right "
         "length.",
         "Which axis of `q` is that of your own actions? Which of the two stays?"),
        ("row_and_column", lambda q, row, c: q[c % len(q)] - row @ q[:, c],
         "You took a row of the table, and the mean of column c from it. Your own actions are the rows: take the "
         "column.",
         "Which axis of `q` is that of your own actions? Which of the two stays?"),
        ("weighted_with_own_policy", {"weighted": True},
         "You multiplied by your own policy. The advantage of an action does not depend on how rare it is.",
         "Where does your policy stand in the formula: before the difference, or only in the baseline?"),
        ("wrong_sign", {"sign": -1},
         "Everything has the wrong sign. Which term is subtracted from which?",
         "An action that gets more than your policy has a positive advantage."),
        ("clamped", {"clamped": True},
         "Yours has 0 in place of negative advantages. They keep their sign.",
         "Weighted by your own policy, advantages sum to zero. Do yours?"),
        ("own_action_averaged_out", {"left": "baseline"},
         "This is your policy's mean, a single number. Keep one advantage for each of your own actions.",
         "From what is this number to be subtracted?"),
        ("likeliest_action_only", {"left": "likeliest"},
         "You return only the advantage of your likeliest action. Return one for each action.",
         "Which shape is to be returned?"),
        ("last_action_missing_from_baseline", lambda q, row, c: q[:, c] - row[:-1] @ q[:-1, c],
         "The last action is missing from your baseline.",
         "How many own actions are there, and which is the last index?"),
        ("baseline_of_two_actions", lambda q, row, c: q[:, c] - row[0] * q[0, c] - (1 - row[0]) * q[1, c],
         "Your baseline is right for two own actions only. Average over all of them.",
         "How long may `row` be?"),
        ("advantage_averaged", {"left": "mean"},
         "You averaged the advantages, which always gives 0. Keep one advantage for each of your own actions.",
         "Which shape is to be returned?"),
    ],
    properties=[
        ("advantages_cancel", lambda result, q, row, c: abs(row.double().numpy() @ result) < 1e-3,
         "weighted by your own policy, COMA's advantages sum to zero. Yours do not."),
    ],
)  # fmt: skip
def coma(q, row, c):
    """COMA's advantage of each own action, (A_1,), beside the other's action c: q (A_1, A_2), own policy row (A_1,)."""
    worth = q[:, c]
    return worth - (row * worth).sum()
