"""Variance of one decision's gradient estimate: REINFORCE, COMA and CRA on every task with an exact Q.

E_s tr Cov(ĝ | s) in closed form: states weighted by their discounted visits d(s), joint actions enumerated, Q exact and of
the policies that act. Nothing is sampled and nothing learned. The policies are:

1. `held-out`: against each of the first held-out externals the team plays its joint best response, but every target acts
   at random with probability ε (the exploration; 1 is the uniform team). Variances are averaged over the externals.
2. `average`: the same against the average external, the state-wise mean policy of the training split: an external of
   which nothing is known but the family.

The mean over targets of their variances is reported, and its ratio to COMA's. `COMA, externals averaged` and `COMA, team
averaged` leave only one part of the others' noise in, and so show where COMA's variance comes from. The number of agents
grows with the tasks' options, and with the players of matrix games. Writes benchmarks/results/variance.json and the figure
docs/variance.png.

    python benchmarks/variance.py
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import numpy as np
import torch
from joblib import Parallel, delayed

import micra_lite
from common import read, write_part
from micra_lite import exact
from micra_lite.exact.tabulate import table_entries
from micra_lite.externals import ExternalFamily
from micra_lite.games.matrix import MatrixGame, MixedStrategies
from micra_lite.games.tabular import TabularGame
from micra_lite.plotting import results, style

DOCS = Path(__file__).parent.parent / "docs"
EXPLORATION = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
FEW, LARGE = (0.5,), 1000  # explorations of games with more than so many states
HELD_OUT = 8  # externals of each task
RANDOM_GAMES = 8
ONE_DECISION, PLAYERS = ("meeting of all", "random payoffs"), (2, 3, 4, 5, 6)  # matrix games
# task → its option for the number of targets, and the numbers for which a table fits (pursuit with 4 hunters: 1.7e9 entries)
TEAMS = {"pursuit": ("hunters", (1, 2, 3)), "rendezvous": ("carriers", (1, 2, 3)), "gates": ("defenders", (1, 2, 3)),
         "crossing": ("drivers", (1, 2, 3)), "bystander": ("friends", (2, 3)), "weather": ("walkers", (1, 2, 3, 4, 5))}  # fmt: skip

# With four agents a grid task has 6,561 states × 625 joint actions × 9 outcomes: 37 million entries, 2 GB at work.
MOST_ENTRIES = 40_000_000
Problem = tuple[str, int, str, list[tuple[TabularGame, ExternalFamily]]]


def matrix_game(name: str, payoffs: torch.Tensor) -> MatrixGame:
    """A game in which all are paid `payoffs` (A_1, …, A_n), the last player being the external."""
    n = payoffs.dim()
    agents = ("row", "column", "third")[:n] if n <= 3 else tuple(f"player_{j}" for j in range(n))
    return MatrixGame(name, payoffs[..., None].expand(*payoffs.shape, n), agents[:-1], agents[-1:])


def meeting(players: int) -> MatrixGame:
    """A game that pays 1 if all choose the same one of two sites."""
    sites = torch.stack(torch.meshgrid(*[torch.arange(2)] * players, indexing="ij"))  # (n, 2, …, 2)
    return matrix_game("meeting of all", (sites == sites[0]).all(0).double())


def random_payoffs(players: int, seed: int) -> MatrixGame:
    """A game with standard normal payoffs; every other player has three actions, the rest have two."""
    generator = torch.Generator().manual_seed(1000 * players + seed)
    return matrix_game(
        "random payoffs", torch.randn(*[3 - j % 2 for j in range(players)], generator=generator).double()
    )


def problems() -> Iterator[Problem]:
    """The problems to measure: (task, agents, which externals, the games over which variances are averaged)."""
    for task, (option, teams) in TEAMS.items():
        for targets in teams:
            game = micra_lite.make(task, **{option: targets})
            assert isinstance(game, TabularGame)
            for which in ("held-out", "average"):
                yield task, targets + 1, which, [(game, micra_lite.external_family(task, game))]
    for players in PLAYERS:
        games_of = ([meeting(players)], [random_payoffs(players, seed) for seed in range(RANDOM_GAMES)])
        for name, games in zip(ONE_DECISION, games_of, strict=True):
            for which in ("held-out", "average"):
                yield name, players, which, [(game, MixedStrategies(game)) for game in games]


def within(work: Iterable[Problem], most: int) -> tuple[list[Problem], list[str]]:
    """The problems whose tables have at most so many entries, small ones first, and a message for each one left out."""
    done = sorted(work, key=lambda p: table_entries(p[3][0][0]))
    words = [
        f"left out: {task}, {agents} agents, {which}: a table of {size:,} entries, more than --most-entries {most}"
        for task, agents, which, ((game, _), *_) in done if (size := table_entries(game)) > most
    ]  # fmt: skip
    return done[: len(done) - len(words)], words


def external_policies(game: TabularGame, family: ExternalFamily, which: str) -> list[list[np.ndarray]]:
    """The external policies (S, A_e), per external agent, of each external that is met."""
    if which == "average":
        train = family.split("train")
        parts = [game.tables(train[first : first + 64]) for first in range(0, len(train), 64)]  # to save memory
        return [[torch.cat([t.sum(0, keepdim=True) for t in tables]).sum(0).numpy() / len(train)
                 for tables in zip(*parts, strict=True)]]  # fmt: skip
    tables = game.tables(family.split("held-out")[:HELD_OUT])
    return [[table[k].numpy() for table in tables] for k in range(HELD_OUT)]


def decision_variances(
    table: micra_lite.games.Tabulated, team: Sequence[np.ndarray], externals: Sequence[np.ndarray]
) -> dict[str, float]:
    """E_s tr Cov(ĝ | s) for every estimator, the mean over targets, return²; policies in the targets' order."""
    policies: list[np.ndarray] = [np.empty(0)] * len(table.A)
    for axis, policy in zip((*table.target_axes, *table.external_axes), (*team, *externals), strict=True):
        policies[axis] = policy
    q, squared = exact.joint_q(table, policies), exact.squared_return(table, policies)
    visits = exact.occupancy(table, policies)
    visits /= visits.sum()
    sums: dict[str, float] = {}
    for i in table.target_axes:
        team_mates = [j for j in table.target_axes if j != i]
        found = exact.gradient_variances(q, policies, i, squared) | {
            "COMA, externals averaged": exact.advantage_variance(q, policies, i, table.external_axes),
            "COMA, team averaged": exact.advantage_variance(q, policies, i, team_mates),
        }
        for method, variance in found.items():
            sums[method] = sums.get(method, 0.0) + float(visits @ variance) / len(table.target_axes)
    return sums


