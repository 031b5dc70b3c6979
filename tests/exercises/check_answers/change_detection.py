"""Answers to the exercises of sheet 08 about an external that changes."""

from itertools import accumulate
from math import log

import numpy as np
import torch

# --- suspicion ---


def page_by_accumulate(known, unknown, threshold):
    z = (unknown - known).tolist()
    return list(accumulate(z, lambda s, x: max(0.0, (0.0 if s > threshold else s) + x), initial=0.0))[1:]


def page_by_numpy(known, unknown, threshold):
    found = np.zeros(len(known), dtype=np.float32)
    before = 0.0
    for t, z in enumerate(np.asarray(unknown, dtype=float) - np.asarray(known, dtype=float)):
        found[t] = before = np.clip(before + z, 0, None)
        before = before * (before <= threshold)
    return found


def page_by_minima(known, unknown, threshold):
    """Between alarms: the running sum less its running minimum."""
    z, found = unknown - known, []
    while len(z):
        sums = torch.cat([torch.zeros(1, dtype=z.dtype), z.cumsum(0)])
        part = (sums - sums.cummin(0).values)[1:]
        over = (part > threshold).nonzero()
        end = int(over[0]) + 1 if len(over) else len(z)
        found.append(part[:end])
        z = z[end:]
    return torch.cat(found)


def run(known, unknown, threshold, step=lambda s, z: max(0.0, s + z), alarm=lambda s: 0.0, told=lambda s, over: s):
    """In a loop, with another way to go on, to go on after an alarm, or to tell of it."""
    total, found = 0.0, []
    for k, u in zip(known.tolist(), unknown.tolist(), strict=True):
        total = step(total, u - k)
        found.append(told(total, total > threshold))
        total = alarm(total) if total > threshold else total
    return found


def resetting(when):
    """The sum, which starts anew after a move where when(S, z, h)."""

    def walked(known, unknown, threshold):
        total, found = 0.0, []
        for z in np.subtract(unknown.tolist(), known.tolist()):
            total = max(0.0, total + z)
            found.append(total)
            total = 0.0 if when(total, z, threshold) else total
        return found

    return walked


def once(known, unknown, threshold):
    rang = []

    def first(s, z, h):
        over = s > h and not rang
        if over:
            rang.append(s)
        return over

    return resetting(first)(known, unknown, threshold)


def a_move_too_late(known, unknown, threshold):
    found, total, late = [], 0.0, False
    for z in (unknown - known).tolist():
        found.append(total := max(0.0, total + z))
        total, late = (0.0, False) if late else (total, total > threshold)
    return found


def skipping(known, unknown, threshold):
    found = []
    for z in (unknown - known).tolist():
        found.append(0.0 if found and found[-1] > threshold else max(0.0, (found or [0.0])[-1] + z))
    return found


def from_the_last_z(known, unknown, threshold):
    found, start = [], 0.0
    for z in (unknown - known).tolist():
        found.append(max(0.0, start + z))
        start = max(0.0, z) if found[-1] > threshold else found[-1]
    return found


def cut(sums, threshold, filled):
    """The sums up to the first alarm, with zeros after it or without."""
    end = next((t + 1 for t, s in enumerate(sums) if s > threshold), len(sums))
    return sums[:end] + [0.0] * (len(sums) - end if filled else 0)


def silent(known, unknown, threshold):
    found = page_by_accumulate(known, unknown, threshold)
    for t, s in enumerate(found):
        if s > threshold:
            return found[: t + 1] + [s] * (len(found) - t - 1)
    return found


def logs(*factors):
    return [log(f) if f > 0 else 0.0 for f in factors]


UP, DOWN = log(2.5), log(1.6)
RIGHT_HAND = [0.0, UP, 2 * UP, 2 * UP - DOWN, 3 * UP - DOWN]

RIGHT = {
    "suspicion_by_hand": [
        [0, 0.916, 1.833, 1.363, 2.279],
        tuple(RIGHT_HAND),
        np.array(RIGHT_HAND, dtype=np.float32),
        torch.tensor(logs(1, 2.5, 6.25, 6.25 / 1.6, 15.625 / 1.6)),
    ],
    "suspicion": [page_by_accumulate, page_by_numpy, page_by_minima],
}

