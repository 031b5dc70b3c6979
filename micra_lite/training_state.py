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
from typing import Any

import torch
from torch import Tensor

from .agent import Agent, Belief
from .games import Game
from .replay import Pairs, Replay

METHODS = ("MICRA", "independent actor-critic", "central-V actor-critic", "COMA", "MADDPG")
ANSWERS = ("none", "frozen", "re-imagined")
# The settings that shape networks and data: a training that has begun must keep them.
SHAPES = (
    "method", "device", "dtype", "externals_per_round", "episodes_per_external", "rounds_kept", "features", "hidden",
    "actor_hidden", "imitator_hidden", "critic", "conditioned", "external_model", "probes",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """Everything that can be chosen. Counts are per update unless they say otherwise."""

    seed: int = 0
    method: str = "MICRA"  # or one of `micra_lite.baselines`
    device: str = "cpu"
    dtype: str = "float32"
    # how long, and what is collected for it
    updates: int = 1500
    updates_per_round: int = 8  # between two rounds of collecting episodes
    externals_per_round: int = 16  # training externals met in one round
    episodes_per_external: int = 32  # played with each of them
    rounds_kept: int = 80  # the data D hold this many rounds, then forget the oldest
    exploration: float = 0.2  # ε: how often a target acts at random while collecting
    # networks
    features: int = 128
    hidden: int = 256  # critic
    actor_hidden: int = 128
    imitator_hidden: int = 64
    critic: str = "joint"  # one table of all joint actions, or "pairwise": a sum of terms of one and two agents
    conditioned: bool = True  # actors take the imitator's prediction as an input; for the critic see `informed`
    probes: int = 16  # fixed observations at which the prediction is always taken
    # meta-imitation (Eq. 4); in the last third of the training all rates, and the entropy bonus, fall to a tenth
    externals_per_update: int = 16  # K, the tasks of one update
    inner_steps: int = 5
    step_size: float = 0.5  # α_adp at the start; a step size for each parameter is learned from there
    second_order: bool = True
    support_episodes: tuple[int, ...] = (1, 2, 5, 10, 20)  # one number is drawn per update
    unwatched: int = 4  # so many of the K are not watched at all: the prior and the unadapted team learn from them
    query_episodes: int = 8
    meta_every: int = 1  # every so many updates the imitator learns; in the others it only adapts
    imitator_rate: float = 5e-3
    # critic (temporal differences) and actors (Eqs. 2 and 3)
    value_steps: int = 3  # steps of each, on new transitions, with what the imitator has once adapted to
    states_per_external: int = 64  # N, the transitions valued against each of the K externals
    critic_rate: float = 5e-3
    actor_rate: float = 3e-3
    target_rate: float = 0.01  # how fast the slow critic Q̄ follows
    entropy: float = 0.03  # entropy bonus, return per nat
    entropy_start: float = 1.0  # it begins as so many times that, and falls to it in the first two thirds
    # ablations: what regret, and what the imitator, contribute
    advantage: str = "regret"  # Eq. 2; others drawn instead of averaged: "coma", and Q(s, a) − v(s): "independent"
    own_actions: str = "exact"  # Eq. 3's sum over own actions: "exact" or "sampled"
    external_model: str = "imitator"  # δ, "true" (π_ℰ itself), "sampled" (no model: its move in the data)
    # on-policy baselines
    trace_decay: float = 0.8  # λ of TD(λ)
    # online adaptation
    answer: str = "none"  # what follows the imitator's adaptation: see ANSWERS
    adaptation_updates: int = 200
    adaptation_states: int = 128  # per update
    adaptation_rate: float = 1e-3  # of critic and actors

    def __post_init__(self) -> None:
        for name, known in (("answer", ANSWERS), ("own_actions", ("exact", "sampled")),
                            ("external_model", ("imitator", "true", "sampled")), ("dtype", ("float32", "float64")),
                            ("advantage", ("regret", "coma", "independent")),
                            ("critic", ("joint", "pairwise")), ("method", METHODS)):  # fmt: skip
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {list(known)}; got {getattr(self, name)!r}")
        if self.advantage == "independent" and self.own_actions == "exact":
            raise ValueError(
                'advantage="independent" needs own_actions="sampled": the exact sum cancels every baseline'
            )
        if self.external_model == "sampled" and (self.conditioned or self.answer != "none"):
            raise ValueError('external_model="sampled" has no imitator: it needs conditioned=False and answer="none"')
        if max(self.support_episodes) + self.query_episodes > self.episodes_per_external:
            raise ValueError(
                f"support_episodes (up to {max(self.support_episodes)}) and query_episodes ({self.query_episodes}) "
                f"must fit into episodes_per_external ({self.episodes_per_external}): no pair may be in both"
            )
        positive = [n for n in ("updates", "updates_per_round", "externals_per_round", "rounds_kept", "inner_steps",
                                "externals_per_update", "states_per_external", "features", "hidden", "meta_every", "value_steps") if getattr(self, n) < 1]  # fmt: skip
        if positive:
            raise ValueError(f"{positive} must be at least 1")
        if self.unwatched < 0 or min(self.support_episodes) < 0:
            raise ValueError("unwatched and support_episodes must not be negative")

    @property
    def informed(self) -> bool:
        """Whether the critic is told who the external is. A baseline's knows no more than its actors."""
        return self.conditioned or (self.method == "MICRA" and self.external_model != "sampled")

    @property
    def tensor(self) -> dict[str, Any]:
        """Keyword arguments for new tensors: dtype and device."""
        return {"dtype": getattr(torch, self.dtype), "device": torch.device(self.device)}


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
            from .baseline_agent import BaselineAgent

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


def demo_settings(seed: int = 0, updates: int | None = None) -> Settings:
    """A small preset: pursuit 3×3 in about a minute on a laptop."""
    return Settings(seed=seed, updates=updates or 200)
