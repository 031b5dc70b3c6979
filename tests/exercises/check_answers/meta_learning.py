"""Answers to the exercises of sheet 05."""

import math
from fractions import Fraction

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


# --- meta_gradient ---


def query_loss(theta, support, query, step_size, first=lambda x: x):
    """Plain autograd through one step written out."""
    moved = theta - step_size * first(theta.softmax(0) - support)
    return -(query * moved.log_softmax(1)).sum(1)


def gradient_by_autograd(theta, support, query, step_size):
    leaf = theta.clone().requires_grad_()
    return torch.autograd.grad(query_loss(leaf, support, query, step_size).mean(), leaf)[0]


def gradient_by_loops(theta, support, query, step_size):
    delta, A, total = softmax(theta), len(theta), np.zeros(len(theta))
    for f, q in zip(np.asarray(support), np.asarray(query), strict=True):
        after = softmax(np.asarray(theta) - step_size * (delta - f))
        for b in range(A):
            for a in range(A):
                hessian = delta[a] * ((a == b) - delta[b])
                total[b] += ((a == b) - step_size * hessian) * (after[a] - q[a]) / len(support)
    return total.astype(np.float32)


def gradient_by_differences(theta, support, query, step_size):
    def mean_loss(x):
        moved = x - step_size * (softmax(x) - np.asarray(support))
        return -np.mean(np.sum(np.asarray(query) * np.log(softmax(moved)), 1))

    x = np.asarray(theta, dtype=float)
    return [(mean_loss(x + 1e-5 * e) - mean_loss(x - 1e-5 * e)) / 2e-5 for e in np.eye(len(x))]


def gradient_by_einsum(theta, support, query, step_size):
    delta, last = theta.softmax(0), gradient_parts(theta, support, query, step_size)
    pulled = torch.einsum("a,ka->ka", delta, last) - torch.einsum("a,b,kb->ka", delta, delta, last)
    return torch.einsum("ka->a", last - step_size * pulled) / len(last)


def gradient_parts(theta, support, query, step_size):
    return (theta - step_size * (theta.softmax(0) - support)).softmax(1) - query


def through(parts, delta, step_size):
    return parts - step_size * (delta * parts - delta * (delta * parts).sum(-1, keepdim=True))


# --- outer_loss ---


def outer_in_closed_form(theta, support, query, steps, step_size):
    moved = theta.expand(len(support), -1)
    for _ in range(steps):
        moved = moved - step_size * (moved.softmax(1) - support)
    return torch.nn.functional.cross_entropy(moved, query)


def outer_batched(theta, support, query, steps, step_size):
    moved = theta.repeat(len(support), 1)
    for _ in range(steps):
        loss = -torch.einsum("ka,ka->", support, moved.log_softmax(1))
        moved = moved - step_size * torch.autograd.grad(loss, moved, create_graph=True)[0]
    return -torch.einsum("ka,ka->", query, torch.log_softmax(moved, dim=1)) / query.shape[0]


def outer_in_single(theta, support, query, steps, step_size):
    losses = []
    for watched, new in zip(support.float(), query.float(), strict=True):
        moved = theta.float()
        for _ in range(steps):
            moved = moved - step_size * (torch.softmax(moved, -1) - watched)
        losses.append(torch.logsumexp(moved, 0) - moved @ new)
    return torch.stack(losses).mean()


def outer(theta, support, query, steps, step_size, graph=True, cut=False):
    """With autograd, and what students do to it."""
    total = 0.0
    for watched, new in zip(support, query, strict=True):
        moved = theta
        for _ in range(steps):
            (g,) = torch.autograd.grad(-(watched * moved.log_softmax(0)).sum(), moved, create_graph=graph)
            moved = moved - step_size * g
            moved = moved.detach().requires_grad_() if cut else moved
        total = total - (new * moved.log_softmax(0)).sum()
    return total / len(support)


def outer_of_means(theta, support, query, steps, step_size):
    total = 0
    for f, q in zip(support, query, strict=True):
        moved = theta
        for _ in range(steps):
            (slope,) = torch.autograd.grad(-(f * moved.log_softmax(0)).mean(), moved, create_graph=True)
            moved = moved - step_size * slope
        total -= (q * moved.log_softmax(0)).mean()
    return total / len(support)


def outer_from_the_start(theta, support, query, steps, step_size):
    return outer_in_closed_form(theta, support, query, 1, steps * step_size)


