"""The base of all widgets: controls → one function → one picture.

1. A `Picture` is a drawing (SVG), the same in words (`alt`), and text to read beside it. It is made by a pure function
   of the data, so it can be tested without a browser.
2. An `Explorer` puts controls above one `ipywidgets.HTML`. Every control calls `redraw`, which sets that widget's
   value and nothing else: nothing flickers, and an error in the function is visible.
   `slider`, `choice` and `groups` make the controls.
3. Without a kernel (on GitHub, in an export) the notebook shows `twin()` instead: the same picture, its words, and a
   sentence that says why nothing moves. The twin also says in `data-…` attributes what it is a copy of, so that the
   site (`docs/live.py`) can put something that moves in its place.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets

from .svg import SHOWN

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

STATIC = (
    "This is a static copy: its sliders and buttons need a running kernel. Open the notebook in Jupyter and run it."
)


@dataclass(frozen=True)
class Picture:
    """One drawing with its words. `alt` is plain text and says everything that the drawing shows; `head` and `body` are HTML."""

    svg: str
    alt: str
    body: str = ""
    head: str = ""

    def html(self, still: bool = False, trained: bool = False) -> str:
        """The drawing with the text below it.

        `still`, for the static copy: the drawing is an image, because Jupyter takes drawings out of the outputs of a
        notebook that it does not trust; its words are an alt text and a caption.
        `trained` marks numbers that come from training: their last digits may differ between machines, so the notebooks'
        tests ignore them.
        """
        drawing, caption = self.svg, ""
        if still:
            data = base64.b64encode(self.svg.encode()).decode()
            drawing = f'<img alt="{escape(self.alt)}" style="width: 100%" src="data:image/svg+xml;base64,{data}"/>'
            caption = f'<figcaption style="font-size: smaller">{escape(self.alt)}</figcaption>'
        mark = ' class="trained"' if trained else ""
        return f'<figure{mark} style="margin: 0; max-width: {SHOWN}px; line-height: 1.5">{self.head}{drawing}{self.body}{caption}</figure>'


class Explorer(ipywidgets.VBox):
    """Controls above one picture.

    A subclass writes `picture` and calls `show(controls)` at the end of its `__init__`.
    """

    trained: ClassVar[bool] = False  # whether the numbers shown come from training
    recording: ClassVar[str] = ""  # what a web page says of a recording that lacks some controls

    def __init__(self) -> None:
        super().__init__()
        self.view = ipywidgets.HTML()
        self.alt = ""  # the present picture in words
        self.waits_for: list[str] = []  # the questions whose answers it would give away

    def picture(self) -> Picture:
        """The picture for the controls' present values."""
        raise NotImplementedError

    def twin_pictures(self) -> Sequence[Picture]:
        """The pictures of the static copy: the present one, unless a subclass shows more."""
        return [self.picture()]

    def recorded(self) -> Sequence[Any] | None:
        """The controls that a recording for web pages moves, all others as they are now; None: all that there are."""
        return None

    def live(self) -> dict[str, Any]:
        """What a web page needs to know of it, beside the name of its class, as JSON."""
        return {}

    def show(self, controls: Sequence[Any]) -> None:
        """Arrange `controls` above the picture, and draw it."""
        self.children = (*controls, self.view)
        self.redraw()

    def redraw(self, change: object = None) -> None:
        """Draw again; controls pass a `change`, which is not needed."""
        picture = self.picture()
        self.alt = picture.alt
        self.view.value = picture.html()

    def twin(self) -> str:
        """The static copy as HTML."""
        return self.still("".join(p.html(still=True, trained=self.trained) for p in self.twin_pictures()))

    def still(self, shown: str) -> str:
        """The static copy around what it shows, HTML: what it is a copy of, and why nothing moves."""
        about = {"widget": type(self).__name__, "waits-for": self.waits_for, **self.live()}
        marks = "".join(f' data-{name}="{escape(json.dumps(x))}"' for name, x in about.items() if x not in ([], None))
        return f"<div{marks}>{shown}<p><em>{STATIC}</em></p></div>"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        plain = type(self).__name__ + ("" if self.trained else f": {self.alt}")
        return {**super()._repr_mimebundle_(**kwargs), "text/plain": plain, "text/html": self.twin()}


def slider(kind: type, description: str, **options: Any) -> Any:
    """A slider with its whole description in view, usable with the arrow keys; the picture follows while it moves."""
    layout = ipywidgets.Layout(width="340px")
    return kind(description=description, style={"description_width": "130px"}, layout=layout, **options)


def choice(description: str, options: Any, **more: Any) -> Any:
    """A choice among a few options, a button each: Tab goes to them, Enter or Space chooses.

    (JupyterLab keeps the up and down arrows for itself, so lists and menus cannot be used by keyboard there.)
    """
    style = {"description_width": "130px", "button_width": "auto"}
    beside = ipywidgets.Layout(width="auto", display="flex", flex_flow="row nowrap")  # label, then buttons
    return ipywidgets.ToggleButtons(description=description, options=options, style=style, layout=beside, **more)


def groups(columns: Sequence[Sequence[Any]]) -> Any:
    """Columns of controls side by side, or below one another on a narrow page."""
    boxes = [ipywidgets.VBox(list(column)) for column in columns]
    return ipywidgets.HBox(boxes, layout=ipywidgets.Layout(flex_flow="row wrap"))


def show(picture: Figure | np.ndarray, words: str, trained: bool = False) -> None:
    """Show a matplotlib figure, or pixels (H, W, 3), with its words as alt text and below it.

    `words` should be made from the data that was drawn; `trained` as in `Picture.html`.
    """
    from IPython.display import HTML, Image, display

    file = BytesIO()
    if hasattr(picture, "savefig"):
        picture.savefig(file, format="png", dpi=100)
    else:
        from matplotlib.image import imsave

        imsave(file, picture, format="png")
    display(Image(file.getvalue(), alt=words))
    mark = ' class="trained"' if trained else ""
    display(HTML(f"<p{mark}><small>In words: {escape(words)}</small></p>"))


def animate(gif: bytes, words: str) -> None:
    """Show an animated picture, as `micra_lite.plotting.episodes.animation` makes it, with its words as in `show`.

    It becomes part of the page, so that exports and web pages show it too.
    """
    from IPython.display import HTML, display

    data = base64.b64encode(gif).decode()
    image = f'<img src="data:image/gif;base64,{data}" alt="{escape(words)}"/>'
    display(HTML(f"{image}<p><small>In words: {escape(words)}</small></p>"))
