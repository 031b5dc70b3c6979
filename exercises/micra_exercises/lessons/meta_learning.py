"""Exercises of sheet 05: inner steps, and the outer loss for autograd. The rest is in `second_order.py`."""

from __future__ import annotations

import math

import torch

from ..exercise import exercise
from ..values import gradient
from .random_cases import in_letters, one_of, policy

LESSON = "05_meta_learning"


def sigma(x):
    """The logistic function: the probability of heads at the logit x."""
    return 1 / (1 + math.exp(-x))


def other_moves(generator):
    """θ, whose prediction has few digits; numbers of heads and of tails; α."""
    heads, tails = (int(one_of(generator, 1, 2, 3)) for _ in range(2))
    return math.log(one_of(generator, 0.25, 1.5, 3, 4, 9)), heads, tails, one_of(generator, 0.5, 1.5, 2.0, 3.0, 4.0)


@exercise(
    "number", lesson=LESSON, title="An inner step by hand", difficulty=1, importance=5, minutes=5,
    example=(math.log(3), 1, 3, 2.0), expected=math.log(3) - 1,
    vary=other_moves,
    advice="Test it: (θ − θ′) / α, with your θ′, must be the predicted probability of heads minus the watched frequency of heads.",
    rewordings=[
        ("θ = log 3 = 1.0986, so it predicts heads with 0.75", lambda theta, heads, tails, step_size:
         f"θ = log {math.exp(theta):.3g} = {theta:.4f}, so it predicts heads with {sigma(theta):.3g}".replace("-", "−")),
        ("Four moves are watched: H T T T. Take one inner step with α = 2.", lambda theta, heads, tails, step_size:
         f"{heads + tails} moves are watched: {in_letters(heads, tails)}. Take one inner step with α = {step_size:g}."),
    ],
    hints=(
        "What share of the watched moves is heads? What share did the imitator expect? In which direction is it wrong?",
        r"$\theta' = \theta - \alpha\,\big(\sigma(\theta) - h/n\big)$: prediction minus frequency.",
        lambda theta, heads, tails, step_size: f"theta = {theta:.4f}\nslope = {sigma(theta):.3g} - ...\nstepped = theta - ... * slope",
    ),
    mistakes=[
        ("step_in_the_wrong_direction", lambda theta, h, t, alpha: theta + alpha * (sigma(theta) - h / (h + t)),
         "You went uphill: the loss on the watched moves rises. Subtract the step."),
        ("step_size_missing", lambda theta, h, t, alpha: theta - (sigma(theta) - h / (h + t)),
         "The step size is missing: you took α = 1."),
        ("tails_taken_for_heads", lambda theta, h, t, alpha: theta - alpha * (sigma(theta) - t / (h + t)),
         "You compared with the frequency of tails. θ is the log-odds of heads."),
        ("summed_over_moves", lambda theta, h, t, alpha: theta - alpha * (h + t) * (sigma(theta) - h / (h + t)),
         "You summed over the watched moves. The inner loss is their mean."),
        ("log_odds_for_probability", lambda theta, h, t, alpha: theta - alpha * (theta - h / (h + t)),
         lambda theta, h, t, alpha: f"You compared θ with the frequency. θ is log-odds: the prediction is σ(θ) = {sigma(theta):.3g}."),
        ("stepped_in_the_probability", lambda theta, h, t, alpha: sigma(theta) - alpha * (sigma(theta) - h / (h + t)),
         lambda theta, h, t, alpha: f"You moved the probability. The parameter that moves is θ = log {math.exp(theta):.3g}."),
        ("probability_afterwards", lambda theta, h, t, alpha: sigma(theta - alpha * (sigma(theta) - h / (h + t))),
         "This is the prediction after the step, σ(θ′). The exercise asks for θ′ itself."),
        ("slope_alone", lambda theta, h, t, alpha: sigma(theta) - h / (h + t),
         "This is the slope. Now take the step: subtract α times the slope from θ."),
    ],
)  # fmt: skip
def stepped_by_hand(theta, heads, tails, step_size):
    """The logit after one inner step on counted heads and tails."""
    frequency = heads / (heads + tails)
    slope = 1 / (1 + math.exp(-theta)) - frequency
    return theta - step_size * slope


def frequencies(moves, count):
    """The frequency of each action among the moves (A,)."""
    return torch.stack([(moves == a).sum() for a in range(count)]) / len(moves)


def descended(theta, observed, steps, step_size, stop=lambda slope: slope, at_start=False):
    """θ′ (…, A) after some steps on frequencies (…, A); `stop` is applied to each slope."""
    moved = theta.expand_as(observed)
    for _ in range(steps):
        moved = moved - step_size * stop((theta.expand_as(observed) if at_start else moved).softmax(-1) - observed)
    return moved


def one_by_one(theta, moves, steps, step_size):
    """θ′ if a step is taken for each move, in the order of watching."""
    for a in moves.tolist() * steps:
        theta = descended(theta, frequencies(torch.tensor([a]), len(theta)), 1, step_size)
    return theta


