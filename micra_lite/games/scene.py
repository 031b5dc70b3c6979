"""Scenes: what is where in one state of a game.

A game that wants to be seen has a method `scene(state)`, which returns a `Board` or a `Table`. `micra_lite.plotting` draws
any scene and says it in words, so a new game needs no entry anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from ..game import Game


@dataclass(frozen=True)
class Board:
    """Agents on a board whose cells are numbered row by row, from 0 at the top left.

    Raises ValueError for an agent or a site outside the board.

    >>> Board(2, 3, {"cat": 0, "mouse": 5}, sites={"hole": 2})
    Board(rows=2, columns=3, agents={'cat': 0, 'mouse': 5}, sites={'hole': 2}, title='')
    """

    rows: int
    columns: int
    agents: Mapping[str, int]  # the cell of each agent; agents that are not listed are not drawn
    sites: Mapping[str, int] = field(default_factory=dict)  # label → cell
    title: str = ""  # what else there is to know about the state

    def __post_init__(self) -> None:
        for name, cell in (*self.agents.items(), *self.sites.items()):
            if not 0 <= cell < self.rows * self.columns:
                raise ValueError(
                    f"{name!r} is in cell {cell}; a board of {self.rows} × {self.columns} has cells 0 to "
                    f"{self.rows * self.columns - 1}"
                )


@dataclass(frozen=True)
class Table:
    """A table of texts with two axes, or several tables side by side, one for each name of a third axis.

    >>> Table((("row", ("stag", "hare")), ("column", ("stag", "hare"))), {(0, 0): "4, 4"}, "payoffs").cells[0, 0]
    '4, 4'
    """

    axes: tuple[tuple[str, tuple[str, ...]], ...]  # title and names: of the rows, the columns, the tables
    cells: Mapping[tuple[int, ...], str]  # position along the axes → text; other cells stay empty
    caption: str  # what the cells say
    title: str = ""  # what there is to know about the state
    marked: Set[tuple[int, ...]] = frozenset()  # cells in bold, with a star

    def __post_init__(self) -> None:
        if len(self.axes) not in (2, 3):
            raise ValueError(f"a table has two axes or three; got {len(self.axes)}")


def name_and_role(game: Game, agent: str) -> str:
    """An agent's name with its role, as in "hunter_1 (target)"."""
    return f"{agent} ({'target' if agent in game.targets else 'external'})"
