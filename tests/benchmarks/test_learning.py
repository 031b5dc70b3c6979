"""The learning benchmark: stopped runs resume, budgets are equal, and statistics agree with those by hand."""

import csv
import gzip
import importlib
import math

import pytest

import micra_lite
from micra_lite.baselines.methods import METHODS, PUBLISHED
from micra_lite.plotting import style

ROUND = {"externals_per_round": 2, "episodes_per_external": 12, "support_episodes": (0, 2), "query_episodes": 4}
SMALL = {**ROUND, "features": 8, "hidden": 16, "actor_hidden": 16, "imitator_hidden": 8, "externals_per_update": 2, "unwatched_externals": 1, "states_per_external": 8}  # fmt: skip
BASE = {"point": 10, "watched": 0, "task": "t", "training_cpu_seconds": 2.0}


@pytest.fixture
def learning(benchmark):
    return benchmark("learning")


@pytest.mark.parametrize("method", ["MICRA", "COMA"])
def test_a_stopped_run_goes_on_and_a_finished_one_is_not_repeated(learning, method, tmp_path, monkeypatch):
    """Stopped while a point is scored, twice; in the end all points are there once, as if never stopped."""

    def run(cache):
        settings = learning.settings_of("meeting", method, "everyone adapts", 3, 240, SMALL)
        return learning.run("meeting", method, "everyone adapts", "held-out", settings, cache)

    whole, scores, count = run(tmp_path / "a"), learning.scores, 0

    def breaks(*arguments):
        nonlocal count
        count += 1
        if count in (3, 6):
            raise KeyboardInterrupt
        return scores(*arguments)

    monkeypatch.setattr(learning, "scores", breaks)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "b")
    rows = run(tmp_path / "b")
    for row in (*rows, *whole):
        assert row.pop("training_cpu_seconds") >= 0
    assert rows == whole
    assert count == 11 + 2
    assert sorted({r["point"] for r in rows}) == list(range(11))
    assert {r["point"] for r in rows if r["watched"]} == set(learning.ADAPTED)
    assert {r["externals"] for r in rows if r["point"] == 10} == {learning.FEW, 64}
    each = [(r["point"], r["watched"], k) for r in rows for k, _ in enumerate(r.get("each", ()))]
    assert len(each) == len(set(each)) == (10 + 2) * learning.FEW + 2 * 64
    assert run(tmp_path / "b")[0]["score"] == whole[0]["score"]
    assert count == 13
    assert not list((tmp_path / "b").glob("*.pt"))


@pytest.mark.parametrize("task", ["pursuit", "crossing"])
@pytest.mark.parametrize("steps", [26_000, 50_000])
def test_every_method_gets_the_same_environment_steps(learning, task, steps):
    """Exactly the same, whatever settings were tuned, and never fewer than asked for."""
    tuned = {"COMA": {"externals_per_round": 2}, "MICRA": {"externals_per_round": 12}}
    budget, horizon = learning.whole_rounds(task, steps, tuned), micra_lite.make(task).horizon
    for method in METHODS:
        changes = tuned.get(method if method in PUBLISHED else "MICRA", {})
        s = learning.settings_of(task, method, "nobody adapts", 0, budget, changes)
        rounds, rest = divmod(s.updates, s.updates_per_round)
        assert rest == 0
        assert rounds * s.externals_per_round * s.episodes_per_external * horizon == budget >= steps
        assert not s.conditioned


def test_ablations_run_on_pursuit_where_nobody_adapts(learning):
    """Unless methods are named. Every run is there once, all of a seed before the next."""
    runs = learning.plan(["pursuit", "gates"], None, learning.PANELS, 2)
    assert len(runs) == len(set(runs)) == 2 * (7 + 5 + 5 + 5)
    assert [seed for *_, seed in runs] == sorted(seed for *_, seed in runs)
    ablations = {run[:3] for run in runs if run[1] not in PUBLISHED}
    assert {(task, panel) for task, _, panel in ablations} == {("pursuit", "nobody adapts")}
    assert {method for _, method, _ in ablations} == set(learning.ABLATIONS)
    assert learning.plan(["gates"], ["MICRA, true external"], ["nobody adapts"], 1) == [
        ("gates", "MICRA, true external", "nobody adapts", 0)
    ]


