"""Gates: two defenders, four gates, and a raider that has favourite gates and feints.

Rules. A `size` × `size` board (odd size) with a gate in the middle of each side, `defenders` defenders (the targets)
and one raider (the external). All move at the same time: stay, north, south, west or east; a move into the wall stays.
When the raider lands on a gate, it gets through, unless a defender lands on that gate *in the same move* and stops it.
Getting through pays the raider 1 and costs each defender 1; being stopped pays each defender 1 and costs the raider 1.
Either way the raider starts again on a random cell that is no gate. The two sides' interests are opposed. The game goes on
(discount 0.95; episodes are cut after 25 steps).

What it teaches. Two defenders cannot cover four gates. Those who know which gates the raider prefers, and how it reacts
to a guarded gate (`RaiderFamily`), guard the right ones.

Options. `size` of the board, odd; number of `defenders`; `view`, the number of rows and columns within which everyone
sees the others (None: everywhere). A raider ignores defenders that it does not see. Under partial views the critic still
sees the whole board.

Headroom. Over the held-out raiders the best team found that plays alike against all scores 0.66, the best response to a wrong
raider 0.51 (0: random team, 1: best response to each; `python benchmarks/games.py`).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution, Normal, Uniform

from ..externals import ExternalFamily
from .board import SiteGame, cells_seen, distance_table, landing_table

GATES = ("north", "west", "east", "south")


def middles(size: int) -> Tensor:
    """The cells of the four gates, in the order of `GATES`, (4,)."""
    half = size // 2
    return torch.tensor([half, half * size, half * size + size - 1, size * (size - 1) + half])


class Gates(SiteGame):
    """`defenders` targets and one raider on a `size` × `size` board with a gate in the middle of each side."""

    def __init__(self, size: int = 3, defenders: int = 2, view: int | None = None) -> None:
        if size < 3 or size % 2 == 0:
            raise ValueError(f"gates needs an odd board size of at least 3, for sides with a middle; got size={size}")
        sites = dict(zip(GATES, middles(size).tolist(), strict=True))
        names = tuple(f"defender_{d + 1}" for d in range(defenders))
        super().__init__("gates", size, names, "raider", sites, view, defenders=defenders)

    def pay(self, met: Tensor) -> tuple[Tensor, Tensor]:
        stopped = 2 * met.float() - 1
        return stopped, -stopped


class RaiderFamily(ExternalFamily):
    """Raiders of gates: each has favourite gates, is bold or cautious where one is guarded, and feints.

    π(a | o) ∝ exp(log Σ_g exp(favour_g − caution · guarded_g − haste · d_g(a)) + feint · [a is stay]), where guarded_g
    is 1 if a defender stands on gate g or beside it, and d_g(a) is the distance of the landing cell from it.
    """

    name = "gates"
    parameter_names = (*[f"favour {g}" for g in GATES], "haste", "caution", "feint")
    ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "haste": (2.0, 4.0), "caution": (-1.0, 2.0), "feint": (-1.0, 2.0),
    }  # fmt: skip
    favour: ClassVar[float] = 4.0

    def __init__(self, size: int = 3, defenders: int = 2) -> None:
        self.defenders = defenders
        self.landing, self.distance, self.middles = landing_table(size), distance_table(size), middles(size)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        favours = self.favour * rng.standard_normal(4)
        return np.concatenate([favours, [rng.uniform(*self.ranges[p]) for p in ("haste", "caution", "feint")]])

    def prior(self) -> list[Distribution]:
        ranges = [Uniform(*self.ranges[p], validate_args=False) for p in ("haste", "caution", "feint")]
        return [*[Normal(0.0, self.favour)] * 4, *ranges]

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        seen = observations[0]
        cells, in_view = cells_seen(seen, self.defenders + 1, len(self.landing))  # (…, n)
        favours, haste, caution, feint = parameters.split([4, 1, 1, 1], dim=-1)
        distance = self.distance.to(parameters.dtype)
        near = distance[cells[..., :-1, None], self.middles] <= 1  # (…, defenders, 4)
        guarded = (near & in_view[..., :-1, None]).any(-2)  # (…, 4)
        landing = self.landing[cells[..., -1]]  # (…, 5)
        away = distance[landing][..., self.middles]  # (…, 5, 4)
        wish = favours - caution * guarded
        logits = (wish[..., None, :] - haste[..., None] * away).logsumexp(-1)  # (…, 5)
        logits[..., 0] += feint[..., 0]
        return [logits.softmax(-1)]
