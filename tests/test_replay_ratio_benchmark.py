"""The benchmark of the replay ratio: nothing but the gradient steps differs, runs of the curves are used, ratios by hand."""

import importlib
import json
import sys
from pathlib import Path

import pytest


@pytest.fixture
def replay_ratio(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    return importlib.import_module("replay_ratio")


def test_four_times_as_many_steps_and_nothing_else(replay_ratio, tmp_path, monkeypatch):
    ran = []

    def run(task, method, panel, split, settings, cache):
        ran.append((task, method, panel, split, settings))
        scores = [0.0, 0.5 + 0.1 * (settings.value_steps > 6) * (method == "MICRA")]
        rows = [
            {"task": task, "panel": panel, "method": method, "seed": settings.seed, "point": 10 * j, "step": 100 * j,
             "training_cpu_seconds": 1.0, "watched": 0, "externals": externals, "score": score}
            for j, score in enumerate(scores) for externals in (12, 64)
        ]  # fmt: skip
        return rows + [{**rows[2], "point": 5, "step": 50}] * (scores[1] > 0.55)

    written = {}
    monkeypatch.setattr(replay_ratio, "run", run)
    monkeypatch.setattr(replay_ratio, "winners", dict)
    monkeypatch.setattr(replay_ratio, "write", lambda name, seeds, rows, **more: written.update(rows=rows, **more))
    arguments = ["--tasks", "meeting", "--seeds", "3", "--jobs", "1", "--cache", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["replay_ratio.py", *arguments])
    replay_ratio.main()
    assert len(ran) == 3 * 7
    assert {row[2:4] for row in ran} == {("nobody adapts", "held-out")}
    for method in replay_ratio.METHODS:
        for seed in range(3):
            once, more = (row[4] for row in ran if row[1] == method and row[4].seed == seed)
            changed = {name for name in vars(once) if getattr(once, name) != getattr(more, name)}
            assert changed == {"value_steps"}
            assert more.value_steps == 4 * once.value_steps
    # The threshold is 90% of 0.5, the best of the curves' own: what learns more often does not raise it.
    steps = {r["method"]: r["steps_to_90"] for r in written["rows"]}
    assert steps.pop("MICRA, 4 times the gradient steps") == 50
    assert set(steps.values()) == {100}
    ratios = {r["method"]: (r["steps_ratio"], r["steps_ratio_of_means"]) for r in written["ratios"]}
    assert ratios == dict.fromkeys(steps, pytest.approx((2, 2)))
    json.dumps(written)
