"""Exercises of sheet 08, adapting: each newcomer from the prior, and the inputs of an actor."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .random_cases import policy

LESSON = "08_adaptation_and_execution"


def stepped(theta, moves, steps, sizes):
    """Logits after inner steps of these sizes on watched moves (A,)."""
    for _ in range(steps if len(moves) else 0):
        frequency = torch.bincount(moves, minlength=len(theta)) / len(moves)
        theta = theta - sizes * (theta.softmax(0) - frequency)
    return theta


def share(n, n_0):
    """The weight of n watched pairs."""
    return n / (n + n_0)


def each_from_prior(theta, watched, steps, sizes, n_0, trust=share):
    """The predictions for all newcomers (K, A); `trust` gives the weight of what was watched."""
    return torch.stack([stepped(theta, m, steps, trust(len(m), n_0) * sizes).softmax(0) for m in watched])


def one_after_the_other(theta, watched, steps, sizes, n_0):
    """The predictions if each adaptation starts from the parameters that the one before left."""
    found = []
    for moves in watched:
        theta = stepped(theta, moves, steps, share(len(moves), n_0) * sizes)
        found.append(theta.softmax(0))
    return torch.stack(found)


def newcomers_watched(generator, k):
    """theta (A,), moves of K newcomers, one of them never watched, inner steps, step sizes (A,), n_0."""
    A = 2 + k % 4
    lengths = [3 + k, 0, 12, 5][: 3 + k % 2]
    watched = [
        torch.multinomial(policy(generator, A), n, True, generator=generator) if n else torch.zeros(0).long()
        for n in lengths
    ]
    sizes = 0.5 + 2 * torch.rand(A, generator=generator)
    return torch.randn(A, generator=generator), watched, 2 + k % 3, sizes, 2.0 + k


@exercise(
    lesson=LESSON, title="Each newcomer from the prior", difficulty=2, importance=5, minutes=12,
    example=(torch.tensor([0.0, 0.0]), [torch.tensor([0, 1, 0, 0]), torch.zeros(0).long(), torch.ones(12).long()], 1, torch.tensor([2.0, 2.0]), 4.0),
    expected=[[0.6224593, 0.3775407], [0.5, 0.5], [0.1824255, 0.8175745]], draw=newcomers_watched,
    hints=(
        "Where does the second newcomer's adaptation start? And how much can you trust three moves, and how much three hundred?",
        r"$\theta' \leftarrow \theta' - \frac{n}{n + n_0}\, \alpha \cdot (\mathrm{softmax}(\theta') - f)$, from $\theta$ each time; "
        r"$f$ are the frequencies of the $n$ watched moves.",
        """\
        def newcomers(theta, watched, steps, step_sizes, n_0):
            found = []
            for moves in watched:
                adapted, n = theta, len(moves)
                if n:
                    frequency = ...
                    for _ in range(steps):
                        adapted = ...
                found.append(adapted.softmax(0))
            return torch.stack(found)""",
    ),
    mistakes=[
        ("from_the_one_before", one_after_the_other,
         "Your adaptation starts from the habits of the newcomer before. Start from θ every time, and do not overwrite it."),
        ("nobody_adapted_to", lambda theta, watched, steps, sizes, n_0: theta.softmax(0).expand(len(watched), -1),
         "These are the predictions of θ for all newcomers. Adapt to what was watched."),
        ("trust_left_out", lambda theta, watched, steps, sizes, n_0: each_from_prior(theta, watched, steps, sizes, n_0, lambda n, n_0: 1),
         "Your step is as long after three moves as after three hundred. The factor n / (n + n_0) is missing."),
        ("trust_and_rest_exchanged", lambda theta, watched, steps, sizes, n_0: each_from_prior(theta, watched, steps, sizes, n_0, lambda n, n_0: n_0 / (n + n_0)),
         "The more you watch, the shorter your step. It should be the other way round: n / (n + n_0)."),
        ("trust_not_bounded", lambda theta, watched, steps, sizes, n_0: each_from_prior(theta, watched, steps, sizes, n_0, lambda n, n_0: n / n_0),
         "Your factor is n / n_0, which grows without bound. θ counts as n_0 pairs *in addition to* the n watched ones: n / (n + n_0)."),
        ("losses_added", lambda theta, watched, steps, sizes, n_0: each_from_prior(theta, watched, steps, sizes, n_0, lambda n, n_0: n * share(n, n_0)),
         "Your inner loss is a sum over pairs, so n counts twice. Take the mean: the factor already contains n."),
        ("trust_by_all_moves", lambda theta, watched, steps, sizes, n_0: each_from_prior(
            theta, watched, steps, sizes, n_0, lambda n, n_0: share(sum(map(len, watched)), n_0)),
         "Your n counts the moves of all newcomers. Count only those of the newcomer in question."),
        ("moves_pooled", lambda theta, watched, steps, sizes, n_0: each_from_prior(theta, [torch.cat(watched)], steps, sizes, n_0).expand(len(watched), -1),
         "You adapted once, to the moves of all newcomers. Each newcomer has its own habits."),
        ("one_step_size_for_all", lambda theta, watched, steps, sizes, n_0: each_from_prior(theta, watched, steps, sizes.mean(), n_0),
         "You used one step size for all parameters. Each has its own: `step_sizes` has the shape of θ."),
        ("one_step_only", lambda theta, watched, steps, sizes, n_0: each_from_prior(theta, watched, 1, sizes, n_0),
         "You took one inner step. Take `steps` of them, each from where the last one ended."),
        ("slope_of_the_first_step", lambda theta, watched, steps, sizes, n_0: each_from_prior(theta, watched, 1, steps * sizes, n_0),
         "All your steps use the slope of the first. The slope changes with θ′: recompute it in each step."),
        ("climbed", lambda theta, watched, steps, sizes, n_0: each_from_prior(theta, watched, steps, -sizes, n_0),
         "You climb the loss, so the watched moves become less likely. Descend it."),
        ("from_zero", lambda theta, watched, steps, sizes, n_0: each_from_prior(0 * theta, watched, steps, sizes, n_0),
         "You start from zeros and lose what training has learned. Start from θ."),
        ("logits", lambda theta, watched, steps, sizes, n_0: torch.stack([stepped(theta, m, steps, share(len(m), n_0) * sizes) for m in watched]),
         "These are the adapted logits. The exercise asks for the prediction: their softmax."),
        ("frequencies_alone", lambda theta, watched, steps, sizes, n_0: torch.stack([
            torch.bincount(m, minlength=len(theta)) / max(len(m), 1) for m in watched]),
         "These are the frequencies of the watched moves. After a few moves, they are a poor prediction: adapt θ."),
    ],
    properties=[
        ("is_a_policy", lambda result, *_: abs(result.sum(1) - 1).max() < 1e-3,
         "each prediction sums to 1. Yours do not: take the softmax of the adapted logits at the end."),
        ("unwatched_is_the_prior", lambda result, theta, watched, steps, sizes, n_0: all(
            abs(result[k] - theta.softmax(0).double().numpy()).max() < 1e-3 for k, m in enumerate(watched) if not len(m)),
         "if nothing was watched, the prediction is that of θ. Yours differs."),
    ],
)  # fmt: skip
def newcomers(theta, watched, steps, step_sizes, n_0):
    """Predictions (K, A) for K newcomers, each adapted from θ (A,): watched, K tensors of moves; step_sizes (A,), n_0 pairs."""
    found = []
    for moves in watched:
        adapted, n = theta, len(moves)
        if n > 0:
            frequency = torch.bincount(moves, minlength=len(theta)) / n
            for _ in range(steps):
                adapted = adapted - n / (n + n_0) * step_sizes * (adapted.softmax(0) - frequency)
        found.append(adapted.softmax(0))
    return torch.stack(found)


def prediction(observations, theta):
    """δ at each observation (…, A)."""
    return (observations @ theta).softmax(-1)


def laid(observations, here, probes):
    """Inputs (n, …): each target's observation, its own prediction, and the predictions at the probes, the same for all."""
    return torch.cat([observations, here, probes.flatten().expand(len(observations), -1)], 1)


