"""The board that the grid tasks share: cells numbered row by row, moves with directions, walls that stop a move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from .scene import Board
from .tabular import Outcomes, TabularGame

Moves = Mapping[str, tuple[int, int]]  # name → direction in (rows, columns)
MOVES: Moves = {"stay": (0, 0), "north": (-1, 0), "south": (1, 0), "west": (0, -1), "east": (0, 1)}


def landing_table(size: int) -> Tensor:
    """The cell that each of `MOVES` reaches from each cell, (size², 5); a move into the wall stays.

    >>> landing_table(3)[0].tolist()  # stay, north, south, west, east from the top left corner
    [0, 0, 3, 0, 1]
    """
    cell = torch.arange(size * size)
    row, column = cell // size, cell % size
    to = [(row + dr).clamp(0, size - 1) * size + (column + dc).clamp(0, size - 1) for dr, dc in MOVES.values()]
    return torch.stack(to, dim=-1)  # (cells, 5)


def distance_table(size: int) -> Tensor:
    """Steps between any two cells, (size², size²): the Manhattan distance, since there are no inner walls."""
    cell = torch.arange(size * size)
    row, column = cell // size, cell % size
    return (row[:, None] - row).abs() + (column[:, None] - column).abs()


def bump_table(size: int) -> Tensor:
    """Whether each move runs into the wall, (size², 5) bool."""
    landing = landing_table(size)
    bump = landing == torch.arange(size * size)[:, None]
    bump[:, 0] = False  # staying is no bump
    return bump


class BoardGame(TabularGame):
    """Agents on a board of `rows` × `columns` cells; the state is one cell per agent, the external's last.

    Args: moves, each agent's own, with their directions (None: everyone has `MOVES`); sites, cells with a label; view, how
    many cells every agent sees in each direction (None: the whole board); options, the other arguments of `make`.
    Raises ValueError without targets, or for a negative view.
    """

    def __init__(
        self, name: str, board: tuple[int, int], targets: tuple[str, ...], external: str,
        moves: tuple[Moves, ...] | None = None, sites: dict[str, int] | None = None,
        view: int | None = None, **options: Any,
    ) -> None:  # fmt: skip
        if not targets:
            raise ValueError(f"{name} needs at least one target; got {options}")
        if view is not None and view < 0:
            raise ValueError(f"view is how many cells an agent sees in each direction: 0 or more, or None; got {view}")
        self.name, self.options, self.sites = name, {**options, "view": view}, sites or {}
        self.view, self.full_view = view, view is None
        self.rows, self.columns = board
        self.cells = self.rows * self.columns
        self.agents = (*targets, external)
        n = len(self.agents)
        self.radix = (self.cells,) * n
        self.moves = moves or (MOVES,) * n
        self.action_names = tuple(map(tuple, self.moves))
        self.n_actions = tuple(map(len, self.action_names))
        self.pairs = torch.triu_indices(n, n, offset=1)  # (2, P) every pair of agents once
        self.apart = (2 * self.rows - 1) * (2 * self.columns - 1)  # number of displacements between two agents
        self.state_observation_size = n * self.cells + self.pairs.shape[1] * self.apart
        self.observation_sizes = (self.state_observation_size,) * n
        self.split_agents(targets, (external,))

    def observe(self, state: Tensor) -> list[Tensor]:
        """Indicators (B, O) of each agent's cell, then of the rows and columns between every two agents.

        They are zero for an agent that is out of view, and for a pair of which one is.
        """
        where, apart = self._indicators(state)  # (B, n, cells), (B, P, apart)
        if self.view is None:
            return [torch.cat([where.flatten(1), apart.flatten(1)], 1)] * len(self.agents)
        row, column = state // self.columns, state % self.columns  # (B, n)
        distance = [(x[:, :, None] - x[:, None]).abs() for x in (row, column)]  # (B, n, n)
        seen = torch.maximum(*distance) <= self.view
        both = seen[:, :, self.pairs[0]] & seen[:, :, self.pairs[1]]  # (B, n, P) whether j sees both of them
        return [
            torch.cat([(where * seen[:, j, :, None]).flatten(1), (apart * both[:, j, :, None]).flatten(1)], 1)
            for j in range(len(self.agents))
        ]

    def observe_state(self, state: Tensor) -> Tensor:
        """The whole board, (B, O), as agents with a full view observe it."""
        return torch.cat([part.flatten(1) for part in self._indicators(state)], 1)

    def scene(self, state: Tensor) -> Board:
        return Board(self.rows, self.columns, dict(zip(self.agents, state.tolist(), strict=True)), self.sites)

    def direction(self, agent: str, action: int) -> tuple[int, int]:
        """The direction of a move in (rows, columns), whether or not a wall is in its way."""
        return list(self.moves[self.agents.index(agent)].values())[action]

    def landing_place(self, agent: str, cell: int, action: int) -> tuple[int, int]:
        """Row and column where a move from `cell` ends, before anybody starts again elsewhere; a wall stops it."""
        rows, columns = self.direction(agent, action)
        row, column = cell // self.columns + rows, cell % self.columns + columns
        return min(max(row, 0), self.rows - 1), min(max(column, 0), self.columns - 1)

    def external_cells(self) -> list[int]:
        """The cells from which the external may have to move."""
        return list(range(self.cells))

    def _indicators(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Each agent's cell, (B, n, cells), and the displacement of every pair, (B, P, apart)."""
        one_hot = torch.nn.functional.one_hot
        first, second = (state[:, pair] for pair in self.pairs)  # (B, P) each
        rows = first // self.columns - second // self.columns + self.rows - 1
        columns = first % self.columns - second % self.columns + self.columns - 1
        apart = one_hot(rows * (2 * self.columns - 1) + columns, self.apart)
        return one_hot(state, self.cells).float(), apart.float()

    def restart(self, landed: Tensor, again: Tensor, free: Tensor, rewards: Tensor) -> Outcomes:
        """The outcomes once all have `landed` (B, n) and `rewards` (B, n) are paid.

        Where `again` (B, 1) is true, the external starts again on a cell drawn from `free` (B, cells); nothing else is
        left to chance.
        """
        cell = torch.arange(self.cells)
        probability = torch.where(again, free, (cell == landed[:, -1:]).double())  # (B, K = cells)
        next_state = landed.T[:, :, None].repeat(
            1, 1, self.cells
        )  # (n, B, K): agents first, so that the last can be replaced
        next_state[-1] = cell
        over = torch.zeros_like(probability, dtype=torch.bool)
        return Outcomes(next_state.permute(1, 2, 0), probability, rewards, over)


