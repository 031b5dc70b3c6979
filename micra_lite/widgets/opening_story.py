"""What happens in the opening game, computed: three prey, the luck of their boards, and a team that watched each of them.

Every move of a prey is fixed beforehand, in every state: its policy, asked with the luck of that step. So a player and the
team meet the same prey with the same luck, and differ only by their own moves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import exact
from ..externals import Externals
from ..games.board import MOVES, landing_table
from ..registry import external_family
from ..regret import counterfactual_regret_advantage
from .chain import hunt

STEPS, GOAL, WATCHED = 8, 4, 20  # moves in a round, catches to reach in it, moves that the team watched of each prey
# The seed. Of 600, 82 percent let old habits win round 1 and fail round 2, and the team win all. This is one of the 3 percent in
# which, also, the mate alone wins no round (with most seeds it wins round 1), and in round 3 old habits fail.
LUCK = 537
HALF = 1 / 6  # from the edge of a cell to its middle, as a fraction of the board

# Parameters as in `PreyFamily`, and the same in words. The first is easy to learn; the second does the opposite.
PREY = (
    ((0.0, 2.5, HALF, HALF, 1.0, 0.0, 1.0, -1.0, 1.0, -1.0), "It walks north and west, to the top left corner."),
    ((0.5, 1.5, 1 - HALF, 1 - HALF, 0.5, -1.0, -2.0, 1.0, -2.0, 3.0), "It runs east, even against the wall, and now and then south."),
    ((0.5, 0.0, 0.5, 0.5, 2.0, -3.0, 2.0, 2.0, -2.0, -2.0), "It paces north and south and seldom rests."),
)  # fmt: skip

Team = Sequence[np.ndarray]  # 2 × (S,) the move of each hunter in each state
Cells = tuple[int, int, int]  # hunter 1, hunter 2, the prey
LANDING = landing_table(3).tolist()


@dataclass(frozen=True)
class Round:
    """One prey and its luck, with what the team knows of it and does."""

    prey: np.ndarray  # (S, 5) its policy
    start: Cells
    moves: np.ndarray  # (STEPS, S) the prey's move in each state, by the luck of each step
    again: list[float]  # (STEPS,) in [0, 1): where a caught prey starts again, among the free cells
    watched: list[tuple[Cells, int]]  # states and the prey's moves in them
    predicted: np.ndarray  # (S, 5) δ, after the watching
    team: Team  # the best response to δ
    regrets: np.ndarray  # (S, 5) of hunter 1's moves, against its old habit


def number(cells: Sequence[int]) -> int:
    """The state's number, as `game.encode` gives it."""
    return (cells[0] * 9 + cells[1]) * 9 + cells[2]


def inverse(policy: np.ndarray, luck: float | np.ndarray) -> np.ndarray:
    """The moves (…,) that probabilities (…, 5) give for a luck in [0, 1)."""
    return np.minimum((policy.cumsum(-1) < np.asarray(luck)[..., None]).sum(-1), policy.shape[-1] - 1)


def predict(watched: Sequence[tuple[Cells, int]]) -> np.ndarray:
    """The Bayes predictor over the known prey, (S, 5): each counts by how likely it would make the watched moves."""
    known = hunt().known  # (M, S, 5)
    states, moves = [number(cells) for cells, _ in watched], [move for _, move in watched]
    weights = known[:, states, moves].log().sum(1).softmax(0)
    return torch.einsum("m,msa->sa", weights, known).numpy()


def respond(policy: np.ndarray) -> Team:
    """The moves of both hunters that are best together against a prey (S, 5)."""
    return [p.argmax(1) for p in exact.best_response(hunt().table, [policy]).policies]


def regrets(predicted: np.ndarray, team: Team) -> np.ndarray:
    """Eq. 2 of hunter 1 in every state, (S, 5), in catches.

    Q is that of the team; hunter 1 has its old habit: half at random, half the best response to the average known prey.
    """
    best = [np.eye(5)[moves] for moves in team]
    q = torch.from_numpy(exact.joint_q(hunt().table, [*best, predicted]))
    policies: list[Tensor] = [hunt().team[0], torch.from_numpy(best[1]), torch.from_numpy(predicted)]
    return counterfactual_regret_advantage(q, policies, [0])[0].numpy()


