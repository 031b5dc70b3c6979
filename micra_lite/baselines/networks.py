"""The baselines' networks: MICRA's extractors, imitators and actors, with the critic that each method has instead.

| method | its critic is | and sees |
|---|---|---|
| independent actor-critic | V_i(o_i), one for each target | that target's own observation |
| central-V actor-critic | V(s), one for the team | the whole state, no actions |
| COMA | Q(s, a), MICRA's joint table (`Agent`) | the whole state and the joint action, the externals' included |
| MADDPG | Q(s, a), actions as inputs | the same |

To a critic that does not see the externals' actions, externals are part of the environment. A baseline's critic is told the
belief about the externals where its actors are (`Agent.belief_inputs`), and never otherwise.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..agent import Agent, Belief
from ..game import Game
from ..networks import Perceptron
from ..settings import Settings


class ValueAgent(Agent):
    """An agent whose critics value states, without actions."""

    def critics(
        self, features: Sequence[Tensor], predictions: Sequence[Tensor], target: bool
    ) -> list[tuple[nn.Module, Sequence[Tensor], Sequence[Tensor]]]:
        """Each critic (or its slow copy) with the features and the predictions that it sees."""
        raise NotImplementedError

    def values(
        self, belief: Belief, features: Sequence[Tensor], predictions: Sequence[Tensor], target: bool = False
    ) -> Tensor:
        """V as each target's critic has it: n × (K, N, F) → (m, K, N), return; a central one is the same for all."""
        found = []
        for network, seen, told in self.critics(features, predictions, target):
            now, probes = self.belief_inputs(belief, told, self.conditioned)
            found.append(network(torch.cat([*seen, now], -1), probes)[..., 0])  # (K, N)
        return torch.stack(found).expand(len(self.target_axes), -1, -1)


class IndependentAgent(ValueAgent):
    """V_i(o_i): every target has a critic of its own observation."""

    def new_critic(self, game: Game, settings: Settings, belief: tuple[int, int]) -> nn.Module:
        now, probes = belief
        return nn.ModuleList(Perceptron(settings.features + now, probes, settings.hidden, 1) for _ in self.target_axes)

    def critics(
        self, features: Sequence[Tensor], predictions: Sequence[Tensor], target: bool
    ) -> list[tuple[nn.Module, Sequence[Tensor], Sequence[Tensor]]]:
        each = self.target_critic if target else self.critic
        assert isinstance(each, nn.ModuleList)
        own = [([features[i]], self.own(predictions, m)) for m, i in enumerate(self.target_axes)]
        return [(critic, *seen) for critic, seen in zip(each, own, strict=True)]


class CentralValueAgent(ValueAgent):
    """V(s): one critic of the whole state for the team."""

    def new_critic(self, game: Game, settings: Settings, belief: tuple[int, int]) -> nn.Module:
        now, probes = belief
        return Perceptron(self.critic_views * settings.features + now, probes, settings.hidden, 1)

    def critics(
        self, features: Sequence[Tensor], predictions: Sequence[Tensor], target: bool
    ) -> list[tuple[nn.Module, Sequence[Tensor], Sequence[Tensor]]]:
        seen = features[-1:] if self.critic_views == 1 else features
        return [(self.target_critic if target else self.critic, seen, predictions[: len(self.external_axes)])]


class MaddpgAgent(Agent):
    """Q(s, a_1, …, a_n) with actions as inputs, and slow copies of the actors."""

    def __init__(self, game: Game, probes: list[Tensor], settings: Settings) -> None:
        super().__init__(game, probes, settings)
        self.target_actors = copy.deepcopy(self.actors).requires_grad_(False)

    def new_critic(self, game: Game, settings: Settings, belief: tuple[int, int]) -> nn.Module:
        now, probes = belief
        inputs = self.critic_views * settings.features + sum(game.n_actions) + now
        return Perceptron(inputs, probes, settings.hidden, 1)

    def action_value(
        self,
        belief: Belief,
        features: Sequence[Tensor],
        predictions: Sequence[Tensor],
        actions: Sequence[Tensor],
        target: bool = False,
    ) -> Tensor:
        """Q(s, a_1, …, a_n) of one-hot actions, n × (K, N, A_j) → (K, N), return; a gradient flows into them."""
        critic = self.target_critic if target else self.critic
        now, probes = self.belief_inputs(belief, predictions[: len(self.external_axes)], self.conditioned)
        seen = features[-1:] if self.critic_views == 1 else features
        return critic(torch.cat([*seen, *actions, now], -1), probes)[..., 0]

    def act_slowly(self, belief: Belief, features: Sequence[Tensor], predictions: Sequence[Tensor]) -> list[Tensor]:
        """log π̄_i of the slow actors, as `act`."""
        return [
            actor(features[i], *self.belief_inputs(belief, self.own(predictions, m), self.conditioned))
            for m, (i, actor) in enumerate(zip(self.target_axes, self.target_actors, strict=True))
        ]
