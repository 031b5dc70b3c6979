"""The open exercise `no_gain_frozen` of sheet 08: a game in which a frozen critic gains nothing."""

from __future__ import annotations

import numpy as np
import torch

from ..exercise import exercise
from .adaptation import LESSON

SAME = 1e-5  # payoffs closer than this are the same


def are_policies(*both):
    if {p.shape for p in both} != {(2,)}:
        raise ValueError
    return all((p >= 0).all() and abs(p.sum() - 1) < 1e-3 for p in both)


def value_gap(behind, average):
    """How much better one door is than the other, beside a known external."""
    return float(np.ptp((behind @ average).max(1)))


def is_new(average, newcomer):
    return np.abs(average - newcomer).max() > SAME


def without_adapting(behind, average, newcomer):
    """What the team may get beside the newcomer: several values if actions are equally good against the average.

    Raises ValueError if the door is not clear.
    """
    if not are_policies(average, newcomer) or value_gap(behind, average) <= SAME:
        raise ValueError
    known = behind[(behind @ average).max(1).argmax()]
    return (known @ newcomer)[known @ average > (known @ average).max() - SAME]


def gains(behind, average, newcomer):
    """What frozen and re-imagined gain over not adapting. Raises ValueError if that is not clear, or nobody is new."""
    usual = without_adapting(behind, average, newcomer)
    if np.ptp(usual) > SAME or not is_new(average, newcomer):
        raise ValueError
    door = (behind @ average).max(1).argmax()
    return (behind[door] @ newcomer).max() - usual[0], (behind @ newcomer).max() - usual[0]


def frozen_gains(*case):
    return gains(*case)[0] > SAME


def imagined_gains(*case):
    return gains(*case)[1] >= 1 - SAME


def exchanged(behind, average, newcomer):
    """Whether everything would hold with the externals exchanged."""
    try:
        return not frozen_gains(behind, newcomer, average) and imagined_gains(behind, newcomer, average)
    except ValueError:
        return False


@exercise(
    "open", lesson=LESSON, title="Where a frozen critic gains nothing", difficulty=3, importance=4, minutes=12,
    hints=(
        "The frozen critic is behind the wrong door, where nothing can be improved. What is behind the other one?",
        "Behind the first door, let one action always be the best. Behind the second, let everything depend on the "
        "move.",
        "behind = torch.tensor([[[5.0, 5.0], [..., ...]], [[..., ...], [..., ...]]])\naverage = torch.tensor([0.5, "
        "0.5])\n"
        "newcomer = ...\nno_gain_frozen = (behind, average, newcomer)",
    ),
    properties=[
        ("shapes", lambda *parts: [np.shape(part) for part in parts] == [(2, 2, 2), (2,), (2,)],
         "Enter three things in this order, (behind, average, newcomer), of the shapes (2, 2, 2), (2,) and (2,)."),
        ("are_policies", lambda behind, *both: are_policies(*both),
         "The entries of a policy are not negative and sum to 1. One of your policies violates this."),
        ("externals_mix", lambda behind, *both: not 0 <= np.min(both) < 1e-6,
         "One of the externals never makes one of its moves. Let both mix."),
        ("payoffs_in_range", lambda behind, *_: behind.min() >= 0 and behind.max() <= 10,
         "A payoff is below 0 or above 10. Keep all payoffs in this range."),
        ("newcomer_is_new", lambda behind, average, newcomer: is_new(average, newcomer),
         "Your newcomer plays as the average external does, so nothing can be gained. Let it have habits of its own."),
        ("doors_differ", lambda behind, average, _: value_gap(behind, average) > SAME,
         "Against the average external, both doors have the same value. Let one be better, so that the choice is "
         "clear."),
        ("choice_is_clear", lambda *case: np.ptp(without_adapting(*case)) <= SAME,
         "Against the average external, two actions behind its door are equally good, but beside the newcomer they are "
         "not. Let one be better against the average, so that the choice is clear."),
        ("frozen_gains_as_entered", lambda *case: not frozen_gains(*case) or not exchanged(*case),
         "As entered, the frozen answer gains something. With the two externals exchanged, everything would hold: "
         "(behind, average, newcomer)."),
        ("re_imagined_as_entered", lambda *case: imagined_gains(*case) or frozen_gains(*case) or not exchanged(*case),
         "As entered, re-imagining gains less than 1. With the two externals exchanged, everything would hold: "
         "(behind, average, newcomer)."),
        ("frozen_gains_nothing", lambda *case: not frozen_gains(*case) or exchanged(*case),
         "The frozen answer gains something: behind its door, another action is better against the newcomer. Let the "
         "same one stay the best."),
        ("re_imagined_gains", lambda *case: imagined_gains(*case) or exchanged(*case),
         "Re-imagining gains less than 1. Let the other door be worth much more beside the newcomer than beside the "
         "average external."),
    ],
)  # fmt: skip
def no_gain_frozen():
    """Behind two doors (2, 2, 2), two externals: frozen gains nothing, its door is wrong and its action there right."""
    behind = torch.tensor([[[5.0, 5.0], [1.0, 1.0]], [[8.0, 0.0], [0.0, 8.0]]])
    return behind, torch.tensor([0.5, 0.5]), torch.tensor([0.1, 0.9])
