"""Speed, as ratios measured in one run: stepping, solving, training, meta-updates, importing.

Ours and a peer's are timed in turn, several times, and the median ratio is kept, so that a machine whose speed drifts
favours neither. Everything runs on one thread; times are CPU seconds of the process. Rows that are not measured this time
stay as they were. Writes benchmarks/results/throughput.json.

    python benchmarks/throughput.py [--only MEASURE ...] [--epymarl COMMAND]

EPyMARL (github.com/uoe-agents/epymarl, commit cbc38c09) is not a package and not part of this project. With its source and
an environment of its own at hand, COMMAND trains its COMA on lbforaging's Foraging-5x5-2p-1f-coop-v3 (its default settings,
no tests in between, one thread) and prints as its last word the environment steps per CPU second of learner and workers
together. It is then timed in turn with our training. TorchOpt is measured where it is installed (the extra `peers`).
"""

from __future__ import annotations

import os

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import argparse
import json
import resource
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import torch

import micra_lite
from common import RESULTS, write
from meta_update import meta_updates
from micra_lite.phases import offline_training
from tuning import winners

torch.set_num_threads(1)
ROUNDS = 7
# EPyMARL's COMA as measured earlier on another, slower machine: environment steps per CPU second. It takes 2 gradient
# steps for every 10 episodes of up to 50 steps (counted: 0.0041 a step).
EPYMARL_COMA, EPYMARL_UPDATES = 644.0, 0.0041
EPYMARL = "EPyMARL COMA, lbforaging 5x5-2p-1f-coop"


def per_cpu_second(work: Callable[[], int]) -> float:
    """Units of work done per CPU second of this process."""
    start = time.process_time()
    done = work()
    return done / (time.process_time() - start)


def stepping(size: int, batch: int = 1024, steps: int = 200) -> int:
    """Random play of pursuit, `batch` episodes at once."""
    game = micra_lite.make("pursuit", size=size)
    generator = torch.Generator().manual_seed(0)
    state = game.reset(batch, generator)
    for _ in range(steps):
        actions = torch.randint(5, (batch, 3), generator=generator)
        state = game.step(state, actions, generator).state
    return batch * steps


def peer_stepping(steps: int = 500) -> int:
    """Random play of one environment of mpe2's simple_tag, through its parallel API."""
    from mpe2 import simple_tag_v3

    env = simple_tag_v3.parallel_env(continuous_actions=False)
    env.reset(seed=0)
    for _ in range(steps):
        if not env.agents:
            env.reset()
        env.step({agent: env.action_space(agent).sample() for agent in env.agents})
    env.close()
    return steps


# EPyMARL's COMA has layers of 64 units and learns from ten episodes of at most 50 steps at once.
ITS_SIZE = {"features": 64, "hidden": 64, "actor_hidden": 64, "imitator_hidden": 64, "states_per_external": 32}


