"""Exercise of sheet 07, open: scores whose mean favours one method, and everything else the other."""

from __future__ import annotations

import numpy as np
import torch

from ..exercise import exercise
from .offline_training import LESSON

ROUNDING = 1e-6


def core(scores):
    """The interquartile mean of eight scores."""
    return np.sort(scores)[2:6].mean()


def lead(ours, theirs):
    """By how much our mean is larger."""
    return ours.mean() - theirs.mean()


def lag(ours, theirs):
    """By how much our interquartile mean is smaller."""
    return core(theirs) - core(ours)


def improvement(ours, theirs):
    """The probability of improvement on one task."""
    return ((ours[:, None] > theirs) + 0.5 * (ours[:, None] == theirs)).mean()


def at_least(found, wanted):
    """Whether it is as large, but for rounding."""
    return found >= wanted - ROUNDING


def eight_each(ours, theirs):
    """Whether there are eight scores of each method."""
    return ours.shape == theirs.shape == (8,)


def in_order(ours, theirs):
    """Whether the two methods are not exchanged: with theirs first, ours does not have what is asked."""
    return not (at_least(lead(theirs, ours), 0.05) and at_least(lag(theirs, ours), 0.05))


def of_scores(holds):
    """A property that makes sense only of eight scores each, in the right order."""

    def judged(ours, theirs):
        if not (eight_each(ours, theirs) and in_order(ours, theirs)):
            raise ValueError
        return holds(ours, theirs)

    return judged


@exercise(
    "open", lesson=LESSON, title="A mean that is luck", difficulty=2, importance=4, minutes=8,
    hints=(
        "What raises a mean but is dropped by the interquartile mean?",
        r"Let six of our runs be a little worse than theirs, and two much better: these two are not in the middle "
        r"half.",
        "ours = [0.4, 0.4, 0.4, ..., ..., ..., ..., ...]\ntheirs = [0.5] * 8\nlucky = (ours, theirs)",
    ),
    properties=[
        ("shapes", eight_each,
         "Pass two things, (ours, theirs): eight scores each."),
        ("in_range", lambda ours, theirs: min(ours.min(), theirs.min()) >= 0 and max(ours.max(), theirs.max()) <= 1,
         "A score is below 0 or above 1. Keep all scores between a random team (0) and the best response (1)."),
        ("in_order", lambda ours, theirs: not eight_each(ours, theirs) or in_order(ours, theirs),
         "You exchanged the two methods: the first has the smaller mean. Enter (ours, theirs)."),
        ("mean_is_larger", of_scores(lambda ours, theirs: lead(ours, theirs) > ROUNDING),
         "The mean of ours is not larger than that of theirs. Make a few of our runs much better."),
        ("mean_is_clearly_larger", of_scores(lambda ours, theirs: not ROUNDING < lead(ours, theirs) < 0.05 - ROUNDING),
         "The mean of ours is larger, but by less than 0.05. Let our lucky runs be luckier."),
        ("middle_is_smaller", of_scores(lambda ours, theirs: lag(ours, theirs) > ROUNDING),
         "The interquartile mean of ours is not smaller. It drops the two best of eight: only those may be lucky."),
        ("middle_is_clearly_smaller",
         of_scores(lambda ours, theirs: not ROUNDING < lag(ours, theirs) < 0.05 - ROUNDING),
         "The interquartile mean of ours is smaller, but by less than 0.05. Let our middle runs be worse."),
        ("theirs_scatter", of_scores(lambda ours, theirs: at_least(np.ptp(theirs), 0.1)),
         "The largest and the smallest of their scores are less than 0.1 apart. Let them scatter more, as real runs "
         "do."),
        ("seldom_ahead", of_scores(lambda ours, theirs: improvement(ours, theirs) <= 0.3 + ROUNDING),
         "Ours is ahead in more than 0.3 of all pairs. Let our six other runs be below nearly all of theirs."),
    ],
)  # fmt: skip
def lucky():
    """Eight scores of ours and of theirs: the mean favours ours, the interquartile mean and most pairs theirs."""
    ours = torch.tensor([0.40, 0.41, 0.42, 0.43, 0.44, 0.45, 1.00, 1.00])
    return ours, torch.tensor([0.46, 0.48, 0.49, 0.50, 0.50, 0.51, 0.52, 0.56])
