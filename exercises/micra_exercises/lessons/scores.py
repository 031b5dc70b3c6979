"""The exercise `normalised_score` of sheet 08: what share of the possible gain a team reached, over all externals."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .adaptation import LESSON

RATIOS = {  # of gains (S, K) and possible gains (K,)
    "of_sums": lambda gained, room: gained.sum(1) / room.sum(),
    "mean": lambda gained, room: (gained / room).mean(1),
    "sum": lambda gained, room: (gained / room).sum(1),
    "median": lambda gained, room: (gained / room).quantile(0.5, 1),
    "worst": lambda gained, room: (gained / room).amin(1),
    "each": lambda gained, room: gained / room,
    "none": lambda gained, room: gained.sum(1),
    "largest_room": lambda gained, room: gained.mean(1) / room.max(),
    "seeds_summed": lambda gained, room: gained.sum(0) / room.sum(),
    "seeds_summed_each": lambda gained, room: gained.sum(0) / room,
    "seeds_averaged_each": lambda gained, room: gained.mean(0) / room,
    "seeds_averaged": lambda gained, room: gained.mean(0) / room.sum(),
}
SIGNED = {  # of gains (S, K) and possible gains (K,)
    "as_is": lambda gained, room: gained,
    "not_negative": lambda gained, room: gained.clamp(min=0),
    "clamped": lambda gained, room: gained.clamp(min=0).minimum(room),
    "absolute": lambda gained, room: gained.abs(),
}
EXTERNALS = {"all": slice(None), "but_last": slice(-1), "but_first": slice(1, None), "first": slice(1)}


def scoring(
    values, random, best, *, above="less_random", below="less_random", ratio="of_sums", sign="as_is", top="best",
    externals="all", told="each",
):  # fmt: skip
    """Each seed's score (S,); see `normalised_score`."""
    which = EXTERNALS[externals]
    values, random, best = values[:, which], random[which], best[which]
    best = {"best": best, "best_seed": values.amax(0), "largest": best.max().expand_as(best)}[top]
    gained = {
        "less_random": lambda: values - random,
        "values": lambda: values,
        "missing": lambda: best - values,
        "random_by_seed": lambda: torch.stack([v - r for v, r in zip(values, random, strict=True)]),
    }[above]()
    room = {"less_random": best - random, "best": best, "random": random}[below]
    found = RATIOS[ratio](SIGNED[sign](gained, room), room)
    return {
        "each": found,
        "mean": found.mean(),
        "clamped": found.clamp(0, 1),
        "not_negative": found.clamp(min=0),
        "not_above_1": found.clamp(max=1),
    }[told]


def sized(S, K):
    """values (S, K), and those of a random team and of best responses (K,), whose differences vary in size.

    Of three seeds or more, the first is worse than a random team, the last better than best responses.
    """

    def drawn(generator):
        random = torch.randn(K, generator=generator)
        best = random + 0.5 + 6 * torch.rand(K, generator=generator) ** 2
        share = 1.5 * torch.rand(S, K, generator=generator) - 0.2
        share[0], share[-1] = share[0] - 1.5 * (S > 2), share[-1] + 1.5 * (S > 2)
        return random + (best - random) * share, random, best

    return drawn


def at_both_ends(generator):
    """An edge: a seed that is worse than a random team, one as good, one like the best response, one better."""
    _, random, best = sized(1, 5)(generator)
    return random + torch.tensor([[-0.5], [0.0], [1.0], [1.25]]) * (best - random), random, best


def all_negative(generator):
    """An edge: all returns are below 0, those of best responses too."""
    values, random, best = sized(2, 3)(generator)
    return values - best.max() - 2, random - best.max() - 2, best - best.max() - 2


SIZES = ((2, 4), (3, 2), (3, 3), (4, 5), (5, 2), (4, 4), (2, 3), (6, 3))


