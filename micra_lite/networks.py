"""The four networks: state feature extractor, meta-imitator, actor, critic.

Leading axes (K, N) are N states beside each of K external policies; (1, N) where these share the states. A belief about
them is told as predicted probabilities at fixed *probe* observations, with a flag, (K, C); to actors also those now.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .regret import FactoredQ

FORBIDDEN = -1e9  # a logit of probability 0; finite, so that 0 · log 0 is 0


class Extractor(nn.Module):
    """State feature extractor φ: an observation (…, O) to features (…, F) in (−1, 1).

    A `mask` of A actions at its end is passed on, (…, O + A) to (…, F + A). A game's own layers, a `sight`, come first.
    """

    def __init__(self, observation: int, features: int, mask: int = 0, sight: Any = None) -> None:
        super().__init__()
        before, size = sight.layers(observation) if sight else ([], observation)
        self.split, self.layers = [observation, mask], nn.Sequential(*before, nn.Linear(size, features), nn.Tanh())

    def forward(self, observation: Tensor) -> Tensor:
        if not self.split[1]:
            return self.layers(observation)
        seen, mask = observation.split(self.split, -1)
        return torch.cat([self.layers(seen), mask], -1)


def log_softmax(logits: Tensor, features: Tensor, masked: bool) -> Tensor:
    """Log-probabilities, nats, from logits (…, A); where `masked`, of actions that the features' last A allow."""
    if masked:
        logits = logits.masked_fill(features[..., -logits.shape[-1] :] == 0, FORBIDDEN)
    return logits.log_softmax(-1)


class MetaImitator(nn.Module):
    """δ(a_e | o_e; θ): features (…, F) to log-probabilities (…, A_e) in nats, by a softmax.

    `log_step_size` is the logarithm of a learned inner step size α_adp for every parameter (Meta-SGD; Li et al., 2017),
    `log_prior_pairs` that of n_0, also learned: how many watched pairs θ itself is worth.
    """

    def __init__(self, features: int, hidden: int, actions: int, step_size: float, masked: bool = False) -> None:
        super().__init__()
        self.masked = masked  # whether the features end with the mask of A_e actions
        self.layers = nn.Sequential(nn.Linear(features, hidden), nn.Tanh(), nn.Linear(hidden, actions))
        self.log_step_size = nn.ParameterDict(
            {n.replace(".", "_"): nn.Parameter(torch.full_like(p, math.log(step_size)))
             for n, p in self.layers.named_parameters()}
        )  # fmt: skip
        self.log_prior_pairs = nn.Parameter(torch.tensor(math.log(5.0)))

    def forward(self, features: Tensor) -> Tensor:
        return log_softmax(self.layers(features), features, self.masked)


class TwoStreams(nn.Module):
    """Σ_r c_r(belief) ∏_j u_jr(s, a_j) for every joint action: one stream for the state, one for the belief.

    They meet in a product alone. So what is seen runs through its stream once for all K externals, and what is believed
    once for all N states; and a belief can turn a preference around, which is hard to learn where inputs are added up.
    """

    def __init__(
        self, inputs: int, belief: int, hidden: int, rank: int, n_actions: Sequence[int], heads: int = 1
    ) -> None:
        super().__init__()
        self.n_actions, self.rank = tuple(n_actions), rank
        last = nn.Linear(hidden, sum(n_actions) * rank)
        nn.init.ones_(last.bias)  # else products of several factors would begin near 0, and stay there
        self.state = nn.Sequential(nn.Linear(inputs, hidden), nn.LayerNorm(hidden), nn.ReLU(), last)
        self.belief = nn.Sequential(nn.Linear(belief, 64), nn.ReLU(), nn.Linear(64, heads * rank))
        weight = torch.empty(heads * rank).uniform_(-0.1, 0.1)
        self.weight = nn.Parameter((weight - weight.mean()) / math.sqrt(rank))  # all sums begin near 0

    def forward(self, inputs: Tensor, belief: Tensor) -> tuple[list[Tensor], Tensor]:
        """(1 or K, N, I) and (K, C) to factors u_j, n × (1 or K, N, A_j, R), and weights c, (K, heads · R)."""
        u = self.state(inputs).unflatten(-1, (-1, self.rank))  # (1 or K, N, ΣA_j, R)
        return list(u.split(self.n_actions, 2)), self.weight * (1 + self.belief(belief))


class Actor(nn.Module):
    """log π_i(a_i | o_i; θ_i), (K, N, A_i), from features (1 or K, N, F), a belief (K, C) and predictions (K, N, A_e).

    It has the form of the critic's Q without the team mates: the externals' actions are averaged out as predicted.
    """

    def __init__(
        self, features: int, belief: int, hidden: int, rank: int, actions: int, external_actions: Sequence[int],
        masked: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.masked = masked
        self.layers = TwoStreams(features, belief, hidden, rank, [actions, *external_actions])

    def forward(self, features: Tensor, belief: Tensor, predictions: Sequence[Tensor]) -> Tensor:
        factors, c = self.layers(features, belief)
        averaged = [torch.einsum("kna,knar->knr", p, u) for p, u in zip(predictions, factors[1:], strict=True)]
        logits = torch.einsum("knr,knar->kna", math.prod(averaged, start=c[:, None]), factors[0])
        return log_softmax(logits, features, self.masked)


class Critic(nn.Module):
    """Q(s, a) of all joint actions, in factors, from features of the state and a belief.

    Its level is learned from the belief alone, as the reward of a step times `span`, the steps that count for a return.
    A level of Q̄'s own would rise by one reward at a time: it has Q's (cf. reward centering; Naik et al., 2024).
    Where targets have rewards of their own, each has a head: weights and a level; the factors are common to all.
    """

    def __init__(
        self, features: int, belief: int, hidden: int, rank: int, n_actions: Sequence[int], span: float, heads: int = 1
    ) -> None:
        super().__init__()
        self.layers, self.heads = TwoStreams(features, belief, hidden, rank, n_actions, heads), heads
        self.level, self.span = nn.Sequential(nn.Linear(belief, 64), nn.ReLU(), nn.Linear(64, heads)), span
        for p in self.level[-1].parameters():
            nn.init.zeros_(p)

    def forward(self, features: Sequence[Tensor], belief: Tensor) -> FactoredQ:
        """Args: distinct features of the agents, each (1 or K, N, F); the belief (K, C)."""
        factors, scale = self.layers(torch.cat([*features], -1), belief)
        level = self.span * self.level(belief)
        if self.heads > 1:  # (K, m · R) and (K, m) to (m, K, R) and (m, K, 1)
            scale, level = scale.unflatten(-1, (self.heads, -1)).movedim(1, 0), level.mT[..., None]
        return FactoredQ(factors, scale, level)
