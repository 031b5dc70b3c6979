"""Belief and agent: the networks of a team together, and what they are told about the externals."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .game import Game
from .imitation import Parameters, adapt, meta_parameters, predict
from .networks import Actor, Critic, Extractor, MetaImitator
from .replay import Pairs
from .settings import Settings


@dataclass
class Belief:
    """What is thought of K externals: the adapted imitators' parameters, and their predictions at the probes.

    In training a critic knows externals that the team has not watched: `unwatched` says which, for the team plays
    otherwise with them.
    """

    parameters: list[dict[str, Tensor]]  # one per view: name → (K, …)
    probes: Tensor  # (K, C), the predicted probabilities at all probe observations
    unwatched: Tensor  # (K, 1), 1 where the team plays without having watched, else 0


class Agent(nn.Module):
    """All networks of a team.

    `views` lists who imitates whom: (observer, external) axes. Each external is imitated from its own observation,
    which the critic uses; under partial views each target imitates it from its own observation as well, because at
    execution an actor has no other (centralised training, decentralised execution).
    """

    uniform: Tensor  # (C,)

    def __init__(
        self, game: Game, probes: list[Tensor], features: int, hidden: int, actor_hidden: int, imitator_hidden: int,
        step_size: float, conditioned: bool, informed: bool, critic: str,
    ) -> None:  # fmt: skip
        super().__init__()
        self.full_view, self.state_view = game.full_view, game.critic_sees_state
        self.conditioned, self.informed = conditioned, informed  # whether the actors, and the critic, take a belief
        self.target_axes, self.external_axes = game.target_axes, game.external_axes
        self.views = [(e, e) for e in self.external_axes]
        if not game.full_view:
            self.views += [(i, e) for i in self.target_axes for e in self.external_axes]
        # Agents on the same side that see and do as much are of one kind: they share what can be shared.
        alike = [(j in self.target_axes, o, a) for j, (o, a) in enumerate(zip(game.observation_sizes, game.n_actions))]  # noqa: B905
        kinds = {kind: k for k, kind in enumerate(dict.fromkeys(alike))}
        self.kinds = [kinds[kind] for kind in alike]
        self.eyes = [0] * len(alike) if game.full_view else list(self.kinds)  # which extractor each agent looks through
        sizes = list(game.observation_sizes)
        if self.state_view:  # and the critic through one of its own
            self.eyes.append(max(self.eyes) + 1)
            sizes.append(game.state_observation_size or 0)
        self.extractors = nn.ModuleList(
            Extractor(sizes[self.eyes.index(k)], features) for k in range(max(self.eyes) + 1)
        )
        # One each: externals of one kind that shared their θ were predicted no better (`quiet_site`: 0.001–0.008 nats apart).
        self.imitators = nn.ModuleList(
            MetaImitator(features, imitator_hidden, game.n_actions[e], step_size) for _, e in self.views
        )
        # What a belief tells, number by number: predictions now, and at the probes; and 1/A_e for each of them.
        sizes = [game.n_actions[e] for e in self.external_axes]
        told = [a for probe, a in zip(probes, sizes, strict=True) for _ in range(len(probe))]
        self.register_buffer("uniform", torch.cat([torch.full((a,), 1 / a) for a in (*sizes, *told)]))
        belief = (sum(sizes), sum(told) + 1)  # and whether it was watched
        acting, judging = [(belief[0] * given, belief[1] * given) for given in (conditioned, informed)]
        self.actors = nn.ModuleList(Actor(features, *acting, actor_hidden, game.n_actions[i]) for i in self.target_axes)
        views = 1 if game.full_view or self.state_view else len(alike)
        self.critic: nn.Module
        if critic == "joint":
            self.critic = Critic(views * features, *judging, hidden, game.n_actions)
        else:
            from .extensions.pairwise_critic import PairwiseCritic

            self.critic = PairwiseCritic(features, *judging, hidden, game.n_actions, self.kinds, views)
        # The slow copies from which temporal differences bootstrap: Q̄ and the features it was trained on.
        self.target_critic: nn.Module = copy.deepcopy(self.critic).requires_grad_(False)
        self.target_extractors = copy.deepcopy(self.extractors).requires_grad_(False)
        for j, probe in enumerate(probes):
            self.register_buffer(f"probe_{j}", probe)

    def features(self, observations: Sequence[Tensor], target: bool = False) -> list[Tensor]:
        """φ of each agent's observation, a list of n tensors (…, F); under full views one tensor, n times.

        Where the critic sees the state, φ of the state comes last.
        """
        extractors = self.target_extractors if target else self.extractors
        if self.full_view:
            return [extractors[0](observations[0])] * len(observations)
        return [extractors[eye](o) for eye, o in zip(self.eyes, observations, strict=False)]

    def predict(self, belief: Belief, features: Sequence[Tensor]) -> list[Tensor]:
        """δ(a_e | o; θ′_k) of every view: features n × (K, N, F) → probabilities (K, N, A_e)."""
        return [
            predict(imitator, parameters, features[observer]).exp()
            for imitator, parameters, (observer, _) in zip(self.imitators, belief.parameters, self.views, strict=True)
        ]

    def _condition(self, belief: Belief, predictions: Sequence[Tensor], wanted: bool) -> tuple[Tensor, Tensor]:
        """The belief as a network input, empty unless `wanted`: (K, N, P) at the current observations, (K, C + 1) at the probes.

        Each is given as half its distance from uniform, (δ − 1/A_e)/2: small and centred, for so many large inputs
        would drown the features, and the networks would serve new externals worse.
        """
        K, N = predictions[0].shape[:2]
        if not wanted:
            return predictions[0].new_zeros(K, N, 0), predictions[0].new_zeros(K, 0)
        given = torch.cat(list(predictions), -1)
        now, told = self.uniform.tensor_split([given.shape[-1]])
        probes = torch.cat([(belief.probes - told) / 2, belief.unwatched], 1)
        return ((given - now) / 2).detach(), probes.detach()

    def act(self, belief: Belief, features: Sequence[Tensor], predictions: Sequence[Tensor]) -> list[Tensor]:
        """log π_i of every target: n × (K, N, F) → m × (K, N, A_i). Each actor sees its own features alone."""
        return [
            actor(features[i].detach(), *self._condition(belief, self.own(predictions, position), self.conditioned))
            for position, (i, actor) in enumerate(zip(self.target_axes, self.actors, strict=True))
        ]

    def own(self, predictions: Sequence[Tensor], position: int) -> Sequence[Tensor]:
        """Of the predictions of all views, those that target number `position` makes from what it sees itself."""
        n_ext = len(self.external_axes)
        return predictions[:n_ext] if self.full_view else predictions[n_ext * (position + 1) : n_ext * (position + 2)]

    def value(
        self, belief: Belief, features: Sequence[Tensor], predictions: Sequence[Tensor], target: bool = False
    ) -> Tensor:
        """Q(s, ·) against the believed externals: n × (K, N, F) → (K, N, A_1, …, A_n)."""
        critic = self.target_critic if target else self.critic
        seen = features[-1:] if self.full_view or self.state_view else features
        return critic(seen, *self._condition(belief, predictions[: len(self.external_axes)], self.informed))

    def joint(self, policies: Sequence[Tensor], predictions: Sequence[Tensor]) -> list[Tensor]:
        """The targets' policies and the externals' predictions in the agents' order, n × (K·N, A_j)."""
        ordered: list[Tensor] = [torch.empty(0)] * (len(self.target_axes) + len(self.external_axes))
        for axis, p in zip(
            (*self.target_axes, *self.external_axes), (*policies, *predictions[: len(self.external_axes)]), strict=True
        ):
            ordered[axis] = p.flatten(0, 1)
        return ordered


