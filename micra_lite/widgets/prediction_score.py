"""How well a student predicts, over all lessons: one number, kept in a file beside the progress of the exercises.

A prediction counts by how near it came: 1 for the right one, 0 for a wrong option or the far end of the slider. The first
guess counts, as often as a lesson is run. MICRA_LITE_PROGRESS says where progress is kept (by default in ~/.micra_lite);
where it is empty, and where nobody is there to answer, nothing is kept.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path


def score_file() -> Path | None:
    """The file of all predictions; None where nothing is to be kept."""
    named = os.environ.get("MICRA_LITE_PROGRESS")
    if named == "" or os.environ.get("MICRA_LITE_UNATTENDED") == "1":
        return None
    return Path(named or Path.home() / ".micra_lite" / "progress.json").with_name("predictions.json")


def scores() -> dict[str, float]:
    """Question → how near the first guess came, in [0, 1]. A file that cannot be read counts as empty."""
    path = score_file()
    if path is None:
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): float(near) for key, near in kept.items() if 0 <= float(near) <= 1}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def keep(key: str, near: float) -> None:
    """Keep how near the guess of a question came, unless an earlier one is kept."""
    path = score_file()
    if path is None:
        return
    kept = {key: near} | scores()
    with suppress(OSError):  # where nothing can be written, nothing is kept
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")  # another lesson may be open: never half a file
        beside.write_text(json.dumps(kept, indent=1, sort_keys=True), encoding="utf-8")
        os.replace(beside, path)
