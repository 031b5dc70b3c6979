"""What a run is made of: its settings, and all its mutable state in one place.

1. `Settings`: one frozen dataclass, every number that can be chosen.
2. `TrainingState`: networks, optimisers, data, generators and counters. The phases hold nothing else, so that a run can
   be saved and resumed at every record.
3. `Record`: what a phase yields after each step.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from .agent import Agent, Belief
from .game import Game
from .replay import Pairs, Replay
from .settings import SHAPES, Settings


@dataclass
class TrainingState:
    """Everything that changes while training or adapting."""

    game: Game
    settings: Settings
    agent: Agent
    optimisers: dict[str, torch.optim.Optimizer]
    replay: Replay
    generator: torch.Generator
    updates: int = 0
    environment_steps: int = 0
    belief: Belief | None = None  # after online adaptation: what is thought of the newcomer

    @classmethod
    def initial(cls, game: Game, settings: Settings) -> TrainingState:
        """Untrained networks and no data, from `settings.seed` alone."""
        generator = torch.Generator(device=settings.device).manual_seed(settings.seed)
        probe_states = game.reset(settings.probes, generator)
        seen = game.observe(probe_states)
        probes = [torch.unique(seen[e], dim=0).to(**settings.tensor) for e in game.external_axes]
        kind: Callable[..., Agent] = Agent
        if settings.method != "MICRA":
            from .baselines.networks import BaselineAgent

            kind = partial(BaselineAgent, settings)
        with torch.random.fork_rng(
            devices=[]
        ):  # torch initialises layers from the global generator: leave it as it was
            torch.manual_seed(settings.seed)
            agent = kind(
                game, probes, settings.features, settings.hidden, settings.actor_hidden, settings.imitator_hidden, settings.step_size,
                settings.conditioned, settings.informed, settings.critic,
            ).to(**settings.tensor)  # fmt: skip
        state = cls(game, settings, agent, {}, Replay(settings.rounds_kept * settings.externals_per_round), generator)
        state.optimisers = state.new_optimisers()
        return state

    def new_optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """One Adam for each role; the critic's and the imitator's also train the extractors."""
        a, s, adam = self.agent, self.settings, partial(torch.optim.Adam, fused=True)
        return {
            "imitator": adam([*a.imitators.parameters(), *a.extractors.parameters()], s.imitator_rate),
            "critic": adam([*a.critic.parameters(), *a.extractors.parameters()], s.critic_rate),
            "actor": adam(a.actors.parameters(), s.actor_rate),
        }

    def change_settings(self, settings: Settings) -> None:
        """Go on with other settings; ValueError where networks or data would have another shape."""
        changed = [n for n in SHAPES if getattr(settings, n) != getattr(self.settings, n)]
        if changed:
            raise ValueError(f"{changed} cannot change in a training that has begun: start a new one, or leave them")
        self.settings = settings

    @property
    def fading(self) -> float:
        """The factor of all rates and of the entropy bonus: 1, falling to a tenth in the last third of the training."""
        return max(0.1, min(1.0, 3 * (1 - self.updates / self.settings.updates)))

    @property
    def bonus(self) -> float:
        """The entropy bonus of this update, return per nat.

        A large one at the start keeps actors from agreeing on one action before the imitator can tell externals apart.
        """
        left = max(0.0, 1 - 1.5 * self.updates / self.settings.updates)  # of the first two thirds
        return self.settings.entropy * self.settings.entropy_start**left * self.fading

    def set_rates(self) -> None:
        """Set every optimiser's rate for this update."""
        s = self.settings
        for name, rate in (("imitator", s.imitator_rate), ("critic", s.critic_rate), ("actor", s.actor_rate)):
            for group in self.optimisers[name].param_groups:
                group["lr"] = rate * self.fading

    def fork(self, settings: Settings) -> TrainingState:
        """A copy to adapt online: its networks can change without changing this one's; the data D are shared."""
        forked = copy.copy(self)
        forked.settings, forked.agent = settings, copy.deepcopy(self.agent)
        forked.optimisers = forked.new_optimisers()
        for role in ("critic", "actor"):
            for group in forked.optimisers[role].param_groups:
                group["lr"] = settings.adaptation_rate
        forked.generator = torch.Generator(device=settings.device).manual_seed(settings.seed)
        return forked


@dataclass
class Record:
    """What one step of a phase did, seen at one example state; `state` is the run it belongs to.

    The tensors are the ones that MICRA passes from hand to hand, in this order.
    """

    phase: str
    step: int
    state: TrainingState
    losses: dict[str, float] = field(default_factory=dict)
    game_state: Tensor | None = None  # (d,) s
    observations: list[Tensor] = field(default_factory=list)  # n × (O_j,)
    features: list[Tensor] = field(default_factory=list)  # n × (F,)
    predictions: list[Tensor] = field(default_factory=list)  # per external (A_e,): δ(· | o_e)
    q: Tensor | None = None  # (A_1, …, A_n)
    regrets: list[Tensor] = field(default_factory=list)  # per target (A_i,): Eq. 2
    policies: list[Tensor] = field(default_factory=list)  # per target (A_i,), before the step
    new_policies: list[Tensor] = field(default_factory=list)  # the same after it
    actions: Tensor | None = None  # (n,) the joint action played (execution)
    rewards: Tensor | None = None  # (n,) and what it earned
    over: bool = False  # whether the episode ended with this step
    surprise: float = 0.0  # −log δ of the externals' moves, nats (vigilant execution: see `change`)
    suspicion: float = 0.0  # evidence of a change so far, nats
    changed: bool = False  # the evidence is enough


def observations_of(game: Game, states: Tensor, settings: Settings) -> list[Tensor]:
    """Ω of states (…, d): n tensors (…, O_j) of the run's dtype and device; last, the state where the critic sees it."""
    lead, flat = states.shape[:-1], states.reshape(-1, states.shape[-1])
    seen: Sequence[Tensor] = game.observe(flat)
    if game.critic_sees_state:
        seen = [*seen, game.observe_state(flat)]
    return [o.to(**settings.tensor).unflatten(0, lead) for o in seen]


def pairs(state: TrainingState, states: Tensor, actions: Tensor, alive: Tensor) -> Pairs:
    """Steps played (states (K, P, d), actions (K, P, n), alive (K, P)) as pairs for the imitators."""
    return Pairs(observations_of(state.game, states, state.settings), actions, alive.to(**state.settings.tensor))
