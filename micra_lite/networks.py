"""The four networks: state feature extractor, meta-imitator, actor, critic; and the agent that holds them.

Every forward pass takes and returns two leading axes (K, N): K externals that are valued at the same time, N states
each. The meta-imitator's parameters may differ from external to external (after adaptation), the others' are shared.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .games import Game

# A joint table with more entries than this per state costs more than it teaches; the error says what to do.
LARGEST_JOINT = 100_000


class Extractor(nn.Module):
    """State feature extractor φ: an observation (…, O) to features (…, F) in (−1, 1)."""

    def __init__(self, observation: int, features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(observation, features), nn.Tanh())

    def forward(self, observation: Tensor) -> Tensor:
        return self.layers(observation)


class MetaImitator(nn.Module):
    """δ(a_e | o_e; θ): features (…, F) to log-probabilities (…, A_e) in nats, by a softmax.

    `log_step_size` holds the logarithm of a learned inner step size α_adp for every parameter (Meta-SGD).
    """

    def __init__(self, features: int, hidden: int, actions: int, step_size: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(features, hidden), nn.Tanh(), nn.Linear(hidden, actions))
        self.log_step_size = nn.ParameterDict(
            {n.replace(".", "_"): nn.Parameter(torch.full_like(p, math.log(step_size)))
             for n, p in self.layers.named_parameters()}
        )  # fmt: skip

    def forward(self, features: Tensor) -> Tensor:
        return self.layers(features).log_softmax(-1)


class Actor(nn.Module):
    """π_i(a_i | o_i; θ_i): features (…, F) and what is believed of the externals (…, C) to log-probabilities (…, A_i)."""

    def __init__(self, features: int, belief: int, hidden: int, actions: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(features + belief, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, actions),
        )  # fmt: skip

    def forward(self, features: Tensor, belief: Tensor) -> Tensor:
        return self.layers(torch.cat([features, belief], -1)).log_softmax(-1)


class Critic(nn.Module):
    """Q(s, ·): features of all observations (…, F) and the belief (…, C) to the whole joint table (…, A_1, …, A_n).

    With `main_effects` the table is the sum of a joint one and one of each agent by itself: what a single agent's action
    does is then learned from all joint actions that contain it, which pays where there are many.
    """

    def __init__(
        self, features: int, belief: int, hidden: int, n_actions: Sequence[int], main_effects: bool = False
    ) -> None:
        super().__init__()
        size = math.prod(n_actions)
        if size > LARGEST_JOINT:
            raise ValueError(
                f"the joint-action table has {size:,} entries ({' × '.join(map(str, n_actions))}), more than "
                f"{LARGEST_JOINT:,}: too large to enumerate. Use fewer agents or actions, or treat some agents as part "
                "of the environment."
            )
        self.n_actions = tuple(n_actions)
        self.sizes = [size, *(n_actions if main_effects else ())]
        self.layers = nn.Sequential(
            nn.Linear(features + belief, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, sum(self.sizes)),
        )  # fmt: skip

    def forward(self, features: Tensor, belief: Tensor) -> Tensor:
        joint, *single = self.layers(torch.cat([features, belief], -1)).split(self.sizes, -1)
        q = joint.unflatten(-1, self.n_actions)  # (…, A_1, …, A_n)
        for j, own in enumerate(single):  # (…, A_j), laid along the j-th of the n action axes
            shape = [1] * len(self.n_actions)
            shape[j] = self.n_actions[j]
            q = q + own.unflatten(-1, shape)
        return q


@dataclass
class Belief:
    """What is thought of K externals: the adapted imitators' parameters, and their predictions at the probes."""

    parameters: list[dict[str, Tensor]]  # one per view: name → (K, …)
    probes: Tensor  # (K, C), the predicted probabilities at all probe observations


