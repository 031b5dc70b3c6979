"""Weather, a negative control: rewards add up over agents, and nobody changes the weather.

Rules. Nobody moves. The weather, one of `kinds` from warm to cold, changes by chance: each step it stays with
probability 0.6, else all kinds are equally likely. Each of `walkers` walkers (the targets) and one stranger (the
external) chooses how warmly to dress. Each of them earns 1 − the misfit between dress and weather (both from 0 to 1),
and everybody is paid the sum of what all earn.

What it teaches. Rewards that add up over agents, with transitions that no action influences, make Q additive. Then the regret of an action does not depend on what the others do:
averaging over them (CRA) and holding them at what they did (COMA) give the same numbers, and the same variance.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution, Normal

from ..externals import ExternalFamily
from .scene import Table, name_and_role
from .tabular import Outcomes, TabularGame

SETTINGS = {"updates": 300}


class Weather(TabularGame):
    """`walkers` targets and a stranger dress for one of `kinds` kinds of weather; every second walker has one coat, the others two."""

    stays: ClassVar[float] = 0.6

    def __init__(self, kinds: int = 3, walkers: int = 2) -> None:
        if kinds < 2 or walkers < 1:
            raise ValueError(f"weather needs at least two kinds and one walker; got kinds={kinds}, walkers={walkers}")
        self.name, self.options, self.radix = "weather", {"kinds": kinds, "walkers": walkers}, (kinds,)
        names = tuple(f"walker_{w + 1}" for w in range(walkers))
        self.agents = (*names, "stranger")
        self.n_actions = (*(3 - w % 2 for w in range(walkers)), 4)
        self.action_names = tuple(tuple(f"{a} of {size - 1} coats" for a in range(size)) for size in self.n_actions)
        self.observation_sizes = (kinds,) * len(self.agents)
        self.split_agents(names, ("stranger",))

    def starts(self) -> tuple[Tensor, Tensor]:
        kinds = self.radix[0]
        return self.states(), torch.full((kinds,), 1 / kinds, dtype=torch.float64)

    def outcomes(self, state: Tensor, actions: Tensor) -> Outcomes:
        kinds = self.radix[0]
        most = torch.tensor(self.n_actions) - 1
        misfit = (state.double() / (kinds - 1) - actions.double() / most).abs()  # (B, n)
        rewards = (1 - misfit).sum(1, keepdim=True)  # (B, 1)
        weather = torch.arange(kinds)
        probability = self.stays * (weather == state).double() + (1 - self.stays) / kinds  # (B, K = kinds)
        next_state = weather[None, :, None].expand(len(state), -1, 1)
        return Outcomes(next_state, probability, rewards.expand(-1, len(self.agents)),
                        torch.zeros_like(probability, dtype=torch.bool))  # fmt: skip

    def kind(self, state: Tensor) -> str:
        """The weather (1,) in words."""
        most = self.radix[0] - 1
        return {0: "warm", most: "cold"}.get(int(state), f"{int(state)} of {most} from warm to cold")

    def earnings(self, state: Tensor) -> list[list[float]]:
        """The reward that each agent adds by each of its actions in the weather (1,)."""
        cold = int(state) / (self.radix[0] - 1)
        return [[1 - abs(cold - a / (size - 1)) for a in range(size)] for size in self.n_actions]

    def scene(self, state: Tensor) -> Table:
        """The reward that each agent adds by each number of coats, its best choice marked."""
        earned, coats = self.earnings(state), tuple(map(str, range(max(self.n_actions))))
        cells: dict[tuple[int, ...], str] = {
            (j, a): f"{value:.2f}" for j, row in enumerate(earned) for a, value in enumerate(row)
        }
        best = {(j, a) for j, row in enumerate(earned) for a, value in enumerate(row) if value == max(row)}
        axes = ("agent", tuple(name_and_role(self, agent) for agent in self.agents)), ("coats", coats)
        return Table(
            axes, cells, "reward that each choice adds (★ the most)", f"The weather is {self.kind(state)}", best
        )

    def observe(self, state: Tensor) -> list[Tensor]:
        return [torch.nn.functional.one_hot(state[:, 0], self.radix[0]).float()] * len(self.agents)


class StrangerFamily(ExternalFamily):
    """Strangers in the weather: each has its own taste in coats for each kind of weather, π(a | w) ∝ exp(taste_wa)."""

    name = "weather"
    taste: ClassVar[float] = 2.0

    def __init__(self, kinds: int = 3) -> None:
        self.kinds = kinds
        self.parameter_names = tuple(f"weather {w}: {a} of 3 coats" for w in range(kinds) for a in range(4))

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return self.taste * rng.standard_normal(4 * self.kinds)

    def prior(self) -> list[Distribution]:
        return [Normal(0.0, self.taste)] * (4 * self.kinds)

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        taste = parameters.unflatten(-1, (self.kinds, 4))  # (…, W, 4)
        return [(taste * observations[0][..., None]).sum(-2).softmax(-1)]
