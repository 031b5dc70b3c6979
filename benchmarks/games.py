"""Every grid task's headroom: how much knowing the external is worth, over all its held-out externals.

Writes benchmarks/results/games.json.

    python benchmarks/games.py
"""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from common import write

import micra_lite
from micra_lite import exact
from micra_lite.catalogue import GRID_TASKS
from micra_lite.games import TabularGame


def headroom(name: str) -> dict[str, Any]:
    """One task's headroom, as a row of games.json."""
    game, family = micra_lite.make(name), micra_lite.external_family(name)
    assert isinstance(game, TabularGame)
    lists = []
    for which in ("train", "held-out"):
        tables = family.split(which).tables(game)
        lists.append([[t[k].numpy() for t in tables] for k in range(len(tables[0]))])
    table = game.tabulate()
    scale = exact.yardstick(table, lists[1])
    h = exact.headroom(table, *lists, scale=scale)
    return {
        "game": name, "agents": len(game.agents), "states": game.n_states, "joint_actions": len(game.joint_actions()),
        "headroom_average": h.average, "headroom_other": h.other, "average_response": h.average_response,
        "best_fixed": h.best_fixed, "random_value": float(scale.random.mean()), "best_value": float(scale.best.mean()),
    }  # fmt: skip


def main() -> None:
    """Measure all tasks and write the result file."""
    rows = []
    for name in GRID_TASKS:
        rows.append(headroom(name))
        print(rows[-1], flush=True)
    print(write("games", 1, rows))


if __name__ == "__main__":
    main()
