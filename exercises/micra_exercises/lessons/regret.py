"""Exercises of sheet 02: regrets by hand, and values by sums. The rest is in `advantages.py` and `matching.py`."""

from __future__ import annotations

from itertools import product

import torch

from ..exercise import exercise
from .random_cases import in_a_table, on_paper, ones, policy, uniform

LESSON = "02_regret"
PAYOFFS = torch.tensor([[3.0, 0.0, 3.0], [1.0, 2.0, 4.0]])  # row's, in the text
ROW, COLUMN = torch.tensor([0.2, 0.8]), torch.tensor([0.5, 0.25, 0.25])


def likeliest(p):
    """The largest probability (in each row) becomes 1, all others 0."""
    return torch.nn.functional.one_hot(p.argmax(-1), p.shape[-1]).to(p)


def worked(
    q,
    row,
    column,
    *,
    weights="policy",
    baseline="own",
    own="policy",
    weighted=False,
    clamped=False,
    sign=1,
    order="up first",
):
    """Both regrets of row, (2,)."""
    c = {
        "policy": column, "uniform": column * 0 + 1 / 3, "likeliest": likeliest(column), "one": column * 0 + 1,
        "mean": column / 3,
    }[weights]  # fmt: skip
    p = {"policy": row, "swapped": row.flip(0), "uniform": row * 0 + 0.5, "one": row * 0 + 1}[own]
    v = q @ c
    found = v - {
        "own": p @ v, "nothing": v * 0, "best": v.max(), "down": v[1], "other": v.flip(0),
        "added": -(p @ v), "unweighted": p @ q.mean(1), "table": q.mean(),
    }[baseline]  # fmt: skip
    found = sign * found * (row if weighted else 1)
    found = found.clamp(min=0) if clamped else found
    return found if order == "up first" else found.flip(0)


@exercise(
    "number", lesson=LESSON, title="Two regrets by hand", difficulty=1, importance=5, minutes=6,
    example=(PAYOFFS, ROW, COLUMN), expected=[0.2, -0.05], vary=on_paper,
    advice="Test them: weighted by row's own policy, the two regrets must sum to zero.",
    rewordings=[
        ("What are row's regrets", lambda q, row,
            column: "For this exercise alone, row's payoffs and both policies are these:\n\n"
         f"{in_a_table(q, row, column, ('up', 'down'))}\n\nWhat are row's regrets"),
    ],
    hints=(
        "You do not know column's action, but you know its policy. What is *up* worth on average? And your own policy?",
        r"$v(\text{up}) = \sum_c \pi_2(c)\, Q(\text{up}, c)$, likewise *down*; $v = \sum_a \pi_1(a)\, v(a)$; "
        r"$A(a) = v(a) - v$.",
        lambda q, row, column: f"v_up = {column[0]:g} * {q[0, 0]:g} + {column[1]:g} * ... + {column[2]:g} * "
        "...\nv_down = ...\n"
        f"v = {row[0]:g} * v_up + {row[1]:g} * v_down\nregrets = [v_up - v, ...]",
    ),
    slipping=worked,
    mistakes=[
        ("baseline_forgotten", {"baseline": "nothing"},
         "These are the values of up and down. From each, subtract the value of your policy.",
         "What do you get on average if you simply go on playing as you do?"),
        ("others_uniform", {"weights": "uniform"},
         "You averaged over column's actions as if all were equally likely. Weight them by column's policy.",
         "Write column's probability above each column of the table."),
        ("likeliest_move_only", {"weights": "likeliest"},
         "You let column always play its likeliest action. It mixes: average over all three.",
         "Write column's probability above each column of the table."),
        ("summed_without_weights", {"weights": "one"},
         "You summed the payoffs of each row without weights. Weight them by column's policy.",
         "Write column's probability above each column of the table."),
        ("averaged_where_a_sum_is_due", {"weights": "mean"},
         "You divided by three after weighting. With probabilities as weights, the sum is already the mean.",
         "What do column's three probabilities sum to?"),
        ("own_policy_missing_from_baseline", {"own": "uniform"},
         "The value that you subtract is that of playing up and down equally often. Weight them by your own policy.",
         "How often does row play *up*, and how often *down*?"),
        ("best_taken_off", {"baseline": "best"},
         "You subtracted the value of the better action. Subtract that of your policy.",
         "Can a regret of yours ever be positive?"),
        ("other_action_taken_off", {"baseline": "other"},
         "From each action's value you subtracted the other action's. Subtract the value of your policy.",
         "Row plays both actions. What is its policy worth?"),
        ("down_taken_off", {"baseline": "down"},
         "You subtracted the value of *down*, row's likeliest action. Row plays both: subtract the value of its "
         "policy.",
         "What does row get on average, if it plays both actions as often as it says?"),
        ("baseline_added", {"baseline": "added"},
         "You added the value of your policy. A regret is a difference: subtract it.",
         "How much *more* would *up* have got than your policy?"),
        ("weighted_with_own_policy", {"weighted": True},
         "You multiplied by the probability of your own action. A regret asks: what if I *had* played it?",
         "Where do row's probabilities stand in the formula: before the regret, or only in v?"),
        ("own_probabilities_swapped", {"own": "swapped"},
         "In the value of your policy, you exchanged the probabilities of up and down.",
         "How often does row play *up*, and how often *down*?"),
        ("baseline_without_column", {"baseline": "unweighted"},
         "In the value of your policy, you averaged over column's actions as if all were equally likely.",
         "Write v as a mean of the two values that you already have."),
        ("mean_of_the_table", {"baseline": "table"},
         "You subtracted the plain mean of the table. Subtract the value of your policy against column's.",
         "What does row get on average, if both play as often as they say?"),
        ("order_swapped", {"order": "down first"},
         "These are the right numbers in the wrong order: up comes first.",
         "Which of the two actions is the better one here?"),
        ("wrong_sign", {"sign": -1},
         "Both have the wrong sign. A regret is positive if the action is worth more than what you do.",
         "Which is worth more, *up* or your policy? So which sign has its regret?"),
        ("clamped", {"clamped": True},
         "You put 0 in place of a negative regret. Here regrets keep their sign.",
         "Weighted by row's policy, do your two numbers sum to zero?"),
        ("baseline_without_weights", {"own": "one"},
         "You subtracted the sum of both values. Weight them by your policy first.",
         "Can what your policy is worth be more than what its best action is worth?"),
    ],
)  # fmt: skip
def regrets_by_hand(q, row, column):
    """Both regrets of row, (2,): q (2, 3) its payoffs, row (2,) and column (3,) the policies."""
    v_given = (q * column).sum(1)
    v = (row * v_given).sum()
    return v_given - v


