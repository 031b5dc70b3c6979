"""Exercises of sheet 01, payoff tables: a point of indifference, and the value of knowing the other player."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .random_cases import one_of, policy, table

LESSON = "01_games"
GAINS = 1, 2, 3, 4, 6, 8, 9


def indifferent(better_left, better_right):
    """The probability of left at which the gain there outweighs the loss on the right."""
    return better_right / (better_left + better_right)


def other_payoffs(generator):
    """Payoffs (2, 2) of row and of column: for row, up is better against left, and down against right."""
    down_left, up_right = one_of(generator, 1, 2, 3), 0  # 0, so that leaving out a cell has a single wrong result
    mine = [[down_left + one_of(generator, *GAINS), up_right], [down_left, up_right + one_of(generator, *GAINS)]]
    return torch.tensor(mine).float(), torch.randint(0, 7, (2, 2), generator=generator).float()


@exercise(
    "number", lesson=LESSON, title="Where you are indifferent", difficulty=1, importance=4, minutes=5,
    example=(torch.tensor([[4.0, 0.0], [1.0, 2.0]]), torch.tensor([[1.0, 5.0], [3.0, 0.0]])), expected=0.4,
    vary=other_payoffs, advice="Put your p into both sums, that of *up* and that of *down*: they must be equal.",
    rewordings=[
        ("4, 1 | 0, 5", lambda mine, theirs: f"{mine[0, 0]:g}, {theirs[0, 0]:g} | {mine[0, 1]:g}, {theirs[0, 1]:g}"),
        ("1, 3 | 2, 0", lambda mine, theirs: f"{mine[1, 0]:g}, {theirs[1, 0]:g} | {mine[1, 1]:g}, {theirs[1, 1]:g}"),
    ],
    hints=(
        "Write the value of *up* as a sum that contains p, and that of *down*, too. When are they equal?",
        r"$p\,R(\text{up}, \text{left}) + (1 - p)\,R(\text{up}, \text{right})"
        r" = p\,R(\text{down}, \text{left}) + (1 - p)\,R(\text{down}, \text{right})$",
        lambda mine, theirs: f"# {mine[0, 0]:g} p + {mine[0, 1]:g} (1 - p) = {mine[1, 0]:g} p + ... (1 - p)\nturning_point = ...",
    ),
    mistakes=[
        ("probability_of_right", lambda mine, theirs: 1 - indifferent(mine[0, 0] - mine[1, 0], mine[1, 1] - mine[0, 1]),
         "This is the probability of *right*. The exercise asks for that of *left*."),
        ("odds", lambda mine, theirs: (mine[1, 1] - mine[0, 1]) / (mine[0, 0] - mine[1, 0]),
         "These are the odds, p / (1 − p). Solve for p itself."),
        ("wrong_agents_reward", lambda mine, theirs: indifferent(theirs[0, 0] - theirs[1, 0], theirs[1, 1] - theirs[0, 1]),
         "You used the second number of each cell: those are column's payoffs. You are row."),
        ("value_at_that_point", lambda mine, theirs: (mine[0, 0] * mine[1, 1] - mine[0, 1] * mine[1, 0]) / (
             mine[0, 0] - mine[1, 0] + mine[1, 1] - mine[0, 1]),
         "This is the value of both actions where you are indifferent. The exercise asks for the probability p."),
        ("own_probability", lambda mine, theirs: indifferent(theirs[0, 0] - theirs[0, 1], theirs[1, 1] - theirs[1, 0]),
         "This is the probability of *up* that makes column indifferent. Here you are the one who is indifferent."),
        ("payoff_transposed", lambda mine, theirs: indifferent(mine[0, 0] - mine[0, 1], mine[1, 1] - mine[1, 0]),
         "You compared the cells of one row. Your own action chooses the row: compare up with down within a column."),
        ("a_cell_left_out", lambda mine, theirs: indifferent(mine[0, 0], mine[1, 1]),
         lambda mine, theirs: f"You weighted the {mine[0, 0]:g} against the {mine[1, 1]:g} only. *Down* also pays "
         f"{mine[1, 0]:g} when column goes left."),
        ("sign_lost", lambda mine, theirs: indifferent(mine[0, 0] - mine[1, 0], mine[0, 1] - mine[1, 1]),
         "A sign is wrong: *down* is the better move against *right*. Also check that p lies between 0 and 1."),
        ("in_percent", lambda mine, theirs: 100 * indifferent(mine[0, 0] - mine[1, 0], mine[1, 1] - mine[0, 1]),
         "Enter a probability between 0 and 1, not a percentage."),
    ],
)  # fmt: skip
def turning_point(mine, theirs):
    """The probability of left at which up and down have the same value: payoffs (2, 2) of both players."""
    left = mine[0, 0] - mine[1, 0]
    right = mine[1, 1] - mine[0, 1]
    return right / (left + right)


def payoffs_and_externals(generator, k):
    """q (A_1, A_2) and the policies of some externals (K, A_2), which differ clearly."""
    q = table(generator, k)
    drawn = policy(generator, (4, 3, 2)[k % 3], q.shape[1]) ** 2  # squared, so that it matters who the external is
    return q, drawn / drawn.sum(1, keepdim=True)


def both_means(q, externals):
    """v_k(a) (K, A_1); the return with the external known; the return of the best single action."""
    v = torch.einsum("kc,ac->ka", externals, q)
    return v, v.max(1).values.mean(), v.mean(0).max()


@exercise(
    lesson=LESSON, title="What it is worth to know the other", difficulty=2, importance=5, minutes=10,
    example=(torch.tensor([[4.0, 0.0, 1.0], [1.0, 3.0, 2.0]]), torch.tensor([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]])), expected=0.25,
    draw=payoffs_and_externals,
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
    mistakes=[
        ("knowing_only", lambda q, externals: both_means(q, externals)[1],
         "This is your return if you know whom you meet. Subtract the return of the best single action against all of them."),
        ("alike_only", lambda q, externals: both_means(q, externals)[2],
         "This is the return of the best single action. How much more do you get if you know whom you meet?"),
        ("externals_added", lambda q, externals: (v := both_means(q, externals)[0]).max(1).values.sum() - v.sum(0).max(),
         "You summed over externals. You meet one of them, all equally likely: take the mean."),
        ("best_cell", lambda q, externals: q.max() - both_means(q, externals)[2],
         "You took the best cell of the table, as if the external acted in your favour. Even if you know its policy, average over it."),
        ("best_external_only", lambda q, externals: both_means(q, externals)[0].max() - both_means(q, externals)[2],
         "You took the external that is best for you. You cannot choose whom you meet: average over externals."),
        ("worst_case", lambda q, externals: both_means(q, externals)[1] - both_means(q, externals)[0].min(0).values.max(),
         "Your single action is the best against the worst external. Take the one that is best on average."),
        ("compared_with_random", lambda q, externals: both_means(q, externals)[1] - both_means(q, externals)[0].mean(),
         "You compared with playing all your actions equally often. Compare with the best single action."),
        ("response_to_the_first", lambda q, externals: both_means(q, externals)[1] - (v := both_means(q, externals)[0]).mean(0)[v[0].argmax()],
         "Your single action is the best one against the first external. Take the best one on average."),
        ("average_external_uniform", lambda q, externals: both_means(q, externals)[1] - q.mean(1).max(),
         "In your second mean, the other plays all moves equally often. Average the externals' own policies."),
        ("ratio", lambda q, externals: both_means(q, externals)[1] / both_means(q, externals)[2],
         "You divided one return by the other. The exercise asks for the difference."),
        ("payoff_transposed", lambda q, externals: (v := externals @ q).max(1).values.mean() - v.mean(0).max(),
         "You weighted the rows of the table by the external's policy. The rows are your actions; the columns are its."),
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


@exercise(
    "open", lesson=LESSON, title="The average other does not exist", difficulty=3, importance=4, minutes=8,
    hints=(
        "Against each external, a risky action is best. The third action is never the best, but never bad either.",
        r"Wanted: $v_A(0)$ largest against A, $v_B(1)$ largest against B, and $v_A(2) + v_B(2)$ the largest sum.",
        "q = torch.tensor([[4.0, ...], [..., 4.0], [3.0, ...]])  # row's payoffs\nother_a = torch.tensor([0.9, 0.1])\nother_b = ...",
    ),
    properties=[
        ("three_by_two", lambda q, other_a, other_b: (q.shape, other_a.shape, other_b.shape) == ((3, 2), (2,), (2,)),
         "Pass three things, (q, other_a, other_b), of the shapes (3, 2), (2,) and (2,)."),
        ("are_policies", lambda q, other_a, other_b: all((p >= 0).all() and abs(p.sum() - 1) < 1e-3 for p in (other_a, other_b)),
         "The entries of a policy are not negative and sum to 1. One of your policies violates this."),
        ("externals_mix", lambda q, other_a, other_b: min(other_a.min(), other_b.min()) > 1e-6,
         "One of the externals never makes one of its moves. Let both mix."),
        ("externals_differ", lambda q, other_a, other_b: abs(other_a - other_b).max() > 1e-6,
         "Both externals play the same policy. Then there is nothing to know."),
        ("first_is_best_against_a", lambda q, other_a, other_b: (q @ other_a)[0] > (q @ other_a)[1:].max() + 1e-6,
         "Against the first external, the first action is not the best one."),
        ("second_is_best_against_b", lambda q, other_a, other_b: (q @ other_b)[1] > (q @ other_b)[[0, 2]].max() + 1e-6,
         "Against the second external, the second action is not the best one."),
        ("third_is_best_on_average", lambda q, other_a, other_b: (v := q @ (other_a + other_b))[2] > v[:2].max() + 1e-6,
         "Against the average of both, the third action is not the best one. Make it safe: let it pay well whatever the other does."),
    ],
)  # fmt: skip
def average_misleads():
    """A game q (A_1, A_2) and two externals: the best action against their average is best against neither."""
    q = torch.tensor([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]])
    return q, torch.tensor([0.9, 0.1]), torch.tensor([0.1, 0.9])
