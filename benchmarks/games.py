"""Headroom of every game: what knowing the external is worth, over all held-out externals.

Writes benchmarks/results/games.json, and from it micra_lite/cli/headroom.json, which `micra-lite games` shows.

    python benchmarks/games.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import micra_lite
from common import RESULTS, write
from micra_lite import exact
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.games.tabular import TabularGame
from micra_lite.registry import ELSEWHERE, names

PACKAGED = Path(micra_lite.__file__).parent / "cli" / "headroom.json"


def headroom(name: str) -> dict[str, Any]:
    """One game's headroom, as a row of games.json."""
    game, family = micra_lite.make(name), micra_lite.external_family(name)
    assert isinstance(game, TabularGame)
    lists = []
    for which in ("train", "held-out"):
        tables = game.tables(family.split(which))
        lists.append([[t[k].numpy() for t in tables] for k in range(len(tables[0]))])
    table = exact.tabulate(game)
    scale = exact.yardstick(table, lists[1])
    h = exact.headroom(table, *lists, scale=scale)
    return {
        "game": name, "agents": len(game.agents), "states": game.n_states, "joint_actions": len(game.joint_actions()),
        "headroom_average": h.average, "headroom_other": h.other, "average_response": h.average_response,
        "best_fixed": h.best_fixed, "random_value": float(scale.random.mean()), "best_value": float(scale.best.mean()),
    }  # fmt: skip


def write_packaged() -> Path:
    """Copy the two headrooms of every game from games.json into the package."""
    measured = json.loads((RESULTS / "games.json").read_text(encoding="utf-8"))
    rows = [*measured["matrix_games"], *measured["rows"]]
    kept = {r["game"]: {key: r[key] for key in ("headroom_average", "headroom_other")} for r in rows}
    PACKAGED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return PACKAGED


def main() -> None:
    """Measure all games and write both files."""
    measured = {}
    for name in names():
        if name not in ELSEWHERE:  # no table, no headroom
            measured[name] = headroom(name)
            print(measured[name], flush=True)
    matrix_games = [measured.pop(name) for name in MATRIX_GAMES]
    print(write("games", 1, list(measured.values()), matrix_games=matrix_games))
    print(write_packaged())


if __name__ == "__main__":
    main()