# The numbers of actions and the axis of the agent in question: each axis of three is asked for.
ASKED = (
    ((2, 3), 1), ((4, 2), 0), ((3, 3), 1), ((2, 4, 3), 2), ((3, 2, 2), 1), ((2, 3, 4), 0), ((3, 3, 2), 2), ((2, 3, 2,
        3), 3),
)  # fmt: skip


def game(generator, sizes, i, *batch):
    """q (*batch, A_1, …, A_n), policies n × (*batch, A_j), and the axis of the agent in question."""
    q = 3 * torch.randn(*batch, *sizes, generator=generator)
    return q, [policy(generator, *batch, size) for size in sizes], i


def valued(q, policies, i):
    """v(a_i) in each state, (B, A_i): q (B, A_1, …, A_n), policies n × (B, A_j)."""
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.einsum("b...a,ba->b...", q.movedim(j + 1, -1), policies[j])
    return q


def played(policies, i, how):
    """What the others play in place of their policies."""
    return {
        "policies": lambda: policies,
        "uniform": lambda: uniform(policies, but=i),
        "one": lambda: ones(policies),
        "likeliest": lambda: list(map(likeliest, policies)),
        "mean": lambda: [p / p.shape[-1] for p in policies],
        "last missing": lambda: [*policies[:-1], *ones(policies[-1:])],
        "last uniform": lambda: [*policies[:-1], *uniform(policies[-1:])],
    }[how]()


def asked(policies, i, who):
    """The agent whose values are returned."""
    n = len(policies)
    return {"i": i, "first": 0, "last": n - 1, "before": (i - 1) % n, "after": (i + 1) % n, "from the end": n - 1 - i}[
        who
    ]


def averaged(q, policies, i, *, others="policies", agent="i", own="given", baseline="none"):
    """v(a_i), (A_i,), or what a slip makes of it."""
    i = asked(policies, i, agent)
    p, batch = policies[i], [x[None] for x in played(policies, i, others)]
    v = valued(q[None], batch, i)[0]
    less = {"none": 0, "policy": p @ v, "mean": v.mean()}[baseline]
    return {"given": v, "weighted": p * v, "averaged": p @ v, "mean": v.mean(), "repeated": (p @ v).expand_as(v)}[
        own
    ] - less


def contracted_upwards(q, policies, i):
    """The axes are averaged out from the first on, as if those behind kept their place."""
    for j, p in enumerate(policies):
        if j != i:
            q = torch.tensordot(q, p, ([min(j, q.dim() - 1)], [0]))
    return q


def with_added_weights(q, policies, i):
    """The weight of a joint action is the sum of the others' probabilities."""
    weight = torch.zeros_like(q)
    for j, p in enumerate(policies):
        if j != i:
            weight = weight + p.reshape([-1 if k == j else 1 for k in range(q.dim())])
    return (weight * q).movedim(i, 0).flatten(1).sum(1)


