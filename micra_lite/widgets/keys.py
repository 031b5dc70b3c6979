"""A field that takes keys while it has the focus: arrow keys for a game, in JupyterLab, VS Code and Colab alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import traitlets

# The page must not scroll, and the notebook must not change its cell, when an arrow key is meant for the game.
_FIELD = """
export default {
  render({ model, el }) {
    const field = document.createElement("div");
    field.tabIndex = 0;
    field.textContent = model.get("words");
    field.setAttribute("role", "application");
    field.setAttribute("aria-label", model.get("words"));
    field.setAttribute("data-lm-suppress-shortcuts", "true");
    field.style.cssText = "border: 2px dashed #6b6b6b; border-radius: 6px; padding: 8px 12px; max-width: 460px";
    field.addEventListener("focus", () => { field.style.borderStyle = "solid"; });
    field.addEventListener("blur", () => { field.style.borderStyle = "dashed"; });
    field.addEventListener("keydown", (event) => {
      if (!model.get("taken").includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      model.send(event.key);
    });
    el.appendChild(field);
  },
};
"""


class Keys(anywidget.AnyWidget):
    """A field that calls `on_key` with the name of each key pressed in it, as browsers name keys ("ArrowUp").

    Args: words, shown in the field; keys, those it takes (all others go on to the page, so Tab leaves the field); on_key.
    """

    _esm = _FIELD
    words = traitlets.Unicode().tag(sync=True)
    taken = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, words: str, keys: Sequence[str], on_key: Callable[[str], Any]) -> None:
        super().__init__(words=words, taken=list(keys))
        self.on_msg(lambda _, key, __: on_key(key) if key in self.taken else None)
