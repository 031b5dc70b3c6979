"""Public peers on our task: BenchMARL's MAPPO, MADDPG and MASAC hunt in pursuit 3×3, scored exactly as our teams are.

They play through the PettingZoo interface: the two hunters learn, and the prey is a part of the environment, drawn from the
training externals for every episode. Reward, horizon and discount are the game's, all other settings BenchMARL's own (see
`peers_benchmarl`). No peer is told anything about the prey, so they are compared with MICRA where nobody adapts. MICRA is
trained with its usual settings and a budget of its own, because it takes many cheap steps where they take few expensive
ones; it is also reported after as many steps as theirs. Its settings were found on this game's validation prey, when the
game was made; the peers' are for other games and for more steps (BenchMARL's default is 3,000,000). No team that plays all
prey alike can be expected to score 0.8 (the best one found has 0.69, see benchmarks/games.py). The time to that score is
therefore measured for MICRA as it is meant to be used, adapting to each prey after five watched episodes.

BenchMARL's MADDPG has no discrete actions, by Gumbel samples or otherwise. Two substitutes come nearest: MADDPG with
continuous actions, where each hunter names a direction and its move is drawn in proportion (with a number for each move,
tried first, actors soon gave all moves the same number); and MASAC, which has discrete actions and is off-policy with a
critic of joint actions, too.

EPyMARL (github.com/uoe-agents/epymarl, commit cbc38c09) is not a package and not part of this project. With its source and
an environment of its own at hand, `COMMAND SEED STEPS FILE` trains its COMA with its own settings for pursuit's discount and
horizon, in `hunters_env`, and writes FILE, json: peak_memory_gb, and points, each with steps, gradient_steps, cpu_seconds
and wall_seconds of learner and workers together, and mean values against each held-out prey of the policies (values) and of
their likeliest moves (greedy). Its actors are recurrent, so they are scored by playing, not exactly.

Each run is a process of its own on one thread. CPU-seconds (user and system) and wall-clock seconds (including any waiting
for other work on the machine) are those of training, without imports and scoring; peak memory is that of the whole process
(EPyMARL's: of the learner, without its workers). Scores are of the stochastic policies, without exploration noise; `greedy`
scores are of their likeliest moves, by which BenchMARL evaluates. Finished runs are kept in runs/benchmarks/peers; a stopped
one starts again. Writes benchmarks/results/peers.json and docs/peers.png.

    pip install --no-deps -r benchmarks/requirements-peers.txt
    python benchmarks/peers.py --seeds 5 --steps 60000 [--epymarl COMMAND]
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import numpy as np
import torch

import micra_lite
from common import interquartile_mean, read, write
from learning import round_steps
from learning_table import POINTS
from micra_lite import exact
from micra_lite.plotting import style
from peers_environment import TASK, hunters_env, pointed
from peers_figure import peers_figure
from peers_scores import Run, Scorer
from runs import game_of, keep, yardstick

OURS = {"MICRA": False, "MICRA, adapting": True}  # whether its actors are told what the imitator expects
METHODS = ("MAPPO", "MADDPG", "MASAC", *OURS)
EPYMARL = "EPyMARL COMA"
DOCS = Path(__file__).parent.parent / "docs"
OUR_STEPS = 640_000
ROUND = 6000  # environment steps between two points: one iteration of BenchMARL's


def train_micra(seed: int, run: Run, scorer: Scorer) -> None:
    """Train MICRA with its usual settings. Where it does not adapt, its actors are told nothing of the externals."""
    game, family = game_of(TASK)
    adapting = OURS[run.method]
    usual = micra_lite.settings_for(TASK, seed=seed, conditioned=adapting)
    updates = math.ceil(OUR_STEPS / round_steps(TASK, usual)) * usual.updates_per_round
    settings = micra_lite.settings_for(TASK, seed=seed, conditioned=adapting, updates=updates)
    state = micra_lite.TrainingState.initial(game, settings)
    records = micra_lite.offline_training(game, family, settings, state)
    points = {round(settings.updates * j / POINTS) for j in range(POINTS + 1)}

    def scores() -> dict[str, float]:
        if adapting:
            return scorer.adapted_scores(state)
        return scorer.scores([t[0].double().numpy() for t in exact.team_tables(state)])

    while True:
        if state.updates in points:
            run.point(state.environment_steps, state.updates * settings.value_steps, scores)
        if state.updates >= settings.updates:
            return
        state = next(records).state


def run_epymarl(command: str, seed: int, steps: int, cache: Path) -> dict[str, Any]:
    """Run EPyMARL's COMA once by `command`, and keep the finished run."""
    scorer, run = Scorer(cache), Run(EPYMARL)
    file = file_of(EPYMARL, seed, steps, cache)
    raw = file.with_suffix(".raw")
    subprocess.run([*shlex.split(command), str(seed), str(steps), str(raw)], check=True)
    found = json.loads(raw.read_text())
    raw.unlink()
    for point in found["points"]:
        values = {"score": np.array(point.pop("values")), "greedy": np.array(point.pop("greedy"))}
        run.points.append(point | scorer.normalised(**values))
    return keep(file, run.row(seed) | {"peak_memory_gb": found["peak_memory_gb"]})


