"""The sheets' texts in a variant, as a student sees them, and the numbers in them."""

import json
import re
from fractions import Fraction

from helpers import ROOT
from micra_exercises.tutor.build import sheet
from micra_exercises.variants import choose

SHEETS = ROOT / "exercises"
VARIANTS = (1, 2, 3, 7, 2026)
N = r"(−?\d+(?:\.\d+)?)"


def texts(one, variant):
    """The text of an exercise on its sheet in a variant, as a student sees it."""
    choose(variant)
    cells = sheet(json.loads((SHEETS / f"{one.lesson}.ipynb").read_text(encoding="utf-8")), variant)["cells"]
    at = next(k for k, c in enumerate(cells) if f"check.{one.name}(" in "".join(c["source"]))
    return "".join(cells[at - 2]["source"])


def found(pattern, text):
    """All numbers in the one place that the pattern fits."""
    return [Fraction(x.replace("−", "-")) for x in re.search(pattern.replace("#", N), text).groups()]


def mean(weights, values):
    return sum(w * v for w, v in zip(weights, values, strict=True))
