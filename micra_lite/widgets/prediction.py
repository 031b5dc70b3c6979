"""A question before its answer. The reader's prediction is kept, and shown beside the truth.

1. `Prediction` asks one question: choose among `options`, or slide `between` two numbers, and press Reveal.
2. `ask` makes one from the words in `questions.toml`, so that a notebook's code does not give the answer away.

What is shown in `with question.then():` waits for the guess, and so does the widget `question.covered(…)`. A question has
no default: a slider that nobody has moved is no guess. Where nobody is there to answer (MICRA_LITE_UNATTENDED=1, as for
the executed twins of the notebooks) a wrong guess is made and the truth shown.
Without a kernel the answer is behind a fold, so that readers can guess first there, too.
"""

from __future__ import annotations

import base64
import json
import os
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from importlib.resources import files
from typing import Any

import ipywidgets
import traitlets
from IPython.display import HTML, display
from IPython.utils.capture import CapturedIO, capture_output

from ..plotting import style
from . import prediction_score
from .drawing import charts, svg
from .drawing.base import Explorer, Picture, choice, slider
from .drawing.svg import number, text

LEFT, RIGHT = 70.0, svg.WIDTH - 70.0  # where a number line begins and ends
YOU = "○ you"
TRUTH = "◆ truth"


class Prediction(Explorer):
    """One question, one prediction, one truth.

    Args: name, a few words for the summary; question; truth, one of `options` or a number; options to choose from, or
    between, the ends of a slider, with its step; unit of the number; because, the reason, shown with the truth. Raises ValueError unless exactly one of `options` and `between` is given and the truth is possible.

    >>> prediction = Prediction("Coin", "How often do two coins agree?", 0.5, between=(0, 1), step=0.05)
    >>> prediction.reveal()  # without a guess nothing is shown
    >>> prediction.control.value = 0.25
    >>> prediction.reveal()
    >>> prediction.kept, prediction.alt
    (0.25, 'Coin. You predicted 0.25; the truth is 0.50. Off by 0.25.')
    """

    kept = traitlets.Any(None, help="the prediction; None before Reveal")

    def __init__(
        self, name: str, question: str, truth: str | float, options: Sequence[str] = (),
        between: tuple[float, float] | None = None, step: float = 0.01, unit: str = "", because: str = "",
    ) -> None:  # fmt: skip
        super().__init__()
        if bool(options) == (between is not None):
            raise ValueError("a prediction needs either `options` to choose from or `between` to slide in")
        if between is None and truth not in options:
            raise ValueError(f"the truth {truth!r} is none of the options {list(options)}")
        if between is not None and not between[0] <= float(truth) <= between[1]:
            raise ValueError(f"the truth {truth!r} is outside of the slider's range {between}")
        self.name, self.question, self.because = name, question, because
        self.options, self.between, self.step, self.unit = list(options), between, step, unit
        self.digits = max(0, len(f"{step:.6f}".rstrip("0").split(".")[1]))
        self.truth = truth if isinstance(truth, str) else self.rounded(truth)
        if between is None:
            self.control = choice("Your guess", self.options, value=None)
        else:
            low, high = between
            start = round((low + high) / 2 / step) * step
            self.control = slider(
                ipywidgets.FloatSlider, "Your guess", value=start, min=low, max=high, step=step,
                readout_format=f".{self.digits}f",
            )  # fmt: skip
            self.control.layout.width = "480px"
        self.guess: str | float | None = None
        self.key = ""  # of the question; without one, the guess does not count for the score over all lessons
        self.button = ipywidgets.Button(description="Reveal", tooltip="keep my guess and show the truth", icon="eye")
        self.button.on_click(self.reveal)
        self.control.observe(self.choose, "value")
        asked = ipywidgets.HTML(f"<p><b>Predict.</b> {escape(question)}</p>")
        self.show([asked, self.control, self.button])
        if os.environ.get("MICRA_LITE_UNATTENDED") == "1":
            wrong = (x for x in self.between or self.options if x != truth)
            self.control.value = next(wrong)
            self.reveal()

    @property
    def known_as(self) -> str:
        """What the question is called on a web page: its key, or without one its name."""
        return self.key or self.name

    @property
    def revealed(self) -> bool:
        """Whether the prediction was made and the truth is shown."""
        return self.kept is not None

    @property
    def near(self) -> float:
        """How near the kept guess came: 1 for the right one, 0 for a wrong option or a slider's whole length away."""
        if self.between is None:
            return float(self.kept == self.truth)
        return 1 - abs(float(self.kept) - float(self.truth)) / (self.between[1] - self.between[0])

    def choose(self, change: object = None) -> None:
        """Take the control's value as the guess, which may still change."""
        self.guess = self.control.value
        self.redraw()

    def reveal(self, button: object = None) -> None:
        """Keep the guess for good and show the truth; without a guess, do nothing."""
        if self.revealed or self.guess is None:
            return
        self.control.disabled = self.button.disabled = True
        self.kept = self.guess
        if self.key:
            prediction_score.keep(self.key, self.near)
        self.redraw()

    @contextmanager
    def then(self, *others: Prediction) -> Iterator[None]:
        """What is printed or displayed inside is not seen before the truth is: until then a line says what it waits for.

        Everything inside runs at once, so later cells can use its results. For widgets there is `covered`. With `others`, it
        waits for all of them.
        """
        waiting = [one for one in (self, *others) if not one.revealed]
        if not waiting:
            if os.environ.get("MICRA_LITE_UNATTENDED") == "1":  # pages without a kernel wait as well
                keys = escape(json.dumps([one.known_as for one in (self, *others)]))
                display(HTML(f'<span data-waits-for="{keys}"></span>'))
            yield
            return
        with capture_output() as kept:
            yield
        place = display(HTML(wait_for(waiting)), display_id=True)

        def look(change: object) -> None:
            left = [one for one in waiting if not one.revealed]
            place.update(HTML(wait_for(left) if left else as_html(kept)))

        for one in waiting:
            one.observe(look, "kept")

    def covered(self, widget: Explorer, *others: Prediction) -> ipywidgets.Widget:
        """A widget that would show the truth: until the guess a line says what it waits for. To be shown by the caller.

        With `others`, it waits for all of them.
        """
        waiting = [one for one in (self, *others) if not one.revealed]
        if isinstance(widget, Explorer):
            widget.waits_for = [*(one.known_as for one in (self, *others)), *widget.waits_for]
        if not waiting:
            return widget
        cover = ipywidgets.VBox([ipywidgets.HTML(wait_for(waiting))])

        def look(change: object) -> None:
            left = [one for one in waiting if not one.revealed]
            cover.children = (ipywidgets.HTML(wait_for(left)) if left else widget,)

        for one in waiting:
            one.observe(look, "kept")
        return cover

    def picture(self) -> Picture:
        picture = self.drawn(self.guess, self.revealed)
        if self.options and not self.revealed:  # the buttons above show the options
            line = text(8, 16, picture.alt.removeprefix(f"{self.name}. "), 13)
            return Picture(svg.document(24, [line], picture.alt), picture.alt)
        return picture

    def rounded(self, truth: float) -> float:
        """The truth to the slider's digits: what is shown, drawn and measured is the same number."""
        return float(number(truth, self.digits).replace("−", "-"))

    def shown(self, value: str | float) -> str:
        """An answer in words: an option as it is, a number with the slider's digits and its unit."""
        if isinstance(value, str):
            return value
        return f"{number(value, self.digits)} {self.unit}".strip()

    def verdict(self, guess: str | float) -> str:
        """The distance of a guess from the truth, in words."""
        if self.between is None:
            return "Right." if guess == self.truth else "Not so."
        off = abs(float(guess) - float(self.truth))
        return f"Off by {number(off, self.digits)}." if round(off, self.digits) else "Exactly right."

    def drawn(self, guess: str | float | None, revealed: bool) -> Picture:
        """The picture of the guess (None: no guess yet) and, where `revealed`, the truth."""
        alt = f"{self.name}. " + ("No guess yet" if guess is None else f"You predicted {self.shown(guess)}")
        if revealed:
            alt += f"; the truth is {self.shown(self.truth)}."
            alt += "" if guess is None else f" {self.verdict(guess)}"
        else:
            alt += ". The truth is not shown yet."
        parts, height = self._line(guess, revealed) if self.between else self._list(guess, revealed)
        body = f"<p>{escape(self.because)}</p>" if revealed and self.because else ""
        return Picture(svg.document(height, parts, alt), alt, body)

    def _line(self, guess: str | float | None, revealed: bool) -> tuple[list[str], float]:
        """A number line; the guess stands on it as a hollow circle, the truth hangs from it as a filled diamond."""
        assert self.between is not None
        axis, y = charts.Axis(LEFT, RIGHT, *self.between), 46.0
        parts = [svg.line(LEFT, y, RIGHT, y, style.INK)]
        for end in self.between:
            parts += [svg.line(axis(end), y - 5, axis(end), y + 5, style.INK)]
            parts += [text(axis(end), y + 20, number(end, self.digits), 12, "middle", fill=style.GREY)]
        if revealed:
            x = axis(float(self.truth))
            parts += [
                svg.diamond(x, y, 8, style.VERMILLION),
                self._beside(x, y + 38, f"{TRUTH} {self.shown(self.truth)}"),
            ]
        if guess is not None:
            x = axis(float(guess))
            parts += [svg.circle(x, y, 8, style.BLUE), self._beside(x, y - 18, f"{YOU} {self.shown(guess)}")]
        elif not revealed:
            words = "Move the slider to where you think it is, then press Reveal."
            parts.append(text(svg.WIDTH / 2, y - 18, words, 13, "middle"))
        return parts, 96

    @staticmethod
    def _beside(x: float, y: float, words: str) -> str:
        half = 4.4 * len(words)  # centred on the mark, but never over the edge
        return text(min(max(x, half), svg.WIDTH - half), y, words, 14, "middle", True)

    def _list(self, guess: str | float | None, revealed: bool) -> tuple[list[str], float]:
        """The options below one another, with a hollow circle at the guess and a filled diamond at the truth."""
        parts = []
        for k, option in enumerate(self.options):
            y = 20 + 26 * k
            chosen, true = option == guess, revealed and option == self.truth
            if chosen:
                parts += [svg.circle(60, y - 5, 8, style.BLUE), text(46, y, "you", 13, "end", True)]
            if true:
                parts += [svg.diamond(84, y - 5, 8, style.VERMILLION)]
            words = option + ("  ← truth" if true else "")
            parts.append(text(104, y, words, svg.fitting(words, svg.WIDTH - 110, 14), bold=chosen or true))
        return parts, 20 + 26 * len(self.options)

    def twin(self) -> str:
        """The static copy: the question, and the answer behind a fold; after a guess, the guess beside the truth."""
        asked = f"<p><b>Predict.</b> {escape(self.question)}</p>"
        if self.revealed:
            shown = self.picture().html(still=True)
        else:
            answer = self.drawn(None, True).html(still=True)
            shown = self.drawn(None, False).html(still=True) + f"<details><summary>Answer</summary>{answer}</details>"
        return self.still(f"{asked}{shown}")

    def live(self) -> dict[str, Any]:
        """The question with its answer, so that a page can ask it again; nothing before the answer is shown."""
        if not self.revealed:
            return {}
        about = {
            name: getattr(self, name)
            for name in ("known_as", "name", "question", "truth", "options", "between", "unit")
        }
        return {"question": {**about, "step": self.step, "digits": self.digits, "because": self.because}}


