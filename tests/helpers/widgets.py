"""What tests of widgets share: their words parsed back, their controls, and that drawings stay on their sheet."""

import base64
import re
import xml.etree.ElementTree as ET

NUMBER = r"−?\d+(?:\.\d+)?"


def numbers(words):
    """All 'NAME NUMBER' pairs of a text, as floats."""
    return [float(x.replace("−", "-")) for x in re.findall(rf"(?<=\s){NUMBER}(?=[,;. ]|$)", words)]


def part(alt, start, end):
    """The numbers between two phrases."""
    return numbers(alt[alt.index(start) + len(start) : alt.index(end)])


def drawings(html):
    """All drawings of a page, also those that it holds as images."""
    images = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]*)", html)
    return re.findall(r"(?s)<svg.*?</svg>", html) + [base64.b64decode(data).decode() for data in images]


def controls(box):
    for child in getattr(box, "children", ()):
        yield from controls(child)
    if hasattr(box, "description"):
        yield box


def descendants(box):
    for child in getattr(box, "children", ()):
        yield child
        yield from descendants(child)


def stays_on_its_sheet(sheet):
    """No text starts or ends outside, no mark is left or right of the sheet."""
    root = ET.fromstring(sheet)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for node in root.iter():
        if not node.tag.endswith(("text", "rect")):
            continue
        x, y = float(node.attrib["x"]), float(node.attrib["y"])
        reach = float(node.attrib.get("width", 0))
        left, right = x, x + reach
        if node.tag.endswith("text"):
            wide = 0.56 * float(node.attrib["font-size"]) * len(node.text or "")
            share = {"start": 0, "middle": 0.5, "end": 1}[node.attrib["text-anchor"]]
            left, right = x - share * wide, x + (1 - share) * wide
        assert left > -1, ET.tostring(node)
        assert right < width + 1, ET.tostring(node)
        assert 0 <= y <= height, ET.tostring(node)
