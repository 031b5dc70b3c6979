"""Answers to the exercises of sheet 05: the outer loss and its gradient."""

import math
from fractions import Fraction

import numpy as np
import torch


def softmax(x):
    x = np.exp(np.asarray(x, dtype=float))
    return x / x.sum(-1, keepdims=True)


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


def adapted_tasks(theta, support, steps, step_size):
    """θ′ of each task."""
    found = []
    for watched in support:
        moved = theta
        for _ in range(steps):
            moved = moved - step_size * (moved.softmax(0) - watched)
        found.append(moved)
    return found


def outer_of_each(theta, support, query, steps, step_size):
    moved = adapted_tasks(theta, support, steps, step_size)
    return torch.stack([torch.logsumexp(x, 0) - x @ q for x, q in zip(moved, query, strict=True)])


def outer_in_part(theta, support, query, steps, step_size, keeps):
    """Some slopes have a graph."""
    moved = theta.expand(len(support), -1)
    for left in range(steps, 0, -1):
        inner = moved.softmax(1) - support
        moved = moved - step_size * (inner if keeps(left) else inner.detach())
    return torch.nn.functional.cross_entropy(moved, query)


def outer_again_from_the_start(theta, support, query, steps, step_size):
    moved = theta.expand(len(support), -1)
    for _ in range(steps):
        moved = theta - step_size * (moved.softmax(1) - support)
    return torch.nn.functional.cross_entropy(moved, query)


def outer_carried(theta, support, query, steps, step_size):
    total = 0
    for f, q in zip(support, query, strict=True):
        (theta,) = adapted_tasks(theta, f[None], steps, step_size)
        total = total - q @ theta.log_softmax(0)
    return total / len(query)


def outer_of_the_mean(theta, support, query, steps, step_size):
    moved = sum(adapted_tasks(theta, support, steps, step_size)) / len(support)
    return -(query @ moved.log_softmax(0)).mean()


def outer_by_a_wrong_axis(theta, support, query, steps, step_size):
    moved = theta.repeat(len(support), 1)
    for _ in range(steps):
        moved = moved - step_size * (moved.softmax(0) - support)
    return torch.nn.functional.cross_entropy(moved, query)


def outer_on_the_way(theta, support, query, steps, step_size, first):
    losses = [outer_of_each(theta, support, query, n, step_size).mean() for n in range(first, steps + 1)]
    return sum(losses) / max(len(losses), 1)


def after(theta, support, query, step_size):
    return theta - step_size * (theta.softmax(0) - support)


def gradient_with(theta, support, query, step_size, parts=None, by=None):
    parts = gradient_parts(theta, support, query, step_size) if parts is None else parts
    return through(parts, theta.softmax(0), step_size if by is None else by).mean(0)


def gradient_by_matrix(theta, support, query, step_size, hessian):
    jacobian = torch.eye(len(theta)) - step_size * hessian(theta.softmax(0))
    return torch.stack([jacobian @ part for part in gradient_parts(theta, support, query, step_size)]).mean(0)


def gradient_by_solving(theta, support, query, step_size):
    d = softmax(theta)
    jacobian = np.eye(len(d)) - step_size * (np.diag(d) - np.outer(d, d))
    return np.linalg.solve(jacobian, gradient_parts(theta, support, query, step_size).mean(0).numpy())


def gradient_carried(theta, support, query, step_size):
    total = 0
    for f, q in zip(support, query, strict=True):
        total = total + through(gradient_parts(theta, f[None], q[None], step_size), theta.softmax(0), step_size)[0]
        theta = theta - step_size * (theta.softmax(0) - f)
    return total / len(support)


RIGHT = {
    "meta_gradient": [gradient_by_autograd, gradient_by_loops, gradient_by_differences, gradient_by_einsum],
    "outer_loss": [outer_in_closed_form, outer_batched, outer_in_single],
    "misled": [
        (0.5, 0.9, 0.9, 8),
        (Fraction(1, 4), 0.8, 0.9, np.float32(7)),
        torch.tensor([0.6, 0.1, 0.2, 5.0]).unbind(),
        [0.5, 1, 1, 8],
        (0.5, 0.75, 1.0, 300.0),
        np.array([0.5, 0.0, 0.0, 4.001]),
    ],
}

