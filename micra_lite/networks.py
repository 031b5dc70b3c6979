"""The four networks: state feature extractor, meta-imitator, actor, critic.

Leading axes (K, N) are N states beside each of K external policies. A belief about them reaches a network as predicted
probabilities at the current observation, (K, N, P), and at fixed *probe* observations, with a flag, (K, C).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .regret import JointTable

LARGEST_JOINT = 100_000  # entries of a table per state; more would take too long to learn


class Extractor(nn.Module):
    """State feature extractor φ: an observation (…, O) to features (…, F) in (−1, 1)."""

    def __init__(self, observation: int, features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(observation, features), nn.Tanh())

    def forward(self, observation: Tensor) -> Tensor:
        return self.layers(observation)


class MetaImitator(nn.Module):
    """δ(a_e | o_e; θ): features (…, F) to log-probabilities (…, A_e) in nats, by a softmax.

    `log_step_size` is the logarithm of a learned inner step size α_adp for every parameter (Meta-SGD; Li et al., 2017),
    `log_prior_pairs` that of n_0, also learned: how many watched pairs θ itself is worth.
    """

    def __init__(self, features: int, hidden: int, actions: int, step_size: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(features, hidden), nn.Tanh(), nn.Linear(hidden, actions))
        self.log_step_size = nn.ParameterDict(
            {n.replace(".", "_"): nn.Parameter(torch.full_like(p, math.log(step_size)))
             for n, p in self.layers.named_parameters()}
        )  # fmt: skip
        self.log_prior_pairs = nn.Parameter(torch.tensor(math.log(5.0)))

    def forward(self, features: Tensor) -> Tensor:
        return self.layers(features).log_softmax(-1)


class Perceptron(nn.Module):
    """Two hidden layers: what actors and critics are made of.

    Inputs (…, K, N, I) differ from state to state; the context (K, C) is the same for all N states of an external, so
    that its part of the first layer is computed once.
    """

    def __init__(self, inputs: int, context: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, hidden)
        self.context = nn.Linear(context, hidden, bias=False) if context else None
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, outputs))

    def forward(self, inputs: Tensor, context: Tensor) -> Tensor:
        x = self.first(inputs)  # (…, K, N, H)
        return self.rest(x if self.context is None else x + self.context(context)[:, None])


class Actor(nn.Module):
    """log π_i(a_i | o_i; θ_i), (K, N, A_i), from features (K, N, F) and a belief (`Agent.belief_inputs`)."""

    def __init__(self, features: int, prediction: int, probes: int, hidden: int, actions: int) -> None:
        super().__init__()
        self.layers = Perceptron(features + prediction, probes, hidden, actions)

    def forward(self, features: Tensor, prediction: Tensor, probes: Tensor) -> Tensor:
        return self.layers(torch.cat([features, prediction], -1), probes).log_softmax(-1)


class Critic(nn.Module):
    """Q(s, ·), a table of all joint actions, from features of the state and a belief. ValueError if it is too large.

    A part of the table's level is learned from the belief alone, as the reward of a step times `span`, the steps that
    count for a return. In Q̄ a level lags behind, and rises by one reward at a time; so Q̄ has this part from Q itself.
    It takes the bias away sooner (cf. reward centering; Naik et al., 2024).
    """

    def __init__(
        self, features: int, prediction: int, probes: int, hidden: int, n_actions: Sequence[int], span: float
    ) -> None:
        super().__init__()
        self.n_actions = tuple(n_actions)
        size, sizes = math.prod(n_actions), " × ".join(map(str, n_actions))
        if size > LARGEST_JOINT:
            raise ValueError(
                f"the joint-action table has {size:,} entries ({sizes}), more than {LARGEST_JOINT:,}: too large to "
                "enumerate. Use a critic made of parts (extensions.pairwise_critic), or fewer agents or actions."
            )
        self.layers = Perceptron(features + prediction, probes, hidden, size)
        self.level, self.span = Perceptron(probes + 1, 0, 64, 1), span

    def forward(self, features: Sequence[Tensor], prediction: Tensor, probes: Tensor) -> JointTable:
        """Args: distinct features of the agents, each (K, N, F); the belief, (K, N, P) and (K, C). B = K·N rows."""
        q = self.layers(torch.cat([*features, prediction], -1), probes)  # (K, N, ∏ A_j)
        q = q + self.span * self.level(nn.functional.pad(probes, (0, 1), value=1.0)[:, None], probes)  # + (K, 1, 1)
        return JointTable(q.flatten(0, 1).unflatten(-1, self.n_actions))  # (K·N, A_1, …, A_n)
