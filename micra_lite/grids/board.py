"""The board that the grid tasks share: cells numbered row by row, five moves, walls that stop a move."""

from __future__ import annotations

import torch
from torch import Tensor

MOVES = ("stay", "north", "south", "west", "east")
_DELTA = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))  # (row, column) of each move


def landing_table(size: int) -> Tensor:
    """Where each move leads, (size², 5): the cell reached from each cell; a move into the wall stays.

    >>> landing_table(3)[0].tolist()  # stay, north, south, west, east from the top left corner
    [0, 0, 3, 0, 1]
    """
    cell = torch.arange(size * size)
    row, column = cell // size, cell % size
    to = [(row + dr).clamp(0, size - 1) * size + (column + dc).clamp(0, size - 1) for dr, dc in _DELTA]
    return torch.stack(to, dim=-1)  # (cells, 5)


def distance_table(size: int) -> Tensor:
    """Steps between any two cells, (size², size²): Manhattan distance, for there are no inner walls."""
    cell = torch.arange(size * size)
    row, column = cell // size, cell % size
    return (row[:, None] - row).abs() + (column[:, None] - column).abs()


def bump_table(size: int) -> Tensor:
    """Which moves run into the wall, (size², 5) bool."""
    landing = landing_table(size)
    bump = landing == torch.arange(size * size)[:, None]
    bump[:, 0] = False  # staying is no bump
    return bump
