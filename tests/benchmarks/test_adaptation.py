"""The figures of the adaptation benchmark say what its rows say; its statistics are those of rliable."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from micra_lite.plotting import style


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    return importlib.import_module


@pytest.fixture
def adaptation_figure(benchmarks):
    return benchmarks("adaptation_figure")


def row(method, episodes, score, nats, seconds=0.1, bayes=None):
    return {"method": method, "episodes": episodes, "score": score, "low": score - 0.01, "high": score + 0.02,
            "excess_nats": nats, "bayes_nats": bayes, "seconds": seconds, "externals": 12}  # fmt: skip


ROWS = [
    row("conditioned", 0, 0.61, 0.8), row("conditioned", 1, 0.7, 0.3, bayes=0.2), row("conditioned", 5, 0.8, 0.1, 0.02, 0.05),
    row("Bayes-greedy team", 1, 0.9, 0.2, bayes=0.2), row("Bayes-greedy team", 5, 0.95, 0.05, bayes=0.05),
    row("conditioned, frozen", 5, 0.83, 0.1, 2.5), row("conditioned, true external policy", 0, 0.85, 0.0),
]  # fmt: skip


def test_adaptation_curves(adaptation_figure):
    """Ours is the red line through its scores; the ceiling stands beside it; gradient steps cost seconds; the alt text agrees."""
    figure, alt = adaptation_figure.adaptation_curves("gates", ROWS)
    scores, nats, seconds = figure.axes
    lines = {line.get_label(): line for line in scores.lines}
    assert lines["adapts (ours)"].get_color() == style.VERMILLION
    assert lines["adapts (ours)"].get_xydata().tolist() == [[0, 0.61], [1, 0.7], [5, 0.8]]
    assert lines["Bayes-greedy team"].get_xydata().tolist() == [[1, 0.9], [5, 0.95]]
    assert {line.get_label(): line.get_ydata()[-1] for line in nats.lines} == {
        "imitator (ours)": 0.1,
        "Bayes predictor": 0.05,
    }
    assert [c.get_label() for c in seconds.containers] == ["adapts (ours)", "+ frozen critic"]
    assert "Score 0.61 with nothing watched, 0.80 after 5 episodes" in alt
    assert "+ frozen critic 0.83 in 2.50 s" in alt
    assert len({line.get_linestyle() for line in scores.lines}) >= 3  # never colour alone


def test_before_and_after(adaptation_figure):
    """Each group has a panel; ours after watching is the red mark; the best fixed team has a mark where it is known."""

    def rows(task, before, after):
        return [
            {**row("conditioned", n, x, 0.1), "task": task, "seed_scores": [x, x]} for n, x in ((0, before), (5, after))
        ]

    grid = [*rows("gates", 0.61, 0.8), *rows("pursuit", 0.5, 0.9)]
    figure, alt = adaptation_figure.before_and_after(
        {"grid tasks": grid, "matrix games": rows("chicken", -0.3, 0.96)}, {"gates": 0.7, "chicken": 0.1}
    )
    above, below = figure.axes
    marks = {c.get_label(): c for c in below.collections}
    assert [t.get_text() for t in above.get_yticklabels()] == ["gates", "pursuit"]
    assert marks["nothing watched"].get_offsets().tolist() == [[-0.3, 0]]
    assert marks["after 5 watched episodes"].get_offsets().tolist() == [[0.96, 0]]
    assert marks["best fixed team found"].get_offsets().tolist() == [[0.1, 0]]
    assert marks["after 5 watched episodes"].get_facecolor()[0, :3].tolist() == pytest.approx(to_rgb(style.VERMILLION))
    assert "12 unseen externals" in alt
    assert "12 unseen externals" in figure.get_suptitle()
    assert "grid tasks: gates 0.61 to 0.80, pursuit 0.50 to 0.90. matrix games: chicken -0.30 to 0.96." in alt


def test_the_interquartile_mean_and_its_interval_are_those_of_rliable(benchmarks):
    from rliable import library, metrics

    common = benchmarks("common")
    scores = np.random.default_rng(3).beta(5, 2, size=10)
    np.random.seed(1)  # noqa: NPY002 - rliable draws from numpy's global generator
    mean, interval = library.get_interval_estimates(
        {"runs": scores[:, None]}, lambda x: np.array([metrics.aggregate_iqm(x)]), reps=4000
    )
    middle, low, high = common.interquartile_mean(scores.tolist())
    assert middle == pytest.approx(mean["runs"][0])
    width = high - low
    assert [low, high] == pytest.approx(interval["runs"][:, 0].tolist(), abs=0.1 * width)
    assert common.interquartile_mean([0.7]) == (0.7, 0.7, 0.7)


def test_a_result_grows_task_by_task(benchmark, tmp_path, monkeypatch):
    """Tasks that are measured again are replaced, others stay; each task keeps its command, and the fewest seeds count."""
    common = benchmark("common")
    monkeypatch.setattr(common, "RESULTS", tmp_path)

    def measured(command, seeds, *tasks):
        monkeypatch.setattr(common.sys, "argv", ["there/it.py", command])
        rows = [{"task": task, "score": seeds} for task in tasks]
        common.write_part("it", seeds, rows, {"settings": dict.fromkeys(tasks, command)}, more=command)
        return common.read("it")

    assert common.read("it") == {}
    measured("one", 10, "gates", "chicken")
    found = measured("two", 4, "pursuit", "chicken")
    assert [(r["task"], r["score"]) for r in found["rows"]] == [("gates", 10), ("pursuit", 4), ("chicken", 4)]
    assert found["settings"] == {"gates": "one", "pursuit": "two", "chicken": "two"}
    assert found["command"] == "python benchmarks/it.py one; python benchmarks/it.py two"
    assert (found["seeds"], found["more"]) == (4, "two")
    found = measured("three", 10, "gates", "chicken", "pursuit")
    assert (found["command"], found["seeds"]) == ("python benchmarks/it.py three", 10)
