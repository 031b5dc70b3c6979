"""The exercise `suspicion` of sheet 08: the sum of surprises, which starts anew after an alarm."""

from __future__ import annotations

import math

import torch

from ..exercise import exercise
from .adaptation import LESSON
from .change_detection import EVIDENCE, GOES_ON


def walking(known, unknown, threshold, *, z="logs", goes_on="page", alarm="above", restart="from_zero", told="sum"):
    """S after each move (T,); see `suspicion`."""
    total, raw, alarms, skip, pending, found = 0.0, 0.0, 0, False, False, []
    for one in EVIDENCE[z](known, unknown).tolist():
        before, last = total, raw
        total = 0.0 if skip else GOES_ON[goes_on](total, one)
        raw = total = float(math.trunc(total)) if told == "whole" else total
        skip = False
        rang = {
            "above": total > threshold,
            "at": total >= threshold,
            "below": total < threshold,
            "by_z": one > threshold,
        }[alarm]
        shown = {
            "hidden": 0.0 if rang else total,
            "cut": min(total, threshold),
            "before": before,
            "late": last,
            "alarms": float(rang),
            "clamped": max(0.0, total),
        }
        found.append(shown.get(told, total))
        if pending:
            total, pending = 0.0, False
        elif rang:
            alarms += 1
            if restart in ("stops", "stops_at_zero", "ends"):
                rest = len(known) - len(found)
                return torch.tensor(found + {"stops": [total], "stops_at_zero": [0.0], "ends": []}[restart] * rest)
            skip, pending = restart == "skips", restart == "late"
            total = {
                "never": total,
                "once": 0.0 if alarms == 1 else total,
                "less_threshold": total - threshold,
                "late": total,
                "from_z": max(0.0, one),
                "from_threshold": threshold,
            }.get(restart, 0.0)
    return torch.tensor(found)


def until_alarm(known, unknown, threshold):
    """The number of moves up to the first alarm."""
    over = (walking(known, unknown, threshold) > threshold).nonzero()
    return int(over[0]) + 1 if len(over) else len(known)


def hits_the_threshold(generator, T):
    """Arguments of `suspicion` for which S equals the threshold once or more: quarters, exact in binary."""
    while True:
        z = torch.randint(-2, 6, (T,), generator=generator) / 4
        known, unknown, threshold = exactly(z, 1.5)
        found = walking(known, unknown, threshold)
        over, at = found > threshold, found[:-1] == threshold
        shown = (at & (z[1:] != 0)).any() and (over[:-1] & (z[1:] > 0)).any()
        if shown and over.sum() >= 2 and 1 <= found[-1] <= threshold:
            return known, unknown, threshold


def watched_moves(generator, k):
    """log-likelihoods of T moves under θ′ and under θ, and a threshold, which is passed three times or more."""
    T = 12 + 3 * (k % 4)
    if k % 4 == 3:
        return hits_the_threshold(generator, T)
    while True:
        known = -0.1 - 3 * torch.rand(T, generator=generator) ** 2
        unknown = -0.6 - 0.8 * torch.rand(T, generator=generator)
        known = known - 0.3
        threshold = 0.4 + float(torch.rand((), generator=generator))
        found = walking(known, unknown, threshold)
        over, more = found[:-1] > threshold, unknown[1:] > known[1:]
        if (found > threshold).sum() >= 3 and (over & more).any() and (over & ~more).any() and (found == 0).any():
            return known, unknown, threshold


def exactly(z, threshold):
    """An edge with these z, exact in binary, whatever is added."""
    z = torch.as_tensor(z)
    unknown = torch.where(torch.arange(len(z)) % 2 == 0, -0.5, -1.0)
    return unknown - z, unknown, threshold


