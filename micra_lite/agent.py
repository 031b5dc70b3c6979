"""The networks of a team (the constructor of `Agent` is the architecture), and what it believes of the externals."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from .game import Game, in_agents_order
from .imitation import Parameters, adapt, meta_parameters, predict
from .networks import Actor, Critic, Extractor, MetaImitator
from .regret import FactoredQ
from .replay import Pairs
from .settings import Settings


@dataclass
class Belief:
    """An opinion about K externals; `belief[:3]` is the belief about the first three.

    `unwatched` is 1 where the team acts on the prior θ. In training the critic's belief may still hold a well-adapted
    δ_k of such an external; the flag then says which team it values, and tells actors that they have watched nothing.
    """

    parameters: list[Parameters]  # the adapted imitators', one per view: name → (K, …)
    probes: Tensor  # (K, C), the imitators' predictions at all probe observations
    unwatched: Tensor  # (K, 1), 1 where the team plays without having watched, else 0

    def __getitem__(self, which: slice) -> Belief:
        parameters = [{n: p[which] for n, p in adapted.items()} for adapted in self.parameters]
        return replace(self, parameters=parameters, probes=self.probes[which], unwatched=self.unwatched[which])

    @staticmethod
    def concatenate(*beliefs: Belief) -> Belief:
        """One belief about the externals of several beliefs, in a row."""
        each = zip(*[b.parameters for b in beliefs], strict=True)
        parameters = [{n: torch.cat([one[n] for one in same]) for n in same[0]} for same in each]
        return Belief(parameters, torch.cat([b.probes for b in beliefs]), torch.cat([b.unwatched for b in beliefs]))

    def predict(
        self, agent: Agent, features: Sequence[Tensor], observations: Sequence[Tensor], actions: Tensor | None
    ) -> list[Tensor]:
        """δ, in the place of π_ℰ: per view (K, N, A_e). Ablations override it, and look at more than features."""
        return agent.predict(self, features)


class Agent(nn.Module):
    """All networks of a team.

    `views` lists who imitates whom: (observer, external) axes. Each external is imitated from its own observation, for
    the critic; under partial views targets imitate it from theirs as well, because at execution actors have no other.
    """

    uniform: Tensor  # 1/A_e for each probability that a belief tells, to centre them

    def __init__(self, game: Game, probes: list[Tensor], settings: Settings) -> None:
        """Args: probes, for each external some observations (P_e, O_e) at which its prediction is always taken."""
        super().__init__()
        A, F, hidden = game.n_actions, settings.features, settings.imitator_hidden
        self.masked, self.informed = game.masked, settings.informed
        self.conditioned = settings.conditioned and len(game.externals) > 0
        belief = self.lay_out(game, probes)
        given, told = [belief if takes_it else 1 for takes_it in (self.conditioned, self.informed)]
        self.extractors = self.new_extractors(game, F)
        # With masks, features end with the observer's own, which says what an external may do in its own view alone.
        sizes = self.feature_sizes = [F + game.masked * a for a in A] + [F] * game.critic_sees_state
        self.critic_inputs = sizes[-1] if self.critic_views == 1 else sum(sizes)
        self.imitators = nn.ModuleList(
            MetaImitator(sizes[o], hidden, A[e], settings.step_size, game.masked and o == e) for o, e in self.views
        )
        external = [A[e] for e in self.external_axes] if self.conditioned else []
        width, rank = settings.actor_hidden, settings.rank
        self.actors = nn.ModuleList(
            Actor(sizes[i], given, width, rank, A[i], external, game.masked) for i in self.target_axes
        )
        self.critic = self.new_critic(game, settings, told)
        # The slow copies from which temporal differences bootstrap: Q̄ and the features it was trained on.
        self.target_critic: nn.Module = copy.deepcopy(self.critic).requires_grad_(False)
        if isinstance(self.critic, Critic):
            self.target_critic.level = self.critic.level
        self.target_extractors = copy.deepcopy(self.extractors).requires_grad_(False)

    def lay_out(self, game: Game, probes: list[Tensor]) -> int:
        """Set who sees whom; returns in how many numbers a belief is told (C)."""
        A = game.n_actions
        self.target_axes, self.external_axes, self.n_actions = game.target_axes, game.external_axes, A
        self.full_view = game.full_view
        self.critic_views = 1 if game.full_view or game.critic_sees_state else len(A)  # what the critic needs to see
        self.views = [(e, e) for e in self.external_axes]
        if not game.full_view:
            self.views += [(i, e) for i in self.target_axes for e in self.external_axes]
        told = [A[e] for e, probe in zip(self.external_axes, probes, strict=True) for _ in range(len(probe))]
        self.register_buffer("uniform", torch.tensor([1 / a for a in told for _ in range(a)]))
        for j, probe in enumerate(probes):
            self.register_buffer(f"probe_{j}", probe)
        return sum(told) + 1

    def new_extractors(self, game: Game, features: int) -> nn.ModuleList:
        """One for each type of agent, on the same side, who see and do alike; and one for the critic's own view."""
        sights = game.sights or (None,) * len(game.agents)
        seen = zip(game.observation_sizes, game.n_actions, sights, strict=True)
        types = [(j in self.target_axes, *one) for j, one in enumerate(seen)]
        each = [types[0]] if game.full_view else list(dict.fromkeys(types))
        self.extractor_of = [0 if game.full_view else each.index(one) for one in types]
        extractors = []
        for _, size, actions, sight in each:
            mask = actions if game.masked else 0
            extractors.append(Extractor(size - mask, features, mask, sight))
        if game.critic_sees_state:
            self.extractor_of.append(len(extractors))
            extractors.append(Extractor(game.state_observation_size or 0, features))
        return nn.ModuleList(extractors)

    def new_critic(self, game: Game, settings: Settings, belief: int) -> nn.Module:
        """An untrained critic, for a belief of so many numbers (C). Other kinds of agent have another one."""
        span = game.horizon if game.gamma == 1 else min(game.horizon, 1 / (1 - game.gamma))
        heads = 1 if game.shared_reward else len(game.targets)
        return Critic(self.critic_inputs, belief, settings.hidden, settings.rank, game.n_actions, span, heads)

    def features(self, observations: Sequence[Tensor], target: bool = False) -> list[Tensor]:
        """φ of each agent's observation, n × (…, F), and of the critic's own view, if any. `target`: by slow copies."""
        extractors = self.target_extractors if target else self.extractors
        if self.full_view:
            return [extractors[0](observations[0])] * len(observations)
        return [extractors[k](o) for k, o in zip(self.extractor_of, observations, strict=False)]

    def available(self, features: Sequence[Tensor], values: Sequence[Tensor]) -> list[Tensor]:
        """The targets' values (K, N, A_i), 0 where the action is not available in the state."""
        if not self.masked:
            return [*values]
        return [v * features[i][..., -v.shape[-1] :] for i, v in zip(self.target_axes, values, strict=True)]

    def choices(self, pairs: Pairs, e: int) -> Tensor:
        """The pairs' weights for imitating the external with axis e, (K, P): 0 where it had but one action."""
        if not self.masked:
            return pairs.weights
        return pairs.weights * (pairs.observations[e][..., -self.n_actions[e] :].sum(-1) > 1)

    def predict(self, belief: Belief, features: Sequence[Tensor]) -> list[Tensor]:
        """δ(a_e | o_e; θ′_k) of every view: features n × (1 or K, N, F) → probabilities (K, N, A_e)."""
        each = zip(self.imitators, belief.parameters, self.views, strict=True)
        return [predict(imitator, theta, features[observer]).exp() for imitator, theta, (observer, _) in each]

    def belief_inputs(self, belief: Belief, wanted: bool) -> Tensor:
        """The belief as network inputs, (K, C); one zero instead, (K, 1), unless `wanted`.

        Probabilities are halved and centred, (δ − 1/A_e)/2: so many inputs at full scale would swamp the flag.
        """
        if not wanted:
            return torch.zeros_like(belief.unwatched)
        return torch.cat([(belief.probes - self.uniform) / 2, belief.unwatched], 1).detach()

    def act(self, belief: Belief, features: Sequence[Tensor], predictions: Sequence[Tensor]) -> list[Tensor]:
        """log π_i of every target: n × (1 or K, N, F) → m × (K, N, A_i). Each actor sees its own features alone."""
        told = self.belief_inputs(belief, self.conditioned)
        return [
            actor(features[i].detach(), told, self.own(predictions, m) if self.conditioned else [])
            for m, (i, actor) in enumerate(zip(self.target_axes, self.actors, strict=True))
        ]

    def own(self, predictions: Sequence[Tensor], position: int) -> Sequence[Tensor]:
        """Of the predictions of all views, those that target number `position` makes from what it sees itself."""
        n_ext = len(self.external_axes)
        first = 0 if self.full_view else n_ext * (position + 1)
        return [p.detach() for p in predictions[first : first + n_ext]]

    def value(self, belief: Belief, features: Sequence[Tensor], target: bool = False) -> FactoredQ:
        """Q(s, ·) against the believed externals, from features n × (1 or K, N, F). `target`: by the slow copy Q̄."""
        critic = self.target_critic if target else self.critic
        return critic(features[-1:] if self.critic_views == 1 else features, self.belief_inputs(belief, self.informed))

    def joint(self, policies: Sequence[Tensor], predictions: Sequence[Tensor]) -> list[Tensor]:
        """The targets' policies and the externals' predictions in the agents' order, n × (K, N, A_j)."""
        externals = predictions[: len(self.external_axes)]
        return in_agents_order(self.target_axes, self.external_axes, policies, externals)


