"""Exercises of sheet 01, payoff tables: a point of indifference, and the value of knowing the other player."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .random_cases import one_of, policy, table

LESSON = "01_games"
GAINS = 1, 2, 3, 4, 6, 8, 9


def other_payoffs(generator):
    """Payoffs (2, 2) of row and of column: for row, up is better against left, and down against right."""
    down_left, up_right = one_of(generator, 1, 2, 3), 0  # 0, so that leaving out a cell has a single wrong result
    mine = [[down_left + one_of(generator, *GAINS), up_right], [down_left, up_right + one_of(generator, *GAINS)]]
    return torch.tensor(mine).float(), torch.randint(0, 7, (2, 2), generator=generator).float()


def indifferent(
    mine, theirs, *, whose="row", transposed=False, swapped=False, left_out=False, sign=1, unit=1, asked="left"
):
    """The probability of left at which the gain there outweighs the loss on the right."""
    q = mine if whose == "row" else theirs
    q = q.T if transposed else q
    q = torch.stack([q[0], q[1].flip(0)]) if swapped else q
    better_left = q[0, 0] - (0 if left_out else q[1, 0])
    better_right = sign * (q[1, 1] - q[0, 1])
    p = better_right / (better_left + better_right)
    return (
        unit
        * {"left": p, "right": 1 - p, "odds": p / (1 - p), "inverse": 1 / p, "value": p * q[0, 0] + (1 - p) * q[0, 1]}[
            asked
        ]
    )


@exercise(
    "number", lesson=LESSON, title="Where you are indifferent", difficulty=1, importance=4, minutes=5,
    example=(torch.tensor([[7.0, 0.0], [1.0, 4.0]]), torch.tensor([[1.0, 5.0], [3.0, 0.0]])), expected=0.4,
    vary=other_payoffs, advice="Put your p into both sums, that of *up* and that of *down*: they must be equal.",
    rewordings=[
        ("7, 1 | 0, 5", lambda mine, theirs: f"{mine[0, 0]:g}, {theirs[0, 0]:g} | {mine[0, 1]:g}, {theirs[0, 1]:g}"),
        ("1, 3 | 4, 0", lambda mine, theirs: f"{mine[1, 0]:g}, {theirs[1, 0]:g} | {mine[1, 1]:g}, {theirs[1, 1]:g}"),
    ],
    hints=(
        "Write the value of *up* as a sum that contains p, and that of *down*, too. When are they equal?",
        r"$p\,R(\text{up}, \text{left}) + (1 - p)\,R(\text{up}, \text{right})"
        r" = p\,R(\text{down}, \text{left}) + (1 - p)\,R(\text{down}, \text{right})$",
        lambda mine, theirs: f"# {mine[0, 0]:g} p + {mine[0, 1]:g} (1 - p) = {mine[1, 0]:g} p + ... (1 - "
        "p)\nturning_point = ...",
    ),
    slipping=indifferent,
    mistakes=[
        ("probability_of_right", {"asked": "right"},
         "This is the probability of *right*. The exercise asks for that of *left*.",
         "Which of your two probabilities did you call p, and which does the table?"),
        ("odds", {"asked": "odds"},
         lambda mine, theirs: f"This is p / (1 − p). Did you weight the {mine[1, 1]:g} with 1? *Right* has the "
         "probability 1 − p.",
         "Write 1 − p beside each payoff of the right column. Then collect what is multiplied by p."),
        ("wrong_agents_reward", {"whose": "column"},
         "You used the second number of each cell: those are column's payoffs. You are row.",
         "Cover the second number of each cell, and write the equation again."),
        ("value_at_that_point", {"asked": "value"},
         "This is the value of both actions where you are indifferent. The exercise asks for the probability p.",
         "You have solved for p on the way. What was it?"),
        ("own_probability", {"whose": "column", "transposed": True},
         "This is the probability of *up* that makes column indifferent. Here you are the one who is indifferent.",
         "Whose payoffs are to be equal, and whose probability makes them equal?"),
        ("payoff_transposed", {"transposed": True},
         "You compared the cells of one row. Your own action chooses the row: compare up with down within a column.",
         "Fix a column: how much better is *up* there than *down*?"),
        ("a_cell_left_out", {"left_out": True},
         lambda mine, theirs: f"You weighted the {mine[0, 0]:g} against the {mine[1, 1]:g} only. *Down* also pays "
         f"{mine[1, 0]:g} when column goes left.",
         "Each action has two payoffs. How many of the four stand in your equation?"),
        ("probabilities_swapped", {"swapped": True},
         "In the value of *down* you exchanged p and 1 − p. The left column has the weight p in both rows.",
         "Write p above the left column and 1 − p above the right one."),
        ("sign_lost", {"sign": -1},
         "A sign is wrong: *down* is the better move against *right*. Also check that p lies between 0 and 1.",
         "Bring all terms with p to one side, one at a time."),
        ("in_percent", {"unit": 100}, "Enter a probability between 0 and 1, not a percentage.",
         "What is the largest number that a probability can be?"),
        ("upside_down", {"asked": "inverse"},
            "This is 1 / p. Exchange the numerator and the denominator of your fraction.",
         "What is the largest number that a probability can be?"),
        ("a_half", lambda mine, theirs: 0.5,
         lambda mine, theirs: f"At p = ½, *up* is worth {mine[0].mean():g} and *down* {mine[1].mean():g}: not the "
         "same.",
         "Does column's policy make you indifferent, or do you want a policy that makes column indifferent?"),
    ],
)  # fmt: skip
def turning_point(mine, theirs):
    """The probability of left at which up and down have the same value: payoffs (2, 2) of both players."""
    left = mine[0, 0] - mine[1, 0]
    right = mine[1, 1] - mine[0, 1]
    return right / (left + right)


def externals(generator, K, A):
    """The policies (K, A) of some externals, which differ clearly."""
    drawn = policy(generator, K, A) ** 2  # squared, so that it matters who the external is
    return drawn / drawn.sum(1, keepdim=True)


def payoffs_and_externals(generator, k):
    """q (A_1, A_2) and the policies of some externals (K, A_2)."""
    q = table(generator, k)
    return q, externals(generator, (4, 3, 3, 2, 5)[k % 5], q.shape[1])


# What stands in place of each mean, from the payoffs q, the policies p and v_k(a) (K, A_1).
KNOWING = {
    "best": lambda q, p, v: v.max(1).values.mean(),
    "nothing": lambda q, p, v: 0.0,
    "sum": lambda q, p, v: v.max(1).values.sum(),
    "half the sum": lambda q, p, v: v.max(1).values.sum() / 2,
    "each": lambda q, p, v: v.max(1).values,
    "over externals": lambda q, p, v: v.max(0).values.mean(),
    "best external": lambda q, p, v: v.max(),
    "worst external": lambda q, p, v: v.max(1).values.min(),
    "first external": lambda q, p, v: v[0].max(),
    "median": lambda q, p, v: v.max(1).values.quantile(0.5),
    "best cell": lambda q, p, v: q.max(),
    "the move, too": lambda q, p, v: (p @ q.max(0).values).mean(),
    "likeliest move": lambda q, p, v: q[:, p.argmax(1)].max(0).values.mean(),
    "from zero": lambda q, p, v: v.max(1).values.clamp(min=0).mean(),
    "worst": lambda q, p, v: v.min(1).values.mean(),
}
ALIKE = {
    "best": lambda q, p, v: v.mean(0).max(),
    "nothing": lambda q, p, v: 0.0,
    "sum": lambda q, p, v: v.sum(0).max(),
    "half the sum": lambda q, p, v: v.sum(0).max() / 2,
    "each": lambda q, p, v: v.mean(0),
    "over externals": lambda q, p, v: v.mean(1).max(),
    "safest": lambda q, p, v: v.min(0).values.max(),
    "any": lambda q, p, v: v.mean(),
    "worst": lambda q, p, v: v.min(1).values.mean(),
    "worst single": lambda q, p, v: v.mean(0).min(),
    "for the first": lambda q, p, v: v.mean(0)[v[0].argmax()],
    "against the first": lambda q, p, v: v[0].max(),
    "best of all": lambda q, p, v: v.max(),
    "median": lambda q, p, v: v.quantile(0.5, 0).max(),
    "uniform": lambda q, p, v: q.mean(1).max(),
    "from zero": lambda q, p, v: v.mean(0).max().clamp(min=0),
}


def gained(q, externals, *, knowing="best", alike="best", divided=0):
    """What one gets on average if one knows the external, less what the best single action gets."""
    v = externals @ q.T
    known, single = (table[name](q, externals, v) for table, name in ((KNOWING, knowing), (ALIKE, alike)))
    return (known - (single if divided < 2 else 0)) / (single if divided else 1)


@exercise(
    lesson=LESSON, title="What it is worth to know the other", difficulty=2, importance=5, minutes=10,
    example=(torch.tensor([[4.0, 0.0, 1.0], [1.0, 3.0, 2.0]]), torch.tensor([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]])),
        expected=0.25,
    draw=payoffs_and_externals,
    edges={
        "there is only one external": lambda generator: (3 * torch.randn(3, 4, generator=generator),
            externals(generator, 1, 4)),
        "there are as many externals as actions": lambda generator: (
            3 * torch.randn(4, 4, generator=generator), externals(generator, 4, 4)),
        "all payoffs are negative": (
            torch.tensor([[-4.0, -1.0], [-1.0, -4.0], [-3.0, -3.0]]), torch.tensor([[0.75, 0.25], [0.25, 0.75], [0.5,
                0.5]])),
        "the externals do not mix": (torch.tensor([[2.0, -3.0, 0.0], [-1.0, 2.0, 0.5]]), torch.eye(3)[[0, 1, 2, 1]]),
        "all externals play alike": (torch.tensor([[2.0, -4.0], [-3.0, 1.0]]), torch.tensor([[0.25, 0.75]] * 3)),
        "two actions are equally good": (
            torch.tensor([[4.0, 0.0], [0.0, 4.0], [4.0, 0.0]]), torch.tensor([[0.75, 0.25], [0.25, 0.75]])),
        "you have only one action": (torch.tensor([[1.0, -2.0, 4.0]]), torch.tensor([[0.5, 0.25, 0.25], [0.0, 0.5,
            0.5]])),
        "the external has only one action": (torch.tensor([[1.0], [-2.0]]), torch.ones(3, 1)),
    },
    hints=(
        "There are two means over externals. In one you choose an action for each external, in the other only once.",
        r"$\frac 1 K \sum_k \max_a v_k(a) - \max_a \frac 1 K \sum_k v_k(a)$ with $v_k(a) = \sum_c \pi_k(c)\, Q(a, c)$.",
        """\
        def worth_of_knowing(q, externals):
            values = ...  # (K, A_1): each own action against each external
            knowing = ...
            alike = ...
            return knowing - alike""",
    ),
    slipping=gained,
    mistakes=[
        ("knowing_only", {"alike": "nothing"},
         "This is your return if you know whom you meet. Subtract the return of the best single action against all "
         "of them.",
         "The formula has two terms. Which one is missing?"),
        ("alike_only", lambda q, externals: ALIKE["best"](q, externals, externals @ q.T),
         "This is the return of the best single action. How much more do you get if you know whom you meet?",
         "The formula has two terms. Which one is missing?"),
        ("externals_added", {"knowing": "sum", "alike": "sum"},
         "You summed over externals. You meet one of them, all equally likely: take the mean.",
         "What does 1 / K stand for in the formula?"),
        ("knowing_added", {"knowing": "sum"},
         "In the first term you summed over externals, and in the second you took the mean. Take the mean in both.",
         "What stands before each of the two sums in the formula?"),
        ("alike_added", {"alike": "sum"},
         "In the second term you summed over externals, and in the first you took the mean. Take the mean in both.",
         "What stands before each of the two sums in the formula?"),
        ("first_external_missing", lambda q, externals: gained(q, externals[1:]) * (1 - 1 / len(externals)),
         "The first external is missing from your sums.",
         "How many externals are there, and which is the first index?"),
        ("last_external_missing", lambda q, externals: gained(q, externals[:-1]) * (1 - 1 / len(externals)),
         "The last external is missing from your sums.",
         "How many externals are there, and which is the last index?"),
        ("divided_by_two", {"knowing": "half the sum", "alike": "half the sum"},
         "You divide by 2, however many externals there are. Divide by their number, K.",
         "Where do you find K in the shape of `externals`?"),
        ("divided_by_actions", lambda q, externals: gained(q, externals) * len(externals) / len(q),
         "You divide by the number of your own actions. Divide by that of the externals, K.",
         "Where do you find K in the shape of `externals`?"),
        ("one_for_each_external", {"knowing": "each"},
         "You return a number for each external. In the first term, too, take the mean over externals.",
         "Which axis of your table has one entry for each external? Is it gone at the end?"),
        ("one_for_each_action", {"alike": "each"},
         "You return a number for each own action. In the second term, choose the best one after the mean.",
         "Which axis of your table has one entry for each own action? Is it gone at the end?"),
        ("wrong_axis_in_both", {"knowing": "over externals", "alike": "over externals"},
         "You take each maximum over externals, and each mean over your actions. It is the other way round.",
         "Your table has an axis of externals and one of actions. Over which of them can you choose?"),
        ("wrong_axis_when_knowing", {"knowing": "over externals"},
         "In the first term, your maximum is over externals and your mean over actions. It is the other way round.",
         "Your table has an axis of externals and one of actions. Over which of them can you choose?"),
        ("wrong_axis_when_alike", {"alike": "over externals"},
         "In the second term, your mean is over actions and your maximum over externals. It is the other way round.",
         "Your table has an axis of externals and one of actions. Over which of them can you choose?"),
        ("best_cell", {"knowing": "best cell"},
         "You took the best cell of the table, as if the external acted in your favour. Even if you know its policy, "
         "average over it.",
         "What does the best action against external A get on average?"),
        ("move_known_too", {"knowing": "the move, too"},
         "In your first term you know even the external's move. You know its policy only: choose one action against "
         "all its moves.",
         "In the sheet's example, who knows gets 2.25 against A. What do you get there?"),
        ("likeliest_move_only", {"knowing": "likeliest move"},
         "In your first term each external plays its likeliest move. It mixes: average over all its moves.",
         "In the sheet's example, what is *up* worth against A?"),
        ("best_external_only", {"knowing": "best external"},
         "You took the external that is best for you. You cannot choose whom you meet: average over externals.",
         "The first term contains a mean over k. Where is it in your answer?"),
        ("worst_external_only", {"knowing": "worst external"},
         "In your first term you meet the external that is worst for you. All are equally likely: take the mean.",
         "The first term contains a mean over k. Where is it in your answer?"),
        ("first_external_only", {"knowing": "first external"},
         "In your first term you meet only the first external. All are equally likely: take the mean.",
         "The first term contains a mean over k. Where is it in your answer?"),
        ("median_of_externals", {"knowing": "median"},
         "In your first term you took the median over externals. Take the mean.",
         "Which word does the text have for 1 / K times a sum?"),
        ("worst_case", {"alike": "safest"},
         "Your single action is the best against the worst external. Take the one that is best on average.",
         "The second term contains a mean over k. Where is it in your answer?"),
        ("compared_with_random", {"alike": "any"},
         "You compared with playing all your actions equally often. Compare with the best single action.",
         "In the sheet's example, the best single action gets 2.125. What do you get there?"),
        ("compared_with_worst", {"alike": "worst"},
         "You compared with the worst action against each external. Compare with the best single action against all "
         "of them.",
         "In the sheet's example, the best single action gets 2.125. What do you get there?"),
        ("worst_single_action", {"alike": "worst single"},
         "Your single action is the worst one on average. Take the best one.",
         "Who does not know the external still plays as well as possible."),
        ("response_to_the_first", {"alike": "for the first"},
         "Your single action is the best one against the first external. Take the best one on average.",
         "Average first, choose then: what comes first in your answer?"),
        ("alike_first_external_only", {"alike": "against the first"},
         "Your single action meets only the first external. Average over all of them before you choose.",
         "Average first, choose then: what comes first in your answer?"),
        ("best_of_all", {"alike": "best of all"},
         "Your second term is the best that any action gets against any external. Average over externals before you "
         "choose.",
         "Average first, choose then: what comes first in your answer?"),
        ("alike_by_median", {"alike": "median"},
         "In your second term you took the median over externals. Take the mean.",
         "Which word does the text have for 1 / K times a sum?"),
        ("average_external_uniform", {"alike": "uniform"},
         "In your second mean, the other plays all moves equally often. Average the externals' own policies.",
         "How often does the average of all externals play each move?"),
        ("starts_from_zero", {"knowing": "from zero", "alike": "from zero"},
         "Your maxima are never below 0. If all payoffs are negative, so is the best of them.",
         "With which number does your search for the largest start?"),
        ("ratio", {"divided": 2},
         "You divided one return by the other. The exercise asks for the difference.",
         "*How much* is knowing worth: which operation answers that?"),
        ("relative_gain", {"divided": 1},
         "You divided the gain by the return of the best single action. The exercise asks for the gain itself.",
         "Where does the formula divide, and by what?"),
        ("payoff_transposed", lambda q, externals: gained(q.T, externals),
         "You weighted the rows of the table by the external's policy. The rows are your actions; the columns are its.",
         "How many entries has a policy of an external, and how many has a row of the table?"),
    ],
    properties=[
        ("never_negative", lambda result, q, externals: result > -1e-4,
         "knowing the other is never worth less than 0, since you can still play the same action against all."),
    ],
)  # fmt: skip
def worth_of_knowing(q, externals):
    """The gain in return from knowing the external: q (A_1, A_2), externals (K, A_2)."""
    values = externals @ q.T
    knowing = values.max(1).values.mean()
    alike = values.mean(0).max()
    return knowing - alike


def best(q, other, action):
    """Whether this action of row is better than all others against a policy of column; equally good is not better."""
    values = q @ other
    return all(values[action] > values[k] + 1e-6 for k in range(len(values)) if k != action)


def exchanged(q, other_a, other_b):
    """Whether the first action is best against B, and the second against A."""
    return best(q, other_b, 0) and best(q, other_a, 1)


def tied(q, other, action):
    """Whether this action is one of several that are the best."""
    values = q @ other
    return abs(values[action] - values.max()) < 1e-6 and not best(q, other, action)


@exercise(
    "open", lesson=LESSON, title="The average other does not exist", difficulty=3, importance=4, minutes=8,
    hints=(
        "Against each external, a risky action is best. The third action is never the best, but never bad either.",
        r"Wanted: $v_A(0)$ largest against A, $v_B(1)$ largest against B, and $v_A(2) + v_B(2)$ the largest sum.",
        "q = torch.tensor([[4.0, ...], [..., 4.0], [3.0, ...]])  # row's payoffs\nother_a = torch.tensor([0.9, "
        "0.1])\nother_b = ...",
    ),
    properties=[
        ("three_by_two",
         lambda q, other_a, other_b: (other_a.shape, other_b.shape) == ((2,), (2,)) and q.shape in ((3, 2), (2, 3)),
         "Pass three things, (q, other_a, other_b), of the shapes (3, 2), (2,) and (2,)."),
        ("payoffs_transposed",
         lambda q, other_a, other_b: (q.shape, other_a.shape, other_b.shape) != ((2, 3), (2,), (2,)),
         "Your payoffs are 2 × 3. Row has three actions and column two: one row of the table for each of row's "
         "actions."),
        ("are_finite", lambda q, other_a, other_b: all(abs(x).max() < 1e9 for x in (q, other_a, other_b)),
         "There is a NaN, an infinity or a huge number in it. Use ordinary numbers."),
        ("not_negative", lambda q, other_a, other_b: min(other_a.min(), other_b.min()) >= 0,
         "A probability is never negative. One of yours is."),
        ("sum_to_one", lambda q, other_a, other_b: all(abs(p.sum() - 1) < 1e-3 for p in (other_a, other_b)),
         "The entries of a policy sum to 1. Those of one of your policies do not."),
        ("externals_mix", lambda q, other_a, other_b: min(abs(other_a).min(), abs(other_b).min()) > 1e-6,
         "One of the externals never makes one of its moves. Let both mix."),
        ("externals_differ", lambda q, other_a, other_b: abs(other_a - other_b).max() > 1e-6,
         "Both externals play the same policy. Then there is nothing to know."),
        ("externals_exchanged", lambda q, other_a, other_b: not exchanged(q, other_a, other_b),
         "Your first action is the best against B, and your second against A. It should be the other way round."),
        ("nothing_is_tied", lambda q, other_a, other_b: not any(
             tied(q, p, a) for a, p in enumerate((other_a, other_b, (other_a + other_b) / 2))),
         "Another action is just as good, against one external or against the average. *The best* action is better "
         "than all others."),
        ("first_is_best_against_a",
         lambda q, other_a, other_b: best(q, other_a, 0) or tied(q, other_a, 0) or exchanged(q, other_a, other_b),
         "Against the first external, the first action is not the best one."),
        ("second_is_best_against_b",
         lambda q, other_a, other_b: best(q, other_b, 1) or tied(q, other_b, 1) or exchanged(q, other_a, other_b),
         "Against the second external, the second action is not the best one."),
        ("third_is_best_on_average",
         lambda q, other_a, other_b: best(q, p := (other_a + other_b) / 2, 2) or tied(q, p, 2),
         "Against the average of both, the third action is not the best one. Make it safe: let it pay well whatever "
         "the other does."),
    ],
)  # fmt: skip
def average_misleads():
    """A game q (A_1, A_2) and two externals: the best action against their average is best against neither."""
    q = torch.tensor([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]])
    return q, torch.tensor([0.9, 0.1]), torch.tensor([0.1, 0.9])