def accumulated(theta, moves, steps, step_size):
    """θ′ if gradients are never reset: each step takes the sum of all slopes so far."""
    total, frequency = torch.zeros_like(theta), frequencies(moves, len(theta))
    for _ in range(steps):
        total = total + theta.softmax(0) - frequency
        theta = theta - step_size * total
    return theta


def with_logits(theta, observed, steps, step_size):
    """θ′ if logits are compared with frequencies."""
    return observed + (1 - step_size) ** steps * (theta - observed)


def start_and_moves(generator, k):
    """θ (A,), moves (n,), the number of steps, their size. In every second case, an action never occurs."""
    A = 2 + k % 4
    theta = torch.randn(A, generator=generator)
    moves = torch.randint(A - k % 2, (3 + k % 5,), generator=generator)
    return theta, moves, 1 + k % 3, 0.5 + 2 * float(torch.rand((), generator=generator))


@exercise(
    lesson=LESSON, title="Several inner steps", difficulty=2, importance=5, minutes=10,
    example=(torch.zeros(2), torch.tensor([0, 1, 0, 0]), 2, 2.0), expected=[0.5 - 2 * (sigma(1) - 0.75), 2 * (sigma(1) - 0.75) - 0.5],
    draw=start_and_moves,
    hints=(
        "Each step compares the *current* prediction with what was watched. Where does the second step start?",
        r"$\theta^{(m+1)} = \theta^{(m)} - \alpha\,\big(\mathrm{softmax}(\theta^{(m)}) - f\big)$ with $f(a)$ the frequency of $a$.",
        "def adapted(theta, moves, steps, step_size):\n    frequency = ...  # (A,)\n    for _ in range(steps):\n        theta = theta - ...\n    return theta",
    ),
    mistakes=[
        ("one_step_only", lambda theta, moves, steps, alpha: descended(theta, frequencies(moves, len(theta)), 1, alpha),
         "You took a single step. Take `steps` of them."),
        ("all_steps_from_the_start", lambda theta, moves, steps, alpha: descended(theta, frequencies(moves, len(theta)), steps, alpha, at_start=True),
         "All your slopes are taken at θ. Take each one at the θ′ of the step before."),
        ("last_step_from_the_start",
         lambda theta, moves, steps, alpha: theta - alpha * (descended(theta, f := frequencies(moves, len(theta)), steps - 1, alpha).softmax(0) - f),
         "Your slope is taken at the last θ′, but your step starts at θ again. Start it at the last θ′."),
        ("step_in_the_wrong_direction", lambda theta, moves, steps, alpha: descended(theta, frequencies(moves, len(theta)), steps, -alpha),
         "You went uphill: the watched moves become less probable. Subtract the step."),
        ("step_size_missing", lambda theta, moves, steps, alpha: descended(theta, frequencies(moves, len(theta)), steps, 1.0),
         "The step size is missing: you took α = 1."),
        ("summed_over_moves", lambda theta, moves, steps, alpha: descended(theta, frequencies(moves, len(theta)), steps, alpha * len(moves)),
         "You summed over the watched moves. The inner loss is their mean."),
        ("slopes_accumulate", accumulated,
         "Your slopes accumulate: each step includes those of all steps before. With autograd, reset the gradient first."),
        ("last_move_only", lambda theta, moves, steps, alpha: descended(theta, frequencies(moves[-1:], len(theta)), steps, alpha),
         "You adapt to the last move only. The inner loss is the mean over all watched moves."),
        ("move_by_move", one_by_one,
         "You take a step for each single move. A step uses all watched moves: the mean of their losses."),
        ("logits_for_probabilities", lambda theta, moves, steps, alpha: with_logits(theta, frequencies(moves, len(theta)), steps, alpha),
         "You compare logits with frequencies. The prediction is softmax(θ)."),
        ("probabilities_returned", lambda theta, moves, steps, alpha: descended(theta, frequencies(moves, len(theta)), steps, alpha).softmax(0),
         "These are the predictions after adaptation. The exercise asks for the logits, θ′."),
    ],
    properties=[
        ("sum_kept", lambda result, theta, *_: abs(result.sum() - float(theta.sum())) < 1e-3,
         "the sum of the logits stays the same, since predictions and frequencies both sum to 1. Yours changes."),
    ],
)  # fmt: skip
def adapted(theta, moves, steps, step_size):
    """θ′ (A,), logits, after some inner steps from theta (A,) on the mean loss of the watched moves (n,)."""
    frequency = torch.zeros(len(theta))
    for a in moves:
        frequency[a] += 1 / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - frequency)
    return theta


def start_and_tasks(generator, k):
    """θ (A,), support and query (K, A), which are frequencies, and a step size. K and A differ."""
    K, A = 2 + k % 3, 2 + (k + 1) % 3
    theta, support, query = torch.randn(A, generator=generator), policy(generator, K, A), policy(generator, K, A)
    return theta, support, query, 1.5 + float(torch.rand((), generator=generator))