def test_what_is_tried_is_in_the_space_and_what_won_is_used(learning):
    tuning = importlib.import_module("tuning")
    for method in PUBLISHED:
        tried = tuning.configurations(method, 16)
        assert tried == tuning.configurations(method, 16)
        assert tried[0] == {}
        for changes in tried[1:]:
            assert changes.keys() == tuning.space(method).keys()
            for name, values in tuning.space(method).items():
                known = changes[name] in values if isinstance(values, list) else values[0] <= changes[name] <= values[1]
                assert known, (method, name, changes[name])
            settings = learning.settings_of("pursuit", method, "nobody adapts", 0, 1000, changes)
            assert all(getattr(settings, name) == value for name, value in changes.items())
    assert not learning.settings_of("pursuit", "MICRA, no imitator", "nobody adapts", 0, 1000, {}).informed


def test_summary_by_hand(learning):
    """Best unadapted final score 0.5, ablations apart: 90% is 0.45. One run of COMA gets there at 20, the other never: the
    whole budget, 100.
    """
    rows = []
    for method, seeds in {
        "MICRA": [[0.1, 0.46, 0.5]] * 2, "COMA": [[0.0, 0.45, 0.3], [0.0, 0.1, 0.2]],
        "MICRA, true external": [[0.0, 0.5, 0.9]] * 2,
    }.items():  # fmt: skip
        for seed, curve in enumerate(seeds):
            for point, step, score in zip((0, 5, 10), (0, 20, 100), curve, strict=True):
                common = {
                    **BASE,
                    "panel": "nobody adapts",
                    "method": method,
                    "seed": seed,
                    "step": step,
                    "point": point,
                }
                rows.append({**common, "externals": learning.FEW, "score": score})
            rows.append({**common, "externals": 64, "score": curve[-1] + 0.1})
    a, b, told = learning.summary(rows)
    assert (a["steps_to_90"], b["steps_to_90"]) == (20, 60)
    assert [(r["got_there"], r["seed_steps"]) for r in (a, b, told)] == [(2, [20, 20]), (1, [20, 100]), (2, [20, 20])]
    assert a["final"] == pytest.approx(0.6)
    assert b["final"] == pytest.approx(0.35)
    assert b["low"] <= b["final"] <= b["high"]
    assert a["cpu_seconds_per_100k_steps"] == pytest.approx(2000)
    assert a["seeds"] == 2


def ends(method, task, steps, finals):
    return {"panel": "nobody adapts", "task": task, "method": method, "seed_steps": steps, "seed_finals": finals}


def test_the_aggregate_by_hand(learning):
    """Twice and eight times MICRA's steps: four times. Runs end above MICRA's in one pair of four, and in none."""
    rows = [ends("MICRA", "a", [10, 10], [0.6, 0.8]), ends("MICRA", "b", [15, 25], [0.92, 0.95]),
            ends("COMA", "a", [20, 20], [0.7, 0.1]), ends("COMA", "b", [100, 220], [0.2, 0.3]),
            ends("MICRA, true external", "a", [1, 1], [1.0, 1.0])]  # fmt: skip
    micra, b = learning.aggregate(rows)
    assert "improvement" not in micra
    assert b["steps_ratio"] == pytest.approx(4)
    assert b["steps_ratio_low"] < 4 < b["steps_ratio_high"]
    # At best MICRA's 15 stand against 220, at worst its 25 against 100: no bootstrap goes beyond.
    assert b["steps_ratio_low"] + 1e-9 >= (2 * 100 / 25) ** 0.5
    assert b["steps_ratio_high"] <= (2 * 220 / 15) ** 0.5 + 1e-9
    assert b["steps_ratio_of_means"] == pytest.approx(4)
    assert b["improvement"] == pytest.approx((0.75 + 1) / 2)
    assert b["improvement_low"] <= b["improvement"] <= b["improvement_high"]
    above = dict(zip(learning.PROFILE_AT, b["profile"], strict=True))
    assert (above[0.0], above[0.15], above[0.5], above[0.9]) == (1, 0.75, 0.25, 0)
    assert b["tasks"] == ["a", "b"]


def test_one_run_that_never_gets_there_counts_in_means_only(learning):
    """Ten runs each: an interquartile mean leaves the worst two out, and then both are as fast."""
    rows = [ends("MICRA", "a", [10] * 10, [0.5] * 10), ends("COMA", "a", [10] * 9 + [110], [0.5] * 10)]
    _, b = learning.aggregate(rows)
    assert b["steps_ratio"] == 1
    assert b["steps_ratio_of_means"] == pytest.approx(2)


