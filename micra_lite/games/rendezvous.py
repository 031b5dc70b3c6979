"""Rendezvous: a load that can only be lifted with a partner that takes no orders.

Rules. A `size` × `size` board with a site in each corner, `carriers` carriers (the targets) and one partner (the
external). All move at the same time: stay, north, south, west or east; a move into the wall stays. When the partner
lands on a site, the load there is lifted if a carrier lands on that site *in the same move*: that pays everyone 1. Two
carriers without the partner lift nothing. In either case the partner then starts again on a random cell that is no
site. The game goes on (discount 0.95; episodes are cut after 25 steps).

What it teaches. Ad hoc teamwork: the partner does not wait and cannot be told where to go. It has favourite sites,
hurries or dawdles, and seeks or shuns company (`PartnerFamily`); carriers that know it are at the right site in time.
One carrier at the right site is enough.

Options. `size` of the board; number of `carriers`; `view`, the number of rows and columns within which everyone sees the
others (None: everywhere). The partner ignores carriers that it does not see. Under partial views the critic still sees
the whole board.

Headroom. Over the held-out partners the best team found that plays alike beside all scores 0.72, the best response to a wrong
partner 0.58 (0: random team, 1: best response to each; `python benchmarks/games.py`).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution, Normal, Uniform

from ..externals import ExternalFamily
from .board import SiteGame, cells_seen, distance_table, landing_table

SITES = ("north-west", "north-east", "south-west", "south-east")


def corners(size: int) -> Tensor:
    """The cells of the four sites, in the order of `SITES`, (4,)."""
    return torch.tensor([0, size - 1, size * (size - 1), size * size - 1])


class Rendezvous(SiteGame):
    """`carriers` targets and one partner on a `size` × `size` board with a site in each corner."""

    def __init__(self, size: int = 3, carriers: int = 2, view: int | None = None) -> None:
        if size < 3:
            raise ValueError(f"rendezvous needs a board of at least 3 × 3 cells, some of them no site; got size={size}")
        sites = dict(zip(SITES, corners(size).tolist(), strict=True))
        names = tuple(f"carrier_{c + 1}" for c in range(carriers))
        super().__init__("rendezvous", size, names, "partner", sites, view, carriers=carriers)

    def pay(self, met: Tensor) -> tuple[Tensor, Tensor]:
        return met.float(), met.float()


class PartnerFamily(ExternalFamily):
    """Partners of rendezvous: each has favourite sites, hurries or dawdles, and seeks or shuns company.

    π(a | o) ∝ exp(log Σ_s exp(favour_s − haste · d_s(a)) + dawdle · [a is stay] + company · [a carrier is near]), where
    d_s(a) is the distance of the landing cell from site s, and near means at most one step from the landing cell.
    """

    name = "rendezvous"
    parameter_names = (*[f"favour {s}" for s in SITES], "haste", "dawdle", "company")
    ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "haste": (2.0, 4.0), "dawdle": (-2.0, 1.0), "company": (-1.0, 1.0),
    }  # fmt: skip
    favour: ClassVar[float] = 4.0

    def __init__(self, size: int = 3, carriers: int = 2) -> None:
        self.carriers = carriers
        self.landing, self.distance, self.corners = landing_table(size), distance_table(size), corners(size)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        favours = self.favour * rng.standard_normal(4)
        return np.concatenate([favours, [rng.uniform(*self.ranges[p]) for p in ("haste", "dawdle", "company")]])

    def prior(self) -> list[Distribution]:
        ranges = [Uniform(*self.ranges[p], validate_args=False) for p in ("haste", "dawdle", "company")]
        return [*[Normal(0.0, self.favour)] * 4, *ranges]

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        seen = observations[0]
        cells, in_view = cells_seen(seen, self.carriers + 1, len(self.landing))  # (…, n)
        favours, haste, dawdle, company = parameters.split([4, 1, 1, 1], dim=-1)
        distance = self.distance.to(parameters.dtype)
        landing = self.landing[cells[..., -1]]  # (…, 5)
        away = distance[landing][..., self.corners]  # (…, 5, 4)
        logits = (favours[..., None, :] - haste[..., None] * away).logsumexp(-1)  # (…, 5)
        near = distance[landing[..., None, :], cells[..., :-1, None]] <= 1  # (…, carriers, 5)
        logits = logits + company * (near & in_view[..., :-1, None]).any(-2)
        logits[..., 0] += dawdle[..., 0]
        return [logits.softmax(-1)]
