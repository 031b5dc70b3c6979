"""Rows of scores: what is drawn, and that the words say the same."""

import json

import numpy as np
import pytest
from matplotlib.colors import same_color

from helpers import ROOT
from micra_lite.plotting import rows, style
from micra_lite.plotting.rows import interval_panels, score_rows
from micra_lite.registry import GRID_TASKS


def test_every_single_score_is_drawn_and_all_together_are_said():
    each = {"before": [0.1, 0.3, -0.2], "after": [0.8, 0.9, 0.7]}
    figure, words = score_rows(each, {"before": 0.07, "after": 0.8}, "one prey", "Watching")
    (axes,) = figure.axes
    singles = [line.get_xdata() for line in axes.lines if line.get_marker() == "o"]
    assert [list(x) for x in singles] == list(each.values())
    assert [t.get_text() for t in axes.get_yticklabels()] == list(each)
    assert [t.get_text() for t in axes.get_legend().texts] == ["one prey", "all together"]
    assert words == "Watching, normalised scores, all together: before: 0.07; after: 0.80."


@pytest.mark.parametrize("count", [1, 4, 5])
def test_intervals_in_panels(count):
    panels = {f"task {k}": {"ours": (0.1, -0.1, 0.2), "theirs": (0.5, 0.4, 0.6)} for k in range(count)}
    figure, words = interval_panels(panels, "lead", "Leads", at=0.0)
    assert len(figure.axes) == count
    assert [axes.get_title() for axes in figure.axes] == list(panels)
    assert words.startswith(
        "Leads. lead, with intervals. task 0: ours 0.10 (−0.10 to 0.20), theirs 0.50 (0.40 to 0.60)"
    )
    assert words.count("ours") == count
    for axes in figure.axes:
        hollow = {float(line.get_xdata()[0]): same_color(line.get_markerfacecolor(), style.PAPER)
                  for line in axes.lines if line.get_marker() == "D"}  # fmt: skip
        assert hollow == {0.1: True, 0.5: False}  # hollow where 0 lies inside


def test_a_name_that_a_panel_lacks_keeps_its_row():
    panels = {"a": {"x": (0.5, 0.5, 0.5)}, "b": {"y": (0.2, 0.1, 0.3)}}
    figure, _ = interval_panels(panels, "score", "Some", at=1.0)
    heights = [
        float(np.ravel(line.get_ydata())[0]) for axes in figure.axes for line in axes.lines if line.get_marker() == "D"
    ]
    assert heights == [0.0, 1.0]


def test_nothing_measured_gives_an_empty_figure():
    figure, words = interval_panels({}, "score", "None", at=1.0)
    assert figure.axes == []
    assert words.startswith("None.")


def test_the_benchmark_of_adaptation_by_method_and_task():
    """Against the file itself: for each key the row with the fewest newcomers, and its score in the panel."""
    stored = json.loads((ROOT / "benchmarks" / "results" / "adaptation.json").read_text(encoding="utf-8"))["rows"]
    found = rows.adaptation_rows()
    assert set(found) == {(r["task"], r["method"], r["episodes"]) for r in stored}
    for r in stored:
        assert found[r["task"], r["method"], r["episodes"]]["externals"] <= r["externals"]
    panels = rows.adaptation_panels({"told": ("conditioned", 5), "no such row": ("conditioned", -1)})
    assert list(panels) == list(GRID_TASKS)
    for task, there in panels.items():
        r = found[task, "conditioned", 5]
        assert there == {"told": (r["score"], r["low"], r["high"])}
