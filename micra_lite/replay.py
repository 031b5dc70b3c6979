"""What was played and watched: whole episodes, and the data D that they make up.

1. `Episode`: one that was watched, as online adaptation takes it.
2. `Pairs`: observations with the actions that answered them, as imitation takes them.
3. `Play`: a batch of episodes, as they were played.
4. `Replay`: the data D, episodes grouped by the external that played in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


@dataclass
class Episode:
    """What was watched: for each agent's name, its observations (T, O_j) and its actions (T,)."""

    observations: dict[str, Tensor]
    actions: dict[str, Tensor]


class Pairs(NamedTuple):
    """Observation–action pairs of K externals, P each: what imitation learns from."""

    observations: list[Tensor]  # n × (K, P, O_j)
    actions: Tensor  # (K, P, n) joint actions
    weights: Tensor  # (K, P), 0 for padding


@dataclass
class Play:
    """A batch of episodes: K externals, E episodes each, T steps. Steps after an episode's end have `alive` False."""

    states: Tensor  # (K, E, T+1, d)
    actions: Tensor  # (K, E, T, n)
    rewards: Tensor  # (K, E, T, n)
    terminated: Tensor  # (K, E, T) bool
    alive: Tensor  # (K, E, T) bool

    def steps(self, episodes: int) -> tuple[Tensor, Tensor, Tensor]:
        """The first `episodes` of each external in a row: states (K, P, d), actions (K, P, n), alive (K, P)."""
        first = (self.states[:, :episodes, :-1], self.actions[:, :episodes], self.alive[:, :episodes])
        states, actions, alive = [column.flatten(1, 2) for column in first]
        return states, actions, alive

    @property
    def returns(self) -> Tensor:
        """Undiscounted return of each agent in each episode, (K, E, n)."""
        return (self.rewards * self.alive[..., None]).sum(2)


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

    Old data stay valid for a new external, because transitions depend on the joint action and not on who chose it:
    a transition drawn from anywhere in D may be valued against any k.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.size, self.next = 0, 0
        self.store: dict[str, Tensor] = {}

    def add(self, external: Tensor, play: Play) -> None:
        """Put K groups in, over the oldest ones. `external` (K,) are the numbers k."""
        columns = {"external": external, **{n: getattr(play, n) for n in Play.__dataclass_fields__}}
        for name, value in columns.items():
            if name not in self.store:
                self.store[name] = torch.zeros(self.capacity, *value.shape[1:], dtype=value.dtype, device=value.device)
        slots = (self.next + torch.arange(len(external))) % self.capacity
        for name, value in columns.items():
            self.store[name][slots] = value
        self.next = int((self.next + len(external)) % self.capacity)
        self.size = min(self.capacity, self.size + len(external))

    def groups(self, count: int, generator: torch.Generator) -> Tensor:
        """`count` groups drawn at random, without repetition while there are enough, (count,)."""
        if count <= self.size:
            return torch.randperm(self.size, generator=generator, device=generator.device)[:count]
        return torch.randint(self.size, (count,), generator=generator, device=generator.device)

    def transitions(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        """`count` transitions drawn uniformly from D: state, actions, rewards, next_state, terminated (count, …)."""
        alive = self.store["alive"][: self.size]
        flat = alive.flatten().nonzero()[:, 0] if not bool(alive.all()) else None
        total = alive.numel() if flat is None else len(flat)
        row = torch.randint(total, (count,), generator=generator, device=generator.device)
        row = row if flat is None else flat[row]
        return self._at(row // alive[0].numel(), row % alive[0].numel())

    def own_transitions(self, groups: Tensor, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        """`count` transitions of each of K groups, (K, count, …): what its own external did, and did next.

        As `transitions`, with `next_actions`, from the steps that are `followed`.
        """
        alive, terminated = self.store["alive"][groups], self.store["terminated"][groups]
        steps = followed(alive, terminated)  # (K, E, T)
        step = torch.multinomial(steps.flatten(1).float(), count, replacement=True, generator=generator)
        T, after = alive.shape[2], torch.where(terminated.flatten(1).gather(1, step), step, step + 1)
        later = self.store["actions"][groups[:, None], after // T, after % T]  # means nothing where the episode is over
        return {**self._at(groups[:, None], step), "next_actions": later}

    def _at(self, g: Tensor, step: Tensor) -> dict[str, Tensor]:
        """The transitions at steps numbered through each group's episodes."""
        s = self.store
        T = s["alive"].shape[2]
        e, t = step // T, step % T
        return {
            "state": s["states"][g, e, t], "next_state": s["states"][g, e, t + 1], "actions": s["actions"][g, e, t],
            "rewards": s["rewards"][g, e, t], "terminated": s["terminated"][g, e, t],
        }  # fmt: skip

    def episodes(self, groups: Tensor, which: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Chosen episodes of chosen groups: states (K, P, d), joint actions (K, P, n), alive (K, P); P steps in all."""
        s = self.store
        states = s["states"][groups][:, which, :-1].flatten(1, 2)
        return states, s["actions"][groups][:, which].flatten(1, 2), s["alive"][groups][:, which].flatten(1, 2)
