"""Exercises of sheet 05: the gradient through an inner step, and when leaving out its second order misleads."""

from __future__ import annotations

import numpy as np
import torch

from ..exercise import exercise
from .meta_learning import LESSON
from .outer_loss import CERTAIN, FORESEEN, OF_TASKS, SIZES, TASKS, tasks

JACOBIANS = {  # at the prediction δ (A,), with step size α: (A, A)
    "whole": lambda d, alpha: torch.eye(len(d)) - alpha * (torch.diag(d) - torch.outer(d, d)),
    "left out": lambda d, alpha: torch.eye(len(d)),
    "diagonal": lambda d, alpha: torch.diag(1 - alpha * d * (1 - d)),
    "no outer product": lambda d, alpha: torch.diag(1 - alpha * d),
    "no diagonal": lambda d, alpha: torch.eye(len(d)) + alpha * torch.outer(d, d),
    "sum of both": lambda d, alpha: torch.eye(len(d)) - alpha * (torch.diag(d) + torch.outer(d, d)),
    "squares in rows": lambda d, alpha: torch.eye(len(d)) - alpha * (torch.diag(d) - d * d),
    "no identity": lambda d, alpha: -alpha * (torch.diag(d) - torch.outer(d, d)),
    "inverse": lambda d, alpha: (torch.eye(len(d)) - alpha * (torch.diag(d) - torch.outer(d, d))).inverse(),
}


def through_a_step(theta, support, query, step_size, *, jacobian="whole", jacobian_sized=True, plus=False, at="start",
                   slope_at="adapted", sized=True, uphill=False, adapt_on="support", judged_on="query", softmax=-1,
                   judged="prediction", mixed=False, carried=False, of_tasks="mean"):  # fmt: skip
    """The gradient of the mean query loss through one step, or what a student takes for it."""
    of, start, found = {"support": support, "query": query}, theta, []
    adapted_on = of[adapt_on].mean(0).expand_as(query) if mixed else of[adapt_on]
    step = (step_size if sized else 1) * (-1 if uphill else 1)
    moved = start - step * (start.softmax(0) - adapted_on)
    if carried:
        moved = []
        for f in adapted_on:
            moved.append(start := start - step * (start.softmax(0) - f))
        moved = torch.stack(moved)
    starts = torch.cat([theta[None], moved[:-1]]) if carried else theta.expand_as(query)
    after = {"prediction": moved.softmax(softmax), "logits": moved, "log": moved.log_softmax(-1)}[judged]
    before = theta.softmax(0).expand_as(query)
    slopes = (before if slope_at == "start" else after) - of[judged_on]
    for slope, begin, end in zip(slopes, starts, moved, strict=True):
        delta = {"start": begin.softmax(0), "adapted": end.softmax(0), "logits": begin}[at]
        size = (step_size if jacobian_sized else 1) * (-1 if plus else 1)
        found.append(JACOBIANS[jacobian](delta, size) @ slope)
    if of_tasks == "kept":
        return torch.stack(found)
    if of_tasks == "median":
        return torch.stack(found).median(0).values
    return torch.stack([OF_TASKS[of_tasks](one) for one in torch.stack(found).T])


def a_way_towards(theta, support, query, step_size, share=1.0):
    """The mean way from θ′ back to θ, or a multiple of it."""
    return share * step_size * (theta.softmax(0) - support).mean(0)


def tasks_and_step(generator, k):
    """θ, support and query, and a step size; as many tasks as actions in some cases."""
    return *tasks(generator, *SIZES[k % 8]), 1.5 + float(torch.rand((), generator=generator))