@torch.no_grad()
def make_belief(agent: Agent, parameters: list[Parameters], watched: bool = True, n_externals: int = 1) -> Belief:
    """Adapted parameters (a dict per view) as a belief, ready for use: predictions at the probes are computed once.

    A team whose actors take no belief (`conditioned=False`) counts as one that has watched nobody.
    """
    parameters = [{n: p.detach() for n, p in adapted.items()} for adapted in parameters]
    probes = []
    for j, e in enumerate(agent.external_axes):  # the first views are the externals' own
        features = agent.extractors[agent.extractor_of[e]](getattr(agent, f"probe_{j}"))  # (P_e, F)
        probes.append(predict(agent.imitators[j], parameters[j], features[None]).exp().flatten(1))
    # (K, C); K cannot be told from the parameters where a game has no externals
    told = torch.cat(probes, -1) if probes else agent.uniform.expand(n_externals, -1)
    return Belief(parameters, told, told.new_full((len(told), 1), float(not (watched and agent.conditioned))))


def prior_belief(agent: Agent, n_externals: int) -> Belief:
    """The belief before anything was watched: θ′ = θ, for each of K externals."""
    theta = [meta_parameters(imitator, n_externals) for imitator in agent.imitators]
    return make_belief(agent, theta, watched=False, n_externals=n_externals)


def adapted_belief(agent: Agent, pairs: Pairs, inner_steps: int, trace: list[list[Tensor]] | None = None) -> Belief:
    """The belief after watching: the inner loop of Eq. 4 for every view. `trace` collects the losses of its steps."""
    with torch.no_grad():
        features = agent.features(pairs.observations)
    parameters = []
    for imitator, (observer, e) in zip(agent.imitators, agent.views, strict=True):
        losses: list[Tensor] = []
        inputs = features[observer], pairs.actions[..., e]
        parameters.append(adapt(imitator, *inputs, inner_steps, None, agent.choices(pairs, e), trace=losses))
        if trace is not None:
            trace.append(losses)
    return make_belief(agent, parameters)