@exercise(
    lesson=LESSON, title="The normalised score", difficulty=1, importance=5, minutes=6,
    example=(torch.tensor([[2.0, 5.0], [3.0, 3.0]]), torch.tensor([0.0, 3.0]), torch.tensor([4.0, 5.0])),
    expected=[2 / 3, 0.5], draw=lambda generator, k: sized(*SIZES[k % 8])(generator),
    edges={
        "a seed is worse than a random team, or better than the best responses": at_both_ends,
        "there is only one seed": sized(1, 3),
        "there is only one external": sized(3, 1),
        "all returns are negative": all_negative,
    },
    slipping=scoring,
    hints=(
        "What share of the possible gain over a random team was reached? Take all externals together.",
        r"$\sum_k (V_k - V_k^{\text{random}}) \,/\, \sum_k (V_k^{\text{best}} - V_k^{\text{random}})$, for each seed.",
        "def normalised_score(values, random, best):\n    gained = ...  # (S,)\n    possible = ...\n    return gained "
        "/ possible",
    ),
    mistakes=[
        ("mean_of_ratios", {"ratio": "mean"},
         "You took a ratio for each external, then the mean. If the possible gain is small, a small error is a huge "
         "ratio: "
         "sum first.",
         "How many divisions does the formula have for each seed?"),
        ("sum_of_ratios", {"ratio": "sum"},
         "You took a ratio for each external, and added them up. Sum above and below first, then divide once.",
         "How many divisions does the formula have for each seed?"),
        ("median_of_ratios", {"ratio": "median"},
         "You took the median of the externals' ratios. Sum above and below first, then divide once.",
         "How many divisions does the formula have for each seed?"),
        ("worst_external", {"ratio": "worst"},
         "This is the score beside the worst external. That is of interest, too, but here all externals count "
         "together.",
         "What does the formula do over k?"),
        ("external_by_external", {"ratio": "each"},
         "These are the scores beside each external. Sum over externals in numerator and denominator.",
         "Which shape should the result have, and which axis is left in yours?"),
        ("seeds_summed", {"ratio": "seeds_summed"},
         "You summed over seeds, axis 0, in the numerator. Sum over externals, axis 1: each seed has its own score.",
         "Write the name of each axis beside `values`: which one should be left?"),
        ("seeds_summed_beside_each", {"ratio": "seeds_summed_each"},
         "You summed over seeds, and divided beside each external. Sum over externals: each seed has its own score.",
         "Write the name of each axis beside `values`: which one should be left?"),
        ("externals_kept", {"ratio": "seeds_averaged_each"},
         "You averaged over seeds, axis 0, beside each external. Sum over externals, axis 1.",
         "Write the name of each axis beside `values`: which one should be left?"),
        ("seeds_averaged_above", {"ratio": "seeds_averaged"},
         "You averaged over seeds, axis 0, in the numerator. Sum over externals, axis 1: each seed has its own score.",
         "Write the name of each axis beside `values`: which one should be left?"),
        ("seeds_averaged", {"told": "mean"},
         "You averaged over seeds. Each seed has its own score: their spread is needed later.",
         "How many numbers does the sheet's example have?"),
        ("not_normalised", {"ratio": "none"},
         "This is the gain over a random team. Divide by the possible gain.",
         "What would the best responses get in your answer, and what should they get?"),
        ("best_external_below", {"ratio": "largest_room"},
         "Your denominator is the largest possible gain beside any external. Sum the possible gains.",
         "How much is to be had in the sheet's example, all externals together?"),
        ("random_not_taken_off", {"above": "values", "below": "best"},
         "With your formula, a random team does not score 0. Subtract its values in numerator and denominator.",
         "Put the random team's returns in place of a seed's: what comes out?"),
        ("random_only_above", {"below": "best"},
         "You subtracted the random team only in the numerator. Then the best response does not score 1.",
         "Put the best returns in place of a seed's: what comes out?"),
        ("random_only_below", {"above": "values"},
         "You subtracted the random team only in the denominator. Then a random team does not score 0.",
         "Put the random team's returns in place of a seed's: what comes out?"),
        ("random_by_seed", {"above": "random_by_seed"},
         "You subtract one number of `random` from each *seed*; that works only where there are as many seeds as "
         "externals. "
         "`random` has one number for each external.",
         "Which axis of `values` does `random` belong to?"),
        ("divided_by_random", {"below": "random"},
         "You divide by the random team's returns. Divide by what is to be had: best minus random.",
         "Put the best returns in place of a seed's: what should come out?"),
        ("what_is_missing", {"above": "missing"},
         "This is what is still *missing*: it is 0 for the best response. It should be the other way round.",
         "Which should score 1, the random team or the best responses?"),
        ("best_seed_for_best", {"top": "best_seed"},
         "You put the best seed's returns in place of `best`. Best responses may get more than any seed got.",
         "Where do you use the argument `best`?"),
        ("one_best_for_all", {"top": "largest"},
         "You took the largest of `best` for all externals. Each external has its own best response.",
         "How much is to be had beside each external of the sheet's example?"),
        ("losses_hidden", {"sign": "not_negative"},
         "Where a seed is worse than a random team beside an external, you count 0. That loss counts, too.",
         "Is there a clamp or a maximum with 0 in the formula?"),
        ("clamped_beside_each", {"sign": "clamped"},
         "You clamp what a seed gained beside each external. The formula has no limits: losses, and luck, count too.",
         "Is there a clamp, a maximum or a minimum in the formula?"),
        ("losses_as_gains", {"sign": "absolute"},
         "You count a loss as a gain: the differences above keep their sign.",
         "What does a seed score that is worse than a random team beside all externals?"),
        ("clamped", {"told": "clamped"},
         "You clamped the scores to [0, 1]. A team can be worse than a random one, or luckier than the best: say so.",
         "What should a seed score that got less than the random team beside every external?"),
        ("not_negative", {"told": "not_negative"},
         "You put 0 in place of negative scores. A team can be worse than a random one: say so.",
         "What should a seed score that got less than the random team beside every external?"),
        ("not_above_1", {"told": "not_above_1"},
         "You put 1 in place of larger scores. Returns are noisy, and the formula has no upper limit.",
         "What should a seed score that got more than the best responses beside every external?"),
        ("last_external_left_out", {"externals": "but_last"},
         "The last external is left out. Sum over all K of them.",
         "Write down the numbers k that your sum runs over in the sheet's example."),
        ("first_external_left_out", {"externals": "but_first"},
         "The first external is left out. Sum over all K of them; Python counts from 0.",
         "Write down the numbers k that your sum runs over in the sheet's example."),
        ("first_external_only", {"externals": "first"},
         "You score beside the first external only. Sum over all K of them.",
         "Is the sum finished before you return, or does the loop end too early?"),
    ],
)  # fmt: skip
def normalised_score(values, random, best):
    """Each seed's score (S,), 0 for a random team, 1 for best responses: values (S, K), random and best (K,)."""
    gained = (values - random).sum(1)
    return gained / (best - random).sum()
