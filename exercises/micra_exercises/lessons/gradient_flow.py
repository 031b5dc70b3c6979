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


def nothing(policy):
    """A baseline of zero."""
    return torch.zeros_like(policy)


@dataclass(frozen=True)
class Wiring:
    """A total loss with choices, right by default: what each network sees and teaches, and what each loss takes."""

    imitator_sees: Part = kept  # the features
    critic_sees: Part = kept
    actor_sees: Part = stopped
    critic_told: Part = stopped  # the prediction δ
    critic_reads: str = "features first"
    judged_by: Part = stopped  # Q inside the regret
    baseline: Part = stopped  # the policy inside the regret
    imitated: str = "log δ"
    fitted: str = "taken"
    gained: str = "Σ π A"
    imitation_weight: float = 1.0
    critic_weight: float = 1.0
    actor_weight: float = 1.0
    imitator_axis: int = 1
    actor_axis: int = 1
    over_batch: str = "mean"

    def __call__(self, extractor, imitator, critic, actor, x, moves, taken, target):
        rows, phi = torch.arange(len(x)), x @ extractor
        log_delta = (self.imitator_sees(phi) @ imitator).log_softmax(self.imitator_axis)
        inputs = [self.critic_sees(phi), self.critic_told(log_delta.exp())]
        q = torch.cat(inputs if self.critic_reads == "features first" else inputs[::-1], 1) @ critic
        log_pi = (self.actor_sees(phi) @ actor).log_softmax(self.actor_axis)
        pi, judged, error = log_pi.exp(), self.judged_by(q), q[rows, taken] - target
        regret = judged - (self.baseline(pi) * judged).sum(1, keepdim=True)
        imitation = -log_delta.exp() if self.imitated == "δ" else -log_delta
        fit = {
            "taken": error.square, "absolute": error.abs, "all": lambda: (q - target[:, None]).square().mean(1),
            "all added": lambda: (q - target[:, None]).square().sum(1), "unsquared": lambda: error,
            "every target": lambda: (q[rows, taken][:, None] - target).square().mean(1),
            "best": lambda: (q.amax(1) - target).square(), "expected": lambda: ((pi * q).sum(1) - target).square(),
        }[self.fitted]()  # fmt: skip
        gain = {
            "Σ π A": (pi * regret).sum(1), "Σ log π A": (log_pi * regret).sum(1), "mean": (pi * regret).mean(1),
            "log π A taken": (log_pi * regret)[rows, taken], "π A taken": (pi * regret)[rows, taken],
        }[self.gained]  # fmt: skip
        chosen = {"taken": taken % imitator.shape[1], "first": 0 * moves}.get(self.imitated, moves)
        losses = [self.imitation_weight * imitation[rows, chosen], self.critic_weight * fit, -self.actor_weight * gain]
        return sum(losses).sum() if self.over_batch == "sum" else sum(losses).mean()


def wired(*case, **slips):
    """The total loss with slips."""
    return Wiring(**slips)(*case)


def part(number, words):
    """A property: whether one network's gradient is right, whatever the others' are; and the message if it is not."""

    def holds(result, *case):
        ends = np.cumsum([0, *(w.numel() for w in case[:4])])
        mine, right = (np.asarray(x)[ends[number] : ends[number + 1]] for x in (result, gradients(Wiring(), *case)))
        return abs(mine - right).max() < 1e-3 * max(1, abs(right).max())

    return f"{('extractor', 'imitator', 'critic', 'actor')[number]}_is_wrong", holds, words


def of_sizes(generator, N, D, F, E, A):
    """extractor (D, F), imitator (F, E), critic (F + E, A), actor (F, A), and a batch of N."""
    weights = [torch.randn(shape, generator=generator) for shape in ((D, F), (F, E), (F + E, A), (F, A))]
    moves, taken = (torch.randint(size, (N,), generator=generator) for size in (E, A))
    return *weights, torch.randn(N, D, generator=generator), moves, taken, 2 * torch.randn(N, generator=generator)


def four_networks(generator, k):
    """Networks of different sizes, and a batch that is smaller or larger than they are."""
    return of_sizes(generator, 3 + k % 3, 2 + k % 2, 3 + k % 2, 2 + k % 3, 3 - k % 2)


def fitted_already(generator):
    """A batch whose targets are the critic's answers."""
    *networks, x, moves, taken, _ = of_sizes(generator, 4, 2, 3, 2, 3)
    phi = x @ networks[0]
    q = torch.cat([phi, (phi @ networks[1]).softmax(1)], 1) @ networks[2]
    return *networks, x, moves, taken, q[torch.arange(4), taken]


