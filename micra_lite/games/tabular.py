"""Games whose rules are listed: all that can follow a joint action, with its probability.

A `TabularGame` states its rules once, as `outcomes`. `step` samples from them, and `micra_lite.exact.tabulate` lists them as
arrays under the seven names of G = ⟨S, N, A, T, R, O, Ω⟩, so the two cannot disagree.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ..externals import Externals
from ..game import Game, Step


class Outcomes(NamedTuple):
    """All K things that can happen after a joint action; `probability` sums to one over K."""

    state: Tensor  # (B, K, d)
    probability: Tensor  # (B, K)
    rewards: Tensor  # (B, n), the expectation over the K outcomes
    terminated: Tensor  # (B, K) bool


class TabularGame(Game):
    """A game whose state is a row of small integers, component c in 0 … radix[c]−1, with its rules as `outcomes`.

    >>> from micra_lite.registry import make
    >>> game = make("pursuit")  # three agents on a board of nine cells
    >>> game.radix, game.n_states
    ((9, 9, 9), 729)
    """

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

    def tables(self, externals: Externals) -> list[Tensor]:
        """Each of K externals' policies in every state, per external agent (K, S, A_e), float64."""
        seen = self.observe(self.states())
        rows = externals.family.probabilities(
            externals.parameters[:, None], [seen[e][None] for e in self.external_axes]
        )
        return [row.double().expand(len(externals), self.n_states, -1) for row in rows]