WRONG = {
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
        ("tasks_kept", lambda theta, support, query, step_size: through(gradient_parts(theta, support, query, step_size), theta.softmax(0), step_size)),
        ("transposed", lambda theta, support, query, step_size: gradient_by_loops(theta, support.T, query, step_size)),
        ("first_task_only", lambda theta, support, query, step_size: gradient_by_loops(theta, support[:1], query[:1], step_size)),
        ("slope_before_the_step", lambda *given: gradient_with(*given, parts=(given[0].softmax(0) - given[2]))),
        ("adapted_on_the_query", lambda theta, support, query, step_size: gradient_by_autograd(theta, query, query, step_size)),
        ("inner_step_uphill", lambda theta, support, query, step_size: gradient_with(theta, support, query, step_size, parts=gradient_parts(theta, support, query, -step_size))),
        ("plus_in_the_jacobian", lambda *given: gradient_with(*given, by=-given[3])),
        ("median_of_the_tasks", lambda *given: through(gradient_parts(*given), given[0].softmax(0), given[3]).median(0).values),
        ("last_task_only", lambda theta, support, query, step_size: gradient_by_autograd(theta, support[-1:], query[-1:], step_size)),
        ("last_task_by_k", lambda theta, support, query, step_size: gradient_by_autograd(theta, support[-1:], query[-1:], step_size) / len(query)),
        ("theta_carried_from_task_to_task", gradient_carried),
        ("tasks_mixed", lambda theta, support, query, step_size: gradient_by_autograd(theta, support.mean(0).expand_as(support), query, step_size)),
        ("step_size_missing_in_the_step", lambda theta, support, query, step_size: gradient_with(theta, support, query, step_size, parts=gradient_parts(theta, support, query, 1.0))),
        ("outer_product_left_out", lambda *given: gradient_by_matrix(*given, lambda d: torch.diag(d))),
        ("outer_product_left_out", lambda *given: gradient_by_matrix(*given, lambda d: torch.diag(d) - (d * d)[:, None])),
        ("diagonal_left_out", lambda *given: gradient_by_matrix(*given, lambda d: -torch.outer(d, d))),
        ("outer_product_added", lambda *given: gradient_by_matrix(*given, lambda d: torch.diag(d) + torch.outer(d, d))),
        ("squares_for_the_outer_product", lambda *given: gradient_by_matrix(*given, lambda d: torch.diag(d) - d * d)),
        ("identity_left_out", lambda *given: gradient_with(*given) - gradient_parts(*given).mean(0)),
        ("inverse_of_the_jacobian", gradient_by_solving),
        ("logits_in_the_jacobian", lambda *given: gradient_by_matrix(*given, lambda d: torch.diag(given[0]) - torch.outer(given[0], given[0]))),
        ("logits_for_probabilities", lambda *given: gradient_with(*given, parts=after(*given) - given[2])),
        ("log_probabilities", lambda *given: gradient_with(*given, parts=after(*given).log_softmax(1) - given[2])),
        ("way_to_the_tasks", lambda theta, support, query, step_size: theta - after(theta, support, query, step_size).mean(0)),
        ("support_loss_before", lambda theta, support, query, step_size: theta.softmax(0) - support.mean(0)),
        ("another_result", lambda theta, support, query, step_size: gradient_by_autograd(theta, support, query, step_size) + 0.01 * theta.sin()),
    ],
    "outer_loss": [
        ("gradient_stopped_in_the_inner_loop", lambda theta, support, query, steps, step_size: outer(theta, support, query, steps, step_size, graph=False)),
        ("support_used_as_query", lambda theta, support, query, steps, step_size: outer(theta, support, support, steps, step_size)),
        ("not_adapted", lambda theta, support, query, steps, step_size: torch.nn.functional.cross_entropy(theta.expand_as(query), query)),
        ("argument_ignored", lambda theta, support, query, steps, step_size: outer(theta, support, query, 1, step_size)),
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
        ("transposed", lambda theta, support, query, steps, step_size: outer(theta, support, query.T, steps, step_size)),
        ("wrong_factor", lambda theta, support, query, steps, step_size: outer(theta, support, query, steps, step_size) / 2),
        ("one_step_only", lambda theta, support, query, steps, step_size: outer(theta, support, query, min(steps, 1), step_size)),
        ("one_step_too_many", lambda theta, support, query, steps, step_size: outer(theta, support, query, steps + 1, step_size)),
        ("one_step_too_few", lambda theta, support, query, steps, step_size: outer_in_closed_form(theta, support, query, steps - 1, step_size)),
        ("only_the_last_step_has_a_graph", lambda *given: outer_in_part(*given, keeps=lambda left: left == 1)),
        ("only_the_first_step_has_a_graph", lambda *given: outer_in_part(*given, keeps=lambda left: left == given[3])),
        ("adapted_on_the_query", lambda theta, support, query, *rest: outer_in_closed_form(theta, query, query, *rest)),
        ("each_step_from_the_start", outer_again_from_the_start),
        ("median_of_the_tasks", lambda *given: outer_of_each(*given).median()),
        ("hardest_task_only", lambda *given: outer_of_each(*given).max()),
        ("first_task_only", lambda theta, support, query, *rest: outer_batched(theta, support[:1], query[:1], *rest)),
        ("last_task_only", lambda theta, support, query, *rest: outer_batched(theta, support[-1:], query[-1:], *rest)),
        ("theta_carried_from_task_to_task", outer_carried),
        ("inner_mean_over_actions", lambda theta, support, query, steps, step_size: outer_batched(theta, support, query, steps, step_size / len(theta))),
        ("outer_mean_over_actions", lambda theta, *rest: outer_batched(theta, *rest) / len(theta)),
        ("adapted_parameters_averaged", outer_of_the_mean),
        ("softmax_over_tasks", outer_by_a_wrong_axis),
        ("loss_after_every_step", lambda *given: outer_on_the_way(*given, first=1)),
        ("loss_before_and_after", lambda *given: outer_on_the_way(*given, first=0)),
        ("logarithm_missing", lambda theta, support, query, *rest: -(query * torch.stack(adapted_tasks(theta, support, *rest)).softmax(1)).sum(1).mean()),
    ],
    "misled": [
        ("four_numbers", (0.5, 0.9, 0.9)),
        ("four_numbers", ([0.5, 0.5], 0.9, 0.9, 8.0)),
        ("start_is_uncertain", (0.0, 0.9, 0.9, 8.0)),
        ("between_zero_and_one", (0.5, 0.9, 1.5, 8.0)),
        ("step_size_positive", (0.5, 0.9, 0.9, -8.0)),
        ("slope_is_not_zero", (0.5, 0.75, 1 / (1 + math.exp(-2)), 8.0)),
        ("factor_is_negative", (0.5, 0.9, 0.9, 2.0)),
        ("factor_is_negative", (0.05, 0.9, 0.9, 8.0)),
        ("right_direction", (0.5, 0.1, 0.9, 8.0)),
        ("adaptation_helps", (0.5, 0.9, 0.6, 20.0)),
        ("no_numbers", ("start", 0.9, 0.9, 8.0)),
        ("no_value", lambda: (0.5, 0.9, 0.9, 8.0)),
        ("start_is_uncertain", (1, 0.9, 0.9, 8.0)),
        ("between_zero_and_one", (50, 90, 90, 8)),
        ("something_moves", (0.5, 0.5, 0.9, 8.0)),
        ("something_to_gain", (0.5, 0.9, 0.5, 8.0)),
        ("step_size_positive", (0.5, 0.9, 0.9, 0)),
        ("factor_is_negative", (0.5, 0.9, 0.9, 4.0)),
        ("factor_is_negative", (0.25, 0.75, 0.9, 16 / 3)),
        ("not_finite", (0.5, math.nan, 0.9, 8.0)),
    ],
}  # fmt: skip
