"""A critic that is a sum of terms of one and two agents."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..networks import Perceptron, joint_size


class PairwiseCritic(nn.Module):
    """Q(s, a) = v(φ) + Σ_j u_j(φ_j)[a_j] + Σ_{j<l} w_jl(φ_j, φ_l)[a_j, a_l], the belief an input of every term.

    What one or two agents do is learned from all joint actions that contain it. Agents of one kind share their u and
    w, told apart by an indicator of who they are. Triples of agents have no term of their own: that is its price.
    """

    who: Tensor  # (n, n)

    def __init__(
        self, features: int, prediction: int, probes: int, hidden: int, n_actions: Sequence[int], kinds: Sequence[int],
        views: int,
    ) -> None:  # fmt: skip
        super().__init__()
        joint_size(n_actions)  # the table is still laid out in full
        self.n_actions = tuple(n_actions)
        n = len(n_actions)
        self.register_buffer("who", torch.eye(n))
        # The terms by kind: all agents, and all pairs of agents, that share a network.
        self.terms: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        for group in [*itertools.combinations(range(n), 1), *itertools.combinations(range(n), 2)]:
            self.terms.setdefault(tuple(kinds[j] for j in group), []).append(group)
        self.value = Perceptron(views * features + prediction, probes, hidden, 1)
        self.layers = nn.ModuleList(
            Perceptron(
                len(kind) * (features + n) + prediction, probes, hidden, math.prod(n_actions[j] for j in groups[0])
            )
            for kind, groups in self.terms.items()
        )

    def forward(self, features: Sequence[Tensor], prediction: Tensor, probes: Tensor) -> Tensor:
        """As `Critic`; `features` are one tensor where the critic sees the state, else one for each agent."""
        n, lead = len(self.n_actions), prediction.shape[:-1]
        own = [torch.cat([features[j % len(features)], self.who[j].expand(*lead, -1)], -1) for j in range(n)]
        tables: dict[tuple[int, ...], Tensor] = {}
        for layers, groups in zip(self.layers, self.terms.values(), strict=True):
            inputs = torch.stack([torch.cat([*[own[j] for j in group], prediction], -1) for group in groups])
            for group, table in zip(groups, layers(inputs, probes), strict=True):  # (K, N, A_j) or (K, N, A_j·A_l)
                tables[group] = table.unflatten(-1, [a if j in group else 1 for j, a in enumerate(self.n_actions)])
        q = self.value(torch.cat([*features, prediction], -1), probes).unflatten(-1, (1,) * n)
        for last in range(n):  # axis by axis, so that most sums are over small tables
            q = q + sum((tables[j, last] for j in range(last)), tables[last,])
        return q
