"""All predictions of a lesson in one table, beside the truths, and how near they came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import prediction_score
from .drawing import svg
from .drawing.base import Explorer, Picture
from .drawing.svg import text
from .prediction import TRUTH, YOU, Prediction


class Predictions(Explorer):
    """All predictions of a lesson, beside the truths revealed so far, and how near they came; follows every Reveal."""

    def __init__(self, predictions: Sequence[Prediction]) -> None:
        super().__init__()
        self.predictions = list(predictions)
        for one in self.predictions:
            one.observe(self.redraw, "kept")
        self.show([])

    def live(self) -> dict[str, Any]:
        return {"questions": [one.known_as for one in self.predictions]}

    def picture(self) -> Picture:
        parts = [text(x, 18, words, 13, bold=True) for x, words in ((8, "question"), (220, YOU), (440, TRUTH))]
        told = []
        for k, one in enumerate(self.predictions):
            y = 44 + 24 * k
            cells = (
                [one.name, one.shown(one.kept), one.shown(one.truth)] if one.revealed else [one.name, "not yet", "?"]
            )
            for x, words, room in zip((8, 220, 440), cells, (200, 208, 232), strict=True):
                parts.append(text(x, y, words, svg.fitting(words, room, 13)))
            told.append(
                f"{one.name}: predicted {cells[1]}, truth {cells[2]}"
                if one.revealed
                else f"{one.name}: not predicted yet"
            )
        made = [one.near for one in self.predictions if one.revealed]
        alt = f"{len(made)} of {len(told)} predictions made. {'; '.join(told)}."
        return Picture(svg.document(36 + 24 * len(told), parts, alt), alt, f"<p>{self.score(made)}</p>")

    @staticmethod
    def score(made: Sequence[float]) -> str:
        """How near the predictions came on average, in this lesson and in all."""
        if not made:
            return "Your score appears here: 1 for predictions that are all right, 0 for those that are as wrong as can be."
        everywhere = prediction_score.scores().values()
        words = f"Your score in this lesson: {sum(made) / len(made):.2f}"
        if len(everywhere) > len(made):
            mean = sum(everywhere) / len(everywhere)
            words += f"; over all lessons so far: {mean:.2f} ({len(everywhere)} predictions)"
        return f"{words}. (1: all right, 0: as wrong as can be.)"
