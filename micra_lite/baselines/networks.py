"""The baselines' networks: MICRA's extractors, imitators and actors, with the critic that each method has instead.

| method | its critic is | and sees |
|---|---|---|
| independent actor-critic | V_i(o_i), one for each target | that target's own observation |
| central-V actor-critic | V(s), one for the team | the whole state, no actions |
| COMA | Q(s, a), MICRA's joint table | the whole state and the joint action, the externals' included |
| MADDPG | Q(s, a), actions as inputs | the same |

To a critic that does not see the externals' actions, externals are part of the environment. Conditioned critics and
actors are told the belief about the externals exactly as MICRA's are (`Agent._condition`); otherwise nobody is.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..agent import Agent, Belief
from ..game import Game
from ..networks import Perceptron

if TYPE_CHECKING:
    from ..settings import Settings


class BaselineAgent(Agent):
    """`Agent` with the critic of `settings.method`, and for MADDPG with slow copies of the actors."""

    def __init__(self, settings: Settings, game: Game, *networks) -> None:
        super().__init__(game, *networks)
        self.method = settings.method
        if self.method == "COMA":
            return
        now = sum(game.n_actions[e] for e in self.external_axes)
        belief = (now * self.conditioned, (len(self.uniform) - now + 1) * self.conditioned)
        whole = settings.features * (1 if self.full_view or self.state_view else len(game.agents))

        def critic(inputs: int) -> nn.Module:
            return Perceptron(inputs + belief[0], belief[1], settings.hidden, 1)

        if self.method == "independent actor-critic":
            self.critic = nn.ModuleList(critic(settings.features) for _ in self.target_axes)
        elif self.method == "central-V actor-critic":
            self.critic = critic(whole)
        else:
            self.critic = critic(whole + sum(game.n_actions))
            self.target_actors = copy.deepcopy(self.actors).requires_grad_(False)
        self.target_critic = copy.deepcopy(self.critic).requires_grad_(False)

    def _whole(self, features: Sequence[Tensor]) -> Sequence[Tensor]:
        """What a centralised critic sees."""
        return features[-1:] if self.full_view or self.state_view else features

    def values(
        self, belief: Belief, features: Sequence[Tensor], predictions: Sequence[Tensor], target: bool = False
    ) -> Tensor:
        """V as each target's critic has it: n × (K, N, F) → (m, K, N), return; a central one is the same for all."""
        critic = self.target_critic if target else self.critic
        if isinstance(critic, nn.ModuleList):
            seen = [([features[i]], self.own(predictions, position)) for position, i in enumerate(self.target_axes)]
            critics = list(critic)
        else:
            seen, critics = [(list(self._whole(features)), predictions[: len(self.external_axes)])], [critic]
        found = []
        for network, (looks, told) in zip(critics, seen, strict=True):
            now, probes = self._condition(belief, told, self.conditioned)
            found.append(network(torch.cat([*looks, now], -1), probes)[..., 0])
        return torch.stack(found).expand(len(self.target_axes), -1, -1)

    def action_value(
        self,
        belief: Belief,
        features: Sequence[Tensor],
        predictions: Sequence[Tensor],
        actions: Sequence[Tensor],
        target: bool = False,
    ) -> Tensor:
        """MADDPG's Q(s, a_1, …, a_n): one-hot actions, n × (K, N, A_j), → (K, N), return; a gradient flows into them."""
        critic = self.target_critic if target else self.critic
        now, probes = self._condition(belief, predictions[: len(self.external_axes)], self.conditioned)
        return critic(torch.cat([*self._whole(features), *actions, now], -1), probes)[..., 0]

    def act_slowly(self, belief: Belief, features: Sequence[Tensor], predictions: Sequence[Tensor]) -> list[Tensor]:
        """log π̄_i of MADDPG's slow actors, as `act`."""
        return [
            actor(features[i], *self._condition(belief, self.own(predictions, position), self.conditioned))
            for position, (i, actor) in enumerate(zip(self.target_axes, self.target_actors, strict=True))
        ]
