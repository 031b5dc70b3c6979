"""Speed and memory as batch, number of hunters and board grow. Writes benchmarks/results/growth.json.

Random play of pursuit (`stepping`) and offline training with the default settings (`training`), in environment steps per
CPU second on one thread; and `micra-lite demo`. Each is measured in a process of its own. Peak memory includes that of the
imports, which the row `importing` gives by itself.

    python benchmarks/growth.py
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import torch

import micra_lite
from micra_lite.cli.main import main as command_line

BATCHES, HUNTERS, SIZES = (1, 32, 1024, 8192), (2, 3, 4), (3, 4, 5, 8)
ROUNDS = 3


def stepping(batch: int, hunters: int, size: int) -> float:
    """Environment steps per CPU second of random play, the median of some rounds of at least 0.3 seconds."""
    game = micra_lite.make("pursuit", hunters=hunters, size=size)
    generator = torch.Generator().manual_seed(0)
    state = game.reset(batch, generator)
    speeds = []
    for _ in range(ROUNDS + 1):  # the first one warms up
        steps, start = 0, time.process_time()
        while time.process_time() - start < 0.3:
            for _ in range(20):
                actions = torch.randint(5, (batch, hunters + 1), generator=generator)
                state = game.step(state, actions, generator).state
            steps += 20 * batch
        speeds.append(steps / (time.process_time() - start))
    return statistics.median(speeds[1:])


def training(hunters: int, size: int, rounds: int = 2) -> float:
    """Environment steps per CPU second of offline training, over some rounds of play and the updates that follow."""
    game = micra_lite.make("pursuit", hunters=hunters, size=size)
    settings = micra_lite.Settings()
    records = micra_lite.offline_training(game, micra_lite.external_family("pursuit", game), settings)
    for _ in range(settings.updates_per_round):  # the first round warms up
        record = next(records)
    first, start = record.state.environment_steps, time.process_time()
    for _ in range(rounds * settings.updates_per_round):
        record = next(records)
    return (record.state.environment_steps - first) / (time.process_time() - start)


def demo() -> float:
    """Run `micra-lite demo`; its CPU seconds."""
    with tempfile.TemporaryDirectory() as out:
        command_line(["demo", "--out", out])
    return time.process_time()


def measured(name: str, **of: int) -> dict[str, Any]:
    """One row, measured by a process of its own."""
    command = [sys.executable, __file__, "--measure", name, json.dumps(of)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    value, memory = json.loads(printed.splitlines()[-1])
    unit = "environment steps/CPU-s" if name in ("stepping", "training") else "CPU-s"
    row = {"measure": name, **of, "value": value, "unit": unit, "peak_memory_mb": memory}
    print(row, flush=True)
    return row


def main() -> None:
    """Measure everything and write the result; or one thing, in this process, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "OPTIONS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        torch.set_num_threads(1)
        work = {"importing": time.process_time, "demo": demo, "stepping": stepping, "training": training}
        value = work[options.measure[0]](**json.loads(options.measure[1]))
        print(json.dumps([value, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
        return
    rows = [measured("importing")]
    boards = dict.fromkeys([*((h, 3) for h in HUNTERS), *((2, size) for size in SIZES)])
    rows += [measured("stepping", batch=batch, hunters=2, size=3) for batch in BATCHES]
    rows += [measured("stepping", batch=1024, hunters=h, size=size) for h, size in boards if (h, size) != (2, 3)]
    rows += [measured("training", hunters=h, size=size) for h, size in boards]
    rows.append(measured("demo"))
    from common import write  # only now: a process inherits the peak memory of the one that starts it

    print(write("growth", 1, rows))


if __name__ == "__main__":
    main()
