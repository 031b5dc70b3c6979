"""Stochastic games, batched: the ground that everything else stands on.

A stochastic game is G = ⟨S, N, A, T, R, O, Ω⟩:

    S  states                                  N  agents, split into targets (ours) and externals (not ours)
    A  joint actions A_1 × … × A_n             T  S × A × S → [0, 1], the transition probabilities
    R  S × A → ℝ for each agent, the rewards   O  joint observations        Ω  S → O, what each agent sees

1. A `Game` plays a *batch* of episodes at once: `reset`, `step`, `observe` on tensors whose first axis is the batch.
2. A `TabularGame` states its rules once, as `outcomes`: all next states with their probabilities. `step` samples from
   them, and `micra_lite.exact.tabulate` lists them as arrays under the seven names, so the two cannot disagree.

The agents' order is the order of axes everywhere: joint actions (B, n), joint tables (…, A_1, …, A_n).
"""

from __future__ import annotations

import math
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


class Outcomes(NamedTuple):
    """All K things that can happen after a joint action; `probability` sums to one over K."""

    state: Tensor  # (B, K, d)
    probability: Tensor  # (B, K)
    rewards: Tensor  # (B, n), the expectation over the K outcomes
    terminated: Tensor  # (B, K) bool


def in_agents_order(
    target_axes: Sequence[int], external_axes: Sequence[int], targets: Sequence[Item], externals: Sequence[Item]
) -> list[Item]:
    """Put one item for each target and one for each external into a single list, in the agents' order.

    >>> in_agents_order([0, 2], [1], ["hunter", "other hunter"], ["prey"])
    ['hunter', 'prey', 'other hunter']
    """
    placed = dict(zip((*target_axes, *external_axes), (*targets, *externals), strict=True))
    return [placed[axis] for axis in sorted(placed)]


class Game:
    """The interface of every game. Subclasses set the attributes and write `reset`, `step`, `observe`.

    Attributes: `agents`, `targets`, `externals` (names); `n_actions` and `observation_sizes` (one per agent, in
    the agents' order); `gamma` (discount); `horizon` (steps after which an episode is truncated); `full_view`
    (every agent observes the whole state, and all observe it alike); `state_observation_size` (the size of what the critic
    sees under partial views; None: it sees all agents' observations side by side).
    """

    name: str
    options: dict[str, Any]
    agents: tuple[str, ...]
    targets: tuple[str, ...]
    externals: tuple[str, ...]
    n_actions: tuple[int, ...]
    observation_sizes: tuple[int, ...]
    gamma: float = 0.95
    horizon: int = 25
    full_view: bool = True
    state_observation_size: int | None = None

    def split_agents(self, targets: tuple[str, ...], externals: tuple[str, ...]) -> None:
        """Set targets 𝒯 and externals ℰ; every agent must be in exactly one. Raises ValueError naming the culprit."""
        for name in (*targets, *externals):
            if name not in self.agents:
                raise ValueError(f"unknown agent {name!r}; the agents of {self.name} are {list(self.agents)}")
        both = set(targets) & set(externals)
        if both:
            raise ValueError(f"{sorted(both)} are both target and external; each agent must be exactly one of the two")
        neither = [a for a in self.agents if a not in targets and a not in externals]
        if neither:
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

    def views(self, states: Tensor, dtype: torch.dtype) -> list[Tensor]:
        """All that networks see of states (…, d): n observations (…, O_j), then the critic's view where it has its own."""
        lead, flat = states.shape[:-1], states.reshape(-1, states.shape[-1])
        views = [*self.observe(flat), *([self.observe_state(flat)] if self.critic_sees_state else [])]
        return [view.to(dtype).unflatten(0, lead) for view in views]


class TabularGame(Game):
    """A game whose state is a row of small integers, component c in 0 … radix[c]−1, with its rules as `outcomes`."""

    radix: tuple[int, ...]

    def outcomes(self, state: Tensor, actions: Tensor) -> Outcomes:
        """T and R: everything that can follow `actions` (B, n) in `state` (B, d)."""
        raise NotImplementedError

    def starts(self) -> tuple[Tensor, Tensor]:
        """The start distribution: states (K, d) and their probabilities (K,)."""
        raise NotImplementedError

    def reset(self, batch: int, generator: torch.Generator) -> Tensor:
        states, probability = self.starts()
        return states[torch.multinomial(probability, batch, replacement=True, generator=generator)]  # (B, d)

    def step(self, state: Tensor, actions: Tensor, generator: torch.Generator) -> Step:
        o = self.outcomes(state, actions)
        if o.probability.shape[1] == 1:  # nothing is left to chance
            next_state, terminated = o.state[:, 0], o.terminated[:, 0]
        else:
            # The first cumulative probability to exceed a uniform draw is the k-th with probability p_k.
            reached = o.probability.double().cumsum(1)  # (B, K)
            u = torch.rand(len(reached), 1, generator=generator, dtype=torch.float64)
            k = (reached <= u * reached[:, -1:]).sum(1)  # (B,)
            rows = torch.arange(len(k))
            next_state, terminated = o.state[rows, k], o.terminated[rows, k]  # (B, d), (B,)
        return Step(next_state, o.rewards, terminated, torch.zeros_like(terminated))

    @property
    def n_states(self) -> int:
        """|S|, counting states that cannot be reached."""
        return math.prod(self.radix)

    def encode(self, state: Tensor) -> Tensor:
        """States (…, d) to their numbers (…,) in 0 … |S|−1."""
        number = state[..., 0]
        for c in range(1, len(self.radix)):
            number = number * self.radix[c] + state[..., c]
        return number

    def states(self) -> Tensor:
        """All states (|S|, d), in the order of their numbers."""
        number = torch.arange(self.n_states)
        columns = []
        for size in reversed(self.radix):
            columns.append(number % size)
            number = number // size
        return torch.stack(columns[::-1], dim=-1)  # (S, d)

    def joint_actions(self) -> Tensor:
        """All joint actions (|A|, n), row-major."""
        return torch.cartesian_prod(*[torch.arange(a) for a in self.n_actions]).reshape(-1, len(self.agents))
