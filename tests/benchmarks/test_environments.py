"""The benchmark of others' environments: what it says of them, its intervals, and the page that is made from it."""

import numpy as np
import pytest

pytest.importorskip("mpe2")


@pytest.fixture(scope="module")
def environments(benchmark):
    return benchmark("environments")


def test_a_row_says_what_there_is_and_that_it_ran(environments):
    (row,) = environments.rows_of(["simple_push"])
    wanted = {"agents": 2, "targets": 1, "actions": "5", "observes": "8 / 19", "horizon": 25, "horizon_read": True,
              "masks": False, "ran": True, "warnings": []}  # fmt: skip
    assert {key: row[key] for key in wanted} == wanted


def test_what_fails_is_told_in_its_row(environments, capsys):
    row = environments.describe(environments.Environment("mpe2", "simple_push_v3", ["nobody"]))
    assert not row["ran"]
    assert "unknown agent 'nobody'" in row["error"]


@pytest.mark.long
@pytest.mark.parametrize("number", range(17))
def test_all_three_phases_run_in_every_environment_of_the_list(environments, number):
    assert len(environments.LIST) == 17
    row = environments.describe(environments.LIST[number])
    assert row["ran"], row.get("error")
    assert row["masks"] == (row["kind"] == environments.KINDS["turns"].title)


def test_intervals_cover_seeds_and_externals(benchmark):
    """No interval where nothing differs; as wide as the difference between two seeds; the same between two externals."""
    training = benchmark("environments_training")
    assert training.interval(np.full((3, 4), 2.0)) == (2.0, 2.0, 2.0)
    by_seed = np.array([[0.0] * 4, [1.0] * 4])
    assert training.interval(by_seed) == (0.5, 0.0, 1.0)
    assert training.interval(by_seed.T[:2]) == (0.5, 0.0, 1.0)


def test_runs_are_kept_and_rows_compare_the_ways_to_play(benchmark, tmp_path, monkeypatch):
    training = benchmark("environments_training")
    monkeypatch.setattr(training, "SCORED", 1)
    monkeypatch.setattr(training, "MET", 2)
    task = "simple_spread, one external"
    found = training.run(task, 0, 1, tmp_path)
    assert found == training.run(task, 0, 1, tmp_path)
    rows = {r["method"]: r for r in training.rows_of(task, [found, found])}
    assert list(rows) == ["random", "trained", "adapted", "trained − random", "adapted − trained"]
    assert rows["trained"]["score"] - rows["random"]["score"] == pytest.approx(rows["trained − random"]["score"])
    assert rows["random"]["externals"] == 2


def test_the_page_is_filled_between_its_marks(benchmark):
    page = benchmark("readme_environments")
    made = page.filled(f"before\n{page.BEGIN}\nstale words\n{page.END}\nafter\n")
    assert made.startswith(f"before\n{page.BEGIN}\n\n")
    assert made.endswith(f"\n\n{page.END}\nafter\n")
    assert "stale words" not in made
    assert "`simple_tag_v3` | 4 (3) | 5 |" in made
    assert page.filled(made) == made
