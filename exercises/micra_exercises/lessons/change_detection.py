"""Exercises of sheet 08, an external that changes: suspicion, a sum of surprises (Page, 1954), by hand and in code."""

from __future__ import annotations

import math

import torch

from ..exercise import exercise
from .adaptation import LESSON


def evidence(known, unknown, moves):
    """z of each move: predictions of both imitators (A,), moves (n,)."""
    return (unknown / known).log()[moves]


def climbed(z, threshold=math.inf, forget=True):
    """Page's sum after each piece of evidence (n,); if it is to forget, it restarts at 0 after an alarm."""
    total, found = z.new_zeros(()), []
    for one in z:
        total = (total + one).clamp(min=0)
        found.append(total)
        if forget and total > threshold:
            total = 0 * total
    return torch.stack(found)


def five_moves(generator):
    """Other probabilities, and five moves; two or three of them, with the last, contradict the habit."""
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
        "Which of the two imitators expected this move more? If it is the adapted one, suspicion falls, but not below zero.",
        r"$z = \log \delta(a; \theta) - \log \delta(a; \theta')$, and $S \leftarrow \max(0, S + z)$, from $S = 0$ on.",
        lambda known, unknown, moves: (
            f"heads = math.log({unknown[0]:g}) - math.log({known[0]:g})\ntails = math.log({unknown[1]:g}) - ...\n"
            f"S_1 = max(0, 0 + {('heads', 'tails')[int(moves[0])]})\nS_2 = max(0, S_1 + ...)\nsuspicions = [S_1, S_2, ...]"
        ),
    ),
    mistakes=[
        ("not_stopped_at_zero", lambda known, unknown, moves: evidence(known, unknown, moves).cumsum(0),
         "Your sum falls below zero. Then a change after a long quiet time would go unnoticed: clamp it at 0 after each move."),
        ("sign_swapped", lambda known, unknown, moves: climbed(-evidence(known, unknown, moves)),
         "Your suspicion rises when the habit is confirmed. Take θ minus θ′: positive if the adapted imitator is surprised."),
        ("evidence_stopped_at_zero", lambda known, unknown, moves: evidence(known, unknown, moves).clamp(min=0).cumsum(0),
         "In your answer, suspicion never falls. Clamp the *sum* at 0, not each z: moves that fit reduce it."),
        ("no_sum", lambda known, unknown, moves: evidence(known, unknown, moves).clamp(min=0),
         "Each of your numbers depends only on its own move. Suspicion accumulates."),
        ("evidence_alone", lambda known, unknown, moves: evidence(known, unknown, moves),
         "These are the z of each move. Sum them, and clamp the sum at 0."),
        ("surprise_alone", lambda known, unknown, moves: climbed(-known.log()[moves]),
         "You summed the surprise of the adapted imitator. Every move surprises a little: compare with the imitator that has watched nobody."),
        ("ratios_added", lambda known, unknown, moves: climbed((unknown / known)[moves]),
         "You added ratios of probabilities. Add their logarithms."),
        ("differences_added", lambda known, unknown, moves: climbed((unknown - known)[moves]),
         "You added differences of probabilities. Add differences of their logarithms."),
        ("bits", lambda known, unknown, moves: climbed(evidence(known, unknown, moves)) / math.log(2),
         "These are bits. Use natural logarithms: nats."),
        ("heads_and_tails_swapped", lambda known, unknown, moves: climbed(evidence(known, unknown, 1 - moves)),
         "You exchanged heads and tails. Go through the moves again."),
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
    """The number of moves up to the first alarm."""
    over = (climbed(z) > threshold).nonzero()
    return int(over[0]) + 1 if len(over) else len(z)


def one_calm_move_forgives(known, unknown, threshold):
    """S if every move that fits resets it to 0."""
    total, found = 0.0, []
    for z in (unknown - known).tolist():
        total = 0.0 if z < 0 else total + z
        found.append(total)
        total = 0.0 if total > threshold else total
    return torch.tensor(found)


def hidden(sums, threshold):
    """The sums with 0 in place of those above the threshold."""
    return torch.where(sums > threshold, 0 * sums, sums)


def silent_after(sums, threshold):
    """The sums, constant from the first alarm on."""
    over = (sums > threshold).nonzero()
    return torch.where(torch.arange(len(sums)) > over[0], sums[over[0]], sums) if len(over) else sums


def watched_moves(generator, k):
    """log-likelihoods of T moves under θ′ and under θ, and a threshold, which most cases pass more than once."""
    T = 8 + k % 5
    known = -0.1 - 3 * torch.rand(T, generator=generator) ** 2
    unknown = -0.6 - 0.8 * torch.rand(T, generator=generator)
    z = unknown - known + 0.3
    return unknown - z, unknown, 0.7 * float(climbed(z).max()) * (1 if k % 4 else 2)


@exercise(
    lesson=LESSON, title="Alarm, and on", difficulty=2, importance=5, minutes=12,
    example=(torch.tensor([-0.2, -3.0, -2.0, -0.5, -2.0]), torch.tensor([-1.0, -1.0, -1.0, -1.0, -1.5]), 2.5), expected=[0, 2, 3, 0, 0.5], draw=watched_moves,
    hints=(
        "One number is carried along the moves. Three things happen to it: it changes, it is clamped, and after an alarm it restarts.",
        r"$S_t = \max(0, S_{t-1} + \log \delta(a_t; \theta) - \log \delta(a_t; \theta'))$; after $S_t > h$ continue from 0.",
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
         "After an alarm you keep the sum, so that every move raises the alarm again. The team has adapted again: restart from 0."),
        ("alarm_hidden", lambda known, unknown, h: hidden(climbed(unknown - known, h), h),
         "Your sum is already 0 in the step of the alarm, so nobody sees it. Record it first, then restart."),
        ("end_at_the_alarm", lambda known, unknown, h: silent_after(climbed(unknown - known, h), h),
         "Your sum no longer changes after the first alarm. The game goes on: restart from 0."),
        ("cut_at_the_threshold", lambda known, unknown, h: climbed(unknown - known, h).clamp(max=h),
         "You clamped the sum at the threshold. It has no upper limit: above the threshold there is an alarm."),
        ("not_stopped_at_zero", lambda known, unknown, h: falling(unknown - known, h),
         "Your sum falls below zero. Then a change after a long quiet time would go unnoticed: clamp it at 0 after each move."),
        ("evidence_stopped_at_zero", lambda known, unknown, h: climbed((unknown - known).clamp(min=0), h),
         "In your answer, suspicion falls only after alarms. Clamp the *sum* at 0, not each z."),
        ("one_calm_move_forgives", one_calm_move_forgives,
         "A single move that fits removes all your suspicion. It should subtract only its own z."),
        ("sign_swapped", lambda known, unknown, h: climbed(known - unknown, h),
         "Your suspicion rises when the habit is confirmed. `unknown` minus `known` is positive if θ′ is surprised."),
        ("surprise_alone", lambda known, unknown, h: climbed(-known, h),
         "You summed the surprise of θ′. Every move surprises a little: compare with θ, which has watched nobody."),
        ("no_sum", lambda known, unknown, h: (unknown - known).clamp(min=0),
         "Each of your numbers depends only on its own move. Suspicion accumulates."),
        ("likelihood_ratios", lambda known, unknown, h: climbed(unknown.exp() / known.exp(), h),
         "You added ratios of likelihoods. The arguments are logarithms: add their differences."),
        ("alarms_only", lambda known, unknown, h: (climbed(unknown - known, h) > h).double(),
         "This says where there is an alarm. The exercise asks for the suspicion after each move."),
    ],
    properties=[
        ("never_negative", lambda result, *_: (result > -1e-4).all(),
         "suspicion is never negative: it is clamped at 0. Yours is negative."),
        ("wrong_before_an_alarm", lambda result, known, unknown, h: abs(result - climbed(unknown - known).double().numpy())[
            : until_alarm(unknown - known, h)].max() < 1e-3,
         "your numbers are already wrong before the first alarm. To the last one add `unknown` minus `known`, and clamp at 0."),
        ("wrong_after_an_alarm", lambda result, known, unknown, h: abs(result - climbed(unknown - known, h).double().numpy()).max() < 1e-3,
         "your numbers are right up to the first alarm, and wrong after it. The sum restarts from 0 with the *next* move, and the threshold stays."),
    ],
)  # fmt: skip
def suspicion(known, unknown, threshold):
    """S after each move (T,), restarted at 0 after an alarm: log-likelihoods of the moves under θ′ and θ (T,), threshold h."""
    total, found = 0.0, []
    for k, u in zip(known, unknown, strict=True):
        total = max(0.0, total + float(u - k))
        found.append(total)
        if total > threshold:
            total = 0.0
    return torch.tensor(found)


def falling(z, threshold):
    """The sum without clamping, restarted at 0 after an alarm."""
    total, found = 0.0, []
    for one in z.tolist():
        total += one
        found.append(total)
        total = 0.0 if total > threshold else total
    return torch.tensor(found)