def as_html(kept: CapturedIO) -> str:
    """What was printed and displayed, as one piece of a page: text first."""
    parts = [f"<pre>{escape(kept.stdout)}</pre>"] if kept.stdout else []
    for output in kept.outputs:
        data = output.data
        if "text/html" in data:
            parts.append(data["text/html"])
        elif "image/png" in data:
            coded = data["image/png"]
            coded = coded if isinstance(coded, str) else base64.b64encode(coded).decode()
            words = escape(output.metadata.get("image/png", output.metadata).get("alt", ""))
            parts.append(f'<img alt="{words}" src="data:image/png;base64,{coded}"/>')
        else:
            parts.append(f"<pre>{escape(data['text/plain'])}</pre>")
    return "".join(parts)


def ask(key: str, truth: str | float, **values: str) -> Prediction:
    """The question `key` of `questions.toml`, with the truth that was computed.

    In its explanation `{truth}` becomes the truth as it is shown; other names in braces are looked up in `values`.
    Raises ValueError for an unknown key.
    """
    questions = tomllib.loads((files(__package__) / "questions.toml").read_text(encoding="utf-8"))
    if key not in questions:
        raise ValueError(f"there is no question {key!r}; the questions are {list(questions)}")
    prediction = Prediction(truth=truth, **questions[key])
    prediction.because = prediction.because.format(truth=prediction.shown(truth), **values)
    prediction.key = key
    return prediction


def wait_for(questions: Sequence[Prediction]) -> str:
    """What stands in the place of that which waits for guesses."""
    names = " and ".join(f"“{escape(one.name)}”" for one in questions)
    return f"<p><em>This waits for your prediction{'s' if len(questions) > 1 else ''} {names} above.</em></p>"
