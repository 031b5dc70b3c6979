"""Exercises of sheet 05: the gradient through an inner step, and the error of leaving out its second order."""

from __future__ import annotations

import math

import torch

from ..exercise import exercise
from .meta_learning import LESSON, TASKS, descended, sigma, start_and_tasks


def jacobian(delta, step_size):
    """dθ′/dθ of one step from the θ that predicts δ: (A, A)."""
    return torch.eye(len(delta), dtype=delta.dtype) - step_size * (torch.diag(delta) - torch.outer(delta, delta))


def slopes(theta, support, query, step_size):
    """The slope of each task's query loss at its θ′ (K, A)."""
    return descended(theta, support, 1, step_size).softmax(1) - query


@exercise(
    lesson=LESSON, title="The gradient through a step", difficulty=4, importance=5, minutes=15,
    example=(*TASKS, 1.0), expected=[0.0625, -0.0625], draw=start_and_tasks,
    hints=(
        "If θ moves a little, how far does θ′ move? And how fast does the query loss change at θ′?",
        r"$\frac 1 K \sum_k J\,(\delta'_k - q_k)$ with $J = I - \alpha\,\big(\mathrm{diag}(\delta) - \delta\delta^\top\big)$, "
        r"$\delta = \mathrm{softmax}(\theta)$, $\delta'_k = \mathrm{softmax}(\theta'_k)$.",
        """\
        def meta_gradient(theta, support, query, step_size):
            delta = theta.softmax(0)
            moved = ...  # (K, A)
            slope = ...  # (K, A), at θ′
            jacobian = torch.eye(len(theta)) - ...
            return ...""",
    ),
    mistakes=[
        ("first_order", lambda theta, support, query, alpha: slopes(theta, support, query, alpha).mean(0),
         "This is first order: dθ′/dθ is left out, as if it were 1. The exercise asks for second order."),
        ("support_used_as_query", lambda theta, support, query, alpha: (slopes(theta, support, support, alpha) @ jacobian(theta.softmax(0), alpha)).mean(0),
         "You evaluated on the watched moves. After the step, only the query counts."),
        ("not_adapted", lambda theta, support, query, alpha: (theta.softmax(0) - query).mean(0),
         "This is the gradient of the loss before adaptation. Take the inner step first."),
        ("step_in_the_wrong_direction", lambda theta, support, query, alpha: (slopes(theta, support, query, -alpha) @ jacobian(theta.softmax(0), -alpha)).mean(0),
         "Your inner step goes uphill, and your Jacobian has a plus sign. Use a minus in both."),
        ("tasks_summed", lambda theta, support, query, alpha: (slopes(theta, support, query, alpha) @ jacobian(theta.softmax(0), alpha)).sum(0),
         "You summed over the tasks. Take their mean."),
        ("step_size_missing_in_the_jacobian", lambda theta, support, query, alpha: (slopes(theta, support, query, alpha) @ jacobian(theta.softmax(0), 1.0)).mean(0),
         "The step size is missing in the Jacobian: I − αH."),
        ("step_size_missing", lambda theta, support, query, alpha: (slopes(theta, support, query, 1.0) @ jacobian(theta.softmax(0), 1.0)).mean(0),
         "The step size is missing: you took α = 1."),
        ("diagonal_only", lambda theta, support, query, alpha: (slopes(theta, support, query, alpha) * jacobian(theta.softmax(0), alpha).diagonal()).mean(0),
         "You used only the diagonal of the Jacobian. Each logit moves all probabilities: use the whole matrix."),
        ("softmax_over_tasks", lambda theta, support, query, alpha: ((descended(theta, support, 1, alpha).softmax(0) - query) @ jacobian(theta.softmax(0), alpha)).mean(0),
         "After the step, your softmax is over tasks. Each task's predictions sum to 1 over actions: use axis 1."),
        ("jacobian_after_the_step", lambda theta, support, query, alpha: torch.stack(
            [s @ jacobian(m.softmax(0), alpha) for s, m in zip(slopes(theta, support, query, alpha), descended(theta, support, 1, alpha), strict=True)]).mean(0),
         "Your Jacobian is taken at θ′. The step starts at θ, and its slope depends on θ: take it there."),
    ],
)  # fmt: skip
def meta_gradient(theta, support, query, step_size):
    """The gradient of the mean query loss in θ through one inner step, (A,): theta (A,), support and query (K, A)."""
    start = theta.softmax(0)
    moved = theta - step_size * (start - support)
    slope = moved.softmax(1) - query
    jacobian = torch.eye(len(theta)) - step_size * (torch.diag(start) - torch.outer(start, start))
    return (slope @ jacobian).mean(0)


def one_step(start, watched, new, alpha):
    """The loss on new moves before and after one step, its slope at θ′, and dθ′/dθ."""
    theta = math.log(start / (1 - start))
    moved = theta - alpha * (start - watched)
    before, after = (new * math.log1p(math.exp(-x)) + (1 - new) * math.log1p(math.exp(x)) for x in (theta, moved))
    return before, after, sigma(moved) - new, 1 - alpha * start * (1 - start)


@exercise(
    "open", lesson=LESSON, title="When first order misleads", difficulty=3, importance=3, minutes=10,
    hints=(
        "First order replaces dθ′/dθ by 1. What else can it be? If the step is long, can a higher start end up lower?",
        r"$1 - \alpha\, \delta (1 - \delta) < 0$, but $L_{\text{query}}(\theta') < L_{\text{query}}(\theta)$, and $\sigma(\theta') \ne q$.",
        "start = 0.5\nwatched, new = ..., ...  # far from the start, and close to each other\nmisled = (start, watched, new, ...)  # the step size is large",
    ),
    properties=[
        ("four_numbers", lambda *given: len(given) == 4 and all(x.size == 1 for x in given),
         "Pass four numbers in round brackets: (start, watched, new, step_size)."),
        ("between_zero_and_one", lambda *given: all(0.001 <= x <= 0.999 for x in given[:3]),
         "The first three are probabilities of heads. Keep them between 0.001 and 0.999."),
        ("step_size_positive", lambda start, watched, new, alpha: 0 < alpha <= 100,
         "The step size must be positive, and 100 at most."),
        ("slope_is_not_zero", lambda *given: abs(one_step(*given)[2]) > 1e-3,
         "After the step, the prediction is perfect on new moves. Then both gradients are zero, and no start is better."),
        ("factor_is_negative", lambda *given: one_step(*given)[3] < -1e-3,
         "dθ′/dθ is not negative, so first order has the right sign. When does a higher θ lead to a lower θ′?"),
        ("adaptation_helps", lambda *given: (x := one_step(*given))[1] < x[0],
         "The step increases the loss on new moves. Nobody would take it: choose one that helps."),
    ],
)  # fmt: skip
def misled():
    """Start, watched, new and step size for which first order goes the wrong way although adapting helps."""
    return 0.5, 0.9, 0.9, 8.0
