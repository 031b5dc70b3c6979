"""Pictures of the environments behind a `ParallelGame`, by their own `render`."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from ..game import Game
from .inner import attribute
from .instances import Row, demand


class Rendering(Game):
    """A game whose environments draw themselves."""

    _played_in: list[Row]  # the environment of each row
    _rows: np.ndarray  # (B, d), the last state

    def _instance(self, number: int) -> Row:
        raise NotImplementedError

    @property
    def renders(self) -> bool:
        """Whether the environments were made with pictures."""
        return any(attribute(layer, "render_mode") == "rgb_array" for layer in self._instance(0).layers)

    def render(self, row: int = 0) -> np.ndarray:
        """The environment's own picture of a row as it is now, (H, W, 3) uint8.

        Raises ValueError for environments made without render_mode="rgb_array", IndexError for a row that is not played.
        """
        demand(self.renders, f"{self.name} has no pictures: make its environments with render_mode='rgb_array'")
        if not 0 <= row < len(self._rows):
            raise IndexError(f"there is no row {row}; {len(self._rows)} are played (reset makes them)")
        shown = np.asarray(self._played_in[row].env.render())
        right = shown.ndim == 3 and shown.shape[2] in (3, 4)
        demand(right, f"{self.name}: render returns an array of shape {shown.shape}, not a picture (height, width, 3)")
        return shown[..., :3].astype(np.uint8)

    def picture(self, state: Tensor) -> np.ndarray:
        """`render` of the row that is in this state (d,) now. Raises ValueError for any other state."""
        rows = np.flatnonzero((self._rows == state.numpy()).all(1))
        demand(len(rows), f"{self.name} can only be shown as it is now: in a state that reset or step returned last")
        return self.render(int(rows[0]))
