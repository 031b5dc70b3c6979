"""Figures of results say what the data say."""

from pathlib import Path

import numpy as np

from micra_lite import figures


def row(method, episodes, score, nats, seconds=0.1, bayes=None):
    return {"method": method, "episodes": episodes, "score": score, "low": score - 0.01, "high": score + 0.02,
            "excess_nats": nats, "bayes_nats": bayes, "seconds": seconds, "externals": 12}  # fmt: skip


ROWS = [
    row("conditioned", 0, 0.61, 0.8), row("conditioned", 1, 0.7, 0.3, bayes=0.2), row("conditioned", 5, 0.8, 0.1, 0.02, 0.05),
    row("Bayes-greedy team", 1, 0.9, 0.2, bayes=0.2), row("Bayes-greedy team", 5, 0.95, 0.05, bayes=0.05),
    row("conditioned, frozen", 5, 0.83, 0.1, 2.5), row("conditioned, true external policy", 0, 0.85, 0.0),
]  # fmt: skip


def test_adaptation_curves():
    """Ours is the red line, through its scores; the ceiling stands beside it; gradient steps cost seconds; words say so."""
    figure, alt = figures.adaptation_curves("gates", ROWS)
    scores, nats, seconds = figure.axes
    lines = {line.get_label(): line for line in scores.lines}
    assert lines["adapts (ours)"].get_color() == figures.RED
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


def test_saved_with_its_words(tmp_path: Path):
    figure, _ = figures.bars_figure("t", ["a", "b"], np.array([1.0, 2.0]), "return")
    figures.save(figure, tmp_path / "x.png", "words")
    assert (tmp_path / "x.txt").read_text() == "words\n"
    assert b"words" in (tmp_path / "x.png").read_bytes()
