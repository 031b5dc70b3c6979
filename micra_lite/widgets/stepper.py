"""One update of MICRA, stage by stage: from the observation to the changed policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import ipywidgets

from ..training_state import Record
from .drawing.base import Explorer, Picture, groups, slider
from .drawing.update_stages import STAGES, draw


class Stepper(Explorer):
    """Updates step by step: one control chooses the update (a record), the others the stage within it.

    Args: records, as `offline_training` or `online_adaptation` yields them; those without an update of the actors (inner
    steps of the imitator, execution) are left out. Raises ValueError when none is left.
    """

    trained = True

    def __init__(self, records: Iterable[Record]) -> None:
        super().__init__()
        self.records = [r for r in records if "actor_loss" in r.losses]
        if not self.records:
            raise ValueError(
                "no record shows an update: give records of offline_training, or of online_adaptation with updates after imitation"
            )
        mixed = len({r.phase for r in self.records}) > 1  # numbers alone would not distinguish them
        steps = [(f"{r.phase.split()[0]} {r.step}" if mixed else str(r.step), k) for k, r in enumerate(self.records)]
        self.update = slider(ipywidgets.SelectionSlider, "Update", options=steps)
        self.stage = slider(ipywidgets.IntSlider, "Stage", value=1, min=1, max=len(STAGES))
        self.back = ipywidgets.Button(description="Back", tooltip="the stage before", icon="arrow-left")
        self.next = ipywidgets.Button(description="Next", tooltip="the stage after", icon="arrow-right")
        self.back.on_click(lambda _: self.move(-1))
        self.next.on_click(lambda _: self.move(+1))
        self.update.observe(self.redraw, "value")
        self.stage.observe(self.redraw, "value")
        buttons: list[Any] = [ipywidgets.HBox([self.back, self.next])]
        self.show([groups([[self.stage], buttons]), self.update])

    def move(self, by: int) -> None:
        """Go `by` stages on or back, across the ends of updates."""
        last = len(STAGES)
        update, stage = divmod(self.update.value * last + self.stage.value - 1 + by, last)
        if 0 <= update < len(self.records):
            self.update.value = update
            self.stage.value = stage + 1

    def picture(self) -> Picture:
        return draw(self.records[self.update.value], self.stage.value - 1)

    def twin_pictures(self) -> Sequence[Picture]:
        """All stages of the chosen update, below one another."""
        return [draw(self.records[self.update.value], stage) for stage in range(len(STAGES))]
