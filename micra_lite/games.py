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
    (every agent observes the whole state, and all observe it alike).
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
            k = torch.multinomial(o.probability, 1, generator=generator)  # (B, 1)
            next_state = o.state.gather(1, k[:, :, None].expand(-1, 1, o.state.shape[2]))[:, 0]  # (B, d)
            terminated = o.terminated.gather(1, k)[:, 0]
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

    def tabulate(self) -> Tabulated:
        """The 7-tuple as arrays. Raises ValueError, before any work, when the table would be too large."""
        import numpy as np
        from scipy.sparse import csr_matrix, vstack

        actions = self.joint_actions()
        n_joint, S = len(actions), self.n_states
        first_state = torch.zeros(1, len(self.radix), dtype=torch.long)
        K = self.outcomes(first_state, actions[:1]).probability.shape[1]
        if S * n_joint * K > LARGEST_TABLE:
            raise ValueError(
                f"{self.name} is too large to tabulate: {S:,} states × {n_joint:,} joint actions × {K} outcomes "
                f"(the limit is {LARGEST_TABLE:,} entries). Make it smaller, or score by episodes "
                "(micra_lite.evaluate.mean_return), which needs no table."
            )
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


# --- Matrix games -------------------------------------------------------------------------------------------------


class MatrixGame(TabularGame):
    """One simultaneous move, then the payoff: the smallest games, in which everything is exact.

    `payoffs` has shape (A_1, …, A_n, n): the last axis is the agent who is paid.

    >>> game = make("rectangular")
    >>> game.n_actions, game.targets, game.externals
    ((2, 3), ('row',), ('column',))
    """

    radix = (1,)
    horizon = 1

    def __init__(
        self,
        name: str,
        payoffs: Tensor,
        targets: tuple[str, ...] = ("row",),
        externals: tuple[str, ...] = ("column",),
        action_names: tuple[tuple[str, ...], ...] | None = None,
    ) -> None:
        n = payoffs.dim() - 1
        if payoffs.shape[-1] != n:
            raise ValueError(f"payoffs must be (A_1, …, A_n, n) with one payoff per agent; got {tuple(payoffs.shape)}")
        if not torch.isfinite(payoffs).all():
            raise ValueError(f"the payoffs of {name!r} contain NaN or infinity; every payoff must be a finite number")
        self.name, self.options = name, {}
        self.payoffs = payoffs if payoffs.is_floating_point() else payoffs.float()  # rewards are averaged
        self.agents = ("row", "column", "third")[:n] if n <= 3 else tuple(f"player_{j}" for j in range(n))
        self.n_actions = tuple(payoffs.shape[:-1])
        self.observation_sizes = (1,) * n
        self.action_names = action_names or tuple(tuple(f"a{k}" for k in range(a)) for a in self.n_actions)
        self.split_agents(targets, externals)

    def starts(self) -> tuple[Tensor, Tensor]:
        return torch.zeros(1, 1, dtype=torch.long), torch.ones(1)

    def outcomes(self, state: Tensor, actions: Tensor) -> Outcomes:
        batch = len(state)
        rewards = self.payoffs.to(state.device)[tuple(actions.unbind(-1))]  # (B, n)
        over = torch.ones(batch, 1, dtype=torch.bool, device=state.device)
        return Outcomes(state[:, None], torch.ones(batch, 1, device=state.device), rewards, over)

    def observe(self, state: Tensor) -> list[Tensor]:
        return [torch.ones(len(state), 1, device=state.device)] * len(self.agents)


def _two_player(row: list[list[float]], column: list[list[float]]) -> Tensor:
    return torch.stack([torch.tensor(row), torch.tensor(column)], dim=-1)  # (A_1, A_2, 2)


def _common(payoff: Tensor) -> Tensor:
    return payoff[..., None].expand(*payoff.shape, payoff.dim()).clone()  # (A_1, …, A_n, n): all are paid alike


