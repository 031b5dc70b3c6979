"""Leads and their intervals, in cases that can be worked out by hand."""

import gzip

import numpy as np
import pytest


@pytest.fixture
def comparison(benchmark):
    return benchmark("comparison")


def test_a_constant_lead_has_no_width(comparison):
    """Seeds and externals are drawn alike for both: a difference of 0.25 everywhere is 0.25 in every draw."""
    theirs = np.random.default_rng(0).random((10, 6))
    found = comparison.lead(theirs + 0.25, theirs, np.arange(1.0, 7.0))
    assert list(found.values()) == pytest.approx([0.25] * 4)
    assert comparison.standing(found) == "ahead of"


def test_a_lead_by_hand(comparison):
    """Scores weight externals 1 : 3; of eight runs the interquartile mean leaves out two at each end, the mean none."""
    ours = np.full((8, 2), 0.5)
    ours[0] = 0.1, -0.1  # one run of eight failed: -0.05
    theirs = np.tile([0.7, 0.4], (8, 1))  # 0.475
    found = comparison.lead(ours, theirs, np.array([1.0, 3.0]))
    assert found["lead"] == pytest.approx(0.025)
    assert found["mean_lead"] == pytest.approx((7 * 0.5 - 0.05) / 8 - 0.475)
    assert found["low"] < 0 < found["high"]  # beside the first external alone they are behind
    assert comparison.standing(found) == "level with"


def test_final_scores_are_the_last_and_after_watching(comparison, tmp_path, monkeypatch):
    rows = ["t,p,m,1,20,0,0,0.2", "t,p,m,0,10,5,0,0.9", "t,p,m,0,20,0,0,0.1", "t,p,m,0,20,5,0,0.3", "t,p,m,0,20,5,1,0.4",
            "t,p,m,1,20,5,0,0.5", "t,p,m,1,20,5,1,0.6"]  # fmt: skip
    with gzip.open(tmp_path / "learning-externals.csv.gz", "wt") as file:
        file.write("\n".join(["task,panel,method,seed,step,watched,external,score", *rows]))
    monkeypatch.setattr(comparison, "RESULTS", tmp_path)
    assert {key: x.tolist() for key, x in comparison.final_scores().items()} == {
        ("t", "p", "m"): [[0.3, 0.4], [0.5, 0.6]]
    }


def test_the_figure_says_what_it_shows(comparison):
    rows = [
        {"task": task, "panel": panel, "method": method, "seeds": 10, "externals": 64, "lead": 0.1, "low": low, "high": 0.2, "mean_lead": 0.05}
        for panel in ("nobody adapts", "everyone adapts") for task in ("gates", "crossing") for method, low in (("COMA", 0.05), ("MADDPG", -0.1))
    ]  # fmt: skip
    figure, alt = comparison.comparison_figure(rows)
    assert [axes.get_title() for axes in figure.axes] == ["nobody adapts", "everyone adapts"]
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == [
        "gates",
        "COMA",
        "MADDPG",
        "crossing",
        "COMA",
        "MADDPG",
    ]
    assert alt.count("gates COMA +0.10 (ahead), MADDPG +0.10 (level); crossing") == 2
    assert "64 unseen externals, 10 seeds" in figure.get_suptitle()
