"""Answers to the exercises of sheet 08 about three answers and scores."""

import numpy as np
import torch

# --- three_answers ---


def answers_by_loops(now, behind, average, newcomer, gamma):
    def worth(table, action, policy):
        return sum(float(x) * float(p) for x, p in zip(table[action], policy, strict=True))

    def best(table, policy):
        return max(range(len(table)), key=lambda a: worth(table, a, policy))

    def door(policy):
        values = [float(r) + gamma * worth(t, best(t, policy), policy) for r, t in zip(now, behind, strict=True)]
        return values.index(max(values))

    old, new = door(average), door(newcomer)
    return [
        float(now[d]) + gamma * worth(behind[d], best(behind[d], believed), newcomer)
        for d, believed in ((old, average), (old, newcomer), (new, newcomer))
    ]


def answers_by_numpy(now, behind, average, newcomer, gamma):
    now, behind, average, newcomer = (np.asarray(x, dtype=np.float64) for x in (now, behind, average, newcomer))
    to_average, to_newcomer = behind @ average, behind @ newcomer  # (D, A)
    d = np.argmax(now + gamma * to_average.max(axis=1))
    none = now[d] + gamma * to_newcomer[d, to_average[d].argmax()]
    frozen = now[d] + gamma * to_newcomer[d].max()
    return np.array([none, frozen, (now + gamma * to_newcomer.max(axis=1)).max()])


def answers_by_einsum(now, behind, average, newcomer, gamma):
    q = torch.einsum("dac,kc->kda", behind, torch.stack([average, newcomer]))
    total = now[:, None] + gamma * q  # (2, D, A)
    old = int(total[0].max(1).values.argmax())
    return torch.stack([total[1, old, total[0, old].argmax()], total[1, old].max(), total[1].max()]).float()


def beside(now, behind, average, newcomer, gamma, whom):
    """What the teams of the three answers get beside somebody else."""
    a, n = behind @ average, behind @ newcomer
    old, new = (now + gamma * a.amax(1)).argmax(), (now + gamma * n.amax(1)).argmax()
    plays = ((old, a[old].argmax()), (old, n[old].argmax()), (new, n[new].argmax()))
    return [float(now[d] + gamma * behind[d, x] @ whom) for d, x in plays]


def believing(now, behind, average, newcomer, gamma):
    found = answers_by_numpy(now, behind, average, newcomer, gamma)
    return [float((now + gamma * (behind @ average).amax(1)).max()), found[1], found[2]]


def old_actions_at_all_doors(now, behind, average, newcomer, gamma):
    found = answers_by_loops(now, behind, average, newcomer, gamma)
    values = [float(r + gamma * t[(t @ average).argmax()] @ newcomer) for r, t in zip(now, behind, strict=True)]
    return [*found[:2], max(values)]


def cells(now, behind, average, newcomer, gamma):
    found = answers_by_loops(now, behind, average, newcomer, gamma)
    return [*found[:2], max(float(r + gamma * t.max()) for r, t in zip(now, behind, strict=True))]


def hopes(now, behind, average, newcomer, gamma):
    return [float(torch.max(now[:, None] + gamma * behind @ p)) for p in (average, newcomer, newcomer)]


def through_doors(now, behind, average, newcomer, gamma):
    """As if doors paid nothing when they are chosen."""
    paid = []
    for here, there in ((average, average), (average, newcomer), (newcomer, newcomer)):
        d = int(np.argmax((behind @ here).numpy().max(axis=1)))
        paid.append(float(now[d]) + gamma * float(behind[d, int((behind[d] @ there).argmax())] @ newcomer))
    return paid


def teams(*choices, value="best", paid=1.0, received=1.0, chosen=1.0, chosen_now=1.0, foreseen=(), old=None, new=None):
    """An answer: for each team, beside whom its door and its action are the best ("a" or "n"), and who is there.

    `paid` is the weight of what the door pays at once; `received` and `chosen` are that of γ in the return and in the
    choice of a door (γ ** 0 is none); `foreseen` are the teams that get the best action for each move.
    """

    def answer(now, behind, average, newcomer, gamma):
        now, behind, gamma = now.numpy(), behind.numpy(), float(gamma)
        policies = {"a": average.numpy(), "n": newcomer.numpy(), "u": np.full(len(average), 1 / len(average))}
        for small, big in ("aA", "nN"):
            policies[big] = np.eye(len(average))[policies[small].argmax()]
        found = []
        for k, (door_for, action_for, whom) in enumerate(choices):
            values = behind @ policies[door_for]
            rule = (old if door_for in "aAu" else new) or value
            future = {"best": values.max(1), "mean": values.mean(1), "each": behind.max(1) @ policies[door_for],
                      "none": 0 * now}  # fmt: skip
            d = 0 if rule == "zero" else int(np.argmax(chosen_now * now + gamma**chosen * future[rule]))
            row = behind[d][np.argmax(behind[d] @ policies[action_for])]
            worth = behind[d].max(0) @ policies["n"] if k in foreseen else row @ policies[whom]
            found.append(paid * now[d] + gamma**received * worth)
        return found

    return answer