@exercise(
    lesson=LESSON, title="Alarm, and on", difficulty=2, importance=5, minutes=12,
    example=(torch.tensor([-0.2, -3.0, -2.0, -0.5, -2.0]), torch.tensor([-1.0, -1.0, -1.0, -1.0, -1.5]), 2.5),
    expected=[0, 2, 3, 0, 0.5], draw=watched_moves,
    edges={
        "S equals the threshold": exactly([1.0, 1.0, -0.25, 0.25, 0.5, -0.25, 1.0, 1.0, 0.25], 2.0),
        "there are several alarms": exactly([1.5, 1.0, 0.5, 2.0, 2.5, 0.25, 3.0, -0.5, 0.5, 2.0, 0.25], 2.0),
        "every move raises an alarm": exactly([2.0, 3.0, 2.5, 4.0], 1.0),
        "there is no alarm": exactly([0.5, -0.25, 0.75, -2.0, 1.0, -0.5], 3.0),
        "there is only one move": exactly([0.5], 3.0),
        "both say the same": exactly([0.0, 0.5, 0.0, 0.0, -0.5, 0.0, 0.25], 1.0),
        "the threshold is 0": exactly([-0.25, 0.5, 0.25, -0.5, 0.0, 0.75], 0.0),
    },
    slipping=walking,
    hints=(
        "One number is carried along the moves. Three things happen to it: it changes, it is clamped, and after an "
        "alarm it "
        "restarts.",
        r"$S_t = \max(0, S_{t-1} + \log \delta(a_t; \theta) - \log \delta(a_t; \theta'))$; after $S_t > h$ continue "
        r"from 0.",
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
        ("no_new_start", {"restart": "never"},
         "After an alarm you keep the sum, so that every move raises the alarm again. The team has adapted again: "
         "restart "
         "from 0.",
         "What is S₍ₜ₋₁₎ for the fourth move of the sheet's example?"),
        ("only_the_first_alarm", {"restart": "once"},
         "Your sum starts anew only after the *first* alarm. It does so after each of them.",
         "Is there a flag, a `break` or a search for one place in your answer?"),
        ("threshold_taken_off", {"restart": "less_threshold"},
         "After an alarm you go on from S minus the threshold. Start from 0.",
         "What is left of the sum of the third move in the sheet's example when the fourth comes?"),
        ("new_start_too_late", {"restart": "late"},
         "Your new start comes one move too late: the move after the alarm is still added to the old sum.",
         "What is S₍ₜ₋₁₎ for the fourth move of the sheet's example?"),
        ("next_move_skipped", {"restart": "skips"},
         "The move after an alarm does not count in your answer: S is 0 there, whatever was played. Add its z to 0.",
         "A move with z = 1 follows an alarm. What is S after it?"),
        ("starts_from_the_last_z", {"restart": "from_z"},
         "After an alarm you go on from the z of the move that raised it. Start from 0.",
         "What is S₍ₜ₋₁₎ for the fourth move of the sheet's example?"),
        ("starts_from_the_threshold", {"restart": "from_threshold"},
         "After an alarm you go on from the threshold. Start from 0.",
         "What is S₍ₜ₋₁₎ for the fourth move of the sheet's example?"),
        ("end_at_the_alarm", {"restart": "stops"},
         "Your sum no longer changes after the first alarm. The game goes on: restart from 0.",
         "What happens in your answer in the fourth and fifth move of the sheet's example?"),
        ("zero_after_the_alarm", {"restart": "stops_at_zero"},
         "After the first alarm, all your numbers are 0. The game goes on: restart from 0.",
         "Does your loop go on after an alarm?"),
        ("list_ends_at_the_alarm", {"restart": "ends"},
         "Your list ends with the first alarm. The game goes on: S is asked for after each move.",
         "Does your loop go on after an alarm? Look for `break` and `return`."),
        ("alarm_hidden", {"told": "hidden"},
         "Your sum is already 0 in the step of the alarm, so nobody sees it. Record it first, then restart.",
         "Which line comes first in your loop: the one that keeps S, or the one that makes it 0?"),
        ("cut_at_the_threshold", {"told": "cut"},
         "You clamped the sum at the threshold. It has no upper limit: above the threshold there is an alarm.",
         "What stands in the third column of the sheet's example?"),
        ("alarm_at_the_threshold", {"alarm": "at"},
         "Your alarm is raised where S *equals* the threshold. It must exceed it.",
         "Which sign of comparison stands in your answer, and which word in the text?"),
        ("alarm_below", {"alarm": "below"},
         "You start anew where S is *below* the threshold. An alarm is raised where it is above.",
         "Say in words what your condition asks."),
        ("alarm_by_z", {"alarm": "by_z"},
         "You compare z with the threshold. It is the sum S that raises an alarm.",
         "Which column of the sheet's example is compared with 2.5?"),
        ("one_move_late", {"told": "late"},
         "You write S down *before* the move, so that your list begins with S₀. It is asked for after each move.",
         "Which line comes first in your loop: the one that keeps S, or the one that changes it?"),
        ("one_move_late_and_zero", {"told": "before"},
         "You write down what each move starts from: S₀ first, and 0 after an alarm. S is asked for *after* each move.",
         "Which line comes first in your loop: the one that keeps S, or the one that changes it?"),
        ("not_stopped_at_zero", {"goes_on": "unclamped"},
         "Your sum falls below zero. Then a change after a long quiet time would go unnoticed: clamp it at 0 after "
         "each move.",
         "What is S after the first move of the sheet's example?"),
        ("clamped_at_the_end", {"goes_on": "unclamped", "told": "clamped"},
         "You sum all z first, and clamp what you write down. Clamp after each move, and go on from the clamped sum.",
         "What is S₍ₜ₋₁₎ for the second move of the sheet's example?"),
        ("evidence_stopped_at_zero", {"goes_on": "each_clamped"},
         "In your answer, suspicion falls only after alarms. Clamp the *sum* at 0, not each z.",
         "Is S₍ₜ₋₁₎ inside max(0, …), or outside?"),
        ("one_calm_move_forgives", {"goes_on": "forgives"},
         "A single move that fits removes all your suspicion. It should subtract only its own z.",
         "What is S + z at such a move? Is it below zero?"),
        ("mirrored", {"goes_on": "mirrored"},
         "You took absolute values of sums below zero. They become 0.",
         "What is max(0, −0.3)?"),
        ("no_sum", {"goes_on": "alone_clamped"},
         "Each of your numbers depends only on its own move. Suspicion accumulates.",
         "Where is S₍ₜ₋₁₎ in your third number?"),
        ("evidence_alone", {"goes_on": "alone"},
         "These are the z of each move. Sum them, and clamp the sum at 0.",
         "Where is S₍ₜ₋₁₎ in your third number?"),
        ("sign_swapped", {"z": "opposite"},
         "Your suspicion rises when the habit is confirmed. `unknown` minus `known` is positive if θ′ is surprised.",
         "Which of the two is larger in the second move of the sheet's example? Should suspicion rise there?"),
        ("absolute_evidence", {"z": "absolute"},
         "You add the absolute values of z. Moves that fit the habit have a negative z: they reduce suspicion.",
         "Which sign has z in the first move of the sheet's example?"),
        ("surprise_alone", {"z": "known_alone"},
         "You summed the surprise of θ′. Every move surprises a little: compare with θ, which has watched nobody.",
         "z has two terms. Which of them is in yours?"),
        ("likelihood_ratios", {"z": "ratios"},
         "You added ratios of likelihoods. The arguments are logarithms: add their differences.",
         "What is z if both imitators say the same?"),
        ("differences_of_likelihoods", {"z": "differences"},
         "You added differences of likelihoods. The arguments are logarithms: subtract those.",
         "Where do you use `exp`, and does the sheet's table of z need it?"),
        ("quotients_of_logarithms", {"z": "quotients"},
         "You divided one logarithm by the other. z is their difference.",
         "Work out z for the first move of the sheet's example."),
        ("decimals_lost", {"told": "whole"},
         "Your sum loses its decimals after each move. Is there a whole-number type in your answer?",
         "Look for `int`, `//`, and tables of a whole-number type."),
        ("alarms_only", {"told": "alarms"},
         "This says where there is an alarm. The exercise asks for the suspicion after each move.",
         "What stands in the last row of the sheet's example?"),
    ],
    properties=[
        ("never_negative", lambda result, *_: (result > -1e-4).all(),
         "suspicion is never negative: it is clamped at 0. Yours is negative."),
        ("wrong_before_an_alarm", lambda result, *case: abs(result - walking(*case).double().numpy())[
            : until_alarm(*case)].max() < 1e-3,
         "your numbers are already wrong before the first alarm. To the last one add `unknown` minus `known`, and "
         "clamp at 0."),
        ("wrong_after_an_alarm", lambda result, *case: abs(result - walking(*case).double().numpy()).max() < 1e-3,
         "your numbers are right up to the first alarm, and wrong after it. The sum restarts from 0 with the *next* "
         "move, and "
         "the threshold stays."),
    ],
)  # fmt: skip
def suspicion(known, unknown, threshold):
    """S after each move (T,), restarted at 0 after an alarm: log-likelihoods under θ′ and θ (T,), threshold h."""
    total, found = 0.0, []
    for k, u in zip(known, unknown, strict=True):
        total = max(0.0, total + float(u - k))
        found.append(total)
        if total > threshold:
            total = 0.0
    return torch.tensor(found)