def run_one(method: str, seed: int, steps: int, cache: Path) -> dict[str, Any]:
    """Run one method once from beginning to end, and keep the finished run."""
    torch.set_num_threads(1)
    scorer, run = Scorer(cache), Run(method)
    if method in OURS:
        train_micra(seed, run, scorer)
    else:
        import peers_benchmarl  # which needs BenchMARL

        game = scorer.game
        seen = game.observe(game.states())
        observations = torch.stack([seen[i] for i in game.target_axes], 1)  # (S, m, O)

        def point(steps: int, gradient_steps: int, said: torch.Tensor) -> None:
            """Score what the actors said in every state, (S, m, A)."""
            policies = pointed(said) if method == "MADDPG" else said.double().numpy()
            team = [policies[:, i] for i in range(policies.shape[1])]
            run.point(steps, gradient_steps, lambda: scorer.scores(team))

        make_env = partial(hunters_env, method == "MADDPG")
        peers_benchmarl.train(method, seed, steps, make_env, game.horizon, game.gamma, observations, point)
    return keep(file_of(method, seed, steps, cache), run.row(seed))


def file_of(method: str, seed: int, steps: int, cache: Path) -> Path:
    """The file that keeps a finished run."""
    return cache / f"{method.replace(', ', '_')}-{OUR_STEPS if method in OURS else steps}-{seed}.json"


def at(row: dict[str, Any], steps: int) -> dict[str, Any]:
    """A run as it was at the first point with at least so many steps."""
    point = next(p for p in row["points"] if p["steps"] >= steps)
    reached = {x: p if p and p["steps"] <= point["steps"] else None for x, p in row["reached"].items()}
    return row | point | {"reached": reached}


def summary(rows: Sequence[dict[str, Any]], steps: int) -> list[dict[str, Any]]:
    """Per method, and for MICRA after as many steps: interquartile means and 95% intervals of scores, means of all else.

    For each score in `REACHED`: the number of runs that reached it, and the mean CPU-seconds that they took.
    """
    early = [at(r, steps) | {"method": f"{r['method']}, after as many steps"} for r in rows if r["method"] in OURS]
    found = []
    for method in dict.fromkeys(r["method"] for r in [*rows, *early]):
        mine = [r for r in [*rows, *early] if r["method"] == method]
        numbers = [k for k, x in mine[0].items() if isinstance(x, int | float) and k != "seed"]
        row = {"method": method, "seeds": len(mine)} | {k: float(np.mean([r[k] for r in mine])) for k in numbers}
        for name in (k for k in numbers if k.startswith(("score", "greedy"))):
            row[name], row[f"{name}_low"], row[f"{name}_high"] = interquartile_mean([r[name] for r in mine])
        there = {x: [r["reached"][x]["cpu_seconds"] for r in mine if r["reached"][x]] for x in mine[0]["reached"]}
        row["reached"] = {x: len(seconds) for x, seconds in there.items()}
        row["cpu_seconds_to"] = {x: float(np.mean(seconds)) if seconds else None for x, seconds in there.items()}
        found.append(row)
    return found


def main() -> None:
    """Run what is missing, seed after seed, and write what there is after every run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS, metavar="METHOD")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--steps", type=int, default=60_000, help=f"of a peer's run, raised to whole iterations of {ROUND:,}"
    )
    parser.add_argument("--epymarl", metavar="COMMAND", help="how to train EPyMARL's COMA here, to have it beside them")
    parser.add_argument("--cache", type=Path, default=Path("runs/benchmarks/peers"))
    options = parser.parse_args()
    methods = options.methods + [EPYMARL] * bool(options.epymarl)
    if options.epymarl:  # a path on this machine means nothing elsewhere
        sys.argv[sys.argv.index("--epymarl") + 1] = "COMMAND"
    steps = math.ceil(options.steps / ROUND) * ROUND
    yardstick(TASK, options.cache)
    packages = {name: version(name) for name in ("benchmarl", "torchrl", "tensordict")}
    for seed in range(options.seeds):
        for method in methods:
            if not file_of(method, seed, steps, options.cache).exists():
                if method == EPYMARL:
                    run_epymarl(options.epymarl, seed, steps, options.cache)
                else:  # a fresh process each, so that peak memory is one run's
                    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                        pool.submit(run_one, method, seed, steps, options.cache).result()
            files = [file_of(m, s, steps, options.cache) for m in methods for s in range(options.seeds)]
            rows = [json.loads(file.read_text()) for file in files if file.exists()]
            seeds = min(sum(r["method"] == m for r in rows) for m in methods)
            print(write("peers", seeds, rows, steps=steps, packages=packages, summary=summary(rows, steps)))
    fixed = next(r["headroom_average"] for r in read("games")["rows"] if r["game"] == TASK)
    figure, alt = peers_figure(rows, fixed)
    style.save(figure, DOCS / "peers.png", alt)


if __name__ == "__main__":
    main()