WRONG = {
    "suspicion_by_hand": [
        ("not_stopped_at_zero", np.cumsum([-DOWN, UP, UP, -DOWN, UP])),
        ("sign_swapped", [0.47, 0, 0, 0.47, 0]),
        ("evidence_stopped_at_zero", [0, 0.916, 1.833, 1.833, 2.749]),
        ("no_sum", [0, 0.916, 0.916, 0, 0.916]),
        ("evidence_alone", [-0.47, 0.916, 0.916, -0.47, 0.916]),
        ("surprise_alone", np.cumsum([-log(p) for p in (0.8, 0.2, 0.2, 0.8, 0.2)])),
        ("ratios_added", np.cumsum([0.625, 2.5, 2.5, 0.625, 2.5])),
        ("differences_added", [0, 0.3, 0.6, 0.3, 0.6]),
        ("in_bits", [0, 1.3219, 2.6439, 1.9658, 3.2877]),
        ("decimal_logarithms", [0, 0.398, 0.796, 0.592, 0.990]),
        ("one_calm_move_forgives", [0, 0.916, 1.833, 0, 0.916]),
        ("one_move_late", [0, 0, 0.916, 1.833, 1.363]),
        ("clamped_at_the_end", np.maximum(0, np.cumsum([-DOWN, UP, UP, -DOWN, UP]))),
        ("mirrored", [0.47, 1.386, 2.303, 1.833, 2.749]),
        ("averaged", [0, 0.223, 0.4541, 0.2231, 0.3618]),
        ("not_stopped_at_zero", [-0.204, 0.194, 0.592, 0.388, 0.786]),
        ("heads_and_tails_swapped", [0.916, 0.446, 0, 0.916, 0.446]),
        ("wrong_sign", [-x for x in RIGHT_HAND]),
        ("another_number", [0, 0.916, 1.833, 1.363, 2.5]),
        ("shape", [0, 0.916, 1.833]),
        ("no_numbers", ["low", "high", "high", "high", "alarm"]),
    ],
    "suspicion": [
        ("no_new_start", lambda known, unknown, h: run(known, unknown, h, alarm=lambda s: s)),
        ("alarm_hidden", lambda known, unknown, h: run(known, unknown, h, told=lambda s, over: 0.0 if over else s)),
        ("end_at_the_alarm", silent),
        ("cut_at_the_threshold", lambda known, unknown, h: np.minimum(page_by_numpy(known, unknown, h), h)),
        ("not_stopped_at_zero", lambda known, unknown, h: run(known, unknown, h, step=lambda s, z: s + z)),
        ("evidence_stopped_at_zero", lambda known, unknown, h:
            run(known, unknown, h, step=lambda s, z: s + max(0.0, z))),
        ("one_calm_move_forgives", lambda known, unknown, h:
            run(known, unknown, h, step=lambda s, z: s + z if z > 0 else 0.0)),
        ("sign_swapped", lambda known, unknown, h: page_by_accumulate(unknown, known, h)),
        ("surprise_alone", lambda known, unknown, h: page_by_accumulate(known, unknown * 0, h)),
        ("no_sum", lambda known, unknown, h: np.maximum(0, (unknown - known).numpy())),
        ("likelihood_ratios", lambda known, unknown, h:
            page_by_accumulate(torch.zeros_like(known), (unknown - known).exp(), h)),
        ("alarms_only", lambda known, unknown, h: [int(s > h) for s in page_by_minima(known, unknown, h)]),
        ("never_negative", lambda known, unknown, h: [s - 0.1 for s in page_by_minima(known, unknown, h)]),
        ("wrong_sign", lambda known, unknown, h: -page_by_minima(known, unknown, h)),
        ("one_number", lambda known, unknown, h: page_by_accumulate(known, unknown, h)[-1]),
        ("error", lambda known, unknown, h: max(0, unknown - known)),
        ("wrong_before_an_alarm", lambda known, unknown, h: page_by_accumulate(known, unknown, h / 2)),
        ("only_the_first_alarm", once),
        ("threshold_taken_off", lambda known, unknown, h: run(known, unknown, h, alarm=lambda s: s - h)),
        ("new_start_too_late", a_move_too_late),
        ("next_move_skipped", skipping),
        ("starts_from_the_last_z", from_the_last_z),
        ("starts_from_the_threshold", lambda known, unknown, h: run(known, unknown, h, alarm=lambda s: h)),
        ("zero_after_the_alarm", lambda known, unknown, h: cut(page_by_accumulate(known, unknown, h), h, filled=True)),
        ("list_ends_at_the_alarm", lambda known, unknown, h:
            cut(page_by_accumulate(known, unknown, h), h, filled=False)),
        ("alarm_at_the_threshold", lambda known, unknown, h: page_by_accumulate(known, unknown, h - 1e-9)),
        ("alarm_below", resetting(lambda s, z, h: s < h)),
        ("alarm_by_z", resetting(lambda s, z, h: z > h)),
        ("one_move_late", lambda known, unknown, h: [0.0, *page_by_accumulate(known, unknown, h)[:-1]]),
        ("one_move_late_and_zero", lambda known, unknown, h: [
            0.0, *(0.0 if s > h else s for s in page_by_accumulate(known, unknown, h)[:-1])]),
        ("clamped_at_the_end", lambda known, unknown, h: run(
            known, unknown, h, step=lambda s, z: s + z, told=lambda s, over: max(0.0, s))),
        ("mirrored", lambda known, unknown, h: run(known, unknown, h, step=lambda s, z: abs(s + z))),
        ("evidence_alone", lambda known, unknown, h: unknown - known),
        ("absolute_evidence", lambda known, unknown, h: run(known, unknown, h, step=lambda s, z: s + abs(z))),
        ("differences_of_likelihoods", lambda known, unknown, h: page_by_accumulate(known.exp(), unknown.exp(), h)),
        ("quotients_of_logarithms", lambda known, unknown, h: page_by_accumulate(0 * known, unknown / known, h)),
        ("decimals_lost", lambda known, unknown, h: run(known, unknown, h, step=lambda s, z: int(max(0, s + z)))),
        ("no_new_start", lambda known, unknown, h: (unknown - known).cumsum(0)),
        ("alarm_hidden", lambda known, unknown, h: run(
            known, unknown, h - 1e-9, told=lambda s, over: 0.0 if over else s)),
        ("wrong_after_an_alarm", lambda known, unknown, h: run(known, unknown, h, alarm=lambda s: s / 2)),
    ],
}  # fmt: skip
