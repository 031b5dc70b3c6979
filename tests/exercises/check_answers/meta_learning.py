"""Answers to the exercises of sheet 05: inner steps."""

import math

import numpy as np
import torch


def softmax(x):
    x = np.exp(np.asarray(x, dtype=float))
    return x / x.sum(-1, keepdims=True)


# --- adapted ---


def adapted_by_numpy(theta, moves, steps, step_size):
    theta = np.asarray(theta, dtype=np.float32)
    frequency = np.bincount(np.asarray(moves), minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (softmax(theta) - frequency)
    return theta


def adapted_by_autograd(theta, moves, steps, step_size):
    theta = theta.clone().requires_grad_()
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(theta.expand(len(moves), -1), moves)
        loss.backward()
        with torch.no_grad():
            theta -= step_size * theta.grad
        theta.grad = None
    return theta


def adapted_without_zeroing(theta, moves, steps, step_size):
    """An optimizer whose gradients are never set to zero."""
    theta = theta.clone().requires_grad_()
    optimizer = torch.optim.SGD([theta], lr=step_size)
    for _ in range(steps):
        torch.nn.functional.cross_entropy(theta.expand(len(moves), -1), moves).backward()
        optimizer.step()
    return theta


def adapted_by_loops(theta, moves, steps, step_size):
    theta = theta.tolist()
    for _ in range(steps):
        total = sum(math.exp(x) for x in theta)
        slopes = [math.exp(x) / total - moves.tolist().count(a) / len(moves) for a, x in enumerate(theta)]
        theta = [x - step_size * g for x, g in zip(theta, slopes, strict=True)]
    return theta


def adapted_move_by_move(theta, moves, steps, step_size):
    for _ in range(steps):
        for a in moves:
            theta = theta - step_size * (theta.softmax(0) - torch.eye(len(theta))[a])
    return theta


def adapted_by_logits(theta, moves, steps, step_size):
    frequency = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (theta - frequency)
    return theta


def walked(theta, moves, steps, step_size):
    """θ and every θ′ on the way."""
    return [adapted_by_numpy(theta, moves, n, step_size) for n in range(steps + 1)]


def slope(at, moves):
    return softmax(at) - np.bincount(np.asarray(moves), minlength=len(at)) / len(moves)


def counts(theta, moves):
    return np.bincount(np.asarray(moves), minlength=len(theta))


def adapted_to(theta, frequency, steps, step_size, predict=softmax):
    theta = np.asarray(theta, dtype=float)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            theta = theta - step_size * (predict(theta) - frequency)
    return theta


def adapted_again_from_the_start(theta, moves, steps, step_size):
    start = theta = np.asarray(theta, dtype=float)
    for _ in range(steps):
        theta = start - step_size * slope(theta, moves)
    return theta


def adapted_where_watched(theta, moves, steps, step_size):
    theta, watched = np.asarray(theta, dtype=float).copy(), sorted(set(moves.tolist()))
    for _ in range(steps):
        theta[watched] -= step_size * slope(theta, moves)[watched]
    return theta


def adapted_logit_by_logit(theta, moves, steps, step_size):
    theta = np.asarray(theta, dtype=float).copy()
    for _ in range(steps):
        for a in range(len(theta)):
            theta[a] -= step_size * slope(theta, moves)[a]
    return theta


def adapted_by_loss(theta, moves, steps, step_size, loss):
    for _ in range(steps):
        leaf = theta.detach().clone().requires_grad_()
        theta = theta - step_size * torch.autograd.grad(loss(leaf, moves), leaf)[0]
    return theta


def adapted_by_squares(theta, moves, steps, step_size):
    theta = np.asarray(theta, dtype=float)
    for _ in range(steps):
        theta = theta - step_size * slope(theta, moves) * softmax(theta) * (1 - softmax(theta))
    return theta


def adapted_by_the_loss_itself(theta, moves, steps, step_size):
    theta = np.asarray(theta, dtype=float)
    for _ in range(steps):
        theta = theta + step_size * counts(theta, moves) / len(moves) * np.log(softmax(theta) + 1e-300)
    return theta


def adapted_by_optimizer(theta, moves, steps, step_size, kind, **options):
    theta = theta.detach().clone().requires_grad_()
    optimizer = kind([theta], lr=step_size, **options)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(theta.expand(len(moves), -1), moves).backward()
        optimizer.step()
    return theta


RIGHT = {
    "stepped_by_hand": [0.0986, [math.log(3) - 1], np.float32(0.09861), torch.tensor([0.0986], dtype=torch.float16)],
    "adapted": [adapted_by_numpy, adapted_by_autograd, adapted_by_loops],
}

WRONG = {
    "stepped_by_hand": [
        ("step_in_the_wrong_direction", 2.0986),
        ("step_size_missing", 0.5986),
        ("tails_taken_for_heads", 1.0986),
        ("summed_over_moves", -2.9014),
        ("log_odds_for_probability", -0.5986),
        ("stepped_in_the_probability", -0.25),
        ("probability_afterwards", 0.5246),
        ("slope_alone", 0.5),
        ("wrong_sign", -0.0986),
        ("shape", [0.0986, 0.5246]),
        ("step_size_missing", 0.25),
        ("another_number", 0.3),
        ("no_numbers", "log 3 - 1"),
        ("change_alone", -1),
        ("first_move_only", 1.5986),
        ("last_move_only", -0.4014),
        ("tails_left_out", 1.2236),
        ("odds_for_frequency", 1.0986 - 2 * (3 / 4 - 1 / 3)),
        ("slope_times_variance", 0.9111),
        ("loss_for_slope", 1.0986 + 2 * (math.log(0.75) + 3 * math.log(0.25)) / 4),
        ("decimal_logarithm", -0.5229),
        ("logarithm_forgotten", 2.0),
        ("two_steps", -0.4507),
        ("all_the_way", -1.0986),
    ],
    "adapted": [
        ("argument_ignored", lambda theta, moves, steps, step_size: adapted_by_loops(theta, moves, 1, step_size)),
        ("all_steps_from_the_start", lambda theta, moves, steps, step_size: adapted_by_loops(theta, moves, 1, steps * step_size)),
        ("last_step_from_the_start", lambda theta, moves, steps, step_size: np.asarray(theta) - step_size * slope(walked(theta, moves, steps, step_size)[-2], moves)),
        ("step_in_the_wrong_direction", lambda theta, moves, steps, step_size: adapted_by_loops(theta, moves, steps, -step_size)),
        ("step_size_missing", lambda theta, moves, steps, step_size: adapted_by_autograd(theta, moves, steps, 1)),
        ("summed_over_moves", lambda theta, moves, steps, step_size: adapted_by_autograd(theta, moves, steps, step_size * len(moves))),
        ("slopes_accumulate", adapted_without_zeroing),
        ("last_move_only", lambda theta, moves, steps, step_size: adapted_by_autograd(theta, moves[-1:], steps, step_size)),
        ("move_by_move", adapted_move_by_move),
        ("logits_for_probabilities", adapted_by_logits),
        ("probabilities_returned", lambda theta, moves, steps, step_size: softmax(adapted_by_loops(theta, moves, steps, step_size))),
        ("sum_kept", lambda theta, moves, steps, step_size: theta + step_size * torch.bincount(moves, minlength=len(theta)) / len(moves)),
        ("changes_arguments", lambda theta, moves, steps, step_size: theta.sub_(step_size)),
        ("one_step_too_many", lambda theta, moves, steps, step_size: adapted_by_loops(theta, moves, steps + 1, step_size)),
        ("error", lambda theta, moves, steps, step_size: theta - step_size * (theta.softmax(0) - moves)),
        ("one_step_only", lambda theta, moves, steps, step_size: theta - step_size * (theta.softmax(0) - torch.bincount(moves) / len(moves))),
        ("no_return", lambda theta, moves, steps, step_size: None),
        ("arguments", lambda theta, moves: theta),
        ("one_step_only", lambda theta, moves, steps, step_size: adapted_by_numpy(theta, moves, min(steps, 1), step_size)),
        ("one_step_too_few", lambda theta, moves, steps, step_size: adapted_by_autograd(theta, moves, steps - 1, step_size)),
        ("each_step_from_the_start", adapted_again_from_the_start),
        ("averaged_over_actions", lambda theta, moves, steps, step_size: adapted_by_autograd(theta, moves, steps, step_size / len(theta))),
        ("divided_by_actions", lambda theta, moves, *rest: adapted_to(theta, counts(theta, moves) / len(theta), *rest)),
        ("counts_for_frequencies", lambda theta, moves, *rest: adapted_to(theta, counts(theta, moves), *rest)),
        ("first_move_only", lambda theta, moves, *rest: adapted_by_autograd(theta, moves[:1], *rest)),
        ("repetitions_left_out", lambda theta, moves, *rest: adapted_by_autograd(theta, torch.tensor(sorted(set(moves.tolist()))), *rest)),
        ("unwatched_stay", adapted_where_watched),
        ("special_case", lambda theta, moves, *rest: adapted_to(theta, np.bincount(moves.numpy()) / len(moves), *rest)),
        ("move_by_move_in_parts", lambda theta, moves, steps, step_size: adapted_move_by_move(theta, moves, steps, step_size / len(moves))),
        ("one_move_a_step", lambda theta, moves, steps, step_size: adapted_move_by_move(theta, [moves[t % len(moves)] for t in range(steps)], 1, step_size)),
        ("logit_by_logit", adapted_logit_by_logit),
        ("sigmoid_for_softmax", lambda theta, moves, *rest: adapted_to(theta, counts(theta, moves) / len(moves), *rest, predict=lambda x: 1 / (1 + np.exp(-x)))),
        ("not_normalised", lambda theta, moves, *rest: adapted_to(theta, counts(theta, moves) / len(moves), *rest, predict=np.exp)),
        ("softmax_twice", lambda theta, *rest: adapted_by_loss(theta, *rest, loss=lambda x, moves: torch.nn.functional.cross_entropy(x.softmax(0).expand(len(moves), -1), moves))),
        ("slope_times_variance", adapted_by_squares),
        ("loss_for_slope", adapted_by_the_loss_itself),
        ("adam", lambda *given: adapted_by_optimizer(*given, torch.optim.Adam)),
        ("momentum", lambda *given: adapted_by_optimizer(*given, torch.optim.SGD, momentum=0.9)),
    ],
}  # fmt: skip