class Agent(nn.Module):
    """All networks of a team.

    `views` lists who imitates whom: (observer, external) axes. Each external is imitated from its own observation,
    which the critic uses; under partial views each target imitates it from its own observation as well, because at
    execution an actor has no other (centralised training, decentralised execution).
    """

    def __init__(
        self, game: Game, probes: list[Tensor], features: int, hidden: int, actor_hidden: int, imitator_hidden: int,
        step_size: float, conditioned: bool,
        main_effects: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.full_view, self.conditioned = game.full_view, conditioned
        self.targets, self.externals = game.target_axes, game.external_axes
        self.views = [(e, e) for e in self.externals]
        if not game.full_view:
            self.views += [(i, e) for i in self.targets for e in self.externals]
        sizes = game.observation_sizes[:1] if game.full_view else game.observation_sizes
        self.extractors = nn.ModuleList(Extractor(size, features) for size in sizes)
        self.imitators = nn.ModuleList(
            MetaImitator(features, imitator_hidden, game.n_actions[e], step_size) for _, e in self.views
        )
        now = sum(game.n_actions[e] for e in self.externals)
        belief = (
            now + sum(len(p) * game.n_actions[e] for p, e in zip(probes, self.externals, strict=True))
        ) * conditioned
        self.actors = nn.ModuleList(Actor(features, belief, actor_hidden, game.n_actions[i]) for i in self.targets)
        self.critic = Critic(features * len(sizes), belief, hidden, game.n_actions, main_effects)
        # The slow copies from which temporal differences bootstrap: Q̄ and the features it was trained on.
        self.target_critic = copy.deepcopy(self.critic).requires_grad_(False)
        self.target_extractors = copy.deepcopy(self.extractors).requires_grad_(False)
        for j, probe in enumerate(probes):
            self.register_buffer(f"probe_{j}", probe)

    def features(self, observations: Sequence[Tensor], target: bool = False) -> list[Tensor]:
        """φ of each agent's observation, a list of n tensors (…, F); under full views one tensor, n times."""
        extractors = self.target_extractors if target else self.extractors
        if self.full_view:
            return [extractors[0](observations[0])] * len(observations)
        return [extractor(o) for extractor, o in zip(extractors, observations, strict=True)]

    def predict(self, belief: Belief, features: Sequence[Tensor]) -> list[Tensor]:
        """δ(a_e | o; θ′_k) of every view: features n × (K, N, F) → probabilities (K, N, A_e)."""
        from .imitation import predict

        return [
            predict(imitator, parameters, features[observer]).exp()
            for imitator, parameters, (observer, _) in zip(self.imitators, belief.parameters, self.views, strict=True)
        ]

    def _condition(self, belief: Belief, predictions: Sequence[Tensor]) -> Tensor:
        """The belief as a network input, (K, N, C): predictions at the current observation, then at the probes."""
        K, N = predictions[0].shape[:2]
        if not self.conditioned:
            return predictions[0].new_zeros(K, N, 0)
        return torch.cat([*predictions, belief.probes[:, None].expand(-1, N, -1)], -1).detach()

    def act(self, belief: Belief, features: Sequence[Tensor], predictions: Sequence[Tensor]) -> list[Tensor]:
        """log π_i of every target: n × (K, N, F) → m × (K, N, A_i). Each actor sees its own features alone."""
        n_ext = len(self.externals)
        log_policies = []
        for position, (i, actor) in enumerate(zip(self.targets, self.actors, strict=True)):
            own = range(n_ext) if self.full_view else range(n_ext * (position + 1), n_ext * (position + 2))
            log_policies.append(actor(features[i].detach(), self._condition(belief, [predictions[v] for v in own])))
        return log_policies

    def value(
        self, belief: Belief, features: Sequence[Tensor], predictions: Sequence[Tensor], target: bool = False
    ) -> Tensor:
        """Q(s, ·) against the believed externals: n × (K, N, F) → (K, N, A_1, …, A_n)."""
        critic = self.target_critic if target else self.critic
        joined = features[0] if self.full_view else torch.cat(list(features), -1)
        return critic(joined, self._condition(belief, predictions[: len(self.externals)]))

    def joint(self, policies: Sequence[Tensor], predictions: Sequence[Tensor]) -> list[Tensor]:
        """The targets' policies and the externals' predictions in the agents' order, n × (K·N, A_j)."""
        ordered: list[Tensor] = [torch.empty(0)] * (len(self.targets) + len(self.externals))
        for axis, p in zip(
            (*self.targets, *self.externals), (*policies, *predictions[: len(self.externals)]), strict=True
        ):
            ordered[axis] = p.flatten(0, 1)
        return ordered
