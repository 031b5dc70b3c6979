"""Every page of the site before axe, the accessibility checker: light and dark, on a desk and on a phone."""

import pytest

from helpers.site import pages, visit, watched

pytestmark = pytest.mark.browser
DESK, PHONE = 1280, 390
ALL, COLOURS, NOT_COLOURS = {}, {"runOnly": ["color-contrast"]}, {"rules": {"color-contrast": {"enabled": False}}}
PAGE, AROUND = None, {"exclude": [["[role=main]"]]}
# What takes long is the contrast of every word, and text has the same colours at every width: it is measured once in
# the light and once in the dark; on a phone again where the page has other parts there, its header and its menus.
RUNS = (
    (DESK, "light", PAGE, ALL), (DESK, "dark", PAGE, COLOURS), (PHONE, "light", PAGE, NOT_COLOURS),
    (PHONE, "light", AROUND, COLOURS), (PHONE, "dark", AROUND, COLOURS),
)  # fmt: skip
# axe need not fetch style sheets, which a page on a disk may not: the browser has them.
CHECK = """([part, options]) => axe.run(part ?? document, { preload: false, resultTypes: ['violations'], ...options })
    .then(found => found.violations.filter(v => ['serious', 'critical'].includes(v.impact)).flatMap(
        v => v.nodes.map(node => `${v.id}: ${node.html.slice(0, 150)} ${node.any[0]?.message ?? ''}`)))"""


def faults(page):
    """What is serious or critical on an open page: (width, colours, fault)."""
    axe = pytest.importorskip("axe_playwright_python.base")
    page.evaluate(axe.AXE_SCRIPT)
    found = []
    for width, colours, part, options in RUNS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=colours)
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")  # it is drawn
        found += [(width, colours, fault) for fault in page.evaluate(CHECK, [part, options])]
    return found


@pytest.fixture
def page(browser, site):
    with watched(browser, site) as found:
        yield found


def test_no_page_has_a_serious_fault(site, page):
    found = []
    for name in pages(site):
        visit(page, site / name)
        found += [(name, *fault) for fault in faults(page)]
    assert found == []


def test_faults_are_noticed(site, page):
    """The check itself, on a page that was spoilt: faint in the dark, and a picture without words."""
    visit(page, site / "notation.html")
    page.evaluate("""() => {
        const words = '<p style="color: #222" class="faint">Read me.</p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">';
        document.querySelector('article').insertAdjacentHTML('beforeend', words);
        document.querySelector('.mobile-header .brand').style.color = '#222';
    }""")
    found = {(width, colours, fault.split(":")[0]) for width, colours, fault in faults(page)}
    contrast = {(width, colours, "color-contrast") for width, colours in ((DESK, "dark"), (PHONE, "dark"))}
    assert found == contrast | {(width, "light", "image-alt") for width in (DESK, PHONE)}
