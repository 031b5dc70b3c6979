"""Episodes, played and watched, and the data D that they make up: `Pairs` for imitation, `Transitions` for the rest."""

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
    """Steps that were played, N to be valued against each of K externals; if all share them, 1 stands for K below."""

    states: Tensor  # (K, N, d)
    observations: list[Tensor]  # n × (K, N, O_j), then the critic's view where it has its own
    actions: Tensor  # (K, N, n)
    rewards: Tensor  # (K, N, n)
    next_observations: list[Tensor]  # n × (K, N, O_j), and the critic's
    terminated: Tensor  # (K, N) bool; or (m, K, N), for each target
    next_actions: Tensor | None  # (K, N, n): what was played next; None where steps come from anywhere in D


@dataclass
class Play:
    """A batch of episodes: K externals, E episodes each, T steps. Steps after an episode's end have `alive` False."""

    states: Tensor  # (K, E, T+1, d)
    actions: Tensor  # (K, E, T, n)
    rewards: Tensor  # (K, E, T, n)
    terminated: Tensor  # (K, E, T) bool; or (K, E, T, m), for each target
    alive: Tensor  # (K, E, T) bool

    def pairs(self, episodes: slice | Tensor, observe: Observe) -> Pairs:
        """The steps of some of the episodes of each external, in a row, as pairs for the imitators."""
        columns = (self.states[:, episodes, :-1], self.actions[:, episodes], self.alive[:, episodes])
        states, actions, alive = [column.flatten(1, 2) for column in columns]  # (K, P, …)
        observations = observe(states)
        return Pairs(observations, actions, alive.to(observations[0].dtype))


def followed(alive: Tensor, terminated: Tensor) -> Tensor:
    """Steps (…, T) whose next action was drawn or is not needed: all of them, or all but the last.

    Where some episode is cut short after the last step, all leave it out: those that end there are a biased sample.
    """
    steps = alive.clone()
    over = terminated.reshape(*alive.shape, -1).all(-1)
    steps[..., -1] &= ~(alive & ~over)[..., -1].any()
    return steps


class Replay:
    """The data D: the last `capacity` groups of episodes, each group with the number k of its external."""

    def __init__(self, capacity: int, observe: Observe) -> None:
        self.capacity, self.observe = capacity, observe
        self.size, self.next = 0, 0
        self.store: dict[str, Tensor] = {}

    def add(self, external: Tensor, *plays: Play) -> None:
        """Put K groups in, over the oldest ones: the episodes of all `plays` with externals number k (K,)."""
        columns = {f.name: torch.cat([getattr(play, f.name) for play in plays], 1) for f in fields(Play)}
        columns["external"] = external
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

    def transitions(self, count: int, generator: torch.Generator) -> Transitions:
        """`count` transitions from anywhere in D, (1, count, …), to be valued against any externals."""
        alive = self.store["alive"][: self.size]
        step = torch.randint(int(alive.sum()), (1, count), generator=generator)
        if not alive.all():  # else every step counts, and there is nothing to look up
            step = alive.flatten().nonzero()[step, 0]
        return self.at(*torch.unravel_index(step, alive.shape))

    def own_transitions(self, groups: Tensor, first: int, count: int, generator: torch.Generator) -> Transitions:
        """`count` from the `first` episodes of each of K groups, (K, count, …), at steps `followed`, if any are."""
        alive, ends = [self.store[name][groups, :first] for name in ("alive", "terminated")]  # (K, E, T) each
        chance = followed(alive, ends).flatten(1).float()
        if unknown := not chance.any():
            chance = alive.flatten(1).float()
        step = torch.multinomial(chance, count, replacement=True, generator=generator)  # (K, count)
        g, (e, t) = groups[:, None], torch.unravel_index(step, alive.shape[1:])
        after = (t + 1).clamp(max=alive.shape[2] - 1)  # means nothing after an episode's end
        found = self.at(g, e, t)
        return found if unknown else found._replace(next_actions=self.store["actions"][g, e, after])

    def at(self, g: Tensor, e: Tensor, t: Tensor) -> Transitions:
        """The transitions at steps t of episodes e of groups g, (K, N) each."""
        states, actions, paid, over = [self.store[x][g, e, t] for x in ("states", "actions", "rewards", "terminated")]
        seen, following = self.observe(states), self.observe(self.store["states"][g, e, t + 1])
        over = over if over.dim() == 2 else over.movedim(-1, 0)  # (m, K, N) where each target has its own end
        return Transitions(states, seen, actions, paid, following, over, None)
