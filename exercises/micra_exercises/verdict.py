"""The verdict of a check: right, not yet, or not attempted yet. Readable for a student and for a program."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape

import numpy as np

from micra_lite.plotting import style

RIGHT, NOT_YET, NOT_ATTEMPTED = "right", "not yet", "not attempted yet"
LOOKS = {
    RIGHT: ("✓", style.GREEN),
    NOT_YET: ("✗", style.VERMILLION),
    NOT_ATTEMPTED: ("○", style.GREY),
}  # never colour alone


@dataclass(frozen=True)
class Verdict:
    """`state` is one of the three; `mistake` is the name of the mistake, or None; `message` is for the student.

    `yours` and `target` are the numbers of one case, if a picture of them helps. `parts` says how many of how many parts
    are right: cases of a function, numbers, or properties; None if that was not found out.
    """

    exercise: str
    state: str
    message: str
    mistake: str | None = None
    yours: np.ndarray | None = field(default=None, compare=False)
    target: np.ndarray | None = field(default=None, compare=False)
    parts: tuple[int, int] | None = field(default=None, compare=False)

    @property
    def passed(self) -> bool:
        return self.state == RIGHT

    def _more(self) -> str:
        return f"Stuck? check.{self.exercise}.hint()" if self.state == NOT_YET else ""

    def __repr__(self) -> str:
        mark = LOOKS[self.state][0]
        return "\n".join(x for x in (f"{mark} {self.exercise}: {self.state}", self.message, self._more()) if x)

    def _repr_html_(self) -> str:
        mark, colour = LOOKS[self.state]
        more = f"<br><small>{escape(self._more())}</small>" if self._more() else ""
        words = "<br>" + re.sub(r"`(.+?)`", r"<code>\1</code>", escape(self.message)) if self.message else ""
        return (
            f'<div style="border-left: 5px solid {colour}; padding: 2px 10px; max-width: 720px">'
            f"<b>{mark} {escape(self.exercise)}: {self.state}</b>{words}{more}{self.picture()}</div>"
        )

    def picture(self) -> str:
        """A figure of yours beside the target, with its words; empty if there is nothing to draw."""
        if self.yours is None or self.target is None or self.yours.size > 12 or not np.isfinite(self.yours).all():
            return ""
        try:
            from micra_lite.widgets.drawing import charts, svg
        except ImportError:  # no ipywidgets here: words must do
            return ""
        yours, target = np.atleast_1d(self.yours), np.atleast_1d(self.target)
        names = [", ".join(map(str, index)) for index in np.ndindex(yours.shape)]
        mine, right = [float(x) for x in yours.flat], [float(x) for x in target.flat]
        reach = svg.round_up(max(map(abs, mine + right)))
        low = -reach if min(mine + right) < 0 else 0.0
        title = "Entry by entry: hollow, the target; filled, yours"
        drawn, end = charts.bar_panel(0, 0, svg.WIDTH, title, names, mine, low, reach, "value", before=right)
        pairs = [
            f"entry {n}: yours {svg.short(m)}, target {svg.short(r)}"
            for n, m, r in zip(names, mine, right, strict=True)
        ]
        alt = "Yours beside the target. " + "; ".join(pairs) + "."
        caption = f'<figcaption style="font-size: smaller">{escape(alt)}</figcaption>'
        return f'<figure style="margin: 0; max-width: 720px">{svg.document(end, [drawn], alt)}{caption}</figure>'


@dataclass(frozen=True)
class Hint:
    """One hint: `number` of `count`, or one about the last answer, which has the number 0."""

    exercise: str
    number: int
    count: int
    name: str
    words: str

    @property
    def _title(self) -> str:
        if not self.number:
            return f"Hint about your last answer ({self.name})"
        return f"Hint {self.number} of {self.count} ({self.name})"

    def __repr__(self) -> str:
        return f"{self._title}\n{self.words}"

    def _repr_markdown_(self) -> str:
        more = f"\n\n*Call `check.{self.exercise}.hint()` again for the next one.*" if self.number < self.count else ""
        words = f"```python\n{self.words}\n```" if self.name in ("skeleton", "solution") else self.words
        return f"**{self._title}**\n\n{words}{more}"
