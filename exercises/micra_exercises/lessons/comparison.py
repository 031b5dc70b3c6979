"""Exercise of sheet 07, comparing methods: the interquartile mean."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .offline_training import LESSON


def middle_half(
    scores, *, heap="all", order="sorted", quarter="down", of="scores", low=0, high=0, ends="both", outer="dropped",
    result="mean",
):  # fmt: skip
    """The interquartile mean with these choices, right by default, made otherwise."""
    if heap != "all":
        parts = {
            "tasks": scores, "seeds": scores.T, "means of tasks": scores.mean(1)[None],
            "means of seeds": scores.mean(0)[None],
        }[heap]  # fmt: skip
        rest = {
            "order": order,
            "quarter": quarter,
            "low": low,
            "high": high,
            "ends": ends,
            "outer": outer,
            "result": result,
        }
        return torch.stack([middle_half(part[None], **rest) for part in parts]).mean()
    values = {
        "sorted": scores.flatten().sort().values, "as it is": scores.flatten(), "unique": scores.unique(),
        "within tasks": scores.sort(1).values.flatten(),
    }[order]  # fmt: skip
    n = {"scores": len(values), "seeds": scores.shape[1], "tasks": len(scores)}[of]
    cut = {
        "down": n // 4, "up": min(-(-n // 4), (n - 1) // 2), "nearest": round(n / 4), "eighth": n // 8, "third": n // 3,
        "one": 1,
    }[quarter]  # fmt: skip
    start, stop = (cut if ends != "highest" else 0) + low, len(values) - (cut if ends != "lowest" else 0) + high
    kept = values[start:stop]
    if outer == "clamped":
        kept = values.clamp(kept.min(), kept.max())
    return {
        "mean": kept.mean(), "sum": kept.sum(), "over all": kept.sum() / len(values),
        "over half": 2 * kept.sum() / len(values),
    }[result]  # fmt: skip


def at(scores, share):
    """A quantile of all scores."""
    return torch.quantile(scores.flatten(), share)


def between_quartiles(scores):
    """The mean of the scores that lie between the interpolated quartiles."""
    return scores[(scores > at(scores, 0.25)) & (scores < at(scores, 0.75))].mean()


def from_quartile_to_quartile(scores):
    """The mean of the scores between the interpolated quartiles, or on them."""
    return scores[(scores >= at(scores, 0.25)) & (scores <= at(scores, 0.75))].mean()


def emptied(scores):
    """The middle half by a slice that ends at −0 if there are fewer than four scores."""
    return scores.flatten().sort().values[scores.numel() // 4 : -(scores.numel() // 4)]


def some_scores(generator, M, S):
    """Scores (M, S), some of them outliers."""
    far = torch.rand(M, S, generator=generator) < 0.25
    return torch.rand(M, S, generator=generator) - 1.5 * far * torch.rand(M, S, generator=generator)


def scores_of_tasks(generator, k):
    """Scores (tasks, seeds), every second time in tenths, so that some are equal."""
    scores = some_scores(generator, *((4, 3), (3, 5), (1, 7), (3, 3), (4, 4), (2, 7), (5, 1), (6, 2))[k % 8])
    return (scores.mul(10).round().div(10) if k % 2 else scores,)


@exercise(
    lesson=LESSON, title="The interquartile mean", difficulty=1, importance=4, minutes=8,
    example=(torch.tensor([[0.1, 0.7, 0.8, 0.2], [0.9, 0.4, -0.4, 0.3]]),), expected=0.4, draw=scores_of_tasks,
    edges={
        "there are fewer than four scores": (torch.tensor([[0.5], [0.25], [-1.0]]),),
        "there is one score": (torch.tensor([[0.75]]),),
        "there are exactly four scores": (torch.tensor([[0.5, 2.0], [-1.0, 0.25]]),),
        "many scores are equal": (torch.tensor([[0.5, 0.5, 0.25, 0.5, 0.75], [0.25, 1.0, 0.5, 0.5, -4.0]]),),
        "all scores are equal": (torch.full((2, 3), 0.5),),
        "all scores are negative": lambda generator: (some_scores(generator, 3, 3) - 2,),
        "there are many scores": lambda generator: (some_scores(generator, 6, 33),),
    },
    hints=(
        "Which scores are the middle half? Pool all tasks and seeds.",
        r"Of $n$ sorted scores, drop $\lfloor n / 4 \rfloor$ at each end, and take the mean of the rest.",
        "def interquartile_mean(scores):\n    values = scores.flatten().sort().values\n    cut = ...\n    return "
        "values[...].mean()",
    ),
    slipping=middle_half,
    mistakes=[
        ("plain_mean", lambda scores: scores.mean(),
         "This is the plain mean. A single lucky or failed run moves it: drop a quarter of the scores at each end.",
         "Is a score of the sheet's example missing from your mean?"),
        ("median", lambda scores: at(scores, 0.5),
         "This is the median. It uses only one or two scores; take the mean of the middle *half*.",
         "How many scores are left in the sheet's example?"),
        ("lower_median", lambda scores: scores.flatten().median(),
         "This is the lower median. It uses only one score; take the mean of the middle *half*.",
         "How many scores are left in the sheet's example?"),
        ("each_task_for_itself", {"heap": "tasks"},
         "You computed it for each task. Pool the scores of all tasks first.",
         "How many heaps does the text speak of?"),
        ("each_seed_for_itself", {"heap": "seeds"},
         "You computed it for each seed, over tasks. Pool the scores of all tasks and seeds first.",
         "How many heaps does the text speak of?"),
        ("means_of_tasks_first", {"heap": "means of tasks"},
         "You averaged over seeds first. Then a failed run is already in the mean: sort the individual scores.",
         "How many numbers do you sort? How many scores are there?"),
        ("means_of_seeds_first", {"heap": "means of seeds"},
         "You averaged over tasks first. Then a failed run is already in the mean: sort the individual scores.",
         "How many numbers do you sort? How many scores are there?"),
        ("not_sorted", {"order": "as it is"},
         "You dropped the first and the last scores of the list. Sort it first.",
         "Which scores of the sheet's example do you drop?"),
        ("sorted_within_tasks", {"order": "within tasks"},
         "You sorted the scores of each task, but not the heap. Make one row of them first, then sort.",
         "Print the list from which you drop the ends. Is it in order?"),
        ("equal_scores_dropped", {"order": "unique"},
         "You kept only one of several equal scores. Each run counts.",
         "Does your function use a set or `unique`? What is it in the way of?"),
        ("only_the_best_dropped", {"ends": "highest"},
         "You dropped only the highest quarter. Drop the lowest, too.",
         "Which scores of the sheet's example do you drop?"),
        ("only_the_worst_dropped", {"ends": "lowest"},
         "You dropped only the lowest quarter, which flatters every method. Drop the highest, too.",
         "Which scores of the sheet's example do you drop?"),
        ("an_eighth_dropped", {"quarter": "eighth"},
         "You dropped a quarter in all. Drop a quarter at *each* end.",
         "How many scores of eight should be left?"),
        ("a_third_dropped", {"quarter": "third"},
         "You dropped a third at each end. Drop a quarter.",
         "How many scores of twelve should be left?"),
        ("extremes_dropped", {"quarter": "one"},
         "You dropped only the lowest and the highest score. Drop a quarter of them at each end.",
         "How many scores of eight should be left?"),
        ("rounded_up", {"quarter": "up"},
         "Right only if 4 divides the number of scores. Round the number to drop down: `n // 4`.",
         "How many of seven scores do you drop at each end?"),
        ("rounded_to_the_nearest", {"quarter": "nearest"},
         "You rounded the number to drop to the nearest. Round it down: `n // 4`.",
         "How many of seven scores do you drop at each end?"),
        ("quarter_of_the_seeds", {"of": "seeds"},
         "You dropped a quarter of the number of seeds. Drop a quarter of *all* scores.",
         "Which length do you divide by 4?"),
        ("quarter_of_the_tasks", {"of": "tasks"},
         "You dropped a quarter of the number of tasks. Drop a quarter of *all* scores.",
         "Which length do you divide by 4? What does `len` say of a table?"),
        ("one_too_few_at_the_top", {"high": -1},
         "You dropped one score too many at the upper end.",
         "Which is the last index that is kept of eight scores? Where does your slice end?"),
        ("one_too_few_at_the_bottom", {"low": 1},
         "You dropped one score too many at the lower end.",
         "Which is the first index that is kept of eight scores? Where does your slice begin?"),
        ("one_too_many_at_the_top", {"high": 1},
         "You dropped one score too few at the upper end.",
         "Which is the last index that is kept of eight scores? Where does your slice end?"),
        ("one_too_many_dropped", {"low": 1, "high": -1},
         "You dropped one score too many at each end.",
         "Which indices of eight scores are kept? Where does your slice begin and end?"),
        ("nothing_left", lambda scores: emptied(scores).mean(),
         "Right, but of three scores yours drops all: `values[0:-0]` is empty. End the middle at `len(values) - cut`.",
         "What is −0 as the end of a slice?"),
        ("nothing_left_to_divide_by", lambda scores: sum(emptied(scores).tolist()) / len(emptied(scores)),
         "Right, but of three scores yours drops all, since `values[0:-0]` is empty; then it divides by 0.",
         "What is −0 as the end of a slice?"),
        ("pulled_in", {"outer": "clamped"},
         "You replaced the outer scores by the nearest one kept. Drop them.",
         "Over how many scores do you take the mean? How many should be left of eight?"),
        ("sum_of_the_middle", {"result": "sum"},
         "You added the middle scores up. Take their mean.",
         "What is the sum divided by?"),
        ("divided_by_all", {"result": "over all"},
         "You divided by the number of all scores. Divide by the number of those that remain.",
         "How many scores of the sheet's example are in your sum, and what do you divide it by?"),
        ("divided_by_half", {"result": "over half"},
         "You divided by n / 2. If 4 does not divide n, more scores than half remain: divide by their number.",
         "How many of seven scores remain?"),
        ("range_instead_of_mean", lambda scores: at(scores, 0.75) - at(scores, 0.25),
         "This is the interquartile *range*, a measure of spread. The exercise asks for the mean between the "
         "quartiles.",
         "What does the text take of the middle half?"),
        ("mean_of_the_quartiles", lambda scores: (at(scores, 0.75) + at(scores, 0.25)) / 2,
         "You took the mean of the two quartiles. Take the mean of all scores between them.",
         "How many scores are left in the sheet's example?"),
        ("between_quartiles", between_quartiles,
         "You kept the scores between two interpolated quartiles. Drop a fixed number, `n // 4`, at each end.",
         "How many scores do you drop of seven, and how many if all are equal?"),
        ("from_quartile_to_quartile", from_quartile_to_quartile,
         "You kept the scores from one interpolated quartile to the other. Drop a fixed number, `n // 4`, at each end.",
         "How many scores do you drop of seven, and how many if all are equal?"),
    ],
    properties=[
        ("within_the_scores", lambda result, scores: float(scores.min()) - 1e-3 <= result <= float(scores.max()) + 1e-3,
         "a mean lies between the lowest and the highest score. Yours does not."),
    ],
)  # fmt: skip
def interquartile_mean(scores):
    """The mean of the middle half of all scores (tasks, seeds)."""
    values = scores.flatten().sort().values
    cut = len(values) // 4
    return values[cut : len(values) - cut].mean()
