"""Exercises of sheet 08, an external that changes: suspicion, a sum of surprises (Page, 1954), by hand and in code."""

from __future__ import annotations

import math
from itertools import accumulate

import torch

from ..exercise import exercise
from .adaptation import LESSON

GOES_ON = {  # from S and z to the next S
    "page": lambda s, z: max(0.0, s + z),
    "unclamped": lambda s, z: s + z,
    "each_clamped": lambda s, z: s + max(0.0, z),
    "forgives": lambda s, z: max(0.0, s + z) if z > 0 else 0.0,
    "mirrored": lambda s, z: abs(s + z),
    "alone": lambda s, z: z,
    "alone_clamped": lambda s, z: max(0.0, z),
}
EVIDENCE = {  # from log-likelihoods to z
    "logs": lambda known, unknown: unknown - known,
    "opposite": lambda known, unknown: known - unknown,
    "absolute": lambda known, unknown: (unknown - known).abs(),
    "known_alone": lambda known, unknown: -known,
    "unknown_alone": lambda known, unknown: -unknown,
    "added": lambda known, unknown: -unknown - known,
    "ratios": lambda known, unknown: (unknown - known).exp(),
    "differences": lambda known, unknown: unknown.exp() - known.exp(),
    "quotients": lambda known, unknown: unknown / known,
}


def climbing(known, unknown, moves, *, z="logs", goes_on="page", base=math.e, swapped=False, kept="after"):
    """S after each move (n,): predictions of θ′ and of θ (A,), moves (n,)."""
    moves = 1 - moves if swapped else moves
    pieces = EVIDENCE[z](known.log()[moves], unknown.log()[moves]).tolist()
    sums = list(accumulate(pieces, GOES_ON[goes_on], initial=0.0))
    found = torch.tensor(sums[:-1] if kept == "before" else sums[1:])
    if kept == "clamped_at_the_end":
        found = torch.tensor(list(accumulate(pieces))).clamp(min=0)
    if kept == "averaged":
        found = (torch.tensor(pieces).cumsum(0) / torch.arange(1, len(moves) + 1)).clamp(min=0)
    return found / math.log(base)


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
    expected=[0.0, math.log(2.5), math.log(6.25), math.log(6.25 / 1.6), math.log(15.625 / 1.6)],
    vary=five_moves,
    rewordings=[
        ("| 0.8 | 0.2 |", lambda known, unknown, moves: f"| {known[0]:g} | {known[1]:g} |"),
        ("| 0.5 | 0.5 |", lambda known, unknown, moves: f"| {unknown[0]:g} | {unknown[1]:g} |"),
        ("H T T H T", lambda known, unknown, moves: " ".join("HT"[int(a)] for a in moves)),
    ],
    slipping=climbing,
    hints=(
        "Which of the two imitators expected this move more? If it is the adapted one, suspicion falls, but not below "
        "zero.",
        r"$z = \log \delta(a; \theta) - \log \delta(a; \theta')$, and $S \leftarrow \max(0, S + z)$, from $S = 0$ on.",
        lambda known, unknown, moves: (
            f"heads = math.log({unknown[0]:g}) - math.log({known[0]:g})\ntails = math.log({unknown[1]:g}) - ...\n"
            f"S_1 = max(0, 0 + {('heads', 'tails')[int(moves[0])]})\nS_2 = max(0, S_1 + ...)\nsuspicions = [S_1, S_2, "
            f"...]"
        ),
    ),
    mistakes=[
        ("not_stopped_at_zero", {"goes_on": "unclamped"},
         "Your sum falls below zero. Then a change after a long quiet time would go unnoticed: clamp it at 0 after "
         "each move.",
         "What does max(0, …) make of a sum below zero, and where does the next move start?"),
        ("sign_swapped", {"z": "opposite"},
         "Your suspicion rises when the habit is confirmed. Take θ minus θ′: positive if the adapted imitator is "
         "surprised.",
         "Which of the two imitators expected this move more? Should suspicion then rise or fall?"),
        ("evidence_stopped_at_zero", {"goes_on": "each_clamped"},
         "In your answer, suspicion never falls. But moves that fit reduce it: keep the *sum* at 0 or above, not each z.",
         "Is S₍ₜ₋₁₎ inside max(0, …), or outside?"),
        ("one_calm_move_forgives", {"goes_on": "forgives"},
         "A single move that fits removes all your suspicion. It should subtract only its own z.",
         "What is S + z at such a move? Is it below zero?"),
        ("no_sum", {"goes_on": "alone_clamped"},
         "Each of your numbers depends only on its own move. Suspicion accumulates.",
         "Where is S₍ₜ₋₁₎ in your third number?"),
        ("evidence_alone", {"goes_on": "alone"},
         "These are the z of each move. Sum them, and clamp the sum at 0.",
         "What is S₍ₜ₋₁₎ at the third move?"),
        ("one_move_late", {"kept": "before"},
         "Your list begins with S₀, so it is one move late. Asked is the suspicion *after* each move.",
         "What has been played when your second number is written down?"),
        ("clamped_at_the_end", {"kept": "clamped_at_the_end"},
         "You summed all z, and clamped afterwards. Clamp after each move, and go on from the clamped sum.",
         "What is S₍ₜ₋₁₎ for your second number, and what is it by the formula?"),
        ("mirrored", {"goes_on": "mirrored"},
         "You took absolute values of sums below zero. max(0, …) makes them 0.",
         "What is max(0, −0.3)?"),
        ("averaged", {"kept": "averaged"},
         "You averaged the z. Suspicion is a sum: nothing is divided by the number of moves.",
         "Work out S₂ and S₃ by the formula: what is divided?"),
        ("surprise_alone", {"z": "known_alone"},
         "You summed the surprise of the adapted imitator. Every move surprises a little: compare with the imitator "
         "that has "
         "watched nobody.",
         "z has two terms. Which of them is in yours?"),
        ("ratios_added", {"z": "ratios"},
         "You added ratios of probabilities. Add their logarithms.",
         "What is z if both imitators say the same?"),
        ("differences_added", {"z": "differences"},
         "You added differences of probabilities. Add differences of their logarithms.",
         "What is the logarithm of 0.5?"),
        ("in_bits", {"base": 2},
         "These are bits. Use natural logarithms: nats.",
         "Which base has your logarithm, and which one do nats have?"),
        ("decimal_logarithms", {"base": 10},
         "These are decimal logarithms. Use natural ones: nats.",
         "What is the logarithm of 10 on your calculator: 1 or 2.303?"),
        ("heads_and_tails_swapped", {"swapped": True},
         "You exchanged heads and tails. Go through the moves again.",
         "Write the letter of each move above its z."),
    ],
)  # fmt: skip
def suspicion_by_hand(known, unknown, moves):
    """S after each move (n,), nats: predictions of θ′ and of θ (A,), moves (n,)."""
    total, found = 0.0, []
    for z in (unknown.log() - known.log())[moves]:
        total = max(0.0, total + z)
        found.append(total)
    return torch.stack([torch.as_tensor(x, dtype=known.dtype) for x in found])