def _meeting(n_third: int, load: float) -> Tensor:
    """Two targets and a third: worth 1 to meet at one of two sites, and `load` more if the third is there too."""
    a, b, c = torch.meshgrid(torch.arange(2), torch.arange(2), torch.arange(n_third), indexing="ij")
    return _common((a == b).float() + load * ((a == b) & (b == c)).float())


def _odd_one_out() -> Tensor:
    """A rectangular 3-player game (2×3×2) with unequal payoffs: being apart from each of the others pays 1."""
    a, b, c = torch.meshgrid(torch.arange(2), torch.arange(3), torch.arange(2), indexing="ij")
    pays = [(a != b).float() + (a != c).float(), (b != a).float() + (b != c).float(), (c != a).float() + 2.0 * (c != b)]
    return torch.stack(pays, dim=-1)


def _matrix_games() -> dict[str, tuple]:
    """name → (payoffs, targets, externals, action names); built on demand, so that importing stays cheap."""
    C, D = ("cooperate", "defect"), ("cooperate", "defect")
    rps = [[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]
    climbing = [[11.0, -30.0, 0.0], [-30.0, 7.0, 6.0], [0.0, 0.0, 5.0]]  # Claus & Boutilier (1998)
    penalty = [[10.0, 0.0, -100.0], [0.0, 2.0, 0.0], [-100.0, 0.0, 10.0]]  # the same, k = −100
    abc = tuple("abc")
    third = (("row", "column"), ("third",))
    two = (("row",), ("column",))
    return {
        "prisoners_dilemma": (_two_player([[3, 0], [5, 1]], [[3, 5], [0, 1]]), *two, (C, D)),
        "stag_hunt": (_two_player([[4, 0], [3, 2]], [[4, 3], [0, 2]]), *two, (("stag", "hare"),) * 2),
        "chicken": (_two_player([[0, -1], [1, -10]], [[0, 1], [-1, -10]]), *two, (("swerve", "straight"),) * 2),
        "matching_pennies": (_two_player([[1, -1], [-1, 1]], [[-1, 1], [1, -1]]), *two, (("heads", "tails"),) * 2),
        "rock_paper_scissors": (
            _two_player(rps, (-torch.tensor(rps)).tolist()), *two, (("rock", "paper", "scissors"),) * 2),
        "climbing": (_common(torch.tensor(climbing)), *two, (abc, abc)),
        "penalty": (_common(torch.tensor(penalty)), *two, (abc, abc)),
        "rectangular": (_two_player([[3, 0, 1], [0, 2, 2]], [[1, 2, 0], [0, 1, 3]]), *two, (("up", "down"), ("left", "middle", "right"))),
        "meeting": (_meeting(2, 2.0), *third, (("here", "there"),) * 3),
        "three_sites": (_meeting(3, 2.0), *third, (("here", "there"), ("here", "there"), ("here", "there", "away"))),
        "odd_one_out": (_odd_one_out(), *third, (("left", "right"), ("left", "right", "up"), ("left", "right"))),
    }  # fmt: skip


MATRIX_GAMES = (
    "prisoners_dilemma", "stag_hunt", "chicken", "matching_pennies", "rock_paper_scissors",
    "climbing", "penalty", "rectangular", "meeting", "three_sites", "odd_one_out",
)  # fmt: skip
GRID_TASKS = ("pursuit",)


def names() -> list[str]:
    """The names that `make` knows."""
    return [*MATRIX_GAMES, *GRID_TASKS]


def make(name: str, **options: Any) -> TabularGame:
    """Make a game by name; grid tasks take options such as `size`.

    >>> make("pursuit", size=3).n_states
    729

    Raises ValueError for an unknown name (listing the known ones) or an unknown option.
    """
    if name in MATRIX_GAMES:
        payoffs, targets, externals, actions = _matrix_games()[name]
        if options:
            raise ValueError(f"{name} takes no options; got {sorted(options)}")
        return MatrixGame(name, payoffs, targets, externals, actions)
    if name == "pursuit":
        from .grids.pursuit import Pursuit

        return Pursuit(**options)
    raise ValueError(f"unknown game {name!r}; the known games are {names()}")
