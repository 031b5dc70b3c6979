"""Exercise of sheet 07, gradients: the losses that each network learns from, and the gradients to be stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..exercise import exercise
from ..values import gradient
from .offline_training import LESSON

Part = Callable[[Tensor], Tensor]


def gradients(total_loss, extractor, imitator, critic, actor, x, moves, taken, target):
    """The gradient of total_loss in all four networks, concatenated (P,). They are views of one leaf."""
    networks = (extractor, imitator, critic, actor)
    leaf = torch.cat([w.detach().flatten() for w in networks]).requires_grad_()
    parts = leaf.split([w.numel() for w in networks])
    given = [part.view(w.shape) for part, w in zip(parts, networks, strict=True)]
    lost = "No gradient reaches any network. Stop it only in some places."
    return gradient(total_loss(*given, x, moves, taken, target), leaf, "A loss", lost)


def kept(x):
    """The identity: the gradient flows."""
    return x


def stopped(x):
    """The same value without a gradient."""
    return x.detach()


def averaged(losses):
    """The mean over a batch."""
    return losses.mean()


def nothing(policy):
    """A baseline of zero."""
    return torch.zeros_like(policy)


@dataclass(frozen=True)
class Wiring:
    """A total loss with choices: the gradients to stop, the weights of the three losses, the reduction over a batch. The defaults are right."""

    imitator_sees: Part = kept  # the features
    critic_sees: Part = kept
    actor_sees: Part = stopped
    critic_told: Part = stopped  # the prediction δ
    judged_by: Part = stopped  # Q inside the regret
    baseline: Part = stopped  # the policy inside the regret
    weights: tuple[float, float, float] = (1.0, 1.0, 1.0)
    over_batch: Part = averaged

    def __call__(self, extractor, imitator, critic, actor, x, moves, taken, target):
        rows, phi = torch.arange(len(x)), x @ extractor
        log_delta = (self.imitator_sees(phi) @ imitator).log_softmax(1)
        q = torch.cat([self.critic_sees(phi), self.critic_told(log_delta.exp())], 1) @ critic
        log_pi = (self.actor_sees(phi) @ actor).log_softmax(1)
        judged = self.judged_by(q)
        regret = judged - (self.baseline(log_pi.exp()) * judged).sum(1, keepdim=True)
        losses = (-log_delta[rows, moves], (q[rows, taken] - target) ** 2, -(log_pi.exp() * regret).sum(1))
        return sum(w * self.over_batch(loss) for w, loss in zip(self.weights, losses, strict=True))


def part(number, words):
    """A property: whether one network's gradient is right, whatever the others' are; and the message if it is not."""

    def holds(result, *case):
        ends = np.cumsum([0, *(w.numel() for w in case[:4])])
        mine, right = (np.asarray(x)[ends[number] : ends[number + 1]] for x in (result, gradients(Wiring(), *case)))
        return abs(mine - right).max() < 1e-3 * max(1, abs(right).max())

    return f"{('extractor', 'imitator', 'critic', 'actor')[number]}_is_wrong", holds, words


def four_networks(generator, k):
    """extractor (D, F), imitator (F, E), critic (F + E, A), actor (F, A), and a batch of N."""
    N, D, F, E, A = 3 + k % 3, 2 + k % 2, 3 + k % 2, 2 + k % 3, 3 - k % 2
    weights = [torch.randn(shape, generator=generator) for shape in ((D, F), (F, E), (F + E, A), (F, A))]
    moves, taken = (torch.randint(size, (N,), generator=generator) for size in (E, A))
    return *weights, torch.randn(N, D, generator=generator), moves, taken, 2 * torch.randn(N, generator=generator)


@exercise(
    lesson=LESSON, title="Who learns from whom", difficulty=4, importance=5, minutes=18,
    example=(torch.tensor([[1.0]]), torch.tensor([[3.0, 1.0]]).log(), torch.tensor([[1.0, 0.0], [0.0, 4.0], [4.0, 0.0]]),
           torch.tensor([[3.0, 1.0]]).log(), torch.tensor([[1.0]]), torch.tensor([0]), torch.tensor([0]), torch.tensor([3.0])),
    expected=[-0.25 * 1.0986122886681098 - 2, -0.25, 0.25, -2, 0, -1.5, 0, -0.5, 0, 0.1875, -0.1875], measure=gradients, draw=four_networks,
    hints=(
        "Follow each loss backwards, step by step. In which three places would a network learn from the wrong loss?",
        r"Stop: φ where the actor takes it, δ where the critic takes it, and all of the regret "
        r"$A(a) = Q(a) - \sum_{a'} \pi(a')\, Q(a')$.",
        """\
        def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
            rows, phi = torch.arange(len(x)), x @ extractor
            log_delta = (phi @ imitator).log_softmax(1)
            q = torch.cat([phi, ...], 1) @ critic
            log_pi = (... @ actor).log_softmax(1)
            regret = ...
            imitation = -log_delta[rows, moves].mean()
            temporal_difference = ...
            gain = (log_pi.exp() * regret).sum(1).mean()
            return ...""",
    ),
    mistakes=[
        ("nothing_stopped", Wiring(actor_sees=kept, critic_told=kept, judged_by=kept, baseline=kept),
         "You stopped no gradient, so every loss changes every network. The lesson's table says which learns from which."),
        ("actors_teach_the_extractor", Wiring(actor_sees=kept),
         "Your actor's loss reaches the extractor. Detach the features that the actor gets."),
        ("critic_teaches_the_imitator", Wiring(critic_told=kept),
         "Your critic's loss reaches the imitator. Then δ becomes whatever makes values easy to fit: detach it as the critic's input."),
        ("critic_pleases_the_actors", Wiring(judged_by=kept, baseline=nothing),
         "Your actor's loss reaches the critic, which then learns to overrate every action. Detach Q in the regret."),
        ("actor_stands_still", Wiring(weights=(1.0, 1.0, 0.0)),
         "Your actor gets no gradient. Is its gain missing? Or is the policy in the regret not detached? "
         "The mean regret under a policy is always 0."),
        ("imitation_does_not_reach_the_extractor", Wiring(imitator_sees=stopped),
         "You detached the features before the imitator. The extractor learns from Eq. 4, too."),
        ("critic_does_not_reach_the_extractor", Wiring(critic_sees=stopped),
         "You detached the features before the critic. The extractor learns from temporal differences, too."),
        ("extractor_learns_nothing", Wiring(imitator_sees=stopped, critic_sees=stopped),
         "Your extractor learns nothing. It learns from imitator and critic; only the actor gets detached features."),
        ("actors_descend", Wiring(weights=(1.0, 1.0, -1.0)),
         "Your actor minimises the gain. The gain should be large: subtract it from the loss."),
        ("imitation_missing", Wiring(weights=(0.0, 1.0, 1.0)),
         "The imitator's loss is missing: the mean of −log δ of the prey's moves."),
        ("critic_missing", Wiring(weights=(1.0, 0.0, 1.0)),
         "The critic's loss is missing: the mean squared temporal difference."),
        ("log_prediction_told", Wiring(critic_told=lambda delta: delta.detach().log()),
         "The input of your critic is log δ. Use δ itself, the probabilities."),
        ("batch_summed", Wiring(over_batch=torch.sum),
         "You summed over the batch. Take means, or a larger batch means larger steps."),
    ],
    properties=[
        part(1, "the imitator's gradient is wrong. It has only one loss: the mean of −log δ of the `moves` that were made."),
        part(2, "the imitator is right, but the critic's gradient is not. Its inputs are φ, then δ; only Q of the action `taken` has a target."),
        part(3, "imitator and critic are right, but the actor's gradient is not. Its gain is Σ π(a) A(a) over *all* own actions: a sum, "
                "with π as the weight, not log π."),
        part(0, "only the extractor's gradient is wrong. It learns from imitation and temporal difference, both with full weight, "
                "and from nothing else: not through δ as an input, not from the actor."),
    ],
)  # fmt: skip
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    """The sum of the three losses; each network gets only the gradients of its own losses."""
    rows, phi = torch.arange(len(x)), x @ extractor
    log_delta = (phi @ imitator).log_softmax(1)
    q = torch.cat([phi, log_delta.exp().detach()], 1) @ critic
    log_pi = (phi.detach() @ actor).log_softmax(1)
    judged = q.detach()
    regret = judged - (log_pi.exp().detach() * judged).sum(1, keepdim=True)
    imitation = -log_delta[rows, moves].mean()
    temporal_difference = ((q[rows, taken] - target) ** 2).mean()
    gain = (log_pi.exp() * regret).sum(1).mean()
    return imitation + temporal_difference - gain
