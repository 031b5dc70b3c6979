"""Episodes as they were played and watched, and the data D that they make up.

1. `Episode`: one that was watched, as online adaptation takes it.
2. `Pairs`: observations with the actions that answered them, as imitation takes them.
3. `Play`: a batch of episodes, as they were played.
4. `Transitions`: steps of them, as critic and actors take them.
5. `Replay`: the data D, episodes grouped by the external that played in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple

import torch
from torch import Tensor

Observe = Callable[[Tensor], list[Tensor]]  # states (…, d) to all that networks see of them, a list of (…, O_j)


@dataclass
class Episode:
    """A watched episode: for each agent's name, its observations (T, O_j) and its actions (T,)."""

    observations: dict[str, Tensor]
    actions: dict[str, Tensor]


class Pairs(NamedTuple):
    """Observation–action pairs of K externals, P each: what imitation learns from."""

    observations: list[Tensor]  # n × (K, P, O_j)
    actions: Tensor  # (K, P, n) joint actions
    weights: Tensor  # (K, P), 0 for padding


class Transitions(NamedTuple):
    """Steps that were played, N to be valued against each of K externals."""

    states: Tensor  # (K, N, d)
    observations: list[Tensor]  # n × (K, N, O_j), then the critic's view where it has its own
    actions: Tensor  # (K, N, n)
    rewards: Tensor  # (K, N, n)
    next_observations: list[Tensor]  # n × (K, N, O_j), and the critic's
    terminated: Tensor  # (K, N) bool
    next_actions: Tensor | None  # (K, N, n): what was played next; None where steps come from anywhere in D


@dataclass
class Play:
    """A batch of episodes: K externals, E episodes each, T steps. Steps after an episode's end have `alive` False."""

    states: Tensor  # (K, E, T+1, d)
    actions: Tensor  # (K, E, T, n)
    rewards: Tensor  # (K, E, T, n)
    terminated: Tensor  # (K, E, T) bool
    alive: Tensor  # (K, E, T) bool

    @property
    def returns(self) -> Tensor:
        """Undiscounted return of each agent in each episode, (K, E, n)."""
        return (self.rewards * self.alive[..., None]).sum(2)

    def pairs(self, episodes: slice | Tensor, observe: Observe) -> Pairs:
        """The steps of some of the episodes of each external, in a row, as pairs for the imitators."""
        columns = (self.states[:, episodes, :-1], self.actions[:, episodes], self.alive[:, episodes])
        states, actions, alive = [column.flatten(1, 2) for column in columns]  # (K, P, …)
        observations = observe(states)
        return Pairs(observations, actions, alive.to(observations[0].dtype))

    @staticmethod
    def concatenate(*plays: Play) -> Play:
        """Further episodes of the same externals beside each other."""
        return Play(*[torch.cat([getattr(p, f.name) for p in plays], 1) for f in fields(Play)])


def followed(alive: Tensor, terminated: Tensor) -> Tensor:
    """Steps (…, T) whose next action was drawn or is not needed: all of them, or all but the last.

    Where some episode is cut short after the last step, that step is left out of all: to keep the episodes that happen to
    terminate there would be a biased sample.
    """
    steps = alive.clone()
    steps[..., -1] &= ~(alive & ~terminated)[..., -1].any()
    return steps


class Replay:
    """The data D: the last `capacity` groups of episodes, each group with the number k of its external.

    Old data stay valid for a new stationary external, because transitions depend on the joint action and not on who chose
    it: a transition drawn from anywhere in D may be valued against any k. `observe` turns states into observations.
    """

    def __init__(self, capacity: int, observe: Observe) -> None:
        self.capacity, self.observe = capacity, observe
        self.size, self.next = 0, 0
        self.store: dict[str, Tensor] = {}

    def add(self, external: Tensor, play: Play) -> None:
        """Put K groups in, over the oldest ones. `external` (K,) are the numbers k."""
        columns = {"external": external, **vars(play)}
        for name, value in columns.items():
            if name not in self.store:
                self.store[name] = torch.zeros(self.capacity, *value.shape[1:], dtype=value.dtype)
        slots = (self.next + torch.arange(len(external))) % self.capacity
        for name, value in columns.items():
            self.store[name][slots] = value
        self.next = int((self.next + len(external)) % self.capacity)
        self.size = min(self.capacity, self.size + len(external))

    def groups(self, count: int, generator: torch.Generator) -> Tensor:
        """`count` groups drawn at random, without repetition while there are enough, (count,)."""
        if count <= self.size:
            return torch.randperm(self.size, generator=generator)[:count]
        return torch.randint(self.size, (count,), generator=generator)

    def pairs(self, groups: Tensor, episodes: Tensor) -> Pairs:
        """Chosen episodes of chosen groups (K,), as pairs for the imitators."""
        return Play(*[self.store[f.name][groups] for f in fields(Play)]).pairs(episodes, self.observe)

    def transitions(self, externals: int, count: int, generator: torch.Generator) -> Transitions:
        """`count` transitions for each of K externals, drawn uniformly from anywhere in D, (K, count, …)."""
        alive = self.store["alive"][: self.size]
        flat = alive.flatten().nonzero()[:, 0] if not bool(alive.all()) else None
        total = alive.numel() if flat is None else len(flat)
        row = torch.randint(total, (externals * count,), generator=generator)
        row = (row if flat is None else flat[row]).unflatten(0, (externals, count))
        return self._at(row // alive[0].numel(), row % alive[0].numel())

    def own_transitions(self, groups: Tensor, count: int, generator: torch.Generator) -> Transitions:
        """`count` transitions of each of K groups, (K, count, …): what its own external did, and did next.

        From the steps that are `followed`, with `next_actions`.
        """
        alive, terminated = self.store["alive"][groups], self.store["terminated"][groups]
        steps = followed(alive, terminated)  # (K, E, T)
        step = torch.multinomial(steps.flatten(1).float(), count, replacement=True, generator=generator)
        T, after = alive.shape[2], torch.where(terminated.flatten(1).gather(1, step), step, step + 1)
        later = self.store["actions"][groups[:, None], after // T, after % T]  # means nothing where the episode is over
        return self._at(groups[:, None], step)._replace(next_actions=later)

    def _at(self, g: Tensor, step: Tensor) -> Transitions:
        """The transitions at steps numbered through each group's episodes."""
        s = self.store
        T = s["alive"].shape[2]
        e, t = step // T, step % T
        states, actions, rewards, terminated = [s[n][g, e, t] for n in ("states", "actions", "rewards", "terminated")]
        return Transitions(
            states, self.observe(states), actions, rewards, self.observe(s["states"][g, e, t + 1]), terminated, None
        )


def concatenate(*parts: Transitions) -> Transitions:
    """The transitions of several groups of externals, in a row; without `next_actions` unless all have them."""

    def joined(columns: tuple) -> Tensor | list[Tensor] | None:
        if any(column is None for column in columns):
            return None
        if isinstance(columns[0], list):
            return [torch.cat(views) for views in zip(*columns, strict=True)]
        return torch.cat(columns)

    return Transitions(*map(joined, zip(*parts, strict=True)))  # type: ignore[arg-type]