@exercise(
    lesson=LESSON, title="Who learns from whom", difficulty=4, importance=5, minutes=18,
    example=(torch.tensor([[1.0]]), torch.tensor([[3.0, 1.0]]).log(), torch.tensor([[1, 0], [0, 4], [4.0, 0]]),
           torch.tensor([[3.0, 1.0]]).log(), torch.tensor([[1.0]]), torch.tensor([0]), torch.tensor([0]),
           torch.tensor([3.0])),
    expected=[-0.25 * 1.0986122886681098 - 2, -0.25, 0.25, -2, 0, -1.5, 0, -0.5, 0, 0.1875, -0.1875],
    measure=gradients, draw=four_networks,
    edges={
        "all sizes are equal": lambda generator: of_sizes(generator, 3, 3, 3, 3, 3),
        "there is one transition": lambda generator: of_sizes(generator, 1, 2, 3, 4, 2),
        "the batch is large": lambda generator: of_sizes(generator, 50, 4, 2, 3, 4),
        "Q is the target already": fitted_already,
    },
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
    slipping=wired,
    mistakes=[
        ("nothing_stopped", {"actor_sees": kept, "critic_told": kept, "judged_by": kept, "baseline": kept},
         "You stopped no gradient, so every loss changes every network. The exercise says which learns from which.",
         "Follow the actor's loss backwards, step by step: which networks does it come to?"),
        ("actors_teach_the_extractor", {"actor_sees": kept},
         "Your actor's loss reaches the extractor. Detach the features that the actor gets.",
         "Which of the actor's inputs depends on the extractor's weights?"),
        ("critic_teaches_the_imitator", {"critic_told": kept},
         "Your critic's loss reaches the imitator. Then δ becomes whatever makes values easy to fit: detach it as the "
         "critic's input.",
         "Which of the critic's inputs depends on the imitator's weights?"),
        ("critic_pleases_the_actors", {"judged_by": kept, "baseline": nothing},
         "Your actor's loss reaches the critic, which then learns to overrate every action. Detach Q in the regret.",
         "Which networks does Q depend on, where it stands in the actor's loss?"),
        ("actor_stands_still", {"actor_weight": 0.0},
         "Your actor gets no gradient. Is its gain missing, or π in it detached? Or is the policy in the regret *not* "
         "detached? "
         "The mean regret under a policy is always 0.",
         "Print the actor's part of your loss for two different actors. Does it change?"),
        ("imitation_does_not_reach_the_extractor", {"imitator_sees": stopped},
         "You detached the features before the imitator. The extractor learns from imitation, too.",
         "From which two losses should the extractor learn? Follow both backwards."),
        ("critic_does_not_reach_the_extractor", {"critic_sees": stopped},
         "You detached the features before the critic. The extractor learns from temporal differences, too.",
         "From which two losses should the extractor learn? Follow both backwards."),
        ("extractor_learns_nothing", {"imitator_sees": stopped, "critic_sees": stopped},
         "Your extractor learns nothing. It learns from imitator and critic; only the actor gets detached features.",
         "Who uses the features? Which of them may teach the extractor?"),
        ("actors_descend", {"actor_weight": -1.0},
         "Your actor minimises the gain. The gain should be large: subtract it from the loss.",
         "Is the sum of π(a) A(a) a loss or a gain? What is minimised?"),
        ("imitator_ascends", {"imitation_weight": -1.0},
         "Your imitator makes the prey's moves less likely. Its loss is *minus* the logarithm of δ.",
         "Is the logarithm of a probability a loss or a gain?"),
        ("critic_ascends", {"critic_weight": -1.0},
         "Your critic makes its errors larger: the squared temporal difference is subtracted in yours. Add it.",
         "Which of the three parts should become small, and which large?"),
        ("imitation_missing", {"imitation_weight": 0.0},
         "Your imitator gets no gradient. Is its loss missing, the mean of −log δ of the prey's moves? Or is δ "
         "detached there?",
         "How many parts has your sum? Where does each get its gradient from?"),
        ("critic_missing", {"critic_weight": 0.0},
         "Your critic gets no gradient. Is its loss missing, the mean squared temporal difference? Or is Q detached "
         "there?",
         "How many parts has your sum? Where does each get its gradient from?"),
        ("critics_loss_halved", {"critic_weight": 0.5},
         "You halved the critic's loss. The text's has no factor.",
         "What is the derivative of the text's square? Compare the sheet's gradient of the critic."),
        ("log_prediction_told", {"critic_told": lambda delta: delta.detach().log()},
         "The input of your critic is log δ. Use δ itself, the probabilities.",
         "What are the critic's three inputs in the sheet's example?"),
        ("inputs_exchanged", {"critic_reads": "δ first"},
         "Your critic gets δ first, and then the features. Put the features first.",
         "To which input does each row of the critic's weights belong?"),
        ("all_actions_fitted", {"fitted": "all"},
         "You fit Q of every own action to the target. Only the action `taken` has one.",
         "Whose return does the target estimate: that of every action?"),
        ("all_actions_fitted_in_a_sum", {"fitted": "all added"},
         "You fit Q of every own action to the target, in a sum. Only the action `taken` has one.",
         "Whose return does the target estimate: that of every action?"),
        ("best_action_fitted", {"fitted": "best"},
         "You fit the largest Q to the target. Fit that of the action `taken`.",
         "Whose return does the target estimate?"),
        ("value_fitted", {"fitted": "expected"},
         "You fit the mean of Q under the policy to the target. Fit Q of the action `taken`.",
         "Whose return does the target estimate?"),
        ("every_target", {"fitted": "every target"},
         "You compared every transition's Q with every target: a column against a row makes a table. Give both the "
         "same shape.",
         "Print the shape of Q of the actions taken, and that of `target`."),
        ("absolute_error", {"fitted": "absolute"},
         "Your critic's loss is the absolute error. It is the squared one.",
         "How does the critic's gradient in the sheet's example depend on the error?"),
        ("square_forgotten", {"fitted": "unsquared"},
         "The square is missing in your critic's loss.",
         "Which Q would make your critic's loss as small as possible?"),
        ("probability_imitated", {"imitated": "δ"},
         "Your imitation loss takes the probabilities. Take their logarithms.",
         "What does the text's imitation loss take of δ?"),
        ("own_actions_imitated", {"imitated": "taken"},
         "Your imitator imitates the own actions `taken`. It predicts the prey's `moves`.",
         "Whose moves does δ predict?"),
        ("first_move_imitated", {"imitated": "first"},
         "Your imitation loss takes δ of move 0, whatever was played. Take that of the prey's `moves`.",
         "Where in your function do `moves` stand?"),
        ("log_policy_in_the_gain", {"gained": "Σ log π A"},
         "Your gain is Σ log π(a) A(a). With all actions in the sum, the weight is π(a) itself.",
         "Is your sum over drawn actions, or over all? When does log π stand in a policy gradient?"),
        ("reinforce", {"gained": "log π A taken"},
         "Your gain is log π A of the action taken, as in REINFORCE. Nothing need be sampled: sum π(a) A(a) over all "
         "actions.",
         "Over what does the text's Σ run?"),
        ("only_the_taken_action", {"gained": "π A taken"},
         "Your gain has only the action taken. Sum π(a) A(a) over all own actions.",
         "Over what does the text's Σ run?"),
        ("mean_over_actions", {"gained": "mean"},
         "Your gain is a mean over the own actions, too. Take their sum, and the mean over the batch only.",
         "Of which axes does your `mean` take the mean?"),
        ("prediction_over_the_batch", {"imitator_axis": 0},
         "The imitator's softmax runs over the batch in yours. It runs over the prey's moves, so that each row sums to "
         "1.",
         "Sum δ over each of its axes. Along which one should it be 1?"),
        ("policy_over_the_batch", {"actor_axis": 0},
         "The actor's softmax runs over the batch in yours. It runs over own actions, so that each row sums to 1.",
         "Sum π over each of its axes. Along which one should it be 1?"),
        ("softmax_over_the_batch", {"imitator_axis": 0, "actor_axis": 0},
         "Your softmax runs over the batch. It runs over actions, so that each row sums to 1.",
         "Sum δ and π over each of their axes. Along which one should they be 1?"),
        ("batch_summed", {"over_batch": "sum"},
         "You summed over the batch. Take means, or a larger batch means larger steps.",
         "What becomes of your loss if each transition is there twice?"),
    ],
    properties=[
        part(1, "the imitator's gradient is wrong. It has only one loss: the mean of −log δ of the `moves` that were "
                "made."),
        part(2, "the imitator is right, but the critic's gradient is not. Its inputs are φ, then δ; only Q of the "
                "action `taken` has a target."),
        part(3, "imitator and critic are right, but the actor's gradient is not. Its gain is Σ π(a) A(a) over *all* "
                "own actions: a sum, "
                "with π as the weight, not log π."),
        part(0, "only the extractor's gradient is wrong. It learns from imitation and temporal difference, both with "
                "full weight, "
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
