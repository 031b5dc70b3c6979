"""Stochastic games, batched: the ground that everything else stands on.

A stochastic game is G = ⟨S, N, A, T, R, O, Ω⟩:

    S  states                                  N  agents, split into targets (ours) and externals (not ours)
    A  joint actions A_1 × … × A_n             T  S × A × S → [0, 1], the transition probabilities
    R  S × A → ℝ for each agent, the rewards   O  joint observations        Ω  S → O, what each agent sees

A `Game` plays a *batch* of episodes at once: `reset`, `step`, `observe` on tensors whose first axis is the batch. The
agents' order is the order of axes everywhere: joint actions (B, n), joint tables (…, A_1, …, A_n).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

Item = TypeVar("Item")


class Step(NamedTuple):
    """The result of one batched step."""

    state: Tensor  # (B, d) next state
    rewards: Tensor  # (B, n) one reward per agent
    terminated: Tensor  # (B,) bool: the episode is over, nothing follows
    truncated: Tensor  # (B,) bool: the episode was cut short, its value goes on
    gone: Tensor | None = None  # (B, m) bool: for which targets, of own rewards, nothing follows; None: for all or none


def in_agents_order(
    target_axes: Sequence[int], external_axes: Sequence[int], targets: Sequence[Item], externals: Sequence[Item]
) -> list[Item]:
    """Put one item for each target and one for each external into a single list, in the agents' order."""
    placed = dict(zip((*target_axes, *external_axes), (*targets, *externals), strict=True))
    return [placed[axis] for axis in sorted(placed)]


class Game:
    """The interface of every game. Subclasses set the attributes and write `reset`, `step`, `observe`."""

    name: str
    options: dict[str, Any]  # with which `make` makes the same game again
    agents: tuple[str, ...]
    targets: tuple[str, ...]
    externals: tuple[str, ...]
    n_actions: tuple[int, ...]  # one per agent, in the agents' order
    observation_sizes: tuple[int, ...]  # the same
    gamma: float = 0.95  # discount
    horizon: int = 25  # steps after which an episode is truncated
    full_view: bool = True  # every agent observes the whole state, and all observe it alike
    state_observation_size: int | None = None  # of a view of the critic's own, under partial views
    shared_reward: bool = True  # targets learn from the mean of their rewards; else from their own, with a head each
    masked: bool = False  # observations of agent j end with A_j numbers: 1 where that action is available, else 0
    sights: tuple[Any, ...] | None = None  # per agent what is known of its observation, see `interop/sight.py`

    def split_agents(self, targets: tuple[str, ...], externals: tuple[str, ...]) -> None:
        """Set targets 𝒯 and externals ℰ; every agent must be in exactly one. Raises ValueError naming the culprit."""
        for name in (*targets, *externals):
            if name not in self.agents:
                raise ValueError(f"unknown agent {name!r}; the agents of {self.name} are {list(self.agents)}")
        if both := [a for a in targets if a in externals]:
            raise ValueError(f"{both} are both target and external; each agent must be exactly one of the two")
        if neither := [a for a in self.agents if a not in targets and a not in externals]:
            raise ValueError(f"{neither} are neither target nor external; add them to `targets` or to `externals`")
        if not targets:
            raise ValueError("a game needs at least one target agent: nobody would learn")
        self.targets, self.externals = tuple(targets), tuple(externals)

    @property
    def target_axes(self) -> tuple[int, ...]:
        """Positions of the targets among the agents: their axes in joint tables."""
        return tuple(self.agents.index(a) for a in self.targets)

    @property
    def external_axes(self) -> tuple[int, ...]:
        """Positions of the externals among the agents."""
        return tuple(self.agents.index(a) for a in self.externals)

    def check_settings(self, settings: Any) -> None:
        """Raise ValueError, before anything is played, where this game cannot be trained with such settings."""

    def reset(self, batch: int, generator: torch.Generator) -> Tensor:
        """Start `batch` episodes: states (B, d) drawn from the start distribution."""
        raise NotImplementedError

    def step(self, state: Tensor, actions: Tensor, generator: torch.Generator) -> Step:
        """Play joint `actions` (B, n) in `state` (B, d)."""
        raise NotImplementedError

    def observe(self, state: Tensor) -> list[Tensor]:
        """Ω: what each agent sees, a list of n tensors (B, O_j), float32."""
        raise NotImplementedError

    @property
    def critic_sees_state(self) -> bool:
        """Whether a centralised critic has the state itself to look at, where agents see only a part of it."""
        return not self.full_view and self.state_observation_size is not None

    def observe_state(self, state: Tensor) -> Tensor:
        """The whole state as a centralised critic sees it, (B, state_observation_size), float32."""
        raise NotImplementedError

    def available(self, observations: list[Tensor]) -> list[Tensor]:
        """For each agent (…, A_j) of its observation (…, O_j): 1 where an action is available now, else 0."""
        each = zip(observations, self.n_actions, strict=False)
        return [o[..., -a:] if self.masked else o.new_ones(a).expand(*o.shape[:-1], a) for o, a in each]

    def views(self, states: Tensor, dtype: torch.dtype) -> list[Tensor]:
        """All that networks see of states (…, d): n observations (…, O_j), then the critic's view if it has its own."""
        lead, flat = states.shape[:-1], states.reshape(-1, states.shape[-1])
        views = [*self.observe(flat), *([self.observe_state(flat)] if self.critic_sees_state else [])]
        return [view.to(dtype).unflatten(0, lead) for view in views]