def measure(
    games: list[tuple[TabularGame, ExternalFamily]], which: str, path: Path
) -> list[tuple[float, dict[str, float]]]:
    """For each exploration: method → variance, averaged over the games and their externals; kept in `path`."""
    if path.exists():
        return json.loads(path.read_text())
    torch.set_num_threads(1)
    found: dict[float, list[dict[str, float]]] = {}
    for game, family in games:
        table = exact.tabulate(game)
        for externals in external_policies(game, family, which):
            best = exact.best_response(table, externals).policies
            for epsilon in EXPLORATION if table.S <= LARGE else FEW:
                team = [(1 - epsilon) * own + epsilon / own.shape[1] for own in best]
                found.setdefault(epsilon, []).append(decision_variances(table, team, externals))
    # Rounding can leave a difference of moments slightly below zero.
    means = [
        (epsilon, {m: max(0.0, float(np.mean([f[m] for f in each]))) for m in each[0]})
        for epsilon, each in found.items()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(means))
    print(f"{path.stem}: {time.process_time():.0f} CPU-s of this process so far", flush=True)
    return means


def main() -> None:
    """Measure everything, print it, write the result and the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--tasks", nargs="+", choices=[*TEAMS, *ONE_DECISION], metavar="TASK", help="default: all of them"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument(
        "--cache", type=Path, default=Path("runs/benchmarks/variance"), help="what is done is kept here"
    )
    parser.add_argument(
        "--most-entries",
        type=int,
        default=MOST_ENTRIES,
        help="leave out games with larger tables (default: %(default)s)",
    )
    options = parser.parse_args()
    wanted = (p for p in problems() if not options.tasks or p[0] in options.tasks)
    work, left_out = within(wanted, options.most_entries)
    for words in left_out:
        print(words, flush=True)
    done = Parallel(n_jobs=options.jobs)(
        delayed(measure)(games, which, options.cache / f"{task}-{agents}-{which}.json")
        for task, agents, which, games in work
    )
    rows: list[dict[str, Any]] = []
    for (task, agents, which, _), found in zip(work, done, strict=True):
        for epsilon, variances in found:
            team = "uniform team" if epsilon == 1 else f"best response, at random with probability {epsilon}"
            rows += [{"task": task, "method": method, "agents": agents, "exploration": epsilon, "external": which,
                      "policies": f"{team}, beside {'each' if which == 'held-out' else 'the'} {which} external",
                      "ratio_to_coma": variance / variances["COMA"], "variance": variance}
                     for method, variance in variances.items()]  # fmt: skip
            ratios = ", ".join(f"{m} {v / variances['COMA']:.3g}" for m, v in variances.items() if m != "COMA")
            print(
                f"{task:14s} {agents} agents, {which:8s} ε {epsilon:.1f}: COMA {variances['COMA']:.3g}; {ratios}",
                flush=True,
            )
    about = {"held_out_externals": HELD_OUT, "random_games": RANDOM_GAMES, "unit": "return² (logits have no unit)"}
    print(write_part("variance", 1, rows, {}, **about))
    figure, alt = results.variance_figure(read("variance")["rows"])
    style.save(figure, DOCS / "variance.png", alt)
    print(DOCS / "variance.png")


if __name__ == "__main__":
    main()
