"""Exercises of sheet 03: averaging over the others by draws."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .policy_gradient import LESSON, PAYOFFS, ROW, alone
from .random_cases import policy


def draws_of_column(generator, rows, columns, m):
    """q (A_1, A_2), the own policy (A_1,), and m moves of the other, at least one of them drawn twice."""
    q = 3 * torch.randn(rows, columns, generator=generator)
    while True:
        drawn = torch.randint(columns, (m,), generator=generator)
        counts = torch.bincount(drawn, minlength=columns)
        if counts.max() > 1 and (counts.min() != counts.max()):
            return q, policy(generator, rows), drawn


def drawn_moves(q, drawn, moves):
    """The moves that are averaged over."""
    distinct = drawn.unique()
    return {
        "drawn": drawn, "once": distinct, "all": torch.arange(q.shape[1]), "first": drawn[:1], "last": drawn[-1:],
        "not the first": drawn[1:], "not the last": drawn[:-1], "mode": torch.bincount(drawn).argmax()[None],
        "index": torch.arange(len(drawn)) % q.shape[1], "number": torch.arange(len(drawn)), "before": drawn - 1, "after": (drawn + 1) % q.shape[1],
        "repeated": torch.tensor([c for c in distinct if (drawn == c).sum() > 1], dtype=torch.long),
    }[moves]  # fmt: skip


def by_draws(
    q, row, drawn, *, moves="drawn", by="moves", own="policy", baseline="own", left="mean", sign=1, negative="kept"
):
    """The regret advantage from draws, (A_1,), or what a slip makes of it."""
    m = len(drawn)
    p = {
        "policy": row, "uniform": torch.full_like(row, 1 / len(row)), "one": torch.ones_like(row), "divided": row / len(row),
        "softmax": row.softmax(0),
    }[own]  # fmt: skip
    worth = q[:, drawn_moves(q, drawn, moves)]
    less = {
        "own": lambda: p @ worth, "none": lambda: 0, "best": lambda: worth.max(0).values, "worst": lambda: worth.min(0).values,
        "best on average": lambda: worth.mean(1).max(), "likeliest": lambda: worth[row.argmax()], "added": lambda: -(p @ worth),
        "not summed": lambda: p[:, None] * worth, "all moves": lambda: (p @ q).mean(), "table": lambda: q.mean(),
        "first draw": lambda: (p @ worth)[0], "last draw": lambda: (p @ worth)[-1], "over draws": lambda: worth.mean(1, keepdim=True),
        "summed over draws": lambda: (p @ worth).sum(), "divided by draws": lambda: p @ worth / worth.shape[1],
    }[baseline]()  # fmt: skip
    found = sign * (worth - less)
    count = {
        "moves": lambda: found.shape[1], "none": lambda: 1, "draws": lambda: m, "columns": lambda: q.shape[1],
        "rows": lambda: len(row), "less": lambda: max(m - 1, 1), "more": lambda: m + 1, "distinct": lambda: len(drawn.unique()),
        "draws and rows": lambda: m * len(row), "draws and columns": lambda: m * q.shape[1],
        "draws twice": lambda: m * m, "root": lambda: m**0.5,
    }[by]()  # fmt: skip
    found = {
        "mean": lambda: found.sum(1) / count, "weighted": lambda: row * found.sum(1) / count, "each draw": lambda: found,
        "over own actions": lambda: found.mean(0), "own sum": lambda: found.sum(0), "all": lambda: found.mean(),
        "average": lambda: row @ found.sum(1) / count, "median": lambda: found.quantile(0.5, 1),
        "lower median": lambda: found.median(1).values, "likeliest": lambda: found.mean(1)[row.argmax()],
        "best": lambda: found.max(1).values, "worst": lambda: found.min(1).values,
    }[left]()  # fmt: skip
    return found.clamp(min=0) if negative == "zero" else found


SIZES, DRAWS = ((2, 3), (4, 2), (3, 4), (2, 5)), (5, 3, 7, 3, 4, 6, 6, 8)  # of the random cases

DRAWN_BEFORE = "In the sheet's example four moves are drawn. How often does each of the three count in yours?"
TAKEN_OFF = (
    "In the sheet's example, COMA's advantages against *left* are 0.8 and −0.2. What is taken off there from 4 and 3?"
)
DIVIDED_BY = "How many moves are drawn in the sheet's example, and by what do you divide?"
ONE_EACH = "Which shape is to be returned, and which is yours?"


@exercise(
    lesson=LESSON, title="The others by draws", difficulty=2, importance=3, minutes=8,
    example=(PAYOFFS, ROW, torch.tensor([1, 0, 1, 2])), expected=[-0.4, 0.1],
    draw=lambda generator, k: draws_of_column(generator, *SIZES[k % 4], DRAWS[k % 8]),
    edges={
        "there is only one draw": lambda generator: (*draws_of_column(generator, 3, 2, 3)[:2], torch.tensor([1])),
        "all draws are the same move": lambda generator: (*draws_of_column(generator, 2, 4, 3)[:2], torch.tensor([2, 2, 2])),
        "no move is drawn twice": lambda generator: (*draws_of_column(generator, 2, 4, 3)[:2], torch.tensor([3, 0, 2])),
        "there are as many draws as actions of both": lambda generator: draws_of_column(generator, 3, 3, 3),
        "you have only one action": lambda generator: draws_of_column(generator, 1, 3, 4),
        "the other has only one action": (
            torch.tensor([[1.0], [-2.0], [3.0]]), torch.tensor([0.25, 0.5, 0.25]), torch.tensor([0, 0])),
        "you do not mix": lambda generator: (
            draws_of_column(generator, 2, 3, 4)[0], torch.tensor([0.0, 1.0]), torch.tensor([2, 0, 2, 1])),
        "you play all actions equally often": lambda generator: (
            draws_of_column(generator, 4, 3, 4)[0], torch.full((4,), 0.25), torch.tensor([2, 0, 2, 1])),
    },
    hints=(
        "Each draw gives one advantage of COMA. A move that is drawn twice counts twice.",
        r"$\hat A(a) = \frac 1 m \sum_{k=1}^m \Big( Q(a, c_k) - \sum_{a'} \pi(a')\, Q(a', c_k) \Big)$.",
        "def regret_from_draws(q, row, drawn):\n    worth = ...  # (A_1, m)\n    advantages = worth - ...\n    return advantages...",
    ),
    slipping=by_draws,
    mistakes=[
        ("wrong_sign", {"sign": -1},
         "Everything has the wrong sign. Which term is subtracted from which?",
         "An action that gets more than your policy has a positive advantage."),
        ("summed_over_draws", {"by": "none"},
         "You summed over the draws. Take their mean.", DIVIDED_BY),
        ("divided_by_columns", {"by": "columns"},
         "You divided by the number of the other's actions. How many numbers did you add up?", DIVIDED_BY),
        ("wrong_sign", {"sign": -1, "by": "none"},
         "There is more than one mistake. The sign is wrong, and you summed over the draws.", DIVIDED_BY),
        ("divided_by_own_actions", alone(by_draws, by="rows"),
         "You divided by the number of your own actions. How many numbers did you add up?", DIVIDED_BY),
        ("divided_by_one_less", {"by": "less"},
         "You divided by one less than the number of draws. A mean divides by their number.", DIVIDED_BY),
        ("divided_by_one_more", alone(by_draws, by="more"),
         "You divided by one more than the number of draws. A mean divides by their number.", DIVIDED_BY),
        ("divided_by_distinct_moves", alone(by_draws, by="distinct"),
         "You divided by the number of *different* moves among the draws. How many numbers did you add up?", DIVIDED_BY),
        ("divided_twice", alone(by_draws, by="draws twice"),
         "You divided by the number of draws twice.", DIVIDED_BY),
        ("divided_by_own_actions_too", alone(by_draws, by="draws and rows"),
         "You divided by the number of your own actions, too. Only the draws are averaged over.", DIVIDED_BY),
        ("divided_by_columns_too", alone(by_draws, by="draws and columns"),
         "You divided by the number of the other's actions, too. Only the draws are averaged over.", DIVIDED_BY),
        ("divided_by_the_root", alone(by_draws, by="root"),
         "You divided by the root of the number of draws. A mean divides by their number.", DIVIDED_BY),
        ("baseline_forgotten", {"baseline": "none"},
         "These are mean values. Subtract what your own policy would have got against the same moves.", TAKEN_OFF),
        ("own_policy_missing_from_baseline", {"own": "uniform"},
         "Your baseline is the plain mean over your own actions. You do not play all of them equally often.", TAKEN_OFF),
        ("baseline_without_weights", {"own": "one"},
         "Your baseline is the plain sum over your own actions. Weight it by your own policy.", TAKEN_OFF),
        ("baseline_divided", alone(by_draws, own="divided"),
         "You divide your baseline by the number of actions. With probabilities as weights, the sum is already the mean.",
         TAKEN_OFF),
        ("softmax_of_probabilities", alone(by_draws, own="softmax"),
         "You took a softmax of your policy. Its entries are probabilities already.",
         "What do the entries of your policy sum to before you change them?"),
        ("best_taken_off", {"baseline": "best"},
         "You subtracted the best own action. Subtract the mean under your own policy.", TAKEN_OFF),
        ("best_on_average_taken_off", alone(by_draws, baseline="best on average"),
         "You subtracted the mean of the action that is the best on average. Subtract the mean under your own policy.",
         TAKEN_OFF),
        ("worst_taken_off", alone(by_draws, baseline="worst"),
         "You subtracted the worst own action. Subtract the mean under your own policy.", TAKEN_OFF),
        ("likeliest_action_taken_off", alone(by_draws, baseline="likeliest"),
         "You subtracted the payoff of your likeliest action. You play others, too.", TAKEN_OFF),
        ("baseline_added", {"baseline": "added"},
         "You added the baseline. An advantage is a difference.", TAKEN_OFF),
        ("baseline_not_summed", {"baseline": "not summed"},
         "From each action you subtract only its own part of the baseline. Sum over your actions first.", TAKEN_OFF),
        ("baseline_without_draws", {"baseline": "all moves"},
         "In your baseline you weight all moves equally. There, too, use only those that were drawn.",
         "Over which moves is the first term averaged, and over which the second?"),
        ("mean_of_the_table", alone(by_draws, baseline="table"),
         "You subtracted the plain mean of the whole table. Use your own policy, and only the moves that were drawn.", TAKEN_OFF),
        ("baseline_of_the_first_draw", alone(by_draws, baseline="first draw"),
         "Your baseline is that of the first draw, for all of them. It differs from move to move.", TAKEN_OFF),
        ("baseline_of_the_last_draw", alone(by_draws, baseline="last draw"),
         "Your baseline is that of the last draw, for all of them. It differs from move to move.", TAKEN_OFF),
        ("baseline_summed_over_draws", alone(by_draws, baseline="summed over draws"),
         "Your baseline is summed over the draws, while the payoffs are averaged.", DIVIDED_BY),
        ("baseline_averaged_twice", alone(by_draws, baseline="divided by draws"),
         "You divided the baseline by the number of draws once too often.", DIVIDED_BY),
        ("first_draw_only", {"moves": "first"},
         "You used only the first draw. Use all of them.", DRAWN_BEFORE),
        ("last_draw_only", {"moves": "last"},
         "You used only the last draw. Does each round of your loop forget the one before?", DRAWN_BEFORE),
        ("last_draw_divided", {"moves": "last", "by": "draws"},
         "You used only the last draw, and divided it by the number of draws. Add them all up first.", DRAWN_BEFORE),
        ("first_draw_divided", {"moves": "first", "by": "draws"},
         "You used only the first draw, and divided it by the number of draws. Add them all up first.", DRAWN_BEFORE),
        ("commonest_move_only", {"moves": "mode"},
         "You used only the move that was drawn most often. Use all draws.", DRAWN_BEFORE),
        ("repeated_moves_only", alone(by_draws, moves="repeated"),
         "You used only moves that were drawn more than once. Use all draws.", DRAWN_BEFORE),
        ("each_move_once", {"moves": "once"},
         "A move that is drawn twice counts only once in yours. So rare moves count as much as common ones.", DRAWN_BEFORE),
        ("each_move_once_divided_by_all", {"moves": "once", "by": "draws"},
         "A move that is drawn twice counts only once in your sum. How many terms has it, and by what do you divide?",
         DRAWN_BEFORE),
        ("others_uniform", {"moves": "all"},
         "You averaged over all moves as if all were equally likely. Average over the moves that were drawn.",
         "Where in your answer is `drawn` used?"),
        ("first_draw_left_out", {"moves": "not the first"},
         "The first draw is missing.", "What is the index of the first draw?"),
        ("last_draw_left_out", {"moves": "not the last"},
         "The last draw is missing.", "How many draws are there, and which is the last index?"),
        ("first_draw_missing_from_the_sum", {"moves": "not the first", "by": "draws"},
         "The first draw is missing from your sum, but counts in what you divide by.", "What is the index of the first draw?"),
        ("last_draw_missing_from_the_sum", {"moves": "not the last", "by": "draws"},
         "The last draw is missing from your sum, but counts in what you divide by.",
         "How many draws are there, and which is the last index?"),
        ("number_of_the_draw", {"moves": "index"},
         "You used 0, 1, 2 … as moves: the *numbers* of the draws. Which moves were drawn?",
         "In the sheet's example, which column of the table belongs to the first draw?"),
        ("number_of_the_draw", alone(by_draws, moves="number"),
         "You used 0, 1, 2 … as moves: the *numbers* of the draws. That goes wrong, or fails with an error.",
         "In the sheet's example, which column of the table belongs to the first draw?"),
        ("counted_from_one", {"moves": "before"},
         "You took the columns before those that were drawn (before the first comes the last). Moves are counted from 0.",
         "In the sheet's example, 1 is *middle*. Which column is it in yours?"),
        ("one_too_late", alone(by_draws, moves="after"),
         "You took the columns after those that were drawn (after the last comes the first). Moves are counted from 0.",
         "In the sheet's example, 1 is *middle*. Which column is it in yours?"),
        ("median", {"left": "median"},
         "You took the median over the draws. Take their mean.", "How do you take the average in the sheet's example?"),
        ("lower_median", alone(by_draws, left="lower median"),
         "You took the median over the draws (the lower one of two). Take their mean.",
         "How do you take the average in the sheet's example?"),
        ("median_of_payoffs", lambda q, row, drawn: (v := q[:, drawn].quantile(0.5, 1)) - row @ v,
         "You took the medians of the payoffs over the draws, and then advantages. Take means.",
         "How do you take the average in the sheet's example?"),
        ("lower_median_of_payoffs", lambda q, row, drawn: (v := q[:, drawn].median(1).values) - row @ v,
         "You took the medians (the lower one of two) of the payoffs over the draws, and then advantages. Take means.",
         "How do you take the average in the sheet's example?"),
        ("best_draw", alone(by_draws, left="best"),
         "You took the largest advantage over the draws. Take their mean.", DRAWN_BEFORE),
        ("worst_draw", alone(by_draws, left="worst"),
         "You took the smallest advantage over the draws. Take their mean.", DRAWN_BEFORE),
        ("weighted_with_own_policy", {"left": "weighted"},
         "You multiplied by your own policy. The advantage of an action does not depend on how rare it is.",
         "Where does your policy stand in COMA's advantage: before the difference, or only in the baseline?"),
        ("one_for_each_draw", {"left": "each draw"},
         "You return a number for each of your actions and each draw. The draws are to be averaged over.", ONE_EACH),
        ("averaged_over_own_actions", alone(by_draws, left="over own actions"),
         "You averaged over your own actions, so there is a number for each draw. Average over the draws.", ONE_EACH),
        ("summed_over_own_actions", alone(by_draws, left="own sum"),
         "You summed over your own actions, so there is a number for each draw. Average over the draws.", ONE_EACH),
        ("averaged_over_everything", alone(by_draws, left="all"),
         "You averaged over your own actions as well. Return one number for each of them.", ONE_EACH),
        ("advantage_averaged", alone(by_draws, left="average"),
         "You averaged over your own actions with your policy, which always gives 0. Return one number for each.", ONE_EACH),
        ("likeliest_action_only", alone(by_draws, left="likeliest"),
         "You return only the advantage of your likeliest action. Return one number for each.", ONE_EACH),
        ("clamped", {"negative": "zero"},
         "You put 0 in place of negative advantages. They keep their sign.",
         "Weighted by your own policy, what should the advantages sum to?"),
        ("mean_over_draws_taken_off", alone(by_draws, baseline="over draws"),
         "You subtracted each action's own mean over the draws, which leaves 0. Your policy's mean is to be subtracted.", TAKEN_OFF),
        ("rows_for_columns", lambda q, row, drawn: q[drawn].mean(0) - row @ q[:, drawn].mean(1),
         "You took rows of `q` for the moves drawn: that goes wrong, or fails with an error. Moves of the other are columns.",
         "Which axis of `q` is that of your own actions?"),
    ],
    properties=[
        ("advantages_cancel", lambda result, q, row, drawn: abs(row.double().numpy() @ result) < 1e-3,
         "weighted by your own policy, the advantages sum to zero. Yours do not."),
    ],
)  # fmt: skip
def regret_from_draws(q, row, drawn):
    """The regret advantage from drawn moves of the other, (A_1,): q (A_1, A_2), row (A_1,), drawn (n,)."""
    worth = q[:, drawn]
    advantages = worth - row @ worth
    return advantages.mean(1)
