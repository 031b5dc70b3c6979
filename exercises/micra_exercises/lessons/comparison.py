"""Exercises of sheet 07, comparing methods: interquartile mean, probability of improvement, a mean that is luck."""

from __future__ import annotations

import numpy as np
import torch

from ..exercise import exercise
from .offline_training import LESSON


def middle(values, below, above):
    """The mean of sorted values without the lowest and the highest few."""
    return values.sort().values[below : len(values) - above].mean()


def scores_of_tasks(generator, k):
    """Scores (tasks, seeds), some of them outliers."""
    M, S = ((2, 5), (3, 4), (1, 3), (2, 3), (4, 3))[k % 5]
    scores = torch.rand(M, S, generator=generator)
    far = torch.rand(M, S, generator=generator) < 0.25
    return (scores - 1.5 * far * torch.rand(M, S, generator=generator),)


@exercise(
    lesson=LESSON, title="The interquartile mean", difficulty=1, importance=4, minutes=8,
    example=(torch.tensor([[0.1, 0.7, 0.8, 0.2], [0.9, 0.4, -0.4, 0.3]]),), expected=0.4, draw=scores_of_tasks,
    hints=(
        "Which scores are the middle half? Pool all tasks and seeds.",
        r"Of $n$ sorted scores, drop $\lfloor n / 4 \rfloor$ at each end, and take the mean of the rest.",
        "def interquartile_mean(scores):\n    values = scores.flatten().sort().values\n    cut = ...\n    return values[...].mean()",
    ),
    mistakes=[
        ("plain_mean", lambda scores: scores.mean(),
         "This is the plain mean. A single lucky or failed run moves it: drop a quarter of the scores at each end."),
        ("median", lambda scores: torch.quantile(scores.flatten(), 0.5),
         "This is the median. It uses only one or two scores; take the mean of the middle *half*."),
        ("each_task_for_itself", lambda scores: torch.stack([middle(x, len(x) // 4, len(x) // 4) for x in scores]).mean(),
         "You computed it for each task. Pool the scores of all tasks first."),
        ("means_of_tasks_first", lambda scores: middle(scores.mean(1), scores.numel() // 4 // scores.shape[1], scores.numel() // 4 // scores.shape[1]),
         "You averaged over seeds first. Then a failed run is already in the mean: sort the individual scores."),
        ("not_sorted", lambda scores: scores.flatten()[scores.numel() // 4 : scores.numel() - scores.numel() // 4].mean(),
         "You dropped the first and the last scores of the list. Sort it first."),
        ("only_the_best_dropped", lambda scores: middle(scores.flatten(), 0, scores.numel() // 4),
         "You dropped only the highest quarter. Drop the lowest, too."),
        ("only_the_worst_dropped", lambda scores: middle(scores.flatten(), scores.numel() // 4, 0),
         "You dropped only the lowest quarter, which flatters every method. Drop the highest, too."),
        ("an_eighth_dropped", lambda scores: middle(scores.flatten(), scores.numel() // 8, scores.numel() // 8),
         "You dropped a quarter in all. Drop a quarter at *each* end."),
        ("extremes_dropped", lambda scores: middle(scores.flatten(), 1, 1),
         "You dropped only the lowest and the highest score. Drop a quarter of them at each end."),
        ("rounded_up", lambda scores: middle(scores.flatten(), -(-scores.numel() // 4), -(-scores.numel() // 4)),
         "Right only if 4 divides the number of scores. Round the number to drop down: `n // 4`."),
        ("nothing_left", lambda scores: scores.flatten().sort().values[scores.numel() // 4 : -(scores.numel() // 4)].mean(),
         "Right, but of three scores yours drops all: `values[0:-0]` is empty. End the middle at `len(values) - cut`."),
        ("range_instead_of_mean", lambda scores: torch.quantile(scores.flatten(), 0.75) - torch.quantile(scores.flatten(), 0.25),
         "This is the interquartile *range*, a measure of spread. The exercise asks for the mean between the quartiles."),
        ("mean_of_the_quartiles", lambda scores: (torch.quantile(scores.flatten(), 0.75) + torch.quantile(scores.flatten(), 0.25)) / 2,
         "You took the mean of the two quartiles. Take the mean of all scores between them."),
    ],
    properties=[
        ("within_the_scores", lambda result, scores: float(scores.min()) - 1e-3 <= result <= float(scores.max()) + 1e-3,
         "a mean lies between the lowest and the highest score. Yours does not: did you divide by the number of scores that remain?"),
    ],
)  # fmt: skip
def interquartile_mean(scores):
    """The mean of the middle half of all scores (tasks, seeds)."""
    values = scores.flatten().sort().values
    cut = len(values) // 4
    return values[cut : len(values) - cut].mean()


def ahead(ours, theirs, tie):
    """The share of pairs in which our run is ahead of theirs (M,): scores (M, S), (M, S'); `tie`, the count of an equal pair."""
    apart = ours[:, :, None] - theirs[:, None, :]
    return ((apart > 0).double() + tie * (apart == 0)).mean((1, 2))


def rounded_scores(generator, k):
    """Scores (M, S) and (M, S') of two methods, in tenths, so that there are ties; S and S' differ."""
    M, S, other = 2 + k % 3, 3 + k % 2, (4, 3, 5, 2)[k % 4]
    draw = torch.randint(0, 7, (M, S + other), generator=generator) / 10
    draw[:, 0] = draw[:, S]  # at least one tie
    return draw[:, :S] + 0, draw[:, S:] + 0


def paired(ours, theirs):
    """The runs of equal seeds, each pair as a task with one run, both (M · n, 1)."""
    n = min(ours.shape[1], theirs.shape[1])
    return ours[:, :n].reshape(-1, 1), theirs[:, :n].reshape(-1, 1)


@exercise(
    lesson=LESSON, title="The probability of improvement", difficulty=2, importance=4, minutes=10,
    example=(torch.tensor([[0.5, 0.7], [0.4, 0.4]]), torch.tensor([[0.5, 0.2, 0.6], [0.4, 0.6, 0.1]])), expected=0.625, draw=rounded_scores,
    hints=(
        "Draw one of our runs and one of theirs, on the same task. How often is ours better?",
        r"On each task $\frac{1}{S S'} \sum_{x, y} \big(\mathbf 1[x > y] + \tfrac 1 2 \mathbf 1[x = y]\big)$; then the mean over tasks.",
        """\
        def probability_of_improvement(ours, theirs):
            x, y = ours[:, :, None], theirs[:, None, :]  # every pair: (tasks, S, S')
            wins = ...
            ties = ...
            return ...""",
    ),
    mistakes=[
        ("ties_won", lambda ours, theirs: ahead(ours, theirs, 1).mean(),
         "You counted a tie as a win. Count it one half."),
        ("ties_lost", lambda ours, theirs: ahead(ours, theirs, 0).mean(),
         "You counted a tie as a loss. Count it one half."),
        ("ties_left_out", lambda ours, theirs: ahead(ours, theirs, 0).mean() / (ahead(ours, theirs, 0) + ahead(theirs, ours, 0)).mean(),
         "You left ties out. They are pairs, too: count each one half."),
        ("the_others_are_ahead", lambda ours, theirs: ahead(theirs, ours, 0.5).mean(),
         "This is how often *theirs* is better. The exercise asks for ours."),
        ("seed_against_seed", lambda ours, theirs: (pairs := paired(ours, theirs), ahead(pairs[0], pairs[1], 0.5).mean())[1],
         "You compared seed 0 with seed 0, and so on. Equal seeds of different methods have nothing in common: compare every pair."),
        ("tasks_pooled", lambda ours, theirs: ahead(ours.reshape(1, -1), theirs.reshape(1, -1), 0.5).mean(),
         "You compared runs on different tasks. Compare within each task, then take the mean over tasks."),
        ("tasks_pooled_and_ties_lost", lambda ours, theirs: ahead(ours.reshape(1, -1), theirs.reshape(1, -1), 0).mean(),
         "You compared runs on different tasks, and you counted a tie as a loss. Compare within each task, and count a tie one half."),
        ("means_compared", lambda ours, theirs: ahead(ours.mean(1, keepdim=True), theirs.mean(1, keepdim=True), 0.5).mean(),
         "You compared the means. Then a tiny lead counts as certain: compare individual runs."),
        ("how_much_better", lambda ours, theirs: ours.mean() - theirs.mean(),
         "This is how *much* better ours is. The exercise asks how *often*."),
        ("best_runs", lambda ours, theirs: ahead(ours.max(1, keepdim=True).values, theirs.max(1, keepdim=True).values, 0.5).mean(),
         "You compared the best runs. With more seeds, the best one is luckier: compare every pair."),
        ("pairs_counted", lambda ours, theirs: ahead(ours, theirs, 0.5).sum() * ours.shape[1] * theirs.shape[1],
         "You counted pairs. Divide by their number."),
        ("tasks_added", lambda ours, theirs: ahead(ours, theirs, 0.5).sum(),
         "You summed over tasks. Take the mean."),
    ],
    properties=[
        ("is_a_probability", lambda result, ours, theirs: -1e-6 <= result <= 1 + 1e-6,
         "a probability lies between 0 and 1. Yours does not."),
    ],
)  # fmt: skip
def probability_of_improvement(ours, theirs):
    """The probability that a run of ours beats one of theirs on the same task: ours (tasks, S), theirs (tasks, S'); a tie is half."""
    total = 0.0
    for mine, other in zip(ours, theirs, strict=True):
        apart = mine[:, None] - other[None, :]
        wins = (apart > 0).double() + 0.5 * (apart == 0)
        total = total + wins.mean()
    return total / len(ours)


def core(scores):
    """The interquartile mean of eight scores."""
    return np.sort(scores)[2:6].mean()


def improvement(ours, theirs):
    """The probability of improvement on one task."""
    return ((ours[:, None] > theirs) + 0.5 * (ours[:, None] == theirs)).mean()


@exercise(
    "open", lesson=LESSON, title="A mean that is luck", difficulty=2, importance=4, minutes=8,
    hints=(
        "What raises a mean but is dropped by the interquartile mean?",
        r"Let six of our runs be a little worse than theirs, and two much better: these two are not in the middle half.",
        "ours = [0.4, 0.4, 0.4, ..., ..., ..., ..., ...]\ntheirs = [0.5] * 8\nlucky = (ours, theirs)",
    ),
    properties=[
        ("shapes", lambda ours, theirs: ours.shape == theirs.shape == (8,),
         "Pass two things, (ours, theirs): eight scores each."),
        ("in_range", lambda ours, theirs: min(ours.min(), theirs.min()) >= 0 and max(ours.max(), theirs.max()) <= 1,
         "A score is below 0 or above 1. Keep all scores between a random team (0) and the best response (1)."),
        ("mean_is_larger", lambda ours, theirs: ours.mean() >= theirs.mean() + 0.05 - 1e-6,
         "The mean of ours is not larger by 0.05. Make a few of our runs much better."),
        ("middle_is_smaller", lambda ours, theirs: core(ours) <= core(theirs) - 0.05 + 1e-6,
         "The interquartile mean of ours is not smaller by 0.05. It drops the two best of eight: only those may be lucky."),
        ("theirs_scatter", lambda ours, theirs: np.ptp(theirs) >= 0.1 - 1e-6,
         "All of their runs are nearly equal. Let them span at least 0.1, as real runs do."),
        ("seldom_ahead", lambda ours, theirs: improvement(ours, theirs) <= 0.3 + 1e-6,
         "Ours is ahead in more than 0.3 of all pairs. Let our six other runs be below nearly all of theirs."),
    ],
)  # fmt: skip
def lucky():
    """Eight scores of ours and of theirs: the mean favours ours, the interquartile mean and most pairs favour theirs."""
    ours = torch.tensor([0.40, 0.41, 0.42, 0.43, 0.44, 0.45, 1.00, 1.00])
    return ours, torch.tensor([0.46, 0.48, 0.49, 0.50, 0.50, 0.51, 0.52, 0.56])