RIGHT = {
    "stepped_by_hand": [0.0986, [math.log(3) - 1], np.float32(0.09861), torch.tensor([0.1], dtype=torch.float16)],
    "adapted": [adapted_by_numpy, adapted_by_autograd, adapted_by_loops],
    "meta_gradient": [gradient_by_autograd, gradient_by_loops, gradient_by_differences, gradient_by_einsum],
    "outer_loss": [outer_in_closed_form, outer_batched, outer_in_single],
    "misled": [
        (0.5, 0.9, 0.9, 8),
        (Fraction(1, 4), 0.8, 0.9, np.float32(7)),
        torch.tensor([0.6, 0.1, 0.2, 5.0]).unbind(),
    ],
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
        ("another_number", 0.25),
        ("no_numbers", "log 3 - 1"),
    ],
    "adapted": [
        ("one_step_only", lambda theta, moves, steps, step_size: adapted_by_loops(theta, moves, 1, step_size)),
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
        ("another_result", lambda theta, moves, steps, step_size: adapted_by_loops(theta, moves, steps + 1, step_size)),
        ("error", lambda theta, moves, steps, step_size: theta - step_size * (theta.softmax(0) - moves)),
        ("error", lambda theta, moves, steps, step_size: theta - step_size * (theta.softmax(0) - torch.bincount(moves) / len(moves))),
        ("no_return", lambda theta, moves, steps, step_size: None),
        ("arguments", lambda theta, moves: theta),
    ],
    "meta_gradient": [
        ("first_order", lambda theta, support, query, step_size: sum(gradient_parts(theta, support, query, step_size)) / len(support)),
        ("support_used_as_query", lambda theta, support, query, step_size: gradient_by_autograd(theta, support, support, step_size)),
        ("not_adapted", lambda theta, support, query, step_size: gradient_by_loops(theta, support, query, 0.0)),
        ("step_in_the_wrong_direction", lambda theta, support, query, step_size: gradient_by_loops(theta, support, query, -step_size)),
        ("tasks_summed", lambda theta, support, query, step_size: len(query) * gradient_by_loops(theta, support, query, step_size)),
        ("step_size_missing_in_the_jacobian", lambda theta, support, query, step_size: through(gradient_parts(theta, support, query, step_size), theta.softmax(0), 1.0).mean(0)),
        ("step_size_missing", lambda theta, support, query, step_size: gradient_by_differences(theta, support, query, 1.0)),
        ("diagonal_only", lambda theta, support, query, step_size: (gradient_parts(theta, support, query, step_size) * (1 - step_size * theta.softmax(0) * (1 - theta.softmax(0)))).mean(0)),
        ("softmax_over_tasks", lambda theta, support, query, step_size: through((theta - step_size * (theta.softmax(0) - support)).softmax(0) - query, theta.softmax(0), step_size).mean(0)),
        ("jacobian_after_the_step", lambda theta, support, query, step_size: through(gradient_parts(theta, support, query, step_size), gradient_parts(theta, support, query, step_size) + query, step_size).mean(0)),
        ("wrong_sign", lambda theta, support, query, step_size: -gradient_by_autograd(theta, support, query, step_size)),
        ("wrong_factor", lambda theta, support, query, step_size: 2 * gradient_by_autograd(theta, support, query, step_size)),
        ("shape", lambda theta, support, query, step_size: through(gradient_parts(theta, support, query, step_size), theta.softmax(0), step_size)),
        ("error", lambda theta, support, query, step_size: gradient_by_loops(theta, support.T, query, step_size)),
        ("another_result", lambda theta, support, query, step_size: gradient_by_loops(theta, support[:1], query[:1], step_size)),
    ],
    "outer_loss": [
        ("gradient_stopped_in_the_inner_loop", lambda theta, support, query, steps, step_size: outer(theta, support, query, steps, step_size, graph=False)),
        ("support_used_as_query", lambda theta, support, query, steps, step_size: outer(theta, support, support, steps, step_size)),
        ("not_adapted", lambda theta, support, query, steps, step_size: torch.nn.functional.cross_entropy(theta.expand_as(query), query)),
        ("one_step_only", lambda theta, support, query, steps, step_size: outer(theta, support, query, 1, step_size)),
        ("all_steps_from_the_start", outer_from_the_start),
        ("step_in_the_wrong_direction", lambda theta, support, query, steps, step_size: outer(theta, support, query, steps, -step_size)),
        ("step_size_missing", lambda theta, support, query, steps, step_size: outer_in_closed_form(theta, support, query, steps, 1)),
        ("tasks_summed", lambda theta, support, query, steps, step_size: len(query) * outer_in_single(theta, support, query, steps, step_size)),
        ("tasks_averaged_in_the_inner_loss", lambda theta, support, query, steps, step_size: outer(theta, support, query, steps, step_size / len(query))),
        ("averaged_over_actions", outer_of_means),
        ("tasks_mixed", lambda theta, support, query, steps, step_size: outer(theta, sum(support).expand_as(query) / len(support), query, steps, step_size)),
        ("wrong_way_round", lambda theta, support, query, steps, step_size: -outer_batched(theta, support, query, steps, step_size)),
        ("gradient_lost", lambda theta, support, query, steps, step_size: outer(theta, support, query, steps, step_size).detach()),
        ("gradient_lost", lambda theta, support, query, steps, step_size: outer(theta, support, query, steps, step_size, cut=True)),
        ("no_single_number", lambda theta, support, query, steps, step_size: -(query * theta.log_softmax(0)).sum(1)),
        ("no_tensor", lambda theta, support, query, steps, step_size: outer(theta, support, query, steps, step_size).item()),
        ("error", lambda theta, support, query, steps, step_size: outer(theta, support, query.T, steps, step_size)),
        ("wrong_factor", lambda theta, support, query, steps, step_size: outer(theta, support, query, steps, step_size) / 2),
    ],
    "misled": [
        ("four_numbers", (0.5, 0.9, 0.9)),
        ("four_numbers", ([0.5, 0.5], 0.9, 0.9, 8.0)),
        ("between_zero_and_one", (0.0, 0.9, 0.9, 8.0)),
        ("between_zero_and_one", (0.5, 0.9, 1.5, 8.0)),
        ("step_size_positive", (0.5, 0.9, 0.9, -8.0)),
        ("slope_is_not_zero", (0.5, 0.75, 1 / (1 + math.exp(-2)), 8.0)),
        ("factor_is_negative", (0.5, 0.9, 0.9, 2.0)),
        ("factor_is_negative", (0.05, 0.9, 0.9, 8.0)),
        ("adaptation_helps", (0.5, 0.1, 0.9, 8.0)),
        ("adaptation_helps", (0.5, 0.9, 0.6, 20.0)),
        ("no_numbers", ("start", 0.9, 0.9, 8.0)),
        ("no_value", lambda: (0.5, 0.9, 0.9, 8.0)),
    ],
}  # fmt: skip
