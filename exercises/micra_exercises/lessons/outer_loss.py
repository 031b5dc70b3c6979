"""The exercise `outer_loss` of sheet 05: a loss after adaptation, through which autograd finds its way back to θ."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ..exercise import exercise
from ..values import gradient
from .meta_learning import LESSON
from .random_cases import policy

TASKS = (torch.zeros(2), torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[0.5, 0.5], [0.25, 0.75]]))
CERTAIN = (torch.tensor([0.5, 0.0, -0.5]), torch.eye(3)[[0, 2]], torch.eye(3)[[1, 2]])
FORESEEN = (torch.zeros(2), torch.tensor([[0.5, 0.5], [1.0, 0.0], [0.5, 0.5]]), torch.tensor([[0.75, 0.25]] * 3))
SIZES = ((2, 3), (3, 4), (4, 2), (3, 3), (2, 4), (5, 2), (4, 3), (2, 2))  # numbers of tasks and of actions


def tasks(generator, K, A):
    """θ (A,), support and query (K, A), which are frequencies."""
    return torch.randn(A, generator=generator), policy(generator, K, A), policy(generator, K, A)


def of_sizes(K, A, steps):
    """Arguments of these sizes: generator → θ, support, query, the number of steps, their size."""
    return lambda generator: (*tasks(generator, K, A), steps, 1.5)


def gradient_in_start(outer_loss, theta, support, query, steps, step_size):
    """The gradient of the outer loss in θ by autograd, which reveals a graph that is cut somewhere."""
    leaf = theta.detach().clone().requires_grad_()
    found = outer_loss(leaf, support, query, steps, step_size)
    return gradient(found, leaf, "A loss", "No gradient reaches θ: somewhere, θ′ is detached from it.")


KEPT = {  # whether the slope of inner step m of M keeps its graph
    "every": lambda m, M: True,
    "none": lambda m, M: False,
    "last": lambda m, M: m == M - 1,
    "first": lambda m, M: m == 0,
}
OF_TASKS: dict[str, Callable[..., torch.Tensor]] = {
    "mean": torch.mean,
    "sum": torch.sum,
    "median": torch.median,
    "largest": torch.max,
    "first": lambda losses: losses[0],
    "last": lambda losses: losses[-1],
}


def after_steps(theta, support, steps, step_size, graph="every", slope_at="here", start_at="here", uphill=False,
                softmax=-1, mixed="no", carried=False):  # fmt: skip
    """θ′ (K, A) of each task after each number of steps from 0."""
    if carried:
        rows = list[list[torch.Tensor]]()
        for one in support:
            start = rows[-1][-1][0] if rows else theta
            rows.append(after_steps(start, one[None], steps, step_size, graph, slope_at, start_at, uphill))
        return [torch.cat(at) for at in zip(*rows, strict=True)]
    if mixed == "support":
        support = support.mean(0).expand_as(support)
    start = theta.expand_as(support)
    moved = [start]
    for m in range(steps):
        slope = (start if slope_at == "start" else moved[-1]).softmax(softmax) - support
        slope = slope if KEPT[graph](m, steps) else slope.detach()
        moved.append((start if start_at == "start" else moved[-1]) + (1 if uphill else -1) * step_size * slope)
    return [one.mean(0).expand_as(one) for one in moved] if mixed == "adapted" else moved


def meta_loss(theta, support, query, steps, step_size, *, adapt_on="support", judged_on="query", extra=0, sized=True,
              share=None, outer="sum", judged="end", log=True, of_tasks="mean", gain=False, **how):  # fmt: skip
    """The mean query loss after adaptation, or what a student takes for it."""
    of = {"support": support, "query": query}
    shares = {None: 1, "tasks": 1 / len(support), "actions": 1 / len(theta)}
    steps = min(steps, 1) if extra == "one" else max(steps + extra, 0)
    size = (step_size if sized else 1) * shares[share]
    moved = after_steps(theta, of[adapt_on], steps, size, **how)
    judged_at = {"end": moved[-1:], "start": moved[:1], "every step": moved[1:], "start too": moved}[judged]
    at = torch.stack(judged_at).log_softmax(-1) if log else torch.stack(judged_at).softmax(-1)
    losses = -(of[judged_on] * at).sum(-1).mean(0) / (len(theta) if outer == "mean" else 1)
    return OF_TASKS[of_tasks](losses) * (-1 if gain else 1)


def tasks_and_steps(generator, k):
    """θ, support, query, the number of steps, their size; as many tasks as actions in some cases."""
    steps, step_size = (1, 2, 3, 2, 1, 3, 4, 2)[k % 8], 0.5 + 2 * float(torch.rand((), generator=generator))
    return *tasks(generator, *SIZES[k % 8]), steps, step_size


@exercise(
    lesson=LESSON, title="The outer loss for autograd", difficulty=3, importance=5, minutes=15,
    example=(*TASKS, 1, 1.0), expected=[0.0625, -0.0625], measure=gradient_in_start, draw=tasks_and_steps,
    edges={
        "there is only one task": of_sizes(1, 3, 2),
        "no inner step is to be taken": of_sizes(3, 2, 0),
        "there are as many tasks as actions": of_sizes(3, 3, 1),
        "every frequency is 0 or 1": (*CERTAIN, 2, 1.5),
        "a task's support is just what θ predicts": (*FORESEEN, 2, 1.5),
    },
    slipping=meta_loss,
    hints=(
        "The outer gradient flows back through each inner step. What must autograd keep for that?",
        r"$\frac 1 K \sum_k L\big(\theta'_k; q_k\big)$ with $L(\theta; f) = -\sum_a f(a) \log "
        r"\mathrm{softmax}(\theta)_a$; "
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
        ("gradient_stopped_in_the_inner_loop", {"graph": "none"},
         "You stopped the gradient in the inner loop: this is first order. Keep the graph of each slope: "
         "create_graph=True.",
         "The slope of an inner step depends on θ. Does autograd know that in your answer?"),
        ("only_the_last_step_has_a_graph", {"graph": "last"},
         "You keep the graph of the last inner step only. The slopes of the earlier ones depend on θ, too.",
         "Look for `detach`, and ask at which steps it is run."),
        ("only_the_first_step_has_a_graph", {"graph": "first"},
         "You keep the graph of the first inner step only. The slopes of the later ones depend on θ, too.",
         "Look for `detach`, and ask at which steps it is run."),
        ("support_used_as_query", {"judged_on": "support"},
         "You evaluate on the watched moves, the support. The outer loss is that of the query.",
         "Which of the two frequencies stands in your last loss?"),
        ("adapted_on_the_query", {"adapt_on": "query"},
         "You adapt to the query, which is not known yet when adapting. Adapt to the support.",
         "Which of the two frequencies stands in your inner loss?"),
        ("not_adapted", {"judged": "start"},
         "This is the loss before adaptation. Take the inner steps, and evaluate at θ′.",
         "Of which parameters do you take the loss at the end?"),
        ("one_step_only", {"extra": "one"},
         "You took a single inner step. Take `steps` of them, each from where the last one ended.",
         "Where does the second of your steps begin?"),
        ("one_step_too_many", {"extra": 1},
         "You take one inner step too many.",
         "How often does your inner loop run for `steps` = 1?"),
        ("one_step_too_few", {"extra": -1},
         "You take one inner step too few.",
         "How often does your inner loop run for `steps` = 1?"),
        ("all_steps_from_the_start", {"slope_at": "start"},
         "All your slopes are taken at θ. Take each one at the θ′ of the inner step before.",
         "Which parameters stand in your inner loss at the second step?"),
        ("each_step_from_the_start", {"start_at": "start"},
         "Your slopes are taken at the last θ′, but each of your steps starts at θ again. Start it at the last θ′.",
         "What is left of the first step after your second one?"),
        ("step_in_the_wrong_direction", {"uphill": True},
         "Your inner steps go uphill: the watched moves become less probable. Subtract the step.",
         "Is the support's loss smaller after your inner steps?"),
        ("step_size_missing", {"sized": False},
         "The step size is missing: you took α = 1.",
         "Where do you use the last argument?"),
        ("tasks_summed", {"of_tasks": "sum"},
         "You summed over the tasks. Take their mean, or more tasks mean larger outer steps.",
         "What would become of your loss if every task were there twice?"),
        ("median_of_the_tasks", {"of_tasks": "median"},
         "You took the median over tasks. Take their mean.",
         "What becomes of your loss if the hardest task gets harder still?"),
        ("hardest_task_only", {"of_tasks": "largest"},
         "You took the largest loss of all tasks. Take their mean.",
         "What becomes of your loss if the easiest task gets easier still?"),
        ("first_task_only", {"of_tasks": "first"},
         "Only the first task is in your loss. Take the mean over all tasks.",
         "Where does `return` stand in your loop over tasks?"),
        ("last_task_only", {"of_tasks": "last"},
         "Only the last task is in your loss. Take the mean over all tasks.",
         "What is overwritten in your loop over tasks?"),
        ("theta_carried_from_task_to_task", {"carried": True},
         "Each of your tasks starts where the one before has ended. All of them start at θ.",
         "Which value has your θ′ at the beginning of the second task?"),
        ("tasks_averaged_in_the_inner_loss", {"share": "tasks"},
         "You averaged the inner loss over tasks, so each task's step is K times too short. Average only the outer "
         "loss.",
         "How does one task's inner step change in your answer if more tasks are added?"),
        ("averaged_over_actions", {"share": "actions", "outer": "mean"},
         "Your losses are means over actions. The frequencies already weight them: take the sum.",
         "What do the frequencies of one task sum to?"),
        ("inner_mean_over_actions", {"share": "actions"},
         "Your inner loss is a mean over actions, so each inner step is too short. The frequencies already weight "
         "them: take the sum.",
         "What do the frequencies of one task sum to?"),
        ("outer_mean_over_actions", {"outer": "mean"},
         "Your outer loss is a mean over actions as well as over tasks. The frequencies already weight the actions: "
         "sum over them.",
         "Which axes does your last mean run over, and what do they count?"),
        ("tasks_mixed", {"mixed": "support"},
         "You adapted to all tasks at once. Each task has its own θ′.",
         "How many different θ′ are there in your answer?"),
        ("adapted_parameters_averaged", {"mixed": "adapted"},
         "You averaged the adapted parameters over tasks. Each task is judged at its own θ′; average the losses.",
         "What is averaged at the end: parameters or losses?"),
        ("softmax_over_tasks", {"softmax": 0},
         "In your inner steps, the softmax is over tasks. Each task's prediction sums to 1 over actions.",
         "Which axis do you name in the softmax, and what does it count?"),
        ("loss_after_every_step", {"judged": "every step"},
         "You averaged the query loss over all inner steps. Take it once, after the last one.",
         "How often is the query used in your answer?"),
        ("loss_before_and_after", {"judged": "start too"},
         "You averaged the query loss over θ and every θ′. Take it once, after the last step.",
         "How often is the query used in your answer?"),
        ("logarithm_missing", {"log": False},
         "Your query loss is made of probabilities. Take their logarithms.",
         "Write the formula of L beside your last line."),
        ("wrong_way_round", {"gain": True},
         "The sign is wrong: a loss is minus the mean log-probability.",
         "Is your result larger or smaller if the predictions are better?"),
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
