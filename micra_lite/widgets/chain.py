"""The chain of MICRA in one state: what the prey does, what is predicted, Q, the regrets, and the policies that follow.

Two hunters and a prey on 3 × 3 cells. The state stays; a slider turns prey A into prey B, another says how many moves were
watched. Nothing is trained here, every link is exact:

1. externals: the prey's policy, a mixture of A's and B's;
2. imitator: the best prediction after the watched moves, the Bayes predictor's over 512 known prey;
3. critic: Q(s, a) of a half random team beside the predicted prey (hunter 2 averaged out for the table);
4. regret: Eq. 2 for both hunters, with the prediction;
5. actors: where the regrets lead when both hunters follow them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import ipywidgets
import torch
from torch import Tensor

from .. import exact
from ..games.tabular import TabularGame
from ..registry import external_family, make
from ..regret import counterfactual_regret_advantage
from .drawing.base import Explorer, Picture, groups, slider
from .drawing.chain_links import LINKS, draw

STATE = (0, 8, 4)  # hunter 1 in the upper left, hunter 2 in the lower right, the prey in the middle
A, B = 29, 7  # of the validation split: in this state A mostly goes north, B mostly west
WATCHED = (0, 1, 2, 5, 10, 20, 50)
KNOWN, ROUNDS, RATE = 512, 30, 0.5  # known prey; how long and how fast the hunters follow their regrets


@dataclass(frozen=True)
class Links:
    """What each link of the chain says in the one state; policies and values of five moves each."""

    played: Tensor  # (5,) π_ℰ
    predicted: Tensor  # (5,) δ
    q: Tensor  # (5, 5) Q(s, hunter 1's move, the prey's move), hunter 2 averaged out
    before: list[Tensor]  # 2 × (5,) the hunters' policies
    regrets: list[Tensor]  # 2 × (5,)
    after: list[Tensor]  # 2 × (5,)


@dataclass(frozen=True)
class Hunt:
    """All that stays while the sliders move."""

    game: TabularGame
    table: exact.Tabulated
    state: int
    prey: Tensor  # (2, S, 5): A and B
    known: Tensor  # (M, S, 5)
    team: list[Tensor]  # 2 × (S, 5): half random, half the best response to the average prey

    def watch(self, prey: Tensor, moves: int) -> Tensor:
        """Predict a prey (S, 5) everywhere after watching some of its moves, in states drawn at random; returns (S, 5).

        Chance is the same for every prey, so that neighbours on the slider are watched alike.
        """
        generator = torch.Generator().manual_seed(0)
        states = torch.randint(len(prey), (WATCHED[-1],), generator=generator)[:moves]
        luck = torch.rand(WATCHED[-1], 1, generator=generator, dtype=prey.dtype)[:moves]
        made = (prey[states].cumsum(1) < luck).sum(1).clamp(max=prey.shape[1] - 1)  # (moves,)
        weights = self.known[:, states, made].log().sum(1).softmax(0)  # p(known prey | what was watched)
        return torch.einsum("m,msa->sa", weights, self.known)

    def links(self, share: float, moves: int) -> Links:
        """The chain beside a prey that is B with probability `share` in each move, else A."""
        prey = (1 - share) * self.prey[0] + share * self.prey[1]
        predicted = self.watch(prey, moves)
        everywhere = exact.joint_q(self.table, [p.numpy() for p in (*self.team, predicted)])
        q = torch.from_numpy(everywhere[self.state])  # (5, 5, 5)
        delta, before = predicted[self.state], [p[self.state] for p in self.team]
        after, first = before, None
        for _ in range(ROUNDS):
            regrets = counterfactual_regret_advantage(q[None], [p[None] for p in (*after, delta)], [0, 1])
            first = first or [r[0] for r in regrets]
            after = [(p.log() + RATE * r[0]).softmax(0) for p, r in zip(after, regrets, strict=True)]
        assert first is not None
        shown = torch.einsum("abe,b->ae", q, before[1])
        return Links(prey[self.state], delta, shown, before, first, after)


@lru_cache(maxsize=1)
def hunt() -> Hunt:
    """Make the game, the prey and the team, once."""
    game, family = make("pursuit"), external_family("pursuit")
    assert isinstance(game, TabularGame)
    known = game.tables(family.split("train")[:KNOWN])[0].double()
    validation = family.split("validation")
    prey = torch.cat([game.tables(validation[k : k + 1])[0].double() for k in (A, B)])
    table = exact.tabulate(game)
    best = exact.best_response(table, [known.mean(0).numpy()]).policies
    team = [torch.from_numpy(0.5 * p + 0.5 * r) for p, r in zip(best, exact.random_team(table), strict=True)]
    return Hunt(game, table, int(game.encode(torch.tensor(STATE))), prey, known, team)


class Chain(Explorer):
    """The chain in one state, from the prey to the hunters' policies.

    Args: link, the one that a lesson is about, which gets a frame: "externals", "imitator", "critic", "regret" or "actors"; none
    for the whole. Raises ValueError for any other.

    >>> chain = Chain("regret")
    >>> chain.prey.value = 1.0  # another prey, and everything that follows from it
    >>> chain.alt.split(";")[0]
    'The chain: prey 100 percent B, the rest A'
    """

    def __init__(self, link: str = "") -> None:
        super().__init__()
        if link and link not in LINKS:
            raise ValueError(f"the chain has no link {link!r}; it has {list(LINKS)}")
        self.link = link
        self.prey = slider(
            ipywidgets.FloatSlider, "Prey: A to B", value=0.0, min=0.0, max=1.0, step=0.1, readout_format=".1f"
        )
        counts = [(str(n), n) for n in WATCHED]
        self.watched = slider(ipywidgets.SelectionSlider, "Watched moves", options=counts, value=20)
        for control in (self.prey, self.watched):
            control.observe(self.redraw, "value")
        self.show([groups([[self.prey], [self.watched]])])

    @property
    def links(self) -> Links:
        """The numbers behind the present picture."""
        return hunt().links(self.prey.value, self.watched.value)

    def picture(self) -> Picture:
        return draw(hunt().game, STATE, self.links, self.link, self.prey.value, self.watched.value)