TASKS = (torch.zeros(2), torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[0.5, 0.5], [0.25, 0.75]]))


def gradient_in_start(outer_loss, theta, support, query, steps, step_size):
    """The gradient of the outer loss in θ by autograd, which reveals a graph that is cut somewhere."""
    leaf = theta.detach().clone().requires_grad_()
    found = outer_loss(leaf, support, query, steps, step_size)
    return gradient(found, leaf, "A loss", "No gradient reaches θ: somewhere, θ′ is detached from it.")


def outer(theta, support, query, steps, step_size, **how):
    """Each task's cross-entropy after adaptation (K,)."""
    return -(query * descended(theta, support, steps, step_size, **how).log_softmax(-1)).sum(-1)


@exercise(
    lesson=LESSON, title="The outer loss for autograd", difficulty=3, importance=5, minutes=15,
    example=(*TASKS, 1, 1.0), expected=[0.0625, -0.0625], measure=gradient_in_start,
    draw=lambda generator, k: (*start_and_tasks(generator, k)[:3], 1 + k % 3, 0.5 + 2 * float(torch.rand((), generator=generator))),
    hints=(
        "The outer gradient flows back through each inner step. What must autograd keep for that?",
        r"$\frac 1 K \sum_k L\big(\theta'_k; q_k\big)$ with $L(\theta; f) = -\sum_a f(a) \log \mathrm{softmax}(\theta)_a$; "
        r"inner steps with `create_graph=True`.",
        """\
        def outer_loss(theta, support, query, steps, step_size):
            total = 0.0
            for watched, new in zip(support, query, strict=True):
                moved = theta
                for _ in range(steps):
                    (slope,) = torch.autograd.grad(..., moved, create_graph=...)
                    moved = ...
                total = total + ...
            return total / ...""",
    ),
    mistakes=[
        ("gradient_stopped_in_the_inner_loop", lambda *given: outer(*given, stop=torch.Tensor.detach).mean(),
         "You stopped the gradient in the inner loop: this is first order. Keep the graph of each slope: create_graph=True."),
        ("support_used_as_query", lambda theta, support, query, steps, alpha: outer(theta, support, support, steps, alpha).mean(),
         "You evaluate on the watched moves, the support. The outer loss is that of the query."),
        ("not_adapted", lambda theta, support, query, steps, alpha: outer(theta, support, query, 0, alpha).mean(),
         "This is the loss before adaptation. Take the inner steps first."),
        ("one_step_only", lambda theta, support, query, steps, alpha: outer(theta, support, query, 1, alpha).mean(),
         "You took a single inner step. Take `steps` of them."),
        ("all_steps_from_the_start", lambda *given: outer(*given, at_start=True).mean(),
         "All your slopes are taken at θ. Take each one at the θ′ of the inner step before."),
        ("step_in_the_wrong_direction", lambda theta, support, query, steps, alpha: outer(theta, support, query, steps, -alpha).mean(),
         "Your inner steps go uphill: the watched moves become less probable. Subtract the step."),
        ("step_size_missing", lambda theta, support, query, steps, alpha: outer(theta, support, query, steps, 1.0).mean(),
         "The step size is missing: you took α = 1."),
        ("tasks_summed", lambda *given: outer(*given).sum(),
         "You summed over the tasks. Take their mean, or more tasks mean larger outer steps."),
        ("tasks_averaged_in_the_inner_loss", lambda theta, support, query, steps, alpha: outer(theta, support, query, steps, alpha / len(support)).mean(),
         "You averaged the inner loss over tasks, so each task's step is K times too short. Average only the outer loss."),
        ("averaged_over_actions", lambda theta, support, query, steps, alpha: outer(theta, support, query, steps, alpha / len(theta)).mean() / len(theta),
         "Your losses are means over actions. The frequencies already weight them: take the sum."),
        ("tasks_mixed", lambda theta, support, query, steps, alpha: outer(theta, support.mean(0).expand_as(support), query, steps, alpha).mean(),
         "You adapted to all tasks at once. Each task has its own θ′."),
        ("wrong_way_round", lambda *given: -outer(*given).mean(),
         "The sign is wrong: a loss is minus the mean log-probability."),
    ],
)  # fmt: skip
def outer_loss(theta, support, query, steps, step_size):
    """The mean query loss after adaptation, nats: theta (A,), support and query (K, A), frequencies."""
    total = torch.zeros(())
    for watched, new in zip(support, query, strict=True):
        moved = theta
        for _ in range(steps):
            loss = -(watched * moved.log_softmax(0)).sum()
            (slope,) = torch.autograd.grad(loss, moved, create_graph=True)
            moved = moved - step_size * slope
        total = total - (new * moved.log_softmax(0)).sum()
    return total / len(support)
