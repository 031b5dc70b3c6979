"""Answers to the exercises of sheet 07 about comparing methods."""

from itertools import product
from statistics import fmean, median, quantiles

import numpy as np
import torch
from scipy.stats import mannwhitneyu, trim_mean

# --- interquartile_mean ---


def middle_by_scipy(scores):
    return trim_mean(np.asarray(scores).ravel(), 0.25)


def middle_by_lists(scores):
    values = sorted(x for row in scores.tolist() for x in row)
    for _ in range(len(values) // 4):
        values = [x for k, x in enumerate(values) if 0 < k < len(values) - 1]
    return sum(values) / len(values)


def middle_by_ranks(scores):
    heap = scores.reshape(-1).float()
    ranks = heap.argsort().argsort()
    n, cut = len(heap), int(len(heap) / 4)
    return heap[(ranks >= cut) & (ranks < n - cut)].mean()


def without(scores, low, high):
    values = np.sort(np.ravel(scores))
    return values[low : len(values) - high].mean()


def quartiles(scores):
    return quantiles(np.ravel(scores).tolist(), n=4, method="inclusive")


def tasks_first(scores):
    means = np.sort(np.asarray(scores).mean(axis=1))
    cut = scores.numel() // 4 // scores.shape[1]
    return means[cut : len(means) - cut].mean()


def halves(scores, drop=lambda n: n // 4, rest=np.mean):
    """What is left of a sorted list; `drop` says how many go at each end, `rest` what becomes of the others."""
    values = sorted(np.ravel(scores).tolist())
    n = len(values)
    return rest([x for k, x in enumerate(values) if drop(n) <= k < n - drop(n)])


def by_numpy(scores, drop):
    """Numbers, of any axis, by slices as they are."""
    return scores[drop : len(scores) - drop].mean(axis=0)


def winsorised(scores):
    n, values = scores.numel(), sorted(np.ravel(scores).tolist())
    low, high = values[n // 4], values[n - n // 4 - 1]
    return np.mean([min(max(x, low), high) for x in values])


def between(scores, inclusive):
    values = np.ravel(scores)
    low, high = np.percentile(values, [25, 75])
    kept = values[(values >= low) & (values <= high)] if inclusive else values[(values > low) & (values < high)]
    return kept.mean()


def emptied(scores):
    values = sorted(np.ravel(scores).tolist())
    kept = values[len(values) // 4 : -(len(values) // 4)]
    return sum(kept) / len(kept)


# --- probability_of_improvement ---


def ahead_by_loops(ours, theirs):
    found = []
    for mine, other in zip(ours.tolist(), theirs.tolist(), strict=True):
        wins = sum(1.0 if x > y else 0.5 if x == y else 0.0 for x, y in product(mine, other))
        found.append(wins / (len(mine) * len(other)))
    return fmean(found)


def ahead_by_scipy(ours, theirs):
    u = [mannwhitneyu(x, y).statistic / (len(x) * len(y)) for x, y in zip(ours.numpy(), theirs.numpy(), strict=True)]
    return np.float32(np.mean(u))


def ahead_by_signs(ours, theirs):
    return (1 + torch.sign(ours.unsqueeze(2) - theirs.unsqueeze(1)).mean()) / 2


def ahead_by_heaviside(ours, theirs):
    x, y = np.asarray(ours), np.asarray(theirs)
    return np.mean([np.heaviside(np.subtract.outer(a, b), 0.5).mean() for a, b in zip(x, y, strict=True)])


def counted(ours, theirs, compare):
    return np.mean(
        [[compare(x, y) for x, y in product(a, b)] for a, b in zip(ours.tolist(), theirs.tolist(), strict=True)]
    )


def same_seeds(ours, theirs):
    pairs = [pair for a, b in zip(ours.tolist(), theirs.tolist(), strict=True) for pair in zip(a, b, strict=False)]
    return np.mean([np.heaviside(x - y, 0.5) for x, y in pairs])


def no_ties(ours, theirs):
    return counted(ours, theirs, lambda x, y: x > y) / counted(ours, theirs, lambda x, y: x != y)


def by_task(ours, theirs, points, reduce=np.mean):
    """points(our runs, their runs) on each task, then one number of all tasks."""
    return reduce([points(x, y) for x, y in zip(ours.tolist(), theirs.tolist(), strict=True)])


def count(mine, other):
    """How many pairs are won, tied and lost."""
    apart = np.subtract.outer(mine, other)
    return (apart > 0).sum(), (apart == 0).sum(), (apart < 0).sum()


def won(mine, other):
    wins, ties, _ = count(mine, other)
    return wins + ties / 2


def share(mine, other):
    return won(mine, other) / (len(mine) * len(other))


def decided(mine, other):
    wins, _, losses = count(mine, other)
    return wins / (wins + losses) if wins + losses else 0.5


def ranked(mine, other):
    pairs = list(zip(sorted(mine), sorted(other), strict=False))
    return fmean(np.heaviside(x - y, 0.5) for x, y in pairs)


def whole_points(mine, other):
    wins, ties, _ = count(mine, other)
    return (wins + int(ties) // 2) / (len(mine) * len(other))


def majority(mine, other):
    return np.heaviside(share(mine, other) - 0.5, 0.5)


def of_two(ours, theirs):
    """With one number for each method and task."""
    return np.mean([np.heaviside(x - y, 0.5) for x, y in zip(ours.tolist(), theirs.tolist(), strict=True)])


OURS = [0.40, 0.41, 0.42, 0.43, 0.44, 0.45, 1.00, 1.00]
THEIRS = [0.46, 0.48, 0.49, 0.50, 0.50, 0.51, 0.52, 0.56]

RIGHT = {
    "interquartile_mean": [middle_by_scipy, middle_by_lists, middle_by_ranks],
    "probability_of_improvement": [ahead_by_loops, ahead_by_scipy, ahead_by_signs, ahead_by_heaviside],
    "lucky": [
        (OURS, THEIRS),
        (torch.tensor([0.1] * 6 + [0.9] * 2), torch.tensor([0.15, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.25])),
        ([0, 0, 0, 0, 0, 0, 1, 1], [0.1, 0.1, 0, 0.1, 0.1, 0.1, 0.1, 0.1]),  # at both ends of the range
        ([0.3] * 6 + [0.85] * 2, [0.3375, *[0.3875] * 6, 0.4375]),  # 0.05 and 0.1 exactly
        ([0.4] * 6 + [1.0] * 2, [0.4, *[0.45] * 6, 0.5]),  # the interquartile mean is smaller by 0.05 exactly
        (np.array([1, 0.3, 1, 0.3, 0.3, 0.3, 0.3, 0.3], dtype=np.float32), np.linspace(0.35, 0.45, 8)),
    ],
}

WRONG = {
    "interquartile_mean": [
        ("plain_mean", lambda scores: fmean(np.ravel(scores))),
        ("median", lambda scores: median(np.ravel(scores).tolist())),
        ("each_task_for_itself", lambda scores: fmean(trim_mean(np.asarray(scores), 0.25, axis=1))),
        ("means_of_tasks_first", tasks_first),
        ("not_sorted", lambda scores: (x := np.ravel(scores))[len(x) // 4 : len(x) - len(x) // 4].mean()),
        ("only_the_best_dropped", lambda scores: without(scores, 0, scores.numel() // 4)),
        ("only_the_worst_dropped", lambda scores: without(scores, scores.numel() // 4, 0)),
        ("an_eighth_dropped", lambda scores: trim_mean(np.ravel(scores), 0.125)),
        ("extremes_dropped", lambda scores: without(scores, 1, 1)),
        ("rounded_up", lambda scores: without(scores, *[int(np.ceil(scores.numel() / 4))] * 2)),
        ("nothing_left", lambda scores: torch.mean(torch.msort(scores.ravel())[len(scores.ravel()) // 4 : -(len(scores.ravel()) // 4)])),
        ("range_instead_of_mean", lambda scores: quartiles(scores)[2] - quartiles(scores)[0]),
        ("mean_of_the_quartiles", lambda scores: (quartiles(scores)[2] + quartiles(scores)[0]) / 2),
        ("lower_median", lambda scores: sorted(np.ravel(scores).tolist())[(scores.numel() - 1) // 2]),
        ("each_seed_for_itself", lambda scores: fmean(trim_mean(np.asarray(scores), 0.25, axis=0))),
        ("means_of_seeds_first", lambda scores: halves(scores.mean(0))),
        ("means_of_tasks_first", lambda scores: halves(scores.mean(1))),
        ("sorted_within_tasks", lambda scores: (x := np.sort(scores, axis=1).ravel())[len(x) // 4 : len(x) - len(x) // 4].mean()),
        ("equal_scores_dropped", lambda scores: halves(sorted(set(np.ravel(scores).tolist())))),
        ("a_third_dropped", lambda scores: halves(scores, lambda n: n // 3)),
        ("rounded_to_the_nearest", lambda scores: halves(scores, lambda n: round(n / 4))),
        ("quarter_of_the_seeds", lambda scores: without(scores, scores.shape[1] // 4, scores.shape[1] // 4)),
        ("quarter_of_the_tasks", lambda scores: without(scores, len(scores) // 4, len(scores) // 4)),
        ("one_too_few_at_the_top", lambda scores: without(scores, scores.numel() // 4, scores.numel() // 4 + 1)),
        ("one_too_few_at_the_bottom", lambda scores: without(scores, scores.numel() // 4 + 1, scores.numel() // 4)),
        ("one_too_many_at_the_top", lambda scores: without(scores, scores.numel() // 4, scores.numel() // 4 - 1)),
        ("one_too_many_dropped", lambda scores: without(scores, scores.numel() // 4 + 1, scores.numel() // 4 + 1)),
        ("nothing_left_to_divide_by", emptied),
        ("pulled_in", winsorised),
        ("sum_of_the_middle", lambda scores: halves(scores, rest=sum)),
        ("divided_by_all", lambda scores: halves(scores, rest=sum) / scores.numel()),
        ("divided_by_half", lambda scores: halves(scores, rest=sum) / (scores.numel() / 2)),
        ("between_quartiles", lambda scores: between(scores, False)),
        ("from_quartile_to_quartile", lambda scores: between(scores, True)),
        ("not_sorted", lambda scores: np.ravel(scores)[scores.numel() // 4 :].mean()),
        ("within_the_scores", lambda scores: middle_by_scipy(scores) * scores.numel()),
        ("wrong_sign", lambda scores: -middle_by_lists(scores)),
        ("shape", lambda scores: trim_mean(np.asarray(scores), 0.25, axis=1)),
        ("error", lambda scores: sorted(scores)[2:-2]),
        ("another_result", lambda scores: without(scores, scores.numel() // 2, scores.numel() // 4)),
    ],
    "probability_of_improvement": [
        ("ties_won", lambda ours, theirs: counted(ours, theirs, lambda x, y: x >= y)),
        ("ties_lost", lambda ours, theirs: (ours[:, None] > theirs[..., None]).double().mean()),
        ("ties_left_out", no_ties),
        ("the_others_are_ahead", lambda ours, theirs: ahead_by_loops(theirs, ours)),
        ("seed_against_seed", same_seeds),
        ("tasks_pooled", lambda ours, theirs: ahead_by_loops(ours.reshape(1, -1), theirs.reshape(1, -1))),
        ("ties_lost", lambda ours, theirs: (ours.ravel()[:, None] > theirs.ravel()).double().mean()),
        ("means_compared", lambda ours, theirs: of_two(ours.mean(1), theirs.mean(1))),
        ("how_much_better", lambda ours, theirs: float(ours.mean()) - float(theirs.mean())),
        ("best_runs", lambda ours, theirs: of_two(ours.amax(1), theirs.amax(1))),
        ("pairs_counted", lambda ours, theirs: ahead_by_loops(ours, theirs) * ours.numel() * theirs.shape[1]),
        ("tasks_added", lambda ours, theirs: len(ours) * ahead_by_signs(ours, theirs)),
        ("ties_left_out_on_each_task", lambda ours, theirs: by_task(ours, theirs, decided)),
        ("half_a_tie_lost", lambda ours, theirs: by_task(ours, theirs, whole_points)),
        ("wins_minus_losses", lambda ours, theirs: torch.sign(ours[:, :, None] - theirs[:, None]).mean()),
        ("rank_against_rank", lambda ours, theirs: by_task(ours, theirs, ranked)),
        ("medians_compared", lambda ours, theirs: by_task(ours, theirs, lambda x, y: np.heaviside(median(x) - median(y), 0.5))),
        ("compared_with_their_mean", lambda ours, theirs: ahead_by_loops(ours, theirs.mean(1)[:, None])),
        ("our_mean_compared", lambda ours, theirs: ahead_by_loops(ours.mean(1)[:, None], theirs)),
        ("compared_with_their_best", lambda ours, theirs: by_task(ours, theirs, lambda x, y: share(x, [max(y)]))),
        ("our_best_compared", lambda ours, theirs: by_task(ours, theirs, lambda x, y: share([max(x)], y))),
        ("soft_comparison", lambda ours, theirs: by_task(ours, theirs, lambda x, y: (1 / (1 + np.exp(-np.subtract.outer(x, y)))).mean())),
        ("pairs_counted", lambda ours, theirs: by_task(ours, theirs, won)),
        ("divided_by_own_runs_squared", lambda ours, theirs: by_task(ours, theirs, won) / ours.shape[1] ** 2),
        ("divided_by_their_runs_squared", lambda ours, theirs: by_task(ours, theirs, won) / theirs.shape[1] ** 2),
        ("divided_by_own_runs", lambda ours, theirs: by_task(ours, theirs, won) / ours.shape[1]),
        ("divided_by_their_runs", lambda ours, theirs: by_task(ours, theirs, won) / theirs.shape[1]),
        ("divided_by_all_runs", lambda ours, theirs: by_task(ours, theirs, won) / (ours.shape[1] + theirs.shape[1])),
        ("first_task_only", lambda ours, theirs: ahead_by_loops(ours[:1], theirs[:1])),
        ("last_task_only", lambda ours, theirs: ahead_by_loops(ours[-1:], theirs[-1:])),
        ("median_of_tasks", lambda ours, theirs: by_task(ours, theirs, share, np.median)),
        ("lower_median_of_tasks", lambda ours, theirs: by_task(ours, theirs, share, lambda x: sorted(x)[(len(x) - 1) // 2])),
        ("best_task", lambda ours, theirs: by_task(ours, theirs, share, max)),
        ("tasks_won", lambda ours, theirs: by_task(ours, theirs, majority)),
        ("ties_lost", lambda ours, theirs: (theirs[:, None] > ours[..., None]).double().mean()),
        ("is_a_probability", lambda ours, theirs: torch.sign(ours[:, :, None] - theirs[:, None]).mean() - 1),
        ("wrong_sign", lambda ours, theirs: -ahead_by_signs(ours, theirs)),
        ("each_task_for_itself", lambda ours, theirs: [ahead_by_loops(x[None], y[None]) for x, y in zip(ours, theirs, strict=True)]),
        ("error", lambda ours, theirs: (ours > theirs).double().mean()),
        ("another_result", lambda ours, theirs: counted(ours, theirs, lambda x, y: x > y + 0.15)),
    ],
    "lucky": [
        ("shapes", (OURS[:7], THEIRS[:7])),
        ("shapes", [OURS, OURS, THEIRS]),
        ("in_range", ([*OURS[:7], 1.5], THEIRS)),
        ("mean_is_clearly_larger", ([*OURS[:7], 0.5], THEIRS)),
        ("mean_is_larger", ([*OURS[:6], 0.5, 0.5], THEIRS)),
        ("mean_is_clearly_larger", ([*OURS[:6], 0.8, 0.9], THEIRS)),
        ("in_order", (THEIRS, OURS)),
        ("middle_is_clearly_smaller", ([0.45, 0.45, 0.46, 0.46, 0.47, 0.47, 1, 1], THEIRS)),
        ("theirs_scatter", (OURS, [0.46, 0.48, 0.49, 0.50, 0.50, 0.51, 0.52, 0.55])),
        ("not_finite", ([*OURS[:7], float("nan")], THEIRS)),
        ("middle_is_smaller", ([0.4, 0.4, 0.4, 0.4, 1.0, 1.0, 1.0, 1.0], THEIRS)),
        ("theirs_scatter", (OURS, [0.5] * 8)),
        ("seldom_ahead", ([0.4] * 6 + [1.0] * 2, [0.34, 0.34, 0.46, 0.47, 0.48, 0.5, 0.5, 0.5])),
        ("no_numbers", "two lucky runs"),
        ("no_value", lambda: (OURS, THEIRS)),
    ],
}  # fmt: skip
