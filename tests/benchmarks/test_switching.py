"""The benchmark of externals that change: all three teams meet the same change, and only one raises alarms."""

import importlib
import math
from pathlib import Path

import micra_lite


def test_alarms_are_those_of_the_team_that_watches(monkeypatch):
    """A threshold below 0 is passed at every step: the delay is 0, and every step before the change a false alarm."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    switching = importlib.import_module("switching")
    monkeypatch.setattr(switching, "EPISODES", 4)
    monkeypatch.setattr(switching, "SOON", 10)
    settings = micra_lite.Settings(features=8, hidden=8, actor_hidden=8, imitator_hidden=8, inner_steps=1)
    team = micra_lite.TrainingState.initial(micra_lite.make("pursuit"), settings)
    found = {method: switching.encounter(team, 0, method, threshold) for method, threshold in (
        ("watches", -1.0), ("is told", math.inf), ("never asks", math.inf))}  # fmt: skip
    for method, row in found.items():
        assert all(math.isfinite(row[name]) for name in ("before", "at_once", "later"))
        assert (row["noticed"], row["false_alarms"]) == ((1, 1000) if method == "watches" else (0, 0))
    assert found["watches"]["delay"] == 0
    assert math.isnan(found["never asks"]["delay"])