def cells_seen(observation: Tensor, agents: int, cells: int) -> tuple[Tensor, Tensor]:
    """Read an observation (…, O) back: the agents' cells (…, n), and whether each is in view (…, n)."""
    indicators = observation[..., : agents * cells].unflatten(-1, (agents, cells))
    return indicators.argmax(-1), indicators.any(-1)


def square(name: str, size: int) -> tuple[int, int]:
    """Rows and columns of a square board. Raises ValueError when it is too small."""
    if size < 2:
        raise ValueError(f"{name} needs a board of at least 2 × 2 cells; got size={size}")
    return size, size


class SiteGame(BoardGame):
    """A square board with labelled sites; the external starts, and starts again, on a random cell that is no site.

    Subclasses write `pay`: what everyone earns when the external has landed on a site.
    """

    def __init__(
        self, name: str, size: int, targets: tuple[str, ...], external: str, sites: dict[str, int], view: int | None,
        **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(name, square(name, size), targets, external, None, sites, view, size=size, **options)
        self.landing = landing_table(size)  # (cells, 5)
        self.is_site = torch.zeros(self.cells, dtype=torch.bool)
        self.is_site[list(sites.values())] = True
        self.free = (~self.is_site).double() / (~self.is_site).sum()  # (cells,)

    def starts(self) -> tuple[Tensor, Tensor]:
        state = self.states()
        return state, self.free[state[:, -1]] / self.cells ** len(self.targets)

    def reset(self, batch: int, generator: torch.Generator) -> Tensor:
        """Draw from the distribution of `starts` without listing all states."""
        targets = torch.randint(self.cells, (batch, len(self.targets)), generator=generator)
        external = torch.multinomial(self.free.expand(batch, -1), 1, generator=generator)
        return torch.cat([targets, external], dim=1)  # (B, n)

    def pay(self, met: Tensor) -> tuple[Tensor, Tensor]:
        """Rewards of the targets and of the external, (B, 1) each, on a site; `met` (B, 1): a target is there too."""
        raise NotImplementedError

    def external_cells(self) -> list[int]:
        """All cells but the sites: whoever lands on a site starts again elsewhere."""
        return (~self.is_site).nonzero()[:, 0].tolist()

    def outcomes(self, state: Tensor, actions: Tensor) -> Outcomes:
        landed = self.landing[state, actions]  # (B, n)
        arrived = self.is_site[landed[:, -1:]]  # (B, 1)
        targets, external = self.pay((landed[:, :-1] == landed[:, -1:]).any(1, keepdim=True))
        rewards = torch.cat([targets.expand(-1, len(self.targets)), external], dim=1) * arrived  # (B, n)
        return self.restart(landed, arrived, self.free, rewards)
