"""All that changes while training or adapting, `TrainingState`, and what a phase yields after each step, `Record`."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from .agent import Agent, Belief
from .game import Game
from .replay import Replay
from .settings import SHAPES, Settings


def states_on_the_way(game: Game, count: int, generator: torch.Generator) -> Tensor:
    """States (count, d) after 0, 1, 2, … steps of agents that act at random, each from an episode of its own."""
    states = [game.reset(count, generator)]
    while len(states) < min(count, game.horizon):
        if game.masked:
            each = game.available(game.observe(states[-1]))
            actions = torch.cat([torch.multinomial(free, 1, generator=generator) for free in each], -1)
        else:
            actions = torch.stack([torch.randint(a, (count,), generator=generator) for a in game.n_actions], -1)
        states.append(game.step(states[-1], actions, generator).state)
    return torch.stack(states)[torch.arange(count) % len(states), torch.arange(count)]


@dataclass
class TrainingState:
    """The phases hold nothing else, so that a run can be saved and resumed at every record."""

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
    def initial(cls, game: Game, settings: Settings, agent_class: type[Agent] = Agent) -> TrainingState:
        """Untrained networks and no data, from `settings.seed` alone."""
        game.check_settings(settings)
        generator = torch.Generator().manual_seed(settings.seed)
        seen = game.observe(states_on_the_way(game, settings.probes, generator))
        probes = [torch.unique(seen[e], dim=0).to(settings.torch_dtype) for e in game.external_axes]
        # torch initialises layers from the global generator: leave it as it was
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            agent = agent_class(game, probes, settings).to(settings.torch_dtype)
        capacity = settings.rounds_kept * settings.externals_per_round
        replay = Replay(capacity, partial(game.views, dtype=settings.torch_dtype))
        state = cls(game, settings, agent, {}, replay, generator)
        state.optimisers = state.new_optimisers()
        return state

    def new_optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """One Adam for each role; the critic's and the imitator's also train the extractors."""
        agent, settings, adam = self.agent, self.settings, partial(torch.optim.Adam, fused=True)
        return {
            "imitator": adam([*agent.imitators.parameters(), *agent.extractors.parameters()], settings.imitator_rate),
            "critic": adam([*agent.critic.parameters(), *agent.extractors.parameters()], settings.critic_rate),
            "actor": adam(agent.actors.parameters(), settings.actor_rate),
        }

    def observe(self, states: Tensor) -> list[Tensor]:
        """All that networks see of states (…, d), in the run's number type; see `Game.views`."""
        return self.game.views(states, self.settings.torch_dtype)

    def change_settings(self, settings: Settings) -> None:
        """Go on with other settings; ValueError where networks or data would have another shape."""
        changed = [n for n in SHAPES if getattr(settings, n) != getattr(self.settings, n)]
        if changed:
            raise ValueError(f"{changed} cannot change in a training that has begun: start a new one, or leave them")
        self.settings = settings

    @property
    def decay(self) -> float:
        """The factor of all rates and of the entropy bonus: 1, falling to a tenth in the last third of the training."""
        return max(0.1, min(1.0, 3 * (1 - self.updates / self.settings.updates)))

    @property
    def entropy_coefficient(self) -> float:
        """The weight of the entropy bonus, return per nat: large until the imitator can tell externals apart."""
        left = max(0.0, 1 - 1.5 * self.updates / self.settings.updates)  # of the first two thirds
        return self.settings.entropy_coefficient * self.settings.entropy_start**left * self.decay

    @property
    def target_rate(self) -> float:
        """How fast Q̄ follows Q: fast at first, so that Q is far-sighted soon, falling geometrically to the end."""
        return min(1.0, self.settings.target_rate * 20 ** max(0.0, 1 - self.updates / self.settings.updates))

    def set_rates(self) -> None:
        """Set every optimiser's rate for this update."""
        for role, optimiser in self.optimisers.items():
            for group in optimiser.param_groups:
                group["lr"] = getattr(self.settings, f"{role}_rate") * self.decay

    def fork(self, settings: Settings) -> TrainingState:
        """A copy to adapt online: its networks can change without changing this one's; the data D are shared."""
        forked = copy.copy(self)
        forked.change_settings(settings)
        forked.agent = copy.deepcopy(self.agent)
        forked.optimisers = forked.new_optimisers()
        for role in ("critic", "actor"):
            for group in forked.optimisers[role].param_groups:
                group["lr"] = settings.adaptation_rate
        forked.generator = torch.Generator().manual_seed(settings.seed)
        return forked


@dataclass
class Record:
    """One step of a phase, seen at one example state: the tensors that MICRA passes from hand to hand, in order."""

    phase: str
    step: int
    state: TrainingState  # the run that it belongs to
    losses: dict[str, float] = field(default_factory=dict)
    game_state: Tensor | None = None  # (d,) s
    observations: list[Tensor] = field(default_factory=list)  # n × (O_j,)
    features: list[Tensor] = field(default_factory=list)  # n × (F,)
    predictions: list[Tensor] = field(default_factory=list)  # per external (A_e,): δ(· | o_e)
    q: Tensor | None = None  # (A_1, …, A_n); None where the critic has no table
    regrets: list[Tensor] = field(default_factory=list)  # per target (A_i,): Eq. 2
    policies: list[Tensor] = field(default_factory=list)  # per target (A_i,), before the step
    new_policies: list[Tensor] = field(default_factory=list)  # the same after it
    actions: Tensor | None = None  # (n,) the joint action played (execution)
    rewards: Tensor | None = None  # (n,) and what it earned
    over: bool = False  # whether the episode ended with this step


def last(records: Iterator[Any]) -> Any:
    """Run a phase to its end and return its last record, None if it has none."""
    kept = deque(records, maxlen=1)
    return kept.pop() if kept else None