USUAL = ("aan", "ann", "nnn")


def pick(*which):
    return lambda *case: [answers_by_loops(*case)[k] for k in which]


# --- normalised_score ---


def score_by_loops(values, random, best):
    room = sum(float(b) - float(r) for b, r in zip(best, random, strict=True))
    return [sum(float(v) - float(r) for v, r in zip(row, random, strict=True)) / room for row in values]


def score_by_numpy(values, random, best):
    values, random, best = (np.asarray(x).astype(np.float32) for x in (values, random, best))
    return (values.sum(axis=-1) - random.sum()) / np.sum(best - random)


def score_by_weights(values, random, best):
    """Ratios, weighted with the room of each."""
    room = best - random
    return ((values - random) / room) @ (room / room.sum())


def score_by_matrices(values, random, best):
    ones = torch.ones(len(best), dtype=values.dtype)
    return torch.mv(values - random, ones) / torch.dot(best - random, ones)


BEHIND = np.array([[[5.0, 5.0], [1.0, 1.0]], [[8.0, 0.0], [0.0, 8.0]]])
AVERAGE, NEWCOMER = [0.5, 0.5], [0.1, 0.9]

RIGHT = {
    "three_answers": [answers_by_loops, answers_by_numpy, answers_by_einsum],
    "normalised_score": [score_by_loops, score_by_numpy, score_by_weights, score_by_matrices],
    "no_gain_frozen": [
        (BEHIND, AVERAGE, NEWCOMER),
        [BEHIND.tolist(), (0.5, 0.5), [0.25, 0.75]],  # a gain of exactly 1
        # equal actions, payoffs up to 10
        ([[[5.5, 5.5], [5.5, 5.5]], [[10, 0], [0, 9]]], [0.5, 0.5], [0.0625, 0.9375]),
        (torch.tensor([[[0.0, 9.0], [9.0, 0.0]], [[7.0, 6.0], [0.0, 0.0]]]),
         torch.tensor([0.4, 0.6]), torch.tensor([0.95, 0.05])),
        (np.array([[[3, 3], [3, 2]], [[10, 0], [0, 1]]], dtype=np.float32), np.array([0.2, 0.8]), np.array([0.7, 0.3])),
    ],
}  # fmt: skip

