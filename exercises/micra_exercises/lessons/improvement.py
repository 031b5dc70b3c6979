"""Exercise of sheet 07, comparing methods: the probability of improvement."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .offline_training import LESSON


def of_pairs(ours, theirs, which):
    """The runs to compare, our (M, S) and their (M, S'), if these pairs are made."""
    n = min(ours.shape[1], theirs.shape[1])
    if which == "ranks":
        ours, theirs = ours.sort(1).values, theirs.sort(1).values
    return {
        "all": lambda: (ours, theirs),
        "same seed": lambda: (ours[:, :n].reshape(-1, 1), theirs[:, :n].reshape(-1, 1)),
        "ranks": lambda: (ours[:, :n].reshape(-1, 1), theirs[:, :n].reshape(-1, 1)),
        "pooled": lambda: (ours.reshape(1, -1), theirs.reshape(1, -1)),
        "means": lambda: (ours.mean(1, keepdim=True), theirs.mean(1, keepdim=True)),
        "medians": lambda: (ours.quantile(0.5, 1, keepdim=True), theirs.quantile(0.5, 1, keepdim=True)),
        "best": lambda: (ours.amax(1, keepdim=True), theirs.amax(1, keepdim=True)),
        "their mean": lambda: (ours, theirs.mean(1, keepdim=True)),
        "our mean": lambda: (ours.mean(1, keepdim=True), theirs),
        "their best": lambda: (ours, theirs.amax(1, keepdim=True)),
        "our best": lambda: (ours.amax(1, keepdim=True), theirs),
    }[which]()


def ahead(ours, theirs, *, tie="half", pairs="all", better="ours", divisor="pairs", tasks="mean"):
    """The probability of improvement with these choices, right by default, made otherwise."""
    x, y = of_pairs(*((ours, theirs) if better == "ours" else (theirs, ours)), pairs)
    apart = x[:, :, None] - y[:, None, :]
    wins, losses, ties = ((apart > 0).sum((1, 2)), (apart < 0).sum((1, 2)), (apart == 0).sum((1, 2)))
    points = {
        "half": wins + 0.5 * ties, "lost": wins, "won": wins + ties, "left out": wins, "whole": wins + ties // 2,
        "minus": wins - losses, "left out of all": wins,
    }[tie] / 1  # fmt: skip
    if tie == "left out of all":
        return points.sum() / (wins + losses).sum()
    own, other = x.shape[1], y.shape[1]
    by = {"pairs": own * other, "S²": own**2, "S′²": other**2, "S": own, "S′": other, "1": 1, "S + S′": own + other}[
        divisor
    ]
    each = points / (wins + losses if tie == "left out" else by)
    majority = (each > 0.5) / 1 + 0.5 * (each == 0.5)
    return {
        "mean": each.mean(), "sum": each.sum(), "first": each[0], "last": each[-1], "median": each.quantile(0.5),
        "lower median": each.median(), "each": each, "majority": majority.mean(), "best": each.max(),
    }[tasks]  # fmt: skip


def gap(ours, theirs):
    """All differences (M, S, S′)."""
    return ours[:, :, None] - theirs[:, None, :]


def scores_of_two(generator, M, S, other):
    """Scores (M, S) and (M, S′) of two methods, in tenths, with a tie on each task."""
    draw = torch.randint(0, 7, (M, S + other), generator=generator) / 10
    draw[:, 0] = draw[:, S]
    return draw[:, :S] + 0, draw[:, S:] + 0


def rounded_scores(generator, k):
    """Scores of two methods with more runs of ours, more of theirs, or as many."""
    return scores_of_two(
        generator, *((2, 3, 4), (3, 5, 3), (4, 3, 5), (2, 4, 3), (3, 3, 3), (5, 2, 4), (3, 4, 5), (4, 5, 3))[k % 8]
    )


@exercise(
    lesson=LESSON, title="The probability of improvement", difficulty=2, importance=4, minutes=10,
    example=(torch.tensor([[0.5, 0.7], [0.4, 0.4]]), torch.tensor([[0.5, 0.2, 0.6], [0.4, 0.6, 0.1]])), expected=0.625,
    draw=rounded_scores,
    edges={
        "there is one task": lambda generator: scores_of_two(generator, 1, 3, 4),
        "each method has one run": (torch.tensor([[0.5], [0.25], [0.5]]), torch.tensor([[0.5], [0.5], [0.25]])),
        "scores differ by little": (torch.tensor([[0.501, 0.5001, 0.5]]), torch.tensor([[0.5002, 0.4999]])),
        "every pair is a tie": (torch.full((2, 3), 0.5), torch.full((2, 4), 0.5)),
        "no pair is a "
        "tie": (torch.tensor([[0.5, 0.75, 0.1], [0.3, 0.6, 0.9]]), torch.tensor([[0.25, 0.7]] * 2)),
        "ours is always "
        "ahead": (torch.tensor([[0.5, 0.75], [0.8, 0.9]]), torch.tensor([[0.25, 0, 0], [0.4, 0.3, 0.2]])),
        "theirs is always ahead": (torch.tensor([[-0.5, 0.75], [0.8, 0.9]]), torch.tensor([[1.25], [1.0]])),
        "there are many runs": lambda generator: scores_of_two(generator, 3, 40, 30),
    },
    hints=(
        "Draw one of our runs and one of theirs, on the same task. How often is ours better?",
        r"On each task $\frac{1}{S S'} \sum_{x, y} \big(\mathbf 1[x > y] + \tfrac 1 2 \mathbf 1[x = y]\big)$; then the "
        r"mean over tasks.",
        """\
        def probability_of_improvement(ours, theirs):
            x, y = ours[:, :, None], theirs[:, None, :]  # every pair: (tasks, S, S')
            wins = ...
            ties = ...
            return ...""",
    ),
    slipping=ahead,
    mistakes=[
        ("ties_won", {"tie": "won"},
         "You counted a tie as a win. Count it one half.",
         "Do you compare with > or with ≥?"),
        ("ties_lost", {"tie": "lost"},
         "You counted a tie as a loss. Count it one half.",
         "What does your function do with two equal scores?"),
        ("ties_left_out", {"tie": "left out of all"},
         "You left ties out. They are pairs, too: count each one half.",
         "By how many pairs do you divide in the sheet's example?"),
        ("ties_left_out_on_each_task", {"tie": "left out"},
         "You left ties out on each task. They are pairs, too: count each one half.",
         "By how many pairs do you divide on the first task of the sheet's example?"),
        ("half_a_tie_lost", {"tie": "whole"},
         "Half a tie gets lost: two ties make one win in yours, a single one nothing. Is there a whole-number "
         "division?",
         "What are `1 // 2` and `1 / 2`?"),
        ("wins_minus_losses", {"tie": "minus"},
         "You subtracted the losses from the wins. A lost pair counts 0, a tie one half.",
         "What should be the result if theirs is always ahead?"),
        ("the_others_are_ahead", {"better": "theirs"},
         "This is how often *theirs* is better. The exercise asks for ours.",
         "Which way does your comparison point?"),
        ("seed_against_seed", {"pairs": "same seed"},
         "You compared seed 0 with seed 0, and so on. Equal seeds of different methods have nothing in common: compare "
         "every pair.",
         "How many pairs are there on a task of the sheet's example?"),
        ("rank_against_rank", {"pairs": "ranks"},
         "You sorted the runs of both, and compared the lowest with the lowest, and so on. Compare every pair.",
         "How many pairs are there on a task of the sheet's example?"),
        ("tasks_pooled", {"pairs": "pooled"},
         "You compared runs on different tasks. Compare within each task, then take the mean over tasks.",
         "How many pairs do you compare in the sheet's example? Six belong to each task."),
        ("means_compared", {"pairs": "means"},
         "You compared the means. Then a tiny lead counts as certain: compare individual runs.",
         "How many comparisons do you make on a task?"),
        ("medians_compared", {"pairs": "medians"},
         "You compared the medians. Then a tiny lead counts as certain: compare individual runs.",
         "How many comparisons do you make on a task?"),
        ("compared_with_their_mean", {"pairs": "their mean"},
         "You compared each of our runs with the mean of theirs. Compare it with each of their runs.",
         "How many comparisons do you make on a task?"),
        ("our_mean_compared", {"pairs": "our mean"},
         "You compared the mean of ours with each of their runs. Compare each of ours with each of theirs.",
         "How many comparisons do you make on a task?"),
        ("compared_with_their_best", {"pairs": "their best"},
         "You compared each of our runs with the best of theirs. Compare it with each of their runs.",
         "How many comparisons do you make on a task?"),
        ("our_best_compared", {"pairs": "our best"},
         "You compared the best of ours with each of their runs. Compare each of ours with each of theirs.",
         "How many comparisons do you make on a task?"),
        ("best_runs", {"pairs": "best"},
         "You compared the best runs. With more seeds, the best one is luckier: compare every pair.",
         "How many comparisons do you make on a task?"),
        ("how_much_better", lambda ours, theirs: gap(ours, theirs).mean(),
         "This is how *much* better ours is. The exercise asks how *often*.",
         "What counts a pair in which ours is ahead by very little?"),
        ("soft_comparison", lambda ours, theirs: gap(ours, theirs).sigmoid().mean(),
         "You took the sigmoid of the differences. A pair counts 0, one half or 1.",
         "What counts a pair in which ours is ahead by very little?"),
        ("pairs_counted", {"divisor": "1"},
         "You counted the pairs that ours wins. Divide by the number of pairs on a task.",
         "How large can your result become?"),
        ("divided_by_own_runs_squared", {"divisor": "S²"},
         "You divided by the square of the number of our runs. Theirs may be another number.",
         "How many pairs do 2 runs make with 3?"),
        ("divided_by_their_runs_squared", {"divisor": "S′²"},
         "You divided by the square of the number of their runs. Ours may be another number.",
         "How many pairs do 2 runs make with 3?"),
        ("divided_by_own_runs", {"divisor": "S"},
         "You divided by the number of our runs only. Divide by the number of pairs.",
         "How many pairs do 2 runs make with 3?"),
        ("divided_by_their_runs", {"divisor": "S′"},
         "You divided by the number of their runs only. Divide by the number of pairs.",
         "How many pairs do 2 runs make with 3?"),
        ("divided_by_all_runs", {"divisor": "S + S′"},
         "You divided by the number of all runs. Divide by the number of pairs.",
         "How many pairs do 2 runs make with 3?"),
        ("tasks_added", {"tasks": "sum"},
         "You summed over tasks. Take the mean.",
         "How large can your result become?"),
        ("first_task_only", {"tasks": "first"},
         "Yours is the result on the first task alone. Is your `return` inside the loop?",
         "Which task does your function look at last?"),
        ("last_task_only", {"tasks": "last"},
         "Yours is the result on the last task alone. Take the mean over tasks.",
         "What becomes of the first task's result in your loop?"),
        ("median_of_tasks", {"tasks": "median"},
         "You took the median over tasks. Take the mean.",
         "What does the text take over tasks?"),
        ("lower_median_of_tasks", {"tasks": "lower median"},
         "You took the lower median over tasks. Take the mean.",
         "What does the text take over tasks?"),
        ("best_task", {"tasks": "best"},
         "Yours is the result on the best task alone. Take the mean over tasks.",
         "What does the text take over tasks?"),
        ("each_task_for_itself", {"tasks": "each"},
         "You return one number for each task. Take their mean.",
         "Which axis is still there in your result?"),
        ("tasks_won", {"tasks": "majority"},
         "You counted the tasks on which ours wins more than half of the pairs. Take the mean of the tasks' "
         "probabilities.",
         "What does a task count on which ours wins 4.5 of 6 pairs?"),
    ],
    properties=[
        ("is_a_probability", lambda result, ours, theirs: -1e-6 <= result <= 1 + 1e-6,
         "a probability lies between 0 and 1. Yours does not."),
    ],
)  # fmt: skip
def probability_of_improvement(ours, theirs):
    """The probability that a run of ours beats one of theirs: ours (tasks, S), theirs (tasks, S'); a tie is half."""
    total = 0.0
    for mine, other in zip(ours, theirs, strict=True):
        apart = mine[:, None] - other[None, :]
        wins = (apart > 0).double() + 0.5 * (apart == 0)
        total = total + wins.mean()
    return total / len(ours)
