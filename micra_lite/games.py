"""Stochastic games, batched: the ground that everything else stands on.

A stochastic game is G = ⟨S, N, A, T, R, O, Ω⟩ (design: the poster's definition):

    S  states                                  N  agents, split into targets (ours) and externals (not ours)
    A  joint actions A_1 × … × A_n             T  S × A × S → [0, 1], the transition probabilities
    R  S × A → ℝ for each agent, the rewards   O  joint observations        Ω  S → O, what each agent sees

1. A `Game` plays a *batch* of episodes at once: `reset`, `step`, `observe` on tensors whose first axis is the batch.
2. A `TabularGame` states its rules once, as `outcomes`: all next states with their probabilities.
   `step` samples from them and `tabulate` lists them, so the two cannot disagree.
3. `Tabulated` is the 7-tuple as arrays, under the seven names; `micra_lite.exact` computes with it.

The agents' order is the order of axes everywhere: joint actions (B, n), joint tables (…, A_1, …, A_n).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

# More table entries than this need several GB and minutes; the error says what to do instead.
LARGEST_TABLE = 400_000_000


class Step(NamedTuple):
    """What one batched step returns."""

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


@dataclass(frozen=True, eq=False)
class Tabulated:
    """The 7-tuple as arrays; |A| = ∏ A_j joint actions in row-major order of the agents' axes.

    Rows of T whose episode ends carry the missing probability: they sum to less than one.
    """

    S: int  # number of states
    N: tuple[str, ...]  # agents
    A: tuple[int, ...]  # number of actions of each agent
    T: csr_matrix  # (S·|A|, S)
    R: np.ndarray  # (S, |A|, n)
    O: tuple[int, ...]  # size of each agent's observation
    Omega: list[Tensor]  # for each agent (S, O_j): Ω, what it sees in each state
    start: np.ndarray  # (S,) the start distribution
    gamma: float
    targets: tuple[int, ...]  # axes of the target agents
    externals: tuple[int, ...]  # axes of the external agents


class Game:
    """What every game offers. Subclasses set the attributes and write `reset`, `step`, `observe`.

    Attributes: `agents`, `targets`, `externals` (names); `n_actions` and `observation_sizes` (one per agent, in
    the agents' order); `gamma` (discount); `horizon` (steps after which an episode is truncated); `full_view`
    (every agent observes the whole state, and all observe it alike); `state_observation_size` (of what the critic sees
    under partial views; None: it sees all agents' observations side by side).
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

    def tabulate(self) -> Tabulated:
        """The 7-tuple as arrays, for exact computation; only small games of ours offer it."""
        raise TypeError(
            f"{self.name} cannot be tabulated (its rules are not listed as outcomes); "
            "score it by episodes: micra_lite.evaluate.mean_return"
        )

    def render(self, state: Tensor) -> np.ndarray:
        """An RGB picture (H, W, 3), uint8, of one state (d,)."""
        from .draw import picture

        return picture(self, state)


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
        device = generator.device
        picked = torch.multinomial(probability.to(device), batch, replacement=True, generator=generator)
        return states.to(device)[picked]  # (B, d)

    def step(self, state: Tensor, actions: Tensor, generator: torch.Generator) -> Step:
        o = self.outcomes(state, actions)
        if o.probability.shape[1] == 1:  # nothing is left to chance
            next_state, terminated = o.state[:, 0], o.terminated[:, 0]
        else:
            # The first cumulative probability to exceed a uniform draw is the k-th with probability p_k.
            reached = o.probability.double().cumsum(1)  # (B, K)
            u = torch.rand(len(reached), 1, generator=generator, dtype=torch.float64, device=reached.device)
            k = (reached <= u * reached[:, -1:]).sum(1)  # (B,)
            rows = torch.arange(len(k), device=k.device)
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

    @property
    def table_entries(self) -> int:
        """States × joint actions × outcomes: what `tabulate` has to go through."""
        first_state = torch.zeros(1, len(self.radix), dtype=torch.long)
        first_action = torch.zeros(1, len(self.agents), dtype=torch.long)
        K = self.outcomes(first_state, first_action).probability.shape[1]
        return self.n_states * math.prod(self.n_actions) * K

    def tabulate(self) -> Tabulated:
        """The 7-tuple as arrays. Raises ValueError, before any work, when the table would be too large."""
        import numpy as np
        from scipy.sparse import csr_matrix, vstack

        n_joint, S = math.prod(self.n_actions), self.n_states
        K = self.table_entries // (S * n_joint)
        if self.table_entries > LARGEST_TABLE:
            raise ValueError(
                f"{self.name} is too large to tabulate: {S:,} states × {n_joint:,} joint actions × {K} outcomes "
                f"(the limit is {LARGEST_TABLE:,} entries). Make it smaller, or score by episodes "
                "(micra_lite.evaluate.mean_return), which needs no table."
            )
        actions = self.joint_actions()
        states = self.states()
        chunk = max(1, 2_000_000 // (n_joint * K))
        rows, rewards = [], []
        for first in range(0, S, chunk):
            part = states[first : first + chunk]
            o = self.outcomes(part.repeat_interleave(n_joint, 0), actions.repeat(len(part), 1))
            probability = torch.where(o.terminated, 0.0, o.probability.double())  # (chunk·|A|, K)
            row, k = probability.nonzero(as_tuple=True)
            value, column = probability[row, k], self.encode(o.state[row, k])
            shape = (len(part) * n_joint, S)
            rows.append(csr_matrix((value.numpy(), (row.numpy(), column.numpy())), shape=shape))
            rewards.append(o.rewards.double().reshape(len(part), n_joint, -1).numpy())
        start_states, start_probability = self.starts()
        start = np.bincount(self.encode(start_states).numpy(), start_probability.double().numpy(), minlength=S)
        return Tabulated(
            S, self.agents, self.n_actions, vstack(rows, format="csr"), np.concatenate(rewards),
            self.observation_sizes, self.observe(states), start, self.gamma, self.target_axes, self.external_axes,
        )  # fmt: skip