def prepare(k: int, seed: int) -> Round:
    """Everything about prey number k, with luck from a seed."""
    home, parameters = hunt(), torch.tensor([PREY[k][0]], dtype=torch.float64)
    prey = home.game.tables(Externals(external_family("pursuit"), parameters, (k,)))[0][0].double().numpy()
    generator = torch.Generator().manual_seed(0)
    states = home.game.reset(WATCHED, generator).tolist()
    chance = torch.rand(WATCHED, generator=generator, dtype=torch.float64).numpy()
    made = inverse(prey[[number(s) for s in states]], chance).tolist()
    watched = [((s[0], s[1], s[2]), move) for s, move in zip(states, made, strict=True)]
    predicted = predict(watched)
    team = respond(predicted)

    rng = np.random.default_rng([seed, k])
    first = home.game.states()[int((home.table.start.cumsum() < rng.random()).sum())].tolist()
    luck = rng.random((STEPS, 2))
    moves = np.stack([inverse(prey, np.full(len(prey), u)) for u in luck[:, 0]])
    again = [round(float(u), 6) for u in luck[:, 1]]
    return Round(prey, (first[0], first[1], first[2]), moves, again, watched, predicted, team, regrets(predicted, team))


@lru_cache(maxsize=1)
def story() -> list[Round]:
    """The three rounds."""
    return [prepare(k, LUCK) for k in range(len(PREY))]


def step(one: Round, t: int, cells: Cells, first: int, second: int) -> tuple[Cells, int, bool]:
    """One move of all three in step t: the new cells, the prey's move, and whether it was caught."""
    move = int(one.moves[t, number(cells)])
    a, b, prey = (LANDING[cell][m] for cell, m in zip(cells, (first, second, move), strict=True))
    caught = prey in (a, b)
    if caught:
        free = [cell for cell in range(9) if cell not in (a, b)]
        prey = free[int(one.again[t] * len(free))]
    return (a, b, prey), move, caught


def play(one: Round, choose: Callable[[int, int], tuple[int, int]]) -> list[tuple[Cells, tuple[int, int, int], bool]]:
    """A whole round: before each move the cells, then what all did, and whether the prey was caught.

    Args: choose, from a step and the state's number to both hunters' moves.
    """
    cells, record = one.start, []
    for t in range(STEPS):
        first, second = map(int, choose(t, number(cells)))
        new, move, caught = step(one, t, cells, first, second)
        record.append((cells, (first, second, move), caught))
        cells = new
    return record


@lru_cache(maxsize=1)
def game_data() -> dict[str, Any]:
    """All that the page needs, as JSON."""
    # The mate knows prey 1 and hunts prey 2 like it; prey 3 it has watched with the team.
    rounds = story()
    old = respond(rounds[0].prey)[1]
    prey = []
    for k, (one, mate) in enumerate(zip(rounds, [old, old, rounds[2].team[1]], strict=True)):
        team = []
        for cells, moves, caught in play(one, lambda _, s, team=one.team: (team[0][s], team[1][s])):  # type: ignore[misc]
            likely = [round(100 * p) for p in one.predicted[number(cells)].tolist()]
            regret = [round(r, 2) for r in one.regrets[number(cells)].tolist()]
            team.append({"cells": [*cells], "moves": [*moves], "caught": caught, "expected": likely, "regret": regret})
        mates, *steps = ("".join(map(str, row.tolist())) for row in (mate, *one.moves))
        prey.append({
            "habit": PREY[k][1], "start": [*one.start], "moves": steps, "again": one.again, "mate": mates,
            "watched": [[*cells, move] for cells, move in one.watched] if k == 2 else [], "team": team,
        })  # fmt: skip
    return {"moves": list(MOVES), "landing": LANDING, "goal": GOAL, "watched": WATCHED, "prey": prey}
