"""p(𝒯): families of external policies, one *task* of meta-learning each (Eq. 1).

A family turns parameters θ_k and an observation o into a policy π_k(a | o). Parameters are drawn by seed: external
number `seed` of a family is the same on every machine, for ever.

While a game is played, externals are asked through `Players`, which hear when an episode starts and what was played. A
family whose externals remember says `stationary = False` and brings its own `Players`.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution

from .game import Game

# The manifest: split → (first seed, number of externals). Frozen: changing it makes results incomparable.
SPLITS = {"train": (0, 2048), "validation": (100_000, 32), "held-out": (200_000, 64)}


class ExternalFamily:
    """A distribution over external policies of one game: p(𝒯) of Eq. 1. It may steer several externals at once.

    Subclasses set `name`, `parameter_names` and write `draw` and `probabilities`.
    """

    name: str
    parameter_names: tuple[str, ...]
    stationary: bool = True  # whether what an external does depends on its present observation alone

    @classmethod
    def of_game(cls, game: Game) -> ExternalFamily:
        """The family for a game: its parameters are the options of that game which have the same names."""
        return cls(**{option: game.options[option] for option in inspect.signature(cls).parameters})

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """One external's parameters (P,), from its own generator."""
        raise NotImplementedError

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        """π_k: parameters (…, P) and each external's observation (…, O_e) to action probabilities (…, A_e).

        Leading axes broadcast: (K, 1, P) with (1, S, O_e) asks every external about every observation.
        """
        raise NotImplementedError

    def prior(self) -> list[Distribution]:
        """The distributions that `draw` samples from, one for each parameter in order, independent of each other."""
        raise TypeError(f"the family {self.name!r} does not state its prior: the Bayes predictor cannot be computed")

    def players(self, parameters: Tensor) -> Players:
        """Externals with parameters (B, P) at the table, one in each row of a batch of episodes."""
        return Players(self, parameters)

    def sample(self, seed: int, count: int = 1) -> Externals:
        """The externals with seeds `seed` … `seed + count − 1`. ValueError unless `draw` gives P numbers each."""
        seeds = tuple(range(seed, seed + count))
        drawn = [self.draw(np.random.Generator(np.random.PCG64([1729, s]))) for s in seeds]
        names, shapes = getattr(self, "parameter_names", ()), {np.shape(d) for d in drawn}
        if len(shapes) != 1 or np.ndim(drawn[0]) != 1 or (names and shapes != {(len(names),)}):
            wanted = f"({len(names)},), a number for each of {[*names]}" if names else "(P,), the same for every seed"
            raise ValueError(f"`draw` of {type(self).__name__} must give an array {wanted}; got {sorted(shapes)}")
        return Externals(self, torch.as_tensor(np.stack(drawn), dtype=torch.float64), seeds)

    def split(self, which: str) -> Externals:
        """The externals of one split: "train", "validation" or "held-out"."""
        if which not in SPLITS:
            raise ValueError(f"unknown split {which!r}; the splits are {list(SPLITS)}")
        return self.sample(*SPLITS[which])


class Players:
    """B externals in play, one in each row. These are stationary; a subclass may keep a memory from step to step."""

    def __init__(self, family: ExternalFamily, parameters: Tensor) -> None:
        self.family, self.parameters = family, parameters

    def policies(self, observations: list[Tensor], starts: Tensor, previous: Tensor | None) -> list[Tensor]:
        """Their policies now, (B, A_e) for each external agent, given what each observes, (B, O_e).

        Args: starts (B,) bool, the rows in which an episode begins; previous (B, n), the joint actions played before.
        """
        return self.family.probabilities(self.parameters, observations)


@dataclass(frozen=True, eq=False)
class Externals:
    """K external policies of one family; indexing gives fewer of them."""

    family: ExternalFamily
    parameters: Tensor  # (K, P)
    seeds: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.parameters)

    def __getitem__(self, index: int | slice | Sequence[int]) -> Externals:
        """`externals[3]`, `externals[:8]` or `externals[[1, 5]]`; always an `Externals`."""
        chosen = np.atleast_1d(np.arange(len(self))[index])
        return Externals(self.family, self.parameters[chosen], tuple(self.seeds[i] for i in chosen))

    @property
    def stationary(self) -> bool:
        """Whether their moves depend on the present observation alone: only then do transitions serve for any k."""
        return self.family.stationary

    def players(self, k: Tensor) -> Players:
        """The externals number k (B,) at the table, one in each row of a batch of episodes."""
        return self.family.players(self.parameters[k])

    def policies(self, k: Tensor, observations: list[Tensor]) -> list[Tensor]:
        """π_{k_b}(· | o_b) in row b, of stationary externals: k (B,) and for each external (B, O_e) → (B, A_e)."""
        return self.family.probabilities(self.parameters[k], observations)
