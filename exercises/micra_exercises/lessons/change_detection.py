"""Exercises of lesson 08, an external that changes: surprise adds up to suspicion (Page, 1954), by hand and in code."""

from __future__ import annotations

import math

import torch

from ..exercise import exercise
from .adaptation import LESSON


def evidence(known, unknown, moves):
    """z of each move: predictions of both imitators (A,), moves (n,)."""
    return (unknown / known).log()[moves]


def climbed(z, threshold=math.inf, forget=True):
    """Page's sum after each piece of evidence (n,); from 0 again after an alarm, if it is to forget."""
    total, found = z.new_zeros(()), []
    for one in z:
        total = (total + one).clamp(min=0)
        found.append(total)
        if forget and total > threshold:
            total = 0 * total
    return torch.stack(found)


def five_moves(generator):
    """Other probabilities, and five moves of which two or three contradict the habit, the last one among them."""
    habit = float(torch.randint(12, 19, (), generator=generator)) / 20
    doubt = float(torch.randint(8, 11, (), generator=generator)) / 20
    first = torch.tensor([0, 0, 1, 1])[torch.randperm(4, generator=generator)]
    moves = torch.cat([first, torch.ones(1).long()])
    return torch.tensor([habit, 1 - habit]), torch.tensor([doubt, 1 - doubt]), moves


@exercise(
    "number", lesson=LESSON, title="Suspicion by hand", difficulty=1, importance=5, minutes=8,
    example=(torch.tensor([0.8, 0.2]), torch.tensor([0.5, 0.5]), torch.tensor([0, 1, 1, 0, 1])),
    expected=[0.0, math.log(2.5), 2 * math.log(2.5), 2 * math.log(2.5) - math.log(1.6), 3 * math.log(2.5) - math.log(1.6)],
    vary=five_moves,
    rewordings=[
        ("| 0.8 | 0.2 |", lambda known, unknown, moves: f"| {known[0]:g} | {known[1]:g} |"),
        ("| 0.5 | 0.5 |", lambda known, unknown, moves: f"| {unknown[0]:g} | {unknown[1]:g} |"),
        ("H T T H T", lambda known, unknown, moves: " ".join("HT"[int(a)] for a in moves)),
    ],
    hints=(
        "Which of the two expected this move more? If it is the one that has watched, suspicion falls, but not below zero.",
        r"$z = \log \delta(a; \theta) - \log \delta(a; \theta')$, and $S \leftarrow \max(0, S + z)$, from $S = 0$ on.",
        lambda known, unknown, moves: (
            f"heads = math.log({unknown[0]:g}) - math.log({known[0]:g})\ntails = math.log({unknown[1]:g}) - ...\n"
            f"S_1 = max(0, 0 + {('heads', 'tails')[int(moves[0])]})\nS_2 = max(0, S_1 + ...)\nsuspicions = [S_1, S_2, ...]"
        ),
    ),
    mistakes=[
        ("not_stopped_at_zero", lambda known, unknown, moves: evidence(known, unknown, moves).cumsum(0),
         "Your sum falls below zero. Then a long quiet time would have to be made up for: cut it at 0 after each move."),
        ("sign_swapped", lambda known, unknown, moves: climbed(-evidence(known, unknown, moves)),
         "Your suspicion rises when the habit is confirmed. It is θ less θ′: positive where the adapted imitator is surprised."),
        ("evidence_stopped_at_zero", lambda known, unknown, moves: evidence(known, unknown, moves).clamp(min=0).cumsum(0),
         "With you suspicion never falls. It is the *sum* that is cut at 0, not each z: moves that fit take something off."),
        ("no_sum", lambda known, unknown, moves: evidence(known, unknown, moves).clamp(min=0),
         "Each of your numbers knows its own move only. Suspicion adds up."),
        ("evidence_alone", lambda known, unknown, moves: evidence(known, unknown, moves),
         "These are the z of each move. Add them up, and cut the sum at 0."),
        ("surprise_alone", lambda known, unknown, moves: climbed(-known.log()[moves]),
         "You added up how surprised the adapted imitator is. Every move surprises a little: compare with the one that has watched nobody."),
        ("ratios_added", lambda known, unknown, moves: climbed((unknown / known)[moves]),
         "You added ratios of probabilities. Add their logarithms."),
        ("differences_added", lambda known, unknown, moves: climbed((unknown - known)[moves]),
         "You added differences of probabilities. Add differences of their logarithms."),
        ("bits", lambda known, unknown, moves: climbed(evidence(known, unknown, moves)) / math.log(2),
         "These are bits. Use natural logarithms: nats."),
        ("heads_and_tails_swapped", lambda known, unknown, moves: climbed(evidence(known, unknown, 1 - moves)),
         "You took heads for tails. Go through the moves again."),
    ],
)  # fmt: skip
def suspicion_by_hand(known, unknown, moves):
    """S after each move (n,), nats: predictions of θ′ and of θ (A,), moves (n,)."""
    total, found = 0.0, []
    for z in (unknown.log() - known.log())[moves]:
        total = max(0.0, total + z)
        found.append(total)
    return torch.stack([torch.as_tensor(x, dtype=known.dtype) for x in found])


def until_alarm(z, threshold):
    """How many moves there are up to the first alarm."""
    over = (climbed(z) > threshold).nonzero()
    return int(over[0]) + 1 if len(over) else len(z)


def one_calm_move_forgives(known, unknown, threshold):
    """S falls to 0 at every move that fits."""
    total, found = 0.0, []
    for z in (unknown - known).tolist():
        total = 0.0 if z < 0 else total + z
        found.append(total)
        total = 0.0 if total > threshold else total
    return torch.tensor(found)


