"""What it costs to play others' environments as games: time per step beside the bare environment's, in one run.

The same random actions are played in the same environment, bare and as a game with one row, in turn, many times; the
quickest round of each counts, in CPU seconds: whatever else a machine does only adds time. The adapter may take 0.1 ms a
step, or 0.3 of the bare step where that takes 1 ms or more. Writes benchmarks/results/adapters.json.

    python benchmarks/adapters.py
"""

from __future__ import annotations

import os

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import importlib
import time
from collections.abc import Callable
from typing import Any

import torch
from pettingzoo import ParallelEnv
from pettingzoo.utils.conversions import turn_based_aec_to_parallel

from common import write
from micra_lite.interop.from_pettingzoo import ParallelGame, from_parallel_env

torch.set_num_threads(1)
ROUNDS, STEPS = 25, 200
MODULES = {  # module, steps of an episode where the environment does not tell them
    "simple_spread": ("mpe2.simple_spread_v3", None), "pursuit": ("pettingzoo.sisl.pursuit_v5", None),
    "rps": ("pettingzoo.classic.rps_v2", None), "tictactoe": ("pettingzoo.classic.tictactoe_v3", 9),
}  # fmt: skip


def maker(module: str) -> Callable[[], ParallelEnv]:
    """A function that makes the environment of a module, which may be one of turns."""
    found = importlib.import_module(module)
    return getattr(found, "parallel_env", None) or (lambda: turn_based_aec_to_parallel(found.env()))


Played = list[tuple[int | None, torch.Tensor, dict[str, int]]]  # a reset's seed, or None; the actions, in two forms


def record(game: ParallelGame, steps: int) -> Played:
    """Random play of available actions by a game with one row."""
    generator, played, state, over = torch.Generator().manual_seed(0), Played(), torch.empty(0), True
    for number in range(steps):
        seed = number if over else None
        if over:
            state = game.reset(1, torch.Generator().manual_seed(number))
        free = game.available(game.observe(state))
        actions = torch.cat([torch.multinomial(each, 1, generator=generator) for each in free], 1)
        step = game.step(state, actions, generator)
        played.append((seed, actions, dict(zip(game.agents, actions[0].tolist(), strict=True))))
        state, over = step.state, bool(step.terminated | step.truncated)
    return played


def play_game(game: ParallelGame, played: Played) -> float:
    """Milliseconds of CPU a step, resets included."""
    generator, state = torch.Generator(), torch.empty(0)
    start = time.process_time()
    for seed, actions, _ in played:
        if seed is not None:
            state = game.reset(1, generator.manual_seed(seed))
        state = game.step(state, actions, generator).state
        game.observe(state)
    return 1000 * (time.process_time() - start) / len(played)


def play_bare(env: ParallelEnv, played: Played) -> float:
    """The same without the adapter."""
    seeds = {s: int(torch.randint(2**31 - 1, (1,), generator=torch.Generator().manual_seed(s)))
             for s, *_ in played if s is not None}  # fmt: skip
    start = time.process_time()
    for seed, _, actions in played:
        if seed is not None:
            env.reset(seed=seeds[seed])
        env.step({agent: actions[agent] for agent in env.agents})
    return 1000 * (time.process_time() - start) / len(played)


def measure(name: str) -> dict[str, Any]:
    """One environment: milliseconds a step, bare and as a game."""
    module, horizon = MODULES[name]
    make_env = maker(module)
    bare, targets = make_env(), make_env().possible_agents[:1]
    game, times = from_parallel_env(make_env, targets, horizon=horizon), list[tuple[float, float]]()
    played = record(game, STEPS)
    for _ in range(ROUNDS):
        times.append((play_bare(bare, played), play_game(game, played)))
    alone, adapted = [min(column) for column in zip(*times, strict=True)]
    allowed = 1.3 * alone if alone >= 1 else alone + 0.1
    return {
        "environment": name, "agents": len(game.agents), "bare_ms": alone, "game_ms": adapted, "added_ms": adapted - alone,
        "ratio": adapted / alone, "within": adapted <= allowed,
    }  # fmt: skip


def main() -> None:
    """Measure all and write the file."""
    rows = []
    for name in MODULES:
        rows.append(measure(name))
        print(
            {key: round(value, 4) if isinstance(value, float) else value for key, value in rows[-1].items()}, flush=True
        )
    print(write("adapters", 1, rows))


if __name__ == "__main__":
    main()
