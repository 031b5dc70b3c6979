"""A critic that is a sum of terms of one and two agents: many agents need no table of joint actions.

    Q(s, a) = v(φ) + Σ_j u_j(φ_j)[a_j] + Σ_{j<l} w_jl(φ_j, φ_l)[a_j, a_l]

1. `PairwiseQ` answers what an update asks of a critic, from its parts.
2. `PairwiseCritic` is the network.
3. `PairwiseAgent` is MICRA's agent with this critic: `TrainingState.initial(game, settings, PairwiseAgent)`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..agent import Agent
from ..game import Game
from ..networks import LARGEST_JOINT, Perceptron
from ..settings import Settings
from .factored_regret import pairwise_values


class PairwiseQ(NamedTuple):
    """Q(s, ·) of B states in parts; the same questions as `micra_lite.regret.JointTable` answers."""

    constant: Tensor  # (B,) v
    singles: list[Tensor]  # n × (B, A_j) u_j
    pairs: dict[tuple[int, int], Tensor]  # (j, l) → (B, A_j, A_l) w_jl

    def taken(self, actions: Tensor) -> Tensor:
        """Q(s, a) of the joint actions (B, n) that were taken, (B,)."""
        rows, a = torch.arange(len(actions)), actions.unbind(-1)
        q = self.constant + sum(u[rows, a[j]] for j, u in enumerate(self.singles))
        return q + sum(w[rows, a[j], a[l]] for (j, l), w in self.pairs.items())

    def expected(self, policies: Sequence[Tensor]) -> Tensor:
        """Σ_a ∏_j π_j(a_j) Q(s, a), (B,), for policies n × (B, A_j)."""
        q = self.constant + sum((u * p).sum(-1) for u, p in zip(self.singles, policies, strict=True))
        return q + sum(torch.einsum("bjl,bj,bl->b", w, policies[j], policies[l]) for (j, l), w in self.pairs.items())

    def counterfactual(self, policies: Sequence[Tensor], i: int) -> Tensor:
        """v(s | i plays a_i), (B, A_i), up to a constant of the state."""
        return pairwise_values(self.singles, self.pairs, policies, i)

    def row(self, b: int) -> Tensor | None:
        """One state's table of all joint actions, (A_1, …, A_n); None where it would be too large."""
        sizes = [u.shape[1] for u in self.singles]
        if math.prod(sizes) > LARGEST_JOINT:
            return None

        def placed(part: Tensor, *axes: int) -> Tensor:
            return part.view([size if j in axes else 1 for j, size in enumerate(sizes)])

        table = self.constant[b] + sum(placed(u[b], j) for j, u in enumerate(self.singles))
        return (table + sum(placed(w[b], j, l) for (j, l), w in self.pairs.items())).detach()


class PairwiseCritic(nn.Module):
    """The network of all terms, the belief an input of each.

    What one or two agents do is learned from all joint actions that contain it. Agents of one type share their u and
    w, told apart by an indicator of who they are. Triples of agents have no term of their own: that is its price.
    """

    who: Tensor  # (n, n)

    def __init__(
        self, features: int, prediction: int, probes: int, hidden: int, n_actions: Sequence[int], agent_types: Sequence[int],
        views: int,
    ) -> None:  # fmt: skip
        super().__init__()
        self.n_actions = tuple(n_actions)
        n = len(n_actions)
        self.register_buffer("who", torch.eye(n))
        # All agents, and all pairs of agents, that share a network, by their types.
        self.terms: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        for group in [*itertools.combinations(range(n), 1), *itertools.combinations(range(n), 2)]:
            self.terms.setdefault(tuple(agent_types[j] for j in group), []).append(group)
        self.value = Perceptron(views * features + prediction, probes, hidden, 1)
        self.layers = nn.ModuleList(
            Perceptron(
                len(types) * (features + n) + prediction, probes, hidden, math.prod(n_actions[j] for j in groups[0])
            )
            for types, groups in self.terms.items()
        )

    def forward(self, features: Sequence[Tensor], prediction: Tensor, probes: Tensor) -> PairwiseQ:
        """As `Critic`; `features` are one tensor where the critic sees the state, else one for each agent."""
        lead, A = prediction.shape[:-1], self.n_actions
        own = [torch.cat([features[j % len(features)], self.who[j].expand(*lead, -1)], -1) for j in range(len(A))]
        constant = self.value(torch.cat([*features, prediction], -1), probes)[..., 0].flatten()  # (K·N,)
        parts: dict[tuple[int, ...], Tensor] = {}
        for layers, groups in zip(self.layers, self.terms.values(), strict=True):
            inputs = torch.stack([torch.cat([*[own[j] for j in group], prediction], -1) for group in groups])
            for group, part in zip(groups, layers(inputs, probes).flatten(1, 2), strict=True):  # (K·N, ∏ A_j)
                parts[group] = part.unflatten(-1, [A[j] for j in group])
        pairs = {(group[0], group[1]): part for group, part in parts.items() if len(group) == 2}
        return PairwiseQ(constant, [parts[j,] for j in range(len(A))], pairs)


class PairwiseAgent(Agent):
    """MICRA's agent with a pairwise critic."""

    def new_critic(self, game: Game, settings: Settings, belief: tuple[int, int]) -> nn.Module:
        s, views = settings, self.critic_views
        return PairwiseCritic(s.features, *belief, s.hidden, game.n_actions, self.agent_types, views)
