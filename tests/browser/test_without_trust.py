"""What whoever opens a downloaded notebook sees first: Jupyter does not trust it, and takes drawings out of its outputs."""

import json
import re
import shutil

import pytest

from helpers import ROOT
from helpers.browser import PATIENCE, SCREENSHOTS, jupyterlab

pytestmark = pytest.mark.browser

TWINS = sorted(p.relative_to(ROOT) for f in ("notebooks", "exercises") for p in (ROOT / f / "executed").glob("*.ipynb"))
# Pictures that did not load, and words that stand in a figure by themselves: what is left of a drawing taken apart.
FAULTS = """() => {
    const outputs = [...document.querySelectorAll('.jp-OutputArea-output')];
    const figures = outputs.flatMap(o => [...o.querySelectorAll('figure')]);
    return {
        images: outputs.flatMap(o => [...o.querySelectorAll('img')]).map(i => i.naturalWidth),
        bare: figures.flatMap(f => [...f.childNodes]).filter(n => n.nodeType === 3 && n.textContent.trim())
            .map(n => n.textContent.slice(0, 80)),
    };
}"""


@pytest.fixture(scope="module")
def untrusted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("untrusted") / "notebooks"
    for path in TWINS:
        (folder / path.parent).mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    # All cells are drawn at once, not only those in view.
    settings = folder.parent / "home" / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "none"}))
    SCREENSHOTS.mkdir(exist_ok=True)
    with jupyterlab(folder) as address:
        yield address


def test_a_drawing_that_is_no_image_is_noticed(untrusted, browser):
    """The check itself: what Jupyter makes of SVG that stands in an output as it is."""
    page = browser.new_page()
    page.set_content("<div class='jp-OutputArea-output'><figure>payoffs to row</figure></div>")
    assert page.evaluate(FAULTS)["bare"] == ["payoffs to row"]
    page.close()


SOME = [path if k % 5 == 0 else pytest.param(path, marks=pytest.mark.long) for k, path in enumerate(TWINS)]


@pytest.mark.parametrize("path", SOME, ids=str)
def test_every_picture_of_a_twin_is_seen(path, untrusted, browser):
    text = (ROOT / path).read_text(encoding="utf-8")
    pictures = len(re.findall(r"<img |\"image/png\": \"", text))
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.goto(f"{untrusted}/lab/tree/{path}?reset")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.wait_for_function(f"() => ({FAULTS})().images.filter(Boolean).length >= {pictures}")
    found = page.evaluate(FAULTS)
    if pictures:
        page.locator(".jp-OutputArea-output img").first.scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / f"untrusted-{path.stem}.png")
    page.close()
    assert len(found["images"]) == pictures
    assert all(found["images"])
    assert found["bare"] == []
