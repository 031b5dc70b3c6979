"""The baselines' networks: MICRA's extractors, imitators and actors, with the critic that each method has instead.

| method | its critic is | and sees |
|---|---|---|
| independent actor-critic | V_i(o_i), one for each target | that target's own observation |
| central-V actor-critic | V(s), one for the team | the whole state, no actions |
| COMA | Q(s, a), MICRA's own critic (`Agent`) | the whole state and the joint action, the externals' included |
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
from ..networks import TwoStreams
from ..settings import Settings


class Value(nn.Module):
    """One number, (K, N), from inputs (1 or K, N, I) and a belief (K, C); made as MICRA's networks are."""

    def __init__(self, inputs: int, belief: int, settings: Settings) -> None:
        super().__init__()
        self.layers = TwoStreams(inputs, belief, settings.hidden, settings.rank, [1])

    def forward(self, inputs: Tensor, belief: Tensor) -> Tensor:
        (u,), c = self.layers(inputs, belief)
        return torch.einsum("knar,kr->kn", u, c)


class ValueAgent(Agent):
    """An agent whose critics value states, without actions."""

    def critics(self, features: Sequence[Tensor], target: bool) -> list[tuple[nn.Module, Tensor]]:
        """Each critic (or its slow copy) with the features that it sees."""
        raise NotImplementedError

    def values(self, belief: Belief, features: Sequence[Tensor], target: bool = False) -> Tensor:
        """V as each target's critic has it: n × (1 or K, N, F) → (m, K, N), return; a central one is the same for all."""
        told = self.belief_inputs(belief, self.conditioned)
        found = [network(seen, told) for network, seen in self.critics(features, target)]  # (K, N) each
        return torch.stack(found).expand(len(self.target_axes), -1, -1)


class IndependentAgent(ValueAgent):
    """V_i(o_i): every target has a critic of its own observation."""

    def new_critic(self, game: Game, settings: Settings, belief: int) -> nn.Module:
        return nn.ModuleList(Value(self.feature_sizes[i], belief, settings) for i in self.target_axes)

    def critics(self, features: Sequence[Tensor], target: bool) -> list[tuple[nn.Module, Tensor]]:
        each = self.target_critic if target else self.critic
        assert isinstance(each, nn.ModuleList)
        return [(critic, features[i]) for critic, i in zip(each, self.target_axes, strict=True)]


class CentralValueAgent(ValueAgent):
    """V(s): one critic of the whole state for the team."""

    def new_critic(self, game: Game, settings: Settings, belief: int) -> nn.Module:
        return Value(self.critic_inputs, belief, settings)

    def critics(self, features: Sequence[Tensor], target: bool) -> list[tuple[nn.Module, Tensor]]:
        seen = features[-1:] if self.critic_views == 1 else features
        return [(self.target_critic if target else self.critic, torch.cat([*seen], -1))]


class MaddpgAgent(Agent):
    """Q(s, a_1, …, a_n) with actions as inputs, and slow copies of the actors."""

    def __init__(self, game: Game, probes: list[Tensor], settings: Settings) -> None:
        super().__init__(game, probes, settings)
        self.target_actors = copy.deepcopy(self.actors).requires_grad_(False)

    def new_critic(self, game: Game, settings: Settings, belief: int) -> nn.Module:
        return Value(self.critic_inputs + sum(game.n_actions), belief, settings)

    def action_value(
        self, belief: Belief, features: Sequence[Tensor], actions: Sequence[Tensor], target: bool = False
    ) -> Tensor:
        """Q(s, a_1, …, a_n) of one-hot actions, n × (K, N, A_j) → (K, N), return; a gradient flows into them."""
        critic = self.target_critic if target else self.critic
        seen = features[-1:] if self.critic_views == 1 else features
        return critic(torch.cat([*seen, *actions], -1), self.belief_inputs(belief, self.conditioned))

    def act_slowly(self, belief: Belief, features: Sequence[Tensor], predictions: Sequence[Tensor]) -> list[Tensor]:
        """log π̄_i of the slow actors, as `act`."""
        told = self.belief_inputs(belief, self.conditioned)
        return [
            actor(features[i], told, self.own(predictions, m) if self.conditioned else [])
            for m, (i, actor) in enumerate(zip(self.target_axes, self.target_actors, strict=True))
        ]