WRONG = {
    "three_answers": [
        ("valued_beside_the_average", lambda now, behind, average, newcomer, gamma:
            beside(now, behind, average, newcomer, gamma, average)),
        ("as_the_critics_believe", believing),
        ("frozen_changes_the_door", pick(0, 2, 2)),
        ("frozen_does_nothing", pick(0, 0, 2)),
        ("re_imagined_keeps_the_door", pick(0, 1, 1)),
        ("re_imagined_keeps_the_actions", old_actions_at_all_doors),
        ("order_swapped", pick(2, 1, 0)),
        ("discount_forgotten", lambda now, behind, average, newcomer, gamma:
            answers_by_loops(now, behind, average, newcomer, 1)),
        ("now_forgotten", lambda now, behind, average, newcomer, gamma:
            answers_by_einsum(now * 0, behind, average, newcomer, gamma)),
        ("best_cells", cells),
        ("gains", lambda *case: np.subtract(answers_by_loops(*case), answers_by_loops(*case)[0])),
        ("uniform_average", lambda now, behind, average, newcomer, gamma:
            answers_by_numpy(now, behind, torch.ones(len(average)) / len(average), newcomer, gamma)),
        ("last_two_swapped", pick(0, 2, 1)),
        ("first_two_swapped", pick(1, 0, 2)),
        ("never_worse", lambda *case: np.add(answers_by_loops(*case), (0, 99, 0))),
        ("frozen_as_promised", teams("aan", "aaa", "nnn")),
        ("frozen_turned_round", teams("aan", "nan", "nnn")),
        ("first_adapts", pick(2, 1, 2)),
        ("first_adapts_behind_the_door", pick(1, 1, 2)),
        ("re_imagined_acts_as_before", teams("aan", "ann", "nan")),
        ("doors_by_what_they_pay", teams(*USUAL, value="none")),
        ("old_door_by_what_it_pays", teams(*USUAL, old="none")),
        ("first_door_without_adapting", teams(*USUAL, old="zero")),
        ("actions_averaged", teams(*USUAL, value="mean")),
        ("actions_averaged_by_the_old_critic", teams(*USUAL, old="mean")),
        ("actions_averaged_by_the_new_critic", teams(*USUAL, new="mean")),
        ("moves_foreseen", teams(*USUAL, value="each", foreseen=(1, 2))),
        ("newcomers_moves_foreseen", teams(*USUAL, new="each", foreseen=(1, 2))),
        ("re_imagined_foresees_the_moves", teams(*USUAL, new="each", foreseen=(2,))),
        ("critics_foresee_the_moves", teams(*USUAL, value="each")),
        ("likeliest_move", teams("AAn", "ANn", "NNn")),
        ("externals_exchanged", lambda now, behind, average, newcomer, gamma:
            answers_by_loops(now, behind, newcomer, average, gamma)),
        ("discount_in_the_choice_only", teams(*USUAL, received=0)),
        ("discount_in_the_return_only", teams(*USUAL, chosen=0)),
        ("now_discounted", lambda now, behind, average, newcomer, gamma:
            answers_by_numpy(now * gamma, behind, average, newcomer, gamma)),
        ("now_not_paid", teams(*USUAL, paid=0)),
        ("gains_after_the_first", lambda *case: [(x := answers_by_loops(*case))[0], x[1] - x[0], x[2] - x[0]]),
        ("gains_step_by_step", lambda *case: [(x := answers_by_loops(*case))[0], x[1] - x[0], x[2] - x[1]]),
        ("as_the_critics_believe", teams("aaa", "ann", "nnn", received=0, chosen=0)),
        ("wrong_sign", lambda *case: -answers_by_numpy(*case)),
        ("one_short", pick(0, 1)),
        ("error", lambda now, behind, average, newcomer, gamma: float(now + behind @ average)),
        ("what_each_believes", hopes),
        ("doors_by_what_is_behind", through_doors),
        ("without_adapting_is_wrong", lambda *case: np.subtract(answers_by_loops(*case), (0.2, 0, 0))),
        ("frozen_is_wrong", lambda *case: np.subtract(answers_by_loops(*case), (0, 0.05, 0))),
        ("re_imagined_is_wrong", lambda *case: np.add(answers_by_loops(*case), (0, 0, 0.5))),
    ],
    "normalised_score": [
        ("mean_of_ratios", lambda values, random, best:
            np.mean([(v - random).numpy() / (best - random).numpy() for v in values], axis=1)),
        ("random_not_taken_off", lambda values, random, best: values.sum(-1) / best.sum()),
        ("random_only_above", lambda values, random, best: score_by_loops(values, random, best + random)),
        ("random_only_below", lambda values, random, best: values.sum(-1) / (best.sum() - random.sum())),
        ("what_is_missing", lambda values, random, best: 1 - score_by_matrices(values, random, best)),
        ("not_normalised", lambda values, random, best: values.sum(1) - random.sum()),
        ("seeds_averaged", lambda values, random, best: np.mean(score_by_loops(values, random, best))),
        ("external_by_external", lambda values, random, best:
            [[float(x) for x in (v - random) / (best - random)] for v in values]),
        ("externals_kept", lambda values, random, best:
            np.mean((values - random).numpy(), axis=0) / (best - random).numpy()),
        ("worst_external", lambda values, random, best: np.min(((values - random) / (best - random)).numpy(), axis=1)),
        ("best_external_below", lambda values, random, best: (values - random).mean(1) / torch.amax(best - random)),
        ("sum_of_ratios", lambda values, random, best: np.sum(((values - random) / (best - random)).numpy(), axis=1)),
        ("median_of_ratios", lambda values, random, best:
            np.median(((values - random) / (best - random)).numpy(), axis=1)),
        ("seeds_summed", lambda values, random, best:
            np.sum((values - random).numpy(), axis=0) / float(sum(best - random))),
        ("seeds_summed_beside_each", lambda values, random, best: sum(values - random) / (best - random)),
        ("seeds_averaged_above", lambda values, random, best:
            np.mean((values - random).numpy(), axis=0) / float(sum(best - random))),
        ("random_by_seed", lambda values, random, best: (values - random[:, None]).sum(1) / (best - random).sum()
         if len(values) == len(random) else random.reshape(0)[0]),
        ("divided_by_random", lambda values, random, best: (values.sum(1) - random.sum()) / random.sum()),
        ("best_seed_for_best", lambda values, random, best:
            score_by_loops(values, random, torch.max(values, 0).values)),
        ("one_best_for_all", lambda values, random, best: score_by_loops(values, random, [max(best)] * len(best))),
        ("losses_hidden", lambda values, random, best: score_by_loops(torch.maximum(values, random), random, best)),
        ("clamped_beside_each", lambda values, random, best: score_by_loops(
            torch.minimum(torch.maximum(values, random), best), random, best)),
        ("losses_as_gains", lambda values, random, best: score_by_loops(random + abs(values - random), random, best)),
        ("clamped", lambda values, random, best: [min(1, max(0, x)) for x in score_by_loops(values, random, best)]),
        ("not_negative", lambda values, random, best: [max(0, x) for x in score_by_loops(values, random, best)]),
        ("not_above_1", lambda values, random, best: [min(1, x) for x in score_by_loops(values, random, best)]),
        ("last_external_left_out", lambda values, random, best:
            (values - random)[:, :-1].sum(1) / (best - random)[:-1].sum()),
        ("first_external_left_out", lambda values, random, best:
            (values - random)[:, 1:].sum(1) / (best - random)[1:].sum()),
        ("first_external_only", lambda values, random, best: (values[:, 0] - random[0]) / (best[0] - random[0])),
        ("mean_of_ratios", lambda values, random, best: ((values - random) / (best - random)).clamp(0, 1).mean(1)),
        ("wrong_sign", lambda values, random, best: -score_by_matrices(values, random, best)),
        ("in_percent", lambda values, random, best: 100 * score_by_matrices(values, random, best)),
        ("axis_too_many", lambda values, random, best: score_by_matrices(values, random, best)[:, None]),
        ("error", lambda values, random, best: torch.dot(values, best)),
        ("another_result", lambda values, random, best: score_by_numpy(values, best, random + 1)),
    ],
    "no_gain_frozen": [
        ("shapes", (BEHIND[0], AVERAGE, NEWCOMER)),
        ("shapes", (BEHIND, AVERAGE)),
        ("are_policies", (BEHIND, [0.5, 0.6], NEWCOMER)),
        ("externals_mix", (BEHIND, AVERAGE, [0.0, 1.0])),
        ("payoffs_in_range", (BEHIND * 2, AVERAGE, NEWCOMER)),
        ("payoffs_in_range", (BEHIND - 1, AVERAGE, NEWCOMER)),
        ("doors_differ", (BEHIND - [[[1.0, 1.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]], AVERAGE, NEWCOMER)),
        ("frozen_gains_nothing", (BEHIND[::-1].copy(), [0.8, 0.2], NEWCOMER)),
        ("frozen_gains_nothing", ([[[9, 0], [0, 9]], [[1, 1], [1, 1]]], [0.75, 0.25], [0.25, 0.75])),
        ("frozen_gains_as_entered", (BEHIND, [0.2, 0.8], [0.55, 0.45])),
        ("re_imagined_as_entered", (BEHIND, [0.2, 0.8], [0.45, 0.55])),
        ("choice_is_clear", ([[[4, 4], [8, 0]], [[2, 2], [2, 2]]], [0.5, 0.5], [0.75, 0.25])),
        ("shapes", (AVERAGE, NEWCOMER, BEHIND)),
        ("externals_mix", (BEHIND, [1.0, 0.0], NEWCOMER)),
        ("re_imagined_gains", (BEHIND, [0.55, 0.45], [0.2656, 0.7344])),
        ("re_imagined_gains", (BEHIND, AVERAGE, [0.4, 0.6])),
        ("newcomer_is_new", (BEHIND, AVERAGE, AVERAGE)),
        ("no_numbers", "two doors"),
        ("no_value", lambda: (BEHIND, AVERAGE, NEWCOMER)),
    ],
}  # fmt: skip