def believe(agent: Agent, parameters: list[Parameters], watched: bool = True) -> Belief:
    """What adapted imitators predict, ready for use: parameters per view → Belief, with the probes computed once.

    A team whose actors are not conditioned has never watched anybody.
    """
    with torch.no_grad():
        parameters = [{n: p.detach() for n, p in view.items()} for view in parameters]
        probes = []
        for j, e in enumerate(agent.external_axes):  # the first views are the externals' own
            seen = getattr(agent, f"probe_{j}")  # (P_e, O_e)
            features = agent.extractors[agent.eyes[e]](seen)
            K = len(next(iter(parameters[j].values())))
            probes.append(predict(agent.imitators[j], parameters[j], features.expand(K, -1, -1)).exp().flatten(1))
    told = torch.cat(probes, -1)  # (K, C)
    return Belief(parameters, told, told.new_full((len(told), 1), float(not (watched and agent.conditioned))))


def prior_belief(agent: Agent, externals: int) -> Belief:
    """The belief before anything was watched: θ′ = θ, for each of K externals."""
    return believe(agent, [meta_parameters(imitator, externals) for imitator in agent.imitators], watched=False)


def adapted_belief(agent: Agent, pairs: Pairs, settings: Settings, trace: list[list[Tensor]] | None = None) -> Belief:
    """The belief after watching: the inner loop of Eq. 4 for every view. `trace` collects the losses of its steps."""
    parameters = []
    with torch.no_grad():
        features = agent.features(pairs.observations)
    for imitator, (observer, e) in zip(agent.imitators, agent.views, strict=True):
        losses: list[Tensor] = []
        parameters.append(
            adapt(
                imitator,
                features[observer],
                pairs.actions[..., e],
                settings.inner_steps,
                None,
                pairs.weights,
                trace=losses,
            )
        )
        if trace is not None:
            trace.append(losses)
    return believe(agent, parameters)


def some_of(belief: Belief, which: slice) -> Belief:
    """The belief about some of K externals alone."""
    parameters = [{n: p[which] for n, p in view.items()} for view in belief.parameters]
    return Belief(parameters, belief.probes[which], belief.unwatched[which])


def together(*beliefs: Belief) -> Belief:
    """One belief about the externals of several beliefs, in a row."""
    views = zip(*[b.parameters for b in beliefs], strict=True)
    parameters = [{n: torch.cat([view[n] for view in same]) for n in same[0]} for same in views]
    return Belief(parameters, torch.cat([b.probes for b in beliefs]), torch.cat([b.unwatched for b in beliefs]))
