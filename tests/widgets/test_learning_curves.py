"""The learning curves without a browser: their words against the rows, done again by loops."""

import csv
import re
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from ipywidgets import HTML

from helpers.widgets import controls, drawings, stays_on_its_sheet
from micra_lite.widgets import LearningCurves
from micra_lite.widgets.drawing.base import STATIC
from micra_lite.widgets.learning_curves import (
    DRAWS,
    LOOKS,
    RIGHT,
    curves_of,
    dark,
    interquartile_mean,
    looks_of,
    reached,
    read_runs,
    spread,
)

METHODS = ("MICRA", "COMA", "MADDPG", "MICRA, true external")
STEPS = (0, 1000, 2000, 4000)


def made_up():
    """Two tasks, one with a second panel; four methods, three to five seeds, scores that cross."""
    rng, rows = np.random.default_rng(0), []
    for task, panel, seeds in (("far", "nobody adapts", 5), ("near", "nobody adapts", 3), ("near", "everyone adapts", 3)):  # fmt: skip
        for method in METHODS:
            for seed in range(seeds):
                for point, step in enumerate(STEPS):
                    said = {"task": task, "panel": panel, "method": method, "seed": seed, "point": point, "step": step}
                    for watched in (0, 5) if panel == "everyone adapts" and point else (0,):
                        for externals in (12, 64) if point == 3 else (12,):
                            score = round(float(rng.normal(0.2 * point, 0.3)), 6)
                            rows.append({**said, "watched": watched, "externals": externals, "score": score})
    return rows


@pytest.fixture(scope="module")
def rows():
    return made_up()


def by_loops(rows, task, panel, method, seed, budget):
    """The score at the budget, of the adapted team where teams adapt: between two points, as far as the budget is."""
    watched, before = 5 if panel == "everyone adapts" else 0, (0, 0.0)
    for r in rows:
        mine = (r["task"], r["panel"], r["method"], r["seed"]) == (task, panel, method, seed)
        if mine and r["externals"] == 12 and (r["watched"] == watched or r["point"] == 0):
            if r["step"] >= budget:
                far = (budget - before[0]) / max(r["step"] - before[0], 1)
                return before[1] + far * (r["score"] - before[1])
            before = (r["step"], r["score"])
    return before[1]


def check(found, rows):
    """The words of the present picture against the rows."""
    task, panel = found.task.value.split(", ")
    alt, budget = found.alt, found.budget.value / 100 * STEPS[-1]
    ablations = found.beside.value == "ablations"
    methods = ["MICRA", *(["MICRA, true external"] if ablations else ["COMA", "MADDPG"])]
    known = sorted({r["seed"] for r in rows if (r["task"], r["panel"]) == (task, panel)})
    seeds = [int(s) for s in re.split(r"Seeds? ", alt)[1].split(" out of ")[0].split(", ")]
    assert len(set(seeds)) == found.seeds.value
    assert set(seeds) <= set(known)
    assert f"out of {len(known)} seeds; after {budget:,.0f} environment steps." in alt

    def ranked(some):
        score = {m: interquartile_mean([by_loops(rows, task, panel, m, s, budget) for s in some]) for m in methods}
        return sorted(score.items(), key=lambda item: -item[1])

    listed = ", ".join(f"{m} {f'{x:.2f}'.replace('-', '−').replace('−0.00', '0.00')}" for m, x in ranked(seeds))
    assert f"Scores: {listed}. First here: {ranked(seeds)[0][0]}." in alt
    firsts = Counter(ranked(some)[0][0] for some in combinations(known, len(seeds)))
    told = alt.split("first is: ")[1]
    assert told.startswith(", ".join(f"{m} {n}" for m, n in firsts.most_common()) + ".")
    assert f"only {len(known)} seeds: no evidence yet." in alt
    (drawing,) = drawings(found.view.value)
    stays_on_its_sheet(drawing)


@pytest.mark.parametrize("task", ["far, nobody adapts", "near, nobody adapts", "near, everyone adapts"])
def test_every_control_over_its_range(task, rows):
    found = LearningCurves(rows)
    found.task.value = task
    for beside in ("baselines", "ablations"):
        found.beside.value = beside
        for count in range(1, found.seeds.max + 1):
            found.seeds.value = count
            check(found, rows)
    found.seeds.value = 2
    for draw in range(1, DRAWS + 1):
        found.draw.value = draw
        check(found, rows)
    for budget in range(10, 101, 10):
        found.budget.value = budget
        check(found, rows)


def test_another_task_may_have_fewer_seeds(rows):
    found = LearningCurves(rows)
    assert found.seeds.max == 5
    found.seeds.value = 5
    found.task.value = "near, nobody adapts"
    assert found.seeds.max == found.seeds.value == 3
    check(found, rows)


def test_ten_seeds_are_enough_to_leave_out_the_warning(rows):
    many = [{**r, "seed": r["seed"] + 5 * k} for r in rows if r["task"] == "far" for k in (0, 1)]
    assert "no evidence" not in LearningCurves(many).alt


def test_a_task_without_ablations_shows_baselines(rows):
    """Whatever was chosen on another task, and the control says that there is nothing to choose."""
    found = LearningCurves([r for r in rows if r["task"] == "far" or r["method"] != "MICRA, true external"])
    found.beside.value = "ablations"
    assert "MICRA, true external" in found.alt
    found.task.value = "near, nobody adapts"
    assert found.beside.disabled
    assert "MICRA, true external" not in found.alt
    assert "MADDPG" in found.alt
    found.task.value = "far, nobody adapts"
    assert not found.beside.disabled
    assert "MADDPG" not in found.alt