def test_the_files_of_runs(learning, tmp_path, monkeypatch):
    """Scores of single externals are in their own file only; rows of older runs have none."""
    monkeypatch.setattr(learning, "RESULTS", tmp_path)
    row = {**BASE, "panel": "p", "method": "m", "seed": 1, "step": 5, "externals": 2, "score": 0.5}
    learning.write_runs([row | {"each": [0.25, 0.75]}, row])
    with (tmp_path / "learning-runs.csv").open(newline="") as file:
        assert [float(r["score"]) for r in csv.DictReader(file)] == [0.5, 0.5]
    with gzip.open(tmp_path / "learning-externals.csv.gz", "rt", newline="") as file:
        found = [(r["external"], float(r["score"]), r["seed"], r["step"]) for r in csv.DictReader(file)]
    assert found == [("0", 0.25, "1", "5"), ("1", 0.75, "1", "5")]
    learning.write_runs([row | {"task": "u", "each": [0.125]}])  # another task: what there is stays
    with (tmp_path / "learning-runs.csv").open(newline="") as file:
        assert [r["task"] for r in csv.DictReader(file)] == ["t", "t", "u"]
    with gzip.open(tmp_path / "learning-externals.csv.gz", "rt", newline="") as file:
        assert [(r["task"], r["score"]) for r in csv.DictReader(file)] == [("t", "0.25"), ("t", "0.75"), ("u", "0.125")]


def test_lines_of_what_is_possible(learning):
    """From the committed results; without watching there is no Bayes-greedy team."""
    limits = importlib.import_module("learning_figure").limits
    assert [name.split()[0] for _, name in limits("pursuit", 5)] == ["best", "best", "Bayes-greedy"]
    assert [name.split()[0] for _, name in limits("pursuit", 0)] == ["best", "best"]
    assert all(0 < height <= 1 for height, _ in limits("pursuit", 5))


def test_the_figure_has_both_panels_and_says_what_it_shows(learning):
    figure_of = importlib.import_module("learning_figure").learning_figure
    rows = [
        {**BASE, "panel": panel, "method": method, "seed": seed, "step": 10 * point, "point": point, "externals": 12,
         "watched": watched, "score": 0.05 * point + (method == "MICRA") * 0.2}
        for panel, watched in (("nobody adapts", 0), ("everyone adapts", 5)) for method in ("MICRA", "COMA")
        for seed in range(3) for point in (0, 5, 10)
    ]  # fmt: skip
    figure, alt = figure_of("pursuit", rows)
    assert len(figure.axes) == 2
    for axes in figure.axes:
        red = max(axes.lines, key=lambda line: line.get_linewidth())
        assert red.get_color() == style.VERMILLION
        assert red.get_ydata()[-1] == pytest.approx(0.7)
        assert [t.get_text() for t in axes.texts if t.get_text() in ("MICRA", "COMA")] == ["COMA", "MICRA"]
    assert alt.count("MICRA 0.70, COMA 0.50") == 2
    assert not math.isnan(red.get_ydata()[0])


def test_tuning_keeps_the_best_of_each_method_and_grows_method_by_method(learning, tmp_path, monkeypatch):
    """Runs are made up: the last configuration drawn is the best. Methods that are not tuned this time stay."""
    common, tuning = importlib.import_module("common"), importlib.import_module("tuning")
    monkeypatch.setattr(common, "RESULTS", tmp_path)
    monkeypatch.setattr(learning, "yardstick", lambda *_: None)
    monkeypatch.setattr(learning, "run_all", lambda calls, *_: [run(*of) for run, of, _ in calls])

    def run(task, method, panel, split, settings, cache):
        assert (task, panel, split) == ("pursuit", "nobody adapts", "validation")
        tried.append(settings)
        return [{"score": 0.0}, {"score": settings.critic_rate == best and 0.5 + settings.seed}]

    monkeypatch.setattr(learning, "run", run)
    for method in ("COMA", "MICRA"):
        tried: list = []
        changes = tuning.configurations(method, 3)[-1]
        best = changes["critic_rate"]
        monkeypatch.setattr("sys.argv", ["learning.py", "--tune", "--methods", method, "--configurations", "3"])
        learning.main()
        assert [s.seed for s in tried] == [0, 1] * 3
        assert tuning.winners()[method] == changes
    found = common.read("tuning")
    assert list(found["winners"]) == ["COMA", "MICRA"]
    assert [r["scores"] for r in found["rows"]] == [[0, 0], [0, 0], [0.5, 1.5]] * 2
    assert found["steps"] == 100_000