@exercise(
    lesson=LESSON, title="The gradient through a step", difficulty=4, importance=5, minutes=15,
    example=(*TASKS, 1.0), expected=[0.0625, -0.0625], draw=tasks_and_step,
    edges={
        "there is only one task": lambda generator: (*tasks(generator, 1, 3), 1.5),
        "there are as many tasks as actions": lambda generator: (*tasks(generator, 3, 3), 1.5),
        "every frequency is 0 or 1": (*CERTAIN, 1.5),
        "the step is very long": lambda generator: (*tasks(generator, 2, 3), 8.0),
        "a task's support is just what θ predicts": (*FORESEEN, 1.5),
    },
    slipping=through_a_step,
    hints=(
        "If θ moves a little, how far does θ′ move? And how fast does the query loss change at θ′?",
        r"$\frac 1 K \sum_k J\,(\delta'_k - q_k)$ with $J = I - \alpha\,\big(\mathrm{diag}(\delta) - "
        r"\delta\delta^\top\big)$, "
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
        ("not_adapted", {"slope_at": "start", "jacobian": "left out"},
         "This is the gradient of the loss before adaptation. Take the inner step first.",
         "Where does `support` enter your result?"),
        ("first_order", {"jacobian": "left out"},
         "This is first order: dθ′/dθ is left out, as if it were 1. The exercise asks for second order.",
         "If θ rises by a little, does θ′ rise by just as much?"),
        ("slope_before_the_step", {"slope_at": "start"},
         "Your slope of the query loss is taken at θ. Take it at θ′, after the step.",
         "Which of the two predictions do you compare with the query?"),
        ("support_used_as_query", {"judged_on": "support"},
         "You evaluated on the watched moves. After the step, only the query counts.",
         "What is subtracted from the prediction after the step?"),
        ("adapted_on_the_query", {"adapt_on": "query"},
         "Your inner step is on the query, which is not known yet when adapting. Adapt to the support.",
         "What is subtracted from the prediction before the step?"),
        ("step_in_the_wrong_direction", {"uphill": True, "plus": True},
         "Your inner step goes uphill, and your Jacobian has a plus sign. Use a minus in both.",
         "Is the support's loss smaller after your inner step?"),
        ("inner_step_uphill", {"uphill": True},
         "Your inner step goes uphill, though your Jacobian is that of a step downhill. Subtract the step.",
         "Is the support's loss smaller after your inner step?"),
        ("plus_in_the_jacobian", {"plus": True},
         "Your Jacobian has a plus sign: I + α(…). It is I − α(…), as the step is subtracted.",
         "By how much is a change of θ enlarged or diminished in the sheet's example?"),
        ("tasks_summed", {"of_tasks": "sum"},
         "You summed over the tasks. Take their mean.",
         "What would become of your result if every task were there twice?"),
        ("median_of_the_tasks", {"of_tasks": "median"},
         "You took the median over tasks. Take their mean.",
         "Which function puts the tasks together in your answer?"),
        ("tasks_kept", {"of_tasks": "kept"},
         "You return a gradient for each task. The loss is the mean over tasks: so is its gradient.",
         "Which shape does the docstring ask for?"),
        ("first_task_only", {"of_tasks": "first"},
         "Only the first task is in your result. Take the mean over all tasks.",
         "Where does `return` stand in your loop over tasks?"),
        ("last_task_only", {"of_tasks": "last"},
         "Only the last task is in your result. Take the mean over all tasks.",
         "What is set to zero or overwritten in your loop over tasks?"),
        ("last_task_by_k", lambda *given: through_a_step(*given, of_tasks="last") / len(given[1]),
         "Only the last task's share is in your result: what was summed before it is lost.",
         "What is set to zero or overwritten in your loop over tasks?"),
        ("theta_carried_from_task_to_task", {"carried": True},
         "Each of your tasks starts where the one before has ended. All of them start at θ.",
         "Which value has θ at the beginning of the second task?"),
        ("tasks_mixed", {"mixed": True},
         "All your tasks have one and the same θ′, from the mean over tasks. Each has its own.",
         "How many rows has your θ′?"),
        ("step_size_missing", {"sized": False, "jacobian_sized": False},
         "The step size is missing: you took α = 1.",
         "Where do you use the last argument?"),
        ("step_size_missing_in_the_jacobian", {"jacobian_sized": False},
         "The step size is missing in the Jacobian: I − αH.",
         "The step size stands in two places. Which of them have you got?"),
        ("step_size_missing_in_the_step", {"sized": False},
         "The step size is missing in the inner step: you took α = 1 there. It is in your Jacobian only.",
         "The step size stands in two places. Which of them have you got?"),
        ("diagonal_only", {"jacobian": "diagonal"},
         "You used only the diagonal of the Jacobian. Each logit moves all probabilities: use the whole matrix.",
         "What stands beside the diagonal in the sheet's example?"),
        ("outer_product_left_out", {"jacobian": "no outer product"},
         "Your results are those for the Jacobian I − α diag(δ): the outer product δδᵀ is missing, or it is no table "
         "of all products.",
         "What should each column of the Jacobian sum to?"),
        ("diagonal_left_out", {"jacobian": "no diagonal"},
         "Your Jacobian is I + α δδᵀ. The term diag(δ) is missing.",
         "What should each column of the Jacobian sum to?"),
        ("outer_product_added", {"jacobian": "sum of both"},
         "Your Jacobian has diag(δ) + δδᵀ. The outer product is subtracted from diag(δ).",
         "What should each column of the Jacobian sum to?"),
        ("squares_for_the_outer_product", {"jacobian": "squares in rows"},
         "In your Jacobian, squares of δ stand in place of δδᵀ, the same in every row. The outer product is a table "
         "of all products.",
         "Which shape has `delta * delta`, and which has δδᵀ?"),
        ("identity_left_out", {"jacobian": "no identity"},
         "Your results are those for the Jacobian −α(…): the identity is missing, or it is no table with ones on its "
         "diagonal only.",
         "What is dθ′/dθ if α is 0?"),
        ("inverse_of_the_jacobian", {"jacobian": "inverse"},
         "You applied the inverse of the Jacobian. Multiply by the Jacobian itself.",
         "Does a step of this size enlarge or diminish a change of θ?"),
        ("softmax_over_tasks", {"softmax": 0},
         "After the step, your softmax is over tasks. Each task's predictions sum to 1 over actions: use axis 1.",
         "Which axis do you name in the softmax, and what does it count?"),
        ("jacobian_after_the_step", {"at": "adapted"},
         "Your Jacobian is taken at θ′. The step starts at θ, and its slope depends on θ: take it there.",
         "Which of the two predictions stands in your Jacobian?"),
        ("logits_in_the_jacobian", {"at": "logits"},
         "Your Jacobian is made of logits. Its δ are probabilities, softmax(θ).",
         "What does δ sum to?"),
        ("logits_for_probabilities", {"judged": "logits"},
         "After the step, you compare logits with the query. Compare the prediction, softmax(θ′).",
         "What should the numbers that you compare with frequencies sum to?"),
        ("log_probabilities", {"judged": "log"},
         "After the step, you compare log-probabilities with the query. Compare probabilities.",
         "What should the numbers that you compare with frequencies sum to?"),
        ("way_to_the_tasks", a_way_towards,
         "This is the mean of θ − θ′, the way of another method. The exercise asks for the gradient of the query loss.",
         "Where does `query` enter your result?"),
        ("support_loss_before", lambda theta, support, query, alpha: (theta.softmax(0) - support).mean(0),
         "This is the slope of the support's loss at θ. The exercise asks for the gradient of the query loss at θ′, "
         "in θ.",
         "Where does `query` enter your result?"),
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
    """The loss on new moves before and after a step, whether it is flat then, dθ′/dθ, and whether θ goes towards `new`.

    Raises ValueError if there is no such step, so that nothing is said of it.
    """
    if not (0 < start < 1 and 0 <= watched <= 1 and 0 <= new <= 1 and alpha > 0):
        raise ValueError("no step")
    theta = np.log(start) - np.log1p(-start)
    moved = theta - alpha * (start - watched)
    before, after = (new * np.logaddexp(0, -x) + (1 - new) * np.logaddexp(0, x) for x in (theta, moved))
    down, up = (1 - new) * np.exp(-np.logaddexp(0, -moved)), new * np.exp(-np.logaddexp(0, moved))
    flat = abs(down - up) <= 1e-9 * max(down, up)
    return before, after, flat, 1 - alpha * start * (1 - start), (watched - start) * (new - start)


@exercise(
    "open", lesson=LESSON, title="When first order misleads", difficulty=3, importance=3, minutes=10,
    hints=(
        "First order replaces dθ′/dθ by 1. What else can it be? If the step is long, can a higher start end up lower?",
        r"$1 - \alpha\, \delta (1 - \delta) < 0$, but $L_{\text{query}}(\theta') < L_{\text{query}}(\theta)$, and "
        r"$\sigma(\theta') \ne q$.",
        "start = 0.5\nwatched, new = ..., ...  # far from the start, and close to each other\n"
        "misled = (start, watched, new, ...)  # the step size is large",
    ),
    properties=[
        ("four_numbers", lambda *given: len(given) == 4 and all(x.size == 1 for x in given),
         "Pass four numbers in round brackets: (start, watched, new, step_size)."),
        ("between_zero_and_one", lambda start, watched, new, alpha: all(0 <= x <= 1 for x in (start, watched, new)),
         "The first three, start, watched and new, must be probabilities from 0 to 1: no percent and no log-odds. The "
         "step size comes last."),
        ("start_is_uncertain", lambda start, *_: start not in (0, 1),
         "A start of 0 or 1 has infinite log-odds: no step moves it. If yours is θ, enter its prediction σ(θ) "
         "instead."),
        ("step_size_positive", lambda start, watched, new, alpha: alpha > 0,
         "The step size must be positive: otherwise the inner step goes uphill."),
        ("factor_is_negative", lambda *given: one_step(*given)[3] < -1e-9,
         "dθ′/dθ is not negative, so first order does not say the opposite. When does a higher θ lead to a lower θ′?"),
        ("something_moves", lambda start, watched, new, alpha: abs(watched - start) > 1e-9,
         "You watched just what was predicted, so the inner step does not move. It must help."),
        ("something_to_gain", lambda start, watched, new, alpha: abs(new - start) > 1e-9,
         "The start is perfect on new moves already, so no step can help."),
        ("right_direction", lambda *given: one_step(*given)[4] >= 0,
         "The step leads away from `new`, so the loss on new moves rises. On which side of `start` should `watched` "
         "be?"),
        ("slope_is_not_zero", lambda *given: not one_step(*given)[2],
         "After the step, the prediction is perfect on new moves. Then both gradients are zero, and no start is "
         "better."),
        ("adaptation_helps", lambda *given: (x := one_step(*given))[1] < x[0] or x[4] <= 0,
         "The step goes towards `new`, but so far beyond it that the loss on new moves rises. Let it end nearer to "
         "`new`."),
    ],
)  # fmt: skip
def misled():
    """Start, watched, new and step size for which first order goes the wrong way although adapting helps."""
    return 0.5, 0.9, 0.9, 8.0