def test_the_interquartile_mean_is_that_of_the_benchmark():
    from scipy.stats import trim_mean

    for n in range(1, 13):
        scores = np.random.default_rng(n).normal(size=n)
        assert interquartile_mean(scores) == pytest.approx(trim_mean(scores, 0.25))


def test_methods_that_are_scored_at_other_steps_are_compared_at_the_same(rows):
    """The same straight line, seen at few points and at many: nobody is ahead by being looked at later."""
    points = curves_of(rows, "far", "nobody adapts")["COMA"][0]
    assert [step for step, _ in points] == list(STEPS)
    assert [reached(points, step) for step in STEPS] == pytest.approx([score for _, score in points])
    assert reached(points, (STEPS[1] + STEPS[2]) / 2) == pytest.approx((points[1][1] + points[2][1]) / 2)
    assert reached(points, -1) == points[0][1]
    few, many = [(0, 0.0), (1000, 1.0)], [(step, step / 1000) for step in range(0, 1001, 100)]
    assert reached(few, 930) == pytest.approx(reached(many, 930)) == pytest.approx(0.93)


def test_runs_are_read_as_the_benchmark_writes_them(tmp_path, rows):
    assert read_runs(tmp_path / "none.csv") == []
    with (tmp_path / "runs.csv").open("w", newline="", encoding="utf-8") as file:
        sheet = csv.DictWriter(file, list(rows[0]))
        sheet.writeheader()
        sheet.writerows(rows)
    assert read_runs(tmp_path / "runs.csv") == rows
    with pytest.raises(ValueError, match="no learning curves"):
        LearningCurves([])


def test_it_has_words_and_a_static_copy(rows):
    found = LearningCurves(rows)
    assert all(c.description.strip() and not c.disabled for c in controls(found) if not isinstance(c, HTML))
    assert STATIC in found.twin()
    assert 'class="trained"' in found.twin()
    assert " id=" not in found.twin()
    alone = LearningCurves([r for r in rows if not r["method"].startswith("MICRA,")])
    assert alone.beside not in controls(alone)
    assert found.beside in controls(found)


def names_of(sheet):
    """Each method's name → (height, colour) of its label, from the drawing."""
    found = {}
    for node in ET.fromstring(sheet).iter():
        words = (node.text or "").rsplit(" ", 1)
        if node.tag.endswith("text") and float(node.attrib["x"]) > RIGHT + 40 and words[0] in METHODS:
            found[words[0]] = float(node.attrib["y"]) - 4, node.attrib["fill"]
    return found


def test_every_name_is_tied_to_the_end_of_its_line(rows):
    """By a line in the same colour, in the order of the ends, with the same marker; and no two methods look alike."""
    found = LearningCurves(rows)
    for task in ("far, nobody adapts", "near, everyone adapts"):
        found.task.value = task
        for found.draw.value in range(1, DRAWS + 1):
            (sheet,) = drawings(found.view.value)
            looks = looks_of(["MICRA", "COMA", "MADDPG"])
            nodes = [node for node in ET.fromstring(sheet).iter() if node.tag.endswith(("line", "polyline"))]
            curves = {n.attrib["stroke"]: n.attrib["points"].split()[-1] for n in nodes if n.tag.endswith("polyline")}
            ties = {n.attrib["stroke"]: n.attrib for n in nodes if n.attrib.get("x1") == f"{RIGHT:g}"}
            labels = names_of(sheet)
            ends = {}
            for method, (colour, _, _) in looks.items():
                x, y = map(float, curves[colour].split(","))
                tie = {key: float(value) for key, value in ties[colour].items() if key in ("x1", "y1", "y2")}
                assert (tie["x1"], tie["y1"]) == (x, y)
                height, written = labels[method]
                assert tie["y2"] == pytest.approx(height, abs=0.6)
                assert written == dark(colour)
                ends[method] = y
            by_end, by_label = sorted(looks, key=ends.get), sorted(looks, key=labels.get)
            assert by_end == by_label
            heights = sorted(height for height, _ in labels.values())
            assert np.diff(heights).min() >= 18.9


@pytest.mark.parametrize("methods", [list(LOOKS), ["MICRA", *(f"MICRA, {k}" for k in range(5))]])
def test_no_two_methods_look_alike(methods):
    looks = looks_of(methods).values()
    assert len({colour for colour, _, _ in looks}) == len(methods)
    assert len({(shape, dashes) for _, shape, dashes in looks}) == len(methods)
    for colour in (dark(c) for c, _, _ in looks):  # legible on white: WCAG's contrast of 4.5
        light = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in light]
        assert 1.05 / (float(np.dot([0.2126, 0.7152, 0.0722], linear)) + 0.05) > 4.5


def test_heights_are_spread_inside_of_the_sheet():
    assert spread([100.0, 150.0], 19, 40, 300) == [100.0, 150.0]
    assert spread([100.0, 101.0, 102.0], 19, 40, 300) == [100.0, 119.0, 138.0]
    assert spread([295.0, 296.0], 19, 40, 300) == [281.0, 300.0]
    assert spread([10.0], 19, 40, 300) == [40.0]