@exercise(
    lesson=LESSON, title="The value of each action", difficulty=2, importance=5, minutes=12,
    example=(PAYOFFS, [ROW, COLUMN], 0), expected=[2.25, 2.0], draw=lambda generator, k: game(generator,
        *ASKED[k % len(ASKED)]),
    edges={
        "all have equally many actions": lambda generator: game(generator, (3, 3, 3), 2),
        "all have equally many actions, and the agent in question is in the middle": lambda generator: game(generator,
            (2, 2, 2), 1),
        "the agent in question has only one action": lambda generator: game(generator, (1, 3), 0),
        "another agent has only one action": lambda generator: game(generator, (3, 1, 2), 0),
        "the others do not mix": lambda generator: (
            game(generator, (2, 3, 2), 0)[0], [torch.tensor([0.25, 0.75]), torch.tensor([0.0, 1.0, 0.0]),
                torch.tensor([0.0, 1.0])], 0),
        "the agent in question does not mix": lambda generator: (
            game(generator, (2, 3), 0)[0], [torch.tensor([0.0, 1.0]), torch.tensor([0.25, 0.5, 0.25])], 0),
        "all play uniformly": lambda generator: (
            game(generator, (2, 4), 1)[0], [torch.full((2,), 0.5), torch.full((4,), 0.25)], 1),
    },
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
    slipping=averaged,
    mistakes=[
        ("own_policy_too", {"own": "weighted"},
         "You weighted by your own policy, too. Your action is given here: average only over the others'.",
         "Which j does the product in the formula leave out?"),
        ("own_action_averaged_out", {"own": "averaged"},
         "You averaged over your own action as well, so one number is left. Keep one value for each of your actions.",
         "Which j does the product in the formula leave out?"),
        ("own_action_averaged_everywhere", {"own": "repeated"},
         "You averaged over your own action as well, so each has the same number. Keep one value for each of your "
         "actions.",
         "Which j does the product in the formula leave out?"),
        ("mean_over_own_actions", {"own": "mean"},
         "You took the mean over your own actions as well, so one number is left. Keep one value for each of your "
         "actions.",
         "Which axis of q must still be there at the end?"),
        ("baseline_taken_off", {"baseline": "policy"},
         "These are the regrets. The exercise asks only for their first part: v(s | i plays a_i).",
         "In the sheet's example, *up* is worth 2.25. What is subtracted in your answer?"),
        ("mean_taken_off", {"baseline": "mean"},
         "You subtracted the mean of all values. Nothing is subtracted here.",
         "In the sheet's example, *up* is worth 2.25. What is subtracted in your answer?"),
        ("others_uniform", {"others": "uniform"},
         "You averaged over the others' actions as if all were equally likely. Weight each by its policy.",
         "Where in your answer are the others' policies used?"),
        ("likeliest_action", {"others": "likeliest"},
         "You let each of the others play its likeliest action. They mix: average over all their actions.",
         "In the sheet's example, which cells of the table enter the value of *up*?"),
        ("summed_without_weights", {"others": "one"},
         "You summed Q without weights. Each joint action counts as often as the others play it.",
         "Where in your answer are the others' policies used?"),
        ("averaged_where_a_sum_is_due", {"others": "mean"},
         "You took a mean after weighting. With probabilities as weights, the sum is already the mean.",
         "By what do you divide, and what is there to divide for?"),
        ("last_policy_left_out", {"others": "last missing"},
         "The last agent's policy is missing. That agent is often an external, and is averaged over like all others.",
         "How many factors has the product for three agents?"),
        ("last_policy_uniform", {"others": "last uniform"},
         "In your answer, the last agent plays all actions equally often. It has a policy like all others.",
         "How many policies enter the product for three agents?"),
        ("always_the_first_axis", {"agent": "first"},
         "Your answer is always that of the agent on axis 0. The agent in question is `i`.",
         "Where in your answer is `i` used? How many numbers are to be returned for `i` = 1?"),
        ("always_the_last_axis", {"agent": "last"},
         "Your answer is always that of the agent on the last axis. The agent in question is `i`.",
         "Where in your answer is `i` used? How many numbers are to be returned for `i` = 0?"),
        ("counted_from_one", {"agent": "before"},
         "Your answer is that of the agent before `i` (before the first comes the last). Axes are counted from 0.",
         "In the sheet's example `i` is 0. Which axis of the table is that?"),
        ("the_next_agent", {"agent": "after"},
         "Your answer is that of the agent after `i` (after the last comes the first). The agent in question is `i`.",
         "In the sheet's example `i` is 0. Which axis of the table is that?"),
        ("counted_from_the_end", {"agent": "from the end"},
         "You count the agents from the last one. Axis 0 is that of the first.",
         "In the sheet's example `i` is 0. Which axis of the table is that?"),
        ("probabilities_added", with_added_weights,
         "You added the others' probabilities. They act independently: multiply.",
         "How likely is it that two others both play what they play in a joint action?"),
        ("best_of_the_others", lambda q, policies, i: q.movedim(i, 0).flatten(1).max(1).values,
         "You took the others' best actions for you. They do not act in your favour: average over their policies.",
         "Where in your answer are the others' policies used?"),
        ("worst_of_the_others", lambda q, policies, i: q.movedim(i, 0).flatten(1).min(1).values,
         "You took the others' worst actions for you. They do not act against you: average over their policies.",
         "Where in your answer are the others' policies used?"),
        ("axes_that_move_up", contracted_upwards,
         "Once an axis is averaged out, those behind it move up by one. Yours then averages over the wrong ones.",
         "For three agents and `i` = 2: write the shape of the table after each step."),
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