def training(updates: int = 160, **changes: Any) -> tuple[float, float]:
    """Offline training of pursuit 3×3, default settings with `changes`: environment steps per CPU second, updates per step."""
    game, family = micra_lite.make("pursuit"), micra_lite.external_family("pursuit")
    records = offline_training(game, family, micra_lite.Settings(**changes))
    next(records)  # the first update includes work that is done only once
    steps, gradients = 0, 0
    start = time.process_time()
    for _ in range(updates):
        record = next(records)
        several = record.state.settings.value_steps  # of critic and actors; the imitator makes one step or none
        gradients += sum(1 if name == "meta_loss" else several for name in record.losses)
    steps = int(updates / record.state.settings.updates_per_round * record.state.environment_steps
                / -(-record.state.updates // record.state.settings.updates_per_round))  # fmt: skip
    return steps / (time.process_time() - start), gradients / steps


def solving(size: int) -> tuple[float, float]:
    """Tabulate pursuit and find the best response to one prey, in a fresh process: CPU seconds, and peak memory in GB."""
    code = (
        "import resource, time, torch, micra_lite; from micra_lite import exact; torch.set_num_threads(1)\n"
        f"game = micra_lite.make('pursuit', size={size}); family = micra_lite.external_family('pursuit', game)\n"
        "prey = [t[0].numpy() for t in game.tables(family.split('held-out')[0])]\n"
        "start = time.process_time(); exact.best_response(exact.tabulate(game), prey)\n"
        "print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)"
    )
    seconds, memory = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    return float(seconds), float(memory)


def epymarl(command: str) -> float:
    """Environment steps per CPU second, the last word that `command` prints."""
    return float(subprocess.run(shlex.split(command), check=True, capture_output=True, text=True).stdout.split()[-1])


def import_seconds(code: str) -> float:
    """CPU seconds of a fresh interpreter that runs `code`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def row(
    measure: str, ours: float, peer: float, peer_name: str, ratio: float, unit: str, updates: Any = None
) -> dict[str, Any]:
    """One row of the result, which is also printed."""
    print(f"{measure:42s} {ours:14,.1f} {peer:12,.1f} {unit:28s} ratio {ratio:10,.1f}  ({peer_name})", flush=True)
    return {"measure": measure, "ours": ours, "peer": peer, "peer_name": peer_name, "ratio": ratio, "unit": unit,
            "updates_per_step": updates}  # fmt: skip


def in_turn(ours: Callable[[], float], peer: Callable[[], float], rounds: int = ROUNDS) -> tuple[float, float, float]:
    """Measure both in turn: their medians, and the median ratio."""
    pairs = [(ours(), peer()) for _ in range(rounds)]
    return *(statistics.median(side) for side in zip(*pairs, strict=True)), statistics.median(a / b for a, b in pairs)


def stepping_rows(_: str | None) -> Iterator[dict[str, Any]]:
    """Random play beside a PettingZoo environment."""
    for size in (3, 4):
        ours, peer, ratio = in_turn(
            lambda: per_cpu_second(lambda: stepping(size)),  # noqa: B023
            lambda: per_cpu_second(peer_stepping),
        )
        yield row(f"stepping pursuit {size}×{size}, batch 1,024", ours, peer, "mpe2 simple_tag_v3, one environment", ratio,
                  "environment steps/CPU-s")  # fmt: skip


def solving_rows(_: str | None) -> Iterator[dict[str, Any]]:
    """Exact solutions beside the most that they may cost."""
    for size, most in ((4, 2.0), (5, 20.0)):
        seconds, memory = zip(*[solving(size) for _ in range(3)], strict=True)
        yield row(f"tabulating and solving pursuit {size}×{size}", statistics.median(seconds), most,
                  f"at most; peak memory {max(memory):.2f} GB", statistics.median(seconds) / most, "CPU-s")  # fmt: skip


def training_rows(command: str | None) -> Iterator[dict[str, Any]]:
    """Training beside EPyMARL's COMA: by default, with networks of its size, and with the settings of the learning curves;
    and the quick preset beside the default."""
    curves = {**winners()["MICRA"], "updates": 40}  # fewer: each makes several gradient steps
    variants = {"": {}, ", networks and batches of its size": ITS_SIZE, ", settings of the learning curves": curves}
    fast, usual, ratio = in_turn(lambda: training(**micra_lite.QUICK)[0], lambda: training()[0], 3)
    yield row(
        "offline training, pursuit 3×3, quick preset", fast, usual, "default settings", ratio, "environment steps/CPU-s"
    )
    timed = [([training(**v) for v in variants.values()], epymarl(command) if command else 0.0) for _ in range(3)]
    for which, name in enumerate(variants):
        ours, gradients = (statistics.median(times[which][part] for times, _ in timed) for part in (0, 1))
        updates = {"ours": gradients, "peer": EPYMARL_UPDATES}
        if not name:
            yield row("offline training, pursuit 3×3", ours, EPYMARL_COMA, f"{EPYMARL}, measured on another machine",
                      ours / EPYMARL_COMA, "environment steps/CPU-s", updates)  # fmt: skip
        if command:
            peer = statistics.median(p for _, p in timed)
            ratio = statistics.median(times[which][0] / p for times, p in timed)
            yield row(f"offline training, pursuit 3×3{name}, timed in turn", ours, peer, EPYMARL, ratio,
                      "environment steps/CPU-s", updates)  # fmt: skip


def meta_update_rows(_: str | None) -> Iterator[dict[str, Any]]:
    """Meta-updates beside TorchOpt."""
    for inner_steps in (1, 5):
        try:
            ours, theirs = meta_updates(inner_steps)
        except ImportError:
            print("no meta-updates beside TorchOpt: pip install torchopt==0.7.3 (the extra `peers`)")
            return
        found = in_turn(lambda: per_cpu_second(ours), lambda: per_cpu_second(theirs))  # noqa: B023
        many = f"{inner_steps} inner step{'s' * (inner_steps > 1)}"
        yield row(f"meta-update, 16 externals, {many}", *found[:2], f"TorchOpt {version('torchopt')}", found[2],
                  "updates/CPU-s")  # fmt: skip


def importing_rows(_: str | None) -> Iterator[dict[str, Any]]:
    """The time that our import adds to torch's."""
    use = "import torch, micra_lite; micra_lite.make, micra_lite.offline_training, micra_lite.external_family"
    times = [(import_seconds(use), import_seconds("import torch")) for _ in range(ROUNDS)]
    with_us, alone = (statistics.median(side) for side in zip(*times, strict=True))
    extra = statistics.median(a - b for a, b in times)
    found = row("importing everything that trains", with_us, alone, "import torch alone", with_us / alone, "CPU-s")
    yield found | {"added_seconds": extra}


MEASURES = {"stepping": stepping_rows, "solving": solving_rows, "training": training_rows,
            "meta-update": meta_update_rows, "importing": importing_rows}  # fmt: skip


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(MEASURES), default=list(MEASURES), metavar="MEASURE",
                        help=f"what to measure: {', '.join(MEASURES)} (default: all)")  # fmt: skip
    parser.add_argument("--epymarl", metavar="COMMAND", help="how to time EPyMARL's COMA here")
    options = parser.parse_args()
    last = RESULTS / "throughput.json"
    kept = json.loads(last.read_text(encoding="utf-8"))["rows"] if last.exists() else []
    rows = {r["measure"]: r for r in kept}
    for name in options.only:
        rows |= {r["measure"]: r for r in MEASURES[name](options.epymarl)}
    sys.argv[1:] = ["--epymarl", "COMMAND"]  # this makes all rows; a path on this machine means nothing elsewhere
    note = "each row is of the last time that it was measured: --only measures some of them again"
    print(write("throughput", 1, list(rows.values()), note=note))


if __name__ == "__main__":
    main()
