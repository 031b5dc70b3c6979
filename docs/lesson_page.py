"""Turn an executed notebook into a page: pictures with their words, widgets that move, results that wait for guesses."""

from __future__ import annotations

import base64
import re
from html import escape
from pathlib import Path

import live
import nbformat
import rerun
from nbformat import NotebookNode

DRAWING = re.compile(r'<img alt="[^"]*" style="width: 100%" src="data:image/svg\+xml;base64,([^"]*)"/>')
WIDGET = re.compile(r'<div data-widget="&quot;(\w+)&quot;"')
WAITS = re.compile(r'<span data-waits-for="([^"]*)"></span>')
FROM_NUMBERS = ("Prediction", "Predictions", "RegretExplorer")  # the page draws these itself; all others are recorded


def drawn(text: str) -> str:
    """HTML whose drawings are drawings, not images: a notebook would not take these on trust, a page does."""
    return DRAWING.sub(lambda found: base64.b64decode(found[1]).decode(), text)


def moving(widget: live.Explorer | live.OpeningGame) -> str:
    """A widget as a page has it, HTML."""
    return live.page(drawn(widget.twin()), widget)


def html(output: NotebookNode) -> str:
    """An output as HTML; images have their alt text."""
    if output.output_type == "stream":
        return f"<pre>{escape(output.text)}</pre>"
    data = output.get("data", {})
    if "image/png" in data:
        words = escape(output.metadata["image/png"]["alt"])
        return f'<img alt="{words}" src="data:image/png;base64,{"".join(data["image/png"].split())}">'
    if "text/html" in data:
        return drawn(data["text/html"])
    return f"<pre>{escape(data.get('text/plain', ''))}</pre>"


def widgets_in(content: NotebookNode) -> dict[int, str]:
    """Cell → the class of the widget it shows."""
    found = {}
    for number, cell in enumerate(content.cells):
        for output in cell.get("outputs", []):
            if mark := WIDGET.search(output.get("data", {}).get("text/html", "")):
                found[number] = mark[1]
    return found


def alive(content: NotebookNode, folder: Path) -> NotebookNode:
    """The notebook, executed in `folder`, with outputs as a page has them."""
    shown = widgets_in(content)
    recorded = [cell for cell, name in shown.items() if name not in FROM_NUMBERS]
    made = rerun.widgets(content, folder, recorded) if recorded else {}
    for number, cell in enumerate(content.cells):
        outputs: list[NotebookNode] = []
        waiting = None  # the questions that the outputs from here on wait for
        for output in cell.get("outputs", []):
            text = html(output)
            if WIDGET.match(text):
                text = live.page(text, made.get(number))
            if mark := WAITS.fullmatch(text):
                waiting = mark[1]
                outputs.append(
                    shown_as(f'<div class="waits" data-waits-for="{waiting}"><div class="result"></div></div>')
                )
            elif waiting is None:
                keep = output.output_type == "stream" or (
                    "text/html" not in output.data and "image/png" not in output.data
                )
                outputs.append(output if keep else shown_as(text))
            else:  # into the place that waits
                place = outputs[-1].data
                place["text/html"] = place["text/html"].removesuffix("</div></div>") + text + "</div></div>"
        if cell.cell_type == "code":
            cell.outputs = outputs
            if cell.metadata.get("jupyter", {}).get("source_hidden"):
                cell.metadata["tags"] = ["hide-input"]  # as myst-nb has it
    return content


def shown_as(text: str) -> NotebookNode:
    """An output that shows HTML."""
    return nbformat.v4.new_output("display_data", {"text/html": text})