def targets_and_probes(generator, k):
    """observations (n, O), θ and θ′ (O, A), probes (C, O)."""
    n, O, A, C = 2 + k % 2, 2 + (k + 1) % 3, 2 + k % 3, 1 + k % 4
    return tuple(torch.randn(*shape, generator=generator) for shape in ((n, O), (O, A), (O, A), (C, O)))


@exercise(
    lesson=LESSON, title="What an actor is told", difficulty=2, importance=4, minutes=10,
    example=(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.zeros(2, 2), torch.tensor([[3.0, 1.0], [1.0, 1.0]]).log(), torch.tensor([[1.0, 1.0]])),
    expected=[[1, 0, 0.75, 0.25, 0.75, 0.25], [0, 1, 0.5, 0.5, 0.75, 0.25]], draw=targets_and_probes,
    hints=(
        "Three parts, side by side. Which of them differ between targets, and which is the same for all?",
        r"Row $i$: $o_i$, then $\delta(\cdot \mid o_i; \theta')$, then $\delta(\cdot \mid p; \theta')$ of each probe $p$.",
        """\
        def actor_inputs(observations, theta, adapted, probes):
            here = ...  # (n, A)
            fixed = ...  # (C · A,), the same for all
            return torch.cat([observations, here, fixed.expand(...)], 1)""",
    ),
    mistakes=[
        ("not_adapted", lambda o, theta, new, probes: laid(o, prediction(o, theta), prediction(probes, theta)),
         "All your predictions are those of θ, from before watching. Use the adapted parameters."),
        ("old_probes", lambda o, theta, new, probes: laid(o, prediction(o, new), prediction(probes, theta)),
         "Your predictions at the probes are from before watching. They tell *who* the external is: recompute them with θ′."),
        ("old_prediction_here", lambda o, theta, new, probes: laid(o, prediction(o, theta), prediction(probes, new)),
         "Your predictions at the current observations are from before watching. Use θ′ there, too."),
        ("probes_left_out", lambda o, theta, new, probes: torch.cat([o, prediction(o, new)], 1),
         "The probes are missing. A prediction in a single state does not tell who the external is."),
        ("own_prediction_left_out", lambda o, theta, new, probes: torch.cat([o, prediction(probes, new).flatten().expand(len(o), -1)], 1),
         "The prediction at the current observation is missing. It says what comes next."),
        ("observation_left_out", lambda o, theta, new, probes: laid(o, prediction(o, new), prediction(probes, new))[:, o.shape[1]:],
         "The observation itself is missing. The actor must know where it is."),
        ("first_targets_observation", lambda o, theta, new, probes: laid(o, prediction(o[:1], new).expand(len(o), -1), prediction(probes, new)),
         "You predict from the first target's observation for all. At execution, each target knows only its own: predict from that."),
        ("observations_averaged", lambda o, theta, new, probes: laid(o, prediction(o.mean(0, keepdim=True), new).expand(len(o), -1), prediction(probes, new)),
         "You predict from the mean of all observations. At execution, each target knows only its own: predict from that."),
        ("everybody_told_everything", lambda o, theta, new, probes: laid(o, prediction(o, new).flatten().expand(len(o), -1), prediction(probes, new)),
         "Each of your actors gets the predictions of all. At execution, it has only its own."),
        ("probes_averaged", lambda o, theta, new, probes: laid(o, prediction(o, new), prediction(probes, new).mean(0)),
         "You averaged over probes. Concatenate them: the differences between them tell who the external is."),
        ("probe_by_number", lambda o, theta, new, probes: laid(o, prediction(o, new), prediction(probes, new).T),
         "Your probes are ordered move by move. Order them probe by probe."),
        ("probes_first", lambda o, theta, new, probes: torch.cat([o, prediction(probes, new).flatten().expand(len(o), -1), prediction(o, new)], 1),
         "Your probes come before the own prediction. The order matters: networks know inputs by their position."),
        ("logits", lambda o, theta, new, probes: laid(o, o @ new, probes @ new),
         "These are logits. The networks get probabilities: take the softmax."),
        ("log_probabilities", lambda o, theta, new, probes: laid(o, prediction(o, new).log(), prediction(probes, new).log()),
         "These are log-probabilities. The networks get probabilities."),
        ("softmax_over_rows", lambda o, theta, new, probes: laid(o, (o @ new).softmax(0), (probes @ new).softmax(0)),
         "Your softmax is over observations. Each prediction sums to 1 over *moves*, the last axis."),
    ],
)  # fmt: skip
def actor_inputs(observations, theta, adapted, probes):
    """Each target's input (n, O + A + C·A): its own observation, the prediction there, those at the probes, all with θ′."""
    here = (observations @ adapted).softmax(1)
    fixed = (probes @ adapted).softmax(1).reshape(-1)
    return torch.cat([observations, here, fixed.expand(len(observations), len(fixed))], 1)