def hidden(sums, threshold):
    """With 0 in place of what is above the threshold."""
    return torch.where(sums > threshold, 0 * sums, sums)


def silent_after(sums, threshold):
    """With the first alarm's value standing ever after."""
    over = (sums > threshold).nonzero()
    return torch.where(torch.arange(len(sums)) > over[0], sums[over[0]], sums) if len(over) else sums


def told_moves(generator, k):
    """log-likelihoods of T moves under θ′ and under θ, and a threshold that is passed more than once in most cases."""
    T = 8 + k % 5
    known = -0.1 - 3 * torch.rand(T, generator=generator) ** 2
    unknown = -0.6 - 0.8 * torch.rand(T, generator=generator)
    z = unknown - known + 0.3
    return unknown - z, unknown, 0.7 * float(climbed(z).max()) * (1 if k % 4 else 2)


@exercise(
    lesson=LESSON, title="Alarm, and on", difficulty=2, importance=5, minutes=12,
    example=(torch.tensor([-0.2, -3.0, -2.0, -0.5, -2.0]), torch.tensor([-1.0, -1.0, -1.0, -1.0, -1.5]), 2.5), expected=[0, 2, 3, 0, 0.5], draw=told_moves,
    hints=(
        "One number goes along the moves. Three things happen to it: it changes, it is cut, and after an alarm it starts again.",
        r"$S_t = \max(0, S_{t-1} + \log \delta(a_t; \theta) - \log \delta(a_t; \theta'))$; after $S_t > h$ go on from 0.",
        """\
        def suspicion(known, unknown, threshold):
            total, found = 0.0, []
            for k, u in zip(known, unknown):
                total = max(0.0, ...)
                found.append(total)
                if ...:
                    total = 0.0
            return found""",
    ),
    mistakes=[
        ("no_new_start", lambda known, unknown, h: climbed(unknown - known),
         "After an alarm you go on from where you were, and every move raises the alarm again. The team has adapted anew: start from 0."),
        ("alarm_hidden", lambda known, unknown, h: hidden(climbed(unknown - known, h), h),
         "Your sum is 0 already in the step of the alarm, so nobody sees it. Note it first, then start again."),
        ("end_at_the_alarm", lambda known, unknown, h: silent_after(climbed(unknown - known, h), h),
         "Nothing moves any more after your first alarm. The game goes on: start from 0 again."),
        ("cut_at_the_threshold", lambda known, unknown, h: climbed(unknown - known, h).clamp(max=h),
         "You cut the sum at the threshold. There is no upper end: above it there is an alarm."),
        ("not_stopped_at_zero", lambda known, unknown, h: falling(unknown - known, h),
         "Your sum falls below zero. Then a long quiet time would have to be made up for: cut it at 0 after each move."),
        ("evidence_stopped_at_zero", lambda known, unknown, h: climbed((unknown - known).clamp(min=0), h),
         "With you suspicion never falls, but for alarms. It is the *sum* that is cut at 0, not each z."),
        ("one_calm_move_forgives", one_calm_move_forgives,
         "One move that fits takes away all your suspicion. It takes off its own z only."),
        ("sign_swapped", lambda known, unknown, h: climbed(known - unknown, h),
         "Your suspicion rises when the habit is confirmed. `unknown` less `known` is positive where θ′ is surprised."),
        ("surprise_alone", lambda known, unknown, h: climbed(-known, h),
         "You added up how surprised θ′ is. Every move surprises a little: compare with θ, who has watched nobody."),
        ("no_sum", lambda known, unknown, h: (unknown - known).clamp(min=0),
         "Each of your numbers knows its own move only. Suspicion adds up."),
        ("likelihood_ratios", lambda known, unknown, h: climbed(unknown.exp() / known.exp(), h),
         "You added ratios of likelihoods. They come as logarithms: add the differences as they are."),
        ("alarms_only", lambda known, unknown, h: (climbed(unknown - known, h) > h).double(),
         "This says where there is an alarm. Asked for is the suspicion after each move."),
    ],
    properties=[
        ("never_negative", lambda result, *_: (result > -1e-4).all(),
         "suspicion is never negative: it is cut at 0. Yours is."),
        ("wrong_before_an_alarm", lambda result, known, unknown, h: abs(result - climbed(unknown - known).double().numpy())[
            : until_alarm(unknown - known, h)].max() < 1e-3,
         "your numbers are wrong already before there was any alarm. To the last one add `unknown` less `known`, and cut at 0."),
        ("wrong_after_an_alarm", lambda result, known, unknown, h: abs(result - climbed(unknown - known, h).double().numpy()).max() < 1e-3,
         "your numbers are right up to the first alarm, and wrong after it. There it goes on from 0, with the *next* move, with the same threshold."),
    ],
)  # fmt: skip
def suspicion(known, unknown, threshold):
    """S after each move (T,), from 0 again after an alarm: log-likelihoods of the moves under θ′ and θ (T,), threshold h."""
    total, found = 0.0, []
    for k, u in zip(known, unknown, strict=True):
        total = max(0.0, total + float(u - k))
        found.append(total)
        if total > threshold:
            total = 0.0
    return torch.tensor(found)


def falling(z, threshold):
    """The sum that is not cut at 0, from 0 again after an alarm."""
    total, found = 0.0, []
    for one in z.tolist():
        total += one
        found.append(total)
        total = 0.0 if total > threshold else total
    return torch.tensor(found)
