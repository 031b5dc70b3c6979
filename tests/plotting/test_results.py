"""Figures of results say what the data say."""

from pathlib import Path

import numpy as np

from micra_lite.plotting import results, style


def test_saved_with_its_words(tmp_path: Path):
    figure, _ = results.bars_figure("t", ["a", "b"], np.array([1.0, 2.0]), "return")
    style.save(figure, tmp_path / "x.png", "words")
    assert (tmp_path / "x.txt").read_text() == "words\n"
    assert b"words" in (tmp_path / "x.png").read_bytes()


def test_variance_figure():
    """CRA's shares of COMA's variance, sorted along each axis; every line labelled at its end, no label on another."""

    def rows(task, agents, external, shares):
        return [
            {"task": task, "method": method, "agents": agents, "exploration": e, "external": external, "ratio_to_coma": x}
            for e, share in shares.items() for method, x in (("COMA", 1.0), ("CRA, sampled", share))
        ]  # fmt: skip

    data = [
        *rows("pursuit", 3, "held-out", {1.0: 0.71, 0.5: 0.62}), *rows("pursuit", 2, "held-out", {0.5: 0.8}),
        *rows("gates", 3, "held-out", {0.5: 0.61, 1.0: 0.7}), *rows("gates", 3, "average", {0.5: 0.2, 1.0: 0.3}),
    ]  # fmt: skip
    figure, alt = results.variance_figure(data)
    held_out, average, agents = figure.axes
    assert [line.get_xydata().tolist() for line in held_out.lines] == [
        [[0.5, 0.62], [1, 0.71]],
        [[0.5, 0.61], [1, 0.7]],
    ]
    assert [line.get_xydata().tolist() for line in average.lines] == [[[0.5, 0.2], [1, 0.3]]]
    assert agents.lines[0].get_xydata().tolist() == [[2, 0.8], [3, 0.62]]
    assert [t.get_text() for t in held_out.texts] == ["gates", "pursuit"]
    heights = [t.get_position()[1] for t in held_out.texts]
    assert heights[1] - heights[0] > 0.045
    assert "pursuit 0.62 to 0.71, gates 0.61 to 0.70" in alt
